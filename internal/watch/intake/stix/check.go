package stix

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/stix/pattern"
)

// object is an object as JSON has it.
type object = map[string]any

func text(v any) string {
	s, _ := v.(string)
	return s
}

// check says which MUST of the standard an object breaks, the first in a fixed
// order, or nil. Version is that of the object: 2.0 asks for less.
func (p *Parser) check(o object, version string) *row.Refusal {
	kind, ok := o["type"].(string)
	if !ok {
		return missing("type")
	}
	if !typeName(kind) || kind == "action" {
		return form("type", kind, "a-z 0-9 -, 3–250")
	}
	if kind == "bundle" {
		return form("type", kind, "≠ bundle")
	}
	s := p.shapes[kind]
	if s == nil || s.family == "part" {
		// A custom object has the common properties of its family.
		s = p.shapes["observable"]
		if _, dated := o["created"]; dated || version == "2.0" {
			s = p.shapes["core"]
		}
	}
	c := &checker{shapes: p.shapes, version: version}
	if refused := c.object(s, o, "", 0); refused != nil {
		return refused
	}
	if id := text(o["id"]); id != "" && p.shapes[kind] != nil && !strings.HasPrefix(id, kind+"--") {
		return form("id", id, kind+"--")
	}
	if refused := reserved(o); refused != nil {
		return refused
	}
	if refused := c.special(kind, o); refused != nil {
		return refused
	}
	return markings(o)
}

type checker struct {
	shapes  map[string]*shape
	version string
}

func missing(field string) *row.Refusal {
	return &row.Refusal{Fault: row.FaultMissing, Field: field}
}

func form(field, value, detail string) *row.Refusal {
	return &row.Refusal{Fault: row.FaultForm, Field: field, Value: value, Detail: detail}
}

