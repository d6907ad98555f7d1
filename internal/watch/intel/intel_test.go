package intel_test

import (
	"slices"
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
	"tocsin/internal/city/estate/whose"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
)

// A house is the room with two sources.
type house struct {
	t     *testing.T
	db    *db.DB
	clock *clock.Standing
	room  *intel.Room
	next  int64
}

// guarded is an estate that holds one name.
type guarded struct{}

func (guarded) WhoseIs(_ string, o whose.Observable, _ time.Time) whose.Answer {
	if strings.HasSuffix(o.Text, "phuong-a.example") {
		return whose.Answer{Organisation: 7, Code: "P-A"}
	}
	return whose.Answer{}
}

func each(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	var steps []db.Migration
	for _, s := range [][]db.Migration{journal.Schema(), blob.Schema(), intake.Schema(), intel.Schema()} {
		steps = append(steps, s...)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := &house{t: t, db: d, clock: clock.NewStanding(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))}
		j := journal.New(h.clock)
		sources := intake.New(intake.Deps{DB: d, Journal: j, Clock: h.clock})
		for _, name := range []string{"one", "two"} {
			if _, err := sources.AddSource(t.Context(), analyst(), intake.Source{Name: name, Format: intake.Auto, TLP: tlp.Green}); err != nil {
				t.Fatal(err)
			}
		}
		h.room = intel.New(intel.Deps{DB: d, Journal: j, Clock: h.clock, Estate: guarded{}})
		test(t, h)
	}, steps...)
}

func analyst() auth.Actor {
	return auth.Actor{ID: 1, Email: "analyst@tocsin.example", Role: auth.Analyst, Scope: auth.All(), Via: auth.ViaSession}
}

// keep hands rows in as a document of a source, 1 or 2.
func (h *house) keep(source int64, rows ...row.Row) {
	h.t.Helper()
	h.next++
	doc := intake.Document{ID: h.next, Source: source, Received: h.clock.Now(), Round: 1}
	err := h.db.Write(h.t.Context(), func(tx *db.Tx) error {
		return h.room.Keep(tx, intake.Source{ID: source, TLP: tlp.Green}, doc, rows)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) all() map[string]intel.Indicator {
	h.t.Helper()
	list, _, err := h.room.List(h.t.Context(), analyst(), intel.Filter{})
	if err != nil {
		h.t.Fatal(err)
	}
	out := map[string]intel.Indicator{}
	for _, i := range list {
		out[i.Value] = i
	}
	return out
}

func name(value string) row.Row {
	return row.Row{Line: 1, Indicator: &row.Indicator{Type: row.Name, Value: value}}
}

func object(id string, version time.Time, value string) row.Row {
	r := name(value)
	r.Statement = &row.Statement{ID: id, Version: version}
	return r
}

func TestWhatSeveralSourcesSayIsOneIndicator(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.keep(1, name("bad.example"))
		h.keep(2, name("bad.example"))
		got := h.all()["bad.example"]
		if !slices.Equal(got.Sources, []string{"one", "two"}) || got.State != intel.Active || got.TLP != tlp.Green {
			t.Errorf("%+v", got)
		}
		if got.Confidence != 75 { // two who are half sure
			t.Errorf("confidence %d, want 75", got.Confidence)
		}
	})
}

func TestConfidenceDecaysUntilTheIndicatorExpires(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.keep(1, name("bad.example"))
		before := h.all()["bad.example"].Confidence
		h.clock.Advance(60 * 24 * time.Hour)
		half := h.all()["bad.example"]
		if half.Confidence >= before || half.Confidence == 0 || half.State != intel.Active {
			t.Errorf("after 60 days: %+v", half)
		}
		h.clock.Advance(61 * 24 * time.Hour)
		if old := h.all()["bad.example"]; old.State != intel.Expired || old.Confidence != 0 {
			t.Errorf("after 121 days: %+v", old)
		}
		h.keep(1, name("bad.example"))
		if again := h.all()["bad.example"]; again.State != intel.Active || again.Confidence != before {
			t.Errorf("named again: %+v", again)
		}
	})
}

