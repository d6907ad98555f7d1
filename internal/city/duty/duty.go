// Package duty knows who at the centre is on duty, what one shift tells the
// next, and whom to call about what. It is the last step of every escalation:
// what nobody acknowledged ends with a person here.
//
// Roster, notes and call sheet are the centre's own; who does not see the whole
// city does not see them.
package duty

import (
	"embed"
	"strconv"
	"strings"
	"unicode/utf8"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// Texts are the catalogues of this room.
//
//go:embed texts
var Texts embed.FS

// Deps are what a Room needs.
type Deps struct {
	DB      *db.DB
	Journal *journal.Journal
	Clock   clock.Clock
}

// A Room keeps rosters, handovers and the call sheet. It is safe for concurrent
// use.
type Room struct{ Deps }

// New is the room over its database.
func New(d Deps) *Room { return &Room{Deps: d} }

// Schema is the room's schema.
func Schema() []db.Migration {
	return []db.Migration{{Name: "duty", SQL: `CREATE TABLE duty_shift (
	id {{id}},
	name TEXT NOT NULL,
	email TEXT NOT NULL,
	phone TEXT NOT NULL,
	level BIGINT NOT NULL,
	starts BIGINT NOT NULL,
	ends BIGINT NOT NULL);
CREATE INDEX duty_shift_ends ON duty_shift (ends, starts);
CREATE TABLE duty_handover (
	id {{id}},
	author TEXT NOT NULL,
	author_name TEXT NOT NULL,
	text TEXT NOT NULL,
	written BIGINT NOT NULL,
	accepted_by TEXT NOT NULL,
	accepted_name TEXT NOT NULL,
	accepted BIGINT NOT NULL);
CREATE TABLE duty_call (
	id {{id}},
	about TEXT NOT NULL,
	organisation BIGINT NOT NULL,
	name TEXT NOT NULL,
	phone TEXT NOT NULL,
	email TEXT NOT NULL,
	urgency BIGINT NOT NULL,
	reason TEXT NOT NULL,
	detail TEXT NOT NULL,
	raised BIGINT NOT NULL,
	due BIGINT NOT NULL,
	state TEXT NOT NULL,
	delivery TEXT NOT NULL,
	note TEXT NOT NULL,
	closed_by TEXT NOT NULL,
	closed BIGINT NOT NULL);
CREATE INDEX duty_call_about ON duty_call (about, state);
CREATE INDEX duty_call_state ON duty_call (state, urgency, due);`}}
}

// Audits let the journal verify that nobody changed these records behind it.
func Audits() []journal.Audit {
	return []journal.Audit{
		{Kind: "shift", Scan: scan(selectShifts+` ORDER BY id`, func(r shiftRow) journal.Record { return r.public().record() })},
		{Kind: "handover", Scan: scan(selectHandovers+` ORDER BY id`, func(r handoverRow) journal.Record { return r.public().record() })},
		{Kind: "call", Scan: scan(selectCalls+` ORDER BY id`, func(r callRow) journal.Record { return r.public().record() })},
	}
}

func scan[R any](query string, record func(R) journal.Record) func(tx *db.Tx, yield func(id, hash string) error) error {
	return func(tx *db.Tx, yield func(id, hash string) error) error {
		rows, err := tx.Query(query)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var row R
			if err := rows.StructScan(&row); err != nil {
				return err
			}
			r := record(row)
			if err := yield(r.ID, r.Hash); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}

// maySee asks whether the actor may see what belongs to the whole centre.
func maySee(a auth.Actor) error {
	if err := auth.May(a, auth.DutyView); err != nil {
		return err
	}
	if !a.Scope.IsAll() {
		return errs.New(errs.NotFound, "duty: nothing here for %s", a.Name())
	}
	return nil
}

func mayEdit(a auth.Actor) error {
	if err := auth.May(a, auth.DutyEdit); err != nil {
		return err
	}
	return maySee(a)
}

// person is how an actor signs what it does: by name, else as the journal does.
func person(a auth.Actor) string {
	if a.Person != "" {
		return a.Person
	}
	return a.Name()
}

// storable tells whether both databases take the text: PostgreSQL refuses a zero
// byte and what is not UTF-8.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// parseID reads "R12" as 12 where prefix is "R". What is no such id names
// nothing that exists: NotFound.
func parseID(prefix, text string) (int64, error) {
	digits, ok := strings.CutPrefix(text, prefix)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 1 || strconv.FormatInt(n, 10) != digits {
		return 0, errs.New(errs.NotFound, "duty: no %q", text)
	}
	return n, nil
}
