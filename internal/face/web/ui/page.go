package ui

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/i18n"
	"tocsin/internal/face/web/static"
)

// Page is one answer to one request: who reads, in which language, at which
// address and when. It embeds the Voice, so p.T, p.N, p.Int and p.DateTime are
// at hand in every template. A Page serves one request and is not shared.
type Page struct {
	i18n.Voice
	Title    string    // the h1 and the window's title
	Now      time.Time // one present for the whole page
	URL      *url.URL  // path and query; the filters' state
	Theme    Theme
	City     string
	Person   *Person // nil: nobody is signed in
	Nav      []NavGroup
	Flashes  []Flash
	Problems []Problem  // what was wrong with the posted form; drawn at the top and at each field
	Posted   url.Values // the posted form, so that Field shows again what was typed
	Clock    ClockBanner
	Live     *Live     // nil: this page does not listen
	Keys     []KeyHelp // keys of this page beyond the usual ones

	places Places
	assets *static.Assets
	ids    int
}

// Theme is light, dark, or what the reader's machine says.
type Theme string

// The three themes.
const (
	ThemeAuto  Theme = "auto"
	ThemeLight Theme = "light"
	ThemeDark  Theme = "dark"
)

// Person is who is signed in. Role is one of CONTRACT's seven.
type Person struct {
	Name, Email, Role, Organisation string
}

// NavGroup is a titled part of the navigation; an empty Label has no title.
type NavGroup struct {
	Label string
	Items []NavItem
}

// NavItem is one destination. Key is the letter after g; Count 0 is not drawn.
type NavItem struct {
	Label, Href string
	Icon        Icon
	Key         string
	Count       int
}

// Flash is a message about what just happened, with an optional link.
type Flash struct {
	Tone Tone   `json:"tone"`
	Text string `json:"text"`
	Href string `json:"href,omitempty"`
	Link string `json:"link,omitempty"` // the link's words
}

// Problem is one thing wrong with a posted form. Field is the name of the
// field; empty means the form as a whole.
type Problem struct{ Field, Text string }

// ClockKind tells whether the page's time is the world's.
type ClockKind string

// The clocks that are announced on every page. The real one is the zero value.
const (
	ClockStanding ClockKind = "standing"
	ClockDemo     ClockKind = "demo"
)

// ClockBanner says that the clock stands or runs fast, and where it is.
type ClockBanner struct {
	Kind ClockKind
	At   time.Time
}

// Live makes a page listen at Stream, an address of server-sent events:
//
//	event: news    data: {"n": 3}                    raises the waiting count
//	event: toast   data: {"text": "…", "href": "/…"} shows a passing message
//
// New rows wait behind a link to the page itself; nothing jumps.
type Live struct{ Stream string }

// KeyHelp is one line of the list of keys.
type KeyHelp struct{ Keys, Does string }

// Asset is the hashed address of an embedded file, such as "app.css".
func (p *Page) Asset(name string) string { return p.assets.Path(name) }

// Query is the first value of a query parameter, "" if absent.
func (p *Page) Query(name string) string { return p.URL.Query().Get(name) }

// Chosen tells whether a filter of the address has this value.
func (p *Page) Chosen(name, value string) bool {
	return slices.Contains(p.URL.Query()[name], value)
}

// With is this page's address with parameters set, as name and value pairs; an
// empty value drops the parameter. Paging starts again unless the pairs say
// where.
func (p *Page) With(pairs ...string) string {
	q := p.URL.Query()
	q.Del("cursor")
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
			continue
		}
		q.Set(pairs[i], pairs[i+1])
	}
	return p.to(q)
}

// Toggle is this page's address with one value of a filter added, or taken
// away where it is there.
func (p *Page) Toggle(name, value string) string {
	q := p.URL.Query()
	q.Del("cursor")
	had := q[name]
	kept := slices.DeleteFunc(slices.Clone(had), func(v string) bool { return v == value })
	if len(kept) == len(had) {
		kept = append(kept, value)
	}
	q[name] = kept
	return p.to(q)
}

func (p *Page) to(q url.Values) string {
	for name, values := range q {
		if len(values) == 0 || len(values) == 1 && values[0] == "" {
			q.Del(name)
		}
	}
	if encoded := q.Encode(); encoded != "" {
		return p.URL.Path + "?" + encoded
	}
	return p.URL.Path
}

// Sorting is the order that the address asks for: the column's key and whether
// it descends ("sort=-last_seen"), or fallback in the same notation.
func (p *Page) Sorting(fallback string) (key string, descending bool) {
	s := p.Query("sort")
	if s == "" {
		s = fallback
	}
	return strings.TrimPrefix(s, "-"), strings.HasPrefix(s, "-")
}

// problem is what is wrong with a field, "" if nothing.
func (p *Page) problem(field string) string {
	for _, problem := range p.Problems {
		if problem.Field == field {
			return problem.Text
		}
	}
	return ""
}

// id makes an element id that no other part of this page has.
func (p *Page) id(stem string) string {
	p.ids++
	return stem + "-" + strconv.Itoa(p.ids)
}

// windowTitle is what the browser's tab shows. After a failed form it begins
// with the fact, which is the first thing a screen reader says.
func (p *Page) windowTitle() string {
	title := p.T("ui.product")
	if p.Title != "" {
		title = p.Title + " – " + title
	}
	if len(p.Problems) > 0 {
		title = p.T("ui.form.error_title") + " " + title
	}
	return title
}

// current is the navigation item that the page's address lies under: the
// longest match, so that /findings/F12 lights Findings and not the front page.
func (p *Page) current() string {
	best := ""
	for _, g := range p.Nav {
		for _, item := range g.Items {
			path, _, _ := strings.Cut(item.Href, "?")
			under := p.URL.Path == path || path != "/" && strings.HasPrefix(p.URL.Path, strings.TrimSuffix(path, "/")+"/")
			if under && len(path) > len(best) {
				best = item.Href
			}
		}
	}
	return best
}

// here is "page" where an item of the navigation is the current one.
func (p *Page) here(item NavItem) templ.Attributes {
	if item.Href == p.current() {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

// self is the address of this page, for a switch to come back to.
func (p *Page) self() string { return p.URL.RequestURI() }

// otherLanguage is the language that the switch leads to.
func (p *Page) otherLanguage() string {
	if p.Lang() == i18n.English {
		return i18n.Vietnamese
	}
	return i18n.English
}

// htmx is htmx's configuration: it must not write styles into the page or
// evaluate text, both of which Policy forbids.
func (p *Page) htmx() string {
	return `{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"historyCacheSize":0,"scrollBehavior":"instant"}`
}

// wrong stops the program with the name of the part that a template misuses;
// the first test that renders the page finds it.
func wrong(format string, a ...any) {
	panic("ui: " + fmt.Sprintf(format, a...))
}
