package api

import (
	"context"
	"strconv"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
)

type indicatorQuery struct {
	Paging
	Text   string `query:"text" doc:"Part of the value."`
	Type   string `query:"type" enum:"ipv4,ipv6,cidr,domain,url,sha256,sha1,md5"`
	State  string `query:"state" enum:"active,held,expired,revoked"`
	Source string `query:"source" doc:"Name of a source that says so."`
}

// decision is why a person lets something be matched, or keeps it from it.
type decision struct {
	ID   string `path:"id"`
	Body struct {
		Reason string `json:"reason"`
	}
}

func (s *server) indicators() {
	show := func(ctx context.Context, who auth.Actor, id string) (*one[intel.Indicator], error) {
		found, _, err := s.Intel.List(ctx, who, intel.Filter{ID: id, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, notThere("indicator", id)
		}
		return answer(found[0], nil)
	}
	route(s, get("/indicators", "List indicators"), func(ctx context.Context, who auth.Actor, in *indicatorQuery) (*list[intel.Indicator], error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		found, next, err := s.Intel.List(ctx, who, intel.Filter{
			Text: in.Text, Type: row.IndicatorType(in.Type), State: intel.State(in.State), Source: in.Source, After: after, Limit: in.Limit,
		})
		if err != nil {
			return nil, err
		}
		return listed(found, following(next)), nil
	})
	route(s, get("/indicators/{id}", "Show an indicator, with what each source says of it"), func(ctx context.Context, who auth.Actor, in *Named) (*one[intel.Indicator], error) {
		return show(ctx, who, in.ID)
	})
	for _, act := range []struct {
		name, summary string
		do            func(ctx context.Context, who auth.Actor, id, reason string) error
	}{
		{"hold", "Keep an indicator from being matched", func(ctx context.Context, who auth.Actor, id, reason string) error {
			return s.Intel.Hold(ctx, who, id, reason)
		}},
		{"release", "Let a held indicator be matched", func(ctx context.Context, who auth.Actor, id, reason string) error {
			return s.Intel.Release(ctx, who, id, reason)
		}},
	} {
		route(s, post("/indicators/{id}/"+act.name, act.summary), func(ctx context.Context, who auth.Actor, in *decision) (*one[intel.Indicator], error) {
			if err := act.do(ctx, who, in.ID, in.Body.Reason); err != nil {
				return nil, err
			}
			return show(ctx, who, in.ID)
		})
	}
}

// following is the cursor of a list whose room says where the next page begins, 0
// for the end.
func following(next int64) string {
	if next == 0 {
		return ""
	}
	return strconv.FormatInt(next, 10)
}
