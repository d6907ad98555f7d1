package mail

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
)

// A splitter reads the parts of a multipart body one after the other: next, then
// Read to io.EOF. The line end before a boundary belongs to the boundary
// (RFC 2046 §5.1.1).
type splitter struct {
	in       *bufio.Reader
	boundary []byte // with its two dashes
	inside   bool   // a part is being read
	closed   bool   // the last boundary has been seen
	over     bool   // nothing more comes
	begins   bool   // at the beginning of a line
	held     []byte // a line end that may belong to a boundary
	out      []byte // read and not given out
	err      error
}

func newSplitter(in io.Reader, boundary string) *splitter {
	return &splitter{in: bufio.NewReaderSize(in, 8<<10), boundary: []byte("--" + boundary), inside: true, begins: true}
}

// next goes to the beginning of the next part; more is false when there is none.
func (s *splitter) next() (more bool, err error) {
	if _, err := io.Copy(io.Discard, s); err != nil {
		return false, err
	}
	if s.over {
		return false, nil
	}
	s.inside, s.begins, s.held, s.out = true, true, nil, nil
	return true, nil
}

// Read reads the present part, or what stands before the first.
func (s *splitter) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if !s.inside || s.over {
			return 0, io.EOF
		}
		if s.err != nil {
			return 0, s.err
		}
		s.fill()
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// fill reads one line, or a piece of a long one.
func (s *splitter) fill() {
	line, err := s.in.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
		s.err = err
		return
	}
	if s.begins && len(line) > 0 {
		if last, is := s.isBoundary(line); is {
			s.inside, s.held = false, nil
			if last {
				s.closed, s.over = true, true
				_, s.err = io.Copy(io.Discard, s.in) // what stands behind is for nobody
			}
			return
		}
	}
	text := bytes.TrimSuffix(line, []byte("\n"))
	ended := len(text) < len(line)
	if ended {
		text = bytes.TrimSuffix(text, []byte("\r"))
	}
	s.out = append(append([]byte(nil), s.held...), text...)
	s.held = append(s.held[:0:0], line[len(text):]...)
	s.begins = ended
	if errors.Is(err, io.EOF) {
		s.out = append(s.out, s.held...)
		s.held, s.over = nil, true
	}
}

func (s *splitter) isBoundary(line []byte) (last, is bool) {
	rest, ok := bytes.CutPrefix(line, s.boundary)
	if !ok {
		return false, false
	}
	if bytes.HasPrefix(rest, []byte("--")) && len(bytes.TrimSpace(rest[2:])) == 0 {
		return true, true
	}
	return false, len(bytes.TrimSpace(rest)) == 0
}

// A base64Reader decodes base64, passing over white space. Other bytes that do
// not belong there, and an end in the middle of a group, are errors after what
// could be decoded.
type base64Reader struct {
	in    io.Reader
	group [4]byte // a group that is not complete
	n     int
	out   []byte
	ended bool // padding has been seen
	err   error
	buf   [3072]byte
}

// Read reads the decoded bytes.
func (r *base64Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

func (r *base64Reader) fill() {
	n, err := r.in.Read(r.buf[:])
	r.out = r.out[:0]
	for _, b := range r.buf[:n] {
		switch {
		case b == '\r' || b == '\n' || b == ' ' || b == '\t':
			continue
		case r.ended:
			// A list server's footer; what was attached is complete.
			r.err = errors.New("text stands behind the end of the base64")
			return
		}
		r.group[r.n] = b
		if r.n++; r.n < 4 {
			continue
		}
		r.n = 0
		var three [3]byte
		k, err := base64.StdEncoding.Decode(three[:], r.group[:])
		if err != nil {
			r.err = errors.New("the base64 is damaged")
			return
		}
		r.out = append(r.out, three[:k]...)
		r.ended = k < 3
	}
	switch {
	case err == nil:
	case err != io.EOF:
		r.err = err
	case r.n > 0 && !r.ended:
		r.err = errors.New("the base64 breaks off")
	default:
		r.err = io.EOF
	}
}
