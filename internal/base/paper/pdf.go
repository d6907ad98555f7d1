package paper

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"io"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"tocsin/internal/base/errs"
)

const family = "Tinos"

// PDF writes the paper as PDF with its fonts embedded and its text searchable.
// Letters that the font lacks (emoji, say) show as a box. Errors are
// errs.Invalid with the place of each wrong block, or the writer's own.
func PDF(w io.Writer, d Document) error {
	set := newFaces()
	s, err := compose(d, set)
	if err != nil {
		return err
	}
	foot := newFoot(s)
	pages := paginate(layout(s, set), foot.extra())

	p := &printer{faces: set, fonts: map[cut]bool{}, sheet: newSheet()}
	p.open(s, d.Date)
	for i, page := range pages {
		p.page(page)
		if i > 0 {
			p.pageNumber(i+1, page.leaf)
		}
		p.marking(s.marking, page.leaf)
		if i == 0 {
			p.contact(s.contact, foot, page.leaf)
		}
	}
	if set.err != nil {
		return set.err
	}
	if err := p.out.Output(w); err != nil {
		return errs.New(errs.Internal, "write PDF of %q: %w", s.title, err)
	}
	return nil
}

// A foot is the measure of page 1's contact lines.
type foot struct{ contact, marking float64 }

func newFoot(s story) foot {
	sh := newSheet()
	f := foot{contact: float64(len(s.contact)) * sh[sContact].size * single}
	if s.marking != "" {
		f.marking = sh[sMarking].size * single
	}
	return f
}

// edge is how far the foot's last line stands from the leaf's edge, and the
// head's first.
func edge() float64 { return mm(10) }

// extra is what the foot needs above the bottom margin.
func (f foot) extra() float64 {
	if f.contact == 0 {
		return 0
	}
	return max(edge()+f.contact+f.marking+mm(3)-upright().bottom, 0)
}

// A printer draws pages with fpdf.
type printer struct {
	out    *fpdf.Fpdf
	faces  *faces
	fonts  map[cut]bool
	sheet  sheet
	images int
}

func (p *printer) open(s story, date time.Time) {
	p.out = fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "pt", SizeStr: "A4"})
	p.out.SetCatalogSort(true)
	p.out.SetAutoPageBreak(false, 0)
	p.out.SetMargins(0, 0, 0)
	p.out.SetCellMargin(0)
	if date.IsZero() {
		date = time.Unix(0, 0)
	}
	p.out.SetCreationDate(date.UTC())
	p.out.SetModificationDate(date.UTC())
	p.out.SetTitle(s.title, true)
	p.out.SetAuthor(s.author, true)
	p.out.SetLang(s.language)
}

func (p *printer) font(c cut, size float64) {
	if !p.fonts[c] {
		p.out.AddUTF8FontFromBytes(family, c.code(), p.faces.of(c).bytes)
		p.fonts[c] = true
	}
	p.out.SetFont(family, c.code(), size)
}

func (p *printer) page(page sheetPage) {
	orientation := "P"
	if page.leaf.width > page.leaf.height {
		orientation = "L"
	}
	short, long := min(page.leaf.width, page.leaf.height), max(page.leaf.width, page.leaf.height)
	p.out.AddPageFormat(orientation, fpdf.SizeType{Wd: short, Ht: long})
	p.out.SetLineWidth(0.6)
	for _, s := range page.placed {
		p.strip(s, page.leaf.left)
	}
}

func (p *printer) strip(s placedStrip, left float64) {
	if f := s.frame; f != nil {
		first, last := left+f.xs[0], left+f.xs[len(f.xs)-1]
		for _, x := range f.xs {
			p.out.Line(left+x, s.y, left+x, s.y+s.height)
		}
		if s.top {
			p.out.Line(first, s.y, last, s.y)
		}
		if s.bottom {
			p.out.Line(first, s.y+s.height, last, s.y+s.height)
		}
	}
	for _, r := range s.rules {
		p.out.Line(left+r.x1, s.y+r.y1, left+r.x2, s.y+r.y2)
	}
	if s.picture != nil {
		p.picture(*s.picture, left, s.y)
	}
	for _, t := range s.texts {
		p.line(t, left, s.y)
	}
}

func (p *printer) line(t placedLine, x, y float64) {
	for _, b := range t.line {
		p.font(b.cut, t.size)
		p.out.Text(x+t.x+b.x, y+t.base, b.text)
		if b.link != "" {
			p.out.LinkString(x+t.x+b.x, y+t.base-t.size*ascent, b.w, t.size*single, b.link)
		}
	}
}

// picture draws a PNG. It is encoded anew because fpdf takes neither interlaced
// pictures nor 16 bits a channel, which DOCX readers do.
func (p *printer) picture(pic placedPicture, left, top float64) {
	bounds := pic.image.Bounds()
	flat := image.NewNRGBA(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	draw.Draw(flat, flat.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), pic.image, bounds.Min, draw.Over)
	var b bytes.Buffer
	if err := png.Encode(&b, flat); err != nil {
		p.out.SetError(err)
		return
	}
	p.images++
	name := "picture" + strconv.Itoa(p.images)
	kind := fpdf.ImageOptions{ImageType: "PNG"}
	p.out.RegisterImageOptionsReader(name, kind, &b)
	p.out.ImageOptions(name, left+pic.x, top+pic.y, pic.width, pic.height, false, kind, 0, "")
}

// text draws one line at a base line within the leaf's margins.
func (p *printer) text(style, text string, base float64, l leaf) {
	st := p.sheet[style]
	c := cut{st.bold, st.italic}
	f := p.faces.of(c)
	text = f.shown(text)
	w := f.width(text, st.size)
	if most := l.textWidth(); w > most { // one line is all it has
		st.size, w = st.size*most/w, most
	}
	x := l.left
	switch st.align {
	case Centre:
		x += (l.textWidth() - w) / 2
	case Right:
		x += l.textWidth() - w
	case Natural, Left, Justify:
	}
	p.font(c, st.size)
	p.out.Text(x, base, text)
}

// pageNumber stands centred in the top margin, not on page 1.
func (p *printer) pageNumber(n int, l leaf) {
	p.text(sPageNumber, strconv.Itoa(n), edge()+p.sheet[sPageNumber].size*ascent, l)
}

// marking stands at the right of head and foot, as TLP 2.0 asks of documents.
func (p *printer) marking(m string, l leaf) {
	if m == "" {
		return
	}
	size := p.sheet[sMarking].size
	p.text(sMarking, m, edge()+size*ascent, l)
	p.text(sMarking, m, l.height-edge()-size*(single-ascent), l)
}

// contact stands at the foot of page 1 under a rule from margin to margin.
func (p *printer) contact(lines []string, f foot, l leaf) {
	if len(lines) == 0 {
		return
	}
	y := l.height - edge() - f.marking - f.contact
	p.out.Line(l.left, y-2, l.width-l.right, y-2)
	size := p.sheet[sContact].size
	for i, line := range lines {
		p.text(sContact, line, y+size*(float64(i)*single+ascent), l)
	}
}
