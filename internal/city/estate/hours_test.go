package estate_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/city/estate"
)

func TestHoursSayWhenAContactIsReached(t *testing.T) {
	for _, c := range []struct {
		hours, at, next string
		open            bool
	}{
		{"24x7", "2026-03-01T03:00:00", "2026-03-01T03:00:00", true},
		{"", "2026-03-01T03:00:00", "2026-03-01T03:00:00", true},
		{"Mon-Fri 07:30-17:00", "2026-03-02T07:30:00", "2026-03-02T07:30:00", true},
		{"Mon-Fri 07:30-17:00", "2026-03-02T07:29:59", "2026-03-02T07:30:00", false},
		{"Mon-Fri 07:30-17:00", "2026-03-06T17:00:00", "2026-03-09T07:30:00", false},
		{"Mon-Fri 07:30-17:00", "2026-03-01T12:00:00", "2026-03-02T07:30:00", false},
		{"Sat 08:00-24:00", "2026-03-07T23:59:00", "2026-03-07T23:59:00", true},
		{"Fri-Mon 08:00-12:00", "2026-03-01T09:00:00", "2026-03-01T09:00:00", true},
		{"Fri-Mon 08:00-12:00", "2026-03-03T09:00:00", "2026-03-06T08:00:00", false},
		{"Sun 08:00-12:00", "2026-03-01T13:00:00", "2026-03-08T08:00:00", false},
	} {
		h, err := estate.ParseHours(c.hours)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := time.Parse("2006-01-02T15:04:05", c.at)
		if got := h.Open(at); got != c.open {
			t.Errorf("%q at %s %s: open %v, want %v", c.hours, at.Weekday(), c.at, got, c.open)
		}
		if got := h.Next(at).Format("2006-01-02T15:04:05"); got != c.next {
			t.Errorf("%q after %s: next %s, want %s", c.hours, c.at, got, c.next)
		}
	}
	for _, wrong := range []string{"24/7", "Mon-Fri", "Mon-Fri 17:00-07:30", "Mon-Fri 7:30-17:00", "Mo-Fr 07:30-17:00", "Mon-Fri 07:30-25:00", "Mon 07:30-07:30"} {
		if _, err := estate.ParseHours(wrong); err == nil {
			t.Errorf("%q was read as hours", wrong)
		}
	}
}

func TestNextIsOpenAndNothingBeforeItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, err := estate.ParseHours(rapid.SampledFrom([]string{"24x7", "Mon-Fri 07:30-17:00", "Fri-Mon 00:00-24:00", "Wed 10:00-10:01"}).Draw(t, "hours"))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 3, 1, 0, rapid.IntRange(0, 20160).Draw(t, "minute"), 0, 0, time.UTC)
		next := h.Next(at)
		if next.Before(at) || !h.Open(next) {
			t.Fatalf("next of %s is %s", at, next)
		}
		for m := at; m.Before(next); m = m.Add(time.Minute) {
			if h.Open(m) {
				t.Fatalf("next of %s is %s, but %s is open", at, next, m)
			}
		}
	})
}

func FuzzParseHours(f *testing.F) {
	for _, s := range []string{"24x7", "", "Mon-Fri 07:30-17:00", "Sun 00:00-24:00", "Mon-Fri 24:00-24:00", "Mon- 1"} {
		f.Add(s)
	}
	at := time.Date(2026, 3, 1, 12, 34, 56, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		h, err := estate.ParseHours(text)
		if err == nil && !h.Open(h.Next(at)) {
			t.Fatalf("%q: the next open instant is not open", text)
		}
	})
}
