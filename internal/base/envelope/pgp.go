package envelope

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
	"github.com/ProtonMail/gopenpgp/v3/armor"
	pgp "github.com/ProtonMail/gopenpgp/v3/crypto"

	"tocsin/internal/base/errs"
)

// weakest is how many bits an RSA key has at least (NIST SP 800-131A).
const weakest = 2048

func parsePGP(text string) (*Recipient, error) {
	if strings.Contains(text, "BEGIN PGP PRIVATE KEY BLOCK") {
		return nil, refuse(FlawPrivate, "this is a private key, which nobody else may have: want the public key")
	}
	key, err := pgp.NewKeyFromArmored(strings.TrimSpace(text))
	if err != nil {
		return nil, refuse(FlawUnread, "no armoured OpenPGP public key: %w", err)
	}
	entity := key.GetEntity()
	if weak(entity.PrimaryKey) {
		return nil, refuse(FlawWeak, "the key is too weak: want RSA with %d bits, or an elliptic curve", weakest)
	}
	r := &Recipient{Kind: PGP, Fingerprint: key.GetFingerprint(), key: key}
	for _, identity := range entity.Identities {
		if identity.UserId != nil && identity.UserId.Email != "" {
			r.Addresses = append(r.Addresses, strings.ToLower(identity.UserId.Email))
		}
	}
	slices.Sort(r.Addresses)
	r.Addresses = slices.Compact(r.Addresses)
	r.Ends = endOfPGP(key)
	if !able(key) {
		return nil, refuse(FlawSigning, "the key is for signing only: it has no part that encrypts")
	}
	return r, nil
}

// weak says whether a key can be broken with the means of today.
func weak(key *packet.PublicKey) bool {
	bits, err := key.BitLength()
	return isLong(key.PubKeyAlgo) && (err != nil || bits < weakest)
}

// isLong says whether the strength of an algorithm is in its length.
func isLong(algorithm packet.PublicKeyAlgorithm) bool {
	return slices.Contains([]packet.PublicKeyAlgorithm{
		packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSAEncryptOnly, packet.PubKeyAlgoRSASignOnly, packet.PubKeyAlgoDSA, packet.PubKeyAlgoElGamal,
	}, algorithm)
}

// able says whether a part of the key encrypts, or did before it expired or was
// revoked.
func able(key *pgp.Key) bool {
	entity := key.GetEntity()
	encrypts := func(sig *packet.Signature, public *packet.PublicKey) bool {
		return public.PubKeyAlgo.CanEncrypt() && !weak(public) &&
			(!sig.FlagsValid || sig.FlagEncryptCommunications || sig.FlagEncryptStorage)
	}
	if sig, err := entity.PrimarySelfSignature(time.Time{}, nil); err == nil && sig.FlagsValid && encrypts(sig, entity.PrimaryKey) {
		return true
	}
	return slices.ContainsFunc(entity.Subkeys, func(s openpgp.Subkey) bool {
		sig, err := s.LatestValidBindingSignature(time.Time{}, nil)
		return err == nil && encrypts(sig, s.PublicKey)
	})
}

func troubleOfPGP(key *pgp.Key, t time.Time) Trouble {
	found, err := key.GetEntity().EncryptionKeyWithError(t, nil)
	if err == nil {
		if weak(found.PublicKey) {
			return Unusable
		}
		return Sound
	}
	// The library gives this error as a value and as a pointer.
	var why pgperrors.ErrEncryptionKeySelection
	if part, is := errors.AsType[*pgperrors.ErrEncryptionKeySelection](err); is {
		why = *part
	} else if !errors.As(err, &why) {
		return Unusable
	}
	ends := endOfPGP(key)
	switch {
	case errors.Is(why.PrimaryKeyErr, pgperrors.ErrKeyRevoked), errors.Is(why.EncSelectionErr, pgperrors.ErrKeyRevoked):
		return Revoked
	case !ends.IsZero() && t.After(ends):
		return Expired
	}
	return Unusable
}

