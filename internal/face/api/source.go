package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
)

// Source is whoever gives us information, with its health.
type Source struct {
	Name         string        `json:"name"`
	Format       intake.Format `json:"format"`
	Kind         *string       `json:"kind" doc:"indicators, a finding kind, or null where the format says it row by row."`
	TLP          string        `json:"tlp"`
	Zone         string        `json:"zone"`
	Realm        string        `json:"realm"`
	URL          *string       `json:"url"`
	Every        *string       `json:"every"`
	Mapping      *string       `json:"mapping"`
	Organisation *string       `json:"organisation" doc:"The partner that may fill and see it."`
	Created      *time.Time    `json:"created"`
	LastDocument *time.Time    `json:"last_document"`
	Rhythm       float64       `json:"rhythm" doc:"Seconds between its deliveries, as learnt; 0 is not known."`
	Late         float64       `json:"late" doc:"Seconds past its rhythm; 0 when it is not late."`
	Documents    int64         `json:"documents"`
	Unparsed     int64         `json:"unparsed"`
	Rows         int64         `json:"rows"`
	Quarantined  int64         `json:"quarantined"`
	Senders      *string       `json:"senders" doc:"Of format mail: the addresses and domains whose mail this source is; null is anybody."`
	Reliability  *string       `json:"reliability" doc:"On the Admiralty scale, A to F; null is not judged."`
	Secret       bool          `json:"secret" doc:"There is a secret for its present address."`
	Opened       *int64        `json:"opened" doc:"Findings that its documents opened; null where the caller does not see all."`
	Refuted      *int64        `json:"refuted" doc:"Those of them that a person refuted."`
	Collecting   *Collecting   `json:"collecting" doc:"How fetching from its address goes; null where it has none."`
}

// Collecting is how a source is fetched from.
type Collecting struct {
	LastLook    *time.Time `json:"last_look"`
	LastOK      *time.Time `json:"last_ok"`
	Next        *time.Time `json:"next" doc:"When it is looked at next; null is when somebody asks."`
	Looking     *time.Time `json:"looking" doc:"Since when a look is under way."`
	Failures    int        `json:"failures" doc:"In a row."`
	Code        *string    `json:"code" doc:"Of the last failure."`
	Error       *string    `json:"error"`
	SilentSince *time.Time `json:"silent_since"`
}

// sayCollecting adds what the list of sources does not know.
func (s *server) sayCollecting(ctx context.Context, who auth.Actor, all []intake.Health) ([]Source, error) {
	states, err := s.Collect.States(ctx)
	if err != nil {
		return nil, err
	}
	noise := map[int64]finding.Noise{}
	if who.Scope.IsAll() {
		if noise, err = s.Findings.Noise(ctx, who); err != nil {
			return nil, err
		}
	}
	out := make([]Source, len(all))
	for i, h := range all {
		out[i] = s.saySource(h)
		if out[i].Secret, err = s.Collect.HasSecret(ctx, h.Source); err != nil {
			return nil, err
		}
		if who.Scope.IsAll() {
			n := noise[h.ID]
			out[i].Opened, out[i].Refuted = &n.Opened, &n.Refuted
		}
		st := states[h.ID]
		if h.URL != "" || !st.SilentSince.IsZero() {
			out[i].Collecting = &Collecting{
				LastLook: instant(st.LastLook), LastOK: instant(st.LastOK), Next: instant(st.Next), Looking: instant(st.Looking),
				Failures: st.Failures, Code: text(st.LastCode), Error: text(st.LastError), SilentSince: instant(st.SilentSince),
			}
		}
	}
	return out, nil
}

func (s *server) saySource(h intake.Health) Source {
	out := Source{
		Name: h.Name, Format: h.Format, Kind: text(h.Kind), TLP: h.TLP.String(), Zone: h.Zone, Realm: h.Realm, URL: text(h.URL), Mapping: text(h.Mapping),
		Organisation: s.code(h.Organisation), Created: instant(h.Created), LastDocument: instant(h.LastDocument), Rhythm: h.Rhythm.Seconds(),
		Late: h.Late.Seconds(), Documents: h.Documents, Unparsed: h.Unparsed, Rows: h.Rows, Quarantined: h.Quarantined,
		Senders: text(h.Senders), Reliability: text(h.Reliability),
	}
	if h.Every > 0 {
		out.Every = text(h.Every.String())
	}
	return out
}

