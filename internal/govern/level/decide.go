package level

import (
	"slices"

	"tocsin/internal/city/regime"
)

// A Decision is the level of a system under one regime, and why.
type Decision struct {
	Name    string
	Regime  regime.LevelRegime
	InForce bool // The regime was in force on the day asked for.

	// Level is 1 to 5, or 0 where none of the decree's criteria holds: then a
	// person decides, and nothing here does.
	Level   int
	Clauses []Clause // Criteria of that level that hold; of a system of parts, those of its highest parts.
	Also    []Clause // Criteria of lower levels that hold too.
	// Rules are the principles that were applied: highest, parts, and for a level
	// that the law's definition puts higher, risk; of level 5, critical.
	Rules []regime.Principle
	// Assumed are the codes of questions that apply and were not answered: the
	// mildest answer was taken.
	Assumed      []string
	Alternatives []Alternative

	// Defined is the level that the law's own definition by harm gives, 0 where
	// nobody said what harm there would be. It does not decide; where it is above
	// Level somebody must look again.
	Defined   int
	DefinedBy []Clause

	Parts       []Decision
	Approvals   []regime.Approval
	Transitions []regime.Transition
}

// A Clause is a criterion that holds, and the answers because of which it does.
type Clause struct {
	regime.Criterion

	Part    string // The part of the system that meets it, "" the system itself.
	Because []Because
}

// Because is one answer on which a criterion rests.
type Because struct {
	Question regime.Question
	Given    []string
}

// An Alternative is another answer to one question that would change the level.
type Alternative struct {
	Question regime.Question
	From, To []string
	Level    int
	Part     string // The part that would answer otherwise.
}

// Decide is the level of a system under a regime. The answers must be sound
// (Check). It is pure: the same law and answers give the same decision.
func Decide(l Law, s System) Decision {
	d := l.judge(s)
	if d.Level > 0 {
		d.Approvals = l.Approvals(d.Level)
	}
	d.Transitions = l.Transitions
	d.Alternatives = l.alternatives(s, d.Level)
	return d
}

// Compare is the level of a system under each of several regimes.
func Compare(laws []Law, s System) []Decision {
	all := make([]Decision, len(laws))
	for i, l := range laws {
		all[i] = Decide(l, s)
	}
	return all
}

// judge is the decision without what would change it.
func (l Law) judge(s System) Decision {
	if len(s.Parts) == 0 {
		return l.judgeOne(s)
	}
	d := Decision{Name: s.Name, Regime: l.Regime, InForce: l.InForce}
	parts := s.Parts
	if len(s.Answers) > 0 {
		parts = append([]System{{Name: s.Name, Answers: s.Answers}}, parts...)
	}
	for _, part := range parts {
		one := l.judgeOne(part)
		d.Parts = append(d.Parts, one)
		d.Level = max(d.Level, one.Level)
		d.Defined = max(d.Defined, one.Defined)
		for _, code := range one.Assumed {
			if !slices.Contains(d.Assumed, code) {
				d.Assumed = append(d.Assumed, code)
			}
		}
	}
	for _, one := range d.Parts {
		for _, c := range slices.Concat(one.Clauses, one.Also) {
			c.Part = one.Name
			if c.Level == d.Level {
				d.Clauses = append(d.Clauses, c)
			} else {
				d.Also = append(d.Also, c)
			}
		}
		for _, c := range one.DefinedBy {
			if c.Level == d.Defined {
				c.Part = one.Name
				d.DefinedBy = append(d.DefinedBy, c)
			}
		}
	}
	d.Rules = l.rules(d, "parts")
	return d
}

func (l Law) judgeOne(s System) Decision {
	d := Decision{Name: s.Name, Regime: l.Regime, InForce: l.InForce}
	met := l.met(l.Criteria, s.Answers)
	for _, c := range met {
		d.Level = max(d.Level, c.Level)
	}
	for _, c := range met {
		if c.Level == d.Level {
			d.Clauses = append(d.Clauses, c)
		} else {
			d.Also = append(d.Also, c)
		}
	}
	defined := l.met(l.Definitions, s.Answers)
	for _, c := range defined {
		d.Defined = max(d.Defined, c.Level)
	}
	for _, c := range defined {
		if c.Level == d.Defined {
			d.DefinedBy = append(d.DefinedBy, c)
		}
	}
	for _, q := range l.Questions {
		if q.Role != "definition" && len(s.Answers[q.Code]) == 0 && l.Asks(q, s.Answers) {
			d.Assumed = append(d.Assumed, q.Code)
		}
	}
	d.Rules = l.rules(d, "")
	return d
}

// rules are the principles by which a decision stands.
func (l Law) rules(d Decision, first string) []regime.Principle {
	matters := []string{}
	if first != "" {
		matters = append(matters, first)
	}
	if len(d.Also) > 0 {
		matters = append(matters, "highest")
	}
	if d.Defined > d.Level {
		matters = append(matters, "risk")
	}
	if d.Level == regime.HighestLevel {
		matters = append(matters, "critical")
	}
	var all []regime.Principle
	for _, m := range matters {
		if p, ok := l.Principle(m); ok {
			all = append(all, p)
		}
	}
	return all
}

// met are the rows that hold, each with the answers of its first condition that
// does.
func (l Law) met(rows []regime.Criterion, a Answers) []Clause {
	var all []Clause
	for _, row := range rows {
		for _, when := range row.When {
			if !l.holds(when, a) {
				continue
			}
			c := Clause{Criterion: row}
			for _, q := range l.Questions {
				if _, tested := when[q.Code]; tested {
					c.Because = append(c.Because, Because{q, given(q, a)})
				}
			}
			all = append(all, c)
			break
		}
	}
	return all
}
