package finding

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match"
)

// longestException is how long an exception may last at most: a year, then
// somebody decides again.
const longestException = 366 * 24 * time.Hour

// A Change is what a person does to a finding. Reason and Until are needed where
// the act's Transition says so.
type Change struct {
	Act    Act
	Reason string
	Until  time.Time
}

// Moved is the body of a journal entry that changes a finding's state.
type Moved struct {
	From    State     `json:"from"`
	To      State     `json:"to"`
	Reason  string    `json:"reason,omitempty"`
	Until   time.Time `json:"until,omitzero"`
	Witness string    `json:"witness,omitempty"`
	Warning int64     `json:"warning,omitempty"`
}

// Do does an act to a finding. The errors are Denied, NotFound (also for what
// the scope hides), Invalid for a reason or an end that is missing, and Conflict
// when the finding's state does not allow it.
func (r *Room) Do(ctx context.Context, who auth.Actor, id ID, c Change) (f Finding, err error) {
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		f, err = r.DoTx(tx, who, id, c)
		return err
	})
	return f, err
}

// DoTx is Do inside a bracket that is already open.
func (r *Room) DoTx(tx *db.Tx, who auth.Actor, id ID, c Change) (Finding, error) {
	t, err := Of(c.Act)
	if err != nil {
		return Finding{}, err
	}
	if t.May == "" {
		return Finding{}, errs.New(errs.Denied, "%s %s: only Tocsin itself does that", c.Act, id)
	}
	if err := auth.May(who, t.May); err != nil {
		return Finding{}, err
	}
	f, err := r.visible(tx, who, id)
	if err != nil {
		return f, err
	}
	if err := r.allowed(t, c, id); err != nil {
		return f, err
	}
	return r.move(tx, who.Name(), f, t, c)
}

// allowed checks what the person says beside the act.
func (r *Room) allowed(t Transition, c Change, id ID) error {
	var places []errs.Place
	if t.Reason && strings.TrimSpace(c.Reason) == "" {
		places = append(places, errs.Place{Field: "reason", Reason: "say why"})
	}
	now := r.Clock.Now()
	switch {
	case t.Until && c.Until.IsZero():
		places = append(places, errs.Place{Field: "until", Reason: "say until when"})
	case !c.Until.IsZero() && !c.Until.After(now):
		places = append(places, errs.Place{Field: "until", Reason: "the end is not in the future"})
	case c.Until.After(now.Add(longestException)):
		places = append(places, errs.Place{Field: "until", Reason: "an exception lasts a year at most"})
	}
	if len(places) > 0 {
		return errs.At(errs.Invalid, places, "%s %s: %s: %s", c.Act, id, places[0].Field, places[0].Reason)
	}
	return nil
}

