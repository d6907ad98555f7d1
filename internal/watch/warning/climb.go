package warning

import "slices"

// A Rung is how far up a warning has climbed.
type Rung string

// The rungs, from the lowest.
const (
	Ground   Rung = ""         // nobody has been told
	Contacts Rung = "contacts" // the organisation's own
	Parent   Rung = "parent"   // the body above
	OnDuty   Rung = "duty"     // the centre's duty list
	Top      Rung = "top"      // everybody has been told
)

// nobody is the rank of a warning whose organisation had no contact.
const nobody = -1

// A Reach is whom a warning may climb to: its organisation's own contacts and
// those of the nearest body above that has any, each by order.
type Reach struct{ Own, Above []Contact }

// A Landing is where a climb ends: the rung, the order of the contacts reached
// there, and whom to tell.
type Landing struct {
	Rung Rung
	Rank int       // the order of the organisation's contacts reached last; nobody when it has none
	Own  []Contact // contacts of the organisation
	Over []Contact // contacts of the body above
	Duty bool      // and the duty list
}

// Climb is the next landing from a rung (CONTRACT: next contact, parent, duty
// list). Contacts of one order are one group. Whoever has no contact at all
// lands at once on the body above and the duty list together: nobody below will
// answer. The top tells nobody more.
func Climb(rung Rung, rank int, all bool, r Reach) Landing {
	switch rung {
	case Ground:
		if len(r.Own) == 0 {
			return Landing{Rung: OnDuty, Rank: nobody, Over: lowest(r.Above), Duty: true}
		}
		if all {
			return Landing{Rung: Contacts, Rank: r.Own[len(r.Own)-1].Order, Own: r.Own}
		}
		group := lowest(r.Own)
		return Landing{Rung: Contacts, Rank: group[0].Order, Own: group}
	case Contacts:
		above := slices.DeleteFunc(slices.Clone(r.Own), func(c Contact) bool { return c.Order <= rank })
		if len(above) > 0 {
			group := lowest(above)
			return Landing{Rung: Contacts, Rank: group[0].Order, Own: group}
		}
		if len(r.Above) > 0 {
			return Landing{Rung: Parent, Rank: rank, Over: lowest(r.Above)}
		}
		return Landing{Rung: OnDuty, Rank: rank, Duty: true}
	case Parent:
		return Landing{Rung: OnDuty, Rank: rank, Duty: true}
	case OnDuty, Top:
		return Landing{Rung: Top, Rank: rank}
	}
	return Landing{Rung: Top, Rank: rank}
}

// lowest is the first group of contacts that are in order.
func lowest(contacts []Contact) []Contact {
	for i, c := range contacts {
		if c.Order != contacts[0].Order {
			return contacts[:i]
		}
	}
	return contacts
}
