package version

import (
	"strings"

	"tocsin/internal/base/i18n"
)

// A generic is a vendor's version, of any house.
//
// Its text is read as numbers and words; whatever stands between them has no
// weight, and letters, digits and case do not need a separator: "15.2(4)E10" is
// 15 2 4 e 10, "20.4R3-S5" is 20 4 r 3 s 5, "8.0 U3b" is 8 0 u 3 b. Labels before
// the first number (v, version, phiên bản) are dropped, "service pack" is sp,
// "update" is u, "1.8.0_231" is the Java 8u231 that it is.
//
// The order is lexicographic over these, where at each place
//
//	words that announce (dev < snapshot < alpha < beta < preview < milestone < rc)
//	  < the end < other words, by alphabet < numbers, by value
//
// and zeros before a word or the end have no weight. So 1.0.2-beta1 < 1.0.2 =
// 1.0.2.0 < 1.0.2a < 1.0.2k < 1.0.2.1 < 1.0.3, 2012 < 2012 R2 < 2016, 15.2(4)E <
// 15.2(4)E10 < 15.2(5)E. It is total.
type generic struct {
	tokens []token // as written
	key    []token // without the zeros that have no weight
}

type token struct {
	number bool
	text   string
}

// parseGeneric refuses a text without a digit, and one with the signs of a range.
func parseGeneric(s string) (generic, bool) {
	if strings.ContainsAny(s, "<>=*,;|!") || strings.Contains(s, "://") {
		return generic{}, false
	}
	s = i18n.Fold(s)
	s = java(s)
	var v generic
	v.tokens = make([]token, 0, 8)
	some := false
	for s != "" {
		switch {
		case isDigit(s[0]):
			var text string
			text, s = leading(s, isDigit)
			v.tokens = append(v.tokens, token{number: true, text: text})
			some = true
		case isLetter(s[0]):
			var text string
			text, s = leading(s, isLetter)
			v.tokens = word(v.tokens, text)
		case s[0] == '~':
			v.tokens, s = append(v.tokens, token{text: "~"}), s[1:]
		default:
			s = s[1:]
		}
	}
	v.tokens = unlabelled(v.tokens)
	v.key = trimmed(v.tokens)
	return v, some
}

// java turns the number that Java had up to its release 8 into the one that its
// vendor uses: 1.8.0_231 is 8u231.
func java(s string) string {
	rest, ok := strings.CutPrefix(s, "1.")
	if !ok || len(rest) < 5 || rest[0] < '5' || rest[0] > '8' || !strings.HasPrefix(rest[1:], ".0_") {
		return s
	}
	return rest[:1] + "u" + rest[4:]
}

// word appends a word in its short form; those without weight are left out.
func word(to []token, w string) []token {
	switch w {
	case "build", "final", "ga", "release", "security", "version", "service", "cumulative", "ver":
		return to // "service pack" goes on with pack
	case "pack":
		w = "sp"
	case "patch", "pl":
		w = "p"
	case "update", "upd":
		w = "u"
	case "hotfix":
		w = "hf"
	case "cr", "candidate":
		w = "rc"
	case "pre", "ea":
		w = "preview"
	case "nightly":
		w = "snapshot"
	}
	return append(to, token{text: w})
}

// unlabelled drops the words that stand before the number as its name.
func unlabelled(s []token) []token {
	for len(s) > 1 && !s[0].number {
		switch s[0].text {
		case "v", "r", "rel", "phien", "ban", "pb", "firmware", "fw", "software", "sw", "os":
			s = s[1:]
			continue
		}
		break
	}
	return s
}

// trimmed drops the zeros that stand before a word or the end, but never the
// first token.
func trimmed(s []token) []token {
	needs := false
	for i := 1; i < len(s) && !needs; i++ {
		needs = s[i].zero() && (i+1 == len(s) || !s[i+1].number)
	}
	if !needs {
		return s
	}
	kept := make([]token, 0, len(s))
	for _, t := range s {
		if !t.number {
			kept = withoutZeros(kept)
		}
		kept = append(kept, t)
	}
	return withoutZeros(kept)
}

func withoutZeros(s []token) []token {
	for len(s) > 1 && s[len(s)-1].zero() {
		s = s[:len(s)-1]
	}
	return s
}

func (t token) zero() bool { return t.number && strings.Trim(t.text, "0") == "" }

func compareGeneric(a, b generic) int {
	for i := range max(len(a.key), len(b.key)) {
		if c := compareToken(a.key, b.key, i); c != 0 {
			return c
		}
	}
	return 0
}

func compareToken(a, b []token, i int) int {
	x, y := place(a, i), place(b, i)
	switch {
	case x != y:
		return x - y
	case x == placeNumber:
		return compareNumber(a[i].text, b[i].text)
	case x == placeWord:
		return strings.Compare(a[i].text, b[i].text)
	}
	return 0
}

// The places of the order; the announcing words are below the end.
const (
	placeEnd = 10 + iota
	placeWord
	placeNumber
)

func place(s []token, i int) int {
	switch {
	case i >= len(s):
		return placeEnd
	case s[i].number:
		return placeNumber
	}
	switch s[i].text {
	case "~":
		return 0
	case "dev":
		return 1
	case "snapshot":
		return 2
	case "alpha":
		return 3
	case "beta":
		return 4
	case "preview":
		return 5
	case "milestone":
		return 6
	case "rc":
		return 7
	}
	return placeWord
}
