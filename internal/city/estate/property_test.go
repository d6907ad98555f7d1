package estate_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/whose"
)

// Whatever is edited, in whatever order: what the room knows by following the
// journal is what a room knows that has just started, and the tree and the
// claims agree on who came after whom.
func TestFollowingKnowsWhatStartingKnows(t *testing.T) {
	c := newCity(t, dbtest.SQLite(t, schema()...))
	codes := []string{"A", "B", "C", "D"}
	file := "code,name_vi,kind,tier\n"
	held := "organisation,kind,value\n"
	for i, code := range codes {
		file += code + "," + code + ",ward,city\n"
		held += fmt.Sprintf("%s,prefix,198.18.%d.0/24\n", code, i)
	}
	c.take(file, held, "code,name_vi,owner,kind\nS,S,A,website\nT,T,B,website\n")

	code := rapid.SampledFrom(codes)
	date := rapid.SampledFrom([]string{"", "2024-01-01", "2025-07-01", "2026-01-01"})
	given := rapid.SampledFrom([]string{"2024-01-01", "2025-07-01", "2026-01-01"})
	value := rapid.SampledFrom([]string{"203.0.113.0/24", "203.0.113.0/28", "203.0.113.1/32"})
	system := rapid.SampledFrom([]string{"", "S", "T"})
	ctx := t.Context()
	known := func(err error) bool {
		return errs.Is(err, errs.Conflict) || errs.Is(err, errs.Invalid) || errs.Is(err, errs.NotFound)
	}

	rapid.Check(t, func(rt *rapid.T) {
		pick := func(ids []estate.ID) estate.ID {
			if len(ids) == 0 {
				return ""
			}
			return rapid.SampledFrom(ids).Draw(rt, "id")
		}
		addresses := func() (ids []estate.ID) {
			found, _, err := c.Addresses(ctx, analyst(), estate.Query{})
			if err != nil {
				rt.Fatal(err)
			}
			for _, a := range found {
				if a.Value[:6] != "198.18" {
					ids = append(ids, a.ID)
				}
			}
			return ids
		}
		endpoints := func() (ids []estate.ID) {
			found, _, err := c.Endpoints(ctx, analyst(), estate.Query{})
			if err != nil {
				rt.Fatal(err)
			}
			for _, e := range found {
				ids = append(ids, e.ID)
			}
			return ids
		}
		succession := func() estate.Succession {
			return estate.Succession{
				From: code.Draw(rt, "from"), To: code.Draw(rt, "to"), Date: given.Draw(rt, "on"),
				Share: rapid.SampledFrom([]string{"full", "partial"}).Draw(rt, "share"),
			}
		}
		steps := map[string]func() error{
			"put address": func() error {
				_, err := c.PutAddress(ctx, analyst(), estate.Address{
					ID: rapid.SampledFrom([]estate.ID{"", pick(addresses())}).Draw(rt, "which"), Organisation: code.Draw(rt, "holder"),
					Kind: rapid.SampledFrom([]string{"prefix", "egress"}).Draw(rt, "kind"), Value: value.Draw(rt, "value"),
					System: system.Draw(rt, "system"), ValidFrom: date.Draw(rt, "valid from"), ValidTo: date.Draw(rt, "valid to"),
				})
				return err
			},
			"end address": func() error {
				_, err := c.EndAddress(ctx, analyst(), pick(addresses()), given.Draw(rt, "last"))
				return err
			},
			"remove address": func() error { return c.RemoveAddress(ctx, analyst(), pick(addresses())) },
			"put endpoint": func() error {
				_, err := c.PutEndpoint(ctx, analyst(), estate.Endpoint{
					ID: rapid.SampledFrom([]estate.ID{"", pick(endpoints())}).Draw(rt, "which"), Organisation: code.Draw(rt, "holder"),
					Hostname: rapid.SampledFrom([]string{"pc-1", "PC-2"}).Draw(rt, "hostname"), Kind: "server",
					IP: rapid.SampledFrom([]string{"", "203.0.113.1", "203.0.113.9"}).Draw(rt, "ip"), System: system.Draw(rt, "system"),
				})
				return err
			},
			"remove endpoint":   func() error { return c.RemoveEndpoint(ctx, analyst(), pick(endpoints())) },
			"put succession":    func() error { _, err := c.PutSuccession(ctx, analyst(), succession()); return err },
			"remove succession": func() error { return c.RemoveSuccession(ctx, analyst(), succession()) },
			"put organisation": func() error {
				o, err := c.ShowOrganisation(ctx, analyst(), code.Draw(rt, "organisation"))
				if err != nil {
					return err
				}
				o.ValidTo, o.Sector = date.Draw(rt, "valid to"), rapid.SampledFrom([]string{"", "ISP"}).Draw(rt, "sector")
				_, err = c.PutOrganisation(ctx, analyst(), o)
				return err
			},
			"put system": func() error {
				s, err := c.ShowSystem(ctx, analyst(), rapid.SampledFrom([]string{"S", "T"}).Draw(rt, "system"))
				if err != nil {
					return err
				}
				s.Owner, s.Operator = code.Draw(rt, "owner"), rapid.SampledFrom([]string{"", "C"}).Draw(rt, "operator")
				_, err = c.PutSystem(ctx, analyst(), s)
				return err
			},
		}
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			name := rapid.SampledFrom([]string{
				"put address", "put address", "end address", "remove address", "put endpoint", "remove endpoint",
				"put succession", "remove succession", "put organisation", "put system",
			}).Draw(rt, "step")
			if err := steps[name](); err != nil && !known(err) {
				rt.Fatalf("%s: %v", name, err)
			}
		}
		fresh := newCity(t, c.db)
		if err := fresh.Load(ctx); err != nil {
			rt.Fatal(err)
		}
		compare(rt, c, fresh)
	})
	c.sealed()
	var verbs int64
	err := c.db.Read(ctx, func(tx *db.Tx) (err error) {
		verbs, err = tx.Int(`SELECT COUNT(DISTINCT verb) FROM journal`)
		return err
	})
	if err != nil || verbs < 10 {
		t.Errorf("only %d verbs happened (%v): the edits did not reach what they should", verbs, err)
	}
}

