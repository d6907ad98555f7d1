package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// warningQuery reads a list's address. Words that are none are left out: an old
// link shows more, never an error.
func (s *Site) warningQuery(q url.Values) warning.Query {
	var f warning.Query
	for _, v := range q["state"] {
		if slices.Contains(warning.States(), warning.State(v)) {
			f.States = append(f.States, warning.State(v))
		}
	}
	for _, v := range q["severity"] {
		if severity, err := row.ParseSeverity(v); err == nil {
			f.Severities = append(f.Severities, severity)
		}
	}
	f.Overdue = q.Get("overdue") == "1"
	f.Storm, _ = strconv.ParseInt(q.Get("storm"), 10, 64) // nonsense is no storm
	return f
}

func (s *Site) warnings(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.warnings")
	a := who(r)
	f := s.warningQuery(r.URL.Query())
	if code := p.Query("organisation"); code != "" {
		o, err := s.Estate.ShowOrganisation(r.Context(), a, code)
		if err != nil {
			return err
		}
		f.Organisation = o.ID
	}
	total, err := s.Warnings.Count(r.Context(), a, f)
	if err != nil {
		return err
	}
	f.Newest, f.Limit, f.Language = true, wanted(r)+1, p.Lang()
	if id, err := warning.ParseID(p.Query("cursor")); err == nil {
		f.Before = id
	}
	all, err := s.Warnings.List(r.Context(), a, f)
	if err != nil {
		return err
	}
	all, next := turned(all, f.Limit, func(v warning.View) string { return v.ID })
	figures, err := s.warningFigures(p, r)
	if err != nil {
		return err
	}
	storms, err := s.stormNotices(p, r)
	if err != nil {
		return err
	}
	t := top{Heading: ui.Heading{Lead: p.T("work.warnings.lead")}}
	if may(r, auth.DigestRun) {
		t.Acts = append(t.Acts, ui.Button{Label: p.T("work.digest.act"), Href: "/digest", Icon: ui.IconSend})
	}
	if may(r, auth.DeliveryView) {
		t.Acts = append(t.Acts, ui.Button{Label: p.T("work.deliveries.title"), Href: "/deliveries", Icon: ui.IconList})
	}
	table := ui.Table[warning.View]{
		ID: "warnings", Caption: p.T("web.nav.warnings"), Rows: all, Next: next, Total: int(total),
		Key: func(v warning.View) string { return v.ID }, Href: func(v warning.View) string { return "/warnings/" + v.ID },
		Columns: s.warningColumns(p),
		Bar:     warningBar(p),
		Empty:   ui.Nothing{Title: p.T("work.warnings.none"), Why: p.T("work.warnings.none_why")},
	}
	if may(r, auth.WarningSend) {
		table.Bulk = []ui.BulkAct{{Label: p.T("work.warning.send"), Preview: "/bulk/warnings/send"}, {Label: p.T("work.warning.cancel"), Preview: "/bulk/warnings/cancel"}}
	}
	return showList(s, w, r, p, listing[warning.View]{Top: t, Table: table, Before: append(storms, figures)})
}

func (s *Site) warningColumns(p *ui.Page) []ui.Column[warning.View] {
	type x = warning.View
	return []ui.Column[x]{
		{Key: "id", Label: p.T("work.warning.id"), Cell: func(v x) templ.Component { return ui.Text(v.ID) }},
		{Key: "severity", Label: p.T("work.severity"), Cell: func(v x) templ.Component { return ui.Severity(p, v.Severity) }},
		{Key: "organisation", Label: p.T("work.organisation"), Cell: func(v x) templ.Component { return s.body(p, v.Organisation) }},
		{Key: "state", Label: p.T("work.state"), Cell: func(v x) templ.Component { return ui.State(p, "warning", string(v.State)) }},
		{Key: "what", Label: p.T("work.warning.what"), Wide: true, Cell: func(v x) templ.Component { return ui.Text(warningWhat(p, v)) }},
		{Key: "clock", Label: p.T("work.warning.clock"), Wide: true, Cell: func(v x) templ.Component { return s.warningClock(p, v) }},
		{Key: "sent", Label: p.T("work.warning.sent"), Cell: func(v x) templ.Component { return ui.Ago(p, v.Warning.Sent) }},
		{Key: "rung", Label: p.T("work.warning.rung"), Off: true, Cell: func(v x) templ.Component { return some(p, rungWords(p, v.Rung)) }},
		{Key: "by", Label: p.T("work.warning.by"), Off: true, Cell: func(v x) templ.Component { return some(p, v.AcknowledgedBy) }},
		{Key: "tlp", Label: p.T("work.tlp"), Off: true, Cell: func(v x) templ.Component { return ui.TLP(p, v.TLP) }},
	}
}

