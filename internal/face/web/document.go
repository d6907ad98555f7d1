package web

import (
	"cmp"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
)

// uploadBytes is the largest delivery that a browser brings; larger ones come by
// the API, which takes them up again where the line broke.
const uploadBytes = 256 << 20

func (s *Site) document(w http.ResponseWriter, r *http.Request) error {
	d, err := s.documentOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	p.Title = p.T("work.document.title", "id", d.Label())
	var opened []finding.Finding
	if may(r, auth.FindingView) {
		list, err := s.Findings.List(r.Context(), who(r), finding.Filter{Document: d.ID, Order: "worst", Limit: 20})
		if err != nil {
			return err
		}
		opened = list.Items
	}
	erased, past, err := s.documentPast(r, d)
	if err != nil {
		return err
	}
	letter, err := s.letterPanel(p, r, d)
	if err != nil {
		return err
	}
	t := top{
		Heading: ui.Heading{
			Crumbs: []ui.Crumb{{Label: p.T("web.nav.documents"), Href: "/documents"}, {Label: d.SourceName, Href: sourceHref(d.SourceName)}},
			Lead:   d.File,
		},
		Marks: []templ.Component{ui.State(p, "document", string(d.State))},
	}
	href := "/documents/" + d.Label()
	if erased != "" {
		t.Acts = append(t.Acts, ui.Button{Label: p.T("work.document.download"), Why: p.T("work.document.is_erased", "order", erased), Icon: ui.IconDownload})
	} else {
		t.Acts = append(t.Acts, ui.Button{Label: p.T("work.document.download"), Href: href + "/original", Icon: ui.IconDownload})
	}
	return s.lay(w, r, p, t,
		documentTrouble(p, d),
		ui.Life(p, ui.LifeLine{Noun: "document", Steps: documentSteps(d), Acts: s.documentActs(p, r, d, erased)}),
		ui.Stats(p, []ui.Figure{
			{Label: p.T("work.rows"), Value: p.Int(d.Rows), Note: p.T("work.document.sum")},
			{Label: p.T("work.document.kept"), Value: p.Int(d.Kept), Tone: toneIf(d.Kept > 0, ui.ToneGood), Note: share(p, d.Kept, d.Rows)},
			{Label: p.T("work.document.quarantined"), Value: p.Int(d.Quarantined), Tone: toneIf(d.Quarantined > 0, ui.ToneMedium), Href: query("/quarantine", "document", d.Label()), Note: share(p, d.Quarantined, d.Rows)},
			{Label: p.T("work.document.duplicate"), Value: p.Int(d.Duplicate), Note: share(p, d.Duplicate, d.Rows)},
		}),
		ui.Stats(p, []ui.Figure{
			{Label: p.T("work.document.opened"), Value: p.Int(d.Opened), Href: query("/findings", "document", d.Label(), "all", "1")},
			{Label: p.T("work.document.reopened"), Value: p.Int(d.Reopened)},
			{Label: p.T("work.document.counted"), Value: p.Int(d.Counted)},
			{Label: p.T("work.document.unowned"), Value: p.Int(d.Unowned), Tone: toneIf(d.Unowned > 0, ui.ToneUnknown), Href: query("/findings", "document", d.Label(), "unowned", "1", "all", "1")},
		}),
		flagNotes(p, d.Flags),
		letter,
		panel(p.T("work.document.findings"), ui.List(p, ui.Table[finding.Finding]{
			ID: "findings", Plain: true, Caption: p.T("work.document.findings"), Rows: opened, Total: int(d.Opened),
			Href: func(f finding.Finding) string { return "/findings/" + f.ID.String() },
			Columns: []ui.Column[finding.Finding]{
				{Key: "id", Label: p.T("work.finding"), Cell: func(f finding.Finding) templ.Component { return ui.Text(f.ID.String()) }},
				{Key: "severity", Label: p.T("work.severity"), Cell: func(f finding.Finding) templ.Component { return ui.Severity(p, f.Severity.String()) }},
				{Key: "asset", Label: p.T("work.asset"), Wide: true, Cell: func(f finding.Finding) templ.Component { return ui.Code(string(f.Asset)) }},
				{Key: "kind", Label: p.T("work.problem"), Cell: func(f finding.Finding) templ.Component { return ui.Text(kindName(p, f.Kind)) }},
				{Key: "organisation", Label: p.T("work.organisation"), Cell: func(f finding.Finding) templ.Component { return s.bodyCell(p, f.Organisation) }},
				{Key: "state", Label: p.T("work.state"), Cell: func(f finding.Finding) templ.Component { return ui.State(p, "finding", string(f.State)) }},
			},
			Empty: ui.Nothing{Title: p.T("work.document.no_findings"), Why: p.T("work.document.no_findings_why")},
		})),
		box("grid-2",
			panel(p.T("work.document.facts"), ui.Facts(p, []ui.Fact{
				{Label: p.T("work.document.source"), Value: ui.Link(sourceHref(d.SourceName), d.SourceName)},
				{Label: p.T("work.document.type"), Value: someCode(p, cmp.Or(typedName(p, d.ReportType), d.ReportType))},
				{Label: p.T("work.document.received"), Value: ui.When(p, d.Received), Note: d.ReceivedBy},
				{Label: p.T("source.vouched_by"), Value: some(p, d.Vouched)},
				{Label: p.T("work.document.parsed_at"), Value: ui.When(p, d.ParsedAt), Note: p.T("work.document.round", "n", d.Round)},
				{Label: p.T("work.document.span"), Value: ui.Join(ui.When(p, d.FirstRow), ui.Text("→"), ui.When(p, d.LastRow)), Note: p.T("work.document.span_note")},
				{Label: p.T("work.document.size"), Value: ui.Text(size(p, d.Size))},
				{Label: "SHA-256", Value: ui.Code(d.SHA256)},
			})),
			panelOf(p.T("work.history"), s.timeline(p, past)),
		),
	)
}

