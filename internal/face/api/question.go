package api

import (
	"context"
	"slices"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/match/product"
)

// Question is a pair of names of which it is not sure that they mean one product.
type Question struct {
	Vendor         string   `json:"vendor" doc:"As the inventory writes it."`
	Product        string   `json:"product"`
	AdvisoryVendor string   `json:"advisory_vendor" doc:"As the advisory writes it."`
	AdvisoryName   string   `json:"advisory_name"`
	Why            []string `json:"why" nullable:"false" doc:"Why they may mean the same: keys of the catalogues."`
	Machines       int      `json:"machines"`
	Organisations  []string `json:"organisations" nullable:"false"`
	Advisories     []string `json:"advisories" nullable:"false"`
	Findings       []string `json:"findings" nullable:"false" doc:"What hangs on the answer, the gravest first."`
}

// Answered is a question with what an analyst says.
type Answered struct {
	Vendor         string `json:"vendor,omitempty"`
	Product        string `json:"product"`
	AdvisoryVendor string `json:"advisory_vendor,omitempty"`
	AdvisoryName   string `json:"advisory_name"`
	Same           bool   `json:"same" doc:"Both names mean one product."`
	Reason         string `json:"reason,omitempty"`
}

func (s *server) questions() {
	route(s, get("/questions", "List the pairs of names that wait for an analyst"), func(ctx context.Context, who auth.Actor, in *Paging) (*list[Question], error) {
		found, err := s.Findings.Questions(ctx, who, 0)
		if err != nil {
			return nil, err
		}
		type numbered struct {
			finding.Question

			place int64
		}
		all := make([]numbered, len(found))
		for i, q := range found {
			all[i] = numbered{q, int64(i) + 1}
		}
		part, err := through(all, *in, func(q numbered) int64 { return q.place })
		if err != nil {
			return nil, err
		}
		return listed(each(part.Body.Items, func(q numbered) Question { return s.sayQuestion(q.Question) }), part.Body.Next), nil
	})
	route(s, post("/questions/answer", "Say whether two names mean one product"), func(ctx context.Context, who auth.Actor, in *struct{ Body Answered }) (*one[Answered], error) {
		a := in.Body
		err := s.Findings.Answer(ctx, who, product.Answer{
			Vendor: a.Vendor, Product: a.Product, AdvisoryVendor: a.AdvisoryVendor, AdvisoryName: a.AdvisoryName, Same: a.Same,
		}, a.Reason)
		return answer(a, err)
	})
}

func (s *server) sayQuestion(q finding.Question) Question {
	out := Question{
		Vendor: q.Vendor, Product: q.Product, AdvisoryVendor: q.AdvisoryVendor, AdvisoryName: q.AdvisoryName, Machines: q.Machines,
		Why: []string{}, Organisations: []string{}, Advisories: []string{}, Findings: []string{},
	}
	add := func(list *[]string, word string) {
		if word != "" && !slices.Contains(*list, word) {
			*list = append(*list, word)
		}
	}
	for _, f := range q.Findings {
		add(&out.Organisations, s.Estate.Code(f.Organisation))
		add(&out.Advisories, intel.AdvisoryLabel(f.Advisory))
		add(&out.Findings, f.ID.String())
		if f.Detail != nil {
			for _, why := range f.Detail.Why {
				add(&out.Why, why)
			}
		}
	}
	return out
}
