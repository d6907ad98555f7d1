package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tocsin/internal/base/auth"
)

// User is a person with an account.
type User struct {
	ID           string     `json:"id"`
	Email        string     `json:"email"`
	Name         string     `json:"name"`
	Role         auth.Role  `json:"role"`
	Organisation *string    `json:"organisation"`
	Language     string     `json:"language"`
	Factor       bool       `json:"factor" doc:"Has a second factor."`
	Waiting      bool       `json:"waiting" doc:"Has set no password yet."`
	Disabled     *time.Time `json:"disabled"`
	Created      *time.Time `json:"created"`
	Seen         *time.Time `json:"seen" doc:"The last sign-in."`
}

func (s *server) sayUser(u auth.User) User {
	return User{
		ID: u.ID.String(), Email: u.Email, Name: u.Name, Role: u.Role, Organisation: s.code(u.Organisation), Language: u.Language, Factor: u.Factor,
		Waiting: u.Waiting, Disabled: instant(u.Disabled), Created: instant(u.Created), Seen: instant(u.Seen),
	}
}

// Invited is a new account. Invite is the address at which the person sets a
// password, null where one was given; whoever has it has the account.
type Invited struct {
	User    string     `json:"user" doc:"The account's id."`
	Invite  *string    `json:"invite"`
	Email   string     `json:"email"`
	Role    auth.Role  `json:"role"`
	Expires *time.Time `json:"expires"`
}

type newUser struct {
	Body struct {
		Email        string `json:"email"`
		Name         string `json:"name,omitempty"`
		Role         string `json:"role"`
		Organisation string `json:"organisation,omitempty" doc:"Code."`
		Language     string `json:"language,omitempty" enum:"vi,en"`
		Password     string `json:"password,omitempty" doc:"Where it is not given, the person is invited to set one."`
	}
}

type editUser struct {
	ID   string `path:"id"`
	Body struct {
		Name         *string `json:"name,omitempty"`
		Role         *string `json:"role,omitempty"`
		Organisation *string `json:"organisation,omitempty"`
		Language     *string `json:"language,omitempty"`
	}
}

// user is the account of an id or an e-mail address, if the actor may see it.
func (s *server) user(ctx context.Context, who auth.Actor, text string) (auth.User, error) {
	if strings.Contains(text, "@") {
		return s.People.UserByEmail(ctx, who, text)
	}
	id, err := auth.ParseUserID(text)
	if err != nil {
		return auth.User{}, err
	}
	return s.People.User(ctx, who, id)
}

func (s *server) invited(i auth.Invitation) Invited {
	out := Invited{User: i.User.ID.String(), Email: i.User.Email, Role: i.User.Role, Expires: instant(i.Expires)}
	if i.Secret != "" {
		path := "/invite/" + i.Secret
		if s.Link != nil {
			path = s.Link(path)
		}
		out.Invite = &path
	}
	return out
}

func (s *server) users() {
	route(s, get("/users", "List accounts"), func(ctx context.Context, who auth.Actor, in *Paging) (*list[User], error) {
		found, err := s.People.Users(ctx, who)
		if err != nil {
			return nil, err
		}
		number := func(u auth.User) int64 { return int64(u.ID) }
		sortBy(found, number)
		part, err := through(found, *in, number)
		if err != nil {
			return nil, err
		}
		return listed(each(part.Body.Items, s.sayUser), part.Body.Next), nil
	})
	route(s, get("/users/me", "Show the caller's own account"), func(ctx context.Context, who auth.Actor, _ *none) (*one[User], error) {
		u, err := s.People.User(ctx, who, auth.UserID(who.ID))
		return answer(s.sayUser(u), err)
	})
	route(s, get("/users/{id}", "Show an account, by id or e-mail address"), func(ctx context.Context, who auth.Actor, in *Named) (*one[User], error) {
		u, err := s.user(ctx, who, in.ID)
		return answer(s.sayUser(u), err)
	})
	add := post("/users", "Make an account")
	add.DefaultStatus = http.StatusCreated
	route(s, add, func(ctx context.Context, who auth.Actor, in *newUser) (*one[Invited], error) {
		if err := auth.May(who, auth.UserInvite); err != nil {
			return nil, err
		}
		organisation, err := s.organisation(who, in.Body.Organisation)
		if err != nil {
			return nil, err
		}
		i, err := s.People.Invite(ctx, who, auth.NewUser{
			Email: in.Body.Email, Name: in.Body.Name, Role: auth.Role(in.Body.Role), Organisation: organisation, Language: in.Body.Language, Password: in.Body.Password,
		})
		return answer(s.invited(i), err)
	})
	route(s, patch("/users/{id}", "Change an account"), func(ctx context.Context, who auth.Actor, in *editUser) (*one[User], error) {
		u, err := s.user(ctx, who, in.ID)
		if err != nil {
			return nil, err
		}
		e := auth.Edit{Name: in.Body.Name, Language: in.Body.Language}
		if in.Body.Role != nil {
			role := auth.Role(*in.Body.Role)
			e.Role = &role
		}
		if in.Body.Organisation != nil {
			id, err := s.organisation(who, *in.Body.Organisation)
			if err != nil {
				return nil, err
			}
			e.Organisation = &id
		}
		u, err = s.People.Edit(ctx, who, u.ID, e)
		return answer(s.sayUser(u), err)
	})
	route(s, post("/users/{id}/invite", "Make a new invitation"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Invited], error) {
		u, err := s.user(ctx, who, in.ID)
		if err != nil {
			return nil, err
		}
		i, err := s.People.InviteAgain(ctx, who, u.ID)
		return answer(s.invited(i), err)
	})
	route(s, post("/users/{id}/disable", "Shut an account"), func(ctx context.Context, who auth.Actor, in *reasoned) (*one[User], error) {
		u, err := s.user(ctx, who, in.ID)
		if err != nil {
			return nil, err
		}
		u, err = s.People.Disable(ctx, who, u.ID, in.Body.Reason)
		return answer(s.sayUser(u), err)
	})
	route(s, post("/users/{id}/enable", "Open an account again"), func(ctx context.Context, who auth.Actor, in *Named) (*one[User], error) {
		u, err := s.user(ctx, who, in.ID)
		if err != nil {
			return nil, err
		}
		u, err = s.People.Enable(ctx, who, u.ID)
		return answer(s.sayUser(u), err)
	})
	route(s, get("/roles", "List who may what"), func(_ context.Context, _ auth.Actor, _ *none) (*list[Grant], error) {
		return listed(each(auth.Table(), func(r auth.Row) Grant { return Grant{Act: r.Act, Roles: r.Roles} }), ""), nil
	})
}

