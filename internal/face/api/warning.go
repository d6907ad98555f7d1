package api

import (
	"context"
	"strconv"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/watch/warning"
)

type warningQuery struct {
	Paging
	Organisation string   `query:"organisation"`
	State        []string `query:"state" enum:"draft,sent,acknowledged,closed,cancelled,expired"`
	Severity     []string `query:"severity"`
	Overdue      bool     `query:"overdue" doc:"Sent, and nobody acknowledged in time."`
	Since        string   `query:"since" doc:"Made at or after: RFC 3339, a date, or a duration."`
	Order        string   `query:"order" enum:"oldest,newest" default:"oldest"`
	Language     string   `query:"language" enum:"vi,en" doc:"Of the subjects; the caller's own where it is not given."`
}

type warningNamed struct {
	ID       string `path:"id"`
	Language string `query:"language" enum:"vi,en"`
}

type warningSend struct {
	ID   string `path:"id"`
	Body warning.Send
}

type reasoned struct {
	ID   string `path:"id"`
	Body struct {
		Reason string `json:"reason"`
	}
}

func (s *server) warnings() {
	route(s, get("/warnings", "List warnings"), func(ctx context.Context, who auth.Actor, in *warningQuery) (*list[warning.View], error) {
		q := warning.Query{Overdue: in.Overdue, Newest: in.Order == "newest", Limit: in.asked(), Language: language(who, in.Language)}
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		if q.Newest {
			q.Before = warning.ID(after)
		} else {
			q.After = warning.ID(after)
		}
		if q.Organisation, err = s.organisation(who, in.Organisation); err != nil {
			return nil, err
		}
		if q.Severities, err = severities(in.Severity); err != nil {
			return nil, err
		}
		if q.Since, err = s.since(in.Since); err != nil {
			return nil, err
		}
		for _, st := range in.State {
			q.States = append(q.States, warning.State(st))
		}
		found, err := s.Warnings.List(ctx, who, q)
		if err != nil {
			return nil, err
		}
		return cut(found, in.Paging, func(v warning.View) int64 { return int64(v.Warning.ID) }), nil
	})
	route(s, get("/warnings/{id}", "Show a warning"), func(ctx context.Context, who auth.Actor, in *warningNamed) (*one[warning.View], error) {
		return s.oneWarning(ctx, who, in.ID, in.Language)
	})
	route(s, get("/warnings/{id}/history", "Show the life of a warning"), func(ctx context.Context, who auth.Actor, in *Named) (*list[Entry], error) {
		id, err := warning.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		if _, err := s.Warnings.Get(ctx, who, id, who.Language); err != nil {
			return nil, err
		}
		return s.history(ctx, who, id.Subject())
	})
	route(s, post("/warnings/{id}/send", "Send a draft"), func(ctx context.Context, who auth.Actor, in *warningSend) (*one[warning.View], error) {
		return s.warn(ctx, who, in.ID, func(id warning.ID) error {
			_, err := s.Warnings.Send(ctx, who, id, in.Body)
			return err
		})
	})
	route(s, post("/warnings/{id}/ack", "Acknowledge a warning"), func(ctx context.Context, who auth.Actor, in *Named) (*one[warning.View], error) {
		return s.warn(ctx, who, in.ID, func(id warning.ID) error {
			_, err := s.Warnings.Acknowledge(ctx, who, id)
			return err
		})
	})
	route(s, post("/warnings/{id}/cancel", "Take a warning back"), func(ctx context.Context, who auth.Actor, in *reasoned) (*one[warning.View], error) {
		return s.warn(ctx, who, in.ID, func(id warning.ID) error {
			_, err := s.Warnings.Cancel(ctx, who, id, in.Body.Reason)
			return err
		})
	})
	route(s, post("/warnings/{id}/revise", "Send a warning again with what is new"), func(ctx context.Context, who auth.Actor, in *Named) (*one[warning.View], error) {
		return s.warn(ctx, who, in.ID, func(id warning.ID) error {
			_, err := s.Warnings.Revise(ctx, who, id)
			return err
		})
	})
	route(s, post("/warnings/{id}/letter", "Also send a warning on paper"), func(ctx context.Context, who auth.Actor, in *Named) (*one[warning.View], error) {
		return s.warn(ctx, who, in.ID, func(id warning.ID) error {
			_, err := s.Warnings.MakeLetter(ctx, who, id)
			return err
		})
	})
}

// warn does a verb to a warning and shows what has become of it.
func (s *server) warn(ctx context.Context, who auth.Actor, text string, do func(id warning.ID) error) (*one[warning.View], error) {
	id, err := warning.ParseID(text)
	if err != nil {
		return nil, err
	}
	if err := do(id); err != nil {
		return nil, err
	}
	return s.oneWarning(ctx, who, text, "")
}

