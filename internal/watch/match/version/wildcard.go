package version

import (
	"strings"

	"tocsin/internal/watch/intake/advisory"
)

// wildcard knows 5.x, 5.10.* and V3.X.
func wildcard(s string) bool {
	return strings.HasSuffix(s, ".x") || strings.HasSuffix(s, ".X") || strings.HasSuffix(s, ".*")
}

// closedWildcards turns wildcards into ends: all of 5.10.* is from 5.10 up to 5.11.
func closedWildcards(r advisory.Range) advisory.Range {
	if wildcard(r.Exact) {
		if stem, next, ok := wild(r.Exact); ok {
			r.Exact, r.From, r.To, r.FromOut, r.ToIn = "", stem, next, false, false
		}
	}
	if wildcard(r.From) {
		if stem, next, ok := wild(r.From); ok {
			if r.From = stem; r.FromOut {
				r.From, r.FromOut = next, false
			}
		}
	}
	if wildcard(r.To) {
		if stem, next, ok := wild(r.To); ok {
			if r.To = stem; r.ToIn {
				r.To, r.ToIn = next, false
			}
		}
	}
	return r
}

// wild gives 5.10 and 5.11 for 5.10.*.
func wild(s string) (stem, next string, ok bool) {
	for wildcard(s) {
		s = s[:len(s)-2]
	}
	n := len(s)
	for n > 0 && isDigit(s[n-1]) {
		n--
	}
	last := s[n:]
	if last == "" || len(last) > 9 {
		return "", "", false
	}
	return s, s[:n] + successor(last), true
}

func successor(number string) string {
	b := []byte(number)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}
