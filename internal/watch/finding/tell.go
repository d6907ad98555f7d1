package finding

import (
	"strconv"
	"strings"

	"tocsin/internal/base/db"
	"tocsin/internal/watch/intake/row"
)

// Unwarned selects findings whose owner is still to be told.
type Unwarned struct {
	Document     int64 // those that the delivery opened, 0 is any
	Organisation int64 // 0 is any
	Severities   []row.Severity
	Limit        int
}

// Unwarned are the findings that q selects: owned, live, not muted, not yet told
// of; by organisation, worst first.
func (r *Room) Unwarned(tx *db.Tx, q Unwarned) ([]Finding, error) {
	where := []string{"unwarned = 1"}
	var args []any
	if q.Document != 0 {
		args = append(args, q.Document)
		where = append(where, "document = $"+strconv.Itoa(len(args)))
	}
	if q.Organisation != 0 {
		args = append(args, q.Organisation)
		where = append(where, "organisation = $"+strconv.Itoa(len(args)))
	}
	if len(q.Severities) > 0 {
		var words []string
		for _, s := range q.Severities {
			words = append(words, strconv.Itoa(int(s)))
		}
		where = append(where, "severity IN ("+strings.Join(words, ",")+")")
	}
	condition := strings.Join(where, " AND ") + " ORDER BY organisation, severity DESC, id"
	if q.Limit > 0 {
		condition += " LIMIT " + strconv.Itoa(q.Limit)
	}
	return query(tx, condition, args...)
}

// Warned notes that a warning tells of the findings.
func (r *Room) Warned(tx *db.Tx, warning int64, ids []ID) error {
	for _, id := range ids {
		if _, err := tx.Exec(`UPDATE finding SET unwarned = 0, warning = $1 WHERE id = $2`, warning, int64(id)); err != nil {
			return err
		}
	}
	return nil
}

// OfWarning are the findings that a warning told of last, worst first.
func (r *Room) OfWarning(tx *db.Tx, warning int64) ([]Finding, error) {
	return query(tx, `warning = $1 ORDER BY severity DESC, id`, warning)
}

// Load reads one finding, whoever asks: for stages.
func (r *Room) Load(tx *db.Tx, id ID) (Finding, error) { return load(tx, id) }

// OpenOf counts an organisation's findings by kind, severity and state.
func (r *Room) OpenOf(tx *db.Tx, organisation int64) (out []Number, err error) {
	err = tx.Select(&out, `SELECT kind, severity, state, n FROM finding_tally WHERE organisation = $1 AND n > 0 ORDER BY severity DESC, kind, state`, organisation)
	for i := range out {
		out[i].Severity = row.Severity(out[i].SeverityNo)
	}
	return out, err
}
