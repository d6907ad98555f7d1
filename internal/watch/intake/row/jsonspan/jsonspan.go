// Package jsonspan walks JSON text value by value, whatever its size, and says
// where each value stands.
//
// It holds only as much of the grammar as it needs to know where a value begins
// and ends: brackets that balance outside strings, commas and colons between
// values. Whether a value is sound, its reader finds out; so one unsound record
// of a document is refused alone and those behind it are read.
package jsonspan

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"tocsin/internal/watch/intake/row"
)

// A Span is where a piece of text stands.
type Span struct {
	Line   int   // of its first byte, from 1
	Offset int64 // of its first byte
	Length int64 // in bytes
}

// A Value is one value of any kind as it is written.
type Value struct {
	Span
	Raw  []byte // borrowed until the scanner moves on; of a Long value the beginning
	Long bool   // longer than the scanner's limit
}

// Kind is the value's first byte: { [ " or that of a number or word.
func (v Value) Kind() byte {
	if len(v.Raw) == 0 {
		return 0
	}
	return v.Raw[0]
}

// The errors of a scanner; those of its reader are returned as they are.
var (
	ErrSyntax = errors.New("this is not JSON")         // Rest is what stands there
	ErrCut    = errors.New("the text ends in a value") // io.EOF is the end between two documents
)

// maxName bounds the name of a member.
const maxName = 4 << 10

// A Scanner walks one text. Its memory is bounded by its limit.
type Scanner struct {
	in    io.Reader
	err   error
	buf   []byte
	pos   int
	end   int
	base  int64 // offset of buf[0]
	line  int
	limit int
	raw   []byte
	long  bool
	tape  *Value // what is passed over while an object is walked, nil is nobody wants it
}

// New makes a scanner that gives values of up to limit bytes whole. A byte order
// mark is passed over.
func New(in io.Reader, limit int) *Scanner {
	s := &Scanner{in: in, buf: make([]byte, 64<<10), line: 1, limit: limit}
	for s.end < 3 && s.fill() {
	}
	s.pos = row.BOM(s.buf[:s.end])
	return s
}

// Head is the beginning of the text, as far as it was read, at most n bytes.
// It must be asked before anything else.
func (s *Scanner) Head(n int) []byte {
	for s.end < n && s.end < len(s.buf) && s.fill() {
	}
	return s.buf[:min(s.end, n)]
}

// Err is the error of the reader, if one came; the end is none.
func (s *Scanner) Err() error {
	if errors.Is(s.err, io.EOF) && !errors.Is(s.err, io.ErrUnexpectedEOF) {
		return nil
	}
	return s.err
}

