package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/intake/row"
)

// chartBars is how many bodies a chart names: who they are matters, not how many
// there are.
const chartBars = 8

func (s *Site) timeliness(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "timeliness.title")
	days, err := strconv.Atoi(p.Query("days"))
	if err != nil || !slices.Contains(timelinessDays(), days) {
		days = timelinessDays()[0]
	}
	report, err := s.Deliveries.Report(r.Context(), who(r), p.Now.AddDate(0, 0, -days))
	if err != nil {
		return err
	}
	t := top{Heading: ui.Heading{Lead: p.T("timeliness.lead")}}
	for _, n := range timelinessDays() {
		if n != days {
			t.Acts = append(t.Acts, ui.Button{Label: p.N("timeliness.days", n), Href: query("/timeliness", "days", strconv.Itoa(n)), Small: true})
		}
	}
	parts := []templ.Component{s.brokenPanel(p, report.Broken), paceStats(p, report.All, days)}
	if chart := s.paceChart(p, report); chart != nil {
		parts = append(parts, chart)
	}
	parts = append(parts,
		paceTable(p, "organisations", report.Organisations, p.T("work.organisation"), func(x deliver.Pace) templ.Component { return s.bodyCell(p, x.Organisation) }),
		paceTable(p, "sources", report.Sources, p.T("work.document.source"), func(x deliver.Pace) templ.Component { return ui.Text(x.Source) }),
		s.promisePanel(p, r),
	)
	return s.lay(w, r, p, t, parts...)
}

func timelinessDays() []int { return []int{30, 7, 90} }

// brokenPanel names the warnings that were not handed over as promised; the ones
// that still are not come first.
func (s *Site) brokenPanel(p *ui.Page, broken []deliver.Broken) templ.Component {
	if len(broken) == 0 {
		return nil
	}
	slices.SortStableFunc(broken, func(a, b deliver.Broken) int {
		switch {
		case a.Handed.IsZero() && !b.Handed.IsZero():
			return -1
		case b.Handed.IsZero() && !a.Handed.IsZero():
			return 1
		}
		return b.Promised.Compare(a.Promised)
	})
	total := len(broken)
	broken = broken[:min(total, 30)]
	return panel(p.N("timeliness.broken", total), ui.List(p, ui.Table[deliver.Broken]{
		ID: "broken", Plain: true, Caption: p.N("timeliness.broken", total), Rows: broken, Total: total,
		Href: func(b deliver.Broken) string { return "/warnings/" + b.Warning.String() },
		Columns: []ui.Column[deliver.Broken]{
			{Key: "id", Label: p.T("timeliness.warning"), Cell: func(b deliver.Broken) templ.Component { return ui.Text(b.Warning.String()) }},
			{Key: "severity", Label: p.T("work.severity"), Cell: func(b deliver.Broken) templ.Component { return ui.Severity(p, b.Severity.String()) }},
			{Key: "organisation", Label: p.T("work.organisation"), Wide: true, Cell: func(b deliver.Broken) templ.Component { return s.bodyCell(p, b.Organisation) }},
			{Key: "received", Label: p.T("timeliness.received"), Cell: func(b deliver.Broken) templ.Component { return ui.When(p, b.Received) }},
			{Key: "promised", Label: p.T("timeliness.promised"), Cell: func(b deliver.Broken) templ.Component { return ui.When(p, b.Promised) }},
			{Key: "handed", Label: p.T("timeliness.handed"), Cell: func(b deliver.Broken) templ.Component { return momentOr(p, b.Handed, "timeliness.not_yet") }},
		},
	}))
}

// secondsText is a figure of the ledger as a duration, "" where there is no case.
func secondsText(p *ui.Page, v *float64) string {
	if v == nil {
		return ""
	}
	return p.Duration(time.Duration(*v * float64(time.Second)).Round(time.Second))
}

func paceStats(p *ui.Page, all deliver.Pace, days int) templ.Component {
	figure := func(key string, half, most *float64) ui.Figure {
		f := ui.Figure{Label: p.T("timeliness." + key), Value: secondsText(p, half)}
		if most != nil {
			f.Note = p.T("timeliness.nine_of_ten", "span", secondsText(p, most))
		}
		return f
	}
	return ui.Stats(p, []ui.Figure{
		{Label: p.T("timeliness.warnings"), Value: p.Int(int64(all.Warnings)), Note: p.N("timeliness.days", days), Href: "/warnings"},
		figure("to_received", all.ReceivedP50, all.ReceivedP90),
		figure("to_handed", all.HandedP50, all.HandedP90),
		figure("to_acknowledged", all.AcknowledgedP50, all.AcknowledgedP90),
	})
}

// paceChart names the slowest; its title says who.
func (s *Site) paceChart(p *ui.Page, report deliver.Report) templ.Component {
	c := ui.Chart{Unit: p.T("timeliness.chart_unit"), Label: p.T("work.organisation"), Write: func(v float64) string {
		return p.Duration(time.Duration(v * float64(time.Minute)).Round(time.Second))
	}}
	for _, x := range report.Organisations {
		if x.HandedP90 == nil || len(c.Points) == chartBars {
			break // the rest has no case
		}
		c.Points = append(c.Points, ui.Point{
			Label: s.orgName(p, x.Organisation), Value: *x.HandedP90 / 60, Href: query("/warnings", "organisation", s.Estate.Code(x.Organisation)),
		})
	}
	if len(c.Points) == 0 || c.Points[0].Value == 0 {
		return nil // nobody had to wait: there is nobody to name
	}
	c.Title = p.T("timeliness.slowest", "name", c.Points[0].Label, "span", c.Write(c.Points[0].Value))
	if promise, ok := s.Regime.Promise(row.High.String()); ok {
		c.Target = &ui.Target{Value: promise.Handed.Plain().Minutes(), Label: p.T("timeliness.target")}
	}
	return ui.Bars(p, c)
}

