package estate

import (
	"maps"
	"slices"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate/sheet"
)

// base is what every record of the estate carries beside its own fields. None
// of it is sealed: it follows from the fields and the journal.
type base struct {
	ID      int64  `db:"id" json:"id"`
	Key     string `db:"key" json:"-"`
	Search  string `db:"search" json:"-"`
	Sort    string `db:"sort" json:"-"`
	Born    int64  `db:"born" json:"-"`
	Touched int64  `db:"touched" json:"-"`
}

func (b *base) head() *base { return b }

// record is a pointer to a row of one of the tables.
type record[R any] interface {
	*R
	head() *base
}

// noun says how records of one kind are kept and told of. R is the row as the
// database has it, V the record as everybody else sees it: codes, no numbers.
type noun[R any, V any] struct {
	kind string // as in verbs and subjects: "address"
	// table is the table's name, columns those after base's.
	table   string
	columns []string
	values  func(R) []any
	// index fills what is derived: Key, Search and Sort.
	index func(*R)
	view  func(*books, R) (V, error)
	// subject is what the journal calls the record, after "address:".
	subject func(V) string
	// holder is the organisation that the record is about.
	holder func(R) int64
	// verb is the last word of the verb for a change; nil is always "changed".
	verb func(before, after V) string
}

// made is how a line of an estate file becomes a row: what the file does not
// speak of stays as it was before.
type made[S, R any] func(before *R, in S, s sheet.Sheet, l *lookup) R

// change is a record before (nil: it is new) and after (nil: it goes).
type change[R any] struct{ before, after *R }

// keeper saves what one verb or one batch of an import changes.
type keeper struct {
	*Room
	tx    *db.Tx
	actor auth.Actor
	books *books
	// subject is what the journal calls several changes together.
	subject string
}

// heads are the columns of base.
func heads() []string { return []string{"id", "key", "search", "sort", "born", "touched"} }

// save writes the changes and one journal entry for all that are alike: added,
// changed, removed (and ended, for addresses). New records get their numbers.
func save[R, V any, P record[R]](k *keeper, n noun[R, V], changes []change[R]) error {
	if len(changes) == 0 {
		return nil
	}
	if err := number[R, V, P](k.tx, n, changes); err != nil {
		return err
	}
	groups, err := group[R, V, P](k.books, n, changes)
	if err != nil {
		return err
	}
	words := slices.Sorted(maps.Keys(groups))
	drafts := make([]journal.Draft, len(words))
	for i, word := range words {
		drafts[i] = draft[R, V, P](k, n, word, groups[word])
	}
	last, err := k.journal.Append(k.tx, drafts...)
	if err != nil {
		return err
	}
	for i, word := range words {
		seq := last - int64(len(words)-1-i)
		if err := store[R, V, P](k.tx, n, groups[word], seq); err != nil {
			return err
		}
	}
	return nil
}

// number gives new records their consecutive numbers and fills what is derived.
func number[R, V any, P record[R]](tx *db.Tx, n noun[R, V], changes []change[R]) error {
	fresh := 0
	for _, c := range changes {
		if c.before == nil && P(c.after).head().ID == 0 {
			fresh++
		}
	}
	var next int64
	if fresh > 0 {
		var err error
		if next, err = tx.NextID(n.kind, fresh); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if c.after == nil {
			continue
		}
		h := P(c.after).head()
		if h.ID == 0 {
			h.ID = next
			next++
		}
		n.index(c.after)
	}
	return nil
}

// told is a change with its records as others see them.
type told[R, V any] struct {
	change[R]
	Change[V]
}

func group[R, V any, P record[R]](b *books, n noun[R, V], changes []change[R]) (map[string][]told[R, V], error) {
	groups := map[string][]told[R, V]{}
	for _, c := range changes {
		t := told[R, V]{change: c}
		for _, side := range []struct {
			row *R
			put **V
		}{{c.before, &t.Before}, {c.after, &t.After}} {
			if side.row == nil {
				continue
			}
			t.ID = P(side.row).head().ID
			v, err := n.view(b, *side.row)
			if err != nil {
				return nil, err
			}
			*side.put = &v
		}
		word := "changed"
		switch {
		case t.Before == nil:
			word = "added"
		case t.After == nil:
			word = "removed"
		case n.verb != nil:
			word = n.verb(*t.Before, *t.After)
		}
		groups[word] = append(groups[word], t)
	}
	return groups, nil
}

