package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strconv"
	"strings"

	"tocsin/internal/base/errs"
)

// A node is one part of a composed paper, the same for DOCX and PDF: para, rule,
// grid, picture, leafBreak or turn.
type node interface{ node() }

// A para is a paragraph with clean runs and a style.
type para struct {
	style string
	runs  []Run
	align Align   // Natural is the style's
	left  float64 // indent of all lines
	hang  float64 // of the lines after the first, on top of left
	size  float64 // 0 is the style's
	frame float64 // width of a frame around it; 0 is none
	keep  bool    // with what follows, on top of the style's
}

// A rule is a centred line.
type rule struct{ width float64 }

// A grid is a table: the head, the signature, or a table of the text.
type grid struct {
	widths  []float64
	rows    []gridRow
	borders bool
	keep    bool
}

type gridRow struct {
	cells  [][]node
	header bool
	middle bool // cells are centred up and down
}

// A picture is a PNG with its size on paper.
type picture struct {
	png           []byte
	image         image.Image
	width, height float64
	alt           string
	keep          bool
}

// A leafBreak begins a page.
type leafBreak struct{}

// A turn begins a page of another leaf.
type turn struct{ leaf leaf }

func (para) node()      {}
func (rule) node()      {}
func (grid) node()      {}
func (picture) node()   {}
func (leafBreak) node() {}
func (turn) node()      {}

// A story is a composed paper.
type story struct {
	nodes    []node
	title    string // of the file
	author   string
	language string
	marking  string
	contact  []string
	lastLeaf leaf
}

// A composer turns a Document into nodes.
type composer struct {
	doc    Document
	bind   binder
	sheet  sheet
	faces  *faces
	leaf   leaf
	nodes  []node
	places []errs.Place
}

// compose puts the parts of a paper in their order. Its errors are errs.Invalid
// with a place for each wrong block.
func compose(d Document, set *faces) (story, error) {
	c := &composer{doc: d, bind: newBinder(), sheet: newSheet(), faces: set, leaf: upright()}
	c.head()
	c.title()
	c.to()
	begin := len(c.nodes)
	c.body("body", d.Body)
	c.end(begin)
	c.sign()
	c.annexes()
	if len(c.places) > 0 {
		p := c.places[0]
		return story{}, errs.At(errs.Invalid, c.places, "set paper: %s: %s", p.Field, p.Reason)
	}
	if set.err != nil {
		return story{}, set.err
	}
	s := story{
		nodes:    c.nodes,
		title:    strings.TrimSpace(flat(d.Kind) + " " + flat(d.Abstract)),
		author:   flat(d.Head.Issuer),
		language: d.Language,
		marking:  flat(d.Marking),
		lastLeaf: c.leaf,
	}
	for _, line := range d.Contact {
		if line = flat(line); line != "" {
			s.contact = append(s.contact, line)
		}
	}
	if vietnamese(s.language) {
		s.language = "vi-VN"
	}
	return s, nil
}

func (c *composer) add(n ...node) { c.nodes = append(c.nodes, n...) }

func (c *composer) wrong(place, format string, a ...any) {
	c.places = append(c.places, errs.Place{Field: place, Reason: fmt.Sprintf(format, a...)})
}

// line is a paragraph of one text, or nothing when the text is empty.
func (c *composer) line(style, text string) []node {
	text = strings.TrimSpace(c.bind.text(text))
	if text == "" {
		return nil
	}
	return []node{c.para(style, Plain(text))}
}

// para is a paragraph of runs, in capitals where its style asks for them.
func (c *composer) para(style string, runs []Run) para {
	runs = c.bind.runs(runs)
	if c.sheet[style].caps {
		for i := range runs {
			runs[i].Text = strings.ToUpper(runs[i].Text)
		}
	}
	return para{style: style, runs: runs}
}

// lineWidth is the length of text set on one line in a style.
func (c *composer) lineWidth(style, text string) float64 {
	st := c.sheet[style]
	if st.caps {
		text = strings.ToUpper(text)
	}
	return c.faces.of(cut{st.bold, st.italic}).width(text, st.size)
}

