package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/match/product"
)

// matchingRows is how many of the questions behind the first one are named.
const matchingRows = 30

// matching asks one question: do these two names mean one product? The next one
// comes with the answer.
func (s *Site) matching(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.matching")
	return s.showMatching(w, r, p, http.StatusOK)
}

func (s *Site) showMatching(w http.ResponseWriter, r *http.Request, p *ui.Page, status int) error {
	all, err := s.Findings.Questions(r.Context(), who(r), 0)
	if err != nil {
		return err
	}
	at, _ := strconv.Atoi(p.Query("at")) // nonsense is the first one
	if at < 0 || at >= len(all) {
		at = 0
	}
	t := top{Heading: ui.Heading{Lead: p.T("threat.matching.lead")}}
	if len(all) == 0 {
		return s.showAs(w, r, status, board(p, t, []templ.Component{ui.Empty(p, ui.Nothing{
			Title: p.T("threat.matching.none"), Why: p.T("threat.matching.none_why"), Acts: []ui.Button{{Label: p.T("web.nav.advisories"), Href: "/advisories"}},
		})}))
	}
	t.Marks = []templ.Component{ui.Badge(ui.ToneMedium, p.N("threat.matching.waiting", len(all)))}
	return s.showAs(w, r, status, board(p, t, []templ.Component{
		s.question(p, all[at], at, len(all)),
		panel(p.T("threat.matching.behind"), ui.List(p, s.behindTable(p, all[at]))),
		s.otherQuestions(p, all, at),
	}))
}

// question is the pair with the two buttons.
func (s *Site) question(p *ui.Page, q finding.Question, at, of int) templ.Component {
	later := (at + 1) % of
	acts := []ui.Button{
		{Label: p.T("threat.matching.yes"), Submit: true, Name: "same", Value: "yes", Kind: ui.KindPrimary},
		{Label: p.T("threat.matching.no"), Submit: true, Name: "same", Value: "no"},
	}
	if of > 1 {
		acts = append(acts, ui.Button{Label: p.T("threat.matching.later"), Href: query("/matching", "at", strconv.Itoa(later))})
	}
	return panel(p.T("threat.matching.ask", "n", at+1, "of", of), box("stack",
		box("grid-2",
			namePair(p, p.T("threat.matching.inventory"), q.Vendor, q.Product),
			namePair(p, p.T("threat.matching.advisory"), q.AdvisoryVendor, q.AdvisoryName),
		),
		listed(p.T("threat.matching.why"), whyOf(p, q)),
		posting("/matching",
			ui.Hidden(url.Values{
				"vendor": {q.Vendor}, "product": {q.Product}, "advisory_vendor": {q.AdvisoryVendor}, "advisory_name": {q.AdvisoryName},
			}),
			ui.Field(p, ui.Input{Name: "reason", Label: p.T("work.reason"), Hint: p.T("threat.matching.reason_hint")}),
			ui.Acts(p, acts...),
		),
		hushed(p.N("threat.matching.effect", len(q.Findings))),
	))
}

func namePair(p *ui.Page, label, vendor, name string) templ.Component {
	return ui.Facts(p, []ui.Fact{
		{Label: label, Value: strong(name)},
		{Label: p.T("threat.vendor"), Value: some(p, vendor)},
	})
}

// whyOf are the reasons for which the names of a question may mean one product.
func whyOf(p *ui.Page, q finding.Question) (why []string) {
	for _, f := range q.Findings {
		for _, text := range whyWords(p, f.Detail) {
			if !slices.Contains(why, text) {
				why = append(why, text)
			}
		}
	}
	return why[:min(len(why), 8)]
}