// move takes a finding through a transition and writes down all that goes with
// it.
func (r *Room) move(tx *db.Tx, by string, f Finding, t Transition, c Change) (Finding, error) {
	from := f.State
	to, err := t.next(f.ID, from)
	if err != nil {
		return f, err
	}
	now := r.Clock.Now()
	count := tally{}
	count.add(&f, -1)
	f.State, f.Reason, f.DecidedBy, f.DecidedAt, f.Until = to, c.Reason, by, now, time.Time{}
	body := Moved{From: from, To: to, Reason: c.Reason, Warning: f.Warning}
	for _, kind := range []string{alarmWitness, alarmExpire} {
		if err := journal.ClearAlarm(tx, kind, f.ID.String()); err != nil {
			return f, err
		}
	}
	switch t.Act {
	case Claim:
		f.ClaimedAt, f.Witness = now, ""
		if err := journal.SetAlarm(tx, alarmWitness, f.ID.String(), now.Add(r.Quiet(f.Kind).Period)); err != nil {
			return f, err
		}
	case Verify:
		f.Witness = WitnessPerson + " " + by
		if f.ClaimedAt.IsZero() {
			f.ClaimedAt = now
		}
	case Witness, Clear:
		if f.ClaimedAt.IsZero() {
			f.ClaimedAt = now
		}
		f.Witness, f.Reason = c.Reason, ""
		body.Witness, body.Reason = c.Reason, ""
	case Refute, Accept:
		f.Until = c.Until
		if f.Until.IsZero() {
			f.Until = now.Add(longestException)
		}
		body.Until = f.Until
		f.Unwarned = false
		if err := journal.SetAlarm(tx, alarmExpire, f.ID.String(), f.Until); err != nil {
			return f, err
		}
	case Reopen, Expire, Recur:
		f.ClaimedAt, f.Witness, f.OpenedAt, f.Document = time.Time{}, "", now, 0
		f.Unwarned = f.Organisation != 0 && f.Muted == 0
	case Ack, Start:
	}
	if f.State == Verified {
		f.Unwarned = false
	}
	count.add(&f, 1)
	seq, err := r.Journal.Append(tx, journal.Draft{
		Actor: by, Organisation: f.Organisation, Subject: f.ID.Subject(), Verb: t.Verb, Body: body, Records: []journal.Record{f.record()},
	})
	if err != nil {
		return f, err
	}
	if to == Open {
		f.OpenedSeq = seq
	}
	if err := update(tx, &f); err != nil {
		return f, err
	}
	return f, count.store(tx)
}

// Preview says what an act would do to findings, without doing it: the bulk page
// shows it before the button is pressed.
type Preview struct {
	Finding Finding
	To      State
	Refused string // why it would not, "" when it would
}

