package pattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// An Observed is what was seen at one time: an observed-data object with the
// objects it refers to.
type Observed struct {
	First, Last time.Time
	Number      int                       // how many times; 0 is once
	Objects     map[string]map[string]any // by id; values are those of encoding/json
}

// ErrCostly is the error of Match for a pattern that has too many ways to be met.
var ErrCostly = errors.New("the pattern has too many combinations to try")

// maxWays bounds the combinations that one Match tries.
const maxWays = 2_000_000

// maxNumber bounds how many observations one observed-data stands for.
const maxNumber = 1000

// ReadObserved reads the observed data of STIX bundles: those of 2.1, which
// refer to objects of the bundle, and those of 2.0, which hold them.
func ReadObserved(bundle []byte) ([]Observed, error) {
	var b struct {
		Objects []map[string]any `json:"objects"`
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	all := map[string]map[string]any{}
	for _, o := range b.Objects {
		if id, ok := o["id"].(string); ok {
			all[id] = o
		}
	}
	var seen []Observed
	for _, o := range b.Objects {
		if o["type"] != "observed-data" {
			continue
		}
		one := Observed{Objects: map[string]map[string]any{}}
		one.First, _ = Timestamp(text(o["first_observed"]))
		one.Last, _ = Timestamp(text(o["last_observed"]))
		if n, ok := o["number_observed"].(float64); ok {
			one.Number = int(min(n, maxNumber))
		}
		if refs, ok := o["object_refs"].([]any); ok {
			for _, ref := range refs {
				if to, ok := all[text(ref)]; ok {
					one.Objects[text(ref)] = to
				}
			}
			one.reach(all)
		} else if held, ok := o["objects"].(map[string]any); ok {
			for id, v := range held {
				if to, ok := v.(map[string]any); ok {
					one.Objects[id] = to
				}
			}
		}
		seen = append(seen, one)
	}
	return seen, nil
}

// reach adds what the objects refer to.
func (o *Observed) reach(all map[string]map[string]any) {
	var todo []map[string]any
	for _, to := range o.Objects {
		todo = append(todo, to)
	}
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case string:
			if to, ok := all[v]; ok && o.Objects[v] == nil {
				o.Objects[v] = to
				todo = append(todo, to)
			}
		case []any:
			for _, e := range v {
				visit(e)
			}
		case map[string]any:
			for _, e := range v {
				visit(e)
			}
		}
	}
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		visit(next)
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// Match says whether what was seen meets the pattern (STIX 2.1 §9.3 to §9.8).
// An instant compared with a text that is none is an error, and so is a regular
// expression that cannot be read; one in RE2 syntax, not PCRE.
func (p *Pattern) Match(seen []Observed) (bool, error) {
	m := &matcher{}
	for _, o := range seen {
		for range max(1, min(o.Number, maxNumber)) {
			m.seen = append(m.seen, o)
		}
	}
	matched := false
	for range m.ways(p.Root) {
		matched = true
		break
	}
	if m.err != nil {
		return false, m.err
	}
	return matched, nil
}

// A way is one choice of observations that meets an expression: their numbers,
// ascending.
type way []int

type matcher struct {
	seen []Observed
	used int
	err  error
}

// count bounds the work.
func (m *matcher) count() bool {
	if m.used++; m.used > maxWays && m.err == nil {
		m.err = ErrCostly
	}
	return m.err == nil
}

// ways are all ways to meet an expression.
func (m *matcher) ways(o Observation) iter.Seq[way] {
	switch o := o.(type) {
	case Simple:
		return m.simple(o)
	case Joined:
		return m.joined(o)
	case Qualified:
		return m.qualified(o)
	}
	return func(func(way) bool) {}
}

func (m *matcher) simple(o Simple) iter.Seq[way] {
	return func(yield func(way) bool) {
		for i := range m.seen {
			if !m.count() {
				return
			}
			ids, err := m.seen[i].meets(o.Test)
			if err != nil {
				m.err = err
				return
			}
			if len(ids) > 0 && !yield(way{i}) {
				return
			}
		}
	}
}

func (m *matcher) joined(o Joined) iter.Seq[way] {
	return func(yield func(way) bool) {
		if o.Op == Or {
			for _, part := range o.Parts {
				for w := range m.ways(part) {
					if !yield(w) {
						return
					}
				}
			}
			return
		}
		m.together(o, 0, nil, nil, yield)
	}
}

