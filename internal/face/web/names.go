package web

import (
	"tocsin/internal/face/web/ui"
)

// orgName is an organisation's name in the page's language, its number where
// nobody knows it. Nobody's is "".
func (s *Site) orgName(p *ui.Page, id int64) string {
	if id == 0 {
		return ""
	}
	o, err := s.Estate.Forest().Organisation(id)
	if err != nil {
		return p.Int(id)
	}
	return o.Name(p.Lang())
}

// orgHref is where an organisation is shown.
func (s *Site) orgHref(id int64) string { return "/organisations/" + s.Estate.Code(id) }

// kindName is a kind of problem in a few words.
func kindName(p *ui.Page, kind string) string { return p.T("web.kind." + kind) }
