package duty_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/duty"
)

// centre is the room with its clock standing at eight on a Monday morning.
type centre struct {
	*duty.Room
	t     *testing.T
	clock *clock.Standing
}

func start() time.Time { return time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) }

func open(t *testing.T, d *db.DB) centre {
	t.Helper()
	c := clock.NewStanding(start())
	return centre{duty.New(duty.Deps{DB: d, Journal: journal.New(c), Clock: c}), t, c}
}

// TestDutyOnBothEngines runs each session on a database of its own. PostgreSQL
// is started once, with a schema for each session, because a start costs more
// than all of them.
func TestDutyOnBothEngines(t *testing.T) {
	tables := slices.Concat(journal.Schema(), duty.Schema())
	sessions := map[string]func(c centre){
		"who is on duty now and next":                  whoIsOnDutyNowAndNext,
		"nobody is his own second":                     nobodyIsHisOwnSecond,
		"a shift that makes no sense is refused":       aShiftThatMakesNoSenseIsRefused,
		"what has been on the roster stays":            whatHasBeenOnTheRosterStays,
		"a note is accepted once by somebody else":     aNoteIsAcceptedOnceBySomebodyElse,
		"the sheet says whom to call first":            theSheetSaysWhomToCallFirst,
		"a step repeated raises nothing new":           aStepRepeatedRaisesNothingNew,
		"a call is recorded once or dropped":           aCallIsRecordedOnceOrDropped,
		"a record changed behind the journal is found": aRecordChangedBehindTheJournalIsFound,
	}
	for name, session := range sessions {
		t.Run("sqlite/"+name, func(t *testing.T) { session(open(t, dbtest.SQLite(t, tables...))) })
	}
	address := dbtest.Address(t)
	for i, name := range slices.Sorted(maps.Keys(sessions)) {
		t.Run("postgresql/"+name, func(t *testing.T) {
			schema := fmt.Sprintf("session_%d", i)
			server, err := db.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = server.Close() }()
			if err := server.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`CREATE SCHEMA ` + schema)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			d, err := db.Open(t.Context(), address+"&search_path="+schema)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = d.Close() }()
			if err := d.Migrate(t.Context(), tables); err != nil {
				t.Fatal(err)
			}
			sessions[name](open(t, d))
		})
	}
}

func analyst(email string) auth.Actor {
	return auth.Actor{Email: email, Role: auth.Analyst, Scope: auth.All(), Via: auth.ViaSession, Person: "Người " + email}
}

func an() auth.Actor { return analyst("an@trungtam.example") }

func plan(name string, level, from, to int) duty.Plan {
	return duty.Plan{
		Name: name, Email: strings.ToLower(name) + "@trungtam.example", Phone: "", Level: level,
		From: start().Add(time.Duration(from) * time.Hour), To: start().Add(time.Duration(to) * time.Hour),
	}
}

func (c centre) want(err error, code errs.Code) {
	c.t.Helper()
	if err == nil || errs.CodeOf(err) != code {
		c.t.Errorf("got %v, want %v", err, code)
	}
}

func (c centre) ok(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c centre) add(plans ...duty.Plan) []duty.Shift {
	c.t.Helper()
	shifts, err := c.AddShifts(c.t.Context(), an(), plans...)
	c.ok(err)
	return shifts
}

func (c centre) on(hour int) string {
	c.t.Helper()
	var names []string
	c.ok(c.DB.Read(c.t.Context(), func(tx *db.Tx) error {
		shifts, err := c.On(tx, start().Add(time.Duration(hour)*time.Hour))
		for _, s := range shifts {
			names = append(names, s.Name)
		}
		return err
	}))
	return strings.Join(names, " ")
}

// sealed checks that the journal knows each record as it is.
func (c centre) sealed() {
	c.t.Helper()
	if v := c.verdict(); !v.OK {
		c.t.Errorf("verify: %+v", v)
	}
}

