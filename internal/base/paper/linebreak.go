package paper

import (
	"strings"
	"unicode"
)

// A box is a piece of a line in one cut, at its place.
type box struct {
	text string
	cut  cut
	link string
	x    float64 // from the column's left
	w    float64
}

// A line is set text, its boxes in reading order.
type line []box

// A setting is what the breaker needs to know of a paragraph.
type setting struct {
	faces        *faces
	size         float64
	bold, italic bool
	align        Align
	width        float64
	first, rest  float64 // indents
}

// A piece is an unbroken run of letters in one cut.
type piece struct {
	text   string
	cut    cut
	link   string
	w      float64
	spaces int // spaces before it; they stretch when the line is justified
}

// A word is pieces between which no line breaks. Spaces before its first piece
// vanish at a line's begin.
type word struct {
	pieces []piece
	forced bool // begins a new line
}

// breakLines sets runs in lines of a width. It takes as many words as fit
// (greedy, as word processors do, so that DOCX and PDF agree); a word longer
// than a line is broken after a separator, or between letters when it has none,
// never between a letter and its tone mark.
func breakLines(runs []Run, s setting) []line {
	b := breaker{setting: s}
	for _, w := range b.words(runs) {
		b.place(w)
	}
	b.flush(true)
	return b.lines
}

type breaker struct {
	setting
	lines  []line
	pieces []piece // of the line in the making
	used   float64
}

func (b *breaker) indent() float64 {
	if len(b.lines) == 0 {
		return b.first
	}
	return b.rest
}

func (b *breaker) room() float64 { return b.width - b.indent() }

func (b *breaker) space(c cut) float64 { return b.faces.of(c).width(" ", b.size) }

// words cuts runs at spaces and line feeds. A space that does not break stays
// inside its word as a gap, so that it can stretch like the others.
func (b *breaker) words(runs []Run) []word {
	var out []word
	var cur word
	gap, fresh := 0, true
	flush := func() {
		if len(cur.pieces) > 0 || cur.forced {
			out = append(out, cur)
		}
		cur = word{}
	}
	for _, r := range runs {
		c := cut{r.Bold || b.bold, r.Italic || b.italic}
		text := r.Text
		for text != "" {
			n := strings.IndexFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == nbsp })
			if n != 0 {
				if n < 0 {
					n = len(text)
				}
				shown := b.faces.of(c).shown(text[:n])
				if fresh {
					flush()
					fresh = false
				}
				cur.pieces = append(cur.pieces, piece{shown, c, r.Link, b.faces.of(c).width(shown, b.size), gap})
				gap, text = 0, text[n:]
				continue
			}
			switch text[0] {
			case '\n':
				flush()
				cur.forced, gap, fresh = true, 0, false
				text = text[1:]
			case ' ':
				gap, fresh = 1, true
				text = text[1:]
			default:
				gap++
				text = text[len(string(nbsp)):]
			}
		}
	}
	flush()
	return out
}

func (b *breaker) place(w word) {
	if w.forced {
		b.flush(true)
	}
	for len(w.pieces) > 0 {
		gap := 0.0
		if len(b.pieces) > 0 {
			gap = float64(w.pieces[0].spaces) * b.space(w.pieces[0].cut)
		} else if w.pieces[0].spaces == 1 {
			w.pieces[0].spaces = 0
		}
		length := 0.0
		for i, p := range w.pieces {
			length += p.w
			if i > 0 || len(b.pieces) == 0 {
				length += float64(p.spaces) * b.space(p.cut)
			}
		}
		if b.used+gap+length <= b.room()+slack {
			b.take(w.pieces)
			return
		}
		// Break inside the word when no line could hold it, or when it is a long
		// address that would leave a hole.
		whole := b.width - b.rest
		hole := b.room() - b.used - gap
		must := length > whole+slack || len(b.pieces) == 0
		if must || (length > whole*0.35 && hole > whole*0.2) {
			head, tail := b.split(w, hole, must)
			if len(head.pieces) > 0 {
				b.take(head.pieces)
				b.flush(false)
				w = tail
				continue
			}
		}
		if len(b.pieces) > 0 {
			b.flush(false)
			continue
		}
		b.take(w.pieces)
		return
	}
}

