package csvmap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// A Mapping says which column is what. Only ParseMapping makes one; it is
// read-only and may be shared.
type Mapping struct {
	comma   byte // 0: told by the first line
	comment byte
	header  bool
	columns []string
	path    []string // of JSON: the keys that lead to the records
	fields  map[string]field
}

// A field is where one field of a row comes from.
type field struct {
	columns  []string
	join     string
	value    string // constant, with constant set
	constant bool
	values   map[string]string // keys in lower case
	fallback string            // with falls set
	falls    bool
	layouts  []string
	zone     *time.Location // nil: the source's
}

// The JSON forms.
type mappingJSON struct {
	Delimiter string                `json:"delimiter"`
	Comment   string                `json:"comment"`
	Header    *bool                 `json:"header"`
	Columns   []string              `json:"columns"`
	Path      string                `json:"path"`
	Fields    map[string]*fieldJSON `json:"fields"`
}

type fieldJSON struct {
	Column  *string           `json:"column"`
	Columns []string          `json:"columns"`
	Join    *string           `json:"join"`
	Value   *string           `json:"value"`
	Values  map[string]string `json:"values"`
	Default *string           `json:"default"`
	Layouts []string          `json:"layouts"`
	Zone    string            `json:"zone"`
}

// maxMapping bounds the JSON text.
const maxMapping = 1 << 20

// things are the fields that name what is in danger, in the order in which they
// are tried.
func things() []string {
	return []string{"asset", "ip", "domain", "host", "url", "email", "product"}
}

// names are all fields.
func names() []string {
	return append(things(),
		"at", "indicator", "indicator_type", "kind", "severity", "classification", "discriminator",
		"realm", "asn", "hostname", "port", "protocol", "confidence", "cause")
}

// Indicators says whether the rows are indicators by the mapping itself.
func (m *Mapping) Indicators() bool {
	_, ok := m.fields["indicator"]
	return ok
}

// Path are the keys that lead from the top of a JSON document to its records;
// none where the top is the records.
func (m *Mapping) Path() []string { return m.path }

// Columns are the names of all columns that the mapping asks for, in lower case,
// each once, in order.
func (m *Mapping) Columns() []string {
	var all []string
	for _, f := range m.fields {
		all = append(all, f.columns...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ParseMapping reads a mapping. All that is wrong with it comes in one
// errs.Invalid error, each with its place: line and column of the text, and the
// path of the field (fields.severity.values.hoch).
func ParseMapping(text []byte) (*Mapping, error) {
	if len(text) > maxMapping {
		return nil, errs.New(errs.TooLarge, "read mapping: more than %d bytes", maxMapping)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return nil, broken(text, errors.New("the text is not UTF-8"))
	}
	where, err := locate(text)
	if err != nil {
		return nil, broken(text, err)
	}
	var j mappingJSON
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	c := &check{text: text, where: where}
	if err := dec.Decode(&j); err != nil {
		if typ, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			c.wrong(c.at(typ.Offset), "a %s stands here, want %s", typ.Value, jsonName(typ.Type.Kind().String()))
			return nil, c.err()
		}
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			if key, err := strconv.Unquote(name); err == nil {
				name = key
			}
			c.unknown(name)
			return nil, c.err()
		}
		return nil, broken(text, err)
	}
	m := c.mapping(j)
	if len(c.places) > 0 {
		return nil, c.err()
	}
	return m, nil
}

func jsonName(kind string) string {
	switch kind {
	case "map", "struct", "ptr":
		return "an object"
	case "slice":
		return "a list"
	case "bool":
		return "true or false"
	}
	return "a " + kind
}

// broken is the error of a text that is no JSON.
func broken(text []byte, err error) error {
	at := int64(len(text))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = syntax.Offset - 1
	}
	line, column := place(text, at)
	reason := err.Error()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		reason = "the text ends too early"
	}
	return errs.At(errs.Invalid, []errs.Place{{Line: line, Column: column, Reason: reason}}, "read mapping: %d:%d: %s", line, column, reason)
}