func (c centre) verdict() journal.Verdict {
	c.t.Helper()
	private, public, err := journal.NewKey("test")
	c.ok(err)
	seal, err := journal.NewSeal(private, public)
	c.ok(err)
	verdict, err := journal.Verify(c.t.Context(), c.DB, seal, duty.Audits(), "")
	c.ok(err)
	return verdict
}

func whoIsOnDutyNowAndNext(c centre) {
	c.add(plan("Binh", 2, 0, 12), plan("An", 1, 0, 8), plan("Chi", 1, 8, 16), plan("Dung", 2, 12, 24), plan("Em", 1, 16, 24))
	for hour, want := range map[int]string{-1: "", 0: "An Binh", 7: "An Binh", 8: "Chi Binh", 12: "Chi Dung", 23: "Em Dung", 24: ""} {
		if got := c.on(hour); got != want {
			c.t.Errorf("hour %d: %q, want %q", hour, got, want)
		}
	}
	w, err := c.Watch(c.t.Context(), an(), start().Add(9*time.Hour))
	c.ok(err)
	if len(w.Now) != 2 || w.Now[0].Name != "Chi" || len(w.Next) != 2 || w.Next[0].Name != "Em" || w.Next[1].Name != "Dung" {
		c.t.Errorf("watch: %+v", w)
	}
	gaps, err := c.Gaps(c.t.Context(), an(), start().Add(-2*time.Hour), start().Add(26*time.Hour))
	c.ok(err)
	if len(gaps) != 2 || !gaps[0].To.Equal(start()) || !gaps[1].From.Equal(start().Add(24*time.Hour)) {
		c.t.Errorf("gaps: %v", gaps)
	}
	c.sealed()
}

func nobodyIsHisOwnSecond(c centre) {
	c.add(plan("An", 1, 0, 8))
	_, err := c.AddShifts(c.t.Context(), an(), plan("Chi", 1, 8, 16), plan("An", 2, 7, 9))
	c.want(err, errs.Conflict)
	if got := c.on(9); got != "" {
		c.t.Errorf("a refused list is half planned: %q", got)
	}
	twin := plan("An", 2, 4, 5)
	twin.Email, twin.Phone = "khac@trungtam.example", "0909 000 111"
	c.add(twin)
	again := plan("Chi", 3, 4, 5)
	again.Phone = "(0909) 000-111"
	_, err = c.AddShifts(c.t.Context(), an(), again)
	c.want(err, errs.Conflict)
	c.add(plan("An", 1, 8, 16)) // One after the other is no conflict.
	_, err = c.AddShifts(c.t.Context(), an(), plan("Em", 1, 20, 24), plan("Em", 2, 22, 23))
	c.want(err, errs.Conflict)
}

func aShiftThatMakesNoSenseIsRefused(c centre) {
	for field, spoil := range map[string]func(*duty.Plan){
		"name":  func(p *duty.Plan) { p.Name = " " },
		"email": func(p *duty.Plan) { p.Email = "An <an@trungtam.example>" },
		"phone": func(p *duty.Plan) { p.Phone = "call me" },
		"level": func(p *duty.Plan) { p.Level = 0 },
		"to":    func(p *duty.Plan) { p.To = p.From },
	} {
		p := plan("An", 1, 0, 8)
		spoil(&p)
		_, err := c.AddShifts(c.t.Context(), an(), p)
		c.want(err, errs.Invalid)
		if places := errs.PlacesOf(err); len(places) != 1 || places[0].Field != field {
			c.t.Errorf("%s: places %v", field, places)
		}
	}
	p := plan("An", 1, 0, 8)
	p.Email = ""
	_, err := c.AddShifts(c.t.Context(), an(), p)
	c.want(err, errs.Invalid)
	p = plan("An", 1, 0, 32*24)
	p.Name = "An\x00"
	_, err = c.AddShifts(c.t.Context(), an(), p)
	if places := errs.PlacesOf(err); len(places) != 2 {
		c.t.Errorf("a zero byte and 32 days: places %v", places)
	}
	_, err = c.AddShifts(c.t.Context(), an())
	c.want(err, errs.Invalid)
}

