package sheet

import (
	"net/mail"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// PublicRealm is the address space of the Internet; an empty realm means it.
const PublicRealm = "public"

// maxCode is the longest code, in characters.
const maxCode = 64

func words(s string) (string, *flaw) { return s, nil }

// vietnameseName also refuses text typed in a TCVN3 font: such a file is sound
// UTF-8 and reads "Ph­êng BÕn Thµnh" everywhere but under that font.
func vietnameseName(s string) (string, *flaw) {
	strange := 0
	for i, r := range s {
		if strings.ContainsRune("\u00a8©ª«¬\u00ad®µ¶·¸¹»¼½¾", r) && besideLetter(s, i, r) {
			strange++
		}
	}
	if strange >= 2 {
		return "", wrong("sheet.value.tcvn3", "value", s)
	}
	return s, nil
}

func besideLetter(s string, i int, r rune) bool {
	before := []rune(s[:i])
	if len(before) > 0 && unicode.IsLetter(before[len(before)-1]) {
		return true
	}
	after := []rune(s[i+len(string(r)):])
	return len(after) > 0 && unicode.IsLetter(after[0])
}

// code is one word: it stands in lists, in addresses of pages and in keys.
func code(s string) (string, *flaw) {
	if n := len([]rune(s)); n > maxCode {
		return "", wrong("sheet.value.long", "n", strconv.Itoa(n), "limit", strconv.Itoa(maxCode))
	}
	if strings.ContainsFunc(s, separator) {
		return "", wrong("sheet.value.code", "value", s)
	}
	return s, nil
}

func separator(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;|", r) }

// codes is a list of codes, divided by blanks, commas, semicolons or bars.
func codes(s string) (string, *flaw) {
	list := strings.FieldsFunc(s, separator)
	seen := map[string]bool{}
	for _, c := range list {
		if _, bad := code(c); bad != nil {
			return "", bad
		}
		if seen[c] {
			return "", wrong("sheet.value.code-twice", "code", c)
		}
		seen[c] = true
	}
	if len(list) == 0 {
		return "", wrong("sheet.value.code", "value", s)
	}
	return strings.Join(list, " "), nil
}

func oneOf(allowed []string) func(string) (string, *flaw) {
	return func(s string) (string, *flaw) {
		if slices.Contains(allowed, s) {
			return s, nil
		}
		list := strings.Join(allowed, ", ")
		if near := nearest(s, allowed); near != "" {
			return "", wrong("sheet.value.one-of-near", "value", s, "near", near, "allowed", list)
		}
		return "", wrong("sheet.value.one-of", "value", s, "allowed", list)
	}
}

func date(s string) (string, *flaw) {
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return s, nil
	}
	for _, layout := range []string{"2/1/2006", "2-1-2006", "2.1.2006", "2006/1/2", "2006-1-2", "20060102"} {
		if t, err := time.Parse(layout, s); err == nil {
			return "", wrong("sheet.value.date-near", "value", s, "near", t.Format(time.DateOnly))
		}
	}
	return "", wrong("sheet.value.date", "value", s)
}

func email(s string) (string, *flaw) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || !ascii(s) || len(s) > 254 {
		return "", wrong("sheet.value.email", "value", s)
	}
	_, host, _ := strings.Cut(s, "@")
	if strings.Contains(host, "@") || !strings.Contains(host, ".") || !hostLabels(host) {
		return "", wrong("sheet.value.email", "value", s)
	}
	return s, nil
}

func phone(s string) (string, *flaw) {
	count := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			count++
		case !strings.ContainsRune("+-(). /x#", r):
			return "", wrong("sheet.value.phone", "value", s)
		}
	}
	if count < 3 || count > 30 {
		return "", wrong("sheet.value.phone", "value", s)
	}
	return s, nil
}

func order(s string) (string, *flaw) { return between(s, 1, 999, "sheet.value.order") }

func level(s string) (string, *flaw) { return between(s, 1, 5, "sheet.value.level") }

func between(s string, low, high int, key string) (string, *flaw) {
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return "", wrong(key, "value", s)
	}
	return strconv.Itoa(n), nil
}

// hours is "24x7", or days and one stretch of a day: "Mon-Fri 07:30-17:00".
func hours(s string) (string, *flaw) {
	if s == "24x7" {
		return s, nil
	}
	days, stretch, ok := strings.Cut(s, " ")
	first, last, span := strings.Cut(days, "-")
	from, to, both := strings.Cut(stretch, "-")
	ok = ok && both && weekday(first) && (!span || weekday(last)) && clockTime(from) && clockTime(to) && from < to
	if !ok {
		return "", wrong("sheet.value.hours", "value", s)
	}
	return s, nil
}

