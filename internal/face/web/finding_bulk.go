package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
)

// bulkRows is how many findings one bulk act may take.
const bulkRows = 5000

// findingBulkPage shows what an act would do to many findings.
type findingBulkPage struct {
	Preview              ui.Preview
	Until, UntilRequired bool
	Table                ui.Table[finding.Preview]
	Nothing              *ui.Nothing // the act suits none of them
}

// findingBulkAsk is the preview. It shows each finding with what would become of
// it, and the form carries exactly these on: what is done is what was seen.
func (s *Site) findingBulkAsk(w http.ResponseWriter, r *http.Request) error {
	t, err := bulkAct(r)
	if err != nil {
		return err
	}
	ticked := ui.TickedIn(r)
	ids, err := s.tickedFindings(r, ticked)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	view, err := s.bulkView(p, r, t, ids, "/findings?"+ticked.Filters.Encode())
	if err != nil {
		return err
	}
	return s.show(w, r, view)
}

func (s *Site) bulkView(p *ui.Page, r *http.Request, t finding.Transition, ids []finding.ID, back string) (templ.Component, error) {
	previews, err := s.Findings.Preview(r.Context(), who(r), ids, finding.Change{Act: t.Act})
	if err != nil {
		return nil, err
	}
	can, fields := 0, url.Values{"back": {back}}
	for _, one := range previews {
		if one.Refused == "" {
			can++
			fields.Add("id", one.Finding.ID.String())
		}
	}
	act := p.T("finding.act." + string(t.Act))
	p.Title = act
	d := findingBulkPage{
		Until: t.Until || t.Act == finding.Refute, UntilRequired: t.Until,
		Preview: ui.Preview{
			Question: p.N("web.bulk.question", can, "act", act), Cancel: back,
			Act: ui.Button{Label: p.N("web.bulk.do", can, "act", act), Action: "/bulk/findings/" + string(t.Act), Fields: fields, Kind: ui.KindPrimary},
		},
		Table: ui.Table[finding.Preview]{
			ID: "effects", Caption: p.T("web.bulk.caption"), Rows: previews,
			Key: func(f finding.Preview) string { return f.Finding.ID.String() },
			Columns: []ui.Column[finding.Preview]{
				{Key: "id", Label: p.T("web.column.id"), Cell: func(f finding.Preview) templ.Component {
					return ui.Link("/findings/"+f.Finding.ID.String(), f.Finding.ID.String())
				}},
				{Key: "severity", Label: p.T("web.column.severity"), Cell: func(f finding.Preview) templ.Component { return ui.Severity(p, f.Finding.Severity.String()) }},
				{Key: "asset", Label: p.T("web.column.asset"), Wide: true, Cell: func(f finding.Preview) templ.Component { return assetCell(p, f.Finding) }},
				{Key: "organisation", Label: p.T("web.column.organisation"), Cell: func(f finding.Preview) templ.Component { return ui.Text(s.orgName(p, f.Finding.Organisation)) }},
				{Key: "from", Label: p.T("web.bulk.now"), Cell: func(f finding.Preview) templ.Component { return ui.State(p, "finding", string(f.Finding.State)) }},
				{Key: "to", Label: p.T("web.bulk.then"), Cell: func(f finding.Preview) templ.Component {
					if f.Refused != "" {
						return ui.Quiet(p.T("web.bulk.stays"))
					}
					return ui.State(p, "finding", string(f.To))
				}},
			},
		},
	}
	d.Preview.Effects = append(d.Preview.Effects, p.T("web.bulk.effect", "to", p.T("ui.state.finding."+string(t.To))))
	if key := "web.finding.effect." + string(t.Act); p.Has(key) {
		d.Preview.Effects = append(d.Preview.Effects, p.T(key))
	}
	if rest := len(previews) - can; rest > 0 {
		d.Preview.Effects = append(d.Preview.Effects, p.N("web.bulk.left_out", rest))
	}
	if t.Reason {
		d.Preview.Reason, d.Preview.Hint = p.T("web.column.reason"), p.T("web.finding.reason_hint")
	}
	if can == 0 {
		d.Nothing = &ui.Nothing{Title: p.T("web.bulk.none", "act", act), Why: p.T("web.bulk.none_why"), Acts: []ui.Button{{Label: p.T("web.bulk.back"), Href: back}}}
	}
	return findingBulkView(p, d), nil
}

func (s *Site) findingBulkDo(w http.ResponseWriter, r *http.Request) error {
	t, err := bulkAct(r)
	if err != nil {
		return err
	}
	back := localPath(r.PostFormValue("back"))
	if !strings.HasPrefix(back, "/findings") {
		back = "/findings"
	}
	ids, err := findingIDs(r.PostForm["id"])
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	change := finding.Change{Act: t.Act, Reason: strings.TrimSpace(r.PostFormValue("reason")), Until: s.dayEnd(p, r.PostFormValue("until"))}
	n, err := s.doAll(r, ids, change)
	if errs.Is(err, errs.Invalid) {
		view, viewErr := s.bulkView(p, r, t, ids, back)
		if viewErr != nil {
			return viewErr
		}
		return s.again(w, r, p, err, func() templ.Component { return view })
	}
	if err != nil {
		return err
	}
	return s.done(w, r, back, ui.Flash{Text: p.N("web.bulk.done", n, "act", p.T("finding.act."+string(t.Act)))})
}

// doAll does an act to many findings, a few hundred in a bracket, and says to how
// many. One that somebody else has moved meanwhile stops none of the others.
func (s *Site) doAll(r *http.Request, ids []finding.ID, change finding.Change) (n int, err error) {
	for some := range slices.Chunk(ids, 200) {
		did := 0
		err := s.DB.Write(r.Context(), func(tx *db.Tx) error {
			did = 0
			for _, id := range some {
				switch _, err := s.Findings.DoTx(tx, who(r), id, change); {
				case err == nil:
					did++
				case !errs.Is(err, errs.Conflict):
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n += did
	}
	return n, nil
}

func bulkAct(r *http.Request) (finding.Transition, error) {
	t, err := finding.Of(finding.Act(r.PathValue("act")))
	if err != nil || t.May == "" {
		return t, errs.New(errs.NotFound, "no act %q", r.PathValue("act"))
	}
	return t, auth.May(who(r), t.May)
}

// tickedFindings are the findings that a bulk bar sent, or all that its filters
// select.
func (s *Site) tickedFindings(r *http.Request, ticked ui.Ticked) ([]finding.ID, error) {
	if !ticked.All {
		return findingIDs(ticked.Keys)
	}
	f, err := findingFilter(ticked.Filters)
	if err != nil {
		return nil, err
	}
	f.Limit = bulkRows + 1
	list, err := s.Findings.List(r.Context(), who(r), f)
	if err != nil {
		return nil, err
	}
	if len(list.Items) > bulkRows {
		return nil, errs.New(errs.TooLarge, "more than %d findings at once", bulkRows)
	}
	ids := make([]finding.ID, len(list.Items))
	for i, one := range list.Items {
		ids[i] = one.ID
	}
	return ids, nil
}

func findingIDs(texts []string) ([]finding.ID, error) {
	if len(texts) > bulkRows {
		return nil, errs.New(errs.TooLarge, "more than %d findings at once", bulkRows)
	}
	ids := make([]finding.ID, 0, len(texts))
	for _, text := range texts {
		id, err := finding.ParseID(text)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}
