package csaf_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/devdata"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/csaf"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/rowtest"
)

func file(t testing.TB, parts ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestADocumentIsAnAdvisory(t *testing.T) {
	text := file(t, "testdata", "advisory.json")
	if !csaf.Looks(text) {
		t.Error("it is not recognised")
	}
	r := rowtest.Read(t, csaf.New(), text)
	if r.Err != nil || len(r.Rows) != 1 {
		t.Fatalf("%+v", r)
	}
	first, second := []string{"CVE-2026-0001"}, []string{"CVE-2026-0002"}
	below := advisory.Range{From: "3.0", To: "4.1", Text: "vers:generic/>=3.0|<4.1"}
	at := time.Date(2026, 2, 1, 10, 0, 0, 0, time.UTC)
	want := &advisory.Advisory{
		ID: "EX-2026-0001", Revision: "2", CVEs: []string{"CVE-2026-0001", "CVE-2026-0002"},
		Title: "Example Mail Server: two weaknesses", Summary: "Two weaknesses of the Example Mail Server.",
		Published: time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC), Modified: at,
		Products: []advisory.Product{
			{Vendor: "Example", Name: "Mail Server", CPE: "cpe:2.3:a:example:mail_server:*:*:*:*:*:*:*:*", CVEs: first, Status: advisory.Affected, Ranges: []advisory.Range{{Exact: "4.1"}}},
			{Vendor: "Example", Name: "Mail Server", CVEs: first, Status: advisory.Affected, Ranges: []advisory.Range{below}},
			{Vendor: "Example", Name: "Mail Server", CPE: "cpe:2.3:a:example:mail_server:*:*:*:*:*:*:*:*", CVEs: first, Status: advisory.Affected, Ranges: []advisory.Range{{Exact: "4.1"}}, On: "Example OS 9"},
			{Vendor: "Example", Name: "Mail Server", PURL: "pkg:deb/debian/mail-server", CVEs: first, Status: advisory.NotAffected, Ranges: []advisory.Range{{Exact: "4.2"}}},
			{Vendor: "Example", Name: "Mail Server", CVEs: second, Status: advisory.UnderInvestigation, Ranges: []advisory.Range{below}},
		},
		Scores:     []advisory.Score{{CVE: "CVE-2026-0001", Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, By: "Example"}},
		Weaknesses: []string{"CWE-79", "CWE-20"}, Remedies: []string{"Update to 4.2.", "Wait."},
		References: []string{"https://example.org/fix", "https://example.org/csaf/ex-2026-0001.json", "https://example.org/more"},
	}
	if diff := cmp.Diff(want, r.Rows[0].Advisory); diff != "" || !r.Rows[0].At.Equal(at) {
		t.Errorf("%v (-want +got)\n%s", r.Rows[0].At, diff)
	}
	st := &row.Statement{
		ID: "EX-2026-0001", Version: at, Type: "csaf_security_advisory", Title: want.Title,
		TLP: tlp.Amber, Marked: true, Reference: "https://example.org/csaf/ex-2026-0001.json",
	}
	if diff := cmp.Diff(st, r.Rows[0].Statement); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestADocumentOf21IsAnAdvisory(t *testing.T) {
	r := rowtest.Read(t, csaf.New(), file(t, "testdata", "advisory21.json"))
	if r.Err != nil || len(r.Rows) != 1 {
		t.Fatalf("%+v", r)
	}
	a := r.Rows[0].Advisory
	if len(a.Products) != 4 || a.Products[2].On != "Example OS 9" || a.Scores[0].Version != "4.0" || r.Rows[0].Statement.TLP != tlp.Clear || a.Weaknesses[0] != "CWE-79" {
		t.Errorf("%+v", a)
	}
}

func TestAnInvalidDocumentSaysWhichTestBreaksWhere(t *testing.T) {
	text := strings.Replace(string(file(t, "testdata", "advisory.json")), `"baseScore": 9.8`, `"baseScore": 9.7`, 1)
	text = "\xef\xbb\xbf\n" + strings.Replace(text, `"known_affected": ["P1"`, `"known_affected": ["P9", "P1"`, 1) + "\n"
	r := rowtest.Read(t, csaf.New(), []byte(text))
	if r.Err != nil || len(r.Bad) != 1 || len(r.Rows) != 0 {
		t.Fatalf("%+v", r)
	}
	b := r.Bad[0]
	want := `6.1.1 at /vulnerabilities/0/product_status/known_affected/0: no product "P9" is defined; 6.1.9 at /vulnerabilities/0/scores/0/cvss_v3/baseScore: 9.7 where the vector gives 9.8`
	if b.Fault != row.FaultCSAF || b.Detail != want || b.Value != "EX-2026-0001" || b.Line != 2 {
		t.Errorf("%+v", b)
	}
}

func TestWhatIsCutOrGoesOnIsRefused(t *testing.T) {
	text := string(file(t, "testdata", "advisory.json"))
	for in, want := range map[string]row.Fault{
		text[:len(text)/2]:  row.FaultTruncated,
		text + "garbage":    row.FaultJSON,
		"{":                 row.FaultTruncated,
		`{"document":}`:     row.FaultJSON,
		`{"document":null}`: row.FaultCSAF,
	} {
		if r := rowtest.Read(t, csaf.New(), []byte(in)); r.Err != nil || len(r.Bad) != 1 || r.Bad[0].Fault != want {
			t.Errorf("%.30q: %+v", in, r)
		}
	}
	for _, in := range []string{"", "[]", "hello", `{"a":1}`, "ip,port\n1,2\n"} {
		if r := rowtest.Read(t, csaf.New(), []byte(in)); r.Err == nil {
			t.Errorf("%q: %+v", in, r)
		} else if _, ok := row.Unreadable(r.Err); !ok || csaf.Looks([]byte(in)) {
			t.Errorf("%q: %v", in, r.Err)
		}
	}
}

func TestWhatListsDocumentsIsContext(t *testing.T) {
	hash := strings.Repeat("ab", 32) + "  a.json\n"
	for name, c := range map[string]struct {
		text string
		rows []string // type and id
		bad  int
	}{
		"index":     {"2026/a.json\n2026/b.json\n\nno path\n", []string{"csaf-index a", "csaf-index b"}, 1},
		"changes":   {"\"2026/a.json\",\"2026-01-01T00:00:00Z\"\n2026/b.json,soon\n", []string{"csaf-changes a"}, 1},
		"hash":      {hash, []string{"csaf-hash a.json"}, 0},
		"signature": {"-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n", []string{"csaf-signature "}, 0},
		"cut":       {"-----BEGIN PGP SIGNATURE-----\n\nx\n", nil, 1},
		"feed": {`{"feed":{"id":"f","title":"F","link":[{"rel":"self","href":"https://example.org/f.json"}],"updated":"2026-01-01T00:00:00Z","entry":[
{"id":"A","title":"a","updated":"2026-01-01T00:00:00Z","content":{"type":"application/json","src":"https://example.org/a.json"}},
{"id":"B","title":"b","updated":"2026-01-01T00:00:00Z","content":{"type":"application/json","src":"https://example.org/b.json"}}]}}`, []string{"csaf-feed A", "csaf-feed B"}, 0},
		"broken feed": {`{"feed":{"id":"f","updated":"soon","entry":[]}}`, nil, 1},
		"service":     {`{"service":{"workspace":[{"title":"w","collection":[{"title":"c","href":"https://example.org/f.json"}]}]}}`, []string{"csaf-service service"}, 0},
		"category":    {`{"categories":{"category":[{"term":"x"}]}}`, []string{"csaf-categories categories"}, 0},
		"no service":  {`{"service":{"workspace":[]}}`, nil, 1},
		"provider": {`{"canonical_url":"https://example.org/.well-known/csaf/provider-metadata.json","last_updated":"2026-01-01T00:00:00Z","list_on_CSAF_aggregators":true,
"mirror_on_CSAF_aggregators":false,"metadata_version":"2.0","publisher":{"category":"vendor","name":"E","namespace":"https://example.org"},"role":"csaf_provider",
"distributions":[{"directory_url":"https://example.org/csaf/"}]}`, []string{"csaf-provider https://example.org/.well-known/csaf/provider-metadata.json"}, 0},
		"broken provider": {`{"canonical_url":"https://example.org/.well-known/csaf/metadata.json","metadata_version":"2.0","publisher":{"category":"vendor"},"role":"x"}`, nil, 1},
		"aggregator": {`{"aggregator":{"category":"lister","name":"A","namespace":"https://example.org"},"aggregator_version":"2.0","canonical_url":"https://example.org/aggregator.json",
"csaf_providers":[{"metadata":{"last_updated":"2026-01-01T00:00:00Z","publisher":{"category":"vendor","name":"E","namespace":"https://example.org"},"url":"https://example.org/provider-metadata.json"}}],
"last_updated":"2026-01-01T00:00:00Z"}`, []string{"csaf-aggregator https://example.org/aggregator.json"}, 0},
		"broken aggregator": {`{"aggregator":{"category":"x"},"aggregator_version":"2.0"}`, nil, 1},
	} {
		if !csaf.Looks([]byte(c.text)) {
			t.Errorf("%s is not recognised", name)
		}
		r := rowtest.Read(t, csaf.New(), []byte(c.text))
		var got []string
		for _, x := range r.Rows {
			if x.Advisory != nil {
				t.Errorf("%s is an advisory", name)
			}
			got = append(got, x.Statement.Type+" "+x.Statement.ID)
		}
		if diff := cmp.Diff(c.rows, got); diff != "" || len(r.Bad) != c.bad || r.Err != nil {
			t.Errorf("%s: %+v, %v (-want +got)\n%s", name, r.Bad, r.Err, diff)
		}
	}
}

func TestEverySharedFileGoesIn(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	type count struct{ files, rows, bad, none, strange int }
	got := map[string]*count{}
	p := csaf.New()
	for _, sub := range []string{"cisa", "examples_2.0", "gocsaf", "oasis_2.0/mandatory", "oasis_2.0/optional", "oasis_2.0/informative", "schema"} {
		n := &count{}
		got[sub] = n
		rowtest.Files(t, filepath.Join(dir, "csaf", sub), func(path string, text []byte) {
			n.files++
			r := rowtest.Read(t, p, text)
			n.rows += len(r.Rows)
			n.bad += len(r.Bad)
			if r.Err != nil {
				if _, ok := row.Unreadable(r.Err); !ok {
					t.Errorf("%s: %v", path, r.Err)
				}
				n.none++
			}
			if (r.Err == nil) != csaf.Looks(text[:min(len(text), 64<<10)]) {
				n.strange++
				t.Errorf("%s is recognised: %v", path, r.Err != nil)
			}
		})
	}
	want := map[string]*count{
		// 45 documents with a hash and a signature each; an index, changes and a feed of 4
		// documents each.
		"cisa":                  {files: 138, rows: 45 + 90 + 12},
		"examples_2.0":          {files: 27, rows: 27},
		"gocsaf":                {files: 13, rows: 7, bad: 4, none: 2},
		"oasis_2.0/mandatory":   {files: 36, rows: 9, bad: 27},
		"oasis_2.0/optional":    {files: 15, rows: 15},
		"oasis_2.0/informative": {files: 11, rows: 11},
		"schema":                {files: 3, none: 3},
	}
	for name, w := range want {
		if *got[name] != *w {
			t.Errorf("%s: %+v, want %+v", name, *got[name], *w)
		}
	}
}

func TestAdvisoriesOfCISANameProductsAndVersions(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	p := csaf.New()
	products, ranges, all, unclear := 0, 0, 0, 0
	var words []string
	rowtest.Files(t, filepath.Join(dir, "csaf", "cisa", "OT"), func(path string, text []byte) {
		if !strings.HasSuffix(path, ".json") {
			return
		}
		a := rowtest.Read(t, p, text).Rows[0].Advisory
		if len(a.CVEs) == 0 || len(a.Scores) == 0 || len(a.Remedies) == 0 || len(a.Products) == 0 || a.Modified.IsZero() {
			t.Errorf("%s says too little: %d CVEs, %d scores, %d remedies, %d products", a.ID, len(a.CVEs), len(a.Scores), len(a.Remedies), len(a.Products))
		}
		for _, x := range a.Products {
			products++
			if x.Vendor == "" || x.Name == "" || len(x.CVEs) == 0 || len(x.Ranges) == 0 {
				t.Errorf("%s: %+v", a.ID, x)
			}
			for _, r := range x.Ranges {
				ranges++
				switch {
				case r.Unclear:
					unclear++
					words = append(words, r.Text)
				case r.Exact == "" && r.From == "" && r.To == "":
					all++
				}
			}
		}
	})
	t.Logf("%d products, %d ranges, %d are all versions, %d unclear: %q", products, ranges, all, unclear, words)
	if unclear*20 > ranges {
		t.Error("more than one range in twenty is unclear")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file(f, "testdata", "advisory.json"))
	f.Add(file(f, "testdata", "advisory21.json"))
	f.Add([]byte(`{"feed":{"id":"f","updated":"2026-01-01T00:00:00Z","entry":[{"id":"A","updated":"2026-01-01T00:00:00Z","content":{"type":"a","src":"a:b"}}]}}`))
	f.Add([]byte("2026/a.json,2026-01-01T00:00:00Z\n"))
	p := csaf.New()
	c := csaf.NewChecker()
	f.Fuzz(func(t *testing.T, text []byte) {
		rowtest.Read(t, p, text)
		csaf.Looks(text)
		c.Remarks(text)
	})
}

func BenchmarkDocuments(b *testing.B) {
	dir := devdata.Dir(b)
	if dir == "" {
		b.Skip("no development data here")
	}
	var docs [][]byte
	size := int64(0)
	rowtest.Files(b, filepath.Join(dir, "csaf", "cisa", "OT"), func(path string, text []byte) {
		if strings.HasSuffix(path, ".json") {
			docs = append(docs, text)
			size += int64(len(text))
		}
	})
	p := csaf.New()
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range docs {
			sum, err := p.Parse(context.Background(), bytes.NewReader(text), 0, func(*row.Row, *row.Bad) error { return nil })
			if err != nil || sum.Rows != 1 {
				b.Fatal(sum, err)
			}
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N*len(docs))*2400, "s/2400docs")
}
