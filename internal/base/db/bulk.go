package db

import (
	"strconv"
	"strings"
)

// Bulk inserts many rows: head is "INSERT INTO t (a, b) VALUES", tail what
// follows the values ("ON CONFLICT …" or ""), args the rows one after another,
// cols values each.
//
// The engines want opposite things. SQLite lives in this process: a prepared
// one-row statement is run for each. PostgreSQL is a round trip away: one
// statement takes a thousand rows as arrays, one array a column, so that its
// text and its plan are the same for any number of rows.
func (t *Tx) Bulk(head, tail string, cols int, args []any) error {
	if len(args) == 0 {
		return nil
	}
	if t.db.engine == SQLite {
		_, err := t.Exec(head+" ("+parameters(1, cols)+") "+tail, batch{cols, args})
		return err
	}
	for most := bulkRows * cols; len(args) > 0; {
		n := min(most, len(args))
		if err := t.bulk(head, tail, cols, args[:n]); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}

// bulkRows is how many rows one statement takes on PostgreSQL.
const bulkRows = 4000

func (t *Tx) bulk(head, tail string, cols int, args []any) error {
	into, ok := strings.CutSuffix(strings.TrimSpace(head), "VALUES")
	if a, known := arraysOf(cols, args); known && ok && len(args) > cols {
		_, err := t.Exec(into+"SELECT "+a.columns("v.c")+" FROM "+a.unnest()+" "+tail, a.values...)
		return err
	}
	for most := min(1000, 30000/cols) * cols; len(args) > 0; {
		n := min(most, len(args))
		if _, err := t.Exec(head+" "+values(n/cols, cols)+" "+tail, args[:n]...); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}

// BulkUpdate changes many rows, each with values of its own: set and where name
// the values of a row {1}, {2}, … ("count = {1}", "id = {2}"), args holds the
// rows one after another, cols values each, whole numbers, texts or byte strings
// without NULL. A row of the table is named once at most. On SQLite it is fastest
// when the names come in order, each once. The result is how many rows changed.
func (t *Tx) BulkUpdate(table, set, where string, cols int, args []any) (changed int64, err error) {
	if len(args) == 0 {
		return 0, nil
	}
	if t.db.engine == SQLite {
		return t.Changed("UPDATE "+table+" SET "+named(set, cols, "$")+" WHERE "+named(where, cols, "$"), batch{cols, args})
	}
	for most := bulkRows * cols; len(args) > 0; {
		n := min(most, len(args))
		a, ok := arraysOf(cols, args[:n])
		if !ok {
			panic("db: BulkUpdate wants each column of one plain type, without NULL")
		}
		some, err := t.Changed("UPDATE "+table+" SET "+named(set, cols, "v.c")+" FROM "+a.unnest()+" WHERE "+named(where, cols, "v.c"), a.values...)
		if err != nil {
			return changed, err
		}
		changed += some
		args = args[n:]
	}
	return changed, nil
}

// named writes {1}, {2}, … as the engine's names of them.
func named(text string, cols int, prefix string) string {
	pairs := make([]string, 0, 2*cols)
	for i := range cols {
		n := strconv.Itoa(i + 1)
		pairs = append(pairs, "{"+n+"}", prefix+n)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// arrays are rows turned into columns, as PostgreSQL takes them.
type arrays struct {
	types  []string
	values []any
}

// arraysOf turns rows into columns. It is not ok when a column is not of one
// plain type, or is never set.
func arraysOf(cols int, args []any) (a arrays, ok bool) {
	for at := range cols {
		var (
			name  string
			value any
		)
		switch first(cols, at, args).(type) {
		case int64, int:
			name = "bigint"
			value, ok = columnOf(cols, at, args, func(v any) (int64, bool) {
				if n, is := v.(int); is {
					return int64(n), true
				}
				n, is := v.(int64)
				return n, is
			})
		case string:
			name = "text"
			value, ok = columnOf(cols, at, args, func(v any) (string, bool) { s, is := v.(string); return s, is })
		case []byte:
			name = "bytea"
			// A nil byte string is NULL in an array too.
			value, ok = columnOf(cols, at, args, func(v any) ([]byte, bool) { b, is := v.([]byte); return b, is || v == nil })
		default:
			return a, false
		}
		if !ok {
			return a, false
		}
		a.types, a.values = append(a.types, name), append(a.values, value)
	}
	return a, true
}

// first is the first value of a column that is not nil.
func first(cols, at int, args []any) any {
	for i := at; i < len(args); i += cols {
		if args[i] != nil {
			return args[i]
		}
	}
	return nil
}

func columnOf[T any](cols, at int, args []any, as func(any) (T, bool)) ([]T, bool) {
	out := make([]T, 0, len(args)/cols)
	for i := at; i < len(args); i += cols {
		v, ok := as(args[i])
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

// columns lists the columns: "v.c1, v.c2".
func (a arrays) columns(prefix string) string {
	names := make([]string, len(a.types))
	for i := range names {
		names[i] = prefix + strconv.Itoa(i+1)
	}
	return strings.Join(names, ", ")
}

// unnest is the arrays as a table v with a column c1, c2, … for each.
func (a arrays) unnest() string {
	casts := make([]string, len(a.types))
	for i, name := range a.types {
		casts[i] = "$" + strconv.Itoa(i+1) + "::" + name + "[]"
	}
	return "unnest(" + strings.Join(casts, ", ") + ") AS v(" + a.columns("c") + ")"
}

// SelectIn reads the rows whose key is one of keys: query holds IN ({keys})
// where the list belongs ("WHERE id IN ({keys})"). It asks in pieces that suit
// the engine, so the rows come in no order.
func SelectIn[T, K any](tx *Tx, query string, keys []K) ([]T, error) {
	var out []T
	err := inPieces(tx, query, keys, func(text string, args []any) error {
		var rows []T
		if err := tx.Select(&rows, text, args...); err != nil {
			return err
		}
		out = append(out, rows...)
		return nil
	})
	return out, err
}

// A Row is one row of an answer, to be read into variables.
type Row interface{ Scan(into ...any) error }

// EachIn is SelectIn for many rows: it hands each to read, which scans it by
// hand and saves what reflection costs.
func EachIn[K any](tx *Tx, query string, keys []K, read func(r Row) error) error {
	return inPieces(tx, query, keys, func(text string, args []any) error {
		rows, err := tx.Query(text, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			if err := read(rows); err != nil {
				return wrap(err, text)
			}
		}
		return wrap(rows.Err(), text)
	})
}

func inPieces[K any](tx *Tx, query string, keys []K, ask func(text string, args []any) error) error {
	if tx.db.engine == PostgreSQL {
		if value, ok := array(keys); ok && strings.Contains(query, "IN ({keys})") {
			if len(keys) == 0 {
				return nil
			}
			return ask(strings.Replace(query, "IN ({keys})", "= ANY($1)", 1), []any{value})
		}
	}
	const piece = 256
	args := make([]any, 0, piece)
	for len(keys) > 0 {
		n := min(piece, len(keys))
		args = args[:0]
		for _, k := range keys[:n] {
			args = append(args, k)
		}
		// The list is filled up to a power of two with its last key, so that there
		// are few texts and each is prepared once.
		for len(args)&(len(args)-1) != 0 {
			args = append(args, args[n-1])
		}
		if err := ask(strings.Replace(query, "{keys}", parameters(1, len(args)), 1), args); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// array is keys as one argument, where the driver takes their type so.
func array[K any](keys []K) (any, bool) {
	switch k := any(keys).(type) {
	case []int64, []string, [][]byte:
		return k, true
	}
	return nil, false
}

// values is the parameter list of a multi-row INSERT: "($1,$2),($3,$4)".
func values(rows, cols int) string {
	var b strings.Builder
	b.Grow(rows * cols * 7)
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		b.WriteString("(" + parameters(r*cols+1, cols) + ")")
	}
	return b.String()
}

// parameters is a list of n parameters that begins at $first: "$3,$4,$5".
func parameters(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("$" + strconv.Itoa(first+i))
	}
	return b.String()
}
