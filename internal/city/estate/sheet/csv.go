package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// readCSV reads a table of which the first line with a value is the header.
func readCSV(text []byte) Sheet {
	offset := 0
	delimiter := rune(0)
	if line, rest, ok := bytes.Cut(text, []byte{'\n'}); ok {
		// Excel writes and reads this first line to name the delimiter.
		if named, found := strings.CutPrefix(strings.TrimSpace(string(line)), "sep="); found && len(named) == 1 {
			delimiter, text, offset = rune(named[0]), rest, 1
		}
	}
	if delimiter == 0 || !strings.ContainsRune(",;\t|", delimiter) {
		delimiter = guessDelimiter(text)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = delimiter
	r.FieldsPerRecord = -1
	var g grid
	for {
		cells, err := r.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return g.read("")
		case errors.As(err, &broken):
			s := g.read("")
			s.Refused = append(s.Refused, refusal(broken.StartLine+offset, 0, "", "sheet.csv.quote"))
			return s
		}
		line, _ := r.FieldPos(0)
		if allBlank(cells) {
			continue
		}
		g.rows = append(g.rows, gridRow{line: line + offset, cells: cells})
	}
}

func allBlank(cells []string) bool {
	for _, c := range cells {
		if !blank(c) {
			return false
		}
	}
	return true
}

// guessDelimiter counts what stands outside quotes in the first line that has
// a value. A header of one column has no delimiter; comma then does no harm.
func guessDelimiter(text []byte) rune {
	var count [3]int
	quoted := false
	visible := false
	for _, b := range text {
		switch {
		case b == '"':
			quoted = !quoted
			visible = true
		case quoted:
		case b == ',':
			count[0]++
		case b == ';':
			count[1]++
		case b == '\t':
			count[2]++
		case b == '\n':
			if visible {
				return chosen(count)
			}
			count = [3]int{}
		case b != '\r' && b != ' ':
			visible = true
		}
	}
	return chosen(count)
}

func chosen(count [3]int) rune {
	switch {
	case count[1] > count[0] && count[1] >= count[2]:
		return ';'
	case count[2] > count[0]:
		return '\t'
	}
	return ','
}
