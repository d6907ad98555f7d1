package intake

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake/row"
)

// A Quarantined row could not be read. It waits for a person, or for a parser
// that learns.
type Quarantined struct {
	ID         int64
	Document   int64
	Source     string
	Line       int
	Place      int64 // bytes from the beginning of the unpacked document
	Length     int64
	Column     int // number of the field at fault from 1, 0 when it is the record
	Field      string
	Fault      row.Fault
	Value      string
	Detail     string
	Reason     string // in English; a page says Fault in its reader's language
	Raw        string
	State      string // held, released, counted, erased
	ReleasedBy string
}

// Label is the id as people write it, "Q3".
func (q Quarantined) Label() string { return "Q" + strconv.FormatInt(q.ID, 10) }

type quarantineRow struct {
	ID        int64  `db:"id"`
	Document  int64  `db:"document"`
	Source    string `db:"source"`
	Line      int    `db:"line"`
	Place     int64  `db:"place"`
	Length    int64  `db:"length"`
	FieldNo   int    `db:"field_no"`
	Field     string `db:"field"`
	Fault     string `db:"fault"`
	Value     string `db:"value"`
	Detail    string `db:"detail"`
	Reason    string `db:"reason"`
	Raw       string `db:"raw"`
	Fixed     string `db:"fixed"`
	State     string `db:"state"`
	DecidedBy string `db:"decided_by"`
}

func (r quarantineRow) quarantined() Quarantined {
	return Quarantined{
		ID: r.ID, Document: r.Document, Source: r.Source, Line: r.Line, Place: r.Place, Length: r.Length, Column: r.FieldNo, Field: r.Field,
		Fault: row.Fault(r.Fault), Value: r.Value, Detail: r.Detail, Reason: r.Reason, Raw: r.Raw, State: r.State, ReleasedBy: r.DecidedBy,
	}
}

const quarantineColumns = `q.id, q.document, s.name AS source, q.line, q.place, q.length, q.field_no, q.field, q.fault, q.value, q.detail, q.reason, q.raw,
	q.fixed, q.state, q.decided_by`

const quarantineJoin = ` FROM quarantine q JOIN document d ON d.id = q.document JOIN source s ON s.id = d.source WHERE `

// hold puts bad rows into quarantine. A row that has been there, released or
// not, stays as it is.
func (r *Room) hold(tx *db.Tx, document int64, bad []row.Bad) error {
	if len(bad) == 0 {
		return nil
	}
	first, err := tx.NextID("quarantine", len(bad))
	if err != nil {
		return err
	}
	args := make([]any, 0, len(bad)*15)
	for i, b := range bad {
		args = append(args, first+int64(i), document, b.Line, b.Offset, b.Length, b.Column, b.Field, string(b.Fault), b.Value, b.Detail, b.Reason, b.Raw,
			"", "", "held")
	}
	return tx.Bulk(`INSERT INTO quarantine (id, document, line, place, length, field_no, field, fault, value, detail, reason, raw, fixed, decided_by, state) VALUES`,
		`ON CONFLICT DO NOTHING`, 15, args)
}

// A QuarantineFilter selects quarantined rows. The zero value of a field does
// not restrict.
type QuarantineFilter struct {
	Document int64
	Source   string
	State    string
	After    int64
	Limit    int
}

// Quarantine are the quarantined rows that the reader may see, oldest first.
func (r *Room) Quarantine(ctx context.Context, who auth.Actor, f QuarantineFilter) (out []Quarantined, err error) {
	if err := auth.May(who, auth.QuarantineView); err != nil {
		return nil, err
	}
	where := []string{mine(who, "s.organisation")}
	var args []any
	arg := func(condition string, v any) {
		args = append(args, v)
		where = append(where, condition+" $"+strconv.Itoa(len(args)))
	}
	if f.Document > 0 {
		arg("q.document =", f.Document)
	}
	if f.Source != "" {
		arg("s.name =", f.Source)
	}
	if f.State != "" {
		arg("q.state =", f.State)
	}
	if f.After > 0 {
		arg("q.id >", f.After)
	}
	condition := strings.Join(where, " AND ") + " ORDER BY q.id"
	if f.Limit > 0 {
		condition += " LIMIT " + strconv.Itoa(f.Limit)
	}
	var rows []quarantineRow
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Select(&rows, `SELECT `+quarantineColumns+quarantineJoin+condition, args...)
	})
	for _, q := range rows {
		out = append(out, q.quarantined())
	}
	return out, err
}

