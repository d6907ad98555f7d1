// Package warningtest is a small city for tests of warnings and deliveries:
// findings, organisations, a roster and rules that a test sets up in a line.
package warningtest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// Start is when a world begins: a Monday, 09:00 in the city.
func Start() time.Time { return time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC) }

// Schema is the schema of a world.
func Schema() []db.Migration {
	return append(append(journal.Schema(), warning.Schema()...), db.Migration{Name: "fake findings", SQL: `CREATE TABLE fake_finding (
	id {{id}},
	organisation BIGINT NOT NULL,
	asset TEXT NOT NULL,
	kind TEXT NOT NULL,
	detail TEXT NOT NULL,
	severity BIGINT NOT NULL,
	tlp BIGINT NOT NULL,
	source BIGINT NOT NULL,
	cause TEXT NOT NULL,
	document BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	opened BIGINT NOT NULL,
	unwarned BIGINT NOT NULL,
	over BIGINT NOT NULL,
	warning BIGINT NOT NULL);
CREATE INDEX fake_unwarned ON fake_finding (unwarned, organisation, id);
CREATE INDEX fake_document ON fake_finding (document, unwarned, organisation, id);
CREATE INDEX fake_warning ON fake_finding (warning);`})
}

// A World is a small city.
type World struct {
	TB       testing.TB
	DB       *db.DB
	Journal  *journal.Journal
	Clock    *clock.Standing
	Texts    *i18n.Bundle
	Room     *warning.Room
	Runner   *journal.Runner
	Findings *Findings
	Estate   *Estate
	Duty     *Duty
	Regime   *Regime
}

