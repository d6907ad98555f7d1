package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/intake/row"
)

// bulletinNew is the editor with an empty text, or with one that is prefilled
// from advisories.
func (s *Site) bulletinNew(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.bulletin.new")
	var from []string
	for _, text := range p.URL.Query()["from"] {
		from = append(from, strings.Fields(strings.ReplaceAll(text, ",", " "))...)
	}
	c, err := s.Bulletins.From(r.Context(), who(r), from)
	if len(from) == 0 {
		c.Severity = row.NoSeverity
	}
	if err != nil {
		if !errs.Is(err, errs.NotFound) || len(from) == 0 {
			return err
		}
		wrong(p, "from", "web.bulletin.fault.no-such-advisory")
		c = bulletin.Content{TLP: tlp.Default, From: from, Audience: bulletin.Audience{Concerned: true}}
	}
	return s.show(w, r, s.bulletinEditor(p, &bulletin.Bulletin{Content: c, Revision: 1}))
}

func (s *Site) bulletinEdit(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Bulletins.Get(r.Context(), who(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	if !who(r).Scope.IsAll() {
		return errs.New(errs.NotFound, "bulletin %q: no such bulletin", r.PathValue("id"))
	}
	if b.State != bulletin.Draft {
		return errs.New(errs.Conflict, "edit %s: it is %s", b.Name(), b.State)
	}
	p := s.page(w, r, "web.bulletin.edit")
	return s.show(w, r, s.bulletinEditor(p, &b.Bulletin))
}

// bulletinSave keeps the text, or only shows how it will read and whom it would
// reach: the button says which.
func (s *Site) bulletinSave(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	b := &bulletin.Bulletin{Revision: 1}
	title := "web.bulletin.new"
	if id := r.PathValue("id"); id != "" {
		shown, err := s.Bulletins.Get(r.Context(), who(r), id)
		if err != nil {
			return err
		}
		if !who(r).Scope.IsAll() {
			return errs.New(errs.NotFound, "bulletin %q: no such bulletin", id)
		}
		b, title = &shown.Bulletin, "web.bulletin.edit"
	}
	p := s.page(w, r, title)
	b.Content = bulletinForm(p, r.PostForm)
	editor := func(after ...templ.Component) func() templ.Component {
		return func() templ.Component { return s.bulletinEditor(p, b, after...) }
	}
	if len(p.Problems) > 0 {
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, editor()())
	}
	if r.PostForm.Get("do") == "preview" {
		reach, err := s.Bulletins.PreviewOf(r.Context(), who(r), b.Content)
		if err != nil {
			return s.lacking(w, r, p, err, editor())
		}
		p.Posted = r.PostForm
		return s.show(w, r, editor(anchored("preview", s.bulletinReading(p, b)), s.reachPanel(p, reach))())
	}
	version, _ := strconv.ParseInt(r.PostForm.Get("version"), 10, 64) // nonsense asks for no version
	var (
		kept bulletin.Bulletin
		err  error
	)
	if b.ID == 0 {
		kept, err = s.Bulletins.Write(r.Context(), who(r), b.Content)
	} else {
		kept, err = s.Bulletins.Edit(r.Context(), who(r), b.ID.String(), version, b.Content)
	}
	if err != nil {
		return s.lacking(w, r, p, err, editor())
	}
	return s.done(w, r, bulletinHref(&kept), ui.Flash{Text: p.T("web.bulletin.saved")})
}

// bulletinForm reads the form.
func bulletinForm(p *ui.Page, form url.Values) bulletin.Content {
	wording := func(lang string) bulletin.Wording {
		return bulletin.Wording{
			Title: tidy(form, "title_"+lang), Summary: tidy(form, "summary_"+lang), Todo: tidy(form, "todo_"+lang), Change: tidy(form, "change_"+lang),
		}
	}
	c := bulletin.Content{
		VI: wording("vi"), EN: wording("en"), CVEs: wordList(form.Get("cves")), References: wordList(form.Get("references")), From: wordList(form.Get("from")),
		Audience: bulletin.Audience{
			Concerned: slices.Contains(form["for"], "concerned"), Public: slices.Contains(form["for"], "public"),
			Kinds: form["kinds"], Tiers: form["tiers"], Sectors: lineList(form.Get("sectors")), Organisations: wordList(form.Get("organisations")),
		},
	}
	var err error
	if c.TLP, err = tlp.Parse(form.Get("tlp")); err != nil {
		wrong(p, "tlp", "web.bulletin.fault.marking")
	}
	if word := form.Get("severity"); word != "" {
		if c.Severity, err = row.ParseSeverity(word); err != nil {
			wrong(p, "severity", "web.bulletin.fault.say-how-grave-it-is")
		}
	}
	for _, line := range lineList(form.Get("products")) {
		c.Products = append(c.Products, productOf(line))
	}
	return c
}

// productOf reads a line of the products: vendor | product | versions | fixed |
// CPE or package URL. Less than all is allowed.
func productOf(line string) bulletin.Product {
	parts := strings.Split(line, "|")
	at := func(n int) string {
		if n < len(parts) {
			return strings.TrimSpace(parts[n])
		}
		return ""
	}
	one := bulletin.Product{Vendor: at(0), Name: at(1), Versions: at(2), Fixed: at(3)}
	for n := 4; n < 6; n++ {
		if strings.HasPrefix(at(n), "pkg:") {
			one.PURL = at(n)
		} else if at(n) != "" {
			one.CPE = at(n)
		}
	}
	return one
}

func productLine(b bulletin.Product) string {
	parts := []string{b.Vendor, b.Name, b.Versions, b.Fixed, b.CPE, b.PURL}
	for len(parts) > 2 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, " | ")
}

