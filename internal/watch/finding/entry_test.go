package finding_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
)

func letter() *strings.Reader { return strings.NewReader("%PDF-1.7 công văn 12/CV") }

func TestWhatALetterSaysIsTypedInAndReadLikeAnyDelivery(t *testing.T) {
	h := build(t, dbtest.SQLite(t, schema()...))
	h.source("post", intake.Source{Format: intake.Mail, TLP: tlp.Amber, Zone: "Asia/Ho_Chi_Minh"})
	made, err := h.intake.Enter(t.Context(), analyst(), intake.Entry{
		Source: "post", Reference: "12/CV-A05 ngày 01/03/2026", Letter: letter(), File: "12-CV.pdf",
		Rows: []intake.EntryRow{
			{What: "203[.]0.113.7", Kind: "c2-contact", At: "2026-03-01 10:00:00", Port: "443", Protocol: "tcp", Severity: "high", Name: "Emotet", Note: "=cmd, mở cổng"},
			{What: "203.0.113.130", Kind: "malware", At: "2026-03-01T10:00:00Z"},
			{What: "hxxp://bad[.]example/x", Kind: intake.Indicators},
		},
	})
	if err != nil || len(made) != 3 {
		t.Fatalf("%v %+v", err, made)
	}
	h.settle()
	problems, indicators, paper := made[0], made[1], made[2]
	for _, d := range made {
		got, err := h.intake.Document(t.Context(), analyst(), d.ID)
		if err != nil || got.State != intake.Parsed {
			t.Errorf("%v %+v", err, got)
		}
	}
	if problems.Letter != paper.ID || indicators.Letter != paper.ID || paper.Rows != 0 {
		t.Errorf("%+v %+v %+v", problems, indicators, paper)
	}
	found := h.findings()
	if len(found) != 2 {
		t.Fatalf("%d findings, want 2: %+v", len(found), found)
	}
	for _, f := range found {
		if f.Asset == "ip:203.0.113.7" && (f.Discriminator != "emotet" || f.Severity != row.High || f.FirstSeen != time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", f)
		}
	}
	list, _, err := h.intel.List(t.Context(), analyst(), intel.Filter{})
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Value, "bad.example") {
		t.Errorf("indicators: %v %+v", err, list)
	}
	if got, err := h.intake.EntriesOf(t.Context(), analyst(), paper.ID); err != nil || len(got) != 2 {
		t.Errorf("typed from the letter: %v %+v", err, got)
	}
	// The next letter does not see that the machine is clean.
	for _, act := range []finding.Act{finding.Claim} {
		if _, err := h.finding.Do(t.Context(), analyst(), found[0].ID, finding.Change{Act: act}); err != nil {
			t.Fatal(err)
		}
	}
	h.clock.Advance(47 * time.Hour)
	if _, err := h.intake.Enter(t.Context(), analyst(), intake.Entry{Source: "post", Reference: "13/CV", Rows: []intake.EntryRow{{What: "203.0.113.8", Kind: "malware", At: "2026-03-04 08:00:00"}}}); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(25 * time.Hour)
	h.runner.Wake()
	h.settle()
	if f, err := h.finding.Get(t.Context(), analyst(), found[0].ID); err != nil || f.State != finding.ClaimedFixed || !strings.HasPrefix(f.Witness, finding.WitnessNone) {
		t.Errorf("a letter was a witness: %v %+v", err, f)
	}
	// Reading it again counts nothing twice.
	if _, err := h.intake.Reparse(t.Context(), analyst(), problems.ID); err != nil {
		t.Fatal(err)
	}
	h.settle()
	if got, err := h.intake.Document(t.Context(), analyst(), problems.ID); err != nil || got.State != intake.Parsed || got.Rows != 2 {
		t.Errorf("%v %+v", err, got)
	}
}

func TestATypedEntryIsRefusedAtItsFields(t *testing.T) {
	h := build(t, dbtest.SQLite(t, schema()...))
	h.source("post", intake.Source{Format: intake.List})
	for name, x := range map[string]struct {
		entry intake.Entry
		want  []string
	}{
		"nothing": {intake.Entry{}, []string{"reference", "rows"}},
		"bad values": {intake.Entry{Reference: "1", Rows: []intake.EntryRow{
			{What: "203.0.113.999", Kind: "malware", At: "2026-03-01 10:00:00"}, {What: "203.0.113.1", At: "yesterday", Port: "99999", Severity: "bad"}, {Kind: "nonsense"},
		}}, []string{"rows.0.what", "rows.1.kind", "rows.1.at", "rows.1.port", "rows.1.severity", "rows.2.what", "rows.2.kind", "rows.2.at"}},
		"a hash of ours": {intake.Entry{Reference: "1", Rows: []intake.EntryRow{
			{What: "d41d8cd98f00b204e9800998ecf8427e", Kind: "malware", At: "2026-03-01 10:00:00"},
		}}, []string{"rows.0.what"}},
		"no letter": {intake.Entry{Reference: "1", File: "x.pdf", Letter: strings.NewReader("MZ"), Rows: []intake.EntryRow{
			{What: "203.0.113.1", Kind: "malware", At: "2026-03-01 10:00:00"},
		}}, []string{"letter"}},
	} {
		x.entry.Source = "post"
		_, err := h.intake.Enter(t.Context(), analyst(), x.entry)
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		var fields []string
		for _, p := range errs.PlacesOf(err) {
			fields = append(fields, p.Field)
		}
		if strings.Join(fields, " ") != strings.Join(x.want, " ") {
			t.Errorf("%s: %v, want %v", name, fields, x.want)
		}
	}
	if _, _, err := h.intake.Receive(t.Context(), analyst(), intake.Delivery{Source: "post", ReportType: intake.EntryProblems, Content: strings.NewReader("x")}); !errs.Is(err, errs.Invalid) {
		t.Errorf("an entry is handed in: %v", err)
	}
	if _, err := h.intake.Enter(t.Context(), h.officer("P-A"), intake.Entry{Source: "post"}); !errs.Is(err, errs.Denied) {
		t.Errorf("an officer types: %v", err)
	}
}
