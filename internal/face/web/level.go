package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/city/regime"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/govern/level"
)

// answerField is the name of a question's field: the questions' codes are data,
// and must not meet the other names of the form.
const answerField = "q."

// mostParts is how many component systems the pages take.
const mostParts = 20

// levelAsk is the questionnaire, in two steps: what the system is, then what
// only such a system is asked. Nothing is kept anywhere: the answers stand in the
// address.
func (s *Site) levelAsk(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "level.title")
	p.Nav = calmNav(p.Nav)
	p.Posted = r.URL.Query()
	return s.show(w, r, s.levelForm(p, p.Query("step") == "2"))
}

func (s *Site) levelForm(p *ui.Page, second bool) templ.Component {
	asked := p.URL.Query()
	questions := s.Regime.Questions("")
	answers := postedAnswers(questions, asked)
	groups := []string{"system"}
	action, kept := "/levels", url.Values{"step": {"2"}}
	button := p.T("level.next")
	if second {
		groups, action, kept = []string{"service", "scope", "harm"}, "/levels/result", url.Values{}
		button = p.T("level.decide")
	}
	for _, name := range []string{"part", "regime"} {
		if asked.Has(name) {
			kept[name] = asked[name]
		}
	}
	var parts []templ.Component
	if !second {
		parts = append(parts, ui.Field(p, ui.Input{Name: "name", Label: p.T("level.name"), Hint: p.T("level.name_hint")}))
	} else if asked.Get("name") != "" {
		kept.Set("name", asked.Get("name"))
	}
	for _, group := range groups {
		var fields []templ.Component
		for _, q := range questions {
			if q.Group != group && (!second || q.Group != "system" || len(q.Needs) == 0) {
				continue
			}
			if second && group != "service" && q.Group == "system" {
				continue
			}
			if s.anyLawAsks(q, answers, second) {
				fields = append(fields, questionField(p, q))
			}
		}
		switch {
		case len(fields) == 0:
		case group == "harm":
			parts = append(parts, folded(p.T("level.group.harm"), false, fields...))
		default:
			parts = append(parts, panel(p.T("level.group."+group), fields...))
		}
	}
	if second { // What was answered in the first step goes along.
		for _, q := range questions {
			if q.Group == "system" && len(q.Needs) == 0 && asked.Has(answerField+q.Code) {
				kept[answerField+q.Code] = asked[answerField+q.Code]
			}
		}
	}
	acts := []ui.Button{{Label: button, Submit: true, Kind: ui.KindPrimary}}
	if second {
		back := p.URL.Query()
		back.Del("step")
		acts = append(acts, ui.Button{Label: p.T("level.back"), Href: "/levels?" + back.Encode()})
	}
	parts = append([]templ.Component{ui.Hidden(kept)}, append(parts, ui.Acts(p, acts...))...)
	t := top{Heading: ui.Heading{Lead: p.T("level.lead_" + stepName(second))}}
	if n := len(asked["part"]); n > 0 {
		t.Marks = append(t.Marks, ui.Badge(ui.ToneActive, p.N("level.of_parts", n)))
	}
	return calmPage(p, t, asking(action, parts...))
}

func stepName(second bool) string {
	if second {
		return "2"
	}
	return "1"
}

// anyLawAsks tells whether a question is put after these answers. In the first
// step only what needs no answer is.
func (s *Site) anyLawAsks(q regime.Question, a level.Answers, second bool) bool {
	if !second {
		return len(q.Needs) == 0
	}
	return level.Law{Questions: s.Regime.Questions("")}.Asks(q, a)
}

func questionField(p *ui.Page, q regime.Question) templ.Component {
	in := ui.Input{Name: answerField + q.Code, Label: said(p, q.TextVi, q.TextEn), Hint: said(p, q.HintVi, q.HintEn), Required: q.Required}
	for _, o := range q.Options {
		in.Choices = append(in.Choices, ui.Choice{Value: o.Code, Label: said(p, o.TextVi, o.TextEn)})
	}
	switch q.Kind {
	case regime.One:
		in.Kind = ui.InputRadio
	case regime.Many:
		in.Kind = ui.InputChecks
	case regime.Number:
		in.Kind, in.Short = ui.InputNumber, true
	}
	return ui.Field(p, in)
}

// said is the one of two texts that the reader reads.
func said(p *ui.Page, vi, en string) string {
	if p.Lang() == "en" && en != "" {
		return en
	}
	return vi
}

// postedAnswers reads the answers of a form; what is no question is left.
func postedAnswers(questions []regime.Question, v url.Values) level.Answers {
	a := level.Answers{}
	for _, q := range questions {
		for _, given := range v[answerField+q.Code] {
			if given = strings.ReplaceAll(strings.TrimSpace(given), ".", ""); given != "" {
				a[q.Code] = append(a[q.Code], given)
			}
		}
	}
	return a
}

