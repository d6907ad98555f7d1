package deliver

import (
	"time"

	"tocsin/internal/base/db"
)

// NextDue is when the next delivery is tried again, the zero time when none
// waits. A clock that is moved by hand stops there on its way.
func (r *Room) NextDue(tx *db.Tx) (time.Time, error) {
	us, err := tx.Int(`SELECT MIN(next_at) FROM delivery WHERE waiting = 2`)
	return db.Time(us), err
}
