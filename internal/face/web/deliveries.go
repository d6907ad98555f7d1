package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/warning"
)

// deliveryColumns are the columns of a list of deliveries, with or without that
// of the warning.
func (s *Site) deliveryColumns(p *ui.Page, of bool) []ui.Column[deliver.View] {
	type x = deliver.View
	columns := []ui.Column[x]{
		{Key: "id", Label: p.T("work.delivery.id"), Cell: func(d x) templ.Component { return ui.Text(d.ID) }},
		{Key: "state", Label: p.T("work.state"), Cell: func(d x) templ.Component { return deliveryState(p, d) }},
		{Key: "channel", Label: p.T("work.delivery.channel"), Cell: func(d x) templ.Component { return ui.Text(p.T("deliver.channel." + string(d.Channel))) }},
		{Key: "recipient", Label: p.T("work.delivery.recipient"), Cell: func(d x) templ.Component { return recipientCell(p, d) }},
		{Key: "reason", Label: p.T("work.delivery.why"), Off: of, Cell: func(d x) templ.Component { return ui.Text(deliveryReason(p, d.Reason)) }},
		{Key: "created", Label: p.T("work.delivery.created"), Off: !of, Cell: func(d x) templ.Component { return ui.Ago(p, d.Delivery.Created) }},
		{Key: "attempts", Label: p.T("work.delivery.attempts"), Number: true, Cell: func(d x) templ.Component { return number(p, d.Attempts) }},
		{Key: "reply", Label: p.T("work.delivery.reply"), Cell: func(d x) templ.Component { return replyCell(p, d) }},
	}
	if of {
		warned := ui.Column[x]{Key: "warning", Label: p.T("work.warning.id"), Cell: func(d x) templ.Component {
			if d.Warning == "" {
				return ui.None(p)
			}
			return ui.Link("/warnings/"+d.Warning, d.Warning)
		}}
		columns = slices.Insert(columns, 1, warned)
	}
	return columns
}

// deliveryState is the state of a delivery; mail that is kept here because no
// server was given has not left.
func deliveryState(p *ui.Page, d deliver.View) templ.Component {
	if d.Outbox {
		return ui.Badge(ui.TonePlain, p.T("deliver.outbox"))
	}
	return ui.State(p, "delivery", string(d.State))
}

func deliveryReason(p *ui.Page, reason string) string {
	if key := "deliver.reason." + reason; p.Has(key) {
		return p.T(key)
	}
	return reason
}

func recipientCell(p *ui.Page, d deliver.View) templ.Component {
	parts := []templ.Component{}
	if d.Name != "" && d.Name != d.Recipient {
		parts = append(parts, ui.Text(d.Name))
	}
	if d.Recipient != "" {
		parts = append(parts, ui.Code(d.Recipient))
	}
	if len(parts) == 0 {
		return ui.None(p)
	}
	return ui.Join(parts...)
}

// replyCell is the last thing that the other side said: a server's line as it
// came, a person's result in words.
func replyCell(p *ui.Page, d deliver.View) templ.Component {
	switch {
	case d.Reply == "" || d.Outbox:
		return ui.None(p)
	case p.Has("deliver.result." + d.Reply):
		return ui.Text(p.T("deliver.result." + d.Reply))
	}
	return ui.Code(d.Reply)
}

func (s *Site) deliveries(w http.ResponseWriter, r *http.Request) error {
	return s.deliveryList(w, r, "work.deliveries.title", deliver.Query{})
}

// outbox is the mail that is still here: nothing was given to send it by, or its
// turn has not come.
func (s *Site) outbox(w http.ResponseWriter, r *http.Request) error {
	return s.deliveryList(w, r, "web.nav.outbox", deliver.Query{Outbox: true})
}