func (s *server) oneWarning(ctx context.Context, who auth.Actor, text, lang string) (*one[warning.View], error) {
	id, err := warning.ParseID(text)
	if err != nil {
		return nil, err
	}
	return answer(s.Warnings.Get(ctx, who, id, language(who, lang)))
}

// language is the one that is asked for, else the caller's own.
func language(who auth.Actor, asked string) string {
	if asked != "" {
		return asked
	}
	return who.Language
}

// Storm is a set of warnings that wait for a person.
type Storm struct {
	ID            string             `json:"id"`
	State         warning.StormState `json:"state"`
	Reason        string             `json:"reason" doc:"cause or volume"`
	Cause         *string            `json:"cause"`
	Document      *string            `json:"document"`
	Source        *string            `json:"source"`
	Organisations int64              `json:"organisations"`
	Opened        int64              `json:"opened" doc:"Findings that the delivery opened."`
	At            *time.Time         `json:"at"`
	DecidedAt     *time.Time         `json:"decided_at"`
	DecidedBy     *string            `json:"decided_by"`
}

type stormNamed struct {
	ID   int64 `path:"id"`
	Body struct {
		Reason string `json:"reason,omitempty"`
	}
}

// Decided is how many warnings a decision was about.
type Decided struct {
	Warnings int `json:"warnings"`
}

func (s *server) storms() {
	route(s, get("/storms", "List storms that were held for a person"), func(ctx context.Context, who auth.Actor, in *Paging) (*list[Storm], error) {
		var found []warning.Storm
		var names map[int64]string
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			if found, err = s.Warnings.Storms(tx, who); err != nil {
				return err
			}
			names, err = s.Intake.Names(tx)
			return err
		})
		if err != nil {
			return nil, err
		}
		sortBy(found, func(x warning.Storm) int64 { return x.ID })
		cutOut, err := through(found, *in, func(x warning.Storm) int64 { return x.ID })
		if err != nil {
			return nil, err
		}
		return listed(each(cutOut.Body.Items, func(x warning.Storm) Storm {
			return Storm{
				ID: strconv.FormatInt(x.ID, 10), State: x.State, Reason: x.Reason, Cause: text(x.Cause), Document: label("S", x.Document),
				Source: text(names[x.Source]), Organisations: x.Organisations, Opened: x.Opened, At: instant(x.Time()),
				DecidedAt: instant(db.Time(x.Decided)), DecidedBy: text(x.DecidedBy),
			}
		}), cutOut.Body.Next), nil
	})
	decide := func(send bool) func(ctx context.Context, who auth.Actor, in *stormNamed) (*one[Decided], error) {
		return func(ctx context.Context, who auth.Actor, in *stormNamed) (*one[Decided], error) {
			n, err := s.Warnings.Decide(ctx, who, in.ID, send, in.Body.Reason)
			return answer(Decided{Warnings: n}, err)
		}
	}
	route(s, post("/storms/{id}/send", "Let a storm's warnings go"), decide(true))
	route(s, post("/storms/{id}/cancel", "Strike a storm's warnings down"), decide(false))
}

type ruleNamed struct {
	ID   int64 `path:"id"`
	Body warning.Rule
}

type ruleID struct {
	ID int64 `path:"id"`
}

func (s *server) routing() {
	route(s, get("/routing", "List the rules by which warnings are routed"), func(ctx context.Context, who auth.Actor, _ *none) (*list[warning.Rule], error) {
		rules, err := s.Warnings.Rules(ctx, who)
		if err != nil {
			return nil, err
		}
		return listed(rules, ""), nil
	})
	route(s, post("/routing", "Add a rule"), func(ctx context.Context, who auth.Actor, in *struct{ Body warning.Rule }) (*one[warning.Rule], error) {
		in.Body.ID = 0
		return answer(s.Warnings.SetRule(ctx, who, in.Body))
	})
	route(s, patch("/routing/{id}", "Change a rule"), func(ctx context.Context, who auth.Actor, in *ruleNamed) (*one[warning.Rule], error) {
		in.Body.ID = in.ID
		return answer(s.Warnings.SetRule(ctx, who, in.Body))
	})
	route(s, remove("/routing/{id}", "Take a rule away"), func(ctx context.Context, who auth.Actor, in *ruleID) (*none, error) {
		return nil, s.Warnings.DropRule(ctx, who, in.ID)
	})
}

// Done says that something has been asked for.
type Done struct {
	Done bool `json:"done"`
}

func (s *server) digests() {
	route(s, post("/digest/run", "Make the digests now"), func(ctx context.Context, who auth.Actor, _ *none) (*one[Done], error) {
		return answer(Done{Done: true}, s.Warnings.DigestRun(ctx, who))
	})
}