// New is an empty city over a database of Schema. Its stages do not run before
// Run.
func New(t testing.TB, d *db.DB) *World {
	t.Helper()
	w := &World{TB: t, DB: d, Clock: clock.NewStanding(Start()), Texts: i18n.New()}
	for _, add := range []func() error{func() error { return w.Texts.Add(warning.Texts) }, func() error { return w.Texts.Add(tlp.Texts) }} {
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	i18ntest.Strict(t, w.Texts)
	w.Journal = journal.New(w.Clock)
	w.Findings = &Findings{}
	w.Estate = &Estate{bodies: map[int64]warning.Organisation{}, contacts: map[int64][]warning.Contact{}}
	w.Duty = &Duty{People: []warning.Contact{{Name: "Trực ban", Email: "truc@trungtam.example", Phone: "028 0000", Language: "vi", Order: 1, Person: true}}}
	w.Regime = &Regime{Figures: warning.DefaultLimits()}
	w.Room = warning.New(warning.Deps{
		DB: d, Journal: w.Journal, Clock: w.Clock, Texts: w.Texts, Findings: w.Findings, Estate: w.Estate, Duty: w.Duty, Sources: Sources{}, Regime: w.Regime,
	})
	w.Runner = journal.NewRunner(d, w.Journal, w.Clock, slog.New(slog.NewTextHandler(t.Output(), nil)))
	w.Runner.Follow(w.Room.Stage(), w.Room.Heed())
	w.Runner.On(w.Room.Alarms()...)
	return w
}

// Run starts the stages and stops them with the test.
func (w *World) Run() {
	w.TB.Helper()
	if err := w.Room.Begin(w.TB.Context()); err != nil {
		w.TB.Fatal(err)
	}
	if err := w.Runner.Start(w.TB.Context()); err != nil {
		w.TB.Fatal(err)
	}
	w.TB.Cleanup(w.Runner.Stop)
}

// Settle waits until nothing is left to do, and fails when something was parked.
func (w *World) Settle() {
	w.TB.Helper()
	ctx, cancel := context.WithTimeout(w.TB.Context(), 30*time.Second)
	defer cancel()
	if err := w.Runner.Settle(ctx); err != nil {
		w.TB.Fatal(err)
	}
	var reasons []string
	w.Read(func(tx *db.Tx) error {
		return tx.Select(&reasons, `SELECT stage || ' ' || subject || ': ' || reason FROM parked`)
	})
	if len(reasons) > 0 {
		w.TB.Fatal("parked: ", strings.Join(reasons, "\n"))
	}
}

// Advance moves the clock and settles.
func (w *World) Advance(d time.Duration) {
	w.TB.Helper()
	w.Clock.Advance(d)
	w.Runner.Wake()
	w.Settle()
}

// Write brackets a change.
func (w *World) Write(work func(tx *db.Tx) error) {
	w.TB.Helper()
	if err := w.DB.Write(w.TB.Context(), work); err != nil {
		w.TB.Fatal(err)
	}
}

// Read brackets a look.
func (w *World) Read(work func(tx *db.Tx) error) {
	w.TB.Helper()
	if err := w.DB.Read(w.TB.Context(), work); err != nil {
		w.TB.Fatal(err)
	}
}

// Centre is an analyst who sees the whole city.
func Centre() auth.Actor {
	return auth.Actor{ID: 1, Email: "analyst@trungtam.example", Role: auth.Analyst, Scope: auth.All(), Via: auth.ViaToken}
}

// Officer is an officer of organisations.
func Officer(email string, organisations ...int64) auth.Actor {
	return auth.Actor{ID: 2, Email: email, Role: auth.Officer, Organisation: organisations[0], Scope: auth.Only(organisations...), Via: auth.ViaToken}
}

// Body makes an organisation; each contact is "order email", and an e-mail that
// begins with "ong" or "ba" is an individual's.
func (w *World) Body(id, parent int64, contacts ...string) {
	w.Estate.mu.Lock()
	defer w.Estate.mu.Unlock()
	code := fmt.Sprintf("PX%03d", id)
	w.Estate.bodies[id] = warning.Organisation{
		ID: id, Code: code, NameVI: fmt.Sprintf("Ủy ban nhân dân phường %03d", id), NameEN: fmt.Sprintf("Ward %03d", id), Kind: "ward", Tier: "city", Parent: parent,
	}
	w.Estate.contacts[id] = nil
	for _, c := range contacts {
		order, email, _ := strings.Cut(c, " ")
		n, err := strconv.Atoi(order)
		if err != nil {
			w.TB.Fatal(err)
		}
		w.Estate.contacts[id] = append(w.Estate.contacts[id], warning.Contact{
			Organisation: id, Name: "Đầu mối " + order, Email: email, Language: "vi", Order: n, Person: strings.HasPrefix(email, "ong") || strings.HasPrefix(email, "ba"),
			Shared: strings.HasPrefix(email, "chung"),
		})
	}
}

// A Problem is a finding before it is opened; the zero value of a field takes a
// default.
type Problem struct {
	Organisation int64
	Asset        string
	Kind         row.Kind
	Severity     row.Severity
	TLP          tlp.Marking // the zero value is amber: clear needs Clear
	Clear        bool
	Source       int64
	Cause        string
	Detail       string
}

// Open writes findings into the database as a delivery does, without an entry.
func (w *World) Open(tx *db.Tx, document int64, problems ...Problem) (ids []int64, err error) {
	first, err := tx.NextID("finding", len(problems))
	if err != nil {
		return nil, err
	}
	now := db.Micros(w.Clock.Now())
	args := make([]any, 0, 15*len(problems))
	for i, p := range problems {
		id := first + int64(i)
		if p.Asset == "" {
			p.Asset = fmt.Sprintf("ip:198.51.%d.%d", id/250%250, id%250)
		}
		if p.Kind == "" {
			p.Kind = row.VulnerableService
		}
		if p.Severity == row.NoSeverity {
			p.Severity = row.High
		}
		if p.TLP == tlp.Clear && !p.Clear {
			p.TLP = tlp.Amber
		}
		if p.Source == 0 {
			p.Source = 1
		}
		if p.Detail == "" {
			p.Detail = "443/tcp"
		}
		args = append(args, id, p.Organisation, p.Asset, string(p.Kind), p.Detail, int64(p.Severity), int64(p.TLP), p.Source, p.Cause, document,
			now-int64(time.Hour/time.Microsecond), now, 1, 0, 0)
		ids = append(ids, id)
	}
	err = tx.Bulk(`INSERT INTO fake_finding (id, organisation, asset, kind, detail, severity, tlp, source, cause, document, seen, opened, unwarned, over, warning) VALUES`, "", 15, args)
	return ids, err
}

// Deliver is a document of problems, read through.
func (w *World) Deliver(source int64, problems ...Problem) (ids []int64) {
	w.TB.Helper()
	w.Write(func(tx *db.Tx) (err error) {
		document, err := tx.NextID("document", 1)
		if err != nil {
			return err
		}
		for i := range problems {
			problems[i].Source = source
		}
		if len(problems) > 0 {
			if ids, err = w.Open(tx, document, problems...); err != nil {
				return err
			}
		}
		_, err = w.Journal.Append(tx, journal.Draft{
			Actor: "stage:match", Subject: "document:S" + strconv.FormatInt(document, 10), Verb: "document.parsed",
			Body: warning.Parsed{Document: document, Source: source, Opened: int64(len(problems))},
		})
		return err
	})
	return ids
}

// Single opens a finding outside any delivery.
func (w *World) Single(p Problem) (id int64) {
	w.TB.Helper()
	w.Write(func(tx *db.Tx) error {
		ids, err := w.Open(tx, 0, p)
		if err != nil {
			return err
		}
		id = ids[0]
		return w.say(tx, id, p.Organisation, "finding.opened")
	})
	return id
}

// Over ends findings.
func (w *World) Over(ids ...int64) {
	w.TB.Helper()
	w.Write(func(tx *db.Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec(`UPDATE fake_finding SET over = 1, unwarned = 0 WHERE id = $1`, id); err != nil {
				return err
			}
			if err := w.say(tx, id, 0, "finding.verified"); err != nil {
				return err
			}
		}
		return nil
	})
}

// Raise makes a finding graver.
func (w *World) Raise(id int64, s row.Severity) {
	w.TB.Helper()
	w.Write(func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE fake_finding SET severity = $1, unwarned = 1 WHERE id = $2`, int64(s), id); err != nil {
			return err
		}
		_, err := w.Journal.Append(tx, journal.Draft{
			Actor: "stage:match", Subject: "document:S999", Verb: "document.rows", Body: map[string]any{"raised": []string{"F" + strconv.FormatInt(id, 10)}},
		})
		return err
	})
}

func (w *World) say(tx *db.Tx, id, organisation int64, verb string) error {
	_, err := w.Journal.Append(tx, journal.Draft{
		Actor: "stage:match", Organisation: organisation, Subject: "finding:F" + strconv.FormatInt(id, 10), Verb: verb, Body: map[string]any{},
	})
	return err
}

// List is everything that the centre sees.
func (w *World) List() []warning.View {
	w.TB.Helper()
	list, err := w.Room.List(w.TB.Context(), Centre(), warning.Query{Language: "vi"})
	if err != nil {
		w.TB.Fatal(err)
	}
	return list
}

// Entries are the journal's entries of the verbs, oldest first.
func (w *World) Entries(verbs ...string) (list []journal.Entry) {
	w.TB.Helper()
	w.Read(func(tx *db.Tx) (err error) {
		list, err = journal.Entries(tx, journal.Query{Verbs: verbs})
		return err
	})
	return list
}

// Findings is the room of findings over the table fake_finding.
type Findings struct {
	mu       sync.Mutex
	Nobody   []int64 // organisations for which a no-contact finding is raised
	Answered []int64 // warnings whose findings were acknowledged
}

type fake struct {
	ID           int64  `db:"id"`
	Organisation int64  `db:"organisation"`
	Asset        string `db:"asset"`
	Kind         string `db:"kind"`
	Detail       string `db:"detail"`
	Severity     int64  `db:"severity"`
	TLP          int64  `db:"tlp"`
	Source       int64  `db:"source"`
	Cause        string `db:"cause"`
	Document     int64  `db:"document"`
	Seen         int64  `db:"seen"`
	Opened       int64  `db:"opened"`
	Unwarned     int64  `db:"unwarned"`
	Over         int64  `db:"over"`
	Warning      int64  `db:"warning"`
}

func (f *Findings) read(tx *db.Tx, where string, args ...any) ([]warning.Finding, error) {
	var rows []fake
	if err := tx.Select(&rows, `SELECT * FROM fake_finding WHERE `+where, args...); err != nil {
		return nil, err
	}
	out := make([]warning.Finding, len(rows))
	for i, r := range rows {
		out[i] = warning.Finding{
			ID: r.ID, Organisation: r.Organisation, Realm: "public", Asset: r.Asset, Kind: row.Kind(r.Kind), Discriminator: r.Detail,
			Severity: row.Severity(r.Severity), TLP: tlp.Marking(r.TLP), FirstSeen: db.Time(r.Seen), LastSeen: db.Time(r.Seen), OpenedAt: db.Time(r.Opened),
			Count: 1, Sources: []int64{r.Source}, Cause: r.Cause, Document: r.Document, Warning: r.Warning, Over: r.Over == 1,
		}
	}
	return out, nil
}

func where(s warning.Selection) string {
	parts := []string{"unwarned = 1"}
	for column, value := range map[string]int64{"id": s.Finding, "document": s.Document, "organisation": s.Organisation} {
		if value != 0 {
			parts = append(parts, column+" = "+strconv.FormatInt(value, 10))
		}
	}
	return strings.Join(parts, " AND ")
}

// Waiting implements warning.Findings.
func (f *Findings) Waiting(tx *db.Tx, s warning.Selection, after int64, limit int) (ids []int64, err error) {
	err = tx.Select(&ids, `SELECT DISTINCT organisation FROM fake_finding WHERE `+where(s)+` AND organisation > $1 ORDER BY organisation LIMIT $2`, after, limit)
	return ids, err
}

// Unwarned implements warning.Findings.
func (f *Findings) Unwarned(tx *db.Tx, s warning.Selection) ([]warning.Finding, error) {
	return f.read(tx, where(s)+` AND id > $1 ORDER BY id LIMIT $2`, s.After, s.Limit)
}

// Spread implements warning.Findings.
func (f *Findings) Spread(tx *db.Tx, s warning.Selection) (list []warning.Spread, err error) {
	err = tx.Select(&list, `SELECT DISTINCT cause, organisation FROM fake_finding WHERE `+where(s)+` AND cause <> ''`)
	return list, err
}

// Warned implements warning.Findings.
func (f *Findings) Warned(tx *db.Tx, id int64, ids []int64) error {
	for _, finding := range ids {
		if _, err := tx.Exec(`UPDATE fake_finding SET unwarned = 0, warning = $1 WHERE id = $2`, id, finding); err != nil {
			return err
		}
	}
	return nil
}

// OfWarning implements warning.Findings.
func (f *Findings) OfWarning(tx *db.Tx, id int64, limit int) ([]warning.Finding, error) {
	return f.read(tx, `warning = $1 ORDER BY severity DESC, id LIMIT $2`, id, limit)
}

// LiveOf implements warning.Findings.
func (f *Findings) LiveOf(tx *db.Tx, id int64) (int64, error) {
	return tx.Int(`SELECT COUNT(*) FROM fake_finding WHERE warning = $1 AND over = 0`, id)
}

// IDsOf implements warning.Findings.
func (f *Findings) IDsOf(tx *db.Tx, warnings []int64) (map[int64][]int64, error) {
	out := map[int64][]int64{}
	for _, id := range warnings {
		var ids []int64
		if err := tx.Select(&ids, `SELECT id FROM fake_finding WHERE warning = $1 ORDER BY id`, id); err != nil {
			return nil, err
		}
		out[id] = ids
	}
	return out, nil
}

// WarningOf implements warning.Findings.
func (f *Findings) WarningOf(tx *db.Tx, finding int64) (int64, error) {
	return tx.Int(`SELECT warning FROM fake_finding WHERE id = $1`, finding)
}

// Acknowledged implements warning.Findings.
func (f *Findings) Acknowledged(_ *db.Tx, id int64, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Answered = append(f.Answered, id)
	return nil
}

// RaiseNoContact implements warning.Findings.
func (f *Findings) RaiseNoContact(_ *db.Tx, organisation int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.Nobody, organisation) {
		f.Nobody = append(f.Nobody, organisation)
	}
	return nil
}

// ClearNoContact implements warning.Findings.
func (f *Findings) ClearNoContact(_ *db.Tx, organisation int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Nobody = slices.DeleteFunc(f.Nobody, func(o int64) bool { return o == organisation })
	return nil
}

// WithoutContact are the organisations that have a no-contact finding.
func (f *Findings) WithoutContact() []int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.Nobody)
}

// Estate is a tree of organisations in memory.
type Estate struct {
	mu       sync.Mutex
	bodies   map[int64]warning.Organisation
	contacts map[int64][]warning.Contact
}

// Organisation implements warning.Estate.
func (e *Estate) Organisation(_ *db.Tx, id int64) (warning.Organisation, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	o, ok := e.bodies[id]
	if !ok {
		return o, fmt.Errorf("no organisation %d", id)
	}
	return o, nil
}

// Contacts implements warning.Estate.
func (e *Estate) Contacts(_ *db.Tx, id int64) ([]warning.Contact, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.contacts[id]), nil
}

// Duty is a roster in memory.
type Duty struct {
	mu     sync.Mutex
	People []warning.Contact
	lines  []warning.CallLine
}

// OnDuty implements warning.Duty.
func (d *Duty) OnDuty(*db.Tx, time.Time) ([]warning.Contact, error) { return d.People, nil }

// Call implements warning.Duty.
func (d *Duty) Call(_ *db.Tx, c warning.CallLine) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, c)
	return nil
}

// Drop implements warning.Duty.
func (d *Duty) Drop(_ *db.Tx, _ auth.Actor, subject string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = slices.DeleteFunc(d.lines, func(l warning.CallLine) bool { return l.Subject == subject })
	return nil
}

// Sheet is the call sheet.
func (d *Duty) Sheet() []warning.CallLine {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// Sources names sources by their number.
type Sources struct{}

// SourceName implements warning.Sources.
func (Sources) SourceName(_ *db.Tx, id int64) (string, error) {
	return "nguồn " + strconv.FormatInt(id, 10), nil
}

// ReceivedAt implements warning.Sources: no test of the world asks when.
func (Sources) ReceivedAt(_ *db.Tx, document int64) (time.Time, error) {
	return time.Time{}, errs.New(errs.NotFound, "document %d: the world has none", document)
}

// Regime counts hours round the clock: an hour to acknowledge what is critical,
// four for high, sixteen for the rest.
type Regime struct{ Figures warning.Limits }

// AckDue implements warning.Regime.
func (r *Regime) AckDue(from time.Time, s row.Severity) time.Time {
	switch s {
	case row.Critical:
		return from.Add(time.Hour)
	case row.High:
		return from.Add(4 * time.Hour)
	default:
		return from.Add(16 * time.Hour)
	}
}

// RemedyDue implements warning.Regime.
func (r *Regime) RemedyDue(from time.Time, _ row.Severity) time.Time { return from.Add(72 * time.Hour) }

// Promise implements warning.Regime: nothing is promised.
func (r *Regime) Promise(time.Time, row.Severity) time.Time { return time.Time{} }

// NextDigest implements warning.Regime: 08:00 in the city, weekly on Monday.
func (r *Regime) NextDigest(after time.Time, c warning.Cadence) time.Time {
	at := time.Date(after.Year(), after.Month(), after.Day(), 1, 0, 0, 0, time.UTC)
	for !at.After(after) || (c == warning.Weekly && at.Weekday() != time.Monday) {
		at = at.Add(24 * time.Hour)
	}
	return at
}

// Limits implements warning.Regime.
func (r *Regime) Limits(time.Time) warning.Limits { return r.Figures }
