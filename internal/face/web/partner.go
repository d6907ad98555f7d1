package web

import (
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
)

// partnerPage is what a partner sees of what it sends.
type partnerPage struct {
	Name      string
	Sources   []intake.Health
	States    map[int64]collect.State
	Documents ui.Table[intake.Document]
}

// partnerDocuments is how many deliveries the page names.
const partnerDocuments = 30

func (s *Site) partner(w http.ResponseWriter, r *http.Request) error {
	a := who(r)
	p := s.page(w, r, "web.partner.title")
	d := partnerPage{Name: s.orgName(p, a.Organisation)}
	var err error
	if d.Sources, err = s.Intake.Sources(r.Context(), a); err != nil {
		return err
	}
	if d.States, err = s.Collect.States(r.Context()); err != nil {
		return err
	}
	documents, err := s.Intake.Documents(r.Context(), a, intake.Filter{Newest: true, Limit: partnerDocuments})
	if err != nil {
		return err
	}
	d.Documents = ui.Table[intake.Document]{
		ID: "documents", Caption: p.T("web.nav.documents"), Rows: documents,
		Key: func(x intake.Document) string { return x.Label() },
		Columns: []ui.Column[intake.Document]{
			{Key: "id", Label: p.T("web.column.id"), Cell: func(x intake.Document) templ.Component { return ui.Text(x.Label()) }},
			{Key: "file", Label: p.T("web.partner.file"), Wide: true, Cell: func(x intake.Document) templ.Component { return ui.Code(x.File) }},
			{Key: "received", Label: p.T("web.partner.received"), Cell: func(x intake.Document) templ.Component { return ui.When(p, x.Received) }},
			{Key: "state", Label: p.T("web.column.state"), Cell: func(x intake.Document) templ.Component { return ui.State(p, "document", string(x.State)) }},
			{Key: "rows", Label: p.T("web.partner.rows"), Number: true, Cell: func(x intake.Document) templ.Component { return ui.Text(p.Int(x.Rows)) }},
			{Key: "quarantined", Label: p.T("web.partner.quarantined"), Number: true, Cell: func(x intake.Document) templ.Component { return ui.Text(p.Int(x.Quarantined)) }},
		},
		Empty: ui.Nothing{Title: p.T("web.partner.none"), Why: p.T("web.partner.none_why")},
	}
	if s.leads(a, "/documents/{id}") {
		d.Documents.Href = func(x intake.Document) string { return "/documents/S" + strconv.FormatInt(x.ID, 10) }
	}
	return s.show(w, r, partnerView(p, d))
}
