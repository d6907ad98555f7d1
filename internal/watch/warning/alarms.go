package warning

import (
	"context"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// The kinds of clock rows of this room. The subject is a warning's, but for the
// digest, where it is "digest:daily" or "digest:weekly".
const (
	AlarmDue    = "warning.due"    // nobody acknowledged in time
	AlarmRemind = "warning.remind" // acknowledged, and not mended in time
	AlarmRevise = "warning.revise" // what came in meanwhile goes out together
	AlarmExpire = "warning.expire" // nobody did anything for very long
	AlarmDigest = "digest"
)

// Alarms are the alarms of the room.
func (r *Room) Alarms() []journal.Alarm {
	return []journal.Alarm{
		{Kind: AlarmDue, Do: r.ofWarning(r.escalate)},
		{Kind: AlarmRemind, Do: r.ofWarning(r.remind)},
		{Kind: AlarmRevise, Do: r.ofWarning(func(tx *db.Tx, w *Warning, _ time.Time) error { return r.gathered(tx, w) })},
		{Kind: AlarmExpire, Do: r.ofWarning(func(tx *db.Tx, w *Warning, _ time.Time) error {
			return r.end(tx, w, ActExpire, auth.Stage("clock"), "")
		})},
		{Kind: AlarmDigest, Do: r.digest},
	}
}

// ofWarning reads the warning of a clock row. A row that fires for a warning that
// has moved on meanwhile does nothing.
func (r *Room) ofWarning(do func(tx *db.Tx, w *Warning, due time.Time) error) func(context.Context, *db.Tx, string, time.Time) error {
	return func(_ context.Context, tx *db.Tx, subject string, due time.Time) error {
		id, err := idOf(subject)
		if err != nil {
			return err
		}
		w, err := load(tx, id)
		if err != nil {
			return err
		}
		if !w.State.Live() {
			return nil
		}
		return do(tx, &w, due)
	}
}

func idOf(subject string) (ID, error) {
	const prefix = "warning:"
	if len(subject) <= len(prefix) || subject[:len(prefix)] != prefix {
		return 0, errs.New(errs.Internal, "subject %q is no warning", subject)
	}
	return ParseID(subject[len(prefix):])
}

// quiet takes the clock rows of a warning away.
func quiet(tx *db.Tx, id ID, kinds ...string) error {
	for _, kind := range kinds {
		if err := journal.ClearAlarm(tx, kind, id.Subject()); err != nil {
			return err
		}
	}
	return nil
}

// ring sets a clock row, unless the rules set no limit.
func ring(tx *db.Tx, kind string, id ID, due time.Time) error {
	if due.IsZero() {
		return nil
	}
	return journal.SetAlarm(tx, kind, id.Subject(), due)
}
