package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/warning"
)

func (s *Site) warningOf(r *http.Request) (warning.View, error) {
	id, err := warning.ParseID(r.PathValue("id"))
	if err != nil {
		return warning.View{}, err
	}
	return s.Warnings.Get(r.Context(), who(r), id, ui.Language(r))
}

// warning is one warning with its life and clock, what it tells of, to whom it
// went and what was said.
func (s *Site) warning(w http.ResponseWriter, r *http.Request) error {
	v, err := s.warningOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	p.Title = p.T("work.warning.title", "id", v.ID, "name", v.OrganisationName)
	live, err := s.Findings.List(r.Context(), who(r), finding.Filter{Warning: int64(v.Warning.ID), Order: "worst", Limit: 30})
	if err != nil {
		return err
	}
	var deliveries []deliver.View
	if may(r, auth.DeliveryView) {
		if deliveries, err = s.Deliveries.List(r.Context(), who(r), deliver.Query{Warning: v.Warning.ID}); err != nil {
			return err
		}
	}
	var past []journal.Entry
	if err := s.read(r, func(tx *db.Tx) error {
		past, err = s.Journal.History(tx, v.Warning.ID.Subject())
		return err
	}); err != nil {
		return err
	}
	var instants []deliver.Instants
	if may(r, auth.DeliveryView) {
		if instants, err = s.Deliveries.Instants(r.Context(), who(r), v.Warning.ID); err != nil {
			return err
		}
	}
	calls, err := s.warningCalls(p, r, v)
	if err != nil {
		return err
	}
	said, err := s.warningSaid(p, r, v)
	if err != nil {
		return err
	}
	marks := []templ.Component{ui.Severity(p, v.Severity), ui.State(p, "warning", string(v.State)), ui.TLP(p, v.TLP)}
	if v.Revision > 1 {
		marks = append(marks, ui.Text(p.T("work.warning.revision", "n", v.Revision)))
	}
	total := int64(len(v.Findings))
	return s.lay(w, r, p,
		top{Heading: ui.Heading{Lead: v.Subject, Crumbs: []ui.Crumb{{Label: p.T("web.nav.warnings"), Href: "/warnings"}}}, Marks: marks},
		holdNotice(p, v),
		ui.Life(p, ui.LifeLine{Noun: "warning", Steps: warningSteps(v), Acts: s.warningActs(p, r, v)}),
		box("grid-2",
			panel(p.T("work.warning.clocks"), s.warningClocks(p, v)),
			panel(p.T("work.record.facts"), ui.Facts(p, []ui.Fact{
				{Label: p.T("work.organisation"), Value: s.body(p, v.Organisation)},
				{Label: p.T("work.warning.what"), Value: ui.Text(warningWhat(p, v))},
				{Label: p.T("work.warning.cadence"), Value: ui.Text(p.T("warning.cadence." + string(v.Cadence)))},
				{Label: p.T("work.warning.rung"), Value: some(p, rungWords(p, v.Rung))},
				{Label: p.T("work.warning.created"), Value: ui.When(p, v.Warning.Created)},
			})),
		),
		s.instantsPanel(p, instants),
		panel(p.T("work.findings"), s.findingTable(p, live.Items, total)),
		s.deliveryPanel(p, r, deliveries),
		calls,
		box("grid-2", panelOf(p.T("work.history"), s.warningPast(p, past)), said),
	)
}

func holdNotice(p *ui.Page, v warning.View) templ.Component {
	if v.State != warning.Draft {
		return nil
	}
	text := p.T("work.warning.gathering")
	switch rule, isRule := strings.CutPrefix(v.Hold, warning.HoldRule); {
	case v.Hold == warning.HoldStorm || v.Hold == warning.HoldRed:
		text = p.T("warning.hold." + v.Hold)
	case isRule:
		text = p.T("warning.hold.rule", "rule", rule)
	}
	parts := []templ.Component{ui.Text(text + ". ")}
	if v.Storm > 0 {
		parts = append(parts, ui.Link(stormHref(warning.Storm{ID: v.Storm}), p.T("work.storm.decide")))
	}
	return notice(ui.ToneMedium, parts...)
}

