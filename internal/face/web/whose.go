package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/city/estate/whose"
	"tocsin/internal/face/web/ui"
)

// whoseIs answers whose something was at a time, by which rule, and who else
// claims it. What the answer names and the scope hides is answered as nobody's.
func (s *Site) whoseIs(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.whose.title")
	realms, err := s.Estate.Realms(r.Context(), who(r))
	if err != nil {
		return err
	}
	var choices []ui.Choice
	for _, realm := range realms {
		choices = append(choices, ui.Choice{Value: realm, Label: realmName(p, realm)})
	}
	if len(choices) == 0 {
		choices = []ui.Choice{{Value: whose.Public, Label: realmName(p, whose.Public)}}
	}
	at := p.Now
	if v := p.Query("at"); v != "" {
		if t, err := time.ParseInLocation(momentForm, v, p.Zone()); err == nil {
			at = t
		} else {
			wrong(p, "at", "work.wrong.moment")
		}
	}
	form := panel("", asking("/whose",
		ui.Field(p, ui.Input{Name: "what", Label: p.T("work.whose.what"), Hint: p.T("work.whose.what_hint"), Value: p.Query("what"), Mono: true, Required: true}),
		box("form-row",
			ui.Field(p, ui.Input{Name: "at", Label: p.T("work.whose.at"), Kind: ui.InputMoment, Value: at.In(p.Zone()).Format(momentForm), Required: true}),
			ui.Field(p, ui.Input{Name: "realm", Label: p.T("work.realm"), Kind: ui.InputSelect, Value: firstWord(p.Query("realm"), whose.Public), Choices: choices, Required: true}),
		),
		ui.Act(p, ui.Button{Label: p.T("work.whose.ask"), Submit: true, Kind: ui.KindPrimary, Icon: ui.IconSearch}),
	))
	var answer templ.Component
	if what := p.Query("what"); what != "" && len(p.Problems) == 0 {
		o, ok := whose.Parse(what)
		if !ok {
			wrong(p, "what", "work.wrong.observable")
		} else {
			answer = s.whoseAnswer(p, r, firstWord(p.Query("realm"), whose.Public), o, at)
		}
	}
	t := top{Heading: ui.Heading{Lead: p.T("work.whose.lead"), Crumbs: []ui.Crumb{{Label: p.T("web.nav.organisations"), Href: "/organisations"}}}}
	return s.lay(w, r, p, t, answer, form)
}

func (s *Site) whoseAnswer(p *ui.Page, r *http.Request, realm string, o whose.Observable, at time.Time) templ.Component {
	a := s.Estate.WhoseIs(realm, o, at)
	scope := who(r).Scope
	var parts []templ.Component
	switch {
	case a.Owned() && scope.Has(a.Organisation):
		parts = append(parts, notice(ui.ToneGood,
			strong(p.T("work.whose.is", "what", p.Query("what"), "name", s.orgName(p, a.Organisation))),
			para(s.ruleWords(p, a.Rule()))))
		facts := []ui.Fact{
			{Label: p.T("work.organisation"), Value: s.bodyCell(p, a.Organisation), Note: a.Code},
			{Label: p.T("work.whose.rule"), Value: ui.Code(a.Rule())},
			{Label: p.T("work.whose.at"), Value: ui.When(p, at)},
		}
		if a.Address > 0 {
			id := "A" + strconv.FormatInt(a.Address, 10)
			facts = append(facts, ui.Fact{Label: p.T("work.whose.record"), Value: ui.Link("/addresses/"+id, id)})
		}
		if a.Endpoint > 0 {
			id := "H" + strconv.FormatInt(a.Endpoint, 10)
			facts = append(facts, ui.Fact{Label: p.T("work.whose.record"), Value: ui.Link("/endpoints/"+id, id)})
		}
		parts = append(parts, ui.Facts(p, facts))
	case a.Owned():
		parts = append(parts, notice(ui.ToneUnknown, ui.Text(p.T("work.whose.nobody", "what", p.Query("what"), "reason", p.T("estate.reason.nobody")))))
	default:
		parts = append(parts, notice(ui.ToneUnknown, ui.Text(p.T("work.whose.nobody", "what", p.Query("what"), "reason", p.T("estate.reason."+a.Reason.String())))))
	}
	if others := s.Estate.Others(who(r), realm, o, at); len(others) > 0 {
		var facts []ui.Fact
		for _, other := range others {
			facts = append(facts, ui.Fact{Label: s.orgName(p, other.Organisation), Value: ui.Text(s.ruleWords(p, other.Rule()))})
		}
		parts = append(parts, strong(p.T("work.whose.others")), ui.Facts(p, facts))
	}
	return panel(p.T("work.whose.answer"), parts...)
}
