package auth

import (
	"context"
	"crypto/subtle"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// stir is how exact the last use of a session or a token is known: a write for
// every request would make all readers writers.
const stir = 5 * time.Minute

// A Session is a browser that has signed in.
type Session struct {
	ID      SessionID
	User    UserID
	Address string // from where it was opened
	Agent   string // what the browser calls itself
	Created time.Time
	Seen    time.Time // to about 5 minutes
	Expires time.Time // at the latest
}

type session struct {
	ID      SessionID `db:"id"`
	Hash    string    `db:"hash"`
	User    UserID    `db:"user_id"`
	Address string    `db:"address"`
	Agent   string    `db:"agent"`
	Created int64     `db:"created"`
	Seen    int64     `db:"seen"`
	Expires int64     `db:"expires"`
}

const sessionColumns = `id, hash, user_id, address, agent, created, seen, expires`

func (s session) session() Session {
	return Session{
		ID: s.ID, User: s.User, Address: s.Address, Agent: s.Agent,
		Created: db.Time(s.Created), Seen: db.Time(s.Seen), Expires: db.Time(s.Expires),
	}
}

// An Opened session goes to the browser as a cookie.
type Opened struct {
	Secret  string
	Session Session
	User    User
}

func (r *Room) openSession(tx *db.Tx, p person, address, agent string) (Opened, error) {
	now := r.Clock.Now()
	if _, err := tx.Exec(`DELETE FROM auth_session WHERE expires <= $1 OR seen <= $2`, db.Micros(now), db.Micros(now.Add(-r.Idle))); err != nil {
		return Opened{}, err
	}
	id, err := tx.NextID("session", 1)
	if err != nil {
		return Opened{}, err
	}
	secret := newSecret()
	s := session{
		ID: SessionID(id), Hash: digest(secret), User: p.ID, Address: address, Agent: clip(agent),
		Created: db.Micros(now), Seen: db.Micros(now), Expires: db.Micros(now.Add(r.Longest)),
	}
	_, err = tx.Exec(`INSERT INTO auth_session (id, hash, user_id, address, agent, created, seen, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, s.Hash, int64(s.User), s.Address, s.Agent, s.Created, s.Seen, s.Expires)
	return Opened{Secret: secret, Session: s.session(), User: p.user()}, err
}

// clip keeps what a browser calls itself within bounds and printable.
func clip(agent string) string {
	b := []byte(agent[:min(len(agent), 200)])
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

// endSessions ends the sessions of a person, but one.
func endSessions(tx *db.Tx, of UserID, but SessionID) error {
	_, err := tx.Exec(`DELETE FROM auth_session WHERE user_id = $1 AND id <> $2`, int64(of), int64(but))
	return err
}

// rotate gives the actor's session a new secret after a change of what it is
// worth: whoever held the old one is out.
func (r *Room) rotate(tx *db.Tx, a Actor) (Opened, error) {
	var s session
	if err := tx.Get(&s, `SELECT `+sessionColumns+` FROM auth_session WHERE id = $1 AND user_id = $2`, a.session, a.ID); err != nil {
		return Opened{}, errs.New(errs.Unknown, "the session has ended: %w", err)
	}
	p, err := personBy(tx, s.User)
	if err != nil {
		return Opened{}, err
	}
	if err := endSessions(tx, s.User, s.ID); err != nil {
		return Opened{}, err
	}
	secret := newSecret()
	_, err = tx.Exec(`UPDATE auth_session SET hash = $1 WHERE id = $2`, digest(secret), a.session)
	return Opened{Secret: secret, Session: s.session(), User: p.user()}, err
}

// BySession is the actor whose browser holds a session's secret. Unknown for a
// session that was never or is no longer.
func (r *Room) BySession(ctx context.Context, secret string) (a Actor, err error) {
	var (
		s    session
		now  = r.Clock.Now()
		want = digest(secret)
	)
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Get(&s, `SELECT `+sessionColumns+` FROM auth_session WHERE hash = $1`, want); err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(s.Hash), []byte(want)) == 0 ||
			!now.Before(db.Time(s.Expires)) || !now.Before(db.Time(s.Seen).Add(r.Idle)) {
			return errs.New(errs.NotFound, "it is over")
		}
		a, err = r.actor(tx, s.User, ViaSession)
		a.session = int64(s.ID)
		return err
	})
	if errs.Is(err, errs.NotFound) {
		return Actor{}, errs.New(errs.Unknown, "no such session")
	}
	if err != nil {
		return Actor{}, err
	}
	if now.Sub(db.Time(s.Seen)) < stir {
		return a, nil
	}
	return a, r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE auth_session SET seen = $1 WHERE id = $2 AND seen < $1`, db.Micros(now), int64(s.ID))
		return err
	})
}

