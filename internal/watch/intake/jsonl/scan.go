package jsonl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"tocsin/internal/watch/intake/row"
)

// A scanner finds where JSON values begin and end without understanding them, in
// bounded memory, and knows the place of each.
type scanner struct {
	in     *bufio.Reader
	max    int
	line   int
	offset int64
	err    error // why in gives no more
	lost   bool  // the structure is broken, the rest is given out

	buf  []byte // the bytes of the value being read, at most max+1
	from value  // where it begins
}

// A value is a piece of the document: raw are its bytes, or the first max+1 of
// them where it is too long.
type value struct {
	line   int
	offset int64
	length int64
	raw    []byte
	fault  *row.Refusal
}

// end is what peek and space give at the end.
const end = -1

// peek is the next byte, or end.
func (s *scanner) peek() int {
	b, err := s.in.Peek(1)
	if err != nil {
		s.err = err
		return end
	}
	return int(b[0])
}

// drop passes over n bytes that have been peeked.
func (s *scanner) drop(n int) {
	b, _ := s.in.Peek(n)
	s.line += bytes.Count(b, []byte{'\n'})
	s.offset += int64(len(b))
	_, _ = s.in.Discard(len(b)) // they are in the buffer
}

// space passes over white space and is the byte after it, or end.
func (s *scanner) space() int {
	for {
		switch b := s.peek(); b {
		case ' ', '\t', '\r', '\n':
			s.drop(1)
		default:
			return b
		}
	}
}

// mark begins a value here.
func (s *scanner) mark() {
	s.from = value{line: s.line, offset: s.offset}
	s.buf = s.buf[:0]
}

// take consumes the next byte into the value.
func (s *scanner) take() (byte, bool) {
	b, err := s.in.ReadByte()
	if err != nil {
		s.err = err
		return 0, false
	}
	if b == '\n' {
		s.line++
	}
	s.offset++
	if len(s.buf) <= s.max {
		s.buf = append(s.buf, b)
	}
	return b, true
}

// marked is the value from the mark to here.
func (s *scanner) marked() value {
	v := s.from
	v.length, v.raw = s.offset-v.offset, s.buf
	if len(v.raw) > s.max {
		v.fault = &row.Refusal{Fault: row.FaultLong, Detail: itoa(s.max)}
	}
	return v
}

// alone says whether the first line is nothing but an opening brace: then an
// object stands over several lines.
func (s *scanner) alone() bool {
	head, _ := s.in.Peek(s.in.Size())
	line, _, more := bytes.Cut(head, []byte("\n"))
	return more && len(bytes.TrimSpace(line)) == 1
}

// nextLine is the next line that is not blank.
func (s *scanner) nextLine() (value, bool) {
	for {
		s.mark()
		ended := false
		for !ended {
			part, err := s.in.ReadSlice('\n')
			s.offset += int64(len(part))
			s.buf = append(s.buf, part[:min(len(part), s.max+1-min(len(s.buf), s.max+1))]...)
			ended = err == nil
			if ended {
				s.line++
			}
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				s.err = err
				break
			}
		}
		if s.offset == s.from.offset {
			return value{}, false
		}
		v := s.marked()
		v.raw = bytes.TrimRight(v.raw, "\r\n")
		switch {
		case !ended && !errors.Is(s.err, io.EOF):
			v.fault = &row.Refusal{Fault: row.FaultTruncated}
			return v, true
		case len(bytes.TrimSpace(v.raw)) > 0 || v.fault != nil:
			return v, true
		case !ended:
			return value{}, false
		}
	}
}

// value is the value that begins at the next byte, by brackets and quotation
// marks alone.
func (s *scanner) value() (value, *row.Refusal) {
	s.mark()
	var open []byte
	for {
		if len(open) == 0 && s.offset > s.from.offset {
			// A number or a word ends where something else begins.
			switch s.peek() {
			case ',', ']', '}', ' ', '\t', '\r', '\n', end:
				return s.marked(), nil
			}
		}
		b, ok := s.take()
		if !ok {
			return value{}, s.cut()
		}
		switch b {
		case '"':
			if !s.text() {
				return value{}, s.cut()
			}
		case '{', '[':
			if open = append(open, b); len(open) > maxDepth {
				return value{}, s.wrong("nested too deep")
			}
			continue
		case '}', ']':
			if len(open) == 0 || open[len(open)-1] != b-2 { // { and } are two apart, [ and ] too
				return value{}, s.wrong("a bracket closes what it did not open")
			}
			open = open[:len(open)-1]
		case ',', ':':
			if len(open) == 0 {
				return value{}, s.wrong("a value is missing")
			}
			continue
		default:
			continue
		}
		if len(open) == 0 {
			return s.marked(), nil
		}
	}
}

// maxDepth bounds brackets inside each other.
const maxDepth = 200

// text passes over a string whose opening mark has been taken.
func (s *scanner) text() bool {
	for {
		b, ok := s.take()
		switch {
		case !ok:
			return false
		case b == '"':
			return true
		case b == '\\':
			if _, ok := s.take(); !ok {
				return false
			}
		}
	}
}

// descend goes to the value under the keys of path and stops before it.
func (s *scanner) descend(path []string) (found bool, broken *row.Refusal) {
	for _, key := range path {
		if s.space() != '{' {
			return false, nil
		}
		s.drop(1)
		if found, broken := s.key(key); !found || broken != nil {
			return false, broken
		}
	}
	s.space()
	return true, nil
}

// key passes over the members of an object up to the value of the named one.
func (s *scanner) key(name string) (bool, *row.Refusal) {
	for {
		s.mark()
		switch s.space() {
		case '}':
			return false, nil
		case '"':
		case end:
			return false, s.cut()
		default:
			return false, s.wrong("want the name of a member")
		}
		v, broken := s.value()
		if broken != nil {
			return false, broken
		}
		var got string
		if v.fault == nil && json.Unmarshal(v.raw, &got) != nil {
			return false, s.wrong("the name of a member cannot be read")
		}
		if s.space() != ':' {
			return false, s.wrong("want : after the name of a member")
		}
		s.drop(1)
		if s.space(); got == name && v.fault == nil {
			return true, nil
		}
		if _, broken := s.value(); broken != nil {
			return false, broken
		}
		if s.space() == ',' {
			s.drop(1)
		}
	}
}

// cut is the refusal of a document that ends inside a value.
func (s *scanner) cut() *row.Refusal { return &row.Refusal{Fault: row.FaultTruncated} }

// wrong is the refusal of a structure that no JSON has, at the present place.
func (s *scanner) wrong(what string) *row.Refusal {
	return &row.Refusal{Fault: row.FaultJSON, Detail: what + ", byte " + itoa(int(s.offset))}
}

// remainder is everything from the mark on.
func (s *scanner) remainder() value {
	s.lost = true
	for {
		part, err := s.in.Peek(s.in.Size())
		if len(part) == 0 {
			s.err = err
			break
		}
		s.buf = append(s.buf, part[:min(len(part), s.max+1-min(len(s.buf), s.max+1))]...)
		s.drop(len(part))
	}
	return s.marked()
}
