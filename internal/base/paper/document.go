package paper

import "time"

// A Document is one paper before it is set.
type Document struct {
	Head       Head
	Kind       string    // name of the type, "Báo cáo"; empty makes the paper a letter
	Abstract   string    // trích yếu; a letter's follows Words.Subject ("V/v")
	To         []string  // Kính gửi, without dashes and end marks; the engine sets them
	Body       []Block   // in reading order
	Sign       Signature // the zero Signature leaves the block out
	Recipients []string  // Nơi nhận, without dashes and end marks
	Annexes    []Annex   // each begins a page; two or more get Roman numbers
	Language   string    // BCP 47, "vi" when empty
	Urgency    string    // KHẨN, THƯỢNG KHẨN, HỎA TỐC; framed under the number
	Marking    string    // head and foot of every page, "TLP:AMBER"
	Contact    []string  // address, telephone, mail: foot of page 1, under a rule
	Words      Words     // the fixed words of the form
	Date       time.Time // day of issue in the office's own zone; also the file's date. Zero leaves the day to the pen
}

// Head is the top of page 1: cells 1 to 4 of the decree's plan. A line feed in
// a body's name breaks it where its words part best.
type Head struct {
	Nation   string // national title, set in capitals
	Motto    string // set as given, with a rule of its own length
	Superior string // superior body, set in capitals; may be empty
	Issuer   string // issuing body, set in capitals, with a rule
	Number   string // number and symbol, "05/BC-TTANM"; see NumberText
	Place    string // place name before the date
}

// Words are the fixed words of the form in the paper's language. A word that is
// empty is left out of the paper together with its cell's label.
type Words struct {
	To         string // "Kính gửi:"
	Recipients string // "Nơi nhận:"
	Number     string // "Số:"
	Subject    string // "V/v", before a letter's abstract
	Annex      string // "Phụ lục"
	Enclosed   string // under an annex' title, with {number}, {date} and {issuer}
	Date       string // "ngày {day} tháng {month} năm {year}"
	End        string // "./.", set after the last words of the body
}

// Signature is cell 7. Lines are authority and title as they stand above the
// name ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), set in capitals.
type Signature struct {
	Lines []string
	Name  string
}

// An Annex begins a page of its own.
type Annex struct {
	Title     string // set in capitals under "Phụ lục II"
	Body      []Block
	Landscape bool // for wide tables
}

// A Run is a piece of text in one style. A line feed in Text breaks the line.
type Run struct {
	Text         string
	Bold, Italic bool
	Link         string // where the text leads; it stays black, as the decree asks
}

// Plain is one run of unadorned text.
func Plain(text string) []Run { return []Run{{Text: text}} }

// An Align says how lines stand between their margins.
type Align int

// The alignments. The zero one is the place's own: justified in the body, left
// in a table.
const (
	Natural Align = iota
	Left
	Centre
	Right
	Justify
)

// A Block is one part of a body: Paragraph, Ground, Heading, List, Table, Image
// or PageBreak.
type Block interface{ block() }

// A Paragraph is body text, justified with its first line indented.
type Paragraph struct {
	Runs  []Run
	Align Align // another alignment than Natural also drops the indent
}

// A Ground is one căn cứ line, in italics. The engine ends each with ";" and the
// last of a row of them with ".".
type Ground struct{ Runs []Run }

// A Level is the rank of a Heading in the decree's order.
type Level int

// The levels. Part and Section stand on two centred lines, the others on one
// indented line, number first.
const (
	Part    Level = iota + 1 // Phần, Chương
	Section                  // Mục, Tiểu mục
	Article                  // Điều
	Clause                   // khoản with a title
)

// A Heading carries its number as text, "Phần I", "Mục 2", "Điều 3.", "1.".
type Heading struct {
	Level         Level
	Number, Title string
}

// A Mark says what stands before the items of a List.
type Mark int

// The marks: "- ", khoản "1. ", điểm "a) " (in the Vietnamese alphabet's order
// when the paper is Vietnamese).
const (
	Dash Mark = iota
	Number
	Letter
)

// A List is a row of paragraphs with marks. Items wrap to the margin, as khoản
// and điểm do in the decree's model.
type List struct {
	Mark  Mark
	Start int // number of the first item; 0 means 1
	Items [][]Run
}

// A Table fills the text's width. Its header row stands again on each page.
type Table struct {
	Caption string
	Columns []Column
	Rows    [][]Cell // each as long as Columns
	Size    float64  // of the letters in points; 0 means 12
}

// A Column has a width in millimetres; 0 lets the engine find one from the
// content. Widths that exceed the page are shrunk in proportion.
type Column struct {
	Title string
	Width float64
	Align Align
}

// A Cell is the text of a table's cell.
type Cell = []Run

// Cells are the cells of a row of plain texts.
func Cells(texts ...string) []Cell {
	row := make([]Cell, len(texts))
	for i, t := range texts {
		row[i] = Plain(t)
	}
	return row
}

// An Image is a PNG picture, centred, its caption below.
type Image struct {
	PNG     []byte
	Width   float64 // millimetres; 0 means the text's width
	Caption string
	Alt     string // what the picture shows, for those who cannot see it
}

// A PageBreak begins a new page.
type PageBreak struct{}

func (Paragraph) block() {}
func (Ground) block()    {}
func (Heading) block()   {}
func (List) block()      {}
func (Table) block()     {}
func (Image) block()     {}
func (PageBreak) block() {}
