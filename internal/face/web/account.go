package web

import (
	"encoding/base64"
	"net/http"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/face/web/ui"
)

// accountPage is one's own account.
type accountPage struct {
	User      auth.User
	Sessions  []auth.Session
	Own       auth.SessionID // the session of this browser
	Tokens    []auth.Token
	MayToken  bool
	Enrolment *enrolment // a second factor before it is confirmed
	Codes     []string   // recovery codes, shown this once
	Token     string     // a token, shown this once
}

// An enrolment is what the telephone must learn.
type enrolment struct {
	Picture, Secret string
}

func (s *Site) account(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "ui.account.settings")
	d, err := s.accountOf(r)
	if err != nil {
		return err
	}
	return s.show(w, r, accountView(p, d))
}

func (s *Site) accountOf(r *http.Request) (d accountPage, err error) {
	a, ctx := who(r), r.Context()
	if a.Via != auth.ViaSession {
		return d, errs.New(errs.Denied, "an account is for a browser")
	}
	id := auth.UserID(a.ID)
	if d.User, err = s.People.User(ctx, a, id); err != nil {
		return d, err
	}
	if d.Sessions, err = s.People.Sessions(ctx, a, id); err != nil {
		return d, err
	}
	d.Own, d.MayToken = auth.SessionID(a.Session()), auth.May(a, auth.TokenCreate) == nil
	d.Tokens, err = s.People.Tokens(ctx, a, id)
	return d, err
}

// accountAgain shows the account with what is wrong with a form on it.
func (s *Site) accountAgain(w http.ResponseWriter, r *http.Request, p *ui.Page, status int) error {
	d, err := s.accountOf(r)
	if err != nil {
		return err
	}
	return s.showAs(w, r, status, accountView(p, d))
}

// ownWrong turns what a verb that asks for the password answers into a problem at
// the field, or returns it.
func (s *Site) ownWrong(w http.ResponseWriter, r *http.Request, p *ui.Page, field string, err error) error {
	switch {
	case errs.Is(err, errs.TooMany):
		wrong(p, field, "web.sign_in.locked")
	case errs.Is(err, errs.Unknown):
		wrong(p, field, "web.account.wrong_password")
	case errs.Is(err, errs.Invalid), errs.Is(err, errs.Conflict):
		for _, problem := range problems(p, err) {
			if problem.Field == "" || problem.Field == "password" {
				problem.Field = field
			}
			p.Problems = append(p.Problems, problem)
		}
	default:
		return err
	}
	status := errs.CodeOf(err).HTTP()
	if errs.Is(err, errs.Unknown) {
		status = http.StatusUnprocessableEntity
	}
	return s.accountAgain(w, r, p, status)
}