func rungWords(p *ui.Page, rung warning.Rung) string {
	if rung == warning.Ground {
		return ""
	}
	return p.T("warning.rung." + string(rung))
}

// warningWhat says what a warning is about: its commonest kind, and how many.
func warningWhat(p *ui.Page, v warning.View) string {
	all := v.Warning.KindList()
	switch len(all) {
	case 0:
		return p.T("warning.problems", "n", v.Warning.Findings)
	case 1:
		return p.T("work.warning.one_kind", "kind", kindName(p, all[0]), "n", v.Warning.Findings)
	}
	return p.T("work.warning.kinds", "kind", kindName(p, all[0]), "more", len(all)-1, "n", v.Warning.Findings)
}

// warningClock is how long the answer has taken, in the time that the rule of
// its severity counts: working hours where it says so.
func (s *Site) warningClock(p *ui.Page, v warning.View) templ.Component {
	w := v.Warning
	if w.Sent.IsZero() {
		return ui.None(p)
	}
	m := ui.Meter{Verb: "acknowledged", From: w.Sent, Due: w.Due, Done: w.Acknowledged}
	if !w.Ended.IsZero() && w.Acknowledged.IsZero() {
		return ui.None(p) // Over before anybody answered: no clock runs.
	}
	if span := s.Regime.Clock(v.Severity).Acknowledge; !w.Due.IsZero() && (span.Unit == "working hour" || span.Unit == "working day") {
		end := w.Acknowledged
		if end.IsZero() {
			end = p.Now
		}
		calendar := s.Regime.Calendar()
		m.Spent, m.Allowed = calendar.WorkingBetween(w.Sent, end), calendar.WorkingBetween(w.Sent, w.Due)
	}
	return ui.Timer(p, m)
}

func warningBar(p *ui.Page) ui.FilterBar {
	bar := ui.FilterBar{Filters: []ui.Filter{
		{Name: "state", Label: p.T("work.state"), Options: options(words(p, "ui.state.warning.", kinds(warning.States())...))},
		{Name: "severity", Label: p.T("work.severity"), Options: options(words(p, "ui.severity.", "critical", "high", "medium", "low", "info"))},
		{Name: "overdue", Label: p.T("work.warning.clock"), Options: []ui.Option{{Value: "1", Label: p.T("work.warning.overdue")}}},
	}}
	for _, name := range []string{"organisation", "storm"} {
		if v := p.Query(name); v != "" {
			bar.Filters = append(bar.Filters, ui.Filter{Name: name, Label: p.T("work.noun." + name), Options: []ui.Option{{Value: v, Label: v}}})
		}
	}
	return bar
}

// warningFigures answer the first question: what is unanswered, what is late,
// what waits for a person.
func (s *Site) warningFigures(p *ui.Page, r *http.Request) (templ.Component, error) {
	var figures []ui.Figure
	for _, x := range []struct {
		key, href string
		tone      ui.Tone
		q         warning.Query
	}{
		{"work.warning.waiting", "/warnings?state=draft", ui.ToneMedium, warning.Query{States: []warning.State{warning.Draft}}},
		{"work.warning.unanswered", "/warnings?state=sent", "", warning.Query{States: []warning.State{warning.Sent}}},
		{"work.warning.overdue", "/warnings?overdue=1", ui.ToneLate, warning.Query{Overdue: true}},
		{"work.warning.mending", "/warnings?state=acknowledged", "", warning.Query{States: []warning.State{warning.Acknowledged}}},
	} {
		if x.key == "work.warning.waiting" && !may(r, auth.WarningSend) {
			continue // A draft is the centre's alone.
		}
		n, err := s.Warnings.Count(r.Context(), who(r), x.q)
		if err != nil {
			return nil, err
		}
		figures = append(figures, ui.Figure{Label: p.T(x.key), Value: p.Int(n), Href: x.href, Tone: toneIf(n > 0, x.tone)})
	}
	return ui.Stats(p, figures), nil
}

// stormNotices are the storms that wait for a person.
func (s *Site) stormNotices(p *ui.Page, r *http.Request) ([]templ.Component, error) {
	if !who(r).Scope.IsAll() || !may(r, auth.WarningSend) {
		return nil, nil
	}
	storms, err := s.storms(r)
	var out []templ.Component
	for _, x := range storms {
		if x.State == warning.Holding || x.State == warning.Raising {
			out = append(out, notice(ui.ToneHigh, strong(stormWords(p, s.sourceName(r, x.Source), x)), ui.Text(" "), ui.Link(stormHref(x), p.T("work.storm.decide"))))
		}
	}
	return out, err
}

