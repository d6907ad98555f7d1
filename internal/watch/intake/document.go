package intake

import (
	"context"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/blob"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake/row"
)

// A State is how far a document has been read.
type State string

// The states (HOUSE §6).
const (
	Received State = "received" // stored, not read through yet
	Parsed   State = "parsed"   // every row is kept or a repetition
	Partial  State = "partial"  // some rows are in quarantine
	Unparsed State = "unparsed" // nothing could be read; Reason says why
)

// A Document is one delivery of a source.
type Document struct {
	ID          int64
	Source      int64
	SourceName  string
	File        string
	ReportType  string
	SHA256      string
	Blob        string
	Size        int64
	Received    time.Time
	ReceivedBy  string
	State       State
	Reason      string
	Round       int64 // how often it has been read, this time included
	Done        int64 // records of this round that are stored
	Rows        int64
	Kept        int64
	Quarantined int64
	Duplicate   int64
	Opened      int64
	Reopened    int64
	Counted     int64
	Unowned     int64
	FirstRow    time.Time // own times of its rows
	LastRow     time.Time
	ParsedAt    time.Time
	Flags       []string
	Vouched     string // who vouched for the sender of a mail in doubt
	Letter      int64  // the document that this one was typed from, 0 when it was not
}

// Label is the id as people write it, "S7".
func (d Document) Label() string { return "S" + strconv.FormatInt(d.ID, 10) }

// InDoubt says whether the document is a mail that waits until a person has
// vouched for its sender.
func (d Document) InDoubt() bool {
	return d.State == Unparsed && d.Vouched == "" && strings.HasPrefix(d.Reason, senderHeld)
}

// Subject is the id as the journal writes it.
func (d Document) Subject() string { return "document:" + d.Label() }

// Record is the document as its journal entries leave it; its progress moves
// without one.
func (d Document) Record() journal.Record {
	return journal.Record{Kind: "document", ID: d.Label(), Hash: journal.Hash(struct {
		ID, Source          int64
		File, Type, SHA, By string
		Size, Received      int64
		Round               int64
		State, Reason       string
	}{d.ID, d.Source, d.File, d.ReportType, d.SHA256, d.ReceivedBy, d.Size, db.Micros(d.Received), d.Round, string(d.State), d.Reason})}
}

const documentColumns = `d.id, d.source, s.name AS source_name, d.file, d.report_type, d.sha256, d.blob, d.size, d.received, d.received_by, d.state,
	d.reason, d.round, d.done, d.total, d.kept, d.quarantined, d.duplicate, d.opened, d.reopened, d.counted, d.unowned, d.first_row, d.last_row,
	d.parsed_at, d.flags, d.vouched, d.letter`

type documentRow struct {
	ID          int64  `db:"id"`
	Source      int64  `db:"source"`
	SourceName  string `db:"source_name"`
	File        string `db:"file"`
	ReportType  string `db:"report_type"`
	SHA256      string `db:"sha256"`
	Blob        string `db:"blob"`
	Size        int64  `db:"size"`
	Received    int64  `db:"received"`
	ReceivedBy  string `db:"received_by"`
	State       string `db:"state"`
	Reason      string `db:"reason"`
	Round       int64  `db:"round"`
	Done        int64  `db:"done"`
	Total       int64  `db:"total"`
	Kept        int64  `db:"kept"`
	Quarantined int64  `db:"quarantined"`
	Duplicate   int64  `db:"duplicate"`
	Opened      int64  `db:"opened"`
	Reopened    int64  `db:"reopened"`
	Counted     int64  `db:"counted"`
	Unowned     int64  `db:"unowned"`
	FirstRow    int64  `db:"first_row"`
	LastRow     int64  `db:"last_row"`
	ParsedAt    int64  `db:"parsed_at"`
	Flags       string `db:"flags"`
	Vouched     string `db:"vouched"`
	Letter      int64  `db:"letter"`
}

func (r documentRow) document() Document {
	return Document{
		ID: r.ID, Source: r.Source, SourceName: r.SourceName, File: r.File, ReportType: r.ReportType, SHA256: r.SHA256, Blob: r.Blob, Size: r.Size,
		Received: db.Time(r.Received), ReceivedBy: r.ReceivedBy, State: State(r.State), Reason: r.Reason, Round: r.Round, Done: r.Done,
		Rows: r.Total, Kept: r.Kept, Quarantined: r.Quarantined, Duplicate: r.Duplicate, Opened: r.Opened, Reopened: r.Reopened,
		Counted: r.Counted, Unowned: r.Unowned, FirstRow: db.Time(r.FirstRow), LastRow: db.Time(r.LastRow), ParsedAt: db.Time(r.ParsedAt),
		Flags: strings.Fields(r.Flags), Vouched: r.Vouched, Letter: r.Letter,
	}
}

