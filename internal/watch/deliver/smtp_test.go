package deliver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/warning/warningtest"
)

// A fort is a mail server with a certificate and, where it has a password, a
// guard. It notes what came over which line.
type fort struct {
	*sink
	roots    *x509.CertPool
	mu       sync.Mutex
	private  []bool   // of each message's line
	in       []string // who signed in, and how
	password string
}

type fortSession struct {
	*session
	fort *fort
	name string
}

func (f *fort) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &fortSession{session: &session{sink: f.sink, conn: c}, fort: f}, nil
}

func (s *fortSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *fortSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, password string) error {
		_, private := s.conn.TLSConnectionState()
		s.fort.mu.Lock()
		defer s.fort.mu.Unlock()
		how := " in clear"
		if private {
			how = " in private"
		}
		s.fort.in = append(s.fort.in, name+how)
		if password != s.fort.password {
			return smtp.ErrAuthFailed
		}
		s.name = name
		return nil
	}), nil
}

func (s *fortSession) Mail(from string, o *smtp.MailOptions) error {
	if s.fort.password != "" && s.name == "" {
		return smtp.ErrAuthRequired
	}
	_, private := s.conn.TLSConnectionState()
	s.fort.mu.Lock()
	s.fort.private = append(s.fort.private, private)
	s.fort.mu.Unlock()
	return s.session.Mail(from, o)
}

// seen are the lines of the messages and who signed in.
func (f *fort) seen() ([]bool, []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]bool(nil), f.private...), append([]string(nil), f.in...)
}

// newFort builds a fort for the names of a certificate. encrypted offers
// STARTTLS; implicit speaks TLS from the first byte.
func newFort(t *testing.T, host, password string, encrypted, implicit bool) *fort {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Thành phố CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(host); ip != nil {
		form.IPAddresses = []net.IP{ip}
	} else {
		form.DNSNames = []string{host}
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	f := &fort{sink: &sink{tried: map[string]int{}, stalled: make(chan struct{})}, roots: x509.NewCertPool(), password: password}
	f.roots.AddCert(authority)
	server := smtp.NewServer(f)
	server.Domain, server.ErrorLog, server.AllowInsecureAuth = host, quietLog{}, true
	settings := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	if encrypted {
		server.TLSConfig = settings
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.address = listener.Addr().String()
	if implicit {
		listener = tls.NewListener(listener, settings)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return f
}

// TestALineIsMadePrivateAndSignsIn goes through what servers offer and operators
// want. The server is on loopback; its name is what the settings say, for a name
// that is not this machine's is treated with more care.
func TestALineIsMadePrivateAndSignsIn(t *testing.T) {
	const host = "mail.example"
	for name, c := range map[string]struct {
		url, password       string
		encrypted, implicit bool
		stranger            bool // the certificate is of an authority that nobody trusts
		other               bool // or of another host
		arrives, private    bool
		in, says            string // who signed in; why no line can be opened
	}{
		"STARTTLS is taken where it is offered": {url: "smtp://mail.example", encrypted: true, arrives: true, private: true},
		"without an offer mail goes in clear":   {url: "smtp://mail.example", arrives: true},
		"unless the operator wants it private":  {url: "smtp://mail.example?tls=wanted", says: "STARTTLS"},
		"wanted and offered":                    {url: "smtp://mail.example?tls=wanted", encrypted: true, arrives: true, private: true},
		"an operator may do without":            {url: "smtp://mail.example?tls=none", encrypted: true, arrives: true},
		"TLS from the first byte":               {url: "smtps://mail.example", implicit: true, arrives: true, private: true},
		"a certificate that nobody trusts":      {url: "smtp://mail.example", encrypted: true, stranger: true, says: "certificate"},
		"a certificate of another host":         {url: "smtps://mail.example", implicit: true, other: true, says: "mail.example"},
		"a password over STARTTLS":              {url: "smtp://canhbao:mat-khau@mail.example", password: "mat-khau", encrypted: true, arrives: true, private: true, in: "canhbao in private"},
		"a password over TLS":                   {url: "smtps://canhbao:mat-khau@mail.example", password: "mat-khau", implicit: true, arrives: true, private: true, in: "canhbao in private"},
		"a wrong password":                      {url: "smtps://canhbao:sai@mail.example", password: "mat-khau", implicit: true, in: "canhbao in private", says: "535"},
		"no password goes in clear":             {url: "smtp://canhbao:mat-khau@mail.example", password: "mat-khau", says: "clear"},
		"unless the operator says so":           {url: "smtp://canhbao:mat-khau@mail.example?tls=none", password: "mat-khau", arrives: true, in: "canhbao in clear"},
	} {
		t.Run(name, func(t *testing.T) {
			named := host
			if c.other {
				named = "khac.example"
			}
			f := newFort(t, named, c.password, c.encrypted, c.implicit)
			server, err := deliver.ParseSMTP(c.url, false)
			if err != nil {
				t.Fatal(err)
			}
			server.Address, server.Roots = f.address, f.roots
			if c.stranger {
				server.Roots = x509.NewCertPool()
			}
			town := build(t, dbtest.SQLite(t, schema()...), nil, func(s *deliver.Settings) { s.SMTP = server })
			town.start()
			town.Deliver(1, warningtest.Problem{Organisation: 10})
			until := time.Now().Add(10 * time.Second)
			for town.post.Down() == "" && f.count() == 0 && time.Now().Before(until) {
				time.Sleep(10 * time.Millisecond)
			}
			private, in := f.seen()
			if arrived := f.count() == 1; arrived != c.arrives {
				t.Fatalf("arrived: %v; %s", arrived, town.post.Down())
			}
			if c.arrives {
				town.Settle()
				if len(private) != 1 || private[0] != c.private {
					t.Errorf("private: %v, want %v", private, c.private)
				}
			} else if d := town.deliveries()[0]; !strings.Contains(town.post.Down(), c.says) || d.State != deliver.Due || d.Attempts != 0 {
				t.Errorf("%s, %s after %d attempts; want it due, and a line that says %q", town.post.Down(), d.State, d.Attempts, c.says)
			}
			if len(in) == 0 && c.in != "" || len(in) > 0 && in[0] != c.in {
				t.Errorf("signed in: %v, want %q", in, c.in)
			}
		})
	}
}

// TestOnThisMachineALineNeedsNoCertificate: the test sinks and a relay beside us
// have none that anybody trusts.
func TestOnThisMachineALineNeedsNoCertificate(t *testing.T) {
	f := newFort(t, "127.0.0.1", "mat-khau", true, false)
	server, err := deliver.ParseSMTP("smtp://canhbao:mat-khau@"+f.address, true)
	if err != nil {
		t.Fatal(err)
	}
	town := build(t, dbtest.SQLite(t, schema()...), nil, func(s *deliver.Settings) { s.SMTP = server })
	town.start()
	town.Deliver(1, warningtest.Problem{Organisation: 10})
	town.Settle()
	if private, in := f.seen(); f.count() != 1 || private[0] || in[0] != "canhbao in clear" {
		t.Errorf("%d mails, private %v, %v", f.count(), private, in)
	}
}
