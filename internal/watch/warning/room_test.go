package warning_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
	"tocsin/internal/watch/warning/warningtest"
)

// each runs a suite in a city on both engines: organisation 1 is the city's, 10
// to 60 are wards under it.
func each(t *testing.T, suite func(t *testing.T, w *warningtest.World)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := city(t, d)
		w.Run()
		suite(t, w)
	}, warningtest.Schema()...)
}

func city(t *testing.T, d *db.DB) *warningtest.World {
	t.Helper()
	w := warningtest.New(t, d)
	w.Body(1, 0, "1 so@thanhpho.example")
	for id := int64(10); id <= 60; id++ {
		w.Body(id, 1, fmt.Sprintf("1 cntt%d@px.example", id), fmt.Sprintf("2 vanphong%d@px.example", id))
	}
	return w
}

func calls(t *testing.T, w *warningtest.World, verbs ...string) (list []warning.Call) {
	t.Helper()
	for _, e := range w.Entries(verbs...) {
		var c warning.Call
		if err := json.Unmarshal(e.Body, &c); err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

func whom(c warning.Call) (list []string) {
	for _, a := range c.To {
		mark := ""
		if a.Notice {
			mark = " (notice)"
		}
		list = append(list, a.Email+mark)
	}
	return list
}

func TestGraveFindingsOfAReportMakeOneWarningAnOrganisation(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		ids := w.Deliver(1,
			warningtest.Problem{Organisation: 10, Severity: row.Critical, Kind: row.C2Contact},
			warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 11},
			warningtest.Problem{Organisation: 10, Severity: row.Medium, Kind: row.ExposedService})
		w.Settle()
		list := w.List()
		if len(list) != 2 {
			t.Fatalf("%d warnings, want one for each of two organisations: %+v", len(list), list)
		}
		first := list[0]
		want := []string{fmt.Sprintf("F%d", ids[0]), fmt.Sprintf("F%d", ids[1])}
		if first.Organisation != "PX010" || first.Severity != "critical" || first.State != warning.Sent || !slices.Equal(first.Findings, want) {
			t.Errorf("warning %+v, want a critical one of %v to PX010", first, want)
		}
		if due := *first.Due; !due.Equal(warningtest.Start().Add(time.Hour)) {
			t.Errorf("due %v, want an hour after the start", due)
		}
		if to := whom(calls(t, w, warning.VerbSent)[0]); !slices.Equal(to, []string{"cntt10@px.example"}) {
			t.Errorf("told %v, want the first contact", to)
		}
	})
}

func TestMediumWaitsForTheDailyDigestAndLowForMonday(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Medium}, warningtest.Problem{Organisation: 10, Severity: row.Low})
		w.Settle()
		if n := len(w.List()); n != 0 {
			t.Fatalf("%d warnings at once, want none", n)
		}
		w.Advance(23 * time.Hour)
		if list := w.List(); len(list) != 1 || list[0].Severity != "medium" || list[0].Cadence != warning.Daily || len(list[0].Findings) != 1 {
			t.Fatalf("after the day: %+v, want one digest of the medium finding", list)
		}
		w.Advance(6 * 24 * time.Hour)
		if list := w.List(); len(list) != 2 || list[1].Severity != "low" || list[1].Cadence != warning.Weekly {
			t.Fatalf("after Monday: %+v, want a weekly digest too", list)
		}
	})
}

func TestDigestRunForcesBothDigests(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Medium}, warningtest.Problem{Organisation: 10, Severity: row.Info}, warningtest.Problem{Organisation: 11, Severity: row.Low})
		w.Settle()
		if err := w.Room.DigestRun(t.Context(), warningtest.Officer("a@px.example", 10)); !errs.Is(err, errs.Denied) {
			t.Fatalf("an officer runs the digest: %v, want Denied", err)
		}
		if err := w.Room.DigestRun(t.Context(), warningtest.Centre()); err != nil {
			t.Fatal(err)
		}
		w.Settle()
		if list := w.List(); len(list) != 2 || len(list[0].Findings) != 2 {
			t.Fatalf("%+v, want a digest of two for PX010 and one of one for PX011", list)
		}
	})
}

