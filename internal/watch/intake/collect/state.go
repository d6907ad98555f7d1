package collect

import (
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// A State is how the collection of one source stands.
type State struct {
	Source      int64
	Address     string // to which ETag, Modified and Cursor belong
	ETag        string
	Modified    string
	Cursor      string    // JSON of the way's own
	Next        time.Time // when it is due; zero: only when somebody asks
	Looking     time.Time // since when a look is under way; zero: none is
	Failures    int       // in a row
	LastCode    string    // of the last failure, "" after a success
	LastError   string
	LastOK      time.Time
	LastLook    time.Time
	SilentSince time.Time // zero: it is not silent
}

type stateRow struct {
	Source      int64  `db:"source"`
	Address     string `db:"address"`
	ETag        string `db:"etag"`
	Modified    string `db:"modified"`
	Cursor      string `db:"cursor_json"`
	Next        int64  `db:"next"`
	Looking     int64  `db:"looking"`
	Failures    int    `db:"failures"`
	LastCode    string `db:"last_code"`
	LastError   string `db:"last_error"`
	LastOK      int64  `db:"last_ok"`
	LastLook    int64  `db:"last_look"`
	SilentSince int64  `db:"silent_since"`
}

const stateColumns = `source, address, etag, modified, cursor_json, next, looking, failures, last_code, last_error, last_ok, last_look, silent_since`

func (s stateRow) state() State {
	return State{
		Source: s.Source, Address: s.Address, ETag: s.ETag, Modified: s.Modified, Cursor: s.Cursor, Next: db.Time(s.Next), Looking: db.Time(s.Looking),
		Failures: s.Failures, LastCode: s.LastCode, LastError: s.LastError, LastOK: db.Time(s.LastOK), LastLook: db.Time(s.LastLook),
		SilentSince: db.Time(s.SilentSince),
	}
}

// load is the state of a source, a fresh one where it has none yet.
func load(tx *db.Tx, source int64) (State, error) {
	var row stateRow
	err := tx.Get(&row, `SELECT `+stateColumns+` FROM source_state WHERE source = $1`, source)
	if errs.Is(err, errs.NotFound) {
		return State{Source: source}, nil
	}
	return row.state(), err
}

func states(tx *db.Tx) (map[int64]State, error) {
	var rows []stateRow
	if err := tx.Select(&rows, `SELECT `+stateColumns+` FROM source_state`); err != nil {
		return nil, err
	}
	out := make(map[int64]State, len(rows))
	for _, row := range rows {
		out[row.Source] = row.state()
	}
	return out, nil
}

func (s State) save(tx *db.Tx) error {
	_, err := tx.Exec(`INSERT INTO source_state (`+stateColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (source) DO UPDATE SET address = excluded.address, etag = excluded.etag, modified = excluded.modified,
		cursor_json = excluded.cursor_json, next = excluded.next, looking = excluded.looking, failures = excluded.failures,
		last_code = excluded.last_code, last_error = excluded.last_error, last_ok = excluded.last_ok, last_look = excluded.last_look,
		silent_since = excluded.silent_since`,
		s.Source, s.Address, s.ETag, s.Modified, s.Cursor, db.Micros(s.Next), db.Micros(s.Looking), s.Failures, s.LastCode, s.LastError,
		db.Micros(s.LastOK), db.Micros(s.LastLook), db.Micros(s.SilentSince))
	return err
}
