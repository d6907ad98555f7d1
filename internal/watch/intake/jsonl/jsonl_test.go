package jsonl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/jsonl"
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
	p, err := jsonl.New(m, o)
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

const plain = `{"fields": {"at": {"column": "seen"}, "ip": {"column": "src.ip"}, "port": {"column": "src.port"}, "discriminator": {"column": "Tags"}, "kind": {"column": "what", "default": "malware", "values": {"bot": "c2-contact"}}}}`

const one = `{"seen": "2026-03-01T00:12:30Z", "src": {"ip": "203.0.113.7", "port": 8443}, "what": "BOT", "tags": ["mirai", "iot"], "more": null}`

func TestOneObjectInEveryLayoutIsOneRow(t *testing.T) {
	pretty := &bytes.Buffer{}
	if err := json.Indent(pretty, []byte(one), "", "  "); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, text string }{
		{"a line", "", one},
		{"a line with its end", "", "\xef\xbb\xbf\r\n" + one + "\r\n\r\n"},
		{"a list", "", "[" + one + "]"},
		{"a printed list", "", "[\n" + pretty.String() + "\n]\n"},
		{"a printed object", "", pretty.String() + "\n"},
		{"an object under a path", "data.item", `{"a": [1, {"item": "}"}], "data": {"x": "\"]", "item": ` + one + `}, "z": 1}`},
		{"a list under a path", "data", `{"total": 1, "data": [` + one + `], "next": null}`},
	} {
		mapping := strings.Replace(plain, `{"fields"`, `{"path": "`+c.path+`", "fields"`, 1)
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			r, err := try(mapping, in, csvmap.Options{}, 0)
			if err != nil || len(r.rows) != 1 || len(r.bad) != 0 {
				t.Errorf("%s, %s: %v %+v", c.name, name, err, r)
				continue
			}
			g := r.rows[0]
			raw := c.text[g.Offset : g.Offset+g.Length]
			if !json.Valid([]byte(raw)) || !strings.Contains(raw, "203.0.113.7") || strings.Count(c.text[:g.Offset], "\n")+1 != g.Line {
				t.Errorf("%s: the row stands at %q, line %d", c.name, raw, g.Line)
			}
			if g.Asset != "ip:203.0.113.7" || g.Port != 8443 || g.Kind != row.C2Contact || g.Discriminator != "mirai,iot" || !g.At.Equal(time.Date(2026, 3, 1, 0, 12, 30, 0, time.UTC)) {
				t.Errorf("%s: %+v", c.name, g)
			}
		}
	}
}

func TestElementsOfListsHaveNumbersOrAreJoined(t *testing.T) {
	text := `{"hits": [{"ip": "203.0.113.1"}, {"ip": "203.0.113.2"}], "n": 1.50, "t": true}`
	r, err := try(`{"fields": {"ip": {"column": "hits.1.ip"}, "cause": {"column": "hits.ip"}, "realm": {"columns": ["n", "t"], "join": "/"}}}`,
		strings.NewReader(text), csvmap.Options{Kind: row.Spam, At: time.Unix(1e9, 0)}, 0)
	if err != nil || len(r.rows) != 1 || r.rows[0].Asset != "ip:203.0.113.2" || r.rows[0].Cause != "203.0.113.1,203.0.113.2" || r.rows[0].Realm != "1.50/true" {
		t.Errorf("%v %+v", err, r)
	}
}

func TestABadLineIsABadRowWithItsColumn(t *testing.T) {
	text := one + "\n" +
		`{"seen": tru}` + "\n" +
		`{"seen": "2026-03-01"` + "\n" +
		`[1]` + "\n" +
		one + " {}\n" +
		`{"seen": "2026-03-01", "src": {"ip": "x"}}` + "\n" +
		`{"seen": "2026-03-01"}` + "\n" +
		"{\"seen\": \"\x00\"}\n" +
		"{\"seen\": \"\xff\"}\n" +
		`{"long": "` + strings.Repeat("x", 3000) + `"}` + "\n" +
		one
	r, err := try(plain, strings.NewReader(text), csvmap.Options{MaxRecord: 2000}, 0)
	if err != nil || len(r.rows) != 2 {
		t.Fatalf("%v %+v", err, r)
	}
	type place struct {
		line, column int
		fault        row.Fault
		field        string
	}
	want := []place{
		{2, 13, row.FaultJSON, ""},
		{3, 21, row.FaultTruncated, ""},
		{4, 1, row.FaultJSON, ""},
		{5, len(one) + 2, row.FaultJSON, ""},
		{6, 0, row.FaultIP, "src.ip"},
		{7, 0, row.FaultEmpty, "src.ip"},
		{8, 11, row.FaultNUL, ""},
		{9, 0, row.FaultUTF8, ""},
		{10, 0, row.FaultLong, ""},
	}
	for i, b := range r.bad {
		if got := (place{b.Line, b.Column, b.Fault, b.Field}); i >= len(want) || got != want[i] {
			t.Errorf("%d: %+v (%s)", i, got, b.Reason)
		}
	}
	if len(r.bad) != len(want) || r.rows[1].Line != 11 {
		t.Errorf("%d bad, the last row in line %d", len(r.bad), r.rows[1].Line)
	}
}

