package whose_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"tocsin/internal/city/estate/whose"
)

// The city of the measure: 5,000 organisations, 100,000 dated prefixes, every
// fourth IPv6, every fifth ended and held by another since; 200,000 endpoints
// beside them for the builds that ask for them.
const (
	organisations = 5_000
	dated         = 100_000
)

func bigCity(endpoints int) whose.Records {
	random := rand.New(rand.NewPCG(1, 2))
	var r whose.Records
	for i := range organisations {
		r.Bodies = append(r.Bodies, whose.Body{ID: int64(i + 1), Code: fmt.Sprintf("ORG-%d", i+1), Provider: i%50 == 0})
	}
	reform := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	claim := func(p netip.Prefix) whose.Claim {
		return whose.Claim{
			ID: int64(len(r.Claims) + 1), Kind: whose.Prefix, Realm: whose.Public, Prefix: p,
			Organisation: 1 + random.Int64N(organisations),
		}
	}
	for len(r.Claims) < dated {
		c := claim(randomPrefix(random, len(r.Claims)%4 == 3))
		if len(r.Claims)%5 == 0 && len(r.Claims)+1 < dated {
			next := claim(c.Prefix)
			c.To, next.From, next.Since = reform, reform, "2025-07-01"
			r.Claims = append(r.Claims, c)
			next.ID = int64(len(r.Claims) + 1)
			c = next
		}
		r.Claims = append(r.Claims, c)
	}
	for i := range endpoints {
		org := int64(i%organisations + 1)
		ip := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		r.Claims = append(r.Claims, whose.Claim{
			ID: int64(i + 1), Kind: whose.Endpoint, Realm: fmt.Sprintf("realm-%d", org), Name: fmt.Sprintf("pc-%d", i),
			Prefix: netip.PrefixFrom(ip, 32), Organisation: org,
		})
	}
	return r
}

// randomPrefix is a network of 1.0.0.0–223.255.255.255 of 16 to 32 bits, most
// of them 22 to 29, or one of 2000::/3 of 32 to 64.
func randomPrefix(random *rand.Rand, six bool) netip.Prefix {
	bits := 16 + random.IntN(17)
	if random.IntN(4) > 0 {
		bits = 22 + random.IntN(8)
	}
	if six {
		bits = 32 + random.IntN(33)
	}
	p, _ := randomAddress(random, six).Prefix(bits)
	return p
}

func randomAddress(random *rand.Rand, six bool) netip.Addr {
	for {
		n := random.Uint64()
		if six {
			return netip.AddrFrom16([16]byte{0x20 | byte(n>>56)&0x1f, byte(n >> 48), byte(n >> 40), byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 15: byte(n)})
		}
		a := netip.AddrFrom4([4]byte{1 + byte(n>>24)%223, byte(n >> 16), byte(n >> 8), byte(n)})
		if !whose.Special(a) {
			return a
		}
	}
}

type question struct {
	ip netip.Addr
	at time.Time
}

// questions are half addresses inside some claimed prefix, half anywhere, in
// 2025 before and after the reform.
func questions(r whose.Records) []question {
	random := rand.New(rand.NewPCG(3, 4))
	asked := make([]question, 1<<16)
	for i := range asked {
		ip := randomAddress(random, i%4 == 3)
		if i%2 == 0 {
			ip = r.Claims[random.IntN(dated)].Prefix.Addr()
		}
		asked[i] = question{ip, time.Date(2025, time.Month(1+random.IntN(12)), 2, 0, 0, 0, 0, time.UTC)}
	}
	return asked
}

