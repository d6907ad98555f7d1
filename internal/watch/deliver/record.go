package deliver

import (
	"encoding/json"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/warning"
)

// A Delivery is one warning, one recipient, one channel.
type Delivery struct {
	ID             ID
	Warning        warning.ID
	Revision       int64
	Step           int64  // of the warning: 0 is the first telling
	Verb           string // the entry that it follows: warning.sent, warning.escalated …
	Organisation   int64  // the one that the warning is about, 0 for a storm's alarm
	Recipient      string // an e-mail address, a telephone number, a URL, or an office's name
	Name           string
	Phone          string
	Language       string
	Relation       warning.Relation
	Notice         bool // the marking keeps the content from them
	Channel        warning.Channel
	State          State
	Attempts       int64
	MessageID      string // with angle brackets; "" where the channel has none
	Reply          string // the last thing that the other side said
	Created        time.Time
	Next           time.Time // when it is tried again
	Handed         time.Time
	Acknowledged   time.Time
	AcknowledgedBy string
	Cover          Cover // of mail, decided when it goes out

	waiting int64
	body    string // of warning.held
}

// The values of waiting.
const (
	waitsNot = iota
	waitsNow
	waitsLater
	inFlight
)

type stored struct {
	ID             int64  `db:"id"`
	Warning        int64  `db:"warning"`
	Revision       int64  `db:"revision"`
	Step           int64  `db:"step"`
	Verb           string `db:"verb"`
	Organisation   int64  `db:"organisation"`
	Recipient      string `db:"recipient"`
	Name           string `db:"name"`
	Phone          string `db:"phone"`
	Language       string `db:"language"`
	Relation       string `db:"relation"`
	Notice         int64  `db:"notice"`
	Channel        string `db:"channel"`
	State          string `db:"state"`
	Waiting        int64  `db:"waiting"`
	NextAt         int64  `db:"next_at"`
	Urgency        int64  `db:"urgency"`
	Attempts       int64  `db:"attempts"`
	Node           string `db:"node"`
	MessageID      string `db:"message_id"`
	Reply          string `db:"reply"`
	Created        int64  `db:"created"`
	Handed         int64  `db:"handed"`
	Acknowledged   int64  `db:"acknowledged"`
	AcknowledgedBy string `db:"acknowledged_by"`
	Body           string `db:"body"`
	Cover          string `db:"cover"`
}

const columns = `id, warning, revision, step, verb, organisation, recipient, name, phone, language, relation, notice, channel, state, waiting,
	next_at, urgency, attempts, node, message_id, reply, created, handed, acknowledged, acknowledged_by, body, cover`

const width = 27

func (s stored) delivery() Delivery {
	return Delivery{
		ID: ID(s.ID), Warning: warning.ID(s.Warning), Revision: s.Revision, Step: s.Step, Verb: s.Verb, Organisation: s.Organisation,
		Recipient: s.Recipient, Name: s.Name, Phone: s.Phone, Language: s.Language, Relation: warning.Relation(s.Relation), Notice: s.Notice == 1,
		Channel: warning.Channel(s.Channel), State: State(s.State), Attempts: s.Attempts, MessageID: s.MessageID, Reply: s.Reply,
		Created: db.Time(s.Created), Next: db.Time(s.NextAt), Handed: db.Time(s.Handed), Acknowledged: db.Time(s.Acknowledged),
		AcknowledgedBy: s.AcknowledgedBy, waiting: s.Waiting, body: s.Body, Cover: Cover(s.Cover),
	}
}

// values is the row of a new delivery.
func (d *Delivery) values(urgency int64) []any {
	return []any{
		int64(d.ID), int64(d.Warning), d.Revision, d.Step, d.Verb, d.Organisation, d.Recipient, d.Name, d.Phone, d.Language,
		string(d.Relation), db.Bool(d.Notice), string(d.Channel), string(d.State), d.waiting, 0, urgency, 0, "", d.MessageID, d.Reply,
		db.Micros(d.Created), db.Micros(d.Handed), 0, "", d.body, string(d.Cover),
	}
}

// record is the delivery as its journal entries leave it; attempts are counted
// before they end, so they are not in it.
func (d *Delivery) record() journal.Record {
	return journal.Record{Kind: "delivery", ID: d.ID.String(), Hash: journal.Hash(struct {
		Warning, Revision, Step, Organisation int64
		Recipient, Channel, State, MessageID  string
		Reply                                 string
		Notice                                bool
		Handed, Acknowledged                  int64
		AcknowledgedBy                        string
		Cover                                 Cover `json:",omitempty"`
	}{
		int64(d.Warning), d.Revision, d.Step, d.Organisation, d.Recipient, string(d.Channel), string(d.State), d.MessageID,
		d.Reply, d.Notice, db.Micros(d.Handed), db.Micros(d.Acknowledged), d.AcknowledgedBy, d.Cover,
	})}
}