// take puts pieces on the line.
func (b *breaker) take(pieces []piece) {
	for _, p := range pieces {
		b.used += p.w + float64(p.spaces)*b.space(p.cut)
		b.pieces = append(b.pieces, p)
	}
}

// split divides a word so that its head fits into room: after the last separator
// that fits; else, when must be, between two letters. On an empty line it gives
// at least one letter.
func (b *breaker) split(w word, room float64, must bool) (head, tail word) {
	type at struct{ piece, offset int }
	soft, hard, first := at{-1, 0}, at{-1, 0}, at{-1, 0}
	x := 0.0
scan:
	for i, p := range w.pieces {
		if i > 0 || len(b.pieces) == 0 {
			x += float64(p.spaces) * b.space(p.cut)
		}
		f := b.faces.of(p.cut)
		for o, r := range p.text {
			end := o + len(string(r))
			x += f.width(string(r), b.size)
			if follower := p.text[end:]; follower != "" && extends([]rune(follower)[0]) {
				continue
			}
			if first.piece < 0 {
				first = at{i, end}
			}
			if x > room {
				break scan
			}
			if i == len(w.pieces)-1 && end == len(p.text) {
				break scan
			}
			hard = at{i, end}
			if strings.ContainsRune("/-_.?&=:;,@|\\", r) {
				soft = hard
			}
		}
	}
	cutAt := soft
	// A line that is still empty takes letters up to its end rather than break
	// at a separator near its begin; so does a word without separators.
	if must && (soft.piece < 0 || (len(b.pieces) == 0 && soft.piece == hard.piece && soft.offset*3 < hard.offset)) {
		cutAt = hard
		if cutAt.piece < 0 && len(b.pieces) == 0 {
			cutAt = first
		}
		// Two or three letters at a line's end look like a mistake.
		if len(b.pieces) > 0 && cutAt.piece == 0 && cutAt.offset < 4 {
			return word{}, w
		}
	}
	if cutAt.piece < 0 {
		return word{}, w
	}
	for i, p := range w.pieces {
		switch {
		case i < cutAt.piece:
			head.pieces = append(head.pieces, p)
		case i > cutAt.piece:
			tail.pieces = append(tail.pieces, p)
		default:
			f := b.faces.of(p.cut)
			a, z := p, p
			a.text, z.text = p.text[:cutAt.offset], p.text[cutAt.offset:]
			a.w, z.w, z.spaces = f.width(a.text, b.size), f.width(z.text, b.size), 0
			head.pieces = append(head.pieces, a)
			if z.text != "" {
				tail.pieces = append(tail.pieces, z)
			}
		}
	}
	if len(tail.pieces) > 0 {
		tail.pieces[0].spaces = 0
	}
	return head, tail
}

// extends says whether r belongs to the letter before it.
func extends(r rune) bool { return unicode.Is(unicode.M, r) || r == '\u200d' }

// flush ends a line. The last line of a paragraph and one before a forced break
// are not justified.
func (b *breaker) flush(last bool) {
	if len(b.pieces) == 0 && !last {
		return
	}
	x, stretch := b.indent(), 0.0
	free := b.room() - b.used
	gaps := 0
	for _, p := range b.pieces {
		gaps += p.spaces
	}
	switch b.align {
	case Centre:
		x += free / 2
	case Right:
		x += free
	case Justify, Natural:
		// Gaps of more than four spaces look worse than a ragged line.
		if !last && gaps > 0 && free > 0 && free/float64(gaps) < 4*b.space(cut{}) {
			stretch = free / float64(gaps)
		}
	case Left:
	}
	var l line
	for _, p := range b.pieces {
		x += float64(p.spaces) * (b.space(p.cut) + stretch)
		n := len(l) - 1
		// Pieces of one cut that stand close are one box; a stretched gap parts them.
		if n >= 0 && l[n].cut == p.cut && l[n].link == p.link && (p.spaces == 0 || stretch == 0) {
			l[n].text += strings.Repeat(" ", p.spaces) + p.text
			l[n].w = x + p.w - l[n].x
		} else {
			if n >= 0 && p.spaces > 0 {
				l[n].text += " " // for those who copy or search the text
			}
			l = append(l, box{text: p.text, cut: p.cut, link: p.link, x: x, w: p.w})
		}
		x += p.w
	}
	b.lines = append(b.lines, l)
	b.pieces, b.used = nil, 0
}
