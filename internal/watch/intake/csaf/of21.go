package csaf

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// of21 runs tests that CSAF 2.1 added.
func (t *tests) of21() {
	t.depth()             // 6.1.34
	t.remedies()          // 6.1.35, 6.1.36
	t.sharingGroup()      // 6.1.38 to 6.1.41
	t.identifications()   // 6.1.42 to 6.1.44, 6.1.61
	t.dates()             // 6.1.45, 6.1.49, 6.1.51 to 6.1.53
	t.selections()        // 6.1.47
	t.severityAndCVSS()   // 6.1.56
	t.stackedCategories() // 6.1.57, 6.1.58
	t.singleVersions()    // 6.1.59
}

// maxBranches is how often branches may stand on a path (6.1.34).
const maxBranches = 30

func (t *tests) depth() {
	for _, p := range t.products {
		if len(p.categories) > maxBranches {
			t.out.add("6.1.34", p.path, strconv.Itoa(len(p.categories))+" branches above one another, "+strconv.Itoa(maxBranches)+" may be")
		}
	}
}

// together says whether two categories of remediations may be given for one
// product (CSAF 2.1 §3.2.4.16.1, table Remediation Combinations).
func together(a, b string) bool {
	if a == b {
		return true
	}
	soft := func(s string) bool { return s == "workaround" || s == "mitigation" }
	if soft(a) {
		a, b = b, a
	}
	return soft(b) && (soft(a) || a == "vendor_fix" || a == "fix_planned" || a == "no_fix_planned")
}

// fits says whether a category of remediations may be given for a product of a
// group of statuses (the same section, table Product Status Remediation Category
// Combinations; what is discouraged is allowed).
func fits(category, status string) bool {
	switch status {
	case "affected":
		return category != "optional_patch"
	case "not affected":
		return category == "optional_patch" || category == "fix_planned" || category == "no_fix_planned"
	case "fixed":
		return category == "optional_patch"
	}
	return true
}

func (t *tests) remedies() {
	for i, v := range t.Vulnerabilities {
		given := map[string][]string{}
		for j, r := range v.Remediations {
			path := index(index("/vulnerabilities", i)+"/remediations", j)
			for _, id := range sortedKeys(t.of(r.concern)) {
				for _, other := range given[id] {
					if !together(r.Category, other) {
						t.out.add("6.1.35", path, "product "+strconv.Quote(clip(id))+" has "+other+" and "+r.Category)
					}
				}
				given[id] = append(given[id], r.Category)
				for _, status := range sortedKeys(t.statuses[i][id]) {
					if group := contradiction(status); !fits(r.Category, group) {
						t.out.add("6.1.36", path, "product "+strconv.Quote(clip(id))+" is "+group+" and has "+r.Category)
					}
				}
			}
		}
	}
}

const (
	maxUUID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
	nilUUID = "00000000-0000-0000-0000-000000000000"
)

func (t *tests) sharingGroup() {
	d := t.Head.Distribution
	if d == nil || d.Group == nil {
		return
	}
	const path = "/document/distribution/sharing_group"
	id, public := d.Group.ID, d.TLP != nil && d.TLP.Label == "CLEAR"
	if id == maxUUID && !public {
		t.out.add("6.1.38", path+"/id", "the Max UUID is for TLP:CLEAR alone")
	}
	if public && id != maxUUID && (id != nilUUID || t.Head.Tracking.Status != "draft") {
		t.out.add("6.1.39", path+"/id", "a document of TLP:CLEAR has the Max UUID")
	}
	want := map[string]string{maxUUID: "Public", nilUUID: "No sharing allowed"}[id]
	switch name := d.Group.Name; {
	case want == "" && name != nil && (*name == "Public" || *name == "No sharing allowed"):
		t.out.add("6.1.40", path+"/name", strconv.Quote(*name)+" is reserved")
	case want != "" && (name == nil || *name != want):
		t.out.add("6.1.41", path+"/name", "it must be "+strconv.Quote(want))
	}
}

// stars counts the stars of a text that no backslash escapes.
func stars(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '*':
			n++
		}
	}
	return n
}

func (t *tests) identifications() {
	for _, p := range t.products {
		if p.Helper == nil {
			continue
		}
		path := p.path + "/product_identification_helper"
		for i, purl := range p.Helper.PURLs {
			if i > 0 && !samePackage(purl, p.Helper.PURLs[0]) {
				t.out.add("6.1.42", index(path+"/purls", i), "it differs from the first by more than its qualifiers")
			}
		}
		for _, field := range []struct {
			name, test string
			values     []string
		}{{"model_numbers", "6.1.43", p.Helper.Models}, {"serial_numbers", "6.1.44", p.Helper.Serials}, {"skus", "6.1.61", p.Helper.SKUs}} {
			for i, v := range field.values {
				if stars(v) > 1 {
					t.out.add(field.test, index(path+"/"+field.name, i), strconv.Quote(clip(v))+" has several stars")
				}
			}
		}
	}
}

