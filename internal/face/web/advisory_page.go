package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/match/product"
)

// advisoryProducts is how many products of an advisory a page shows: some name
// thousands, and the document has them all.
const advisoryProducts = 200

func (s *Site) advisory(w http.ResponseWriter, r *http.Request) error {
	found, _, err := s.Intel.Advisories(r.Context(), who(r), intel.AdvisoryFilter{ID: r.PathValue("id"), Limit: 1})
	if err == nil && len(found) == 0 {
		err = errs.New(errs.NotFound, "advisory %q: no such advisory", r.PathValue("id"))
	}
	if err != nil {
		return err
	}
	all, err := s.advised(r, found)
	if err != nil {
		return err
	}
	a := all[0]
	if len(a.CVEs) == 0 {
		if own := a.Own(); own.Base10 > 0 {
			a.Dangers[a.Name] = own
		}
	}
	hanging, err := s.Findings.OfAdvisory(r.Context(), who(r), a.Number)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	p.Title = a.title()
	body := a.Body
	if body == nil {
		body = &advisory.Advisory{}
	}
	machines := 0
	for _, f := range hanging {
		if f.Live() && f.Detail != nil {
			machines += f.Detail.Count
		}
	}
	worst := ""
	if base := a.worst(); base > 0 {
		worst = p.Number(base, 1)
	}
	var acts []ui.Button
	if may(r, auth.BulletinWrite) {
		acts = []ui.Button{{Label: p.T("web.bulletin.new"), Href: "/bulletins/new?from=" + a.ID, Icon: ui.IconEdit}}
	}
	var over templ.Component
	if a.Withdrawn {
		over = notice(ui.TonePlain, strong(p.T("threat.withdrawn")), ui.Text(" "+p.T("threat.withdrawn_why")))
	}
	return s.lay(w, r, p,
		top{
			Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.advisories"), Href: "/advisories"}, {Label: a.Name, Href: "/advisories/" + a.ID}}, Acts: acts},
			Marks:   []templ.Component{dangerMarks(p, a), ui.TLP(p, a.TLP.String())},
		},
		over,
		ui.Stats(p, []ui.Figure{
			{Label: p.T("threat.concerned"), Value: p.Int(a.Concerned.Organisations), Href: "#concerned", Tone: toneIf(a.Concerned.Organisations > 0, ui.ToneHigh)},
			{Label: p.T("threat.machines"), Value: p.Int(int64(machines)), Href: "#concerned"},
			{Label: p.T("threat.confirmed"), Value: p.Int(a.Concerned.Confirmed), Href: "#concerned", Note: p.T("threat.of_findings", "n", a.Concerned.Findings)},
			{Label: p.T("threat.worst"), Value: worst, Href: "#dangers"},
		}),
		box("grid-2", panel(p.T("threat.advisory.what"), para(firstWord(a.Summary, p.T("threat.advisory.no_summary"))), ui.Facts(p, advisoryFacts(p, a, body))), remedies(p, body.Remedies)),
		anchored("concerned", panel(p.T("threat.who"), ui.List(p, s.concernedTable(p, hanging)))),
		anchored("dangers", panel(p.T("threat.dangers"), ui.List(p, dangerTable(p, a)))),
		panel(p.T("threat.products"), moreThan(p, "threat.products_more", len(body.Products)-advisoryProducts), ui.List(p, productTable(p, body.Products[:min(len(body.Products), advisoryProducts)]))),
		references(p, body.References),
	)
}

// moreThan says how many are left out, nothing where none are.
func moreThan(p *ui.Page, key string, n int) templ.Component {
	if n <= 0 {
		return nil
	}
	return hushed(p.N(key, n))
}

func advisoryFacts(p *ui.Page, a advised, body *advisory.Advisory) []ui.Fact {
	facts := []ui.Fact{
		{Label: p.T("threat.advisory.name"), Value: ui.Code(a.Name), Note: a.Revision},
		{Label: p.T("work.document.source"), Value: ui.Link(sourceHref(a.Source), a.Source)},
		{Label: p.T("threat.cves"), Value: cveCell(p, a.CVEs)},
		{Label: p.T("threat.published"), Value: ui.When(p, a.Published)},
	}
	if a.Modified.After(a.Published) {
		facts = append(facts, ui.Fact{Label: p.T("threat.modified"), Value: ui.When(p, a.Modified)})
	}
	facts = append(facts,
		ui.Fact{Label: p.T("work.document.received"), Value: ui.When(p, a.Received)},
		ui.Fact{Label: p.T("threat.place"), Value: ui.Link("/documents/"+a.Document, a.Document+":"+strconv.Itoa(a.Line))},
	)
	if len(body.Weaknesses) > 0 {
		facts = append(facts, ui.Fact{Label: p.T("threat.weaknesses"), Value: ui.Code(strings.Join(body.Weaknesses, ", "))})
	}
	if e := body.EndOfLife; e != nil {
		facts = append(facts, ui.Fact{Label: p.T("threat.support_ends"), Value: some(p, dayWords(p, e.Ends))})
		if e.Extended != "" {
			facts = append(facts, ui.Fact{Label: p.T("threat.support_extended"), Value: ui.Text(dayWords(p, e.Extended))})
		}
		if e.Latest != "" {
			facts = append(facts, ui.Fact{Label: p.T("threat.latest"), Value: ui.Code(e.Latest)})
		}
	}
	return facts
}

