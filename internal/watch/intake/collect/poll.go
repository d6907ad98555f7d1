package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"os"
	"path"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/fetch"
)

// fileCursor is the place of a polled file.
type fileCursor struct {
	SHA256 string `json:"sha256"`
}

// poll asks for one file. A server that knows no ETag gives the same bytes again
// and again: they are told by their sum, and not brought in a second time.
func (l *look) poll(ctx context.Context) error {
	answer, err := l.room.Fetch.Do(ctx, fetch.Request{
		URL: l.address.url, ETag: l.state.ETag, LastModified: l.state.Modified, Header: authorization(l.secret),
	})
	if err != nil || answer.NotModified {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	held, sum, err := spool(answer.Body)
	if err != nil {
		return err
	}
	defer func() { _ = held.Close() }()
	var had fileCursor
	l.cursor(&had)
	if had.SHA256 != sum {
		left, err := l.receive(ctx, fileName(answer.URL), held)
		if err != nil || left {
			return err
		}
	}
	l.state.ETag, l.state.Modified = answer.ETag, answer.LastModified
	l.move(fileCursor{SHA256: sum})
	return nil
}

// spool writes a stream to a file that has no name any more: whatever happens, it
// is gone when it is closed.
func spool(in io.Reader) (file *os.File, sum string, err error) {
	file, err = os.CreateTemp("", "tocsin-collect-*")
	if err != nil {
		return nil, "", errs.New(errs.Unavailable, "collect: make a file to hold what comes: %w", err)
	}
	hash := sha256.New()
	if err = os.Remove(file.Name()); err == nil {
		if _, err = io.Copy(io.MultiWriter(file, hash), in); err == nil {
			_, err = file.Seek(0, io.SeekStart)
		}
	}
	if err != nil {
		_ = file.Close()
		return nil, "", err
	}
	return file, hex.EncodeToString(hash.Sum(nil)), nil
}

// fileName is the last part of an address' path.
func fileName(address string) string {
	if u, err := url.Parse(address); err == nil {
		if name := path.Base(u.Path); name != "." && name != "/" {
			return name
		}
		return u.Hostname()
	}
	return "document"
}
