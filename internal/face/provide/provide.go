// Package provide is what stands for everybody without signing in: the centre's
// public advisories at the places that CSAF 2.0 (§7.1), RFC 8322 and RFC 9116
// give them, and as an Atom feed. What may stand there is room bulletin's to say.
package provide

import (
	"bytes"
	"context"
	"net/http"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/bulletin"
)

// Bulletins gives a file by its path, NotFound where nothing stands.
type Bulletins interface {
	Provide(ctx context.Context, path, lang string) (bulletin.File, error)
}

// Patterns are the addresses that the handler answers, as http.ServeMux reads
// them.
func Patterns() []string {
	return []string{"GET " + bulletin.ProviderPath, "GET " + bulletin.SecurityPath, "GET " + bulletin.AtomPath, "GET /csaf/"}
}

// New is the handler. Files may be read from any page, which is what they are for.
func New(b Bulletins) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := b.Provide(r.Context(), r.URL.Path, r.URL.Query().Get("lang"))
		if err != nil {
			http.Error(w, http.StatusText(errs.CodeOf(err).HTTP()), errs.CodeOf(err).HTTP())
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.Type)
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		h.Set("Cache-Control", "public, max-age=300")
		http.ServeContent(w, r, "", f.Modified, bytes.NewReader(f.Body))
	})
}