func compare(t *rapid.T, c, fresh city) {
	for _, on := range []string{"2023-12-31", "2024-01-01", "2024-01-02", "2025-06-30", "2025-07-01", "2025-07-02", "2026-01-01", "2026-01-02"} {
		day, err := time.ParseInLocation(time.DateOnly, on, time.FixedZone("ICT", 7*3600))
		if err != nil {
			t.Fatal(err)
		}
		for _, asset := range []string{"ip:203.0.113.1", "ip:203.0.113.9", "ip:203.0.113.99", "host:pc-1", "host:pc-2"} {
			o, _ := whose.ParseAsset(asset)
			got, want := c.WhoseIs("public", o, day), fresh.WhoseIs("public", o, day)
			if got.Rule() != want.Rule() || got.Reason != want.Reason || got.Organisation != want.Organisation {
				t.Fatalf("%s on %s: following says %q (%s), starting %q (%s)", asset, on, got.Rule(), got.Reason, want.Rule(), want.Reason)
			}
		}
		for i, code := range []string{"A", "B", "C", "D"} {
			id, _ := c.ByCode(code)
			heir, why := c.OwnerAfter(id, on)
			a := c.WhoseIs("public", whose.Address(netip.AddrFrom4([4]byte{198, 18, byte(i), 1}), 0), day)
			if a.Organisation != heir || a.Reason != why {
				t.Fatalf("%s on %s: the tree says %s (%s), the claims %s (%s)", code, on, c.Code(heir), why, a.Code, a.Reason)
			}
		}
	}
}
