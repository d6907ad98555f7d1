package row_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tocsin/internal/watch/intake/row"
)

func TestAssetsHaveOneTextEach(t *testing.T) {
	for in, want := range map[string]string{
		"ip:203.0.113.7":                                 "ip:203.0.113.7",
		"ip: 203.0.113.7 ":                               "ip:203.0.113.7",
		"ip:::ffff:203.0.113.7":                          "ip:203.0.113.7",
		"ip:2001:DB8:0::1":                               "ip:2001:db8::1",
		"ip:203.0.113.7/24":                              "ip:203.0.113.0/24",
		"ip:203.0.113.7/32":                              "ip:203.0.113.7",
		"ip:::ffff:203.0.113.7/120":                      "ip:203.0.113.0/24",
		"domain:WWW.Example.ORG.":                        "domain:www.example.org",
		"domain:thànhphố.example.vn":                     "domain:xn--thnhph-jta8342d.example.vn",
		"domain:_dmarc.example.org":                      "domain:_dmarc.example.org",
		"host:WEB-01":                                    "host:web-01",
		"url:HTTP://Example.ORG":                         "url:http://example.org/",
		"url:https://user:pw@example.org:443/a/../%7eb#": "url:https://example.org/~b",
		"url:http://example.org:8080/a b?x=%c3%a1#frag":  "url:http://example.org:8080/a%20b?x=%C3%A1",
		"url:http://[::FFFF:203.0.113.7]/":               "url:http://203.0.113.7/",
		"url:http://[2001:DB8::1]:080/":                  "url:http://[2001:db8::1]/",
		"product:Apache   HTTP Server":                   "product:apache http server",
	} {
		a, err := row.ParseAsset(in)
		if err != nil || string(a) != want {
			t.Errorf("%s: %q %v, want %q", in, a, err, want)
		}
	}
	for _, in := range []string{
		"", "203.0.113.7", "ip:", "ip:0.0.0.0", "ip:::", "ip:fe80::1%eth0", "ip:203.0.113.256", "ip:203.0.113.0/33",
		"ip:0.0.0.0/0", "domain:localhost", "domain:203.0.113.7", "domain:a..b", "domain:-a.b", "domain:a b.org",
		"domain:" + strings.Repeat("a", 64) + ".org", "host:", "host:a/b", "url:example.org", "url:/a", "url:mailto:a@b.c",
		"url:http://example.org:99999/", "url:http:///a", "product:", "product:a\x00b", "asn:64500",
	} {
		if a, err := row.ParseAsset(in); err == nil {
			t.Errorf("%q became %q, want a refusal", in, a)
		}
	}
}

func TestAnAssetIsItsOwnCanonicalText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SampledFrom([]string{"ip:", "domain:", "host:", "url:http://", "url:", "product:"}).Draw(t, "scheme") +
			rapid.StringOfN(rapid.RuneFrom([]rune("aZ09.-_:/%?#[]@ ;éĐ。İß2f\\")), 0, 20, -1).Draw(t, "value")
		a, err := row.ParseAsset(in)
		if err != nil {
			return
		}
		again, err := row.ParseAsset(string(a))
		if err != nil || again != a {
			t.Fatalf("%q became %q, and that %q (%v)", in, a, again, err)
		}
	})
}

func TestAddressesAndNetworksOfAssets(t *testing.T) {
	a, _ := row.ParseAsset("ip:203.0.113.0/24")
	if _, ok := a.Addr(); ok {
		t.Error("a network has an address")
	}
	if p, ok := a.Prefix(); !ok || p.String() != "203.0.113.0/24" {
		t.Errorf("prefix %v %v", p, ok)
	}
	a, _ = row.IP("2001:db8::1")
	if p, ok := a.Prefix(); !ok || p.String() != "2001:db8::1/128" {
		t.Errorf("prefix %v %v", p, ok)
	}
	if a, _ = row.Domain("example.org"); a.Scheme() != "domain" || a.Value() != "example.org" {
		t.Errorf("%q is %q and %q", a, a.Scheme(), a.Value())
	}
	if _, ok := a.Prefix(); ok {
		t.Error("a domain has a prefix")
	}
}