func documents(tx *db.Tx, condition string, args ...any) ([]Document, error) {
	var rows []documentRow
	err := tx.Select(&rows, `SELECT `+documentColumns+` FROM document d JOIN source s ON s.id = d.source WHERE `+condition, args...)
	if err != nil {
		return nil, err
	}
	out := make([]Document, len(rows))
	for i := range rows {
		out[i] = rows[i].document()
	}
	return out, nil
}

// Load is the document of an id, whoever asks: for stages.
func (r *Room) Load(tx *db.Tx, id int64) (Document, error) {
	found, err := documents(tx, `d.id = $1`, id)
	if err == nil && len(found) == 0 {
		err = errs.New(errs.NotFound, "document S%d: no such document", id)
	}
	if err != nil {
		return Document{}, err
	}
	return found[0], nil
}

// A Delivery is what somebody brings.
type Delivery struct {
	Source     string
	File       string // as the sender names it
	ReportType string // of Format Shadowserver; "" is told by the file
	Content    io.Reader

	letter int64 // of an entry
}

// Receive stores a delivery and says that it is there. When it returns without
// an error the bytes are on the disk and the document will be read, whatever
// crashes. again says that the source has sent the same bytes before: then the
// document is the one of that time.
func (r *Room) Receive(ctx context.Context, who auth.Actor, d Delivery) (doc Document, again bool, err error) {
	if err := auth.May(who, auth.DocumentUpload); err != nil {
		return doc, false, err
	}
	if Typed(d.ReportType) {
		return doc, false, errs.At(errs.Invalid, []errs.Place{{Field: "report_type", Reason: "only what is typed in is of this type"}}, "receive %s: report type %s is not handed in", d.File, d.ReportType)
	}
	// The source is looked up before the bytes are read: a stranger's upload must
	// not fill the disk.
	var source Source
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		source, err = r.source(tx, who, d.Source)
		return err
	})
	if err != nil {
		return doc, false, err
	}
	original, err := r.Blobs.Receive(ctx, d.Content)
	if err != nil {
		return doc, false, err
	}
	defer original.Drop()
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		doc, again, err = r.keep(tx, who, source, d, original)
		return err
	})
	return doc, again, err
}

