package auth_test

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/errs"
)

// call sends a request through a gate and returns the answer and who it was.
// answered is what a request got.
type answered struct {
	StatusCode int
	Header     http.Header
	Cookies    []*http.Cookie
}

func call(t *testing.T, g *auth.Gate, r *http.Request) (answered, auth.Actor) {
	t.Helper()
	var who auth.Actor
	w := httptest.NewRecorder()
	g.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { who = auth.From(r.Context()) })).ServeHTTP(w, r)
	got := w.Result()
	_ = got.Body.Close()
	return answered{got.StatusCode, got.Header, got.Cookies()}, who
}

func gate(t *testing.T, r *auth.Room, o auth.Options) *auth.Gate {
	t.Helper()
	o.Refuse = func(w http.ResponseWriter, _ *http.Request, err error) { w.WriteHeader(errs.CodeOf(err).HTTP()) }
	g, err := auth.NewGate(r, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTheGateKnowsACookieATokenAndNobody(t *testing.T) {
	h := lite(t)
	h.add("a@x.example", auth.Analyst, 0)
	a, opened := h.enter("a@x.example")
	for _, secure := range []bool{false, true} {
		name := map[bool]string{false: "tocsin", true: "__Host-tocsin"}[secure]
		g := gate(t, h.Room, auth.Options{Secure: secure})
		w := httptest.NewRecorder()
		g.GiveCookie(w, opened)
		cookie := w.Result().Cookies()[0]
		if cookie.Name != name || !cookie.HttpOnly || cookie.Secure != secure || cookie.SameSite != http.SameSiteLaxMode ||
			cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge != 7*24*3600 {
			t.Errorf("cookie %+v", cookie)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(cookie)
		if _, who := call(t, g, r); who.ID != a.ID || who.Via != auth.ViaSession {
			t.Errorf("by cookie: %+v", who)
		}

		r = httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: name, Value: "stale"})
		got, who := call(t, g, r)
		if got.StatusCode != http.StatusOK || who.Known() || len(got.Cookies) != 1 || got.Cookies[0].MaxAge != -1 {
			t.Errorf("a stale cookie: %d, %+v, %v", got.StatusCode, who, got.Cookies)
		}
	}
	g := gate(t, h.Room, auth.Options{})
	if got, who := call(t, g, httptest.NewRequest(http.MethodGet, "/", nil)); got.StatusCode != http.StatusOK || who.Known() {
		t.Errorf("nobody: %d, %+v", got.StatusCode, who)
	}
	for header, status := range map[string]int{
		"Bearer " + h.first.Token: http.StatusOK, "bearer " + h.first.Token: http.StatusOK,
		"Bearer toc_nonsense": http.StatusUnauthorized, "Bearer ": http.StatusUnauthorized,
		"Basic YTpi": http.StatusUnauthorized, "Bearer " + opened.Secret: http.StatusUnauthorized,
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Authorization", header)
		r.Header.Set("Sec-Fetch-Site", "cross-site") // a token does not come by itself
		got, who := call(t, g, r)
		if got.StatusCode != status || (who.Via == auth.ViaToken) != (status == http.StatusOK) {
			t.Errorf("%.20s: %d, %+v", header, got.StatusCode, who)
		}
		if status != http.StatusOK && got.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%.20s: no WWW-Authenticate", header)
		}
	}
}

