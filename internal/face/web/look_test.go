package web_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/webtest"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/warning"
)

// A seen is a page as somebody looks at it.
type seen struct {
	name, path string
	reader     *reader
}

// floorPages are the pages of watching and people, each with who looks at it.
func floorPages(h *house) []seen {
	analyst, officer, admin := h.as(auth.Analyst, ""), h.as(auth.Officer, "P-SAI-GON"), h.as(auth.Admin, "")
	nobody := h.stranger()
	token := h.ackToken()
	return []seen{
		{"floor", "/", analyst},
		{"floor-open", "/?open=F14", analyst},
		{"findings", "/findings?severity=critical&severity=high", analyst},
		{"findings-open", "/findings?open=F14", analyst},
		{"findings-none", "/findings?q=nothing-like-it", analyst},
		{"finding", "/findings/F1", analyst},
		{"finding-officer", "/findings/F14", officer},
		{"findings-officer", "/findings", officer},
		{"finding-ask", "/findings/F1/do/accept", analyst},
		{"finding-move", "/findings/F1/move", analyst},
		{"bulk", "/bulk/findings/false-positive?id=F1&id=F2&id=F14", analyst},
		{"officer", "/", officer},
		{"officer-calm", "/", h.as(auth.Officer, "TT-TINH")},
		{"overview", "/", h.as(auth.Supervisor, "")},
		{"partner", "/", h.as(auth.Partner, "DT-SAO-MAI")},
		{"search", "/search?q=sai+gon", analyst},
		{"search-ip", "/search?q=203.0.113.41", analyst},
		{"search-none", "/search?q=zzzzz", officer},
		{"people", "/people", admin},
		{"person", "/people/U2", admin},
		{"invite", "/people/new", admin},
		{"may", "/who-may-what", analyst},
		{"keys", "/keys", analyst},
		{"account", "/account", analyst},
		{"account-officer", "/account", officer},
		{"sign-in", "/sign-in", nobody},
		{"reset", "/reset", nobody},
		{"ack", "/ack/" + token, nobody},
	}
}

func (a *reader) view(width int) webtest.View {
	v := webtest.View{Width: width, Cookies: []*http.Cookie{{Name: "tocsin_language", Value: a.lang}}}
	if a.cookie != nil {
		v.Cookies = append(v.Cookies, a.cookie)
	}
	return v
}

// Pictures are kept where somebody wants to look at them.
func TestNoPageOfTheFloorIsWiderThanItsScreenOrHardToRead(t *testing.T) {
	h := city(t)
	browser := webtest.Open(t)
	folder := shots()
	keep := folder != ""
	if !keep {
		folder = t.TempDir()
	}
	for _, s := range floorPages(h) {
		for _, width := range []int{webtest.Desk, webtest.Phone} {
			for _, lang := range []string{"vi", "en"} {
				s.reader.lang = lang
				name := fmt.Sprintf("%s-%s-%d.png", s.name, lang, width)
				if keep || lang == "vi" {
					browser.Shot(h.server.URL+s.path, s.reader.view(width), filepath.Join(folder, name))
				}
			}
			browser.Axe(h.server.URL+s.path, s.reader.view(width))
		}
	}
}

// ackToken is the last part of the link in the newest mail.
func (h *house) ackToken() string {
	h.t.Helper()
	mails, err := h.post.List(h.t.Context(), h.admin, deliverQuery())
	if err != nil || len(mails) == 0 {
		h.t.Fatalf("mails: %d, %v", len(mails), err)
	}
	raw, err := h.post.Raw(h.t.Context(), h.admin, mails[len(mails)-1].Delivery.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return ackIn(h.t, string(raw))
}

func ackIn(t testing.TB, mail string) string {
	t.Helper()
	mail = strings.ReplaceAll(strings.ReplaceAll(mail, "=\r\n", ""), "=3D", "=")
	_, rest, ok := strings.Cut(mail, "https://tocsin.example/ack/")
	if !ok {
		t.Fatalf("no link in the mail:\n%s", mail)
	}
	return rest[:strings.IndexAny(rest, " \r\n<>\"?")]
}

func deliverQuery() deliver.Query { return deliver.Query{Channels: []warning.Channel{warning.ByMail}} }
