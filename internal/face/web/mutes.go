package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/row"
)

// muteState is where a mute is in its time.
func muteState(m finding.Mute, now time.Time) string {
	switch {
	case !m.Ended.IsZero() || !now.Before(m.Ends):
		return "over"
	case now.Before(m.Begins):
		return "coming"
	}
	return "running"
}

func muteBadge(p *ui.Page, m finding.Mute) templ.Component {
	state := muteState(m, p.Now)
	tone := map[string]ui.Tone{"running": ui.ToneActive, "coming": ui.ToneInfo, "over": ui.TonePlain}[state]
	return ui.Badge(tone, p.T("work.mute.is_"+state))
}

func (s *Site) mutes(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.mutes")
	all, err := s.Findings.Mutes(r.Context(), who(r))
	if err != nil {
		return err
	}
	order := []string{"running", "coming", "over"}
	numbers := map[string]int{}
	for _, m := range all {
		numbers[muteState(m, p.Now)]++
	}
	all = slices.DeleteFunc(all, func(m finding.Mute) bool {
		states := p.URL.Query()["state"]
		return len(states) > 0 && !slices.Contains(states, muteState(m, p.Now))
	})
	slices.SortStableFunc(all, func(a, b finding.Mute) int {
		if d := slices.Index(order, muteState(a, p.Now)) - slices.Index(order, muteState(b, p.Now)); d != 0 {
			return d
		}
		return b.Ends.Compare(a.Ends)
	})
	var states []ui.Option
	for _, state := range order {
		states = append(states, ui.Option{Value: state, Label: p.T("work.mute.is_" + state), Count: numbers[state]})
	}
	t := top{Heading: ui.Heading{Lead: p.T("work.mutes.lead")}}
	nothing := ui.Nothing{Title: p.T("work.mutes.none"), Why: p.T("work.mutes.none_why")}
	edits := may(r, auth.MuteEdit)
	if edits {
		add := ui.Button{Label: p.T("work.mute.add"), Href: "/mutes/new", Kind: ui.KindPrimary, Icon: ui.IconMute}
		t.Acts, nothing.Acts = []ui.Button{add}, []ui.Button{add}
	}
	type mute = finding.Mute
	columns := []ui.Column[mute]{
		{Key: "what", Label: p.T("work.mute.what"), Cell: func(m mute) templ.Component { return ui.Text(muteWhat(p, m)) }},
		{Key: "state", Label: p.T("work.state"), Cell: func(m mute) templ.Component { return muteBadge(p, m) }},
		{Key: "kind", Label: p.T("work.problem"), Cell: func(m mute) templ.Component { return ui.Text(muteKind(p, m)) }},
		{Key: "begins", Label: p.T("work.begins"), Cell: func(m mute) templ.Component { return ui.When(p, m.Begins) }},
		{Key: "ends", Label: p.T("work.ends"), Cell: func(m mute) templ.Component { return ui.When(p, muteEnd(m)) }},
		{Key: "reason", Label: p.T("work.reason"), Wide: true, Cell: func(m mute) templ.Component { return ui.Text(m.Reason) }},
		{Key: "by", Label: p.T("work.by"), Off: true, Cell: func(m mute) templ.Component { return ui.Text(m.By) }},
	}
	if edits {
		columns = append(columns, ui.Column[mute]{Key: "act", Label: p.T("work.act"), Cell: func(m mute) templ.Component {
			if muteState(m, p.Now) == "over" {
				return ui.None(p)
			}
			return ui.Act(p, ui.Button{Label: p.T("work.mute.end"), Href: muteHref(m) + "/end", Small: true})
		}})
	}
	return showList(s, w, r, p, listing[mute]{Top: t, Table: ui.Table[mute]{
		ID: "mutes", Caption: p.T("web.nav.mutes"), Rows: all, Columns: columns,
		Bar:   ui.FilterBar{Filters: []ui.Filter{{Name: "state", Label: p.T("work.state"), Options: states}}},
		Empty: nothing,
	}})
}

func muteHref(m finding.Mute) string { return "/mutes/" + strconv.FormatInt(m.ID, 10) }

func muteEnd(m finding.Mute) time.Time {
	if !m.Ended.IsZero() {
		return m.Ended
	}
	return m.Ends
}

func muteWhat(p *ui.Page, m finding.Mute) string {
	what := m.What
	if what == "" {
		what = p.T("work.mute.everything")
	}
	if m.Realm != "" && m.Realm != "public" {
		what += " (" + m.Realm + ")"
	}
	return what
}

func muteKind(p *ui.Page, m finding.Mute) string {
	if m.Kind == "" {
		return p.T("work.mute.all_kinds")
	}
	return kindName(p, m.Kind)
}

func (s *Site) muteNew(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.mute.add")
	return s.show(w, r, muteForm(p))
}

