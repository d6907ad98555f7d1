package cve_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/cve"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/rowtest"
)

// record is a published record with one entry in affected.
func record(affected string) string {
	return `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-0001","state":"PUBLISHED","datePublished":"2026-01-02T03:04:05.678Z","dateUpdated":"2026-02-02T00:00:00Z"},
"containers":{"cna":{"providerMetadata":{"shortName":"example"},"title":"Overflow","descriptions":[{"lang":"vi","value":"Tràn"},{"lang":"en","value":"An overflow."}],
"affected":[` + affected + `],
"problemTypes":[{"descriptions":[{"lang":"en","cweId":"CWE-787","description":"x"},{"lang":"en","description":"CWE-20: y"}]}],
"references":[{"url":"https://example.org/a"},{"url":"https://example.org/a"}],
"metrics":[{"cvssV3_1":{"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8}}],
"solutions":[{"lang":"en","value":"Update."}]},
"adp":[{"title":"CISA ADP Vulnrichment","providerMetadata":{"shortName":"CISA-ADP"},
"metrics":[{"other":{"type":"ssvc","content":{"options":[{"Exploitation":"Active"},{"Automatable":"yes"},{"Technical Impact":"total"}]}}},
{"other":{"type":"kev","content":{"dateAdded":"2026-01-10"}}},{"other":{"type":"mood","content":[1]}}]}]}}`
}

func one(t *testing.T, text string) *advisory.Advisory {
	t.Helper()
	r := rowtest.Read(t, cve.New(), []byte(text))
	if r.Err != nil || len(r.Rows) != 1 {
		t.Fatalf("%+v", r)
	}
	return r.Rows[0].Advisory
}

func TestARecordIsAnAdvisory(t *testing.T) {
	text := record(`{"vendor":"Example","product":"Mail","defaultStatus":"unaffected","versions":[{"version":"1.0","lessThan":"1.4.2","status":"affected","versionType":"semver"}]}`)
	if !cve.Looks([]byte(text)) || !cve.Looks([]byte("["+text)) {
		t.Error("it is not recognised")
	}
	a := one(t, text)
	want := &advisory.Advisory{
		ID: "CVE-2026-0001", CVEs: []string{"CVE-2026-0001"}, Title: "Overflow", Summary: "An overflow.",
		Published: a.Published, Modified: a.Modified,
		Products: []advisory.Product{{
			Vendor: "Example", Name: "Mail", CVEs: []string{"CVE-2026-0001"}, Status: advisory.Affected,
			Ranges: []advisory.Range{{Scheme: "semver", From: "1.0", To: "1.4.2"}},
		}},
		Scores:     []advisory.Score{{CVE: "CVE-2026-0001", Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, By: "example"}},
		KEV:        &advisory.KEV{Added: "2026-01-10"},
		Decision:   &advisory.Decision{Exploitation: "active", Automatable: "yes", Impact: "total"},
		Weaknesses: []string{"CWE-787", "CWE-20"}, Remedies: []string{"Update."}, References: []string{"https://example.org/a"},
	}
	if diff := cmp.Diff(want, a); diff != "" || a.Modified.Format("2006-01-02") != "2026-02-02" {
		t.Errorf("%v (-want +got)\n%s", a.Modified, diff)
	}
}

