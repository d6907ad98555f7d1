package api

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/sbom"
	"tocsin/internal/city/estate/sheet"
)

// estateQuery is what all estate lists take; what a kind does not have selects
// nothing there.
type estateQuery struct {
	Paging
	Organisation string `query:"organisation" doc:"Code."`
	Below        bool   `query:"below" doc:"With those below the organisation."`
	Text         string `query:"text" doc:"Words, with or without tone marks; for addresses and endpoints an IP address too."`
	Kind         string `query:"kind"`
	Realm        string `query:"realm"`
	System       string `query:"system" doc:"Code."`
	Tier         string `query:"tier"`
	Level        int    `query:"level" minimum:"0" maximum:"5"`
	Criticality  string `query:"criticality"`
	Status       string `query:"status"`
	Hostname     string `query:"hostname"`
	On           string `query:"on" format:"date" doc:"Valid on this date."`
}

func (q *estateQuery) query() estate.Query {
	return estate.Query{
		Search: q.Text, Organisation: q.Organisation, Below: q.Below, System: q.System, Kind: q.Kind, Realm: q.Realm, Tier: q.Tier, Level: q.Level,
		Criticality: q.Criticality, Status: q.Status, Hostname: q.Hostname, On: q.On, Cursor: q.Cursor, Limit: q.Limit,
	}
}

// A book is a kind of the estate's records with its verbs.
type book[T any] struct {
	path    string // "addresses"
	subject string // as the journal writes it: "address"
	list    func(ctx context.Context, a auth.Actor, q estate.Query) ([]T, string, error)
	show    func(ctx context.Context, a auth.Actor, id string) (T, error)
	put     func(ctx context.Context, a auth.Actor, v T) (T, error)
	name    func(v *T, id string) // says which record it is
	remove  func(ctx context.Context, a auth.Actor, id estate.ID) error
}

// routes are the routes of a book. A record is replaced as a whole: revision is
// the one that the editor saw, and 0 says that the record is new.
func (b book[T]) routes(s *server) {
	route(s, get("/"+b.path, "List "+b.path), func(ctx context.Context, who auth.Actor, in *estateQuery) (*list[T], error) {
		found, next, err := b.list(ctx, who, in.query())
		if err != nil {
			return nil, err
		}
		return listed(found, next), nil
	})
	route(s, get("/"+b.path+"/{id}", "Show one of "+b.path), func(ctx context.Context, who auth.Actor, in *Named) (*one[T], error) {
		return answer(b.show(ctx, who, in.ID))
	})
	route(s, get("/"+b.path+"/{id}/history", "Show the life of one of "+b.path), func(ctx context.Context, who auth.Actor, in *Named) (*list[estate.Event], error) {
		events, err := s.Estate.History(ctx, who, b.subject+":"+in.ID)
		if err != nil {
			return nil, err
		}
		return listed(events, ""), nil
	})
	add := post("/"+b.path, "Add one to "+b.path)
	add.DefaultStatus, add.SkipValidateBody = http.StatusCreated, true // the room says what is wrong, as it does for a file
	route(s, add, func(ctx context.Context, who auth.Actor, in *struct{ Body T }) (*one[T], error) {
		return answer(b.put(ctx, who, in.Body))
	})
	change := huma.Operation{Method: http.MethodPut, Path: "/" + b.path + "/{id}", Summary: "Replace one of " + b.path, SkipValidateBody: true}
	route(s, change, func(ctx context.Context, who auth.Actor, in *struct {
		Named
		Body T
	},
	) (*one[T], error) {
		if _, err := b.show(ctx, who, in.ID); err != nil {
			return nil, err
		}
		b.name(&in.Body, in.ID)
		return answer(b.put(ctx, who, in.Body))
	})
	if b.remove == nil {
		return // an organisation or a system is ended, never removed
	}
	route(s, remove("/"+b.path+"/{id}", "Take one out of "+b.path), func(ctx context.Context, who auth.Actor, in *Named) (*none, error) {
		return nil, b.remove(ctx, who, estate.ID(in.ID))
	})
}

func byID[T any](show func(ctx context.Context, a auth.Actor, id estate.ID) (T, error)) func(context.Context, auth.Actor, string) (T, error) {
	return func(ctx context.Context, a auth.Actor, id string) (T, error) { return show(ctx, a, estate.ID(id)) }
}

func (s *server) estate() {
	r := s.Estate
	book[estate.Organisation]{
		path: "organisations", subject: "organisation", list: r.Organisations, show: r.ShowOrganisation, put: r.PutOrganisation,
		name: func(v *estate.Organisation, id string) { v.Code = id },
	}.routes(s)
	book[estate.System]{
		path: "systems", subject: "system", list: r.Systems, show: r.ShowSystem, put: r.PutSystem,
		name: func(v *estate.System, id string) { v.Code = id },
	}.routes(s)
	book[estate.Contact]{
		path: "contacts", subject: "contact", list: r.ContactList, show: byID(r.ShowContact), put: r.PutContact, remove: r.RemoveContact,
		name: func(v *estate.Contact, id string) { v.ID = estate.ID(id) },
	}.routes(s)
	book[estate.Address]{
		path: "addresses", subject: "address", list: r.Addresses, show: byID(r.ShowAddress), put: r.PutAddress, remove: r.RemoveAddress,
		name: func(v *estate.Address, id string) { v.ID = estate.ID(id) },
	}.routes(s)
	book[estate.Endpoint]{
		path: "endpoints", subject: "endpoint", list: r.Endpoints, show: byID(r.ShowEndpoint), put: r.PutEndpoint, remove: r.RemoveEndpoint,
		name: func(v *estate.Endpoint, id string) { v.ID = estate.ID(id) },
	}.routes(s)
	book[estate.Software]{
		path: "software", subject: "software", list: r.SoftwareList, show: byID(r.ShowSoftware), put: r.PutSoftware, remove: r.RemoveSoftware,
		name: func(v *estate.Software, id string) { v.ID = estate.ID(id) },
	}.routes(s)
	route(s, get("/organisations/{id}/tally", "Count what an organisation and those below it hold"), func(ctx context.Context, who auth.Actor, in *Named) (*one[estate.Counts], error) {
		return answer(r.Count(ctx, who, in.ID, true))
	})
	route(s, post("/addresses/{id}/end", "End an address with a last day"), func(ctx context.Context, who auth.Actor, in *struct {
		Named
		Body struct {
			Last string `json:"last" format:"date"`
		}
	},
	) (*one[estate.Address], error) {
		return answer(r.EndAddress(ctx, who, estate.ID(in.ID), in.Body.Last))
	})
	s.successions()
	s.imports()
}

