package whose_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/internal/city/estate/whose"
)

// A small world, so that claims meet: ten days, six bodies, nested prefixes.

func day(n int) time.Time { return time.UnixMicro(int64(n) * 1_000_000).UTC() }

func worldPrefixes() []netip.Prefix {
	var ps []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/0", "203.0.112.0/23", "203.0.113.0/24", "203.0.113.0/25", "203.0.113.4/30", "203.0.113.5/32",
		"203.0.113.6/32", "10.0.0.0/8", "10.1.0.0/16", "10.1.0.5/32", "::/0", "2001:db8::/32", "2001:db8:1::/48",
		"2001:db8:1::5/128", "fd00::/8", "fd00::5/128",
	} {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	return ps
}

func worldAddresses() []netip.Addr {
	var as []netip.Addr
	for _, s := range []string{
		"203.0.113.5", "203.0.113.6", "203.0.113.7", "203.0.113.200", "203.0.112.1", "198.51.100.1", "10.1.0.5",
		"10.1.0.6", "10.9.9.9", "2001:db8:1::5", "2001:db8:1::6", "2001:db8:2::1", "fd00::5", "fd00::6", "127.0.0.1",
	} {
		as = append(as, netip.MustParseAddr(s))
	}
	return as
}

func worldNames() []string {
	return []string{
		"q1.example", "www.q1.example", "a.www.q1.example", "example", "gov.vn", "q1.gov.vn", "www.q1.gov.vn",
		"com.vn", "pc-01", "pc-02", "pc-01.q1.example", "hcm.example",
	}
}

func realms() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{whose.Public, whose.Public, "so-yte"})
}

func bodyIDs() *rapid.Generator[int64] { return rapid.Int64Range(1, 6) }

func days() *rapid.Generator[int] { return rapid.IntRange(0, 10) }

func names() *rapid.Generator[string] { return rapid.SampledFrom(worldNames()) }

func bodies() *rapid.Generator[whose.Body] {
	return rapid.Custom(func(t *rapid.T) whose.Body {
		b := whose.Body{ID: bodyIDs().Draw(t, "body"), Provider: rapid.Bool().Draw(t, "provider")}
		b.Code = fmt.Sprintf("C%d", b.ID)
		if rapid.IntRange(0, 2).Draw(t, "ends") == 0 {
			b.End = day(days().Draw(t, "end") + 1).UnixMicro()
		}
		for range rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(t, "heirs") {
			b.Heirs = append(b.Heirs, whose.Heir{
				Organisation: bodyIDs().Draw(t, "heir"),
				Since:        day(days().Draw(t, "since") + 1).UnixMicro(),
				Full:         rapid.Bool().Draw(t, "full"),
			})
		}
		return b
	})
}

func systemRecords() *rapid.Generator[whose.System] {
	return rapid.Custom(func(t *rapid.T) whose.System {
		s := whose.System{ID: rapid.Int64Range(1, 3).Draw(t, "system"), Owner: bodyIDs().Draw(t, "owner")}
		s.Code = fmt.Sprintf("S%d", s.ID)
		return s
	})
}

func claims() *rapid.Generator[whose.Claim] {
	return rapid.Custom(func(t *rapid.T) whose.Claim {
		c := whose.Claim{
			ID:           rapid.Int64Range(1, 40).Draw(t, "claim"),
			Kind:         rapid.SampledFrom([]whose.Kind{whose.Prefix, whose.Prefix, whose.ASN, whose.Domain, whose.Egress, whose.Endpoint}).Draw(t, "kind"),
			Realm:        realms().Draw(t, "realm"),
			Organisation: bodyIDs().Draw(t, "organisation"),
			System:       rapid.Int64Range(0, 3).Draw(t, "of system"),
		}
		switch c.Kind {
		case whose.Prefix, whose.Egress:
			c.Prefix = rapid.SampledFrom(worldPrefixes()).Draw(t, "prefix")
		case whose.ASN:
			c.Number = rapid.Uint32Range(64500, 64502).Draw(t, "number")
		case whose.Domain:
			c.Name = names().Draw(t, "domain")
		case whose.Endpoint:
			c.Name = names().Draw(t, "hostname")
			if rapid.Bool().Draw(t, "has address") {
				ip := rapid.SampledFrom(worldAddresses()).Draw(t, "address")
				c.Prefix = netip.PrefixFrom(ip, ip.BitLen())
			}
			return c
		}
		if rapid.Bool().Draw(t, "has from") {
			c.From = day(days().Draw(t, "from") + 1).UnixMicro()
			c.Since = fmt.Sprint("day ", c.From)
		}
		if rapid.Bool().Draw(t, "has to") {
			c.To = day(days().Draw(t, "to") + 1).UnixMicro()
		}
		return c
	})
}

