package fetch_test

import (
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/fetch"
)

// local is a client that may reach a server of this test, with the server's own
// certificate.
func local(t *testing.T, s *httptest.Server, change func(*fetch.Options)) *fetch.Client {
	t.Helper()
	guard, err := fetch.Allow("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	o := fetch.Options{Guard: guard, Plain: true}
	if s.Certificate() != nil {
		o.Roots = x509.NewCertPool()
		o.Roots.AddCert(s.Certificate())
	}
	if change != nil {
		change(&o)
	}
	c := fetch.New(o)
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, f http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s
}

func read(t *testing.T, r fetch.Result) (string, error) {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	return string(b), errors.Join(err, r.Body.Close())
}

func TestACopyAtHandIsNotFetchedAgain(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Last-Modified", "Sun, 01 Mar 2026 00:00:00 GMT")
		if r.Header.Get("If-None-Match") == `"v1"` && r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, r.UserAgent()+" "+r.Header.Get("Authorization"))
	})
	c := local(t, s, nil)
	r, err := c.Do(t.Context(), fetch.Request{URL: s.URL, Header: http.Header{"Authorization": {"k"}}})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := read(t, r); err != nil || text != "Tocsin k" {
		t.Fatalf("%q, %v", text, err)
	}
	r, err = c.Do(t.Context(), fetch.Request{URL: s.URL, ETag: r.ETag, LastModified: r.LastModified})
	if err != nil || !r.NotModified || r.ETag != `"v1"` {
		t.Fatalf("%+v, %v", r, err)
	}
	if text, err := read(t, r); err != nil || text != "" {
		t.Fatalf("%q, %v", text, err)
	}
}

func TestAnAnswerIsUnpackedWithinLimits(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Error("asked for", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer func() { _ = z.Close() }()
		switch r.URL.Path {
		case "/bomb":
			_, _ = io.CopyN(z, zero{}, 64<<20)
		case "/large":
			for i := range 3000 {
				_, _ = io.WriteString(z, strings.Repeat(string(rune('a'+i%26)), i%97))
			}
		case "/cut":
			_, _ = io.WriteString(z, "all that there is")
			_ = z.Flush()
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			_, _ = io.WriteString(z, "plain")
		}
	})
	c := local(t, s, nil)
	for _, test := range []struct {
		path string
		most int64
		code errs.Code
		text string
	}{
		{"/", 0, 0, "plain"},
		{"/bomb", 0, errs.TooLarge, "times its size"},
		{"/large", 1000, errs.TooLarge, "more than 1000 bytes"},
		{"/cut", 0, errs.Unavailable, "breaks off"},
	} {
		r, err := c.Do(t.Context(), fetch.Request{URL: s.URL + test.path, MaxBody: test.most})
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if test.code == 0 {
			if err != nil || string(b) != test.text {
				t.Errorf("%s: %q, %v", test.path, b, err)
			}
			continue
		}
		if !errs.Is(err, test.code) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v, want %v %q", test.path, err, test.code, test.text)
		}
	}
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWhatCannotBeHadSaysWhyAndWhenToComeAgain(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/401":
			w.WriteHeader(http.StatusUnauthorized)
		case "/404":
			w.WriteHeader(http.StatusNotFound)
		case "/410":
			w.WriteHeader(http.StatusGone)
		case "/429":
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/503":
			w.Header().Set("Retry-After", "Sun, 01 Mar 2026 00:05:00 GMT")
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/br":
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "x")
		case "/long":
			w.Header().Set("Content-Length", "5000")
			_, _ = io.WriteString(w, strings.Repeat("x", 5000))
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/stall":
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	})
	c := local(t, s, func(o *fetch.Options) {
		o.Clock, o.MaxBody, o.Stall = clock.NewStanding(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), 1000, 200*time.Millisecond
	})
	for _, test := range []struct {
		path  string
		code  errs.Code
		after time.Duration
	}{
		{"/401", errs.Denied, 0},
		{"/404", errs.NotFound, 0},
		{"/410", errs.Gone, 0},
		{"/429", errs.TooMany, 2 * time.Minute},
		{"/503", errs.Unavailable, 5 * time.Minute},
		{"/br", errs.Unavailable, 0},
		{"/long", errs.TooLarge, 0},
		{"/round", errs.Unavailable, 0},
		{"/stall", errs.Unavailable, 0},
	} {
		r, err := c.Do(t.Context(), fetch.Request{URL: s.URL + test.path})
		if err == nil {
			_, err = io.ReadAll(r.Body)
			_ = r.Body.Close()
		}
		if !errs.Is(err, test.code) || fetch.RetryAfter(err) != test.after {
			t.Errorf("%s: %v (%v), after %s", test.path, err, errs.CodeOf(err), fetch.RetryAfter(err))
		}
	}
	for _, address := range []string{"", "ftp://a.example/", "https://", "https://a:b@a.example/", "//a.example", "file:///etc/passwd"} {
		if _, err := c.Do(t.Context(), fetch.Request{URL: address}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestPlainHTTPAndStrangeCertificatesAreRefused(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	t.Cleanup(secure.Close)
	if _, err := local(t, secure, func(o *fetch.Options) { o.Roots = nil }).Do(t.Context(), fetch.Request{URL: secure.URL}); !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
	r, err := local(t, secure, nil).Do(t.Context(), fetch.Request{URL: secure.URL})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := read(t, r); err != nil || text != "ok" {
		t.Errorf("%q, %v", text, err)
	}
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("was reached") })
	if _, err := local(t, plain, func(o *fetch.Options) { o.Plain = false }).Do(t.Context(), fetch.Request{URL: plain.URL}); !errs.Is(err, errs.Denied) {
		t.Errorf("plain http: %v", err)
	}
	down := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	t.Cleanup(down.Close)
	if _, err := local(t, down, nil).Do(t.Context(), fetch.Request{URL: down.URL}); !errs.Is(err, errs.Denied) {
		t.Errorf("from https to http: %v", err)
	}
}

