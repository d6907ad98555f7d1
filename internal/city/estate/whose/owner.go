package whose

import (
	"cmp"
	"math"
	"slices"
)

// span is a stretch of a claim's validity with one owner. A claim of a body
// that ended has several; the others have one. Working the owners out when a
// claim enters the snapshot keeps successions off the look-up's path.
type span struct {
	from, to int64 // µs, half open
	claim    *Claim
	owner    *Body  // nil: nobody, and why says the reason
	why      Reason // Owned, Split or Ended
	rank     rank
}

// rank orders claims on the same thing, lowest first.
type rank uint8

const (
	rankSystem rank = iota
	rankOrganisation
	rankProvider
	rankNobody
)

// valid reports whether the span covers the instant.
func (s *span) valid(at int64) bool { return s.from <= at && at < s.to }

// spansOf cuts a claim into stretches with one owner each and appends them.
func (w *writer) spansOf(spans []span, c *Claim) []span {
	from, to := c.From, c.To
	if from == 0 {
		from = math.MinInt64
	}
	if to == 0 {
		to = math.MaxInt64
	}
	seen := make([]int64, 0, 4)
	holder := c.Organisation
	for from < to {
		b := w.body(holder)
		seen = append(seen, holder)
		end := endOf(b)
		if from < end {
			spans = append(spans, living(c, b, from, min(to, end)))
			from = end
			continue
		}
		next, why := w.heirOf(b, c, seen)
		if why != Owned {
			return append(spans, span{from: from, to: to, claim: c, why: why, rank: rankNobody})
		}
		holder = next
	}
	return spans
}

func living(c *Claim, b *Body, from, to int64) span {
	s := span{from: from, to: to, claim: c, owner: b, why: Owned, rank: rankOrganisation}
	switch {
	case c.System != 0:
		s.rank = rankSystem
	case b.Provider:
		s.rank = rankProvider
	}
	return s
}

// endOf is the instant from which the body is no more: its own end or the
// earliest full succession, whichever comes first.
func endOf(b *Body) int64 {
	end := int64(math.MaxInt64)
	if b.End != 0 {
		end = b.End
	}
	for _, h := range b.Heirs {
		if h.Full {
			end = min(end, h.Since)
		}
	}
	return end
}

// heirOf returns who holds a claim after the body b has ended.
func (w *writer) heirOf(b *Body, c *Claim, seen []int64) (int64, Reason) {
	if c.System != 0 {
		if s, ok := w.systems.get(c.System); ok && s.Owner != 0 && !slices.Contains(seen, s.Owner) {
			return s.Owner, Owned
		}
	}
	var heir int64
	for _, h := range b.Heirs {
		if !h.Full {
			continue
		}
		if heir != 0 && heir != h.Organisation {
			return 0, Split
		}
		heir = h.Organisation
	}
	switch {
	case heir != 0 && !slices.Contains(seen, heir):
		return heir, Owned
	case len(b.Heirs) > 0:
		return 0, Split
	default:
		return 0, Ended
	}
}

// order puts spans on the same thing into the order in which they are asked.
func order(a, b span) int {
	exit := func(s span) int {
		if s.claim.Kind == Egress {
			return 0
		}
		return 1
	}
	host := func(s span) int {
		if s.claim.Kind == Endpoint {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(exit(a), exit(b)),
		cmp.Compare(a.rank, b.rank),
		cmp.Compare(host(a), host(b)),
		cmp.Compare(b.from, a.from),
		cmp.Compare(a.claim.key(), b.claim.key()),
	)
}
