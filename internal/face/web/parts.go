package web

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/face/web/ui"
)

// textParts are plain texts as parts.
func textParts(texts []string) []templ.Component {
	all := make([]templ.Component, len(texts))
	for i, text := range texts {
		all[i] = ui.Text(text)
	}
	return all
}

// backTo makes a form come back to a page.
func backTo(page string) url.Values { return url.Values{"back": {page}} }

// browserName makes two words of what a browser calls itself, which is long and
// lies: the last name in the list that fits is the true one.
func browserName(p *ui.Page, agent string) string {
	name := ""
	for _, sign := range [][2]string{
		{"Edg/", "Edge"}, {"CocCoc", "Cốc Cốc"}, {"coc_coc", "Cốc Cốc"}, {"OPR/", "Opera"}, {"Firefox", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari", "Safari"},
	} {
		if strings.Contains(agent, sign[0]) {
			name = sign[1]
			break
		}
	}
	system := ""
	for _, sign := range [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}} {
		if strings.Contains(agent, sign[0]) {
			system = sign[1]
			break
		}
	}
	switch {
	case name == "":
		return p.T("web.account.other_browser")
	case system == "":
		return name
	}
	return p.T("web.account.browser_on", "browser", name, "system", system)
}
