package paper

import (
	"fmt"
	"strings"
	"time"
)

const (
	declaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	namespaces  = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" ` +
		`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" ` +
		`xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" ` +
		`xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" ` +
		`xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"`
	officeRelation = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	wordType       = `application/vnd.openxmlformats-officedocument.wordprocessingml.`
)

// parts are the package's files, the content types first as the standard likes.
func (x *docx) parts(date time.Time) []archivePart {
	main := x.main()
	parts := []archivePart{
		{"[Content_Types].xml", []byte(contentTypes())},
		{"_rels/.rels", []byte(packageRelations())},
		{"docProps/core.xml", x.core(date)},
		{"docProps/app.xml", []byte(declaration + `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>Tocsin</Application></Properties>`)},
		{"word/document.xml", main},
		{"word/_rels/document.xml.rels", x.relations()},
		{"word/styles.xml", x.styles()},
		{"word/settings.xml", x.settings()},
		{"word/fontTable.xml", []byte(fontTable())},
		{"word/header1.xml", x.header(upright())},
		{"word/header2.xml", x.header(landscape())},
		{"word/header3.xml", x.edgePart("hdr", x.markingLine())},
		{"word/footer1.xml", x.edgePart("ftr", x.markingLine())},
		{"word/footer2.xml", x.edgePart("ftr", x.contactLines()+x.markingLine())},
	}
	for i, p := range x.pictures {
		parts = append(parts, archivePart{fmt.Sprintf("word/media/picture%d.png", i+1), p})
	}
	return parts
}

