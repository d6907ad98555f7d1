package warninglist_test

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/warninglist"
)

func read(t testing.TB, text []byte) (rows []row.Row, bad []row.Bad) {
	t.Helper()
	sum, err := warninglist.New().Parse(context.Background(), bytes.NewReader(text), 0, func(r *row.Row, b *row.Bad) error {
		if b != nil {
			bad = append(bad, *b)
		} else {
			rows = append(rows, *r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Records != int64(len(rows)+len(bad)) {
		t.Fatalf("%+v, %d and %d", sum, len(rows), len(bad))
	}
	return rows, bad
}

func TestAListIsOneRow(t *testing.T) {
	rows, bad := read(t, []byte(`{"name":"Resolvers","version":20260301,"type":"cidr","description":"d",
		"matching_attributes":["ip-dst"],"list":["192.0.2.53","2001:DB8::/32"]}`))
	want := []row.Row{{
		Line: 1, Length: 145, Benign: &row.Benign{Name: "Resolvers", Version: "20260301", Type: "cidr", Values: []string{"192.0.2.53", "2001:DB8::/32"}},
		Statement: &row.Statement{ID: "Resolvers", Type: "warninglist", Title: "Resolvers", Labels: []string{"ip-dst"}, Inactive: true},
	}}
	want[0].Sum = rows[0].Sum
	if diff := cmp.Diff(want, rows); diff != "" || len(bad) != 0 {
		t.Errorf("%v (-want +got)\n%s", bad, diff)
	}
	rows, bad = read(t, []byte(`[{"Warninglist":{"name":"n","version":"3","type":"string","WarninglistEntry":[{"value":"x"}]}},
		{"type":"string","list":["a"]}, {"name":"n","type":"magic","list":["a"]}, {"name":"n","type":"string","list":[]},
		{"name":"n","type":"string","list":[1]}, {"name":"n","type":"cidr","list":["192.0.2.300"]}]`))
	var faults []string
	for _, b := range bad {
		faults = append(faults, string(b.Fault)+" "+b.Field)
	}
	if diff := cmp.Diff([]string{"empty name", "value type", "empty list", "json "}, faults); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(rows) != 2 || rows[0].Benign.Values[0] != "x" || len(rows[1].Flags) != 1 {
		t.Errorf("%+v", rows)
	}
}

func list(kind string, values ...string) row.Benign {
	return row.Benign{Name: kind, Type: kind, Values: values}
}

func TestWhatAListHolds(t *testing.T) {
	s := warninglist.NewSet(
		list("cidr", "192.0.2.0/25", "198.51.100.7", "::ffff:203.0.113.9", "2001:db8:1::/48"),
		list("hostname", ".Bank.Example", "cdn.example.net", "test"),
		list("string", "www.top.example", "D41D8CD98F00B204E9800998ECF8427E", "203.0.113.77", "http://plain.example"),
		list("substring", "Telemetry."),
		list("regex", `/^(noc|abuse)\-[0-9]+\.ops\.example$/i`, "/(/", "/a/x"),
		list("unknown", "evil.example"),
	)
	for in, want := range map[row.Indicator]string{
		{Type: row.IPv4, Value: "192.0.2.127"}:                     "cidr",
		{Type: row.IPv4, Value: "192.0.2.128"}:                     "",
		{Type: row.IPv4, Value: "203.0.113.9"}:                     "cidr",
		{Type: row.IPv4, Value: "203.0.113.77"}:                    "string",
		{Type: row.CIDR, Value: "192.0.2.64/26"}:                   "cidr",
		{Type: row.CIDR, Value: "192.0.0.0/16"}:                    "cidr", // it has what the list protects
		{Type: row.CIDR, Value: "192.1.0.0/16"}:                    "",
		{Type: row.IPv6, Value: "2001:db8:1::5"}:                   "cidr",
		{Type: row.IPv6, Value: "2001:db8:2::5"}:                   "",
		{Type: row.Name, Value: "bank.example"}:                    "hostname",
		{Type: row.Name, Value: "www.bank.example"}:                "hostname",
		{Type: row.Name, Value: "xbank.example"}:                   "",
		{Type: row.Name, Value: "example.net"}:                     "hostname", // all below it has cdn.example.net
		{Type: row.Name, Value: "anything.test"}:                   "hostname",
		{Type: row.Name, Value: "www.top.example"}:                 "string",
		{Type: row.Name, Value: "x.www.top.example"}:               "",
		{Type: row.Name, Value: "top.example"}:                     "string",
		{Type: row.Name, Value: "v10.telemetry.example"}:           "substring",
		{Type: row.Name, Value: "noc-12.ops.example"}:              "regex",
		{Type: row.Name, Value: "noc-x.ops.example"}:               "",
		{Type: row.Name, Value: "evil.example"}:                    "",
		{Type: row.Link, Value: "https://www.bank.example/login"}:  "hostname",
		{Type: row.Link, Value: "https://www.top.example/"}:        "string",
		{Type: row.Link, Value: "https://www.top.example/evil"}:    "",
		{Type: row.Link, Value: "http://plain.example/"}:           "string",
		{Type: row.Link, Value: "http://192.0.2.1/"}:               "",
		{Type: row.MD5, Value: "d41d8cd98f00b204e9800998ecf8427e"}: "string",
		{Type: row.MD5, Value: "d41d8cd98f00b204e9800998ecf8427f"}: "",
	} {
		if name, ok := s.Holds(in); name != want || ok != (want != "") {
			t.Errorf("%v: %q %v, want %q", in, name, ok, want)
		}
	}
	if s.Len() != 6 {
		t.Errorf("%d lists", s.Len())
	}
	if name, ok := warninglist.NewSet().Holds(row.Indicator{Type: row.Name, Value: "evil.example"}); ok {
		t.Errorf("no list holds it as %q", name)
	}
}

// The set and a walk over all entries agree.
func TestTheSetIsAsSlowReadingIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`([ab]\.){1,3}(ex|com)`)
		cidr := rapid.Custom(func(t *rapid.T) string {
			a := netip.AddrFrom4([4]byte{192, 0, byte(rapid.IntRange(0, 3).Draw(t, "c")), byte(rapid.IntRange(0, 255).Draw(t, "d"))})
			return netip.PrefixFrom(a, rapid.IntRange(16, 32).Draw(t, "bits")).String()
		})
		names, cidrs := rapid.SliceOfN(name, 0, 5).Draw(t, "names"), rapid.SliceOfN(cidr, 0, 5).Draw(t, "cidrs")
		s := warninglist.NewSet(list("hostname", names...), list("cidr", cidrs...))
		ask, net := name.Draw(t, "ask"), netip.MustParsePrefix(cidr.Draw(t, "net")).Masked()
		wantName, wantNet := false, false
		for _, n := range names {
			wantName = wantName || n == ask || strings.HasSuffix(ask, "."+n) || strings.HasSuffix(n, "."+ask)
		}
		for _, c := range cidrs {
			wantNet = wantNet || netip.MustParsePrefix(c).Overlaps(net)
		}
		if _, got := s.Holds(row.Indicator{Type: row.Name, Value: ask}); got != wantName {
			t.Fatalf("%s in %v: %v", ask, names, got)
		}
		if _, got := s.Holds(row.Indicator{Type: row.CIDR, Value: net.String()}); got != wantNet {
			t.Fatalf("%s in %v: %v", net, cidrs, got)
		}
	})
}

