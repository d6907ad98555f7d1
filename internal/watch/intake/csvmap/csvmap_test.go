package csvmap_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/row"
)

type result struct {
	rows []row.Row
	bad  []row.Bad
	sum  row.Summary
}

func try(mapping string, in io.Reader, o csvmap.Options, skip int64) (result, error) {
	var r result
	m, err := csvmap.ParseMapping([]byte(mapping))
	if err != nil {
		return r, err
	}
	p, err := csvmap.New(m, o)
	if err != nil {
		return r, err
	}
	r.sum, err = p.Parse(context.Background(), in, skip, func(ok *row.Row, bad *row.Bad) error {
		if bad != nil {
			r.bad = append(r.bad, *bad)
		} else {
			r.rows = append(r.rows, *ok)
		}
		return nil
	})
	return r, err
}

func parse(t *testing.T, mapping, text string, o csvmap.Options) result {
	t.Helper()
	r, err := try(mapping, strings.NewReader(text), o, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const offices = `{
  "delimiter": ";",
  "comment": "#",
  "fields": {
    "at":       {"column": "Thời gian", "layouts": ["02/01/2006 15:04", "unix"], "zone": "Asia/Ho_Chi_Minh"},
    "ip":       {"column": "IP"},
    "domain":   {"column": "tên miền"},
    "port":     {"column": "Cổng"},
    "protocol": {"value": "tcp"},
    "kind":     {"column": "Loại", "values": {"Mã độc": "malware", "C&C": "c2-contact"}, "default": "exposed-service"},
    "severity": {"column": "Mức", "values": {"Cao": "high", "Nghiêm trọng": "critical"}},
    "asn":      {"column": "AS"},
    "cause":    {"column": "Chữ ký"}
  }
}`

func TestColumnsBecomeRowsAsTheMappingSays(t *testing.T) {
	text := "\xef\xbb\xbf# xuất lúc 8 giờ\r\n THỜI GIAN ;IP;Tên miền;Cổng;Loại;Mức;AS;Chữ ký\r\n" +
		"01/03/2026 07:12;203.0.113.7;;3389;;;AS64500;\r\n" +
		"1772323950;;WWW.Example.org;;mã độc;cao;x;SIG-1\r\n" +
		"\"01/03/2026 07:12\";::ffff:203.0.113.8;a.example;443;C&C;kinh hoàng;;\r\n"
	r := parse(t, offices, text, csvmap.Options{})
	if len(r.rows) != 3 || len(r.bad) != 0 {
		t.Fatalf("%+v", r)
	}
	at := time.Date(2026, 3, 1, 0, 12, 0, 0, time.UTC)
	want := []row.Row{
		{
			Line: 3, At: at, Asset: "ip:203.0.113.7", ASN: 64500, Port: 3389, Protocol: "tcp", Kind: row.ExposedService,
			Discriminator: "3389/tcp", Severity: row.Medium, Classification: row.ExposedService.Classification(),
		},
		{
			Line: 4, At: at.Add(30 * time.Second), Asset: "domain:www.example.org", Protocol: "tcp", Kind: row.Malware,
			Discriminator: "malware", Severity: row.High, Classification: row.Malware.Classification(),
			Cause: "SIG-1", Flags: []row.Flag{row.BadValue},
		},
		{
			Line: 5, At: at, Asset: "ip:203.0.113.8", Port: 443, Protocol: "tcp", Kind: row.C2Contact,
			Discriminator: "443/tcp", Severity: row.Critical, Classification: row.C2Contact.Classification(),
			Flags: []row.Flag{row.UnknownSeverity},
		},
	}
	for i, g := range r.rows {
		if raw := text[g.Offset : g.Offset+g.Length]; !strings.HasSuffix(raw, "\r\n") || strings.Count(raw, "\n") != 1 {
			t.Errorf("row %d stands at %q", i, raw)
		}
		if g.Sum != row.SumOf([]byte(text[g.Offset:g.Offset+g.Length])) {
			t.Errorf("row %d has sum %d", i, g.Sum)
		}
		g.Offset, g.Length, g.Sum = 0, 0, 0
		if diff := cmp.Diff(want[i], g); diff != "" {
			t.Errorf("row %d (-want +got)\n%s", i, diff)
		}
	}
}

func TestWithoutAHeaderColumnsHaveNumbersOrTheNamesGiven(t *testing.T) {
	for _, mapping := range []string{
		`{"header": false, "fields": {"at": {"column": "1"}, "asset": {"column": "2"}, "discriminator": {"columns": ["3", "4"], "join": "/"}}}`,
		`{"header": false, "columns": ["a", "b", "c", "d"], "fields": {"at": {"column": "A"}, "asset": {"column": "b"}, "discriminator": {"columns": ["c", "d"], "join": "/"}}}`,
	} {
		r := parse(t, mapping, "2026-03-01 00:12:30\thost:WEB-01\t53\tUDP\n2026-03-01\tdomain:x\ty\tz\n", csvmap.Options{Kind: row.Amplifier})
		if len(r.rows) != 1 || r.rows[0].Asset != "host:web-01" || r.rows[0].Discriminator != "53/udp" || r.rows[0].Line != 1 {
			t.Errorf("%+v", r.rows)
		}
		if len(r.bad) != 1 || r.bad[0].Fault != row.FaultDomain || r.bad[0].Column != 2 {
			t.Errorf("%+v", r.bad)
		}
	}
}

func TestIndicatorsByMappingOrBySource(t *testing.T) {
	r := parse(t, `{"fields": {"indicator": {"column": "ioc"}, "indicator_type": {"column": "type", "values": {"Hostname": "domain"}}, "confidence": {"column": "c"}}}`,
		"type,ioc,c\nhostname,evil[.]example,70\n,hxxp://evil.example/,500\nmd5,zz,\nipv6,203.0.113.7,\n", csvmap.Options{At: time.Unix(1e9, 0)})
	if len(r.rows) != 2 || *r.rows[0].Indicator != (row.Indicator{Type: row.Name, Value: "evil.example"}) || r.rows[0].Confidence != 70 ||
		*r.rows[1].Indicator != (row.Indicator{Type: row.Link, Value: "http://evil.example/"}) || r.rows[1].Confidence != 0 || r.rows[0].Kind != "" {
		t.Errorf("%+v", r.rows)
	}
	if len(r.bad) != 2 || r.bad[0].Fault != row.FaultHash || r.bad[1].Fault != row.FaultIP {
		t.Errorf("%+v", r.bad)
	}
	r = parse(t, `{"fields": {"ip": {"column": "ip"}, "url": {"column": "url"}}}`, "ip,url\n203.0.113.7,\n,http://a.example/\n,\n", csvmap.Options{Indicators: true})
	if len(r.rows) != 2 || r.rows[0].Indicator.Type != row.IPv4 || r.rows[1].Indicator.Type != row.Link || r.rows[0].Asset != "" {
		t.Errorf("%+v", r.rows)
	}
	if len(r.bad) != 1 || r.bad[0].Fault != row.FaultEmpty {
		t.Errorf("%+v", r.bad)
	}
}

func TestWhatCannotBeReadGoesToQuarantineWithItsPlace(t *testing.T) {
	mapping := `{"fields": {"at": {"column": "t"}, "ip": {"column": "ip"}, "kind": {"column": "k"}}}`
	r := parse(t, mapping, "t,ip,k\nx,203.0.113.7,spam\n2026-03-01,x,spam\n2026-03-01,203.0.113.7,worm\n2026-03-01,203.0.113.7,\n,203.0.113.7,spam\n2026-03-01,203.0.113.7\n2026-03-01,\"203\n", csvmap.Options{})
	type place struct {
		line, column int
		field        string
		fault        row.Fault
	}
	var got []place
	for _, b := range r.bad {
		got = append(got, place{b.Line, b.Column, b.Field, b.Fault})
	}
	want := []place{
		{2, 1, "t", row.FaultTime},
		{3, 2, "ip", row.FaultIP},
		{4, 3, "k", row.FaultValue},
		{5, 3, "k", row.FaultEmpty},
		{6, 1, "t", row.FaultEmpty},
		{7, 2, "ip", row.FaultWidth},
		{8, 0, "", row.FaultQuote},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(place{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, c := range [][2]string{{"ip,k\n203.0.113.7,spam\n", "t"}, {"t,k\n2026-03-01,spam\n", "ip"}} {
		r := parse(t, mapping, c[0], csvmap.Options{})
		if len(r.bad) != 1 || r.bad[0].Fault != row.FaultColumn || r.bad[0].Field != c[1] {
			t.Errorf("%q: %+v", c[0], r)
		}
	}
	r = parse(t, mapping, "t,ip\n2026-03-01,203.0.113.7\n", csvmap.Options{Kind: row.Spam})
	if len(r.rows) != 1 || !slices.Equal(r.sum.Missing, []string{"k"}) || !slices.Equal(r.rows[0].Flags, []row.Flag{row.MissingColumn}) {
		t.Errorf("%+v", r)
	}
}

func TestTheDelimiterIsToldByTheFirstLine(t *testing.T) {
	mapping := `{"fields": {"at": {"column": "t"}, "ip": {"column": "ip"}}}`
	for _, text := range []string{
		"t,ip\n2026-03-01,203.0.113.7\n", "t;ip;\"a,b,c\"\n2026-03-01;203.0.113.7;\n", "\xef\xbb\xbft\tip\n2026-03-01\t203.0.113.7\n", "\n\nt|ip\n2026-03-01|203.0.113.7",
	} {
		if r := parse(t, mapping, text, csvmap.Options{Kind: row.Spam}); len(r.rows) != 1 {
			t.Errorf("%q: %+v", text, r)
		}
	}
}

func TestAWrongMappingNamesThePlace(t *testing.T) {
	for _, c := range []struct {
		mapping, field, reason string
		line                   int
	}{
		{``, "", "too early", 1},
		{"{\n \"fields\": {\n  \"ip\" {}}}", "", "invalid character", 3},
		{`[]`, "", "array", 0},
		{"{\"fields\": {\"\xff\": {}}}", "", "not UTF-8", 1},
		{`{"a\u0001b": 1}`, "a\x01b", "no such setting", 1},
		{"{\n\"delimeter\": \",\", \"fields\": {\"ip\": {\"column\": \"a\"}}}", "delimeter", "no such setting", 2},
		{"{\"fields\": {\n\n\"ipp\": {\"column\": \"a\"}}}", "fields.ipp", "no such field", 3},
		{`{"fields": {"ip": {"column": "a", "colour": "b"}}}`, "fields.ip.colour", "no such setting", 1},
		{`{"fields": {"ip": {"column": 3}}}`, "fields.ip.column", "number", 1},
		{`{"fields": {"ip": {"column": "a"}, "ip": {"column": "b"}}}`, "", "twice", 1},
		{`{"fields": {"ip": {"column": "a"}}} {}`, "", "after the end", 1},
		{`{"fields": {"ip": {}}}`, "fields.ip", "exactly one", 1},
		{`{"fields": {"ip": null}}`, "fields.ip", "null", 1},
		{`{"fields": {"ip": {"column": "a", "value": "b"}}}`, "fields.ip", "exactly one", 1},
		{`{"fields": {"ip": {"column": " "}}}`, "fields.ip.column", "no name", 1},
		{`{"fields": {"ip": {"columns": []}}}`, "fields.ip.columns", "no column", 1},
		{`{"fields": {}}`, "fields", "nothing says", 1},
		{`{"fields": {"ip": {"column": "a"}, "indicator": {"column": "b"}}}`, "fields.indicator", "not both", 1},
		{`{"fields": {"ip": {"column": "a"}, "indicator_type": {"column": "b"}}}`, "fields.indicator_type", "no indicator", 1},
		{`{"fields": {"ip": {"column": "a"}, "severity": {"column": "s", "values": {"hoch": "hi"}}}}`, "fields.severity.values.hoch", "cannot be a severity", 1},
		{`{"fields": {"ip": {"column": "a"}, "kind": {"value": "worm"}}}`, "fields.kind.value", "cannot be a kind", 1},
		{`{"fields": {"ip": {"column": "a"}, "kind": {"column": "k", "default": ""}}}`, "fields.kind.default", "cannot be a kind", 1},
		{`{"fields": {"ip": {"column": "a"}, "port": {"value": "99999"}}}`, "fields.port.value", "cannot be a port", 1},
		{`{"fields": {"ip": {"column": "a"}, "confidence": {"value": "101"}}}`, "fields.confidence.value", "cannot be a confidence", 1},
		{`{"fields": {"ip": {"column": "a"}, "at": {"column": "t", "layouts": ["dd.mm.yyyy"]}}}`, "fields.at.layouts.0", "2006", 1},
		{`{"fields": {"ip": {"column": "a"}, "at": {"column": "t", "zone": "Saigon"}}}`, "fields.at.zone", "time zone", 1},
		{`{"fields": {"ip": {"column": "a", "zone": "UTC"}}}`, "fields.ip", "for the field at", 1},
		{`{"delimiter": "::", "fields": {"ip": {"column": "a"}}}`, "delimiter", "cannot part", 1},
		{`{"comment": "\"", "fields": {"ip": {"column": "a"}}}`, "comment", "cannot begin", 1},
		{`{"columns": ["a"], "fields": {"ip": {"column": "a"}}}`, "columns", "header", 1},
	} {
		_, err := csvmap.ParseMapping([]byte(c.mapping))
		places := errs.PlacesOf(err)
		if !errs.Is(err, errs.Invalid) || len(places) != 1 {
			t.Errorf("%s: %v, %d places", c.mapping, err, len(places))
			continue
		}
		p := places[0]
		if p.Field != c.field || !strings.Contains(p.Reason, c.reason) || p.Line != c.line || !strings.Contains(err.Error(), p.Reason) {
			t.Errorf("%s: %+v (%v), want %q at %q, line %d", c.mapping, p, err, c.reason, c.field, c.line)
		}
	}
	_, err := csvmap.ParseMapping([]byte(`{"delimiter": "x", "fields": {"ip": {}, "port": {"value": "x"}}}`))
	if len(errs.PlacesOf(err)) != 3 {
		t.Errorf("%+v, want all that is wrong at once", errs.PlacesOf(err))
	}
}

func TestAMappingWithoutKindOrTimeNeedsThemFromTheSource(t *testing.T) {
	const mapping = `{"fields": {"ip": {"column": "ip"}}}`
	for _, o := range []csvmap.Options{{}, {Kind: row.Spam}, {At: time.Unix(1e9, 0)}} {
		if _, err := try(mapping, strings.NewReader("ip\n203.0.113.7\n"), o, 0); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	r := parse(t, mapping, "ip\n203.0.113.7\n", csvmap.Options{Kind: row.Spam, At: time.Unix(1e9, 0)})
	if len(r.rows) != 1 || !r.rows[0].At.Equal(time.Unix(1e9, 0)) || r.rows[0].Discriminator != "spam" {
		t.Errorf("%+v", r.rows)
	}
}

func TestParsingGoesOnWhereItStopped(t *testing.T) {
	const mapping = `{"fields": {"at": {"column": "t"}, "ip": {"column": "ip"}}}`
	text := "t,ip\n2026-03-01,203.0.113.1\n\nx,y\n2026-03-01,203.0.113.2"
	for skip := range int64(4) {
		r, err := try(mapping, strings.NewReader(text), csvmap.Options{Kind: row.Spam}, skip)
		if err != nil || r.sum.Records != 3 || int64(len(r.rows)+len(r.bad)) != 3-skip {
			t.Errorf("skip %d: %v %+v", skip, err, r.sum)
		}
	}
}

// FuzzParse holds that no mapping and no bytes make the parser panic, lose a
// record, or give out what no store can take.
func FuzzParse(f *testing.F) {
	f.Add(offices, []byte("Thời gian;IP;Cổng;Loại\n01/03/2026 07:12;203.0.113.7;3389;Mã độc\n"))
	f.Add(`{"header":false,"fields":{"indicator":{"columns":["1","2"],"join":"."},"realm":{"column":"3"}}}`, []byte("a,b,c\n\"d\ne\",f,g\n"))
	f.Add(`{"fields":{"asset":{"column":"a"},"cause":{"column":"b","values":{"":"x"},"default":"y"}}}`, []byte("a\tb\nurl:http://x/\t\n"))
	f.Fuzz(func(t *testing.T, mapping string, text []byte) {
		r, err := try(mapping, bytes.NewReader(text), csvmap.Options{Kind: row.Spam, At: time.Unix(1e9, 0), MaxRecord: 4096}, 0)
		if err != nil {
			if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.TooLarge) {
				t.Fatal(err)
			}
			return
		}
		if int(r.sum.Records) != len(r.rows)+len(r.bad) {
			t.Fatalf("%+v", r.sum)
		}
		for _, g := range r.rows {
			if (g.Indicator == nil) == (g.Asset == "") {
				t.Fatalf("%+v is not exactly one of indicator and asset", g)
			}
			if g.Indicator == nil {
				if again, err := row.ParseAsset(string(g.Asset)); err != nil || again != g.Asset || !g.Kind.Valid() || g.Discriminator == "" {
					t.Fatalf("%+v", g)
				}
			}
			for _, s := range []string{g.Discriminator, g.Hostname, g.Protocol, g.Cause, g.Realm, string(g.Classification)} {
				if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
					t.Fatalf("%q is no text", s)
				}
			}
		}
	})
}
