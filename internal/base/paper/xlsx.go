package paper

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"tocsin/internal/base/errs"
)

// A Sheet is one table of a workbook.
type Sheet struct {
	Name    string // at most 31 letters, none of []:*?/\
	Columns []SheetColumn
	Rows    [][]any // each as long as Columns; string, bool, integers, floats, time.Time or nil
}

// A SheetColumn has a title and a format for its values.
type SheetColumn struct {
	Title  string
	Width  float64 // in characters; 0 lets the engine look at the first rows
	Format Format
}

// A Format says how a column's numbers and times show. Values keep their type.
type Format int

// The formats. Times show in the zone that the value carries.
const (
	General  Format = iota // text and numbers as they are
	Whole                  // 1 234 567 with the reader's separator
	Decimal                // two places
	Percent                // 0.125 shows as 12.5 %
	Day                    // day, month, year
	DateTime               // day, month, year, hour, minute
)

// numberFormat is the format in the spreadsheet's own language.
func (f Format) numberFormat() string {
	switch f {
	case Whole:
		return "#,##0"
	case Decimal:
		return "#,##0.00"
	case Percent:
		return "0.0%"
	case Day:
		return "dd/mm/yyyy"
	case DateTime:
		return "dd/mm/yyyy hh:mm"
	case General:
	}
	return "General"
}

// The limits of the format (ECMA-376 as Excel reads it).
const (
	mostRows    = 1_048_576
	mostColumns = 16_384
	mostLetters = 32_767
)

// XLSX writes sheets as an Office Open XML workbook: header row in bold, frozen
// and filterable, columns formatted. A text is stored as text whatever it begins
// with, and cells that begin with "=", "+", "-" or "@" are formatted as text
// too, so that no reader takes them for a formula even after an edit. Text
// beyond a cell's 32,767 letters is cut and ends with "…".
//
// Errors are errs.Invalid or errs.TooLarge with the sheet and row.
func XLSX(w io.Writer, sheets []Sheet) (err error) {
	if len(sheets) == 0 {
		return errs.New(errs.Invalid, "write workbook: it has no sheets")
	}
	book := excelize.NewFile()
	defer func() {
		if e := book.Close(); e != nil && err == nil {
			err = errs.New(errs.Internal, "close workbook: %w", e)
		}
	}()
	styles := &bookStyles{book: book, ids: map[string]int{}}
	seen := map[string]bool{}
	for i, s := range sheets {
		s.Name = clean(s.Name)
		at := fmt.Sprintf("sheets[%d]", i)
		if reason := s.wrong(seen); reason != "" {
			return errs.At(errs.Invalid, []errs.Place{{Field: at, Reason: reason}}, "write workbook: %s %q: %s", at, s.Name, reason)
		}
		if len(s.Rows) >= mostRows || len(s.Columns) > mostColumns {
			return errs.New(errs.TooLarge, "write workbook: sheet %q has %d rows and %d columns, a sheet holds %d and %d",
				s.Name, len(s.Rows), len(s.Columns), mostRows-1, mostColumns)
		}
		if i == 0 {
			err = book.SetSheetName("Sheet1", s.Name)
		} else {
			_, err = book.NewSheet(s.Name)
		}
		if err == nil {
			err = s.write(book, styles)
		}
		if err != nil {
			if errs.CodeOf(err) != errs.Internal {
				return err
			}
			return errs.New(errs.Internal, "write sheet %q: %w", s.Name, err)
		}
	}
	return writeBook(w, book)
}

// wrong is the reason why a sheet cannot stand beside the ones seen.
func (s Sheet) wrong(seen map[string]bool) string {
	name := strings.ToLower(s.Name)
	switch {
	case s.Name == "" || utf8.RuneCountInString(s.Name) > 31:
		return "the name must have 1 to 31 letters"
	case strings.ContainsAny(s.Name, "[]:*?/\\\n") || strings.HasPrefix(s.Name, "'") || strings.HasSuffix(s.Name, "'"):
		return `the name holds one of [ ] : * ? / \ or an apostrophe at its edge`
	case seen[name]:
		return "the name stands twice"
	case len(s.Columns) == 0:
		return "it has no columns"
	}
	seen[name] = true
	for i, row := range s.Rows {
		if len(row) != len(s.Columns) {
			return fmt.Sprintf("row %d has %d cells, the sheet %d columns", i+1, len(row), len(s.Columns))
		}
	}
	return ""
}

