package whose

import (
	"net/netip"
	"time"

	"github.com/gaissmai/bart"
)

// Special reports whether an address means nothing in the realm public:
// private (RFC 1918, RFC 4193), shared (RFC 6598), link local, loopback,
// multicast, unspecified, 0.0.0.0/8 and the limited broadcast. Documentation
// and benchmark networks are not special here: exercises use them.
func Special(ip netip.Addr) bool {
	ip = ip.Unmap()
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
		return true
	}
	if !ip.Is4() {
		return false
	}
	b := ip.As4()
	return b[0] == 0 || b[0] == 100 && b[1]&0xC0 == 64 || b == [4]byte{255, 255, 255, 255}
}

// IP answers whose the address is. asn is the AS number that the source named
// for it, 0 for none; it decides where no prefix does.
func (s *Snapshot) IP(realm string, ip netip.Addr, asn uint32, at time.Time) Answer {
	if !ip.IsValid() {
		return Answer{Reason: Malformed}
	}
	ip = ip.Unmap().WithZone("")
	when := at.UnixMicro()
	special := Special(ip)
	var missed Answer
	if realm != Public {
		a := s.inSpace(s.spaces[realm], ip, when)
		if a.Owned() {
			return a
		}
		missed = a
	}
	switch {
	case !special:
		a := s.inSpace(s.public, ip, when)
		if a.Owned() {
			return a
		}
		missed = better(missed, a)
	case realm == Public:
		return Answer{Reason: Meaningless}
	}
	if asn != 0 && !special {
		a := s.ASN(realm, asn, at)
		if a.Owned() {
			return a
		}
		missed = better(missed, a)
	}
	return missed
}

// ASN answers whose the AS number is.
func (s *Snapshot) ASN(realm string, asn uint32, at time.Time) Answer {
	when := at.UnixMicro()
	c, _ := s.numbers.get(numberKey{realm, asn})
	a := s.inCell(c, when, false)
	if a.Owned() || realm == Public {
		return a
	}
	c, _ = s.numbers.get(numberKey{Public, asn})
	public := s.inCell(c, when, false)
	if public.Owned() {
		return public
	}
	return better(a, public)
}

// inSpace walks from the longest cover of the address to the shortest and
// stops at the first that is valid and has an owner.
func (s *Snapshot) inSpace(table *bart.Table[*cell], ip netip.Addr, when int64) Answer {
	if table == nil {
		return Answer{}
	}
	var missed Answer
	var host, cover *span
	disputed := false
	c, ok := table.Lookup(ip)
	for ok {
		for i := range c.spans {
			sp := &c.spans[i]
			switch {
			case !sp.valid(when):
				missed = better(missed, Answer{Reason: Elsewhen})
			case sp.owner == nil:
				missed = better(missed, s.answer(sp, false))
			case sp.claim.Kind != Endpoint:
				if host == nil {
					return s.answer(sp, false)
				}
				if cover == nil {
					cover = sp
				}
			case host == nil:
				host = sp
			default:
				disputed = disputed || host.owner.ID != sp.owner.ID
			}
		}
		if cover != nil {
			decided := s.hostOr(table, ip, when, contest{host: host, cover: cover, disputed: disputed})
			return s.answer(decided, false)
		}
		c, ok = shorter(table, ip, c.bits)
	}
	switch {
	case host == nil:
		return missed
	case disputed:
		return Answer{Reason: Disputed}
	case s.denied(table, ip, when, host):
		return better(missed, Answer{Reason: Elsewhen})
	default:
		return s.answer(host, false)
	}
}

// shorter returns the next shorter cover of the address.
func shorter(table *bart.Table[*cell], ip netip.Addr, bits int) (*cell, bool) {
	if bits == 0 {
		return nil, false
	}
	return table.LookupPrefix(netip.PrefixFrom(ip, bits-1))
}

// contest is an endpoint of full length and the dated claim that covers it.
type contest struct {
	host, cover *span
	disputed    bool
}

// hostOr decides between an endpoint and the claim that covers it: rules 3 and
// 4 of the package.
func (s *Snapshot) hostOr(table *bart.Table[*cell], ip netip.Addr, when int64, c contest) *span {
	if c.cover.claim.Kind == Egress {
		return c.cover
	}
	host := c.host
	if c.disputed {
		full, _ := table.Lookup(ip)
		host = nil
		for i := range full.spans {
			sp := &full.spans[i]
			if sp.claim.Kind == Endpoint && sp.valid(when) && sp.owner != nil && sp.owner.ID == c.cover.owner.ID {
				host = sp
				break
			}
		}
		if host == nil {
			return c.cover
		}
	}
	if s.denied(table, ip, when, host) {
		return c.cover
	}
	return host
}

// denied reports whether the endpoint's own organisation has dated claims over
// the address, none of them valid at the time: then the address was not its
// own yet, or no longer.
func (s *Snapshot) denied(table *bart.Table[*cell], ip netip.Addr, when int64, host *span) bool {
	dated := false
	for c, ok := table.Lookup(ip); ok; c, ok = shorter(table, ip, c.bits) {
		for i := range c.spans {
			sp := &c.spans[i]
			if sp.claim.Kind != Prefix || sp.claim.Organisation != host.claim.Organisation {
				continue
			}
			if sp.claim.From <= when && (sp.claim.To == 0 || when < sp.claim.To) {
				return false
			}
			dated = true
		}
	}
	return dated
}

// inCell returns the first valid claim of a number or a name.
func (s *Snapshot) inCell(c *cell, when int64, parent bool) Answer {
	var missed Answer
	if c == nil {
		return missed
	}
	for i := range c.spans {
		sp := &c.spans[i]
		switch {
		case !sp.valid(when):
			missed = better(missed, Answer{Reason: Elsewhen})
		case sp.owner == nil:
			missed = better(missed, s.answer(sp, parent))
		default:
			return s.answer(sp, parent)
		}
	}
	return missed
}

// better keeps, of two answers without an owner, the one that tells more:
// a body that split or ended before a dispute, a dispute before a claim of
// another time, that before nothing. The first wins among equals.
func better(a, b Answer) Answer {
	if weight(b.Reason) > weight(a.Reason) {
		return b
	}
	return a
}

func weight(r Reason) int {
	switch r {
	case Split, Ended:
		return 3
	case Disputed:
		return 2
	case Elsewhen:
		return 1
	default:
		return 0
	}
}
