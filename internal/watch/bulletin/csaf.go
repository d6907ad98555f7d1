package bulletin

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/advisory"
)

// object is a JSON object; its members are written in the order of their names,
// as CSAF asks for.
type object = map[string]any

// csaf is a bulletin as a CSAF 2.0 document (OASIS Standard): all says its
// revisions that went out, and the last of them is what the document tells. A
// withdrawn bulletin says that it is, and why, and nothing of what it told
// (as CSAF 2.1 §4.6 has it; CSAF 2.0 knows no such profile, so it is a base
// document).
func (r *Room) csaf(b *Bulletin, all []Issue) []byte {
	last := &all[len(all)-1]
	c := &last.Content
	over := b.State == Withdrawn
	if over {
		bare := c.withdrawn()
		c = &bare
	}
	vi, en := r.Texts.In("vi"), r.Texts.In("en")
	var notes []object
	note := func(category, title, text string) {
		if text != "" {
			notes = append(notes, object{"category": category, "text": text, "title": title})
		}
	}
	category := "csaf_base"
	if over {
		note("description", "Reasoning for Withdrawal", b.Reason)
	} else {
		for lang, v := range map[string]interface{ T(string, ...any) string }{"vi": vi, "en": en} {
			w := c.In(lang)
			text := w.Summary
			if lang == "en" {
				text = w.Title + "\n\n" + w.Summary
			}
			note("summary", v.T("bulletin.part.summary"), text)
			note("details", v.T("bulletin.part.todo"), w.Todo)
		}
		sortNotes(notes, vi.T("bulletin.part.summary"), vi.T("bulletin.part.todo"))
	}
	head := object{
		"aggregate_severity": object{"text": c.Severity.String()},
		"csaf_version":       "2.0",
		"distribution":       object{"text": c.TLP.Label(), "tlp": object{"label": label(c.TLP)}},
		"lang":               "vi",
		"publisher":          r.publisher(),
		"title":              c.VI.Title,
		"tracking":           r.tracking(b, all),
	}
	if refs := r.references(b, c); len(refs) > 0 {
		head["references"] = refs
	}
	doc := object{"document": head}
	if tree, ids := r.tree(c.Products); tree != nil {
		doc["product_tree"] = tree
		if len(c.CVEs) > 0 {
			category = "csaf_security_advisory"
			doc["vulnerabilities"] = vulnerabilities(c, ids)
		}
	}
	if _, ok := doc["vulnerabilities"]; !ok && len(c.CVEs) > 0 {
		note("other", vi.T("bulletin.part.cves"), strings.Join(c.CVEs, ", "))
	}
	head["notes"], head["category"] = notes, category
	body, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic("bulletin: a document is JSON: " + err.Error())
	}
	return append(body, '\n')
}

// sortNotes puts the Vietnamese notes first, whatever the order in which they
// were gathered.
func sortNotes(notes []object, first ...string) {
	rank := func(n object) int {
		at := 1
		for _, title := range first {
			if n["title"] == title {
				at = 0
			}
		}
		if n["category"] == "details" {
			at += 2
		}
		return at
	}
	for i := 1; i < len(notes); i++ {
		for j := i; j > 0 && rank(notes[j]) < rank(notes[j-1]); j-- {
			notes[j], notes[j-1] = notes[j-1], notes[j]
		}
	}
}

// label is a marking in the words of CSAF 2.0 §3.2.1.5.2.1, which has TLP 1.
func label(m tlp.Marking) string {
	switch m {
	case tlp.Clear:
		return "WHITE"
	case tlp.Green:
		return "GREEN"
	case tlp.Amber, tlp.AmberStrict:
		return "AMBER"
	case tlp.Red:
	}
	return "RED"
}

// publisher is the centre.
func (r *Room) publisher() object {
	p := object{"category": "coordinator", "name": r.centre("vi"), "namespace": r.Settings.PublicURL()}
	if c := r.Settings.Contact; c != "" {
		p["contact_details"] = strings.TrimPrefix(c, "mailto:")
	}
	return p
}

