// Package rowtest runs a parser over documents and holds what every parser
// promises (row.Parser): sums add up, spans lie in the document and in order, a
// start after n records gives the same rest.
package rowtest

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"tocsin/internal/watch/intake/row"
)

// A Result is what a parser yielded.
type Result struct {
	Rows []row.Row
	Bad  []row.Bad
	Sum  row.Summary
	Err  error
}

// Read parses a document, fails t where a promise is broken, and gives what came
// out. An error of the parser is in the result.
func Read(t testing.TB, p row.Parser, text []byte) Result {
	t.Helper()
	whole := read(t, p, text, 0)
	if n := whole.Sum.Records; n > 1 {
		half := read(t, p, text, n/2)
		if half.Sum.Skipped != n/2 || half.Sum.Records != n || len(half.Rows)+len(half.Bad) != int(n-n/2) {
			t.Errorf("after %d of %d records there are %d rows and %d bad ones: %+v", n/2, n, len(half.Rows), len(half.Bad), half.Sum)
		}
	}
	return whole
}

func read(t testing.TB, p row.Parser, text []byte, skip int64) Result {
	t.Helper()
	var out Result
	last := int64(-1)
	out.Sum, out.Err = p.Parse(context.Background(), bytes.NewReader(text), skip, func(r *row.Row, bad *row.Bad) error {
		at, length, line := int64(0), int64(0), 0
		switch {
		case (r == nil) == (bad == nil):
			t.Fatal("a record is neither a row nor a bad row, or both")
		case bad != nil:
			at, length, line = bad.Offset, bad.Length, bad.Line
			out.Bad = append(out.Bad, *bad)
			if bad.Fault == "" || bad.Reason == "" || !utf8.ValidString(bad.Raw) || !utf8.ValidString(bad.Detail) {
				t.Errorf("a bad row without a reason, or with bytes that no text column takes: %+v", bad)
			}
		default:
			at, length, line = r.Offset, r.Length, r.Line
			out.Rows = append(out.Rows, *r)
			if r.Sum == 0 {
				t.Error("a row without a sum")
			}
		}
		if at < last || length < 0 || at+length > int64(len(text)) {
			t.Errorf("a record at %d, %d long, after %d, in a document of %d bytes", at, length, last, len(text))
			return nil
		}
		last = at
		if want := 1 + bytes.Count(text[:at], []byte("\n")); line != want {
			t.Errorf("a record at byte %d says line %d, it stands on line %d", at, line, want)
		}
		return nil
	})
	s := out.Sum
	if s.Records != s.Rows+s.Bad+s.Skipped || int(s.Rows) != len(out.Rows) || int(s.Bad) != len(out.Bad) {
		t.Errorf("the summary does not add up: %+v with %d rows, %d bad", s, len(out.Rows), len(out.Bad))
	}
	return out
}

// Files calls do with every file below dir.
func Files(t testing.TB, dir string, do func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			do(path, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