func TestAKeyDoesNotFollowARedirectToAnotherOrigin(t *testing.T) {
	var got []string
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header.Get("Authorization")) })
	here := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		if r.URL.Path == "/same" {
			http.Redirect(w, r, "/away", http.StatusFound)
			return
		}
		http.Redirect(w, r, other.URL, http.StatusFound)
	})
	r, err := local(t, here, nil).Do(t.Context(), fetch.Request{URL: here.URL + "/same", Header: http.Header{"Authorization": {"k"}}})
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if strings.Join(got, ",") != "k,k," {
		t.Errorf("keys: %q", got)
	}
}

func TestTheDialledAddressIsLookedAt(t *testing.T) {
	reached := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("was reached") })
	_, port, err := net.SplitHostPort(reached.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := fetch.New(fetch.Options{Plain: true})
	defer c.Close()
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "0x7f000001", "127.1"} {
		_, err := c.Do(t.Context(), fetch.Request{URL: "http://" + host + ":" + port})
		if err == nil || host != "0x7f000001" && host != "127.1" && !errs.Is(err, errs.Denied) {
			t.Errorf("%s: %v", host, err)
		}
	}
	bounce := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	})
	if _, err := local(t, bounce, nil).Do(t.Context(), fetch.Request{URL: bounce.URL}); !errs.Is(err, errs.Denied) {
		t.Errorf("redirect to the metadata service: %v", err)
	}
}

func TestAListedHostMayBePrivate(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") })
	guard, err := fetch.Allow("localhost")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c := fetch.New(fetch.Options{Guard: guard, Plain: true})
	defer c.Close()
	r, err := c.Do(t.Context(), fetch.Request{URL: "http://localhost:" + port})
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if _, err := c.Do(t.Context(), fetch.Request{URL: "http://127.0.0.1:" + port}); !errs.Is(err, errs.Denied) {
		t.Errorf("an address that is not listed: %v", err)
	}
	for _, wrong := range []string{"", "a b", "10.0.0.0/99", "http://x"} {
		if _, err := fetch.Allow(wrong); !errs.Is(err, errs.Usage) {
			t.Errorf("allow %q: %v", wrong, err)
		}
	}
}

func TestOnlyPublicAddressesAreReached(t *testing.T) {
	for _, text := range []string{
		"127.0.0.1", "10.1.2.3", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "0.0.0.0", "224.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:8.8.8.8", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::", "2001::1", "fe80::1%eth0", "fd00:ec2::254", "ff02::1", "::7f00:1",
	} {
		if err := (&fetch.Guard{}).Check(netip.MustParseAddr(text)); !errs.Is(err, errs.Denied) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"8.8.8.8", "172.32.0.1", "2606:4700::1111", "169.253.0.1"} {
		if err := (&fetch.Guard{}).Check(netip.MustParseAddr(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// No address that an IPv4 router of ours would keep inside passes, by whatever
// IPv6 form it comes.
func TestNoPrivateAddressPassesInAnyForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := [4]byte{rapid.SampledFrom([]byte{10, 127, 192, 169, 172}).Draw(t, "first"), rapid.Byte().Draw(t, "b"), rapid.Byte().Draw(t, "c"), rapid.Byte().Draw(t, "d")}
		switch b[0] {
		case 192:
			b[1] = 168
		case 169:
			b[1] = 254
		case 172:
			b[1] = 16 + b[1]%16
		}
		var mapped, nat, six [16]byte
		mapped = netip.AddrFrom4(b).As16()
		copy(nat[:], []byte{0, 0x64, 0xff, 0x9b})
		copy(nat[12:], b[:])
		copy(six[:], []byte{0x20, 0x02})
		copy(six[2:], b[:])
		for _, a := range []netip.Addr{netip.AddrFrom4(b), netip.AddrFrom16(mapped), netip.AddrFrom16(nat), netip.AddrFrom16(six)} {
			if err := (&fetch.Guard{}).Check(a); !errs.Is(err, errs.Denied) {
				t.Fatalf("%s: %v", a, err)
			}
		}
	})
}

func TestBackoffGrowsAndEnds(t *testing.T) {
	if fetch.Backoff(0, 0) != 0 || fetch.Backoff(1, 0) != time.Minute || fetch.Backoff(4, 0) != 8*time.Minute || fetch.Backoff(1, 1) != 30*time.Second {
		t.Error(fetch.Backoff(0, 0), fetch.Backoff(1, 0), fetch.Backoff(4, 0), fetch.Backoff(1, 1))
	}
	rapid.Check(t, func(t *rapid.T) {
		n, j := rapid.IntRange(1, 1<<40).Draw(t, "failures"), rapid.Float64Range(0, 1).Draw(t, "jitter")
		d := fetch.Backoff(n, j)
		if d < 30*time.Second || d > 6*time.Hour || fetch.Backoff(n+1, j) < d {
			t.Fatal(d)
		}
	})
}

func TestACancelledRequestEnds(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := local(t, s, nil).Do(ctx, fetch.Request{URL: s.URL}); !errs.Is(err, errs.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
