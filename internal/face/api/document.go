package api

import (
	"context"
	"io"
	"mime"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake"
)

// Document is a delivery of a source, as CONTRACT has it.
type Document struct {
	ID          string       `json:"id"`
	Source      string       `json:"source"`
	SHA256      string       `json:"sha256"`
	Rows        int64        `json:"rows"`
	Kept        int64        `json:"kept"`
	Quarantined int64        `json:"quarantined"`
	Duplicate   int64        `json:"duplicate"`
	State       intake.State `json:"state"`
	Reason      *string      `json:"reason"`
	File        string       `json:"file"`
	ReportType  *string      `json:"report_type"`
	Size        int64        `json:"size"`
	Received    *time.Time   `json:"received"`
	ReceivedBy  string       `json:"received_by"`
	ParsedAt    *time.Time   `json:"parsed_at"`
	Round       int64        `json:"round" doc:"How often it has been read."`
	Done        int64        `json:"done" doc:"Records of this round that are stored."`
	Opened      int64        `json:"opened"`
	Reopened    int64        `json:"reopened"`
	Counted     int64        `json:"counted"`
	Unowned     int64        `json:"unowned"`
	FirstRow    *time.Time   `json:"first_row"`
	LastRow     *time.Time   `json:"last_row"`
	Flags       []string     `json:"flags" nullable:"false"`
	InDoubt     bool         `json:"in_doubt" doc:"A mail that waits until somebody has vouched for its sender."`
	Letter      *string      `json:"letter" doc:"The document that this one was typed from."`
	Vouched     *string      `json:"vouched" doc:"Who has vouched for its sender."`
}

func sayDocument(d intake.Document) Document {
	out := Document{
		ID: d.Label(), Source: d.SourceName, SHA256: d.SHA256, Rows: d.Rows, Kept: d.Kept, Quarantined: d.Quarantined, Duplicate: d.Duplicate, State: d.State,
		Reason: text(d.Reason), File: d.File, ReportType: text(d.ReportType), Size: d.Size, Received: instant(d.Received), ReceivedBy: d.ReceivedBy,
		ParsedAt: instant(d.ParsedAt), Round: d.Round, Done: d.Done, Opened: d.Opened, Reopened: d.Reopened, Counted: d.Counted, Unowned: d.Unowned,
		FirstRow: instant(d.FirstRow), LastRow: instant(d.LastRow), Flags: d.Flags,
		InDoubt: d.InDoubt(), Vouched: text(d.Vouched), Letter: label("S", d.Letter),
	}
	if out.Flags == nil {
		out.Flags = []string{}
	}
	return out
}

type documentQuery struct {
	Paging
	Source string `query:"source"`
	State  string `query:"state" enum:"received,parsed,partial,unparsed"`
	Since  string `query:"since" doc:"Received at or after: RFC 3339, a date, or a duration."`
}

type ordered struct {
	ID   string `path:"id"`
	Body struct {
		Order string `json:"order" minLength:"1" doc:"The order by which it is erased."`
	}
}

type vouched struct {
	ID   string `path:"id"`
	Body struct {
		Reason string `json:"reason" minLength:"1" doc:"How you know that the mail is its sender's."`
	}
}

func (s *server) documents() {
	route(s, get("/documents", "List documents"), func(ctx context.Context, who auth.Actor, in *documentQuery) (*list[Document], error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		since, err := s.since(in.Since)
		if err != nil {
			return nil, err
		}
		found, err := s.Intake.Documents(ctx, who, intake.Filter{
			Source: in.Source, State: intake.State(in.State), Since: since, After: after, Limit: in.asked(),
		})
		if err != nil {
			return nil, err
		}
		part := cut(found, in.Paging, func(d intake.Document) int64 { return d.ID })
		return listed(each(part.Body.Items, sayDocument), part.Body.Next), nil
	})
	route(s, get("/documents/{id}", "Show a document"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Document], error) {
		id, err := intake.ParseDocument(in.ID)
		if err != nil {
			return nil, err
		}
		d, err := s.Intake.Document(ctx, who, id)
		return answer(sayDocument(d), err)
	})
	route(s, get("/documents/{id}/original", "Download a document as it came"), s.original)
	route(s, get("/documents/{id}/history", "Show what happened to a document"), func(ctx context.Context, who auth.Actor, in *Named) (*list[Entry], error) {
		id, err := intake.ParseDocument(in.ID)
		if err != nil {
			return nil, err
		}
		d, err := s.Intake.Document(ctx, who, id)
		if err != nil {
			return nil, err
		}
		return s.history(ctx, who, d.Subject())
	})
	route(s, post("/documents/{id}/reparse", "Read a document again"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Document], error) {
		id, err := intake.ParseDocument(in.ID)
		if err != nil {
			return nil, err
		}
		d, err := s.Intake.Reparse(ctx, who, id)
		return answer(sayDocument(d), err)
	})
	route(s, post("/documents/{id}/vouch", "Vouch for the sender of a mail in doubt"), func(ctx context.Context, who auth.Actor, in *vouched) (*one[Document], error) {
		id, err := intake.ParseDocument(in.ID)
		if err != nil {
			return nil, err
		}
		d, err := s.Intake.Vouch(ctx, who, id, in.Body.Reason)
		return answer(sayDocument(d), err)
	})
	route(s, post("/documents/{id}/erase", "Erase a document's original by order"), func(ctx context.Context, who auth.Actor, in *ordered) (*one[Document], error) {
		id, err := intake.ParseDocument(in.ID)
		if err != nil {
			return nil, err
		}
		if err := s.Intake.Erase(ctx, who, id, in.Body.Order); err != nil {
			return nil, err
		}
		d, err := s.Intake.Document(ctx, who, id)
		return answer(sayDocument(d), err)
	})
}

func (s *server) original(ctx context.Context, who auth.Actor, in *Named) (*huma.StreamResponse, error) {
	id, err := intake.ParseDocument(in.ID)
	if err != nil {
		return nil, err
	}
	doc, content, err := s.Intake.Original(ctx, who, id)
	if err != nil {
		return nil, err
	}
	name := doc.File
	if name == "" {
		name = doc.Label()
	}
	return s.stream("application/octet-stream", name, func(w io.Writer) error {
		_, err := io.Copy(w, content)
		return err
	}, content.Close), nil
}

// stream is an answer that is written as it comes into being, as a file to be
// saved: what partners send may be hostile, and no browser is to show it.
func (s *server) stream(kind, name string, write func(w io.Writer) error, end func() error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer func() { _ = end() }()
		out := &late{begin: func() io.Writer {
			ctx.SetHeader("Content-Type", kind)
			ctx.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
			ctx.SetHeader("X-Content-Type-Options", "nosniff")
			return ctx.BodyWriter()
		}}
		err := write(out)
		switch {
		case err == nil:
			out.start()
		case out.w == nil:
			p := s.problem(ctx.Context(), err)
			ctx.SetHeader("Content-Type", contentType)
			ctx.SetStatus(p.Status)
			writeProblem(ctx, p)
		default:
			s.Log.ErrorContext(ctx.Context(), "api: stream broke off", "file", name, "error", err)
			cutOff()
		}
	}}
}

// late is a writer that begins when the first byte is there, so that a failure
// before it can still be told as such.
type late struct {
	begin func() io.Writer
	w     io.Writer
}

func (l *late) start() {
	if l.w == nil {
		l.w = l.begin()
	}
}

func (l *late) Write(p []byte) (int, error) {
	l.start()
	return l.w.Write(p)
}

func notThere(noun, name string) error {
	return errs.New(errs.NotFound, "%s %q: no such %s", noun, name, noun)
}
