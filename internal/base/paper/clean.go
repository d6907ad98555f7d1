package paper

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// nbsp keeps two words on one line.
const nbsp = '\u00a0'

// clean makes any string fit to be printed: valid UTF-8 in NFC, so that a letter
// and its tone mark are one glyph; no control characters; no invisible ones that
// reorder or hide text (bidirectional marks, zero-width spaces, soft hyphens),
// which a hostile host name could use to read as another. Tabs become spaces,
// line ends become line feeds.
func clean(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == nbsp:
			return r
		case r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u0085' || r == '\v' || r == '\f':
			return ' '
		case r == '\u2011': // the hyphen that does not break has no glyph in most faces
			return '-'
		case unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), r == '\uFFFE', r == '\uFFFF':
			return -1
		case unicode.Is(unicode.Noncharacter_Code_Point, r):
			return -1
		case unicode.Is(unicode.Variation_Selector, r):
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// flat is clean text on one line.
func flat(s string) string {
	return strings.Join(strings.FieldsFunc(clean(s), func(r rune) bool { return r == ' ' || r == '\n' }), " ")
}

// A binder ties numbers to the words that count them, so that no line begins
// with a lone "05" of "ngày 05". "h" is a time's, "–" a range's.
type binder struct{ counted *regexp.Regexp }

func newBinder() binder {
	return binder{regexp.MustCompile(
		`(?i)(^|[\s\x{a0}(])(ngày|tháng|năm|quý|điều|khoản|điểm|mục|phần|chương|phụ lục|bảng|hình|số|article|clause|section|part|annex|table|figure|no\.)[ ]([0-9IVX])`)}
}

// text is clean text with its counted words bound.
func (b binder) text(s string) string {
	s = clean(s)
	// Neighbouring matches share a space, so the second pass takes the ones
	// that the first had to step over.
	for range 2 {
		s = b.counted.ReplaceAllString(s, "${1}${2}\u00a0${3}")
	}
	return s
}

// runs are clean runs without the empty ones.
func (b binder) runs(in []Run) []Run {
	out := make([]Run, 0, len(in))
	for _, r := range in {
		r.Text, r.Link = b.text(r.Text), link(r.Link)
		if r.Text != "" {
			out = append(out, r)
		}
	}
	return out
}

// link is an address that a paper may lead to: web and mail only, in ASCII. Any
// other is dropped and its text stays, so that a paper never opens a program.
func link(s string) string {
	lower := strings.ToLower(s)
	for _, scheme := range []string{"https://", "http://", "mailto:"} {
		if strings.HasPrefix(lower, scheme) {
			for _, r := range s {
				if r <= ' ' || r > '~' || strings.ContainsRune(`"<>\^{}|`+"`", r) {
					return ""
				}
			}
			return s
		}
	}
	return ""
}
