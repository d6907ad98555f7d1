package paper

import (
	"archive/zip"
	"io"
	"time"

	"tocsin/internal/base/errs"
)

// An archivePart is one file of an OOXML package.
type archivePart struct {
	name string
	data []byte
}

// writeArchive writes parts in their order, each with the oldest time that a zip
// can hold, so that the same parts give the same bytes.
func writeArchive(w io.Writer, parts []archivePart) error {
	z := zip.NewWriter(w)
	for _, p := range parts {
		f, err := z.CreateHeader(&zip.FileHeader{
			Name: p.name, Method: zip.Deflate,
			Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
		})
		if err == nil {
			_, err = f.Write(p.data)
		}
		if err != nil {
			return errs.New(errs.Internal, "write part %s: %w", p.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return errs.New(errs.Internal, "close archive: %w", err)
	}
	return nil
}
