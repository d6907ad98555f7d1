package auth_test

import (
	"net/netip"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/journal"
)

// What the gate costs a request, and what a sign-in costs a guesser.
func BenchmarkWho(b *testing.B) {
	d := dbtest.SQLite(b, append(journal.Schema(), auth.Schema()...)...)
	c := clock.NewStanding(time.Date(2026, 11, 3, 2, 0, 0, 0, time.UTC))
	r := auth.New(auth.Deps{DB: d, Journal: journal.New(c), Clock: c})
	var first auth.First
	if _, err := r.FirstAdmin(b.Context(), "a@x.example", func(f auth.First) error { first = f; return nil }); err != nil {
		b.Fatal(err)
	}
	if _, err := r.UseLink(b.Context(), first.Invitation.Secret, password); err != nil {
		b.Fatal(err)
	}
	enter := func() auth.Opened {
		o, err := r.SignIn(b.Context(), auth.Attempt{Email: "a@x.example", Password: password, Address: netip.IPv6Loopback()})
		if err != nil {
			b.Fatal(err)
		}
		return o
	}
	opened := enter()
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.BySession(b.Context(), opened.Secret); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("token", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.ByToken(b.Context(), first.Token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sign-in", func(b *testing.B) {
		for b.Loop() {
			enter()
		}
	})
	b.Run("may", func(b *testing.B) {
		a := auth.Actor{ID: 1, Email: "a@x.example", Role: auth.Officer, Via: auth.ViaToken}
		for b.Loop() {
			if err := auth.May(a, auth.EstatePropose); err != nil {
				b.Fatal(err)
			}
		}
	})
}
