package deliver

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/warning"
)

// A View is a delivery as faces show it (CONTRACT, JSON keys, and a few more).
type View struct {
	ID             string           `json:"id"`
	Warning        string           `json:"warning"`
	Recipient      string           `json:"recipient"`
	Channel        warning.Channel  `json:"channel"`
	State          State            `json:"state"`
	Attempts       int64            `json:"attempts"`
	MessageID      string           `json:"message_id"`
	Reply          string           `json:"reply"`
	Revision       int64            `json:"revision"`
	Step           int64            `json:"step"`
	Reason         string           `json:"reason"` // sent, escalated, revised, reminded, letter, held …
	Name           string           `json:"name"`
	Relation       warning.Relation `json:"relation"`
	Notice         bool             `json:"notice"`
	CreatedAt      *time.Time       `json:"created_at"`
	HandedAt       *time.Time       `json:"handed_at"`
	NextAt         *time.Time       `json:"next_at"`
	AcknowledgedAt *time.Time       `json:"acknowledged_at"`
	AcknowledgedBy string           `json:"acknowledged_by"`
	Outbox         bool             `json:"outbox"`
	Cover          Cover            `json:"cover"` // pgp, smime, or key-expired, key-revoked, key-unusable: a notice without content

	Delivery Delivery `json:"-"`
}

func (d *Delivery) view() View {
	v := View{
		ID: d.ID.String(), Warning: d.warning(), Recipient: d.Recipient, Channel: d.Channel, State: d.State, Attempts: d.Attempts,
		MessageID: d.MessageID, Reply: d.Reply, Revision: d.Revision, Step: d.Step, Reason: strings.TrimPrefix(d.Verb, "warning."), Name: d.Name,
		Relation: d.Relation, Notice: d.Notice, CreatedAt: instant(d.Created), HandedAt: instant(d.Handed), AcknowledgedAt: instant(d.Acknowledged),
		AcknowledgedBy: d.AcknowledgedBy, Outbox: d.Reply == Outbox, Cover: d.Cover, Delivery: *d,
	}
	if d.waiting == waitsLater {
		v.NextAt = instant(d.Next)
	}
	return v
}

// warning is the id of the delivery's warning, "" for a note.
func (d *Delivery) warning() string {
	if d.Warning == 0 {
		return ""
	}
	return d.Warning.String()
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// A Query selects deliveries. The zero value of a field does not restrict.
type Query struct {
	Warning  warning.ID
	States   []State
	Channels []warning.Channel
	Outbox   bool // mail that stays in the outbox
	Waiting  bool // letters and calls that wait for a person, and what is still to be handed over
	Since    time.Time
	After    ID   // only greater ids, for paging oldest first
	Before   ID   // only smaller ids, for paging newest first
	Newest   bool // newest first
	Limit    int  // 0 is all
}

// List are the deliveries that the scope shows, oldest first unless q says
// otherwise.
func (r *Room) List(ctx context.Context, a auth.Actor, q Query) ([]View, error) {
	if err := auth.May(a, auth.DeliveryView); err != nil {
		return nil, err
	}
	views := []View{}
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		where, args := q.where(a)
		order := " ORDER BY id"
		if q.Newest {
			order += " DESC"
		}
		if q.Limit > 0 {
			order += " LIMIT " + strconv.Itoa(q.Limit)
		}
		list, err := selectDeliveries(tx, where+order, args...)
		for i := range list {
			views = append(views, list[i].view())
		}
		return err
	})
	return views, err
}

// Count is how many deliveries List would give without its limit and paging.
func (r *Room) Count(ctx context.Context, a auth.Actor, q Query) (n int64, err error) {
	if err := auth.May(a, auth.DeliveryView); err != nil {
		return 0, err
	}
	q.After, q.Before = 0, 0
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		where, args := q.where(a)
		n, err = tx.Int(`SELECT COUNT(*) FROM delivery WHERE `+where, args...)
		return err
	})
	return n, err
}

