package misp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/internal/base/devdata"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/misp"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/rowtest"
)

type result struct {
	rows []row.Row
	bad  []row.Bad
	sum  row.Summary
}

func try(in io.Reader, o misp.Options, skip int64) (result, error) {
	var r result
	p, err := misp.New(o)
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

// parse reads a document and holds what every parser promises.
func parse(t testing.TB, text string, o misp.Options) result {
	t.Helper()
	p, err := misp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r := rowtest.Read(t, p, []byte(text))
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	return result{r.Rows, r.Bad, r.Sum}
}

// attribute writes an attribute that is to be matched.
func attribute(kind, value, more string) string {
	return fmt.Sprintf(`{"type":%q,"to_ids":true,"value":%q%s}`, kind, value, more)
}

func TestEveryAttributeOfAnEventIsARow(t *testing.T) {
	text, err := os.ReadFile("testdata/event.json")
	if err != nil {
		t.Fatal(err)
	}
	r := parse(t, string(text), misp.Options{})
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	id := func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
	around := []string{"tlp:amber", "botnet", "threat-level:high", "analysis:completed", "distribution:all-communities"}
	words := func(own ...string) []string { return append(own, around...) }
	type got struct {
		Line       int
		At         time.Time
		Port       uint16
		Confidence uint8
		Indicator  *row.Indicator
		Also       []row.Indicator
		Statement  *row.Statement
	}
	var have []got
	for _, g := range r.rows {
		have = append(have, got{g.Line, g.At, g.Port, g.Confidence, g.Indicator, g.Also, g.Statement})
		raw := text[g.Offset : g.Offset+g.Length]
		if raw[0] != '{' || raw[len(raw)-1] != '}' || 1+bytes.Count(text[:g.Offset], []byte("\n")) != g.Line {
			t.Errorf("line %d stands at %q", g.Line, raw)
		}
	}
	const title = "Botnet of the example"
	want := []got{
		{
			Line: 6, At: at(1772323201), Confidence: 75, Indicator: &row.Indicator{Type: row.IPv4, Value: "192.0.2.7"},
			Statement: &row.Statement{
				ID: id(1), Version: at(1772323201), Type: "ip-dst", Title: title,
				Labels:    append(words(`misp:confidence-level="usually-confident"`, "c2"), "category:Network activity"),
				ValidFrom: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), ValidUntil: at(1775001600), TLP: tlp.Amber, Marked: true,
				Seen: 2, LastSeen: at(1772323400), Refuted: 1,
			},
		},
		{
			Line: 10, At: at(1772323202), Indicator: &row.Indicator{Type: row.Name, Value: "c2.example"},
			Also: []row.Indicator{{Type: row.IPv4, Value: "192.0.2.8"}},
			Statement: &row.Statement{
				ID: id(2), Version: at(1772323202), Type: "domain|ip", Title: title, Labels: words("tlp:green"), TLP: tlp.Amber, Marked: true,
			},
		},
		{
			Line: 11, At: at(1772323203), Indicator: &row.Indicator{Type: row.Link, Value: "http://c2.example/gate.php"},
			Statement: &row.Statement{ID: id(3), Version: at(1772323203), Type: "url", Title: title, Labels: words(), Inactive: true, TLP: tlp.Amber, Marked: true},
		},
		{
			Line: 12, At: at(1772323204), Indicator: &row.Indicator{Type: row.MD5, Value: "d41d8cd98f00b204e9800998ecf8427e"},
			Statement: &row.Statement{ID: id(4), Version: at(1772323204), Type: "md5", Title: title, Labels: words("tlp:red"), Revoked: true, TLP: tlp.Red, Marked: true},
		},
		{
			Line: 16, At: at(1772323205),
			Statement: &row.Statement{ID: id(6), Version: at(1772323205), Type: "proposal:ip-dst", Title: title, Labels: words(), Inactive: true, TLP: tlp.Amber, Marked: true},
		},
		{
			Line: 20, At: at(1772323206), Port: 443, Indicator: &row.Indicator{Type: row.IPv6, Value: "2001:db8::7"},
			Statement: &row.Statement{ID: id(7), Version: at(1772323206), Type: "ip-dst|port", Title: title, Labels: append(words(), "object:ip-port/ip"), TLP: tlp.Amber, Marked: true},
		},
		{
			Line: 21, At: at(1772323207),
			Statement: &row.Statement{ID: id(8), Version: at(1772323207), Type: "text", Title: title, Labels: append(words(), "object:ip-port/text"), Inactive: true, TLP: tlp.Amber, Marked: true},
		},
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(r.bad) != 1 || r.bad[0].Fault != row.FaultIP || r.bad[0].Line != 13 || r.bad[0].Value != "192.0.2.300" || r.bad[0].Field != "value" {
		t.Errorf("%+v", r.bad)
	}
}

func TestTheTypeSaysWhatAValueMeans(t *testing.T) {
	const md5, sha1 = "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	sha256 := md5 + md5
	for in, want := range map[[2]string]string{
		{"ip-src", "192.0.2.7"}:                     "ipv4:192.0.2.7",
		{"ip-dst", "192.0.2[.]7/32"}:                "ipv4:192.0.2.7",
		{"ip-dst", "2001:DB8::/32"}:                 "cidr:2001:db8::/32",
		{"ip-dst", "evil.example"}:                  "!ip",
		{"ip-dst", "192.0.2.0/33"}:                  "!prefix",
		{"ip-dst", "0.0.0.0"}:                       "!ip",
		{"ip-dst|port", "192.0.2.7|80"}:             "ipv4:192.0.2.7 :80",
		{"ip-dst|port", "192.0.2.7:80"}:             "ipv4:192.0.2.7 :80",
		{"ip-src|port", "[2001:db8::7]:80"}:         "ipv6:2001:db8::7 :80",
		{"ip-dst|port", "192.0.2.7|80000"}:          "!number",
		{"ip-dst|port", "192.0.2.7"}:                "!number",
		{"domain", "Evil.Example."}:                 "domain:evil.example",
		{"domain", "evil"}:                          "!domain",
		{"hostname", "www.evil[.]example"}:          "domain:www.evil.example",
		{"hostname|port", "www.evil.example|8080"}:  "domain:www.evil.example :8080",
		{"domain|ip", "evil.example|192.0.2.7"}:     "domain:evil.example ipv4:192.0.2.7",
		{"domain|ip", "evil.example"}:               "!ip",
		{"url", "https://Evil.example/x"}:           "url:https://evil.example/x",
		{"url", "evil.example/x"}:                   "url:http://evil.example/x",
		{"url", "/x"}:                               "!url",
		{"uri", "/x"}:                               "",
		{"uri", "https://evil.example/x"}:           "url:https://evil.example/x",
		{"link", "https://www.example.org/report"}:  "",
		{"md5", strings.ToUpper(md5)}:               "md5:" + md5,
		{"md5", sha1}:                               "!hash",
		{"sha1", sha1}:                              "sha1:" + sha1,
		{"sha256", sha256}:                          "sha256:" + sha256,
		{"filename|sha256", "a|b.exe|" + sha256}:    "sha256:" + sha256,
		{"filename|sha256", sha256}:                 "!hash",
		{"filename|sha512", "x|" + sha256 + sha256}: "",
		{"filename|sha512", "x|" + sha256}:          "!hash",
		{"malware-sample", "x.exe|" + md5}:          "md5:" + md5,
		{"malware-sample", "x.exe"}:                 "",
		{"x509-fingerprint-sha1", sha1}:             "sha1:" + sha1,
		{"sha512", sha256}:                          "!hash",
		{"ja3-fingerprint-md5", md5}:                "",
		{"email-src", "a@evil.example"}:             "",
		{"email-src", "evil.example"}:               "!email",
		{"AS", "AS64500"}:                           "",
		{"AS", "evil"}:                              "!number",
		{"port", "0"}:                               "!number",
		{"mac-address", "00:00:5e:00:53:01"}:        "",
		{"mac-address", "evil"}:                     "!form",
		{"vulnerability", "CVE-2026-1234"}:          "",
		{"vulnerability", "CVE-26-1"}:               "!cve",
		{"datetime", "2026-03-01T00:00:00Z"}:        "",
		{"datetime", "noon"}:                        "!time",
		{"text", ""}:                                "!empty",
		{"", "192.0.2.7"}:                           "!missing",
		{"something-new", "anything"}:               "",
	} {
		r := parse(t, `{"Attribute":[`+attribute(in[0], in[1], "")+`]}`, misp.Options{})
		var got []string
		for _, b := range r.bad {
			got = append(got, "!"+string(b.Fault))
		}
		for _, g := range r.rows {
			if g.Indicator != nil {
				got = append(got, string(g.Indicator.Type)+":"+g.Indicator.Value)
			}
			for _, a := range g.Also {
				got = append(got, string(a.Type)+":"+a.Value)
			}
			if g.Port != 0 {
				got = append(got, fmt.Sprintf(":%d", g.Port))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v: %v, want %s", in, got, want)
		}
	}
}

func TestEveryWrappingGivesTheSameAttributes(t *testing.T) {
	a := attribute("ip-dst", "192.0.2.7", "")
	event := `{"info":"x","analysis":"1","Attribute":[` + a + `,` + a + `]}`
	for text, want := range map[string]int{
		event:                          2,
		"\xef\xbb\xbf" + event:         2,
		`{"Event":` + event + `}`:      2,
		`{"response":[` + event + `]}`: 2,
		`{"response":[{"Event":` + event + `},{"Event":` + event + `}]}`:       4,
		`{"response":{"Event":` + event + `}}`:                                 2,
		`[{"Event":` + event + `},` + event + `]`:                              4,
		`{"Event":` + event + `}` + "\n" + `{"Event":` + event + `}`:           4,
		`{"response":{"Attribute":[` + a + `]}}`:                               1,
		`{"Attribute":` + a + `}`:                                              1,
		`{"Attribute":[]}`:                                                     0,
		`{"info":"x","threat_level_id":"1"}`:                                   0,
		`{"Object":[{"name":"file","Attribute":[` + a + `]},{"name":"file"}]}`: 1,
		`{"response":[]}`:                                                      0,
	} {
		r := parse(t, text, misp.Options{})
		if len(r.rows) != want || len(r.bad) != 0 {
			t.Errorf("%s: %d rows, bad %+v, want %d", text, len(r.rows), r.bad, want)
		}
		if !misp.Looks([]byte(text)) && want > 0 {
			t.Errorf("%s is not recognised", text)
		}
	}
	for _, text := range []string{"", "x", "{}", "[]", `{"a":1}`, `{"Event":{}}`, `{"Event":{"System":{"EventID":1}}}`, "\xff\xfe{\x00"} {
		_, err := try(strings.NewReader(text), misp.Options{}, 0)
		if _, ok := row.Unreadable(err); !ok {
			t.Errorf("%q: %v, want it to be unreadable", text, err)
		}
	}
}

func TestTheMarkingOfTheEventHolds(t *testing.T) {
	event := func(tags, own string) string {
		return `{"Event":{"info":"x","Attribute":[` + attribute("ip-dst", "192.0.2.7", own) + `],` + tags + `"analysis":"1"}}`
	}
	tag := func(names ...string) string { return `"Tag":[{"name":"` + strings.Join(names, `"},{"name":"`) + `"}]` }
	for text, want := range map[string]string{
		event("", ""):                                                  "none",
		event(tag("osint", "PAP:RED")+",", ""):                         "none",
		event(tag("tlp:white")+",", ""):                                "clear",
		event(tag("TLP:AMBER+STRICT", "tlp:green")+",", ""):            "amber+strict",
		event(tag("tlp:green")+",", ","+tag("tlp:red")):                "red",
		event(tag("tlp:red")+",", ","+tag("tlp:green")):                "red",
		event("", ","+tag("tlp:green")):                                "green",
		event("", `,"Event":{"info":"y",`+tag("tlp:amber")+`}`):        "amber",
		event(tag("tlp:nonsense")+",", ""):                             "none",
		`{"Attribute":[` + attribute("ip-dst", "192.0.2.7", "") + `]}`: "none",
	} {
		s, got := parse(t, text, misp.Options{}).rows[0].Statement, "none"
		if s.Marked {
			got = s.TLP.String()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestAnEventTooLongToHoldIsNarrow(t *testing.T) {
	a := attribute("ip-dst", "192.0.2.7", "")
	list := `"Attribute":[` + strings.Repeat(a+",", 9) + a + `]`
	late := parse(t, `{"Event":{"info":"x",`+list+`,"Tag":[{"name":"tlp:green"}]}}`, misp.Options{Hold: 200})
	early := parse(t, `{"Event":{"info":"x","Tag":[{"name":"tlp:green"}],`+list+`}}`, misp.Options{Hold: 200})
	for i := range 10 {
		l, e := late.rows[i], early.rows[i]
		if l.Statement.TLP != tlp.Red || !l.Statement.Marked || len(l.Flags) != 1 || l.Flags[0] != row.LateMarking {
			t.Errorf("late %d: %+v %v", i, l.Statement, l.Flags)
		}
		if e.Statement.TLP != tlp.Green || len(e.Flags) != 0 {
			t.Errorf("early %d: %+v %v", i, e.Statement, e.Flags)
		}
	}
	cut := parse(t, `{"Event":{"info":"x",`+list, misp.Options{})
	if len(cut.rows) != 10 || cut.rows[0].Statement.TLP != tlp.Red || len(cut.bad) != 1 || cut.bad[0].Fault != row.FaultTruncated {
		t.Errorf("%+v", cut)
	}
}

func TestABrokenEventGivesWhatIsWhole(t *testing.T) {
	a := attribute("ip-dst", "192.0.2.7", "")
	for text, want := range map[string]string{
		`{"Event":{"Attribute":[` + a + `,` + a[:20]:                  "1 truncated",
		`{"Event":{"Attribute":[` + a + `,{"type":},` + a + `]}}`:     "2 json",
		`{"Event":{"Attribute":[` + a + `,7,` + a + `]}}`:             "2 form",
		`{"Event":{"Attribute":[` + a + ` ` + a + `]}}`:               "1 json",
		`{"Event":{"Attribute":[` + a + `],"info":"x`:                 "1 truncated",
		`{"Event":{"Attribute":[` + a + "],\"info\":\"\xff\"}}":       "1",
		"{\"Event\":{\"Attribute\":[{\"type\":\"\xff\"}," + a + "]}}": "1 utf8",
		`{"Event":{"Object":[7,{"Attribute":[` + a + `]}]}}`:          "1 form",
		`{"response":[7,{"Event":{"Attribute":[` + a + `]}}]} x`:      "1 form json",
		`{"Event":{"Object":[{"Attribute":[` + a + `],"name":`:        "1 truncated",
	} {
		r := parse(t, text, misp.Options{})
		got := fmt.Sprint(len(r.rows))
		for _, b := range r.bad {
			got += " " + string(b.Fault)
			if b.Offset < 0 || b.Length < 1 || b.Offset+b.Length > int64(len(text)) {
				t.Errorf("%+v of %d bytes", b, len(text))
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	broken := io.MultiReader(strings.NewReader(`{"Event":{"Attribute":[`+a+`,{"ty`), iotest.ErrReader(io.ErrUnexpectedEOF))
	if r, err := try(broken, misp.Options{}, 0); !errors.Is(err, io.ErrUnexpectedEOF) || len(r.rows) != 1 || len(r.bad) != 1 {
		t.Errorf("%v %+v", err, r)
	}
}

func TestAFeedsManifestAndHashesAreContext(t *testing.T) {
	const uuid = "00000000-0000-4000-8000-0000000000e1"
	manifest := `{"` + uuid + `":{"Orgc":{"name":"x"},"Tag":[{"name":"tlp:green"}],"info":"Botnet","date":"2026-03-01","analysis":"2","threat_level_id":"1","timestamp":"1772323200"}}`
	r := parse(t, manifest, misp.Options{})
	want := &row.Statement{
		ID: uuid, Version: time.Unix(1772323200, 0).UTC(), Type: "event", Title: "Botnet", TLP: tlp.Green, Marked: true, Inactive: true,
		Labels: r.rows[0].Statement.Labels,
	}
	if diff := cmp.Diff(want, r.rows[0].Statement); diff != "" || len(want.Labels) != 3 || !misp.Looks([]byte(manifest)) {
		t.Errorf("%v (-want +got)\n%s", want.Labels, diff)
	}
	hashes := "d41d8cd98f00b204e9800998ecf8427e," + uuid + "\r\nda39,x\n\n" + strings.Repeat("x", 100_000) + "\nd41d8cd98f00b204e9800998ecf8427e," + uuid
	r = parse(t, hashes, misp.Options{})
	if len(r.rows) != 2 || r.rows[1].Line != 5 || r.rows[0].Statement.ID != uuid || len(r.bad) != 2 || r.bad[1].Length != 100_001 || !misp.Looks([]byte(hashes)) {
		t.Errorf("%+v", r)
	}
}

func TestWithAKindAttributesAreOurOwnAddresses(t *testing.T) {
	at := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	r := parse(t, `{"Attribute":[`+strings.Join([]string{
		attribute("ip-dst", "192.0.2.7", `,"timestamp":"1772323200"`), attribute("domain|ip", "www.example.org|192.0.2.7", ""),
		attribute("md5", "d41d8cd98f00b204e9800998ecf8427e", ""), `{"type":"ip-dst","value":"192.0.2.8","to_ids":false}`, attribute("text", "x", ""),
	}, ",")+`]}`, misp.Options{Aim: row.Aim{Kind: row.Malware, At: at}})
	var got []string
	for _, g := range r.rows {
		got = append(got, fmt.Sprint(g.Asset, " ", g.Kind, " ", g.At.Format(time.DateOnly), " ", g.Indicator == nil))
	}
	want := []string{"ip:192.0.2.7 malware 2026-03-01 true", "domain:www.example.org malware 2026-03-09 true", "  0001-01-01 true", "  0001-01-01 true"}
	if diff := cmp.Diff(want, got); diff != "" || len(r.bad) != 1 || r.bad[0].Fault != row.FaultNotAsset {
		t.Errorf("%+v (-want +got)\n%s", r.bad, diff)
	}
	for _, o := range []row.Aim{{Kind: row.Malware}, {Kind: "nonsense", At: at}} {
		if _, err := misp.New(misp.Options{Aim: o}); !errs.Is(err, errs.Usage) {
			t.Errorf("%+v: %v, want a usage error", o, err)
		}
	}
}

func TestAnInterruptedReaderGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom([]string{attribute("ip-dst", "192.0.2.7", ""), `{"type":}`, attribute("ip-dst", "x", ""), "7"})
		join := func(name string) string {
			return strings.Join(rapid.SliceOfN(a, 0, 4).Draw(t, name), ",")
		}
		text := `{"response":[{"Event":{"info":"x","Attribute":[` + join("first") + `],"Object":[{"Attribute":[` + join("object") + `]}]}},{"Attribute":[` + join("second") + `]}]}`
		text = text[:rapid.IntRange(30, len(text)).Draw(t, "length")]
		o := misp.Options{Hold: rapid.IntRange(1, 500).Draw(t, "hold")}
		all, err := try(strings.NewReader(text), o, 0)
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.Int64Range(0, all.sum.Records).Draw(t, "skip")
		part, err := try(iotest.OneByteReader(strings.NewReader(text)), o, n)
		if err != nil || part.sum.Records != all.sum.Records || int64(len(part.rows)+len(part.bad)) != all.sum.Records-n {
			t.Fatalf("%v %+v %+v", err, part.sum, all.sum)
		}
		for i, r := range part.rows {
			if diff := cmp.Diff(all.rows[len(all.rows)-len(part.rows)+i], r); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func TestOtherDocumentsAreNotMISP(t *testing.T) {
	for _, text := range []string{
		"", "{}", "[]", "192.0.2.7\n", `{"type":"bundle","id":"bundle--1","objects":[]}`, `{"type":"cidr","list":["192.0.2.0/24"],"name":"x","description":"d"}`,
		`{"title":"KEV","vulnerabilities":[{}]}`, `{"document":{"category":"csaf_base"}}`, `{"id":"OSV-2020-1","affected":[]}`, `{"response":[]}`,
		`{"info":"x"}`, `{"Attribute":["x"]}`, `{"Event":{"System":{"EventID":1},"EventData":{}}}`, "d41d8cd98f00b204e9800998ecf8427e\n",
	} {
		if misp.Looks([]byte(text)) {
			t.Errorf("%s was taken for MISP", text)
		}
	}
	long := `{"response":[{"Event":{"id":"1","Attribute":[` + strings.Repeat(attribute("text", strings.Repeat("x", 1000), "")+",", 100)
	if !misp.Looks([]byte(long[:64<<10])) {
		t.Error("a long event was not recognised")
	}
}

func TestTheRealFilesGoInWhole(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	p, err := misp.New(misp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, folder := range []string{"misp", "stix-taxii", "threat-lists"} {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			var told int64
			sum, err := p.Parse(context.Background(), bytes.NewReader(text), 0, func(*row.Row, *row.Bad) error {
				told++
				return nil
			})
			if err != nil {
				if _, ok := row.Unreadable(err); !ok {
					t.Errorf("%s: %v", path, err)
				}
			}
			if sum.Records != told || sum.Rows+sum.Bad != told {
				t.Errorf("%s: %+v, told %d", path, sum, told)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 200 {
		t.Errorf("only %d files", files)
	}
	for name, want := range map[string][2]int{ // kept, bad
		"attribute.json": {1, 0}, "attribute_del.json": {1, 0}, "def_param.json": {4, 0}, "event.json": {0, 0},
		"event_obj_attr_tag.json": {2, 0}, "event_obj_def_param.json": {3, 0}, "event_obj_tag.json": {1, 0}, "event_tags.json": {0, 0},
		"malware.json": {1, 0}, "malware_exist.json": {6, 0}, "misp_custom_obj.json": {2, 0}, "proposals.json": {2, 0}, "shadow.json": {3, 0},
	} {
		text, err := os.ReadFile(filepath.Join(dir, "misp", "pymisp", name))
		if err != nil {
			t.Fatal(err)
		}
		if r := parse(t, string(text), misp.Options{}); len(r.rows) != want[0] || len(r.bad) != want[1] {
			t.Errorf("%s: kept %d, bad %+v, want %v", name, len(r.rows), r.bad, want)
		}
		if !misp.Looks(text) {
			t.Errorf("%s is not recognised", name)
		}
	}
	for _, name := range []string{"definition.json", "galaxy.json", "sighting.json", "simple.json"} {
		text, err := os.ReadFile(filepath.Join(dir, "misp", "pymisp", name))
		if err != nil {
			t.Fatal(err)
		}
		_, err = try(bytes.NewReader(text), misp.Options{}, 0)
		if _, ok := row.Unreadable(err); !ok {
			t.Errorf("%s is no event: %v", name, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	const n = 10_000
	var attributes []string
	for i := range n {
		attributes = append(attributes, attribute("ip-dst", fmt.Sprintf("192.0.%d.%d", i>>8&255, i&255|1), fmt.Sprintf(
			`,"id":"%d","category":"Network activity","uuid":"00000000-0000-4000-8000-%012d","event_id":"7","distribution":"5","timestamp":"1772323200",
			"comment":"Seen by the example sensor","sharing_group_id":"0","deleted":false,"disable_correlation":false,"object_id":"0","object_relation":null,
			"first_seen":null,"last_seen":null,"Galaxy":[],"ShadowAttribute":[],"Tag":[{"id":"1","name":"botnet","colour":"#ff0000","exportable":true}]`, i, i)))
	}
	text := `{"response":[{"Event":{"id":"7","info":"x","threat_level_id":"1","Attribute":[` + strings.Join(attributes, ",\n") + `],"Tag":[{"name":"tlp:green"}]}}]}`
	p, err := misp.New(misp.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		sum, err := p.Parse(context.Background(), strings.NewReader(text), 0, func(*row.Row, *row.Bad) error { return nil })
		if err != nil || sum.Rows != n {
			b.Fatal(err, sum)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "attributes/s")
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/event.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"00000000-0000-4000-8000-0000000000e1":{"info":"x"}}`))
	f.Add([]byte("d41d8cd98f00b204e9800998ecf8427e,00000000-0000-4000-8000-0000000000e1\n"))
	p, err := misp.New(misp.Options{Hold: 300})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		misp.Looks(text)
		told := int64(0)
		sum, _ := p.Parse(context.Background(), bytes.NewReader(text), 0, func(r *row.Row, b *row.Bad) error {
			told++
			var at, length int64
			if r != nil {
				at, length = r.Offset, r.Length
			} else {
				at, length = b.Offset, b.Length
			}
			if at < 0 || length < 1 || at+length > int64(len(text)) {
				t.Fatalf("a row at %d+%d of %d", at, length, len(text))
			}
			return nil
		})
		if sum.Records != told || sum.Rows+sum.Bad != told {
			t.Fatalf("%+v, told %d", sum, told)
		}
	})
}