// said is a JSON value as a refusal names it.
func said(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case object:
		return "{…}"
	case []any:
		return "[…]"
	case nil:
		return "null"
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// object holds a shape; at is the path of the object, "" is the object itself.
func (c *checker) object(s *shape, o object, at string, depth int) *row.Refusal {
	if depth > 32 {
		return form(at, "", "≤ 32")
	}
	for _, name := range s.needs {
		if _, ok := o[name]; !ok && (c.version != "2.0" || !s.fields[name].since) {
			return missing(at + name)
		}
	}
	for _, name := range sortedKeys(o) {
		f, known := s.fields[name]
		if !known {
			if refused := custom(at+name, name, o[name]); refused != nil {
				return refused
			}
			continue
		}
		if refused := c.field(f, o[name], at+name, depth); refused != nil {
			return refused
		}
	}
	for _, names := range s.any {
		if !slices.ContainsFunc(names, func(n string) bool { _, ok := o[n]; return ok }) {
			return missing(at + strings.Join(names, " | "))
		}
	}
	for _, pair := range s.same {
		if _, first := o[pair[0]]; first != has(o, pair[1]) {
			return missing(at + pair[0] + " & " + pair[1])
		}
	}
	for _, rule := range s.order {
		late, ok := pattern.Timestamp(text(o[rule.late]))
		early, ok2 := pattern.Timestamp(text(o[rule.early]))
		if !ok || !ok2 {
			continue
		}
		if late.Before(early) || rule.strict && late.Equal(early) {
			sign := " ≥ "
			if rule.strict {
				sign = " > "
			}
			return form(at+rule.late, text(o[rule.late]), rule.late+sign+rule.early)
		}
	}
	return nil
}

func has(o object, name string) bool {
	_, ok := o[name]
	return ok
}

func sortedKeys(o object) []string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// custom holds the name and value of a property that the standard does not know.
func custom(at, name string, v any) *row.Refusal {
	switch {
	case !propertyName(name):
		return form(row.Clip(at, 120), name, "a-z 0-9 _, 3–250")
	case strings.HasSuffix(name, "_bin"):
		if !isBase64(v) {
			return form(at, said(v), "base64")
		}
	case strings.HasSuffix(name, "_hex"):
		if !isHex(v) {
			return form(at, said(v), "hex")
		}
	}
	switch v := v.(type) {
	case nil:
		return form(at, "null", "≠ null")
	case []any:
		if len(v) == 0 {
			return form(at, "[]", "≥ 1")
		}
	}
	return nil
}

// field holds the form of a property, of each element where it is a list.
func (c *checker) field(f field, v any, at string, depth int) *row.Refusal {
	if !f.list {
		return c.value(f, v, at, depth)
	}
	list, ok := v.([]any)
	if !ok {
		return form(at, said(v), "[ ]")
	}
	if len(list) == 0 {
		return form(at, "[]", "≥ 1")
	}
	for i, e := range list {
		if refused := c.value(f, e, at+"["+strconv.Itoa(i)+"]", depth); refused != nil {
			return refused
		}
	}
	return nil
}

// value holds one value. The forms are those that shapes.txt lists.
func (c *checker) value(f field, v any, at string, depth int) *row.Refusal {
	s, isText := v.(string)
	switch f.form {
	case "any":
		return nil
	case "bool":
		if _, ok := v.(bool); !ok {
			return form(at, said(v), "true | false")
		}
		return nil
	case "int", "num":
		return number(f, v, at)
	case "part":
		o, ok := v.(object)
		if !ok {
			return form(at, said(v), "{ }")
		}
		return c.object(c.shapes[f.words[0]], o, at+".", depth+1)
	case "dict", "hashes", "extensions", "objects", "contents", "options":
		o, ok := v.(object)
		if !ok || len(o) == 0 {
			return form(at, said(v), "{ } ≥ 1")
		}
		return c.dictionary(f, o, at, depth)
	case "refs":
		return observedRefs(v, at)
	}
	if !isText {
		return form(at, said(v), "“…”")
	}
	return c.text(f, s, at)
}

// dictionary holds the keys and values of an object that maps.
func (c *checker) dictionary(f field, o object, at string, depth int) *row.Refusal {
	for _, key := range sortedKeys(o) {
		v, here := o[key], at+"."+row.Clip(key, 80)
		var refused *row.Refusal
		switch f.form {
		case "dict":
			refused = entry(f, key, v, here)
		case "hashes":
			refused = hash(key, v, here)
		case "extensions":
			refused = c.extension(key, v, here, depth)
		case "objects":
			refused = c.observed(v, here, depth)
		case "contents":
			refused = content(key, v, here)
		case "options":
			if n, ok := v.(float64); !ok || n != math.Trunc(n) || !socketOption(key) {
				refused = form(here, said(v), "SO_… = int")
			}
		}
		if refused != nil {
			return refused
		}
	}
	return nil
}

func entry(f field, key string, v any, at string) *row.Refusal {
	if !dictionaryKey(key, 1) {
		return form(at, key, "a-z A-Z 0-9 - _, ≤ 250")
	}
	if len(f.words) == 0 {
		if v == nil {
			return form(at, "null", "≠ null")
		}
		return nil
	}
	for _, w := range f.words {
		switch n, isNumber := v.(float64); {
		case w == "text" && text(v) != "", w == "int" && isNumber && n == math.Trunc(n):
			return nil
		case w == "text":
			if _, ok := v.(string); ok {
				return nil
			}
		}
	}
	return form(at, said(v), strings.Join(f.words, " | "))
}

func hash(key string, v any, at string) *row.Refusal {
	s, ok := v.(string)
	if !ok {
		return form(at, said(v), "“…”")
	}
	size := 0
	switch key {
	case "MD5":
		size = 32
	case "SHA-1":
		size = 40
	case "SHA-256", "SHA3-256":
		size = 64
	case "SHA-512", "SHA3-512":
		size = 128
	}
	switch {
	case !dictionaryKey(key, 3):
		return form(at, key, "a-z A-Z 0-9 - _, 3–250")
	case size > 0 && (len(s) != size || !isHex(s)):
		return &row.Refusal{Fault: row.FaultHash, Field: at, Value: s, Detail: key}
	}
	return nil
}

// extension holds one entry of extensions: a known one by its shape, one of a
// definition by its type.
func (c *checker) extension(key string, v any, at string, depth int) *row.Refusal {
	o, ok := v.(object)
	if !ok || len(o) == 0 {
		return form(at, said(v), "{ } ≥ 1")
	}
	if kind, ok := idType(key); ok && kind == "extension-definition" {
		if c.version == "2.0" {
			return nil
		}
		f := field{form: "word", words: []string{"new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension"}}
		kind, ok := o["extension_type"]
		if !ok {
			return missing(at + ".extension_type")
		}
		return c.value(f, kind, at+".extension_type", depth)
	}
	if !strings.HasSuffix(key, "-ext") || !typeName(key) {
		return form(at, key, "…-ext | extension-definition--UUID")
	}
	if s := c.shapes[key]; s != nil {
		return c.object(s, o, at+".", depth+1)
	}
	return nil
}

// observed holds an object inside of observed-data, as STIX 2.0 had them.
func (c *checker) observed(v any, at string, depth int) *row.Refusal {
	o, ok := v.(object)
	if !ok {
		return form(at, said(v), "{ }")
	}
	kind := text(o["type"])
	if kind == "" {
		return missing(at + ".type")
	}
	s := c.shapes[kind]
	if s == nil || s.family != "sco" {
		s = c.shapes["observable"]
	}
	if !has(o, "id") { // it has its key
		c = &checker{shapes: c.shapes, version: "2.0"}
	}
	if refused := c.object(s, o, at+".", depth+1); refused != nil {
		return refused
	}
	return reserved(o)
}

// observedRefs holds that observed-data refer to what can be observed.
func observedRefs(v any, at string) *row.Refusal {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return form(at, said(v), "[ ] ≥ 1")
	}
	for i, e := range list {
		here := at + "[" + strconv.Itoa(i) + "]"
		kind, ok := idType(text(e))
		if !ok {
			return form(here, said(e), "TYPE--UUID")
		}
		switch kind {
		case "attack-pattern", "campaign", "course-of-action", "grouping", "identity", "incident", "indicator",
			"infrastructure", "intrusion-set", "location", "malware-analysis", "malware", "note", "observed-data",
			"opinion", "report", "threat-actor", "tool", "vulnerability":
			return form(here, text(e), "≠ "+kind)
		}
	}
	return nil
}

