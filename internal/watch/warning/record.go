package warning

import (
	"encoding/json"
	"slices"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// A Warning is a message about findings to one organisation, with a clock.
type Warning struct {
	ID             ID
	Organisation   int64
	Severity       row.Severity // of its gravest finding
	Marking        tlp.Marking  // of its narrowest
	State          State
	Revision       int64 // from 1
	Cadence        Cadence
	Hold           string // why a person must look: "storm", "red", "rule:NAME"; "" when nobody must
	Storm          int64  // the storm it is part of, 0 for none
	Document       int64  // the delivery it was made of, 0 for single findings and digests
	Findings       int64
	Kinds          map[row.Kind]int64 // its findings by kind
	News           News               // what the present revision has that the one before had not
	Created        time.Time
	Sent           time.Time
	Due            time.Time // until when somebody must acknowledge
	Acknowledged   time.Time
	AcknowledgedBy string
	Remedy         time.Time // until when what it tells of should be mended
	Ended          time.Time
	Reason         string // why it was cancelled
	Step           int64  // how often somebody was told, from 0
	Rung           Rung   // how far it has climbed
	Rank           int    // the order of the contacts reached last
	Reminders      int
	Possible       bool   // all that it tells of is possible only, nothing certain
	Topic          string // the advisory that it is about, "" for none

	gathering int64 // the journal entry whose findings still come in, 0 when all are there
	fresh     bool  // not in the table yet
}

// News is what a revision adds.
type News struct {
	Sure    bool         `json:"sure,omitempty"`    // a weakness that was possible is certain
	Used    bool         `json:"used,omitempty"`    // a weakness is exploited now
	Waiting bool         `json:"waiting,omitempty"` // for the alarm that sends it out
	Added   int64        `json:"added,omitempty"`   // findings that are new in it
	From    row.Severity `json:"from,omitempty"`    // the severity before, when it rose
	Kinds   []row.Kind   `json:"kinds,omitempty"`   // kinds that are new in it
}

// stored is a warning as the table keeps it.
type stored struct {
	ID             int64  `db:"id"`
	Organisation   int64  `db:"organisation"`
	Severity       int64  `db:"severity"`
	Marking        int64  `db:"marking"`
	State          string `db:"state"`
	Open           int64  `db:"open"`
	Revision       int64  `db:"revision"`
	Cadence        string `db:"cadence"`
	Hold           string `db:"hold"`
	Storm          int64  `db:"storm"`
	Document       int64  `db:"document"`
	Gathering      int64  `db:"gathering"`
	Findings       int64  `db:"findings"`
	Kinds          string `db:"kinds"`
	News           string `db:"news"`
	Created        int64  `db:"created"`
	Sent           int64  `db:"sent"`
	Due            int64  `db:"due"`
	Acknowledged   int64  `db:"acknowledged"`
	AcknowledgedBy string `db:"acknowledged_by"`
	Remedy         int64  `db:"remedy"`
	Ended          int64  `db:"ended"`
	Reason         string `db:"reason"`
	Step           int64  `db:"step"`
	Rung           string `db:"rung"`
	Rank           int64  `db:"rank"`
	Reminders      int64  `db:"reminders"`
	Topic          string `db:"topic"`
	Possible       int64  `db:"possible"`
}

const columns = `id, organisation, severity, marking, state, open, revision, cadence, hold, storm, document, gathering, findings, kinds, news,
	created, sent, due, acknowledged, acknowledged_by, remedy, ended, reason, step, rung, rank, reminders, topic, possible`

func (s stored) warning() (Warning, error) {
	w := Warning{
		ID: ID(s.ID), Organisation: s.Organisation, Severity: row.Severity(s.Severity), Marking: tlp.Marking(s.Marking), State: State(s.State),
		Revision: s.Revision, Cadence: Cadence(s.Cadence), Hold: s.Hold, Storm: s.Storm, Document: s.Document, Findings: s.Findings,
		Created: db.Time(s.Created), Sent: db.Time(s.Sent), Due: db.Time(s.Due), Acknowledged: db.Time(s.Acknowledged),
		AcknowledgedBy: s.AcknowledgedBy, Remedy: db.Time(s.Remedy), Ended: db.Time(s.Ended), Reason: s.Reason, Step: s.Step,
		Rung: Rung(s.Rung), Rank: int(s.Rank), Reminders: int(s.Reminders), Topic: s.Topic, Possible: s.Possible == 1, gathering: s.Gathering,
	}
	if err := json.Unmarshal([]byte(s.Kinds), &w.Kinds); err != nil {
		return w, errs.New(errs.Internal, "read %s: %w", w.ID, err)
	}
	if err := json.Unmarshal([]byte(s.News), &w.News); err != nil {
		return w, errs.New(errs.Internal, "read %s: %w", w.ID, err)
	}
	return w, nil
}

func (w *Warning) values() []any {
	return []any{
		int64(w.ID), w.Organisation, int64(w.Severity), int64(w.Marking), string(w.State), db.Bool(w.State.Live()), w.Revision, string(w.Cadence),
		w.Hold, w.Storm, w.Document, w.gathering, w.Findings, text(w.Kinds), text(w.News),
		db.Micros(w.Created), db.Micros(w.Sent), db.Micros(w.Due), db.Micros(w.Acknowledged), w.AcknowledgedBy, db.Micros(w.Remedy),
		db.Micros(w.Ended), w.Reason, w.Step, string(w.Rung), int64(w.Rank), int64(w.Reminders), w.Topic, db.Bool(w.Possible),
	}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("warning: a field is JSON: " + err.Error())
	}
	return string(b)
}