func TestSilenceClimbsFromContactToContactToParentToDuty(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Critical})
		w.Settle()
		want := [][]string{{"vanphong10@px.example"}, {"so@thanhpho.example"}, {"truc@trungtam.example"}, nil}
		for i, to := range want {
			w.Advance(time.Hour)
			got := calls(t, w, warning.VerbEscalated)
			if len(got) != i+1 || !slices.Equal(whom(got[i]), to) {
				t.Fatalf("after %d hours: %+v, want the last to tell %v", i+1, got, to)
			}
		}
		w.Advance(48 * time.Hour)
		if got := calls(t, w, warning.VerbEscalated); len(got) != len(want) {
			t.Errorf("%d steps, want no more than %d", len(got), len(want))
		}
		if sheet := w.Duty.Sheet(); len(sheet) != 1 || sheet[0].Reason != "unanswered" || len(sheet[0].Whom) != 2 {
			t.Errorf("call sheet %+v, want one line with the ward's two contacts", sheet)
		}
	})
}

func TestAClockThatSleptTakesEveryStepAtItsOwnTime(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Critical})
		w.Settle()
		w.Advance(3*time.Hour + time.Minute)
		if got := calls(t, w, warning.VerbEscalated); len(got) != 3 {
			t.Errorf("%d steps after three hours at once, want 3", len(got))
		}
	})
}

func TestAcknowledgementStopsTheClimb(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Critical})
		w.Settle()
		if _, err := w.Room.Acknowledge(t.Context(), warningtest.Officer("b@px.example", 11), 1); !errs.Is(err, errs.NotFound) {
			t.Fatalf("a stranger acknowledges: %v, want NotFound", err)
		}
		got, err := w.Room.Acknowledge(t.Context(), warningtest.Officer("a@px.example", 10), 1)
		if err != nil || got.State != warning.Acknowledged || got.AcknowledgedBy != "a@px.example" {
			t.Fatalf("%+v, %v", got, err)
		}
		if again, err := w.Room.Acknowledge(t.Context(), warningtest.Officer("c@px.example", 10), 1); err != nil || again.AcknowledgedBy != "a@px.example" {
			t.Errorf("again: by %s, %v; want the first to stay", again.AcknowledgedBy, err)
		}
		w.Advance(24 * time.Hour)
		if got := calls(t, w, warning.VerbEscalated); len(got) != 0 {
			t.Errorf("%d steps after the acknowledgement, want none", len(got))
		}
	})
}

func TestWhoKnowsAndDoesNotMendIsReminded(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		ids := w.Deliver(1, warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 10})
		w.Settle()
		if _, err := w.Room.Acknowledge(t.Context(), warningtest.Officer("a@px.example", 10), 1); err != nil {
			t.Fatal(err)
		}
		w.Advance(72 * time.Hour)
		w.Advance(72 * time.Hour)
		w.Advance(72 * time.Hour)
		w.Advance(400 * time.Hour)
		got := calls(t, w, warning.VerbReminded)
		if len(got) != 3 || !slices.Equal(whom(got[2]), []string{"cntt10@px.example", "so@thanhpho.example"}) {
			t.Fatalf("reminders %+v, want three, the last with the parent", got)
		}
		w.Over(ids...)
		w.Settle()
		if v := w.List()[0]; v.State != warning.Closed || v.EndedAt == nil {
			t.Errorf("%+v, want closed when all findings are over", v)
		}
	})
}

func TestOneFindingLeftKeepsTheWarningOpen(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		ids := w.Deliver(1, warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 10})
		w.Settle()
		w.Over(ids[0])
		w.Settle()
		if v := w.List()[0]; v.State != warning.Sent {
			t.Errorf("state %s, want sent while a finding lives", v.State)
		}
	})
}

