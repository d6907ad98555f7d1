package product

import (
	"math"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"

	"tocsin/internal/watch/intake/advisory"
)

// A Lexicon reads names. It holds the words without weight, the aliases, the
// analysts' answers, and how rare each word is among the products of advisories.
// It may be used by several goroutines.
type Lexicon struct {
	legal, noise, weak, unknown map[string]bool
	legalPhrases, phrases       []string
	separators                  []string

	mu       sync.RWMutex
	vendors  map[string]string   // spelling → canonical
	spelled  map[string][]string // canonical → its spellings, the longest first
	products map[string][]alias  // first word of a spelling → aliases
	answers  map[pair]bool
	seen     map[uint64]struct{} // names counted
	count    map[string]int      // word → names that hold it
	answered map[string][]string // the advisory's side of an answer → the software's
	observed int                 // names observed: comparisons change with it
}

type alias struct {
	vendor string
	words  []string // of the spelling
	open   bool     // ends in *
	name   []string // of the product
	role   role
}

type role uint8

const (
	also role = iota
	kind
	part
)

type pair struct{ software, advisory string }

// NewLexicon is a lexicon with the given aliases, later ones beside earlier ones.
func NewLexicon(all ...Aliases) (*Lexicon, error) {
	var w words
	if err := embedded("words.json", &w); err != nil {
		return nil, err
	}
	l := &Lexicon{
		legal: set(w.Legal), noise: set(w.Noise), weak: set(w.Weak), unknown: set(w.UnknownVendors),
		legalPhrases: w.LegalPhrases, phrases: w.Phrases, separators: w.Separators,
		vendors: map[string]string{}, spelled: map[string][]string{}, products: map[string][]alias{},
		answers: map[pair]bool{}, answered: map[string][]string{}, seen: map[uint64]struct{}{}, count: map[string]int{},
	}
	for _, a := range all {
		for _, v := range a.Vendors {
			name := l.vendorWords(v.Name)
			for _, s := range append([]string{v.Name}, v.Also...) {
				l.spell(l.vendorWords(s), name)
			}
		}
		for _, p := range a.Products {
			l.addProduct(p)
		}
		for _, answer := range a.Answers {
			l.Learn(answer)
		}
	}
	return l, nil
}

func set(all []string) map[string]bool {
	m := make(map[string]bool, len(all))
	for _, s := range all {
		m[s] = true
	}
	return m
}

// spell remembers a spelling of a vendor's name.
func (l *Lexicon) spell(spelling, name string) {
	if spelling == "" || name == "" {
		return
	}
	if _, known := l.vendors[spelling]; known {
		return
	}
	l.vendors[spelling] = name
	at := l.spelled[name]
	i := 0
	for i < len(at) && len(at[i]) >= len(spelling) {
		i++
	}
	l.spelled[name] = append(at[:i:i], append([]string{spelling}, at[i:]...)...)
}

func (l *Lexicon) addProduct(p ProductAlias) {
	vendor := l.canonical(p.Vendor)
	named, _ := l.one(vendor, p.Name, whole)
	for r, spellings := range [][]string{also: p.Also, kind: p.Kinds, part: p.Parts} {
		for _, s := range spellings {
			text, open := strings.CutSuffix(s, "*")
			w, _ := l.split(text)
			_, w = l.unprefixed(vendor, w)
			if !open {
				w = l.telling(vendor, w)
			}
			if len(w) == 0 {
				continue
			}
			l.products[w[0]] = append(l.products[w[0]], alias{vendor: vendor, words: w, open: open, name: named.words, role: role(r)})
		}
	}
}

// Learn takes an analyst's answer: a yes pins the two names as one product, a no
// forbids the pair. The last answer for a pair holds.
func (l *Lexicon) Learn(a Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := pair{l.key(a.Vendor, a.Product), l.key(a.AdvisoryVendor, a.AdvisoryName)}
	if _, known := l.answers[key]; !known {
		l.answered[key.advisory] = append(l.answered[key.advisory], key.software)
	}
	l.answers[key] = a.Same
}

// Observe counts the words of an advisory's products, so that rare ones weigh
// more than common ones, and learns its vendors' names. A name counts once,
// however many advisories have it.
func (l *Lexicon) Observe(a *advisory.Advisory) {
	for _, p := range a.Products {
		l.observe(p.Vendor, p.Name)
	}
}

func (l *Lexicon) observe(vendor, name string) {
	hash := xxhash.Sum64String(vendor + "\x00" + name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.seen[hash]; known {
		return
	}
	l.seen[hash] = struct{}{}
	v := l.vendorWords(vendor)
	l.spell(v, v)
	w, _ := l.split(name)
	for i, one := range w {
		repeated := false
		for _, before := range w[:i] {
			repeated = repeated || before == one
		}
		if !repeated {
			l.count[one]++
		}
	}
	l.observed++
}

// weight is how much a word tells, 0–1: the weak ones little, the rare ones most.
func (l *Lexicon) weight(w string) float64 {
	if l.weak[w] {
		return 0.2
	}
	total := len(l.seen)
	if total < 50 {
		return 0.8
	}
	share := math.Log(float64(total+1)/(float64(l.count[w])+1)) / math.Log(float64(total+1))
	return min(1, max(0.3, share))
}

// rare says that a word alone points to few products.
func (l *Lexicon) rare(w string) bool {
	return len(w) >= 4 && !l.weak[w] && l.count[w] <= max(8, len(l.seen)/2000)
}
