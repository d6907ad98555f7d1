package duty

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// A CallID names a line of the call sheet: C12.
type CallID int64

// String is the id as people and faces write it.
func (id CallID) String() string { return "C" + strconv.FormatInt(int64(id), 10) }

// ParseCallID reads C12; NotFound for what is no such id.
func ParseCallID(text string) (CallID, error) {
	n, err := parseID("C", text)
	return CallID(n), err
}

// A Reason is why somebody is to be called. Its text is "duty.reason." + it.
type Reason string

// The reasons.
const (
	Unanswered Reason = "unanswered" // nobody acknowledged in time
	NoContact  Reason = "no-contact" // the organisation has nobody to write to
	Bounced    Reason = "bounced"    // what we sent came back
	Held       Reason = "held"       // the storm brake waits for a person
)

// Reasons are all reasons.
func Reasons() []Reason { return []Reason{Unanswered, NoContact, Bounced, Held} }

// A State is what has become of a call. Its text is "duty.call." + it.
//
//	open → reached | unreached | wrong-number | dropped
type State string

// The states. All but Open are final; who must be tried again gets a new line.
const (
	Open        State = "open"
	Reached     State = "reached"      // somebody answered and knows now
	Unreached   State = "unreached"    // nobody answered
	WrongNumber State = "wrong-number" // the number is not theirs: mend the contact
	Dropped     State = "dropped"      // no longer needed: it was acknowledged
)

// States are all states.
func States() []State { return []State{Open, Reached, Unreached, WrongNumber, Dropped} }

// A Line is whom to call about what.
type Line struct {
	About        string // The subject as the journal names it: warning:W4.
	Organisation int64  // Whose people they are, 0 for nobody's.
	Name         string
	Phone        string // "" when only the address is known: find the number.
	Email        string
	Urgency      int // 0 is called first.
	Reason       Reason
	Detail       string    // What to say: the subject of the warning.
	Due          time.Time // When it must be done; zero for no limit.
}

// A Call is a line of the call sheet with what became of it.
type Call struct {
	ID CallID
	Line
	Raised   time.Time
	State    State
	Delivery string // The delivery under which the call is recorded: D9.
	Note     string
	ClosedBy string    // As the journal names them; "" while open.
	Closed   time.Time // Zero while open.
}

const selectCalls = `SELECT id, about, organisation, name, phone, email, urgency, reason, detail, raised, due, state, delivery, note, closed_by, closed FROM duty_call`

type callRow struct {
	ID           int64  `db:"id"`
	About        string `db:"about"`
	Organisation int64  `db:"organisation"`
	Name         string `db:"name"`
	Phone        string `db:"phone"`
	Email        string `db:"email"`
	Urgency      int    `db:"urgency"`
	Reason       string `db:"reason"`
	Detail       string `db:"detail"`
	Raised       int64  `db:"raised"`
	Due          int64  `db:"due"`
	State        string `db:"state"`
	Delivery     string `db:"delivery"`
	Note         string `db:"note"`
	ClosedBy     string `db:"closed_by"`
	Closed       int64  `db:"closed"`
}

func (r callRow) public() Call {
	return Call{
		ID: CallID(r.ID),
		Line: Line{
			About: r.About, Organisation: r.Organisation, Name: r.Name, Phone: r.Phone, Email: r.Email,
			Urgency: r.Urgency, Reason: Reason(r.Reason), Detail: r.Detail, Due: db.Time(r.Due),
		},
		Raised: db.Time(r.Raised), State: State(r.State), Delivery: r.Delivery, Note: r.Note,
		ClosedBy: r.ClosedBy, Closed: db.Time(r.Closed),
	}
}

func (c Call) body() any {
	return struct {
		About        string `json:"about"`
		Organisation int64  `json:"organisation"`
		Name         string `json:"name"`
		Phone        string `json:"phone"`
		Email        string `json:"email"`
		Urgency      int    `json:"urgency"`
		Reason       Reason `json:"reason"`
		Detail       string `json:"detail"`
		Raised       int64  `json:"raised"`
		Due          int64  `json:"due"`
		State        State  `json:"state"`
		Delivery     string `json:"delivery,omitempty"`
		Note         string `json:"note,omitempty"`
		ClosedBy     string `json:"closed_by,omitempty"`
		Closed       int64  `json:"closed,omitempty"`
	}{
		c.About, c.Organisation, c.Name, c.Phone, c.Email, c.Urgency, c.Reason, c.Detail,
		db.Micros(c.Raised), db.Micros(c.Due), c.State, c.Delivery, c.Note, c.ClosedBy, db.Micros(c.Closed),
	}
}

