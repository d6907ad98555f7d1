package version_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/internal/base/devdata"
	"tocsin/internal/base/i18n"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/match/version"
)

// orders are versions in ascending order; "=" glues those that are the same.
func orders() map[version.Scheme][]string {
	return map[version.Scheme][]string{
		// semver.org 2.0.0 §11.
		version.Semver: {
			"1.0.0-0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
			"1.0.0-rc.1", "1.0.0=v1.0.0=1.0=1=1.0.0+build.5=go1.0.0", "1.0.1", "2.0.0", "2.1.0", "2.1.1", "10.0.0",
			"99999999999999999999.0.0",
		},
		// deb-version(7) and dpkg's own tests.
		version.Deb: {
			"0.9", "1.0~~", "1.0~~a", "1.0~", "1.0~beta1~svn1245", "1.0~beta1", "1.0=0:1.0=1.00=1.0-0", "1.0-0ubuntu1", "1.0-1~bpo1",
			"1.0-1", "1.0-1+deb12u1", "1.0-1+deb12u10", "1.0a", "1.0a-1", "1.0+git1", "1.0.1", "1.2", "1.10", "1.10.0", "3", "1:0.1", "1:1.0", "2:0",
		},
		// rpm-version(7) and rpm's tests/rpmvercmp.at.
		version.RPM: {
			"1.0~rc1~git123", "1.0~rc1", "1.0~rc1^git1", "1.0=0:1.0=1_0=1.00", "1.0-1", "1.0-1.el9", "1.0-1.el9_2", "1.0-2.el9", "1.0-10.el9", "1.0^",
			"1.0^git1~pre", "1.0^git1", "1.0^git2", "1.0a", "1.0.1", "1.0.10", "2a", "2.0", "2.0.1", "2.0.1a", "5.5p1", "5.5p2", "5.5p10", "10xyz", "10.1xyz", "1:0.1",
		},
		// PEP 440, "Summary of permitted suffixes and relative ordering".
		version.Python: {
			"0.9", "1.0.dev1=1.0.DEV1=v1.0-dev1", "1.0a1.dev1", "1.0a1=1.0alpha1=1.0.a.1=1.0-A1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2",
			"1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1=1.0c1=1.0pre1=1.0-preview1", "1.0=1.0.0=1", "1.0+abc.5", "1.0+abc.7", "1.0+5",
			"1.0.post456.dev34", "1.0.post456=1.0-456=1.0.rev456=1.0-r456", "1.0.15", "1.1.dev1", "1.1", "2012.4", "1!1.0",
		},
		// POM reference, "Version Order Specification", and Maven's own tests.
		version.Maven: {
			"1-alpha2snapshot", "1-alpha2", "1-alpha-123=1-a123", "1-beta-2=1b2", "1-beta123", "1-m2=1-milestone-2", "1-m11", "1-rc=1-cr", "1-cr2=1-rc2", "1-rc123", "1-SNAPSHOT",
			"1=1.0=1-ga=1.0.0-final=1-release=1.0-0", "1-sp", "1-sp2", "1-abc", "1-foo2", "1-foo10", "1-1=1.0-1", "1-2", "1.1", "1.1.1", "1.2", "1.10", "2.0.1", "2.0.1-xyz", "2.0.1-123", "2.0.2",
		},
		version.Generic: {
			"1.0.2-alpha1", "1.0.2-beta1", "1.0.2-rc1", "1.0.2=1.0.2.0=v1.0.2=phiên bản 1.0.2=1-0-2", "1.0.2a", "1.0.2k", "1.0.2z", "1.0.2za", "1.0.2.1", "1.0.3",
			"7.0.1", "7.0.14=7.0.14 build 0=FW v7.0.14", "7.0.15", "7.2.0",
			"8.0", "8.0 SP2=8.0 Service Pack 2", "8.0 SP2 Patch 1", "8.0 U3", "8.0 U3b=8.0 Update 3b", "8u231=1.8.0_231", "8u1000",
			"9", "10.0.17763.1999", "10.0.19045.3803", "11.0.4", "12.2.1.3.0", "12.2.1.4.0=12.2.1.4", "12.2.1.4.220105",
			"15.2(4)E", "15.2(4)E9", "15.2(4)E10", "15.2(5)E", "15.2.1118.40", "16.12.4", "16.12.4a", "17.3.1", "20.4R2-S9", "20.4R3", "20.4R3-S5", "20.4R3-S10", "21.1R1",
			"2012", "2012 R2", "2016 CU23", "2019 CU9", "2019 CU13", "2019 CU14",
		},
	}
}

