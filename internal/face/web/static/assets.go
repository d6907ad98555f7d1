// Package static holds the files that every page loads: one style sheet, our
// own script, htmx and the fonts. They are embedded in the binary and served
// under addresses that carry a hash of their bytes, so a browser may keep them
// for a year and still never shows yesterday's style with today's page.
//
// Sources and licences: fonts/ is Inter 5.3.0 (SIL OFL 1.1, from npm
// @fontsource-variable/inter), vendor/htmx.min.js is htmx 2.0.11 (0BSD, from
// npm htmx.org), the line icons of package ui come from Lucide 1.62.0 (ISC,
// npm lucide-static). Each licence lies beside its files.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

//go:embed css js fonts vendor img
var files embed.FS

// prefix is where the web room mounts Handler.
const prefix = "/static/"

// Assets is the set of files a page may load. It is built once by New and is
// safe for concurrent use, because nothing in it changes afterwards.
type Assets struct {
	address map[string]string // "app.css" → "/static/app.<hash>.css"
	served  map[string]asset  // "/static/app.<hash>.css" → bytes
}

type asset struct {
	kind   string // Content-Type
	plain  []byte
	zipped []byte // nil where gzip would not help
}

// sheets lists the style sheets in the order of the cascade. They are small
// files so that each can be read alone, and one file on the wire.
func sheets() []string {
	return []string{
		"tokens", "base", "shell", "parts", "listing", "records", "charts", "forms", "pages", "narrow", "print",
	}
}

// New reads the embedded files, joins the style sheets, hashes and compresses
// everything. It takes some ten milliseconds; the application calls it once.
func New() *Assets {
	a := &Assets{address: map[string]string{}, served: map[string]asset{}}
	a.add("inter-latin.woff2", "font/woff2", read("fonts/inter-latin.woff2"))
	a.add("inter-vietnamese.woff2", "font/woff2", read("fonts/inter-vietnamese.woff2"))
	a.add("bell.svg", "image/svg+xml", read("img/bell.svg"))
	a.add("htmx.js", "text/javascript; charset=utf-8", read("vendor/htmx.min.js"))
	a.add("app.js", "text/javascript; charset=utf-8", read("js/app.js"))
	a.add("app.css", "text/css; charset=utf-8", a.stylesheet())
	return a
}

// stylesheet joins the sheets and turns each asset:NAME in them into the
// hashed address of that file, so fonts are cached as long as everything else.
func (a *Assets) stylesheet() []byte {
	var joined bytes.Buffer
	for _, name := range sheets() {
		joined.Write(read("css/" + name + ".css"))
		joined.WriteByte('\n')
	}
	reference := regexp.MustCompile(`asset:([a-z0-9.-]+)`)
	return reference.ReplaceAllFunc(joined.Bytes(), func(m []byte) []byte {
		return []byte(a.Path(strings.TrimPrefix(string(m), "asset:")))
	})
}

func read(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("static: the binary was built without %s: %v", name, err))
	}
	return b
}

func (a *Assets) add(name, kind string, plain []byte) {
	sum := sha256.Sum256(plain)
	ext := path.Ext(name)
	address := prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	f := asset{kind: kind, plain: plain}
	if !strings.HasPrefix(kind, "font/") {
		f.zipped = compress(plain)
	}
	a.address[name] = address
	a.served[address] = f
}

func compress(plain []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic("static: gzip knows its own best level: " + err.Error())
	}
	_, _ = w.Write(plain) // A bytes.Buffer takes every byte.
	_ = w.Close()
	return out.Bytes()
}

// Path returns the address of a file by its plain name, such as "app.css". A
// name that is not an asset is a mistake in a template and panics, so that the
// first test that renders the page finds it.
func (a *Assets) Path(name string) string {
	address, ok := a.address[name]
	if !ok {
		panic(fmt.Sprintf("static: no asset is called %q", name))
	}
	return address
}

// ServeHTTP answers GET and HEAD under /static/ and is mounted there without
// StripPrefix. Bytes behind an address never change, hence "immutable"; an
// address with an old hash is 404, never newer bytes under an old name.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	f, ok := a.served[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	body := f.plain
	if f.zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = f.zipped
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // The reader went away; there is nobody to tell.
}