func BenchmarkWhoseIs(b *testing.B) {
	r := bigCity(0)
	s, asked := whose.Build(r), questions(r)
	b.ReportAllocs()
	found := 0
	b.ResetTimer()
	for i := range b.N {
		q := &asked[i&(len(asked)-1)]
		if s.IP(whose.Public, q.ip, 64500, q.at).Owned() {
			found++
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
	b.ReportMetric(100*float64(found)/float64(b.N), "%owned")
}

// BenchmarkWhoseIsControl asks the same of a Go map from prefix to dated
// holders, tried from the longest length to the shortest.
func BenchmarkWhoseIsControl(b *testing.B) {
	r := bigCity(0)
	byPrefix := map[netip.Prefix][]whose.Claim{}
	for _, c := range r.Claims {
		byPrefix[c.Prefix] = append(byPrefix[c.Prefix], c)
	}
	asked := questions(r)
	b.ReportAllocs()
	found := 0
	b.ResetTimer()
	for i := range b.N {
		q := &asked[i&(len(asked)-1)]
		if naiveIP(byPrefix, q.ip, q.at.UnixMicro()) != 0 {
			found++
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
	b.ReportMetric(100*float64(found)/float64(b.N), "%owned")
}

func naiveIP(byPrefix map[netip.Prefix][]whose.Claim, ip netip.Addr, at int64) int64 {
	for bits := ip.BitLen(); bits >= 0; bits-- {
		p, _ := ip.Prefix(bits)
		for _, c := range byPrefix[p] {
			if c.From <= at && (c.To == 0 || at < c.To) {
				return c.Organisation
			}
		}
	}
	return 0
}

func BenchmarkWhoseIsDomain(b *testing.B) {
	var r whose.Records
	for i := range organisations {
		r.Bodies = append(r.Bodies, whose.Body{ID: int64(i + 1), Code: fmt.Sprintf("ORG-%d", i+1)})
		r.Claims = append(r.Claims, whose.Claim{ID: int64(i + 1), Kind: whose.Domain, Realm: whose.Public, Name: fmt.Sprintf("org%d.gov.vn", i), Organisation: int64(i + 1)})
	}
	s := whose.Build(r)
	asked := make([]string, 1<<14)
	for i := range asked {
		asked[i] = fmt.Sprintf("www.portal.org%d.gov.vn", i%(2*organisations))
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s.Domain(whose.Public, asked[i&(len(asked)-1)], at)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
}

func BenchmarkBuild(b *testing.B) {
	for _, endpoints := range []int{0, 200_000} {
		r := bigCity(endpoints)
		b.Run(fmt.Sprintf("prefixes=%d/endpoints=%d", dated, endpoints), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				whose.Build(r)
			}
		})
	}
}

// BenchmarkWith is a change until it can be seen: one prefix, a thousand, and
// a body that ended with a successor, each on the full city.
func BenchmarkWith(b *testing.B) {
	r := bigCity(200_000)
	s := whose.Build(r)
	random := rand.New(rand.NewPCG(5, 6))
	puts := func(n int) []whose.Claim {
		cs := make([]whose.Claim, n)
		for i := range cs {
			cs[i] = r.Claims[random.IntN(dated)]
			cs[i].Organisation = 1 + random.Int64N(organisations)
		}
		return cs
	}
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("prefixes=%d", n), func(b *testing.B) {
			c := whose.Changes{Claims: puts(n)}
			for b.Loop() {
				s.With(c)
			}
		})
	}
	b.Run("succession", func(b *testing.B) {
		c := whose.Changes{Bodies: []whose.Body{{ID: 7, Code: "ORG-7", Heirs: []whose.Heir{{Organisation: 8, Since: 1, Full: true}}}}}
		for b.Loop() {
			s.With(c)
		}
	})
}

func TestALookUpAllocatesNothing(t *testing.T) {
	s := city(t)
	at := time.UnixMicro(date(t, "2026-01-01"))
	ip, six, private := netip.MustParseAddr("203.0.113.99"), netip.MustParseAddr("2001:db8:5::1"), netip.MustParseAddr("10.0.0.5")
	for what, ask := range map[string]func(){
		"IPv4 with disputed endpoints": func() { s.IP(whose.Public, ip, 64500, at) },
		"IPv6":                         func() { s.IP(whose.Public, six, 64500, at) },
		"a private realm":              func() { s.IP("so-yte", private, 0, at) },
		"a domain":                     func() { s.Domain(whose.Public, "yte.gov.vn", at) },
		"a name of nobody":             func() { s.Domain(whose.Public, "a.b.c.vn", at) },
		"a host":                       func() { s.Host("so-yte", "may-01", 0, at) },
	} {
		if n := testing.AllocsPerRun(100, ask); n != 0 {
			t.Errorf("%s allocates %v times", what, n)
		}
	}
}

func TestTheMeasuredCityAgreesWithTheControl(t *testing.T) {
	r := bigCity(0)
	s := whose.Build(r)
	byPrefix := map[netip.Prefix][]whose.Claim{}
	for _, c := range r.Claims {
		byPrefix[c.Prefix] = append(byPrefix[c.Prefix], c)
	}
	disagree := 0
	for _, q := range questions(r) {
		if s.IP(whose.Public, q.ip, 0, q.at).Owned() != (naiveIP(byPrefix, q.ip, q.at.UnixMicro()) != 0) {
			disagree++
		}
	}
	if disagree > 0 {
		t.Errorf("%d answers differ", disagree)
	}
}
