package bulletin

import (
	"encoding/json"
	"strconv"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// stored is a bulletin as the table keeps it.
type stored struct {
	ID          int64  `db:"id"`
	Number      string `db:"number"`
	Year        int64  `db:"year"`
	Nth         int64  `db:"nth"`
	State       string `db:"state"`
	Revision    int64  `db:"revision"`
	Standing    int64  `db:"standing"`
	Version     int64  `db:"version"`
	Content     string `db:"content"`
	Authors     string `db:"authors"`
	Open        int64  `db:"open_to_all"`
	Reason      string `db:"reason"`
	Created     int64  `db:"created"`
	CreatedBy   string `db:"created_by"`
	Changed     int64  `db:"changed"`
	Submitted   int64  `db:"submitted"`
	SubmittedBy string `db:"submitted_by"`
	ApprovedBy  string `db:"approved_by"`
	Published   int64  `db:"published"`
	PublishedBy string `db:"published_by"`
	First       int64  `db:"first_published"`
	Withdrawn   int64  `db:"withdrawn"`
	WithdrawnBy string `db:"withdrawn_by"`
}

const columns = `id, number, year, nth, state, revision, standing, version, content, authors, open_to_all, reason, created, created_by, changed,
	submitted, submitted_by, approved_by, published, published_by, first_published, withdrawn, withdrawn_by`

func (s stored) bulletin() (Bulletin, error) {
	b := Bulletin{
		ID: ID(s.ID), Number: s.Number, State: State(s.State), Revision: s.Revision, Standing: s.Standing, Version: s.Version, Public: s.Open == 1,
		Reason: s.Reason, Created: db.Time(s.Created), CreatedBy: s.CreatedBy, Changed: db.Time(s.Changed), Submitted: db.Time(s.Submitted),
		By:        By{s.SubmittedBy, s.ApprovedBy, s.PublishedBy, s.WithdrawnBy},
		Published: db.Time(s.Published), First: db.Time(s.First), Withdrawn: db.Time(s.Withdrawn),
	}
	if err := json.Unmarshal([]byte(s.Content), &b.Content); err != nil {
		return b, errs.New(errs.Internal, "read %s: %w", b.ID, err)
	}
	if err := json.Unmarshal([]byte(s.Authors), &b.Authors); err != nil {
		return b, errs.New(errs.Internal, "read %s: %w", b.ID, err)
	}
	return b, nil
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("bulletin: a field is JSON: " + err.Error())
	}
	return string(b)
}

// record is the bulletin as its journal entries leave it: every column, for none
// changes without an entry.
func (b *Bulletin) record() journal.Record {
	return journal.Record{Kind: "bulletin", ID: b.ID.String(), Hash: journal.Hash(b.fields())}
}

// fields are the columns of a bulletin in their order, without those of its
// number's parts.
func (b *Bulletin) fields() []any {
	return []any{
		int64(b.ID), b.Number, string(b.State), b.Revision, b.Standing, b.Version, text(b.Content), text(b.Authors), db.Bool(b.Public), b.Reason,
		db.Micros(b.Created), b.CreatedBy, db.Micros(b.Changed), db.Micros(b.Submitted), b.By.Submitted, b.By.Approved, db.Micros(b.Published),
		b.By.Published, db.Micros(b.First), db.Micros(b.Withdrawn), b.By.Withdrawn,
	}
}

func (b *Bulletin) insert(tx *db.Tx) error {
	_, err := tx.Exec(`INSERT INTO bulletin (id, number, state, revision, standing, version, content, authors, open_to_all, reason, created, created_by,
		changed, submitted, submitted_by, approved_by, published, published_by, first_published, withdrawn, withdrawn_by, year, nth)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 0, 0)`, b.fields()...)
	return err
}

func (b *Bulletin) update(tx *db.Tx) error {
	_, err := tx.Exec(`UPDATE bulletin SET number = $2, state = $3, revision = $4, standing = $5, version = $6, content = $7, authors = $8,
		open_to_all = $9, reason = $10, created = $11, created_by = $12, changed = $13, submitted = $14, submitted_by = $15, approved_by = $16,
		published = $17, published_by = $18, first_published = $19, withdrawn = $20, withdrawn_by = $21 WHERE id = $1`, b.fields()...)
	return err
}

