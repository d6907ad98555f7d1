package product

import (
	"slices"
	"strings"

	"tocsin/internal/base/i18n"
	"tocsin/internal/watch/intake/advisory"
)

// mentioned looks in the text of an advisory that names no product ("Multiple
// Products", "n/a"): software whose vendor and whose whole name stand there is
// possible; with its number, where the name has one, and of the vendor that the
// advisory does name.
func (x *Index) mentioned(a *advisory.Advisory, f *findings) {
	l := x.lexicon
	var vendors []string
	for _, p := range a.Products {
		if v := l.canonical(p.Vendor); v != "" {
			vendors = append(vendors, v)
		}
		if main, _ := brackets(i18n.Fold(p.Name)); !l.unknown[main] {
			if w, _ := l.split(main); len(w) > 0 {
				return
			}
		}
	}
	const longest = 4000
	text := a.Title + " . " + a.Summary
	w, releases := l.split(text[:min(len(text), longest)])
	joined := " " + strings.Join(w, " ") + " "
	for i, one := range w {
		if l.weak[one] || slices.Contains(w[:i], one) {
			continue
		}
		for _, at := range x.byWord[one] {
			n := &x.names[at]
			if len(vendors) > 0 && !slices.Contains(vendors, n.vendor) || len(n.releases) > 0 && apart(n.releases, releases) {
				continue
			}
			if n.vendor == "" || !strings.Contains(joined, " "+strings.Join(n.words, " ")+" ") || !l.speaksOf(joined, n.vendor) || len(vendors) == 0 && n.vendor == n.squashed {
				continue
			}
			v := Verdict{Probability: Possible, Score: 0.4, CVEs: a.CVEs, Reasons: []Reason{ReasonVendor, ReasonMentioned}}
			if n.level == broader {
				v.Score, v.Reasons = 0.3, append(v.Reasons, ReasonBroader)
			}
			for _, as := range n.versions {
				for _, id := range as.variants {
					f.add(id, &opinion{best: v})
				}
			}
		}
	}
}

// speaksOf says that a text of words names a vendor, in any spelling.
func (l *Lexicon) speaksOf(text, vendor string) bool {
	if strings.Contains(text, " "+vendor+" ") {
		return true
	}
	return slices.ContainsFunc(l.spelled[vendor], func(s string) bool { return strings.Contains(text, " "+s+" ") })
}
