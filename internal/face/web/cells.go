package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
)

// bodyCell names an organisation and leads to it where the reader may go there.
func (s *Site) bodyCell(p *ui.Page, id int64) templ.Component {
	name := s.orgName(p, id)
	switch href := s.orgHref(p, id); {
	case name == "":
		return ui.None(p)
	case href == "":
		return ui.Text(name)
	default:
		return ui.Link(href, name)
	}
}

// body is bodyCell for who has a code.
func (s *Site) body(p *ui.Page, code string) templ.Component {
	if code == "" {
		return ui.None(p)
	}
	id, err := s.Estate.ByCode(code)
	if err != nil {
		return ui.Text(code)
	}
	return s.bodyCell(p, id)
}

// stranger names a body that a record refers to. On the calm pages it is often
// outside the reader's scope, where a link would lead to nothing.
func (s *Site) stranger(p *ui.Page, code string) templ.Component {
	if p.Person == nil || calm(p.Person.Role) {
		return some(p, s.codeName(p, code))
	}
	return s.body(p, code)
}

// some is a text, or the mark of its absence.
func some(p *ui.Page, text string) templ.Component {
	if text == "" {
		return ui.None(p)
	}
	return ui.Text(text)
}

func someCode(p *ui.Page, text string) templ.Component {
	if text == "" {
		return ui.None(p)
	}
	return ui.Code(text)
}

func number(p *ui.Page, n int64) templ.Component { return ui.Text(p.Int(n)) }

// counted is a number that leads to the rows behind it; none leads nowhere.
func counted(p *ui.Page, n int64, href string) templ.Component {
	if n == 0 || href == "" {
		return number(p, n)
	}
	return ui.Link(href, p.Int(n))
}

// share is a part of a whole in words, "" of nothing.
func share(p *ui.Page, part, whole int64) string {
	if whole == 0 {
		return ""
	}
	return p.Percent(100 * float64(part) / float64(whole))
}

// kindChoices are the kinds of problems for a form, after the given first ones.
func kindChoices(p *ui.Page, first ...ui.Choice) []ui.Choice {
	all := slices.Clone(first)
	for _, k := range row.Kinds() {
		all = append(all, ui.Choice{Value: string(k), Label: kindName(p, k)})
	}
	return all
}

// words are choices or options whose labels are texts of the catalogue.
func words(p *ui.Page, prefix string, values ...string) []ui.Choice {
	all := make([]ui.Choice, len(values))
	for i, v := range values {
		all[i] = ui.Choice{Value: v, Label: p.T(prefix + v)}
	}
	return all
}

// options are choices as a filter has them.
func options(choices []ui.Choice) []ui.Option {
	all := make([]ui.Option, len(choices))
	for i, c := range choices {
		all[i] = ui.Option{Value: c.Value, Label: c.Label}
	}
	return all
}

func kinds[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}

// sourceHref is where a source is shown; its name is free text.
func sourceHref(name string) string { return "/sources/" + url.PathEscape(name) }

func sourceChoices(all []intake.Health) []ui.Choice {
	out := make([]ui.Choice, len(all))
	for i, h := range all {
		out[i] = ui.Choice{Value: h.Name, Label: h.Name}
	}
	return out
}

// query writes an address with parameters, empty ones left out.
func query(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Add(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// tidy is a posted value without the blanks around it.
func tidy(form url.Values, name string) string { return strings.TrimSpace(form.Get(name)) }
