// Package delimited reads the records of a delimited text file (RFC 4180) and
// knows of each exactly where it stands: physical line, byte offset, length and
// raw bytes. The standard library's encoding/csv is its oracle in the tests; it
// is not used because it stops at the first fault, loses the raw bytes and
// allocates a string for each field.
//
// A fault costs one physical line, never the rest of the file: where quotation
// marks are broken, the record's first line is given as faulty and reading goes
// on with the line after it.
package delimited

import (
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"

	"tocsin/internal/watch/intake/row"
)

// MaxRecord is the usual limit of a record in bytes. Shadowserver's widest rows
// (certificate chains) stay far below it.
const MaxRecord = 1 << 20

// Options of a Scanner; the zero value reads plain RFC 4180.
type Options struct {
	Comma     byte // between fields; 0 is a comma
	Comment   byte // lines that begin with it are passed over; 0 is none
	MaxRecord int  // limit of a record in bytes; 0 is MaxRecord
}

// A Record is borrowed from its Scanner until the next call of Next.
type Record struct {
	Line   int   // physical line, from 1, of the first line
	Offset int64 // of the first byte in the stream
	Length int64 // bytes, line end included

	// Raw are the bytes without the line end. Of a line beyond the limit they
	// are only the beginning, within that limit and row.RawLimit.
	Raw []byte
	// Fields are the values without quotation marks; nil where the marks are
	// broken or the line is too long, else as they stand even with a Fault.
	Fields [][]byte
	// Fault is nil for a good record.
	Fault *row.Refusal
}

// A Scanner reads records one after the other. Its buffer grows no further than
// the limit of a record.
type Scanner struct {
	in      io.Reader
	comma   byte
	comment byte
	max     int
	width   int

	buf        []byte
	start, end int   // the bytes of buf not yet given out
	base       int64 // offset in the stream of buf[start]
	line       int   // physical line of buf[start]
	err        error // why in gives no more; io.EOF at its end
	opened     bool

	rec     Record
	refusal row.Refusal
	fields  [][]byte
	spare   []byte // values of the present record that had doubled marks
}

// What parse found.
type found int

const (
	whole  found = iota // a record
	more                // a beginning of one
	broken              // marks that no rule allows
)

// New makes a scanner over text. It reads nothing yet.
func New(in io.Reader, o Options) *Scanner {
	s := &Scanner{in: in, comma: o.Comma, comment: o.Comment, max: o.MaxRecord, line: 1}
	if s.comma == 0 {
		s.comma = ','
	}
	if s.max <= 0 {
		s.max = MaxRecord
	}
	return s
}

// SetWidth makes every later record of another number of fields faulty. 0 lets
// all pass.
func (s *Scanner) SetWidth(fields int) { s.width = fields }

// Next is the next record, or io.EOF after the last. A stream that is not text
// is a row.NotReadable error at the first call. Blank lines and comments are no
// records. Any other error is the reader's own; the record that it broke is
// given out as truncated before it.
func (s *Scanner) Next() (*Record, error) {
	if !s.opened {
		if err := s.open(); err != nil {
			return nil, err
		}
	}
	for {
		if s.start == s.end && !s.fill() {
			return nil, s.err
		}
		// The limit is cut into the window, not asked of the buffer, so that the
		// same bytes give the same records however the reader portions them.
		b := s.buf[s.start:s.end]
		if len(b) > s.max+1 {
			b = b[:s.max+1]
		}
		if s.comment != 0 && b[0] == s.comment {
			s.dropLine(0)
			continue
		}
		n, state := s.parse(b, s.err != nil && len(b) == s.end-s.start)
		switch {
		case state == broken:
			return s.firstLine(row.FaultQuote), nil
		case n > s.max, state == more && len(b) > s.max:
			return s.firstLine(row.FaultLong), nil
		case state == more:
			s.fill()
			continue
		}
		raw := trimEnd(b[:n])
		if len(raw) == 0 {
			s.advance(n)
			continue
		}
		s.rec = Record{Line: s.line, Offset: s.base, Length: int64(n), Raw: raw, Fields: s.fields}
		s.check(b[n-1] == '\n')
		s.advance(n)
		return &s.rec, nil
	}
}

