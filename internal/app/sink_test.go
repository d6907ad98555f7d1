package app_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// A mood is how a sink treats a recipient.
type mood string

const (
	kind     mood = ""         // takes everything
	refusing mood = "refuse"   // 550 to RCPT
	greyish  mood = "grey"     // 451 to RCPT, until the mood changes
	stalling mood = "stall"    // reads the message and never answers, until the mood changes
	dropping mood = "drop"     // drops the line in the middle of DATA
	losing   mood = "lose"     // takes the message and drops the line before it answers
	full     mood = "full"     // 452 to the message's end, until the mood changes
	scolding mood = "scolding" // 554 to the message's end
)

// A letter is a message that a sink took, or, where the line was lost, has.
type letter struct {
	From, To string
	Raw      []byte
	Header   mail.Header
	Text     string
	HTML     string
	Files    map[string]string
	Answered bool // the sender was told that it is taken
}

// subject is the decoded subject.
func (l *letter) subject() string {
	s, err := new(mime.WordDecoder).DecodeHeader(l.Header.Get("Subject"))
	if err != nil {
		return err.Error()
	}
	return s
}

// links are the addresses in the text part.
func (l *letter) links() []string {
	return regexp.MustCompile(`https?://[^\s<>"]+`).FindAllString(l.Text, -1)
}

// A sink is an SMTP server that keeps what it gets, and misbehaves on request.
type sink struct {
	address string
	server  *smtp.Server
	pace    time.Duration // how long it thinks about each message

	mu      sync.Mutex
	moods   map[string]mood
	letters []*letter
	lines   int            // that are open
	tries   map[string]int // RCPT by recipient
	calm    chan struct{}  // closed when a stall ends
}

// newSink starts a sink on loopback. The caller closes it.
func newSink() (*sink, error) { return newSinkAt("127.0.0.1:0") }

// newSinkAt starts a sink at an address.
func newSinkAt(address string) (*sink, error) {
	k := &sink{moods: map[string]mood{}, tries: map[string]int{}, calm: make(chan struct{})}
	k.server = smtp.NewServer(k)
	k.server.Domain = "sink.example"
	k.server.ReadTimeout, k.server.WriteTimeout = 5*time.Minute, 5*time.Minute
	k.server.MaxMessageBytes = 64 << 20
	k.server.ErrorLog = silent{}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	k.address = listener.Addr().String()
	go func() { _ = k.server.Serve(listener) }()
	return k, nil
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func (k *sink) close() {
	k.mu.Lock()
	select {
	case <-k.calm:
	default:
		close(k.calm)
	}
	k.mu.Unlock()
	_ = k.server.Close()
}

func (k *sink) url() string { return "smtp://" + k.address }

// treat sets the mood towards a recipient. What stalled goes on.
func (k *sink) treat(recipient string, m mood) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.moods[recipient] = m
	close(k.calm)
	k.calm = make(chan struct{})
}

func (k *sink) mood(recipient string) (mood, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.moods[recipient], k.calm
}

// to are the letters that a recipient has, oldest first; "" is everybody.
func (k *sink) to(recipient string) []*letter {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(k.letters), func(l *letter) bool { return recipient != "" && l.To != recipient })
}

func (k *sink) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.letters = nil
}

// NewSession is part of smtp.Backend.
func (k *sink) NewSession(c *smtp.Conn) (smtp.Session, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lines++
	return &session{sink: k, line: c}, nil
}

// alone waits until nobody has a line open: what a dead process sent is in.
func (k *sink) alone() {
	for range 500 {
		k.mu.Lock()
		lines := k.lines
		k.mu.Unlock()
		if lines == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

type session struct {
	sink     *sink
	line     *smtp.Conn
	from, to string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.sink.mu.Lock()
	s.sink.tries[to]++
	s.sink.mu.Unlock()
	s.to = to
	switch m, _ := s.sink.mood(to); m {
	case refusing:
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	case greyish:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted, come again"}
	default:
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	m, calm := s.sink.mood(s.to)
	if m == dropping {
		_, _ = io.CopyN(io.Discard, r, 100)
		_ = s.line.Conn().Close()
		return errors.New("dropped")
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	time.Sleep(s.sink.pace)
	switch m {
	case stalling:
		<-calm
		_ = s.line.Conn().Close()
		return errors.New("stalled")
	case full:
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
	case scolding:
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "looks like spam"}
	default:
	}
	l, err := open(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: err.Error()}
	}
	l.From, l.To, l.Answered = s.from, s.to, m != losing
	s.sink.mu.Lock()
	s.sink.letters = append(s.sink.letters, l)
	s.sink.mu.Unlock()
	if m == losing {
		_ = s.line.Conn().Close()
		return errors.New("lost")
	}
	return nil
}

func (s *session) Reset() {}

func (s *session) Logout() error {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.lines--
	return nil
}

// open reads a message as a mail program would.
func open(raw []byte) (*letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	l := &letter{Raw: raw, Header: m.Header, Files: map[string]string{}}
	return l, l.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Header.Get("Content-Disposition"), m.Body)
}

func (l *letter) part(contentType, encoding, disposition string, body io.Reader) error {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	if strings.HasPrefix(media, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			// NextRawPart: the encoding is ours to undo.
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			err = l.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Disposition"), p)
			if err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	_, placed, _ := mime.ParseMediaType(disposition)
	switch {
	case placed["filename"] != "":
		l.Files[placed["filename"]] = string(content)
	case media == "text/plain":
		l.Text = string(content)
	case media == "text/html":
		l.HTML = string(content)
	}
	return nil
}
