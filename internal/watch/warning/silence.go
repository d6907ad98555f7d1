package warning

import (
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
)

// A Silence says how an organisation answers what it is told.
type Silence struct {
	Organisation int64
	Asked        int       // warnings whose time to answer is over, or that were answered
	Answered     int       // of them
	Since        time.Time // when the first of them was sent
}

// Silences are those of warnings sent since an instant that the scope shows, by
// organisation. What was cancelled asks for no answer.
func (r *Room) Silences(tx *db.Tx, a auth.Actor, since time.Time) (map[int64]Silence, error) {
	if err := auth.May(a, auth.WarningView); err != nil {
		return nil, err
	}
	var rows []struct {
		Organisation int64 `db:"organisation"`
		Asked        int   `db:"asked"`
		Answered     int   `db:"answered"`
		Since        int64 `db:"since"`
	}
	err := tx.Select(&rows, `SELECT organisation, COUNT(*) AS asked, SUM(CASE WHEN acknowledged > 0 THEN 1 ELSE 0 END) AS answered, MIN(sent) AS since
		FROM warning WHERE sent > $1 AND state <> 'cancelled' AND (acknowledged > 0 OR (due > 0 AND due < $2)) AND `+a.Scope.SQL("organisation")+`
		GROUP BY organisation`, db.Micros(since), db.Micros(r.Clock.Now()))
	out := make(map[int64]Silence, len(rows))
	for _, s := range rows {
		out[s.Organisation] = Silence{Organisation: s.Organisation, Asked: s.Asked, Answered: s.Answered, Since: db.Time(s.Since)}
	}
	return out, err
}
