package cli

import (
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"tocsin/internal/base/errs"
)

type importEstate struct {
	Files        []string `arg:"" name:"file"`
	Organisation string   `placeholder:"CODE"`
	Hostname     string   `placeholder:"NAME"`
	System       string   `placeholder:"CODE"`
	waiting
}

// imported is what an import did with a file; see estate.Result.
type imported struct {
	File      string    `json:"file"`
	New       int       `json:"new"`
	Changed   int       `json:"changed"`
	Unchanged int       `json:"unchanged"`
	Refused   []refusal `json:"refused"`
}

type refusal struct {
	Sheet  string `json:"sheet,omitempty"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Reason string `json:"reason"`
}

// Run imports estate files. Every refused row is a place of the error.
func (c *importEstate) Run(s *session) error {
	if err := readable(c.Files); err != nil {
		return err
	}
	server, err := s.server()
	if err != nil {
		return err
	}
	results, err := c.send(s, server)
	if err != nil {
		return err
	}
	var places []errs.Place
	for i := range results {
		if i < len(c.Files) {
			results[i].File = c.Files[i] // the form carried the last part of the path
		}
		for _, r := range results[i].Refused {
			places = append(places, errs.Place{File: results[i].File, Line: r.Line, Column: r.Column, Field: r.Sheet, Reason: r.Reason})
		}
	}
	if s.JSON || s.JSONL {
		err = several(s, results, nil)
	} else {
		err = several(s, summaries(results), []string{"file", "new", "changed", "unchanged", "refused"})
	}
	if err != nil {
		return err
	}
	if len(places) > 0 {
		return errs.At(errs.Invalid, places, "%s", s.voice.N("cli.import-refused", len(places)))
	}
	return c.settle(s)
}

// summary is an import for the table.
type summary struct {
	File      string `json:"file"`
	New       int    `json:"new"`
	Changed   int    `json:"changed"`
	Unchanged int    `json:"unchanged"`
	Refused   int    `json:"refused"`
}

func summaries(results []imported) []summary {
	out := make([]summary, len(results))
	for i, r := range results {
		out[i] = summary{r.File, r.New, r.Changed, r.Unchanged, len(r.Refused)}
	}
	return out
}

// send streams the files as the parts of a form.
func (c *importEstate) send(s *session, server *client) ([]imported, error) {
	read, write := io.Pipe()
	form := multipart.NewWriter(write)
	go func() { _ = write.CloseWithError(c.write(s, form)) }() // it never fails; the reader gets the error
	defer func() { _ = read.Close() }()                        // ends the writer when the call did not read on
	return decode[[]imported](server.json(s.ctx, call{
		method: http.MethodPost, path: "/estate/import", query: c.owner(), body: read, header: awaited(http.Header{"Content-Type": {form.FormDataContentType()}}),
	}))
}

// owner says whose a bill of materials is, which does not say it itself.
func (c *importEstate) owner() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"organisation": c.Organisation, "hostname": c.Hostname, "system": c.System} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

func (c *importEstate) write(s *session, form *multipart.Writer) error {
	for _, file := range c.Files {
		if err := c.one(s, form, file); err != nil {
			return err
		}
	}
	return form.Close()
}

func (c *importEstate) one(s *session, form *multipart.Writer, file string) error {
	in, size, err := s.open(file)
	if err != nil {
		return &sending{err}
	}
	defer func() { _ = in.Close() }()
	name := file
	if file == "-" {
		name = "stdin"
	}
	to, err := form.CreateFormFile("file", plain(name))
	if err != nil {
		return err
	}
	p := s.progress("cli.sending", file, size)
	defer p.end()
	_, err = io.Copy(to, p.reading(in))
	return err
}