// content holds an entry of a language-content: a language and properties.
func content(key string, v any, at string) *row.Refusal {
	if _, err := language.Parse(key); err != nil {
		return form(at, key, "RFC 5646")
	}
	o, ok := v.(object)
	if !ok {
		return form(at, said(v), "{ }")
	}
	for _, name := range sortedKeys(o) {
		if len(name) < 3 || len(name) > 250 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return form(at, name, "a-z 0-9 _, 3–250")
		}
	}
	return nil
}

// reserved holds that an object has no property whose name is kept for later
// versions.
func reserved(o object) *row.Refusal {
	for _, name := range []string{"severity", "action", "username", "phone_numbers"} {
		if has(o, name) {
			return form(name, said(o[name]), "≠ severity, action, username, phone_numbers")
		}
	}
	return nil
}

// special holds what a type asks beyond its shape.
func (c *checker) special(kind string, o object) *row.Refusal {
	switch kind {
	case "malware":
		if o["is_family"] == true && !has(o, "name") {
			return missing("name")
		}
	case "location":
		if has(o, "precision") && !has(o, "latitude") {
			return missing("latitude & longitude")
		}
	case "observed-data":
		if has(o, "objects") && has(o, "object_refs") {
			return form("object_refs", said(o["object_refs"]), "objects ⊕ object_refs")
		}
	case "artifact":
		switch {
		case has(o, "payload_bin") && has(o, "url"):
			return form("url", said(o["url"]), "payload_bin ⊕ url")
		case has(o, "url") && !has(o, "hashes"):
			return missing("hashes")
		case has(o, "decryption_key") && !has(o, "encryption_algorithm"):
			return missing("encryption_algorithm")
		}
		return contributing(o, "hashes", "payload_bin")
	case "email-message":
		if unwanted := map[bool]string{true: "body", false: "body_multipart"}[o["is_multipart"] == true]; has(o, unwanted) {
			return form(unwanted, said(o[unwanted]), "is_multipart")
		}
		return contributing(o, "from_ref", "subject", "body")
	case "user-account":
		return contributing(o, "account_type", "user_id", "account_login")
	case "windows-registry-key":
		return contributing(o, "key", "values")
	case "x509-certificate":
		return contributing(o, "hashes", "serial_number")
	case "process":
		return contributing(o)
	case "network-traffic":
		if o["is_active"] == true && has(o, "end") {
			return form("end", said(o["end"]), "is_active = false")
		}
	case "extension-definition":
		kinds, _ := o["extension_types"].([]any)
		if has(o, "extension_properties") && !slices.Contains(kinds, any("toplevel-property-extension")) {
			return form("extension_properties", said(o["extension_properties"]), "toplevel-property-extension")
		}
	case "marking-definition":
		return c.marking(o)
	}
	return references(o)
}

