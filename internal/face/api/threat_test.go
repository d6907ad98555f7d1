package api_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/face/api"
	"tocsin/internal/watch/intel"
)

// handIn adds a source, hands a document in and waits until it is read.
func handIn(t *testing.T, admin guest, source, format, text string) {
	t.Helper()
	admin.post("/sources", map[string]string{"name": source, "format": format, "tlp": "green"}).into(t, 201, &api.Source{})
	var up api.Uploaded
	admin.call(http.MethodPost, "/sources/"+source+"/documents", "application/octet-stream", strings.NewReader(text)).into(t, 201, &up)
	var settled api.Settled
	admin.call(http.MethodPost, "/settle?timeout=10s", "", nil).into(t, 200, &settled)
	if !settled.Settled {
		t.Fatal(settled.Laggard)
	}
}

// weak is a house whose two wards run a product that a catalogue speaks of.
func weak(t *testing.T) (admin, officer guest) {
	t.Helper()
	_, admin, officer = furnish(t)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "software.csv")
	if err == nil {
		_, err = io.WriteString(part, "organisation,vendor,product,version,hostname\nq1,Example Soft,Gate Manager,4.1,q1-web\nq2,Example Soft,Gate Manager,4.2,q2-web\n")
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	var imported []struct{ New int }
	admin.call(http.MethodPost, "/estate/import", w.FormDataContentType(), &form).into(t, 200, &imported)
	entry := func(cve, vendor, name string) string {
		return fmt.Sprintf(`{"cveID":%q,"vendorProject":%q,"product":%q,"vulnerabilityName":"%s flaw","dateAdded":"2026-03-01",
			"shortDescription":"A flaw.","requiredAction":"Apply updates.","dueDate":"2026-03-22","knownRansomwareCampaignUse":"Known","notes":"https://example.com/advice","cwes":["CWE-79"]}`,
			cve, vendor, name, name)
	}
	handIn(t, admin, "kev", "kev", `{"title":"catalogue","catalogVersion":"2026.03.01","dateReleased":"2026-03-01T00:00:00Z","count":2,"vulnerabilities":[`+
		entry("CVE-2026-0001", "Example Soft", "Gate Manager")+","+entry("CVE-2026-0002", "Somebody Else", "Unheard Of")+`]}`)
	return admin, officer
}

