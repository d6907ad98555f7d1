package product

import (
	"cmp"
	"slices"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/match/cpe"
	"tocsin/internal/watch/match/version"
)

// A Hit is what an advisory means to lines of software that say the same.
type Hit struct {
	Lines []int32 // places in the software that was indexed; not to be changed
	Verdict
}

// Match gives the software that an advisory concerns, confirmed before possible.
func (x *Index) Match(a *advisory.Advisory) []Hit {
	var hits []Hit
	x.Consider(a, func(lines []int32, v Verdict) {
		if v.Probability != None {
			hits = append(hits, Hit{lines, v})
		}
	})
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits
}

// Consider tells of all software whose name is like one of the advisory's, also
// where the version or an analyst's no rules it out; then the probability is None
// and the reasons say why. A caller who joins what several sources say of one CVE
// needs to know that one of them rules a line out.
func (x *Index) Consider(a *advisory.Advisory, yield func(lines []int32, v Verdict)) {
	x.lexicon.mu.RLock()
	defer x.lexicon.mu.RUnlock()
	var found map[int32]*opinion
	for i := range a.Products {
		x.consider(a, i, func(id int32, o opinion) {
			if found == nil {
				found = map[int32]*opinion{}
			}
			if had, ok := found[id]; ok {
				had.join(o)
				return
			}
			found[id] = &o
		})
	}
	if found == nil {
		found = x.mentioned(a)
	}
	ids := make([]int32, 0, len(found))
	for id := range found {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		yield(x.variants[id].lines, found[id].verdict())
	}
}

// An opinion gathers what the products of one advisory say of one variant.
type opinion struct {
	best    Verdict
	vague   bool // best rests on a product without computable versions and without a CPE
	clear   bool // a product with a CPE, of the same name, rules the version out
	spared  bool // the source says that this version is not affected
	outside Verdict
}

func (o *opinion) join(p opinion) {
	if better(p.best, o.best) {
		o.best, o.vague = p.best, p.vague
	}
	if o.outside.Reasons == nil || p.clear {
		o.outside = p.outside
	}
	o.clear, o.spared = o.clear || p.clear, o.spared || p.spared
}

func better(a, b Verdict) bool {
	if a.Probability != b.Probability {
		return rank(a.Probability) > rank(b.Probability)
	}
	return a.Score > b.Score || b.Reasons == nil
}

func rank(w Word) int {
	switch w {
	case Confirmed:
		return 2
	case Possible:
		return 1
	case None:
	}
	return 0
}

// verdict: what is spared is not hit; a vague product does not outweigh one that
// states the versions and rules this one out (the CNA's "see our page" beside the
// list that CISA added).
func (o *opinion) verdict() Verdict {
	if o.spared || o.clear && o.vague {
		return o.outside
	}
	return o.best
}

func (x *Index) consider(a *advisory.Advisory, i int, yield func(int32, opinion)) {
	p := &a.Products[i]
	source, has := cpe.Name{}, false
	if p.CPE != "" {
		n, err := cpe.Parse(p.CPE)
		source, has = n, err == nil && cpeKey(n) != ""
	}
	ranges := p.Ranges
	if exact := source[cpe.Version].Literal(); has && len(ranges) == 0 && exact != "" {
		ranges = []advisory.Range{{Exact: exact}}
	}
	sure := func(id int32, why Reason) {
		yield(id, judge(a, i, ranges, x.variants[id].version, likeness{sure: true, score: 1, reasons: []Reason{why}}, false))
	}
	if has {
		for _, id := range x.byCPE[cpeKey(source)] {
			if cpe.Concerns(source, x.variants[id].cpe, cpe.Version, cpe.Update) {
				sure(id, ReasonCPE)
			}
		}
	}
	pack := packageOf(p)
	for _, id := range x.byPURL[pack] {
		if pack != "" {
			sure(id, ReasonPURL)
		}
	}
	vendor, product := p.Vendor, p.Name
	if product == "" && has {
		vendor, product = source[cpe.Vendor].Literal(), source[cpe.Product].Literal()
	}
	x.byName(a, i, ranges, x.reading(vendor, product), func(id int32, o opinion) {
		v := &x.variants[id]
		if has && v.hasCPE || pack != "" && v.purl != "" {
			return // these have decided
		}
		yield(id, o)
	})
}

// packageOf is the package that a product means, "" for none.
func packageOf(p *advisory.Product) string {
	if u, ok := parsePURL(p.PURL); ok {
		return u.product
	}
	if p.Ecosystem != "" {
		return ecosystemKey(p.Ecosystem, p.Name)
	}
	return ""
}

func (x *Index) byName(a *advisory.Advisory, i int, ranges []advisory.Range, r reading, yield func(int32, opinion)) {
	l := x.lexicon
	for _, software := range l.answered[r.key] {
		if !l.answers[pair{software, r.key}] {
			continue
		}
		for _, at := range x.byKey[software] {
			for _, id := range x.names[at].variants {
				yield(id, judge(a, i, ranges, x.variants[id].version, likeness{sure: true, score: 1, reasons: []Reason{ReasonYes}}, true))
			}
		}
	}
	for _, c := range r.candidates {
		n := &x.names[c.name]
		if same, answered := l.answers[pair{n.key, r.key}]; answered {
			if !same {
				for _, id := range n.variants {
					yield(id, opinion{best: Verdict{Product: i, Reasons: []Reason{ReasonNo}}})
				}
			}
			continue
		}
		for _, id := range n.variants {
			installed := x.variants[id].version
			if like := c.likeness.released(n.name, c.source, installed); like.score > 0 {
				yield(id, judge(a, i, ranges, installed, like, false))
			}
		}
	}
}

// judge puts the name and the version together. pinned: an analyst said yes.
func judge(a *advisory.Advisory, i int, ranges []advisory.Range, installed string, like likeness, pinned bool) opinion {
	p := &a.Products[i]
	where, why := version.Any(ranges, installed)
	v := Verdict{Product: i, CVEs: p.CVEs, Reasons: append(slices.Clone(like.reasons), ofVersion(why)), Range: rangeInWords(ranges)}
	if len(v.CVEs) == 0 {
		v.CVEs = a.CVEs
	}
	if p.Status == advisory.NotAffected || p.Status == advisory.Fixed {
		o := opinion{best: Verdict{Product: i, Reasons: append(slices.Clone(like.reasons), ReasonNotAffected)}}
		o.spared = like.sure && installed != "" && where == version.In && why != version.ReasonAll
		o.outside = o.best
		return o
	}
	switch {
	case where == version.Out:
		return opinion{best: v, outside: v, clear: like.sure && p.CPE != ""}
	case like.sure && where == version.In && p.Status != advisory.UnderInvestigation, pinned:
		v.Probability, v.Score = Confirmed, 0.9+like.score/10
	case where == version.In:
		v.Probability, v.Score = Possible, like.score*0.8
	default:
		v.Probability, v.Score = Possible, like.score*0.6
	}
	return opinion{best: v, vague: where == version.Unknown && p.CPE == ""}
}

// rangeInWords writes the first ranges for people.
func rangeInWords(ranges []advisory.Range) string {
	const most = 3
	s := ""
	for i, r := range ranges {
		if i == most {
			return s + "; …"
		}
		if i > 0 {
			s += "; "
		}
		s += inWords(r)
	}
	return s
}
