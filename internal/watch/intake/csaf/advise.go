package csaf

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/row"
)

const (
	maxRemedies = 64
	maxRemedy   = 4 << 10
	maxSummary  = 16 << 10
)

// advisory is what a valid document says.
func (c *Checker) advisory(d *document) (*advisory.Advisory, *row.Statement) {
	h := &d.Head
	a := &advisory.Advisory{
		ID: h.Tracking.ID, Revision: h.Tracking.Version, Title: strings.TrimSpace(h.Title),
		Summary: summary(h.Notes), Published: utc(h.Tracking.Initial), Modified: utc(h.Tracking.Current),
		Withdrawn: h.Category == "csaf_withdrawn" || h.Category == "csaf_superseded",
	}
	var ids []string
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		ids = append(ids, v.names()...)
		c.scoresOf(a, h.Publisher.Name, v)
		if v.CWE != nil {
			a.Weaknesses = append(a.Weaknesses, v.CWE.ID)
		}
		for _, w := range v.CWEs {
			a.Weaknesses = append(a.Weaknesses, w.ID)
		}
		for _, r := range v.Remediations {
			switch r.Category {
			case "vendor_fix", "mitigation", "workaround", "optional_patch", "no_fix_planned", "none_available", "fix_planned":
				a.Remedies = append(a.Remedies, row.Clip(strings.TrimSpace(r.Details), maxRemedy))
			}
			if r.URL != "" {
				a.References = append(a.References, r.URL)
			}
		}
		for _, r := range v.References {
			a.References = append(a.References, r.URL)
		}
	}
	st := &row.Statement{ID: h.Tracking.ID, Version: a.Modified, Type: h.Category, Title: a.Title, Revoked: a.Withdrawn, Inactive: h.Tracking.Status == "draft"}
	for _, r := range h.References {
		a.References = append(a.References, r.URL)
		if r.Category == "self" && st.Reference == "" {
			st.Reference = r.URL
		}
	}
	a.CVEs = advisory.CVEs(ids...)
	a.Weaknesses, a.References = unique(a.Weaknesses), unique(a.References)
	if a.Remedies = unique(a.Remedies); len(a.Remedies) > maxRemedies {
		a.Remedies = a.Remedies[:maxRemedies]
	}
	a.Products = c.productsOf(d)
	if h.Distribution != nil && h.Distribution.TLP != nil {
		// A label of the schema always parses; one of a newer version counts as red.
		st.TLP, _ = tlp.Parse(h.Distribution.TLP.Label)
		st.Marked = true
	}
	return a, st
}

// names are the CVE and the other ids of a vulnerability.
func (v *vulnerability) names() []string {
	out := []string{v.CVE}
	for _, id := range v.IDs {
		out = append(out, id.Text)
	}
	return out
}

// summary is the first note that tells what it is about.
func summary(notes []note) string {
	for _, category := range []string{"summary", "description", "general", "details"} {
		for _, n := range notes {
			if n.Category == category {
				return row.Clip(strings.TrimSpace(n.Text), maxSummary)
			}
		}
	}
	return ""
}

func (c *Checker) scoresOf(a *advisory.Advisory, by string, v *vulnerability) {
	cve, _ := advisory.CanonicalCVE(v.CVE)
	one := func(by string, s *cvssOf) {
		if s == nil {
			return
		}
		score := advisory.Score{CVE: cve, Version: s.Version, Vector: s.Vector, Base: s.Base, By: by}
		if !slices.Contains(a.Scores, score) {
			a.Scores = append(a.Scores, score)
		}
	}
	for _, s := range v.Scores {
		one(by, s.V2)
		one(by, s.V3)
	}
	for _, m := range v.Metrics {
		source := m.Source
		if source == "" {
			source = by
		}
		one(source, m.Content.V2)
		one(source, m.Content.V3)
		one(source, m.Content.V4)
	}
}

