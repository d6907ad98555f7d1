package web

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/row"
)

// overviewPage is for who reads and urges: how it stands, and who is behind.
type overviewPage struct {
	Stats  []ui.Figure
	Behind ui.Table[behind]
	Bars   *ui.Chart // nil: there is nothing to draw
}

// A behind is an organisation with what waits for it.
type behind struct {
	Organisation                    int64
	Critical, High, Open, Claimed   int64
	Unanswered, Late, Live, Settled int64
}

// behindRows is how many organisations the page names.
const behindRows = 40

func (s *Site) overview(w http.ResponseWriter, r *http.Request) error {
	a, ctx := who(r), r.Context()
	p := s.page(w, r, "web.overview.title")
	p.Live = &ui.Live{Stream: "/live"}
	numbers, err := s.Findings.Numbers(ctx, a, "", "organisation", "severity", "state")
	if err != nil {
		return err
	}
	by := map[int64]*behind{}
	at := func(id int64) *behind {
		if by[id] == nil {
			by[id] = &behind{Organisation: id}
		}
		return by[id]
	}
	for _, n := range numbers {
		b := at(n.Organisation)
		switch {
		case !n.State.Live():
			b.Settled += n.N
			continue
		case n.State == finding.ClaimedFixed:
			b.Claimed += n.N
		case n.State == finding.Open:
			b.Open += n.N
		}
		b.Live += n.N
		switch n.Severity {
		case row.Critical:
			b.Critical += n.N
		case row.High:
			b.High += n.N
		case row.NoSeverity, row.Info, row.Low, row.Medium:
		}
	}
	unanswered, err := s.Warnings.Waiting(ctx, a)
	if err != nil {
		return err
	}
	for _, w := range unanswered {
		b := at(w.Organisation)
		b.Unanswered, b.Late = w.Sent, w.Overdue
	}
	return s.show(w, r, overviewView(p, s.overviewPage(p, by)))
}

func (s *Site) overviewPage(p *ui.Page, by map[int64]*behind) overviewPage {
	var total behind
	var rows []behind
	affected := int64(0)
	for id, b := range by {
		total.Critical += b.Critical
		total.Live += b.Live
		total.Claimed += b.Claimed
		total.Late += b.Late
		total.Unanswered += b.Unanswered
		total.Settled += b.Settled
		if b.Live > 0 && id != 0 {
			affected++
		}
		if b.Live > 0 || b.Unanswered > 0 {
			rows = append(rows, *b)
		}
	}
	slices.SortFunc(rows, func(x, y behind) int {
		return cmp.Or(cmp.Compare(y.Late, x.Late), cmp.Compare(y.Critical, x.Critical), cmp.Compare(y.High, x.High), cmp.Compare(y.Live, x.Live), cmp.Compare(x.Organisation, y.Organisation))
	})
	tone := func(n int64, t ui.Tone) ui.Tone {
		if n == 0 {
			return ""
		}
		return t
	}
	count := len(rows)
	rows = rows[:min(len(rows), behindRows)]
	d := overviewPage{
		Stats: []ui.Figure{
			{Label: p.T("web.overview.affected"), Value: p.Int(affected), Href: "/findings"},
			{Label: p.T("web.floor.critical"), Value: p.Int(total.Critical), Href: "/findings?severity=critical", Tone: tone(total.Critical, ui.ToneCritical)},
			{Label: p.T("web.floor.unanswered"), Value: p.Int(total.Unanswered), Href: "/warnings?state=sent", Tone: tone(total.Unanswered, ui.ToneMedium)},
			{Label: p.T("web.floor.late"), Value: p.Int(total.Late), Href: "/warnings?overdue=1", Tone: tone(total.Late, ui.ToneLate)},
			{Label: p.T("web.floor.claimed"), Value: p.Int(total.Claimed), Href: "/findings?state=claimed_fixed"},
			{Label: p.T("web.overview.settled"), Value: p.Int(total.Settled), Href: "/findings?state=verified&state=false_positive&state=accepted_risk"},
		},
		Behind: ui.Table[behind]{
			ID: "behind", Caption: p.T("web.overview.behind"), Rows: rows, Total: count,
			Key:     func(b behind) string { return s.Estate.Code(b.Organisation) },
			Href:    s.behindHref,
			Columns: s.behindColumns(p),
			Empty:   ui.Nothing{Title: p.T("web.overview.none"), Why: p.T("web.overview.none_why")},
		},
	}
	var points []ui.Point
	for _, b := range rows[:min(len(rows), 10)] {
		if b.Organisation != 0 && b.Live > 0 {
			point := ui.Point{Label: s.orgName(p, b.Organisation), Value: float64(b.Live), Href: s.behindHref(b)}
			if b.Critical > 0 {
				point.Tone = ui.ToneCritical
			}
			points = append(points, point)
		}
	}
	if len(points) > 1 {
		d.Bars = &ui.Chart{Title: p.T("web.overview.bars", "name", points[0].Label, "n", int64(points[0].Value)), Unit: p.T("web.overview.bars_unit"), Points: points}
	}
	return d
}

func (s *Site) behindHref(b behind) string {
	if b.Organisation == 0 {
		return "/findings?unowned=1"
	}
	return "/findings?organisation=" + s.Estate.Code(b.Organisation)
}

func (s *Site) behindColumns(p *ui.Page) []ui.Column[behind] {
	number := func(key, label string, value func(behind) int64, tone ui.Tone) ui.Column[behind] {
		return ui.Column[behind]{Key: key, Label: label, Number: true, Cell: func(b behind) templ.Component {
			if value(b) == 0 {
				return ui.Quiet(p.Int(0))
			}
			if tone != "" {
				return ui.Badge(tone, p.Int(value(b)))
			}
			return ui.Text(p.Int(value(b)))
		}}
	}
	return []ui.Column[behind]{
		{Key: "organisation", Label: p.T("web.column.organisation"), Cell: func(b behind) templ.Component {
			if b.Organisation == 0 {
				return ui.Text(p.T("web.finding.unowned"))
			}
			return ui.Text(s.orgName(p, b.Organisation))
		}},
		number("late", p.T("web.overview.late"), func(b behind) int64 { return b.Late }, ui.ToneLate),
		number("critical", p.T("ui.severity.critical"), func(b behind) int64 { return b.Critical }, ui.ToneCritical),
		number("high", p.T("ui.severity.high"), func(b behind) int64 { return b.High }, ui.ToneHigh),
		number("live", p.T("web.overview.live"), func(b behind) int64 { return b.Live }, ""),
		number("unanswered", p.T("web.overview.unanswered"), func(b behind) int64 { return b.Unanswered }, ""),
		number("claimed", p.T("ui.state.finding.claimed_fixed"), func(b behind) int64 { return b.Claimed }, ""),
	}
}
