package intel

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// A State says what stands of an indicator. The set is closed.
type State string

// The states (CONTRACT).
const (
	Active    State = "active"
	IsHeld    State = "held"    // it waits for a person, or a person keeps it out
	Expired   State = "expired" // nobody has named it for as long as it lasts
	IsRevoked State = "revoked" // whoever named it took it back, or names it as context only
)

// States are all states.
func States() []State { return []State{Active, IsHeld, Expired, IsRevoked} }

// An Indicator is a pattern with who says so. JSON as CONTRACT has it.
type Indicator struct {
	ID         string      `json:"id"`
	Type       string      `json:"type"`
	Value      string      `json:"value"`
	Sources    []string    `json:"sources"`
	Confidence int         `json:"confidence"` // 0–100, of all sources together, less what time has taken
	State      State       `json:"state"`
	ValidUntil time.Time   `json:"valid_until"`
	TLP        tlp.Marking `json:"tlp"`
	FirstSeen  time.Time   `json:"first_seen"`
	LastSeen   time.Time   `json:"last_seen"`
	Sightings  int64       `json:"sightings"` // as its sources count them
	Refuted    int64       `json:"refuted"`
	HeldBy     string      `json:"held_by,omitempty"` // why it waits: a list of harmless values, ours, too broad
	DecidedBy  string      `json:"decided_by,omitempty"`
	Reason     string      `json:"reason,omitempty"` // the person's
	Said       []Saying    `json:"said,omitempty"`   // one by one, where a single indicator is shown

	number int64
}

// A Saying is what one object of a source says of an indicator.
type Saying struct {
	Source     string      `json:"source"`
	Object     string      `json:"object,omitempty"`
	Title      string      `json:"title,omitempty"`
	Labels     []string    `json:"labels,omitempty"`
	Document   string      `json:"document"`
	Line       int         `json:"line"`
	Confidence int         `json:"confidence"`
	TLP        tlp.Marking `json:"tlp"`
	FirstSeen  time.Time   `json:"first_seen"`
	LastSeen   time.Time   `json:"last_seen"`
	ValidUntil time.Time   `json:"valid_until"`
	Revoked    bool        `json:"revoked,omitempty"`
	Context    bool        `json:"context,omitempty"` // the source does not want it matched
}

// A Filter selects indicators. The zero value of a field does not restrict.
type Filter struct {
	ID     string
	Text   string // anywhere in the value: looks at every indicator
	Find   string // the beginning of the value, by the index
	Type   row.IndicatorType
	State  State
	Source string
	After  int64
	Limit  int
	Newest bool
}

type indicatorRow struct {
	ID        int64  `db:"id"`
	Type      string `db:"type"`
	Value     string `db:"value"`
	State     string `db:"state"`
	HeldBy    string `db:"held_by"`
	DecidedBy string `db:"decided_by"`
	Reason    string `db:"reason"`
	First     int64  `db:"first"`
	Last      int64  `db:"last"`
	Until     int64  `db:"valid_until"`
	TLP       int    `db:"tlp"`
	Seen      int64  `db:"seen"`
	Refuted   int64  `db:"refuted"`
}

type sayingRow struct {
	Indicator  int64  `db:"indicator"`
	Name       string `db:"name"`
	Object     string `db:"object"`
	Title      string `db:"title"`
	Labels     string `db:"labels"`
	Document   int64  `db:"document"`
	Line       int    `db:"line"`
	Confidence int    `db:"confidence"`
	TLP        int    `db:"tlp"`
	First      int64  `db:"first"`
	Last       int64  `db:"last"`
	Until      int64  `db:"valid_until"`
	Revoked    int    `db:"revoked"`
	Inactive   int    `db:"inactive"`
}