func TestVersionsBecomeRanges(t *testing.T) {
	type r = advisory.Range
	type by = map[advisory.Status][]r
	affected := func(rs ...r) by { return by{advisory.Affected: rs} }
	for entry, want := range map[string]by{
		`"versions":[{"version":"1.0","status":"affected"}]`:                                             affected(r{Exact: "1.0"}),
		`"versions":[{"version":"*","status":"affected"}]`:                                               affected(r{}),
		`"versions":[{"version":"n/a","status":"affected"}]`:                                             affected(r{Text: "n/a", Unclear: true}),
		`"versions":[{"version":"v1.67 and earlier","status":"affected"}]`:                               affected(r{To: "1.67", ToIn: true, Text: "v1.67 and earlier"}),
		`"versions":[{"version":"Mail 1.1 to 1.2","status":"affected"}]`:                                 affected(r{From: "1.1", To: "1.2", ToIn: true, Text: "Mail 1.1 to 1.2"}),
		`"versions":[{"version":"0","lessThan":"2","status":"affected","versionType":"rpm"}]`:            affected(r{Scheme: "rpm", To: "2"}),
		`"versions":[{"version":"unspecified","lessThan":"2","status":"affected"}]`:                      affected(r{To: "2"}),
		`"versions":[{"version":"6.0","lessThanOrEqual":"*","status":"affected"}]`:                       affected(r{From: "6.0"}),
		`"versions":[{"version":"5.10.1","lessThanOrEqual":"5.10.*","status":"affected"}]`:               affected(r{From: "5.10.1", To: "5.11"}),
		`"versions":[{"version":"2","lessThanOrEqual":"2","status":"affected"}]`:                         affected(r{Exact: "2"}),
		`"versions":[{"version":"2","lessThan":"2","status":"affected"}]`:                                affected(r{To: "2"}),
		`"versions":[{"version":"9.4.x","lessThanOrEqual":"<=9.4.1","status":"affected"}]`:               affected(r{From: "9.4", To: "9.4.1", ToIn: true}),
		`"versions":[{"version":"1","lessThan":"https://example.org/x","status":"affected"}]`:            affected(r{Text: "1 < https://example.org/x", Unclear: true}),
		`"versions":[{"version":"abc","lessThan":"abd","status":"affected","versionType":"git"}]`:        affected(r{Scheme: "git", From: "abc", To: "abd"}),
		`"versions":[{"version":"8.0","lessThan":"8.0 U3b","status":"affected","versionType":"custom"}]`: affected(r{From: "8.0", To: "8.0 U3b"}),
		`"versions":[{"version":"JCV1NX93","status":"affected"}]`:                                        affected(r{Exact: "JCV1NX93"}),

		// What holds for versions that the list does not name.
		`"defaultStatus":"affected"`:   affected(r{}),
		`"defaultStatus":"unaffected"`: {advisory.NotAffected: {{}}},
		`"defaultStatus":"unknown"`:    {advisory.UnderInvestigation: {{}}},
		`"defaultStatus":"affected","versions":[{"version":"2","status":"affected"}]`:                  affected(r{Exact: "2"}),
		`"defaultStatus":"affected","versions":[{"version":"2","lessThan":"*","status":"unaffected"}]`: {advisory.Affected: {{}}, advisory.NotAffected: {{From: "2"}}},
		`"versions":[{"version":"1","lessThan":"2","status":"affected","changes":[{"at":"1.5","status":"unaffected"}]}]`: {
			advisory.Affected: {{From: "1", To: "1.5"}}, advisory.NotAffected: {{From: "1.5", To: "2"}},
		},
	} {
		a := one(t, record(`{"vendor":"Example","product":"Mail",`+entry+`}`))
		got := by{}
		for _, p := range a.Products {
			got[p.Status] = append(got[p.Status], p.Ranges...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", entry, diff)
		}
	}
}

func TestNamesOfAProduct(t *testing.T) {
	type p = advisory.Product
	for entry, want := range map[string][]p{
		`{"vendor":"n/a","product":"n/a","versions":[{"version":"n/a","status":"affected"}]}`: nil,
		`{"vendor":"Red Hat","product":"Red Hat Enterprise Linux 9","packageName":"openssl","collectionURL":"https://access.redhat.com/x","cpes":["cpe:/o:redhat:enterprise_linux:9::baseos"],"defaultStatus":"affected"}`: {
			{Vendor: "Red Hat", Name: "openssl", On: "Red Hat Enterprise Linux 9", Ranges: []advisory.Range{{}}},
		},
		`{"vendor":"E","product":"L","packageName":"org.e:l","collectionURL":"https://repo.maven.apache.org/maven2","versions":[{"version":"1","status":"affected"}]}`: {
			{Vendor: "E", Name: "L", PURL: "pkg:maven/org.e/l", Ranges: []advisory.Range{{Exact: "1"}}},
		},
		`{"vendor":"E","product":"L","cpes":["cpe:2.3:a:e:l:1.0:*:*:*:*:*:*:*","cpe:2.3:a:e:l:1.1:*:*:*:*:*:*:*","cpe:2.3:o:e:m:-:*:*:*:*:*:*:*"]}`: {
			{Vendor: "E", Name: "L", CPE: "cpe:2.3:a:e:l:*:*:*:*:*:*:*:*", Ranges: []advisory.Range{{Exact: "1.0"}, {Exact: "1.1"}}},
			{Vendor: "E", Name: "L", CPE: "cpe:2.3:o:e:m:-:*:*:*:*:*:*:*"},
		},
		`{"vendor":"E","product":"L","cpes":["cpe:2.3:a:e:l:1.0:*:*:*:*:*:*:*"],"versions":[{"version":"0","lessThan":"2","status":"affected"}]}`: {
			{Vendor: "E", Name: "L", CPE: "cpe:2.3:a:e:l:*:*:*:*:*:*:*:*", Ranges: []advisory.Range{{To: "2"}}},
		},
	} {
		got := one(t, record(entry)).Products
		for i := range want {
			want[i].Status, want[i].CVEs = advisory.Affected, []string{"CVE-2026-0001"}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", entry, diff)
		}
	}
}

func TestARejectedRecordIsWithdrawn(t *testing.T) {
	a := one(t, `{"cveMetadata":{"cveId":"CVE-2026-0002","state":"REJECTED","dateRejected":"2026-02-02T00:00:00Z"},"containers":{"cna":{"rejectedReasons":[{"lang":"en","value":"Not one."}]}}}`)
	if !a.Withdrawn || a.Summary != "Not one." || a.Modified.IsZero() {
		t.Errorf("%+v", a)
	}
}

func TestAnItemOfTheNVDIsAnAdvisory(t *testing.T) {
	text := `{"resultsPerPage":1,"format":"NVD_CVE","version":"2.0","vulnerabilities":[{"cve":{"id":"CVE-2026-0003","sourceIdentifier":"a@example.org","published":"2026-01-01T00:00:00.000","lastModified":"2026-01-02T00:00:00.000",
"vulnStatus":"Analyzed","cisaExploitAdd":"2026-01-03","cisaActionDue":"2026-01-24","cisaRequiredAction":"Update.","cisaVulnerabilityName":"Overflow",
"descriptions":[{"lang":"en","value":"d"}],"metrics":{"cvssMetricV31":[{"source":"nvd@nist.gov","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/x","baseScore":7.5}}]},
"weaknesses":[{"description":[{"lang":"en","value":"CWE-352"},{"lang":"en","value":"NVD-CWE-noinfo"}]}],
"configurations":[{"operator":"AND","nodes":[{"operator":"OR","negate":false,"cpeMatch":[
{"vulnerable":true,"criteria":"cpe:2.3:o:e:big_os:*:*:*:*:*:*:*:*","versionStartIncluding":"7.0","versionEndExcluding":"7.4"},
{"vulnerable":true,"criteria":"cpe:2.3:o:e:big_os:6.0:*:*:*:*:*:*:*"}]},{"operator":"OR","cpeMatch":[{"vulnerable":false,"criteria":"cpe:2.3:h:e:box:-:*:*:*:*:*:*:*"}]}]}],
"references":[{"url":"https://example.org/"}]}}]}`
	if !cve.Looks([]byte(text)) {
		t.Error("it is not recognised")
	}
	a := one(t, text)
	want := []advisory.Product{{
		Vendor: "e", Name: "big os", CPE: "cpe:2.3:o:e:big_os:*:*:*:*:*:*:*:*", CVEs: []string{"CVE-2026-0003"}, Status: advisory.Affected,
		Ranges: []advisory.Range{{From: "7.0", To: "7.4"}, {Exact: "6.0"}},
	}}
	if diff := cmp.Diff(want, a.Products); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if a.KEV == nil || a.KEV.Due != "2026-01-24" || a.Scores[0].Base != 7.5 || len(a.Weaknesses) != 1 {
		t.Errorf("%+v", a)
	}
}

func TestWhatIsNoRecordIsRefused(t *testing.T) {
	text := `[{"cveMetadata":{"cveId":"CVE-1"}},{"cveMetadata":{"cveId":"CVE-2026-0001"}},
{"cveMetadata":{"cveId":"CVE-2026-0001","state":"RESERVED"},"containers":{"cna":{}}},
{"cveMetadata":{"cveId":7}},{"cve":{"id":"x"}}]`
	r := rowtest.Read(t, cve.New(), []byte(text))
	var got []row.Fault
	for _, b := range r.Bad {
		got = append(got, b.Fault)
	}
	want := []row.Fault{row.FaultCVE, row.FaultEmpty, row.FaultValue, row.FaultJSON, row.FaultCVE}
	if diff := cmp.Diff(want, got); diff != "" || len(r.Rows) != 0 {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTheSharedRecordsGoIn(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	n, decided, exploited, unclear, products := 0, 0, 0, 0, 0
	each := func(path string, text []byte) {
		n++
		if !cve.Looks(text[:min(len(text), 64<<10)]) {
			t.Errorf("%s is not recognised", path)
		}
		r := rowtest.Read(t, cve.New(), text)
		if r.Err != nil || len(r.Rows) != 1 || len(r.Bad) != 0 {
			t.Errorf("%s: %+v", path, r)
			return
		}
		a := r.Rows[0].Advisory
		if name := strings.TrimSuffix(filepath.Base(path), ".json"); strings.Contains(path, "vulnrichment") && a.ID != name {
			t.Errorf("%s is called %s", path, a.ID)
		}
		if len(r.Rows[0].Flags) != 0 {
			t.Errorf("%s: %v", path, r.Rows[0].Flags)
		}
		if a.Decision != nil {
			decided++
		}
		if a.KEV != nil {
			exploited++
		}
		for _, p := range a.Products {
			products++
			for _, v := range p.Ranges {
				if v.Unclear {
					unclear++
				}
			}
		}
	}
	rowtest.Files(t, filepath.Join(dir, "vuln", "cve5-vulnrichment"), each)
	if n != 140 || decided != 140 || exploited != 37 {
		t.Errorf("%d records, %d with decision points, %d exploited; want 140, 140, 37", n, decided, exploited)
	}
	t.Logf("%d products, %d ranges unclear", products, unclear)
	rowtest.Files(t, filepath.Join(dir, "vuln", "dtrack", "nvd"), each)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(record(`{"product":"a","versions":[{"version":"1","lessThan":"2","status":"affected"}],"cpes":["cpe:2.3:a:a:b:1"]}`)))
	f.Add([]byte(`{"vulnerabilities":[{"cve":{"id":"CVE-2026-0001","configurations":[{"nodes":[{"cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:a:b:1"}]}]}]}}]}`))
	p := cve.New()
	f.Fuzz(func(t *testing.T, text []byte) {
		rowtest.Read(t, p, text)
		cve.Looks(text)
	})
}

func BenchmarkRecords(b *testing.B) {
	dir := devdata.Dir(b)
	if dir == "" {
		b.Skip("no development data here")
	}
	var lines bytes.Buffer
	names, err := filepath.Glob(filepath.Join(dir, "vuln", "cve5-vulnrichment", "*.json"))
	if err != nil {
		b.Fatal(err)
	}
	lines.WriteByte('[')
	for i, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		if i > 0 {
			lines.WriteByte(',')
		}
		lines.Write(text)
	}
	lines.WriteByte(']')
	p := cve.New()
	b.SetBytes(int64(lines.Len()))
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		sum, err := p.Parse(context.Background(), bytes.NewReader(lines.Bytes()), 0, func(*row.Row, *row.Bad) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
		records += int(sum.Records)
	}
	b.ReportMetric(float64(records)/b.Elapsed().Minutes(), "records/min")
}