// levelResult says which level the answers give, and why.
func (s *Site) levelResult(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "level.result")
	p.Nav = calmNav(p.Nav)
	asked := r.URL.Query()
	laws, err := level.Laws(s.Regime, asked.Get("regime"), p.Now)
	if err != nil {
		return err
	}
	questions := s.Regime.Questions("")
	system := level.System{Name: strings.TrimSpace(asked.Get("name")), Answers: postedAnswers(questions, asked)}
	if len(asked["part"]) > mostParts {
		return errs.New(errs.Usage, "at most %d parts", mostParts)
	}
	for _, text := range asked["part"] {
		part, err := url.ParseQuery(text)
		if err != nil {
			return errs.New(errs.Usage, "a part: %w", err)
		}
		system.Parts = append(system.Parts, level.System{Name: part.Get("name"), Answers: postedAnswers(questions, part)})
	}
	if err := level.Check(questions, system); err != nil {
		for _, place := range errs.PlacesOf(err) {
			field := ""
			if code, own := strings.CutPrefix(place.Field, "answers."); own {
				field = answerField + code
			}
			p.Problems = append(p.Problems, ui.Problem{Field: field, Text: faultText(p, place.Reason)})
		}
		p.Title = p.T("level.title")
		p.Posted = asked
		first := slices.ContainsFunc(questions, func(q regime.Question) bool { return q.Required && len(system.Answers[q.Code]) == 0 })
		return s.showAs(w, r, http.StatusUnprocessableEntity, s.levelForm(p, !first))
	}
	return s.show(w, r, s.levelPage(p, system, level.Compare(laws, system)))
}

func (s *Site) levelPage(p *ui.Page, system level.System, all []level.Decision) templ.Component {
	d := all[0]
	t := top{Heading: ui.Heading{Lead: p.T("level.lead_result"), Crumbs: []ui.Crumb{{Label: p.T("level.title"), Href: "/levels"}}}}
	if system.Name != "" {
		t.Title = system.Name
	}
	var sides []templ.Component
	for _, one := range all {
		sides = append(sides, s.levelSide(p, one))
	}
	parts := []templ.Component{
		box("grid-2", sides...),
		differs(p, all),
		partsPanel(p, d),
		clausesPanel(p, p.T("level.why", "regime", d.Regime.Code), d.Clauses, d.Level),
		rulesPanel(p, d),
		alternativesPanel(p, d),
		s.assumedNotice(p, d),
		definedPanel(p, d),
		approvalsPanel(p, d),
		also(p, d),
		transitionsPanel(p, all),
		hushed(p.T("level.caution")),
		levelActs(p, d),
	}
	return calmPage(p, t, parts...)
}

// levelWord is "Cấp độ 3", or that no criterion holds.
func levelWord(p *ui.Page, n int) string {
	if n == 0 {
		return p.T("level.none")
	}
	return p.T("level.n", "n", n)
}

// levelTone: a level is no judgement of good or bad; one that is not known is
// unknown.
func levelTone(n int) ui.Tone {
	if n == 0 {
		return ui.ToneUnknown
	}
	return ui.ToneActive
}

func (s *Site) levelSide(p *ui.Page, d level.Decision) templ.Component {
	parts := []templ.Component{ui.Badge(levelTone(d.Level), levelWord(p, d.Level)), para(said(p, d.Regime.NameVi, d.Regime.NameEn))}
	var cited []string
	for _, c := range d.Clauses {
		if !slices.Contains(cited, c.Source.Citation) {
			cited = append(cited, c.Source.Citation)
		}
	}
	if len(cited) > 0 {
		parts = append(parts, bullets(cited...))
	} else {
		parts = append(parts, hushed(p.T("level.none_why")))
	}
	key := "level.force.was"
	if d.InForce {
		key = "level.force.is"
	} else if d.Regime.From > p.Now.In(p.Zone()).Format("2006-01-02") {
		key = "level.force.will"
	}
	parts = append(parts, hushed(p.T(key)))
	return panel(p.T("level.regime", "code", d.Regime.Code), parts...)
}

// differs says in one sentence whether the regimes agree.
func differs(p *ui.Page, all []level.Decision) templ.Component {
	for _, d := range all[1:] {
		if d.Level != all[0].Level {
			return notice(ui.ToneMedium, ui.Text(p.T("level.differs", "a", levelWord(p, all[0].Level), "code_a", all[0].Regime.Code, "b", levelWord(p, d.Level), "code_b", d.Regime.Code)))
		}
	}
	return nil
}

