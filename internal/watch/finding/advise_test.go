package finding_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match/product"
)

// kevOf is a catalogue of exploited vulnerabilities as CISA writes it.
func kevOf(entries ...string) string {
	return `{"title":"catalogue","catalogVersion":"2026.03.01","dateReleased":"2026-03-01T00:00:00Z","count":` +
		fmt.Sprint(len(entries)) + `,"vulnerabilities":[` + strings.Join(entries, ",") + `]}`
}

func kevEntry(cve, vendor, name string) string {
	return fmt.Sprintf(`{"cveID":%q,"vendorProject":%q,"product":%q,"vulnerabilityName":"%s %s flaw","dateAdded":"2026-02-27",
		"shortDescription":"A flaw.","requiredAction":"Apply updates.","dueDate":"2026-03-20","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}`,
		cve, vendor, name, vendor, name)
}

func (h *house) of(kind row.Kind) (out []finding.Finding) {
	h.t.Helper()
	for _, f := range h.findings() {
		if f.Kind == kind {
			out = append(out, f)
		}
	}
	return out
}

func (h *house) entries(verbs ...string) (out []journal.Entry) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *db.Tx) (err error) {
		out, err = journal.Entries(tx, journal.Query{Verbs: verbs})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func TestAnExploitedProductIsOneFindingAnOrganisationAndEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.apply("software.csv", "organisation,vendor,product,version,hostname\n"+
			"P-A,Example Soft,Gate Manager,4.1,may-01\nP-A,Example Soft,Gate Manager,4.2,may-02\nP-B,Example Soft Inc.,Gate Manager,,\nP-B,Other,Thing,1,\n")
		h.source("kev", intake.Source{Format: intake.KEV})
		one := kevEntry("CVE-2026-0001", "Example Soft", "Gate Manager")
		two := kevEntry("CVE-2026-0002", "Example Soft", "Gate Manager")
		other := kevEntry("CVE-2026-0003", "Somebody Else", "Unheard Of")
		h.deliver("kev", "kev.json", kevOf(one, other))
		found := h.of(row.VulnerableProduct)
		if len(found) != 2 {
			t.Fatalf("%d findings, want one for each of two organisations: %+v", len(found), found)
		}
		for _, f := range found {
			if f.Discriminator != "CVE-2026-0001" || !strings.HasPrefix(f.Rule, "product ") || f.Organisation == 0 || f.Asset.Scheme() != "product" {
				t.Errorf("%+v", f)
			}
			if f.Probability != "possible" {
				t.Errorf("%s is %s: the catalogue names no version", f.ID, f.Probability)
			}
			if f.Detail == nil || !f.Detail.Exploited {
				t.Errorf("%s says nothing of being exploited: %+v", f.ID, f.Detail)
			}
		}
		if n := len(h.entries(finding.VerbMatched)); n != 1 {
			t.Errorf("%d advisories were told of, want 1", n)
		}
		// The same entries in another order are no news.
		h.deliver("kev", "kev-2.json", kevOf(other, one))
		if n := len(h.entries(finding.VerbMatched)); n != 1 {
			t.Errorf("reordering told of %d advisories more", n-1)
		}
		h.deliver("kev", "kev-3.json", kevOf(two, other, one))
		if n := len(h.of(row.VulnerableProduct)); n != 4 {
			t.Errorf("%d findings, want 4 with the new entry", n)
		}
		if n := len(h.entries(finding.VerbMatched)); n != 2 {
			t.Errorf("%d advisories were told of, want 2", n)
		}
	}, schema()...)
}

