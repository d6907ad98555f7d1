package finding_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/watch/intake"
)

// BenchmarkIndicators is a feed of 50,000 indicators from its bytes to what is
// kept: stored, parsed, joined with what other sources say, weighed, journalled.
func BenchmarkIndicators(b *testing.B) {
	const rows = 50_000
	engines := map[string]func(testing.TB) *db.DB{
		"sqlite": func(tb testing.TB) *db.DB { tb.Helper(); return dbtest.SQLite(tb, schema()...) },
	}
	for engine, open := range engines {
		for _, format := range []intake.Format{intake.MISP, intake.STIX, intake.List} {
			for _, known := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/%s/known=%t", engine, format, known), func(b *testing.B) {
					var took time.Duration
					for n := range b.N {
						h := build(b, open(b))
						h.source("first", intake.Source{Format: format})
						h.source("second", intake.Source{Format: format})
						if known {
							h.deliverBytes("first", "feed", feed(format, rows, n))
						}
						text := feed(format, rows, n)
						began := time.Now()
						doc := h.deliverBytes("second", "feed", text)
						took += time.Since(began)
						if doc.Kept != rows {
							b.Fatalf("%d of %d kept: %s", doc.Kept, rows, doc.Reason)
						}
					}
					b.ReportMetric(float64(rows*b.N)/took.Seconds(), "indicators/s")
				})
			}
		}
	}
}

// feed is a document of indicators: names and addresses that are nobody's.
func feed(format intake.Format, rows, seed int) []byte {
	var t bytes.Buffer
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	value := func(n int) (kind, pattern, value string) {
		if n%2 == 0 {
			name := fmt.Sprintf("c%d-%d.bad.example", n, seed)
			return "domain", "domain-name:value", name
		}
		return "ip-dst", "ipv4-addr:value", fmt.Sprintf("45.%d.%d.%d", n>>16&255, n>>8&255, n&255)
	}
	switch format {
	case intake.MISP:
		t.WriteString(`{"Event":{"info":"feed","uuid":"11111111-1111-4111-8111-111111111111","Attribute":[`)
		for n := range rows {
			kind, _, v := value(n)
			if n > 0 {
				t.WriteByte(',')
			}
			fmt.Fprintf(&t, `{"type":%q,"category":"Network activity","to_ids":true,"uuid":"22222222-2222-4222-8222-%012x","timestamp":"%d","value":%q}`, kind, n, at.Unix(), v)
		}
		t.WriteString(`]}}`)
	case intake.STIX:
		t.WriteString(`{"type":"bundle","id":"bundle--11111111-1111-4111-8111-111111111111","objects":[`)
		for n := range rows {
			_, path, v := value(n)
			if n > 0 {
				t.WriteByte(',')
			}
			fmt.Fprintf(&t, `{"type":"indicator","spec_version":"2.1","id":"indicator--22222222-2222-4222-8222-%012x","created":"2026-03-01T00:00:00.000Z","modified":"2026-03-01T00:00:00.000Z","indicator_types":["malicious-activity"],"pattern":"[%s = '%s']","pattern_type":"stix","valid_from":"2026-03-01T00:00:00Z"}`, n, path, v)
		}
		t.WriteString(`]}`)
	default:
		for n := range rows {
			_, _, v := value(n)
			t.WriteString(v + "\n")
		}
	}
	return t.Bytes()
}
