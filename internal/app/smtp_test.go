package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// troubled is a server over eight wards whose mail goes to a sink.
func troubled(t *testing.T, address string) (*server, *sink) {
	t.Helper()
	k, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.close)
	s := &server{folder: t.TempDir(), db: address, clock: morning, smtp: k.url()}
	t.Cleanup(s.kill)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	settleWards(t, s)
	return s, k
}

// ledger is the deliveries by recipient, those of mail.
func ledger(t *testing.T, s *server) map[string]ledgerLine {
	t.Helper()
	all, err := list[ledgerLine](t.Context(), s, "/deliveries")
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]ledgerLine{}
	for _, d := range all {
		if d.Channel == "mail" {
			if other, twice := by[d.Recipient]; twice {
				t.Errorf("%s has two deliveries: %s and %s", d.Recipient, other.ID, d.ID)
			}
			if err := s.call(t.Context(), "GET", "/deliveries/"+d.ID, nil, &d); err != nil {
				t.Fatal(err)
			}
			by[d.Recipient] = d
		}
	}
	return by
}

func advance(t *testing.T, s *server, by string) {
	t.Helper()
	if r, err := s.run(t.Context(), "clock", "advance", by); err != nil || r.code != 0 {
		t.Fatalf("advance: %v, exit %d: %s", err, r.code, r.err)
	}
	settle(t, s)
}

// eventually waits for something that no settling waits for.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestAMailServerThatMisbehaves warns eight wards at once: each recipient meets
// another mood, and none stops another. Each delivery ends in the state that
// belongs to what happened, and in the end all that may arrive has arrived.
func TestAMailServerThatMisbehaves(t *testing.T) {
	eachEngine(t, func(t *testing.T, fresh func() string) {
		t.Parallel()
		s, k := troubled(t, fresh())
		box := func(n int) string { return fmt.Sprintf("w%d@wards.example", n) }
		moods := map[int]mood{1: refusing, 2: greyish, 3: stalling, 4: dropping, 5: losing, 6: full, 7: scolding}
		for n, m := range moods {
			k.treat(box(n), m)
		}
		var all []string
		for n := range 8 {
			all = append(all, fmt.Sprintf("198.18.%d.1", n))
		}
		got, err := s.ask(t.Context(), s.token, "POST", "/api/v1/sources/shadow/documents", []byte(scans(all...)), "X-Filename", "2026-03-08-scan_rdp-tp.csv")
		if err != nil || got.status != 201 {
			t.Fatalf("hand in: %v %d %s", err, got.status, got.body)
		}
		// The one that stalls holds one line; everybody else has an outcome at once.
		eventually(t, "all but the stalled one tried", func() bool {
			waiting := 0
			for _, d := range ledger(t, s) {
				if d.State == "due" {
					waiting++
				}
			}
			return waiting == 1 && len(ledger(t, s)) == 8
		})
		expect := func(n int, state, reply string, attempts int64) {
			t.Helper()
			d := ledger(t, s)[box(n)]
			if !slices.Contains(strings.Split(state, "|"), d.State) || !strings.Contains(d.Reply, reply) || d.Attempts != attempts {
				t.Errorf("%s: %s %q after %d attempts, want %s %q after %d", box(n), d.State, d.Reply, d.Attempts, state, reply, attempts)
			}
		}
		expect(0, "handed_over", "250", 1)
		expect(1, "bounced", "550", 1)
		expect(2, "deferred", "451", 1)
		expect(3, "due", "", 1)
		expect(4, "deferred|uncertain", "", 1) // whether the whole message had left, the system's buffers decide
		expect(5, "uncertain", "", 1)
		expect(6, "deferred", "452", 1)
		expect(7, "failed", "554", 1)
		if n := len(k.to(box(0))); n != 1 {
			t.Errorf("the kind recipient has %d letters", n)
		}

		// Everybody comes to their senses. What was refused stays refused.
		for n := range moods {
			k.treat(box(n), kind)
		}
		settle(t, s)
		expect(3, "uncertain", "", 1) // the line broke while the answer was awaited
		advance(t, s, "2m")
		expect(1, "bounced", "550", 1)
		expect(2, "handed_over", "250", 2)
		expect(3, "handed_over", "250", 2)
		expect(4, "handed_over", "250", 2)
		expect(5, "handed_over", "250", 2)
		expect(6, "handed_over", "250", 2)
		expect(7, "failed", "554", 1)
		for n, want := range map[int]int{1: 0, 2: 1, 3: 1, 4: 1, 5: 2, 6: 1, 7: 0} {
			letters := k.to(box(n))
			if len(letters) != want {
				t.Errorf("%s has %d letters, want %d", box(n), len(letters), want)
			}
			for _, l := range letters {
				if id := l.Header.Get("Message-Id"); id != ledger(t, s)[box(n)].MessageID {
					t.Errorf("%s: Message-ID %s is not that of the ledger", box(n), id)
				}
			}
		}
		if lost := ledger(t, s)[box(5)]; len(lost.Tries) != 2 || lost.Tries[0].Outcome != "uncertain" {
			t.Errorf("the ledger of the lost answer: %+v", lost.Tries)
		}
		if v := verify(t, s, ""); !v.OK {
			t.Errorf("verify: %+v", v)
		}
	})
}

