package version

import (
	"strings"

	"tocsin/internal/watch/intake/advisory"
)

// A Verdict says whether a version lies in a range. The set is closed.
type Verdict string

// The verdicts.
const (
	In      Verdict = "in"
	Out     Verdict = "out"
	Unknown Verdict = "unknown"
)

// A Reason is why. The set is closed: the catalogues say each in the reader's
// language under match.version.REASON, with {version} and {range}.
type Reason string

// The reasons.
const (
	ReasonAll       Reason = "all"        // in: the source means every version
	ReasonExact     Reason = "exact"      // in: it is the version that the source names
	ReasonBetween   Reason = "between"    // in: between the ends
	ReasonDiffers   Reason = "differs"    // out: the source names another version
	ReasonBefore    Reason = "before"     // out: older than the range
	ReasonAfter     Reason = "after"      // out: newer than the range
	ReasonBranch    Reason = "branch"     // out: a build of another release
	ReasonMissing   Reason = "missing"    // unknown: nobody says which version is installed
	ReasonUnread    Reason = "unread"     // unknown: what is installed is no version
	ReasonProse     Reason = "prose"      // unknown: the source's words say no range that can be computed
	ReasonShort     Reason = "short"      // unknown: "7.2" may be any of 7.2.0, 7.2.1 …
	ReasonOtherKind Reason = "other-kind" // unknown: a year is not compared with a build, nor one train with another
	ReasonNoRange   Reason = "no-range"   // unknown: the source names no version
)

// Reasons are all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonAll, ReasonExact, ReasonBetween, ReasonDiffers, ReasonBefore, ReasonAfter, ReasonBranch, ReasonMissing,
		ReasonUnread, ReasonProse, ReasonShort, ReasonOtherKind, ReasonNoRange,
	}
}

// A Version is one that is installed, read once to be asked of many ranges.
type Version struct {
	text    string
	generic generic
	read    bool // as a generic one
	semver  semver
	strict  bool   // it is one of semver too
	build   bool   // 10.0.19045.3803
	numbers bool   // it has numbers only
	train   string // of Cisco IOS
}

// Parse reads what an inventory says is installed. Every text can be asked: one
// that is no version, or an empty one, is Unknown in most ranges.
func Parse(installed string) Version {
	v := Version{text: strings.TrimSpace(installed)}
	if len(v.text) > maxLength {
		v.text = v.text[:maxLength]
	}
	v.generic, v.read = parseGeneric(v.text)
	v.semver, v.strict = parseSemver(v.text)
	v.build, v.numbers, v.train = windowsBuild(v.generic.tokens), allNumbers(v.generic.tokens), train(v.text)
	return v
}

// Ranges are a product's ranges, read once to be asked of many versions.
type Ranges []span

type span struct {
	advisory.Range
	scheme          Scheme
	all             bool
	open            bool // From is missing, or "0", which is how sources write an open end
	exact, from, to Version
	strict          bool // all ends follow the scheme
	readable        bool // or at least the generic one
}

// Compile reads ranges.
func Compile(ranges []advisory.Range) Ranges {
	all := make(Ranges, len(ranges))
	for i, r := range ranges {
		all[i] = compile(r)
	}
	return all
}

func compile(r advisory.Range) span {
	s := span{Range: r, scheme: SchemeOf(r.Scheme), all: !r.Unclear && r.Exact == "" && r.From == "" && r.To == ""}
	if s.all || r.Unclear {
		return s
	}
	s.Range = closedWildcards(r)
	s.open = strings.Trim(s.From, "0.") == ""
	s.strict, s.readable = true, true
	for _, end := range []struct {
		text string
		into *Version
	}{{s.Exact, &s.exact}, {s.From, &s.from}, {s.To, &s.to}} {
		if end.text == "" {
			continue
		}
		*end.into = Parse(end.text)
		s.readable = s.readable && end.into.read
		s.strict = s.strict && end.into.follows(s.scheme)
	}
	return s
}

// follows says that a version is one of a scheme.
func (v *Version) follows(scheme Scheme) bool {
	switch scheme {
	case Generic:
		return v.read
	case Semver:
		return v.strict
	case Git:
		return false
	case Deb, RPM, Python, Maven:
	}
	_, err := Compare(scheme, v.text, v.text)
	return err == nil
}

