package web_test

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake"
)

func TestALetterIsTypedInAndItsFaultsStandAtTheirFields(t *testing.T) {
	h := city(t)
	h.source("cong-van", intake.Source{Format: intake.Mail, TLP: tlp.Amber})
	r := h.as(auth.Analyst, "")
	r.sees("/sources/cong-van", http.StatusOK, "Nhập công văn")
	r.sees("/sources/cong-van/entry?lines=5", http.StatusOK, `name="rows.4.what"`)
	bad := map[string]string{"rows.0.what": "203.0.113.999", "rows.0.kind": "malware", "rows.0.at": "2026-11-19T10:00", "rows.1.what": "", "rows.2.what": "203.0.113.5"}
	r.upload("/sources/cong-van/entry", bad, nil).check(t, "bad lines", http.StatusUnprocessableEntity,
		"“203.0.113.999” không phải", `value="203.0.113.999"`, "Hãy ghi số, ngày công văn", `id="field-rows.2.kind-error"`, `id="field-rows.2.at-error"`)
	good := map[string]string{
		"reference": "12/CV-A05", "rows.0.what": "203.0.113[.]77", "rows.0.kind": "malware", "rows.0.at": "2026-11-19T10:00", "rows.0.name": "Emotet",
		"rows.1.what": "", "rows.2.what": "evil.example", "rows.2.kind": "indicators",
	}
	r.send("/sources/cong-van/entry", good, "letter", map[string]string{"12.txt": "hello"}).check(t, "no letter", http.StatusUnprocessableEntity, "Chỉ nhận tệp PDF hoặc DOCX")
	got := r.send("/sources/cong-van/entry", good, "letter", map[string]string{"12.pdf": "%PDF-1.7 x"})
	got.check(t, "entry", http.StatusSeeOther)
	document := got.Header.Get("Location")
	h.settle()
	page := r.sees(document, http.StatusOK, "Nhập tay (vấn đề)", "12.pdf", "Tải công văn", "203.0.113.77")
	_, rest, _ := strings.Cut(page.text, `href="/documents/S4"`)
	if rest == "" {
		t.Error("the entry does not lead to its letter")
	}
	if file := r.sees("/documents/S4/original", http.StatusOK); file.text != "%PDF-1.7 x" {
		t.Errorf("the letter is %q", file.text)
	}
	r.sees("/documents/S4", http.StatusOK, "Các dòng nhập từ công văn này", "S5", "S6")
	r.sees("/findings?q=203.0.113.77", http.StatusOK, "203.0.113.77")
	h.as(auth.Auditor, "").sees("/sources/cong-van/entry", http.StatusForbidden)
	h.as(auth.Partner, "DT-SAO-MAI").sees("/sources/sao-mai/entry", http.StatusForbidden)
}
