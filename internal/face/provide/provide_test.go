package provide_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/provide"
	"tocsin/internal/watch/bulletin"
)

type one struct{}

func (one) Provide(_ context.Context, path, lang string) (bulletin.File, error) {
	if path != "/csaf/white/index.txt" && path != bulletin.AtomPath {
		return bulletin.File{}, errs.New(errs.NotFound, "%s: nothing stands there", path)
	}
	return bulletin.File{Type: "text/plain; charset=utf-8", Body: []byte("words " + lang), Modified: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}, nil
}

func TestAFileIsForEverybodyAndNothingElseIs(t *testing.T) {
	mux := http.NewServeMux()
	for _, p := range provide.Patterns() {
		mux.Handle(p, provide.New(one{}))
	}
	ask := func(path, since string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Header.Set("If-Modified-Since", since)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	if w := ask("/advisories.atom?lang=en", ""); w.Code != 200 || w.Body.String() != "words en" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	if w := ask("/csaf/white/index.txt", "Sun, 01 Mar 2026 00:00:00 GMT"); w.Code != http.StatusNotModified {
		t.Errorf("asked again: %d", w.Code)
	}
	for _, path := range []string{"/csaf/white/2026/tt-2026-001.json", "/csaf/amber/index.txt", "/.well-known/security.txt", "/elsewhere"} {
		if w := ask(path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
