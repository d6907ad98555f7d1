package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
	"tocsin/internal/face/web/ui"
)

// nounRoutes are the addresses of a kind of record.
func (s *Site) nounRoutes(n noun) []Route {
	with := func(page func(http.ResponseWriter, *http.Request, noun) error) func(http.ResponseWriter, *http.Request) error {
		return func(w http.ResponseWriter, r *http.Request) error { return page(w, r, n) }
	}
	one := n.Path + "/{id}"
	if n.Word == "system" { // A system has a code, as an organisation has.
		one = n.Path + "/{code}"
	}
	routes := []Route{
		{Method: "GET", Pattern: n.Path, Act: n.View, handle: with(s.recordList)},
		{Method: "GET", Pattern: n.Path + "/new", Act: n.Edit, handle: with(s.recordNew)},
		{Method: "POST", Pattern: n.Path + "/new", Act: n.Edit, handle: with(s.recordAdd)},
		{Method: "GET", Pattern: one, Act: n.View, handle: with(s.record)},
		{Method: "GET", Pattern: one + "/edit", Act: n.Edit, handle: with(s.recordEdit)},
		{Method: "POST", Pattern: one + "/edit", Act: n.Edit, handle: with(s.recordSave)},
	}
	if n.Remove != nil {
		routes = append(routes,
			Route{Method: "GET", Pattern: one + "/remove", Act: n.Edit, handle: with(s.recordRemoveAsk)},
			Route{Method: "POST", Pattern: one + "/remove", Act: n.Edit, handle: with(s.recordRemove)},
		)
	}
	return routes
}

// recordTable is a list of records; of narrows it and drops what is the same in
// every line.
func (s *Site) recordTable(p *ui.Page, n noun, rows []dossier, next, of string) ui.Table[dossier] {
	t := ui.Table[dossier]{
		ID: n.Word, Caption: p.T("work.records." + n.Word), Rows: rows, Next: next,
		Href:  func(d dossier) string { return n.href(d.ID) },
		Empty: ui.Nothing{Title: p.T("work.records.none." + n.Word), Why: p.T("work.records.none_why." + n.Word)},
	}
	for i, name := range n.Shown {
		x := n.part(name)
		if of != "" && (name == "organisation" || name == "owner") {
			continue
		}
		column := ui.Column[dossier]{Key: name, Label: n.label(p, name), Off: i > 6, Number: x.Number, Cell: func(d dossier) templ.Component { return s.cell(p, x, d.Values[name]) }}
		if i == 0 {
			column.Cell = func(d dossier) templ.Component { return ui.Text(d.name(p)) }
		}
		t.Columns = append(t.Columns, column)
	}
	if n.Word == "address" {
		t.Columns = append(t.Columns[:1], append([]ui.Column[dossier]{{Key: "state", Label: p.T("work.state"), Cell: func(d dossier) templ.Component {
			return validity(p, d.Values["valid_from"], d.Values["valid_to"], s.Estate.Today())
		}}}, t.Columns[1:]...)...)
	}
	return t
}

// validity says whether a dated record holds today.
func validity(p *ui.Page, from, to, today string) templ.Component {
	switch {
	case to != "" && to < today:
		return ui.Badge(ui.TonePlain, p.T("work.valid.ended"))
	case from != "" && from > today:
		return ui.Badge(ui.ToneInfo, p.T("work.valid.coming"))
	}
	return ui.Badge(ui.ToneGood, p.T("work.valid.now"))
}

func recordQuery(p *ui.Page, r *http.Request) estate.Query {
	q := estate.Query{
		Search: p.Query("q"), Organisation: p.Query("organisation"), Below: p.Query("organisation") != "", System: p.Query("system"), Kind: p.Query("kind"),
		Criticality: p.Query("criticality"), Status: p.Query("status"), Realm: p.Query("realm"), Cursor: p.Query("cursor"), Limit: wanted(r),
	}
	q.Level, _ = strconv.Atoi(p.Query("level")) // nonsense is every level
	return q
}

func (s *Site) recordList(w http.ResponseWriter, r *http.Request, n noun) error {
	p := s.page(w, r, "work.records."+n.Word)
	rows, next, err := n.Find(r.Context(), who(r), recordQuery(p, r))
	if err != nil {
		return err
	}
	t := s.recordTable(p, n, rows, next, "")
	t.Bar = ui.FilterBar{Find: p.T("work.records.find." + n.Word)}
	for _, name := range n.Filters {
		x := n.part(name)
		t.Bar.Filters = append(t.Bar.Filters, ui.Filter{Name: name, Label: n.label(p, name), Options: options(words(p, x.Words, x.Values...))})
	}
	for _, of := range []string{"organisation", "system"} {
		if code := p.Query(of); code != "" {
			t.Bar.Filters = append(t.Bar.Filters, ui.Filter{Name: of, Label: p.T("work.part." + of), Options: []ui.Option{{Value: code, Label: s.codeName(p, code)}}})
		}
	}
	head := top{Heading: ui.Heading{Lead: p.T("work.records.lead." + n.Word)}}
	if may(r, n.Edit) {
		add := ui.Button{Label: p.T("work.record.add." + n.Word), Href: query(n.Path+"/new", "organisation", p.Query("organisation")), Kind: ui.KindPrimary, Icon: ui.IconPlus}
		head.Acts, t.Empty.Acts = []ui.Button{add}, []ui.Button{add}
	}
	return showList(s, w, r, p, listing[dossier]{Top: head, Table: t})
}

