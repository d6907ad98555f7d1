// Package apitest is a small living house behind the API for tests: the rooms up
// to findings over a database of their own, the stages that read documents, and
// an HTTP server with the gate in front.
package apitest

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/blob"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/regime"
	"tocsin/internal/face/api"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/warning"
)

// Organisations is an estate file of a city with two wards.
const Organisations = `code,name_vi,kind,parent,tier
hcm,Thành phố Hồ Chí Minh,city,,city
q1,Phường Sài Gòn,ward,hcm,city
q2,Phường Bến Thành,ward,hcm,city
`

// Addresses is an estate file: each of the wards holds a network.
const Addresses = `organisation,kind,value
q1,prefix,198.51.100.0/25
q2,prefix,198.51.100.128/25
`

// Report is a Shadowserver report of three rows: two of the first ward, one of
// which cannot be read, and one of the second.
const Report = `timestamp,severity,ip,protocol,port,hostname,tag,asn,geo
2026-03-08 22:10:00,high,198.51.100.7,tcp,23,,telnet,64500,VN
2026-03-08 22:11:00,high,198.51.100.300,tcp,23,,telnet,64500,VN
2026-03-08 22:12:00,high,198.51.100.200,tcp,23,,telnet,64500,VN
`

// A House is the rooms with who lives there.
type House struct {
	URL     string
	Admin   string // tokens
	Officer string // of the first ward
	Clock   *clock.Standing
	DB      *db.DB
}

// Build makes a house. The admin's token is the only thing that can do anything
// at first: Furnish imports the estate and makes the officer.
func Build(t *testing.T) *House {
	t.Helper()
	var steps []db.Migration
	for _, room := range [][]db.Migration{
		journal.Schema(), blob.Schema(), auth.Schema(), estate.Schema(), duty.Schema(), intake.Schema(), collect.Schema(), intel.Schema(), finding.Schema(),
		warning.Schema(), bulletin.Schema(),
	} {
		steps = append(steps, room...)
	}
	d := dbtest.SQLite(t, steps...)
	h := &House{Clock: clock.NewStanding(time.Date(2026, 3, 9, 1, 0, 0, 0, time.UTC)), DB: d}
	j := journal.New(h.Clock)
	rules, err := regime.Load(nil)
	must(t, err)
	bodies := estate.New(estate.Deps{DB: d, Journal: j, Clock: h.Clock, Zone: rules.Zone()})
	people := auth.New(auth.Deps{
		DB: d, Journal: j, Clock: clock.Real{}, Hashing: auth.Hashing{Memory: 8, Passes: 1, Threads: 1},
		Scoper: func(_ *db.Tx, o int64) ([]int64, error) { return bodies.Scope(o).IDs(), nil },
	})
	originals := blob.New(blob.Deps{DB: d, Clock: h.Clock, Folder: filepath.Join(t.TempDir(), "blobs"), Limit: 1 << 20})
	documents := intake.New(intake.Deps{DB: d, Journal: j, Clock: h.Clock, Blobs: originals})
	patterns := intel.New(intel.Deps{DB: d, Journal: j, Clock: h.Clock, Estate: bodies})
	findings := finding.New(finding.Deps{
		DB: d, Journal: j, Clock: h.Clock, Intake: documents, Estate: bodies, World: patterns,
		Quiet: func(row.Kind) finding.Quiet { return finding.Quiet{Period: 24 * time.Hour, Deliveries: 1} },
	})
	words := i18n.New()
	must(t, words.Add(bulletin.Texts))
	must(t, words.Add(warning.Texts))
	bulletins := bulletin.New(bulletin.Deps{
		DB: d, Journal: j, Clock: h.Clock, Texts: words, Intel: patterns, Findings: findings, Estate: bodies,
		Warnings: warning.New(warning.Deps{DB: d, Journal: j, Clock: h.Clock, Texts: words, Estate: wards{bodies}}),
	})
	must(t, bodies.Load(t.Context()))
	log := slog.New(slog.DiscardHandler)
	runner := journal.NewRunner(d, j, h.Clock, log)
	runner.Follow(findings.Stage(false), findings.Stage(true), findings.AdviseStage(), findings.RetroStage())
	runner.On(findings.Alarms()...)
	must(t, runner.Start(t.Context()))
	t.Cleanup(runner.Stop)
	_, err = people.FirstAdmin(t.Context(), "admin@tocsin.example", func(f auth.First) error { h.Admin = f.Token; return nil })
	must(t, err)
	gate, err := auth.NewGate(people, auth.Options{Refuse: api.Refuse})
	must(t, err)
	server := httptest.NewServer(gate.Handler(api.New(api.Deps{
		DB: d, Journal: j, Clock: h.Clock, Log: log, People: people, Estate: bodies, Duty: duty.New(duty.Deps{DB: d, Journal: j, Clock: h.Clock}),
		Regime: rules, Intel: patterns, Intake: documents, Collect: collect.New(collect.Deps{DB: d, Journal: j, Clock: h.Clock, Intake: documents}), Findings: findings, Bulletins: bulletins, Settle: runner.Settle, Version: "test",
		Advance: func(_ context.Context, by time.Duration) (time.Time, error) {
			h.Clock.Advance(by)
			runner.Wake()
			return h.Clock.Now(), nil
		},
		Verify: func(context.Context, string) (journal.Verdict, error) {
			return journal.Verdict{Size: 7, FirstBad: "finding F1: changed behind the journal's back"}, nil
		},
		Backup: func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "everything")
			return err
		},
		Link: func(path string) string { return "https://tocsin.example" + path },
	})))
	t.Cleanup(server.Close)
	h.URL = server.URL
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wards are the organisations as the routing of bulletins asks for them: each has
// one contact.
type wards struct{ room *estate.Room }

// Organisation is a body.
func (w wards) Organisation(_ *db.Tx, id int64) (warning.Organisation, error) {
	o, err := w.room.Forest().Organisation(id)
	return warning.Organisation{ID: id, Code: o.Code, NameVI: o.NameVI, NameEN: o.NameEN, Kind: o.Kind, Tier: o.Tier}, err
}

// Contacts is its mailbox.
func (w wards) Contacts(_ *db.Tx, id int64) ([]warning.Contact, error) {
	return []warning.Contact{{Organisation: id, Name: "Đầu mối", Email: w.room.Code(id) + "@ward.example", Language: "vi", Order: 1}}, nil
}