func TestWithoutAContactParentAndDutyAreToldAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Body(70, 1)
		w.Deliver(1, warningtest.Problem{Organisation: 70, Severity: row.Critical})
		w.Settle()
		if to := whom(calls(t, w, warning.VerbSent)[0]); !slices.Equal(to, []string{"so@thanhpho.example", "truc@trungtam.example"}) {
			t.Errorf("told %v, want parent and duty", to)
		}
		if !slices.Equal(w.Findings.WithoutContact(), []int64{70}) || len(w.Duty.Sheet()) != 1 {
			t.Errorf("no-contact %v, sheet %v", w.Findings.WithoutContact(), w.Duty.Sheet())
		}
		// A contact appears: it learns what it missed.
		w.Body(70, 1, "1 moi@px.example")
		w.Write(func(tx *db.Tx) error {
			_, err := w.Journal.Append(tx, journal.Draft{Actor: "a", Organisation: 70, Subject: "contact:1", Verb: "contact.added", Body: map[string]any{}})
			return err
		})
		w.Settle()
		got := calls(t, w, warning.VerbEscalated)
		if len(got) != 1 || !slices.Equal(whom(got[0]), []string{"moi@px.example"}) || len(w.Findings.WithoutContact()) != 0 {
			t.Errorf("%+v, want the new contact told and the finding ended", got)
		}
	})
}

func TestAmberStrictReachesTheParentWithoutItsContent(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Critical, TLP: tlp.AmberStrict})
		w.Settle()
		w.Advance(2 * time.Hour)
		got := calls(t, w, warning.VerbSent, warning.VerbEscalated)
		if len(got) != 3 || !slices.Equal(whom(got[0]), []string{"cntt10@px.example"}) || !slices.Equal(whom(got[2]), []string{"so@thanhpho.example (notice)"}) {
			t.Fatalf("%+v, want the contact told and the parent only noticed", got)
		}
		if n := len(w.Entries(warning.VerbWithheld)); n != 1 {
			t.Errorf("%d refusals in the journal, want 1", n)
		}
	})
}

func TestRedWaitsForAPersonAndGoesToNamedIndividuals(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Body(71, 1, "1 cntt71@px.example", "2 ong.an@px.example")
		w.Deliver(1, warningtest.Problem{Organisation: 71, TLP: tlp.Red}, warningtest.Problem{Organisation: 71})
		w.Settle()
		list := w.List()
		if len(list) != 2 || list[0].State != warning.Draft || list[0].Hold != warning.HoldRed || list[1].State != warning.Sent {
			t.Fatalf("%+v, want the red one held and the other sent", list)
		}
		if _, err := w.Room.Get(t.Context(), warningtest.Officer("a@px.example", 71), list[0].Warning.ID, "vi"); !errs.Is(err, errs.NotFound) {
			t.Errorf("the officer sees the draft: %v", err)
		}
		if _, err := w.Room.Send(t.Context(), warningtest.Centre(), list[0].Warning.ID, warning.Send{To: []string{"nguoila@khac.example"}}); !errs.Is(err, errs.Conflict) {
			t.Errorf("to a stranger: %v, want Conflict", err)
		}
		if _, err := w.Room.Send(t.Context(), warningtest.Centre(), list[0].Warning.ID, warning.Send{}); err != nil {
			t.Fatal(err)
		}
		got := calls(t, w, warning.VerbSent)
		if last := whom(got[len(got)-1]); !slices.Equal(last, []string{"ong.an@px.example", "cntt71@px.example (notice)"}) {
			t.Errorf("told %v, want the individual, and the mailbox only noticed", last)
		}
	})
}

func storming(from, to int64, cause string) (problems []warningtest.Problem) {
	for o := from; o <= to; o++ {
		problems = append(problems, warningtest.Problem{Organisation: o, Cause: cause})
	}
	return problems
}