// newSource is a source as somebody states it.
type newSource struct {
	Name         string `json:"name"`
	Format       string `json:"format"`
	Kind         string `json:"kind,omitempty"`
	TLP          string `json:"tlp,omitempty"`
	Zone         string `json:"zone,omitempty"`
	Realm        string `json:"realm,omitempty"`
	URL          string `json:"url,omitempty"`
	Every        string `json:"every,omitempty"`
	Mapping      string `json:"mapping,omitempty" doc:"Of format csv: the mapping as JSON text."`
	Organisation string `json:"organisation,omitempty"`
	Senders      string `json:"senders,omitempty"`
	Reliability  string `json:"reliability,omitempty"`
}

// editSource changes what it names.
type editSource struct {
	Kind         *string `json:"kind,omitempty"`
	TLP          *string `json:"tlp,omitempty"`
	Zone         *string `json:"zone,omitempty"`
	Realm        *string `json:"realm,omitempty"`
	URL          *string `json:"url,omitempty"`
	Every        *string `json:"every,omitempty"`
	Mapping      *string `json:"mapping,omitempty"`
	Organisation *string `json:"organisation,omitempty"`
	Senders      *string `json:"senders,omitempty"`
	Reliability  *string `json:"reliability,omitempty"`
}

type newSecret struct {
	SourceNamed
	Body struct {
		Secret string `json:"secret" doc:"An API key, a token, NAME:WORD for HTTP Basic, a mailbox's password; empty drops it. It is never shown again."`
	}
}

// SourceNamed is the input of what is about one source.
type SourceNamed struct {
	Name string `path:"name"`
}

func (s *server) sources() {
	route(s, get("/sources", "List sources with their health"), func(ctx context.Context, who auth.Actor, in *Paging) (*list[Source], error) {
		found, err := s.Intake.Sources(ctx, who)
		if err != nil {
			return nil, err
		}
		part, err := through(found, *in, func(h intake.Health) int64 { return h.ID })
		if err != nil {
			return nil, err
		}
		said, err := s.sayCollecting(ctx, who, part.Body.Items)
		if err != nil {
			return nil, err
		}
		return listed(said, part.Body.Next), nil
	})
	route(s, get("/sources/{name}", "Show a source"), func(ctx context.Context, who auth.Actor, in *SourceNamed) (*one[Source], error) {
		return s.oneSource(ctx, who, in.Name)
	})
	add := post("/sources", "Add a source")
	add.DefaultStatus = http.StatusCreated
	route(s, add, func(ctx context.Context, who auth.Actor, in *struct{ Body newSource }) (*one[Source], error) {
		b := in.Body
		made := intake.Source{
			Name: b.Name, Format: intake.Format(b.Format), Kind: b.Kind, Zone: b.Zone, Realm: b.Realm, URL: b.URL, Mapping: b.Mapping,
			Senders: b.Senders, Reliability: b.Reliability,
		}
		var err error
		if made.TLP, err = marking(b.TLP); err != nil {
			return nil, err
		}
		if made.Every, err = every(b.Every); err != nil {
			return nil, err
		}
		if made.Organisation, err = s.organisation(who, b.Organisation); err != nil {
			return nil, err
		}
		if made.URL != "" {
			if err := collect.Check(made.URL); err != nil {
				return nil, err
			}
		}
		if _, err := s.Intake.AddSource(ctx, who, made); err != nil {
			return nil, err
		}
		return s.oneSource(ctx, who, b.Name)
	})
	route(s, patch("/sources/{name}", "Change a source"), func(ctx context.Context, who auth.Actor, in *struct {
		SourceNamed
		Body editSource
	},
	) (*one[Source], error) {
		now, err := s.Intake.Source(ctx, who, in.Name)
		if err != nil {
			return nil, err
		}
		if err := s.amend(who, &now, in.Body); err != nil {
			return nil, err
		}
		if _, err := s.Intake.EditSource(ctx, who, now); err != nil {
			return nil, err
		}
		return s.oneSource(ctx, who, in.Name)
	})
	route(s, post("/sources/{name}/fetch", "Look at a source now"), func(ctx context.Context, who auth.Actor, in *SourceNamed) (*one[Source], error) {
		if err := s.Collect.Now(ctx, who, in.Name); err != nil {
			return nil, err
		}
		return s.oneSource(ctx, who, in.Name)
	})
	route(s, post("/sources/{name}/secret", "Set what a source asks of its reader"), func(ctx context.Context, who auth.Actor, in *newSecret) (*one[Source], error) {
		if err := s.Collect.SetSecret(ctx, who, in.Name, in.Body.Secret); err != nil {
			return nil, err
		}
		return s.oneSource(ctx, who, in.Name)
	})
	route(s, post("/sources/{name}/entry", "Type in what a partner's letter says"), s.enter)
	upload := post("/sources/{name}/documents", "Hand in a document")
	upload.Description = "The body is the document, byte for byte. When the answer is there, the document is on the disk and will be read. The same bytes from the same source again are the document of the first time."
	route(s, upload, s.upload)
	s.takes("/sources/{name}/documents", "application/octet-stream", &huma.Schema{Type: "string", Format: "binary"})
}

