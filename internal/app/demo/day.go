package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"time"
)

// When things arrive in the course of a day.
const (
	firstReport = 7*time.Hour + 40*time.Minute
	between     = 8 * time.Minute
	listAt      = 9*time.Hour + 30*time.Minute
	tableAt     = 10*time.Hour + 15*time.Minute
	brokenAt    = 11 * time.Hour
	smallAt     = 8 * time.Hour
	stormAt     = 14*time.Hour + 20*time.Minute
	advisoryAt  = 8*time.Hour + 20*time.Minute
	patternAt   = 6*time.Hour + 30*time.Minute
)

// Day is what the partners hand in on day n, which begins at the instant
// midnight (that of the city's zone), in the order of its hours. Days differ;
// the same n and midnight give the same bytes. Every observation is made after
// the report before and within four hours before its own delivery, so that who
// says "fixed" in the evening is believed or not by the next morning's report.
func (c *City) Day(n int, midnight time.Time) []Delivery {
	var all []Delivery
	date := midnight.Format(time.DateOnly)
	for _, t := range troubles() {
		at := arrival(t.report)
		switch t.report {
		case listReport:
			all = append(all, Delivery{at, listSource, date + "-quet-mang.txt", "", c.list(n, midnight.Add(at))})
		case tableReport:
			all = append(all, Delivery{at, tableSource, date + "-ma-doc.csv", "", c.table(n, midnight.Add(at))})
		default:
			all = append(all, Delivery{
				at, worldSource, date + "-" + t.report + "-ho_chi_minh_city-geo.csv", t.report,
				c.report(t.report, n, midnight.Add(at)),
			})
		}
	}
	all = append(all,
		Delivery{advisoryAt, advisorySource, date + "-canh-bao-lo-hong.json", "", c.advisory(n, midnight.Add(advisoryAt))},
		Delivery{patternAt, patternSource, date + "-chi-dau.json", "", c.indicators(n, midnight.Add(patternAt))},
		Delivery{smallAt, communitySource, date + "-blocklist-cong_dong.csv", "blocklist", c.small(n, midnight.Add(smallAt))},
		Delivery{brokenAt, worldSource, date + "-scan_ftp-ho_chi_minh_city-geo.csv", "scan_ftp", c.broken(n, midnight.Add(brokenAt))},
		Delivery{stormAt, communitySource, date + "-event4_sinkhole_http-cong_dong.csv", "event4_sinkhole_http", c.storm(n, midnight.Add(stormAt))},
	)
	slices.SortStableFunc(all, func(a, b Delivery) int { return int(a.At - b.At) })
	return all
}

// arrival is the hour at which a report comes.
func arrival(report string) time.Duration {
	switch report {
	case listReport:
		return listAt
	case tableReport:
		return tableAt
	}
	i := slices.IndexFunc(troubles(), func(t trouble) bool { return t.report == report })
	return firstReport + time.Duration(i)*between
}

// report writes one of Shadowserver's for what is seen on day n. Bots are seen
// several times.
func (c *City) report(typ string, n int, at time.Time) []byte {
	var records []map[string]string
	for _, p := range c.seenOn(typ, n) {
		times := 1
		if strings.HasPrefix(typ, "event4_") {
			times += c.roll(3, "times", typ, p.number, n)
		}
		for k := range times {
			records = append(records, c.record(p, n, moment(at, c.roll(160, "minute", typ, p.number, n, k))))
		}
	}
	slices.SortStableFunc(records, func(a, b map[string]string) int {
		return strings.Compare(a["timestamp"], b["timestamp"])
	})
	return c.write(typ, records)
}

// moment is some minutes more than an hour before a delivery.
func moment(delivery time.Time, minutes int) time.Time {
	return delivery.Add(-time.Hour - time.Duration(minutes)*time.Minute)
}

// write makes a file in Shadowserver's form: every field quoted, LF.
func (c *City) write(typ string, records []map[string]string) []byte {
	columns := c.columns[typ]
	var out bytes.Buffer
	line := func(fields []string) {
		for i, f := range fields {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(`"` + strings.ReplaceAll(f, `"`, `""`) + `"`)
		}
		out.WriteByte('\n')
	}
	line(columns)
	for _, r := range records {
		fields := make([]string, len(columns))
		for i, name := range columns {
			fields[i] = r[name]
		}
		for name := range r {
			if !slices.Contains(columns, name) {
				panic("demo: " + typ + " has no column " + name)
			}
		}
		line(fields)
	}
	return out.Bytes()
}

