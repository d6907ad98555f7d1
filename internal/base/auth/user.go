package auth

import (
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// A User is a person with an account.
type User struct {
	ID           UserID
	Email        string
	Name         string
	Role         Role
	Organisation int64 // 0 for none
	Language     string
	Factor       bool // has a second factor
	Codes        int  // recovery codes left
	Waiting      bool // has set no password yet
	Disabled     time.Time
	Created      time.Time
	Seen         time.Time // the last sign-in
}

// person is a User as the database keeps it.
type person struct {
	ID           UserID `db:"id"`
	Email        string `db:"email"`
	EmailKey     string `db:"email_key"` // see emailKey
	Name         string `db:"name"`
	Role         Role   `db:"role"`
	Organisation int64  `db:"organisation"`
	Language     string `db:"language"`
	Password     string `db:"password"`    // argon2id, "" for none
	Factor       string `db:"factor"`      // sealed, "" for none
	FactorNext   string `db:"factor_next"` // sealed, enrolled but not confirmed
	FactorStep   int64  `db:"factor_step"` // the last 30 s whose code was used
	Recovery     string `db:"recovery"`    // digests of unused codes, with blanks between
	Disabled     int64  `db:"disabled"`
	Created      int64  `db:"created"`
	Seen         int64  `db:"seen"`
}

const userColumns = `id, email, email_key, name, role, organisation, language, password, factor, factor_next, factor_step, recovery, disabled, created, seen`

// hash covers what changes only with a journal entry. The password's hash is in
// it, so that `verify` finds a password that was exchanged by SQL.
func (p person) hash() string {
	return journal.Hash(struct {
		Email, EmailKey, Name, Role, Language, Password, Factor, Recovery string
		Organisation, Disabled, Created                                   int64
	}{
		p.Email, p.EmailKey, p.Name, string(p.Role), p.Language, p.Password, p.Factor, p.Recovery,
		p.Organisation, p.Disabled, p.Created,
	})
}

func (p person) user() User {
	return User{
		ID: p.ID, Email: p.Email, Name: p.Name, Role: p.Role, Organisation: p.Organisation, Language: p.Language,
		Factor: p.Factor != "", Codes: len(strings.Fields(p.Recovery)), Waiting: p.Password == "",
		Disabled: db.Time(p.Disabled), Created: db.Time(p.Created), Seen: db.Time(p.Seen),
	}
}

// entry is the draft of what happened to a person.
func (p person) entry(actor, verb string, body any) journal.Draft {
	return journal.Draft{
		Actor: actor, Organisation: p.Organisation, Subject: "user:" + p.ID.String(), Verb: verb, Body: body,
		Records: []journal.Record{{Kind: "user", ID: p.ID.String(), Hash: p.hash()}},
	}
}

// save writes the person's row.
func (p person) save(tx *db.Tx) error {
	_, err := tx.Exec(`UPDATE auth_user SET email = $1, email_key = $2, name = $3, role = $4, organisation = $5, language = $6,
		password = $7, factor = $8, factor_next = $9, factor_step = $10, recovery = $11, disabled = $12, seen = $13 WHERE id = $14`,
		p.Email, p.EmailKey, p.Name, string(p.Role), p.Organisation, p.Language,
		p.Password, p.Factor, p.FactorNext, p.FactorStep, p.Recovery, p.Disabled, p.Seen, int64(p.ID))
	return err
}

// change saves the person and writes what happened to the journal.
func (r *Room) change(tx *db.Tx, p person, actor, verb string, body any) error {
	if err := p.save(tx); err != nil {
		return err
	}
	_, err := r.Journal.Append(tx, p.entry(actor, verb, body))
	return err
}

func personBy(tx *db.Tx, id UserID) (p person, err error) {
	err = tx.Get(&p, `SELECT `+userColumns+` FROM auth_user WHERE id = $1`, int64(id))
	return p, absent(err, "user", id.String())
}

// absent says of what does not exist what is said of what the scope hides: the
// two must not be told apart.
func absent(err error, noun, id string) error {
	if errs.Is(err, errs.NotFound) {
		return errs.New(errs.NotFound, "no such %s %s", noun, id)
	}
	return err
}

func personByEmail(tx *db.Tx, email string) (p person, err error) {
	err = tx.Get(&p, `SELECT `+userColumns+` FROM auth_user WHERE email_key = $1`, emailKey(email))
	return p, err
}

// reachable is a person whom the actor's scope shows.
func reachable(tx *db.Tx, a Actor, id UserID) (person, error) {
	p, err := personBy(tx, id)
	if err == nil && !a.Scope.Has(p.Organisation) {
		return person{}, errs.New(errs.NotFound, "no such user %s", id)
	}
	return p, err
}

// emailKey is the form in which an address is unique: people type their own
// with capitals or without.
func emailKey(email string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(email)))
}