// head sets cells 1 to 4, the letter's abstract (5b) and the urgency (10b).
func (c *composer) head() {
	h, w := c.doc.Head, c.doc.Words
	cols := headColumns()

	left := c.line(sSuperior, h.Superior)
	if issuer := c.line(sIssuer, h.Issuer); issuer != nil {
		left = append(left, issuer...)
		// A third to a half of the text's line; a body of two lines counts as its column.
		longest := 0.0
		for l := range strings.SplitSeq(h.Issuer, "\n") {
			longest = max(longest, c.lineWidth(sIssuer, flat(l)))
		}
		left = append(left, rule{min(longest, cols[0]) * 0.4})
	}
	right := c.line(sNation, h.Nation)
	if motto := c.line(sMotto, h.Motto); motto != nil {
		right = append(right, motto...)
		right = append(right, rule{min(c.lineWidth(sMotto, flat(h.Motto)), cols[1])})
	}

	var number, date []node
	if h.Number != "" {
		number = c.line(sNumber, clean(w.Number)+" "+h.Number)
	}
	if c.letter() && c.doc.Abstract != "" {
		number = append(number, c.line(sSubject, strings.TrimSpace(w.Subject+" "+c.doc.Abstract))...)
	}
	if urgency := c.line(sUrgency, c.doc.Urgency); urgency != nil {
		p := urgency[0].(para)
		p.frame = min(c.lineWidth(sUrgency, flat(c.doc.Urgency))+mm(8), cols[0])
		number = append(number, p)
	}
	if w.Date != "" {
		place := flat(h.Place)
		if place != "" {
			place += ", "
		}
		date = c.line(sDateLine, place+DateText(w.Date, c.doc.Date))
	}

	g := grid{widths: cols}
	for _, cells := range [][2][]node{{left, right}, {number, date}} {
		if len(cells[0])+len(cells[1]) > 0 {
			g.rows = append(g.rows, gridRow{cells: [][]node{cells[0], cells[1]}})
		}
	}
	if len(g.rows) > 0 {
		c.add(g)
	}
}

// letter says whether the paper is a công văn, which has no type name.
func (c *composer) letter() bool { return flat(c.doc.Kind) == "" }

// title sets cell 5a: type, abstract, rule.
func (c *composer) title() {
	if c.letter() {
		return
	}
	c.add(c.line(sKind, c.doc.Kind)...)
	abstract := c.line(sAbstract, c.doc.Abstract)
	c.add(abstract...)
	last := c.lineWidth(sAbstract, flat(c.doc.Abstract))
	if abstract == nil {
		last = c.lineWidth(sKind, flat(c.doc.Kind))
	}
	c.add(rule{min(last, c.leaf.textWidth()) * 0.4})
}

// to sets cell 9a. One addressee stands beside the label; several stand below
// it, their dashes under its colon.
func (c *composer) to() {
	label := flat(c.doc.Words.To)
	lines := make([]string, 0, len(c.doc.To))
	for _, t := range listed(flats(c.doc.To)) {
		lines = append(lines, c.bind.text(t))
	}
	if len(lines) == 0 {
		return
	}
	space := para{style: sTiny, size: 8}
	c.add(space)
	st := c.sheet[sTo]
	face := c.faces.of(cut{})
	width := c.leaf.textWidth()
	if len(lines) == 1 {
		p := c.para(sTo, Plain(strings.TrimSpace(label+" "+lines[0])))
		if face.width(p.runs[0].Text, st.size) <= width-2*indent() {
			p.align = Centre
		} else {
			p.left, p.hang = 2*indent(), face.width(label+" ", st.size)
		}
		c.add(p, space)
		return
	}
	longest := 0.0
	for _, l := range lines {
		longest = max(longest, face.width("- "+l, st.size))
	}
	colon := face.width(strings.TrimSuffix(label, ":"), st.size)
	left := min(max((width-colon-longest)/2, indent()), mm(40))
	if label != "" {
		p := c.para(sTo, Plain(label))
		p.left, p.keep = left, true
		c.add(p)
	}
	for _, l := range lines {
		p := c.para(sTo, Plain("- "+l))
		p.left, p.hang = left+colon, face.width("- ", st.size)
		c.add(p)
	}
	c.add(space)
}

func flats(texts []string) []string {
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		out = append(out, flat(t))
	}
	return out
}

