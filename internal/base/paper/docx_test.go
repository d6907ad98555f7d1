package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// unzip gives a package's parts by name.
func unzip(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[f.Name] = string(b)
	}
	return parts
}

// wellFormed fails when a part is no XML or names a prefix that it does not declare.
func wellFormed(t *testing.T, name, part string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(part))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Space != "" && !strings.Contains(e.Name.Space, ":") {
			t.Fatalf("%s: prefix %s is not declared", name, e.Name.Space)
		}
	}
}

func TestDOCXHasItsPartsAndEachIsXML(t *testing.T) {
	for name, d := range map[string]Document{"letter": sampleLetter(), "report": sampleReport(), "empty": {}} {
		var b bytes.Buffer
		if err := DOCX(&b, d); err != nil {
			t.Fatal(name, err)
		}
		parts := unzip(t, b.Bytes())
		for part, text := range parts {
			if strings.HasSuffix(part, ".xml") || strings.HasSuffix(part, ".rels") {
				wellFormed(t, name+" "+part, text)
			}
		}
		types := parts["[Content_Types].xml"]
		for _, want := range []string{"word/document.xml", "word/styles.xml", "word/settings.xml", "word/header1.xml", "word/footer2.xml", "docProps/core.xml"} {
			if parts[want] == "" || !strings.Contains(types, "/"+want) {
				t.Errorf("%s: no part %s, or no type for it", name, want)
			}
		}
	}
}

func TestDOCXHoldsTheDecreesLayout(t *testing.T) {
	var b bytes.Buffer
	if err := DOCX(&b, sampleReport()); err != nil {
		t.Fatal(err)
	}
	parts := unzip(t, b.Bytes())
	for part, wants := range map[string][]string{
		"word/document.xml": {
			`<w:pgSz w:w="11906" w:h="16838"/>`, `w:left="1701"`, `<w:titlePg/>`, `w:orient="landscape"`, `<w:tblHeader/>`, `<w:cantSplit/>`,
			"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Số: 27/BC-TTANM", `<w:pStyle w:val="Kind"/></w:pPr><w:r><w:t xml:space="preserve">BÁO CÁO<`,
			"An ninh mạng Thành phố./.<", "- Như trên;", "- Lưu: VT, TH.", "Phụ lục\u00a0II", "rPicture1",
		},
		"word/styles.xml":              {`w:val="vi-VN"`, "Times New Roman"},
		"word/header1.xml":             {" PAGE "},
		"docProps/core.xml":            {"2026-02-05T02:30:00Z", "Báo cáo Kết quả giám sát"},
		"word/_rels/document.xml.rels": {`Target="media/picture1.png"`},
	} {
		for _, want := range wants {
			if !strings.Contains(parts[part], want) {
				t.Errorf("%s lacks %s", part, want)
			}
		}
	}
	if strings.Contains(parts["word/header3.xml"], "PAGE") {
		t.Error("page 1 shows its number")
	}
}

func TestDOCXForTheEye(t *testing.T) {
	dir := look(t)
	write(t, dir, "letter.docx", func(b *bytes.Buffer) error { return DOCX(b, sampleLetter()) })
	write(t, dir, "report.docx", func(b *bytes.Buffer) error { return DOCX(b, sampleReport()) })
}

func TestEnglishAndVeryHighRows(t *testing.T) {
	dir := look(t)
	path := write(t, dir, "english.pdf", func(b *bytes.Buffer) error { return PDF(b, sampleEnglish()) })
	write(t, dir, "english.docx", func(b *bytes.Buffer) error { return DOCX(b, sampleEnglish()) })
	write(t, dir, "sheets.xlsx", func(b *bytes.Buffer) error { return XLSX(b, sampleSheets()) })
	text := strings.Join(strings.Fields(pdfText(t, path)), " ")
	for _, want := range []string{"INDEPENDENCE", "Re: exposed", "Line 1 of", "Line 260 of", "- Partner organisation number 70.", "Tran Thi Vi Du", "the following □ on"} {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(want)) {
			t.Errorf("text lacks %q", want)
		}
	}
}