// cleanEmail reads a bare address.
func cleanEmail(email string) (string, error) {
	email = strings.TrimSpace(email)
	parsed, err := mail.ParseAddress(email)
	bad := err != nil || parsed.Address != email || len(email) > 254 || !utf8.ValidString(email) ||
		strings.ContainsFunc(email, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) || c == '"' })
	if bad {
		return "", errs.At(errs.Invalid, []errs.Place{{Field: "email", Reason: "is no e-mail address"}}, "%q is no e-mail address", email)
	}
	return email, nil
}

// cleanName is a name with single blanks, composed as it will be searched.
func cleanName(name string) (string, error) {
	name = strings.Join(strings.Fields(norm.NFC.String(name)), " ")
	if !utf8.ValidString(name) || len(name) > 200 || strings.ContainsFunc(name, unicode.IsControl) {
		return "", errs.At(errs.Invalid, []errs.Place{{Field: "name", Reason: "is too long or holds control characters"}}, "%.50q is no name", name)
	}
	return name, nil
}

func cleanLanguage(language string) (string, error) {
	switch language {
	case "":
		return "vi", nil
	case "vi", "en":
		return language, nil
	}
	return "", errs.At(errs.Invalid, []errs.Place{{Field: "language", Reason: "is neither vi nor en"}}, "language %q: want vi or en", language)
}

// A NewUser is a person to be invited.
type NewUser struct {
	Email        string
	Name         string
	Role         Role
	Organisation int64
	Language     string // "" is "vi"
	Password     string // "" invites by mail; else the account is ready at once
}

// An Invitation is a link by which a person sets a password.
type Invitation struct {
	User    User
	Secret  string // the last part of the link; "" where a password was given
	Expires time.Time
}

// Invite makes an account. Nobody gives more than they have: the new person's
// reach lies within the actor's. Conflict when the address has an account.
func (r *Room) Invite(ctx context.Context, a Actor, n NewUser) (Invitation, error) {
	if err := May(a, UserInvite); err != nil {
		return Invitation{}, err
	}
	p, err := r.draft(ctx, n)
	if err != nil {
		return Invitation{}, err
	}
	var out Invitation
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if err := r.mayReach(tx, a, p.Role, p.Organisation); err != nil {
			return err
		}
		if p, err = r.add(tx, p, a.Name()); err != nil {
			return err
		}
		out = Invitation{User: p.user()}
		if p.Password != "" {
			return nil
		}
		out, err = r.link(ctx, tx, p, purposeInvite)
		return err
	})
	return out, err
}

// draft checks a new person and hashes the password, outside any bracket.
func (r *Room) draft(ctx context.Context, n NewUser) (p person, err error) {
	if p.Email, err = cleanEmail(n.Email); err != nil {
		return p, err
	}
	if p.Name, err = cleanName(n.Name); err != nil {
		return p, err
	}
	if p.Language, err = cleanLanguage(n.Language); err != nil {
		return p, err
	}
	if err := sound(n.Role, n.Organisation); err != nil {
		return p, err
	}
	p.EmailKey, p.Role, p.Organisation = emailKey(p.Email), n.Role, n.Organisation
	if n.Password == "" {
		return p, nil
	}
	if fault := PasswordFault(n.Password, p.Email, p.Name); fault != "" {
		return p, refuse(fault)
	}
	p.Password, err = r.hash(ctx, n.Password)
	return p, err
}

func sound(role Role, organisation int64) error {
	switch {
	case !role.Valid():
		return errs.At(errs.Invalid, []errs.Place{{Field: "role", Reason: "is no role"}}, "role %q: want one of %v", role, Roles())
	case role.NeedsOrganisation() && organisation <= 0:
		return errs.At(errs.Invalid, []errs.Place{{Field: "organisation", Reason: "is missing"}}, "a person of role %s belongs to an organisation", role)
	}
	return nil
}

// mayReach says whether the actor may give a person this reach.
func (r *Room) mayReach(tx *db.Tx, a Actor, role Role, organisation int64) error {
	scope, err := r.Reach(tx, role, organisation)
	if err != nil {
		return err
	}
	if scope.IsNobody() || !scope.Within(a.Scope) {
		return errs.New(errs.NotFound, "no such organisation")
	}
	return nil
}

func (r *Room) add(tx *db.Tx, p person, actor string) (person, error) {
	taken, err := tx.Int(`SELECT COUNT(*) FROM auth_user WHERE email_key = $1`, p.EmailKey)
	if err != nil {
		return p, err
	}
	if taken > 0 {
		return p, errs.New(errs.Conflict, "%s has an account already", p.Email)
	}
	id, err := tx.NextID("user", 1)
	if err != nil {
		return p, err
	}
	p.ID, p.Created = UserID(id), db.Micros(r.Clock.Now())
	_, err = tx.Exec(`INSERT INTO auth_user (id, email, email_key, name, role, organisation, language, password, factor, factor_next, factor_step, recovery, disabled, created, seen)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', 0, '', 0, $9, 0)`,
		id, p.Email, p.EmailKey, p.Name, string(p.Role), p.Organisation, p.Language, p.Password, p.Created)
	if err != nil {
		return p, err
	}
	_, err = r.Journal.Append(tx, p.entry(actor, "user.invited", map[string]any{
		"email": p.Email, "name": p.Name, "role": p.Role, "organisation": p.Organisation, "language": p.Language, "password": p.Password != "",
	}))
	return p, err
}

// An Edit changes what is not nil.
type Edit struct {
	Name, Language *string
	Role           *Role
	Organisation   *int64
}

// Edit changes a person's account. Everybody may change the own name and
// language. A new role or organisation ends the person's sessions. Conflict when
// it would leave the city without an admin over everything.
func (r *Room) Edit(ctx context.Context, a Actor, id UserID, e Edit) (User, error) {
	own := a.ID == int64(id) && a.Known() && e.Role == nil && e.Organisation == nil
	if err := May(a, UserEdit); err != nil && !own {
		return User{}, err
	}
	var out User
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := personBy(tx, id)
		if !own && err == nil {
			p, err = reachable(tx, a, id)
		}
		if err != nil {
			return err
		}
		changed, err := p.apply(e)
		if err != nil {
			return err
		}
		out = p.user()
		if len(changed) == 0 {
			return nil
		}
		if e.Role != nil || e.Organisation != nil {
			if err := r.mayReach(tx, a, p.Role, p.Organisation); err != nil {
				return err
			}
			if err := someAdminBeside(tx, p); err != nil {
				return err
			}
			if err := endSessions(tx, id, 0); err != nil {
				return err
			}
		}
		return r.change(tx, p, a.Name(), "user.edited", changed)
	})
	return out, err
}

// apply changes the person and returns what changed, each from and to.
func (p *person) apply(e Edit) (map[string][2]any, error) {
	changed := map[string][2]any{}
	if e.Name != nil {
		name, err := cleanName(*e.Name)
		if err != nil {
			return nil, err
		}
		if name != p.Name {
			changed["name"] = [2]any{p.Name, name}
			p.Name = name
		}
	}
	if e.Language != nil {
		language, err := cleanLanguage(*e.Language)
		if err != nil {
			return nil, err
		}
		if language != p.Language {
			changed["language"] = [2]any{p.Language, language}
			p.Language = language
		}
	}
	if e.Role != nil && *e.Role != p.Role {
		changed["role"] = [2]any{p.Role, *e.Role}
		p.Role = *e.Role
	}
	if e.Organisation != nil && *e.Organisation != p.Organisation {
		changed["organisation"] = [2]any{p.Organisation, *e.Organisation}
		p.Organisation = *e.Organisation
	}
	return changed, sound(p.Role, p.Organisation)
}

// someAdminBeside is Conflict unless, with p as it shall be, an admin over
// everything is left.
func someAdminBeside(tx *db.Tx, p person) error {
	if p.Role == Admin && p.Organisation == 0 && p.Disabled == 0 {
		return nil
	}
	n, err := tx.Int(`SELECT COUNT(*) FROM auth_user WHERE role = $1 AND organisation = 0 AND disabled = 0 AND id <> $2`, string(Admin), int64(p.ID))
	if err == nil && n == 0 {
		err = errs.New(errs.Conflict, "%s is the last admin", p.Email)
	}
	return err
}

// Disable shuts an account: sessions end, tokens and links stop.
func (r *Room) Disable(ctx context.Context, a Actor, id UserID, reason string) (User, error) {
	return r.administer(ctx, a, id, func(tx *db.Tx, p person) (User, error) {
		if p.Disabled != 0 {
			return p.user(), nil
		}
		p.Disabled = db.Micros(r.Clock.Now())
		if err := someAdminBeside(tx, p); err != nil {
			return User{}, err
		}
		if err := endSessions(tx, id, 0); err != nil {
			return User{}, err
		}
		if err := dropLinks(tx, id); err != nil {
			return User{}, err
		}
		return p.user(), r.change(tx, p, a.Name(), "user.disabled", map[string]any{"reason": reason})
	})
}

// Enable opens a disabled account again.
func (r *Room) Enable(ctx context.Context, a Actor, id UserID) (User, error) {
	return r.administer(ctx, a, id, func(tx *db.Tx, p person) (User, error) {
		if p.Disabled == 0 {
			return p.user(), nil
		}
		if err := r.mayReach(tx, a, p.Role, p.Organisation); err != nil {
			return User{}, err
		}
		p.Disabled = 0
		return p.user(), r.change(tx, p, a.Name(), "user.enabled", struct{}{})
	})
}

// DropFactor takes the second factor from somebody who has lost it and every
// recovery code.
func (r *Room) DropFactor(ctx context.Context, a Actor, id UserID) (User, error) {
	return r.administer(ctx, a, id, func(tx *db.Tx, p person) (User, error) {
		if p.Factor == "" {
			return p.user(), nil
		}
		p.Factor, p.FactorNext, p.Recovery = "", "", ""
		if err := endSessions(tx, id, 0); err != nil {
			return User{}, err
		}
		return p.user(), r.change(tx, p, a.Name(), "user.factor-dropped", struct{}{})
	})
}

func (r *Room) administer(ctx context.Context, a Actor, id UserID, work func(tx *db.Tx, p person) (User, error)) (u User, err error) {
	if err := May(a, UserEdit); err != nil {
		return User{}, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := reachable(tx, a, id)
		if err != nil {
			return err
		}
		u, err = work(tx, p)
		return err
	})
	return u, err
}

// Users are the people whom the actor's scope shows, by address.
func (r *Room) Users(ctx context.Context, a Actor) (users []User, err error) {
	if err := May(a, UserView); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []person
		if err := tx.Select(&rows, `SELECT `+userColumns+` FROM auth_user WHERE `+a.Scope.SQL("organisation")+` ORDER BY email_key`); err != nil {
			return err
		}
		users = make([]User, len(rows))
		for i, p := range rows {
			users[i] = p.user()
		}
		return nil
	})
	return users, err
}

// User is one person. Everybody sees the own account.
func (r *Room) User(ctx context.Context, a Actor, id UserID) (u User, err error) {
	own := a.ID == int64(id) && a.Known()
	if err := May(a, UserView); err != nil && !own {
		return User{}, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		p, err := personBy(tx, id)
		if !own && err == nil {
			p, err = reachable(tx, a, id)
		}
		u = p.user()
		return err
	})
	return u, err
}

// UserByEmail is the person with an address. Everybody sees the own account.
func (r *Room) UserByEmail(ctx context.Context, a Actor, email string) (u User, err error) {
	own := a.Known() && emailKey(a.Email) == emailKey(email)
	if err := May(a, UserView); err != nil && !own {
		return User{}, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		p, err := personByEmail(tx, email)
		if err == nil && !own && !a.Scope.Has(p.Organisation) {
			err = errs.New(errs.NotFound, "no such user %s", email)
		}
		if err != nil {
			return absent(err, "user", email)
		}
		u = p.user()
		return nil
	})
	return u, err
}

// A First is how the first admin gets in.
type First struct {
	Email      string
	Token      string     // an API token, for DIR/admin.token
	Invitation Invitation // a link to set a password, for the browser
}

// FirstAdmin makes the first account, an admin over everything, when there is
// none; made says whether it did. Keep is called with the secrets before they
// are valid: it writes them to disk. A crash in between leaves a file with dead
// secrets, and the next start begins anew; the other order would leave an admin
// whose token nobody knows.
func (r *Room) FirstAdmin(ctx context.Context, email string, keep func(First) error) (made bool, err error) {
	p, err := r.draft(ctx, NewUser{Email: email, Role: Admin})
	if err != nil {
		return false, err
	}
	none := func(tx *db.Tx) (bool, error) {
		n, err := tx.Int(`SELECT COUNT(*) FROM auth_user`)
		return n == 0, err
	}
	if err := r.DB.Read(ctx, func(tx *db.Tx) error {
		made, err = none(tx)
		return err
	}); err != nil || !made {
		return false, err
	}
	token, secret := newToken(), newSecret()
	expires := r.Clock.Now().Add(purposeInvite.life())
	if err := keep(First{Email: p.Email, Token: token, Invitation: Invitation{User: p.user(), Secret: secret, Expires: expires}}); err != nil {
		return false, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if made, err = none(tx); err != nil || !made {
			return err
		}
		const by = "stage:start"
		if p, err = r.add(tx, p, by); err != nil {
			return err
		}
		if err := addLink(tx, p.ID, purposeInvite, secret, expires); err != nil {
			return err
		}
		_, err = r.addToken(tx, p, by, NewToken{Name: "admin.token"}, token)
		return err
	})
	return made && err == nil, err
}
