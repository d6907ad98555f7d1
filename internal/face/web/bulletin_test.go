package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/webtest"
	"tocsin/internal/watch/deliver"
)

// text is a bulletin's form as somebody fills it in.
func bulletinText(more url.Values) []string {
	v := url.Values{
		"from": {"A1"}, "severity": {"critical"}, "tlp": {"clear"}, "cves": {"CVE-2026-0001"}, "for": {"concerned", "public"}, "kinds": {"ward"}, "tiers": {"city"},
		"products": {"Example Soft | Gate Manager | < 8.0 | 8.0"}, "references": {"https://vendor.example/advisories/17"},
		"title_vi":   {"Lỗ hổng nghiêm trọng trong Gate Manager đang bị khai thác"},
		"summary_vi": {"Kẻ tấn công chiếm quyền quản trị Gate Manager mà không cần mật khẩu.\n\nLỗ hổng đang bị khai thác trong các vụ tống tiền dữ liệu."},
		"todo_vi":    {"Cập nhật Gate Manager lên bản 8.0.\nNếu chưa cập nhật được, chặn cổng quản trị từ Internet.\nKiểm tra nhật ký đăng nhập từ ngày 18/11/2026."},
		"title_en":   {"Critical weakness of Gate Manager is exploited"},
		"summary_en": {"Attackers take over the administration of Gate Manager without a password.\n\nIt is used in extortion."},
		"todo_en":    {"Update Gate Manager to 8.0.\nElse close its management port to the Internet.\nRead the log of sign-ins since 18 November 2026."},
	}
	maps.Copy(v, more)
	var pairs []string
	for name, values := range v {
		for _, value := range values {
			pairs = append(pairs, name, value)
		}
	}
	return pairs
}

func TestABulletinIsWrittenApprovedAndSent(t *testing.T) {
	h := threatened(t)
	author, second, officer := h.as(auth.Analyst, ""), h.as(auth.Admin, ""), h.as(auth.Officer, "P-SAI-GON")
	author.sees("/bulletins", http.StatusOK, "Chưa có bản tin nào", `href="/bulletins/new"`)
	author.sees("/advisories/A1", http.StatusOK, `href="/bulletins/new?from=A1"`)
	author.sees("/bulletins/new?from=A1", http.StatusOK, "Example Soft | Gate Manager", "CVE-2026-0001", "Authentication Bypass", `value="A1"`)
	author.sees("/bulletins/new?from=A999", http.StatusOK, "không có cảnh báo lỗ hổng này")
	preview := author.post("/bulletins/new", bulletinText(url.Values{"do": {"preview"}})...)
	preview.check(t, "preview", http.StatusOK, "Ai sẽ nhận", "có Example Soft Gate Manager 7.0.3 trên 1 máy", "Cập nhật Gate Manager lên bản 8.0.", "thuộc nhóm được chọn")
	author.sees("/bulletins", http.StatusOK, "Chưa có bản tin nào")
	author.post("/bulletins/new", bulletinText(url.Values{"cves": {"CVE-1"}, "do": {"save"}})...).check(t, "a bad CVE", http.StatusUnprocessableEntity, "Không phải mã CVE: CVE-1")
	author.post("/bulletins/new", bulletinText(url.Values{"title_en": {""}, "do": {"save"}})...).check(t, "save", http.StatusSeeOther)
	author.sees("/bulletins/B1", http.StatusOK, "Chưa trình được", "Tiêu đề tiếng Anh: chưa viết", "Bổ sung những điểm còn thiếu")
	author.post("/bulletins/B1/edit", bulletinText(url.Values{"do": {"save"}, "version": {"1"}})...).check(t, "edit", http.StatusSeeOther)
	author.post("/bulletins/B1/edit", bulletinText(url.Values{"do": {"save"}, "version": {"1"}})...).check(t, "an old one", http.StatusConflict, "đã thay đổi trong lúc bạn xem")
	author.sees("/bulletins/B1/do/submit", http.StatusOK, "Trình bản tin B1 để phê duyệt?", "cơ quan nhận")
	author.post("/bulletins/B1/do/submit").check(t, "submit", http.StatusSeeOther)
	author.sees("/bulletins/B1", http.StatusOK, "Một người khác phê duyệt")
	author.post("/bulletins/B1/do/approve").check(t, "approve by the author", http.StatusForbidden)
	second.post("/bulletins/B1/do/return").check(t, "return without a reason", http.StatusUnprocessableEntity, "Nêu lý do")
	second.post("/bulletins/B1/do/approve", "version", "3").check(t, "approve", http.StatusSeeOther)
	officer.sees("/bulletins/B1", http.StatusNotFound)
	author.post("/bulletins/B1/do/publish").check(t, "publish", http.StatusSeeOther)
	h.settle()
	author.sees("/bulletins/TT-2026-001", http.StatusOK, "Đã gửi cho", "/csaf/white/2026/tt-2026-001.json")
	author.sees("/bulletins?state=published&q=gate", http.StatusOK, "TT-2026-001")
	officer.sees("/bulletins", http.StatusOK, "TT-2026-001", "Gate Manager")
	officer.sees("/bulletins/B1", http.StatusOK, "Cập nhật Gate Manager lên bản 8.0.")
	if got := officer.get("/bulletins/B1"); strings.Contains(got.text, "analyst@tocsin.example") {
		t.Error("an officer reads who wrote it")
	}
	for _, path := range []string{"/bulletins/B1/edit", "/bulletins/new"} {
		officer.sees(path, http.StatusForbidden)
	}
	sent, err := h.post.List(t.Context(), h.admin, deliver.Query{})
	if err != nil {
		t.Fatal(err)
	}
	mails := 0
	for _, d := range sent {
		if d.Reason == "bulletin.issued" {
			mails++
			author.sees("/outbox/"+d.ID, http.StatusOK, "Bản tin cảnh báo")
		}
	}
	if mails < 2 {
		t.Errorf("%d mails", mails)
	}
	author.post("/bulletins/B1/do/withdraw", "reason", "sai sản phẩm").check(t, "withdraw", http.StatusSeeOther)
	officer.sees("/bulletins/B1", http.StatusOK, "Bản tin đã thu hồi", "sai sản phẩm")
	if got := officer.get("/bulletins/B1"); strings.Contains(got.text, "Cập nhật Gate Manager") {
		t.Error("what was withdrawn is still said")
	}
}

