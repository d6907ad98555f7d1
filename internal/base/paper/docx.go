package paper

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// DOCX writes the paper as an Office Open XML text (ECMA-376, transitional), in
// Times New Roman, for Word and LibreOffice. Errors are errs.Invalid with the
// place of each wrong block, or the writer's own.
func DOCX(w io.Writer, d Document) error {
	set := newFaces()
	s, err := compose(d, set)
	if err != nil {
		return err
	}
	x := &docx{story: s, sheet: newSheet(), leaf: upright(), first: true}
	for _, n := range s.nodes {
		x.node(n)
	}
	return writeArchive(w, x.parts(d.Date))
}

// A docx writes the main part and gathers what it refers to.
type docx struct {
	story    story
	sheet    sheet
	leaf     leaf
	body     strings.Builder
	links    []string // hyperlink targets, rLink1 first
	pictures [][]byte // rPicture1 first
	breaks   bool     // the next paragraph begins a page
	first    bool     // the section in the making is the first
	table    bool     // a table was written last
}

func (x *docx) put(format string, a ...any) { fmt.Fprintf(&x.body, format, a...) }

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return "" // a Builder takes all
	}
	return b.String()
}

// twips are twentieths of a point, half-points halves, as OOXML counts.
func twips(points float64) int { return int(math.Round(points * 20)) }

func halfPoints(points float64) int { return int(math.Round(points * 2)) }

// emu are English Metric Units, 12,700 to a point, the measure of drawings.
func emu(points float64) int { return int(math.Round(points * 12700)) }

func (x *docx) node(n node) {
	switch n := n.(type) {
	case para:
		x.para(n, x.leaf.textWidth())
	case rule:
		x.rule(n, x.leaf.textWidth())
	case grid:
		x.grid(n)
	case picture:
		x.picture(n)
	case leafBreak:
		x.breaks = true
	case turn:
		x.put(`<w:p><w:pPr><w:pStyle w:val="%s"/><w:spacing w:line="20" w:lineRule="exact"/>`, sTiny)
		x.section()
		x.put(`</w:pPr></w:p>`)
		x.leaf, x.first, x.breaks, x.table = n.leaf, false, false, false
	}
}

// open writes a paragraph's begin up to its borders.
func (x *docx) open(style string, keep bool) {
	x.put(`<w:p><w:pPr><w:pStyle w:val="%s"/>`, style)
	if keep {
		x.put(`<w:keepNext/>`)
	}
	if x.breaks {
		x.put(`<w:pageBreakBefore/>`)
		x.breaks = false
	}
	x.table = false
}

func jc(a Align) string {
	switch a {
	case Centre:
		return "center"
	case Right:
		return "right"
	case Justify:
		return "both"
	case Natural, Left:
	}
	return "left"
}

func (x *docx) para(p para, width float64) {
	st := x.sheet[p.style]
	x.open(p.style, p.keep && !st.keep)
	if p.frame > 0 {
		x.put(`<w:pBdr>`)
		for _, side := range []string{"top", "left", "bottom", "right"} {
			x.put(`<w:%s w:val="single" w:sz="6" w:space="2" w:color="000000"/>`, side)
		}
		x.put(`</w:pBdr>`)
	}
	if len(p.runs) == 0 && p.style == sTiny {
		// An empty line of its own height, which no printer driver may widen.
		x.put(`<w:spacing w:line="%d" w:lineRule="exact"/>`, twips(p.size*single))
	}
	switch {
	case p.frame > 0:
		side := twips((width - p.frame) / 2)
		x.put(`<w:ind w:left="%d" w:right="%d" w:firstLine="0"/>`, side, side)
	case p.left > 0 || p.hang > 0:
		x.put(`<w:ind w:left="%d" w:hanging="%d"/>`, twips(p.left+p.hang), twips(p.hang))
	}
	align := p.align
	if align == Natural && st.align == Justify && longWord(p.runs) {
		align = Left
	}
	if align != Natural {
		x.put(`<w:jc w:val="%s"/>`, jc(align))
	}
	if p.size > 0 {
		x.put(`<w:rPr><w:sz w:val="%[1]d"/><w:szCs w:val="%[1]d"/></w:rPr>`, halfPoints(p.size))
	}
	x.put(`</w:pPr>`)
	for _, r := range p.runs {
		x.run(r, p.size)
	}
	x.put(`</w:p>`)
}

