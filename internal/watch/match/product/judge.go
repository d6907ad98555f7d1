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
	x.each(a, false, func(lines []int32, v Verdict) {
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
	x.each(a, true, yield)
}

// each judges; without explain the verdicts of None have no reasons.
func (x *Index) each(a *advisory.Advisory, explain bool, yield func(lines []int32, v Verdict)) {
	x.lexicon.mu.RLock()
	defer x.lexicon.mu.RUnlock()
	f := x.scratch.Get().(*findings)
	defer x.scratch.Put(f)
	f.reset(len(x.variants))
	for i := range a.Products {
		j := judgement{advisory: a, place: i, product: &a.Products[i], explain: explain}
		x.consider(&j, f.add)
	}
	if len(f.ids) == 0 {
		x.mentioned(a, f)
	}
	slices.Sort(f.ids)
	for _, id := range f.ids {
		if v := f.opinions[f.at[id]-1].verdict(); explain || v.Probability != None {
			yield(x.variants[id].lines, v)
		}
	}
}

// findings are the opinions on the variants that were met, in memory that is
// used again for the next advisory.
type findings struct {
	at       []int32 // variant → place in opinions, from 1; 0 is none
	ids      []int32
	opinions []opinion
}

func (f *findings) reset(variants int) {
	for _, id := range f.ids {
		f.at[id] = 0
	}
	if len(f.at) < variants {
		f.at = make([]int32, variants)
	}
	clear(f.opinions)
	f.ids, f.opinions = f.ids[:0], f.opinions[:0]
}

func (f *findings) add(id int32, o *opinion) {
	if at := f.at[id]; at > 0 {
		f.opinions[at-1].join(o)
		return
	}
	f.ids, f.opinions = append(f.ids, id), append(f.opinions, *o)
	f.at[id] = int32(len(f.opinions))
}

// An opinion gathers what the products of one advisory say of one variant.
type opinion struct {
	best    Verdict
	vague   bool     // best rests on a product without computable versions and without a CPE
	clear   bool     // a product with a CPE, of the same name, rules the version out
	spared  bool     // the source says that this version is not affected
	outside *Verdict // the verdict of what rules it out, where that is to be explained
}

func (o *opinion) join(p *opinion) {
	if better(&p.best, &o.best) {
		o.best, o.vague = p.best, p.vague
	}
	if o.outside == nil || p.clear && p.outside != nil {
		o.outside = p.outside
	}
	o.clear, o.spared = o.clear || p.clear, o.spared || p.spared
}

func better(a, b *Verdict) bool {
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
	if !o.spared && (!o.clear || !o.vague) {
		return o.best
	}
	if o.outside == nil {
		return Verdict{}
	}
	return *o.outside
}

// A judgement is what one product of an advisory is judged by.
type judgement struct {
	advisory *advisory.Advisory
	place    int
	product  *advisory.Product
	ranges   []advisory.Range
	compiled version.Ranges // nil until they are needed
	words    string         // the ranges for people
	explain  bool
	reasons  []reasonList // of the likeness that is judged now
	said     opinion      // the one that is told now: many are, none is kept
}

// A reasonList is what many verdicts share: they differ by the version's reason.
type reasonList struct {
	name    []Reason
	version version.Reason
	all     []Reason
}

func (x *Index) consider(j *judgement, yield func(int32, *opinion)) {
	p := j.product
	source, has := cpe.Name{}, false
	if p.CPE != "" {
		n, err := cpe.Parse(p.CPE)
		source, has = n, err == nil && cpeKey(n) != ""
	}
	j.ranges = p.Ranges
	if has && len(j.ranges) == 0 {
		if exact := source[cpe.Version].Literal(); exact != "" {
			j.ranges = []advisory.Range{{Exact: exact}}
		}
	}
	j.compiled = nil
	if has {
		for _, id := range x.byCPE[cpeKey(source)] {
			if cpe.Concerns(source, x.variants[id].cpe, cpe.Version, cpe.Update) {
				j.said = j.judge(x.variants[id].installed, likeness{sure: true, score: 1, reasons: []Reason{ReasonCPE}}, false)
				yield(id, &j.said)
			}
		}
	}
	pack := packageOf(p)
	if pack != "" {
		for _, id := range x.byPURL[pack] {
			j.said = j.judge(x.variants[id].installed, likeness{sure: true, score: 1, reasons: []Reason{ReasonPURL}}, false)
			yield(id, &j.said)
		}
	}
	vendor, product := p.Vendor, p.Name
	if product == "" && has {
		vendor, product = source[cpe.Vendor].Literal(), source[cpe.Product].Literal()
	}
	var decided func(int32) bool
	if has || pack != "" {
		decided = func(id int32) bool { return has && x.variants[id].hasCPE || pack != "" && x.variants[id].purl != "" }
	}
	x.byName(j, x.reading(vendor, product), decided, yield)
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

func (x *Index) byName(j *judgement, r reading, decided func(int32) bool, yield func(int32, *opinion)) {
	l := x.lexicon
	tell := func(ids []int32) {
		for _, id := range ids {
			if decided == nil || !decided(id) {
				yield(id, &j.said)
			}
		}
	}
	for _, software := range l.answered[r.key] {
		if !l.answers[pair{software, r.key}] {
			continue
		}
		for _, at := range x.byKey[software] {
			for _, v := range x.names[at].versions {
				j.said = j.judge(v.installed, likeness{sure: true, score: 1, reasons: []Reason{ReasonYes}}, true)
				tell(v.variants)
			}
		}
	}
	for i := range r.candidates {
		c := &r.candidates[i]
		n := &x.names[c.name]
		same, answered := l.answers[pair{n.key, r.key}]
		if same {
			continue
		}
		open := c.likeness.open()
		j.reasons = j.reasons[:0]
		for k := range n.versions {
			v := &n.versions[k]
			if answered {
				j.said = opinion{best: Verdict{Product: j.place, Reasons: []Reason{ReasonNo}}}
				tell(v.variants)
				continue
			}
			like := c.likeness
			switch releases(&n.name, &c.source, &v.typed) {
			case releaseOther:
				continue
			case releaseOpen:
				like = open
			case releaseSame:
			}
			j.said = j.judge(v.installed, like, false)
			if o := &j.said; j.explain || o.best.Probability != None || o.clear || o.spared {
				tell(v.variants)
			}
		}
	}
}

// judge puts the name and the version together. pinned: an analyst said yes.
func (j *judgement) judge(v *installed, like likeness, pinned bool) opinion {
	if j.compiled == nil {
		j.compiled, j.words = version.Compile(j.ranges), rangeInWords(j.ranges)
	}
	p := j.product
	where, why := j.compiled.Any(&v.parsed)
	if p.Status == advisory.NotAffected || p.Status == advisory.Fixed {
		o := opinion{spared: like.sure && v.typed.text != "" && where == version.In && why != version.ReasonAll}
		if o.best.Product = j.place; j.explain {
			o.best.Reasons = append(slices.Clone(like.reasons), ReasonNotAffected)
		}
		if outside := o.best; o.spared {
			o.outside = &outside
		}
		return o
	}
	o := opinion{clear: where == version.Out && like.sure && p.CPE != "", vague: where == version.Unknown && p.CPE == ""}
	o.best.Product = j.place
	if where == version.Out && !j.explain {
		return o
	}
	o.best.Reasons, o.best.Range = j.because(like.reasons, why), j.words
	if o.best.CVEs = p.CVEs; len(p.CVEs) == 0 {
		o.best.CVEs = j.advisory.CVEs
	}
	switch {
	case where == version.Out:
		outside := o.best
		o.outside = &outside
	case like.sure && where == version.In && p.Status != advisory.UnderInvestigation, pinned:
		o.best.Probability, o.best.Score = Confirmed, 0.9+like.score/10
	case where == version.In:
		o.best.Probability, o.best.Score = Possible, like.score*0.8
	default:
		o.best.Probability, o.best.Score = Possible, like.score*0.6
	}
	return o
}

// because is the name's reasons and the version's.
func (j *judgement) because(name []Reason, why version.Reason) []Reason {
	for _, r := range j.reasons {
		if r.version == why && &r.name[0] == &name[0] && len(r.name) == len(name) {
			return r.all
		}
	}
	all := append(slices.Clip(name), ofVersion(why))
	j.reasons = append(j.reasons, reasonList{name, why, all})
	return all
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
		s += InWords(r)
	}
	return s
}
