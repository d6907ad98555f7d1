package row

import (
	"strings"
)

// An IndicatorType says what kind of pattern an indicator is. The set is closed.
type IndicatorType string

// The types of indicators.
const (
	IPv4   IndicatorType = "ipv4"
	IPv6   IndicatorType = "ipv6"
	CIDR   IndicatorType = "cidr"
	Name   IndicatorType = "domain" // the domain and every name below it
	Link   IndicatorType = "url"
	SHA256 IndicatorType = "sha256"
	SHA1   IndicatorType = "sha1"
	MD5    IndicatorType = "md5"
)

// IndicatorTypes are all types of indicators.
func IndicatorTypes() []IndicatorType {
	return []IndicatorType{IPv4, IPv6, CIDR, Name, Link, SHA256, SHA1, MD5}
}

// An Indicator is a pattern that means trouble when seen in traffic. Value is
// canonical: equal patterns have equal text.
type Indicator struct {
	Type  IndicatorType
	Value string
}

// ParseIndicator reads a pattern whose type is known.
func ParseIndicator(t IndicatorType, s string) (Indicator, error) {
	s = strings.TrimSpace(s)
	switch t {
	case IPv4, IPv6:
		a, err := Addr(s)
		if err != nil {
			return Indicator{}, err
		}
		if (t == IPv4) != a.Is4() {
			return Indicator{}, &Refusal{Fault: FaultIP, Value: s, Detail: string(t)}
		}
		return Indicator{t, a.String()}, nil
	case CIDR:
		p, err := Prefix(s)
		if err != nil {
			return Indicator{}, err
		}
		return Indicator{CIDR, p.String()}, nil
	case Name:
		d, err := DomainName(s)
		if err != nil {
			return Indicator{}, err
		}
		return Indicator{Name, d}, nil
	case Link:
		u, err := CanonicalURL(s)
		if err != nil {
			return Indicator{}, err
		}
		return Indicator{Link, u}, nil
	case SHA256, SHA1, MD5:
		if found, ok := hash(s); ok && found == t {
			return Indicator{t, strings.ToLower(s)}, nil
		}
		return Indicator{}, &Refusal{Fault: FaultHash, Value: s, Detail: string(t)}
	}
	return Indicator{}, &Refusal{Fault: FaultValue, Field: "indicator type", Value: string(t)}
}

// RecogniseIndicator reads a pattern by its looks: an address, a network, a URL,
// a hash, a domain. A network of one address is that address.
func RecogniseIndicator(s string) (Indicator, error) {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "://") {
		return ParseIndicator(Link, s)
	}
	if t, ok := hash(s); ok {
		return ParseIndicator(t, s)
	}
	if strings.IndexByte(s, '/') >= 0 {
		p, err := Prefix(s)
		if err != nil {
			return Indicator{}, &Refusal{Fault: FaultUnclear, Value: s}
		}
		if !p.IsSingleIP() {
			return Indicator{CIDR, p.String()}, nil
		}
		s = p.Addr().String()
	}
	if a, err := Addr(s); err == nil {
		if a.Is4() {
			return Indicator{IPv4, a.String()}, nil
		}
		return Indicator{IPv6, a.String()}, nil
	}
	d, err := DomainName(s)
	if err != nil {
		return Indicator{}, &Refusal{Fault: FaultUnclear, Value: s}
	}
	return Indicator{Name, d}, nil
}

// Asset is the indicator's pattern as an asset; a hash has none.
func (i Indicator) Asset() (Asset, error) {
	switch i.Type {
	case IPv4, IPv6, CIDR:
		return Asset("ip:" + i.Value), nil
	case Name:
		return Asset("domain:" + i.Value), nil
	case Link:
		return Asset("url:" + i.Value), nil
	case SHA256, SHA1, MD5:
	}
	return "", &Refusal{Fault: FaultNotAsset, Value: i.Value}
}

// hash says which hash a text has the form of.
func hash(s string) (IndicatorType, bool) {
	var t IndicatorType
	switch len(s) {
	case 64:
		t = SHA256
	case 40:
		t = SHA1
	case 32:
		t = MD5
	default:
		return "", false
	}
	for i := range len(s) {
		if unhex(s[i]) > 15 {
			return "", false
		}
	}
	return t, true
}

// Refang undoes the spellings that keep people from clicking: hxxp, [.], (.),
// [dot], [:], [://].
func Refang(s string) string {
	if strings.ContainsAny(s, "[({\\") {
		s = strings.NewReplacer(
			"[.]", ".", "(.)", ".", "{.}", ".", "[.", ".", ".]", ".", "\\.", ".",
			"[dot]", ".", "(dot)", ".", "[DOT]", ".", "(DOT)", ".",
			"[://]", "://", "[:]//", "://", "[:]", ":", "[/]", "/", "[@]", "@", "[at]", "@",
		).Replace(s)
	}
	if len(s) > 4 && (s[0] == 'h' || s[0] == 'H') && strings.EqualFold(s[1:3], "xx") && (s[3] == 'p' || s[3] == 'P') {
		return "http" + s[4:]
	}
	if len(s) > 3 && strings.EqualFold(s[:3], "fxp") && strings.Contains(s, "://") {
		return "ftp" + s[3:]
	}
	return s
}
