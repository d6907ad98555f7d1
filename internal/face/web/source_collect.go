package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
)

// A sourceLife is what the page of one source knows besides its health.
type sourceLife struct {
	State   collect.State
	Silence collect.Silence
	Silent  bool
	Secret  bool
	Noise   finding.Noise
	Judged  bool // the reader may know the noise
	Doubts  []intake.Document
}

func (s *Site) sourceLife(r *http.Request, h intake.Health) (l sourceLife, err error) {
	ctx := r.Context()
	if l.State, err = s.Collect.State(ctx, who(r), h.Name); err != nil {
		return l, err
	}
	l.Silence, l.Silent = collect.Silent(h.Source, l.State, s.Clock.Now())
	if l.Secret, err = s.Collect.HasSecret(ctx, h.Source); err != nil {
		return l, err
	}
	if l.Judged = who(r).Scope.IsAll() && may(r, auth.FindingView); l.Judged {
		all, err := s.Findings.Noise(ctx, who(r))
		if err != nil {
			return l, err
		}
		l.Noise = all[h.ID]
	}
	if !may(r, auth.DocumentView) {
		return l, nil
	}
	unparsed, err := s.Intake.Documents(ctx, who(r), intake.Filter{Source: h.Name, State: intake.Unparsed, Newest: true, Limit: 50})
	for _, d := range unparsed {
		if d.InDoubt() {
			l.Doubts = append(l.Doubts, d)
		}
	}
	return l, err
}

// silenceNotice says in words that a source is silent, since when and why it
// counts as such.
func silenceNotice(p *ui.Page, l sourceLife) templ.Component {
	if !l.Silent {
		return nil
	}
	return notice(ui.ToneHigh, strong(p.T("source.silent", "since", p.DateTime(l.Silence.Since))), ui.Text(" "+p.T("collect.silence."+l.Silence.Reason)+" "+p.T("source.silent_do")))
}

// failureNotice says that fetching fails, and what the source said.
func failureNotice(p *ui.Page, l sourceLife) templ.Component {
	if l.State.Failures == 0 {
		return nil
	}
	return notice(ui.ToneCritical, strong(p.N("source.failing", l.State.Failures)), ui.Text(" "+failureWords(p, l.State.LastCode)))
}

func failureWords(p *ui.Page, code string) string {
	if key := "collect.failure." + code; p.Has(key) {
		return p.T(key)
	}
	return p.T("collect.failure.internal")
}

// noiseFigure is what a source's false alarms cost, with a tone from a tenth on:
// from there people stop believing it.
func noiseFigure(p *ui.Page, h intake.Health, l sourceLife) []ui.Figure {
	if !l.Judged {
		return nil
	}
	f := ui.Figure{
		Label: p.T("source.noise"), Value: p.T("source.no_case"), Note: p.T("source.noise_of", "refuted", l.Noise.Refuted, "opened", l.Noise.Opened),
		Tone: toneIf(l.Noise.Refuted*10 >= l.Noise.Opened && l.Noise.Refuted > 0, ui.ToneMedium),
	}
	if l.Noise.Opened > 0 {
		f.Value = share(p, l.Noise.Refuted, l.Noise.Opened)
		f.Href = query("/findings", "source", h.Name, "state", "false_positive", "all", "1")
	}
	return []ui.Figure{f}
}

// collectPanel is how a source is fetched from, and the button to do it now.
func collectPanel(p *ui.Page, r *http.Request, h intake.Health, l sourceLife) templ.Component {
	if h.URL == "" {
		return panel(p.T("source.collecting"), hushed(p.T("source.no_url")))
	}
	st := l.State
	facts := []ui.Fact{
		{Label: p.T("work.source.url"), Value: ui.Code(h.URL), Note: p.T("source.way." + wayOf(h.URL))},
		{Label: p.T("source.each"), Value: ui.Text(everyWords(p, h.Source))},
		{Label: p.T("source.last_look"), Value: momentOr(p, st.LastLook, "source.never")},
		{Label: p.T("source.last_ok"), Value: momentOr(p, st.LastOK, "source.never")},
		{Label: p.T("source.next"), Value: momentOr(p, st.Next, "source.on_demand")},
		{Label: p.T("source.secret"), Value: ui.Text(p.T(map[bool]string{true: "source.has_secret", false: "source.no_secret"}[l.Secret]))},
	}
	if st.Failures > 0 {
		facts = append(facts,
			ui.Fact{Label: p.T("source.failures"), Value: ui.Text(p.Int(int64(st.Failures)))},
			ui.Fact{Label: p.T("source.last_error"), Value: ui.Code(st.LastError), Note: failureWords(p, st.LastCode)})
	}
	var act templ.Component
	if may(r, auth.SourceEdit) {
		fetch := ui.Button{Label: p.T("source.fetch_now"), Action: sourceHref(h.Name) + "/fetch", Kind: ui.KindPrimary, Icon: ui.IconRefresh}
		if !st.Looking.IsZero() {
			fetch = ui.Button{Label: fetch.Label, Icon: fetch.Icon, Why: p.T("source.looking", "since", p.Ago(st.Looking, p.Now))}
		}
		act = ui.Acts(p, fetch)
	}
	return panel(p.T("source.collecting"), ui.Facts(p, facts), act)
}

