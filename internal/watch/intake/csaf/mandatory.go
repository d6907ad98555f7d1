package csaf

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/language"

	"tocsin/internal/watch/intake/advisory"
)

// tests run over one document.
type tests struct {
	*document
	out     *findings
	checker *Checker
}

// mandatory runs the mandatory tests in the order of the standard.
func (t *tests) mandatory() {
	t.missingProducts()           // 6.1.1
	t.repeatedProducts()          // 6.1.2
	t.circularProducts()          // 6.1.3
	t.missingGroups()             // 6.1.4
	t.repeatedGroups()            // 6.1.5
	t.contradictingStatus()       // 6.1.6
	t.repeatedScores()            // 6.1.7
	t.scores()                    // 6.1.8 in part, 6.1.9, 6.1.10
	t.weaknesses()                // 6.1.11
	t.languages()                 // 6.1.12
	t.packageURLs()               // 6.1.13
	t.history()                   // 6.1.14, 6.1.16 to 6.1.22, 6.1.30
	t.translation()               // 6.1.15, 6.1.28
	t.repeatedCVEs()              // 6.1.23
	t.repeatedInvolvements()      // 6.1.24
	t.repeatedHashes()            // 6.1.25
	t.categoryName()              // 6.1.26
	t.profile()                   // 6.1.27
	t.remediationWithoutProduct() // 6.1.29
	t.rangeInVersion()            // 6.1.31
	t.flags()                     // 6.1.32, 6.1.33
	if t.v21 {
		t.of21()
	}
}

// references calls do with every use of a product's id and of a group's id
// outside of their definitions.
func (t *tests) references(product, group func(id, path string)) {
	if t.Tree != nil {
		for i, g := range t.Tree.Groups {
			for j, id := range g.Products {
				product(id, index(index("/product_tree/product_groups", i)+"/product_ids", j))
			}
		}
		for i, r := range t.Tree.Relationships {
			path := index("/product_tree/relationships", i)
			product(r.Of, path+"/product_reference")
			product(r.To, path+"/relates_to_product_reference")
		}
		for i, p := range t.Tree.Paths {
			path := index("/product_tree/product_paths", i)
			product(p.Begin, path+"/beginning_product_reference")
			for j, s := range p.Subpaths {
				product(s.Next, index(path+"/subpaths", j)+"/next_product_reference")
			}
		}
	}
	both := func(c concern, path string) {
		for i, id := range c.Products {
			product(id, index(path+"/product_ids", i))
		}
		for i, id := range c.Groups {
			group(id, index(path+"/group_ids", i))
		}
	}
	for i := range t.Vulnerabilities {
		v, path := &t.Vulnerabilities[i], index("/vulnerabilities", i)
		for _, status := range sortedKeys(v.Status) {
			for j, id := range v.Status[status] {
				product(id, index(path+"/product_status/"+status, j))
			}
		}
		for j, s := range v.Scores {
			for k, id := range s.Products {
				product(id, index(index(path+"/scores", j)+"/products", k))
			}
		}
		for j, m := range v.Metrics {
			for k, id := range m.Products {
				product(id, index(index(path+"/metrics", j)+"/products", k))
			}
		}
		for j, r := range v.Remediations {
			both(r.concern, index(path+"/remediations", j))
		}
		for j, c := range v.Threats {
			both(c, index(path+"/threats", j))
		}
		for j, c := range v.Flags {
			both(c, index(path+"/flags", j))
		}
		for j, c := range v.IDs {
			both(c.concern, index(path+"/ids", j))
		}
		for j, c := range v.Involvements {
			both(c.concern, index(path+"/involvements", j))
		}
		for j, c := range v.Exploited {
			both(c.concern, index(path+"/first_known_exploitation_dates", j))
		}
	}
	if t.v21 {
		t.noteReferences(product, group)
	}
}

// noteReferences are those of notes, which only CSAF 2.1 binds to products.
func (t *tests) noteReferences(product, group func(id, path string)) {
	one := func(notes *node, path string) {
		for i, n := range notes.list() {
			for j, id := range n.get("product_ids").list() {
				product(id.str(), index(index(path, i)+"/product_ids", j))
			}
			for j, id := range n.get("group_ids").list() {
				group(id.str(), index(index(path, i)+"/group_ids", j))
			}
		}
	}
	one(t.root.get("document", "notes"), "/document/notes")
	for i, v := range t.root.get("vulnerabilities").list() {
		one(v.get("notes"), index("/vulnerabilities", i)+"/notes")
	}
}

