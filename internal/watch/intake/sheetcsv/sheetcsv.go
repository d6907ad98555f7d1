// Package sheetcsv gives the worksheets of an XLSX workbook as CSV, so that a
// table reads the same whether a partner attaches it as text or as a workbook.
//
// A cell is what it means, not how it is shown: a date is written as ISO, a
// number without its format, a code with zeros before it as it stands. Rows
// without any value are left out, the widest row gives every row its width. The
// same workbook always gives the same text.
package sheetcsv

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"tocsin/internal/base/errs"
)

// Limits of a workbook; a field that is 0 has the value of Defaults.
type Limits struct {
	Packed   int64 // bytes of the workbook as it is
	Unpacked int64 // bytes of all its parts together
	Cells    int   // of all worksheets together
	Columns  int   // of one row
}

// Defaults are the limits of usual workbooks: an XLSX is read into memory.
func Defaults() Limits {
	return Limits{Packed: 64 << 20, Unpacked: 256 << 20, Cells: 10_000_000, Columns: 1024}
}

func (l Limits) filled() Limits {
	d := Defaults()
	if l.Packed <= 0 {
		l.Packed = d.Packed
	}
	if l.Unpacked <= 0 {
		l.Unpacked = d.Unpacked
	}
	if l.Cells <= 0 {
		l.Cells = d.Cells
	}
	if l.Columns <= 0 {
		l.Columns = d.Columns
	}
	return l
}

// Looks says whether size bytes of in are an XLSX workbook: a zip with the part
// that every workbook has.
func Looks(in io.ReaderAt, size int64) bool {
	z, err := zip.NewReader(in, size)
	return err == nil && slices.ContainsFunc(z.File, func(f *zip.File) bool { return strings.EqualFold(f.Name, "xl/workbook.xml") })
}

// A Visit takes a worksheet by its name. The text is good until it returns.
type Visit func(name string, text io.Reader) error

// Walk visits every worksheet that holds a value, in the workbook's order. A
// workbook that is damaged or encrypted is errs.Invalid, one beyond a limit
// errs.TooLarge. Errors of visit come back as they are.
func Walk(in io.ReaderAt, size int64, limits Limits, visit Visit) error {
	limits = limits.filled()
	if size > limits.Packed {
		return errs.New(errs.TooLarge, "read workbook: %d bytes, more than %d", size, limits.Packed)
	}
	if err := unpacksTooFar(in, size, limits); err != nil {
		return err
	}
	book, err := excelize.OpenReader(io.NewSectionReader(in, 0, size), excelize.Options{
		UnzipSizeLimit: limits.Unpacked, UnzipXMLSizeLimit: limits.Unpacked, // nothing goes to temporary files
	})
	if err != nil {
		return errs.New(errs.Invalid, "read workbook: %w", err)
	}
	defer func() { _ = book.Close() }() // closes temporary files, of which there are none
	w := workbook{book: book, limits: limits}
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		w.epoch1904 = *props.Date1904
	}
	for _, name := range book.GetSheetList() {
		rows, err := w.sheet(name)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		text, err := write(rows)
		if err != nil {
			return errs.New(errs.Invalid, "read worksheet %q: %w", name, err)
		}
		if err := visit(name, bytes.NewReader(text)); err != nil {
			return err
		}
	}
	return nil
}

// unpacksTooFar judges a workbook by its table of contents; the reader holds the
// parts to the sizes stated there.
func unpacksTooFar(in io.ReaderAt, size int64, limits Limits) error {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return errs.New(errs.Invalid, "read workbook: it is damaged or encrypted: %w", err)
	}
	var total uint64
	for _, f := range z.File {
		if total += min(f.UncompressedSize64, 1<<40); total > uint64(limits.Unpacked) {
			return errs.New(errs.TooLarge, "read workbook: unpacks to more than %d bytes", limits.Unpacked)
		}
	}
	return nil
}

