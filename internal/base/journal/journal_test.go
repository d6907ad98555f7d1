package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

func schema() []db.Migration {
	return append(journal.Schema(), db.Migration{Name: "bell", SQL: `CREATE TABLE bell (id TEXT PRIMARY KEY, rung BIGINT NOT NULL);
CREATE TABLE echo (seq {{id}}, stage TEXT NOT NULL);`})
}

func start() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }

// A house is a journal with a runner over a database.
type house struct {
	t       *testing.T
	db      *db.DB
	clock   *clock.Standing
	journal *journal.Journal
	runner  *journal.Runner
}

func build(t *testing.T, d *db.DB) *house {
	t.Helper()
	c := clock.NewStanding(start())
	j := journal.New(c)
	return &house{t: t, db: d, clock: c, journal: j, runner: journal.NewRunner(d, j, c, slog.New(slog.DiscardHandler))}
}

func (h *house) append(verbs ...string) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx *db.Tx) error {
		for _, v := range verbs {
			if _, err := h.journal.Append(tx, journal.Draft{Actor: "a@x.example", Subject: "bell:B1", Verb: v, Body: map[string]int{"n": 1}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) run() {
	h.t.Helper()
	if err := h.runner.Start(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(h.runner.Stop)
}

func (h *house) settle() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	if err := h.runner.Settle(ctx); err != nil {
		h.t.Fatal(err)
	}
}

// echo is a stage that writes down which entries it saw, in the bracket of its
// cursor.
func echo(name string, verbs ...string) journal.Stage {
	return journal.Stage{Name: name, Verbs: verbs, Do: func(_ context.Context, tx *db.Tx, entries []journal.Entry) error {
		for _, e := range entries {
			if _, err := tx.Exec(`INSERT INTO echo (seq, stage) VALUES ($1, $2)`, e.Seq, name); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (h *house) echoed() (seqs []int64) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *db.Tx) error { return tx.Select(&seqs, `SELECT seq FROM echo ORDER BY seq`) })
	if err != nil {
		h.t.Fatal(err)
	}
	return seqs
}

func TestAStageSeesEveryEntryOfItsVerbsOnceAndInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.append("bell.rung", "bell.cast", "bell.rung")
		h.runner.Follow(echo("echo", "bell.rung"))
		h.run()
		h.append("bell.rung", "bell.cast")
		h.settle()
		if got := h.echoed(); !slices.Equal(got, []int64{1, 3, 4}) {
			t.Fatalf("saw %v", got)
		}
		h.runner.Stop()
		again := build(t, d)
		again.runner.Follow(echo("echo", "bell.rung"))
		again.run()
		again.append("bell.rung")
		again.settle()
		if got := again.echoed(); !slices.Equal(got, []int64{1, 3, 4, 6}) {
			t.Fatalf("after a restart it saw %v", got)
		}
	}, schema()...)
}

func TestAnEntryThatFailsFiveTimesIsParkedAndTheStageGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		var tries atomic.Int64
		stage := echo("echo", "bell.rung")
		inner := stage.Do
		stage.Do = func(ctx context.Context, tx *db.Tx, entries []journal.Entry) error {
			for _, e := range entries {
				if e.Seq == 2 {
					tries.Add(1)
					return errors.New("cracked")
				}
			}
			return inner(ctx, tx, entries)
		}
		h.runner.Follow(stage)
		h.append("bell.rung", "bell.rung", "bell.rung")
		h.run()
		h.settle()
		if got := h.echoed(); !slices.Equal(got, []int64{1, 3}) {
			t.Fatalf("saw %v", got)
		}
		if n := tries.Load(); n < 5 || n > 7 {
			t.Fatalf("tried %d times", n)
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			var reason string
			if err := tx.Get(&reason, `SELECT reason FROM parked WHERE stage = 'echo' AND seq = 2`); err != nil {
				return err
			}
			if reason != "cracked" {
				t.Errorf("parked for %q", reason)
			}
			alarms, err := journal.Entries(tx, journal.Query{Verbs: []string{journal.VerbParked}})
			if len(alarms) != 1 {
				t.Errorf("%d alarms", len(alarms))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}, schema()...)
}

func TestAPanicInAStageIsAFailureOfItsEntry(t *testing.T) {
	h := build(t, dbtest.SQLite(t, schema()...))
	stage := journal.Stage{Name: "echo", Verbs: []string{"bell.rung"}, Do: func(context.Context, *db.Tx, []journal.Entry) error { panic("clapper") }}
	h.runner.Follow(stage)
	h.append("bell.rung")
	h.run()
	h.settle()
}

