// Package jsonl reads JSON of any layout by a declared mapping, the one of
// package csvmap: JSON lines, an array of objects, or either of them, or one
// object, under the mapping's path.
//
// A column of the mapping is the path of a value with dots between keys:
// source.ip. An element of a list has its number, from 0: hits.0.ip; without
// numbers the path takes all of them, joined with commas: hits.ip, tags. Keys
// match without regard to case. null is no value.
//
// Every object is a record; an element that is none, or a line that is not JSON,
// is a bad row with the column where it breaks. Where a document breaks off or
// its brackets do not match, what comes before is read and the rest is one bad
// row.
package jsonl

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/row"
)

// maxRecord bounds one object when the options do not.
const maxRecord = 1 << 20

// A Parser reads one document; see row.Parser.
type Parser struct {
	mapping *csvmap.Mapping
	options csvmap.Options
}

// New makes a parser. Errors are those of csvmap.NewDecider. The mapping's
// delimiter, comment, header and columns mean nothing here.
func New(m *csvmap.Mapping, o csvmap.Options) (*Parser, error) {
	if _, err := csvmap.NewDecider(m, o); err != nil {
		return nil, err
	}
	return &Parser{m, o}, nil
}

// Looks says whether a document that begins with head could be JSON lines or
// JSON: its first byte opens an object or a list of objects. Formats that are
// JSON of a known layout are to be asked before.
func Looks(head []byte) bool {
	head = bytes.TrimLeft(head[row.BOM(head):], " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return false
	}
	inner := bytes.TrimLeft(head[1:], " \t\r\n")
	if head[0] == '[' {
		return len(inner) > 0 && (inner[0] == '{' || inner[0] == ']')
	}
	return len(inner) > 0 && (inner[0] == '"' || inner[0] == '}')
}

// Parse reads a document; see row.Parser.
func (p *Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	decider, err := csvmap.NewDecider(p.mapping, p.options)
	if err != nil {
		return row.Summary{}, err
	}
	most := p.options.MaxRecord
	if most <= 0 {
		most = maxRecord
	}
	s := &scanner{in: bufio.NewReaderSize(in, 64<<10), max: most, line: 1}
	head, err := s.in.Peek(512)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return row.Summary{}, err
	}
	if err := row.CheckText(head); err != nil {
		return row.Summary{}, err
	}
	s.drop(row.BOM(head))
	r := &reader{ctx: ctx, scan: s, decider: decider, flat: newFlat(p.mapping.Columns()), skip: skip, yield: yield}
	err = r.document(p.mapping.Path())
	if err == nil && s.err != nil && !errors.Is(s.err, io.EOF) {
		err = s.err
	}
	return r.sum, err
}

// A reader turns objects into rows.
type reader struct {
	ctx     context.Context //nolint:containedctx // a reader lives no longer than its call of Parse
	scan    *scanner
	decider *csvmap.Decider
	flat    *flat
	skip    int64
	yield   row.Yield
	sum     row.Summary
	row     row.Row
	bad     row.Bad
}

// document finds the records and reads them.
func (r *reader) document(path []string) error {
	s := r.scan
	first := s.space()
	if len(path) > 0 {
		found, broken := s.descend(path)
		switch {
		case broken != nil:
			return r.rest(broken)
		case !found:
			return row.NotReadable("there is nothing under " + strings.Join(path, "."))
		}
		if s.peek() == '[' {
			return r.list()
		}
		return r.one()
	}
	switch {
	case first == '[':
		return r.list()
	case first != '{':
		if first == end {
			return row.NotReadable("the document is empty")
		}
		// Lines all the same: a first line may be damaged.
		return r.lines()
	}
	if s.alone() {
		return r.values()
	}
	return r.lines()
}

// lines reads a record a line.
func (r *reader) lines() error {
	for {
		v, ok := r.scan.nextLine()
		if !ok {
			return nil
		}
		if err := r.take(v); err != nil {
			return err
		}
	}
}

// values reads objects that stand behind each other, each over several lines.
func (r *reader) values() error {
	for r.scan.space() != end {
		if err := r.one(); err != nil {
			return err
		}
		if r.scan.lost {
			return nil
		}
	}
	return nil
}

// one reads the value that begins here.
func (r *reader) one() error {
	v, broken := r.scan.value()
	if broken != nil {
		return r.rest(broken)
	}
	return r.take(v)
}

// list reads the elements of the list that begins here. What stands behind it is
// none of the records.
func (r *reader) list() error {
	s := r.scan
	s.drop(1)
	if s.space() == ']' {
		return nil
	}
	for {
		s.space()
		if err := r.one(); err != nil || s.lost {
			return err
		}
		switch s.space() {
		case ',':
			s.drop(1)
		case ']':
			return nil
		default:
			s.mark()
			return r.rest(s.wrong("want , or ] after an element"))
		}
	}
}

// rest gives what is left of a broken document as one bad row.
func (r *reader) rest(broken *row.Refusal) error {
	v := r.scan.remainder()
	v.fault = broken
	return r.take(v)
}

// take is one record.
func (r *reader) take(v value) error {
	r.sum.Records++
	if r.sum.Records&1023 == 0 && r.ctx.Err() != nil {
		r.sum.Records--
		return r.ctx.Err()
	}
	if r.sum.Records <= r.skip {
		r.sum.Skipped++
		return nil
	}
	if refused := r.read(v); refused != nil {
		r.bad = row.Bad{Line: v.line, Offset: v.offset, Length: v.length}
		r.bad.Fill(refused, v.raw)
		r.sum.Bad++
		return r.yield(nil, &r.bad)
	}
	r.sum.Rows++
	return r.yield(&r.row, nil)
}

func (r *reader) read(v value) *row.Refusal {
	switch {
	case v.fault != nil:
		return v.fault
	case bytes.IndexByte(v.raw, 0) >= 0:
		return &row.Refusal{Fault: row.FaultNUL, Column: bytes.IndexByte(v.raw, 0) + 1}
	case !utf8.Valid(v.raw):
		return &row.Refusal{Fault: row.FaultUTF8}
	}
	if refused := r.flat.fill(v.raw); refused != nil {
		return refused
	}
	r.row = row.Row{Line: v.line, Offset: v.offset, Length: v.length, Sum: row.SumOf(v.raw)}
	return r.decider.Decide(r.flat, &r.row)
}

func at(column int) string { return "column " + strconv.Itoa(column) }
