package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/warning"
)

func hookCrumbs(p *ui.Page) []ui.Crumb {
	return []ui.Crumb{{Label: p.T("work.deliveries.title"), Href: "/deliveries"}, {Label: p.T("work.webhooks.title"), Href: "/webhooks"}}
}

// webhooks are the machines that are told.
func (s *Site) webhooks(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.webhooks.title")
	all, err := s.Deliveries.Hooks(r.Context(), who(r))
	if err != nil {
		return err
	}
	add := ui.Button{Label: p.T("work.webhook.add"), Href: "/webhooks/new", Kind: ui.KindPrimary, Icon: ui.IconPlus}
	type x = deliver.Hook
	return showList(s, w, r, p, listing[x]{
		Top: top{Heading: ui.Heading{Lead: p.T("work.webhooks.lead"), Crumbs: hookCrumbs(p)[:1], Acts: []ui.Button{add}}},
		Table: ui.Table[x]{
			ID: "webhooks", Caption: p.T("work.webhooks.title"), Rows: all,
			Columns: []ui.Column[x]{
				{Key: "url", Label: p.T("work.webhook.url"), Wide: true, Cell: func(h x) templ.Component { return ui.Code(h.URL) }},
				{Key: "state", Label: p.T("work.state"), Cell: func(h x) templ.Component {
					if h.Active {
						return ui.Badge(ui.ToneGood, p.T("work.webhook.on"))
					}
					return ui.Badge(ui.TonePlain, p.T("work.webhook.off"))
				}},
				{Key: "organisation", Label: p.T("work.organisation"), Cell: func(h x) templ.Component {
					if h.Organisation == 0 {
						return ui.Text(p.T("work.webhook.all"))
					}
					return s.bodyCell(p, h.Organisation)
				}},
				{Key: "relation", Label: p.T("work.webhook.relation"), Cell: func(h x) templ.Component { return ui.Text(p.T("work.relation." + string(h.Relation))) }},
				{Key: "by", Label: p.T("work.by"), Cell: func(h x) templ.Component { return ui.Text(h.CreatedBy) }},
				{Key: "act", Label: p.T("work.act"), Cell: func(h x) templ.Component {
					if !h.Active {
						return ui.None(p)
					}
					return ui.Act(p, ui.Button{Label: p.T("work.webhook.drop"), Href: hookHref(h) + "/drop", Small: true})
				}},
			},
			Empty: ui.Nothing{Title: p.T("work.webhooks.none"), Why: p.T("work.webhooks.none_why"), Acts: []ui.Button{add}},
		},
	})
}

func hookHref(h deliver.Hook) string { return "/webhooks/" + strconv.FormatInt(h.ID, 10) }

func (s *Site) webhookNew(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.webhook.add")
	return s.show(w, r, webhookForm(p))
}

func webhookForm(p *ui.Page) templ.Component {
	relations := words(p, "work.relation.", string(warning.Concerned), string(warning.Above), string(warning.Client), string(warning.Community))
	return board(p, top{Heading: ui.Heading{Crumbs: hookCrumbs(p)}}, []templ.Component{panel("", posting("/webhooks/new",
		ui.Field(p, ui.Input{Name: "url", Label: p.T("work.webhook.url"), Hint: p.T("work.webhook.url_hint"), Kind: ui.InputURL, Mono: true, Required: true}),
		ui.Field(p, ui.Input{Name: "organisation", Label: p.T("work.organisation"), Hint: p.T("work.webhook.organisation_hint"), Mono: true}),
		ui.Field(p, ui.Input{Name: "relation", Label: p.T("work.webhook.relation"), Hint: p.T("work.webhook.relation_hint"), Kind: ui.InputSelect, Choices: relations, Required: true}),
		ui.Acts(p, ui.Button{Label: p.T("work.webhook.add"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: "/webhooks"}),
	))})
}

func (s *Site) webhookAdd(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	p := s.page(w, r, "work.webhook.add")
	h := deliver.Hook{URL: tidy(r.PostForm, "url"), Relation: warning.Relation(r.PostForm.Get("relation"))}
	if code := tidy(r.PostForm, "organisation"); code != "" {
		id, err := s.Estate.ByCode(code)
		if err != nil {
			wrong(p, "organisation", "work.wrong.organisation", "code", code)
			p.Posted = r.PostForm
			return s.showAs(w, r, http.StatusUnprocessableEntity, webhookForm(p))
		}
		h.Organisation = id
	}
	made, err := s.Deliveries.AddHook(r.Context(), who(r), h)
	if err != nil {
		return s.amiss(w, r, p, "work.webhook", err, func() templ.Component { return webhookForm(p) })
	}
	return s.lay(w, r, p, top{Heading: ui.Heading{Crumbs: hookCrumbs(p)}},
		ui.Once(p, ui.Secret{Title: p.T("work.webhook.secret"), Value: made.Secret, Note: p.T("work.webhook.secret_note")}),
		ui.Acts(p, ui.Button{Label: p.T("work.webhooks.back"), Href: "/webhooks"}))
}

func (s *Site) hookOf(r *http.Request) (deliver.Hook, error) {
	all, err := s.Deliveries.Hooks(r.Context(), who(r))
	if err != nil {
		return deliver.Hook{}, err
	}
	i := slices.IndexFunc(all, func(h deliver.Hook) bool { return strconv.FormatInt(h.ID, 10) == r.PathValue("id") })
	if i < 0 {
		return deliver.Hook{}, errs.New(errs.NotFound, "webhook %q: no such webhook", r.PathValue("id"))
	}
	return all[i], nil
}

func (s *Site) webhookDropAsk(w http.ResponseWriter, r *http.Request) error {
	h, err := s.hookOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.webhook.drop")
	return s.show(w, r, confirming(p, ui.Preview{
		Question: p.T("work.webhook.drop_ask", "url", h.URL), Effects: []string{p.T("work.webhook.drop_1"), p.T("work.webhook.drop_2")},
		Act: ui.Button{Label: p.T("work.webhook.drop"), Action: hookHref(h) + "/drop", Kind: ui.KindDanger}, Cancel: "/webhooks",
	}))
}

func (s *Site) webhookDrop(w http.ResponseWriter, r *http.Request) error {
	h, err := s.hookOf(r)
	if err != nil {
		return err
	}
	if err := s.Deliveries.DropHook(r.Context(), who(r), h.ID); err != nil {
		return err
	}
	return s.done(w, r, "/webhooks", ui.Flash{Text: s.voice(r).T("work.webhook.dropped")})
}