type workbook struct {
	book      *excelize.File
	limits    Limits
	epoch1904 bool
	cells     int
}

// sheet reads a worksheet twice at once, as stored and as shown: only both
// together tell a date from a number.
func (w *workbook) sheet(name string) (rows [][]string, err error) {
	stored, err := w.book.Rows(name)
	if err != nil {
		return nil, nil //nolint:nilerr // a chart or a macro sheet: it has no rows
	}
	defer func() { _ = stored.Close() }() // as above
	shown, err := w.book.Rows(name)
	if err != nil {
		return nil, errs.New(errs.Invalid, "read worksheet %q: %w", name, err)
	}
	defer func() { _ = shown.Close() }()
	for stored.Next() && shown.Next() {
		raw, err := stored.Columns(excelize.Options{RawCellValue: true})
		seen, errShown := shown.Columns()
		if err := errors.Join(err, errShown); err != nil {
			return nil, errs.New(errs.Invalid, "read worksheet %q: %w", name, err)
		}
		if w.cells += len(raw) + 1; w.cells > w.limits.Cells {
			return nil, errs.New(errs.TooLarge, "read worksheet %q: more than %d cells", name, w.limits.Cells)
		}
		raw = trimmed(raw)
		if len(raw) > w.limits.Columns {
			return nil, errs.New(errs.TooLarge, "read worksheet %q: more than %d columns", name, w.limits.Columns)
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
		rows = append(rows, cells)
	}
	if err := stored.Error(); err != nil {
		return nil, errs.New(errs.Invalid, "read worksheet %q: %w", name, err)
	}
	return rows, nil
}

// trimmed drops the empty cells at the end of a row.
func trimmed(cells []string) []string {
	last := len(cells) - 1
	for last >= 0 && strings.TrimSpace(cells[last]) == "" {
		last--
	}
	return cells[:last+1]
}

// text is what a cell means. A number that is shown as no number is a date or a
// time: Excel makes one of whatever looks like it. A number shown with zeros
// before it is a code of fixed length.
func (w *workbook) text(stored, shown string) string {
	if stored == shown {
		return stored
	}
	n, err := strconv.ParseFloat(stored, 64)
	if err != nil {
		return stored
	}
	if shown != "" && strings.Trim(shown, "0123456789") == "" && strings.TrimLeft(shown, "0") == stored {
		return shown
	}
	plain := strings.Trim(strings.ReplaceAll(shown, ",", ""), "% ")
	if _, err := strconv.ParseFloat(plain, 64); err == nil || !datelike(shown) {
		return stored
	}
	t, err := excelize.ExcelDateToTime(n, w.epoch1904)
	if err != nil || n < 1 { // a time of no day
		return stored
	}
	// The number of a time is a fraction of a day: seconds are what it holds for
	// certain.
	if t = t.Round(time.Second); t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.DateTime)
}

// datelike tells 01/07/2025, 07:12 and Mar-26 from "30,000 ₫" and "3 máy": a
// date has two of its separators, a colon, or the name of a month.
func datelike(shown string) bool {
	parts := strings.FieldsFunc(shown, func(r rune) bool { return strings.ContainsRune("/-. :", r) })
	return len(parts) >= 3 || strings.Contains(shown, ":") || len(parts) == 2 && slices.ContainsFunc(parts, func(p string) bool {
		_, err := time.Parse("Jan", p)
		_, long := time.Parse("January", p)
		return err == nil || long == nil
	})
}

// write writes rows of one width.
func write(rows [][]string) ([]byte, error) {
	width := 0
	for _, cells := range rows {
		width = max(width, len(cells))
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	for _, cells := range rows {
		for len(cells) < width {
			cells = append(cells, "")
		}
		for i, c := range cells {
			// A line end inside a cell stays, as LF: encoding/csv reads CRLF as that.
			cells[i] = strings.ReplaceAll(c, "\r\n", "\n")
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
	}
	out.Flush()
	return b.Bytes(), out.Error()
}