func (s *Site) recordOf(r *http.Request, n noun) (dossier, error) {
	return n.Load(r.Context(), who(r), firstWord(r.PathValue("id"), r.PathValue("code")))
}

func (s *Site) record(w http.ResponseWriter, r *http.Request, n noun) error {
	d, err := s.recordOf(r, n)
	if err != nil {
		return err
	}
	past, err := s.Estate.History(r.Context(), who(r), n.Word+":"+d.ID)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	p.Title = d.name(p)
	head := top{Heading: ui.Heading{Lead: p.T("estate.noun." + n.Word), Crumbs: s.ownerCrumbs(p, n, d.Owner)}}
	if n.Word == "address" {
		head.Marks = []templ.Component{validity(p, d.Values["valid_from"], d.Values["valid_to"], s.Estate.Today())}
	}
	if may(r, n.Edit) {
		head.Acts = append(head.Acts, ui.Button{Label: p.T("work.record.edit"), Href: n.href(d.ID) + "/edit", Icon: ui.IconEdit})
		if n.Word == "address" && d.Values["valid_to"] == "" {
			head.Acts = append(head.Acts, ui.Button{Label: p.T("work.address.end"), Href: n.href(d.ID) + "/end"})
		}
		if n.Remove != nil {
			head.Acts = append(head.Acts, ui.Button{Label: p.T("work.record.remove"), Href: n.href(d.ID) + "/remove", Kind: ui.KindDanger, Icon: ui.IconBin})
		}
	}
	var related templ.Component
	if n.Word == "system" {
		if related, err = s.systemNeighbours(p, r, d.ID); err != nil {
			return err
		}
	}
	return s.lay(w, r, p, head, box("grid-2",
		panel(p.T("work.record.facts"), ui.Facts(p, s.recordFacts(p, n, d))),
		box("stack", related, panel(p.T("work.history"), s.estateHistory(p, n, past))),
	))
}

// ownerCrumbs lead back to the organisation that a record belongs to.
func (s *Site) ownerCrumbs(p *ui.Page, n noun, owner string) []ui.Crumb {
	crumbs := []ui.Crumb{{Label: p.T("work.records." + n.Word), Href: n.Path}}
	if owner != "" {
		if id, err := s.Estate.ByCode(owner); err == nil && s.orgHref(p, id) != "" {
			crumbs = append([]ui.Crumb{{Label: s.codeName(p, owner), Href: s.orgHref(p, id)}}, crumbs...)
		}
	}
	return crumbs
}

func (s *Site) recordFacts(p *ui.Page, n noun, d dossier) []ui.Fact {
	var facts []ui.Fact
	for _, x := range n.Parts {
		if x.Unlisted && d.Values[x.Name] == "" {
			continue
		}
		if x.Long {
			continue // what the keys say of themselves tells more
		}
		facts = append(facts, ui.Fact{Label: n.label(p, x.Name), Value: s.cell(p, x, d.Values[x.Name])})
	}
	if c, ok := d.Raw.(estate.Contact); ok {
		facts = append(facts, keyFacts(p, c)...)
	}
	return facts
}

// systemNeighbours are the systems that depend on one, and how to find what
// stands on it.
func (s *Site) systemNeighbours(p *ui.Page, r *http.Request, code string) (templ.Component, error) {
	all, err := s.Estate.Dependants(r.Context(), who(r), code)
	if err != nil {
		return nil, err
	}
	var parts []templ.Component
	if len(all) == 0 {
		parts = append(parts, hushed(p.T("work.system.no_dependants")))
	}
	for _, x := range all {
		parts = append(parts, box("", ui.Link("/systems/"+url.PathEscape(x.Code), x.Name(p.Lang()))))
	}
	parts = append(parts, box("row",
		ui.Link(query("/addresses", "system", code), p.T("work.system.addresses")),
		ui.Link(query("/endpoints", "system", code), p.T("work.system.endpoints")),
		ui.Link(query("/software", "system", code), p.T("work.system.software")),
	))
	return panel(p.T("work.system.dependants"), parts...), nil
}

