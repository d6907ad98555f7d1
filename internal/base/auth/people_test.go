package auth_test

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/text/unicode/norm"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

const password = "bảy con mèo đen"

// A house is a room with a first admin, some mail and a tree of three
// organisations: 1 has 2 and 3 below it.
type house struct {
	*auth.Room
	t     *testing.T
	db    *db.DB
	clock *clock.Standing
	admin auth.Actor
	first auth.First
	mail  []map[string]string
	below map[int64][]int64
}

func build(t *testing.T, d *db.DB) *house {
	t.Helper()
	h := &house{
		t: t, db: d, clock: clock.NewStanding(time.Date(2026, 11, 3, 2, 0, 0, 0, time.UTC)),
		below: map[int64][]int64{1: {1, 2, 3}, 2: {2}, 3: {3}},
	}
	h.Room = auth.New(auth.Deps{
		DB: d, Journal: journal.New(h.clock), Clock: h.clock,
		Hashing: auth.Hashing{Memory: 8, Passes: 1, Threads: 1}, // cheap: there is nothing to guess
		Secret:  [32]byte{1, 2, 3},
		Scoper: func(_ *db.Tx, organisation int64) ([]int64, error) {
			ids, ok := h.below[organisation]
			if !ok {
				return nil, errs.New(errs.NotFound, "no such organisation")
			}
			return ids, nil
		},
		Mailer: func(_ context.Context, _ *db.Tx, to, template string, args map[string]string) error {
			args["to"], args["template"] = to, template
			h.mail = append(h.mail, args)
			return nil
		},
	})
	made, err := h.FirstAdmin(t.Context(), "admin@city.example", func(f auth.First) error {
		h.first = f
		return nil
	})
	if err != nil || !made {
		t.Fatalf("the first admin: %v, %v", made, err)
	}
	if h.admin, err = h.ByToken(t.Context(), h.first.Token); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.verify)
	return h
}

// verify holds every suite to the journal: what it did must be told there.
func (h *house) verify() {
	private, public, err := journal.NewKey("tocsin")
	if err != nil {
		h.t.Fatal(err)
	}
	seal, err := journal.NewSeal(private, public)
	if err != nil {
		h.t.Fatal(err)
	}
	v, err := journal.Verify(context.Background(), h.db, seal, h.Audits(), "")
	if err != nil || !v.OK {
		h.t.Errorf("verify: %+v: %v", v, err)
	}
	err = h.db.Read(context.Background(), func(tx *db.Tx) error {
		var texts []string
		if err := tx.Select(&texts, `SELECT body FROM journal_body`); err != nil {
			return err
		}
		all := strings.Join(texts, "\n")
		secrets := []string{password, "argon2", "toc_", h.first.Invitation.Secret}
		for _, m := range h.mail {
			secrets = append(secrets, m["secret"])
		}
		for _, s := range secrets {
			if strings.Contains(all, s) {
				h.t.Errorf("the journal holds the secret %q", s)
			}
		}
		return nil
	})
	if err != nil {
		h.t.Error(err)
	}
}

func (h *house) add(email string, role auth.Role, organisation int64) auth.User {
	h.t.Helper()
	inv, err := h.Invite(h.t.Context(), h.admin, auth.NewUser{Email: email, Role: role, Organisation: organisation, Password: password})
	if err != nil {
		h.t.Fatal(err)
	}
	return inv.User
}

func (h *house) attempt(email, word, code string) (auth.Opened, error) {
	return h.SignIn(h.t.Context(), auth.Attempt{
		Email: email, Password: word, Code: code, Address: netip.MustParseAddr("203.0.113.7"), Agent: "Firefox\x00é",
	})
}

func (h *house) enter(email string) (auth.Actor, auth.Opened) {
	h.t.Helper()
	o, err := h.attempt(email, password, "")
	if err != nil {
		h.t.Fatal(err)
	}
	return h.actor(o), o
}

func (h *house) actor(o auth.Opened) auth.Actor {
	h.t.Helper()
	a, err := h.BySession(h.t.Context(), o.Secret)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) verbs(of auth.UserID) (verbs []string) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *db.Tx) error {
		return tx.Select(&verbs, `SELECT verb FROM journal WHERE subject = $1 ORDER BY seq`, "user:"+of.String())
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return verbs
}

