package web

import (
	"net/http"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/ui"
)

// mayPage is the one table of who may do what, as the program itself asks it.
type mayPage struct {
	Roles []auth.Role
	Nouns []mayNoun
	Own   auth.Role
}

// A mayNoun is the acts about one noun.
type mayNoun struct {
	Name string
	Rows []auth.Row
}

func (s *Site) may(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.may")
	d := mayPage{Roles: auth.Roles(), Own: who(r).Role}
	for _, row := range auth.Table() {
		name := p.T("auth.noun." + row.Act.Noun())
		if n := len(d.Nouns); n == 0 || d.Nouns[n-1].Name != name {
			d.Nouns = append(d.Nouns, mayNoun{Name: name})
		}
		last := &d.Nouns[len(d.Nouns)-1]
		last.Rows = append(last.Rows, row)
	}
	return s.show(w, r, mayView(p, d))
}

// keys lists the keys as a page, for who has no script or wants it on paper.
func (s *Site) keys(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "ui.keys.title")
	return s.show(w, r, keysView(p, ui.AllKeys(p)))
}
