package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/tlp"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
)

// sourceState says how a source is doing, worst first. One that has never sent,
// or not often enough to have a rhythm, is unknown: silence is not success.
func sourceState(h intake.Health, st collect.State, now time.Time) string {
	_, silent := collect.Silent(h.Source, st, now)
	switch {
	case st.Failures > 0, h.Documents > 0 && h.Unparsed == h.Documents:
		return "failing"
	case silent:
		return "silent"
	case h.Late > 0:
		return "late"
	case h.Documents == 0:
		return "unknown"
	}
	return "live"
}

func (s *Site) sources(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.sources")
	all, err := s.Intake.Sources(r.Context(), who(r))
	if err != nil {
		return err
	}
	states, err := s.Collect.States(r.Context())
	if err != nil {
		return err
	}
	stateOf := func(h intake.Health) string { return sourceState(h, states[h.ID], p.Now) }
	numbers := map[string]int{}
	for _, h := range all {
		numbers[stateOf(h)]++
	}
	shown := slices.DeleteFunc(slices.Clone(all), func(h intake.Health) bool {
		wanted := p.URL.Query()["state"]
		return len(wanted) > 0 && !slices.Contains(wanted, stateOf(h)) || !strings.Contains(strings.ToLower(h.Name), strings.ToLower(p.Query("q")))
	})
	order := []string{"failing", "silent", "late", "unknown", "live"}
	slices.SortStableFunc(shown, func(a, b intake.Health) int {
		return slices.Index(order, stateOf(a)) - slices.Index(order, stateOf(b))
	})
	var choices []ui.Option
	for _, state := range order {
		choices = append(choices, ui.Option{Value: state, Label: p.T("ui.state.source." + state), Count: numbers[state]})
	}
	t := top{Heading: ui.Heading{Lead: p.T("work.sources.lead")}}
	if may(r, auth.DocumentUpload) {
		t.Acts = append(t.Acts, ui.Button{Label: p.T("work.upload.act"), Href: "/documents/new", Icon: ui.IconInbox})
	}
	t.Acts = append(t.Acts, mappingAct(p, r)...)
	nothing := ui.Nothing{Title: p.T("work.sources.none"), Why: p.T("work.sources.none_why")}
	if may(r, auth.SourceAdd) {
		add := ui.Button{Label: p.T("work.source.add"), Href: "/sources/new", Kind: ui.KindPrimary, Icon: ui.IconPlus}
		t.Acts = append(t.Acts, add)
		nothing.Acts = []ui.Button{add}
	}
	return showList(s, w, r, p, listing[intake.Health]{Top: t, Table: ui.Table[intake.Health]{
		ID: "sources", Caption: p.T("web.nav.sources"), Rows: shown,
		Href: func(h intake.Health) string { return sourceHref(h.Name) },
		Columns: []ui.Column[intake.Health]{
			{Key: "name", Label: p.T("work.source.name"), Cell: func(h intake.Health) templ.Component { return ui.Text(h.Name) }},
			{Key: "state", Label: p.T("work.source.state"), Cell: func(h intake.Health) templ.Component { return ui.State(p, "source", stateOf(h)) }},
			{Key: "last", Label: p.T("work.source.last"), Cell: func(h intake.Health) templ.Component { return ui.Ago(p, h.LastDocument) }},
			{Key: "rhythm", Label: p.T("work.source.rhythm"), Cell: func(h intake.Health) templ.Component { return ui.Text(rhythm(p, h.Rhythm)) }},
			{Key: "documents", Label: p.T("work.source.documents"), Number: true, Cell: func(h intake.Health) templ.Component {
				return counted(p, h.Documents, query("/documents", "source", h.Name))
			}},
			{Key: "rows", Label: p.T("work.rows"), Number: true, Cell: func(h intake.Health) templ.Component { return number(p, h.Rows) }},
			{Key: "held", Label: p.T("work.source.held"), Number: true, Cell: func(h intake.Health) templ.Component { return heldShare(p, h) }},
			{Key: "format", Label: p.T("work.source.format"), Cell: func(h intake.Health) templ.Component { return ui.Text(p.T("intake.format." + string(h.Format))) }},
			{Key: "kind", Label: p.T("work.source.kind"), Off: true, Cell: func(h intake.Health) templ.Component { return ui.Text(sourceKind(p, h.Kind)) }},
			{Key: "reliability", Label: p.T("source.reliability"), Off: true, Cell: func(h intake.Health) templ.Component { return some(p, h.Reliability) }},
			{Key: "tlp", Label: p.T("work.tlp"), Cell: func(h intake.Health) templ.Component { return ui.TLP(p, h.TLP.String()) }},
			{Key: "organisation", Label: p.T("work.source.partner"), Off: true, Cell: func(h intake.Health) templ.Component { return s.bodyCell(p, h.Organisation) }},
		},
		Bar:   ui.FilterBar{Find: p.T("work.source.find"), Filters: []ui.Filter{{Name: "state", Label: p.T("work.source.state"), Options: choices}}},
		Empty: nothing,
	}})
}