// Audit reads every delivery for verify.
func Audit() journal.Audit {
	return journal.Audit{Kind: "delivery", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		rows, err := tx.Query(`SELECT ` + columns + ` FROM delivery ORDER BY id`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var s stored
			if err := rows.StructScan(&s); err != nil {
				return err
			}
			d := s.delivery()
			record := d.record()
			if err := yield(record.ID, record.Hash); err != nil {
				return err
			}
		}
		return rows.Err()
	}}
}

func load(tx *db.Tx, id ID) (Delivery, error) {
	var s stored
	if err := tx.Get(&s, `SELECT `+columns+` FROM delivery WHERE id = $1`, int64(id)); err != nil {
		if errs.Is(err, errs.NotFound) {
			return Delivery{}, errs.New(errs.NotFound, "delivery %q: no such delivery", id)
		}
		return Delivery{}, err
	}
	return s.delivery(), nil
}

// visible reads a delivery that the actor's scope shows; what it hides is
// NotFound.
func visible(tx *db.Tx, a auth.Actor, id ID) (Delivery, error) {
	d, err := load(tx, id)
	if err == nil && !a.Scope.Has(d.Organisation) {
		return Delivery{}, errs.New(errs.NotFound, "delivery %q: no such delivery", id)
	}
	return d, err
}

func selectDeliveries(tx *db.Tx, where string, args ...any) ([]Delivery, error) {
	var rows []stored
	if err := tx.Select(&rows, `SELECT `+columns+` FROM delivery WHERE `+where, args...); err != nil {
		return nil, err
	}
	out := make([]Delivery, len(rows))
	for i, s := range rows {
		out[i] = s.delivery()
	}
	return out, nil
}

// A Changed is the body of the entries of this room.
type Changed struct {
	Delivery  int64           `json:"delivery"`
	Warning   int64           `json:"warning"`
	Revision  int64           `json:"revision"`
	Step      int64           `json:"step"`
	Recipient string          `json:"recipient"`
	Channel   warning.Channel `json:"channel"`
	Reply     string          `json:"reply,omitempty"`
	Attempts  int64           `json:"attempts,omitempty"`
	Cover     Cover           `json:"cover,omitempty"`
	Left      int64           `json:"left"` // deliveries of the same step that may still arrive or did
}

func (d *Delivery) draft(actor, verb string, left int64) journal.Draft {
	return journal.Draft{
		Actor: actor, Organisation: d.Organisation, Subject: d.ID.Subject(), Verb: verb, Records: []journal.Record{d.record()},
		Body: Changed{
			Delivery: int64(d.ID), Warning: int64(d.Warning), Revision: d.Revision, Step: d.Step, Recipient: d.Recipient,
			Channel: d.Channel, Reply: d.Reply, Attempts: d.Attempts, Cover: d.Cover, Left: left,
		},
	}
}

// move brings a delivery into a state: the transition, the row, the draft of its
// entry. What will not arrive any more says how many of its step are left.
func (d *Delivery) move(tx *db.Tx, actor string, to State) (journal.Draft, error) {
	t, err := d.State.To(d.ID, to)
	if err != nil {
		return journal.Draft{}, err
	}
	d.State = to
	_, err = tx.Exec(`UPDATE delivery SET state = $1, waiting = $2, next_at = $3, node = '', reply = $4, handed = $5, acknowledged = $6, acknowledged_by = $7
		WHERE id = $8`, string(d.State), d.waiting, db.Micros(d.Next), d.Reply, db.Micros(d.Handed), db.Micros(d.Acknowledged), d.AcknowledgedBy, int64(d.ID))
	if err != nil {
		return journal.Draft{}, err
	}
	var left int64
	if to.Lost() {
		left, err = tx.Int(`SELECT COUNT(*) FROM delivery WHERE warning = $1 AND revision = $2 AND step = $3 AND state NOT IN ('bounced', 'failed')`,
			int64(d.Warning), d.Revision, d.Step)
		if err != nil {
			return journal.Draft{}, err
		}
	}
	return d.draft(actor, t.Verb, left), nil
}

// held is the storm that the delivery tells of, nil when it tells of a warning.
func (d *Delivery) held() (*warning.Held, error) {
	if d.Verb != warning.VerbHeld {
		return nil, nil //nolint:nilnil // most deliveries tell of no storm
	}
	var h warning.Held
	if err := json.Unmarshal([]byte(d.body), &h); err != nil {
		return nil, errs.New(errs.Internal, "read %s: %w", d.ID, err)
	}
	return &h, nil
}
