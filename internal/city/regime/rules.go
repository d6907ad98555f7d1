package regime

import (
	"time"

	"tocsin/internal/base/errs"
)

// A ClockRule says how fast a warning of a severity must be answered.
type ClockRule struct {
	Severity    string `json:"-"`
	Acknowledge Span   `json:"acknowledge"` // From hand-over to acknowledgement.
	Remedy      Span   `json:"remedy"`      // From hand-over to the claim that it is fixed.
	Source      Source `json:"source"`
}

// A Rhythm says when what was found is sent.
type Rhythm string

// The rhythms.
const (
	AtOnce Rhythm = "at-once"
	Daily  Rhythm = "daily"
	Weekly Rhythm = "weekly"
)

// A DigestRule says when warnings of a severity are sent.
type DigestRule struct {
	Severity string `json:"-"`
	Rhythm   Rhythm `json:"rhythm"`
	At       string `json:"at"`      // 08:00 in the city, for Daily and Weekly.
	Weekday  string `json:"weekday"` // monday to sunday, for Weekly.
	Source   Source `json:"source"`
}

// A QuietRule says what a source must have seen nothing for, before its silence
// witnesses that a finding of a kind is gone.
type QuietRule struct {
	Kind       string `json:"-"`
	Period     Span   `json:"period"`     // Counted round the clock from the claim.
	Deliveries int    `json:"deliveries"` // So often at least the source has delivered in it.
	Source     Source `json:"source"`
}

// A PromiseRule says how soon after word came in a warning of a severity is
// handed over to somebody.
type PromiseRule struct {
	Severity string `json:"-"`
	Handed   Span   `json:"handed"` // Counted round the clock from the receipt.
	Source   Source `json:"source"`
}

// A HealthRule says from when on the way to an organisation's people is told to
// be unwell. Both limits run round the clock.
type HealthRule struct {
	Silence Span   `json:"silence"` // Nothing was acknowledged for so long.
	Key     Span   `json:"key"`     // A key expires sooner.
	Source  Source `json:"source"`
}

// A StepsRule is the order in which others are told of a warning that nobody
// acknowledged: next-contact, parent, duty-list. Each step waits one clock.
type StepsRule struct {
	To     []string `json:"to"`
	Source Source   `json:"source"`
}

// The steps of an escalation.
const (
	StepNextContact = "next-contact"
	StepParent      = "parent"
	StepDutyList    = "duty-list"
)

// A BrakeRule says when a storm of warnings is held for a person.
type BrakeRule struct {
	Organisations int    `json:"organisations"` // One indicator, signature or product may warn so many
	Window        Span   `json:"window"`        // within this time.
	Times         int    `json:"times"`         // A source may open so many times its busiest
	Deliveries    int    `json:"deliveries"`    // of its last deliveries, so many,
	AtLeast       int    `json:"at_least"`      // and what is below this never counts as a storm.
	Source        Source `json:"source"`
}

// HoldsSpread decides whether one indicator, signature or product name that is
// about to warn so many organisations within the window is held, and gives the
// catalogue key of the reason.
func (b BrakeRule) HoldsSpread(organisations int) (held bool, reason string) {
	if organisations > b.Organisations {
		return true, "regime.brake.spread"
	}
	return false, "regime.brake.none"
}

// HoldsSource decides whether a delivery that opens so many findings is held,
// given how many each earlier delivery of its source opened, the latest last,
// and gives the catalogue key of the reason. A source's first delivery has
// nothing to be compared with and passes; HoldsSpread still stands before it.
func (b BrakeRule) HoldsSource(opened int, earlier []int) (held bool, reason string) {
	recent := earlier[max(0, len(earlier)-b.Deliveries):]
	busiest := 0
	for _, n := range recent {
		busiest = max(busiest, n)
	}
	if len(recent) > 0 && opened >= b.AtLeast && opened > b.Times*busiest {
		return true, "regime.brake.source"
	}
	return false, "regime.brake.none"
}

// An Authority is the body that speaks in a role between two dates.
type Authority struct {
	Role   string `json:"role"` // city, national, digital
	NameVi string `json:"name_vi"`
	NameEn string `json:"name_en"`
	From   string `json:"from"` // ISO date in the city, inclusive; "" since ever.
	To     string `json:"to"`   // ISO date, inclusive; "" still.
	Source Source `json:"source"`
}

// An Edition is the law in force between two dates; dossiers and reports carry
// the code of the one they were made under.
type Edition struct {
	Code   string `json:"code"` // A, B
	NameVi string `json:"name_vi"`
	NameEn string `json:"name_en"`
	From   string `json:"from"`
	To     string `json:"to"`
	Source Source `json:"source"`
}

// An Instrument is one legal text or standard with its dates.
type Instrument struct {
	Code   string `json:"code"`   // 331/2026/NĐ-CP
	Matter string `json:"matter"` // levels, details, controls, papers
	NameVi string `json:"name_vi"`
	NameEn string `json:"name_en"`
	From   string `json:"from"`
	To     string `json:"to"`
	Source Source `json:"source"`
}

type zoneRule struct {
	Name   string `json:"name"`
	Source Source `json:"source"`
}

type hoursRule struct {
	Monday    []string `json:"monday"`
	Tuesday   []string `json:"tuesday"`
	Wednesday []string `json:"wednesday"`
	Thursday  []string `json:"thursday"`
	Friday    []string `json:"friday"`
	Saturday  []string `json:"saturday"`
	Sunday    []string `json:"sunday"`
	MakeUp    []string `json:"make_up"`
	Source    Source   `json:"source"`
}

// dayRule is a change of one day: a holiday that became known, or a day worked.
type dayRule struct {
	Work   bool   `json:"work"`
	Usual  bool   `json:"usual"` // The day is like its weekday after all.
	NameVi string `json:"name_vi"`
	NameEn string `json:"name_en"`
	Source Source `json:"source"`
}

// within tells whether the ISO date day lies from from to to, both inclusive.
func within(day, from, to string) bool {
	return (from == "" || from <= day) && (to == "" || day <= to)
}

func clockTime(text string) (minute int, err error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, errs.New(errs.Invalid, "time of day %q: write 08:00", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}

func weekdayNamed(name string) (time.Weekday, error) {
	switch name {
	case "sunday":
		return time.Sunday, nil
	case "monday":
		return time.Monday, nil
	case "tuesday":
		return time.Tuesday, nil
	case "wednesday":
		return time.Wednesday, nil
	case "thursday":
		return time.Thursday, nil
	case "friday":
		return time.Friday, nil
	case "saturday":
		return time.Saturday, nil
	}
	return 0, errs.New(errs.Invalid, "weekday %q: write monday to sunday", name)
}
