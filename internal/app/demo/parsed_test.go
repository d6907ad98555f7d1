package demo_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"tocsin/internal/app/demo"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/list"
	"tocsin/internal/watch/intake/misp"
	"tocsin/internal/watch/intake/osv"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/shadowserver"
)

// parse reads a delivery with the parser that intake would take.
func parse(t *testing.T, d demo.Delivery, at time.Time) (rows []row.Row, bad []row.Bad) {
	t.Helper()
	var parser row.Parser
	switch d.Source {
	case "hai-dang-danh-sach":
		p, err := list.New(list.Options{Kind: row.Scanning, At: at})
		if err != nil {
			t.Fatal(err)
		}
		parser = p
	case "shadowserver", "to-ong-chia-se":
		schema, err := shadowserver.Load()
		if err != nil {
			t.Fatal(err)
		}
		parser = shadowserver.New(schema, shadowserver.Options{ReportType: d.ReportType, FileName: d.Name})
	case "sao-mai-bao-cao":
		i := slices.IndexFunc(demo.Sources(), func(s demo.Source) bool { return s.Name == d.Source })
		m, err := csvmap.ParseMapping([]byte(demo.Sources()[i].Mapping))
		if err != nil {
			t.Fatal(err)
		}
		p, err := csvmap.New(m, csvmap.Options{Kind: row.Malware, At: at})
		if err != nil {
			t.Fatal(err)
		}
		parser = p
	case "hai-dang-lo-hong":
		parser = osv.Parser{}
	case "to-ong-chi-dau":
		p, err := misp.New(misp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		parser = p
	default:
		t.Fatalf("no parser for %s", d.Source)
	}
	sum, err := parser.Parse(t.Context(), bytes.NewReader(d.Data), 0, func(r *row.Row, b *row.Bad) error {
		if r != nil {
			rows = append(rows, *r)
		} else {
			bad = append(bad, *b)
		}
		return nil
	})
	if err != nil || len(sum.Flags) > 0 {
		t.Fatalf("%s: flags %v, unknown %v, missing %v: %v", d.Name, sum.Flags, sum.Unknown, sum.Missing, err)
	}
	return rows, bad
}

func TestReportsAreReadWithoutAWordButTheBrokenOne(t *testing.T) {
	city := demo.New(1)
	for n := range 10 {
		for _, d := range city.Day(n, midnight(t, n)) {
			rows, bad := parse(t, d, midnight(t, n).Add(d.At))
			wantBad := 0
			if d.ReportType == "scan_ftp" {
				wantBad = 4
			}
			if len(bad) != wantBad {
				t.Errorf("%s: %d bad rows: %+v", d.Name, len(bad), bad)
			}
			for _, r := range rows {
				if len(r.Flags) > 0 {
					t.Errorf("%s: line %d: %v", d.Name, r.Line, r.Flags)
				}
			}
			// The storm's rows rest on one cause, which the brake counts.
			if d.Source == "to-ong-chia-se" && d.ReportType == "event4_sinkhole_http" {
				for _, r := range rows {
					if r.Cause == "" || r.Cause != rows[0].Cause || r.Discriminator != demo.StormFamily(n) {
						t.Fatalf("line %d: cause %q, family %q", r.Line, r.Cause, r.Discriminator)
					}
				}
			}
		}
	}
}

func TestActsAreAboutFindingsThatTheReportsOpen(t *testing.T) {
	city := demo.New(1)
	type asset struct{ kind, value string }
	opened := map[asset]bool{}
	missing := 0
	for n := range 30 {
		day := midnight(t, n)
		for _, d := range city.Day(n, day) {
			rows, _ := parse(t, d, day.Add(d.At))
			for _, r := range rows {
				opened[asset{string(r.Kind), r.Asset.Value()}] = true
			}
		}
		for _, a := range city.Officers(n) {
			if a.Verb != demo.Reject && !opened[asset{a.Kind, a.Match}] {
				missing++
				if n > 10 {
					t.Errorf("day %d: %+v is about nothing", n, a)
				}
			}
		}
	}
	// On the first days some acts end what began before the first day.
	if missing > 60 {
		t.Errorf("%d acts are about nothing", missing)
	}
}
