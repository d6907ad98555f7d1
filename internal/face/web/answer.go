package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/face/web/ui"
)

// serve is a route as a handler: who may not pass is refused, and an error
// becomes a page.
func (s *Site) serve(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := route.Body
		if limit == 0 {
			limit = formBytes
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		w.Header().Set("Cache-Control", "no-store")
		if err := s.pass(route, r); err != nil {
			s.Refuse(w, r, err)
			return
		}
		if err := route.handle(w, r); err != nil {
			s.Refuse(w, r, err)
		}
	})
}

func (s *Site) pass(route Route, r *http.Request) error {
	switch a := who(r); {
	case route.Open:
		return nil
	case !a.Known():
		return errs.New(errs.Unknown, "sign in to open %s", r.URL.Path)
	case route.Act != "":
		return auth.May(a, route.Act)
	}
	return nil
}

// nowhere answers every address that the table does not have.
func (s *Site) nowhere(_ http.ResponseWriter, r *http.Request) error {
	return errs.New(errs.NotFound, "no page at %s", r.URL.Path)
}

// page starts the page that answers r. The title is a key of the catalogue.
func (s *Site) page(w http.ResponseWriter, r *http.Request, title string) *ui.Page {
	p := s.kit.Page(w, r)
	if title != "" {
		p.Title = p.T(title)
	}
	if a := who(r); a.Known() {
		p.Person = s.person(p, a)
		p.Nav = s.nav(p, a)
	}
	return p
}

func (s *Site) person(p *ui.Page, a auth.Actor) *ui.Person {
	person := &ui.Person{Name: a.Person, Email: a.Email, Role: string(a.Role)}
	if person.Name == "" {
		person.Name = a.Email
	}
	if a.Organisation != 0 {
		person.Organisation = s.orgName(p, a.Organisation)
	}
	return person
}

// show draws a page as a whole before the first byte goes out, so that what
// fails in it becomes a page of its own.
func (s *Site) show(w http.ResponseWriter, r *http.Request, c templ.Component) error {
	return s.showAs(w, r, http.StatusOK, c)
}

func (s *Site) showAs(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	var page bytes.Buffer
	if err := c.Render(r.Context(), &page); err != nil {
		return errs.New(errs.Internal, "draw %s: %w", r.URL.Path, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // The reader went away; there is nobody to tell.
	return nil
}

// done answers a post: it goes on to a page, which says what has happened.
func (s *Site) done(w http.ResponseWriter, r *http.Request, to string, f ui.Flash) error {
	if f.Text != "" {
		if f.Tone == "" {
			f.Tone = ui.ToneGood
		}
		ui.SetFlash(w, r, f)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// voice is the reader's voice, for words outside a page.
func (s *Site) voice(r *http.Request) i18n.Voice { return s.Bundle.In(ui.Language(r)) }

// Refuse turns an error into its page: the way to sign in for who is not, 404
// for what is not there or not theirs to see, 403, 410, 409, 422, 429, and a
// plain apology for what is our own fault. It is the Gate's answer too.
func (s *Site) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		err = errs.New(errs.TooLarge, "%w", err)
	}
	code := errs.CodeOf(err)
	if code == errs.Unknown && r.Method == http.MethodGet && wantsPage(r) {
		http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // The reader went away.
	}
	if code == errs.Internal {
		s.Log.ErrorContext(r.Context(), "page failed", "method", r.Method, "path", r.URL.Path, "actor", who(r).Name(), "error", err)
	}
	p := s.page(w, r, "web.error."+code.String()+".title")
	view := errorPage{Code: code, Lead: p.T("web.error." + code.String() + ".lead"), Next: "/"}
	switch code {
	case errs.Conflict, errs.Invalid, errs.Usage:
		view.Reasons = reasons(err)
		view.Back = referer(r)
	case errs.Unknown:
		view.Next = "/sign-in"
	case errs.NotFound, errs.Denied, errs.Gone, errs.TooLarge, errs.TooMany, errs.Unavailable, errs.Internal:
		view.Back = referer(r)
	}
	if showErr := s.showAs(w, r, code.HTTP(), errorView(p, view)); showErr != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "path", r.URL.Path, "error", showErr)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// reasons are what an error says of the input, place by place.
func reasons(err error) []string {
	places := errs.PlacesOf(err)
	if len(places) == 0 {
		return []string{err.Error()}
	}
	all := make([]string, len(places))
	for i, place := range places {
		all[i] = place.String()
	}
	return all
}

// wantsPage tells a person's browser from the live stream and other scripts.
func wantsPage(r *http.Request) bool {
	return !strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// referer is the page of ours that the reader came from, "" when it was none.
func referer(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host || u.Path == r.URL.Path {
		return ""
	}
	return localPath(u.RequestURI())
}

// localPath keeps an address inside this site: what is no plain path of ours is
// "".
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return ""
	}
	return to
}