// compare orders two versions that follow the scheme.
func (v *Version) compare(scheme Scheme, w *Version) int {
	switch scheme {
	case Generic:
		return compareGeneric(v.generic, w.generic)
	case Semver:
		return compareSemver(v.semver, w.semver)
	case Deb, RPM, Python, Maven, Git:
	}
	c, _ := Compare(scheme, v.text, w.text)
	return c
}

// Any says whether a version lies in any of the ranges. No range at all means
// that the source names no version: that is Unknown, never Out.
func (ranges Ranges) Any(v *Version) (Verdict, Reason) {
	if len(ranges) == 0 {
		return Unknown, ReasonNoRange
	}
	best, why := Out, Reason("")
	for i := range ranges {
		switch verdict, reason := ranges[i].within(v); {
		case verdict == In:
			return In, reason
		case verdict == Unknown && best != Unknown, why == "":
			best, why = verdict, reason
		}
	}
	return best, why
}

// Any says whether an installed version lies in any of a product's ranges.
func Any(ranges []advisory.Range, installed string) (Verdict, Reason) {
	v := Parse(installed)
	return Compile(ranges).Any(&v)
}

// Within says whether a version lies in a range. Where the range or the version
// does not follow the range's scheme, as in half of what calls itself semver, it
// asks the generic order; where the answer would be a guess it is Unknown.
func Within(r advisory.Range, installed string) (Verdict, Reason) {
	v, s := Parse(installed), compile(r)
	return s.within(&v)
}

func (s *span) within(v *Version) (Verdict, Reason) {
	switch {
	case s.Unclear:
		return Unknown, ReasonProse
	case s.all:
		return In, ReasonAll
	case v.text == "":
		return Unknown, ReasonMissing
	case s.Exact != "" && strings.EqualFold(s.Exact, v.text):
		return In, ReasonExact
	case s.scheme == Git:
		return Unknown, ReasonOtherKind
	}
	scheme := s.scheme
	if !s.strict || !v.follows(scheme) {
		scheme = Generic
		switch {
		case !v.read:
			return Unknown, ReasonUnread
		case !s.readable:
			return Unknown, ReasonProse
		}
	}
	if s.Exact != "" {
		switch relate(scheme, v, &s.exact) {
		case same, sameOrAfter:
			return In, ReasonExact
		case before, after:
			return Out, ReasonDiffers
		case unlike:
			return Unknown, ReasonOtherKind
		case unsure:
			return Unknown, ReasonShort
		}
	}
	if s.To != "" && scheme == Generic && otherBranch(v, &s.to) {
		return Out, ReasonBranch
	}
	lower, why := s.aboveFrom(scheme, v)
	if lower == Out {
		return Out, why
	}
	upper, whyNot := s.belowTo(scheme, v)
	switch {
	case upper != In:
		return upper, whyNot
	case lower == Unknown:
		return Unknown, why
	}
	return In, ReasonBetween
}

func (s *span) aboveFrom(scheme Scheme, v *Version) (Verdict, Reason) {
	if s.open {
		return In, ReasonBetween
	}
	switch rel := relate(scheme, v, &s.from); {
	case rel == before, rel == same && s.FromOut:
		return Out, ReasonBefore
	case rel == unlike:
		return Unknown, ReasonOtherKind
	case rel == unsure, rel == sameOrAfter && s.FromOut:
		return Unknown, ReasonShort
	}
	return In, ReasonBetween
}

func (s *span) belowTo(scheme Scheme, v *Version) (Verdict, Reason) {
	if s.To == "" {
		return In, ReasonBetween
	}
	switch rel := relate(scheme, v, &s.to); {
	case rel == after, rel == same && !s.ToIn, rel == sameOrAfter && !s.ToIn:
		return Out, ReasonAfter
	case rel == unlike:
		return Unknown, ReasonOtherKind
	case rel == unsure, rel == sameOrAfter:
		return Unknown, ReasonShort
	}
	return In, ReasonBetween
}

// A relation is how an installed version stands to an end of a range.
type relation uint8

const (
	before relation = iota
	same
	after
	sameOrAfter // 7.2 beside 7.2.0
	unsure      // 7.2 beside 7.2.3
	unlike      // 2019 beside 10.0.17763.1
)