// warningSteps is the life of a warning as a line: what it went through and, of
// one that lives, what is still ahead.
func warningSteps(v warning.View) []ui.Step {
	w := v.Warning
	var steps []ui.Step
	add := func(state warning.State, at time.Time, who, note string) {
		steps = append(steps, ui.Step{State: string(state), At: at, Who: who, Note: note, Now: v.State == state})
	}
	if v.State == warning.Draft || w.Sent.IsZero() {
		add(warning.Draft, w.Created, "", "")
	}
	if !w.Sent.IsZero() || v.State == warning.Draft {
		add(warning.Sent, w.Sent, "", "")
	}
	if !w.Acknowledged.IsZero() || v.State == warning.Draft || v.State == warning.Sent || v.State == warning.Closed {
		add(warning.Acknowledged, w.Acknowledged, w.AcknowledgedBy, "")
	}
	switch v.State {
	case warning.Cancelled, warning.Expired:
		add(v.State, w.Ended, "", w.Reason)
	case warning.Draft, warning.Sent, warning.Acknowledged, warning.Closed:
		add(warning.Closed, w.Ended, "", "")
	}
	return steps
}

func (s *Site) warningClocks(p *ui.Page, v warning.View) templ.Component {
	w := v.Warning
	if w.Sent.IsZero() {
		return hushed(p.T("work.warning.no_clock"))
	}
	parts := []templ.Component{strong(p.T("work.warning.to_ack")), box("", s.warningClock(p, v))}
	remedy := w.Remedy
	switch {
	case !remedy.IsZero():
		m := ui.Meter{Verb: "fixed", From: w.Acknowledged, Due: remedy}
		if v.State == warning.Closed {
			m.Done = w.Ended
		}
		parts = append(parts, strong(p.T("work.warning.to_mend")), box("", ui.Timer(p, m)))
	case v.State == warning.Sent:
		parts = append(parts, hushed(p.T("work.warning.mend_later", "due", s.Warnings.RemedyBy(w, p.Now))))
	}
	return box("stack-tight", parts...)
}

// warningActs are what can be done to a warning; what its state does not allow
// says why.
func (s *Site) warningActs(p *ui.Page, r *http.Request, v warning.View) []ui.Button {
	href := "/warnings/" + v.ID
	var acts []ui.Button
	add := func(act warning.Act, b ui.Button) {
		t := warning.Of(act)
		if !may(r, t.May) {
			return
		}
		if !slices.Contains(t.From, v.State) {
			b.Href, b.Action, b.Kind = "", "", ""
			b.Why = p.T("work.warning.why."+string(act), "state", p.T("ui.state.warning."+string(v.State)))
		}
		acts = append(acts, b)
	}
	if v.State == warning.Draft {
		add(warning.ActSend, ui.Button{Label: p.T("work.warning.send"), Href: href + "/send", Kind: ui.KindPrimary, Icon: ui.IconSend})
	}
	acknowledge := ui.Button{Label: p.T("work.warning.acknowledge"), Action: href + "/acknowledge", Icon: ui.IconTick}
	if calm(string(who(r).Role)) {
		acknowledge.Kind = ui.KindPrimary
	}
	add(warning.ActAcknowledge, acknowledge)
	add(warning.ActRevise, ui.Button{Label: p.T("work.warning.revise"), Href: href + "/revise", Icon: ui.IconRefresh})
	add(warning.ActLetter, ui.Button{Label: p.T("work.warning.letter"), Href: href + "/letter", Icon: ui.IconFile})
	add(warning.ActCancel, ui.Button{Label: p.T("work.warning.cancel"), Href: href + "/cancel", Kind: ui.KindDanger})
	return acts
}

func (s *Site) deliveryPanel(p *ui.Page, r *http.Request, all []deliver.View) templ.Component {
	if !may(r, auth.DeliveryView) {
		return nil
	}
	return panel(p.T("work.deliveries.title"), ui.List(p, ui.Table[deliver.View]{
		ID: "deliveries", Plain: true, Caption: p.T("work.deliveries.title"), Rows: all, Href: func(d deliver.View) string { return "/outbox/" + d.ID },
		Columns: s.deliveryColumns(p, false),
		Empty:   ui.Nothing{Title: p.T("work.deliveries.none"), Why: p.T("work.deliveries.not_yet")},
	}))
}

