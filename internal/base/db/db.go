// Package db opens the database, on SQLite or PostgreSQL, and brackets every
// access to it: Read gives a snapshot, Write makes its caller the only writer
// until it ends. One SQL text serves both engines.
//
// What is portable: $1 parameters in order, ON CONFLICT, RETURNING; instants as
// BIGINT microseconds UTC with 0 for none, dates as ISO text, booleans as 0 and
// 1, addresses as 16 bytes. There is no insert-then-catch: PostgreSQL ends the
// transaction at the first error.
package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver
	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"tocsin/internal/base/errs"
)

// An Engine is one of the two databases that Tocsin runs on.
type Engine int

// The engines.
const (
	SQLite Engine = iota
	PostgreSQL
)

// writerLock is the key of the advisory lock that makes a PostgreSQL writer the
// only one, over all nodes. It spells "tocsin".
const writerLock = 0x746f6373696e

// A DB is an open database. It is safe for concurrent use.
type DB struct {
	engine Engine
	path   string
	writer *sqlx.DB // SQLite: exactly one connection; PostgreSQL: the pool
	reader *sqlx.DB // SQLite: read-only connections; PostgreSQL: the pool
	gate   sync.Mutex
	queue  atomic.Int32 // writers that have asked for the gate and are not through
}

// Open opens "sqlite:PATH" or a "postgres://…" address. The SQLite file is made
// when it is missing. Errors are Usage for an address of another form, else
// Unavailable.
func Open(ctx context.Context, address string) (*DB, error) {
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		return openSQLite(ctx, strings.TrimPrefix(address, "sqlite:"))
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		return openPostgreSQL(ctx, address)
	}
	return nil, errs.New(errs.Usage, "database address %q: want sqlite:PATH or postgres://…", address)
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, errs.New(errs.Unavailable, "make the database's folder: %w", err)
	}
	// synchronous is a setting of the connection, not of the file: the writer
	// must be FULL, or a power cut takes back what a source was told is stored. A
	// deleted key must be gone from the file's free pages too. The log is copied
	// back at 64 MiB: a large report touches the same pages in each bracket, and
	// they are then copied once for several.
	writer, err := sqliteDB(sqliteDSN(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "cache_size(-98304)", "foreign_keys(0)", "wal_autocheckpoint(16000)", "temp_store(MEMORY)", "secure_delete(1)"},
	}), true)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "open database %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(errs.New(errs.Unavailable, "open database %s: %w", path, err), writer.Close())
	}
	reader, err := sqliteDB(sqliteDSN(path, url.Values{
		"_pragma": {"query_only(1)", "busy_timeout(10000)", "cache_size(-32768)", "mmap_size(268435456)", "temp_store(MEMORY)"},
	}), false)
	if err != nil {
		return nil, errors.Join(errs.New(errs.Unavailable, "open database %s: %w", path, err), writer.Close())
	}
	reader.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	reader.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	return &DB{engine: SQLite, path: path, writer: writer, reader: reader}, nil
}

func sqliteDSN(path string, query url.Values) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

func openPostgreSQL(ctx context.Context, address string) (*DB, error) {
	pool, err := sqlx.Open("pgx", address)
	if err != nil {
		return nil, errs.New(errs.Usage, "database address: %w", err)
	}
	pool.SetMaxOpenConns(24)
	pool.SetMaxIdleConns(24)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(errs.New(errs.Unavailable, "open database: %w", err), pool.Close())
	}
	return &DB{engine: PostgreSQL, writer: pool, reader: pool}, nil
}

// Engine is the database beneath.
func (d *DB) Engine() Engine { return d.engine }

// Path is the SQLite file, "" on PostgreSQL.
func (d *DB) Path() string { return d.path }

// Close closes the database after the running brackets.
func (d *DB) Close() error {
	d.gate.Lock()
	defer d.gate.Unlock()
	if d.engine == PostgreSQL {
		return d.writer.Close()
	}
	return errors.Join(d.reader.Close(), d.writer.Close())
}

