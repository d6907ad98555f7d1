package csvmap

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/delimited"
)

// Options of a parser.
type Options struct {
	Kind       row.Kind       // of rows whose mapping says none
	Indicators bool           // the values are indicators, also where the mapping calls them assets
	At         time.Time      // of rows whose mapping says none: the document's own time
	Zone       *time.Location // of times whose mapping says none; nil is UTC
	MaxRecord  int            // limit of a record in bytes; 0 is delimited.MaxRecord
}

// A Parser reads one file; see row.Parser.
type Parser struct {
	mapping *Mapping
	options Options
}

// New makes a parser. Errors are those of NewDecider, and Invalid for a mapping
// that leads into JSON.
func New(m *Mapping, o Options) (*Parser, error) {
	if len(m.path) > 0 {
		p := errs.Place{Field: "path", Reason: "a table has none; this mapping is for JSON"}
		return nil, errs.At(errs.Invalid, []errs.Place{p}, "read mapping: %s", p)
	}
	if _, err := NewDecider(m, o); err != nil {
		return nil, err
	}
	return &Parser{m, o}, nil
}

// Parse reads a file; see row.Parser.
func (p *Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	var sum row.Summary
	buffered := bufio.NewReaderSize(in, 64<<10)
	comma := p.mapping.comma
	if comma == 0 {
		// An error of in comes again when the records are read.
		head, _ := buffered.Peek(64 << 10)
		comma = guess(head, p.mapping.comment)
	}
	scan := delimited.New(buffered, delimited.Options{Comma: comma, Comment: p.mapping.comment, MaxRecord: p.options.MaxRecord})
	decider, err := NewDecider(p.mapping, p.options)
	if err != nil {
		return sum, err
	}
	r := &reader{mapping: p.mapping, options: p.options, decider: decider}
	if p.mapping.header {
		rec, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return sum, row.NotReadable("the document is empty")
		}
		if err != nil {
			return sum, err
		}
		if rec.Fault != nil {
			return sum, row.NotReadable("the header cannot be read: " + rec.Fault.Error())
		}
		names := make([]string, len(rec.Fields))
		for i, f := range rec.Fields {
			names[i] = string(f)
		}
		r.lay(names)
		scan.SetWidth(len(names))
	}
	var bad row.Bad
	for {
		rec, err := scan.Next()
		if err == io.EOF { //nolint:errorlint // Next returns io.EOF bare.
			return sum, nil
		}
		if err != nil {
			return sum, err
		}
		if r.columns == nil {
			// Without a header the first record tells how many columns there are.
			r.lay(r.numbered(len(rec.Fields)))
			scan.SetWidth(len(r.names))
		}
		sum.Flags, sum.Missing = r.flags, r.missing
		sum.Records++
		if sum.Records&1023 == 0 && ctx.Err() != nil {
			sum.Records--
			return sum, ctx.Err()
		}
		if sum.Records <= skip {
			sum.Skipped++
			continue
		}
		if refused := r.read(rec); refused != nil {
			bad = row.Bad{Line: rec.Line, Offset: rec.Offset, Length: rec.Length}
			if refused.Field == "" && refused.Column > 0 && refused.Column <= len(r.names) {
				refused.Field = r.names[refused.Column-1]
			}
			bad.Fill(refused, rec.Raw)
			sum.Bad++
			err = yield(nil, &bad)
		} else {
			sum.Rows++
			err = yield(&r.row, nil)
		}
		if err != nil {
			return sum, err
		}
	}
}

// guess tells the delimiter by the first line that is no comment: the one that
// stands there most often outside quotation marks; a comma when none does.
func guess(head []byte, comment byte) byte {
	head = head[row.BOM(head):]
	for line := range bytes.Lines(head) {
		if len(bytes.TrimSpace(line)) == 0 || comment != 0 && line[0] == comment {
			continue
		}
		best, most := byte(','), 0
		for _, c := range []byte(",;\t|") {
			n, quoted := 0, false
			for _, b := range line {
				switch {
				case b == '"':
					quoted = !quoted
				case b == c && !quoted:
					n++
				}
			}
			if n > most {
				best, most = c, n
			}
		}
		return best
	}
	return ','
}

// A reader turns records into rows.
type reader struct {
	mapping *Mapping
	options Options
	names   []string
	columns map[string]int
	flags   []row.Flag
	missing []string
	lacks   *row.Refusal // an essential field none of whose columns is there
	decider *Decider
	rec     *delimited.Record
	row     row.Row
	bad     row.Refusal
}

// numbered are the names of the columns of a file without header.
func (r *reader) numbered(n int) []string {
	if len(r.mapping.columns) > 0 {
		return r.mapping.columns
	}
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	return names
}

// lay lays the mapping over the columns of the file.
func (r *reader) lay(names []string) {
	r.names, r.columns = make([]string, len(names)), map[string]int{}
	duplicate := false
	for i, n := range names {
		r.names[i] = row.Clip(strings.TrimSpace(n), 80)
		if _, ok := r.columns[fold(n)]; ok {
			duplicate = true
			continue
		}
		r.columns[fold(n)] = i
	}
	for _, name := range sorted(r.mapping.fields) {
		for _, c := range r.mapping.fields[name].columns {
			if _, ok := r.columns[c]; !ok && !slices.Contains(r.missing, c) {
				r.missing = append(r.missing, c)
			}
		}
	}
	if len(r.missing) > 0 {
		r.flags = append(r.flags, row.MissingColumn)
	}
	if duplicate {
		r.flags = append(r.flags, row.DuplicateColumn)
	}
	r.lacks = r.essential()
}

// essential finds whether the file has what no row can be without.
func (r *reader) essential() *row.Refusal {
	absent := func(name string) bool {
		f, ok := r.mapping.fields[name]
		return ok && !f.constant && !slices.ContainsFunc(f.columns, func(c string) bool { _, has := r.columns[c]; return has })
	}
	if absent("at") && !r.options.Indicators && !r.mapping.fields["at"].falls {
		return &row.Refusal{Fault: row.FaultColumn, Field: r.mapping.fields["at"].columns[0]}
	}
	first := ""
	for _, name := range append(things(), "indicator") {
		if _, ok := r.mapping.fields[name]; !ok {
			continue
		}
		if !absent(name) {
			return nil
		}
		if first == "" {
			first = r.mapping.fields[name].columns[0]
		}
	}
	return &row.Refusal{Fault: row.FaultColumn, Field: first}
}

// Text is the text of a column of the present record.
func (r *reader) Text(column string) (string, bool) {
	i, ok := r.columns[column]
	if !ok || i >= len(r.rec.Fields) {
		return "", false
	}
	return string(bytes.TrimSpace(r.rec.Fields[i])), true
}

// Place is where a column stands.
func (r *reader) Place(column string) (int, string) {
	i := r.columns[column]
	return i + 1, r.names[i]
}

// read fills r.row, or says why the record is bad.
func (r *reader) read(rec *delimited.Record) *row.Refusal {
	if rec.Fault != nil {
		return rec.Fault
	}
	if r.lacks != nil {
		r.bad = *r.lacks
		return &r.bad
	}
	r.rec = rec
	r.row = row.Row{Line: rec.Line, Offset: rec.Offset, Length: rec.Length, Sum: row.SumOf(rec.Raw), Flags: r.flags}
	return r.decider.Decide(r, &r.row)
}
