package warning

import (
	"context"
	"encoding/json"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// Failed is the body of delivery.bounced and delivery.failed as far as this room
// reads it.
type Failed struct {
	Warning  int64 `json:"warning"`
	Revision int64 `json:"revision"`
	Step     int64 `json:"step"`
	Left     int64 `json:"left"` // deliveries of the same step that may still arrive or did
}

// Heed is the stage "heed": it follows what becomes of warnings elsewhere. One
// that was acknowledged has its findings acknowledged; one whose findings are all over is closed; one that reached nobody climbs at once;
// one whose organisation had nobody goes to the first contact who appears.
func (r *Room) Heed() journal.Stage {
	return journal.Stage{
		Name: "heed",
		Verbs: []string{
			"finding.verified", "finding.false_positive", "finding.accepted_risk", "finding.moved", "finding.merged",
			"document.verified", VerbAcknowledged, "delivery.bounced", "delivery.failed", "contact.added", "contact.changed",
		},
		Do: func(_ context.Context, tx *db.Tx, list []journal.Entry) error {
			asked := map[int64]bool{} // a report that closes a thousand findings asks for each warning once
			for _, e := range list {
				switch e.Verb {
				case VerbAcknowledged:
					if err := r.answered(tx, e); err != nil {
						return err
					}
				case "delivery.bounced", "delivery.failed":
					if err := r.unreached(tx, e); err != nil {
						return err
					}
				case "contact.added", "contact.changed":
					if err := r.newcomers(tx, e.Organisation); err != nil {
						return err
					}
				default:
					if err := r.mended(tx, e, asked); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

// answered passes an acknowledgement on to what the warning told of.
func (r *Room) answered(tx *db.Tx, e journal.Entry) error {
	var body struct {
		Warning int64  `json:"warning"`
		By      string `json:"by"`
	}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
	}
	return r.Findings.Acknowledged(tx, body.Warning, body.By)
}

// mended closes the warnings of findings that are over, when no other is left.
func (r *Room) mended(tx *db.Tx, e journal.Entry, asked map[int64]bool) error {
	// A finding that moved to another organisation leaves its warning: its entry
	// names it, for the finding itself does not know it any more.
	var body struct {
		Warning  int64    `json:"warning"`
		Findings []string `json:"findings"`
	}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
	}
	warnings := []int64{body.Warning}
	subjects := body.Findings
	if len(subjects) == 0 && body.Warning == 0 {
		subjects = []string{e.Subject}
	}
	for _, subject := range subjects {
		if subject != "" && subject[0] == 'F' {
			subject = "finding:" + subject
		}
		id, err := findingOf(subject)
		if err != nil {
			return err
		}
		warning, err := r.Findings.WarningOf(tx, id)
		if err != nil {
			return err
		}
		warnings = append(warnings, warning)
	}
	for _, id := range warnings {
		if id == 0 || asked[id] {
			continue
		}
		asked[id] = true
		if err := r.closeIfOver(tx, ID(id)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Room) closeIfOver(tx *db.Tx, id ID) error {
	w, err := load(tx, id)
	if err != nil {
		return err
	}
	if w.gathering != 0 || !w.State.Live() {
		return nil
	}
	live, err := r.Findings.LiveOf(tx, int64(id))
	if err != nil || live > 0 {
		return err
	}
	if w.State == Draft {
		if err := r.end(tx, &w, ActCancel, auth.Stage("heed"), "over"); err != nil || w.Storm == 0 {
			return err
		}
		return r.subsided(tx, w.Storm)
	}
	return r.end(tx, &w, ActClose, auth.Stage("heed"), "")
}

// subsided strikes a storm down when nothing of it is held any more: what it told
// of was judged false one by one, and there is nothing left to decide.
func (r *Room) subsided(tx *db.Tx, storm int64) error {
	held, err := tx.Int(`SELECT COUNT(*) FROM warning WHERE storm = $1 AND state = $2`, storm, string(Draft))
	if err != nil || held > 0 {
		return err
	}
	s, err := loadStorm(tx, storm)
	if err != nil || s.State != Holding {
		return err
	}
	e := r.entries(auth.Stage("heed"))
	if err := r.decideStorm(tx, e, auth.Stage("heed"), storm, Struck, "over"); err != nil {
		return err
	}
	if err := r.Duty.Drop(tx, auth.Stage("heed"), s.Subject()); err != nil {
		return err
	}
	return e.append(tx)
}

// unreached climbs at once when no delivery of a step can arrive any more:
// waiting for an answer of nobody loses time.
func (r *Room) unreached(tx *db.Tx, entry journal.Entry) error {
	var f Failed
	if err := json.Unmarshal(entry.Body, &f); err != nil {
		return errs.New(errs.Internal, "read %s: %w", entry.Verb, err)
	}
	if f.Left > 0 || f.Warning == 0 {
		return nil
	}
	w, err := load(tx, ID(f.Warning))
	if err != nil {
		return err
	}
	if w.State != Sent || w.Revision != f.Revision || w.Step != f.Step || w.Rung == Top {
		return nil
	}
	e := r.entries(auth.Stage("heed"))
	if err := r.climb(tx, e, &w, r.Clock.Now()); err != nil {
		return err
	}
	if err := w.store(tx); err != nil {
		return err
	}
	return e.append(tx)
}

// newcomers looks at the organisations that a contact may have come to: the one
// that the entry names, or, when an import brought contacts of several, all that
// had nobody.
func (r *Room) newcomers(tx *db.Tx, organisation int64) error {
	var without []int64
	if err := tx.Select(&without, `SELECT DISTINCT organisation FROM warning WHERE rank = -1 ORDER BY organisation`); err != nil {
		return err
	}
	for _, o := range without {
		if organisation != 0 && o != organisation {
			continue
		}
		if err := r.appeared(tx, o); err != nil {
			return err
		}
	}
	return nil
}

// appeared tells a contact who is new what the organisation missed: its warnings
// that reached nobody of its own.
func (r *Room) appeared(tx *db.Tx, organisation int64) error {
	o, err := r.Estate.Organisation(tx, organisation)
	if err != nil {
		return err
	}
	own, err := r.Estate.Contacts(tx, organisation)
	if err != nil || len(own) == 0 {
		return err
	}
	if err := r.Findings.ClearNoContact(tx, organisation); err != nil {
		return err
	}
	missed, err := selectWarnings(tx, `organisation = $1 AND open = 1 AND state = $2 AND rank = $3 ORDER BY id`, organisation, string(Sent), nobody)
	if err != nil || len(missed) == 0 {
		return err
	}
	rules, err := r.rules(tx)
	if err != nil {
		return err
	}
	e := r.entries(auth.Stage("heed"))
	for i := range missed {
		w := &missed[i]
		d := sending{organisation: o, rules: rules}.decide(w)
		reach, err := r.reach(tx, o, d.Contacts)
		if err != nil {
			return err
		}
		l := Climb(Ground, 0, d.Contacts == "all", reach)
		w.Rung, w.Rank = l.Rung, l.Rank
		w.Step++
		to, withheld, err := r.addressed(tx, w, l, d)
		if err != nil {
			return err
		}
		if err := ring(tx, AlarmDue, w.ID, r.Regime.AckDue(r.Clock.Now(), w.Severity)); err != nil {
			return err
		}
		e.call(w, VerbEscalated, to, withheld)
		if err := w.store(tx); err != nil {
			return err
		}
	}
	return e.append(tx)
}
