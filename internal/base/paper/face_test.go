package paper

import "testing"

func TestEveryCutHasAllVietnameseLetters(t *testing.T) {
	const letters = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ" +
		"AÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬEÈÉẺẼẸÊỀẾỂỄỆIÌÍỈĨỊOÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢUÙÚỦŨỤƯỪỨỬỮỰYỲÝỶỸỴĐ₫–—…“”‘’≥≤±×→□"
	set := newFaces()
	for _, c := range []cut{{}, {bold: true}, {italic: true}, {bold: true, italic: true}} {
		f := set.of(c)
		for _, r := range letters {
			if !f.has(r) {
				t.Errorf("%s has no %q", c.file(), r)
			}
		}
		for _, title := range []string{"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Thành phố Hồ Chí Minh, ngày 05 tháng 02 năm 2026"} {
			t.Log(c.code(), title, f.width(title, 12)/72*25.4, f.width(title, 13)/72*25.4)
		}
	}
	if set.err != nil {
		t.Fatal(set.err)
	}
}
