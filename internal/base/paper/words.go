package paper

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DateText is the day t in the pattern's words ("ngày {day} tháng {month} năm
// {year}"): days under 10 and the months 1 and 2 carry a zero, as Decree 30
// asks of number forms that could be altered. A zero t leaves day and month to
// the pen.
func DateText(pattern string, t time.Time) string {
	day, month, year := "......", "......", "20...."
	if !t.IsZero() {
		day, month, year = fmt.Sprintf("%02d", t.Day()), strconv.Itoa(int(t.Month())), strconv.Itoa(t.Year())
		if t.Month() < time.March {
			month = "0" + month
		}
	}
	return strings.NewReplacer("{day}", day, "{month}", month, "{year}", year).Replace(pattern)
}

// NumberText is number and symbol, "05/BC-TTANM": numbers under 10 carry a zero.
// 0 leaves the number to the pen.
func NumberText(n int, symbol string) string {
	if n <= 0 {
		return strings.Repeat("\u00a0", 8) + "/" + symbol
	}
	return fmt.Sprintf("%02d/%s", n, symbol)
}

// roman is n in Roman figures, for annexes.
func roman(n int) string {
	values := []int{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1}
	figures := []string{"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"}
	var b strings.Builder
	for i, v := range values {
		for ; n >= v; n -= v {
			b.WriteString(figures[i])
		}
	}
	return b.String()
}

// letter is the mark of the nth điểm, counted from 1. The Vietnamese alphabet
// has đ after d and no f, j, w, z; ă and â, ê, ô and ơ, ư are not used as marks.
// After the last letter the marks double: aa, ab.
func letter(n int, language string) string {
	alphabet := []rune("abcdefghijklmnopqrstuvwxyz")
	if vietnamese(language) {
		alphabet = []rune("abcdđeghiklmnopqrstuvxy")
	}
	mark := ""
	for n > 0 {
		n--
		mark = string(alphabet[n%len(alphabet)]) + mark
		n /= len(alphabet)
	}
	return mark
}

func vietnamese(language string) bool {
	return language == "" || language == "vi" || strings.HasPrefix(language, "vi-")
}

// listed sets the end marks of a row of lines: ";" after each, "." after the last.
func listed(lines []string) []string {
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		if l = strings.TrimRight(l, " .;,\u00a0"); l != "" {
			out = append(out, l+";")
		}
	}
	if n := len(out); n > 0 {
		out[n-1] = strings.TrimSuffix(out[n-1], ";") + "."
	}
	return out
}
