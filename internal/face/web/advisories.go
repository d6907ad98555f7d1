package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intel"
)

// An advised is an advisory with what is known around it.
type advised struct {
	intel.Advisory
	Dangers   map[string]intel.Vulnerability // by CVE
	Concerned finding.Concern
}

// exploited says whether a CVE of the advisory is known to be used.
func (a advised) exploited() bool {
	return slices.ContainsFunc(a.CVEs, func(cve string) bool { return a.Dangers[cve].Exploited() })
}

// ransomware says whether it is used in extortion.
func (a advised) ransomware() bool {
	return slices.ContainsFunc(a.CVEs, func(cve string) bool { return a.Dangers[cve].Ransomware == 1 })
}

// names are what its dangers go by: its CVEs, or the advisory itself where it
// names none.
func (a advised) names() []string {
	if len(a.CVEs) == 0 {
		return []string{a.Name}
	}
	return a.CVEs
}

// worst is the highest CVSS base score of its dangers, 0 where none has one.
func (a advised) worst() (base float64) {
	for _, cve := range a.names() {
		base = max(base, a.Dangers[cve].Base)
	}
	return base
}

// title is what an advisory is called: some sources give nothing but an id.
func (a advised) title() string { return firstWord(a.Title, a.Name) }

func (s *Site) advised(r *http.Request, found []intel.Advisory) ([]advised, error) {
	var cves []string
	numbers := make([]int64, len(found))
	for i, a := range found {
		cves = append(cves, a.CVEs...)
		numbers[i] = a.Number
	}
	slices.Sort(cves)
	dangers, err := s.Intel.Dangers(r.Context(), who(r), slices.Compact(cves))
	if err != nil {
		return nil, err
	}
	concerned, err := s.Findings.Concerned(r.Context(), who(r), numbers)
	if err != nil {
		return nil, err
	}
	known := make(map[string]intel.Vulnerability, len(dangers))
	for _, v := range dangers {
		known[v.CVE] = v
	}
	all := make([]advised, len(found))
	for i, a := range found {
		all[i] = advised{a, known, concerned[a.Number]}
	}
	return all, nil
}

func (s *Site) advisories(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.advisories")
	f := intel.AdvisoryFilter{
		Text: strings.TrimSpace(p.Query("q")), Source: p.Query("source"), KEV: p.Query("kev") == "1", Since: day(p, "received_from"), Newest: true, Limit: wanted(r),
	}
	f.After, _ = strconv.ParseInt(p.Query("cursor"), 10, 64) // nonsense is the first page
	found, next, err := s.Intel.Advisories(r.Context(), who(r), f)
	if err != nil {
		return err
	}
	rows, err := s.advised(r, found)
	if err != nil {
		return err
	}
	sources, err := s.Intake.Sources(r.Context(), who(r))
	if err != nil {
		return err
	}
	cursor := ""
	if next > 0 {
		cursor = strconv.FormatInt(next, 10)
	}
	return showList(s, w, r, p, listing[advised]{
		Top: top{Heading: ui.Heading{Lead: p.T("threat.advisories.lead")}},
		Table: ui.Table[advised]{
			ID: "advisories", Caption: p.T("web.nav.advisories"), Rows: rows, Next: cursor, Href: func(a advised) string { return "/advisories/" + a.ID },
			Columns: []ui.Column[advised]{
				{Key: "name", Label: p.T("threat.advisory.name"), Cell: func(a advised) templ.Component { return ui.Code(shortened(a.Name)) }},
				{Key: "title", Label: p.T("threat.advisory.title"), Wide: true, Cell: func(a advised) templ.Component { return some(p, a.Title) }},
				{Key: "danger", Label: p.T("threat.danger"), Cell: func(a advised) templ.Component { return dangerMarks(p, a) }},
				{Key: "organisations", Label: p.T("threat.concerned"), Number: true, Cell: func(a advised) templ.Component {
					return counted(p, a.Concerned.Organisations, "/advisories/"+a.ID+"#concerned")
				}},
				{Key: "source", Label: p.T("work.document.source"), Cell: func(a advised) templ.Component { return ui.Link(sourceHref(a.Source), a.Source) }},
				{Key: "received", Label: p.T("work.document.received"), Cell: func(a advised) templ.Component { return ui.Ago(p, a.Received) }},
				{Key: "cves", Label: p.T("threat.cves"), Cell: func(a advised) templ.Component { return cveCell(p, a.CVEs) }},
				{Key: "published", Label: p.T("threat.published"), Off: true, Cell: func(a advised) templ.Component { return ui.Ago(p, a.Published) }},
				{Key: "tlp", Label: p.T("work.tlp"), Off: true, Cell: func(a advised) templ.Component { return ui.TLP(p, a.TLP.String()) }},
				{Key: "id", Label: p.T("web.column.id"), Off: true, Cell: func(a advised) templ.Component { return ui.Text(a.ID) }},
			},
			Bar: ui.FilterBar{Find: p.T("threat.advisories.find"), Filters: []ui.Filter{
				{Name: "kev", Label: p.T("threat.kev"), Options: []ui.Option{{Value: "1", Label: p.T("threat.kev_only")}}},
				{Name: "source", Label: p.T("work.document.source"), Options: options(sourceChoices(sources))},
				{Name: "received", Label: p.T("work.document.received"), Dates: true},
			}},
			Empty: ui.Nothing{Title: p.T("threat.advisories.none"), Why: p.T("threat.advisories.none_why"), Acts: []ui.Button{{Label: p.T("web.nav.sources"), Href: "/sources"}}},
		},
	})
}

// dangerMarks say at a glance what makes an advisory urgent.
func dangerMarks(p *ui.Page, a advised) templ.Component {
	var marks []templ.Component
	if a.Withdrawn {
		marks = append(marks, ui.Badge(ui.TonePlain, p.T("threat.withdrawn")))
	}
	if a.exploited() {
		marks = append(marks, ui.Badge(ui.ToneCritical, p.T("threat.exploited")))
	}
	if a.ransomware() {
		marks = append(marks, ui.Badge(ui.ToneCritical, p.T("threat.ransomware")))
	}
	if base := a.worst(); base > 0 {
		marks = append(marks, cvssBadge(p, base))
	}
	if a.Ends != "" {
		marks = append(marks, ui.Badge(ui.ToneMedium, p.T("threat.ends", "date", dayWords(p, a.Ends))))
	}
	if len(marks) == 0 {
		return ui.None(p)
	}
	return ui.Join(marks...)
}

// cvssBadge is a base score with its rating (CVSS 3.1 §5).
func cvssBadge(p *ui.Page, base float64) templ.Component {
	tone := ui.ToneLow
	switch {
	case base >= 9:
		tone = ui.ToneCritical
	case base >= 7:
		tone = ui.ToneHigh
	case base >= 4:
		tone = ui.ToneMedium
	}
	return ui.Badge(tone, "CVSS "+p.Number(base, 1))
}

func cveCell(p *ui.Page, cves []string) templ.Component {
	switch len(cves) {
	case 0:
		return ui.None(p)
	case 1, 2, 3:
		return ui.Code(strings.Join(cves, ", "))
	}
	return ui.Join(ui.Code(strings.Join(cves[:2], ", ")), ui.Quiet(p.N("threat.more_cves", len(cves)-2)))
}