func TestTheRealListsAreReadAndHoldTheirOwnValues(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "threat-lists", "warninglists", "*.json"))
	if err != nil || len(files) < 60 {
		t.Fatal(err, len(files))
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !warninglist.Looks(text[:min(len(text), 64<<10)]) {
			t.Errorf("%s is not recognised", filepath.Base(name))
		}
		rows, bad := read(t, text)
		if len(rows) != 1 || len(bad) != 0 || len(rows[0].Flags) != 0 {
			t.Errorf("%s: %d rows, bad %v", filepath.Base(name), len(rows), bad)
			continue
		}
		s := warninglist.NewSet(*rows[0].Benign)
		asked := 0
		for _, v := range rows[0].Benign.Values {
			i, err := row.RecogniseIndicator(strings.TrimPrefix(v, "."))
			if err != nil || rows[0].Benign.Type == "string" && strings.HasPrefix(v, ".") {
				continue
			}
			asked++
			if _, ok := s.Holds(i); !ok {
				t.Errorf("%s does not hold its own %s", filepath.Base(name), v)
			}
		}
		if asked == 0 && !strings.Contains(name, "contact-emails") && !strings.Contains(name, "appid") {
			t.Errorf("%s: nothing asked", filepath.Base(name))
		}
	}
}

func TestOtherDocumentsAreNoLists(t *testing.T) {
	for text, want := range map[string]bool{
		`{"list":["a"],"type":"cidr","name":"x"}`: true,
		`{"description":"d","list":["a","b`:       true,
		`{"Warninglist":{"name":"x"}}`:            true,
		`{"type":"bundle","objects":[]}`:          false,
		`{"list":["a"],"type":"indicator"}`:       false,
		`{"Event":{"info":"x"}}`:                  false,
		`{"list":[{"a":1}]}`:                      false,
		"name,type,list":                          false, "": false, "[1]": false,
	} {
		if warninglist.Looks([]byte(text)) != want {
			t.Errorf("%s: want %v", text, want)
		}
	}
}

func BenchmarkHolds(b *testing.B) {
	var names, nets []string
	for i := range 100_000 {
		names = append(names, "n"+strings.Repeat("x", i%7)+".d"+string(rune('a'+i%26))+".example")
		nets = append(nets, netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(i), byte(i >> 8), byte(i >> 16), 0}), 24).String())
	}
	s := warninglist.NewSet(list("hostname", names...), list("cidr", nets...))
	ask := []row.Indicator{{Type: row.Name, Value: "www.evil.example"}, {Type: row.IPv4, Value: "203.0.113.7"}, {Type: row.Link, Value: "http://evil.example/x"}}
	for i := 0; b.Loop(); i++ {
		s.Holds(ask[i%len(ask)])
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"name":"n","type":"cidr","list":["192.0.2.0/24"]}`))
	f.Add([]byte(`[{"Warninglist":{"name":"n","type":"regex","WarninglistEntry":[{"value":"/a/i"}]}}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		warninglist.Looks(text)
		rows, records := []row.Benign{}, int64(0)
		sum, _ := warninglist.New().Parse(context.Background(), bytes.NewReader(text), 0, func(r *row.Row, b *row.Bad) error {
			records++
			if r != nil {
				rows = append(rows, *r.Benign)
			} else if b.Fault == "" || b.Length < 0 || b.Offset < 0 || b.Offset+b.Length > int64(len(text)) {
				t.Fatalf("%+v of %d bytes", b, len(text))
			}
			return nil
		})
		if sum.Records != records {
			t.Fatalf("%+v, told %d", sum, records)
		}
		warninglist.NewSet(rows...).Holds(row.Indicator{Type: row.Name, Value: "a.example"})
	})
}
