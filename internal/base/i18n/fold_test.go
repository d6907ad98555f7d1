package i18n_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"tocsin/internal/base/i18n"
)

func TestOneSearchKeyForAllWaysOfWritingAName(t *testing.T) {
	for want, names := range map[string][]string{
		"phuong hoa hung":       {"Phường Hòa Hưng", "Phường Hoà Hưng", "PHƯỜNG HÒA HƯNG", "phuong hoa hung", norm.NFD.String("Phường Hòa Hưng"), "  Phường\u00a0Hoà\tHưng "},
		"dac khu con dao":       {"Đặc khu Côn Đảo", "ĐẶC KHU CÔN ĐẢO", "đặc khu côn đảo"},
		"phuong thu dau mot":    {"Phường Thủ Dầu Một"},
		"xa thanh an":           {"Xã Thạnh An"},
		"so y te":               {"Sở Y tế"},
		"uy ban nhan dan":       {"Ủy ban nhân dân", "Uỷ ban nhân dân"},
		"quan 1":                {"Quận 1", "Quận １"},
		"192.0.2.1":             {"192.0.2.1"},
		"":                      {"", " ", "\u0301"},
		"truong quy duc nguyen": {"Trương Quý Đức Nguyễn"},
	} {
		for _, name := range names {
			equal(t, i18n.Fold(name), want)
		}
	}
}

func TestNamesStandInTheOrderOfTheDictionary(t *testing.T) {
	want := []string{
		"",
		"Phường 2", "Phường 02a", "Phường 10", "Phường An Đông", "Phường An Hội Đông", "Phường An Khánh", "Phường An Lạc",
		"Phường Bà Rịa", "Phường Bàn Cờ", "Phường Bảy Hiền", "Phường Bến Cát", "Phường Bến Thành", "Phường Bình Cơ",
		"Phường Cát Lái", "Phường Cầu Kiệu", "Phường Cầu Ông Lãnh", "Phường Chánh Hưng", "Phường Chợ Lớn", "Phường Chợ Quán",
		"Phường Dĩ An", "Phường Diên Hồng", "Phường Đông Hòa", "Phường Đông Hưng Thuận", "Phường Đức Nhuận",
		"Phường Gia Định", "Phường Gò Vấp", "Phường Hạnh Thông", "Phường Hòa Bình", "Phường Hòa Hưng",
		"Phường Linh Xuân", "Phường Lợi Bình Nhơn", "Phường Phú An", "Phường Phú Định", "Phường Phú Lâm", "Phường Phước Long",
		"Phường Sài Gòn", "Phường Tam Bình", "Phường Tăng Nhơn Phú", "Phường Tân Bình", "Phường Tân Định",
		"Phường Thạnh Mỹ Tây", "Phường Thủ Dầu Một", "Phường Thủ Đức", "Phường Vĩnh Hội", "Phường Vũng Tàu", "Phường Vườn Lài", "Phường Xuân Hòa",
		"Sở Tài chính", "Sở Tư pháp", "Sở Y tế", "Xã An Long", "Xã Ấp", "Xã Âu",
	}
	got := slices.Clone(want)
	slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(i18n.SortKey(a), i18n.SortKey(b)) })
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("place %d: %q, want %q\n%q", i, got[i], want[i], got)
		}
	}
	tones := []string{"ma", "mà", "mả", "mã", "má", "mạ", "man", "măn", "mân", "mận", "me", "mê"}
	if !slices.IsSortedFunc(tones, func(a, b string) int { return strings.Compare(i18n.SortKey(a), i18n.SortKey(b)) }) {
		t.Error("tones do not stand in the order ngang, huyền, hỏi, ngã, sắc, nặng")
	}
	equal(t, i18n.SortKey("Phường Hoà Hưng"), i18n.SortKey("phường hòa hưng"))
	equal(t, i18n.SortKey(norm.NFD.String("Thủ Dầu Một")), i18n.SortKey("Thủ Dầu Một"))
}

// syllable draws a Vietnamese syllable with its tone where it is written.
func syllable() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		onset := rapid.SampledFrom([]string{"", "b", "c", "ch", "d", "đ", "g", "h", "kh", "l", "m", "ng", "ph", "s", "t", "th", "tr", "v", "x"}).Draw(t, "onset")
		vowel := rapid.SampledFrom([]string{"a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y"}).Draw(t, "vowel")
		tone := rapid.SampledFrom([]string{"", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"}).Draw(t, "tone")
		coda := rapid.SampledFrom([]string{"", "c", "ch", "m", "n", "ng", "p", "t", "u"}).Draw(t, "coda")
		return norm.NFC.String(onset + vowel + tone + coda)
	})
}

// TestASyllableStandsWhereUnicodePutsIt holds SortKey against the collation of
// the Unicode consortium. Whole names differ on purpose: Unicode looks at the
// letters of all words before the tone of the first.
func TestASyllableStandsWhereUnicodePutsIt(t *testing.T) {
	vi := collate.New(language.Vietnamese)
	rapid.Check(t, func(t *rapid.T) {
		a, b := syllable().Draw(t, "a"), syllable().Draw(t, "b")
		want := vi.CompareString(a, b)
		if got := strings.Compare(i18n.SortKey(a), i18n.SortKey(b)); got != want {
			t.Fatalf("%q and %q: %d, Unicode says %d", a, b, got, want)
		}
	})
}

func TestANameSortsWordByWord(t *testing.T) {
	compare := func(a, b string) int { return strings.Compare(i18n.SortKey(a), i18n.SortKey(b)) }
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(syllable(), 1, 4)
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		want := slices.CompareFunc(a, b, compare)
		if got := compare(strings.Join(a, " "), strings.Join(b, "-")); got != want {
			t.Fatalf("%q and %q: %d, word by word %d", a, b, got, want)
		}
	})
}

func FuzzKeysAreStableAndPlain(f *testing.F) {
	for _, s := range []string{"Phường Hoà Hưng", "Quận 10", "ﬁle", "İ", "日本", "\xff", "ẞ", "\u0390"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := i18n.Fold(s)
		if again := i18n.Fold(folded); again != folded {
			t.Errorf("Fold(%q) = %q, folded again %q", s, folded, again)
		}
		for _, r := range i18n.SortKey(s) {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
				t.Fatalf("SortKey(%q) holds %q", s, r)
			}
		}
	})
}

func BenchmarkFold(b *testing.B) {
	for b.Loop() {
		_ = i18n.Fold("Ủy ban nhân dân Phường Hòa Hưng")
	}
}

func BenchmarkSortKey(b *testing.B) {
	for b.Loop() {
		_ = i18n.SortKey("Ủy ban nhân dân Phường Hòa Hưng")
	}
}