func want(t *testing.T, err error, code errs.Code, what string) {
	t.Helper()
	if !errs.Is(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// each runs a test on both engines, in a house of its own.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, build(t, d)) }, append(journal.Schema(), auth.Schema()...)...)
}

// lite runs a test on SQLite alone: what it holds is no matter of SQL.
func lite(t *testing.T) *house {
	t.Helper()
	return build(t, dbtest.SQLite(t, append(journal.Schema(), auth.Schema()...)...))
}

func TestTheFirstAdminIsMadeOnceAndGetsIn(t *testing.T) {
	h := lite(t)
	if h.admin.Role != auth.Admin || !h.admin.Scope.IsAll() || h.admin.Via != auth.ViaToken || h.admin.Name() != "admin@city.example" {
		t.Fatalf("%+v", h.admin)
	}
	made, err := h.FirstAdmin(t.Context(), "other@city.example", func(auth.First) error {
		t.Error("secrets of a second first admin")
		return nil
	})
	if made || err != nil {
		t.Fatalf("again: %v, %v", made, err)
	}
	if _, err := h.UseLink(t.Context(), h.first.Invitation.Secret, password); err != nil {
		t.Fatal(err)
	}
	if a, _ := h.enter("ADMIN@city.example "); a.ID != h.admin.ID {
		t.Fatalf("%+v", a)
	}
}

func TestSecretsThatCannotBeKeptMakeNoAdmin(t *testing.T) {
	d := dbtest.SQLite(t, append(journal.Schema(), auth.Schema()...)...)
	r := auth.New(auth.Deps{DB: d, Journal: journal.New(clock.Real{}), Clock: clock.Real{}})
	full := errors.New("disk full")
	if made, err := r.FirstAdmin(t.Context(), "a@city.example", func(auth.First) error { return full }); made || !errors.Is(err, full) {
		t.Fatalf("%v, %v", made, err)
	}
	if made, err := r.FirstAdmin(t.Context(), "a@city.example", func(auth.First) error { return nil }); !made || err != nil {
		t.Fatalf("the next start: %v, %v", made, err)
	}
}

func TestAnInvitedPersonSetsAPasswordOnceAndSignsIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		inv, err := h.Invite(t.Context(), h.admin, auth.NewUser{Email: "an@ward.example", Name: "Trần  Thị An", Role: auth.Officer, Organisation: 2})
		if err != nil {
			t.Fatal(err)
		}
		if !inv.User.Waiting || inv.User.Name != "Trần Thị An" || inv.User.Language != "vi" {
			t.Errorf("%+v", inv.User)
		}
		if len(h.mail) != 1 || h.mail[0]["secret"] != inv.Secret || h.mail[0]["to"] != "an@ward.example" || h.mail[0]["template"] != "invite" {
			t.Errorf("mail %v", h.mail)
		}
		_, err = h.attempt("an@ward.example", "", "")
		want(t, err, errs.Unknown, "an empty password against none")

		w, err := h.OpenLink(t.Context(), inv.Secret)
		if err != nil || w.User.Email != "an@ward.example" {
			t.Fatalf("%+v: %v", w, err)
		}
		_, err = h.UseLink(t.Context(), inv.Secret, "short")
		want(t, err, errs.Invalid, "a bad password")
		if _, err := h.UseLink(t.Context(), inv.Secret, password); err != nil {
			t.Fatal(err)
		}
		_, err = h.UseLink(t.Context(), inv.Secret, password+"!")
		want(t, err, errs.Gone, "a second use")
		_, err = h.OpenLink(t.Context(), "another")
		want(t, err, errs.NotFound, "a link that nobody made")

		a, _ := h.enter("an@ward.example")
		if a.Role != auth.Officer || a.Organisation != 2 || !a.Scope.Has(2) || a.Scope.Has(1) || a.Person != "Trần Thị An" {
			t.Errorf("%+v", a)
		}
		if got := h.verbs(inv.User.ID); !slices.Equal(got, []string{"user.invited", "user.password-set", "user.signed-in"}) {
			t.Errorf("journal: %v", got)
		}
	})
}

func TestALinkOfTwoHandsIsUsedByOne(t *testing.T) {
	h := lite(t)
	inv, err := h.Invite(t.Context(), h.admin, auth.NewUser{Email: "a@x.example", Role: auth.Analyst})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	fails := make([]error, 6)
	for i := range fails {
		all.Go(func() { _, fails[i] = h.UseLink(t.Context(), inv.Secret, password) })
	}
	all.Wait()
	used := 0
	for _, err := range fails {
		if err == nil {
			used++
		} else {
			want(t, err, errs.Gone, "a late hand")
		}
	}
	if used != 1 {
		t.Errorf("used %d times", used)
	}
}