func panelOf(title string, part templ.Component) templ.Component {
	if part == nil {
		return nil
	}
	return panel(title, part)
}

func (s *Site) documentOf(r *http.Request) (intake.Document, error) {
	id, err := intake.ParseDocument(r.PathValue("id"))
	if err != nil {
		return intake.Document{}, err
	}
	return s.Intake.Document(r.Context(), who(r), id)
}

// documentPast is what the journal tells of a document, for who may read it,
// and the order by which its original was erased.
func (s *Site) documentPast(r *http.Request, d intake.Document) (order string, past []journal.Entry, err error) {
	err = s.read(r, func(tx *db.Tx) error {
		past, err = s.Journal.History(tx, d.Subject())
		return err
	})
	for _, e := range past {
		if e.Verb == "document.erased" {
			order = bodyText(e, "order")
		}
	}
	if !may(r, auth.JournalView) || !who(r).Scope.IsAll() {
		past = nil
	}
	return order, past, err
}

func documentSteps(d intake.Document) []ui.Step {
	first := ui.Step{State: "received", At: d.Received, Who: d.ReceivedBy, Now: d.State == intake.Received}
	if d.State == intake.Received {
		return []ui.Step{first, {State: "parsed"}}
	}
	return []ui.Step{first, {State: string(d.State), At: d.ParsedAt, Now: true}}
}

// documentTrouble says what is wrong with a document and what to do about it.
func documentTrouble(p *ui.Page, d intake.Document) templ.Component {
	if d.InDoubt() {
		return notice(ui.ToneHigh, strong(p.T("source.doubts_lead")), ui.Text(" "+p.T("work.document.why", "reason", d.Reason)))
	}
	switch d.State {
	case intake.Unparsed:
		return notice(ui.ToneHigh, strong(p.T("work.document.is_unparsed")), ui.Text(" "+p.T("work.document.why", "reason", d.Reason)))
	case intake.Partial:
		return notice(ui.ToneMedium, ui.Text(p.T("work.document.is_partial", "n", d.Quarantined)+" "), ui.Link(query("/quarantine", "document", d.Label()), p.T("work.document.see_held")))
	case intake.Received:
		return notice(ui.ToneActive, ui.Text(p.T("work.document.is_received", "n", d.Done)))
	case intake.Parsed:
	}
	return nil
}

