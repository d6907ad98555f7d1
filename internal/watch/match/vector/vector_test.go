package vector_test

import (
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/internal/base/devdata"
	"tocsin/internal/base/i18n"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match/vector"
)

// TestVectorsHaveTheScoresOfTheirSpecifications: examples of FIRST's documents
// and of the NVD.
func TestVectorsHaveTheScoresOfTheirSpecifications(t *testing.T) {
	for v, want := range map[string]vector.Score{
		"AV:N/AC:L/Au:N/C:N/I:N/A:C":                                                {Version: "2.0", Base: 7.8, Rating: row.High},
		"(AV:N/AC:L/Au:N/C:C/I:C/A:C)":                                              {Version: "2.0", Base: 10, Rating: row.High},
		"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N":                              {Version: "3.0", Base: 6.1, Rating: row.Medium},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                              {Version: "3.1", Base: 9.8, Rating: row.Critical},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H":                              {Version: "3.1", Base: 10, Rating: row.Critical},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U":                {Version: "3.1", Base: 9.8, Rating: row.Critical},
		"CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L":                              {Version: "3.1", Base: 1.8, Rating: row.Low},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N":                              {Version: "3.1", Base: 0, Rating: row.Info},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H":           {Version: "4.0", Base: 10, Rating: row.Critical},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":           {Version: "4.0", Base: 9.3, Rating: row.Critical},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/MAV:P": {Version: "4.0", Base: 9.3, Rating: row.Critical},
	} {
		got, err := vector.Read(v)
		if err != nil || got.Version != want.Version || got.Base != want.Base || got.Rating != want.Rating {
			t.Errorf("%s is %+v (%v), want %+v", v, got, err, want)
		}
		if again, err := vector.Read(got.Vector); err != nil || again != got {
			t.Errorf("%s is read back as %+v (%v)", got.Vector, again, err)
		}
	}
	for _, v := range []string{
		"", "CVSS:3.1/", "CVSS:3.1/AV:N", "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "AV:N/AC:L", "9.8", strings.Repeat("A", 600),
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/XX:Y",
	} {
		if got, err := vector.Read(v); err == nil {
			t.Errorf("%q is read as %+v", v, got)
		}
	}
}

// TestTheSharedRecordsHaveTheScoresTheyState: each vector of the CVE records and
// CSAF documents of the development data gives the base score beside it. Three
// records of Fortinet's state another: its temporal score under the name of base.
func TestTheSharedRecordsHaveTheScoresTheyState(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	shown, others := 0, 0
	for _, folder := range []string{"vuln/cve5-vulnrichment", "csaf/cisa/OT"} {
		err := filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(folder)), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(file) != ".json" {
				return err
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			var any any
			if err := json.Unmarshal(raw, &any); err != nil {
				return err
			}
			walk(any, func(text string, score float64) {
				shown++
				got, err := vector.Read(text)
				switch filepath.Base(file) {
				case "CVE-2018-13382.json", "CVE-2022-42475.json", "CVE-2023-48788.json":
					if err == nil && got.Base != score {
						others++
						return
					}
				}
				if err != nil || math.Abs(got.Base-score) > 0.01 {
					t.Errorf("%s: %s states %.1f, we say %.1f (%v)", filepath.Base(file), text, score, got.Base, err)
				}
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if shown < 100 || others != 3 {
		t.Errorf("%d vectors, %d states another score", shown, others)
	}
	t.Logf("%d vectors", shown)
}

func walk(x any, yield func(string, float64)) {
	switch x := x.(type) {
	case []any:
		for _, y := range x {
			walk(y, yield)
		}
	case map[string]any:
		text, ok := x["vectorString"].(string)
		score, has := x["baseScore"].(float64)
		if ok && has {
			yield(text, score)
		}
		for _, y := range x {
			walk(y, yield)
		}
	}
}

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

func FuzzRead(f *testing.F) {
	f.Add("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H")
	f.Add("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N")
	f.Add("AV:N/AC:L/Au:N/C:N/I:N/A:C")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := vector.Read(s)
		if err != nil {
			return
		}
		if got.Base < 0 || got.Base > 10 || got.Rating == row.NoSeverity {
			t.Fatalf("%q is %+v", s, got)
		}
	})
}
