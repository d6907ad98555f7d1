package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake"
)

func (s *Site) quarantine(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.quarantine")
	f := intake.QuarantineFilter{Source: p.Query("source"), State: p.Query("state"), Limit: wanted(r) + 1}
	if f.State == "" {
		f.State = "held"
	}
	if label := p.Query("document"); label != "" {
		id, err := intake.ParseDocument(label)
		if err != nil {
			return err
		}
		f.Document = id
	}
	f.After, _ = strconv.ParseInt(p.Query("cursor"), 10, 64) // nonsense is the first page
	all, err := s.Intake.Quarantine(r.Context(), who(r), f)
	if err != nil {
		return err
	}
	sources, err := s.Intake.Sources(r.Context(), who(r))
	if err != nil {
		return err
	}
	all, next := turned(all, f.Limit, func(q intake.Quarantined) string { return strconv.FormatInt(q.ID, 10) })
	type held = intake.Quarantined
	bar := ui.FilterBar{Filters: []ui.Filter{
		{Name: "source", Label: p.T("work.document.source"), Options: options(sourceChoices(sources))},
		{Name: "state", Label: p.T("work.state"), Options: options(words(p, "intake.", "held", "released", "counted", "erased"))},
	}}
	if f.Document > 0 {
		bar.Filters = append(bar.Filters, ui.Filter{Name: "document", Label: p.T("work.document.id"), Options: []ui.Option{{Value: p.Query("document"), Label: p.Query("document")}}})
	}
	return showList(s, w, r, p, listing[held]{
		Top: top{Heading: ui.Heading{Lead: p.T("work.quarantine.lead")}},
		Table: ui.Table[held]{
			ID: "quarantine", Caption: p.T("web.nav.quarantine"), Rows: all, Next: next,
			Href: func(q held) string { return "/quarantine/" + q.Label() },
			Columns: []ui.Column[held]{
				{Key: "id", Label: p.T("work.quarantine.id"), Cell: func(q held) templ.Component { return ui.Text(q.Label()) }},
				{Key: "fault", Label: p.T("work.quarantine.fault"), Wide: true, Cell: func(q held) templ.Component { return ui.Text(faultWords(p, q)) }},
				{Key: "place", Label: p.T("work.quarantine.place"), Cell: func(q held) templ.Component { return ui.Text(placeWords(p, q)) }},
				{Key: "document", Label: p.T("work.document.id"), Cell: func(q held) templ.Component {
					id := "S" + strconv.FormatInt(q.Document, 10)
					return ui.Link("/documents/"+id, id)
				}},
				{Key: "source", Label: p.T("work.document.source"), Cell: func(q held) templ.Component { return ui.Link(sourceHref(q.Source), q.Source) }},
				{Key: "state", Label: p.T("work.state"), Cell: func(q held) templ.Component { return heldState(p, q.State) }},
				{Key: "row", Label: p.T("work.quarantine.row"), Wide: true, Off: true, Cell: func(q held) templ.Component { return ui.Code(strings.TrimSpace(q.Raw)) }},
			},
			Bar:   bar,
			Empty: ui.Nothing{Title: p.T("work.quarantine.none"), Why: p.T("work.quarantine.none_why")},
		},
	})
}

func heldState(p *ui.Page, state string) templ.Component {
	switch state {
	case "held", "released":
		return ui.State(p, "quarantine", state)
	case "counted":
		return ui.Badge(ui.ToneGood, p.T("intake.counted"))
	}
	return ui.Badge(ui.TonePlain, p.T("intake."+state))
}

// faultWords says in the reader's language why a row could not be read.
func faultWords(p *ui.Page, q intake.Quarantined) string {
	if key := "row.fault." + string(q.Fault); p.Has(key) {
		return p.T(key, "field", q.Field, "value", q.Value, "detail", q.Detail)
	}
	return q.Reason
}

func placeWords(p *ui.Page, q intake.Quarantined) string {
	if q.Column == 0 {
		return p.T("work.quarantine.at_line", "line", q.Line)
	}
	return p.T("work.quarantine.at_column", "line", q.Line, "column", q.Column, "field", q.Field)
}

// A heldRow is a quarantined row with its columns by name, where it has any.
type heldRow struct {
	intake.Quarantined
	Names, Values []string // of equal length; none where the row is not of columns
}

// field is the number of the column at fault, -1 where it is the whole row.
func (h heldRow) field() int {
	if h.Column > 0 && h.Column <= len(h.Names) {
		return h.Column - 1
	}
	return -1
}

func (s *Site) heldOf(r *http.Request) (heldRow, error) {
	id, err := intake.ParseQuarantine(r.PathValue("id"))
	if err != nil {
		return heldRow{}, err
	}
	q, err := s.Intake.Held(r.Context(), who(r), id)
	if err != nil {
		return heldRow{}, err
	}
	h := heldRow{Quarantined: q}
	_, lines, err := s.Intake.Lines(r.Context(), q.Document, []intake.Span{{Place: q.Place, Length: q.Length}})
	switch {
	case errs.Is(err, errs.Gone): // Its original was erased by order: there is nothing to name.
		return h, nil
	case err != nil:
		return h, err
	}
	if len(lines) == 1 && len(lines[0].Header) > 1 && len(lines[0].Fields) > 1 {
		h.Names, h.Values = lines[0].Header, make([]string, len(lines[0].Header))
		copy(h.Values, lines[0].Fields)
	}
	return h, nil
}

