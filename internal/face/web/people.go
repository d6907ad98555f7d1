package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/city/estate"
	"tocsin/internal/face/web/ui"
)

// peoplePage lists who has an account.
type peoplePage struct {
	Table  ui.Table[auth.User]
	Invite bool
}

func (s *Site) people(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.people")
	users, err := s.People.Users(r.Context(), who(r))
	if err != nil {
		return err
	}
	total := len(users)
	users = slices.DeleteFunc(users, func(u auth.User) bool { return !s.fits(p, u) })
	sortUsers(p, users)
	return s.show(w, r, peopleView(p, peoplePage{
		Invite: auth.May(who(r), auth.UserInvite) == nil,
		Table: ui.Table[auth.User]{
			ID: "people", Caption: p.T("web.nav.people"), Rows: users, Total: total,
			Key:  func(u auth.User) string { return u.ID.String() },
			Href: func(u auth.User) string { return "/people/" + u.ID.String() },
			Columns: []ui.Column[auth.User]{
				{Key: "email", Label: p.T("web.account.email"), Sort: true, Cell: func(u auth.User) templ.Component { return ui.Text(u.Email) }},
				{Key: "name", Label: p.T("web.account.name"), Sort: true, Cell: func(u auth.User) templ.Component { return ui.Text(u.Name) }},
				{Key: "role", Label: p.T("web.people.role"), Sort: true, Cell: func(u auth.User) templ.Component { return ui.Text(p.T("ui.role." + string(u.Role))) }},
				{Key: "organisation", Label: p.T("web.column.organisation"), Cell: func(u auth.User) templ.Component {
					if u.Organisation == 0 {
						return ui.None(p)
					}
					return s.orgCell(p, u.Organisation)
				}},
				{Key: "state", Label: p.T("web.column.state"), Cell: func(u auth.User) templ.Component { return ui.State(p, "user", userState(u)) }},
				{Key: "factor", Label: p.T("web.factor.short"), Cell: func(u auth.User) templ.Component {
					if u.Factor {
						return ui.Badge(ui.ToneGood, p.T("web.factor.on"))
					}
					return ui.Badge(ui.ToneMedium, p.T("web.factor.off"))
				}},
				{Key: "seen", Label: p.T("web.people.seen"), Sort: true, Cell: func(u auth.User) templ.Component { return ui.When(p, u.Seen) }},
			},
			Bar: ui.FilterBar{Find: p.T("web.people.find"), Filters: []ui.Filter{
				{Name: "role", Label: p.T("web.people.role"), Options: roleOptions(p)},
				{Name: "state", Label: p.T("web.column.state"), Options: stateOptions(p)},
			}},
		},
	}))
}

// fits says whether a person is among those that the address asks for.
func (s *Site) fits(p *ui.Page, u auth.User) bool {
	q := p.URL.Query()
	if len(q["role"]) > 0 && !slices.Contains(q["role"], string(u.Role)) || len(q["state"]) > 0 && !slices.Contains(q["state"], userState(u)) {
		return false
	}
	found := i18n.Fold(u.Email + " " + u.Name + " " + s.orgName(p, u.Organisation))
	for word := range strings.FieldsSeq(i18n.Fold(q.Get("q"))) {
		if !strings.Contains(found, word) {
			return false
		}
	}
	return true
}

func sortUsers(p *ui.Page, users []auth.User) {
	key, descending := p.Sorting("email")
	slices.SortStableFunc(users, func(a, b auth.User) int {
		var n int
		switch key {
		case "name":
			n = strings.Compare(i18n.SortKey(a.Name), i18n.SortKey(b.Name))
		case "role":
			n = slices.Index(auth.Roles(), a.Role) - slices.Index(auth.Roles(), b.Role)
		case "seen":
			n = a.Seen.Compare(b.Seen)
		default:
			n = strings.Compare(a.Email, b.Email)
		}
		if descending {
			return -n
		}
		return n
	})
}

func userState(u auth.User) string {
	switch {
	case !u.Disabled.IsZero():
		return "disabled"
	case u.Waiting:
		return "invited"
	}
	return "active"
}

func roleOptions(p *ui.Page) []ui.Option {
	var all []ui.Option
	for _, role := range auth.Roles() {
		all = append(all, ui.Option{Value: string(role), Label: p.T("ui.role." + string(role))})
	}
	return all
}

func stateOptions(p *ui.Page) []ui.Option {
	var all []ui.Option
	for _, state := range []string{"active", "invited", "disabled"} {
		all = append(all, ui.Option{Value: state, Label: p.T("ui.state.user." + state)})
	}
	return all
}

// invitePage makes an account.
type invitePage struct {
	Organisations []ui.Choice
}

func (s *Site) invite(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.people.invite")
	d, err := s.invitePage(p, r)
	if err != nil {
		return err
	}
	return s.show(w, r, inviteView(p, d))
}

func (s *Site) invitePage(p *ui.Page, r *http.Request) (invitePage, error) {
	choices, err := s.orgChoices(p, r, p.T("web.people.no_organisation"))
	return invitePage{Organisations: choices}, err
}

// orgChoices are the organisations that exist today and that the reader may see,
// after a first choice of none.
func (s *Site) orgChoices(p *ui.Page, r *http.Request, none string) ([]ui.Choice, error) {
	bodies, _, err := s.Estate.Organisations(r.Context(), who(r), estate.Query{ByName: true, On: s.Estate.Today()})
	if err != nil {
		return nil, err
	}
	choices := []ui.Choice{{Value: "", Label: none}}
	for _, o := range bodies {
		choices = append(choices, ui.Choice{Value: o.Code, Label: o.Name(p.Lang())})
	}
	return choices, nil
}

