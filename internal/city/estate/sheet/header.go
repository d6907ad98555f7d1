package sheet

import (
	"slices"
	"strconv"
	"strings"
)

// A grid is a table as CSV and XLSX have it: lines of cells with the number
// of each line. Lines without any value are left out.
type grid struct {
	rows []gridRow
}

type gridRow struct {
	line  int
	cells []string
}

// read takes the first line for the header and the others for its rows. The
// name of a worksheet decides where two kinds fit the header equally.
func (g grid) read(name string) Sheet {
	s := Sheet{Name: name}
	if len(g.rows) == 0 {
		s.Refused = []Refusal{refusal(1, 1, "", "sheet.empty")}
		return s
	}
	head := g.rows[0]
	names := make([]string, len(head.cells))
	for i, c := range head.cells {
		names[i] = plainColumn(c)
	}
	s.Kind = recognise(names, name)
	if s.Kind == "" {
		s.Refused = []Refusal{refusal(head.line, 1, "", "sheet.header.unknown", "kinds", kindList())}
		return s
	}
	if s.checkHeader(head, names); len(s.Refused) > 0 {
		return s
	}
	s.Columns, s.table = names, true
	t := s.taker()
	for _, row := range g.rows[1:] {
		rec := record{line: row.line}
		stray := false
		for i, text := range row.cells {
			switch {
			case i < len(names) && names[i] != "":
				rec.cells = append(rec.cells, cell{field: names[i], text: text, line: row.line, column: i + 1})
			case !blank(text):
				s.Refused = append(s.Refused, refusal(row.line, i+1, "", "sheet.row.stray", "value", short(text)))
				stray = true
			}
		}
		if !stray {
			t.take(rec)
		}
	}
	return s
}

// checkHeader refuses unknown, doubled and missing columns by name.
func (s *Sheet) checkHeader(head gridRow, names []string) {
	known := columnNames(s.Kind)
	for i, n := range names {
		shown := strings.TrimFunc(head.cells[i], invisible)
		switch {
		case n == "":
		case !slices.Contains(known, n):
			s.Refused = append(s.Refused, unknownColumn(s.Kind, shown, head.line, i+1))
		case slices.Index(names, n) < i:
			s.Refused = append(s.Refused, refusal(head.line, i+1, n, "sheet.column.twice",
				"first", strconv.Itoa(slices.Index(names, n)+1), "second", strconv.Itoa(i+1)))
		}
	}
	for _, c := range columns(s.Kind) {
		if c.required && !slices.Contains(names, c.name) {
			s.Refused = append(s.Refused, refusal(head.line, 0, c.name, "sheet.column.missing", "kind", string(s.Kind)))
		}
	}
}

func unknownColumn(k Kind, shown string, line, column int) Refusal {
	known := columnNames(k)
	if near := nearest(plainColumn(shown), known); near != "" {
		return refusal(line, column, shown, "sheet.column.unknown-near", "kind", string(k), "near", near)
	}
	return refusal(line, column, shown, "sheet.column.unknown", "kind", string(k), "columns", strings.Join(known, ", "))
}

// plainColumn is a column's name as people write it, made the contract's:
// " Name VI* " is name_vi.
func plainColumn(s string) string {
	s = strings.ToLower(strings.TrimFunc(s, func(r rune) bool { return invisible(r) || r == '*' }))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return invisible(r) || r == '_' || r == '-'
	}), "_")
}

// recognise finds the kind whose columns a header names: the most of them,
// then the fewest required ones missing, then the one that hint is called by.
// A header that names fewer than two columns of any kind is none.
func recognise(names []string, hint string) Kind {
	best, bestScore := Kind(""), 0
	for _, k := range Kinds() {
		known, missing := 0, 0
		for _, c := range columns(k) {
			switch {
			case slices.Contains(names, c.name):
				known++
			case c.required:
				missing++
			}
		}
		if known < 2 {
			continue
		}
		score := known*100 - missing*10
		if plainColumn(hint) == string(k) {
			score++
		}
		if score > bestScore {
			best, bestScore = k, score
		}
	}
	return best
}

func kindList() string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func blank(s string) bool { return strings.TrimFunc(s, invisible) == "" }

// short is a value cut to what fits in a sentence.
func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
