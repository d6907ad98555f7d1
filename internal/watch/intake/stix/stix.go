// Package stix reads STIX 2.1 (OASIS Standard, 10 June 2021): bundles, TAXII
// envelopes, arrays of objects, single objects, one or several behind each other.
// STIX 2.0 is read as well, with less asked of it.
//
// Every object is one row. An indicator's pattern is read by the grammar of
// package pattern: the values of which any alone means trouble become the row's
// indicators; a pattern that needs several observations together stays context,
// flagged, for a part of it is not what its author said. A sighting is a row
// about the object that was sighted. All other objects are context.
//
// What breaks a MUST of the standard is a bad row with the property and what the
// standard wants; what only breaks a SHOULD goes in. A bundle that breaks one
// itself is a bad row of its own behind its objects; a sound bundle is no row.
package stix

import (
	"context"
	"encoding/json"
	"io"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/jsonspan"
)

// MaxObject bounds an object in bytes; a file that an object carries is the longest
// thing in one.
const MaxObject = 16 << 20

// Options of a parser.
type Options struct{ row.Aim }

// A Parser reads one document; see row.Parser.
type Parser struct {
	options Options
	shapes  map[string]*shape
}

// New makes a parser. A Kind that is none, or one without a time, is errs.Usage.
func New(o Options) (*Parser, error) {
	if o.Kind != "" && !o.Kind.Valid() {
		return nil, errs.New(errs.Usage, "read STIX: %q is no kind of finding", o.Kind)
	}
	if o.Kind != "" && o.At.IsZero() {
		return nil, errs.New(errs.Usage, "read STIX: findings of kind %s need the time of the document", o.Kind)
	}
	return &Parser{options: o, shapes: shapes()}, nil
}

// Looks says whether head, the first bytes of a document, are STIX: a bundle, or
// objects with an identifier of their type.
func Looks(head []byte) bool {
	o := jsonspan.Outline(head, 4)
	for _, at := range []string{"", "[]", "objects[]", "[].objects[]"} {
		dot := at
		if at != "" {
			dot += "."
		}
		kind := strings.Trim(o[dot+"type"], `"`)
		if kind == "bundle" && (o[dot+"objects"] == "[" || strings.HasPrefix(o[dot+"id"], `"bundle--`)) {
			return true
		}
		if kind != "" && strings.HasPrefix(o[dot+"id"], `"`+kind+`--`) {
			return true
		}
		// The type may stand behind what the head no longer shows.
		if kind == "" {
			if of, ok := idType(strings.Trim(o[dot+"id"], `"`)); ok && of != "" {
				return true
			}
		}
	}
	return false
}

// Parse reads a document; see row.Parser.
func (p *Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	r := &reader{
		Parser: p, tell: jsonspan.NewTeller(ctx, skip, yield), scan: jsonspan.New(in, MaxObject),
		marks: map[string]tlp.Marking{},
	}
	err := r.tell.Walk(r.scan, func() (jsonspan.Value, error) {
		c, err := r.scan.Peek()
		if err != nil || c == '{' {
			return r.node()
		}
		return r.list(r.node)
	})
	return r.tell.Sum, err
}

// A reader reads one document.
type reader struct {
	*Parser
	tell   *jsonspan.Teller
	scan   *jsonspan.Scanner
	marks  map[string]tlp.Marking // of marking definitions that came before
	bundle string                 // spec_version of the bundle around, as far as it was read
}

// list reads an array with one for each element. The value is what a broken text
// broke off in.
func (r *reader) list(one func() (jsonspan.Value, error)) (jsonspan.Value, error) {
	if err := r.scan.Enter('['); err != nil {
		return jsonspan.Value{}, err
	}
	for first := true; ; first = false {
		more, err := r.scan.Next(']', first)
		if err != nil || !more {
			return jsonspan.Value{}, err
		}
		if part, err := one(); err != nil {
			return part, err
		}
	}
}

// node reads what may be an object or something around objects.
func (r *reader) node() (jsonspan.Value, error) {
	if c, err := r.scan.Peek(); err != nil || c != '{' {
		return r.record()
	}
	if err := r.scan.Tape(); err != nil {
		return jsonspan.Value{}, err
	}
	head := around{}
	if err := r.scan.Enter('{'); err != nil {
		return r.scan.Taped(), err
	}
	for first := true; ; first = false {
		more, err := r.scan.Next('}', first)
		if err != nil {
			return r.broke(head), err
		}
		if !more {
			break
		}
		name, err := r.scan.Name()
		if err != nil {
			return r.broke(head), err
		}
		c, err := r.scan.Peek()
		if err == nil && name == "objects" && c == '[' && (head["type"] == nil || head["type"] == "bundle") {
			if part, err := r.inside(head); err != nil {
				return part, err
			}
			continue
		}
		v, err := r.scan.Value()
		if err != nil {
			if head.open() {
				return v, err
			}
			return r.scan.Taped(), err
		}
		head.keep(name, v)
	}
	if !head.open() {
		v := r.scan.Taped()
		if head["type"] != "bundle" && !head.empty() {
			return jsonspan.Value{}, r.object(v)
		}
		head[place] = v
	}
	return jsonspan.Value{}, r.close(head)
}