func (s *Site) deliveryList(w http.ResponseWriter, r *http.Request, title string, f deliver.Query) error {
	p := s.page(w, r, title)
	for _, v := range p.URL.Query()["state"] {
		if slices.Contains(deliver.States(), deliver.State(v)) {
			f.States = append(f.States, deliver.State(v))
		}
	}
	for _, v := range p.URL.Query()["channel"] {
		if slices.Contains(warning.Channels(), warning.Channel(v)) {
			f.Channels = append(f.Channels, warning.Channel(v))
		}
	}
	f.Waiting = p.Query("waiting") == "1"
	if id, err := warning.ParseID(p.Query("warning")); err == nil {
		f.Warning = id
	}
	total, err := s.Deliveries.Count(r.Context(), who(r), f)
	if err != nil {
		return err
	}
	waiting, err := s.Deliveries.Count(r.Context(), who(r), deliver.Query{Waiting: true})
	if err != nil {
		return err
	}
	f.Newest, f.Limit = true, wanted(r)+1
	if id, err := deliver.ParseID(p.Query("cursor")); err == nil {
		f.Before = id
	}
	all, err := s.Deliveries.List(r.Context(), who(r), f)
	if err != nil {
		return err
	}
	all, next := turned(all, f.Limit, func(d deliver.View) string { return d.ID })
	var alarm templ.Component
	if down := s.Deliveries.Down(); down != "" {
		alarm = notice(ui.ToneCritical, strong(p.T("work.delivery.down")), para(down))
	}
	bar := ui.FilterBar{Filters: []ui.Filter{
		{Name: "state", Label: p.T("work.state"), Options: options(words(p, "ui.state.delivery.", kinds(deliver.States())...))},
	}}
	if !f.Outbox {
		bar.Filters = append(bar.Filters, ui.Filter{Name: "channel", Label: p.T("work.delivery.channel"), Options: options(words(p, "deliver.channel.", kinds(warning.Channels())...))})
	}
	if v := p.Query("warning"); v != "" {
		bar.Filters = append(bar.Filters, ui.Filter{Name: "warning", Label: p.T("work.warning.id"), Options: []ui.Option{{Value: v, Label: v}}})
	}
	lead := "work.deliveries.lead"
	nothing := ui.Nothing{Title: p.T("work.deliveries.none"), Why: p.T("work.deliveries.none_why")}
	if f.Outbox {
		lead, nothing = "work.outbox.lead", ui.Nothing{Title: p.T("work.outbox.none"), Why: p.T("work.outbox.none_why")}
	}
	t := top{Heading: ui.Heading{Lead: p.T(lead)}}
	if may(r, auth.WebhookEdit) {
		t.Acts = []ui.Button{{Label: p.T("work.webhooks.title"), Href: "/webhooks", Icon: ui.IconNetwork}}
	}
	return showList(s, w, r, p, listing[deliver.View]{
		Top: t,
		Before: []templ.Component{alarm, ui.Tabs(p, p.T("work.deliveries.title"), []ui.Tab{
			{Label: p.T("web.nav.outbox"), Href: "/outbox", Current: f.Outbox},
			{Label: p.T("work.deliveries.all"), Href: "/deliveries", Current: !f.Outbox && !f.Waiting},
			{Label: p.T("work.deliveries.waiting"), Href: "/deliveries?waiting=1", Count: int(waiting), Current: f.Waiting},
		})},
		Table: ui.Table[deliver.View]{
			ID: "deliveries", Caption: p.T(title), Rows: all, Next: next, Total: int(total),
			Href: func(d deliver.View) string { return "/outbox/" + d.ID }, Columns: s.deliveryColumns(p, true), Bar: bar, Empty: nothing,
		},
	})
}

// delivery is one warning, one recipient, one channel: every attempt with what
// the other side said, and the message itself.
func (s *Site) delivery(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "")
	page, err := s.deliveryPage(p, r)
	if err != nil {
		return err
	}
	return s.show(w, r, page)
}

func (s *Site) deliveryOf(r *http.Request) (deliver.View, []deliver.Attempt, error) {
	id, err := deliver.ParseID(r.PathValue("id"))
	if err != nil {
		return deliver.View{}, nil, err
	}
	return s.Deliveries.Get(r.Context(), who(r), id)
}