func TestClockRowsFireWhenTheClockIsMovedInTheOrderInWhichTheyAreDue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		var (
			mu    sync.Mutex
			fired []string
		)
		h.runner.On(journal.Alarm{Kind: "ring", Do: func(_ context.Context, tx *db.Tx, subject string, due time.Time) error {
			mu.Lock()
			defer mu.Unlock()
			fired = append(fired, subject+" "+due.Format("15:04"))
			if subject == "b" && len(fired) < 4 {
				return journal.SetAlarm(tx, "ring", "b", due.Add(time.Hour))
			}
			return nil
		}})
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return errors.Join(
				journal.SetAlarm(tx, "ring", "a", start().Add(3*time.Hour)),
				journal.SetAlarm(tx, "ring", "a", start().Add(90*time.Minute)), // moved
				journal.SetAlarm(tx, "ring", "b", start().Add(time.Hour)),
				journal.SetAlarm(tx, "ring", "c", start().Add(time.Hour)),
				journal.ClearAlarm(tx, "ring", "c"))
		})
		if err != nil {
			t.Fatal(err)
		}
		h.run()
		h.settle()
		if len(fired) != 0 {
			t.Fatalf("fired too early: %v", fired)
		}
		h.clock.Advance(5 * time.Hour)
		h.runner.Wake()
		h.settle()
		mu.Lock()
		defer mu.Unlock()
		if want := []string{"b 09:00", "a 09:30", "b 10:00", "b 11:00"}; !slices.Equal(fired, want) {
			t.Fatalf("fired %v, want %v", fired, want)
		}
	}, schema()...)
}

