package i18n

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// style is how a language writes figures and dates.
type style struct {
	group, point               string
	date, long, clock, instant string // Layouts of package time.
}

func vietnameseStyle() style {
	return style{
		group: ".", point: ",",
		date: "02/01/2006", long: "ngày 02 tháng 01 năm 2006", clock: "15:04", instant: "15:04 02/01/2006",
	}
}

func englishStyle() style {
	return style{
		group: ",", point: ".",
		date: "2 Jan 2006", long: "2 January 2006", clock: "15:04", instant: "15:04, 2 Jan 2006",
	}
}

// Int writes 1234567 as 1.234.567 in Vietnamese and 1,234,567 in English.
func (v Voice) Int(n int64) string {
	return v.grouped(strconv.FormatInt(n, 10))
}

// Number writes x with the given count of decimals at most, none that is a
// trailing zero: 1.234.567,8 in Vietnamese.
func (v Voice) Number(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "—"
	}
	text := strconv.FormatFloat(x, 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	if whole == "-0" && fraction == "" {
		whole = "0"
	}
	if fraction == "" {
		return v.grouped(whole)
	}
	return v.grouped(whole) + v.catalogue.style.point + fraction
}

// Percent writes x, a figure from 0 to 100, with at most one decimal and its
// sign. What is not all is never rounded up to 100%, and what is not nothing
// never down to 0%.
func (v Voice) Percent(x float64) string {
	rounded := math.Round(x*10) / 10
	switch {
	case rounded >= 100 && x < 100:
		rounded = 99.9
	case rounded <= 0 && x > 0:
		rounded = 0.1
	}
	return v.Number(rounded, 1) + "%"
}

func (v Voice) grouped(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= 3 {
		return sign + digits
	}
	var out strings.Builder
	out.WriteString(sign)
	head := len(digits) % 3
	out.WriteString(digits[:head])
	for i := head; i < len(digits); i += 3 {
		if i > 0 {
			out.WriteString(v.catalogue.style.group)
		}
		out.WriteString(digits[i : i+3])
	}
	return out.String()
}

// Date writes the day of t in the city: 05/02/2026, or 5 Feb 2026 in English,
// where 05/02 would be read two ways. The zero time is written as nothing, by
// this and the other writers of times.
func (v Voice) Date(t time.Time) string { return v.layout(t, v.catalogue.style.date) }

// LongDate writes the day as legal papers do (Decree 30/2020, Appendix I,
// part II.4): ngày 05 tháng 02 năm 2026, with a zero before days under 10 and
// before months 1 and 2; 5 February 2026 in English.
func (v Voice) LongDate(t time.Time) string {
	text := v.layout(t, v.catalogue.style.long)
	if v.catalogue.lang != Vietnamese || t.IsZero() || t.In(v.zone).Month() <= time.February {
		return text
	}
	return strings.Replace(text, "tháng 0", "tháng ", 1)
}

// Time writes the hour and minute in the city: 14:05.
func (v Voice) Time(t time.Time) string { return v.layout(t, v.catalogue.style.clock) }

// DateTime writes hour, minute and day in the city: 14:05 05/02/2026.
func (v Voice) DateTime(t time.Time) string { return v.layout(t, v.catalogue.style.instant) }

// Weekday names the day of the week of t in the city: thứ Hai, Monday.
func (v Voice) Weekday(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return v.T("i18n.weekday." + strconv.Itoa(int(t.In(v.zone).Weekday())))
}

func (v Voice) layout(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(v.zone).Format(layout)
}

// Ago tells how long before now t was, or how long after, in one unit: "12
// phút trước", "3 giờ nữa", "vừa xong". Beyond 30 days it is the date.
func (v Voice) Ago(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	distance, direction := now.Sub(t), "ago"
	if distance < 0 {
		distance, direction = -distance, "ahead"
	}
	switch {
	case distance < time.Minute:
		return v.T("i18n." + direction + ".now")
	case distance < time.Hour:
		return v.N("i18n."+direction+".minutes", int(distance/time.Minute))
	case distance < 24*time.Hour:
		return v.N("i18n."+direction+".hours", int(distance/time.Hour))
	case distance <= 30*24*time.Hour:
		return v.N("i18n."+direction+".days", int(distance/(24*time.Hour)))
	}
	return v.Date(t)
}

// Duration writes the two largest units of d, cut off and not rounded: "12
// phút", "3 giờ 5 phút", "2 ngày". A negative one has a minus before it.
func (v Voice) Duration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "−", -d
	}
	part := func(unit, size time.Duration, key string) string {
		n := int(d / unit)
		if size > 0 {
			n %= int(size / unit)
		}
		if n == 0 {
			return ""
		}
		return v.N(key, n)
	}
	const day = 24 * time.Hour
	days := part(day, 0, "i18n.duration.days")
	hours := part(time.Hour, day, "i18n.duration.hours")
	minutes := part(time.Minute, time.Hour, "i18n.duration.minutes")
	seconds := part(time.Second, time.Minute, "i18n.duration.seconds")
	var text string
	switch {
	case days != "":
		text = days + " " + hours
	case hours != "":
		text = hours + " " + minutes
	case minutes != "":
		text = minutes + " " + seconds
	case seconds != "":
		text = seconds
	default:
		return v.N("i18n.duration.seconds", 0)
	}
	return sign + strings.TrimSuffix(text, " ")
}
