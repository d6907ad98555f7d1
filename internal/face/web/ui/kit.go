package ui

import (
	"embed"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/i18n"
	"tocsin/internal/face/web/static"
)

//go:embed texts
var texts embed.FS

// Texts is the catalogue of the parts' own words, for i18n.Bundle.Add.
func Texts() fs.FS { return texts }

// Policy is the Content-Security-Policy that every page keeps: nothing inline,
// nothing from elsewhere, no frame around us.
const Policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// The cookies of a reader's two preferences, and of a message that waits for
// the next page. None of them says who the reader is.
const (
	languageCookie = "tocsin_language"
	themeCookie    = "tocsin_theme"
	flashCookie    = "tocsin_flash"
)

// Deps is what a Kit needs. Bundle and Clock are required; Bundle must hold
// Texts.
type Deps struct {
	Bundle *i18n.Bundle
	Clock  clock.Clock
	Assets *static.Assets           // nil: built here
	City   func(lang string) string // the line under the name; nil: none
	Places Places                   // zero: DefaultPlaces
}

// Places are the few addresses that the shells themselves link to.
type Places struct {
	Home, Search, Account, SignIn, SignOut, Preferences string
}

// DefaultPlaces are the addresses used where Deps.Places is the zero value.
func DefaultPlaces() Places {
	return Places{
		Home: "/", Search: "/search", Account: "/account", SignIn: "/sign-in", SignOut: "/sign-out",
		Preferences: "/preferences",
	}
}

// Kit makes pages. It is built once, is safe for concurrent use, and is the
// only way to get a *Page with its assets.
type Kit struct {
	bundle *i18n.Bundle
	clock  clock.Clock
	assets *static.Assets
	city   func(lang string) string
	places Places
}

// New checks nothing and wires everything.
func New(d Deps) *Kit {
	k := &Kit{bundle: d.Bundle, clock: d.Clock, assets: d.Assets, city: d.City, places: d.Places}
	if k.assets == nil {
		k.assets = static.New()
	}
	if k.places == (Places{}) {
		k.places = DefaultPlaces()
	}
	return k
}

// Static serves the assets; mount it at "/static/" without StripPrefix.
func (k *Kit) Static() http.Handler { return k.assets }

// Page starts the page that answers r, in the reader's language and theme, at
// the clock's present time, with a banner where the clock is not the real one.
// It takes a message that SetFlash left and clears it, which is why it wants w
// before anything is written. Title, Person and Nav are the caller's to set.
func (k *Kit) Page(w http.ResponseWriter, r *http.Request) *Page {
	now := k.clock.Now()
	address := *r.URL
	address.Scheme, address.Host, address.User, address.Fragment = "", "", nil, ""
	p := &Page{
		Voice:   k.bundle.In(Language(r)),
		Now:     now,
		URL:     &address,
		Theme:   ThemeOf(r),
		Clock:   k.banner(now),
		Flashes: takeFlash(w, r),
		places:  k.places,
		assets:  k.assets,
	}
	if k.city != nil {
		p.City = k.city(p.Lang())
	}
	return p
}

// Speak makes the page speak another language than the reader's cookie says,
// such as the language of the contact whom a mail link was sent to.
func (k *Kit) Speak(p *Page, lang string) {
	p.Voice = k.bundle.In(lang)
	if k.city != nil {
		p.City = k.city(p.Lang())
	}
}

func (k *Kit) banner(now time.Time) ClockBanner {
	switch k.clock.(type) {
	case *clock.Standing:
		return ClockBanner{Kind: ClockStanding, At: now}
	case *clock.Fast:
		return ClockBanner{Kind: ClockDemo, At: now}
	}
	return ClockBanner{}
}

// Language is the reader's choice: the cookie, else ?lang= (mail links carry
// it), else Vietnamese.
func Language(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && known(c.Value) {
		return c.Value
	}
	if lang := r.URL.Query().Get("lang"); known(lang) {
		return lang
	}
	return i18n.Vietnamese
}

func known(lang string) bool { return lang == i18n.Vietnamese || lang == i18n.English }

// ThemeOf is the reader's choice of theme, ThemeAuto where none was made.
func ThemeOf(r *http.Request) Theme {
	c, err := r.Cookie(themeCookie)
	if err != nil {
		return ThemeAuto
	}
	switch t := Theme(c.Value); t {
	case ThemeLight, ThemeDark:
		return t
	case ThemeAuto:
	}
	return ThemeAuto
}

// Preferences answers POST /preferences from the language and theme switches:
// it sets the cookie and goes back to the page the reader was on. It needs no
// session, because citizens choose too.
func (k *Kit) Preferences(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if lang := r.PostFormValue("language"); known(lang) {
		setCookie(w, r, languageCookie, lang, 365*24*time.Hour)
	}
	switch t := Theme(r.PostFormValue("theme")); t {
	case ThemeLight, ThemeDark, ThemeAuto:
		setCookie(w, r, themeCookie, string(t), 365*24*time.Hour)
	}
	http.Redirect(w, r, local(r.PostFormValue("back")), http.StatusSeeOther)
}

// local keeps a redirect inside this site: an address that is not a plain path
// of ours becomes the front page.
func local(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(back, "/") ||
		strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n\t") {
		return "/"
	}
	return back
}

func setCookie(w http.ResponseWriter, r *http.Request, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
}

// SetFlash leaves a message for the next page this reader opens; call it
// before redirecting after an act that succeeded.
func SetFlash(w http.ResponseWriter, r *http.Request, f Flash) {
	raw, err := json.Marshal(f)
	if err != nil {
		panic("ui: a flash is two strings and a tone: " + err.Error())
	}
	setCookie(w, r, flashCookie, base64.RawURLEncoding.EncodeToString(raw), time.Minute)
}

func takeFlash(w http.ResponseWriter, r *http.Request) []Flash {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil // Not ours; a message is no reason to fail a page.
	}
	var f Flash
	if json.Unmarshal(raw, &f) != nil || f.Text == "" {
		return nil
	}
	if f.Href != "" {
		f.Href = local(f.Href)
	}
	return []Flash{f}
}
