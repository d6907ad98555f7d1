package estate_test

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/whose"
)

// Addresses and endpoints are read in two brackets, between which others write.
func TestALoadBesideAWriterMissesNothing(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.take("code,name_vi,kind,tier\nA,Phường A,ward,city\n")
		var writing sync.WaitGroup
		var written atomic.Int64
		defer writing.Wait()
		writing.Go(func() {
			for i := range 100 {
				_, one := c.PutEndpoint(t.Context(), analyst(), estate.Endpoint{Organisation: "A", Hostname: fmt.Sprintf("pc-%d", i), Kind: "workstation"})
				_, two := c.PutAddress(t.Context(), analyst(), estate.Address{Organisation: "A", Kind: "prefix", Value: fmt.Sprintf("203.0.113.%d/32", i)})
				if one != nil || two != nil {
					t.Error(one, two)
				}
				written.Store(int64(i + 1))
			}
		})
		other := newCity(t, c.db)
		for n := int64(0); n < 100; {
			if err := other.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			n = written.Load()
			if err := other.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				ip := whose.Address(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), 0)
				for what, o := range map[string]whose.Observable{"address": ip, "endpoint": whose.Host(fmt.Sprintf("pc-%d", i), 0)} {
					if a := other.WhoseIs(whose.Public, o, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)); !a.Owned() {
						t.Fatalf("%s %d of %d is %s", what, i, n, a.Reason)
					}
				}
			}
		}
	})
}

// BenchmarkLoad is the start of the room at the size of the city; processor
// time is told beside the wall clock, which neighbours on the machine lengthen.
func BenchmarkLoad(b *testing.B) {
	c := newCity(b, dbtest.SQLite(b, schema()...))
	c.take(bigFiles()...)
	b.ReportAllocs()
	begun := processor(b)
	for b.Loop() {
		if err := c.Load(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((processor(b)-begun).Seconds()*1e3/float64(b.N), "cpu-ms/op")
}

func processor(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
