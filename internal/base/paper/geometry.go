package paper

// Lengths are points inside the package and millimetres at its door.
const pointsPerMillimetre = 72 / 25.4

func mm(n float64) float64 { return n * pointsPerMillimetre }

// single is the line height of Times New Roman and Tinos at single spacing, and
// ascent the part of it above the base line, both in sizes.
const (
	single = 1.149
	ascent = 0.891
)

// A page is the decree's A4 leaf: margins top and bottom 20–25, left 30–35,
// right 15–20 mm (Decree 30/2020, Appendix I, part I).
type leaf struct {
	width, height            float64
	top, bottom, left, right float64
}

func upright() leaf {
	return leaf{mm(210), mm(297), mm(20), mm(20), mm(30), mm(15)}
}

func landscape() leaf {
	return leaf{mm(297), mm(210), mm(20), mm(20), mm(30), mm(15)}
}

func (l leaf) textWidth() float64  { return l.width - l.left - l.right }
func (l leaf) textHeight() float64 { return l.height - l.top - l.bottom }

// indent is the first line's indent, 1 or 1.27 cm by the decree.
func indent() float64 { return mm(12.7) }

// headColumns are the left and right columns of page 1's head. The right one
// holds "Thành phố Hồ Chí Minh, ngày 05 tháng 02 năm 2026" in italic 13 on one
// line (98.8 mm), the longest that the decree's sizes meet in the city.
func headColumns() []float64 { return []float64{mm(64.5), mm(100.5)} }

// A style is one kind of paragraph. The same row feeds the DOCX's style part
// and the PDF's setter, so that the two cannot part.
type style struct {
	id            string // in DOCX
	size          float64
	bold, italic  bool
	caps          bool // text is set in capitals
	align         Align
	first         float64 // indent of the first line
	before, after float64
	leading       float64 // times single
	keep          bool    // with the next paragraph
	outline       int     // heading rank in DOCX, 1 to 9; 0 is none
}

// The styles by the role they have in the decree's plan.
const (
	sBody       = "Body"
	sFlush      = "Flush"
	sNation     = "Nation"
	sMotto      = "Motto"
	sSuperior   = "Superior"
	sIssuer     = "Issuer"
	sNumber     = "DocumentNumber"
	sDateLine   = "DateLine"
	sSubject    = "Subject"
	sUrgency    = "Urgency"
	sKind       = "Kind"
	sAbstract   = "Abstract"
	sTo         = "To"
	sGround     = "Ground"
	sPart       = "Part"
	sPartTitle  = "PartTitle"
	sSection    = "Section"
	sSectTitle  = "SectionTitle"
	sArticle    = "Article"
	sClause     = "ClauseTitle"
	sItem       = "Item"
	sCaption    = "TableCaption"
	sTableHead  = "TableHead"
	sTableText  = "TableText"
	sPicture    = "Picture"
	sFigure     = "FigureCaption"
	sRecipients = "RecipientsLabel"
	sRecipient  = "Recipient"
	sSignLine   = "SignLine"
	sSignName   = "SignName"
	sAnnex      = "Annex"
	sAnnexTitle = "AnnexTitle"
	sEnclosed   = "Enclosed"
	sPageNumber = "PageNumber"
	sMarking    = "Marking"
	sContact    = "Contact"
	sTiny       = "Tiny"
)

// styles is the style sheet. Sizes stand in Decree 30/2020, Appendix I, part II,
// under the component that each names; where it leaves a choice the paper takes
// 12 and 13 for the head and 14 for the body.
func styles() []style {
	in := indent()
	return []style{
		{id: sBody, size: 14, align: Justify, first: in, after: 6, leading: 1.1},
		{id: sFlush, size: 14, align: Left, after: 6, leading: 1.1},
		{id: sNation, size: 12, bold: true, caps: true, align: Centre, leading: 1},
		{id: sMotto, size: 13, bold: true, align: Centre, leading: 1},
		{id: sSuperior, size: 12, caps: true, align: Centre, leading: 1},
		{id: sIssuer, size: 12, bold: true, caps: true, align: Centre, leading: 1},
		{id: sNumber, size: 13, align: Centre, before: 8, leading: 1},
		{id: sDateLine, size: 13, italic: true, align: Centre, before: 8, leading: 1},
		{id: sSubject, size: 12, align: Centre, before: 6, leading: 1},
		{id: sUrgency, size: 13, bold: true, caps: true, align: Centre, before: 10, leading: 1},
		{id: sKind, size: 14, bold: true, caps: true, align: Centre, before: 14, leading: 1.1, keep: true, outline: 1},
		{id: sAbstract, size: 14, bold: true, align: Centre, after: 2, leading: 1.1, keep: true},
		{id: sTo, size: 14, align: Left, after: 3, leading: 1.1},
		{id: sGround, size: 14, italic: true, align: Justify, first: in, after: 6, leading: 1.1},
		{id: sPart, size: 14, bold: true, align: Centre, before: 6, leading: 1.1, keep: true},
		{id: sPartTitle, size: 14, bold: true, caps: true, align: Centre, after: 6, leading: 1.1, keep: true, outline: 2},
		{id: sSection, size: 14, bold: true, align: Centre, before: 4, leading: 1.1, keep: true},
		{id: sSectTitle, size: 14, bold: true, caps: true, align: Centre, after: 6, leading: 1.1, keep: true, outline: 3},
		{id: sArticle, size: 14, bold: true, align: Justify, first: in, after: 6, leading: 1.1, keep: true, outline: 4},
		{id: sClause, size: 14, bold: true, align: Justify, first: in, after: 6, leading: 1.1, keep: true, outline: 5},
		{id: sItem, size: 14, align: Justify, first: in, after: 6, leading: 1.1},
		{id: sCaption, size: 13, bold: true, align: Centre, before: 4, after: 4, leading: 1, keep: true},
		{id: sTableHead, size: 12, bold: true, align: Centre, before: 2.5, after: 2.5, leading: 1},
		{id: sTableText, size: 12, align: Left, before: 2, after: 2, leading: 1},
		{id: sPicture, size: 14, align: Centre, before: 4, after: 4, leading: 1},
		{id: sFigure, size: 13, italic: true, align: Centre, after: 8, leading: 1},
		{id: sRecipients, size: 12, bold: true, italic: true, align: Left, leading: 1},
		{id: sRecipient, size: 11, align: Left, leading: 1},
		{id: sSignLine, size: 14, bold: true, caps: true, align: Centre, leading: 1, keep: true},
		{id: sSignName, size: 14, bold: true, align: Centre, before: mm(27), leading: 1},
		{id: sAnnex, size: 14, bold: true, align: Centre, leading: 1.1, keep: true, outline: 1},
		{id: sAnnexTitle, size: 14, bold: true, caps: true, align: Centre, leading: 1.1, keep: true},
		{id: sEnclosed, size: 14, italic: true, align: Centre, after: 10, leading: 1.1, keep: true},
		{id: sPageNumber, size: 14, align: Centre, leading: 1},
		{id: sMarking, size: 12, bold: true, align: Right, leading: 1},
		{id: sContact, size: 11, align: Centre, leading: 1},
		{id: sTiny, size: 1, align: Left, leading: 1},
	}
}

// sheet finds a style by its role.
type sheet map[string]style

func newSheet() sheet {
	s := sheet{}
	for _, st := range styles() {
		s[st.id] = st
	}
	return s
}
