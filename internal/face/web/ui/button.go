package ui

import "net/url"

// Kind is how much a button weighs. A page has at most one Primary.
type Kind string

// The kinds; the zero Kind is an ordinary button.
const (
	KindPrimary Kind = "primary"
	KindDanger  Kind = "danger"
)

// Button is an act, named by a verb ("Xác nhận đã nhận cảnh báo", never "OK").
// Exactly one of Href, Action, Submit and Why says what it does:
//
//	Href    goes there (a link drawn as a button)
//	Action  posts there, with Fields as hidden values
//	Submit  submits the form it stands in; Name and Value tell which button it was
//	Why     cannot be pressed now; the reason stands beneath it
type Button struct {
	Label  string
	Href   string
	Action string
	Fields url.Values
	Submit bool
	Name   string
	Value  string
	Why    string

	Kind  Kind
	Icon  Icon // "" for none
	Small bool
}

func (b Button) class() string {
	class := "button"
	if b.Kind != "" {
		class += " " + string(b.Kind)
	}
	if b.Small {
		class += " small"
	}
	return class
}

// check finds a button that does nothing, or two things.
func (b Button) check() {
	n := 0
	for _, does := range []bool{b.Href != "", b.Action != "", b.Submit} {
		if does {
			n++
		}
	}
	if b.Label == "" || n > 1 || n == 0 && b.Why == "" {
		wrong("button %q needs a label and exactly one of Href, Action, Submit and Why", b.Label)
	}
}

// hidden is one value that a form carries along.
type hidden struct{ Name, Value string }

func hiddenOf(values url.Values) []hidden {
	var all []hidden
	for _, name := range sortedKeys(values) {
		for _, v := range values[name] {
			all = append(all, hidden{name, v})
		}
	}
	return all
}
