package envelope_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	pgp "github.com/ProtonMail/gopenpgp/v3/crypto"

	"tocsin/internal/base/envelope"
	"tocsin/internal/base/envelope/envelopetest"
	"tocsin/internal/base/errs"
)

const (
	email = "lan@px.example"
	year  = 365 * 24 * time.Hour
	text  = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nMáy 198.51.100.7 kết nối tới máy điều khiển.\r\n"
)

func start() time.Time { return time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) }

func pairs(t *testing.T) map[envelope.Kind]envelopetest.Pair {
	t.Helper()
	return map[envelope.Kind]envelopetest.Pair{
		envelope.PGP:   envelopetest.PGP(t, email, start(), year),
		envelope.SMIME: envelopetest.SMIME(t, email, start(), year),
	}
}

func parse(t *testing.T, kind envelope.Kind, public string) *envelope.Recipient {
	t.Helper()
	r, err := envelope.Parse(kind, public)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOnlyTheRecipientReadsWhatIsEncrypted(t *testing.T) {
	for kind, pair := range pairs(t) {
		r := parse(t, kind, "\n "+pair.Public)
		if r.Kind != kind || !r.Names("LAN@px.example ") || r.Names("khac@px.example") || r.Fingerprint == "" {
			t.Errorf("%s: %+v", kind, r)
		}
		at := start().Add(time.Hour)
		sealed, err := r.Encrypt([]byte(text), at, nil)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(sealed, []byte("198.51.100.7")) {
			t.Errorf("%s: it can be read by anybody: %s", kind, sealed)
		}
		if got := pair.Open(t, sealed, envelopetest.Pair{}, at); string(got) != text {
			t.Errorf("%s: within is %q", kind, got)
		}
		for line := range bytes.Lines(sealed) {
			if len(line) > 200 || !bytes.HasSuffix(line, []byte("\r\n")) {
				t.Errorf("%s: a line that mail does not carry: %q", kind, line)
			}
		}
	}
}

func TestAKeySaysWhenItEnds(t *testing.T) {
	for kind, pair := range pairs(t) {
		r := parse(t, kind, pair.Public)
		if !r.Ends.Equal(start().Add(year)) {
			t.Errorf("%s: ends %v", kind, r.Ends)
		}
		for at, want := range map[time.Duration]envelope.Trouble{
			-time.Hour: envelope.Unusable, time.Minute: envelope.Sound, year - time.Hour: envelope.Sound, year + time.Hour: envelope.Expired,
		} {
			if got := r.At(start().Add(at)); got != want {
				t.Errorf("%s after %v: %q, want %q", kind, at, got, want)
			}
			if _, err := envelope.ParseFor(kind, pair.Public, start().Add(at)); (err == nil) != (want == envelope.Sound) {
				t.Errorf("%s after %v: taken: %v", kind, at, err)
			}
			if _, err := r.Encrypt([]byte(text), start().Add(at), nil); (err == nil) != (want == envelope.Sound) {
				t.Errorf("%s after %v: encrypts: %v", kind, at, err)
			}
		}
	}
	if r := parse(t, envelope.PGP, envelopetest.PGP(t, email, start(), 0).Public); !r.Ends.IsZero() || r.At(start().Add(50*year)) != envelope.Sound {
		t.Errorf("a key without end: %+v", r)
	}
}

func TestARevokedKeyIsRevoked(t *testing.T) {
	for name, revoke := range map[string]func(*pgp.Key) error{
		"the whole": func(k *pgp.Key) error { return k.GetEntity().Revoke(packet.KeyCompromised, "", nil) },
		"the part that encrypts": func(k *pgp.Key) error {
			return k.GetEntity().Subkeys[0].Revoke(packet.KeyCompromised, "", nil)
		},
	} {
		key, err := pgp.NewKeyFromArmored(envelopetest.PGP(t, email, start(), year).Private)
		if err != nil {
			t.Fatal(err)
		}
		if err := revoke(key); err != nil {
			t.Fatal(err)
		}
		public, err := key.GetArmoredPublicKey()
		if err != nil {
			t.Fatal(err)
		}
		if got := parse(t, envelope.PGP, public).At(start().Add(time.Hour)); got != envelope.Revoked {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhatIsNoKeyForMailIsRefused(t *testing.T) {
	good, pg := envelopetest.SMIME(t, email, start(), year), envelopetest.PGP(t, email, start(), year)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: start(), NotAfter: start().Add(year)}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, &curve.PublicKey, curve)
	if err != nil {
		t.Fatal(err)
	}
	made := func(change func(*x509.Certificate)) string {
		return envelopetest.SMIME(t, email, start(), year, change).Public
	}
	for name, c := range map[string]struct {
		kind       envelope.Kind
		text, says string
	}{
		"nothing":                 {envelope.PGP, "", "armoured"},
		"prose":                   {envelope.SMIME, "xin chào", "PEM"},
		"a certificate as PGP":    {envelope.PGP, good.Public, "armoured"},
		"a PGP key as S/MIME":     {envelope.SMIME, pg.Public, "PEM"},
		"a cut key":               {envelope.PGP, pg.Public[:200], "armoured"},
		"a cut certificate":       {envelope.SMIME, good.Public[:200], "PEM"},
		"a private PGP key":       {envelope.PGP, pg.Private, "private key"},
		"a certificate's key too": {envelope.SMIME, good.Private, "private key"},
		"an authority":            {envelope.SMIME, made(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign }), "authority"},
		"for signing only":        {envelope.SMIME, made(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }), "keyEncipherment"},
		"for web servers": {envelope.SMIME, made(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}), "emailProtection"},
		"an elliptic curve": {envelope.SMIME, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), "no RSA key"},
		"another kind":      {"rot13", "x", "pgp or smime"},
	} {
		_, err := envelope.Parse(c.kind, c.text)
		var refusal *envelope.Refusal
		if !errors.As(err, &refusal) || !slices.Contains(envelope.Flaws(), refusal.Flaw) {
			t.Errorf("%s: %v is no refusal", name, err)
		}
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want Invalid that says %q", name, err, c.says)
		}
	}
}

