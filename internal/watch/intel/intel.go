// Package intel keeps indicators: patterns that mean trouble when they are seen
// in traffic, with who says so and how sure.
package intel

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
)

// Deps is what the room stands on.
type Deps struct {
	DB    *db.DB
	Clock clock.Clock
}

// A Room keeps the indicators.
type Room struct{ Deps }

// New is the room over deps.
func New(deps Deps) *Room { return &Room{Deps: deps} }

// Schema is the schema of indicators and of who says so.
func Schema() []db.Migration {
	return []db.Migration{{Name: "intel", SQL: `CREATE TABLE indicator (
	id {{id}},
	type TEXT NOT NULL,
	value TEXT NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	UNIQUE (type, value));
CREATE TABLE indicator_source (
	indicator BIGINT NOT NULL,
	source BIGINT NOT NULL,
	document BIGINT NOT NULL,
	line BIGINT NOT NULL,
	confidence BIGINT NOT NULL,
	tlp BIGINT NOT NULL,
	last BIGINT NOT NULL,
	PRIMARY KEY (indicator, source));`}}
}

// lifetime is how long an indicator of a plain list holds after it was listed
// last: a list says nothing of when an entry ends but by leaving it out.
const lifetime = 30 * 24 * time.Hour

// unstated is the confidence of a source that states none (STIX: 50 is "maybe").
const unstated = 50

// Keep stores the indicators of a document's rows. One that is known already is
// confirmed: last rises.
func (r *Room) Keep(tx *db.Tx, source intake.Source, doc intake.Document, rows []row.Row) error {
	now := db.Micros(doc.Received)
	for _, one := range rows {
		id, err := tx.Int(`UPDATE indicator SET last = CASE WHEN last > $1 THEN last ELSE $1 END WHERE type = $2 AND value = $3 RETURNING id`,
			now, string(one.Indicator.Type), one.Indicator.Value)
		if errs.Is(err, errs.NotFound) {
			if id, err = tx.NextID("indicator", 1); err != nil {
				return err
			}
			_, err = tx.Exec(`INSERT INTO indicator (id, type, value, first, last) VALUES ($1, $2, $3, $4, $5)`,
				id, string(one.Indicator.Type), one.Indicator.Value, now, now)
		}
		if err != nil {
			return err
		}
		confidence := int(one.Confidence)
		if confidence == 0 {
			confidence = unstated
		}
		_, err = tx.Exec(`INSERT INTO indicator_source (indicator, source, document, line, confidence, tlp, last) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (indicator, source) DO UPDATE SET document = excluded.document, line = excluded.line, confidence = excluded.confidence,
			tlp = excluded.tlp, last = excluded.last`, id, source.ID, doc.ID, one.Line, confidence, int(source.TLP), now)
		if err != nil {
			return err
		}
	}
	return nil
}

// An Indicator is a pattern with who says so. JSON as CONTRACT has it.
type Indicator struct {
	ID         string      `json:"id"`
	Type       string      `json:"type"`
	Value      string      `json:"value"`
	Sources    []string    `json:"sources"`
	Confidence int         `json:"confidence"` // the highest of its sources, 0–100
	State      string      `json:"state"`      // active or expired
	ValidUntil time.Time   `json:"valid_until"`
	TLP        tlp.Marking `json:"tlp"`
	FirstSeen  time.Time   `json:"first_seen"`
	LastSeen   time.Time   `json:"last_seen"`

	number int64
}

// A Filter selects indicators. The zero value of a field does not restrict.
type Filter struct {
	ID    string
	Text  string
	After int64
	Limit int
}

// List are the indicators, oldest first. Indicators are the centre's: whose
// scope is not the whole city sees none. next is where the next page begins, 0 at
// the end.
func (r *Room) List(ctx context.Context, who auth.Actor, f Filter) (out []Indicator, next int64, err error) {
	if err := auth.May(who, auth.IndicatorView); err != nil {
		return nil, 0, err
	}
	where := []string{who.Scope.SQL("0")}
	var args []any
	arg := func(condition string, v any) {
		args = append(args, v)
		where = append(where, strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1))
	}
	if f.ID != "" {
		n, err := strconv.ParseInt(strings.TrimPrefix(f.ID, "I"), 10, 64)
		if err != nil {
			return nil, 0, errs.New(errs.NotFound, "indicator %q: no such indicator", f.ID)
		}
		arg("i.id = ?", n)
	}
	if f.Text != "" {
		arg("i.value LIKE ?", "%"+strings.ToLower(f.Text)+"%")
	}
	if f.After > 0 {
		arg("i.id > ?", f.After)
	}
	limit := ""
	if f.Limit > 0 {
		limit = " LIMIT " + strconv.Itoa(f.Limit+1)
	}
	now := r.Clock.Now()
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []struct {
			ID         int64  `db:"id"`
			Type       string `db:"type"`
			Value      string `db:"value"`
			First      int64  `db:"first"`
			Last       int64  `db:"last"`
			Name       string `db:"name"`
			Confidence int    `db:"confidence"`
			TLP        int    `db:"tlp"`
		}
		err := tx.Select(&rows, `SELECT i.id, i.type, i.value, i.first, i.last, s.name, w.confidence, w.tlp
			FROM (SELECT * FROM indicator i WHERE `+strings.Join(where, " AND ")+` ORDER BY i.id`+limit+`) i
			JOIN indicator_source w ON w.indicator = i.id JOIN source s ON s.id = w.source ORDER BY i.id, s.name`, args...)
		if err != nil {
			return err
		}
		for _, x := range rows {
			if n := len(out); n == 0 || out[n-1].number != x.ID {
				one := Indicator{
					ID: "I" + strconv.FormatInt(x.ID, 10), Type: x.Type, Value: x.Value, State: "active", ValidUntil: db.Time(x.Last).Add(lifetime),
					FirstSeen: db.Time(x.First), LastSeen: db.Time(x.Last), number: x.ID,
				}
				if !one.ValidUntil.After(now) {
					one.State = "expired"
				}
				out = append(out, one)
			}
			one := &out[len(out)-1]
			one.Sources = append(one.Sources, x.Name)
			one.Confidence = max(one.Confidence, x.Confidence)
			one.TLP = tlp.Max(one.TLP, tlp.Marking(x.TLP))
		}
		return nil
	})
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[:f.Limit]
		next = out[f.Limit-1].number
	}
	return out, next, err
}
