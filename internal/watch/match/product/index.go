package product

import (
	"slices"
	"strings"
	"sync"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/match/cpe"
	"tocsin/internal/watch/match/version"
)

// An Index finds the software that an advisory concerns. It works both ways: all
// software is indexed once and advisories are asked one by one, be it the one that
// has just come or all that ever came; for software that is added later, an Index
// of that alone is asked with all advisories.
//
// Lines that say the same are judged once. An Index may be used by several
// goroutines; it does not change with its lexicon's observations but is asked
// afresh after them.
type Index struct {
	lexicon  *Lexicon
	variants []variant
	names    []indexed

	byWord, bySquashed, byKey map[string][]int32 // → names
	byTypo                    map[string][]string
	byCPE, byPURL             map[string][]int32 // → variants

	scratch sync.Pool // of *findings

	mu       sync.Mutex
	memo     map[[2]string]reading
	observed int // the lexicon's, when the memo was begun
}

// A variant is what several lines say.
type variant struct {
	lines     []int32
	installed *installed
	cpe       cpe.Name
	hasCPE    bool
	purl      string
}

// installed is a version, read.
type installed struct {
	parsed version.Version
	typed  typed
}

// An indexed name and the variants that may mean it, by their versions.
type indexed struct {
	name
	key      string
	versions []versioned
	at       map[string]int // typed version → place in versions
}

type versioned struct {
	*installed
	variants []int32
}

// A reading is what an advisory's vendor and product mean to the index.
type reading struct {
	key        string
	candidates []candidate
}

// A candidate is an indexed name that is like one of the source's.
type candidate struct {
	name     int32
	source   name
	likeness likeness
}

// memoLimit is how many of the advisories' names are remembered.
const memoLimit = 1 << 17

// NewIndex indexes software; verdicts name lines by their place in it.
func NewIndex(l *Lexicon, software []Software) *Index {
	x := &Index{
		lexicon: l, byWord: map[string][]int32{}, bySquashed: map[string][]int32{}, byKey: map[string][]int32{},
		byTypo: map[string][]string{}, byCPE: map[string][]int32{}, byPURL: map[string][]int32{}, memo: map[[2]string]reading{},
	}
	x.scratch.New = func() any { return &findings{} }
	l.mu.RLock()
	defer l.mu.RUnlock()
	versions := make(map[string]*installed)
	known := make(map[Software]int32)
	named := make(map[string]int32)
	for i, s := range software {
		id, ok := known[s]
		if !ok {
			id = int32(len(x.variants))
			known[s] = id
			x.variants = append(x.variants, x.variant(versions, id, s))
			x.call(named, id, s)
		}
		x.variants[id].lines = append(x.variants[id].lines, int32(i))
	}
	return x
}

func (x *Index) variant(versions map[string]*installed, id int32, s Software) variant {
	var v variant
	text := strings.TrimSpace(s.Version)
	if n, err := cpe.Parse(s.CPE); err == nil && s.CPE != "" {
		if key := cpeKey(n); key != "" {
			v.cpe, v.hasCPE = n, true
			x.byCPE[key] = append(x.byCPE[key], id)
			if text == "" {
				text = n[cpe.Version].Literal()
			}
		}
	}
	if p, ok := parsePURL(s.PURL); ok {
		v.purl = p.product
		x.byPURL[p.product] = append(x.byPURL[p.product], id)
		if text == "" {
			text = p.version
		}
	}
	if versions[text] == nil {
		versions[text] = &installed{version.Parse(text), typedRelease(text)}
	}
	v.installed = versions[text]
	return v
}

// call indexes the names that a variant has: its own, and that of its CPE.
func (x *Index) call(named map[string]int32, id int32, s Software) {
	l := x.lexicon
	all := l.read(s.Vendor, s.Product, ofSoftware)
	key := l.key(s.Vendor, s.Product)
	if v := x.variants[id]; v.hasCPE {
		all = append(all, l.read(v.cpe[cpe.Vendor].Literal(), v.cpe[cpe.Product].Literal(), ofSoftware)...)
	}
	for _, n := range all {
		as := strings.Join([]string{n.vendor, strings.Join(n.words, " "), strings.Join(n.releases, " "), string('0' + rune(n.level)), key}, "\x00")
		at, ok := named[as]
		if !ok {
			at = int32(len(x.names))
			named[as] = at
			x.names = append(x.names, indexed{name: n, key: key, at: map[string]int{}})
			x.enter(at, n, key)
		}
		x.names[at].hold(id, x.variants[id].installed)
	}
}