func TestTheCentreSignsForEverybodyAndInside(t *testing.T) {
	at := start().Add(time.Hour)
	for _, signs := range []envelopetest.Pair{envelopetest.PGP(t, "centre@tp.example", start(), year), envelopetest.SMIME(t, "centre@tp.example", start(), year)} {
		signer, err := envelope.ParseSigner([]byte(signs.Private))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(text), at)
		if err != nil {
			t.Fatal(err)
		}
		if got := signs.Signed(t, signed, at); string(got) != text {
			t.Errorf("%s: signed is %q", signer.Kind, got)
		}
		for kind, pair := range pairs(t) {
			sealed, err := parse(t, kind, pair.Public).Encrypt([]byte(text), at, signer)
			if err != nil {
				t.Fatal(err)
			}
			var got []byte
			if kind == envelope.PGP && signer.Kind == envelope.PGP {
				got = pair.Open(t, sealed, signs, at)
			} else {
				got = signs.Signed(t, pair.Open(t, sealed, envelopetest.Pair{}, at), at)
			}
			if string(got) != text {
				t.Errorf("%s in %s: %q", signer.Kind, kind, got)
			}
		}
		if _, err := signer.Sign([]byte(text), start().Add(2*year)); !errs.Is(err, errs.Invalid) || signer.At(start().Add(2*year)) != envelope.Expired {
			t.Errorf("%s: signs after its end: %v", signer.Kind, err)
		}
	}
	for _, bad := range []string{"", "xin chào", envelopetest.PGP(t, email, start(), year).Public, envelopetest.SMIME(t, email, start(), year).Public} {
		if _, err := envelope.ParseSigner([]byte(bad)); !errs.Is(err, errs.Invalid) {
			t.Errorf("%.30q: %v, want Invalid", bad, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n-----END PGP PUBLIC KEY BLOCK-----\n")
	f.Add("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []envelope.Kind{envelope.PGP, envelope.SMIME} {
			if r, err := envelope.Parse(kind, text); err == nil {
				_ = r.At(time.Unix(1_800_000_000, 0))
			}
		}
	})
}
