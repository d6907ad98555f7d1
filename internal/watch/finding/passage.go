package finding

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate/whose"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match"
)

// batchRows is how many records one entry of the journal covers, and the least
// that a bracket takes: large enough that the sync to disk is nothing, small
// enough that a critical file waits 100 ms at most behind them.
const batchRows = 2000

// batchesAtOnce is how many of those go into one bracket while no other writer
// waits: the pages that they share are then written once.
const batchesAtOnce = 4

// VerbParsed ends a document: its findings are opened and counted.
const VerbParsed = "document.parsed"

// Parsed is the body of VerbParsed.
type Parsed struct {
	Document int64  `json:"document"`
	Source   int64  `json:"source"`
	State    string `json:"state"`
	Opened   int64  `json:"opened"`
	Reopened int64  `json:"reopened"`
	Counted  int64  `json:"counted"`
}

// Rows is the body of document.rows, which one bracket of a document leaves.
type Rows struct {
	Document int64    `json:"document"`
	From     int64    `json:"from"` // records, the first is 0
	To       int64    `json:"to"`   // behind the last
	Opened   []string `json:"opened,omitempty"`
	Reopened []string `json:"reopened,omitempty"`
	Raised   []string `json:"raised,omitempty"` // to a graver severity
	Counted  int64    `json:"counted"`
}

// Stage is the stage that turns documents into findings. There are two of them,
// one for large documents and one for the others, so that a critical report does
// not wait behind four million rows.
func (r *Room) Stage(large bool) journal.Stage {
	name := "match"
	if large {
		name = "match-large"
	}
	return journal.Stage{
		Name:  name,
		Verbs: []string{intake.VerbReceived, intake.VerbReparse, intake.VerbReleased},
		Each: func(ctx context.Context, e journal.Entry, move func(tx *db.Tx) error) error {
			var body intake.Delivered
			if err := json.Unmarshal(e.Body, &body); err != nil {
				return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
			}
			if body.Large != large {
				return nil
			}
			if e.Verb == intake.VerbReleased {
				return r.released(ctx, body, move)
			}
			return r.document(ctx, body, move)
		},
	}
}

// document reads a document from where it was left, and makes its findings.
func (r *Room) document(ctx context.Context, body intake.Delivered, move func(tx *db.Tx) error) error {
	doc, source, err := r.Intake.Begin(ctx, body.Document)
	if err != nil {
		return err
	}
	if doc.State != intake.Received || doc.Round != body.Round {
		return nil // a later round has taken over, or this one is through
	}
	if doc.ReportType, err = r.Intake.TypeOf(ctx, doc, source); err != nil {
		return err
	}
	p := passage{room: r, doc: doc, source: source, seen: newSums()}
	// Reading and writing go side by side: the next batch is parsed while this
	// one is stored.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan *batch, 1)
	var (
		summary row.Summary
		failure error
	)
	go func() {
		defer close(batches)
		summary, failure = p.read(ctx, batches)
	}()
	for b := range batches {
		if err := p.storeSome(ctx, b, batches); err != nil {
			cancel()
			for range batches { // the reader ends when its context does
			}
			return err
		}
	}
	if failure != nil {
		if errors.Is(failure, context.Canceled) || errs.Is(failure, errs.Unavailable) {
			return failure
		}
		// What cannot be read further is stored with its reason. It is not an error
		// of this stage: trying again would read the same bytes.
		p.broken = failure.Error()
	}
	p.last.end, p.last.summary = true, summary
	return p.store(ctx, p.last, move)
}

// A passage is one reading of a document.
type passage struct {
	room   *Room
	doc    intake.Document
	source intake.Source
	seen   *sums
	last   *batch // what is left when reading ends
	broken string
}

type batch struct {
	from, to  int64 // records
	rows      []observation
	bad       []row.Bad
	said      []row.Row // what says something of the world, not of our assets
	duplicate int64
	end       bool
	summary   row.Summary
}

// An observation is a row on its way to its finding.
type observation struct {
	key            Key
	realm          string
	asset          row.Asset
	kind           row.Kind
	discriminator  string
	severity       row.Severity
	classification row.Classification
	cause          string
	at             time.Time
	asn            uint32
	line           int
	place, length  int64
	flags          []row.Flag

	// Of a weakness, which has its owner from the inventory.
	owner       *whose.Answer
	rule        string
	advisory    int64
	probability string
	detail      *Detail
}

