package whose_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"tocsin/internal/city/estate/whose"
)

func date(t testing.TB, iso string) int64 {
	t.Helper()
	if iso == "" {
		return 0
	}
	d, err := time.ParseInLocation(time.DateOnly, iso, time.FixedZone("ICT", 7*3600))
	if err != nil {
		t.Fatal(err)
	}
	return d.UnixMicro()
}

// The city of the table: a ward of 2024 that went whole into another, one
// that was split, a data centre with tenants, a provider.
const (
	benNghe = iota + 1
	saiGon
	daKao
	tanDinh
	dataCentre
	soYTe
	provider
	gone
)

func city(t testing.TB) *whose.Snapshot {
	t.Helper()
	reform := date(t, "2025-07-01")
	heir := func(to int64, full bool) whose.Heir {
		return whose.Heir{Organisation: to, Since: reform, Full: full}
	}
	prefix := func(id int64, org int64, value, from string) whose.Claim {
		return whose.Claim{
			ID: id, Kind: whose.Prefix, Realm: whose.Public, Prefix: netip.MustParsePrefix(value),
			Organisation: org, From: date(t, from), Since: from,
		}
	}
	tenant := prefix(5, soYTe, "203.0.113.8/29", "")
	tenant.System = 1
	closed := prefix(10, soYTe, "198.51.100.0/24", "2024-01-01")
	closed.To = date(t, "2025-01-01")
	next := prefix(11, saiGon, "198.51.100.0/24", "2025-01-01")
	exit := prefix(12, dataCentre, "192.0.2.1/32", "")
	exit.Kind = whose.Egress
	private := prefix(13, soYTe, "10.0.0.0/8", "")
	private.Realm = "so-yte"
	wrong := prefix(14, soYTe, "192.168.0.0/16", "")
	ofSplit := prefix(7, daKao, "192.0.2.64/27", "")
	ofSplit.System = 2
	host := func(id, org int64, realm, name, ip string) whose.Claim {
		c := whose.Claim{ID: id, Kind: whose.Endpoint, Realm: realm, Name: name, Organisation: org}
		if ip != "" {
			a := netip.MustParseAddr(ip)
			c.Prefix = netip.PrefixFrom(a, a.BitLen())
		}
		return c
	}
	domain := func(id, org int64, name string) whose.Claim {
		return whose.Claim{ID: id, Kind: whose.Domain, Realm: whose.Public, Name: name, Organisation: org}
	}
	return whose.Build(whose.Records{
		Bodies: []whose.Body{
			{ID: benNghe, Code: "BEN-NGHE", Heirs: []whose.Heir{heir(saiGon, true)}},
			{ID: saiGon, Code: "SAI-GON"},
			{ID: daKao, Code: "DA-KAO", End: reform, Heirs: []whose.Heir{heir(saiGon, false), heir(tanDinh, false)}},
			{ID: tanDinh, Code: "TAN-DINH"},
			{ID: dataCentre, Code: "QTSC", Provider: true},
			{ID: soYTe, Code: "SO-YTE"},
			{ID: provider, Code: "VNPT", Provider: true},
			{ID: gone, Code: "GONE", End: reform},
		},
		Systems: []whose.System{{ID: 1, Code: "KCB", Owner: soYTe}, {ID: 2, Code: "MOT-CUA", Owner: tanDinh}},
		Claims: []whose.Claim{
			prefix(1, benNghe, "192.0.2.128/26", "2020-01-01"),
			prefix(2, daKao, "192.0.2.32/27", ""),
			prefix(3, dataCentre, "203.0.113.0/24", "2019-05-01"),
			prefix(4, dataCentre, "203.0.113.8/29", ""),
			tenant,
			prefix(6, soYTe, "2001:db8:5::/48", "2023-01-01"),
			ofSplit,
			prefix(8, gone, "192.0.2.192/27", ""),
			{ID: 9, Kind: whose.ASN, Realm: whose.Public, Number: 64500, Organisation: provider},
			closed, next, exit, private, wrong,
			domain(20, soYTe, "yte.gov.vn"), domain(21, dataCentre, "gov.vn"), domain(22, saiGon, "saigon.hochiminhcity.gov.vn"),
			host(1, soYTe, "so-yte", "may-01", "10.0.0.5"),
			host(2, soYTe, whose.Public, "may-02", "192.0.2.1"),
			host(3, soYTe, whose.Public, "cong", "203.0.113.77"),
			host(4, saiGon, whose.Public, "web", "198.51.100.7"),
			host(5, tanDinh, whose.Public, "may-01", ""),
			host(6, saiGon, whose.Public, "chung", "203.0.113.99"),
			host(7, tanDinh, whose.Public, "chung", "203.0.113.99"),
		},
	})
}

