package warning

import (
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/watch/intake/row"
)

// A Timing holds four of the five instants of a warning and one of its sources;
// the hand-over is the deliveries' to tell, and the sending lies between.
type Timing struct {
	Warning      ID
	Organisation int64
	Source       int64
	Observed     time.Time // the source's own time, of its latest observation
	Received     time.Time // when word of it came in
	Attributed   time.Time // when we knew whose it is
	Severity     row.Severity
	Sent         time.Time
	Acknowledged time.Time // zero while nobody has
}

// Timings are those of warnings sent since an instant that the scope shows.
func (r *Room) Timings(tx *db.Tx, a auth.Actor, since time.Time) ([]Timing, error) {
	return timings(tx, a, `w.sent > $1`, db.Micros(since))
}

// TimingsOf are those of one warning, a line for each source.
func (r *Room) TimingsOf(tx *db.Tx, a auth.Actor, id ID) ([]Timing, error) {
	if _, err := visible(tx, a, id); err != nil {
		return nil, err
	}
	return timings(tx, a, `w.id = $1`, int64(id))
}

func timings(tx *db.Tx, a auth.Actor, where string, args ...any) ([]Timing, error) {
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
		Attributed   int64 `db:"attributed"`
		Severity     int64 `db:"severity"`
	}
	err := tx.Select(&rows, `SELECT s.warning, s.organisation, s.source, s.observed, s.received, s.attributed, w.severity, w.sent, w.acknowledged
		FROM warning w JOIN warning_source s ON s.warning = w.id
		WHERE `+where+` AND `+a.Scope.SQL("w.organisation")+` ORDER BY s.organisation, s.source, s.warning`, args...)
	if err != nil {
		return nil, err
	}
	out := make([]Timing, len(rows))
	for i, t := range rows {
		out[i] = Timing{
			Warning: ID(t.Warning), Organisation: t.Organisation, Source: t.Source, Observed: db.Time(t.Observed), Received: db.Time(t.Received),
			Attributed: db.Time(t.Attributed), Severity: row.Severity(t.Severity), Sent: db.Time(t.Sent), Acknowledged: db.Time(t.Acknowledged),
		}
	}
	return out, nil
}