func TestTheBulletinPagesAreLookedAt(t *testing.T) {
	folder := shots()
	if folder == "" {
		folder = t.TempDir()
	}
	h := threatened(t)
	author, second, officer := h.as(auth.Analyst, ""), h.as(auth.Admin, ""), h.as(auth.Officer, "P-SAI-GON")
	for range 2 {
		author.post("/bulletins/new", bulletinText(url.Values{"do": {"save"}})...).check(t, "save", http.StatusSeeOther)
	}
	author.post("/bulletins/new", bulletinText(url.Values{"do": {"save"}, "title_en": {""}, "tlp": {"amber"}, "severity": {"medium"}})...).check(t, "save", http.StatusSeeOther)
	author.post("/bulletins/B1/do/submit").check(t, "submit", http.StatusSeeOther)
	author.post("/bulletins/B2/do/submit").check(t, "submit", http.StatusSeeOther)
	second.post("/bulletins/B1/do/approve").check(t, "approve", http.StatusSeeOther)
	author.post("/bulletins/B1/do/publish").check(t, "publish", http.StatusSeeOther)
	h.settle()
	browser := webtest.Open(t)
	for _, s := range []seen{
		{"bulletins", "/bulletins", author},
		{"bulletin-new", "/bulletins/new?from=A1", author},
		{"bulletin-out", "/bulletins/B1", author},
		{"bulletin-waits", "/bulletins/B2", author},
		{"bulletin-approve", "/bulletins/B2/do/approve", second},
		{"bulletin-lacks", "/bulletins/B3", author},
		{"bulletin-officer", "/bulletins/B1", officer},
		{"bulletins-officer", "/bulletins", officer},
	} {
		for _, width := range []int{webtest.Desk, webtest.Phone} {
			browser.Shot(h.server.URL+s.path, s.reader.view(width), filepath.Join(folder, s.name+"-"+strconv.Itoa(width)+".png"))
			browser.Axe(h.server.URL+s.path, s.reader.view(width))
		}
	}
}
