package intel

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
)

// Keep stores what the rows of a document say of the world, in the bracket of
// the document's progress: indicators, sightings of them, harmless values and
// advisories. Rows of context change nothing.
func (r *Room) Keep(tx *db.Tx, source intake.Source, doc intake.Document, rows []row.Row) error {
	k := keeping{room: r, tx: tx, source: source, doc: doc, now: r.Clock.Now()}
	for i := range rows {
		one := &rows[i]
		switch {
		case one.Indicator != nil:
			k.statements = append(k.statements, statementOf(one, *one.Indicator, source, doc))
			for _, also := range one.Also {
				k.statements = append(k.statements, statementOf(one, also, source, doc))
			}
		case one.Advisory != nil:
			k.advisories = append(k.advisories, one)
		case one.Benign != nil:
			k.benign = append(k.benign, one)
		case one.Statement != nil && (one.Statement.Seen > 0 || one.Statement.Refuted > 0):
			k.sightings = append(k.sightings, one)
		}
	}
	for _, step := range []func() error{k.keepBenign, k.keepIndicators, k.keepSightings, k.keepAdvisories, k.append} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// A keeping is what one batch of rows does to the room.
type keeping struct {
	room       *Room
	tx         *db.Tx
	source     intake.Source
	doc        intake.Document
	now        time.Time
	statements []statement
	advisories []*row.Row
	benign     []*row.Row
	sightings  []*row.Row
	held       []string // ids of indicators that wait for a person
	body       Kept
	records    []journal.Record
}

// VerbKept says that a batch of a document changed what is known of weaknesses.
const VerbKept = "advisories.kept"

// VerbHeld says that a batch of a document brought indicators that wait for a
// person.
const VerbHeld = "indicators.held"

// Kept is the body of VerbKept.
type Kept struct {
	Document   int64    `json:"document"`
	Advisories []int64  `json:"advisories,omitempty"` // new ones and revised ones
	CVEs       []string `json:"cves,omitempty"`       // whose danger is judged differently now
}

// Held is the body of VerbHeld.
type Held struct {
	Document   int64    `json:"document"`
	Count      int      `json:"count"`
	Indicators []string `json:"indicators"` // the first hundred
}

// append says in the journal what must be followed.
func (k *keeping) append() error {
	var drafts []journal.Draft
	if len(k.body.Advisories)+len(k.body.CVEs) > 0 {
		k.body.Document = k.doc.ID
		drafts = append(drafts, journal.Draft{
			Actor: "stage:match", Organisation: k.source.Organisation, Subject: k.doc.Subject(), Verb: VerbKept, Body: k.body,
			Records: k.records,
		})
	}
	if len(k.held) > 0 {
		drafts = append(drafts, journal.Draft{
			Actor: "stage:match", Organisation: k.source.Organisation, Subject: k.doc.Subject(), Verb: VerbHeld,
			Body: Held{Document: k.doc.ID, Count: len(k.held), Indicators: k.held[:min(len(k.held), 100)]},
		})
	}
	if len(drafts) == 0 {
		return nil
	}
	_, err := k.room.Journal.Append(k.tx, drafts...)
	return err
}

// A statement is what one object of a source says of one pattern.
type statement struct {
	pattern    row.Indicator
	object     string
	version    int64
	line       int
	title      string
	labels     string
	confidence int64
	tlp        tlp.Marking
	at         int64 // when the source said it last
	validFrom  int64
	validUntil int64
	revoked    bool
	inactive   bool
	seen       int64
	refuted    int64

	indicator int64
}

func (s *statement) text() string { return patternOf(s.pattern) }

func patternOf(i row.Indicator) string { return string(i.Type) + ":" + i.Value }

func statementOf(one *row.Row, pattern row.Indicator, source intake.Source, doc intake.Document) statement {
	s := statement{
		pattern: pattern, line: one.Line, confidence: int64(one.Confidence), tlp: source.TLP, at: db.Micros(doc.Received),
	}
	// An indicator that a source dated is as old as it says, not as new as its
	// delivery: an old event that is sent again does not make it fresh.
	if !one.At.IsZero() && one.At.Before(doc.Received) {
		s.at = db.Micros(one.At)
	}
	t := one.Statement
	if t == nil {
		return s
	}
	s.object, s.version, s.title = t.ID, db.Micros(t.Version), row.Clip(t.Title, 300)
	s.labels = row.Clip(strings.Join(t.Labels, "\n"), 1000)
	s.validFrom, s.validUntil, s.revoked, s.inactive = db.Micros(t.ValidFrom), db.Micros(t.ValidUntil), t.Revoked, t.Inactive
	s.seen, s.refuted = t.Seen, t.Refuted
	if t.Marked {
		s.tlp = t.TLP
	}
	for _, later := range []time.Time{t.Version, t.LastSeen} {
		if !later.IsZero() && one.At.IsZero() && !later.After(doc.Received) {
			s.at = db.Micros(later)
		}
	}
	if t.Standing && !t.Revoked {
		s.at = db.Micros(doc.Received) // whoever hands it in today says that it holds today
	}
	return s
}

// keepIndicators writes the statements and works out anew what stands of each
// indicator that they are about.
func (k *keeping) keepIndicators() error {
	if len(k.statements) == 0 {
		return nil
	}
	if err := k.passOver(); err != nil {
		return err
	}
	if err := k.number(); err != nil {
		return err
	}
	// One row for a pattern and an object: of several in a batch the last counts.
	type key struct {
		indicator int64
		object    string
	}
	place := make(map[key]int, len(k.statements))
	kept := k.statements[:0]
	for _, s := range k.statements {
		if at, ok := place[key{s.indicator, s.object}]; ok {
			kept[at] = s
			continue
		}
		place[key{s.indicator, s.object}] = len(kept)
		kept = append(kept, s)
	}
	k.statements = kept
	args := make([]any, 0, len(kept)*18)
	for i := range kept {
		s := &kept[i]
		if s.confidence == 0 {
			s.confidence = int64(k.room.Rules.Unstated)
		}
		args = append(args, s.indicator, k.source.ID, s.object, s.version, k.doc.ID, int64(s.line), s.title, s.labels, s.confidence, int64(s.tlp),
			s.at, s.at, s.validFrom, s.validUntil, int64(db.Bool(s.revoked)), int64(db.Bool(s.inactive)), s.seen, s.refuted)
	}
	err := k.tx.Bulk(`INSERT INTO indicator_source (indicator, source, object, version, document, line, title, labels, confidence, tlp,
		first, last, valid_from, valid_until, revoked, inactive, seen, refuted) VALUES`,
		`ON CONFLICT (indicator, source, object) DO UPDATE SET version = excluded.version, document = excluded.document, line = excluded.line,
		title = excluded.title, labels = excluded.labels, confidence = excluded.confidence, tlp = excluded.tlp,
		last = CASE WHEN indicator_source.last > excluded.last THEN indicator_source.last ELSE excluded.last END,
		valid_from = excluded.valid_from, valid_until = excluded.valid_until, revoked = excluded.revoked, inactive = excluded.inactive,
		seen = excluded.seen, refuted = excluded.refuted`, 18, args)
	if err != nil {
		return err
	}
	ids := make([]int64, len(kept))
	for i := range kept {
		ids[i] = kept[i].indicator
	}
	return k.weigh(ids)
}

// passOver leaves out statements that are older versions of objects that are
// known, and takes back what the older version of a newer one said: an object
// that changes its pattern no longer stands behind the old one.
func (k *keeping) passOver() error {
	newest := map[string]int64{}
	for i := range k.statements {
		if s := &k.statements[i]; s.object != "" {
			newest[s.object] = max(newest[s.object], s.version)
		}
	}
	if len(newest) == 0 {
		return nil
	}
	objects := make([]string, 0, len(newest))
	for object := range newest {
		objects = append(objects, object)
	}
	slices.Sort(objects)
	had, err := db.SelectIn[struct {
		Object    string `db:"object"`
		Indicator int64  `db:"indicator"`
		Version   int64  `db:"version"`
	}](k.tx, `SELECT object, indicator, version FROM indicator_source WHERE source = `+itoa(k.source.ID)+` AND object <> '' AND object IN ({keys})`, objects)
	if err != nil {
		return err
	}
	known := make(map[string]int64, len(had))
	var lost []int64
	for _, h := range had {
		known[h.Object] = max(known[h.Object], h.Version)
		if h.Version < newest[h.Object] {
			lost = append(lost, h.Indicator)
			_, err := k.tx.Exec(`DELETE FROM indicator_source WHERE indicator = $1 AND source = $2 AND object = $3`, h.Indicator, k.source.ID, h.Object)
			if err != nil {
				return err
			}
		}
	}
	k.statements = slices.DeleteFunc(k.statements, func(s statement) bool {
		return s.object != "" && (s.version < known[s.object] || s.version < newest[s.object])
	})
	return k.weigh(lost)
}

// number gives each pattern its indicator, an old one or a new one.
func (k *keeping) number() error {
	numbers := make(map[string]int64, len(k.statements))
	patterns := make([]string, 0, len(k.statements))
	for i := range k.statements {
		text := k.statements[i].text()
		if _, ok := numbers[text]; !ok {
			numbers[text] = 0
			patterns = append(patterns, text)
		}
	}
	found, err := db.SelectIn[struct {
		ID      int64  `db:"id"`
		Pattern string `db:"pattern"`
	}](k.tx, `SELECT id, pattern FROM indicator WHERE pattern IN ({keys})`, patterns)
	if err != nil {
		return err
	}
	for _, f := range found {
		numbers[f.Pattern] = f.ID
	}
	var fresh []*statement
	for i := range k.statements {
		s := &k.statements[i]
		text := s.text()
		if numbers[text] == 0 {
			numbers[text] = -1
			fresh = append(fresh, s)
		}
	}
	if len(fresh) > 0 {
		first, err := k.tx.NextID("indicator", len(fresh))
		if err != nil {
			return err
		}
		args := make([]any, 0, len(fresh)*16)
		for i, s := range fresh {
			id := first + int64(i)
			numbers[s.text()] = id
			state, by := Active, k.room.poison(s.pattern, k.now)
			if by != "" {
				state = IsHeld
				k.held = append(k.held, idOf(id))
			}
			args = append(args, id, s.text(), string(s.pattern.Type), s.pattern.Value, string(state), by, "", "", s.at, s.at, int64(0), int64(0),
				int64(s.tlp), int64(0), int64(0), db.Micros(k.now))
		}
		err = k.tx.Bulk(`INSERT INTO indicator (id, pattern, type, value, state, held_by, decided_by, reason, first, last, valid_until, confidence,
			tlp, seen, refuted, changed) VALUES`, "", 16, args)
		if err != nil {
			return err
		}
	}
	for i := range k.statements {
		k.statements[i].indicator = numbers[k.statements[i].text()]
	}
	return nil
}

// weigh works out what stands of indicators from all that is said of them.
func (k *keeping) weigh(ids []int64) error {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return nil
	}
	type said struct {
		Indicator  int64 `db:"indicator"`
		Confidence int64 `db:"confidence"`
		TLP        int   `db:"tlp"`
		First      int64 `db:"first"`
		Last       int64 `db:"last"`
		Until      int64 `db:"valid_until"`
		Revoked    int   `db:"revoked"`
		Inactive   int   `db:"inactive"`
		Seen       int64 `db:"seen"`
		Refuted    int64 `db:"refuted"`
	}
	all, err := db.SelectIn[said](k.tx, `SELECT indicator, confidence, tlp, first, last, valid_until, revoked, inactive, seen, refuted
		FROM indicator_source WHERE indicator IN ({keys})`, ids)
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b said) int { return cmp.Compare(a.Indicator, b.Indicator) })
	types, err := k.types(ids)
	if err != nil {
		return err
	}
	args := make([]any, 0, len(ids)*11)
	for at, n := 0, 0; at < len(ids); at++ {
		id := ids[at]
		var (
			first, last, until, seen, refuted int64
			stated                            []int
			marking                           = tlp.Clear
			standing                          = IsRevoked
		)
		for ; n < len(all) && all[n].Indicator == id; n++ {
			s := &all[n]
			if first == 0 || s.First < first {
				first = s.First
			}
			last = max(last, s.Last)
			marking = tlp.Max(marking, tlp.Marking(s.TLP))
			seen += s.Seen
			refuted += s.Refuted
			if s.Revoked == 1 || s.Inactive == 1 {
				continue
			}
			standing = Active
			end := s.Until
			if end == 0 {
				end = db.Micros(k.room.Rules.until(types[id], db.Time(s.Last)))
			}
			until = max(until, end)
			stated = append(stated, int(s.Confidence))
		}
		if until == 0 {
			until = last
		}
		// What waits for a person, or what a person decided, stays as it is.
		args = append(args, string(standing), first, last, until, int64(joint(stated)), int64(marking), seen, refuted, db.Micros(k.now), id)
	}
	_, err = k.tx.BulkUpdate("indicator", `state = CASE WHEN state = 'held' THEN state ELSE {1} END, first = {2}, last = {3},
		valid_until = {4}, confidence = {5}, tlp = {6}, seen = {7}, refuted = {8}, changed = {9}`, `id = {10}`, 10, args)
	return err
}