func (s Sheet) write(book *excelize.File, styles *bookStyles) error {
	out, err := book.NewStreamWriter(s.Name)
	if err != nil {
		return err
	}
	for i, c := range s.Columns {
		if err := out.SetColWidth(i+1, i+1, s.width(i, c)); err != nil {
			return err
		}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	header, err := styles.header()
	if err != nil {
		return err
	}
	row := make([]any, len(s.Columns))
	for i, c := range s.Columns {
		row[i] = excelize.Cell{StyleID: header, Value: short(flat(c.Title))}
	}
	if err := out.SetRow("A1", row, excelize.RowOpts{Height: 30}); err != nil {
		return err
	}
	for r, values := range s.Rows {
		for i, v := range values {
			cell, err := styles.cell(v, s.Columns[i].Format)
			if err != nil {
				place := errs.Place{File: s.Name, Line: r + 2, Column: i + 1, Reason: err.Error()}
				return errs.At(errs.Invalid, []errs.Place{place}, "write sheet %q, row %d, column %d: %w", s.Name, r+1, i+1, err)
			}
			row[i] = cell
		}
		first, err := excelize.CoordinatesToCellName(1, r+2)
		if err != nil {
			return err
		}
		if err := out.SetRow(first, row); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(len(s.Columns), len(s.Rows)+1)
	if err != nil {
		return err
	}
	return book.AutoFilter(s.Name, "A1:"+last, nil)
}

// width is a column's width in characters, from the title and the first rows.
func (s Sheet) width(i int, c SheetColumn) float64 {
	if c.Width > 0 {
		return min(c.Width, 255)
	}
	most := utf8.RuneCountInString(flat(c.Title)) + 4 // room for the filter's arrow
	for _, row := range s.Rows[:min(len(s.Rows), 200)] {
		switch v := row[i].(type) {
		case string:
			most = max(most, utf8.RuneCountInString(v))
		case time.Time:
			most = max(most, 16)
		case nil:
		default:
			most = max(most, len(fmt.Sprint(v))+2)
		}
	}
	return float64(min(max(most, 6), 60)) + 1
}

// bookStyles makes each style of a workbook once.
type bookStyles struct {
	book *excelize.File
	ids  map[string]int
}

func (b *bookStyles) id(key string, style *excelize.Style) (int, error) {
	if id, ok := b.ids[key]; ok {
		return id, nil
	}
	style.Font = &excelize.Font{Family: "Times New Roman", Size: 11, Bold: key == "header"}
	id, err := b.book.NewStyle(style)
	if err != nil {
		return 0, err
	}
	b.ids[key] = id
	return id, nil
}

func (b *bookStyles) header() (int, error) {
	line := []excelize.Border{{Type: "bottom", Color: "000000", Style: 1}}
	return b.id("header", &excelize.Style{
		Border:    line,
		Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7E6E6"}},
		Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true},
	})
}

func (b *bookStyles) of(format string) (int, error) {
	return b.id(format, &excelize.Style{CustomNumFmt: &format, Alignment: &excelize.Alignment{Vertical: "top"}})
}

// cell is a value with its style.
func (b *bookStyles) cell(v any, f Format) (excelize.Cell, error) {
	format := f.numberFormat()
	switch x := v.(type) {
	case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		v = exact(v)
	case float32:
		v = float64(x)
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return excelize.Cell{}, fmt.Errorf("%v is no number of a sheet", x)
		}
	case time.Time:
		if x.IsZero() {
			v = nil
			break
		}
		if x.Year() < 1900 || x.Year() > 9999 {
			return excelize.Cell{}, fmt.Errorf("the year %d is outside 1900 to 9999", x.Year())
		}
		if f != Day && f != DateTime {
			format = DateTime.numberFormat()
		}
	case string:
		text := short(clean(x))
		if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
			format = "@"
		} else if f != General {
			format = General.numberFormat()
		}
		v = text
	default:
		return excelize.Cell{}, fmt.Errorf("a %T is no value of a sheet", v)
	}
	id, err := b.of(format)
	return excelize.Cell{StyleID: id, Value: v}, err
}

// exact keeps integers beyond 15 digits as text: a spreadsheet's number would
// lose their last digits.
func exact(v any) any {
	const most = 999_999_999_999_999
	switch n := v.(type) {
	case int:
		if n > most || n < -most {
			return strconv.Itoa(n)
		}
	case int64:
		if n > most || n < -most {
			return strconv.FormatInt(n, 10)
		}
	case uint:
		if n > most {
			return strconv.FormatUint(uint64(n), 10)
		}
	case uint64:
		if n > most {
			return strconv.FormatUint(n, 10)
		}
	}
	return v
}

// short cuts text that a cell cannot hold, counted as spreadsheets do in UTF-16.
func short(s string) string {
	if len(s) <= mostLetters {
		return s
	}
	n := 0
	for i, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
		if n > mostLetters-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// writeBook writes the workbook's parts sorted and with fixed times; excelize
// itself walks a map and leaves the order to chance.
func writeBook(w io.Writer, book *excelize.File) error {
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		return errs.New(errs.Internal, "write workbook: %w", err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		return errs.New(errs.Internal, "read workbook back: %w", err)
	}
	stamps := regexp.MustCompile(`(<dcterms:(?:created|modified)[^>]*>)[^<]*`)
	parts := make([]archivePart, 0, len(z.File))
	for _, f := range z.File {
		data, err := readPart(f)
		if err != nil {
			return errs.New(errs.Internal, "read part %s: %w", f.Name, err)
		}
		if f.Name == "docProps/core.xml" {
			data = stamps.ReplaceAll(data, []byte("${1}2000-01-01T00:00:00Z"))
		}
		parts = append(parts, archivePart{f.Name, data})
	}
	slices.SortFunc(parts, func(a, b archivePart) int { return strings.Compare(a.name, b.name) })
	return writeArchive(w, parts)
}

func readPart(f *zip.File) (data []byte, err error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := r.Close(); err == nil {
			err = e
		}
	}()
	return io.ReadAll(r)
}
