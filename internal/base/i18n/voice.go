package i18n

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
)

// Voice says things in one language and one time zone. It is a small value,
// safe for concurrent use; take one per request.
type Voice struct {
	bundle    *Bundle
	catalogue *catalogue
	zone      *time.Location
}

// Lang is "vi" or "en".
func (v Voice) Lang() string { return v.catalogue.lang }

// Zone is the city's time zone.
func (v Voice) Zone() *time.Location { return v.zone }

// Has tells whether the catalogue has a text under key.
func (v Voice) Has(key string) bool {
	_, ok := v.catalogue.messages[key]
	return ok
}

// T says the text under key with its placeholders filled from the pairs of
// name and value: v.T("finding.title", "asset", "ip:192.0.2.1"). A string or a
// fmt.Stringer is written as it is; an int, int32 or int64 as Int writes it (a
// year is a name: pass it as text), other whole numbers, like the uint16 of a
// port, ungrouped; a float64 as Number with one decimal, time.Time as DateTime,
// time.Duration as Duration. A key that no catalogue has comes out as ⟦key⟧, so
// that it is seen on the page, and is remembered by Bundle.Missing.
func (v Voice) T(key string, pairs ...any) string {
	m, ok := v.catalogue.messages[key]
	if !ok {
		return v.unknown(key)
	}
	return v.join(key, m.other, pairs)
}

// N is T for a text that counts: it chooses the form for n and fills {n}.
func (v Voice) N(key string, n int, pairs ...any) string {
	m, ok := v.catalogue.messages[key]
	if !ok {
		return v.unknown(key)
	}
	form := m.other
	if m.one != nil && plural.Cardinal.MatchPlural(v.catalogue.tag, countable(n), 0, 0, 0, 0) == plural.One {
		form = m.one
	}
	return v.join(key, form, append(slices.Clip(pairs), "n", n))
}

func (v Voice) unknown(key string) string {
	v.bundle.miss(v.catalogue.lang + ": no text " + key)
	return "⟦" + key + "⟧"
}

func (v Voice) join(key string, pieces []piece, pairs []any) string {
	if len(pieces) == 1 && pieces[0].name == "" {
		return pieces[0].text
	}
	var out strings.Builder
	out.Grow(128)
	for _, p := range pieces {
		if p.name == "" {
			out.WriteString(p.text)
			continue
		}
		value, ok := find(pairs, p.name)
		if !ok {
			v.bundle.miss(v.catalogue.lang + ": " + key + " got no value for {" + p.name + "}")
			out.WriteString("⟦" + p.name + "⟧")
			continue
		}
		out.WriteString(v.value(value))
	}
	return out.String()
}

func find(pairs []any, name string) (any, bool) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1], true
		}
	}
	return nil, false
}

func (v Voice) value(value any) string {
	switch x := value.(type) {
	case string:
		return x
	case int:
		return v.Int(int64(x))
	case int64:
		return v.Int(x)
	case int32:
		return v.Int(int64(x))
	case float64:
		return v.Number(x, 1)
	case time.Time:
		return v.DateTime(x)
	case time.Duration:
		return v.Duration(x)
	}
	return fmt.Sprint(value)
}

// countable brings n into the range that package plural works on without
// changing the form it takes: what is large stays larger than the small numbers
// that have forms of their own.
func countable(n int) int {
	const limit = 1_000_000
	if n <= -limit || n >= limit {
		return max(n%limit, -(n%limit)) + limit
	}
	return max(n, -n)
}
