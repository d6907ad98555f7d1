package finding_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/blob"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
)

// A house is everything from a delivery to a finding, over a database.
type house struct {
	t       testing.TB
	db      *db.DB
	clock   *clock.Standing
	journal *journal.Journal
	runner  *journal.Runner
	estate  *estate.Room
	intake  *intake.Room
	finding *finding.Room
	intel   *intel.Room
}

func schema() []db.Migration {
	var all []db.Migration
	for _, s := range [][]db.Migration{journal.Schema(), blob.Schema(), estate.Schema(), intake.Schema(), intel.Schema(), finding.Schema()} {
		all = append(all, s...)
	}
	return all
}

func start() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }

const quiet = 48 * time.Hour

func build(t testing.TB, d *db.DB) *house {
	t.Helper()
	h := &house{t: t, db: d, clock: clock.NewStanding(start())}
	h.journal = journal.New(h.clock)
	h.estate = estate.New(estate.Deps{DB: d, Journal: h.journal, Clock: h.clock})
	h.intake = intake.New(intake.Deps{
		DB: d, Journal: h.journal, Clock: h.clock, Blobs: blob.New(blob.Deps{DB: d, Clock: h.clock, Folder: t.TempDir()}),
	})
	h.intel = intel.New(intel.Deps{DB: d, Journal: h.journal, Clock: h.clock, Estate: h.estate})
	h.finding = finding.New(finding.Deps{
		DB: d, Journal: h.journal, Clock: h.clock, Intake: h.intake, Estate: h.estate, World: h.intel,
		Quiet: func(row.Kind) finding.Quiet { return finding.Quiet{Period: quiet, Deliveries: 1} },
	})
	h.runner = journal.NewRunner(d, h.journal, h.clock, slog.New(slog.NewTextHandler(t.Output(), nil)))
	h.runner.Follow(h.finding.Stage(false), h.finding.Stage(true), h.finding.AdviseStage(), h.finding.RetroStage(), h.finding.WitnessStage(), h.finding.SilenceStage())
	h.runner.On(h.finding.Alarms()...)
	h.apply("organisations.csv", "code,name_vi,kind,tier\nP-A,Phường A,ward,city\nP-B,Phường B,ward,city\n")
	h.apply("addresses.csv", "organisation,kind,value\nP-A,prefix,203.0.113.0/25\nP-B,prefix,203.0.113.128/25\n")
	if err := h.estate.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.runner.Stop)
	return h
}

func analyst() auth.Actor {
	return auth.Actor{ID: 1, Email: "analyst@tocsin.example", Role: auth.Analyst, Scope: auth.All(), Via: auth.ViaSession}
}

func (h *house) officer(code string) auth.Actor {
	h.t.Helper()
	id, err := h.estate.ByCode(code)
	if err != nil {
		h.t.Fatal(err)
	}
	return auth.Actor{ID: 2, Email: "officer@" + strings.ToLower(code) + ".example", Role: auth.Officer, Organisation: id, Scope: auth.Only(id), Via: auth.ViaSession}
}

func (h *house) apply(name, text string) {
	h.t.Helper()
	results, err := h.estate.Apply(h.t.Context(), analyst(), []estate.File{{Name: name, Data: []byte(text)}})
	if err != nil {
		h.t.Fatalf("%v %+v", err, results)
	}
}

func (h *house) source(name string, s intake.Source) {
	h.t.Helper()
	s.Name = name
	if _, err := h.intake.AddSource(h.t.Context(), analyst(), s); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) deliver(source, file, text string) intake.Document {
	h.t.Helper()
	return h.deliverBytes(source, file, []byte(text))
}

