package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/row"
)

// A load is what weighs on an organisation: its live findings.
type load struct {
	n     int64
	worst row.Severity
}

func (l load) with(n int64, s row.Severity) load {
	if l.n == 0 || s > l.worst {
		l.worst = s
	}
	l.n += n
	return l
}

// loads are the live findings of every organisation that the reader may see, its
// own, without those of bodies below it.
func (s *Site) loads(r *http.Request) (map[int64]load, error) {
	if !may(r, auth.FindingView) {
		return map[int64]load{}, nil
	}
	all, err := s.Findings.Numbers(r.Context(), who(r), "", "organisation", "severity", "state")
	if err != nil {
		return nil, err
	}
	out := map[int64]load{}
	for _, n := range all {
		if n.State.Live() && n.N > 0 {
			out[n.Organisation] = out[n.Organisation].with(n.N, n.Severity)
		}
	}
	return out, nil
}

// badge shows how heavy a load is: how many, and how grave the gravest.
func (l load) badge(p *ui.Page) templ.Component {
	if l.n == 0 {
		return nil
	}
	return ui.Badge(ui.Tone(l.worst.String()), p.N("work.open_findings", int(l.n)))
}

// organisations is the tree of whom we guard on a date, or, when something is
// asked for, the list of what answers.
func (s *Site) organisations(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.organisations")
	if p.Query("q") != "" || p.Query("kind") != "" || p.Query("tier") != "" || p.Query("format") != "" || p.Query("list") != "" {
		return s.organisationList(w, r, p)
	}
	on := p.Query("on")
	if _, err := time.Parse(time.DateOnly, on); err != nil {
		on = s.Estate.Today()
	}
	loads, err := s.loads(r)
	if err != nil {
		return err
	}
	changes, _, err := s.Estate.Successions(r.Context(), who(r), estate.Query{})
	if err != nil {
		return err
	}
	tree := s.tree(p, who(r).Scope, on, loads)
	body := ui.Tree(p, p.T("web.nav.organisations"), tree)
	if len(tree) == 0 {
		body = ui.Empty(p, ui.Nothing{Title: p.T("work.organisations.none"), Why: p.T("work.organisations.none_why"), Acts: s.organisationActs(p, r)})
	}
	return s.lay(w, r, p, top{Heading: ui.Heading{Lead: p.T("work.organisations.lead"), Acts: s.organisationActs(p, r)}},
		ui.Filters(p, s.organisationBar(p)),
		panel(p.T("work.organisations.on", "date", isoDate(p, on)),
			asking("/organisations", box("form-row",
				ui.Field(p, ui.Input{Name: "on", Label: p.T("work.organisations.as_of"), Kind: ui.InputDate, Value: on, Required: true}),
				ui.Act(p, ui.Button{Label: p.T("work.organisations.show"), Submit: true}),
				turningPoints(p, changes),
			)),
			body,
		),
		s.successionPanel(p, on, changes),
	)
}

func (s *Site) organisationActs(p *ui.Page, r *http.Request) []ui.Button {
	acts := []ui.Button{{Label: p.T("work.whose.title"), Href: "/whose", Icon: ui.IconSearch}}
	if may(r, auth.EstateImport) {
		acts = append(acts, ui.Button{Label: p.T("work.import.title"), Href: "/estate/import", Icon: ui.IconInbox})
	}
	if may(r, auth.EstateEdit) {
		acts = append(acts, ui.Button{Label: p.T("work.record.add.organisation"), Href: "/organisations/new", Icon: ui.IconPlus})
	}
	return acts
}

func (s *Site) organisationBar(p *ui.Page) ui.FilterBar {
	return ui.FilterBar{Find: p.T("work.organisations.find"), Filters: []ui.Filter{
		{Name: "kind", Label: p.T("work.part.organisation.kind"), Options: options(words(p, "estate.kind.", sheet.OrganisationKinds()...))},
		{Name: "tier", Label: p.T("work.part.tier"), Options: options(words(p, "estate.tier.", sheet.Tiers()...))},
	}}
}

// manyBelow is from how many bodies on one level of the tree shows them by kind,
// each kind folded: nobody reads two hundred names in a row.
const manyBelow = 25

