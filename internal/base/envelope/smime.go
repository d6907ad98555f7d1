package envelope

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"sync"

	"github.com/smallstep/pkcs7"

	"tocsin/internal/base/errs"
)

func parseSMIME(text string) (*Recipient, error) {
	block, rest := pem.Decode([]byte(strings.TrimSpace(text)))
	if block == nil {
		return nil, refuse(FlawUnread, "no certificate as PEM: want a text that begins with -----BEGIN CERTIFICATE-----")
	}
	for b := block; b != nil; b, rest = pem.Decode(rest) {
		if strings.Contains(b.Type, "PRIVATE KEY") {
			return nil, refuse(FlawPrivate, "there is a private key in it, which nobody else may have: want the certificate alone")
		}
	}
	if block.Type != "CERTIFICATE" {
		return nil, refuse(FlawUnread, "a PEM block of type %q: want CERTIFICATE", block.Type)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, refuse(FlawUnread, "read the certificate: %w", err)
	}
	if err := encrypts(c); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(c.Raw)
	return &Recipient{Kind: SMIME, Fingerprint: hex.EncodeToString(sum[:]), Addresses: addresses(c), Ends: c.NotAfter.UTC(), certificate: c}, nil
}

// encrypts says why mail cannot be encrypted to a certificate, nil when it can be.
func encrypts(c *x509.Certificate) error {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	switch {
	case c.IsCA:
		return refuse(FlawAuthority, "this is the certificate of an authority: want the person's own")
	case !ok:
		return refuse(FlawCurve, "the certificate's key is no RSA key: S/MIME with other keys cannot be encrypted here; an OpenPGP key can")
	case key.N.BitLen() < weakest:
		return refuse(FlawWeak, "the certificate's key has %d bits: want %d", key.N.BitLen(), weakest)
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageKeyEncipherment == 0:
		return refuse(FlawSigning, "the certificate is not for encryption: its key usage lacks keyEncipherment")
	case !forMail(c):
		return refuse(FlawPurpose, "the certificate is not for mail: its extended key usage lacks emailProtection")
	}
	return nil
}

func forMail(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// addresses are the mail addresses that a certificate names: in its alternative
// names and, as old ones have it, in its subject (RFC 8550, 3).
func addresses(c *x509.Certificate) []string {
	var all []string
	for _, a := range c.EmailAddresses {
		all = append(all, strings.ToLower(a))
	}
	for _, name := range c.Subject.Names {
		if text, ok := name.Value.(string); ok && name.Type.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}) {
			all = append(all, strings.ToLower(text))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// aes256 makes AES-256 the cipher of the library, which takes it from a variable
// of its own and has DES where nobody set it.
//
//nolint:gochecknoglobals // it sets a global of the library, once
var aes256 = sync.OnceFunc(func() { pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmAES256CBC })

func sealSMIME(entity []byte, to *x509.Certificate) ([]byte, error) {
	aes256()
	raw, err := pkcs7.Encrypt(bytes.Clone(entity), []*x509.Certificate{to})
	if err != nil {
		return nil, errs.New(errs.Internal, "encrypt to the certificate of %s: %w", to.Subject, err)
	}
	return part{[]string{
		`Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"`,
		"Content-Transfer-Encoding: base64",
		`Content-Disposition: attachment; filename="smime.p7m"`,
	}, wrapped(raw)}.entity(), nil
}

func signSMIME(entity []byte, s *Signer) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, errs.New(errs.Internal, "sign with the certificate of %s: %w", s.certificate.Subject, err)
	}
	data, err := pkcs7.NewSignedData(entity)
	if err != nil {
		return fail(err)
	}
	data.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := data.AddSigner(s.certificate, s.private, pkcs7.SignerInfoConfig{}); err != nil {
		return fail(err)
	}
	for _, c := range s.chain {
		data.AddCertificate(c)
	}
	data.Detach()
	raw, err := data.Finish()
	if err != nil {
		return fail(err)
	}
	return multipart(`signed; protocol="application/pkcs7-signature"; micalg=sha-256`, entity,
		part{[]string{
			`Content-Type: application/pkcs7-signature; name="smime.p7s"`,
			"Content-Transfer-Encoding: base64",
			`Content-Disposition: attachment; filename="smime.p7s"`,
		}, wrapped(raw)}.entity()), nil
}
