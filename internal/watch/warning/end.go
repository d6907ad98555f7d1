package warning

import (
	"context"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// Cancel takes a warning back, with a reason that the journal keeps. Deliveries
// that have not gone out do not go out. Errors are Denied, NotFound, Invalid
// without a reason, Conflict when the warning has ended.
func (r *Room) Cancel(ctx context.Context, a auth.Actor, id ID, reason string) (Warning, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return Warning{}, errs.At(errs.Invalid, []errs.Place{{Field: "reason", Reason: "say why"}}, "cancel %s", id)
	}
	return r.change(ctx, a, id, ActCancel, func(tx *db.Tx, e *entries, w *Warning) error {
		return r.over(tx, e, w, ActCancel, reason)
	})
}

// over ends a warning.
func (r *Room) over(tx *db.Tx, e *entries, w *Warning, act Act, reason string) (err error) {
	t := Of(act)
	if w.State, err = t.next(w.ID, w.State); err != nil {
		return err
	}
	w.Ended, w.Reason, w.gathering, w.News.Waiting = r.Clock.Now(), reason, 0, false
	e.add(w, t.Verb, map[string]any{"warning": int64(w.ID), "revision": w.Revision, "reason": reason})
	if err := r.Duty.Drop(tx, auth.Stage("warn"), w.ID.Subject()); err != nil {
		return err
	}
	return quiet(tx, w.ID, AlarmDue, AlarmRemind, AlarmRevise, AlarmExpire)
}

// end is over in a bracket of an alarm or a stage.
func (r *Room) end(tx *db.Tx, w *Warning, act Act, a auth.Actor, reason string) error {
	e := r.entries(a)
	if err := r.over(tx, e, w, act, reason); err != nil {
		return err
	}
	if err := w.store(tx); err != nil {
		return err
	}
	return e.append(tx)
}

// Decide lets a storm pass (send) or strikes it down (cancel, with a reason), all
// its warnings, in brackets of bounded size. It returns how many there were.
// Errors are Denied, NotFound, Conflict when a person has decided before.
func (r *Room) Decide(ctx context.Context, a auth.Actor, storm int64, send bool, reason string) (int, error) {
	act, state := auth.WarningCancel, Struck
	if send {
		act, state = auth.WarningSend, Released
	}
	if err := auth.May(a, act); err != nil {
		return 0, err
	}
	reason = strings.TrimSpace(reason)
	if !send && reason == "" {
		return 0, errs.At(errs.Invalid, []errs.Place{{Field: "reason", Reason: "say why"}}, "cancel storm %d", storm)
	}
	const most = 200
	for n, first := 0, true; ; first = false {
		left := 0
		err := r.DB.Write(ctx, func(tx *db.Tx) error {
			e := r.entries(a)
			if first {
				if err := r.decideStorm(tx, e, a, storm, state, reason); err != nil {
					return err
				}
			}
			held, err := selectWarnings(tx, `storm = $1 AND state = $2 AND gathering = 0 ORDER BY id LIMIT $3`, storm, string(Draft), most)
			if err != nil {
				return err
			}
			left = len(held)
			rules, err := r.rules(tx)
			if err != nil {
				return err
			}
			for i := range held {
				if err := r.decideOne(tx, e, &held[i], rules, send, reason); err != nil {
					return err
				}
			}
			return e.append(tx)
		})
		if err != nil {
			return n, err
		}
		n += left
		if left < most {
			return n, nil
		}
	}
}

func (r *Room) decideOne(tx *db.Tx, e *entries, w *Warning, rules []Rule, send bool, reason string) error {
	if !send {
		if err := r.over(tx, e, w, ActCancel, reason); err != nil {
			return err
		}
		return w.store(tx)
	}
	o, err := r.Estate.Organisation(tx, w.Organisation)
	if err != nil {
		return err
	}
	if err := r.send(tx, e, w, sending{organisation: o, rules: rules}); err != nil {
		return err
	}
	return w.store(tx)
}

func (r *Room) decideStorm(tx *db.Tx, e *entries, a auth.Actor, id int64, state StormState, reason string) error {
	if !drafts(a) {
		return errs.New(errs.NotFound, "storm %d: no such storm", id)
	}
	s, err := loadStorm(tx, id)
	if err != nil {
		return err
	}
	if s.State == state {
		return nil // the same decision again goes on where the first one stopped
	}
	if s.State != Holding {
		return errs.New(errs.Conflict, "decide storm %d: it is %s", id, s.State)
	}
	s.State, s.Decided, s.DecidedBy = state, db.Micros(r.Clock.Now()), a.Name()
	_, err = tx.Exec(`UPDATE storm SET state = $1, decided = $2, decided_by = $3 WHERE id = $4`, string(s.State), s.Decided, s.DecidedBy, id)
	if err != nil {
		return err
	}
	e.drafts = append(e.drafts, journal.Draft{
		Actor: e.actor, Subject: s.Subject(), Verb: VerbDecided, Body: map[string]any{"storm": id, "state": state, "reason": reason},
		Records: []journal.Record{s.record()},
	})
	return nil
}
