package shadowserver_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/delimited"
	"tocsin/internal/watch/intake/shadowserver"
)

func schema(t testing.TB) *shadowserver.Schema {
	t.Helper()
	s, err := shadowserver.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type result struct {
	rows []row.Row
	bad  []row.Bad
	sum  row.Summary
}

func parse(t testing.TB, text string, o shadowserver.Options) result {
	t.Helper()
	r, err := try(schema(t), strings.NewReader(text), o, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func try(s *shadowserver.Schema, in io.Reader, o shadowserver.Options, skip int64) (result, error) {
	var r result
	sum, err := shadowserver.New(s, o).Parse(context.Background(), in, skip, func(ok *row.Row, bad *row.Bad) error {
		if bad != nil {
			r.bad = append(r.bad, *bad)
			return nil
		}
		r.rows = append(r.rows, *ok)
		return nil
	})
	r.sum = sum
	return r, err
}

// report writes a report of a type whose single row has the given values; the
// other columns are empty.
func report(t testing.TB, name string, values map[string]string) string {
	t.Helper()
	typ, err := schema(t).Type(name)
	if err != nil {
		t.Fatal(err)
	}
	var names, fields [][]byte
	for _, c := range typ.Columns {
		names, fields = append(names, []byte(c)), append(fields, []byte(values[c]))
	}
	for c := range values {
		if !slices.Contains(typ.Columns, c) {
			t.Fatalf("%s has no column %s", name, c)
		}
	}
	return string(delimited.Append(delimited.Append(nil, names, 0), fields, 0))
}

func TestARowOfEachSortBecomesTheRightFinding(t *testing.T) {
	type want struct {
		asset         row.Asset
		kind          row.Kind
		discriminator string
		severity      row.Severity
		class         row.Classification
		cause         string
		port          uint16
	}
	const at = "2026-03-01 00:12:30"
	for _, c := range []struct {
		name   string
		typ    string
		values map[string]string
		want   want
	}{
		{
			"an exposed service is its port and protocol", "scan_rdp",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "port": "3389", "protocol": "TCP"},
			want{"ip:203.0.113.7", row.ExposedService, "3389/tcp", row.High, "vulnerable:vulnerable-system", "", 3389},
		},
		{
			"the row's severity comes before the type's", "scan_rdp",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "port": "3389", "protocol": "tcp", "severity": "Low"},
			want{"ip:203.0.113.7", row.ExposedService, "3389/tcp", row.Low, "vulnerable:vulnerable-system", "", 3389},
		},
		{
			"IPv6 has its sibling's class", "scan6_rdp",
			map[string]string{"timestamp": at, "ip": "2001:DB8:0:0::7", "port": "3389", "protocol": "tcp"},
			want{"ip:2001:db8::7", row.ExposedService, "3389/tcp", row.High, "vulnerable:vulnerable-system", "", 3389},
		},
		{
			"a tunnel without port has its name", "scan_ip_tunnel",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "protocol": "ipip"},
			want{"ip:203.0.113.7", row.ExposedService, "ip-tunnel", row.Medium, "vulnerable:vulnerable-system", "", 0},
		},
		{
			"an open resolver amplifies", "scan_dns",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "port": "53", "protocol": "udp"},
			want{"ip:203.0.113.7", row.Amplifier, "53/udp", row.Medium, "vulnerable:vulnerable-system", "", 53},
		},
		{
			"a sinkhole's visitor is the source, the cause is whom it called", "event4_sinkhole_http",
			map[string]string{"timestamp": at, "src_ip": "203.0.113.7", "src_port": "40000", "dst_ip": "192.0.2.1", "dst_port": "80", "protocol": "tcp", "infection": "avalanche-andromeda", "http_host": "C2.Example"},
			want{"ip:203.0.113.7", row.C2Contact, "andromeda", row.Critical, "malicious-code:infected-system", "c2.example", 40000},
		},
		{
			"family comes before infection, and the address stands for the name", "event4_sinkhole",
			map[string]string{"timestamp": at, "src_ip": "203.0.113.7", "dst_ip": "192.0.2.1", "infection": "x", "family": "Gamarue Bot_2; other"},
			want{"ip:203.0.113.7", row.C2Contact, "gamarue-bot-2", row.Critical, "malicious-code:infected-system", "192.0.2.1", 0},
		},
		{
			"a guesser of passwords is the source, by the service it attacked", "event4_honeypot_brute_force",
			map[string]string{"timestamp": at, "src_ip": "203.0.113.7", "dst_port": "22", "protocol": "tcp", "service": "SSH"},
			want{"ip:203.0.113.7", row.BruteForce, "ssh", row.Critical, "intrusion-attempts:brute-force", "", 0},
		},
		{
			"a guesser whose service is not named, by the port it attacked", "event4_honeypot_brute_force",
			map[string]string{"timestamp": at, "src_ip": "203.0.113.7", "dst_port": "22", "protocol": "tcp"},
			want{"ip:203.0.113.7", row.BruteForce, "22/tcp", row.Critical, "intrusion-attempts:brute-force", "", 0},
		},
		{
			"a scanner", "event4_honeypot_http_scan",
			map[string]string{"timestamp": at, "src_ip": "203.0.113.7", "dst_ip": "192.0.2.9"},
			want{"ip:203.0.113.7", row.Scanning, "http", row.High, "information-gathering:scanner", "", 0},
		},
		{
			"the victim of an attack by bots is the destination", "event4_honeypot_ddos_target",
			map[string]string{"timestamp": at, "src_ip": "192.0.2.9", "src_port": "1", "dst_ip": "203.0.113.7", "dst_port": "443", "dst_asn": "64500"},
			want{"ip:203.0.113.7", row.IDSAlert, "ddos-target", row.Info, "availability:ddos", "", 443},
		},
		{
			"the victim of amplification is the forged source", "event4_honeypot_ddos_amp",
			map[string]string{"timestamp": at, "src_ip": "203.0.113.7", "dst_ip": "192.0.2.9"},
			want{"ip:203.0.113.7", row.IDSAlert, "ddos-target", row.Info, "availability:ddos", "", 0},
		},
		{
			"the website that sent visitors to a sinkhole", "event4_sinkhole_http_referer",
			map[string]string{"timestamp": at, "http_referer": "http://Shop.Example.org/x", "dst_ip": "192.0.2.9"},
			want{"domain:shop.example.org", row.Defacement, "referer", row.Critical, "malicious-code:infected-system", "", 0},
		},
		{
			"CVE numbers from the tag, in order, each once", "scan_exchange",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "port": "443", "tag": "exchange;cve-2023-21529;CVE-2021-26855;cve-2021-26855"},
			want{"ip:203.0.113.7", row.VulnerableService, "CVE-2021-26855,CVE-2023-21529", row.Critical, "vulnerable:vulnerable-system", "CVE-2021-26855,CVE-2023-21529", 443},
		},
		{
			"a hole without CVE is its port", "scan_http_vulnerable",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "port": "8080", "protocol": "tcp", "tag": "basic-auth"},
			want{"ip:203.0.113.7", row.VulnerableService, "8080/tcp", row.Critical, "vulnerable:vulnerable-system", "", 8080},
		},
		{
			"a type that is one CVE is no cause for the brake", "scan_ssl_poodle",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "port": "443"},
			want{"ip:203.0.113.7", row.VulnerableService, "CVE-2014-3566", row.Low, "vulnerable:weak-crypto", "", 443},
		},
		{
			"software past its end", "scan_http",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "port": "80", "protocol": "tcp", "tag": "http;eol"},
			want{"ip:203.0.113.7", row.EndOfLife, "80/tcp", row.Info, "other:other", "", 80},
		},
		{
			"a web shell on a mail server", "scan_exchange",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "port": "443", "tag": "exchange;webshell"},
			want{"ip:203.0.113.7", row.Malware, "webshell", row.Critical, "intrusions:system-compromise", "", 443},
		},
		{
			"a compromised website", "compromised_website",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "port": "80", "category": "Web Skimmer"},
			want{"ip:203.0.113.7", row.Defacement, "web-skimmer", row.Critical, "intrusions:system-compromise", "", 80},
		},
		{
			"a phishing page on it", "compromised_website",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "category": "phishing"},
			want{"ip:203.0.113.7", row.Phishing, "phishing", row.Critical, "fraud:phishing", "", 0},
		},
		{
			"a leaked account is its domain, never the person", "compromised_account",
			map[string]string{"timestamp": at, "email": "Nguyen.Van.A@Phuong.Example.VN", "infection": "RedLine"},
			want{"domain:phuong.example.vn", row.LeakedAccount, "redline", row.Critical, "information-content-security:data-leak", "", 0},
		},
		{
			"a ransomware victim by its website", "ransomware_victim",
			map[string]string{"timestamp": at, "website": "WWW.Example.org", "ransomware": "Lock Bit"},
			want{"domain:www.example.org", row.DataLeak, "lock-bit", row.High, "intrusions:system-compromise", "", 0},
		},
		{
			"a malware link is told by its URL", "malware_url",
			map[string]string{"timestamp": at, "ip": "203.0.113.7", "url": "HTTP://Example.org/a/../b.exe"},
			want{"ip:203.0.113.7", row.Malware, "http://example.org/b.exe", row.Critical, "malicious-code:malware-distribution", "", 0},
		},
		{
			"a listed network", "blocklist",
			map[string]string{"timestamp": at, "ip": "203.0.113.9/24", "source": "Some List", "reason": "SSH attacks"},
			want{"ip:203.0.113.0/24", row.BruteForce, "some-list", row.Low, "other:blocklist", "", 0},
		},
		{
			"a machine that asked a sinkhole's name server", "event4_sinkhole_dns",
			map[string]string{"timestamp": at, "src_ip": "203.0.113.7", "query": "Evil.Example"},
			want{"ip:203.0.113.7", row.C2Contact, "evil.example", row.Info, "other:other", "evil.example", 0},
		},
		{
			"a name that malware asked for", "sandbox_dns",
			map[string]string{"timestamp": at, "request": "Evil.Example.", "family": "x"},
			want{"domain:evil.example", row.Malware, "x", row.High, "other:other", "", 0},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := parse(t, report(t, c.typ, c.values), shadowserver.Options{ReportType: c.typ})
			if len(r.rows) != 1 || len(r.bad) != 0 {
				t.Fatalf("%d rows, bad %+v", len(r.rows), r.bad)
			}
			g := r.rows[0]
			got := want{g.Asset, g.Kind, g.Discriminator, g.Severity, g.Classification, g.Cause, g.Port}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if len(g.Flags) != 0 || g.Line != 2 || !g.At.Equal(time.Date(2026, 3, 1, 0, 12, 30, 0, time.UTC)) {
				t.Errorf("flags %v, line %d, at %v", g.Flags, g.Line, g.At)
			}
		})
	}
}