func contentTypes() string {
	var b strings.Builder
	b.WriteString(declaration + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>`)
	over := func(name, kind string) { fmt.Fprintf(&b, `<Override PartName="/%s" ContentType="%s"/>`, name, kind) }
	over("word/document.xml", wordType+"document.main+xml")
	over("word/styles.xml", wordType+"styles+xml")
	over("word/settings.xml", wordType+"settings+xml")
	over("word/fontTable.xml", wordType+"fontTable+xml")
	for _, h := range []string{"header1", "header2", "header3"} {
		over("word/"+h+".xml", wordType+"header+xml")
	}
	for _, f := range []string{"footer1", "footer2"} {
		over("word/"+f+".xml", wordType+"footer+xml")
	}
	over("docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml")
	over("docProps/app.xml", "application/vnd.openxmlformats-officedocument.extended-properties+xml")
	b.WriteString(`</Types>`)
	return b.String()
}

func packageRelations() string {
	return declaration + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rDocument" Type="` + officeRelation + `officeDocument" Target="word/document.xml"/>` +
		`<Relationship Id="rCore" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/>` +
		`<Relationship Id="rApp" Type="` + officeRelation + `extended-properties" Target="docProps/app.xml"/></Relationships>`
}

func (x *docx) relations() []byte {
	var b strings.Builder
	b.WriteString(declaration + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	add := func(id, kind, target, more string) {
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s%s" Target="%s"%s/>`, id, officeRelation, kind, escape(target), more)
	}
	add("rStyles", "styles", "styles.xml", "")
	add("rSettings", "settings", "settings.xml", "")
	add("rFonts", "fontTable", "fontTable.xml", "")
	add("rHeader", "header", "header1.xml", "")
	add("rHeaderLandscape", "header", "header2.xml", "")
	add("rHeaderFirst", "header", "header3.xml", "")
	add("rFooter", "footer", "footer1.xml", "")
	add("rFooterFirst", "footer", "footer2.xml", "")
	for i := range x.pictures {
		add(fmt.Sprintf("rPicture%d", i+1), "image", fmt.Sprintf("media/picture%d.png", i+1), "")
	}
	for i, l := range x.links {
		add(fmt.Sprintf("rLink%d", i+1), "hyperlink", l, ` TargetMode="External"`)
	}
	b.WriteString(`</Relationships>`)
	return []byte(b.String())
}

func (x *docx) core(date time.Time) []byte {
	return fmt.Appendf(nil, declaration+`<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" `+
		`xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`+
		`<dc:title>%s</dc:title><dc:creator>%s</dc:creator><dc:language>%s</dc:language>`+
		`<dcterms:created xsi:type="dcterms:W3CDTF">%[4]s</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">%[4]s</dcterms:modified></cp:coreProperties>`,
		escape(x.story.title), escape(x.story.author), escape(x.story.language), stamp(date))
}

// styles is the style sheet as Word's own.
func (x *docx) styles() []byte {
	var b strings.Builder
	put := func(format string, a ...any) { fmt.Fprintf(&b, format, a...) }
	put(declaration+`<w:styles %s><w:docDefaults><w:rPrDefault><w:rPr>`+
		`<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="Times New Roman" w:cs="Times New Roman"/>`+
		`<w:color w:val="000000"/><w:sz w:val="28"/><w:szCs w:val="28"/><w:lang w:val="%[2]s" w:eastAsia="%[2]s" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>`+
		`<w:pPrDefault><w:pPr><w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>`+
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>`+
		`<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>`+
		`<w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="0" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>`,
		namespaces, escape(x.story.language))
	for _, st := range styles() {
		put(`<w:style w:type="paragraph" w:customStyle="1" w:styleId="%[1]s"><w:name w:val="Paper %[1]s"/><w:basedOn w:val="Normal"/><w:qFormat/><w:pPr>`, st.id)
		if st.keep {
			put(`<w:keepNext/>`)
		}
		put(`<w:widowControl/><w:spacing w:before="%d" w:after="%d" w:line="%d" w:lineRule="auto"/>`,
			twips(st.before), twips(st.after), int(240*st.leading+0.5))
		if st.first > 0 {
			put(`<w:ind w:firstLine="%d"/>`, twips(st.first))
		}
		put(`<w:jc w:val="%s"/>`, jc(st.align))
		if st.outline > 0 {
			put(`<w:outlineLvl w:val="%d"/>`, st.outline-1)
		}
		put(`</w:pPr><w:rPr>`)
		if st.bold {
			put(`<w:b/><w:bCs/>`)
		}
		if st.italic {
			put(`<w:i/><w:iCs/>`)
		}
		put(`<w:sz w:val="%[1]d"/><w:szCs w:val="%[1]d"/></w:rPr></w:style>`, halfPoints(st.size))
	}
	put(`</w:styles>`)
	return []byte(b.String())
}

// settings ask for the layout rules of Word 2013 and later.
func (x *docx) settings() []byte {
	return []byte(declaration + `<w:settings ` + namespaces + `><w:zoom w:percent="100"/><w:defaultTabStop w:val="720"/>` +
		`<w:characterSpacingControl w:val="doNotCompress"/><w:compat>` +
		`<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>` +
		`<w:themeFontLang w:val="` + escape(x.story.language) + `"/></w:settings>`)
}

func fontTable() string {
	return declaration + `<w:fonts ` + namespaces + `><w:font w:name="Times New Roman"><w:altName w:val="Tinos"/><w:panose1 w:val="02020603050405020304"/>` +
		`<w:charset w:val="00"/><w:family w:val="roman"/><w:pitch w:val="variable"/></w:font></w:fonts>`
}

// edgePart is a header or footer of paragraphs; it needs one at least.
func (x *docx) edgePart(kind, paragraphs string) []byte {
	if paragraphs == "" {
		paragraphs = `<w:p><w:pPr><w:pStyle w:val="` + sTiny + `"/></w:pPr></w:p>`
	}
	return fmt.Appendf(nil, declaration+`<w:%[1]s %[2]s>%[3]s</w:%[1]s>`, kind, namespaces, paragraphs)
}

// header holds the page number centred and the marking right.
func (x *docx) header(l leaf) []byte {
	w := twips(l.textWidth())
	number := `<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>` +
		`<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>`
	p := `<w:p><w:pPr><w:pStyle w:val="` + sPageNumber + `"/>`
	if x.story.marking == "" {
		return x.edgePart("hdr", p+`</w:pPr>`+number+`</w:p>`)
	}
	return x.edgePart("hdr", p+fmt.Sprintf(`<w:tabs><w:tab w:val="center" w:pos="%d"/><w:tab w:val="right" w:pos="%d"/></w:tabs><w:jc w:val="left"/></w:pPr>`, w/2, w)+
		`<w:r><w:tab/></w:r>`+number+`<w:r><w:tab/></w:r><w:r><w:rPr><w:b/><w:bCs/><w:sz w:val="24"/><w:szCs w:val="24"/></w:rPr><w:t xml:space="preserve">`+
		escape(x.story.marking)+`</w:t></w:r></w:p>`)
}

func (x *docx) markingLine() string {
	if x.story.marking == "" {
		return ""
	}
	return styled(sMarking, "", x.story.marking)
}

func (x *docx) contactLines() string {
	var b strings.Builder
	for i, l := range x.story.contact {
		border := ""
		if i == 0 {
			border = `<w:pBdr><w:top w:val="single" w:sz="6" w:space="2" w:color="000000"/></w:pBdr>`
		}
		b.WriteString(styled(sContact, border, l))
	}
	return b.String()
}

func styled(style, more, text string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/>` + more + `</w:pPr><w:r><w:t xml:space="preserve">` + escape(text) + `</w:t></w:r></w:p>`
}
