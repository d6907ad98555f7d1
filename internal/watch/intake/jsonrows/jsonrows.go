// Package jsonrows reads the records of a JSON document one by one, for the
// formats whose records are objects: a single object, an array, JSON lines, or
// an array inside an object. Memory is bounded by the largest record.
//
// What stands before a fault is read, what follows it is one Bad row; of JSON
// lines only the broken line is bad.
package jsonrows

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tocsin/internal/watch/intake/row"
)

// Options say where the records are and what to do with one.
type Options struct {
	// In are the names of the members of an object around the records whose array
	// holds them. An object without such a member is itself a record.
	In []string

	// Limit bounds the bytes of a record; 0 is Limit.
	Limit int64

	// Read understands the record raw, which it must not keep. Line, Offset, Length
	// and Sum of out are set.
	Read func(raw []byte, out *row.Row) *row.Refusal

	// Header is told the members before the array of an object around the records,
	// those that are texts or numbers; nil is nobody.
	Header func(name, value string)
}

// Limit bounds a record where Options name no other bound: no CVE record, OSV
// entry or KEV entry comes near it.
const Limit = 8 << 20

// headSize is how far a parser looks for the layout of a document.
const headSize = 64 << 10

// Head looks at the first bytes of a document, perhaps cut: the names of the
// members of its first object, and their values where they are texts. The first
// object is the document, the first element of its array, or its first line. It
// is nil where there is none.
func Head(head []byte) map[string]string {
	head = bytes.TrimLeft(head[row.BOM(head):], " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(head), jsontext.AllowDuplicateNames(true))
	if head[0] == '[' {
		if _, err := dec.ReadToken(); err != nil {
			return nil
		}
	}
	if dec.PeekKind() != '{' {
		return nil
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	members := map[string]string{}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			break
		}
		key := name.String()
		members[key] = ""
		if dec.PeekKind() != '"' {
			if err := dec.SkipValue(); err != nil {
				break
			}
			continue
		}
		value, err := dec.ReadToken()
		if err != nil {
			break
		}
		members[key] = value.String()
	}
	return members
}

// Parse reads a document; see row.Parser.
func Parse(ctx context.Context, in io.Reader, skip int64, o Options, yield row.Yield) (row.Summary, error) {
	if o.Limit == 0 {
		o.Limit = Limit
	}
	p := &parser{Options: o, ctx: ctx, skip: skip, yield: yield}
	r := bufio.NewReaderSize(in, headSize)
	head, err := r.Peek(headSize)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return p.sum, err
	}
	if err := row.CheckText(head[:min(len(head), 512)]); err != nil {
		return p.sum, err
	}
	p.src = &source{in: r, line: 1, limit: o.Limit}
	bom := row.BOM(head)
	if _, err := r.Discard(bom); err != nil {
		return p.sum, err
	}
	p.bom = int64(bom)
	p.src.read, p.src.mark = p.bom, p.bom
	start := bytes.TrimLeft(head[bom:], " \t\r\n")
	if len(start) == 0 || start[0] != '{' && start[0] != '[' {
		return p.sum, row.NotReadable("the document is not JSON: it begins with neither an object nor an array")
	}
	if start[0] == '{' && lines(start) {
		err := p.lines(r, int64(bom))
		return p.sum, err
	}
	wrapped := ""
	if start[0] == '{' {
		members := Head(head)
		for _, name := range o.In {
			if _, ok := members[name]; ok {
				wrapped = name
			}
		}
	}
	err = p.document(wrapped)
	if err == nil && wrapped != "" && !p.found && p.sum.Records == 0 {
		return p.sum, row.NotReadable("what the document calls " + wrapped + " is no list")
	}
	return p.sum, err
}

// lines says whether a document is JSON lines: a whole object on a line of its
// own, and another on the next.
func lines(head []byte) bool {
	for range 3 {
		first, rest, ok := bytes.Cut(head, []byte("\n"))
		if !ok {
			return false
		}
		next := bytes.TrimLeft(rest, " \t\r\n")
		first = bytes.TrimSpace(first)
		if len(first) > 1 && first[0] == '{' && first[len(first)-1] == '}' && len(next) > 0 && next[0] == '{' && jsontext.Value(first).IsValid() {
			return true
		}
		head = next
	}
	return false
}

type parser struct {
	Options
	ctx   context.Context //nolint:containedctx // lives for one call of Parse
	skip  int64
	yield row.Yield
	src   *source
	dec   *jsontext.Decoder
	found bool  // the array inside the object
	bom   int64 // length of the byte order mark, which the decoder does not see
	sum   row.Summary
	out   row.Row
	bad   row.Bad
}

