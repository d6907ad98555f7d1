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

// New makes a parser. A mapping of findings needs a kind and a time, from itself
// or from the options: errs.Invalid with the field's place otherwise.
func New(m *Mapping, o Options) (*Parser, error) {
	if m.Indicators() {
		o.Indicators = true
	}
	if o.Indicators {
		return &Parser{m, o}, nil
	}
	lacks := func(name string) error {
		p := errs.Place{Field: "fields." + name, Reason: "neither the mapping nor the source says it"}
		return errs.At(errs.Invalid, []errs.Place{p}, "read mapping: %s", p)
	}
	if _, ok := m.fields["kind"]; !ok && o.Kind == "" {
		return nil, lacks("kind")
	}
	if o.Kind != "" && !o.Kind.Valid() {
		return nil, errs.New(errs.Usage, "read by mapping: %q is no kind of finding", o.Kind)
	}
	if _, ok := m.fields["at"]; !ok && o.At.IsZero() {
		return nil, lacks("at")
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
	r := &reader{mapping: p.mapping, options: p.options}
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

// text is the text of a field in a record, its table applied, and the number of
// its first column from 1 (0 of a constant).
func (r *reader) text(rec *delimited.Record, name string) (string, int) {
	f, ok := r.mapping.fields[name]
	if !ok {
		return "", 0
	}
	if f.constant {
		return f.value, 0
	}
	var parts []string
	column := 0
	for _, c := range f.columns {
		i, ok := r.columns[c]
		if !ok || i >= len(rec.Fields) {
			continue
		}
		if column == 0 {
			column = i + 1
		}
		if v := bytes.TrimSpace(rec.Fields[i]); len(v) > 0 {
			parts = append(parts, string(v))
		}
	}
	text := strings.Join(parts, f.join)
	if v, ok := f.values[fold(text)]; ok {
		return v, column
	}
	if f.falls && (text == "" || f.values != nil) {
		return f.fallback, column
	}
	return text, column
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
	r.row = row.Row{Line: rec.Line, Offset: rec.Offset, Length: rec.Length, Sum: row.SumOf(rec.Raw), Flags: r.flags}
	for _, step := range []func(*delimited.Record) *row.Refusal{r.at, r.thing, r.particulars, r.problem} {
		if bad := step(rec); bad != nil {
			return bad
		}
	}
	return nil
}

// refuse names the field that is wrong by its column.
func (r *reader) refuse(err error, column int) *row.Refusal {
	r.bad = row.Refusal{Fault: row.FaultValue, Detail: err.Error()}
	if given, ok := errors.AsType[*row.Refusal](err); ok {
		r.bad = *given
	}
	r.bad.Column = column
	if column > 0 {
		r.bad.Field = r.names[column-1]
	}
	return &r.bad
}

func (r *reader) at(rec *delimited.Record) *row.Refusal {
	f, ok := r.mapping.fields["at"]
	text, column := r.text(rec, "at")
	if !ok || text == "" && r.options.Indicators {
		r.row.At = r.options.At
		return nil
	}
	if text == "" {
		return r.refuse(&row.Refusal{Fault: row.FaultEmpty}, column)
	}
	zone := f.zone
	if zone == nil {
		zone = r.options.Zone
	}
	t, err := instant(text, f.layouts, zone)
	if err != nil {
		return r.refuse(err, column)
	}
	r.row.At = t
	return nil
}

// instant reads a time by layouts, by row.Instant without any.
func instant(text string, layouts []string, zone *time.Location) (time.Time, error) {
	if len(layouts) == 0 {
		return row.Instant([]byte(text), zone)
	}
	if zone == nil {
		zone = time.UTC
	}
	for _, l := range layouts {
		var t time.Time
		var err error
		var n int64
		switch l {
		case "unix":
			n, err = strconv.ParseInt(text, 10, 64)
			t = time.Unix(n, 0)
		case "unixms":
			n, err = strconv.ParseInt(text, 10, 64)
			t = time.UnixMilli(n)
		default:
			t, err = time.ParseInLocation(l, text, zone)
		}
		if err == nil && row.Plausible(t) {
			return t.UTC().Truncate(time.Microsecond), nil
		}
	}
	return time.Time{}, &row.Refusal{Fault: row.FaultTime, Value: text}
}

// thing reads the asset or the indicator. Of several fields the first with a
// value counts.
func (r *reader) thing(rec *delimited.Record) *row.Refusal {
	if text, column := r.text(rec, "indicator"); text != "" {
		ind, err := r.indicator(rec, row.Refang(text))
		if err != nil {
			return r.refuse(err, column)
		}
		r.row.Indicator = &ind
		return nil
	}
	empty := 0
	for _, name := range append(things(), "indicator") {
		text, column := r.text(rec, name)
		if column > 0 && empty == 0 {
			empty = column
		}
		if text == "" {
			continue
		}
		a, err := assetOf(name, row.Refang(text))
		if err == nil && r.options.Indicators {
			var ind row.Indicator
			if ind, err = row.RecogniseIndicator(a.Value()); err == nil {
				r.row.Indicator = &ind
				return nil
			}
		}
		if err != nil {
			return r.refuse(err, column)
		}
		r.row.Asset = a
		return nil
	}
	return r.refuse(&row.Refusal{Fault: row.FaultEmpty}, empty)
}

func (r *reader) indicator(rec *delimited.Record, text string) (row.Indicator, error) {
	if typ, _ := r.text(rec, "indicator_type"); typ != "" {
		return row.ParseIndicator(row.IndicatorType(fold(typ)), text)
	}
	return row.RecogniseIndicator(text)
}

func assetOf(name, text string) (row.Asset, error) {
	switch name {
	case "ip":
		if strings.Contains(text, "/") {
			return row.Network(text)
		}
		return row.IP(text)
	case "domain":
		return row.Domain(text)
	case "host":
		return row.Host(text)
	case "url":
		return row.URL(text)
	case "product":
		return row.Product(text)
	case "email":
		d, err := row.MailDomain(text)
		if err != nil {
			return "", err
		}
		return row.Domain(d)
	}
	return row.ParseAsset(text)
}

// particulars reads what is not essential: what is wrong there is left out and
// flagged.
func (r *reader) particulars(rec *delimited.Record) *row.Refusal {
	number := func(name string, bits int) uint64 {
		text, _ := r.text(rec, name)
		if text == "" {
			return 0
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(text), "AS"), 10, bits)
		if err != nil || name == "confidence" && n > 100 {
			r.flag(row.BadValue)
			return 0
		}
		return n
	}
	r.row.ASN = uint32(number("asn", 32))
	r.row.Port = uint16(number("port", 16))
	r.row.Confidence = uint8(number("confidence", 8))
	if text, _ := r.text(rec, "hostname"); text != "" {
		h, err := row.HostName(text)
		if err != nil {
			r.flag(row.BadValue)
		}
		r.row.Hostname = h
	}
	text, _ := r.text(rec, "protocol")
	r.row.Protocol = row.Clip(strings.ToLower(text), 40)
	text, _ = r.text(rec, "realm")
	r.row.Realm = row.Clip(text, 100)
	text, _ = r.text(rec, "cause")
	r.row.Cause = row.Clip(text, 200)
	return nil
}

func (r *reader) flag(f row.Flag) {
	if !slices.Contains(r.row.Flags, f) {
		r.row.Flags = append(slices.Clone(r.row.Flags), f)
	}
}

// problem reads kind, severity, class and discriminator of a finding. An
// indicator has none of them but the severity.
func (r *reader) problem(rec *delimited.Record) *row.Refusal {
	if text, _ := r.text(rec, "severity"); text != "" {
		s, err := row.ParseSeverity(fold(text))
		if err != nil {
			r.flag(row.UnknownSeverity)
		}
		r.row.Severity = s
	}
	if r.row.Indicator != nil {
		return nil
	}
	r.row.Kind = r.options.Kind
	if text, column := r.text(rec, "kind"); text != "" {
		k, err := row.ParseKind(fold(text))
		if err != nil {
			return r.refuse(err, column)
		}
		r.row.Kind = k
	} else if r.row.Kind == "" {
		return r.refuse(&row.Refusal{Fault: row.FaultEmpty}, column)
	}
	if r.row.Severity == row.NoSeverity {
		r.row.Severity = r.row.Kind.Severity()
	}
	r.row.Classification = r.row.Kind.Classification()
	if text, column := r.text(rec, "classification"); text != "" {
		c, err := row.ParseClassification(fold(text))
		if err != nil {
			return r.refuse(err, column)
		}
		r.row.Classification = c
	}
	text, _ := r.text(rec, "discriminator")
	r.row.Discriminator = r.discriminator(text)
	return nil
}

// discriminator normalises: lower case, runs of white space as one blank, CVE
// numbers in capitals. Without a text it is the service, else the kind.
func (r *reader) discriminator(text string) string {
	d := strings.ToLower(strings.Join(strings.Fields(text), " "))
	if strings.HasPrefix(d, "cve-") {
		d = strings.ToUpper(d)
	}
	switch {
	case d != "":
		return row.Clip(d, 2048)
	case r.row.Port != 0 && r.row.Protocol != "":
		return strconv.Itoa(int(r.row.Port)) + "/" + r.row.Protocol
	case r.row.Port != 0:
		return strconv.Itoa(int(r.row.Port))
	}
	return string(r.row.Kind)
}
