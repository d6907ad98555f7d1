package estate

import (
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
)

// Holders are the organisations that hold an address or an endpoint, as far as
// the reader may see them, ascending. Of all others nothing can be seen, and
// that nothing was seen says nothing.
func (r *Room) Holders(ctx context.Context, a auth.Actor) (ids []int64, err error) {
	if err := auth.May(a, auth.EstateView); err != nil {
		return nil, err
	}
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		mine := a.Scope.SQL("organisation")
		return tx.Select(&ids, `SELECT organisation FROM address WHERE `+mine+` UNION SELECT organisation FROM endpoint WHERE `+mine+` ORDER BY 1`)
	})
	return ids, err
}
