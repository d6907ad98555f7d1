// Package sheet reads and writes estate files: who we guard, as offices keep
// it in CSV, XLSX and JSON. It is pure: bytes in, typed rows and refusals out.
// The columns are those of CONTRACT "Estate files"; what a file says that a
// person can mend is refused with line, column and reason, never guessed.
package sheet

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"tocsin/internal/base/errs"
)

// MaxSize is the largest file that Read looks at, in bytes.
const MaxSize = 128 << 20

// A Sheet is the rows of one kind found in one file. A CSV file gives one
// sheet, a workbook one a worksheet, a JSON document one a key.
type Sheet struct {
	File string // as the caller named it
	Name string // worksheet or JSON key; empty in CSV
	Kind Kind   // empty when the sheet was not recognised
	// Columns are the columns that the sheet has: those of a table in their
	// order, "" for one without a name; in JSON the keys of its objects. What
	// is no column of the sheet says nothing about a record, where an empty
	// value says that there is none.
	Columns []string
	Rows    Rows
	// Refused is empty when every row of the sheet is sound. Otherwise Rows
	// holds the sound ones, and the file is not to be applied.
	Refused []Refusal

	table bool // CSV or a worksheet
}

// Has says whether the sheet has the column.
func (s Sheet) Has(column string) bool { return slices.Contains(s.Columns, column) }

// Place is the number of a column in a table, from 1; 0 in JSON, where values
// have no place of their own.
func (s Sheet) Place(column string) int {
	if !s.table {
		return 0
	}
	return slices.Index(s.Columns, column) + 1
}

// Rows holds the records of a sheet; only the slice of its kind is filled.
type Rows struct {
	Organisations []Organisation
	Successions   []Succession
	Contacts      []Contact
	Systems       []System
	Addresses     []Address
	Endpoints     []Endpoint
	Software      []SoftwareLine
}

// Len is the number of rows of all kinds.
func (r Rows) Len() int {
	return len(r.Organisations) + len(r.Successions) + len(r.Contacts) + len(r.Systems) +
		len(r.Addresses) + len(r.Endpoints) + len(r.Software)
}

// Read reads one estate file, whatever its form: the bytes say it, not the
// name. Everything that its author can mend is in the sheets' Refused; the
// error (errs.TooLarge) only says that the file is too long to be looked at.
func Read(name string, data []byte) ([]Sheet, error) {
	if len(data) > MaxSize {
		return nil, errs.New(errs.TooLarge, "read estate file %s: %d bytes, at most %d", name, len(data), MaxSize)
	}
	var sheets []Sheet
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		sheets = readWorkbook(data)
	case bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		sheets = unreadable(refusal(1, 1, "", "sheet.workbook.old"))
	default:
		sheets = readText(data)
	}
	refuseTwins(sheets)
	inEnglish(sheets)
	for i := range sheets {
		sheets[i].File = name
	}
	return sheets, nil
}

func readText(data []byte) []Sheet {
	text, wrong := decode(data)
	if wrong != nil {
		return unreadable(*wrong)
	}
	switch start := firstVisible(text); start {
	case 0:
		return unreadable(refusal(1, 1, "", "sheet.empty"))
	case '{', '[':
		return readJSON(text)
	default:
		return []Sheet{readCSV(text)}
	}
}

func firstVisible(text []byte) rune {
	for _, r := range string(text[:min(len(text), 4096)]) {
		if !invisible(r) {
			return r
		}
	}
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 {
		r, _ := utf8.DecodeRune(trimmed)
		return r
	}
	return 0
}

// unreadable is a file of which no row could be read.
func unreadable(r Refusal) []Sheet { return []Sheet{{Refused: []Refusal{r}}} }
