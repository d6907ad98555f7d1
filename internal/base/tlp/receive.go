package tlp

import "strconv"

// A Receiver is what somebody is to the organisation that the information
// concerns: the one whose machine is in danger.
type Receiver int

// The receivers, from the nearest to the farthest.
const (
	// Centre is the staff of the centre, to whom the source gave it.
	Centre Receiver = iota
	// Named is a person of the organisation concerned, addressed by name and
	// alone: no role mailbox, no letter to the office.
	Named
	// Concerned is the organisation concerned: its officers and mailboxes.
	Concerned
	// Above is a body above the organisation concerned, as its parent.
	Above
	// Client is another organisation that the centre serves.
	Client
	// Community is a partner: another CERT, the national centre, a provider, a
	// security firm that agreed to the centre's rules of sharing.
	Community
	// Public is anybody.
	Public
)

// Receivers are all receivers, the nearest first.
func Receivers() []Receiver {
	return []Receiver{Centre, Named, Concerned, Above, Client, Community, Public}
}

// String is the receiver's word in the catalogue: "tlp.receiver." + String.
func (r Receiver) String() string {
	switch r {
	case Centre:
		return "centre"
	case Named:
		return "named"
	case Concerned:
		return "concerned"
	case Above:
		return "above"
	case Client:
		return "client"
	case Community:
		return "community"
	case Public:
		return "public"
	}
	panic("tlp: a receiver that is not one of Receivers")
}

// MayReceive decides whether r may receive what is marked m, and gives the
// catalogue key of the reason.
//
// TLP speaks of recipients, the body they are of, its clients, the community and
// the world. A source hands the centre what it knows about a body's machines in
// order that this body learns of it; so the recipient's body is the
// organisation concerned, and the recipient under Red is one person in it. This
// reading is ours: the definition does not speak of a centre that passes on. A
// source that means otherwise is set to hold its warnings for a person.
//
// Amber goes beyond the organisation "on a need-to-know basis": the body above
// needs to know in order to make it act; a neighbour does not. What an
// indicator or an advisory says about everybody's machines makes each of them
// the organisation concerned.
func MayReceive(m Marking, r Receiver) (ok bool, reason string) {
	farthest := Centre
	switch m {
	case Clear:
		farthest = Public
	case Green:
		farthest = Community
	case Amber:
		farthest = Above
	case AmberStrict:
		farthest = Concerned
	case Red:
		farthest = Named
	}
	verdict := "yes"
	if r > farthest {
		verdict = "no"
	}
	return r <= farthest, "tlp.reason." + m.String() + "." + verdict
}

// ReaderOf is what somebody who signs in for the organisation own, 0 for none, is
// to the organisation that something concerns and that their scope shows them:
// one of it, or of a body above it. Staff of the centre are Centre, whatever they
// sign in for; nobody signs in as Named, for an account says nothing about whom
// a person chose.
func ReaderOf(own, organisation int64) Receiver {
	if own != 0 && own == organisation {
		return Concerned
	}
	return Above
}

// SQL is MayReceive for ReaderOf as a condition over a column with the marking's
// number and one with the organisation. The columns are the caller's own text,
// never input.
func SQL(marking, organisation string, own int64) string {
	narrowest := func(r Receiver) string {
		last := Clear
		for _, m := range All() {
			if ok, _ := MayReceive(m, r); ok {
				last = m
			}
		}
		return strconv.Itoa(int(last))
	}
	return "(" + marking + " <= " + narrowest(ReaderOf(own, 0)) + " OR (" + organisation + " = " + strconv.FormatInt(own, 10) +
		" AND " + organisation + " <> 0 AND " + marking + " <= " + narrowest(Concerned) + "))"
}
