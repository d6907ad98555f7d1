package warning

import (
	"context"
	"slices"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// joins is the warning that a finding belongs to rather than to a new one, 0 for
// none. There are two cases:
//
//   - The finding has become graver since its warning went out, and the warning
//     is not over: its next revision says so.
//   - The finding came alone (a probe's sighting, a person's act), and a warning
//     made of such findings went out to the same organisation a few minutes ago
//     (Limits.Join) and is unanswered. A machine that talks to forty controllers
//     gives its ward one warning that grows, not forty.
//
// What a delivery opens is never joined to an older warning: a partner's report
// is told as it came, and its storm is weighed as a whole.
func (r *Room) joins(tx *db.Tx, f Finding, single bool) (ID, error) {
	if f.Warning != 0 {
		prior, err := load(tx, ID(f.Warning))
		if err != nil && !errs.Is(err, errs.NotFound) {
			return 0, err
		}
		told := prior.State == Sent || prior.State == Acknowledged
		if told && prior.Organisation == f.Organisation && !f.OpenedAt.After(prior.Created) {
			return prior.ID, nil
		}
	}
	if !single {
		return 0, nil
	}
	now := r.Clock.Now()
	recent, err := selectWarnings(tx, `organisation = $1 AND open = 1 AND state = $2 AND document = 0 AND storm = 0 AND cadence = $3 AND sent > $4
		ORDER BY id DESC LIMIT 1`, f.Organisation, string(Sent), string(Now), db.Micros(now.Add(-r.Regime.Limits(now).Join)))
	if err != nil || len(recent) == 0 || f.TLP > recent[0].Marking {
		return 0, err
	}
	return recent[0].ID, nil
}

// join puts findings into a warning that has gone out. What is graver or of a new
// kind is told at once; more of the same waits until the joining time is over and
// goes out together.
func (r *Room) join(tx *db.Tx, e *entries, id ID, findings []Finding, rules []Rule) error {
	w, err := load(tx, id)
	if err != nil {
		return err
	}
	before, fresh := w.Severity, kindsOf(&w, findings)
	count := w.Findings
	w.take(findings)
	if err := r.tie(tx, &w, findings); err != nil {
		return err
	}
	if !w.News.Waiting {
		w.News = News{}
	}
	w.News.Added += w.Findings - count
	for _, f := range findings {
		if f.Warning == int64(id) && f.Weakness != nil {
			w.News.Sure = w.News.Sure || f.Probability == "confirmed"
			w.News.Used = w.News.Used || f.Weakness.Exploited
		}
	}
	for _, k := range fresh {
		if !slices.Contains(w.News.Kinds, k) {
			w.News.Kinds = append(w.News.Kinds, k)
		}
	}
	if w.Severity > before && w.News.From == row.NoSeverity {
		w.News.From = before
	}
	if w.Severity == before && len(fresh) == 0 && w.State == Sent {
		if !w.News.Waiting {
			w.News.Waiting = true
			now := r.Clock.Now()
			if err := ring(tx, AlarmRevise, id, now.Add(r.Regime.Limits(now).Join)); err != nil {
				return err
			}
		}
		return w.store(tx)
	}
	o, err := r.Estate.Organisation(tx, w.Organisation)
	if err != nil {
		return err
	}
	if err := r.revise(tx, e, &w, sending{organisation: o, rules: rules}); err != nil {
		return err
	}
	return w.store(tx)
}

// gathered sends out what came in while the joining time ran.
func (r *Room) gathered(tx *db.Tx, w *Warning) error {
	if !w.News.Waiting || (w.State != Sent && w.State != Acknowledged) {
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
	e := r.entries(auth.Stage("clock"))
	if err := r.revise(tx, e, w, sending{organisation: o, rules: rules}); err != nil {
		return err
	}
	if err := w.store(tx); err != nil {
		return err
	}
	return e.append(tx)
}

// Revise sends a warning out anew as its next revision, with its findings as they
// are now: a person wants the organisation to look again. Errors are Denied,
// NotFound, Conflict.
func (r *Room) Revise(ctx context.Context, a auth.Actor, id ID) (Warning, error) {
	return r.change(ctx, a, id, ActRevise, func(tx *db.Tx, e *entries, w *Warning) error {
		if !w.News.Waiting {
			w.News = News{}
		}
		o, err := r.Estate.Organisation(tx, w.Organisation)
		if err != nil {
			return err
		}
		rules, err := r.rules(tx)
		if err != nil {
			return err
		}
		return r.revise(tx, e, w, sending{organisation: o, rules: rules})
	})
}

// revise tells everybody whom the warning has reached that it says more. A
// warning that became graver is unanswered again, whoever acknowledged the
// milder one, and its clock starts anew from where it had climbed to.
func (r *Room) revise(tx *db.Tx, e *entries, w *Warning, s sending) (err error) {
	if w.State, err = Of(ActRevise).next(w.ID, w.State); err != nil {
		return err
	}
	now := r.Clock.Now()
	w.Revision++
	w.Step = 0
	w.News.Waiting = false
	if w.News.From != row.NoSeverity {
		w.State, w.Acknowledged, w.AcknowledgedBy, w.Remedy = Sent, db.Time(0), "", db.Time(0)
		w.Due = r.Regime.AckDue(now, w.Severity)
		if err := quiet(tx, w.ID, AlarmRemind); err != nil {
			return err
		}
		if err := ring(tx, AlarmDue, w.ID, w.Due); err != nil {
			return err
		}
	}
	if err := quiet(tx, w.ID, AlarmRevise); err != nil {
		return err
	}
	d := s.decide(w)
	reach, err := r.reach(tx, s.organisation, d.Contacts)
	if err != nil {
		return err
	}
	l := Landing{Rung: w.Rung, Rank: w.Rank}
	for _, c := range reach.Own {
		if c.Order <= w.Rank {
			l.Own = append(l.Own, c)
		}
	}
	if w.Rung == Parent || w.Rung == OnDuty || w.Rung == Top {
		l.Own, l.Over = reach.Own, lowest(reach.Above)
	}
	l.Duty = len(l.Own) == 0
	to, withheld, err := r.addressed(tx, w, l, d)
	if err != nil {
		return err
	}
	e.call(w, VerbRevised, to, withheld)
	return nil
}
