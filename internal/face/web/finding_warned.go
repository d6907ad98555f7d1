package web

import (
	"cmp"
	"net/http"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/warning"
)

// A warned is a warning that told of a finding.
type warned struct {
	ID, State  string
	Sent       time.Time
	Meter      ui.Meter
	Recipients int
	History    []ui.Moment // what it told, and who answered
}

// warnedOf is the warning that told of a finding last, if the reader may see
// it.
func (s *Site) warnedOf(p *ui.Page, r *http.Request, f finding.Finding) ([]warned, error) {
	if f.Warning == 0 || auth.May(who(r), auth.WarningView) != nil {
		return nil, nil
	}
	v, err := s.Warnings.Get(r.Context(), who(r), warning.ID(f.Warning), p.Lang())
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	w := warned{ID: v.ID, State: string(v.State), Sent: v.Warning.Sent, Meter: ackMeter(v.Warning)}
	mails, err := s.Deliveries.List(r.Context(), who(r), deliver.Query{Warning: v.Warning.ID})
	if err != nil && !errs.Is(err, errs.Denied) {
		return nil, err
	}
	w.Recipients = len(mails)
	var entries []journal.Entry
	err = s.DB.Read(r.Context(), func(tx *db.Tx) error {
		entries, err = s.Journal.History(tx, v.Warning.ID.Subject())
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		// The rest is how the warning came about, which its own page tells.
		switch e.Verb {
		case warning.VerbSent, warning.VerbAcknowledged, warning.VerbEscalated, warning.VerbReminded, warning.VerbClosed, warning.VerbCancelled, warning.VerbExpired:
			w.History = append(w.History, ui.Moment{
				At: e.At, Who: cmp.Or(person(e.Actor), "Tocsin"), What: verbWords(p, e.Verb) + " · " + v.ID, Href: s.subjectHref(who(r), e.Subject),
			})
		}
	}
	return []warned{w}, nil
}

// ackMeter is a warning's clock: how long somebody has to acknowledge it.
func ackMeter(w warning.Warning) ui.Meter {
	return ui.Meter{From: w.Sent, Due: w.Due, Done: w.Acknowledged}
}
