package warning

import (
	"slices"
	"strconv"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake/row"
)

// A StormState is where a storm is.
type StormState string

// The states of a storm.
const (
	Raising  StormState = "raising"  // its warnings are being made
	Holding  StormState = "holding"  // they wait for a person
	Released StormState = "released" // the person sent them
	Struck   StormState = "struck"   // the person cancelled them
)

// The reasons of storms.
const (
	StormCause  = "cause"  // one cause is about to warn too many organisations
	StormVolume = "volume" // one delivery opened far more than its source's deliveries do
)

// word is how long a person's decision on a cause holds: what comes of it within
// a day of a release is let pass.
const word = 24 * time.Hour

// A Storm is a set of warnings that wait for a person (HOUSE §6, storm brake).
type Storm struct {
	ID            int64      `db:"id" json:"id"`
	Cause         string     `db:"cause" json:"cause"`
	Document      int64      `db:"document" json:"document"`
	Source        int64      `db:"source" json:"source"`
	Reason        string     `db:"reason" json:"reason"`
	Organisations int64      `db:"organisations" json:"organisations"`
	Opened        int64      `db:"opened" json:"opened"` // findings that the delivery opened
	State         StormState `db:"state" json:"state"`
	At            int64      `db:"at" json:"-"`
	Decided       int64      `db:"decided" json:"-"`
	DecidedBy     string     `db:"decided_by" json:"decided_by"`
}

const stormColumns = `id, cause, document, source, reason, organisations, opened, state, at, decided, decided_by`

// Subject is the storm as the journal writes it: "storm:3".
func (s Storm) Subject() string { return "storm:" + strconv.FormatInt(s.ID, 10) }

// Time is when the storm was noticed.
func (s Storm) Time() time.Time { return db.Time(s.At) }

func (s Storm) record() journal.Record {
	return journal.Record{Kind: "storm", ID: strconv.FormatInt(s.ID, 10), Hash: journal.Hash(s)}
}

// AuditStorms reads every storm for verify.
func AuditStorms() journal.Audit {
	return journal.Audit{Kind: "storm", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		var storms []Storm
		// One that is being raised has no entry yet.
		if err := tx.Select(&storms, `SELECT `+stormColumns+` FROM storm WHERE state <> 'raising' ORDER BY id`); err != nil {
			return err
		}
		for _, s := range storms {
			record := s.record()
			if err := yield(record.ID, record.Hash); err != nil {
				return err
			}
		}
		return nil
	}}
}

// Flood says whether a delivery is out of proportion: it opened at least the
// floor, and more than the factor times the busiest of the source's deliveries
// before it. A source that never delivered has no proportion to be out of; a
// poisoned one that speaks of one cause is caught by Surge.
func Flood(opened int64, before []int64, l Limits) bool {
	if opened < l.StormFloor || len(before) == 0 {
		return false
	}
	return opened > int64(l.StormFactor)*slices.Max(before)
}

// Surge says whether one cause is about to warn too many organisations: those it
// warned within the window and those it would warn now, each once.
func Surge(recent, now []int64, l Limits) bool {
	all := map[int64]bool{}
	for _, o := range slices.Concat(recent, now) {
		all[o] = true
	}
	return len(all) > l.StormOrganisations
}

// A brake is what the storm brake holds in one sweep.
type brake struct {
	flood  int64            // the storm that holds everything, 0 for none
	causes map[string]int64 // the storm that holds a cause
}

func (b brake) holds(cause string) int64 {
	if b.flood != 0 {
		return b.flood
	}
	return b.causes[cause]
}

// watch looks for storms in what a sweep is about to tell, and writes down those
// that it finds. Called again for the same entry, it finds the same ones.
func (r *Room) watch(tx *db.Tx, s Selection, parsed *Parsed) (brake, error) {
	b := brake{causes: map[string]int64{}}
	now := r.Clock.Now()
	limits := r.Regime.Limits(now)
	if parsed != nil {
		opened := parsed.Opened + parsed.Reopened
		var before []int64
		err := tx.Select(&before, `SELECT opened FROM source_load WHERE source = $1 AND document < $2 ORDER BY document DESC LIMIT $3`,
			parsed.Source, parsed.Document, limits.StormDeliveries)
		if err != nil {
			return b, err
		}
		_, err = tx.Exec(`INSERT INTO source_load (document, source, opened) VALUES ($1, $2, $3) ON CONFLICT (document) DO NOTHING`,
			parsed.Document, parsed.Source, opened)
		if err != nil {
			return b, err
		}
		if Flood(opened, before, limits) {
			if b.flood, err = r.storm(tx, Storm{Reason: StormVolume, Document: parsed.Document, Source: parsed.Source, Opened: opened}); err != nil {
				return b, err
			}
		}
	}
	spread, err := r.Findings.Spread(tx, s)
	if err != nil {
		return b, err
	}
	byCause := map[string][]int64{}
	var causes []string
	for _, p := range spread {
		if byCause[p.Cause] == nil {
			causes = append(causes, p.Cause)
		}
		byCause[p.Cause] = append(byCause[p.Cause], p.Organisation)
	}
	slices.Sort(causes)
	for _, cause := range causes {
		var recent []int64
		if err := tx.Select(&recent, `SELECT organisation FROM cause_warned WHERE cause = $1 AND at > $2`, cause, db.Micros(now.Add(-limits.StormWindow))); err != nil {
			return b, err
		}
		if !Surge(recent, byCause[cause], limits) {
			continue
		}
		storm := Storm{Reason: StormCause, Cause: cause}
		if parsed != nil {
			storm.Document, storm.Source, storm.Opened = parsed.Document, parsed.Source, parsed.Opened+parsed.Reopened
		}
		id, err := r.storm(tx, storm)
		if err != nil {
			return b, err
		}
		if id != 0 {
			b.causes[cause] = id
		}
	}
	return b, nil
}

