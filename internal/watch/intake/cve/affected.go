package cve

import (
	"slices"
	"strings"

	"tocsin/internal/watch/intake/advisory"
)

// affected is one product of a container (CVE record format, /affected).
type affected struct {
	Vendor     string    `json:"vendor"`
	Product    string    `json:"product"`
	Collection string    `json:"collectionURL"`
	Package    string    `json:"packageName"`
	PURL       string    `json:"packageURL"`
	CPEs       []string  `json:"cpes"`
	Default    string    `json:"defaultStatus"`
	Versions   []version `json:"versions"`
}

type version struct {
	Version  string `json:"version"`
	Status   string `json:"status"`
	Type     string `json:"versionType"`
	Below    string `json:"lessThan"`
	UpTo     string `json:"lessThanOrEqual"`
	Switches []struct {
		At     string `json:"at"`
		Status string `json:"status"`
	} `json:"changes"`
}

// maxNames bounds the CPE names of one entry that become products: some list one
// for every build.
const maxNames = 64

// affected adds the products of one entry: one a status, and where the entry has
// CPE names, one a product that they name.
func (p *Parser) affected(a *advisory.Advisory, e *affected) {
	product := advisory.Product{Vendor: stated(e.Vendor), Name: stated(e.Product), CVEs: a.CVEs, PURL: e.PURL}
	if strings.Contains(e.Collection, "redhat.com") && e.Package != "" {
		// Red Hat's entries are packages of a distribution; the names are of the latter.
		product.Name, product.On = e.Package, product.Name
	} else if product.PURL == "" {
		product.PURL = purl(e.Collection, e.Package)
	}
	if product.Name == "" {
		product.Name = stated(e.Package)
	}
	ranges := p.statuses(e)
	products := []advisory.Product{product}
	if product.On == "" {
		products = named(product, e.CPEs, len(e.Versions) > 0)
	}
	for _, product := range products {
		if product.Name == "" && product.CPE == "" && product.PURL == "" {
			continue
		}
		for _, status := range []advisory.Status{advisory.Affected, advisory.NotAffected, advisory.UnderInvestigation} {
			if rs, ok := ranges[status]; ok {
				product.Status = status
				own := product
				own.Ranges = rs
				if len(rs) == 0 {
					own.Ranges = product.Ranges
				}
				a.Products = append(a.Products, own)
			}
		}
	}
}

// named are the products that CPE names name, or the one without. What the names
// say of versions counts only where the entry lists none.
func named(product advisory.Product, cpes []string, listed bool) []advisory.Product {
	var out []advisory.Product
	at := map[string]int{}
	for _, text := range cpes {
		cpe, ok := advisory.CPE(text)
		if !ok {
			continue
		}
		vendor, name, version := advisory.CPEParts(cpe)
		key := cpe[:len("cpe:2.3:a:")] + vendor + ":" + name
		i, seen := at[key]
		if !seen {
			if len(out) == maxNames {
				continue
			}
			i = len(out)
			at[key] = i
			own := product
			own.CPE = cpe
			if version != "" {
				own.CPE = advisory.CPEAnyVersion(cpe)
			}
			out = append(out, own)
		}
		if version != "" && !listed {
			out[i].Ranges = append(out[i].Ranges, advisory.Range{Exact: version})
		}
	}
	if out == nil {
		return []advisory.Product{product}
	}
	return out
}

// statuses are the ranges of an entry by status. A status with an empty list
// holds for the product as a whole.
func (p *Parser) statuses(e *affected) map[advisory.Status][]advisory.Range {
	out := map[advisory.Status][]advisory.Range{}
	for i := range e.Versions {
		p.version(out, e, &e.Versions[i])
	}
	switch e.Default {
	case "affected":
		// "All but these": the NotAffected entry of the product takes its versions out.
		// Where only affected versions are listed the default would make the list
		// pointless, and publishers do not mean it.
		if len(e.Versions) == 0 || len(out[advisory.NotAffected]) > 0 {
			out[advisory.Affected] = []advisory.Range{{}}
		}
	case "unaffected":
		if len(e.Versions) == 0 {
			out[advisory.NotAffected] = []advisory.Range{{}}
		}
	case "unknown":
		if len(e.Versions) == 0 {
			out[advisory.UnderInvestigation] = []advisory.Range{{}}
		}
	default:
		// Without a status and without versions the entry still stands among the
		// affected products; its CPE names may say which versions.
		if len(e.Versions) == 0 {
			out[advisory.Affected] = nil
		}
	}
	return out
}