func muteForm(p *ui.Page) templ.Component {
	now := p.Now.In(p.Zone())
	return board(p, top{Heading: ui.Heading{Lead: p.T("work.mute.form_lead"), Crumbs: []ui.Crumb{{Label: p.T("web.nav.mutes"), Href: "/mutes"}}}}, []templ.Component{
		panel("", posting("/mutes/new",
			ui.Field(p, ui.Input{Name: "what", Label: p.T("work.mute.what"), Hint: p.T("work.mute.what_hint"), Value: p.Query("what"), Mono: true}),
			ui.Field(p, ui.Input{Name: "kind", Label: p.T("work.problem"), Kind: ui.InputSelect, Value: p.Query("kind"), Choices: kindChoices(p, ui.Choice{Value: "", Label: p.T("work.mute.all_kinds")})}),
			ui.Field(p, ui.Input{Name: "realm", Label: p.T("work.realm"), Hint: p.T("work.realm_hint"), Value: firstWord(p.Query("realm"), "public"), Mono: true}),
			box("form-row",
				ui.Field(p, ui.Input{Name: "begins", Label: p.T("work.begins"), Kind: ui.InputMoment, Value: now.Format(momentForm), Required: true}),
				ui.Field(p, ui.Input{Name: "ends", Label: p.T("work.ends"), Kind: ui.InputMoment, Value: now.Add(4 * time.Hour).Format(momentForm), Required: true}),
			),
			ui.Field(p, ui.Input{Name: "reason", Label: p.T("work.reason"), Hint: p.T("work.mute.reason_hint"), Kind: ui.InputLong, Required: true}),
			ui.Acts(p, ui.Button{Label: p.T("work.mute.add"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: "/mutes"}),
		)),
	})
}

// momentForm is how a browser writes a moment of the city.
const momentForm = "2006-01-02T15:04"

func firstWord(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// moment reads a moment of the city from a form; what is none is a problem of
// the field.
func moment(p *ui.Page, r *http.Request, field string) time.Time {
	t, err := time.ParseInLocation(momentForm, tidy(r.PostForm, field), p.Zone())
	if err != nil {
		wrong(p, field, "work.wrong.moment")
	}
	return t
}

func (s *Site) muteAdd(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	p := s.page(w, r, "work.mute.add")
	m := finding.Mute{
		Realm: tidy(r.PostForm, "realm"), What: tidy(r.PostForm, "what"), Kind: row.Kind(r.PostForm.Get("kind")), Reason: tidy(r.PostForm, "reason"),
		Begins: moment(p, r, "begins"), Ends: moment(p, r, "ends"),
	}
	if len(p.Problems) > 0 {
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, muteForm(p))
	}
	if _, err := s.Findings.AddMute(r.Context(), who(r), m); err != nil {
		return s.amiss(w, r, p, "finding", err, func() templ.Component { return muteForm(p) })
	}
	return s.done(w, r, "/mutes", ui.Flash{Text: p.T("work.mute.added")})
}

func (s *Site) muteOf(r *http.Request) (finding.Mute, error) {
	all, err := s.Findings.Mutes(r.Context(), who(r))
	if err != nil {
		return finding.Mute{}, err
	}
	i := slices.IndexFunc(all, func(m finding.Mute) bool { return strconv.FormatInt(m.ID, 10) == r.PathValue("id") })
	if i < 0 {
		return finding.Mute{}, errs.New(errs.NotFound, "mute %q: no such mute", r.PathValue("id"))
	}
	return all[i], nil
}

func (s *Site) muteEndAsk(w http.ResponseWriter, r *http.Request) error {
	m, err := s.muteOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.mute.end")
	return s.show(w, r, confirming(p, ui.Preview{
		Question: p.T("work.mute.end_ask"), Effects: []string{p.T("work.mute.end_1"), p.T("work.mute.end_2")},
		Act: ui.Button{Label: p.T("work.mute.end"), Action: muteHref(m) + "/end", Kind: ui.KindPrimary}, Cancel: "/mutes",
	}, ui.Facts(p, []ui.Fact{
		{Label: p.T("work.mute.what"), Value: ui.Text(muteWhat(p, m))},
		{Label: p.T("work.problem"), Value: ui.Text(muteKind(p, m))},
		{Label: p.T("work.begins"), Value: ui.When(p, m.Begins)},
		{Label: p.T("work.ends"), Value: ui.When(p, m.Ends)},
		{Label: p.T("work.reason"), Value: ui.Text(m.Reason), Note: m.By},
	})))
}

func (s *Site) muteStop(w http.ResponseWriter, r *http.Request) error {
	m, err := s.muteOf(r)
	if err != nil {
		return err
	}
	if err := s.Findings.EndMute(r.Context(), who(r), m.ID); err != nil {
		return err
	}
	return s.done(w, r, "/mutes", ui.Flash{Text: s.voice(r).T("work.mute.ended")})
}