// 6.1.1 Missing Definition of Product ID.
func (t *tests) missingProducts() {
	defined := map[string]bool{}
	for _, p := range t.products {
		defined[p.ID] = true
	}
	t.references(func(id, path string) {
		if !defined[id] {
			t.out.add("6.1.1", path, "no product "+strconv.Quote(clip(id))+" is defined")
		}
	}, func(string, string) {})
}

// 6.1.2 Multiple Definition of Product ID.
func (t *tests) repeatedProducts() {
	defined := map[string]bool{}
	for _, p := range t.products {
		if defined[p.ID] {
			t.out.add("6.1.2", p.path+"/product_id", "product "+strconv.Quote(clip(p.ID))+" is defined already")
		}
		defined[p.ID] = true
	}
}

// 6.1.3 Circular Definition of Product ID.
func (t *tests) circularProducts() {
	if t.Tree == nil {
		return
	}
	refers := map[string][]string{}
	for _, r := range t.Tree.Relationships {
		refers[r.Product.ID] = append(refers[r.Product.ID], r.Of, r.To)
	}
	for _, p := range t.Tree.Paths {
		refers[p.Product.ID] = append(refers[p.Product.ID], p.Begin)
		for _, s := range p.Subpaths {
			refers[p.Product.ID] = append(refers[p.Product.ID], s.Next)
		}
	}
	const fresh, open, done = 0, 1, 2
	state := map[string]int{}
	var circle func(id string) bool
	circle = func(id string) bool {
		switch state[id] {
		case open:
			return true
		case done:
			return false
		}
		state[id] = open
		found := false
		for _, next := range refers[id] {
			found = circle(next) || found
		}
		state[id] = done
		return found
	}
	for _, p := range t.products {
		if (p.on != nil || p.along != nil) && state[p.ID] == fresh && circle(p.ID) {
			t.out.add("6.1.3", p.path+"/product_id", "product "+strconv.Quote(clip(p.ID))+" is defined by itself")
		}
	}
}

// 6.1.4 Missing Definition of Product Group ID.
func (t *tests) missingGroups() {
	t.references(func(string, string) {}, func(id, path string) {
		if _, ok := t.members[id]; !ok {
			t.out.add("6.1.4", path, "no group "+strconv.Quote(clip(id))+" is defined")
		}
	})
}

// 6.1.5 Multiple Definition of Product Group ID.
func (t *tests) repeatedGroups() {
	if t.Tree == nil {
		return
	}
	defined := map[string]bool{}
	for i, g := range t.Tree.Groups {
		if defined[g.ID] {
			t.out.add("6.1.5", index("/product_tree/product_groups", i)+"/group_id", "group "+strconv.Quote(clip(g.ID))+" is defined already")
		}
		defined[g.ID] = true
	}
}

// contradiction is the group of a product status, "" for recommended, which
// contradicts none.
func contradiction(status string) string {
	switch status {
	case "first_affected", "known_affected", "last_affected":
		return "affected"
	case "known_not_affected":
		return "not affected"
	case "first_fixed", "fixed":
		return "fixed"
	case "under_investigation":
		return "under investigation"
	case "unknown":
		return "unknown"
	}
	return ""
}

// 6.1.6 Contradicting Product Status.
func (t *tests) contradictingStatus() {
	for i := range t.Vulnerabilities {
		for _, id := range sortedKeys(t.statuses[i]) {
			first := ""
			for _, status := range sortedKeys(t.statuses[i][id]) {
				switch group := contradiction(status); {
				case group == "" || group == first:
				case first == "":
					first = group
				default:
					t.out.add("6.1.6", index("/vulnerabilities", i)+"/product_status/"+status, "product "+strconv.Quote(clip(id))+" is both "+first+" and "+group)
				}
			}
		}
	}
}

