package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/face/web/ui"
)

// stages is how Tocsin itself is doing: what follows the journal and how far
// behind, what was set aside, and which clocks are running.
func (s *Site) stages(w http.ResponseWriter, r *http.Request) error {
	if !who(r).Scope.IsAll() {
		return errs.New(errs.NotFound, "no page at %s", r.URL.Path)
	}
	p := s.page(w, r, "work.health.title")
	var (
		places []journal.Place
		parked []journal.Aside
		clocks []journal.Set
		head   int64
	)
	err := s.read(r, func(tx *db.Tx) (err error) {
		if head, err = journal.Head(tx); err != nil {
			return err
		}
		if parked, err = journal.Parked(tx, 100); err != nil {
			return err
		}
		clocks, err = journal.Clocks(tx)
		return err
	})
	if err == nil && s.Places != nil {
		places, err = s.Places(r.Context())
	}
	if err != nil {
		return err
	}
	laggard, err := s.laggard(r)
	if err != nil {
		return err
	}
	var behind int64
	for _, place := range places {
		behind = max(behind, place.Behind)
	}
	overdue := int64(0)
	for _, c := range clocks {
		if c.Next.Before(p.Now.Add(-time.Minute)) {
			overdue += c.N
		}
	}
	return s.lay(w, r, p, top{Heading: ui.Heading{Lead: p.T("work.health.lead")}},
		healthNotice(p, laggard, len(parked), s.Settle != nil),
		ui.Stats(p, []ui.Figure{
			{Label: p.T("work.health.head"), Value: p.Int(head), Href: "/journal"},
			{Label: p.T("work.health.behind"), Value: p.Int(behind), Tone: toneIf(behind > 1000, ui.ToneLate), Note: p.T("work.health.behind_note")},
			{Label: p.T("work.health.parked"), Value: p.Int(int64(len(parked))), Tone: toneIf(len(parked) > 0, ui.ToneHigh)},
			{Label: p.T("work.health.overdue"), Value: p.Int(overdue), Tone: toneIf(overdue > 0, ui.ToneLate)},
		}),
		panel(p.T("work.health.stages"), ui.List(p, ui.Table[journal.Place]{
			ID: "stages", Plain: true, Caption: p.T("work.health.stages"), Rows: places,
			Columns: []ui.Column[journal.Place]{
				{Key: "stage", Label: p.T("work.health.stage"), Cell: func(x journal.Place) templ.Component { return ui.Text(stageWords(p, x.Stage)) }},
				{Key: "state", Label: p.T("work.state"), Cell: func(x journal.Place) templ.Component { return stageBadge(p, x.Behind) }},
				{Key: "behind", Label: p.T("work.health.behind"), Number: true, Cell: func(x journal.Place) templ.Component { return number(p, x.Behind) }},
				{Key: "at", Label: p.T("work.health.at"), Number: true, Cell: func(x journal.Place) templ.Component { return number(p, x.At) }},
			},
			Empty: ui.Nothing{Title: p.T("work.health.no_stages"), Why: p.T("work.health.no_stages_why")},
		})),
		panel(p.T("work.health.parked"), ui.List(p, ui.Table[journal.Aside]{
			ID: "parked", Plain: true, Caption: p.T("work.health.parked"), Rows: parked,
			Columns: []ui.Column[journal.Aside]{
				{Key: "seq", Label: p.T("work.journal.seq"), Cell: func(x journal.Aside) templ.Component {
					return ui.Link("/journal/"+strconv.FormatInt(x.Seq, 10), p.Int(x.Seq))
				}},
				{Key: "stage", Label: p.T("work.health.stage"), Cell: func(x journal.Aside) templ.Component { return ui.Text(stageWords(p, x.Stage)) }},
				{Key: "subject", Label: p.T("work.journal.subject"), Cell: func(x journal.Aside) templ.Component { return subjectCell(p, x.Subject) }},
				{Key: "reason", Label: p.T("work.reason"), Wide: true, Cell: func(x journal.Aside) templ.Component { return ui.Code(x.Reason) }},
				{Key: "at", Label: p.T("work.journal.at"), Cell: func(x journal.Aside) templ.Component { return ui.Ago(p, x.At) }},
			},
			Empty: ui.Nothing{Title: p.T("work.health.no_parked"), Why: p.T("work.health.no_parked_why")},
		})),
		panel(p.T("work.health.clocks"), ui.List(p, ui.Table[journal.Set]{
			ID: "clocks", Plain: true, Caption: p.T("work.health.clocks"), Rows: clocks,
			Columns: []ui.Column[journal.Set]{
				{Key: "kind", Label: p.T("work.health.clock"), Cell: func(x journal.Set) templ.Component { return ui.Text(clockWords(p, x.Kind)) }},
				{Key: "n", Label: p.T("work.health.waiting"), Number: true, Cell: func(x journal.Set) templ.Component { return number(p, x.N) }},
				{Key: "next", Label: p.T("work.health.next"), Cell: func(x journal.Set) templ.Component { return ui.Ago(p, x.Next) }},
			},
			Empty: ui.Nothing{Title: p.T("work.health.no_clocks"), Why: p.T("work.health.no_clocks_why")},
		})),
	)
}

// laggard is the first thing that is not done, "" when all is or when nobody can
// say. The page waits no longer than a person would notice.
func (s *Site) laggard(r *http.Request) (string, error) {
	if s.Settle == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Millisecond)
	defer cancel()
	err := s.Settle(ctx)
	if errs.Is(err, errs.Conflict) {
		return err.Error(), nil
	}
	return "", err
}

func healthNotice(p *ui.Page, laggard string, parked int, known bool) templ.Component {
	switch {
	case parked > 0:
		return notice(ui.ToneHigh, strong(p.N("work.health.is_parked", parked)), para(p.T("work.health.parked_do")))
	case laggard != "":
		return notice(ui.ToneActive, strong(p.T("work.health.is_busy")), hushed(laggard))
	case known:
		return notice(ui.ToneGood, ui.Text(p.T("work.health.is_good")))
	}
	return nil
}

func stageBadge(p *ui.Page, behind int64) templ.Component {
	switch {
	case behind == 0:
		return ui.Badge(ui.ToneGood, p.T("work.health.done"))
	case behind > 1000:
		return ui.Badge(ui.ToneLate, p.T("work.health.late"))
	}
	return ui.Badge(ui.ToneActive, p.T("work.health.working"))
}

func stageWords(p *ui.Page, stage string) string {
	if key := "work.stage." + stage; p.Has(key) {
		return p.T(key)
	}
	return stage
}

func clockWords(p *ui.Page, kind string) string {
	if key := "work.clock." + kind; p.Has(key) {
		return p.T(key)
	}
	return kind
}
