package list_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/devdata"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/list"
	"tocsin/internal/watch/intake/row"
)

type result struct {
	rows []row.Row
	bad  []row.Bad
	sum  row.Summary
}

func try(in io.Reader, o list.Options, skip int64) (result, error) {
	var r result
	p, err := list.New(o)
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

func parse(t *testing.T, text string, o list.Options) result {
	t.Helper()
	r, err := try(strings.NewReader(text), o, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestALineIsAnIndicator(t *testing.T) {
	text := "\xef\xbb\xbf# a list\r\n" +
		"203.0.113.7\r\n" + // 2
		"  203.0.113.0/24 ; SBL1\r\n" +
		"\r\n" +
		"// more\r\n" +
		"2001:DB8::1 # a comment\r\n" + // 6
		"hxxps://Evil[.]Example/a//b#x // c\r\n" +
		"*.evil.example\r\n" +
		"0.0.0.0 ads.example.org\r\n" + // 9
		"203.0.113.7:8080\r\n" +
		"[2001:db8::1]:443\r\n" +
		"evil.example:8443\r\n" +
		strings.Repeat("a", 64) // 13
	r := parse(t, text, list.Options{Confidence: 80})
	type got struct {
		line  int
		value row.Indicator
		port  uint16
		flags int
	}
	var have []got
	for _, g := range r.rows {
		have = append(have, got{g.Line, *g.Indicator, g.Port, len(g.Flags)})
		if g.Confidence != 80 || g.Kind != "" || g.Asset != "" {
			t.Errorf("%+v", g)
		}
		if raw := text[g.Offset : g.Offset+g.Length]; strings.Count(raw, "\n") > 1 || raw[0] == '\n' {
			t.Errorf("line %d stands at %q", g.Line, raw)
		}
	}
	want := []got{
		{2, row.Indicator{Type: row.IPv4, Value: "203.0.113.7"}, 0, 0},
		{3, row.Indicator{Type: row.CIDR, Value: "203.0.113.0/24"}, 0, 0},
		{6, row.Indicator{Type: row.IPv6, Value: "2001:db8::1"}, 0, 0},
		{7, row.Indicator{Type: row.Link, Value: "https://evil.example/a//b"}, 0, 0},
		{8, row.Indicator{Type: row.Name, Value: "evil.example"}, 0, 1},
		{9, row.Indicator{Type: row.Name, Value: "ads.example.org"}, 0, 0},
		{10, row.Indicator{Type: row.IPv4, Value: "203.0.113.7"}, 8080, 0},
		{11, row.Indicator{Type: row.IPv6, Value: "2001:db8::1"}, 443, 0},
		{12, row.Indicator{Type: row.Name, Value: "evil.example"}, 8443, 0},
		{13, row.Indicator{Type: row.SHA256, Value: strings.Repeat("a", 64)}, 0, 0},
	}
	if diff := cmp.Diff(want, have, cmp.AllowUnexported(got{})); diff != "" || len(r.bad) != 0 {
		t.Errorf("bad %+v (-want +got)\n%s", r.bad, diff)
	}
}

func TestListsOfOtherProjectsAreRead(t *testing.T) {
	for text, want := range map[string]row.Indicator{
		"203.0.113.7\t9":                 {Type: row.IPv4, Value: "203.0.113.7"}, // ipsum
		"2001:db8::1 12":                 {Type: row.IPv6, Value: "2001:db8::1"},
		"evil.example/gate.php?id=1":     {Type: row.Link, Value: "http://evil.example/gate.php?id=1"}, // maltrail
		"evil.example:8080/gate":         {Type: row.Link, Value: "http://evil.example:8080/gate"},
		"203.0.113.7/gate.php":           {Type: row.Link, Value: "http://203.0.113.7/gate.php"},
		"127.0.0.1 ads.evil.example # x": {Type: row.Name, Value: "ads.evil.example"},
	} {
		r := parse(t, text, list.Options{})
		if len(r.rows) != 1 || *r.rows[0].Indicator != want {
			t.Errorf("%s: %+v %+v", text, r.rows, r.bad)
		}
	}
	for _, text := range []string{"203.0.113.0/33", "203.0.113.7 1234", "evil.example 9", "evil/gate", "evil.example/"} {
		if r := parse(t, text, list.Options{}); len(r.bad) != 1 {
			t.Errorf("%s: %+v", text, r.rows)
		}
	}
}

func TestAListIsKnownByItsLines(t *testing.T) {
	for text, want := range map[string]bool{
		"203.0.113.7\n": true,
		"# a list\n\n203.0.113.7\nevil.example\ncut.exa": true,
		"203.0.113.7\nnot a value at all\n":              false,
		"ip,port\n203.0.113.7,80\n":                      false,
		`{"type":"bundle"}`:                              false,
		"# nothing\n":                                    false,
		"":                                               false, "\xff\xfe1\x00": false,
	} {
		if list.Looks([]byte(text)) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

func TestWhatIsNoValueGoesToQuarantine(t *testing.T) {
	text := "203.0.113.7 203.0.113.8\n/spy/SignUp\nevil\na\x00.example\na\xff.example\n" + strings.Repeat("x", 100<<10) + "\n203.0.113.9\n"
	r := parse(t, text, list.Options{})
	var faults []row.Fault
	for _, b := range r.bad {
		faults = append(faults, b.Fault)
	}
	want := []row.Fault{row.FaultSeveral, row.FaultUnclear, row.FaultUnclear, row.FaultNUL, row.FaultUTF8, row.FaultLong}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(r.rows) != 1 || r.rows[0].Line != 7 || r.sum.Records != 7 {
		t.Errorf("%+v", r.sum)
	}
}

func TestWithAKindTheLinesAreOurOwnAddresses(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	r := parse(t, "203.0.113.7\n203.0.113.0/24\nwww.example.org\nhttp://www.example.org/x\n203.0.113.7:3389\n"+strings.Repeat("a", 32)+"\n",
		list.Options{Kind: row.Malware, At: at, Discriminator: "mirai"})
	var got []string
	for _, g := range r.rows {
		got = append(got, string(g.Asset)+" "+g.Discriminator)
		if g.Kind != row.Malware || g.Severity != row.High || !g.At.Equal(at) || g.Indicator != nil || g.Cause != "" || g.Classification == "" {
			t.Errorf("%+v", g)
		}
	}
	want := []string{
		"ip:203.0.113.7 mirai", "ip:203.0.113.0/24 mirai", "domain:www.example.org mirai",
		"url:http://www.example.org/x mirai", "ip:203.0.113.7 3389",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(r.bad) != 1 || r.bad[0].Fault != row.FaultNotAsset {
		t.Errorf("%+v", r.bad)
	}
	for _, o := range []list.Options{{Kind: row.Malware}, {Kind: "nonsense", At: at}} {
		if _, err := list.New(o); !errs.Is(err, errs.Usage) {
			t.Errorf("%+v: %v, want a usage error", o, err)
		}
	}
}

func TestAListThatBreaksOff(t *testing.T) {
	r, err := try(io.MultiReader(strings.NewReader("203.0.113.7\n203.0.1"), iotest.ErrReader(io.ErrUnexpectedEOF)), list.Options{}, 0)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(r.rows) != 1 || len(r.bad) != 1 || r.bad[0].Fault != row.FaultTruncated {
		t.Errorf("%v %+v", err, r)
	}
	for _, text := range []string{"", "\xff\xfe1\x00"} {
		if _, err := try(strings.NewReader(text), list.Options{}, 0); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestTheRealListsAreReadWhole(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "threat-lists", "*", "*", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	ipsum, err := filepath.Glob(filepath.Join(dir, "threat-lists", "ipsum", "*.txt"))
	if err != nil || len(files) == 0 || len(ipsum) == 0 {
		t.Fatalf("%v, %d and %d lists", err, len(files), len(ipsum))
	}
	for _, name := range append(files, ipsum...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				lines++
			}
		}
		r := parse(t, string(text), list.Options{})
		if int(r.sum.Records) != lines || len(r.rows) == 0 {
			t.Errorf("%s: %d records, want %d", filepath.Base(name), r.sum.Records, lines)
		}
		for _, b := range r.bad {
			// Maltrail's lists also hold paths without a host, which are no indicators.
			if !strings.HasPrefix(b.Raw, "/") && !strings.Contains(b.Raw, "/") {
				t.Errorf("%s:%d: %s", filepath.Base(name), b.Line, b.Reason)
			}
		}
	}
}

func TestParsingGoesOnWhereItStopped(t *testing.T) {
	text := "# x\n203.0.113.1\n\n203.0.113.2\nnonsense\n203.0.113.3"
	for skip := range int64(5) {
		r, err := try(strings.NewReader(text), list.Options{}, skip)
		if err != nil || r.sum.Records != 4 || int64(len(r.rows)+len(r.bad)) != 4-skip {
			t.Errorf("skip %d: %v %+v", skip, err, r.sum)
		}
	}
}

// FuzzParse holds that no line is lost and every value is canonical.
func FuzzParse(f *testing.F) {
	f.Add([]byte("# c\n203.0.113.7:80\nhxxp://a[.]example/\n*.b.example ; x\n"))
	f.Add([]byte("\xef\xbb\xbf0.0.0.0 a.b\r\n//\n[::1]:1\n.\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, kind := range []row.Kind{"", row.Spam} {
			r, err := try(bytes.NewReader(text), list.Options{Kind: kind, At: time.Unix(1, 0)}, 0)
			if err != nil {
				if _, ok := row.Unreadable(err); !ok {
					t.Fatal(err)
				}
				return
			}
			if int(r.sum.Records) != len(r.rows)+len(r.bad) || len(r.rows)+len(r.bad) > 1+bytes.Count(text, []byte("\n")) {
				t.Fatalf("%+v", r.sum)
			}
			for _, g := range r.rows {
				if kind == "" {
					again, err := row.ParseIndicator(g.Indicator.Type, g.Indicator.Value)
					if err != nil || again != *g.Indicator {
						t.Fatalf("%+v is not canonical: %v %v", g.Indicator, again, err)
					}
				} else if again, err := row.ParseAsset(string(g.Asset)); err != nil || again != g.Asset {
					t.Fatalf("%q is not canonical: %q %v", g.Asset, again, err)
				}
			}
		}
	})
}
