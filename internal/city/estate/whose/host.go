package whose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// NormalHost returns a host name as claims write it: composed (NFC), lower
// case, without the final dot. Offices name machines freely, MÁY-01 and PC$
// among them, so anything without blanks and control characters is a name. One
// that is normal already is returned without a copy.
func NormalHost(name string) (string, bool) {
	name = strings.TrimSuffix(name, ".")
	plain := true
	for i := range len(name) {
		if c := name[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			plain = false
			break
		}
	}
	if !plain {
		// Lower case can decompose (İ), so compose again.
		name = norm.NFC.String(strings.ToLower(norm.NFC.String(name)))
	}
	odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError }
	return name, name != "" && len(name) <= 253 && !strings.ContainsFunc(name, odd)
}
