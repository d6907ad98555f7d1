package delimited_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/delimited"
)

type got struct {
	Line   int
	Offset int64
	Length int64
	Raw    string
	Fields []string
	Fault  row.Fault
	Column int
}

func read(t testing.TB, in io.Reader, o delimited.Options, width int) ([]got, error) {
	t.Helper()
	s := delimited.New(in, o)
	s.SetWidth(width)
	var all []got
	for {
		rec, err := s.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, err
		}
		g := got{Line: rec.Line, Offset: rec.Offset, Length: rec.Length, Raw: string(rec.Raw)}
		for _, f := range rec.Fields {
			g.Fields = append(g.Fields, string(f))
		}
		if rec.Fault != nil {
			g.Fault, g.Column = rec.Fault.Fault, rec.Fault.Column
		}
		all = append(all, g)
	}
}

func TestRecordsAndWhereTheyStand(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		options delimited.Options
		width   int
		want    []got
	}{
		"plain": {text: "a,b\nc,d\n", want: []got{
			{1, 0, 4, "a,b", []string{"a", "b"}, "", 0},
			{2, 4, 4, "c,d", []string{"c", "d"}, "", 0},
		}},
		"byte order mark, carriage returns, no last line end": {text: "\xef\xbb\xbf\"a\",b\r\n\r\nc,\"d\"", want: []got{
			{1, 3, 7, `"a",b`, []string{"a", "b"}, "", 0},
			{3, 12, 5, `c,"d"`, []string{"c", "d"}, "", 0},
		}},
		"a new line inside quotation marks": {text: "\"a\nb\",\"x\"\"y\"\nc,d\n", want: []got{
			{1, 0, 13, "\"a\nb\",\"x\"\"y\"", []string{"a\nb", `x"y`}, "", 0},
			{3, 13, 4, "c,d", []string{"c", "d"}, "", 0},
		}},
		"broken marks cost one line": {text: "a,b\n\"c\"x,d\ne,f\n", want: []got{
			{1, 0, 4, "a,b", []string{"a", "b"}, "", 0},
			{2, 4, 7, `"c"x,d`, nil, row.FaultQuote, 0},
			{3, 11, 4, "e,f", []string{"e", "f"}, "", 0},
		}},
		"a mark never closed costs one line": {text: "\"a,b\nc,d\ne,f\n", want: []got{
			{1, 0, 5, `"a,b`, nil, row.FaultQuote, 0},
			{2, 5, 4, "c,d", []string{"c", "d"}, "", 0},
			{3, 9, 4, "e,f", []string{"e", "f"}, "", 0},
		}},
		"a bare mark": {text: "a\"b,c\nd,e\n", want: []got{
			{1, 0, 6, `a"b,c`, nil, row.FaultQuote, 0},
			{2, 6, 4, "d,e", []string{"d", "e"}, "", 0},
		}},
		"short and long": {text: "a\na,b\na,b,c\n", width: 2, want: []got{
			{1, 0, 2, "a", []string{"a"}, row.FaultWidth, 1},
			{2, 2, 4, "a,b", []string{"a", "b"}, "", 0},
			{3, 6, 6, "a,b,c", []string{"a", "b", "c"}, row.FaultWidth, 3},
		}},
		"broken off inside marks": {text: "a,b\nc,\"d", want: []got{
			{1, 0, 4, "a,b", []string{"a", "b"}, "", 0},
			{2, 4, 4, `c,"d`, nil, row.FaultTruncated, 0},
		}},
		"broken off before the last column": {text: "a,b\nc", width: 2, want: []got{
			{1, 0, 4, "a,b", []string{"a", "b"}, "", 0},
			{2, 4, 1, "c", []string{"c"}, row.FaultTruncated, 0},
		}},
		"NUL and bytes that are not UTF-8": {text: "a,b\x00\na\xff,b\n", want: []got{
			{1, 0, 5, "a,b\x00", []string{"a", "b\x00"}, row.FaultNUL, 2},
			{2, 5, 5, "a\xff,b", []string{"a\xff", "b"}, row.FaultUTF8, 1},
		}},
		"comments and semicolons": {
			text: "# a \" mark\na;b\n#x\n", options: delimited.Options{Comma: ';', Comment: '#'},
			want: []got{{2, 11, 4, "a;b", []string{"a", "b"}, "", 0}},
		},
		"beyond the limit": {
			text: "a,b\n" + strings.Repeat("x", 40) + "\nc,d\n", options: delimited.Options{MaxRecord: 16},
			want: []got{
				{1, 0, 4, "a,b", []string{"a", "b"}, "", 0},
				{2, 4, 41, strings.Repeat("x", 16), nil, row.FaultLong, 0},
				{3, 45, 4, "c,d", []string{"c", "d"}, "", 0},
			},
		},
		"marks open beyond the limit": {
			text: "\"a\nb\nc\nd\ne\nf\ng\nh\ni\"\nj,k\n", options: delimited.Options{MaxRecord: 8},
			want: []got{
				{1, 0, 3, `"a`, nil, row.FaultLong, 0},
				{2, 3, 2, "b", []string{"b"}, "", 0},
				{3, 5, 2, "c", []string{"c"}, "", 0},
				{4, 7, 2, "d", []string{"d"}, "", 0},
				{5, 9, 2, "e", []string{"e"}, "", 0},
				{6, 11, 2, "f", []string{"f"}, "", 0},
				{7, 13, 2, "g", []string{"g"}, "", 0},
				{8, 15, 2, "h", []string{"h"}, "", 0},
				{9, 17, 3, `i"`, nil, row.FaultQuote, 0},
				{10, 20, 4, "j,k", []string{"j", "k"}, "", 0},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for portion, in := range map[string]io.Reader{
				"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text)),
			} {
				all, err := read(t, in, c.options, c.width)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, all); diff != "" {
					t.Errorf("%s (-want +got)\n%s", portion, diff)
				}
			}
		})
	}
}

