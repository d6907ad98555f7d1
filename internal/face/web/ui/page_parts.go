package ui

import (
	"strings"

	"github.com/a-h/templ"
)

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func currentTab(t Tab) templ.Attributes {
	if t.Current {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

// newsMany is the text for many news with its number left open for the script.
func newsMany(p *Page) string {
	const some = 7
	return strings.Replace(p.N("ui.news", some), "7", "{n}", 1)
}

func mustPost(b Button) {
	if b.Action == "" || b.Label == "" {
		wrong("a preview needs Act with a Label and an Action, got %+v", b)
	}
}