// TestAMailServerThatIsAway costs no attempts, names itself when asked why
// nothing settles, and gets everything when it is back.
func TestAMailServerThatIsAway(t *testing.T) {
	s, k := troubled(t, "")
	address := k.address
	k.close()
	got, err := s.ask(t.Context(), s.token, "POST", "/api/v1/sources/shadow/documents", []byte(scans("198.18.0.1", "198.18.1.1")), "X-Filename", "2026-03-08-scan_rdp-tp.csv")
	if err != nil || got.status != 201 {
		t.Fatalf("hand in: %v %d %s", err, got.status, got.body)
	}
	eventually(t, "the laggard is the post, and says which server is away", func() bool {
		r, err := s.run(t.Context(), "settle", "--timeout", "1s")
		return err == nil && r.code == 1 && strings.Contains(r.err, "post") && strings.Contains(r.err, address)
	})
	for to, d := range ledger(t, s) {
		if d.State != "due" || d.Attempts != 0 {
			t.Errorf("%s: %s after %d attempts", to, d.State, d.Attempts)
		}
	}
	back, err := newSinkAt(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(back.close)
	settle(t, s)
	for to, d := range ledger(t, s) {
		if d.State != "handed_over" || d.Attempts != 1 || len(back.to(to)) != 1 {
			t.Errorf("%s: %s after %d attempts, %d letters", to, d.State, d.Attempts, len(back.to(to)))
		}
	}
}

// TestAGreylistThatNeverEnds is given up after a number of attempts, and the
// warning climbs meanwhile as for anybody who does not answer.
func TestAGreylistThatNeverEnds(t *testing.T) {
	s, k := troubled(t, "")
	k.treat("w1@wards.example", greyish)
	hand(t, s, "shadow", "2026-03-08-scan_rdp-tp.csv", scans("198.18.1.1"))
	advance(t, s, "72h")
	d := ledger(t, s)["w1@wards.example"]
	if d.State != "failed" || d.Attempts < 3 || d.Attempts > 20 {
		t.Errorf("%s after %d attempts: %s", d.State, d.Attempts, d.Reply)
	}
}

// TestWebhooksAreSigned tells a webhook what happens to warnings, and checks each
// call as its receiver would (Standard Webhooks 1.0).
func TestWebhooksAreSigned(t *testing.T) {
	s, k := troubled(t, "")
	type call struct {
		header http.Header
		body   []byte
	}
	var mu sync.Mutex
	var calls []call
	broken := true
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if broken {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		calls = append(calls, call{r.Header.Clone(), body})
	}))
	defer receiver.Close()
	var hook struct{ ID, Secret string }
	if err := s.call(t.Context(), "POST", "/webhooks", map[string]string{"url": receiver.URL + "/in", "relation": "above"}, &hook); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.ask(t.Context(), s.token, "GET", "/api/v1/webhooks", nil); strings.Contains(string(got.body), hook.Secret) || hook.Secret == "" {
		t.Errorf("the list tells the secret")
	}
	hand(t, s, "shadow", "2026-03-08-scan_rdp-tp.csv", scans("198.18.0.1"))
	if len(k.to("w0@wards.example")) != 1 {
		t.Error("a broken webhook stopped the mail")
	}
	mu.Lock()
	broken = false
	mu.Unlock()
	advance(t, s, "10m")
	mu.Lock()
	if len(calls) != 1 {
		t.Fatalf("%d calls", len(calls))
	}
	first := calls[0]
	mu.Unlock()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hook.Secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", first.header.Get("Webhook-Id"), first.header.Get("Webhook-Timestamp"), first.body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); first.header.Get("Webhook-Signature") != want {
		t.Errorf("signature %q, want %q", first.header.Get("Webhook-Signature"), want)
	}
	var said map[string]any
	if err := json.Unmarshal(first.body, &said); err != nil || !strings.Contains(string(first.body), "W1") {
		t.Errorf("%v: %s", err, first.body)
	}
	if r, err := s.run(t.Context(), "warning", "ack", "W1"); err != nil || r.code != 0 {
		t.Fatalf("ack: %v %s", err, r.err)
	}
	settle(t, s)
	mu.Lock()
	defer mu.Unlock()
	if len(calls) != 2 || !strings.Contains(string(calls[1].body), "acknowledged") || calls[0].header.Get("Webhook-Id") == calls[1].header.Get("Webhook-Id") {
		t.Errorf("%d calls after the acknowledgement", len(calls))
	}
	// Nobody reads the city's private networks by way of a webhook.
	for _, url := range []string{"http://10.0.0.1/x", "http://169.254.169.254/latest", "https://10.0.0.1/", "ftp://example.org/", "file:///etc/passwd"} {
		if got, err := s.ask(t.Context(), s.token, "POST", "/api/v1/webhooks", []byte(`{"url":"`+url+`"}`), "Content-Type", "application/json"); err != nil || got.status != 422 {
			t.Errorf("webhook %s: %v %d", url, err, got.status)
		}
	}
}