// body sets blocks; place names them in errors.
func (c *composer) body(place string, blocks []Block) {
	for i, b := range blocks {
		at := fmt.Sprintf("%s[%d]", place, i)
		switch b := b.(type) {
		case Paragraph:
			c.paragraph(b)
		case Ground:
			_, more := next[Ground](blocks, i+1)
			c.ground(b, !more)
		case Heading:
			c.heading(at, b)
		case List:
			c.list(at, b)
		case Table:
			c.table(at, b)
		case Image:
			c.image(at, b)
		case PageBreak:
			c.add(leafBreak{})
		default:
			c.wrong(at, "is %T, no block of a paper", b)
		}
	}
}

// next is the block at i when it is a T.
func next[T Block](blocks []Block, i int) (b T, ok bool) {
	if i < len(blocks) {
		b, ok = blocks[i].(T)
	}
	return b, ok
}

func (c *composer) paragraph(b Paragraph) {
	style := sBody
	if b.Align != Natural {
		style = sFlush
	}
	if p := c.para(style, b.Runs); len(p.runs) > 0 {
		p.align = b.Align
		c.add(p)
	}
}

func (c *composer) ground(b Ground, last bool) {
	p := c.para(sGround, b.Runs)
	if len(p.runs) == 0 {
		return
	}
	mark := ";"
	if last {
		mark = "."
	}
	r := &p.runs[len(p.runs)-1]
	r.Text = strings.TrimRight(r.Text, " .;,") + mark
	c.add(p)
}

func (c *composer) heading(at string, b Heading) {
	two := func(number, title string) {
		c.add(c.line(number, b.Number)...)
		c.add(c.line(title, b.Title)...)
	}
	one := func(style string) {
		c.add(c.line(style, strings.TrimSpace(flat(b.Number)+" "+flat(b.Title)))...)
	}
	switch b.Level {
	case Part:
		two(sPart, sPartTitle)
	case Section:
		two(sSection, sSectTitle)
	case Article:
		one(sArticle)
	case Clause:
		one(sClause)
	default:
		c.wrong(at, "heading of unknown level %d", b.Level)
	}
}

func (c *composer) list(at string, b List) {
	start := b.Start
	if start == 0 {
		start = 1
	}
	if start < 0 {
		c.wrong(at, "list starts at %d", start)
		return
	}
	for i, item := range b.Items {
		mark := "- "
		switch b.Mark {
		case Dash:
		case Number:
			mark = strconv.Itoa(start+i) + ". "
		case Letter:
			mark = letter(start+i, c.doc.Language) + ") "
		default:
			c.wrong(at, "list of unknown mark %d", b.Mark)
			return
		}
		// The mark stays with its first word.
		c.add(c.para(sItem, append(Plain(mark), item...)))
	}
}

func (c *composer) table(at string, b Table) {
	if len(b.Columns) == 0 {
		c.wrong(at, "table without columns")
		return
	}
	for i, row := range b.Rows {
		if len(row) != len(b.Columns) {
			c.wrong(fmt.Sprintf("%s.rows[%d]", at, i), "has %d cells, the table %d columns", len(row), len(b.Columns))
			return
		}
	}
	size := b.Size
	if size == 0 {
		size = c.sheet[sTableText].size
	}
	if size < 4 || size > 20 {
		c.wrong(at, "table of size %g, outside 4 to 20 points", size)
		return
	}
	c.add(c.line(sCaption, b.Caption)...)

	cell := func(style string, runs []Run, align Align) []node {
		p := c.para(style, runs)
		p.size, p.align = size, align
		return []node{p}
	}
	g := grid{borders: true}
	header := gridRow{header: true, middle: true}
	titled := false
	for _, col := range b.Columns {
		titled = titled || flat(col.Title) != ""
		header.cells = append(header.cells, cell(sTableHead, Plain(col.Title), Natural))
	}
	if titled {
		g.rows = append(g.rows, header)
	}
	for _, row := range b.Rows {
		r := gridRow{}
		for j, runs := range row {
			r.cells = append(r.cells, cell(sTableText, runs, b.Columns[j].Align))
		}
		g.rows = append(g.rows, r)
	}
	if len(g.rows) == 0 {
		return
	}
	g.widths = c.columnWidths(b.Columns, g)
	c.add(g, para{style: sTiny, size: 6})
}

