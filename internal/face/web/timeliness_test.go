package web_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/face/web/webtest"
	"tocsin/internal/watch/warning"
)

// lates are the entries that say that a promise is broken.
func (h *house) lates() (out []string) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *db.Tx) error {
		all, err := journal.Entries(tx, journal.Query{Verbs: []string{warning.VerbLate}, Limit: 100})
		for _, e := range all {
			out = append(out, e.Subject)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func TestFiveInstantsStandOnAWarningAndABrokenPromiseIsSaidOnce(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	// Two bodies have nobody to write to, and nobody is on duty.
	h.advance(5 * time.Hour)
	lates := h.lates()
	if len(lates) == 0 {
		t.Fatalf("no promise is broken: %v", lates)
	}
	seen := map[string]bool{}
	for _, subject := range lates {
		if seen[subject] {
			t.Errorf("%s is said to be late twice", subject)
		}
		seen[subject] = true
	}
	id := strings.TrimPrefix(lates[0], "warning:")
	r.sees("/warnings/"+id, http.StatusOK, "Năm mốc thời gian", "Trung tâm nhận", "Biết của ai", "Không giữ được lời hứa", "Chuyển giao không kịp như đã hứa")
	r.sees("/timeliness", http.StatusOK, "chuyển giao không kịp như đã hứa", `href="/warnings/`+id+`"`, "Theo nguồn tin", "shadowserver", "15 phút")
	h.advance(24 * time.Hour)
	if again := h.lates(); len(again) != len(lates) {
		t.Errorf("said again: %v, then %v", lates, again)
	}
	instants, err := h.post.Instants(t.Context(), h.admin, mustWarning(t, id))
	if err != nil || len(instants) == 0 {
		t.Fatalf("%v %+v", err, instants)
	}
	for _, i := range instants {
		if i.Observed.After(i.Received) || i.Received.After(i.Attributed) || i.Received.IsZero() {
			t.Errorf("%+v", i)
		}
	}
	officer := h.as(auth.Officer, "TT-TINH")
	if got := officer.sees("/timeliness", http.StatusOK, "Chưa có cảnh báo nào"); strings.Contains(got.text, "shadowserver") {
		t.Error("an officer sees whose warnings others get")
	}
}

func mustWarning(t testing.TB, text string) warning.ID {
	t.Helper()
	id, err := warning.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestTheTimelinessPagesAreLookedAt(t *testing.T) {
	h := city(t)
	h.advance(5 * time.Hour)
	r := h.as(auth.Analyst, "")
	browser := webtest.Open(t)
	folder := shots()
	if folder == "" {
		folder = t.TempDir()
	}
	for name, path := range map[string]string{"timeliness": "/timeliness", "warning-instants": "/warnings/W1"} {
		for _, width := range []int{webtest.Desk, webtest.Phone} {
			browser.Shot(h.server.URL+path, r.view(width), filepath.Join(folder, fmt.Sprintf("%s-%d.png", name, width)))
			browser.Axe(h.server.URL+path, r.view(width))
		}
	}
}
