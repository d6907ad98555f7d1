package web

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/propose"
	"tocsin/internal/watch/intake/row"
)

// previewRows is how many rows of the sample are shown as they would be read.
const previewRows = 20

// mappingBytes is a sample, twice: typed and as a file that is larger than what
// is looked at.
const mappingBytes = 8 << 20

// A mappingPage is what the helper knows of a sample.
type mappingPage struct {
	Text    string
	Sample  propose.Sample
	Choice  propose.Choice
	Kind    string
	Mapping string // "" while it does not hold
	Seen    []propose.Seen
	Sources []intake.Health // that the mapping may be kept in
}

func (s *Site) mappingAsk(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, sampleForm(s.page(w, r, "mapping.title")))
}

// sampleForm asks for the sample.
func sampleForm(p *ui.Page) templ.Component {
	return board(p, mappingTop(p), []templ.Component{panel("", uploading("/sources/mapping",
		ui.Field(p, ui.Input{Name: "sample", Label: p.T("mapping.sample"), Hint: p.T("mapping.sample_hint"), Kind: ui.InputLong, Mono: true, Lines: 10}),
		ui.Field(p, ui.Input{Name: "file", Label: p.T("mapping.file"), Hint: p.T("mapping.file_hint", "limit", size(p, propose.Bytes)), Kind: ui.InputFile}),
		ui.Acts(p, ui.Button{Label: p.T("mapping.read"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: "/sources"}),
	))})
}

func mappingTop(p *ui.Page) top {
	return top{Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.sources"), Href: "/sources"}}, Lead: p.T("mapping.lead")}}
}

// mappingDo goes one step on: from the sample to a proposal, from a choice to its
// preview, and where the button says so into a source.
func (s *Site) mappingDo(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "mapping.title")
	if err := r.ParseMultipartForm(mappingBytes); err != nil {
		return badForm(r, err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	m := mappingPage{Text: r.PostForm.Get("sample"), Kind: r.PostForm.Get("kind")}
	if file, _, err := r.FormFile("file"); err == nil {
		text, err := io.ReadAll(io.LimitReader(file, propose.Bytes+1))
		_ = file.Close()
		if err != nil {
			return err
		}
		m.Text = string(text)
	}
	m.Text = string(propose.Cut([]byte(m.Text)))
	var err error
	if m.Sample, err = propose.Read([]byte(m.Text)); err != nil {
		wrong(p, "sample", "mapping.wrong.sample")
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, sampleForm(p))
	}
	if m.Sources, err = s.mappedSources(r, m.Sample.JSON); err != nil {
		return err
	}
	if r.PostForm.Has("field.at") {
		m.Choice = propose.Choice{Columns: map[string]string{}, Layout: r.PostForm.Get("layout"), Zone: tidy(r.PostForm, "zone")}
		for _, field := range propose.Fields() {
			m.Choice.Columns[field] = r.PostForm.Get("field." + field)
		}
		p.Posted = r.PostForm
	} else {
		m.Choice = propose.Propose(m.Sample)
		m.Choice.Zone = p.Zone().String()
	}
	if m.Kind == "" {
		m.Kind = string(row.Malware)
	}
	if err := m.read(r, p); err != nil {
		return err
	}
	if r.PostForm.Get("do") == "save" && len(p.Problems) == 0 {
		return s.mappingSave(w, r, p, m)
	}
	status := http.StatusOK
	if len(p.Problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.showAs(w, r, status, mappingView(p, m))
}

// mappedSources are the sources that a mapping of such a sample may go into.
func (s *Site) mappedSources(r *http.Request, isJSON bool) ([]intake.Health, error) {
	all, err := s.Intake.Sources(r.Context(), who(r))
	return slices.DeleteFunc(all, func(h intake.Health) bool {
		return h.Format != intake.Auto && h.Format != formatOf(isJSON)
	}), err
}

func formatOf(isJSON bool) intake.Format {
	if isJSON {
		return intake.JSONLines
	}
	return intake.CSV
}

// read makes the mapping of the choice and previews it; what is wrong with it
// becomes the page's problems.
func (m *mappingPage) read(r *http.Request, p *ui.Page) error {
	text, err := m.Sample.Mapping(m.Choice)
	if err == nil {
		o := csvmap.Options{Indicators: m.Kind == intake.Indicators, Zone: time.UTC, At: p.Now}
		if !o.Indicators {
			o.Kind = row.Kind(m.Kind)
		}
		m.Seen, err = propose.Preview(r.Context(), []byte(m.Text), m.Sample, text, o, previewRows)
	}
	switch code := errs.CodeOf(err); {
	case err == nil:
		m.Mapping = text
		return nil
	case code != errs.Invalid && code != errs.Usage:
		return err
	}
	for _, place := range errs.PlacesOf(err) {
		key := "mapping.wrong.fields"
		if place.Field == "fields.at.zone" {
			key = "intake.wrong.zone"
		}
		wrong(p, map[string]string{"fields": "field.ip", "fields.at.zone": "zone"}[place.Field], key)
	}
	if len(p.Problems) == 0 {
		wrong(p, "", "mapping.wrong.sample")
	}
	return nil
}

// mappingSave keeps the mapping in a source that is there, or in a new one.
func (s *Site) mappingSave(w http.ResponseWriter, r *http.Request, p *ui.Page, m mappingPage) error {
	again := func() templ.Component { return mappingView(p, m) }
	if name := r.PostForm.Get("into"); name != "" {
		src, err := s.Intake.Source(r.Context(), who(r), name)
		if err != nil {
			return err
		}
		src.Mapping = m.Mapping
		if _, err := s.Intake.EditSource(r.Context(), who(r), src); err != nil {
			return s.amiss(w, r, p, "intake", err, again)
		}
		return s.done(w, r, sourceHref(name), ui.Flash{Text: p.T("mapping.saved", "name", name)})
	}
	src := intake.Source{Name: tidy(r.PostForm, "name"), Format: formatOf(m.Sample.JSON), Kind: m.Kind, TLP: tlp.Amber, Mapping: m.Mapping}
	src, err := s.Intake.AddSource(r.Context(), who(r), src)
	if err != nil {
		return s.amiss(w, r, p, "intake", err, again)
	}
	return s.done(w, r, sourceHref(src.Name)+"/edit", ui.Flash{Text: p.T("mapping.saved", "name", src.Name)})
}

func mappingView(p *ui.Page, m mappingPage) templ.Component {
	columns := []ui.Choice{{Label: p.T("mapping.no_column")}}
	for _, c := range m.Sample.Columns {
		columns = append(columns, ui.Choice{Value: c.Name, Label: c.Name + " (" + row.Clip(strings.Join(c.First(2), ", "), 40) + ")"})
	}
	fields := []templ.Component{
		ui.Hidden(map[string][]string{"sample": {m.Text}}),
		ui.Field(p, ui.Input{
			Name: "kind", Label: p.T("work.source.kind"), Hint: p.T("mapping.kind_hint"), Kind: ui.InputSelect, Value: m.Kind, Required: true,
			Choices: kindChoices(p, ui.Choice{Value: intake.Indicators, Label: p.T("entry.kind_indicator")}),
		}),
	}
	var selects []templ.Component
	for _, field := range propose.Fields() {
		selects = append(selects, ui.Field(p, ui.Input{
			Name: "field." + field, Label: p.T("mapping.field." + field), Kind: ui.InputSelect, Value: m.Choice.Columns[field], Choices: columns,
		}))
	}
	fields = append(fields, box("form-row", selects...), box("form-row",
		ui.Field(p, ui.Input{Name: "layout", Label: p.T("mapping.layout"), Hint: p.T("mapping.layout_hint"), Value: m.Choice.Layout, Mono: true}),
		ui.Field(p, ui.Input{Name: "zone", Label: p.T("work.source.zone"), Hint: p.T("work.source.zone_note"), Value: m.Choice.Zone, Mono: true}),
	), ui.Acts(p, ui.Button{Label: p.T("mapping.preview"), Submit: true, Name: "do", Value: "preview"}))
	keep := []ui.Choice{{Label: p.T("mapping.into_new")}}
	for _, h := range m.Sources {
		keep = append(keep, ui.Choice{Value: h.Name, Label: h.Name})
	}
	if m.Mapping != "" {
		fields = append(fields,
			panel(p.T("mapping.keep"),
				ui.Field(p, ui.Input{Name: "into", Label: p.T("mapping.into"), Hint: p.T("mapping.into_hint"), Kind: ui.InputSelect, Choices: keep}),
				ui.Field(p, ui.Input{Name: "name", Label: p.T("mapping.name"), Hint: p.T("work.source.name_hint")}),
				ui.Acts(p, ui.Button{Label: p.T("mapping.save"), Submit: true, Name: "do", Value: "save", Kind: ui.KindPrimary}),
			))
	}
	t := mappingTop(p)
	t.Crumbs = append(t.Crumbs, ui.Crumb{Label: p.T("mapping.title"), Href: "/sources/mapping"})
	return board(p, t, []templ.Component{
		panel(p.T("mapping.found"), ui.List(p, ui.Table[propose.Column]{
			ID: "columns", Plain: true, Caption: p.T("mapping.found"), Rows: m.Sample.Columns,
			Columns: []ui.Column[propose.Column]{
				{Key: "name", Label: p.T("mapping.column"), Cell: func(c propose.Column) templ.Component { return ui.Text(c.Name) }},
				{Key: "values", Label: p.T("mapping.values"), Wide: true, Cell: func(c propose.Column) templ.Component {
					return someCode(p, row.Clip(strings.Join(c.First(4), " · "), 160))
				}},
			},
		})),
		previewPanel(p, m),
		panel(p.T("mapping.choose"), uploading("/sources/mapping", fields...)),
		mappingText(p, m),
	})
}

func mappingText(p *ui.Page, m mappingPage) templ.Component {
	if m.Mapping == "" {
		return nil
	}
	return panel(p.T("work.source.mapping"), folded(p.T("work.source.mapping_show"), false, ui.Evidence(p, ui.Proof{Title: p.T("work.source.mapping"), Text: m.Mapping})))
}

// previewPanel shows the first records as they would be read, the bad ones with
// their reasons.
func previewPanel(p *ui.Page, m mappingPage) templ.Component {
	if m.Mapping == "" {
		return nil
	}
	bad := 0
	for _, r := range m.Seen {
		if r.Bad != nil {
			bad++
		}
	}
	lead := notice(ui.ToneGood, ui.Text(p.N("mapping.all_read", len(m.Seen))))
	if bad > 0 {
		lead = notice(ui.ToneMedium, ui.Text(p.T("mapping.some_bad", "bad", bad, "n", len(m.Seen))))
	}
	good := func(cell func(r *row.Row) templ.Component) func(propose.Seen) templ.Component {
		return func(r propose.Seen) templ.Component {
			if r.Row == nil {
				return ui.None(p)
			}
			return cell(r.Row)
		}
	}
	return panel(p.T("mapping.preview_title", "n", len(m.Seen)), lead, ui.List(p, ui.Table[propose.Seen]{
		ID: "preview", Plain: true, Caption: p.T("mapping.preview_title", "n", len(m.Seen)), Rows: m.Seen,
		Columns: []ui.Column[propose.Seen]{
			{Key: "line", Label: p.T("mapping.line"), Cell: func(r propose.Seen) templ.Component { return number(p, int64(r.Line)) }},
			{Key: "what", Label: p.T("entry.what"), Wide: true, Cell: func(r propose.Seen) templ.Component {
				switch {
				case r.Bad != nil:
					return strong(refusalWords(p, row.Refusal{Fault: r.Bad.Fault, Value: r.Bad.Value, Detail: r.Bad.Detail}))
				case r.Row.Indicator != nil:
					return ui.Code(r.Row.Indicator.Value)
				}
				return ui.Code(string(r.Row.Asset))
			}},
			{Key: "at", Label: p.T("entry.at"), Cell: good(func(r *row.Row) templ.Component { return ui.When(p, r.At) })},
			{Key: "kind", Label: p.T("entry.kind"), Cell: good(func(r *row.Row) templ.Component {
				if r.Indicator != nil {
					return ui.Text(p.T("intake.kind.indicators"))
				}
				return ui.Text(kindName(p, r.Kind))
			})},
			{Key: "severity", Label: p.T("work.severity"), Cell: good(func(r *row.Row) templ.Component {
				if r.Severity == row.NoSeverity {
					return ui.None(p)
				}
				return ui.Severity(p, r.Severity.String())
			})},
			{Key: "port", Label: p.T("entry.port"), Number: true, Cell: good(func(r *row.Row) templ.Component {
				if r.Port == 0 {
					return ui.None(p)
				}
				return number(p, int64(r.Port))
			})},
			{Key: "name", Label: p.T("entry.name"), Cell: good(func(r *row.Row) templ.Component { return some(p, r.Discriminator) })},
		},
	}))
}

// mappingAct is the button to the helper, for who may keep what it makes.
func mappingAct(p *ui.Page, r *http.Request) []ui.Button {
	if !may(r, auth.SourceAdd) {
		return nil
	}
	return []ui.Button{{Label: p.T("mapping.act"), Href: "/sources/mapping"}}
}
