package journal

import (
	"time"

	"tocsin/internal/base/db"
)

// An Aside is an entry that a stage has set aside after it failed five times.
type Aside struct {
	Stage   string
	Seq     int64
	Subject string
	Reason  string
	At      time.Time
}

// Parked are the entries that stages have set aside, the newest first, at most
// limit.
func Parked(tx *db.Tx, limit int) ([]Aside, error) {
	var rows []struct {
		Stage   string `db:"stage"`
		Seq     int64  `db:"seq"`
		Subject string `db:"subject"`
		Reason  string `db:"reason"`
		At      int64  `db:"at"`
	}
	if err := tx.Select(&rows, `SELECT stage, seq, subject, reason, at FROM parked ORDER BY at DESC, stage, seq LIMIT $1`, limit); err != nil {
		return nil, err
	}
	out := make([]Aside, len(rows))
	for i, r := range rows {
		out[i] = Aside{Stage: r.Stage, Seq: r.Seq, Subject: r.Subject, Reason: r.Reason, At: db.Time(r.At)}
	}
	return out, nil
}

// A Set is how many clock rows of a kind are set, and when the first is due.
type Set struct {
	Kind string
	N    int64
	Next time.Time
}

// Clocks are the clock rows that are set, by kind, the next to fire first.
func Clocks(tx *db.Tx) ([]Set, error) {
	var rows []struct {
		Kind string `db:"kind"`
		N    int64  `db:"n"`
		Next int64  `db:"next"`
	}
	if err := tx.Select(&rows, `SELECT kind, COUNT(*) AS n, MIN(due) AS next FROM alarm GROUP BY kind ORDER BY MIN(due), kind`); err != nil {
		return nil, err
	}
	out := make([]Set, len(rows))
	for i, r := range rows {
		out[i] = Set{Kind: r.Kind, N: r.N, Next: db.Time(r.Next)}
	}
	return out, nil
}
