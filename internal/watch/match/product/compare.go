package product

import (
	"slices"
	"strings"
)

// A likeness is how two names lie to each other: nothing where score is 0.
type likeness struct {
	sure    bool // the same product, as far as names can say
	score   float64
	reasons []Reason
}

// The scores below which names are not alike. Where one side names no vendor, or
// another one, the product has to say it all.
const (
	leastSimilar = 0.62
	alienScore   = 0.5
)

// alike decides by vendors and words.
func (l *Lexicon) alike(software, source name) likeness {
	alien := software.vendor != "" && source.vendor != "" && software.vendor != source.vendor && !slangOf(software.vendor, source.vendor)
	if alien && software.squashed != source.squashed {
		return likeness{}
	}
	if apart(software.releases, source.releases) {
		return likeness{}
	}
	score, why := l.words(software, source)
	if score == 0 {
		return likeness{}
	}
	same := why == ReasonName
	if max(software.level, source.level) == broader && !same && why != ReasonNameTypo {
		return likeness{}
	}
	x := likeness{sure: same, score: score, reasons: []Reason{ReasonVendor, why}}
	switch {
	case alien:
		if !slices.ContainsFunc(source.words, l.rare) {
			return likeness{}
		}
		x.sure, x.score, x.reasons[0] = false, score*alienScore, ReasonVendorDiffers
	case software.vendor == "" || source.vendor == "":
		if !same && why != ReasonNameTypo || !slices.ContainsFunc(source.words, l.rare) {
			return likeness{}
		}
		x.sure, x.score, x.reasons[0] = false, score*0.8, ReasonVendorMissing
	case !same && score < leastSimilar:
		return likeness{}
	}
	switch max(software.level, source.level) {
	case partial:
		x.sure, x.score, x.reasons = false, x.score*0.9, append(x.reasons, ReasonNamePart)
	case broader:
		x.sure, x.score, x.reasons = false, x.score*0.7, append(x.reasons, ReasonBroader)
	case whole:
	}
	return x
}

// open is the likeness of names of which one names no release.
func (x likeness) open() likeness {
	return likeness{score: x.score * 0.8, reasons: append(slices.Clip(x.reasons), ReasonReleaseOpen)}
}

// slangOf says that one vendor's name is the other's without blanks, or its
// beginning: "paloaltonetworks", "juniper networks" and "juniper".
func slangOf(a, b string) bool {
	if strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "") {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 4 && strings.HasPrefix(b, a+" ") || len(a) >= 5 && oneTypo(a, b)
}

// words compares the products' words: 1 where they are the same.
func (l *Lexicon) words(a, b name) (float64, Reason) {
	if a.squashed == b.squashed {
		return 1, ReasonName
	}
	var common, onlyA, onlyB float64
	typo, strong := false, false
	used := make([]bool, len(b.words))
	for _, w := range a.words {
		i := slices.Index(b.words, w)
		if i < 0 {
			i = slices.IndexFunc(b.words, func(x string) bool { return oneTypo(w, x) })
			typo = typo || i >= 0 && !used[i]
		}
		if i < 0 || used[i] {
			onlyA += l.weight(w)
			continue
		}
		used[i] = true
		common += l.weight(w)
		strong = strong || !l.weak[w]
	}
	strongB := false
	for i, w := range b.words {
		if !used[i] {
			onlyB += l.weight(w)
			strongB = strongB || !l.weak[w]
		}
	}
	switch {
	case !strong:
		return 0, ""
	case onlyA == 0 && onlyB == 0 && !typo:
		return 1, ReasonName // in another order
	case onlyA == 0 && onlyB == 0:
		return 0.9, ReasonNameTypo
	}
	score := common / (common + onlyA + onlyB)
	strongA := slices.ContainsFunc(a.words, func(w string) bool {
		return !l.weak[w] && !slices.ContainsFunc(b.words, func(x string) bool { return x == w || oneTypo(w, x) })
	})
	switch {
	case typo:
		return score * 0.9, ReasonNameSimilar
	case !strongA && !strongB:
		return max(score, 0.8), ReasonNameNear
	}
	return score, ReasonNameSimilar
}

