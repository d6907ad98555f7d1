package finding

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake"
)

// The clock rows of findings.
const (
	alarmWitness = "finding.witness"
	alarmExpire  = "finding.expire"
	alarmMute    = "mute.end"
)

// The words with which a finding's Witness begins; what follows is data.
const (
	WitnessSource = "source"         // "source NAME document S7 2026-03-09T00:12:30Z"
	WitnessPerson = "person"         // "person analyst@…"
	WitnessNone   = "not-observable" // "not-observable NAME": the source that saw it is silent
)

// A Silence is what a source said about a claim's quiet period.
type silence struct {
	alive    bool
	document int64
	source   string
	newest   time.Time
}

// heard asks whether the source that saw the finding was alive through its quiet
// period: a delivery of the same report type, whose newest row is later than the
// claim and reaches the end of the quiet period to within one rhythm of the
// source, which has delivered as often as the rule asks. That the finding is not in it needs no look: an observation after the
// claim would have reopened it.
func (r *Room) heard(tx *db.Tx, f Finding) (silence, error) {
	if f.Advisory != 0 {
		// Whoever spoke of the weakness does not see our machines: the inventory does,
		// and verifies by itself when it shows another version.
		return silence{source: "inventory"}, nil
	}
	source, err := r.Intake.ByID(tx, f.LastSource)
	if err != nil {
		return silence{}, err
	}
	s := silence{source: source.Name}
	if intake.Typed(f.ReportType) {
		return s, nil // who writes letters does not look every day: the next one is no witness
	}
	// A report without rows speaks for the time at which it came.
	var since struct {
		N      int64 `db:"n"`
		Newest int64 `db:"newest"`
	}
	err = tx.Get(&since, `SELECT COUNT(*) AS n, COALESCE(MAX(spoken), 0) AS newest FROM (
		SELECT CASE WHEN last_row > 0 THEN last_row ELSE received END AS spoken FROM document
		WHERE source = $1 AND report_type = $2 AND state IN ('parsed', 'partial')) d WHERE spoken > $3`,
		f.LastSource, f.ReportType, db.Micros(f.ClaimedAt))
	if err != nil || since.N == 0 {
		return s, err
	}
	rule := r.Quiet(f.Kind)
	// The last report before the end of the period is up to one rhythm old then;
	// yet at least half of the period must have been looked at.
	slack := min(max(source.Rhythm, 24*time.Hour), rule.Period/2)
	s.newest = db.Time(since.Newest)
	s.alive = since.N >= rule.Deliveries && !s.newest.Before(f.ClaimedAt.Add(rule.Period-slack))
	if !s.alive {
		return s, nil
	}
	s.document, err = tx.Int(`SELECT MAX(id) FROM document WHERE source = $1 AND report_type = $2 AND state IN ('parsed', 'partial')
		AND CASE WHEN last_row > 0 THEN last_row ELSE received END = $3`, f.LastSource, f.ReportType, since.Newest)
	return s, err
}

// quietIsOver fires when a claim's quiet period has passed.
func (r *Room) quietIsOver(_ context.Context, tx *db.Tx, subject string, due time.Time) error {
	id, err := ParseID(subject)
	if err != nil {
		return err
	}
	f, err := load(tx, id)
	if err != nil || f.State != ClaimedFixed {
		return err
	}
	return r.judge(tx, f, due)
}

// judge verifies a claimed finding, or says that nothing can be observed and
// asks again a day later.
func (r *Room) judge(tx *db.Tx, f Finding, due time.Time) error {
	s, err := r.heard(tx, f)
	if err != nil {
		return err
	}
	if s.alive {
		t, err := Of(Witness)
		if err != nil {
			return err
		}
		said := fmt.Sprintf("%s %s document S%d %s", WitnessSource, s.source, s.document, s.newest.Format(time.RFC3339))
		_, err = r.move(tx, "stage:witness", f, t, Change{Act: Witness, Reason: said})
		return err
	}
	f.Witness = WitnessNone + " " + s.source
	if err := update(tx, &f); err != nil {
		return err
	}
	return journal.SetAlarm(tx, alarmWitness, f.ID.String(), due.Add(24*time.Hour))
}

// WitnessStage looks at the claimed findings again when the source that saw them
// has delivered: the day's report is the witness the claim waits for.
func (r *Room) WitnessStage() journal.Stage {
	return journal.Stage{Name: "witness", Verbs: []string{VerbParsed}, Do: func(_ context.Context, tx *db.Tx, entries []journal.Entry) error {
		now := r.Clock.Now()
		for _, e := range entries {
			var body Parsed
			if err := json.Unmarshal(e.Body, &body); err != nil {
				return err
			}
			doc, err := r.Intake.Load(tx, body.Document)
			if err != nil {
				return err
			}
			claimed, err := query(tx, `state = 'claimed_fixed' AND advisory = 0 AND last_source = $1 AND report_type = $2 ORDER BY id`, doc.Source, doc.ReportType)
			if err != nil {
				return err
			}
			for _, f := range claimed {
				if over := f.ClaimedAt.Add(r.Quiet(f.Kind).Period); over.After(now) {
					continue // its clock row is still to come
				}
				if err := r.judge(tx, f, now); err != nil {
					return err
				}
			}
		}
		return nil
	}}
}

// exceptionIsOver fires at the end of a false positive or an accepted risk:
// somebody has to decide again, if it was seen since.
func (r *Room) exceptionIsOver(_ context.Context, tx *db.Tx, subject string, _ time.Time) error {
	id, err := ParseID(subject)
	if err != nil {
		return err
	}
	f, err := load(tx, id)
	if err != nil || (f.State != FalsePositive && f.State != AcceptedRisk) {
		return err
	}
	t, err := Of(Expire)
	if err != nil {
		return err
	}
	_, err = r.move(tx, "stage:clock", f, t, Change{Act: Expire})
	return err
}
