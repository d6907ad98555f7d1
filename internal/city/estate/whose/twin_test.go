package whose_test

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"tocsin/internal/city/estate/whose"
)

// twin answers the same question slowly, from the rules as the package comment
// words them, with none of the snapshot's tables: it looks at every claim and
// works the owner out for the instant asked.
type twin struct {
	bodies  map[int64]whose.Body
	systems map[int64]whose.System
	claims  map[[2]int64]whose.Claim
}

func newTwin(r whose.Records) *twin {
	t := &twin{bodies: map[int64]whose.Body{}, systems: map[int64]whose.System{}, claims: map[[2]int64]whose.Claim{}}
	t.change(whose.Changes{Bodies: r.Bodies, Systems: r.Systems, Claims: r.Claims})
	return t
}

func (t *twin) change(c whose.Changes) {
	for _, b := range c.Bodies {
		t.bodies[b.ID] = b
	}
	for _, s := range c.Systems {
		t.systems[s.ID] = s
	}
	for _, id := range c.DropAddresses {
		delete(t.claims, [2]int64{0, id})
	}
	for _, id := range c.DropEndpoints {
		delete(t.claims, [2]int64{1, id})
	}
	for _, c := range c.Claims {
		class := int64(0)
		if c.Kind == whose.Endpoint {
			class = 1
		}
		t.claims[[2]int64{class, c.ID}] = c
	}
}

func (t *twin) records() whose.Records {
	var r whose.Records
	for _, b := range t.bodies {
		r.Bodies = append(r.Bodies, b)
	}
	for _, s := range t.systems {
		r.Systems = append(r.Systems, s)
	}
	for _, c := range t.claims {
		r.Claims = append(r.Claims, c)
	}
	return r
}

// held is a claim with the owner it has at the instant asked.
type held struct {
	whose.Claim
	owner int64
	since int64
	rank  int
}

func (t *twin) ownerAt(c whose.Claim, at int64) (owner, since int64) {
	since = math.MinInt64
	if c.From != 0 {
		since = c.From
	}
	var passed []int64
	holder := c.Organisation
	for {
		body := t.bodies[holder]
		passed = append(passed, holder)
		end := int64(math.MaxInt64)
		if body.End != 0 {
			end = body.End
		}
		var full []int64
		for _, h := range body.Heirs {
			if h.Full {
				end = min(end, h.Since)
				if !slices.Contains(full, h.Organisation) {
					full = append(full, h.Organisation)
				}
			}
		}
		if at < end {
			return holder, since
		}
		since = max(since, end)
		if o := t.systems[c.System].Owner; c.System != 0 && o != 0 && !slices.Contains(passed, o) {
			holder = o
			continue
		}
		if len(full) != 1 || slices.Contains(passed, full[0]) {
			return 0, 0
		}
		holder = full[0]
	}
}

// valid returns the claims that are valid at the instant, have an owner and
// are wanted, in the order of rule 5.
func (t *twin) valid(at int64, want func(whose.Claim) bool) []held {
	var found []held
	for _, c := range t.claims {
		if !want(c) || at < c.From && c.From != 0 || c.To != 0 && at >= c.To {
			continue
		}
		owner, since := t.ownerAt(c, at)
		if owner == 0 {
			continue
		}
		h := held{Claim: c, owner: owner, since: since, rank: 1}
		if t.bodies[owner].Provider {
			h.rank = 2
		}
		if c.System != 0 {
			h.rank = 0
		}
		found = append(found, h)
	}
	slices.SortFunc(found, func(a, b held) int {
		switch {
		case a.Prefix.IsValid() && b.Prefix.IsValid() && a.Prefix.Bits() != b.Prefix.Bits():
			return b.Prefix.Bits() - a.Prefix.Bits()
		case (a.Kind == whose.Egress) != (b.Kind == whose.Egress):
			return first(a.Kind == whose.Egress)
		case a.rank != b.rank:
			return a.rank - b.rank
		case (a.Kind == whose.Endpoint) != (b.Kind == whose.Endpoint):
			return first(a.Kind == whose.Endpoint)
		case a.since != b.since:
			return first(a.since > b.since)
		default:
			return first(a.ID < b.ID)
		}
	})
	return found
}

func first(yes bool) int {
	if yes {
		return -1
	}
	return 1
}