func whatHasBeenOnTheRosterStays(c centre) {
	ctx := c.t.Context()
	shifts := c.add(plan("An", 1, 0, 8), plan("Chi", 1, 8, 16))
	first, second := shifts[0].ID, shifts[1].ID
	c.clock.Advance(4 * time.Hour)

	_, err := c.ChangeShift(ctx, an(), first, plan("Binh", 1, 0, 8))
	c.want(err, errs.Conflict)
	_, err = c.ChangeShift(ctx, an(), first, plan("An", 1, 0, 3))
	c.want(err, errs.Conflict)
	c.want(c.RemoveShift(ctx, an(), first), errs.Conflict)
	_, err = c.ChangeShift(ctx, an(), first, plan("An", 1, 0, 6))
	c.ok(err)
	_, err = c.ChangeShift(ctx, an(), second, plan("Dung", 1, 6, 16))
	c.ok(err)
	if got := c.on(7); got != "Dung" {
		c.t.Errorf("at seven: %q", got)
	}
	c.clock.Advance(2 * time.Hour)
	_, err = c.ChangeShift(ctx, an(), first, plan("An", 1, 0, 9))
	c.want(err, errs.Conflict)

	third := c.add(plan("Em", 1, 16, 24))[0]
	_, err = c.ChangeShift(ctx, an(), third.ID, plan("Dung", 1, 15, 24))
	c.want(err, errs.Conflict)
	c.ok(c.RemoveShift(ctx, an(), third.ID))
	c.want(c.RemoveShift(ctx, an(), third.ID), errs.NotFound)
	_, err = c.Shift(ctx, an(), third.ID)
	c.want(err, errs.NotFound)
	_, err = c.ChangeShift(ctx, an(), 99, plan("An", 1, 30, 31))
	c.want(err, errs.NotFound)
	roster, err := c.Roster(ctx, an(), start(), start().Add(48*time.Hour))
	c.ok(err)
	if len(roster) != 2 || roster[1].Name != "Dung" {
		c.t.Errorf("roster: %+v", roster)
	}
	c.sealed()
}

func aNoteIsAcceptedOnceBySomebodyElse(c centre) {
	ctx := c.t.Context()
	_, err := c.WriteHandover(ctx, an(), " \r\n ")
	c.want(err, errs.Invalid)
	_, err = c.WriteHandover(ctx, an(), strings.Repeat("ă", 10_001))
	c.want(err, errs.Invalid)
	h, err := c.WriteHandover(ctx, an(), " Chờ phường Hòa Hưng trả lời.\r\nNguồn X im từ 03:00. ")
	c.ok(err)
	if h.Text != "Chờ phường Hòa Hưng trả lời.\nNguồn X im từ 03:00." || h.ID.String() != "H1" || h.AuthorName != "Người an@trungtam.example" {
		c.t.Errorf("note: %+v", h)
	}
	_, err = c.AcceptHandover(ctx, an(), h.ID)
	c.want(err, errs.Conflict)
	c.clock.Advance(time.Hour)
	chi := analyst("chi@trungtam.example")
	got, err := c.AcceptHandover(ctx, chi, h.ID)
	c.ok(err)
	read, err := c.Handover(ctx, an(), h.ID)
	c.ok(err)
	if got != read || read.AcceptedBy != "chi@trungtam.example" || !read.Accepted.Equal(start().Add(time.Hour)) {
		c.t.Errorf("accepted: %+v, read: %+v", got, read)
	}
	_, err = c.AcceptHandover(ctx, analyst("em@trungtam.example"), h.ID)
	c.want(err, errs.Conflict)
	_, err = c.AcceptHandover(ctx, chi, 7)
	c.want(err, errs.NotFound)
	_, err = c.WriteHandover(ctx, chi, "Yên.")
	c.ok(err)
	all, err := c.Handovers(ctx, an(), 10)
	c.ok(err)
	if len(all) != 2 || all[0].Text != "Yên." {
		c.t.Errorf("handovers: %+v", all)
	}
	c.sealed()
}

