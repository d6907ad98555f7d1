package shadowserver

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// maxWord bounds a discriminator that is taken from a column.
const maxWord = 100

// word appends a value as one word: lower case, blanks and underscores as single
// hyphens, cut to maxWord bytes.
func word(dst, b []byte) []byte {
	from := len(dst)
	for _, c := range b {
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c <= ' ' || c == '_' || c == 0x7f:
			c = '-'
		}
		if c == '-' && (len(dst) == from || dst[len(dst)-1] == '-') {
			continue
		}
		dst = append(dst, c)
	}
	if len(dst) > from+maxWord {
		// The cut may not leave half a letter.
		dst = append(dst[:from], bytes.ToValidUTF8(dst[from:from+maxWord], nil)...)
	}
	return bytes.TrimRight(dst, "-")
}

// family appends the normalised name of a malware family: the first of a list,
// without the umbrella that its takedown was called.
func family(dst, b []byte) []byte {
	if i := bytes.IndexAny(b, ";,|"); i >= 0 {
		b = b[:i]
	}
	from := len(dst)
	dst = word(dst, b)
	if rest, ok := bytes.CutPrefix(dst[from:], []byte("avalanche-")); ok && len(rest) > 0 {
		dst = append(dst[:from], rest...)
	}
	return dst
}

// tagged says whether a list of tags (separated by ; , | or blanks) has the tag,
// alone or as the first or last part of a longer one: eol, eol-exchange.
func tagged(tags []byte, tag string) bool {
	for len(tags) > 0 {
		end := bytes.IndexAny(tags, ";,| ")
		if end < 0 {
			end = len(tags)
		}
		t := tags[:end]
		if len(t) >= len(tag) {
			if asciiFold(t[:len(tag)], tag) && (len(t) == len(tag) || t[len(tag)] == '-') ||
				asciiFold(t[len(t)-len(tag):], tag) && t[len(t)-len(tag)-1] == '-' {
				return true
			}
		}
		if end == len(tags) {
			return false
		}
		tags = tags[end+1:]
	}
	return false
}

// asciiFold compares without case.
func asciiFold(b []byte, lower string) bool {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func hasCVE(b []byte) bool {
	_, _, ok := nextCVE(b)
	return ok
}

// nextCVE finds the first CVE number in b, in any case: year, number of four
// digits or more (cve.org's syntax since 2014), and what comes after it.
func nextCVE(b []byte) (id [2]uint64, rest []byte, ok bool) {
	for i := 0; i+13 <= len(b); i++ {
		if b[i]|0x20 != 'c' || !asciiFold(b[i:i+4], "cve-") || b[i+8] != '-' && b[i+8] != '_' {
			continue
		}
		end := i + 9
		for end < len(b) && b[end]-'0' <= 9 {
			end++
		}
		year, err := strconv.ParseUint(string(b[i+4:i+8]), 10, 64)
		if err != nil || end-i-9 < 4 || end-i-9 > 10 {
			continue
		}
		number, _ := strconv.ParseUint(string(b[i+9:end]), 10, 64)
		return [2]uint64{year, number}, b[end:], true
	}
	return id, nil, false
}

// maxCVEs bounds how many CVE numbers a discriminator names.
const maxCVEs = 8

// cves appends the CVE numbers in b, oldest first, each once, with commas: the
// order in which a source lists them must not make another finding.
func cves(dst, b []byte) []byte {
	id, rest, ok := nextCVE(b)
	if !ok {
		return dst
	}
	ids := [][2]uint64{id}
	for id, rest, ok = nextCVE(rest); ok; id, rest, ok = nextCVE(rest) {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b [2]uint64) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	for i, id := range ids[:min(len(ids), maxCVEs)] {
		if i > 0 {
			dst = append(dst, ',')
		}
		n := strconv.FormatUint(id[1], 10)
		dst = append(dst, "CVE-"...)
		dst = strconv.AppendUint(dst, id[0], 10)
		dst = append(append(dst, '-'), strings.Repeat("0", max(0, 4-len(n)))...)
		dst = append(dst, n...)
	}
	return dst
}
