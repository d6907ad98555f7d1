package app

import (
	"tocsin/internal/base/auth"
	"tocsin/internal/base/blob"
	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/warning"
)

// schema is every step of the database's schema, in the order in which they
// came. A step that has been released is never changed or moved: the next one is
// appended.
func schema() []db.Migration {
	var steps []db.Migration
	for _, room := range [][]db.Migration{
		{{Name: "setting", SQL: `CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);`}},
		journal.Schema(), blob.Schema(), auth.Schema(),
		estate.Schema(), duty.Schema(),
		intake.Schema(), collect.Schema(), intel.Schema(), finding.Schema(), warning.Schema(), deliver.Schema(), bulletin.Schema(),
	} {
		steps = append(steps, room...)
	}
	return steps
}
