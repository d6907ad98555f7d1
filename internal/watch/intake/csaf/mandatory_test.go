package csaf_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/watch/intake/csaf"
)

// fixture is a valid document that the tests below break in one place each.
func fixture(t testing.TB, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// set puts a value, given as JSON, at a path of names and numbers; "-" appends.
func set(t testing.TB, doc any, path, value string) any {
	t.Helper()
	var v any
	if value != "" {
		if err := json.Unmarshal([]byte(value), &v); err != nil {
			t.Fatalf("%s: %v", value, err)
		}
	}
	head, rest, more := strings.Cut(path, "/")
	switch at := doc.(type) {
	case map[string]any:
		switch {
		case more:
			at[head] = set(t, at[head], rest, value)
		case value == "":
			delete(at, head)
		default:
			at[head] = v
		}
		return at
	case []any:
		if head == "-" {
			return append(at, v)
		}
		i := int(head[0] - '0')
		if more {
			at[i] = set(t, at[i], rest, value)
		} else {
			at[i] = v
		}
		return at
	}
	t.Fatalf("nothing stands at %s", path)
	return nil
}

type change struct{ path, value string }

func broken(t testing.TB, c *csaf.Checker, base string, changes []change) []string {
	t.Helper()
	var doc any = fixture(t, base)
	for _, ch := range changes {
		doc = set(t, doc, ch.path, ch.value)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return csaf.Tests(c.Check(text))
}

const (
	score31 = `{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8,"baseSeverity":"CRITICAL"`
	score30 = `{"version":"3.0","vectorString":"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8,"baseSeverity":"CRITICAL"`
	score20 = `{"version":"2.0","vectorString":"AV:N/AC:L/Au:N/C:P/I:P/A:P","baseScore":7.5`
	score40 = `{"version":"4.0","vectorString":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N","baseScore":9.3,"baseSeverity":"CRITICAL"`
)

func TestEachMandatoryTestIsBrokenInItsPlace(t *testing.T) {
	const (
		v       = "vulnerabilities/0/"
		history = "document/tracking/revision_history"
	)
	revision := func(number, date string) string {
		return `{"date":"` + date + `T10:00:00Z","number":"` + number + `","summary":"x"}`
	}
	c := csaf.NewChecker()
	if got := broken(t, c, "advisory", nil); len(got) != 0 {
		t.Fatalf("the fixture itself breaks %v", got)
	}
	for _, k := range []struct {
		want    string // test numbers with blanks between, "" is a valid document
		changes []change
	}{
		{"schema", []change{{"document/title", ""}}},
		{"schema", []change{{"document/title", `""`}}},
		{"schema", []change{{"document/title", "7"}}},
		{"schema", []change{{"document/csaf_version", `"1.0"`}}},
		{"schema", []change{{"document/publisher/namespace", `"example"`}}},
		{"schema", []change{{"document/tracking/current_release_date", `"2026-13-01T00:00:00Z"`}}},
		{"schema", []change{{"document/tracking/current_release_date", `"2026-01-01 00:00:00Z"`}}},
		{"schema", []change{{"document/category", `"_x"`}}},
		{"schema", []change{{"product_tree/branches/0/extra", `1`}}},
		{"schema", []change{{v + "cve", `"CVE-26-1"`}}},
		{"schema", []change{{v + "product_status/known_affected", `["P1","P1"]`}}},
		{"schema", []change{{v + "product_status/known_affected", `[]`}}},
		{"", []change{{v + "custom_property", `{"a":1}`}}},
		{"6.1.1", []change{{v + "product_status/known_affected/-", `"P9"`}}},
		{"6.1.1", []change{{v + "threats", `[{"category":"impact","details":"x","product_ids":["P9"]}]`}}},
		{"6.1.1", []change{{v + "flags", `[{"label":"component_not_present","product_ids":["P9"]}]`}}},
		{"6.1.1", []change{{"product_tree/product_groups/0/product_ids/-", `"P9"`}}},
		{"6.1.1", []change{{"product_tree/relationships/0/relates_to_product_reference", `"P9"`}}},
		{"6.1.2", []change{{"product_tree/full_product_names/-", `{"name":"x","product_id":"P1"}`}}},
		{"6.1.3", []change{{"product_tree/relationships/0/product_reference", `"R1"`}}},
		{"6.1.4", []change{{v + "remediations/0/group_ids", `["G9"]`}}},
		{"6.1.5", []change{{"product_tree/product_groups/-", `{"group_id":"G1","product_ids":["P1","P2"]}`}}},
		{"6.1.6", []change{{v + "product_status/fixed", `["P1"]`}}},
		{"6.1.6", []change{{v + "product_status/under_investigation", `["P3"]`}}},
		{"", []change{{v + "product_status/recommended", `["P1","P3"]`}}},
		{"", []change{{v + "product_status/first_affected", `["P1"]`}}},
		{"6.1.7", []change{{v + "scores/-", `{"products":["P1"],"cvss_v3":` + score31 + `}}`}}},
		{"", []change{{v + "scores/-", `{"products":["P1"],"cvss_v3":` + score30 + `},"cvss_v2":` + score20 + `}}`}}},
		{"6.1.8", []change{{v + "scores/0/cvss_v3/baseSeverity", ""}}},
		{"6.1.8", []change{{v + "scores/0/cvss_v3/vectorString", `"CVSS:3.1/AV:N"`}}},
		{"6.1.8", []change{{v + "scores/0/cvss_v3/vectorString", `"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"`}}},
		{"6.1.8", []change{{v + "scores/0/cvss_v3/vectorString", `"AV:N/AC:L"`}}},
		{"6.1.8", []change{{v + "scores/0/cvss_v3/attackVector", `"NEAR"`}}},
		{"6.1.8", []change{{v + "scores/0/cvss_v3/baseScore", `11`}}},
		{"6.1.8", []change{{v + "scores/0/cvss_v3/version", ""}}},
		{"6.1.8", []change{{v + "scores/-", `{"products":["P2"],"cvss_v2":{"version":"2.0","vectorString":"AV:N/AC:L/Au:N/C:P/I:P/A:P"}}`}}},
		{"6.1.9", []change{{v + "scores/0/cvss_v3/baseScore", `9.7`}}},
		{"6.1.9", []change{{v + "scores/0/cvss_v3/baseSeverity", `"HIGH"`}}},
		{"6.1.9", []change{{v + "scores/0/cvss_v3/temporalScore", `1.0`}}},
		{"", []change{{v + "scores/0/cvss_v3/environmentalScore", `9.8`}, {v + "scores/0/cvss_v3/environmentalSeverity", `"CRITICAL"`}}},
		{"6.1.9", []change{{v + "scores/-", `{"products":["P2"],"cvss_v2":` + score20 + `,"environmentalScore":1}}`}}},
		{"6.1.10", []change{{v + "scores/0/cvss_v3/attackVector", `"LOCAL"`}}},
		{"6.1.10", []change{{v + "scores/0/cvss_v3/modifiedScope", `"CHANGED"`}}},
		{"", []change{{v + "scores/0/cvss_v3/attackVector", `"NETWORK"`}, {v + "scores/0/cvss_v3/exploitCodeMaturity", `"NOT_DEFINED"`}}},
		{"6.1.10", []change{{v + "scores/-", `{"products":["P2"],"cvss_v2":` + score20 + `,"authentication":"SINGLE"}}`}}},
		{"6.1.11", []change{{v + "cwe", `{"id":"CWE-79","name":"Improper Input Validation"}`}}},
		{"6.1.11", []change{{v + "cwe", `{"id":"CWE-99999","name":"x"}`}}},
		{"", []change{{v + "cwe", `{"id":"CWE-20","name":"Improper Input Validation"}`}}},
		{"6.1.12", []change{{"document/lang", `"EZ"`}}},
		{"", []change{{"document/lang", `"vi-VN"`}}},
		{"", []change{{"document/lang", `"i-default"`}}},
		{"", []change{{"document/lang", `"qtx"`}}},
		{"6.1.13", []change{{"product_tree/full_product_names/0/product_identification_helper", `{"purl":"pkg:maven/@1.3.4"}`}}},
		{"6.1.13", []change{{"product_tree/full_product_names/0/product_identification_helper", `{"purl":"pkg:oci/a?x=1&x=2"}`}}},
		{"", []change{{"product_tree/full_product_names/0/product_identification_helper", `{"purl":"pkg:npm/%40e/a@1.0?arch=x#lib"}`}}},
		{"6.1.14 6.1.21", []change{{history, `[` + revision("2", "2026-01-01") + `,` + revision("1", "2026-02-01") + `]`}, {"document/tracking/version", `"1"`}}},
		{"6.1.14 6.1.16 6.1.21", []change{{history, `[` + revision("2", "2026-01-01") + `,` + revision("1", "2026-02-01") + `]`}, {"document/tracking/version", `"2"`}}},
		{"6.1.15", []change{{"document/publisher/category", `"translator"`}}},
		{"6.1.16", []change{{"document/tracking/version", `"1"`}}},
		{"", []change{{"document/tracking/version", `"1.0.0+b1"`}, {history, `[` + revision("1.0.0+b2", "2026-01-01") + `]`}}},
		{"", []change{{"document/tracking/version", `"1.0.0-rc1"`}, {"document/tracking/status", `"draft"`}, {history, `[` + revision("1.0.0", "2026-01-01") + `]`}}},
		{"6.1.16 6.1.17", []change{{"document/tracking/version", `"0"`}, {"document/tracking/status", `"interim"`}, {history, `[` + revision("1", "2026-01-01") + `]`}}},
		{"6.1.18", []change{{history, `[` + revision("0", "2026-01-01") + `,` + revision("1", "2026-02-01") + `,` + revision("2", "2026-03-01") + `]`}}},
		{"6.1.19", []change{{history, `[` + revision("1.0.0-a", "2026-01-01") + `,` + revision("1.0.0", "2026-02-01") + `]`}, {"document/tracking/version", `"1.0.0"`}}},
		{"6.1.16 6.1.17 6.1.20", []change{{history, `[` + revision("1.0.0", "2026-01-01") + `]`}, {"document/tracking/version", `"1.0.0-alpha"`}}},
		{"6.1.21", []change{{history, `[` + revision("1", "2026-01-01") + `,` + revision("3", "2026-02-01") + `]`}, {"document/tracking/version", `"3"`}}},
		{"6.1.21", []change{{history, `[` + revision("2", "2026-01-01") + `]`}}},
		{"", []change{{history, `[` + revision("1.0.0", "2026-01-01") + `,` + revision("1.4.0", "2026-02-01") + `]`}, {"document/tracking/version", `"1.4.0"`}}},
		{"6.1.22", []change{{history, `[` + revision("1", "2026-01-01") + `,` + revision("1", "2026-02-01") + `]`}, {"document/tracking/version", `"1"`}}},
		{"6.1.23", []change{{"vulnerabilities/1/cve", `"CVE-2026-0001"`}}},
		{"6.1.24", []change{{v + "involvements", `[{"party":"vendor","status":"open","date":"2026-01-01T10:00:00Z"},{"party":"vendor","status":"completed","date":"2026-01-01T11:00:00+01:00"}]`}}},
		{"", []change{{v + "involvements", `[{"party":"vendor","status":"open","date":"2026-01-01T10:00:00Z"},{"party":"vendor","status":"completed","date":"2026-01-01T11:00:00Z"}]`}}},
		{"6.1.25", []change{{"product_tree/full_product_names/0/product_identification_helper", `{"hashes":[{"filename":"a","file_hashes":[{"algorithm":"sha256","value":"00000000000000000000000000000000"},{"algorithm":"sha256","value":"00000000000000000000000000000001"}]}]}`}}},
		{"6.1.26", []change{{"document/category", `"Security_Incident_Response"`}}},
		{"6.1.26", []change{{"document/category", `"vex"`}}},
		{"6.1.26", []change{{"document/category", `"CSAF_something"`}}},
		{"", []change{{"document/category", `"Example Company Notice"`}}},
		{"6.1.27.1 6.1.27.2", []change{{"document/category", `"csaf_security_incident_response"`}, {"document/notes", ""}, {"document/references", ""}}},
		{"6.1.27.3", []change{{"document/category", `"csaf_informational_advisory"`}}},
		{"6.1.27.4 6.1.27.11", []change{{"product_tree", ""}, {"vulnerabilities", ""}}},
		{"6.1.27.5", []change{{v + "notes", ""}}},
		{"6.1.27.6", []change{{v + "product_status", ""}}},
		{"6.1.27.7", []change{{"document/category", `"csaf_vex"`}, {"vulnerabilities/1/product_status", `{"recommended":["P2"]}`}}},
		{"6.1.27.8", []change{{"document/category", `"csaf_vex"`}, {"vulnerabilities/1/cve", ""}}},
		{"6.1.27.9", []change{{"document/category", `"csaf_vex"`}, {"vulnerabilities/1/product_status", `{"known_not_affected":["P2"]}`}}},
		{"", []change{{"document/category", `"csaf_vex"`}, {"vulnerabilities/1/product_status", `{"known_not_affected":["P2"]}`}, {"vulnerabilities/1/threats", `[{"category":"impact","details":"x","group_ids":["G1"]}]`}}},
		{"6.1.27.10", []change{{"document/category", `"csaf_vex"`}, {"vulnerabilities/1/product_status", `{"known_affected":["P1"]}`}}},
		{"6.1.28", []change{{"document/lang", `"en-US"`}, {"document/source_lang", `"en-us"`}}},
		{"6.1.29", []change{{v + "remediations/0/product_ids", ""}}},
		{"6.1.30", []change{{history, `[` + revision("1.0.0", "2026-01-01") + `,` + revision("2", "2026-02-01") + `]`}}},
		{"6.1.31", []change{{"product_tree/branches/0/branches/0/branches/0/name", `"prior to 4.2"`}}},
		{"6.1.31", []change{{"product_tree/branches/0/branches/0/branches/0/name", `"<4.2"`}}},
		{"", []change{{"product_tree/branches/0/branches/0/branches/0/name", `"install 4.2"`}}},
		{"6.1.32", []change{{v + "flags", `[{"label":"component_not_present"}]`}}},
		{"6.1.33", []change{{v + "flags", `[{"label":"component_not_present","group_ids":["G1"]},{"label":"vulnerable_code_not_present","product_ids":["P1"]}]`}}},
	} {
		got := strings.Join(broken(t, c, "advisory", k.changes), " ")
		if got != k.want {
			t.Errorf("%v breaks %q, want %q", k.changes, got, k.want)
		}
	}
}

func TestWhatCSAF21Adds(t *testing.T) {
	const (
		v    = "vulnerabilities/0/"
		dist = "document/distribution/"
	)
	c := csaf.NewChecker()
	if got := broken(t, c, "advisory21", nil); len(got) != 0 {
		t.Fatalf("the fixture itself breaks %v", got)
	}
	deep := `{"category":"product_family","name":"f","product":{"name":"deep","product_id":"D1"}}`
	for range 30 {
		deep = `{"category":"product_family","name":"f","branches":[` + deep + `]}`
	}
	later := `"2027-01-01T00:00:00Z"`
	helper := "product_tree/full_product_names/0/product_identification_helper"
	for _, k := range []struct {
		want    string
		changes []change
	}{
		{"schema", []change{{"$schema", ""}}},
		{"schema", []change{{"document/distribution", ""}}},
		{"schema", []change{{"document/custom_property", "1"}}},
		{"schema", []change{{"document/distribution/tlp/label", `"WHITE"`}}},
		{"6.1.3", []change{{"product_tree/product_paths/0/subpaths/0/next_product_reference", `"R1"`}}},
		{"6.1.6", []change{{v + "product_status/unknown", `["P1"]`}}},
		{"", []change{{v + "metrics/-", `{"products":["P1"],"source":"https://example.org/","content":{"cvss_v3":` + score31 + `}}}`}}},
		{"6.1.7", []change{{v + "metrics/-", `{"products":["P1","P2"],"content":{"cvss_v4":` + score40 + `}}}`}}},
		{"6.1.9", []change{{v + "metrics/0/content/cvss_v4/baseScore", "1.0"}}},
		{"6.1.10", []change{{v + "metrics/0/content/cvss_v4/attackVector", `"LOCAL"`}}},
		{"6.1.11", []change{{v + "cwes/0/name", `"Cross"`}}},
		{"6.1.27.12", []change{{"vulnerabilities/0/product_status", `{"fixed":["P1"]}`}, {v + "remediations", ""}}},
		{"6.1.27.14 6.1.27.15 6.1.27.16 6.1.27.17", []change{{"document/category", `"csaf_withdrawn"`}, {"document/notes", ""}, {"document/tracking/revision_history", `[{"date":"2026-01-01T00:00:00Z","number":"1","summary":"x"}]`}, {"document/tracking/version", `"1"`}}},
		{"", []change{{"document/category", `"csaf_withdrawn"`}, {"document/notes", `[{"category":"description","title":"Reasoning for Withdrawal","text":"x"}]`}, {"product_tree", ""}, {"vulnerabilities", ""}}},
		{"6.1.27.18 6.1.27.19", []change{{"document/category", `"csaf_superseded"`}, {"document/notes", `[{"category":"description","title":"x","text":"x"}]`}, {"product_tree", ""}, {"vulnerabilities", ""}}},
		{"6.1.34", []change{{"product_tree/branches/-", deep}}},
		{"6.1.35", []change{{v + "remediations/-", `{"category":"none_available","details":"x","group_ids":["G1"]}`}}},
		{"6.1.36", []change{{v + "remediations/0/product_ids/-", `"P3"`}}},
		{"6.1.37", []change{{"document/tracking/initial_release_date", `"2026-01-01 00:00:00Z"`}}},
		{"6.1.38", []change{{dist + "sharing_group", `{"id":"ffffffff-ffff-ffff-ffff-ffffffffffff","name":"Public"}`}, {dist + "tlp/label", `"RED"`}}},
		{"6.1.39", []change{{dist + "sharing_group", `{"id":"5868d6fa-8fd6-4c8a-a3b3-8d1c5d1c5d1c"}`}}},
		{"6.1.40", []change{{dist + "sharing_group", `{"id":"5868d6fa-8fd6-4c8a-a3b3-8d1c5d1c5d1c","name":"Public"}`}, {dist + "tlp/label", `"RED"`}}},
		{"6.1.41", []change{{dist + "sharing_group", `{"id":"ffffffff-ffff-ffff-ffff-ffffffffffff"}`}}},
		{"6.1.42", []change{{helper, `{"purls":["pkg:npm/a@1","pkg:npm/b@1"]}`}}},
		{"", []change{{helper, `{"purls":["pkg:npm/a@1?x=1","pkg:npm/a@1?x=2"]}`}}},
		{"6.1.43 6.1.44 6.1.61", []change{{helper, `{"model_numbers":["a*b*"],"serial_numbers":["**"],"skus":["a*b*"]}`}}},
		{"", []change{{helper, `{"model_numbers":["a*b\\*"]}`}}},
		{"6.1.45", []change{{v + "disclosure_date", later}}},
		{"6.1.46", []change{{v + "metrics/0/content/ssvc_v2", `{"timestamp":"2026-01-01T00:00:00Z"}`}}},
		{"6.1.47 6.1.49", []change{{v + "metrics/0/content/ssvc_v2", `{"timestamp":` + later + `,"target_ids":["CVE-2026-9999"],"selections":[{"namespace":"ssvc","key":"E","version":"1.1.0","values":[{"key":"A"}]}]}`}}},
		{"6.1.51", []change{{v + "metrics/0/content/epss", `{"percentile":"0.5","probability":"0.1","timestamp":` + later + `}`}}},
		{"6.1.52", []change{{v + "first_known_exploitation_dates", `[{"date":` + later + `,"exploitation_date":"2026-01-01T00:00:00Z","product_ids":["P1"]}]`}}},
		{"6.1.53", []change{{v + "first_known_exploitation_dates", `[{"date":"2026-01-01T00:00:00Z","exploitation_date":"2026-01-02T00:00:00Z","product_ids":["P1"]}]`}}},
		{"6.1.56", []change{{v + "metrics/-", `{"products":["P1"],"content":{"qualitative_severity_rating":"high"}}`}}},
		{"6.1.57", []change{{"product_tree/branches/-", `{"category":"vendor","name":"a","branches":[{"category":"vendor","name":"b","product":{"name":"x","product_id":"X1"}}]}`}}},
		{"6.1.58", []change{{"product_tree/branches/-", `{"category":"product_version","name":"1","branches":[{"category":"product_version_range","name":"vers:generic/<2","product":{"name":"x","product_id":"X1"}}]}`}}},
		{"6.1.59", []change{{"product_tree/branches/-", `{"category":"product_version_range","name":"vers:generic/1.0","product":{"name":"x","product_id":"X1"}}`}}},
	} {
		got := strings.Join(broken(t, c, "advisory21", k.changes), " ")
		if got != k.want {
			t.Errorf("%v breaks %q, want %q", k.changes, got, k.want)
		}
	}
}

func TestWhatIsNoJSONSaysSo(t *testing.T) {
	c := csaf.NewChecker()
	for _, text := range []string{"", "{", `{"document":1}x`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}", strings.Repeat("[", 5000)} {
		if got := csaf.Tests(c.Check([]byte(text))); !slices.Equal(got, []string{csaf.JSON}) {
			t.Errorf("%.20q breaks %v", text, got)
		}
	}
	if got := csaf.Tests(csaf.Check([]byte(`[]`))); !slices.Equal(got, []string{csaf.Schema}) {
		t.Errorf("a list breaks %v", got)
	}
}

func TestEachOptionalTestIsRemarkedInItsPlace(t *testing.T) {
	c := csaf.NewChecker()
	const v = "vulnerabilities/0/"
	for _, k := range []struct {
		test    string
		changes []change
	}{
		{"6.2.1", []change{{"product_tree/full_product_names/-", `{"name":"x","product_id":"X1"}`}}},
		{"6.2.2", []change{{v + "remediations", ""}}},
		{"6.2.3", []change{{v + "scores", ""}}},
		{"6.2.4", []change{{"document/tracking/revision_history/0/number", `"1.0.0+b"`}}},
		{"6.2.5", []change{{"document/tracking/initial_release_date", `"2020-01-01T00:00:00Z"`}}},
		{"6.2.6", []change{{"document/tracking/current_release_date", `"2020-01-01T00:00:00Z"`}}},
		{"6.2.7", []change{{v + "involvements", `[{"party":"vendor","status":"open"}]`}}},
		{"6.2.8", []change{{"product_tree/full_product_names/0/product_identification_helper", `{"hashes":[{"filename":"a","file_hashes":[{"algorithm":"md5","value":"00000000000000000000000000000000"}]}]}`}}},
		{"6.2.9", []change{{"product_tree/full_product_names/0/product_identification_helper", `{"hashes":[{"filename":"a","file_hashes":[{"algorithm":"sha1","value":"00000000000000000000000000000000"}]}]}`}}},
		{"6.2.10", []change{{"document/distribution", ""}}},
		{"6.2.11", []change{{"document/references", ""}}},
		{"6.2.12", []change{{"document/lang", ""}}},
		{"6.2.14", []change{{"document/lang", `"qtx"`}}},
		{"6.2.15", []change{{"document/lang", `"i-default"`}}},
		{"6.2.16", []change{{"product_tree/full_product_names/0/product_identification_helper", ""}}},
		{"6.2.17", []change{{v + "ids", `[{"system_name":"x","text":"CVE-2026-0001"}]`}}},
		{"6.2.18", []change{{"product_tree/branches/0/branches/0/branches/1/name", `">4.2"`}}},
		{"6.2.19", []change{{v + "product_status/fixed", `["P4"]`}, {v + "scores/0/products/-", `"P4"`}}},
		{"6.2.20", []change{{v + "custom_property", "1"}}},
		{"6.3.1", []change{{v + "scores", `[{"products":["P1"],"cvss_v2":` + score20 + `}}]`}}},
		{"6.3.2", []change{{v + "scores", `[{"products":["P1"],"cvss_v3":` + score30 + `}}]`}}},
		{"6.3.3", []change{{v + "cve", ""}}},
		{"6.3.4", []change{{v + "cwe", ""}}},
		{"6.3.5", []change{{"product_tree/full_product_names/0/product_identification_helper", `{"hashes":[{"filename":"a","file_hashes":[{"algorithm":"sha1","value":"00000000000000000000000000000000"}]}]}`}}},
		{"6.3.9", nil},  // the fixture has a range where a version should stand
		{"6.3.10", nil}, // and so is remarked on by both
		{"6.3.11", []change{{"product_tree/branches/0/branches/0/branches/0/name", `"v4.2"`}}},
	} {
		remarks := func(changes []change) []string {
			var doc any = fixture(t, "advisory")
			for _, ch := range changes {
				doc = set(t, doc, ch.path, ch.value)
			}
			text, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			return csaf.Tests(c.Remarks(text))
		}
		if before := remarks(nil); slices.Contains(before, k.test) && k.changes != nil {
			t.Errorf("the fixture itself is remarked on by %s", k.test)
		}
		if got := remarks(k.changes); !slices.Contains(got, k.test) {
			t.Errorf("%v is remarked on by %v, want %s", k.changes, got, k.test)
		}
	}
	if got := csaf.Tests(c.Remarks([]byte(`{"document":{"title":"x","category":"y"}}`))); !slices.Contains(got, "6.2.13") {
		t.Errorf("unsorted keys are remarked on by %v", got)
	}
}
