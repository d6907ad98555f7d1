package deliver

import (
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/warning"
)

// An Ack is what the page behind an acknowledgement link shows.
type Ack struct {
	Delivery Delivery
	Warning  warning.View
	Content  warning.Content // in the recipient's language, as the mail said it
	Done     bool            // this recipient, or somebody for the organisation, has acknowledged
}

// AckLookup reads what an acknowledgement link leads to and changes nothing: mail
// scanners follow links. Errors are NotFound for a link that the centre did not
// make, and Gone for one that is older than 30 days or whose warning has ended.
func (r *Room) AckLookup(ctx context.Context, token string) (Ack, error) {
	var ack Ack
	var quiet bool // whoever follows the link may not read more than a notice
	id, err := r.ofToken(token)
	if err != nil {
		return ack, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		d, w, err := r.linked(tx, id)
		if err != nil {
			return err
		}
		m, _, err := r.compose(tx, &d, "")
		if err != nil {
			return err
		}
		quiet = m.Notice
		ack = Ack{Delivery: d, Content: m.Content, Done: d.State == Acknowledged || (d.Verb != warning.VerbHeld && w.State == warning.Acknowledged)}
		return nil
	})
	if err != nil {
		return ack, err
	}
	if !quiet && ack.Delivery.Verb != warning.VerbHeld {
		ack.Warning, err = r.Warnings.Get(ctx, r.holder(&ack.Delivery), ack.Delivery.Warning, ack.Delivery.Language)
	}
	return ack, err
}

// holder is whoever holds the link of a delivery. The link shows one warning,
// whosever contact holds it.
func (r *Room) holder(d *Delivery) auth.Actor {
	return auth.Link(d.ID.String(), d.Recipient, d.Organisation)
}

func (r *Room) linked(tx *db.Tx, id ID) (Delivery, warning.Warning, error) {
	d, err := load(tx, id)
	if err != nil {
		return d, warning.Warning{}, err
	}
	w, err := r.Warnings.In(tx, d.Warning)
	if err != nil {
		return d, w, err
	}
	if d.Created.Add(linkLife).Before(r.Clock.Now()) {
		return d, w, errs.New(errs.Gone, "acknowledge %s: the link is older than 30 days", w.ID)
	}
	if d.Verb != warning.VerbHeld && !w.State.Live() {
		return d, w, errs.New(errs.Gone, "acknowledge %s: it is %s", w.ID, w.State)
	}
	return d, w, nil
}

// Acknowledge is the button behind the link: the delivery is acknowledged, and
// with it the warning. Pressing it twice is pressing it once. Errors are those of
// AckLookup.
func (r *Room) Acknowledge(ctx context.Context, token string) (Ack, error) {
	id, err := r.ofToken(token)
	if err != nil {
		return Ack{}, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		d, _, err := r.linked(tx, id)
		if err != nil {
			return err
		}
		holder := r.holder(&d)
		if d.Verb != warning.VerbHeld {
			if _, err := r.Warnings.AcknowledgeIn(tx, holder, d.Warning); err != nil {
				return err
			}
		}
		return r.acknowledged(tx, holder, &d)
	})
	if err != nil {
		return Ack{}, err
	}
	return r.AckLookup(ctx, token)
}

func (r *Room) acknowledged(tx *db.Tx, by auth.Actor, d *Delivery) error {
	if d.State == Acknowledged {
		return nil
	}
	d.Acknowledged, d.AcknowledgedBy = r.Clock.Now(), by.Email
	if d.waiting != inFlight {
		d.waiting = waitsNot
	}
	node := d.waiting == inFlight
	draft, err := d.move(tx, by.Name(), Acknowledged)
	if err != nil {
		return err
	}
	if node {
		// A line holds it still: what comes of the line is its own to end.
		d.waiting = waitsNot
		if _, err := tx.Exec(`UPDATE delivery SET waiting = 0 WHERE id = $1`, int64(d.ID)); err != nil {
			return err
		}
	}
	_, err = r.Journal.Append(tx, draft)
	return err
}

// HistoryOf is everything that happened to a delivery, oldest first.
func (r *Room) HistoryOf(tx *db.Tx, id ID) ([]journal.Entry, error) {
	return r.Journal.History(tx, id.Subject())
}
