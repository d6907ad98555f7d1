package stix

import (
	"encoding/base64"
	"math"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/language"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/stix/pattern"
)

// text holds the form of a string.
func (c *checker) text(f field, s, at string) *row.Refusal {
	switch f.form {
	case "time", "milli", "second":
		if _, ok := pattern.Timestamp(s); !ok {
			return &row.Refusal{Fault: row.FaultTime, Field: at, Value: s, Detail: "YYYY-MM-DDThh:mm:ss[.s+]Z"}
		}
		fraction := len(s) - len("2006-01-02T15:04:05Z")
		if f.form == "milli" && fraction < 4 || f.form == "second" && fraction > 0 {
			return &row.Refusal{Fault: row.FaultTime, Field: at, Value: s, Detail: map[string]string{"milli": "ss.sss", "second": "ss"}[f.form]}
		}
	case "id":
		kind, ok := idType(s)
		if !ok {
			return form(at, s, "TYPE--UUID")
		}
		if len(f.words) > 0 && !slices.Contains(f.words, kind) {
			return form(at, s, strings.Join(f.words, " | "))
		}
	case "notid":
		kind, ok := idType(s)
		if !ok {
			return form(at, s, "TYPE--UUID")
		}
		if slices.Contains(f.words, kind) {
			return form(at, s, "≠ "+kind)
		}
	case "word":
		if !slices.Contains(f.words, s) {
			return &row.Refusal{Fault: row.FaultValue, Field: at, Value: s, Detail: strings.Join(f.words, " | ")}
		}
	case "verb":
		if s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return form(at, s, "a-z 0-9 -")
		}
	case "uri":
		if u, err := url.Parse(s); err != nil || u.Scheme == "" {
			return &row.Refusal{Fault: row.FaultURL, Field: at, Value: s}
		}
	case "hex":
		if !isHex(s) {
			return form(at, s, "hex")
		}
	case "base64":
		if !isBase64(s) {
			return form(at, s, "base64")
		}
	case "lang":
		if _, err := language.Parse(s); err != nil {
			return form(at, s, "RFC 5646")
		}
	case "charset":
		if _, err := ianaindex.IANA.Encoding(s); err != nil {
			return form(at, s, "IANA character set")
		}
	case "media":
		top, sub, ok := strings.Cut(s, "/")
		switch top {
		case "application", "audio", "font", "image", "message", "model", "multipart", "text", "video":
		default:
			ok = false
		}
		if !ok || sub == "" || strings.Trim(sub, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+_-") != "" {
			return form(at, s, "type/subtype")
		}
	case "cpe":
		if !cpe23(s) {
			return form(at, s, "cpe:2.3:…")
		}
	case "ipv4", "ipv6":
		return address(f.form, s, at)
	case "mac":
		if !macAddress(s) {
			return form(at, s, "xx:xx:xx:xx:xx:xx")
		}
	case "domain":
		if _, err := row.HostName(s); err != nil {
			return &row.Refusal{Fault: row.FaultDomain, Field: at, Value: s}
		}
	case "email":
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
			return &row.Refusal{Fault: row.FaultEmail, Field: at, Value: s}
		}
	case "hive":
		for _, short := range []string{"HKLM", "HKCC", "HKCR", "HKCU", "HKU"} {
			if hive, _, _ := strings.Cut(s, `\`); strings.EqualFold(hive, short) {
				return form(at, s, "HKEY_…")
			}
		}
	case "text":
	default:
		panic("stix: shapes.txt names the unknown form " + f.form)
	}
	return nil
}

func number(f field, v any, at string) *row.Refusal {
	n, ok := v.(float64)
	if !ok || f.form == "int" && n != math.Trunc(n) || f.bound && n < f.least || f.upper && n > f.most {
		detail := ""
		if f.bound || f.upper {
			detail = strconv.FormatFloat(f.least, 'f', -1, 64) + "…"
		}
		if f.upper {
			detail += strconv.FormatFloat(f.most, 'f', -1, 64)
		}
		return &row.Refusal{Fault: row.FaultNumber, Field: at, Value: said(v), Detail: detail}
	}
	return nil
}

// idType splits an identifier: TYPE--UUID of RFC 4122.
func idType(id string) (string, bool) {
	kind, uuid, ok := strings.Cut(id, "--")
	if !ok || len(uuid) != 36 || !typeName(kind) || kind[0] < 'a' {
		return "", false
	}
	for i := range len(uuid) {
		c := uuid[i] | 0x20
		switch i {
		case 8, 13, 18, 23:
			if uuid[i] != '-' {
				return "", false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') || uuid[i] < '0' {
				return "", false
			}
		}
	}
	if v := uuid[14]; v < '1' || v > '5' {
		return "", false
	}
	return kind, strings.IndexByte("89abAB", uuid[19]) >= 0
}

// typeName holds the form of a type's name.
func typeName(s string) bool {
	return len(s) >= 3 && len(s) <= 250 && s[0] >= 'a' && s[0] <= 'z' &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && !strings.Contains(s, "--")
}

func propertyName(s string) bool {
	if len(s) < 3 || len(s) > 250 || s[0] < 'a' || s[0] > 'z' {
		return s == "id"
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func dictionaryKey(s string, least int) bool {
	return len(s) >= least && len(s) <= 250 &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

func socketOption(s string) bool {
	family, name, ok := strings.Cut(s, "_")
	return ok && name != "" && slices.Contains([]string{"SO", "ICMP", "ICMP6", "IP", "IPV6", "MCAST", "TCP", "IRLMP"}, family) &&
		strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isHex(v any) bool {
	s, ok := v.(string)
	return ok && s != "" && len(s)%2 == 0 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func isBase64(v any) bool {
	s, ok := v.(string)
	if !ok || s == "" || strings.ContainsAny(s, "\r\n") {
		return false
	}
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}

// cpe23 holds the formatted string of CPE 2.3: thirteen parts.
func cpe23(s string) bool {
	parts, escaped := 1, false
	for _, r := range s {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == ':':
			parts++
		case r == ' ':
			return false
		}
	}
	return parts == 13 && len(s) > 10 && s[:8] == "cpe:2.3:" && strings.IndexByte("aho*-", s[8]) >= 0 && s[9] == ':' && !strings.Contains(s, "::")
}

func macAddress(s string) bool {
	if len(s) != 17 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i%3 == 2 && c != ':' || i%3 != 2 && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// address holds an address or, in CIDR notation, a network.
func address(form, s, at string) *row.Refusal {
	ip, bits, network := strings.Cut(s, "/")
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Is4() != (form == "ipv4") || form == "ipv4" && strings.Contains(ip, ":") {
		return &row.Refusal{Fault: row.FaultIP, Field: at, Value: s, Detail: form}
	}
	if network {
		if n, err := strconv.Atoi(bits); err != nil || n < 0 || n > a.BitLen() || strconv.Itoa(n) != bits {
			return &row.Refusal{Fault: row.FaultPrefix, Field: at, Value: s, Detail: form}
		}
	}
	return nil
}