func lineList(text string) (out []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func wordList(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ',' || c == ';' || c == '\n' || c == '\r' || c == '\t' })
}

// bulletinEditor is one calm page: what is meant, what is said in each language,
// for whom it is; after the form comes what the preview shows.
func (s *Site) bulletinEditor(p *ui.Page, b *bulletin.Bulletin, after ...templ.Component) templ.Component {
	c := &b.Content
	action, back := "/bulletins/new", "/bulletins"
	crumbs := []ui.Crumb{{Label: p.T("web.nav.bulletins"), Href: "/bulletins"}}
	if b.ID != 0 {
		action, back = bulletinHref(b)+"/edit", bulletinHref(b)
		crumbs = append(crumbs, ui.Crumb{Label: b.Name(), Href: back})
	}
	long := func(name, lang, value string, lines int) templ.Component {
		return ui.Field(p, ui.Input{
			Name: name + "_" + lang, Label: p.T("web.bulletin." + name), Hint: p.T("web.bulletin." + name + "_hint"), Kind: ui.InputLong, Value: value, Lines: lines, Required: true,
		})
	}
	wording := func(lang string) templ.Component {
		said := c.In(lang)
		parts := []templ.Component{ui.Field(p, ui.Input{Name: "title_" + lang, Label: p.T("web.bulletin.title"), Value: said.Title, Required: true})}
		if b.Revision > 1 {
			parts = append(parts, long("change", lang, said.Change, 3))
		}
		parts = append(parts, long("summary", lang, said.Summary, 8), long("todo", lang, said.Todo, 6))
		return panel(p.T("web.bulletin.in_"+lang), parts...)
	}
	var products []string
	for _, one := range c.Products {
		products = append(products, productLine(one))
	}
	severity := ""
	if c.Severity != row.NoSeverity {
		severity = c.Severity.String()
	}
	var severities []ui.Choice
	for _, one := range row.Severities() {
		severities = append(severities, ui.Choice{Value: one.String(), Label: p.T("ui.severity." + one.String())})
	}
	var whom []string
	if c.Audience.Concerned {
		whom = append(whom, "concerned")
	}
	if c.Audience.Public {
		whom = append(whom, "public")
	}
	look := ui.Button{Label: p.T("web.bulletin.preview"), Submit: true, Name: "do", Value: "preview", Icon: ui.IconEye}
	form := posting(action,
		ui.Hidden(url.Values{"version": {strconv.FormatInt(b.Version, 10)}}),
		panel(p.T("web.bulletin.about"),
			ui.Field(p, ui.Input{Name: "from", Label: p.T("web.bulletin.from"), Hint: p.T("web.bulletin.from_hint"), Value: strings.Join(c.From, ", "), Mono: true}),
			box("form-row",
				ui.Field(p, ui.Input{Name: "severity", Label: p.T("work.severity"), Kind: ui.InputSelect, Value: severity, Required: true, Choices: append([]ui.Choice{{Label: p.T("web.bulletin.choose")}}, severities...)}),
				ui.Field(p, ui.Input{Name: "tlp", Label: p.T("work.tlp"), Kind: ui.InputSelect, Value: c.TLP.String(), Choices: markingChoices(p), Required: true})),
			ui.Field(p, ui.Input{Name: "cves", Label: "CVE", Hint: p.T("web.bulletin.cves_hint"), Value: strings.Join(c.CVEs, ", "), Mono: true}),
			ui.Field(p, ui.Input{Name: "products", Label: p.T("web.bulletin.products"), Hint: p.T("web.bulletin.products_hint"), Kind: ui.InputLong, Lines: 5, Mono: true, Value: strings.Join(products, "\n")}),
			ui.Field(p, ui.Input{Name: "references", Label: p.T("web.bulletin.references"), Hint: p.T("web.bulletin.references_hint"), Kind: ui.InputLong, Lines: 3, Mono: true, Value: strings.Join(c.References, "\n")})),
		box("grid-2", wording("vi"), wording("en")),
		panel(p.T("web.bulletin.for_whom"),
			ui.Field(p, ui.Input{Name: "for", Label: p.T("web.bulletin.for"), Kind: ui.InputChecks, Values: whom, Choices: []ui.Choice{
				{Value: "concerned", Label: p.T("web.bulletin.for_concerned"), Hint: p.T("web.bulletin.for_concerned_hint")},
				{Value: "public", Label: p.T("web.bulletin.for_public"), Hint: p.T("web.bulletin.for_public_hint")},
			}}),
			hushed(p.T("web.bulletin.classes_hint")),
			box("grid-2",
				ui.Field(p, ui.Input{Name: "kinds", Label: p.T("work.part.organisation.kind"), Kind: ui.InputChecks, Values: c.Audience.Kinds, Choices: words(p, "estate.kind.", sheet.OrganisationKinds()...)}),
				box("stack",
					ui.Field(p, ui.Input{Name: "tiers", Label: p.T("work.part.tier"), Kind: ui.InputChecks, Values: c.Audience.Tiers, Choices: words(p, "estate.tier.", sheet.Tiers()...)}),
					ui.Field(p, ui.Input{Name: "sectors", Label: p.T("work.part.sector"), Hint: p.T("web.bulletin.sectors_hint"), Kind: ui.InputLong, Lines: 2, Value: strings.Join(c.Audience.Sectors, "\n")}),
					ui.Field(p, ui.Input{Name: "organisations", Label: p.T("web.bulletin.organisations"), Hint: p.T("web.bulletin.organisations_hint"), Value: strings.Join(c.Audience.Organisations, ", "), Mono: true})))),
		ui.Acts(p, ui.Button{Label: p.T("web.bulletin.save"), Submit: true, Name: "do", Value: "save", Kind: ui.KindPrimary}, look, ui.Button{Label: p.T("ui.cancel"), Href: back}),
	)
	// What the preview shows stands over the form: it was asked for just now.
	parts := append(slices.Clone(after), form)
	return board(p, top{Heading: ui.Heading{Crumbs: crumbs, Lead: p.T("web.bulletin.editor_lead")}}, parts)
}