// longWord says whether a paragraph holds an address or a hash that a word
// processor will move to the next line whole; the line before it, justified,
// would be all holes.
func longWord(runs []Run) bool {
	n := 0
	for _, r := range runs {
		for _, c := range r.Text {
			if n++; c == ' ' || c == '\n' {
				n = 0
			}
			if n > 30 {
				return true
			}
		}
	}
	return false
}

func (x *docx) run(r Run, size float64) {
	if r.Link != "" {
		x.links = append(x.links, r.Link)
		x.put(`<w:hyperlink r:id="rLink%d" w:history="1">`, len(x.links))
	}
	x.put(`<w:r>`)
	if r.Bold || r.Italic || size > 0 {
		x.put(`<w:rPr>`)
		if r.Bold {
			x.put(`<w:b/><w:bCs/>`)
		}
		if r.Italic {
			x.put(`<w:i/><w:iCs/>`)
		}
		if size > 0 {
			x.put(`<w:sz w:val="%[1]d"/><w:szCs w:val="%[1]d"/>`, halfPoints(size))
		}
		x.put(`</w:rPr>`)
	}
	for i, l := range strings.Split(r.Text, "\n") {
		if i > 0 {
			x.put(`<w:br/>`)
		}
		if l != "" {
			x.put(`<w:t xml:space="preserve">%s</w:t>`, escape(l))
		}
	}
	x.put(`</w:r>`)
	if r.Link != "" {
		x.put(`</w:hyperlink>`)
	}
}

// rule is an empty paragraph with a border above, as long as its indents leave:
// unlike a drawn line it stays with the text in every program.
func (x *docx) rule(r rule, width float64) {
	side := twips((width - r.width) / 2)
	x.open(sTiny, false)
	x.put(`<w:pBdr><w:top w:val="single" w:sz="6" w:space="0" w:color="000000"/></w:pBdr>`)
	x.put(`<w:spacing w:before="%d" w:after="0" w:line="%d" w:lineRule="exact"/>`, twips(ruleDrop), twips(ruleHeight-ruleDrop))
	x.put(`<w:ind w:left="%d" w:right="%d"/></w:pPr></w:p>`, side, side)
}

// tiny is a paragraph that parts two tables, which would otherwise be one.
func (x *docx) tiny() { x.para(para{style: sTiny, size: 1}, x.leaf.textWidth()) }

func (x *docx) grid(g grid) {
	if x.table || x.breaks {
		x.tiny()
	}
	total := 0.0
	for _, w := range g.widths {
		total += w
	}
	pad := 0.0
	if g.borders {
		pad = padding()
	}
	x.put(`<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblInd w:w="0" w:type="dxa"/>`, twips(total))
	if g.borders {
		x.put(`<w:tblBorders>`)
		for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
			x.put(`<w:%s w:val="single" w:sz="4" w:space="0" w:color="000000"/>`, side)
		}
		x.put(`</w:tblBorders>`)
	}
	x.put(`<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="%[1]d" w:type="dxa"/><w:right w:w="%[1]d" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>`, twips(pad))
	for _, w := range g.widths {
		x.put(`<w:gridCol w:w="%d"/>`, twips(w))
	}
	x.put(`</w:tblGrid>`)
	for i, row := range g.rows {
		x.put(`<w:tr><w:trPr>`)
		if !long(row) {
			x.put(`<w:cantSplit/>`)
		}
		if row.header {
			x.put(`<w:tblHeader/>`)
		}
		x.put(`</w:trPr>`)
		// A row keeps with the next when its paragraphs do: the header always,
		// the last row when the signature follows.
		keep := row.header || (g.keep && i == len(g.rows)-1)
		for j, nodes := range row.cells {
			x.cell(nodes, cellPlan{width: g.widths[j], pad: pad, middle: row.middle, keep: keep})
		}
		x.put(`</w:tr>`)
	}
	x.put(`</w:tbl>`)
	x.table = true
}