// Held is one quarantined row. What the reader may not see is NotFound.
func (r *Room) Held(ctx context.Context, who auth.Actor, id int64) (q Quarantined, err error) {
	if err := auth.May(who, auth.QuarantineView); err != nil {
		return q, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		got, err := held(tx, id, mine(who, "s.organisation"))
		q = got.quarantined()
		return err
	})
	return q, err
}

func held(tx *db.Tx, id int64, scope string) (q quarantineRow, err error) {
	err = tx.Get(&q, `SELECT `+quarantineColumns+quarantineJoin+`q.id = $1 AND `+scope, id)
	if errs.Is(err, errs.NotFound) {
		err = errs.New(errs.NotFound, "quarantined row Q%d: no such row", id)
	}
	return q, err
}

// Release lets a quarantined row go in after set has put its columns right:
// column names of the document's header, or "row" for the whole line. A row that
// still cannot be read is Invalid with its place, and nothing has changed.
func (r *Room) Release(ctx context.Context, who auth.Actor, id int64, set map[string]string) (q Quarantined, err error) {
	if err := auth.May(who, auth.QuarantineRelease); err != nil {
		return q, err
	}
	var had quarantineRow
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		had, err = held(tx, id, mine(who, "s.organisation"))
		return err
	})
	if err != nil {
		return q, err
	}
	if had.State != "held" {
		return q, errs.New(errs.Conflict, "release Q%d: it is %s", id, had.State)
	}
	doc, source, err := r.Begin(ctx, had.Document)
	if err != nil {
		return q, err
	}
	fixed, err := r.correct(ctx, doc, source, had, set)
	if err != nil {
		return q, err
	}
	_, bad, err := r.reread(ctx, doc, source, fixed)
	if err != nil {
		return q, err
	}
	if bad != nil {
		return q, errs.At(errs.Invalid, []errs.Place{{File: doc.File, Line: had.Line, Column: bad.Column, Field: bad.Field, Reason: bad.Reason}},
			"release Q%d: %s", id, bad.Reason)
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Changed(`UPDATE quarantine SET state = 'released', fixed = $1, decided_by = $2 WHERE id = $3 AND state = 'held'`, fixed, who.Name(), id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.New(errs.Conflict, "release Q%d: somebody else has just decided about it", id)
		}
		had.State, had.DecidedBy = "released", who.Name()
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Organisation: source.Organisation, Subject: doc.Subject(), Verb: VerbReleased,
			Body: Delivered{Document: doc.ID, Source: source.ID, Round: doc.Round, Large: doc.Size > largeBytes, Quarantine: id},
		})
		return err
	})
	return had.quarantined(), err
}

// A Released row is a quarantined row as it was put right; Row is nil when it
// was counted already.
type Released struct{ Row *row.Row }

// Freed reads a released row.
func (r *Room) Freed(ctx context.Context, id int64) (out Released, err error) {
	var had quarantineRow
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		had, err = held(tx, id, "1 = 1")
		return err
	})
	if err != nil || had.State != "released" {
		return out, err
	}
	doc, source, err := r.Begin(ctx, had.Document)
	if err != nil {
		return out, err
	}
	good, bad, err := r.reread(ctx, doc, source, had.Fixed)
	if err != nil {
		return out, err
	}
	if bad != nil {
		return out, errs.New(errs.Invalid, "released row Q%d: %s", id, bad.Reason)
	}
	good.Line, good.Offset, good.Length = had.Line, had.Place, had.Length
	return Released{Row: good}, nil
}

