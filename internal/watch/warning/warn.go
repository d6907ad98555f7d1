package warning

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// bracketFindings is how many findings one bracket tells of: few enough that
// other writers wait a tenth of a second at most.
const bracketFindings = 2000

// Parsed is the body of document.parsed as far as this room reads it.
type Parsed struct {
	Document int64 `json:"document"`
	Source   int64 `json:"source"`
	Opened   int64 `json:"opened"`
	Reopened int64 `json:"reopened"`
}

// Matched is the body of advisory.matched: an advisory opened findings.
type Matched struct {
	Advisory int64  `json:"advisory"`
	Name     string `json:"name"`
	Document int64  `json:"document"` // that brought it
}

// Due is the body of digest.due.
type Due struct {
	Cadences []Cadence `json:"cadences"`
}

// Stage is the stage "warn": it makes warnings of findings whose owner has not
// been told. Each may be called again for an entry that is half done: findings
// carry their warning, so what has been told is not waiting any more.
func (r *Room) Stage() journal.Stage {
	return journal.Stage{
		Name:  "warn",
		Verbs: []string{"document.parsed", "document.rows", "advisory.matched", "finding.opened", "finding.reopened", "finding.moved", "finding.raised", "finding.expired", "finding.unmuted", VerbDigest},
		Each: func(ctx context.Context, e journal.Entry, move func(tx *db.Tx) error) error {
			s := sweep{room: r, seq: e.Seq, cadences: []Cadence{Now}}
			switch e.Verb {
			case "document.parsed":
				s.parsed = &Parsed{}
				if err := json.Unmarshal(e.Body, s.parsed); err != nil {
					return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
				}
				s.selection.Document = s.parsed.Document
			case "advisory.matched":
				// One warning an advisory and an organisation, however many advisories a
				// delivery brings.
				var of Matched
				if err := json.Unmarshal(e.Body, &of); err != nil {
					return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
				}
				s.selection.Advisory, s.delivery, s.topic = of.Advisory, of.Document, of.Name
			case "document.rows":
				return r.raised(ctx, e) // the runner moves the cursor behind them
			case VerbDigest:
				var due Due
				if err := json.Unmarshal(e.Body, &due); err != nil {
					return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
				}
				s.cadences, s.digest = due.Cadences, true
			case "finding.unmuted":
				s.selection.Organisation = e.Organisation
			default:
				id, err := findingOf(e.Subject)
				if err != nil {
					return err
				}
				s.selection.Finding, s.single = id, true
			}
			return s.run(ctx, move)
		},
	}
}