func TestALinkEndsByTimeByANewerOneAndWithItsPerson(t *testing.T) {
	h := lite(t)
	invite := func(email string) auth.Invitation {
		inv, err := h.Invite(t.Context(), h.admin, auth.NewUser{Email: email, Role: auth.Analyst})
		if err != nil {
			t.Fatal(err)
		}
		return inv
	}
	old := invite("old@x.example")
	h.clock.Advance(7*24*time.Hour - time.Second)
	if _, err := h.OpenLink(t.Context(), old.Secret); err != nil {
		t.Error(err)
	}
	h.clock.Advance(time.Second)
	_, err := h.OpenLink(t.Context(), old.Secret)
	want(t, err, errs.Gone, "a week later")

	first := invite("two@x.example")
	second, err := h.InviteAgain(t.Context(), h.admin, first.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.OpenLink(t.Context(), first.Secret)
	want(t, err, errs.NotFound, "the replaced one")
	if _, err := h.OpenLink(t.Context(), second.Secret); err != nil {
		t.Error(err)
	}
	if _, err := h.Disable(t.Context(), h.admin, first.User.ID, "left"); err != nil {
		t.Fatal(err)
	}
	_, err = h.OpenLink(t.Context(), second.Secret)
	want(t, err, errs.NotFound, "of a disabled person")
	_, err = h.InviteAgain(t.Context(), h.admin, first.User.ID)
	want(t, err, errs.Conflict, "to a disabled person")
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	h := lite(t)
	h.add("wardadmin@x.example", auth.Admin, 1)
	a, _ := h.enter("wardadmin@x.example")
	for _, c := range []struct {
		role         auth.Role
		organisation int64
		want         errs.Code
	}{
		{auth.Admin, 0, errs.NotFound},
		{auth.Analyst, 0, errs.NotFound},
		{auth.Officer, 99, errs.NotFound},
		{auth.Officer, 0, errs.Invalid},
		{auth.Partner, 0, errs.Invalid},
		{"root", 2, errs.Invalid},
		{"", 2, errs.Invalid},
	} {
		_, err := h.Invite(t.Context(), a, auth.NewUser{Email: "n@x.example", Role: c.role, Organisation: c.organisation})
		want(t, err, c.want, string(c.role))
	}
	inv, err := h.Invite(t.Context(), a, auth.NewUser{Email: "n@x.example", Role: auth.Officer, Organisation: 3})
	if err != nil {
		t.Fatal(err)
	}
	all := int64(0)
	up := auth.Analyst
	_, err = h.Edit(t.Context(), a, inv.User.ID, auth.Edit{Role: &up, Organisation: &all})
	want(t, err, errs.NotFound, "raising somebody over oneself")
	own := auth.UserID(a.ID)
	_, err = h.Edit(t.Context(), a, own, auth.Edit{Organisation: &all})
	want(t, err, errs.NotFound, "raising oneself")
	_, _, err = h.CreateToken(t.Context(), a, auth.NewToken{User: auth.UserID(h.admin.ID)})
	want(t, err, errs.NotFound, "a token of the admin above")

	h.add("officer@x.example", auth.Officer, 1)
	o, _ := h.enter("officer@x.example")
	_, err = h.Invite(t.Context(), o, auth.NewUser{Email: "m@x.example", Role: auth.Officer, Organisation: 1})
	want(t, err, errs.Denied, "an officer inviting")
	_, _, err = h.CreateToken(t.Context(), o, auth.NewToken{User: own})
	want(t, err, errs.Denied, "an officer's token for another")
	_, err = h.Invite(t.Context(), auth.Actor{}, auth.NewUser{Email: "m@x.example", Role: auth.Officer, Organisation: 1})
	want(t, err, errs.Unknown, "nobody inviting")
}

func TestAPersonIsListedIfAndOnlyIfItMayBeViewed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		users := []auth.User{
			h.add("o1@x.example", auth.Officer, 1), h.add("o2@x.example", auth.Officer, 2),
			h.add("o3@x.example", auth.Officer, 3), h.add("free@x.example", auth.Analyst, 0),
		}
		readers := []auth.Actor{h.admin}
		for i, organisation := range []int64{0, 1, 2, 3} {
			email := string(rune('p'+i)) + "@x.example"
			users = append(users, h.add(email, auth.Auditor, organisation))
			a, _ := h.enter(email)
			readers = append(readers, a)
		}
		for _, a := range readers {
			list, err := h.Users(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range users {
				listed := slices.ContainsFunc(list, func(l auth.User) bool { return l.ID == u.ID })
				_, err := h.User(t.Context(), a, u.ID)
				_, byEmail := h.UserByEmail(t.Context(), a, u.Email)
				_, tokens := h.Tokens(t.Context(), a, u.ID)
				_, sessions := h.Sessions(t.Context(), a, u.ID)
				for _, err := range []error{err, byEmail, tokens, sessions} {
					if (err == nil) != listed {
						t.Errorf("%s sees %s in lists: %v, itself: %v", a.Email, u.Email, listed, err)
					}
					if err != nil {
						want(t, err, errs.NotFound, "what the scope hides")
					}
				}
			}
		}
		o, _ := h.enter("o2@x.example")
		if u, err := h.User(t.Context(), o, auth.UserID(o.ID)); err != nil || u.Email != "o2@x.example" {
			t.Errorf("an officer's own account: %+v, %v", u, err)
		}
		_, err := h.Users(t.Context(), o)
		want(t, err, errs.Denied, "an officer's list of people")
	})
}