func TestWhoseIs(t *testing.T) {
	for _, c := range []struct {
		is, asset, realm, at, want string
		asn                        uint32
	}{
		{"the longest prefix decides", "ip:203.0.113.9", "public", "2026-01-01", "prefix 203.0.113.8/29 (system KCB of organisation SO-YTE)", 0},
		{"a shorter one answers outside it", "ip:203.0.113.200", "public", "2026-01-01", "prefix 203.0.113.0/24 (provider QTSC, since 2019-05-01)", 0},
		{"nobody before the first day", "ip:203.0.113.200", "public", "2019-04-30", "elsewhen", 0},
		{"IPv4 written as IPv6 is the same address", "ip:::ffff:203.0.113.9", "public", "2026-01-01", "prefix 203.0.113.8/29 (system KCB of organisation SO-YTE)", 0},
		{"IPv6", "ip:2001:db8:5::1", "public", "2026-01-01", "prefix 2001:db8:5::/48 (organisation SO-YTE, since 2023-01-01)", 0},
		{"the AS number where no prefix covers", "ip:2001:db8:9::1", "public", "2026-01-01", "asn 64500 (provider VNPT)", 64500},
		{"the prefix before the AS number", "ip:203.0.113.200", "public", "2026-01-01", "prefix 203.0.113.0/24 (provider QTSC, since 2019-05-01)", 64500},
		{"the holder of the time", "ip:198.51.100.9", "public", "2024-12-31", "prefix 198.51.100.0/24 (organisation SO-YTE, since 2024-01-01)", 0},
		{"and the next holder from his day", "ip:198.51.100.9", "public", "2025-01-01", "prefix 198.51.100.0/24 (organisation SAI-GON, since 2025-01-01)", 0},
		{"an endpoint", "ip:203.0.113.77", "public", "2026-01-01", "endpoint cong 203.0.113.77 (organisation SO-YTE)", 0},
		{"an endpoint does not reach back before its body's own prefix", "ip:198.51.100.7", "public", "2024-06-01", "prefix 198.51.100.0/24 (organisation SO-YTE, since 2024-01-01)", 0},
		{"an endpoint within it", "ip:198.51.100.7", "public", "2026-01-01", "endpoint web 198.51.100.7 (organisation SAI-GON)", 0},
		{"endpoints that disagree leave it to the prefix", "ip:203.0.113.99", "public", "2026-01-01", "prefix 203.0.113.0/24 (provider QTSC, since 2019-05-01)", 0},
		{"an exit leads to its operator, never to a host behind it", "ip:192.0.2.1", "public", "2026-01-01", "egress 192.0.2.1/32 (operator QTSC)", 0},
		{"a private address in its realm", "ip:10.0.0.9", "so-yte", "2026-01-01", "prefix 10.0.0.0/8 in realm so-yte (organisation SO-YTE)", 0},
		{"an endpoint in its realm", "ip:10.0.0.5", "so-yte", "2026-01-01", "endpoint may-01 10.0.0.5 in realm so-yte (organisation SO-YTE)", 0},
		{"a private address means nothing in public", "ip:10.0.0.9", "public", "2026-01-01", "meaningless", 0},
		{"even where somebody claims it there", "ip:192.168.1.1", "public", "2026-01-01", "meaningless", 64500},
		{"nor in another realm", "ip:10.0.0.9", "so-xd", "2026-01-01", "nobody", 64500},
		{"unique local IPv6 neither", "ip:fd00::1", "public", "2026-01-01", "meaningless", 0},
		{"link local neither", "ip:fe80::1%eth0", "public", "2026-01-01", "meaningless", 0},
		{"a private network reaches public addresses", "ip:203.0.113.9", "so-xd", "2026-01-01", "prefix 203.0.113.8/29 (system KCB of organisation SO-YTE)", 0},
		{"a merged body until its last day", "ip:192.0.2.130", "public", "2025-06-30", "prefix 192.0.2.128/26 (organisation BEN-NGHE, since 2020-01-01)", 0},
		{"its successor from the day", "ip:192.0.2.130", "public", "2025-07-01", "prefix 192.0.2.128/26 (organisation SAI-GON, successor, since 2020-01-01)", 0},
		{"a split body until its last day", "ip:192.0.2.33", "public", "2025-06-30", "prefix 192.0.2.32/27 (organisation DA-KAO)", 0},
		{"then a person decides", "ip:192.0.2.33", "public", "2025-07-01", "split", 0},
		{"unless the system has a new owner", "ip:192.0.2.65", "public", "2025-07-01", "prefix 192.0.2.64/27 (system MOT-CUA of organisation TAN-DINH, successor)", 0},
		{"a body that ended owns nothing", "ip:192.0.2.193", "public", "2025-07-01", "ended", 0},
		{"what nobody claims", "ip:192.0.2.250", "public", "2025-07-01", "nobody", 0},

		{"a domain", "domain:YTE.gov.vn.", "public", "2026-01-01", "domain yte.gov.vn (organisation SO-YTE)", 0},
		{"a name below it", "domain:a.b.yte.gov.vn", "public", "2026-01-01", "parent-domain yte.gov.vn (organisation SO-YTE)", 0},
		{"never across a public suffix", "domain:xyz.gov.vn", "public", "2026-01-01", "nobody", 0},
		{"but the suffix itself, exactly", "domain:gov.vn", "public", "2026-01-01", "domain gov.vn (provider QTSC)", 0},
		{"no name", "domain:a..b", "public", "2026-01-01", "malformed", 0},
		{"a URL is its host's", "url:https://u:p@WWW.yte.gov.vn:8443/x?y", "public", "2026-01-01", "parent-domain yte.gov.vn (organisation SO-YTE)", 0},
		{"a URL with an address", "url:http://203.0.113.9:80/", "public", "2026-01-01", "prefix 203.0.113.8/29 (system KCB of organisation SO-YTE)", 0},
		{"a URL without a scheme", "url:yte.gov.vn/path", "public", "2026-01-01", "domain yte.gov.vn (organisation SO-YTE)", 0},
		{"a host by the inventory of its realm", "host:MAY-01", "so-yte", "2026-01-01", "endpoint may-01 10.0.0.5 in realm so-yte (organisation SO-YTE)", 0},
		{"a host of the same name elsewhere", "host:may-01", "public", "2026-01-01", "endpoint may-01 (organisation TAN-DINH)", 0},
		{"a name that two bear is nobody's", "host:chung", "public", "2026-01-01", "disputed", 0},
	} {
		t.Run(c.is, func(t *testing.T) {
			o, ok := whose.ParseAsset(c.asset)
			if !ok {
				t.Fatalf("no asset: %s", c.asset)
			}
			o.Number = c.asn
			a := city(t).WhoseIs(c.realm, o, time.UnixMicro(date(t, c.at)))
			got := a.Rule()
			if !a.Owned() {
				got = a.Reason.String()
			}
			if got != c.want {
				t.Errorf("%s in %s on %s: got %q, want %q", c.asset, c.realm, c.at, got, c.want)
			}
		})
	}
}

