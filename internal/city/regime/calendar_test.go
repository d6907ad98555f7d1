package regime_test

import (
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/city/regime"
)

func TestTheLunarCalendarKnowsTet(t *testing.T) {
	c := load(t, "").Calendar()
	// First days of Tết, from printed calendars. In years after 2026 the day is
	// reckoned; in 2030 Viet Nam keeps Tết a day before China.
	for _, day := range []string{
		"2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26",
		"2029-02-13", "2030-02-02", "2031-01-23", "2032-02-11", "2033-01-31", "2034-02-19", "2035-02-08",
	} {
		when, err := time.ParseInLocation(time.DateOnly, day, c.Zone())
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := c.Day(when); !ok || d.NameVi != "Tết Âm lịch" || d.Working {
			t.Errorf("%s: %+v", day, d)
		}
		// The fourth day of the year is the last of the holiday in the law's usual
		// reading; on the sixth everybody is back, but for days off in lieu.
		if d, ok := c.Day(when.AddDate(0, 0, 5)); ok && d.NameVi == "Tết Âm lịch" {
			t.Errorf("%s: Tết does not end", day)
		}
	}
	for _, day := range []string{"2021-04-21", "2022-04-10", "2027-04-16", "2028-04-04", "2029-04-23", "2030-04-12"} {
		when, err := time.ParseInLocation(time.DateOnly, day, c.Zone())
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := c.Day(when); !ok || d.NameVi != "Ngày Giỗ Tổ Hùng Vương" {
			t.Errorf("%s: %+v", day, d)
		}
	}
}

func TestEveryYearHasItsDaysOffOnWorkingDays(t *testing.T) {
	c := load(t, "").Calendar()
	for year := 2021; year <= 2120; year++ {
		want := 11 // Labour Code, Article 112.
		if year >= 2026 {
			want = 12
		}
		off, inferred := 0, 0
		for _, d := range c.Year(year) {
			when, err := time.Parse(time.DateOnly, d.Date)
			if err != nil {
				t.Fatal(err)
			}
			weekend := when.Weekday() == time.Saturday || when.Weekday() == time.Sunday
			switch {
			case d.Working && !weekend:
				t.Errorf("%s is worked in exchange and is no weekend", d.Date)
			case d.Working:
				off-- // It gives back one day off.
			case !weekend:
				off++
			}
			if d.Source.Mark == regime.Inferred {
				inferred++
			}
		}
		// Where two holidays coincide (Hùng Kings' day on 30 April, as in 2012) the
		// law gives one day.
		if off != want && off != want-1 {
			t.Errorf("%d: %d days off on working days, want %d", year, off, want)
		}
		published := year >= 2023 && year <= 2026
		if published && inferred != 0 || !published && inferred != len(c.Year(year)) {
			t.Errorf("%d: %d of %d days are marked inferred", year, inferred, len(c.Year(year)))
		}
	}
}

func TestTheDaysOfTheYearsMadeKnown(t *testing.T) {
	r := load(t, "")
	c := r.Calendar()
	for day, want := range map[string]bool{
		"2023-01-19": true, "2023-01-20": false, "2023-01-26": false, "2023-01-27": true, "2023-05-03": false, "2023-09-04": false, "2023-09-05": true,
		"2024-02-07": true, "2024-02-08": false, "2024-02-14": false, "2024-02-15": true, "2024-04-29": false, "2024-05-04": true, "2024-09-03": false,
		"2025-01-24": true, "2025-01-27": false, "2025-01-31": false, "2025-02-03": true, "2025-04-26": true, "2025-05-02": false, "2025-09-01": false,
		"2026-01-02": false, "2026-01-10": true, "2026-02-13": true, "2026-02-16": false, "2026-02-20": false, "2026-02-23": true, "2026-04-27": false,
		"2026-08-22": true, "2026-08-31": false, "2026-09-03": true, "2026-11-24": false, "2026-11-21": false,
	} {
		if got := c.WorkingDay(at(t, r, day+" 10:00")); got != want {
			t.Errorf("%s is a working day: %v, want %v", day, got, want)
		}
		if got := c.Working(at(t, r, day+" 10:00")); got != want {
			t.Errorf("offices are open at 10:00 on %s: %v, want %v", day, got, want)
		}
		if c.Working(at(t, r, day+" 12:00")) || c.Working(at(t, r, day+" 17:00")) {
			t.Errorf("offices are open at midday or at 17:00 on %s", day)
		}
	}
}

// openMinutes is the slow twin of the calendar: for each minute of a stretch of
// days it asks whether offices are open, which Working answers by itself.
type openMinutes struct {
	from time.Time
	open []bool
}

func minutes(c *regime.Calendar, from time.Time, days int) openMinutes {
	m := openMinutes{from: from, open: make([]bool, days*24*60)}
	for i := range m.open {
		m.open[i] = c.Working(from.Add(time.Duration(i) * time.Minute))
	}
	return m
}

func (m openMinutes) between(a, b int) time.Duration {
	total := time.Duration(0)
	for i := a; i < b; i++ {
		if m.open[i] {
			total += time.Minute
		}
	}
	return total
}

