package csaf

import (
	"slices"
	"strconv"
	"strings"
)

// profile runs the tests of the document's profile, 6.1.27.
func (t *tests) profile() {
	switch t.Head.Category {
	case "csaf_security_incident_response":
		t.documentNotes()
		t.documentReferences()
	case "csaf_informational_advisory":
		t.documentNotes()
		t.documentReferences()
		if t.Vulnerabilities != nil {
			t.out.add("6.1.27.3", "/vulnerabilities", "an informational advisory has no vulnerabilities")
		}
	case "csaf_security_advisory":
		t.productTree()
		t.vulnerabilityNotes()
		t.productStatus()
		t.vulnerabilities()
		if t.v21 {
			t.affectedProducts()
		}
	case "csaf_deprecated_security_advisory":
		t.productTree()
		t.vulnerabilityNotes()
		t.productStatus()
		t.vulnerabilities()
	case "csaf_vex":
		t.productTree()
		t.vulnerabilityNotes()
		t.vexStatus()
		t.vulnerabilityID()
		t.impactStatements()
		t.actionStatements()
		t.vulnerabilities()
	case "csaf_withdrawn":
		t.ended("Reasoning for Withdrawal", "6.1.27.17")
	case "csaf_superseded":
		t.ended("Reasoning for Supersession", "6.1.27.18")
		t.superseding()
	}
}

func (t *tests) documentNotes() {
	if !slices.ContainsFunc(t.Head.Notes, func(n note) bool {
		return slices.Contains([]string{"description", "details", "general", "summary"}, n.Category)
	}) {
		t.out.add("6.1.27.1", "/document/notes", "no note is a description, details, general or a summary")
	}
}

func (t *tests) documentReferences() {
	// External is the default of a reference's category.
	if !slices.ContainsFunc(t.Head.References, func(r reference) bool { return r.Category == "external" || r.Category == "" }) {
		t.out.add("6.1.27.2", "/document/references", "no reference is external")
	}
}

func (t *tests) productTree() {
	if t.Tree == nil {
		t.out.add("6.1.27.4", "/product_tree", "it is missing")
	}
}

func (t *tests) vulnerabilityNotes() {
	for i, v := range t.Vulnerabilities {
		if v.Notes == nil {
			t.out.add("6.1.27.5", index("/vulnerabilities", i)+"/notes", "they are missing")
		}
	}
}

func (t *tests) productStatus() {
	for i, v := range t.Vulnerabilities {
		if v.Status == nil {
			t.out.add("6.1.27.6", index("/vulnerabilities", i)+"/product_status", "it is missing")
		}
	}
}

func (t *tests) vexStatus() {
	for i, v := range t.Vulnerabilities {
		if v.Status["fixed"] == nil && v.Status["known_affected"] == nil && v.Status["known_not_affected"] == nil && v.Status["under_investigation"] == nil {
			t.out.add("6.1.27.7", index("/vulnerabilities", i)+"/product_status", "no product is fixed, affected, not affected or under investigation")
		}
	}
}

func (t *tests) vulnerabilityID() {
	for i, v := range t.Vulnerabilities {
		path := index("/vulnerabilities", i)
		if v.CVE == "" && v.IDs == nil {
			t.out.add("6.1.27.8", path, "neither a CVE nor another id")
		}
		if !t.v21 || v.CVE != "" || v.IDs == nil {
			continue
		}
		named := map[string]bool{}
		general := false
		for _, id := range v.IDs {
			general = general || len(id.Products) == 0 && len(id.Groups) == 0
			for p := range t.of(id.concern) {
				named[p] = true
			}
		}
		for _, id := range sortedKeys(t.statuses[i]) {
			if !general && !named[id] {
				t.out.add("6.1.27.8", path+"/ids", "no id is of product "+strconv.Quote(clip(id)))
			}
		}
	}
}

// stated are the products that any of the concerns is about.
func (t *tests) stated(concerns []concern) map[string]bool {
	out := map[string]bool{}
	for _, c := range concerns {
		for id := range t.of(c) {
			out[id] = true
		}
	}
	return out
}

func (t *tests) impactStatements() {
	for i, v := range t.Vulnerabilities {
		concerns := slices.Clone(v.Flags)
		for _, c := range v.Threats {
			if c.Category == "impact" {
				concerns = append(concerns, c)
			}
		}
		stated := t.stated(concerns)
		for j, id := range v.Status["known_not_affected"] {
			if !stated[id] {
				t.out.add("6.1.27.9", index(index("/vulnerabilities", i)+"/product_status/known_not_affected", j), "nothing says why product "+strconv.Quote(clip(id))+" is not affected")
			}
		}
	}
}

func (t *tests) actionStatements() {
	for i, v := range t.Vulnerabilities {
		var concerns []concern
		for _, r := range v.Remediations {
			concerns = append(concerns, r.concern)
		}
		stated := t.stated(concerns)
		for j, id := range v.Status["known_affected"] {
			if !stated[id] {
				t.out.add("6.1.27.10", index(index("/vulnerabilities", i)+"/product_status/known_affected", j), "nothing says what to do about product "+strconv.Quote(clip(id)))
			}
		}
	}
}

func (t *tests) vulnerabilities() {
	if t.Vulnerabilities == nil {
		t.out.add("6.1.27.11", "/vulnerabilities", "they are missing")
	}
}

func (t *tests) affectedProducts() {
	for i, v := range t.Vulnerabilities {
		if v.Status["known_affected"] == nil {
			t.out.add("6.1.27.12", index("/vulnerabilities", i)+"/product_status/known_affected", "no product is known to be affected")
		}
	}
}

// ended runs what the profiles of documents that are no longer in force share,
// 6.1.27.14 to 6.1.27.16, and the test of their reasoning.
func (t *tests) ended(title, test string) {
	if !slices.ContainsFunc(t.Head.Notes, func(n note) bool { return n.Category == "description" }) {
		t.out.add("6.1.27.14", "/document/notes", "no note is a description")
	}
	if t.Tree != nil {
		t.out.add("6.1.27.15", "/product_tree", "such a document has none")
	}
	if len(t.Head.Tracking.Revisions) < 2 {
		t.out.add("6.1.27.16", "/document/tracking/revision_history", "it has one entry, it must have two")
	}
	if !t.english() {
		return
	}
	titled := 0
	for i, n := range t.Head.Notes {
		if n.Title != title {
			continue
		}
		titled++
		if n.Category != "description" {
			t.out.add(test, index("/document/notes", i)+"/category", "the note "+strconv.Quote(title)+" must be a description")
		}
	}
	if titled != 1 {
		t.out.add(test, "/document/notes", strconv.Itoa(titled)+" notes have the title "+strconv.Quote(title)+", one must")
	}
}

func (t *tests) superseding() {
	if t.english() && !slices.ContainsFunc(t.Head.References, func(r reference) bool {
		return strings.HasPrefix(r.Summary, "Superseding Document") && (r.Category == "external" || r.Category == "")
	}) {
		t.out.add("6.1.27.19", "/document/references", "no external reference leads to the superseding document")
	}
}

// english says whether the document is in English, or does not say.
func (t *tests) english() bool {
	l := strings.ToLower(t.Head.Lang)
	return l == "" || l == "en" || strings.HasPrefix(l, "en-")
}
