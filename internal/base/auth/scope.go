package auth

import (
	"slices"
	"strconv"
	"strings"
)

// A Scope is the set of organisations whose rows an actor may see. The zero
// Scope is nobody's. It never changes once made and may be shared.
type Scope struct {
	all bool
	set *organisations
}

// organisations is a set of ids, with its SQL text made once: a city of 5,000
// organisations would else write it anew for every query of a page.
type organisations struct {
	ids  []int64 // ascending, each once, all above 0
	list string  // "1,2,3"
}

// All is the scope over every organisation and over what belongs to none.
func All() Scope { return Scope{all: true} }

// Nobody is the scope that shows nothing.
func Nobody() Scope { return Scope{} }

// Only is the scope over the given organisations. An id of 0 or below is no
// organisation and is left out: what belongs to nobody is seen by All alone.
func Only(ids ...int64) Scope {
	own := make([]int64, 0, len(ids))
	for _, id := range ids {
		if id > 0 {
			own = append(own, id)
		}
	}
	slices.Sort(own)
	own = slices.Compact(own)
	if len(own) == 0 {
		return Scope{}
	}
	text := make([]byte, 0, 8*len(own))
	for i, id := range own {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return Scope{set: &organisations{ids: own, list: string(text)}}
}

// Has says whether the scope shows the rows of an organisation; 0 is the
// owner of what belongs to nobody.
func (s Scope) Has(organisation int64) bool {
	if s.all {
		return true
	}
	if s.set == nil {
		return false
	}
	_, found := slices.BinarySearch(s.set.ids, organisation)
	return found
}

// IsAll says whether the scope shows everything, the unowned too.
func (s Scope) IsAll() bool { return s.all }

// IsNobody says whether the scope shows nothing.
func (s Scope) IsNobody() bool { return !s.all && s.set == nil }

// IDs are the organisations of the scope, ascending; none for All, which has
// no list. The caller owns the slice.
func (s Scope) IDs() []int64 {
	if s.set == nil {
		return nil
	}
	return slices.Clone(s.set.ids)
}

// And is the scope over what both scopes show: a reader's own cut down to the
// organisations that a filter names.
func (s Scope) And(other Scope) Scope {
	switch {
	case s.all:
		return other
	case other.all:
		return s
	case s.set == nil, other.set == nil:
		return Scope{}
	}
	var both []int64
	for _, id := range s.set.ids {
		if other.Has(id) {
			both = append(both, id)
		}
	}
	return Only(both...)
}

// Within says whether other shows all that s shows.
func (s Scope) Within(other Scope) bool {
	switch {
	case other.all, s.IsNobody():
		return true
	case s.all, other.set == nil:
		return false
	}
	return !slices.ContainsFunc(s.set.ids, func(id int64) bool { return !other.Has(id) })
}

// SQL is the condition by which a query obeys the scope: "1=1" for All, "1=0"
// for Nobody, else "column IN (1,2,3)". The ids are numbers of ours and stand in
// the text itself, so that no limit on parameters applies and the caller's $1
// stays $1. The column is the caller's own text, never input. A NULL or 0 in it
// matches All alone.
func (s Scope) SQL(column string) string {
	switch {
	case s.all:
		return "1=1"
	case s.set == nil:
		return "1=0"
	}
	var b strings.Builder
	b.Grow(len(column) + len(s.set.list) + 6)
	b.WriteString(column)
	b.WriteString(" IN (")
	b.WriteString(s.set.list)
	b.WriteByte(')')
	return b.String()
}

// String is the scope for logs: never the whole list.
func (s Scope) String() string {
	switch {
	case s.all:
		return "all"
	case s.set == nil:
		return "nobody"
	}
	return strconv.Itoa(len(s.set.ids)) + " organisations"
}