// open looks at the first bytes and passes over a byte order mark.
func (s *Scanner) open() error {
	for s.end-s.start < 512 && s.fill() {
	}
	if s.end == s.start && s.err != io.EOF { //nolint:errorlint // fill keeps the reader's error as it is.
		return s.err
	}
	head := s.buf[s.start:s.end]
	if len(head) > 512 {
		head = head[:512]
	}
	if err := row.CheckText(head); err != nil {
		return err
	}
	s.opened = true
	n := row.BOM(head)
	s.start, s.base = s.start+n, s.base+int64(n)
	return nil
}

// parse splits the record at the beginning of b into s.fields and tells how many
// bytes it takes. At the end of the stream (last) the record may lack a line end.
func (s *Scanner) parse(b []byte, last bool) (int, found) {
	s.fields, s.spare = s.fields[:0], s.spare[:0]
	comma := s.comma
	i := 0
	for {
		if i < len(b) && b[i] == '"' {
			value, next, state := s.quoted(b, i, last)
			if state != whole {
				return 0, state
			}
			s.fields = append(s.fields, value)
			i = next
			switch {
			case i >= len(b):
				return len(b), whole
			case b[i] == comma:
				i++
				continue
			case b[i] == '\n':
				return i + 1, whole
			}
			// quoted leaves only these and a carriage return before a line end.
			if i+1 < len(b) {
				return i + 2, whole
			}
			return i + 1, whole
		}
		from := i
		for i < len(b) && b[i] != comma && b[i] != '\n' && b[i] != '"' {
			i++
		}
		switch {
		case i < len(b) && b[i] == '"':
			return 0, broken
		case i == len(b) && !last:
			return 0, more
		case i == len(b):
			s.fields = append(s.fields, bytes.TrimSuffix(b[from:i], []byte{'\r'}))
			return i, whole
		case b[i] == '\n':
			to := i
			if to > from && b[to-1] == '\r' {
				to--
			}
			s.fields = append(s.fields, b[from:to])
			return i + 1, whole
		}
		s.fields = append(s.fields, b[from:i])
		i++
	}
}

// quoted reads the value whose opening mark is b[i]; next is the byte after the
// closing mark: a comma, a line end, or the end of the stream.
func (s *Scanner) quoted(b []byte, i int, last bool) (value []byte, next int, state found) {
	from, j := i+1, i+1
	doubled := false
	for {
		k := j
		// Most values are short: a call of IndexByte costs more than they do.
		for k < len(b) && k < j+16 && b[k] != '"' {
			k++
		}
		if k == j+16 && k < len(b) && b[k] != '"' {
			n := bytes.IndexByte(b[k:], '"')
			if n < 0 {
				k = len(b)
			} else {
				k += n
			}
		}
		if k >= len(b) {
			return nil, 0, unfinished(last)
		}
		if k+1 >= len(b) {
			if !last {
				return nil, 0, more
			}
			return s.value(b[from:k], doubled), k + 1, whole
		}
		switch c := b[k+1]; {
		case c == '"':
			doubled = true
			j = k + 2
		case c == s.comma, c == '\n':
			return s.value(b[from:k], doubled), k + 1, whole
		case c == '\r' && k+2 >= len(b) && !last:
			return nil, 0, more
		case c == '\r' && (k+2 >= len(b) || b[k+2] == '\n'):
			return s.value(b[from:k], doubled), k + 1, whole
		default:
			return nil, 0, broken
		}
	}
}

// unfinished is the state of a value whose closing mark is not in the window.
func unfinished(last bool) found {
	if last {
		return broken
	}
	return more
}

// value undoubles the marks of a value where it has any.
func (s *Scanner) value(b []byte, doubled bool) []byte {
	if !doubled {
		return b
	}
	from := len(s.spare)
	for {
		k := bytes.IndexByte(b, '"')
		if k < 0 {
			s.spare = append(s.spare, b...)
			return s.spare[from:]
		}
		s.spare = append(s.spare, b[:k+1]...)
		b = b[k+2:]
	}
}

