package csaf_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/gopenpgp/v3/crypto"

	"tocsin/internal/base/devdata"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/csaf"
	"tocsin/internal/watch/intake/row/rowtest"
)

func TestAHashIsOfItsDocumentAlone(t *testing.T) {
	doc := []byte("a document")
	for file, want := range map[string]errs.Code{ // 0 holds
		fmt.Sprintf("%x  a.json\n", sha256.Sum256(doc)):             0,
		fmt.Sprintf("%X *a.json\r\n", sha512.Sum512(doc)):           0,
		fmt.Sprintf("%x", sha256.Sum256(doc)):                       0,
		fmt.Sprintf("%x  a.json", sha256.Sum256([]byte("another"))): errs.Conflict,
		"abc  a.json":                      errs.Invalid,
		"":                                 errs.Invalid,
		strings.Repeat("0", 40) + "  a.js": errs.Invalid,
	} {
		err := csaf.VerifyHash(doc, []byte(file))
		if (err == nil) != (want == 0) || err != nil && errs.CodeOf(err) != want {
			t.Errorf("%.20q: %v, want %v", file, err, want)
		}
	}
}

func TestASignatureIsOfItsKeyAndItsBytes(t *testing.T) {
	pgp := crypto.PGP()
	key := func(name string) (*crypto.Key, []byte) {
		k, err := pgp.KeyGeneration().AddUserId(name, name+"@example.org").New().GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		public, err := k.GetArmoredPublicKey()
		if err != nil {
			t.Fatal(err)
		}
		return k, []byte(public)
	}
	own, public := key("own")
	_, stranger := key("stranger")
	doc := []byte("a document\n")
	signer, err := pgp.Sign().SigningKey(own).Detached().New()
	if err != nil {
		t.Fatal(err)
	}
	asc, err := signer.Sign(doc, crypto.Armor)
	if err != nil {
		t.Fatal(err)
	}
	ring := func(keys ...[]byte) *csaf.Keyring {
		r, err := csaf.NewKeyring(keys...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if err := csaf.VerifySignature(doc, asc, ring(stranger, public)); err != nil {
		t.Error(err)
	}
	if got := ring(public).Fingerprints(); len(got) != 1 || got[0] != own.GetFingerprint() {
		t.Errorf("%v", got)
	}
	for name, err := range map[string]error{
		"another document": csaf.VerifySignature([]byte("another"), asc, ring(public)),
		"another key":      csaf.VerifySignature(doc, asc, ring(stranger)),
		"no key":           csaf.VerifySignature(doc, asc, ring()),
	} {
		if errs.CodeOf(err) != errs.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := csaf.VerifySignature(doc, []byte("nothing"), ring(public)); errs.CodeOf(err) != errs.Invalid {
		t.Errorf("%v", err)
	}
	if _, err := csaf.NewKeyring([]byte("no key")); errs.CodeOf(err) != errs.Invalid {
		t.Errorf("%v", err)
	}
}

func TestTheSharedHashesAndSignaturesHold(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	hashes, odd := 0, 0
	for _, sub := range []string{"cisa", "gocsaf/simple-rolie-provider"} {
		rowtest.Files(t, filepath.Join(dir, "csaf", sub), func(path string, text []byte) {
			if !strings.HasSuffix(path, ".sha256") && !strings.HasSuffix(path, ".sha512") {
				return
			}
			hashes++
			doc := file(t, strings.TrimSuffix(strings.TrimSuffix(path, ".sha256"), ".sha512"))
			if err := csaf.VerifyHash(doc, text); err != nil {
				odd++
				t.Logf("%s: %v", path, err)
			}
		})
	}
	t.Logf("%d hashes, %d do not hold", hashes, odd)
	provider := filepath.Join(dir, "csaf", "gocsaf", "simple-rolie-provider")
	ring, err := csaf.NewKeyring(file(t, provider, "openpgp", "pubkey.asc"))
	if err != nil {
		t.Fatal(err)
	}
	doc := file(t, provider, "white", "avendor-advisory-0004.json")
	asc := file(t, provider, "white", "avendor-advisory-0004.json.asc")
	if err := csaf.VerifySignature(doc, asc, ring); err != nil {
		t.Error(err)
	}
	if err := csaf.VerifySignature(append(doc, '\n'), asc, ring); errs.CodeOf(err) != errs.Conflict {
		t.Errorf("a changed document: %v", err)
	}
}
