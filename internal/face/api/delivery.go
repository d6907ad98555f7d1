package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/warning"
)

// Delivery is a delivery with its ledger.
type Delivery struct {
	deliver.View
	Tries []deliver.Attempt `json:"tries" nullable:"false"`
}

type deliveryQuery struct {
	Paging
	Warning string   `query:"warning"`
	State   []string `query:"state" enum:"due,handed_over,uncertain,deferred,delivered,bounced,failed,acknowledged"`
	Channel []string `query:"channel" enum:"mail,letter,call,webhook,portal"`
	Waiting bool     `query:"waiting" doc:"What waits for a person, or is still to be handed over."`
	Since   string   `query:"since" doc:"Made at or after: RFC 3339, a date, or a duration."`
	Order   string   `query:"order" enum:"oldest,newest" default:"oldest"`
}

type outboxQuery struct {
	Paging
	Since string `query:"since" doc:"Made at or after: RFC 3339, a date, or a duration."`
	Order string `query:"order" enum:"oldest,newest" default:"oldest"`
}

type recorded struct {
	ID   string `path:"id"`
	Body struct {
		Result string `json:"result" doc:"Of a letter: posted, received, returned, given-up; of a call: reached, no-answer, wrong-number, given-up; of mail: received, returned."`
		Note   string `json:"note,omitempty"`
	}
}

type letterNamed struct {
	ID     string `path:"id"`
	Format string `query:"format" enum:"docx,pdf" default:"pdf"`
}

func (s *server) deliveries() {
	route(s, get("/deliveries", "List deliveries"), func(ctx context.Context, who auth.Actor, in *deliveryQuery) (*list[deliver.View], error) {
		q := deliver.Query{Waiting: in.Waiting}
		for _, st := range in.State {
			q.States = append(q.States, deliver.State(st))
		}
		for _, c := range in.Channel {
			q.Channels = append(q.Channels, warning.Channel(c))
		}
		var err error
		if in.Warning != "" {
			if q.Warning, err = warning.ParseID(in.Warning); err != nil {
				return nil, err
			}
		}
		return s.listDeliveries(ctx, who, q, outboxQuery{in.Paging, in.Since, in.Order})
	})
	route(s, get("/outbox", "List the mail that stays here"), func(ctx context.Context, who auth.Actor, in *outboxQuery) (*list[deliver.View], error) {
		return s.listDeliveries(ctx, who, deliver.Query{Outbox: true}, *in)
	})
	show := func(ctx context.Context, who auth.Actor, in *Named) (*one[Delivery], error) {
		id, err := deliver.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		v, tries, err := s.Deliveries.Get(ctx, who, id)
		return answer(Delivery{View: v, Tries: tries}, err)
	}
	route(s, get("/deliveries/{id}", "Show a delivery with its ledger"), show)
	route(s, get("/outbox/{id}", "Show mail that stays here"), show)
	route(s, get("/outbox/{id}/raw", "Download a mail as it goes over the line"), func(ctx context.Context, who auth.Actor, in *Named) (*huma.StreamResponse, error) {
		id, err := deliver.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		raw, err := s.Deliveries.Raw(ctx, who, id)
		return s.file(raw, "message/rfc822", in.ID+".eml"), err
	})
	route(s, get("/deliveries/{id}/letter", "Download a letter to be signed"), func(ctx context.Context, who auth.Actor, in *letterNamed) (*huma.StreamResponse, error) {
		id, err := deliver.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		kind := "application/pdf"
		if in.Format == string(deliver.DOCX) {
			kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
		}
		raw, err := s.Deliveries.Letter(ctx, who, id, deliver.Format(in.Format))
		return s.file(raw, kind, in.ID+"."+in.Format), err
	})
	route(s, post("/deliveries/{id}/record", "Record what a person knows of a delivery"), func(ctx context.Context, who auth.Actor, in *recorded) (*one[deliver.View], error) {
		id, err := deliver.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		return answer(s.Deliveries.Record(ctx, who, id, deliver.Result(in.Body.Result), in.Body.Note))
	})
}

// file is an answer that is a file of ours.
func (s *server) file(content []byte, kind, name string) *huma.StreamResponse {
	return s.stream(kind, name, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(content))
		return err
	}, func() error { return nil })
}

func (s *server) listDeliveries(ctx context.Context, who auth.Actor, q deliver.Query, in outboxQuery) (*list[deliver.View], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	q.Newest, q.Limit = in.Order == "newest", in.asked()
	if q.Newest {
		q.Before = deliver.ID(after)
	} else {
		q.After = deliver.ID(after)
	}
	if q.Since, err = s.since(in.Since); err != nil {
		return nil, err
	}
	found, err := s.Deliveries.List(ctx, who, q)
	if err != nil {
		return nil, err
	}
	return cut(found, in.Paging, func(v deliver.View) int64 { return int64(v.Delivery.ID) }), nil
}

func (s *server) timeliness() {
	route(s, get("/timeliness", "Show how fast warnings reach people"), func(ctx context.Context, who auth.Actor, in *struct {
		Since string `query:"since" doc:"Of warnings sent at or after: RFC 3339, a date, or a duration."`
	},
	) (*list[deliver.Timeliness], error) {
		since, err := s.since(in.Since)
		if err != nil {
			return nil, err
		}
		found, err := s.Deliveries.Timeliness(ctx, who, since)
		if err != nil {
			return nil, err
		}
		return listed(found, ""), nil
	})
}

// Webhook is an address that is told by machine what happens to warnings.
type Webhook struct {
	ID           string           `json:"id"`
	Organisation *string          `json:"organisation" doc:"Code, null for all."`
	URL          string           `json:"url"`
	Relation     warning.Relation `json:"relation" doc:"What the markings count its owner as."`
	Active       bool             `json:"active"`
	Secret       string           `json:"secret,omitempty" doc:"Shown once, when it is made."`
	CreatedBy    string           `json:"created_by"`
}

func (s *server) sayHook(h deliver.Hook) Webhook {
	return Webhook{
		ID: strconv.FormatInt(h.ID, 10), Organisation: s.code(h.Organisation), URL: h.URL, Relation: h.Relation, Active: h.Active, Secret: h.Secret,
		CreatedBy: h.CreatedBy,
	}
}

type newHook struct {
	Body struct {
		URL          string `json:"url"`
		Organisation string `json:"organisation,omitempty"`
		Relation     string `json:"relation,omitempty"`
	}
}

func (s *server) webhooks() {
	route(s, get("/webhooks", "List webhooks"), func(ctx context.Context, who auth.Actor, _ *none) (*list[Webhook], error) {
		found, err := s.Deliveries.Hooks(ctx, who)
		if err != nil {
			return nil, err
		}
		return listed(each(found, s.sayHook), ""), nil
	})
	add := post("/webhooks", "Add a webhook")
	add.DefaultStatus = http.StatusCreated
	route(s, add, func(ctx context.Context, who auth.Actor, in *newHook) (*one[Webhook], error) {
		if err := auth.May(who, auth.WebhookEdit); err != nil {
			return nil, err
		}
		organisation, err := s.organisation(who, in.Body.Organisation)
		if err != nil {
			return nil, err
		}
		h, err := s.Deliveries.AddHook(ctx, who, deliver.Hook{URL: in.Body.URL, Organisation: organisation, Relation: warning.Relation(in.Body.Relation), Active: true})
		return answer(s.sayHook(h), err)
	})
	route(s, remove("/webhooks/{id}", "Take a webhook away"), func(ctx context.Context, who auth.Actor, in *ruleID) (*none, error) {
		return nil, s.Deliveries.DropHook(ctx, who, in.ID)
	})
}
