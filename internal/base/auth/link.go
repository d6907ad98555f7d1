package auth

import (
	"context"
	"crypto/subtle"
	"net/netip"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// A Purpose is what a link is for.
type Purpose string

const (
	purposeInvite Purpose = "invite" // sets the first password
	purposeReset  Purpose = "reset"  // sets another one
)

func (p Purpose) life() time.Duration {
	if p == purposeReset {
		return time.Hour
	}
	return 7 * 24 * time.Hour
}

// link makes a link for a person, instead of those there were, and has it
// mailed.
func (r *Room) link(ctx context.Context, tx *db.Tx, p person, purpose Purpose) (Invitation, error) {
	out := Invitation{User: p.user(), Secret: newSecret(), Expires: r.Clock.Now().Add(purpose.life())}
	if err := dropLinks(tx, p.ID); err != nil {
		return Invitation{}, err
	}
	if err := addLink(tx, p.ID, purpose, out.Secret, out.Expires); err != nil {
		return Invitation{}, err
	}
	if r.Mailer == nil {
		return out, nil
	}
	return out, r.Mailer(ctx, tx, p.Email, string(purpose), map[string]string{
		"secret": out.Secret, "name": p.Name, "email": p.Email, "language": p.Language, "expires": out.Expires.Format(time.RFC3339),
	})
}

func addLink(tx *db.Tx, to UserID, purpose Purpose, secret string, expires time.Time) error {
	_, err := tx.Exec(`INSERT INTO auth_link (hash, user_id, purpose, expires, used) VALUES ($1, $2, $3, $4, 0)`,
		digest(secret), int64(to), string(purpose), db.Micros(expires))
	return err
}

// dropLinks ends the links of a person that are still good. Used ones stay, so
// that their holder is told that they were used.
func dropLinks(tx *db.Tx, of UserID) error {
	_, err := tx.Exec(`DELETE FROM auth_link WHERE user_id = $1 AND used = 0`, int64(of))
	return err
}

// InviteAgain makes a new link for somebody who has not used the first, or has
// lost the password; the links there were end.
func (r *Room) InviteAgain(ctx context.Context, a Actor, id UserID) (out Invitation, err error) {
	if err := May(a, UserInvite); err != nil {
		return Invitation{}, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := reachable(tx, a, id)
		if err != nil {
			return err
		}
		if p.Disabled != 0 {
			return errs.New(errs.Conflict, "%s is disabled", p.Email)
		}
		if out, err = r.link(ctx, tx, p, purposeInvite); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, p.entry(a.Name(), "user.invited-again", struct{}{}))
		return err
	})
	return out, err
}

// AskReset has a link to set a new password mailed to an address, if it has an
// account. The answer tells nobody which addresses have one: it is nil either
// way and comes after the same time. An account gets three mails at once and then
// one in 20 minutes. TooMany when the caller's address asks too often.
func (r *Room) AskReset(ctx context.Context, email string, from netip.Addr) error {
	even := time.NewTimer(250 * time.Millisecond)
	defer even.Stop()
	if r.doors.Take(AddressKey(from)) > 0 {
		return errs.New(errs.TooMany, "ask for a new password: too often from %s", from)
	}
	if r.resets.Take(account(emailKey(email))) == 0 {
		err := r.DB.Write(ctx, func(tx *db.Tx) error {
			p, err := personByEmail(tx, email)
			if errs.Is(err, errs.NotFound) || err == nil && p.Disabled != 0 {
				return nil
			}
			if err != nil {
				return err
			}
			if _, err := r.link(ctx, tx, p, purposeReset); err != nil {
				return err
			}
			_, err = r.Journal.Append(tx, p.entry(p.Email, "user.reset-asked", map[string]any{"from": from.String()}))
			return err
		})
		if err != nil {
			return err
		}
	}
	select {
	case <-even.C:
		return nil
	case <-ctx.Done():
		return errs.New(errs.Unavailable, "ask for a new password: %w", ctx.Err())
	}
}

// A Welcome is what the page behind a link shows.
type Welcome struct {
	User    User
	Purpose Purpose
	Expires time.Time
}

type letter struct {
	Hash    string `db:"hash"`
	User    UserID `db:"user_id"`
	Purpose string `db:"purpose"`
	Expires int64  `db:"expires"`
	Used    int64  `db:"used"`
}

// letter is the link with a secret and its person: NotFound for one that nobody
// made or that another replaced, Gone for one that has expired or was used.
func (r *Room) letter(tx *db.Tx, secret string) (l letter, p person, err error) {
	want := digest(secret)
	err = tx.Get(&l, `SELECT hash, user_id, purpose, expires, used FROM auth_link WHERE hash = $1`, want)
	if err != nil || subtle.ConstantTimeCompare([]byte(l.Hash), []byte(want)) == 0 {
		return l, p, errs.New(errs.NotFound, "no such link: %w", err)
	}
	if p, err = personBy(tx, l.User); err != nil {
		return l, p, err
	}
	if l.Used != 0 || p.Disabled != 0 || !r.Clock.Now().Before(db.Time(l.Expires)) {
		return l, p, errs.New(errs.Gone, "the link has expired or was used")
	}
	return l, p, nil
}

// OpenLink is what a link is good for. It uses nothing up: mail scanners follow
// links.
func (r *Room) OpenLink(ctx context.Context, secret string) (w Welcome, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		l, p, err := r.letter(tx, secret)
		w = Welcome{User: p.user(), Purpose: Purpose(l.Purpose), Expires: db.Time(l.Expires)}
		return err
	})
	if err != nil {
		return Welcome{}, err
	}
	return w, nil
}

// UseLink sets the password of a link's person and uses the link up. Every
// session of the person ends; signing in is the next step, with the second
// factor where there is one.
func (r *Room) UseLink(ctx context.Context, secret, password string) (u User, err error) {
	w, err := r.OpenLink(ctx, secret)
	if err != nil {
		return User{}, err
	}
	if fault := PasswordFault(password, w.User.Email, w.User.Name); fault != "" {
		return User{}, refuse(fault)
	}
	hash, err := r.hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		l, p, err := r.letter(tx, secret) // again: another may have used it meanwhile
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE auth_link SET used = $1 WHERE hash = $2`, db.Micros(r.Clock.Now()), l.Hash); err != nil {
			return err
		}
		if err := dropLinks(tx, p.ID); err != nil {
			return err
		}
		if err := endSessions(tx, p.ID, 0); err != nil {
			return err
		}
		if err := forgive(tx, p.EmailKey); err != nil {
			return err
		}
		p.Password = hash
		u = p.user()
		return r.change(tx, p, p.Email, "user.password-set", map[string]any{"by": l.Purpose})
	})
	return u, err
}
