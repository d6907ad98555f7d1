package deliver

import (
	"context"
	"slices"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/warning"
)

// A Result is what a person records of a delivery that no machine can know.
type Result string

// The results.
const (
	ResultPosted      Result = "posted"       // a letter was signed and sent
	ResultReceived    Result = "received"     // a letter arrived
	ResultReturned    Result = "returned"     // a letter or mail came back
	ResultReached     Result = "reached"      // a call: somebody answered and knows now
	ResultNoAnswer    Result = "no-answer"    // a call: tried again later
	ResultWrongNumber Result = "wrong-number" // a call: the number is not theirs
	ResultGivenUp     Result = "given-up"     // no further attempt is made
)

// Results are what can be recorded of a channel, and the state to which each
// leads.
func Results(c warning.Channel) map[Result]State {
	switch c {
	case warning.ByLetter:
		return map[Result]State{ResultPosted: HandedOver, ResultReceived: Delivered, ResultReturned: Bounced, ResultGivenUp: Failed}
	case warning.ByCall:
		return map[Result]State{ResultReached: Delivered, ResultNoAnswer: Deferred, ResultWrongNumber: Bounced, ResultGivenUp: Failed}
	case warning.ByMail:
		return map[Result]State{ResultReceived: Delivered, ResultReturned: Bounced}
	case warning.ByWebhook, warning.ByPortal:
	}
	return nil
}

// Record writes down what a person knows of a delivery: that a letter was sent, a
// call answered, a mail returned. Errors are Denied, NotFound, Invalid for a
// result that the channel does not have, and Conflict.
func (r *Room) Record(ctx context.Context, a auth.Actor, id ID, result Result, note string) (View, error) {
	var view View
	if err := auth.May(a, auth.DeliveryRecord); err != nil {
		return view, err
	}
	note = clip(strings.TrimSpace(note))
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		d, err := visible(tx, a, id)
		if err != nil {
			return err
		}
		to, ok := Results(d.Channel)[result]
		if !ok {
			return errs.At(errs.Invalid, []errs.Place{{Field: "result", Reason: "not a result of a " + string(d.Channel)}}, "record %s as %q", id, result)
		}
		if d.waiting == inFlight {
			return errs.New(errs.Conflict, "record %s: it is being handed over", id)
		}
		now := r.Clock.Now()
		d.Reply, d.waiting = string(result), waitsNot
		if note != "" {
			d.Reply += ": " + note
		}
		if slices.Contains([]State{HandedOver, Delivered}, to) && d.Handed.IsZero() {
			d.Handed = now
		}
		d.Attempts++
		if _, err := tx.Exec(`UPDATE delivery SET attempts = $1 WHERE id = $2`, d.Attempts, int64(id)); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO delivery_attempt (delivery, n, line, started, ended, outcome, reply, sha256) VALUES ($1, $2, -1, $3, $3, $4, $5, '')`,
			int64(id), d.Attempts, db.Micros(now), string(to), d.Reply); err != nil {
			return err
		}
		draft, err := d.move(tx, a.Name(), to)
		if err != nil {
			return err
		}
		view = d.view()
		_, err = r.Journal.Append(tx, draft)
		return err
	})
	return view, err
}
