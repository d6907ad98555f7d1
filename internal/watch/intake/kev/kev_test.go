package kev_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/kev"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/rowtest"
)

const catalogue = `{
  "title": "A catalogue", "catalogVersion": "2026.03.01", "dateReleased": "2026-03-01T10:00:00.1234Z", "count": 5,
  "vulnerabilities": [
    {"cveID": "cve-2026-0001", "vendorProject": "Example", "product": "Mail Server", "vulnerabilityName": "Example Mail Server Overflow",
     "dateAdded": "2026-02-27", "shortDescription": "Bytes overflow.", "requiredAction": "Apply the update.", "dueDate": "2026-03-20",
     "knownRansomwareCampaignUse": "Known", "notes": "https://example.org/a ; see also https://example.org/b; CVE-2026-0001", "cwes": ["CWE-787"]},
    {"cveID": "CVE-2026-2", "vendorProject": "Example", "product": "A", "dateAdded": "2026-02-27"},
    {"cveID": "CVE-2026-0003", "vendorProject": "Example", "product": " ", "dateAdded": "2026-02-27"},
    {"cveID": "CVE-2026-0004", "vendorProject": "Example", "product": "A", "dateAdded": "soon"},
    {"cveID": "CVE-2026-0005", "vendorProject": "Example", "product": "A", "dateAdded": "2026-02-28", "dueDate": "soon", "cwes": [], "more": {"a": [1]}}
  ]
}`

func TestAnEntryIsAnAdvisory(t *testing.T) {
	r := rowtest.Read(t, kev.Parser{}, []byte(catalogue))
	if r.Err != nil || len(r.Rows) != 2 || len(r.Bad) != 3 {
		t.Fatalf("%+v", r)
	}
	added := time.Date(2026, 2, 27, 0, 0, 0, 0, time.UTC)
	want := &advisory.Advisory{
		ID: "CVE-2026-0001", CVEs: []string{"CVE-2026-0001"}, Title: "Example Mail Server Overflow", Summary: "Bytes overflow.", Published: added,
		Products:   []advisory.Product{{Vendor: "Example", Name: "Mail Server", CVEs: []string{"CVE-2026-0001"}, Status: advisory.Affected}},
		KEV:        &advisory.KEV{Added: "2026-02-27", Due: "2026-03-20", Ransomware: true, Action: "Apply the update."},
		Weaknesses: []string{"CWE-787"}, Remedies: []string{"Apply the update."}, References: []string{"https://example.org/a", "https://example.org/b"},
	}
	if diff := cmp.Diff(want, r.Rows[0].Advisory); diff != "" || !r.Rows[0].At.Equal(added) {
		t.Errorf("%v (-want +got)\n%s", r.Rows[0].At, diff)
	}
	released := time.Date(2026, 3, 1, 10, 0, 0, 123_400_000, time.UTC)
	if s := r.Rows[0].Statement; s.ID != "CVE-2026-0001" || !s.Version.Equal(released) {
		t.Errorf("%+v", s)
	}
	if got := r.Rows[1]; got.Advisory.KEV.Due != "" || len(got.Flags) != 1 {
		t.Errorf("%+v", got.Advisory.KEV)
	}
	for i, f := range []row.Fault{row.FaultCVE, row.FaultEmpty, row.FaultTime} {
		if r.Bad[i].Fault != f {
			t.Errorf("bad row %d: %s", i, r.Bad[i].Reason)
		}
	}
}

func TestTheTableSaysTheSame(t *testing.T) {
	text := "\xef\xbb\xbfcveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,knownRansomwareCampaignUse,notes,cwes\r\n" +
		`CVE-2026-0001,Example,"Mail, Server",Overflow,2026-02-27,"Bytes ""overflow"".",Update.,2026-03-20,Unknown,https://example.org/a,"CWE-787,CWE-20"` + "\r\n" +
		"CVE-x,Example,A,B,2026-02-27,,,,,,\r\n"
	if !kev.Looks([]byte(text)) {
		t.Error("the table is not recognised")
	}
	r := rowtest.Read(t, kev.Parser{}, []byte(text))
	if r.Err != nil || len(r.Rows) != 1 || len(r.Bad) != 1 {
		t.Fatalf("%+v", r)
	}
	a := r.Rows[0].Advisory
	if a.Products[0].Name != "Mail, Server" || a.KEV.Ransomware || len(a.Weaknesses) != 2 || a.Summary != `Bytes "overflow".` {
		t.Errorf("%+v", a)
	}
	if b := r.Bad[0]; b.Fault != row.FaultCVE || b.Column != 1 || b.Line != 3 {
		t.Errorf("%+v", b)
	}
}

func TestWhatIsNoCatalogueIsNotReadable(t *testing.T) {
	for _, text := range []string{"", "{}", `{"type":"bundle"}`, "a,b\n1,2\n"} {
		if r := rowtest.Read(t, kev.Parser{}, []byte(text)); r.Sum.Rows != 0 {
			t.Errorf("%q has rows", text)
		} else if kev.Looks([]byte(text)) {
			t.Errorf("%q is taken for a catalogue", text)
		}
	}
}

func TestTheCatalogueOfJanuary2025(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "vuln", "kev", "kev_2025-01-27.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !kev.Looks(text[:64<<10]) {
		t.Error("it is not recognised")
	}
	r := rowtest.Read(t, kev.Parser{}, text)
	if r.Err != nil || len(r.Rows) != 1252 || len(r.Bad) != 0 {
		t.Fatalf("%d rows, %d bad, %v; the catalogue counts 1252", len(r.Rows), len(r.Bad), r.Err)
	}
	ransom := 0
	for _, got := range r.Rows {
		if got.Advisory.KEV.Ransomware {
			ransom++
		}
		if got.Advisory.KEV.Due == "" || got.Advisory.Products[0].Vendor == "" {
			t.Errorf("%s lacks a date or a vendor", got.Advisory.ID)
		}
	}
	if want := strings.Count(string(text), `"Known"`); ransom != want {
		t.Errorf("%d in ransomware campaigns, the text says so %d times", ransom, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(catalogue))
	f.Add([]byte("cveID,vendorProject,product,dateAdded\nCVE-2026-0001,a,b,2026-01-01\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rowtest.Read(t, kev.Parser{}, text)
		kev.Looks(text)
	})
}