// Counted marks a released row as counted, once: fresh says that this is the
// time.
func (r *Room) Counted(tx *db.Tx, id int64) (fresh bool, err error) {
	n, err := tx.Changed(`UPDATE quarantine SET state = 'counted' WHERE id = $1 AND state = 'released'`, id)
	return n == 1, err
}

// correct is the row's text with the columns of set put in.
func (r *Room) correct(ctx context.Context, doc Document, source Source, q quarantineRow, set map[string]string) (string, error) {
	raw := strings.TrimRight(q.Raw, "\r\n")
	if whole, ok := set["row"]; ok {
		return whole, nil
	}
	if len(set) == 0 {
		return raw, nil
	}
	format, head, err := r.head(ctx, doc, source)
	if err != nil {
		return "", err
	}
	if format == List {
		if value, ok := set["value"]; ok && len(set) == 1 {
			return value, nil
		}
		return "", errs.New(errs.Invalid, "release Q%d: a list has one column, value", q.ID)
	}
	if !format.tabular() {
		return "", errs.New(errs.Invalid, "release Q%d: its format has no columns; set row to the whole record", q.ID)
	}
	comma := delimiter(head)
	names, err := record(head, comma)
	if err != nil {
		return "", errs.New(errs.Invalid, "release Q%d: read the header of %s: %w", q.ID, doc.Label(), err)
	}
	fields, err := record([]byte(raw), comma)
	if err != nil {
		return "", errs.New(errs.Invalid, "release Q%d: the row has no columns to set (%w); set row to the whole line", q.ID, err)
	}
	for len(fields) < len(names) {
		fields = append(fields, "")
	}
	for name, value := range set {
		at := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), name) })
		if at < 0 {
			return "", errs.At(errs.Invalid, []errs.Place{{File: doc.File, Line: q.Line, Field: name, Reason: "no such column"}},
				"release Q%d: %q is no column of the document; it has %s", q.ID, name, strings.Join(names, ", "))
		}
		fields[at] = value
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = comma
	if err := w.Write(fields); err != nil {
		return "", err
	}
	w.Flush()
	return strings.TrimRight(b.String(), "\n"), w.Error()
}

// record reads the first record of a text, as leniently as it can.
func record(text []byte, comma rune) ([]string, error) {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	in.Comma, in.LazyQuotes, in.FieldsPerRecord = comma, true, -1
	return in.Read()
}

func delimiter(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, c := range []rune{';', '\t', '|'} {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// reread reads one record as the document's parser would.
func (r *Room) reread(ctx context.Context, doc Document, source Source, text string) (good *row.Row, bad *row.Bad, err error) {
	whole := text + "\n"
	format, head, err := r.head(ctx, doc, source)
	if err != nil {
		return nil, nil, err
	}
	if format.tabular() {
		line, _, _ := bytes.Cut(head, []byte("\n"))
		whole = strings.TrimRight(string(line), "\r") + "\n" + whole
	}
	parser, err := r.parser(doc, source, doc.File, format)
	if err != nil {
		return nil, nil, err
	}
	stop := errors.New("one is enough")
	_, err = parser.Parse(ctx, strings.NewReader(whole), 0, func(g *row.Row, b *row.Bad) error {
		if g != nil {
			copied := *g
			good = &copied
		} else {
			copied := *b
			bad = &copied
		}
		return stop
	})
	if err != nil && !errors.Is(err, stop) {
		return nil, nil, err
	}
	if good == nil && bad == nil {
		return nil, nil, errs.New(errs.Invalid, "the row is empty")
	}
	return good, bad, nil
}

// headBytes is how much of a document is read to find its header.
const headBytes = 64 << 10

// head is the beginning of the first text of a document, and its format.
func (r *Room) head(ctx context.Context, doc Document, source Source) (format Format, head []byte, err error) {
	err = r.unpack(ctx, doc, source, func(name string, in io.Reader) error {
		b, err := io.ReadAll(io.LimitReader(in, headBytes))
		head, format = b, r.formatOf(doc, source, name, b)
		if err == nil {
			err = errEnough
		}
		return err
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return format, head, err
}

var errEnough = errors.New("enough has been read")