// endOfPGP is the last instant at which any part of the key encrypts; zero when
// it does so for ever, or never did.
func endOfPGP(key *pgp.Key) time.Time {
	entity := key.GetEntity()
	var ends []time.Time
	add := func(public *packet.PublicKey, sig *packet.Signature) {
		if sig.KeyLifetimeSecs != nil && *sig.KeyLifetimeSecs > 0 {
			ends = append(ends, public.CreationTime.Add(time.Duration(*sig.KeyLifetimeSecs)*time.Second))
		}
	}
	if sig, err := entity.PrimarySelfSignature(time.Time{}, nil); err == nil {
		add(entity.PrimaryKey, sig)
	}
	for _, s := range entity.Subkeys {
		if sig, err := s.LatestValidBindingSignature(time.Time{}, nil); err == nil {
			add(s.PublicKey, sig)
		}
	}
	slices.SortFunc(ends, func(a, b time.Time) int { return b.Compare(a) })
	for _, end := range ends {
		after, before := end.Add(time.Second), end.Add(-time.Second)
		if key.CanEncrypt(after.Unix()) {
			return time.Time{}
		}
		if key.CanEncrypt(before.Unix()) {
			return end.UTC()
		}
	}
	return time.Time{}
}

func sealPGP(entity []byte, to, by *pgp.Key, at time.Time) ([]byte, error) {
	build := pgp.PGP().Encryption().Recipient(to).EncryptionTime(at.Unix()).SignTime(at.Unix())
	if by != nil {
		build = build.SigningKey(by)
	}
	handle, err := build.New()
	if err != nil {
		return nil, errs.New(errs.Internal, "encrypt to the key %s: %w", to.GetFingerprint(), err)
	}
	message, err := handle.Encrypt(entity)
	if err != nil {
		return nil, errs.New(errs.Internal, "encrypt to the key %s: %w", to.GetFingerprint(), err)
	}
	text, err := message.Armor()
	if err != nil {
		return nil, errs.New(errs.Internal, "armour a message: %w", err)
	}
	return multipart(`encrypted; protocol="application/pgp-encrypted"`,
		part{[]string{"Content-Type: application/pgp-encrypted"}, []byte("Version: 1" + newline)}.entity(),
		part{[]string{
			`Content-Type: application/octet-stream; name="encrypted.asc"`,
			`Content-Disposition: inline; filename="encrypted.asc"`,
		}, crlf(text)}.entity()), nil
}

func signPGP(entity []byte, key *pgp.Key, at time.Time) ([]byte, error) {
	handle, err := pgp.PGP().Sign().SigningKey(key).Detached().SignTime(at.Unix()).New()
	if err != nil {
		return nil, errs.New(errs.Internal, "sign with the key %s: %w", key.GetFingerprint(), err)
	}
	signature, err := handle.Sign(entity, pgp.Armor)
	if err != nil {
		return nil, errs.New(errs.Internal, "sign with the key %s: %w", key.GetFingerprint(), err)
	}
	hash, err := hashOf(signature)
	if err != nil {
		return nil, err
	}
	return multipart(`signed; protocol="application/pgp-signature"; micalg=pgp-`+hash, entity,
		part{[]string{
			`Content-Type: application/pgp-signature; name="signature.asc"`,
			`Content-Disposition: attachment; filename="signature.asc"`,
		}, crlf(string(signature))}.entity()), nil
}

// hashOf is the name of the hash that a signature is made over (RFC 3156, 5): the
// key decides it.
func hashOf(armoured []byte) (string, error) {
	raw, err := armor.UnarmorBytes(armoured)
	if err != nil {
		return "", errs.New(errs.Internal, "read a signature of ours: %w", err)
	}
	p, err := packet.Read(bytes.NewReader(raw))
	if err != nil {
		return "", errs.New(errs.Internal, "read a signature of ours: %w", err)
	}
	signature, ok := p.(*packet.Signature)
	if !ok {
		return "", errs.New(errs.Internal, "read a signature of ours: it is a %T", p)
	}
	return strings.ToLower(strings.ReplaceAll(signature.Hash.String(), "-", "")), nil
}
