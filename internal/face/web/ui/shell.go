package ui

import (
	"github.com/a-h/templ"
)

func themes() []Theme { return []Theme{ThemeAuto, ThemeLight, ThemeDark} }

func themeAttribute(p *Page) templ.Attributes {
	if p.Theme == ThemeLight || p.Theme == ThemeDark {
		return templ.Attributes{"data-theme": string(p.Theme)}
	}
	return nil
}

// bodyKeys tells the script whether single letters are commands here. On the
// calm pages they are not: people type there.
func bodyKeys(on bool) templ.Attributes {
	if on {
		return templ.Attributes{"data-shortcuts": "1"}
	}
	return nil
}

func goKey(item NavItem) templ.Attributes {
	if item.Key == "" {
		return nil
	}
	return templ.Attributes{"data-go": item.Key}
}

// searched keeps the words in the box on the page of results.
func searched(p *Page) string {
	if p.URL.Path == p.places.Search {
		return p.Query("q")
	}
	return ""
}

func who(p *Page) string {
	s := roleWord(p, p.Person.Role)
	if p.Person.Organisation != "" {
		s += " · " + p.Person.Organisation
	}
	return s
}

// AllKeys lists the keys: the usual ones, where g leads, the page's own.
func AllKeys(p *Page) []KeyHelp {
	all := []KeyHelp{
		{"/", p.T("ui.keys.search")},
		{"j  k", p.T("ui.keys.step")},
		{"Enter", p.T("ui.keys.open")},
		{"x", p.T("ui.keys.tick")},
		{"Esc", p.T("ui.keys.back")},
		{"r", p.T("ui.keys.news")},
		{"?", p.T("ui.keys.help")},
	}
	for _, g := range p.Nav {
		for _, item := range g.Items {
			if item.Key != "" {
				all = append(all, KeyHelp{"g  " + item.Key, item.Label})
			}
		}
	}
	return append(all, p.Keys...)
}
