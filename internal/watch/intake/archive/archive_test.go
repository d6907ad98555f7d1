package archive_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/archive"
)

const text = "timestamp,ip\n2026-03-01 00:12:30,203.0.113.7\n"

type file struct {
	name, content string
	mode          fs.FileMode
	flags         uint16
}

func zipped(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Flags: f.flags}
		if f.mode != 0 {
			h.SetMode(f.mode)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Name = name
	if _, err := io.WriteString(z, content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type got struct{ Name, Path, Content string }

func walk(name string, b []byte, l archive.Limits) ([]got, error) {
	var all []got
	err := archive.Walk(name, bytes.NewReader(b), int64(len(b)), l, func(m archive.Member) error {
		content, err := io.ReadAll(m.Content)
		if err != nil {
			return err
		}
		all = append(all, got{m.Name, m.Path, string(content)})
		return nil
	})
	return all, err
}

func TestWhatIsInsideIsVisitedInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		name    string
		content []byte
		want    []got
	}{
		"no archive":            {"/in/a.csv", []byte(text), []got{{"a.csv", "a.csv", text}}},
		"nothing":               {"a.csv", nil, []got{{"a.csv", "a.csv", ""}}},
		"gzip with its name":    {"x.bin", gzipped(t, "a.csv", text), []got{{"a.csv", "x.bin/a.csv", text}}},
		"gzip without a name":   {"a.csv.GZ", gzipped(t, "", text), []got{{"a.csv", "a.csv.GZ/a.csv", text}}},
		"gzip of several parts": {"a.gz", append(gzipped(t, "", "ab"), gzipped(t, "", "cd")...), []got{{"a", "a.gz/a", "abcd"}}},
		"zip, in spite of its name": {
			"a.csv", zipped(t, file{name: "in/"}, file{name: "in/1.csv", content: text}, file{name: "2.csv", content: "x"}, file{name: "__MACOSX/._2.csv", content: "y"}, file{name: "in/.DS_Store"}),
			[]got{{"1.csv", "a.csv/in/1.csv", text}, {"2.csv", "a.csv/2.csv", "x"}},
		},
		"zip with backslashes": {"a.zip", zipped(t, file{name: `in\1.csv`, content: "x"}), []got{{"1.csv", `a.zip/in\1.csv`, "x"}}},
		"an empty zip":         {"a.zip", zipped(t), nil},
		"gzip in zip":          {"a.zip", zipped(t, file{name: "1.csv.gz", content: string(gzipped(t, "", text))}), []got{{"1.csv", "a.zip/1.csv.gz/1.csv", text}}},
		"zip in gzip":          {"a.zip.gz", gzipped(t, "", string(zipped(t, file{name: "1.csv", content: text}))), []got{{"1.csv", "a.zip.gz/a.zip/1.csv", text}}},
		"zip in zip":           {"a.zip", zipped(t, file{name: "b.zip", content: string(zipped(t, file{name: "1.csv", content: text}))}), []got{{"1.csv", "a.zip/b.zip/1.csv", text}}},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := walk(c.name, c.content, archive.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, all); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWhatIsRefusedSaysWhy(t *testing.T) {
	twice := string(gzipped(t, "", string(gzipped(t, "", text))))
	long := strings.Repeat(text, 10000)
	damaged := gzipped(t, "", text)
	damaged[len(damaged)-5] ^= 1
	broken := zipped(t, file{name: "a.csv", content: strings.Repeat("0123456789", 100)})
	broken[40] ^= 0xff
	for name, c := range map[string]struct {
		content []byte
		limits  archive.Limits
		code    errs.Code
		reason  string
	}{
		"nested too deep":         {gzipped(t, "", twice), archive.Limits{}, errs.Invalid, "nested"},
		"too many bytes":          {gzipped(t, "", long), archive.Limits{Total: 1000}, errs.TooLarge, "more than 1000 bytes"},
		"too many in all members": {zipped(t, file{name: "a", content: long[:600]}, file{name: "b", content: long[:600]}), archive.Limits{Total: 1000}, errs.TooLarge, "more than 1000 bytes"},
		"a bomb":                  {gzipped(t, "", strings.Repeat("\x00", 4<<20)), archive.Limits{}, errs.TooLarge, "400 times"},
		"a bomb in a zip":         {zipped(t, file{name: "a", content: strings.Repeat(" ", 4<<20)}), archive.Limits{}, errs.TooLarge, "400 times"},
		"too many entries":        {zipped(t, file{name: "a"}, file{name: "b"}, file{name: "c"}), archive.Limits{Entries: 2}, errs.TooLarge, "more than 2 entries"},
		"an inner zip too large":  {gzipped(t, "", string(zipped(t, file{name: "a", content: text}))), archive.Limits{Inner: 20}, errs.TooLarge, "inner zip"},
		"encrypted":               {zipped(t, file{name: "ok.csv"}, file{name: "a.csv", content: "x", flags: 1}), archive.Limits{}, errs.Invalid, "encrypted"},
		"a way out":               {zipped(t, file{name: "../a.csv", content: "x"}), archive.Limits{}, errs.Invalid, "outside"},
		"a way out on Windows":    {zipped(t, file{name: `a\..\..\b.csv`, content: "x"}), archive.Limits{}, errs.Invalid, "outside"},
		"an absolute name":        {zipped(t, file{name: "/etc/a", content: "x"}), archive.Limits{}, errs.Invalid, "outside"},
		"a drive":                 {zipped(t, file{name: `C:\a`, content: "x"}), archive.Limits{}, errs.Invalid, "outside"},
		"a link":                  {zipped(t, file{name: "a", content: "/etc/passwd", mode: fs.ModeSymlink | 0o777}), archive.Limits{}, errs.Invalid, "link"},
		"gzip that breaks off":    {gzipped(t, "", long)[:200], archive.Limits{}, errs.Invalid, "breaks off"},
		"zip that breaks off":     {zipped(t, file{name: "a", content: long})[:200], archive.Limits{}, errs.Invalid, "breaks off"},
		"a header alone":          {gzipped(t, "", text)[:6], archive.Limits{}, errs.Invalid, "breaks off"},
		"damaged gzip":            {damaged, archive.Limits{}, errs.Invalid, "checksum"},
		"damaged zip":             {broken, archive.Limits{}, errs.Invalid, "damaged"},
		"gzip with rubbish after": {append(gzipped(t, "", text), "rubbish rubbish rubbish"...), archive.Limits{}, errs.Invalid, "damaged"},
		"7-Zip":                   {[]byte("7z\xbc\xaf\x27\x1c0000"), archive.Limits{}, errs.Invalid, "7-Zip"},
		"xz in gzip":              {gzipped(t, "", "\xfd7zXZ\x00....."), archive.Limits{}, errs.Invalid, "xz"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := walk("a", c.content, c.limits)
			if errs.CodeOf(err) != c.code || err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("%v (%v), want %v with %q", err, errs.CodeOf(err), c.code, c.reason)
			}
		})
	}
}

func TestAnUnlawfulZipIsRefusedBeforeItsFirstMember(t *testing.T) {
	all, err := walk("a.zip", zipped(t, file{name: "ok.csv", content: text}, file{name: "../x"}), archive.Limits{})
	if err == nil || len(all) != 0 {
		t.Errorf("visited %v, %v", all, err)
	}
}

func TestTheVisitorsErrorComesBackAsItIs(t *testing.T) {
	stop := errors.New("stop")
	b := zipped(t, file{name: "1", content: text}, file{name: "2", content: text})
	n := 0
	err := archive.Walk("a.zip", bytes.NewReader(b), int64(len(b)), archive.Limits{}, func(archive.Member) error {
		n++
		return stop
	})
	if err != stop || n != 1 { //nolint:errorlint // the very error is asked for.
		t.Errorf("%v after %d visits", err, n)
	}
}

func TestWhatIsLeftUnreadIsPassedOver(t *testing.T) {
	b := zipped(t, file{name: "1", content: text}, file{name: "2", content: text})
	n := 0
	if err := archive.Walk("a.zip", bytes.NewReader(b), int64(len(b)), archive.Limits{}, func(archive.Member) error {
		n++
		return nil
	}); err != nil || n != 2 {
		t.Errorf("%v after %d visits", err, n)
	}
}

// FuzzWalk holds that no bytes make Walk panic, pass its limits, or fail
// without a code.
func FuzzWalk(f *testing.F) {
	f.Add([]byte(text))
	f.Add(gzipped(f, "a", text))
	f.Add(zipped(f, file{name: "a/b", content: text}, file{name: "c.gz", content: string(gzipped(f, "", text))}))
	f.Add(gzipped(f, "", string(zipped(f, file{name: "a", content: text}))))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := walk("a", b, archive.Limits{Total: 1 << 16, Entries: 20, Inner: 1 << 14})
		if err != nil && errs.CodeOf(err) != errs.Invalid && errs.CodeOf(err) != errs.TooLarge {
			t.Fatal(err)
		}
		for _, m := range all {
			if len(m.Content) > 1<<16 && m.Path != m.Name || strings.ContainsAny(m.Name, "/\\\x00") {
				t.Fatalf("%q: %d bytes", m.Path, len(m.Content))
			}
		}
	})
}
