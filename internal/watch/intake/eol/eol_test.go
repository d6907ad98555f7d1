package eol_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/eol"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/rowtest"
)

const page = `---
title: Example Server
permalink: /example-server
releaseLabel: "__RELEASE_CYCLE__ <abbr title='x'>(__CODENAME__)</abbr>"
changelogTemplate: https://example.org/v__LATEST__

identifiers:
  - cpe: cpe:/a:example:server
  - cpe: cpe:2.3:a:example:server
  - purl: pkg:deb/debian/example-server # a comment
  - repology: example

releases:
  - releaseCycle: "7.4"
    codename: "Sen"
    releaseDate: 2024-01-01
    eoes: 2028-01-01
    eol: 2026-05-31
    latest: "7.4.9"

  - releaseCycle: "2012-r2"
    releaseLabel: "2012 R2"
    eol: true
    latest: 6.3.9600
    link: null
  - releaseCycle: "8"
    eol: false
  - releaseCycle: "9"
    eol: soon
  - eol: false
  - [a]
---

> Text after it.
`

func TestAReleaseIsAnAdvisory(t *testing.T) {
	if !eol.Looks([]byte(page)) {
		t.Error("it is not recognised")
	}
	r := rowtest.Read(t, &eol.Parser{}, []byte(page))
	if r.Err != nil || len(r.Rows) != 3 || len(r.Bad) != 3 {
		t.Fatalf("%+v", r)
	}
	own := []advisory.Range{{From: "7.4", To: "7.5"}, {Exact: "7.4 (Sen)"}}
	want := &advisory.Advisory{
		ID: "eol:example-server:7.4", Title: "Example Server 7.4 (Sen)",
		Products: []advisory.Product{
			{Vendor: "example", Name: "Example Server", CPE: "cpe:2.3:a:example:server:*:*:*:*:*:*:*:*", Status: advisory.Affected, Ranges: own},
			{Name: "Example Server", PURL: "pkg:deb/debian/example-server", Status: advisory.Affected, Ranges: own},
		},
		EndOfLife:  &advisory.EndOfLife{Release: "7.4", Label: "7.4 (Sen)", Ends: "2026-05-31", Extended: "2028-01-01", Latest: "7.4.9", Link: "https://example.org/v7.4.9"},
		References: []string{"https://example.org/v7.4.9"},
	}
	if diff := cmp.Diff(want, r.Rows[0].Advisory); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	second := r.Rows[1].Advisory
	if diff := cmp.Diff([]advisory.Range{{Exact: "2012-r2"}, {Exact: "2012 R2"}, {From: "6.3.9600", To: "6.3.9601"}}, second.Products[0].Ranges); diff != "" || !second.EndOfLife.Ended {
		t.Errorf("%+v\n%s", second.EndOfLife, diff)
	}
	if e := r.Rows[2].Advisory.EndOfLife; e.Ended || e.Ends != "" {
		t.Errorf("%+v", e)
	}
	for i, f := range []row.Fault{row.FaultTime, row.FaultEmpty, row.FaultYAML} {
		if r.Bad[i].Fault != f {
			t.Errorf("bad row %d: %s", i, r.Bad[i].Reason)
		}
	}
	if raw := page[r.Rows[1].Offset : r.Rows[1].Offset+r.Rows[1].Length]; !strings.HasPrefix(raw, `  - releaseCycle: "2012-r2"`) || !strings.HasSuffix(raw, "link: null\n") {
		t.Errorf("the release stands at %q", raw)
	}
}

