// Package misp reads what MISP sends (https://www.misp-standard.org, MISP core
// format): events as its API, its export and its feeds write them, alone, in
// arrays and in responses; lists of attributes; a feed's manifest.json and
// hashes.csv.
//
// Every attribute is one row, those of objects too. What its type makes a pattern
// becomes the row's indicator; an attribute without to_ids is known but not
// matched. Proposals to change an event, entries of a manifest and lines of
// hashes.csv are context.
//
// An event says who may read it in tags that often stand behind its attributes.
// So an event is held until its end, up to MaxEvent bytes. Of an event that is
// longer, or that breaks off, before its tags came, the attributes are taken to
// be TLP:RED, flagged.
package misp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/jsonspan"
)

// MaxEvent is how much of an event's attributes is held for its tags.
const MaxEvent = 64 << 20

// MaxAttribute bounds an attribute in bytes; one may carry a file.
const MaxAttribute = 16 << 20

// Options of a parser.
type Options struct {
	row.Aim

	Hold int // bytes of an event that are held; 0 is MaxEvent
}

// A Parser reads one document; see row.Parser.
type Parser struct{ options Options }

// New makes a parser. A Kind that is none, or one without a time, is errs.Usage.
func New(o Options) (*Parser, error) {
	if o.Kind != "" && !o.Kind.Valid() {
		return nil, errs.New(errs.Usage, "read MISP: %q is no kind of finding", o.Kind)
	}
	if o.Kind != "" && o.At.IsZero() {
		return nil, errs.New(errs.Usage, "read MISP: findings of kind %s need the time of the document", o.Kind)
	}
	if o.Hold == 0 {
		o.Hold = MaxEvent
	}
	return &Parser{o}, nil
}

// Looks says whether head, the first bytes of a document, are of MISP.
func Looks(head []byte) bool {
	if hashLine(string(firstLine(head))) {
		return true
	}
	o := jsonspan.Outline(head, 4)
	for path := range o {
		if !strings.Contains(path, ".") && isUUID(path) && (o[path+".info"] != "" || o[path+".timestamp"] != "" || o[path+".Orgc"] != "") {
			return true // a manifest
		}
	}
	for _, at := range []string{"", "[].", "response.", "response[].", "response[].Event.", "response.Event.", "[].Event.", "Event."} {
		if o[at+"Attribute"] == "{" && o[at+"Attribute.type"] != "" ||
			o[at+"Attribute"] == "[" && (o[at+"Attribute[]"] == "" || o[at+"Attribute[].type"] != "") ||
			o[at+"Object"] == "[" && (o[at+"Object[]"] == "" || o[at+"Object[].Attribute"] != "" || o[at+"Object[].meta-category"] != "") {
			return true
		}
		_, titled := o[at+"info"]
		for _, name := range []string{"threat_level_id", "analysis", "orgc_id", "Orgc"} {
			_, there := o[at+name]
			if there && (titled || strings.HasSuffix(at, "Event.")) {
				return true
			}
		}
	}
	return false
}

func firstLine(head []byte) []byte {
	head = head[row.BOM(head):]
	for i, c := range head {
		if c == '\n' || c == '\r' {
			return head[:i]
		}
	}
	return head
}

// Parse reads a document; see row.Parser.
func (p *Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	r := &reader{options: p.options, tell: jsonspan.NewTeller(ctx, skip, yield)}
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, err := buffered.Peek(128)
	if err == nil || len(head) > 0 {
		if hashLine(string(firstLine(head))) {
			err := r.hashes(buffered)
			return r.tell.Sum, err
		}
	}
	r.scan = jsonspan.New(buffered, MaxAttribute)
	err = r.tell.Walk(r.scan, func() (jsonspan.Value, error) {
		c, err := r.scan.Peek()
		if err == nil && c == '[' {
			return r.list(r.top)
		}
		return r.top()
	})
	if err == nil && !r.known && r.tell.Sum.Records == 0 {
		err = row.NotReadable("the document holds no MISP event, attribute or manifest")
	}
	return r.tell.Sum, err
}