// Grant says of one act which roles may do it.
type Grant struct {
	Act   auth.Act    `json:"act"`
	Roles []auth.Role `json:"roles" nullable:"false"`
}

// Token is an API token without its text.
type Token struct {
	ID      string     `json:"id"`
	User    string     `json:"user"`
	Name    string     `json:"name"`
	Created *time.Time `json:"created"`
	Expires *time.Time `json:"expires"`
	Revoked *time.Time `json:"revoked"`
	Used    *time.Time `json:"used"`
}

func sayToken(t auth.Token) Token {
	return Token{
		ID: t.ID.String(), User: t.User.String(), Name: t.Name, Created: instant(t.Created), Expires: instant(t.Expires), Revoked: instant(t.Revoked),
		Used: instant(t.Used),
	}
}

type tokenQuery struct {
	Paging
	User string `query:"user" doc:"Id or e-mail address; the caller where it is not given."`
}

type newToken struct {
	Body struct {
		User    string `json:"user,omitempty" doc:"Id or e-mail address; the caller where it is not given."`
		Name    string `json:"name,omitempty"`
		Expires string `json:"expires,omitempty" doc:"RFC 3339 or a date; never where it is not given."`
	}
}

// NewToken is a token with its text, which is shown this once.
type NewToken struct {
	Token   string     `json:"token"`
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Expires *time.Time `json:"expires"`
}

func (s *server) tokens() {
	route(s, get("/tokens", "List a person's tokens"), func(ctx context.Context, who auth.Actor, in *tokenQuery) (*list[Token], error) {
		of, err := s.holder(ctx, who, in.User)
		if err != nil {
			return nil, err
		}
		found, err := s.People.Tokens(ctx, who, of)
		if err != nil {
			return nil, err
		}
		number := func(t auth.Token) int64 { return int64(t.ID) }
		sortBy(found, number)
		part, err := through(found, in.Paging, number)
		if err != nil {
			return nil, err
		}
		return listed(each(part.Body.Items, sayToken), part.Body.Next), nil
	})
	add := post("/tokens", "Make a token")
	add.DefaultStatus = http.StatusCreated
	route(s, add, func(ctx context.Context, who auth.Actor, in *newToken) (*one[NewToken], error) {
		of, err := s.holder(ctx, who, in.Body.User)
		if err != nil {
			return nil, err
		}
		expires, err := s.until("expires", in.Body.Expires)
		if err != nil {
			return nil, err
		}
		text, t, err := s.People.CreateToken(ctx, who, auth.NewToken{User: of, Name: in.Body.Name, Expires: expires})
		return answer(NewToken{Token: text, ID: t.ID.String(), Name: t.Name, Expires: instant(t.Expires)}, err)
	})
	route(s, remove("/tokens/{id}", "Revoke a token"), func(ctx context.Context, who auth.Actor, in *Named) (*none, error) {
		id, err := auth.ParseTokenID(in.ID)
		if err != nil {
			return nil, err
		}
		return nil, s.People.RevokeToken(ctx, who, id)
	})
}

// holder is whose tokens a request is about.
func (s *server) holder(ctx context.Context, who auth.Actor, text string) (auth.UserID, error) {
	if text == "" {
		return auth.UserID(who.ID), nil
	}
	u, err := s.user(ctx, who, text)
	return u.ID, err
}