// storm is the storm that holds what s describes: the one that is already
// holding, or a new one. It is 0 when a person has just let this cause pass.
func (r *Room) storm(tx *db.Tx, s Storm) (int64, error) {
	now := r.Clock.Now()
	var last []Storm
	var err error
	if s.Reason == StormVolume {
		err = tx.Select(&last, `SELECT `+stormColumns+` FROM storm WHERE document = $1 AND reason = $2 ORDER BY id DESC LIMIT 1`, s.Document, s.Reason)
	} else {
		err = tx.Select(&last, `SELECT `+stormColumns+` FROM storm WHERE cause = $1 AND reason = $2 ORDER BY id DESC LIMIT 1`, s.Cause, s.Reason)
	}
	if err != nil {
		return 0, err
	}
	if len(last) == 1 {
		switch last[0].State {
		case Raising, Holding:
			return last[0].ID, nil
		case Released:
			if db.Time(last[0].Decided).Add(word).After(now) {
				return 0, nil
			}
		case Struck:
		}
	}
	if s.ID, err = tx.NextID("storm", 1); err != nil {
		return 0, err
	}
	_, err = tx.Exec(`INSERT INTO storm (`+stormColumns+`) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, 0, '')`,
		s.ID, s.Cause, s.Document, s.Source, s.Reason, s.Opened, string(Raising), db.Micros(now))
	return s.ID, err
}

// Held is the body of warning.held: a storm waits for a person.
type Held struct {
	Storm         int64       `json:"storm"`
	Reason        string      `json:"reason"`
	Cause         string      `json:"cause,omitempty"`
	Document      int64       `json:"document,omitempty"`
	Source        int64       `json:"source,omitempty"`
	Opened        int64       `json:"opened,omitempty"`
	Warning       int64       `json:"warning"` // the first of its warnings
	Organisations int64       `json:"organisations"`
	Findings      int64       `json:"findings"`
	Severity      string      `json:"severity"`
	To            []Addressee `json:"to"` // the duty officer
}

// raise ends the making of the storms of a brake: one alarm for each, however
// many warnings it holds.
func (r *Room) raise(tx *db.Tx, e *entries, b brake) error {
	ids := []int64{b.flood}
	for _, id := range b.causes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if id == 0 {
			continue
		}
		s, err := loadStorm(tx, id)
		if err != nil {
			return err
		}
		if s.State != Raising {
			continue
		}
		var of struct {
			First    int64 `db:"first"`
			Bodies   int64 `db:"bodies"`
			Findings int64 `db:"findings"`
			Severity int64 `db:"severity"`
		}
		err = tx.Get(&of, `SELECT COALESCE(MIN(id), 0) AS first, COUNT(DISTINCT organisation) AS bodies, COALESCE(CAST(SUM(findings) AS BIGINT), 0) AS findings,
			COALESCE(MAX(severity), 0) AS severity FROM warning WHERE storm = $1`, id)
		if err != nil {
			return err
		}
		if of.First == 0 { // it held nothing that anybody would have been told
			if _, err := tx.Exec(`DELETE FROM storm WHERE id = $1`, id); err != nil {
				return err
			}
			continue
		}
		s.State, s.Organisations = Holding, of.Bodies
		if _, err := tx.Exec(`UPDATE storm SET state = $1, organisations = $2 WHERE id = $3`, string(s.State), s.Organisations, id); err != nil {
			return err
		}
		duty, err := r.Duty.OnDuty(tx, r.Clock.Now())
		if err != nil {
			return err
		}
		body := Held{
			Storm: id, Reason: s.Reason, Cause: s.Cause, Document: s.Document, Source: s.Source, Opened: s.Opened, Warning: of.First,
			Organisations: of.Bodies, Findings: of.Findings, Severity: severityName(of.Severity),
		}
		for _, c := range duty {
			body.To = append(body.To, Addressee{Name: c.Name, Email: c.Email, Phone: c.Phone, Language: c.Language, Relation: Centre, Channel: ByMail})
		}
		if err := r.Duty.Call(tx, CallLine{Subject: s.Subject(), Reason: "held", Severity: row.Severity(of.Severity), Detail: s.Cause, Due: r.Clock.Now(), Whom: duty}); err != nil {
			return err
		}
		e.drafts = append(e.drafts, journal.Draft{Actor: e.actor, Subject: s.Subject(), Verb: VerbHeld, Body: body, Records: []journal.Record{s.record()}})
	}
	return nil
}

func loadStorm(tx *db.Tx, id int64) (Storm, error) {
	var s Storm
	err := tx.Get(&s, `SELECT `+stormColumns+` FROM storm WHERE id = $1`, id)
	if errs.Is(err, errs.NotFound) {
		return s, errs.New(errs.NotFound, "storm %d: no such storm", id)
	}
	return s, err
}

// Storms are the storms, those that wait first, then the newest. Only who sees
// the whole city sees them.
func (r *Room) Storms(tx *db.Tx, a auth.Actor) ([]Storm, error) {
	if err := auth.May(a, auth.WarningView); err != nil {
		return nil, err
	}
	storms := []Storm{}
	if !drafts(a) {
		return storms, nil
	}
	err := tx.Select(&storms, `SELECT `+stormColumns+` FROM storm WHERE state <> 'raising' ORDER BY CASE state WHEN 'holding' THEN 0 ELSE 1 END, id DESC LIMIT 500`)
	return storms, err
}