// Preview says what would become of each of ids that the reader may see.
func (r *Room) Preview(ctx context.Context, who auth.Actor, ids []ID, c Change) (out []Preview, err error) {
	t, err := Of(c.Act)
	if err != nil {
		return nil, err
	}
	if err := auth.May(who, t.May); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		for _, id := range ids {
			f, err := r.visible(tx, who, id)
			if err != nil {
				return err
			}
			p := Preview{Finding: f}
			if p.To, err = t.next(id, f.State); err != nil {
				p.Refused = err.Error()
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// MoveTo gives a finding to another organisation (0: nobody), by an analyst who
// knows better than the records: the body that held the address went to several.
func (r *Room) MoveTo(ctx context.Context, who auth.Actor, id ID, organisation int64, reason string) (f Finding, err error) {
	if err := auth.May(who, auth.FindingMove); err != nil {
		return f, err
	}
	if strings.TrimSpace(reason) == "" {
		return f, errs.At(errs.Invalid, []errs.Place{{Field: "reason", Reason: "say why"}}, "move %s: reason: say why", id)
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if f, err = r.visible(tx, who, id); err != nil {
			return err
		}
		return r.rehome(tx, who.Name(), &f, organisation, f.System, ruleOfPerson+who.Name()+": "+reason)
	})
	return f, err
}

// ruleOfPerson begins the rule of a finding whose owner a person decided.
const ruleOfPerson = "person "

// Rehomed is the body of finding.moved.
type Rehomed struct {
	From string `json:"from"` // organisation codes, "" for nobody
	To   string `json:"to"`
	Rule string `json:"rule"`
	// Warning is the one that told of it to the old owner, and has lost it.
	Warning int64 `json:"warning,omitempty"`
}

// AsRead is an entry as its reader may see it: whose a finding was before, or has
// become, stays out where the scope hides that body.
func (r *Room) AsRead(a auth.Actor, e journal.Entry) journal.Entry {
	var body Rehomed
	if e.Verb != "finding.moved" || a.Scope.IsAll() || json.Unmarshal(e.Body, &body) != nil {
		return e
	}
	for _, code := range []*string{&body.From, &body.To} {
		if id, err := r.Estate.ByCode(*code); err != nil || !a.Scope.Has(id) {
			*code = ""
		}
	}
	if body.From == "" {
		body.Warning = 0
	}
	if text, err := json.Marshal(body); err == nil {
		e.Body = text
	}
	return e
}

// rehome moves a finding to its owner as known now, who is to be told.
func (r *Room) rehome(tx *db.Tx, by string, f *Finding, organisation, system int64, rule string) error {
	count := tally{}
	count.add(f, -1)
	from, warning := f.Organisation, f.Warning
	f.Organisation, f.System, f.Rule = organisation, system, rule
	if from != organisation {
		f.Warning = 0
		switch f.State {
		case Acknowledged, Fixing, ClaimedFixed:
			f.DecidedBy, f.Reason = "", "" // people of the old owner, whom the new one does not know; the journal does
		case Open, Verified, FalsePositive, AcceptedRisk:
		}
		f.Unwarned = organisation != 0 && f.Muted == 0 && f.Live() && f.State != ClaimedFixed
	}
	count.add(f, 1)
	_, err := r.Journal.Append(tx, journal.Draft{
		Actor: by, Organisation: organisation, Subject: f.ID.Subject(), Verb: "finding.moved",
		Body: Rehomed{From: r.Estate.Code(from), To: r.Estate.Code(organisation), Rule: rule, Warning: warning}, Records: []journal.Record{f.record()},
	})
	if err != nil {
		return err
	}
	if err := update(tx, f); err != nil {
		return err
	}
	return count.store(tx)
}

// RaiseNoContact opens the finding that an organisation has nobody to warn. One
// that is open already stays as it is.
func (r *Room) RaiseNoContact(tx *db.Tx, organisation int64) error {
	code := r.Estate.Code(organisation)
	asset := row.Asset("host:" + strings.ToLower(code))
	key := match.KeyOf(intakeRealm, asset, row.NoContact, "contact")
	had, err := query(tx, `current = 1 AND key = $1`, key[:])
	if err != nil {
		return err
	}
	now := r.Clock.Now()
	if len(had) > 0 {
		f := had[0]
		if f.Live() {
			return nil
		}
		t, err := Of(Reopen)
		if err != nil {
			return err
		}
		f.LastSeen = now
		f.Count++
		_, err = r.move(tx, "stage:warn", f, t, Change{Act: Reopen})
		return err
	}
	id, err := tx.NextID("finding", 1)
	if err != nil {
		return err
	}
	// Its owner has nobody to tell, so nobody is told: the warning's own way to
	// the parent and the duty officer carries it.
	f := Finding{
		ID: ID(id), Key: key, Organisation: organisation, Realm: intakeRealm, Asset: asset, Kind: row.NoContact, Discriminator: "contact",
		Severity: row.High, State: Open, FirstSeen: now, LastSeen: now, Count: 1, OpenedAt: now, Rule: "endpoint (organisation " + code + ")",
		Classification: "other:other",
	}
	seq, err := r.Journal.Append(tx, journal.Draft{
		Actor: "stage:warn", Organisation: organisation, Subject: f.ID.Subject(), Verb: "finding.opened",
		Body: map[string]string{"kind": string(f.Kind), "organisation": code}, Records: []journal.Record{f.record()},
	})
	if err != nil {
		return err
	}
	f.OpenedSeq = seq
	if err := tx.Bulk(`INSERT INTO finding (`+findingColumns+`) VALUES`, "", findingWidth, f.values()); err != nil {
		return err
	}
	count := tally{}
	count.add(&f, 1)
	return count.store(tx)
}

// ClearNoContact ends it: the organisation has a contact again.
func (r *Room) ClearNoContact(tx *db.Tx, organisation int64) error {
	had, err := query(tx, `organisation = $1 AND live = 1 AND kind = $2`, organisation, string(row.NoContact))
	if err != nil {
		return err
	}
	t, err := Of(Verify)
	if err != nil {
		return err
	}
	for _, f := range had {
		if _, err := r.move(tx, "stage:contact", f, t, Change{Act: Verify}); err != nil {
			return err
		}
	}
	return nil
}

// intakeRealm is the realm of findings about organisations themselves.
const intakeRealm = "public"
