package jsonrows_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"tocsin/internal/watch/intake/jsonrows"
	"tocsin/internal/watch/intake/row"
)

// read tells every record as "line text" and every bad row as "line!fault".
func read(t *testing.T, in io.Reader, text string, skip int64, o jsonrows.Options) ([]string, row.Summary, error) {
	t.Helper()
	var got []string
	o.In = []string{"items"}
	o.Header = func(name, value string) { got = append(got, name+"="+value) }
	o.Read = func(raw []byte, r *row.Row) *row.Refusal {
		var v struct{ ID string }
		if json.Unmarshal(raw, &v, json.MatchCaseInsensitiveNames(true)) != nil || v.ID == "" {
			return &row.Refusal{Fault: row.FaultEmpty, Field: "id"}
		}
		r.Hostname = v.ID
		return nil
	}
	sum, err := jsonrows.Parse(context.Background(), in, skip, o, func(r *row.Row, bad *row.Bad) error {
		if bad != nil {
			got = append(got, fmt.Sprintf("%d!%s", bad.Line, bad.Fault))
			if bad.Offset+bad.Length > int64(len(text)) || bad.Length < 0 {
				t.Errorf("bad row at %d, %d long, in %d", bad.Offset, bad.Length, len(text))
			}
			return nil
		}
		got = append(got, fmt.Sprintf("%d %s", r.Line, r.Hostname))
		if raw := text[r.Offset : r.Offset+r.Length]; !strings.HasPrefix(raw, "{") || !strings.HasSuffix(raw, "}") || strings.Count(text[:r.Offset], "\n") != r.Line-1 {
			t.Errorf("line %d stands at %q", r.Line, raw)
		}
		return nil
	})
	if sum.Records != sum.Rows+sum.Bad+sum.Skipped {
		t.Errorf("the sum does not add up: %+v", sum)
	}
	return got, sum, err
}

func TestRecordsStandInAnyLayout(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"one":           {`{"id":"a"}`, []string{"1 a"}},
		"pretty":        {"\n{\n \"id\":\n\"a\"\n}\n", []string{"2 a"}},
		"mark":          {"\xef\xbb\xbf\n{\"id\":\"a\"}", []string{"2 a"}},
		"array":         {"[\n{\"id\":\"a\"},\n\n{\"id\":\"b\"}]", []string{"2 a", "4 b"}},
		"empty array":   {"[]", nil},
		"lines":         {"{\"id\":\"a\"}\r\n\n{\"id\":\"b\"}\n", []string{"1 a", "3 b"}},
		"side by side":  {`{"id":"a"} {"id":"b"}`, []string{"1 a", "1 b"}},
		"around":        {"{\"v\":\"1\",\"n\":2,\"x\":[[1],{}],\n\"items\":[{\"id\":\"a\"}\n,{\"id\":\"b\"}],\"z\":null}", []string{"v=1", "n=2", "2 a", "3 b"}},
		"refused":       {`[{"id":"a"},{"id":""},7,{"id":"b"}]`, []string{"1 a", "1!empty", "1!json", "1 b"}},
		"cut":           {"[{\"id\":\"a\"},\n{\"id\":\"b", []string{"1 a", "2!truncated"}},
		"cut around":    {"{\"items\":[{\"id\":\"a\"}", []string{"1 a", "1!truncated"}},
		"broken":        {"[{\"id\":\"a\"},\n{\"id\":}, {\"id\":\"c\"}]", []string{"1 a", "2!json"}},
		"garbage after": {"{\"id\":\"a\"}\nBEGIN", []string{"1 a", "2!json"}},
		"broken line":   {"{\"id\":\"a\"}\n{\"id\":\n{\"id\":\"c\"}\n{\"id\":\"d\"} x\n[1]", []string{"1 a", "2!truncated", "3 c", "4!json", "5!json"}},
		"no end":        {`{"items":[`, []string{"1!truncated"}},
		"not UTF-8":     {"[{\"id\":\"\xff\"}]", []string{"1!json"}},
	} {
		got, sum, err := read(t, strings.NewReader(c.text), c.text, 0, jsonrows.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		again, half, err := read(t, iotest.OneByteReader(strings.NewReader(c.text)), c.text, 1, jsonrows.Options{})
		if err != nil || half.Records != sum.Records || half.Records > 0 && half.Skipped != 1 {
			t.Errorf("%s: after one %v %+v, %v", name, again, half, err)
		}
	}
}

func TestWhatIsNoJSONIsNotReadable(t *testing.T) {
	for _, text := range []string{"", "   ", "id,name", "# Title", "\xff\xfe{", "\"a\"", `{"items":{"a":[1]}}`, `{"items":null}`} {
		if _, _, err := read(t, strings.NewReader(text), text, 0, jsonrows.Options{}); err == nil {
			t.Errorf("%q was read", text)
		} else if _, ok := row.Unreadable(err); !ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestALongRecordIsRefusedWithoutBeingHeld(t *testing.T) {
	long := "{\"id\":\"" + strings.Repeat("b", 1<<20) + "\"}"
	text := "[{\"id\":\"a\"},\n" + long + ",{\"id\":\"c\"}]"
	got, _, err := read(t, strings.NewReader(text), text, 0, jsonrows.Options{Limit: 1 << 10})
	if diff := cmp.Diff([]string{"1 a", "2!too-long"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	text = "{\"id\":\"a\"}\n" + "{\"id\":\"b\"}\n" + long + "\n{\"id\":\"c\"}\n"
	got, _, err = read(t, strings.NewReader(text), text, 0, jsonrows.Options{Limit: 1 << 10})
	if diff := cmp.Diff([]string{"1 a", "2 b", "3!too-long", "4 c"}, got); err != nil || diff != "" {
		t.Errorf("lines: %v (-want +got)\n%s", err, diff)
	}
}

func TestAnArchiveThatBreaksOffIsTold(t *testing.T) {
	broken := errors.New("the archive breaks off")
	for _, text := range []string{"[{\"id\":\"a\"},{\"id\":", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id"} {
		got, sum, err := read(t, io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), text, 0, jsonrows.Options{})
		if !errors.Is(err, broken) || sum.Bad != 1 {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestAnErrorOfTheTakerEndsIt(t *testing.T) {
	enough := errors.New("enough")
	o := jsonrows.Options{Read: func([]byte, *row.Row) *row.Refusal { return nil }}
	for _, text := range []string{"[{},{}]", "{}\n{}\n", "{}x"} {
		sum, err := jsonrows.Parse(context.Background(), strings.NewReader(text), 0, o, func(*row.Row, *row.Bad) error { return enough })
		if !errors.Is(err, enough) || sum.Records != 1 {
			t.Errorf("%q: %+v %v", text, sum, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := jsonrows.Parse(ctx, strings.NewReader(strings.Repeat("{}\n", 1000)), 0, o, func(*row.Row, *row.Bad) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"items":[{"id":"a"}]}`, "[{\"id\":1}", "{}\n{}\n", "\xef\xbb\xbf{}x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, sum, err := read(t, strings.NewReader(text), text, 0, jsonrows.Options{Limit: 100})
		for skip := int64(1); skip <= min(sum.Records, 3); skip++ {
			again, half, err2 := read(t, strings.NewReader(text), text, skip, jsonrows.Options{Limit: 100})
			if half.Records != sum.Records || (err == nil) != (err2 == nil) {
				t.Fatalf("%v, after %d %v", got, skip, again)
			}
		}
		jsonrows.Head([]byte(text))
	})
}