// estateHistory is the life of a record, the newest change first, each with what
// it changed.
func (s *Site) estateHistory(p *ui.Page, n noun, past []estate.Event) templ.Component {
	var moments []ui.Moment
	for _, e := range slices.Backward(past) {
		_, act, _ := cutVerb(e.Verb)
		m := ui.Moment{At: e.At, Who: actorWords(p, e.Actor), What: p.T("estate.event." + act)}
		if e.Import != "" {
			m.Who += " · " + p.T("work.history.import", "import", e.Import)
		}
		if act != "added" {
			m.Extra = s.estateChange(p, n, columnsOf(e.Before), columnsOf(e.After))
		}
		moments = append(moments, m)
	}
	return ui.Timeline(p, moments)
}

func cutVerb(verb string) (noun, act string, ok bool) {
	for i, c := range verb {
		if c == '.' {
			return verb[:i], verb[i+1:], true
		}
	}
	return verb, "", false
}

// estateChange lists the values that a change replaced.
func (s *Site) estateChange(p *ui.Page, n noun, before, after map[string]string) templ.Component {
	var lines []string
	for _, x := range n.Parts {
		was, is := before[x.Name], after[x.Name]
		if was == is || len(after) == 0 {
			continue
		}
		say := func(v string) string {
			switch {
			case v == "":
				return p.T("ui.none")
			case x.Long:
				return p.T("work.part.is_set")
			}
			return x.says(p, v)
		}
		lines = append(lines, p.T("work.history.change", "field", n.label(p, x.Name), "was", say(was), "is", say(is)))
	}
	if len(lines) == 0 {
		return nil
	}
	return bullets(lines...)
}

func (s *Site) recordNew(w http.ResponseWriter, r *http.Request, n noun) error {
	p := s.page(w, r, "work.record.add."+n.Word)
	values := map[string]string{}
	for _, x := range n.Parts {
		values[x.Name] = p.Query(x.Name)
	}
	if n.Word == "system" {
		values["owner"] = firstWord(p.Query("owner"), p.Query("organisation"))
	}
	if code := values["organisation"]; code != "" {
		if _, err := s.Estate.ShowOrganisation(r.Context(), who(r), code); err != nil {
			return err
		}
	}
	return s.show(w, r, s.recordForm(p, n, dossier{Values: values}))
}

func (s *Site) recordAdd(w http.ResponseWriter, r *http.Request, n noun) error {
	p := s.page(w, r, "work.record.add."+n.Word)
	return s.keepRecord(w, r, p, n, dossier{})
}

func (s *Site) recordEdit(w http.ResponseWriter, r *http.Request, n noun) error {
	d, err := s.recordOf(r, n)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	p.Title = p.T("work.record.edit_title", "name", d.name(p))
	return s.show(w, r, s.recordForm(p, n, d))
}

func (s *Site) recordSave(w http.ResponseWriter, r *http.Request, n noun) error {
	d, err := s.recordOf(r, n)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	p.Title = p.T("work.record.edit_title", "name", d.name(p))
	return s.keepRecord(w, r, p, n, d)
}

// keepRecord checks what was posted and gives it to the room. The revision is
// the one that the editor saw: who comes second is told, and nothing is lost.
func (s *Site) keepRecord(w http.ResponseWriter, r *http.Request, p *ui.Page, n noun, d dossier) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	p.Posted = r.PostForm
	for _, x := range n.Parts {
		if x.Fixed && d.ID != "" {
			r.PostForm.Set(x.Name, d.Values[x.Name])
		}
	}
	revision := int64(0)
	if d.ID != "" {
		revision, _ = strconv.ParseInt(r.PostForm.Get("revision"), 10, 64) // none is a conflict, told below
		if revision == 0 {
			revision = -1
		}
	}
	again := func() error { return s.showAs(w, r, http.StatusUnprocessableEntity, s.recordForm(p, n, d)) }
	rows, sound := n.line(p, r.PostForm)
	if !sound {
		return again()
	}
	kept, err := n.Save(r.Context(), who(r), d.ID, revision, rows, r.PostForm)
	if err != nil {
		if refusedRecord(p, err) {
			return again()
		}
		return err
	}
	return s.done(w, r, n.href(kept.ID), ui.Flash{Text: p.T("work.saved")})
}