func TestACauseThatWarnsTooManyIsHeldWithOneAlarm(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		problems := append(storming(10, 30, "indicator:203.0.113.9"), warningtest.Problem{Organisation: 10})
		w.Deliver(1, problems...)
		w.Settle()
		held := 0
		for _, v := range w.List() {
			if v.State == warning.Draft && v.Hold == warning.HoldStorm {
				held++
			}
		}
		if sent := calls(t, w, warning.VerbSent); held != 21 || len(sent) != 1 {
			t.Fatalf("%d held and %d sent, want 21 and the one of another cause", held, len(sent))
		}
		if n := len(w.Entries(warning.VerbHeld)); n != 1 {
			t.Fatalf("%d alarms, want 1", n)
		}
		// More of the same joins the storm without another alarm.
		w.Deliver(1, storming(31, 33, "indicator:203.0.113.9")...)
		w.Settle()
		if n := len(w.Entries(warning.VerbHeld)); n != 1 {
			t.Errorf("%d alarms after more of the same, want 1", n)
		}
		n, err := w.Room.Decide(t.Context(), warningtest.Centre(), 1, true, "")
		if err != nil || n != 24 {
			t.Fatalf("released %d, %v; want 24", n, err)
		}
		if sent := calls(t, w, warning.VerbSent); len(sent) != 25 {
			t.Errorf("%d sent after the release, want 25", len(sent))
		}
		// The person's word holds.
		w.Deliver(1, storming(34, 36, "indicator:203.0.113.9")...)
		w.Settle()
		if sent := calls(t, w, warning.VerbSent); len(sent) != 28 {
			t.Errorf("%d sent after the word, want 28", len(sent))
		}
	})
}

func TestTwentyOrganisationsPass(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, storming(10, 29, "CVE-2026-0001")...)
		w.Settle()
		if sent := calls(t, w, warning.VerbSent); len(sent) != 20 {
			t.Fatalf("%d sent, want all 20", len(sent))
		}
		w.Deliver(1, storming(30, 30, "CVE-2026-0001")...)
		w.Settle()
		if v := w.List()[20]; v.State != warning.Draft {
			t.Errorf("the 21st within the hour is %s, want held", v.State)
		}
	})
}

func TestAnOrdinaryReportWithoutACausePasses(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, storming(10, 60, "")...)
		w.Settle()
		if sent := calls(t, w, warning.VerbSent); len(sent) != 51 {
			t.Errorf("%d sent, want all 51", len(sent))
		}
	})
}

func TestADeliveryOutOfProportionIsHeld(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(7, storming(10, 59, "")...)
		w.Settle()
		var flood []warningtest.Problem
		for range 5 {
			flood = append(flood, storming(10, 59, "")...)
		}
		flood = append(flood, warningtest.Problem{Organisation: 60, Severity: row.Medium})
		w.Deliver(7, flood...)
		w.Settle()
		if sent := calls(t, w, warning.VerbSent); len(sent) != 50 {
			t.Fatalf("%d sent, want only the first delivery's 50", len(sent))
		}
		if err := w.Room.DigestRun(t.Context(), warningtest.Centre()); err != nil {
			t.Fatal(err)
		}
		w.Settle()
		if sent := calls(t, w, warning.VerbSent); len(sent) != 50 {
			t.Errorf("%d sent after a digest, want the flood's medium findings held too", len(sent))
		}
		if _, err := w.Room.Decide(t.Context(), warningtest.Centre(), 1, false, ""); !errs.Is(err, errs.Invalid) {
			t.Errorf("struck without a reason: %v", err)
		}
		if n, err := w.Room.Decide(t.Context(), warningtest.Centre(), 1, false, "nguồn bị giả mạo"); err != nil || n != 51 {
			t.Errorf("struck %d, %v; want 51", n, err)
		}
	})
}

func TestAFindingThatGrowsGraverRevisesItsWarning(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		ids := w.Deliver(1, warningtest.Problem{Organisation: 10})
		w.Settle()
		if _, err := w.Room.Acknowledge(t.Context(), warningtest.Officer("a@px.example", 10), 1); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
		w.Raise(ids[0], row.Critical)
		w.Settle()
		list := w.List()
		if len(list) != 1 || list[0].Revision != 2 || list[0].Severity != "critical" || list[0].State != warning.Sent || list[0].AcknowledgedBy != "" {
			t.Fatalf("%+v, want one warning, revised, critical and unanswered", list)
		}
		if v := list[0]; len(v.Findings) != 1 || v.Kinds["vulnerable-service"] != 1 {
			t.Errorf("findings %v kinds %v, want the one finding counted once", v.Findings, v.Kinds)
		}
		w.Advance(time.Hour)
		if got := calls(t, w, warning.VerbEscalated); len(got) != 1 {
			t.Errorf("%d steps, want the clock to run anew", len(got))
		}
	})
}