func (r *Room) keep(tx *db.Tx, who auth.Actor, source Source, d Delivery, original *blob.Received) (doc Document, again bool, err error) {
	now := r.Clock.Now()
	if err := r.heard(tx, source, now); err != nil {
		return doc, false, err
	}
	had, err := documents(tx, `d.source = $1 AND d.sha256 = $2`, source.ID, original.SHA256)
	if err != nil {
		return doc, false, err
	}
	if len(had) > 0 {
		_, err := r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Organisation: source.Organisation, Subject: had[0].Subject(), Verb: "document.again",
			Body: Delivered{Document: had[0].ID, Source: source.ID, Round: had[0].Round, File: d.File, SHA256: original.SHA256},
		})
		return had[0], true, err
	}
	ref, err := original.Keep(tx)
	if err != nil {
		return doc, false, err
	}
	id, err := tx.NextID("document", 1)
	if err != nil {
		return doc, false, err
	}
	doc = Document{
		ID: id, Source: source.ID, SourceName: source.Name, File: row.Clip(path.Base(strings.ReplaceAll(d.File, `\`, "/")), 200),
		ReportType: d.ReportType, SHA256: ref.SHA256, Blob: ref.Key, Size: ref.Size,
		Received: now, ReceivedBy: who.Name(), State: Received, Round: 1, Letter: d.letter,
	}
	_, err = tx.Exec(`INSERT INTO document (id, source, file, report_type, sha256, blob, size, received, received_by, state, reason, round, done, total,
		kept, quarantined, duplicate, opened, reopened, counted, unowned, first_row, last_row, parsed_at, flags, letter)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', $11)`,
		doc.ID, doc.Source, doc.File, doc.ReportType, doc.SHA256, doc.Blob, doc.Size, db.Micros(doc.Received), doc.ReceivedBy, string(doc.State), doc.Letter)
	if err != nil {
		return doc, false, err
	}
	_, err = r.Journal.Append(tx, journal.Draft{
		Actor: who.Name(), Organisation: source.Organisation, Subject: doc.Subject(), Verb: VerbReceived,
		Body: Delivered{
			Document: doc.ID, Source: source.ID, Round: 1, Large: doc.Size > largeBytes, File: doc.File, SHA256: doc.SHA256, Size: doc.Size,
		},
		Records: []journal.Record{doc.Record()},
	})
	return doc, false, err
}

// heard notes that a source has spoken, and learns its rhythm: the distance
// between deliveries, smoothed, those within an hour counting as one.
func (r *Room) heard(tx *db.Tx, s Source, now time.Time) error {
	rhythm := s.Rhythm
	gap := now.Sub(s.LastDocument)
	if !s.LastDocument.IsZero() && gap > time.Hour {
		if rhythm == 0 {
			rhythm = gap
		}
		rhythm = (3*rhythm + gap) / 4
	}
	_, err := tx.Exec(`UPDATE source SET last_document = $1, rhythm = $2 WHERE id = $3`, db.Micros(now), rhythm.Microseconds(), s.ID)
	return err
}

// A Filter selects documents. The zero value of a field does not restrict.
type Filter struct {
	Source string
	State  State
	Since  time.Time
	Before int64 // only ids below
	After  int64 // only ids above
	Newest bool
	Limit  int
}

// Documents are the documents that the reader may see.
func (r *Room) Documents(ctx context.Context, who auth.Actor, f Filter) (out []Document, err error) {
	if err := auth.May(who, auth.DocumentView); err != nil {
		return nil, err
	}
	where := []string{mine(who, "s.organisation")}
	var args []any
	arg := func(condition string, v any) {
		args = append(args, v)
		where = append(where, condition+" $"+strconv.Itoa(len(args)))
	}
	if f.Source != "" {
		arg("s.name =", f.Source)
	}
	if f.State != "" {
		arg("d.state =", string(f.State))
	}
	if !f.Since.IsZero() {
		arg("d.received >=", db.Micros(f.Since))
	}
	if f.Before > 0 {
		arg("d.id <", f.Before)
	}
	if f.After > 0 {
		arg("d.id >", f.After)
	}
	condition := strings.Join(where, " AND ") + " ORDER BY d.id"
	if f.Newest {
		condition += " DESC"
	}
	if f.Limit > 0 {
		condition += " LIMIT " + strconv.Itoa(f.Limit)
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		out, err = documents(tx, condition, args...)
		return err
	})
	return out, err
}

// Document is one document. What the reader may not see is NotFound.
func (r *Room) Document(ctx context.Context, who auth.Actor, id int64) (doc Document, err error) {
	if err := auth.May(who, auth.DocumentView); err != nil {
		return doc, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		doc, err = r.visible(tx, who, id)
		return err
	})
	return doc, err
}

func (r *Room) visible(tx *db.Tx, who auth.Actor, id int64) (Document, error) {
	found, err := documents(tx, `d.id = $1 AND `+mine(who, "s.organisation"), id)
	if err == nil && len(found) == 0 {
		err = errs.New(errs.NotFound, "document S%d: no such document", id)
	}
	if err != nil {
		return Document{}, err
	}
	return found[0], nil
}

// Original opens the document's bytes as they came.
func (r *Room) Original(ctx context.Context, who auth.Actor, id int64) (Document, io.ReadCloser, error) {
	doc, err := r.Document(ctx, who, id)
	if err != nil {
		return doc, nil, err
	}
	in, err := r.Blobs.Open(ctx, doc.ref())
	return doc, in, err
}

func (d Document) ref() blob.Ref { return blob.Ref{SHA256: d.SHA256, Size: d.Size, Key: d.Blob} }