// 6.1.7 Multiple Scores with same Version per Product.
func (t *tests) repeatedScores() {
	for i := range t.Vulnerabilities {
		v := &t.Vulnerabilities[i]
		seen := map[string]bool{}
		one := func(path, source string, products []string, c *cvssOf) {
			if c == nil {
				return
			}
			for _, id := range products {
				key := source + "\x00" + c.Version + "\x00" + id
				if seen[key] {
					t.out.add("6.1.7", path, "product "+strconv.Quote(clip(id))+" has another score of version "+c.Version)
				}
				seen[key] = true
			}
		}
		for j, s := range v.Scores {
			path := index(index("/vulnerabilities", i)+"/scores", j)
			one(path+"/cvss_v2", "", s.Products, s.V2)
			one(path+"/cvss_v3", "", s.Products, s.V3)
		}
		for j, m := range v.Metrics {
			path := index(index("/vulnerabilities", i)+"/metrics", j) + "/content"
			one(path+"/cvss_v2", m.Source, m.Products, m.Content.V2)
			one(path+"/cvss_v3", m.Source, m.Products, m.Content.V3)
			one(path+"/cvss_v4", m.Source, m.Products, m.Content.V4)
		}
	}
}

// 6.1.9 Invalid CVSS computation, 6.1.10 Inconsistent CVSS, and of 6.1.8 the
// vectors that the schema's pattern lets pass although they are none. An object
// that is not of its shape is not computed.
func (t *tests) scores() {
	bad := map[string]bool{}
	for _, f := range t.out.list {
		if f.Test == "6.1.8" {
			if at := strings.Index(f.Path, "/cvss_v"); at >= 0 {
				bad[f.Path[:at+len("/cvss_v2")]] = true
			}
		}
	}
	for i, v := range t.root.get("vulnerabilities").list() {
		one := func(n *node, path string) {
			for _, name := range []string{"cvss_v2", "cvss_v3", "cvss_v4"} {
				if here := pointer(path, name); !bad[here] {
					cvss(t.out, name, n.get(name), here)
				}
			}
		}
		for j, s := range v.get("scores").list() {
			one(s, index(index("/vulnerabilities", i)+"/scores", j))
		}
		for j, m := range v.get("metrics").list() {
			one(m.get("content"), index(index("/vulnerabilities", i)+"/metrics", j)+"/content")
		}
	}
}

// 6.1.11 CWE. The names are those of CWE 4.15 and those that a weakness had
// before: documents are as old as their names.
func (t *tests) weaknesses() {
	one := func(c cwe, path string) {
		names, ok := t.checker.weaknesses[c.ID]
		switch {
		case !ok:
			t.out.add("6.1.11", path+"/id", c.ID+" is no weakness of CWE")
		case !slices.Contains(names, c.Name):
			t.out.add("6.1.11", path+"/name", c.ID+" is called "+names[0])
		}
	}
	for i, v := range t.Vulnerabilities {
		if v.CWE != nil {
			one(*v.CWE, index("/vulnerabilities", i)+"/cwe")
		}
		for j, c := range v.CWEs {
			one(c, index(index("/vulnerabilities", i)+"/cwes", j))
		}
	}
}

// 6.1.12 Language: the code is valid, and its subtags are in IANA's registry.
func (t *tests) languages() {
	for _, l := range []struct{ name, value string }{{"lang", t.Head.Lang}, {"source_lang", t.Head.SourceLang}} {
		if l.value == "" || strings.EqualFold(l.value, "i-default") {
			continue
		}
		if _, err := language.Parse(l.value); err != nil {
			t.out.add("6.1.12", "/document/"+l.name, strconv.Quote(clip(l.value))+" is no language")
		}
	}
}

// 6.1.13 PURL.
func (t *tests) packageURLs() {
	for _, p := range t.products {
		for i, purl := range p.Helper.all() {
			if err := advisory.CheckPURL(purl); err != nil {
				path := p.path + "/product_identification_helper/purl"
				if t.v21 {
					path = index(path+"s", i)
				}
				t.out.add("6.1.13", path, err.Error())
			}
		}
	}
}

