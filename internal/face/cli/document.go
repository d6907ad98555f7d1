package cli

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/api"
)

type documentReparse struct {
	ID     string `arg:"" name:"id"`
	NoWait bool   ``
}

// Run has a document read again and waits until it is, so that the numbers are
// final.
func (c *documentReparse) Run(s *session) error {
	server, err := s.server()
	if err != nil {
		return err
	}
	doc, err := decode[api.Document](server.ask(s.ctx, http.MethodPost, "/documents/"+url.PathEscape(c.ID)+"/reparse", nil))
	if err == nil && !c.NoWait {
		doc, err = s.awaitRead(server, doc)
	}
	if err != nil {
		return err
	}
	return s.print(doc)
}

type documentVouch struct {
	ID     string `arg:"" name:"id"`
	Reason string `required:"" placeholder:"TEXT"`
}

// Run vouches for the sender of a mail in doubt.
func (c *documentVouch) Run(s *session) error {
	return s.act("/documents/"+url.PathEscape(c.ID)+"/vouch", map[string]string{"reason": c.Reason})
}

type documentErase struct {
	ID    string `arg:"" name:"id"`
	Order string `required:"" placeholder:"TEXT"`
}

// Run erases a document's original by order.
func (c *documentErase) Run(s *session) error {
	return s.act("/documents/"+url.PathEscape(c.ID)+"/erase", map[string]string{"order": c.Order})
}

type documentOriginal struct {
	ID  string `arg:"" name:"id"`
	Out string `default:"-" placeholder:"FILE"`
}

// Run downloads a document as it came.
func (c *documentOriginal) Run(s *session) error {
	return s.download("/documents/"+url.PathEscape(c.ID)+"/original", c.Out)
}

// download writes an answer to a file, which is there whole or not at all; "-"
// is standard output.
func (s *session) download(path, file string) error {
	server, err := s.server()
	if err != nil {
		return err
	}
	a, err := server.do(s.ctx, call{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	defer func() { _ = a.Body.Close() }()
	p := s.progress("cli.receiving", file, a.ContentLength)
	defer p.end()
	return s.save(file, func(w io.Writer) error {
		_, err := io.Copy(w, &receiving{p: p, r: a.Body})
		return err
	})
}

// receiving counts what comes from the server.
type receiving struct {
	p *progress
	r io.Reader
}

func (c *receiving) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.at(c.p.done + int64(n))
	if err != nil && err != io.EOF { //nolint:errorlint // a Reader gives io.EOF itself
		err = errs.New(errs.Unavailable, "the server's answer broke off: %w", err)
	}
	return n, err
}

// save writes a file by way of another beside it, readable by its owner alone:
// what is saved is evidence, or everything.
func (s *session) save(file string, write func(w io.Writer) error) (err error) {
	if file == "-" {
		return write(s.out)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".tocsin-*")
	if err != nil {
		return noFile(file, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // it is given up
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return noFile(file, err)
	}
	if err := f.Close(); err != nil {
		return noFile(file, err)
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return noFile(file, err)
	}
	return nil
}