// contributing holds that an object with none of the properties that make its id
// has a random one (UUID version 4).
func contributing(o object, names ...string) *row.Refusal {
	for _, n := range names {
		if has(o, n) {
			return nil
		}
	}
	id := text(o["id"])
	if at := strings.Index(id, "--"); at >= 0 && len(id) > at+16 && id[at+16] != '4' {
		return form("id", id, "UUIDv4")
	}
	return nil
}

// references holds the two registries that the standard gives a form for.
func references(o object) *row.Refusal {
	list, _ := o["external_references"].([]any)
	for i, e := range list {
		ref, _ := e.(object)
		id, ok := ref["external_id"].(string)
		at := "external_references[" + strconv.Itoa(i) + "].external_id"
		switch text(ref["source_name"]) {
		case "cve":
			if !ok {
				return missing(at)
			}
			year, number, found := strings.Cut(strings.TrimPrefix(id, "CVE-"), "-")
			if !found || !strings.HasPrefix(id, "CVE-") || len(year) != 4 || !digits(year) || len(number) < 4 || !digits(number) {
				return &row.Refusal{Fault: row.FaultCVE, Field: at, Value: id}
			}
		case "capec":
			if !ok {
				return missing(at)
			}
			if n, found := strings.CutPrefix(id, "CAPEC-"); !found || !digits(n) {
				return form(at, id, "CAPEC-N")
			}
		}
	}
	return nil
}

// markings holds the selectors of granular markings, and that a marking does not
// mark itself.
func markings(o object) *row.Refusal {
	id := text(o["id"])
	if text(o["type"]) == "marking-definition" {
		refs, _ := o["object_marking_refs"].([]any)
		if slices.Contains(refs, any(id)) {
			return form("object_marking_refs", id, "≠ id")
		}
	}
	list, _ := o["granular_markings"].([]any)
	for i, e := range list {
		m, _ := e.(object)
		at := "granular_markings[" + strconv.Itoa(i) + "]"
		if text(o["type"]) == "marking-definition" && text(m["marking_ref"]) == id {
			return form(at+".marking_ref", id, "≠ id")
		}
		selectors, _ := m["selectors"].([]any)
		for _, s := range selectors {
			if !selects(o, text(s)) {
				return form(at+".selectors", text(s), "property[.[i]].…")
			}
		}
	}
	return nil
}

// selects says whether a selector leads to something in the object.
func selects(o object, selector string) bool {
	var v any = o
	for step := range strings.SplitSeq(selector, ".") {
		switch at := v.(type) {
		case object:
			next, ok := at[step]
			if !ok {
				return false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(step, "["), "]"))
			if err != nil || len(step) < 3 || step[0] != '[' || i < 0 || i >= len(at) {
				return false
			}
			v = at[i]
		default:
			return false
		}
	}
	return true
}
