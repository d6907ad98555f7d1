package product

import (
	"slices"
	"strings"

	"tocsin/internal/base/i18n"
)

// A name is a vendor and a product as words.
type name struct {
	vendor   string   // canonical, "" is not known
	words    []string // without noise, in order; weak ones are among them
	releases []string // numbers: 2012, r2, 17.2, 22h2
	squashed string   // the words without blanks
	level    level    // how sure it is that this is what the text means
}

// A level caps what a match of a name may say.
type level uint8

const (
	whole   level = iota // the name itself, or what it is also called
	partial              // one of several products that are named together
	broader              // what the product may be a kind or a part of
)

// side tells whose name is read: aliases go from software to what it is a kind
// of, and from an advisory's part to the whole.
type side uint8

const (
	ofSoftware side = iota
	ofAdvisory
)

// read gives the names that a text may mean, the text itself first.
func (l *Lexicon) read(vendor, product string, s side) []name {
	main, asides := brackets(i18n.Fold(product))
	v := l.canonical(vendor)
	var all []name
	add := func(text string, at level) {
		if n, ok := l.one(v, text, at); ok {
			all = l.with(all, n, s)
		}
	}
	add(main, whole)
	for _, text := range asides {
		if acronym(text, main) {
			add(text, whole)
		}
	}
	for _, text := range l.parts(main) {
		add(text, partial)
	}
	return all
}

// key is one text for names that are read alike, to pin answers to.
func (l *Lexicon) key(vendor, product string) string {
	main, _ := brackets(i18n.Fold(product))
	n, _ := l.one(l.canonical(vendor), main, whole)
	return n.vendor + "\x00" + strings.Join(n.words, " ") + "\x00" + strings.Join(n.releases, " ")
}

// with appends a name, what it is also called instead of it, and what it may be
// a kind or a part of.
func (l *Lexicon) with(all []name, n name, s side) []name {
	var more []name
	if len(n.words) > 0 {
		for _, a := range l.products[n.words[0]] {
			if !a.meets(n) {
				continue
			}
			m := n
			if n.vendor == "" {
				m.vendor = a.vendor
			}
			m.words, m.squashed = a.name, strings.Join(a.name, "")
			switch {
			case a.role == also:
				if !a.open && len(a.words) == len(n.words) {
					n = m // kinds and parts of the canonical name are looked up again below
				}
			case a.role == kind && s == ofSoftware, a.role == part && s == ofAdvisory:
				m.level, m.releases = broader, withoutModels(n.releases)
				more = append(more, m)
			}
		}
	}
	if len(n.words) > 0 {
		for _, a := range l.products[n.words[0]] {
			if a.meets(n) && (a.role == kind && s == ofSoftware || a.role == part && s == ofAdvisory) {
				m := n
				m.words, m.squashed, m.level, m.releases = a.name, strings.Join(a.name, ""), broader, withoutModels(n.releases)
				more = append(more, m)
			}
		}
	}
	for _, x := range append([]name{n}, more...) {
		if !slices.ContainsFunc(all, func(y name) bool {
			return x.vendor == y.vendor && x.squashed == y.squashed && slices.Equal(x.releases, y.releases)
		}) {
			all = append(all, x)
		}
	}
	return all
}

// withoutModels drops a device's model: the 100E of a FortiGate is none of FortiOS.
func withoutModels(releases []string) []string {
	return slices.DeleteFunc(slices.Clone(releases), func(r string) bool { return sort(r) == model })
}

// meets says that a name is the alias's spelling, or begins so where it is open.
func (a alias) meets(n name) bool {
	if n.vendor != "" && a.vendor != "" && n.vendor != a.vendor || len(n.words) < len(a.words) {
		return false
	}
	if !slices.Equal(n.words[:len(a.words)], a.words) {
		return false
	}
	return len(n.words) == len(a.words) || a.open
}

// one reads a text without brackets.
func (l *Lexicon) one(vendor, text string, at level) (name, bool) {
	w, releases := l.split(text)
	vendor, w = l.unprefixed(vendor, w)
	w = l.telling(vendor, w)
	n := name{vendor: vendor, words: w, releases: releases, squashed: strings.Join(w, ""), level: at}
	return n, len(w) > 0
}

// telling puts the vendor before words that say nothing alone: Drupal's "Core",
// Linux's "Kernel".
func (l *Lexicon) telling(vendor string, w []string) []string {
	if vendor == "" || len(w) == 0 || slices.ContainsFunc(w, func(x string) bool { return !l.weak[x] }) {
		return w
	}
	return append(strings.Fields(vendor), w...)
}

// unprefixed drops the vendor's name from the front of the product's, and finds
// the vendor there where none is stated. A product that is called like its vendor
// keeps its name.
func (l *Lexicon) unprefixed(vendor string, w []string) (found string, rest []string) {
	if vendor == "" {
		for n := min(3, len(w)); n > 0; n-- {
			v, ok := l.vendors[strings.Join(w[:n], " ")]
			switch {
			case ok && n < len(w):
				return v, w[n:]
			case ok:
				found = v
			}
		}
		return found, w
	}
	spellings := l.spelled[vendor]
	if spellings == nil {
		spellings = []string{vendor}
	}
	for _, s := range spellings {
		n := strings.Count(s, " ") + 1
		if n < len(w) && strings.Join(w[:n], " ") == s {
			return vendor, w[n:]
		}
	}
	return vendor, w
}