// long says whether a row may be higher than half a page, and so must split.
func long(row gridRow) bool {
	for _, nodes := range row.cells {
		letters := 0
		for _, n := range nodes {
			if p, ok := n.(para); ok {
				for _, r := range p.runs {
					letters += len(r.Text)
				}
			}
		}
		if len(nodes) > 30 || letters > 2000 {
			return true
		}
	}
	return false
}

type cellPlan struct {
	width, pad   float64
	middle, keep bool
}

func (x *docx) cell(nodes []node, c cellPlan) {
	x.put(`<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>`, twips(c.width))
	if c.middle {
		x.put(`<w:vAlign w:val="center"/>`)
	}
	x.put(`</w:tcPr>`)
	if len(nodes) == 0 {
		x.tiny()
	}
	for _, n := range nodes {
		switch n := n.(type) {
		case para:
			n.keep = n.keep || c.keep
			x.para(n, c.width-2*c.pad)
		case rule:
			x.rule(n, c.width-2*c.pad)
		case grid, picture, leafBreak, turn:
			panic("paper: a cell holds paragraphs and rules only") // compose makes no others
		}
	}
	x.put(`</w:tc>`)
}

func (x *docx) picture(p picture) {
	x.pictures = append(x.pictures, p.png)
	n := len(x.pictures)
	w, h := emu(p.width), emu(p.height)
	x.open(sPicture, true)
	x.put(`</w:pPr><w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">`+
		`<wp:extent cx="%[1]d" cy="%[2]d"/><wp:docPr id="%[3]d" name="Picture %[3]d" descr="%[4]s"/>`+
		`<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>`+
		`<pic:nvPicPr><pic:cNvPr id="%[3]d" name="picture%[3]d.png" descr="%[4]s"/><pic:cNvPicPr/></pic:nvPicPr>`+
		`<pic:blipFill><a:blip r:embed="rPicture%[3]d"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>`+
		`<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="%[1]d" cy="%[2]d"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr>`+
		`</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`, w, h, n, escape(p.alt))
}

// section ends the section in the making. Only the first has a first page of its
// own kind: no number, and the contact lines at its foot.
func (x *docx) section() {
	header, orient := "rHeader", ""
	if x.leaf.width > x.leaf.height {
		header, orient = "rHeaderLandscape", ` w:orient="landscape"`
	}
	x.put(`<w:sectPr><w:headerReference w:type="default" r:id="%s"/>`, header)
	if x.first {
		x.put(`<w:headerReference w:type="first" r:id="rHeaderFirst"/>`)
	}
	x.put(`<w:footerReference w:type="default" r:id="rFooter"/>`)
	if x.first {
		x.put(`<w:footerReference w:type="first" r:id="rFooterFirst"/>`)
	}
	l := x.leaf
	x.put(`<w:type w:val="nextPage"/><w:pgSz w:w="%d" w:h="%d"%s/>`, twips(l.width), twips(l.height), orient)
	x.put(`<w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="%[5]d" w:footer="%[5]d" w:gutter="0"/>`,
		twips(l.top), twips(l.right), twips(l.bottom), twips(l.left), twips(edge()))
	if x.first {
		x.put(`<w:titlePg/>`)
	}
	x.put(`</w:sectPr>`)
}

// main is the main part, after all nodes.
func (x *docx) main() []byte {
	if x.table || x.body.Len() == 0 {
		x.tiny()
	}
	x.section()
	return []byte(declaration + `<w:document ` + namespaces + `><w:body>` + x.body.String() + `</w:body></w:document>`)
}

// stamp is a time of the core properties.
func stamp(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
