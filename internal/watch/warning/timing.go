package warning

import (
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
)

// A Timing holds three of the five instants of a warning and one of its sources;
// the hand-over is the deliveries' to tell, and the sending lies between.
type Timing struct {
	Warning      ID
	Organisation int64
	Source       int64
	Observed     time.Time // the source's own time, of its latest observation
	Received     time.Time // when we learnt of it
	Sent         time.Time
	Acknowledged time.Time // zero while nobody has
}

// Timings are those of warnings sent since an instant that the scope shows.
func (r *Room) Timings(tx *db.Tx, a auth.Actor, since time.Time) ([]Timing, error) {
	if err := auth.May(a, auth.WarningView); err != nil {
		return nil, err
	}
	var rows []struct {
		Warning      int64 `db:"warning"`
		Organisation int64 `db:"organisation"`
		Source       int64 `db:"source"`
		Observed     int64 `db:"observed"`
		Received     int64 `db:"received"`
		Sent         int64 `db:"sent"`
		Acknowledged int64 `db:"acknowledged"`
	}
	err := tx.Select(&rows, `SELECT s.warning, s.organisation, s.source, s.observed, s.received, w.sent, w.acknowledged
		FROM warning w JOIN warning_source s ON s.warning = w.id
		WHERE w.sent > $1 AND `+a.Scope.SQL("w.organisation")+` ORDER BY s.organisation, s.source, s.warning`, db.Micros(since))
	if err != nil {
		return nil, err
	}
	out := make([]Timing, len(rows))
	for i, t := range rows {
		out[i] = Timing{
			Warning: ID(t.Warning), Organisation: t.Organisation, Source: t.Source, Observed: db.Time(t.Observed), Received: db.Time(t.Received),
			Sent: db.Time(t.Sent), Acknowledged: db.Time(t.Acknowledged),
		}
	}
	return out, nil
}
