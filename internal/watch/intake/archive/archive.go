// Package archive opens what partners pack their documents in: zip and gzip,
// one inside the other at most once, within limits. What it is is told by its
// first bytes, never by its name.
//
// Nothing is written to disk. A gzip stream and the members of a zip are
// streamed; only a zip inside another archive is held in memory, up to
// Limits.Inner bytes, because its table of contents stands at its end.
package archive

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"tocsin/internal/base/errs"
)

// Limits of an archive; a field that is 0 has the value of Defaults.
type Limits struct {
	Total   int64 // decompressed bytes of all members together
	Ratio   int64 // decompressed bytes per packed byte, once Total is beyond a megabyte
	Entries int   // entries of a zip, folders and skipped ones too
	Inner   int64 // bytes of a zip inside another archive
}

// Defaults are the limits of a usual delivery: 4 million Shadowserver rows are
// about 2 GB, and text of that kind packs up to some 60 to one.
func Defaults() Limits {
	return Limits{Total: 8 << 30, Ratio: 400, Entries: 1000, Inner: 64 << 20}
}

// ratioFrom is where the ratio begins to count: a small file of blanks packs
// better than any limit and harms nobody.
const ratioFrom = 1 << 20

// maxDepth is how many archives may stand inside each other.
const maxDepth = 2

// A Member is one document of an archive, or the document itself when it is no
// archive. Its reader is good until the visit returns.
type Member struct {
	// Name is the member's own base name, fit to tell a format by.
	Name string
	// Path leads to it through the archives: a.zip/b.csv.gz/b.csv. Of a plain
	// document it is its name.
	Path string
	// Content are the decompressed bytes. A read beyond a limit fails with
	// errs.TooLarge, one of damaged or broken-off data with errs.Invalid.
	Content io.Reader
}

// A Visit takes a member. What it leaves unread is passed over.
type Visit func(Member) error

// Walk opens size bytes of in, which were delivered under name, and visits every
// document in it, in the archive's order. A file that is no archive is visited as
// it is.
//
// An archive that is encrypted, damaged, broken off, packed with something other
// than zip or gzip, nested too deep, or that names a member outside itself is
// errs.Invalid; one beyond a limit is errs.TooLarge. Errors of visit come back as
// they are. A zip is refused before its first member is visited where its table
// of contents shows the reason.
func Walk(name string, in io.ReaderAt, size int64, limits Limits, visit Visit) error {
	limits = limits.filled()
	w := &walk{limits: limits, packed: size, visit: visit}
	return w.open(entry{name: base(name), path: base(name), at: in, size: size})
}

func (l Limits) filled() Limits {
	d := Defaults()
	if l.Total <= 0 {
		l.Total = d.Total
	}
	if l.Ratio <= 0 {
		l.Ratio = d.Ratio
	}
	if l.Entries <= 0 {
		l.Entries = d.Entries
	}
	if l.Inner <= 0 {
		l.Inner = d.Inner
	}
	return l
}

// A walk is the state of one Walk: what all members together took so far.
type walk struct {
	limits  Limits
	packed  int64
	total   int64
	entries int
	visit   Visit
}

// An entry is a stream on its way in: the delivery itself (at), or a member.
type entry struct {
	name, path string
	at         io.ReaderAt // of the delivery, else nil
	size       int64       // of the delivery
	stream     io.Reader   // of a member
	depth      int         // archives around it
}

// open looks at the first bytes and visits or unpacks.
func (w *walk) open(e entry) error {
	if e.at != nil {
		e.stream = io.NewSectionReader(e.at, 0, e.size)
	}
	in := bufio.NewReaderSize(e.stream, 64<<10)
	head, err := in.Peek(8)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	what := sniff(head)
	if what != plain && what != packedZip && what != packedGzip {
		return errs.New(errs.Invalid, "open %s: packed with %s; send zip or gzip", e.path, what)
	}
	if what == plain {
		return w.visit(Member{Name: e.name, Path: e.path, Content: in})
	}
	if e.depth >= maxDepth {
		return errs.New(errs.Invalid, "open %s: archives are nested more than %d deep", e.path, maxDepth)
	}
	if what == packedGzip {
		return w.gunzip(e, in)
	}
	if e.at != nil {
		return w.unzip(e, e.at, e.size)
	}
	held, err := io.ReadAll(io.LimitReader(in, w.limits.Inner+1))
	if err != nil {
		return err
	}
	if int64(len(held)) > w.limits.Inner {
		return errs.New(errs.TooLarge, "open %s: an inner zip is larger than %d bytes", e.path, w.limits.Inner)
	}
	return w.unzip(e, bytes.NewReader(held), int64(len(held)))
}

// gunzip unpacks a gzip stream, of several parts where it has them.
func (w *walk) gunzip(e entry, in io.Reader) error {
	z, err := gzip.NewReader(in)
	if err != nil {
		return told(e.path, err)
	}
	name := base(z.Name)
	if name == "" {
		name = unpackedName(e.name)
	}
	inner := entry{name: name, path: e.path + "/" + name, depth: e.depth + 1}
	inner.stream = &counted{walk: w, in: z, path: inner.path}
	return w.open(inner)
}

// unzip visits the members of a zip.
func (w *walk) unzip(e entry, at io.ReaderAt, size int64) error {
	z, err := zip.NewReader(within{at, size}, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return told(e.path, err)
	}
	if w.entries += len(z.File); w.entries > w.limits.Entries {
		return errs.New(errs.TooLarge, "open %s: more than %d entries", e.path, w.limits.Entries)
	}
	for _, f := range z.File {
		if err := lawful(e.path, f); err != nil {
			return err
		}
	}
	for _, f := range z.File {
		if skipped(f) {
			continue
		}
		if err := w.member(e, f); err != nil {
			return err
		}
	}
	return nil
}

