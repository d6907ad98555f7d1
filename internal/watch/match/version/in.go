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

// Any says whether a version lies in any of a product's ranges. No range at all
// means that the source names no version: that is Unknown, never Out.
func Any(ranges []advisory.Range, version string) (Verdict, Reason) {
	if len(ranges) == 0 {
		return Unknown, ReasonNoRange
	}
	best, why := Out, Reason("")
	for _, r := range ranges {
		switch v, reason := Within(r, version); {
		case v == In:
			return In, reason
		case v == Unknown && best != Unknown, why == "":
			best, why = v, reason
		}
	}
	return best, why
}

// Within says whether a version lies in a range. Where the range or the version
// does not follow the range's scheme, as in half of what calls itself semver, it
// asks the generic order; where the answer would be a guess it is Unknown.
func Within(r advisory.Range, version string) (Verdict, Reason) {
	version = strings.TrimSpace(version)
	switch {
	case r.Unclear:
		return Unknown, ReasonProse
	case r.Exact == "" && r.From == "" && r.To == "":
		return In, ReasonAll
	case version == "":
		return Unknown, ReasonMissing
	case strings.EqualFold(r.Exact, version):
		return In, ReasonExact
	}
	scheme := SchemeOf(r.Scheme)
	if scheme == Git {
		return Unknown, ReasonOtherKind
	}
	r = closedWildcards(r)
	if _, err := Compare(scheme, version, version); err != nil {
		scheme = Generic
		if _, ok := parseGeneric(version); !ok {
			return Unknown, ReasonUnread
		}
	}
	for _, end := range []string{r.Exact, r.From, r.To} {
		if end == "" {
			continue
		}
		if _, err := Compare(scheme, end, end); err != nil {
			scheme = Generic
			if _, ok := parseGeneric(end); !ok {
				return Unknown, ReasonProse
			}
		}
	}
	if r.Exact != "" {
		switch relate(scheme, version, r.Exact) {
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
	if r.To != "" && scheme == Generic && otherBranch(version, r.To) {
		return Out, ReasonBranch
	}
	lower, why := aboveFrom(scheme, r, version)
	if lower == Out {
		return Out, why
	}
	upper, whyNot := belowTo(scheme, r, version)
	switch {
	case upper == Out:
		return Out, whyNot
	case upper == Unknown:
		return Unknown, whyNot
	case lower == Unknown:
		return Unknown, why
	}
	return In, ReasonBetween
}

func aboveFrom(scheme Scheme, r advisory.Range, version string) (Verdict, Reason) {
	if r.From == "" || strings.Trim(r.From, "0.") == "" {
		return In, ReasonBetween // "0" is how sources write an open end
	}
	switch rel := relate(scheme, version, r.From); {
	case rel == before, rel == same && r.FromOut:
		return Out, ReasonBefore
	case rel == unlike:
		return Unknown, ReasonOtherKind
	case rel == unsure, rel == sameOrAfter && r.FromOut:
		return Unknown, ReasonShort
	}
	return In, ReasonBetween
}

func belowTo(scheme Scheme, r advisory.Range, version string) (Verdict, Reason) {
	if r.To == "" {
		return In, ReasonBetween
	}
	switch rel := relate(scheme, version, r.To); {
	case rel == after, rel == same && !r.ToIn, rel == sameOrAfter && !r.ToIn:
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

func relate(scheme Scheme, version, end string) relation {
	switch scheme {
	case Deb, RPM:
		// An inventory that leaves out the revision names any of them.
		if !strings.Contains(version, "-") && strings.Contains(end, "-") {
			stem := end[:strings.LastIndexByte(end, '-')]
			if c, err := Compare(scheme, version, stem); err == nil && c == 0 {
				return unsure
			}
		}
	case Semver, Generic:
		v, _ := parseGeneric(version)
		e, _ := parseGeneric(end)
		if scheme == Generic && !alike(v, e, version, end) {
			return unlike
		}
		if rel := short(v.tokens, e.tokens); rel != same {
			return rel
		}
	case Python, Maven, Git:
	}
	switch c, err := Compare(scheme, version, end); {
	case err != nil:
		return unlike
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
func alike(v, e generic, version, end string) bool {
	if len(v.tokens) == 0 || len(e.tokens) == 0 {
		return false
	}
	a, b := v.tokens[0], e.tokens[0]
	if a.number != b.number || !a.number && a.text != b.text {
		return false
	}
	if a.number && year(a) != year(b) && !b.zero() {
		return false
	}
	if windowsBuild(e.tokens) && (len(v.tokens) < 3 || !allNumbers(v.tokens)) && !samePrefix(v.tokens, e.tokens) {
		return false
	}
	x, y := train(version), train(end)
	return x == "" || y == "" || x == y
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
func otherBranch(version, end string) bool {
	v, _ := parseGeneric(version)
	e, _ := parseGeneric(end)
	return windowsBuild(v.tokens) && windowsBuild(e.tokens) && compareNumber(v.tokens[2].text, e.tokens[2].text) != 0
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
