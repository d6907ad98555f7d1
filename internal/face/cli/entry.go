package cli

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/api"
)

type sourceEntry struct {
	Name      string   `arg:""`
	Reference string   `required:"" placeholder:"TEXT"`
	Set       []string `required:"" sep:"none" placeholder:"FIELD=VALUE;…"`
	Letter    string   `placeholder:"FILE"`
}

// Run types in what a partner's letter says, a row for each --set, and prints
// the documents that it became.
func (c *sourceEntry) Run(s *session) error {
	body := map[string]any{"reference": c.Reference}
	var rows []api.EntryRow
	for _, text := range c.Set {
		row, err := entryRow(text)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	body["rows"] = rows
	if c.Letter != "" {
		raw, err := os.ReadFile(c.Letter)
		if err != nil {
			return noFile(c.Letter, err)
		}
		body["letter"], body["file"] = raw, filepath.Base(c.Letter)
	}
	server, err := s.server()
	if err != nil {
		return err
	}
	made, err := decode[struct{ Items []json.RawMessage }](server.ask(s.ctx, http.MethodPost, "/sources/"+url.PathEscape(c.Name)+"/entry", body))
	if err != nil {
		return err
	}
	p := s.printer(nounOf("document").columns)
	if err := p.take(made.Items); err != nil {
		return err
	}
	return p.end()
}

// entryRow reads "what=203.0.113.7; kind=malware; at=2026-03-01T10:00:00Z".
func entryRow(text string) (row api.EntryRow, err error) {
	fields := map[string]*string{
		"what": &row.What, "kind": &row.Kind, "at": &row.At, "port": &row.Port, "protocol": &row.Protocol, "severity": &row.Severity, "name": &row.Name, "note": &row.Note,
	}
	for part := range strings.SplitSeq(text, ";") {
		name, value, ok := strings.Cut(part, "=")
		to := fields[strings.TrimSpace(name)]
		if !ok || to == nil {
			return row, errs.New(errs.Usage, "--set %q: want FIELD=VALUE; …, of what, kind, at, port, protocol, severity, name and note", text)
		}
		*to = strings.TrimSpace(value)
	}
	return row, nil
}