// List are the indicators, oldest first. Indicators are the centre's: whose
// scope is not the whole city sees none. next is where the next page begins, 0 at
// the end.
func (r *Room) List(ctx context.Context, who auth.Actor, f Filter) (out []Indicator, next int64, err error) {
	if err := auth.May(who, auth.IndicatorView); err != nil {
		return nil, 0, err
	}
	now := r.Clock.Now()
	where := []string{who.Scope.SQL("0")}
	var args []any
	arg := func(condition string, v any) {
		args = append(args, v)
		where = append(where, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	if f.ID != "" {
		n, err := parse("I", "indicator", f.ID)
		if err != nil {
			return nil, 0, err
		}
		arg("i.id = ?", n)
	}
	if f.Text != "" {
		arg("i.value LIKE ?", "%"+strings.ToLower(f.Text)+"%")
	}
	if text := strings.ToLower(strings.TrimSpace(f.Find)); text != "" {
		var ranges []string
		for _, t := range row.IndicatorTypes() {
			args = append(args, string(t)+":"+text, string(t)+":"+text+"\U0010FFFF")
			ranges = append(ranges, "(i.pattern >= $"+strconv.Itoa(len(args)-1)+" AND i.pattern < $"+strconv.Itoa(len(args))+")")
		}
		where = append(where, "("+strings.Join(ranges, " OR ")+")")
	}
	if f.Type != "" {
		arg("i.type = ?", string(f.Type))
	}
	switch f.State {
	case "":
	case Active:
		arg("i.state = 'active' AND i.valid_until > ?", db.Micros(now))
	case Expired:
		arg("i.state = 'active' AND i.valid_until <= ?", db.Micros(now))
	case IsHeld, IsRevoked:
		arg("i.state = ?", string(f.State))
	default:
		return nil, 0, errs.New(errs.Usage, "list indicators: state %q: want one of %v", f.State, States())
	}
	if f.Source != "" {
		arg("EXISTS (SELECT 1 FROM indicator_source w JOIN source s ON s.id = w.source WHERE w.indicator = i.id AND s.name = ?)", f.Source)
	}
	order := "i.id"
	if f.Newest {
		order = "i.id DESC"
	}
	if f.After > 0 && f.Newest {
		arg("i.id < ?", f.After)
	} else if f.After > 0 {
		arg("i.id > ?", f.After)
	}
	limit := ""
	if f.Limit > 0 {
		limit = " LIMIT " + strconv.Itoa(f.Limit+1)
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []indicatorRow
		err := tx.Select(&rows, `SELECT i.id, i.type, i.value, i.state, i.held_by, i.decided_by, i.reason, i.first, i.last, i.valid_until, i.tlp, i.seen, i.refuted
			FROM indicator i WHERE `+strings.Join(where, " AND ")+` ORDER BY `+order+limit, args...)
		if err != nil {
			return err
		}
		if f.Limit > 0 && len(rows) > f.Limit {
			rows = rows[:f.Limit]
			next = rows[f.Limit-1].ID
		}
		out, err = r.shown(tx, rows, f.ID != "", now)
		return err
	})
	return out, next, err
}

// shown are indicators with what is said of them.
func (r *Room) shown(tx *db.Tx, rows []indicatorRow, each bool, now time.Time) ([]Indicator, error) {
	ids := make([]int64, len(rows))
	place := make(map[int64]int, len(rows))
	out := make([]Indicator, len(rows))
	for i, x := range rows {
		ids[i], place[x.ID] = x.ID, i
		out[i] = Indicator{
			ID: idOf(x.ID), Type: x.Type, Value: x.Value, State: State(x.State), HeldBy: x.HeldBy, DecidedBy: x.DecidedBy, Reason: x.Reason,
			FirstSeen: db.Time(x.First), LastSeen: db.Time(x.Last), ValidUntil: db.Time(x.Until), TLP: tlp.Marking(x.TLP),
			Sightings: x.Seen, Refuted: x.Refuted, number: x.ID,
		}
		if out[i].State == Active && !out[i].ValidUntil.After(now) {
			out[i].State = Expired
		}
	}
	said, err := db.SelectIn[sayingRow](tx, `SELECT w.indicator, s.name, w.object, w.title, w.labels, w.document, w.line, w.confidence, w.tlp,
		w.first, w.last, w.valid_until, w.revoked, w.inactive
		FROM indicator_source w JOIN source s ON s.id = w.source WHERE w.indicator IN ({keys}) ORDER BY w.indicator, s.name, w.object`, ids)
	if err != nil {
		return nil, err
	}
	stated := map[int64][]int{}
	for _, s := range said {
		one := &out[place[s.Indicator]]
		if n := len(one.Sources); n == 0 || one.Sources[n-1] != s.Name {
			one.Sources = append(one.Sources, s.Name)
		}
		until := db.Time(s.Until)
		if s.Until == 0 {
			until = r.Rules.until(row.IndicatorType(one.Type), db.Time(s.Last))
		}
		if s.Revoked == 0 && s.Inactive == 0 {
			stated[s.Indicator] = append(stated[s.Indicator], r.Rules.Decayed(s.Confidence, db.Time(s.Last), until, now))
		}
		if each {
			one.Said = append(one.Said, Saying{
				Source: s.Name, Object: s.Object, Title: s.Title, Labels: lines(s.Labels), Document: "S" + itoa(s.Document), Line: s.Line,
				Confidence: s.Confidence, TLP: tlp.Marking(s.TLP), FirstSeen: db.Time(s.First), LastSeen: db.Time(s.Last), ValidUntil: until,
				Revoked: s.Revoked == 1, Context: s.Inactive == 1,
			})
		}
	}
	for i := range out {
		out[i].Confidence = joint(stated[out[i].number])
	}
	return out, nil
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Counts are how many indicators stand in each state.
func (r *Room) Counts(ctx context.Context, who auth.Actor) (map[State]int64, error) {
	if err := auth.May(who, auth.IndicatorView); err != nil {
		return nil, err
	}
	out := map[State]int64{}
	now := db.Micros(r.Clock.Now())
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []struct {
			State string `db:"state"`
			N     int64  `db:"n"`
		}
		err := tx.Select(&rows, `SELECT CASE WHEN state = 'active' AND valid_until <= $1 THEN 'expired' ELSE state END AS state, COUNT(*) AS n
			FROM indicator WHERE `+who.Scope.SQL("0")+` GROUP BY 1`, now)
		for _, x := range rows {
			out[State(x.State)] = x.N
		}
		return err
	})
	return out, err
}

