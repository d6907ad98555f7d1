package jsonspan_test

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

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/jsonspan"
)

// elements reads every top-level value; of a list its elements.
func elements(in io.Reader, limit int, skip int64) (rows []row.Row, bad []row.Bad, sum row.Summary, err error) {
	t := jsonspan.NewTeller(context.Background(), skip, func(r *row.Row, b *row.Bad) error {
		if b != nil {
			bad = append(bad, *b)
		} else {
			rows = append(rows, *r)
		}
		return nil
	})
	s := jsonspan.New(in, limit)
	one := func() (jsonspan.Value, error) {
		v, err := s.Value()
		if err != nil {
			return v, err
		}
		want, err := t.Begin()
		if err != nil || !want {
			return jsonspan.Value{}, err
		}
		t.Row(v.Span, v.Raw)
		if refused := v.Sound(limit); refused != nil {
			return jsonspan.Value{}, t.Bad(v.Span, refused, v.Raw)
		}
		return jsonspan.Value{}, t.Good()
	}
	err = t.Walk(s, func() (jsonspan.Value, error) {
		if c, err := s.Peek(); err != nil || c != '[' {
			return one()
		}
		if err := s.Enter('['); err != nil {
			return jsonspan.Value{}, err
		}
		for first := true; ; first = false {
			more, err := s.Next(']', first)
			if err != nil || !more {
				return jsonspan.Value{}, err
			}
			if v, err := one(); err != nil {
				return v, err
			}
		}
	})
	return rows, bad, t.Sum, err
}

func TestEachValueIsReadAloneAndKnowsItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"[{\"a\":1},\n {\"b\":\"]}\\\"\"}]":          ` 1+7 2+12`,
		"\xef\xbb\xbf[1,true , \"x\"]":               ` 1+1 1+4 1+3`,
		"{\"a\":1}\n{\"a\":2}\n":                     ` 1+7 2+7`,
		"[{\"a\":1},{\"a\":},{\"a\":3}]":             ` 1+7 1!json+6 1+7`,
		"[{\"a\":1},{\"a\":[2}},{\"a\":3}]":          ` 1+7 1!json+9 1+7`,
		"[{\"a\":1},{\"a\":\"\xff\"},{\"a\":3}]":     ` 1+7 1!utf8+9 1+7`,
		"[{\"a\":1},\n{\"a\":":                       ` 1+7 2!truncated+5`,
		"[{\"a\":1}":                                 ` 1+7 1!truncated+1`,
		"[{\"a\":1},":                                ` 1+7 1!truncated+1`,
		"[{\"a\":1}\n{\"a\":2}, 3]":                  ` 1+7 2!json+11`,
		"[{\"a\":1}] x":                              ` 1+7 1!json+1`,
		"[{\"a\":1}, ]":                              ` 1+7 1!json+1`,
		"[]":                                         ``,
		"[\"" + strings.Repeat("x", 200) + "\", {}]": ` 1!too-long+202 1+2`,
	} {
		rows, bad, sum, err := elements(strings.NewReader(text), 100, 0)
		if err != nil || sum.Records != int64(len(rows)+len(bad)) {
			t.Errorf("%q: %v %+v", text, err, sum)
		}
		got := ""
		for len(rows)+len(bad) > 0 {
			if len(bad) == 0 || len(rows) > 0 && rows[0].Offset < bad[0].Offset {
				got += fmt.Sprintf(" %d+%d", rows[0].Line, rows[0].Length)
				rows = rows[1:]
				continue
			}
			got += fmt.Sprintf(" %d!%s+%d", bad[0].Line, bad[0].Fault, bad[0].Length)
			bad = bad[1:]
		}
		if got != want {
			t.Errorf("%q:%s, want%s", text, got, want)
		}
	}
	for _, text := range []string{"", "  \n", "x", "\"x\"", "\xff\xfe[\x00]\x00", "\x1f\x8b"} {
		if _, _, _, err := elements(strings.NewReader(text), 100, 0); err == nil {
			t.Errorf("%q was read", text)
		} else if _, ok := row.Unreadable(err); !ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestATextThatBreaksOffKeepsItsErrorForTheEnd(t *testing.T) {
	broken := func(text string) io.Reader {
		return io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF))
	}
	for _, text := range []string{`[{"a":1},{"a":`, `[{"a":1},`, `[{"a":1}`, `[{"a":1} `, `{"a":1}`} {
		rows, bad, _, err := elements(broken(text), 100, 0)
		want := 1
		if text == `{"a":1}` {
			want = len(bad) // nothing is missing as far as one can see
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(rows) != 1 || len(bad) != want {
			t.Errorf("%q: %v %d %d", text, err, len(rows), len(bad))
		}
	}
}

func TestSkippedRecordsAreTheSameRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "[" + rapid.StringMatching(`(\{"a":[01]\},|\{"b"\},|"[x\\n]*",)*`).Draw(t, "text") + rapid.SampledFrom([]string{"1]", "]", "", "{", "]]"}).Draw(t, "end")
		all, allBad, sum, err := elements(strings.NewReader(text), 50, 0)
		if err != nil {
			return
		}
		n := rapid.Int64Range(0, sum.Records).Draw(t, "skip")
		part, partBad, partSum, err := elements(iotest.OneByteReader(strings.NewReader(text)), 50, n)
		if err != nil || partSum.Records != sum.Records || partSum.Skipped != n || int64(len(part)+len(partBad)) != sum.Records-n {
			t.Fatalf("%q: %v %+v %+v", text, err, partSum, sum)
		}
		if diff := cmp.Diff(all[len(all)-len(part):], part, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(allBad[len(allBad)-len(partBad):], partBad, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAnyDocumentIsCutIntoItsElements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var values []any
		n := rapid.IntRange(0, 8).Draw(t, "n")
		for range n {
			values = append(values, rapid.OneOf(
				rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "s") }),
				rapid.Custom(func(t *rapid.T) any { return rapid.Float64Range(-1e9, 1e9).Draw(t, "f") }),
				rapid.Custom(func(t *rapid.T) any {
					return map[string]any{rapid.String().Draw(t, "k"): []any{rapid.String().Draw(t, "v"), nil, true}}
				}),
			).Draw(t, "value"))
		}
		text, err := json.MarshalIndent(values, "", rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "indent"))
		if err != nil {
			t.Fatal(err)
		}
		if values == nil {
			text = []byte("[]")
		}
		rows, bad, _, err := elements(iotest.HalfReader(bytes.NewReader(text)), 1<<20, 0)
		if err != nil || len(bad) > 0 || len(rows) != n {
			t.Fatalf("%s: %v %d %v", text, err, len(rows), bad)
		}
		for i, r := range rows {
			var got any
			if err := json.Unmarshal(text[r.Offset:r.Offset+r.Length], &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(values[i], got); diff != "" {
				t.Fatal(diff)
			}
			if line := 1 + bytes.Count(text[:r.Offset], []byte("\n")); line != r.Line {
				t.Fatalf("line %d, want %d", r.Line, line)
			}
		}
	})
}

func TestAnOutlineIsWhatCanBeSeenOfACutDocument(t *testing.T) {
	got := jsonspan.Outline([]byte(`{"a":{"b":[{"c":"d","e":{}},{"f":1}],"g":2},"h":[1,2],"i":{"j":{"k":`), 3)
	want := map[string]string{
		"": "{", "a": "{", "a.b": "[", "a.b[]": "{", "a.g": "2", "h": "[", "h[]": "1", "i": "{", "i.j": "{", "i.j.k": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
