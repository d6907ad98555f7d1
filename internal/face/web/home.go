package web

import (
	"net/http"
)

// home is the front page: for each role the answer to its first question.
func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.home")
	return s.show(w, r, Frame(p))
}