func (t *twin) ip(realm string, ip netip.Addr, asn uint32, when time.Time) (held, bool) {
	at := when.UnixMicro()
	realms := []string{realm}
	if realm != whose.Public && !whose.Special(ip) {
		realms = append(realms, whose.Public)
	}
	if realm == whose.Public && whose.Special(ip) {
		return held{}, false
	}
	for _, r := range realms {
		if h, ok := t.ipIn(r, ip, at); ok {
			return h, true
		}
	}
	if asn == 0 || whose.Special(ip) {
		return held{}, false
	}
	return t.firstIn(realms, at, func(c whose.Claim) bool { return c.Kind == whose.ASN && c.Number == asn })
}

func (t *twin) firstIn(realms []string, at int64, want func(whose.Claim) bool) (held, bool) {
	for _, r := range realms {
		if all := t.valid(at, func(c whose.Claim) bool { return c.Realm == r && want(c) }); len(all) > 0 {
			return all[0], true
		}
	}
	return held{}, false
}

func (t *twin) ipIn(realm string, ip netip.Addr, at int64) (held, bool) {
	all := t.valid(at, func(c whose.Claim) bool {
		return c.Realm == realm && c.Prefix.IsValid() && c.Prefix.Contains(ip)
	})
	if len(all) == 0 {
		return held{}, false
	}
	if all[0].Kind != whose.Endpoint {
		return all[0], true
	}
	var cover *held
	var hosts []held
	for i, h := range all {
		switch {
		case h.Kind == whose.Endpoint:
			hosts = append(hosts, h)
		case cover == nil:
			cover = &all[i]
		}
	}
	if cover != nil && cover.Kind == whose.Egress {
		return *cover, true
	}
	host := &hosts[0]
	if slices.ContainsFunc(hosts, func(h held) bool { return h.owner != host.owner }) {
		host = nil
		if cover != nil {
			if i := slices.IndexFunc(hosts, func(h held) bool { return h.owner == cover.owner }); i >= 0 {
				host = &hosts[i]
			}
		}
	}
	if host != nil && t.denied(*host, ip, at) {
		host = nil
	}
	switch {
	case host != nil:
		return *host, true
	case cover != nil:
		return *cover, true
	default:
		return held{}, false
	}
}

func (t *twin) denied(host held, ip netip.Addr, at int64) bool {
	dated, now := false, false
	for _, c := range t.claims {
		if c.To != 0 && c.To <= c.From {
			continue // it was never valid, so it says nothing
		}
		if c.Kind == whose.Prefix && c.Realm == host.Realm && c.Organisation == host.Organisation && c.Prefix.Contains(ip) {
			dated = true
			now = now || (c.From == 0 || c.From <= at) && (c.To == 0 || at < c.To)
		}
	}
	return dated && !now
}

func (t *twin) domain(realm, name string, when time.Time) (h held, parent, ok bool) {
	realms := []string{realm}
	if realm != whose.Public {
		realms = append(realms, whose.Public)
	}
	names := []string{name}
	if registered, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		for n := name; n != registered; {
			n = n[strings.IndexByte(n, '.')+1:]
			names = append(names, n)
		}
	}
	for _, r := range realms {
		for i, n := range names {
			if h, ok := t.firstIn([]string{r}, when.UnixMicro(), func(c whose.Claim) bool {
				return c.Kind == whose.Domain && c.Name == n
			}); ok {
				return h, i > 0, true
			}
		}
	}
	return held{}, false, false
}

func (t *twin) host(realm, name string, within int64, when time.Time) (held, bool) {
	realms := []string{realm}
	if realm != whose.Public {
		realms = append(realms, whose.Public)
	}
	for _, r := range realms {
		all := t.valid(when.UnixMicro(), func(c whose.Claim) bool {
			return c.Kind == whose.Endpoint && c.Realm == r && c.Name == name
		})
		all = slices.DeleteFunc(all, func(h held) bool { return within != 0 && h.owner != within })
		if len(all) > 0 && !slices.ContainsFunc(all, func(h held) bool { return h.owner != all[0].owner }) {
			slices.SortStableFunc(all, func(a, b held) int { return sameLength(a, b) })
			return all[0], true
		}
	}
	if strings.Contains(name, ".") {
		h, _, ok := t.domain(realm, name, when)
		return h, ok
	}
	return held{}, false
}

// sameLength undoes the order by prefix length, which hosts of one name do not
// have: rank, beginning and identifier decide.
func sameLength(a, b held) int {
	switch {
	case a.rank != b.rank:
		return a.rank - b.rank
	case a.since != b.since:
		return first(a.since > b.since)
	default:
		return first(a.ID < b.ID)
	}
}
