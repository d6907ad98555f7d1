package paper

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"tocsin/internal/base/errs"
)

func sampleSheets() []Sheet {
	at := time.Date(2026, 2, 5, 9, 30, 0, 0, time.FixedZone("+07", 7*3600))
	return []Sheet{
		{
			Name: "Phát hiện", Columns: []SheetColumn{{"Mã", 0, General}, {"Số lần", 0, Whole}, {"Tỷ lệ", 0, Percent}, {"Lúc", 0, DateTime}, {"Ngày", 0, Day}},
			Rows: [][]any{{"=HYPERLINK(\"http://x.example\")", 1234567, 0.125, at, at}, {"F12", int64(1) << 60, nil, time.Time{}, nil}},
		},
		{Name: "Đơn vị", Columns: []SheetColumn{{"Tên", 0, General}}, Rows: [][]any{{"@SUM(1)"}, {"+84 28"}, {"-"}, {strings.Repeat("ệ", 40000)}}},
	}
}

func TestWorkbookHoldsValuesAndNoFormula(t *testing.T) {
	var b bytes.Buffer
	if err := XLSX(&b, sampleSheets()); err != nil {
		t.Fatal(err)
	}
	for name, part := range unzip(t, b.Bytes()) {
		wellFormed(t, name, part)
		if strings.Contains(part, "<f>") {
			t.Errorf("%s holds a formula", name)
		}
	}
	book, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]string{
		"A1": "Mã", "A2": `=HYPERLINK("http://x.example")`, "B2": "1,234,567", "C2": "12.5%",
		"D2": "05/02/2026 09:30", "E2": "05/02/2026", "B3": "1152921504606846976", "D3": "",
	} {
		if got, err := book.GetCellValue("Phát hiện", cell); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", cell, got, err, want)
		}
		if f, _ := book.GetCellFormula("Phát hiện", cell); f != "" {
			t.Errorf("%s has formula %q", cell, f)
		}
	}
	for _, cell := range []string{"A2", "A3", "A4"} {
		id, _ := book.GetCellStyle("Đơn vị", cell)
		if st, err := book.GetStyle(id); err != nil || (st.NumFmt != 49 && (st.CustomNumFmt == nil || *st.CustomNumFmt != "@")) {
			t.Errorf("%s is not formatted as text: %+v %v", cell, st, err)
		}
	}
	panes, err := book.GetPanes("Phát hiện")
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("panes %+v %v", panes, err)
	}
	if long, _ := book.GetCellValue("Đơn vị", "A5"); len([]rune(long)) != mostLetters || !strings.HasSuffix(long, "…") {
		t.Errorf("long text has %d letters", len([]rune(long)))
	}
}

func TestWorkbookNamesWhatIsWrong(t *testing.T) {
	col := []SheetColumn{{Title: "A"}}
	for name, c := range map[string]struct {
		sheets []Sheet
		say    string
	}{
		"no sheets":   {nil, "no sheets"},
		"no columns":  {[]Sheet{{Name: "a"}}, "no columns"},
		"long name":   {[]Sheet{{Name: strings.Repeat("a", 32), Columns: col}}, "31"},
		"twice":       {[]Sheet{{Name: "a", Columns: col}, {Name: "A", Columns: col}}, "sheets[1]"},
		"short row":   {[]Sheet{{Name: "a", Columns: col, Rows: [][]any{{1}, {}}}}, "row 2"},
		"no number":   {[]Sheet{{Name: "a", Columns: col, Rows: [][]any{{math.NaN()}}}}, "row 1, column 1"},
		"no value":    {[]Sheet{{Name: "a", Columns: col, Rows: [][]any{{struct{}{}}}}}, "struct {}"},
		"strange day": {[]Sheet{{Name: "a", Columns: col, Rows: [][]any{{time.Date(1200, 1, 1, 0, 0, 0, 0, time.UTC)}}}}, "1200"},
	} {
		err := XLSX(&bytes.Buffer{}, c.sheets)
		if err == nil || errs.CodeOf(err) != errs.Invalid || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