// document reads a document that is one value after another.
func (p *parser) document(wrapped string) error {
	p.dec = jsontext.NewDecoder(p.src, jsontext.AllowDuplicateNames(true))
	for {
		kind := p.dec.PeekKind()
		if kind == 0 {
			if _, err := p.dec.ReadToken(); errors.Is(err, io.EOF) && p.src.err == nil {
				return nil
			} else if err != nil {
				return p.rest(err)
			}
		}
		var err error
		switch {
		case kind == '[':
			err = p.array()
		case kind == '{' && wrapped != "":
			err = p.object(wrapped)
		default:
			err = p.record()
		}
		if err != nil {
			return p.rest(err)
		}
	}
}

// stop is an error that ends Parse as it is: of yield or of ctx.
type stop struct{ error }

// Unwrap is the error itself.
func (s stop) Unwrap() error { return s.error }

func (p *parser) array() error {
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	for {
		switch p.dec.PeekKind() {
		case ']':
			_, err := p.dec.ReadToken()
			return err
		case 0:
			_, err := p.dec.ReadToken()
			return err
		}
		if err := p.record(); err != nil {
			return err
		}
	}
}

// object reads an object around the records.
func (p *parser) object(wrapped string) error {
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	for {
		if p.dec.PeekKind() == '}' {
			_, err := p.dec.ReadToken()
			return err
		}
		name, err := p.dec.ReadToken()
		if err != nil {
			return err
		}
		key := name.String()
		p.src.mark = p.offset()
		kind := p.dec.PeekKind()
		switch {
		case key == wrapped && kind == '[':
			p.found = true
			err = p.array()
		case kind == '"' || kind == '0':
			var value jsontext.Token
			if value, err = p.dec.ReadToken(); err == nil && p.Header != nil {
				p.Header(key, value.String())
			}
		default:
			err = p.pass()
		}
		if err != nil {
			return err
		}
		p.src.mark = p.offset()
	}
}

// pass goes over a value that holds no records, token by token.
func (p *parser) pass() error {
	depth := p.dec.StackDepth()
	for {
		if _, err := p.dec.ReadToken(); err != nil {
			return err
		}
		p.src.mark = p.offset()
		if p.dec.StackDepth() <= depth {
			return nil
		}
	}
}

// offset is where in the document the decoder stands.
func (p *parser) offset() int64 { return p.bom + p.dec.InputOffset() }

// record reads the next value as a record.
func (p *parser) record() error {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return err
	}
	end := p.offset()
	start := end - int64(len(raw))
	line := p.src.lineOf(start)
	p.src.mark = end
	return p.tell(raw, line, start)
}

// tell yields one record.
func (p *parser) tell(raw []byte, line int, start int64) error {
	p.sum.Records++
	if p.sum.Records&255 == 0 && p.ctx.Err() != nil {
		p.sum.Records--
		return stop{p.ctx.Err()}
	}
	if p.sum.Records <= p.skip {
		p.sum.Skipped++
		return nil
	}
	p.out = row.Row{Line: line, Offset: start, Length: int64(len(raw)), Sum: row.SumOf(raw)}
	var refused *row.Refusal
	if text := bytes.TrimSpace(raw); len(text) == 0 || text[0] != '{' {
		refused = &row.Refusal{Fault: row.FaultJSON, Detail: "an object was expected, not a text, a number or a list"}
	} else {
		refused = p.Read(raw, &p.out)
	}
	if refused != nil {
		return p.refuse(refused, raw, line, start, int64(len(raw)))
	}
	p.sum.Rows++
	if err := p.yield(&p.out, nil); err != nil {
		return stop{err}
	}
	return nil
}

func (p *parser) refuse(refused *row.Refusal, raw []byte, line int, start, length int64) error {
	p.bad = row.Bad{Line: line, Offset: start, Length: length}
	p.bad.Fill(refused, raw)
	p.sum.Bad++
	if err := p.yield(nil, &p.bad); err != nil {
		return stop{err}
	}
	return nil
}

// rest makes what stands from a fault on one Bad row, and reads in to its end.
func (p *parser) rest(fault error) error {
	if s, ok := errors.AsType[stop](fault); ok {
		return s.error
	}
	start := p.offset()
	raw := slices.Clone(p.dec.UnreadBuffer())
	trimmed := bytes.TrimLeft(raw, " \t\r\n,:")
	start += int64(len(raw) - len(trimmed))
	line := p.src.lineOf(start)
	refused := &row.Refusal{Fault: row.FaultTruncated}
	switch {
	case p.src.long:
		refused = &row.Refusal{Fault: row.FaultLong, Detail: strconv.FormatInt(p.Limit, 10)}
	case p.src.err != nil || errors.Is(fault, io.ErrUnexpectedEOF) || errors.Is(fault, io.EOF):
	default:
		refused = &row.Refusal{Fault: row.FaultJSON, Detail: Reason(fault)}
		if s, ok := errors.AsType[*jsontext.SyntacticError](fault); ok {
			refused.Detail += ", line " + strconv.Itoa(p.src.lineOf(max(start, p.bom+s.ByteOffset)))
		}
	}
	end, err := p.src.drain()
	p.sum.Records++
	if p.sum.Records <= p.skip {
		p.sum.Skipped++
		return err
	}
	if told := p.refuse(refused, trimmed, line, start, end-start); told != nil {
		return errors.Unwrap(told)
	}
	return err
}