func (h *house) deliverBytes(source, file string, text []byte) intake.Document {
	h.t.Helper()
	doc, _, err := h.intake.Receive(h.t.Context(), analyst(), intake.Delivery{Source: source, File: file, Content: bytes.NewReader(text)})
	if err != nil {
		h.t.Fatal(err)
	}
	h.settle()
	doc, err = h.intake.Document(h.t.Context(), analyst(), doc.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return doc
}

func (h *house) settle() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Minute)
	defer cancel()
	if err := h.runner.Settle(ctx); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) findings() []finding.Finding {
	h.t.Helper()
	page, err := h.finding.List(h.t.Context(), analyst(), finding.Filter{})
	if err != nil {
		h.t.Fatal(err)
	}
	return page.Items
}

func (h *house) do(who auth.Actor, id finding.ID, c finding.Change) finding.Finding {
	h.t.Helper()
	f, err := h.finding.Do(h.t.Context(), who, id, c)
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

// advance moves the clock and lets everything that becomes due happen.
func (h *house) advance(d time.Duration) {
	h.t.Helper()
	h.clock.Advance(d)
	h.runner.Wake()
	h.settle()
}

// rdp is a Shadowserver report of exposed RDP with a row at each time.
func rdp(rows ...string) string {
	return "\"timestamp\",\"severity\",\"ip\",\"protocol\",\"port\",\"hostname\",\"tag\",\"asn\",\"geo\"\n" + strings.Join(rows, "")
}

func seen(at time.Time, ip string) string {
	return fmt.Sprintf("\"%s\",\"high\",\"%s\",\"tcp\",\"3389\",\"\",\"rdp\",\"64500\",\"VN\"\n", at.Format("2006-01-02 15:04:05"), ip)
}

func TestAReportOpensOneFindingForEachProblemAndCountsTheRest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.source("shadow", intake.Source{Format: intake.Shadowserver})
		day := start().Add(-12 * time.Hour)
		doc := h.deliver("shadow", "2026-03-01-scan_rdp-vietnam-geo.csv", rdp(
			seen(day, "203.0.113.5"), seen(day, "203.0.113.200"), seen(day.Add(time.Hour), "203.0.113.5"),
			seen(day, "203.0.113.5"), // the first row once more
			"\"not a time\",\"high\",\"203.0.113.7\",\"tcp\",\"3389\",\"\",\"rdp\",\"64500\",\"VN\"\n",
			seen(day, "192.0.2.9"))) // nobody's
		if doc.State != intake.Partial || doc.Rows != 6 || doc.Kept != 4 || doc.Quarantined != 1 || doc.Duplicate != 1 {
			t.Fatalf("document: %+v", doc)
		}
		got := h.findings()
		if len(got) != 3 {
			t.Fatalf("%d findings: %+v", len(got), got)
		}
		first := got[0]
		if first.Asset != "ip:203.0.113.5" || first.Kind != row.ExposedService || first.Discriminator != "3389/tcp" || first.Count != 2 ||
			h.estate.Code(first.Organisation) != "P-A" || first.State != finding.Open || !strings.HasPrefix(first.Rule, "prefix 203.0.113.0/25") {
			t.Fatalf("the first finding: %+v", first)
		}
		if h.estate.Code(got[1].Organisation) != "P-B" || got[2].Organisation != 0 {
			t.Fatalf("owners: %+v", got)
		}
		again := h.deliver("shadow", "the-same-by-another-name.csv", rdp(
			seen(day, "203.0.113.5"), seen(day, "203.0.113.200"), seen(day.Add(time.Hour), "203.0.113.5"), seen(day, "203.0.113.5"),
			"\"not a time\",\"high\",\"203.0.113.7\",\"tcp\",\"3389\",\"\",\"rdp\",\"64500\",\"VN\"\n", seen(day, "192.0.2.9")))
		if again.ID != doc.ID || h.findings()[0].Count != 2 {
			t.Fatalf("the same bytes again: %+v", again)
		}
		evidence, err := h.finding.Evidence(t.Context(), analyst(), first.ID, 10)
		if err != nil || len(evidence) != 2 || evidence[0].Fields[2] != "203.0.113.5" || evidence[0].Header[2] != "ip" || evidence[0].Line != 4 {
			t.Fatalf("evidence %+v, %v", evidence, err)
		}
	}, schema()...)
}

