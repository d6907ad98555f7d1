package regime

import (
	"slices"
	"strings"
	"time"
)

// Zone is the city's time zone.
func (r *Regime) Zone() *time.Location { return r.zone }

// Calendar is the city's calendar of working time.
func (r *Regime) Calendar() *Calendar { return r.calendar }

// Changes are the city's own changes, in the order of its file.
func (r *Regime) Changes() []Change { return slices.Clone(r.changes) }

// Rules lists every rule with its source, by name.
func (r *Regime) Rules() []Rule {
	all := slices.Clone(r.rules)
	slices.SortFunc(all, func(a, b Rule) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// strictest answers for a severity that no rule names: a needless call is
// better than a warning that nobody hears of.
const strictest = "critical"

// Clock is the clock of a severity; that of critical where no rule names it.
func (r *Regime) Clock(severity string) ClockRule {
	if c, ok := r.clocks[severity]; ok {
		return c
	}
	return r.clocks[strictest]
}

// AckDue is when a warning of a severity, handed over at from, must be
// acknowledged; the zero time when it has no clock.
func (r *Regime) AckDue(severity string, from time.Time) time.Time {
	return r.calendar.Due(r.Clock(severity).Acknowledge, from)
}

// RemedyDue is when what a warning of a severity tells, handed over at from,
// must be fixed; the zero time when it has no clock.
func (r *Regime) RemedyDue(severity string, from time.Time) time.Time {
	return r.calendar.Due(r.Clock(severity).Remedy, from)
}

// Due is when a span that began at from is over; the zero time for none.
func (r *Regime) Due(s Span, from time.Time) time.Time { return r.calendar.Due(s, from) }

// Steps are the steps of an escalation, in order.
func (r *Regime) Steps() StepsRule {
	return StepsRule{To: slices.Clone(r.steps.To), Source: r.steps.Source}
}

// StepDue is when the step after one made at since is taken, if still nobody
// acknowledged: each step waits one clock of the severity. The zero time when
// the severity has no clock.
func (r *Regime) StepDue(severity string, since time.Time) time.Time {
	return r.AckDue(severity, since)
}

// Promise is how soon after its receipt a warning of a severity is to be handed
// over; ok is false where nothing is promised.
func (r *Regime) Promise(severity string) (rule PromiseRule, ok bool) {
	rule, ok = r.promises[severity]
	return rule, ok
}

// Health are the limits of contact health.
func (r *Regime) Health() HealthRule { return r.health }

// Quiet is what silence must look like before it witnesses that a finding of a
// kind is gone; the general rule where the kind has none of its own.
func (r *Regime) Quiet(kind string) QuietRule {
	if q, ok := r.quiets[kind]; ok {
		return q
	}
	q := r.quiets["*"]
	q.Kind = kind
	return q
}

// Brake is the storm brake.
func (r *Regime) Brake() BrakeRule { return r.brake }

// Digest says when warnings of a severity are sent; at once where no rule names
// the severity.
func (r *Regime) Digest(severity string) DigestRule {
	if d, ok := r.digests[severity]; ok {
		return d
	}
	return r.digests[strictest]
}

// NextDigest is the first instant after after at which a digest of the severity
// goes out; after itself where warnings go out at once. The answer is in UTC.
func (r *Regime) NextDigest(severity string, after time.Time) time.Time {
	rule := r.Digest(severity)
	if rule.Rhythm == AtOnce {
		return after.UTC()
	}
	// Load has checked both texts.
	minute, _ := clockTime(rule.At)
	weekday, _ := weekdayNamed(rule.Weekday)
	for day := dateOf(after.In(r.zone)); ; day = day.add(1) {
		at := r.calendar.instant(day, minute)
		if at.After(after) && (rule.Rhythm == Daily || day.weekday() == weekday) {
			return at.UTC()
		}
	}
}

// Authority is the city's authority for information security at the instant
// at, by the city's date.
func (r *Regime) Authority(at time.Time) Authority { return r.AuthorityFor("city", at) }

// AuthorityFor is the body that speaks in a role (city, national, digital) at
// the instant at; of several the one that came last. The zero Authority when
// nobody does.
func (r *Regime) AuthorityFor(role string, at time.Time) Authority {
	found := Authority{}
	for _, a := range r.authorities {
		if a.Role == role && within(r.day(at), a.From, a.To) && (found.Role == "" || a.From > found.From) {
			found = a
		}
	}
	return found
}

// At is the edition of the law in force at the instant at, by the city's date;
// of several the one that came last.
func (r *Regime) At(at time.Time) Edition {
	found := Edition{}
	for _, e := range r.editions {
		if within(r.day(at), e.From, e.To) && (found.Code == "" || e.From > found.From) {
			found = e
		}
	}
	return found
}

// Instruments are the legal texts and standards in force at the instant at.
func (r *Regime) Instruments(at time.Time) []Instrument {
	var all []Instrument
	for _, i := range r.instruments {
		if within(r.day(at), i.From, i.To) {
			all = append(all, i)
		}
	}
	return all
}

func (r *Regime) day(at time.Time) string { return at.In(r.zone).Format(time.DateOnly) }
