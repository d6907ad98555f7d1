package paper

import "strings"

// padding is the room at the left and right of a cell's text, Word's own 1.9 mm.
func padding() float64 { return mm(1.9) }

// columnWidths shares the text's width among columns. Given widths stand, shrunk
// when they exceed the page; the others get their longest word first and what
// their text would like from the rest.
func (c *composer) columnWidths(columns []Column, g grid) []float64 {
	n := len(columns)
	least, like, tight := make([]float64, n), make([]float64, n), make([]float64, n)
	for _, row := range g.rows {
		for j, cell := range row.cells {
			for _, nd := range cell {
				p, ok := nd.(para)
				if !ok {
					continue
				}
				word, line := c.measure(p)
				least[j], like[j] = max(least[j], word), max(like[j], line)
				if row.header { // a title takes two lines before a row does
					line = max(word, line*0.62)
				}
				tight[j] = max(tight[j], line)
			}
		}
	}

	free, total := c.leaf.textWidth(), c.leaf.textWidth()
	widths := make([]float64, n)
	given := 0.0
	for j, col := range columns {
		widths[j] = max(mm(col.Width), 0)
		given += widths[j]
	}
	var open []int
	sumLeast, sumLike, sumTight := 0.0, 0.0, 0.0
	for j := range widths {
		if widths[j] > 0 {
			continue
		}
		// No word may claim more than its share of the page; it breaks instead.
		edge := 2*padding() + 1
		least[j] = min(max(least[j], mm(6)), max(total/float64(n), mm(20))) + edge
		like[j] = max(min(like[j]+edge, total), least[j])
		tight[j] = max(min(tight[j]+edge, total), least[j])
		sumLeast, sumLike, sumTight = sumLeast+least[j], sumLike+like[j], sumTight+tight[j]
		open = append(open, j)
	}
	if len(open) == 0 || given+sumLeast > total {
		// All widths are fixed, or they leave too little for the rest.
		sum := given + sumLeast
		for j := range widths {
			if widths[j] == 0 {
				widths[j] = least[j]
			}
			if sum > total || len(open) == 0 {
				widths[j] *= total / sum
			}
		}
		return widths
	}
	free -= given
	if sumLike > free {
		like, sumLike = tight, sumTight
	}
	for _, j := range open {
		if sumLike <= free {
			widths[j] = like[j] * free / sumLike
		} else {
			widths[j] = least[j] + (free-sumLeast)*(like[j]-least[j])/(sumLike-sumLeast)
		}
	}
	return widths
}

// measure gives the longest word and the longest line of a paragraph, in points.
func (c *composer) measure(p para) (word, line float64) {
	st := c.sheet[p.style]
	size := st.size
	if p.size > 0 {
		size = p.size
	}
	x, run := 0.0, 0.0
	for _, r := range p.runs {
		f := c.faces.of(cut{st.bold || r.Bold, st.italic || r.Italic})
		for i, part := range strings.Split(r.Text, "\n") {
			if i > 0 {
				x, run = 0, 0
			}
			for k, w := range strings.Split(part, " ") {
				if k > 0 {
					run = 0
					x += f.width(" ", size)
				}
				n := f.width(w, size)
				x, run = x+n, run+n
				word, line = max(word, run), max(line, x)
			}
		}
	}
	return word, line
}