// fill reads more behind what is there, and says whether something came.
func (s *Scanner) fill() bool {
	if s.err != nil {
		return false
	}
	if s.pos == s.end && s.pos > 0 {
		s.base += int64(s.end)
		s.pos, s.end = 0, 0
	}
	for range 100 {
		n, err := s.in.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// more has at least one byte at pos.
func (s *Scanner) more() bool { return s.pos < s.end || s.fill() }

// stop is the error at the end of the text, inside of something.
func (s *Scanner) stop() error {
	if err := s.Err(); err != nil {
		return err
	}
	return ErrCut
}

// Peek is the first byte of what comes next, white space apart. At the end of
// the text it is io.EOF; the error of the reader otherwise.
func (s *Scanner) Peek() (byte, error) {
	for s.more() {
		c := s.buf[s.pos]
		switch c {
		case '\n':
			s.line++
		case ' ', '\t', '\r':
		default:
			return c, nil
		}
		s.advance(1)
	}
	if err := s.Err(); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

// peek is Peek where the text must not end.
func (s *Scanner) peek() (byte, error) {
	c, err := s.Peek()
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, ErrCut
	}
	return c, err
}

// Here is where the scanner stands.
func (s *Scanner) Here() Span { return Span{Line: s.line, Offset: s.base + int64(s.pos)} }

// Enter passes over an opening bracket or brace.
func (s *Scanner) Enter(open byte) error { return s.pass(open) }

func (s *Scanner) pass(want byte) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != want {
		return ErrSyntax
	}
	s.advance(1)
	return nil
}

// advance passes over n bytes, and copies them where somebody wants them.
func (s *Scanner) advance(n int) {
	if t := s.tape; t != nil && !t.Long {
		t.Raw = append(t.Raw, s.buf[s.pos:s.pos+n]...)
		t.Long = len(t.Raw) > s.limit
	}
	s.pos += n
}

// Tape begins to copy what the scanner passes over, from the value that comes
// next: so that an object is walked and is a Value all the same.
func (s *Scanner) Tape() error {
	if _, err := s.peek(); err != nil {
		return err
	}
	s.tape = &Value{Span: s.Here()}
	return nil
}

// Taped ends the copy. It is not borrowed.
func (s *Scanner) Taped() Value {
	if s.tape == nil {
		return Value{}
	}
	v := *s.tape
	s.tape = nil
	v.Length = s.base + int64(s.pos) - v.Offset
	if v.Long {
		v.Raw = v.Raw[:min(len(v.Raw), row.RawLimit+2)]
	}
	return v
}

// Next says whether another member or element follows before the closing
// bracket, and passes over the comma before it or over the bracket.
func (s *Scanner) Next(closing byte, first bool) (bool, error) {
	c, err := s.peek()
	switch {
	case err != nil:
		return false, err
	case c == closing:
		s.advance(1)
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, ErrSyntax
	}
	s.advance(1)
	_, err = s.peek()
	return err == nil, err
}

// Name reads the name of a member and the colon.
func (s *Scanner) Name() (string, error) {
	c, err := s.peek()
	if err != nil {
		return "", err
	}
	if c != '"' {
		return "", ErrSyntax
	}
	v, err := s.Value()
	if err != nil {
		return "", err
	}
	if len(v.Raw) > maxName || v.Long {
		return "", ErrSyntax
	}
	name := string(v.Raw[1 : len(v.Raw)-1])
	if strings.IndexByte(name, '\\') >= 0 {
		if err := json.Unmarshal(v.Raw, &name); err != nil {
			return "", ErrSyntax
		}
	}
	return name, s.pass(':')
}

// Value reads one value. With ErrCut, and with an error of the reader, it is
// what there is of the value.
func (s *Scanner) Value() (Value, error) {
	c, err := s.peek()
	if err != nil {
		return Value{Span: s.Here()}, err
	}
	v := Value{Span: s.Here()}
	s.raw, s.long = s.raw[:0], false
	switch c {
	case '{', '[', '"':
		err = s.composite()
	case '}', ']', ',', ':':
		return v, ErrSyntax
	default:
		err = s.scalar()
	}
	v.Raw, v.Long = s.raw, s.long
	v.Length = s.base + int64(s.pos) - v.Offset
	return v, err
}

// composite takes a string, or everything up to the bracket that closes the
// first one.
func (s *Scanner) composite() error {
	depth, quoted, escaped := 0, false, false
	for s.more() {
		b := s.buf[s.pos:s.end]
		for i := 0; i < len(b); i++ {
			if quoted {
				if escaped {
					escaped = false
					continue
				}
				n := bytes.IndexByte(b[i:], '"')
				if n < 0 {
					n = len(b) - i
				}
				if e := bytes.IndexByte(b[i:i+n], '\\'); e >= 0 {
					i += e
					escaped = true
					continue
				}
				if i += n; i == len(b) {
					break
				}
				quoted = false
			} else {
				switch b[i] {
				case '"':
					quoted = true
					continue
				case '{', '[':
					depth++
					continue
				case '}', ']':
					depth--
				default:
					continue
				}
			}
			if depth <= 0 {
				s.take(i + 1)
				return nil
			}
		}
		s.take(len(b))
	}
	return s.stop()
}

// scalar takes a number or a word. It ends with the text, too.
func (s *Scanner) scalar() error {
	for s.more() {
		b := s.buf[s.pos:s.end]
		if n := bytes.IndexAny(b, " \t\r\n,:{}[]\""); n >= 0 {
			s.take(n)
			return nil
		}
		s.take(len(b))
	}
	return s.Err()
}

// take passes over n bytes and keeps them, as far as the limit allows.
func (s *Scanner) take(n int) {
	b := s.buf[s.pos : s.pos+n]
	s.advance(n)
	s.line += bytes.Count(b, []byte{'\n'})
	if s.long {
		return
	}
	s.raw = append(s.raw, b...)
	if len(s.raw) > s.limit {
		s.long = true
		s.raw = s.raw[:min(len(s.raw), row.RawLimit+2)]
	}
}

// Rest is everything from here to the end; of a long one the beginning is kept.
// The error is the reader's.
func (s *Scanner) Rest() (Value, error) {
	if _, err := s.Peek(); err != nil && !errors.Is(err, io.EOF) {
		return Value{Span: s.Here()}, err
	}
	v := Value{Span: s.Here()}
	s.raw, s.long = s.raw[:0], false
	for s.more() {
		s.take(s.end - s.pos)
	}
	v.Raw, v.Long = s.raw, s.long
	v.Length = s.base + int64(s.pos) - v.Offset
	return v, s.Err()
}

// Outline lists what the first document of head holds, down to depth: each path
// (Event.Tag[].name) with the beginning of its text. Of a list only the first
// element is looked at. Head may be cut anywhere.
func Outline(head []byte, depth int) map[string]string {
	o := map[string]string{}
	s := New(bytes.NewReader(head), len(head))
	_ = s.outline(o, "", depth) // what was read before an error is the outline
	return o
}

func (s *Scanner) outline(o map[string]string, path string, depth int) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if depth == 0 || c != '{' && c != '[' {
		if c == '{' || c == '[' {
			o[path] = string(c)
		}
		v, err := s.Value()
		if c != '{' && c != '[' {
			o[path] = row.Clip(string(v.Raw), 128)
		}
		return err
	}
	o[path] = string(c)
	if err := s.Enter(c); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.Next(c+2, first)
		if err != nil || !more {
			return err
		}
		if c == '[' {
			if !first {
				if _, err := s.Value(); err != nil {
					return err
				}
				continue
			}
			if err := s.outline(o, path+"[]", depth-1); err != nil {
				return err
			}
			continue
		}
		name, err := s.Name()
		if err != nil {
			return err
		}
		if path != "" {
			name = path + "." + name
		}
		o[name] = ""
		if err := s.outline(o, name, depth-1); err != nil {
			return err
		}
	}
}
