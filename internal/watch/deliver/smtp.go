package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tocsin/internal/base/errs"
)

// An SMTP is the server that takes our mail.
type SMTP struct {
	Address  string // host:port
	Host     string
	TLS      TLSMode
	User     string
	Password string
	Roots    *x509.CertPool // whose certificates are trusted; nil is the machine's own
}

// A TLSMode says how a line is made private.
type TLSMode string

// The modes.
const (
	TLSOffered  TLSMode = "offered"  // STARTTLS when the server offers it; loopback goes without
	TLSWanted   TLSMode = "wanted"   // STARTTLS, or no mail
	TLSImplicit TLSMode = "implicit" // from the first byte
	TLSNone     TLSMode = "none"
)

// ParseSMTP reads --smtp: smtp://[user:password@]host[:port][?tls=wanted|none] or
// smtps://…. With demo, only loopback is accepted: the demo sends nothing to any
// other address. Errors are Usage, and Denied for the demo.
func ParseSMTP(text string, demo bool) (*SMTP, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || (u.Path != "" && u.Path != "/") {
		return nil, errs.New(errs.Usage, "SMTP server %q: want smtp://HOST:PORT", text)
	}
	s := &SMTP{Host: u.Hostname(), TLS: TLSOffered, User: u.User.Username()}
	s.Password, _ = u.User.Password()
	port := "25"
	switch u.Scheme {
	case "smtp":
	case "smtps":
		port, s.TLS = "465", TLSImplicit
	default:
		return nil, errs.New(errs.Usage, "SMTP server %q: want smtp:// or smtps://", text)
	}
	switch mode := u.Query().Get("tls"); mode {
	case "":
	case string(TLSWanted), string(TLSNone):
		s.TLS = TLSMode(mode)
	default:
		return nil, errs.New(errs.Usage, "SMTP server %q: tls is wanted or none", text)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	s.Address = net.JoinHostPort(s.Host, port)
	if demo && !loopback(s.Host) {
		return nil, errs.New(errs.Denied, "SMTP server %s: the demo sends to loopback only", s.Host)
	}
	return s, nil
}

// loopback says whether a host is this machine, without asking DNS.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// A line is one open SMTP connection; it belongs to one goroutine.
type line struct {
	room   *Room
	client *smtp.Client
	conn   net.Conn
	said   bool // something was said since the last RSET
	// private says that the server offers STARTTLS, so that the next connection
	// begins with it.
	private bool
}

// open makes the line ready for a message: dialled, greeted, private, signed in,
// and seen to be alive.
func (l *line) open(ctx context.Context) error {
	if l.client != nil {
		if !l.said {
			return nil
		}
		if l.client.Reset() == nil {
			l.said = false
			return nil
		}
		l.close()
	}
	return l.dial(ctx)
}

func (l *line) dial(ctx context.Context) error {
	s := l.room.Settings.SMTP
	dialer := net.Dialer{Timeout: l.room.Settings.Command}
	conn, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return err
	}
	// The library's own limits hold for most of a greeting, not for all of it.
	watchdog := time.AfterFunc(2*l.room.Settings.Command, func() { _ = conn.Close() })
	defer watchdog.Stop()
	client, again, err := l.greet(conn, s)
	if again {
		_ = conn.Close()
		l.private = true
		return l.dial(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return err
	}
	l.client, l.conn, l.said = client, conn, false
	return nil
}

// greet says hello. again is true when the server offers STARTTLS, which wants a
// fresh connection with this library.
func (l *line) greet(conn net.Conn, s *SMTP) (client *smtp.Client, again bool, err error) {
	settings := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12, RootCAs: s.Roots}
	switch {
	case s.TLS == TLSWanted || l.private:
		client, err = smtp.NewClientStartTLS(conn, settings)
	case s.TLS == TLSImplicit:
		client = smtp.NewClient(tls.Client(conn, settings))
	default:
		client = smtp.NewClient(conn)
	}
	if err != nil {
		return nil, false, err
	}
	client.CommandTimeout, client.SubmissionTimeout = l.room.Settings.Command, l.room.Settings.Submission
	if err := client.Hello(l.room.Settings.LocalName); err != nil {
		return nil, false, err
	}
	if offered, _ := client.Extension("STARTTLS"); offered && s.TLS == TLSOffered && !l.private && !loopback(s.Host) {
		return nil, true, nil
	}
	if s.User == "" {
		return client, false, nil
	}
	// Whoever sits on the way takes the offer of STARTTLS out of a greeting; the
	// password must not follow.
	if _, private := client.TLSConnectionState(); !private && s.TLS != TLSNone && !loopback(s.Host) {
		return nil, false, errs.New(errs.Denied, "%s offers no STARTTLS, and the password does not go in clear; say tls=none where it may", s.Address)
	}
	return client, false, client.Auth(sasl.NewPlainClient("", s.User, s.Password))
}

// farewell is how long a message that is on its way may take when the process
// stops.
const farewell = 3 * time.Second

// hand hands a message over and says how it went.
func (l *line) hand(ctx context.Context, from, to string, message []byte) Outcome {
	l.said = true
	conn := l.conn
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(farewell, func() { _ = conn.Close() }) })
	defer stop()
	if err := l.client.Mail(from, &smtp.MailOptions{Size: int64(len(message))}); err != nil {
		return Judge(PhaseFrom, err, "")
	}
	if err := l.client.Rcpt(to, nil); err != nil {
		return Judge(PhaseTo, err, "")
	}
	data, err := l.client.Data()
	if err != nil {
		return Judge(PhaseBody, err, "")
	}
	// A server that stops reading must not stall the line for ever.
	_ = l.conn.SetWriteDeadline(time.Now().Add(l.room.Settings.Submission)) //nolint:forbidigo // a connection ends by the wall clock
	defer func() { _ = l.conn.SetWriteDeadline(time.Time{}) }()
	if _, err := data.Write(message); err != nil {
		return Judge(PhaseBody, err, "")
	}
	answer, err := data.CloseWithResponse()
	if err != nil {
		return Judge(PhaseReply, err, "")
	}
	return Judge(PhaseReply, nil, answer.StatusText)
}

// close gives the line up. Its goodbye is not waited for.
func (l *line) close() {
	if l.client != nil {
		_ = l.conn.Close()
		l.client, l.conn = nil, nil
	}
}
