package web

import (
	"net/http"

	"tocsin/internal/base/auth"
)

// home is the front page: for each role the answer to its first question.
func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	switch who(r).Role {
	case auth.Officer:
		return s.officer(w, r)
	case auth.Partner:
		return s.partner(w, r)
	case auth.Supervisor, auth.Leader, auth.Auditor:
		return s.overview(w, r)
	case auth.Admin, auth.Analyst:
		return s.floor(w, r)
	}
	return s.overview(w, r)
}
