// Package envelopetest makes keys for tests and opens what they close.
package envelopetest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	pgp "github.com/ProtonMail/gopenpgp/v3/crypto"
	"github.com/ProtonMail/gopenpgp/v3/profile"
	"github.com/smallstep/pkcs7"
)

// A Pair is a key in its public and private form, as people hand them over.
type Pair struct {
	Public, Private string

	key         *pgp.Key
	certificate *x509.Certificate
	private     *rsa.PrivateKey
}

// PGP makes an OpenPGP key that is good from an instant on for a time; 0 is for
// ever.
func PGP(t testing.TB, email string, from time.Time, lives time.Duration) Pair {
	t.Helper()
	key, err := pgp.PGPWithProfile(profile.Default()).KeyGeneration().AddUserId("Người nhận", email).
		GenerationTime(from.Unix()).Lifetime(int32(lives / time.Second)).New().GenerateKey()
	check(t, err)
	public, err := key.GetArmoredPublicKey()
	check(t, err)
	private, err := key.Armor()
	check(t, err)
	return Pair{Public: public, Private: private, key: key}
}

// SMIME makes a certificate, signed by itself, that is good from an instant on for
// a time.
func SMIME(t testing.TB, email string, from time.Time, lives time.Duration, change ...func(*x509.Certificate)) Pair {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(from.Unix()), Subject: pkix.Name{CommonName: "Người nhận"}, NotBefore: from, NotAfter: from.Add(lives),
		EmailAddresses: []string{email}, KeyUsage: x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, BasicConstraintsValid: true,
	}
	for _, c := range change {
		c(form)
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	check(t, err)
	certificate, err := x509.ParseCertificate(raw)
	check(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	check(t, err)
	public := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	return Pair{
		Public: public, Private: public + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
		certificate: certificate, private: private,
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Open decrypts a message or a MIME entity as its recipient would, and gives the
// entity within. by is the key that must have signed an OpenPGP message inside;
// its zero value wants no signature.
func (p Pair) Open(t testing.TB, message []byte, by Pair, at time.Time) []byte {
	t.Helper()
	media, params, m := head(t, message)
	if p.key == nil {
		if media != "application/pkcs7-mime" || params["smime-type"] != "enveloped-data" {
			t.Fatalf("%s %v is no S/MIME message", media, params)
		}
		raw, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
		check(t, err)
		sealed, err := pkcs7.Parse(raw)
		check(t, err)
		entity, err := sealed.Decrypt(p.certificate, p.private)
		check(t, err)
		return entity
	}
	if media != "multipart/encrypted" || params["protocol"] != "application/pgp-encrypted" {
		t.Fatalf("%s %v is no PGP/MIME message", media, params)
	}
	parts := split(t, m.Body, params["boundary"])
	if len(parts) != 2 || !strings.Contains(string(parts[0]), "Version: 1") {
		t.Fatalf("%d parts: %s", len(parts), parts[0])
	}
	_, _, second := head(t, parts[1])
	text, err := io.ReadAll(second.Body)
	check(t, err)
	build := pgp.PGP().Decryption().DecryptionKey(p.key).VerifyTime(at.Unix())
	if by.key != nil {
		build = build.VerificationKey(by.key)
	}
	handle, err := build.New()
	check(t, err)
	got, err := handle.Decrypt(text, pgp.Armor)
	check(t, err)
	if by.key != nil {
		check(t, got.SignatureError())
	}
	return got.Bytes()
}

// Signed checks the signature of a multipart/signed message or entity by the key,
// and gives the entity that is signed.
func (p Pair) Signed(t testing.TB, message []byte, at time.Time) []byte {
	t.Helper()
	media, params, m := head(t, message)
	if media != "multipart/signed" {
		t.Fatalf("%s is not signed", media)
	}
	parts := split(t, m.Body, params["boundary"])
	if len(parts) != 2 {
		t.Fatalf("%d parts", len(parts))
	}
	_, _, signature := head(t, parts[1])
	raw, err := io.ReadAll(signature.Body)
	check(t, err)
	if p.key != nil {
		handle, err := pgp.PGP().Verify().VerificationKey(p.key).VerifyTime(at.Unix()).New()
		check(t, err)
		got, err := handle.VerifyDetached(parts[0], raw, pgp.Armor)
		check(t, err)
		check(t, got.SignatureError())
		return parts[0]
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(raw)), ""))
	check(t, err)
	signed, err := pkcs7.Parse(der)
	check(t, err)
	signed.Content = parts[0]
	check(t, signed.Verify())
	if len(signed.Certificates) == 0 || !signed.Certificates[0].Equal(p.certificate) {
		t.Fatal("signed by another")
	}
	return parts[0]
}

func head(t testing.TB, message []byte) (string, map[string]string, *mail.Message) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(message))
	check(t, err)
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	check(t, err)
	return media, params, m
}

// split gives the parts byte for byte: a signature is over just these.
func split(t testing.TB, body io.Reader, boundary string) [][]byte {
	t.Helper()
	raw, err := io.ReadAll(body)
	check(t, err)
	pieces := bytes.Split(append([]byte("\r\n"), raw...), []byte("\r\n--"+boundary))
	if len(pieces) < 3 || !bytes.HasPrefix(pieces[len(pieces)-1], []byte("--")) {
		t.Fatalf("%d pieces of a multipart", len(pieces))
	}
	if _, err := multipart.NewReader(bytes.NewReader(raw), boundary).NextRawPart(); err != nil {
		t.Fatal(err)
	}
	var parts [][]byte
	for _, p := range pieces[1 : len(pieces)-1] {
		parts = append(parts, bytes.TrimPrefix(p, []byte("\r\n")))
	}
	return parts
}
