package deliver

import (
	"context"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// Alarms are the alarms of the room: a promise to hand over has come due.
func (r *Room) Alarms() []journal.Alarm {
	return []journal.Alarm{{Kind: warning.AlarmPromise, Do: func(_ context.Context, tx *db.Tx, subject string, due time.Time) error {
		return r.Warnings.Broken(tx, subject, due, func(id warning.ID) (bool, error) {
			n, err := tx.Int(`SELECT COUNT(*) FROM delivery WHERE warning = $1 AND handed > 0 AND organisation > 0`, int64(id))
			return n > 0, err
		})
	}}}
}

// Instants are the five instants of a warning and one of its sources (issue
// "timeliness, proven"); a zero one has not come, or is not known.
type Instants struct {
	Source       string
	Observed     time.Time // the source's own time
	Received     time.Time // word of it came in
	Attributed   time.Time // its owner was known
	Handed       time.Time // the first server took the mail, or a person the letter
	Acknowledged time.Time
	Promised     time.Time // until when it was to be handed over; zero: nothing is promised
}

// Broken says whether the promise is broken at now.
func (i Instants) Broken(now time.Time) bool {
	if i.Promised.IsZero() {
		return false
	}
	if i.Handed.IsZero() {
		return now.After(i.Promised)
	}
	return i.Handed.After(i.Promised)
}

// Instants are those of a warning, a line for each of its sources. What the
// scope hides is NotFound.
func (r *Room) Instants(ctx context.Context, a auth.Actor, id warning.ID) (out []Instants, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		timings, err := r.Warnings.TimingsOf(tx, a, id)
		if err != nil {
			return err
		}
		handed, err := tx.Int(`SELECT COALESCE(MIN(handed), 0) FROM delivery WHERE warning = $1 AND handed > 0 AND organisation > 0`, int64(id))
		if err != nil {
			return err
		}
		for _, t := range timings {
			i := Instants{Observed: t.Observed, Received: t.Received, Attributed: t.Attributed, Handed: db.Time(handed), Acknowledged: t.Acknowledged}
			if !t.Received.IsZero() {
				i.Promised = r.Warnings.Regime.Promise(t.Received, t.Severity)
			}
			if i.Source, err = r.Warnings.Sources.SourceName(tx, t.Source); err != nil {
				return err
			}
			out = append(out, i)
		}
		return nil
	})
	return out, err
}

// A Pace is how fast warnings of a group were: of one organisation, of one
// source, or of all.
type Pace struct {
	Timeliness

	Organisation int64 // 0: of several
}

// A Broken is a warning whose promise is broken.
type Broken struct {
	Warning      warning.ID
	Organisation int64
	Severity     row.Severity
	Received     time.Time
	Promised     time.Time
	Handed       time.Time // zero: it still is not
}

// A Report is how fast warnings sent since an instant were.
type Report struct {
	All           Pace
	Organisations []Pace // slowest hand-over first
	Sources       []Pace // likewise
	Broken        []Broken
}

// Report is how fast warnings sent since an instant were, as far as the scope
// shows them.
func (r *Room) Report(ctx context.Context, a auth.Actor, since time.Time) (out Report, err error) {
	now := r.Clock.Now()
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		timings, err := r.Warnings.Timings(tx, a, since)
		if err != nil {
			return err
		}
		handed, err := firstHanded(tx, a, since)
		if err != nil {
			return err
		}
		out.All = Pace{Timeliness: measure(once(timings), handed)}
		byOrganisation, bySource := map[int64][]warning.Timing{}, map[int64][]warning.Timing{}
		for _, t := range timings {
			bySource[t.Source] = append(bySource[t.Source], t)
		}
		for _, t := range once(timings) {
			byOrganisation[t.Organisation] = append(byOrganisation[t.Organisation], t)
			b := Broken{Warning: t.Warning, Organisation: t.Organisation, Severity: t.Severity, Received: t.Received, Handed: handed[t.Warning]}
			if !t.Received.IsZero() {
				b.Promised = r.Warnings.Regime.Promise(t.Received, t.Severity)
			}
			if (Instants{Promised: b.Promised, Handed: b.Handed}).Broken(now) {
				out.Broken = append(out.Broken, b)
			}
		}
		for id, group := range byOrganisation {
			out.Organisations = append(out.Organisations, Pace{Timeliness: measure(group, handed), Organisation: id})
		}
		for id, group := range bySource {
			p := Pace{Timeliness: measure(group, handed)}
			if p.Source, err = r.Warnings.Sources.SourceName(tx, id); err != nil {
				return err
			}
			out.Sources = append(out.Sources, p)
		}
		slowestFirst(out.Organisations)
		slowestFirst(out.Sources)
		return nil
	})
	return out, err
}
