package web

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/city/duty"
	"tocsin/internal/face/web/ui"
)

// callState shows what has become of a call.
func callState(p *ui.Page, state duty.State) templ.Component {
	tone := ui.TonePlain
	switch state {
	case duty.Open:
		tone = ui.ToneHigh
	case duty.Reached:
		tone = ui.ToneGood
	case duty.Unreached, duty.WrongNumber:
		tone = ui.ToneMedium
	case duty.Dropped:
	}
	return ui.Badge(tone, p.T("duty.call."+string(state)))
}

// callList is the call sheet in the order of calling.
func (s *Site) callList(p *ui.Page, calls []duty.Call, edits bool) templ.Component {
	type x = duty.Call
	t := ui.Table[x]{
		ID: "calls", Plain: true, Caption: p.T("work.calls.title"), Rows: calls,
		Columns: []ui.Column[x]{
			{Key: "name", Label: p.T("work.call.whom"), Cell: func(c x) templ.Component { return ui.Text(firstWord(c.Name, c.Email)) }},
			{Key: "phone", Label: p.T("work.part.phone"), Cell: func(c x) templ.Component {
				if c.Phone == "" {
					return ui.Text(p.T("work.call.no_phone"))
				}
				return telephone(c.Phone)
			}},
			{Key: "organisation", Label: p.T("work.organisation"), Cell: func(c x) templ.Component { return s.bodyCell(p, c.Organisation) }},
			{Key: "about", Label: p.T("work.call.about"), Cell: func(c x) templ.Component { return subjectCell(p, c.About) }},
			{Key: "reason", Label: p.T("work.reason"), Cell: func(c x) templ.Component { return ui.Text(p.T("duty.reason." + string(c.Reason))) }},
			{Key: "due", Label: p.T("work.call.due"), Cell: func(c x) templ.Component { return ui.Ago(p, c.Due) }},
			{Key: "state", Label: p.T("work.state"), Off: true, Cell: func(c x) templ.Component { return callState(p, c.State) }},
		},
		Empty: ui.Nothing{Title: p.T("work.calls.none"), Why: p.T("work.calls.none_why")},
	}
	if edits {
		t.Href = func(c x) string { return "/duty/calls/" + c.ID.String() }
	}
	return ui.List(p, t)
}

// dial is the address by which a telephone dials.
func dial(phone string) string {
	return "tel:" + strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c == '+' {
			return c
		}
		return -1
	}, phone)
}

func (s *Site) calls(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.calls.title")
	all, err := s.Duty.Sheet(r.Context(), who(r))
	if err != nil {
		return err
	}
	return s.lay(w, r, p, top{Heading: ui.Heading{Lead: p.T("work.calls.lead"), Crumbs: []ui.Crumb{dutyCrumb(p)}}}, s.callList(p, all, may(r, auth.DutyEdit)))
}

func (s *Site) callOf(r *http.Request) (duty.Call, error) {
	id, err := duty.ParseCallID(r.PathValue("id"))
	if err != nil {
		return duty.Call{}, err
	}
	return s.Duty.Call(r.Context(), who(r), id)
}

func (s *Site) call(w http.ResponseWriter, r *http.Request) error {
	c, err := s.callOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	page, err := s.callPage(p, r, c)
	if err != nil {
		return err
	}
	return s.show(w, r, page)
}

// callPage is what the caller has before them: whom, what to say, and where to
// write what came of it.
func (s *Site) callPage(p *ui.Page, r *http.Request, c duty.Call) (templ.Component, error) {
	p.Title = p.T("work.call.title", "name", firstWord(c.Name, c.Email))
	before, err := s.Duty.CallsAbout(r.Context(), who(r), c.About)
	if err != nil {
		return nil, err
	}
	phone := ui.Text(p.T("work.call.no_phone"))
	if c.Phone != "" {
		phone = telephone(c.Phone)
	}
	parts := []templ.Component{panel(p.T("work.call.say"), ui.Facts(p, []ui.Fact{
		{Label: p.T("work.call.whom"), Value: strong(c.Name), Note: c.Email},
		{Label: p.T("work.part.phone"), Value: phone},
		{Label: p.T("work.organisation"), Value: s.bodyCell(p, c.Organisation)},
		{Label: p.T("work.call.about"), Value: subjectCell(p, c.About), Note: c.Detail},
		{Label: p.T("work.reason"), Value: ui.Text(p.T("duty.reason." + string(c.Reason)))},
		{Label: p.T("work.call.due"), Value: ui.When(p, c.Due)},
		{Label: p.T("work.state"), Value: callState(p, c.State), Note: c.Note},
	}))}
	if c.State == duty.Open && may(r, auth.DutyEdit) {
		parts = append(parts, panel(p.T("work.call.record"), posting("/duty/calls/"+c.ID.String(),
			ui.Field(p, ui.Input{Name: "state", Label: p.T("work.call.outcome"), Kind: ui.InputRadio, Required: true, Choices: words(p, "duty.call.", string(duty.Reached), string(duty.Unreached), string(duty.WrongNumber))}),
			ui.Field(p, ui.Input{Name: "note", Label: p.T("work.call.note"), Hint: p.T("work.call.note_hint"), Kind: ui.InputLong}),
			ui.Acts(p, ui.Button{Label: p.T("work.call.record"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: "/duty/calls"}),
		)))
	}
	var moments []ui.Moment
	for _, b := range before {
		if b.State != duty.Open && b.ID != c.ID {
			moments = append(moments, ui.Moment{At: b.Closed, Who: b.ClosedBy, What: b.Name + ": " + p.T("duty.call."+string(b.State)), Extra: some(p, b.Note)})
		}
	}
	if len(moments) > 0 {
		parts = append(parts, panel(p.T("work.call.before"), ui.Timeline(p, moments)))
	}
	return board(p, top{Heading: ui.Heading{Crumbs: []ui.Crumb{dutyCrumb(p), {Label: p.T("work.calls.title"), Href: "/duty/calls"}}}}, parts), nil
}

func (s *Site) callRecord(w http.ResponseWriter, r *http.Request) error {
	c, err := s.callOf(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	err = s.recordCall(r, c, duty.Outcome{State: duty.State(r.PostForm.Get("state")), Note: tidy(r.PostForm, "note")})
	if err != nil {
		p := s.page(w, r, "")
		page, pageErr := s.callPage(p, r, c)
		if pageErr != nil {
			return pageErr
		}
		// Parts are drawn when the page is, so they know of the problems.
		return s.amiss(w, r, p, "duty", err, func() templ.Component { return page })
	}
	return s.done(w, r, "/duty/calls", ui.Flash{Text: s.voice(r).T("work.call.recorded", "name", firstWord(c.Name, c.Email))})
}

// recordCall writes down what came of a call of the sheet.
func (s *Site) recordCall(r *http.Request, c duty.Call, o duty.Outcome) error {
	_, err := s.Duty.RecordCall(r.Context(), who(r), c.ID, o)
	return err
}