func TestSingleFindingsGatherInOneWarning(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		for range 5 {
			w.Single(warningtest.Problem{Organisation: 10, Severity: row.Critical, Kind: row.C2Contact})
		}
		w.Settle()
		if list := w.List(); len(list) != 1 || list[0].Revision != 1 || len(list[0].Findings) != 5 {
			t.Fatalf("%+v, want one warning of five findings", list)
		}
		w.Single(warningtest.Problem{Organisation: 10, Severity: row.High, Kind: row.DataLeak})
		w.Settle()
		if list := w.List(); len(list) != 1 || list[0].Revision != 2 {
			t.Fatalf("%+v, want a revision at once for a new kind", list)
		}
		w.Single(warningtest.Problem{Organisation: 10, Severity: row.High, Kind: row.DataLeak})
		w.Settle()
		w.Advance(10 * time.Minute)
		if got := calls(t, w, warning.VerbRevised); len(got) != 2 || got[1].Revision != 3 {
			t.Errorf("%+v, want what came in meanwhile told together", got)
		}
	})
}

func TestWhatReachedNobodyClimbsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, warningtest.Problem{Organisation: 10})
		w.Settle()
		w.Write(func(tx *db.Tx) error {
			_, err := w.Journal.Append(tx, journal.Draft{Actor: "stage:post", Subject: "delivery:D1", Verb: "delivery.bounced", Body: warning.Failed{Warning: 1, Revision: 1}})
			return err
		})
		w.Settle()
		if got := calls(t, w, warning.VerbEscalated); len(got) != 1 || !slices.Equal(whom(got[0]), []string{"vanphong10@px.example"}) {
			t.Errorf("%+v, want the next contact at once", got)
		}
	})
}

func TestRulesDecideRoutingAndCanBeChanged(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		ctx, centre := t.Context(), warningtest.Centre()
		rules, err := w.Room.Rules(ctx, centre)
		if err != nil || len(rules) != 5 {
			t.Fatalf("%d rules, %v; want the five of a fresh installation", len(rules), err)
		}
		_, err = w.Room.SetRule(ctx, centre, warning.Rule{Place: 1, Name: "phường mười", When: warning.When{Organisations: []string{"PX010"}}, Then: warning.Then{
			Contacts: "all", Extra: []warning.Extra{{Name: "Nhà thầu", Email: "thau@thau.example", As: warning.Concerned}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Room.SetRule(ctx, centre, warning.Rule{Place: 2, Name: "x", Then: warning.Then{Timing: "soon"}}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a wrong rule: %v, want Invalid", err)
		}
		_, err = w.Room.SetRule(ctx, centre, warning.Rule{Place: 2, Name: "xem trước", When: warning.When{Problems: []row.Kind{row.Phishing}}, Then: warning.Then{Hold: true}})
		if err != nil {
			t.Fatal(err)
		}
		w.Deliver(1, warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 11, Kind: row.Phishing})
		w.Settle()
		if to := whom(calls(t, w, warning.VerbSent)[0]); !slices.Equal(to, []string{"cntt10@px.example", "vanphong10@px.example", "thau@thau.example"}) {
			t.Errorf("told %v", to)
		}
		if v := w.List()[1]; v.State != warning.Draft || v.Hold != "rule:xem trước" {
			t.Errorf("%+v, want held by the rule", v)
		}
		if _, err := w.Room.Send(ctx, centre, 2, warning.Send{}); err != nil {
			t.Fatal(err)
		}
		if err := w.Room.DropRule(ctx, centre, 7); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCancelNeedsAReasonAndEndsTheClock(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, warningtest.Problem{Organisation: 10})
		w.Settle()
		if _, err := w.Room.Cancel(t.Context(), warningtest.Centre(), 1, " "); !errs.Is(err, errs.Invalid) {
			t.Errorf("without a reason: %v", err)
		}
		if _, err := w.Room.Cancel(t.Context(), warningtest.Officer("a@px.example", 10), 1, "x"); !errs.Is(err, errs.Denied) {
			t.Errorf("by an officer: %v", err)
		}
		if _, err := w.Room.Cancel(t.Context(), warningtest.Centre(), 1, "báo nhầm"); err != nil {
			t.Fatal(err)
		}
		w.Advance(100 * time.Hour)
		if n := len(w.Entries(warning.VerbEscalated)); n != 0 {
			t.Errorf("%d steps of a cancelled warning", n)
		}
		if _, err := w.Room.Acknowledge(t.Context(), warningtest.Officer("a@px.example", 10), 1); !errs.Is(err, errs.Gone) {
			t.Errorf("acknowledged: %v, want Gone", err)
		}
	})
}

func TestNobodyForHalfAYearExpiresTheWarning(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, warningtest.Problem{Organisation: 10})
		w.Settle()
		w.Advance(181 * 24 * time.Hour)
		if v := w.List()[0]; v.State != warning.Expired {
			t.Errorf("state %s, want expired", v.State)
		}
	})
}

