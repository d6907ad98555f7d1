package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/db"
	"tocsin/internal/city/duty"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// How many rows each part of the floor shows; the rest is one link away.
const (
	floorFindings = 25
	floorWarnings = 12
	floorQuarries = 200
)

// floorPage is the watch floor: what is new, what is critical, what nobody has
// answered, what is late, and what holds the machine up.
type floorPage struct {
	Stats    []ui.Figure
	Storms   []stormLine
	Findings ui.Table[finding.Finding]
	Waiting  []waiting
	More     int64 // warnings that wait and are not shown
	Silent   []intake.Health
	Duty     []duty.Shift
	Open     templ.Component
	Back     string
}

// A stormLine is a storm that waits for a person.
type stormLine struct {
	Storm warning.Storm
	Href  string
	Words string
}

// A waiting is a warning that nobody has acknowledged.
type waiting struct {
	View  warning.View
	Meter ui.Meter
}

func (s *Site) floor(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.home")
	p.Live = &ui.Live{Stream: "/live"}
	d, err := s.floorPage(p, r)
	if err != nil {
		return err
	}
	if id, err := finding.ParseID(p.Query("open")); err == nil {
		if d.Open, err = s.findingBeside(p, r, id); err != nil {
			d.Open = nil // Gone from the reader's sight since the page was drawn; the floor stays.
		}
	}
	return s.show(w, r, floorView(p, s, d))
}

func (s *Site) floorPage(p *ui.Page, r *http.Request) (d floorPage, err error) {
	a, ctx := who(r), r.Context()
	numbers, err := s.Findings.Numbers(ctx, a, "", "severity", "state")
	if err != nil {
		return d, err
	}
	list, err := s.Findings.List(ctx, a, finding.Filter{States: []finding.State{finding.Open}, Order: "worst", Limit: floorFindings})
	if err != nil {
		return d, err
	}
	d.Findings = ui.Table[finding.Finding]{
		ID: "floor", Caption: p.T("web.floor.open"), Rows: list.Items,
		Key:     func(f finding.Finding) string { return f.ID.String() },
		Href:    func(f finding.Finding) string { return p.With("open", f.ID.String()) },
		Current: func(f finding.Finding) bool { return f.ID.String() == p.Query("open") },
		Columns: s.floorColumns(p),
		Bulk:    s.findingBulk(p, a)[:min(1, len(s.findingBulk(p, a)))],
		Empty:   ui.Nothing{Title: p.T("web.floor.calm"), Why: p.T("web.floor.calm_why"), Acts: []ui.Button{{Label: p.T("web.findings.tab.live"), Href: "/findings"}}},
	}
	d.Back = "/"
	waits := warning.Query{States: []warning.State{warning.Sent}, Limit: floorWarnings, Language: p.Lang()}
	views, err := s.Warnings.List(ctx, a, waits)
	if err != nil {
		return d, err
	}
	for _, v := range views {
		d.Waiting = append(d.Waiting, waiting{View: v, Meter: ackMeter(v.Warning)})
	}
	sent, err := s.Warnings.Count(ctx, a, warning.Query{States: []warning.State{warning.Sent}})
	if err != nil {
		return d, err
	}
	d.More = max(0, sent-int64(len(views)))
	late, err := s.Warnings.Count(ctx, a, warning.Query{Overdue: true})
	if err != nil {
		return d, err
	}
	held, err := s.floorStorms(p, r, &d)
	if err != nil {
		return d, err
	}
	quarantined, err := s.Intake.Quarantine(ctx, a, intake.QuarantineFilter{State: "held", Limit: floorQuarries + 1})
	if err != nil {
		return d, err
	}
	sources, err := s.Intake.Sources(ctx, a)
	if err != nil {
		return d, err
	}
	for _, source := range sources {
		if source.Late > 0 {
			d.Silent = append(d.Silent, source)
		}
	}
	if watch, err := s.Duty.Watch(ctx, a, p.Now); err == nil {
		d.Duty = watch.Now
	}
	d.Stats = s.floorStats(p, numbers, floorNumbers{sent: sent, late: late, held: held, quarantined: len(quarantined), silent: len(d.Silent), sources: len(sources)})
	return d, nil
}

// floorStorms adds the storms that wait and returns how many warnings they hold.
func (s *Site) floorStorms(p *ui.Page, r *http.Request, d *floorPage) (int64, error) {
	var storms []warning.Storm
	err := s.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		storms, err = s.Warnings.Storms(tx, who(r))
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, one := range storms {
		if one.State != warning.Holding {
			continue
		}
		line := stormLine{Storm: one, Href: "/storms/" + strconv.FormatInt(one.ID, 10)}
		if one.Reason == warning.StormVolume {
			line.Words = p.T("web.floor.storm_volume", "opened", one.Opened, "organisations", one.Organisations)
		} else {
			line.Words = p.T("web.floor.storm_cause", "cause", one.Cause, "organisations", one.Organisations)
		}
		d.Storms = append(d.Storms, line)
	}
	return s.Warnings.Count(r.Context(), who(r), warning.Query{States: []warning.State{warning.Draft}})
}

type floorNumbers struct {
	sent, late, held             int64
	quarantined, silent, sources int
}

// floorStats are the tiles. A tile with nothing in it is calm: it has no tone.
func (s *Site) floorStats(p *ui.Page, numbers []finding.Number, n floorNumbers) []ui.Figure {
	tile := func(key, href string, value int64, tone ui.Tone) ui.Figure {
		f := ui.Figure{Label: p.T("web.floor." + key), Value: p.Int(value), Href: href}
		if value > 0 {
			f.Tone = tone
		}
		return f
	}
	open := int64(sum(numbers, func(n finding.Number) bool { return n.State == finding.Open }))
	critical := int64(sum(numbers, func(n finding.Number) bool { return n.State.Live() && n.Severity == row.Critical }))
	claimed := int64(sum(numbers, func(n finding.Number) bool { return n.State == finding.ClaimedFixed }))
	quarantined := tile("quarantined", "/quarantine?state=held", int64(n.quarantined), ui.ToneMedium)
	if n.quarantined > floorQuarries {
		quarantined.Value = p.T("web.floor.more_than", "n", floorQuarries)
	}
	silent := tile("silent", "/sources", int64(n.silent), ui.ToneHigh)
	if n.sources == 0 {
		silent.Value, silent.Note = "", p.T("web.floor.no_source")
	}
	return []ui.Figure{
		tile("critical", "/findings?severity=critical", critical, ui.ToneCritical),
		tile("new", "/findings?state=open", open, ui.ToneActive),
		tile("unanswered", "/warnings?state=sent", n.sent, ui.ToneMedium),
		tile("late", "/warnings?overdue=1", n.late, ui.ToneLate),
		tile("held", "/warnings?state=draft", n.held, ui.ToneHigh),
		tile("claimed", "/findings?state=claimed_fixed", claimed, ui.ToneInfo),
		quarantined,
		silent,
	}
}

func (s *Site) floorColumns(p *ui.Page) []ui.Column[finding.Finding] {
	var some []ui.Column[finding.Finding]
	for _, c := range s.findingColumns(p) {
		switch c.Key {
		case "id", "severity", "kind", "asset", "organisation", "last_seen":
			c.Sort = false
			some = append(some, c)
		}
	}
	return some
}

// sourceLate says how long a source has been silent.
func sourceLate(p *ui.Page, h intake.Health) string {
	return p.T("web.floor.late_for", "late", p.Duration(h.Late.Round(time.Minute)), "rhythm", p.Duration(h.Rhythm.Round(time.Minute)))
}
