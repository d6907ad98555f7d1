package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/city/estate"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// organisation is everything about one body, a tab for each kind of record.
func (s *Site) organisation(w http.ResponseWriter, r *http.Request) error {
	o, err := s.Estate.ShowOrganisation(r.Context(), who(r), r.PathValue("code"))
	if err != nil {
		return err
	}
	counts, err := s.Estate.Count(r.Context(), who(r), o.Code, true)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	p.Title = o.Name(p.Lang())
	tab := p.Query("tab")
	parts, err := s.organisationTab(p, r, o, tab)
	if err != nil {
		return err
	}
	var crumbs []ui.Crumb
	for _, above := range slices.Backward(s.Estate.Forest().Ancestors(o.ID)) {
		if who(r).Scope.Has(above.ID) {
			crumbs = append(crumbs, ui.Crumb{Label: above.Name(p.Lang()), Href: s.orgHref(p, above.ID)})
		}
	}
	head := top{
		Heading: ui.Heading{Crumbs: append([]ui.Crumb{{Label: p.T("web.nav.organisations"), Href: "/organisations"}}, crumbs...)},
		Marks:   []templ.Component{s.bodyState(p, o), ui.Text(p.T("estate.kind." + o.Kind)), ui.Code(o.Code)},
	}
	if may(r, auth.EstateEdit) {
		head.Acts = []ui.Button{{Label: p.T("work.record.edit"), Href: s.bodyNoun().href(o.Code) + "/edit", Icon: ui.IconEdit}}
	}
	at := func(name, key string, n int64) ui.Tab {
		return ui.Tab{Label: p.T(key), Href: query(p.URL.Path, "tab", name), Count: int(n), Current: tab == name}
	}
	tabs := ui.Tabs(p, p.T("work.organisation.tabs"), []ui.Tab{
		at("", "work.organisation.overview", 0), at("contact", "work.records.contact", counts.Contacts), at("system", "work.records.system", counts.Systems),
		at("address", "work.records.address", counts.Addresses), at("endpoint", "work.records.endpoint", counts.Endpoints),
		at("software", "work.records.software", counts.Software), at("history", "work.history", 0),
	})
	return s.lay(w, r, p, head, append([]templ.Component{tabs}, parts...)...)
}

func (s *Site) organisationTab(p *ui.Page, r *http.Request, o estate.Organisation, tab string) ([]templ.Component, error) {
	switch tab {
	case "":
		return s.organisationOverview(p, r, o)
	case "history":
		past, err := s.Estate.History(r.Context(), who(r), "organisation:"+o.Code)
		if err != nil {
			return nil, err
		}
		return []templ.Component{panel(p.T("work.history"), s.estateHistory(p, s.bodyNoun(), past))}, nil
	}
	all := s.nouns()
	i := slices.IndexFunc(all, func(n noun) bool { return n.Word == tab })
	if i < 0 {
		return s.organisationOverview(p, r, o)
	}
	n := all[i]
	if !may(r, n.View) {
		return []templ.Component{hushed(p.T("work.records.none_why." + n.Word))}, nil
	}
	q := recordQuery(p, r)
	q.Organisation, q.Below, q.Limit = o.Code, true, listRows
	rows, next, err := n.Find(r.Context(), who(r), q)
	if err != nil {
		return nil, err
	}
	// Those below are listed too, so the column says whose a record is.
	t := s.recordTable(p, n, rows, next, "")
	if len(s.Estate.Below(o.ID)) == 1 {
		t = s.recordTable(p, n, rows, next, o.Code)
	}
	t.Bar = ui.FilterBar{Find: p.T("work.records.find." + n.Word)}
	var add templ.Component
	if may(r, n.Edit) {
		b := ui.Button{Label: p.T("work.record.add." + n.Word), Href: query(n.Path+"/new", "organisation", o.Code), Icon: ui.IconPlus}
		add, t.Empty.Acts = ui.Acts(p, b), []ui.Button{b}
	}
	if len(rows) == 0 {
		add = nil
	}
	return []templ.Component{add, ui.List(p, t)}, nil
}

