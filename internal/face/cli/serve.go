package cli

import (
	"time"

	"github.com/alecthomas/kong"

	"tocsin/internal/base/errs"
)

type serveCommand struct {
	Listen        string   `default:"127.0.0.1:8080" placeholder:"HOST:PORT" env:"TOCSIN_LISTEN"`
	PublicURL     string   `name:"public-url" placeholder:"URL" env:"TOCSIN_PUBLIC_URL"`
	TLSCert       string   `name:"tls-cert" placeholder:"FILE" env:"TOCSIN_TLS_CERT" and:"tls"`
	TLSKey        string   `name:"tls-key" placeholder:"FILE" env:"TOCSIN_TLS_KEY" and:"tls"`
	Demo          bool     `env:"TOCSIN_DEMO"`
	Clock         string   `placeholder:"RFC3339" env:"TOCSIN_CLOCK"`
	DB            string   `name:"db" placeholder:"URL" env:"TOCSIN_DB"`
	SMTP          string   `name:"smtp" placeholder:"URL" env:"TOCSIN_SMTP"`
	MailFrom      string   `placeholder:"ADDRESS" env:"TOCSIN_MAIL_FROM"`
	CentreName    string   `placeholder:"NAME" env:"TOCSIN_CENTRE_NAME"`
	CentreContact string   `placeholder:"ADDRESS" env:"TOCSIN_CENTRE_CONTACT"`
	SignKey       string   `placeholder:"FILE" env:"TOCSIN_SIGN_KEY"`
	Rules         string   `placeholder:"FILE" env:"TOCSIN_RULES"`
	Proxy         []string `placeholder:"NETWORK" env:"TOCSIN_PROXY"`
	Allow         []string `placeholder:"HOST" env:"TOCSIN_ALLOW"`
	Folder        []string `placeholder:"DIR" env:"TOCSIN_FOLDER"`
	Mailer        []string `name:"mail-server" placeholder:"NAME" env:"TOCSIN_MAIL_SERVER"`
	MaxUpload     size     `placeholder:"SIZE" env:"TOCSIN_MAX_UPLOAD"`
	LogLevel      string   `default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" env:"TOCSIN_LOG_LEVEL"`
	LogFormat     string   `default:"text" enum:"text,json" placeholder:"FORMAT" env:"TOCSIN_LOG_FORMAT"`
	Config        string   `placeholder:"FILE" env:"TOCSIN_CONFIG"`
}

// defaultData is the folder of a server whose caller names none.
const defaultData = "tocsin-data"

// Run runs the server until it is told to stop.
func (c *serveCommand) Run(s *session, _ *kong.Context) error {
	o := ServeOptions{
		Store: Store{Data: s.Data, DB: c.DB}, Listen: c.Listen, PublicURL: c.PublicURL, TLSCert: c.TLSCert, TLSKey: c.TLSKey, Demo: c.Demo,
		SMTP: c.SMTP, MailFrom: c.MailFrom, CentreName: c.CentreName, CentreContact: c.CentreContact, SignKey: c.SignKey, Rules: c.Rules, Proxies: c.Proxy, Allow: c.Allow, Folders: c.Folder, Mailers: c.Mailer, MaxUpload: int64(c.MaxUpload), LogLevel: c.LogLevel,
		LogFormat: c.LogFormat,
	}
	if o.Data == "" {
		o.Data = defaultData
	}
	if c.Clock != "" {
		t, err := time.Parse(time.RFC3339, c.Clock)
		if err != nil {
			return errs.New(errs.Usage, "--clock=%q: want RFC 3339, as 2026-03-09T08:00:00+07:00", c.Clock)
		}
		o.Clock = t.UTC()
	}
	return s.hooks.Serve(s.ctx, o)
}

type versionCommand struct{}

// Run says which program this is, not which the server is.
func (c *versionCommand) Run(s *session) error {
	return s.print(map[string]string{"version": s.hooks.Version})
}
