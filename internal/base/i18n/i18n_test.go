package i18n_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
)

func catalogue(vi, en string) fs.FS {
	return fstest.MapFS{"texts/vi.json": {Data: []byte(vi)}, "texts/en.json": {Data: []byte(en)}}
}

func bundle(t testing.TB, vi, en string) *i18n.Bundle {
	t.Helper()
	b := i18n.New()
	if err := b.Add(catalogue(vi, en)); err != nil {
		t.Fatal(err)
	}
	return b
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAVoiceFillsPlaceholdersInItsLanguage(t *testing.T) {
	b := bundle(
		t,
		`{"a.title": "Vấn đề tại {asset} từ {at}", "a.count": "{n} vấn đề của {who}", "a.brace": "{{x}} {y}"}`,
		`{"a.title": "Problem at {asset} since {at}", "a.count": {"one": "{n} problem of {who}", "other": "{n} problems of {who}"}, "a.brace": "{{x}} {y}"}`,
	)
	i18ntest.Strict(t, b)
	at := time.Date(2026, 2, 5, 7, 5, 0, 0, time.UTC)
	vi, en := b.In("vi"), b.In("en-GB")
	equal(t, vi.T("a.title", "asset", "ip:192.0.2.1", "at", at), "Vấn đề tại ip:192.0.2.1 từ 14:05 05/02/2026")
	equal(t, en.T("a.title", "at", at, "asset", "ip:192.0.2.1"), "Problem at ip:192.0.2.1 since 14:05, 5 Feb 2026")
	equal(t, vi.N("a.count", 1, "who", "P1"), "1 vấn đề của P1")
	equal(t, vi.N("a.count", 12345, "who", "P1"), "12.345 vấn đề của P1")
	equal(t, en.N("a.count", 1, "who", "P1"), "1 problem of P1")
	equal(t, en.N("a.count", 0, "who", "P1"), "0 problems of P1")
	equal(t, en.N("a.count", 10_000_001, "who", "P1"), "10,000,001 problems of P1")
	equal(t, en.T("a.brace", "y", uint16(8080)), "{x} 8080")
	equal(t, b.In("fr").Lang(), "vi")
}

func TestWhatIsMissingIsSeenAndRemembered(t *testing.T) {
	b := bundle(t, `{"a.b": "x {y}"}`, `{"a.b": "x {y}"}`)
	equal(t, b.In("vi").T("a.none"), "⟦a.none⟧")
	equal(t, b.In("vi").N("a.none", 2), "⟦a.none⟧")
	equal(t, b.In("en").T("a.b"), "x ⟦y⟧")
	equal(t, strings.Join(b.Missing(), "; "), "en: a.b got no value for {y}; vi: no text a.none")
	if b.In("vi").Has("a.none") || !b.In("vi").Has("a.b") {
		t.Error("Has does not know what the catalogue has")
	}
}

func TestAFaultyCatalogueIsRefusedWhole(t *testing.T) {
	for name, vi := range map[string]string{
		"a key twice in one file":     `{"a.b": "x", "a.b": "y"}`,
		"a key of another room":       `{"i18n.ago.now": "x"}`,
		"a key without a room":        `{"ago": "x"}`,
		"a list":                      `["a.b"]`,
		"a number":                    `{"a.b": 1}`,
		"a deeper object":             `{"a.b": {"other": {"x": "y"}}}`,
		"a plural without other":      `{"a.b": {"one": "x"}}`,
		"an unknown plural form":      `{"a.b": {"few": "x", "other": "y"}}`,
		"a plural form twice":         `{"a.b": {"other": "x", "other": "y"}}`,
		"a placeholder left open":     `{"a.b": "x {y"}`,
		"a placeholder with a blank":  `{"a.b": "x {y z}"}`,
		"a closing brace alone":       `{"a.b": "x }"}`,
		"text after the catalogue":    `{"a.b": "x"} {}`,
		"a catalogue that breaks off": `{"a.b": "x"`,
		"nothing":                     ``,
	} {
		b := i18n.New()
		before := len(b.Keys())
		if err := b.Add(catalogue(vi, `{"a.c": "x"}`)); err == nil {
			t.Errorf("%s: taken in", name)
		}
		if len(b.Keys()) != before {
			t.Errorf("%s: refused but half taken in", name)
		}
	}
	b := i18n.New()
	if err := b.Add(fstest.MapFS{"texts/vi.json": {Data: []byte(`{}`)}}); err == nil {
		t.Error("a folder without English: taken in")
	}
	if err := b.Add(fstest.MapFS{"texts/fr.json": {Data: []byte(`{}`)}}); err == nil {
		t.Error("a language we do not speak: taken in")
	}
}

func TestALongCatalogueMayBeSeveralFiles(t *testing.T) {
	b := i18n.New()
	err := b.Add(fstest.MapFS{
		"texts/vi.json": {Data: []byte(`{"a.b": "một"}`)}, "texts/page.vi.json": {Data: []byte(`{"a.c": "hai"}`)},
		"texts/en.json": {Data: []byte(`{"a.b": "one"}`)}, "texts/page.en.json": {Data: []byte(`{"a.c": "two"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, b.In("vi").T("a.c"), "hai")
	equal(t, b.In("en").T("a.b"), "one")
}

func TestCheckNamesWhatTheLanguagesDoNotShare(t *testing.T) {
	for _, c := range []struct{ vi, en, want string }{
		{`{"a.b": "x {y}"}`, `{"a.b": "{y} x"}`, ""},
		{`{"a.b": "{n} x"}`, `{"a.b": {"one": "{n} x", "other": "{n} xs"}}`, ""},
		{`{"a.b": "{n} x"}`, `{"a.b": {"one": "one x", "other": "{n} xs"}}`, ""},
		{`{"a.b": "x"}`, `{}`, "a.b: no English text"},
		{`{}`, `{"a.b": "x"}`, "a.b: no Vietnamese text"},
		{`{"a.b": "x {y}"}`, `{"a.b": "x {z}"}`, "placeholders differ"},
		{`{"a.b": "{n} x"}`, `{"a.b": {"other": "{n} x"}}`, ""},
		{`{"a.b": {"one": "{n} x", "other": "{n} x"}}`, `{"a.b": "{n} x"}`, "none in English"},
		{`{"a.b": "ho\u0300a"}`, `{"a.b": "x"}`, "composed form"},
		{`{"a.b": "Phường Hoà Hưng"}`, `{"a.b": "x"}`, `"Hoà"`},
		{`{"a.b": "thuỷ"}`, `{"a.b": "x"}`, `"thuỷ"`},
		{`{"a.b": "quý hoàn Hòa thủy toàn"}`, `{"a.b": "x"}`, ""},
	} {
		err := bundle(t, c.vi, c.en).Check()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.vi, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s %s: got %v, want %q", c.vi, c.en, err, c.want)
		}
	}
}

// TestEveryRoomSpeaksBothLanguages reads the catalogues of all rooms as they
// lie in the tree, so that a key lacking in one language is found here even
// where no test of its room says it.
func TestEveryRoomSpeaksBothLanguages(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	b := i18n.New()
	rooms := 0
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || d.Name() != "texts" {
			return err
		}
		rooms++
		room := filepath.Dir(path)
		if filepath.Base(room) == "i18n" {
			return fs.SkipDir
		}
		if err := b.Add(os.DirFS(room)); err != nil {
			t.Errorf("%s: %v", room, err)
		}
		return fs.SkipDir
	})
	if err != nil {
		t.Fatal(err)
	}
	if rooms == 0 {
		t.Error("no catalogue found: this test looks in the wrong place")
	}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
}

func TestVoicesMayBeUsedWhileRoomsAreAdded(t *testing.T) {
	b := i18n.New()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				v := b.In("vi")
				if v.Int(1000) != "1.000" || v.T("i18n.ago.now") != "vừa xong" {
					t.Error("a voice stumbled")
				}
				_ = v.T("a.none")
			}
		})
	}
	if err := b.Add(catalogue(`{"a.b": "x"}`, `{"a.b": "x"}`)); err != nil {
		t.Error(err)
	}
	all.Wait()
}

func FuzzACatalogueIsParsedOrRefused(f *testing.F) {
	f.Add(`{"a.b": "x {y}"}`)
	f.Add(`{"a.b": {"one": "{n}", "other": "{n}s"}}`)
	f.Add(`{"a.b": "{{}}"}`)
	f.Fuzz(func(t *testing.T, text string) {
		b := i18n.New()
		if b.Add(catalogue(text, text)) != nil {
			return
		}
		for _, key := range b.Keys() {
			_ = b.In("vi").T(key)
			_ = b.In("en").N(key, 1)
		}
	})
}

func BenchmarkT(b *testing.B) {
	v := bundle(b, `{"a.b": "Xác nhận", "a.c": "Vấn đề tại {asset} của {who}"}`, `{"a.b": "x", "a.c": "{asset} {who}"}`).In("vi")
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			_ = v.T("a.b")
		}
	})
	b.Run("two values", func(b *testing.B) {
		for b.Loop() {
			_ = v.T("a.c", "asset", "ip:192.0.2.1", "who", "Phường Sài Gòn")
		}
	})
}
