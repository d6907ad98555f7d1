package paper

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// pdfText is what a reader would copy from the PDF, with single spaces. The tool
// is part of the test's machine; without it the test fails by its name.
func pdfText(t *testing.T, path string, more ...string) string {
	t.Helper()
	out, err := exec.Command("pdftotext", append(more, "-enc", "UTF-8", path, "-")...).Output()
	if err != nil {
		t.Fatalf("pdftotext (package poppler-utils) on %s: %v", path, err)
	}
	return string(out)
}

func TestLetterInPDFKeepsItsWords(t *testing.T) {
	path := write(t, look(t), "letter.pdf", func(b *bytes.Buffer) error { return PDF(b, sampleLetter()) })
	text := strings.Join(strings.Fields(pdfText(t, path)), " ")
	for _, want := range []string{
		"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "ỦY BAN NHÂN DÂN",
		"Số: 05/TTANM-GS", "Thành phố Hồ Chí Minh, ngày 05 tháng 02 năm 2026", "KHẨN",
		"Kính gửi: Ủy ban nhân dân phường Bình Minh Đông.", "203.0.113.21", "quan tâm phối hợp./.",
		"KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC", "Nguyễn Văn Mẫu", "Nơi nhận:", "- Như trên;", "- Lưu: VT, GS.", "TLP:AMBER",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("text lacks %q:\n%s", want, text)
		}
	}
}

func TestReportInPDFNumbersItsPagesAndRepeatsTheHeader(t *testing.T) {
	path := write(t, look(t), "report.pdf", func(b *bytes.Buffer) error { return PDF(b, sampleReport()) })
	pages := strings.Split(strings.TrimSuffix(pdfText(t, path, "-layout"), "\f"), "\f")
	if len(pages) < 4 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, page := range pages {
		first := strings.TrimSpace(strings.SplitN(strings.TrimLeft(page, "\n"), "\n", 2)[0])
		number := regexp.MustCompile(`^\d+$`).MatchString(first)
		if number != (i > 0) {
			t.Errorf("page %d begins with %q", i+1, first)
		}
		if regexp.MustCompile(`Đơn vị mẫu số`).MatchString(page) && !strings.Contains(page, "Tỷ lệ") {
			t.Errorf("page %d has rows without the table's header:\n%s", i+1, page)
		}
	}
	text := strings.Join(strings.Fields(strings.Join(pages, " ")), " ")
	for _, want := range []string{"Phụ lục I ", "Phụ lục II ", "CHỈ DẤU KỸ THUẬT", "An ninh mạng Thành phố./.", "ngày 10 tháng 12 năm 2025; Căn", "PHƯƠNG HƯỚNG, NHIỆM VỤ", "đ) Không", "d) Chuyển"} {
		if !strings.Contains(text, want) {
			t.Errorf("text lacks %q", want)
		}
	}
}
