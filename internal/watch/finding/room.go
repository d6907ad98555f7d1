package finding

import (
	"context"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/match"
	"tocsin/internal/watch/match/vector"
)

// Deps is what the room stands on.
type Deps struct {
	DB      *db.DB
	Journal *journal.Journal
	Clock   clock.Clock
	Intake  *intake.Room
	Estate  Estate
	// World keeps what sources say of the world: indicators and weaknesses.
	World World
	// LikelyEPSS is from where on a weakness counts as likely to be exploited.
	LikelyEPSS float64
	// Quiet is what must have been seen before a problem of a kind counts as gone.
	Quiet func(kind row.Kind) Quiet
}

// A Quiet says what makes a source a witness.
type Quiet struct {
	Period     time.Duration // so long after the claim it must not have seen the problem
	Deliveries int64         // and so often it must have delivered since
}

// Estate is what findings ask of the estate.
type Estate interface {
	match.Whose
	// Sync makes WhoseIs answer from all that the journal holds now.
	Sync(ctx context.Context) error
	// Code is an organisation's code, "" for 0.
	Code(organisation int64) string
	// ByCode is the organisation of a code, NotFound when there is none.
	ByCode(code string) (int64, error)
	// Below are an organisation and all below it.
	Below(organisation int64) []int64
	// Installations are all lines of software of the bodies that exist.
	Installations(tx *db.Tx) ([]estate.Installation, error)
	// InstallationsAt names the state of Installations.
	InstallationsAt(tx *db.Tx) (string, error)
}

// World keeps what sources say of the world (room intel does).
type World interface {
	// Keep stores what rows say, in the bracket of their document's progress.
	Keep(tx *db.Tx, source intake.Source, doc intake.Document, rows []row.Row) error
	// Load are advisories with their bodies, by number.
	Load(tx *db.Tx, numbers []int64) ([]intel.Advisory, error)
	// After are those behind a number, at most limit.
	After(tx *db.Tx, number int64, limit int) ([]intel.Advisory, error)
	// OfCVE are the numbers of the advisories that speak of CVEs.
	OfCVE(tx *db.Tx, cves []string) ([]int64, error)
	// Vulnerabilities are what is known of CVEs, by CVE.
	Vulnerabilities(tx *db.Tx, cves []string) (map[string]intel.Vulnerability, error)
}

// A Room keeps the findings.
type Room struct {
	Deps

	shelf  shelf          // all software, as the stage advise knows it
	policy *vector.Policy // how grave a weakness is
}

// New is the room over deps.
func New(deps Deps) *Room {
	policy, err := vector.BuiltIn()
	if err != nil {
		panic(err) // the policy of the binary is part of the program
	}
	return &Room{Deps: deps, policy: policy}
}

// Alarms are the clock rows that findings set.
func (r *Room) Alarms() []journal.Alarm {
	return []journal.Alarm{
		{Kind: alarmWitness, Do: r.quietIsOver},
		{Kind: alarmExpire, Do: r.exceptionIsOver},
		{Kind: alarmMute, Do: r.muteIsOver},
		{Kind: alarmEnds, Do: r.supportEnds},
	}
}

// Audit compares every finding with its last journal entry.
func (r *Room) Audit() journal.Audit {
	return journal.Audit{Kind: "finding", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		rows, err := tx.Query(`SELECT ` + findingColumns + ` FROM finding ORDER BY id`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var f findingRow
			if err := rows.StructScan(&f); err != nil {
				return err
			}
			record := f.finding().record()
			if err := yield(record.ID, record.Hash); err != nil {
				return err
			}
		}
		return rows.Err()
	}}
}

// visible reads a finding that the reader may view; else it is NotFound, for
// what the scope hides does not exist for the reader.
func (r *Room) visible(tx *db.Tx, who auth.Actor, id ID) (Finding, error) {
	f, err := load(tx, id)
	if errs.Is(err, errs.NotFound) || (err == nil && !reads(who, f)) {
		return Finding{}, errs.New(errs.NotFound, "finding %s: no such finding", id)
	}
	return f, err
}
