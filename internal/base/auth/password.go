package auth

import (
	"context"
	_ "embed"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"tocsin/internal/base/errs"
)

// Hashing are the parameters of argon2id.
type Hashing struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultHashing is the second recommended option of RFC 9106 §4, for machines
// that do other work too: 64 MiB, 3 passes, 4 lanes. It is above every choice of
// OWASP's Password Storage Cheat Sheet. One hash takes about 0.1 s.
func DefaultHashing() Hashing { return Hashing{Memory: 64 * 1024, Passes: 3, Threads: 4} }

func (h Hashing) params() *argon2id.Params {
	return &argon2id.Params{Memory: h.Memory, Iterations: h.Passes, Parallelism: h.Threads, SaltLength: 16, KeyLength: 32}
}

func (h Hashing) hash(password string) (string, error) {
	return argon2id.CreateHash(norm.NFC.String(password), h.params())
}

// hash hashes a new password, waiting for a place: without places, a few dozen
// callers at once would take the machine's memory.
func (r *Room) hash(ctx context.Context, password string) (hash string, err error) {
	err = r.place(ctx, func() error {
		hash, err = r.Hashing.hash(password)
		return err
	})
	return hash, err
}

// matches compares a password with a hash, "" being that of an account which
// has none or is not there: it takes the same time and never matches.
func (r *Room) matches(ctx context.Context, password, hash string) (ok bool, err error) {
	real := hash != ""
	if !real {
		hash = r.dummy()
	}
	err = r.place(ctx, func() error {
		ok, err = argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
		return err
	})
	return ok && real, err
}

func (r *Room) place(ctx context.Context, work func() error) error {
	select {
	case r.hashing <- struct{}{}:
		defer func() { <-r.hashing }()
	case <-ctx.Done():
		return errs.New(errs.Unavailable, "wait for a place to hash a password: %w", ctx.Err())
	}
	if err := work(); err != nil {
		return errs.New(errs.Internal, "hash a password: %w", err)
	}
	return nil
}

// stale says that a hash was made with other parameters than today's.
func (r *Room) stale(hash string) bool {
	p, _, _, err := argon2id.DecodeHash(hash)
	return err != nil || Hashing{Memory: p.Memory, Passes: p.Iterations, Threads: p.Parallelism} != r.Hashing
}

//go:embed common.txt
var common string

// The lengths of a password: characters after composition at least, bytes at
// most. NIST SP 800-63B-4 §3.1.1 asks for 15, or 8 beside a second factor;
// twelve stands between, because the factor is offered and not forced. There are
// no rules of composition, as the same section wants it.
const (
	shortest = 12
	longest  = 256
)

// PasswordFault is why a password is refused, as a key of the catalogue
// ("auth.password.short"), "" when it will do. About are the person's own words,
// e-mail address and name, which it must not hold.
func PasswordFault(password string, about ...string) string {
	password = norm.NFC.String(password)
	folded := strings.ToLower(password)
	switch {
	case utf8.RuneCountInString(password) < shortest:
		return "auth.password.short"
	case len(password) > longest || !utf8.ValidString(password):
		return "auth.password.long"
	case plain(folded):
		return "auth.password.plain"
	}
	bare := strings.Join(strings.Fields(folded), "")
	for line := range strings.Lines(common) {
		if bare == strings.TrimSpace(line) {
			return "auth.password.common"
		}
	}
	for _, word := range about {
		word = strings.ToLower(norm.NFC.String(word))
		local, _, _ := strings.Cut(word, "@")
		for _, part := range []string{word, local, strings.Join(strings.Fields(word), "")} {
			if utf8.RuneCountInString(part) >= 5 && strings.Contains(bare, part) {
				return "auth.password.personal"
			}
		}
	}
	return ""
}

// plain says that a password is a run: few different characters, or each the
// neighbour of the one before ("abcdefghijkl", "987654321098").
func plain(s string) bool {
	// A step of 9 is from 9 round to 0.
	different := map[rune]bool{}
	steps, length := 0, 0
	last := rune(-1)
	for _, c := range s {
		different[c] = true
		if d := c - last; last >= 0 && (d == 1 || d == -1 || d == 9 || d == -9) {
			steps++
		}
		last = c
		length++
	}
	return len(different) < 5 || steps >= length-2
}

func refuse(fault string) error {
	reason := map[string]string{
		"auth.password.short":    "has fewer than 12 characters",
		"auth.password.long":     "has more than 256 bytes, or is not UTF-8",
		"auth.password.common":   "is a common one",
		"auth.password.personal": "holds the person's own name or address",
		"auth.password.plain":    "has too few different characters",
	}[fault]
	return errs.At(errs.Invalid, []errs.Place{{Field: "password", Reason: reason}}, "password: it %s", reason)
}
