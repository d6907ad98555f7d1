package deliver_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// A sink is an SMTP server that behaves badly towards some recipients: those whose
// address begins with refuse@, grey@, stall@, drop@ or deny@.
type sink struct {
	mu      sync.Mutex
	got     []letter
	tried   map[string]int
	stalled chan struct{} // closed when the test ends
	slow    time.Duration // before the answer to a message
	during  func()        // called before the answer to a message
	address string
}

type letter struct {
	from, to string
	body     []byte
}

func newSink(t testing.TB) *sink {
	t.Helper()
	s := &sink{tried: map[string]int{}, stalled: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return &session{sink: s, conn: c}, nil
	}))
	server.Domain = "sink.example"
	server.ErrorLog = quietLog{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		close(s.stalled)
		_ = server.Close()
	})
	return s
}

type quietLog struct{}

func (quietLog) Printf(string, ...any) {}
func (quietLog) Println(...any)        {}

// letters are what arrived so far.
func (s *sink) letters() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]letter(nil), s.got...)
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

type session struct {
	sink     *sink
	conn     *smtp.Conn
	from, to string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	s.sink.mu.Lock()
	s.sink.tried[to]++
	tries := s.sink.tried[to]
	s.sink.mu.Unlock()
	switch {
	case strings.HasPrefix(to, "refuse@"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	case strings.HasPrefix(to, "grey@") && tries == 1:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "come back later"}
	case strings.HasPrefix(to, "busy@"):
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "shutting down"}
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	s.sink.mu.Lock()
	tries := s.sink.tried[s.to]
	s.sink.mu.Unlock()
	switch {
	case strings.HasPrefix(s.to, "drop@") && tries == 1:
		_, _ = io.CopyN(io.Discard, r, 100)
		_ = s.conn.Conn().Close()
		return errors.New("dropped")
	case strings.HasPrefix(s.to, "lost@") && tries == 1:
		s.keep(r)
		_ = s.conn.Conn().Close()
		return errors.New("dropped")
	case strings.HasPrefix(s.to, "stall@") && tries == 1:
		_, _ = io.Copy(io.Discard, r)
		<-s.sink.stalled
		return errors.New("stalled")
	case strings.HasPrefix(s.to, "deny@"):
		_, _ = io.Copy(io.Discard, r)
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not wanted"}
	}
	if s.sink.slow > 0 {
		time.Sleep(s.sink.slow)
	}
	if s.sink.during != nil {
		s.sink.during()
	}
	s.keep(r)
	return nil
}

func (s *session) keep(r io.Reader) {
	var b bytes.Buffer
	_, _ = io.Copy(&b, r)
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.got = append(s.sink.got, letter{from: s.from, to: s.to, body: b.Bytes()})
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }
