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
	"tocsin/internal/base/tlp"
	"tocsin/internal/face/web/webtest"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
)

// spoofed is a mail that nobody answers for.
const spoofed = "From: Canh bao <canhbao@doitac-gia.example>\r\nTo: tiepnhan@trungtam.example\r\nSubject: Danh sach\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\n" +
	"Message-ID: <1@doitac.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nKinh gui\r\n" +
	"--b\r\nContent-Type: text/plain; name=\"list.txt\"\r\nContent-Disposition: attachment; filename=\"list.txt\"\r\n\r\n192.0.2.66\r\n--b--\r\n"

// listening is a city with a mailbox whose last mail is in doubt, and a source
// that is fetched and fails.
func listening(t testing.TB) *house {
	t.Helper()
	h := city(t)
	h.source("hop-thu", intake.Source{Format: intake.Mail, TLP: tlp.Amber, Kind: intake.Indicators, Senders: "doitac.example", Reliability: "B"})
	h.deliver("hop-thu", "1.eml", spoofed)
	h.source("sao-bien", intake.Source{Format: intake.List, TLP: tlp.Green, URL: "https://feed.example/list.txt", Every: time.Hour, Reliability: "A"})
	err := h.db.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO source_state (source, address, etag, modified, cursor_json, next, looking, failures, last_code, last_error, last_ok, last_look, silent_since)
			SELECT id, url, '', '', '', $1, 0, 3, 'unavailable', 'GET https://feed.example/list.txt: 503 Service Unavailable', 0, $2, 0 FROM source WHERE name = 'sao-bien'`,
			db.Micros(h.clock.Now().Add(20*time.Minute)), db.Micros(h.clock.Now().Add(-10*time.Minute)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestASourceShowsHowItIsFetchedAndIsAskedNow(t *testing.T) {
	h := listening(t)
	r := h.as(auth.Analyst, "")
	r.sees("/sources?state=failing", http.StatusOK, "sao-bien")
	r.sees("/sources/sao-bien", http.StatusOK, "3 lần lấy tin liên tiếp không thành", "503 Service Unavailable", "A – Hoàn toàn tin cậy", "Lấy tin ngay", "Chưa đặt")
	r.post("/sources/sao-bien/fetch").check(t, "fetch", http.StatusSeeOther)
	r.post("/sources/shadowserver/fetch").check(t, "fetch what has no address", http.StatusUnprocessableEntity)
	h.as(auth.Auditor, "").post("/sources/sao-bien/fetch").check(t, "an auditor fetches", http.StatusForbidden)
	h.advance(4 * time.Hour)
	r.sees("/sources/sao-bien", http.StatusOK, "không thành")
}

func TestASecretIsSetAndNeverShown(t *testing.T) {
	h := listening(t)
	r := h.as(auth.Analyst, "")
	fields := []string{"tlp", "green", "url", "https://feed.example/list.txt", "every", "60", "reliability", "C", "senders", "a@b.example  c.example"}
	r.post("/sources/sao-bien/edit", append(fields, "secret", "tuyet-mat-123")...).check(t, "edit", http.StatusSeeOther)
	for _, page := range []string{"/sources/sao-bien", "/sources/sao-bien/edit", "/journal"} {
		if got := r.sees(page, http.StatusOK); strings.Contains(got.text, "tuyet-mat") {
			t.Errorf("%s shows the secret", page)
		}
	}
	r.sees("/sources/sao-bien", http.StatusOK, "Đã đặt (không hiển thị)", "C – Khá tin cậy", "a@b.example c.example")
	r.post("/sources/sao-bien/edit", fields...).check(t, "edit again", http.StatusSeeOther)
	r.sees("/sources/sao-bien", http.StatusOK, "Đã đặt (không hiển thị)")
	r.post("/sources/sao-bien/edit", append(fields, "forget", "1")...).check(t, "forget", http.StatusSeeOther)
	r.sees("/sources/sao-bien", http.StatusOK, "Chưa đặt")
	fields[3] = "https://u:p@feed.example/"
	r.post("/sources/sao-bien/edit", fields...).check(t, "a password in the address", http.StatusUnprocessableEntity, "không ghi mật khẩu")
}

func TestAMailInDoubtIsReadWhenSomebodyVouches(t *testing.T) {
	h := listening(t)
	r := h.as(auth.Analyst, "")
	page := r.sees("/sources/hop-thu", http.StatusOK, "Thư chưa chắc người gửi", "B – Thường tin cậy")
	_, rest, _ := strings.Cut(page.text, `href="/documents/S`)
	document := "/documents/S" + rest[:strings.IndexAny(rest, `"/`)]
	r.sees(document, http.StatusOK, "Xác nhận người gửi")
	r.sees(document+"/vouch", http.StatusOK, "Vì sao bạn biết")
	r.post(document+"/vouch").check(t, "vouch without a reason", http.StatusUnprocessableEntity, "Hãy ghi vì sao bạn biết")
	h.as(auth.Auditor, "").post(document+"/vouch", "reason", "x").check(t, "an auditor vouches", http.StatusForbidden)
	r.post(document+"/vouch", "reason", "Đã gọi anh Minh").check(t, "vouch", http.StatusSeeOther)
	h.settle()
	r.sees(document, http.StatusOK, "Đọc lại tài liệu", "analyst@tocsin.example")
	r.post(document+"/vouch", "reason", "Đã gọi anh Minh").check(t, "vouch twice", http.StatusConflict)
	if got := r.sees("/sources/hop-thu", http.StatusOK); strings.Contains(got.text, "Thư chưa chắc người gửi") {
		t.Error("it is still in doubt")
	}
}

func TestRefutedFindingsAreTheNoiseOfTheirSource(t *testing.T) {
	h := listening(t)
	if _, err := h.findings.Do(t.Context(), h.admin, 1, finding.Change{Act: finding.Refute, Reason: "máy thử"}); err != nil {
		t.Fatal(err)
	}
	r := h.as(auth.Analyst, "")
	r.sees("/sources/shadowserver", http.StatusOK, "Báo sai", "1 trong 13 vấn đề bị bác bỏ")
	if got := h.as(auth.Partner, "DT-SAO-MAI").sees("/sources/sao-mai", http.StatusOK); strings.Contains(got.text, "Báo sai") {
		t.Error("a partner learns how its findings were judged")
	}
}

// sourcePages are the pages of this file, as people look at them.
func sourcePages(h *house) []seen {
	r := h.as(auth.Analyst, "")
	return []seen{
		{"source-mail", "/sources/hop-thu", r},
		{"source-failing", "/sources/sao-bien", r},
		{"source-edit", "/sources/sao-bien/edit", r},
		{"mapping", "/sources/mapping", r},
		{"entry", "/sources/hop-thu/entry", r},
		{"vouch", "/documents/S4/vouch", r},
		{"document-doubt", "/documents/S4", r},
	}
}

func TestNoPageOfSourcesIsWiderThanItsScreenOrHardToRead(t *testing.T) {
	h := listening(t)
	browser := webtest.Open(t)
	folder, keep := shots(), shots() != ""
	if !keep {
		folder = t.TempDir()
	}
	for _, x := range sourcePages(h) {
		if only := shotsOnly(); only != "" && !strings.Contains(only, x.name) {
			continue
		}
		for _, width := range []int{webtest.Desk, webtest.Phone} {
			browser.Shot(h.server.URL+x.path, x.reader.view(width), filepath.Join(folder, fmt.Sprintf("%s-%d.png", x.name, width)))
			browser.Axe(h.server.URL+x.path, x.reader.view(width))
		}
	}
}
