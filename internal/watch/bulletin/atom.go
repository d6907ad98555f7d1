package bulletin

import (
	"encoding/xml"
	"html"
	"strings"
	"time"

	"tocsin/internal/base/errs"
)

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Rights  string      `xml:"rights"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
	Type string `xml:"type,attr,omitempty"`
	Lang string `xml:"hreflang,attr,omitempty"`
}

type atomEntry struct {
	Lang      string     `xml:"xml:lang,attr"`
	ID        string     `xml:"id"`
	Title     string     `xml:"title"`
	Published string     `xml:"published"`
	Updated   string     `xml:"updated"`
	Links     []atomLink `xml:"link"`
	Summary   string     `xml:"summary,omitempty"`
	Content   atomHTML   `xml:"content"`
}

type atomHTML struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// atom is the feed for people's readers (RFC 4287), in a language; "" is both, an
// entry each.
func (r *Room) atom(all []standing, lang string) ([]byte, error) {
	base := r.Settings.PublicURL()
	languages, of := []string{"vi", "en"}, "vi"
	query := ""
	if lang == "vi" || lang == "en" {
		languages, of, query = []string{lang}, lang, "?lang="+lang
	}
	v := r.Texts.In(of)
	updated := r.Clock.Now()
	if len(all) > 0 {
		updated = all[0].updated
	}
	feed := atomFeed{
		Lang: of, ID: base + AtomPath + query, Title: v.T("bulletin.feed.title") + " – " + r.centre(of), Updated: updated.UTC().Format(time.RFC3339),
		Author: atomAuthor{r.centre(of)}, Rights: v.T("bulletin.rights"),
		Links: []atomLink{
			{Rel: "self", Href: base + AtomPath + query, Type: "application/atom+xml"},
			{Rel: "alternate", Href: base + AtomPath + "?lang=vi", Type: "application/atom+xml", Lang: "vi"},
			{Rel: "alternate", Href: base + AtomPath + "?lang=en", Type: "application/atom+xml", Lang: "en"},
		},
	}
	for i := range all {
		for _, lang := range languages {
			feed.Entries = append(feed.Entries, r.atomEntry(&all[i], lang))
		}
	}
	body, err := xml.MarshalIndent(feed, "", "  ")
	if err != nil {
		return nil, errs.New(errs.Internal, "write the feed: %w", err)
	}
	return append([]byte(xml.Header), append(body, '\n')...), nil
}

func (r *Room) atomEntry(one *standing, lang string) atomEntry {
	v := r.Texts.In(lang)
	at := r.Settings.PublicURL() + whitePath + pathOf(&one.Bulletin)
	e := atomEntry{
		Lang: lang, ID: at + "#" + lang, Title: one.Number + ": " + one.issue.Content.In(lang).Title,
		Published: one.First.UTC().Format(time.RFC3339), Updated: one.updated.UTC().Format(time.RFC3339),
		Links: []atomLink{{Rel: "alternate", Href: at, Type: "application/json"}},
	}
	if one.State == Withdrawn {
		e.Summary = v.T("bulletin.feed.withdrawn", "reason", one.Reason)
		e.Content = atomHTML{"html", "<p>" + html.EscapeString(e.Summary) + "</p>"}
		return e
	}
	m := r.message(&one.Bulletin, &one.issue, Issued, false, lang)
	var b strings.Builder
	for _, f := range m.Facts {
		b.WriteString("<p><b>" + html.EscapeString(f.Label) + "</b>: " + html.EscapeString(f.Value) + "</p>\n")
	}
	for _, p := range m.Parts {
		b.WriteString("<h2>" + html.EscapeString(p.Title) + "</h2>\n")
		for _, text := range p.Text {
			b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>") + "</p>\n")
		}
		if len(p.Steps) > 0 {
			b.WriteString("<ol>\n")
			for _, step := range p.Steps {
				b.WriteString("<li>" + html.EscapeString(step) + "</li>\n")
			}
			b.WriteString("</ol>\n")
		}
	}
	e.Content = atomHTML{"html", b.String()}
	return e
}
