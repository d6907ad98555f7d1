package db

import (
	"context"

	"tocsin/internal/base/errs"
)

// SignOfLife shows under key that this process lives, until the returned
// function is called or the process ends, however it ends. On PostgreSQL it is a
// session's advisory lock, which the server gives up with the connection. A
// SQLite file serves one process, whose life needs no sign.
func (d *DB) SignOfLife(ctx context.Context, key int64) (end func(), err error) {
	if d.engine == SQLite {
		return func() {}, nil
	}
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "show a sign of life: %w", err)
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, key); err != nil {
		_ = conn.Close()
		return nil, errs.New(errs.Unavailable, "show a sign of life: %w", err)
	}
	return func() {
		_, _ = conn.ExecContext(context.Background(), `SELECT pg_advisory_unlock($1)`, key)
		_ = conn.Close()
	}, nil
}

// Lives says whether another process shows a sign of life under key.
func (d *DB) Lives(ctx context.Context, key int64) (bool, error) {
	if d.engine == SQLite {
		return false, nil
	}
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return false, errs.New(errs.Unavailable, "look for a sign of life: %w", err)
	}
	defer func() { _ = conn.Close() }()
	var got bool
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&got); err != nil {
		return false, errs.New(errs.Unavailable, "look for a sign of life: %w", err)
	}
	if got {
		_, err = conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, key)
	}
	return !got, err
}
