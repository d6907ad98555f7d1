package stix_test

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
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/stix"
)

type result struct {
	rows []row.Row
	bad  []row.Bad
	sum  row.Summary
}

func try(in io.Reader, o stix.Options, skip int64) (result, error) {
	var r result
	p, err := stix.New(o)
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

func parse(t testing.TB, text string, o stix.Options) result {
	t.Helper()
	r, err := try(strings.NewReader(text), o, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(len(r.rows) + len(r.bad)); r.sum.Records != n || r.sum.Rows != int64(len(r.rows)) {
		t.Fatalf("%+v, but %d rows and %d bad", r.sum, len(r.rows), len(r.bad))
	}
	for _, b := range r.bad {
		if b.Fault == "" || b.Reason == "" || b.Raw == "" && b.Fault != row.FaultTruncated {
			t.Errorf("a bad row does not say why: %+v", b)
		}
	}
	return r
}

// id makes an identifier of a type.
func id(kind string, n int) string { return fmt.Sprintf("%s--00000000-0000-4000-8000-%012d", kind, n) }

// sdo writes an object of 2.1 with more members.
func sdo(kind string, n int, more string) string {
	return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":%q,"created":"2026-03-01T00:00:00.000Z","modified":"2026-03-02T00:00:00.000Z",%s}`,
		kind, id(kind, n), more)
}

func indicator(n int, pattern string) string {
	return sdo("indicator", n, fmt.Sprintf(`"pattern":%q,"pattern_type":"stix","valid_from":"2026-03-01T00:00:00Z"`, pattern))
}

func bundle(objects ...string) string {
	return `{"type":"bundle","id":"` + id("bundle", 1) + `","objects":[` + strings.Join(objects, ",\n") + `]}`
}

func TestEveryObjectOfAFileIsARow(t *testing.T) {
	text, err := os.ReadFile("testdata/bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	r := parse(t, string(text), stix.Options{})
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	type got struct {
		Line       int
		At         time.Time
		Confidence uint8
		Indicator  *row.Indicator
		Also       []row.Indicator
		Statement  *row.Statement
	}
	var have []got
	for _, g := range r.rows {
		have = append(have, got{g.Line, g.At, g.Confidence, g.Indicator, g.Also, g.Statement})
		raw := text[g.Offset : g.Offset+g.Length]
		if raw[0] != '{' || raw[len(raw)-1] != '}' || 1+bytes.Count(text[:g.Offset], []byte("\n")) != g.Line {
			t.Errorf("line %d stands at %q", g.Line, raw)
		}
	}
	want := []got{
		{Line: 6, Statement: &row.Statement{
			ID: id("identity", 1), Version: at("2026-03-01T00:00:00Z"), Type: "identity", Title: "Centre of the example",
			Labels: []string{"partner"},
		}},
		{
			Line: 16, At: at("2026-03-02T08:00:00.5Z"), Confidence: 85,
			Indicator: &row.Indicator{Type: row.IPv4, Value: "192.0.2.7"},
			Also:      []row.Indicator{{Type: row.Name, Value: "c2.example"}, {Type: row.CIDR, Value: "198.51.100.0/24"}},
			Statement: &row.Statement{
				ID: id("indicator", 2), Version: at("2026-03-02T08:00:00.5Z"), Type: "indicator", Title: "Controllers of the example botnet",
				Labels: []string{"botnet", "malicious-activity"}, ValidFrom: at("2026-03-01T00:00:00Z"), ValidUntil: at("2026-06-01T00:00:00Z"),
				TLP: tlp.AmberStrict, Marked: true, Reference: "https://www.example.org/botnet",
			},
		},
		{Line: 37, Statement: &row.Statement{
			ID: id("indicator", 2), Version: at("2026-03-03T00:00:00Z"), Type: "sighting", Seen: 12, LastSeen: at("2026-03-02T23:00:00Z"),
		}},
		{Line: 48, Statement: &row.Statement{ID: id("indicator", 2), Version: at("2026-03-04T00:00:00Z"), Type: "opinion", Refuted: 1, LastSeen: at("2026-03-04T00:00:00Z")}},
		{Line: 57, Statement: &row.Statement{ID: id("ipv4-addr", 5), Type: "ipv4-addr", Title: "192.0.2.7"}},
		{Line: 58, Statement: &row.Statement{
			ID: id("relationship", 6), Version: at("2026-03-01T00:00:00Z"), Type: "relationship", Title: "indicates", Revoked: true,
		}},
	}
	if diff := cmp.Diff(want, have); diff != "" || len(r.bad) != 0 {
		t.Errorf("bad %+v (-want +got)\n%s", r.bad, diff)
	}
}

func TestWhatOfAPatternIsLookedFor(t *testing.T) {
	const hash = "d41d8cd98f00b204e9800998ecf8427e"
	for pattern, want := range map[string]string{
		"[ipv4-addr:value = '192.0.2.7/32']":                                                           "ipv4:192.0.2.7",
		"[ipv4-addr:value = '192.0.2.7/24']":                                                           "cidr:192.0.2.0/24",
		"[ipv4-addr:value IN ('192.0.2.7', '192.0.2.8', '192.0.2.7')]":                                 "ipv4:192.0.2.7 ipv4:192.0.2.8",
		"[ipv6-addr:value = '2001:DB8::1'] OR [domain-name:value = 'Evil.Example.']":                   "ipv6:2001:db8::1 domain:evil.example",
		"[ipv6-addr:value ISSUBSET '2001:db8::/32']":                                                   "cidr:2001:db8::/32",
		"[url:value = 'http://Evil.example']":                                                          "url:http://evil.example/",
		"[file:hashes.MD5 = '" + hash + "' OR file:hashes.'SHA-1' = '" + hash + "00000000']":           "md5:" + hash + " sha1:" + hash + "00000000",
		"[file:hashes.SHA256 = '" + hash + hash + "']":                                                 "sha256:" + hash + hash,
		"[file:hashes.'SHA-512' = 'x']":                                                                "+no-observable",
		"[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.7']": "ipv4:192.0.2.7",
		"[network-traffic:dst_ref.value = 'evil.example']":                                             "domain:evil.example",
		"[network-traffic:dst_ref.value = '192.0.2.7' AND network-traffic:dst_port = 80]":              "+needs-several",
		"[ipv4-addr:value = '192.0.2.7'] AND [domain-name:value = 'evil.example']":                     "+needs-several",
		"[ipv4-addr:value = '192.0.2.7'] FOLLOWEDBY [domain-name:value = 'evil.example']":              "+needs-several",
		"[ipv4-addr:value = '192.0.2.7'] REPEATS 5 TIMES WITHIN 60 SECONDS":                            "+needs-several",
		"[ipv4-addr:value = '192.0.2.7'] OR [url:value = 'http://a.example/' AND url:x = 1]":           "ipv4:192.0.2.7 +needs-several",
		"[ipv4-addr:value != '192.0.2.7']":                                                             "+no-observable",
		"[domain-name:value LIKE '%.evil.example']":                                                    "+no-observable",
		"[domain-name:resolves_to_refs[*].value = '192.0.2.7']":                                        "+no-observable",
		"[process:name = 'evil' OR domain-name:value = 'evil.example']":                                "domain:evil.example +no-observable",
		"[ipv4-addr:value = '192.0.2.300' OR ipv4-addr:value = '192.0.2.7']":                           "ipv4:192.0.2.7 +bad-value",
		"[ipv4-addr:value = '192.0.2.300']":                                                            "!ip ipv4-addr:value",
		"[domain-name:value = 'evil']":                                                                 "!domain domain-name:value",
		"[file:hashes.MD5 = 'x']":                                                                      "!hash file:hashes.MD5",
		"[ipv4-addr:value = '192.0.2.7'":                                                               "!pattern pattern",
		`[file:name = 'C:\Windows']`:                                                                   "!pattern pattern",
		"[ipv4-addr:value = '192.0.2.7'] START t'2026-03-01T00:00:00Z' STOP t'2026-03-02T00:00:00Z' OR [ipv4-addr:value = '192.0.2.8']": "ipv4:192.0.2.7 +no-observable",
	} {
		r := parse(t, indicator(1, pattern), stix.Options{})
		var got []string
		for _, b := range r.bad {
			got = append(got, "!"+string(b.Fault)+" "+b.Field)
		}
		for _, g := range r.rows {
			if g.Indicator != nil {
				got = append(got, string(g.Indicator.Type)+":"+g.Indicator.Value)
			}
			for _, a := range g.Also {
				got = append(got, string(a.Type)+":"+a.Value)
			}
			for _, f := range g.Flags {
				got = append(got, "+"+string(f))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", pattern, got, want)
		}
	}
	r := parse(t, sdo("indicator", 1, `"pattern":"alert tcp any any","pattern_type":"snort","valid_from":"2026-03-01T00:00:00Z"`), stix.Options{})
	if len(r.rows) != 1 || r.rows[0].Indicator != nil || len(r.rows[0].Flags) != 1 {
		t.Errorf("a rule of Snort: %+v %+v", r.rows, r.bad)
	}
}

func TestAPatternsWindowNarrowsItsValidity(t *testing.T) {
	r := parse(t, sdo("indicator", 1, `"pattern_type":"stix","valid_from":"2026-03-01T00:00:00Z","valid_until":"2026-05-01T00:00:00Z",
		"pattern":"[ipv4-addr:value = '192.0.2.7'] START t'2026-03-05T00:00:00Z' STOP t'2026-04-01T00:00:00Z'"`), stix.Options{})
	s := r.rows[0].Statement
	if got := s.ValidFrom.Format(time.DateOnly) + " " + s.ValidUntil.Format(time.DateOnly); got != "2026-03-05 2026-04-01" {
		t.Error(got)
	}
}

func TestAMarkingHoldsForTheObject(t *testing.T) {
	ref := func(ids ...string) string {
		return `"name":"x","object_marking_refs":["` + strings.Join(ids, `","`) + `"]`
	}
	own := id("marking-definition", 9)
	statement := sdo("marking-definition", 8, `"definition_type":"statement","definition":{"statement":"© example"}`)
	extended := sdo("marking-definition", 9, `"name":"TLP:GREEN","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"green"}}`)
	for _, c := range []struct{ object, want string }{
		{sdo("tool", 1, `"name":"x"`), "none"},
		{sdo("tool", 1, ref("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9")), "clear"},
		{sdo("tool", 1, ref("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487")), "clear"},
		{sdo("tool", 1, ref("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da")), "green"},
		{sdo("tool", 1, ref("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb")), "green"},
		{sdo("tool", 1, ref("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82")), "amber"},
		{sdo("tool", 1, ref("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421")), "amber"},
		{sdo("tool", 1, ref("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003")), "amber+strict"},
		{sdo("tool", 1, ref("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed")), "red"},
		{sdo("tool", 1, ref("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1")), "red"},
		{sdo("tool", 1, ref("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed")), "red"},
		{sdo("tool", 1, ref(id("marking-definition", 7))), "none"},
		{sdo("tool", 1, ref(id("marking-definition", 8))), "none"},
		{sdo("tool", 1, ref(own)), "green"},
		{sdo("tool", 1, `"name":"x","labels":["TLP:Amber"]`), "amber"},
		{sdo("tool", 1, `"name":"x","granular_markings":[{"selectors":["name"],"marking_ref":"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"}]`), "red"},
	} {
		r := parse(t, bundle(statement, extended, c.object), stix.Options{})
		if len(r.bad) > 0 {
			t.Fatalf("%+v", r.bad)
		}
		s, got := r.rows[2].Statement, "none"
		if s.Marked {
			got = s.TLP.String()
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.object, got, c.want)
		}
	}
	// A definition that breaks the standard still keeps together what it marks,
	// and so does one that an interrupted reader had already told.
	broken := sdo("marking-definition", 9, `"name":"TLP:RED","definition_type":"tlp","definition":{"tlp":"red"}`)
	text := bundle(broken, sdo("tool", 1, ref(own)))
	for skip := range int64(2) {
		r, err := try(strings.NewReader(text), stix.Options{}, skip)
		if err != nil || len(r.rows) != 1 || !r.rows[0].Statement.Marked || r.rows[0].Statement.TLP != tlp.Red {
			t.Errorf("after %d: %v %+v", skip, err, r)
		}
	}
}

func TestWhatBreaksAMustIsRefusedWithItsProperty(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"tool"}`:          "missing spec_version",
		`{"id":"x"}`:               "missing type",
		`{"type":"Tool","id":"x"}`: "form type",
		`{"type":"action","id":"` + id("action", 1) + `"}`:                                               "form type",
		sdo("tool", 1, `"x_y":1`):                                                                        "missing name",
		sdo("tool", 1, `"name":1`):                                                                       "form name",
		sdo("tool", 1, `"name":"x","Foo":1`):                                                             "form Foo",
		sdo("tool", 1, `"name":"x","foo":null`):                                                          "form foo",
		sdo("tool", 1, `"name":"x","labels":[]`):                                                         "form labels",
		sdo("tool", 1, `"name":"x","severity":1`):                                                        "form severity",
		sdo("tool", 1, `"name":"x","confidence":101`):                                                    "number confidence",
		sdo("tool", 1, `"name":"x","confidence":1.5`):                                                    "number confidence",
		sdo("tool", 1, `"name":"x","lang":"español"`):                                                    "form lang",
		sdo("tool", 1, `"name":"x","kill_chain_phases":[{"kill_chain_name":"k"}]`):                       "missing kill_chain_phases[0].phase_name",
		sdo("tool", 1, `"name":"x","external_references":[{"source_name":"x"}]`):                         "missing external_references[0].description | url | external_id",
		sdo("tool", 1, `"name":"x","external_references":[{"source_name":"cve","external_id":"CVE-1"}]`): "cve external_references[0].external_id",
		sdo("tool", 1, `"name":"x","granular_markings":[{"selectors":["names"],"lang":"en"}]`):           "form granular_markings[0].selectors",
		sdo("tool", 1, `"name":"x","extensions":{"foo":{"abc":1}}`):                                      "form extensions.foo",
		sdo("tool", 1, `"name":"x","extensions":{"`+id("extension-definition", 1)+`":{"abc":1}}`):        "missing extensions." + id("extension-definition", 1) + ".extension_type",
		sdo("malware", 1, `"name":"x"`):                                                                  "missing is_family",
		sdo("malware", 1, `"is_family":true`):                                                            "missing name",
		sdo("location", 1, `"country":"vn","latitude":10`):                                               "missing latitude & longitude",
		sdo("indicator", 1, `"pattern":"[a:b=1]","pattern_type":"stix","valid_from":"2026-03-02T00:00:00Z","valid_until":"2026-03-02T00:00:00Z"`): "form valid_until",
		sdo("indicator", 1, `"pattern":"[a:b=1]","pattern_type":"stix","valid_from":"2026-02-30T00:00:00Z"`):                                      "time valid_from",
		sdo("sighting", 1, `"sighting_of_ref":"`+id("relationship", 1)+`"`):                                                                       "form sighting_of_ref",
		sdo("opinion", 1, `"opinion":"maybe","object_refs":["`+id("tool", 1)+`"]`):                                                                "value opinion",
		sdo("note", 1, `"content":"x","object_refs":["tool--1"]`):                                                                                 "form object_refs[0]",
		strings.Replace(sdo("tool", 1, `"name":"x"`), `"id":"tool`, `"id":"malware`, 1):                                                           "form id",
		strings.Replace(sdo("tool", 1, `"name":"x"`), "00:00.000Z", "00:00Z", 1):                                                                  "time created",
		strings.Replace(sdo("tool", 1, `"name":"x"`), "2026-03-02", "2026-02-02", 1):                                                              "form modified",
		strings.Replace(sdo("note", 1, `"content":"x"`), `"spec_version":"2.1",`, "", 1):                                                          "missing spec_version",
		`{"type":"ipv4-addr","id":"` + id("ipv4-addr", 1) + `","value":"192.0.2.300"}`:                                                            "ip value",
		`{"type":"ipv6-addr","id":"` + id("ipv6-addr", 1) + `","value":"2001:db8::/129"}`:                                                         "prefix value",
		`{"type":"url","id":"` + id("url", 1) + `","value":"foo"}`:                                                                                "url value",
		`{"type":"email-addr","id":"` + id("email-addr", 1) + `","value":"A <a@b.example>"}`:                                                      "email value",
		`{"type":"file","id":"` + id("file", 1) + `"}`:                                                                                            "missing hashes | name",
		`{"type":"file","id":"` + id("file", 1) + `","hashes":{"MD5":"00"}}`:                                                                      "hash hashes.MD5",
		`{"type":"software","id":"` + id("software", 1) + `","name":"x","cpe":"cpe:2.3:a:b"}`:                                                     "form cpe",
		`{"type":"process","id":"process--00000000-0000-5000-8000-000000000000","pid":1}`:                                                         "form id",
		`{"observations":{"x":"` + strings.Repeat("x", 2000) + `"}}`:                                                                              "missing type",
		`{"type":"bundle","objects":[{"type":"bundle","id":"` + id("bundle", 1) + `"}]}`:                                                          "form type, missing id",
		`{"type":"bundle","id":"bundle--1","objects":[]}`:                                                                                         "form id",
		`{"type":"bundle","id":"` + id("bundle", 1) + `","objects":[7]}`:                                                                          "form ",
	} {
		r := parse(t, text, stix.Options{})
		var got []string
		for _, b := range r.bad {
			got = append(got, string(b.Fault)+" "+b.Field)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestOlderObjectsNeedLess(t *testing.T) {
	old := `{"type":"indicator","id":"` + id("indicator", 1) + `","created":"2017-03-01T00:00:00.000Z","modified":"2017-03-01T00:00:00.000Z",
		"labels":["malicious-activity"],"pattern":"[ipv4-addr:value = '192.0.2.7']","valid_from":"2017-03-01T00:00:00Z"}`
	data := `{"type":"observed-data","id":"` + id("observed-data", 1) + `","created":"2017-03-01T00:00:00.000Z","modified":"2017-03-01T00:00:00.000Z",
		"first_observed":"2017-03-01T00:00:00Z","last_observed":"2017-03-01T00:00:00Z","number_observed":1,"objects":{"0":{"type":"file","name":"x"}}}`
	for _, text := range []string{
		`{"type":"bundle","id":"` + id("bundle", 1) + `","spec_version":"2.0","objects":[` + old + `,` + data + `]}`,
		`{"objects":[` + old + `,` + data + `],"spec_version":"2.0","id":"` + id("bundle", 1) + `","type":"bundle"}`,
		`[` + old + `,` + data + `]`,
		old + data,
	} {
		r := parse(t, text, stix.Options{})
		if len(r.rows) != 2 || r.rows[0].Indicator == nil {
			t.Errorf("%s: %+v", text, r.bad)
		}
	}
}

func TestEveryWrappingGivesTheSameObjects(t *testing.T) {
	a, b := indicator(1, "[ipv4-addr:value = '192.0.2.7']"), sdo("tool", 2, `"name":"x"`)
	for text, want := range map[string]int{
		bundle(a, b):                               2,
		"\xef\xbb\xbf" + bundle(a, b):              2,
		"[" + a + "," + b + "]":                    2,
		"[" + bundle(a, b) + "," + bundle(a) + "]": 3,
		a + "\n" + b + "\n":                        2,
		bundle(a) + bundle(b):                      2,
		a:                                          1,
		`{"objects":[` + a + `],"more":false}`:     1,
		`{"more":true,"next":"5","objects":[` + a + `,` + b + `]}`: 2,
		`{}`: 0, `{"more":false}`: 0, bundle(): 0,
		`{"type":"bundle","id":"` + id("bundle", 1) + `"}`: 0,
	} {
		r := parse(t, text, stix.Options{})
		if len(r.rows) != want || len(r.bad) != 0 {
			t.Errorf("%s: %d rows, bad %+v, want %d", text, len(r.rows), r.bad, want)
		}
		if want > 0 && !stix.Looks([]byte(text)) {
			t.Errorf("%s is not recognised", text)
		}
	}
}

func TestABrokenBundleGivesWhatIsWhole(t *testing.T) {
	a, b := indicator(1, "[ipv4-addr:value = '192.0.2.7']"), sdo("tool", 2, `"name":"x"`)
	for text, want := range map[string]string{
		bundle(a, b)[:len(bundle(a, b))-10]:               "1 truncated",
		bundle(a, b)[:len(bundle(a, b))-2]:                "2 truncated",
		bundle(a, b)[:len(bundle(a, b))-1]:                "2 truncated",
		bundle(a, `{"type":"tool",}`, b):                  "2 json",
		bundle(a, "{\"type\":\"to\xffol\"}", b):           "2 utf8",
		strings.Replace(bundle(a, b), "},\n{", "}\n{", 1): "1 json",
		bundle(a, b) + "x":                                "2 json",
		a[:len(a)-4]:                                      "0 truncated",
		"[" + a + ",":                                     "1 truncated",
	} {
		r := parse(t, text, stix.Options{})
		got := fmt.Sprint(len(r.rows))
		for _, b := range r.bad {
			got += " " + string(b.Fault)
			if b.Offset < 0 || b.Length < 1 || b.Offset+b.Length > int64(len(text)) {
				t.Errorf("%+v of %d bytes", b, len(text))
			}
		}
		if got != want {
			t.Errorf("%.200s: %s, want %s", text, got, want)
		}
	}
	broken := io.MultiReader(strings.NewReader(bundle(a, b)[:400]), iotest.ErrReader(io.ErrUnexpectedEOF))
	if r, err := try(broken, stix.Options{}, 0); !errors.Is(err, io.ErrUnexpectedEOF) || len(r.rows) != 1 || len(r.bad) != 1 {
		t.Errorf("%v %+v", err, r)
	}
	for _, text := range []string{"", "hello", "\xff\xfe{\x00}\x00"} {
		if _, err := try(strings.NewReader(text), stix.Options{}, 0); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestWithAKindIndicatorsAreOurOwnAddresses(t *testing.T) {
	at := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	r := parse(t, bundle(
		indicator(1, "[ipv4-addr:value = '192.0.2.7']"), indicator(2, "[ipv4-addr:value IN ('192.0.2.7', '192.0.2.8')]"),
		indicator(3, "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"), sdo("tool", 4, `"name":"x"`),
	), stix.Options{Aim: row.Aim{Kind: row.Malware, At: at}})
	if len(r.rows) != 2 || len(r.bad) != 2 || r.bad[0].Fault != row.FaultSeveral || r.bad[1].Fault != row.FaultNotAsset {
		t.Fatalf("%+v", r)
	}
	g := r.rows[0]
	if g.Asset != "ip:192.0.2.7" || g.Kind != row.Malware || g.Indicator != nil || g.Severity != row.High || g.At.IsZero() || g.Discriminator == "" {
		t.Errorf("%+v", g)
	}
	for _, o := range []row.Aim{{Kind: row.Malware}, {Kind: "nonsense", At: at}} {
		if _, err := stix.New(stix.Options{Aim: o}); !errs.Is(err, errs.Usage) {
			t.Errorf("%+v: %v, want a usage error", o, err)
		}
	}
}

func TestAnInterruptedReaderGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var objects []string
		for i := range rapid.IntRange(0, 6).Draw(t, "n") {
			objects = append(objects, rapid.SampledFrom([]string{
				indicator(i, "[ipv4-addr:value = '192.0.2.7']"), sdo("tool", i, `"name":"x"`), `{"type":"tool"}`, `{"type":}`, "7",
			}).Draw(t, "object"))
		}
		text := bundle(objects...)
		text = text[:rapid.IntRange(2, len(text)).Draw(t, "length")]
		all, err := try(strings.NewReader(text), stix.Options{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.Int64Range(0, all.sum.Records).Draw(t, "skip")
		part, err := try(iotest.OneByteReader(strings.NewReader(text)), stix.Options{}, n)
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

func TestOtherDocumentsAreNotSTIX(t *testing.T) {
	for _, text := range []string{
		"", "{}", "[]", "192.0.2.7\n", `{"Event":{"info":"x"}}`, `{"response":[{"Event":{}}]}`, `{"type":"cidr","list":["192.0.2.0/24"]}`,
		`{"title":"KEV","vulnerabilities":[{}]}`, `{"document":{"category":"csaf_base"}}`, `{"id":"OSV-2020-1","affected":[]}`,
		`{"type":"object","id":"http://x.example/schema"}`, `{"objects":[{"type":"x","id":1}]}`,
	} {
		if stix.Looks([]byte(text)) {
			t.Errorf("%s was taken for STIX", text)
		}
	}
	long := bundle(sdo("tool", 1, `"name":"`+strings.Repeat("x", 100_000)+`"`))
	if !stix.Looks([]byte(long[:64<<10])) {
		t.Error("a bundle with one long object was not recognised")
	}
}

func TestTheRealFilesGoInWhole(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	p, err := stix.New(stix.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, folder := range []string{"stix-taxii", "misp", "threat-lists"} {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			var rows, bad int64
			sum, err := p.Parse(context.Background(), bytes.NewReader(text), 0, func(r *row.Row, b *row.Bad) error {
				var at, length int64
				if r != nil {
					rows, at, length = rows+1, r.Offset, r.Length
				} else {
					bad, at, length = bad+1, b.Offset, b.Length
				}
				if at < 0 || length < 1 || at+length > int64(len(text)) {
					t.Errorf("%s: a row at %d+%d of %d", path, at, length, len(text))
				}
				return nil
			})
			if err != nil {
				if _, ok := row.Unreadable(err); !ok {
					t.Errorf("%s: %v", path, err)
				}
			}
			if sum.Records != rows+bad {
				t.Errorf("%s: %+v, but %d and %d", path, sum, rows, bad)
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
	for name, want := range map[string][2]int{ // kept, bad: whose reasons are in the table of the documentation
		"oasis_examples/threat-reports/apt1.json":         {76, 0},
		"oasis_examples/threat-reports/poisonivy.json":    {155, 0},
		"oasis_examples/indicator-for-c2-ip-address.json": {1, 0},
		"opencti_sectors_bundle.json":                     {121, 0},
		"misp-stix/test_event2_stix21.json":               {12, 0},
		"validator_test_examples/invalid_timestamp.json":  {0, 1},
	} {
		text, err := os.ReadFile(filepath.Join(dir, "stix-taxii", name))
		if err != nil {
			t.Fatal(err)
		}
		r := parse(t, string(text), stix.Options{})
		if len(r.rows) != want[0] || len(r.bad) != want[1] {
			t.Errorf("%s: kept %d, bad %d, want %v", name, len(r.rows), len(r.bad), want)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	const n = 5000
	var objects []string
	for i := range n {
		objects = append(objects, sdo("indicator", i, fmt.Sprintf(`"name":"Controller %d","description":"Seen by the example sensor","indicator_types":["malicious-activity"],
			"created_by_ref":"identity--00000000-0000-4000-8000-000000000001","confidence":80,"labels":["botnet","c2"],
			"object_marking_refs":["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"],
			"pattern":"[ipv4-addr:value = '192.0.%d.%d']","pattern_type":"stix","valid_from":"2026-03-01T00:00:00Z"`, i, i>>8&255, i&255)))
	}
	text := bundle(objects...)
	p, err := stix.New(stix.Options{})
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
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "indicators/s")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(bundle(indicator(1, "[ipv4-addr:value = '192.0.2.7']"), `{"type":"file","id":"file--1","extensions":{"ntfs-ext":{}}}`)))
	f.Add([]byte(`[` + sdo("observed-data", 1, `"objects":{"0":{"type":"file"}}`) + `]`))
	f.Add([]byte(sdo("marking-definition", 1, `"granular_markings":[{"selectors":["a.[0].b"]}]`)))
	p, err := stix.New(stix.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		stix.Looks(text)
		told, last := int64(0), int64(-1)
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
			last = at
			return nil
		})
		if sum.Records != told || sum.Rows+sum.Bad != told {
			t.Fatalf("%+v, told %d, last at %d", sum, told, last)
		}
	})
}