func TestEachSchemeHasTheOrderOfItsSpecification(t *testing.T) {
	for scheme, order := range orders() {
		for i, a := range order {
			for j, b := range order {
				for x := range strings.SplitSeq(a, "=") {
					for y := range strings.SplitSeq(b, "=") {
						got, err := version.Compare(scheme, x, y)
						if err != nil {
							t.Errorf("%s: %v", scheme, err)
						} else if sign(got) != sign(i-j) {
							t.Errorf("%s: %q beside %q is %d, want %d", scheme, x, y, sign(got), sign(i-j))
						}
					}
				}
			}
		}
	}
}

func TestWhatIsNoVersionIsAnError(t *testing.T) {
	for scheme, texts := range map[version.Scheme][]string{
		version.Semver: {"", "1.2.3.4", "1.05", "a", "1.0.0-", "1.0.0-01", "1.0.0+", "1..2"},
		version.Deb:    {"", "abc", "a:1", "1.0-", "1 2", ":1"}, version.RPM: {"", "abc", "x:1", "1 2", "-1"},
		version.Python: {"", "abc", "1.0x", "1.0+", "1..0", "1.0-"}, version.Maven: {"", "abc", "1/2"},
		version.Generic: {"", "n/a", "mới nhất", "unspecified", "< 2.0", "*", "1, 2", "https://example.org/1", strings.Repeat("1", 300)},
		version.Git:     {"", "abc"},
	} {
		for _, s := range texts {
			if _, err := version.Compare(scheme, s, "1"); err == nil {
				t.Errorf("%s takes %q", scheme, s)
			}
		}
	}
}

// TestRPMHasTheAnswersOfRPM holds vectors of rpm's tests/rpmvercmp.at.
func TestRPMHasTheAnswersOfRPM(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1.0", "1.0", 0},
		{"1.0", "2.0", -1},
		{"2.0.1", "2.0.1", 0},
		{"2.0", "2.0.1", -1},
		{"2.0.1a", "2.0.1", 1},
		{"5.5p1", "5.5p2", -1},
		{"5.5p10", "5.5p1", 1},
		{"10xyz", "10.1xyz", -1},
		{"xyz10", "xyz10.1", -1},
		{"xyz.4", "8", -1},
		{"xyz.4", "2", -1},
		{"5.5p2", "5.6p1", -1},
		{"5.6p1", "6.5p1", -1},
		{"6.0.rc1", "6.0", 1},
		{"10b2", "10a1", 1},
		{"1.0aa", "1.0a", 1},
		{"10.0001", "10.1", 0},
		{"10.0001", "10.0039", -1},
		{"4.999.9", "5.0", -1},
		{"20101121", "20101122", -1},
		{"2_0", "2.0", 0},
		{"1.0~rc1", "1.0", -1},
		{"1.0~rc1", "1.0~rc2", -1},
		{"1.0~rc1~git123", "1.0~rc1", -1},
		{"1.0^", "1.0", 1},
		{"1.0^git1", "1.0^git2", -1},
		{"1.0^git1", "1.01", -1},
		{"1.0^20160101", "1.0.1", -1},
		{"1.0^20160101^git1", "1.0^20160102", -1},
		{"1.0~rc1^git1", "1.0~rc1", 1},
		{"1.0^git1~pre", "1.0^git1", -1},
		{"1.0^git1", "1.0~rc1", 1},
	} {
		got, err := version.Compare(version.RPM, c.a, c.b)
		back, _ := version.Compare(version.RPM, c.b, c.a)
		if err != nil || sign(got) != c.want || sign(back) != -c.want {
			t.Errorf("%s beside %s is %d and %d (%v), want %d", c.a, c.b, sign(got), sign(back), err, c.want)
		}
	}
}