// flagNotes explains what is odd about rows that went in all the same.
func flagNotes(p *ui.Page, flags []string) templ.Component {
	if len(flags) == 0 {
		return nil
	}
	columns := map[string][]string{} // what the flags about columns name
	var items []string
	for _, f := range flags {
		if word, column, ok := strings.Cut(f, ":"); ok {
			columns[word+"-column"] = append(columns[word+"-column"], column)
		}
	}
	for _, f := range flags {
		if strings.Contains(f, ":") {
			continue
		}
		text := f
		if key := "row.flag." + f; p.Has(key) {
			text = capital(p.T(key))
		}
		if names := columns[f]; len(names) > 0 {
			text += " (" + strings.Join(names, ", ") + ")"
		}
		if key := "work.flag." + f; p.Has(key) {
			text += ". " + p.T(key) + "."
		}
		items = append(items, text)
	}
	return panel(p.T("work.document.flags"), hushed(p.T("work.document.flags_lead")), bullets(items...))
}

func (s *Site) documentActs(p *ui.Page, r *http.Request, d intake.Document, erased string) []ui.Button {
	var acts []ui.Button
	href := "/documents/" + d.Label()
	why := ""
	switch {
	case erased != "":
		why = p.T("work.document.is_erased", "order", erased)
	case d.State == intake.Received:
		why = p.T("work.document.still_reading")
	}
	add := func(act auth.Act, b ui.Button) {
		if !may(r, act) {
			return
		}
		if why != "" {
			b.Href, b.Why = "", why
		}
		acts = append(acts, b)
	}
	if d.InDoubt() {
		add(auth.DocumentReparse, ui.Button{Label: p.T("source.vouch"), Href: href + "/vouch", Kind: ui.KindPrimary})
	}
	add(auth.DocumentReparse, ui.Button{Label: p.T("work.document.reparse"), Href: href + "/reparse", Icon: ui.IconRefresh})
	add(auth.DocumentErase, ui.Button{Label: p.T("work.document.erase"), Href: href + "/erase", Kind: ui.KindDanger, Icon: ui.IconBin})
	return acts
}

func (s *Site) documentOriginal(w http.ResponseWriter, r *http.Request) error {
	id, err := intake.ParseDocument(r.PathValue("id"))
	if err != nil {
		return err
	}
	d, in, err := s.Intake.Original(r.Context(), who(r), id)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	name := d.File
	if name == "" {
		name = d.Label()
	}
	// Whatever a stranger sent is saved, never shown.
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", attachment(name))
	_, _ = io.Copy(w, in) // The reader went away, or a broken original ends short.
	return nil
}

func (s *Site) documentReparseAsk(w http.ResponseWriter, r *http.Request) error {
	d, err := s.documentOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.document.reparse")
	href := "/documents/" + d.Label()
	return s.show(w, r, confirming(p, ui.Preview{
		Question: p.T("work.document.reparse_ask", "id", d.Label()),
		Effects:  []string{p.T("work.document.reparse_1", "n", d.Rows), p.T("work.document.reparse_2"), p.T("work.document.reparse_3", "n", d.Quarantined)},
		Act:      ui.Button{Label: p.T("work.document.reparse"), Action: href + "/reparse", Kind: ui.KindPrimary}, Cancel: href,
	}))
}

func (s *Site) documentReparse(w http.ResponseWriter, r *http.Request) error {
	id, err := intake.ParseDocument(r.PathValue("id"))
	if err != nil {
		return err
	}
	d, err := s.Intake.Reparse(r.Context(), who(r), id)
	if err != nil {
		return err
	}
	p := s.voice(r)
	return s.done(w, r, "/documents/"+d.Label(), ui.Flash{Tone: ui.ToneActive, Text: p.T("work.document.reparse_begun", "id", d.Label())})
}

func (s *Site) documentEraseAsk(w http.ResponseWriter, r *http.Request) error {
	d, err := s.documentOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.document.erase")
	return s.show(w, r, s.eraseForm(p, d))
}

func (s *Site) eraseForm(p *ui.Page, d intake.Document) templ.Component {
	href := "/documents/" + d.Label()
	return confirming(p, ui.Preview{
		Question: p.T("work.document.erase_ask", "id", d.Label()),
		Effects:  []string{p.T("work.document.erase_1"), p.T("work.document.erase_2"), p.T("work.document.erase_3")},
		Act:      ui.Button{Label: p.T("work.document.erase"), Action: href + "/erase", Kind: ui.KindDanger}, Cancel: href,
	}, ui.Field(p, ui.Input{Name: "order", Label: p.T("work.document.order"), Hint: p.T("work.document.order_hint"), Required: true}))
}

