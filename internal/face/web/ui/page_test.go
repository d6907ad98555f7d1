package ui_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"pgregory.net/rapid"

	"tocsin/internal/base/clock"
	"tocsin/internal/face/web/ui"
)

func pageAt(t testing.TB, address string, cookies ...*http.Cookie) *ui.Page {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return kit(t).Page(httptest.NewRecorder(), r)
}

func render(t testing.TB, c templ.Component) string {
	t.Helper()
	var out bytes.Buffer
	if err := c.Render(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAFilterIsAddedAndTakenAwayInTheAddress(t *testing.T) {
	p := pageAt(t, "/findings?severity=high&severity=low&cursor=abc&sort=-id")
	for _, c := range []struct{ what, got, want string }{
		{"add", p.Toggle("severity", "critical"), "/findings?severity=high&severity=low&severity=critical&sort=-id"},
		{"take away", p.Toggle("severity", "high"), "/findings?severity=low&sort=-id"},
		{"set", p.With("sort", "id"), "/findings?severity=high&severity=low&sort=id"},
		{"drop", p.With("severity", "", "sort", ""), "/findings"},
		{"page on", p.With("cursor", "def"), "/findings?cursor=def&severity=high&severity=low&sort=-id"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
		}
	}
	if key, down := p.Sorting("id"); key != "id" || !down {
		t.Errorf("sorting: %s %v", key, down)
	}
}

func TestTogglingTwiceLeavesTheAddressAsItWas(t *testing.T) {
	k := kit(t)
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfDistinct(rapid.StringMatching(`[a-zđ &=%+]{1,6}`), func(s string) string { return s }).Draw(t, "values")
		extra := rapid.StringMatching(`[A-Z]{1,6}`).Draw(t, "extra")
		start := "/findings"
		if len(values) > 0 {
			start += "?" + url.Values{"state": values}.Encode()
		}
		at := func(address string) *ui.Page {
			return k.Page(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, address, nil))
		}
		once := at(start).Toggle("state", extra)
		if !at(once).Chosen("state", extra) {
			t.Fatalf("%s does not choose %s", once, extra)
		}
		if twice := at(once).Toggle("state", extra); twice != start {
			t.Fatalf("began at %s, came back to %s", start, twice)
		}
	})
}

func TestPreferencesComeBackToThePageAndNowhereElse(t *testing.T) {
	k := kit(t)
	for back, want := range map[string]string{
		"/findings?state=open":     "/findings?state=open",
		"https://evil.example/":    "/",
		"//evil.example/":          "/",
		"/\\evil.example":          "/",
		"javascript:alert(1)":      "/",
		"":                         "/",
		"/a\r\nSet-Cookie: x=y":    "/",
		"/ack/abc?lang=en#nothing": "/ack/abc?lang=en#nothing",
	} {
		form := url.Values{"language": {"en"}, "theme": {"dark"}, "back": {back}}
		r := httptest.NewRequest(http.MethodPost, "/preferences", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		k.Preferences(w, r)
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
			t.Errorf("back to %q: got %d %q, want %q", back, w.Code, got, want)
		}
		p := pageAt(t, "/", w.Result().Cookies()...)
		if p.Lang() != "en" || p.Theme != ui.ThemeDark {
			t.Errorf("the cookies say %s, %s", p.Lang(), p.Theme)
		}
	}
}

func TestAFlashIsShownOnceAndLeadsOnlyHome(t *testing.T) {
	w := httptest.NewRecorder()
	ui.SetFlash(w, httptest.NewRequest(http.MethodPost, "/", nil), ui.Flash{Tone: ui.ToneGood, Text: "Đã gửi", Href: "//evil.example", Link: "xem"})
	r := httptest.NewRequest(http.MethodGet, "/warnings", nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	next := httptest.NewRecorder()
	p := kit(t).Page(next, r)
	if len(p.Flashes) != 1 || p.Flashes[0].Text != "Đã gửi" || p.Flashes[0].Href != "/" {
		t.Errorf("flashes: %+v", p.Flashes)
	}
	if c := next.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("the flash stays: %+v", c)
	}
}

