package regime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // The city's zone must be known on a bare machine.

	"tocsin/internal/base/errs"
)

// A Change is one rule that the city changed.
type Change struct {
	Rule   string          `json:"rule"`   // clock.high, quiet.malware, hours, brake, day.2027-02-05 …
	Reason string          `json:"reason"` // Who decided it and why; shown beside the rule.
	Date   string          `json:"date"`   // ISO date of the decision.
	Value  json.RawMessage `json:"value"`  // The fields that differ.
}

// A Rule is one rule as the page of rules shows it.
type Rule struct {
	Name   string
	Value  json.RawMessage // Its fields without the source.
	Source Source
}

// Regime is the set of rules that the city works under. It does not change and
// is safe for concurrent use.
type Regime struct {
	zone        *time.Location
	calendar    *Calendar
	clocks      map[string]ClockRule
	digests     map[string]DigestRule
	quiets      map[string]QuietRule
	promises    map[string]PromiseRule
	health      HealthRule
	steps       StepsRule
	brake       BrakeRule
	authorities []Authority
	editions    []Edition
	instruments []Instrument
	rules       []Rule
	changes     []Change

	levels      []LevelRegime
	questions   []Question
	criteria    []Criterion
	definitions []Criterion
	principles  []Principle
	approvals   []Approval
	transitions []Transition
	controls    []Control
}

// Load gives the rules of the first city with the city's own changes over them.
// override is a JSON document, or nil for none:
//
//	{"changes": [{"rule": "clock.high", "reason": "Quyết định 12/QĐ-TTATTT",
//	  "date": "2026-10-01", "value": {"acknowledge": "2 working hours"}}]}
//
// A value names only the fields that differ. A change of day.YYYY-MM-DD makes
// that day one off ({"name_vi": …}), one worked ({"work": true, …}) or like its
// weekday after all ({"usual": true}). Families quiet, promise, day,
// authority, edition, instrument and those about levels (docs/LEVELS.md) may gain
// rules; the others may not. What is wrong is Invalid, with a place for each
// change.
func Load(override []byte) (*Regime, error) {
	rules, order, err := builtIn()
	if err != nil {
		return nil, fmt.Errorf("the rules built in: %w", err)
	}
	changes, err := readChanges(override)
	if err != nil {
		return nil, err
	}
	b := builder{rules: rules, order: order, changed: map[string]Change{}}
	if b.regime.controls, err = readControls(levelControls); err != nil {
		return nil, err
	}
	var places []errs.Place
	for i, c := range changes {
		if reason := b.admit(c); reason != "" {
			places = append(places, errs.Place{Field: fmt.Sprintf("changes[%d]", i), Reason: c.Rule + ": " + reason})
		}
	}
	if len(places) == 0 {
		for _, name := range b.order {
			if err := b.build(name); err != nil {
				places = append(places, errs.Place{Field: name, Reason: err.Error()})
			}
		}
	}
	if len(places) == 0 {
		places = b.checkLevels()
	}
	if len(places) > 0 {
		return nil, errs.At(errs.Invalid, places, "rules of the city: %s", places[0].Reason)
	}
	b.regime.changes = changes
	if err := b.finish(); err != nil {
		return nil, err
	}
	return &b.regime, nil
}

func readChanges(override []byte) ([]Change, error) {
	if len(bytes.TrimSpace(override)) == 0 {
		return nil, nil
	}
	var file struct {
		Changes []Change `json:"changes"`
	}
	dec := json.NewDecoder(bytes.NewReader(override))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, errs.New(errs.Invalid, "rules of the city: %w", err)
	}
	if dec.More() {
		return nil, errs.New(errs.Invalid, "rules of the city: text after the closing brace")
	}
	return file.Changes, nil
}

// object reads the members of a JSON object.
func object(raw []byte) (members map[string]json.RawMessage, err error) {
	err = json.Unmarshal(raw, &members)
	return members, err
}

// builtIn are the rules that come with Tocsin: those of the city and those of
// levels.
func builtIn() (rules map[string]json.RawMessage, order []string, err error) {
	rules, err = object(defaultRules)
	if err != nil {
		return nil, nil, err
	}
	levels, err := object(levelRules)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(rules, levels)
	return rules, slices.Sorted(maps.Keys(rules)), nil
}

// builder puts a Regime together rule by rule.
type builder struct {
	rules   map[string]json.RawMessage // As built in.
	order   []string
	changed map[string]Change

	regime Regime
	hours  hoursRule
	zone   zoneRule
	days   []struct {
		date date
		dayRule
	}
}

