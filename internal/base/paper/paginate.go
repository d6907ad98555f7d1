package paper

// A sheetPage is one page of placed strips.
type sheetPage struct {
	leaf   leaf
	placed []placedStrip
}

type placedStrip struct {
	y float64 // of the strip's top, from the page's
	strip
	top, bottom bool // rule a table's row above, below
}

// paginate puts strips on pages. Strips that keep together move to the next
// page together, unless they fill more than a page. firstFoot is the room that
// page 1's foot needs above the bottom margin.
func paginate(strips []strip, firstFoot float64) []sheetPage {
	p := &pager{pages: []sheetPage{{leaf: upright()}}, firstFoot: firstFoot}
	p.y = p.leaf().top
	for i := 0; i < len(strips); {
		n := 1
		for i+n < len(strips) && strips[i+n-1].keep {
			n++
		}
		p.group(strips[i : i+n])
		i += n
	}
	for i := range p.pages {
		ruleRows(p.pages[i].placed)
	}
	return p.pages
}

type pager struct {
	pages     []sheetPage
	y         float64
	firstFoot float64
}

func (p *pager) page() *sheetPage { return &p.pages[len(p.pages)-1] }
func (p *pager) leaf() leaf       { return p.page().leaf }

// bottom is where the page's text ends.
func (p *pager) bottom() float64 {
	l := p.leaf()
	b := l.height - l.bottom
	if len(p.pages) == 1 {
		b -= p.firstFoot
	}
	return b
}

func (p *pager) empty() bool { return len(p.page().placed) == 0 }

func (p *pager) turn(l leaf) {
	if !p.empty() {
		p.pages = append(p.pages, sheetPage{})
	}
	p.page().leaf = l
	p.y = l.top
}

// group places strips that belong together.
func (p *pager) group(strips []strip) {
	height := 0.0
	for i, s := range strips {
		if s.turn != nil || s.breaks {
			p.turnBefore(strips[:i])
			if s.turn != nil {
				p.turn(*s.turn)
			} else {
				p.turn(p.leaf())
			}
			s.breaks = false
			rest := append([]strip{s}, strips[i+1:]...)
			if s.turn != nil {
				rest = rest[1:]
			}
			p.group(rest)
			return
		}
		height += s.height
		if i > 0 || !p.empty() {
			height += s.gap
		}
	}
	if !p.empty() && p.y+height > p.bottom()+slack && height <= p.leaf().textHeight() {
		p.turn(p.leaf())
	}
	for _, s := range strips {
		p.place(s)
	}
}

// turnBefore places what stands before a page break inside a group.
func (p *pager) turnBefore(strips []strip) {
	for _, s := range strips {
		p.place(s)
	}
}

// slack forgives sums of lengths that are not exact.
const slack = 0.01

func (p *pager) place(s strip) {
	gap := s.gap
	if p.empty() {
		gap = 0
	}
	if !p.empty() && p.y+gap+s.height > p.bottom()+slack {
		p.turn(p.leaf())
		gap = 0
	}
	if p.empty() {
		for _, h := range s.repeat {
			p.put(h)
		}
	}
	p.y += gap
	p.put(s)
}

func (p *pager) put(s strip) {
	page := p.page()
	page.placed = append(page.placed, placedStrip{y: p.y, strip: s})
	p.y += s.height
}

// ruleRows decides which rows of a page's tables are ruled above and below: all,
// but for the cuts inside one high row.
func ruleRows(placed []placedStrip) {
	for i := range placed {
		s := &placed[i]
		if s.frame == nil {
			continue
		}
		before := i > 0 && placed[i-1].frame != nil && !placed[i-1].frame.header
		s.top = !s.frame.continued || !before
		s.bottom = i+1 == len(placed) || placed[i+1].frame == nil || !placed[i+1].frame.continued
	}
}
