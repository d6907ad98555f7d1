package warning

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// Send is how a person sends a draft.
type Send struct {
	// To are e-mail addresses of contacts of the organisation whom the person
	// chose, by name. What is marked red goes to them alone; empty means every
	// contact who is an individual. Of a contact of whom that is not said the person
	// who names it vouches for it; a mailbox that several read is refused.
	To []string `json:"to,omitempty"`
}

// Send sends a draft. Errors are Denied, NotFound, and Conflict when the warning
// is no draft, a red one has nobody to go to, or somebody is named to whom its
// marking does not let it go; that attempt is journalled.
func (r *Room) Send(ctx context.Context, a auth.Actor, id ID, how Send) (Warning, error) {
	return r.change(ctx, a, id, ActSend, func(tx *db.Tx, e *entries, w *Warning) error {
		o, err := r.Estate.Organisation(tx, w.Organisation)
		if err != nil {
			return err
		}
		rules, err := r.rules(tx)
		if err != nil {
			return err
		}
		if w.gathering != 0 {
			return errs.New(errs.Conflict, "send %s: its findings are still coming in", id)
		}
		return r.send(tx, e, w, sending{organisation: o, rules: rules, byPerson: true, named: how.To})
	})
}

// change brackets a person's act on one warning: who may, what the scope shows,
// the act, the record, the entry.
func (r *Room) change(ctx context.Context, a auth.Actor, id ID, act Act, do func(tx *db.Tx, e *entries, w *Warning) error) (Warning, error) {
	var w Warning
	t := Of(act)
	if err := auth.May(a, t.May); err != nil {
		return w, err
	}
	err := r.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if w, err = visible(tx, a, id); err != nil {
			return err
		}
		e := r.entries(a)
		if err := do(tx, e, &w); err != nil {
			return err
		}
		if err := w.store(tx); err != nil {
			return err
		}
		return e.append(tx)
	})
	return w, r.barred(ctx, a, err)
}

// A barError is the error of an attempt that a marking refuses. Nothing has changed;
// only the attempt itself is written down.
type barError struct {
	error

	id           ID
	organisation int64
	withheld     Withheld
}

func (b *barError) Unwrap() error { return b.error }

// bar refuses to tell somebody of a warning.
func bar(w *Warning, to Addressee, format string, a ...any) error {
	_, reason := tlp.MayReceive(w.Marking, to.Relation.Receiver())
	return &barError{errs.New(errs.Conflict, format, a...), w.ID, w.Organisation, Withheld{
		Recipient: to.Email, Channel: to.Channel, Relation: to.Relation, Marking: w.Marking.String(), Reason: reason,
	}}
}

// barred writes down an attempt that a marking refused, in a bracket of its own:
// that of the attempt is gone.
func (r *Room) barred(ctx context.Context, a auth.Actor, err error) error {
	var b *barError
	if !errors.As(err, &b) {
		return err
	}
	return errors.Join(err, r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := r.Journal.Append(tx, journal.Draft{Actor: a.Name(), Organisation: b.organisation, Subject: b.id.Subject(), Verb: VerbWithheld, Body: b.withheld})
		return err
	}))
}

// A sending is what the sending of one warning needs to know.
type sending struct {
	organisation Organisation
	rules        []Rule
	byPerson     bool
	named        []string
}

// decide routes a warning as a whole.
func (s sending) decide(w *Warning) Decision {
	return Route(s.rules, Case{Organisation: s.organisation, Problems: w.KindList(), Severity: w.Severity})
}

