package web

import (
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/city/estate"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/deliver"
)

// contactHealth is which ways to people are broken. An officer sees those of the
// own body.
func (s *Site) contactHealth(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "health.title")
	all, err := s.Deliveries.Health(r.Context(), who(r), deliver.HealthQuery{Language: p.Lang()})
	if err != nil {
		return err
	}
	numbers := map[deliver.Ailment]int{}
	for _, h := range all {
		numbers[h.Kind]++
	}
	chosen := p.URL.Query()["kind"]
	all = slices.DeleteFunc(all, func(h deliver.Health) bool { return len(chosen) > 0 && !slices.Contains(chosen, string(h.Kind)) })
	var kinds []ui.Option
	for _, k := range deliver.Ailments() {
		kinds = append(kinds, ui.Option{Value: string(k), Label: p.T("health.kind." + string(k)), Count: numbers[k]})
	}
	total := len(all)
	type x = deliver.Health
	return showList(s, w, r, p, listing[x]{
		Top: top{Heading: ui.Heading{Lead: p.T("health.lead")}},
		Table: ui.Table[x]{
			ID: "contact-health", Caption: p.T("health.title"), Rows: all[:min(total, max(wanted(r), 500))], Total: total,
			Columns: []ui.Column[x]{
				{Key: "organisation", Label: p.T("work.organisation"), Wide: true, Cell: func(h x) templ.Component { return s.bodyCell(p, h.Complaint.Organisation) }},
				{Key: "kind", Label: p.T("health.kind"), Cell: func(h x) templ.Component { return ui.Text(p.T("health.kind." + string(h.Kind))) }},
				{Key: "severity", Label: p.T("work.severity"), Cell: func(h x) templ.Component { return ui.Severity(p, h.Severity) }},
				{Key: "contact", Label: p.T("health.about"), Cell: func(h x) templ.Component { return aboutContact(p, h) }},
				{Key: "since", Label: p.T("health.since"), Cell: func(h x) templ.Component {
					if h.Since == nil {
						return ui.None(p)
					}
					return ui.When(p, *h.Since)
				}},
				{Key: "todo", Label: p.T("health.todo"), Wide: true, Cell: func(h x) templ.Component { return ui.Text(h.Todo) }},
			},
			Bar:   ui.FilterBar{Filters: []ui.Filter{{Name: "kind", Label: p.T("health.kind"), Options: kinds}}},
			Empty: ui.Nothing{Title: p.T("health.none"), Why: p.T("health.none_why")},
		},
	})
}

// aboutContact is whom a complaint is about.
func aboutContact(p *ui.Page, h deliver.Health) templ.Component {
	switch {
	case h.Contact != "":
		return ui.Link("/contacts/"+h.Contact, h.Email)
	case h.Count > 0:
		return ui.Link(query("/warnings", "organisation", h.Organisation), p.N("health.unanswered", h.Count))
	}
	return ui.Quiet(p.T("health.whole"))
}

// unwell says on an organisation's page what is wrong with the way to its people;
// nil where nothing is, or where the page says so already.
func (s *Site) unwell(p *ui.Page, r *http.Request, o estate.Organisation) (templ.Component, error) {
	if !may(r, auth.DeliveryView) || !may(r, auth.WarningView) {
		return nil, nil //nolint:nilnil // the reader may not know
	}
	all, err := s.Deliveries.Health(r.Context(), who(r), deliver.HealthQuery{Organisation: o.ID, Language: p.Lang()})
	if err != nil {
		return nil, err
	}
	var facts []ui.Fact
	for _, h := range all {
		if h.Kind != deliver.NoContact {
			facts = append(facts, ui.Fact{Label: p.T("health.kind." + string(h.Kind)), Value: aboutContact(p, h), Note: h.Todo})
		}
	}
	if len(facts) == 0 {
		return nil, nil //nolint:nilnil // nothing is wrong
	}
	return panel(p.T("health.of"), ui.Facts(p, facts), ui.Link("/contacts/health", p.T("health.open"))), nil
}
