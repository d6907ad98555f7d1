package cli

import (
	"fmt"
	"io"
	"time"
)

// A progress says on standard error how far something long has come: on a
// terminal in one line that is written over, elsewhere in a line every so often.
// It says nothing to a program and nothing about what is over in a moment.
type progress struct {
	s     *session
	key   string // of the catalogue
	what  string
	total int64 // -1 when it is not known
	done  int64
	began time.Time
	said  time.Time
	shown bool
}

func (s *session) progress(key, what string, total int64) *progress {
	now := time.Now() //nolint:forbidigo // a person at a terminal waits by the wall clock
	return &progress{s: s, key: key, what: plain(what), total: total, began: now, said: now}
}

// at says that so much is done.
func (p *progress) at(done int64) {
	p.done = done
	every := 10 * time.Second
	if p.s.live {
		every = 200 * time.Millisecond
	}
	now := time.Now() //nolint:forbidigo // as above
	if p.s.Quiet || p.s.JSON || p.s.JSONL || now.Sub(p.said) < every {
		return
	}
	p.said, p.shown = now, true
	text := p.s.voice.T(p.key, "what", p.what, "done", p.done)
	if p.total > 0 {
		text += " (" + p.s.voice.Percent(100*float64(p.done)/float64(p.total)) + ")"
	}
	if !p.s.live {
		_, _ = fmt.Fprintln(p.s.err, text)
		return
	}
	_, _ = fmt.Fprintf(p.s.err, "\r\x1b[K%s", text)
}

// end takes the line away.
func (p *progress) end() {
	if p.shown && p.s.live {
		_, _ = fmt.Fprint(p.s.err, "\r\x1b[K")
	}
}

// reading counts what is read, and marks what fails as the caller's own.
func (p *progress) reading(r io.Reader) io.Reader { return &counting{p: p, r: r} }

type counting struct {
	p *progress
	r io.Reader
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.at(c.p.done + int64(n))
	if err != nil && err != io.EOF {
		return n, &sending{noFile(c.p.what, err)}
	}
	return n, err
}