func (s *Site) recordForm(p *ui.Page, n noun, d dossier) templ.Component {
	action, back := n.Path+"/new", firstWord(s.ownerHref(p, d.Values["organisation"]), n.Path)
	if d.ID != "" {
		action, back = n.href(d.ID)+"/edit", n.href(d.ID)
	}
	var fields []templ.Component
	for _, x := range n.Parts {
		if x.Fixed && d.ID != "" {
			fields = append(fields, ui.Facts(p, []ui.Fact{{Label: n.label(p, x.Name), Value: ui.Code(d.Values[x.Name]), Note: p.T("work.part.fixed")}}))
			continue
		}
		fields = append(fields, ui.Field(p, n.input(p, x, d.Values[x.Name])))
	}
	fields = append(fields,
		ui.Hidden(url.Values{"revision": {strconv.FormatInt(d.Revision, 10)}}),
		ui.Acts(p, ui.Button{Label: p.T("work.save"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: back}),
	)
	return board(p, top{Heading: ui.Heading{Crumbs: s.ownerCrumbs(p, n, firstWord(d.Owner, d.Values["organisation"], d.Values["owner"]))}},
		[]templ.Component{panel("", posting(action, fields...))})
}

func (s *Site) ownerHref(p *ui.Page, code string) string {
	id, err := s.Estate.ByCode(code)
	if err != nil {
		return ""
	}
	return s.orgHref(p, id)
}

func (n noun) input(p *ui.Page, x part, value string) ui.Input {
	input := ui.Input{Name: x.Name, Label: n.label(p, x.Name), Value: value, Required: x.Needed, Mono: x.Mono}
	for _, key := range []string{"work.hint." + n.Word + "." + x.Name, "work.hint." + x.Name} {
		if p.Has(key) {
			input.Hint = p.T(key)
			break
		}
	}
	switch {
	case len(x.Values) > 0:
		input.Kind = ui.InputSelect
		input.Choices = append([]ui.Choice{{Value: "", Label: p.T("work.choose")}}, words(p, x.Words, x.Values...)...)
	case x.Date:
		input.Kind = ui.InputDate
	case x.Number:
		input.Kind, input.Short = ui.InputNumber, true
	case x.Long:
		input.Kind = ui.InputLong
	}
	return input
}

func (s *Site) recordRemoveAsk(w http.ResponseWriter, r *http.Request, n noun) error {
	d, err := s.recordOf(r, n)
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.record.remove")
	return s.show(w, r, confirming(p, ui.Preview{
		Question: p.T("work.record.remove_ask", "name", d.name(p)), Effects: []string{p.T("work.record.remove_1"), p.T("work.record.remove_2." + n.Word)},
		Act: ui.Button{Label: p.T("work.record.remove"), Action: n.href(d.ID) + "/remove", Kind: ui.KindDanger}, Cancel: n.href(d.ID),
	}, ui.Facts(p, s.recordFacts(p, n, d))))
}

func (s *Site) recordRemove(w http.ResponseWriter, r *http.Request, n noun) error {
	d, err := s.recordOf(r, n)
	if err != nil {
		return err
	}
	if err := n.Remove(r.Context(), who(r), d.ID); err != nil {
		return err
	}
	p := s.page(w, r, "")
	return s.done(w, r, firstWord(s.ownerHref(p, d.Owner), n.Path), ui.Flash{Text: p.T("work.record.removed", "name", d.name(p))})
}

func (s *Site) addressNoun() noun {
	all := s.nouns()
	return all[slices.IndexFunc(all, func(n noun) bool { return n.Word == "address" })]
}

func (s *Site) addressEndAsk(w http.ResponseWriter, r *http.Request) error {
	d, err := s.recordOf(r, s.addressNoun())
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.address.end")
	return s.show(w, r, s.addressEndForm(p, d))
}

func (s *Site) addressEndForm(p *ui.Page, d dossier) templ.Component {
	n := s.addressNoun()
	return confirming(p, ui.Preview{
		Question: p.T("work.address.end_ask", "value", d.Title, "name", s.codeName(p, d.Owner)), Effects: []string{p.T("work.address.end_1"), p.T("work.address.end_2")},
		Act: ui.Button{Label: p.T("work.address.end"), Action: n.href(d.ID) + "/end", Kind: ui.KindPrimary}, Cancel: n.href(d.ID),
	}, ui.Field(p, ui.Input{Name: "last", Label: p.T("work.address.last"), Hint: p.T("work.address.last_hint"), Kind: ui.InputDate, Value: s.Estate.Today(), Required: true}))
}

func (s *Site) addressEnd(w http.ResponseWriter, r *http.Request) error {
	n := s.addressNoun()
	d, err := s.recordOf(r, n)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	last := tidy(r.PostForm, "last")
	_, err = s.Estate.EndAddress(r.Context(), who(r), estate.ID(d.ID), last)
	p := s.page(w, r, "work.address.end")
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) {
		wrong(p, "last", "work.wrong.last")
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, s.addressEndForm(p, d))
	}
	if err != nil {
		return err
	}
	return s.done(w, r, n.href(d.ID), ui.Flash{Text: p.T("work.address.ended", "value", d.Title, "last", isoDate(p, last))})
}

// isoDate writes an ISO date as the reader does.
func isoDate(p *ui.Page, date string) string {
	t, err := time.ParseInLocation(time.DateOnly, date, p.Zone())
	if err != nil {
		return date
	}
	return p.Date(t)
}