// TestTheLetter is made beside the mail and can be downloaded to be signed, as
// DOCX and as PDF; a person records that it was posted.
func TestTheLetter(t *testing.T) {
	s, _ := troubled(t, "")
	hand(t, s, "shadow", "2026-03-08-scan_rdp-tp.csv", scans("198.18.0.1"))
	run := func(want int, args ...string) string {
		t.Helper()
		r, err := s.run(t.Context(), args...)
		if err != nil || r.code != want {
			t.Fatalf("%v: %v, exit %d: %s%s", args, err, r.code, r.out, r.err)
		}
		return r.out
	}
	run(0, "warning", "letter", "W1")
	settle(t, s)
	var letters []ledgerLine
	all, err := list[ledgerLine](t.Context(), s, "/deliveries")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.Channel == "letter" {
			letters = append(letters, d)
		}
	}
	if len(letters) != 1 || letters[0].State != "due" {
		t.Fatalf("letters: %+v", letters)
	}
	for format, magic := range map[string]string{"docx": "PK\x03\x04", "pdf": "%PDF-"} {
		got, err := s.ask(t.Context(), s.token, "GET", "/api/v1/deliveries/"+letters[0].ID+"/letter?format="+format, nil)
		if err != nil || got.status != 200 || !strings.HasPrefix(string(got.body), magic) || len(got.body) < 2000 {
			t.Errorf("%s: %v %d, %d bytes", format, err, got.status, len(got.body))
		}
		if d := got.header.Get("Content-Disposition"); !strings.Contains(d, "attachment") || !strings.Contains(d, "."+format) {
			t.Errorf("%s: Content-Disposition %q", format, d)
		}
	}
	if got, err := s.ask(t.Context(), s.token, "GET", "/api/v1/deliveries/"+letters[0].ID+"/letter?format=exe", nil); err != nil || got.status != 422 {
		t.Errorf("exe: %v %d", err, got.status)
	}
	if err := s.call(t.Context(), "POST", "/deliveries/"+letters[0].ID+"/record", map[string]string{"result": "posted", "note": "công văn 12/CV"}, nil); err != nil {
		t.Error(err)
	}
	var d ledgerLine
	if err := s.call(t.Context(), "GET", "/deliveries/"+letters[0].ID, nil, &d); err != nil || d.State != "handed_over" {
		t.Errorf("%v: %+v", err, d)
	}
	if v := verify(t, s, ""); !v.OK {
		t.Errorf("verify: %+v", v)
	}
}