func TestAnotherSiteCannotActForWhoeverIsSignedIn(t *testing.T) {
	h := lite(t)
	h.add("a@x.example", auth.Analyst, 0)
	_, opened := h.enter("a@x.example")
	g := gate(t, h.Room, auth.Options{Origins: []string{"https://tocsin.city.example"}})
	for _, c := range []struct {
		method, header, value string
		want                  int
	}{
		{http.MethodGet, "Sec-Fetch-Site", "cross-site", http.StatusOK},
		{http.MethodPost, "Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		{http.MethodPost, "Sec-Fetch-Site", "same-site", http.StatusForbidden},
		{http.MethodPost, "Sec-Fetch-Site", "same-origin", http.StatusOK},
		{http.MethodDelete, "Origin", "https://evil.example", http.StatusForbidden},
		{http.MethodPost, "Origin", "http://example.com", http.StatusOK},
		{http.MethodPost, "Origin", "https://tocsin.city.example", http.StatusOK},
		{http.MethodPost, "Origin", "null", http.StatusForbidden},
		{http.MethodPost, "X-None", "curl", http.StatusOK},
	} {
		for _, signedIn := range []bool{true, false} {
			r := httptest.NewRequest(c.method, "/", nil) // its Host is example.com
			r.Header.Set(c.header, c.value)
			if signedIn {
				r.AddCookie(&http.Cookie{Name: "tocsin", Value: opened.Secret})
			}
			if got, _ := call(t, g, r); got.StatusCode != c.want {
				t.Errorf("%s with %s: %s: %d, want %d", c.method, c.header, c.value, got.StatusCode, c.want)
			}
		}
	}
	if _, err := auth.NewGate(h.Room, auth.Options{Origins: []string{"not an origin"}}); !errs.Is(err, errs.Usage) {
		t.Errorf("a bad origin: %v", err)
	}
}

func TestACallersAddressIsNotWhatItSays(t *testing.T) {
	h := lite(t)
	g := gate(t, h.Room, auth.Options{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.5:1000", "", "203.0.113.5"},
		{"203.0.113.5:1000", "192.0.2.1", "203.0.113.5"},
		{"10.1.1.1:1000", "192.0.2.1", "192.0.2.1"},
		{"10.1.1.1:1000", "1.1.1.1, 192.0.2.1, 10.2.2.2", "192.0.2.1"},
		{"10.1.1.1:1000", "nonsense", "10.1.1.1"},
		{"10.1.1.1:1000", "", "10.1.1.1"},
		{"[::ffff:203.0.113.5]:1000", "", "203.0.113.5"},
		{"[2001:db8::1]:1000", "", "2001:db8::1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := g.Address(r); got.String() != c.want {
			t.Errorf("%s with %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestALimiterLetsABurstPassAndThenOneAtATime(t *testing.T) {
	c := clock.NewStanding(time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC))
	l := auth.NewLimiter(c, 3, time.Second)
	for i := range 3 {
		if wait := l.Take("a"); wait != 0 {
			t.Fatalf("the burst, %d: %v", i, wait)
		}
	}
	if wait := l.Take("a"); wait != time.Second {
		t.Errorf("behind the burst: %v", wait)
	}
	if wait := l.Take("b"); wait != 0 {
		t.Errorf("another key: %v", wait)
	}
	c.Advance(time.Second)
	if l.Take("a") != 0 || l.Take("a") == 0 {
		t.Error("one a second")
	}
	l.Return("a")
	if l.Take("a") != 0 {
		t.Error("what was given back is not there")
	}
	c.Advance(time.Hour)
	for range 3 {
		if l.Take("a") != 0 {
			t.Error("the burst does not come back")
		}
	}
	if l.Take("a") == 0 {
		t.Error("an hour of rest saves more than a burst")
	}
}

func TestALimiterForgetsNobodyForACrowd(t *testing.T) {
	c := clock.NewStanding(time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC))
	l := auth.NewLimiter(c, 1, time.Hour)
	l.Take("known")
	passed := 0
	for i := range 150_000 {
		if l.Take(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String()) == 0 {
			passed++
		}
	}
	if passed > 100_001 {
		t.Errorf("%d strangers passed", passed)
	}
	if l.Take("known") == 0 {
		t.Error("the known one was forgotten for the crowd")
	}
	c.Advance(2 * time.Hour)
	if l.Take("new") != 0 {
		t.Error("room is never made again")
	}
}

func TestOneCustomerOfIPv6IsOneKey(t *testing.T) {
	key := func(s string) string { return auth.AddressKey(netip.MustParseAddr(s)) }
	if key("2001:db8:1:2::5") != key("2001:db8:1:2:ffff::9") || key("2001:db8:1:2::5") == key("2001:db8:1:3::5") {
		t.Error("a /64")
	}
	if key("::ffff:203.0.113.5") != "203.0.113.5" {
		t.Error("a v4 address in v6 clothes")
	}
}

func TestTheAcknowledgementLinkIsLimited(t *testing.T) {
	h := lite(t)
	g := gate(t, h.Room, auth.Options{})
	limited := g.Limit(auth.NewLimiter(h.clock, 2, time.Minute), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	var w *httptest.ResponseRecorder
	for range 3 {
		w = httptest.NewRecorder()
		limited.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/ack/x", nil))
	}
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "60" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}

func TestWhichPasswordsAreRefused(t *testing.T) {
	for word, want := range map[string]string{
		"":                                  "auth.password.short",
		"elevenchars":                       "auth.password.short",
		"mèo mèo mèo":                       "auth.password.short", // eleven characters, more bytes
		"aaaaaaaaaaaaaaaa":                  "auth.password.plain",
		"abcdefghijklmn":                    "auth.password.plain",
		"987654321098":                      "auth.password.plain",
		"password1234":                      "auth.password.common",
		"MatKhau12345":                      "auth.password.common",
		"mật khẩu mật khẩu":                 "auth.password.common",
		"tran.thi.an-2026":                  "auth.password.personal",
		"x TRẦN THỊ AN x":                   "auth.password.personal",
		"bảy con mèo đen":                   "",
		"correct battery horse":             "",
		"Không-có-gì-quý-hơn":               "",
		"đường về nhà":                      "", // twelve characters
		strings.Repeat("mười hai con ", 30): "auth.password.long",
		"bad utf-8 \xff\xfe\xfd here":       "auth.password.long",
	} {
		if got := auth.PasswordFault(word, "tran.thi.an@ward.example", "Trần Thị An"); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestTheIdsOfPeopleReadBack(t *testing.T) {
	if id, err := auth.ParseUserID("U12"); err != nil || id.String() != "U12" {
		t.Errorf("%v: %v", id, err)
	}
	for _, s := range []string{"", "U", "12", "T12", "U0", "U-1", "U012", "U+1", "U99999999999999999999"} {
		_, err := auth.ParseUserID(s)
		want(t, err, errs.NotFound, s)
	}
}

func FuzzWellFormed(f *testing.F) {
	f.Add("toc_")
	f.Add("toc_" + strings.Repeat("A", 48))
	zero := make([]byte, 32)
	good := "toc_" + base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(zero, crc32.ChecksumIEEE(zero)))
	if !auth.WellFormed(good) {
		f.Fatalf("%q does not pass", good)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, text string) {
		if !auth.WellFormed(text) {
			return
		}
		if len(text) != 52 || strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Fatalf("%q passes for a token", text)
		}
		for i := len("toc_"); i < len(text); i++ { // a CRC finds every single wrong character
			for _, c := range []byte("Az9_") {
				if text[i] != c && auth.WellFormed(text[:i]+string(c)+text[i+1:]) {
					t.Fatalf("%q with %c at %d passes too", text, c, i)
				}
			}
		}
	})
}
