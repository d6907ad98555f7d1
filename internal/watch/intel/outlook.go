package intel

import "time"

// Outlook is the confidence that an indicator will have at a time if nobody names
// it again until then. It goes by what was said one by one, so the indicator is
// one that was asked for by its id.
func (r *Room) Outlook(i Indicator, at time.Time) int {
	var stated []int
	for _, s := range i.Said {
		if !s.Revoked && !s.Context {
			stated = append(stated, r.Rules.Decayed(s.Confidence, s.LastSeen, s.ValidUntil, at))
		}
	}
	return joint(stated)
}
