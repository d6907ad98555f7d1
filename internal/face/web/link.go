package web

import (
	"net/http"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/face/web/ui"
)

// linkPage is behind a link of an invitation or of a forgotten password.
type linkPage struct {
	Path    string
	Welcome auth.Welcome
	Invited bool
}

// resetAsk asks for a link to set a new password.
func (s *Site) resetAsk(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, resetView(s.page(w, r, "web.reset.title")))
}

func (s *Site) resetDo(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.reset.title")
	email := r.PostFormValue("email")
	if email == "" {
		wrong(p, "email", "web.sign_in.no_email")
		return s.showAs(w, r, http.StatusUnprocessableEntity, resetView(p))
	}
	if err := s.People.AskReset(r.Context(), email, s.Gate.Address(r)); err != nil {
		return err
	}
	return s.done(w, r, "/sign-in", ui.Flash{Text: p.T("auth.reset.sent")})
}

// linkOpen shows what a link is for. It changes nothing: mail scanners follow
// links.
func (s *Site) linkOpen(w http.ResponseWriter, r *http.Request) error {
	p, d, err := s.link(w, r)
	if err != nil {
		return err
	}
	return s.show(w, r, linkView(p, d))
}

func (s *Site) link(w http.ResponseWriter, r *http.Request) (*ui.Page, linkPage, error) {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address is a secret
	welcome, err := s.People.OpenLink(r.Context(), r.PathValue("secret"))
	if err != nil {
		return nil, linkPage{}, err
	}
	p := s.page(w, r, "web.link.title")
	if _, err := r.Cookie("tocsin_language"); err != nil && welcome.User.Language == i18n.English {
		s.kit.Speak(p, welcome.User.Language)
		p.Title = p.T("web.link.title")
	}
	return p, linkPage{Path: r.URL.Path, Welcome: welcome, Invited: welcome.Purpose == "invite"}, nil
}

func (s *Site) linkUse(w http.ResponseWriter, r *http.Request) error {
	p, d, err := s.link(w, r)
	if err != nil {
		return err
	}
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		wrong(p, "again", "web.account.not_same")
		return s.showAs(w, r, http.StatusUnprocessableEntity, linkView(p, d))
	}
	if fault := auth.PasswordFault(password, d.Welcome.User.Email, d.Welcome.User.Name); fault != "" {
		wrong(p, "password", fault)
		return s.showAs(w, r, http.StatusUnprocessableEntity, linkView(p, d))
	}
	if _, err := s.People.UseLink(r.Context(), r.PathValue("secret"), password); errs.Is(err, errs.Invalid) {
		return s.again(w, r, p, err, func() templ.Component { return linkView(p, d) })
	} else if err != nil {
		return err
	}
	return s.done(w, r, "/sign-in", ui.Flash{Text: p.T("web.link.done")})
}
