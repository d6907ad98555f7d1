package paper

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/base/errs"
)

func TestSamePaperGivesSameBytes(t *testing.T) {
	for name, set := range map[string]func(io.Writer) error{
		"letter.pdf":  func(w io.Writer) error { return PDF(w, sampleLetter()) },
		"report.pdf":  func(w io.Writer) error { return PDF(w, sampleReport()) },
		"report.docx": func(w io.Writer) error { return DOCX(w, sampleReport()) },
		"sheets.xlsx": func(w io.Writer) error { return XLSX(w, sampleSheets()) },
	} {
		var a bytes.Buffer
		if err := set(&a); err != nil {
			t.Fatal(name, err)
		}
		for range 4 {
			var b bytes.Buffer
			if err := set(&b); err != nil {
				t.Fatal(name, err)
			}
			if !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Fatalf("%s differs from one run to the next", name)
			}
		}
		if year := []byte(time.Now().UTC().Format("D:20060102")); bytes.Contains(a.Bytes(), year) {
			t.Errorf("%s carries today's date", name)
		}
	}
}

// anyRuns are runs of any text, hostile ones too.
func anyRuns(t *rapid.T) []Run {
	text := rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[a-zA-Zàáảãạăâđêôơưừộ ./:\-]{0,200}`),
		rapid.StringMatching(`[0-9a-f]{64,300}`),
		rapid.SampledFrom([]string{"", " ", "\n", "\n\n a", "\u00a0", "e\u0323\u0302", "\u202etxt.exe", "a\u0301\u0301\u0301", "👨‍👩‍👧", "\xff\xfe", "&<>\"'", "]]>", "(\\)", "ngày 05 tháng 02", "\u0000\u0001", "\ufffe\uffff"}),
	)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Run {
		return Run{Text: text.Draw(t, "text"), Bold: rapid.Bool().Draw(t, "bold"), Italic: rapid.Bool().Draw(t, "italic"), Link: rapid.SampledFrom([]string{"", "https://a.example/?b=1&c=2", "javascript:alert(1)", "https://a\"b"}).Draw(t, "link")}
	}), 0, 4).Draw(t, "runs")
}

func anyBlock(t *rapid.T) Block {
	small := func(name string) int { return rapid.IntRange(0, 5).Draw(t, name) }
	switch rapid.IntRange(0, 5).Draw(t, "block") {
	case 0:
		return Paragraph{anyRuns(t), Align(small("align") % 5)}
	case 1:
		return Ground{anyRuns(t)}
	case 2:
		return Heading{Level(1 + small("level")%4), rapid.String().Draw(t, "number"), rapid.String().Draw(t, "title")}
	case 3:
		l := List{Mark: Mark(small("mark") % 3), Start: small("start")}
		for range small("items") {
			l.Items = append(l.Items, anyRuns(t))
		}
		return l
	case 4:
		b := Table{Caption: rapid.String().Draw(t, "caption"), Size: float64(8 + small("size"))}
		n := 1 + small("columns")*3
		for range n {
			b.Columns = append(b.Columns, Column{rapid.String().Draw(t, "column"), rapid.Float64Range(-5, 90).Draw(t, "width"), Align(small("align") % 5)})
		}
		for range small("rows") {
			row := make([]Cell, n)
			for i := range row {
				row[i] = anyRuns(t)
			}
			b.Rows = append(b.Rows, row)
		}
		return b
	}
	return PageBreak{}
}

func TestAnyTextIsSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String()
		d := Document{
			Head: Head{s.Draw(t, "nation"), s.Draw(t, "motto"), s.Draw(t, "superior"), s.Draw(t, "issuer"), s.Draw(t, "number"), s.Draw(t, "place")},
			Kind: s.Draw(t, "kind"), Abstract: s.Draw(t, "abstract"),
			To: rapid.SliceOfN(s, 0, 3).Draw(t, "to"), Recipients: rapid.SliceOfN(s, 0, 3).Draw(t, "recipients"),
			Sign:    Signature{rapid.SliceOfN(s, 0, 2).Draw(t, "sign"), s.Draw(t, "name")},
			Urgency: s.Draw(t, "urgency"), Marking: s.Draw(t, "marking"), Contact: rapid.SliceOfN(s, 0, 3).Draw(t, "contact"),
			Words: vietnameseWords(), Language: rapid.SampledFrom([]string{"", "vi", "en"}).Draw(t, "language"),
		}
		for range rapid.IntRange(0, 4).Draw(t, "blocks") {
			d.Body = append(d.Body, anyBlock(t))
		}
		for range rapid.IntRange(0, 2).Draw(t, "annexes") {
			d.Annexes = append(d.Annexes, Annex{s.Draw(t, "annex"), []Block{anyBlock(t)}, rapid.Bool().Draw(t, "landscape")})
		}
		var b bytes.Buffer
		if err := DOCX(&b, d); err != nil {
			t.Fatal(err)
		}
		// The PDF's setter, without writing four fonts for each of the papers.
		set := newFaces()
		st, err := compose(d, set)
		if err != nil {
			t.Fatal(err)
		}
		for i, page := range paginate(layout(st, set), newFoot(st).extra()) {
			for _, p := range page.placed {
				bottom := p.y + p.height
				if bottom > page.leaf.height-page.leaf.bottom+1 && len(page.placed) > 2 {
					t.Fatalf("page %d: a strip ends at %g of %g", i+1, bottom, page.leaf.height)
				}
				for _, l := range p.texts {
					for _, box := range l.line {
						if end := l.x + box.x + box.w; end > page.leaf.textWidth()+20 {
							t.Fatalf("page %d: %q ends at %g of %g", i+1, box.text, end, page.leaf.textWidth())
						}
					}
				}
			}
		}
	})
}

func FuzzPDF(f *testing.F) {
	for _, s := range []string{"", "Ủy ban", "e\u0323\u0302", strings.Repeat("a", 5000), "👍\u202e(\\", "\xff\n\n\u00a0 b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := Document{Kind: s, Body: []Block{
			Paragraph{Runs: []Run{{Text: s}, {Text: s, Bold: true, Italic: true}}},
			Table{Columns: []Column{{Title: s}, {Title: "x", Width: 8}}, Rows: [][]Cell{Cells(s, s)}},
		}}
		if err := PDF(io.Discard, d); err != nil {
			t.Fatal(err)
		}
		if err := DOCX(io.Discard, d); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWrongBlocksAreNamedByTheirPlace(t *testing.T) {
	for place, d := range map[string]Document{
		"body[1].rows[0]":    {Body: []Block{PageBreak{}, Table{Columns: []Column{{}, {}}, Rows: [][]Cell{Cells("a")}}}},
		"body[0]":            {Body: []Block{Image{PNG: []byte("GIF89a")}}},
		"body[2]":            {Body: []Block{PageBreak{}, PageBreak{}, Heading{Title: "x"}}},
		"annexes[1].body[0]": {Annexes: []Annex{{}, {Body: []Block{Table{}}}}},
		"body[3]":            {Body: []Block{PageBreak{}, PageBreak{}, PageBreak{}, nil}},
	} {
		for _, set := range []func(io.Writer, Document) error{PDF, DOCX} {
			err := set(io.Discard, d)
			if errs.CodeOf(err) != errs.Invalid || !strings.Contains(err.Error(), place) || errs.PlacesOf(err)[0].Field != place {
				t.Errorf("%s: %v", place, err)
			}
		}
	}
}

func TestDatesAndNumbersCarryTheirZeros(t *testing.T) {
	const pattern = "ngày {day} tháng {month} năm {year}"
	for _, c := range []struct{ got, want string }{
		{DateText(pattern, time.Date(2026, 2, 5, 0, 0, 0, 0, time.UTC)), "ngày 05 tháng 02 năm 2026"},
		{DateText(pattern, time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)), "ngày 15 tháng 3 năm 2026"},
		{NumberText(5, "BC-TTANM"), "05/BC-TTANM"},
		{NumberText(120, "TTANM"), "120/TTANM"},
		{roman(1) + roman(4) + roman(9) + roman(14), "IIVIXXIV"},
		{letter(5, "vi") + letter(5, "en") + letter(24, "vi"), "đeaa"},
		{strings.Join(listed([]string{"Như trên;", "", "Lưu: VT"}), ""), "Như trên;Lưu: VT."},
		{newBinder().text("từ ngày 05 tháng 02 năm 2026"), "từ ngày\u00a005 tháng\u00a002 năm\u00a02026"},
		{clean("e\u0323\u0302 \u202egpj.exe\u200b\x00"), "ệ gpj.exe"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestLongWordsBreakInsideTheLine(t *testing.T) {
	set := newFaces()
	for _, s := range []string{strings.Repeat("9f86d081", 40), "https://mau.example/" + strings.Repeat("duong-dan/", 30), strings.Repeat("ệ", 500), strings.Repeat("a\u0301\u0323", 300)} {
		s = clean(s)
		lines := breakLines(Plain("Địa chỉ "+s), setting{faces: set, size: 14, align: Justify, width: 200, first: 36})
		joined := ""
		for _, l := range lines {
			for _, b := range l {
				joined += b.text
				if b.x+b.w > 200.1 {
					t.Errorf("%q ends at %g", b.text, b.x+b.w)
				}
				if b.text != "" && extends([]rune(b.text)[0]) {
					t.Errorf("a line begins with a tone mark: %q", b.text)
				}
			}
		}
		if want := strings.ReplaceAll("Địa chỉ "+s, " ", ""); strings.ReplaceAll(joined, " ", "") != set.of(cut{}).shown(want) {
			t.Errorf("broken text differs: %q", joined)
		}
	}
}

func TestWordThatFitsALineButNotTheIndentedFirstIsBroken(t *testing.T) {
	set := newFaces()
	lines := breakLines(Plain(strings.Repeat("0", 27)), setting{faces: set, size: 14, align: Justify, width: 200, first: 36})
	if len(lines) != 2 || lines[0][0].x+lines[0][0].w > 200 {
		t.Errorf("%+v", lines)
	}
}

func BenchmarkLetterPDF(b *testing.B) {
	for b.Loop() {
		if err := PDF(io.Discard, sampleLetter()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLetterDOCX(b *testing.B) {
	for b.Loop() {
		if err := DOCX(io.Discard, sampleLetter()); err != nil {
			b.Fatal(err)
		}
	}
}
