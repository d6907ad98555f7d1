package warning

import (
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
)

// A Waiting says how many warnings an organisation has not answered.
type Waiting struct {
	Organisation int64 `db:"organisation"`
	Sent         int64 `db:"sent"`    // nobody has acknowledged them
	Overdue      int64 `db:"overdue"` // of these, those whose clock has run out
}

// Waiting counts the unanswered warnings that the scope shows, by organisation,
// for pages that name everybody: a city's warnings are thousands, its bodies
// hundreds.
func (r *Room) Waiting(ctx context.Context, a auth.Actor) (out []Waiting, err error) {
	if err := auth.May(a, auth.WarningView); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Select(&out, `SELECT organisation, COUNT(*) AS sent, SUM(CASE WHEN due > 0 AND due <= $1 THEN 1 ELSE 0 END) AS overdue
			FROM warning WHERE state = 'sent' AND `+a.Scope.SQL("organisation")+` GROUP BY organisation ORDER BY organisation`, db.Micros(r.Clock.Now()))
	})
	return out, err
}