// record is the warning as its journal entries leave it. While it is being
// gathered its findings grow without an entry, so they are not in it.
func (w *Warning) record() journal.Record {
	return journal.Record{Kind: "warning", ID: w.ID.String(), Hash: journal.Hash(struct {
		Organisation, Severity, Marking int64
		State                           string
		Revision                        int64
		Hold                            string
		Storm                           int64
		Sent, Due, Acknowledged         int64
		AcknowledgedBy                  string
		Ended                           int64
		Reason                          string
		Step                            int64
		Rung                            string
		Rank, Reminders                 int
	}{
		w.Organisation, int64(w.Severity), int64(w.Marking), string(w.State), w.Revision, w.Hold, w.Storm, db.Micros(w.Sent), db.Micros(w.Due),
		db.Micros(w.Acknowledged), w.AcknowledgedBy, db.Micros(w.Ended), w.Reason, w.Step, string(w.Rung), w.Rank, w.Reminders,
	})}
}

// Audit reads every warning for verify.
func Audit() journal.Audit {
	return journal.Audit{Kind: "warning", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		rows, err := tx.Query(`SELECT ` + columns + ` FROM warning ORDER BY id`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var s stored
			if err := rows.StructScan(&s); err != nil {
				return err
			}
			w, err := s.warning()
			if err != nil {
				return err
			}
			record := w.record()
			if err := yield(record.ID, record.Hash); err != nil {
				return err
			}
		}
		return rows.Err()
	}}
}

// AuditRouting reads every routing rule for verify.
func AuditRouting() journal.Audit {
	return journal.Audit{Kind: "routing", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		var rows []struct {
			ID   int64  `db:"id"`
			Text string `db:"text"`
		}
		if err := tx.Select(&rows, `SELECT id, text FROM routing_rule ORDER BY id`); err != nil {
			return err
		}
		for _, row := range rows {
			var rule Rule
			if err := json.Unmarshal([]byte(row.Text), &rule); err != nil {
				return err
			}
			rule.ID = row.ID
			record := rule.record()
			if err := yield(record.ID, record.Hash); err != nil {
				return err
			}
		}
		return nil
	}}
}