func TestALargeDeliveryIsToldInBracketsAndOnceOnly(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		var problems []warningtest.Problem
		for range 4500 { // more than two brackets of one organisation
			problems = append(problems, warningtest.Problem{Organisation: 10})
		}
		problems = append(problems, storming(11, 60, "")...)
		w.Deliver(9, problems...)
		w.Settle()
		list := w.List()
		if len(list) != 51 || len(list[0].Findings) != 4500 || list[0].State != warning.Sent {
			t.Fatalf("%d warnings, the first of %d findings in state %s", len(list), len(list[0].Findings), list[0].State)
		}
		if got := calls(t, w, warning.VerbSent); len(got) != 51 {
			t.Errorf("%d sent, want 51", len(got))
		}
	})
}

func TestEveryRecordIsAsItsEntriesLeftIt(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, storming(10, 35, "CVE-1")...)
		w.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Critical})
		w.Settle()
		w.Advance(5 * time.Hour)
		if _, err := w.Room.Decide(t.Context(), warningtest.Centre(), 1, true, ""); err != nil {
			t.Fatal(err)
		}
		w.Settle()
		w.Advance(5 * time.Hour)
		verify(t, w, warning.Audit(), warning.AuditStorms(), warning.AuditRouting())
	})
}

// verify compares every record of the audits with what its last entry says.
func verify(t *testing.T, w *warningtest.World, audits ...journal.Audit) {
	t.Helper()
	w.Read(func(tx *db.Tx) error {
		said := map[string]string{}
		var bodies []string
		if err := tx.Select(&bodies, `SELECT records FROM journal_body ORDER BY seq`); err != nil {
			return err
		}
		for _, body := range bodies {
			var records []journal.Record
			if err := json.Unmarshal([]byte(body), &records); err != nil {
				return err
			}
			for _, r := range records {
				said[r.Kind+" "+r.ID] = r.Hash
			}
		}
		n := 0
		for _, a := range audits {
			err := a.Scan(tx, func(id, hash string) error {
				n++
				if said[a.Kind+" "+id] != hash {
					t.Errorf("%s %s is not as its last entry left it", a.Kind, id)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if n == 0 {
			t.Error("nothing to verify")
		}
		return nil
	})
}

func TestAWarningIsListedIfAndOnlyIfItMayBeViewed(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Deliver(1, append(storming(10, 31, "CVE-1"), storming(10, 12, "")...)...)
		w.Settle()
		all := w.List()
		for _, a := range []int64{10, 12, 40} {
			actor := warningtest.Officer("a@px.example", a)
			list, err := w.Room.List(t.Context(), actor, warning.Query{})
			if err != nil {
				t.Fatal(err)
			}
			n, err := w.Room.Count(t.Context(), actor, warning.Query{})
			if err != nil || int(n) != len(list) {
				t.Errorf("count %d of %d listed, %v", n, len(list), err)
			}
			listed := map[string]bool{}
			for _, v := range list {
				listed[v.ID] = true
			}
			for _, v := range all {
				_, err := w.Room.Get(t.Context(), actor, v.Warning.ID, "vi")
				if (err == nil) != listed[v.ID] {
					t.Errorf("%s: listed %v, view %v", v.ID, listed[v.ID], err)
				}
			}
		}
	})
}

func TestTheWordsOfAWarning(t *testing.T) {
	d := dbtest.SQLite(t, warningtest.Schema()...)
	w := city(t, d)
	w.Run()
	var problems []warningtest.Problem
	for _, k := range row.Kinds() {
		if k != row.NoContact {
			problems = append(problems, warningtest.Problem{Organisation: 10, Kind: k, Severity: row.High, Asset: "url:http://phuong10.example/a", Detail: "https://x.example/b"})
		}
	}
	for range 30 {
		problems = append(problems, warningtest.Problem{Organisation: 10, Kind: row.Spam, Severity: row.High})
	}
	w.Deliver(1, problems...)
	w.Settle()
	for _, lang := range []string{"vi", "en"} {
		for _, to := range []warning.Addressee{
			{Relation: warning.Concerned}, {Relation: warning.Above}, {Relation: warning.Centre}, {Relation: warning.Above, Notice: true},
		} {
			for _, verb := range []string{warning.VerbSent, warning.VerbEscalated, warning.VerbReminded, warning.VerbRevised} {
				w.Read(func(tx *db.Tx) error {
					one, err := w.Room.In(tx, 1)
					if err != nil {
						return err
					}
					both, err := w.Room.Compose(tx, warning.Telling{Warning: one, Verb: verb, Addressee: to}, lang)
					if err != nil {
						return err
					}
					c := both.In[0]
					all := fmt.Sprintf("%+v", c)
					if strings.Contains(all, "⟦") || strings.Contains(all, "http://") || strings.Contains(all, "https://") {
						t.Errorf("%s %s: a hole or a link in %s", lang, verb, all)
					}
					if to.Notice && (len(c.Groups) > 0 || strings.Contains(all, "x.example")) {
						t.Errorf("a notice with content: %s", all)
					}
					if !to.Notice && len(c.Groups) != 17 {
						t.Errorf("%d groups, want one for each kind", len(c.Groups))
					}
					for _, g := range c.Groups {
						if len(g.Steps) < 3 || len(g.Steps) > 6 || len(g.Items) == 0 {
							t.Errorf("%s: %d steps, %d items", g.Kind, len(g.Steps), len(g.Items))
						}
					}
					return nil
				})
			}
		}
	}
	if err := w.Texts.Check(); err != nil {
		t.Error(err)
	}
}

func TestRedGoesToNoMailboxThatSeveralRead(t *testing.T) {
	each(t, func(t *testing.T, w *warningtest.World) {
		w.Body(72, 0, "1 chung@px.example", "1 ba.lan@px.example", "1 cntt@px.example")
		w.Deliver(1, warningtest.Problem{Organisation: 72, TLP: tlp.Red})
		w.Settle()
		for _, to := range [][]string{{"chung@px.example"}, {"ba.lan@px.example", "chung@px.example"}, {"ai-do@px.example"}} {
			if _, err := w.Room.Send(t.Context(), warningtest.Centre(), 1, warning.Send{To: to}); !errs.Is(err, errs.Conflict) {
				t.Errorf("to %v: %v, want Conflict", to, err)
			}
		}
		if v, err := w.Room.Send(t.Context(), warningtest.Centre(), 1, warning.Send{}); err != nil || v.State != warning.Sent {
			t.Fatalf("to individuals: %+v, %v", v, err)
		}
		for _, e := range w.Entries(warning.VerbSent) {
			var call warning.Call
			if err := json.Unmarshal(e.Body, &call); err != nil {
				t.Fatal(err)
			}
			for _, a := range call.To {
				if whole := !a.Notice; whole != (a.Email == "ba.lan@px.example") {
					t.Errorf("%s gets the content: %v", a.Email, whole)
				}
			}
		}
	})
}