// A branch is a place in the tree with what weighs on it and on all below it.
type branch struct {
	kind   string
	node   ui.Node
	weight load
}

// tree is the forest on a date as far as the scope shows it. A body whose parent
// is hidden stands at the root; a load that lies below a closed branch is added
// up to its top.
func (s *Site) tree(p *ui.Page, scope auth.Scope, on string, loads map[int64]load) []ui.Node {
	forest := s.Estate.Forest()
	var grow func(o estate.Organisation, depth int) branch
	grow = func(o estate.Organisation, depth int) branch {
		b := branch{kind: o.Kind, weight: loads[o.ID]}
		var below []branch
		for _, child := range forest.Children(o.ID, on) {
			if !scope.Has(child.ID) {
				continue
			}
			one := grow(child, depth+1)
			if one.weight.n > 0 {
				b.weight = b.weight.with(one.weight.n, one.weight.worst)
			}
			below = append(below, one)
		}
		b.node = ui.Node{Label: o.Name(p.Lang()), Href: s.orgHref(p, o.ID), Open: depth == 0, Note: b.weight.badge(p), Children: byKind(p, below)}
		return b
	}
	var top []branch
	var roots func(id int64)
	roots = func(id int64) {
		for _, o := range forest.Children(id, on) {
			if scope.Has(o.ID) {
				top = append(top, grow(o, 0))
				continue
			}
			roots(o.ID)
		}
	}
	roots(0)
	return byKind(p, top)
}

// byKind are the nodes of one level, sorted into their kinds where there are
// many.
func byKind(p *ui.Page, all []branch) []ui.Node {
	var nodes []ui.Node
	if len(all) < manyBelow {
		for _, b := range all {
			nodes = append(nodes, b.node)
		}
		return nodes
	}
	for _, kind := range sheet.OrganisationKinds() {
		var members []ui.Node
		var weight load
		for _, b := range all {
			if b.kind != kind {
				continue
			}
			members = append(members, b.node)
			if b.weight.n > 0 {
				weight = weight.with(b.weight.n, b.weight.worst)
			}
		}
		switch len(members) {
		case 0:
		case 1:
			nodes = append(nodes, members[0])
		default:
			nodes = append(nodes, ui.Node{
				Label: p.T("work.organisations.kind", "kind", p.T("estate.kind."+kind), "n", len(members)), Note: weight.badge(p), Children: members, Open: len(members) < manyBelow/2,
			})
		}
	}
	return nodes
}

// turningPoints are the days on which bodies became others: the dates that
// people want to look at.
func turningPoints(p *ui.Page, changes []estate.Succession) templ.Component {
	var days []string
	for _, c := range changes {
		if !slices.Contains(days, c.Date) {
			days = append(days, c.Date)
		}
	}
	slices.Sort(days)
	slices.Reverse(days)
	if len(days) == 0 {
		return nil
	}
	var links []templ.Component
	for _, day := range days[:min(len(days), 4)] {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			continue
		}
		before := t.AddDate(0, 0, -1).Format(time.DateOnly)
		links = append(links, ui.Link(p.With("on", before), p.T("work.organisations.before", "date", isoDate(p, day))))
	}
	return box("row", links...)
}

// successionPanel shows who came after whom around the date that is looked at:
// what had happened by then, the newest first.
func (s *Site) successionPanel(p *ui.Page, on string, changes []estate.Succession) templ.Component {
	if len(changes) == 0 {
		return nil
	}
	past := slices.DeleteFunc(slices.Clone(changes), func(c estate.Succession) bool { return c.Date > on })
	slices.SortStableFunc(past, func(a, b estate.Succession) int { return cmp.Compare(b.Date, a.Date) })
	const shown = 25
	total := len(past)
	past = past[:min(total, shown)]
	return folded(p.T("work.successions.title", "n", total, "date", isoDate(p, on)), false, ui.List(p, ui.Table[estate.Succession]{
		ID: "successions", Caption: p.T("work.successions.caption"), Rows: past, Total: total, Columns: s.successionColumns(p),
		Empty: ui.Nothing{Title: p.T("work.successions.none"), Why: p.T("work.successions.none_why")},
	}))
}