func (c Call) record() journal.Record {
	return journal.Record{Kind: "call", ID: c.ID.String(), Hash: journal.Hash(c.body())}
}

func (c Call) draft(a auth.Actor, verb string) journal.Draft {
	return journal.Draft{
		Actor: a.Name(), Organisation: c.Organisation, Subject: "call:" + c.ID.String(),
		Verb: verb, Body: c.body(), Records: []journal.Record{c.record()},
	}
}

// RaiseCalls puts lines on the call sheet, in the caller's bracket: escalation
// raises them together with its own step. A line whose person is on the sheet
// already, for the same subject and still open, is not raised again, so that a
// step repeated after a crash adds nothing. The calls come back in the order of
// the lines, those already there too.
func (r *Room) RaiseCalls(tx *db.Tx, a auth.Actor, lines ...Line) ([]Call, error) {
	if err := mayEdit(a); err != nil {
		return nil, err
	}
	calls := make([]Call, 0, len(lines))
	for _, line := range lines {
		line.Due = line.Due.UTC().Truncate(time.Microsecond)
		if err := line.check(); err != nil {
			return nil, err
		}
		old, found, err := openCall(tx, line)
		if err != nil {
			return nil, err
		}
		if found {
			calls = append(calls, old)
			continue
		}
		id, err := tx.NextID("call", 1)
		if err != nil {
			return nil, err
		}
		c := Call{ID: CallID(id), Line: line, Raised: r.Clock.Now(), State: Open}
		if _, err := tx.Exec(`INSERT INTO duty_call (id, about, organisation, name, phone, email, urgency, reason, detail, raised, due, state, delivery, note, closed_by, closed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', '', '', 0)`,
			id, c.About, c.Organisation, c.Name, c.Phone, c.Email, c.Urgency, string(c.Reason), c.Detail,
			db.Micros(c.Raised), db.Micros(c.Due), string(c.State)); err != nil {
			return nil, err
		}
		if _, err := r.Journal.Append(tx, c.draft(a, "call.raised")); err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	return calls, nil
}

func (l Line) check() error {
	switch {
	case !slices.Contains(Reasons(), l.Reason):
		return errs.New(errs.Invalid, "raise a call: no reason %q", l.Reason)
	case !strings.Contains(l.About, ":"):
		return errs.New(errs.Invalid, "raise a call: about %q, which is no subject", l.About)
	case l.Name == "" && l.Phone == "" && l.Email == "":
		return errs.New(errs.Invalid, "raise a call about %s: to nobody", l.About)
	}
	return nil
}

func openCall(tx *db.Tx, l Line) (Call, bool, error) {
	var rows []callRow
	err := tx.Select(&rows, selectCalls+` WHERE about = $1 AND state = $2 AND organisation = $3 AND name = $4 AND phone = $5 AND email = $6 ORDER BY id LIMIT 1`,
		l.About, string(Open), l.Organisation, l.Name, l.Phone, l.Email)
	if err != nil || len(rows) == 0 {
		return Call{}, false, err
	}
	return rows[0].public(), true, nil
}

// An Outcome is what came of a call.
type Outcome struct {
	State    State  // Reached, Unreached or WrongNumber.
	Delivery string // The delivery under which it is recorded, if one is.
	Note     string // Who answered, what they said.
}

// RecordCall writes down what came of an open call. Conflict when it is not
// open any more.
func (r *Room) RecordCall(ctx context.Context, a auth.Actor, id CallID, o Outcome) (c Call, err error) {
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		c, err = r.RecordCallIn(tx, a, id, o)
		return err
	})
	return c, err
}

