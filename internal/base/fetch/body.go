package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"tocsin/internal/base/errs"
)

type bodyLimits struct {
	what   string // the address, for errors
	most   int64
	ratio  int64
	stall  time.Duration
	cancel context.CancelFunc
}

// ratioFrom is where the ratio begins to count: a small answer of blanks packs
// better than any limit and harms nobody.
const ratioFrom = 1 << 20

// A body is an answer's body within limits.
type body struct {
	bodyLimits

	line     io.ReadCloser // as it comes
	packed   int64
	unpacker *gzip.Reader
	zipped   bool
	total    int64
	watch    *time.Timer // ends the request when the line stalls
	err      error
}

func newBody(answer *http.Response, l bodyLimits) *body {
	encoding := strings.ToLower(answer.Header.Get("Content-Encoding"))
	return &body{
		bodyLimits: l, line: answer.Body, zipped: encoding == "gzip" || encoding == "x-gzip",
		watch: time.AfterFunc(l.stall, l.cancel),
	}
}

// A wire counts the packed bytes and winds the watch.
type wire struct{ *body }

func (w wire) Read(p []byte) (int, error) {
	n, err := w.line.Read(p)
	w.packed += int64(n)
	if n > 0 {
		w.watch.Reset(w.stall)
	}
	return n, err
}

// Read reads, unpacked.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.read(p)
	b.total += int64(n)
	switch {
	case b.total > b.most:
		b.err = errs.New(errs.TooLarge, "fetch %s: more than %d bytes", b.what, b.most)
	case b.zipped && b.total > ratioFrom && b.total/b.ratio > b.packed:
		b.err = errs.New(errs.TooLarge, "fetch %s: unpacks to more than %d times its size", b.what, b.ratio)
	case err == io.EOF: //nolint:errorlint // io.ErrUnexpectedEOF must not pass.
		b.err = io.EOF
	case err != nil:
		b.err = errs.New(errs.Unavailable, "fetch %s: the answer breaks off after %d bytes: %w", b.what, b.packed, err)
	}
	return n, b.err
}

func (b *body) read(p []byte) (int, error) {
	if !b.zipped {
		return wire{b}.Read(p)
	}
	if b.unpacker == nil {
		z, err := gzip.NewReader(wire{b})
		if errors.Is(err, io.EOF) && b.packed == 0 {
			return 0, io.EOF // an empty answer, whatever the header says
		}
		if err != nil {
			return 0, unexpected(err)
		}
		b.unpacker = z
	}
	return b.unpacker.Read(p)
}

// unexpected makes an end inside the head of a gzip stream what it is.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Close ends the request.
func (b *body) Close() error {
	b.watch.Stop()
	err := b.line.Close()
	b.cancel()
	return err
}
