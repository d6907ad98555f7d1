package csaf

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A shape says what a JSON schema says of a value: its type, and what is below.
type shape struct {
	kind jsontext.Kind // { [ " 0 t

	fields   map[string]*shape // of an object
	required []string
	min, max int  // members of an object, items of a list, characters of a text; 0 is not bound
	closed   bool // no members but fields

	items  *shape // of a list
	unique bool

	words   []string // of a text: one of these
	pattern *regexp.Regexp
	format  string // uri, date-time

	low, high float64 // of a number, when high is not 0

	// test is the test that a value breaks which is not of this shape; "" is that of
	// the value around it.
	test string
	// more is asked of a value that is of this shape.
	more func(n *node) string
}

// The makers of shapes. Names are those of JSON schema where it has one.

func object(fields map[string]*shape, required ...string) *shape {
	return &shape{kind: '{', fields: fields, required: required}
}

func list(items *shape) *shape     { return &shape{kind: '[', items: items, min: 1} }
func distinct(items *shape) *shape { return &shape{kind: '[', items: items, min: 1, unique: true} }
func text() *shape                 { return &shape{kind: '"', min: 1} }
func word(words ...string) *shape  { return &shape{kind: '"', words: words} }
func uri() *shape                  { return &shape{kind: '"', format: "uri"} }
func instant() *shape              { return &shape{kind: '"', format: "date-time"} }
func truth() *shape                { return &shape{kind: 't'} }

func like(pattern string) *shape {
	return &shape{kind: '"', pattern: regexp.MustCompile(pattern)}
}

func uriLike(pattern string) *shape {
	s := like(pattern)
	s.format = "uri"
	return s
}

func number(low, high float64) *shape { return &shape{kind: '0', low: low, high: high} }

// atLeast asks for so many members of an object, or items of a list.
func (s *shape) atLeast(n int) *shape {
	s.min = n
	return s
}

// exactly asks for so many members.
func (s *shape) exactly(n int) *shape {
	s.min, s.max = n, n
	return s
}

// by names the test that the shape belongs to.
func (s *shape) by(test string) *shape {
	s.test = test
	return s
}

// A walk holds a document against a shape.
type walk struct {
	out     *findings
	formats formats
	instant string // the test that a malformed date-time breaks
	// unknown is told members that the schema does not know, where it allows them.
	unknown func(path string)
}

func (w *walk) check(s *shape, n *node, path, test string) {
	if s.test != "" {
		test = s.test
	}
	if !sameKind(s.kind, n.kind) {
		w.out.add(test, path, kindName(n.kind)+" stands where "+kindName(s.kind)+" must")
		return
	}
	switch s.kind {
	case '{':
		w.object(s, n, path, test)
	case '[':
		w.list(s, n, path, test)
	case '"':
		w.text(s, n, path, test)
	case '0':
		if v, ok := n.number(); !ok || s.high != 0 && (v < s.low || v > s.high) {
			w.out.add(test, path, fmt.Sprintf("%s is not from %g to %g", n.text, s.low, s.high))
		}
	}
	if s.more != nil {
		if reason := s.more(n); reason != "" {
			w.out.add(test, path, reason)
		}
	}
}

func (w *walk) object(s *shape, n *node, path, test string) {
	for _, name := range s.required {
		if n.get(name) == nil {
			w.out.add(test, path, strconv.Quote(name)+" is missing")
		}
	}
	if len(n.members) < s.min {
		w.out.add(test, path, "the object has "+strconv.Itoa(len(n.members))+" members, it must have "+strconv.Itoa(s.min))
	}
	if s.max > 0 && len(n.members) > s.max {
		w.out.add(test, path, "the object has "+strconv.Itoa(len(n.members))+" members, it may have "+strconv.Itoa(s.max))
	}
	for i := range n.members {
		m := &n.members[i]
		next, ok := s.fields[m.name]
		switch {
		case ok:
			w.check(next, m.node, pointer(path, m.name), test)
		case s.closed:
			w.out.add(test, pointer(path, m.name), "the schema knows no such member")
		case w.unknown != nil:
			w.unknown(pointer(path, m.name))
		}
	}
}

func (w *walk) list(s *shape, n *node, path, test string) {
	if len(n.items) < s.min {
		w.out.add(test, path, "the list has "+strconv.Itoa(len(n.items))+" items, it must have "+strconv.Itoa(s.min))
	}
	for i, item := range n.items {
		w.check(s.items, item, index(path, i), test)
	}
	if s.unique && len(n.items) > 1 {
		seen := make(map[string]int, len(n.items))
		for i, item := range n.items {
			key := item.key()
			if first, twice := seen[key]; twice {
				w.out.add(test, index(path, i), "the item repeats item "+strconv.Itoa(first))
				continue
			}
			seen[key] = i
		}
	}
}

func (w *walk) text(s *shape, n *node, path, test string) {
	if s.min > 0 && utf8.RuneCountInString(n.text) < s.min {
		w.out.add(test, path, "the text is too short")
	}
	if s.words != nil && !slices.Contains(s.words, n.text) {
		w.out.add(test, path, strconv.Quote(clip(n.text))+" is none of "+strings.Join(s.words, ", "))
	}
	if s.pattern != nil && !s.pattern.MatchString(n.text) {
		w.out.add(test, path, strconv.Quote(clip(n.text))+" does not follow the pattern")
	}
	switch s.format {
	case "uri":
		if !w.formats.uri(n.text) {
			w.out.add(test, path, strconv.Quote(clip(n.text))+" is not a URI")
		}
	case "date-time":
		if _, ok := w.formats.instant(n.text); !ok {
			w.out.add(w.instant, path, strconv.Quote(clip(n.text))+" is not a date and time of RFC 3339")
		}
	}
}

func sameKind(want, got jsontext.Kind) bool {
	return want == got || want == 't' && got == 'f'
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "true or false"
}

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// formats are the formats of JSON schema that CSAF uses.
type formats struct{ uriChars, dateTime *regexp.Regexp }

func newFormats() formats {
	return formats{
		uriChars: regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.\-]*:(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$`),
		dateTime: regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$`),
	}
}

// uri says whether a text is a URI of RFC 3986 with a scheme.
func (f formats) uri(s string) bool {
	if !f.uriChars.MatchString(s) {
		return false
	}
	_, err := url.Parse(s)
	return err == nil
}

// instant reads a date-time of RFC 3339.
func (f formats) instant(s string) (time.Time, bool) {
	if !f.dateTime.MatchString(s) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}
