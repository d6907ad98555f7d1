package paper

import "image"

// A strip is a band across the text that no page break cuts: a line, a table's
// row, a picture. Its contents lie relative to its top left.
type strip struct {
	height  float64
	gap     float64 // room above it, which vanishes at a page's top
	texts   []placedLine
	rules   []segment
	picture *placedPicture
	keep    bool    // on one page with the next strip
	breaks  bool    // begins a page
	turn    *leaf   // begins a page of this leaf
	repeat  []strip // a table's header, set again when a page begins with this strip
	frame   *cellFrame
}

type placedLine struct {
	x, base float64 // left of the column, base line
	size    float64
	line    line
}

type segment struct{ x1, y1, x2, y2 float64 }

type placedPicture struct {
	image               image.Image
	x, y, width, height float64
}

// A cellFrame is a table row's ruling. A row too high for a page is several
// strips, and only a page break rules between them.
type cellFrame struct {
	xs        []float64 // the uprights
	continued bool      // no rule above unless a page begins here
	header    bool
}

// A setter turns nodes into strips.
type setter struct {
	sheet  sheet
	faces  *faces
	leaf   leaf
	strips []strip
	after  float64 // room that the last paragraph asks for below it
}

// layout sets a story's nodes in strips.
func layout(s story, set *faces) []strip {
	t := &setter{sheet: newSheet(), faces: set, leaf: upright()}
	breaks := false
	for _, n := range s.nodes {
		begin := len(t.strips)
		switch n := n.(type) {
		case leafBreak:
			breaks = true
			continue
		case turn:
			t.leaf = n.leaf
			t.strips = append(t.strips, strip{turn: &n.leaf, keep: true})
			t.after = 0
			continue
		case para:
			t.para(n)
		case rule:
			t.rule(n)
		case grid:
			t.grid(n)
		case picture:
			t.picture(n)
		}
		if breaks && len(t.strips) > begin {
			t.strips[begin].breaks, breaks = true, false
		}
	}
	return t.strips
}

// A block is set text within a column: lines with the room around them.
type block struct {
	before, after float64
	lines         []setLine
	frame         float64
	keep          bool
}

type setLine struct {
	height, base float64
	size         float64
	line         line
	rule         float64 // length of a rule instead of text
}

// set breaks a paragraph into a column's lines.
func (t *setter) set(p para, width float64) block {
	st := t.sheet[p.style]
	size := st.size
	if p.size > 0 {
		size = p.size
	}
	align, first := st.align, st.first
	if p.align != Natural {
		align = p.align
	}
	if align == Centre || align == Right {
		first = 0
	}
	lines := breakLines(p.runs, setting{
		faces: t.faces, size: size, bold: st.bold, italic: st.italic, align: align,
		width: width, first: p.left + first, rest: p.left + p.hang,
	})
	b := block{before: st.before, after: st.after, frame: p.frame, keep: st.keep || p.keep}
	// The room of wider leading lies above the letters, as word processors put it.
	height := size * single * st.leading
	base := height - size*(single-ascent)
	for _, l := range lines {
		b.lines = append(b.lines, setLine{height: height, base: base, size: size, line: l})
	}
	return b
}

// para puts a paragraph into the page's flow, a strip for each line. Two lines
// at least stay together at its begin and its end.
func (t *setter) para(p para) {
	b := t.set(p, t.leaf.textWidth())
	n := len(b.lines)
	for i, l := range b.lines {
		s := strip{height: l.height, texts: []placedLine{{0, l.base, l.size, l.line}}}
		s.keep = (n > 1 && (i == 0 || i == n-2)) || (i == n-1 && b.keep)
		if i == 0 {
			s.gap = t.after + b.before
		}
		t.strips = append(t.strips, s)
	}
	t.after = b.after
}

func (t *setter) rule(r rule) {
	x := (t.leaf.textWidth() - r.width) / 2
	t.strips = append(t.strips, strip{height: ruleHeight, gap: t.after, rules: []segment{{x, ruleDrop, x + r.width, ruleDrop}}})
	t.after = 6
}

// ruleHeight is the band of a rule below text, ruleDrop the rule's place in it.
const (
	ruleHeight = 6.0
	ruleDrop   = 3.0
)

func (t *setter) picture(p picture) {
	st := t.sheet[sPicture]
	t.strips = append(t.strips, strip{
		height: p.height, gap: t.after + st.before, keep: true,
		picture: &placedPicture{p.image, (t.leaf.textWidth() - p.width) / 2, 0, p.width, p.height},
	})
	t.after = st.after
}

// A cell is a grid cell's lines, each at its place below the cell's top.
type cell struct {
	x, width float64
	lines    []cellLine
	height   float64
}

