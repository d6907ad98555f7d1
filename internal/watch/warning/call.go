package warning

import (
	"slices"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
)

// A Relation is what an addressee is to the organisation concerned.
type Relation string

// The relations.
const (
	Concerned Relation = "concerned" // one of its own contacts
	Named     Relation = "named"     // one of its own, an individual whom a person at the centre chose
	Above     Relation = "above"     // the body above it
	Centre    Relation = "centre"    // on duty at the centre
	Client    Relation = "client"    // another organisation that the centre serves
	Community Relation = "community" // a partner
)

// Receiver is the relation as the markings know it.
func (r Relation) Receiver() tlp.Receiver {
	switch r {
	case Centre:
		return tlp.Centre
	case Named:
		return tlp.Named
	case Concerned:
		return tlp.Concerned
	case Above:
		return tlp.Above
	case Client:
		return tlp.Client
	case Community:
		return tlp.Community
	}
	return tlp.Public
}

// An Addressee is somebody who is told.
type Addressee struct {
	Name         string   `json:"name"`
	Email        string   `json:"email,omitempty"`
	Phone        string   `json:"phone,omitempty"`
	Language     string   `json:"language,omitempty"`
	Organisation int64    `json:"organisation,omitempty"`
	Relation     Relation `json:"relation"`
	Channel      Channel  `json:"channel"`
	// Notice says that the marking keeps the content from them: they learn that
	// there is something, how grave it is and since when, and no more.
	Notice bool `json:"notice,omitempty"`
}

// A Call is the body of each entry that tells somebody of a warning. Warning,
// Revision and Step together name it.
type Call struct {
	Warning      int64       `json:"warning"`
	Organisation int64       `json:"organisation"`
	Revision     int64       `json:"revision"`
	Step         int64       `json:"step"`
	Severity     string      `json:"severity"`
	Rung         Rung        `json:"rung,omitempty"`
	To           []Addressee `json:"to"`
}

// A Withheld is the body of an entry that says what a marking refused.
type Withheld struct {
	Recipient string   `json:"recipient"`
	Channel   Channel  `json:"channel,omitempty"`
	Relation  Relation `json:"relation"`
	Marking   string   `json:"marking"`
	Reason    string   `json:"reason"` // key in the catalogues of tlp
	Notice    bool     `json:"notice"` // they got a notice without content instead
}

// reach gathers whom a warning may climb to, its own contacts in the order that
// the routing asks for.
func (r *Room) reach(tx *db.Tx, o Organisation, contacts string) (Reach, error) {
	own, err := r.Estate.Contacts(tx, o.ID)
	if err != nil {
		return Reach{}, err
	}
	if role, ok := strings.CutPrefix(contacts, "role:"); ok {
		own = slices.Clone(own)
		for i := range own {
			if strings.EqualFold(own[i].Role, role) {
				own[i].Order = 0
			}
		}
		slices.SortStableFunc(own, func(a, b Contact) int { return a.Order - b.Order })
	}
	reach := Reach{Own: own}
	// The nearest body above that has contacts; the tree is shallow, and a loop in
	// it must not hang the stage.
	for parent, hops := o.Parent, 0; parent != 0 && hops < 16 && len(reach.Above) == 0; hops++ {
		above, err := r.Estate.Organisation(tx, parent)
		if err != nil {
			return reach, err
		}
		if reach.Above, err = r.Estate.Contacts(tx, parent); err != nil {
			return reach, err
		}
		parent = above.Parent
	}
	return reach, nil
}

// addressed are the addressees of a landing, with what the marking refuses taken
// out or cut down to a notice.
func (r *Room) addressed(tx *db.Tx, w *Warning, l Landing, d Decision) ([]Addressee, []Withheld, error) {
	var to []Addressee
	add := func(contacts []Contact, relation Relation, channels ...Channel) {
		for _, c := range contacts {
			for _, channel := range channels {
				to = append(to, Addressee{
					Name: c.Name, Email: c.Email, Phone: c.Phone, Language: c.Language, Organisation: c.Organisation, Relation: relation, Channel: channel,
				})
			}
		}
	}
	add(l.Own, Concerned, d.Channels...)
	add(l.Over, Above, ByMail)
	if l.Duty {
		duty, err := r.Duty.OnDuty(tx, r.Clock.Now())
		if err != nil {
			return nil, nil, err
		}
		add(duty, Centre, ByMail)
	}
	if w.Step == 0 {
		for _, e := range d.Extra {
			as := e.As
			if as == "" {
				as = Community
			}
			add([]Contact{{Name: e.Name, Email: e.Email, Language: e.Language}}, as, ByMail)
		}
	}
	to, withheld := sieve(w.Marking, to)
	return to, withheld, nil
}

// sieve keeps what the marking lets through. The body above and the organisation
// itself get a notice instead of the content, because somebody there has to act;
// anybody else gets nothing.
func sieve(m tlp.Marking, to []Addressee) (kept []Addressee, withheld []Withheld) {
	seen := map[string]bool{}
	for _, a := range to {
		key := string(a.Channel) + " " + strings.ToLower(a.Email)
		if seen[key] && a.Email != "" {
			continue // one person in two places is told once
		}
		seen[key] = true
		ok, reason := tlp.MayReceive(m, a.Relation.Receiver())
		if !ok {
			a.Notice = a.Relation == Above || a.Relation == Concerned
			withheld = append(withheld, Withheld{Recipient: a.Email, Channel: a.Channel, Relation: a.Relation, Marking: m.String(), Reason: reason, Notice: a.Notice})
			if !a.Notice {
				continue
			}
		}
		kept = append(kept, a)
	}
	return kept, withheld
}

// entries collects what one bracket appends to the journal.
type entries struct {
	room   *Room
	actor  string
	drafts []journal.Draft
}

func (r *Room) entries(a auth.Actor) *entries { return &entries{room: r, actor: a.Name()} }

// add notes that something happened to a warning, which carries its new record.
func (e *entries) add(w *Warning, verb string, body any) {
	e.drafts = append(e.drafts, journal.Draft{
		Actor: e.actor, Organisation: w.Organisation, Subject: w.ID.Subject(), Verb: verb, Body: body, Records: []journal.Record{w.record()},
	})
}

// call notes a call and what was withheld from whom.
func (e *entries) call(w *Warning, verb string, to []Addressee, withheld []Withheld) {
	for _, h := range withheld {
		e.drafts = append(e.drafts, journal.Draft{Actor: e.actor, Organisation: w.Organisation, Subject: w.ID.Subject(), Verb: VerbWithheld, Body: h})
	}
	e.add(w, verb, Call{
		Warning: int64(w.ID), Organisation: w.Organisation, Revision: w.Revision, Step: w.Step, Severity: w.Severity.String(), Rung: w.Rung, To: to,
	})
}

func (e *entries) append(tx *db.Tx) error {
	if len(e.drafts) == 0 {
		return nil
	}
	_, err := e.room.Journal.Append(tx, e.drafts...)
	return err
}
