package web_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/tlp"
	"tocsin/internal/face/web/webtest"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
)

// threatened is the small city, in which wards run products that advisories speak
// of, and a list names what it should not.
func threatened(t testing.TB) *house {
	t.Helper()
	h := city(t)
	h.apply("software.csv", `organisation,vendor,product,version,hostname
P-SAI-GON,Sao Băng,Cổng Thư Gate Mail Server,4.1,mail-01
P-SAI-GON,Example Soft,Gate Manager,7.0.3,may-chu-02
P-TAN-SON-NHAT,Example Soft,Gate Manager,,
X-BINH-CHANH,Example Soft Inc.,GateManager,6.9,web-01
DK-CON-DAO,,gate,1.4,dao-01
`)
	h.source("kev", intake.Source{Format: intake.KEV, TLP: tlp.Clear})
	h.source("danh-sach", intake.Source{Format: intake.List, Kind: intake.Indicators, TLP: tlp.Green})
	h.source("danh-sach-2", intake.Source{Format: intake.List, Kind: intake.Indicators, TLP: tlp.Amber})
	h.source("osv", intake.Source{Format: intake.OSV, TLP: tlp.Clear})
	entry := func(cve, vendor, name, ransomware string) string {
		return fmt.Sprintf(`{"cveID":%q,"vendorProject":%q,"product":%q,"vulnerabilityName":"%s Authentication Bypass Vulnerability","dateAdded":"2026-11-18",
			"shortDescription":"The management interface of %s can be used without a password.","requiredAction":"Apply updates per vendor instructions.","dueDate":"2026-12-09",
			"knownRansomwareCampaignUse":%q,"notes":"https://vendor.example/advisories/17","cwes":["CWE-287"]}`, cve, vendor, name, name, name, ransomware)
	}
	h.deliver("kev", "kev.json", `{"title":"catalogue","catalogVersion":"2026.11.18","dateReleased":"2026-11-18T00:00:00Z","count":3,"vulnerabilities":[`+
		strings.Join([]string{entry("CVE-2026-0001", "Example Soft", "Gate Manager", "Known"), entry("CVE-2026-0002", "Somebody Else", "Unheard Of", "Unknown"), entry("CVE-2026-0003", "SaoBang", "Gate Mail", "Unknown")}, ",")+`]}`)
	h.deliver("osv", "osv.json", `{"schema_version":"1.6.0","id":"GO-2026-0001","modified":"2026-11-10T00:00:00Z","published":"2026-11-09T00:00:00Z","aliases":["CVE-2026-0007"],
		"summary":"Path traversal in gate","details":"A crafted name reads files outside of the root.","affected":[{"package":{"ecosystem":"PyPI","name":"gate","purl":"pkg:pypi/gate"},
		"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}]}]}`)
	h.deliver("danh-sach", "a.txt", "192.0.2.66\n203.0.113.9\n10.0.0.0/4\nc2.attacker.example\nhttp://attacker.example/drop/a.sh\n"+strings.Repeat("ab", 32)+"\n")
	h.deliver("danh-sach-2", "b.txt", "192.0.2.66\n")
	return h
}

// threatPages are the pages of indicators, advisories and names to review.
func threatPages(h *house, r *reader) []seen {
	h.t.Helper()
	weak, err := h.findings.List(h.t.Context(), h.admin, finding.Filter{Find: "CVE-2026-0001", Order: "worst"})
	if err != nil || len(weak.Items) == 0 {
		h.t.Fatalf("no weakness: %v", err)
	}
	page := func(name, path string) seen { return seen{name, path, r} }
	return []seen{
		page("indicators", "/indicators"), page("indicators-held", "/indicators?state=held"), page("indicator", "/indicators/I1"), page("indicator-held", "/indicators/I2"),
		page("bulk-indicators", "/bulk/indicators/release?id=I2&id=I1"), page("bulk-indicators-none", "/bulk/indicators/release?id=I1"), page("bulk-indicators-empty", "/bulk/indicators/hold"),
		page("advisories", "/advisories"), page("advisories-kev", "/advisories?kev=1&q=gate"), page("advisory", "/advisories/A1"), page("advisory-nobody", "/advisories/A2"),
		page("matching", "/matching"), page("matching-second", "/matching?at=1"), page("weakness", "/findings/"+weak.Items[0].ID.String()),
		page("search-indicator", "/search?q=attacker"), page("search-cve", "/search?q=CVE-2026-0001"),
	}
}

func TestEveryPageOfThreatsOpensForTheCentre(t *testing.T) {
	h := threatened(t)
	r := h.as(auth.Admin, "")
	for _, lang := range []string{"vi", "en"} {
		r.lang = lang
		for _, x := range threatPages(h, r) {
			r.sees(x.path, http.StatusOK)
		}
		r.sees("/indicators?format=csv", http.StatusOK, "attacker[.]example")
		r.sees("/advisories?format=csv", http.StatusOK, "CVE-2026-0002")
	}
	for _, path := range []string{"/indicators/I999", "/indicators/x", "/advisories/A999", "/advisories/x", "/bulk/indicators/eat?id=I1", "/bulk/indicators/hold?id=I999"} {
		r.sees(path, http.StatusNotFound)
	}
	for _, path := range []string{"/", "/findings"} {
		if got := r.sees(path, http.StatusOK, `href="/indicators"`, `href="/advisories"`, `href="/matching"`); got.StatusCode != http.StatusOK {
			t.Errorf("%s does not lead there", path)
		}
	}
}