// send sends a warning: its clock starts, and its first addressees are told.
func (r *Room) send(tx *db.Tx, e *entries, w *Warning, s sending) (err error) {
	if w.State, err = Of(ActSend).next(w.ID, w.State); err != nil {
		return err
	}
	now := r.Clock.Now()
	w.Sent, w.Due, w.Hold = now, r.Regime.AckDue(now, w.Severity), ""
	d := s.decide(w)
	reach, err := r.reach(tx, s.organisation, d.Contacts)
	if err != nil {
		return err
	}
	l := Climb(Ground, 0, d.Contacts == "all", reach)
	w.Rung, w.Rank = l.Rung, l.Rank
	to, withheld, err := r.addressed(tx, w, l, d)
	if err != nil {
		return err
	}
	individuals, _ := tlp.MayReceive(w.Marking, Concerned.Receiver())
	individuals = !individuals
	if s.byPerson && !individuals {
		if err := own(w, reach.Own, s.named); err != nil {
			return err
		}
	}
	if s.byPerson && individuals {
		if to, withheld, err = release(w, reach.Own, s.named, to, withheld); err != nil {
			return err
		}
	}
	if len(reach.Own) == 0 {
		if err := r.Findings.RaiseNoContact(tx, w.Organisation); err != nil {
			return err
		}
		if err := r.callSheet(tx, w, s.organisation, "no-contact", reach.Above); err != nil {
			return err
		}
	}
	if err := ring(tx, AlarmDue, w.ID, w.Due); err != nil {
		return err
	}
	if err := ring(tx, AlarmExpire, w.ID, now.Add(r.Regime.Limits(now).Expire)); err != nil {
		return err
	}
	e.call(w, VerbSent, to, withheld)
	return nil
}

// release addresses a red warning by name: a person at the centre has looked at
// it and says who gets it. Those named must be the organisation's own contacts;
// when none is named, every contact who is an individual is.
func release(w *Warning, own []Contact, named []string, to []Addressee, withheld []Withheld) ([]Addressee, []Withheld, error) {
	var chosen []Addressee
	wanted := map[string]bool{}
	for _, email := range named {
		wanted[strings.ToLower(email)] = true
	}
	for _, c := range own {
		key := strings.ToLower(c.Email)
		if wanted[key] && c.Shared {
			return nil, nil, bar(w, Addressee{Email: c.Email, Relation: Concerned, Channel: ByMail}, "send %s: several read %s, and %s is for individuals", w.ID, c.Email, w.Marking.Label())
		}
		if wanted[key] || (len(named) == 0 && c.Person) {
			delete(wanted, key)
			chosen = append(chosen, Addressee{
				Name: c.Name, Email: c.Email, Phone: c.Phone, Language: c.Language, Organisation: c.Organisation, Relation: Named, Channel: ByMail,
			})
		}
	}
	for email := range wanted {
		return nil, nil, stranger(w, email)
	}
	if len(chosen) == 0 {
		return nil, nil, errs.New(errs.Conflict, "send %s: it is marked %s; name the individuals who may receive it", w.ID, w.Marking.Label())
	}
	reached := map[string]bool{}
	for _, a := range chosen {
		reached[strings.ToLower(a.Email)] = true
	}
	for _, a := range to {
		if !reached[strings.ToLower(a.Email)] {
			chosen = append(chosen, a)
		}
	}
	var still []Withheld
	for _, h := range withheld {
		if !reached[strings.ToLower(h.Recipient)] {
			still = append(still, h)
		}
	}
	return chosen, still, nil
}

// own refuses to send to somebody who is named and no contact of the organisation.
func own(w *Warning, contacts []Contact, named []string) error {
	for _, email := range named {
		if !slices.ContainsFunc(contacts, func(c Contact) bool { return strings.EqualFold(c.Email, email) }) {
			return stranger(w, email)
		}
	}
	return nil
}

func stranger(w *Warning, email string) error {
	return bar(w, Addressee{Email: email, Relation: Client, Channel: ByMail}, "send %s: %s is no contact of the organisation", w.ID, email)
}

// callSheet puts a warning on the duty officer's call sheet.
func (r *Room) callSheet(tx *db.Tx, w *Warning, o Organisation, reason string, whom []Contact) error {
	return r.Duty.Call(tx, CallLine{
		Subject: w.ID.Subject(), Organisation: w.Organisation, Reason: reason, Severity: w.Severity,
		Detail: Subject(r.Texts.In("vi"), w, o), Due: r.Regime.AckDue(r.Clock.Now(), w.Severity), Whom: whom,
	})
}

// kindsOf are the kinds among findings that a warning did not speak of.
func kindsOf(w *Warning, findings []Finding) []row.Kind {
	var fresh []row.Kind
	seen := map[row.Kind]bool{}
	for _, f := range findings {
		if w.Kinds[f.Kind] == 0 && !seen[f.Kind] {
			seen[f.Kind] = true
			fresh = append(fresh, f.Kind)
		}
	}
	return fresh
}
