package auth

import (
	"context"
	"net/netip"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// What a sign-in may answer besides TooMany. Neither tells whether an address
// has an account.
var (
	// ErrWrong is the one answer to an unknown address, a wrong password, a
	// wrong code and a disabled account.
	ErrWrong = errs.New(errs.Unknown, "the e-mail address, the password or the code is wrong")
	// ErrCode asks for the second factor; the password was right.
	ErrCode = errs.New(errs.Unknown, "the code of the second factor is missing")
)

// An account may fail so often at once; each failure more doubles the wait,
// from 2 s up to 15 minutes, which leaves a guesser under a hundred tries a day.
// After a day without failures the count begins anew. The wait is short enough
// that nobody can shut somebody else out for long, and a password set by mail
// ends it.
const (
	freeFailures = 5
	longestWait  = 15 * time.Minute
	forgiveAfter = 24 * time.Hour
)

// An Attempt is a try to sign in.
type Attempt struct {
	Email    string
	Password string
	Code     string // of the second factor, or a recovery code; "" for none
	Address  netip.Addr
	Agent    string
}

// SignIn opens a session. Errors are ErrWrong, ErrCode, and TooMany for an
// account that is locked, whether it is there or not, and for an address that
// fails too often.
func (r *Room) SignIn(ctx context.Context, t Attempt) (out Opened, err error) {
	from := AddressKey(t.Address)
	if r.doors.Take(from) > 0 {
		return Opened{}, errs.New(errs.TooMany, "sign in: too often from %s", t.Address)
	}
	p, err := r.prove(ctx, t.Email, t.Password)
	if err != nil {
		return Opened{}, err
	}
	if p.Factor != "" && t.Code == "" {
		r.doors.Return(from)
		return Opened{}, r.unfail(ctx, p.EmailKey)
	}
	fresh := ""
	if r.stale(p.Password) {
		if fresh, err = r.hash(ctx, t.Password); err != nil {
			return Opened{}, err
		}
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := r.present(tx, p)
		if err != nil {
			return err
		}
		verb, body := "user.signed-in", map[string]any{"from": t.Address.String()}
		if now.Factor != "" {
			recovered, err := r.spend(&now, t.Code)
			if err != nil {
				return err
			}
			if recovered {
				verb = "user.recovered"
			}
		}
		if fresh != "" {
			now.Password = fresh
		}
		now.Seen = db.Micros(r.Clock.Now())
		if err := forgive(tx, now.EmailKey); err != nil {
			return err
		}
		if out, err = r.openSession(tx, now, t.Address.String(), t.Agent); err != nil {
			return err
		}
		body["session"] = out.Session.ID.String()
		return r.change(tx, now, now.Email, verb, body)
	})
	if err != nil {
		return Opened{}, err
	}
	r.doors.Return(from)
	return out, nil
}

// prove compares a password. The attempt is counted before the password is
// looked at, in a bracket of its own: of a thousand guesses made at once all but
// the first few find the account locked. An account that is not there is counted
// and hashed for like any other.
func (r *Room) prove(ctx context.Context, email, password string) (p person, err error) {
	found := false
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err = personByEmail(tx, email)
		switch {
		case errs.Is(err, errs.NotFound):
			p = person{EmailKey: emailKey(email)}
		case err != nil:
			return err
		default:
			found = true
		}
		return r.count(tx, p, found)
	})
	if err != nil {
		return person{}, err
	}
	right, err := r.matches(ctx, password, p.Password)
	if err != nil {
		return person{}, err
	}
	if !right || p.Disabled != 0 {
		return person{}, ErrWrong
	}
	return p, nil
}

// present is the person in the bracket that lets him in, if nothing that let him
// in has changed since it was looked at.
func (r *Room) present(tx *db.Tx, proved person) (person, error) {
	p, err := personBy(tx, proved.ID)
	if err != nil {
		return p, err
	}
	if p.Disabled != 0 || p.Password != proved.Password {
		return p, ErrWrong
	}
	return p, nil
}

