package web

import (
	"net/http"
	"slices"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/warning"
)

// How much an officer's page shows before it says how much more there is.
const (
	officerFindings = 20
	officerMoments  = 15
)

// officerPage is the officer's one page: what must I do, and by when.
type officerPage struct {
	Unit     string
	Ask      *errand // the one thing to do first; nil: nothing
	Warnings []waiting
	Known    []waiting // acknowledged, and not mended yet
	Findings []finding.Finding
	More     int
	Claimed  int // told as mended, waiting for the witness
	Contacts []estate.Contact
	History  []ui.Moment
	Next     string // where the contacts are put right, "" for nowhere
}

// An errand is the first thing to do.
type errand struct {
	Title, By, Text string
	Tone            ui.Tone
	Act             ui.Button
}

func (s *Site) officer(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.todo")
	p.Live = &ui.Live{Stream: "/live"}
	d, err := s.officerPage(p, r)
	if err != nil {
		return err
	}
	return s.show(w, r, officerView(p, s, d))
}

func (s *Site) officerPage(p *ui.Page, r *http.Request) (d officerPage, err error) {
	a, ctx := who(r), r.Context()
	d.Unit = s.orgName(p, a.Organisation)
	views, err := s.Warnings.List(ctx, a, warning.Query{States: []warning.State{warning.Sent, warning.Acknowledged}, Language: p.Lang()})
	if err != nil {
		return d, err
	}
	// Who is nearest to being late comes first.
	slices.SortStableFunc(views, func(x, y warning.View) int { return x.Warning.Due.Compare(y.Warning.Due) })
	for _, v := range views {
		if v.State == warning.Sent {
			d.Warnings = append(d.Warnings, waiting{View: v, Meter: ackMeter(v.Warning)})
			continue
		}
		d.Known = append(d.Known, waiting{View: v, Meter: ui.Meter{Verb: "fixed", From: v.Warning.Acknowledged, Due: v.Warning.Remedy}})
	}
	list, err := s.Findings.List(ctx, a, finding.Filter{
		States: []finding.State{finding.Open, finding.Acknowledged, finding.Fixing}, Order: "worst", Limit: officerFindings,
	})
	if err != nil {
		return d, err
	}
	numbers, err := s.Findings.Numbers(ctx, a, "", "severity", "state")
	if err != nil {
		return d, err
	}
	d.Findings = list.Items
	live := sum(numbers, func(n finding.Number) bool { return n.State.Live() && n.State != finding.ClaimedFixed })
	d.More = max(0, live-len(list.Items))
	d.Claimed = sum(numbers, func(n finding.Number) bool { return n.State == finding.ClaimedFixed })
	if code := s.Estate.Code(a.Organisation); code != "" {
		if d.Contacts, _, err = s.Estate.ContactList(ctx, a, estate.Query{Organisation: code}); err != nil {
			return d, err
		}
		if s.leads(a, "/organisations/{code}") {
			d.Next = "/organisations/" + code
		}
	}
	slices.SortStableFunc(d.Contacts, func(x, y estate.Contact) int { return x.Order - y.Order })
	d.Ask = s.errand(p, d)
	d.History, err = s.unitHistory(p, r)
	return d, err
}

// errand picks the one thing to do first: what runs out first, then what is
// worst, then what the centre cannot do without.
func (s *Site) errand(p *ui.Page, d officerPage) *errand {
	switch {
	case len(d.Warnings) > 0:
		first := d.Warnings[0].View
		e := &errand{
			Title: p.T("web.officer.ask_ack", "id", first.ID), Text: first.Subject, Tone: ui.Tone(first.Severity),
			Act: ui.Button{Label: p.T("web.officer.ack"), Action: "/warnings/" + first.ID + "/acknowledge", Fields: backTo("/"), Kind: ui.KindPrimary},
		}
		e.By = byWords(p, first.Warning.Due)
		return e
	case len(d.Findings) > 0:
		f := d.Findings[0]
		e := &errand{
			Title: p.T("web.officer.ask_fix", "kind", kindName(p, f.Kind)), Text: f.Asset.Value(), Tone: ui.Tone(f.Severity.String()),
			Act: ui.Button{Label: p.T("web.officer.see_how"), Href: "/findings/" + f.ID.String(), Kind: ui.KindPrimary},
		}
		e.By = byWords(p, remedyOf(d, f))
		return e
	case len(d.Contacts) == 0:
		return &errand{Title: p.T("web.officer.ask_contact"), Text: p.T("web.officer.ask_contact_why"), Tone: ui.ToneMedium}
	}
	return nil
}

// byWords says until when, and how much of it is left or past.
func byWords(p *ui.Page, due time.Time) string {
	switch {
	case due.IsZero():
		return ""
	case due.Before(p.Now):
		return p.T("web.officer.overdue", "at", due, "late", p.Now.Sub(due))
	}
	return p.T("web.officer.by", "at", due, "left", due.Sub(p.Now))
}

// remedyOf is until when a finding should be mended, by the warning that told of
// it; zero where none has.
func remedyOf(d officerPage, f finding.Finding) time.Time {
	for _, w := range d.Known {
		if int64(w.View.Warning.ID) == f.Warning {
			return w.View.Warning.Remedy
		}
	}
	return time.Time{}
}

// unitHistory is what happened to the unit's findings and warnings lately.
func (s *Site) unitHistory(p *ui.Page, r *http.Request) ([]ui.Moment, error) {
	a := who(r)
	var entries []journal.Entry
	err := s.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		entries, err = journal.Entries(tx, journal.Query{
			Where: a.Scope.SQL("j.organisation"), Newest: true, Limit: officerMoments,
			Verbs: []string{
				"finding.acknowledged", "finding.started", "finding.claimed_fixed", "finding.verified", "finding.reopened", "finding.false_positive",
				"finding.accepted_risk", "finding.expired", warning.VerbSent, warning.VerbAcknowledged, warning.VerbEscalated, warning.VerbReminded,
				warning.VerbClosed, warning.VerbCancelled,
			},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(entries)
	all := s.findingMoments(p, a, entries)
	for i, e := range slices.Backward(entries) {
		all[len(entries)-1-i].Href = s.subjectHref(a, e.Subject)
		all[len(entries)-1-i].What += " · " + subjectID(e.Subject)
	}
	return all, nil
}