// text draws what looks like a version, often enough one of the scheme.
func text(scheme version.Scheme) *rapid.Generator[string] {
	var seeds []string
	for _, s := range orders()[scheme] {
		seeds = append(seeds, strings.Split(s, "=")...)
	}
	parts := []string{"0", "1", "2", "10", "00", ".", "-", "~", "^", "a", "b", "rc", "sp", "alpha", "k", "r", "p", "dev", "post", "+", ":", "_", "(", ")", "final", " u", "e"}
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "seed") {
			s := rapid.SampledFrom(seeds).Draw(t, "from")
			if rapid.Bool().Draw(t, "whole") {
				return s
			}
			return s + rapid.SampledFrom(parts).Draw(t, "tail")
		}
		return "1" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 6).Draw(t, "parts"), "")
	})
}

func TestEachOrderIsTotal(t *testing.T) {
	for _, scheme := range version.Schemes() {
		if scheme == version.Git {
			continue
		}
		t.Run(string(scheme), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				g := text(scheme)
				a, b, c := g.Draw(t, "a"), g.Draw(t, "b"), g.Draw(t, "c")
				ab, err1 := version.Compare(scheme, a, b)
				bc, err2 := version.Compare(scheme, b, c)
				if err1 != nil || err2 != nil {
					return
				}
				ba, _ := version.Compare(scheme, b, a)
				ac, _ := version.Compare(scheme, a, c)
				if sign(ab) != -sign(ba) {
					t.Fatalf("%q beside %q is %d, the other way %d", a, b, ab, ba)
				}
				if ab <= 0 && bc <= 0 && (ac > 0 || (ab < 0 || bc < 0) && ac == 0) {
					t.Fatalf("%q, %q, %q: %d, %d but %d", a, b, c, ab, bc, ac)
				}
				if aa, _ := version.Compare(scheme, a, a); aa != 0 {
					t.Fatalf("%q beside itself is %d", a, aa)
				}
			})
		})
	}
}

// TestNumbersHaveOneOrderInEveryScheme: for dotted numbers each order is that of
// the slices of integers.
func TestNumbersHaveOneOrderInEveryScheme(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SliceOfN(rapid.IntRange(0, 120), 3, 3)
		a, b := g.Draw(t, "a"), g.Draw(t, "b")
		for _, scheme := range []version.Scheme{version.Semver, version.Deb, version.RPM, version.Python, version.Maven, version.Generic} {
			got, err := version.Compare(scheme, dotted(a), dotted(b))
			if err != nil || sign(got) != slices.Compare(a, b) {
				t.Fatalf("%s: %v beside %v is %d (%v)", scheme, a, b, got, err)
			}
		}
	})
}

// TestDebHasTheAnswersOfANaiveTwin compares with keys that are built whole.
func TestDebHasTheAnswersOfANaiveTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.StringMatching(`[0-9][0-9a-cA-B.+~]{0,8}`)
		a, b := g.Draw(t, "a"), g.Draw(t, "b")
		got, err := version.Compare(version.Deb, a, b)
		if err != nil {
			t.Fatal(err)
		}
		if want := slices.Compare(debKey(a), debKey(b)); sign(got) != want {
			t.Fatalf("%q beside %q is %d, the twin says %d", a, b, got, want)
		}
	})
}

// debKey: each non-digit as its weight, closed by 0; each number as its value.
func debKey(s string) []int {
	var key []int
	for s != "" {
		for s != "" && (s[0] < '0' || s[0] > '9') {
			switch c := s[0]; {
			case c == '~':
				key = append(key, -1)
			case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
				key = append(key, int(c))
			default:
				key = append(key, int(c)+256)
			}
			s = s[1:]
		}
		key = append(key, 0)
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		value, _ := strconv.Atoi("0" + s[:n])
		key, s = append(key, value), s[n:]
	}
	return append(key, 0, 0)
}