func rhythm(p *ui.Page, d time.Duration) string {
	if d == 0 {
		return p.T("work.source.no_rhythm")
	}
	return p.T("work.source.each", "span", p.Duration(d.Round(time.Hour)))
}

// heldShare is which part of a source's rows is in quarantine, with a tone from
// a twentieth on: then its format has probably changed.
func heldShare(p *ui.Page, h intake.Health) templ.Component {
	if h.Rows == 0 {
		return ui.None(p)
	}
	text := share(p, h.Quarantined, h.Rows)
	if h.Quarantined*20 >= h.Rows {
		return ui.Badge(ui.ToneMedium, text)
	}
	return ui.Text(text)
}

func sourceKind(p *ui.Page, kind string) string {
	switch kind {
	case "":
		return p.T("work.source.kind_by_row")
	case intake.Indicators:
		return p.T("intake.kind.indicators")
	}
	return p.T("finding.kind." + kind)
}

func (s *Site) source(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	all, err := s.Intake.Sources(r.Context(), who(r))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(h intake.Health) bool { return h.Name == name })
	if i < 0 {
		_, err := s.Intake.Source(r.Context(), who(r), name)
		return err
	}
	h := all[i]
	p := s.page(w, r, "")
	p.Title = h.Name
	life, err := s.sourceLife(r, h)
	if err != nil {
		return err
	}
	var documents []intake.Document
	if may(r, auth.DocumentView) {
		if documents, err = s.Intake.Documents(r.Context(), who(r), intake.Filter{Source: name, Newest: true, Limit: 15}); err != nil {
			return err
		}
	}
	var past templ.Component
	if may(r, auth.JournalView) && who(r).Scope.IsAll() {
		err := s.read(r, func(tx *db.Tx) error {
			entries, err := s.Journal.History(tx, "source:"+h.Name)
			past = panel(p.T("work.history"), ui.Timeline(p, s.moments(p, entries)))
			return err
		})
		if err != nil {
			return err
		}
	}
	t := top{
		Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.sources"), Href: "/sources"}}, Lead: p.T("work.source.lead")},
		Marks:   []templ.Component{ui.State(p, "source", sourceState(h, life.State, p.Now)), ui.TLP(p, h.TLP.String())},
	}
	if may(r, auth.DocumentUpload) {
		t.Acts = append(t.Acts, ui.Button{Label: p.T("work.upload.act"), Href: query("/documents/new", "source", h.Name), Icon: ui.IconInbox})
	}
	t.Acts = append(t.Acts, entryAct(p, r, h.Name)...)
	if may(r, auth.SourceEdit) {
		t.Acts = append(t.Acts, ui.Button{Label: p.T("work.source.edit"), Href: sourceHref(h.Name) + "/edit", Icon: ui.IconEdit})
	}
	return s.lay(w, r, p, t,
		s.sourceAlarm(p, h, life),
		doubtsPanel(p, r, life),
		ui.Stats(p, append([]ui.Figure{
			{Label: p.T("work.source.documents"), Value: p.Int(h.Documents), Href: query("/documents", "source", h.Name)},
			{Label: p.T("work.source.unparsed"), Value: p.Int(h.Unparsed), Href: query("/documents", "source", h.Name, "state", "unparsed"), Tone: toneIf(h.Unparsed > 0, ui.ToneHigh)},
			{Label: p.T("work.rows"), Value: p.Int(h.Rows)},
			{
				Label: p.T("work.source.quarantined"), Value: p.Int(h.Quarantined), Href: query("/quarantine", "source", h.Name),
				Tone: toneIf(h.Quarantined > 0, ui.ToneMedium), Note: share(p, h.Quarantined, h.Rows),
			},
			{Label: p.T("work.source.last"), Value: p.Ago(h.LastDocument, p.Now), Note: rhythm(p, h.Rhythm), Tone: toneIf(h.Late > 0, ui.ToneLate)},
		}, noiseFigure(p, h, life)...)),
		box("grid-2",
			panel(p.T("work.source.settings"), ui.Facts(p, s.sourceFacts(p, h.Source))),
			collectPanel(p, r, h, life),
		),
		panel(p.T("work.source.latest"), ui.List(p, ui.Table[intake.Document]{
			ID: "documents", Plain: true, Caption: p.T("web.nav.documents"), Rows: documents,
			Href: func(d intake.Document) string { return "/documents/" + d.Label() }, Columns: s.documentColumns(p, false),
			Empty: ui.Nothing{Title: p.T("work.documents.none"), Why: p.T("work.source.nothing_yet")},
		})),
		past,
	)
}

