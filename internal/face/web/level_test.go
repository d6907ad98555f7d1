package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/webtest"
)

// lookUp is a system whose level differs between the regimes.
func lookUp() string {
	return url.Values{
		"name": {"Tra cứu quy hoạch"}, "q.kind": {"service"}, "q.information": {"public", "personal"}, "q.public_service": {"degree-2"},
		"q.users": {"40000"}, "q.subjects_basic": {"40.000"}, "q.harm_public": {"grave"},
	}.Encode()
}

func TestALevelIsAskedInTwoStepsAndAnsweredWithItsClauses(t *testing.T) {
	h := city(t)
	r := h.as(auth.Officer, "P-SAI-GON")
	first := r.sees("/levels", http.StatusOK, "Bước 1 trong 2", "Hệ thống thuộc loại hình nào?", `name="q.secrecy"`, `href="/levels"`)
	if strings.Contains(first.text, "q.users") || strings.Contains(first.text, "q.strategic") {
		t.Error("the first step asks what is not known to apply")
	}
	second := r.sees("/levels?step=2&q.kind=service&q.information=personal", http.StatusOK, "Bước 2 trong 2", `name="q.users"`, `name="q.subjects_sensitive"`, `name="q.harm_public"`, `value="service"`)
	if strings.Contains(second.text, `name="q.control"`) || strings.Contains(second.text, `name="q.strategic"`) {
		t.Error("the second step asks what does not apply")
	}
	r.sees("/levels?step=2&q.kind=other&q.information=private&q.secrecy=grave", http.StatusOK, `name="q.strategic"`)
	r.sees("/levels/result?"+lookUp(), http.StatusOK, "Tra cứu quy hoạch", "Cấp độ 2", "Cấp độ 3", "Hai chế độ cho kết quả khác nhau",
		"Nghị định 331/2026/NĐ-CP, Điều 12, khoản 2, điểm a", "Nghị định 85/2016/NĐ-CP, Điều 9, khoản 2, điểm c", "đã đọc nguồn",
		"Điều gì sẽ làm thay đổi cấp độ", "100.000", "Mức độ tổn hại theo Luật là Cấp độ 4", "Nghị định 331/2026/NĐ-CP, Điều 10, khoản 5", "7 ngày làm việc")
	r.sees("/levels/result?regime=2016&"+lookUp(), http.StatusOK, "Vì sao, theo chế độ 2016", "Không còn hiệu lực cho hệ thống mới")
	r.lang = "en"
	r.sees("/levels/result?"+lookUp(), http.StatusOK, "Level 2", "The regimes differ", "read in the source", "fewer than 100,000 data subjects")
	r.lang = "vi"
	h.as(auth.Partner, "DT-SAO-MAI").sees("/levels", http.StatusForbidden)
}

func TestWrongAnswersStandAtTheirFields(t *testing.T) {
	h := city(t)
	r := h.as(auth.Officer, "P-SAI-GON")
	r.sees("/levels/result?q.kind=service", http.StatusUnprocessableEntity, "Bước 1 trong 2", `id="field-q.information-error"`, "Hãy trả lời câu này")
	r.sees("/levels/result?q.kind=service&q.information=personal&q.users=nhi%E1%BB%81u", http.StatusUnprocessableEntity, "Bước 2 trong 2", `id="field-q.users-error"`, `value="nhiều"`)
	r.sees("/levels/result?regime=1999&q.kind=service&q.information=personal", http.StatusNotFound)
	r.sees("/levels/result?q.kind=other&q.information=private", http.StatusOK, "Chưa có tiêu chí phù hợp")
}

func TestPartsAreAddedAndTheHighestDecides(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	part := url.Values{"name": {"Điều khiển hầm"}, "q.kind": {"control"}, "q.information": {"private"}, "q.control": {"grade-1"}}.Encode()
	page := r.sees("/levels/result?"+lookUp(), http.StatusOK, "Thêm một hệ thống thành phần")
	if !strings.Contains(page.text, "part=") {
		t.Error("what was answered does not go along as a part")
	}
	r.sees("/levels?part="+url.QueryEscape(part), http.StatusOK, "Đang thêm vào hệ thống có 1 thành phần")
	r.sees("/levels/result?part="+url.QueryEscape(part)+"&"+lookUp(), http.StatusOK, "Cấp độ 4", "Điều khiển hầm", "Nghị định 331/2026/NĐ-CP, Điều 14, khoản 3", "Suy ra từ Nghị định 331/2026/NĐ-CP, Điều 8, khoản 2", "suy ra từ văn bản")
}

func TestTheRulesOfLevelsStandOnThePageOfRules(t *testing.T) {
	h := city(t)
	r := h.as(auth.Auditor, "")
	r.sees("/regime", http.StatusOK, "Tiêu chí xác định cấp độ", "Nghị định 85/2016/NĐ-CP, Điều 9, khoản 2, điểm c", "Thẩm định, phê duyệt cấp độ", "Danh mục yêu cầu theo cấp độ", "TCVN 14423:2026")
}

func TestNoPageOfLevelsIsWiderThanItsScreenOrHardToRead(t *testing.T) {
	h := city(t)
	browser := webtest.Open(t)
	r := h.as(auth.Officer, "P-SAI-GON")
	folder := shots()
	keep := folder != ""
	if !keep {
		folder = t.TempDir()
	}
	for name, path := range map[string]string{
		"level-1": "/levels", "level-2": "/levels?step=2&q.kind=service&q.kind=infrastructure&q.information=personal", "level-result": "/levels/result?" + lookUp(),
	} {
		for _, width := range []int{webtest.Desk, webtest.Phone} {
			for _, lang := range []string{"vi", "en"} {
				r.lang = lang
				if keep || lang == "vi" {
					browser.Shot(h.server.URL+path, r.view(width), filepath.Join(folder, fmt.Sprintf("%s-%s-%d.png", name, lang, width)))
				}
			}
			browser.Axe(h.server.URL+path, r.view(width))
		}
	}
}