// add is the first minute by which offices were open for d since minute a.
func (m openMinutes) add(a int, d time.Duration) (int, bool) {
	for i := a; ; i++ {
		if d <= 0 {
			return i, true
		}
		if i >= len(m.open) {
			return 0, false
		}
		if m.open[i] {
			d -= time.Minute
		}
	}
}

// twins are stretches with what is hard in them: Tết, an exchanged Saturday,
// National Day, the end of a year, and years that are only reckoned.
func twins(c *regime.Calendar) func() []openMinutes {
	return sync.OnceValue(func() []openMinutes {
		var all []openMinutes
		for _, from := range []string{"2026-02-09", "2026-08-17", "2025-12-22", "2024-04-15", "2027-01-25"} {
			start, err := time.ParseInLocation(time.DateOnly, from, c.Zone())
			if err != nil {
				panic(err)
			}
			all = append(all, minutes(c, start, 28))
		}
		return all
	})
}

func TestTheCalendarAgreesWithItsSlowTwin(t *testing.T) {
	c := load(t, "").Calendar()
	all := twins(c)()
	rapid.Check(t, func(t *rapid.T) {
		twin := all[rapid.IntRange(0, len(all)-1).Draw(t, "stretch")]
		a := rapid.IntRange(0, len(twin.open)).Draw(t, "a")
		b := rapid.IntRange(a, len(twin.open)).Draw(t, "b")
		from, to := twin.from.Add(time.Duration(a)*time.Minute), twin.from.Add(time.Duration(b)*time.Minute)
		if got, want := c.WorkingBetween(from, to), twin.between(a, b); got != want {
			t.Fatalf("from %v to %v: %v, minute by minute %v", from, to, got, want)
		}
		if got := c.WorkingBetween(to, from); got != -c.WorkingBetween(from, to) {
			t.Fatalf("backwards: %v", got)
		}
		d := time.Duration(rapid.IntRange(0, 60*60).Draw(t, "d")) * time.Minute
		if want, ok := twin.add(a, d); ok {
			if got := c.AddWorking(from, d); !got.Equal(twin.from.Add(time.Duration(want) * time.Minute)) {
				t.Fatalf("%v working from %v: %v, minute by minute %v", d, from, got, twin.from.Add(time.Duration(want)*time.Minute))
			}
		}
	})
}

func instant() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		start := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
		return start.Add(time.Duration(rapid.Int64Range(0, int64(8*366*24*time.Hour/time.Microsecond)).Draw(t, "µs")) * time.Microsecond)
	})
}

func TestAClockIsLongByWhatItSays(t *testing.T) {
	c := load(t, "").Calendar()
	rapid.Check(t, func(t *rapid.T) {
		from := instant().Draw(t, "from")
		d := time.Duration(rapid.Int64Range(1, int64(200*time.Hour)).Draw(t, "d"))
		due := c.AddWorking(from, d)
		if got := c.WorkingBetween(from, due); got != d {
			t.Fatalf("from %v to %v offices are open %v, want %v", from, due, got, d)
		}
		if c.WorkingBetween(from, due.Add(-time.Microsecond)) >= d {
			t.Fatalf("%v is not the first such instant", due)
		}
	})
}

func TestWhatBeginsLaterIsNeverDueEarlier(t *testing.T) {
	r := load(t, "")
	rapid.Check(t, func(t *rapid.T) {
		a, b := instant().Draw(t, "a"), instant().Draw(t, "b")
		if b.Before(a) {
			a, b = b, a
		}
		for _, severity := range []string{"critical", "high", "medium", "low"} {
			if r.AckDue(severity, b).Before(r.AckDue(severity, a)) {
				t.Fatalf("%s: sent at %v due %v, sent at %v due %v", severity, a, r.AckDue(severity, a), b, r.AckDue(severity, b))
			}
			if due := r.AckDue(severity, a); !due.After(a) || r.RemedyDue(severity, a).Before(due) {
				t.Fatalf("%s: sent at %v, due %v, fixed by %v", severity, a, due, r.RemedyDue(severity, a))
			}
			next := r.NextDigest(severity, a)
			if next.Before(a) || next.Sub(a) > 7*24*time.Hour || r.NextDigest(severity, b).Before(next) {
				t.Fatalf("%s: after %v the digest goes out at %v", severity, a, next)
			}
		}
		for severity, milder := range map[string]string{"high": "medium", "medium": "low"} {
			if r.AckDue(milder, a).Before(r.AckDue(severity, a)) {
				t.Fatalf("at %v %s is due before %s", a, milder, severity)
			}
		}
		n := rapid.IntRange(1, 40).Draw(t, "n")
		if c := r.Calendar(); !c.AddWorkingDays(a, n).Before(c.AddWorkingDays(a, n+1)) {
			t.Fatalf("from %v, %d days are not before %d", a, n, n+1)
		}
	})
}

func BenchmarkAckDue(b *testing.B) {
	r := load(b, "")
	from := time.Date(2026, 2, 11, 3, 0, 0, 0, time.UTC)
	for b.Loop() {
		_ = r.AckDue("low", from)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := regime.Load(nil); err != nil {
			b.Fatal(err)
		}
	}
}