func (s *Site) deliveryPage(p *ui.Page, r *http.Request) (templ.Component, error) {
	d, attempts, err := s.deliveryOf(r)
	if err != nil {
		return nil, err
	}
	p.Title = p.T("work.delivery.title", "id", d.ID)
	x := d.Delivery
	crumbs := []ui.Crumb{{Label: p.T("work.deliveries.title"), Href: "/deliveries"}}
	about := ui.None(p)
	if d.Warning != "" {
		crumbs = append(crumbs, ui.Crumb{Label: d.Warning, Href: "/warnings/" + d.Warning})
		about = ui.Link("/warnings/"+d.Warning, d.Warning)
	}
	facts := []ui.Fact{
		{Label: p.T("work.warning.id"), Value: about, Note: p.T("work.delivery.which", "revision", d.Revision, "step", d.Step)},
		{Label: p.T("work.delivery.recipient"), Value: recipientCell(p, d), Note: p.T("work.relation." + string(d.Relation))},
		{Label: p.T("work.delivery.channel"), Value: ui.Text(p.T("deliver.channel." + string(d.Channel)))},
		{Label: p.T("work.delivery.why"), Value: ui.Text(deliveryReason(p, d.Reason))},
		{Label: p.T("work.delivery.created"), Value: ui.When(p, x.Created)},
		{Label: p.T("work.delivery.handed"), Value: ui.When(p, x.Handed)},
		{Label: p.T("work.delivery.acknowledged"), Value: ui.When(p, x.Acknowledged), Note: x.AcknowledgedBy},
	}
	if d.NextAt != nil {
		facts = append(facts, ui.Fact{Label: p.T("work.delivery.next"), Value: ui.When(p, *d.NextAt)})
	}
	if d.MessageID != "" {
		facts = append(facts, ui.Fact{Label: "Message-ID", Value: ui.Code(d.MessageID)})
	}
	if d.Cover != deliver.Bare {
		facts = append(facts, ui.Fact{Label: p.T("work.delivery.cover"), Value: ui.Text(p.T("deliver.cover." + string(d.Cover)))})
	}
	message, err := s.messagePanel(p, r, d)
	if err != nil {
		return nil, err
	}
	var notices templ.Component
	switch {
	case d.State == deliver.Uncertain:
		notices = notice(ui.ToneUnknown, ui.Text(p.T("work.delivery.is_uncertain")))
	case d.State.Lost():
		notices = notice(ui.ToneHigh, ui.Text(p.T("work.delivery.is_lost")))
	case d.Outbox:
		notices = notice(ui.TonePlain, ui.Text(p.T("work.delivery.is_kept")))
	}
	return board(p, top{Heading: ui.Heading{Crumbs: crumbs}, Marks: []templ.Component{deliveryState(p, d)}}, []templ.Component{
		notices,
		ui.Life(p, ui.LifeLine{Noun: "delivery", Steps: deliverySteps(d)}),
		box("grid-2",
			panel(p.T("work.record.facts"), ui.Facts(p, facts)),
			box("stack", s.recordPanel(p, r, d), panel(p.T("work.delivery.ledger"), attemptList(p, attempts))),
		),
		message,
	}), nil
}

func deliverySteps(d deliver.View) []ui.Step {
	x := d.Delivery
	steps := []ui.Step{{State: "due", At: x.Created, Now: d.State == deliver.Due}}
	if !x.Handed.IsZero() {
		steps = append(steps, ui.Step{State: "handed_over", At: x.Handed, Now: d.State == deliver.HandedOver})
	} else if d.State == deliver.Due {
		steps = append(steps, ui.Step{State: "handed_over"})
	}
	switch d.State {
	case deliver.Due, deliver.HandedOver:
		steps = append(steps, ui.Step{State: "acknowledged"})
	case deliver.Acknowledged:
		steps = append(steps, ui.Step{State: "acknowledged", At: x.Acknowledged, Who: x.AcknowledgedBy, Now: true})
	case deliver.Delivered, deliver.Uncertain, deliver.Deferred, deliver.Bounced, deliver.Failed:
		steps = append(steps, ui.Step{State: string(d.State), Now: true})
	}
	return steps
}