// RecordCallIn is RecordCall in the caller's bracket, for who records the
// delivery in the same one.
func (r *Room) RecordCallIn(tx *db.Tx, a auth.Actor, id CallID, o Outcome) (Call, error) {
	if err := mayEdit(a); err != nil {
		return Call{}, err
	}
	o.Note = strings.TrimSpace(o.Note)
	if !slices.Contains([]State{Reached, Unreached, WrongNumber}, o.State) {
		return Call{}, errs.At(errs.Invalid, []errs.Place{{Field: "state", Reason: "is none of reached, unreached, wrong-number"}}, "record call %s as %q", id, o.State)
	}
	if utf8.RuneCountInString(o.Note) > longestNote || !storable(o.Note) {
		return Call{}, errs.At(errs.Invalid, []errs.Place{{Field: "note", Reason: "is empty, no text or too long"}}, "record call %s", id)
	}
	c, err := callOf(tx, a, id)
	if err != nil {
		return Call{}, err
	}
	if c.State != Open {
		return Call{}, errs.New(errs.Conflict, "record call %s: it is %s", id, c.State)
	}
	c.State, c.Delivery, c.Note = o.State, o.Delivery, o.Note
	return r.closeCall(tx, a, c, "call.recorded")
}

// DropCalls takes the open calls about a subject off the sheet, in the caller's
// bracket: the warning was acknowledged, or cancelled. It tells how many.
func (r *Room) DropCalls(tx *db.Tx, a auth.Actor, about string) (int, error) {
	// Whoever acknowledges a warning ends its calls; that is not an act on the
	// call sheet, so no act of duty is asked for.
	var rows []callRow
	if err := tx.Select(&rows, selectCalls+` WHERE about = $1 AND state = $2 ORDER BY id`, about, string(Open)); err != nil {
		return 0, err
	}
	for _, row := range rows {
		c := row.public()
		c.State = Dropped
		if _, err := r.closeCall(tx, a, c, "call.dropped"); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

func (r *Room) closeCall(tx *db.Tx, a auth.Actor, c Call, verb string) (Call, error) {
	c.ClosedBy, c.Closed = a.Name(), r.Clock.Now()
	if _, err := tx.Exec(`UPDATE duty_call SET state = $1, delivery = $2, note = $3, closed_by = $4, closed = $5 WHERE id = $6`,
		string(c.State), c.Delivery, c.Note, c.ClosedBy, db.Micros(c.Closed), int64(c.ID)); err != nil {
		return Call{}, err
	}
	_, err := r.Journal.Append(tx, c.draft(a, verb))
	return c, err
}

// Call is one line of the sheet.
func (r *Room) Call(ctx context.Context, a auth.Actor, id CallID) (c Call, err error) {
	if err := maySee(a); err != nil {
		return Call{}, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		c, err = callOf(tx, a, id)
		return err
	})
	return c, err
}

func callOf(tx *db.Tx, a auth.Actor, id CallID) (Call, error) {
	var row callRow
	if err := tx.Get(&row, selectCalls+` WHERE id = $1 AND `+a.Scope.SQL("organisation"), int64(id)); err != nil {
		return Call{}, err
	}
	return row.public(), nil
}

// Sheet is the call sheet: the open calls in the order in which to make them,
// by urgency, then by when they are due, those without a limit last.
func (r *Room) Sheet(ctx context.Context, a auth.Actor) ([]Call, error) {
	return r.calls(ctx, a, ` WHERE state = $1 AND `+a.Scope.SQL("organisation")+` ORDER BY urgency, CASE WHEN due = 0 THEN 1 ELSE 0 END, due, id`, string(Open))
}

// CallsAbout lists all calls about a subject, open or not, oldest first.
func (r *Room) CallsAbout(ctx context.Context, a auth.Actor, about string) ([]Call, error) {
	return r.calls(ctx, a, ` WHERE about = $1 AND `+a.Scope.SQL("organisation")+` ORDER BY id`, about)
}

func (r *Room) calls(ctx context.Context, a auth.Actor, where string, args ...any) (all []Call, err error) {
	if err := maySee(a); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []callRow
		err := tx.Select(&rows, selectCalls+where, args...)
		for _, row := range rows {
			all = append(all, row.public())
		}
		return err
	})
	return all, err
}