type try struct {
	Failures int64 `db:"failures"`
	Last     int64 `db:"last"`
	Until    int64 `db:"until"`
}

// account is under what an account's failures are counted: a digest, for people
// type their password into the wrong box.
func account(key string) string { return digest("account " + key) }

// count counts an attempt as failed, TooMany while the account is locked.
func (r *Room) count(tx *db.Tx, p person, found bool) error {
	now := r.Clock.Now()
	if _, err := tx.Exec(`DELETE FROM auth_try WHERE last <= $1`, db.Micros(now.Add(-forgiveAfter))); err != nil {
		return err
	}
	var t try
	if err := tx.Get(&t, `SELECT failures, last, until FROM auth_try WHERE account = $1`, account(p.EmailKey)); err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	if now.Before(db.Time(t.Until)) {
		return errs.New(errs.TooMany, "sign in: too many failures, wait until %s", db.Time(t.Until).Format(time.RFC3339))
	}
	t.Failures++
	until := time.Time{}
	if over := t.Failures - freeFailures; over > 0 {
		until = now.Add(min(longestWait, time.Second<<min(over, 20)))
	}
	_, err := tx.Exec(`INSERT INTO auth_try (account, failures, last, until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO UPDATE SET failures = excluded.failures, last = excluded.last, until = excluded.until`,
		account(p.EmailKey), t.Failures, db.Micros(now), db.Micros(until))
	// The waits double, so a guesser writes few entries however fast he is.
	if err != nil || !found || until.IsZero() {
		return err
	}
	_, err = r.Journal.Append(tx, p.entry("stage:sign-in", "user.locked", map[string]any{"failures": t.Failures, "until": until}))
	return err
}

// unfail takes back the count of an attempt whose password was right and whose
// code is still to come. It returns ErrCode.
func (r *Room) unfail(ctx context.Context, key string) error {
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE auth_try SET failures = failures - 1, until = 0 WHERE account = $1 AND failures > 0`, account(key))
		return err
	})
	if err != nil {
		return err
	}
	return ErrCode
}

func forgive(tx *db.Tx, key string) error {
	_, err := tx.Exec(`DELETE FROM auth_try WHERE account = $1`, account(key))
	return err
}

// ChangePassword sets a new password for the person who knows the old one. The
// other sessions end, the own gets a new secret.
func (r *Room) ChangePassword(ctx context.Context, a Actor, old, fresh string) (out Opened, err error) {
	p, err := r.proveOwn(ctx, a, old)
	if err != nil {
		return Opened{}, err
	}
	if fault := PasswordFault(fresh, p.Email, p.Name); fault != "" {
		return Opened{}, refuse(fault)
	}
	hash, err := r.hash(ctx, fresh)
	if err != nil {
		return Opened{}, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if p, err = r.present(tx, p); err != nil {
			return err
		}
		p.Password = hash
		if err := dropLinks(tx, p.ID); err != nil {
			return err
		}
		if err := r.change(tx, p, a.Name(), "user.password-set", map[string]any{"by": "self"}); err != nil {
			return err
		}
		out, err = r.rotate(tx, a)
		return err
	})
	return out, err
}

// proveOwn asks for the password of whoever sits before a session: what changes
// the locks is not for one who found the screen open. Its failures count like
// those of a sign-in.
func (r *Room) proveOwn(ctx context.Context, a Actor, password string) (p person, err error) {
	if a.Via != ViaSession {
		return p, errs.New(errs.Denied, "%s changes the own sign-in in a browser only", a.Name())
	}
	if p, err = r.prove(ctx, a.Email, password); err != nil {
		return p, err
	}
	if p.ID != UserID(a.ID) {
		return person{}, ErrWrong
	}
	return p, r.DB.Write(ctx, func(tx *db.Tx) error { return forgive(tx, p.EmailKey) })
}
