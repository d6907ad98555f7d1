package ui_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/face/web/webtest"
)

func noon() time.Time { return time.Date(2026, 11, 20, 5, 0, 0, 0, time.UTC) }

func bundle(t testing.TB) *i18n.Bundle {
	t.Helper()
	b := i18n.New()
	if err := b.Add(ui.Texts()); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	i18ntest.Strict(t, b)
	return b
}

func kit(t testing.TB) *ui.Kit {
	t.Helper()
	city := func(lang string) string {
		if lang == i18n.English {
			return "Ho Chi Minh City"
		}
		return "Thành phố Hồ Chí Minh"
	}
	return ui.New(ui.Deps{Bundle: bundle(t), Clock: clock.NewStanding(noon()), City: city})
}

func unitTiles(t testing.TB, p *ui.Page) []ui.Tile {
	t.Helper()
	f, err := os.Open("testdata/units.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var tiles []ui.Tile
	for i, row := range rows[1:] {
		longitude, errX := strconv.ParseFloat(row[2], 64)
		latitude, errY := strconv.ParseFloat(row[3], 64)
		if err := errors.Join(errX, errY); err != nil {
			t.Fatal(err)
		}
		tile := ui.Tile{Name: row[1], Href: "/gallery?unit=" + row[0], Longitude: longitude, Latitude: latitude}
		switch {
		case i%61 == 7:
			tile.Tone, tile.Legend, tile.Count = ui.ToneCritical, p.T("ui.gallery.map_crit"), i%9+1
		case i%11 == 3:
			tile.Tone, tile.Legend, tile.Count = ui.ToneHigh, p.T("ui.gallery.map_high"), i%17+1
		case i%13 == 5:
			tile.Tone, tile.Legend = ui.ToneUnknown, p.T("ui.gallery.map_unknown")
		default:
			tile.Tone, tile.Legend = ui.ToneGood, p.T("ui.gallery.map_good")
		}
		tile.Word = tile.Legend
		if tile.Count > 0 {
			tile.Word = p.N("ui.gallery.map_word", tile.Count)
		}
		tiles = append(tiles, tile)
	}
	return tiles
}

// site serves the gallery as the web room will serve pages.
func site(t testing.TB) *httptest.Server {
	t.Helper()
	k := kit(t)
	start := func(w http.ResponseWriter, r *http.Request) *ui.Page {
		p := k.Page(w, r)
		p.Title = p.T("ui.gallery.title")
		p.Person = &ui.Person{Name: "Nguyễn Thị Hòa", Email: "hoa@trungtam.example", Role: "analyst"}
		p.Nav = []ui.NavGroup{
			{Label: p.T("ui.gallery.nav_watch"), Items: []ui.NavItem{
				{Label: p.T("ui.gallery.nav_floor"), Href: "/", Icon: ui.IconRadar, Key: "h"},
				{Label: p.T("ui.gallery.findings"), Href: "/gallery", Icon: ui.IconFlag, Key: "f", Count: 412},
				{Label: p.T("ui.gallery.nav_warnings"), Href: "/warnings", Icon: ui.IconBell, Key: "w", Count: 12},
				{Label: p.T("ui.gallery.nav_sources"), Href: "/sources", Icon: ui.IconFeed, Key: "s"},
			}},
			{Label: p.T("ui.gallery.nav_centre"), Items: []ui.NavItem{
				{Label: p.T("ui.gallery.nav_estate"), Href: "/organisations", Icon: ui.IconBuilding, Key: "o"},
				{Label: p.T("ui.gallery.nav_map"), Href: "/map", Icon: ui.IconMap, Key: "m"},
				{Label: p.T("ui.gallery.nav_journal"), Href: "/journal", Icon: ui.IconScroll, Key: "j"},
			}},
		}
		return p
	}
	show := func(w http.ResponseWriter, r *http.Request, c templ.Component) {
		w.Header().Set("Content-Security-Policy", ui.Policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := c.Render(r.Context(), w); err != nil {
			t.Errorf("render %s: %v", r.URL, err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", k.Static())
	mux.HandleFunc("/preferences", k.Preferences)
	mux.HandleFunc("/gallery", func(w http.ResponseWriter, r *http.Request) {
		p := start(w, r)
		p.Live = &ui.Live{Stream: "/events"}
		p.Flashes = append(p.Flashes, ui.Flash{Tone: ui.ToneGood, Text: p.T("ui.gallery.flash"), Href: "/gallery", Link: p.T("ui.gallery.flash_link")})
		show(w, r, ui.Gallery(p, unitTiles(t, p)))
	})
	mux.HandleFunc("/gallery/form", func(w http.ResponseWriter, r *http.Request) {
		p := start(w, r)
		p.Title = p.T("ui.gallery.form_title")
		p.Nav = []ui.NavGroup{{Items: []ui.NavItem{
			{Label: p.T("ui.gallery.nav_warnings"), Href: "/gallery/form"}, {Label: p.T("ui.gallery.nav_estate"), Href: "/unit"},
		}}}
		p.Posted = url.Values{"email": {"hoa@"}, "note": {"<b>&\""}, "channels": {"call"}}
		p.Problems = []ui.Problem{
			{Field: "email", Text: p.T("ui.gallery.error_email")}, {Field: "done", Text: p.T("ui.gallery.error_done")},
		}
		show(w, r, ui.GalleryForm(p))
	})
	mux.HandleFunc("/gallery/paper", func(w http.ResponseWriter, r *http.Request) { show(w, r, ui.GalleryPaper(start(w, r))) })
	mux.HandleFunc("/warnings", func(w http.ResponseWriter, r *http.Request) { show(w, r, ui.GalleryPaper(start(w, r))) })
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprint(w, "event: news\ndata: {\"n\":2}\n\nevent: news\ndata: {\"n\":1}\n\nevent: toast\ndata: {\"text\":\"W5\",\"href\":\"/gallery\"}\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(server.Close)
	return server
}

func languages() []*http.Cookie {
	return []*http.Cookie{{Name: "tocsin_language", Value: "vi"}, {Name: "tocsin_language", Value: "en"}}
}

func pages() []string {
	return []string{"/gallery?open=F128&severity=critical&sort=-last_seen", "/gallery/form", "/gallery/paper"}
}

func TestEveryPartIsAccessibleInBothLanguagesThemesAndWidths(t *testing.T) {
	server := site(t)
	browser := webtest.Open(t)
	for _, cookie := range languages() {
		for _, page := range pages() {
			views := []webtest.View{{}, {Width: webtest.Phone}}
			if cookie.Value == i18n.Vietnamese { // Colours do not depend on the language.
				views = append(views, webtest.View{Dark: true}, webtest.View{Width: webtest.Phone, Dark: true})
			}
			for _, v := range views {
				v.Cookies = []*http.Cookie{cookie}
				for _, violation := range browser.Axe(server.URL+page, v) {
					if violation.Impact == "moderate" {
						t.Logf("%s (%s): %s: %s", page, v, violation.ID, violation.Help)
					}
				}
			}
		}
	}
}

// Pictures are kept only where somebody wants to look at them.
func TestNoPageIsWiderThanItsScreen(t *testing.T) {
	server := site(t)
	browser := webtest.Open(t)
	folder := os.Getenv("TOCSIN_SHOTS")
	if folder == "" {
		folder = t.TempDir()
	}
	names := []string{"floor", "form", "paper"}
	for _, cookie := range languages() {
		for i, page := range pages() {
			views := []webtest.View{{}, {Width: webtest.Phone}}
			if cookie.Value == i18n.Vietnamese {
				views = append(views, webtest.View{Dark: true}, webtest.View{Width: 820},
					webtest.View{Width: webtest.Phone, Dark: true}, webtest.View{Width: webtest.Phone, NoScript: true})
			}
			for _, v := range views {
				v.Cookies = []*http.Cookie{cookie}
				name := fmt.Sprintf("%s-%s-%s.png", names[i], cookie.Value, strings.ReplaceAll(v.String(), " ", "-"))
				browser.Shot(server.URL+page, v, filepath.Join(folder, name))
			}
		}
	}
	browser.Shot(server.URL+"/gallery#nav", webtest.View{Width: webtest.Phone, NoScript: true}, filepath.Join(folder, "nav.png"))
	browser.Shot(server.URL+"/gallery", webtest.View{Width: 900, Print: true}, filepath.Join(folder, "print.png"))
}

func TestKeysWalkTheTableAndNewRowsWait(t *testing.T) {
	server := site(t)
	webtest.Open(t).Do(server.URL+"/gallery", webtest.View{}, func(ctx context.Context) error {
		says := func(what string, a chromedp.Action[string], want string) {
			t.Helper()
			got, err := chromedp.Run(ctx, a)
			if err != nil || got != want {
				t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
			}
		}
		press := func(keys ...string) {
			t.Helper()
			for _, k := range keys {
				if err := chromedp.Do(ctx, chromedp.KeyEvent(k)); err != nil {
					t.Fatalf("press %q: %v", k, err)
				}
			}
		}
		if err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(".toast"))); err != nil {
			return err
		}
		says("the news", chromedp.Text(chromedp.CSS(".news a")), "3 tin mới")
		says("the title", chromedp.Title(), "(3) Bộ giao diện – Tocsin")
		press("j", "j")
		says("the chosen row", chromedp.Evaluate[string](`document.querySelector("tr.current").id`), "row-F127")
		press("k")
		says("the row above", chromedp.Evaluate[string](`document.querySelector("tr.current").id`), "row-F128")
		press("x")
		says("the count of ticked rows", chromedp.Text(chromedp.CSS("#findings [data-ticked]")), "Đã đánh dấu 1 dòng")
		press("?")
		says("the list of keys", chromedp.Evaluate[string](`String(document.querySelector("dialog.keys").open)`), "true")
		press(kb.Escape, "/")
		says("the search box", chromedp.Evaluate[string](`document.activeElement.name`), "q")
		press(kb.Escape)
		press("g", "w")
		says("where g w leads", chromedp.Evaluate[string](`new Promise(r => setTimeout(() => r(location.pathname), 300))`, chromedp.EvalAwaitPromise), "/warnings")
		return nil
	})
}

func TestThemeChangesWithoutLeavingThePage(t *testing.T) {
	server := site(t)
	webtest.Open(t).Do(server.URL+"/gallery?severity=critical", webtest.View{}, func(ctx context.Context) error {
		if err := chromedp.Do(ctx,
			chromedp.Click(chromedp.CSS(".topbar details.menu summary")),
			chromedp.Click(chromedp.CSS(".topbar form[data-preference=theme]:nth-of-type(3) button")),
		); err != nil {
			return err
		}
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.documentElement.dataset.theme + location.search`))
		if got != "dark?severity=critical" {
			t.Errorf("theme and address: %q", got)
		}
		return err
	})
}

func TestSortingByHtmxKeepsThePageAndItsAddress(t *testing.T) {
	server := site(t)
	webtest.Open(t).Do(server.URL+"/gallery?severity=critical", webtest.View{}, func(ctx context.Context) error {
		if err := chromedp.Do(ctx,
			chromedp.Evaluate[chromedp.Void](`(window.stayed = "yes", {})`),
			chromedp.Click(chromedp.CSS("#findings-sort-severity")),
			chromedp.WaitVisible(chromedp.CSS("th[aria-sort=ascending]")),
		); err != nil {
			return err
		}
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[location.search, document.querySelector("th[aria-sort]").innerText.trim(), window.stayed].join(" ")`))
		if got != "?severity=critical&sort=severity Mức độ yes" {
			t.Errorf("address, order, same page: %q", got)
		}
		return err
	})
}