func line(about, name string, urgency int, due time.Duration) duty.Line {
	l := duty.Line{About: about, Organisation: 7, Name: name, Phone: "028 3829 0000", Urgency: urgency, Reason: duty.Unanswered, Detail: "Cảnh báo W4"}
	if due > 0 {
		l.Due = start().Add(due)
	}
	return l
}

func (c centre) raise(lines ...duty.Line) (calls []duty.Call, err error) {
	err = c.DB.Write(c.t.Context(), func(tx *db.Tx) error {
		calls, err = c.RaiseCalls(tx, auth.Stage("warn"), lines...)
		return err
	})
	return calls, err
}

func (c centre) sheet() string {
	c.t.Helper()
	calls, err := c.Sheet(c.t.Context(), an())
	c.ok(err)
	var names []string
	for _, call := range calls {
		names = append(names, call.Name)
	}
	return strings.Join(names, " ")
}

func theSheetSaysWhomToCallFirst(c centre) {
	_, err := c.raise(
		line("warning:W1", "low", 3, 0), line("warning:W2", "later", 1, 2*time.Hour), line("warning:W2", "whenever", 1, 0),
		line("warning:W3", "soon", 1, time.Hour), line("warning:W4", "first", 0, 0),
	)
	c.ok(err)
	if got := c.sheet(); got != "first soon later whenever low" {
		c.t.Errorf("sheet: %s", got)
	}
	c.sealed()
}

func aStepRepeatedRaisesNothingNew(c centre) {
	first, err := c.raise(line("warning:W1", "Lan", 0, 0), line("warning:W1", "Mai", 0, 0))
	c.ok(err)
	again, err := c.raise(line("warning:W1", "Mai", 0, time.Hour), line("warning:W1", "Lan", 0, 0))
	c.ok(err)
	if again[0] != first[1] || again[1] != first[0] || c.sheet() != "Lan Mai" {
		c.t.Errorf("raised again: %+v, sheet %s", again, c.sheet())
	}
	_, err = c.RecordCall(c.t.Context(), an(), first[0].ID, duty.Outcome{State: duty.Unreached})
	c.ok(err)
	later, err := c.raise(line("warning:W1", "Lan", 0, 0))
	c.ok(err)
	if later[0].ID == first[0].ID || c.sheet() != "Mai Lan" {
		c.t.Errorf("who was not reached gets a new line: %+v", later)
	}
	c.sealed()
}

func aCallIsRecordedOnceOrDropped(c centre) {
	ctx := c.t.Context()
	calls, err := c.raise(line("warning:W1", "Lan", 0, 0), line("warning:W1", "Mai", 0, 0), line("warning:W2", "Nga", 0, 0))
	c.ok(err)
	for _, state := range []duty.State{duty.Open, duty.Dropped, "gone"} {
		_, err = c.RecordCall(ctx, an(), calls[0].ID, duty.Outcome{State: state})
		c.want(err, errs.Invalid)
	}
	_, err = c.RecordCall(ctx, an(), calls[0].ID, duty.Outcome{State: duty.Reached, Note: "\xff"})
	c.want(err, errs.Invalid)
	c.clock.Advance(time.Minute)
	done, err := c.RecordCall(ctx, an(), calls[0].ID, duty.Outcome{State: duty.Reached, Delivery: "D9", Note: " Đã hứa xử lý "})
	c.ok(err)
	read, err := c.Call(ctx, an(), calls[0].ID)
	c.ok(err)
	if done != read || read.Note != "Đã hứa xử lý" || read.ClosedBy != "an@trungtam.example" || read.Delivery != "D9" {
		c.t.Errorf("recorded %+v, read %+v", done, read)
	}
	_, err = c.RecordCall(ctx, an(), calls[0].ID, duty.Outcome{State: duty.Unreached})
	c.want(err, errs.Conflict)

	c.ok(c.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := c.DropCalls(tx, auth.Link("D12", "ward@phuong.example", 7), "warning:W1")
		if n != 1 {
			c.t.Errorf("%d calls dropped, want Mai's alone", n)
		}
		return err
	}))
	if got := c.sheet(); got != "Nga" {
		c.t.Errorf("sheet: %s", got)
	}
	about, err := c.CallsAbout(ctx, an(), "warning:W1")
	c.ok(err)
	if len(about) != 2 || about[0].State != duty.Reached || about[1].State != duty.Dropped || about[1].ClosedBy != "link:D12" {
		c.t.Errorf("about W1: %+v", about)
	}
	for _, bad := range []duty.Line{{About: "W1", Name: "x", Reason: duty.Held}, {About: "warning:W1", Reason: duty.Held}, {About: "warning:W1", Name: "x", Reason: "because"}} {
		_, err := c.raise(bad)
		c.want(err, errs.Invalid)
	}
	c.sealed()
}