func weekday(s string) bool {
	switch s {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

func clockTime(s string) bool {
	_, err := time.Parse("15:04", s)
	return (err == nil && len(s) == len("15:04")) || s == "24:00"
}

func realm(s string) (string, *flaw) {
	if strings.EqualFold(s, PublicRealm) && s != PublicRealm {
		return "", wrong("sheet.value.realm-public", "value", s)
	}
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("-_.:", r)
	}
	if strings.ContainsFunc(s, odd) || len([]rune(s)) > maxCode {
		return "", wrong("sheet.value.realm", "value", s)
	}
	return s, nil
}

func hostname(s string) (string, *flaw) {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("-_.$", r)
	}
	if strings.ContainsFunc(s, odd) || len(s) > 253 {
		return "", wrong("sheet.value.hostname", "value", s)
	}
	return s, nil
}

func ip(s string) (string, *flaw) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return "", wrong("sheet.value.ip", "value", s)
	}
	return a.Unmap().String(), nil
}

// cpe is a formatted string of CPE 2.3 (NISTIR 7695, 6.2: thirteen parts) or
// a URI of CPE 2.2.
func cpe(s string) (string, *flaw) {
	plain := strings.NewReplacer(`\\`, "", `\:`, "").Replace(s)
	sound := strings.HasPrefix(s, "cpe:2.3:") && strings.Count(plain, ":") == 12 ||
		strings.HasPrefix(s, "cpe:/") && strings.Count(plain, ":") >= 2
	if !sound || strings.ContainsFunc(s, unicode.IsSpace) {
		return "", wrong("sheet.value.cpe", "value", s)
	}
	return s, nil
}

// purl is a package URL: "pkg:type/name", of the specification ECMA-427.
func purl(s string) (string, *flaw) {
	rest, ok := strings.CutPrefix(s, "pkg:")
	kind, name, slash := strings.Cut(rest, "/")
	if !ok || !slash || kind == "" || name == "" || strings.ContainsFunc(s, unicode.IsSpace) {
		return "", wrong("sheet.value.purl", "value", s)
	}
	return s, nil
}

// address gives the canonical value of a row of addresses.
func address(kind, realm, s string) (string, *flaw) {
	switch kind {
	case "prefix", "egress":
		return network(kind, realm, s)
	case "asn":
		return asn(s)
	default:
		return domain(s)
	}
}

func network(kind, realm, s string) (string, *flaw) {
	p, err := parseNetwork(s)
	if err != nil {
		return "", wrong("sheet.address.prefix", "value", s)
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return "", wrong("sheet.address.prefix", "value", s)
		}
		v4 := netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).Masked()
		return "", wrong("sheet.address.mapped", "value", s, "near", v4.String())
	}
	if p != p.Masked() {
		return "", wrong("sheet.address.host-bits", "value", s, "near", p.Masked().String())
	}
	if p.Bits() == 0 {
		return "", wrong("sheet.address.everything", "value", s)
	}
	if (realm == "" || realm == PublicRealm) && p.Addr().IsPrivate() {
		return "", wrong("sheet.address.private", "value", s)
	}
	if kind == "egress" && p.IsSingleIP() {
		return p.Addr().String(), nil
	}
	return p.String(), nil
}

// parseNetwork takes a single address for a prefix of full length.
func parseNetwork(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		return netip.ParsePrefix(s)
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(a.WithZone(""), a.BitLen()), nil
}

// asn takes AS64500 and 64500 and gives the first (RFC 5396, asplain).
func asn(s string) (string, *flaw) {
	plain := s
	if len(s) > 2 && strings.EqualFold(s[:2], "AS") {
		plain = s[2:]
	}
	n, err := strconv.ParseUint(plain, 10, 32)
	if err != nil || n == 0 || n == 1<<32-1 || plain[0] == '+' {
		return "", wrong("sheet.address.asn", "value", s)
	}
	return "AS" + strconv.FormatUint(n, 10), nil
}

// domain gives a name in lower case and in its ASCII form. A name under which
// anybody may register belongs to nobody.
func domain(s string) (string, *flaw) {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		return "", wrong("sheet.address.url", "value", s, "near", host)
	}
	if rest, ok := strings.CutPrefix(s, "*."); ok {
		return "", wrong("sheet.address.wildcard", "value", s, "near", rest)
	}
	name, err := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false)).
		ToASCII(strings.TrimSuffix(s, "."))
	if err != nil || !hostLabels(name) {
		return "", wrong("sheet.address.domain", "value", s)
	}
	if suffix, managed := publicsuffix.PublicSuffix(name); suffix == name && (managed || !strings.Contains(name, ".")) {
		return "", wrong("sheet.address.suffix", "value", s)
	}
	return name, nil
}

// hostLabels tells a name of the DNS in ASCII: labels of letters, digits,
// hyphens and underscores, the last not a number.
func hostLabels(name string) bool {
	if len(name) > 253 {
		return false
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		odd := func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, odd) {
			return false
		}
	}
	_, err := strconv.Atoi(labels[len(labels)-1])
	return err != nil
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// invisible is what may stand around a value without being part of it.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' || r == '\u2060'
}

func lineBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085'
}

func control(r rune) bool { return unicode.IsControl(r) || r == '\ufffe' || r == '\uffff' }