// wayOf is the word of an address's scheme in the catalogue.
func wayOf(url string) string {
	scheme, _, _ := strings.Cut(url, ":")
	switch {
	case strings.HasPrefix(scheme, "taxii+"):
		return "taxii"
	case strings.HasPrefix(scheme, "misp+"):
		return "misp"
	case scheme == "file":
		return "folder"
	case strings.HasPrefix(scheme, "imap"):
		return "imap"
	}
	return "http"
}

func everyWords(p *ui.Page, s intake.Source) string {
	if s.Every == 0 {
		return p.T("source.on_demand")
	}
	return p.T("work.source.each", "span", p.Duration(s.Every))
}

// doubtsPanel are the mails whose sender nobody has vouched for.
func doubtsPanel(p *ui.Page, r *http.Request, l sourceLife) templ.Component {
	if len(l.Doubts) == 0 {
		return nil
	}
	return panel(p.T("source.doubts"), hushed(p.T("source.doubts_lead")), ui.List(p, ui.Table[intake.Document]{
		ID: "doubts", Plain: true, Caption: p.T("source.doubts"), Rows: l.Doubts,
		Href: func(d intake.Document) string { return "/documents/" + d.Label() },
		Columns: []ui.Column[intake.Document]{
			{Key: "id", Label: p.T("work.document.id"), Cell: func(d intake.Document) templ.Component { return ui.Text(d.Label()) }},
			{Key: "received", Label: p.T("work.document.received"), Cell: func(d intake.Document) templ.Component { return ui.Ago(p, d.Received) }},
			{Key: "reason", Label: p.T("source.doubt"), Wide: true, Cell: func(d intake.Document) templ.Component { return ui.Text(d.Reason) }},
			{Key: "act", Label: p.T("source.vouch"), Cell: func(d intake.Document) templ.Component {
				if !may(r, auth.DocumentReparse) {
					return ui.None(p)
				}
				return ui.Act(p, ui.Button{Label: p.T("source.vouch"), Href: "/documents/" + d.Label() + "/vouch", Small: true})
			}},
		},
	}))
}

// sourceFetch asks for a look now.
func (s *Site) sourceFetch(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.Collect.Now(r.Context(), who(r), name); err != nil {
		return err
	}
	return s.done(w, r, sourceHref(name), ui.Flash{Tone: ui.ToneActive, Text: s.voice(r).T("source.fetch_begun", "name", name)})
}

func (s *Site) documentVouchAsk(w http.ResponseWriter, r *http.Request) error {
	d, err := s.documentOf(r)
	if err != nil {
		return err
	}
	return s.show(w, r, vouchForm(s.page(w, r, "source.vouch_title"), d))
}

func vouchForm(p *ui.Page, d intake.Document) templ.Component {
	href := "/documents/" + d.Label()
	return confirming(p, ui.Preview{
		Question: p.T("source.vouch_ask", "id", d.Label()),
		Effects:  []string{p.T("source.vouch_1", "reason", d.Reason), p.T("source.vouch_2"), p.T("source.vouch_3")},
		Act:      ui.Button{Label: p.T("source.vouch"), Action: href + "/vouch", Kind: ui.KindPrimary},
		Reason:   p.T("source.vouch_reason"), Hint: p.T("source.vouch_hint"), Cancel: href,
	})
}

func (s *Site) documentVouch(w http.ResponseWriter, r *http.Request) error {
	d, err := s.documentOf(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	p := s.page(w, r, "source.vouch_title")
	reason := tidy(r.PostForm, "reason")
	if reason == "" {
		wrong(p, "reason", "source.wrong.reason")
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, vouchForm(p, d))
	}
	if _, err := s.Intake.Vouch(r.Context(), who(r), d.ID, reason); err != nil {
		return err
	}
	return s.done(w, r, "/documents/"+d.Label(), ui.Flash{Tone: ui.ToneActive, Text: p.T("source.vouched", "id", d.Label())})
}

// momentOr is an instant, or words where there is none.
func momentOr(p *ui.Page, t time.Time, key string) templ.Component {
	if t.IsZero() {
		return ui.Text(p.T(key))
	}
	return ui.When(p, t)
}
