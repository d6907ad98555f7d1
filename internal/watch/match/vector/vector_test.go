package vector_test

import (
	"testing"

	"pgregory.net/rapid"

	"tocsin/internal/base/i18n"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match/vector"
)

// TestVectorsHaveTheScoresOfTheirSpecifications: examples of FIRST's documents
// and of the NVD.
func policy(t testing.TB) *vector.Policy {
	t.Helper()
	p, err := vector.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestADecisionFollowsTheTree(t *testing.T) {
	for _, c := range []struct {
		name string
		in   vector.Input
		want vector.Decision
		is   row.Severity
		days int
	}{
		{"nothing known", vector.Input{}, vector.Track, row.Low, 90},
		{"grave, not exploited, at a normal place", vector.Input{CVSS: 9.8, Criticality: "normal", Exposure: "internal"}, vector.Track, row.High, 90},
		{"grave and in the open at a vital system", vector.Input{CVSS: 9.8, Criticality: "vital", Exposure: "public"}, vector.Attend, row.High, 15},
		{"exploited, at an important system in the open", vector.Input{KEV: true, CVSS: 9.8, Criticality: "important", Exposure: "public"}, vector.Act, row.Critical, 7},
		{"exploited, without a score, nothing known of the place", vector.Input{KEV: true}, vector.Attend, row.High, 14},
		{"exploited with little effect at a normal place", vector.Input{KEV: true, Automatable: "no", Impact: "partial", Criticality: "normal", Exposure: "internal"}, vector.Track, row.Low, 14},
		{"the same with ransomware", vector.Input{KEV: true, Ransomware: true, Automatable: "no", Impact: "partial", Criticality: "normal", Exposure: "internal"}, vector.TrackStar, row.Medium, 14},
		{"public code, total, important", vector.Input{Exploitation: "poc", Automatable: "no", Impact: "total", Criticality: "important"}, vector.TrackStar, row.Medium, 30},
		{"likely by EPSS is as public code", vector.Input{EPSS: 0.5, Automatable: "no", Impact: "total", Criticality: "important"}, vector.TrackStar, row.Medium, 30},
		{"active, automatable, total, vital", vector.Input{Exploitation: "active", Automatable: "yes", Impact: "total", Criticality: "vital"}, vector.Act, row.Critical, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := policy(t).Decide(c.in)
			if got.Decision != c.want || got.Severity != c.is || got.Days != c.days {
				t.Errorf("got %+v, want %s, %s, %d days", got, c.want, c.is, c.days)
			}
			if len(got.Reasons) < 4 {
				t.Errorf("only %v for reasons", got.Reasons)
			}
		})
	}
}

// TestWhatIsWorseIsNeverMilder draws two inputs of which one is at least as bad
// in each respect.
func TestWhatIsWorseIsNeverMilder(t *testing.T) {
	p := policy(t)
	rank := map[vector.Decision]int{}
	for i, d := range vector.Decisions() {
		rank[d] = i
	}
	rapid.Check(t, func(t *rapid.T) {
		var mild, bad vector.Input
		word := func(name string, words ...string) (string, string) {
			i := rapid.IntRange(0, len(words)-1).Draw(t, name)
			return words[i], words[rapid.IntRange(i, len(words)-1).Draw(t, name+" worse")]
		}
		flag := func(name string) (bool, bool) {
			is := rapid.Bool().Draw(t, name)
			return is, is || rapid.Bool().Draw(t, name+" worse")
		}
		number := func(name string, from, to float64) (float64, float64) {
			x := rapid.Float64Range(from, to).Draw(t, name)
			return x, rapid.Float64Range(x, to).Draw(t, name+" worse")
		}
		mild.KEV, bad.KEV = flag("kev")
		mild.Ransomware, bad.Ransomware = flag("ransomware")
		mild.EPSS, bad.EPSS = number("epss", 0, 1)
		mild.CVSS, bad.CVSS = number("cvss", 0.1, 10)
		mild.Exploitation, bad.Exploitation = word("exploitation", "", "none", "poc", "active")
		if rapid.Bool().Draw(t, "stated") {
			mild.Automatable, bad.Automatable = word("automatable", "no", "yes")
			mild.Impact, bad.Impact = word("impact", "partial", "total")
		}
		mild.Exposure, bad.Exposure = word("exposure", "internal", "", "public")
		mild.Criticality, bad.Criticality = word("criticality", "normal", "", "important", "vital")
		a, b := p.Decide(mild), p.Decide(bad)
		if rank[b.Decision] < rank[a.Decision] || b.Severity < a.Severity || b.Days > a.Days {
			t.Fatalf("%+v gives %+v, the worse %+v gives %+v", mild, a, bad, b)
		}
	})
}

func TestAPolicyWithAGapIsRefused(t *testing.T) {
	for _, raw := range []string{"", "{}", `{"tree":[{"exploitation":"none","automatable":"no","impact":"partial","mission":"low","decision":"track"}],"severity":{"track":"low"},"days":{"track":1}}`} {
		if _, err := vector.NewPolicy([]byte(raw)); err == nil {
			t.Errorf("%q is taken", raw)
		}
	}
}

func TestEveryReasonIsSaidInBothLanguages(t *testing.T) {
	b := i18n.New()
	if err := b.Add(vector.Texts); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, r := range vector.Reasons() {
		keys = append(keys, string(r))
	}
	for _, d := range vector.Decisions() {
		keys = append(keys, d.Key())
	}
	for _, lang := range []string{"vi", "en"} {
		for _, key := range keys {
			if text := b.In(lang).T(key, "epss", "0.5", "cvss", "9.8"); text == "" || text == key {
				t.Errorf("%s lacks %s", lang, key)
			}
		}
	}
}
