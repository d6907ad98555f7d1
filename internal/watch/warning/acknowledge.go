package warning

import (
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// Acknowledge says that somebody there knows: the clock stops climbing, and the
// clock of mending starts. A warning that is acknowledged already stays so, with
// the name of who was first. Errors are Denied, NotFound, and Gone when the
// warning has ended.
func (r *Room) Acknowledge(ctx context.Context, a auth.Actor, id ID) (Warning, error) {
	var w Warning
	err := r.DB.Write(ctx, func(tx *db.Tx) (err error) {
		w, err = r.AcknowledgeIn(tx, a, id)
		return err
	})
	return w, err
}

// AcknowledgeIn is Acknowledge inside the caller's bracket.
func (r *Room) AcknowledgeIn(tx *db.Tx, a auth.Actor, id ID) (Warning, error) {
	if err := auth.May(a, auth.WarningAck); err != nil {
		return Warning{}, err
	}
	w, err := visible(tx, a, id)
	if err != nil {
		return w, err
	}
	switch w.State {
	case Acknowledged:
		return w, nil
	case Closed, Cancelled, Expired:
		return w, errs.New(errs.Gone, "acknowledge %s: it is %s", id, w.State)
	case Draft, Sent:
	}
	if w.State, err = Of(ActAcknowledge).next(id, w.State); err != nil {
		return w, err
	}
	now := r.Clock.Now()
	w.Acknowledged, w.AcknowledgedBy = now, a.Email
	if w.AcknowledgedBy == "" {
		w.AcknowledgedBy = a.Name()
	}
	w.Remedy = r.Regime.RemedyDue(now, w.Severity)
	if err := quiet(tx, id, AlarmDue); err != nil {
		return w, err
	}
	if err := r.Duty.Drop(tx, a, id.Subject()); err != nil {
		return w, err
	}
	if err := ring(tx, AlarmRemind, id, w.Remedy); err != nil {
		return w, err
	}
	e := r.entries(a)
	e.add(&w, VerbAcknowledged, map[string]any{"warning": int64(id), "by": w.AcknowledgedBy, "revision": w.Revision})
	if err := w.store(tx); err != nil {
		return w, err
	}
	return w, e.append(tx)
}
