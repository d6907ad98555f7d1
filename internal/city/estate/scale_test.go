package estate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/city/estate"
)

// BenchmarkEstate measures the room at the size of the city: 5,000
// organisations, 100,000 dated addresses, 200,000 endpoints on SQLite. Import
// is once; an edit is a new address until WhoseIs knows it; pages are lists of
// 50. BenchmarkLoad is the start of the program.
func BenchmarkEstate(b *testing.B) {
	c := newCity(b, dbtest.SQLite(b, schema()...))
	begun := time.Now()
	c.take(bigFiles()...)
	b.Logf("import of 305,000 rows: %s", time.Since(begun).Round(time.Millisecond))

	b.Run("edit-seen", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			_, err := c.PutAddress(b.Context(), analyst(), estate.Address{
				Organisation: "ORG-7", Kind: "prefix", Value: fmt.Sprintf("203.%d.%d.0/28", n/256%256, n%256), ValidFrom: "2026-01-01",
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	officer := c.officer("ORG-7")
	for name, page := range map[string]func(auth.Actor) error{
		"organisations-search": func(a auth.Actor) error {
			_, _, err := c.Organisations(b.Context(), a, estate.Query{Search: "phuong 49", ByName: true, Limit: 50})
			return err
		},
		"endpoints-search": func(a auth.Actor) error {
			_, _, err := c.Endpoints(b.Context(), a, estate.Query{Search: "pc-1999", Limit: 50})
			return err
		},
		"endpoints-address": func(a auth.Actor) error {
			_, _, err := c.Endpoints(b.Context(), a, estate.Query{Search: "10.3.7.7", Limit: 50})
			return err
		},
		"addresses-covering": func(a auth.Actor) error {
			_, _, err := c.Addresses(b.Context(), a, estate.Query{Search: "100.200.3.7", Limit: 50})
			return err
		},
		"counts": func(a auth.Actor) error {
			_, err := c.Count(b.Context(), a, "", false)
			return err
		},
	} {
		for who, a := range map[string]auth.Actor{"analyst": analyst(), "officer": officer} {
			b.Run(name+"/"+who, func(b *testing.B) {
				for b.Loop() {
					if err := page(a); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func bigFiles() []string {
	var bodies, addresses, endpoints strings.Builder
	bodies.WriteString("code,name_vi,kind,parent,tier\nHCM,Thành phố,city,,city\n")
	for i := range 4999 {
		fmt.Fprintf(&bodies, "ORG-%d,Phường %d,ward,HCM,city\n", i, i)
	}
	addresses.WriteString("organisation,kind,value,realm,valid_from,valid_to\n")
	for i := range 100_000 {
		from, to := "", ""
		if i%5 == 0 {
			from, to = "2020-01-01", "2025-06-30"
		}
		fmt.Fprintf(&addresses, "ORG-%d,prefix,%d.%d.%d.0/24,,%s,%s\n", i%4999, 100+i/65536, i/256%256, i%256, from, to)
	}
	endpoints.WriteString("organisation,hostname,kind,ip,realm,os\n")
	for i := range 200_000 {
		fmt.Fprintf(&endpoints, "ORG-%d,pc-%d,workstation,10.%d.%d.%d,realm-%d,Windows 11\n", i%4999, i, i>>16, i>>8&255, i&255, i%4999)
	}
	return []string{bodies.String(), addresses.String(), endpoints.String()}
}
