package static_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/face/web/static"
)

func get(a *static.Assets, address, encoding string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, address, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Result()
}

func TestAnAssetIsKeptForeverUnderItsHash(t *testing.T) {
	a := static.New()
	for _, name := range []string{"app.css", "app.js", "htmx.js", "bell.svg", "inter-latin.woff2", "inter-vietnamese.woff2"} {
		address := a.Path(name)
		plain, zipped := get(a, address, ""), get(a, address, "gzip, br") //nolint:bodyclose // a recorder holds nothing open
		body, err := io.ReadAll(plain.Body)
		if err != nil || plain.StatusCode != http.StatusOK || len(body) == 0 {
			t.Fatalf("%s: %d, %d bytes, %v", address, plain.StatusCode, len(body), err)
		}
		if c := plain.Header.Get("Cache-Control"); !strings.Contains(c, "immutable") {
			t.Errorf("%s: Cache-Control %q", address, c)
		}
		if zipped.Header.Get("Content-Encoding") != "gzip" {
			if !strings.HasSuffix(name, ".woff2") {
				t.Errorf("%s is not compressed", address)
			}
			continue
		}
		unzip, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := io.ReadAll(unzip); err != nil || string(same) != string(body) {
			t.Errorf("%s: compressed bytes differ (%v)", address, err)
		}
	}
	for _, gone := range []string{"/static/app.css", "/static/app.000000000000.css", "/static/", "/static/css/base.css", "/static/../go.mod"} {
		if got := get(a, gone, "").StatusCode; got != http.StatusNotFound { //nolint:bodyclose // a recorder holds nothing open
			t.Errorf("%s: %d", gone, got)
		}
	}
}

func TestTheStyleSheetNamesOnlyFilesThatAreServed(t *testing.T) {
	a := static.New()
	body, err := io.ReadAll(get(a, a.Path("app.css"), "").Body) //nolint:bodyclose // a recorder holds nothing open
	if err != nil {
		t.Fatal(err)
	}
	addresses := regexp.MustCompile(`url\("([^"]+)"\)`).FindAllSubmatch(body, -1)
	if len(addresses) != 2 {
		t.Errorf("%d addresses in the style sheet, want the two fonts", len(addresses))
	}
	for _, m := range addresses {
		if got := get(a, string(m[1]), "").StatusCode; got != http.StatusOK { //nolint:bodyclose // a recorder holds nothing open
			t.Errorf("%s: %d", m[1], got)
		}
	}
}

// tokens reads the custom properties of one block of tokens.css.
func tokens(t *testing.T, sheet, selector string) map[string]string {
	t.Helper()
	_, rest, ok := strings.Cut(sheet, selector+" {")
	if !ok {
		t.Fatalf("no block %s", selector)
	}
	block, _, _ := strings.Cut(rest, "}")
	all := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+):\s*([^;]+);`).FindAllStringSubmatch(block, -1) {
		all[m[1]] = m[2]
	}
	return all
}

func TestEveryPairOfColoursCanBeRead(t *testing.T) {
	raw, err := os.ReadFile("css/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	sheet := string(raw)
	light := tokens(t, sheet, "\n:root")
	bySystem := tokens(t, sheet, `:root:not([data-theme="light"])`)
	dark := tokens(t, sheet, `:root[data-theme="dark"]`)
	if fmt.Sprint(bySystem) != fmt.Sprint(dark) {
		t.Error("dark by the machine's wish differs from dark by choice")
	}
	pairs := [][2]string{
		{"on-fill", "critical-fill"}, {"accent-ink", "accent"}, {"accent", "accent-soft"}, {"bg", "ink"}, {"ink", "accent-soft"}, {"ink-2", "accent-soft"},
	}
	for _, ground := range []string{"bg", "surface", "sunken"} {
		for _, word := range []string{"ink", "ink-2", "accent", "critical", "high", "medium", "low", "info", "good", "unknown"} {
			pairs = append(pairs, [2]string{word, ground})
		}
	}
	for _, tone := range []string{"critical", "high", "medium", "low", "info", "good"} {
		pairs = append(pairs, [2]string{tone, tone + "-soft"}, [2]string{"ink", tone + "-soft"})
	}
	for name, theme := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, pair := range pairs {
			if c := contrast(t, theme[pair[0]], theme[pair[1]]); c < 4.5 {
				t.Errorf("%s: %s on %s has contrast %.2f, needs 4.5", name, pair[0], pair[1], c)
			}
		}
		if c := contrast(t, theme["line-strong"], theme["surface"]); c < 3 {
			t.Errorf("%s: the edge of a field has contrast %.2f, needs 3 (WCAG 1.4.11)", name, c)
		}
	}
}

// contrast is that of WCAG 2.2, "contrast ratio", of two #rrggbb colours.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil || len(colour) != 7 {
		t.Fatalf("colour %q: %v", colour, err)
	}
	part := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

func TestNoTextIsSmallerThanFourteenPixels(t *testing.T) {
	entries, err := os.ReadDir("css")
	if err != nil {
		t.Fatal(err)
	}
	size := regexp.MustCompile(`font(?:-size)?:[^;]*?\b(\d+(?:\.\d+)?)(px|rem|em)`)
	for _, entry := range entries {
		raw, err := os.ReadFile("css/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range size.FindAllStringSubmatch(string(raw), -1) {
			px, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			if m[2] != "px" { // The smallest an em can be here is 14 px.
				px *= 14
			}
			if px < 14 {
				t.Errorf("%s: %s is %.1f px", entry.Name(), m[0], px)
			}
		}
	}
}
