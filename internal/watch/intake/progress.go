package intake

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// Begin gives the stage that reads documents a document and its source.
func (r *Room) Begin(ctx context.Context, id int64) (doc Document, source Source, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		if doc, err = r.Load(tx, id); err != nil {
			return err
		}
		source, err = r.ByID(tx, doc.Source)
		return err
	})
	return doc, source, err
}

// Progress is what one bracket has stored of a document.
type Progress struct {
	Document  int64
	Round     int64
	From, To  int64 // records
	Kept      int64
	Duplicate int64
	Bad       []row.Bad
	Opened    int64
	Reopened  int64
	Counted   int64
	Unowned   int64
	FirstRow  time.Time // own times of the kept rows
	LastRow   time.Time
	End       bool   // the document is through
	Broken    string // why it could not be read further, "" when it could
	Summary   row.Summary
}

// Advance moves a document on, in the bracket of what its rows effected. It is
// fenced: records that another passage has stored are not stored twice. At the
// end it returns the document as it then is.
func (r *Room) Advance(tx *db.Tx, p Progress) (*Document, error) {
	counted, err := released(tx, p)
	if err != nil {
		return nil, err
	}
	n, err := tx.Changed(`UPDATE document SET done = $1, total = $1, kept = kept + $2, quarantined = quarantined + $3, duplicate = duplicate + $4,
		opened = opened + $5, reopened = reopened + $6, counted = counted + $7, unowned = unowned + $8,
		first_row = CASE WHEN CAST($9 AS BIGINT) > 0 AND (first_row = 0 OR CAST($9 AS BIGINT) < first_row) THEN CAST($9 AS BIGINT) ELSE first_row END,
		last_row = CASE WHEN CAST($10 AS BIGINT) > last_row THEN CAST($10 AS BIGINT) ELSE last_row END
		WHERE id = $11 AND done = $12 AND round = $13 AND state = 'received'`,
		p.To, p.Kept+counted, int64(len(p.Bad))-counted, p.Duplicate, p.Opened, p.Reopened, p.Counted, p.Unowned,
		db.Micros(p.FirstRow), db.Micros(p.LastRow), p.Document, p.From, p.Round)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, errs.New(errs.Unavailable, "read document S%d: another passage has gone on from record %d", p.Document, p.From)
	}
	if err := r.hold(tx, p.Document, p.Bad); err != nil {
		return nil, err
	}
	if !p.End {
		return nil, nil //nolint:nilnil // no document: it is not through
	}
	doc, err := r.Load(tx, p.Document)
	if err != nil {
		return nil, err
	}
	doc.State, doc.Reason = verdict(doc, p.Broken)
	if doc.Quarantined > 0 && p.Broken == "" {
		// The first row's reason stands for the others: of a document that is one row
		// it is the document's.
		var why string
		err := tx.Get(&why, `SELECT reason FROM quarantine WHERE document = $1 AND state = 'held' ORDER BY id LIMIT 1`, doc.ID)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return nil, err
		}
		if why != "" {
			doc.Reason += ": " + row.Clip(why, 300)
		}
	}
	if p.Summary.Type != "" {
		doc.ReportType = p.Summary.Type
	}
	doc.ParsedAt = r.Clock.Now()
	for _, f := range p.Summary.Flags {
		doc.Flags = append(doc.Flags, string(f))
	}
	for _, c := range p.Summary.Unknown {
		doc.Flags = append(doc.Flags, "unknown:"+word(c))
	}
	for _, c := range p.Summary.Missing {
		doc.Flags = append(doc.Flags, "missing:"+word(c))
	}
	_, err = tx.Exec(`UPDATE document SET state = $1, reason = $2, report_type = $3, parsed_at = $4, flags = $5 WHERE id = $6`,
		string(doc.State), doc.Reason, doc.ReportType, db.Micros(doc.ParsedAt), strings.Join(doc.Flags, " "), doc.ID)
	return &doc, err
}

// released is how many of the bad rows a person put right before the document was
// read again: they count as kept.
func released(tx *db.Tx, p Progress) (n int64, err error) {
	if p.Round == 1 || len(p.Bad) == 0 {
		return 0, nil
	}
	var places []int64
	if err := tx.Select(&places, `SELECT place FROM quarantine WHERE document = $1 AND state = 'counted'`, p.Document); err != nil {
		return 0, err
	}
	right := make(map[int64]bool, len(places))
	for _, place := range places {
		right[place] = true
	}
	for _, b := range p.Bad {
		if right[b.Offset] {
			n++
		}
	}
	return n, nil
}

func word(s string) string { return strings.Join(strings.Fields(row.Clip(s, 60)), "_") }

// verdict is the state in which a reading leaves a document, and why.
func verdict(d Document, broken string) (State, string) {
	switch {
	case d.ReportType == EntryLetter:
		return Parsed, "letter"
	case broken != "" && d.Kept+d.Duplicate == 0:
		return Unparsed, broken
	case broken != "":
		return Partial, broken
	case d.Quarantined > 0 && d.Kept+d.Duplicate == 0:
		return Unparsed, "all " + strconv.FormatInt(d.Quarantined, 10) + " rows are in quarantine"
	case d.Quarantined > 0:
		return Partial, strconv.FormatInt(d.Quarantined, 10) + " rows are in quarantine"
	}
	return Parsed, ""
}

// Amend counts what a released row opened to its document.
func (r *Room) Amend(tx *db.Tx, id, opened, reopened, counted int64) (Document, error) {
	doc, err := r.Load(tx, id)
	if err != nil {
		return doc, err
	}
	doc.Kept++
	doc.Quarantined--
	doc.Opened, doc.Reopened, doc.Counted = doc.Opened+opened, doc.Reopened+reopened, doc.Counted+counted
	doc.State, doc.Reason = verdict(doc, "")
	_, err = tx.Exec(`UPDATE document SET kept = $1, quarantined = $2, opened = $3, reopened = $4, counted = $5, state = $6, reason = $7 WHERE id = $8`,
		doc.Kept, doc.Quarantined, doc.Opened, doc.Reopened, doc.Counted, string(doc.State), doc.Reason, doc.ID)
	return doc, err
}