// empty says whether there is nothing but what an envelope without objects has
// (TAXII 2.1 §3.7).
func (a around) empty() bool {
	for name := range a {
		if name != "more" && name != "next" {
			return false
		}
	}
	return true
}

// broke is what is read of an object when its text breaks off between members.
// Of something around objects the objects were told; nothing is left of it.
func (r *reader) broke(head around) jsonspan.Value {
	if head.open() {
		return jsonspan.Value{}
	}
	return r.scan.Taped()
}

// around is what stands around objects: the members of a bundle or an envelope
// but the objects.
type around map[string]any

// keep remembers a short member; of the others, that there was one.
func (a around) keep(name string, v jsonspan.Value) {
	if len(v.Raw) > 1024 || len(a) > 100 {
		a[other] = true
		return
	}
	var value any
	if json.Unmarshal(v.Raw, &value) == nil {
		a[name] = value
	}
}

// place is where the objects' surroundings begin, under a name that no member
// has.
const place = "\x00place"

// other stands for members that are not remembered.
const other = "\x00other"

// open says whether objects were read already.
func (a around) open() bool { return a[place] != nil }

// inside reads the objects of a bundle or an envelope.
func (r *reader) inside(head around) (jsonspan.Value, error) {
	if !head.open() {
		head[place] = r.scan.Taped()
	}
	r.bundle = text(head["spec_version"])
	part, err := r.list(r.record)
	r.bundle = ""
	return part, err
}

// close holds what the standard asks of a bundle (STIX 2.1 §8); an envelope has
// no type.
func (r *reader) close(head around) error {
	if head["type"] == nil {
		return nil
	}
	refused := missing("id")
	if id := text(head["id"]); id != "" {
		if kind, ok := idType(id); ok && kind == "bundle" {
			return nil
		}
		refused = form("id", id, "bundle--UUID")
	}
	at, _ := head[place].(jsonspan.Value)
	return r.tell.Refuse(at.Span, refused, at.Raw)
}

// record reads one object.
func (r *reader) record() (jsonspan.Value, error) {
	v, err := r.scan.Value()
	if err != nil {
		return v, err
	}
	return jsonspan.Value{}, r.object(v)
}

// object tells one object.
func (r *reader) object(v jsonspan.Value) error {
	want, err := r.tell.Begin()
	if err != nil {
		return err
	}
	if !want {
		r.remember(v)
		return nil
	}
	refused := v.Sound(MaxObject)
	var o object
	if refused == nil {
		if err := json.Unmarshal(v.Raw, &o); err != nil {
			refused = &row.Refusal{Fault: row.FaultForm, Value: row.Clip(string(v.Raw), 40), Detail: "{ }"}
		}
	}
	if refused == nil {
		learn(r.marks, o)
		if refused = r.check(o, versionOf(o, r.bundle)); refused == nil {
			refused = r.fill(o, r.tell.Row(v.Span, v.Raw))
		}
	}
	if refused != nil {
		return r.tell.Bad(v.Span, refused, v.Raw)
	}
	return r.tell.Good()
}

// remember learns of markings from objects that were told before.
func (r *reader) remember(v jsonspan.Value) {
	if !strings.Contains(string(v.Raw), `"marking-definition"`) || v.Long {
		return
	}
	var o object
	if json.Unmarshal(v.Raw, &o) == nil {
		learn(r.marks, o)
	}
}

// versionOf is the version of the standard that an object was written in (STIX
// 2.1 §3.2, spec_version): without one it is 2.0, where that had such objects.
// What can be observed was no object of its own then and is 2.1.
func versionOf(o object, bundle string) string {
	if v, ok := o["spec_version"].(string); ok {
		return v
	}
	if bundle == "2.0" {
		return bundle
	}
	switch text(o["type"]) {
	case "grouping", "incident", "infrastructure", "location", "malware-analysis", "note", "opinion",
		"extension-definition", "language-content":
		return "2.1"
	}
	if has(o, "created") {
		return "2.0"
	}
	return "2.1"
}
