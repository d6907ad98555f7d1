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
	score, why := l.words(software, source)
	if score == 0 {
		return likeness{}
	}
	same := why == ReasonName
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

// released decides by the numbers in the names; installed is the software's
// version, which in inventories often is the release ("Windows Server", "2012
// R2").
func (x likeness) released(software, source name, installed string) likeness {
	switch releases(software, source, installed) {
	case releaseOther:
		return likeness{}
	case releaseOpen:
		return likeness{score: x.score * 0.8, reasons: append(slices.Clone(x.reasons), ReasonReleaseOpen)}
	case releaseSame:
	}
	return x
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

// releases compares the numbers in the names. What the source states has to be
// in the software's name or version; the other way round a number that is the
// version's beginning ("Tomcat 9", 9.0.71) says nothing new.
func releases(software, source name, installed string) releaseRelation {
	have := software.releases
	typed := strings.ToLower(strings.TrimSpace(installed))
	if !strings.Contains(typed, ".") { // 2012 R2, 22H2, 2016
		_, more := split(typed)
		have = append(slices.Clone(have), more...)
	}
	if len(software.releases) > 0 && len(source.releases) > 0 && !slices.ContainsFunc(source.releases, func(r string) bool {
		return slices.Contains(have, r) || begins(typed, r)
	}) {
		return releaseOther
	}
	result := releaseSame
	for _, r := range source.releases {
		switch {
		case slices.Contains(have, r), begins(typed, r):
		case contradicts(have, typed, r):
			return releaseOther
		default:
			result = releaseOpen
		}
	}
	if slices.Contains(have, "r2") != slices.Contains(source.releases, "r2") && len(source.releases) > 0 && len(have) > 0 {
		return releaseOther
	}
	for _, r := range have {
		if !slices.Contains(source.releases, r) && !begins(typed, r) && r != typed {
			if len(software.releases) > 0 || len(source.releases) > 0 {
				result = max(result, releaseOpen)
			}
		}
	}
	return result
}

// split cuts a typed release into its numbers: "2012 r2", "22h2".
func split(typed string) (_, numbers []string) {
	for f := range strings.FieldsSeq(typed) {
		if _, number := release(f); number != "" {
			numbers = append(numbers, number)
		}
	}
	return nil, numbers
}

// begins says that a version is the release or one of it: 17.2.5 of 17.2.
func begins(version, release string) bool {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(version, "v"), release)
	return ok && (rest == "" || !alphanumeric(rest[0]))
}

// contradicts says that a release is another than those that are stated, of the
// same sort: a year beside a year, 17.4 beside 17.2, 11 beside 10.
func contradicts(have []string, typed, release string) bool {
	for _, h := range have {
		if sort(h) == sort(release) {
			return true
		}
	}
	if sort(release) == "dotted" || sort(release) == "small" {
		number, dotted := typed, strings.Contains(typed, ".")
		if sort(release) == "small" {
			number, _, _ = strings.Cut(strings.TrimPrefix(typed, "v"), ".")
			return dotted && sort(number) == "small" && number != release && !strings.HasPrefix(typed, "6.")
		}
		return dotted && sort(number) == "dotted"
	}
	return false
}

// sort tells numbers apart by what they count.
func sort(r string) string {
	switch {
	case strings.Contains(r, "."):
		return "dotted"
	case r == "r2":
		return r
	case len(r) == 4 && strings.Contains(r, "h"):
		return "half"
	case len(r) == 4 && (strings.HasPrefix(r, "20") || strings.HasPrefix(r, "199")):
		return "year"
	case len(r) == 4 && (strings.HasPrefix(r, "1")):
		return "half" // 1809
	case len(r) <= 2:
		return "small"
	}
	return "model"
}
