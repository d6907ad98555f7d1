package misp

import (
	"net"
	"strconv"
	"strings"

	"tocsin/internal/watch/intake/row"
)

// patterns are what an attribute of a type means when seen: the indicators of
// which any is trouble, and the port beside an address. A type that is no pattern
// gives none; a value that does not fit its type is refused.
func patterns(kind, value string) (found []row.Indicator, port uint16, refused *row.Refusal) {
	if value == "" {
		return nil, 0, &row.Refusal{Fault: row.FaultEmpty, Field: "value"}
	}
	p := &reading{kind: kind}
	first, second := composite(kind, value)
	switch kind {
	case "ip-src", "ip-dst":
		p.address(value)
	case "ip-src|port", "ip-dst|port":
		if second == "" { // older exports join them as addr:port does
			if at := strings.LastIndexByte(value, ':'); at > 0 {
				first, second = strings.Trim(value[:at], "[]"), value[at+1:]
			}
		}
		p.address(first)
		p.port(second)
	case "domain", "hostname":
		p.add(row.ParseIndicator(row.Name, row.Refang(value)))
	case "hostname|port":
		p.add(row.ParseIndicator(row.Name, row.Refang(first)))
		p.port(second)
	case "domain|ip":
		p.add(row.ParseIndicator(row.Name, row.Refang(first)))
		p.address(second)
	case "url":
		p.link(value)
	case "uri":
		if strings.Contains(value, "://") {
			p.link(value)
		}
	case "md5", "sha1", "sha256":
		p.add(row.ParseIndicator(row.IndicatorType(kind), value))
	case "filename|md5", "filename|sha1", "filename|sha256":
		p.add(row.ParseIndicator(row.IndicatorType(strings.TrimPrefix(kind, "filename|")), second))
	case "malware-sample":
		// A sample whose hash is not given is its file's name alone.
		if second != "" {
			p.add(row.ParseIndicator(row.MD5, second))
		}
	case "x509-fingerprint-md5", "x509-fingerprint-sha1", "x509-fingerprint-sha256":
		p.add(row.ParseIndicator(row.IndicatorType(strings.TrimPrefix(kind, "x509-fingerprint-")), strings.ReplaceAll(value, ":", "")))
	default:
		p.refused = fits(kind, value, second)
	}
	if p.refused != nil {
		p.refused.Field = "value"
		return nil, 0, p.refused
	}
	return p.found, p.number, nil
}

// A reading gathers what a value means; the first fault stays.
type reading struct {
	kind    string
	found   []row.Indicator
	number  uint16
	refused *row.Refusal
}

func (p *reading) add(i row.Indicator, err error) {
	if err != nil {
		if bad, ok := err.(*row.Refusal); ok && p.refused == nil { //nolint:errorlint // row returns refusals bare
			p.refused = &row.Refusal{Fault: bad.Fault, Value: bad.Value, Detail: p.kind}
		}
		return
	}
	p.found = append(p.found, i)
}

// address is an address or a network; a network of one address is that address.
func (p *reading) address(s string) {
	s = row.Refang(strings.TrimSpace(s))
	if strings.IndexByte(s, '/') >= 0 {
		n, err := row.Prefix(s)
		if err != nil {
			p.add(row.Indicator{}, err)
			return
		}
		if !n.IsSingleIP() {
			p.add(row.Indicator{Type: row.CIDR, Value: n.String()}, nil)
			return
		}
		s = n.Addr().String()
	}
	a, err := row.Addr(s)
	if err != nil {
		p.add(row.Indicator{}, err)
		return
	}
	i := row.Indicator{Type: row.IPv6, Value: a.String()}
	if a.Is4() {
		i.Type = row.IPv4
	}
	p.add(i, nil)
}

// link is a URL; MISP lets its scheme be left out, which is http then.
func (p *reading) link(s string) {
	s = row.Refang(s)
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	p.add(row.ParseIndicator(row.Link, s))
}

func (p *reading) port(s string) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
	if err != nil || n == 0 {
		if p.refused == nil {
			p.refused = &row.Refusal{Fault: row.FaultNumber, Value: s, Detail: p.kind}
		}
		return
	}
	p.number = uint16(n)
}

// composite splits the value of a type of two: at the last bar, for file names
// may have one.
func composite(kind, value string) (first, second string) {
	if at := strings.LastIndexByte(value, '|'); at >= 0 && (strings.Contains(kind, "|") || kind == "malware-sample") {
		return strings.TrimSpace(value[:at]), strings.TrimSpace(value[at+1:])
	}
	return value, ""
}

// digest is how many hexadecimal digits a hash has that is no indicator here; 0
// is another type.
func digest(kind string) int {
	switch kind {
	case "imphash", "ja3-fingerprint-md5", "hassh-md5", "hasshserver-md5":
		return 32
	case "pehash", "cdhash", "git-commit-id":
		return 40
	case "sha224", "sha512/224", "sha3-224":
		return 56
	case "authentihash", "sha512/256", "sha3-256":
		return 64
	case "sha384", "sha3-384":
		return 96
	case "sha512", "sha3-512":
		return 128
	}
	return 0
}

// fits holds the form of a value whose type is no pattern, where the type has a
// form.
func fits(kind, value, second string) *row.Refusal {
	hash, isFile := strings.CutPrefix(kind, "filename|")
	text := value
	if isFile {
		text = second
	}
	if n := digest(hash); n > 0 {
		if len(text) != n || !hex(text) {
			return &row.Refusal{Fault: row.FaultHash, Value: text, Detail: kind}
		}
		return nil
	}
	number := func(least, most int64) *row.Refusal {
		n, err := strconv.ParseInt(strings.TrimPrefix(strings.ToUpper(value), "AS"), 10, 64)
		if err != nil || n < least || n > most {
			return &row.Refusal{Fault: row.FaultNumber, Value: value, Detail: kind}
		}
		return nil
	}
	switch kind {
	case "port":
		return number(1, 1<<16-1)
	case "AS":
		return number(0, 1<<32-1)
	case "size-in-bytes", "counter":
		return number(0, 1<<62)
	case "email", "email-src", "email-dst", "target-email", "email-reply-to", "dns-soa-email", "jabber-id":
		if at := strings.LastIndexByte(value, '@'); at < 1 || at == len(value)-1 || strings.ContainsAny(value, " \t\n") {
			return &row.Refusal{Fault: row.FaultEmail, Value: value, Detail: kind}
		}
	case "mac-address", "mac-eui-64":
		if _, err := net.ParseMAC(value); err != nil {
			return &row.Refusal{Fault: row.FaultForm, Value: value, Detail: kind}
		}
	case "vulnerability":
		if len(value) > 4 && strings.EqualFold(value[:4], "CVE-") {
			year, n, _ := strings.Cut(value[4:], "-")
			if len(year) != 4 || len(n) < 4 || strings.Trim(year+n, "0123456789") != "" {
				return &row.Refusal{Fault: row.FaultCVE, Value: value}
			}
		}
	case "datetime":
		if stamp(value).IsZero() {
			if _, err := row.Instant([]byte(value), nil); err != nil {
				return &row.Refusal{Fault: row.FaultTime, Value: value, Detail: kind}
			}
		}
	}
	return nil
}