// history runs the tests of versions and revisions.
func (t *tests) history() {
	const path = "/document/tracking/revision_history"
	tracking := &t.Head.Tracking
	if len(t.revisions) == 0 {
		return
	}
	last := t.revisions[len(t.revisions)-1]
	_, pre := core(tracking.Version)
	released := tracking.Status == "final" || tracking.Status == "interim"

	// 6.1.14 Sorted Revision History.
	for i := 1; i < len(t.revisions); i++ {
		if compareVersions(t.revisions[i-1].Number, t.revisions[i].Number) > 0 {
			t.out.add("6.1.14", index(path, t.revisions[i].index), "number "+t.revisions[i].Number+" comes after "+t.revisions[i-1].Number)
		}
	}

	// 6.1.16 Latest Document Version.
	own, _, _ := strings.Cut(tracking.Version, "+")
	newest, _, _ := strings.Cut(last.Number, "+")
	if tracking.Status == "draft" {
		own, _, _ = strings.Cut(own, "-")
		newest, _, _ = strings.Cut(newest, "-")
	}
	if own != newest {
		t.out.add("6.1.16", "/document/tracking/version", "version "+tracking.Version+", the newest revision is "+last.Number)
	}

	// 6.1.17 Document Status Draft.
	if tracking.Status != "draft" && (draft(tracking.Version) || pre != "") {
		t.out.add("6.1.17", "/document/tracking/status", "version "+tracking.Version+" is one of a draft, the status is "+tracking.Status)
	}
	// 6.1.20 Non-draft Document Version.
	if released && pre != "" {
		t.out.add("6.1.20", "/document/tracking/version", "version "+tracking.Version+" has a pre-release part, the status is "+tracking.Status)
	}
	numbers := map[string]bool{}
	for i, r := range tracking.Revisions {
		// 6.1.18 Released Revision History.
		if released && draft(r.Number) {
			t.out.add("6.1.18", index(path, i)+"/number", "number "+r.Number+" is one of a draft, the status is "+tracking.Status)
		}
		// 6.1.19 Revision History Entries for Pre-release Versions.
		if _, pre := core(r.Number); pre != "" {
			t.out.add("6.1.19", index(path, i)+"/number", "number "+r.Number+" has a pre-release part")
		}
		// 6.1.22 Multiple Definition in Revision History.
		if numbers[r.Number] {
			t.out.add("6.1.22", index(path, i)+"/number", "number "+r.Number+" is there already")
		}
		numbers[r.Number] = true
		// 6.1.30 Mixed Integer and Semantic Versioning.
		if semantic(r.Number) != semantic(tracking.Version) {
			t.out.add("6.1.30", index(path, i)+"/number", "number "+r.Number+" beside version "+tracking.Version)
		}
	}

	// 6.1.21 Missing Item in Revision History.
	first, _ := core(t.revisions[0].Number)
	if first[0] != 0 && first[0] != 1 {
		t.out.add("6.1.21", index(path, t.revisions[0].index)+"/number", "the history begins with "+t.revisions[0].Number)
	}
	for i := 1; i < len(t.revisions); i++ {
		a, _ := core(t.revisions[i-1].Number)
		b, _ := core(t.revisions[i].Number)
		if b[0] > a[0]+1 {
			t.out.add("6.1.21", index(path, t.revisions[i].index)+"/number", "between "+t.revisions[i-1].Number+" and "+t.revisions[i].Number+" a version is missing")
		}
	}
}

// 6.1.15 Translator and 6.1.28 Translation.
func (t *tests) translation() {
	if t.Head.Publisher.Category == "translator" && t.Head.SourceLang == "" {
		t.out.add("6.1.15", "/document/source_lang", "a translator must say what language the source is in")
	}
	if t.Head.Lang != "" && strings.EqualFold(t.Head.Lang, t.Head.SourceLang) {
		t.out.add("6.1.28", "/document/source_lang", "the document is in the language of its source")
	}
}

// 6.1.23 Multiple Use of Same CVE.
func (t *tests) repeatedCVEs() {
	seen := map[string]bool{}
	for i, v := range t.Vulnerabilities {
		if v.CVE != "" && seen[v.CVE] {
			t.out.add("6.1.23", index("/vulnerabilities", i)+"/cve", v.CVE+" is used already")
		}
		seen[v.CVE] = true
	}
}

