package bulletin

import (
	"slices"
	"strings"

	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/match/product"
)

// prefill takes over what sources say. Their words are the English text, for that
// is the language of nearly all; the Vietnamese one begins with its title alone,
// because a person writes it.
func (r *Room) prefill(c *Content, sources []intel.Advisory) {
	var markings []tlp.Marking
	var titles, summaries, todo []string
	for _, s := range sources {
		markings = append(markings, s.TLP)
		titles = append(titles, row.Clip(s.Title, maxTitle/len(sources)))
		if s.Summary != "" {
			summaries = append(summaries, row.Clip(s.Summary, 3000))
		}
		c.CVEs = append(c.CVEs, s.CVEs...)
		if s.Body == nil {
			continue
		}
		for _, remedy := range s.Body.Remedies {
			if remedy = row.Clip(remedy, 600); len(todo) < 10 && !slices.Contains(todo, remedy) {
				todo = append(todo, remedy)
			}
		}
		c.References = append(c.References, s.Body.References[:min(len(s.Body.References), 10)]...)
		for _, p := range products(s.Body) {
			if len(c.Products) < 50 && !slices.Contains(c.Products, p) {
				c.Products = append(c.Products, p)
			}
		}
	}
	c.TLP = tlp.Max(markings...)
	c.EN = Wording{Title: strings.Join(titles, "; "), Summary: strings.Join(summaries, "\n\n"), Todo: strings.Join(todo, "\n")}
	c.VI = Wording{Title: c.EN.Title}
	c.References = slices.DeleteFunc(c.References, func(s string) bool { return !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") })
}

// products are the products of an advisory with the versions that are in danger,
// and the version that mends each where the source names one.
func products(a *advisory.Advisory) []Product {
	fixed := map[string]string{}
	for _, p := range a.Products {
		if p.Status == advisory.Fixed && len(p.Ranges) > 0 {
			fixed[p.Vendor+"\x00"+p.Name] = p.Ranges[0].Exact + p.Ranges[0].From
		}
	}
	var out []Product
	for _, p := range a.Products {
		if p.Status == advisory.Fixed || p.Status == advisory.NotAffected || strings.TrimSpace(p.Name) == "" {
			continue
		}
		one := Product{Vendor: p.Vendor, Name: row.Clip(p.Name, 200), CPE: p.CPE, PURL: p.PURL, Fixed: fixed[p.Vendor+"\x00"+p.Name]}
		var versions []string
		for _, v := range p.Ranges {
			if words := product.InWords(v); words != "" && len(versions) < 10 {
				versions = append(versions, words)
			}
		}
		one.Versions = strings.Join(versions, "; ")
		if one.Fixed == "" && len(p.Ranges) == 1 && p.Ranges[0].To != "" && !p.Ranges[0].ToIn {
			one.Fixed = p.Ranges[0].To
		}
		out = append(out, one)
	}
	return out
}

// graveness is the gravest of some weaknesses: what is exploited is critical, else
// the rating of CVSS 3.1 §5; high where nobody has rated any.
func graveness(known map[string]intel.Vulnerability) row.Severity {
	most := row.NoSeverity
	for _, v := range known {
		switch {
		case v.Exploited() || v.Base >= 9:
			most = max(most, row.Critical)
		case v.Base >= 7:
			most = max(most, row.High)
		case v.Base >= 4:
			most = max(most, row.Medium)
		case v.Base > 0:
			most = max(most, row.Low)
		}
	}
	if most == row.NoSeverity {
		return row.High
	}
	return most
}