func TestIndicatorsAreHeldAndReleasedWithAReason(t *testing.T) {
	_, admin, officer := furnish(t)
	handIn(t, admin, "blocklist", "list", "203.0.113.66\n198.51.100.9\nbad.example\n")
	var held page[intel.Indicator]
	admin.get("/indicators?state=held").into(t, 200, &held)
	if len(held.Items) != 1 || held.Items[0].Value != "198.51.100.9" || held.Items[0].HeldBy != "ours: q1" {
		t.Fatalf("held: %+v", held.Items)
	}
	for query, n := range map[string]int{"": 3, "?type=domain": 1, "?source=blocklist": 3, "?source=nobody": 0, "?text=bad": 1, "?state=active&limit=1": 1, "?state=revoked": 0} {
		var found page[intel.Indicator]
		if admin.get("/indicators"+query).into(t, 200, &found); len(found.Items) != n {
			t.Errorf("%q: %d indicators, want %d", query, len(found.Items), n)
		}
	}
	path := "/indicators/" + held.Items[0].ID
	var shown intel.Indicator
	if admin.get(path).into(t, 200, &shown); len(shown.Said) != 1 || shown.Said[0].Source != "blocklist" || shown.Said[0].Line != 2 {
		t.Errorf("said: %+v", shown.Said)
	}
	if p := admin.post(path+"/release", map[string]string{"reason": " "}).problem(t); p.Code != "invalid" || p.Places[0].Field != "reason" {
		t.Errorf("without a reason: %+v", p)
	}
	if admin.post(path+"/release", map[string]string{"reason": "the ward's server is a bot"}).into(t, 200, &shown); shown.State != intel.Active || shown.Reason != "the ward's server is a bot" {
		t.Errorf("released: %+v", shown)
	}
	if p := admin.post(path+"/release", map[string]string{"reason": "again"}).problem(t); p.Code != "conflict" {
		t.Errorf("released twice: %+v", p)
	}
	if admin.post(path+"/hold", map[string]string{"reason": "a mistake"}).into(t, 200, &shown); shown.State != intel.IsHeld {
		t.Errorf("held: %+v", shown)
	}
	for path, status := range map[string]int{"/indicators/I999": 404, "/indicators/x": 404, "/indicators?state=odd": 422} {
		if p := admin.get(path).problem(t); p.Status != status {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if p := officer.get("/indicators").problem(t); p.Status != 403 {
		t.Errorf("an officer's look: %+v", p)
	}
	if p := officer.post(path+"/hold", map[string]string{"reason": "mine"}).problem(t); p.Status != 403 {
		t.Errorf("an officer's hold: %+v", p)
	}
}

func TestAnAdvisoryShowsWhatItMeansToWhom(t *testing.T) {
	admin, officer := weak(t)
	var all page[api.Advisory]
	admin.get("/advisories").into(t, 200, &all)
	if len(all.Items) != 2 || all.Items[0].Name != "CVE-2026-0001" || !all.Items[0].Exploited || all.Items[0].Organisations != 2 || all.Items[1].Organisations != 0 {
		t.Fatalf("advisories: %+v", all.Items)
	}
	for query, n := range map[string]int{"?cve=cve-2026-0002": 1, "?kev=true": 2, "?source=kev": 2, "?source=x": 0, "?text=gate": 1, "?since=1h": 2, "?limit=1": 1} {
		var found page[api.Advisory]
		if admin.get("/advisories"+query).into(t, 200, &found); len(found.Items) != n {
			t.Errorf("%q: %d advisories, want %d", query, len(found.Items), n)
		}
	}
	var shown api.AdvisoryShown
	admin.get("/advisories/"+all.Items[0].ID).into(t, 200, &shown)
	if len(shown.Products) != 1 || shown.Products[0].Product != "Gate Manager" || len(shown.Dangers) != 1 || !shown.Dangers[0].Ransomware || shown.Dangers[0].CVSS != nil ||
		len(shown.Findings) != 2 || len(shown.Remedies) == 0 {
		t.Errorf("shown: %+v", shown)
	}
	var own page[api.Finding]
	officer.get("/findings").into(t, 200, &own)
	if len(own.Items) != 1 || own.Items[0].Advisory == nil || *own.Items[0].Advisory != all.Items[0].ID || own.Items[0].Detail == nil || own.Items[0].Detail.Machines[0].Hostname != "q1-web" {
		t.Errorf("an officer's finding: %+v", own.Items)
	}
	for path, status := range map[string]int{"/advisories/A999": 404, "/advisories/x": 404, "/advisories?since=soon": 422} {
		if p := admin.get(path).problem(t); p.Status != status {
			t.Errorf("%s: %+v", path, p)
		}
	}
	for _, path := range []string{"/advisories", "/advisories/" + all.Items[0].ID} {
		if p := officer.get(path).problem(t); p.Status != 403 {
			t.Errorf("an officer's look at %s: %+v", path, p)
		}
	}
}

func TestAnAnswerEndsAQuestionAndWhatHangsOnIt(t *testing.T) {
	admin, officer := weak(t)
	var open page[api.Question]
	admin.get("/questions").into(t, 200, &open)
	if len(open.Items) != 1 || len(open.Items[0].Organisations) != 2 || open.Items[0].Machines != 2 || len(open.Items[0].Why) == 0 || len(open.Items[0].Findings) != 2 {
		t.Fatalf("questions: %+v", open.Items)
	}
	q := open.Items[0]
	body := map[string]any{"vendor": q.Vendor, "product": q.Product, "advisory_vendor": q.AdvisoryVendor, "advisory_name": q.AdvisoryName, "same": false, "reason": "another product"}
	for _, call := range []func() answer{func() answer { return officer.get("/questions") }, func() answer { return officer.post("/questions/answer", body) }} {
		if p := call().problem(t); p.Status != 403 {
			t.Errorf("an officer: %+v", p)
		}
	}
	if p := admin.post("/questions/answer", map[string]any{"product": "", "advisory_name": "x", "same": true}).problem(t); p.Code != "invalid" {
		t.Errorf("half a pair: %+v", p)
	}
	var said api.Answered
	admin.post("/questions/answer", body).into(t, 200, &said)
	admin.call(http.MethodPost, "/settle?timeout=10s", "", nil)
	if admin.get("/questions").into(t, 200, &open); len(open.Items) != 0 {
		t.Errorf("still asked: %+v", open.Items)
	}
	var live page[api.Finding]
	if admin.get("/findings?live=true").into(t, 200, &live); len(live.Items) != 0 {
		t.Errorf("still open: %+v", live.Items)
	}
}