func TestInstantsInTheFormsThatFeedsUse(t *testing.T) {
	city := time.FixedZone("+07", 7*3600)
	for in, want := range map[string]string{
		"2026-03-01 00:12:30":             "2026-02-28T17:12:30Z",
		"2026-03-01T00:12:30":             "2026-02-28T17:12:30Z",
		"2026-03-01 00:12:30Z":            "2026-03-01T00:12:30Z",
		"2026-03-01T00:12:30Z":            "2026-03-01T00:12:30Z",
		"2026-03-01 00:12:30 UTC":         "2026-03-01T00:12:30Z",
		"2026-03-01 00:12:30+00:00":       "2026-03-01T00:12:30Z",
		"2026-03-01 00:12:30+00":          "2026-03-01T00:12:30Z",
		"2026-03-01 00:12:30 +0200":       "2026-02-28T22:12:30Z",
		"2026-03-01T00:12:30.1234567Z":    "2026-03-01T00:12:30.123456Z",
		"2026-03-01 00:12:30.5":           "2026-02-28T17:12:30.5Z",
		"2026-03-01 00:12":                "2026-02-28T17:12:00Z",
		"2026-03-01":                      "2026-02-28T17:00:00Z",
		"1772323950":                      "2026-03-01T00:12:30Z",
		" 2026-03-01 00:12:30 ":           "2026-02-28T17:12:30Z",
		"Sun, 01 Mar 2026 00:12:30 GMT":   "2026-03-01T00:12:30Z",
		"Sun, 01 Mar 2026 00:12:30 +0700": "2026-02-28T17:12:30Z",
	} {
		got, err := row.Instant([]byte(in), city)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: %v %v, want %s", in, got.Format(time.RFC3339Nano), err, want)
		}
	}
	for _, in := range []string{"", "yesterday", "0000-00-00 00:00:00", "2026-02-30 00:00:00", "2026-13-01 00:00:00", "9999-12-31 00:00:00", "2026-03-01 25:00:00", "12"} {
		if got, err := row.Instant([]byte(in), nil); err == nil {
			t.Errorf("%q became %v, want a refusal", in, got)
		}
	}
	if got, err := row.Instant([]byte("2026-03-01 00:12:30"), nil); err != nil || got.Location() != time.UTC {
		t.Errorf("%v %v, want UTC", got, err)
	}
}

