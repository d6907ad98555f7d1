package deliver

import (
	"context"
	"encoding/json"
	"strings"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// Stage is the stage "deliver": it writes down whom a warning goes to, before
// anything goes out, and withdraws what has lost its sense.
func (r *Room) Stage() journal.Stage {
	return journal.Stage{
		Name: "deliver",
		Verbs: []string{
			warning.VerbSent, warning.VerbEscalated, warning.VerbRevised, warning.VerbReminded, warning.VerbLetter, warning.VerbHeld,
			warning.VerbAcknowledged, warning.VerbCancelled, warning.VerbClosed, warning.VerbExpired,
			bulletin.VerbTold, bulletin.VerbWithdrawn,
		},
		Batch: 256,
		Do: func(_ context.Context, tx *db.Tx, list []journal.Entry) error {
			w := writing{room: r, tx: tx}
			for _, e := range list {
				if err := w.follow(e); err != nil {
					return err
				}
			}
			return w.store()
		},
	}
}

// A writing collects what one bracket writes.
type writing struct {
	room   *Room
	tx     *db.Tx
	fresh  []Delivery
	urgent []int64
	drafts []journal.Draft
}

func (w *writing) follow(e journal.Entry) error {
	switch e.Verb {
	case warning.VerbHeld:
		var h warning.Held
		if err := json.Unmarshal(e.Body, &h); err != nil {
			return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
		}
		return w.alarm(e, h)
	case warning.VerbAcknowledged:
		// What this very batch wrote down is answered too.
		if err := w.store(); err != nil {
			return err
		}
		return w.answered(e)
	case warning.VerbCancelled, warning.VerbClosed, warning.VerbExpired:
		if err := w.store(); err != nil {
			return err
		}
		return w.withdraw(e)
	case bulletin.VerbTold:
		return w.bulletin(e)
	case bulletin.VerbWithdrawn:
		return w.recall(e)
	default:
		var c warning.Call
		if err := json.Unmarshal(e.Body, &c); err != nil {
			return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
		}
		for _, to := range c.To {
			w.add(Delivery{
				Warning: warning.ID(c.Warning), Revision: c.Revision, Step: c.Step, Verb: e.Verb, Organisation: c.Organisation,
				Recipient: recipient(to), Name: to.Name, Phone: to.Phone, Language: to.Language, Relation: to.Relation, Notice: to.Notice, Channel: to.Channel,
			}, c.Severity)
		}
		return w.hooks(e.Verb, warning.ID(c.Warning), c.Revision, c.Step)
	}
}

// recipient is whom a delivery of a channel reaches.
func recipient(a warning.Addressee) string {
	switch a.Channel {
	case warning.ByCall:
		if a.Phone != "" {
			return a.Phone
		}
		return a.Name
	case warning.ByLetter:
		return a.Name
	case warning.ByMail, warning.ByPortal, warning.ByWebhook:
	}
	return a.Email
}

// alarm tells the officer on duty of a storm.
func (w *writing) alarm(e journal.Entry, h warning.Held) error {
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	for _, to := range h.To {
		w.add(Delivery{
			Warning: warning.ID(h.Warning), Step: h.Storm, Verb: e.Verb, Recipient: to.Email, Name: to.Name, Phone: to.Phone,
			Language: to.Language, Relation: to.Relation, Channel: to.Channel, body: string(body),
		}, "critical")
	}
	return nil
}

// add writes down a delivery. Mail and webhooks are handed over by a worker; what
// the officer's page shows is handed over by being there; letters and calls wait
// for a person.
func (w *writing) add(d Delivery, severity string) {
	if d.Recipient == "" || (d.Channel == warning.ByWebhook && !strings.Contains(d.Recipient, "://")) {
		return // a contact without an address on this channel
	}
	// Two contacts may share a telephone: one call reaches both.
	for _, o := range w.fresh {
		if o.Warning == d.Warning && o.Revision == d.Revision && o.Step == d.Step && o.Verb == d.Verb && o.Channel == d.Channel && o.Recipient == d.Recipient {
			return
		}
	}
	d.Created, d.State = w.room.Clock.Now(), Due
	switch d.Channel {
	case warning.ByMail, warning.ByWebhook:
		d.waiting = waitsNow
	case warning.ByPortal:
		d.State, d.Reply, d.Handed = HandedOver, "portal", d.Created
	case warning.ByLetter, warning.ByCall:
	}
	urgency := row.Critical
	if s, err := row.ParseSeverity(severity); err == nil {
		urgency = s
	}
	w.fresh, w.urgent = append(w.fresh, d), append(w.urgent, int64(urgency))
}

// hooks writes down the webhooks that follow an event of a warning.
func (w *writing) hooks(verb string, id warning.ID, revision, step int64) error {
	n, err := w.tx.Int(`SELECT COUNT(*) FROM webhook WHERE active = 1`)
	if err != nil || n == 0 || id == 0 {
		return err
	}
	one, err := w.room.Warnings.In(w.tx, id)
	if err != nil {
		return err
	}
	if one.Sent.IsZero() {
		return nil // a draft that was taken back was never said
	}
	var hooks []webhookRow
	if err := w.tx.Select(&hooks, `SELECT `+webhookColumns+` FROM webhook WHERE active = 1 AND organisation IN (0, $1) ORDER BY id`, one.Organisation); err != nil {
		return err
	}
	for _, h := range hooks {
		relation := h.relation(one.Organisation)
		if ok, reason := tlp.MayReceive(one.Marking, relation.Receiver()); !ok {
			// Once for each telling: what happens to it afterwards is no new attempt.
			if verb == warning.VerbSent || verb == warning.VerbRevised {
				w.drafts = append(w.drafts, Refused{int64(id), 0, h.URL, warning.ByWebhook, relation, one.Marking.String(), reason}.draft(one.Organisation, "stage:deliver"))
			}
			continue
		}
		w.add(Delivery{
			Warning: id, Revision: revision, Step: step, Verb: verb, Organisation: one.Organisation, Recipient: h.URL, Language: "vi",
			Relation: warning.Relation(h.Relation), Channel: warning.ByWebhook,
		}, one.Severity.String())
	}
	return nil
}

type ended struct {
	Warning  int64  `json:"warning"`
	Revision int64  `json:"revision"`
	By       string `json:"by"`
}

// answered marks the delivery of whoever acknowledged, and withdraws the steps of
// the climb that have not gone out: the next contacts need not be woken.
func (w *writing) answered(e journal.Entry) error {
	var body ended
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
	}
	theirs, err := selectDeliveries(w.tx, `warning = $1 AND recipient = $2 AND state <> $3 AND verb <> $4 ORDER BY id`,
		body.Warning, body.By, string(Acknowledged), warning.VerbHeld)
	if err != nil {
		return err
	}
	for _, d := range theirs {
		if d.waiting == inFlight || d.Channel == warning.ByWebhook || d.State.Open() {
			continue
		}
		d.Acknowledged, d.AcknowledgedBy, d.waiting = e.At, body.By, waitsNot
		if err := w.move(&d, e.Actor, Acknowledged); err != nil {
			return err
		}
	}
	climbing, err := selectDeliveries(w.tx, `warning = $1 AND verb = $2 AND state IN ('due', 'deferred', 'uncertain') AND waiting <> $3 AND channel <> $4 ORDER BY id`,
		body.Warning, warning.VerbEscalated, inFlight, string(warning.ByWebhook))
	if err != nil {
		return err
	}
	if err := w.drop(climbing, "withdrawn: "+e.Verb); err != nil {
		return err
	}
	return w.hooks(e.Verb, warning.ID(body.Warning), body.Revision, e.Seq)
}

