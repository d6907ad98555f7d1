// Package csvrows reads the records of a delimited document whose header names
// its columns, for the formats that fix those names: EPSS, KEV, the changes of a
// CSAF provider.
package csvrows

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/delimited"
)

// Options say what the columns are and what to do with a record.
type Options struct {
	// Header are the names of the columns where the document has no header line;
	// nil reads them from its first record.
	Header []string

	// Need are the columns without which no record can be read.
	Need []string

	// Comment begins a line that is no record; 0 is none. Those before the header
	// are told to Preface, without their line ends.
	Comment byte
	Preface func(line string)

	// Read understands a record. Line, Offset, Length and Sum of out are set.
	Read func(rec *Record, out *row.Row) *row.Refusal
}

// A Record is a record of the document.
type Record struct {
	fields  [][]byte
	columns map[string]int
}

// Get is the value of a column without white space around it, "" where the
// document has no such column.
func (r *Record) Get(column string) string {
	i, ok := r.columns[column]
	if !ok || i >= len(r.fields) {
		return ""
	}
	return string(bytes.TrimSpace(r.fields[i]))
}

// Bytes are the value of a column, borrowed until the next record.
func (r *Record) Bytes(column string) []byte {
	i, ok := r.columns[column]
	if !ok || i >= len(r.fields) {
		return nil
	}
	return bytes.TrimSpace(r.fields[i])
}

// Column is the number of a column from 1, 0 where there is none.
func (r *Record) Column(column string) int {
	if i, ok := r.columns[column]; ok {
		return i + 1
	}
	return 0
}

// Parse reads a document; see row.Parser.
func Parse(ctx context.Context, in io.Reader, skip int64, o Options, yield row.Yield) (row.Summary, error) {
	var sum row.Summary
	buffered := bufio.NewReaderSize(in, 64<<10)
	if o.Preface != nil {
		preface(buffered, o)
	}
	scan := delimited.New(buffered, delimited.Options{Comment: o.Comment})
	rec := Record{columns: map[string]int{}}
	header := o.Header
	if header == nil {
		first, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return sum, row.NotReadable("the document has no header")
		}
		if err != nil {
			return sum, err
		}
		if first.Fault != nil {
			return sum, row.NotReadable("the header cannot be read: " + first.Fault.Error())
		}
		for _, f := range first.Fields {
			header = append(header, strings.TrimSpace(string(f)))
		}
	}
	for i, name := range header {
		if _, twice := rec.columns[name]; !twice {
			rec.columns[name] = i
		}
	}
	for _, name := range o.Need {
		if _, ok := rec.columns[name]; !ok {
			return sum, row.NotReadable("the header lacks the column " + name)
		}
	}
	scan.SetWidth(len(header))
	var out row.Row
	var bad row.Bad
	for {
		next, err := scan.Next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return sum, nil
		}
		if err != nil {
			return sum, err
		}
		if sum.Records&1023 == 0 && ctx.Err() != nil {
			return sum, ctx.Err()
		}
		sum.Records++
		if sum.Records <= skip {
			sum.Skipped++
			continue
		}
		refused := next.Fault
		if refused == nil {
			out = row.Row{Line: next.Line, Offset: next.Offset, Length: next.Length, Sum: row.SumOf(next.Raw)}
			rec.fields = next.Fields
			refused = o.Read(&rec, &out)
		}
		if refused != nil {
			if refused.Column == 0 {
				refused.Column = rec.Column(refused.Field)
			}
			bad = row.Bad{Line: next.Line, Offset: next.Offset, Length: next.Length}
			bad.Fill(refused, next.Raw)
			sum.Bad++
			err = yield(nil, &bad)
		} else {
			sum.Rows++
			err = yield(&out, nil)
		}
		if err != nil {
			return sum, err
		}
	}
}

// preface tells the comments before the header. The scanner passes over them.
func preface(r *bufio.Reader, o Options) {
	// A short document is as good; the scanner meets an error again.
	head, _ := r.Peek(4 << 10)
	head = head[row.BOM(head):]
	for len(head) > 0 && head[0] == o.Comment {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		o.Preface(strings.TrimSpace(string(line[1:])))
		head = rest
	}
}
