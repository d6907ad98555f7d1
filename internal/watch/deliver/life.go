package deliver

import (
	"slices"

	"tocsin/internal/base/errs"
)

// A State is where a delivery is in its life (HOUSE §6).
type State string

// The states.
const (
	Due          State = "due"          // written down, not tried yet
	HandedOver   State = "handed_over"  // the next server took it, or the letter was posted
	Uncertain    State = "uncertain"    // the line broke before the answer came
	Deferred     State = "deferred"     // not now: tried again later
	Delivered    State = "delivered"    // known to have arrived
	Bounced      State = "bounced"      // the recipient does not exist or refuses
	Failed       State = "failed"       // given up, or withdrawn
	Acknowledged State = "acknowledged" // the recipient said so
)

// States are all states, in the order of a life.
func States() []State {
	return []State{Due, HandedOver, Uncertain, Deferred, Delivered, Bounced, Failed, Acknowledged}
}

// Open says whether a delivery in the state is still to be handed over.
func (s State) Open() bool {
	switch s {
	case Due, Uncertain, Deferred:
		return true
	case HandedOver, Delivered, Bounced, Failed, Acknowledged:
		return false
	}
	return false
}

// Lost says whether the delivery will not arrive.
func (s State) Lost() bool { return s == Bounced || s == Failed }

// A Transition says which states lead to a state, and by which journal verb.
type Transition struct {
	From []State
	To   State
	Verb string
}

// The journal verbs of this room.
const (
	VerbDue          = "delivery.due"
	VerbHandedOver   = "delivery.handed_over"
	VerbUncertain    = "delivery.uncertain"
	VerbDeferred     = "delivery.deferred"
	VerbDelivered    = "delivery.delivered"
	VerbBounced      = "delivery.bounced"
	VerbFailed       = "delivery.failed"
	VerbAcknowledged = "delivery.acknowledged"
	VerbCovered      = "delivery.covered" // how a mail is covered is decided: encrypted, or withheld and why
	VerbRefused      = "delivery.refused" // a marking keeps a warning from somebody on a channel
	VerbWebhook      = "webhook.changed"
)

// Transitions is the life of a delivery. Whoever presses the button of a mail has
// it, whatever the servers said: acknowledged is reached from everywhere.
func Transitions() []Transition {
	open := []State{Due, Uncertain, Deferred}
	return []Transition{
		{From: []State{""}, To: Due, Verb: VerbDue},
		{From: append(slices.Clone(open), ""), To: HandedOver, Verb: VerbHandedOver},
		{From: open, To: Uncertain, Verb: VerbUncertain},
		{From: open, To: Deferred, Verb: VerbDeferred},
		{From: append(slices.Clone(open), HandedOver), To: Delivered, Verb: VerbDelivered},
		{From: append(slices.Clone(open), HandedOver), To: Bounced, Verb: VerbBounced},
		{From: open, To: Failed, Verb: VerbFailed},
		{From: []State{Due, Uncertain, Deferred, HandedOver, Delivered, Bounced, Failed}, To: Acknowledged, Verb: VerbAcknowledged},
	}
}

// To is the transition to a state, Conflict when from does not lead there.
func (s State) To(id ID, to State) (Transition, error) {
	for _, t := range Transitions() {
		if t.To == to && slices.Contains(t.From, s) {
			return t, nil
		}
	}
	return Transition{}, errs.New(errs.Conflict, "%s: it is %s, which does not lead to %s", id, s, to)
}
