// Package warninglist reads lists of values that are no indicators however often
// feeds send them, in the form of MISP warning lists
// (https://github.com/MISP/misp-warninglists), and says which list holds an
// indicator. A feed that names a public resolver, a top site or a cloud's network
// is wrong or poisoned, and would warn everybody.
package warninglist

import (
	"context"
	"encoding/json"
	"io"
	"strings"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/jsonspan"
)

// A Type says how the values of a list are compared. The set is closed.
type Type string

// The types of lists.
const (
	CIDR      Type = "cidr"      // addresses and networks
	Hostname  Type = "hostname"  // names with all below them, a leading dot means the same
	Substring Type = "substring" // texts that occur in the value
	String    Type = "string"    // the value itself, in any case of letters
	Regex     Type = "regex"     // /expression/flags
)

// Types are all types of lists.
func Types() []Type { return []Type{CIDR, Hostname, Substring, String, Regex} }

// MaxList bounds a list in bytes; one of a million names has some 25 MB.
const MaxList = 64 << 20

// Looks says whether head, the first bytes of a document, are of a warning list.
func Looks(head []byte) bool {
	o := jsonspan.Outline(head, 3)
	if o["Warninglist"] == "{" {
		return true
	}
	// The list itself is long and may hide what stands behind it.
	if o["list"] != "[" || o["objects"] != "" || o["Event"] != "" {
		return false
	}
	for _, t := range Types() {
		if o["type"] == `"`+string(t)+`"` {
			return true
		}
	}
	_, described := o["description"]
	return o["type"] == "" && (described || o["matching_attributes"] == "[") && strings.HasPrefix(o["list[]"], `"`)
}

// A Parser reads documents of one list or of several; see row.Parser. A list is
// one row, whose Benign it is. The attribute types that it is meant for are the
// labels of its statement.
type Parser struct{}

// New makes a parser.
func New() *Parser { return &Parser{} }

// Parse reads a document; see row.Parser.
func (*Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	t := jsonspan.NewTeller(ctx, skip, yield)
	s := jsonspan.New(in, MaxList)
	err := t.Walk(s, func() (jsonspan.Value, error) {
		if c, err := s.Peek(); err != nil || c != '[' {
			return one(s, t)
		}
		if err := s.Enter('['); err != nil {
			return jsonspan.Value{}, err
		}
		for first := true; ; first = false {
			more, err := s.Next(']', first)
			if err != nil || !more {
				return jsonspan.Value{}, err
			}
			if v, err := one(s, t); err != nil {
				return v, err
			}
		}
	})
	return t.Sum, err
}

// one reads the list that comes next.
func one(s *jsonspan.Scanner, t *jsonspan.Teller) (jsonspan.Value, error) {
	v, err := s.Value()
	if err != nil {
		return v, err
	}
	want, err := t.Begin()
	if err != nil || !want {
		return jsonspan.Value{}, err
	}
	out := t.Row(v.Span, v.Raw)
	refused := v.Sound(MaxList)
	if refused == nil {
		refused = read(v.Raw, out)
	}
	if refused != nil {
		return jsonspan.Value{}, t.Bad(v.Span, refused, v.Raw)
	}
	return jsonspan.Value{}, t.Good()
}

// document is a list as its file writes it, or as the API of MISP does.
type document struct {
	Name     string          `json:"name"`
	Version  json.RawMessage `json:"version"`
	Type     string          `json:"type"`
	List     []string        `json:"list"`
	Matching []string        `json:"matching_attributes"`
	Entries  []struct {
		Value string `json:"value"`
	} `json:"WarninglistEntry"`
	Inner *document `json:"Warninglist"`
}

func read(raw []byte, out *row.Row) *row.Refusal {
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		return &row.Refusal{Fault: row.FaultJSON, Detail: row.Clip(err.Error(), 200)}
	}
	if d.Inner != nil {
		d = *d.Inner
	}
	for _, e := range d.Entries {
		d.List = append(d.List, e.Value)
	}
	b := &row.Benign{
		Name: strings.TrimSpace(d.Name), Type: strings.ToLower(strings.TrimSpace(d.Type)),
		Version: strings.Trim(string(d.Version), `"`), Values: d.List,
	}
	switch {
	case b.Name == "":
		return &row.Refusal{Fault: row.FaultEmpty, Field: "name"}
	case !known(b.Type):
		return &row.Refusal{Fault: row.FaultValue, Field: "type", Value: b.Type, Detail: "cidr, hostname, substring, string or regex"}
	case len(b.Values) == 0:
		return &row.Refusal{Fault: row.FaultEmpty, Field: "list"}
	}
	for _, v := range b.Values {
		if !fits(Type(b.Type), v) {
			out.Flags = []row.Flag{row.BadValue} // that entry holds nothing
			break
		}
	}
	out.Benign = b
	out.Statement = &row.Statement{ID: b.Name, Type: "warninglist", Title: row.Clip(b.Name, 200), Labels: d.Matching, Inactive: true}
	return nil
}

func known(t string) bool {
	for _, k := range Types() {
		if t == string(k) {
			return true
		}
	}
	return false
}
