package estate

import (
	"context"
	"errors"

	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate/whose"
)

// Load reads the whole estate into memory. It is called once at the start;
// from then on Follow keeps up.
func (r *Room) Load(ctx context.Context) error {
	if err := r.loadAlone(ctx); err != nil {
		return err
	}
	return r.Sync(ctx)
}

func (r *Room) loadAlone(ctx context.Context) error {
	r.following.Lock()
	defer r.following.Unlock()
	return r.load(ctx)
}

// load reads the endpoints, of which there are most, beside everything else, in
// a bracket of their own. What is written between the two brackets one of them
// does not show: the state counts as that of the older, so that Sync reads it
// anew. That does no harm, see Follow.
func (r *Room) load(ctx context.Context) error {
	var next state
	var records whose.Records
	var seen int64
	failed := make(chan error, 1)
	go func() {
		failed <- r.db.Read(ctx, func(tx *db.Tx) (err error) {
			if seen, err = journal.Head(tx); err != nil {
				return err
			}
			records.Endpoints, err = readEndpoints(tx)
			return err
		})
	}()
	err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		if next.seq, err = journal.Head(tx); err != nil {
			return err
		}
		if next.forest, err = readForest(tx); err != nil {
			return err
		}
		if records.Bodies, err = r.bodies(tx, next.forest); err != nil {
			return err
		}
		if err = tx.Select(&records.Systems, `SELECT id, code, owner FROM system`); err != nil {
			return err
		}
		records.Claims, err = r.readAddresses(tx)
		return err
	})
	if err = errors.Join(err, <-failed); err != nil {
		return err
	}
	next.seq = min(next.seq, seen)
	next.claims = whose.Build(records)
	r.now.Store(&next)
	return nil
}

func (r *Room) readAddresses(tx *db.Tx) ([]whose.Claim, error) {
	count, err := tx.Int(`SELECT COUNT(*) FROM address`)
	if err != nil {
		return nil, err
	}
	claims := make([]whose.Claim, 0, count)
	words, day := vocabulary{}, r.rememberingDay()
	var a addressRow
	err = eachRow(tx, `SELECT id, organisation, kind, value, realm, system, valid_from, valid_to FROM address`,
		[]any{&a.ID, &a.Organisation, &a.Kind, &a.Value, &a.Realm, &a.System, &a.ValidFrom, &a.ValidTo}, func() {
			a.Realm, a.ValidFrom = words.keep(a.Realm), words.keep(a.ValidFrom)
			claims = append(claims, claimOfAddress(a, day))
		})
	return claims, err
}

func readEndpoints(tx *db.Tx) ([]whose.Claim, error) {
	count, err := tx.Int(`SELECT COUNT(*) FROM endpoint`)
	if err != nil {
		return nil, err
	}
	claims := make([]whose.Claim, 0, count)
	words := vocabulary{}
	var e endpointRow
	err = eachRow(tx, `SELECT id, organisation, hostname, ip, realm, system FROM endpoint`,
		[]any{&e.ID, &e.Organisation, &e.Hostname, &e.IP, &e.Realm, &e.System}, func() {
			e.Realm = words.keep(e.Realm)
			claims = append(claims, claimOfEndpoint(e))
		})
	return claims, err
}

// eachRow scans the rows of a query one by one into the same variables: for
// hundreds of thousands of them a slice of structs costs twice.
func eachRow(tx *db.Tx, query string, into []any, take func()) error {
	rows, err := tx.Query(query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		take()
	}
	return rows.Err()
}

// vocabulary keeps one copy of each word that many records have.
type vocabulary map[string]string

func (v vocabulary) keep(word string) string {
	if known, ok := v[word]; ok {
		return known
	}
	v[word] = word
	return word
}

// rememberingDay is day for many records, which share few dates.
func (r *Room) rememberingDay() func(date string, days int) int64 {
	type asked struct {
		date string
		days int
	}
	known := map[asked]int64{}
	return func(date string, days int) int64 {
		if date == "" {
			return 0
		}
		us, ok := known[asked{date, days}]
		if !ok {
			us = r.day(date, days)
			known[asked{date, days}] = us
		}
		return us
	}
}
