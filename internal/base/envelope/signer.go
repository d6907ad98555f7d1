package envelope

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"time"

	pgp "github.com/ProtonMail/gopenpgp/v3/crypto"

	"tocsin/internal/base/errs"
)

// A Signer is a private key that mail is signed with.
type Signer struct {
	Kind        Kind
	Fingerprint string
	Ends        time.Time // zero is never

	key         *pgp.Key
	private     crypto.PrivateKey
	certificate *x509.Certificate
	chain       []*x509.Certificate
}

// ParseSigner reads an armoured OpenPGP private key without a passphrase, or a
// PEM text with a certificate, those of the authorities above it, and its
// private key. Anything else is Invalid.
func ParseSigner(text []byte) (*Signer, error) {
	if strings.Contains(string(text), "BEGIN PGP PRIVATE KEY BLOCK") {
		return signerPGP(text)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, errs.New(errs.Invalid, "no armoured OpenPGP private key, and no PEM with a certificate and its key: %w", err)
	}
	s := &Signer{Kind: SMIME, private: pair.PrivateKey}
	for i, raw := range pair.Certificate {
		c, err := x509.ParseCertificate(raw)
		if err != nil {
			return nil, errs.New(errs.Invalid, "read certificate %d: %w", i+1, err)
		}
		if i > 0 {
			s.chain = append(s.chain, c)
			continue
		}
		sum := sha256.Sum256(raw)
		s.certificate, s.Ends, s.Fingerprint = c, c.NotAfter.UTC(), hex.EncodeToString(sum[:])
	}
	if !forMail(s.certificate) {
		return nil, errs.New(errs.Invalid, "the certificate is not for mail: its extended key usage lacks emailProtection")
	}
	return s, nil
}

func signerPGP(text []byte) (*Signer, error) {
	key, err := pgp.NewKeyFromArmored(string(text))
	if err != nil {
		return nil, errs.New(errs.Invalid, "no armoured OpenPGP private key: %w", err)
	}
	if locked, err := key.IsLocked(); err != nil || locked {
		return nil, errs.New(errs.Invalid, "the OpenPGP private key has a passphrase: want one without, in a file that nobody else reads")
	}
	s := &Signer{Kind: PGP, Fingerprint: key.GetFingerprint(), key: key}
	if sig, err := key.GetEntity().PrimarySelfSignature(time.Time{}, nil); err == nil && sig.KeyLifetimeSecs != nil && *sig.KeyLifetimeSecs > 0 {
		s.Ends = key.GetEntity().PrimaryKey.CreationTime.Add(time.Duration(*sig.KeyLifetimeSecs) * time.Second).UTC()
	}
	return s, nil
}

// At says whether mail may be signed at an instant.
func (s *Signer) At(t time.Time) Trouble {
	switch {
	case s.Kind == PGP && s.key.IsRevoked(t.Unix()):
		return Revoked
	case !s.Ends.IsZero() && t.After(s.Ends):
		return Expired
	case s.Kind == SMIME && t.Before(s.certificate.NotBefore), s.Kind == PGP && !s.key.CanVerify(t.Unix()):
		return Unusable
	}
	return Sound
}

// Sign makes a multipart/signed entity of an entity (RFC 1847), which everybody
// can read. Errors are Invalid when the key may not be used at the instant.
func (s *Signer) Sign(entity []byte, at time.Time) ([]byte, error) {
	if trouble := s.At(at); trouble != Sound {
		return nil, errs.New(errs.Invalid, "sign with the key %s: it is %s", s.Fingerprint, trouble)
	}
	if s.Kind == PGP {
		return signPGP(entity, s.key, at)
	}
	return signSMIME(entity, s)
}
