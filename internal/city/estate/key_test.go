package estate_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/envelope"
	"tocsin/internal/base/envelope/envelopetest"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
)

func TestAKeyIsCheckedWhenItIsHandedIn(t *testing.T) {
	const year = 365 * 24 * time.Hour
	start := time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC) // a day before the clock of the tests
	each(t, func(t *testing.T, c city) {
		ctx := t.Context()
		c.settle()
		lan := estate.Contact{Organisation: "SO-YTE", Name: "Lan", Email: "Lan@soyte.example", Person: "yes"}
		for field, bad := range map[string]string{
			"pgp":   "xin chào",
			"smime": envelopetest.SMIME(t, "lan@soyte.example", start.Add(-2*year), year).Public,
		} {
			wrong := lan
			if wrong.PGP = bad; field == "smime" {
				wrong.PGP, wrong.SMIME = "", bad
			}
			_, err := c.PutContact(ctx, analyst(), wrong)
			if places := errs.PlacesOf(err); !errs.Is(err, errs.Invalid) || len(places) != 1 || places[0].Field != field {
				t.Errorf("%s: %v at %v", field, err, places)
			}
		}
		lan.PGP = envelopetest.PGP(t, "lan@soyte.example", start, year).Public
		lan.SMIME = envelopetest.SMIME(t, "khac@soyte.example", start, year).Public
		kept, err := c.PutContact(ctx, analyst(), lan)
		if err != nil || kept.Person != "yes" || len(kept.Keys) != 2 {
			t.Fatalf("%+v, %v", kept, err)
		}
		for i, want := range []estate.ContactKey{{Kind: envelope.PGP}, {Kind: envelope.SMIME, Stranger: true}} {
			k := kept.Keys[i]
			if k.Kind != want.Kind || k.Stranger != want.Stranger || k.Trouble != envelope.Sound || k.EndsAt == nil || !k.EndsAt.Equal(start.Add(year)) || k.Fingerprint == "" {
				t.Errorf("%+v", k)
			}
		}
		err = c.db.Read(ctx, func(tx *db.Tx) error {
			keys, err := c.KeysOf(tx, "LAN@SOYTE.example")
			if err != nil || len(keys) != 2 || keys[0].Kind != envelope.PGP || !strings.Contains(keys[1].Text, "CERTIFICATE") {
				t.Errorf("%+v, %v", keys, err)
			}
			none, err := c.KeysOf(tx, "khac@soyte.example")
			if len(none) != 0 {
				t.Errorf("keys of nobody: %+v", none)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		// An import speaks of no keys and takes none away.
		c.take("organisation,name,email,person\nSO-YTE,Lan,lan@soyte.example,no\n")
		if kept, err = c.ShowContact(ctx, analyst(), kept.ID); err != nil || kept.Person != "no" || len(kept.Keys) != 2 {
			t.Errorf("%+v, %v", kept, err)
		}
		c.sealed()
	})
}