// read parses the document from its first byte, whatever has been stored of it:
// which rows are repetitions of earlier ones is known only so.
func (p *passage) read(ctx context.Context, out chan<- *batch) (row.Summary, error) {
	var n int64
	b := &batch{from: p.doc.Done, to: p.doc.Done}
	p.last = b
	return p.room.Intake.Read(ctx, p.doc, p.source, func(r *row.Row, bad *row.Bad) error {
		n++
		repeated := r != nil && !p.seen.add(sumOf(r))
		if n <= p.doc.Done {
			return nil
		}
		b.to = n
		switch {
		case bad != nil:
			b.bad = append(b.bad, *bad)
		case repeated:
			b.duplicate++
		case r.Asset == "":
			b.said = append(b.said, *r)
		default:
			b.rows = append(b.rows, observed(r, p.source, p.doc))
		}
		if b.to-b.from < batchRows {
			return nil
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		b = &batch{from: n, to: n}
		p.last = b
		return nil
	})
}

func observed(r *row.Row, source intake.Source, doc intake.Document) observation {
	o := observation{
		realm: r.Realm, asset: r.Asset, kind: r.Kind, discriminator: r.Discriminator, severity: r.Severity,
		classification: r.Classification, cause: r.Cause, at: r.At, asn: r.ASN,
		line: r.Line, place: r.Offset, length: r.Length, flags: r.Flags,
	}
	if o.realm == "" {
		o.realm = source.Realm
	}
	if source.Format == intake.Shadowserver {
		// A daily report of the whole city names its own sinkhole, or a CVE of the
		// month, for many bodies every day. That is no storm; a report that is one
		// shows by its size.
		o.cause = ""
	}
	if o.at.IsZero() {
		o.at = doc.Received
	}
	if o.severity == row.NoSeverity {
		o.severity = row.Medium
	}
	o.key = match.KeyOf(o.realm, o.asset, o.kind, o.discriminator)
	return o
}

// storeSome stores a batch, and those that are parsed meanwhile, in one bracket.
func (p *passage) storeSome(ctx context.Context, b *batch, more <-chan *batch) error {
	return p.room.DB.Write(ctx, func(tx *db.Tx) error {
		for n := 1; ; n++ {
			if err := p.storeIn(tx, b); err != nil {
				return err
			}
			if n == batchesAtOnce || tx.Wanted() {
				return nil
			}
			select {
			case next, ok := <-more:
				if !ok {
					return nil
				}
				b = next
			default: // a bracket does not wait for the disk
				return nil
			}
		}
	})
}

// store stores the last batch, and moves the stage on.
func (p *passage) store(ctx context.Context, b *batch, move func(tx *db.Tx) error) error {
	return p.room.DB.Write(ctx, func(tx *db.Tx) error {
		if err := p.storeIn(tx, b); err != nil {
			return err
		}
		return move(tx)
	})
}

// storeIn writes one batch: the document's progress, the findings, their
// evidence, the quarantine, the tally and the journal in one bracket.
func (p *passage) storeIn(tx *db.Tx, b *batch) error {
	progress := intake.Progress{
		Document: p.doc.ID, Round: p.doc.Round, From: b.from, To: b.to,
		Kept: int64(len(b.rows) + len(b.said)), Duplicate: b.duplicate, Bad: b.bad, End: b.end, Broken: p.broken,
		Summary: b.summary,
	}
	w := writing{room: p.room, tx: tx, doc: p.doc, source: p.source, now: p.room.Clock.Now(), tally: tally{}}
	if err := w.observe(b.rows); err != nil {
		return err
	}
	if len(b.said) > 0 {
		if err := p.room.World.Keep(tx, p.source, p.doc, b.said); err != nil {
			return err
		}
	}
	progress.Opened, progress.Reopened, progress.Counted, progress.Unowned = int64(len(w.opened)), int64(len(w.reopened)), w.counted, w.unowned
	progress.FirstRow, progress.LastRow = w.first, w.last
	done, err := p.room.Intake.Advance(tx, progress)
	if err != nil {
		return err
	}
	if err := w.journal(b, done); err != nil {
		return err
	}
	return w.write()
}

// released makes the finding of a quarantined row that a person put right.
func (r *Room) released(ctx context.Context, body intake.Delivered, move func(tx *db.Tx) error) error {
	doc, source, err := r.Intake.Begin(ctx, body.Document)
	if err != nil {
		return err
	}
	p := passage{room: r, doc: doc, source: source}
	b := &batch{from: doc.Done, to: doc.Done}
	freed, err := r.Intake.Freed(ctx, body.Quarantine)
	if err != nil {
		return err
	}
	if freed.Row == nil {
		return nil
	}
	if freed.Row.Asset == "" {
		b.said = append(b.said, *freed.Row)
	} else {
		b.rows = append(b.rows, observed(freed.Row, source, doc))
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		fresh, err := r.Intake.Counted(tx, body.Quarantine)
		if err != nil || !fresh {
			return errors.Join(err, move(tx))
		}
		w := writing{room: r, tx: tx, doc: doc, source: source, now: r.Clock.Now(), tally: tally{}}
		if err := w.observe(b.rows); err != nil {
			return err
		}
		if len(b.said) > 0 {
			if err := r.World.Keep(tx, p.source, p.doc, b.said); err != nil {
				return err
			}
		}
		done, err := r.Intake.Amend(tx, doc.ID, int64(len(w.opened)), int64(len(w.reopened)), w.counted)
		if err != nil {
			return err
		}
		b.to++ // one record more than the document's own reading found
		if err := w.journal(b, &done); err != nil {
			return err
		}
		if err := w.write(); err != nil {
			return err
		}
		return move(tx)
	})
}
