package regime

import (
	"regexp"
	"strconv"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
)

// A Unit is what a Span counts.
type Unit string

// The units. An hour and a day run round the clock; a working hour runs only
// while offices are open; working days are counted as Calendar.AddWorkingDays
// counts them.
const (
	Minutes      Unit = "minute"
	Hours        Unit = "hour"
	Days         Unit = "day"
	WorkingHours Unit = "working hour"
	WorkingDays  Unit = "working day"
)

// A Span is a length of time as rules state it: "1 hour", "4 working hours",
// "2 working days". The zero Span, written "none", is no limit at all.
type Span struct {
	Amount int
	Unit   Unit
}

// None tells whether the span sets no limit.
func (s Span) None() bool { return s.Amount == 0 }

// aroundTheClock tells whether the span is a limit that counts no working time.
func (s Span) aroundTheClock() bool {
	return !s.None() && s.Unit != WorkingHours && s.Unit != WorkingDays
}

// Plain is the span as a duration round the clock; a working hour counts as an
// hour and a working day as a day. It serves for comparing and for quiet
// periods, which have no working units.
func (s Span) Plain() time.Duration {
	switch s.Unit {
	case Minutes:
		return time.Duration(s.Amount) * time.Minute
	case Hours, WorkingHours:
		return time.Duration(s.Amount) * time.Hour
	case Days, WorkingDays:
		return time.Duration(s.Amount) * 24 * time.Hour
	}
	return 0
}

// MarshalText writes the span as rules state it.
func (s Span) MarshalText() ([]byte, error) {
	if s.None() {
		return []byte("none"), nil
	}
	text := strconv.Itoa(s.Amount) + " " + string(s.Unit)
	if s.Amount > 1 {
		text += "s"
	}
	return []byte(text), nil
}

// UnmarshalText reads what MarshalText writes; Invalid otherwise. The longest
// span is 3,650 of its unit.
func (s *Span) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*s = Span{}
		return nil
	}
	parts := regexp.MustCompile(`^([1-9][0-9]{0,3}) (minute|hour|day|working hour|working day)s?$`).FindSubmatch(text)
	if parts == nil {
		return errs.New(errs.Invalid, "span %q: write none, 30 minutes, 1 hour, 14 days, 4 working hours or 2 working days", text)
	}
	amount, err := strconv.Atoi(string(parts[1]))
	if err != nil || amount > 3650 {
		return errs.New(errs.Invalid, "span %q: more than 3650 is too long", text)
	}
	*s = Span{Amount: amount, Unit: Unit(parts[2])}
	return nil
}

// Words says the span in the voice's language: "4 giờ làm việc".
func (s Span) Words(v i18n.Voice) string {
	switch {
	case s.None():
		return v.T("regime.span.none")
	case s.Unit == Minutes:
		return v.N("regime.span.minutes", s.Amount)
	case s.Unit == Hours:
		return v.N("regime.span.hours", s.Amount)
	case s.Unit == Days:
		return v.N("regime.span.days", s.Amount)
	case s.Unit == WorkingHours:
		return v.N("regime.span.working-hours", s.Amount)
	case s.Unit == WorkingDays:
		return v.N("regime.span.working-days", s.Amount)
	}
	panic("regime: a span of a unit that UnmarshalText does not make")
}

// Due is when s, begun at from, is over; the zero time when s sets no limit.
func (c *Calendar) Due(s Span, from time.Time) time.Time {
	switch {
	case s.None():
		return time.Time{}
	case s.Unit == WorkingHours:
		return c.AddWorking(from, time.Duration(s.Amount)*time.Hour)
	case s.Unit == WorkingDays:
		return c.AddWorkingDays(from, s.Amount)
	}
	return from.Add(s.Plain())
}
