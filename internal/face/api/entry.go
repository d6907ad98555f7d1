package api

import (
	"bytes"
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/intake"
)

// EntryRow is a line of a letter, as somebody types it.
type EntryRow struct {
	What     string `json:"what" doc:"An address, a network, a domain, a URL; of an indicator a hash too."`
	Kind     string `json:"kind" doc:"A finding kind, or indicators."`
	At       string `json:"at,omitempty" doc:"When it was seen: RFC 3339, or a date and time in the source's zone."`
	Port     string `json:"port,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Severity string `json:"severity,omitempty"`
	Name     string `json:"name,omitempty" doc:"Malware family, CVE, signature."`
	Note     string `json:"note,omitempty"`
}

type newEntry struct {
	SourceNamed
	Body struct {
		Reference string     `json:"reference" doc:"Number and date of the letter, or who said it and when."`
		Rows      []EntryRow `json:"rows" nullable:"false"`
		File      string     `json:"file,omitempty" doc:"The letter's name."`
		Letter    []byte     `json:"letter,omitempty" doc:"The letter, PDF or DOCX, in base64."`
	}
}

// enter takes in what was typed: the answer is the documents that it became, the
// letter last.
func (s *server) enter(ctx context.Context, who auth.Actor, in *newEntry) (*list[Document], error) {
	e := intake.Entry{Source: in.Name, Reference: in.Body.Reference, File: in.Body.File}
	for _, r := range in.Body.Rows {
		e.Rows = append(e.Rows, intake.EntryRow(r))
	}
	if len(in.Body.Letter) > 0 {
		e.Letter = bytes.NewReader(in.Body.Letter)
	}
	made, err := s.Intake.Enter(ctx, who, e)
	if err != nil {
		return nil, err
	}
	return listed(each(made, sayDocument), ""), nil
}
