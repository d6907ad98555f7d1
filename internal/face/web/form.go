package web

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
)

// again shows a form once more, with what was typed and what is wrong with it,
// when err is about the input; any other error is returned as it is. The verbs'
// reasons are English and few: each has a text under "web.fault.…".
func (s *Site) again(w http.ResponseWriter, r *http.Request, p *ui.Page, err error, view func() templ.Component) error {
	code := errs.CodeOf(err)
	if code != errs.Invalid && code != errs.Conflict && code != errs.Usage {
		return err
	}
	p.Problems = append(p.Problems, problems(p, err)...)
	p.Posted = r.PostForm
	return s.showAs(w, r, code.HTTP(), view())
}

// wrong is a problem with a field that the page itself has found.
func wrong(p *ui.Page, field, key string, pairs ...any) {
	p.Problems = append(p.Problems, ui.Problem{Field: field, Text: p.T(key, pairs...)})
}

// problems says in the reader's language what an error says of the input.
func problems(p *ui.Page, err error) []ui.Problem {
	places := errs.PlacesOf(err)
	if len(places) == 0 {
		return []ui.Problem{{Text: faultText(p, err.Error())}}
	}
	all := make([]ui.Problem, len(places))
	for i, place := range places {
		all[i] = ui.Problem{Field: place.Field, Text: faultText(p, place.Reason)}
	}
	return all
}

// faultText is the text of a reason, or the reason itself where nobody has
// translated it: better a foreign word than none.
func faultText(p *ui.Page, reason string) string {
	if key := "web.fault." + slug(reason); p.Has(key) {
		return p.T(key)
	}
	return p.T("web.fault", "reason", reason)
}

// slug is a reason as the end of a key: "say until when" is say-until-when.
func slug(reason string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(reason) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}