// Reparse reads a document again from its original: a parser has learnt, or its
// source's mapping was put right. Rows that were counted are not counted again.
func (r *Room) Reparse(ctx context.Context, who auth.Actor, id int64) (doc Document, err error) {
	if err := auth.May(who, auth.DocumentReparse); err != nil {
		return doc, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if doc, err = r.visible(tx, who, id); err != nil {
			return err
		}
		if doc.State == Received {
			// One whose reading was set aside after five failures is not being read
			// any more.
			parked, err := tx.Int(`SELECT COUNT(*) FROM parked WHERE subject = $1`, doc.Subject())
			if err != nil {
				return err
			}
			if parked == 0 {
				return errs.New(errs.Conflict, "read %s again: it is still being read", doc.Label())
			}
			if _, err := tx.Exec(`DELETE FROM parked WHERE subject = $1`, doc.Subject()); err != nil {
				return err
			}
		}
		doc.Round++
		doc.State, doc.Reason, doc.Done = Received, "", 0
		doc.Rows, doc.Kept, doc.Quarantined, doc.Duplicate = 0, 0, 0, 0
		doc.Opened, doc.Reopened, doc.Counted, doc.Unowned = 0, 0, 0, 0
		_, err := tx.Exec(`UPDATE document SET round = $1, state = $2, reason = '', done = 0, total = 0, kept = 0, quarantined = 0, duplicate = 0,
			opened = 0, reopened = 0, counted = 0, unowned = 0, flags = '' WHERE id = $3`, doc.Round, string(doc.State), doc.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM quarantine WHERE document = $1 AND state = 'held'`, doc.ID); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Subject: doc.Subject(), Verb: VerbReparse,
			Body:    Delivered{Document: doc.ID, Source: doc.Source, Round: doc.Round, Large: doc.Size > largeBytes},
			Records: []journal.Record{doc.Record()},
		})
		return err
	})
	return doc, err
}

// Vouch lets a mail be read whose sender is in doubt: a person has asked the
// sender. It is read at once.
func (r *Room) Vouch(ctx context.Context, who auth.Actor, id int64, reason string) (doc Document, err error) {
	if err := auth.May(who, auth.DocumentReparse); err != nil {
		return doc, err
	}
	if strings.TrimSpace(reason) == "" {
		return doc, errs.At(errs.Invalid, []errs.Place{{Field: "reason", Reason: "say how you know"}}, "vouch for S%d: say how you know", id)
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if doc, err = r.visible(tx, who, id); err != nil {
			return err
		}
		if doc.State == Received {
			return errs.New(errs.Conflict, "vouch for %s: it is still being read", doc.Label())
		}
		if !doc.InDoubt() {
			return errs.New(errs.Conflict, "vouch for %s: its sender is not in doubt", doc.Label())
		}
		if _, err := tx.Exec(`UPDATE document SET vouched = $1 WHERE id = $2`, who.Name(), id); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Subject: doc.Subject(), Verb: "document.vouched", Body: map[string]string{"reason": reason},
		})
		return err
	})
	if err != nil {
		return doc, err
	}
	return r.Reparse(ctx, who, id)
}

// Erase drops the key of a document's original by an order. What was counted
// from it stays counted; its bytes are gone wherever copies of them lie.
func (r *Room) Erase(ctx context.Context, who auth.Actor, id int64, order string) error {
	if err := auth.May(who, auth.DocumentErase); err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		doc, err := r.visible(tx, who, id)
		if err != nil {
			return err
		}
		if doc.State == Received {
			return errs.New(errs.Conflict, "erase %s: it is still being read", doc.Label())
		}
		others, err := tx.Int(`SELECT COUNT(*) FROM document WHERE blob = $1 AND id <> $2`, doc.Blob, doc.ID)
		if err != nil {
			return err
		}
		if others > 0 {
			return errs.New(errs.Conflict, "erase %s: %d other documents are the same bytes; the order must name them", doc.Label(), others)
		}
		if err := r.Blobs.Erase(tx, doc.ref(), order); err != nil {
			return err
		}
		// The quarantined rows are pieces of the original, as they came and as a
		// person put them right; their reasons quote them.
		_, err = tx.Exec(`UPDATE quarantine SET raw = '', fixed = '', value = '', detail = '', state = 'erased',
			reason = CASE WHEN field = '' THEN fault ELSE field || ': ' || fault END WHERE document = $1`, doc.ID)
		if err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Subject: doc.Subject(), Verb: "document.erased", Body: map[string]string{"order": order},
			Records: []journal.Record{doc.Record()},
		})
		return err
	})
}

// Audits compare sources and documents with their last journal entries.
func (r *Room) Audits() []journal.Audit {
	return []journal.Audit{
		{Kind: "source", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
			var rows []sourceRow
			if err := tx.Select(&rows, `SELECT `+sourceColumns+` FROM source ORDER BY id`); err != nil {
				return err
			}
			for _, s := range rows {
				record := s.source().record()
				if err := yield(record.ID, record.Hash); err != nil {
					return err
				}
			}
			return nil
		}},
		{Kind: "document", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
			all, err := documents(tx, `1 = 1`)
			if err != nil {
				return err
			}
			for _, d := range all {
				if err := yield(d.Record().ID, d.Record().Hash); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}