// oneTypo says that words of five letters and more differ by one letter added,
// left out, exchanged with another or with its neighbour. Words with digits are
// model names: there each counts.
func oneTypo(a, b string) bool {
	if a == b {
		return false
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 5 || len(b)-len(a) > 1 || strings.ContainsAny(b, "0123456789") || a+"s" == b {
		return a != "" && len(a) >= 3 && a+"s" == b // a plural
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

type releaseRelation uint8

const (
	releaseSame releaseRelation = iota
	releaseOpen
	releaseOther
)

// typed is a software's version as its owner typed it, which in inventories
// often is the release: "Windows Server", "2012 R2".
type typed struct {
	text    string   // in lower case
	numbers []string // of a text without dots: 2012, r2, 22h2
	dotted  bool
	first   string // before the first dot
}

func typedRelease(version string) typed {
	t := typed{text: strings.ToLower(strings.TrimSpace(version))}
	if first, _, dotted := strings.Cut(strings.TrimPrefix(t.text, "v"), "."); dotted {
		t.first, t.dotted = first, true
		return t
	}
	for f := range strings.FieldsSeq(t.text) {
		if _, number := release(f); number != "" {
			t.numbers = append(t.numbers, number)
		}
	}
	return t
}

// apart says that names state different releases, whatever the version is:
// Windows 10 and Windows Server 2019, DIR-645 and DIR-859.
func apart(software, source []string) bool {
	if len(software) == 0 || len(source) == 0 {
		return false
	}
	common := false
	for _, r := range source {
		switch {
		case slices.Contains(software, r):
			common = true
		case slices.ContainsFunc(software, func(h string) bool { return sort(h) == sort(r) && !slices.Contains(source, h) }):
			return true
		}
	}
	return !common
}

// releases compares the numbers in the names. What the source states has to be
// in the software's name or version; the other way round a number that is the
// version's beginning ("Tomcat 9", 9.0.71) says nothing new.
func releases(software, source *name, t *typed) releaseRelation {
	if len(source.releases) == 0 && len(software.releases) == 0 {
		return releaseSame
	}
	has := func(r string) bool { return slices.Contains(software.releases, r) || slices.Contains(t.numbers, r) }
	result := releaseSame
	for _, r := range source.releases {
		switch {
		case has(r) || begins(t.text, r):
		case contradicts(t, r):
			return releaseOther
		default:
			result = releaseOpen
		}
	}
	stated := len(software.releases)+len(t.numbers) > 0
	switch {
	case len(source.releases) > 0 && stated && has("r2") != slices.Contains(source.releases, "r2"):
		return releaseOther
	}
	for _, numbers := range [2][]string{software.releases, t.numbers} {
		for _, r := range numbers {
			if !begins(t.text, r) && !slices.Contains(source.releases, r) {
				return max(result, releaseOpen)
			}
		}
	}
	return result
}

// begins says that a version is the release or one of it: 17.2.5 of 17.2.
func begins(version, release string) bool {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(version, "v"), release)
	return ok && (rest == "" || !alphanumeric(rest[0]))
}

// contradicts says that what was typed as the version is another release than
// this one, of the same sort: a year beside a year, 17.4 beside 17.2.
func contradicts(t *typed, release string) bool {
	of := sort(release)
	for _, h := range t.numbers {
		if sort(h) == of {
			return true
		}
	}
	switch {
	case !t.dotted:
		return false
	case of == small:
		return sort(t.first) == small && t.first != release && t.first != "6" // Windows 7 is 6.1
	}
	return of == dotted
}

// A count is what a number counts.
type count uint8

const (
	model count = iota
	small
	dotted
	half // 22h2, 1809
	year
	second // r2
)

// sort tells numbers apart by what they count.
func sort(r string) count {
	switch {
	case strings.Contains(r, "."):
		return dotted
	case r == "r2":
		return second
	case len(r) == 4 && (r[2] == 'h' || r[0] == '1' && r[1] != '9' && isNumber(r)):
		return half
	case len(r) == 4 && (strings.HasPrefix(r, "20") || strings.HasPrefix(r, "199")):
		return year
	case len(r) <= 2:
		return small
	}
	return model
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }
