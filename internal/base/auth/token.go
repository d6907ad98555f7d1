package auth

import (
	"context"
	"crypto/subtle"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// A Token is an API token. It may what its user may.
type Token struct {
	ID      TokenID
	User    UserID
	Name    string
	Created time.Time
	Expires time.Time // zero for never
	Revoked time.Time // zero for not
	Used    time.Time // to about 5 minutes
}

type key struct {
	ID      TokenID `db:"id"`
	Hash    string  `db:"hash"`
	User    UserID  `db:"user_id"`
	Name    string  `db:"name"`
	Created int64   `db:"created"`
	Expires int64   `db:"expires"`
	Revoked int64   `db:"revoked"`
	Used    int64   `db:"used"`
}

const tokenColumns = `id, hash, user_id, name, created, expires, revoked, used`

func (k key) token() Token {
	return Token{
		ID: k.ID, User: k.User, Name: k.Name,
		Created: db.Time(k.Created), Expires: db.Time(k.Expires), Revoked: db.Time(k.Revoked), Used: db.Time(k.Used),
	}
}

// record is the hash of what changes only with an entry.
func (k key) record() string {
	return journal.Hash(struct {
		User, Hash, Name          string
		Created, Expires, Revoked int64
	}{k.User.String(), k.Hash, k.Name, k.Created, k.Expires, k.Revoked})
}

func (k key) entry(p person, actor, verb string) journal.Draft {
	expires := ""
	if k.Expires != 0 {
		expires = db.Time(k.Expires).Format(time.RFC3339)
	}
	return journal.Draft{
		Actor: actor, Organisation: p.Organisation, Subject: "token:" + k.ID.String(), Verb: verb,
		Body:    map[string]any{"user": p.ID.String(), "email": p.Email, "name": k.Name, "expires": expires},
		Records: []journal.Record{{Kind: "token", ID: k.ID.String(), Hash: k.record()}},
	}
}

// A NewToken is a token to be made.
type NewToken struct {
	User    UserID    // 0 is the actor
	Name    string    // what it is for
	Expires time.Time // zero is never
}

// CreateToken makes a token and returns its text, which is shown this once. For
// oneself it takes TokenCreate, for others UserEdit.
func (r *Room) CreateToken(ctx context.Context, a Actor, n NewToken) (text string, t Token, err error) {
	if n.User == 0 {
		n.User = UserID(a.ID)
	}
	act := UserEdit
	if a.ID == int64(n.User) {
		act = TokenCreate
	}
	if err := May(a, act); err != nil {
		return "", Token{}, err
	}
	if n.Name, err = cleanName(n.Name); err != nil {
		return "", Token{}, err
	}
	if !n.Expires.IsZero() && !n.Expires.After(r.Clock.Now()) {
		return "", Token{}, errs.At(errs.Invalid, []errs.Place{{Field: "expires", Reason: "is past"}}, "a token that expired at %s", n.Expires.Format(time.RFC3339))
	}
	text = newToken()
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := personBy(tx, n.User)
		if act == UserEdit && err == nil {
			p, err = reachable(tx, a, n.User)
		}
		if err != nil {
			return err
		}
		if p.Disabled != 0 {
			return errs.New(errs.Conflict, "%s is disabled", p.Email)
		}
		t, err = r.addToken(tx, p, a.Name(), n, text)
		return err
	})
	if err != nil {
		return "", Token{}, err
	}
	return text, t, nil
}

func (r *Room) addToken(tx *db.Tx, p person, actor string, n NewToken, text string) (Token, error) {
	id, err := tx.NextID("token", 1)
	if err != nil {
		return Token{}, err
	}
	k := key{ID: TokenID(id), Hash: digest(text), User: p.ID, Name: n.Name, Created: db.Micros(r.Clock.Now()), Expires: db.Micros(n.Expires)}
	_, err = tx.Exec(`INSERT INTO auth_token (id, hash, user_id, name, created, expires, revoked, used) VALUES ($1, $2, $3, $4, $5, $6, 0, 0)`,
		id, k.Hash, int64(k.User), k.Name, k.Created, k.Expires)
	if err != nil {
		return Token{}, err
	}
	_, err = r.Journal.Append(tx, k.entry(p, actor, "token.created"))
	return k.token(), err
}

// Tokens are the tokens of a person, newest first, the revoked too. Everybody
// sees the own; others' takes UserView.
func (r *Room) Tokens(ctx context.Context, a Actor, of UserID) (list []Token, err error) {
	if _, err := r.User(ctx, a, of); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []key
		if err := tx.Select(&rows, `SELECT `+tokenColumns+` FROM auth_token WHERE user_id = $1 ORDER BY id DESC`, int64(of)); err != nil {
			return err
		}
		list = make([]Token, len(rows))
		for i, k := range rows {
			list[i] = k.token()
		}
		return nil
	})
	return list, err
}

// RevokeToken ends a token: one's own, or with UserEdit another's. One that is
// revoked stays so.
func (r *Room) RevokeToken(ctx context.Context, a Actor, id TokenID) error {
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		var k key
		if err := tx.Get(&k, `SELECT `+tokenColumns+` FROM auth_token WHERE id = $1`, int64(id)); err != nil {
			return absent(err, "token", id.String())
		}
		p, err := personBy(tx, k.User)
		if err != nil {
			return err
		}
		if a.ID != int64(k.User) || !a.Known() {
			if !a.Scope.Has(p.Organisation) || May(a, UserView) != nil {
				return errs.New(errs.NotFound, "no such token %s", id)
			}
			if err := May(a, UserEdit); err != nil {
				return err
			}
		}
		if k.Revoked != 0 {
			return nil
		}
		k.Revoked = db.Micros(r.Clock.Now())
		if _, err := tx.Exec(`UPDATE auth_token SET revoked = $1 WHERE id = $2`, k.Revoked, int64(id)); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, k.entry(p, a.Name(), "token.revoked"))
		return err
	})
}

// ByToken is the actor who holds a token. Unknown for one that was never or is
// no longer good.
func (r *Room) ByToken(ctx context.Context, text string) (a Actor, err error) {
	if !WellFormed(text) {
		return Actor{}, errs.New(errs.Unknown, "no such token")
	}
	var (
		k    key
		now  = r.Clock.Now()
		want = digest(text)
	)
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Get(&k, `SELECT `+tokenColumns+` FROM auth_token WHERE hash = $1`, want); err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(k.Hash), []byte(want)) == 0 || k.Revoked != 0 ||
			k.Expires != 0 && !now.Before(db.Time(k.Expires)) {
			return errs.New(errs.NotFound, "it is over")
		}
		a, err = r.actor(tx, k.User, ViaToken)
		return err
	})
	if errs.Is(err, errs.NotFound) {
		return Actor{}, errs.New(errs.Unknown, "no such token")
	}
	if err != nil {
		return Actor{}, err
	}
	if now.Sub(db.Time(k.Used)) < stir {
		return a, nil
	}
	return a, r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE auth_token SET used = $1 WHERE id = $2 AND used < $1`, db.Micros(now), int64(k.ID))
		return err
	})
}