// centre is the centre's name in a language.
func (r *Room) centre(lang string) string {
	if r.Settings.Name != "" {
		return r.Settings.Name
	}
	return r.Texts.In(lang).T("bulletin.publisher")
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// tracking is the life of the document: a revision for each that went out, and
// one more where it was taken back.
func (r *Room) tracking(b *Bulletin, all []Issue) object {
	both := func(key string, pairs ...any) string {
		return r.Texts.In("vi").T(key, pairs...) + " " + r.Texts.In("en").T(key, pairs...)
	}
	var history []object
	for _, i := range all {
		summary := i.Content.VI.Change
		if summary == "" {
			summary = both("bulletin.csaf.first")
		} else if en := i.Content.EN.Change; en != "" {
			summary += "\n" + en
		}
		history = append(history, object{"date": instant(i.At), "number": strconv.FormatInt(i.Revision, 10), "summary": summary})
	}
	last := all[len(all)-1]
	version, at := last.Revision, last.At
	if b.State == Withdrawn {
		version, at = version+1, b.Withdrawn
		for i := range history {
			history[i]["summary"] = both("bulletin.csaf.was", "revision", history[i]["number"])
		}
		history = append(history, object{"date": instant(at), "number": strconv.FormatInt(version, 10), "summary": both("bulletin.csaf.withdrawn") + " " + b.Reason})
	}
	return object{
		"current_release_date": instant(at),
		"generator":            object{"engine": object{"name": "Tocsin"}},
		"id":                   b.Number,
		"initial_release_date": instant(all[0].At),
		"revision_history":     history,
		"status":               "final",
		"version":              strconv.FormatInt(version, 10),
	}
}

func (r *Room) references(b *Bulletin, c *Content) []object {
	var refs []object
	if b.Public {
		refs = append(refs, object{"category": "self", "summary": b.Number, "url": r.Settings.PublicURL() + whitePath + pathOf(b)})
	}
	for _, ref := range c.References {
		refs = append(refs, object{"category": "external", "summary": ref, "url": ref})
	}
	return refs
}

// fileName is the name of a document by its id (CSAF 2.0 §5.1).
func fileName(number string) string {
	return regexp.MustCompile(`[^+\-a-z0-9]+`).ReplaceAllString(strings.ToLower(number), "_") + ".json"
}

// pathOf is where a public document stands under its folder: the year of its
// first publication, then its name.
func pathOf(b *Bulletin) string {
	return strconv.Itoa(b.First.UTC().Year()) + "/" + fileName(b.Number)
}

// A listed product has a number in the tree.
type listed struct {
	id    string
	of    *Product
	fixed bool
}

// tree is the product tree: vendor, product, version or range of versions. It is
// nil where there are no products.
func (r *Room) tree(products []Product) (object, []listed) {
	if len(products) == 0 {
		return nil, nil
	}
	var all []listed
	var vendors []object
	seen := map[string]bool{}
	branch := func(list *[]object, category, name string) object {
		for _, b := range *list {
			if b["category"] == category && b["name"] == name {
				return b
			}
		}
		b := object{"category": category, "name": name}
		*list = append(*list, b)
		return b
	}
	below := func(parent object, category, name string) object {
		list, _ := parent["branches"].([]object)
		b := branch(&list, category, name)
		parent["branches"] = list
		return b
	}
	for i := range products {
		p := &products[i]
		under := below(branch(&vendors, "vendor", p.Vendor), "product_name", p.Name)
		put := func(category, version, words string, fixed bool) {
			key := p.Vendor + "\x00" + p.Name + "\x00" + version
			if seen[key] {
				return
			}
			seen[key] = true
			one := listed{id: fmt.Sprintf("CSAFPID-%04d", len(all)+1), of: p, fixed: fixed}
			all = append(all, one)
			product := object{"name": strings.TrimSpace(p.Vendor + " " + p.Name + " " + words), "product_id": one.id}
			helper := object{}
			if name, ok := advisory.CPE(p.CPE); ok && !fixed {
				helper["cpe"] = name
			}
			if p.PURL != "" && !fixed {
				helper["purl"] = p.PURL
			}
			if len(helper) > 0 {
				product["product_identification_helper"] = helper
			}
			below(under, category, version)["product"] = product
		}
		ranges := r.grammar.Ranges(p.Versions, p.Name)
		if len(ranges) == 0 {
			put("product_version_range", "vers:all/*", "*", false)
		}
		for _, v := range ranges {
			switch {
			case v.Exact != "":
				put("product_version", v.Exact, v.Exact, false)
			case v.Unclear:
				put("product_version_range", v.Text, v.Text, false)
			default:
				put("product_version_range", vers(v), strings.TrimPrefix(vers(v), "vers:"), false)
			}
		}
		if p.Fixed != "" {
			put("product_version", p.Fixed, p.Fixed, true)
		}
	}
	return object{"branches": vendors}, all
}

// vers is a range as a version range specifier (package-url/vers-spec).
func vers(v advisory.Range) string {
	scheme := v.Scheme
	if scheme == "" {
		scheme = "generic"
	}
	var parts []string
	if v.From != "" {
		sign := ">="
		if v.FromOut {
			sign = ">"
		}
		parts = append(parts, sign+url.PathEscape(v.From))
	}
	if v.To != "" {
		sign := "<"
		if v.ToIn {
			sign = "<="
		}
		parts = append(parts, sign+url.PathEscape(v.To))
	}
	if len(parts) == 0 {
		return "vers:all/*"
	}
	return "vers:" + scheme + "/" + strings.Join(parts, "|")
}

// vulnerabilities are the CVEs, each with the products: a bulletin speaks of all
// together.
func vulnerabilities(c *Content, products []listed) []object {
	var affected, fixed, mended, others []string
	for _, p := range products {
		switch {
		case p.fixed:
			fixed = append(fixed, p.id)
			continue
		case p.of.Fixed != "":
			mended = append(mended, p.id)
		default:
			others = append(others, p.id)
		}
		affected = append(affected, p.id)
	}
	status := object{"known_affected": affected}
	if len(fixed) > 0 {
		status["fixed"] = fixed
	}
	var remedies []object
	if len(mended) > 0 {
		remedies = append(remedies, object{"category": "vendor_fix", "details": c.VI.Todo + "\n\n" + c.EN.Todo, "product_ids": mended})
	}
	if len(others) > 0 {
		remedies = append(remedies, object{"category": "mitigation", "details": c.VI.Todo + "\n\n" + c.EN.Todo, "product_ids": others})
	}
	var out []object
	for _, cve := range c.CVEs {
		out = append(out, object{
			"cve": cve, "product_status": status, "remediations": remedies,
			"notes": []object{{"category": "description", "text": c.VI.Title + "\n\n" + c.EN.Title}},
		})
	}
	return out
}
