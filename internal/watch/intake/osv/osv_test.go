package osv_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/osv"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/rowtest"
)

const entry = `{"schema_version":"1.6.0","id":"GHSA-0000-0000-0001","modified":"2026-02-02T00:00:00Z","published":"2026-01-02T00:00:00Z",
"aliases":["cve-2026-0002","GO-2026-0001"],"upstream":["CVE-2026-0001"],"related":["CVE-2026-0003"],"summary":"Overflow","details":"An overflow.",
"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},{"type":"Ubuntu","score":"high"}],
"affected":[{"package":{"ecosystem":"npm","name":"@e/mail"},
 "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.4.2"},{"introduced":"2.0.0"},{"last_affected":"2.0.3"},{"introduced":"3.0.0"}]},
           {"type":"GIT","repo":"https://example.org/r","events":[{"introduced":"aa"},{"fixed":"bb"}]}],
 "versions":["1.0.0"]},
 {"package":{"ecosystem":"Debian:12","name":"mail","purl":"pkg:deb/debian/mail"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1:1.4-2"}]}]}],
"references":[{"type":"WEB","url":"https://example.org/a"},{"type":"FIX","url":"https://example.org/a"}],"database_specific":{"cwe_ids":["CWE-787"]}}`

func TestAnEntryIsAnAdvisory(t *testing.T) {
	for _, text := range []string{entry, "[" + entry + "]", `{"vulns":[` + entry + "]}"} {
		if !osv.Looks([]byte(text)) {
			t.Errorf("%.20s is not recognised", text)
		}
		r := rowtest.Read(t, osv.Parser{}, []byte(text))
		if r.Err != nil || len(r.Rows) != 1 {
			t.Fatalf("%+v", r)
		}
		a := r.Rows[0].Advisory
		cves := []string{"CVE-2026-0001", "CVE-2026-0002"}
		want := &advisory.Advisory{
			ID: "GHSA-0000-0000-0001", CVEs: cves, Title: "Overflow", Summary: "An overflow.", Published: a.Published, Modified: a.Modified,
			Products: []advisory.Product{
				{Name: "@e/mail", PURL: "pkg:npm/%40e/mail", Ecosystem: "npm", CVEs: cves, Status: advisory.Affected, Ranges: []advisory.Range{
					{Scheme: "npm", To: "1.4.2"},
					{Scheme: "npm", From: "2.0.0", To: "2.0.3", ToIn: true},
					{Scheme: "npm", From: "3.0.0"},
					{Scheme: "git", From: "aa", To: "bb"},
					{Scheme: "npm", Exact: "1.0.0"},
				}},
				{Name: "mail", PURL: "pkg:deb/debian/mail", Ecosystem: "Debian:12", CVEs: cves, Status: advisory.Affected, Ranges: []advisory.Range{{Scheme: "deb", To: "1:1.4-2"}}},
			},
			Scores:     []advisory.Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
			Weaknesses: []string{"CWE-787"}, References: []string{"https://example.org/a"},
		}
		if diff := cmp.Diff(want, a); diff != "" || a.Modified.Month() != 2 {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestAWithdrawnEntryIsTakenBack(t *testing.T) {
	r := rowtest.Read(t, osv.Parser{}, []byte(`{"id":"CVE-2026-0001","modified":"2026-02-02T00:00:00Z","withdrawn":"2026-02-02T00:00:00Z","affected":[]}`))
	if len(r.Rows) != 1 || !r.Rows[0].Advisory.Withdrawn || !r.Rows[0].Statement.Revoked || len(r.Rows[0].Advisory.CVEs) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestWhatIsNoEntryIsRefused(t *testing.T) {
	r := rowtest.Read(t, osv.Parser{}, []byte(`[{"modified":"2026-02-02T00:00:00Z"},{"id":7},{"id":"a","affected":{}}]`))
	if len(r.Bad) != 3 || r.Bad[0].Fault != row.FaultEmpty || r.Bad[1].Fault != row.FaultJSON || r.Bad[2].Fault != row.FaultJSON {
		t.Errorf("%+v", r.Bad)
	}
	for _, text := range []string{`{"type":"bundle","id":"bundle--1","modified":"x","affected":1}`, `{"id":"a"}`, "{}", "[]", "x"} {
		if osv.Looks([]byte(text)) {
			t.Errorf("%s is taken for an entry", text)
		}
	}
}

func TestTheSharedEntriesGoIn(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	n, ranged := 0, 0
	for _, sub := range []string{"osv-go", filepath.Join("dtrack", "osv")} {
		rowtest.Files(t, filepath.Join(dir, "vuln", sub), func(path string, text []byte) {
			n++
			if !osv.Looks(text) {
				t.Errorf("%s is not recognised", path)
			}
			r := rowtest.Read(t, osv.Parser{}, text)
			if r.Err != nil || len(r.Rows) != 1 || len(r.Rows[0].Flags) != 0 {
				t.Errorf("%s: %+v", path, r)
				return
			}
			for _, p := range r.Rows[0].Advisory.Products {
				ranged += len(p.Ranges)
			}
		})
	}
	if n != 71 || ranged == 0 {
		t.Errorf("%d entries with %d ranges, want 71", n, ranged)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(entry))
	f.Fuzz(func(t *testing.T, text []byte) {
		rowtest.Read(t, osv.Parser{}, text)
		osv.Looks(text)
	})
}