// admit takes a change in, or says why not.
func (b *builder) admit(c Change) string {
	family, _, _ := strings.Cut(c.Rule, ".")
	_, known := b.rules[c.Rule]
	_, twice := b.changed[c.Rule]
	switch _, err := parseDate(c.Date); {
	case twice:
		return "is changed twice"
	case strings.TrimSpace(c.Reason) == "":
		return "a change needs its reason"
	case err != nil:
		return "a change needs the date of its decision, as 2026-10-01"
	case !known && !slices.Contains(append([]string{"quiet", "promise", "day", "authority", "edition", "instrument"}, levelFamilies()...), family):
		return "no such rule"
	case !known:
		b.order = append(b.order, c.Rule)
	}
	b.changed[c.Rule] = c
	return ""
}

// build reads one rule into its typed form and keeps it.
func (b *builder) build(name string) error {
	family, rest, _ := strings.Cut(name, ".")
	switch family {
	case "zone":
		return fill(b, name, &b.zone, &b.zone.Source)
	case "hours":
		return fill(b, name, &b.hours, &b.hours.Source)
	case "steps":
		return b.buildSteps(name)
	case "brake":
		r := &b.regime.brake
		if err := fill(b, name, r, &r.Source); err != nil {
			return err
		}
		if r.Organisations < 1 || r.Window.None() || r.Times < 1 || r.Deliveries < 1 || r.AtLeast < 1 {
			return errs.New(errs.Invalid, "every limit of the brake is at least 1")
		}
	case "clock":
		r := ClockRule{Severity: rest}
		if err := fill(b, name, &r, &r.Source); err != nil {
			return err
		}
		if rest == strictest && r.Acknowledge.None() {
			return errs.New(errs.Invalid, "the clock of critical cannot be none: it answers for severities without a rule")
		}
		put(&b.regime.clocks, rest, r)
	case "digest":
		r := DigestRule{Severity: rest}
		if err := fill(b, name, &r, &r.Source); err != nil {
			return err
		}
		put(&b.regime.digests, rest, r)
		return r.check()
	case "quiet":
		r := QuietRule{Kind: rest}
		if err := fill(b, name, &r, &r.Source); err != nil {
			return err
		}
		if r.Deliveries < 0 || r.Period.Unit == WorkingHours || r.Period.Unit == WorkingDays {
			return errs.New(errs.Invalid, "a quiet period runs round the clock, and its deliveries are 0 or more")
		}
		put(&b.regime.quiets, rest, r)
	case "promise":
		r := PromiseRule{Severity: rest}
		if err := fill(b, name, &r, &r.Source); err != nil {
			return err
		}
		if r.Handed.None() || r.Handed.Unit == WorkingHours || r.Handed.Unit == WorkingDays {
			return errs.New(errs.Invalid, "a promise is a time that runs round the clock")
		}
		put(&b.regime.promises, rest, r)
	case "health":
		r := &b.regime.health
		if err := fill(b, name, r, &r.Source); err != nil {
			return err
		}
		if !r.Silence.aroundTheClock() || !r.Key.aroundTheClock() {
			return errs.New(errs.Invalid, "the limits of health are times that run round the clock")
		}
	case "day":
		return b.buildDay(name, rest)
	case "authority":
		return buildDated(b, name, &b.regime.authorities, func(a *Authority) (*Source, []string) {
			return &a.Source, []string{a.Role, a.NameVi, a.NameEn, a.From, a.To}
		})
	case "edition":
		return buildDated(b, name, &b.regime.editions, func(e *Edition) (*Source, []string) {
			return &e.Source, []string{e.Code, e.NameVi, e.NameEn, e.From, e.To}
		})
	case "instrument":
		return buildDated(b, name, &b.regime.instruments, func(i *Instrument) (*Source, []string) {
			return &i.Source, []string{i.Code, i.NameVi, i.NameEn, i.From, i.To}
		})
	default:
		if slices.Contains(levelFamilies(), family) {
			return b.buildLevel(family, name)
		}
		return errs.New(errs.Invalid, "no such rule")
	}
	return nil
}

func (b *builder) buildSteps(name string) error {
	r := &b.regime.steps
	if err := fill(b, name, r, &r.Source); err != nil {
		return err
	}
	for _, to := range r.To {
		if !slices.Contains([]string{StepNextContact, StepParent, StepDutyList}, to) {
			return errs.New(errs.Invalid, "step %q: write next-contact, parent or duty-list", to)
		}
	}
	if len(r.To) == 0 || r.To[len(r.To)-1] != StepDutyList {
		return errs.New(errs.Invalid, "the last step is duty-list: a warning must end with a person")
	}
	return nil
}

func (b *builder) buildDay(name, text string) error {
	d, err := parseDate(text)
	if err != nil {
		return errs.New(errs.Invalid, "%q is no date; write day.2027-02-05", text)
	}
	var r dayRule
	if err := fill(b, name, &r, &r.Source); err != nil {
		return err
	}
	if !r.Usual && (r.NameVi == "" || r.NameEn == "") {
		return errs.New(errs.Invalid, "a day needs name_vi and name_en")
	}
	b.days = append(b.days, struct {
		date date
		dayRule
	}{d, r})
	return nil
}