func TestOneAddressHasOneAccount(t *testing.T) {
	h := lite(t)
	h.add("An@Ward.example", auth.Analyst, 0)
	_, err := h.Invite(t.Context(), h.admin, auth.NewUser{Email: "an@ward.example", Role: auth.Analyst})
	want(t, err, errs.Conflict, "the same address in other letters")
	for _, email := range []string{
		"", "x", "a@", "@b", "a b@c.example", "An <an@c.example>", "a@c.example\r\nBcc: all@c.example",
		"a@c.example,b@c.example", strings.Repeat("a", 250) + "@c.example", "\"a b\"@c.example",
	} {
		_, err := h.Invite(t.Context(), h.admin, auth.NewUser{Email: email, Role: auth.Analyst})
		want(t, err, errs.Invalid, email)
	}
}

func TestEveryWrongWayInGetsTheSameAnswer(t *testing.T) {
	h := lite(t)
	h.add("here@x.example", auth.Analyst, 0)
	gone := h.add("gone@x.example", auth.Analyst, 0)
	if _, err := h.Disable(t.Context(), h.admin, gone.ID, "left"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Invite(t.Context(), h.admin, auth.NewUser{Email: "new@x.example", Role: auth.Analyst}); err != nil {
		t.Fatal(err)
	}
	for email, word := range map[string]string{
		"here@x.example": "wrong wrong wrong", "nobody@x.example": password, "gone@x.example": password, "new@x.example": password,
	} {
		_, err := h.attempt(email, word, "")
		if !errors.Is(err, auth.ErrWrong) {
			t.Errorf("%s: %v", email, err)
		}
	}
}

func TestAnAccountLocksLongerWithEachFailureWhetherItIsThereOrNot(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add("here@x.example", auth.Analyst, 0)
		for _, email := range []string{"here@x.example", "nobody@x.example"} {
			for range 5 {
				if _, err := h.attempt(email, "wrong wrong wrong", ""); !errors.Is(err, auth.ErrWrong) {
					t.Fatalf("%s: %v", email, err)
				}
			}
			for wait := 2 * time.Second; wait <= 8*time.Second; wait *= 2 {
				if _, err := h.attempt(email, "wrong wrong wrong", ""); !errors.Is(err, auth.ErrWrong) {
					t.Fatalf("%s after the wait: %v", email, err)
				}
				h.clock.Advance(wait - time.Second)
				_, err := h.attempt(email, password, "")
				want(t, err, errs.TooMany, email+" while locked, with the right password")
				h.clock.Advance(time.Second)
			}
		}
		if _, err := h.attempt("here@x.example", password, ""); err != nil {
			t.Fatalf("after the wait: %v", err)
		}
		for range 5 { // the success has forgiven the rest
			if _, err := h.attempt("here@x.example", "wrong wrong wrong", ""); !errors.Is(err, auth.ErrWrong) {
				t.Fatal(err)
			}
		}
		u, err := h.UserByEmail(t.Context(), h.admin, "here@x.example")
		if err != nil || !slices.Contains(h.verbs(u.ID), "user.locked") {
			t.Errorf("the journal does not tell of the lock: %v", err)
		}
	})
}