func draft[R, V any, P record[R]](k *keeper, n noun[R, V], word string, group []told[R, V]) journal.Draft {
	d := journal.Draft{Actor: k.actor.Name(), Subject: k.subject, Verb: n.kind + "." + word}
	body := Changes[V]{Changes: make([]Change[V], len(group))}
	for i, t := range group {
		body.Changes[i] = t.Change
		row := t.after
		if row == nil {
			row = t.before
		}
		rec := journal.Record{Kind: n.kind, ID: number10(t.ID)}
		if t.after != nil {
			rec.Hash = journal.Hash(t.after)
		}
		d.Records = append(d.Records, rec)
		switch holder := n.holder(*row); {
		case i == 0:
			d.Organisation = holder
		case d.Organisation != holder:
			d.Organisation = 0
		}
	}
	if len(group) == 1 || d.Subject == "" {
		v := group[0].After
		if v == nil {
			v = group[0].Before
		}
		d.Subject = n.kind + ":" + n.subject(*v)
	}
	d.Body = body
	return d
}

func store[R, V any, P record[R]](tx *db.Tx, n noun[R, V], group []told[R, V], seq int64) error {
	columns := append(heads(), n.columns...)
	var rows, traces []any
	var gone []int64
	for _, t := range group {
		if t.Before != nil {
			traces = append(traces, n.kind, t.ID, seq)
		}
		if t.after == nil {
			gone = append(gone, t.ID)
			traces = append(traces, n.kind, t.ID, P(t.before).head().Born)
			continue
		}
		h := P(t.after).head()
		h.Touched = seq
		if t.Before == nil {
			h.Born = seq
		} else {
			h.Born = P(t.before).head().Born
		}
		rows = append(rows, h.ID, h.Key, h.Search, h.Sort, h.Born, h.Touched)
		rows = append(rows, n.values(*t.after)...)
	}
	sets := make([]string, 0, len(columns))
	for _, c := range columns[1:] {
		sets = append(sets, c+" = excluded."+c)
	}
	err := tx.Bulk(`INSERT INTO `+n.table+` (`+strings.Join(columns, ", ")+`) VALUES`,
		`ON CONFLICT (id) DO UPDATE SET `+strings.Join(sets, ", "), len(columns), rows)
	if err != nil {
		return err
	}
	for _, id := range gone {
		if _, err := tx.Exec(`DELETE FROM `+n.table+` WHERE id = $1`, id); err != nil {
			return err
		}
	}
	return tx.Bulk(`INSERT INTO estate_trace (kind, id, seq) VALUES`, `ON CONFLICT (kind, id, seq) DO NOTHING`, 3, traces)
}

// byKeys reads the records that have one of the keys, by key.
func byKeys[R, V any, P record[R]](tx *db.Tx, n noun[R, V], keys []string) (map[string]*R, error) {
	rows, err := db.SelectIn[R](tx, `SELECT `+selected(n)+` FROM `+n.table+` WHERE key IN ({keys})`, keys)
	if err != nil {
		return nil, err
	}
	found := make(map[string]*R, len(rows))
	for i := range rows {
		found[P(&rows[i]).head().Key] = &rows[i]
	}
	return found, nil
}

// byIDs reads the records that have one of the numbers.
func byIDs[R, V any](tx *db.Tx, n noun[R, V], ids []int64) ([]R, error) {
	return db.SelectIn[R](tx, `SELECT `+selected(n)+` FROM `+n.table+` WHERE id IN ({keys})`, ids)
}

// byID reads one record; absent is NotFound.
func byID[R, V any](tx *db.Tx, n noun[R, V], id int64) (R, error) {
	var row R
	err := tx.Get(&row, `SELECT `+selected(n)+` FROM `+n.table+` WHERE id = $1`, id)
	if errs.Is(err, errs.NotFound) {
		return row, errs.New(errs.NotFound, "%s %d: no such record", n.kind, id)
	}
	return row, err
}

// selected are the columns that a row is read from. The bytes of an endpoint's
// address follow from the text beside them and are not read back.
func selected[R, V any](n noun[R, V]) string {
	columns := heads()
	for _, c := range n.columns {
		if c != "address" {
			columns = append(columns, c)
		}
	}
	return strings.Join(columns, ", ")
}

// audit compares every record of a noun with its last journal entry.
func audit[R, V any, P record[R]](n noun[R, V]) journal.Audit {
	return journal.Audit{Kind: n.kind, Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		rows, err := tx.Query(`SELECT ` + selected(n) + ` FROM ` + n.table + ` ORDER BY id`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var row R
			if err := rows.StructScan(&row); err != nil {
				return err
			}
			if err := yield(number10(P(&row).head().ID), journal.Hash(&row)); err != nil {
				return err
			}
		}
		return rows.Err()
	}}
}

// Audits compare every record of the estate with its last journal entry.
func Audits() []journal.Audit {
	return []journal.Audit{
		audit[organisationRow](organisations()), audit[successionRow](successions()), audit[contactRow](contacts()),
		audit[systemRow](systems()), audit[addressRow](addresses()), audit[endpointRow](endpoints()),
		audit[softwareRow](softwares()),
	}
}
