package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestColumnsAreSetByNameAndValue(t *testing.T) {
	set, err := parseSet([]string{"ip=198.51.100.9", "tag=a=b", "note=", " port = 23"})
	if err != nil || len(set) != 4 || set["tag"] != "a=b" || set["note"] != "" || set["port"] != " 23" {
		t.Fatalf("%v %v", set, err)
	}
	for _, words := range [][]string{{"ip"}, {"=x"}, {" =x"}, {"ip=1", "ip=2"}} {
		if _, err := parseSet(words); err == nil {
			t.Errorf("%q was taken", words)
		}
	}
}

func TestSizesReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]size{"0": 0, "500000": 500000, "64K": 64 << 10, "512m": 512 << 20, "4G": 4 << 30, "1T": 1 << 40} {
		var z size
		if err := z.UnmarshalText([]byte(text)); err != nil || z != want {
			t.Errorf("%q is %d (%v), want %d", text, z, err, want)
		}
	}
	for _, text := range []string{"", "-1", "G", "1GB", "9999999T", "1.5G"} {
		if err := new(size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, text := range []string{"a = b\n# c\n\nd=e=f", "\ufeffa=b\r\n", "=", "a\n", "a=1\na=2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		settings, err := parseConfig("f", text)
		if err != nil {
			return
		}
		var b strings.Builder
		for name, x := range settings {
			if name == "" || strings.TrimSpace(name) != name || strings.Contains(x.value, "\n") || x.line < 1 {
				t.Fatalf("%q gives %q = %+v", text, name, x)
			}
			b.WriteString(name + " = " + x.value + "\n")
		}
		again, err := parseConfig("f", b.String())
		if err != nil || len(again) != len(settings) {
			t.Fatalf("%q gives %v, which gives %v (%v)", text, settings, again, err)
		}
	})
}

func FuzzSize(f *testing.F) {
	f.Add("4G")
	f.Add("-1T")
	f.Add("9223372036854775807K")
	f.Fuzz(func(t *testing.T, text string) {
		var z size
		if err := z.UnmarshalText([]byte(text)); err == nil && z < 0 {
			t.Errorf("%q is %d", text, z)
		}
	})
}

func FuzzPlain(f *testing.F) {
	f.Add("a\x1b[31m")
	f.Add("\u202e\u2066x\u2028")
	f.Fuzz(func(t *testing.T, text string) {
		out := plain(text)
		for _, r := range out {
			if unprintable(r) {
				t.Fatalf("%q leaves %q", text, out)
			}
		}
		if utf8.ValidString(text) && columns(cut(out, 10)) > 10 {
			t.Errorf("%q is cut to %q", out, cut(out, 10))
		}
	})
}

func FuzzPairs(f *testing.F) {
	f.Add(`{"b":1,"a":{"c":[1,2]},"a":null}`)
	f.Add(`[]`)
	f.Add(`{"a"`)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := pairs(json.RawMessage(text))
		if err != nil {
			return
		}
		for _, p := range all {
			if !json.Valid(p.value) {
				t.Errorf("%q gives %q: %q", text, p.key, p.value)
			}
		}
	})
}