// buildDated reads a rule that holds between two dates. parts gives its source
// and its fields: a word, the two names, from and to.
func buildDated[T any](b *builder, name string, all *[]T, parts func(*T) (*Source, []string)) error {
	var r T
	source, _ := parts(&r)
	if err := fill(b, name, &r, source); err != nil {
		return err
	}
	_, fields := parts(&r)
	if fields[0] == "" || fields[1] == "" || fields[2] == "" {
		return errs.New(errs.Invalid, "it needs its code or role, name_vi and name_en")
	}
	for _, day := range fields[3:] {
		if _, err := parseDate(day); day != "" && err != nil {
			return errs.New(errs.Invalid, "%q is no date", day)
		}
	}
	*all = append(*all, r)
	return nil
}

// fill reads the rule as built in, then the city's change over it, into dst,
// whose source stands at source.
func fill[T any](b *builder, name string, dst *T, source *Source) error {
	if raw, ok := b.rules[name]; ok {
		if err := strict(raw, dst); err != nil {
			return err
		}
	}
	if c, ok := b.changed[name]; ok {
		if err := strict(c.Value, dst); err != nil {
			return err
		}
		*source = Source{Citation: c.Reason + " (" + c.Date + ")", Mark: City}
	}
	if source.Citation == "" || !source.Mark.sound() {
		return errs.New(errs.Invalid, "it needs its source with a mark")
	}
	value, err := withoutSource(dst)
	if err != nil {
		return err
	}
	b.regime.rules = append(b.regime.rules, Rule{Name: name, Value: value, Source: *source})
	return nil
}

func strict(raw json.RawMessage, dst any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode(dst)
}

func withoutSource(rule any) (json.RawMessage, error) {
	raw, err := json.Marshal(rule)
	if err != nil {
		return nil, err
	}
	members, err := object(raw)
	if err != nil {
		return nil, err
	}
	delete(members, "source")
	return json.Marshal(members)
}

func put[T any](m *map[string]T, key string, value T) {
	if *m == nil {
		*m = map[string]T{}
	}
	(*m)[key] = value
}

func (r DigestRule) check() error {
	switch r.Rhythm {
	case AtOnce:
		return nil
	case Daily, Weekly:
		if _, err := clockTime(r.At); err != nil {
			return err
		}
		if r.Rhythm == Daily {
			return nil
		}
		_, err := weekdayNamed(r.Weekday)
		return err
	}
	return errs.New(errs.Invalid, "rhythm %q: write at-once, daily or weekly", r.Rhythm)
}

// finish builds the calendar out of zone, hours and days.
func (b *builder) finish() error {
	zone, err := time.LoadLocation(b.zone.Name)
	if err != nil || b.zone.Name == "" || b.zone.Name == "Local" {
		return errs.New(errs.Invalid, "rules of the city: zone %q is not known", b.zone.Name)
	}
	days, err := readDays(publishedDays)
	if err != nil {
		return fmt.Errorf("the days built in: %w", err)
	}
	for _, d := range b.days {
		if d.Usual {
			delete(days, d.date.number())
			continue
		}
		days[d.date.number()] = Day{Date: d.date.String(), Working: d.Work, NameVi: d.NameVi, NameEn: d.NameEn, Source: d.Source}
	}
	c := &Calendar{zone: zone, days: days}
	week := [7][]string{b.hours.Sunday, b.hours.Monday, b.hours.Tuesday, b.hours.Wednesday, b.hours.Thursday, b.hours.Friday, b.hours.Saturday}
	open := 0
	for i, texts := range week {
		if c.week[i], err = shifts(texts); err != nil {
			return err
		}
		open += len(c.week[i])
	}
	if c.makeUp, err = shifts(b.hours.MakeUp); err != nil {
		return err
	}
	if open == 0 || len(c.makeUp) == 0 {
		return errs.New(errs.Invalid, "rules of the city: hours: a week without working hours has no working clocks")
	}
	b.regime.zone, b.regime.calendar = zone, c
	return nil
}

func shifts(texts []string) ([]shift, error) {
	var all []shift
	for _, text := range texts {
		a, b, _ := strings.Cut(text, "-")
		from, err := clockTime(a)
		if err != nil {
			return nil, err
		}
		to, err := clockTime(b)
		if err != nil {
			return nil, err
		}
		if to <= from || (len(all) > 0 && from < all[len(all)-1].to) {
			return nil, errs.New(errs.Invalid, "rules of the city: hours %v: each ends after it begins, and they are in order", texts)
		}
		all = append(all, shift{from, to})
	}
	return all, nil
}
