package web

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
)

// findingMovePage gives a finding to another organisation.
type findingMovePage struct {
	Finding finding.Finding
	Now     string // whose it is
	Choices []ui.Choice
}

func (s *Site) findingMove(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.finding.move_title")
	d, err := s.movePage(p, r)
	if err != nil {
		return err
	}
	return s.show(w, r, findingMoveView(p, d))
}

// movePage offers those who claim the asset first, then all who exist.
func (s *Site) movePage(p *ui.Page, r *http.Request) (d findingMovePage, err error) {
	id, err := finding.ParseID(r.PathValue("id"))
	if err != nil {
		return d, err
	}
	if d.Finding, err = s.Findings.Get(r.Context(), who(r), id); err != nil {
		return d, err
	}
	d.Now = s.orgName(p, d.Finding.Organisation)
	if d.Now == "" {
		d.Now = p.T("web.finding.unowned")
	}
	bodies, _, err := s.Estate.Organisations(r.Context(), who(r), estate.Query{ByName: true, On: s.Estate.Today()})
	if err != nil {
		return d, err
	}
	d.Choices = []ui.Choice{{Value: "", Label: p.T("web.finding.move_choose")}, {Value: "-", Label: p.T("web.finding.unowned")}}
	for _, o := range bodies {
		if o.ID != d.Finding.Organisation {
			d.Choices = append(d.Choices, ui.Choice{Value: o.Code, Label: o.Name(p.Lang())})
		}
	}
	return d, nil
}

func (s *Site) findingMoveDo(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.finding.move_title")
	d, err := s.movePage(p, r)
	if err != nil {
		return err
	}
	to, reason := int64(0), strings.TrimSpace(r.PostFormValue("reason"))
	switch code := r.PostFormValue("organisation"); code {
	case "":
		err = errs.At(errs.Invalid, []errs.Place{{Field: "organisation", Reason: "choose an organisation"}}, "move %s: no organisation", d.Finding.ID)
	case "-":
	default:
		to, err = s.Estate.ByCode(code)
	}
	if err == nil {
		_, err = s.Findings.MoveTo(r.Context(), who(r), d.Finding.ID, to, reason)
	}
	if err != nil {
		return s.again(w, r, p, err, func() templ.Component { return findingMoveView(p, d) })
	}
	name := s.orgName(p, to)
	if name == "" {
		name = p.T("web.finding.unowned")
	}
	return s.done(w, r, "/findings/"+d.Finding.ID.String(), ui.Flash{Text: p.T("web.finding.move_done", "id", d.Finding.ID, "name", name)})
}