func TestTheAnswersOfTheAPIAreReleases(t *testing.T) {
	cycles := "[\n{\"cycle\":\"7.4\",\"eol\":\"2026-05-31\",\"latest\":\"7.4.9\",\"extendedSupport\":\"2028-01-01\"},\n{\"cycle\":8,\"eol\":false},{\"eol\":true},7]"
	r := rowtest.Read(t, &eol.Parser{Product: "example"}, []byte(cycles))
	if r.Err != nil || len(r.Rows) != 2 || len(r.Bad) != 2 || r.Rows[0].Advisory.ID != "eol:example:7.4" || r.Rows[0].Advisory.EndOfLife.Extended != "2028-01-01" {
		t.Errorf("%+v", r)
	}
	if r := rowtest.Read(t, &eol.Parser{}, []byte(cycles)); len(r.Rows) != 0 || len(r.Bad) != 4 || r.Bad[0].Field != "product" {
		t.Errorf("without a product's name: %+v", r.Sum)
	}
	one := `{"name":"example","label":"Example","identifiers":[{"id":"cpe:/a:example:server","type":"cpe"}],"releases":[
{"name":"7.4","label":"7.4 LTS","isEol":true,"eolFrom":"2026-05-31","latest":{"name":"7.4.9","link":"https://example.org/"}},{"name":"8","isEol":false,"eolFrom":null,"latest":null}]}`
	for _, text := range []string{`{"schema_version":"1.2.0","result":` + one + `}`, `{"schema_version":"1.2.0","total":1,"result":[` + one + `]}`} {
		if !eol.Looks([]byte(text)) {
			t.Errorf("%.40s is not recognised", text)
		}
		r := rowtest.Read(t, &eol.Parser{}, []byte(text))
		if r.Err != nil || len(r.Rows) != 2 || r.Rows[0].Advisory.EndOfLife.Ends != "2026-05-31" || r.Rows[0].Advisory.Products[0].CPE == "" || r.Rows[1].Advisory.EndOfLife.Ended {
			t.Errorf("%+v", r)
		}
	}
	if !eol.Looks([]byte(cycles)) || eol.Looks([]byte(`{"result":1}`)) || eol.Looks([]byte("---\ntitle: a\n---\n")) {
		t.Error("arrays of cycles are not told from others")
	}
}

func TestABrokenPageIsOneBadRowAndAnotherTextIsNone(t *testing.T) {
	for _, text := range []string{"---\ntitle: [a\n---\n", "---\nreleases:\n\t- a\n---\n", `[{"cycle":`} {
		if r := rowtest.Read(t, &eol.Parser{}, []byte(text)); r.Err != nil || len(r.Bad) != 1 {
			t.Errorf("%q: %+v", text, r)
		}
	}
	for _, text := range []string{"", "hello", "---\n---\n", "---\ntitle: a\n---\n", `{"a":1}`} {
		if r := rowtest.Read(t, &eol.Parser{}, []byte(text)); r.Err == nil {
			t.Errorf("%q: %+v", text, r)
		} else if _, ok := row.Unreadable(r.Err); !ok {
			t.Errorf("%q: %v", text, r.Err)
		}
	}
}

func TestTheSharedPagesGoIn(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	n, rows, dated := 0, 0, 0
	rowtest.Files(t, filepath.Join(dir, "vuln", "eol"), func(path string, text []byte) {
		n++
		if !eol.Looks(text[:min(len(text), 64<<10)]) {
			t.Errorf("%s is not recognised", path)
		}
		r := rowtest.Read(t, &eol.Parser{}, text)
		want := strings.Count(string(text), "\n  - releaseCycle:")
		if r.Err != nil || len(r.Bad) != 0 || len(r.Rows) != want {
			t.Errorf("%s: %d rows of %d, %+v %v", path, len(r.Rows), want, r.Bad, r.Err)
		}
		rows += len(r.Rows)
		for _, got := range r.Rows {
			if got.Advisory.EndOfLife.Ends != "" {
				dated++
			}
		}
	})
	if n != 40 || rows != 588 {
		t.Errorf("%d pages, %d releases, %d with a date; want 40 and 588", n, rows, dated)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(page))
	f.Add([]byte(`{"result":{"name":"a","releases":[{"name":"1"}]}}`))
	f.Add([]byte(`[{"cycle":"1","eol":true}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		rowtest.Read(t, &eol.Parser{Product: "a"}, text)
		eol.Looks(text)
	})
}
