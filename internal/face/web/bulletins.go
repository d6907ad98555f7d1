package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/intake/row"
)

func bulletinHref(b *bulletin.Bulletin) string { return "/bulletins/" + b.ID.String() }

// bulletins is the list of the centre's own advisories; for an officer, those
// that came to the organisation.
func (s *Site) bulletins(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.bulletins")
	limit := wanted(r)
	q := bulletin.Query{Text: p.Query("q"), Newest: true, Limit: limit + 1}
	if at, err := strconv.ParseInt(p.Query("cursor"), 10, 64); err == nil {
		q.Before = bulletin.ID(at)
	}
	inside := who(r).Scope.IsAll()
	if inside {
		for _, state := range p.URL.Query()["state"] {
			q.States = append(q.States, bulletin.State(state))
		}
	}
	found, err := s.Bulletins.List(r.Context(), who(r), q)
	if err != nil {
		return err
	}
	next := ""
	if len(found) > limit {
		found = found[:limit]
		next = strconv.FormatInt(int64(found[limit-1].ID), 10)
	}
	lead := "web.bulletin.lead_reader"
	if inside {
		lead = "web.bulletin.lead"
	}
	t := top{Heading: ui.Heading{Lead: p.T(lead)}}
	nothing := ui.Nothing{Title: p.T("web.bulletin.none"), Why: p.T("web.bulletin.none_reader")}
	if may(r, auth.BulletinWrite) && inside {
		begin := ui.Button{Label: p.T("web.bulletin.new"), Href: "/bulletins/new", Kind: ui.KindPrimary, Icon: ui.IconEdit}
		t.Acts = []ui.Button{begin}
		nothing.Why, nothing.Acts = p.T("web.bulletin.none_why"), []ui.Button{begin}
	}
	type b = bulletin.Bulletin
	bar := ui.FilterBar{Find: p.T("web.bulletin.find")}
	columns := []ui.Column[b]{
		{Key: "number", Label: p.T("web.bulletin.number"), Cell: func(x b) templ.Component { return ui.Code(x.Name()) }},
		{Key: "title", Label: p.T("web.bulletin.title"), Wide: true, Cell: func(x b) templ.Component { return some(p, x.Content.In(p.Lang()).Title) }},
		{Key: "severity", Label: p.T("work.severity"), Cell: func(x b) templ.Component { return gravity(p, x.Content.Severity) }},
		{Key: "tlp", Label: p.T("work.tlp"), Cell: func(x b) templ.Component { return ui.TLP(p, x.Content.TLP.String()) }},
		{Key: "published", Label: p.T("web.bulletin.published"), Cell: func(x b) templ.Component { return ui.Ago(p, x.Published) }},
	}
	if inside {
		var states []ui.Option
		for _, state := range bulletin.States() {
			states = append(states, ui.Option{Value: string(state), Label: p.T("bulletin.state." + string(state))})
		}
		bar.Filters = []ui.Filter{{Name: "state", Label: p.T("work.state"), Options: states}}
		columns = append(columns[:2:2], append([]ui.Column[b]{
			{Key: "state", Label: p.T("work.state"), Cell: func(x b) templ.Component { return ui.State(p, "bulletin", string(x.State)) }},
		}, columns[2:]...)...)
		columns = append(columns,
			ui.Column[b]{Key: "authors", Label: p.T("web.bulletin.authors"), Cell: func(x b) templ.Component { return ui.Quiet(strings.Join(x.Authors, ", ")) }},
			ui.Column[b]{Key: "approved", Label: p.T("web.bulletin.approved_by"), Off: true, Cell: func(x b) templ.Component { return some(p, x.By.Approved) }},
			ui.Column[b]{Key: "revision", Label: p.T("web.bulletin.revision"), Off: true, Number: true, Cell: func(x b) templ.Component { return ui.Text(p.Int(x.Revision)) }})
	}
	return showList(s, w, r, p, listing[b]{Top: t, Table: ui.Table[b]{
		ID: "bulletins", Caption: p.T("web.nav.bulletins"), Rows: found, Next: next, Columns: columns, Bar: bar, Empty: nothing,
		Href: func(x b) string { return bulletinHref(&x) },
	}})
}

// gravity is a severity, a gap where nobody has judged yet.
func gravity(p *ui.Page, severity row.Severity) templ.Component {
	if severity == row.NoSeverity {
		return ui.None(p)
	}
	return ui.Severity(p, severity.String())
}

// bulletinFault says in the reader's language what a bulletin lacks: the reason
// before its colon is known, the datum behind it is told as it is.
func bulletinFault(p *ui.Page, reason string) string {
	said, what, _ := strings.Cut(reason, ": ")
	if key := "web.bulletin.fault." + slug(said); p.Has(key) {
		text := p.T(key)
		if what != "" {
			text += ": " + what
		}
		return text
	}
	return p.T("web.fault", "reason", reason)
}

// bulletinField is the field of the form where something is wrong.
func bulletinField(field string) string {
	if field == "audience" {
		return "for"
	}
	return field
}

// lacking shows what is wrong with a bulletin over the page that view draws; any
// other error is returned as it is.
func (s *Site) lacking(w http.ResponseWriter, r *http.Request, p *ui.Page, err error, view func() templ.Component) error {
	code := errs.CodeOf(err)
	if code != errs.Invalid && code != errs.Conflict {
		return err
	}
	for _, place := range errs.PlacesOf(err) {
		p.Problems = append(p.Problems, ui.Problem{Field: bulletinField(place.Field), Text: bulletinFault(p, place.Reason)})
	}
	if len(p.Problems) == 0 {
		p.Problems = append(p.Problems, ui.Problem{Text: p.T("web.bulletin.moved_on")})
	}
	p.Posted = r.PostForm
	return s.showAs(w, r, code.HTTP(), view())
}
