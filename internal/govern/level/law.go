package level

import (
	"slices"
	"strconv"
	"time"

	"tocsin/internal/city/regime"
)

// Law is one regime of levels as it stood on a day: all that a decision needs.
type Law struct {
	Regime      regime.LevelRegime
	InForce     bool // On the day that was asked for.
	Questions   []regime.Question
	Criteria    []regime.Criterion
	Definitions []regime.Criterion
	Principles  []regime.Principle
	approvals   func(level int) []regime.Approval
	Transitions []regime.Transition
}

// LawOf is the regime of a code at the instant at; the one in force at that
// instant where code is "". NotFound when there is no such regime.
func LawOf(r *regime.Regime, code string, at time.Time) (Law, error) {
	current, inForce := r.LevelsAt(at)
	if code == "" {
		code = current.Code
	}
	l, err := r.LevelRegime(code)
	if err != nil {
		return Law{}, err
	}
	return Law{
		Regime: l, InForce: inForce && current.Code == code,
		Questions: r.Questions(code), Criteria: r.Criteria(code, at), Definitions: r.Definitions(code, at),
		Principles: r.Principles(code), Transitions: r.Transitions(code),
		approvals: func(level int) []regime.Approval { return r.Approvals(code, level, at) },
	}, nil
}

// Laws are all regimes, the one that is asked for first (LawOf), then the others
// from the latest on.
func Laws(r *regime.Regime, code string, at time.Time) ([]Law, error) {
	first, err := LawOf(r, code, at)
	if err != nil {
		return nil, err
	}
	all := []Law{first}
	regimes := r.LevelRegimes()
	for _, l := range slices.Backward(regimes) {
		if l.Code == first.Regime.Code {
			continue
		}
		other, err := LawOf(r, l.Code, at)
		if err != nil {
			return nil, err
		}
		all = append(all, other)
	}
	return all, nil
}

// Approvals say who appraises and approves a level.
func (l Law) Approvals(level int) []regime.Approval { return l.approvals(level) }

// Principle is the provision about a matter, false where the regime has none.
func (l Law) Principle(matter string) (regime.Principle, bool) {
	i := slices.IndexFunc(l.Principles, func(p regime.Principle) bool { return p.Matter == matter })
	if i < 0 {
		return regime.Principle{}, false
	}
	return l.Principles[i], true
}

func (l Law) question(code string) (regime.Question, bool) {
	i := slices.IndexFunc(l.Questions, func(q regime.Question) bool { return q.Code == code })
	if i < 0 {
		return regime.Question{}, false
	}
	return l.Questions[i], true
}

// given is what was answered, or what stands where nobody answered: the mildest
// option of one, no options of many, 0 of a number.
func given(q regime.Question, a Answers) []string {
	if got := a[q.Code]; len(got) > 0 {
		return got
	}
	switch q.Kind {
	case regime.One:
		return []string{q.Options[0].Code}
	case regime.Number:
		return []string{"0"}
	case regime.Many:
	}
	return nil
}

// holds tells whether a condition holds. A question that the regime does not ask
// fails its test: a condition names none such unless a city's row is wrong.
func (l Law) holds(c regime.Condition, a Answers) bool {
	for code, test := range c {
		q, ok := l.question(code)
		if !ok || !passes(q, test, given(q, a)) {
			return false
		}
	}
	return true
}

func passes(q regime.Question, t regime.Test, got []string) bool {
	in := func(options []string) bool {
		return slices.ContainsFunc(got, func(g string) bool { return slices.Contains(options, g) })
	}
	if len(t.Has) > 0 && !in(t.Has) || in(t.Not) {
		return false
	}
	if t.AtLeast != "" && (len(got) == 0 || q.Place(got[0]) < q.Place(t.AtLeast)) {
		return false
	}
	if t.From != nil || t.Below != nil {
		n, err := strconv.ParseInt(got[0], 10, 64)
		if err != nil || t.From != nil && n < *t.From || t.Below != nil && n >= *t.Below {
			return false
		}
	}
	return true
}

// Asks tells whether a question is to be put, after these answers.
func (l Law) Asks(q regime.Question, a Answers) bool { return l.holds(q.Needs, a) }
