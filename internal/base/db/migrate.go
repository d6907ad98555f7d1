package db

import (
	"context"
	"database/sql"
	"strings"

	"github.com/pressly/goose/v3"

	"tocsin/internal/base/errs"
)

// A Migration is one step of the schema. Its SQL holds statements separated by
// ";" at the end of a line, with words that differ between the engines: {{id}} is
// the column type of an int64 primary key, {{bytes}} of a byte string. {{keyed}}
// behind a CREATE TABLE keeps its rows in its primary key instead of beside it,
// where the engine can: one tree less to write for narrow rows.
type Migration struct{ Name, SQL string }

// base is the step that every database begins with.
func base() Migration {
	return Migration{Name: "ids", SQL: `CREATE TABLE id_head (kind TEXT PRIMARY KEY, last BIGINT NOT NULL);`}
}

// Migrate brings the schema up to the last of steps. A step's number is its
// place in the list: steps are appended, never changed or moved.
func (d *DB) Migrate(ctx context.Context, steps []Migration) error {
	dialect := goose.DialectSQLite3
	if d.engine == PostgreSQL {
		dialect = goose.DialectPostgres
	}
	all := append([]Migration{base()}, steps...)
	migrations := make([]*goose.Migration, len(all))
	for i, step := range all {
		migrations[i] = goose.NewGoMigration(int64(i+1), &goose.GoFunc{
			RunTx: func(ctx context.Context, tx *sql.Tx) error {
				for _, statement := range d.statements(step.SQL) {
					if _, err := tx.ExecContext(ctx, statement); err != nil {
						return errs.New(errs.Internal, "schema step %d (%s): %w in %.200q", i+1, step.Name, err, statement)
					}
				}
				return nil
			},
		}, nil)
	}
	provider, err := goose.NewProvider(dialect, d.writer.DB, nil,
		goose.WithGoMigrations(migrations...), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return errs.New(errs.Internal, "read the schema steps: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return errs.New(errs.Internal, "bring the schema up: %w", err)
	}
	if d.engine == SQLite {
		// The planner guesses badly without statistics, and a fresh file has none.
		if _, err := d.writer.ExecContext(ctx, `PRAGMA optimize`); err != nil {
			return errs.New(errs.Internal, "optimise: %w", err)
		}
	}
	return nil
}

// statements are the statements of a step in the words of the engine.
func (d *DB) statements(text string) []string {
	id, bytes, keyed := "INTEGER PRIMARY KEY", "BLOB", " WITHOUT ROWID"
	if d.engine == PostgreSQL {
		id, bytes, keyed = "BIGINT PRIMARY KEY", "BYTEA", ""
	}
	text = strings.NewReplacer("{{id}}", id, "{{bytes}}", bytes, "{{keyed}}", keyed).Replace(text)
	var out []string
	for part := range strings.SplitSeq(text+"\n", ";\n") {
		if strings.TrimSpace(part) != "" {
			out = append(out, strings.TrimSpace(part))
		}
	}
	return out
}
