package paper

import (
	"embed"
	"encoding/binary"

	"tocsin/internal/base/errs"
)

// fonts holds Tinos, which has the measures of Times New Roman and all of
// Vietnamese, under the SIL Open Font Licence (fonts/OFL.txt).
//
//go:embed fonts/*.ttf
var fonts embed.FS

// A style of letters within the family.
type cut struct{ bold, italic bool }

// file is the cut's font file.
func (c cut) file() string {
	switch {
	case c.bold && c.italic:
		return "fonts/Tinos-BoldItalic.ttf"
	case c.bold:
		return "fonts/Tinos-Bold.ttf"
	case c.italic:
		return "fonts/Tinos-Italic.ttf"
	}
	return "fonts/Tinos-Regular.ttf"
}

// code is the cut as fpdf names it.
func (c cut) code() string {
	s := ""
	if c.bold {
		s += "B"
	}
	if c.italic {
		s += "I"
	}
	return s
}

// A face measures one cut.
type face struct {
	bytes   []byte
	advance [1 << 16]uint16 // by code point, in thousandths of the size; 0xFFFF has no glyph
	missing rune            // what stands for a letter without a glyph
}

const noGlyph = 0xFFFF

// faces loads cuts when they are first asked for. Letters are few in a paper of
// one page; to parse four fonts for it would cost more than to set it.
type faces struct {
	loaded map[cut]*face
	err    error
}

func newFaces() *faces { return &faces{loaded: map[cut]*face{}} }

// of is the face of a cut. A font that cannot be read is kept as the set's
// error, which the setter returns at its end.
func (s *faces) of(c cut) *face {
	if f, ok := s.loaded[c]; ok {
		return f
	}
	// ReadFile copies, and it must: fpdf writes into the bytes it is given.
	raw, err := fonts.ReadFile(c.file())
	if err == nil {
		var f *face
		if f, err = parseFace(raw); err == nil {
			s.loaded[c] = f
			return f
		}
	}
	s.err = errs.New(errs.Internal, "read font %s: %w", c.file(), err)
	f := &face{missing: '?'}
	s.loaded[c] = f
	return f
}

// parseFace reads the measures of a TrueType font: "head" for the unit, "cmap"
// format 4 for the glyph of a code point, "hmtx" for its advance. Source:
// OpenType 1.9, the chapters of these tables.
func parseFace(raw []byte) (*face, error) {
	table := func(name string) []byte {
		for i := range int(binary.BigEndian.Uint16(raw[4:])) {
			r := raw[12+16*i:]
			if string(r[:4]) == name {
				off, n := binary.BigEndian.Uint32(r[8:]), binary.BigEndian.Uint32(r[12:])
				return raw[off : off+n]
			}
		}
		return nil
	}
	head, hhea, hmtx, cmap := table("head"), table("hhea"), table("hmtx"), table("cmap")
	if head == nil || hhea == nil || hmtx == nil || cmap == nil {
		return nil, errs.New(errs.Internal, "a table is missing")
	}
	unit := float64(binary.BigEndian.Uint16(head[18:]))
	metrics := int(binary.BigEndian.Uint16(hhea[34:]))
	advance := func(glyph int) uint16 {
		a := binary.BigEndian.Uint16(hmtx[4*min(glyph, metrics-1):])
		return uint16(float64(a)*1000/unit + 0.5)
	}

	var sub []byte
	for i := range int(binary.BigEndian.Uint16(cmap[2:])) {
		r := cmap[4+8*i:]
		platform, encoding := binary.BigEndian.Uint16(r), binary.BigEndian.Uint16(r[2:])
		s := cmap[binary.BigEndian.Uint32(r[4:]):]
		if platform == 3 && encoding == 1 && binary.BigEndian.Uint16(s) == 4 {
			sub = s
		}
	}
	if sub == nil {
		return nil, errs.New(errs.Internal, "no Unicode cmap of format 4")
	}

	f := &face{bytes: raw, missing: '?'}
	for i := range f.advance {
		f.advance[i] = noGlyph
	}
	twice := int(binary.BigEndian.Uint16(sub[6:]))
	ends, starts := sub[14:], sub[16+twice:]
	deltas, offsets := sub[16+2*twice:], sub[16+3*twice:]
	for seg := 0; seg < twice; seg += 2 {
		end, start := int(binary.BigEndian.Uint16(ends[seg:])), int(binary.BigEndian.Uint16(starts[seg:]))
		delta, offset := int(binary.BigEndian.Uint16(deltas[seg:])), int(binary.BigEndian.Uint16(offsets[seg:]))
		for c := start; c <= end && c < noGlyph; c++ {
			glyph := c
			if offset != 0 {
				if glyph = int(binary.BigEndian.Uint16(offsets[seg+offset+2*(c-start):])); glyph == 0 {
					continue
				}
			}
			if glyph = (glyph + delta) & 0xFFFF; glyph != 0 {
				f.advance[c] = advance(glyph)
			}
		}
	}
	if f.has('□') {
		f.missing = '□'
	}
	return f, nil
}

func (f *face) has(r rune) bool { return r > 0 && r < noGlyph && f.advance[r] != noGlyph }

// shown is s as the face can show it: a box for each letter that has no glyph.
func (f *face) shown(s string) string {
	whole := true
	for _, r := range s {
		whole = whole && f.has(r)
	}
	if whole {
		return s
	}
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if !f.has(r) {
			r = f.missing
		}
		out = append(out, r)
	}
	return string(out)
}

// width is the length of s in points at a size.
func (f *face) width(s string, size float64) float64 {
	n := 0
	for _, r := range s {
		if !f.has(r) {
			r = f.missing
		}
		n += int(f.advance[r])
	}
	return float64(n) * size / 1000
}
