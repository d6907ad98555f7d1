package envelope

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"

	pgp "github.com/ProtonMail/gopenpgp/v3/crypto"

	"tocsin/internal/base/errs"
)

// A Recipient is a public key that mail to somebody is encrypted with.
type Recipient struct {
	Kind        Kind
	Fingerprint string    // in hexadecimal: of the OpenPGP key, or SHA-256 of the certificate
	Addresses   []string  // the mail addresses that the key names, in lower case
	Ends        time.Time // when it expires; zero is never

	key         *pgp.Key
	certificate *x509.Certificate
}

// Parse reads a key of a kind: an armoured OpenPGP public key, or a certificate
// as PEM. What is no such thing, is private or too weak is Invalid; a key that
// has expired or is revoked is read, and At says so.
func Parse(kind Kind, text string) (*Recipient, error) {
	switch kind {
	case PGP:
		return parsePGP(text)
	case SMIME:
		return parseSMIME(text)
	}
	return nil, refuse(FlawUnread, "key of kind %q: want pgp or smime", kind)
}

// At says whether the key may be used at an instant.
func (r *Recipient) At(t time.Time) Trouble {
	if r.Kind == PGP {
		return troubleOfPGP(r.key, t)
	}
	switch {
	case t.Before(r.certificate.NotBefore):
		return Unusable
	case t.After(r.certificate.NotAfter):
		return Expired
	}
	return Sound
}

// Names says whether the key names a mail address. One that names none may be
// anybody's.
func (r *Recipient) Names(email string) bool {
	return slices.Contains(r.Addresses, strings.ToLower(strings.TrimSpace(email)))
}

// Encrypt seals a MIME entity: what it returns is a MIME entity too, and only the
// holder of the private key reads what was in it. A signer, which may be nil,
// signs it inside, where only the recipient sees by whom. Errors are Invalid when
// the key may not be used at the instant.
func (r *Recipient) Encrypt(entity []byte, at time.Time, by *Signer) ([]byte, error) {
	if trouble := r.At(at); trouble != Sound {
		return nil, errs.New(errs.Invalid, "encrypt to the key %s: it is %s", r.Fingerprint, trouble)
	}
	var within *pgp.Key // signs in the same OpenPGP message (RFC 3156, 6.2)
	switch {
	case by == nil:
	case by.Kind == PGP && r.Kind == PGP:
		within = by.key
	default:
		signed, err := by.Sign(entity, at)
		if err != nil {
			return nil, err
		}
		entity = signed
	}
	if r.Kind == PGP {
		return sealPGP(entity, r.key, within, at)
	}
	return sealSMIME(entity, r.certificate)
}