func TestWhatHoldsUntilItIsTakenBackIsAsFreshAsItsDelivery(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		old := h.clock.Now().AddDate(-6, 0, 0)
		standing, dated := object("indicator--1", old, "standing.example"), object("attribute-1", old, "dated.example")
		standing.At, dated.At = old, old
		standing.Statement.Standing = true
		h.keep(1, standing, dated)
		all := h.all()
		if all["standing.example"].State != intel.Active || all["standing.example"].Confidence == 0 {
			t.Errorf("without an end: %+v", all["standing.example"])
		}
		if all["dated.example"].State != intel.Expired {
			t.Errorf("six years old and no more: %+v", all["dated.example"])
		}
	})
}

func TestANewerVersionTakesBackWhatTheOlderSaid(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		first := h.clock.Now().Add(-2 * time.Hour)
		h.keep(1, object("indicator--1", first, "old.example"))
		h.keep(1, object("indicator--1", first.Add(time.Hour), "new.example"))
		h.keep(1, object("indicator--1", first, "old.example")) // a late copy of the first
		all := h.all()
		if all["old.example"].State != intel.IsRevoked || all["new.example"].State != intel.Active {
			t.Errorf("old is %s, new is %s", all["old.example"].State, all["new.example"].State)
		}
		gone := object("indicator--1", first.Add(90*time.Minute), "new.example")
		gone.Statement.Revoked = true
		h.keep(1, gone)
		if s := h.all()["new.example"].State; s != intel.IsRevoked {
			t.Errorf("revoked by its source, yet %s", s)
		}
		h.keep(2, name("new.example"))
		if s := h.all()["new.example"].State; s != intel.Active {
			t.Errorf("another source stands behind it, yet %s", s)
		}
	})
}

func TestPoisonWaitsForAPerson(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.keep(1, row.Row{Indicator: &row.Indicator{Type: row.IPv4, Value: "8.8.8.8"}}, row.Row{Indicator: &row.Indicator{Type: row.CIDR, Value: "45.0.0.0/8"}},
			name("www.phuong-a.example"), name("soon-harmless.example"), name("bad.example"))
		all := h.all()
		for value, by := range map[string]string{"8.8.8.8": "benign", "45.0.0.0/8": "broad", "www.phuong-a.example": "ours"} {
			if got := all[value]; got.State != intel.IsHeld || !strings.HasPrefix(got.HeldBy, by) {
				t.Errorf("%s: %s, held by %q", value, got.State, got.HeldBy)
			}
		}
		if all["bad.example"].State != intel.Active {
			t.Errorf("bad.example is %s", all["bad.example"].State)
		}
		// A list that comes later holds what is there already.
		h.keep(2, row.Row{Benign: &row.Benign{Name: "harmless", Type: "hostname", Values: []string{"soon-harmless.example"}}})
		if got := h.all()["soon-harmless.example"]; got.State != intel.IsHeld {
			t.Errorf("after the list: %+v", got)
		}
		ours := all["www.phuong-a.example"]
		if err := h.room.Release(t.Context(), analyst(), ours.ID, ""); !errs.Is(err, errs.Invalid) {
			t.Errorf("released for no reason: %v", err)
		}
		if err := h.room.Release(t.Context(), analyst(), ours.ID, "the site is defaced"); err != nil {
			t.Fatal(err)
		}
		h.keep(2, name("www.phuong-a.example")) // and it stays so
		if got := h.all()["www.phuong-a.example"]; got.State != intel.Active || got.DecidedBy != "analyst@tocsin.example" {
			t.Errorf("released: %+v", got)
		}
		if err := h.room.Hold(t.Context(), analyst(), all["bad.example"].ID, "ours by contract"); err != nil {
			t.Fatal(err)
		}
		h.keep(2, name("bad.example"))
		if got := h.all()["bad.example"]; got.State != intel.IsHeld {
			t.Errorf("held by a person, then named again: %s", got.State)
		}
	})
}

