package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// pageRows is how many rows a list shows at a time.
const pageRows = 50

// findingListPage is the list of findings with, perhaps, one of them beside it.
type findingListPage struct {
	Lead  string
	Tabs  []ui.Tab
	Table ui.Table[finding.Finding]
	Open  templ.Component // nil: none is open
	Back  string          // the list without it
}

func (s *Site) findingList(w http.ResponseWriter, r *http.Request) error {
	a := who(r)
	f, err := findingFilter(r.URL.Query())
	if err != nil {
		return err
	}
	switch r.URL.Query().Get("format") {
	case "csv":
		return s.findingCSV(w, r, f)
	case "json":
		return s.findingJSON(w, r, f)
	}
	p := s.page(w, r, "web.nav.findings")
	f.Limit, f.Cursor = pageRows, p.Query("cursor")
	list, err := s.Findings.List(r.Context(), a, f)
	if err != nil {
		return err
	}
	numbers, err := s.Findings.Numbers(r.Context(), a, f.Organisation, "kind", "severity", "state")
	if err != nil {
		return err
	}
	d := findingListPage{
		Lead: p.T("web.findings.lead"), Back: p.With("open", "", "cursor", p.Query("cursor")),
		Tabs: findingTabs(p, numbers),
		Table: ui.Table[finding.Finding]{
			ID: "findings", Caption: p.T("web.nav.findings"), Rows: list.Items, Next: list.Next,
			Key:     func(f finding.Finding) string { return f.ID.String() },
			Href:    s.findingHref(p),
			Current: func(f finding.Finding) bool { return f.ID.String() == p.Query("open") },
			Columns: s.findingColumns(p),
			Bar:     s.findingBar(p, a, numbers),
			Bulk:    s.findingBulk(p, a),
			Total:   findingTotal(f, numbers),
			Exports: []string{"csv", "json"},
			Empty:   s.noFindings(p, a),
		},
	}
	p.Live = &ui.Live{Stream: "/live?about=finding"}
	if id, err := finding.ParseID(p.Query("open")); err == nil {
		if d.Open, err = s.findingBeside(p, r, id); err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	return s.show(w, r, findingListView(p, d))
}

// findingHref opens a finding beside the list on the floor and as a page of its
// own on the calm pages, which have no room for two things.
func (s *Site) findingHref(p *ui.Page) func(finding.Finding) string {
	return func(f finding.Finding) string {
		if p.Person != nil && calm(p.Person.Role) {
			return "/findings/" + f.ID.String()
		}
		return p.With("open", f.ID.String(), "cursor", p.Query("cursor"))
	}
}

// findingFilter reads a list's address. Without a state it asks for what still
// wants something, because that is what people come for.
func findingFilter(q url.Values) (f finding.Filter, err error) {
	f.Text, f.Organisation, f.Unowned = q.Get("q"), q.Get("organisation"), q.Get("unowned") == "1"
	for _, v := range q["severity"] {
		severity, err := row.ParseSeverity(v)
		if err != nil {
			return f, errs.New(errs.Invalid, "severity %q is none", v)
		}
		f.Severities = append(f.Severities, severity)
	}
	for _, v := range q["state"] {
		if !slices.Contains(finding.States(), finding.State(v)) {
			return f, errs.New(errs.Invalid, "state %q is none", v)
		}
		f.States = append(f.States, finding.State(v))
	}
	for _, v := range q["kind"] {
		kind, err := row.ParseKind(v)
		if err != nil {
			return f, errs.New(errs.Invalid, "kind %q is none", v)
		}
		f.Kinds = append(f.Kinds, kind)
	}
	f.Live = len(f.States) == 0 && q.Get("all") != "1"
	if v := q.Get("document"); v != "" {
		if f.Document, err = intake.ParseDocument(v); err != nil {
			return f, err
		}
	}
	if v := q.Get("warning"); v != "" {
		id, err := warning.ParseID(v)
		if err != nil {
			return f, err
		}
		f.Warning, f.Live = int64(id), false
	}
	if v := q.Get("source"); v != "" {
		if f.Source, err = strconv.ParseInt(v, 10, 64); err != nil {
			return f, errs.New(errs.Invalid, "source %q is no number", v)
		}
	}
	if v := q.Get("seen_from"); v != "" {
		if f.Since, err = time.Parse(time.DateOnly, v); err != nil {
			return f, errs.New(errs.Invalid, "date %q is none", v)
		}
	}
	switch q.Get("sort") {
	case "", "-severity":
		f.Order = "worst"
	case "severity":
		f.Order = "mildest"
	case "-id":
		f.Order = "newest"
	case "id":
		f.Order = ""
	default:
		return f, errs.New(errs.Invalid, "sort %q: want id or severity", q.Get("sort"))
	}
	return f, nil
}

// findingTotal is how many findings a filter selects, 0 where the tally cannot
// tell.
func findingTotal(f finding.Filter, numbers []finding.Number) int {
	if f.Text != "" || f.Unowned || f.Document != 0 || f.Warning != 0 || f.Source != 0 || !f.Since.IsZero() {
		return 0
	}
	total := int64(0)
	for _, n := range numbers {
		if (len(f.Kinds) == 0 || slices.Contains(f.Kinds, n.Kind)) && (len(f.Severities) == 0 || slices.Contains(f.Severities, n.Severity)) &&
			(len(f.States) == 0 || slices.Contains(f.States, n.State)) && (!f.Live || n.State.Live()) {
			total += n.N
		}
	}
	return int(total)
}

// sum counts the numbers that a condition holds for.
func sum(numbers []finding.Number, holds func(finding.Number) bool) int {
	total := int64(0)
	for _, n := range numbers {
		if holds(n) {
			total += n.N
		}
	}
	return int(total)
}

func findingTabs(p *ui.Page, numbers []finding.Number) []ui.Tab {
	live := func(n finding.Number) bool { return n.State.Live() }
	states := p.URL.Query()["state"]
	only := func(state finding.State) bool { return len(states) == 1 && states[0] == string(state) }
	return []ui.Tab{
		{Label: p.T("web.findings.tab.live"), Href: "/findings", Count: sum(numbers, live), Current: len(states) == 0 && p.Query("all") != "1"},
		{
			Label: p.T("web.findings.tab.open"), Href: "/findings?state=open",
			Count: sum(numbers, func(n finding.Number) bool { return n.State == finding.Open }), Current: only(finding.Open),
		},
		{
			Label: p.T("web.findings.tab.claimed"), Href: "/findings?state=claimed_fixed",
			Count: sum(numbers, func(n finding.Number) bool { return n.State == finding.ClaimedFixed }), Current: only(finding.ClaimedFixed),
		},
		{Label: p.T("web.findings.tab.all"), Href: "/findings?all=1", Current: p.Query("all") == "1"},
	}
}

func (s *Site) findingBar(p *ui.Page, a auth.Actor, numbers []finding.Number) ui.FilterBar {
	live := p.Query("all") != "1" && p.Query("state") == ""
	counts := func(n finding.Number) bool { return !live || n.State.Live() }
	bar := ui.FilterBar{Find: p.T("web.findings.find")}
	severity := ui.Filter{Name: "severity", Label: p.T("web.column.severity")}
	for _, v := range row.Severities() {
		severity.Options = append(severity.Options, ui.Option{
			Value: v.String(), Label: p.T("ui.severity." + v.String()),
			Count: sum(numbers, func(n finding.Number) bool { return n.Severity == v && counts(n) }),
		})
	}
	state := ui.Filter{Name: "state", Label: p.T("web.column.state")}
	for _, v := range finding.States() {
		state.Options = append(state.Options, ui.Option{
			Value: string(v), Label: p.T("ui.state.finding." + string(v)), Count: sum(numbers, func(n finding.Number) bool { return n.State == v }),
		})
	}
	kind := ui.Filter{Name: "kind", Label: p.T("web.column.kind")}
	for _, v := range row.Kinds() {
		n := sum(numbers, func(n finding.Number) bool { return n.Kind == v && counts(n) })
		if n > 0 || p.Chosen("kind", string(v)) {
			kind.Options = append(kind.Options, ui.Option{Value: string(v), Label: kindName(p, v), Count: n})
		}
	}
	bar.Filters = append(bar.Filters, severity, state)
	if len(kind.Options) > 0 {
		bar.Filters = append(bar.Filters, kind)
	}
	if a.Scope.IsAll() {
		bar.Filters = append(bar.Filters, ui.Filter{Name: "unowned", Label: p.T("web.findings.unowned"), Options: []ui.Option{{Value: "1", Label: p.T("web.findings.unowned_only")}}})
	}
	// What other pages lead here by has no list to choose from, but can be seen
	// and taken off.
	for _, name := range []string{"organisation", "document", "warning", "source"} {
		if v := p.Query(name); v != "" {
			bar.Filters = append(bar.Filters, ui.Filter{Name: name, Label: p.T("web.column." + name), Options: []ui.Option{{Value: v, Label: s.filterWord(p, a, name, v)}}})
		}
	}
	return bar
}

// filterWord is the name of what a filter is set to.
func (s *Site) filterWord(p *ui.Page, a auth.Actor, name, value string) string {
	if name == "organisation" {
		if id, err := s.Estate.ByCode(value); err == nil && a.Scope.Has(id) {
			return s.orgName(p, id)
		}
	}
	return value
}

func (s *Site) findingColumns(p *ui.Page) []ui.Column[finding.Finding] {
	type column = ui.Column[finding.Finding]
	return []column{
		{Key: "id", Label: p.T("web.column.id"), Sort: true, Cell: func(f finding.Finding) templ.Component { return ui.Text(f.ID.String()) }},
		{Key: "severity", Label: p.T("web.column.severity"), Sort: true, Cell: func(f finding.Finding) templ.Component { return ui.Severity(p, f.Severity.String()) }},
		{Key: "kind", Label: p.T("web.column.kind"), Wide: true, Cell: func(f finding.Finding) templ.Component { return ui.Text(kindName(p, f.Kind)) }},
		{Key: "asset", Label: p.T("web.column.asset"), Wide: true, Cell: func(f finding.Finding) templ.Component { return assetCell(p, f) }},
		{Key: "organisation", Label: p.T("web.column.organisation"), Minor: true, Cell: func(f finding.Finding) templ.Component { return s.orgCell(p, f.Organisation) }},
		{Key: "state", Label: p.T("web.column.state"), Cell: func(f finding.Finding) templ.Component { return findingState(p, f) }},
		{Key: "count", Label: p.T("web.column.count"), Number: true, Minor: true, Cell: func(f finding.Finding) templ.Component { return ui.Text(p.Int(f.Count)) }},
		{Key: "last_seen", Label: p.T("web.column.last_seen"), Minor: true, Cell: func(f finding.Finding) templ.Component { return ui.Ago(p, f.LastSeen) }},
		{Key: "first_seen", Label: p.T("web.column.first_seen"), Off: true, Cell: func(f finding.Finding) templ.Component { return ui.Ago(p, f.FirstSeen) }},
		{Key: "discriminator", Label: p.T("web.column.discriminator"), Off: true, Cell: func(f finding.Finding) templ.Component { return ui.Code(f.Discriminator) }},
		{Key: "realm", Label: p.T("web.column.realm"), Off: true, Cell: func(f finding.Finding) templ.Component { return ui.Text(f.Realm) }},
		{Key: "class", Label: p.T("web.column.class"), Off: true, Cell: func(f finding.Finding) templ.Component { return ui.RSIT(p, string(f.Classification)) }},
		{Key: "tlp", Label: p.T("web.column.tlp"), Off: true, Cell: func(f finding.Finding) templ.Component { return ui.TLP(p, f.TLP.String()) }},
		{Key: "rule", Label: p.T("web.column.rule"), Off: true, Wide: true, Cell: func(f finding.Finding) templ.Component { return ui.Text(s.ruleWords(p, f.Rule)) }},
	}
}

// findingBulk are the acts that the reader may do to many findings at once.
func (s *Site) findingBulk(p *ui.Page, a auth.Actor) []ui.BulkAct {
	var all []ui.BulkAct
	for _, t := range finding.Transitions() {
		if t.May != "" && auth.May(a, t.May) == nil {
			all = append(all, ui.BulkAct{Label: p.T("finding.act." + string(t.Act)), Preview: "/bulk/findings/" + string(t.Act)})
		}
	}
	return all
}

// noFindings says why the list is empty.
func (s *Site) noFindings(p *ui.Page, a auth.Actor) ui.Nothing {
	if p.Query("all") == "1" || p.Query("state") != "" {
		return ui.Nothing{Title: p.T("web.findings.none"), Why: p.T("web.findings.none_ever")}
	}
	n := ui.Nothing{Title: p.T("web.findings.none"), Why: p.T("web.findings.none_why"), Acts: []ui.Button{{Label: p.T("web.findings.tab.all"), Href: "/findings?all=1"}}}
	if s.leads(a, "/sources") {
		n.Acts = append(n.Acts, ui.Button{Label: p.T("web.findings.see_sources"), Href: "/sources"})
	}
	return n
}
