package csaf

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/ProtonMail/gopenpgp/v3/crypto"

	"tocsin/internal/base/errs"
)

// VerifyHash holds a document against the file beside it, FILE.sha256 or
// FILE.sha512: a hash and the document's name (CSAF 2.0 §7.1.18). A hash of
// another document is errs.Conflict, a file that is none is errs.Invalid.
func VerifyHash(doc, hashFile []byte) error {
	want, _, err := hashLine(strings.TrimSpace(string(hashFile)))
	if err != nil {
		return errs.New(errs.Invalid, "verify hash: %w", err)
	}
	var got []byte
	if len(want) == sha256.Size {
		sum := sha256.Sum256(doc)
		got = sum[:]
	} else {
		sum := sha512.Sum512(doc)
		got = sum[:]
	}
	if subtle.ConstantTimeCompare(got, want) != 1 {
		return errs.New(errs.Conflict, "verify hash: the document has the hash %x, the file says %x", got, want)
	}
	return nil
}

// errNoHash says that a line is none of a hash file.
var errNoHash = errors.New("the text is not a SHA-256 or SHA-512 hash and a file name")

// hashLine reads the line of a hash file; the name may be missing.
func hashLine(s string) (sum []byte, name string, err error) {
	digits, name, _ := strings.Cut(s, " ")
	name = strings.TrimPrefix(strings.TrimSpace(name), "*")
	sum, err = hex.DecodeString(digits)
	if err != nil || len(sum) != sha256.Size && len(sum) != sha512.Size || strings.ContainsAny(name, "\n ") || name == "" && strings.Contains(s, " ") {
		return nil, "", errNoHash
	}
	return sum, name, nil
}

// A Keyring holds the public keys of those whose signatures count.
type Keyring struct{ ring *crypto.KeyRing }

// NewKeyring reads OpenPGP public keys, as text or binary. One that cannot be read
// is errs.Invalid.
func NewKeyring(keys ...[]byte) (*Keyring, error) {
	ring, err := crypto.NewKeyRing(nil)
	if err != nil {
		return nil, errs.New(errs.Internal, "read keys: %w", err)
	}
	for _, text := range keys {
		var key *crypto.Key
		if strings.HasPrefix(strings.TrimSpace(string(text)), "-----BEGIN") {
			key, err = crypto.NewKeyFromArmored(string(text))
		} else {
			key, err = crypto.NewKey(text)
		}
		if err == nil && key.IsPrivate() {
			key, err = key.ToPublic()
		}
		if err == nil {
			err = ring.AddKey(key)
		}
		if err != nil {
			return nil, errs.New(errs.Invalid, "read key: %w", err)
		}
	}
	return &Keyring{ring}, nil
}

// Fingerprints are those of the keys, in hexadecimal.
func (k *Keyring) Fingerprints() []string {
	var out []string
	for _, key := range k.ring.GetKeys() {
		out = append(out, key.GetFingerprint())
	}
	return out
}

// VerifySignature holds a document against its detached OpenPGP signature,
// FILE.asc (CSAF 2.0 §7.1.19). A signature that none of the keys made, or that
// they made for other bytes, is errs.Conflict; one that cannot be read is
// errs.Invalid. Keys that have expired since do not break a signature made before.
func VerifySignature(doc, asc []byte, keys *Keyring) error {
	verifier, err := crypto.PGP().Verify().VerificationKeys(keys.ring).DisableVerifyTimeCheck().New()
	if err != nil {
		return errs.New(errs.Internal, "verify signature: %w", err)
	}
	result, err := verifier.VerifyDetached(doc, asc, crypto.Auto)
	if err != nil {
		return errs.New(errs.Invalid, "verify signature: %w", err)
	}
	if err := result.SignatureError(); err != nil {
		return errs.New(errs.Conflict, "verify signature: %w", err)
	}
	return nil
}
