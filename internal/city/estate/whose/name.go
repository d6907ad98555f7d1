package whose

import (
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// NormalName returns a domain or host name as claims write it: lower case,
// without the final dot, international labels in their ASCII form (RFC 5891,
// mapped as UTS 46 says). Labels with an underscore are allowed, as service
// names have them. It reports false for what is no name: empty, with an empty
// or overlong label, too long (253), with a character no name has, or an IP
// address. A name that is normal already is returned as it is, without a copy.
func NormalName(name string) (string, bool) {
	name = strings.TrimSuffix(name, ".")
	if normal(name) {
		return name, !looksLikeAddress(name)
	}
	if !ascii(name) {
		mapped, err := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false)).ToASCII(name)
		if err != nil {
			return "", false
		}
		name = strings.TrimSuffix(mapped, ".")
	}
	name = strings.ToLower(name)
	return name, normal(name) && !looksLikeAddress(name)
}

// normal reports whether the name is in normal form.
func normal(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	label := 0
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_':
			label++
		case c == '-':
			if label == 0 || i+1 == len(name) || name[i+1] == '.' {
				return false
			}
			label++
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0
}

func ascii(name string) bool {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return false
		}
	}
	return true
}

// looksLikeAddress reports a dotted quad or a number: an address, no name.
func looksLikeAddress(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	for i := range len(last) {
		if last[i] < '0' || last[i] > '9' {
			return false
		}
	}
	return true
}

// Domain answers whose the domain name is: exact, then each parent up to the
// registered name.
func (s *Snapshot) Domain(realm, name string, at time.Time) Answer {
	name, ok := NormalName(name)
	if !ok {
		return Answer{Reason: Malformed}
	}
	when := at.UnixMicro()
	a := s.inNames(realm, name, when)
	if a.Owned() || realm == Public {
		return a
	}
	public := s.inNames(Public, name, when)
	if public.Owned() {
		return public
	}
	return better(a, public)
}

func (s *Snapshot) inNames(realm, name string, when int64) Answer {
	var missed Answer
	registered := -1
	for rest := name; ; {
		if c, ok := s.names.get(nameKey{realm, rest}); ok {
			parent := len(rest) < len(name)
			if parent && registered < 0 {
				// Asked only now: most parents of most names are nobody's.
				registered = registeredFrom(name)
			}
			if parent && len(rest) < registered {
				return missed
			}
			a := s.inCell(c, when, parent)
			if a.Owned() {
				return a
			}
			missed = better(missed, a)
		}
		dot := strings.IndexByte(rest, '.')
		if dot < 0 {
			return missed
		}
		rest = rest[dot+1:]
	}
}

// registeredFrom is the length from which a parent of the name is at or below
// the registered name: anything longer than its public suffix.
func registeredFrom(name string) int {
	suffix, _ := publicsuffix.PublicSuffix(name)
	return len(suffix) + 1
}

// Host answers whose the host is, by inventory: the host name in the realm,
// then in the realm public. A name that hosts of several organisations bear
// is Disputed unless within names one of them. A full name that no inventory
// lists is asked as a domain.
func (s *Snapshot) Host(realm, hostname string, within int64, at time.Time) Answer {
	name, ok := NormalHost(hostname)
	if !ok {
		return Answer{Reason: Malformed}
	}
	when := at.UnixMicro()
	a := s.inHosts(realm, name, within, when)
	if !a.Owned() && realm != Public {
		public := s.inHosts(Public, name, within, when)
		if public.Owned() {
			return public
		}
		a = better(a, public)
	}
	if !a.Owned() && strings.Contains(name, ".") {
		d := s.Domain(realm, name, at)
		if d.Owned() {
			return d
		}
		a = better(a, d)
	}
	return a
}

func (s *Snapshot) inHosts(realm, name string, within, when int64) Answer {
	c, ok := s.hosts.get(nameKey{realm, name})
	if !ok {
		return Answer{}
	}
	var missed Answer
	var host *span
	for i := range c.spans {
		sp := &c.spans[i]
		switch {
		case !sp.valid(when):
			missed = better(missed, Answer{Reason: Elsewhen})
		case sp.owner == nil:
			missed = better(missed, s.answer(sp, false))
		case within != 0 && sp.owner.ID != within:
		case host == nil:
			host = sp
		case host.owner.ID != sp.owner.ID:
			return Answer{Reason: Disputed}
		}
	}
	if host == nil {
		return missed
	}
	return s.answer(host, false)
}

// URL answers whose the host of the address is.
func (s *Snapshot) URL(realm, raw string, at time.Time) Answer {
	host, ok := HostOf(raw)
	if !ok {
		return Answer{Reason: Malformed}
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return s.IP(realm, ip, 0, at)
	}
	return s.Domain(realm, host, at)
}

// HostOf returns the host of a web address, without brackets, port and user.
// An address without a scheme is read as if it had one, as feeds write them.
func HostOf(raw string) (string, bool) {
	raw = strings.TrimSpace(raw)
	if !strings.Contains(raw, "://") {
		raw = "//" + strings.TrimPrefix(raw, "//")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return "", false
	}
	return u.Hostname(), true
}