func (s *Site) documentErase(w http.ResponseWriter, r *http.Request) error {
	d, err := s.documentOf(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	p := s.page(w, r, "work.document.erase")
	order := tidy(r.PostForm, "order")
	if order == "" {
		wrong(p, "order", "work.wrong.order")
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, s.eraseForm(p, d))
	}
	if err := s.Intake.Erase(r.Context(), who(r), d.ID, order); err != nil {
		return err
	}
	return s.done(w, r, "/documents/"+d.Label(), ui.Flash{Text: p.T("work.document.erased", "id", d.Label(), "order", order)})
}

func (s *Site) uploadPage(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.upload.title")
	form, err := s.uploadForm(r, p)
	if err != nil {
		return err
	}
	return s.show(w, r, form)
}

func (s *Site) uploadForm(r *http.Request, p *ui.Page) (templ.Component, error) {
	sources, err := s.Intake.Sources(r.Context(), who(r))
	if err != nil {
		return nil, err
	}
	t := top{Heading: ui.Heading{Lead: p.T("work.upload.lead"), Crumbs: []ui.Crumb{{Label: p.T("web.nav.documents"), Href: "/documents"}}}}
	if len(sources) == 0 {
		none := ui.Nothing{Title: p.T("work.upload.no_source"), Why: p.T("work.upload.no_source_why")}
		if may(r, auth.SourceAdd) {
			none.Acts = []ui.Button{{Label: p.T("work.source.add"), Href: "/sources/new", Kind: ui.KindPrimary}}
		}
		return board(p, t, []templ.Component{ui.Empty(p, none)}), nil
	}
	return board(p, t, []templ.Component{panel("", uploading("/documents/new",
		// The browser sends fields in their order: the source is known before the
		// first byte of the file.
		ui.Field(p, ui.Input{Name: "source", Label: p.T("work.document.source"), Hint: p.T("work.upload.source_hint"), Kind: ui.InputSelect, Required: true, Value: p.Query("source"), Choices: sourceChoices(sources)}),
		ui.Field(p, ui.Input{Name: "type", Label: p.T("work.document.type"), Hint: p.T("work.upload.type_hint"), Mono: true}),
		ui.Field(p, ui.Input{Name: "file", Label: p.T("work.upload.file"), Hint: p.T("work.upload.file_hint", "limit", size(p, uploadBytes)), Kind: ui.InputFile, Required: true}),
		ui.Acts(p, ui.Button{Label: p.T("work.upload.act"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: "/documents"}),
	))}), nil
}

// upload takes a delivery in as it comes, without holding it in memory.
func (s *Site) upload(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.upload.title")
	parts, err := r.MultipartReader()
	if err != nil {
		return badForm(r, err)
	}
	posted := url.Values{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return badForm(r, err)
		}
		if part.FormName() == "file" && part.FileName() != "" {
			return s.uploadFile(w, r, p, part, posted)
		}
		value, err := io.ReadAll(io.LimitReader(part, 4<<10))
		if err != nil {
			return badForm(r, err)
		}
		posted.Set(part.FormName(), string(value))
	}
	wrong(p, "file", "work.upload.no_file")
	return s.uploadAgain(w, r, p, posted)
}

func (s *Site) uploadFile(w http.ResponseWriter, r *http.Request, p *ui.Page, file *multipart.Part, posted url.Values) error {
	d, again, err := s.Intake.Receive(r.Context(), who(r), intake.Delivery{
		Source: posted.Get("source"), File: file.FileName(), ReportType: tidy(posted, "type"), Content: file,
	})
	switch {
	case errs.Is(err, errs.Invalid):
		wrong(p, "file", "work.wrong.input", "reason", err.Error())
		return s.uploadAgain(w, r, p, posted)
	case err != nil:
		return err
	case again:
		return s.done(w, r, "/documents/"+d.Label(), ui.Flash{Tone: ui.ToneMedium, Text: p.T("work.upload.again", "id", d.Label())})
	}
	return s.done(w, r, "/documents/"+d.Label(), ui.Flash{Text: p.T("work.upload.done", "id", d.Label())})
}

func (s *Site) uploadAgain(w http.ResponseWriter, r *http.Request, p *ui.Page, posted url.Values) error {
	p.Posted = posted
	form, err := s.uploadForm(r, p)
	if err != nil {
		return err
	}
	return s.showAs(w, r, http.StatusUnprocessableEntity, form)
}
