package finding

import (
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
)

// A Concern is how many an advisory concerns: what hangs on it and still asks
// for something.
type Concern struct {
	Findings      int64 `db:"findings"`
	Organisations int64 `db:"organisations"`
	Confirmed     int64 `db:"confirmed"` // of the findings; the others are only possible
}

// Concerned is what each of some advisories concerns within the reader's scope;
// one that concerns nobody is missing.
func (r *Room) Concerned(ctx context.Context, who auth.Actor, advisories []int64) (map[int64]Concern, error) {
	if err := auth.May(who, auth.FindingView); err != nil {
		return nil, err
	}
	out := make(map[int64]Concern, len(advisories))
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := db.SelectIn[struct {
			Concern

			Advisory int64 `db:"advisory"`
		}](tx, `SELECT advisory, COUNT(*) AS findings, COUNT(DISTINCT organisation) AS organisations,
			SUM(CASE WHEN probability = 'confirmed' THEN 1 ELSE 0 END) AS confirmed
			FROM finding WHERE advisory IN ({keys}) AND advisory > 0 AND live = 1 AND `+readable(who)+` GROUP BY advisory`, advisories)
		for _, x := range rows {
			out[x.Advisory] = x.Concern
		}
		return err
	})
	return out, err
}

// OfAdvisory are the findings that hang on an advisory and that the reader may
// view, those that still ask for something first, then the surest and gravest.
func (r *Room) OfAdvisory(ctx context.Context, who auth.Actor, advisory int64) (out []Finding, err error) {
	if err := auth.May(who, auth.FindingView); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		out, err = query(tx, `advisory = $1 AND advisory > 0 AND `+readable(who)+` ORDER BY live DESC, probability, severity DESC, id`, advisory)
		return err
	})
	return out, err
}
