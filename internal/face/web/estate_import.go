package web

import (
	"errors"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/face/web/ui"
)

// importBytes is the most that one import by browser brings in all its files.
const importBytes = sheet.MaxSize + 1<<20

func (s *Site) importPage(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.import.title")
	return s.showImport(w, r, p, http.StatusOK, nil)
}

func (s *Site) showImport(w http.ResponseWriter, r *http.Request, p *ui.Page, status int, results []estate.Result) error {
	var templates []templ.Component
	for _, k := range sheet.Kinds() {
		templates = append(templates, ui.Link("/estate/template/"+string(k), p.T("work.sheet."+string(k))))
	}
	parts := []templ.Component{}
	if results != nil {
		parts = append(parts, s.importResult(p, results))
	}
	parts = append(parts, box("grid-2",
		panel(p.T("work.import.choose"), uploading("/estate/import",
			files(p, "file", p.T("work.import.files"), p.T("work.import.files_hint"), true),
			ui.Act(p, ui.Button{Label: p.T("work.import.act"), Submit: true, Kind: ui.KindPrimary, Icon: ui.IconInbox}),
		)),
		panel(p.T("work.import.templates"), hushed(p.T("work.import.templates_lead")), box("stack-tight", wrapped(templates)...),
			bullets(p.T("work.import.rule_1"), p.T("work.import.rule_2"), p.T("work.import.rule_3"))),
	))
	t := top{Heading: ui.Heading{Lead: p.T("work.import.lead"), Crumbs: []ui.Crumb{{Label: p.T("web.nav.organisations"), Href: "/organisations"}}}}
	return s.showAs(w, r, status, board(p, t, parts))
}

// wrapped puts each part in a line of its own.
func wrapped(parts []templ.Component) []templ.Component {
	out := make([]templ.Component, len(parts))
	for i, part := range parts {
		out[i] = box("", part)
	}
	return out
}

// importResult tells file by file what became of it, and line by line what was
// refused: a file with one refused line is not applied at all.
func (s *Site) importResult(p *ui.Page, results []estate.Result) templ.Component {
	var refused []refusedLine
	whole, fallen := 0, 0
	for _, res := range results {
		for _, why := range res.Refused {
			refused = append(refused, refusedLine{File: res.File, Refusal: why})
		}
		if len(res.Refused) > 0 {
			fallen++
		} else {
			whole++
		}
	}
	tone, text := ui.ToneGood, p.N("work.import.all_taken", whole)
	if fallen > 0 {
		tone, text = ui.ToneHigh, p.T("work.import.some_fell", "fallen", fallen, "whole", whole)
	}
	type res = estate.Result
	parts := []templ.Component{
		notice(tone, strong(text)),
		ui.List(p, ui.Table[res]{ID: "files", Plain: true, Caption: p.T("work.import.results"), Rows: results, Columns: []ui.Column[res]{
			{Key: "file", Label: p.T("work.import.file"), Cell: func(x res) templ.Component { return ui.Text(x.File) }},
			{Key: "state", Label: p.T("work.state"), Cell: func(x res) templ.Component {
				if len(x.Refused) > 0 {
					return ui.Badge(ui.ToneHigh, p.T("work.import.fell"))
				}
				return ui.Badge(ui.ToneGood, p.T("work.import.taken"))
			}},
			{Key: "new", Label: p.T("work.import.new"), Number: true, Cell: func(x res) templ.Component { return number(p, int64(x.New)) }},
			{Key: "changed", Label: p.T("work.import.changed"), Number: true, Cell: func(x res) templ.Component { return number(p, int64(x.Changed)) }},
			{Key: "unchanged", Label: p.T("work.import.unchanged"), Number: true, Cell: func(x res) templ.Component { return number(p, int64(x.Unchanged)) }},
			{Key: "refused", Label: p.T("work.import.refused"), Number: true, Cell: func(x res) templ.Component { return number(p, int64(len(x.Refused))) }},
		}}),
	}
	if len(refused) > 0 {
		const shown = 500
		parts = append(parts, ui.List(p, ui.Table[refusedLine]{ID: "refused", Caption: p.T("work.import.refused"), Rows: refused[:min(len(refused), shown)], Total: len(refused), Columns: []ui.Column[refusedLine]{
			{Key: "file", Label: p.T("work.import.file"), Cell: func(x refusedLine) templ.Component { return ui.Text(x.place()) }},
			{Key: "line", Label: p.T("work.import.line"), Number: true, Cell: func(x refusedLine) templ.Component { return number(p, int64(x.Line)) }},
			{Key: "column", Label: p.T("work.import.column"), Number: true, Cell: func(x refusedLine) templ.Component {
				if x.Column == 0 {
					return ui.Text(p.T("work.import.whole_line"))
				}
				return number(p, int64(x.Column))
			}},
			{Key: "reason", Label: p.T("work.reason"), Wide: true, Cell: func(x refusedLine) templ.Component { return ui.Text(x.Text(p)) }},
		}}))
	}
	return panel(p.T("work.import.results"), parts...)
}

// A refusedLine is a refusal with the file that it stands in.
type refusedLine struct {
	File string
	estate.Refusal
}

func (x refusedLine) place() string {
	if x.Sheet != "" {
		return x.File + " · " + x.Sheet
	}
	return x.File
}

func (s *Site) importRun(w http.ResponseWriter, r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return badForm(r, err)
	}
	var all []estate.File
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return badForm(r, err)
		}
		if part.FileName() == "" {
			continue
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return badForm(r, err)
		}
		all = append(all, estate.File{Name: path.Base(strings.ReplaceAll(part.FileName(), `\`, "/")), Data: data})
	}
	p := s.page(w, r, "work.import.title")
	if len(all) == 0 {
		wrong(p, "file", "work.upload.no_file")
		return s.showImport(w, r, p, http.StatusUnprocessableEntity, nil)
	}
	results, err := s.Estate.Apply(r.Context(), who(r), all)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if estate.Refused(results) != nil {
		status = http.StatusUnprocessableEntity
	}
	return s.showImport(w, r, p, status, results)
}

// estateTemplate is an empty estate file with its columns, as offices fill it in.
func (s *Site) estateTemplate(w http.ResponseWriter, r *http.Request) error {
	for _, k := range sheet.Kinds() {
		if string(k) == r.PathValue("kind") {
			return download(w, string(k)+".csv", "text/csv; charset=utf-8", sheet.Write(k, sheet.Rows{}))
		}
	}
	return errs.New(errs.NotFound, "estate file %s: no such kind", strconv.Quote(r.PathValue("kind")))
}
