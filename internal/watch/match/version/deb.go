package version

import "strings"

// deb is a version of deb-version(7): [epoch:]upstream[-revision].
type deb struct{ epoch, upstream, revision string }

func parseDeb(s string) (deb, bool) {
	var v deb
	if before, after, has := strings.Cut(s, ":"); has {
		if !digits(before) {
			return deb{}, false
		}
		v.epoch, s = before, after
	}
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		s, v.revision = s[:i], s[i+1:]
		if v.revision == "" || !debText(v.revision, "+.~") {
			return deb{}, false
		}
	}
	v.upstream = s
	// The manual wants a digit first; dpkg warns only, and sources differ.
	return v, s != "" && isDigit(s[0]) && debText(s, ".+-~:")
}

func debText(s, also string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) && !isLetter(s[i]) && strings.IndexByte(also, s[i]) < 0 {
			return false
		}
	}
	return true
}

func compareDeb(a, b deb) int {
	if c := compareNumber(a.epoch, b.epoch); c != 0 {
		return c
	}
	if c := verrevcmp(a.upstream, b.upstream); c != 0 {
		return c
	}
	return verrevcmp(a.revision, b.revision)
}

// verrevcmp is dpkg's: in turn a run of non-digits, where a tilde comes before
// the end and letters before everything else, and a run of digits by value.
func verrevcmp(a, b string) int {
	for a != "" || b != "" {
		for a != "" && !isDigit(a[0]) || b != "" && !isDigit(b[0]) {
			if c := debOrder(a) - debOrder(b); c != 0 {
				return c
			}
			a, b = a[1:], b[1:] // equal order above 0 or below: neither is at its end or a digit
		}
		var x, y string
		x, a = leading(a, isDigit)
		y, b = leading(b, isDigit)
		if c := compareNumber(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// debOrder is the weight of a text's first byte; the end and a digit weigh nothing.
func debOrder(s string) int {
	switch {
	case s == "" || isDigit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case isLetter(s[0]):
		return int(s[0])
	}
	return int(s[0]) + 256
}

func leading(s string, is func(byte) bool) (head, rest string) {
	n := 0
	for n < len(s) && is(s[n]) {
		n++
	}
	return s[:n], s[n:]
}
