package product_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/csaf"
	"tocsin/internal/watch/intake/cve"
	"tocsin/internal/watch/intake/kev"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match/product"
)

// The labelled set: 60 lines of software as the officials of a city type them,
// 100 advisories of the development data, and for each pair that is not "no" what
// a person said who read both. labels.csv says yes (the version is known to be
// affected) or possible.

func table(t *testing.T, name string) []map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "labelled", name))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, column := range rows[0] {
			m[column] = r[i]
		}
		all = append(all, m)
	}
	return all
}

func parse(t *testing.T, p row.Parser, file string, found map[string]*advisory.Advisory, prefix string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Parse(context.Background(), bytes.NewReader(raw), 0, func(r *row.Row, bad *row.Bad) error {
		if bad != nil {
			t.Fatalf("%s: %+v", file, bad)
		}
		a := *r.Advisory
		found[prefix+strings.ToUpper(a.ID)] = &a
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

type score struct{ found, missed, wrong, word int }

func (s score) String() string {
	return fmt.Sprintf("precision %.3f, recall %.3f, word right %.3f (%d found rightly, %d missed, %d wrongly)",
		ratio(s.found, s.found+s.wrong), ratio(s.found, s.found+s.missed), ratio(s.word, s.found), s.found, s.missed, s.wrong)
}

func ratio(a, b int) float64 { return float64(a) / float64(max(b, 1)) }

func TestTheLabelledSet(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	advisories := map[string]*advisory.Advisory{}
	parse(t, kev.Parser{}, filepath.Join(dir, "vuln", "kev", "kev_2025-01-27.json"), advisories, "kev:")
	files, _ := filepath.Glob(filepath.Join(dir, "vuln", "cve5-vulnrichment", "*.json"))
	for _, file := range files {
		parse(t, cve.New(), file, advisories, "cve:")
	}
	listed := table(t, "advisories.csv")
	for _, r := range listed {
		if id := r["advisory"]; strings.HasPrefix(id, "csaf:") {
			parse(t, csaf.New(), filepath.Join(dir, filepath.FromSlash(r["file"])), advisories, "csaf:")
		}
	}
	var software []product.Software
	for _, r := range table(t, "software.csv") {
		software = append(software, product.Software{Vendor: r["vendor"], Product: r["product"], Version: r["version"]})
	}
	labels := map[string]string{}
	for _, r := range table(t, "labels.csv") {
		if advisories[r["advisory"]] == nil {
			t.Fatalf("there is no %s", r["advisory"])
		}
		labels[r["line"]+" "+r["advisory"]] = r["label"]
	}
	if len(software) != 60 || len(listed) != 100 {
		t.Fatalf("%d lines and %d advisories", len(software), len(listed))
	}
	known, err := product.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	var after score
	answers := product.Aliases{Answers: []product.Answer{
		{Vendor: "DLink", Product: "DIR-605L", AdvisoryVendor: "D-Link", AdvisoryName: "DIR-605 Router", Same: true},
		{Vendor: "DrayTek", Product: "Vigor 3910", AdvisoryVendor: "DrayTek", AdvisoryName: "Multiple Vigor Routers"},
	}}
	for _, round := range []struct {
		name    string
		aliases []product.Aliases
	}{
		{"Without aliases", nil},
		{"With the aliases that come with the program", []product.Aliases{known}},
		{"And with two answers of an analyst", []product.Aliases{known, answers}},
	} {
		lexicon, err := product.NewLexicon(round.aliases...)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range advisories {
			lexicon.Observe(a)
		}
		s, errors := measure(product.NewIndex(lexicon, software), software, listed, advisories, labels)
		fmt.Fprintf(&report, "## %s\n\n%s\n\n", round.name, s)
		for _, e := range errors {
			report.WriteString(e + "\n")
		}
		report.WriteString("\n")
		t.Logf("%s: %s", round.name, s)
		after = s
	}
	golden := filepath.Join("testdata", "labelled", "errors.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(report.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if report.String() != string(want) {
		t.Errorf("the errors are others than errors.golden says (UPDATE_GOLDEN=1 writes it):\n%s", report.String())
	}
	if p, r := ratio(after.found, after.found+after.wrong), ratio(after.found, after.found+after.missed); p < 0.95 || r < 0.95 {
		t.Errorf("precision %.3f and recall %.3f: both have to be 0.95 with aliases", p, r)
	}
}

func measure(x *product.Index, software []product.Software, listed []map[string]string, advisories map[string]*advisory.Advisory, labels map[string]string) (score, []string) {
	var s score
	var errors []string
	for _, r := range listed {
		id := r["advisory"]
		got := map[int32]product.Verdict{}
		for _, hit := range x.Match(advisories[id]) {
			for _, line := range hit.Lines {
				got[line] = hit.Verdict
			}
		}
		for i, one := range software {
			label := labels[strconv.Itoa(i+1)+" "+id]
			v, found := got[int32(i)]
			name := fmt.Sprintf("%d %q %s × %s %s", i+1, strings.TrimSpace(one.Vendor+" "+one.Product), one.Version, id, names(advisories[id]))
			switch {
			case found && label == "":
				s.wrong++
				errors = append(errors, fmt.Sprintf("- wrongly %s: %s %v", v.Probability, name, v.Reasons))
			case !found && label != "":
				s.missed++
				errors = append(errors, fmt.Sprintf("- missed, is %s: %s", label, name))
			case found:
				s.found++
				if (label == "yes") == (v.Probability == product.Confirmed) {
					s.word++
				} else {
					errors = append(errors, fmt.Sprintf("- %s instead of %s: %s %v", v.Probability, label, name, v.Reasons))
				}
			}
		}
	}
	return s, errors
}

func names(a *advisory.Advisory) string {
	var all []string
	for _, p := range a.Products {
		if one := strings.TrimSpace(p.Vendor + " " + p.Name); !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	if len(all) > 3 {
		all = append(all[:3], "…")
	}
	return "(" + strings.Join(all, "; ") + ")"
}