func remedies(p *ui.Page, texts []string) templ.Component {
	if len(texts) == 0 {
		return panel(p.T("threat.remedies"), hushed(p.T("threat.no_remedy")))
	}
	return panel(p.T("threat.remedies"), bullets(texts...))
}

// references are addresses as a source writes them: nobody has looked at them, so
// they are no links.
func references(p *ui.Page, addresses []string) templ.Component {
	if len(addresses) == 0 {
		return nil
	}
	return ui.Evidence(p, ui.Proof{Title: p.T("threat.references"), From: p.T("threat.references_note"), Text: strings.Join(addresses, "\n")})
}

func dangerTable(p *ui.Page, a advised) ui.Table[string] {
	known := func(cve string, cell func(v intel.Vulnerability) templ.Component) templ.Component {
		v, ok := a.Dangers[cve]
		if !ok {
			return ui.None(p)
		}
		return cell(v)
	}
	column := func(key, label string, cell func(v intel.Vulnerability) templ.Component) ui.Column[string] {
		return ui.Column[string]{Key: key, Label: p.T(label), Cell: func(cve string) templ.Component { return known(cve, cell) }}
	}
	return ui.Table[string]{
		ID: "danger", Plain: true, Caption: p.T("threat.dangers"), Rows: a.names(),
		Columns: []ui.Column[string]{
			{Key: "cve", Label: "CVE", Cell: func(cve string) templ.Component { return ui.Code(cve) }},
			column("cvss", "threat.cvss", func(v intel.Vulnerability) templ.Component {
				if v.Base10 == 0 {
					return ui.None(p)
				}
				return ui.Join(cvssBadge(p, v.Base), ui.Quiet(strings.TrimSpace(v.Vector+" "+v.ScoredBy)))
			}),
			column("epss", "threat.epss", func(v intel.Vulnerability) templ.Component {
				if v.EPSSDate == "" {
					return ui.None(p)
				}
				return ui.Join(ui.Text(p.Percent(100*v.EPSS)), ui.Quiet(p.T("threat.epss_note", "percent", p.Percent(float64(v.PercentMicro)/1e4), "date", dayWords(p, v.EPSSDate))))
			}),
			column("kev", "threat.kev", func(v intel.Vulnerability) templ.Component {
				if v.KEVAdded == "" {
					return ui.Quiet(p.T("threat.kev_no"))
				}
				parts := []templ.Component{ui.Badge(ui.ToneCritical, p.T("threat.kev_since", "date", dayWords(p, v.KEVAdded)))}
				if v.KEVDue != "" {
					parts = append(parts, ui.Quiet(p.T("threat.kev_due", "date", dayWords(p, v.KEVDue))))
				}
				if v.Ransomware == 1 {
					parts = append(parts, ui.Badge(ui.ToneCritical, p.T("threat.ransomware")))
				}
				return ui.Join(parts...)
			}),
			column("ssvc", "threat.ssvc", func(v intel.Vulnerability) templ.Component { return some(p, ssvcWords(p, v)) }),
		},
		Empty: ui.Nothing{Title: p.T("threat.no_cve"), Why: p.T("threat.no_cve_why")},
	}
}

// ssvcWords are the decision points that sources state of a CVE.
func ssvcWords(p *ui.Page, v intel.Vulnerability) string {
	var parts []string
	for _, point := range [][2]string{{"exploitation", v.Exploitation}, {"automatable", v.Automatable}, {"impact", v.Impact}} {
		if key := "threat.ssvc." + point[0] + "." + point[1]; point[1] != "" && p.Has(key) {
			parts = append(parts, p.T(key))
		}
	}
	return strings.Join(parts, "; ")
}

