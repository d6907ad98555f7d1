package auth

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// A Scoper gives the organisations that a person of an organisation may see:
// that one, those below it, and those whose history it has inherited. NotFound
// for an organisation that does not exist.
type Scoper func(tx *db.Tx, organisation int64) ([]int64, error)

// A Mailer writes the intent to send a mail, in the bracket of what it is
// about. The templates are "invite" and "reset"; args are "secret" (the last
// part of the link), "name", "email" and "language", and "expires" as RFC 3339.
// Whoever can read such a mail can take the account over, so it is shown to
// nobody but an admin.
type Mailer func(ctx context.Context, tx *db.Tx, to, template string, args map[string]string) error

// Deps are what a Room needs.
type Deps struct {
	DB      *db.DB
	Journal *journal.Journal

	// Clock is the world's clock, clock.Real even where the city's is moved: a
	// telephone computes its codes by it, and a drill that skips a week must not
	// sign everybody out.
	Clock clock.Clock

	Scoper Scoper // nil: an organisation is itself alone
	Mailer Mailer // nil: links are only returned

	// Secret seals the second factors' secrets, so that the database alone does
	// not hold them. See LoadSecret.
	Secret [32]byte

	Hashing Hashing       // the zero value is DefaultHashing
	Idle    time.Duration // a session ends so long after its last use; 0 is 8 h, a shift
	Longest time.Duration // and so long after its beginning; 0 is 7 days
	Issuer  string        // what a telephone shows over its codes; "" is "Tocsin"
}

// A Room knows people. It is safe for concurrent use.
type Room struct {
	Deps
	hashing chan struct{} // as many at once as there are places: each takes 64 MiB
	dummy   func() string // the hash that stands in for an account that is not there
	doors   *Limiter      // failed sign-ins and reset mails by address
	resets  *Limiter      // reset mails by account

	mu     sync.Mutex
	scopes map[int64]cached
	age    int64 // how often Forget was called
}

// New is the room over its database.
func New(d Deps) *Room {
	if d.Hashing == (Hashing{}) {
		d.Hashing = DefaultHashing()
	}
	if d.Idle == 0 {
		d.Idle = 8 * time.Hour
	}
	if d.Longest == 0 {
		d.Longest = 7 * 24 * time.Hour
	}
	if d.Issuer == "" {
		d.Issuer = "Tocsin"
	}
	r := &Room{
		Deps:    d,
		hashing: make(chan struct{}, max(1, runtime.NumCPU())),
		doors:   NewLimiter(d.Clock, 60, 3*time.Second),
		resets:  NewLimiter(d.Clock, 3, 20*time.Minute),
		scopes:  map[int64]cached{},
	}
	r.dummy = sync.OnceValue(func() string {
		hash, err := d.Hashing.hash(newSecret())
		if err != nil {
			panic("auth: hashing with " + err.Error()) // the parameters are ours
		}
		return hash
	})
	return r
}

// Schema is the room's schema.
func Schema() []db.Migration {
	return []db.Migration{{Name: "auth", SQL: `CREATE TABLE auth_user (
	id {{id}},
	email TEXT NOT NULL,
	email_key TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	organisation BIGINT NOT NULL,
	language TEXT NOT NULL,
	password TEXT NOT NULL,
	factor TEXT NOT NULL,
	factor_next TEXT NOT NULL,
	factor_step BIGINT NOT NULL,
	recovery TEXT NOT NULL,
	disabled BIGINT NOT NULL,
	created BIGINT NOT NULL,
	seen BIGINT NOT NULL);
CREATE INDEX auth_user_organisation ON auth_user (organisation);
CREATE TABLE auth_link (
	hash TEXT PRIMARY KEY,
	user_id BIGINT NOT NULL,
	purpose TEXT NOT NULL,
	expires BIGINT NOT NULL,
	used BIGINT NOT NULL);
CREATE INDEX auth_link_user ON auth_link (user_id);
CREATE TABLE auth_session (
	id {{id}},
	hash TEXT NOT NULL UNIQUE,
	user_id BIGINT NOT NULL,
	address TEXT NOT NULL,
	agent TEXT NOT NULL,
	created BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	expires BIGINT NOT NULL);
CREATE INDEX auth_session_user ON auth_session (user_id);
CREATE INDEX auth_session_expires ON auth_session (expires);
CREATE TABLE auth_token (
	id {{id}},
	hash TEXT NOT NULL UNIQUE,
	user_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	revoked BIGINT NOT NULL,
	used BIGINT NOT NULL);
CREATE INDEX auth_token_user ON auth_token (user_id);
CREATE TABLE auth_try (
	account TEXT PRIMARY KEY,
	failures BIGINT NOT NULL,
	last BIGINT NOT NULL,
	until BIGINT NOT NULL);
CREATE INDEX auth_try_last ON auth_try (last);`}}
}

// Audits are the records whose changes the journal must know.
func (r *Room) Audits() []journal.Audit {
	return []journal.Audit{
		{Kind: "user", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
			return scan(tx, `SELECT `+userColumns+` FROM auth_user ORDER BY id`, func(p person) error {
				return yield(p.ID.String(), p.hash())
			})
		}},
		{Kind: "token", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
			return scan(tx, `SELECT `+tokenColumns+` FROM auth_token ORDER BY id`, func(k key) error {
				return yield(k.ID.String(), k.record())
			})
		}},
	}
}

func scan[T any](tx *db.Tx, query string, each func(T) error) error {
	var all []T
	if err := tx.Select(&all, query); err != nil {
		return err
	}
	for _, one := range all {
		if err := each(one); err != nil {
			return err
		}
	}
	return nil
}

// The ids of the room's nouns, as they stand in addresses and the journal.
type (
	UserID    int64 // U5
	TokenID   int64 // T3
	SessionID int64 // B9
)

// String is "U5".
func (id UserID) String() string { return "U" + strconv.FormatInt(int64(id), 10) }

// String is "T3".
func (id TokenID) String() string { return "T" + strconv.FormatInt(int64(id), 10) }

// String is "B9".
func (id SessionID) String() string { return "B" + strconv.FormatInt(int64(id), 10) }

// ParseUserID reads "U5". What is no id is NotFound, as an id that nobody has.
func ParseUserID(s string) (UserID, error) {
	n, err := parseID("U", s)
	return UserID(n), err
}

// ParseTokenID reads "T3".
func ParseTokenID(s string) (TokenID, error) {
	n, err := parseID("T", s)
	return TokenID(n), err
}

// ParseSessionID reads "B9".
func ParseSessionID(s string) (SessionID, error) {
	n, err := parseID("B", s)
	return SessionID(n), err
}

func parseID(letter, s string) (int64, error) {
	digits, ok := strings.CutPrefix(s, letter)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n <= 0 || digits != strconv.FormatInt(n, 10) {
		return 0, errs.New(errs.NotFound, "no such id %q", s)
	}
	return n, nil
}
