// Package web is Tocsin in a browser: the watch floor of the centre, the one
// page of an officer, and everything that either opens from there.
//
// routes.go is the table of all addresses. A page is one pair of files: NAME.go
// reads what the page shows from the rooms and NAME.templ draws it with the
// parts of package ui. Handlers return errors; answer.go turns them into pages.
// Every page works without script, and nothing here decides who may what: the
// rooms' verbs do, and the table names the act only to refuse early.
package web

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/regime"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/warning"
)

//go:embed texts
var texts embed.FS

// Texts is the catalogue of the pages' words: floor.* for the pages of watching
// and of people, work.* for those of warnings, sources and the estate.
func Texts() fs.FS { return texts }

// Deps is what the pages stand on. What is not marked as optional is required.
type Deps struct {
	DB      *db.DB
	Journal *journal.Journal
	Clock   clock.Clock
	Bundle  *i18n.Bundle // with the texts of every room, of ui and of this package
	Log     *slog.Logger

	People     *auth.Room
	Gate       *auth.Gate
	Regime     *regime.Regime
	Estate     *estate.Room
	Duty       *duty.Room
	Intel      *intel.Room
	Intake     *intake.Room
	Collect    *collect.Room
	Findings   *finding.Room
	Warnings   *warning.Room
	Deliveries *deliver.Room
	Bulletins  *bulletin.Room

	// City is the name of the city under Tocsin's own, in a language.
	City func(lang string) string
	// PublicURL begins the links that are shown to be copied and sent.
	PublicURL string
	// Demo says that the city is invented: the page of signing in says so.
	Demo bool
	// Settle waits until all that follows from the journal has followed, and is
	// Conflict, naming the laggard, when ctx ends first. Optional.
	Settle func(ctx context.Context) error
	// Places are the cursors of all stages. Optional.
	Places func(ctx context.Context) ([]journal.Place, error)
	// Verify reads the whole journal; checkpoint is one kept outside, or "".
	// Optional.
	Verify func(ctx context.Context, checkpoint string) (journal.Verdict, error)
	// Checkpoint signs the journal's present size and root. Optional.
	Checkpoint func(ctx context.Context) (string, error)
	// Advance moves a clock that stands and returns the new time. Nil where the
	// clock goes by itself.
	Advance func(ctx context.Context, by time.Duration) (time.Time, error)
}

// A Site answers every address of Routes. It is an http.Handler to stand behind
// auth.Gate, and safe for concurrent use.
type Site struct {
	Deps
	kit    *ui.Kit
	routes []Route
	mux    *http.ServeMux
}

// New wires the pages; it neither listens nor reads anything.
func New(d Deps) *Site {
	s := &Site{Deps: d, kit: ui.New(ui.Deps{Bundle: d.Bundle, Clock: d.Clock, City: d.City})}
	s.routes = s.table()
	s.mux = http.NewServeMux()
	for _, route := range s.routes {
		s.mux.Handle(route.Method+" "+route.Pattern, s.serve(route))
	}
	s.mux.Handle("/static/", s.kit.Static())
	s.mux.HandleFunc("POST /preferences", s.kit.Preferences)
	s.mux.Handle("/", s.serve(Route{Open: true, handle: s.nowhere}))
	return s
}

// ServeHTTP answers one request. The Gate has put the actor on its context.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", ui.Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	s.mux.ServeHTTP(w, r)
}

// who is the actor of a request.
func who(r *http.Request) auth.Actor { return auth.From(r.Context()) }
