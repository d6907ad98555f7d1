// Package estate knows whom and what we guard: organisations that merge and
// split on dates, their contacts, systems, addresses, endpoints and software,
// and whose something is (see subpackage whose).
//
// Every change goes one way, through save: the records, one journal entry for
// all that changed together, and the trace from a record to its entries. What
// must answer at once (whose is this, who stands above whom) is kept in memory
// as one immutable state that follows the journal; everything else is read
// from the database under the reader's scope.
package estate

import (
	"embed"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate/whose"
)

//go:embed texts
var texts embed.FS

// Texts is the room's catalogue.
func Texts() fs.FS { return texts }

// Deps is what the room needs.
type Deps struct {
	DB      *db.DB
	Journal *journal.Journal
	Clock   clock.Clock
	// Zone is the city's time zone, in which a date is a day; nil is that of Ho
	// Chi Minh City.
	Zone *time.Location
}

// Room is the estate. It is safe for concurrent use.
type Room struct {
	db      *db.DB
	journal *journal.Journal
	clock   clock.Clock
	zone    *time.Location

	following sync.Mutex // one Load or Follow at a time; readers never take it
	now       atomic.Pointer[state]
}

// state is what the room keeps in memory, as of the journal entry seq.
type state struct {
	seq    int64
	claims *whose.Snapshot
	forest *Forest
}

// New makes the room. Load fills its memory; until then it knows nobody.
func New(d Deps) *Room {
	r := &Room{db: d.DB, journal: d.Journal, clock: d.Clock, zone: d.Zone}
	if r.zone == nil {
		r.zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)
	}
	r.now.Store(&state{claims: whose.Build(whose.Records{}), forest: newForest(nil, nil)})
	return r
}

// WhoseIs answers whose an observable was in a realm at a time, and why. It
// reads memory alone and allocates nothing for addresses.
func (r *Room) WhoseIs(realm string, o whose.Observable, at time.Time) whose.Answer {
	return r.now.Load().claims.WhoseIs(realm, o, at)
}

// Whose is the present snapshot, for many questions that must agree with each
// other.
func (r *Room) Whose() *whose.Snapshot { return r.now.Load().claims }

// Others are the other organisations that claim the observable, for a reader
// who may see them.
func (r *Room) Others(a auth.Actor, realm string, o whose.Observable, at time.Time) []whose.Answer {
	var seen []whose.Answer
	for _, other := range r.now.Load().claims.Others(realm, o, at) {
		if a.Scope.Has(other.Organisation) {
			seen = append(seen, other)
		}
	}
	return seen
}

// Forest is the present tree of organisations.
func (r *Room) Forest() *Forest { return r.now.Load().forest }

// Today is the city's date.
func (r *Room) Today() string { return r.clock.Now().In(r.zone).Format(time.DateOnly) }

// day is the instant in µs at which a date begins in the city, moved by days;
// 0 for no date.
func (r *Room) day(date string, days int) int64 {
	if date == "" {
		return 0
	}
	t, err := time.ParseInLocation(time.DateOnly, date, r.zone)
	if err != nil {
		// Only dates that were checked are stored.
		panic("estate: stored date " + date + ": " + err.Error())
	}
	return db.Micros(t.AddDate(0, 0, days))
}