func TestOnlyTheCentreSeesItsDuty(t *testing.T) {
	c := open(t, dbtest.SQLite(t, slices.Concat(journal.Schema(), duty.Schema())...))
	shift := c.add(plan("An", 1, 0, 8))[0]
	calls, err := c.raise(line("warning:W1", "Lan", 0, 0))
	c.ok(err)
	h, err := c.WriteHandover(t.Context(), an(), "Yên.")
	c.ok(err)
	actor := func(role auth.Role, scope auth.Scope) auth.Actor {
		return auth.Actor{Email: "x@x.example", Role: role, Scope: scope, Via: auth.ViaSession}
	}
	reads := map[string]func(ctx context.Context, a auth.Actor) error{
		"watch": func(ctx context.Context, a auth.Actor) error { _, err := c.Watch(ctx, a, start()); return err },
		"roster": func(ctx context.Context, a auth.Actor) error {
			_, err := c.Roster(ctx, a, start(), start())
			return err
		},
		"gaps":      func(ctx context.Context, a auth.Actor) error { _, err := c.Gaps(ctx, a, start(), start()); return err },
		"shift":     func(ctx context.Context, a auth.Actor) error { _, err := c.Shift(ctx, a, shift.ID); return err },
		"handover":  func(ctx context.Context, a auth.Actor) error { _, err := c.Handover(ctx, a, h.ID); return err },
		"handovers": func(ctx context.Context, a auth.Actor) error { _, err := c.Handovers(ctx, a, 1); return err },
		"sheet":     func(ctx context.Context, a auth.Actor) error { _, err := c.Sheet(ctx, a); return err },
		"call":      func(ctx context.Context, a auth.Actor) error { _, err := c.Call(ctx, a, calls[0].ID); return err },
		"callsAbout": func(ctx context.Context, a auth.Actor) error {
			_, err := c.CallsAbout(ctx, a, "warning:W1")
			return err
		},
	}
	writes := map[string]func(ctx context.Context, a auth.Actor) error{
		"add": func(ctx context.Context, a auth.Actor) error {
			_, err := c.AddShifts(ctx, a, plan("Chi", 1, 8, 9))
			return err
		},
		"change": func(ctx context.Context, a auth.Actor) error {
			_, err := c.ChangeShift(ctx, a, shift.ID, plan("An", 1, 0, 7))
			return err
		},
		"remove": func(ctx context.Context, a auth.Actor) error { return c.RemoveShift(ctx, a, shift.ID) },
		"write":  func(ctx context.Context, a auth.Actor) error { _, err := c.WriteHandover(ctx, a, "x"); return err },
		"accept": func(ctx context.Context, a auth.Actor) error { _, err := c.AcceptHandover(ctx, a, h.ID); return err },
		"raise": func(ctx context.Context, a auth.Actor) error {
			return c.DB.Write(ctx, func(tx *db.Tx) error {
				_, err := c.RaiseCalls(tx, a, line("warning:W9", "x", 0, 0))
				return err
			})
		},
		"record": func(ctx context.Context, a auth.Actor) error {
			_, err := c.RecordCall(ctx, a, calls[0].ID, duty.Outcome{State: duty.Reached})
			return err
		},
	}
	for name, read := range reads {
		for _, role := range []auth.Role{auth.Admin, auth.Analyst, auth.Supervisor, auth.Leader, auth.Auditor} {
			if err := read(t.Context(), actor(role, auth.All())); err != nil {
				t.Errorf("%s as %s: %v", name, role, err)
			}
		}
		for who, a := range map[string]auth.Actor{
			"an officer": actor(auth.Officer, auth.Only(7)), "a partner": actor(auth.Partner, auth.Only(7)), "nobody": {}, "a link": auth.Link("D1", "x@x.example", 7),
			"an auditor of one ward": actor(auth.Auditor, auth.Only(7)),
		} {
			if read(t.Context(), a) == nil {
				t.Errorf("%s as %s: shown", name, who)
			}
		}
		c.want(read(t.Context(), actor(auth.Auditor, auth.Only(7))), errs.NotFound)
	}
	for name, write := range writes {
		for who, a := range map[string]auth.Actor{
			"an officer": actor(auth.Officer, auth.Only(7)), "an auditor": actor(auth.Auditor, auth.All()), "a supervisor": actor(auth.Supervisor, auth.All()),
			"nobody": {}, "a link": auth.Link("D1", "x@x.example", 7), "an analyst of one ward": actor(auth.Analyst, auth.Only(7)),
		} {
			if write(t.Context(), a) == nil {
				t.Errorf("%s as %s: done", name, who)
			}
		}
	}
	c.sealed()
}