// version adds the ranges of one entry of the list.
func (p *Parser) version(out map[advisory.Status][]advisory.Range, e *affected, v *version) {
	status, ok := statusOf(v.Status)
	if !ok {
		return
	}
	scheme := advisory.Scheme(v.Type)
	if v.Below == "" && v.UpTo == "" {
		for _, r := range p.alone(e, v) {
			if r.Scheme == "" {
				r.Scheme = scheme
			}
			out[status] = append(out[status], r)
		}
		return
	}
	r := p.span(e, v)
	r.Scheme = scheme
	switches := slices.Clone(v.Switches)
	for _, s := range switches {
		next, ok := statusOf(s.Status)
		if !ok || r.Unclear || s.At == "" {
			continue
		}
		// The status changes at a version within the range.
		first := advisory.Range{Scheme: scheme, From: r.From, FromOut: r.FromOut, To: s.At}
		out[status] = append(out[status], first)
		status, r.From, r.FromOut = next, s.At, false
	}
	out[status] = append(out[status], r)
}

// alone reads an entry that is one version, or what publishers write there.
func (p *Parser) alone(e *affected, v *version) []advisory.Range {
	text := strings.TrimSpace(v.Version)
	switch {
	case text == "*":
		return []advisory.Range{{}}
	case stated(text) == "":
		return []advisory.Range{{Text: text, Unclear: true}}
	case v.Type == "git":
		return []advisory.Range{{Exact: text}}
	}
	rs := p.grammar.Ranges(text, e.Vendor, e.Product, e.Vendor)
	// One word with a digit in it stands in the place of a version: it is one,
	// however the maker numbers.
	if len(rs) == 1 && rs[0].Unclear && !strings.ContainsAny(text, " \t<>=,;/|") && strings.ContainsAny(text, "0123456789") {
		return []advisory.Range{{Exact: text}}
	}
	return rs
}

// span reads an entry with an upper end.
func (p *Parser) span(e *affected, v *version) advisory.Range {
	text := v.Version + " < " + v.Below
	r := advisory.Range{}
	upper := strings.TrimSpace(v.Below)
	if upper == "" {
		text = v.Version + " <= " + v.UpTo
		upper, r.ToIn = strings.TrimSpace(v.UpTo), true
	}
	unclear := advisory.Range{Text: text, Unclear: true}
	switch {
	case upper == "*":
		r.ToIn = false
	case v.Type == "git":
		r.To = upper
	default:
		to := p.grammar.Ranges(upper, e.Vendor, e.Product)
		switch {
		case len(to) != 1 || to[0].Unclear:
			return unclear
		case to[0].Exact != "":
			r.To = to[0].Exact
		case to[0].To != "" && (to[0].From == "" || strings.HasSuffix(upper, ".*") || strings.HasSuffix(upper, ".x")):
			// "5.10.*" ends before 5.11, "<=9.4.1" says its operator again.
			r.To, r.ToIn = to[0].To, to[0].ToIn
		default:
			return unclear
		}
	}
	lower := strings.TrimSpace(v.Version)
	switch {
	case lower == "0" || lower == "*" || stated(lower) == "":
	case v.Type == "git":
		r.From = lower
	default:
		from := p.grammar.Ranges(lower, e.Vendor, e.Product)
		switch {
		case len(from) != 1 || from[0].Unclear:
			return unclear
		case from[0].Exact != "":
			r.From = from[0].Exact
		case from[0].From != "":
			r.From, r.FromOut = from[0].From, from[0].FromOut
		case from[0].To != "":
			return unclear
		}
	}
	if r.From != "" && r.From == r.To {
		if r.ToIn {
			return advisory.Range{Exact: r.From}
		}
		// "2.0 < 2.0" holds nothing: the lower end was meant to be open.
		r.From = ""
	}
	return r
}

func statusOf(s string) (advisory.Status, bool) {
	switch s {
	case "affected":
		return advisory.Affected, true
	case "unaffected":
		return advisory.NotAffected, true
	case "unknown":
		return advisory.UnderInvestigation, true
	}
	return "", false
}

// stated is a name or version, "" for the words that say that there is none.
func stated(s string) string {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "n/a", "na", "unspecified", "unknown", "-", "none", "not specified", "undefined":
		return ""
	}
	return s
}

// purl is the package URL of a package in a registry that has a type of its own.
func purl(collection, name string) string {
	if name == "" {
		return ""
	}
	for _, registry := range []struct{ at, kind string }{
		{"registry.npmjs.org", "npm"},
		{"npmjs.com", "npm"},
		{"repo.maven.apache.org", "maven"},
		{"repo1.maven.org", "maven"},
		{"pypi.", "pypi"},
		{"crates.io", "cargo"},
		{"rubygems.org", "gem"},
		{"packagist.org", "composer"},
		{"nuget.org", "nuget"},
		{"pkg.go.dev", "golang"},
		{"proxy.golang.org", "golang"},
	} {
		if !strings.Contains(collection, registry.at) {
			continue
		}
		switch registry.kind {
		case "maven":
			name = strings.Replace(name, ":", "/", 1)
		case "npm":
			name = strings.Replace(name, "@", "%40", 1)
		case "pypi":
			name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
		}
		return "pkg:" + registry.kind + "/" + name
	}
	return ""
}