func TestGuessesMadeAtOnceDoNotPassTheLock(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add("here@x.example", auth.Analyst, 0)
		var (
			all    sync.WaitGroup
			mu     sync.Mutex
			looked int
		)
		for range 40 {
			all.Go(func() {
				if _, err := h.attempt("here@x.example", "wrong wrong wrong", ""); errors.Is(err, auth.ErrWrong) {
					mu.Lock()
					looked++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if looked != 6 { // five free ones and the one that locks
			t.Errorf("%d of 40 guesses at once were looked at", looked)
		}
	})
}

func TestAnAddressThatTriesManyAccountsMustWait(t *testing.T) {
	h := lite(t)
	var err error
	n := 0
	for ; n < 200 && !errs.Is(err, errs.TooMany); n++ {
		_, err = h.attempt("u"+strings.Repeat("x", n)+"@x.example", "wrong wrong wrong", "")
	}
	if n != 61 {
		t.Errorf("refused at try %d: %v", n, err)
	}
	h.add("here@x.example", auth.Analyst, 0)
	if _, err := h.SignIn(t.Context(), auth.Attempt{Email: "here@x.example", Password: password, Address: netip.MustParseAddr("203.0.113.8")}); err != nil {
		t.Errorf("another address: %v", err)
	}
}

func TestASessionEndsByRestByAgeAndByItsPerson(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add("a@x.example", auth.Analyst, 0)
		_, rest := h.enter("a@x.example")
		h.clock.Advance(8*time.Hour - time.Second)
		h.actor(rest) // and is stirred
		h.clock.Advance(8*time.Hour - time.Second)
		a := h.actor(rest)
		h.clock.Advance(8 * time.Hour)
		_, err := h.BySession(t.Context(), rest.Secret)
		want(t, err, errs.Unknown, "eight hours of rest")

		_, old := h.enter("a@x.example")
		for range 23 {
			h.clock.Advance(7 * time.Hour)
			h.actor(old)
		}
		h.clock.Advance(7 * time.Hour)
		_, err = h.BySession(t.Context(), old.Secret)
		want(t, err, errs.Unknown, "seven days of use")

		one, first := h.enter("a@x.example")
		_, second := h.enter("a@x.example")
		list, err := h.Sessions(t.Context(), one, auth.UserID(a.ID))
		if err != nil || len(list) != 2 || list[0].Agent != "Firefox???" || list[0].Address != "203.0.113.7" {
			t.Fatalf("%+v: %v", list, err)
		}
		if err := h.EndSessions(t.Context(), one, auth.UserID(a.ID)); err != nil {
			t.Fatal(err)
		}
		h.actor(first)
		_, err = h.BySession(t.Context(), second.Secret)
		want(t, err, errs.Unknown, "ended from the other browser")
		if err := h.SignOut(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		_, err = h.BySession(t.Context(), first.Secret)
		want(t, err, errs.Unknown, "signed out")
	})
}

func TestAnotherOnesSessionsAndTokensAreNotEnded(t *testing.T) {
	h := lite(t)
	h.add("a@x.example", auth.Officer, 1)
	h.add("b@x.example", auth.Officer, 2)
	a, opened := h.enter("a@x.example")
	b, _ := h.enter("b@x.example")
	_, token, err := h.CreateToken(t.Context(), a, auth.NewToken{Name: "script"})
	if err != nil {
		t.Fatal(err)
	}
	want(t, h.EndSession(t.Context(), b, opened.Session.ID), errs.NotFound, "another's session")
	want(t, h.EndSessions(t.Context(), b, auth.UserID(a.ID)), errs.Denied, "another's sessions")
	want(t, h.RevokeToken(t.Context(), b, token.ID), errs.NotFound, "another's token")
	want(t, h.EndSession(t.Context(), auth.Actor{}, opened.Session.ID), errs.NotFound, "nobody")
	h.add("c@x.example", auth.Auditor, 0)
	c, _ := h.enter("c@x.example")
	want(t, h.EndSession(t.Context(), c, opened.Session.ID), errs.Denied, "an auditor, who sees it")
	want(t, h.RevokeToken(t.Context(), c, token.ID), errs.Denied, "an auditor, who sees it")
	if err := h.EndSession(t.Context(), h.admin, opened.Session.ID); err != nil {
		t.Error(err)
	}
	if err := h.RevokeToken(t.Context(), h.admin, token.ID); err != nil {
		t.Error(err)
	}
}

func TestANewPasswordThrowsOutWhoeverElseWasIn(t *testing.T) {
	h := lite(t)
	h.add("a@x.example", auth.Analyst, 0)
	a, mine := h.enter("a@x.example")
	_, thief := h.enter("a@x.example")
	_, err := h.ChangePassword(t.Context(), a, "wrong wrong wrong", "mười hai con voi")
	want(t, err, errs.Unknown, "without the old password")
	fresh, err := h.ChangePassword(t.Context(), a, password, "mười hai con voi")
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range []auth.Opened{mine, thief} {
		_, err := h.BySession(t.Context(), old.Secret)
		want(t, err, errs.Unknown, "a session from before")
	}
	if got := h.actor(fresh); got.ID != a.ID || got.Session() != a.Session() {
		t.Errorf("%+v", got)
	}
	_, err = h.attempt("a@x.example", password, "")
	want(t, err, errs.Unknown, "the old password")
	_, err = h.ChangePassword(t.Context(), h.admin, password, "mười hai con voi")
	want(t, err, errs.Denied, "by token")
}

func TestAPasswordIsTheSameHoweverItsMarksAreComposed(t *testing.T) {
	h := lite(t)
	h.add("a@x.example", auth.Analyst, 0)
	apart := norm.NFD.String(password) // as macOS types it
	if apart == password {
		t.Fatal("the password has no marks")
	}
	if _, err := h.attempt("a@x.example", apart, ""); err != nil {
		t.Error(err)
	}
}

func TestAResetGoesByMailAndTellsNobodyWhoHasAnAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.add("a@x.example", auth.Analyst, 0)
		_, opened := h.enter("a@x.example")
		from := netip.MustParseAddr("203.0.113.9")
		took := map[string]time.Duration{}
		for _, email := range []string{"A@x.example", "nobody@x.example"} {
			start := time.Now()
			if err := h.AskReset(t.Context(), email, from); err != nil {
				t.Fatal(err)
			}
			took[email] = time.Since(start)
			if took[email] < 250*time.Millisecond {
				t.Errorf("%s was answered after %v", email, took[email])
			}
		}
		if len(h.mail) != 1 || h.mail[0]["template"] != "reset" || h.mail[0]["to"] != "a@x.example" {
			t.Fatalf("mail: %v", h.mail)
		}
		h.clock.Advance(59 * time.Minute)
		if _, err := h.UseLink(t.Context(), h.mail[0]["secret"], "mười hai con voi"); err != nil {
			t.Fatal(err)
		}
		_, err := h.BySession(t.Context(), opened.Secret)
		want(t, err, errs.Unknown, "a session from before the reset")
		if _, err := h.attempt("a@x.example", "mười hai con voi", ""); err != nil {
			t.Error(err)
		}
		if !slices.Contains(h.verbs(u.ID), "user.reset-asked") {
			t.Errorf("journal: %v", h.verbs(u.ID))
		}
		for range 6 {
			if err := h.AskReset(t.Context(), "a@x.example", from); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(h.mail); n != 4 {
			t.Errorf("%d mails to one who is pestered", n)
		}
	})
}