func partsPanel(p *ui.Page, d level.Decision) templ.Component {
	if len(d.Parts) == 0 {
		return nil
	}
	type row struct {
		n int
		level.Decision
	}
	var rows []row
	for i, part := range d.Parts {
		rows = append(rows, row{i + 1, part})
	}
	return panel(p.T("level.parts"), ui.List(p, ui.Table[row]{ID: "parts", Plain: true, Caption: p.T("level.parts"), Rows: rows, Columns: []ui.Column[row]{
		{Key: "name", Label: p.T("level.part"), Cell: func(x row) templ.Component { return ui.Text(partName(p, x.n, x.Name)) }},
		{Key: "level", Label: p.T("level.level"), Cell: func(x row) templ.Component { return ui.Badge(levelTone(x.Level), levelWord(p, x.Level)) }},
		{Key: "why", Label: p.T("level.by"), Wide: true, Cell: func(x row) templ.Component {
			var cited []string
			for _, c := range x.Clauses {
				cited = append(cited, c.Source.Citation)
			}
			return ui.Text(strings.Join(cited, "; "))
		}},
	}}))
}

func partName(p *ui.Page, n int, name string) string {
	if name == "" {
		return p.T("level.part_n", "n", n)
	}
	return name
}

// clausesPanel shows provisions with their text, the answers they rest on, their
// source and how sure it is.
func clausesPanel(p *ui.Page, title string, clauses []level.Clause, n int) templ.Component {
	if len(clauses) == 0 {
		return panel(title, para(p.T("level.none_long")))
	}
	parts := []templ.Component{hushed(p.N("level.decided", len(clauses), "level", levelWord(p, n)))}
	for _, c := range clauses {
		parts = append(parts, clauseBox(p, c))
	}
	return panel(title, parts...)
}

func clauseBox(p *ui.Page, c level.Clause) templ.Component {
	parts := []templ.Component{box("row", strong(c.Source.Citation), markBadge(p, c.Source.Mark)), para(said(p, c.TextVi, c.TextEn))}
	if c.Part != "" {
		parts = append(parts, hushed(p.T("level.of_part", "name", c.Part)))
	}
	var because []string
	for _, b := range c.Because {
		because = append(because, p.T("level.because", "question", said(p, b.Question.TextVi, b.Question.TextEn), "answer", answerWords(p, b.Question, b.Given)))
	}
	parts = append(parts, bullets(because...))
	if c.NoteVi != "" {
		parts = append(parts, hushed(p.T("level.note", "text", said(p, c.NoteVi, c.NoteEn))))
	}
	return box("stack-tight", parts...)
}

// answerWords is an answer as people read it.
func answerWords(p *ui.Page, q regime.Question, given []string) string {
	var all []string
	for _, g := range given {
		if at := q.Place(g); at >= 0 {
			text := said(p, q.Options[at].TextVi, q.Options[at].TextEn)
			short, _, _ := strings.Cut(text, ":") // The kinds explain themselves after a colon.
			all = append(all, short)
		} else if n, err := strconv.ParseInt(g, 10, 64); err == nil {
			all = append(all, p.Int(n))
		}
	}
	if len(all) == 0 {
		return p.T("level.nothing")
	}
	return strings.Join(all, "; ")
}

func rulesPanel(p *ui.Page, d level.Decision) templ.Component {
	if len(d.Rules) == 0 {
		return nil
	}
	var parts []templ.Component
	for _, x := range d.Rules {
		parts = append(parts, box("stack-tight", box("row", strong(x.Source.Citation), markBadge(p, x.Source.Mark)), para(said(p, x.TextVi, x.TextEn))))
	}
	return panel(p.T("level.rules"), parts...)
}

func alternativesPanel(p *ui.Page, d level.Decision) templ.Component {
	if len(d.Alternatives) == 0 {
		return panel(p.T("level.change"), para(p.T("level.change_none")))
	}
	return panel(p.T("level.change"), hushed(p.T("level.change_lead")), ui.List(p, ui.Table[level.Alternative]{
		ID: "change", Plain: true, Caption: p.T("level.change"), Rows: d.Alternatives, Columns: []ui.Column[level.Alternative]{
			{Key: "question", Label: p.T("level.question"), Wide: true, Cell: func(a level.Alternative) templ.Component {
				text := said(p, a.Question.TextVi, a.Question.TextEn)
				if a.Part != "" {
					text = a.Part + ": " + text
				}
				return ui.Text(text)
			}},
			{Key: "to", Label: p.T("level.answer"), Wide: true, Cell: func(a level.Alternative) templ.Component {
				return ui.Text(answerWords(p, a.Question, a.To))
			}},
			{Key: "level", Label: p.T("level.then"), Cell: func(a level.Alternative) templ.Component {
				return ui.Badge(levelTone(a.Level), levelWord(p, a.Level))
			}},
		},
	}))
}

