package ui

import (
	"maps"
	"slices"
	"strconv"

	"github.com/a-h/templ"
)

func buttonName(b Button) templ.Attributes {
	if b.Name == "" {
		return nil
	}
	return templ.Attributes{"name": b.Name, "value": b.Value}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// pressed is "true" or "false" for aria-pressed.
func pressed(on bool) string { return strconv.FormatBool(on) }

// percent writes a share of 0 to 1 as an SVG length.
func percent(share float64) string {
	return strconv.FormatFloat(100*min(max(share, 0), 1), 'f', 2, 64) + "%"
}

// px writes a length in pixels for an SVG attribute.
func px(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// filterOn marks a filter that narrows the list.
func filterOn(p *Page, f Filter) templ.Attributes {
	if f.on(p) {
		return templ.Attributes{"data-on": "1"}
	}
	return nil
}

// stepTone colours a step once it has come; what lies ahead is plain.
func stepTone(s Step, l look) string {
	if s.class() == "ahead" {
		return "tone-" + string(TonePlain)
	}
	return "tone-" + string(l.tone)
}

func stepShape(s Step, l look) Shape {
	if s.class() == "ahead" {
		return ShapeDashed
	}
	return l.shape
}

func stepNow(s Step) templ.Attributes {
	if s.Now {
		return templ.Attributes{"aria-current": "step"}
	}
	return nil
}

func momentShape(m Moment) Shape {
	if m.tone() == TonePlain {
		return ShapeDot
	}
	return shapeOf(m.tone())
}

// fieldLabel marks the optional fields, because most are required.
func fieldLabel(p *Page, f Input) string {
	if f.Required {
		return f.Label
	}
	return p.T("ui.form.optional", "label", f.Label)
}

func choiceType(f Input) string {
	if f.Kind == InputChecks {
		return "checkbox"
	}
	return "radio"
}

// choiceID gives the first choice the field's own id, so that the link of the
// error summary lands on it.
func choiceID(f Input, i int) string {
	if i == 0 {
		return f.id()
	}
	return f.id() + "-" + strconv.Itoa(i)
}

// axisClass draws the line at zero stronger than the others.
func axisClass(i int) string {
	if i == 0 {
		return "axis"
	}
	return "grid"
}