func paceTable(p *ui.Page, id string, rows []deliver.Pace, label string, name func(deliver.Pace) templ.Component) templ.Component {
	cell := func(v func(deliver.Pace) *float64) func(deliver.Pace) templ.Component {
		return func(x deliver.Pace) templ.Component { return some(p, secondsText(p, v(x))) }
	}
	total := len(rows)
	rows = rows[:min(total, 40)]
	return panel(p.T("timeliness.by_"+id), ui.List(p, ui.Table[deliver.Pace]{
		ID: id, Plain: true, Caption: p.T("timeliness.by_" + id), Rows: rows, Total: total,
		Columns: []ui.Column[deliver.Pace]{
			{Key: "name", Label: label, Wide: true, Cell: name},
			{Key: "warnings", Label: p.T("timeliness.warnings"), Number: true, Cell: func(x deliver.Pace) templ.Component { return number(p, int64(x.Warnings)) }},
			{Key: "received_p50", Label: p.T("timeliness.received"), Number: true, Cell: cell(func(x deliver.Pace) *float64 { return x.ReceivedP50 })},
			{Key: "received_p90", Label: p.T("timeliness.most"), Number: true, Cell: cell(func(x deliver.Pace) *float64 { return x.ReceivedP90 })},
			{Key: "handed_p50", Label: p.T("timeliness.handed"), Number: true, Cell: cell(func(x deliver.Pace) *float64 { return x.HandedP50 })},
			{Key: "handed_p90", Label: p.T("timeliness.most"), Number: true, Cell: cell(func(x deliver.Pace) *float64 { return x.HandedP90 })},
			{Key: "acknowledged_p50", Label: p.T("timeliness.acknowledged"), Number: true, Cell: cell(func(x deliver.Pace) *float64 { return x.AcknowledgedP50 })},
			{Key: "acknowledged_p90", Label: p.T("timeliness.most"), Number: true, Cell: cell(func(x deliver.Pace) *float64 { return x.AcknowledgedP90 })},
		},
		Empty: ui.Nothing{Title: p.T("timeliness.none"), Why: p.T("timeliness.none_why")},
	}))
}

// promisePanel says what is promised, and by which rule.
func (s *Site) promisePanel(p *ui.Page, r *http.Request) templ.Component {
	var facts []ui.Fact
	for _, severity := range row.Severities() {
		if promise, ok := s.Regime.Promise(severity.String()); ok {
			facts = append(facts, ui.Fact{Label: p.T("ui.severity." + severity.String()), Value: ui.Text(p.T("timeliness.within", "span", p.Duration(promise.Handed.Plain()))), Note: promise.Source.Citation})
		}
	}
	if len(facts) == 0 {
		return nil
	}
	var rules templ.Component
	if may(r, auth.RegimeView) {
		rules = ui.Link("/regime", p.T("timeliness.rules"))
	}
	return panel(p.T("timeliness.promise"), ui.Facts(p, facts), rules)
}

// instantsPanel draws the five instants of a warning, a line for each source.
func (s *Site) instantsPanel(p *ui.Page, all []deliver.Instants) templ.Component {
	if len(all) == 0 {
		return nil
	}
	at := func(t func(deliver.Instants) time.Time) func(deliver.Instants) templ.Component {
		return func(i deliver.Instants) templ.Component { return momentOr(p, t(i), "timeliness.not_yet") }
	}
	var late templ.Component
	for _, i := range all {
		if i.Broken(p.Now) {
			late = notice(ui.ToneLate, ui.Text(p.T("timeliness.is_broken", "promised", p.DateTime(i.Promised))))
			break
		}
	}
	return panel(p.T("timeliness.instants"), late, ui.List(p, ui.Table[deliver.Instants]{
		ID: "instants", Plain: true, Caption: p.T("timeliness.instants"), Rows: all,
		Columns: []ui.Column[deliver.Instants]{
			{Key: "source", Label: p.T("work.document.source"), Cell: func(i deliver.Instants) templ.Component { return ui.Text(i.Source) }},
			{Key: "observed", Label: p.T("timeliness.observed"), Cell: at(func(i deliver.Instants) time.Time { return i.Observed })},
			{Key: "received", Label: p.T("timeliness.received"), Cell: at(func(i deliver.Instants) time.Time { return i.Received })},
			{Key: "attributed", Label: p.T("timeliness.attributed"), Cell: at(func(i deliver.Instants) time.Time { return i.Attributed })},
			{Key: "handed", Label: p.T("timeliness.handed"), Cell: at(func(i deliver.Instants) time.Time { return i.Handed })},
			{Key: "acknowledged", Label: p.T("timeliness.acknowledged"), Cell: at(func(i deliver.Instants) time.Time { return i.Acknowledged })},
		},
	}))
}