func (s *Site) inviteDo(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.people.invite")
	d, err := s.invitePage(p, r)
	if err != nil {
		return err
	}
	n := auth.NewUser{
		Email: r.PostFormValue("email"), Name: r.PostFormValue("name"), Role: auth.Role(r.PostFormValue("role")), Language: r.PostFormValue("language"),
	}
	if code := r.PostFormValue("organisation"); code != "" {
		if n.Organisation, err = s.Estate.ByCode(code); err != nil {
			return err
		}
	}
	made, err := s.People.Invite(r.Context(), who(r), n)
	if err != nil {
		return s.again(w, r, p, err, func() templ.Component { return inviteView(p, d) })
	}
	p.Title = p.T("web.people.invited")
	return s.show(w, r, invitedView(p, s.invited(made)))
}

// invited is a link that was made, shown this once.
type invited struct {
	User    auth.User
	Link    string
	Expires time.Time
}

func (s *Site) invited(i auth.Invitation) invited {
	return invited{User: i.User, Link: strings.TrimSuffix(s.PublicURL, "/") + "/invite/" + i.Secret, Expires: i.Expires}
}

// personPage is one person's account, for who runs them.
type personPage struct {
	User          auth.User
	Organisation  string
	Sessions      []auth.Session
	Tokens        []auth.Token
	Edit, Invite  bool
	Organisations []ui.Choice
}

func personID(r *http.Request) (auth.UserID, error) {
	return auth.ParseUserID(r.PathValue("id"))
}

func (s *Site) personShow(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "")
	d, err := s.personPage(p, r)
	if err != nil {
		return err
	}
	return s.show(w, r, personView(p, s, d))
}

func (s *Site) personPage(p *ui.Page, r *http.Request) (d personPage, err error) {
	a, ctx := who(r), r.Context()
	id, err := auth.ParseUserID(r.PathValue("id"))
	if err != nil {
		return d, err
	}
	if d.User, err = s.People.User(ctx, a, id); err != nil {
		return d, err
	}
	if d.Sessions, err = s.People.Sessions(ctx, a, id); err != nil {
		return d, err
	}
	if d.Tokens, err = s.People.Tokens(ctx, a, id); err != nil {
		return d, err
	}
	d.Edit, d.Invite = auth.May(a, auth.UserEdit) == nil, auth.May(a, auth.UserInvite) == nil
	if p.Title = d.User.Name; p.Title == "" {
		p.Title = d.User.Email
	}
	if d.Edit {
		d.Organisations, err = s.orgChoices(p, r, p.T("web.people.no_organisation"))
	}
	d.Organisation = s.Estate.Code(d.User.Organisation)
	return d, err
}

func (s *Site) personEdit(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "")
	d, err := s.personPage(p, r)
	if err != nil {
		return err
	}
	name, language, role, organisation := r.PostFormValue("name"), r.PostFormValue("language"), auth.Role(r.PostFormValue("role")), int64(0)
	if code := r.PostFormValue("organisation"); code != "" {
		if organisation, err = s.Estate.ByCode(code); err != nil {
			return err
		}
	}
	change := auth.Edit{Name: &name, Language: &language}
	if role != d.User.Role || organisation != d.User.Organisation {
		change.Role, change.Organisation = &role, &organisation // only then do sessions end
	}
	if _, err := s.People.Edit(r.Context(), who(r), d.User.ID, change); err != nil {
		return s.again(w, r, p, err, func() templ.Component { return personView(p, s, d) })
	}
	return s.done(w, r, "/people/"+d.User.ID.String(), ui.Flash{Text: p.T("web.account.saved")})
}

func (s *Site) personDisable(w http.ResponseWriter, r *http.Request) error {
	id, err := personID(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" {
		d, err := s.personPage(p, r)
		if err != nil {
			return err
		}
		wrong(p, "reason", "web.fault.say-why")
		return s.showAs(w, r, http.StatusUnprocessableEntity, personView(p, s, d))
	}
	u, err := s.People.Disable(r.Context(), who(r), id, reason)
	if errs.Is(err, errs.Conflict) || errs.Is(err, errs.Invalid) {
		d, pageErr := s.personPage(p, r)
		if pageErr != nil {
			return pageErr
		}
		return s.again(w, r, p, err, func() templ.Component { return personView(p, s, d) })
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/people/"+id.String(), ui.Flash{Text: p.T("web.people.disabled", "email", u.Email)})
}

func (s *Site) personEnable(w http.ResponseWriter, r *http.Request) error {
	id, err := personID(r)
	if err != nil {
		return err
	}
	u, err := s.People.Enable(r.Context(), who(r), id)
	if err != nil {
		return err
	}
	return s.done(w, r, "/people/"+id.String(), ui.Flash{Text: s.voice(r).T("web.people.enabled", "email", u.Email)})
}

// personReset makes a new link and ends the ones before.
func (s *Site) personReset(w http.ResponseWriter, r *http.Request) error {
	id, err := personID(r)
	if err != nil {
		return err
	}
	made, err := s.People.InviteAgain(r.Context(), who(r), id)
	if err != nil {
		return err
	}
	return s.show(w, r, invitedView(s.page(w, r, "web.people.reset_title"), s.invited(made)))
}

// personFactor takes a lost second factor away.
func (s *Site) personFactor(w http.ResponseWriter, r *http.Request) error {
	id, err := personID(r)
	if err != nil {
		return err
	}
	u, err := s.People.DropFactor(r.Context(), who(r), id)
	if err != nil {
		return err
	}
	return s.done(w, r, "/people/"+id.String(), ui.Flash{Text: s.voice(r).T("web.people.factor_dropped", "email", u.Email)})
}
