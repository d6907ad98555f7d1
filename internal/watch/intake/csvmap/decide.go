package csvmap

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// A Record is what a Decider decides about: texts under names, whichever format
// they came in.
type Record interface {
	// Text is what stands under a column's name, folded as Mapping.Columns gives
	// it, without blanks around. has is false where the record has no such column
	// and could have none; an empty text is one that has no value here.
	Text(column string) (text string, has bool)
	// Place is the number from 1 and the name by which a person finds the column;
	// 0 where the format does not number them.
	Place(column string) (number int, name string)
}

// A Decider turns the texts of a record into a row as a mapping says. It is what
// the formats with a mapping share. It belongs to one goroutine.
type Decider struct {
	mapping *Mapping
	options Options
	row     *row.Row
	bad     row.Refusal
	record  Record
}

// NewDecider is a decider of a mapping. A mapping of findings needs a kind and a
// time, from itself or from the options: errs.Invalid with the field's place
// otherwise.
func NewDecider(m *Mapping, o Options) (*Decider, error) {
	if m.Indicators() {
		o.Indicators = true
	}
	d := &Decider{mapping: m, options: o}
	if o.Indicators {
		return d, nil
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
	return d, nil
}

// Decide fills out, whose Line, Offset, Length, Sum and Flags the caller has set,
// or says why the record is bad. The refusal is good until the next call.
func (d *Decider) Decide(rec Record, out *row.Row) *row.Refusal {
	d.record, d.row = rec, out
	for _, step := range []func() *row.Refusal{d.at, d.thing, d.particulars, d.problem} {
		if bad := step(); bad != nil {
			return bad
		}
	}
	return nil
}

// text is the text of a field in the record, its table applied, and its first
// column that is there ("" of a constant).
func (d *Decider) text(name string) (text, column string) {
	f, ok := d.mapping.fields[name]
	if !ok {
		return "", ""
	}
	if f.constant {
		return f.value, ""
	}
	parts := make([]string, 0, 4)
	for _, c := range f.columns {
		v, has := d.record.Text(c)
		if !has {
			continue
		}
		if column == "" {
			column = c
		}
		if v != "" {
			parts = append(parts, v)
		}
	}
	text = strings.Join(parts, f.join)
	if v, ok := f.values[fold(text)]; ok {
		return v, column
	}
	if f.falls && (text == "" || f.values != nil) {
		return f.fallback, column
	}
	return text, column
}

// refuse names the field that is wrong by its column.
func (d *Decider) refuse(err error, column string) *row.Refusal {
	d.bad = row.Refusal{Fault: row.FaultValue, Detail: err.Error()}
	if given, ok := errors.AsType[*row.Refusal](err); ok {
		d.bad = *given
	}
	if column != "" {
		d.bad.Column, d.bad.Field = d.record.Place(column)
	}
	return &d.bad
}

func (d *Decider) at() *row.Refusal {
	f, ok := d.mapping.fields["at"]
	text, column := d.text("at")
	if !ok || text == "" && d.options.Indicators {
		d.row.At = d.options.At
		return nil
	}
	if text == "" {
		return d.refuse(&row.Refusal{Fault: row.FaultEmpty}, column)
	}
	zone := f.zone
	if zone == nil {
		zone = d.options.Zone
	}
	t, err := instant(text, f.layouts, zone)
	if err != nil {
		return d.refuse(err, column)
	}
	d.row.At = t
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
func (d *Decider) thing() *row.Refusal {
	if text, column := d.text("indicator"); text != "" {
		ind, err := d.indicator(row.Refang(text))
		if err != nil {
			return d.refuse(err, column)
		}
		d.row.Indicator = &ind
		return nil
	}
	empty := ""
	for _, name := range append(things(), "indicator") {
		text, column := d.text(name)
		if empty == "" {
			empty = column
		}
		if text == "" {
			continue
		}
		a, err := assetOf(name, row.Refang(text))
		if err == nil && d.options.Indicators {
			var ind row.Indicator
			if ind, err = row.RecogniseIndicator(a.Value()); err == nil {
				d.row.Indicator = &ind
				return nil
			}
		}
		if err != nil {
			return d.refuse(err, column)
		}
		d.row.Asset = a
		return nil
	}
	return d.refuse(&row.Refusal{Fault: row.FaultEmpty}, empty)
}

func (d *Decider) indicator(text string) (row.Indicator, error) {
	if typ, _ := d.text("indicator_type"); typ != "" {
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
func (d *Decider) particulars() *row.Refusal {
	number := func(name string, bits int) uint64 {
		text, _ := d.text(name)
		if text == "" {
			return 0
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(text), "AS"), 10, bits)
		if err != nil || name == "confidence" && n > 100 {
			d.flag(row.BadValue)
			return 0
		}
		return n
	}
	d.row.ASN = uint32(number("asn", 32))
	d.row.Port = uint16(number("port", 16))
	d.row.Confidence = uint8(number("confidence", 8))
	if text, _ := d.text("hostname"); text != "" {
		h, err := row.HostName(text)
		if err != nil {
			d.flag(row.BadValue)
		}
		d.row.Hostname = h
	}
	text, _ := d.text("protocol")
	d.row.Protocol = row.Clip(strings.ToLower(text), 40)
	text, _ = d.text("realm")
	d.row.Realm = row.Clip(text, 100)
	text, _ = d.text("cause")
	d.row.Cause = row.Clip(text, 200)
	return nil
}

func (d *Decider) flag(f row.Flag) {
	if !slices.Contains(d.row.Flags, f) {
		d.row.Flags = append(slices.Clone(d.row.Flags), f)
	}
}

// problem reads kind, severity, class and discriminator of a finding. An
// indicator has none of them but the severity.
func (d *Decider) problem() *row.Refusal {
	if text, _ := d.text("severity"); text != "" {
		s, err := row.ParseSeverity(fold(text))
		if err != nil {
			d.flag(row.UnknownSeverity)
		}
		d.row.Severity = s
	}
	if d.row.Indicator != nil {
		return nil
	}
	d.row.Kind = d.options.Kind
	if text, column := d.text("kind"); text != "" {
		k, err := row.ParseKind(fold(text))
		if err != nil {
			return d.refuse(err, column)
		}
		d.row.Kind = k
	} else if d.row.Kind == "" {
		return d.refuse(&row.Refusal{Fault: row.FaultEmpty}, column)
	}
	if d.row.Severity == row.NoSeverity {
		d.row.Severity = d.row.Kind.Severity()
	}
	d.row.Classification = d.row.Kind.Classification()
	if text, column := d.text("classification"); text != "" {
		c, err := row.ParseClassification(fold(text))
		if err != nil {
			return d.refuse(err, column)
		}
		d.row.Classification = c
	}
	text, _ := d.text("discriminator")
	d.row.Discriminator = d.discriminator(text)
	return nil
}

// discriminator normalises: lower case, runs of white space as one blank, CVE
// numbers in capitals. Without a text it is the service, else the kind.
func (d *Decider) discriminator(text string) string {
	name := strings.ToLower(strings.Join(strings.Fields(text), " "))
	if strings.HasPrefix(name, "cve-") {
		name = strings.ToUpper(name)
	}
	switch {
	case name != "":
		return row.Clip(name, 2048)
	case d.row.Port != 0 && d.row.Protocol != "":
		return strconv.Itoa(int(d.row.Port)) + "/" + d.row.Protocol
	case d.row.Port != 0:
		return strconv.Itoa(int(d.row.Port))
	}
	return string(d.row.Kind)
}