func TestAHostNameIsFoundWithinOneOrganisation(t *testing.T) {
	a := city(t).Host(whose.Public, "chung", tanDinh, time.UnixMicro(date(t, "2026-01-01")))
	if a.Organisation != tanDinh || a.Endpoint != 7 {
		t.Errorf("got organisation %d endpoint %d, want %d and 7", a.Organisation, a.Endpoint, tanDinh)
	}
}

func TestOthersTellsWhoElseClaims(t *testing.T) {
	s, at := city(t), time.UnixMicro(date(t, "2026-01-01"))
	for _, c := range []struct {
		asset string
		want  string
	}{
		{"ip:203.0.113.9", "QTSC"},
		{"ip:203.0.113.99", "SAI-GON TAN-DINH"},
		{"ip:192.0.2.1", "SO-YTE"},
		{"domain:a.yte.gov.vn", ""},
		{"host:chung", "SAI-GON TAN-DINH"},
		{"url:http://203.0.113.77/", "QTSC"},
		{"ip:10.0.0.5", ""},
	} {
		o, _ := whose.ParseAsset(c.asset)
		var codes []string
		for _, a := range s.Others(whose.Public, o, at) {
			codes = append(codes, a.Code)
		}
		if got := strings.Join(codes, " "); got != c.want {
			t.Errorf("others of %s: got %q, want %q", c.asset, got, c.want)
		}
	}
}

