// Package intel keeps what sources know of the world: indicators, patterns that
// mean trouble when they are seen in traffic, and advisories, weaknesses of
// products. It keeps who says so, how sure, until when and who may read it.
package intel

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate/whose"
)

// Deps is what the room stands on.
type Deps struct {
	DB      *db.DB
	Journal *journal.Journal
	Clock   clock.Clock
	Rules   Rules // the binary's where they are empty
	// Estate says what is ours: what we guard is no indicator before a person has
	// looked. Without one nothing is ours.
	Estate Estate
}

// Estate is what the room asks of the estate.
type Estate interface {
	WhoseIs(realm string, o whose.Observable, at time.Time) whose.Answer
}

// A Room keeps indicators and advisories.
type Room struct {
	Deps

	// benign is the set of harmless values; building guards its making.
	benign   atomic.Pointer[harmless]
	building sync.Mutex
}

// New is the room over deps.
func New(deps Deps) *Room {
	if deps.Rules.Lifetime == nil {
		rules, err := LoadRules(nil)
		if err != nil {
			panic(err) // the rules of the binary are part of the program
		}
		deps.Rules = rules
	}
	return &Room{Deps: deps}
}

// Audits compare every advisory with the entry that brought it.
func (r *Room) Audits() []journal.Audit {
	return []journal.Audit{{Kind: "advisory", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		rows, err := tx.Query(`SELECT id, body FROM advisory ORDER BY id`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var (
				id   int64
				body string
			)
			if err := rows.Scan(&id, &body); err != nil {
				return err
			}
			if err := yield(AdvisoryLabel(id), sumOf(body)); err != nil {
				return err
			}
		}
		return rows.Err()
	}}}
}

// sumOf is the hash of an advisory's body.
func sumOf(body string) string {
	digest := sha256.Sum256([]byte(body))
	return hex.EncodeToString(digest[:16])
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// idOf is an indicator's id as people write it, "I7".
func idOf(n int64) string { return "I" + itoa(n) }

// parse reads an id of one letter and a number.
func parse(letter, what, text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(text, letter), 10, 64)
	if err != nil || !strings.HasPrefix(text, letter) || n <= 0 {
		return 0, errs.New(errs.NotFound, "%s %q: no such %s", what, text, what)
	}
	return n, nil
}
