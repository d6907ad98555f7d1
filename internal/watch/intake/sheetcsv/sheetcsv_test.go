package sheetcsv_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/sheetcsv"
)

func workbook(t *testing.T, fill func(book *excelize.File)) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	fill(book)
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sheets(data []byte, limits sheetcsv.Limits) ([]string, error) {
	var got []string
	err := sheetcsv.Walk(bytes.NewReader(data), int64(len(data)), limits, func(name string, text io.Reader) error {
		b, err := io.ReadAll(text)
		got = append(got, name+":\n"+string(b))
		return err
	})
	return got, err
}

func set(t *testing.T, book *excelize.File, sheet, cell string, v any) {
	t.Helper()
	if err := book.SetCellValue(sheet, cell, v); err != nil {
		t.Fatal(err)
	}
}

func TestAWorksheetIsCSVOfWhatItsCellsMean(t *testing.T) {
	data := workbook(t, func(book *excelize.File) {
		for cell, v := range map[string]any{
			"A1": "Thời gian", "B1": "IP", "C1": "Cổng", "D1": "ghi chú",
			"A2": time.Date(2026, 3, 1, 7, 12, 30, 0, time.UTC), "B2": "203.0.113.7", "C2": 3389, "D2": "a, \"b\"\nc",
			"A4": time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), "B4": "203.0.113.8",
		} {
			set(t, book, "Sheet1", cell, v)
		}
		if _, err := book.NewSheet("Trống"); err != nil {
			t.Fatal(err)
		}
		if _, err := book.NewSheet("Hai"); err != nil {
			t.Fatal(err)
		}
		set(t, book, "Hai", "A1", "x")
	})
	want := []string{
		"Sheet1:\nThời gian,IP,Cổng,ghi chú\n2026-03-01 07:12:30,203.0.113.7,3389,\"a, \"\"b\"\"\nc\"\n2026-03-02,203.0.113.8,,\n",
		"Hai:\nx\n",
	}
	for range 2 {
		got, err := sheets(data, sheetcsv.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	if !sheetcsv.Looks(bytes.NewReader(data), int64(len(data))) || sheetcsv.Looks(bytes.NewReader([]byte("PK\x03\x04")), 4) {
		t.Error("a workbook is not told from another zip")
	}
}

func TestAWorkbookIsHeldToItsLimits(t *testing.T) {
	data := workbook(t, func(book *excelize.File) {
		set(t, book, "Sheet1", "A1", "a")
		set(t, book, "Sheet1", "F2", "b")
	})
	for name, c := range map[string]struct {
		data   []byte
		limits sheetcsv.Limits
		code   errs.Code
	}{
		"packed":    {data, sheetcsv.Limits{Packed: 100}, errs.TooLarge},
		"unpacked":  {data, sheetcsv.Limits{Unpacked: 100}, errs.TooLarge},
		"cells":     {data, sheetcsv.Limits{Cells: 3}, errs.TooLarge},
		"columns":   {data, sheetcsv.Limits{Columns: 5}, errs.TooLarge},
		"damaged":   {data[:len(data)/2], sheetcsv.Limits{}, errs.Invalid},
		"no zip":    {[]byte("ip,at\n"), sheetcsv.Limits{}, errs.Invalid},
		"encrypted": {append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...), sheetcsv.Limits{}, errs.Invalid},
	} {
		if _, err := sheets(c.data, c.limits); !errs.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
