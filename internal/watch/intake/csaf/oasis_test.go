package csaf_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/csaf"
)

// The cases of the OASIS technical committee: each says by its number which test
// it breaks, or that it passes it, and whether it is valid as a whole.
func TestTheCasesOfOASISAgreeByTestNumber(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "csaf", "oasis_2.0", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ID       string `json:"id"`
		Group    string `json:"group"`
		File     string `json:"file"`
		Pass     bool   `json:"expect_pass"`
		Declared bool   `json:"declared_valid"`
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	// Cases where we do not say what the committee says, each with its reason.
	disagreements := map[string]string{
		"6.3.6": "it asks whether a stranger's address answers; nothing is fetched here",
		"6.3.7": "it asks whether the publisher's address answers; nothing is fetched here",
		"6.3.8": "it spells",
	}
	// What else a case breaks, by the words of the standard: its document is smaller
	// than its category allows, or its version breaks two tests at once.
	also := map[string][]string{
		"6.1.17":    {"6.1.18"}, // 0.9.5 in the history of a final document
		"6.1.27.1":  {"6.1.27.2"},
		"6.1.27.2":  {"6.1.27.1"},
		"6.1.27.3":  {"6.1.27.1", "6.1.27.2"},
		"6.1.27.4":  {"6.1.27.5", "6.1.27.6"},
		"6.1.27.5":  {"6.1.27.4", "6.1.27.6"},
		"6.1.27.6":  {"6.1.27.4", "6.1.27.5"},
		"6.1.27.7":  {"6.1.27.5", "6.1.27.8"},
		"6.1.27.8":  {"6.1.27.4", "6.1.27.5", "6.1.27.7"},
		"6.1.27.10": {"6.1.27.5"},
	}
	c := csaf.NewChecker()
	agreed, disagreed := map[string]int{}, 0
	for _, k := range cases {
		doc, err := os.ReadFile(filepath.Join(dir, "csaf", k.File))
		if err != nil {
			t.Fatal(err)
		}
		failures := csaf.Tests(c.Check(doc))
		if k.Declared != (len(failures) == 0) {
			t.Errorf("%s is valid: %v, but it breaks %v", k.File, k.Declared, failures)
		}
		if k.Group == "mandatory" {
			var rest []string
			for _, f := range failures {
				if f != k.ID && !slices.Contains(also[k.ID], f) {
					rest = append(rest, f)
				}
			}
			if len(rest) > 0 {
				t.Errorf("%s also breaks %v", k.File, rest)
			}
		} else {
			failures = csaf.Tests(c.Remarks(doc))
		}
		switch broken := slices.Contains(failures, k.ID); {
		case broken != k.Pass:
			agreed[k.Group]++
		case disagreements[k.ID] != "":
			disagreed++
		default:
			t.Errorf("%s: test %s is broken: %v, expected %v; broken are %v", k.File, k.ID, broken, !k.Pass, failures)
		}
	}
	t.Logf("%d cases: agreed %v, disagreed for a reason %d", len(cases), agreed, disagreed)
	if agreed["mandatory"] != 36 || agreed["optional"] != 15 || agreed["informative"]+disagreed != 11 {
		t.Error("that is not all")
	}
}

func TestRealDocumentsAreValid(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	c := csaf.NewChecker()
	n := 0
	for _, sub := range []string{"cisa/OT", "examples_2.0/csaf", "gocsaf/csaf-documents/valid"} {
		err := filepath.WalkDir(filepath.Join(dir, "csaf", sub), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
				return err
			}
			doc, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			n++
			if failures := c.Check(doc); len(failures) > 0 {
				t.Errorf("%s: %+v", path, failures)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n != 66 {
		t.Errorf("%d documents, want 45 of CISA, 19 examples and 2 of gocsaf", n)
	}
}
