package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/face/api"
	"tocsin/internal/face/api/apitest"
)

// A guest calls the API of a house with a token.
type guest struct {
	t     *testing.T
	url   string
	token string
}

// answer is what a call came to.
type answer struct {
	status int
	kind   string
	body   []byte
}

func (g guest) call(method, path, kind string, body io.Reader) answer {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.url+api.Prefix+path, body)
	if err != nil {
		g.t.Fatal(err)
	}
	if g.token != "" {
		r.Header.Set("Authorization", "Bearer "+g.token)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("X-Filename", "telnet.csv")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	raw, err := io.ReadAll(a.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return answer{status: a.StatusCode, kind: a.Header.Get("Content-Type"), body: raw}
}

func (g guest) get(path string) answer { return g.call(http.MethodGet, path, "", nil) }

func (g guest) post(path string, body any) answer {
	raw, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	return g.call(http.MethodPost, path, "application/json", bytes.NewReader(raw))
}

func (a answer) into(t *testing.T, status int, v any) {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

func (a answer) problem(t *testing.T) api.Problem {
	t.Helper()
	var p api.Problem
	if a.kind != "application/problem+json" {
		t.Fatalf("answered %s: %s", a.kind, a.body)
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != a.status {
		t.Errorf("the document says %d, the answer %d", p.Status, a.status)
	}
	return p
}

// furnish imports the estate and makes an officer of the first ward.
func furnish(t *testing.T) (h *apitest.House, admin, officer guest) {
	t.Helper()
	h = apitest.Build(t)
	admin = guest{t, h.URL, h.Admin}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, text := range map[string]string{"addresses.csv": apitest.Addresses, "organisations.csv": apitest.Organisations} {
		part, err := w.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var imported []struct {
		New     int
		Refused []any
	}
	admin.call(http.MethodPost, "/estate/import", w.FormDataContentType(), &form).into(t, 200, &imported)
	if len(imported) != 2 || imported[0].New+imported[1].New != 5 {
		t.Fatalf("imported %+v", imported)
	}
	var made api.Invited
	admin.post("/users", map[string]string{"email": "officer@q1.example", "role": "officer", "organisation": "q1"}).into(t, 201, &made)
	if made.Invite == nil || !strings.HasPrefix(*made.Invite, "https://tocsin.example/invite/") {
		t.Fatalf("invited %+v", made)
	}
	var token api.NewToken
	admin.post("/tokens", map[string]string{"user": "officer@q1.example"}).into(t, 201, &token)
	return h, admin, guest{t, h.URL, token.Token}
}

// deliver hands in the report and waits until it is read.
func deliver(t *testing.T, admin guest) api.Document {
	t.Helper()
	admin.post("/sources", map[string]string{"name": "shadow", "format": "shadowserver"}).into(t, 201, &api.Source{})
	var up api.Uploaded
	admin.call(http.MethodPost, "/sources/shadow/documents", "application/octet-stream", strings.NewReader(apitest.Report)).into(t, 201, &up)
	if up.File != "telnet.csv" || up.Again {
		t.Fatalf("handed in %+v", up)
	}
	var settled api.Settled
	admin.call(http.MethodPost, "/settle?timeout=10s", "", nil).into(t, 200, &settled)
	if !settled.Settled {
		t.Fatal(settled.Laggard)
	}
	var doc api.Document
	admin.get("/documents/"+up.ID).into(t, 200, &doc)
	return doc
}

type page[T any] struct {
	Items []T
	Next  string
}

func TestAReportBecomesFindingsThatOnlyTheirOwnersSee(t *testing.T) {
	_, admin, officer := furnish(t)
	doc := deliver(t, admin)
	if doc.Rows != 3 || doc.Kept != 2 || doc.Quarantined != 1 || doc.State != "partial" {
		t.Fatalf("document %+v", doc)
	}
	var all, own page[api.Finding]
	admin.get("/findings").into(t, 200, &all)
	officer.get("/findings").into(t, 200, &own)
	if len(all.Items) != 2 || len(own.Items) != 1 || *own.Items[0].Organisation != "q1" || own.Items[0].Sources[0] != "shadow" {
		t.Fatalf("the admin sees %+v, the officer %+v", all.Items, own.Items)
	}
	for _, f := range all.Items {
		mine := f.ID == own.Items[0].ID
		for _, path := range []string{"", "/history", "/evidence"} {
			a := officer.get("/findings/" + f.ID + path)
			if (a.status == 200) != mine {
				t.Errorf("%s%s answers the officer %d", f.ID, path, a.status)
			}
			if !mine && a.problem(t).Code != "not-found" {
				t.Errorf("%s%s: %s", f.ID, path, a.body)
			}
		}
		if a := officer.post("/findings/"+f.ID+"/ack", map[string]string{}); (a.status == 200) != mine {
			t.Errorf("%s: the officer's acknowledgement is answered %d", f.ID, a.status)
		}
	}
	if p := officer.get("/findings?organisation=q2").problem(t); p.Status != 404 {
		t.Errorf("a filter of another ward: %+v", p)
	}
	if p := officer.get("/documents").problem(t); p.Code != "denied" || p.Status != 403 {
		t.Errorf("an officer's look at documents: %+v", p)
	}
}

func TestAQuarantinedRowIsPutRightByTheColumnItNames(t *testing.T) {
	_, admin, _ := furnish(t)
	deliver(t, admin)
	var held page[api.Quarantined]
	admin.get("/quarantine").into(t, 200, &held)
	if len(held.Items) != 1 || held.Items[0].Line != 3 || held.Items[0].Field != "ip" || held.Items[0].Column != 3 {
		t.Fatalf("quarantine %+v", held.Items)
	}
	path := "/quarantine/" + held.Items[0].ID + "/release"
	if p := admin.post(path, map[string]any{"set": map[string]string{"3": "198.51.100.400"}}).problem(t); p.Code != "invalid" || len(p.Places) == 0 {
		t.Fatalf("still wrong: %+v", p)
	}
	if p := admin.post(path, map[string]any{"set": map[string]string{"3": "198.51.100.9", "ip": "198.51.100.9"}}).problem(t); p.Code != "invalid" {
		t.Fatalf("set twice: %+v", p)
	}
	var q api.Quarantined
	admin.post(path, map[string]any{"set": map[string]string{"3": "198.51.100.9"}}).into(t, 200, &q)
	if q.State == "held" {
		t.Fatalf("released %+v", q)
	}
}

func TestTheSameBytesAgainAreTheSameDocument(t *testing.T) {
	_, admin, _ := furnish(t)
	doc := deliver(t, admin)
	var again api.Uploaded
	admin.call(http.MethodPost, "/sources/shadow/documents", "", strings.NewReader(apitest.Report)).into(t, 200, &again)
	if !again.Again || again.ID != doc.ID {
		t.Fatalf("again %+v", again)
	}
	original := admin.get("/documents/" + doc.ID + "/original")
	if original.status != 200 || string(original.body) != apitest.Report {
		t.Fatalf("original %d %q", original.status, original.body)
	}
}

func TestADocumentBeyondTheLimitIsRefused(t *testing.T) {
	_, admin, _ := furnish(t)
	admin.post("/sources", map[string]string{"name": "shadow", "format": "shadowserver"}).into(t, 201, &api.Source{})
	a := admin.call(http.MethodPost, "/sources/shadow/documents", "", io.LimitReader(zeros{}, 2<<20))
	if p := a.problem(t); p.Status != 413 || p.Code != "too-large" {
		t.Fatalf("%+v", p)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestPagesEndWhereTheListEnds(t *testing.T) {
	_, admin, _ := furnish(t)
	deliver(t, admin)
	for _, path := range []string{"/organisations", "/addresses", "/findings", "/journal", "/documents", "/quarantine", "/users", "/sources", "/tokens"} {
		var whole page[json.RawMessage]
		admin.get(path).into(t, 200, &whole)
		if len(whole.Items) == 0 || whole.Next != "" {
			t.Fatalf("%s: %d items, next %q", path, len(whole.Items), whole.Next)
		}
		var walked []json.RawMessage
		cursor := ""
		for {
			var p page[json.RawMessage]
			admin.get(path+"?limit=1&cursor="+cursor).into(t, 200, &p)
			if len(p.Items) > 1 {
				t.Fatalf("%s: a page of %d", path, len(p.Items))
			}
			walked = append(walked, p.Items...)
			if cursor = p.Next; cursor == "" || len(walked) > len(whole.Items) {
				break
			}
		}
		if len(walked) != len(whole.Items) {
			t.Errorf("%s: walked %d, has %d", path, len(walked), len(whole.Items))
		}
		for i := range min(len(walked), len(whole.Items)) {
			if path != "/tokens" && !bytes.Equal(walked[i], whole.Items[i]) { // a token's last use moves
				t.Errorf("%s: item %d is %s, want %s", path, i, walked[i], whole.Items[i])
			}
		}
		if p := admin.get(path + "?cursor=nonsense!").problem(t); p.Code != "invalid" {
			t.Errorf("%s: a wrong cursor: %+v", path, p)
		}
	}
}

func TestBulkActsPreviewAndReportWhatTheyLeave(t *testing.T) {
	_, admin, officer := furnish(t)
	deliver(t, admin)
	var own page[api.Finding]
	officer.get("/findings").into(t, 200, &own)
	id := own.Items[0].ID
	act := func(act string, preview bool) page[api.Outcome] {
		var out page[api.Outcome]
		officer.post("/findings/bulk", map[string]any{"act": act, "ids": []string{id}, "preview": preview}).into(t, 200, &out)
		return out
	}
	if out := act("fixed", true).Items[0]; out.From != "open" || out.To != "claimed_fixed" || out.Refused != "" {
		t.Fatalf("preview %+v", out)
	}
	if out := act("fixed", false).Items[0]; out.To != "claimed_fixed" || out.Refused != "" {
		t.Fatalf("done %+v", out)
	}
	if out := act("ack", false).Items[0]; out.To != "claimed_fixed" || out.Refused == "" {
		t.Fatalf("left %+v", out)
	}
	if p := officer.post("/findings/bulk", map[string]any{"act": "ack", "ids": []string{id, "F2", "F99"}}).problem(t); p.Code != "not-found" {
		t.Fatalf("one of another ward: %+v", p)
	}
}

func TestRecordsOfTheEstateAreReplacedByWhoSawTheirPresentState(t *testing.T) {
	_, admin, officer := furnish(t)
	var o map[string]any
	admin.get("/organisations/q1").into(t, 200, &o)
	o["sector"] = "y tế"
	put := func(g guest) answer {
		raw, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return g.call(http.MethodPut, "/organisations/q1", "application/json", bytes.NewReader(raw))
	}
	var after map[string]any
	put(admin).into(t, 200, &after)
	if after["sector"] != "y tế" {
		t.Fatalf("replaced %v", after)
	}
	if p := put(admin).problem(t); p.Code != "conflict" {
		t.Fatalf("an editor who saw an old state: %+v", p)
	}
	if a := officer.call(http.MethodPut, "/organisations/q2", "application/json", strings.NewReader("{}")); a.status != 404 {
		t.Fatalf("another ward's record: %d %s", a.status, a.body)
	}
}

func TestAClockThatStandsIsMoved(t *testing.T) {
	_, admin, officer := furnish(t)
	var now api.Time
	admin.post("/clock/advance", map[string]string{"by": "1d1h"}).into(t, 200, &now)
	if want := time.Date(2026, 3, 10, 2, 0, 0, 0, time.UTC); !now.Now.Equal(want) {
		t.Fatalf("it is %s, want %s", now.Now, want)
	}
	if p := officer.post("/clock/advance", map[string]string{"by": "1h"}).problem(t); p.Code != "denied" {
		t.Fatalf("an officer moves the clock: %+v", p)
	}
	if p := admin.post("/clock/advance", map[string]string{"by": "-1h"}).problem(t); p.Code != "invalid" || p.Places[0].Field != "by" {
		t.Fatalf("backwards: %+v", p)
	}
}
