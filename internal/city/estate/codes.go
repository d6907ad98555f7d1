package estate

import "tocsin/internal/base/db"

// SystemCodes are the codes of systems by number, for whoever shows records that
// name them. It asks no reader: a record that may be seen shows its system.
func (r *Room) SystemCodes(tx *db.Tx, systems []int64) (map[int64]string, error) {
	found, err := db.SelectIn[struct {
		ID   int64  `db:"id"`
		Code string `db:"code"`
	}](tx, `SELECT id, code FROM system WHERE id IN ({keys})`, systems)
	codes := make(map[int64]string, len(found))
	for _, s := range found {
		codes[s.ID] = s.Code
	}
	return codes, err
}
