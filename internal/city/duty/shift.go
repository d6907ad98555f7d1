package duty

import (
	"context"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// A ShiftID names a shift: R12.
type ShiftID int64

// String is the id as people and faces write it.
func (id ShiftID) String() string { return "R" + strconv.FormatInt(int64(id), 10) }

// ParseShiftID reads R12; NotFound for what is no such id.
func ParseShiftID(text string) (ShiftID, error) {
	n, err := parseID("R", text)
	return ShiftID(n), err
}

// A Plan is what somebody plans a shift to be.
type Plan struct {
	Name  string
	Email string // E-mail address or telephone number: one of them at least.
	Phone string
	Level int       // 1 is called first, then 2; 1 to 9.
	From  time.Time // Inclusive,
	To    time.Time // exclusive; at most 31 days later.
}

// A Shift is a person on duty from a time to a time.
type Shift struct {
	ID ShiftID
	Plan
}

// On tells whether the shift covers the instant.
func (s Shift) On(at time.Time) bool { return !at.Before(s.From) && at.Before(s.To) }

const selectShifts = `SELECT id, name, email, phone, level, starts, ends FROM duty_shift`

type shiftRow struct {
	ID     int64  `db:"id"`
	Name   string `db:"name"`
	Email  string `db:"email"`
	Phone  string `db:"phone"`
	Level  int    `db:"level"`
	Starts int64  `db:"starts"`
	Ends   int64  `db:"ends"`
}

func (r shiftRow) public() Shift {
	return Shift{ID: ShiftID(r.ID), Plan: Plan{
		Name: r.Name, Email: r.Email, Phone: r.Phone, Level: r.Level,
		From: db.Time(r.Starts), To: db.Time(r.Ends),
	}}
}

func (s Shift) body() any {
	return struct {
		Name  string    `json:"name"`
		Email string    `json:"email"`
		Phone string    `json:"phone"`
		Level int       `json:"level"`
		From  time.Time `json:"from"`
		To    time.Time `json:"to"`
	}{s.Name, s.Email, s.Phone, s.Level, s.From.UTC(), s.To.UTC()}
}

func (s Shift) record() journal.Record {
	return journal.Record{Kind: "shift", ID: s.ID.String(), Hash: journal.Hash(s.body())}
}

func (s Shift) draft(a auth.Actor, verb string) journal.Draft {
	record := s.record()
	if verb == "shift.removed" {
		record.Hash = ""
	}
	return journal.Draft{Actor: a.Name(), Subject: "shift:" + s.ID.String(), Verb: verb, Body: s.body(), Records: []journal.Record{record}}
}

// tidied is the plan with its texts trimmed and its times as the database keeps
// them; Invalid with a place for each field that is wrong, whose text for forms
// is "duty.wrong." and the field.
func (p Plan) tidied() (Plan, error) {
	var places []errs.Place
	wrong := func(field, reason string) { places = append(places, errs.Place{Field: field, Reason: reason}) }
	p.Name = strings.Join(strings.Fields(p.Name), " ")
	p.Email, p.Phone = strings.ToLower(strings.TrimSpace(p.Email)), strings.TrimSpace(p.Phone)
	p.From, p.To = p.From.UTC().Truncate(time.Microsecond), p.To.UTC().Truncate(time.Microsecond)
	if p.Name == "" || utf8.RuneCountInString(p.Name) > 200 || !storable(p.Name) {
		wrong("name", "is missing, too long or no text")
	}
	if p.Email == "" && p.Phone == "" {
		wrong("phone", "neither telephone nor e-mail: the person cannot be reached")
	}
	if address, err := mail.ParseAddress(p.Email); p.Email != "" && (err != nil || address.Address != p.Email || len(p.Email) > 254) {
		wrong("email", "is no e-mail address")
	}
	if p.Phone != "" && !soundPhone(p.Phone) {
		wrong("phone", "is no telephone number")
	}
	if p.Level < 1 || p.Level > 9 {
		wrong("level", "is not from 1 to 9")
	}
	if p.From.IsZero() || !p.To.After(p.From) || p.To.Sub(p.From) > 31*24*time.Hour {
		wrong("to", "is not after the beginning, or more than 31 days after it")
	}
	if len(places) > 0 {
		return Plan{}, errs.At(errs.Invalid, places, "plan a shift of %q", p.Name)
	}
	return p, nil
}

func soundPhone(text string) bool {
	digits := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune("+-.()/ x", r):
			return false
		}
	}
	return digits >= 3 && len(text) <= 40
}

