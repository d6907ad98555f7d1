package api

import (
	"context"
	"encoding/json"

	"tocsin/internal/base/auth"
	"tocsin/internal/city/regime"
)

// Rule is a rule that the city works under.
type Rule struct {
	Name     string          `json:"name"`
	Value    json.RawMessage `json:"value"`
	Citation string          `json:"citation"`
	Mark     regime.Mark     `json:"mark" doc:"V verified, P press, G general knowledge, I inferred, D Tocsin's own choice, C changed by the city."`
}

// Day is a day that is not like its weekday.
type Day struct {
	Date     string      `json:"date"`
	Working  bool        `json:"working"`
	NameVi   string      `json:"name_vi"`
	NameEn   string      `json:"name_en"`
	Citation string      `json:"citation"`
	Mark     regime.Mark `json:"mark"`
}

type year struct {
	Year int `path:"year" minimum:"1900" maximum:"2199"`
}

func (s *server) rules() {
	say := func(r regime.Rule) Rule {
		return Rule{Name: r.Name, Value: r.Value, Citation: r.Source.Citation, Mark: r.Source.Mark}
	}
	route(s, get("/regime", "List the rules in force"), func(_ context.Context, who auth.Actor, _ *none) (*list[Rule], error) {
		if err := auth.May(who, auth.RegimeView); err != nil {
			return nil, err
		}
		return listed(each(s.Regime.Rules(), say), ""), nil
	})
	route(s, get("/regime/{id}", "Show a rule"), func(_ context.Context, who auth.Actor, in *Named) (*one[Rule], error) {
		if err := auth.May(who, auth.RegimeView); err != nil {
			return nil, err
		}
		for _, r := range s.Regime.Rules() {
			if r.Name == in.ID {
				return answer(say(r), nil)
			}
		}
		return nil, notThere("rule", in.ID)
	})
	route(s, get("/calendar/{year}", "List the special days of a year"), func(_ context.Context, who auth.Actor, in *year) (*list[Day], error) {
		if err := auth.May(who, auth.RegimeView); err != nil {
			return nil, err
		}
		return listed(each(s.Regime.Calendar().Year(in.Year), func(d regime.Day) Day {
			return Day{Date: d.Date, Working: d.Working, NameVi: d.NameVi, NameEn: d.NameEn, Citation: d.Source.Citation, Mark: d.Source.Mark}
		}), ""), nil
	})
}
