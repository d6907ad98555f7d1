package finding_test

import (
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
	"tocsin/internal/watch/intake/row"
)

// turn journals that a source has fallen silent or speaks again.
func (h *house) turn(source, verb string, body any) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx *db.Tx) error {
		_, err := h.journal.Append(tx, journal.Draft{Actor: "stage:collect", Subject: "source:" + source, Verb: verb, Body: body})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.settle()
}

func TestASilentSourceIsAFindingOfTheCentreUntilItSpeaks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.source("P-A.example", intake.Source{Format: intake.Shadowserver})
		since := h.clock.Now().Add(-72 * time.Hour)
		h.turn("P-A.example", collect.VerbSilent, collect.Silence{Since: since, Reason: collect.NothingNew, Rhythm: 24 * time.Hour})
		h.turn("P-A.example", collect.VerbSilent, collect.Silence{Since: since, Reason: collect.NoAnswer, Rhythm: 24 * time.Hour})
		found := h.findings()
		if len(found) != 1 {
			t.Fatalf("%d findings, want one: %+v", len(found), found)
		}
		f := found[0]
		if f.Kind != row.SilentSource || f.Asset != "host:P-A.example" || f.Organisation != 0 || f.Unwarned || f.State != finding.Open || !f.FirstSeen.Equal(since) {
			t.Errorf("%+v", f)
		}
		// A unit that gets the name as its host does not get the centre's problem.
		h.apply("endpoints.csv", "organisation,hostname,kind\nP-A,P-A.example,server\n")
		h.apply("domains.csv", "organisation,kind,value\nP-A,domain,p-a.example\n")
		h.settle()
		if f := h.findings()[0]; f.Organisation != 0 {
			t.Errorf("the centre's finding went to organisation %d", f.Organisation)
		}
		if page, err := h.finding.List(t.Context(), h.officer("P-A"), finding.Filter{}); err != nil || len(page.Items) != 0 {
			t.Errorf("a unit sees it: %v %+v", err, page.Items)
		}
		h.turn("P-A.example", collect.VerbHeard, nil)
		if f := h.findings()[0]; f.State != finding.Verified {
			t.Errorf("it speaks again, and the finding is %s", f.State)
		}
		h.turn("P-A.example", collect.VerbSilent, collect.Silence{Since: since, Reason: collect.NothingNew})
		if found := h.findings(); len(found) != 1 || found[0].State != finding.Open || found[0].Count != 2 {
			t.Errorf("silent again: %+v", found)
		}
	}, schema()...)
}

func TestNoiseIsTheShareOfRefutedFindings(t *testing.T) {
	h := build(t, dbtest.SQLite(t, schema()...))
	h.source("list", intake.Source{Format: intake.List, Kind: string(row.Malware)})
	h.deliver("list", "a.txt", "203.0.113.1\n203.0.113.2\n203.0.113.3\n203.0.113.130\n")
	who := auth.Actor{ID: 1, Email: "a@tocsin.example", Role: auth.Analyst, Scope: auth.All(), Via: auth.ViaSession}
	if _, err := h.finding.Do(t.Context(), who, h.findings()[0].ID, finding.Change{Act: finding.Refute, Reason: "a test machine"}); err != nil {
		t.Fatal(err)
	}
	got, err := h.finding.Noise(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	if n := got[1]; n.Opened != 4 || n.Refuted != 1 {
		t.Errorf("%+v, want 1 of 4", got)
	}
}