// within turns reads outside the file, which a forged table of contents asks
// for, into the error of a damaged zip.
type within struct {
	at   io.ReaderAt
	size int64
}

// ReadAt reads.
func (r within) ReadAt(b []byte, offset int64) (int, error) {
	if offset < 0 || offset > r.size {
		return 0, zip.ErrFormat
	}
	return r.at.ReadAt(b, offset)
}

func (w *walk) member(e entry, f *zip.File) error {
	in, err := f.Open()
	if err != nil {
		return told(e.path+"/"+clean(f.Name), err)
	}
	defer func() { _ = in.Close() }() // read only: all that can go wrong is told by Read
	inner := entry{name: base(f.Name), path: e.path + "/" + clean(f.Name), depth: e.depth + 1}
	inner.stream = &counted{walk: w, in: in, path: inner.path}
	return w.open(inner)
}

// lawful refuses what no honest archive holds.
func lawful(archive string, f *zip.File) error {
	wrong := func(reason string) error {
		return errs.New(errs.Invalid, "open %s: member %q: %s", archive, clean(f.Name), reason)
	}
	// Some packers on Windows write backslashes between folders.
	name := strings.ReplaceAll(f.Name, `\`, "/")
	switch {
	case f.Flags&1 != 0:
		return wrong("it is encrypted; send it without a password")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return wrong("packed with a method other than deflate")
	case name == "" || strings.Contains(name, "\x00"):
		return wrong("the name cannot be used")
	case path.IsAbs(name) || len(name) > 1 && name[1] == ':':
		return wrong("the name leads outside the archive")
	case f.Mode()&fs.ModeType&^fs.ModeDir != 0:
		return wrong("it is a link or a device, not a file")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return wrong("the name leads outside the archive")
		}
	}
	return nil
}

// skipped are folders and what desktop systems leave in archives.
func skipped(f *zip.File) bool {
	name := base(f.Name)
	return strings.HasSuffix(f.Name, "/") || f.Mode().IsDir() ||
		strings.HasPrefix(f.Name, "__MACOSX/") || name == ".DS_Store" || name == "Thumbs.db" || name == "desktop.ini"
}

// counted is a stream of decompressed bytes that counts against the limits.
type counted struct {
	walk *walk
	in   io.Reader
	path string
	err  error
}

// Read reads and counts.
func (c *counted) Read(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	w := c.walk
	n, err := c.in.Read(b)
	w.total += int64(n)
	switch {
	case w.total > w.limits.Total:
		c.err = errs.New(errs.TooLarge, "open %s: more than %d bytes when unpacked", c.path, w.limits.Total)
	case w.total > ratioFrom && w.total/w.limits.Ratio > w.packed:
		c.err = errs.New(errs.TooLarge, "open %s: unpacks to more than %d times its size", c.path, w.limits.Ratio)
	case err != nil && !isEnd(err):
		c.err = told(c.path, err)
	case err != nil:
		c.err = io.EOF
	}
	return n, c.err
}

func isEnd(err error) bool { return err == io.EOF } //nolint:errorlint // io.ErrUnexpectedEOF must not pass.

// told gives the errors of the unpackers their reason. An error that has a code
// already, from an archive around, stays as it is.
func told(where string, err error) error {
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return err
	}
	var reason string
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		reason = "the archive breaks off"
	case errors.Is(err, zip.ErrFormat):
		reason = "the zip is damaged or breaks off"
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, gzip.ErrChecksum):
		reason = "the archive is damaged: the checksum is wrong"
	case errors.Is(err, gzip.ErrHeader), corrupt:
		reason = "the archive is damaged"
	case errors.Is(err, zip.ErrAlgorithm):
		reason = "packed with a method other than deflate"
	default:
		return errs.New(errs.Internal, "open %s: %w", clean(where), err)
	}
	return errs.New(errs.Invalid, "open %s: %s (%w)", clean(where), reason, err)
}

// A packing is what the first bytes of a file tell.
type packing string

const (
	plain      packing = ""
	packedZip  packing = "zip"
	packedGzip packing = "gzip"
)

// Packed says whether a file that begins with head is an archive.
func Packed(head []byte) bool { return sniff(head) != plain }

func sniff(head []byte) packing {
	for _, m := range []struct {
		magic string
		what  packing
	}{
		{"PK\x03\x04", packedZip},
		{"PK\x05\x06", packedZip}, // without members
		{"PK\x07\x08", packedZip}, // spanned, of one part
		{"\x1f\x8b", packedGzip},
		{"BZh", "bzip2"},
		{"\xfd7zXZ\x00", "xz"},
		{"7z\xbc\xaf\x27\x1c", "7-Zip"},
		{"Rar!\x1a\x07", "RAR"},
		{"\x28\xb5\x2f\xfd", "zstd"},
		{"\x1f\x9d", "compress"},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.what
		}
	}
	return plain
}

// base is the last part of a name, whichever system wrote it.
func base(name string) string {
	name = clean(name)
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// clean makes a name fit for texts and stores.
func clean(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
}

// unpackedName is the name of what a gzip file without a name of its own holds.
func unpackedName(name string) string {
	for _, ext := range []string{".gz", ".gzip", ".tgz"} {
		if len(name) > len(ext) && strings.EqualFold(name[len(name)-len(ext):], ext) {
			return name[:len(name)-len(ext)]
		}
	}
	return name
}