func records() *rapid.Generator[whose.Records] {
	return rapid.Custom(func(t *rapid.T) whose.Records {
		return whose.Records{
			Bodies:  rapid.SliceOfNDistinct(bodies(), 0, 6, func(b whose.Body) int64 { return b.ID }).Draw(t, "bodies"),
			Systems: rapid.SliceOfNDistinct(systemRecords(), 0, 3, func(s whose.System) int64 { return s.ID }).Draw(t, "systems"),
			Claims:  rapid.SliceOfNDistinct(claims(), 0, 30, identity).Draw(t, "claims"),
		}
	})
}

func identity(c whose.Claim) [2]int64 {
	if c.Kind == whose.Endpoint {
		return [2]int64{1, c.ID}
	}
	return [2]int64{0, c.ID}
}

func changes() *rapid.Generator[whose.Changes] {
	return rapid.Custom(func(t *rapid.T) whose.Changes {
		return whose.Changes{
			Bodies:        rapid.SliceOfNDistinct(bodies(), 0, 2, func(b whose.Body) int64 { return b.ID }).Draw(t, "bodies"),
			Systems:       rapid.SliceOfNDistinct(systemRecords(), 0, 1, func(s whose.System) int64 { return s.ID }).Draw(t, "systems"),
			Claims:        rapid.SliceOfNDistinct(claims(), 0, 4, identity).Draw(t, "claims"),
			DropAddresses: rapid.SliceOfN(rapid.Int64Range(1, 40), 0, 3).Draw(t, "drop addresses"),
			DropEndpoints: rapid.SliceOfN(rapid.Int64Range(1, 40), 0, 3).Draw(t, "drop endpoints"),
		}
	})
}

// Whatever is claimed, the snapshot answers what the slow twin answers, also
// after any sequence of changes, and then equals a snapshot built anew.
func TestTheSnapshotAnswersWhatItsTwinAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records().Draw(t, "records")
		snapshot, slow := whose.Build(r), newTwin(r)
		for range rapid.IntRange(0, 4).Draw(t, "steps") {
			c := changes().Draw(t, "changes")
			before := whose.Dump(snapshot)
			next := snapshot.With(c)
			if whose.Dump(snapshot) != before {
				t.Fatal("With changed the snapshot it started from")
			}
			snapshot = next
			slow.change(c)
		}
		got, want := whose.Dump(snapshot), whose.Dump(whose.Build(slow.records()))
		if got != want {
			t.Fatalf("after the changes the snapshot is not as built anew:\n%s", cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
		}
		askAll(t, snapshot, slow)
	})
}

func askAll(t *rapid.T, s *whose.Snapshot, slow *twin) {
	realm := realms().Draw(t, "in realm")
	at := day(days().Draw(t, "at")).Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "later")) * time.Microsecond)
	asn := rapid.SampledFrom([]uint32{0, 64500, 64501}).Draw(t, "asn")
	for _, ip := range worldAddresses() {
		want, _ := slow.ip(realm, ip, asn, at)
		same(t, fmt.Sprint(realm, " ", ip, " AS", asn), s.IP(realm, ip, asn, at), want)
	}
	for _, name := range worldNames() {
		want, parent, _ := slow.domain(realm, name, at)
		got := s.Domain(realm, name, at)
		same(t, "domain "+name, got, want)
		if begins := len(got.Rule()) > 6 && got.Rule()[:6] == "parent"; got.Owned() && begins != parent {
			t.Fatalf("domain %s: rule %q, want parent %v", name, got.Rule(), parent)
		}
		within := rapid.SampledFrom([]int64{0, 0, 1, 2}).Draw(t, "within")
		want, _ = slow.host(realm, name, within, at)
		same(t, "host "+name, s.Host(realm, name, within, at), want)
	}
}

func same(t *rapid.T, asked string, got whose.Answer, want held) {
	address, endpoint := want.ID, int64(0)
	if want.Kind == whose.Endpoint {
		address, endpoint = 0, want.ID
	}
	if got.Organisation != want.owner || got.Owned() && (got.Address != address || got.Endpoint != endpoint || got.System != want.System) {
		t.Fatalf("%s: got %d by %q (%s), want %d by %v", asked, got.Organisation, got.Rule(), got.Reason, want.owner, want)
	}
	if got.Owned() != (got.Reason == whose.Owned) || got.Owned() && got.Rule() == "" {
		t.Fatalf("%s: organisation %d with reason %s and rule %q", asked, got.Organisation, got.Reason, got.Rule())
	}
}