func TestSoftwareIsMatchedBackAndItsNewVersionIsTheWitness(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.source("osv", intake.Source{Format: intake.OSV})
		h.deliver("osv", "osv.json", `{"schema_version":"1.6.0","id":"GO-2026-0001","modified":"2026-02-27T00:00:00Z","published":"2026-02-20T00:00:00Z",
			"aliases":["CVE-2026-0007"],"summary":"A flaw in gate","affected":[{"package":{"ecosystem":"PyPI","name":"gate","purl":"pkg:pypi/gate"},
			"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}]}]}`)
		if n := len(h.of(row.VulnerableProduct)); n != 0 {
			t.Fatalf("%d findings although nobody has the product", n)
		}
		h.clock.Advance(time.Hour)
		h.apply("software.csv", "organisation,vendor,product,version,purl,hostname\nP-A,,gate,1.4,pkg:pypi/gate@1.4,may-01\n")
		h.settle()
		found := h.of(row.VulnerableProduct)
		if len(found) != 1 || found[0].Probability != "confirmed" || found[0].Discriminator != "CVE-2026-0007" {
			t.Fatalf("matched back: %+v", found)
		}
		h.clock.Advance(time.Hour)
		h.apply("software.csv", "organisation,vendor,product,version,purl,hostname\nP-A,,gate,2.1,pkg:pypi/gate@2.1,may-01\n")
		h.settle()
		found = h.of(row.VulnerableProduct)
		if len(found) != 1 || found[0].State != finding.Verified || !strings.HasPrefix(found[0].Witness, "inventory") {
			t.Errorf("after the update: %+v", found)
		}
	}, schema()...)
}

func TestAnAnalystsAnswerHoldsForAllThatHangsOnIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.apply("software.csv", "organisation,vendor,product\nP-A,Example Soft,Gate Manager\nP-B,Example Soft,Gate Manager\n")
		h.source("kev", intake.Source{Format: intake.KEV})
		h.deliver("kev", "kev.json", kevOf(kevEntry("CVE-2026-0001", "Example Soft", "Gate Manager")))
		questions, err := h.finding.Questions(t.Context(), analyst(), 0)
		if err != nil || len(questions) != 1 || questions[0].Organisations != 2 {
			t.Fatalf("questions: %+v, %v", questions, err)
		}
		if _, err := h.finding.Questions(t.Context(), h.officer("P-A"), 0); err == nil {
			t.Error("an officer reads the centre's questions")
		}
		q := questions[0]
		answer := product.Answer{Vendor: q.Vendor, Product: q.Product, AdvisoryVendor: q.AdvisoryVendor, AdvisoryName: q.AdvisoryName}
		if err := h.finding.Answer(t.Context(), analyst(), answer, "another product of that name"); err != nil {
			t.Fatal(err)
		}
		h.settle()
		if live := slices.DeleteFunc(h.of(row.VulnerableProduct), func(f finding.Finding) bool { return !f.Live() }); len(live) != 0 {
			t.Errorf("after a no: %+v", live)
		}
		// A later entry of the same names asks nobody again.
		h.deliver("kev", "kev-2.json", kevOf(kevEntry("CVE-2026-0002", "Example Soft", "Gate Manager")))
		if n := len(h.of(row.VulnerableProduct)); n != 2 {
			t.Errorf("%d findings, want the two that are over", n)
		}
		answer.Same = true
		if err := h.finding.Answer(t.Context(), analyst(), answer, "it is the same after all"); err != nil {
			t.Fatal(err)
		}
		h.settle()
		h.deliver("kev", "kev-3.json", kevOf(kevEntry("CVE-2026-0003", "Example Soft", "Gate Manager")))
		sure := 0
		for _, f := range h.of(row.VulnerableProduct) {
			if f.Discriminator == "CVE-2026-0003" && f.Probability == "confirmed" {
				sure++
			}
		}
		if sure != 2 {
			t.Errorf("%d are certain after a yes, want 2", sure)
		}
		for _, f := range h.of(row.VulnerableProduct) {
			if f.Discriminator == "CVE-2026-0001" && (f.State != finding.Open || !f.Unwarned) {
				t.Errorf("%s ended by a no that was taken back, and is %s", f.ID, f.State)
			}
		}
	}, schema()...)
}

func TestWhatIsExploitedSinceTodayIsToldAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.apply("software.csv", "organisation,vendor,product,version,purl\nP-A,,gate,1.4,pkg:pypi/gate@1.4\n")
		h.source("osv", intake.Source{Format: intake.OSV})
		h.source("kev", intake.Source{Format: intake.KEV})
		h.deliver("osv", "osv.json", `{"schema_version":"1.6.0","id":"GO-2026-0001","modified":"2026-02-27T00:00:00Z","aliases":["CVE-2026-0007"],
			"affected":[{"package":{"ecosystem":"PyPI","name":"gate","purl":"pkg:pypi/gate"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}]}]}`)
		before := h.of(row.VulnerableProduct)
		if len(before) != 1 {
			t.Fatalf("%+v", before)
		}
		h.deliver("kev", "kev.json", kevOf(kevEntry("CVE-2026-0007", "Unknown Vendor", "Under Another Name")))
		after := h.of(row.VulnerableProduct)
		if len(after) != 1 || !after[0].Detail.Exploited || after[0].Severity < before[0].Severity || !after[0].Unwarned {
			t.Errorf("after the catalogue: %+v", after)
		}
	}, schema()...)
}

