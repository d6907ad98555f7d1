package finding_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/shadowserver"
)

// The city of the benchmarks: so many organisations hold so many prefixes, the
// addresses of 198.18.0.0/15, which RFC 2544 sets aside for benchmarks.
const (
	benchOrganisations = 5_000
	benchPrefixes      = 100_000
)

// city gives the house an estate of that size.
func (h *house) city() {
	h.t.Helper()
	var organisations, addresses strings.Builder
	organisations.WriteString("code,name_vi,kind,tier\n")
	for i := range benchOrganisations {
		fmt.Fprintf(&organisations, "B-%d,Đơn vị %d,ward,city\n", i, i)
	}
	addresses.WriteString("organisation,kind,value\n")
	for i := range benchPrefixes {
		fmt.Fprintf(&addresses, "B-%d,prefix,%s/32\n", i%benchOrganisations, benchAddress(i))
	}
	_, err := h.estate.Apply(h.t.Context(), analyst(), []estate.File{
		{Name: "organisations.csv", Data: []byte(organisations.String())}, {Name: "addresses.csv", Data: []byte(addresses.String())},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.estate.Load(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.settle()
}

func benchAddress(i int) string {
	return fmt.Sprintf("198.%d.%d.%d", 18+i>>16, i>>8&255, i&255)
}

// A generator writes a Shadowserver report of scan_rdp with all its columns, row
// by row, so that a large one lies nowhere. Row i is one problem, the same in
// each report; neighbours in a report are strangers in the table, as in a scan.
type generator struct {
	before, after string // the columns in front of the address and behind the port
	day           time.Time
	rows, next    int
	problems      int // that the rows are taken from
	stride        int // a prime: the order of the problems
	line          []byte
	left          []byte
}

func newGenerator(t testing.TB, day time.Time, rows int) *generator {
	t.Helper()
	schema, err := shadowserver.Load()
	if err != nil {
		t.Fatal(err)
	}
	typ, err := schema.Type("scan_rdp")
	if err != nil {
		t.Fatal(err)
	}
	g := &generator{day: day, rows: rows, problems: rows, stride: 1_000_003}
	var tail strings.Builder
	for _, c := range typ.Columns {
		switch c {
		case "timestamp", "severity", "ip", "protocol", "port":
			continue
		}
		value := ""
		switch c {
		case "asn":
			value = "64500"
		case "geo":
			value = "VN"
		case "region", "city":
			value = "HO CHI MINH CITY"
		case "tag":
			value = "rdp"
		case "cert_serial_number", "rdp_sha1_fingerprint", "sha1_fingerprint":
			value = "4F:0C:55:09:41:9A:8D:31:0B:44:2E:A7:6C:21:B1:0F:5D:38:C1:7E"
		}
		fmt.Fprintf(&tail, ",%q", value)
		g.before += fmt.Sprintf(",%q", c)
	}
	g.left = []byte(`"timestamp","severity","ip","protocol","port"` + g.before + "\n")
	g.after = tail.String() + "\n"
	return g
}

// Read gives the next bytes of the report.
func (g *generator) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(g.left) == 0 {
			if g.next == g.rows {
				break
			}
			i := g.next * g.stride % g.problems
			at := g.day.Add(time.Duration(g.next%86400) * time.Second)
			g.line = append(g.line[:0], '"')
			g.line = at.AppendFormat(g.line, time.DateTime)
			g.line = append(g.line, `","high","`...)
			g.line = append(g.line, benchAddress(i%benchPrefixes)...)
			g.line = append(g.line, `","tcp","`...)
			g.line = strconv.AppendInt(g.line, int64(1024+i/benchPrefixes), 10)
			g.line = append(append(g.line, '"'), g.after...)
			g.left = g.line
			g.next++
		}
		k := copy(p[n:], g.left)
		n += k
		g.left = g.left[k:]
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (h *house) deliverFrom(source, file string, in io.Reader) {
	h.t.Helper()
	doc, _, err := h.intake.Receive(h.t.Context(), analyst(), intake.Delivery{Source: source, File: file, Content: in})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.runner.Settle(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	if doc, err = h.intake.Document(h.t.Context(), analyst(), doc.ID); err != nil || doc.State != intake.Parsed {
		h.t.Fatalf("%+v, %v", doc, err)
	}
}

// BenchmarkReport measures a Shadowserver report from its bytes to findings that
// are opened or counted, journalled and committed. The mix is a daily report of
// which 70 % was known. The control reads the same bytes with encoding/csv into a
// map per row, and does nothing with it. On a machine that does other work too,
// cpu-µs/row and the ratio to the control say more than rows/s.
func BenchmarkReport(b *testing.B) {
	const rows = 50_000
	engines := []struct {
		name string
		open func(t testing.TB, schema ...db.Migration) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgresql", dbtest.PostgreSQL}}
	for _, engine := range engines {
		for _, c := range []struct {
			name  string
			known int // rows that were reported the day before
		}{{"new", 0}, {"known", rows}, {"mix", rows * 7 / 10}} {
			b.Run(engine.name+"/"+c.name, func(b *testing.B) {
				var used time.Duration
				for b.Loop() {
					b.StopTimer()
					h := build(b, engine.open(b, schema()...))
					h.city()
					h.source("shadow", intake.Source{Format: intake.Shadowserver})
					if c.known > 0 {
						before := newGenerator(b, start().Add(-48*time.Hour), rows)
						before.rows = c.known
						h.deliverFrom("shadow", "scan_rdp.csv", before)
					}
					runtime.GC()
					before := cpu()
					b.StartTimer()
					h.deliverFrom("shadow", "scan_rdp.csv", newGenerator(b, start().Add(-24*time.Hour), rows))
					used += cpu() - before
				}
				b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64(used.Microseconds())/float64(b.N*rows), "cpu-µs/row")
			})
		}
	}
	b.Run("control-encoding-csv", func(b *testing.B) {
		text, err := io.ReadAll(newGenerator(b, start(), rows))
		if err != nil {
			b.Fatal(err)
		}
		before := cpu()
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
		b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N*rows), "cpu-µs/row")
	})
}

// BenchmarkCritical measures a document of one row in an idle house: from its
// first byte until it is parsed and its finding is committed.
func BenchmarkCritical(b *testing.B) {
	for _, engine := range []struct {
		name string
		open func(t testing.TB, schema ...db.Migration) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgresql", dbtest.PostgreSQL}} {
		b.Run(engine.name, func(b *testing.B) {
			h := build(b, engine.open(b, schema()...))
			h.source("shadow", intake.Source{Format: intake.Shadowserver})
			var took []time.Duration
			var used time.Duration
			for i := 0; b.Loop(); i++ {
				text := rdp(seen(start().Add(-time.Hour), fmt.Sprintf("203.0.113.%d", i%250)))
				text = strings.Replace(text, "3389", strconv.Itoa(1024+i/250), 1)
				before, began := cpu(), time.Now()
				doc, _, err := h.intake.Receive(b.Context(), analyst(), intake.Delivery{Source: "shadow", File: "scan_rdp.csv", Content: strings.NewReader(text)})
				if err != nil {
					b.Fatal(err)
				}
				for doc.State == intake.Received {
					news := h.journal.News()
					if doc, err = h.intake.Document(b.Context(), analyst(), doc.ID); err != nil {
						b.Fatal(err)
					}
					if doc.State == intake.Received {
						<-news
					}
				}
				took = append(took, time.Since(began))
				used += cpu() - before
			}
			slices.Sort(took)
			at := func(share float64) float64 {
				return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
			}
			b.ReportMetric(at(0.50), "p50-ms")
			b.ReportMetric(at(0.99), "p99-ms")
			b.ReportMetric(float64(used.Microseconds())/1000/float64(len(took)), "cpu-ms/document")
		})
	}
}