// Two processes write while stages of both follow: no cursor may skip an entry
// that commits late, and no entry is handled twice.
func TestTwoWritersOnPostgreSQLLoseNoEntryToACursor(t *testing.T) {
	address := dbtest.Address(t)
	var houses []*house
	for i := range 2 {
		d, err := db.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		if i == 0 {
			if err := d.Migrate(t.Context(), schema()); err != nil {
				t.Fatal(err)
			}
		}
		h := build(t, d)
		for _, name := range []string{"one", "two", "three"} {
			h.runner.Follow(journal.Stage{Name: name, Verbs: []string{"bell.rung"}, Batch: 7, Do: func(_ context.Context, tx *db.Tx, entries []journal.Entry) error {
				for _, e := range entries {
					if _, err := tx.Exec(`INSERT INTO bell (id, rung) VALUES ($1, 1)`, fmt.Sprint(name, e.Seq)); err != nil {
						return err
					}
				}
				return nil
			}})
		}
		houses = append(houses, h)
	}
	for _, h := range houses {
		h.run()
	}
	const each = 150
	var writers sync.WaitGroup
	for _, h := range houses {
		for range 2 {
			writers.Go(func() {
				for range each {
					err := h.db.Write(context.Background(), func(tx *db.Tx) error {
						_, err := h.journal.Append(tx, journal.Draft{Actor: "w", Subject: "bell:B1", Verb: "bell.rung"})
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	writers.Wait()
	deadline := time.Now().Add(30 * time.Second)
	for {
		var n int64
		err := houses[0].db.Read(t.Context(), func(tx *db.Tx) (err error) {
			n, err = tx.Int(`SELECT COUNT(*) FROM bell`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n == 3*4*each {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d effects", n, 3*4*each)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestASecondNodeTakesOverWhenTheFirstIsGone(t *testing.T) {
	address := dbtest.Address(t)
	open := func() *db.DB {
		d, err := db.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
	first := open()
	if err := first.Migrate(t.Context(), schema()); err != nil {
		t.Fatal(err)
	}
	h1, h2 := build(t, first), build(t, open())
	h1.runner.Follow(echo("echo", "bell.rung"))
	h2.runner.Follow(echo("echo", "bell.rung"))
	h1.run()
	h1.append("bell.rung")
	h1.settle()
	h2.run()
	h1.runner.Stop()
	h2.append("bell.rung")
	h2.settle()
	if got := h2.echoed(); !slices.Equal(got, []int64{1, 2}) {
		t.Fatalf("saw %v", got)
	}
}

func newSeal(t *testing.T) *journal.Seal {
	t.Helper()
	private, public, err := journal.NewKey("tocsin.example")
	if err != nil {
		t.Fatal(err)
	}
	seal, err := journal.NewSeal(private, public)
	if err != nil {
		t.Fatal(err)
	}
	return seal
}

// bells are records that the journal knows.
func bells() []journal.Audit {
	return []journal.Audit{{Kind: "bell", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		var rows []struct {
			ID   string `db:"id"`
			Rung int64  `db:"rung"`
		}
		if err := tx.Select(&rows, `SELECT id, rung FROM bell ORDER BY id`); err != nil {
			return err
		}
		for _, b := range rows {
			if err := yield(b.ID, journal.Hash(b)); err != nil {
				return err
			}
		}
		return nil
	}}}
}

func (h *house) ring(id string, times int64) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`INSERT INTO bell (id, rung) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET rung = excluded.rung`, id, times); err != nil {
			return err
		}
		record := journal.Record{Kind: "bell", ID: id, Hash: journal.Hash(struct {
			ID   string `db:"id"`
			Rung int64  `db:"rung"`
		}{id, times})}
		_, err := h.journal.Append(tx, journal.Draft{
			Actor: "ngân@x.example", Subject: "bell:" + id, Verb: "bell.rung", Body: map[string]int64{"times": times}, Records: []journal.Record{record},
		})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) sql(statements ...string) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx *db.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) verify(seal *journal.Seal, checkpoint string) journal.Verdict {
	h.t.Helper()
	v, err := journal.Verify(h.t.Context(), h.db, seal, bells(), checkpoint)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

func TestVerifyFindsWhatWasDoneBehindTheJournal(t *testing.T) {
	tampering := []struct {
		name string
		do   []string
		bad  string
	}{
		{"a changed body", []string{`UPDATE journal_body SET body = '{"times":9}' WHERE seq = 3`}, "journal entry 3"},
		{"a changed record hash in a body", []string{`UPDATE journal_body SET records = '[]' WHERE seq = 2`}, "journal entry 2"},
		{"a changed header", []string{`UPDATE journal SET actor = 'somebody' WHERE seq = 4`}, "journal entry"},
		{"a changed time", []string{`UPDATE journal SET at = at + 1 WHERE seq = 1`}, "journal entry 1"},
		{"a body dropped without an order", []string{`UPDATE journal_body SET body = NULL, salt = NULL, records = NULL WHERE seq = 2`}, "journal entry 2"},
		{"a deleted tail", []string{`DELETE FROM journal WHERE seq = 5`}, "journal entry 5"},
		{"a deleted tail with the head moved", []string{`DELETE FROM journal WHERE seq = 5`, `UPDATE journal_head SET size = 4`}, "journal"},
		{"a deleted middle", []string{`DELETE FROM journal WHERE seq = 2`}, "journal entry 2"},
		{"a record changed by SQL", []string{`UPDATE bell SET rung = 7 WHERE id = 'B2'`}, "bell B2: changed"},
		{"a record added by SQL", []string{`INSERT INTO bell (id, rung) VALUES ('B9', 1)`}, "bell B9: no journal entry"},
		{"a record removed by SQL", []string{`DELETE FROM bell WHERE id = 'B1'`}, "bell B1: removed"},
		{"a stored hash", []string{`DELETE FROM journal_hash WHERE place = 3`}, "journal"},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		seal := newSeal(t)
		for i, id := range []string{"B1", "B2", "B3", "B2", "B3"} {
			h.ring(id, int64(i+1))
		}
		v := h.verify(seal, "")
		if !v.OK || v.Size != 5 || v.Records != 3 || v.FirstBad != "" {
			t.Fatalf("an honest journal: %+v", v)
		}
		if again := h.verify(seal, v.Checkpoint); !again.OK {
			t.Fatalf("with its own checkpoint: %+v", again)
		}
		saved := dump(t, d)
		for _, c := range tampering {
			t.Run(c.name, func(t *testing.T) {
				h.sql(c.do...)
				v := h.verify(seal, "")
				if v.OK || !strings.Contains(v.FirstBad, c.bad) {
					t.Errorf("found %+v, want %q", v, c.bad)
				}
				saved.restore(t, d)
			})
		}
		if v := h.verify(seal, ""); !v.OK {
			t.Fatalf("after putting all back: %+v", v)
		}
	}, schema()...)
}

func TestACheckpointKeptOutsideFindsARewrittenJournal(t *testing.T) {
	h := build(t, dbtest.SQLite(t, schema()...))
	seal := newSeal(t)
	h.ring("B1", 1)
	h.ring("B1", 2)
	kept := h.verify(seal, "").Checkpoint
	h.ring("B1", 3)
	if v := h.verify(seal, kept); !v.OK {
		t.Fatalf("a grown journal: %+v", v)
	}
	if v := h.verify(seal, strings.TrimSpace(kept)); !v.OK {
		t.Fatalf("a checkpoint that lost its last line end: %+v", v)
	}
	answer, err := json.Marshal(journal.Verdict{Checkpoint: kept})
	if err != nil {
		t.Fatal(err)
	}
	if v := h.verify(seal, string(answer)); !v.OK {
		t.Fatalf("the answer of verify as it was saved: %+v", v)
	}

	// Somebody writes the whole story anew, consistently.
	h.sql(`DELETE FROM journal`, `DELETE FROM journal_body`, `DELETE FROM journal_hash`, `UPDATE journal_head SET size = 0`, `DELETE FROM bell`)
	h.ring("B1", 1)
	h.ring("B1", 5)
	h.ring("B1", 6)
	if v := h.verify(seal, ""); !v.OK {
		t.Fatalf("the forgery should be consistent in itself: %+v", v)
	}
	if v := h.verify(seal, kept); v.OK || !strings.Contains(v.FirstBad, "checkpoint") {
		t.Fatalf("a rewritten journal: %+v", v)
	}
	// Shorter than what was sealed.
	h.sql(`DELETE FROM journal`, `DELETE FROM journal_body`, `DELETE FROM journal_hash`, `UPDATE journal_head SET size = 0`, `DELETE FROM bell`)
	h.ring("B1", 1)
	if v := h.verify(seal, kept); v.OK || !strings.Contains(v.FirstBad, "seals 2 entries") {
		t.Fatalf("a shortened journal: %+v", v)
	}
	if v := h.verify(newSeal(t), kept); v.OK {
		t.Fatal("a checkpoint of a strange key was taken")
	}
}

func TestAnErasureByOrderStillVerifies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		seal := newSeal(t)
		h.ring("B1", 1)
		h.ring("B2", 1)
		before := h.verify(seal, "").Checkpoint
		err := d.Write(t.Context(), func(tx *db.Tx) error { return h.journal.Erase(tx, "admin@x.example", "QĐ 12/2026", 1) })
		if err != nil {
			t.Fatal(err)
		}
		v := h.verify(seal, before)
		if !v.OK || v.Erased != 1 {
			t.Fatalf("after an erasure: %+v", v)
		}
		err = d.Read(t.Context(), func(tx *db.Tx) error {
			entries, err := h.journal.History(tx, "bell:B1")
			if len(entries) != 1 || string(entries[0].Body) != "null" || entries[0].Erased == "" {
				t.Errorf("the history shows %+v", entries)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.sql(`UPDATE bell SET rung = 4 WHERE id = 'B2'`)
		if v := h.verify(seal, ""); v.OK {
			t.Fatal("an erasure elsewhere hides a changed record")
		}
		err = d.Write(t.Context(), func(tx *db.Tx) error { return h.journal.Erase(tx, "admin@x.example", "", 2) })
		if !errs.Is(err, errs.Invalid) {
			t.Fatalf("an erasure without an order: %v", err)
		}
	}, schema()...)
}

// dumped is a copy of the tables that a test tampers with.
type dumped map[string][][]any

func dump(t *testing.T, d *db.DB) dumped {
	t.Helper()
	out := dumped{}
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		for _, table := range tables() {
			rows, err := tx.Query(`SELECT * FROM ` + table)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			out[table] = nil
			for rows.Next() {
				values, err := rows.SliceScan()
				if err != nil {
					return err
				}
				out[table] = append(out[table], values)
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tables() []string {
	return []string{"journal", "journal_body", "journal_hash", "journal_head", "bell"}
}

func (saved dumped) restore(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		for _, table := range tables() {
			if _, err := tx.Exec(`DELETE FROM ` + table); err != nil {
				return err
			}
			for _, values := range saved[table] {
				var marks []string
				for i := range values {
					marks = append(marks, fmt.Sprintf("$%d", i+1))
				}
				if _, err := tx.Exec(`INSERT INTO `+table+` VALUES (`+strings.Join(marks, ",")+`)`, values...); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	d := dbtest.SQLite(b, schema()...)
	j := journal.New(clock.Real{})
	for _, batch := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d-a-bracket", batch), func(b *testing.B) {
			drafts := make([]journal.Draft, batch)
			for i := range drafts {
				drafts[i] = journal.Draft{Actor: "w", Subject: "bell:B1", Verb: "bell.rung", Body: map[string]int{"n": i}}
			}
			for b.Loop() {
				err := d.Write(b.Context(), func(tx *db.Tx) error {
					_, err := j.Append(tx, drafts...)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