func (s *server) oneSource(ctx context.Context, who auth.Actor, name string) (*one[Source], error) {
	// A source's health is told by the list alone; there are few sources.
	if _, err := s.Intake.Source(ctx, who, name); err != nil {
		return nil, err
	}
	all, err := s.Intake.Sources(ctx, who)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		if h.Name == name {
			said, err := s.sayCollecting(ctx, who, []intake.Health{h})
			if err != nil {
				return nil, err
			}
			return answer(said[0], nil)
		}
	}
	return nil, notThere("source", name)
}

func (s *server) amend(who auth.Actor, now *intake.Source, e editSource) (err error) {
	for _, set := range []struct{ to, from *string }{
		{&now.Kind, e.Kind},
		{&now.Zone, e.Zone},
		{&now.Realm, e.Realm},
		{&now.URL, e.URL},
		{&now.Mapping, e.Mapping},
		{&now.Senders, e.Senders},
		{&now.Reliability, e.Reliability},
	} {
		if set.from != nil {
			*set.to = *set.from
		}
	}
	if e.URL != nil && *e.URL != "" {
		if err := collect.Check(*e.URL); err != nil {
			return err
		}
	}
	if e.TLP != nil {
		if now.TLP, err = marking(*e.TLP); err != nil {
			return err
		}
	}
	if e.Every != nil {
		if now.Every, err = every(*e.Every); err != nil {
			return err
		}
	}
	if e.Organisation != nil {
		now.Organisation, err = s.organisation(who, *e.Organisation)
	}
	return err
}

func every(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := ParseSpan(text)
	if err != nil {
		return 0, field("every", "%w", err)
	}
	return d, nil
}

type upload struct {
	Name       string `path:"name"`
	File       string `header:"X-Filename" maxLength:"1000" doc:"As the sender names it."`
	ReportType string `header:"X-Report-Type" doc:"Of format shadowserver; told by the file where it is not given."`
	content    io.Reader
}

// Resolve takes hold of the body without reading it: a document may be far
// larger than the memory.
func (u *upload) Resolve(ctx huma.Context) []error {
	_ = ctx.SetReadDeadline(time.Time{}) // a slow line may take its time; not every writer can set one
	u.content = ctx.BodyReader()
	return nil
}

// Uploaded is a document that was handed in.
type Uploaded struct {
	Document
	Again bool `json:"again" doc:"The source has sent the same bytes before."`
}

type uploadAnswer struct {
	Status   int
	Location string `header:"Location"`
	Body     Uploaded
}

func (s *server) upload(ctx context.Context, who auth.Actor, in *upload) (*uploadAnswer, error) {
	doc, again, err := s.Intake.Receive(ctx, who, intake.Delivery{Source: in.Name, File: in.File, ReportType: in.ReportType, Content: in.content})
	if err != nil {
		return nil, err
	}
	out := &uploadAnswer{Status: http.StatusCreated, Location: Prefix + "/documents/" + doc.Label(), Body: Uploaded{Document: sayDocument(doc), Again: again}}
	if again {
		out.Status = http.StatusOK
	}
	return out, nil
}
