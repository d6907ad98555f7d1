package finding_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/watch/intake"
)

// report is a Shadowserver report of n rows about the two wards' addresses.
func report(day time.Time, n int) []byte {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	_, _ = w.WriteString(rdp())
	for i := range n {
		_, _ = w.WriteString(fmt.Sprintf("\"%s\",\"high\",\"203.0.113.%d\",\"tcp\",\"%d\",\"\",\"rdp\",\"64500\",\"VN\"\n",
			day.Add(time.Duration(i%86400)*time.Second).Format("2006-01-02 15:04:05"), i%256, 1024+(i/256)%40000))
	}
	_ = w.Flush()
	return b.Bytes()
}

// BenchmarkReport measures a Shadowserver report from its bytes to findings that
// are opened or counted, journalled and committed. The control reads the same
// bytes with encoding/csv into a map per row, and does nothing with it.
func BenchmarkReport(b *testing.B) {
	const rows = 100_000
	for _, c := range []struct {
		name string
		days int // how often the same problems have been seen before
	}{{"all-new", 0}, {"all-known", 1}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				h := build(b, dbtest.SQLite(b, schema()...))
				h.source("shadow", intake.Source{Format: intake.Shadowserver})
				for i := range c.days {
					h.deliverBytes("shadow", "scan_rdp.csv", report(start().Add(time.Duration(i-10)*24*time.Hour), rows))
				}
				text := report(start().Add(-24*time.Hour), rows)
				runtime.GC()
				b.StartTimer()
				h.deliverBytes("shadow", "scan_rdp.csv", text)
			}
			b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	b.Run("control-encoding-csv", func(b *testing.B) {
		text := report(start(), rows)
		for b.Loop() {
			in := csv.NewReader(bytes.NewReader(text))
			header, err := in.Read()
			if err != nil {
				b.Fatal(err)
			}
			for {
				fields, err := in.Read()
				if err == io.EOF {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				row := make(map[string]string, len(header))
				for i, name := range header {
					row[name] = fields[i]
				}
			}
		}
		b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
	})
}