func (s *Site) warningCalls(p *ui.Page, r *http.Request, v warning.View) (templ.Component, error) {
	if !may(r, auth.DutyView) || !who(r).Scope.IsAll() {
		return nil, nil
	}
	all, err := s.Duty.CallsAbout(r.Context(), who(r), v.Warning.ID.Subject())
	if err != nil || len(all) == 0 {
		return nil, err
	}
	type x = duty.Call
	return panel(p.T("work.calls.title"), ui.List(p, ui.Table[x]{
		ID: "calls", Plain: true, Caption: p.T("work.calls.title"), Rows: all, Href: func(c x) string { return "/duty/calls/" + c.ID.String() },
		Columns: []ui.Column[x]{
			{Key: "name", Label: p.T("work.call.whom"), Cell: func(c x) templ.Component { return ui.Text(firstWord(c.Name, c.Email)) }},
			{Key: "phone", Label: p.T("work.part.phone"), Cell: func(c x) templ.Component { return orNone(p, phoneCell(c.Phone)) }},
			{Key: "state", Label: p.T("work.state"), Cell: func(c x) templ.Component { return callState(p, c.State) }},
			{Key: "reason", Label: p.T("work.reason"), Cell: func(c x) templ.Component { return ui.Text(p.T("duty.reason." + string(c.Reason))) }},
			{Key: "note", Label: p.T("work.call.note"), Cell: func(c x) templ.Component { return some(p, c.Note) }},
		},
	})), nil
}

func phoneCell(phone string) templ.Component {
	if phone == "" {
		return nil
	}
	return telephone(phone)
}

// warningPast is what happened to a warning, and whom each telling reached.
func (s *Site) warningPast(p *ui.Page, past []journal.Entry) templ.Component {
	moments := s.moments(p, past)
	slices.Reverse(moments)
	for i, e := range past {
		var call warning.Call
		if unmarshal(e.Body, &call) && len(call.To) > 0 {
			var to []string
			for _, a := range call.To {
				to = append(to, p.T("work.warning.told", "name", firstWord(a.Name, a.Email, a.Phone), "channel", p.T("deliver.channel."+string(a.Channel))))
			}
			moments[i].Extra = bullets(to...)
		}
	}
	slices.Reverse(moments)
	return ui.Timeline(p, moments)
}

// warningSaid is the text of the warning in both languages.
func (s *Site) warningSaid(p *ui.Page, r *http.Request, v warning.View) (templ.Component, error) {
	var parts []templ.Component
	for _, lang := range s.Bundle.Languages() {
		m, err := s.Deliveries.Preview(r.Context(), who(r), v.Warning.ID, lang)
		if err != nil {
			return nil, err
		}
		parts = append(parts, folded(p.T("work.language."+lang), lang == p.Lang(), ui.Evidence(p, ui.Proof{Title: m.Subject, Text: m.Text})))
	}
	return panel(p.T("work.warning.said"), parts...), nil
}

func (s *Site) warningAcknowledge(w http.ResponseWriter, r *http.Request) error {
	id, err := warning.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := s.Warnings.Acknowledge(r.Context(), who(r), id); err != nil {
		return err
	}
	return s.done(w, r, backOr(r, "/warnings/"+id.String()), ui.Flash{Text: s.voice(r).T("work.warning.acknowledged", "id", id)})
}