func TestWhatIsBeforeABreakIsReadAndTheRestIsOneBadRow(t *testing.T) {
	for _, c := range []struct {
		text  string
		fault row.Fault
	}{
		{"[" + one + ",\n" + one[:40], row.FaultTruncated},
		{"[" + one + ",\n{\"a\": ]}, " + one + "]", row.FaultJSON},
		{"[" + one + "\n" + one + "]", row.FaultJSON},
		{"[" + one + ",\n" + strings.Repeat("[", 5000), row.FaultJSON},
	} {
		r, err := try(plain, strings.NewReader(c.text), csvmap.Options{}, 0)
		if err != nil || len(r.rows) != 1 || len(r.bad) != 1 || r.bad[0].Fault != c.fault {
			t.Errorf("%.40q…: %v %+v", c.text, err, r)
			continue
		}
		if b := r.bad[0]; b.Offset+b.Length != int64(len(c.text)) || b.Line != 2 {
			t.Errorf("%.40q…: the rest stands at %d+%d of %d, line %d", c.text, b.Offset, b.Length, len(c.text), b.Line)
		}
	}
	broken := errors.New("the line is dead")
	r, err := try(plain, io.MultiReader(strings.NewReader(one+"\n"+one[:20]), iotest.ErrReader(broken)), csvmap.Options{}, 0)
	if !errors.Is(err, broken) || len(r.rows) != 1 || len(r.bad) != 1 || r.bad[0].Fault != row.FaultTruncated {
		t.Errorf("%v %+v", err, r)
	}
}

func TestWhatIsNoJSONAtAllIsRefused(t *testing.T) {
	for path, text := range map[string]string{"": "", "data": `{"other": []}`, "a.b": `{"a": 1}`} {
		mapping := strings.Replace(plain, `{"fields"`, `{"path": "`+path+`", "fields"`, 1)
		_, err := try(mapping, strings.NewReader(text), csvmap.Options{}, 0)
		if _, ok := row.Unreadable(err); !ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := try(`{"path": "a..b", "fields": {"ip": {"column": "a"}}}`, strings.NewReader("{}"), csvmap.Options{}, 0); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
	m, err := csvmap.ParseMapping([]byte(`{"path": "a", "fields": {"ip": {"column": "a"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := csvmap.New(m, csvmap.Options{Indicators: true}); !errs.Is(err, errs.Invalid) {
		t.Errorf("CSV with a path: %v", err)
	}
}

func TestLooksTellsJSONByItsFirstBytes(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a"`: true, "\xef\xbb\xbf [ {": true, "[]": true, "{}": true, "": false, "{": false, "[1": false, "a,b": false, "[a]\n": false, "{{": false,
	} {
		if jsonl.Looks([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// The same bytes give the same records from wherever reading goes on, and as
// many rows as there are objects.
func TestEveryObjectIsARowWhereverReadingGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "objects")
		list := rapid.Bool().Draw(t, "list")
		var b strings.Builder
		for i := range n {
			text, _ := json.Marshal(map[string]any{"seen": "2026-03-01", "src": map[string]any{"ip": fmt.Sprintf("203.0.113.%d", i)}, "x": rapid.String().Draw(t, "x")})
			if i > 0 && list {
				b.WriteString(",")
			}
			b.Write(text)
			if !list || rapid.Bool().Draw(t, "line end") {
				b.WriteString("\n")
			}
		}
		text := b.String()
		if list {
			text = "[" + text + "]"
		}
		skip := rapid.Int64Range(0, int64(n)).Draw(t, "skip")
		r, err := try(plain, strings.NewReader(text), csvmap.Options{}, skip)
		if err != nil || len(r.rows) != n-int(skip) || len(r.bad) != 0 || r.sum.Records != int64(n) {
			t.Fatalf("%v %+v", err, r.sum)
		}
		for i, g := range r.rows {
			if want := fmt.Sprintf("203.0.113.%d", i+int(skip)); g.Asset.Value() != want || !strings.Contains(text[g.Offset:g.Offset+g.Length], want+`"`) {
				t.Fatalf("%+v", g)
			}
		}
	})
}

// FuzzParse holds that no bytes make the parser panic or lose a record, and that
// records do not overlap.
func FuzzParse(f *testing.F) {
	for _, path := range []string{"", "a", "a.b"} {
		for _, text := range []string{one, "[" + one + "]", "{\n" + one[1:], `{"a": {"b": [` + one + `]}}`, "[1,2", `{"a":`, "}"} {
			f.Add(path, []byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, path string, text []byte) {
		quoted, err := json.Marshal(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := try(strings.Replace(plain, `{"fields"`, `{"path": `+string(quoted)+`, "fields"`, 1), bytes.NewReader(text), csvmap.Options{MaxRecord: 4096}, 0)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if int(r.sum.Records) != len(r.rows)+len(r.bad) {
			t.Fatalf("%+v", r.sum)
		}
		var total int64
		for _, g := range r.rows {
			total += g.Length
			if !json.Valid(bytes.TrimSpace(text[g.Offset : g.Offset+g.Length])) {
				t.Fatalf("a row of %q", text[g.Offset:g.Offset+g.Length])
			}
		}
		for _, b := range r.bad {
			total += b.Length
			if b.Offset+b.Length > int64(len(text)) || b.Line < 1 {
				t.Fatalf("%+v", b)
			}
		}
		if total > int64(len(text)) {
			t.Fatalf("%d bytes in records, %d in all", total, len(text))
		}
	})
}
