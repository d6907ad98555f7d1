package ui

import (
	"slices"

	"github.com/a-h/templ"
)

// InputKind is what a field takes.
type InputKind string

// The kinds; the zero kind is a line of text.
const (
	InputLine     InputKind = "text"
	InputEmail    InputKind = "email"
	InputPassword InputKind = "password"
	InputNumber   InputKind = "number"
	InputDate     InputKind = "date"
	InputMoment   InputKind = "datetime-local"
	InputURL      InputKind = "url"
	InputPhone    InputKind = "tel"
	InputFile     InputKind = "file"
	InputLong     InputKind = "long"   // several lines
	InputSelect   InputKind = "select" // one of many Choices
	InputRadio    InputKind = "radio"  // one of few Choices
	InputCheck    InputKind = "check"  // one box; Label is what is agreed to
	InputChecks   InputKind = "checks" // any of Choices
)

// Input is one field of a form. Its error comes from p.Problems and its value
// from p.Posted by Name, so that a page which failed shows what was typed
// without any further code. Passwords are never shown again.
type Input struct {
	Name, Label string
	Hint        string
	Kind        InputKind
	Value       string   // before anything was posted; InputCheck: "1" is on
	Values      []string // InputChecks
	Choices     []Choice
	Required    bool   // optional fields say so in their label
	Autofill    string // the HTML autocomplete token: "username", "current-password", "one-time-code"
	Short       bool   // a code, a number: narrow
	Mono        bool   // an address, a hash
	Lines       int    // InputLong; 0 is 4
}

// Choice is one answer to a select, radio or checks field.
type Choice struct{ Value, Label, Hint string }

func (f Input) kind() InputKind {
	if f.Kind == "" {
		return InputLine
	}
	return f.Kind
}

func (f Input) value(p *Page) string {
	if f.Kind == InputPassword || f.Kind == InputFile {
		return ""
	}
	if p.Posted != nil {
		return p.Posted.Get(f.Name)
	}
	return f.Value
}

func (f Input) chosen(p *Page, value string) bool {
	if f.Kind != InputChecks {
		return f.value(p) == value
	}
	values := f.Values
	if p.Posted != nil {
		values = p.Posted[f.Name]
	}
	return slices.Contains(values, value)
}

func (f Input) id() string { return "field-" + f.Name }

// attributes name the hint and the error for screen readers.
func (f Input) attributes(p *Page) templ.Attributes {
	a := templ.Attributes{}
	described := ""
	if f.Hint != "" {
		described = f.id() + "-hint"
	}
	if p.problem(f.Name) != "" {
		if !f.grouped() {
			a["aria-invalid"] = "true"
		}
		described += " " + f.id() + "-error"
	}
	if described != "" {
		a["aria-describedby"] = described
	}
	if f.Autofill != "" {
		a["autocomplete"] = f.Autofill
	}
	if f.Required && !f.grouped() { // A fieldset takes neither of the two.
		a["aria-required"] = "true"
	}
	if f.Name == "" || f.Label == "" {
		wrong("a field needs a name and a label, got %+v", f)
	}
	return a
}

func (f Input) class() string {
	class := "input"
	if f.Short {
		class += " short"
	}
	if f.Mono {
		class += " mono"
	}
	return class
}

func (f Input) lines() int {
	if f.Lines == 0 {
		return 4
	}
	return f.Lines
}

// grouped tells whether the field is a set of boxes under one legend.
func (f Input) grouped() bool { return f.Kind == InputRadio || f.Kind == InputChecks }