// productsOf are the products of all vulnerabilities: one for each name, status
// and set of CVEs, with all its ranges.
func (c *Checker) productsOf(d *document) []advisory.Product {
	byID := make(map[string]*placed, len(d.products))
	for i := range d.products {
		byID[d.products[i].ID] = &d.products[i]
	}
	described := map[string]advisory.Product{}
	type key struct{ id, status string }
	cves := map[key][]string{}
	var order []key
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		for _, s := range []struct {
			name   string
			status advisory.Status
		}{
			{"known_affected", advisory.Affected},
			{"first_affected", advisory.Affected},
			{"last_affected", advisory.Affected},
			{"known_not_affected", advisory.NotAffected},
			{"fixed", advisory.Fixed},
			{"first_fixed", advisory.Fixed},
			{"under_investigation", advisory.UnderInvestigation},
		} {
			for _, id := range v.Status[s.name] {
				k := key{id, string(s.status)}
				if _, seen := cves[k]; !seen {
					order = append(order, k)
				}
				cves[k] = append(cves[k], advisory.CVEs(v.names()...)...)
			}
		}
	}
	var out []advisory.Product
	at := map[string]int{}
	for _, k := range order {
		p, ok := described[k.id]
		if !ok {
			p = c.describe(byID, k.id, 0)
			described[k.id] = p
		}
		p.Status = advisory.Status(k.status)
		p.CVEs = advisory.CVEs(cves[k]...)
		whole := strings.Join(append([]string{p.Vendor, p.Name, p.CPE, p.PURL, p.On, k.status}, p.CVEs...), "\x00")
		i, seen := at[whole]
		if !seen {
			at[whole] = len(out)
			p.Ranges = slices.Clone(p.Ranges)
			out = append(out, p)
			continue
		}
		switch {
		case out[i].Ranges == nil:
		case p.Ranges == nil:
			// One of them names no version: so does the whole.
			out[i].Ranges = nil
		default:
			for _, r := range p.Ranges {
				if !slices.Contains(out[i].Ranges, r) {
					out[i].Ranges = append(out[i].Ranges, r)
				}
			}
		}
	}
	return out
}

// maxChain bounds how many relationships lead from a product to the one that is
// named by branches.
const maxChain = 16

// describe says what a product id stands for.
func (c *Checker) describe(byID map[string]*placed, id string, depth int) advisory.Product {
	p := byID[id]
	if p == nil || depth > maxChain {
		return advisory.Product{Name: id}
	}
	from, on := "", ""
	switch {
	case p.on != nil:
		from, on = p.on.Of, p.on.To
	case p.along != nil:
		from = p.along.Begin
		on = p.along.Subpaths[len(p.along.Subpaths)-1].Next
	}
	if from == "" {
		return c.plainProduct(p)
	}
	out := c.describe(byID, from, depth+1)
	if to := byID[on]; to != nil {
		out.On = to.Name
	}
	c.identify(&out, p.Helper)
	return out
}

// plainProduct reads a product by the branches above it, or by its own name.
func (c *Checker) plainProduct(p *placed) advisory.Product {
	out := advisory.Product{Name: p.Name}
	family, name, version, isRange := "", "", "", false
	for i, category := range p.categories {
		text := strings.TrimSpace(p.names[i])
		switch category {
		case "vendor":
			out.Vendor = text
		case "product_family":
			family = text
		case "product_name":
			name = text
		case "product_version":
			version, isRange = text, false
		case "product_version_range":
			version, isRange = text, true
		case "service_pack", "patch_level":
			if version != "" && !isRange {
				version += " " + text
			}
		}
	}
	switch {
	case name != "":
		out.Name = name
	case family != "":
		out.Name = family
	}
	if version != "" {
		out.Ranges = c.grammar.Ranges(version, out.Name)
		if len(out.Ranges) == 1 && out.Ranges[0].Unclear && !isRange {
			// It stands where a version does: it is one, however the maker writes.
			out.Ranges = []advisory.Range{{Exact: version}}
		}
	}
	c.identify(&out, p.Helper)
	return out
}

// identify adds what the helper says. A version in a name counts where the
// branches give none.
func (c *Checker) identify(out *advisory.Product, h *helper) {
	if h == nil {
		return
	}
	if cpe, ok := advisory.CPE(h.CPE); ok {
		vendor, _, version := advisory.CPEParts(cpe)
		out.CPE = advisory.CPEAnyVersion(cpe)
		if out.Vendor == "" {
			out.Vendor = vendor
		}
		if out.Ranges == nil && version != "" {
			out.Ranges = []advisory.Range{{Exact: version}}
		}
	}
	for _, purl := range h.all() {
		bare, kind, version := advisory.PURLParts(purl)
		if bare == "" {
			continue
		}
		out.PURL = bare
		if out.Ranges == nil && version != "" {
			out.Ranges = []advisory.Range{{Scheme: advisory.Scheme(kind), Exact: version}}
		}
		break
	}
}

func utc(s string) time.Time {
	t, err := row.Instant([]byte(s), nil)
	if err != nil {
		return time.Time{}
	}
	return t
}

// unique drops what came before and what is empty, and keeps the order.
func unique(in []string) []string {
	seen := make(map[string]bool, len(in))
	out := in[:0]
	for _, s := range in {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
