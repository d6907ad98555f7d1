package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// reported is a server that has taken in a report of two wards, warned them, and
// stands still; its store is open to SQL behind its back.
func reported(t *testing.T, address string) (*server, *sql.DB) {
	t.Helper()
	k, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.close)
	s := &server{folder: filepath.Join(t.TempDir(), "data"), db: address, clock: morning, smtp: k.url()}
	t.Cleanup(s.kill)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	settleWards(t, s)
	hand(t, s, "shadow", "2026-03-08-scan_rdp-tp.csv", scans("198.18.0.1", "198.18.0.2", "198.18.1.1", "no address"))
	engine, dsn := "pgx", address
	if address == "" {
		engine, dsn = "sqlite", "file:"+filepath.Join(s.folder, "tocsin.db")+"?_pragma=busy_timeout(10000)"
	}
	store, err := sql.Open(engine, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return s, store
}

// scans is a report of open remote desktops at addresses.
func scans(addresses ...string) string {
	var b strings.Builder
	b.WriteString(`"timestamp","ip","protocol","port","hostname","tag","asn"` + "\n")
	for _, a := range addresses {
		b.WriteString(`"2026-03-08 01:02:03","` + a + `","tcp","3389","","rdp","64500"` + "\n")
	}
	return b.String()
}

// hand hands a delivery in and waits for all that follows; it returns the
// document's id.
func hand(t *testing.T, s *server, source, name, text string) string {
	t.Helper()
	got, err := s.ask(t.Context(), s.token, "POST", "/api/v1/sources/"+source+"/documents", []byte(text), "X-Filename", name)
	if err != nil || got.status/100 != 2 {
		t.Fatalf("hand in: %v %d %s", err, got.status, got.body)
	}
	var doc struct{ ID string }
	if err := json.Unmarshal(got.body, &doc); err != nil {
		t.Fatal(err)
	}
	settle(t, s)
	return doc.ID
}

func settle(t *testing.T, s *server) {
	t.Helper()
	if r, err := s.run(t.Context(), "settle", "--timeout", "60s"); err != nil || r.code != 0 {
		t.Fatalf("settle: %v, exit %d: %s\n%s", err, r.code, r.err, s.log)
	}
}

// verdict is what verify says.
type verdict struct {
	OK         bool
	Size       int64
	Root       string
	Checkpoint string
	FirstBad   string `json:"first_bad"`
	Erased     int
}