func (s *Site) storms(r *http.Request) (all []warning.Storm, err error) {
	err = s.read(r, func(tx *db.Tx) error {
		all, err = s.Warnings.Storms(tx, who(r))
		return err
	})
	return all, err
}

// sourceName is the name of a source by its number, "" for none.
func (s *Site) sourceName(r *http.Request, id int64) string {
	all, err := s.Intake.Sources(r.Context(), who(r))
	if err != nil {
		return "" // Who may not look at sources is not told of them.
	}
	for _, h := range all {
		if h.ID == id {
			return h.Name
		}
	}
	return ""
}

func stormHref(x warning.Storm) string { return "/storms/" + strconv.FormatInt(x.ID, 10) }

func stormWords(p *ui.Page, source string, x warning.Storm) string {
	if x.Reason == warning.StormVolume {
		return p.T("warning.storm.volume", "source", source, "opened", x.Opened)
	}
	return p.T("warning.storm.cause", "cause", x.Cause, "n", x.Organisations)
}

func (s *Site) stormOf(r *http.Request) (warning.Storm, error) {
	all, err := s.storms(r)
	if err != nil {
		return warning.Storm{}, err
	}
	i := slices.IndexFunc(all, func(x warning.Storm) bool { return strconv.FormatInt(x.ID, 10) == r.PathValue("id") })
	if i < 0 {
		return warning.Storm{}, errs.New(errs.NotFound, "storm %q: no such storm", r.PathValue("id"))
	}
	return all[i], nil
}

// storm shows what the brake holds and asks what to do with it.
func (s *Site) storm(w http.ResponseWriter, r *http.Request) error {
	x, err := s.stormOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	page, err := s.stormPage(p, r, x)
	if err != nil {
		return err
	}
	return s.show(w, r, page)
}

func (s *Site) stormPage(p *ui.Page, r *http.Request, x warning.Storm) (templ.Component, error) {
	p.Title = p.T("work.storm.title", "id", strconv.FormatInt(x.ID, 10))
	all, err := s.Warnings.List(r.Context(), who(r), warning.Query{Storm: x.ID, Limit: 200, Language: p.Lang()})
	if err != nil {
		return nil, err
	}
	facts := []ui.Fact{
		{Label: p.T("work.reason"), Value: ui.Text(stormWords(p, s.sourceName(r, x.Source), x))},
		{Label: p.T("work.state"), Value: ui.Text(p.T("warning.storm.state." + string(x.State))), Note: x.DecidedBy},
		{Label: p.T("work.journal.at"), Value: ui.When(p, x.Time())},
		{Label: p.T("work.storm.bodies"), Value: number(p, x.Organisations)},
	}
	if x.Document > 0 {
		id := "S" + strconv.FormatInt(x.Document, 10)
		facts = append(facts, ui.Fact{Label: p.T("work.document.id"), Value: ui.Link("/documents/"+id, id)})
	}
	parts := []templ.Component{panel("", ui.Facts(p, facts))}
	if x.State == warning.Holding && may(r, auth.WarningSend) {
		parts = append(parts, box("grid-2",
			panel(p.T("work.storm.send"), bullets(p.N("work.storm.send_1", len(all)), p.T("work.storm.send_2")),
				ui.Act(p, ui.Button{Label: p.T("work.storm.send"), Action: stormHref(x), Fields: url.Values{"act": {"send"}}, Kind: ui.KindPrimary, Icon: ui.IconSend})),
			panel(p.T("work.storm.strike"), bullets(p.N("work.storm.strike_1", len(all)), p.T("work.storm.strike_2")), posting(stormHref(x),
				ui.Hidden(url.Values{"act": {"strike"}}),
				ui.Field(p, ui.Input{Name: "reason", Label: p.T("work.reason"), Hint: p.T("work.warning.cancel_hint"), Kind: ui.InputLong, Required: true}),
				ui.Act(p, ui.Button{Label: p.T("work.storm.strike"), Submit: true, Kind: ui.KindDanger}),
			)),
		))
	}
	parts = append(parts, ui.List(p, ui.Table[warning.View]{
		ID: "warnings", Caption: p.T("web.nav.warnings"), Rows: all, Href: func(v warning.View) string { return "/warnings/" + v.ID },
		Columns: s.warningColumns(p), Total: int(x.Organisations), Empty: ui.Nothing{Title: p.T("work.warnings.none"), Why: p.T("work.storm.raising")},
	}))
	return board(p, top{Heading: ui.Heading{Lead: p.T("work.storm.lead"), Crumbs: []ui.Crumb{{Label: p.T("web.nav.warnings"), Href: "/warnings"}}}}, parts), nil
}

