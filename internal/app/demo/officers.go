package demo

import (
	"slices"
	"time"
)

// A Verb is what somebody does about a problem.
type Verb string

// The verbs of the script.
const (
	Acknowledge Verb = "acknowledge" // an officer presses the button of the warnings that hold the findings
	Start       Verb = "start"       // an officer begins to mend
	Fixed       Verb = "fixed"       // an officer says that it is mended, true or not
	Reject      Verb = "reject"      // an analyst judges the findings of the storm false
)

// An Act is something that somebody does on a day.
type Act struct {
	At           time.Duration // after the midnight that begins the day
	Organisation string        // whose officer; empty: an analyst of the centre
	Verb         Verb
	// Kind and Match name the findings: open ones of the organisation, of that
	// kind, whose asset is Match after its scheme. Of Reject, Match is the
	// discriminator, at whichever organisation.
	Kind, Match string
}

// Officers is what people do on day n: most answer within the hour, some
// late, some only when the problem is long gone, some claim to have mended
// what they have not, some are never heard of. Who has no contact never
// acknowledges.
func (c *City) Officers(n int) []Act {
	acts := []Act{{At: stormAt + 25*time.Minute, Verb: Reject, Kind: kindOf("event4_sinkhole_http"), Match: StormFamily(n)}}
	for _, p := range c.problems {
		if p.body != "" {
			acts = append(acts, c.about(p, n)...)
		}
	}
	slices.SortStableFunc(acts, func(a, b Act) int { return int(a.At - b.At) })
	return acts
}

// A temper is how an officer takes one problem.
type temper int

const (
	prompt  temper = iota // within the hour
	late                  // after hours; a critical warning has gone further by then
	boaster               // says "fixed" at once, without having mended anything
	shy                   // never answers, mends, and says so a day later
	deaf                  // never heard of
)

// temper draws six prompt ones of ten, and one of each other sort.
func (c *City) temper(p problem, cycle int) temper {
	t := temper(max(0, c.roll(10, "temper", p.report, p.number, cycle)-5))
	switch {
	case c.byCode[p.body].contacts == 0:
		return shy
	case t == boaster && p.visible < 2:
		return prompt
	}
	return t
}

// about is what is done on day n about one problem.
func (c *City) about(p problem, n int) []Act {
	day, cycle := p.day(n)
	came := arrival(p.report)
	spread := func(most int, what string) time.Duration {
		return time.Duration(c.roll(most, what, p.report, p.number, cycle)) * time.Minute
	}
	var acts []Act
	do := func(at time.Duration, v Verb) {
		acts = append(acts, Act{At: at, Organisation: p.body, Verb: v, Kind: kindOf(p.report), Match: p.asset})
	}
	first, last := day == 0, day == p.visible-1
	switch c.temper(p, cycle) {
	case prompt:
		if first {
			answered := came + 5*time.Minute + spread(40, "ack")
			do(answered, Acknowledge)
			do(answered+30*time.Minute+spread(60, "start"), Start)
		}
		if last {
			do(came+3*time.Hour+spread(240, "fixed"), Fixed)
		}
	case late:
		if first {
			do(came+3*time.Hour+spread(180, "ack"), Acknowledge)
		}
		if last {
			do(came+8*time.Hour+spread(120, "fixed"), Fixed)
		}
	case boaster:
		if first {
			do(came+10*time.Minute+spread(20, "ack"), Acknowledge)
			do(came+time.Hour+spread(60, "boast"), Fixed)
		}
		if last {
			do(came+6*time.Hour+spread(120, "fixed"), Fixed)
		}
	case shy:
		if day == p.visible {
			do(came+time.Hour+spread(120, "fixed"), Fixed)
		}
	case deaf:
	}
	return acts
}
