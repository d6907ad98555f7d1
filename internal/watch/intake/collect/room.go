// Package collect brings in by itself what sources keep ready: it polls over
// HTTP, pulls TAXII collections and MISP instances, empties mailboxes and watched
// folders. What it finds goes in by intake's own verb, byte for byte; reading it
// is somebody else's work.
//
// The scheme of a source's address says how:
//
//	https://host/file               one file, asked for with the ETag of the last one
//	taxii+https://host/root/collections/ID/   TAXII 2.1: the objects added since
//	misp+https://host/feed/         MISP feed: the manifest, then new and changed events;
//	                                with an API key as secret: MISP's REST search
//	file:///folder                  every file whose size rests, moved to done/ then
//	imaps://user@host/INBOX         every message above the last UID, marked as seen
//
// http, taxii+http, misp+http and imap (with STARTTLS where the server has it)
// need Deps.Plain.
package collect

import (
	"context"
	"crypto/x509"
	"embed"
	"log/slog"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/fetch"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake"
)

// Texts is the package's catalogue: collect.failure.CODE says why a source cannot
// be had, collect.silence.REASON why it counts as silent.
//
//go:embed texts
var Texts embed.FS

// Deps is what the room stands on.
type Deps struct {
	DB      *db.DB
	Journal *journal.Journal
	Clock   clock.Clock
	Intake  *intake.Room
	Log     *slog.Logger

	Fetch   *fetch.Client
	Guard   *fetch.Guard   // of mailboxes; nil reaches public addresses only
	Roots   *x509.CertPool // who may vouch for a mailbox's server; nil is the machine's list
	Plain   bool           // http and imap without TLS too
	Folders []string       // watched folders lie in one of these; none: there are none

	// Seal and Open keep secrets; see NewSeal. A room without them keeps none.
	Seal, Open func([]byte) ([]byte, error)

	Parallel int // looks at a time; 0 is 4
}

// A Room collects.
type Room struct {
	Deps

	actor auth.Actor
	poke  chan struct{}
}

// New is the room over deps.
func New(d Deps) *Room {
	if d.Parallel <= 0 {
		d.Parallel = 4
	}
	if d.Guard == nil {
		d.Guard = &fetch.Guard{}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Room{Deps: d, actor: auth.Stage("collect"), poke: make(chan struct{}, 1)}
}

// The journal's verbs, all of subject source:NAME. Nothing is journalled for a
// look that goes well; the documents it brings are.
const (
	VerbFailed    = "source.failed"    // the first failure after a success; body Failure
	VerbRecovered = "source.recovered" // the first success after failures
	VerbLeft      = "source.left"      // one thing was passed over for good; body Left
	VerbSilent    = "source.silent"    // body Silence
	VerbHeard     = "source.heard"     // a silent source speaks again
	VerbSecret    = "source.secret"    // a secret was set or dropped, never which
	VerbAsked     = "source.asked"     // a person wants a look now
)

// Failure is the body of VerbFailed.
type Failure struct {
	Code   string `json:"code"` // of package errs
	Reason string `json:"reason"`
}

// Left is the body of VerbLeft.
type Left struct {
	What   string `json:"what"` // the file, message or event
	Reason string `json:"reason"`
}

// Schema is the schema of states and secrets.
func Schema() []db.Migration {
	return []db.Migration{{Name: "collect", SQL: `CREATE TABLE source_state (
	source {{id}},
	address TEXT NOT NULL,
	etag TEXT NOT NULL,
	modified TEXT NOT NULL,
	cursor_json TEXT NOT NULL,
	next BIGINT NOT NULL,
	looking BIGINT NOT NULL,
	failures BIGINT NOT NULL,
	last_code TEXT NOT NULL,
	last_error TEXT NOT NULL,
	last_ok BIGINT NOT NULL,
	last_look BIGINT NOT NULL,
	silent_since BIGINT NOT NULL);
CREATE TABLE source_secret (
	source {{id}},
	name TEXT NOT NULL,
	origin TEXT NOT NULL,
	sealed {{bytes}} NOT NULL,
	set_by TEXT NOT NULL,
	set_at BIGINT NOT NULL);`}}
}

// Now asks for a look at a source as soon as a worker is free, whatever its
// rhythm. Errors: Denied, NotFound, Invalid for a source without an address that
// can be collected.
func (r *Room) Now(ctx context.Context, who auth.Actor, name string) error {
	if err := auth.May(who, auth.SourceEdit); err != nil {
		return err
	}
	s, err := r.Intake.Source(ctx, who, name)
	if err != nil {
		return err
	}
	if err := Check(s.URL); err != nil {
		return err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		st, err := load(tx, s.ID)
		if err != nil {
			return err
		}
		if st.Looking.IsZero() {
			st.Next = r.Clock.Now()
			if err := st.save(tx); err != nil {
				return err
			}
		}
		_, err = r.Journal.Append(tx, journal.Draft{Actor: who.Name(), Organisation: s.Organisation, Subject: subject(s), Verb: VerbAsked})
		return err
	})
	if err == nil {
		select {
		case r.poke <- struct{}{}:
		default:
		}
	}
	return err
}

// State is how the collection of a source stands. A source that was never looked
// at has the zero State with its id.
func (r *Room) State(ctx context.Context, who auth.Actor, name string) (st State, err error) {
	s, err := r.Intake.Source(ctx, who, name)
	if err != nil {
		return st, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		st, err = load(tx, s.ID)
		return err
	})
	return st, err
}

// States are the states of all sources by source, for pages that have asked
// intake.Room.Sources which of them their reader may see.
func (r *Room) States(ctx context.Context) (out map[int64]State, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		out, err = states(tx)
		return err
	})
	return out, err
}

func subject(s intake.Source) string { return "source:" + s.Name }

// wait is a pause that ctx, a poke or news end.
func (r *Room) wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.poke:
	case <-timer.C:
	}
}

// word is an error's code as pages and the journal name it.
func word(err error) string { return errs.CodeOf(err).String() }