// raised tells of the findings that a part of a document made graver. Those that
// it opened wait for the end of the document, where the storm brake sees all.
func (r *Room) raised(ctx context.Context, e journal.Entry) error {
	var rows struct {
		Raised []string `json:"raised"`
	}
	if err := json.Unmarshal(e.Body, &rows); err != nil {
		return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
	}
	for _, subject := range rows.Raised {
		id, err := findingOf("finding:" + subject)
		if err != nil {
			return err
		}
		s := sweep{room: r, seq: e.Seq, cadences: []Cadence{Now}, single: true, selection: Selection{Finding: id}}
		if err := s.run(ctx, func(*db.Tx) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

func findingOf(subject string) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(subject, "finding:F"), 10, 64)
	if err != nil {
		return 0, errs.New(errs.Internal, "subject %q is no finding", subject)
	}
	return id, nil
}

// A sweep makes warnings of the findings of a selection, an organisation after
// the other, in brackets of bounded size.
type sweep struct {
	room      *Room
	seq       int64 // the journal entry that it follows
	selection Selection
	cadences  []Cadence // findings of another cadence are left for their digest
	parsed    *Parsed   // the delivery, nil when it is none
	digest    bool
	single    bool   // one finding outside a delivery: it may join a recent warning
	delivery  int64  // of the advisory, 0 when it is none
	topic     string // the advisory's name, "" when it is none

	rules        []Rule
	brake        brake
	through      map[int64]bool // deliveries that are through
	organisation int64          // the one that is being told
	finding      int64          // its last finding that was looked at
	after        int64          // the last organisation that is done
}

func (s *sweep) run(ctx context.Context, move func(tx *db.Tx) error) error {
	for first, done := true, false; !done; first = false {
		err := s.room.DB.Write(ctx, func(tx *db.Tx) (err error) {
			if first {
				if err := s.prepare(tx); err != nil {
					return err
				}
			}
			e := s.room.entries(auth.Stage("warn"))
			if done, err = s.bracket(tx, e); err != nil {
				return err
			}
			if done {
				if err := s.finish(tx, e); err != nil {
					return err
				}
			}
			if err := e.append(tx); err != nil {
				return err
			}
			if done {
				return move(tx)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) prepare(tx *db.Tx) (err error) {
	s.through = map[int64]bool{}
	if s.rules, err = s.room.rules(tx); err != nil {
		return err
	}
	s.brake, err = s.room.watch(tx, s.selection, s.parsed)
	return err
}

// bracket tells of about bracketFindings findings, and says whether none are
// left.
func (s *sweep) bracket(tx *db.Tx, e *entries) (done bool, err error) {
	for left := bracketFindings; left > 0; {
		if s.organisation == 0 {
			next, err := s.room.Findings.Waiting(tx, s.selection, s.after, 1)
			if err != nil {
				return false, err
			}
			if len(next) == 0 {
				return true, nil
			}
			s.organisation, s.finding = next[0], 0
		}
		want := s.selection
		want.Organisation, want.After, want.Limit = s.organisation, s.finding, left
		findings, err := s.room.Findings.Unwarned(tx, want)
		if err != nil {
			return false, err
		}
		last := len(findings) < left
		if err := s.tell(tx, e, findings, last); err != nil {
			return false, err
		}
		left -= max(1, len(findings))
		if last {
			s.after, s.organisation = s.organisation, 0
		} else {
			s.finding = findings[len(findings)-1].ID
		}
	}
	return false, nil
}

// A bundle is what goes into one warning.
type bundle struct {
	storm    int64
	hold     string
	into     ID // a warning that is there and is revised, 0 for a new one
	findings []Finding
}

// tell makes the warnings of one organisation of a page of its findings; last
// says that there are no more.
func (s *sweep) tell(tx *db.Tx, e *entries, findings []Finding, last bool) error {
	o, err := s.room.Estate.Organisation(tx, s.organisation)
	if err != nil {
		return err
	}
	bundles, err := s.sort(tx, o, findings)
	if err != nil {
		return err
	}
	var waiting []Warning // those of earlier pages
	if s.finding != 0 || !last {
		waiting, err = selectWarnings(tx, `gathering = $1 AND organisation = $2 ORDER BY id`, s.seq, o.ID)
		if err != nil {
			return err
		}
	}
	for _, b := range bundles {
		if b.into != 0 {
			if err := s.room.join(tx, e, b.into, b.findings, s.rules); err != nil {
				return err
			}
			continue
		}
		var w *Warning
		for i := range waiting {
			if waiting[i].Storm == b.storm && waiting[i].Hold == b.hold {
				w = &waiting[i]
			}
		}
		if w == nil {
			if w, err = s.begin(tx, o, b); err != nil {
				return err
			}
			w.gathering = s.seq
			waiting = append(waiting, *w)
			w = &waiting[len(waiting)-1]
		}
		if err := s.put(tx, w, b.findings); err != nil {
			return err
		}
	}
	for i := range waiting {
		w := &waiting[i]
		if last {
			w.gathering = 0
			if err := s.release(tx, e, w, o); err != nil {
				return err
			}
		}
		if err := w.store(tx); err != nil {
			return err
		}
	}
	return nil
}

// sort puts an organisation's findings into bundles. What belongs to another
// cadence is left where it is.
func (s *sweep) sort(tx *db.Tx, o Organisation, findings []Finding) ([]*bundle, error) {
	var bundles []*bundle
	put := func(key bundle, f Finding) {
		for _, b := range bundles {
			if b.storm == key.storm && b.hold == key.hold && b.into == key.into {
				b.findings = append(b.findings, f)
				return
			}
		}
		key.findings = []Finding{f}
		bundles = append(bundles, &key)
	}
	for _, f := range findings {
		d := Route(s.rules, Case{Organisation: o, Problems: []row.Kind{f.Kind}, Severity: f.Severity, Sources: f.Sources})
		if d.Timing == Never {
			continue
		}
		if storm := s.brake.holds(f.Cause); storm != 0 {
			put(bundle{storm: storm, hold: HoldStorm}, f)
			continue
		}
		if !among(s.cadences, d.Timing) {
			continue
		}
		if s.parsed == nil {
			// A delivery that is still coming in is not through the storm brake yet.
			through, err := s.isThrough(tx, f.Document)
			if err != nil {
				return nil, err
			}
			if !through {
				continue
			}
		}
		key := bundle{}
		switch {
		case f.TLP == tlp.Red:
			key.hold = HoldRed
		case d.Hold != "":
			key.hold = HoldRule + d.Hold
		default:
			into, err := s.room.joins(tx, f, s.single)
			if err != nil {
				return nil, err
			}
			key.into = into
		}
		put(key, f)
	}
	return bundles, nil
}

func (s *sweep) isThrough(tx *db.Tx, document int64) (bool, error) {
	if document == 0 {
		return true, nil
	}
	known, asked := s.through[document]
	if !asked {
		n, err := tx.Int(`SELECT COUNT(*) FROM source_load WHERE document = $1`, document)
		if err != nil {
			return false, err
		}
		known = n > 0
		s.through[document] = known
	}
	return known, nil
}

// The reasons why a draft waits for a person. A rule's has its name behind it.
const (
	HoldStorm = "storm"
	HoldRed   = "red"
	HoldRule  = "rule:"
)

func (s *sweep) begin(tx *db.Tx, o Organisation, b *bundle) (*Warning, error) {
	id, err := tx.NextID("warning", 1)
	if err != nil {
		return nil, err
	}
	w := &Warning{
		ID: ID(id), Organisation: o.ID, State: Draft, Revision: 1, Cadence: Now, Hold: b.hold, Storm: b.storm,
		Created: s.room.Clock.Now(), Kinds: map[row.Kind]int64{}, fresh: true,
	}
	w.Document, w.Topic = s.delivery, s.topic
	if s.parsed != nil {
		w.Document = s.parsed.Document
	}
	if s.digest {
		w.Cadence = s.cadences[0]
	}
	return w, nil
}

// put adds findings to a warning that is being made.
func (s *sweep) put(tx *db.Tx, w *Warning, findings []Finding) error {
	w.take(findings)
	return s.room.tie(tx, w, findings)
}

// tie writes down that a warning tells of findings, whence they came and what
// caused them.
func (r *Room) tie(tx *db.Tx, w *Warning, findings []Finding) error {
	ids := make([]int64, 0, len(findings))
	type span struct{ observed, received, attributed time.Time }
	sources, causes := map[int64]span{}, map[string]bool{}
	for _, f := range findings {
		ids = append(ids, f.ID)
		for _, source := range f.Sources {
			now := sources[source]
			if f.LastSeen.After(now.observed) {
				now.observed = f.LastSeen
			}
			if f.OpenedAt.After(now.attributed) {
				now.attributed = f.OpenedAt
			}
			received, err := r.receipt(tx, w, f)
			if err != nil {
				return err
			}
			if received.After(now.received) {
				now.received = received
			}
			sources[source] = now
		}
		if f.Cause != "" {
			causes[f.Cause] = true
		}
	}
	if err := r.Findings.Warned(tx, int64(w.ID), ids); err != nil {
		return err
	}
	for source, at := range sources {
		_, err := tx.Exec(`INSERT INTO warning_source (warning, source, organisation, observed, received, attributed) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (warning, source) DO NOTHING`, int64(w.ID), source, w.Organisation, db.Micros(at.observed), db.Micros(at.received), db.Micros(at.attributed))
		if err != nil {
			return err
		}
	}
	for cause := range causes {
		_, err := tx.Exec(`INSERT INTO cause_warned (cause, organisation, at) VALUES ($1, $2, $3)
			ON CONFLICT (cause, organisation) DO UPDATE SET at = excluded.at`, cause, w.Organisation, db.Micros(r.Clock.Now()))
		if err != nil {
			return err
		}
	}
	return nil
}

// receipt is when word of a finding came in: the receipt of the delivery that
// opened it, of the advisory's for a weakness. What a person, a stage or a new
// line of software opened came in when it was opened.
func (r *Room) receipt(tx *db.Tx, w *Warning, f Finding) (time.Time, error) {
	document := f.Document
	if document == 0 && f.Advisory != 0 {
		document = w.Document
	}
	if document == 0 {
		return f.OpenedAt, nil
	}
	received, err := r.Sources.ReceivedAt(tx, document)
	if errs.Is(err, errs.NotFound) {
		return f.OpenedAt, nil
	}
	return received, err
}

// release sends a warning whose findings are all there, or leaves it as a draft
// for a person.
func (s *sweep) release(tx *db.Tx, e *entries, w *Warning, o Organisation) error {
	if err := s.room.promise(tx, w); err != nil {
		return err
	}
	if w.Hold != "" {
		e.add(w, VerbDrafted, map[string]any{"hold": w.Hold, "storm": w.Storm, "findings": w.Findings})
		return journal.SetAlarm(tx, AlarmExpire, w.ID.Subject(), w.Created.Add(s.room.Regime.Limits(w.Created).Expire))
	}
	return s.room.send(tx, e, w, sending{organisation: o, rules: s.rules})
}

// finish ends a sweep: what a crash left gathered goes out, and each storm gets
// its one alarm.
func (s *sweep) finish(tx *db.Tx, e *entries) error {
	left, err := selectWarnings(tx, `gathering = $1 ORDER BY id`, s.seq)
	if err != nil {
		return err
	}
	for i := range left {
		w := &left[i]
		o, err := s.room.Estate.Organisation(tx, w.Organisation)
		if err != nil {
			return err
		}
		w.gathering = 0
		if err := s.release(tx, e, w, o); err != nil {
			return err
		}
		if err := w.store(tx); err != nil {
			return err
		}
	}
	return s.room.raise(tx, e, s.brake)
}
