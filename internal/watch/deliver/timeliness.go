package deliver

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/watch/warning"
)

// A Timeliness says how fast an organisation was warned of what a source saw: the
// median and the ninetieth percentile, in seconds (CONTRACT). A figure without a
// case is null.
type Timeliness struct {
	Organisation    string   `json:"organisation"` // code
	Source          string   `json:"source"`
	Warnings        int      `json:"warnings"`
	ReceivedP50     *float64 `json:"received_p50"` // from the source's own time to us
	ReceivedP90     *float64 `json:"received_p90"`
	HandedP50       *float64 `json:"handed_p50"` // from there to the first server that took the mail
	HandedP90       *float64 `json:"handed_p90"`
	AcknowledgedP50 *float64 `json:"acknowledged_p50"` // from there to the answer
	AcknowledgedP90 *float64 `json:"acknowledged_p90"`
}

// Timeliness is how fast warnings sent since an instant were, by organisation and
// source.
func (r *Room) Timeliness(ctx context.Context, a auth.Actor, since time.Time) ([]Timeliness, error) {
	list := []Timeliness{}
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		timings, err := r.Warnings.Timings(tx, a, since)
		if err != nil || len(timings) == 0 {
			return err
		}
		handed, err := firstHanded(tx, a, since)
		if err != nil {
			return err
		}
		for len(timings) > 0 {
			n := 1
			for n < len(timings) && timings[n].Organisation == timings[0].Organisation && timings[n].Source == timings[0].Source {
				n++
			}
			line := measure(timings[:n], handed)
			o, err := r.Warnings.Estate.Organisation(tx, timings[0].Organisation)
			if err != nil {
				return err
			}
			line.Organisation = o.Code
			if line.Source, err = r.Warnings.Sources.SourceName(tx, timings[0].Source); err != nil {
				return err
			}
			list = append(list, line)
			timings = timings[n:]
		}
		return nil
	})
	return list, err
}

// firstHanded is when each warning was first handed over to anybody.
func firstHanded(tx *db.Tx, a auth.Actor, since time.Time) (map[warning.ID]time.Time, error) {
	var rows []struct {
		Warning int64 `db:"warning"`
		Handed  int64 `db:"handed"`
	}
	err := tx.Select(&rows, `SELECT warning, MIN(handed) AS handed FROM delivery WHERE handed > $1 AND organisation > 0 AND `+a.Scope.SQL("organisation")+` GROUP BY warning`,
		db.Micros(since))
	out := make(map[warning.ID]time.Time, len(rows))
	for _, h := range rows {
		out[warning.ID(h.Warning)] = db.Time(h.Handed)
	}
	return out, err
}

func measure(timings []warning.Timing, handed map[warning.ID]time.Time) Timeliness {
	var received, over, answered []float64
	for _, t := range timings {
		if !t.Observed.IsZero() && !t.Received.IsZero() {
			received = append(received, t.Received.Sub(t.Observed).Seconds())
		}
		at, ok := handed[t.Warning]
		if !ok {
			continue
		}
		if !t.Received.IsZero() {
			over = append(over, at.Sub(t.Received).Seconds())
		}
		if !t.Acknowledged.IsZero() {
			answered = append(answered, t.Acknowledged.Sub(at).Seconds())
		}
	}
	return Timeliness{
		Warnings: len(timings), ReceivedP50: percentile(received, 50), ReceivedP90: percentile(received, 90),
		HandedP50: percentile(over, 50), HandedP90: percentile(over, 90),
		AcknowledgedP50: percentile(answered, 50), AcknowledgedP90: percentile(answered, 90),
	}
}

// percentile is the nearest-rank percentile, nil of nothing. A source's clock that
// runs ahead gives no negative time.
func percentile(values []float64, p int) *float64 {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	v := max(0, values[(len(values)*p+99)/100-1])
	return &v
}

// once keeps one line of each warning, the earliest word of it: a warning of two
// sources is one warning.
func once(timings []warning.Timing) []warning.Timing {
	place := map[warning.ID]int{}
	var out []warning.Timing
	for _, t := range timings {
		i, ok := place[t.Warning]
		switch {
		case !ok:
			place[t.Warning] = len(out)
			out = append(out, t)
		case !t.Received.IsZero() && (out[i].Received.IsZero() || t.Received.Before(out[i].Received)):
			out[i] = t
		}
	}
	return out
}

// slowestFirst orders by the ninetieth percentile of the hand-over; who has no
// case comes last.
func slowestFirst(all []Pace) {
	slices.SortFunc(all, func(a, b Pace) int {
		return cmp.Or(cmp.Compare(secondsOf(b.HandedP90), secondsOf(a.HandedP90)), cmp.Compare(b.Warnings, a.Warnings),
			cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Source, b.Source))
	})
}

func secondsOf(v *float64) float64 {
	if v == nil {
		return -1
	}
	return *v
}
