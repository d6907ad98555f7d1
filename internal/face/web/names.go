package web

import (
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake/row"
)

// orgName is an organisation's name in the page's language, its number where
// nobody knows it. Nobody's is "".
func (s *Site) orgName(p *ui.Page, id int64) string {
	if id == 0 {
		return ""
	}
	o, err := s.Estate.Forest().Organisation(id)
	if err != nil {
		return p.Int(id)
	}
	return o.Name(p.Lang())
}

// orgHref is where an organisation is shown, "" where this reader has no such
// page.
func (s *Site) orgHref(p *ui.Page, id int64) string {
	if p.Person == nil || !s.leads(auth.Actor{Role: auth.Role(p.Person.Role), Via: auth.ViaSession}, "/organisations/{code}") {
		return ""
	}
	return "/organisations/" + s.Estate.Code(id)
}

// codeName is the name of the organisation that has a code, the code itself
// where nobody has it.
func (s *Site) codeName(p *ui.Page, code string) string {
	id, err := s.Estate.ByCode(code)
	if err != nil {
		return code
	}
	return s.orgName(p, id)
}

// kindName is a kind of problem in a few words.
func kindName(p *ui.Page, kind row.Kind) string { return p.T("finding.kind." + string(kind)) }

// ruleWords says in words why an asset is somebody's. A rule is data: a word,
// what is claimed, and in brackets who holds it (whose.Answer.Rule):
//
//	prefix 203.0.113.8/29 (system CONG-DVC of organisation SO-YTE, successor, since 2020-01-01)
func (s *Site) ruleWords(p *ui.Page, rule string) string {
	word, rest, _ := strings.Cut(rule, " ")
	if word == "person" {
		return p.T("finding.rule.person", "what", rest)
	}
	if word == "product" {
		return s.productRule(p, rest)
	}
	if word == "" || !p.Has("finding.rule."+word) {
		return p.T("finding.rule.none")
	}
	what, holder := rest, ""
	if i := strings.LastIndex(rest, " ("); i >= 0 {
		what, holder = rest[:i], strings.TrimSuffix(rest[i+2:], ")")
	}
	realm := ""
	if before, after, ok := strings.Cut(what, " in realm "); ok {
		what, realm = before, after
	}
	parts := []string{p.T("finding.rule."+word, "what", what)}
	if realm != "" {
		parts = append(parts, p.T("web.rule.realm", "realm", realm))
	}
	for part := range strings.SplitSeq(holder, ", ") {
		if text := s.holderWords(p, part); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ") + "."
}

// productRule reads the rule of a weakness in a product: "possible (CODE)".
func (s *Site) productRule(p *ui.Page, rest string) string {
	sure, holder, _ := strings.Cut(rest, " (")
	return p.T("threat.rule", "name", s.codeName(p, strings.TrimSuffix(holder, ")")), "sure", strings.ToLower(p.T("finding.probability."+sure)))
}

func (s *Site) holderWords(p *ui.Page, part string) string {
	switch word, rest, _ := strings.Cut(part, " "); word {
	case "organisation":
		if p.Has("web.rule.why." + rest) {
			return p.T("web.rule.why." + rest)
		}
		return p.T("web.rule.organisation", "name", s.codeName(p, rest))
	case "operator", "provider":
		return p.T("web.rule."+word, "name", s.codeName(p, rest))
	case "system":
		system, owner, _ := strings.Cut(rest, " of organisation ")
		return p.T("web.rule.system", "system", system, "name", s.codeName(p, owner))
	case "successor":
		return p.T("web.rule.successor")
	case "since":
		return p.T("web.rule.since", "date", dayWords(p, rest))
	}
	return part
}

// dayWords is an ISO date as the reader writes dates, or itself where it is none.
func dayWords(p *ui.Page, iso string) string {
	day, err := time.ParseInLocation(time.DateOnly, iso, p.Zone())
	if err != nil {
		return iso
	}
	return p.Date(day)
}
