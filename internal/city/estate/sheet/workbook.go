package sheet

import (
	"archive/zip"
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// What a workbook may unpack to. A worksheet is read as a stream, but its XML
// and the table of its texts are held in memory.
const (
	maxWorkbook = 256 << 20 // bytes of all parts together
	maxParts    = 2000
	maxCells    = 10_000_000 // of all worksheets together, empty ones too
	maxWidth    = 256        // columns of a row
)

// readWorkbook reads every worksheet that holds a value as a sheet.
func readWorkbook(data []byte) []Sheet {
	if bad := unpacksTooFar(data); bad != nil {
		return unreadable(*bad)
	}
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit:    maxWorkbook,
		UnzipXMLSizeLimit: maxWorkbook, // Nothing goes to temporary files.
	})
	if err != nil {
		return unreadable(refusal(1, 1, "", "sheet.workbook.damaged"))
	}
	defer func() { _ = book.Close() }() // Closes temporary files, of which there are none.
	epoch1904 := false
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		epoch1904 = *props.Date1904
	}
	var sheets []Sheet
	budget := maxCells
	for _, name := range book.GetSheetList() {
		w := worksheet{book: book, name: name, epoch1904: epoch1904, budget: &budget}
		g, bad := w.grid()
		if bad != nil {
			sheets = append(sheets, Sheet{Name: name, Refused: []Refusal{*bad}})
			continue
		}
		if len(g.rows) > 0 {
			sheets = append(sheets, g.read(name))
		}
	}
	if len(sheets) == 0 {
		return unreadable(refusal(1, 1, "", "sheet.empty"))
	}
	return sheets
}

// unpacksTooFar judges a packed file by its directory. The readers hold the
// parts to the sizes that the directory states.
func unpacksTooFar(data []byte) *Refusal {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		r := refusal(1, 1, "", "sheet.workbook.damaged")
		return &r
	}
	total := uint64(0)
	for _, f := range z.File {
		total += min(f.UncompressedSize64, maxWorkbook+1)
	}
	if total > maxWorkbook || len(z.File) > maxParts {
		r := refusal(1, 1, "", "sheet.workbook.large", "limit", strconv.Itoa(maxWorkbook>>20))
		return &r
	}
	return nil
}

type worksheet struct {
	book      *excelize.File
	name      string
	epoch1904 bool
	budget    *int
}

// grid reads the worksheet twice at once, as stored and as shown: only both
// together tell a date from a number.
func (w worksheet) grid() (grid, *Refusal) {
	damaged := refusal(1, 1, "", "sheet.workbook.damaged")
	stored, err := w.book.Rows(w.name)
	if err != nil {
		return grid{}, nil // A chart or a macro sheet: it has no rows.
	}
	defer func() { _ = stored.Close() }() // As above.
	shown, err := w.book.Rows(w.name)
	if err != nil {
		return grid{}, &damaged
	}
	defer func() { _ = shown.Close() }()
	var g grid
	for line := 1; stored.Next() && shown.Next(); line++ {
		raw, err := stored.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return grid{}, &damaged
		}
		seen, err := shown.Columns()
		if err != nil {
			return grid{}, &damaged
		}
		*w.budget -= len(raw) + 1
		if *w.budget < 0 {
			r := refusal(line, 0, "", "sheet.workbook.cells", "limit", strconv.Itoa(maxCells))
			return grid{}, &r
		}
		raw = trimmed(raw)
		if len(raw) > maxWidth {
			r := refusal(line, len(raw), "", "sheet.workbook.wide", "limit", strconv.Itoa(maxWidth))
			return grid{}, &r
		}
		if len(raw) == 0 {
			continue
		}
		cells := make([]string, len(raw))
		for i, text := range raw {
			if i < len(seen) {
				text = w.text(text, seen[i])
			}
			cells[i] = text
		}
		g.rows = append(g.rows, gridRow{line: line, cells: cells})
	}
	if stored.Error() != nil {
		return grid{}, &damaged
	}
	return g, nil
}

// trimmed drops the empty cells at the end of a row.
func trimmed(cells []string) []string {
	last := len(cells) - 1
	for last >= 0 && blank(cells[last]) {
		last--
	}
	return cells[:last+1]
}

// text is what a cell means. A number that is shown as no number is a date:
// Excel makes one of whatever looks like it. A number shown with zeros before
// it is a code of fixed length.
func (w worksheet) text(stored, shown string) string {
	if stored == shown {
		return stored
	}
	n, err := strconv.ParseFloat(stored, 64)
	if err != nil {
		return stored
	}
	if allDigits(shown) && strings.TrimLeft(shown, "0") == stored {
		return shown
	}
	plain := strings.Trim(strings.ReplaceAll(shown, ",", ""), "% ")
	if _, err := strconv.ParseFloat(plain, 64); err == nil || !datelike(shown) {
		return stored
	}
	t, err := excelize.ExcelDateToTime(n, w.epoch1904)
	if err != nil || t != t.Truncate(24*time.Hour) {
		return stored
	}
	return t.Format(time.DateOnly)
}

func allDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// datelike tells 01/07/2025 and 1-Jul-25 from "30,000 ₫": a date has at least
// two of its separators, or letters between digits.
func datelike(shown string) bool {
	parts := strings.FieldsFunc(shown, func(r rune) bool { return slices.Contains([]rune("/-. "), r) })
	return len(parts) >= 3
}