func TestALateReportDoesNotReopenAWitnessVerifiesAndANewReportReopens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.source("shadow", intake.Source{Format: intake.Shadowserver})
		h.deliver("shadow", "2026-03-01-scan_rdp.csv", rdp(seen(start().Add(-9*time.Hour), "203.0.113.5")))
		id := h.findings()[0].ID
		h.do(h.officer("P-A"), id, finding.Change{Act: finding.Ack})
		h.do(h.officer("P-A"), id, finding.Change{Act: finding.Claim})
		state := func(want finding.State, count int64) {
			t.Helper()
			f := h.findings()[0]
			if f.State != want || f.Count != count {
				t.Fatalf("it is %s with %d observations, want %s with %d (%s)", f.State, f.Count, want, count, f.Witness)
			}
		}
		h.clock.Advance(time.Hour)
		h.deliver("shadow", "2026-03-01-scan_rdp-late.csv", rdp(seen(start().Add(-time.Hour), "203.0.113.5")))
		state(finding.ClaimedFixed, 2)

		h.advance(quiet)
		state(finding.ClaimedFixed, 2) // silence is no witness
		if f := h.findings()[0]; !strings.HasPrefix(f.Witness, finding.WitnessNone) {
			t.Fatalf("it should say that nothing can be observed: %q", f.Witness)
		}
		h.deliver("shadow", "2026-03-04-scan_rdp.csv", rdp(seen(h.clock.Now().Add(-time.Hour), "203.0.113.201")))
		state(finding.Verified, 2)

		h.clock.Advance(24 * time.Hour)
		h.deliver("shadow", "2026-03-05-scan_rdp.csv", rdp(seen(h.clock.Now().Add(-time.Hour), "203.0.113.5")))
		state(finding.Open, 3)
		if f := h.findings()[0]; f.ID != id || !f.Unwarned {
			t.Fatalf("reopened: %+v", f)
		}
		if v, err := journal.Verify(t.Context(), d, newSeal(t), append(h.intake.Audits(), h.finding.Audit()), ""); err != nil || !v.OK {
			t.Fatalf("verify: %+v %v", v, err)
		}
	}, schema()...)
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

func TestWhoMayDoWhatToAFinding(t *testing.T) {
	h := build(t, dbtest.SQLite(t, schema()...))
	h.source("shadow", intake.Source{Format: intake.Shadowserver})
	h.deliver("shadow", "2026-03-01-scan_rdp.csv", rdp(seen(start().Add(-9*time.Hour), "203.0.113.5")))
	id := h.findings()[0].ID
	refused := func(code errs.Code, who auth.Actor, c finding.Change) {
		t.Helper()
		if _, err := h.finding.Do(t.Context(), who, id, c); !errs.Is(err, code) {
			t.Errorf("%s by %s: got %v, want %v", c.Act, who.Name(), err, code)
		}
	}
	refused(errs.NotFound, h.officer("P-B"), finding.Change{Act: finding.Ack})
	refused(errs.Denied, h.officer("P-A"), finding.Change{Act: finding.Verify, Reason: "x"})
	refused(errs.Denied, analyst(), finding.Change{Act: finding.Witness})
	refused(errs.Invalid, analyst(), finding.Change{Act: finding.Verify})
	refused(errs.Invalid, analyst(), finding.Change{Act: finding.Accept, Reason: "x"})
	refused(errs.Conflict, analyst(), finding.Change{Act: finding.Reopen, Reason: "x"})
	h.do(analyst(), id, finding.Change{Act: finding.Accept, Reason: "thay máy trong quý II", Until: start().Add(30 * 24 * time.Hour)})
	h.advance(31 * 24 * time.Hour)
	if f := h.findings()[0]; f.State != finding.Open || !f.Unwarned {
		t.Fatalf("when an exception ends somebody decides again: %+v", f)
	}
}

func TestANewAddressIsMatchedBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.source("shadow", intake.Source{Format: intake.Shadowserver})
		h.deliver("shadow", "2026-03-01-scan_rdp.csv", rdp(seen(start().Add(-9*time.Hour), "192.0.2.9"), seen(start().Add(-9*time.Hour), "203.0.113.5")))
		h.apply("addresses.csv", "organisation,kind,value\nP-B,prefix,192.0.2.0/28\n")
		h.settle()
		got := h.findings()
		if h.estate.Code(got[0].Organisation) != "P-B" || !got[0].Unwarned || h.estate.Code(got[1].Organisation) != "P-A" {
			t.Fatalf("%+v", got)
		}
	}, schema()...)
}

func TestAMuteKeepsQuietAndTellsWhenItEnds(t *testing.T) {
	h := build(t, dbtest.SQLite(t, schema()...))
	h.source("shadow", intake.Source{Format: intake.Shadowserver})
	_, err := h.finding.AddMute(t.Context(), analyst(), finding.Mute{What: "203.0.113.0/28", Begins: start().Add(-24 * time.Hour), Ends: start().Add(time.Hour), Reason: "bảo trì"})
	if err != nil {
		t.Fatal(err)
	}
	h.deliver("shadow", "2026-03-01-scan_rdp.csv", rdp(seen(start().Add(-9*time.Hour), "203.0.113.5"), seen(start().Add(-9*time.Hour), "203.0.113.99")))
	if got := h.findings(); got[0].Unwarned || got[0].Muted == 0 || !got[1].Unwarned {
		t.Fatalf("%+v", got)
	}
	h.advance(2 * time.Hour)
	if got := h.findings(); !got[0].Unwarned || got[0].Muted != 0 {
		t.Fatalf("after the mute: %+v", got[0])
	}
}

func TestAQuarantinedRowIsReleasedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.source("shadow", intake.Source{Format: intake.Shadowserver})
		doc := h.deliver("shadow", "2026-03-01-scan_rdp.csv", rdp("\"yesterday\",\"high\",\"203.0.113.7\",\"tcp\",\"3389\",\"\",\"rdp\",\"64500\",\"VN\"\n"))
		if doc.State != intake.Unparsed || len(h.findings()) != 0 {
			t.Fatalf("%+v", doc)
		}
		held, err := h.intake.Quarantine(t.Context(), analyst(), intake.QuarantineFilter{})
		if err != nil || len(held) != 1 || held[0].Line != 2 || held[0].Column != 1 {
			t.Fatalf("%+v %v", held, err)
		}
		if _, err := h.intake.Release(t.Context(), analyst(), held[0].ID, map[string]string{"timestamp": "never"}); !errs.Is(err, errs.Invalid) {
			t.Fatalf("still wrong: %v", err)
		}
		if _, err := h.intake.Release(t.Context(), analyst(), held[0].ID, map[string]string{"timestamp": "2026-03-01 10:00:00"}); err != nil {
			t.Fatal(err)
		}
		h.settle()
		if got := h.findings(); len(got) != 1 || got[0].Asset != "ip:203.0.113.7" {
			t.Fatalf("%+v", got)
		}
		if doc, err = h.intake.Document(t.Context(), analyst(), doc.ID); err != nil || doc.State != intake.Parsed || doc.Kept != 1 || doc.Quarantined != 0 {
			t.Fatalf("%+v %v", doc, err)
		}
		if _, err := h.intake.Release(t.Context(), analyst(), held[0].ID, nil); !errs.Is(err, errs.Conflict) {
			t.Fatalf("twice: %v", err)
		}
	}, schema()...)
}

func TestReadingADocumentAgainCountsNothingTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.source("shadow", intake.Source{Format: intake.Shadowserver})
		doc := h.deliver("shadow", "2026-03-01-scan_rdp.csv", rdp(seen(start().Add(-9*time.Hour), "203.0.113.5"), seen(start().Add(-8*time.Hour), "203.0.113.5")))
		if _, err := h.intake.Reparse(t.Context(), analyst(), doc.ID); err != nil {
			t.Fatal(err)
		}
		h.settle()
		if got := h.findings(); len(got) != 1 || got[0].Count != 2 {
			t.Fatalf("%+v", got)
		}
		again, err := h.intake.Document(t.Context(), analyst(), doc.ID)
		if err != nil || again.Round != 2 || again.Kept != 2 || again.State != intake.Parsed {
			t.Fatalf("%+v %v", again, err)
		}
	}, schema()...)
}

// What a marking keeps from the body above is not counted for it either, and a
// source that narrows a finding moves it in the counts, too.
func TestCountsObeyTheMarkingAsListsDo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.source("open", intake.Source{Format: intake.Shadowserver, TLP: tlp.Green})
		h.source("strict", intake.Source{Format: intake.Shadowserver, TLP: tlp.AmberStrict})
		at := start().Add(-9 * time.Hour)
		h.deliver("open", "2026-03-01-scan_rdp.csv", rdp(seen(at, "203.0.113.5"), seen(at, "203.0.113.6")))
		a, b := h.officer("P-A"), h.officer("P-B")
		above := auth.Actor{ID: 3, Email: "above@tocsin.example", Role: auth.Officer, Organisation: b.Organisation, Scope: auth.Only(a.Organisation, b.Organisation), Via: auth.ViaSession}
		for _, step := range []struct {
			report string
			own    int
			above  int
		}{{"", 2, 2}, {rdp(seen(at, "203.0.113.6"), seen(at, "203.0.113.7")), 3, 1}} {
			if step.report != "" {
				h.deliver("strict", "2026-03-02-scan_rdp.csv", step.report)
			}
			for _, x := range []struct {
				who  auth.Actor
				want int
			}{{a, step.own}, {above, step.above}} {
				page, err := h.finding.List(t.Context(), x.who, finding.Filter{})
				if err != nil {
					t.Fatal(err)
				}
				var counted int64
				numbers, err := h.finding.Numbers(t.Context(), x.who, "", "severity", "state")
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range numbers {
					counted += n.N
				}
				if len(page.Items) != x.want || counted != int64(x.want) {
					t.Errorf("%s: %d listed, %d counted, want %d", x.who.Email, len(page.Items), counted, x.want)
				}
			}
		}
	}, schema()...)
}

// A row is listed if and only if its reader may view it.
func TestAFindingIsListedIfAndOnlyIfItsReaderMayViewIt(t *testing.T) {
	h := build(t, dbtest.SQLite(t, schema()...))
	h.source("shadow", intake.Source{Format: intake.Shadowserver})
	at := start().Add(-9 * time.Hour)
	h.deliver("shadow", "2026-03-01-scan_rdp.csv", rdp(seen(at, "203.0.113.5"), seen(at, "203.0.113.200"), seen(at, "192.0.2.9"), seen(at, "203.0.113.6")))
	for _, who := range []auth.Actor{analyst(), h.officer("P-A"), h.officer("P-B"), {Role: auth.Officer, Via: auth.ViaSession}} {
		page, err := h.finding.List(t.Context(), who, finding.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		listed := map[finding.ID]bool{}
		for _, f := range page.Items {
			listed[f.ID] = true
		}
		var counted int64
		numbers, err := h.finding.Numbers(t.Context(), who, "", "state")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range numbers {
			counted += n.N
		}
		if counted != int64(len(listed)) {
			t.Errorf("%s: %d listed, %d counted", who.Name(), len(listed), counted)
		}
		for _, f := range h.findings() {
			_, err := h.finding.Get(t.Context(), who, f.ID)
			if (err == nil) != listed[f.ID] || (err == nil) != who.Scope.Has(f.Organisation) {
				t.Errorf("%s and %s: listed %v, viewed %v", who.Name(), f.ID, listed[f.ID], err)
			}
		}
	}
}
