package row

import (
	"bytes"
	"context"
	"errors"
	"io"

	"tocsin/internal/base/errs"
)

// A Parser reads one document of one format.
//
// Parse reads in, which is the document's decompressed bytes, to its end, and
// calls yield once for every record, in order: each physical record is exactly
// one Row or one Bad row. Header, comments and blank lines are no records.
// Nothing is skipped in silence, whatever the bytes are.
//
// Memory is bounded, whatever the size of the document. The first skip records
// are passed over without being yielded or decoded, so that a reader that was
// interrupted after n records goes on with skip = n: the same bytes always give
// the same sequence of records.
//
// Parse stops at the first error of yield, of ctx or of in and returns it, with
// the summary so far. A document that cannot be read as this format at all is
// an errs.Invalid error for which Unreadable gives the reason; nothing was
// yielded then. An error of in (an archive that breaks off) comes after all
// records before it; what is left of the broken record is a Bad row.
//
// A Parser holds no state between calls and may be used by several goroutines.
type Parser interface {
	Parse(ctx context.Context, in io.Reader, skip int64, yield Yield) (Summary, error)
}

// A Yield takes a row or a bad row; exactly one of them is not nil. Both are
// borrowed: the struct is used again for the next record once Yield returns.
// A copy of the struct may be kept, for its strings and slices are never
// written again.
type Yield func(r *Row, bad *Bad) error

// A Summary says what Parse went through.
type Summary struct {
	Records int64 // Rows + Bad + Skipped
	Rows    int64
	Bad     int64
	Skipped int64

	Type    string   // report type of the document, empty where the format has none
	Flags   []Flag   // flags that hold for the document
	Unknown []string // columns that the schema does not know
	Missing []string // columns of the schema that are not there
}

// unreadable marks the error of a document that is not of its format.
type unreadable struct{ reason string }

func (u *unreadable) Error() string { return u.reason }

// NotReadable is the error of Parse for a document that cannot be read as the
// parser's format at all.
func NotReadable(reason string) error {
	return errs.New(errs.Invalid, "read document: %w", &unreadable{reason})
}

// Unreadable gives the reason of a NotReadable error, and whether err is one.
func Unreadable(err error) (reason string, ok bool) {
	u, ok := errors.AsType[*unreadable](err)
	if !ok {
		return "", false
	}
	return u.reason, true
}

// CheckText looks at the first bytes of a document (512 are enough) and refuses
// what cannot be UTF-8 text, with a reason that tells the sender what to do.
func CheckText(head []byte) error {
	switch {
	case len(head) == 0:
		return NotReadable("the document is empty")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return NotReadable("the text is UTF-16; send it as UTF-8")
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return NotReadable("the document is still compressed (gzip)")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return NotReadable("the document is still an archive (zip)")
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return NotReadable("the document is a PDF, not text")
	}
	if n := bytes.Count(head, []byte{0}); n >= 4 && n*5 >= len(head)*2 {
		return NotReadable("the text looks like UTF-16 without a mark, or like binary data; send it as UTF-8")
	}
	return nil
}

// BOM is how many bytes of head are a UTF-8 byte order mark: 3 or 0.
func BOM(head []byte) int {
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		return 3
	}
	return 0
}
