package version

import "strings"

// python is a version of PEP 440 in its normal form.
type python struct {
	epoch   string
	release []string // without trailing zeros
	pre     string   // "a", "b", "rc", "" is none
	preN    string
	post    string // "" is none
	dev     string // "" is none
	local   []string
	hasPre  bool
	hasPost bool
	hasDev  bool
}

// parsePython reads by the expression of PEP 440's appendix B.
func parsePython(s string) (python, bool) {
	r := reader{strings.TrimPrefix(strings.ToLower(s), "v")}
	var v python
	if head, rest := leading(r.rest, isDigit); head != "" && begins(rest, '!') {
		v.epoch, r.rest = head, rest[1:]
	}
	for {
		number := r.digits()
		if number == "" {
			return python{}, false
		}
		v.release = append(v.release, number)
		if len(r.rest) < 2 || r.rest[0] != '.' || !isDigit(r.rest[1]) {
			break
		}
		r.rest = r.rest[1:]
	}
	for len(v.release) > 1 && strings.Trim(v.release[len(v.release)-1], "0") == "" {
		v.release = v.release[:len(v.release)-1]
	}
	var word string
	if word, v.preN, v.hasPre = r.segment("alpha", "a", "beta", "b", "preview", "pre", "c", "rc"); v.hasPre {
		switch word[0] {
		case 'a', 'b':
			v.pre = word[:1]
		default:
			v.pre = "rc"
		}
	}
	if len(r.rest) > 1 && r.rest[0] == '-' && isDigit(r.rest[1]) {
		r.rest = r.rest[1:]
		v.hasPost, v.post = true, r.digits()
	} else {
		_, v.post, v.hasPost = r.segment("post", "rev", "r")
	}
	_, v.dev, v.hasDev = r.segment("dev")
	if begins(r.rest, '+') {
		v.local = strings.Split(strings.NewReplacer("-", ".", "_", ".").Replace(r.rest[1:]), ".")
		if !identifiers(v.local, false) {
			return python{}, false
		}
		r.rest = ""
	}
	return v, r.rest == ""
}

type reader struct{ rest string }

func (r *reader) digits() (head string) {
	head, r.rest = leading(r.rest, isDigit)
	return head
}

// segment reads [-_.]?WORD[-_.]?[0-9]*, the words' longer forms first.
func (r *reader) segment(words ...string) (word, number string, ok bool) {
	rest := r.rest
	if rest != "" && strings.IndexByte("-_.", rest[0]) >= 0 {
		rest = rest[1:]
	}
	letters, _ := leading(rest, isLetter)
	for _, w := range words {
		if letters != w {
			continue
		}
		r.rest = rest[len(w):]
		if len(r.rest) > 1 && strings.IndexByte("-_.", r.rest[0]) >= 0 && isDigit(r.rest[1]) {
			r.rest = r.rest[1:]
		}
		return w, r.digits(), true
	}
	return "", "", false
}

func comparePython(a, b python) int {
	if c := compareNumber(a.epoch, b.epoch); c != 0 {
		return c
	}
	for i := range max(len(a.release), len(b.release)) {
		if c := compareNumber(at(a.release, i), at(b.release, i)); c != 0 {
			return c
		}
	}
	// Before a release: 1.0.dev1 < 1.0a1.dev1 < 1.0a1 < 1.0rc1 < 1.0 < 1.0.post1.dev1 < 1.0.post1.
	if x, y := a.stage(), b.stage(); x != y {
		return strings.Compare(x, y)
	}
	if c := compareNumber(a.preN, b.preN); c != 0 {
		return c
	}
	if a.hasPost != b.hasPost {
		return sign(a.hasPost, b.hasPost)
	}
	if c := compareNumber(a.post, b.post); c != 0 {
		return c
	}
	if a.hasDev != b.hasDev {
		return sign(b.hasDev, a.hasDev)
	}
	if c := compareNumber(a.dev, b.dev); c != 0 {
		return c
	}
	return compareLocal(a.local, b.local)
}

// stage sorts "+" (development of the release itself) before "a", "b", "rc"
// and the release "z".
func (v python) stage() string {
	switch {
	case v.hasPre:
		return v.pre
	case v.hasDev && !v.hasPost:
		return "+"
	}
	return "z"
}

// compareLocal: segments by turn, numbers after letters, the longer one later.
func compareLocal(a, b []string) int {
	for i := range min(len(a), len(b)) {
		switch x, y := digits(a[i]), digits(b[i]); {
		case x && y:
			if c := compareNumber(a[i], b[i]); c != 0 {
				return c
			}
		case x != y:
			return sign(x, y)
		case a[i] != b[i]:
			return strings.Compare(a[i], b[i])
		}
	}
	return len(a) - len(b)
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return ""
}
