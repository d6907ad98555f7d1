package app

import (
	"context"
	"time"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// settingClock is where a standing clock's time is kept, so that it does not go
// back when the process starts anew.
const settingClock = "clock"

// setClock chooses the one clock of the process.
func (a *App) setClock(ctx context.Context) error {
	switch {
	case !a.Clock.IsZero():
		start := a.Clock
		kept, err := setting(ctx, a.db, settingClock)
		if err != nil {
			return err
		}
		if t, err := time.Parse(time.RFC3339Nano, kept); err == nil && t.After(start) {
			start = t
		}
		a.still = clock.NewStanding(start)
		a.clock = a.still
	case a.Demo:
		if a.Pace == 0 {
			a.Pace = 60
		}
		start := time.Now() //nolint:forbidigo // the fast clock begins at the real one
		kept, err := setting(ctx, a.db, settingClock)
		if err != nil {
			return err
		}
		if t, err := time.Parse(time.RFC3339Nano, kept); err == nil && t.After(start) {
			start = t
		}
		a.clock = clock.NewFast(start, a.Pace)
	default:
		a.clock = clock.Real{}
	}
	return nil
}

// keepClock writes down where a clock that is not the machine's stands.
func (a *App) keepClock(ctx context.Context, now time.Time) error {
	return a.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			settingClock, now.Format(time.RFC3339Nano))
		return err
	})
}

func setting(ctx context.Context, d *db.DB, name string) (value string, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error { return tx.Get(&value, `SELECT value FROM setting WHERE name = $1`, name) })
	if errs.Is(err, errs.NotFound) {
		err = nil
	}
	return value, err
}

// Advance moves a standing clock on and lets everything happen that becomes due
// on the way, each thing at its own time: the clock goes from one due row to the
// next, and what follows from it follows before the clock goes on.
func (a *App) Advance(ctx context.Context, by time.Duration) (time.Time, error) {
	if a.still == nil {
		return time.Time{}, errs.New(errs.Conflict, "advance the clock: it goes by itself; start with --clock to have one that stands")
	}
	if by <= 0 {
		return time.Time{}, errs.New(errs.Usage, "advance the clock by %s: a clock does not go back", by)
	}
	a.moving.Lock()
	defer a.moving.Unlock()
	target := a.still.Now().Add(by)
	for {
		// What lies before the next due row has to follow first: it may set an
		// earlier one.
		if err := a.runner.Settle(ctx); err != nil {
			return a.still.Now(), err
		}
		var next time.Time
		err := a.db.Read(ctx, func(tx *db.Tx) (err error) {
			if next, err = journal.NextAlarm(tx); err != nil {
				return err
			}
			due, err := a.deliver.NextDue(tx)
			if err == nil && !due.IsZero() && (next.IsZero() || due.Before(next)) {
				next = due
			}
			return err
		})
		if err != nil {
			return a.still.Now(), err
		}
		if next.IsZero() || next.After(target) {
			break
		}
		a.still.Set(next)
		a.runner.Wake()
	}
	a.still.Set(target)
	a.runner.Wake()
	if err := a.keepClock(ctx, target); err != nil {
		return target, err
	}
	return target, a.runner.Settle(ctx)
}