// sample is a sound value of any column.
func sample(column string) string {
	switch {
	case column == "timestamp":
		return "2026-03-01 00:12:30"
	case column == "severity":
		return "medium"
	case column == "ip" || strings.HasSuffix(column, "_ip"):
		return "203.0.113.7"
	case strings.HasSuffix(column, "port"):
		return "443"
	case strings.HasSuffix(column, "asn"):
		return "64500"
	case column == "protocol":
		return "tcp"
	case column == "email":
		return "a@example.org"
	case column == "url" || column == "website":
		return "http://example.org/a"
	case strings.Contains(column, "hostname") || column == "request":
		return "www.example.org"
	case column == "tag" || column == "family" || column == "infection":
		return "synthetic"
	}
	return "văn bản, \"x\"\n2"
}

func TestEveryTypeOfTheSchemaIsUnderstood(t *testing.T) {
	s := schema(t)
	if len(s.Types()) != 170 {
		t.Errorf("%d types, the schema has 170", len(s.Types()))
	}
	for _, typ := range s.Types() {
		values := map[string]string{}
		for _, c := range typ.Columns {
			values[c] = sample(c)
		}
		r := parse(t, report(t, typ.Name, values), shadowserver.Options{FileName: "2026-03-01-" + typ.Name + "-vietnam-geo.csv"})
		if len(r.rows) != 1 || len(r.bad) != 0 {
			t.Errorf("%s: %d rows, bad %+v", typ.Name, len(r.rows), r.bad)
			continue
		}
		g := r.rows[0]
		if r.sum.Type != typ.Name || len(g.Flags) != 0 || len(r.sum.Unknown)+len(r.sum.Missing) != 0 {
			t.Errorf("%s: read as %s, flags %v", typ.Name, r.sum.Type, g.Flags)
		}
		if !g.Kind.Valid() || g.Discriminator == "" || g.Severity != row.Medium {
			t.Errorf("%s: kind %q, discriminator %q, severity %v", typ.Name, g.Kind, g.Discriminator, g.Severity)
		}
		if _, err := row.ParseAsset(string(g.Asset)); err != nil {
			t.Errorf("%s: asset %q: %v", typ.Name, g.Asset, err)
		}
		if _, err := row.ParseClassification(string(g.Classification)); err != nil {
			t.Errorf("%s: class %q", typ.Name, g.Classification)
		}
		without := parse(t, report(t, typ.Name, map[string]string{"timestamp": values["timestamp"]}), shadowserver.Options{ReportType: typ.Name})
		if len(without.bad) != 1 || without.bad[0].Fault != row.FaultEmpty || without.bad[0].Column == 0 {
			t.Errorf("%s: a row without any address gave %+v", typ.Name, without.bad)
		}
	}
}

