package shadowserver

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/delimited"
)

// Options of a parser; the zero value reads everything off the document.
type Options struct {
	ReportType string         // of the report, as in the schema; empty is by FileName, else by header
	FileName   string         // of the document, as it was delivered
	Zone       *time.Location // of times without zone; nil is UTC, as Shadowserver writes
	MaxRecord  int            // limit of a record in bytes; 0 is delimited.MaxRecord
}

// A Parser reads one report; see row.Parser.
type Parser struct {
	schema  *Schema
	options Options
}

// New makes a parser.
func New(s *Schema, o Options) *Parser { return &Parser{schema: s, options: o} }

// Parse reads a report; see row.Parser. Summary.Type is its report type.
func (p *Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	var sum row.Summary
	scan := delimited.New(in, delimited.Options{MaxRecord: p.options.MaxRecord})
	names, err := p.header(scan)
	if err != nil {
		return sum, err
	}
	t, flags := p.typeOf(names)
	plan := newPlan(p.schema, t, names)
	plan.flags = append(flags, plan.flags...)
	sum.Type, sum.Flags, sum.Unknown, sum.Missing = t.Name, plan.flags, plan.unknown, plan.missing
	scan.SetWidth(len(names))

	r := newReader(plan, p.options.Zone)
	var bad row.Bad
	for {
		rec, err := scan.Next()
		if err == io.EOF { //nolint:errorlint // Next returns io.EOF bare.
			return sum, nil
		}
		if err != nil {
			return sum, err
		}
		sum.Records++
		if sum.Records&1023 == 0 && ctx.Err() != nil {
			sum.Records--
			return sum, ctx.Err()
		}
		if sum.Records <= skip {
			sum.Skipped++
			continue
		}
		if fault := r.read(rec); fault != nil {
			bad = row.Bad{Line: rec.Line, Offset: rec.Offset, Length: rec.Length}
			if fault.Field == "" && fault.Column > 0 && fault.Column <= len(names) {
				fault.Field = names[fault.Column-1]
			}
			bad.Fill(fault, rec.Raw)
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

// header reads the first record, whose names must be those of some report.
func (p *Parser) header(scan *delimited.Scanner) ([]string, error) {
	rec, err := scan.Next()
	if err == io.EOF { //nolint:errorlint // Next returns io.EOF bare.
		return nil, row.NotReadable("the document is empty")
	}
	if err != nil {
		return nil, err
	}
	if rec.Fault != nil {
		return nil, row.NotReadable("the header cannot be read: " + rec.Fault.Error())
	}
	names := make([]string, len(rec.Fields))
	known := 0
	for i, f := range rec.Fields {
		names[i] = strings.ToLower(strings.TrimSpace(string(f)))
		if p.schema.columns[names[i]] {
			known++
		}
	}
	if known == 0 {
		return nil, row.NotReadable("the first line is not the header of a Shadowserver report")
	}
	return names, nil
}

// typeOf decides which report it is, and flags what is not certain about it.
func (p *Parser) typeOf(names []string) (*Type, []row.Flag) {
	name := strings.ToLower(strings.TrimSpace(p.options.ReportType))
	if name == "" {
		name, _ = p.schema.TypeOfName(p.options.FileName)
	}
	if name == "" {
		if t, ok := p.schema.ofColumns(names); ok {
			return t, []row.Flag{row.GuessedType}
		}
		return p.schema.unknown("unknown", names), []row.Flag{row.UnknownType}
	}
	if t, ok := p.schema.types[name]; ok {
		return t, nil
	}
	return p.schema.unknown(row.Clip(name, 80), names), []row.Flag{row.UnknownType}
}

// A plan is a type laid over a header: which field of a record is what. A field
// that the header lacks is -1.
type plan struct {
	typ     *Type
	names   []string
	flags   []row.Flag
	unknown []string
	missing []string
	lacks   *row.Refusal // the essential column that the header lacks

	at, severity, tag, category      int
	port, asn, hostname, protocol    int
	target                           int // port of the other end
	family, infection                int
	controller, controllerName       int // who was called, in c2-contact reports
	vulnerability, reason, blocklist int

	assets []located
	rules  []located
}

type located struct {
	step
	at int
}

func newPlan(s *Schema, t *Type, names []string) *plan {
	p := &plan{typ: t, names: names}
	where := map[string]int{}
	duplicate := false
	for i, n := range names {
		if _, ok := where[n]; ok {
			duplicate = duplicate || n != ""
			continue
		}
		where[n] = i
		if n != "" && (t.Known && !slices.Contains(t.Columns, n) || !s.columns[n]) {
			p.unknown = append(p.unknown, row.Clip(n, 80))
		}
	}
	find := func(name string) int {
		if i, ok := where[name]; ok {
			return i
		}
		return -1
	}
	for _, c := range t.Columns {
		if find(c) < 0 {
			p.missing = append(p.missing, c)
		}
	}
	if len(p.unknown) > 0 {
		p.flags = append(p.flags, row.UnknownColumn)
	}
	if len(p.missing) > 0 {
		p.flags = append(p.flags, row.MissingColumn)
	}
	if duplicate {
		p.flags = append(p.flags, row.DuplicateColumn)
	}

	for _, a := range t.assets {
		if i := find(a.column); i >= 0 {
			p.assets = append(p.assets, located{a, i})
		}
	}
	for _, r := range t.rules {
		p.rules = append(p.rules, located{r, find(r.column)})
	}
	p.at = find("timestamp")
	switch {
	case p.at < 0:
		p.lacks = &row.Refusal{Fault: row.FaultColumn, Field: "timestamp"}
	case len(p.assets) == 0:
		p.lacks = &row.Refusal{Fault: row.FaultColumn, Field: t.assets[0].column}
	}
	// The companions of an address column have its prefix: src_port beside src_ip.
	prefix := strings.TrimSuffix(t.assets[0].column, "ip")
	if prefix == t.assets[0].column {
		prefix = ""
	}
	other := "dst_port"
	if prefix == "dst_" {
		other = "src_port"
	}
	p.port, p.asn, p.hostname = find(prefix+"port"), find(prefix+"asn"), find(prefix+"hostname")
	p.target, p.protocol = find(other), find("protocol")
	p.severity, p.tag, p.category = find("severity"), find("tag"), find("category")
	p.family, p.infection = find("family"), find("infection")
	p.controller, p.controllerName = find("dst_ip"), find("http_host")
	if p.controllerName < 0 {
		p.controllerName = find("query")
	}
	p.vulnerability, p.reason, p.blocklist = find("vulnerability_id"), -1, -1
	if t.Name == "blocklist" {
		p.reason, p.blocklist = find("reason"), find("source")
	}
	return p
}