func TestASecondFactorIsAskedForAndItsCodeIsGoodOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.add("a@x.example", auth.Analyst, 0)
		a, _ := h.enter("a@x.example")
		_, other := h.enter("a@x.example")
		_, err := h.Enrol(t.Context(), a, "wrong wrong wrong")
		want(t, err, errs.Unknown, "enrol without the password")
		e, err := h.Enrol(t.Context(), a, password)
		if err != nil || !strings.HasPrefix(e.URL, "otpauth://totp/Tocsin:a@x.example?") || len(e.PNG) < 500 {
			t.Fatalf("%s, %d bytes of picture: %v", e.URL, len(e.PNG), err)
		}
		if _, err := h.attempt("a@x.example", password, ""); err != nil {
			t.Errorf("before it is confirmed: %v", err)
		}
		code := func() string {
			c, err := totp.GenerateCode(e.Secret, h.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		_, err = h.Confirm(t.Context(), a, "000000")
		want(t, err, errs.Invalid, "a wrong code")
		c, err := h.Confirm(t.Context(), a, code())
		if err != nil || len(c.Codes) != 10 {
			t.Fatalf("%v: %v", c.Codes, err)
		}
		_, err = h.BySession(t.Context(), other.Secret)
		want(t, err, errs.Unknown, "a session without the factor")
		a = h.actor(c.Opened)

		if _, err := h.attempt("a@x.example", password, ""); !errors.Is(err, auth.ErrCode) {
			t.Errorf("without a code: %v", err)
		}
		if _, err := h.attempt("a@x.example", password, code()); !errors.Is(err, auth.ErrWrong) {
			t.Errorf("the code that confirmed, again: %v", err)
		}
		h.clock.Advance(30 * time.Second)
		if _, err := h.attempt("a@x.example", password, code()); err != nil {
			t.Errorf("the next code: %v", err)
		}
		if _, err := h.attempt("a@x.example", password, code()); !errors.Is(err, auth.ErrWrong) {
			t.Errorf("a code over the shoulder: %v", err)
		}
		h.clock.Advance(time.Minute)
		if _, err := h.attempt("a@x.example", "wrong wrong wrong", code()); !errors.Is(err, auth.ErrWrong) {
			t.Errorf("a code without the password: %v", err)
		}

		typed := strings.ToUpper(strings.ReplaceAll(c.Codes[3], "-", " "))
		if _, err := h.attempt("a@x.example", password, typed); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		if _, err := h.attempt("a@x.example", password, c.Codes[3]); !errors.Is(err, auth.ErrWrong) {
			t.Errorf("a recovery code again: %v", err)
		}
		if now, err := h.User(t.Context(), a, u.ID); err != nil || !now.Factor || now.Codes != 9 {
			t.Errorf("%+v: %v", now, err)
		}
		renewed, err := h.RenewCodes(t.Context(), a, password)
		if err != nil || len(renewed) != 10 {
			t.Fatal(err)
		}
		if _, err := h.attempt("a@x.example", password, c.Codes[4]); !errors.Is(err, auth.ErrWrong) {
			t.Errorf("a code from before the renewal: %v", err)
		}
		if _, err := h.EndFactor(t.Context(), a, password); err != nil {
			t.Fatal(err)
		}
		if _, err := h.attempt("a@x.example", password, ""); err != nil {
			t.Errorf("after it ended: %v", err)
		}
	})
}