func (s *Site) accountEdit(w http.ResponseWriter, r *http.Request) error {
	a := who(r)
	name, language := r.PostFormValue("name"), r.PostFormValue("language")
	if language != i18n.English {
		language = i18n.Vietnamese
	}
	if _, err := s.People.Edit(r.Context(), a, auth.UserID(a.ID), auth.Edit{Name: &name, Language: &language}); err != nil {
		p := s.page(w, r, "ui.account.settings")
		return s.ownWrong(w, r, p, "name", err)
	}
	http.SetCookie(w, &http.Cookie{
		Name: "tocsin_language", Value: language, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	return s.done(w, r, "/account", ui.Flash{Text: s.Bundle.In(language).T("web.account.saved")})
}

func (s *Site) passwordChange(w http.ResponseWriter, r *http.Request) error {
	a := who(r)
	p := s.page(w, r, "ui.account.settings")
	fresh := r.PostFormValue("new")
	if fresh != r.PostFormValue("again") {
		wrong(p, "again", "web.account.not_same")
		return s.accountAgain(w, r, p, http.StatusUnprocessableEntity)
	}
	if fault := auth.PasswordFault(fresh, a.Email, a.Person); fault != "" {
		wrong(p, "new", fault)
		return s.accountAgain(w, r, p, http.StatusUnprocessableEntity)
	}
	opened, err := s.People.ChangePassword(r.Context(), a, r.PostFormValue("old"), fresh)
	if err != nil {
		return s.ownWrong(w, r, p, "old", err)
	}
	s.Gate.GiveCookie(w, opened)
	return s.done(w, r, "/account", ui.Flash{Text: p.T("web.account.password_done")})
}

// factorBegin shows the picture that the telephone reads.
func (s *Site) factorBegin(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.factor.title")
	made, err := s.People.Enrol(r.Context(), who(r), r.PostFormValue("factor_password"))
	if err != nil {
		p.Title = p.T("ui.account.settings")
		return s.ownWrong(w, r, p, "factor_password", err)
	}
	return s.show(w, r, factorView(p, enrolment{
		Picture: "data:image/png;base64," + base64.StdEncoding.EncodeToString(made.PNG), Secret: made.Secret,
	}))
}

func (s *Site) factorConfirm(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.factor.title")
	made, err := s.People.Confirm(r.Context(), who(r), r.PostFormValue("code"))
	if errs.Is(err, errs.Invalid) {
		wrong(p, "code", "web.factor.wrong")
		return s.showAs(w, r, http.StatusUnprocessableEntity, factorView(p, enrolment{}))
	}
	if err != nil {
		return err
	}
	s.Gate.GiveCookie(w, made.Opened)
	p.Title = p.T("web.factor.codes_title")
	return s.show(w, r, codesView(p, made.Codes))
}

func (s *Site) factorCodes(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.factor.codes_title")
	codes, err := s.People.RenewCodes(r.Context(), who(r), r.PostFormValue("factor_password"))
	if err != nil {
		p.Title = p.T("ui.account.settings")
		return s.ownWrong(w, r, p, "factor_password", err)
	}
	return s.show(w, r, codesView(p, codes))
}

func (s *Site) factorEnd(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "ui.account.settings")
	opened, err := s.People.EndFactor(r.Context(), who(r), r.PostFormValue("factor_password"))
	if err != nil {
		return s.ownWrong(w, r, p, "factor_password", err)
	}
	s.Gate.GiveCookie(w, opened)
	return s.done(w, r, "/account", ui.Flash{Text: p.T("web.factor.ended")})
}

// sessionEnd ends a session, one's own or, for who may, another's.
func (s *Site) sessionEnd(w http.ResponseWriter, r *http.Request) error {
	id, err := auth.ParseSessionID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.People.EndSession(r.Context(), who(r), id); err != nil {
		return err
	}
	return s.done(w, r, backOr(r, "/account"), ui.Flash{Text: s.voice(r).T("web.account.session_ended")})
}

// sessionsEnd ends all sessions but this one.
func (s *Site) sessionsEnd(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.EndSessions(r.Context(), who(r), auth.UserID(who(r).ID)); err != nil {
		return err
	}
	return s.done(w, r, "/account", ui.Flash{Text: s.voice(r).T("web.account.sessions_ended")})
}

// backOr is where the form came from, or a page to go to else.
func backOr(r *http.Request, other string) string {
	if to := localPath(r.PostFormValue("back")); to != "" {
		return to
	}
	return other
}

// tokenMake makes a token and shows it this once.
func (s *Site) tokenMake(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "ui.account.settings")
	n := auth.NewToken{Name: r.PostFormValue("token_name"), Expires: s.dayEnd(p, r.PostFormValue("expires"))}
	text, _, err := s.People.CreateToken(r.Context(), who(r), n)
	if errs.Is(err, errs.Invalid) {
		for _, problem := range problems(p, err) {
			if problem.Field == "name" {
				problem.Field = "token_name"
			}
			p.Problems = append(p.Problems, problem)
		}
		p.Posted = r.PostForm
		return s.accountAgain(w, r, p, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	d, err := s.accountOf(r)
	if err != nil {
		return err
	}
	d.Token = text
	return s.show(w, r, accountView(p, d))
}

func (s *Site) tokenRevoke(w http.ResponseWriter, r *http.Request) error {
	id, err := auth.ParseTokenID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.People.RevokeToken(r.Context(), who(r), id); err != nil {
		return err
	}
	return s.done(w, r, backOr(r, "/account"), ui.Flash{Text: s.voice(r).T("web.token.revoked", "id", id)})
}

// sessionTable lists the browsers in which somebody is signed in.
func sessionTable(p *ui.Page, sessions []auth.Session, own auth.SessionID, back string) templ.Component {
	return ui.List(p, ui.Table[auth.Session]{
		ID: "sessions", Caption: p.T("web.account.sessions"), Rows: sessions,
		Key: func(x auth.Session) string { return x.ID.String() },
		Columns: []ui.Column[auth.Session]{
			{Key: "agent", Label: p.T("web.account.browser"), Wide: true, Cell: func(x auth.Session) templ.Component { return ui.Text(browserName(p, x.Agent)) }},
			{Key: "address", Label: p.T("web.account.from"), Cell: func(x auth.Session) templ.Component { return ui.Code(x.Address) }},
			{Key: "seen", Label: p.T("web.account.seen"), Cell: func(x auth.Session) templ.Component { return ui.When(p, x.Seen) }},
			{Key: "end", Label: p.T("web.column.act"), Cell: func(x auth.Session) templ.Component {
				if x.ID == own {
					return ui.Quiet(p.T("web.account.this_browser"))
				}
				return ui.Act(p, ui.Button{Label: p.T("web.account.end_session"), Action: "/sessions/" + x.ID.String() + "/end", Fields: backTo(back), Small: true})
			}},
		},
	})
}

// tokenTable lists tokens, the good ones with the act that ends them.
func tokenTable(p *ui.Page, tokens []auth.Token, back string) templ.Component {
	return ui.List(p, ui.Table[auth.Token]{
		ID: "tokens", Caption: p.T("web.token.title"), Rows: tokens,
		Key: func(x auth.Token) string { return x.ID.String() },
		Columns: []ui.Column[auth.Token]{
			{Key: "name", Label: p.T("web.token.name"), Cell: func(x auth.Token) templ.Component { return ui.Text(x.Name) }},
			{Key: "id", Label: p.T("web.column.id"), Cell: func(x auth.Token) templ.Component { return ui.Code(x.ID.String()) }},
			{Key: "created", Label: p.T("web.token.created"), Cell: func(x auth.Token) templ.Component { return ui.When(p, x.Created) }},
			{Key: "used", Label: p.T("web.token.used"), Cell: func(x auth.Token) templ.Component { return ui.When(p, x.Used) }},
			{Key: "expires", Label: p.T("web.token.expires"), Cell: func(x auth.Token) templ.Component {
				if x.Expires.IsZero() {
					return ui.Quiet(p.T("web.token.never"))
				}
				return ui.When(p, x.Expires)
			}},
			{Key: "end", Label: p.T("web.column.act"), Cell: func(x auth.Token) templ.Component {
				if !x.Revoked.IsZero() {
					return ui.Quiet(p.T("web.token.is_revoked", "at", x.Revoked))
				}
				return ui.Act(p, ui.Button{Label: p.T("web.token.revoke"), Action: "/tokens/" + x.ID.String() + "/revoke", Fields: backTo(back), Small: true, Kind: ui.KindDanger})
			}},
		},
		Empty: ui.Nothing{Title: p.T("web.token.none"), Why: p.T("web.token.none_why")},
	})
}
