// Package api is the machine's way to the verbs: everything that the pages can
// do, by HTTP and JSON under /api/v1, described by OpenAPI 3.1. One file is one
// noun. The handlers only translate: who may and what the scope shows is the
// rooms' to say, and who calls is the Gate's (base/auth), which stands in front.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/regime"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/warning"
)

// Prefix is where all routes begin.
const Prefix = "/api/v1"

// Deps are what the routes call. The rooms may not be nil; the functions about
// the process may, and their routes then answer Conflict.
type Deps struct {
	DB      *db.DB
	Journal *journal.Journal
	Clock   clock.Clock
	Log     *slog.Logger

	People     *auth.Room
	Estate     *estate.Room
	Duty       *duty.Room
	Regime     *regime.Regime
	Intel      *intel.Room
	Intake     *intake.Room
	Collect    *collect.Room
	Findings   *finding.Room
	Warnings   *warning.Room
	Deliveries *deliver.Room
	Bulletins  *bulletin.Room

	// Settle waits until nothing is left to do, and is Conflict, naming the
	// laggard, when ctx ends first (journal.Runner.Settle).
	Settle func(ctx context.Context) error
	// Advance moves a clock that stands and returns the new time; nil where the
	// clock goes by itself.
	Advance func(ctx context.Context, by time.Duration) (time.Time, error)
	// Verify reads the whole journal; checkpoint is one kept outside, or "".
	Verify func(ctx context.Context, checkpoint string) (journal.Verdict, error)
	// Backup writes everything to w while the process goes on.
	Backup func(ctx context.Context, w io.Writer) error
	// Link makes an address for people: the public URL before "/invite/…".
	Link func(path string) string
	// Version is the program's.
	Version string
}

// server is the routes with what they call.
type server struct {
	Deps
	api huma.API
}

// New is the handler of everything under Prefix. It expects the Actor of a
// request on its context; a caller whom nobody knows gets 401 from every route
// but the description of the API.
func New(d Deps) http.Handler {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	s := &server{Deps: d}
	s.api = humago.New(mux, s.config())
	s.routes()
	s.describe()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		Refuse(w, r, errs.New(errs.NotFound, "%s %s: no such route", r.Method, r.URL.Path))
	})
	return s.known(mux)
}

// routes are all routes, by noun.
func (s *server) routes() {
	s.findings()
	s.warnings()
	s.storms()
	s.routing()
	s.digests()
	s.deliveries()
	s.timeliness()
	s.contactHealth()
	s.webhooks()
	s.documents()
	s.quarantine()
	s.sources()
	s.indicators()
	s.advisories()
	s.questions()
	s.bulletins()
	s.estate()
	s.duty()
	s.mutes()
	s.users()
	s.tokens()
	s.journal()
	s.rules()
	s.levels()
	s.process()
}

func (s *server) config() huma.Config {
	c := huma.DefaultConfig("Tocsin", s.Version)
	c.OpenAPIPath = Prefix + "/openapi"
	c.DocsPath, c.SchemasPath = "", "" // a page of documentation would load scripts from elsewhere
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.CreateHooks = nil // no $schema in what we say
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{ofHuma}
	c.Info.Description = "Every list takes limit and cursor and answers {items, next}. Errors are problem documents (RFC 9457). What the caller's scope hides is 404."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	c.Security = []map[string][]string{{"token": {}}}
	return c
}

// known refuses callers whom nobody knows.
func (s *server) known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !auth.From(r.Context()).Known() && !strings.HasPrefix(r.URL.Path, Prefix+"/openapi") {
			w.Header().Set("WWW-Authenticate", "Bearer")
			Refuse(w, r, errs.New(errs.Unknown, "sign in, or send a token"))
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// operations are all operations, in no order.
func (s *server) operations() []*huma.Operation {
	var all []*huma.Operation
	for _, item := range s.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	return all
}

// describe says of every operation that it fails with a problem of ours: huma's
// own, which the description had until here, nobody sees.
func (s *server) describe() {
	schemas := s.api.OpenAPI().Components.Schemas
	fails := &huma.Response{Description: "A problem", Content: map[string]*huma.MediaType{
		contentType: {Schema: schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")},
	}}
	for _, op := range s.operations() {
		op.Responses["default"] = fails
	}
	delete(schemas.Map(), schemaName(reflect.TypeFor[huma.ErrorModel](), ""))
	delete(schemas.Map(), schemaName(reflect.TypeFor[huma.ErrorDetail](), ""))
}

// takes says what body a route takes that huma does not read.
func (s *server) takes(path string, kind string, schema *huma.Schema) {
	s.api.OpenAPI().Paths[Prefix+path].Post.RequestBody = &huma.RequestBody{
		Required: true, Content: map[string]*huma.MediaType{kind: {Schema: schema}},
	}
}

// A Route is one way into the API.
type Route struct {
	Method string
	Path   string // with {id} and the like in it
	Params []string
	Body   bool // takes a body
}

// Routes are all routes of the API, by path: what a test walks to see that none
// of them tells a stranger anything.
func Routes() []Route {
	s := &server{}
	s.api = humago.New(http.NewServeMux(), s.config())
	s.routes()
	var all []Route
	for _, op := range s.operations() {
		r := Route{Method: op.Method, Path: op.Path, Body: op.RequestBody != nil}
		for _, p := range op.Parameters {
			if p.In == "query" {
				r.Params = append(r.Params, p.Name)
			}
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Route) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
	return all
}

// route registers a handler: its path is under Prefix, its errors become
// problem documents.
func route[I, O any](s *server, op huma.Operation, handler func(ctx context.Context, who auth.Actor, in *I) (*O, error)) {
	noun, _, _ := strings.Cut(strings.TrimPrefix(op.Path, "/"), "/")
	op.Tags = []string{noun}
	op.OperationID = operationID(op.Method, op.Path)
	op.Path = Prefix + op.Path
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, auth.From(ctx), in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

func get(path, summary string) huma.Operation {
	return huma.Operation{Method: http.MethodGet, Path: path, Summary: summary}
}

func post(path, summary string) huma.Operation {
	return huma.Operation{Method: http.MethodPost, Path: path, Summary: summary, DefaultStatus: http.StatusOK}
}

func patch(path, summary string) huma.Operation {
	return huma.Operation{Method: http.MethodPatch, Path: path, Summary: summary}
}

func remove(path, summary string) huma.Operation {
	return huma.Operation{Method: http.MethodDelete, Path: path, Summary: summary, DefaultStatus: http.StatusNoContent}
}

// operationID is "get-findings-id" of GET /findings/{id}.
func operationID(method, path string) string {
	words := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '{' || r == '}' })
	return strings.ToLower(method + "-" + strings.Join(words, "-"))
}
