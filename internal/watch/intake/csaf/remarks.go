package csaf

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Remarks are the failures of a document in the optional tests (CSAF 2.0 §6.2,
// warnings) and the informative ones (§6.3). They make no document invalid. Of
// the informative tests 6.3.6 and 6.3.7 are not run, for they fetch what a stranger
// names, nor 6.3.8, which spells. A document that is no JSON or breaks its schema
// has no remarks.
func (c *Checker) Remarks(text []byte) []Failure {
	root, err := parse(text)
	if err != nil {
		return nil
	}
	broken := &findings{}
	doc, _ := c.run(text, root, broken)
	if doc == nil {
		return nil
	}
	out := &findings{}
	t := &remarks{tests{document: doc, out: out, checker: c}}
	t.products()
	t.dates()
	t.hashes()
	t.head()
	t.sorted(root, "")
	t.branches()
	t.vulnerabilities()
	s := c.v20
	if doc.v21 {
		s = c.v21
	}
	// 6.2.20 Additional Properties.
	(&walk{out: &findings{}, formats: c.formats, unknown: func(path string) {
		out.add("6.2.20", path, "the schema knows no such member")
	}}).check(s, root, "", Schema)
	return out.list
}

// remarks run over one document.
type remarks struct{ tests }

func (t *remarks) products() {
	// 6.2.1 Unused Definition of Product ID.
	used := map[string]bool{}
	t.references(func(id, _ string) { used[id] = true }, func(string, string) {})
	for _, p := range t.document.products {
		if !used[p.ID] && t.Head.Category != "csaf_informational_advisory" {
			t.out.add("6.2.1", p.path+"/product_id", "product "+strconv.Quote(clip(p.ID))+" is never used")
		}
		// 6.2.16 Missing Product Identification Helper.
		if p.Helper == nil {
			t.out.add("6.2.16", p.path, "product "+strconv.Quote(clip(p.ID))+" has no identification helper")
		}
	}
	for i := range t.Vulnerabilities {
		v := &t.Vulnerabilities[i]
		var remedies []concern
		for _, r := range v.Remediations {
			remedies = append(remedies, r.concern)
		}
		remedied, scored := t.stated(remedies), map[string]bool{}
		for _, s := range v.Scores {
			for _, id := range s.Products {
				scored[id] = true
			}
		}
		for _, m := range v.Metrics {
			for _, id := range m.Products {
				scored[id] = true
			}
		}
		for _, id := range sortedKeys(t.statuses[i]) {
			for _, status := range sortedKeys(t.statuses[i][id]) {
				path := index("/vulnerabilities", i) + "/product_status/" + status
				group := contradiction(status)
				// 6.2.2 Missing Remediation.
				if (group == "affected" || group == "under investigation") && !remedied[id] {
					t.out.add("6.2.2", path, "product "+strconv.Quote(clip(id))+" has no remediation")
				}
				// 6.2.3 Missing Score.
				if group == "affected" && !scored[id] {
					t.out.add("6.2.3", path, "product "+strconv.Quote(clip(id))+" has no score")
				}
				// 6.2.19 CVSS for Fixed Products.
				if group == "fixed" {
					t.fixedScore(v, id, path)
				}
			}
		}
	}
}

func (t *remarks) fixedScore(v *vulnerability, id, path string) {
	one := func(name string, c *cvssOf) {
		if c == nil || c.Environmental != nil && *c.Environmental == 0 {
			return
		}
		right := compute(name, c.Version, c.Vector)
		if right.fault == "" && slices.Contains(right.scores["environmentalScore"], 0) {
			return
		}
		t.out.add("6.2.19", path, "the environmental score of the fixed product "+strconv.Quote(clip(id))+" is not 0")
	}
	for _, s := range v.Scores {
		if slices.Contains(s.Products, id) {
			one("cvss_v2", s.V2)
			one("cvss_v3", s.V3)
		}
	}
	for _, m := range v.Metrics {
		if slices.Contains(m.Products, id) {
			one("cvss_v2", m.Content.V2)
			one("cvss_v3", m.Content.V3)
			one("cvss_v4", m.Content.V4)
		}
	}
}

func (t *remarks) dates() {
	const path = "/document/tracking"
	for i, r := range t.Head.Tracking.Revisions {
		// 6.2.4 Build Metadata in Revision History.
		if strings.Contains(r.Number, "+") {
			t.out.add("6.2.4", index(path+"/revision_history", i)+"/number", "number "+r.Number+" has build metadata")
		}
	}
	if len(t.revisions) == 0 {
		return
	}
	first, last := t.revisions[0].at, t.revisions[len(t.revisions)-1].at
	// 6.2.5 Older Initial Release Date than Revision History.
	if at, ok := t.checker.formats.instant(t.Head.Tracking.Initial); ok && at.Before(first) {
		t.out.add("6.2.5", path+"/initial_release_date", "it is before the oldest revision")
	}
	// 6.2.6 Older Current Release Date than Revision History.
	if at, ok := t.checker.formats.instant(t.Head.Tracking.Current); ok && at.Before(last) {
		t.out.add("6.2.6", path+"/current_release_date", "it is before the newest revision")
	}
}

func (t *remarks) hashes() {
	for _, p := range t.document.products {
		if p.Helper == nil {
			continue
		}
		for i, file := range p.Helper.Hashes {
			path := index(p.path+"/product_identification_helper/hashes", i) + "/file_hashes"
			only := func(algorithm string) bool {
				for _, h := range file.Hashes {
					if h.Algorithm != algorithm {
						return false
					}
				}
				return len(file.Hashes) > 0
			}
			// 6.2.8 Use of MD5, 6.2.9 Use of SHA-1 as the only Hash Algorithm.
			if only("md5") {
				t.out.add("6.2.8", path, "MD5 is the only hash")
			}
			if only("sha1") {
				t.out.add("6.2.9", path, "SHA-1 is the only hash")
			}
			for j, h := range file.Hashes {
				// 6.3.5 Use of Short Hash.
				if len(h.Value) < 64 {
					t.out.add("6.3.5", index(path, j)+"/value", "the hash has "+strconv.Itoa(len(h.Value))+" characters")
				}
			}
		}
	}
}

func (t *remarks) head() {
	h := &t.Head
	// 6.2.10 Missing TLP label.
	if h.Distribution == nil || h.Distribution.TLP == nil || h.Distribution.TLP.Label == "" {
		t.out.add("6.2.10", "/document/distribution/tlp/label", "it is missing")
	}
	// 6.2.11 Missing Canonical URL.
	name := regexp.MustCompile(`[^+\-a-z0-9]+`).ReplaceAllString(strings.ToLower(h.Tracking.ID), "_") + ".json"
	if !slices.ContainsFunc(h.References, func(r reference) bool {
		return r.Category == "self" && strings.HasPrefix(r.URL, "https://") && strings.HasSuffix(r.URL, "/"+name)
	}) {
		t.out.add("6.2.11", "/document/references", "no reference of category self leads to "+name)
	}
	// 6.2.12 Missing Document Language.
	if h.Lang == "" {
		t.out.add("6.2.12", "/document/lang", "it is missing")
	}
	for _, l := range []struct{ name, value string }{{"lang", h.Lang}, {"source_lang", h.SourceLang}} {
		// 6.2.14 Use of Private Language, 6.2.15 Use of Default Language.
		if private(l.value) {
			t.out.add("6.2.14", "/document/"+l.name, strconv.Quote(clip(l.value))+" is for private use")
		}
		if strings.EqualFold(l.value, "i-default") {
			t.out.add("6.2.15", "/document/"+l.name, "i-default says nothing")
		}
	}
}

// private says whether a language code has a subtag that IANA's registry keeps
// for private use.
func private(code string) bool {
	for i, sub := range strings.Split(strings.ToLower(code), "-") {
		switch {
		case sub == "x":
			return true
		case i == 0:
			if len(sub) == 3 && sub >= "qaa" && sub <= "qtz" {
				return true
			}
		case len(sub) == 4 && sub >= "qaaa" && sub <= "qabx",
			len(sub) == 2 && (sub == "aa" || sub == "zz" || sub >= "qm" && sub <= "qz" || sub[0] == 'x'):
			return true
		}
	}
	return false
}

// sorted runs 6.2.13 Sorting.
func (t *remarks) sorted(n *node, path string) {
	for i := range n.members {
		m := &n.members[i]
		if i > 0 && m.name < n.members[i-1].name {
			t.out.add("6.2.13", pointer(path, m.name), "it stands after "+n.members[i-1].name)
		}
		t.sorted(m.node, pointer(path, m.name))
	}
	for i, item := range n.items {
		t.sorted(item, index(path, i))
	}
}

func (t *remarks) branches() {
	vers := regexp.MustCompile(`^vers:[a-z.\-+][a-z0-9.\-+]*/.+`)
	v := regexp.MustCompile(`^[vV][0-9].*$`)
	t.eachBranch(func(b *branch, path string) {
		switch b.Category {
		case "product_version_range":
			// 6.2.18 Product Version Range without vers.
			if !vers.MatchString(b.Name) {
				t.out.add("6.2.18", path+"/name", strconv.Quote(clip(b.Name))+" is not in the form of vers")
			}
			// 6.3.10 Usage of Product Version Range.
			t.out.add("6.3.10", path+"/category", "a range is harder to match than versions")
		case "product_version":
			// 6.3.11 Usage of V as Version Indicator.
			if v.MatchString(b.Name) {
				t.out.add("6.3.11", path+"/name", strconv.Quote(clip(b.Name))+" begins with a v")
			}
		}
	})
	// 6.3.9 Branch Categories.
	for _, p := range t.document.products {
		if p.categories == nil {
			continue
		}
		want := []string{"vendor", "product_name", "product_version"}
		for _, c := range p.categories {
			if len(want) > 0 && c == want[0] {
				want = want[1:]
			}
		}
		if len(want) > 0 {
			t.out.add("6.3.9", p.path, "no branch of category "+want[0]+" stands above it in its order")
		}
	}
}

func (t *remarks) vulnerabilities() {
	cve := regexp.MustCompile(cvePattern)
	for i := range t.Vulnerabilities {
		v, path := &t.Vulnerabilities[i], index("/vulnerabilities", i)
		for j, in := range v.Involvements {
			// 6.2.7 Missing Date in Involvements.
			if in.Date == "" {
				t.out.add("6.2.7", index(path+"/involvements", j), "it has no date")
			}
		}
		for j, id := range v.IDs {
			// 6.2.17 CVE in field IDs.
			if cve.MatchString(id.Text) {
				t.out.add("6.2.17", index(path+"/ids", j), "a CVE belongs into cve")
			}
		}
		newer := map[string]bool{}
		for _, s := range v.Scores {
			if s.V3 != nil {
				for _, id := range s.Products {
					newer[id] = true
				}
			}
		}
		for j, s := range v.Scores {
			// 6.3.1 Use of CVSS v2 as the only Scoring System.
			if s.V2 != nil && s.V3 == nil && slices.ContainsFunc(s.Products, func(id string) bool { return !newer[id] }) {
				t.out.add("6.3.1", index(path+"/scores", j), "the only score is of CVSS 2.0")
			}
			// 6.3.2 Use of CVSS v3.0.
			if s.V3 != nil && s.V3.Version == "3.0" {
				t.out.add("6.3.2", index(path+"/scores", j)+"/cvss_v3/version", "CVSS 3.0 was followed by 3.1")
			}
		}
		// 6.3.3 Missing CVE, 6.3.4 Missing CWE.
		if v.CVE == "" {
			t.out.add("6.3.3", path+"/cve", "it is missing")
		}
		if v.CWE == nil && len(v.CWEs) == 0 {
			t.out.add("6.3.4", path+"/cwe", "it is missing")
		}
	}
}
