package whose

import (
	"cmp"
	"maps"
	"slices"
)

// ledger is every claim by its key, immutable like layered and for the same
// reason. What a build was given stays where it lies, in order, and is searched:
// claims are asked for one by one only when they change, and a map of 300,000
// would be a tenth of the start.
type ledger struct {
	runs [][]Claim        // each by key
	over map[int64]*Claim // what changed since; nil: the claim is gone
}

// newLedger sorts the runs where they are not.
func newLedger(runs ...[]Claim) ledger {
	for _, run := range runs {
		if !slices.IsSortedFunc(run, earlier) {
			slices.SortFunc(run, earlier)
		}
	}
	return ledger{runs: runs}
}

func earlier(a, b Claim) int { return cmp.Compare(a.key(), b.key()) }

func (l ledger) get(key int64) (*Claim, bool) {
	if c, changed := l.over[key]; changed {
		return c, c != nil
	}
	return l.among(key)
}

func (l ledger) among(key int64) (*Claim, bool) {
	for _, run := range l.runs {
		at, ok := slices.BinarySearchFunc(run, key, func(c Claim, key int64) int { return cmp.Compare(c.key(), key) })
		if ok {
			return &run[at], true
		}
	}
	return nil, false
}

// all yields every claim, in no order.
func (l ledger) all(yield func(*Claim) bool) {
	for _, run := range l.runs {
		for i := range run {
			if len(l.over) > 0 {
				if _, changed := l.over[run[i].key()]; changed {
					continue
				}
			}
			if !yield(&run[i]) {
				return
			}
		}
	}
	for _, c := range l.over {
		if c != nil && !yield(c) {
			return
		}
	}
}

// editing is a copy that set and remove may change.
func (l ledger) editing() ledger {
	over := make(map[int64]*Claim, len(l.over)+16)
	maps.Copy(over, l.over)
	return ledger{runs: l.runs, over: over}
}

func (l ledger) set(c *Claim) { l.over[c.key()] = c }

func (l ledger) remove(key int64) {
	if _, ok := l.among(key); ok {
		l.over[key] = nil
	} else {
		delete(l.over, key)
	}
}

// done is the result, with one run when too much lies over the old ones.
func (l ledger) done() ledger {
	size := 0
	for _, run := range l.runs {
		size += len(run)
	}
	if len(l.over) < overlayFloor || len(l.over) < size/8 {
		return l
	}
	merged := make([]Claim, 0, size+len(l.over))
	for c := range l.all {
		merged = append(merged, *c)
	}
	return newLedger(merged)
}
