package web

import (
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake"
)

// documentColumns are the columns of a list of documents, with or without that
// of the source.
func (s *Site) documentColumns(p *ui.Page, source bool) []ui.Column[intake.Document] {
	type doc = intake.Document
	columns := []ui.Column[doc]{
		{Key: "id", Label: p.T("work.document.id"), Cell: func(d doc) templ.Component { return ui.Text(d.Label()) }},
		{Key: "received", Label: p.T("work.document.received"), Cell: func(d doc) templ.Component { return ui.Ago(p, d.Received) }},
		{Key: "state", Label: p.T("work.document.state"), Cell: func(d doc) templ.Component { return ui.State(p, "document", string(d.State)) }},
		{Key: "file", Label: p.T("work.document.file"), Wide: true, Cell: func(d doc) templ.Component { return someCode(p, d.File) }},
		{Key: "rows", Label: p.T("work.rows"), Number: true, Cell: func(d doc) templ.Component { return number(p, d.Rows) }},
		{Key: "kept", Label: p.T("work.document.kept"), Number: true, Cell: func(d doc) templ.Component { return number(p, d.Kept) }},
		{Key: "quarantined", Label: p.T("work.document.quarantined"), Number: true, Cell: func(d doc) templ.Component {
			return counted(p, d.Quarantined, query("/quarantine", "document", d.Label()))
		}},
		{Key: "duplicate", Label: p.T("work.document.duplicate"), Number: true, Off: true, Cell: func(d doc) templ.Component { return number(p, d.Duplicate) }},
		{Key: "opened", Label: p.T("work.document.opened"), Number: true, Cell: func(d doc) templ.Component {
			return counted(p, d.Opened, query("/findings", "document", d.Label(), "all", "1"))
		}},
		{Key: "by", Label: p.T("work.document.by"), Off: true, Cell: func(d doc) templ.Component { return ui.Text(d.ReceivedBy) }},
		{Key: "size", Label: p.T("work.document.size"), Number: true, Off: true, Cell: func(d doc) templ.Component { return ui.Text(size(p, d.Size)) }},
	}
	if source {
		of := ui.Column[doc]{Key: "source", Label: p.T("work.document.source"), Cell: func(d doc) templ.Component { return ui.Link(sourceHref(d.SourceName), d.SourceName) }}
		columns = append(columns[:2], append([]ui.Column[doc]{of}, columns[2:]...)...)
	}
	return columns
}

// size writes bytes in the unit that leaves one to three digits.
func size(p *ui.Page, bytes int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	n, i := float64(bytes), 0
	for n >= 1000 && i < len(units)-1 {
		n, i = n/1000, i+1
	}
	return p.Number(n, 1) + " " + units[i]
}

func (s *Site) documents(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.documents")
	f := intake.Filter{Source: p.Query("source"), State: intake.State(p.Query("state")), Since: day(p, "received_from"), Newest: true, Limit: wanted(r) + 1}
	f.Before, _ = strconv.ParseInt(p.Query("cursor"), 10, 64) // nonsense is the first page
	all, err := s.Intake.Documents(r.Context(), who(r), f)
	if err != nil {
		return err
	}
	sources, err := s.Intake.Sources(r.Context(), who(r))
	if err != nil {
		return err
	}
	all, next := turned(all, f.Limit, func(d intake.Document) string { return strconv.FormatInt(d.ID, 10) })
	t := top{Heading: ui.Heading{Lead: p.T("work.documents.lead")}}
	nothing := ui.Nothing{Title: p.T("work.documents.none"), Why: p.T("work.documents.none_why")}
	if may(r, auth.DocumentUpload) {
		add := ui.Button{Label: p.T("work.upload.act"), Href: query("/documents/new", "source", f.Source), Kind: ui.KindPrimary, Icon: ui.IconInbox}
		t.Acts, nothing.Acts = []ui.Button{add}, []ui.Button{add}
	}
	return showList(s, w, r, p, listing[intake.Document]{Top: t, Table: ui.Table[intake.Document]{
		ID: "documents", Caption: p.T("web.nav.documents"), Rows: all, Next: next,
		Href:    func(d intake.Document) string { return "/documents/" + d.Label() },
		Columns: s.documentColumns(p, true),
		Bar: ui.FilterBar{Filters: []ui.Filter{
			{Name: "source", Label: p.T("work.document.source"), Options: options(sourceChoices(sources))},
			{Name: "state", Label: p.T("work.document.state"), Options: options(words(p, "ui.state.document.", "received", "parsed", "partial", "unparsed"))},
			{Name: "received", Label: p.T("work.document.received"), Dates: true},
		}},
		Empty: nothing,
	}})
}

// turned cuts a list that was read with one row more than a page holds, and says
// where the next page begins.
func turned[T any](all []T, read int, cursor func(T) string) (shown []T, next string) {
	if len(all) < read {
		return all, ""
	}
	shown = all[:read-1]
	return shown, cursor(shown[len(shown)-1])
}