func (s *Site) organisationOverview(p *ui.Page, r *http.Request, o estate.Organisation) ([]templ.Component, error) {
	live, err := s.liveOf(r, o.Code, 10)
	if err != nil {
		return nil, err
	}
	figures, total, err := s.organisationFigures(p, r, o)
	if err != nil {
		return nil, err
	}
	contacts, err := s.contactPanel(p, r, o)
	if err != nil {
		return nil, err
	}
	unwell, err := s.unwell(p, r, o)
	if err != nil {
		return nil, err
	}
	lineage, err := s.lineage(p, r, o)
	if err != nil {
		return nil, err
	}
	warnings, err := s.warningsOf(p, r, o)
	if err != nil {
		return nil, err
	}
	var below templ.Component
	if children := s.Estate.Forest().Children(o.ID, s.Estate.Today()); len(children) > 0 {
		loads, err := s.loads(r)
		if err != nil {
			return nil, err
		}
		nodes := make([]ui.Node, len(children))
		for i, c := range children {
			nodes[i] = ui.Node{Label: c.Name(p.Lang()), Href: s.orgHref(p, c.ID), Note: loads[c.ID].badge(p)}
		}
		const shown = 12
		list := []templ.Component{ui.Tree(p, p.T("work.organisation.below"), nodes[:min(len(nodes), shown)])}
		if len(nodes) > shown {
			list = append(list, folded(p.N("work.organisation.more_below", len(nodes)-shown), false, ui.Tree(p, p.T("work.organisation.below"), nodes[shown:])))
		}
		below = panel(p.T("work.organisation.below"), list...)
	}
	return []templ.Component{
		figures,
		panel(p.T("work.organisation.open"), s.findingTable(p, live, total), s.allFindings(p, o, total, len(live))),
		box("grid-2", box("stack", contacts, unwell, warnings), box("stack",
			panel(p.T("work.record.facts"), ui.Facts(p, s.recordFacts(p, s.bodyNoun(), bodyDossier(o)))), lineage, below)),
	}, nil
}

func (s *Site) allFindings(p *ui.Page, o estate.Organisation, total int64, shown int) templ.Component {
	if int(total) <= shown {
		return nil
	}
	return ui.Link(query("/findings", "organisation", o.Code), p.N("work.organisation.all_findings", int(total)))
}

// findingTable is a short list of findings on the page of something else.
func (s *Site) findingTable(p *ui.Page, all []finding.Finding, total int64) templ.Component {
	type x = finding.Finding
	return ui.List(p, ui.Table[x]{
		ID: "findings", Plain: true, Caption: p.T("work.findings"), Rows: all, Total: int(total),
		Href: func(f x) string { return "/findings/" + f.ID.String() },
		Columns: []ui.Column[x]{
			{Key: "id", Label: p.T("work.finding"), Cell: func(f x) templ.Component { return ui.Text(f.ID.String()) }},
			{Key: "severity", Label: p.T("work.severity"), Cell: func(f x) templ.Component { return ui.Severity(p, f.Severity.String()) }},
			{Key: "asset", Label: p.T("work.asset"), Wide: true, Cell: func(f x) templ.Component { return ui.Code(string(f.Asset)) }},
			{Key: "kind", Label: p.T("work.problem"), Cell: func(f x) templ.Component { return ui.Text(kindName(p, f.Kind)) }},
			{Key: "state", Label: p.T("work.state"), Cell: func(f x) templ.Component { return ui.State(p, "finding", string(f.State)) }},
			{Key: "seen", Label: p.T("work.last_seen"), Cell: func(f x) templ.Component { return ui.Ago(p, f.LastSeen) }},
		},
		Empty: ui.Nothing{Title: p.T("work.organisation.no_findings"), Why: p.T("work.organisation.no_findings_why")},
	})
}

func (s *Site) organisationFigures(p *ui.Page, r *http.Request, o estate.Organisation) (templ.Component, int64, error) {
	if !may(r, auth.FindingView) {
		return nil, 0, nil
	}
	all, err := s.Findings.Numbers(r.Context(), who(r), o.Code, "severity", "state")
	if err != nil {
		return nil, 0, err
	}
	live := map[row.Severity]int64{}
	var total, claimed int64
	for _, n := range all {
		if n.State.Live() {
			live[n.Severity] += n.N
			total += n.N
		}
		if n.State == finding.ClaimedFixed {
			claimed += n.N
		}
	}
	var figures []ui.Figure
	severities := row.Severities()
	slices.SortFunc(severities, func(a, b row.Severity) int { return int(b) - int(a) })
	for _, sev := range severities {
		if sev == row.NoSeverity {
			continue
		}
		word := sev.String()
		figures = append(figures, ui.Figure{
			Label: p.T("ui.severity." + word), Value: p.Int(live[sev]), Tone: toneIf(live[sev] > 0, ui.Tone(word)),
			Href: query("/findings", "organisation", o.Code, "severity", word),
		})
	}
	figures = append(figures, ui.Figure{Label: p.T("ui.state.finding.claimed_fixed"), Value: p.Int(claimed), Href: query("/findings", "organisation", o.Code, "state", "claimed_fixed")})
	return ui.Stats(p, figures), total, nil
}

