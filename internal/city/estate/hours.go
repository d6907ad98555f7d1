package estate

import (
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/errs"
)

// Hours are the hours in which a contact can be reached: always, or on some
// days of the week from a time to a time of the city's clock.
type Hours struct {
	always   bool
	days     [7]bool // by time.Weekday
	from, to int     // minutes of the day, to is not in it any more
}

// ParseHours reads "24x7", "Mon-Fri 07:30-17:00" or "Sat 08:00-12:00". Days
// may go over the end of the week (Fri-Mon). "" is always: nobody said
// otherwise, and mail waits. Anything else is Invalid.
func ParseHours(text string) (Hours, error) {
	if text == "" || text == "24x7" {
		return Hours{always: true}, nil
	}
	days, stretch, ok := strings.Cut(text, " ")
	first, last, several := strings.Cut(days, "-")
	if !several {
		last = first
	}
	from, to, both := strings.Cut(stretch, "-")
	h := Hours{from: minutes(from), to: minutes(to)}
	begin, end := weekday(first), weekday(last)
	if !ok || !both || begin < 0 || end < 0 || h.from < 0 || h.to < 0 || h.from >= h.to {
		return Hours{}, errs.New(errs.Invalid, "hours %q: want 24x7 or Mon-Fri 07:30-17:00", text)
	}
	for d := begin; ; d = (d + 1) % 7 {
		h.days[d] = true
		if d == end {
			return h, nil
		}
	}
}

func weekday(name string) int {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String()[:3] == name {
			return int(d)
		}
	}
	return -1
}

// minutes reads 07:30 as minutes of the day, 24:00 as its end; -1 otherwise.
func minutes(text string) int {
	if text == "24:00" {
		return 24 * 60
	}
	if len(text) != len("07:30") || text[2] != ':' {
		return -1
	}
	h, err1 := strconv.ParseUint(text[:2], 10, 8)
	m, err2 := strconv.ParseUint(text[3:], 10, 8)
	if err1 != nil || err2 != nil || h > 23 || m > 59 {
		return -1
	}
	return int(60*h + m)
}

// Open reports whether the instant, in the zone it carries, is within the
// hours.
func (h Hours) Open(at time.Time) bool {
	minute := 60*at.Hour() + at.Minute()
	return h.always || h.days[at.Weekday()] && h.from <= minute && minute < h.to
}

// Next is the first instant from at on that is within the hours.
func (h Hours) Next(at time.Time) time.Time {
	if h.Open(at) {
		return at
	}
	for d := range 8 {
		day := at.AddDate(0, 0, d)
		begin := time.Date(day.Year(), day.Month(), day.Day(), h.from/60, h.from%60, 0, 0, at.Location())
		if h.days[begin.Weekday()] && !begin.Before(at) {
			return begin
		}
	}
	panic("estate: hours without a day")
}

// Reachable reports whether the contact's hours include the instant, by the
// city's clock.
func (r *Room) Reachable(c Contact, at time.Time) bool {
	h, err := ParseHours(c.Hours)
	return err != nil || h.Open(at.In(r.zone))
}
