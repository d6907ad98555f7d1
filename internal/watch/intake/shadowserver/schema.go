package shadowserver

import (
	_ "embed"
	"slices"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

//go:embed types.tsv
var types string

// A Type is one report type.
type Type struct {
	Name           string
	Classification row.Classification
	Severity       row.Severity // default of the report, NoSeverity where it has none
	Kind           row.Kind
	Columns        []string // as in a file, in order; nil of a type that the schema does not know
	Known          bool     // whether the schema knows the type

	assets []step // columns tried in turn for the thing in danger
	rules  []step // tried in turn for the discriminator
}

// A step is one way to get a text out of a record.
type step struct {
	how    how
	column string
	text   string
}

type how int

const (
	takeIP      how = iota // an address or a network
	takeDomain             // a domain name
	takeURL                // the address or domain of a URL
	takeEmail              // the domain of an e-mail address
	takeCVE                // CVE numbers
	takeService            // port/protocol of the asset
	takeTarget             // port/protocol of the other end
	takeFamily             // malware family
	takeLink               // canonical URL
	takeName               // a column as a word
	takeText               // a fixed text
)

// A Schema holds all report types. It is read-only after Load and may be shared.
type Schema struct {
	types   map[string]*Type
	order   []*Type
	columns map[string]bool // every column of every type
}

// Load reads the built-in schema. An error means that the program is built wrong.
func Load() (*Schema, error) {
	s := &Schema{types: map[string]*Type{}, columns: map[string]bool{}}
	for n, line := range strings.Split(types, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		t, err := s.parse(line)
		if err != nil {
			return nil, errs.New(errs.Internal, "load Shadowserver schema: types.tsv:%d: %w", n+1, err)
		}
		s.types[t.Name] = t
		s.order = append(s.order, t)
		for _, c := range t.Columns {
			s.columns[c] = true
		}
	}
	return s, nil
}

// Types are all report types, in the order of the schema.
func (s *Schema) Types() []*Type { return slices.Clone(s.order) }

// Type is a report type of the schema, or errs.NotFound.
func (s *Schema) Type(name string) (*Type, error) {
	if t, ok := s.types[name]; ok {
		return t, nil
	}
	return nil, errs.New(errs.NotFound, "find Shadowserver report type %q", name)
}

// parse reads one line of types.tsv.
func (s *Schema) parse(line string) (*Type, error) {
	f := strings.Split(line, "\t")
	if len(f) != 7 {
		return nil, errs.New(errs.Invalid, "%d columns, want 7", len(f))
	}
	t := &Type{Name: f[0], Known: true}
	var err error
	if t.Classification, err = row.ParseClassification(f[1]); err != nil {
		return nil, err
	}
	if f[2] != "-" {
		if t.Severity, err = row.ParseSeverity(f[2]); err != nil {
			return nil, err
		}
	}
	if t.Kind, err = row.ParseKind(f[3]); err != nil {
		return nil, err
	}
	if t.assets, err = steps(f[4], asset); err != nil {
		return nil, err
	}
	if t.rules, err = steps(f[5], rule); err != nil {
		return nil, err
	}
	if same, ok := strings.CutPrefix(f[6], "@"); ok {
		like, err := s.Type(same)
		if err != nil {
			return nil, err
		}
		t.Columns = like.Columns
		return t, nil
	}
	t.Columns = strings.Fields(f[6])
	return t, nil
}

func steps(list string, one func(string) (step, bool)) ([]step, error) {
	var out []step
	for text := range strings.SplitSeq(list, "|") {
		s, ok := one(text)
		if !ok {
			return nil, errs.New(errs.Invalid, "%q is no rule", text)
		}
		out = append(out, s)
	}
	return out, nil
}

func asset(text string) (step, bool) {
	form, column, ok := strings.Cut(text, ":")
	if !ok {
		return step{how: takeIP, column: text}, text != ""
	}
	switch form {
	case "domain":
		return step{how: takeDomain, column: column}, true
	case "url":
		return step{how: takeURL, column: column}, true
	case "email":
		return step{how: takeEmail, column: column}, true
	}
	return step{}, false
}

func rule(text string) (step, bool) {
	switch text {
	case "":
		return step{}, false
	case "cve":
		return step{how: takeCVE}, true
	case "service":
		return step{how: takeService}, true
	case "target":
		return step{how: takeTarget}, true
	case "family":
		return step{how: takeFamily}, true
	case "url":
		return step{how: takeLink, column: "url"}, true
	}
	if fixed, ok := strings.CutPrefix(text, "="); ok {
		return step{how: takeText, text: fixed}, true
	}
	return step{how: takeName, column: strings.TrimPrefix(text, "name:")}, true
}
