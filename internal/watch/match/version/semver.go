package version

import (
	"cmp"
	"strings"
)

// semver is a version of semver.org 2.0.0 without its build, which has no part
// in precedence (§10).
type semver struct {
	numbers [3]string
	pre     []string
}

// parseSemver takes more than the specification: a leading v or =, one or two
// numbers where the rest is zero ("1.2"), and "go1.22.3". It takes no more than
// three numbers and no leading zeros, so that vendors' own schemes are told apart.
func parseSemver(s string) (semver, bool) {
	s = strings.TrimPrefix(strings.TrimLeft(s, "=vV"), "go")
	s, build, has := strings.Cut(s, "+")
	if has && !identifiers(strings.Split(build, "."), false) {
		return semver{}, false
	}
	core, pre, has := strings.Cut(s, "-")
	v := semver{numbers: [3]string{"0", "0", "0"}}
	if has {
		v.pre = strings.Split(pre, ".")
		if !identifiers(v.pre, true) {
			return semver{}, false
		}
	}
	parts := strings.Split(core, ".")
	if len(parts) > 3 {
		return semver{}, false
	}
	for i, p := range parts {
		if !digits(p) || len(p) > 1 && p[0] == '0' {
			return semver{}, false
		}
		v.numbers[i] = p
	}
	return v, true
}

// identifiers holds §9 and §10: letters, digits and hyphens, and in a
// pre-release no number with a leading zero.
func identifiers(parts []string, pre bool) bool {
	for _, p := range parts {
		if p == "" || pre && digits(p) && len(p) > 1 && p[0] == '0' {
			return false
		}
		for i := range len(p) {
			if !isDigit(p[i]) && !isLetter(p[i]) && p[i] != '-' {
				return false
			}
		}
	}
	return true
}

func compareSemver(a, b semver) int {
	for i := range a.numbers {
		if c := compareNumber(a.numbers[i], b.numbers[i]); c != 0 {
			return c
		}
	}
	switch {
	case len(a.pre) == 0 || len(b.pre) == 0:
		return cmp.Compare(len(b.pre), len(a.pre)) // a pre-release comes before its release
	}
	for i := range min(len(a.pre), len(b.pre)) {
		if c := compareIdentifier(a.pre[i], b.pre[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a.pre), len(b.pre))
}

// compareIdentifier is §11.4: numbers by value, before letters, those by ASCII.
func compareIdentifier(a, b string) int {
	switch x, y := digits(a), digits(b); {
	case x && y:
		return compareNumber(a, b)
	case x:
		return -1
	case y:
		return 1
	}
	return strings.Compare(a, b)
}