func TestEveryListOfThreatsSaysWhyItIsEmpty(t *testing.T) {
	h := empty(t)
	r := h.as(auth.Analyst, "")
	r.sees("/indicators", http.StatusOK, "Chưa có chỉ dấu nào")
	r.sees("/advisories", http.StatusOK, "Chưa có cảnh báo lỗ hổng nào")
	r.sees("/matching", http.StatusOK, "Không còn cặp tên nào cần xem")
}

func TestThreatsAreTheCentresToReadAndDecide(t *testing.T) {
	h := threatened(t)
	nobody := h.stranger()
	officer, auditor := h.as(auth.Officer, "P-SAI-GON"), h.as(auth.Auditor, "")
	for _, path := range []string{"/indicators", "/indicators/I1", "/advisories", "/advisories/A1", "/matching", "/bulk/indicators/hold?id=I1"} {
		if got := nobody.get(path); got.StatusCode != http.StatusSeeOther {
			t.Errorf("nobody at %s: %d", path, got.StatusCode)
		}
		officer.sees(path, http.StatusForbidden)
	}
	for path, status := range map[string]int{
		"/indicators": 200, "/indicators/I2": 200, "/advisories": 200, "/advisories/A1": 200, "/matching": 403, "/bulk/indicators/hold?id=I1": 403,
	} {
		got := auditor.sees(path, status)
		if strings.Contains(got.text, `action="/indicators/I`) || strings.Contains(got.text, `formaction="/bulk/indicators`) {
			t.Errorf("%s offers an auditor an act", path)
		}
	}
	for path, pairs := range map[string][]string{
		"/indicators/I1/hold": {"reason", "x"}, "/indicators/I2/release": {"reason", "x"}, "/bulk/indicators/hold": {"id", "I1", "reason", "x"}, "/matching": {"same", "yes"},
	} {
		officer.post(path, pairs...).check(t, "officer "+path, http.StatusForbidden)
		auditor.post(path, pairs...).check(t, "auditor "+path, http.StatusForbidden)
	}
}

func TestAHeldIndicatorShowsWhyAndIsReleasedWithAReason(t *testing.T) {
	h := threatened(t)
	r := h.as(auth.Analyst, "")
	list := r.sees("/indicators", http.StatusOK, "2 chỉ dấu đang chờ người quyết định", "Thuộc Phường Sài Gòn", "Dải /4 quá rộng", "192[.]0[.]2[.]66", "hxxp://attacker[.]example/drop/a.sh")
	if held, other := strings.Index(list.text, "203[.]0[.]113[.]9"), strings.Index(list.text, "192[.]0[.]2[.]66"); held < 0 || held > other {
		t.Error("what waits does not stand first")
	}
	if strings.Contains(plain(list.text), "http://attacker.example") {
		t.Error("an attacker's address stands on the page as it is")
	}
	r.sees("/indicators/I1", http.StatusOK, "danh-sach-2", "Gộp từ 2 nguồn", "S6:1")
	r.post("/indicators/I2/release").check(t, "without a reason", http.StatusUnprocessableEntity, "Hãy ghi rõ lý do")
	r.post("/indicators/I2/release", "reason", "máy chủ đã bị chiếm quyền").check(t, "release", http.StatusSeeOther)
	r.sees("/indicators/I2", http.StatusOK, "máy chủ đã bị chiếm quyền", "Giữ lại", "Hiệu lực")
	r.post("/indicators/I2/release", "reason", "lần nữa").check(t, "release twice", http.StatusConflict)
	r.sees("/bulk/indicators/hold?id=I1&id=I2&f.state=active", http.StatusOK, "Giữ lại 2 chỉ dấu?", "/indicators?state=active")
	r.post("/bulk/indicators/hold", "id", "I1", "id", "I2").check(t, "bulk without a reason", http.StatusUnprocessableEntity, "Hãy ghi rõ lý do")
	r.post("/bulk/indicators/hold", "id", "I1", "id", "I2", "reason", "báo nhầm", "back", "https://elsewhere.example").check(t, "bulk", http.StatusSeeOther)
	r.sees("/indicators?state=held", http.StatusOK, "báo nhầm", "203[.]0[.]113[.]9")
	r.sees("/bulk/indicators/release?all=1&f.state=held", http.StatusOK, "Cho đối sánh 3 chỉ dấu?")
	r.sees("/journal?noun=indicator", http.StatusOK, "Giữ lại chỉ dấu", `href="/indicators/I2"`)
	if got := r.get("/search?q=I2"); got.Header.Get("Location") != "/indicators/I2" {
		t.Errorf("an id leads to %q", got.Header.Get("Location"))
	}
	r.sees("/search?q=c2%5B.%5Dattacker", http.StatusOK, `href="/indicators/I`)
}