// verify runs the command, with a checkpoint that was kept outside where it is
// not "", and expects exit 0 for a good verdict and 1 for a bad one.
func verify(t *testing.T, s *server, checkpoint string) verdict {
	t.Helper()
	args := []string{"verify", "--json"}
	if checkpoint != "" {
		file := filepath.Join(t.TempDir(), "checkpoint")
		if err := os.WriteFile(file, []byte(checkpoint), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--checkpoint", file)
	}
	r, err := s.run(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	var v verdict
	if err := json.Unmarshal([]byte(r.out), &v); err != nil {
		t.Fatalf("verify: exit %d, %s%s", r.code, r.out, r.err)
	}
	if (r.code == 0) != v.OK || (v.FirstBad == "") != v.OK || r.code > 1 {
		t.Fatalf("verify: exit %d: %s", r.code, r.out)
	}
	return v
}

// TestTampering changes the running product's database behind its back, each
// change in a bracket of its own that is undone afterwards: verify finds each,
// and says where.
func TestTampering(t *testing.T) {
	eachEngine(t, func(t *testing.T, fresh func() string) {
		s, store := reported(t, fresh())
		before := verify(t, s, "")
		if !before.OK || before.Checkpoint == "" || before.Size < 12 {
			t.Fatalf("before: %+v", before)
		}
		hand(t, s, "shadow", "2026-03-09-scan_rdp-tp.csv", scans("198.18.2.1", "198.18.3.1"))
		if v := verify(t, s, before.Checkpoint); !v.OK {
			t.Fatalf("an older checkpoint: %+v", v)
		}
		last := verify(t, s, "")
		for _, c := range []struct {
			name, sql string
			says      string
		}{
			{"a byte of an entry's body", `UPDATE journal_body SET body = REPLACE(body, 'document', 'documenz') WHERE seq = (SELECT MIN(seq) FROM journal WHERE verb = 'document.received')`, "journal entry"},
			{"a record hash in an entry", `UPDATE journal_body SET records = REPLACE(records, '"k"', '"K"') WHERE seq = (SELECT MAX(seq) FROM journal WHERE verb = 'document.rows')`, "journal entry"},
			{"who did it", `UPDATE journal SET actor = 'somebody@else.example' WHERE seq = 5`, "journal entry 5"},
			{"when it was done", `UPDATE journal SET at = at + 1 WHERE seq = 7`, "journal entry 7"},
			{"whom it concerns", `UPDATE journal SET organisation = organisation + 1 WHERE seq = (SELECT MAX(seq) FROM journal WHERE verb = 'warning.sent')`, "journal entry"},
			{"an entry in the middle is gone", `DELETE FROM journal WHERE seq = 9`, "journal entry 9"},
			{"a body is gone without an order", `DELETE FROM journal_body WHERE seq = 9`, "journal entry 9"},
			{"a hash of the tree", `UPDATE journal_hash SET hash = (SELECT hash FROM journal_hash WHERE place = 1) WHERE place = 6`, "journal"},
			{"a finding's severity", `UPDATE finding SET severity = severity - 1 WHERE id = 1`, "finding F1"},
			{"a finding's state", `UPDATE finding SET state = 'verified', live = 0 WHERE id = 2`, "finding F2"},
			{"a finding's owner", `UPDATE finding SET organisation = 0 WHERE id = 1`, "finding F1"},
			{"a finding is gone", `DELETE FROM finding WHERE id = 3`, "finding F3"},
			{"a warning's acknowledgement", `UPDATE warning SET state = 'acknowledged', acknowledged = 1, acknowledged_by = 'nobody@example.org' WHERE id = 1`, "warning W1"},
			{"a delivery's reply", `UPDATE delivery SET reply = '250 never' WHERE id = 1`, "delivery D1"},
			{"a delivery that never was", `INSERT INTO delivery SELECT 999, warning, revision, step, verb, organisation, 'x@y.example', name, phone, language, relation, notice, channel, state, waiting, next_at, urgency, attempts, node, message_id, reply, created, handed, acknowledged, acknowledged_by, body, cover FROM delivery WHERE id = 1`, "delivery D999"},
			{"a document's reading", `UPDATE document SET sha256 = 'x' WHERE id = 1`, "document S1"},
			{"an organisation's name", `UPDATE organisation SET name_vi = 'Phường Khác' WHERE code = 'W1'`, "organisation"},
			{"a contact's address", `UPDATE contact SET email = 'thief@evil.example' WHERE email = 'w1@wards.example'`, "contact"},
			{"an address's end", `UPDATE address SET valid_to = '2020-01-01' WHERE id = 1`, "address"},
			{"a person's role", `UPDATE auth_user SET role = 'auditor' WHERE id = 1`, "user U1"},
			{"a token that nobody made", `UPDATE auth_token SET expires = 0, created = created - 1, name = 'back door' WHERE id = 1`, "token"},
			{"a source's marking", `UPDATE source SET tlp = 0 WHERE name = 'shadow'`, "source shadow"},
		} {
			undo := change(t, store, c.sql)
			v := verify(t, s, "")
			if v.OK || !strings.Contains(v.FirstBad, c.says) {
				t.Errorf("%s: %+v, want %q", c.name, v, c.says)
			}
			undo()
			if v := verify(t, s, ""); !v.OK {
				t.Fatalf("after %s was undone: %+v", c.name, v)
			}
		}

		// A tail that is cut off with all that belongs to it is a journal in good
		// order, only shorter: a checkpoint that lies elsewhere tells.
		undo := change(t, store, cutTail(before.Size-3)...)
		if v := verify(t, s, last.Checkpoint); v.OK || !strings.Contains(v.FirstBad, "journal entry") {
			t.Errorf("a shorter journal: %+v", v)
		}
		undo()
		// What is no checkpoint of this journal proves nothing.
		for _, no := range []string{"nonsense", strings.Replace(last.Checkpoint, "tocsin journal", "another journal", 1)} {
			if v := verify(t, s, no); v.OK {
				t.Errorf("checkpoint %q was taken", no)
			}
		}
		if v := verify(t, s, last.Checkpoint); !v.OK {
			t.Errorf("in the end: %+v", v)
		}
	})
}

// cutTail removes the entries behind size, as somebody with the password of the
// database might.
func cutTail(size int64) []string {
	n := func(s string) string { return strings.ReplaceAll(s, "SIZE", strconv.FormatInt(size, 10)) }
	return []string{
		n(`DELETE FROM journal WHERE seq > SIZE`), n(`DELETE FROM journal_body WHERE seq > SIZE`),
		n(`UPDATE journal_head SET size = SIZE`),
	}
}

// change does SQL and returns what undoes it: copies of the tables that it
// touches are put back.
func change(t *testing.T, store *sql.DB, statements ...string) (undo func()) {
	t.Helper()
	ctx := context.Background()
	do := func(text string) int64 {
		t.Helper()
		done, err := store.ExecContext(ctx, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var tables []string
	for _, text := range statements {
		words := strings.Fields(text)
		table := words[1]
		if words[0] != "UPDATE" {
			table = words[2]
		}
		tables = append(tables, table)
		do(`CREATE TABLE kept_` + table + ` AS SELECT * FROM ` + table)
	}
	for _, text := range statements {
		if do(text) == 0 {
			t.Fatalf("%s: changed nothing", text)
		}
	}
	return func() {
		for _, table := range tables {
			do(`DELETE FROM ` + table)
			do(`INSERT INTO ` + table + ` SELECT * FROM kept_` + table)
			do(`DROP TABLE kept_` + table)
		}
	}
}

// TestARewrittenJournalIsFoundByItsCheckpoint writes another history with the
// program itself, over the keys of the first: nothing in it is wrong, but it is
// not the one that was sealed.
func TestARewrittenJournalIsFoundByItsCheckpoint(t *testing.T) {
	eachEngine(t, func(t *testing.T, fresh func() string) {
		s, _ := reported(t, fresh())
		sealed := verify(t, s, "")
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		other := &server{folder: filepath.Join(t.TempDir(), "data"), db: fresh(), clock: morning}
		t.Cleanup(other.kill)
		if err := os.MkdirAll(other.folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"seal.key", "seal.pub", "secret"} {
			text, err := os.ReadFile(filepath.Join(s.folder, key))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(other.folder, key), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := other.start(); err != nil {
			t.Fatal(err)
		}
		settleWards(t, other)
		for _, day := range []string{"08", "09", "10"} {
			hand(t, other, "shadow", "2026-03-"+day+"-scan_rdp-tp.csv", scans("198.18.4."+strings.TrimLeft(day, "0")))
		}
		now := verify(t, other, "")
		if !now.OK || now.Size <= sealed.Size {
			t.Fatalf("the other history: %+v, sealed are %d entries", now, sealed.Size)
		}
		if v := verify(t, other, sealed.Checkpoint); v.OK || v.FirstBad == "" {
			t.Errorf("a rewritten journal: %+v", v)
		}
	})
}

// TestAnErasureStillVerifies erases a delivery's original by order: its bytes are
// gone, what it led to stays, and the seal holds.
func TestAnErasureStillVerifies(t *testing.T) {
	eachEngine(t, func(t *testing.T, fresh func() string) {
		s, _ := reported(t, fresh())
		sealed := verify(t, s, "")
		run := func(want int, args ...string) result {
			t.Helper()
			r, err := s.run(t.Context(), args...)
			if err != nil || r.code != want {
				t.Fatalf("%v: %v, exit %d, want %d: %s%s", args, err, r.code, want, r.out, r.err)
			}
			return r
		}
		if r := run(0, "document", "original", "S1"); !strings.Contains(r.out, "198.18.0.1") {
			t.Fatalf("the original: %s", r.out)
		}
		before := run(0, "finding", "list", "--json").out
		run(2, "document", "erase", "S1")
		run(0, "document", "erase", "S1", "--order", "12/QĐ-CA of 9 March 2026")
		if r := run(3, "document", "original", "S1"); strings.Contains(r.out+r.err, "198.18.0.1") {
			t.Errorf("the original is still there: %s%s", r.out, r.err)
		}
		if r := run(0, "quarantine", "list", "--json"); strings.Contains(r.out, "no address") {
			t.Errorf("the quarantine still holds its text: %s", r.out)
		}
		if after := run(0, "finding", "list", "--json").out; after != before {
			t.Errorf("the findings changed:\n%s\n%s", before, after)
		}
		if v := verify(t, s, sealed.Checkpoint); !v.OK {
			t.Errorf("after the erasure: %+v", v)
		}
		// The evidence says that it is gone, and why.
		if r := run(0, "finding", "evidence", "F1", "--json"); !strings.Contains(r.out, "12/QĐ-CA") || strings.Contains(r.out, "198.18") {
			t.Errorf("evidence: %s", r.out)
		}
		// No copy of the bytes is left on the disk.
		err := filepath.WalkDir(s.folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.Contains(filepath.Base(path), "tocsin.db") {
				return err
			}
			content, err := os.ReadFile(path)
			if strings.Contains(string(content), "198.18.0.2") {
				t.Errorf("%s still holds the bytes", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
