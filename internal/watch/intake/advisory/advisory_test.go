package advisory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/watch/intake/advisory"
)

func TestVersionsInWordsBecomeRanges(t *testing.T) {
	g := advisory.NewGrammar()
	type r = advisory.Range
	for text, want := range map[string][]r{
		"1.2.3":                                 {{Exact: "1.2.3"}},
		"V2.0":                                  {{Exact: "2.0"}},
		"version 3.4":                           {{Exact: "3.4"}},
		"3.2.0 p1":                              {{Exact: "3.2.0 p1"}},
		"10.0 SP1 Build 2495":                   {{Exact: "10.0 SP1 Build 2495"}},
		"2022H2":                                {{Exact: "2022H2"}},
		"All versions":                          {{}},
		"*":                                     {{}},
		"vers:all/*":                            {{}},
		"< 3.2":                                 {{To: "3.2"}},
		"<=1.0":                                 {{To: "1.0", ToIn: true}},
		"≤ 1.0":                                 {{To: "1.0", ToIn: true}},
		">=V1.060":                              {{From: "1.060"}},
		"> 2":                                   {{From: "2", FromOut: true}},
		"= 2":                                   {{Exact: "2"}},
		">= V6.2 < V7.1":                        {{From: "6.2", To: "7.1"}},
		">= 1.0a0, < 1.0a4":                     {{From: "1.0a0", To: "1.0a4"}},
		">= 3.0.0 | <= 3.12.0":                  {{From: "3.0.0", To: "3.12.0", ToIn: true}},
		"< 4.1, >= 4.0":                         {{From: "4.0", To: "4.1"}},
		"All versions < V6.3":                   {{To: "6.3"}},
		"All versions V14 < V14 SP3":            {{From: "14", To: "14 SP3"}},
		">= V1.6 Upd2 < V1.6 Upd5":              {{From: "1.6 Upd2", To: "1.6 Upd5"}},
		"prior to 3.2":                          {{To: "3.2"}},
		"versions before V5.0":                  {{To: "5.0"}},
		"All versions prior to version 4.4.1":   {{To: "4.4.1"}},
		"earlier than 2.1.4":                    {{To: "2.1.4"}},
		"8.0.23 and prior":                      {{To: "8.0.23", ToIn: true}},
		"v1.67 and earlier":                     {{To: "1.67", ToIn: true}},
		"1.2 and all previous versions":         {{To: "1.2", ToIn: true}},
		"12.8.3 Hotfix 1 and previous versions": {{To: "12.8.3 Hotfix 1", ToIn: true}},
		"up to and including 4.5":               {{To: "4.5", ToIn: true}},
		"up to 4.5":                             {{To: "4.5", ToIn: true}},
		"up to (excluding) 4.5":                 {{To: "4.5"}},
		"2.0 or later":                          {{From: "2.0"}},
		"2.0+":                                  {{From: "2.0"}},
		"later than 2.0":                        {{From: "2.0", FromOut: true}},
		"6.0.0 to 6.0.4":                        {{From: "6.0.0", To: "6.0.4", ToIn: true}},
		"6.0 through 6.4":                       {{From: "6.0", To: "6.4", ToIn: true}},
		"7.0 prior to 7.0 U3d":                  {{From: "7.0", To: "7.0 U3d"}},
		"3.x":                                   {{From: "3", To: "4"}},
		"5.4.*":                                 {{From: "5.4", To: "5.5"}},
		"<= 5.4.*":                              {{To: "5.5"}},
		"6.0.0 to 6.0.4, 5.6.0 to 5.6.8":        {{From: "6.0.0", To: "6.0.4", ToIn: true}, {From: "5.6.0", To: "5.6.8", ToIn: true}},
		"11.1.7, 11.2.4 and 12.0.0":             {{Exact: "11.1.7"}, {Exact: "11.2.4"}, {Exact: "12.0.0"}},
		"Apache Flink 1.11.0 to 1.11.2":         {{From: "1.11.0", To: "1.11.2", ToIn: true}},
		"vers:all/<V2.16.0":                     {{To: "2.16.0"}},
		"vers:npm/>=1.0.0|<1.2.0|>=2.0.0|<=2.3.4|3.0.0": {
			{Scheme: "npm", From: "1.0.0", To: "1.2.0"}, {Scheme: "npm", From: "2.0.0", To: "2.3.4", ToIn: true}, {Scheme: "npm", Exact: "3.0.0"},
		},
		"vers:deb/<1%3A2.0-3":       {{Scheme: "deb", To: "1:2.0-3"}},
		"vers:generic/>=1|!=1.5|<2": {{From: "1", To: "1.5"}, {From: "1.5", FromOut: true, To: "2"}},
		"":                          nil,
	} {
		for i := range want {
			if want[i].Exact == "" && !strings.EqualFold(text, "all") || strings.ContainsAny(text, ",:") {
				want[i].Text = text
			}
		}
		if diff := cmp.Diff(want, g.Ranges(text, "Apache Flink")); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
}

func TestWordsThatNameNoVersionsAreUnclear(t *testing.T) {
	g := advisory.NewGrammar()
	for _, text := range []string{
		"Versions including affected DNS modules", "< InRouter6XX-S-V2.3.0.r5542", "unspecified", "n/a", "SaaS",
		"MMT-512 / MMT-712 Paradigm x12", "< 1.49 (1.29 for NX7)", ">= V5.2.0 < V5.3 only when running on ROX II V2.14.0",
		"vers:", "vers:npm", "vers:npm/", "vers:npm/>=1|>=2", "vers:npm/<1|<2", "vers:npm/%zz", "vers:npm/<",
	} {
		got := g.Ranges(text)
		if len(got) != 1 || !got[0].Unclear || got[0].Text != text {
			t.Errorf("%q became %+v", text, got)
		}
	}
}

func TestACVEIdentifierHasOneForm(t *testing.T) {
	for in, want := range map[string]string{
		"CVE-2024-3400": "CVE-2024-3400", " cve-2024-3400\n": "CVE-2024-3400", "CVE‑2024‑3400": "CVE-2024-3400",
		"CVE-2014-00123": "CVE-2014-0123", "CVE-1999-0001": "CVE-1999-0001", "CVE-2021-1234567": "CVE-2021-1234567",
		"": "", "CVE-2024-340": "", "CVE-1998-0001": "", "CVE-2024-": "", "CVE-24-3400": "", "CWE-2024-3400": "",
		"CVE-2024-34OO": "", "CVE-2024-3400 and more": "", "2024-3400": "", "CVE-2024-00000000000000000001": "CVE-2024-0001",
	} {
		if got, ok := advisory.CanonicalCVE(in); ok != (want != "") || ok && got != want {
			t.Errorf("%q became %q, %v", in, got, ok)
		}
	}
	if diff := cmp.Diff([]string{"CVE-2020-0001", "CVE-2021-0001"}, advisory.CVEs("GHSA-x", "cve-2021-0001", "CVE-2020-0001", "CVE-2021-0001")); diff != "" {
		t.Error(diff)
	}
}

func TestACPEHasOneForm(t *testing.T) {
	for in, want := range map[string]string{
		"cpe:2.3:a:angular:angular":                            "cpe:2.3:a:angular:angular:*:*:*:*:*:*:*:*",
		"cpe:/a:angular:angular":                               "cpe:2.3:a:angular:angular:*:*:*:*:*:*:*:*",
		"cpe:/o:Microsoft:windows_7::sp1:~~pro~~x64~":          "cpe:2.3:o:microsoft:windows_7:*:sp1:*:*:pro:*:x64:*",
		"cpe:/a:foo~bar:big%24money_manager_2010":              "cpe:2.3:a:foo\\~bar:big\\$money_manager_2010:*:*:*:*:*:*:*:*",
		"cpe:/a:hp:insight:7.4.0.1570:-:~~~online~win2003~x64": "",
		"cpe:2.3:a:a\\:b:c:1:*:*:*:*:*:*:*":                    "cpe:2.3:a:a\\:b:c:1:*:*:*:*:*:*:*",
		"cpe:2.3:x:a:b":                                        "", "cpe:2.3:a:a": "", "cpe:/z:a:b": "", "cpe:/a:%zz": "", "a": "", "cpe:2.3:a:a b:c": "",
	} {
		got, ok := advisory.CPE(in)
		if in == "cpe:/a:hp:insight:7.4.0.1570:-:~~~online~win2003~x64" {
			want = "cpe:2.3:a:hp:insight:7.4.0.1570:-:*:*:*:online:win2003:x64"
		}
		if ok != (want != "") || got != want {
			t.Errorf("%q became %q, %v", in, got, ok)
		}
		if again, _ := advisory.CPE(got); ok && again != got {
			t.Errorf("%q became %q", got, again)
		}
	}
	if v, p, n := advisory.CPEParts("cpe:2.3:a:a\\:b:c:-:*:*:*:*:*:*:*"); v != "a:b" || p != "c" || n != "" {
		t.Errorf("%q %q %q", v, p, n)
	}
}

func TestAReleaseIsEverythingBelowTheNext(t *testing.T) {
	for in, want := range map[string]advisory.Range{
		"7": {From: "7", To: "8"}, "22.04": {From: "22.04", To: "22.05"}, "1.9": {From: "1.9", To: "1.10"},
		"2012 R2": {Exact: "2012 R2"}, "stable": {Exact: "stable"}, "": {}, "10-2019": {Exact: "10-2019"}, "1.09": {From: "1.09", To: "1.10"},
	} {
		if got := advisory.Cycle(in); got != want {
			t.Errorf("%q became %+v", in, got)
		}
	}
}

func FuzzRanges(f *testing.F) {
	g := advisory.NewGrammar()
	for _, s := range []string{"< 3.2", "vers:npm/>=1|<2", "All versions V14 < V14 SP3", "a, b", "3.x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range g.Ranges(s, "Name") {
			if r.Exact != "" && (r.From != "" || r.To != "") || r.Unclear && r != (advisory.Range{Text: r.Text, Unclear: true}) {
				t.Fatalf("%q became %+v", s, r)
			}
		}
		if c, ok := advisory.CanonicalCVE(s); ok {
			if again, ok := advisory.CanonicalCVE(c); !ok || again != c {
				t.Fatalf("%q became %q, and that %q", s, c, again)
			}
		}
		if c, ok := advisory.CPE(s); ok {
			if again, ok := advisory.CPE(c); !ok || again != c {
				t.Fatalf("%q became %q, and that %q", s, c, again)
			}
		}
	})
}
