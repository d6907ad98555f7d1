package shadowserver_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"testing"
	"time"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/shadowserver"
)

// benchReport is a report of n rows as Shadowserver writes them: every value in
// quotation marks.
func benchReport(b *testing.B, typ string, n int) []byte {
	b.Helper()
	t, err := schema(b).Type(typ)
	if err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	for i, c := range t.Columns {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%q", c)
	}
	out.WriteByte('\n')
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for r := range n {
		for i, c := range t.Columns {
			if i > 0 {
				out.WriteByte(',')
			}
			value := ""
			switch c {
			case "timestamp":
				value = at.Add(time.Duration(r) * time.Second).Format(time.DateTime)
			case "ip", "src_ip":
				value = fmt.Sprintf("203.%d.%d.%d", r>>16&127, r>>8&255, r&255)
			case "hostname":
				if r%3 == 0 {
					value = fmt.Sprintf("host%d.example.vn", r)
				}
			case "severity", "protocol", "port", "asn", "family", "infection", "dst_ip":
				value = map[string]string{
					"severity": "high", "protocol": "tcp", "port": "3389", "asn": "64500",
					"family": "andromeda", "infection": "avalanche-andromeda", "dst_ip": "192.0.2.50",
				}[c]
			case "geo", "src_geo":
				value = "VN"
			case "region", "city":
				value = "HO CHI MINH CITY"
			}
			out.WriteString(`"` + value + `"`)
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// BenchmarkShadowserver reads rows into findings' terms, beside a control that
// only splits them with the standard library into maps.
func BenchmarkShadowserver(b *testing.B) {
	const rows = 20000
	for _, typ := range []string{"scan_rdp", "event4_sinkhole_http"} {
		text := benchReport(b, typ, rows)
		b.Run(typ+"/tocsin", func(b *testing.B) {
			s := schema(b)
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				sum, err := shadowserver.New(s, shadowserver.Options{ReportType: typ}).
					Parse(b.Context(), bytes.NewReader(text), 0, func(*row.Row, *row.Bad) error { return nil })
				if err != nil || sum.Rows != rows {
					b.Fatal(err, sum)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run(typ+"/control", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				in := csv.NewReader(bytes.NewReader(text))
				header, err := in.Read()
				if err != nil {
					b.Fatal(err)
				}
				for {
					rec, err := in.Read()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					m := make(map[string]string, len(header))
					for i, v := range rec {
						m[header[i]] = v
					}
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
