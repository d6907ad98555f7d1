// Package demo invents a city to look at: Ho Chi Minh City with its real units
// and their real succession of July 2025, and with invented addresses, systems,
// machines, contacts, partners and troubles. Nothing of it can be mistaken for
// or reach the real one: addresses are those kept for documentation and
// benchmarks (RFC 5737, RFC 3849, RFC 2544), names end in .example (RFC 2606),
// AS numbers are those of RFC 5398, telephone numbers begin with 028 0000.
//
// It is pure: the same seed gives the same bytes. The estate comes as the
// sheets that the import takes, the partners' reports in the partners' formats,
// and what officers do as a script, so that a demo goes the way of real input.
package demo

import (
	"hash/fnv"
	"strconv"
	"time"

	"tocsin/internal/city/estate/sheet"
)

// A City is one invented city. It is made by New and never changes.
type City struct {
	seed     uint64
	bodies   []body
	byCode   map[string]body
	former   []formerUnit
	columns  map[string][]string // of the report types
	problems []problem
}

// New invents the city of a seed.
func New(seed uint64) *City {
	c := &City{seed: seed, former: formerUnits(), columns: reportColumns(), byCode: map[string]body{}}
	c.bodies = c.invent()
	for _, b := range c.bodies {
		c.byCode[b.code] = b
	}
	c.problems = c.plan()
	return c
}

// A Delivery is one document that a partner hands in.
type Delivery struct {
	At         time.Duration // after the midnight that begins the day
	Source     string        // one of Sources
	Name       string        // of the file
	ReportType string        // of Shadowserver; empty elsewhere
	Data       []byte
}

// A Source is a partner, as `tocsin source add` takes it.
type Source struct {
	Name    string
	Format  string // shadowserver, list or csv
	Kind    string // a finding kind where the format names none
	TLP     string
	Zone    string
	Mapping string // JSON, of csv
}

// Estate gives the city as sheets in the order in which they can be applied.
// Their rows count lines from 2, like the files that sheet.Write makes of them.
func Estate(seed uint64) []sheet.Sheet { return New(seed).Estate() }

// roll gives a number from 0 to n-1 that hangs only on the seed and the words.
func (c *City) roll(n int, words ...any) int {
	h := fnv.New64a()
	put := func(s string) { _, _ = h.Write(append([]byte(s), 0)) } // A hash takes every write.
	put(strconv.FormatUint(c.seed, 10))
	for _, w := range words {
		switch w := w.(type) {
		case string:
			put(w)
		case int:
			put(strconv.Itoa(w))
		}
	}
	// FNV leaves the last bits poorly mixed; the finaliser of splitmix64 helps.
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int((x ^ x>>31) % uint64(n))
}

// choose picks one of values.
func choose[T any](c *City, values []T, words ...any) T {
	return values[c.roll(len(values), words...)]
}
