package regime

import (
	"slices"
	"strings"
	"time"
)

// A Calendar knows when the city's offices work. It does not change and is safe
// for concurrent use.
type Calendar struct {
	zone   *time.Location
	week   [7][]shift  // By time.Weekday.
	makeUp []shift     // The hours of a day worked in exchange.
	days   map[int]Day // By number of the date.
}

// shift is a stretch of one day, in minutes since midnight.
type shift struct{ from, to int }

// stretch is a shift of a certain day.
type stretch struct{ from, to time.Time }

// Zone is the city's time zone.
func (c *Calendar) Zone() *time.Location { return c.zone }

// stretches are the working hours of a day, in order.
func (c *Calendar) stretches(d date) []stretch {
	shifts := c.shifts(d)
	all := make([]stretch, len(shifts))
	for i, s := range shifts {
		all[i] = stretch{c.instant(d, s.from), c.instant(d, s.to)}
	}
	return all
}

func (c *Calendar) shifts(d date) []shift {
	special, ok := c.days[d.number()]
	switch usual := c.week[d.weekday()]; {
	case !ok:
		return usual
	case !special.Working:
		return nil
	case len(usual) > 0:
		return usual
	}
	return c.makeUp
}

func (c *Calendar) instant(d date, minute int) time.Time {
	return time.Date(d.year, d.month, d.day, minute/60, minute%60, 0, 0, c.zone)
}

// Working tells whether offices are open at t.
func (c *Calendar) Working(t time.Time) bool {
	for _, s := range c.stretches(dateOf(t.In(c.zone))) {
		if !t.Before(s.from) && t.Before(s.to) {
			return true
		}
	}
	return false
}

// WorkingDay tells whether offices are open at some time of the city's day that
// holds t.
func (c *Calendar) WorkingDay(t time.Time) bool {
	return len(c.shifts(dateOf(t.In(c.zone)))) > 0
}

// AddWorking is the first instant at or after t by which offices have been open
// for d since t; t itself when d is not above zero. Four hours from Friday
// 15:00 end on Monday at 09:30. The answer is in UTC.
func (c *Calendar) AddWorking(t time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return t.UTC()
	}
	for day := dateOf(t.In(c.zone)); ; day = day.add(1) {
		for _, s := range c.stretches(day) {
			from := s.from
			if from.Before(t) {
				from = t
			}
			open := s.to.Sub(from)
			if open >= d {
				return from.Add(d).UTC()
			}
			d -= max(open, 0)
		}
	}
}

// AddWorkingDays is the end of office hours of the n-th working day after the
// day of t: the day on which a period begins does not count, and it ends with
// its last day (Civil Code 91/2015/QH13, Articles 147 and 148; a day of an
// office ends when the office closes). Two working days from Monday at any hour
// end on Wednesday at 17:00. The answer is t itself when n is not above zero,
// and in UTC.
func (c *Calendar) AddWorkingDays(t time.Time, n int) time.Time {
	if n <= 0 {
		return t.UTC()
	}
	for day := dateOf(t.In(c.zone)).add(1); ; day = day.add(1) {
		open := c.stretches(day)
		if len(open) == 0 {
			continue
		}
		if n--; n == 0 {
			return open[len(open)-1].to.UTC()
		}
	}
}

// WorkingBetween is how long offices are open from a to b, and that with a minus
// when b comes before a.
func (c *Calendar) WorkingBetween(a, b time.Time) time.Duration {
	if b.Before(a) {
		return -c.WorkingBetween(b, a)
	}
	var total time.Duration
	for day, last := dateOf(a.In(c.zone)), dateOf(b.In(c.zone)).number(); day.number() <= last; day = day.add(1) {
		for _, s := range c.stretches(day) {
			from, to := s.from, s.to
			if from.Before(a) {
				from = a
			}
			if to.After(b) {
				to = b
			}
			total += max(to.Sub(from), 0)
		}
	}
	return total
}

// Day tells what is special about the city's day that holds t, if anything.
func (c *Calendar) Day(t time.Time) (Day, bool) {
	d, ok := c.days[dateOf(t.In(c.zone)).number()]
	return d, ok
}

// Year lists the special days of a year, in order.
func (c *Calendar) Year(year int) []Day {
	var all []Day
	for n, d := range c.days {
		if dateOfNumber(n).year == year {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b Day) int { return strings.Compare(a.Date, b.Date) })
	return all
}
