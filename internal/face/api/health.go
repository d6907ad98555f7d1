package api

import (
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/deliver"
)

func (s *server) contactHealth() {
	route(s, get("/contacts/health", "Show which contacts are unwell, gravest first"), func(ctx context.Context, who auth.Actor, in *struct {
		Kind         []string `query:"kind,explode" enum:"no-contact,bounced,silent,no-24x7,key-expired,key-expiring"`
		Organisation string   `query:"organisation" doc:"Code."`
		Language     string   `query:"language" enum:"vi,en" doc:"Of what to do; the caller's own where it is not given."`
	},
	) (*list[deliver.Health], error) {
		q := deliver.HealthQuery{Language: language(who, in.Language)}
		for _, k := range in.Kind {
			q.Kinds = append(q.Kinds, deliver.Ailment(k))
		}
		if in.Organisation != "" {
			o, err := s.Estate.ShowOrganisation(ctx, who, in.Organisation)
			if err != nil {
				return nil, err
			}
			q.Organisation = o.ID
		}
		found, err := s.Deliveries.Health(ctx, who, q)
		if err != nil {
			return nil, err
		}
		return listed(found, ""), nil
	})
}