func TestParseReadsWhatAPersonTypes(t *testing.T) {
	for text, want := range map[string]whose.Observable{
		" 203.0.113.9 ":       whose.Address(netip.MustParseAddr("203.0.113.9"), 0),
		"2001:db8::1":         whose.Address(netip.MustParseAddr("2001:db8::1"), 0),
		"as64500":             whose.Number(64500),
		"Q1.example":          whose.DomainName("q1.example"),
		"pc-01":               whose.Host("pc-01", 0),
		"https://q1.example/": whose.URL("https://q1.example/"),
	} {
		if got, ok := whose.Parse(text); !ok || got != want {
			t.Errorf("%q: got %+v %v, want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "a b", "..", "http://", "1.2.3.4.5"} {
		if got, ok := whose.Parse(text); ok {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestNormalName(t *testing.T) {
	for name, want := range map[string]string{
		"Example.COM.": "example.com", "_dmarc.q1.example": "_dmarc.q1.example", "BÜCHER.example": "xn--bcher-kva.example",
		"": "", ".": "", "-a.b": "", "a-.b": "", "a..b": "", "1.2.3.4": "", "a b.vn": "", strings.Repeat("a", 64) + ".vn": "",
		strings.Repeat("a.", 127) + "vn": "",
	} {
		got, ok := whose.NormalName(name)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q %v, want %q", name, got, ok, want)
		}
	}
}

func TestNormalHost(t *testing.T) {
	for name, want := range map[string]string{
		"PC-01": "pc-01", "MÁY-01": "máy-01", "MA\u0301Y-01": "máy-01", "srv.q1.example.": "srv.q1.example", "PC$": "pc$",
		"": "", "a b": "", "a\tb": "", "\xff": "",
	} {
		if got, ok := whose.NormalHost(name); ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q %v, want %q", name, got, ok, want)
		}
	}
}

func FuzzNormalName(f *testing.F) {
	for _, s := range []string{"Example.COM.", "xn--hchminh.vn", "hồ.vn", "a_b-c.d", "1.2.3.4", "ａ。ｂ", "\xff.vn"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, ok := whose.NormalName(s)
		if !ok {
			return
		}
		if host, ok := whose.NormalHost(name); !ok || host != name {
			t.Fatalf("%q became %q, which as a host is %q %v", s, name, host, ok)
		}
		again, ok := whose.NormalName(name)
		if !ok || again != name {
			t.Fatalf("%q became %q, which becomes %q %v", s, name, again, ok)
		}
		if _, err := netip.ParseAddr(name); err == nil {
			t.Fatalf("%q became the address %q", s, name)
		}
	})
}

func FuzzWhoseIs(f *testing.F) {
	for _, s := range []string{"ip:10.0.0.1", "ip:fe80::1%a", "url:http://[::1]:1/", "url:%", "domain:gov.vn", "host:a.gov.vn"} {
		f.Add(s, "public")
	}
	s := city(f)
	at := time.UnixMicro(date(f, "2026-01-01"))
	f.Fuzz(func(t *testing.T, asset, realm string) {
		o, ok := whose.ParseAsset(asset)
		if !ok {
			return
		}
		a := s.WhoseIs(realm, o, at)
		if a.Owned() != (a.Rule() != "" && a.Reason == whose.Owned) {
			t.Fatalf("%q: owned %v, rule %q, reason %s", asset, a.Owned(), a.Rule(), a.Reason)
		}
		s.Others(realm, o, at)
	})
}