// attemptList is the ledger: when, with what outcome, and the server's words.
func attemptList(p *ui.Page, all []deliver.Attempt) templ.Component {
	if len(all) == 0 {
		return hushed(p.T("work.delivery.no_attempts"))
	}
	var moments []ui.Moment
	for _, a := range slices.Backward(all) {
		m := ui.Moment{What: p.T("work.delivery.attempt", "n", a.N, "outcome", p.T("ui.state.delivery."+string(a.Outcome)))}
		if a.Outcome == "" {
			m.What = p.T("work.delivery.attempt_open", "n", a.N)
		}
		if a.Started != nil {
			m.At = *a.Started
			if a.Ended != nil {
				m.Who = p.T("work.delivery.took", "ms", strconv.FormatInt(a.Ended.Sub(*a.Started).Milliseconds(), 10))
			}
		}
		if a.Reply != "" && a.Reply != deliver.Outbox {
			m.Extra = ui.Code(a.Reply)
		}
		moments = append(moments, m)
	}
	return ui.Timeline(p, moments)
}

// recordPanel is where a person writes down what no machine can know.
func (s *Site) recordPanel(p *ui.Page, r *http.Request, d deliver.View) templ.Component {
	results := deliver.Results(d.Channel)
	if len(results) == 0 || !may(r, auth.DeliveryRecord) {
		return nil
	}
	if d.State == deliver.Acknowledged {
		return panel(p.T("work.delivery.record"), hushed(p.T("work.delivery.over")))
	}
	var choices []ui.Choice
	for _, x := range []deliver.Result{
		deliver.ResultReached, deliver.ResultNoAnswer, deliver.ResultWrongNumber, deliver.ResultPosted, deliver.ResultReceived, deliver.ResultReturned, deliver.ResultGivenUp,
	} {
		if _, ok := results[x]; ok {
			choices = append(choices, ui.Choice{Value: string(x), Label: p.T("deliver.result." + string(x))})
		}
	}
	return panel(p.T("work.delivery.record"), posting("/outbox/"+d.ID,
		ui.Field(p, ui.Input{Name: "result", Label: p.T("work.call.outcome"), Kind: ui.InputRadio, Choices: choices, Required: true}),
		ui.Field(p, ui.Input{Name: "note", Label: p.T("work.call.note"), Hint: p.T("work.call.note_hint"), Kind: ui.InputLong, Lines: 3}),
		ui.Act(p, ui.Button{Label: p.T("work.delivery.record"), Submit: true, Kind: ui.KindPrimary}),
	))
}

func (s *Site) deliveryRecord(w http.ResponseWriter, r *http.Request) error {
	id, err := deliver.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	_, err = s.Deliveries.Record(r.Context(), who(r), id, deliver.Result(r.PostForm.Get("result")), tidy(r.PostForm, "note"))
	if errs.Is(err, errs.Invalid) {
		p := s.page(w, r, "")
		wrong(p, "result", "work.wrong.result")
		p.Posted = r.PostForm
		page, err := s.deliveryPage(p, r)
		if err != nil {
			return err
		}
		return s.showAs(w, r, http.StatusUnprocessableEntity, page)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/outbox/"+id.String(), ui.Flash{Text: s.voice(r).T("work.delivery.recorded", "id", id)})
}

// letterFile is the công văn of a letter, to be numbered, signed and sent.
func (s *Site) letterFile(w http.ResponseWriter, r *http.Request) error {
	id, err := deliver.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	format := deliver.Format(r.PathValue("format"))
	file, err := s.Deliveries.Letter(r.Context(), who(r), id, format)
	if err != nil {
		return err
	}
	kind := "application/pdf"
	if format == deliver.DOCX {
		kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	}
	return download(w, "cong-van-"+id.String()+"-"+s.Clock.Now().Format(time.DateOnly)+"."+string(format), kind, file)
}
