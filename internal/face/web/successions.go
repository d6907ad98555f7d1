package web

import (
	"net/http"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/face/web/ui"
)

// succession is the form of one body taking over another.
func succession() noun {
	return noun{Word: "succession", Path: "/successions", Sheet: sheet.Successions, Parts: []part{
		{Name: "from", Needed: true, Ref: "organisation", Mono: true},
		{Name: "to", Needed: true, Ref: "organisation", Mono: true},
		{Name: "date", Needed: true, Date: true},
		{Name: "share", Needed: true, Words: "estate.share.", Values: sheet.Shares()},
	}}
}

func (s *Site) successionNew(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.succession.add")
	return s.show(w, r, s.successionForm(p))
}

func (s *Site) successionForm(p *ui.Page) templ.Component {
	n := succession()
	fields := []templ.Component{hushed(p.T("work.succession.lead"))}
	for _, x := range n.Parts {
		fields = append(fields, ui.Field(p, n.input(p, x, p.Query(x.Name))))
	}
	fields = append(fields, ui.Acts(p, ui.Button{Label: p.T("work.succession.add"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: "/organisations"}))
	return leaf(p, ui.Crumb{Label: p.T("web.nav.organisations"), Href: "/organisations"}, posting("/successions/new", fields...))
}

func (s *Site) successionAdd(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	p := s.page(w, r, "work.succession.add")
	p.Posted = r.PostForm
	rows, sound := succession().line(p, r.PostForm)
	if sound {
		x := rows.Successions[0]
		_, err := s.Estate.PutSuccession(r.Context(), who(r), estate.Succession{From: x.From, To: x.To, Date: x.Date, Share: x.Share})
		if err == nil {
			return s.done(w, r, s.bodyNoun().href(x.From), ui.Flash{Text: p.T("work.saved")})
		}
		if !errs.Is(err, errs.NotFound) && !refusedRecord(p, err) {
			return err
		}
		if errs.Is(err, errs.NotFound) {
			wrong(p, "from", "work.wrong.reference", "reason", err.Error())
		}
	}
	return s.showAs(w, r, http.StatusUnprocessableEntity, s.successionForm(p))
}

// The organisation's own form is that of every record.
func (s *Site) bodyNew(w http.ResponseWriter, r *http.Request) error {
	return s.recordNew(w, r, s.bodyNoun())
}

func (s *Site) bodyAdd(w http.ResponseWriter, r *http.Request) error {
	return s.recordAdd(w, r, s.bodyNoun())
}

func (s *Site) bodyEdit(w http.ResponseWriter, r *http.Request) error {
	return s.recordEdit(w, r, s.bodyNoun())
}

func (s *Site) bodySave(w http.ResponseWriter, r *http.Request) error {
	return s.recordSave(w, r, s.bodyNoun())
}