// same tells whether two plans are of one person.
func (p Plan) same(q Plan) bool {
	if p.Email != "" && p.Email == q.Email {
		return true
	}
	return p.Phone != "" && digits(p.Phone) == digits(q.Phone)
}

func digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, phone)
}

// AddShifts plans shifts, all of them or none. Conflict when a person would be
// on duty twice at one time: nobody is his own second.
func (r *Room) AddShifts(ctx context.Context, a auth.Actor, plans ...Plan) ([]Shift, error) {
	if err := mayEdit(a); err != nil {
		return nil, err
	}
	if len(plans) == 0 {
		return nil, errs.New(errs.Invalid, "plan shifts: none given")
	}
	shifts := make([]Shift, len(plans))
	for i, p := range plans {
		tidy, err := p.tidied()
		if err != nil {
			return nil, err
		}
		shifts[i].Plan = tidy
	}
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		first, err := tx.NextID("shift", len(shifts))
		if err != nil {
			return err
		}
		drafts := make([]journal.Draft, len(shifts))
		for i := range shifts {
			shifts[i].ID = ShiftID(first + int64(i))
			if err := free(tx, shifts[i]); err != nil {
				return err
			}
			s := shifts[i]
			if _, err := tx.Exec(`INSERT INTO duty_shift (id, name, email, phone, level, starts, ends) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				int64(s.ID), s.Name, s.Email, s.Phone, s.Level, db.Micros(s.From), db.Micros(s.To)); err != nil {
				return err
			}
			drafts[i] = s.draft(a, "shift.added")
		}
		_, err = r.Journal.Append(tx, drafts...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return shifts, nil
}

// free refuses a shift whose person is on duty at that time already.
func free(tx *db.Tx, s Shift) error {
	var rows []shiftRow
	if err := tx.Select(&rows, selectShifts+` WHERE ends > $1 AND starts < $2 AND id <> $3`, db.Micros(s.From), db.Micros(s.To), int64(s.ID)); err != nil {
		return err
	}
	for _, row := range rows {
		if other := row.public(); other.same(s.Plan) {
			return errs.At(errs.Conflict, []errs.Place{{Field: "from", Reason: "the person is on duty at that time already"}}, "plan a shift of %s: on duty then by %s", s.Name, other.ID)
		}
	}
	return nil
}

// ChangeShift makes a shift what plan says. What has been is not changed: a
// shift that is over is Conflict, and of one that runs only the end can move,
// to a time that is not past. To replace a person in the middle of a shift, end
// it and add another.
func (r *Room) ChangeShift(ctx context.Context, a auth.Actor, id ShiftID, plan Plan) (Shift, error) {
	if err := mayEdit(a); err != nil {
		return Shift{}, err
	}
	plan, err := plan.tidied()
	if err != nil {
		return Shift{}, err
	}
	next := Shift{ID: id, Plan: plan}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		now := r.Clock.Now()
		old, err := shiftOf(tx, id)
		if err != nil {
			return err
		}
		if !old.To.After(now) {
			return errs.New(errs.Conflict, "change shift %s: it is over", id)
		}
		if !old.From.After(now) {
			kept := next.Plan
			kept.To = old.To
			if kept != old.Plan || next.To.Before(now) {
				return errs.New(errs.Conflict, "change shift %s: it runs, only its end can move", id)
			}
		}
		if err := free(tx, next); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE duty_shift SET name = $1, email = $2, phone = $3, level = $4, starts = $5, ends = $6 WHERE id = $7`,
			next.Name, next.Email, next.Phone, next.Level, db.Micros(next.From), db.Micros(next.To), int64(id)); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, next.draft(a, "shift.changed"))
		return err
	})
	return next, err
}

// RemoveShift takes back a shift that has not begun; Conflict for another.
func (r *Room) RemoveShift(ctx context.Context, a auth.Actor, id ShiftID) error {
	if err := mayEdit(a); err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		old, err := shiftOf(tx, id)
		if err != nil {
			return err
		}
		if !old.From.After(r.Clock.Now()) {
			return errs.New(errs.Conflict, "remove shift %s: it has begun", id)
		}
		if _, err := tx.Exec(`DELETE FROM duty_shift WHERE id = $1`, int64(id)); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, old.draft(a, "shift.removed"))
		return err
	})
}