func TestOnlyAClockThatIsNotRealIsAnnounced(t *testing.T) {
	for want, c := range map[ui.ClockKind]clock.Clock{
		"": clock.Real{}, ui.ClockStanding: clock.NewStanding(noon()), ui.ClockDemo: clock.NewFast(noon(), 60),
	} {
		k := ui.New(ui.Deps{Bundle: bundle(t), Clock: c})
		p := k.Page(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		if p.Clock.Kind != want {
			t.Errorf("%T: banner %q, want %q", c, p.Clock.Kind, want)
		}
	}
}

func TestAMeterSaysHowTheClockStands(t *testing.T) {
	p := pageAt(t, "/")
	now, h := p.Now, time.Hour
	for what, c := range map[string]struct {
		meter ui.Meter
		words string
		tone  string
	}{
		"in time":      {ui.Meter{Verb: "answered", From: now.Add(-5 * h), Due: now.Add(-4 * h), Done: now.Add(-5*h + 12*time.Minute)}, "đã trả lời sau 12 phút trên 1 giờ", "tone-good"},
		"running":      {ui.Meter{From: now.Add(-20 * time.Minute), Due: now.Add(40 * time.Minute)}, "còn 40 phút, hạn 12:40 20/11/2026", "tone-active"},
		"overdue":      {ui.Meter{From: now.Add(-3 * h), Due: now.Add(-2 * h)}, "trễ 2 giờ, hạn 10:00 20/11/2026", "tone-late"},
		"done late":    {ui.Meter{Verb: "fixed", From: now.Add(-9 * h), Due: now.Add(-5 * h), Done: now.Add(-h)}, "khắc phục trễ: 8 giờ trên 4 giờ", "tone-late"},
		"at the end":   {ui.Meter{From: now.Add(-h), Due: now, Done: now}, "đã xác nhận sau 1 giờ trên 1 giờ", "tone-good"},
		"working time": {ui.Meter{From: now.Add(-48 * h), Due: now.Add(h), Done: now, Spent: 3 * h, Allowed: 4 * h}, "đã xác nhận sau 3 giờ trên 4 giờ", "tone-good"},
		"no clock":     {ui.Meter{}, "không đặt hạn", "tone-plain"},
	} {
		html := render(t, ui.Timer(p, c.meter))
		if !strings.Contains(html, c.words) || !strings.Contains(html, c.tone) {
			t.Errorf("%s: want %q in %s:\n%s", what, c.words, c.tone, html)
		}
	}
}

func TestAStateNobodyKnowsIsNeverGreen(t *testing.T) {
	p := pageAt(t, "/")
	rapid.Check(t, func(t *rapid.T) {
		noun := rapid.SampledFrom([]string{"finding", "warning", "source", "odd", ""}).Draw(t, "noun")
		state := rapid.StringMatching(`[A-Z]{0,8}`).Draw(t, "state")
		var out bytes.Buffer
		if err := ui.State(p, noun, state).Render(context.Background(), &out); err != nil {
			t.Fatal(err)
		}
		if html := out.String(); !strings.Contains(html, "tone-unknown hatched") {
			t.Fatalf("%s.%s: %s", noun, state, html)
		}
	})
}

func TestAnEmptyTableSaysWhy(t *testing.T) {
	table := func(address string) string {
		p := pageAt(t, address)
		return render(t, ui.List(p, ui.Table[string]{
			ID:      "names",
			Columns: []ui.Column[string]{{Key: "name", Label: "Tên", Cell: ui.Text}},
			Bar:     ui.FilterBar{Find: "Tìm tên"},
			Empty:   ui.Nothing{Title: "Chưa có tên", Why: "Nhập danh sách trước."},
		}))
	}
	for address, want := range map[string]string{
		"/names":              "Nhập danh sách trước.",
		"/names?q=an":         "Không có dòng nào khớp bộ lọc",
		"/names?cursor=xyz":   "Đã hết danh sách",
		"/names?columns=name": "Chưa có tên",
	} {
		if html := table(address); !strings.Contains(html, want) {
			t.Errorf("%s does not say %q:\n%s", address, want, html)
		}
	}
}

func TestWhatPeopleTypedIsShownAgainAndNeverRun(t *testing.T) {
	p := pageAt(t, `/gallery?q=%22%3E%3Cscript%3E`)
	p.Posted = url.Values{"name": {`"><script>alert(1)</script>`}, "secret": {"hunter2"}}
	p.Problems = []ui.Problem{{Field: "name", Text: "Nhập tên"}}
	html := render(t, ui.Field(p, ui.Input{Name: "name", Label: "Tên", Required: true})) +
		render(t, ui.Field(p, ui.Input{Name: "secret", Label: "Mật khẩu", Kind: ui.InputPassword})) +
		render(t, ui.Filters(p, ui.FilterBar{Find: "Tìm"})) +
		render(t, ui.Link("javascript:alert(1)", "x"))
	for _, bad := range []string{"<script", "hunter2", "javascript:"} {
		if strings.Contains(html, bad) {
			t.Errorf("%q is in %s", bad, html)
		}
	}
	for _, good := range []string{`aria-invalid="true"`, `aria-describedby=" field-name-error"`, `&#34;&gt;&lt;script&gt;`} {
		if !strings.Contains(html, good) {
			t.Errorf("%q is not in %s", good, html)
		}
	}
}

func TestAButtonThatGoesNowhereIsFoundAtOnce(t *testing.T) {
	p := pageAt(t, "/")
	for what, b := range map[string]ui.Button{
		"nothing":    {Label: "Gửi"},
		"two things": {Label: "Gửi", Href: "/a", Action: "/b"},
		"no words":   {Href: "/a"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a button with %s was drawn", what)
				}
			}()
			render(t, ui.Act(p, b))
		}()
	}
}

