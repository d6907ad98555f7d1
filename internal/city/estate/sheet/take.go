package sheet

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A record is one row of a file before anything about it is known to be right.
type record struct {
	line  int
	cells []cell
}

// A cell is one named value and where it stands.
type cell struct {
	field        string
	text         string
	line, column int
}

// A taker fills a sheet. It holds the columns of the sheet's kind, so that they
// are made once and not for each of a million cells.
type taker struct {
	*Sheet
	columns []column
}

func (s *Sheet) taker() taker { return taker{Sheet: s, columns: columns(s.Kind)} }

func (t taker) column(name string) (column, bool) {
	i := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return column{}, false
	}
	return t.columns[i], true
}

// take checks a record and adds it to the sheet's rows, or refuses it with
// every value that is wrong; what no single value can tell is asked only of
// rows whose values are sound.
func (t taker) take(rec record) {
	s := t.Sheet
	before := len(s.Refused)
	values := make(map[string]string, len(rec.cells))
	at := make(map[string]cell, len(rec.cells))
	for _, c := range rec.cells {
		at[c.field] = c
		if !s.Has(c.field) {
			s.Columns = append(s.Columns, c.field)
		}
		text, bad := clean(c.text)
		if bad == nil && text != "" {
			col, _ := t.column(c.field)
			text, bad = col.check(text)
		}
		if bad != nil {
			s.refuse(rec, at, c.field, bad)
			continue
		}
		values[c.field] = text
	}
	for _, col := range t.columns {
		if col.required && values[col.name] == "" && !s.refusedSince(before, col.name) {
			s.refuse(rec, at, col.name, wrong("sheet.value.required"))
		}
	}
	if len(s.Refused) == before {
		s.cross(rec, at, values)
	}
	if len(s.Refused) == before {
		s.Rows.add(s.Kind, rec.line, values)
	}
}

func (s *Sheet) refusedSince(before int, field string) bool {
	for _, r := range s.Refused[before:] {
		if r.Field == field {
			return true
		}
	}
	return false
}

// cross checks what no single value can tell.
func (s *Sheet) cross(rec record, at map[string]cell, v map[string]string) {
	if from, to := v["valid_from"], v["valid_to"]; from != "" && to != "" && from > to {
		s.refuse(rec, at, "valid_to", wrong("sheet.value.dates", "from", from, "to", to))
	}
	switch s.Kind {
	case Organisations:
		if v["parent"] == v["code"] {
			s.refuse(rec, at, "parent", wrong("sheet.value.own-parent", "code", v["code"]))
		}
	case Successions:
		if v["from"] == v["to"] {
			s.refuse(rec, at, "to", wrong("sheet.value.own-successor", "code", v["to"]))
		}
	case Systems:
		for on := range strings.FieldsSeq(v["depends_on"]) {
			if on == v["code"] {
				s.refuse(rec, at, "depends_on", wrong("sheet.value.own-dependency", "code", on))
			}
		}
	case Addresses:
		canonical, bad := address(v["kind"], v["realm"], v["value"])
		if bad != nil {
			s.refuse(rec, at, "value", bad)
		}
		v["value"] = canonical
	case Contacts, Endpoints, Software:
	}
}

func (s *Sheet) refuse(rec record, at map[string]cell, field string, f *flaw) {
	line, col := rec.line, 0
	if c, ok := at[field]; ok {
		line, col = c.line, c.column
	}
	s.Refused = append(s.Refused, refusal(line, col, field, f.key, f.args...))
}

// clean is what happens to every value: normal form C, and no blanks around
// it. Nothing else is changed; what cannot stand in a value is refused.
func clean(text string) (string, *flaw) {
	text = norm.NFC.String(strings.TrimFunc(text, invisible))
	switch text {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!":
		return "", wrong("sheet.value.formula", "value", text)
	}
	if n := len([]rune(text)); n > maxValue {
		return "", wrong("sheet.value.long", "n", strconv.Itoa(n), "limit", strconv.Itoa(maxValue))
	}
	if strings.ContainsFunc(text, lineBreak) {
		return "", wrong("sheet.value.line-break")
	}
	if strings.ContainsFunc(text, control) {
		return "", wrong("sheet.value.control")
	}
	return text, nil
}

// maxValue is the longest value, in characters.
const maxValue = 1000