func TestASupportThatEndsIsAFindingOnItsDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.apply("software.csv", "organisation,vendor,product,version\nP-A,,Gate OS,7.3\nP-B,,Gate OS,8.1\n")
		h.source("eol", intake.Source{Format: intake.EOL})
		h.deliver("eol", "gate-os.md", "---\ntitle: Gate OS\ncategory: os\nreleases:\n  - releaseCycle: \"7\"\n    eol: 2026-03-05\n  - releaseCycle: \"8\"\n    eol: 2027-03-05\n---\nText\n")
		if n := len(h.of(row.EndOfLife)); n != 0 {
			t.Fatalf("%d findings before the day", n)
		}
		h.clock.Advance(4 * 24 * time.Hour)
		h.settle()
		found := h.of(row.EndOfLife)
		if len(found) != 1 || found[0].Asset != "product:gate os" {
			t.Errorf("on the day: %+v", found)
		}
	}, schema()...)
}

func TestReadingACatalogueAgainEndsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.apply("software.csv", "organisation,vendor,product,version\nP-A,Example Soft,Gate Manager,4.1\n")
		h.source("kev", intake.Source{Format: intake.KEV})
		doc := h.deliver("kev", "kev.json", kevOf(kevEntry("CVE-2026-0001", "Example Soft", "Gate Manager")))
		if _, err := h.intake.Reparse(t.Context(), analyst(), doc.ID); err != nil {
			t.Fatal(err)
		}
		h.settle()
		h.clock.Advance(time.Hour)
		h.apply("software.csv", "organisation,vendor,product,version\nP-A,Example Soft,Gate Manager,4.2\n")
		h.settle()
		found := h.of(row.VulnerableProduct)
		if len(found) != 1 || !found[0].Live() {
			t.Errorf("the new version is as exposed as the old one: %+v", found)
		}
	}, schema()...)
}

func TestWhatAnotherAdvisoryStillSaysIsNotOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := build(t, d)
		h.apply("software.csv", "organisation,vendor,product,version,purl\nP-A,,gate,1.4,pkg:pypi/gate@1.4\n")
		h.source("one", intake.Source{Format: intake.OSV})
		h.source("two", intake.Source{Format: intake.OSV})
		say := func(id, modified, fixed string) string {
			return `{"schema_version":"1.6.0","id":"` + id + `","published":"2026-02-20T00:00:00Z","modified":"` + modified + `","aliases":["CVE-2026-0007"],
				"affected":[{"package":{"ecosystem":"PyPI","name":"gate","purl":"pkg:pypi/gate"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"` + fixed + `"}]}]}]}`
		}
		h.deliver("one", "a.json", say("GO-2026-0001", "2026-02-21T00:00:00Z", "2.0"))
		h.deliver("two", "b.json", say("PYSEC-2026-1", "2026-02-21T00:00:00Z", "2.0"))
		h.deliver("one", "a2.json", say("GO-2026-0001", "2026-02-22T00:00:00Z", "1.0")) // it takes 1.4 out
		if found := h.of(row.VulnerableProduct); len(found) != 1 || !found[0].Live() {
			t.Fatalf("the other advisory still says so: %+v", found)
		}
		h.deliver("two", "b2.json", say("PYSEC-2026-1", "2026-02-22T00:00:00Z", "1.0"))
		if found := h.of(row.VulnerableProduct); found[0].State != finding.Verified || !strings.HasPrefix(found[0].Witness, "revised") {
			t.Fatalf("nobody says so any more: %+v", found[0])
		}
		h.deliver("two", "b3.json", say("PYSEC-2026-1", "2026-02-23T00:00:00Z", "2.0"))
		if found := h.of(row.VulnerableProduct); found[0].State != finding.Open {
			t.Errorf("said again: %s", found[0].State)
		}
	}, schema()...)
}