func (k *keeping) types(ids []int64) (map[int64]row.IndicatorType, error) {
	found, err := db.SelectIn[struct {
		ID   int64  `db:"id"`
		Type string `db:"type"`
	}](k.tx, `SELECT id, type FROM indicator WHERE id IN ({keys})`, ids)
	types := make(map[int64]row.IndicatorType, len(found))
	for _, f := range found {
		types[f.ID] = row.IndicatorType(f.Type)
	}
	return types, err
}

// keepSightings counts sightings of objects that were told before, once however
// often their document is read.
func (k *keeping) keepSightings() error {
	if k.doc.Round > 1 {
		return nil
	}
	var touched []int64
	for _, one := range k.sightings {
		s := one.Statement
		var ids []int64
		err := k.tx.Select(&ids, `SELECT indicator FROM indicator_source WHERE source = $1 AND object <> '' AND object = $2`, k.source.ID, s.ID)
		if err != nil {
			return err
		}
		for _, id := range ids {
			_, err := k.tx.Exec(`UPDATE indicator_source SET seen = seen + $1, refuted = refuted + $2, last = CASE WHEN last > $3 THEN last ELSE $3 END
				WHERE indicator = $4 AND source = $5 AND object = $6`, s.Seen, s.Refuted, db.Micros(s.LastSeen), id, k.source.ID, s.ID)
			if err != nil {
				return err
			}
			touched = append(touched, id)
		}
	}
	return k.weigh(touched)
}
