package collect

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake"
)

// NewSeal makes Deps.Seal and Deps.Open of the installation's secret: AES-256-GCM
// under a key of their own, with a random nonce.
func NewSeal(secret [32]byte) (seal, open func([]byte) ([]byte, error), err error) {
	key, err := hkdf.Key(sha256.New, secret[:], nil, "tocsin source secret 1", 32)
	if err != nil {
		return nil, nil, errs.New(errs.Internal, "derive a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, errs.New(errs.Internal, "derive a key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, nil, errs.New(errs.Internal, "derive a key: %w", err)
	}
	seal = func(plain []byte) ([]byte, error) { return aead.Seal(nil, nil, plain, nil), nil }
	open = func(sealed []byte) ([]byte, error) {
		plain, err := aead.Open(nil, nil, sealed, nil)
		if err != nil {
			return nil, errs.New(errs.Internal, "open a source's secret: it was sealed with another: %w", err)
		}
		return plain, nil
	}
	return seal, open, nil
}

// maxSecret bounds a secret in bytes.
const maxSecret = 4 << 10

type secretRow struct {
	Source int64  `db:"source"`
	Name   string `db:"name"`
	Origin string `db:"origin"`
	Sealed []byte `db:"sealed"`
}

// record is the secret as its journal entries leave it; the journal is read by
// many.
func (s secretRow) record() journal.Record {
	sum := sha256.Sum256(s.Sealed)
	return journal.Record{Kind: "source-secret", ID: s.Name, Hash: journal.Hash(struct {
		Source         int64
		Origin, Sealed string
	}{s.Source, s.Origin, hex.EncodeToString(sum[:])})}
}

// Audits compare the secrets with their last journal entries.
func (r *Room) Audits() []journal.Audit {
	return []journal.Audit{{Kind: "source-secret", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		var rows []secretRow
		if err := tx.Select(&rows, `SELECT source, name, origin, sealed FROM source_secret ORDER BY source`); err != nil {
			return err
		}
		for _, s := range rows {
			record := s.record()
			if err := yield(record.ID, record.Hash); err != nil {
				return err
			}
		}
		return nil
	}}}
}

// SetSecret sets what a source asks of its reader: an API key, a token, NAME:WORD
// for HTTP Basic, a mailbox's password. "" drops it. It is shown to the host of
// the source's present address only: who changes the address sets the secret
// again. Errors: Denied, NotFound, Invalid.
func (r *Room) SetSecret(ctx context.Context, who auth.Actor, name, secret string) error {
	if err := auth.May(who, auth.SourceEdit); err != nil {
		return err
	}
	s, err := r.Intake.Source(ctx, who, name)
	if err != nil {
		return err
	}
	wrong := func(field, reason string) error {
		return errs.At(errs.Invalid, []errs.Place{{Field: field, Reason: reason}}, "set the secret of %s: %s", name, reason)
	}
	secret = strings.TrimSpace(secret)
	switch {
	case len(secret) > maxSecret || strings.ContainsFunc(secret, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return wrong("secret", "want one line of at most 4096 bytes")
	case secret == "":
		return r.dropSecret(ctx, who, s)
	case r.Seal == nil:
		return wrong("secret", "this installation has no key to keep it under")
	}
	a, err := parseAddress(s.URL)
	if err != nil {
		return err
	}
	if a.origin == "" {
		return wrong("secret", "a folder asks for none")
	}
	row := secretRow{Source: s.ID, Name: s.Name, Origin: a.origin}
	if row.Sealed, err = r.Seal([]byte(secret)); err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO source_secret (source, name, origin, sealed, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (source) DO UPDATE SET origin = excluded.origin, sealed = excluded.sealed, set_by = excluded.set_by, set_at = excluded.set_at`,
			row.Source, row.Name, row.Origin, row.Sealed, who.Name(), db.Micros(r.Clock.Now()))
		if err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Organisation: s.Organisation, Subject: subject(s), Verb: VerbSecret,
			Body: map[string]any{"set": true, "for": row.Origin}, Records: []journal.Record{row.record()},
		})
		return err
	})
}

func (r *Room) dropSecret(ctx context.Context, who auth.Actor, s intake.Source) error {
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Changed(`DELETE FROM source_secret WHERE source = $1`, s.ID)
		if err != nil || n == 0 {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Organisation: s.Organisation, Subject: subject(s), Verb: VerbSecret,
			Body: map[string]any{"set": false}, Records: []journal.Record{{Kind: "source-secret", ID: s.Name}},
		})
		return err
	})
}

// HasSecret says whether a source has a secret for its present address.
func (r *Room) HasSecret(ctx context.Context, s intake.Source) (bool, error) {
	a, err := parseAddress(s.URL)
	if err != nil {
		return false, nil //nolint:nilerr // without an address there is nothing to have one for
	}
	row, err := r.sealed(ctx, s.ID)
	return len(row.Sealed) > 0 && row.Origin == a.origin, err
}

func (r *Room) sealed(ctx context.Context, source int64) (row secretRow, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		err := tx.Get(&row, `SELECT source, name, origin, sealed FROM source_secret WHERE source = $1`, source)
		if errs.Is(err, errs.NotFound) {
			return nil
		}
		return err
	})
	return row, err
}

// secret is what the source's host may be shown, "" when there is none.
func (r *Room) secret(ctx context.Context, s intake.Source, a address) (string, error) {
	row, err := r.sealed(ctx, s.ID)
	if err != nil || len(row.Sealed) == 0 {
		return "", err
	}
	if row.Origin != a.origin {
		return "", errs.New(errs.Denied, "the secret was set for %s, the address leads to %s: set it again", row.Origin, a.origin)
	}
	if r.Open == nil {
		return "", errs.New(errs.Internal, "the secret cannot be opened: the installation has no key")
	}
	plain, err := r.Open(row.Sealed)
	return string(plain), err
}

// authorization is the header that shows a secret: NAME:WORD is HTTP Basic,
// anything else a bearer's token, unless it names its scheme.
func authorization(secret string) http.Header {
	switch {
	case secret == "":
		return nil
	case strings.HasPrefix(secret, "Basic "), strings.HasPrefix(secret, "Bearer "):
		return http.Header{"Authorization": {secret}}
	case strings.Contains(secret, ":"):
		return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(secret))}}
	}
	return http.Header{"Authorization": {"Bearer " + secret}}
}