func TestIdsAreReadAsTheyAreWritten(t *testing.T) {
	if id, err := duty.ParseShiftID("R12"); err != nil || id != 12 || id.String() != "R12" {
		t.Errorf("%v, %v", id, err)
	}
	if id, err := duty.ParseHandoverID("H1"); err != nil || id.String() != "H1" {
		t.Errorf("%v, %v", id, err)
	}
	if id, err := duty.ParseCallID("C3"); err != nil || id.String() != "C3" {
		t.Errorf("%v, %v", id, err)
	}
	for _, text := range []string{"", "R", "12", "R0", "R-1", "R012", "R+1", "F12", "r12", "R99999999999999999999"} {
		if _, err := duty.ParseShiftID(text); errs.CodeOf(err) != errs.NotFound {
			t.Errorf("%q is taken for a shift", text)
		}
	}
}

// TestATurnCoversItsTimeAndLeavesNoGap holds Rotate and Gaps against each other.
func TestATurnCoversItsTimeAndLeavesNoGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := []duty.Plan{{Name: "An", Email: "an@x.example", Level: 1}, {Name: "Binh", Email: "binh@x.example", Level: 1}}
		n, hours := rapid.IntRange(1, 20).Draw(t, "n"), rapid.IntRange(1, 24).Draw(t, "hours")
		length := time.Duration(hours) * time.Hour
		plans := duty.Rotate(people, start(), length, n)
		for i, p := range plans {
			if p.Name != people[i%2].Name || !p.From.Equal(start().Add(time.Duration(i)*length)) || p.To.Sub(p.From) != length {
				t.Fatalf("turn %d: %+v", i, p)
			}
		}
		if len(plans) != n || len(duty.Rotate(nil, start(), length, n)) != 0 {
			t.Fatalf("%d turns of %d", len(plans), n)
		}
	})
}

func TestEveryStateAndReasonHasItsWords(t *testing.T) {
	b := i18n.New()
	if err := b.Add(duty.Texts); err != nil {
		t.Fatal(err)
	}
	i18ntest.Strict(t, b)
	for _, lang := range b.Languages() {
		v := b.In(lang)
		for _, state := range duty.States() {
			v.T("duty.call." + string(state))
		}
		for _, reason := range duty.Reasons() {
			v.T("duty.reason." + string(reason))
		}
		for _, field := range []string{"name", "email", "phone", "level", "from", "to", "text", "note", "state"} {
			v.T("duty.wrong." + field)
		}
	}
}

func aRecordChangedBehindTheJournalIsFound(c centre) {
	shift := c.add(plan("An", 1, 0, 8))[0]
	c.ok(c.DB.Write(c.t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE duty_shift SET name = 'Binh' WHERE id = $1`, int64(shift.ID))
		return err
	}))
	if c.verdict().OK {
		c.t.Error("a roster changed by hand verifies")
	}
}