func TestCodesCannotBeGuessedByOneWhoKnowsThePassword(t *testing.T) {
	h := lite(t)
	h.add("a@x.example", auth.Analyst, 0)
	a, _ := h.enter("a@x.example")
	e, err := h.Enrol(t.Context(), a, password)
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(e.Secret, h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Confirm(t.Context(), a, code); err != nil {
		t.Fatal(err)
	}
	looked := 0
	for range 40 {
		// The password alone, which is not counted, must not wipe the guess before it.
		_, _ = h.attempt("a@x.example", password, "")
		if _, err := h.attempt("a@x.example", password, "000000"); errors.Is(err, auth.ErrWrong) {
			looked++
		}
	}
	if looked > 6 {
		t.Errorf("%d of 40 guesses were looked at", looked)
	}
}

func TestAnAdminTakesALostFactorAway(t *testing.T) {
	h := lite(t)
	u := h.add("a@x.example", auth.Analyst, 0)
	a, _ := h.enter("a@x.example")
	e, err := h.Enrol(t.Context(), a, password)
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(e.Secret, h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Confirm(t.Context(), a, code)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.DropFactor(t.Context(), h.actor(c.Opened), u.ID)
	want(t, err, errs.Denied, "an analyst by himself")
	if _, err := h.DropFactor(t.Context(), h.admin, u.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.BySession(t.Context(), c.Opened.Secret)
	want(t, err, errs.Unknown, "a session from before")
	if _, err := h.attempt("a@x.example", password, ""); err != nil {
		t.Error(err)
	}
}

func TestATokenMayWhatItsPersonMayUntilItEnds(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.add("p@isp.example", auth.Partner, 2)
		text, _, err := h.CreateToken(t.Context(), h.admin, auth.NewToken{User: u.ID, Name: "n6", Expires: h.clock.Now().Add(24 * time.Hour)})
		if err != nil || !auth.WellFormed(text) {
			t.Fatalf("%s: %v", text, err)
		}
		a, err := h.ByToken(t.Context(), text)
		if err != nil || a.Role != auth.Partner || !a.Scope.Has(2) || a.Scope.Has(1) {
			t.Fatalf("%+v: %v", a, err)
		}
		h.clock.Advance(time.Hour)
		if _, err := h.ByToken(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		list, err := h.Tokens(t.Context(), a, u.ID)
		if err != nil || len(list) != 1 || list[0].Name != "n6" || !list[0].Used.Equal(h.clock.Now()) {
			t.Errorf("%+v: %v", list, err)
		}
		h.clock.Advance(23 * time.Hour)
		_, err = h.ByToken(t.Context(), text)
		want(t, err, errs.Unknown, "an expired token")

		text, token, err := h.CreateToken(t.Context(), a, auth.NewToken{Name: "its own"})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.RevokeToken(t.Context(), a, token.ID); err != nil {
			t.Fatal(err)
		}
		_, err = h.ByToken(t.Context(), text)
		want(t, err, errs.Unknown, "a revoked token")

		text, _, err = h.CreateToken(t.Context(), a, auth.NewToken{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Disable(t.Context(), h.admin, u.ID, "contract ended"); err != nil {
			t.Fatal(err)
		}
		_, err = h.ByToken(t.Context(), text)
		want(t, err, errs.Unknown, "the token of a disabled person")
		_, _, err = h.CreateToken(t.Context(), h.admin, auth.NewToken{User: u.ID})
		want(t, err, errs.Conflict, "a token for a disabled person")
		if _, err := h.Enable(t.Context(), h.admin, u.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.ByToken(t.Context(), text); err != nil {
			t.Errorf("enabled again: %v", err)
		}
		_, _, err = h.CreateToken(t.Context(), h.admin, auth.NewToken{User: u.ID, Expires: h.clock.Now()})
		want(t, err, errs.Invalid, "a token that is over before it begins")

		h.add("aud@x.example", auth.Auditor, 0)
		auditor, _ := h.enter("aud@x.example")
		_, _, err = h.CreateToken(t.Context(), auditor, auth.NewToken{})
		want(t, err, errs.Denied, "an auditor's own token")
	})
}

func TestANewRoleWorksAtOnceAndEndsSessions(t *testing.T) {
	h := lite(t)
	u := h.add("a@x.example", auth.Analyst, 0)
	text, _, err := h.CreateToken(t.Context(), h.admin, auth.NewToken{User: u.ID})
	if err != nil {
		t.Fatal(err)
	}
	a, opened := h.enter("a@x.example")
	name := "Lê Văn Bình"
	if _, err := h.Edit(t.Context(), a, u.ID, auth.Edit{Name: &name}); err != nil {
		t.Errorf("the own name: %v", err)
	}
	h.actor(opened)
	up := auth.Admin
	_, err = h.Edit(t.Context(), a, u.ID, auth.Edit{Role: &up})
	want(t, err, errs.Denied, "the own role")
	down, below := auth.Officer, int64(1)
	if _, err := h.Edit(t.Context(), h.admin, u.ID, auth.Edit{Role: &down, Organisation: &below}); err != nil {
		t.Fatal(err)
	}
	_, err = h.BySession(t.Context(), opened.Secret)
	want(t, err, errs.Unknown, "a session from before")
	now, err := h.ByToken(t.Context(), text)
	if err != nil || now.Role != auth.Officer || now.Scope.IsAll() || !now.Scope.Has(3) || now.Person != name {
		t.Errorf("%+v: %v", now, err)
	}
	none := int64(0)
	_, err = h.Edit(t.Context(), h.admin, u.ID, auth.Edit{Organisation: &none})
	want(t, err, errs.Invalid, "an officer of nothing")
}

func TestTheLastAdminStays(t *testing.T) {
	h := lite(t)
	own := auth.UserID(h.admin.ID)
	_, err := h.Disable(t.Context(), h.admin, own, "")
	want(t, err, errs.Conflict, "disabling the last admin")
	down := auth.Analyst
	_, err = h.Edit(t.Context(), h.admin, own, auth.Edit{Role: &down})
	want(t, err, errs.Conflict, "demoting the last admin")
	below := int64(1)
	_, err = h.Edit(t.Context(), h.admin, own, auth.Edit{Organisation: &below})
	want(t, err, errs.Conflict, "the last admin over everything")
	h.add("second@x.example", auth.Admin, 0)
	if _, err := h.Edit(t.Context(), h.admin, own, auth.Edit{Role: &down}); err != nil {
		t.Error(err)
	}
}

func TestAScopeFollowsTheTreeOnceItIsForgotten(t *testing.T) {
	h := lite(t)
	h.add("o@x.example", auth.Officer, 2)
	_, opened := h.enter("o@x.example")
	if h.actor(opened).Scope.Has(4) {
		t.Fatal("a ward that is not there")
	}
	h.below[2] = []int64{2, 4}
	if h.actor(opened).Scope.Has(4) {
		t.Error("the scope is read anew for every request")
	}
	h.Forget()
	if !h.actor(opened).Scope.Has(4) {
		t.Error("the scope does not follow the tree")
	}
	h.below[2] = []int64{2}
	h.clock.Advance(30 * time.Second)
	if h.actor(opened).Scope.Has(4) {
		t.Error("another node's change is never seen")
	}
	delete(h.below, 2)
	h.Forget()
	if !h.actor(opened).Scope.IsNobody() {
		t.Error("an organisation that is no more still shows something")
	}
}

func TestVerifyFindsAPasswordExchangedBySQL(t *testing.T) {
	d := dbtest.SQLite(t, append(journal.Schema(), auth.Schema()...)...)
	c := clock.NewStanding(time.Now())
	r := auth.New(auth.Deps{DB: d, Journal: journal.New(c), Clock: c})
	if _, err := r.FirstAdmin(t.Context(), "a@x.example", func(auth.First) error { return nil }); err != nil {
		t.Fatal(err)
	}
	private, public, err := journal.NewKey("tocsin")
	if err != nil {
		t.Fatal(err)
	}
	seal, err := journal.NewSeal(private, public)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{
		`UPDATE auth_user SET password = 'x'`,
		`UPDATE auth_user SET password = '', organisation = 7`,
		`UPDATE auth_token SET expires = 5`,
	} {
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(change)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		v, err := journal.Verify(t.Context(), d, seal, r.Audits(), "")
		if err != nil || v.OK || !strings.Contains(v.FirstBad, "changed behind") {
			t.Errorf("%s: %+v: %v", change, v, err)
		}
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE auth_user SET password = '', organisation = 0`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheDatabaseAloneOpensNothing(t *testing.T) {
	h := lite(t)
	h.add("a@x.example", auth.Analyst, 0)
	a, opened := h.enter("a@x.example")
	e, err := h.Enrol(t.Context(), a, password)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{password, opened.Secret, e.Secret, h.first.Token, h.first.Invitation.Secret}
	err = h.db.Read(t.Context(), func(tx *db.Tx) error {
		for _, table := range []string{"auth_user", "auth_session", "auth_link", "auth_token", "auth_try"} {
			rows, err := tx.Query(`SELECT * FROM ` + table)
			if err != nil {
				return err
			}
			for rows.Next() {
				cells, err := rows.SliceScan()
				if err != nil {
					return errors.Join(err, rows.Close())
				}
				for _, cell := range cells {
					text, _ := cell.(string)
					for _, s := range secrets {
						if strings.Contains(text, s) {
							t.Errorf("%s holds a secret", table)
						}
					}
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestASecretIsMadeOnceAndReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "secret")
	one, err := auth.LoadSecret(path)
	if err != nil || one == [32]byte{} {
		t.Fatal(err)
	}
	two, err := auth.LoadSecret(path)
	if err != nil || one != two {
		t.Fatalf("read again: %v", err)
	}
}
