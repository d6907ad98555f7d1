package i18n_test

import (
	"math"
	"testing"
	"time"

	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
)

func TestFiguresAreWrittenAsEachLanguageWritesThem(t *testing.T) {
	b := i18n.New()
	i18ntest.Strict(t, b)
	vi, en := b.In("vi"), b.In("en")
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1.000", -1234: "-1.234", -123: "-123", 123456: "123.456", 1234567: "1.234.567",
		math.MinInt64: "-9.223.372.036.854.775.808",
	} {
		equal(t, vi.Int(n), want)
	}
	equal(t, en.Int(1234567), "1,234,567")
	equal(t, vi.Number(1234567.8, 1), "1.234.567,8")
	equal(t, en.Number(1234567.8, 1), "1,234,567.8")
	equal(t, vi.Number(12.0, 2), "12")
	equal(t, vi.Number(-0.01, 1), "0")
	equal(t, vi.Number(math.NaN(), 1), "—")
	equal(t, vi.Percent(49.54), "49,5%")
	equal(t, vi.Percent(100), "100%")
	equal(t, vi.Percent(99.97), "99,9%")
	equal(t, vi.Percent(0.01), "0,1%")
	equal(t, en.Percent(0), "0%")
}

func TestTimesAreThoseOfTheCity(t *testing.T) {
	b := i18n.New()
	i18ntest.Strict(t, b)
	vi, en := b.In("vi"), b.In("en")
	// Half past eleven at night in London is already the next day in the city.
	at := time.Date(2026, 2, 4, 23, 30, 0, 0, time.UTC)
	equal(t, vi.Date(at), "05/02/2026")
	equal(t, en.Date(at), "5 Feb 2026")
	equal(t, vi.Time(at), "06:30")
	equal(t, vi.DateTime(at), "06:30 05/02/2026")
	equal(t, vi.Weekday(at), "thứ Năm")
	equal(t, en.Weekday(at), "Thursday")
	equal(t, vi.LongDate(at), "ngày 05 tháng 02 năm 2026")
	equal(t, en.LongDate(at), "5 February 2026")
	equal(t, vi.LongDate(at.AddDate(0, 1, 0)), "ngày 05 tháng 3 năm 2026")
	equal(t, vi.LongDate(at.AddDate(0, 8, 10)), "ngày 15 tháng 10 năm 2026")
	equal(t, vi.Date(time.Time{})+vi.LongDate(time.Time{})+vi.Weekday(time.Time{})+vi.Ago(time.Time{}, at), "")

	hanoi := time.FixedZone("test", 3600)
	b.SetZone(hanoi)
	equal(t, b.In("vi").Time(at), "00:30")
	equal(t, vi.Time(at), "06:30")
}

func TestHowLongAgo(t *testing.T) {
	b := i18n.New()
	i18ntest.Strict(t, b)
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		before time.Duration
		vi, en string
	}{
		{0, "vừa xong", "just now"},
		{59 * time.Second, "vừa xong", "just now"},
		{time.Minute, "1 phút trước", "1 minute ago"},
		{12*time.Minute + 59*time.Second, "12 phút trước", "12 minutes ago"},
		{time.Hour, "1 giờ trước", "1 hour ago"},
		{23*time.Hour + 59*time.Minute, "23 giờ trước", "23 hours ago"},
		{24 * time.Hour, "1 ngày trước", "1 day ago"},
		{30 * 24 * time.Hour, "30 ngày trước", "30 days ago"},
		{31 * 24 * time.Hour, "01/05/2026", "1 May 2026"},
		{-30 * time.Second, "ngay bây giờ", "now"},
		{-3 * time.Hour, "3 giờ nữa", "in 3 hours"},
		{-24 * time.Hour, "1 ngày nữa", "in 1 day"},
	} {
		equal(t, b.In("vi").Ago(now.Add(-c.before), now), c.vi)
		equal(t, b.In("en").Ago(now.Add(-c.before), now), c.en)
	}
}

func TestHowLongItLasted(t *testing.T) {
	b := i18n.New()
	i18ntest.Strict(t, b)
	for d, want := range map[time.Duration][2]string{
		0:                                 {"0 giây", "0 seconds"},
		400 * time.Millisecond:            {"0 giây", "0 seconds"},
		45 * time.Second:                  {"45 giây", "45 seconds"},
		12 * time.Minute:                  {"12 phút", "12 minutes"},
		90 * time.Second:                  {"1 phút 30 giây", "1 minute 30 seconds"},
		3*time.Hour + 5*time.Minute:       {"3 giờ 5 phút", "3 hours 5 minutes"},
		time.Hour + 59*time.Second:        {"1 giờ", "1 hour"},
		48 * time.Hour:                    {"2 ngày", "2 days"},
		49*time.Hour + 10*time.Minute:     {"2 ngày 1 giờ", "2 days 1 hour"},
		24*time.Hour + 59*time.Minute:     {"1 ngày", "1 day"},
		-(3*time.Hour + 5*time.Minute):    {"−3 giờ 5 phút", "−3 hours 5 minutes"},
		14 * 24 * time.Hour:               {"14 ngày", "14 days"},
		10000*time.Hour + 30*time.Minute:  {"416 ngày 16 giờ", "416 days 16 hours"},
		time.Minute - time.Nanosecond:     {"59 giây", "59 seconds"},
		23*time.Hour + 59*time.Minute + 1: {"23 giờ 59 phút", "23 hours 59 minutes"},
	} {
		equal(t, b.In("vi").Duration(d), want[0])
		equal(t, b.In("en").Duration(d), want[1])
	}
}
