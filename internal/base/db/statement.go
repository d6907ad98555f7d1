package db

import (
	"container/list"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"

	"tocsin/internal/base/errs"
)

// keptStatements is how many prepared statements a SQLite connection keeps. The
// program has a few hundred texts, of which a page or a stage uses a dozen.
const keptStatements = 128

// sqliteDB opens a SQLite file through connections that keep their prepared
// statements. Preparing costs SQLite 15 to 60 µs and running a usual statement
// 5, so it is what most of the time would go to. pgx does the same by itself.
func sqliteDB(dsn string, patient bool) (*sqlx.DB, error) {
	base, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sqlx.NewDb(sql.OpenDB(connector{Connector: base, patient: patient}), "sqlite"), nil
}

// A connector opens keepers.
type connector struct {
	driver.Connector

	patient bool
}

// Connect opens a connection.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	raw, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := raw.(connection)
	if !ok {
		return nil, errors.Join(errs.New(errs.Internal, "open database: its driver lacks what this program needs"), raw.Close())
	}
	return &keeper{connection: conn, patient: c.patient, idle: map[string]*list.Element{}, order: list.New()}, nil
}

// A connection is what a keeper asks of the driver's one.
type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// A keeper is a SQLite connection that keeps its prepared statements, those
// used last. A statement that runs is lent out, so a text that runs twice at
// once is prepared twice. Like every driver's connection it belongs to one
// goroutine at a time.
type keeper struct {
	connection

	// patient connections finish the statement that runs when its context ends,
	// and fail the next one. Being able to break one off costs the driver a
	// goroutine for each statement, which is a third of a short one.
	patient bool
	idle    map[string]*list.Element // of *prepared, by text
	order   *list.List               // used last in front
}

type prepared struct {
	text string
	stmt statement
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func (k *keeper) take(ctx context.Context, text string) (*prepared, error) {
	if e, ok := k.idle[text]; ok {
		delete(k.idle, text)
		p, _ := k.order.Remove(e).(*prepared)
		return p, nil
	}
	raw, err := k.PrepareContext(ctx, positional(text))
	if err != nil {
		return nil, err
	}
	s, ok := raw.(statement)
	if !ok {
		return nil, errors.Join(errs.New(errs.Internal, "prepare a statement: the driver lacks what this program needs"), raw.Close())
	}
	return &prepared{text: text, stmt: s}, nil
}

// give takes a statement back, unless it failed: then it goes.
func (k *keeper) give(p *prepared, err error) error {
	if err != nil {
		return errors.Join(err, p.stmt.Close())
	}
	if _, ok := k.idle[p.text]; ok {
		return p.stmt.Close() // it ran twice at once
	}
	k.idle[p.text] = k.order.PushFront(p)
	if k.order.Len() <= keptStatements {
		return nil
	}
	oldest, _ := k.order.Remove(k.order.Back()).(*prepared)
	delete(k.idle, oldest.text)
	return oldest.stmt.Close()
}

// Close closes the kept statements, then the connection.
func (k *keeper) Close() error {
	var err error
	for e := k.order.Front(); e != nil; e = e.Next() {
		if p, ok := e.Value.(*prepared); ok {
			err = errors.Join(err, p.stmt.Close())
		}
	}
	k.idle, k.order = map[string]*list.Element{}, list.New()
	return errors.Join(err, k.connection.Close())
}

// ExecContext runs a statement, or one for each row of a batch.
func (k *keeper) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := k.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		if b, ok := args[0].Value.(batch); ok {
			n, err := k.each(ctx, p.stmt, b)
			return driver.RowsAffected(n), k.give(p, err)
		}
	}
	result, err := p.stmt.ExecContext(k.bound(ctx), args)
	return result, k.give(p, err)
}

func (k *keeper) bound(ctx context.Context) context.Context {
	if k.patient {
		return context.Background() //nolint:contextcheck // see patient
	}
	return ctx
}

// A batch is the rows of one statement, one after another, cols values each. It
// goes through database/sql as one argument, which saves its work a row.
type batch struct {
	cols int
	args []any
}

func (k *keeper) each(ctx context.Context, s statement, b batch) (changed int64, err error) {
	values := make([]driver.NamedValue, b.cols)
	for i := range values {
		values[i].Ordinal = i + 1
	}
	inner := k.bound(ctx)
	for row := 0; (row+1)*b.cols <= len(b.args); row++ {
		if row&255 == 255 && ctx.Err() != nil {
			return changed, ctx.Err()
		}
		for i := range values {
			values[i].Value = b.args[row*b.cols+i]
			if err := check(&values[i]); err != nil {
				return changed, err
			}
		}
		result, err := s.ExecContext(inner, values)
		if err != nil {
			return changed, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return changed, err
		}
		changed += n
	}
	return changed, nil
}

func check(v *driver.NamedValue) (err error) {
	switch x := v.Value.(type) {
	case int64, string, []byte, float64, nil:
	case int:
		v.Value = int64(x)
	default:
		v.Value, err = driver.DefaultParameterConverter.ConvertValue(x)
	}
	return err
}

// CheckNamedValue takes the usual values as they are; database/sql's own look at
// each is a reflection.
func (k *keeper) CheckNamedValue(v *driver.NamedValue) error {
	switch v.Value.(type) {
	case int, int64, string, []byte, float64, nil:
		return check(v)
	case batch:
		return nil
	}
	return driver.ErrSkip
}

// QueryContext runs a statement that gives rows.
func (k *keeper) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := k.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := p.stmt.QueryContext(k.bound(ctx), args)
	if err != nil {
		return nil, k.give(p, err)
	}
	return &keptRows{Rows: rows, keeper: k, from: p}, nil
}

// keptRows gives its statement back when it is closed.
type keptRows struct {
	driver.Rows

	keeper *keeper
	from   *prepared
}

func (r *keptRows) Close() error {
	if r.from == nil {
		return nil
	}
	err := r.keeper.give(r.from, r.Rows.Close())
	r.from = nil
	return err
}

// positional writes the parameters $1, $2, … of a text as ?, where they come in
// this order and each once: the driver looks a named one up by its name, each
// time. Any other text, and one of several statements, is left as it is.
func positional(text string) string {
	var (
		b     strings.Builder
		quote byte
		next  = 1
	)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == ';' || c == '?' || c == '@' || c == '-' && strings.HasPrefix(text[i:], "--") || c == '/' && strings.HasPrefix(text[i:], "/*"):
			return text
		case c == '$':
			n, end := 0, i+1
			for end < len(text) && text[end]-'0' <= 9 && n < 1<<20 {
				n = n*10 + int(text[end]-'0')
				end++
			}
			if n != next {
				return text
			}
			b.WriteByte('?')
			next++
			i = end - 1
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