func (s *Site) warningSendAsk(w http.ResponseWriter, r *http.Request) error {
	v, err := s.warningOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.warning.send")
	m, err := s.Deliveries.Preview(r.Context(), who(r), v.Warning.ID, p.Lang())
	if err != nil {
		return err
	}
	contacts, _, err := s.Estate.ContactList(r.Context(), who(r), estate.Query{Organisation: v.Organisation})
	if err != nil {
		return err
	}
	href := "/warnings/" + v.ID
	var named templ.Component
	if v.Warning.Marking == tlp.Red {
		var choices []ui.Choice
		for _, c := range contacts {
			choices = append(choices, ui.Choice{Value: c.Email, Label: c.Name, Hint: c.Email})
		}
		named = ui.Field(p, ui.Input{Name: "to", Label: p.T("work.warning.red_to"), Hint: p.T("work.warning.red_hint"), Kind: ui.InputChecks, Choices: choices})
	}
	effects := []string{p.T("work.warning.send_effect"), p.T("work.warning.send_clock", "severity", p.T("ui.severity."+v.Severity), "due", s.Regime.AckDue(v.Severity, p.Now))}
	if len(contacts) == 0 {
		effects = append(effects, p.T("work.organisation.no_contact"))
	}
	return s.show(w, r, confirming(p, ui.Preview{
		Question: p.T("work.warning.send_ask", "id", v.ID, "name", v.OrganisationName), Effects: effects,
		Act: ui.Button{Label: p.T("work.warning.send"), Action: href + "/send", Kind: ui.KindPrimary, Icon: ui.IconSend}, Cancel: href,
	}, named, ui.Evidence(p, ui.Proof{Title: m.Subject, Text: m.Text})))
}

func (s *Site) warningSend(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	return s.moveWarning(w, r, "work.warning.was_sent", func(id warning.ID) error {
		_, err := s.Warnings.Send(r.Context(), who(r), id, warning.Send{To: r.PostForm["to"]})
		return err
	})
}

// moveWarning does an act that needs no more than the warning, and says so.
func (s *Site) moveWarning(w http.ResponseWriter, r *http.Request, key string, do func(warning.ID) error) error {
	id, err := warning.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := do(id); err != nil {
		return err
	}
	return s.done(w, r, "/warnings/"+id.String(), ui.Flash{Text: s.voice(r).T(key, "id", id)})
}

// askWarning is the page before an act.
func (s *Site) askWarning(w http.ResponseWriter, r *http.Request, act string) error {
	v, err := s.warningOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.warning."+act)
	return s.show(w, r, warningQuestion(p, v, act))
}

func warningQuestion(p *ui.Page, v warning.View, act string) templ.Component {
	href := "/warnings/" + v.ID
	c := ui.Preview{
		Question: p.T("work.warning."+act+"_ask", "id", v.ID, "name", v.OrganisationName), Effects: []string{p.T("work.warning." + act + "_effect")},
		Act: ui.Button{Label: p.T("work.warning." + act), Action: href + "/" + act, Kind: ui.KindPrimary}, Cancel: href,
	}
	if act == "cancel" {
		c.Act.Kind, c.Reason, c.Hint = ui.KindDanger, p.T("work.reason"), p.T("work.warning.cancel_hint")
	}
	return confirming(p, c)
}

func (s *Site) warningCancelAsk(w http.ResponseWriter, r *http.Request) error {
	return s.askWarning(w, r, "cancel")
}

func (s *Site) warningCancel(w http.ResponseWriter, r *http.Request) error {
	v, err := s.warningOf(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	_, err = s.Warnings.Cancel(r.Context(), who(r), v.Warning.ID, tidy(r.PostForm, "reason"))
	if errs.Is(err, errs.Invalid) {
		p := s.page(w, r, "work.warning.cancel")
		wrong(p, "reason", "web.fault.say-why")
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, warningQuestion(p, v, "cancel"))
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/warnings/"+v.ID, ui.Flash{Text: s.voice(r).T("work.warning.cancelled", "id", v.ID)})
}

func (s *Site) warningReviseAsk(w http.ResponseWriter, r *http.Request) error {
	return s.askWarning(w, r, "revise")
}

func (s *Site) warningRevise(w http.ResponseWriter, r *http.Request) error {
	return s.moveWarning(w, r, "work.warning.revised", func(id warning.ID) error {
		_, err := s.Warnings.Revise(r.Context(), who(r), id)
		return err
	})
}

func (s *Site) warningLetterAsk(w http.ResponseWriter, r *http.Request) error {
	return s.askWarning(w, r, "letter")
}

func (s *Site) warningLetter(w http.ResponseWriter, r *http.Request) error {
	return s.moveWarning(w, r, "work.warning.letter_made", func(id warning.ID) error {
		_, err := s.Warnings.MakeLetter(r.Context(), who(r), id)
		return err
	})
}
