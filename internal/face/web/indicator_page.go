package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intel"
)

func (s *Site) indicator(w http.ResponseWriter, r *http.Request) error {
	i, err := s.indicatorOf(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	view, err := s.indicatorView(p, r, i)
	if err != nil {
		return err
	}
	return s.show(w, r, view)
}

func (s *Site) indicatorView(p *ui.Page, r *http.Request, i intel.Indicator) (templ.Component, error) {
	history, err := s.Intel.History(r.Context(), who(r), i.ID)
	if err != nil {
		return nil, err
	}
	p.Title = defanged(i)
	t := top{
		Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.indicators"), Href: "/indicators"}, {Label: i.ID, Href: "/indicators/" + i.ID}}, Lead: p.T("threat.indicator.lead." + i.Type)},
		Marks:   []templ.Component{ui.State(p, "indicator", string(i.State)), ui.TLP(p, i.TLP.String())},
	}
	var waits templ.Component
	if why := s.heldWords(p, i); why != "" {
		waits = notice(ui.ToneMedium, strong(p.T("threat.indicator.waits")), ui.Text(" "+why))
	}
	var decide templ.Component
	if may(r, auth.IndicatorDecide) {
		decide = indicatorForm(p, i)
	}
	moments := s.moments(p, history)
	for n := range moments {
		e := history[len(history)-1-n]
		if reason := bodyText(e, "reason"); reason != "" {
			moments[n].Extra = ui.Quiet(reason)
		}
	}
	if len(moments) == 0 {
		moments = []ui.Moment{{At: i.FirstSeen, What: p.T("threat.indicator.first"), Who: strings.Join(i.Sources, ", ")}}
	}
	return board(p, t, []templ.Component{
		waits,
		ui.Life(p, ui.LifeLine{Noun: "indicator", Steps: indicatorSteps(i, history)}),
		box("grid-2",
			box("stack", panel(p.T("threat.indicator.facts"), ui.Facts(p, s.indicatorFacts(p, i))), decide),
			box("stack", s.decay(p, i), panel(p.T("work.history"), ui.Timeline(p, moments))),
		),
		panel(p.T("threat.indicator.said"), ui.List(p, s.sayings(p, i))),
	}), nil
}

func (s *Site) indicatorFacts(p *ui.Page, i intel.Indicator) []ui.Fact {
	facts := []ui.Fact{
		{Label: p.T("threat.value"), Value: ui.Code(defanged(i)), Note: p.T("threat.defanged")},
		{Label: p.T("threat.type"), Value: ui.Text(p.T("threat.type." + i.Type))},
		{Label: p.T("threat.confidence"), Value: ui.Text(p.T("threat.of_hundred", "n", i.Confidence)), Note: p.N("threat.of_sources", len(i.Sources))},
		{Label: p.T("web.column.first_seen"), Value: ui.When(p, i.FirstSeen)},
		{Label: p.T("web.column.last_seen"), Value: ui.When(p, i.LastSeen)},
		{Label: p.T("threat.until"), Value: ui.When(p, i.ValidUntil)},
		{Label: p.T("threat.sightings"), Value: ui.Text(p.Int(i.Sightings)), Note: p.T("threat.sightings_note")},
	}
	if i.Refuted > 0 {
		facts = append(facts, ui.Fact{Label: p.T("threat.refuted"), Value: ui.Text(p.Int(i.Refuted))})
	}
	if i.DecidedBy != "" {
		facts = append(facts, ui.Fact{Label: p.T("threat.decided"), Value: ui.Text(i.Reason), Note: i.DecidedBy})
	}
	return facts
}

// indicatorSteps draws how an indicator came here: as it was taken in, what
// people decided, and what time made of it.
func indicatorSteps(i intel.Indicator, history []journal.Entry) []ui.Step {
	begin := intel.Active
	if i.HeldBy != "" {
		begin = intel.IsHeld
	}
	steps := []ui.Step{{State: string(begin), At: i.FirstSeen}}
	for _, e := range history {
		if to := bodyText(e, "to"); to != "" {
			steps = append(steps, ui.Step{State: to, At: e.At, Who: person(e.Actor)})
		}
	}
	last := &steps[len(steps)-1]
	switch {
	case last.State == string(i.State):
		last.Now = true
	case i.State == intel.Expired:
		steps = append(steps, ui.Step{State: string(i.State), At: i.ValidUntil, Now: true})
	default:
		steps = append(steps, ui.Step{State: string(i.State), At: i.LastSeen, Now: true})
	}
	if i.State == intel.Active {
		steps = append(steps, ui.Step{State: string(intel.Expired)})
	}
	return steps
}

// decay draws what is left of the confidence from day to day if nobody names the
// indicator again.
func (s *Site) decay(p *ui.Page, i intel.Indicator) templ.Component {
	span := i.ValidUntil.Sub(i.LastSeen)
	if span <= 0 || s.Intel.Outlook(i, i.LastSeen) == 0 {
		return nil
	}
	const steps = 6
	c := ui.Chart{Title: p.T("threat.decay.over", "date", p.Date(i.ValidUntil)), Unit: p.T("threat.decay.unit"), Label: p.T("threat.decay.day"), Top: 100}
	if left := i.ValidUntil.Sub(p.Now); left > 0 {
		c.Title = p.T("threat.decay.title", "now", i.Confidence, "date", p.Date(i.ValidUntil))
	}
	for n := range steps + 1 {
		at := i.LastSeen.Add(span * time.Duration(n) / steps)
		c.Points = append(c.Points, ui.Point{Label: p.Date(at), Value: float64(s.Intel.Outlook(i, at))})
	}
	return ui.Line(p, c)
}

func (s *Site) sayings(p *ui.Page, i intel.Indicator) ui.Table[intel.Saying] {
	type saying = intel.Saying
	return ui.Table[saying]{
		ID: "said", Plain: true, Caption: p.T("threat.indicator.said"), Rows: i.Said,
		Columns: []ui.Column[saying]{
			{Key: "source", Label: p.T("work.document.source"), Cell: func(x saying) templ.Component { return ui.Link(sourceHref(x.Source), x.Source) }},
			{Key: "says", Label: p.T("threat.says"), Wide: true, Cell: func(x saying) templ.Component { return sayingWords(p, x) }},
			{Key: "confidence", Label: p.T("threat.confidence_stated"), Number: true, Cell: func(x saying) templ.Component { return number(p, int64(x.Confidence)) }},
			{Key: "first", Label: p.T("web.column.first_seen"), Cell: func(x saying) templ.Component { return ui.Ago(p, x.FirstSeen) }},
			{Key: "last", Label: p.T("web.column.last_seen"), Cell: func(x saying) templ.Component { return ui.Ago(p, x.LastSeen) }},
			{Key: "until", Label: p.T("threat.until"), Cell: func(x saying) templ.Component { return ui.Ago(p, x.ValidUntil) }},
			{Key: "tlp", Label: p.T("work.tlp"), Cell: func(x saying) templ.Component { return ui.TLP(p, x.TLP.String()) }},
			{Key: "place", Label: p.T("threat.place"), Cell: func(x saying) templ.Component {
				return ui.Link("/documents/"+x.Document, x.Document+":"+strconv.Itoa(x.Line))
			}},
		},
		Empty: ui.Nothing{Title: p.T("threat.indicator.nobody"), Why: p.T("threat.indicator.nobody_why")},
	}
}

func sayingWords(p *ui.Page, x intel.Saying) templ.Component {
	var parts []templ.Component
	if x.Revoked {
		parts = append(parts, ui.Badge(ui.TonePlain, p.T("ui.state.indicator.revoked")))
	}
	if x.Context {
		parts = append(parts, ui.Badge(ui.TonePlain, p.T("threat.context")))
	}
	if x.Title != "" {
		parts = append(parts, ui.Text(x.Title))
	}
	if len(x.Labels) > 0 {
		parts = append(parts, ui.Quiet(strings.Join(x.Labels, ", ")))
	}
	if len(parts) == 0 {
		return ui.None(p)
	}
	return ui.Join(parts...)
}

// indicatorForm is the one thing that a person may decide now.
func indicatorForm(p *ui.Page, i intel.Indicator) templ.Component {
	act := "hold"
	if i.State == intel.IsHeld {
		act = "release"
	}
	return panel(p.T("threat.decide"), hushed(p.T("threat.effect."+act)), posting("/indicators/"+i.ID+"/"+act,
		ui.Field(p, ui.Input{Name: "reason", Label: p.T("work.reason"), Hint: p.T("threat.reason_hint." + act), Kind: ui.InputLong, Lines: 2, Required: true}),
		ui.Acts(p, ui.Button{Label: p.T("threat." + act), Submit: true, Kind: ui.KindPrimary}),
	))
}

// indicatorDecide is the handler of an act on one indicator.
func (s *Site) indicatorDecide(name string) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		act, err := indicatorActOf(name)
		if err != nil {
			return err
		}
		i, err := s.indicatorOf(r, r.PathValue("id"))
		if err != nil {
			return err
		}
		err = s.decideIndicator(r, act, i.ID, strings.TrimSpace(r.PostFormValue("reason")))
		if errs.Is(err, errs.Invalid) {
			p := s.page(w, r, "")
			wrong(p, "reason", "web.fault.say-why")
			p.Posted = r.PostForm
			view, err := s.indicatorView(p, r, i)
			if err != nil {
				return err
			}
			return s.showAs(w, r, http.StatusUnprocessableEntity, view)
		}
		if err != nil {
			return err
		}
		return s.done(w, r, "/indicators/"+i.ID, ui.Flash{Text: s.voice(r).N("threat.bulk.did_"+act.name, 1)})
	}
}