func (c *composer) image(at string, b Image) {
	config, err := png.DecodeConfig(bytes.NewReader(b.PNG))
	if err != nil {
		c.wrong(at, "is no PNG picture: %v", err)
		return
	}
	const most = 50_000_000 // pixels; a chart of A4 at 600 dpi has 35 million
	if config.Width <= 0 || config.Height <= 0 || config.Width > most/config.Height {
		c.wrong(at, "picture of %d × %d pixels", config.Width, config.Height)
		return
	}
	decoded, err := png.Decode(bytes.NewReader(b.PNG))
	if err != nil {
		c.wrong(at, "is no whole PNG picture: %v", err)
		return
	}
	w := c.leaf.textWidth()
	if b.Width > 0 {
		w = min(w, mm(b.Width))
	}
	h := w * float64(config.Height) / float64(config.Width)
	if most := c.leaf.textHeight() - mm(25); h > most {
		w, h = w*most/h, most
	}
	c.add(picture{png: b.PNG, image: decoded, width: w, height: h, alt: flat(b.Alt)})
	c.add(c.line(sFigure, b.Caption)...)
}

// end sets the end mark after the last words of the body, and ties the body's
// last part to the signature, which must not stand alone on a page.
func (c *composer) end(begin int) {
	if len(c.nodes) == begin {
		return
	}
	if mark := flat(c.doc.Words.End); mark != "" {
		p, ok := c.nodes[len(c.nodes)-1].(para)
		if ok && len(p.runs) > 0 && p.style != sFigure {
			r := &p.runs[len(p.runs)-1]
			r.Text = strings.TrimRight(r.Text, " ./;,\n") + mark
		} else {
			c.add(c.para(sBody, Plain(mark)))
		}
	}
	if len(c.doc.Sign.Lines) > 0 || c.doc.Sign.Name != "" || len(c.doc.Recipients) > 0 {
		c.tie(begin)
	}
}

// tie keeps the last words, table or picture since begin, and all after them,
// with what follows.
func (c *composer) tie(begin int) {
	for i := len(c.nodes) - 1; i >= begin; i-- {
		switch n := c.nodes[i].(type) {
		case para:
			n.keep = true
			c.nodes[i] = n
			text := 0
			for _, r := range n.runs {
				text += len(r.Text)
			}
			if text > len(c.doc.Words.End) {
				return
			}
		case grid:
			n.keep = true
			c.nodes[i] = n
			return
		case picture:
			n.keep = true
			c.nodes[i] = n
			return
		case leafBreak, rule, turn:
			return
		}
	}
}

// sign sets cells 7 and 9b side by side: recipients left, signature right.
func (c *composer) sign() {
	var left, right []node
	if lines := listed(flats(c.doc.Recipients)); len(lines) > 0 {
		left = append(left, c.line(sRecipients, c.doc.Words.Recipients)...)
		dash := c.faces.of(cut{}).width("- ", c.sheet[sRecipient].size)
		for _, l := range lines {
			p := c.para(sRecipient, Plain("- "+l))
			p.hang = dash
			left = append(left, p)
		}
	}
	for _, l := range c.doc.Sign.Lines {
		right = append(right, c.line(sSignLine, l)...)
	}
	right = append(right, c.line(sSignName, c.doc.Sign.Name)...)
	if len(left)+len(right) == 0 {
		return
	}
	w := c.leaf.textWidth()
	c.add(para{style: sTiny, size: 6, keep: true},
		grid{widths: []float64{w * 0.48, w * 0.52}, rows: []gridRow{{cells: [][]node{left, right}}}})
}

// annexes set each annex on a page of its own.
func (c *composer) annexes() {
	for i, a := range c.doc.Annexes {
		at := fmt.Sprintf("annexes[%d].body", i)
		l := upright()
		if a.Landscape {
			l = landscape()
		}
		if l != c.leaf {
			c.leaf = l
			c.add(turn{l})
		} else {
			c.add(leafBreak{})
		}
		label := flat(c.doc.Words.Annex)
		if label != "" && len(c.doc.Annexes) > 1 {
			label += string(nbsp) + roman(i+1)
		}
		c.add(c.line(sAnnex, label)...)
		c.add(c.line(sAnnexTitle, a.Title)...)
		c.add(c.line(sEnclosed, strings.NewReplacer(
			"{number}", flat(c.doc.Head.Number),
			"{date}", DateText(c.doc.Words.Date, c.doc.Date),
			"{issuer}", flat(c.doc.Head.Issuer),
		).Replace(c.doc.Words.Enclosed))...)
		c.body(at, a.Body)
	}
}