// Reason says what is wrong with JSON, without the library's own words around it.
func Reason(err error) string {
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok && s.Err != nil {
		return row.Clip(strings.TrimPrefix(s.Err.Error(), "jsontext: "), 200)
	}
	return row.Clip(strings.TrimPrefix(err.Error(), "jsontext: "), 200)
}

// lines reads JSON lines.
func (p *parser) lines(r *bufio.Reader, offset int64) error {
	var text []byte
	for line := 1; ; line++ {
		text = text[:0]
		long, length := false, int64(0)
		var err error
		for {
			var piece []byte
			piece, err = r.ReadSlice('\n')
			length += int64(len(piece))
			if length <= p.Limit || len(text) <= row.RawLimit {
				text = append(text, piece...)
			} else {
				long = true
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				break
			}
		}
		broken := err != nil && !errors.Is(err, io.EOF)
		if told := p.line(text, line, offset, length, long, broken); told != nil {
			return errors.Unwrap(told)
		}
		offset += length
		if broken {
			return err
		}
		if err != nil {
			return nil
		}
	}
}

func (p *parser) line(text []byte, line int, offset, length int64, long, broken bool) error {
	value := bytes.TrimSpace(text)
	if len(value) == 0 {
		return nil
	}
	var refused *row.Refusal
	switch {
	case long:
		refused = &row.Refusal{Fault: row.FaultLong, Detail: strconv.FormatInt(p.Limit, 10)}
	case broken:
		refused = &row.Refusal{Fault: row.FaultTruncated}
	default:
		dec := jsontext.NewDecoder(bytes.NewReader(value), jsontext.AllowDuplicateNames(true))
		whole, err := dec.ReadValue()
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			refused = &row.Refusal{Fault: row.FaultTruncated}
		case err != nil:
			refused = &row.Refusal{Fault: row.FaultJSON, Detail: Reason(err)}
		case len(whole) != len(value):
			refused = &row.Refusal{Fault: row.FaultJSON, Detail: "text after the value"}
		}
	}
	if refused == nil {
		start := offset + int64(bytes.Index(text, value))
		return p.tell(value, line, start)
	}
	p.sum.Records++
	if p.sum.Records <= p.skip {
		p.sum.Skipped++
		return nil
	}
	return p.refuse(refused, value, line, offset, length)
}

// errLong ends the reading of a record that is too long.
var errLong = errors.New("a record is too long")

// A source feeds the decoder and remembers where lines end and how far the
// present record may go.
type source struct {
	in       io.Reader
	read     int64   // bytes handed to the decoder, the mark before the text included
	mark     int64   // where the present record began, or later
	limit    int64   // of a record
	newlines []int64 // of what lineOf has not passed
	line     int     // of what lineOf has passed
	long     bool
	err      error // of in, but the good end
}

// Read hands on what in has, until a record has become too long.
func (s *source) Read(b []byte) (int, error) {
	if s.read-s.mark > s.limit+headSize {
		s.long = true
		return 0, errLong
	}
	n, err := s.in.Read(b)
	for i := 0; i < n; {
		j := bytes.IndexByte(b[i:n], '\n')
		if j < 0 {
			break
		}
		i += j + 1
		s.newlines = append(s.newlines, s.read+int64(i))
	}
	s.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.err = err
	}
	return n, err
}

// lineOf is the line of an offset; offsets come in ascending order.
func (s *source) lineOf(offset int64) int {
	n := 0
	for n < len(s.newlines) && s.newlines[n] <= offset {
		n++
	}
	s.line += n
	s.newlines = append(s.newlines[:0], s.newlines[n:]...)
	return s.line
}

// drain reads in to its end and gives the number of bytes there were. An error
// of in is given as it is.
func (s *source) drain() (int64, error) {
	if s.err != nil {
		return s.read, s.err
	}
	n, err := io.Copy(io.Discard, s.in)
	return s.read + n, err
}

// Decode reads a record into v. Names are told apart by case, members that v does
// not know are passed over, and of a name that comes twice the last counts.
func Decode(raw []byte, v any) *row.Refusal {
	err := json.Unmarshal(raw, v, jsontext.AllowDuplicateNames(true))
	if err == nil {
		return nil
	}
	if s, ok := errors.AsType[*json.SemanticError](err); ok {
		what := "a value"
		switch s.JSONKind {
		case '"':
			what = "a text"
		case '0':
			what = "a number"
		case '{':
			what = "an object"
		case '[':
			what = "a list"
		case 't', 'f':
			what = "true or false"
		case 'n':
			what = "null"
		}
		return &row.Refusal{Fault: row.FaultJSON, Detail: row.Clip(what+" stands where none may at "+string(s.JSONPointer), 200)}
	}
	return &row.Refusal{Fault: row.FaultJSON, Detail: Reason(err)}
}