// actor is the person as an actor; NotFound when disabled.
func (r *Room) actor(tx *db.Tx, id UserID, via Via) (Actor, error) {
	p, err := personBy(tx, id)
	if err != nil {
		return Actor{}, err
	}
	if p.Disabled != 0 {
		return Actor{}, errs.New(errs.NotFound, "%s is disabled", p.Email)
	}
	scope, err := r.Reach(tx, p.Role, p.Organisation)
	return Actor{
		ID: int64(p.ID), Email: p.Email, Role: p.Role, Organisation: p.Organisation,
		Scope: scope, Via: via, Person: p.Name, Language: p.Language,
	}, err
}

// SignOut ends the session that the actor came by.
func (r *Room) SignOut(ctx context.Context, a Actor) error {
	if a.session == 0 {
		return errs.New(errs.Usage, "sign out: %s has no session", a.Name())
	}
	return r.EndSession(ctx, a, SessionID(a.session))
}

// Sessions are the open sessions of a person, newest first. Everybody sees the
// own; others' takes UserView.
func (r *Room) Sessions(ctx context.Context, a Actor, of UserID) (list []Session, err error) {
	if _, err := r.User(ctx, a, of); err != nil {
		return nil, err
	}
	now := r.Clock.Now()
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []session
		if err := tx.Select(&rows, `SELECT `+sessionColumns+` FROM auth_session WHERE user_id = $1 AND expires > $2 AND seen > $3 ORDER BY id DESC`,
			int64(of), db.Micros(now), db.Micros(now.Add(-r.Idle))); err != nil {
			return err
		}
		list = make([]Session, len(rows))
		for i, s := range rows {
			list[i] = s.session()
		}
		return nil
	})
	return list, err
}

// EndSession ends a session: one's own, or with UserEdit another's.
func (r *Room) EndSession(ctx context.Context, a Actor, id SessionID) error {
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		of, err := tx.Int(`SELECT user_id FROM auth_session WHERE id = $1`, int64(id))
		if err != nil {
			return absent(err, "session", id.String())
		}
		p, err := personBy(tx, UserID(of))
		if err != nil {
			return err
		}
		if a.ID != of || !a.Known() {
			if !a.Scope.Has(p.Organisation) || May(a, UserView) != nil {
				return errs.New(errs.NotFound, "no such session %s", id)
			}
			if err := May(a, UserEdit); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`DELETE FROM auth_session WHERE id = $1`, int64(id)); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, p.entry(a.Name(), "user.signed-out", map[string]any{"session": id.String()}))
		return err
	})
}

// EndSessions ends every session of a person but the one that the actor came by.
func (r *Room) EndSessions(ctx context.Context, a Actor, of UserID) error {
	if a.ID != int64(of) || !a.Known() {
		if err := May(a, UserEdit); err != nil {
			return err
		}
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := personBy(tx, of)
		if a.ID != int64(of) && err == nil {
			p, err = reachable(tx, a, of)
		}
		if err != nil {
			return err
		}
		if err := endSessions(tx, of, SessionID(a.session)); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, p.entry(a.Name(), "user.signed-out", map[string]any{"session": "all others"}))
		return err
	})
}