// 6.1.24 Multiple Definition in Involvements.
func (t *tests) repeatedInvolvements() {
	for i, v := range t.Vulnerabilities {
		seen := map[string]bool{}
		for j, in := range v.Involvements {
			at, ok := t.checker.formats.instant(in.Date)
			if !ok {
				continue
			}
			key := in.Party + "\x00" + at.UTC().String()
			if seen[key] {
				t.out.add("6.1.24", index(index("/vulnerabilities", i)+"/involvements", j), "party "+in.Party+" is involved at that date already")
			}
			seen[key] = true
		}
	}
}

// 6.1.25 Multiple Use of Same Hash Algorithm.
func (t *tests) repeatedHashes() {
	for _, p := range t.products {
		if p.Helper == nil {
			continue
		}
		for i, file := range p.Helper.Hashes {
			seen := map[string]bool{}
			for j, h := range file.Hashes {
				if seen[h.Algorithm] {
					t.out.add("6.1.25", index(index(p.path+"/product_identification_helper/hashes", i)+"/file_hashes", j), h.Algorithm+" is used already")
				}
				seen[h.Algorithm] = true
			}
		}
	}
}

// profiles are the values of /document/category that stand for a profile.
func (t *tests) profiles() []string {
	out := []string{"csaf_base", "csaf_security_incident_response", "csaf_informational_advisory", "csaf_security_advisory", "csaf_vex"}
	if t.v21 {
		out = append(out, "csaf_deprecated_security_advisory", "csaf_withdrawn", "csaf_superseded")
	}
	return out
}

// 6.1.26 Prohibited Document Category Name.
func (t *tests) categoryName() {
	category := t.Head.Category
	if slices.Contains(t.profiles(), category) {
		return
	}
	if strings.HasPrefix(strings.ToLower(category), "csaf_") {
		t.out.add("6.1.26", "/document/category", "the prefix csaf_ is reserved")
		return
	}
	squeeze := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Pc, r) || r == '\u2212' || r == '\u0332' {
				return -1
			}
			return unicode.ToLower(r)
		}, s)
	}
	own := squeeze(category)
	for _, p := range t.profiles()[1:] {
		if own == squeeze(p) || own == squeeze(strings.TrimPrefix(p, "csaf_")) {
			t.out.add("6.1.26", "/document/category", strconv.Quote(clip(category))+" is the name of a profile")
		}
	}
}

// 6.1.29 Remediation without Product Reference.
func (t *tests) remediationWithoutProduct() {
	for i, v := range t.Vulnerabilities {
		for j, r := range v.Remediations {
			if len(r.Products) == 0 && len(r.Groups) == 0 {
				t.out.add("6.1.29", index(index("/vulnerabilities", i)+"/remediations", j), "the remediation names neither products nor groups")
			}
		}
	}
}

// 6.1.31 Version Range in Product Version. Operators count anywhere, words only
// as words: the list of known issues of CSAF 2.0 and the text of 2.1 say so.
func (t *tests) rangeInVersion() {
	t.eachBranch(func(b *branch, path string) {
		if b.Category != "product_version" {
			return
		}
		name := strings.ToLower(b.Name)
		found := ""
		if at := strings.IndexAny(name, "<>"); at >= 0 {
			found = name[at : at+1]
		}
		for w := range strings.FieldsSeq(name) {
			switch w {
			case "after", "all", "before", "earlier", "later", "prior", "versions":
				found = w
			}
		}
		if found != "" {
			t.out.add("6.1.31", path+"/name", strconv.Quote(clip(b.Name))+" is a range: it says "+found)
		}
	})
}

// 6.1.32 Flag without Product Reference and 6.1.33 Multiple Flags with VEX
// Justification Codes per Product. Every label of the schema is such a code.
func (t *tests) flags() {
	for i, v := range t.Vulnerabilities {
		flagged := map[string]int{}
		for j, f := range v.Flags {
			path := index(index("/vulnerabilities", i)+"/flags", j)
			if len(f.Products) == 0 && len(f.Groups) == 0 {
				t.out.add("6.1.32", path, "the flag names neither products nor groups")
			}
			for _, id := range sortedKeys(t.of(f)) {
				if first, twice := flagged[id]; twice {
					t.out.add("6.1.33", path, "product "+strconv.Quote(clip(id))+" has flag "+strconv.Itoa(first)+" already")
					continue
				}
				flagged[id] = j
			}
		}
	}
}