// withdraw stops what has not gone out of a warning that has ended.
func (w *writing) withdraw(e journal.Entry) error {
	var body ended
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
	}
	open, err := selectDeliveries(w.tx, `warning = $1 AND state IN ('due', 'deferred', 'uncertain') AND waiting <> $2 AND channel <> $3 ORDER BY id`,
		body.Warning, inFlight, string(warning.ByWebhook))
	if err != nil {
		return err
	}
	if err := w.drop(open, "withdrawn: "+e.Verb); err != nil {
		return err
	}
	return w.hooks(e.Verb, warning.ID(body.Warning), body.Revision, e.Seq)
}

func (w *writing) drop(list []Delivery, why string) error {
	for _, d := range list {
		d.Reply, d.waiting = why, waitsNot
		if err := w.move(&d, "stage:deliver", Failed); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) move(d *Delivery, actor string, to State) error {
	draft, err := d.move(w.tx, actor, to)
	if err != nil {
		return err
	}
	w.drafts = append(w.drafts, draft)
	return nil
}

// store writes the new deliveries and the entries of the bracket.
func (w *writing) store() error {
	if n := len(w.fresh); n > 0 {
		first, err := w.tx.NextID("delivery", n)
		if err != nil {
			return err
		}
		args := make([]any, 0, n*width)
		for i := range w.fresh {
			d := &w.fresh[i]
			d.ID = ID(first + int64(i))
			if d.Channel == warning.ByMail {
				d.MessageID = w.room.messageID(d.ID)
			}
			args = append(args, d.values(w.urgent[i])...)
			verb := VerbDue
			if d.State == HandedOver {
				verb = VerbHandedOver
			}
			w.drafts = append(w.drafts, d.draft("stage:deliver", verb, 0))
		}
		if err := w.tx.Bulk(`INSERT INTO delivery (`+columns+`) VALUES`, "", width, args); err != nil {
			return err
		}
	}
	if len(w.drafts) == 0 {
		return nil
	}
	_, err := w.room.Journal.Append(w.tx, w.drafts...)
	w.fresh, w.urgent, w.drafts = nil, nil, nil
	return err
}