func TestSortingShuffledVersionsRestoresTheirOrder(t *testing.T) {
	for scheme, order := range orders() {
		shuffled := slices.Clone(order)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		slices.SortFunc(shuffled, func(a, b string) int {
			a, _, _ = strings.Cut(a, "=")
			b, _, _ = strings.Cut(b, "=")
			c, _ := version.Compare(scheme, a, b)
			return c
		})
		if !slices.Equal(shuffled, order) {
			t.Errorf("%s: %q", scheme, shuffled)
		}
	}
}

func TestAVersionIsInARangeOrOutOrWeDoNotKnow(t *testing.T) {
	upTo := func(to string) advisory.Range { return advisory.Range{To: to} }
	between := func(from, to string) advisory.Range { return advisory.Range{From: from, To: to} }
	for _, c := range []struct {
		name    string
		r       advisory.Range
		version string
		want    version.Verdict
		why     version.Reason
	}{
		{"every version", advisory.Range{}, "", version.In, version.ReasonAll},
		{"no version is stated", upTo("2.0"), "", version.Unknown, version.ReasonMissing},
		{"inside", between("7.0.0", "7.0.15"), "7.0.14", version.In, version.ReasonBetween},
		{"the fixed one is out", between("7.0.0", "7.0.14"), "7.0.14", version.Out, version.ReasonAfter},
		{"the last one is in where the end counts", advisory.Range{From: "7.0.0", To: "7.0.14", ToIn: true}, "7.0.14", version.In, version.ReasonBetween},
		{"older", between("7.0.0", "7.0.14"), "6.4.9", version.Out, version.ReasonBefore},
		{"the start does not count", advisory.Range{From: "7.0.1", FromOut: true}, "7.0.1", version.Out, version.ReasonBefore},
		{"a zero start is open", between("0", "10.0.17763.1999"), "10.0.17763.100", version.In, version.ReasonBetween},
		{"two numbers where three are asked", between("7.2.0", "7.2.3"), "7.2", version.Unknown, version.ReasonShort},
		{"two numbers below all", between("0", "7.2.3"), "7.1", version.In, version.ReasonBetween},
		{"only zeros are missing: still not older", between("7.2.0", "8.0.0"), "7.2", version.In, version.ReasonBetween},
		{"only zeros are missing: still not fixed", upTo("7.2.0"), "7.2", version.Out, version.ReasonAfter},
		{"a letter makes no detail", upTo("1.0.2k"), "1.0.2", version.In, version.ReasonBetween},
		{"an update does", advisory.Range{From: "8.0", To: "8.0 U3b"}, "8.0", version.Unknown, version.ReasonShort},
		{"an update before the fix", advisory.Range{From: "8.0", To: "8.0 U3b"}, "8.0 U2", version.In, version.ReasonBetween},
		{"a year beside a build", between("10.0.0", "10.0.17763.1999"), "2019", version.Unknown, version.ReasonOtherKind},
		{"a name beside a build", between("10.0.0", "10.0.22631.3155"), "22H2", version.Unknown, version.ReasonOtherKind},
		{"10 beside a build", between("10.0.0", "10.0.17763.1999"), "10", version.Unknown, version.ReasonShort},
		{"a build of the release", between("10.0.0", "10.0.19045.4046"), "10.0.19045.3803", version.In, version.ReasonBetween},
		{"a build of another release", between("10.0.0", "10.0.19045.4046"), "10.0.17763.6000", version.Out, version.ReasonBranch},
		{"a train of Cisco", upTo("15.2(7)E5"), "15.2(4)E10", version.In, version.ReasonBetween},
		{"another train", upTo("15.2(7)E5"), "15.2(4)M3", version.Unknown, version.ReasonOtherKind},
		{"JunOS", upTo("20.4R3-S5"), "20.4R3-S4", version.In, version.ReasonBetween},
		{"JunOS with the fix", upTo("20.4R3-S5"), "20.4R3-S5.4", version.Out, version.ReasonAfter},
		{"exactly", advisory.Range{Exact: "12.2.1.4.0"}, "12.2.1.4.0", version.In, version.ReasonExact},
		{"exactly, without its zero", advisory.Range{Exact: "12.2.1.4.0"}, "12.2.1.4", version.In, version.ReasonExact},
		{"another", advisory.Range{Exact: "12.2.1.4.0"}, "12.2.1.3.0", version.Out, version.ReasonDiffers},
		{"less than exactly", advisory.Range{Exact: "12.2.1.4.1"}, "12.2.1", version.Unknown, version.ReasonShort},
		{"a wildcard", advisory.Range{Exact: "5.x"}, "5.4.2", version.In, version.ReasonBetween},
		{"beside a wildcard", advisory.Range{Exact: "5.x"}, "6.0", version.Out, version.ReasonAfter},
		{"a wildcard as the end", advisory.Range{From: "5.10.227", To: "5.10.*", ToIn: true}, "5.10.230", version.In, version.ReasonBetween},
		{"after a wildcard as the end", advisory.Range{From: "5.10.227", To: "5.10.*", ToIn: true}, "5.11.1", version.Out, version.ReasonAfter},
		{"words that compute", advisory.NewGrammar().Ranges("All versions prior to version 4.4.1")[0], "4.4.0", version.In, version.ReasonBetween},
		{"words that compute, out", advisory.NewGrammar().Ranges("<= 6.5")[0], "7.0", version.Out, version.ReasonAfter},
		{"words that do not", advisory.Range{Text: "7.0 prior to 7.0 U3d and others", Unclear: true}, "7.0", version.Unknown, version.ReasonProse},
		{"not a version", advisory.Range{Exact: "n/a"}, "5.7.20", version.Unknown, version.ReasonProse},
		{"an address as the end", between("16.0.1", "https://aka.ms/OfficeSecurityReleases"), "16.0.5", version.Unknown, version.ReasonProse},
		{"what is installed is no version", upTo("2.0"), "mới nhất", version.Unknown, version.ReasonUnread},
		{"semver that is none", advisory.Range{Scheme: "semver", To: "23.3.36.1"}, "23.3.36", version.Unknown, version.ReasonShort},
		{"a commit", advisory.Range{Scheme: "git", From: "abc", To: "def"}, "5.10", version.Unknown, version.ReasonOtherKind},
		{"an rpm without its release", advisory.Range{Scheme: "rpm", To: "1.24.4-10.el8"}, "1.24.4", version.Unknown, version.ReasonShort},
		{"an rpm", advisory.Range{Scheme: "rpm", To: "0:1.24.4-10.el8"}, "1.24.4-9.el8", version.In, version.ReasonBetween},
		{"a deb", advisory.Range{Scheme: "Debian:12", To: "1.2.3-1+deb12u2"}, "1.2.3-1+deb12u1", version.In, version.ReasonBetween},
		{"python", advisory.Range{Scheme: "PyPI", From: "1.0a0", To: "1.0a4"}, "1.0a3", version.In, version.ReasonBetween},
		{"Java old and new", upTo("8u321"), "1.8.0_231", version.In, version.ReasonBetween},
		{"a named version beside its namesake", advisory.Range{Exact: "SMR Jul-2023 Release 1"}, "3.1", version.Unknown, version.ReasonOtherKind},
		{"the very words", advisory.Range{Exact: "SMR Jul-2023 Release 1"}, "smr jul-2023 release 1", version.In, version.ReasonExact},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, why := version.Within(c.r, c.version)
			if got != c.want || why != c.why {
				t.Errorf("got %s (%s), want %s (%s)", got, why, c.want, c.why)
			}
		})
	}
}

