package product_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/internal/base/i18n"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/match/product"
	"tocsin/internal/watch/match/version"
)

func fresh(t testing.TB, more ...product.Aliases) *product.Lexicon {
	t.Helper()
	known, err := product.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	l, err := product.NewLexicon(append([]product.Aliases{known}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func of(products ...advisory.Product) *advisory.Advisory {
	return &advisory.Advisory{ID: "CVE-2024-0001", CVEs: []string{"CVE-2024-0001"}, Products: products}
}

func named(vendor, name string, ranges ...advisory.Range) advisory.Product {
	return advisory.Product{Vendor: vendor, Name: name, Ranges: ranges}
}

func TestAVerdictFollowsNameAndVersion(t *testing.T) {
	old := advisory.Range{From: "7.0.0", To: "7.0.15"}
	for _, c := range []struct {
		name     string
		software product.Software
		product  advisory.Product
		want     product.Word
		reason   product.Reason
	}{
		{"the same and inside", product.Software{Vendor: "Fortinet Inc.", Product: "FortiOS", Version: "7.0.14"}, named("Fortinet", "FortiOS", old), product.Confirmed, "match.version.between"},
		{"the same and fixed", product.Software{Vendor: "Fortinet", Product: "FortiOS", Version: "7.0.15"}, named("Fortinet", "FortiOS", old), product.None, "match.version.after"},
		{"the same, version unknown", product.Software{Vendor: "Fortinet", Product: "FortiOS"}, named("Fortinet", "FortiOS", old), product.Possible, "match.version.missing"},
		{"the source names no version", product.Software{Vendor: "Fortinet", Product: "FortiOS", Version: "7.0.14"}, named("Fortinet", "FortiOS"), product.Possible, "match.version.no-range"},
		{"the source's words", product.Software{Vendor: "Fortinet", Product: "FortiOS", Version: "7.0.14"}, named("Fortinet", "FortiOS", advisory.Range{Text: "some", Unclear: true}), product.Possible, "match.version.prose"},
		{"every version", product.Software{Vendor: "Fortinet", Product: "FortiOS"}, named("Fortinet", "FortiOS", advisory.Range{}), product.Confirmed, "match.version.all"},
		{"another product of the vendor", product.Software{Vendor: "Fortinet", Product: "FortiMail", Version: "7.0.14"}, named("Fortinet", "FortiOS", old), product.None, ""},
		{"the vendor repeated", product.Software{Vendor: "Microsoft", Product: "Microsoft Exchange Server 2016", Version: ""}, named("Microsoft Corporation", "Exchange Server"), product.Possible, product.ReasonReleaseOpen},
		{"another release", product.Software{Vendor: "Microsoft", Product: "Windows Server 2012"}, named("Microsoft", "Windows Server 2012 R2"), product.None, ""},
		{"the release as the version", product.Software{Vendor: "Microsoft", Product: "Windows Server", Version: "2012 R2"}, named("Microsoft", "Windows Server 2012 R2", advisory.Range{}), product.Confirmed, product.ReasonName},
		{"another model", product.Software{Vendor: "D-Link", Product: "DIR-645"}, named("D-Link", "DIR-859 Router"), product.None, ""},
		{"without the hyphen", product.Software{Vendor: "DLink", Product: "DIR645", Version: "1.0"}, named("D-Link", "DIR-645 Router", advisory.Range{}), product.Confirmed, product.ReasonName},
		{"a short name", product.Software{Vendor: "Microsoft", Product: "IIS", Version: "10.0"}, named("Microsoft", "Internet Information Services (IIS)", advisory.Range{}), product.Confirmed, product.ReasonName},
		{"one of several", product.Software{Vendor: "Fortinet", Product: "FortiProxy", Version: "7.0.1"}, named("Fortinet", "FortiOS and FortiProxy", old), product.Possible, product.ReasonNamePart},
		{"mistyped", product.Software{Vendor: "Atlassian", Product: "Confluense", Version: "7.0.1"}, named("Atlassian", "Confluence", old), product.Possible, product.ReasonNameTypo},
		{"a device that runs it", product.Software{Vendor: "Fortinet", Product: "Thiết bị tường lửa FortiGate 100E", Version: "7.0.1"}, named("Fortinet", "FortiOS", old), product.Possible, product.ReasonBroader},
		{"no vendor, a rare name", product.Software{Product: "Roundcube", Version: "7.0.1"}, named("Roundcube", "Roundcube", old), product.Possible, product.ReasonVendorMissing},
		{"no vendor, a common name", product.Software{Product: "Server", Version: "7.0.1"}, named("Example", "Server", old), product.None, ""},
		{"in capitals and with tone marks", product.Software{Vendor: "CÔNG TY TNHH FORTINET", Product: "Hệ điều hành FORTIOS", Version: "7.0.1"}, named("Fortinet", "FortiOS", old), product.Confirmed, product.ReasonName},
		{"under investigation", product.Software{Vendor: "Fortinet", Product: "FortiOS", Version: "7.0.1"}, advisory.Product{Vendor: "Fortinet", Name: "FortiOS", Status: advisory.UnderInvestigation, Ranges: []advisory.Range{old}}, product.Possible, "match.version.between"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := product.Judge(fresh(t), c.software, of(c.product))
			if got.Probability != c.want || c.reason != "" && !slices.Contains(got.Reasons, c.reason) {
				t.Errorf("got %q for %v, want %q for %s", got.Probability, got.Reasons, c.want, c.reason)
			}
			if got.Probability != product.None && !slices.Equal(got.CVEs, []string{"CVE-2024-0001"}) {
				t.Errorf("the CVEs are %v", got.CVEs)
			}
		})
	}
}

func TestCPEAndPackageDecideWhereBothSidesHaveThem(t *testing.T) {
	l := fresh(t)
	r := advisory.Range{From: "1.0.0", To: "2.0.0", Scheme: "semver"}
	fortios := advisory.Product{Vendor: "Fortinet", Name: "FortiOS", CPE: "cpe:2.3:o:fortinet:fortios:*:*:*:*:*:*:*:*", Ranges: []advisory.Range{r}}
	gin := advisory.Product{Name: "github.com/gin-gonic/gin", Ecosystem: "Go", Ranges: []advisory.Range{r}}
	for _, c := range []struct {
		software product.Software
		product  advisory.Product
		want     product.Word
	}{
		{product.Software{Product: "tuong lua", CPE: "cpe:/o:fortinet:fortios:1.2.3"}, fortios, product.Confirmed},
		{product.Software{Product: "tuong lua", CPE: "cpe:/o:fortinet:fortios:2.0.0"}, fortios, product.None},
		{product.Software{Vendor: "Fortinet", Product: "FortiOS", Version: "1.2.3", CPE: "cpe:/a:fortinet:fortiproxy:1.2.3"}, fortios, product.None},
		{product.Software{Product: "FW", Version: "1.2.3", CPE: "cpe:/o:fortinet:fortios"}, named("Fortinet", "FortiOS", r), product.Confirmed},
		{product.Software{Product: "gin", PURL: "pkg:golang/github.com/gin-gonic/gin@v1.9.0"}, gin, product.Confirmed},
		{product.Software{Product: "gin", PURL: "pkg:golang/github.com/gin-gonic/gin@v2.0.1"}, gin, product.None},
		{product.Software{Product: "gin", PURL: "pkg:npm/gin@1.9.0"}, gin, product.None},
		{product.Software{Product: "Django", PURL: "pkg:pypi/Django@1.2"}, advisory.Product{Name: "django", Ecosystem: "PyPI", Ranges: []advisory.Range{{Scheme: "PyPI", To: "1.3"}}}, product.Confirmed},
		{product.Software{Product: "log4j", PURL: "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar"}, advisory.Product{Name: "org.apache.logging.log4j:log4j-core", Ecosystem: "Maven", Ranges: []advisory.Range{{Scheme: "maven", To: "2.15.0"}}}, product.Confirmed},
	} {
		if got := product.Judge(l, c.software, of(c.product)); got.Probability != c.want {
			t.Errorf("%+v beside %+v is %q for %v, want %q", c.software, c.product, got.Probability, got.Reasons, c.want)
		}
	}
}

func TestWhatTheSourceClearsIsNotHit(t *testing.T) {
	l := fresh(t)
	software := product.Software{Vendor: "Linux", Product: "Linux kernel", Version: "5.10.230"}
	affected := named("Linux", "Linux", advisory.Range{From: "4.19"})
	unaffected := advisory.Product{Vendor: "Linux", Name: "Linux", Status: advisory.NotAffected, Ranges: []advisory.Range{{From: "5.10.227", To: "5.10.*", ToIn: true}}}
	got := product.Judge(l, software, of(affected, unaffected))
	if got.Probability != product.None || !slices.Contains(got.Reasons, product.ReasonNotAffected) {
		t.Errorf("got %q for %v", got.Probability, got.Reasons)
	}
	software.Version = "5.10.200"
	if got := product.Judge(l, software, of(affected, unaffected)); got.Probability != product.Confirmed {
		t.Errorf("got %q for %v", got.Probability, got.Reasons)
	}
}

func TestAListWithVersionsOutweighsWordsWithout(t *testing.T) {
	words := named("Fortinet", "FortiOS", advisory.Range{Text: "see our page", Unclear: true})
	list := advisory.Product{Vendor: "fortinet", Name: "fortios", CPE: "cpe:2.3:o:fortinet:fortios:*:*:*:*:*:*:*:*", Ranges: []advisory.Range{{From: "6.0.0", To: "6.0.5"}}}
	software := product.Software{Vendor: "Fortinet", Product: "FortiOS", Version: "7.2.1"}
	if got := product.Judge(fresh(t), software, of(words, list)); got.Probability != product.None {
		t.Errorf("got %q for %v", got.Probability, got.Reasons)
	}
	if got := product.Judge(fresh(t), software, of(words)); got.Probability != product.Possible {
		t.Errorf("words alone: %q for %v", got.Probability, got.Reasons)
	}
}

func TestAnAnalystsAnswerPinsAPair(t *testing.T) {
	software := product.Software{Vendor: "VNPT", Product: "Cổng thông tin ABC", Version: "3.1"}
	kev := of(named("Liferay", "Liferay Portal"))
	l := fresh(t)
	x := product.NewIndex(l, []product.Software{software})
	if hits := x.Match(kev); len(hits) != 0 {
		t.Fatalf("before: %+v", hits)
	}
	answer := product.Answer{Vendor: "vnpt", Product: "cong thong tin abc", AdvisoryVendor: "Liferay", AdvisoryName: "Liferay Portal", Same: true}
	l.Learn(answer)
	hits := x.Match(kev)
	if len(hits) != 1 || hits[0].Probability != product.Confirmed || !slices.Contains(hits[0].Reasons, product.ReasonYes) {
		t.Fatalf("after a yes: %+v", hits)
	}
	if hits := x.Match(of(named("Liferay", "Liferay Portal", advisory.Range{To: "3.0"}))); len(hits) != 0 {
		t.Errorf("a yes about the name, but the version is out: %+v", hits)
	}
	answer.Same = false
	l.Learn(answer)
	if hits := x.Match(kev); len(hits) != 0 {
		t.Errorf("after a no: %+v", hits)
	}
	no := product.Answer{Vendor: "Fortinet", Product: "FortiOS", AdvisoryVendor: "Fortinet", AdvisoryName: "FortiOS"}
	got := product.Judge(fresh(t, product.Aliases{Answers: []product.Answer{no}}), product.Software{Vendor: "Fortinet", Product: "FortiOS"}, of(named("Fortinet", "FortiOS")))
	if got.Probability != product.None || !slices.Contains(got.Reasons, product.ReasonNo) {
		t.Errorf("a no of the data: %q for %v", got.Probability, got.Reasons)
	}
}

func TestASourceThatNamesNoProductIsReadForIt(t *testing.T) {
	a := of(named("Fortinet", "Multiple Products"))
	a.Summary = "Fortinet FortiOS, FortiPAM, FortiProxy, and FortiWeb contain a format string vulnerability."
	for s, want := range map[product.Software]product.Word{
		{Vendor: "Fortinet", Product: "FortiWeb"}: product.Possible, {Vendor: "Fortinet", Product: "FortiMail"}: product.None,
		{Vendor: "Example", Product: "FortiWeb"}: product.None,
	} {
		if got := product.Judge(fresh(t), s, a); got.Probability != want {
			t.Errorf("%+v is %q for %v", s, got.Probability, got.Reasons)
		}
	}
}

// TestTheIndexSaysWhatJudgeSays: many lines at once or one by one.
func TestTheIndexSaysWhatJudgeSays(t *testing.T) {
	l := fresh(t)
	vendors := []string{"", "Microsoft", "MS", "Fortinet Inc.", "Apache Software Foundation", "VMware by Broadcom"}
	products := []string{"Windows Server 2019", "Windows 10 Pro", "FortiOS", "FortiGate 60F", "Tomcat 9", "httpd", "vCenter", "Exchange", "IIS", "Office 2016", "Multiple Products"}
	versions := []string{"", "10.0.17763.100", "7.0.1", "9.0.30", "2019", "8.0 U3"}
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.Custom(func(t *rapid.T) product.Software {
			return product.Software{
				Vendor: rapid.SampledFrom(vendors).Draw(t, "vendor"), Product: rapid.SampledFrom(products).Draw(t, "product"),
				Version: rapid.SampledFrom(versions).Draw(t, "version"),
			}
		})
		software := rapid.SliceOfN(line, 1, 12).Draw(t, "software")
		a := of(
			named(rapid.SampledFrom(vendors).Draw(t, "v1"), rapid.SampledFrom(products).Draw(t, "p1"), advisory.Range{From: "7", To: "9.0.40"}),
			named(rapid.SampledFrom(vendors).Draw(t, "v2"), rapid.SampledFrom(products).Draw(t, "p2")),
		)
		got := map[int32]product.Word{}
		for _, h := range product.NewIndex(l, software).Match(a) {
			for _, i := range h.Lines {
				if _, twice := got[i]; twice {
					t.Fatalf("line %d is hit twice", i)
				}
				got[i] = h.Probability
			}
		}
		for i, s := range software {
			if want := product.Judge(l, s, a).Probability; got[int32(i)] != want {
				t.Fatalf("%+v: the index says %q, alone it is %q", s, got[int32(i)], want)
			}
		}
	})
}

