package warning

import (
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// Begin sets the clock rows of the digests that are not set. It is called at each
// start.
func (r *Room) Begin(ctx context.Context) error {
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		for _, c := range []Cadence{Daily, Weekly} {
			n, err := tx.Int(`SELECT COUNT(*) FROM alarm WHERE kind = $1 AND subject = $2`, AlarmDigest, digestSubject(c))
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
			if err := journal.SetAlarm(tx, AlarmDigest, digestSubject(c), r.Regime.NextDigest(r.Clock.Now(), c)); err != nil {
				return err
			}
		}
		return nil
	})
}

func digestSubject(c Cadence) string { return "digest:" + string(c) }

// digest is the alarm of a digest. The alarm only says that it is time: the
// stage "warn" makes the digests in brackets of bounded size.
func (r *Room) digest(_ context.Context, tx *db.Tx, subject string, due time.Time) error {
	c := Cadence(strings.TrimPrefix(subject, "digest:"))
	if !slices.Contains([]Cadence{Daily, Weekly}, c) {
		return errs.New(errs.Internal, "alarm of %q: no such digest", subject)
	}
	// A machine that slept through several digests makes one of them.
	from := due
	if now := r.Clock.Now(); now.After(from) {
		from = now
	}
	if err := journal.SetAlarm(tx, AlarmDigest, subject, r.Regime.NextDigest(from, c)); err != nil {
		return err
	}
	_, err := r.Journal.Append(tx, journal.Draft{
		Actor: auth.Stage("clock").Name(), Subject: subject, Verb: VerbDigest, Body: Due{Cadences: []Cadence{c}},
	})
	return err
}

// DigestRun makes both digests now of whatever waits for them. The clock rows
// stay as they are.
func (r *Room) DigestRun(ctx context.Context, a auth.Actor) error {
	if err := auth.May(a, auth.DigestRun); err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := r.Journal.Append(tx, journal.Draft{
			Actor: a.Name(), Subject: "digest:run", Verb: VerbDigest, Body: Due{Cadences: []Cadence{Daily, Weekly}},
		})
		return err
	})
}
