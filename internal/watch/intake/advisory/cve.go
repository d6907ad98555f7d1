package advisory

import (
	"slices"
	"strings"
)

// CanonicalCVE writes a CVE identifier the one way that equal ones share:
// CVE-2024-3400. It takes small letters, white space around, the hyphens of
// Unicode, and leading zeros beyond the four digits that the syntax of 2014
// allows. It says whether text is one.
func CanonicalCVE(text string) (string, bool) {
	s := strings.TrimSpace(text)
	if canonicalCVE(s) {
		return s, true
	}
	s = strings.ToUpper(strings.Map(func(r rune) rune {
		switch r {
		case '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2212', '\uff0d':
			return '-'
		}
		return r
	}, s))
	year, number, ok := strings.Cut(strings.TrimPrefix(s, "CVE-"), "-")
	if !ok || !strings.HasPrefix(s, "CVE-") {
		return "", false
	}
	for len(number) > 4 && number[0] == '0' {
		number = number[1:]
	}
	s = "CVE-" + year + "-" + number
	return s, canonicalCVE(s)
}

// canonicalCVE holds the CVE record format: CVE-, a year, four to nineteen
// digits.
func canonicalCVE(s string) bool {
	if len(s) < 13 || len(s) > 28 || s[:4] != "CVE-" || s[8] != '-' || len(s) > 13 && s[9] == '0' {
		return false
	}
	for i := 4; i < len(s); i++ {
		if i != 8 && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s[4:8] >= "1999" && s[4:8] < "2200"
}

// CVEs are the CVE identifiers among texts, canonical, sorted, without
// repetition; nil when there is none. Other texts are passed over.
func CVEs(texts ...string) []string {
	var out []string
	for _, s := range texts {
		if c, ok := CanonicalCVE(s); ok {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