func (s *Site) stormDecide(w http.ResponseWriter, r *http.Request) error {
	x, err := s.stormOf(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	send := r.PostForm.Get("act") == "send"
	n, err := s.Warnings.Decide(r.Context(), who(r), x.ID, send, tidy(r.PostForm, "reason"))
	if errs.Is(err, errs.Invalid) {
		p := s.page(w, r, "")
		wrong(p, "reason", "web.fault.say-why")
		p.Posted = r.PostForm
		page, err := s.stormPage(p, r, x)
		if err != nil {
			return err
		}
		return s.showAs(w, r, http.StatusUnprocessableEntity, page)
	}
	if err != nil {
		return err
	}
	key := "work.storm.struck"
	if send {
		key = "work.storm.sent"
	}
	return s.done(w, r, "/warnings", ui.Flash{Text: s.voice(r).N(key, n)})
}

// digestAsk tells what running the digests now will do.
func (s *Site) digestAsk(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.digest.act")
	return s.show(w, r, confirming(p, ui.Preview{
		Question: p.T("work.digest.ask"), Effects: []string{p.T("work.digest.effect_1"), p.T("work.digest.effect_2")},
		Act: ui.Button{Label: p.T("work.digest.act"), Action: "/digest", Kind: ui.KindPrimary}, Cancel: "/warnings",
	}))
}

func (s *Site) digestRun(w http.ResponseWriter, r *http.Request) error {
	if err := s.Warnings.DigestRun(r.Context(), who(r)); err != nil {
		return err
	}
	return s.done(w, r, "/warnings", ui.Flash{Text: s.voice(r).T("work.digest.done")})
}

// bulkWarnings is the most that one bulk act takes.
const bulkWarnings = 1000

// warningBulkAsk shows the drafts that an act would touch, each with whether it
// can be.
func (s *Site) warningBulkAsk(w http.ResponseWriter, r *http.Request) error {
	if _, ok := bulkTransition(r.PathValue("act")); !ok {
		return errs.New(errs.NotFound, "bulk act %q: no such act", r.PathValue("act"))
	}
	ticked := ui.TickedIn(r)
	var all []warning.View
	if ticked.All {
		f := s.warningQuery(ticked.Filters)
		f.Newest, f.Limit, f.Language = true, bulkWarnings, ui.Language(r)
		if code := ticked.Filters.Get("organisation"); code != "" {
			o, err := s.Estate.ShowOrganisation(r.Context(), who(r), code)
			if err != nil {
				return err
			}
			f.Organisation = o.ID
		}
		var err error
		if all, err = s.Warnings.List(r.Context(), who(r), f); err != nil {
			return err
		}
	} else {
		for _, label := range ticked.Keys[:min(len(ticked.Keys), bulkWarnings)] {
			id, err := warning.ParseID(label)
			if err != nil {
				return err
			}
			v, err := s.Warnings.Get(r.Context(), who(r), id, ui.Language(r))
			if err != nil {
				return err
			}
			all = append(all, v)
		}
	}
	p := s.page(w, r, "")
	return s.show(w, r, s.bulkWarnings(p, r.PathValue("act"), all, "/warnings?"+ticked.Filters.Encode()))
}

func bulkTransition(act string) (warning.Transition, bool) {
	switch act {
	case "send":
		return warning.Of(warning.ActSend), true
	case "cancel":
		return warning.Of(warning.ActCancel), true
	}
	return warning.Transition{}, false
}

func (s *Site) bulkWarnings(p *ui.Page, act string, all []warning.View, back string) templ.Component {
	t, _ := bulkTransition(act) // the callers have asked whether it is one
	p.Title = p.T("work.warning." + act)
	fits := func(v warning.View) bool { return slices.Contains(t.From, v.State) }
	fields := url.Values{"back": {back}}
	var bodies []string
	for _, v := range all {
		if fits(v) {
			fields.Add("id", v.ID)
			if !slices.Contains(bodies, v.Organisation) {
				bodies = append(bodies, v.Organisation)
			}
		}
	}
	n := len(fields["id"])
	list := ui.List(p, ui.Table[warning.View]{
		ID: "effects", Caption: p.T("web.nav.warnings"), Rows: all,
		Columns: []ui.Column[warning.View]{
			{Key: "id", Label: p.T("work.warning.id"), Cell: func(v warning.View) templ.Component { return ui.Link("/warnings/"+v.ID, v.ID) }},
			{Key: "severity", Label: p.T("work.severity"), Cell: func(v warning.View) templ.Component { return ui.Severity(p, v.Severity) }},
			{Key: "organisation", Label: p.T("work.organisation"), Cell: func(v warning.View) templ.Component { return ui.Text(v.OrganisationName) }},
			{Key: "what", Label: p.T("work.warning.what"), Wide: true, Cell: func(v warning.View) templ.Component { return ui.Text(warningWhat(p, v)) }},
			{Key: "now", Label: p.T("work.bulk.now"), Cell: func(v warning.View) templ.Component { return ui.State(p, "warning", string(v.State)) }},
			{Key: "then", Label: p.T("work.bulk.then"), Cell: func(v warning.View) templ.Component {
				if !fits(v) {
					return ui.Quiet(p.T("work.bulk.stays"))
				}
				return ui.State(p, "warning", string(t.To))
			}},
		},
		Empty: ui.Nothing{Title: p.T("work.bulk.none"), Why: p.T("work.bulk.none_why"), Acts: []ui.Button{{Label: p.T("work.bulk.back"), Href: back}}},
	})
	if n == 0 {
		return board(p, top{Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.warnings"), Href: back}}}}, []templ.Component{
			notice(ui.ToneMedium, ui.Text(p.T("work.bulk.none_fit"))), list, ui.Act(p, ui.Button{Label: p.T("work.bulk.back"), Href: back}),
		})
	}
	preview := ui.Preview{
		Question: p.N("work.warning."+act+"_many", n), Cancel: back,
		Effects: []string{p.N("work.warning."+act+"_bodies", len(bodies)), p.T("work.warning." + act + "_effect")},
		Act:     ui.Button{Label: p.N("work.warning."+act+"_do", n), Action: "/bulk/warnings/" + act, Fields: fields, Kind: ui.KindPrimary},
	}
	if act == "cancel" {
		preview.Act.Kind, preview.Reason, preview.Hint = ui.KindDanger, p.T("work.reason"), p.T("work.warning.cancel_hint")
	}
	if rest := len(all) - n; rest > 0 {
		preview.Effects = append(preview.Effects, p.N("work.bulk.left", rest))
	}
	return confirming(p, preview, list)
}

// warningBulkDo does the act to each. One that cannot be moved any more stops
// none of the others.
func (s *Site) warningBulkDo(w http.ResponseWriter, r *http.Request) error {
	act := r.PathValue("act")
	t, ok := bulkTransition(act)
	if !ok {
		return errs.New(errs.NotFound, "bulk act %q: no such act", act)
	}
	if err := auth.May(who(r), t.May); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	back := localPath(r.PostForm.Get("back"))
	if !strings.HasPrefix(back, "/warnings") {
		back = "/warnings"
	}
	reason := tidy(r.PostForm, "reason")
	if act == "cancel" && reason == "" {
		return s.bulkReason(w, r, act, back)
	}
	did, left := 0, 0
	for _, label := range r.PostForm["id"][:min(len(r.PostForm["id"]), bulkWarnings)] {
		id, err := warning.ParseID(label)
		if err != nil {
			return err
		}
		if act == "send" {
			_, err = s.Warnings.Send(r.Context(), who(r), id, warning.Send{})
		} else {
			_, err = s.Warnings.Cancel(r.Context(), who(r), id, reason)
		}
		switch {
		case errs.Is(err, errs.Conflict):
			left++
		case err != nil:
			return err
		default:
			did++
		}
	}
	v := s.voice(r)
	f := ui.Flash{Text: v.N("work.warning."+act+"_did", did)}
	if left > 0 {
		f.Tone, f.Text = ui.ToneMedium, f.Text+" "+v.N("work.bulk.left_did", left)
	}
	return s.done(w, r, back, f)
}

// bulkReason asks again for what the form lacked.
func (s *Site) bulkReason(w http.ResponseWriter, r *http.Request, act, back string) error {
	var all []warning.View
	for _, label := range r.PostForm["id"] {
		id, err := warning.ParseID(label)
		if err != nil {
			return err
		}
		v, err := s.Warnings.Get(r.Context(), who(r), id, ui.Language(r))
		if err != nil {
			return err
		}
		all = append(all, v)
	}
	p := s.page(w, r, "")
	wrong(p, "reason", "web.fault.say-why")
	p.Posted = r.PostForm
	return s.showAs(w, r, http.StatusUnprocessableEntity, s.bulkWarnings(p, act, all, back))
}
