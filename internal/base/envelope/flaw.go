package envelope

import (
	"time"

	"tocsin/internal/base/errs"
)

// A Flaw is what is wrong with a text that should be a key; faces word it.
type Flaw string

// The flaws.
const (
	FlawUnread    Flaw = "unread"    // not such a key at all
	FlawPrivate   Flaw = "private"   // there is a private key in it
	FlawWeak      Flaw = "weak"      // it can be broken
	FlawSigning   Flaw = "signing"   // it does not encrypt
	FlawAuthority Flaw = "authority" // it is an authority's certificate
	FlawCurve     Flaw = "curve"     // a certificate without an RSA key
	FlawPurpose   Flaw = "purpose"   // a certificate that is not for mail
	FlawExpired   Flaw = "expired"
	FlawRevoked   Flaw = "revoked"
	FlawUnusable  Flaw = "unusable" // not valid yet
)

// Flaws are all flaws.
func Flaws() []Flaw {
	return []Flaw{
		FlawUnread, FlawPrivate, FlawWeak, FlawSigning, FlawAuthority, FlawCurve, FlawPurpose, FlawExpired, FlawRevoked, FlawUnusable,
	}
}

// A Refusal is the error of a text that is no key to encrypt mail with.
type Refusal struct {
	Flaw  Flaw
	cause error
}

func (r *Refusal) Error() string { return r.cause.Error() }

func (r *Refusal) Unwrap() error { return r.cause }

func refuse(flaw Flaw, format string, a ...any) error {
	return &Refusal{Flaw: flaw, cause: errs.New(errs.Invalid, format, a...)}
}

// ParseFor reads a key as Parse does and refuses one that may not be used at an
// instant: who hands in a key today wants mail tomorrow.
func ParseFor(kind Kind, text string, at time.Time) (*Recipient, error) {
	r, err := Parse(kind, text)
	if err != nil {
		return nil, err
	}
	switch r.At(at) {
	case Sound:
		return r, nil
	case Expired:
		return nil, refuse(FlawExpired, "the key %s expired on %s", r.Fingerprint, r.Ends.Format("2006-01-02"))
	case Revoked:
		return nil, refuse(FlawRevoked, "the key %s is revoked", r.Fingerprint)
	case Unusable:
	}
	return nil, refuse(FlawUnusable, "the key %s cannot be used to encrypt at present", r.Fingerprint)
}
