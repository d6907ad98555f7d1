package warning

import (
	"slices"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
)

// A State is where a warning is in its life (HOUSE §6).
type State string

// The states.
const (
	Draft        State = "draft"        // waits for a person, or is still being gathered
	Sent         State = "sent"         // the clock runs
	Acknowledged State = "acknowledged" // somebody there knows
	Closed       State = "closed"       // all its findings are over
	Cancelled    State = "cancelled"    // a person took it back
	Expired      State = "expired"      // nobody answered for so long that it means nothing any more
)

// States are all states, in the order of a life.
func States() []State { return []State{Draft, Sent, Acknowledged, Closed, Cancelled, Expired} }

// Live says whether a warning in the state still asks for something.
func (s State) Live() bool {
	switch s {
	case Draft, Sent, Acknowledged:
		return true
	case Closed, Cancelled, Expired:
		return false
	}
	return false
}

// An Act is something that happens to a warning.
type Act string

// The acts.
const (
	ActHold        Act = "hold"        // it is made, and waits for a person
	ActSend        Act = "send"        // it goes out
	ActAcknowledge Act = "acknowledge" // somebody says that they know
	ActEscalate    Act = "escalate"    // the clock ran out: the next ones are told
	ActRevise      Act = "revise"      // it says more than before
	ActRemind      Act = "remind"      // known, and not mended
	ActLetter      Act = "letter"      // it is also sent on paper
	ActCancel      Act = "cancel"
	ActClose       Act = "close"
	ActExpire      Act = "expire"
)

// Acts are all acts.
func Acts() []Act {
	return []Act{ActHold, ActSend, ActAcknowledge, ActEscalate, ActRevise, ActRemind, ActLetter, ActCancel, ActClose, ActExpire}
}

// A Transition says how an act moves a warning. The state "" is that of a
// warning which is being made.
type Transition struct {
	Act  Act
	From []State
	To   State    // "" leaves the state as it is
	Verb string   // of the journal
	May  auth.Act // what a person needs; "" is not for people
}

// Transitions is the life of a warning.
//
// A revision of an acknowledged warning leads back to sent when it has become
// graver: what was acknowledged was something less.
func Transitions() []Transition {
	return []Transition{
		{Act: ActHold, From: []State{""}, To: Draft, Verb: VerbDrafted},
		{Act: ActSend, From: []State{"", Draft}, To: Sent, Verb: VerbSent, May: auth.WarningSend},
		{Act: ActAcknowledge, From: []State{Sent}, To: Acknowledged, Verb: VerbAcknowledged, May: auth.WarningAck},
		{Act: ActEscalate, From: []State{Sent}, Verb: VerbEscalated},
		{Act: ActRevise, From: []State{Sent, Acknowledged}, Verb: VerbRevised, May: auth.WarningRevise},
		{Act: ActRemind, From: []State{Acknowledged}, Verb: VerbReminded},
		{Act: ActLetter, From: []State{Sent, Acknowledged}, Verb: VerbLetter, May: auth.WarningLetter},
		{Act: ActCancel, From: []State{Draft, Sent, Acknowledged}, To: Cancelled, Verb: VerbCancelled, May: auth.WarningCancel},
		{Act: ActClose, From: []State{Sent, Acknowledged}, To: Closed, Verb: VerbClosed},
		{Act: ActExpire, From: []State{Draft, Sent, Acknowledged}, To: Expired, Verb: VerbExpired},
	}
}

// The journal verbs of this room. Those that tell somebody have a Call as body.
const (
	VerbDrafted      = "warning.drafted"
	VerbSent         = "warning.sent"
	VerbAcknowledged = "warning.acknowledged"
	VerbEscalated    = "warning.escalated"
	VerbRevised      = "warning.revised"
	VerbReminded     = "warning.reminded"
	VerbLetter       = "warning.letter"
	VerbCancelled    = "warning.cancelled"
	VerbClosed       = "warning.closed"
	VerbExpired      = "warning.expired"
	VerbHeld         = "warning.held"     // one storm, one entry; subject "storm:3"
	VerbDecided      = "warning.decided"  // a person let a storm pass or struck it down
	VerbWithheld     = "warning.withheld" // a marking kept the content from somebody
	VerbRouting      = "routing.changed"
	VerbDigest       = "digest.due"
)

// Of is the transition of an act.
func Of(a Act) Transition {
	for _, t := range Transitions() {
		if t.Act == a {
			return t
		}
	}
	panic("warning: act " + string(a) + " is not in Transitions")
}

// next is where the act leads from a state, Conflict when it does not apply.
func (t Transition) next(id ID, from State) (State, error) {
	if !slices.Contains(t.From, from) {
		return from, errs.New(errs.Conflict, "%s %s: it is %s", t.Act, id, from)
	}
	if t.To == "" {
		return from, nil
	}
	return t.To, nil
}
