package warning

import (
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
)

// escalate tells the next ones when a warning's clock has run out unanswered.
// Each step waits its own clock, counted from the instant at which the one before
// was due: a machine that slept does not give away time.
func (r *Room) escalate(tx *db.Tx, w *Warning, due time.Time) error {
	if w.State != Sent {
		return nil
	}
	e := r.entries(auth.Stage("clock"))
	if err := r.climb(tx, e, w, due); err != nil {
		return err
	}
	if err := w.store(tx); err != nil {
		return err
	}
	return e.append(tx)
}

// climb takes a warning to the next rung. On the top there is nobody more to
// tell: it stays on the watch floor until it is acknowledged or expires.
func (r *Room) climb(tx *db.Tx, e *entries, w *Warning, from time.Time) error {
	o, err := r.Estate.Organisation(tx, w.Organisation)
	if err != nil {
		return err
	}
	rules, err := r.rules(tx)
	if err != nil {
		return err
	}
	d := sending{organisation: o, rules: rules}.decide(w)
	reach, err := r.reach(tx, o, d.Contacts)
	if err != nil {
		return err
	}
	l := Climb(w.Rung, w.Rank, d.Contacts == "all", reach)
	w.Rung, w.Rank = l.Rung, l.Rank
	w.Step++
	if l.Rung == Top {
		e.call(w, VerbEscalated, nil, nil)
		return nil
	}
	if l.Duty {
		if err := r.callSheet(tx, w, o, "unanswered", reach.Own); err != nil {
			return err
		}
	}
	to, withheld, err := r.addressed(tx, w, l, d)
	if err != nil {
		return err
	}
	if err := ring(tx, AlarmDue, w.ID, r.Regime.AckDue(from, w.Severity)); err != nil {
		return err
	}
	e.call(w, VerbEscalated, to, withheld)
	return nil
}
