package web_test

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/warning"
)

func TestNobodySeesThePagesOfTheWorkWithoutSigningIn(t *testing.T) {
	h := city(t)
	nobody := h.stranger()
	for _, x := range workPages(h, nobody) {
		got := nobody.get(x.path)
		if got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/sign-in") {
			t.Errorf("%s: status %d to %q, want the way to sign in", x.path, got.StatusCode, got.Header.Get("Location"))
		}
	}
}

// An officer has the own unit's warnings and records, reads the law, and nothing
// of the centre's kitchen.
func TestAnOfficerSeesTheOwnUnitAndNoOther(t *testing.T) {
	h := city(t)
	h.manned()
	own, other := h.as(auth.Officer, "P-SAI-GON"), h.as(auth.Officer, "P-TAN-SON-NHAT")
	for _, path := range []string{"/warnings", "/warnings/W1", "/organisations", "/organisations/P-SAI-GON", "/contacts/C1", "/systems/CDV-SG", "/addresses/A1", "/outbox/D1", "/map", "/regime", "/whose?what=203.0.113.5"} {
		own.sees(path, http.StatusOK)
	}
	for _, path := range []string{"/warnings/W1", "/organisations/P-SAI-GON", "/organisations/P-SAI-GON?tab=address", "/contacts/C1", "/systems/CDV-SG", "/addresses/A1", "/outbox/D1", "/warnings?organisation=P-SAI-GON", "/addresses?organisation=P-SAI-GON"} {
		other.sees(path, http.StatusNotFound)
	}
	for _, path := range []string{
		"/sources", "/documents", "/documents/S1", "/quarantine", "/mutes", "/duty", "/journal", "/health", "/webhooks", "/estate/import", "/warnings/W1/cancel", "/bulk/warnings/send?id=W1",
		"/organisations/new", "/contacts/C1/edit", "/addresses/A1/end", "/outbox/D1/raw", "/outbox/D1/html", "/digest",
	} {
		own.sees(path, http.StatusForbidden)
	}
	for _, path := range []string{"/warnings", "/organisations", "/contacts", "/systems", "/addresses", "/map", "/whose?what=203.0.113.5", "/organisations?q=sai"} {
		for _, secret := range []string{"Phường Sài Gòn", "phuongsaigon", "P-SAI-GON", "CDV-SG"} {
			if got := other.get(path); strings.Contains(got.text, secret) {
				t.Errorf("%s shows %q to an officer of another ward", path, secret)
			}
		}
	}
	other.post("/warnings/W1/acknowledge").check(t, "acknowledge another's warning", http.StatusNotFound)
	own.post("/warnings/W1/cancel", "reason", "x").check(t, "cancel", http.StatusForbidden)
	own.post("/contacts/new", "organisation", "P-SAI-GON").check(t, "add a contact", http.StatusForbidden)
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	h := city(t)
	r := h.as(auth.Admin, "")
	for _, path := range []string{
		"/warnings/W999", "/warnings/x", "/outbox/D999", "/outbox/D1/letter/pdf/x", "/storms/7", "/sources/nobody", "/documents/S999", "/documents/x/original", "/quarantine/Q999",
		"/mutes/9/end", "/organisations/NONE", "/contacts/C999", "/contacts/A1", "/systems/NONE", "/addresses/A999", "/endpoints/H1", "/software/P1", "/estate/template/cats",
		"/duty/shifts/R999", "/duty/calls/C999", "/journal/999999", "/journal/x", "/webhooks/3/drop", "/bulk/warnings/eat?id=W1",
	} {
		r.sees(path, http.StatusNotFound)
	}
}

// An auditor and a leader read and change nothing.
func TestReadersReadAndChangeNothing(t *testing.T) {
	h := city(t)
	h.manned()
	for _, role := range []auth.Role{auth.Auditor, auth.Leader, auth.Supervisor} {
		r := h.as(role, "")
		for _, path := range []string{"/warnings", "/warnings/W1", "/deliveries", "/outbox/D1", "/sources/shadowserver", "/documents/S3", "/quarantine/Q1", "/mutes", "/organisations/P-SAI-GON", "/contacts/C1", "/duty", "/journal", "/journal/seal", "/health", "/map"} {
			r.sees(path, http.StatusOK)
		}
		for path, pairs := range map[string][]string{
			"/warnings/W1/cancel": {"reason", "x"}, "/sources/new": {"name", "x"}, "/documents/S3/reparse": nil, "/quarantine/Q1/release": nil, "/mutes/1/end": nil,
			"/organisations/P-SAI-GON/edit": nil, "/contacts/C1/remove": nil, "/duty/shifts/new": nil, "/duty/handovers": {"text", "x"}, "/outbox/D1": nil, "/webhooks/new": nil,
		} {
			r.post(path, pairs...).check(t, string(role)+" "+path, http.StatusForbidden)
		}
	}
}

func TestAWarningIsAnsweredLetteredAndCancelledFromItsPage(t *testing.T) {
	h := city(t)
	analyst, officer := h.as(auth.Analyst, ""), h.as(auth.Officer, "P-SAI-GON")
	analyst.post("/warnings/W1/cancel").check(t, "cancel without a reason", http.StatusUnprocessableEntity, "Hãy ghi rõ lý do")
	officer.sees("/warnings/W1", http.StatusOK, "Xác nhận đã nhận cảnh báo")
	officer.post("/warnings/W1/acknowledge").check(t, "acknowledge", http.StatusSeeOther)
	officer.sees("/warnings/W1", http.StatusOK, officer.actor.Email)
	analyst.post("/warnings/W1/letter").check(t, "make a letter", http.StatusSeeOther)
	h.settle()
	letters, err := h.post.List(t.Context(), h.admin, deliver.Query{Channels: []warning.Channel{warning.ByLetter}})
	if err != nil || len(letters) != 1 {
		t.Fatalf("letters: %d, %v", len(letters), err)
	}
	page := "/outbox/" + letters[0].ID
	analyst.sees(page, http.StatusOK, "Tải DOCX")
	for format, magic := range map[string]string{"docx": "PK", "pdf": "%PDF"} {
		if got := analyst.get(page + "/letter/" + format); got.StatusCode != http.StatusOK || !strings.HasPrefix(got.text, magic) {
			t.Errorf("letter as %s: status %d, begins %q", format, got.StatusCode, got.text[:min(len(got.text), 8)])
		}
	}
	analyst.post(page, "result", "posted", "note", "số 12/TTATTT").check(t, "record", http.StatusSeeOther)
	analyst.sees(page, http.StatusOK, "12/TTATTT")
	analyst.post("/bulk/warnings/cancel", "id", "W1", "id", "W2", "reason", "báo nhầm").check(t, "cancel two", http.StatusSeeOther)
	analyst.sees("/warnings/W2", http.StatusOK, "báo nhầm")
	analyst.sees("/warnings/W2/send", http.StatusOK)
	analyst.post("/warnings/W2/send").check(t, "send what is cancelled", http.StatusConflict)
}

func TestTheMailOfTheOutboxIsShownInASandbox(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	r.sees("/outbox/D1", http.StatusOK, `sandbox=""`, "evidence.csv", "attt@phuongsaigon.example")
	got := r.sees("/outbox/D1/html", http.StatusOK)
	if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || strings.Contains(policy, "script-src") {
		t.Errorf("the frame's policy is %q", policy)
	}
	if raw := r.sees("/outbox/D1/raw", http.StatusOK, "X-Tocsin-Delivery: D1"); !strings.Contains(raw.Header.Get("Content-Disposition"), "D1.eml") {
		t.Errorf("the raw mail is not a file: %v", raw.Header)
	}
}
