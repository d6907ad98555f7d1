package pattern

import (
	"slices"
	"time"
)

// A Sole is a value that is enough: whoever sees it there has met the pattern.
type Sole struct {
	Path        Path
	Network     bool // any address in the network Value (ISSUBSET), else equality
	Value       string
	Start, Stop time.Time // only then; the zero time where the pattern does not say
}

// A Reading is what of a pattern can be looked for value by value.
type Reading struct {
	Soles   []Sole
	Several bool // some way to meet the pattern needs more than one value or observation
	Other   bool // some way is met by no single known text: LIKE, MATCHES, ≠, numbers …
}

// Alone reads a pattern as alternatives. It never says more than the pattern: a
// value that is one of several conditions is no Sole.
//
// One condition is dropped beside another: that an object referred to is of a
// type (network-traffic:dst_ref.type = 'ipv4-addr'), where a test of a value of
// the same object stands beside it; the value says the type.
func (p *Pattern) Alone() Reading {
	var r Reading
	r.observation(p.Root, time.Time{}, time.Time{})
	return r
}

func (r *Reading) observation(o Observation, start, stop time.Time) {
	switch o := o.(type) {
	case Simple:
		r.comparison(o.Test, start, stop)
	case Joined:
		if o.Op != Or {
			r.Several = true
			return
		}
		for _, part := range o.Parts {
			r.observation(part, start, stop)
		}
	case Qualified:
		if o.Repeats > 1 {
			r.Several = true
			return
		}
		if o.Start.After(start) {
			start = o.Start
		}
		if !o.Stop.IsZero() && (stop.IsZero() || o.Stop.Before(stop)) {
			stop = o.Stop
		}
		r.observation(o.Of, start, stop)
	}
}

func (r *Reading) comparison(c Comparison, start, stop time.Time) {
	switch c := c.(type) {
	case Logic:
		parts := c.Parts
		if c.Op == And {
			if parts = withoutTypes(parts); len(parts) > 1 {
				r.Several = true
				return
			}
		}
		for _, part := range parts {
			r.comparison(part, start, stop)
		}
	case Test:
		op := c.Op
		if c.Not {
			switch op {
			case Unequal: // NOT != is =
				op = Equal
			default:
				r.Other = true
				return
			}
		}
		if op != Equal && op != In && op != IsSubset {
			r.Other = true
			return
		}
		for _, v := range c.Values {
			if v.Type != Text {
				r.Other = true
				continue
			}
			r.Soles = append(r.Soles, Sole{Path: c.Path, Network: op == IsSubset, Value: v.Text, Start: start, Stop: stop})
		}
	}
}

// withoutTypes drops tests of the type of an object whose value another part
// tests.
func withoutTypes(parts []Comparison) []Comparison {
	kept := make([]Comparison, 0, len(parts))
	for i, part := range parts {
		t, ok := part.(Test)
		if !ok || t.Not || t.Op != Equal && t.Op != In || len(t.Path.Steps) < 2 || last(t.Path) != "type" {
			kept = append(kept, part)
			continue
		}
		beside := false
		for j, other := range parts {
			if j != i && tests(other, t.Path) {
				beside = true
			}
		}
		if !beside {
			kept = append(kept, part)
		}
	}
	return kept
}

func last(p Path) string { return p.Steps[len(p.Steps)-1].Name }

// tests says whether every test of c is of a value of the object that path, the
// path to a type, leads to.
func tests(c Comparison, path Path) bool {
	switch c := c.(type) {
	case Logic:
		for _, part := range c.Parts {
			if !tests(part, path) {
				return false
			}
		}
		return true
	case Test:
		n := len(path.Steps)
		return c.Path.Type == path.Type && len(c.Path.Steps) == n && last(c.Path) == "value" &&
			slices.Equal(c.Path.Steps[:n-1], path.Steps[:n-1])
	}
	return false
}