// canonical is a vendor's one name; "" for none.
func (l *Lexicon) canonical(vendor string) string {
	v := l.vendorWords(vendor)
	if c, ok := l.vendors[v]; ok {
		return c
	}
	return v
}

// vendorWords folds a vendor's name and drops legal forms and brackets.
func (l *Lexicon) vendorWords(vendor string) string {
	s, _ := brackets(i18n.Fold(vendor))
	if l.unknown[s] {
		return ""
	}
	for _, p := range l.legalPhrases {
		s = without(s, p)
	}
	fields := strings.FieldsFunc(strings.ReplaceAll(s, "'", ""), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r < 0x80
	})
	kept := fields[:0]
	for _, f := range fields {
		f = strings.ReplaceAll(f, ".", "")
		if f != "" && (!l.legal[f] || len(kept) == 0 && len(fields) == 1) {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}

// without removes a phrase where it stands as words.
func without(s, phrase string) string {
	for {
		i := strings.Index(s, phrase)
		if i < 0 {
			return s
		}
		end := i + len(phrase)
		if i > 0 && alphanumeric(s[i-1]) || end < len(s) && alphanumeric(s[end]) {
			return s // inside a word, and so are later ones as a rule
		}
		s = strings.TrimSpace(s[:i] + " " + strings.TrimSpace(s[end:]))
	}
}

func alphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80 }

// brackets takes what stands in round brackets out of a text.
func brackets(s string) (main string, asides []string) {
	for {
		open := strings.IndexByte(s, '(')
		if open < 0 {
			return strings.TrimSpace(s), asides
		}
		shut := strings.IndexByte(s[open:], ')')
		if shut < 0 {
			return strings.TrimSpace(s), asides
		}
		if aside := strings.TrimSpace(s[open+1 : open+shut]); aside != "" {
			asides = append(asides, aside)
		}
		s = s[:open] + " " + s[open+shut+1:]
	}
}

// acronym says that an aside is another name of the whole: "(IIS)", "(formerly
// VTS)"; not a remark such as "(Server Core installation)".
func acronym(aside, main string) bool {
	if rest, ok := strings.CutPrefix(aside, "formerly "); ok {
		return rest != ""
	}
	if len(aside) < 2 || len(aside) > 6 || strings.ContainsAny(aside, " ,.;/0123456789") {
		return false
	}
	return strings.Contains(main, aside[:1])
}

// parts are the products that a text names together: "Acrobat and Reader",
// "AC7, AC9 and AC10".
func (l *Lexicon) parts(s string) []string {
	all := []string{s}
	for _, sep := range l.separators {
		var next []string
		for _, x := range all {
			next = append(next, strings.Split(x, sep)...)
		}
		all = next
	}
	if len(all) == 1 || len(all) > 24 {
		return nil
	}
	return all
}

// split cuts a folded text into its words and its releases.
func (l *Lexicon) split(s string) (w, releases []string) {
	s = i18n.Fold(s)
	for _, p := range l.phrases {
		if strings.Contains(s, p) {
			s = without(s, p)
		}
	}
	start := -1
	flush := func(end int) {
		if start < 0 {
			return
		}
		f := strings.Trim(s[start:end], ".+")
		start = -1
		if f == "" || l.noise[f] {
			return
		}
		head, tail := release(f)
		if head != "" && !l.noise[head] {
			w = append(w, head)
		}
		if year, r2 := strings.CutSuffix(tail, "r2"); r2 && year != "" {
			releases, tail = append(releases, year), "r2"
		}
		if tail != "" {
			releases = append(releases, tail)
		}
	}
	for i := range len(s) {
		if c := s[i]; alphanumeric(c) || c == '.' || c == '+' {
			if start < 0 {
				start = i
			}
			continue
		}
		flush(i)
	}
	flush(len(s))
	return w, releases
}

// release parts a word from the number that belongs to it: 2012, v5, r2 and 22h2
// are releases, office2016 and log4j2 end in one, s7 and rv160 are words.
func release(f string) (word, number string) {
	digit := strings.IndexAny(f, "0123456789")
	switch {
	case digit < 0:
		return strings.ReplaceAll(f, ".", ""), ""
	case digit == 0:
		letters := strings.IndexFunc(f, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if letters < 0 || len(f)-letters <= 2 {
			return "", f
		}
		return f, "" // 7zip, 3com
	case digit == 1 && (f[0] == 'v' || f[0] == 'r') && len(f) <= 12 && numeric(f[1:]):
		if f[0] == 'r' {
			return "", f
		}
		return "", f[1:]
	case strings.HasPrefix(f, "sp") && numeric(f[2:]) && len(f) <= 4:
		return "", ""
	}
	cut := len(f)
	for cut > 0 && (f[cut-1] >= '0' && f[cut-1] <= '9' || f[cut-1] == '.') {
		cut--
	}
	if cut == len(f) || cut < 3 || f[cut-1] == '.' {
		return f, ""
	}
	return f[:cut], strings.Trim(f[cut:], ".")
}

func numeric(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.x") == "" && s[0] != '.'
}
