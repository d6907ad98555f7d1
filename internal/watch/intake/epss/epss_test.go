package epss_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/epss"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/rowtest"
)

func TestALineIsTheScoreOfAWeakness(t *testing.T) {
	text := []byte("#model_version:v2025.03.14,score_date:2026-03-01T00:00:00+0000\ncve,epss,percentile\n" +
		"CVE-2026-0001,0.94,0.99\nCVE-2026-x,0.1,0.1\nCVE-2026-0002,1.4,0.1\nCVE-2026-0003,0.5,NaN\nCVE-2026-0004,0.5\n")
	if !epss.Looks(text) {
		t.Error("it is not recognised")
	}
	r := rowtest.Read(t, epss.Parser{}, text)
	if r.Err != nil || len(r.Rows) != 1 || len(r.Bad) != 4 {
		t.Fatalf("%+v", r)
	}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	want := &advisory.Advisory{
		ID: "CVE-2026-0001", Revision: "v2025.03.14", CVEs: []string{"CVE-2026-0001"}, Modified: at,
		EPSS: &advisory.EPSS{Score: 0.94, Percentile: 0.99, Date: "2026-03-01"},
	}
	if diff := cmp.Diff(want, r.Rows[0].Advisory); diff != "" || !r.Rows[0].At.Equal(at) {
		t.Error(diff)
	}
	for i, f := range []row.Fault{row.FaultCVE, row.FaultNumber, row.FaultNumber, row.FaultWidth} {
		if r.Bad[i].Fault != f {
			t.Errorf("line %d: %s", r.Bad[i].Line, r.Bad[i].Reason)
		}
	}
}

func TestTheSampleGoesIn(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data here")
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "vuln", "epss_sample.csv"))
	if err != nil {
		t.Fatal(err)
	}
	r := rowtest.Read(t, epss.Parser{}, text)
	if want := bytes.Count(bytes.TrimSpace(text), []byte("\n")) - 1; r.Err != nil || len(r.Rows) != want || len(r.Bad) != 0 || !epss.Looks(text) {
		t.Errorf("%d rows of %d, %d bad, %v", len(r.Rows), want, len(r.Bad), r.Err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("#model_version:v1,score_date:2026-03-01T00:00:00+0000\ncve,epss,percentile\nCVE-2026-0001,0.94,0.99\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rowtest.Read(t, epss.Parser{}, text)
		epss.Looks(text)
	})
}

func BenchmarkADay(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("#model_version:v1,score_date:2026-03-01T00:00:00+0000\ncve,epss,percentile\n")
	for i := range 300_000 {
		fmt.Fprintf(&text, "CVE-2026-%d,0.%05d,0.%05d\n", 1000+i, i%100_000, i%100_000)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		_, err := epss.Parser{}.Parse(context.Background(), bytes.NewReader(text.Bytes()), 0, func(*row.Row, *row.Bad) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}