func (s *Site) successionColumns(p *ui.Page) []ui.Column[estate.Succession] {
	type x = estate.Succession
	return []ui.Column[x]{
		{Key: "from", Label: p.T("work.part.from"), Cell: func(c x) templ.Component { return s.body(p, c.From) }},
		{Key: "to", Label: p.T("work.part.to"), Cell: func(c x) templ.Component { return s.body(p, c.To) }},
		{Key: "date", Label: p.T("work.part.date"), Cell: func(c x) templ.Component { return ui.Text(isoDate(p, c.Date)) }},
		{Key: "share", Label: p.T("work.part.share"), Cell: func(c x) templ.Component { return ui.Text(p.T("estate.share." + c.Share)) }},
	}
}

func (s *Site) organisationList(w http.ResponseWriter, r *http.Request, p *ui.Page) error {
	all, next, err := s.Estate.Organisations(r.Context(), who(r), estate.Query{
		Search: p.Query("q"), Kind: p.Query("kind"), Tier: p.Query("tier"), On: p.Query("on"), ByName: true, Cursor: p.Query("cursor"), Limit: wanted(r),
	})
	if err != nil {
		return err
	}
	loads, err := s.loads(r)
	if err != nil {
		return err
	}
	type x = estate.Organisation
	return showList(s, w, r, p, listing[x]{
		Top: top{Heading: ui.Heading{Lead: p.T("work.organisations.lead"), Acts: s.organisationActs(p, r), Crumbs: []ui.Crumb{{Label: p.T("work.organisations.tree"), Href: "/organisations"}}}},
		Table: ui.Table[x]{
			ID: "organisations", Caption: p.T("web.nav.organisations"), Rows: all, Next: next,
			Href: func(o x) string { return s.bodyNoun().href(o.Code) },
			Columns: []ui.Column[x]{
				{Key: "name", Label: p.T("work.part.name"), Wide: true, Cell: func(o x) templ.Component { return ui.Text(o.Name(p.Lang())) }},
				{Key: "findings", Label: p.T("work.findings"), Cell: func(o x) templ.Component { return orNone(p, loads[o.ID].badge(p)) }},
				{Key: "kind", Label: p.T("work.part.organisation.kind"), Cell: func(o x) templ.Component { return ui.Text(p.T("estate.kind." + o.Kind)) }},
				{Key: "parent", Label: p.T("work.part.parent"), Cell: func(o x) templ.Component { return s.body(p, o.Parent) }},
				{Key: "tier", Label: p.T("work.part.tier"), Cell: func(o x) templ.Component { return ui.Text(p.T("estate.tier." + o.Tier)) }},
				{Key: "state", Label: p.T("work.state"), Cell: func(o x) templ.Component { return s.bodyState(p, o) }},
				{Key: "code", Label: p.T("work.part.code"), Cell: func(o x) templ.Component { return ui.Code(o.Code) }},
			},
			Bar:   s.organisationBar(p),
			Empty: ui.Nothing{Title: p.T("work.organisations.none"), Why: p.T("work.organisations.none_why"), Acts: s.organisationActs(p, r)},
		},
	})
}

func orNone(p *ui.Page, c templ.Component) templ.Component {
	if c == nil {
		return ui.None(p)
	}
	return c
}

// bodyState says whether an organisation still is.
func (s *Site) bodyState(p *ui.Page, o estate.Organisation) templ.Component {
	today := s.Estate.Today()
	switch {
	case s.Estate.Forest().ValidOn(o.ID, today):
		return ui.Badge(ui.ToneGood, p.T("work.valid.now"))
	case o.ValidFrom > today:
		return ui.Badge(ui.ToneInfo, p.T("work.valid.coming"))
	}
	return ui.Badge(ui.TonePlain, p.T("work.valid.ended"))
}

// liveOf are the live findings of an organisation and those below it, the worst
// first.
func (s *Site) liveOf(r *http.Request, code string, limit int) ([]finding.Finding, error) {
	if !may(r, auth.FindingView) {
		return nil, nil
	}
	list, err := s.Findings.List(r.Context(), who(r), finding.Filter{Organisation: code, Live: true, Order: "worst", Limit: limit})
	return list.Items, err
}
