package api

import (
	"context"
	"strconv"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/intel"
)

type indicatorQuery struct {
	Paging
	Text string `query:"text" doc:"Part of the value."`
}

func (s *server) indicators() {
	route(s, get("/indicators", "List indicators"), func(ctx context.Context, who auth.Actor, in *indicatorQuery) (*list[intel.Indicator], error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		found, next, err := s.Intel.List(ctx, who, intel.Filter{Text: in.Text, After: after, Limit: in.Limit})
		if err != nil {
			return nil, err
		}
		cursor := ""
		if next > 0 {
			cursor = strconv.FormatInt(next, 10)
		}
		return listed(found, cursor), nil
	})
	route(s, get("/indicators/{id}", "Show an indicator"), func(ctx context.Context, who auth.Actor, in *Named) (*one[intel.Indicator], error) {
		found, _, err := s.Intel.List(ctx, who, intel.Filter{ID: in.ID, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, notThere("indicator", in.ID)
		}
		return answer(found[0], nil)
	})
}
