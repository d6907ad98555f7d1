package ui

import (
	"strings"
	"time"

	"github.com/a-h/templ"
)

// Fact is a line of a key–value panel. Value is any part; Text does for words.
type Fact struct {
	Label string
	Value templ.Component // nil: nothing is known, drawn as a dash
	Note  string
}

// Step is one state in a life. At zero means it has not come.
type Step struct {
	State string // the noun's contract word
	At    time.Time
	Who   string
	Note  string
	Now   bool // the record is here
}

// LifeLine is the life of one record: what it went through, where it is, where
// it may go, and the acts that move it. An act that cannot be done says why.
type LifeLine struct {
	Noun  string // finding, warning, delivery, document …
	Steps []Step
	Acts  []Button
}

func (s Step) class() string {
	switch {
	case s.Now:
		return "now"
	case s.At.IsZero():
		return "ahead"
	}
	return "past"
}

// Moment is an entry of a timeline.
type Moment struct {
	At    time.Time
	Who   string
	What  string
	Tone  Tone // zero: plain
	Href  string
	Extra templ.Component // details beneath; may be nil
}

func (m Moment) tone() Tone {
	if m.Tone == "" {
		return TonePlain
	}
	return m.Tone
}

// Meter is a duration against its clock. From, Due and Done are instants; Done
// zero means that the clock still runs. Where the clock counts working time,
// give Spent and Allowed; otherwise they follow from the instants.
type Meter struct {
	Verb    string // acknowledged (default), fixed, sent, answered
	From    time.Time
	Due     time.Time // zero: no time is set
	Done    time.Time
	Spent   time.Duration
	Allowed time.Duration
}

// reading is what a meter shows.
type reading struct {
	tone  Tone
	shape Shape
	share float64 // of the track that was within time
	over  float64 // where lateness begins, 0 for none
	words string
	late  bool
}

// read compares the clock with the page's present. Lateness is judged by the
// instants, because working time and wall time agree on who is late.
func (m Meter) read(p *Page) reading {
	if m.Due.IsZero() {
		return reading{tone: TonePlain, shape: ShapeMinus, words: p.T("ui.meter.no_due")}
	}
	end := m.Done
	if end.IsZero() {
		end = p.Now
	}
	spent, allowed := m.Spent, m.Allowed
	if allowed <= 0 {
		allowed = m.Due.Sub(m.From)
	}
	if spent <= 0 {
		spent = max(end.Sub(m.From), 0)
	}
	late := end.After(m.Due)
	r := reading{late: late}
	switch {
	case !late:
		r.share = ratio(spent, allowed)
	default:
		r.share, r.over = 1, ratio(allowed, max(spent, allowed+time.Second))
	}
	verb := m.verb()
	switch {
	case !m.Done.IsZero() && !late:
		r.tone, r.shape = ToneGood, ShapeCheck
		r.words = p.T("ui.meter."+verb+".in_time", "spent", p.Duration(spent), "allowed", p.Duration(allowed))
	case !m.Done.IsZero():
		r.tone, r.shape = ToneLate, ShapeClock
		r.words = p.T("ui.meter."+verb+".late", "spent", p.Duration(spent), "allowed", p.Duration(allowed))
	case late:
		r.tone, r.shape = ToneLate, ShapeOctagon
		r.words = p.T("ui.meter.overdue", "late", p.Duration(end.Sub(m.Due)), "due", p.DateTime(m.Due))
	default:
		r.tone, r.shape = ToneActive, ShapeClock
		r.words = p.T("ui.meter.running", "left", p.Duration(m.Due.Sub(end)), "due", p.DateTime(m.Due))
	}
	return r
}

// within is the part of the track that lies before the due time.
func (r reading) within() float64 {
	if r.over > 0 {
		return r.over
	}
	return r.share
}

func (m Meter) verb() string {
	switch m.Verb {
	case "":
		return "acknowledged"
	case "acknowledged", "fixed", "sent", "answered":
		return m.Verb
	}
	wrong("no meter verb is called %q", m.Verb)
	return ""
}

func ratio(a, b time.Duration) float64 {
	if b <= 0 {
		return 0
	}
	return min(max(float64(a)/float64(b), 0), 1)
}

// Figure is a number that can be opened: Href leads to the rows that made it.
type Figure struct {
	Label string
	Value string // already in the reader's notation: p.Int, p.Percent; "" is unknown
	Href  string
	Tone  Tone // zero: no judgement
	Note  string
	Trend []Point // may be nil
}

func (f Figure) class() string {
	class := "stat"
	if f.Tone != "" {
		class += " tone-" + string(f.Tone)
	}
	if f.Value == "" || f.Tone == ToneUnknown {
		class += " tone-unknown hatched"
	}
	return strings.TrimSpace(class)
}