func place(text []byte, at int64) (line, column int) {
	before := text[:max(0, min(at, int64(len(text))))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}

// locate walks the text and notes where each path begins. It finds what a
// decoder lets pass: a key that stands twice, and text after the end.
func locate(text []byte) (map[string]int64, error) {
	where := map[string]int64{}
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := walk(dec, "", where, 0); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the end of the mapping")
	}
	return where, nil
}

func walk(dec *json.Decoder, path string, where map[string]int64, depth int) error {
	if depth > 8 {
		return errors.New("nested too deep")
	}
	token, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	for i := 0; dec.More(); i++ {
		inner, at := strconv.Itoa(i), dec.InputOffset()
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			inner = fmt.Sprint(key)
			at = dec.InputOffset() - int64(len(inner)) - 2 // the quotation marks
		}
		if path != "" {
			inner = path + "." + inner
		}
		if _, twice := where[inner]; twice {
			return fmt.Errorf("%s stands twice", inner)
		}
		where[inner] = at
		if err := walk(dec, inner, where, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// A check gathers what is wrong with a mapping.
type check struct {
	text   []byte
	where  map[string]int64
	places []errs.Place
}

func (c *check) wrong(path, format string, a ...any) {
	p := errs.Place{Field: path, Reason: fmt.Sprintf(format, a...)}
	if at, ok := c.where[path]; ok {
		p.Line, p.Column = place(c.text, at)
	}
	c.places = append(c.places, p)
}

// at is the path whose value stands at an offset: the last that begins before it.
// The decoder's own path leaves out the names of fields.
func (c *check) at(offset int64) (path string) {
	for p, begins := range c.where {
		if begins < offset && (path == "" || begins > c.where[path]) {
			path = p
		}
	}
	return path
}

// unknown names every place where the unknown key stands.
func (c *check) unknown(key string) {
	for path := range c.where {
		if path == key || strings.HasSuffix(path, "."+key) {
			c.wrong(path, "no such setting")
		}
	}
	if len(c.places) == 0 {
		c.wrong(key, "no such setting")
	}
	slices.SortFunc(c.places, func(a, b errs.Place) int { return strings.Compare(a.Field, b.Field) })
}

func (c *check) err() error {
	// The caller knows the file's name: the text begins with line and column.
	text := strings.TrimPrefix(c.places[0].String(), ":")
	return errs.At(errs.Invalid, c.places, "read mapping: %s", text)
}

func (c *check) mapping(j mappingJSON) *Mapping {
	m := &Mapping{header: j.Header == nil || *j.Header, columns: j.Columns, fields: map[string]field{}}
	switch j.Delimiter {
	case "":
	case ",", ";", "|":
		m.comma = j.Delimiter[0]
	case "tab", "\t":
		m.comma = '\t'
	default:
		c.wrong("delimiter", `%q cannot part columns; want "," ";" "|" or "tab"`, j.Delimiter)
	}
	switch {
	case len(j.Comment) > 1 || len(j.Comment) == 1 && (j.Comment[0] <= ' ' || j.Comment[0] == '"' || j.Comment[0] >= 0x80 || j.Comment[0] == m.comma):
		c.wrong("comment", "%q cannot begin a comment; want one character such as #", j.Comment)
	case len(j.Comment) == 1:
		m.comment = j.Comment[0]
	}
	if m.header && len(j.Columns) > 0 {
		c.wrong("columns", `the header names the columns; use this with "header": false`)
	}
	if j.Path != "" {
		m.path = strings.Split(j.Path, ".")
		if slices.Contains(m.path, "") {
			c.wrong("path", "%q has an empty key; want keys with dots between", j.Path)
		}
	}
	for _, name := range sorted(j.Fields) {
		path := "fields." + name
		if !slices.Contains(names(), name) {
			c.wrong(path, "no such field; want one of %s", strings.Join(names(), ", "))
			continue
		}
		if j.Fields[name] == nil {
			c.wrong(path, "null stands here, want an object")
			continue
		}
		m.fields[name] = c.field(name, path, j.Fields[name])
	}
	c.whole(m)
	return m
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// whole holds what no single field can: there is something to report about.
func (c *check) whole(m *Mapping) {
	if len(c.places) > 0 {
		// What is wrong with the fields would only be said twice.
		return
	}
	has := slices.ContainsFunc(things(), func(n string) bool { _, ok := m.fields[n]; return ok })
	switch {
	case m.Indicators() && has:
		c.wrong("fields.indicator", "a row is an indicator or about an asset, not both")
	case !m.Indicators() && !has:
		c.wrong("fields", "nothing says what a row is about; want one of %s or indicator", strings.Join(things(), ", "))
	}
	if _, ok := m.fields["indicator_type"]; ok && !m.Indicators() {
		c.wrong("fields.indicator_type", "there is no indicator")
	}
}

func (c *check) field(name, path string, j *fieldJSON) field {
	f := field{columns: j.Columns, join: " ", layouts: j.Layouts}
	ways := 0
	if j.Column != nil {
		f.columns = []string{*j.Column}
		ways++
	}
	if j.Columns != nil {
		ways++
	}
	if j.Value != nil {
		f.value, f.constant = *j.Value, true
		ways++
	}
	if ways != 1 {
		c.wrong(path, "want exactly one of column, columns and value")
	}
	if ways == 1 && !f.constant && len(f.columns) == 0 {
		c.wrong(path+".columns", "no column is named")
	}
	for i, col := range f.columns {
		at := path + ".column"
		if j.Columns != nil {
			at = path + ".columns." + strconv.Itoa(i)
		}
		if f.columns[i] = fold(col); f.columns[i] == "" {
			c.wrong(at, "the column has no name")
		}
	}
	if j.Join != nil {
		f.join = *j.Join
	}
	if j.Default != nil {
		f.fallback, f.falls = *j.Default, true
		c.word(name, path+".default", f.fallback)
	}
	if f.constant {
		c.word(name, path+".value", f.value)
	}
	if len(j.Values) > 0 {
		f.values = map[string]string{}
	}
	for _, from := range sorted(j.Values) {
		c.word(name, path+".values."+from, j.Values[from])
		f.values[fold(from)] = j.Values[from]
	}
	if name != "at" && (len(j.Layouts) > 0 || j.Zone != "") {
		c.wrong(path, "layouts and zone are for the field at")
	}
	for i, l := range j.Layouts {
		if l != "unix" && l != "unixms" && !isLayout(l) {
			c.wrong(path+".layouts."+strconv.Itoa(i), "%q has no year, month and day of 2006-01-02", l)
		}
	}
	if j.Zone != "" {
		zone, err := time.LoadLocation(j.Zone)
		if err != nil {
			c.wrong(path+".zone", "%q is no time zone such as Asia/Ho_Chi_Minh", j.Zone)
		}
		f.zone = zone
	}
	return f
}

// isLayout says whether a layout keeps the day: what it writes, it reads back.
func isLayout(l string) bool {
	day := time.Date(2013, 11, 28, 0, 0, 0, 0, time.UTC)
	got, err := time.Parse(l, day.Format(l))
	return err == nil && got.Year() == 2013 && got.Month() == 11 && got.Day() == 28
}

// word refuses constants that no row could hold.
func (c *check) word(name, path, text string) {
	var err error
	switch name {
	case "kind":
		_, err = row.ParseKind(text)
	case "severity":
		_, err = row.ParseSeverity(text)
	case "classification":
		_, err = row.ParseClassification(text)
	case "indicator_type":
		if !slices.Contains(row.IndicatorTypes(), row.IndicatorType(text)) {
			err = &row.Refusal{Fault: row.FaultValue, Value: text}
		}
	case "port":
		_, err = strconv.ParseUint(text, 10, 16)
	case "asn":
		_, err = strconv.ParseUint(text, 10, 32)
	case "confidence":
		var n uint64
		if n, err = strconv.ParseUint(text, 10, 8); err == nil && n > 100 {
			err = &row.Refusal{Fault: row.FaultNumber, Value: text}
		}
	}
	if err != nil {
		c.wrong(path, "%q cannot be a %s", text, strings.ReplaceAll(name, "_", " "))
	}
}

// fold is how names of columns and texts of tables are compared.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
