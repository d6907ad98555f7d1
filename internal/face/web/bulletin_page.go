package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/bulletin"
)

// bulletin is one of the centre's own advisories: its life with what can be done
// next, whom it reaches, and how it reads.
func (s *Site) bulletin(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Bulletins.Get(r.Context(), who(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	p.Title = firstWord(b.Content.In(p.Lang()).Title, b.Content.VI.Title, p.T("web.bulletin.untitled"))
	marks := []templ.Component{gravity(p, b.Content.Severity), ui.TLP(p, b.Content.TLP.String())}
	if b.Public {
		marks = append(marks, ui.Badge(ui.TonePlain, p.T("web.bulletin.is_public")))
	}
	t := top{Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.bulletins"), Href: "/bulletins"}, {Label: b.Name(), Href: bulletinHref(&b.Bulletin)}}}, Marks: marks}
	if !who(r).Scope.IsAll() {
		parts := []templ.Component{s.overNotice(p, &b.Bulletin)}
		if b.State != bulletin.Withdrawn {
			own, other := p.Lang(), "en"
			if own == "en" {
				other = "vi"
			}
			parts = append(parts, s.readingIn(p, &b.Bulletin, own), folded(p.T("web.bulletin.in_"+other), false, s.readingIn(p, &b.Bulletin, other)))
		}
		return s.lay(w, r, p, t, parts...)
	}
	parts := []templ.Component{s.overNotice(p, &b.Bulletin), ui.Life(p, ui.LifeLine{Noun: "bulletin", Steps: bulletinSteps(&b), Acts: s.bulletinActs(p, r, &b)})}
	if len(b.Lacks) > 0 {
		var missing []string
		for _, place := range b.Lacks {
			missing = append(missing, p.T("web.bulletin.lack", "field", p.T("web.bulletin.field."+strings.ReplaceAll(place.Field, "_", "-")), "reason", bulletinFault(p, place.Reason)))
		}
		parts = append(parts, notice(ui.ToneMedium, strong(p.T("web.bulletin.lacks")), bullets(missing...)))
	}
	if b.Standing > 0 && b.State != bulletin.Withdrawn && b.Standing != b.Revision {
		parts = append(parts, notice(ui.ToneInfo, ui.Text(p.T("web.bulletin.stands", "standing", b.Standing, "revision", b.Revision))))
	}
	switch b.State {
	case bulletin.Draft, bulletin.Submitted, bulletin.Approved:
		reach, err := s.Bulletins.Preview(r.Context(), who(r), b.ID.String())
		if err != nil {
			return err
		}
		parts = append(parts, s.reachPanel(p, reach))
	case bulletin.Published, bulletin.Withdrawn:
		parts = append(parts, s.gotPanel(p, &b))
	}
	parts = append(parts, s.bulletinReading(p, &b.Bulletin), s.bulletinFrom(p, &b), bulletinHistory(p, &b))
	return s.lay(w, r, p, t, parts...)
}

// overNotice says of a withdrawn bulletin that it is, and why.
func (s *Site) overNotice(p *ui.Page, b *bulletin.Bulletin) templ.Component {
	switch {
	case b.State == bulletin.Withdrawn:
		return notice(ui.ToneHigh, strong(p.T("web.bulletin.is_withdrawn")), ui.Text(" "+b.Reason))
	case b.State == bulletin.Draft && b.Reason != "":
		return notice(ui.ToneMedium, strong(p.T("web.bulletin.was_returned")), ui.Text(" "+b.Reason))
	}
	return nil
}

// bulletinSteps is the life of the revision in hand.
func bulletinSteps(b *bulletin.Shown) []ui.Step {
	reached := map[bulletin.State]int{bulletin.Draft: 0, bulletin.Submitted: 1, bulletin.Approved: 2, bulletin.Published: 3}
	steps := []ui.Step{
		{State: string(bulletin.Draft), At: b.Created, Who: strings.Join(b.Authors, ", ")},
		{State: string(bulletin.Submitted)},
		{State: string(bulletin.Approved)},
		{State: string(bulletin.Published)},
	}
	if b.By.Submitted != "" {
		steps[1].At, steps[1].Who = b.Submitted, b.By.Submitted
	}
	if b.By.Approved != "" {
		steps[2].Who = b.By.Approved
		for _, e := range b.History {
			if e.Verb == bulletin.VerbApproved {
				steps[2].At = e.At // the last one is that of the revision in hand
			}
		}
	}
	if b.Standing == b.Revision && b.Standing > 0 {
		steps[3].At, steps[3].Who = b.Published, b.By.Published
	}
	if b.State == bulletin.Withdrawn {
		return append(steps, ui.Step{State: string(bulletin.Withdrawn), At: b.Withdrawn, Who: b.By.Withdrawn, Now: true})
	}
	steps[reached[b.State]].Now = true
	return steps
}

// bulletinActs are the buttons; one that cannot be pressed says why.
func (s *Site) bulletinActs(p *ui.Page, r *http.Request, b *bulletin.Shown) (acts []ui.Button) {
	at := bulletinHref(&b.Bulletin)
	add := func(act bulletin.Act, kind ui.Kind, why string) {
		if !may(r, bulletin.Of(act).May) {
			return
		}
		button := ui.Button{Label: p.T("web.bulletin.act." + string(act)), Href: at + "/do/" + string(act), Kind: kind, Why: why}
		if act == bulletin.ActWrite {
			button.Href = at + "/edit"
		}
		acts = append(acts, button)
	}
	switch b.State {
	case bulletin.Draft:
		why := ""
		if len(b.Lacks) > 0 {
			why = p.T("web.bulletin.why_lacks")
		}
		if why == "" {
			add(bulletin.ActSubmit, ui.KindPrimary, "")
			add(bulletin.ActWrite, "", "")
		} else {
			add(bulletin.ActWrite, ui.KindPrimary, "")
			add(bulletin.ActSubmit, "", why)
		}
	case bulletin.Submitted:
		why := ""
		if err := b.MayApprove(who(r)); err != nil {
			why = p.T("web.bulletin.why_author")
		}
		add(bulletin.ActApprove, ui.KindPrimary, why)
		add(bulletin.ActReturn, "", "")
	case bulletin.Approved:
		add(bulletin.ActPublish, ui.KindPrimary, "")
		add(bulletin.ActReturn, "", "")
	case bulletin.Published:
		add(bulletin.ActRevise, "", "")
	case bulletin.Withdrawn:
		return nil
	}
	add(bulletin.ActWithdraw, "", "")
	return acts
}

// bulletinReading is how the text reads, in both languages.
func (s *Site) bulletinReading(p *ui.Page, b *bulletin.Bulletin) templ.Component {
	if b.State == bulletin.Withdrawn {
		return nil
	}
	return box("grid-2", s.readingIn(p, b, "vi"), s.readingIn(p, b, "en"))
}

// readingIn is how the text reads in a language.
func (s *Site) readingIn(p *ui.Page, b *bulletin.Bulletin, lang string) templ.Component {
	m := s.Bulletins.Read(b, lang)
	parts := []templ.Component{strong(m.Subject)}
	for _, part := range m.Parts {
		body := []templ.Component{subhead(part.Title)}
		for _, text := range part.Text {
			for _, line := range lineList(text) {
				body = append(body, para(line))
			}
		}
		if len(part.Steps) > 0 {
			body = append(body, ui.Steps(textParts(part.Steps)))
		}
		parts = append(parts, box("stack", body...))
	}
	return inLanguage(lang, panel(p.T("web.bulletin.in_"+lang), parts...))
}

// reachPanel says who would get a bulletin now, and what its marking keeps back.
func (s *Site) reachPanel(p *ui.Page, reach bulletin.Preview) templ.Component {
	type one = bulletin.Recipient
	public := p.T("web.bulletin.no")
	if reach.Public {
		public = p.T("web.bulletin.yes")
	}
	return panel(p.T("web.bulletin.reach"),
		ui.Stats(p, []ui.Figure{
			{Label: p.T("web.bulletin.reach_told"), Value: p.Int(int64(reach.Told))},
			{Label: p.T("web.bulletin.reach_mails"), Value: p.Int(int64(reach.Addressees))},
			{Label: p.T("web.bulletin.reach_kept"), Value: p.Int(int64(reach.KeptBack)), Tone: toneIf(reach.KeptBack > 0, ui.ToneMedium)},
			{Label: p.T("web.bulletin.reach_deaf"), Value: p.Int(int64(reach.Deaf)), Tone: toneIf(reach.Deaf > 0, ui.ToneHigh)},
			{Label: p.T("web.bulletin.is_public"), Value: public},
		}),
		ui.List(p, ui.Table[one]{
			ID: "reach", Caption: p.T("web.bulletin.reach"), Rows: reach.Recipients[:min(len(reach.Recipients), 300)],
			Columns: []ui.Column[one]{
				{Key: "organisation", Label: p.T("work.organisation"), Cell: func(x one) templ.Component {
					return ui.Link("/organisations/"+url.PathEscape(x.Code), x.Name(p.Lang()))
				}},
				{Key: "why", Label: p.T("web.bulletin.why"), Wide: true, Cell: func(x one) templ.Component { return ui.Text(reachWhy(p, &x)) }},
				{Key: "to", Label: p.T("web.bulletin.gets"), Cell: func(x one) templ.Component { return reachTo(p, &x) }},
			},
			Empty: ui.Nothing{Title: p.T("web.bulletin.reach_none"), Why: p.T("web.bulletin.reach_none_why")},
		}))
}

// reachWhy is why an organisation would get it.
func reachWhy(p *ui.Page, x *bulletin.Recipient) string {
	var why []string
	for _, h := range x.Products {
		key := "web.bulletin.why_maybe"
		if h.Confirmed {
			key = "web.bulletin.why_has"
		}
		why = append(why, p.N(key, h.Machines, "product", strings.TrimSpace(h.Vendor+" "+h.Product+" "+strings.Join(h.Versions[:min(len(h.Versions), 3)], ", "))))
	}
	for _, c := range []struct {
		is  bool
		key string
	}{{x.Class, "web.bulletin.why_class"}, {x.Listed, "web.bulletin.why_listed"}, {x.Before, "web.bulletin.why_before"}} {
		if c.is {
			why = append(why, p.T(c.key))
		}
	}
	return strings.Join(why, "; ")
}

// reachTo is who there is told, or why nobody is.
func reachTo(p *ui.Page, x *bulletin.Recipient) templ.Component {
	switch {
	case len(x.To) > 0 && x.To[0].Notice:
		return ui.Badge(ui.ToneMedium, p.T("web.bulletin.gets_notice"))
	case len(x.To) > 0:
		var list []string
		for _, to := range x.To[:min(len(x.To), 3)] {
			list = append(list, to.Email)
		}
		return ui.Code(strings.Join(list, ", "))
	case x.Elsewhere:
		return ui.Quiet(p.T("web.bulletin.gets_elsewhere"))
	case len(x.Withheld) > 0:
		return ui.Badge(ui.ToneMedium, p.T("web.bulletin.gets_withheld"))
	case x.Silenced != "":
		return ui.Quiet(p.T("web.bulletin.gets_silenced", "rule", x.Silenced))
	}
	return ui.Badge(ui.ToneHigh, p.T("web.bulletin.gets_deaf"))
}

// gotPanel is who got the revision that is out.
func (s *Site) gotPanel(p *ui.Page, b *bulletin.Shown) templ.Component {
	if b.Standing == 0 {
		return nil
	}
	type one = bulletin.Got
	return panel(p.T("web.bulletin.got"), ui.List(p, ui.Table[one]{
		ID: "got", Caption: p.T("web.bulletin.got"), Rows: b.Got[:min(len(b.Got), 300)],
		Columns: []ui.Column[one]{
			{Key: "organisation", Label: p.T("work.organisation"), Cell: func(x one) templ.Component {
				o, err := s.Estate.Forest().Organisation(x.Organisation)
				if err != nil {
					return ui.None(p)
				}
				return ui.Link("/organisations/"+url.PathEscape(o.Code), o.Name(p.Lang()))
			}},
			{Key: "why", Label: p.T("web.bulletin.why"), Wide: true, Cell: func(x one) templ.Component {
				why := append([]string{}, x.Why.Products...)
				for _, c := range []struct {
					is  bool
					key string
				}{{x.Why.Class, "web.bulletin.why_class"}, {x.Why.Listed, "web.bulletin.why_listed"}, {x.Why.Before, "web.bulletin.why_before"}} {
					if c.is {
						why = append(why, p.T(c.key))
					}
				}
				return ui.Text(strings.Join(why, "; "))
			}},
			{Key: "told", Label: p.T("web.bulletin.reach_mails"), Number: true, Cell: func(x one) templ.Component {
				if x.Told == 0 {
					return ui.Badge(ui.ToneMedium, p.T("web.bulletin.not_told"))
				}
				return ui.Text(p.Int(x.Told))
			}},
		},
		Empty: ui.Nothing{Title: p.T("web.bulletin.reach_none"), Why: p.T("web.bulletin.got_none_why")},
	}))
}

// bulletinFrom is what it is written from and where it stands for everybody.
func (s *Site) bulletinFrom(p *ui.Page, b *bulletin.Shown) templ.Component {
	var facts []ui.Fact
	if len(b.Content.From) > 0 {
		var links []templ.Component
		for _, id := range b.Content.From {
			links = append(links, ui.Link("/advisories/"+id, id))
		}
		facts = append(facts, ui.Fact{Label: p.T("web.bulletin.from"), Value: ui.Join(links...)})
	}
	for _, i := range b.Issues {
		facts = append(facts, ui.Fact{
			Label: p.T("web.bulletin.issue", "revision", i.Revision), Value: ui.When(p, i.At),
			Note: p.T("web.bulletin.issue_note", "approved", i.ApprovedBy, "published", i.PublishedBy, "organisations", i.Organisations, "recipients", i.Recipients),
		})
	}
	if b.Public {
		facts = append(facts, ui.Fact{Label: p.T("web.bulletin.is_public"), Value: ui.Join(
			ui.Link(bulletin.PublicPath(&b.Bulletin), "CSAF"), ui.Link(bulletin.AtomPath, "Atom"),
		)})
	}
	if len(facts) == 0 {
		return nil
	}
	return panel(p.T("web.bulletin.origin"), ui.Facts(p, facts))
}

// bulletinHistory is everything that happened to it, newest first.
func bulletinHistory(p *ui.Page, b *bulletin.Shown) templ.Component {
	var moments []ui.Moment
	for _, e := range slices.Backward(b.History) {

		verb := strings.TrimPrefix(e.Verb, "bulletin.")
		moments = append(moments, ui.Moment{At: e.At, Who: e.Actor, What: p.T("web.bulletin.verb." + verb), Href: "/journal/" + strconv.FormatInt(e.Seq, 10)})
	}
	return panel(p.T("web.bulletin.history"), ui.Timeline(p, moments))
}

// bulletinAct reads the act of an address.
func bulletinAct(r *http.Request) (bulletin.Act, error) {
	act := bulletin.Act(r.PathValue("act"))
	switch act {
	case bulletin.ActSubmit, bulletin.ActReturn, bulletin.ActApprove, bulletin.ActPublish, bulletin.ActRevise, bulletin.ActWithdraw:
		return act, auth.May(who(r), bulletin.Of(act).May)
	case bulletin.ActWrite:
	}
	return "", errs.New(errs.NotFound, "bulletin: no act %q", string(act))
}

// bulletinAsk shows what an act will do before it is done.
func (s *Site) bulletinAsk(w http.ResponseWriter, r *http.Request) error {
	b, act, err := s.bulletinFor(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "web.bulletin.act."+string(act))
	view, err := s.bulletinConfirm(p, r, b, act)
	if err != nil {
		return err
	}
	return s.show(w, r, view)
}

// bulletinFor is the bulletin of an address with the act; who does not see all of
// it finds nothing there.
func (s *Site) bulletinFor(r *http.Request) (*bulletin.Shown, bulletin.Act, error) {
	b, err := s.Bulletins.Get(r.Context(), who(r), r.PathValue("id"))
	if err == nil && !who(r).Scope.IsAll() {
		err = errs.New(errs.NotFound, "bulletin %q: no such bulletin", r.PathValue("id"))
	}
	if err != nil {
		return nil, "", err
	}
	act, err := bulletinAct(r)
	return &b, act, err
}

func (s *Site) bulletinConfirm(p *ui.Page, r *http.Request, b *bulletin.Shown, act bulletin.Act) (templ.Component, error) {
	at := bulletinHref(&b.Bulletin)
	ask := ui.Preview{
		Question: p.T("web.bulletin.ask."+string(act), "number", b.Name()), Cancel: at,
		Act: ui.Button{
			Label: p.T("web.bulletin.act." + string(act)), Action: at + "/do/" + string(act), Kind: ui.KindPrimary,
			Fields: url.Values{"version": {strconv.FormatInt(b.Version, 10)}},
		},
	}
	var parts []templ.Component
	switch act {
	case bulletin.ActReturn, bulletin.ActWithdraw:
		ask.Reason, ask.Hint = p.T("work.reason"), p.T("web.bulletin.reason_hint_"+string(act))
	case bulletin.ActPublish, bulletin.ActApprove, bulletin.ActSubmit:
		reach, err := s.Bulletins.Preview(r.Context(), who(r), b.ID.String())
		if err != nil {
			return nil, err
		}
		ask.Effects = append(ask.Effects, p.N("web.bulletin.effect_told", reach.Told, "mails", reach.Addressees))
		if reach.KeptBack > 0 {
			ask.Effects = append(ask.Effects, p.N("web.bulletin.effect_kept", reach.KeptBack, "marking", b.Content.TLP.Label()))
		}
		if reach.Public {
			ask.Effects = append(ask.Effects, p.T("web.bulletin.effect_public"))
		}
	case bulletin.ActRevise, bulletin.ActWrite:
	}
	ask.Effects = append(ask.Effects, p.T("web.bulletin.effect."+string(act)))
	return confirming(p, ask, parts...), nil
}

// bulletinDo does the act.
func (s *Site) bulletinDo(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	b, act, err := s.bulletinFor(r)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(r.PostForm.Get("version"), 10, 64) // nonsense asks for no version
	id, reason := b.ID.String(), r.PostForm.Get("reason")
	switch act {
	case bulletin.ActSubmit:
		_, err = s.Bulletins.Submit(r.Context(), who(r), id, version)
	case bulletin.ActReturn:
		_, err = s.Bulletins.Return(r.Context(), who(r), id, version, reason)
	case bulletin.ActApprove:
		_, err = s.Bulletins.Approve(r.Context(), who(r), id, version)
	case bulletin.ActPublish:
		_, err = s.Bulletins.Publish(r.Context(), who(r), id, version)
	case bulletin.ActRevise:
		_, err = s.Bulletins.Revise(r.Context(), who(r), id)
	case bulletin.ActWithdraw:
		_, err = s.Bulletins.Withdraw(r.Context(), who(r), id, reason)
	case bulletin.ActWrite:
	}
	p := s.page(w, r, "web.bulletin.act."+string(act))
	if err != nil {
		view, viewErr := s.bulletinConfirm(p, r, b, act)
		if viewErr != nil {
			return viewErr
		}
		return s.lacking(w, r, p, err, func() templ.Component { return view })
	}
	to := bulletinHref(&b.Bulletin)
	if act == bulletin.ActRevise {
		to += "/edit"
	}
	return s.done(w, r, to, ui.Flash{Text: p.T("web.bulletin.done." + string(act))})
}