// load reads a bulletin by its id or its number.
func load(tx *db.Tx, name string) (Bulletin, error) {
	where, arg := "number = $1", any(name)
	if id, err := ParseID(name); err == nil {
		where, arg = "id = $1", int64(id)
	} else if name == "" {
		return Bulletin{}, unknown(name)
	}
	var s stored
	if err := tx.Get(&s, `SELECT `+columns+` FROM bulletin WHERE `+where, arg); err != nil {
		if errs.Is(err, errs.NotFound) {
			return Bulletin{}, unknown(name)
		}
		return Bulletin{}, err
	}
	return s.bulletin()
}

// An Issue is a revision as it went out.
type Issue struct {
	Bulletin      ID
	Revision      int64
	Content       Content
	Authors       []string
	ApprovedBy    string
	PublishedBy   string
	At            time.Time
	Organisations int64 // that were told
	Recipients    int64 // addressees at them
}

type storedIssue struct {
	Bulletin      int64  `db:"bulletin"`
	Revision      int64  `db:"revision"`
	Content       string `db:"content"`
	Authors       string `db:"authors"`
	ApprovedBy    string `db:"approved_by"`
	PublishedBy   string `db:"published_by"`
	At            int64  `db:"at"`
	Organisations int64  `db:"organisations"`
	Recipients    int64  `db:"recipients"`
}

const issueColumns = `bulletin, revision, content, authors, approved_by, published_by, at, organisations, recipients`

func (s storedIssue) issue() (Issue, error) {
	i := Issue{
		Bulletin: ID(s.Bulletin), Revision: s.Revision, ApprovedBy: s.ApprovedBy, PublishedBy: s.PublishedBy, At: db.Time(s.At),
		Organisations: s.Organisations, Recipients: s.Recipients,
	}
	if err := json.Unmarshal([]byte(s.Content), &i.Content); err != nil {
		return i, errs.New(errs.Internal, "read %s, revision %d: %w", i.Bulletin, i.Revision, err)
	}
	if err := json.Unmarshal([]byte(s.Authors), &i.Authors); err != nil {
		return i, errs.New(errs.Internal, "read %s, revision %d: %w", i.Bulletin, i.Revision, err)
	}
	return i, nil
}

func (i *Issue) fields() []any {
	return []any{
		int64(i.Bulletin), i.Revision, text(i.Content), text(i.Authors), i.ApprovedBy, i.PublishedBy, db.Micros(i.At), i.Organisations, i.Recipients,
	}
}

func (i *Issue) record() journal.Record {
	return journal.Record{Kind: "bulletin-issue", ID: i.Bulletin.String() + "/" + strconv.FormatInt(i.Revision, 10), Hash: journal.Hash(i.fields())}
}

func (i *Issue) insert(tx *db.Tx) error {
	_, err := tx.Exec(`INSERT INTO bulletin_issue (`+issueColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, i.fields()...)
	return err
}

// issues are the revisions of a bulletin that went out, in order.
func issues(tx *db.Tx, id ID) ([]Issue, error) {
	var rows []storedIssue
	if err := tx.Select(&rows, `SELECT `+issueColumns+` FROM bulletin_issue WHERE bulletin = $1 ORDER BY revision`, int64(id)); err != nil {
		return nil, err
	}
	out := make([]Issue, len(rows))
	for n, s := range rows {
		var err error
		if out[n], err = s.issue(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// issue is one revision that went out.
func issue(tx *db.Tx, id ID, revision int64) (Issue, error) {
	var s storedIssue
	err := tx.Get(&s, `SELECT `+issueColumns+` FROM bulletin_issue WHERE bulletin = $1 AND revision = $2`, int64(id), revision)
	if err != nil {
		return Issue{}, err
	}
	return s.issue()
}

// Audits read every bulletin and every issue for verify.
func Audits() []journal.Audit {
	return []journal.Audit{
		{Kind: "bulletin", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
			return scan(tx, `SELECT `+columns+` FROM bulletin ORDER BY id`, func(s stored) (journal.Record, error) {
				b, err := s.bulletin()
				return b.record(), err
			}, yield)
		}},
		{Kind: "bulletin-issue", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
			return scan(tx, `SELECT `+issueColumns+` FROM bulletin_issue ORDER BY bulletin, revision`, func(s storedIssue) (journal.Record, error) {
				i, err := s.issue()
				return i.record(), err
			}, yield)
		}},
	}
}

func scan[T any](tx *db.Tx, query string, of func(T) (journal.Record, error), yield func(id, hash string) error) error {
	rows, err := tx.Query(query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s T
		if err := rows.StructScan(&s); err != nil {
			return err
		}
		record, err := of(s)
		if err != nil {
			return err
		}
		if err := yield(record.ID, record.Hash); err != nil {
			return err
		}
	}
	return rows.Err()
}
