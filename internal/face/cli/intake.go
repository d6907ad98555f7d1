package cli

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/api"
)

type intakeCommand struct {
	Files      []string      `arg:"" name:"file"`
	Source     string        `required:"" placeholder:"NAME"`
	ReportType string        `placeholder:"TYPE"`
	NoWait     bool          `xor:"wait"`
	Wait       bool          `xor:"wait"`
	Timeout    time.Duration `default:"30s" placeholder:"DURATION"`
	Strict     bool          ``
}

// taken is what became of a file. The numbers count rows.
type taken struct {
	Document    string `json:"document"`
	File        string `json:"file"`
	Rows        int64  `json:"rows"`
	Kept        int64  `json:"kept"`
	Quarantined int64  `json:"quarantined"`
	Duplicate   int64  `json:"duplicate"`
	State       string `json:"state"`
	Reason      string `json:"reason,omitempty"`
}

// Run hands files in and waits until they are read, so that the numbers are
// final. What was stored before something failed is printed all the same.
func (c *intakeCommand) Run(s *session) error {
	if err := readable(c.Files); err != nil {
		return err
	}
	server, err := s.server()
	if err != nil {
		return err
	}
	var stored []api.Uploaded
	var failed error
	for _, file := range c.Files {
		doc, err := c.send(s, server, file)
		if err != nil {
			failed = err
			break
		}
		stored = append(stored, doc)
	}
	out := make([]taken, 0, len(stored))
	strict := false
	for i, doc := range stored {
		if !c.NoWait {
			if doc.Document, err = s.awaitRead(server, doc.Document); err != nil {
				return err
			}
		}
		one := taken{Document: doc.ID, File: c.Files[i], Rows: doc.Rows, Kept: doc.Kept, Quarantined: doc.Quarantined, Duplicate: doc.Duplicate, State: string(doc.State)}
		if doc.Again {
			// The rows were counted when the bytes came first.
			one.Kept, one.Quarantined, one.Duplicate = 0, 0, doc.Rows
		}
		if doc.Reason != nil {
			one.Reason = *doc.Reason
		}
		strict = strict || doc.Quarantined > 0 || doc.State == "unparsed"
		out = append(out, one)
	}
	if err := several(s, out, []string{"document", "file", "state", "rows", "kept", "quarantined", "duplicate"}); err != nil {
		return err
	}
	if failed == nil {
		failed = waiting{Wait: c.Wait, Timeout: c.Timeout}.settle(s)
	}
	if failed == nil && c.Strict && strict {
		failed = errs.New(errs.Invalid, "%s", s.voice.T("cli.strict"))
	}
	return failed
}

// readable says whether all files are there, before the first one is sent.
func readable(files []string) error {
	for _, file := range files {
		if file == "-" {
			continue
		}
		f, err := os.Open(file)
		if err != nil {
			return noFile(file, err)
		}
		info, err := f.Stat()
		_ = f.Close() // it was only looked at
		if err == nil && info.IsDir() {
			err = errs.New(errs.Invalid, "it is a folder")
		}
		if err != nil {
			return noFile(file, err)
		}
	}
	return nil
}

// open opens a file of the caller's, "-" for standard input. Size is -1 where it
// is not known.
func (s *session) open(file string) (in io.ReadCloser, size int64, err error) {
	if file == "-" {
		return io.NopCloser(s.in), -1, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, noFile(file, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, noFile(file, err)
	}
	if !info.Mode().IsRegular() {
		return f, -1, nil
	}
	return f, info.Size(), nil
}

func (c *intakeCommand) send(s *session, server *client, file string) (api.Uploaded, error) {
	in, size, err := s.open(file)
	if err != nil {
		return api.Uploaded{}, err
	}
	defer func() { _ = in.Close() }()
	name := filepath.Base(file)
	if file == "-" {
		name = "stdin"
	}
	p := s.progress("cli.sending", file, size)
	defer p.end()
	header := http.Header{"Content-Type": {"application/octet-stream"}, "X-Filename": {plain(name)}}
	if c.ReportType != "" {
		header["X-Report-Type"] = []string{plain(c.ReportType)}
	}
	return decode[api.Uploaded](server.json(s.ctx, call{
		method: http.MethodPost, path: "/sources/" + url.PathEscape(c.Source) + "/documents", header: awaited(header), body: p.reading(in),
	}))
}

// awaitRead waits until a document has been read through.
func (s *session) awaitRead(server *client, doc api.Document) (api.Document, error) {
	p := s.progress("cli.reading", doc.ID, -1)
	defer p.end()
	pause := 2 * time.Millisecond
	for doc.State == "received" {
		select {
		case <-s.ctx.Done():
			return doc, errs.New(errs.Unavailable, "wait for %s: %w", doc.ID, s.ctx.Err())
		case <-time.After(pause):
		}
		pause = min(2*pause, 500*time.Millisecond)
		var err error
		if doc, err = decode[api.Document](server.ask(s.ctx, http.MethodGet, "/documents/"+url.PathEscape(doc.ID), nil)); err != nil {
			return doc, err
		}
		p.at(doc.Done)
	}
	return doc, nil
}
