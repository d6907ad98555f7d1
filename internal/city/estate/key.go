package estate

import (
	"errors"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/envelope"
	"tocsin/internal/base/errs"
)

// A ContactKey is what a contact's key says of itself.
type ContactKey struct {
	Kind        envelope.Kind    `json:"kind"`
	Fingerprint string           `json:"fingerprint,omitempty"`
	Addresses   []string         `json:"addresses,omitempty"`
	EndsAt      *time.Time       `json:"ends_at"` // null is never
	Trouble     envelope.Trouble `json:"trouble"` // "" for none; with one the contact gets notices without content
	// Stranger says that the key names other addresses than the contact's, or none:
	// it may be right, and may be somebody else's.
	Stranger bool `json:"stranger,omitempty"`
}

// keys reads the contact's keys as they are at an instant.
func (c Contact) keys(now time.Time) []ContactKey {
	var all []ContactKey
	for _, k := range c.given() {
		key := ContactKey{Kind: k.Kind, Trouble: envelope.Unusable}
		if r, err := envelope.Parse(k.Kind, k.Text); err == nil {
			key.Fingerprint, key.Addresses, key.Trouble, key.Stranger = r.Fingerprint, r.Addresses, r.At(now), !r.Names(c.Email)
			if !r.Ends.IsZero() {
				key.EndsAt = &r.Ends
			}
		}
		all = append(all, key)
	}
	return all
}

// A GivenKey is a key as it was handed in.
type GivenKey struct {
	Kind envelope.Kind
	Text string
}

func (c Contact) given() (keys []GivenKey) {
	if c.PGP != "" {
		keys = append(keys, GivenKey{envelope.PGP, c.PGP})
	}
	if c.SMIME != "" {
		keys = append(keys, GivenKey{envelope.SMIME, c.SMIME})
	}
	return keys
}

// KeysOf are the keys that contacts with a mail address gave, whatever its case;
// none is no error.
func (r *Room) KeysOf(tx *db.Tx, email string) (keys []GivenKey, err error) {
	var found []Contact
	err = tx.Select(&found, `SELECT pgp, smime FROM contact WHERE LOWER(email) = $1 AND (pgp <> '' OR smime <> '') ORDER BY id`, strings.ToLower(email))
	for _, c := range found {
		keys = append(keys, c.given()...)
	}
	return keys, err
}

// takeKeys puts keys into a contact. One that stays as it is stays, whatever
// became of it: who mends a telephone number need not have a new key at hand.
func (r *Room) takeKeys(row *contactRow, pgp, smime string) error {
	for _, k := range []struct {
		kind  envelope.Kind
		field *string
		text  string
	}{{envelope.PGP, &row.PGP, pgp}, {envelope.SMIME, &row.SMIME, smime}} {
		if k.text == *k.field {
			continue
		}
		if *k.field = k.text; k.text == "" {
			continue
		}
		if _, err := envelope.ParseFor(k.kind, k.text, r.clock.Now()); err != nil {
			var why *envelope.Refusal
			if !errors.As(err, &why) {
				return err
			}
			return errs.At(errs.Invalid, []errs.Place{{Field: string(k.kind), Reason: err.Error()}}, "contact: %w", why)
		}
	}
	return nil
}