func TestManyRangesTakeTheBestAnswer(t *testing.T) {
	ranges := []advisory.Range{{From: "7.0.0", To: "7.0.8"}, {Text: "some others", Unclear: true}, {From: "6.0.0", To: "6.0.9"}}
	for v, want := range map[string]version.Verdict{"6.0.1": version.In, "5.0": version.Unknown, "": version.Unknown} {
		if got, why := version.Any(ranges, v); got != want {
			t.Errorf("%q is %s (%s), want %s", v, got, why, want)
		}
	}
	if got, why := version.Any(nil, "1"); got != version.Unknown || why != version.ReasonNoRange {
		t.Errorf("no range is %s (%s)", got, why)
	}
}

func TestEveryReasonIsSaidInBothLanguages(t *testing.T) {
	b := i18n.New()
	if err := b.Add(version.Texts); err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"vi", "en"} {
		for _, r := range version.Reasons() {
			key := "match.version." + string(r)
			if text := b.In(lang).T(key, "version", "1", "range", "2"); text == "" || text == key {
				t.Errorf("%s lacks %s", lang, key)
			}
		}
	}
}

type osvRecord struct {
	ID       string
	Affected []struct {
		Package struct{ Ecosystem string }
		Ranges  []struct {
			Type   string
			Events []map[string]string
		}
	}
}

