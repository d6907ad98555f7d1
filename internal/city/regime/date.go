package regime

import "time"

// date is a day of the calendar, apart from any zone.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	year, month, day := t.Date()
	return date{year, month, day}
}

// number counts the days since 1 January 1970.
func (d date) number() int {
	return int(d.time().Unix() / 86400)
}

func dateOfNumber(n int) date { return dateOf(time.Unix(int64(n)*86400, 0).UTC()) }

func (d date) time() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

func (d date) weekday() time.Weekday { return d.time().Weekday() }

func (d date) add(days int) date { return dateOfNumber(d.number() + days) }

func (d date) String() string { return d.time().Format(time.DateOnly) }

func parseDate(text string) (date, error) {
	t, err := time.Parse(time.DateOnly, text)
	return dateOf(t), err
}
