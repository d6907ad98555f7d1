package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
)

// A page of a list is short enough to be read; an export is the whole list, up
// to what one browser and one spreadsheet bear.
const (
	listRows   = 50
	exportRows = 20_000
)

// wanted is how many rows a list reads for the request.
func wanted(r *http.Request) int {
	if r.URL.Query().Get("format") != "" {
		return exportRows
	}
	return listRows
}

// lay draws a page of the usual form.
func (s *Site) lay(w http.ResponseWriter, r *http.Request, p *ui.Page, t top, parts ...templ.Component) error {
	return s.show(w, r, board(p, t, parts))
}

// A listing is a page around a table: what stands before it, and what after.
type listing[T any] struct {
	Top           top
	Table         ui.Table[T]
	Before, After []templ.Component
}

// showList draws the page, or, where the address asks for it, the table as CSV:
// the columns that are shown, with the words that stand in them.
func showList[T any](s *Site, w http.ResponseWriter, r *http.Request, p *ui.Page, l listing[T]) error {
	switch format := p.Query("format"); format {
	case "":
		l.Table.Exports = []string{"csv"}
		parts := append(slices.Clone(l.Before), ui.List(p, l.Table))
		return s.lay(w, r, p, l.Top, append(parts, l.After...)...)
	case "csv":
		return exportList(w, r, p, l.Table)
	default:
		return errs.New(errs.Usage, "export %s: no format is called %q", r.URL.Path, format)
	}
}

// exportList writes a table as a spreadsheet opens it: UTF-8 with its mark, and
// no cell that would run as a formula.
func exportList[T any](w http.ResponseWriter, r *http.Request, p *ui.Page, t ui.Table[T]) error {
	var chosen []string
	if c := p.Query("columns"); c != "" {
		chosen = strings.Split(c, ",")
	}
	var shown []ui.Column[T]
	for i, c := range t.Columns {
		if i == 0 || len(chosen) == 0 && !c.Off || slices.Contains(chosen, c.Key) {
			shown = append(shown, c)
		}
	}
	var out bytes.Buffer
	out.WriteString("\ufeff")
	lines := csv.NewWriter(&out)
	head := make([]string, len(shown))
	for i, c := range shown {
		head[i] = c.Label
	}
	if err := lines.Write(head); err != nil {
		return err
	}
	for _, row := range t.Rows {
		cells := make([]string, len(shown))
		for i, c := range shown {
			text, err := wordsOf(r.Context(), c.Cell(row))
			if err != nil {
				return err
			}
			cells[i] = harmless(text)
		}
		if err := lines.Write(cells); err != nil {
			return err
		}
	}
	lines.Flush()
	if err := lines.Error(); err != nil {
		return err
	}
	return download(w, t.ID+".csv", "text/csv; charset=utf-8", out.Bytes())
}

// download sends a file to be saved.
func download(w http.ResponseWriter, name, kind string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", attachment(name))
	_, _ = w.Write(body) // The reader went away; there is nobody to tell.
	return nil
}

// attachment names a file for the browser in a way that no file name breaks.
func attachment(name string) string {
	plain := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || strings.ContainsRune(`"\/`, c) {
			return '_'
		}
		return c
	}, name)
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// wordsOf are the words that a cell shows; a time is its instant.
func wordsOf(ctx context.Context, c templ.Component) (string, error) {
	var drawn bytes.Buffer
	if err := c.Render(ctx, &drawn); err != nil {
		return "", err
	}
	text := drawn.String()
	for _, step := range []struct{ pattern, with string }{
		{`<time[^>]*datetime="([^"]*)"[^>]*>[^<]*</time>`, "$1"},
		{`<span class="sr">[^<]*</span>`, ""},
		{`<[^>]*>`, " "},
	} {
		text = regexp.MustCompile(step.pattern).ReplaceAllString(text, step.with)
	}
	text = strings.Join(strings.Fields(html.UnescapeString(text)), " ")
	if text == "–" {
		return "", nil
	}
	return text, nil
}

// harmless keeps a spreadsheet from taking text of strangers for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// day is an ISO date of the address as the beginning of that day in the city,
// the zero time for none or nonsense; a filter is no form to be told off in.
func day(p *ui.Page, name string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, p.Query(name), p.Zone())
	if err != nil {
		return time.Time{}
	}
	return t
}

// read runs what a page reads in one snapshot.
func (s *Site) read(r *http.Request, do func(tx *db.Tx) error) error {
	return s.DB.Read(r.Context(), do)
}

// amiss is again for the verbs of a room that has texts of its own for what is
// wrong with a field, "ROOM.wrong.FIELD".
func (s *Site) amiss(w http.ResponseWriter, r *http.Request, p *ui.Page, room string, err error, view func() templ.Component) error {
	code := errs.CodeOf(err)
	if code != errs.Invalid && code != errs.Conflict && code != errs.Usage {
		return err
	}
	for _, place := range errs.PlacesOf(err) {
		text := p.T("work.wrong.input", "reason", place.Reason)
		if key := room + ".wrong." + place.Field; p.Has(key) {
			text = p.T(key)
		}
		p.Problems = append(p.Problems, ui.Problem{Field: place.Field, Text: text})
	}
	if len(errs.PlacesOf(err)) == 0 {
		text := p.T("work.wrong.input", "reason", err.Error())
		if key := "work.wrong." + code.String() + "." + room; p.Has(key) {
			text = p.T(key)
		}
		p.Problems = append(p.Problems, ui.Problem{Text: text})
	}
	p.Posted = r.PostForm
	return s.showAs(w, r, code.HTTP(), view())
}

// may says whether the reader may do such a thing at all, so that a page leaves
// out what would only be refused.
func may(r *http.Request, act auth.Act) bool { return auth.May(who(r), act) == nil }

// badForm is what a form that cannot be read at all is refused with.
func badForm(r *http.Request, err error) error {
	return errs.New(errs.Usage, "read the form of %s: %w", r.URL.Path, err)
}
