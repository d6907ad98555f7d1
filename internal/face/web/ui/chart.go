package ui

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Point is one value of a chart. Missing is drawn as a gap and said in the
// table; it is never a zero.
type Point struct {
	Label   string
	Value   float64
	Missing bool
	Href    string // the rows behind it; "" for none
	Tone    Tone   // of a bar; zero is the accent
}

// Target is a line that the values are held against.
type Target struct {
	Value float64
	Label string
}

// Chart is a picture of one message. Title says the finding ("Ba phường chưa
// xác nhận cảnh báo nào trong tuần"), not the subject.
type Chart struct {
	Title  string
	Unit   string // what is counted, beneath the title
	Label  string // head of the table's first column: "Tháng"
	Points []Point
	Target *Target
	Top    float64              // end of the axis; 0 follows from the values
	Write  func(float64) string // how a value reads; nil is a plain number
}

func (c Chart) write(p *Page, v float64) string {
	if c.Write != nil {
		return c.Write(v)
	}
	if v == math.Trunc(v) {
		return p.Int(int64(v))
	}
	return p.Number(v, 1)
}

// top is the end of the axis, which always begins at zero.
func (c Chart) top() float64 {
	if c.Top > 0 {
		return c.Top
	}
	high := 0.0
	for _, point := range c.Points {
		if !point.Missing {
			high = max(high, point.Value)
		}
	}
	if c.Target != nil {
		high = max(high, c.Target.Value)
	}
	return roundUp(high)
}

// roundUp finds the next 1, 2, 2.5, 5 or 10 times a power of ten, times four,
// so that four grid lines carry short numbers.
func roundUp(high float64) float64 {
	if high <= 0 {
		return 4
	}
	power := math.Pow(10, math.Floor(math.Log10(high/4)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if step := m * power; step*4 >= high-1e-9 {
			if high >= 4 {
				step = math.Ceil(step)
			}
			return step * 4
		}
	}
	return high
}

// Geometry of the line chart in pixels; x is in percent.
const (
	plotHeight = 200.0
	plotTop    = 14.0
	plotFoot   = 26.0
)

// lineY is the height of a value in the plot.
func (c Chart) lineY(v float64) float64 {
	return plotTop + (plotHeight-plotTop)*(1-min(max(v/c.top(), 0), 1))
}

// lineX is the place of the i-th point, in from the edges so that the first
// and the last dot are whole.
func (c Chart) lineX(i int) float64 {
	if len(c.Points) < 2 {
		return 0.5
	}
	return 0.02 + 0.96*float64(i)/float64(len(c.Points)-1)
}

// segment is a piece of the line between two neighbours that both have values.
type segment struct{ x1, y1, x2, y2 string }

func (c Chart) segments() []segment {
	var all []segment
	for i := 1; i < len(c.Points); i++ {
		a, b := c.Points[i-1], c.Points[i]
		if a.Missing || b.Missing {
			continue
		}
		all = append(all, segment{percent(c.lineX(i - 1)), px(c.lineY(a.Value)), percent(c.lineX(i)), px(c.lineY(b.Value))})
	}
	return all
}

// grid are the values of the axis' lines, from zero up.
func (c Chart) grid() []float64 {
	top := c.top()
	return []float64{0, top / 4, top / 2, 3 * top / 4, top}
}

// labelled tells whether the i-th point's name stands beneath the axis: the
// first, the middle and the last, which fits a telephone.
func (c Chart) labelled(i int) bool {
	n := len(c.Points) - 1
	if n < 3 {
		return true
	}
	return i == 0 || i == n/2 || i == n
}

func (c Chart) anchor(i int) string {
	switch i {
	case 0:
		return "start"
	case len(c.Points) - 1:
		return "end"
	}
	return "middle"
}

// lastKnown is the last point with a value, which carries its number; -1 if
// there is none.
func (c Chart) lastKnown() int {
	for i, v := range slices.Backward(c.Points) {
		if !v.Missing {
			return i
		}
	}
	return -1
}

func (c Chart) share(v float64) float64 { return v / c.top() }

// targetY keeps the word of the target line clear of the top edge.
func (c Chart) targetY() float64 { return max(c.lineY(c.Target.Value)-6, 11) }

// Geometry of a sparkline in pixels.
const (
	sparkWidth  = 120.0
	sparkHeight = 28.0
)

// sparkPath is the line of a sparkline; a gap lifts the pen.
func sparkPath(points []Point, target *Target) string {
	c := Chart{Points: points, Target: target}
	var path strings.Builder
	down := false
	for i, point := range points {
		if point.Missing {
			down = false
			continue
		}
		x, y := sparkAt(c, i)
		letter := "L"
		if !down {
			letter = "M"
		}
		down = true
		path.WriteString(letter + px(x) + " " + px(y))
	}
	return path.String()
}

func sparkAt(c Chart, i int) (x, y float64) {
	x = 3 + (sparkWidth-6)*float64(i)/float64(max(len(c.Points)-1, 1))
	return x, sparkY(c, c.Points[i].Value)
}

func sparkY(c Chart, v float64) float64 {
	return sparkHeight - 3 - (sparkHeight-6)*min(max(c.share(v), 0), 1)
}

func whole(x float64) string { return strconv.FormatFloat(x, 'f', 0, 64) }
