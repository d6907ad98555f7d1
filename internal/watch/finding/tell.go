package finding

import (
	"strings"

	"tocsin/internal/base/db"
	"tocsin/internal/watch/intake/row"
)

// A Selection names findings whose owner is still to be told: owned, live, not
// muted, and graver than what it was told of, if it was. The zero value of a
// field does not restrict.
type Selection struct {
	Finding      ID
	Document     int64 // that the delivery opened last
	Advisory     int64 // that the advisory opened last
	Organisation int64
	After        ID // only greater ids
	Limit        int
}

func (s Selection) where() (string, []any) {
	where := []string{"unwarned = 1"}
	var args []any
	arg := func(condition string, v int64) {
		if v != 0 {
			args = append(args, v)
			where = append(where, condition+" $"+itoa(int64(len(args))))
		}
	}
	arg("id =", int64(s.Finding))
	arg("document =", s.Document)
	if s.Advisory != 0 {
		where = append(where, "advisory > 0") // lets the index be used
	}
	arg("advisory =", s.Advisory)
	arg("organisation =", s.Organisation)
	arg("id >", int64(s.After))
	return strings.Join(where, " AND "), args
}

// Unwarned are the findings of the selection by ascending id.
func (r *Room) Unwarned(tx *db.Tx, s Selection) ([]Finding, error) {
	where, args := s.where()
	if s.Limit > 0 {
		where += " ORDER BY id LIMIT " + itoa(int64(s.Limit))
	} else {
		where += " ORDER BY id"
	}
	return query(tx, where, args...)
}

// Waiting are the organisations with an id above after that have findings of the
// selection, ascending, at most limit.
func (r *Room) Waiting(tx *db.Tx, s Selection, after int64, limit int) (out []int64, err error) {
	where, args := s.where()
	err = tx.Select(&out, `SELECT DISTINCT organisation FROM finding WHERE `+where+` AND organisation > `+itoa(after)+
		` ORDER BY organisation LIMIT `+itoa(int64(limit)), args...)
	return out, err
}

// A Spread says that findings of one cause wait for one organisation.
type Spread struct {
	Cause        string `db:"cause"`
	Organisation int64  `db:"organisation"`
}

// Spread are the causes of the selection, each once per organisation.
func (r *Room) Spread(tx *db.Tx, s Selection) (out []Spread, err error) {
	where, args := s.where()
	err = tx.Select(&out, `SELECT DISTINCT cause, organisation FROM finding WHERE `+where+` AND cause <> '' ORDER BY cause, organisation`, args...)
	return out, err
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

// OfWarning are the findings that a warning told of last, gravest first, at most
// limit (0 is all).
func (r *Room) OfWarning(tx *db.Tx, warning int64, limit int) ([]Finding, error) {
	condition := `warning > 0 AND warning = $1 ORDER BY severity DESC, id`
	if limit > 0 {
		condition += " LIMIT " + itoa(int64(limit))
	}
	return query(tx, condition, warning)
}

// LiveOf counts the findings of a warning that still ask for something.
func (r *Room) LiveOf(tx *db.Tx, warning int64) (int64, error) {
	return tx.Int(`SELECT COUNT(*) FROM finding WHERE warning > 0 AND warning = $1 AND live = 1`, warning)
}

// IDsOf are the findings of each of the warnings, ascending.
func (r *Room) IDsOf(tx *db.Tx, warnings []int64) (map[int64][]ID, error) {
	rows, err := db.SelectIn[struct {
		ID      int64 `db:"id"`
		Warning int64 `db:"warning"`
	}](tx, `SELECT id, warning FROM finding WHERE warning > 0 AND warning IN ({keys}) ORDER BY id`, warnings)
	out := make(map[int64][]ID, len(warnings))
	for _, f := range rows {
		out[f.Warning] = append(out[f.Warning], ID(f.ID))
	}
	return out, err
}

// WarningOf is the warning that told of a finding last, 0 when none did.
func (r *Room) WarningOf(tx *db.Tx, id ID) (int64, error) {
	return tx.Int(`SELECT warning FROM finding WHERE id = $1`, int64(id))
}

// Acknowledged moves the open findings of a warning on: somebody of its
// organisation has answered it.
func (r *Room) Acknowledged(tx *db.Tx, warning int64, by string) error {
	open, err := query(tx, `warning > 0 AND warning = $1 AND state = 'open' ORDER BY id`, warning)
	if err != nil {
		return err
	}
	t, err := Of(Ack)
	if err != nil {
		return err
	}
	for _, f := range open {
		if _, err := r.move(tx, by, f, t, Change{Act: Ack}); err != nil {
			return err
		}
	}
	return nil
}

// Load reads one finding, whoever asks: for stages.
func (r *Room) Load(tx *db.Tx, id ID) (Finding, error) { return load(tx, id) }

// OpenOf counts an organisation's findings by kind, severity and state.
func (r *Room) OpenOf(tx *db.Tx, organisation int64) (out []Number, err error) {
	err = tx.Select(&out, `SELECT kind, severity, state, SUM(n) AS n FROM finding_tally WHERE organisation = $1
		GROUP BY kind, severity, state HAVING SUM(n) > 0 ORDER BY severity DESC, kind, state`, organisation)
	for i := range out {
		out[i].Severity = row.Severity(out[i].SeverityNo)
	}
	return out, err
}