func (s *Site) contactPanel(p *ui.Page, r *http.Request, o estate.Organisation) (templ.Component, error) {
	if !may(r, auth.ContactView) {
		return nil, nil
	}
	all, _, err := s.Estate.ContactList(r.Context(), who(r), estate.Query{Organisation: o.Code})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b estate.Contact) int { return a.Order - b.Order })
	var add []ui.Button
	if may(r, auth.ContactEdit) {
		add = []ui.Button{{Label: p.T("work.record.add.contact"), Href: query("/contacts/new", "organisation", o.Code), Small: true, Icon: ui.IconPlus}}
	}
	if len(all) == 0 {
		return panel(p.T("work.records.contact"), notice(ui.ToneHigh, ui.Text(p.T("work.organisation.no_contact"))), ui.Acts(p, add...)), nil
	}
	var facts []ui.Fact
	for _, c := range all {
		note := strings.Trim(c.Role+" · "+c.Hours, " ·")
		ways := []templ.Component{ui.Code(c.Email)}
		if c.Phone != "" {
			ways = append(ways, telephone(c.Phone))
		}
		facts = append(facts, ui.Fact{
			Label: p.T("work.contact.rank", "n", c.Order), Value: box("", box("", ui.Link("/contacts/"+string(c.ID), c.Name)), ui.Join(ways...)), Note: note,
		})
	}
	return panel(p.T("work.records.contact"), ui.Facts(p, facts), ui.Acts(p, add...)), nil
}

// lineage is what a body came from and what became of it.
func (s *Site) lineage(p *ui.Page, r *http.Request, o estate.Organisation) (templ.Component, error) {
	all, _, err := s.Estate.Successions(r.Context(), who(r), estate.Query{Organisation: o.Code})
	if err != nil {
		return nil, err
	}
	var before, after []ui.Fact
	for _, c := range all {
		note := strings.Join([]string{isoDate(p, c.Date), p.T("estate.share." + c.Share)}, " · ")
		switch o.Code {
		case c.To:
			before = append(before, ui.Fact{Label: p.T("work.organisation.from"), Value: s.body(p, c.From), Note: note})
		case c.From:
			after = append(after, ui.Fact{Label: p.T("work.organisation.to"), Value: s.stranger(p, c.To), Note: note})
		}
	}
	if len(before)+len(after) == 0 && !may(r, auth.EstateEdit) {
		return nil, nil
	}
	parts := []templ.Component{}
	if len(before)+len(after) == 0 {
		parts = append(parts, hushed(p.T("work.organisation.no_lineage")))
	} else {
		parts = append(parts, ui.Facts(p, append(before, after...)))
	}
	if may(r, auth.EstateEdit) {
		parts = append(parts, ui.Acts(p, ui.Button{Label: p.T("work.succession.add"), Href: query("/successions/new", "from", o.Code), Small: true, Icon: ui.IconPlus}))
	}
	return panel(p.T("work.organisation.lineage"), parts...), nil
}

// warningsOf are the latest warnings to an organisation.
func (s *Site) warningsOf(p *ui.Page, r *http.Request, o estate.Organisation) (templ.Component, error) {
	if s.Warnings == nil || !may(r, auth.WarningView) {
		return nil, nil
	}
	all, err := s.Warnings.List(r.Context(), who(r), warning.Query{Organisation: o.ID, Newest: true, Limit: 8, Language: p.Lang()})
	if err != nil {
		return nil, err
	}
	return panel(p.T("web.nav.warnings"), ui.List(p, ui.Table[warning.View]{
		ID: "warnings", Plain: true, Caption: p.T("web.nav.warnings"), Rows: all, Href: func(v warning.View) string { return "/warnings/" + v.ID },
		Columns: []ui.Column[warning.View]{
			{Key: "id", Label: p.T("work.warning.id"), Cell: func(v warning.View) templ.Component { return ui.Text(v.ID) }},
			{Key: "severity", Label: p.T("work.severity"), Cell: func(v warning.View) templ.Component { return ui.Severity(p, v.Severity) }},
			{Key: "state", Label: p.T("work.state"), Cell: func(v warning.View) templ.Component { return ui.State(p, "warning", string(v.State)) }},
			{Key: "sent", Label: p.T("work.warning.sent"), Cell: func(v warning.View) templ.Component { return ui.Ago(p, v.Warning.Sent) }},
		},
		Empty: ui.Nothing{Title: p.T("work.warnings.none"), Why: p.T("work.organisation.no_warnings")},
	})), nil
}