func (q Query) where(a auth.Actor) (string, []any) {
	parts, args := []string{a.Scope.SQL("organisation")}, []any{}
	arg := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	if q.Warning != 0 {
		parts = append(parts, "warning = "+arg(int64(q.Warning)))
	}
	if len(q.States) > 0 {
		var in []string
		for _, s := range q.States {
			in = append(in, arg(string(s)))
		}
		parts = append(parts, "state IN ("+strings.Join(in, ",")+")")
	}
	if len(q.Channels) > 0 {
		var in []string
		for _, c := range q.Channels {
			in = append(in, arg(string(c)))
		}
		parts = append(parts, "channel IN ("+strings.Join(in, ",")+")")
	}
	if q.Outbox {
		parts = append(parts, "channel = 'mail' AND (reply = "+arg(Outbox)+" OR state = 'due')")
	}
	if q.Waiting {
		parts = append(parts, "state IN ('due', 'deferred', 'uncertain')")
	}
	if !q.Since.IsZero() {
		parts = append(parts, "created >= "+arg(db.Micros(q.Since)))
	}
	if q.After > 0 {
		parts = append(parts, "id > "+arg(int64(q.After)))
	}
	if q.Before > 0 {
		parts = append(parts, "id < "+arg(int64(q.Before)))
	}
	return strings.Join(parts, " AND "), args
}

// An Attempt is one line of a delivery's ledger.
type Attempt struct {
	N       int64      `json:"n"`
	Line    int64      `json:"line"`
	Started *time.Time `json:"started_at"`
	Ended   *time.Time `json:"ended_at"` // null while it runs, or when the process ended in it
	Outcome State      `json:"outcome"`
	Reply   string     `json:"reply"`
	SHA256  string     `json:"sha256"` // of the message that was sent
}

// Get is one delivery with its attempts. What the scope hides is NotFound.
func (r *Room) Get(ctx context.Context, a auth.Actor, id ID) (View, []Attempt, error) {
	var view View
	attempts := []Attempt{}
	if err := auth.May(a, auth.DeliveryView); err != nil {
		return view, nil, err
	}
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		d, err := visible(tx, a, id)
		if err != nil {
			return err
		}
		view = d.view()
		var rows []struct {
			N       int64  `db:"n"`
			Line    int64  `db:"line"`
			Started int64  `db:"started"`
			Ended   int64  `db:"ended"`
			Outcome string `db:"outcome"`
			Reply   string `db:"reply"`
			SHA256  string `db:"sha256"`
		}
		if err := tx.Select(&rows, `SELECT n, line, started, ended, outcome, reply, sha256 FROM delivery_attempt WHERE delivery = $1 ORDER BY n`, int64(id)); err != nil {
			return err
		}
		for _, t := range rows {
			attempts = append(attempts, Attempt{
				N: t.N, Line: t.Line, Started: instant(db.Time(t.Started)), Ended: instant(db.Time(t.Ended)), Outcome: State(t.Outcome), Reply: t.Reply, SHA256: t.SHA256,
			})
		}
		return nil
	})
	return view, attempts, err
}

// Raw is the whole message of a mail delivery as it goes, or went, over the line:
// it is made anew of what the warning says now. One that was encrypted is
// Conflict when the recipient's key cannot be used any more. It holds the acknowledgement
// link, so only who may record deliveries reads it.
func (r *Room) Raw(ctx context.Context, a auth.Actor, id ID) ([]byte, error) {
	if err := auth.May(a, auth.DeliveryRecord); err != nil {
		return nil, err
	}
	var d Delivery
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		d, err = visible(tx, a, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if note, err := d.note(); err != nil || note != nil {
		// The link in it opens somebody's account.
		if err := errors.Join(err, auth.May(a, auth.UserEdit)); err != nil {
			return nil, errs.New(errs.Denied, "message of %s: %w", id, err)
		}
	}
	if d.Channel != warning.ByMail {
		return nil, errs.New(errs.Conflict, "message of %s: its channel is %s", id, d.Channel)
	}
	if d.Attempts == 0 {
		err = r.DB.Read(ctx, func(tx *db.Tx) error {
			_, err := r.decide(tx, &d)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return r.message(ctx, &d)
}

// Preview is how the mail of a warning reads in a language, without a link that
// would acknowledge it.
func (r *Room) Preview(ctx context.Context, a auth.Actor, id warning.ID, language string) (Mail, error) {
	var m Mail
	if err := auth.May(a, auth.WarningView); err != nil {
		return m, err
	}
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		w, err := r.Warnings.Visible(tx, a, id)
		if err != nil {
			return err
		}
		d := Delivery{Warning: id, Verb: warning.VerbSent, Relation: warning.Named, Channel: warning.ByMail, Language: language, Organisation: w.Organisation}
		d.Notice = !warning.MayRead(a, &w)
		if w.Revision > 1 {
			d.Verb = warning.VerbRevised
		}
		m, _, err = r.compose(tx, &d, "")
		return err
	})
	return m, err
}

func number(n int) string { return strconv.Itoa(n) }
