package row

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// An Asset is a thing that may be in danger, in the text form of the contract:
// ip:203.0.113.7, domain:example.org, host:web-01, url:http://example.org/,
// product:openssl. An ip asset may be a network where a source speaks of a whole
// one: ip:203.0.113.0/24.
//
// Only the constructors make assets: equal things have equal text. The zero
// Asset is none.
type Asset string

// The schemes of assets.
const (
	SchemeIP      = "ip"
	SchemeDomain  = "domain"
	SchemeHost    = "host"
	SchemeURL     = "url"
	SchemeProduct = "product"
)

// Scheme is the part before the colon.
func (a Asset) Scheme() string {
	s, _, _ := strings.Cut(string(a), ":")
	return s
}

// Value is the part after the colon.
func (a Asset) Value() string {
	_, v, _ := strings.Cut(string(a), ":")
	return v
}

// Addr is the address of an ip asset; false for everything else, for a network
// too.
func (a Asset) Addr() (netip.Addr, bool) {
	v, ok := strings.CutPrefix(string(a), "ip:")
	if !ok || strings.IndexByte(v, '/') >= 0 {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(v)
	return addr, err == nil
}

// Prefix is the network of an ip asset, a single address as /32 or /128; false
// for everything else.
func (a Asset) Prefix() (netip.Prefix, bool) {
	if addr, ok := a.Addr(); ok {
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	v, ok := strings.CutPrefix(string(a), "ip:")
	if !ok {
		return netip.Prefix{}, false
	}
	p, err := netip.ParsePrefix(v)
	return p, err == nil
}

// ParseAsset reads the text form scheme:value and canonicalises it.
func ParseAsset(s string) (Asset, error) {
	scheme, v, ok := strings.Cut(s, ":")
	if !ok {
		return "", &Refusal{Fault: FaultValue, Field: "asset", Value: s, Detail: "ip:, domain:, host:, url: or product:"}
	}
	switch scheme {
	case SchemeIP:
		if strings.IndexByte(v, '/') >= 0 {
			return Network(v)
		}
		return IP(v)
	case SchemeDomain:
		return Domain(v)
	case SchemeHost:
		return Host(v)
	case SchemeURL:
		return URL(v)
	case SchemeProduct:
		return Product(v)
	}
	return "", &Refusal{Fault: FaultValue, Field: "asset", Value: s, Detail: "ip:, domain:, host:, url: or product:"}
}

// IP is the asset of an address in text form.
func IP(s string) (Asset, error) {
	addr, err := Addr(s)
	if err != nil {
		return "", err
	}
	return OfAddr(addr), nil
}

// OfAddr is the asset of an address: IPv4 in IPv6 is IPv4, a zone is dropped.
func OfAddr(addr netip.Addr) Asset {
	var b [64]byte
	return Asset(addr.Unmap().WithZone("").AppendTo(append(b[:0], "ip:"...)))
}

// Addr reads an address that a machine can have: IPv4 in IPv6 is IPv4; the
// unspecified address and zones are refused.
func Addr(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil || a.Zone() != "" || a.Unmap().IsUnspecified() {
		return netip.Addr{}, &Refusal{Fault: FaultIP, Value: s}
	}
	return a.Unmap(), nil
}

// Network is the asset of a prefix in text form; host bits are cleared and a
// prefix of one address is that address.
func Network(s string) (Asset, error) {
	p, err := Prefix(s)
	if err != nil {
		return "", err
	}
	if p.IsSingleIP() {
		return OfAddr(p.Addr()), nil
	}
	return Asset("ip:" + p.String()), nil
}

// Prefix reads a network: IPv4 in IPv6 is IPv4, host bits are cleared. The whole
// Internet is refused.
func Prefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(strings.TrimSpace(s))
	if err != nil {
		return netip.Prefix{}, &Refusal{Fault: FaultPrefix, Value: s}
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, &Refusal{Fault: FaultPrefix, Value: s}
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if p.Bits() == 0 {
		return netip.Prefix{}, &Refusal{Fault: FaultPrefix, Value: s, Detail: "that is the whole Internet"}
	}
	return p.Masked(), nil
}

// Domain is the asset of a domain name: at least two labels, lower case, no
// trailing dot, IDN as ASCII.
func Domain(s string) (Asset, error) {
	d, err := DomainName(s)
	if err != nil {
		return "", err
	}
	return Asset("domain:" + d), nil
}

// DomainName is the canonical text of a domain name. It has at least two labels
// and its last one is no number, so it is never an address.
func DomainName(s string) (string, error) {
	h, ok := hostText(s)
	dot := strings.LastIndexByte(h, '.')
	if !ok || dot < 0 || digits(h[dot+1:]) {
		return "", &Refusal{Fault: FaultDomain, Value: s}
	}
	return h, nil
}

// Host is the asset of a machine's name in an inventory: one label is enough.
func Host(s string) (Asset, error) {
	h, err := HostName(s)
	if err != nil {
		return "", err
	}
	return Asset("host:" + h), nil
}

// HostName is the canonical text of a host name: lower case, no trailing dot,
// IDN as ASCII, one label or more.
func HostName(s string) (string, error) {
	h, ok := hostText(s)
	if !ok {
		return "", &Refusal{Fault: FaultHost, Value: s}
	}
	return h, nil
}

// Product is the asset of a product as an advisory or a scanner names it: lower
// case, runs of white space as one blank.
func Product(s string) (Asset, error) {
	p := strings.ToLower(strings.Join(strings.Fields(s), " "))
	if p == "" || len(p) > 512 || Clip(p, len(p)) != p {
		return "", &Refusal{Fault: FaultProduct, Value: s}
	}
	return Asset("product:" + p), nil
}

// MailDomain is the domain of an e-mail address, canonical.
func MailDomain(s string) (string, error) {
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return "", &Refusal{Fault: FaultEmail, Value: s}
	}
	d, err := DomainName(s[at+1:])
	if err != nil {
		return "", &Refusal{Fault: FaultEmail, Value: s}
	}
	return d, nil
}

// hostText canonicalises a name of one label or more.
func hostText(s string) (string, bool) {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	plain, lower := true, true
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z':
			lower = false
		case c >= 0x80:
			plain = false
		}
	}
	if !plain {
		ascii, err := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false)).ToASCII(s)
		if err != nil {
			return "", false
		}
		// Mapping turns the other full stops of Unicode into dots.
		s, lower = strings.TrimSuffix(ascii, "."), false
	}
	if !lower {
		s = strings.ToLower(s)
	}
	return s, labels(s)
}

// labels holds the lengths of RFC 1035 §2.3.4 and letters, digits, hyphens and
// underscores, which real names use although host names may not.
func labels(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	start := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '.' {
			c := s[i]
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
			continue
		}
		if i == start || i-start > 63 || s[start] == '-' || s[i-1] == '-' {
			return false
		}
		start = i + 1
	}
	return true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
