package sheet

import "strings"

// nearest is the one of known that somebody who wrote s most likely meant, or
// nothing when none is near: at most two letters away and at most half of
// it, or the beginning of exactly one.
func nearest(s string, known []string) string {
	s = strings.ToLower(s)
	best, bestDistance := "", 3
	for _, k := range known {
		if d := distance(s, k); d < bestDistance && 2*d <= len(k) {
			best, bestDistance = k, d
		}
	}
	if best != "" || len(s) < 3 {
		return best
	}
	for _, k := range known {
		if strings.HasPrefix(k, s) || strings.HasPrefix(s, k) {
			if best != "" {
				return ""
			}
			best = k
		}
	}
	return best
}

// distance counts the letters to change, add or drop (Levenshtein).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 {
		return len(x)
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(y)]
}
