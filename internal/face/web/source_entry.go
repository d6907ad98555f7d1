package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
)

// The rows that an empty form has, and the most that one may ask for.
const (
	entryLines    = 3
	entryMaxLines = 60
)

// entryBytes is a letter and the form around it.
const entryBytes = intake.LetterBytes + 1<<20

func (s *Site) entryPage(w http.ResponseWriter, r *http.Request) error {
	src, err := s.Intake.Source(r.Context(), who(r), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := s.page(w, r, "entry.title")
	lines, err := strconv.Atoi(p.Query("lines"))
	if err != nil || lines < 1 {
		lines = entryLines
	}
	return s.show(w, r, entryForm(p, src, min(lines, entryMaxLines)))
}

// entryForm asks for what a letter says: the letter first, then a line for each
// thing that it names.
func entryForm(p *ui.Page, src intake.Source, lines int) templ.Component {
	fields := []templ.Component{
		ui.Field(p, ui.Input{Name: "reference", Label: p.T("entry.reference"), Hint: p.T("entry.reference_hint"), Required: true}),
		ui.Field(p, ui.Input{Name: "letter", Label: p.T("entry.letter"), Hint: p.T("entry.letter_hint", "limit", size(p, intake.LetterBytes)), Kind: ui.InputFile}),
	}
	for i := range lines {
		fields = append(fields, entryLine(p, src, i))
	}
	more := ui.Link(sourceHref(src.Name)+"/entry?lines="+strconv.Itoa(min(lines+10, entryMaxLines)), p.T("entry.more"))
	fields = append(fields, more, ui.Acts(p,
		ui.Button{Label: p.T("entry.save"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: sourceHref(src.Name)},
	))
	return board(p, top{
		Heading: ui.Heading{
			Crumbs: []ui.Crumb{{Label: p.T("web.nav.sources"), Href: "/sources"}, {Label: src.Name, Href: sourceHref(src.Name)}}, Lead: p.T("entry.lead"),
		},
		Marks: []templ.Component{ui.TLP(p, src.TLP.String())},
	}, []templ.Component{panel("", uploading(sourceHref(src.Name)+"/entry", fields...))})
}

func entryLine(p *ui.Page, src intake.Source, i int) templ.Component {
	name := func(field string) string { return "rows." + strconv.Itoa(i) + "." + field }
	kind := ""
	if src.Kind == intake.Indicators {
		kind = intake.Indicators
	}
	severities := []ui.Choice{{Label: p.T("entry.severity_of_kind")}}
	for _, v := range row.Severities() {
		severities = append(severities, ui.Choice{Value: v.String(), Label: p.T("ui.severity." + v.String())})
	}
	return panel(p.T("entry.line", "n", i+1),
		box("form-row",
			ui.Field(p, ui.Input{Name: name("what"), Label: p.T("entry.what"), Hint: p.T("entry.what_hint"), Mono: true, Required: i == 0}),
			ui.Field(p, ui.Input{
				Name: name("kind"), Label: p.T("entry.kind"), Hint: p.T("entry.kind_hint"), Kind: ui.InputSelect, Value: kind, Required: i == 0,
				Choices: kindChoices(p, ui.Choice{Label: p.T("entry.choose")}, ui.Choice{Value: intake.Indicators, Label: p.T("entry.kind_indicator")}),
			}),
		),
		box("form-row",
			ui.Field(p, ui.Input{Name: name("at"), Label: p.T("entry.at"), Hint: p.T("entry.at_hint"), Kind: ui.InputMoment}),
			ui.Field(p, ui.Input{Name: name("port"), Label: p.T("entry.port"), Hint: p.T("entry.port_hint"), Kind: ui.InputNumber, Short: true}),
			ui.Field(p, ui.Input{Name: name("severity"), Label: p.T("work.severity"), Hint: p.T("entry.severity_hint"), Kind: ui.InputSelect, Choices: severities}),
		),
		box("form-row",
			ui.Field(p, ui.Input{Name: name("name"), Label: p.T("entry.name"), Hint: p.T("entry.name_hint")}),
			ui.Field(p, ui.Input{Name: name("note"), Label: p.T("entry.note"), Hint: p.T("entry.note_hint")}),
		),
	)
}

// postedEntry reads the lines in which something was typed. lines is how many
// the form had, places where each entry's row stood in it.
func postedEntry(p *ui.Page, f url.Values) (rows []intake.EntryRow, places []int, lines int) {
	for i := range entryMaxLines {
		get := func(field string) string { return tidy(f, "rows."+strconv.Itoa(i)+"."+field) }
		if !f.Has("rows." + strconv.Itoa(i) + ".what") {
			break
		}
		lines++
		e := intake.EntryRow{What: get("what"), Kind: get("kind"), At: get("at"), Port: get("port"), Severity: get("severity"), Name: get("name"), Note: get("note")}
		if e.What+e.At+e.Port+e.Name+e.Note == "" {
			continue
		}
		// The form's times are those of the city.
		if at, err := time.ParseInLocation("2006-01-02T15:04", e.At, p.Zone()); err == nil {
			e.At = at.UTC().Format(time.RFC3339)
		}
		rows, places = append(rows, e), append(places, i)
	}
	return rows, places, max(lines, 1)
}

func (s *Site) entryDo(w http.ResponseWriter, r *http.Request) error {
	src, err := s.Intake.Source(r.Context(), who(r), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := s.page(w, r, "entry.title")
	if err := r.ParseMultipartForm(4 << 20); err != nil {
		return badForm(r, err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	rows, places, lines := postedEntry(p, r.PostForm)
	e := intake.Entry{Source: src.Name, Reference: tidy(r.PostForm, "reference"), Rows: rows}
	if file, head, err := r.FormFile("letter"); err == nil {
		defer func() { _ = file.Close() }()
		e.Letter, e.File = file, head.Filename
	}
	zone, err := time.LoadLocation(src.Zone)
	if err != nil {
		return err
	}
	for _, f := range intake.CheckEntry(rows, zone) {
		p.Problems = append(p.Problems, ui.Problem{Field: "rows." + strconv.Itoa(places[f.Row]) + "." + f.Field, Text: refusalWords(p, f.Refusal)})
	}
	again := func() templ.Component { return entryForm(p, src, lines) }
	if e.Reference == "" {
		wrong(p, "reference", "entry.wrong.reference")
	}
	if len(rows) == 0 {
		wrong(p, "rows.0.what", "entry.wrong.rows")
	}
	if len(p.Problems) > 0 {
		if e.Letter != nil {
			wrong(p, "letter", "entry.wrong.letter_again")
		}
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, again())
	}
	made, err := s.Intake.Enter(r.Context(), who(r), e)
	if errs.Is(err, errs.TooLarge) {
		err = errs.At(errs.Invalid, errs.PlacesOf(err), "%w", err)
	}
	if err != nil {
		return s.amiss(w, r, p, "entry", err, again)
	}
	return s.done(w, r, "/documents/"+made[0].Label(), ui.Flash{Text: p.N("entry.saved", len(rows), "id", made[0].Label())})
}

// refusalWords says in the reader's language what is wrong with a value.
func refusalWords(p *ui.Page, f row.Refusal) string {
	return faultWords(p, intake.Quarantined{Fault: f.Fault, Value: f.Value, Detail: f.Detail})
}

// letterPanel leads from what was typed to the letter, and from the letter to
// what was typed from it.
func (s *Site) letterPanel(p *ui.Page, r *http.Request, d intake.Document) (templ.Component, error) {
	switch {
	case d.Letter != 0:
		l, err := s.Intake.Document(r.Context(), who(r), d.Letter)
		if err != nil {
			return nil, err
		}
		return panel(p.T("entry.letter"), ui.Facts(p, []ui.Fact{
			{Label: p.T("work.document.id"), Value: ui.Link("/documents/"+l.Label(), l.Label())},
			{Label: p.T("entry.file"), Value: ui.Code(l.File), Note: size(p, l.Size)},
			{Label: p.T("work.document.received"), Value: ui.When(p, l.Received), Note: l.ReceivedBy},
		}), ui.Acts(p, ui.Button{Label: p.T("entry.open_letter"), Href: "/documents/" + l.Label() + "/original", Icon: ui.IconDownload})), nil
	case d.ReportType == intake.EntryLetter:
		typed, err := s.Intake.EntriesOf(r.Context(), who(r), d.ID)
		if err != nil {
			return nil, err
		}
		return panel(p.T("entry.typed_from"), ui.List(p, ui.Table[intake.Document]{
			ID: "typed", Plain: true, Caption: p.T("entry.typed_from"), Rows: typed,
			Href: func(d intake.Document) string { return "/documents/" + d.Label() }, Columns: s.documentColumns(p, false),
			Empty: ui.Nothing{Title: p.T("work.documents.none"), Why: p.T("entry.none_typed")},
		})), nil
	}
	return nil, nil //nolint:nilnil // most documents have to do with no letter
}

// entryAct is the button on a source's page, for who may type.
func entryAct(p *ui.Page, r *http.Request, name string) []ui.Button {
	if !may(r, auth.DocumentEnter) {
		return nil
	}
	return []ui.Button{{Label: p.T("entry.act"), Href: sourceHref(name) + "/entry", Icon: ui.IconEdit}}
}

// typedName is the name of a report type that a person typed, "" of others.
func typedName(p *ui.Page, reportType string) string {
	if !intake.Typed(reportType) {
		return ""
	}
	return p.T("entry.type." + strings.ReplaceAll(reportType, "-", "_"))
}