func TestIndicatorsAndAdvisoriesAreTheCentres(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.keep(1, name("bad.example"), row.Row{Advisory: &advisory.Advisory{ID: "X-1", Title: "A flaw"}})
		supervisor := auth.Actor{ID: 3, Email: "s@tocsin.example", Role: auth.Supervisor, Scope: auth.Only(7), Via: auth.ViaSession}
		if list, _, err := h.room.List(t.Context(), supervisor, intel.Filter{}); err != nil || len(list) != 0 {
			t.Errorf("whose scope is one body lists %d indicators, %v", len(list), err)
		}
		if list, _, err := h.room.Advisories(t.Context(), supervisor, intel.AdvisoryFilter{}); err != nil || len(list) != 0 {
			t.Errorf("whose scope is one body lists %d advisories, %v", len(list), err)
		}
		officer := auth.Actor{ID: 4, Email: "o@tocsin.example", Role: auth.Officer, Organisation: 7, Scope: auth.Only(7), Via: auth.ViaSession}
		if _, _, err := h.room.List(t.Context(), officer, intel.Filter{}); !errs.Is(err, errs.Denied) {
			t.Errorf("an officer lists indicators: %v", err)
		}
		if err := h.room.Hold(t.Context(), officer, "I1", "why"); !errs.Is(err, errs.Denied) {
			t.Errorf("an officer holds one: %v", err)
		}
	})
}

func TestARevisionIsKeptAndAnOlderOneIsNot(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		at := h.clock.Now().Add(-48 * time.Hour)
		say := func(title string, modified time.Time) row.Row {
			return row.Row{Advisory: &advisory.Advisory{ID: "X-1", Title: title, Modified: modified, CVEs: []string{"CVE-2026-0001"}}}
		}
		h.keep(1, say("first", at))
		h.keep(1, say("second", at.Add(time.Hour)))
		h.keep(1, say("first", at))
		list, _, err := h.room.Advisories(t.Context(), analyst(), intel.AdvisoryFilter{})
		if err != nil || len(list) != 1 || list[0].Title != "second" || !slices.Equal(list[0].CVEs, []string{"CVE-2026-0001"}) {
			t.Errorf("%+v, %v", list, err)
		}
		var entries []journal.Entry
		err = h.db.Read(t.Context(), func(tx *db.Tx) (err error) {
			entries, err = journal.Entries(tx, journal.Query{Verbs: []string{intel.VerbKept}})
			return err
		})
		if err != nil || len(entries) != 2 {
			t.Errorf("%d entries, want one for each version that was news; %v", len(entries), err)
		}
	})
}

func TestWhatSourcesSayOfACVEIsJoined(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const cve = "CVE-2026-0001"
		h.keep(1, row.Row{Advisory: &advisory.Advisory{ID: cve, Title: "A flaw", CVEs: []string{cve}, Scores: []advisory.Score{
			{Version: "2.0", Vector: "AV:N/AC:L/Au:N/C:P/I:P/A:P", Base: 7.5}, {CVE: cve, Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N", Base: 6.5},
		}}})
		h.keep(2, row.Row{Advisory: &advisory.Advisory{CVEs: []string{cve}, EPSS: &advisory.EPSS{Score: 0.42, Percentile: 0.97, Date: "2026-03-01"}}})
		h.keep(2, row.Row{Advisory: &advisory.Advisory{CVEs: []string{cve}, EPSS: &advisory.EPSS{Score: 0.01, Percentile: 0.2, Date: "2026-02-01"}}})
		h.keep(2, row.Row{Advisory: &advisory.Advisory{ID: cve, Title: "In the catalogue", CVEs: []string{cve}, KEV: &advisory.KEV{Added: "2026-03-01", Due: "2026-03-21"}}})
		dangers, err := h.room.Dangers(t.Context(), analyst(), []string{cve})
		if err != nil || len(dangers) != 1 {
			t.Fatalf("%+v, %v", dangers, err)
		}
		d := dangers[0]
		if d.Base != 6.5 || d.EPSS != 0.42 || d.KEVAdded != "2026-03-01" || !d.Exploited() {
			t.Errorf("%+v: want the newer standard's score, the newer day's EPSS, and the catalogue's word", d)
		}
		if list, _, err := h.room.Advisories(t.Context(), analyst(), intel.AdvisoryFilter{KEV: true}); err != nil || len(list) != 2 {
			t.Errorf("%d advisories of exploited weaknesses, %v", len(list), err)
		}
	})
}