// Release lets a held indicator be matched: a person has looked and it is
// trouble all the same.
func (r *Room) Release(ctx context.Context, who auth.Actor, id, reason string) error {
	return r.decide(ctx, who, id, reason, Active, "indicator.released")
}

// Hold keeps an indicator from being matched.
func (r *Room) Hold(ctx context.Context, who auth.Actor, id, reason string) error {
	return r.decide(ctx, who, id, reason, IsHeld, "indicator.withheld")
}

func (r *Room) decide(ctx context.Context, who auth.Actor, id, reason string, to State, verb string) error {
	if err := auth.May(who, auth.IndicatorDecide); err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return errs.At(errs.Invalid, []errs.Place{{Field: "reason", Reason: "a reason is needed"}}, "indicator %s: a reason is needed", id)
	}
	n, err := parse("I", "indicator", id)
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		var old struct {
			State string `db:"state"`
			Value string `db:"pattern"`
		}
		err := tx.Get(&old, `SELECT state, pattern FROM indicator WHERE id = $1 AND `+who.Scope.SQL("0"), n)
		if errs.Is(err, errs.NotFound) {
			return errs.New(errs.NotFound, "indicator %q: no such indicator", id)
		}
		if err != nil {
			return err
		}
		if to == Active && State(old.State) != IsHeld {
			return errs.New(errs.Conflict, "release indicator %s: it is not held", id)
		}
		_, err = tx.Exec(`UPDATE indicator SET state = $1, decided_by = $2, reason = $3, changed = $4 WHERE id = $5`,
			string(to), who.Name(), row.Clip(reason, 500), db.Micros(r.Clock.Now()), n)
		if err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Subject: "indicator:" + id, Verb: verb,
			Body: map[string]string{"pattern": old.Value, "from": old.State, "to": string(to), "reason": reason},
		})
		return err
	})
}

// History is what happened to an indicator since it was first held or released.
func (r *Room) History(ctx context.Context, who auth.Actor, id string) (out []journal.Entry, err error) {
	if _, _, err := r.List(ctx, who, Filter{ID: id, Limit: 1}); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		out, err = r.Journal.History(tx, "indicator:"+id)
		return err
	})
	return out, err
}