type cellLine struct {
	top, bottom float64
	line        setLine
	frame       *segment // a frame's corners, relative to the cell
}

// fill sets a cell's nodes one below the other.
func (t *setter) fill(nodes []node, x, width float64) cell {
	c := cell{x: x, width: width}
	y := 0.0
	for i, n := range nodes {
		switch n := n.(type) {
		case para:
			b := t.set(n, width)
			y += b.before
			for j, l := range b.lines {
				cl := cellLine{top: y, bottom: y + l.height, line: l}
				if j == 0 && b.frame > 0 {
					left := (width - b.frame) / 2
					cl.frame = &segment{left, y - 4, left + b.frame, y + float64(len(b.lines))*l.height + 4}
				}
				c.lines = append(c.lines, cl)
				y += l.height
			}
			if b.frame > 0 {
				y += 4
			}
			y += b.after
		case rule:
			c.lines = append(c.lines, cellLine{top: y, bottom: y + ruleHeight, line: setLine{rule: n.width}})
			y += ruleHeight
		case grid, picture, leafBreak, turn:
			panic("paper: a cell holds paragraphs and rules only") // compose makes no others
		}
		if i == len(nodes)-1 {
			c.height = y
		}
	}
	return c
}

// grid sets a table's rows.
func (t *setter) grid(g grid) {
	xs := []float64{0}
	for _, w := range g.widths {
		xs = append(xs, xs[len(xs)-1]+w)
	}
	pad := 0.0
	if g.borders {
		pad = padding()
	}
	gap := t.after
	t.after = 0
	most := t.leaf.textHeight() * 0.5
	var header []strip
	for r, row := range g.rows {
		cells := make([]cell, len(row.cells))
		for j, nodes := range row.cells {
			cells[j] = t.fill(nodes, xs[j]+pad, g.widths[j]-2*pad)
		}
		bands := bands(cells, most, row.middle)
		if g.borders {
			for i := range bands {
				bands[i].frame = &cellFrame{xs: xs, continued: i > 0, header: row.header}
			}
		}
		if !row.header {
			for i := range bands {
				bands[i].repeat = header
			}
		} else if len(bands) == 1 {
			header = append(header, bands...)
			bands[0].keep = true
		}
		bands[0].gap, gap = gap, 0
		if r == len(g.rows)-1 && g.keep {
			bands[len(bands)-1].keep = true
		}
		t.strips = append(t.strips, bands...)
	}
}

// bands makes strips of a row: one, or when the row is higher than most many low
// ones, so that it flows over pages. The first then holds all but the highest
// cell, so that a signature stays whole beside a long list of recipients.
func bands(cells []cell, most float64, middle bool) []strip {
	high, second := 0.0, 0.0
	for _, c := range cells {
		if c.height > high {
			high, second = c.height, high
		} else {
			second = max(second, c.height)
		}
	}
	limit, low := high, 50.0
	if high > most {
		limit = min(max(second, low), most)
	}
	var out []strip
	taken := make([]int, len(cells))
	for first := true; ; first, limit = false, low {
		s := strip{}
		rest := false
		for j, c := range cells {
			lines := c.lines[taken[j]:]
			if len(lines) == 0 {
				continue
			}
			// The first band keeps the room above a cell's first line.
			top := 0.0
			if !first {
				top = lines[0].top
			}
			down := 0.0
			if middle && high <= most {
				down = (high - c.height) / 2
			}
			for i, l := range lines {
				if l.bottom-top > limit+slack && i > 0 {
					rest = true
					break
				}
				s.set(c, l, down-top)
				s.height = max(s.height, l.bottom-top)
				taken[j]++
			}
		}
		if !rest {
			s.height += 2 // before the rule below
		}
		if first && !rest {
			s.height = high
		}
		out = append(out, s)
		if !rest {
			return out
		}
	}
}

// set puts a cell's line on the strip.
func (s *strip) set(c cell, l cellLine, down float64) {
	y := l.top + down
	if l.line.rule > 0 {
		x := c.x + (c.width-l.line.rule)/2
		s.rules = append(s.rules, segment{x, y + ruleDrop, x + l.line.rule, y + ruleDrop})
		return
	}
	s.texts = append(s.texts, placedLine{c.x, y + l.line.base, l.line.size, l.line.line})
	if f := l.frame; f != nil {
		x1, y1, x2, y2 := c.x+f.x1, f.y1+down, c.x+f.x2, f.y2+down
		s.rules = append(s.rules, segment{x1, y1, x2, y1}, segment{x2, y1, x2, y2}, segment{x2, y2, x1, y2}, segment{x1, y2, x1, y1})
	}
}
