package bulletin

import (
	"slices"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
)

// A State is where the revision in hand is in its life.
type State string

// The states.
const (
	Draft     State = "draft"     // somebody writes it
	Submitted State = "submitted" // a second person reads it
	Approved  State = "approved"  // it may go out
	Published State = "published" // it is out, and no newer revision is being written
	Withdrawn State = "withdrawn" // taken back, with a reason; for good
)

// States are all states, in the order of a life.
func States() []State { return []State{Draft, Submitted, Approved, Published, Withdrawn} }

// An Act is something that happens to a bulletin.
type Act string

// The acts.
const (
	ActWrite    Act = "write"    // begin it, or change its text
	ActSubmit   Act = "submit"   // ask a second person
	ActReturn   Act = "return"   // back to the author, with a reason
	ActApprove  Act = "approve"  // by somebody who did not write it
	ActPublish  Act = "publish"  // send it
	ActRevise   Act = "revise"   // begin a new revision; the one before it stands
	ActWithdraw Act = "withdraw" // take it back, with a reason
)

// Acts are all acts.
func Acts() []Act {
	return []Act{ActWrite, ActSubmit, ActReturn, ActApprove, ActPublish, ActRevise, ActWithdraw}
}

// A Transition says how an act moves a bulletin. The state "" is that of one
// which is being begun.
type Transition struct {
	Act  Act
	From []State
	To   State
	Verb string // of the journal
	May  auth.Act
}

// The journal verbs of this room.
const (
	VerbWritten   = "bulletin.written"
	VerbSubmitted = "bulletin.submitted"
	VerbReturned  = "bulletin.returned"
	VerbApproved  = "bulletin.approved"
	VerbPublished = "bulletin.published"
	VerbRevised   = "bulletin.revised"
	VerbWithdrawn = "bulletin.withdrawn"
	VerbIssued    = "bulletin.issued"   // a revision is kept as it went out
	VerbTold      = "bulletin.told"     // body Told: whom to tell
	VerbWithheld  = "bulletin.withheld" // what the marking kept from whom
)

// Transitions is the life of a bulletin.
//
// A text that was submitted is not changed any more: what the second person
// reads is what goes out. It is returned to be changed.
func Transitions() []Transition {
	return []Transition{
		{Act: ActWrite, From: []State{"", Draft}, To: Draft, Verb: VerbWritten, May: auth.BulletinWrite},
		{Act: ActSubmit, From: []State{Draft}, To: Submitted, Verb: VerbSubmitted, May: auth.BulletinWrite},
		{Act: ActReturn, From: []State{Submitted, Approved}, To: Draft, Verb: VerbReturned, May: auth.BulletinApprove},
		{Act: ActApprove, From: []State{Submitted}, To: Approved, Verb: VerbApproved, May: auth.BulletinApprove},
		{Act: ActPublish, From: []State{Approved}, To: Published, Verb: VerbPublished, May: auth.BulletinPublish},
		{Act: ActRevise, From: []State{Published}, To: Draft, Verb: VerbRevised, May: auth.BulletinWrite},
		{Act: ActWithdraw, From: []State{Draft, Submitted, Approved, Published}, To: Withdrawn, Verb: VerbWithdrawn, May: auth.BulletinPublish},
	}
}

// Of is the transition of an act.
func Of(a Act) Transition {
	for _, t := range Transitions() {
		if t.Act == a {
			return t
		}
	}
	panic("bulletin: act " + string(a) + " is not in Transitions")
}

// next is where the act leads from a state, Conflict when it does not apply.
func (t Transition) next(id ID, from State) (State, error) {
	if !slices.Contains(t.From, from) {
		return from, errs.New(errs.Conflict, "%s %s: it is %s", t.Act, id, from)
	}
	return t.To, nil
}

// MayApprove says whether a person may approve or not, and why not: whoever
// wrote or submitted any part of the revision may not, whatever the role. An
// admin who is alone waits for a second person like everybody.
func (b *Bulletin) MayApprove(a auth.Actor) error {
	if err := auth.May(a, auth.BulletinApprove); err != nil {
		return err
	}
	switch {
	case a.Via != auth.ViaSession && a.Via != auth.ViaToken:
		return errs.New(errs.Denied, "approve %s: a person approves, not %s", b.ID, a.Name())
	case slices.Contains(b.Authors, a.Name()):
		return errs.New(errs.Denied, "approve %s: %s has written it; a second person approves, also where the author is an admin", b.ID, a.Name())
	}
	return nil
}