func TestAnAdvisoryTellsWhomItConcernsAndWhy(t *testing.T) {
	h := threatened(t)
	r := h.as(auth.Analyst, "")
	r.sees("/advisories", http.StatusOK, "Gate Manager Authentication Bypass", "Đang bị khai thác", "Mã độc tống tiền")
	r.sees("/advisories/A1", http.StatusOK, "Phường Sài Gòn", "Phường Tân Sơn Nhất", "Có thể", "Từ 18/11/2026", "09/12/2026", "CWE-287", "Apply updates per vendor instructions.", "https://vendor.example/advisories/17")
	if got := r.sees("/advisories/A1", http.StatusOK); strings.Contains(got.text, `href="https://vendor.example`) {
		t.Error("a reference of a stranger is a link")
	}
	r.sees("/advisories/A2", http.StatusOK, "Không cơ quan nào liên quan")
	r.sees("/search?q=cve-2026-0001", http.StatusOK, `href="/advisories/A1"`)
	officer := h.as(auth.Officer, "P-SAI-GON")
	own, err := h.findings.List(t.Context(), officer.actor, finding.Filter{Find: "CVE-2026-0001"})
	if err != nil || len(own.Items) != 1 {
		t.Fatalf("%d findings of the ward, %v", len(own.Items), err)
	}
	page := "/findings/" + own.Items[0].ID.String()
	got := officer.sees(page, http.StatusOK, "Điểm yếu của sản phẩm", "may-chu-02", "7.0.3", "Cùng tên sản phẩm.", "Apply updates per vendor instructions.", "Đang bị khai thác")
	for _, secret := range []string{`href="/advisories/`, "Tân Sơn Nhất", "web-01"} {
		if strings.Contains(got.text, secret) {
			t.Errorf("the officer's page shows %q", secret)
		}
	}
	r.sees(page, http.StatusOK, `href="/advisories/A1"`)
}

func TestNamesAreReviewedOneAfterTheOther(t *testing.T) {
	h := threatened(t)
	r := h.as(auth.Analyst, "")
	first := r.sees("/matching", http.StatusOK, "Danh mục phần mềm ghi", "Cảnh báo ghi", "Vì sao có thể là một", "Để sau")
	waiting := strings.Count(first.text, `href="/matching?at=`)
	r.post("/matching").check(t, "neither", http.StatusUnprocessableEntity, "Hãy chọn đúng hoặc không")
	r.post("/matching", "same", "yes", "product", "x").check(t, "half a pair", http.StatusUnprocessableEntity, "Hãy chọn đúng hoặc không")
	answer := []string{"vendor", "Example Soft", "product", "Gate Manager", "advisory_vendor", "Example Soft", "advisory_name", "Gate Manager", "same", "no", "reason", "sản phẩm khác"}
	r.post("/matching", answer...).check(t, "no", http.StatusSeeOther)
	h.settle()
	if got := r.sees("/matching", http.StatusOK); strings.Count(got.text, `href="/matching?at=`) >= waiting {
		t.Error("the question is asked again")
	}
	live, err := h.findings.List(t.Context(), h.admin, finding.Filter{Find: "CVE-2026-0001", Live: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range live.Items {
		if f.Detail.Vendor == "Example Soft" {
			t.Errorf("%s still stands after a no", f.ID)
		}
	}
	r.sees("/journal", http.StatusOK, "Xác nhận tên sản phẩm")
}

// Pictures are kept where somebody wants to look at them.
func TestNoPageOfThreatsIsWiderThanItsScreenOrHardToRead(t *testing.T) {
	h := threatened(t)
	browser := webtest.Open(t)
	folder, keep := shots(), shots() != ""
	if !keep {
		folder = t.TempDir()
	}
	centre, officer := h.as(auth.Analyst, ""), h.as(auth.Officer, "P-SAI-GON")
	pages := threatPages(h, centre)
	own, err := h.findings.List(t.Context(), officer.actor, finding.Filter{Find: "CVE-2026-0001"})
	if err != nil || len(own.Items) == 0 {
		t.Fatalf("the officer has no weakness: %v", err)
	}
	pages = append(pages, seen{"officer-weakness", "/findings/" + own.Items[0].ID.String(), officer})
	for _, x := range pages {
		if only := shotsOnly(); only != "" && !strings.Contains(only, x.name) {
			continue
		}
		for _, width := range []int{webtest.Desk, webtest.Phone} {
			for _, lang := range []string{"vi", "en"} {
				x.reader.lang = lang
				if keep || lang == "vi" {
					browser.Shot(h.server.URL+x.path, x.reader.view(width), filepath.Join(folder, fmt.Sprintf("threat-%s-%s-%d.png", x.name, lang, width)))
				}
			}
			if !keep {
				browser.Axe(h.server.URL+x.path, x.reader.view(width))
			}
		}
	}
}