func TestTheFactsAreThoseOfTheSchema(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	f, err := os.Open(filepath.Join(dir, "cert-feeds", "shadowserver_report_types.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	facts, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s := schema(t)
	if len(facts)-1 != len(s.Types()) {
		t.Errorf("%d types, the schema has %d", len(s.Types()), len(facts)-1)
	}
	for _, fact := range facts[1:] {
		typ, err := s.Type(fact[0])
		if err != nil {
			t.Error(err)
			continue
		}
		if class := fact[2] + ":" + fact[3]; class != ":" && class != string(typ.Classification) {
			t.Errorf("%s: class %s, want %s", typ.Name, typ.Classification, class)
		}
		if typ.Severity.String() != fact[4] {
			t.Errorf("%s: severity %q, want %q", typ.Name, typ.Severity, fact[4])
		}
		if !slices.Equal(typ.Columns, strings.Fields(fact[5])) {
			t.Errorf("%s: columns %v", typ.Name, typ.Columns)
		}
	}
}

func TestTheSyntheticReports(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	for typ, kind := range map[string]row.Kind{
		"blocklist": row.Spam, "compromised_website": row.Defacement, "event4_ddos_participant": row.Malware,
		"event4_honeypot_brute_force": row.BruteForce, "event4_sinkhole_http": row.C2Contact,
		"scan_exchange": row.VulnerableService, "scan_rdp": row.ExposedService, "scan_snmp": row.Amplifier,
	} {
		name := "2026-03-01-" + typ + "-vietnam-geo.csv"
		text, err := os.ReadFile(filepath.Join(dir, "cert-feeds", "synthetic_shadowserver", name))
		if err != nil {
			t.Fatal(err)
		}
		r := parse(t, string(text), shadowserver.Options{FileName: name})
		if len(r.rows) != 6 || len(r.bad) != 0 || r.sum.Type != typ || len(r.sum.Flags) != 0 {
			t.Errorf("%s: %d rows, %d bad, type %s, flags %v", name, len(r.rows), len(r.bad), r.sum.Type, r.sum.Flags)
			continue
		}
		for i, g := range r.rows {
			if g.Kind != kind || g.Severity != row.High || g.ASN != 64500 || g.Line != i+2 {
				t.Errorf("%s row %d: %+v", name, i, g)
			}
			if raw := text[g.Offset : g.Offset+g.Length]; !bytes.HasPrefix(raw, []byte(`"2026-03-0`+strconv.Itoa(i+1))) || !bytes.HasSuffix(raw, []byte("\n")) {
				t.Errorf("%s row %d stands at %q", name, i, raw)
			}
		}
	}
}

func TestTheTypeIsReadOffTheName(t *testing.T) {
	for name, want := range map[string]string{
		"2026-03-01-scan_rdp-vietnam-geo.csv":                      "scan_rdp",
		"/in/2026-03-01-scan6_rdp-vietnam-geo.csv.zip":             "scan6_rdp",
		`C:\Reports\2026-03-01-Event4_Sinkhole_HTTP-123-x-asn.csv`: "event4_sinkhole_http",
		"copy of 2026-03-01-scan_http_vulnerable-x.csv.gz (1)":     "scan_http_vulnerable",
		"2026-03-01-device_id6-vietnam-geo-delayed.csv":            "device_id6",
		"ss_2026-03-01_scan_ntpmonitor_vn.csv":                     "scan_ntpmonitor",
		"scan_rdp.csv":                                             "scan_rdp",
		"special.csv":                                              "special",
		"2026-03-01-scan_newthing-vietnam-geo.csv":                 "scan_newthing",
		"2015-01-01-dns_openresolver-sample-asn.csv":               "dns_openresolver",
		"2026-03-01-scan_rdp-vietnam-geo.csv.zip/report.csv":       "scan_rdp",
		"scan_rdp.zip/2026-03-01-scan_vnc-x.csv":                   "scan_vnc",
		"report.csv":                                               "",
		"2026-03-01.csv":                                           "",
		"":                                                         "",
	} {
		got, ok := schema(t).TypeOfName(name)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", name, got, ok, want)
		}
	}
}

func TestWithoutANameTheHeaderTellsTheType(t *testing.T) {
	text := report(t, "scan_ssh", map[string]string{"timestamp": "2026-03-01 00:12:30", "ip": "203.0.113.7", "port": "22", "protocol": "tcp"})
	r := parse(t, text, shadowserver.Options{FileName: "report.csv"})
	if r.sum.Type != "scan_ssh" || !slices.Equal(r.rows[0].Flags, []row.Flag{row.GuessedType}) {
		t.Errorf("type %s, flags %v", r.sum.Type, r.rows[0].Flags)
	}
	r = parse(t, "timestamp,ip,port,something\n2026-03-01 00:12:30,203.0.113.7,22,x\n", shadowserver.Options{})
	if r.sum.Type != "unknown" || len(r.rows) != 1 || r.rows[0].Kind != row.ExposedService {
		t.Errorf("type %s, %+v", r.sum.Type, r.rows)
	}
}

func TestAnUnknownTypeGoesInFlagged(t *testing.T) {
	for _, c := range []struct {
		typ, header, record string
		asset               row.Asset
		kind                row.Kind
		discriminator       string
	}{
		{"scan_newthing", "timestamp,severity,ip,protocol,port,tag", "2026-03-01 00:12:30,high,203.0.113.7,tcp,99,", "ip:203.0.113.7", row.ExposedService, "99/tcp"},
		{"event4_sinkhole_quic", "timestamp,src_ip,dst_ip,infection", "2026-03-01 00:12:30,203.0.113.7,192.0.2.1,mirai", "ip:203.0.113.7", row.C2Contact, "mirai"},
		{"scan6_memcached", "timestamp,ip,protocol,port", "2026-03-01 00:12:30,2001:db8::1,udp,11211", "ip:2001:db8::1", row.Amplifier, "11211/udp"},
		{"event6_honeypot_http_scan", "timestamp,src_ip,family", "2026-03-01 00:12:30,2001:db8::1,", "ip:2001:db8::1", row.Scanning, "http"},
		{"phish_url", "timestamp,url,tag", "2026-03-01 00:12:30,http://a.example.org/x,", "domain:a.example.org", row.Phishing, "phish-url"},
	} {
		r := parse(t, c.header+"\n"+c.record+"\n", shadowserver.Options{ReportType: c.typ})
		if len(r.rows) != 1 {
			t.Errorf("%s: bad %+v", c.typ, r.bad)
			continue
		}
		g := r.rows[0]
		if g.Asset != c.asset || g.Kind != c.kind || g.Discriminator != c.discriminator || !slices.Contains(g.Flags, row.UnknownType) {
			t.Errorf("%s: %+v", c.typ, g)
		}
	}
}

func TestColumnsThatComeAndGo(t *testing.T) {
	text := "timestamp,severity,ip,protocol,port,brand_new\n2026-03-01 00:12:30,,203.0.113.7,tcp,3389,x\n"
	r := parse(t, text, shadowserver.Options{ReportType: "scan_rdp"})
	if len(r.rows) != 1 || !slices.Equal(r.rows[0].Flags, []row.Flag{row.UnknownColumn, row.MissingColumn}) {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(r.sum.Unknown, []string{"brand_new"}) || !slices.Contains(r.sum.Missing, "hostname") {
		t.Errorf("unknown %v, missing %v", r.sum.Unknown, r.sum.Missing)
	}
	for _, c := range [][3]string{
		{"severity,ip,port\nhigh,203.0.113.7,1\n", "timestamp", "scan_rdp"},
		{"timestamp,port\n2026-03-01 00:12:30,1\n", "ip", "scan_rdp"},
		{"timestamp,ip\n2026-03-01 00:12:30,203.0.113.7\n", "src_ip", "event4_sinkhole"},
	} {
		r := parse(t, c[0], shadowserver.Options{ReportType: c[2]})
		if len(r.bad) != 1 || r.bad[0].Fault != row.FaultColumn || r.bad[0].Field != c[1] {
			t.Errorf("%q: %+v", c[0], r)
		}
	}
}

func TestWhatCannotBeReadGoesToQuarantineWithItsPlace(t *testing.T) {
	text := "timestamp,severity,ip,protocol,port\n" +
		"2026-03-01 00:12:30,high,203.0.113.7,tcp,80\n" +
		"yesterday,high,203.0.113.7,tcp,80\n" + // 3
		"2026-03-01 00:12:30,high,203.0.113.777,tcp,80\n" + // 4
		"2026-03-01 00:12:30,high\n" + // 5
		"2026-03-01 00:12:30,high,203.0.113.7,tcp,80,81\n" + // 6
		"2026-03-01 00:12:30,\"hi\"gh,203.0.113.7,tcp,80\n" + // 7
		"2026-03-01 00:12:30,high,203.0.113.7,t\x00p,80\n" + // 8
		"2026-03-01 00:12:30,high,203.0.113.7,t\xffp,80\n" + // 9
		",high,203.0.113.7,tcp,80\n" + // 10
		"2026-03-01 00:12:30,high,,tcp,80\n" + // 11
		"2026-03-01 00:12:30,hi" // 12
	r := parse(t, text, shadowserver.Options{ReportType: "scan_rdp"})
	type place struct {
		line, column int
		fault        row.Fault
		field        string
	}
	var got []place
	for _, b := range r.bad {
		got = append(got, place{b.Line, b.Column, b.Fault, b.Field})
		if b.Reason == "" || !utf8.ValidString(b.Raw) || strings.Contains(b.Raw, "\x00") {
			t.Errorf("line %d: reason %q, raw %q", b.Line, b.Reason, b.Raw)
		}
	}
	want := []place{
		{3, 1, row.FaultTime, "timestamp"},
		{4, 3, row.FaultIP, "ip"},
		{5, 2, row.FaultWidth, "severity"},
		{6, 6, row.FaultWidth, ""},
		{7, 0, row.FaultQuote, ""},
		{8, 4, row.FaultNUL, "protocol"},
		{9, 4, row.FaultUTF8, "protocol"},
		{10, 1, row.FaultEmpty, "timestamp"},
		{11, 3, row.FaultEmpty, "ip"},
		{12, 0, row.FaultTruncated, ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(place{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if r.sum.Records != 11 || r.sum.Rows != 1 || r.sum.Bad != 10 {
		t.Errorf("%+v", r.sum)
	}
}

func TestSecondaryValuesThatCannotBeReadAreFlagged(t *testing.T) {
	text := "timestamp,severity,ip,protocol,port,hostname,asn\n" +
		"2026-03-01 00:12:30,terrible,203.0.113.7,tcp,99999,not a name,AS1\n" +
		"2026-03-01 00:12:30,high,203.0.113.7,tcp,80,WWW.Example.org.,64500\n"
	r := parse(t, text, shadowserver.Options{ReportType: "scan_rdp"})
	if len(r.rows) != 2 {
		t.Fatalf("%+v", r)
	}
	a, b := r.rows[0], r.rows[1]
	if a.Port != 0 || a.ASN != 0 || a.Hostname != "" || a.Severity != row.High ||
		!slices.Contains(a.Flags, row.BadValue) || !slices.Contains(a.Flags, row.UnknownSeverity) {
		t.Errorf("%+v", a)
	}
	if b.Hostname != "www.example.org" || b.ASN != 64500 || slices.Contains(b.Flags, row.BadValue) {
		t.Errorf("%+v", b)
	}
}

func TestTheZoneIsTheSources(t *testing.T) {
	text := "timestamp,ip\n2026-03-01 00:12:30,203.0.113.7\n2026-03-01 00:12:30+00:00,203.0.113.7\n"
	r := parse(t, text, shadowserver.Options{ReportType: "scan_rdp", Zone: time.FixedZone("+07", 7*3600)})
	if got := r.rows[0].At.Format(time.RFC3339); got != "2026-02-28T17:12:30Z" {
		t.Errorf("without zone: %s", got)
	}
	if got := r.rows[1].At.Format(time.RFC3339); got != "2026-03-01T00:12:30Z" {
		t.Errorf("with zone: %s", got)
	}
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	for text, reason := range map[string]string{
		"":                        "empty",
		"\n\n":                    "empty",
		"\xff\xfet\x00i\x00":      "UTF-16",
		"<html>\n<body>\n":        "not the header",
		"\"timestamp\"x,ip\n1,2,": "header",
	} {
		_, err := try(schema(t), strings.NewReader(text), shadowserver.Options{}, 0)
		if got, ok := row.Unreadable(err); !ok || !strings.Contains(got, reason) {
			t.Errorf("%q: %v, want %q", text, err, reason)
		}
	}
}

func TestParsingGoesOnWhereItStopped(t *testing.T) {
	var b strings.Builder
	b.WriteString("timestamp,ip,port\n")
	for i := range 50 {
		if i%7 == 3 {
			b.WriteString("broken \"row\n")
			continue
		}
		b.WriteString("2026-03-01 00:12:30,203.0.113." + strconv.Itoa(i+1) + ",80\n")
	}
	o := shadowserver.Options{ReportType: "scan_rdp"}
	whole := parse(t, b.String(), o)
	for skip := range int64(51) {
		rest, err := try(schema(t), strings.NewReader(b.String()), o, skip)
		if err != nil {
			t.Fatal(err)
		}
		if rest.sum.Records != 50 || rest.sum.Skipped != skip || int64(len(rest.rows)+len(rest.bad)) != 50-skip {
			t.Fatalf("skip %d: %+v", skip, rest.sum)
		}
		if diff := cmp.Diff(whole.rows[len(whole.rows)-len(rest.rows):], rest.rows); len(rest.rows) > 0 && diff != "" {
			t.Fatalf("skip %d: %s", skip, diff)
		}
	}
	stop := errors.New("stop")
	n := 0
	sum, err := shadowserver.New(schema(t), o).Parse(t.Context(), strings.NewReader(b.String()), 0, func(*row.Row, *row.Bad) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || sum.Records != 10 {
		t.Errorf("%v %+v, want to stop at the tenth", err, sum)
	}
}

func TestAReleasedRowIsReadLikeAnyOther(t *testing.T) {
	header := "timestamp,ip,port\n"
	r := parse(t, header+"2026-03-01 00:12:30,203.0.113.x,80\n", shadowserver.Options{ReportType: "scan_rdp"})
	doc, err := delimited.Amend([]byte(header), []byte(r.bad[0].Raw), 0, map[string]string{"ip": "203.0.113.7"})
	if err != nil {
		t.Fatal(err)
	}
	if r = parse(t, string(doc), shadowserver.Options{ReportType: "scan_rdp"}); len(r.rows) != 1 || r.rows[0].Asset != "ip:203.0.113.7" {
		t.Errorf("%+v", r)
	}
}

// FuzzParse holds that no bytes make the parser lose a line, panic, or give out
// what no store can take.
func FuzzParse(f *testing.F) {
	s := schema(f)
	for _, typ := range []string{"scan_rdp", "event4_sinkhole_http", "compromised_account", "scan_exchange", "malware_url", "blocklist"} {
		t, _ := s.Type(typ)
		values := map[string]string{}
		for _, c := range t.Columns {
			values[c] = sample(c)
		}
		f.Add([]byte(report(f, typ, values)), "2026-03-01-"+typ+"-x.csv")
	}
	f.Add([]byte("timestamp,ip,tag\n2026-03-01,::ffff:1.2.3.4,cve-2021-1\"\n"), "scan6_x.csv")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		r, err := try(s, bytes.NewReader(text), shadowserver.Options{FileName: name, MaxRecord: 4096}, 0)
		if err != nil {
			if _, ok := row.Unreadable(err); !ok {
				t.Fatal(err)
			}
			return
		}
		if r.sum.Records != r.sum.Rows+r.sum.Bad || int(r.sum.Records) != len(r.rows)+len(r.bad) {
			t.Fatalf("%+v", r.sum)
		}
		for _, g := range r.rows {
			again, err := row.ParseAsset(string(g.Asset))
			if err != nil || again != g.Asset || !g.Kind.Valid() || g.Severity == row.NoSeverity || g.At.IsZero() {
				t.Fatalf("%+v", g)
			}
			for _, s := range []string{g.Discriminator, g.Hostname, g.Protocol, g.Cause, string(g.Classification)} {
				if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
					t.Fatalf("%q is no text", s)
				}
			}
			if g.Discriminator == "" {
				t.Fatalf("no discriminator: %+v", g)
			}
		}
		for _, b := range r.bad {
			if b.Reason == "" || !utf8.ValidString(b.Raw+b.Reason+b.Value+b.Field) || strings.Contains(b.Raw+b.Reason+b.Value+b.Field, "\x00") {
				t.Fatalf("%+v", b)
			}
		}
	})
}