// samePackage says whether two package URLs differ at most in their qualifiers.
func samePackage(a, b string) bool {
	without := func(s string) string {
		s, sub, _ := strings.Cut(s, "#")
		s, _, _ = strings.Cut(s, "?")
		return s + "#" + sub
	}
	return without(a) == without(b)
}

func (t *tests) dates() {
	if len(t.revisions) == 0 {
		return
	}
	newest := t.revisions[len(t.revisions)-1].at
	released := t.Head.Tracking.Status == "final" || t.Head.Tracking.Status == "interim"
	public := t.Head.Distribution != nil && t.Head.Distribution.TLP != nil && t.Head.Distribution.TLP.Label == "CLEAR"
	late := func(s string) bool {
		at, ok := t.checker.formats.instant(s)
		return ok && released && at.After(newest)
	}
	for i, v := range t.Vulnerabilities {
		path := index("/vulnerabilities", i)
		if public && late(v.Disclosed) {
			t.out.add("6.1.45", path+"/disclosure_date", "it is after the newest revision")
		}
		for j, m := range v.Metrics {
			content := index(path+"/metrics", j) + "/content"
			if m.Content.SSVC != nil && late(m.Content.SSVC.Timestamp) {
				t.out.add("6.1.49", content+"/ssvc_v2/timestamp", "it is after the newest revision")
			}
			if m.Content.EPSS != nil && late(m.Content.EPSS.Timestamp) {
				t.out.add("6.1.51", content+"/epss/timestamp", "it is after the newest revision")
			}
		}
		for j, e := range v.Exploited {
			here := index(path+"/first_known_exploitation_dates", j)
			if late(e.Date) || late(e.At) {
				t.out.add("6.1.52", here, "it is after the newest revision")
			}
			known, ok1 := t.checker.formats.instant(e.Date)
			used, ok2 := t.checker.formats.instant(e.At)
			if ok1 && ok2 && used.After(known) {
				t.out.add("6.1.53", here+"/exploitation_date", "it is after the date when it was known, "+known.Format(time.RFC3339))
			}
		}
	}
}

func (t *tests) selections() {
	for i, v := range t.Vulnerabilities {
		for j, m := range v.Metrics {
			if m.Content.SSVC == nil {
				continue
			}
			for k, id := range m.Content.SSVC.Targets {
				path := index(index(index("/vulnerabilities", i)+"/metrics", j)+"/content/ssvc_v2/target_ids", k)
				switch {
				case id == v.CVE && id != "", slices.ContainsFunc(v.IDs, func(x identifier) bool { return x.Text == id }):
					if id == t.Head.Tracking.ID && len(t.Vulnerabilities) > 1 {
						t.out.add("6.1.47", path, "the document's id stands for one of several vulnerabilities")
					}
				case id == t.Head.Tracking.ID && len(t.Vulnerabilities) > 1:
					t.out.add("6.1.47", path, "the document's id stands for one of several vulnerabilities")
				default:
					t.out.add("6.1.47", path, strconv.Quote(clip(id))+" is no id of the vulnerability")
				}
			}
		}
	}
}

func (t *tests) severityAndCVSS() {
	for i, v := range t.Vulnerabilities {
		type key struct{ product, source string }
		scored := map[key]bool{}
		for _, m := range v.Metrics {
			if m.Content.V2 != nil || m.Content.V3 != nil || m.Content.V4 != nil {
				for _, id := range m.Products {
					scored[key{id, m.Source}] = true
				}
			}
		}
		for j, m := range v.Metrics {
			if m.Content.Severity == "" {
				continue
			}
			for _, id := range m.Products {
				if scored[key{id, m.Source}] {
					t.out.add("6.1.56", index(index("/vulnerabilities", i)+"/metrics", j)+"/content/qualitative_severity_rating", "product "+strconv.Quote(clip(id))+" has a CVSS score too")
				}
			}
		}
	}
}

func (t *tests) stackedCategories() {
	for _, p := range t.products {
		seen := map[string]bool{}
		for _, c := range p.categories {
			if seen[c] && c != "product_family" {
				t.out.add("6.1.57", p.path, "two branches above it are of category "+c)
			}
			seen[c] = true
		}
		if seen["product_version"] && seen["product_version_range"] {
			t.out.add("6.1.58", p.path, "the branches above it give a version and a range")
		}
	}
}

func (t *tests) singleVersions() {
	t.eachBranch(func(b *branch, path string) {
		if b.Category != "product_version_range" {
			return
		}
		if rs := t.checker.grammar.Ranges(b.Name); len(rs) == 1 && rs[0].Exact != "" {
			t.out.add("6.1.59", path+"/name", strconv.Quote(clip(b.Name))+" is one version")
		}
	})
}
