package product

import (
	"slices"
	"strings"

	"tocsin/internal/base/i18n"
	"tocsin/internal/watch/intake/advisory"
)

// mentioned looks in the text of an advisory that names no product ("Multiple
// Products", "n/a"): software whose vendor and whose whole name stand there is
// possible.
func (x *Index) mentioned(a *advisory.Advisory) map[int32]*opinion {
	l := x.lexicon
	for _, p := range a.Products {
		if main, _ := brackets(i18n.Fold(p.Name)); !l.unknown[main] {
			if w, _ := l.split(main); len(w) > 0 {
				return nil
			}
		}
	}
	const longest = 4000
	text := a.Title + " . " + a.Summary
	w, _ := l.split(text[:min(len(text), longest)])
	joined := " " + strings.Join(w, " ") + " "
	var found map[int32]*opinion
	for i, one := range w {
		if l.weak[one] || slices.Contains(w[:i], one) {
			continue
		}
		for _, at := range x.byWord[one] {
			n := &x.names[at]
			if n.vendor == "" || !strings.Contains(joined, " "+strings.Join(n.words, " ")+" ") || !l.speaksOf(joined, n.vendor) {
				continue
			}
			v := Verdict{Probability: Possible, Score: 0.4, CVEs: a.CVEs, Reasons: []Reason{ReasonVendor, ReasonMentioned}}
			if n.level == broader {
				v.Score, v.Reasons = 0.3, append(v.Reasons, ReasonBroader)
			}
			for _, id := range n.variants {
				if found == nil {
					found = map[int32]*opinion{}
				}
				if found[id] == nil {
					found[id] = &opinion{best: v}
				}
			}
		}
	}
	return found
}

// speaksOf says that a text of words names a vendor, in any spelling.
func (l *Lexicon) speaksOf(text, vendor string) bool {
	if strings.Contains(text, " "+vendor+" ") {
		return true
	}
	return slices.ContainsFunc(l.spelled[vendor], func(s string) bool { return strings.Contains(text, " "+s+" ") })
}
