package ui

import (
	"slices"
	"strings"
)

// FilterBar narrows a list. Everything it does is a link or a GET form: what is
// chosen stands in the address, as one parameter a value.
type FilterBar struct {
	Find    string // label of the text box, parameter q; "" for none
	Filters []Filter
}

// Filter is one question. With Options it is a choice of several; with Dates
// it is a span, from NAME_from to NAME_until, both dates.
type Filter struct {
	Name, Label string
	Options     []Option
	Dates       bool
}

// Option is one answer. Count -1 or 0 is not drawn.
type Option struct {
	Value, Label string
	Count        int
}

// chip is a filter that is on, and the address without it.
type chip struct{ label, value, href string }

// chips are the filters that are on, in the bar's order.
func (b FilterBar) chips(p *Page) []chip {
	var all []chip
	if q := p.Query("q"); q != "" && b.Find != "" {
		all = append(all, chip{p.T("ui.filter.found"), q, p.With("q", "")})
	}
	for _, f := range b.Filters {
		if f.Dates {
			for _, end := range []string{"_from", "_until"} {
				if v := p.Query(f.Name + end); v != "" {
					all = append(all, chip{f.Label, p.T("ui.filter"+strings.Replace(end, "_", ".", 1)) + " " + v, p.With(f.Name+end, "")})
				}
			}
			continue
		}
		for _, v := range p.URL.Query()[f.Name] {
			if v != "" {
				all = append(all, chip{f.Label, f.named(v), p.Toggle(f.Name, v)})
			}
		}
	}
	return all
}

// named is the label of a value; one that no option has (an old link) shows
// itself, so that it can be seen and taken off.
func (f Filter) named(value string) string {
	i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Value == value })
	if i < 0 {
		return value
	}
	return f.Options[i].Label
}

// on tells whether the filter narrows the list.
func (f Filter) on(p *Page) bool {
	if f.Dates {
		return p.Query(f.Name+"_from") != "" || p.Query(f.Name+"_until") != ""
	}
	return p.Query(f.Name) != ""
}

// cleared is the address with no filter on; order and columns stay.
func (b FilterBar) cleared(p *Page) string {
	pairs := []string{"q", ""}
	for _, f := range b.Filters {
		pairs = append(pairs, f.Name, "", f.Name+"_from", "", f.Name+"_until", "")
	}
	return p.With(pairs...)
}

// rest is what a GET form must carry so that sending it keeps the other
// parameters; without names it would drop them.
func (p *Page) rest(without ...string) []hidden {
	q := p.URL.Query()
	for _, name := range append(without, "cursor") {
		q.Del(name)
	}
	return hiddenOf(q)
}

// tickedMany is the text for many ticked rows with its number left open.
func tickedMany(p *Page) string {
	const some = 7
	return strings.Replace(p.N("ui.table.ticked", some), "7", "{n}", 1)
}