func TestIndicatorsByTheirLooks(t *testing.T) {
	for in, want := range map[string]row.Indicator{
		"203.0.113.7":                          {Type: row.IPv4, Value: "203.0.113.7"},
		"203.0.113.7/32":                       {Type: row.IPv4, Value: "203.0.113.7"},
		"203.0.113.7/24":                       {Type: row.CIDR, Value: "203.0.113.0/24"},
		"2001:DB8::1":                          {Type: row.IPv6, Value: "2001:db8::1"},
		"Evil.Example.":                        {Type: row.Name, Value: "evil.example"},
		"https://Evil.Example/a?b":             {Type: row.Link, Value: "https://evil.example/a?b"},
		strings.Repeat("Ab", 32):               {Type: row.SHA256, Value: strings.Repeat("ab", 32)},
		strings.Repeat("0", 40):                {Type: row.SHA1, Value: strings.Repeat("0", 40)},
		strings.Repeat("f", 32):                {Type: row.MD5, Value: strings.Repeat("f", 32)},
		row.Refang("hxxps://evil[.]example/"):  {Type: row.Link, Value: "https://evil.example/"},
		row.Refang("hXXp[://]evil(.)example"):  {Type: row.Link, Value: "http://evil.example/"},
		row.Refang("203[.]0[.]113[.]7"):        {Type: row.IPv4, Value: "203.0.113.7"},
		row.Refang("evil[dot]example\\.org"):   {Type: row.Name, Value: "evil.example.org"},
		row.Refang("http://[2001:db8::1]/a"):   {Type: row.Link, Value: "http://[2001:db8::1]/a"},
		row.Refang("http://evil.example/a[0]"): {Type: row.Link, Value: "http://evil.example/a%5B0%5D"},
	} {
		got, err := row.RecogniseIndicator(in)
		if err != nil || got != want {
			t.Errorf("%q: %v %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "/spy/SignUp", "evil", "203.0.113", "a@b.example", "zz/24"} {
		if got, err := row.RecogniseIndicator(in); err == nil {
			t.Errorf("%q became %v, want a refusal", in, got)
		}
	}
	for _, typ := range row.IndicatorTypes() {
		if _, err := row.ParseIndicator(typ, "!"); err == nil {
			t.Errorf("! is a %s", typ)
		}
	}
}

func TestSeveritiesAreOrderedAndRoundTrip(t *testing.T) {
	before := row.Critical + 1
	for _, s := range row.Severities() {
		if s >= before {
			t.Errorf("%v is not milder than %v", s, before)
		}
		before = s
		b, _ := json.Marshal(s)
		var back row.Severity
		if err := json.Unmarshal(b, &back); err != nil || back != s || string(b) != `"`+s.String()+`"` {
			t.Errorf("%v: %s %v %v", s, b, back, err)
		}
	}
	if _, err := row.ParseSeverity("Critical"); err == nil {
		t.Error("Critical with a capital was read")
	}
}

func TestEveryKindHasItsDefaults(t *testing.T) {
	if len(row.Kinds()) != 18 {
		t.Errorf("%d kinds, HOUSE §6 has 18", len(row.Kinds()))
	}
	for _, k := range row.Kinds() {
		if _, err := row.ParseClassification(string(k.Classification())); err != nil || !k.Valid() {
			t.Errorf("%s: class %q, %v", k, k.Classification(), err)
		}
		if k.Severity() == row.NoSeverity {
			t.Errorf("%s has no severity", k)
		}
	}
	for _, s := range []string{"", "a", ":a", "a:", "a:b:c", "A:b", "a b:c"} {
		if _, err := row.ParseClassification(s); err == nil {
			t.Errorf("%q is a classification", s)
		}
	}
}

func TestEveryFaultAndFlagIsSaidInBothLanguages(t *testing.T) {
	for _, lang := range []string{"vi", "en"} {
		b, err := row.Texts.ReadFile("texts/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatal(err)
		}
		for _, f := range row.Faults() {
			if texts["row.fault."+string(f)] == "" {
				t.Errorf("%s: fault %s has no text", lang, f)
			}
			delete(texts, "row.fault."+string(f))
			if got := (&row.Refusal{Fault: f, Value: "v", Detail: "d"}).Error(); got == string(f) {
				t.Errorf("fault %s has no English reason", f)
			}
		}
		for _, f := range row.Flags() {
			if texts["row.flag."+string(f)] == "" {
				t.Errorf("%s: flag %s has no text", lang, f)
			}
			delete(texts, "row.flag."+string(f))
		}
		for key := range texts {
			t.Errorf("%s: %s is said of nothing", lang, key)
		}
	}
}

func TestClipMakesAnyBytesFitForATextColumn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		limit := rapid.IntRange(1, 50).Draw(t, "limit")
		out := row.Clip(in, limit)
		if !utf8.ValidString(out) || strings.IndexByte(out, 0) >= 0 {
			t.Fatalf("%q is not fit", out)
		}
		if len(in) <= limit && utf8.ValidString(in) && strings.IndexByte(in, 0) < 0 && out != in {
			t.Fatalf("%q became %q", in, out)
		}
	})
	if got := row.Clip("đường", 3); got != "đ…" {
		t.Errorf("%q, want the cut before the half letter", got)
	}
}

func TestTheSumOfARecordLeavesItsLineEndOut(t *testing.T) {
	want := row.SumOf([]byte("a,b"))
	for _, record := range []string{"a,b\n", "a,b\r\n"} {
		if got := row.SumOf([]byte(record)); got != want {
			t.Errorf("%q: %d, want %d", record, got, want)
		}
	}
	if row.SumOf([]byte("a,c")) == want || row.SumOf(nil) == 0 {
		t.Error("another record has the same sum, or none has no sum")
	}
}

func FuzzAsset(f *testing.F) {
	for _, s := range []string{"ip:203.0.113.7", "url:http://a.b/%zz?%41", "domain:ＡＢ。example", "url:http://[::1%25a]/", "product:İ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := row.ParseAsset(s)
		if err != nil {
			return
		}
		if again, err := row.ParseAsset(string(a)); err != nil || again != a {
			t.Fatalf("%q became %q, and that %q (%v)", s, a, again, err)
		}
		if row.Clip(string(a), len(a)) != string(a) {
			t.Fatalf("%q is not fit for a text column", a)
		}
	})
}