func TestWhatIsNotTextIsRefusedWithItsReason(t *testing.T) {
	for text, reason := range map[string]string{
		"":                             "empty",
		"\xff\xfea\x00,\x00":           "UTF-16",
		"a\x00,\x00b\x00\n\x00":        "UTF-16",
		"\x1f\x8b\x08\x00":             "gzip",
		"PK\x03\x04\x00\x00\x00\x00aa": "zip",
	} {
		_, err := read(t, strings.NewReader(text), delimited.Options{}, 0)
		if got, ok := row.Unreadable(err); !ok || !strings.Contains(got, reason) {
			t.Errorf("%q: %v, want a reason with %q", text, err, reason)
		}
	}
}

func TestABrokenReaderGivesItsRecordsThenItsError(t *testing.T) {
	in := io.MultiReader(strings.NewReader("a,b\nc,d\ne,"), iotest.ErrReader(io.ErrUnexpectedEOF))
	all, err := read(t, in, delimited.Options{}, 2)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want io.ErrUnexpectedEOF", err)
	}
	if len(all) != 3 || all[2].Fault != row.FaultTruncated {
		t.Errorf("got %+v, want two records and a truncated one", all)
	}
}

func TestAgreesWithEncodingCSVOnEveryWellFormedFile(t *testing.T) {
	value := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
			"a", "0", " ", `"`, ",", "\n", ";", "đ", "x y", "2026-03-01 00:12:30", strings.Repeat("z", 20),
		}), 0, 6).Draw(t, "pieces"), "")
	})
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(value, 1, 6), 1, 20).Draw(t, "rows")
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		var b bytes.Buffer
		var want [][]string
		for _, r := range rows {
			for i, v := range r {
				if i > 0 {
					b.WriteByte(',')
				}
				if strings.ContainsAny(v, "\",\n") || rapid.Bool().Draw(t, "marks") {
					b.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
				} else {
					b.WriteString(v)
				}
			}
			b.WriteString(end)
		}
		reader := csv.NewReader(bytes.NewReader(b.Bytes()))
		reader.FieldsPerRecord = -1
		want, err := reader.ReadAll()
		if err != nil {
			t.Fatalf("the oracle refused: %v", err)
		}
		if b.Len() == len(end)*len(rows) {
			return // nothing but blank lines: no record to compare
		}
		s := delimited.New(iotest.HalfReader(bytes.NewReader(b.Bytes())), delimited.Options{})
		for i := 0; ; i++ {
			rec, err := s.Next()
			if err == io.EOF { //nolint:errorlint // Next returns io.EOF bare.
				if i != len(want) {
					t.Fatalf("%d records, want %d", i, len(want))
				}
				return
			}
			if err != nil || rec.Fault != nil || i >= len(want) {
				t.Fatalf("record %d: %v %v", i, err, rec)
			}
			have := []string{}
			for _, f := range rec.Fields {
				have = append(have, string(f))
			}
			if diff := cmp.Diff(want[i], have); diff != "" {
				t.Fatalf("record %d (-want +got)\n%s", i, diff)
			}
			if line := 1 + bytes.Count(b.Bytes()[:rec.Offset], []byte("\n")); rec.Line != line {
				t.Fatalf("record %d at line %d, want %d", i, rec.Line, line)
			}
			if raw := b.Bytes()[rec.Offset : rec.Offset+rec.Length]; string(raw) != string(rec.Raw)+end {
				t.Fatalf("record %d: bytes %q, raw %q", i, raw, rec.Raw)
			}
		}
	})
}