// toneIf is the tone of what is wrong, none where it is not.
func toneIf(wrong bool, t ui.Tone) ui.Tone {
	if wrong {
		return t
	}
	return ""
}

// sourceAlarm says in words what is wrong with a source and what to do.
func (s *Site) sourceAlarm(p *ui.Page, h intake.Health, l sourceLife) templ.Component {
	if bad := failureNotice(p, l); bad != nil {
		return bad
	}
	if silent := silenceNotice(p, l); silent != nil {
		return silent
	}
	switch sourceState(h, l.State, p.Now) {
	case "failing":
		if int64(len(l.Doubts)) == h.Unparsed {
			return nil // they wait for a person, which is said beneath
		}
		return notice(ui.ToneCritical, ui.Text(p.T("work.source.is_failing")))
	case "silent", "late":
		return notice(ui.ToneHigh, ui.Text(p.T("work.source.is_late", "late", p.Duration(h.Late), "rhythm", p.Duration(h.Rhythm.Round(time.Hour)))))
	case "unknown":
		return notice(ui.ToneUnknown, ui.Text(p.T("work.source.is_unknown")))
	}
	if h.Rows > 0 && h.Quarantined*20 >= h.Rows {
		return notice(ui.ToneMedium, ui.Text(p.T("work.source.is_held", "share", share(p, h.Quarantined, h.Rows))))
	}
	return nil
}

func (s *Site) sourceFacts(p *ui.Page, src intake.Source) []ui.Fact {
	facts := []ui.Fact{
		{Label: p.T("work.source.format"), Value: ui.Text(p.T("intake.format." + string(src.Format)))},
		{Label: p.T("work.source.kind"), Value: ui.Text(sourceKind(p, src.Kind))},
		{Label: p.T("work.tlp"), Value: ui.TLP(p, src.TLP.String()), Note: p.T("work.source.tlp_note")},
		{Label: p.T("work.source.zone"), Value: ui.Code(src.Zone), Note: p.T("work.source.zone_note")},
		{Label: p.T("work.realm"), Value: ui.Text(realmName(p, src.Realm))},
		{Label: p.T("work.source.partner"), Value: s.partnerCell(p, src.Organisation)},
		{Label: p.T("work.source.added"), Value: ui.When(p, src.Created)},
	}
	facts = append(facts, ui.Fact{Label: p.T("source.reliability"), Value: reliabilityCell(p, src.Reliability)})
	if src.Senders != "" {
		facts = append(facts, ui.Fact{Label: p.T("source.senders"), Value: ui.Code(src.Senders)})
	}
	if src.Mapping != "" {
		facts = append(facts, ui.Fact{Label: p.T("work.source.mapping"), Value: folded(p.T("work.source.mapping_show"), false, ui.Evidence(p, ui.Proof{Title: p.T("work.source.mapping"), Text: src.Mapping}))})
	}
	return facts
}

// reliabilities are the grades of the Admiralty scale (NATO AJP-2.1), as they are
// written.
func reliabilities() []string { return []string{"A", "B", "C", "D", "E", "F"} }

func reliabilityCell(p *ui.Page, grade string) templ.Component {
	if grade == "" {
		return ui.Text(p.T("source.reliability.none"))
	}
	return ui.Text(grade + " – " + p.T("source.reliability."+grade))
}

func reliabilityChoices(p *ui.Page) []ui.Choice {
	all := []ui.Choice{{Value: "", Label: p.T("source.reliability.none")}}
	for _, grade := range reliabilities() {
		all = append(all, ui.Choice{Value: grade, Label: grade + " – " + p.T("source.reliability."+grade)})
	}
	return all
}

func (s *Site) partnerCell(p *ui.Page, id int64) templ.Component {
	if id == 0 {
		return ui.Text(p.T("work.source.own"))
	}
	return s.bodyCell(p, id)
}

func realmName(p *ui.Page, realm string) string {
	if realm == "" || realm == intake.DefaultRealm {
		return p.T("estate.realm.public")
	}
	return realm
}

func (s *Site) sourceNew(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.source.add")
	return s.show(w, r, s.sourceForm(p, intake.Source{Format: intake.Auto, TLP: tlp.Amber, Zone: intake.DefaultZone, Realm: intake.DefaultRealm}, true))
}