// check holds the split record against what every record must be. ended says
// whether it has a line end.
func (s *Scanner) check(ended bool) {
	r := &s.rec
	narrow := s.width > 0 && len(r.Fields) < s.width
	switch {
	case !ended && (narrow || s.err != io.EOF): //nolint:errorlint // as in open.
		s.refuse(row.Refusal{Fault: row.FaultTruncated})
	case s.width > 0 && len(r.Fields) != s.width:
		s.refuse(row.Refusal{
			Fault: row.FaultWidth, Column: min(len(r.Fields), s.width+1),
			Value: strconv.Itoa(len(r.Fields)), Detail: strconv.Itoa(s.width),
		})
	case bytes.IndexByte(r.Raw, 0) >= 0:
		s.refuse(s.where(row.FaultNUL, func(f []byte) bool { return bytes.IndexByte(f, 0) >= 0 }))
	case !utf8.Valid(r.Raw):
		s.refuse(s.where(row.FaultUTF8, func(f []byte) bool { return !utf8.Valid(f) }))
	}
}

// where names the first field that has the fault.
func (s *Scanner) where(f row.Fault, has func([]byte) bool) row.Refusal {
	for i, v := range s.rec.Fields {
		if has(v) {
			return row.Refusal{Fault: f, Column: i + 1, Value: row.Clip(string(v[:min(len(v), 200)]), 100)}
		}
	}
	return row.Refusal{Fault: f}
}

func (s *Scanner) refuse(r row.Refusal) {
	s.refusal = r
	s.rec.Fault = &s.refusal
}

// firstLine gives the physical line that begins here as a faulty record.
func (s *Scanner) firstLine(f row.Fault) *Record {
	var nl int
	for {
		b := s.buf[s.start:s.end]
		if nl = bytes.IndexByte(b, '\n'); nl >= 0 || len(b) > s.max || !s.fill() {
			break
		}
	}
	s.rec = Record{Line: s.line, Offset: s.base}
	switch {
	case nl >= 0 && nl < s.max:
		s.rec.Raw, s.rec.Length = trimEnd(s.buf[s.start:s.start+nl+1]), int64(nl+1)
		s.refuse(row.Refusal{Fault: f, Detail: s.limit(f)})
		s.advance(nl + 1)
	case nl < 0 && s.err != nil && s.end-s.start <= s.max:
		n := s.end - s.start
		s.rec.Raw, s.rec.Length = s.buf[s.start:s.end], int64(n)
		s.refuse(row.Refusal{Fault: row.FaultTruncated})
		s.advance(n)
	default:
		// The buffer moves while the line is dropped: what is kept is a copy.
		raw := bytes.Clone(s.buf[s.start : s.start+min(s.max, row.RawLimit+1)])
		s.rec.Length = s.dropLine(0)
		s.rec.Raw = raw
		s.refuse(row.Refusal{Fault: row.FaultLong, Detail: s.limit(row.FaultLong)})
	}
	return &s.rec
}

func (s *Scanner) limit(f row.Fault) string {
	if f == row.FaultLong {
		return strconv.Itoa(s.max)
	}
	return ""
}

// dropLine passes over the rest of the physical line, however long it is, and
// returns its length added to n.
func (s *Scanner) dropLine(n int64) int64 {
	for {
		b := s.buf[s.start:s.end]
		if nl := bytes.IndexByte(b, '\n'); nl >= 0 {
			s.advance(nl + 1)
			return n + int64(nl) + 1
		}
		n += int64(len(b))
		s.advance(len(b))
		if !s.fill() {
			return n
		}
	}
}

// advance gives out n bytes.
func (s *Scanner) advance(n int) {
	s.line += bytes.Count(s.buf[s.start:s.start+n], []byte{'\n'})
	s.start += n
	s.base += int64(n)
}

// fill reads more into the buffer; false when the stream gives no more. The
// bytes not yet given out move to the front, so a Record's slices end here.
func (s *Scanner) fill() bool {
	if s.err != nil {
		return false
	}
	if s.start > 0 {
		copy(s.buf, s.buf[s.start:s.end])
		s.start, s.end = 0, s.end-s.start
	}
	if s.end == len(s.buf) {
		grown := make([]byte, min(max(2*len(s.buf), 64<<10), s.max+64<<10))
		copy(grown, s.buf[:s.end])
		s.buf = grown
	}
	for range 100 {
		n, err := s.in.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.err = err
			return n > 0
		}
		if n > 0 {
			return true
		}
	}
	s.err = io.ErrNoProgress
	return false
}

func trimEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	return bytes.TrimSuffix(b, []byte{'\r'})
}