// together meets all parts from n on with other observations than those of all;
// before are those of the part before, which FOLLOWEDBY looks at.
func (m *matcher) together(o Joined, n int, all, before way, yield func(way) bool) bool {
	if n == len(o.Parts) {
		return yield(all)
	}
	for w := range m.ways(o.Parts[n]) {
		if !m.count() {
			return false
		}
		if meet(all, w) || n > 0 && o.Op == FollowedBy && !m.after(before, w) {
			continue
		}
		if !m.together(o, n+1, union(all, w), w, yield) {
			return false
		}
	}
	return m.err == nil
}

// after says whether all of b was seen at or after all of a.
func (m *matcher) after(a, b way) bool {
	for _, i := range a {
		for _, j := range b {
			if m.seen[j].First.Before(m.seen[i].Last) {
				return false
			}
		}
	}
	return true
}

func (m *matcher) qualified(o Qualified) iter.Seq[way] {
	return func(yield func(way) bool) {
		if o.Repeats > 0 {
			var of []way
			for w := range m.ways(o.Of) {
				of = append(of, w)
			}
			m.repeated(of, o.Repeats, nil, yield)
			return
		}
		for w := range m.ways(o.Of) {
			if m.holds(o, w) && !yield(w) {
				return
			}
		}
	}
}

// repeated chooses n ways that share no observation.
func (m *matcher) repeated(of []way, n int, all way, yield func(way) bool) bool {
	if n == 0 {
		return yield(all)
	}
	for i := 0; i+n <= len(of); i++ {
		if !m.count() {
			return false
		}
		if meet(all, of[i]) {
			continue
		}
		if !m.repeated(of[i+1:], n-1, union(all, of[i]), yield) {
			return false
		}
	}
	return m.err == nil
}

// holds says whether a way is within the time that a qualifier sets.
func (m *matcher) holds(o Qualified, w way) bool {
	if o.Within > 0 {
		var latest, earliest time.Time // the latest beginning, the earliest end
		for n, i := range w {
			if s := m.seen[i]; n == 0 {
				latest, earliest = s.First, s.Last
			} else {
				if s.First.After(latest) {
					latest = s.First
				}
				if s.Last.Before(earliest) {
					earliest = s.Last
				}
			}
		}
		return latest.Sub(earliest) <= o.Within
	}
	for _, i := range w {
		if m.seen[i].First.Before(o.Start) || !m.seen[i].Last.Before(o.Stop) {
			return false
		}
	}
	return true
}

// meet says whether two ways share an observation.
func meet(a, b way) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			return true
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return false
}

func union(a, b way) way {
	u := append(slices.Clone(a), b...)
	slices.Sort(u)
	return u
}

// meets are the objects of which a comparison holds.
func (o *Observed) meets(c Comparison) (map[string]bool, error) {
	switch c := c.(type) {
	case Logic:
		var all map[string]bool
		for n, part := range c.Parts {
			ids, err := o.meets(part)
			if err != nil {
				return nil, err
			}
			switch {
			case n == 0:
				all = ids
			case c.Op == And:
				for id := range all {
					if !ids[id] {
						delete(all, id)
					}
				}
			default:
				for id := range ids {
					all[id] = true
				}
			}
		}
		return all, nil
	case Test:
		t, err := c.compile()
		if err != nil {
			return nil, err
		}
		ids := map[string]bool{}
		for id, object := range o.Objects {
			if object["type"] != c.Path.Type {
				continue
			}
			values := o.follow(object, c.Path.Steps)
			if c.Op == Exists {
				if (len(values) > 0) != c.Not {
					ids[id] = true
				}
				continue
			}
			for _, v := range values {
				ok, err := t.holds(v)
				if err != nil {
					return nil, err
				}
				if ok != c.Not {
					ids[id] = true
					break
				}
			}
		}
		return ids, nil
	}
	return nil, nil
}

// follow are the values that a path leads to; references are followed.
func (o *Observed) follow(object any, steps []Step) []any {
	at := []any{object}
	for n, s := range steps {
		var next []any
		for _, v := range at {
			if id, ok := v.(string); ok && n > 0 && !s.List {
				v = any(o.Objects[id]) // a reference is the object it names
			}
			switch v := v.(type) {
			case map[string]any:
				if e, ok := v[s.Name]; ok && !s.List {
					if e, ok = decoded(s.Name, e); ok {
						next = append(next, e)
					}
				}
			case []any:
				switch {
				case s.Every:
					next = append(next, v...)
				case s.List && s.Index >= 0 && s.Index < len(v):
					next = append(next, v[s.Index])
				}
			}
		}
		at = next
	}
	return at
}
