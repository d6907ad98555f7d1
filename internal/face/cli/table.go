package cli

import (
	"strings"
	"unicode"
)

// gap stands between columns.
const gap = 2

// narrowest is how narrow a column becomes at most before the table is wider
// than the terminal all the same.
const narrowest = 8

// table sets rows, the first of them titles, into columns. Where width is above
// 0 and the rows are wider, the widest columns are cut until they fit: an id or
// a word of state stays whole, a long subject ends with an ellipsis.
func table(rows [][]string, width int) string {
	if len(rows) == 0 {
		return ""
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	if width > 0 {
		fit(widths, width)
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			cell = cut(cell, widths[i])
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-columns(cell)+gap))
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// fit narrows the widest column again and again until the row fits.
func fit(widths []int, width int) {
	total := gap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for total > width {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowest {
			return
		}
		widths[widest]--
		total--
	}
}

// cut shortens a text to a width.
func cut(text string, width int) string {
	if columns(text) <= width {
		return text
	}
	used := 0
	for i, r := range text {
		w := wide(r)
		if used+w > width-1 {
			return text[:i] + "…"
		}
		used += w
	}
	return text
}

// columns is how many columns of a terminal a text takes.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += wide(r)
	}
	return n
}

// wide is 0 for marks that stand on the letter before them, 2 for the scripts
// that fill a square, 1 for all else.
func wide(r rune) int {
	switch {
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r), unicode.Is(unicode.Cf, r):
		return 0
	case r >= 0x1100 && unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana):
		return 2
	case r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}