func TestTickedRowsTravelThroughThePreview(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/findings/bulk?id=F1&id=F2&f.state=open&f.q=a%26b", nil)
	first := ui.TickedIn(r)
	r = httptest.NewRequest(http.MethodPost, "/findings/bulk", strings.NewReader(first.Fields().Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	second := ui.TickedIn(r)
	if len(second.Keys) != 2 || second.All || second.Filters.Get("q") != "a&b" || second.Filters.Get("state") != "open" {
		t.Errorf("got %+v", second)
	}
}

// Nothing inline may slip into a page: the policy would silently drop it.
func TestPagesHoldNothingInline(t *testing.T) {
	p := pageAt(t, "/gallery?open=F128")
	p.Live = &ui.Live{Stream: "/events"}
	html := render(t, ui.Gallery(p, unitTiles(t, p))) + render(t, ui.GalleryForm(pageAt(t, "/gallery/form"))) +
		render(t, ui.GalleryPaper(pageAt(t, "/gallery/paper")))
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:>|\s[^>]*[^>]*>[^<])`)
	if found := inline.FindAllString(html, 5); len(found) > 0 {
		t.Errorf("inline: %q", found)
	}
	if strings.Contains(html, "//") && regexp.MustCompile(`(?:src|href)="(?:https?:)?//`).MatchString(html) {
		t.Error("the page loads or links to another site")
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(render(t, ui.Gallery(p, nil)), -1) {
		if ids[m[1]] {
			t.Errorf("two elements are called %s", m[1])
		}
		ids[m[1]] = true
	}
}

func TestAMissingValueIsAGapAndNeverAZero(t *testing.T) {
	p := pageAt(t, "/")
	html := render(t, ui.Line(p, ui.Chart{Title: "x", Points: []ui.Point{
		{Label: "a", Value: 3}, {Label: "b", Missing: true}, {Label: "c", Value: 0}, {Label: "d", Value: 4},
	}}))
	if got := strings.Count(html, `class="line"`); got != 1 {
		t.Errorf("%d pieces of line, want the one from c to d", got)
	}
	if strings.Count(html, `class="point"`) != 3 || !strings.Contains(html, "không có số liệu") {
		t.Error(html)
	}
}

func TestEveryUnitHasItsTileNorthAboveSouth(t *testing.T) {
	p := pageAt(t, "/")
	tiles := unitTiles(t, p)
	html := render(t, ui.Tiles(p, ui.TileMap{Title: "x", Tiles: tiles}))
	if got := strings.Count(html, `class="tile `); got != len(tiles) || got != 168 {
		t.Errorf("%d tiles for %d units", got, len(tiles))
	}
	north, south := strings.Index(html, "Dầu Tiếng"), strings.Index(html, "Côn Đảo")
	if north < 0 || south < north {
		t.Errorf("Dầu Tiếng at %d, Côn Đảo at %d", north, south)
	}
}
