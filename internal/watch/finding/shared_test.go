package finding_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake"
)

// TestEverySharedFileGoesIn hands every file of partners in to a source that
// tells formats by content: whatever it is, it is stored with a state, and no row
// is lost.
func TestEverySharedFileGoesIn(t *testing.T) {
	root := devdata.Dir(t)
	if root == "" {
		t.Skip("the development data is not here")
	}
	h := build(t, dbtest.SQLite(t, schema()...))
	h.source("all", intake.Source{Format: intake.Auto})
	type counts struct{ files, rows, kept, quarantined, duplicate, parsed, partial, unparsed int64 }
	folders := map[string]*counts{}
	var order []string
	for _, part := range []string{"misp", "stix-taxii", "csaf", "vuln", "threat-lists", "cert-feeds"} {
		err := filepath.WalkDir(filepath.Join(root, part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			doc := h.deliverBytes("all", d.Name(), text)
			folder, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			if at := strings.Split(filepath.ToSlash(folder), "/"); len(at) > 2 {
				folder = strings.Join(at[:2], "/")
			}
			c := folders[folder]
			if c == nil {
				c = &counts{}
				folders[folder] = c
				order = append(order, folder)
			}
			c.files++
			c.rows += doc.Rows
			c.kept += doc.Kept
			c.quarantined += doc.Quarantined
			c.duplicate += doc.Duplicate
			switch doc.State {
			case intake.Parsed:
				c.parsed++
			case intake.Partial:
				c.partial++
			case intake.Unparsed:
				c.unparsed++
				if doc.Reason == "" {
					t.Errorf("%s is unparsed for no reason", path)
				}
			case intake.Received:
				t.Errorf("%s was never read", path)
			}
			if doc.Kept+doc.Quarantined+doc.Duplicate != doc.Rows {
				t.Errorf("%s: %d rows, but %d kept, %d quarantined, %d duplicate", path, doc.Rows, doc.Kept, doc.Quarantined, doc.Duplicate)
			}
			if testing.Verbose() && doc.State != intake.Parsed {
				t.Logf("%s: %s (%d/%d) %s", strings.TrimPrefix(path, root), doc.State, doc.Kept, doc.Rows, doc.Reason)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range order {
		c := folders[folder]
		t.Logf("| %s | %d | %d | %d | %d | %d | %d | %d | %d |", folder, c.files, c.rows, c.kept, c.quarantined, c.duplicate, c.parsed, c.partial, c.unparsed)
	}
}

// An archive's members are read each for itself.
func TestAMemberThatCannotBeReadHidesNoOther(t *testing.T) {
	h := build(t, dbtest.SQLite(t, schema()...))
	h.source("all", intake.Source{Format: intake.Auto})
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, m := range [][2]string{
		{"1-readme.txt", "Dear colleagues,\nattached is what we saw this week, all of it.\nKind regards\n"},
		{"2-scan_rdp.csv", rdp(seen(start().Add(-9*time.Hour), "203.0.113.5"))},
		{"3-blocklist.csv", "bad.example\nworse.example\n"},
	} {
		f, err := w.Create(m[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	doc := h.deliverBytes("all", "week.zip", packed.Bytes())
	if doc.State != intake.Partial || doc.Kept != 3 || !strings.Contains(doc.Reason, "1-readme.txt") {
		t.Errorf("%s, %d kept: %s", doc.State, doc.Kept, doc.Reason)
	}
	found := h.findings()
	if len(found) != 1 {
		t.Fatalf("%d findings", len(found))
	}
	lines, err := h.finding.Evidence(t.Context(), analyst(), found[0].ID, 1)
	if err != nil || len(lines) != 1 || len(lines[0].Header) == 0 || !slices.Contains(lines[0].Fields, "203.0.113.5") {
		t.Errorf("its evidence: %+v, %v", lines, err)
	}
	// A plain list is one, whatever its name says.
	if doc := h.deliver("all", "blocklist.csv", "evil.example\n198.51.100.9\n"); doc.Kept != 2 {
		t.Errorf("a list called as a report is: %s, %d kept: %s", doc.State, doc.Kept, doc.Reason)
	}
}