// list is a plain list with remarks, as small partners keep it.
func (c *City) list(n int, at time.Time) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Trung tâm Giám sát Ngọn Hải Đăng: máy quét mạng, %s\n", at.Format("02/01/2006 15:04"))
	fmt.Fprintf(&out, "# Scanners seen since yesterday, one address a line\n\n")
	for _, p := range c.seenOn(listReport, n) {
		out.WriteString(p.addr.String() + "\n")
	}
	return out.Bytes()
}

// table is a spreadsheet of a carrier: semicolons, Vietnamese header, city
// time, CRLF.
func (c *City) table(n int, at time.Time) []byte {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.Comma, w.UseCRLF = ';', true
	rows := [][]string{tableHeader()}
	for _, p := range c.seenOn(tableReport, n) {
		seen := moment(at, c.roll(160, "minute", tableReport, p.number, n))
		rows = append(rows, []string{
			seen.Format("02/01/2006 15:04:05"), p.addr.String(),
			choose(c, []string{"Sality", "Virut", "Ramnit", "Gamarue"}, "table", p.number),
			choose(c, []string{"cao", "cao", "trung bình"}, "table-severity", p.number), "Phát hiện tại biên mạng Sao Mai Xa",
		})
	}
	if err := w.WriteAll(rows); err != nil {
		panic("demo: a buffer takes every write: " + err.Error())
	}
	return out.Bytes()
}

func tableHeader() []string {
	return []string{"Thời gian", "Địa chỉ IP", "Họ mã độc", "Mức độ", "Ghi chú"}
}

// small is the community's daily handful: a sender that nobody owns.
func (c *City) small(n int, at time.Time) []byte {
	return c.write("blocklist", []map[string]string{{
		"timestamp": stamp(moment(at, c.roll(100, "small", n))), "severity": "low", "ip": "192.0.2.200", "source": "to-ong",
		"reason": "spam", "asn": "64499", "geo": "VN", "tag": "demo",
	}})
}

// broken is a report of which some rows cannot be read, each for another
// reason; the others can.
func (c *City) broken(n int, at time.Time) []byte {
	sound := func(k int) map[string]string {
		addr := fmt.Sprintf("198.19.250.%d", 40+k) // Nobody's.
		return map[string]string{
			"timestamp": stamp(moment(at, c.roll(100, "broken", n, k))), "severity": "medium", "ip": addr, "protocol": "tcp",
			"port": "21", "tag": "ftp", "asn": "64499", "geo": "VN", "banner": "220 ProFTPD",
		}
	}
	noAddress, noTime, strange := sound(1), sound(2), sound(3)
	noAddress["ip"] = "198.19.250.999"
	noTime["timestamp"] = "hôm qua"
	strange["ip"] = ""
	file := c.write("scan_ftp", []map[string]string{sound(0), noAddress, noTime, strange, sound(4)})
	return append(file, []byte(fmt.Sprintf("%q,\"medium\",\"198.19.250.45\"\n", stamp(moment(at, 5))))...)
}

// storm is the poisoned report: it says that two hundred organisations called
// the same controller. It goes round in seven families, so that the week knows
// each of them and no later week is larger.
func (c *City) storm(n int, at time.Time) []byte {
	family := StormFamily(n)
	var records []map[string]string
	for _, b := range c.bodies {
		if b.kind == "partner" || b.code == cityCode {
			continue
		}
		records = append(records, c.bot(botSighting{
			src: b.host(surfingAt + 9), at: moment(at, 60), family: family, controller: "192.0.2.250", host: family + "-cc.example",
			n: n, words: []any{"storm", b.code},
		}))
	}
	return c.write("event4_sinkhole_http", records)
}

// StormFamily is the malware family that the poisoned report of day n claims.
func StormFamily(n int) string {
	families := []string{"demo-boc-hoi", "demo-cat-bay", "demo-doi-dem", "demo-ga-go", "demo-khoi-den", "demo-lua-rom", "demo-mua-dong"}
	return families[n%len(families)]
}

// stamp is a time as Shadowserver writes it, in UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }
