package i18n

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold gives the search key of s: lower case, no marks, đ as d, runs of white
// space as one blank. "Phường Hòa Hưng", "phuong hoa hung" and "Phường Hoà
// Hưng" have one key, whatever normal form they came in. Fold of a key is the
// key.
func Fold(s string) string {
	if plainASCII(s) {
		return spaced(strings.ToLower(s))
	}
	var out strings.Builder
	out.Grow(len(s))
	// Compatibility forms too: a ligature or a full-width letter from a PDF
	// must be found by the keys people have.
	for _, r := range norm.NFKD.String(strings.ToLower(norm.NFKD.String(s))) {
		switch {
		case unicode.Is(unicode.M, r):
		case r == 'đ', r == 'Đ':
			out.WriteByte('d')
		default:
			out.WriteRune(r)
		}
	}
	return spaced(out.String())
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// SortKey gives text whose order by bytes is the order of a Vietnamese
// dictionary: word by word; in a word first its letters (a ă â b c d đ e ê … ơ
// … ư … y), then its tone (ngang, huyền, hỏi, ngã, sắc, nặng). Both tone-mark
// styles have one key, capitals do not count, and runs of digits go by their
// value (Quận 2 before Quận 10). The key holds only a–z and 0–9, so that every
// database collation orders it alike; two texts may share a key, so a page
// through a list needs the id as its second column.
func SortKey(s string) string {
	var k keyWriter
	k.out.Grow(2*len(s) + 2)
	runes := []rune(norm.NFD.String(strings.ToLower(s)))
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r >= '0' && r <= '9':
			i += k.number(runes[i:]) - 1
		case unicode.IsLetter(r):
			k.letter(r)
		case unicode.Is(unicode.M, r):
			k.mark(r)
		default:
			k.endWord()
		}
	}
	k.endWord()
	return k.out.String()
}

// keyWriter writes a letter as two characters, the first of them a letter, and
// the end of a word as a zero and its tone, so that a shorter word comes first.
type keyWriter struct {
	out  strings.Builder
	last rune // The base letter whose marks may still come; 0 when none.
	own  byte // The second character of that letter.
	word bool // A word is open.
	tone byte
}

func (k *keyWriter) letter(r rune) {
	k.flush()
	k.word = true
	switch {
	case r == 'đ':
		k.last, k.own = 'd', '1'
	case r >= 'a' && r <= 'z':
		k.last, k.own = r, '0'
	default:
		// Letters of other scripts come after z, in the order of Unicode.
		fmt.Fprintf(&k.out, "z9%06x", r)
	}
}

func (k *keyWriter) mark(r rune) {
	const breve, circumflex, horn = '\u0306', '\u0302', '\u031b'
	switch {
	case r == breve && k.last == 'a':
		k.own = '1'
	case r == circumflex && k.last == 'a':
		k.own = '2'
	case r == circumflex && (k.last == 'e' || k.last == 'o'):
		k.own = '1'
	case r == horn && k.last == 'o':
		k.own = '2'
	case r == horn && k.last == 'u':
		k.own = '1'
	}
	if tone := toneRank(r); tone != 0 && k.last != 0 {
		k.tone = tone
	}
}

// toneRank orders the five marks; the level tone has none and rank '1'.
func toneRank(r rune) byte {
	switch r {
	case '\u0300':
		return '2' // huyền
	case '\u0309':
		return '3' // hỏi
	case '\u0303':
		return '4' // ngã
	case '\u0301':
		return '5' // sắc
	case '\u0323':
		return '6' // nặng
	}
	return 0
}

// number writes the run of digits that runes begins with, its length before
// its value, and tells how many runes it took.
func (k *keyWriter) number(runes []rune) int {
	k.endWord()
	n := 0
	for n < len(runes) && runes[n] >= '0' && runes[n] <= '9' {
		n++
	}
	digits := strings.TrimLeft(string(runes[:n]), "0")
	// Numbers of more than 35 digits are no numbers that anybody sorts by.
	size := min(len(digits), 35)
	k.out.WriteByte('1')
	k.out.WriteByte("0123456789abcdefghijklmnopqrstuvwxyz"[size])
	k.out.WriteString(digits)
	k.out.WriteByte('0')
	return n
}

func (k *keyWriter) flush() {
	if k.last != 0 {
		k.out.WriteByte(byte(k.last))
		k.out.WriteByte(k.own)
		k.last = 0
	}
}

func (k *keyWriter) endWord() {
	k.flush()
	if !k.word {
		return
	}
	tone := k.tone
	if tone == 0 {
		tone = '1'
	}
	k.out.WriteByte('0')
	k.out.WriteByte(tone)
	k.word, k.tone = false, 0
}

// otherToneStyle finds a word of text with its tone mark on the second vowel
// of an open oa, oe or uy (Hoà), where the official press writes Hòa; "" when
// there is none. After q the u is no vowel: quý is right in both styles.
func otherToneStyle(text string) string {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		runes := []rune(strings.ToLower(word))
		n := len(runes)
		if n < 2 {
			continue
		}
		toned := func(vowels string) bool { return strings.ContainsRune(vowels, runes[n-1]) }
		first := runes[n-2]
		switch {
		case first == 'o' && (toned("àáảãạ") || toned("èéẻẽẹ")):
			return word
		case first == 'u' && toned("ỳýỷỹỵ") && (n < 3 || runes[n-3] != 'q'):
			return word
		}
	}
	return ""
}