// A reader reads one document.
type reader struct {
	options Options
	tell    *jsonspan.Teller
	scan    *jsonspan.Scanner
	known   bool // whether something of MISP was met
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

// members reads an object with one for each member.
func (r *reader) members(one func(name string, kind byte) (jsonspan.Value, error)) (jsonspan.Value, error) {
	if err := r.scan.Enter('{'); err != nil {
		return jsonspan.Value{}, err
	}
	for first := true; ; first = false {
		more, err := r.scan.Next('}', first)
		if err != nil || !more {
			return jsonspan.Value{}, err
		}
		name, err := r.scan.Name()
		if err != nil {
			return jsonspan.Value{}, err
		}
		kind, err := r.scan.Peek()
		if errors.Is(err, io.EOF) && r.scan.Err() == nil {
			return jsonspan.Value{}, jsonspan.ErrCut
		}
		if err != nil {
			return jsonspan.Value{}, err
		}
		if part, err := one(name, kind); err != nil {
			return part, err
		}
	}
}

// top reads an event, or what wraps events. They are told by their members, for
// every way of MISP to send them wraps them differently.
func (r *reader) top() (jsonspan.Value, error) {
	kind, err := r.scan.Peek()
	if err == nil && kind != '{' {
		return r.foreign()
	}
	e := &event{}
	part, err := r.members(func(name string, kind byte) (jsonspan.Value, error) {
		switch {
		case name == "Attribute" && kind == '[':
			r.known = true
			return r.list(func() (jsonspan.Value, error) { return r.pend(e, nil, false) })
		case name == "Attribute" && kind == '{':
			return r.pend(e, nil, false)
		case name == "ShadowAttribute" && kind == '[':
			r.known = true
			return r.list(func() (jsonspan.Value, error) { return r.pend(e, nil, true) })
		case name == "Object" && kind == '[':
			r.known = true
			return r.list(func() (jsonspan.Value, error) { return r.object(e) })
		case name == "response" && kind == '[':
			r.known = true
			return r.list(r.top)
		case (name == "response" || name == "Event") && kind == '{':
			return r.top()
		case kind == '{' && isUUID(name):
			return r.entry(name)
		}
		v, err := r.scan.Value()
		if err != nil {
			return v, err
		}
		if e.header(name, v) {
			r.known = true
		}
		return jsonspan.Value{}, nil
	})
	e.whole = err == nil
	if told := r.release(e); told != nil {
		return jsonspan.Value{}, told
	}
	return part, err
}

// foreign is an element that is no object.
func (r *reader) foreign() (jsonspan.Value, error) {
	v, err := r.scan.Value()
	if err != nil {
		return v, err
	}
	return jsonspan.Value{}, r.tell.Refuse(v.Span, &row.Refusal{Fault: row.FaultForm, Value: row.Clip(string(v.Raw), 40), Detail: "{ }"}, v.Raw)
}

// object reads an object of an event and holds its attributes.
func (r *reader) object(e *event) (jsonspan.Value, error) {
	if kind, err := r.scan.Peek(); err == nil && kind != '{' {
		return r.foreign()
	}
	o := &object{}
	return r.members(func(name string, kind byte) (jsonspan.Value, error) {
		if name == "Attribute" && kind == '[' {
			return r.list(func() (jsonspan.Value, error) { return r.pend(e, o, false) })
		}
		v, err := r.scan.Value()
		if err != nil {
			return v, err
		}
		o.header(name, v)
		return jsonspan.Value{}, nil
	})
}

// pend holds an attribute, or a proposal, until its event is read. When the event
// grows too long, what is held is told.
func (r *reader) pend(e *event, o *object, proposal bool) (jsonspan.Value, error) {
	r.known = true
	v, err := r.scan.Value()
	if err != nil {
		return v, err
	}
	at := len(e.held)
	e.held = append(e.held, v.Raw...)
	e.pending = append(e.pending, pending{span: v.Span, from: at, to: len(e.held), long: v.Long, object: o, proposal: proposal})
	if len(e.held) > r.options.Hold || e.told {
		return jsonspan.Value{}, r.release(e)
	}
	return jsonspan.Value{}, nil
}

// release tells the attributes that are held.
func (r *reader) release(e *event) error {
	for _, p := range e.pending {
		if err := r.one(e, p); err != nil {
			return err
		}
	}
	if len(e.pending) > 0 && !e.whole {
		e.told = true
	}
	e.pending, e.held = e.pending[:0], e.held[:0]
	return nil
}

// entry reads the entry of an event in a manifest.
func (r *reader) entry(uuid string) (jsonspan.Value, error) {
	r.known = true
	v, err := r.scan.Value()
	if err != nil {
		return v, err
	}
	want, err := r.tell.Begin()
	if err != nil || !want {
		return jsonspan.Value{}, err
	}
	refused := v.Sound(MaxAttribute)
	if refused == nil {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(v.Raw, &members); err != nil {
			refused = &row.Refusal{Fault: row.FaultJSON, Detail: row.Clip(err.Error(), 200)}
		}
		e := &event{}
		for name, raw := range members {
			e.header(name, jsonspan.Value{Raw: raw})
		}
		out := r.tell.Row(v.Span, v.Raw)
		out.Statement = &row.Statement{
			ID: uuid, Version: e.timestamp, Type: "event", Title: e.info, Labels: e.labels(), TLP: e.tlp, Marked: e.marked, Inactive: true,
		}
	}
	if refused != nil {
		return jsonspan.Value{}, r.tell.Bad(v.Span, refused, v.Raw)
	}
	return jsonspan.Value{}, r.tell.Good()
}
