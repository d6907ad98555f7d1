package version

import (
	"strings"

	"tocsin/internal/base/i18n"
	"tocsin/internal/watch/intake/advisory"
)

// Read computes the ranges that a source's words mean: "< 3.2", ">= 1.0, < 1.4",
// "5.7.26 and prior", "All versions prior to version 4.4.1", "7.0 through 7.4",
// "5.x", "11.1.7, 11.2.4", "vers:all/*", "từ 7.0 đến 7.2". It is false for
// everything that it does not understand to the last word. A Range without ends
// is all versions.
func Read(text string) ([]advisory.Range, bool) {
	if len(text) > 4*maxLength {
		return nil, false
	}
	s := i18n.Fold(text)
	if rest, ok := strings.CutPrefix(s, "vers:"); ok {
		_, s, ok = strings.Cut(rest, "/")
		if !ok {
			return nil, false
		}
		s = strings.ReplaceAll(s, "|", " ")
	}
	s = strings.NewReplacer("≤", "<=", "≥", ">=", "=<", "<=", "=>", ">=", " | ", " ", "–", "-", "—", "-").Replace(s)
	if strings.ContainsAny(s, "<>") {
		r, ok := comparators(s)
		return []advisory.Range{r}, ok
	}
	var all []advisory.Range
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' }) {
		r, ok := clause(strings.TrimSpace(part))
		if !ok {
			return nil, false
		}
		all = append(all, r)
	}
	return all, len(all) > 0
}

// comparators reads signs and versions that hold together: ">= 1.0, < 1.4".
// Words may stand before the first sign (the product's name), none after it.
func comparators(s string) (advisory.Range, bool) {
	var r advisory.Range
	first := strings.IndexAny(s, "<>")
	if strings.ContainsAny(s[:first], "0123456789,;") {
		return r, false
	}
	s = s[first:]
	for s != "" {
		sign, rest := leading(s, func(c byte) bool { return c == '<' || c == '>' || c == '=' })
		end := strings.IndexAny(rest, "<>")
		if end < 0 {
			end = len(rest)
		}
		operand := strings.TrimSuffix(strings.Trim(rest[:end], " ,;&"), " and")
		operand, ok := plain(operand)
		if !ok {
			return r, false
		}
		switch {
		case sign == "<" && r.To == "":
			r.To = operand
		case sign == "<=" && r.To == "":
			r.To, r.ToIn = operand, true
		case sign == ">" && r.From == "":
			r.From, r.FromOut = operand, true
		case sign == ">=" && r.From == "":
			r.From = operand
		default:
			return r, false
		}
		s = rest[end:]
	}
	return r, true
}

// clause reads one part in words.
func clause(s string) (advisory.Range, bool) {
	s = unnamed(s)
	switch s {
	case "", "*", "all", "all versions", "any", "tat ca", "moi phien ban":
		return advisory.Range{}, s != ""
	}
	for _, tail := range []string{
		" and prior", " and earlier", " and below", " and older", " and lower", " and previous", " and before",
		" or prior", " or earlier", " or below", " or older", " or lower", " and all prior", " and under", " tro ve truoc", " tro xuong",
	} {
		if head, ok := strings.CutSuffix(strings.TrimSuffix(strings.TrimSuffix(s, " versions"), " releases"), tail); ok {
			v, ok := plain(head)
			return advisory.Range{To: v, ToIn: true}, ok
		}
	}
	for _, tail := range []string{" and later", " and newer", " and above", " or later", " or newer", " or above", " tro len", " tro ve sau"} {
		if head, ok := strings.CutSuffix(strings.TrimSuffix(s, " versions"), tail); ok {
			v, ok := plain(head)
			return advisory.Range{From: v}, ok
		}
	}
	for _, lead := range []string{"prior to ", "before ", "earlier than ", "lower than ", "below ", "older than ", "truoc "} {
		if tail, ok := strings.CutPrefix(s, lead); ok {
			v, ok := plain(tail)
			return advisory.Range{To: v}, ok
		}
	}
	for _, lead := range []string{"up to and including ", "through ", "up to ", "den "} {
		if tail, ok := strings.CutPrefix(s, lead); ok {
			v, ok := plain(tail)
			return advisory.Range{To: v, ToIn: true}, ok
		}
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "from "), "tu ")
	for _, between := range []string{" through ", " to ", " thru ", " den ", " - ", " up to "} {
		if a, b, ok := strings.Cut(s, between); ok {
			from, okA := plain(a)
			to, okB := plain(b)
			return advisory.Range{From: from, To: to, ToIn: true}, okA && okB
		}
	}
	for _, between := range []string{" prior to ", " before ", " truoc "} {
		if a, b, ok := strings.Cut(s, between); ok {
			from, okA := plain(a)
			to, okB := plain(b)
			return advisory.Range{From: from, To: to}, okA && okB
		}
	}
	if wildcard(s) {
		r := closedWildcards(advisory.Range{Exact: s})
		return r, r.Exact == ""
	}
	v, ok := plain(s)
	return advisory.Range{Exact: v}, ok
}

// unnamed drops "all versions", "versions", "phiên bản" before a clause.
func unnamed(s string) string {
	for _, w := range []string{"all versions ", "tat ca ", "cac ", "versions ", "version ", "phien ban "} {
		s = strings.TrimPrefix(s, w)
	}
	return s
}

// plain takes a text that is one version and no prose: it begins with a number,
// its label aside, and has no long words in it.
func plain(s string) (string, bool) {
	s = strings.TrimSpace(unnamed(strings.TrimSpace(s)))
	if s == "" || len(s) > 64 {
		return "", false
	}
	if !isDigit(s[0]) && !(s[0] == 'v' && len(s) > 1 && (isDigit(s[1]) || s[1] == ' ' || s[1] == '.')) {
		return "", false
	}
	if wildcard(s) {
		return s, true
	}
	v, ok := parseGeneric(s)
	if !ok || strings.Count(s, " ") > 4 {
		return "", false
	}
	for _, t := range v.tokens {
		if len(t.text) > 4 && !t.number && place([]token{t}, 0) == placeWord {
			return "", false
		}
	}
	return s, true
}

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
