package whose

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Thing says what sort of thing an observable is.
type Thing uint8

// The things that can be asked about.
const (
	AnAddress Thing = iota + 1
	ADomain
	AHost
	AURL
	ANumber
)

// Observable is something that was seen and whose owner is asked.
type Observable struct {
	Thing Thing
	// Addr is the address of AnAddress.
	Addr netip.Addr
	// Number is the AS number: the thing itself, or what a source named for an
	// address (0 for none).
	Number uint32
	// Text is the domain, host name or URL.
	Text string
	// Within narrows a host name to one organisation's inventory; 0 for all.
	Within int64
}

// Address is an IP address, with the AS number its source named, or 0.
func Address(ip netip.Addr, asn uint32) Observable {
	return Observable{Thing: AnAddress, Addr: ip, Number: asn}
}

// DomainName is a domain name.
func DomainName(name string) Observable { return Observable{Thing: ADomain, Text: name} }

// Host is a host name in the inventory of one organisation, or of any (0).
func Host(name string, within int64) Observable {
	return Observable{Thing: AHost, Text: name, Within: within}
}

// URL is a web address.
func URL(raw string) Observable { return Observable{Thing: AURL, Text: raw} }

// Number is an AS number.
func Number(asn uint32) Observable { return Observable{Thing: ANumber, Number: asn} }

// ParseAsset reads the asset of a finding: ip:…, domain:…, host:… or url:….
func ParseAsset(asset string) (Observable, bool) {
	word, rest, _ := strings.Cut(asset, ":")
	switch word {
	case "ip":
		ip, err := netip.ParseAddr(rest)
		return Address(ip, 0), err == nil
	case "domain":
		return DomainName(rest), rest != ""
	case "host":
		return Host(rest, 0), rest != ""
	case "url":
		return URL(rest), rest != ""
	default:
		return Observable{}, false
	}
}

// Parse reads what a person types: an address, an AS number (AS64500), a web
// address, else a name, which is a domain when it has a dot and a host when
// not.
func Parse(text string) (Observable, bool) {
	text = strings.TrimSpace(text)
	if ip, err := netip.ParseAddr(text); err == nil {
		return Address(ip, 0), true
	}
	if len(text) > 2 && strings.EqualFold(text[:2], "as") {
		if n, err := strconv.ParseUint(text[2:], 10, 32); err == nil {
			return Number(uint32(n)), true
		}
	}
	if strings.ContainsAny(text, "/:") {
		_, ok := HostOf(text)
		return URL(text), ok
	}
	if strings.Contains(text, ".") {
		name, ok := NormalName(text)
		return DomainName(name), ok
	}
	name, ok := NormalHost(text)
	return Host(name, 0), ok
}

// WhoseIs answers whose the observable is in the realm at the time.
func (s *Snapshot) WhoseIs(realm string, o Observable, at time.Time) Answer {
	switch o.Thing {
	case AnAddress:
		return s.IP(realm, o.Addr, o.Number, at)
	case ADomain:
		return s.Domain(realm, o.Text, at)
	case AHost:
		return s.Host(realm, o.Text, o.Within, at)
	case AURL:
		return s.URL(realm, o.Text, at)
	case ANumber:
		return s.ASN(realm, o.Number, at)
	default:
		return Answer{Reason: Malformed}
	}
}