// TestNoRangeOfOSVIsUpsideDown: what introduced a weakness comes before what
// fixed it, the fixed version is out and the introducing one is in.
func TestNoRangeOfOSVIsUpsideDown(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	files, _ := filepath.Glob(filepath.Join(dir, "vuln", "osv-go", "*.json"))
	ranged := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var record osvRecord
		if json.Unmarshal(raw, &record) != nil {
			continue
		}
		for _, a := range record.Affected {
			for _, r := range a.Ranges {
				if r.Type == "GIT" {
					continue
				}
				word := strings.ToLower(r.Type)
				if r.Type == "ECOSYSTEM" {
					word = a.Package.Ecosystem
				}
				var open advisory.Range
				for _, e := range r.Events {
					switch {
					case e["introduced"] != "":
						open = advisory.Range{Scheme: word, From: e["introduced"]}
					case e["fixed"] != "":
						open.To = e["fixed"]
						ranged++
						if c, err := version.Compare(version.SchemeOf(word), open.From, open.To); err != nil || c >= 0 && open.From != "0" {
							t.Errorf("%s: %s of %s to %s is %d (%v)", record.ID, word, open.From, open.To, c, err)
						}
						if got, why := version.Within(open, open.To); got != version.Out {
							t.Errorf("%s: the fixed %s is %s (%s)", record.ID, open.To, got, why)
						}
						if got, why := version.Within(open, open.From); got != version.In && open.From != "0" {
							t.Errorf("%s: the introducing %s is %s (%s)", record.ID, open.From, got, why)
						}
					}
				}
			}
		}
	}
	if ranged == 0 {
		t.Error("no range was read: nothing was shown")
	}
	t.Logf("%d ranges", ranged)
}

func FuzzCompare(f *testing.F) {
	for scheme, order := range orders() {
		for i := range order[1:] {
			f.Add(string(scheme), order[i], order[i+1])
		}
	}
	f.Fuzz(func(t *testing.T, scheme, a, b string) {
		s := version.SchemeOf(scheme)
		ab, err := version.Compare(s, a, b)
		ba, back := version.Compare(s, b, a)
		if (err == nil) != (back == nil) || sign(ab) != -sign(ba) {
			t.Fatalf("%s: %q beside %q is %d (%v), the other way %d (%v)", s, a, b, ab, err, ba, back)
		}
	})
}

func FuzzWithin(f *testing.F) {
	f.Add("semver", "", "1.0", "2.0", "1.5")
	f.Add("", "5.x", "", "", "5.4")
	f.Fuzz(func(t *testing.T, scheme, exact, from, to, installed string) {
		r := advisory.Range{Scheme: scheme, Exact: exact, From: from, To: to}
		got, why := version.Within(r, installed)
		if !slices.Contains(version.Reasons(), why) {
			t.Fatalf("%s for reason %q", got, why)
		}
	})
}

func sign(n int) int { return min(1, max(-1, n)) }

func dotted(n []int) string {
	parts := make([]string, len(n))
	for i, x := range n {
		parts[i] = strconv.Itoa(x)
	}
	return strings.Join(parts, ".")
}