// assumedNotice names the questions that nobody answered.
func (s *Site) assumedNotice(p *ui.Page, d level.Decision) templ.Component {
	if len(d.Assumed) == 0 {
		return nil
	}
	var open []string
	for _, q := range s.Regime.Questions("") {
		if slices.Contains(d.Assumed, q.Code) {
			open = append(open, said(p, q.TextVi, q.TextEn))
		}
	}
	return notice(ui.ToneUnknown, para(p.N("level.assumed", len(open))), bullets(open...))
}

func definedPanel(p *ui.Page, d level.Decision) templ.Component {
	if d.Defined == 0 {
		return nil
	}
	tone, key := ui.TonePlain, "level.defined_same"
	switch {
	case d.Defined > d.Level:
		tone, key = ui.ToneMedium, "level.defined_higher"
	case d.Defined < d.Level:
		key = "level.defined_lower"
	}
	parts := []templ.Component{notice(tone, ui.Text(p.T(key, "law", levelWord(p, d.Defined), "level", levelWord(p, d.Level))))}
	for _, c := range d.DefinedBy {
		parts = append(parts, clauseBox(p, c))
	}
	return panel(p.T("level.defined"), parts...)
}

func approvalsPanel(p *ui.Page, d level.Decision) templ.Component {
	if len(d.Approvals) == 0 {
		return nil
	}
	return panel(p.T("level.approval"), ui.List(p, ui.Table[regime.Approval]{ID: "approval", Plain: true, Caption: p.T("level.approval"), Rows: d.Approvals, Columns: []ui.Column[regime.Approval]{
		{Key: "scope", Label: p.T("level.scope"), Cell: func(a regime.Approval) templ.Component {
			if a.Scope == "" {
				return ui.Text(p.T("level.scope_all"))
			}
			return ui.Text(p.T("regime.scope." + a.Scope))
		}},
		{Key: "appraiser", Label: p.T("level.appraises"), Wide: true, Cell: func(a regime.Approval) templ.Component {
			return box("", ui.Text(said(p, a.AppraiserVi, a.AppraiserEn)), hushed(a.Appraise.Words(p.Voice)))
		}},
		{Key: "approver", Label: p.T("level.approves"), Wide: true, Cell: func(a regime.Approval) templ.Component {
			return box("", ui.Text(said(p, a.ApproverVi, a.ApproverEn)), hushed(a.Approve.Words(p.Voice)))
		}},
		{Key: "source", Label: p.T("work.regime.source"), Wide: true, Cell: func(a regime.Approval) templ.Component {
			return box("", ui.Text(a.Source.Citation), markBadge(p, a.Source.Mark))
		}},
	}}))
}

// also are the criteria of lower levels that hold as well.
func also(p *ui.Page, d level.Decision) templ.Component {
	if len(d.Also) == 0 {
		return nil
	}
	var parts []templ.Component
	for _, c := range d.Also {
		parts = append(parts, box("stack-tight", box("row", strong(c.Source.Citation), markBadge(p, c.Source.Mark), ui.Quiet(levelWord(p, c.Level))), para(said(p, c.TextVi, c.TextEn))))
	}
	return folded(p.N("level.also", len(d.Also)), false, parts...)
}

func transitionsPanel(p *ui.Page, all []level.Decision) templ.Component {
	var parts []templ.Component
	for _, d := range all {
		for _, x := range d.Transitions {
			until := ""
			if x.Until != "" {
				until = p.T("level.until", "date", isoDate(p, x.Until))
			}
			parts = append(parts, box("stack-tight", box("row", strong(x.Source.Citation), markBadge(p, x.Source.Mark), ui.Quiet(until)), para(said(p, x.TextVi, x.TextEn))))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return folded(p.T("level.transition"), false, parts...)
}

// levelActs lead back to the answers, on to the next part, and to the other
// regime.
func levelActs(p *ui.Page, d level.Decision) templ.Component {
	same := p.URL.Query()
	other := p.URL.Query()
	other.Set("regime", "2016")
	if d.Regime.Code == "2016" {
		other.Set("regime", "2026")
	}
	acts := []ui.Button{{Label: p.T("level.again"), Href: "/levels?" + same.Encode(), Kind: ui.KindPrimary}}
	if len(same["part"]) < mostParts-1 {
		whole := url.Values{"part": slices.Clone(same["part"])}
		if same.Has("regime") {
			whole.Set("regime", same.Get("regime"))
		}
		last := p.URL.Query()
		last.Del("part")
		last.Del("regime")
		whole.Add("part", last.Encode())
		acts = append(acts, ui.Button{Label: p.T("level.add_part"), Href: "/levels?" + whole.Encode(), Icon: ui.IconPlus})
	}
	acts = append(acts, ui.Button{Label: p.T("level.other_regime", "code", other.Get("regime")), Href: "/levels/result?" + other.Encode()})
	return ui.Acts(p, acts...)
}
