package finding

import (
	"slices"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
)

// A State is where a finding is in its life.
type State string

// The states (HOUSE §6).
const (
	Open          State = "open"
	Acknowledged  State = "acknowledged"
	Fixing        State = "fixing"
	ClaimedFixed  State = "claimed_fixed"
	Verified      State = "verified"
	FalsePositive State = "false_positive"
	AcceptedRisk  State = "accepted_risk"
)

// States are all states, in the order of a life.
func States() []State {
	return []State{Open, Acknowledged, Fixing, ClaimedFixed, Verified, FalsePositive, AcceptedRisk}
}

// Live says whether a finding in the state still asks for something.
func (s State) Live() bool {
	switch s {
	case Open, Acknowledged, Fixing, ClaimedFixed:
		return true
	case Verified, FalsePositive, AcceptedRisk:
		return false
	}
	return false
}

// An Act is something that moves a finding.
type Act string

// The acts. Those of people carry an auth.Act; the others are stages'.
const (
	Ack     Act = "ack"
	Start   Act = "start"
	Claim   Act = "fixed"
	Verify  Act = "verify"
	Refute  Act = "false-positive"
	Accept  Act = "accept"
	Reopen  Act = "reopen"
	Recur   Act = "recur"   // seen again after the claim
	Witness Act = "witness" // seen gone by a source that was alive
	Expire  Act = "expire"  // the exception's end has come
	Clear   Act = "clear"   // the inventory shows that the weakness is gone, or its advisory was taken back
)

// A Transition says how an act moves a finding.
type Transition struct {
	Act    Act
	From   []State
	To     State
	Verb   string   // of the journal
	May    auth.Act // what a person needs; "" is not for people
	Reason bool     // the person must say why
	Until  bool     // and until when
}

// Transitions is the life of a finding.
func Transitions() []Transition {
	working := []State{Open, Acknowledged, Fixing}
	live := append(slices.Clone(working), ClaimedFixed)
	return []Transition{
		{Act: Ack, From: []State{Open}, To: Acknowledged, Verb: "finding.acknowledged", May: auth.FindingAck},
		{Act: Start, From: []State{Open, Acknowledged}, To: Fixing, Verb: "finding.started", May: auth.FindingStart},
		{Act: Claim, From: working, To: ClaimedFixed, Verb: "finding.claimed_fixed", May: auth.FindingFixed},
		{Act: Verify, From: live, To: Verified, Verb: "finding.verified", May: auth.FindingVerify, Reason: true},
		{Act: Refute, From: live, To: FalsePositive, Verb: "finding.false_positive", May: auth.FindingFalsePositive, Reason: true},
		{Act: Accept, From: live, To: AcceptedRisk, Verb: "finding.accepted_risk", May: auth.FindingAccept, Reason: true, Until: true},
		{Act: Reopen, From: []State{ClaimedFixed, Verified, FalsePositive, AcceptedRisk}, To: Open, Verb: "finding.reopened", May: auth.FindingReopen, Reason: true},
		{Act: Recur, From: []State{ClaimedFixed, Verified}, To: Open, Verb: "finding.reopened"},
		{Act: Witness, From: []State{ClaimedFixed}, To: Verified, Verb: "finding.verified"},
		{Act: Clear, From: live, To: Verified, Verb: "finding.verified"},
		{Act: Expire, From: []State{FalsePositive, AcceptedRisk}, To: Open, Verb: "finding.expired"},
	}
}

// Of is the transition of an act.
func Of(a Act) (Transition, error) {
	for _, t := range Transitions() {
		if t.Act == a {
			return t, nil
		}
	}
	return Transition{}, errs.New(errs.Usage, "%q is nothing that can be done to a finding", a)
}

// next is where the act leads from the state, Conflict when it does not apply.
func (t Transition) next(id ID, from State) (State, error) {
	if !slices.Contains(t.From, from) {
		return from, errs.New(errs.Conflict, "%s %s: it is %s, which does not go to %s", t.Act, id, from, t.To)
	}
	return t.To, nil
}