// load reads a warning.
func load(tx *db.Tx, id ID) (Warning, error) {
	var s stored
	if err := tx.Get(&s, `SELECT `+columns+` FROM warning WHERE id = $1`, int64(id)); err != nil {
		if errs.Is(err, errs.NotFound) {
			return Warning{}, errs.New(errs.NotFound, "warning %q: no such warning", id)
		}
		return Warning{}, err
	}
	return s.warning()
}

// visible reads a warning that the actor's scope shows; what it hides is
// NotFound. A link's holder sees nothing that has not been sent.
func visible(tx *db.Tx, a auth.Actor, id ID) (Warning, error) {
	w, err := load(tx, id)
	if err != nil {
		return w, err
	}
	if !a.Scope.Has(w.Organisation) || (!drafts(a) && !w.shown()) {
		return Warning{}, errs.New(errs.NotFound, "warning %q: no such warning", id)
	}
	return w, nil
}

// drafts says whether an actor sees warnings that have not gone out. The
// organisation concerned does not: what the centre holds back is not yet said.
func drafts(a auth.Actor) bool { return a.Scope.IsAll() }

// shown says whether the warning has been sent at any time.
func (w *Warning) shown() bool { return !w.Sent.IsZero() }

func selectWarnings(tx *db.Tx, where string, args ...any) ([]Warning, error) {
	var rows []stored
	if err := tx.Select(&rows, `SELECT `+columns+` FROM warning WHERE `+where, args...); err != nil {
		return nil, err
	}
	return warningsOf(rows)
}

func warningsOf(rows []stored) ([]Warning, error) {
	out := make([]Warning, len(rows))
	for i, s := range rows {
		w, err := s.warning()
		if err != nil {
			return nil, err
		}
		out[i] = w
	}
	return out, nil
}

func (w *Warning) insert(tx *db.Tx) error {
	return tx.Bulk(`INSERT INTO warning (`+columns+`) VALUES`, "", 29, w.values())
}

// store writes the warning.
func (w *Warning) store(tx *db.Tx) error {
	if w.fresh {
		w.fresh = false
		return w.insert(tx)
	}
	return w.update(tx)
}

func (w *Warning) update(tx *db.Tx) error {
	v := w.values()
	_, err := tx.Exec(`UPDATE warning SET severity = $1, marking = $2, state = $3, open = $4, revision = $5, hold = $6, storm = $7, gathering = $8,
		findings = $9, kinds = $10, news = $11, sent = $12, due = $13, acknowledged = $14, acknowledged_by = $15, remedy = $16, ended = $17,
		reason = $18, step = $19, rung = $20, rank = $21, reminders = $22, possible = $23 WHERE id = $24`,
		v[2], v[3], v[4], v[5], v[6], v[8], v[9], v[11], v[12], v[13], v[14], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26], v[28], v[0])
	return err
}

// take adds findings to what the warning says. Those it told of before have only
// become graver.
func (w *Warning) take(findings []Finding) {
	if w.Kinds == nil {
		w.Kinds = map[row.Kind]int64{}
	}
	if len(findings) > 0 && w.Findings == 0 {
		w.Possible = true
	}
	for _, f := range findings {
		w.Possible = w.Possible && sortOf(f).possible
		if f.Warning != int64(w.ID) {
			w.Findings++
			w.Kinds[f.Kind]++
		}
		w.Severity = max(w.Severity, f.Severity)
		w.Marking = tlp.Max(w.Marking, f.TLP)
	}
}

// KindList are the kinds of its findings, most first, in a steady order.
func (w *Warning) KindList() []row.Kind {
	var kinds []row.Kind
	for _, k := range row.Kinds() {
		if w.Kinds[k] > 0 {
			kinds = append(kinds, k)
		}
	}
	slices.SortStableFunc(kinds, func(a, b row.Kind) int { return int(w.Kinds[b] - w.Kinds[a]) })
	return kinds
}