func TestAmendSetsColumnsByName(t *testing.T) {
	doc, err := delimited.Amend([]byte("ip,port\r\n"), []byte(`1.2.3.x,"8""0"`), 0, map[string]string{"IP": "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "\"ip\",\"port\"\n\"192.0.2.1\",\"8\"\"0\"\n"; string(doc) != want {
		t.Errorf("%q, want %q", doc, want)
	}
	if _, err := delimited.Amend([]byte("ip,port"), []byte("1,2"), 0, map[string]string{"tag": "x"}); err == nil {
		t.Error("a column that is not there was set")
	}
	if _, err := delimited.Amend([]byte("ip,port"), []byte("1,2,3"), 0, nil); err == nil {
		t.Error("a record longer than its header was amended")
	}
	if doc, err := delimited.Amend([]byte("ip,port"), []byte("1"), 0, nil); err != nil || string(doc) != "\"ip\",\"port\"\n\"1\",\"\"\n" {
		t.Errorf("%q %v, want the short record filled up", doc, err)
	}
}

// FuzzScanner holds what no bytes may break: every byte of the stream is in
// exactly one record, blank line or comment, in order, and portions do not matter.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		"a,b\nc,d\n", "\"a\nb\",\"\"\"\"\r\nc", "\"\n\"\n\"x\n", "a\x00\n\xff\n", "\xef\xbb\xbf\n\n\"", "\"\"\"\"\"\r",
	} {
		f.Add([]byte(seed), 16)
	}
	f.Fuzz(func(t *testing.T, text []byte, limit int) {
		o := delimited.Options{MaxRecord: 1 + limit&63}
		whole, err := read(t, bytes.NewReader(text), o, 0)
		if err != nil {
			if _, ok := row.Unreadable(err); !ok {
				t.Fatal(err)
			}
			return
		}
		portions, err := read(t, iotest.OneByteReader(bytes.NewReader(text)), o, 0)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole, portions); diff != "" {
			t.Fatalf("portions matter (-whole +byte by byte)\n%s", diff)
		}
		at := int64(row.BOM(text))
		for i, r := range whole {
			if between := bytes.Trim(text[at:r.Offset], "\r\n"); len(between) != 0 {
				t.Fatalf("record %d: %q was lost before it", i, between)
			}
			if want := 1 + bytes.Count(text[:r.Offset], []byte("\n")); r.Line != want {
				t.Fatalf("record %d at line %d, want %d", i, r.Line, want)
			}
			if r.Length < 1 || r.Fault != row.FaultLong && !bytes.HasPrefix(text[r.Offset:r.Offset+r.Length], []byte(r.Raw)) {
				t.Fatalf("record %d: %+v is not what stands there", i, r)
			}
			at = r.Offset + r.Length
		}
		if rest := bytes.Trim(text[at:], "\r\n"); len(rest) != 0 {
			t.Fatalf("%q was lost at the end", rest)
		}
	})
}
