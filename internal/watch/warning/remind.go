package warning

import (
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
)

// remind writes again to those who know and have not mended: the first contacts
// and whoever acknowledged. The last reminder also goes to the body above.
func (r *Room) remind(tx *db.Tx, w *Warning, due time.Time) error {
	limits := r.Regime.Limits(r.Clock.Now())
	if w.State != Acknowledged || w.Reminders >= limits.Reminders {
		return nil
	}
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
	l := Climb(Ground, 0, d.Contacts == "all", reach)
	w.Reminders++
	w.Step++
	if w.Reminders == limits.Reminders {
		l.Over = lowest(reach.Above)
	} else if err := ring(tx, AlarmRemind, w.ID, r.Regime.RemedyDue(due, w.Severity)); err != nil {
		return err
	}
	for _, c := range reach.Own {
		if c.Email == w.AcknowledgedBy {
			l.Own = append([]Contact{c}, l.Own...)
		}
	}
	d.Channels = []Channel{ByMail}
	to, withheld, err := r.addressed(tx, w, l, d)
	if err != nil {
		return err
	}
	e := r.entries(auth.Stage("clock"))
	e.call(w, VerbReminded, to, withheld)
	if err := w.store(tx); err != nil {
		return err
	}
	return e.append(tx)
}