func (n *indexed) hold(id int32, as *installed) {
	at, ok := n.at[as.typed.text]
	if !ok {
		at = len(n.versions)
		n.at[as.typed.text] = at
		n.versions = append(n.versions, versioned{installed: as})
	}
	if v := n.versions[at].variants; len(v) == 0 || v[len(v)-1] != id {
		n.versions[at].variants = append(v, id)
	}
}

func (x *Index) enter(at int32, n name, key string) {
	x.bySquashed[n.squashed] = append(x.bySquashed[n.squashed], at)
	x.byKey[key] = append(x.byKey[key], at)
	for i, w := range n.words {
		if x.lexicon.weak[w] || slices.Contains(n.words[:i], w) {
			continue
		}
		if _, known := x.byWord[w]; !known {
			for _, d := range deletions(w) {
				x.byTypo[d] = append(x.byTypo[d], w)
			}
		}
		x.byWord[w] = append(x.byWord[w], at)
	}
}

// deletions are a word and what is left of it without one letter: two words that
// are one typing error apart have one in common.
func deletions(w string) []string {
	if len(w) < 4 || strings.ContainsAny(w, "0123456789") {
		return nil
	}
	all := make([]string, 0, len(w)+1)
	all = append(all, w)
	for i := range len(w) {
		all = append(all, w[:i]+w[i+1:])
	}
	return all
}

// cpeKey is what CPE names are looked up by; "" where vendor or product is open.
func cpeKey(n cpe.Name) string {
	vendor, product := n[cpe.Vendor].Literal(), n[cpe.Product].Literal()
	if vendor == "" || product == "" {
		return ""
	}
	return vendor + "\x00" + product
}

// reading finds the names that an advisory's product may mean.
func (x *Index) reading(vendor, product string) reading {
	at := [2]string{vendor, product}
	x.mu.Lock()
	if x.observed != x.lexicon.observed || len(x.memo) > memoLimit {
		x.memo, x.observed = map[[2]string]reading{}, x.lexicon.observed
	}
	r, ok := x.memo[at]
	x.mu.Unlock()
	if ok {
		return r
	}
	r = x.candidates(vendor, product)
	x.mu.Lock()
	x.memo[at] = r
	x.mu.Unlock()
	return r
}

func (x *Index) candidates(vendor, product string) reading {
	l := x.lexicon
	r := reading{key: l.key(vendor, product)}
	best := map[int32]int{}
	for _, source := range l.read(vendor, product, ofAdvisory) {
		for _, at := range x.near(source) {
			like := l.alike(x.names[at].name, source)
			if like.score == 0 {
				continue
			}
			// An exact name says it better than the same as a part of a list.
			if i, ok := best[at]; ok && len(source.releases) == len(r.candidates[i].source.releases) {
				if r.candidates[i].likeness.score < like.score {
					r.candidates[i] = candidate{at, source, like}
				}
				continue
			}
			best[at] = len(r.candidates)
			r.candidates = append(r.candidates, candidate{at, source, like})
		}
	}
	return r
}

// near are the names that share a telling word with the source's, or one that
// is a typing error away, or all letters.
func (x *Index) near(source name) []int32 {
	all := slices.Clone(x.bySquashed[source.squashed])
	for _, w := range source.words {
		if x.lexicon.weak[w] {
			continue
		}
		all = append(all, x.byWord[w]...)
		for _, d := range deletions(w) {
			for _, other := range x.byTypo[d] {
				if oneTypo(w, other) {
					all = append(all, x.byWord[other]...)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Len is the number of different lines.
func (x *Index) Len() int { return len(x.variants) }

// Judge says whether an advisory concerns one line of software, also why not.
func Judge(l *Lexicon, s Software, a *advisory.Advisory) Verdict {
	var verdict Verdict
	NewIndex(l, []Software{s}).Consider(a, func(_ []int32, v Verdict) { verdict = v })
	return verdict
}