func (s *Site) behindTable(p *ui.Page, q finding.Question) ui.Table[finding.Finding] {
	type one = finding.Finding
	return ui.Table[one]{
		ID: "behind", Plain: true, Caption: p.T("threat.matching.behind"), Rows: q.Findings[:min(len(q.Findings), matchingRows)], Href: func(f one) string { return "/findings/" + f.ID.String() },
		Columns: []ui.Column[one]{
			{Key: "id", Label: p.T("web.column.id"), Cell: func(f one) templ.Component { return ui.Text(f.ID.String()) }},
			{Key: "organisation", Label: p.T("web.column.organisation"), Wide: true, Cell: func(f one) templ.Component { return s.orgCell(p, f.Organisation) }},
			{Key: "machines", Label: p.T("threat.machines"), Wide: true, Cell: func(f one) templ.Component { return ui.Text(machineWords(p, f.Detail)) }},
			{Key: "advisory", Label: p.T("threat.advisory"), Wide: true, Cell: func(f one) templ.Component {
				return ui.Link("/advisories/"+intel.AdvisoryLabel(f.Advisory), firstWord(f.Detail.Advisory, intel.AdvisoryLabel(f.Advisory)))
			}},
			{Key: "range", Label: p.T("threat.versions"), Cell: func(f one) templ.Component { return some(p, f.Detail.Range) }},
			{Key: "severity", Label: p.T("web.column.severity"), Cell: func(f one) templ.Component { return ui.Severity(p, f.Severity.String()) }},
		},
	}
}

// machineWords names a few machines with what runs there.
func machineWords(p *ui.Page, d *finding.Detail) string {
	const few = 3
	var names []string
	for _, m := range d.Machines[:min(len(d.Machines), few)] {
		name := firstWord(m.Hostname, p.T("threat.no_host"))
		if m.Version != "" {
			name += " (" + m.Version + ")"
		}
		names = append(names, name)
	}
	text := strings.Join(names, ", ")
	if more := d.Count - len(names); more > 0 {
		text += " " + p.N("threat.more_machines", more)
	}
	return text
}

func (s *Site) otherQuestions(p *ui.Page, all []finding.Question, at int) templ.Component {
	type place struct {
		finding.Question
		at int
	}
	var others []place
	for i, q := range all {
		if i != at && len(others) < matchingRows {
			others = append(others, place{q, i})
		}
	}
	if len(others) == 0 {
		return nil
	}
	return panel(p.T("threat.matching.others"), moreThan(p, "threat.matching.others_more", len(all)-1-len(others)), ui.List(p, ui.Table[place]{
		ID: "questions", Plain: true, Caption: p.T("threat.matching.others"), Rows: others, Href: func(q place) string { return query("/matching", "at", strconv.Itoa(q.at)) },
		Columns: []ui.Column[place]{
			{Key: "inventory", Label: p.T("threat.matching.inventory"), Wide: true, Cell: func(q place) templ.Component { return ui.Text(productWords(q.Vendor, q.Product)) }},
			{Key: "advisory", Label: p.T("threat.matching.advisory"), Wide: true, Cell: func(q place) templ.Component { return ui.Text(productWords(q.AdvisoryVendor, q.AdvisoryName)) }},
			{Key: "organisations", Label: p.T("threat.concerned"), Number: true, Cell: func(q place) templ.Component { return number(p, int64(q.Organisations)) }},
			{Key: "machines", Label: p.T("threat.machines"), Number: true, Cell: func(q place) templ.Component { return number(p, int64(q.Machines)) }},
		},
	}))
}

// matchingAnswer takes an answer and asks the next question.
func (s *Site) matchingAnswer(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	f := r.PostForm
	a := product.Answer{Vendor: f.Get("vendor"), Product: f.Get("product"), AdvisoryVendor: f.Get("advisory_vendor"), AdvisoryName: f.Get("advisory_name")}
	p := s.page(w, r, "web.nav.matching")
	switch f.Get("same") {
	case "yes":
		a.Same = true
	case "no":
	default:
		wrong(p, "", "threat.matching.wrong")
		return s.showMatching(w, r, p, http.StatusUnprocessableEntity)
	}
	err := s.Findings.Answer(r.Context(), who(r), a, tidy(f, "reason"))
	if errs.Is(err, errs.Invalid) {
		wrong(p, "", "threat.matching.wrong")
		return s.showMatching(w, r, p, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/matching", ui.Flash{Text: p.T("threat.matching.said_"+f.Get("same"), "inventory", productWords(a.Vendor, a.Product), "advisory", productWords(a.AdvisoryVendor, a.AdvisoryName))})
}
