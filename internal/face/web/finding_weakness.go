package web

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/match/vector"
)

// weakness is the part of a finding's page that tells of a weakness in a product:
// which advisory, where, why it is taken to mean this, and what to do. Nil where
// the finding is of another sort.
func (s *Site) weakness(p *ui.Page, a auth.Actor, f finding.Finding) templ.Component {
	d := f.Detail
	if d == nil {
		return nil
	}
	named := firstWord(d.Title, d.Advisory)
	about := ui.Text(named)
	if f.Advisory != 0 && a.Scope.IsAll() && s.leads(a, "/advisories/{id}") {
		about = ui.Link("/advisories/"+intel.AdvisoryLabel(f.Advisory), named)
	}
	facts := []ui.Fact{
		{Label: p.T("threat.advisory"), Value: about, Note: d.Advisory},
		{Label: p.T("threat.matching.inventory"), Value: ui.Text(productWords(d.Vendor, d.Product))},
	}
	if d.AdvisoryName != "" {
		facts = append(facts, ui.Fact{Label: p.T("threat.matching.advisory"), Value: ui.Text(productWords(d.AdvisoryVendor, d.AdvisoryName))})
	}
	if d.Range != "" {
		facts = append(facts, ui.Fact{Label: p.T("threat.versions"), Value: ui.Code(d.Range)})
	}
	facts = append(facts, ui.Fact{Label: p.T("threat.sure"), Value: sureBadge(p, f.Probability)})
	if d.Exploited {
		facts = append(facts, ui.Fact{Label: p.T("threat.danger"), Value: ui.Badge(ui.ToneCritical, p.T("threat.exploited"))})
	}
	if d.Ends != "" {
		facts = append(facts, ui.Fact{Label: p.T("threat.support_ends"), Value: ui.Text(dayWords(p, d.Ends))})
	}
	if !d.FixBy.IsZero() {
		facts = append(facts, ui.Fact{Label: p.T("threat.fix_by"), Value: fixBy(p, f)})
	}
	var reasons []templ.Component
	if why := whyWords(p, d); len(why) > 0 {
		reasons = append(reasons, listed(p.T("threat.why_matched"), why))
	}
	if judged := judgedWords(p, d); len(judged) > 0 {
		reasons = append(reasons, listed(p.T("threat.why_severity", "severity", strings.ToLower(p.T("ui.severity."+f.Severity.String()))), judged))
	}
	if len(d.Remedies) > 0 {
		reasons = append(reasons, listed(p.T("threat.remedies"), d.Remedies))
	}
	return panel(p.T("threat.weakness"),
		box("grid-2", ui.Facts(p, facts), box("stack", reasons...)),
		moreThan(p, "threat.machines_left", d.Count-len(d.Machines)),
		ui.List(p, machineTable(p, d)),
	)
}

// fixBy is by when a weakness should be gone, late where it stands still then.
func fixBy(p *ui.Page, f finding.Finding) templ.Component {
	if f.Live() && p.Now.After(f.Detail.FixBy) {
		return ui.Badge(ui.ToneLate, p.Date(f.Detail.FixBy))
	}
	return ui.Text(p.Date(f.Detail.FixBy))
}

// whyWords are the reasons of a match in the reader's language.
func whyWords(p *ui.Page, d *finding.Detail) (texts []string) {
	if d == nil {
		return nil
	}
	var versions []string
	for _, m := range d.Machines {
		if m.Version != "" && !slices.Contains(versions, m.Version) && len(versions) < 3 {
			versions = append(versions, m.Version)
		}
	}
	for _, key := range d.Why {
		if p.Has(key) {
			texts = append(texts, p.T(key, "version", strings.Join(versions, ", "), "range", d.Range))
		}
	}
	return texts
}

// judgedWords are the decision and its reasons.
func judgedWords(p *ui.Page, d *finding.Detail) (texts []string) {
	if key := vector.Decision(d.Decision).Key(); d.Decision != "" && p.Has(key) {
		texts = append(texts, p.T(key)+".")
	}
	score := p.T("threat.no_score")
	if d.CVSS > 0 {
		score = p.Number(d.CVSS, 1)
	}
	for _, key := range d.Judged {
		if p.Has(key) {
			texts = append(texts, p.T(key, "epss", p.Percent(100*d.EPSS), "cvss", score))
		}
	}
	return texts
}

func machineTable(p *ui.Page, d *finding.Detail) ui.Table[finding.Machine] {
	type one = finding.Machine
	return ui.Table[one]{
		ID: "machines", Plain: true, Caption: p.T("threat.machines"), Rows: d.Machines,
		Columns: []ui.Column[one]{
			{Key: "host", Label: p.T("threat.machine"), Cell: func(m one) templ.Component { return ui.Text(firstWord(m.Hostname, p.T("threat.no_host"))) }},
			{Key: "version", Label: p.T("threat.installed"), Cell: func(m one) templ.Component { return someCode(p, m.Version) }},
			{Key: "sure", Label: p.T("threat.sure"), Cell: func(m one) templ.Component {
				if m.Possible {
					return sureBadge(p, "possible")
				}
				return sureBadge(p, "confirmed")
			}},
		},
		Empty: ui.Nothing{Title: p.T("threat.no_machine"), Why: p.T("threat.no_machine_why")},
	}
}

// searchAdvisories are the advisories of a CVE.
func (s *Site) searchAdvisories(p *ui.Page, r *http.Request, text string) (hits, error) {
	found := hits{Title: p.T("web.nav.advisories")}
	if !who(r).Scope.IsAll() {
		return found, nil
	}
	if !regexp.MustCompile(`(?i)^CVE-\d{4}-\d{4,}$`).MatchString(text) {
		return found, nil // Titles have no index: their own list looks through them.
	}
	all, next, err := s.Intel.Advisories(r.Context(), who(r), intel.AdvisoryFilter{CVE: text, Newest: true, Limit: searchRows})
	for _, a := range all {
		found.All = append(found.All, hit{Label: firstWord(a.Title, a.Name), Href: "/advisories/" + a.ID, Note: a.Name + note(a.Source)})
	}
	if next > 0 {
		found.More = query("/advisories", "q", text)
	}
	return found, err
}