func productTable(p *ui.Page, products []advisory.Product) ui.Table[advisory.Product] {
	type one = advisory.Product
	return ui.Table[one]{
		ID: "products", Plain: true, Caption: p.T("threat.products"), Rows: products,
		Columns: []ui.Column[one]{
			{Key: "product", Label: p.T("threat.product"), Cell: func(x one) templ.Component { return ui.Text(productWords(x.Vendor, x.Name)) }},
			{Key: "versions", Label: p.T("threat.versions"), Wide: true, Cell: func(x one) templ.Component { return ui.Text(versionWords(p, x)) }},
			{Key: "status", Label: p.T("work.state"), Cell: func(x one) templ.Component { return statusBadge(p, x.Status) }},
			{Key: "cves", Label: p.T("threat.cves"), Cell: func(x one) templ.Component { return cveCell(p, x.CVEs) }},
			{Key: "name", Label: p.T("threat.exact_name"), Wide: true, Cell: func(x one) templ.Component { return someCode(p, firstWord(x.CPE, x.PURL)) }},
		},
		Empty: ui.Nothing{Title: p.T("threat.no_product"), Why: p.T("threat.no_product_why")},
	}
}

// productWords is a product with its vendor, which some names begin with already.
func productWords(vendor, name string) string {
	if vendor == "" || strings.HasPrefix(strings.ToLower(name), strings.ToLower(vendor)) {
		return name
	}
	return vendor + " " + name
}

func versionWords(p *ui.Page, x advisory.Product) string {
	if len(x.Ranges) == 0 {
		return p.T("threat.no_version")
	}
	var parts []string
	for _, r := range x.Ranges {
		text := product.InWords(r)
		if text == "" {
			text = p.T("threat.every_version")
		}
		if !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

func statusBadge(p *ui.Page, status advisory.Status) templ.Component {
	tone := map[advisory.Status]ui.Tone{
		advisory.Affected: ui.ToneHigh, advisory.NotAffected: ui.ToneGood, advisory.Fixed: ui.ToneGood, advisory.UnderInvestigation: ui.ToneUnknown,
	}[status]
	if tone == "" {
		return ui.None(p)
	}
	return ui.Badge(tone, p.T("threat.status."+string(status)))
}

func (s *Site) concernedTable(p *ui.Page, hanging []finding.Finding) ui.Table[finding.Finding] {
	type one = finding.Finding
	return ui.Table[one]{
		ID: "concern", Plain: true, Caption: p.T("threat.who"), Rows: hanging, Href: func(f one) string { return "/findings/" + f.ID.String() },
		Columns: []ui.Column[one]{
			{Key: "id", Label: p.T("web.column.id"), Cell: func(f one) templ.Component { return ui.Text(f.ID.String()) }},
			{Key: "organisation", Label: p.T("web.column.organisation"), Wide: true, Cell: func(f one) templ.Component { return s.orgCell(p, f.Organisation) }},
			{Key: "product", Label: p.T("threat.product"), Cell: func(f one) templ.Component { return ui.Text(inventoryName(f)) }},
			{Key: "cve", Label: p.T("threat.cves"), Cell: func(f one) templ.Component { return ui.Code(f.Discriminator) }},
			{Key: "sure", Label: p.T("threat.sure"), Cell: func(f one) templ.Component { return sureBadge(p, f.Probability) }},
			{Key: "severity", Label: p.T("web.column.severity"), Cell: func(f one) templ.Component { return ui.Severity(p, f.Severity.String()) }},
			{Key: "state", Label: p.T("web.column.state"), Cell: func(f one) templ.Component { return ui.State(p, "finding", string(f.State)) }},
			{Key: "machines", Label: p.T("threat.machines"), Number: true, Cell: func(f one) templ.Component {
				if f.Detail == nil {
					return ui.None(p)
				}
				return number(p, int64(f.Detail.Count))
			}},
		},
		Empty: ui.Nothing{Title: p.T("threat.nobody"), Why: p.T("threat.nobody_why")},
	}
}

// inventoryName is a product as its owner's inventory writes it.
func inventoryName(f finding.Finding) string {
	if f.Detail == nil {
		return f.Asset.Value()
	}
	return productWords(f.Detail.Vendor, f.Detail.Product)
}

// sureBadge says how sure it is that an advisory means the product.
func sureBadge(p *ui.Page, probability string) templ.Component {
	switch probability {
	case "":
		return ui.None(p)
	case "confirmed":
		return ui.Badge(ui.ToneGood, p.T("finding.probability.confirmed"))
	}
	return ui.Badge(ui.ToneUnknown, p.T("finding.probability."+probability))
}