type successionEnd struct {
	From string `query:"from" required:"true"`
	To   string `query:"to" required:"true"`
	Date string `query:"date" required:"true" format:"date"`
}

func (s *server) successions() {
	route(s, get("/successions", "List successions"), func(ctx context.Context, who auth.Actor, in *estateQuery) (*list[estate.Succession], error) {
		found, next, err := s.Estate.Successions(ctx, who, in.query())
		if err != nil {
			return nil, err
		}
		return listed(found, next), nil
	})
	put := huma.Operation{Method: http.MethodPut, Path: "/successions", Summary: "Add a succession, or replace the share of one", SkipValidateBody: true}
	route(s, put, func(ctx context.Context, who auth.Actor, in *struct{ Body estate.Succession }) (*one[estate.Succession], error) {
		return answer(s.Estate.PutSuccession(ctx, who, in.Body))
	})
	route(s, remove("/successions", "Take back a succession that never was"), func(ctx context.Context, who auth.Actor, in *successionEnd) (*none, error) {
		return nil, s.Estate.RemoveSuccession(ctx, who, estate.Succession{From: in.From, To: in.To, Date: in.Date})
	})
}

// longestImport is the most bytes of all files of one call. They are read whole,
// for their rows may name each other.
const longestImport = 2 * sheet.MaxSize

type importing struct {
	Organisation string `query:"organisation" doc:"Code: whose software a bill of materials lists. Needed with CycloneDX and SPDX."`
	Hostname     string `query:"hostname" doc:"The machine that a bill of materials is of."`
	System       string `query:"system" doc:"Code of the system that a bill of materials is of."`

	parts func() (*multipart.Reader, error)
}

// Resolve takes hold of the request, whose parts are read one after another.
func (i *importing) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	_ = ctx.SetReadDeadline(time.Time{}) // a slow line may take its time; not every writer can set one
	i.parts = r.MultipartReader
	return nil
}

func (s *server) imports() {
	op := post("/estate/import", "Import estate files")
	op.Description = "CycloneDX and SPDX files are software of the organisation that the query names. Every part of the form with a filename is a file. Files of one call are applied in the order in which they depend on each other. Any refused row leaves its file unapplied; the answer is 200 all the same and says so."
	route(s, op, func(ctx context.Context, who auth.Actor, in *importing) (*struct {
		Body []estate.Result `nullable:"false"`
	}, error,
	) {
		if err := auth.May(who, auth.EstateImport); err != nil {
			return nil, err
		}
		files, err := in.files()
		if err != nil {
			return nil, err
		}
		results, err := s.Estate.Apply(ctx, who, files)
		return &struct {
			Body []estate.Result `nullable:"false"`
		}{results}, err
	})
	s.takes("/estate/import", "multipart/form-data", &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{
		"file": {Type: "array", Items: &huma.Schema{Type: "string", Format: "binary"}},
	}})
}

// bill makes a sheet of software of a bill of materials.
func (i *importing) bill(name string, data []byte) ([]byte, error) {
	if i.Organisation == "" {
		return nil, errs.At(errs.Invalid, []errs.Place{{File: name, Field: "organisation", Reason: "a bill of materials does not say whose it is"}},
			"import estate: %s is a bill of materials: organisation: say whose it is", name)
	}
	b, err := sbom.Read(data, sbom.Owner{Organisation: i.Organisation, Hostname: i.Hostname, System: i.System})
	if err != nil {
		return nil, errs.At(errs.Invalid, []errs.Place{{File: name, Reason: err.Error()}}, "import estate: %s: %w", name, err)
	}
	return b.Sheet(), nil
}

func (i *importing) files() ([]estate.File, error) {
	parts, err := i.parts()
	if err != nil {
		return nil, errs.New(errs.Usage, "import estate: want multipart/form-data: %w", err)
	}
	var files []estate.File
	left := int64(longestImport)
	for {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // the documented end
			break
		}
		if err != nil {
			return nil, errs.New(errs.Usage, "import estate: read the form: %w", err)
		}
		if part.FileName() == "" {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, errs.New(errs.Usage, "import estate: read %s: %w", part.FileName(), err)
		}
		if left -= int64(len(data)); left < 0 {
			return nil, errs.New(errs.TooLarge, "import estate: the files have more than %d bytes", int64(longestImport))
		}
		if sbom.Looks(data) {
			if data, err = i.bill(part.FileName(), data); err != nil {
				return nil, err
			}
		}
		files = append(files, estate.File{Name: part.FileName(), Data: data})
	}
	if len(files) == 0 {
		return nil, errs.New(errs.Usage, "import estate: the form has no file")
	}
	return files, nil
}
