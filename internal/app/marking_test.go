package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// listener is a receiver of webhooks that remembers what each of its addresses
// was told.
type listener struct {
	*httptest.Server
	mu   sync.Mutex
	told map[string]string
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{told: map[string]string{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.told[r.URL.Path] += string(body)
	}))
	t.Cleanup(l.Close)
	return l
}

// heard are the addresses that were told of a warning.
func (l *listener) heard(warning string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for path, text := range l.told {
		if strings.Contains(text, `"id":"`+warning+`"`) {
			all = append(all, path)
		}
	}
	slices.Sort(all)
	return all
}

// refusals are the attempts that the markings refused about a warning, as
// "channel relation marking", from the journal.
func refusals(t *testing.T, s *server, id string) []string {
	t.Helper()
	all, err := list[struct {
		Subject, Verb string
		Body          struct{ Channel, Relation, Marking, Reason string }
	}](t.Context(), s, "/journal?verb=warning.withheld,delivery.refused")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range all {
		if e.Subject != "warning:"+id {
			continue
		}
		if !strings.HasPrefix(e.Body.Reason, "tlp.reason."+e.Body.Marking+".no") {
			t.Errorf("%s without a reason: %+v", e.Verb, e.Body)
		}
		seen[e.Body.Channel+" "+e.Body.Relation+" "+e.Body.Marking] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// words is the text of a DOCX file.
func words(t *testing.T, docx []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAMarkingHoldsOnEveryChannel tries to send amber+strict and red to the wrong
// receivers by mail, letter, call, webhook and the officer's page. Whoever may not
// have it has not a word of the content; each attempt stands in the journal.
func TestAMarkingHoldsOnEveryChannel(t *testing.T) {
	k, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.close)
	s := &server{folder: t.TempDir(), clock: morning, smtp: k.url()}
	t.Cleanup(s.kill)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	importFiles(t, s, map[string]string{
		"bodies.csv": "code,name_vi,kind,parent,tier\nTP,Thành phố,city,,city\nW0,Phường Không,ward,TP,city\nW1,Phường Một,ward,TP,city\n",
		"contacts.csv": "organisation,name,email,phone,order,person\nTP,Sở,so@tp.example,+84 28 1000 0001,1,no\n" +
			"W0,Văn phòng,chung@w0.example,+84 28 1000 0002,1,no\nW0,Lan,lan@w0.example,+84 28 1000 0003,2,yes\nW1,Một,mot@w1.example,,1,no\n",
		"networks.csv": "organisation,kind,value\nW0,prefix,198.18.0.0/24\n",
	})
	post := func(path string, body, to any) {
		t.Helper()
		if err := s.call(t.Context(), "POST", path, body, to); err != nil {
			t.Fatal(err)
		}
	}
	post("/sources", map[string]string{"name": "strict", "format": "shadowserver", "tlp": "amber+strict"}, nil)
	post("/sources", map[string]string{"name": "red", "format": "shadowserver", "tlp": "red"}, nil)
	post("/routing", map[string]any{"id": 0, "place": 1, "name": "mọi kênh", "when": map[string]any{}, "then": map[string]any{
		"channels": []string{"mail", "letter", "call", "portal"}, "timing": "now",
		"extra": []map[string]string{{"name": "CERT", "email": "cert@partner.example", "as": "community"}, {"name": "Một", "email": "mot@w1.example", "as": "client"}},
	}}, nil)
	hooks := newListener(t)
	post("/webhooks", map[string]string{"url": hooks.URL + "/community"}, nil)
	post("/webhooks", map[string]string{"url": hooks.URL + "/above", "relation": "above"}, nil)
	post("/webhooks", map[string]string{"url": hooks.URL + "/own", "organisation": "W0"}, nil)
	tokens := map[string]string{}
	for _, of := range []string{"TP", "W0", "W1"} {
		if tokens[of], err = newcomer(t.Context(), s, "officer", of); err != nil {
			t.Fatal(err)
		}
	}
	get := func(of, path string) answer {
		t.Helper()
		got, err := s.ask(t.Context(), tokens[of], "GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	// What nobody may read who may not have the content.
	telling := func(text, address string) bool {
		return strings.Contains(text, address) || strings.Contains(text, strings.ReplaceAll(address, ".", "[.]"))
	}
	// reads checks what officers read who sign in: whole, notice or nothing.
	reads := func(id, address string, want map[string]string) {
		t.Helper()
		for of, how := range want {
			one, findings, text := get(of, "/api/v1/warnings/"+id), get(of, "/api/v1/findings"), ""
			for _, path := range []string{"/", "/warnings", "/warnings/" + id, "/findings", "/search?q=198.18.0", "/api/v1/warnings", "/api/v1/findings"} {
				text += string(get(of, path).body)
			}
			switch how {
			case "whole":
				if one.status != 200 || !strings.Contains(string(findings.body), address) {
					t.Errorf("officer of %s: %d %s", of, one.status, findings.body)
				}
			case "notice":
				if one.status != 200 || !strings.Contains(string(one.body), `"withheld":true`) || telling(text, address) {
					t.Errorf("officer of %s: %d %s, tells: %v", of, one.status, one.body, telling(text, address))
				}
			case "nothing":
				if one.status != 404 || telling(text, address) {
					t.Errorf("officer of %s: %d %s", of, one.status, one.body)
				}
			}
		}
	}

	// amber+strict: for the ward and nobody else.
	const strictly, secretly = "198.18.0.21", "198.18.0.22"
	hand(t, s, "strict", "2026-03-08-scan_rdp-w0.csv", scans(strictly))
	advance(t, s, "48h") // it climbs to the body above
	for to, whole := range map[string]bool{"chung@w0.example": true, "lan@w0.example": true, "so@tp.example": false, "cert@partner.example": false, "mot@w1.example": false} {
		letters := k.to(to)
		for _, l := range letters {
			if got := telling(l.Text+l.HTML+l.Files["evidence.csv"], strictly); got != whole {
				t.Errorf("amber+strict to %s: content %v", to, got)
			}
		}
		if arrives := to != "cert@partner.example" && to != "mot@w1.example"; arrives != (len(letters) > 0) {
			t.Errorf("amber+strict to %s: %d letters", to, len(letters))
		}
	}
	if got := hooks.heard("W1"); !slices.Equal(got, []string{"/own"}) {
		t.Errorf("webhooks told of amber+strict: %v", got)
	}
	if r, err := s.run(t.Context(), "warning", "letter", "W1"); err != nil || r.code != 0 {
		t.Errorf("a letter to the office itself: %v %s", err, r.err)
	}
	want := []string{"mail above amber+strict", "mail client amber+strict", "mail community amber+strict", "webhook above amber+strict", "webhook community amber+strict"}
	if got := refusals(t, s, "W1"); !slices.Equal(got, want) {
		t.Errorf("refused: %q, want %q", got, want)
	}
	reads("W1", strictly, map[string]string{"W0": "whole", "TP": "notice", "W1": "nothing"})

	// red: for individuals whom a person chooses, by mail, and nobody else.
	k.forget()
	hand(t, s, "red", "2026-03-08-scan_rdp-w0.csv", scans(secretly))
	for _, to := range []string{"chung@w0.example", "so@tp.example", "cert@partner.example"} {
		got, err := s.ask(t.Context(), s.token, "POST", "/api/v1/warnings/W2/send", []byte(`{"to":["`+to+`"]}`), "Content-Type", "application/json")
		if err != nil || got.status != http.StatusConflict {
			t.Errorf("red to %s: %v %d %s", to, err, got.status, got.body)
		}
	}
	post("/warnings/W2/send", map[string]any{"to": []string{"lan@w0.example"}}, nil)
	settle(t, s)
	if r, err := s.run(t.Context(), "warning", "letter", "W2"); err != nil || r.code != 6 {
		t.Errorf("a letter of red: %v, exit %d", err, r.code)
	}
	advance(t, s, "48h")
	for _, l := range k.to("") {
		if got, whole := telling(l.Text+l.HTML+l.Files["evidence.csv"], secretly), l.To == "lan@w0.example" && l.Header.Get("X-Tocsin-Warning") == "W2"; got && !whole {
			t.Errorf("red to %s: %s", l.To, l.Text)
		}
	}
	if first := k.to("lan@w0.example"); len(first) == 0 || !telling(first[0].Text, secretly) {
		t.Error("the individual was not told")
	}
	if got := hooks.heard("W2"); len(got) != 0 {
		t.Errorf("webhooks told of red: %v", got)
	}
	all, err := list[struct {
		ledgerLine
		Warning string
		Notice  bool
	}](t.Context(), s, "/deliveries")
	if err != nil {
		t.Fatal(err)
	}
	channels := map[string]bool{}
	for _, d := range all {
		if d.Warning != "W2" {
			continue
		}
		channels[d.Channel] = true
		if !d.Notice && d.Recipient != "lan@w0.example" {
			t.Errorf("red with its content by %s to %s", d.Channel, d.Recipient)
		}
		if d.Channel == "letter" {
			got, err := s.ask(t.Context(), s.token, "GET", "/api/v1/deliveries/"+d.ID+"/letter?format=docx", nil)
			if err != nil || got.status != 200 || telling(words(t, got.body), secretly) {
				t.Errorf("letter %s: %v %d", d.ID, err, got.status)
			}
		}
	}
	for _, c := range []string{"mail", "letter", "call", "portal"} {
		if !channels[c] {
			t.Errorf("red was not tried by %s: the test shows nothing", c)
		}
	}
	want = []string{
		"call concerned red", "letter concerned red", "mail above red", "mail client red", "mail community red", "mail concerned red", "portal concerned red",
		"webhook above red", "webhook community red", "webhook concerned red",
	}
	if got := refusals(t, s, "W2"); !slices.Equal(got, want) {
		t.Errorf("refused: %q, want %q", got, want)
	}
	reads("W2", secretly, map[string]string{"W0": "notice", "TP": "notice", "W1": "nothing"})
	if v := verify(t, s, ""); !v.OK {
		t.Errorf("verify: %+v", v)
	}
	var ledger []json.RawMessage
	if err := s.call(t.Context(), "GET", "/journal?verb=delivery.refused", nil, &struct{ Items *[]json.RawMessage }{&ledger}); err != nil || len(ledger) != 5 {
		t.Errorf("%d webhooks refused, %v", len(ledger), err)
	}
}
