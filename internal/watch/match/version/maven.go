package version

import "strings"

// A mavenToken is one token of the version order of Maven's POM reference, with
// whether a dot stands before it; a dot before a word counts as a hyphen.
type mavenToken struct {
	dot    bool
	number bool
	text   string
}

// null says that the token is one that has no weight at the end.
func (t mavenToken) null() bool {
	if t.number {
		return strings.Trim(t.text, "0") == ""
	}
	return t.text == "" || t.text == "final" || t.text == "ga" || t.text == "release"
}

func parseMaven(s string) ([]mavenToken, bool) {
	s = strings.ToLower(s)
	any := false
	var all []mavenToken
	dot := false
	for s != "" {
		t := mavenToken{dot: dot}
		switch {
		case isDigit(s[0]):
			any, t.number = true, true
			t.text, s = leading(s, isDigit)
		case s[0] == '.' || s[0] == '-' || s[0] == '_':
			t.number, t.text = true, "0" // an empty token
		case isLetter(s[0]) || s[0] >= 0x80 || s[0] == '+' || s[0] == '~':
			t.text, s = leading(s, func(c byte) bool { return !isDigit(c) && c != '.' && c != '-' && c != '_' })
			t.text = mavenWord(t.text, s != "" && isDigit(s[0]))
			t.dot = false
		default:
			return nil, false
		}
		all = append(all, t)
		dot = false
		if s != "" && (s[0] == '.' || s[0] == '-' || s[0] == '_') {
			dot, s = s[0] == '.', s[1:]
		}
	}
	return mavenTrim(all), any
}

func mavenWord(s string, beforeNumber bool) string {
	switch {
	case beforeNumber && s == "a":
		return "alpha"
	case beforeNumber && s == "b":
		return "beta"
	case beforeNumber && s == "m":
		return "milestone"
	case s == "cr":
		return "rc"
	}
	return s
}

// mavenTrim drops tokens without weight from the end and from before each
// hyphen.
func mavenTrim(all []mavenToken) []mavenToken {
	kept := all[:0]
	for _, t := range all {
		if !t.dot {
			kept = mavenCut(kept)
		}
		kept = append(kept, t)
	}
	return mavenCut(kept)
}

// mavenCut drops what has no weight from the end, but never the first token.
func mavenCut(s []mavenToken) []mavenToken {
	for len(s) > 1 && s[len(s)-1].null() {
		s = s[:len(s)-1]
	}
	return s
}

func compareMaven(a, b []mavenToken) int {
	for i := range max(len(a), len(b)) {
		var c int
		switch {
		case i >= len(a):
			c = -b[i].after()
		case i >= len(b):
			c = a[i].after()
		default:
			c = a[i].compare(b[i])
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// after compares the token with the end of a version.
func (t mavenToken) after() int {
	if t.number {
		if t.dot && t.null() {
			return 0 // weight follows, else it would have been cut
		}
		return 1
	}
	return t.compare(mavenToken{})
}

func (t mavenToken) compare(u mavenToken) int {
	if t.class() != u.class() {
		return t.class() - u.class()
	}
	if t.number {
		return compareNumber(t.text, u.text)
	}
	if c := mavenRank(t.text) - mavenRank(u.text); c != 0 {
		return c
	}
	if mavenRank(t.text) < 7 {
		return 0
	}
	return strings.Compare(t.text, u.text)
}

// class orders a word before "-number" before ".number".
func (t mavenToken) class() int {
	switch {
	case !t.number:
		return 0
	case !t.dot:
		return 1
	}
	return 2
}

func mavenRank(word string) int {
	switch word {
	case "alpha":
		return 0
	case "beta":
		return 1
	case "milestone":
		return 2
	case "rc":
		return 3
	case "snapshot":
		return 4
	case "", "final", "ga", "release":
		return 5
	case "sp":
		return 6
	}
	return 7
}