// Shift is one shift.
func (r *Room) Shift(ctx context.Context, a auth.Actor, id ShiftID) (s Shift, err error) {
	if err := maySee(a); err != nil {
		return Shift{}, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		s, err = shiftOf(tx, id)
		return err
	})
	return s, err
}

func shiftOf(tx *db.Tx, id ShiftID) (Shift, error) {
	var row shiftRow
	if err := tx.Get(&row, selectShifts+` WHERE id = $1`, int64(id)); err != nil {
		return Shift{}, err
	}
	return row.public(), nil
}

// Roster lists the shifts that touch the time from from to to, by their
// beginning, then level.
func (r *Room) Roster(ctx context.Context, a auth.Actor, from, to time.Time) (shifts []Shift, err error) {
	if err := maySee(a); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		shifts, err = roster(tx, from, to)
		return err
	})
	return shifts, err
}

func roster(tx *db.Tx, from, to time.Time) ([]Shift, error) {
	var rows []shiftRow
	err := tx.Select(&rows, selectShifts+` WHERE ends > $1 AND starts < $2 ORDER BY starts, level, id`, db.Micros(from), db.Micros(to))
	shifts := make([]Shift, len(rows))
	for i, row := range rows {
		shifts[i] = row.public()
	}
	return shifts, err
}

// On is who is on duty at an instant, in the order in which to call them: by
// level, then who came first. Nobody is an empty list, which the watch floor
// shows as an alarm. It asks no actor: escalation calls it in its own bracket.
func (r *Room) On(tx *db.Tx, at time.Time) ([]Shift, error) {
	shifts, err := roster(tx, at, at.Add(time.Microsecond))
	slices.SortStableFunc(shifts, func(a, b Shift) int { return a.Level - b.Level })
	return shifts, err
}

// Watch is who is on duty now and who comes next.
type Watch struct {
	Now  []Shift // As On.
	Next []Shift // The next shift of each level that begins later, by level.
}

// Watch tells who is on duty at an instant and who comes next.
func (r *Room) Watch(ctx context.Context, a auth.Actor, at time.Time) (w Watch, err error) {
	if err := maySee(a); err != nil {
		return Watch{}, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		if w.Now, err = r.On(tx, at); err != nil {
			return err
		}
		var rows []shiftRow
		err := tx.Select(&rows, selectShifts+` s WHERE starts > $1 AND NOT EXISTS (
			SELECT 1 FROM duty_shift e WHERE e.level = s.level AND e.starts > $1 AND (e.starts < s.starts OR (e.starts = s.starts AND e.id < s.id)))
			ORDER BY level`, db.Micros(at))
		for _, row := range rows {
			w.Next = append(w.Next, row.public())
		}
		return err
	})
	return w, err
}

// A Gap is a time when nobody is on duty.
type Gap struct{ From, To time.Time }

// Gaps lists the times from from to to that no shift of level 1 covers.
func (r *Room) Gaps(ctx context.Context, a auth.Actor, from, to time.Time) ([]Gap, error) {
	shifts, err := r.Roster(ctx, a, from, to)
	if err != nil {
		return nil, err
	}
	return gaps(shifts, from, to), nil
}

func gaps(shifts []Shift, from, to time.Time) []Gap {
	var all []Gap
	for _, s := range shifts { // In the order of their beginning.
		if s.Level != 1 {
			continue
		}
		if s.From.After(from) {
			all = append(all, Gap{from, s.From})
		}
		if s.To.After(from) {
			from = s.To
		}
	}
	if from.Before(to) {
		all = append(all, Gap{from, to})
	}
	return all
}

// Rotate plans n shifts of the same length, one after another from from, the
// people taking turns in their order. Each person gives the name, address,
// number and level.
func Rotate(people []Plan, from time.Time, length time.Duration, n int) []Plan {
	plans := make([]Plan, 0, n)
	for i := range n {
		if len(people) == 0 {
			break
		}
		p := people[i%len(people)]
		p.From = from.Add(time.Duration(i) * length)
		p.To = p.From.Add(length)
		plans = append(plans, p)
	}
	return plans
}
