package warning

import (
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
)

// AlarmPromise fires when a warning should have been handed over; whether it was
// is the ledger's to know (package deliver).
const AlarmPromise = "warning.promise"

// VerbLate says that a promise is broken: once a warning. Body Late.
const VerbLate = "warning.late"

// Late is the body of VerbLate.
type Late struct {
	Warning  int64     `json:"warning"`
	Severity string    `json:"severity"`
	Received time.Time `json:"received"` // when word of it came in
	Promised time.Time `json:"promised"` // until when it was to be handed over
}

// promise sets the clock by which a warning is to be handed over, from the first
// word of it. What is held for a person runs against it too.
func (r *Room) promise(tx *db.Tx, w *Warning) error {
	received, err := tx.Int(`SELECT COALESCE(MIN(received), 0) FROM warning_source WHERE warning = $1 AND received > 0`, int64(w.ID))
	if err != nil || received == 0 {
		return err
	}
	due := r.Regime.Promise(db.Time(received), w.Severity)
	if due.IsZero() {
		return nil
	}
	return journal.SetAlarm(tx, AlarmPromise, w.ID.Subject(), due)
}

// Broken writes down that a warning was not handed over in time, unless it has
// ended meanwhile. handed says whether it has reached anybody.
func (r *Room) Broken(tx *db.Tx, subject string, due time.Time, handed func(id ID) (bool, error)) error {
	id, err := idOf(subject)
	if err != nil {
		return err
	}
	w, err := load(tx, id)
	if err != nil || !w.State.Live() {
		return err
	}
	if done, err := handed(id); done || err != nil {
		return err
	}
	received, err := tx.Int(`SELECT COALESCE(MIN(received), 0) FROM warning_source WHERE warning = $1 AND received > 0`, int64(id))
	if err != nil {
		return err
	}
	_, err = r.Journal.Append(tx, journal.Draft{
		Actor: "stage:clock", Organisation: w.Organisation, Subject: id.Subject(), Verb: VerbLate,
		Body: Late{Warning: int64(id), Severity: w.Severity.String(), Received: db.Time(received), Promised: due},
	})
	return err
}
