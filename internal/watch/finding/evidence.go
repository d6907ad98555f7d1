package finding

import (
	"context"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake"
)

// An EvidenceRow is one line of a source's delivery that a finding rests on.
type EvidenceRow struct {
	Finding  ID
	Document int64
	Line     int
	At       time.Time // the row's own time
	Source   string
	File     string
	Header   []string // the columns' names, nil where the format has none
	Fields   []string // the row's values, one for each name of Header, else the line
	Gone     string   // why the line cannot be shown: erased, or past its keeping
}

type evidenceRow struct {
	Finding  int64 `db:"finding"`
	Document int64 `db:"document"`
	Line     int   `db:"line"`
	Place    int64 `db:"place"`
	Length   int64 `db:"length"`
	At       int64 `db:"at"`
}

// Evidence is the newest evidence of a finding that the reader may view, newest
// first, at most limit rows.
func (r *Room) Evidence(ctx context.Context, who auth.Actor, id ID, limit int) ([]EvidenceRow, error) {
	if _, err := r.Get(ctx, who, id); err != nil {
		return nil, err
	}
	return r.EvidenceOf(ctx, []ID{id}, limit)
}

// EvidenceOf is the newest evidence of findings, at most each rows of each of
// them: what a warning carries. The lines are read from the originals.
func (r *Room) EvidenceOf(ctx context.Context, ids []ID, each int) (out []EvidenceRow, err error) {
	var rows []evidenceRow
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		for _, id := range ids {
			var some []evidenceRow
			err := tx.Select(&some, `SELECT finding, document, line, place, length, at FROM evidence WHERE finding = $1
				ORDER BY at DESC, document DESC, line DESC LIMIT `+itoa(int64(each)), int64(id))
			if err != nil {
				return err
			}
			rows = append(rows, some...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out = make([]EvidenceRow, len(rows))
	byDocument := map[int64][]int{}
	for i, e := range rows {
		out[i] = EvidenceRow{Finding: ID(e.Finding), Document: e.Document, Line: e.Line, At: db.Time(e.At)}
		byDocument[e.Document] = append(byDocument[e.Document], i)
	}
	for document, places := range byDocument {
		wanted := make([]intake.Span, len(places))
		for i, at := range places {
			wanted[i] = intake.Span{Place: rows[at].Place, Length: rows[at].Length}
		}
		doc, lines, err := r.Intake.Lines(ctx, document, wanted)
		if err != nil && !errs.Is(err, errs.Gone) {
			return nil, err
		}
		for i, at := range places {
			e := &out[at]
			e.Source, e.File = doc.SourceName, doc.File
			if err != nil {
				e.Gone = err.Error()
				continue
			}
			e.Header, e.Fields = lines[i].Header, lines[i].Fields
		}
	}
	return out, nil
}