func relate(scheme Scheme, v, end *Version) relation {
	switch scheme {
	case Deb, RPM:
		// An inventory that leaves out the revision names any of them.
		if !strings.Contains(v.text, "-") && strings.Contains(end.text, "-") {
			stem := end.text[:strings.LastIndexByte(end.text, '-')]
			if c, err := Compare(scheme, v.text, stem); err == nil && c == 0 {
				return unsure
			}
		}
	case Semver, Generic:
		if scheme == Generic && !alike(v, end) {
			return unlike
		}
		if rel := short(v.generic.tokens, end.generic.tokens); rel != same {
			return rel
		}
	case Python, Maven, Git:
	}
	switch c := v.compare(scheme, end); {
	case c < 0:
		return before
	case c > 0:
		return after
	}
	return same
}

// short tells a version that leaves open what the end of the range states: it is
// unsure, or sameOrAfter where only zeros are missing; same where nothing is.
func short(version, end []token) relation {
	if len(version) >= len(end) || len(version) == 0 {
		return same
	}
	for i, t := range version {
		if t.number != end[i].number || t.number && compareNumber(t.text, end[i].text) != 0 || !t.number && t.text != end[i].text {
			return same
		}
	}
	rest := end[len(version):]
	switch {
	case !rest[0].number:
		// 1.0.2 is complete beside 1.0.2k, 8.0 is not beside 8.0 U3.
		if place(rest, 0) == placeWord && len(rest) > 1 && rest[1].number && version[len(version)-1].number {
			return unsure
		}
		return same
	case !version[len(version)-1].number:
		return same // 15.2(4)E is complete beside 15.2(4)E10
	}
	for _, t := range rest {
		if !t.zero() {
			return unsure
		}
	}
	return sameOrAfter
}

// alike holds vendors' ways of counting apart: a product's year is not its
// build, a named version is compared with its namesakes only, Cisco's trains
// (15.2(4)E, 15.2(4)M) run beside each other.
func alike(version, end *Version) bool {
	v, e := version.generic.tokens, end.generic.tokens
	if len(v) == 0 || len(e) == 0 {
		return false
	}
	a, b := v[0], e[0]
	if a.number != b.number || !a.number && a.text != b.text {
		return false
	}
	if a.number && year(a) != year(b) && !b.zero() {
		return false
	}
	if end.build && (len(v) < 3 || !version.numbers) && !samePrefix(v, e) {
		return false
	}
	return version.train == "" || end.train == "" || version.train == end.train
}

func year(t token) bool {
	return len(t.text) == 4 && (strings.HasPrefix(t.text, "19") && t.text >= "1990" || strings.HasPrefix(t.text, "20"))
}

// windowsBuild knows 10.0.19045.3803 and 6.1.7601.24231.
func windowsBuild(s []token) bool {
	if len(s) < 3 || !allNumbers(s) {
		return false
	}
	return s[0].text == "10" && s[1].text == "0" && len(s[2].text) == 5 ||
		s[0].text == "6" && s[1].text <= "3" && len(s[1].text) == 1 && len(s[2].text) == 4
}

// otherBranch says that both are builds of Windows, of different releases: the
// fix of 1809 (17763) says nothing of 22H2 (19045).
func otherBranch(v, end *Version) bool {
	return v.build && end.build && compareNumber(v.generic.tokens[2].text, end.generic.tokens[2].text) != 0
}

func allNumbers(s []token) bool {
	for _, t := range s {
		if !t.number {
			return false
		}
	}
	return true
}

func samePrefix(short, long []token) bool {
	for i, t := range short {
		if i >= len(long) || t != long[i] {
			return false
		}
	}
	return true
}

// train is the letters of a Cisco IOS version after its parenthesis: E of
// 15.2(4)E10, "" for everything else.
func train(s string) string {
	open := strings.IndexByte(s, '(')
	shut := strings.IndexByte(s, ')')
	if open < 3 || shut < open+2 || !isDigit(s[open-1]) || !isDigit(s[open+1]) {
		return ""
	}
	letters, _ := leading(s[shut+1:], isLetter)
	return strings.ToUpper(letters)
}
