package advisory

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// maxText bounds what is read as versions: longer texts are prose.
const maxText = 512

// A Grammar understands what sources write about versions. It holds compiled
// patterns and may be used by several goroutines.
type Grammar struct {
	all, list, exact, cycle                      *regexp.Regexp
	between, reversed, fromTo, siemens           *regexp.Regexp
	above, below, upTo, before, after, orEarlier *regexp.Regexp
	orLater, leadingWords, operator              *regexp.Regexp

	signs *strings.Replacer // other spellings of the operators
}

// NewGrammar compiles the patterns.
func NewGrammar() *Grammar {
	// A version begins with a digit, perhaps behind a v; words of service may follow.
	const version = `((?:version |ver\.? ?|v\.? ?|release |rev\.? ?|r)?\d(?:[0-9a-z._+~:\-]*[0-9a-z])?(?:\.\*)?` +
		`(?: (?:sp|upd|update|u|patch|hotfix|hf|build|rev|revision|r|p|service pack|security patch|security update|beta|rc|fp|cu|su|mr|ep|fix pack|feature pack|release)\.? ?[0-9][0-9a-z._]*)*)`
	const words = `(?:all )?(?:versions?:? |releases? )?`
	full := func(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?i)^(?:` + pattern + `)$`) }
	return &Grammar{
		signs:        strings.NewReplacer("≤", "<=", "≥", ">=", "=<", "<=", "=>", ">=", "< =", "<=", "> =", ">="),
		all:          full(`\*|-?all|any|all versions?|any versions?|all releases?|all current versions|vers:all/\*|vers:[a-z0-9.+\-]+/\*`),
		operator:     full(words + `(<=|>=|<|>|==?) ?` + version),
		between:      full(words + `(>=|>) ?` + version + `(?: ?[|,&] ?| and | to |, and | )?(<=|<) ?` + version),
		reversed:     full(words + `(<=|<) ?` + version + `(?: ?[|,&] ?| and |, and | )?(>=|>) ?` + version),
		siemens:      full(`all versions (?:>=? ?)?` + version + ` (<=|<) ?` + version),
		fromTo:       full(words + `(?:from |between )?` + version + `(?: to | through | thru | - | – | until | up to | up to and including | and |-v)(?:versions? )?` + version),
		below:        full(words + `(?:from )?` + version + `,? (?:before|prior to|and before|to before|up to but not including|until before) (?:version )?` + version),
		before:       full(words + `(?:prior to|before|earlier than|lower than|less than|older than|below|previous to|up to,? ?\(?(?:but )?(?:not including|excluding)\)?:?|versions prior to) (?:version )?` + version),
		upTo:         full(words + `(?:up to|through|thru|up through|up to,? and including|up to \(including\)|until)(?: versions?)?:? ` + version + `(?:,? inclusive| \(inclusive\)| \(including\))?`),
		orEarlier:    full(words + version + `,? ?\(?(?:and|or|&) (?:all )?(?:prior|earlier|below|older|lower|previous|before)(?: versions?| releases?)?\)?`),
		orLater:      full(words + version + `(?:\+|,? ?\(?(?:and|or|&) (?:all )?(?:later|newer|above|higher|up|after|upwards?|greater)(?: versions?| releases?)?\)?)`),
		after:        full(words + `(?:later than|newer than|higher than|greater than|after|above) (?:version )?` + version),
		above:        full(words + `(?:from|since|starting (?:from|with)) (?:version )?` + version + `(?: onwards?)?`),
		exact:        full(`(?:versions? |release )?` + version),
		cycle:        full(`(?:versions? )?((?:v\.? ?|version )?\d+(?:\.\d+)*)[.](?:x|\*)`),
		list:         regexp.MustCompile(`(?i)\s*(?:;|\|\||,| and | or |\|)\s*(?:and |or )?`),
		leadingWords: regexp.MustCompile(`(?i)^(?:version |ver\.? ?|v\.? ?|release |rev\.? ?)(\d)`),
	}
}

// Ranges reads what a source writes about versions: vers URIs, "< 3.2", ">= 1.0,
// < 1.4", "All versions", "prior to X", "X and earlier", "X to Y", "3.x", lists of
// them, and plain versions. names are names that may stand before the version,
// such as the product's. What it cannot read with certainty is one Unclear
// Range. Every Range that was not a plain version keeps the text.
func (g *Grammar) Ranges(text string, names ...string) []Range {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	if len(text) > maxText {
		return []Range{{Text: text, Unclear: true}}
	}
	if len(text) > 5 && strings.EqualFold(text[:5], "vers:") {
		return vers(text, g)
	}
	if simple(text) {
		return []Range{{Exact: strings.TrimLeft(text, "vV")}}
	}
	s := g.withoutNames(g.plain(text), names)
	if r, ok := g.one(s); ok {
		if r.Exact == "" {
			r.Text = text
		}
		return []Range{r}
	}
	var out []Range
	parts := g.list.Split(s, -1)
	for _, p := range parts {
		r, ok := g.one(g.withoutNames(strings.TrimSpace(p), names))
		if !ok || len(parts) == 1 || r == (Range{}) {
			return []Range{{Text: text, Unclear: true}}
		}
		r.Text = text
		out = append(out, r)
	}
	return out
}

// simple says whether s is a plain version of digits, dots and letters, as most
// are: 1.2.3, v2.0, 11.0.4a.
func simple(s string) bool {
	if s != "" && (s[0] == 'v' || s[0] == 'V') {
		s = s[1:]
	}
	if s == "" || s[0] < '0' || s[0] > '9' || s[len(s)-1] == '.' || strings.HasSuffix(s, ".x") || strings.HasSuffix(s, ".X") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' {
			return false
		}
	}
	return true
}

// withoutNames takes the names off the beginning of a plain text.
func (g *Grammar) withoutNames(s string, names []string) string {
	for _, n := range names {
		n = g.plain(n)
		if n != "" && len(s) > len(n) && strings.EqualFold(s[:len(n)], n) && (s[len(n)] == ' ' || s[len(n)] == ':') {
			s = strings.TrimLeft(s[len(n):], ": ")
		}
	}
	return s
}

// plain is the text with single blanks and plain signs.
func (g *Grammar) plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '–' || r == '—' || r == '‑':
			return '-'
		}
		return r
	}, s)
	return strings.TrimSuffix(strings.Join(strings.Fields(g.signs.Replace(s)), " "), ".")
}

// one reads one statement in plain text.
func (g *Grammar) one(s string) (Range, bool) {
	if g.all.MatchString(s) {
		return Range{}, true
	}
	if m := g.cycle.FindStringSubmatch(s); m != nil {
		return Cycle(g.bare(m[1])), true
	}
	if m := g.exact.FindStringSubmatch(s); m != nil {
		return Range{Exact: g.bare(m[1])}, true
	}
	if m := g.operator.FindStringSubmatch(s); m != nil {
		return bound(Range{}, m[1], g.bare(m[2])), true
	}
	if m := g.between.FindStringSubmatch(s); m != nil {
		return bound(bound(Range{}, m[1], g.bare(m[2])), m[3], g.bare(m[4])), true
	}
	if m := g.reversed.FindStringSubmatch(s); m != nil {
		return bound(bound(Range{}, m[1], g.bare(m[2])), m[3], g.bare(m[4])), true
	}
	if m := g.siemens.FindStringSubmatch(s); m != nil {
		return bound(Range{From: g.bare(m[1])}, m[2], g.bare(m[3])), true
	}
	if m := g.below.FindStringSubmatch(s); m != nil {
		return Range{From: g.bare(m[1]), To: g.bare(m[2])}, true
	}
	if m := g.before.FindStringSubmatch(s); m != nil {
		return Range{To: g.bare(m[1])}, true
	}
	if m := g.orEarlier.FindStringSubmatch(s); m != nil {
		return Range{To: g.bare(m[1]), ToIn: true}, true
	}
	if m := g.orLater.FindStringSubmatch(s); m != nil {
		return Range{From: g.bare(m[1])}, true
	}
	if m := g.upTo.FindStringSubmatch(s); m != nil {
		return Range{To: g.bare(m[1]), ToIn: true}, true
	}
	if m := g.after.FindStringSubmatch(s); m != nil {
		return Range{From: g.bare(m[1]), FromOut: true}, true
	}
	if m := g.above.FindStringSubmatch(s); m != nil {
		return Range{From: g.bare(m[1])}, true
	}
	// "1.0 and 1.2" is two versions, "between 1.0 and 1.2" is a range.
	if m := g.fromTo.FindStringSubmatch(s); m != nil && (!strings.Contains(s, " and ") || strings.Contains(strings.ToLower(s), "between ") || strings.Contains(s, "and including")) {
		return upper(Range{From: g.bare(m[1])}, g.bare(m[2]), true), true
	}
	return Range{}, false
}

// bare takes the word or letter for version off a version.
func (g *Grammar) bare(v string) string {
	return strings.TrimRight(g.leadingWords.ReplaceAllString(strings.TrimSpace(v), "$1"), ".,:;-")
}

func bound(r Range, operator, v string) Range {
	switch operator {
	case "<":
		r.To = v
	case "<=":
		r = upper(r, v, true)
	case ">":
		r.From, r.FromOut = v, true
	case ">=":
		r.From = v
	default:
		r.Exact = v
	}
	return r
}

// upper sets the upper end. Of 5.4.x all versions are inside.
func upper(r Range, v string, in bool) Range {
	for _, star := range []string{".*", ".x"} {
		if stem, ok := strings.CutSuffix(v, star); ok {
			if c := Cycle(stem); c.To != "" {
				r.To = c.To
				return r
			}
		}
	}
	r.To, r.ToIn = v, in
	return r
}

// Cycle is every version of a release: of "7" it is 7, 7.1, 7.1.2 and so on up to
// and without 8. Of a release that ends in no number, as "2012 R2", it is that
// one version.
func Cycle(release string) Range {
	at := len(release)
	for at > 0 && release[at-1] >= '0' && release[at-1] <= '9' {
		at--
	}
	number := release[at:]
	if number == "" || len(number) > 9 || at > 0 && release[at-1] != '.' {
		return Range{Exact: release}
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return Range{Exact: release}
	}
	next := strconv.Itoa(n + 1)
	for len(next) < len(number) {
		next = "0" + next
	}
	return Range{From: release, To: release[:at] + next}
}

// Scheme is the word for a scheme of versions that other standards call s: a
// type of vers or purl, a versionType of CVE, an ecosystem of OSV. What is no
// scheme we know is the general one, "".
func Scheme(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(s), ":")
	switch s {
	case "semver", "deb", "rpm", "maven", "npm", "git", "gem", "nuget", "apk", "cargo", "composer", "hex", "conan":
		return s
	case "python", "pypi":
		return "python"
	case "go", "golang":
		return "go"
	case "debian", "ubuntu", "dpkg":
		return "deb"
	case "red hat", "rocky linux", "almalinux", "suse", "opensuse", "fedora", "mageia", "openeuler", "azure linux":
		return "rpm"
	case "alpine", "wolfi", "chainguard", "alpaquita", "minimos":
		return "apk"
	case "crates.io":
		return "cargo"
	case "packagist":
		return "composer"
	case "rubygems":
		return "gem"
	}
	return ""
}

// vers reads a version range specifier (package-url/vers-spec):
// vers:TYPE/CONSTRAINT|CONSTRAINT…
func vers(text string, g *Grammar) []Range {
	unclear := []Range{{Text: text, Unclear: true}}
	scheme, list, ok := strings.Cut(text[len("vers:"):], "/")
	if !ok || scheme == "" || list == "" {
		return unclear
	}
	if list == "*" {
		return []Range{{Text: text}}
	}
	scheme = Scheme(scheme)
	var out []Range
	var open *Range
	flush := func() {
		if open != nil {
			out = append(out, *open)
			open = nil
		}
	}
	for c := range strings.SplitSeq(list, "|") {
		c = strings.TrimSpace(c)
		operator := ""
		for _, o := range []string{">=", "<=", "!=", "<", ">", "="} {
			if rest, ok := strings.CutPrefix(c, o); ok {
				operator, c = o, strings.TrimSpace(rest)
				break
			}
		}
		v, err := url.PathUnescape(c)
		if err != nil || v == "" || v == "*" || strings.ContainsAny(v, "<>=!") {
			return unclear
		}
		if scheme == "" {
			v = g.bare(strings.TrimPrefix(strings.TrimPrefix(v, "V"), "v"))
		}
		switch operator {
		case "", "=":
			if open == nil {
				out = append(out, Range{Scheme: scheme, Exact: v, Text: text})
			}
		case ">", ">=":
			if open != nil {
				return unclear
			}
			open = &Range{Scheme: scheme, From: v, FromOut: operator == ">", Text: text}
		case "<", "<=":
			if open == nil {
				if len(out) > 0 && out[len(out)-1].Exact == "" {
					return unclear
				}
				open = &Range{Scheme: scheme, Text: text}
			}
			open.To, open.ToIn = v, operator == "<="
			flush()
		case "!=":
			if open == nil {
				return unclear
			}
			open.To, open.ToIn = v, false
			flush()
			open = &Range{Scheme: scheme, From: v, FromOut: true, Text: text}
		}
	}
	flush()
	return out
}