// Write runs work as the only writer, over all processes that share the
// database, and commits when it returns nil. There must be no input or output
// inside: everybody else waits. What work returns is returned as it is.
func (d *DB) Write(ctx context.Context, work func(tx *Tx) error) error {
	// The gate keeps writers of this process in line before they ask the engine:
	// waiting here is fair and costs nothing, waiting there polls or holds a
	// connection.
	d.queue.Add(1)
	defer d.queue.Add(-1)
	d.gate.Lock()
	defer d.gate.Unlock()
	raw, err := d.writer.BeginTxx(ctx, nil)
	if err != nil {
		return errs.New(errs.Unavailable, "begin writing: %w", err)
	}
	tx := &Tx{ctx: ctx, raw: raw, db: d, writing: true}
	defer tx.end()
	if d.engine == PostgreSQL {
		if _, err := raw.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(writerLock)); err != nil {
			return errs.New(errs.Unavailable, "become the writer: %w", err)
		}
	}
	if err := work(tx); err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return errs.New(errs.Unavailable, "commit: %w", err)
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// Read runs work on one snapshot. It waits for no writer.
func (d *DB) Read(ctx context.Context, work func(tx *Tx) error) error {
	var options *sql.TxOptions
	if d.engine == PostgreSQL {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	raw, err := d.reader.BeginTxx(ctx, options)
	if err != nil {
		return errs.New(errs.Unavailable, "begin reading: %w", err)
	}
	tx := &Tx{ctx: ctx, raw: raw, db: d}
	defer tx.end()
	return work(tx)
}

// A Tx is a running bracket. It belongs to one goroutine.
type Tx struct {
	ctx     context.Context //nolint:containedctx // a bracket lives no longer than its context
	raw     *sqlx.Tx
	db      *DB
	writing bool
	after   []func()
}

func (t *Tx) end() { _ = t.raw.Rollback() } // after a commit this does nothing

// Context is the context of the bracket.
func (t *Tx) Context() context.Context { return t.ctx }

// Engine is the database beneath.
func (t *Tx) Engine() Engine { return t.db.engine }

// Wanted says that another writer of this process waits for the bracket to end.
// Work that could go on should then stop where it is whole.
func (t *Tx) Wanted() bool { return t.db.queue.Load() > 1 }

// After runs f once the bracket has committed, and not at all if it does not.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

// Exec runs a statement.
func (t *Tx) Exec(query string, args ...any) (sql.Result, error) {
	r, err := t.raw.ExecContext(t.ctx, query, args...)
	return r, wrap(err, query)
}

// Get reads exactly one row into dst: a struct with db tags or a plain value.
// No row is NotFound.
func (t *Tx) Get(dst any, query string, args ...any) error {
	return wrap(t.raw.GetContext(t.ctx, dst, query, args...), query)
}

// Select reads all rows into the slice that dst points to.
func (t *Tx) Select(dst any, query string, args ...any) error {
	return wrap(t.raw.SelectContext(t.ctx, dst, query, args...), query)
}

// Query gives the rows one by one; the caller closes them.
func (t *Tx) Query(query string, args ...any) (*sqlx.Rows, error) {
	r, err := t.raw.QueryxContext(t.ctx, query, args...)
	return r, wrap(err, query)
}

// Int reads one whole number; NULL reads as 0.
func (t *Tx) Int(query string, args ...any) (int64, error) {
	var n sql.NullInt64
	err := t.Get(&n, query, args...)
	return n.Int64, err
}

// Changed runs a statement and returns how many rows it changed.
func (t *Tx) Changed(query string, args ...any) (int64, error) {
	r, err := t.Exec(query, args...)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return n, wrap(err, query)
}

// NextID takes n consecutive ids of a kind and returns the first. Because the
// bracket is the only writer, ids have no gaps and come in the order of commits.
func (t *Tx) NextID(kind string, n int) (int64, error) {
	last, err := t.Int(`INSERT INTO id_head (kind, last) VALUES ($1, $2)
		ON CONFLICT (kind) DO UPDATE SET last = id_head.last + excluded.last RETURNING last`, kind, n)
	return last - int64(n) + 1, err
}

func wrap(err error, query string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return errs.New(errs.NotFound, "no such row: %w", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), passing(err):
		return errs.New(errs.Unavailable, "database: %w", err)
	}
	return fmt.Errorf("database: %w in %.120q", err, strings.Join(strings.Fields(query), " "))
}

// passing says that the machine is at fault, not the statement: a full disk, a
// lost line, a server that goes down. The same statement may succeed later.
func passing(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CANTOPEN:
			return true
		}
		return false
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Classes of SQLSTATE: connection, rollback by the server, resources,
		// intervention of an operator, system error.
		return slices.Contains([]string{"08", "40", "53", "57", "58"}, e.Code[:min(2, len(e.Code))])
	}
	return errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
}

// Micros is an instant as the database keeps it: microseconds, 0 for none.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the instant that Micros made.
func Time(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Bool is a boolean as the database keeps it.
func Bool(b bool) int {
	if b {
		return 1
	}
	return 0
}