// TestSpellingDoesNotCount: case, blanks and legal forms change no verdict.
func TestSpellingDoesNotCount(t *testing.T) {
	l := fresh(t)
	rapid.Check(t, func(t *rapid.T) {
		s := product.Software{
			Vendor:  rapid.SampledFrom([]string{"Fortinet", "fortinet", "FORTINET, INC.", "Fortinet  Co., Ltd", "Công ty Fortinet"}).Draw(t, "vendor"),
			Product: rapid.SampledFrom([]string{"FortiOS", "fortios", "Forti OS", "Fortinet FortiOS", "FortiOS firmware", "Hệ điều hành FortiOS", "FortiOS (64-bit)"}).Draw(t, "product"),
			Version: rapid.SampledFrom([]string{"7.0.1", "v7.0.1", " 7.0.1 ", "phiên bản 7.0.1"}).Draw(t, "version"),
		}
		if got := product.Judge(l, s, of(named("Fortinet", "FortiOS", advisory.Range{From: "7.0.0", To: "7.0.5"}))); got.Probability != product.Confirmed {
			t.Fatalf("%+v is %q for %v", s, got.Probability, got.Reasons)
		}
	})
}

func TestEveryReasonIsSaidInBothLanguages(t *testing.T) {
	b := i18n.New()
	if err := b.Add(product.Texts); err != nil {
		t.Fatal(err)
	}
	if err := b.Add(version.Texts); err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"vi", "en"} {
		for _, r := range product.Reasons() {
			if text := b.In(lang).T(string(r), "version", "1", "range", "2"); text == "" || text == string(r) {
				t.Errorf("%s lacks %s", lang, r)
			}
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("Microsoft", "Windows Server 2012 R2 (x64)", "6.3", "", "pkg:npm/a@1", "Windows, and/or Server")
	f.Add("", "AC7, AC9, and AC10 Routers", "", "cpe:/h:tenda:ac7", "", "AC10 (v2")
	l := fresh(f)
	f.Fuzz(func(t *testing.T, vendor, name, installed, cpe, purl, other string) {
		s := product.Software{Vendor: vendor, Product: name, Version: installed, CPE: cpe, PURL: purl}
		v := product.Judge(l, s, of(advisory.Product{Vendor: vendor, Name: other, CPE: cpe, PURL: purl}, named(vendor, name, advisory.Range{})))
		if v.Score < 0 || v.Score > 1 || (v.Probability == product.None) != (v.Score == 0) {
			t.Fatalf("%q with %f", v.Probability, v.Score)
		}
		for _, r := range v.Reasons {
			if !strings.HasPrefix(string(r), "match.") {
				t.Fatalf("reason %q", r)
			}
		}
	})
}