func (s *Site) sourceAdd(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.source.add")
	src, err := s.postedSource(r, p)
	if err != nil {
		return err
	}
	if len(p.Problems) > 0 {
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, s.sourceForm(p, src, true))
	}
	src.Name, src.Format = tidy(r.PostForm, "name"), intake.Format(r.PostForm.Get("format"))
	if src, err = s.Intake.AddSource(r.Context(), who(r), src); err != nil {
		return s.amiss(w, r, p, "intake", err, func() templ.Component { return s.sourceForm(p, src, true) })
	}
	if err := s.postedSecret(r, src.Name); err != nil {
		return s.amiss(w, r, p, "intake", err, func() templ.Component { return s.sourceForm(p, src, false) })
	}
	return s.done(w, r, sourceHref(src.Name), ui.Flash{Text: p.T("work.source.is_added", "name", src.Name)})
}

func (s *Site) sourceEdit(w http.ResponseWriter, r *http.Request) error {
	src, err := s.Intake.Source(r.Context(), who(r), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.source.edit")
	return s.show(w, r, s.sourceForm(p, src, false))
}

func (s *Site) sourceSave(w http.ResponseWriter, r *http.Request) error {
	old, err := s.Intake.Source(r.Context(), who(r), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.source.edit")
	src, err := s.postedSource(r, p)
	if err != nil {
		return err
	}
	src.Name, src.Format = old.Name, old.Format
	if len(p.Problems) > 0 {
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, s.sourceForm(p, src, false))
	}
	if _, err := s.Intake.EditSource(r.Context(), who(r), src); err != nil {
		return s.amiss(w, r, p, "intake", err, func() templ.Component { return s.sourceForm(p, old, false) })
	}
	if err := s.postedSecret(r, old.Name); err != nil {
		return s.amiss(w, r, p, "intake", err, func() templ.Component { return s.sourceForm(p, old, false) })
	}
	return s.done(w, r, sourceHref(old.Name), ui.Flash{Text: p.T("work.saved")})
}

// postedSecret sets the secret that was typed, or drops it where the form says
// so. A field left empty leaves it: it is never shown, so nobody can type it
// again.
func (s *Site) postedSecret(r *http.Request, name string) error {
	switch secret := tidy(r.PostForm, "secret"); {
	case r.PostForm.Get("forget") != "":
		return s.Collect.SetSecret(r.Context(), who(r), name, "")
	case secret != "":
		return s.Collect.SetSecret(r.Context(), who(r), name, secret)
	}
	return nil
}

// postedSource reads the form. What the room cannot know to be wrong, because it
// would never reach it, is put among the page's problems.
func (s *Site) postedSource(r *http.Request, p *ui.Page) (intake.Source, error) {
	if err := r.ParseForm(); err != nil {
		return intake.Source{}, badForm(r, err)
	}
	f := r.PostForm
	src := intake.Source{
		Kind: f.Get("kind"), Zone: tidy(f, "zone"), Realm: tidy(f, "realm"), Mapping: tidy(f, "mapping"), URL: tidy(f, "url"),
		Senders: strings.Join(strings.Fields(f.Get("senders")), " "), Reliability: f.Get("reliability"),
	}
	if src.URL != "" && collect.Check(src.URL) != nil {
		wrong(p, "url", "intake.wrong.url")
	}
	var err error
	if src.TLP, err = tlp.Parse(f.Get("tlp")); err != nil {
		wrong(p, "tlp", "work.wrong.tlp")
	}
	if v := tidy(f, "every"); v != "" {
		minutes, err := strconv.Atoi(v)
		if err != nil || minutes < 0 {
			wrong(p, "every", "intake.wrong.every")
		}
		src.Every = time.Duration(minutes) * time.Minute
	}
	if code := tidy(f, "organisation"); code != "" {
		if src.Organisation, err = s.Estate.ByCode(code); err != nil {
			wrong(p, "organisation", "work.wrong.organisation", "code", code)
		}
	}
	return src, nil
}

func (s *Site) sourceForm(p *ui.Page, src intake.Source, fresh bool) templ.Component {
	action, back := sourceHref(src.Name)+"/edit", sourceHref(src.Name)
	var head []templ.Component
	if fresh {
		action, back = "/sources/new", "/sources"
		head = []templ.Component{
			ui.Field(p, ui.Input{Name: "name", Label: p.T("work.source.name"), Hint: p.T("work.source.name_hint"), Required: true}),
			ui.Field(p, ui.Input{
				Name: "format", Label: p.T("work.source.format"), Hint: p.T("source.format_hint"), Kind: ui.InputSelect, Required: true, Value: string(src.Format), Choices: formatChoices(p),
			}),
		}
	}
	var every string
	if src.Every > 0 {
		every = strconv.Itoa(int(src.Every / time.Minute))
	}
	fields := append(head,
		ui.Field(p, ui.Input{
			Name: "kind", Label: p.T("work.source.kind"), Hint: p.T("work.source.kind_hint"), Kind: ui.InputSelect, Value: src.Kind,
			Choices: kindChoices(p, ui.Choice{Value: "", Label: p.T("work.source.kind_by_row")}, ui.Choice{Value: intake.Indicators, Label: p.T("intake.kind.indicators")}),
		}),
		ui.Field(p, ui.Input{
			Name: "tlp", Label: p.T("work.tlp"), Hint: p.T("work.source.tlp_note"), Kind: ui.InputSelect, Required: true, Value: src.TLP.String(), Choices: markingChoices(p),
		}),
		ui.Field(p, ui.Input{Name: "zone", Label: p.T("work.source.zone"), Hint: p.T("work.source.zone_note"), Value: src.Zone, Mono: true}),
		ui.Field(p, ui.Input{Name: "realm", Label: p.T("work.realm"), Hint: p.T("work.realm_hint"), Value: src.Realm, Mono: true}),
		ui.Field(p, ui.Input{Name: "organisation", Label: p.T("work.source.partner"), Hint: p.T("work.source.partner_note"), Value: s.Estate.Code(src.Organisation), Mono: true}),
		ui.Field(p, ui.Input{
			Name: "reliability", Label: p.T("source.reliability"), Hint: p.T("source.reliability_hint"), Kind: ui.InputSelect, Value: src.Reliability, Choices: reliabilityChoices(p),
		}),
		ui.Field(p, ui.Input{Name: "mapping", Label: p.T("work.source.mapping"), Hint: p.T("work.source.mapping_hint"), Kind: ui.InputLong, Value: src.Mapping, Mono: true, Lines: 8}),
		ui.Field(p, ui.Input{Name: "url", Label: p.T("work.source.url"), Hint: p.T("source.url_hint"), Value: src.URL, Mono: true}),
		folded(p.T("source.ways"), false, bullets(
			p.T("source.way.http")+": https://HOST/FILE", p.T("source.way.taxii")+": taxii+https://HOST/ROOT/collections/ID/", p.T("source.way.misp")+": misp+https://HOST/FEED/",
			p.T("source.way.imap")+": imaps://USER@HOST/INBOX", p.T("source.way.folder")+": file:///FOLDER",
		)),
		ui.Field(p, ui.Input{Name: "every", Label: p.T("work.source.every"), Hint: p.T("work.source.every_hint"), Kind: ui.InputNumber, Value: every, Short: true}),
		ui.Field(p, ui.Input{Name: "secret", Label: p.T("source.secret"), Hint: p.T("source.secret_hint"), Kind: ui.InputPassword, Autofill: "off"}),
	)
	if !fresh {
		fields = append(fields, ui.Field(p, ui.Input{Name: "forget", Label: p.T("source.secret_forget"), Kind: ui.InputCheck}))
	}
	fields = append(fields, ui.Field(p, ui.Input{Name: "senders", Label: p.T("source.senders"), Hint: p.T("source.senders_hint"), Value: src.Senders, Mono: true}))
	fields = append(fields, ui.Acts(p, ui.Button{Label: p.T("work.save_source"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: back}))
	t := top{Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.sources"), Href: "/sources"}}}}
	if !fresh {
		t.Crumbs = append(t.Crumbs, ui.Crumb{Label: src.Name, Href: back})
	}
	return board(p, t, []templ.Component{panel("", posting(action, fields...))})
}

func formatChoices(p *ui.Page) []ui.Choice {
	var all []ui.Choice
	formats := slices.DeleteFunc(intake.Formats(), func(f intake.Format) bool { return f == intake.Auto })
	for _, f := range append([]intake.Format{intake.Auto}, formats...) {
		all = append(all, ui.Choice{Value: string(f), Label: p.T("intake.format." + string(f))})
	}
	return all
}

func markingChoices(p *ui.Page) []ui.Choice {
	var all []ui.Choice
	for _, m := range []tlp.Marking{tlp.Clear, tlp.Green, tlp.Amber, tlp.AmberStrict, tlp.Red} {
		key := strings.ReplaceAll(m.String(), "+", "_")
		all = append(all, ui.Choice{Value: m.String(), Label: "TLP:" + strings.ToUpper(m.String()) + " – " + p.T("ui.tlp."+key)})
	}
	return all
}
