package cvss_test

import (
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/cvss"
	"tocsin/internal/watch/intake/row"
)

func TestVectorsHaveTheScoresOfTheirSpecifications(t *testing.T) {
	for v, want := range map[string]cvss.Score{
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
		got, err := cvss.Read(v)
		if err != nil || got.Version != want.Version || got.Base != want.Base || got.Rating != want.Rating {
			t.Errorf("%s is %+v (%v), want %+v", v, got, err, want)
		}
		if again, err := cvss.Read(got.Vector); err != nil || again != got {
			t.Errorf("%s is read back as %+v (%v)", got.Vector, again, err)
		}
	}
	for _, v := range []string{
		"", "CVSS:3.1/", "CVSS:3.1/AV:N", "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "AV:N/AC:L", "9.8", strings.Repeat("A", 600),
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/XX:Y",
	} {
		if got, err := cvss.Read(v); err == nil {
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
				got, err := cvss.Read(text)
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

func FuzzRead(f *testing.F) {
	f.Add("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H")
	f.Add("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N")
	f.Add("AV:N/AC:L/Au:N/C:N/I:N/A:C")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := cvss.Read(s)
		if err != nil {
			return
		}
		if got.Base < 0 || got.Base > 10 || got.Rating == row.NoSeverity {
			t.Fatalf("%q is %+v", s, got)
		}
	})
}