func (s *Site) held(w http.ResponseWriter, r *http.Request) error {
	h, err := s.heldOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	return s.show(w, r, s.heldPage(p, r, h))
}

func (s *Site) heldPage(p *ui.Page, r *http.Request, h heldRow) templ.Component {
	p.Title = p.T("work.quarantine.title", "id", h.Label())
	document := "S" + strconv.FormatInt(h.Document, 10)
	parts := []templ.Component{
		notice(ui.ToneMedium, strong(faultWords(p, h.Quarantined)), ui.Text(" "+placeWords(p, h.Quarantined)+".")),
	}
	switch {
	case h.State != "held":
		parts = append(parts, panel("", ui.Facts(p, []ui.Fact{{Label: p.T("work.state"), Value: heldState(p, h.State), Note: h.ReleasedBy}})))
	case !may(r, auth.QuarantineRelease):
		parts = append(parts, hushed(p.T("work.quarantine.only_centre")))
	default:
		parts = append(parts, s.releaseForms(p, h))
	}
	if h.Raw != "" {
		parts = append(parts, ui.Evidence(p, ui.Proof{Title: p.T("work.quarantine.row"), From: document + ":" + strconv.Itoa(h.Line), Text: h.Raw}))
	}
	return board(p, top{
		Heading: ui.Heading{Crumbs: []ui.Crumb{
			{Label: p.T("web.nav.quarantine"), Href: "/quarantine"}, {Label: h.Source, Href: sourceHref(h.Source)}, {Label: document, Href: "/documents/" + document},
		}},
		Marks: []templ.Component{heldState(p, h.State)},
	}, parts)
}

// columnPrefix keeps the names of a stranger's columns apart from our own
// fields.
const columnPrefix = "column."

// releaseForms ask for the row put right: the column at fault first and alone,
// the others behind a fold; or the whole line where it has no columns.
func (s *Site) releaseForms(p *ui.Page, h heldRow) templ.Component {
	action := "/quarantine/" + h.Label() + "/release"
	release := ui.Acts(p, ui.Button{Label: p.T("work.quarantine.release"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: "/quarantine"})
	line := posting(action,
		ui.Field(p, ui.Input{Name: "row", Label: p.T("work.quarantine.whole"), Hint: p.T("work.quarantine.whole_hint"), Kind: ui.InputLong, Value: strings.TrimRight(h.Raw, "\r\n"), Mono: true, Lines: 3, Required: true}),
		release,
	)
	if len(h.Names) == 0 {
		return panel(p.T("work.quarantine.mend"), line)
	}
	at := h.field()
	var wrongOnes, others []templ.Component
	for i, name := range h.Names {
		input := ui.Input{Name: columnPrefix + name, Label: strings.TrimSpace(name), Value: h.Values[i], Mono: true, Required: true}
		if i == at {
			input.Hint = faultWords(p, h.Quarantined)
			wrongOnes = append(wrongOnes, box("field wrong", ui.Field(p, input)))
			continue
		}
		others = append(others, ui.Field(p, input))
	}
	var parts []templ.Component
	parts = append(parts, hushed(p.T("work.quarantine.mend_lead")))
	parts = append(parts, wrongOnes...)
	parts = append(parts, folded(p.N("work.quarantine.others", len(others)), at < 0, box("stack", others...)), release)
	return box("stack",
		panel(p.T("work.quarantine.mend"), posting(action, parts...)),
		panel("", folded(p.T("work.quarantine.or_whole"), false, line)),
	)
}

func (s *Site) heldRelease(w http.ResponseWriter, r *http.Request) error {
	h, err := s.heldOf(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	_, err = s.Intake.Release(r.Context(), who(r), h.ID, h.set(r.PostForm))
	p := s.page(w, r, "")
	switch {
	case errs.Is(err, errs.Invalid):
		field := "row"
		if places := errs.PlacesOf(err); len(places) > 0 && len(h.Names) > 0 && !r.PostForm.Has("row") {
			field = columnPrefix + places[0].Field
		}
		wrong(p, field, "work.quarantine.still_wrong")
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, s.heldPage(p, r, h))
	case err != nil:
		return err
	}
	return s.done(w, r, query("/quarantine", "source", h.Source), ui.Flash{Text: p.T("work.quarantine.is_released", "id", h.Label())})
}

// set are the columns that the form changes, or the whole line.
func (h heldRow) set(form url.Values) map[string]string {
	if form.Has("row") {
		return map[string]string{"row": form.Get("row")}
	}
	set := map[string]string{}
	for i, name := range h.Names {
		if form.Has(columnPrefix+name) && form.Get(columnPrefix+name) != h.Values[i] {
			set[strings.TrimSpace(name)] = form.Get(columnPrefix + name)
		}
	}
	return set
}
