package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/city/regime"
	"tocsin/internal/face/web/ui"
)

// markTone says by colour how far a rule can be relied on: what nobody has
// checked is unknown, never good.
func markTone(m regime.Mark) ui.Tone {
	switch m {
	case regime.Verified:
		return ui.ToneGood
	case regime.City:
		return ui.ToneActive
	case regime.Default:
		return ui.TonePlain
	case regime.Press, regime.Inferred:
		return ui.ToneMedium
	case regime.General:
	}
	return ui.ToneUnknown
}

func markBadge(p *ui.Page, m regime.Mark) templ.Component {
	return ui.Badge(markTone(m), p.T("regime.mark."+string(m)))
}

// regimeGroups are the families of rules in the order of the page.
func regimeGroups() []string {
	return []string{"clock", "digest", "steps", "brake", "promise", "health", "quiet", "hours", "zone", "authority", "edition", "instrument", "levels", "criterion", "definition", "principle", "approval", "transition", "question", "control", "day"}
}

func (s *Site) regime(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.regime")
	groups := map[string][]regime.Rule{}
	marks := map[regime.Mark]int{}
	for _, rule := range s.Regime.Rules() {
		family, _, _ := strings.Cut(rule.Name, ".")
		groups[family] = append(groups[family], rule)
		marks[rule.Source.Mark]++
	}
	grave := []string{"critical", "high", "medium", "low", "info"}
	for _, family := range []string{"clock", "digest"} {
		slices.SortStableFunc(groups[family], func(a, b regime.Rule) int {
			return slices.Index(grave, strings.TrimPrefix(a.Name, family+".")) - slices.Index(grave, strings.TrimPrefix(b.Name, family+"."))
		})
	}
	now := s.Regime.At(p.Now)
	authority := s.Regime.Authority(p.Now)
	name := func(vi, en string) string {
		if p.Lang() == "en" && en != "" {
			return en
		}
		return vi
	}
	var legend []templ.Component
	for _, m := range []regime.Mark{regime.Verified, regime.Inferred, regime.Press, regime.General, regime.Default, regime.City} {
		if marks[m] > 0 {
			legend = append(legend, markBadge(p, m), ui.Quiet(p.Int(int64(marks[m]))))
		}
	}
	parts := []templ.Component{
		panel(p.T("work.regime.now"), ui.Facts(p, []ui.Fact{
			{Label: p.T("work.regime.edition"), Value: ui.Text(name(now.NameVi, now.NameEn)), Note: now.Source.Citation},
			{Label: p.T("work.regime.authority"), Value: ui.Text(name(authority.NameVi, authority.NameEn)), Note: authority.Source.Citation},
		}), box("row", legend...)),
	}
	for i, family := range regimeGroups() {
		if len(groups[family]) == 0 {
			continue
		}
		parts = append(parts, folded(p.T("work.regime.group", "name", p.T("regime.rule."+family), "n", len(groups[family])), i < 5, s.ruleTable(p, family, groups[family])))
	}
	parts = append(parts, s.controlsPart(p))
	if year := p.Now.In(p.Zone()).Year(); len(s.Regime.Calendar().Year(year)) > 0 {
		parts = append(parts, folded(p.T("work.regime.days", "year", strconv.Itoa(year)), false, s.dayTable(p, s.Regime.Calendar().Year(year))))
	}
	if changes := s.Regime.Changes(); len(changes) > 0 {
		parts = append(parts, panel(p.T("work.regime.changes"), ui.List(p, ui.Table[regime.Change]{ID: "changes", Plain: true, Caption: p.T("work.regime.changes"), Rows: changes, Columns: []ui.Column[regime.Change]{
			{Key: "rule", Label: p.T("work.regime.rule"), Cell: func(c regime.Change) templ.Component { return ui.Code(c.Rule) }},
			{Key: "date", Label: p.T("work.part.date"), Cell: func(c regime.Change) templ.Component { return ui.Text(isoDate(p, c.Date)) }},
			{Key: "reason", Label: p.T("work.reason"), Wide: true, Cell: func(c regime.Change) templ.Component { return ui.Text(c.Reason) }},
		}})))
	}
	return s.lay(w, r, p, top{Heading: ui.Heading{Lead: p.T("work.regime.lead")}}, parts...)
}

func (s *Site) ruleTable(p *ui.Page, family string, rules []regime.Rule) templ.Component {
	return ui.List(p, ui.Table[regime.Rule]{ID: "rules-" + family, Plain: true, Caption: p.T("regime.rule." + family), Rows: rules, Columns: []ui.Column[regime.Rule]{
		{Key: "name", Label: p.T("work.regime.rule"), Cell: func(x regime.Rule) templ.Component { return ui.Text(ruleName(p, x.Name)) }},
		{Key: "value", Label: p.T("work.regime.value"), Wide: true, Cell: func(x regime.Rule) templ.Component { return bulletsOrOne(ruleValue(p, x)) }},
		{Key: "mark", Label: p.T("work.regime.mark"), Cell: func(x regime.Rule) templ.Component { return markBadge(p, x.Source.Mark) }},
		{Key: "source", Label: p.T("work.regime.source"), Wide: true, Cell: func(x regime.Rule) templ.Component { return ui.Text(x.Source.Citation) }},
	}})
}

func bulletsOrOne(lines []string) templ.Component {
	if len(lines) == 1 {
		return ui.Text(lines[0])
	}
	var parts []templ.Component
	for _, line := range lines {
		parts = append(parts, box("", ui.Text(line)))
	}
	return box("", parts...)
}

// ruleName says which of a family a rule is.
func ruleName(p *ui.Page, name string) string {
	family, which, _ := strings.Cut(name, ".")
	switch family {
	case "clock", "digest", "promise":
		return p.T("ui.severity." + which)
	case "quiet":
		if which == "*" {
			return p.T("work.regime.any_kind")
		}
		return p.T("finding.kind." + which)
	case "authority":
		role, _, _ := strings.Cut(which, ".")
		return p.T("regime.authority." + role)
	case "":
		return name
	}
	if which == "" {
		return p.T("regime.rule." + family)
	}
	return which
}

// ruleValue says what a rule decides, a line for each of its fields; the one
// name of two that the reader does not read is left out.
func ruleValue(p *ui.Page, x regime.Rule) []string {
	var fields map[string]any
	if json.Unmarshal(x.Value, &fields) != nil {
		return []string{string(x.Value)}
	}
	other := "name_en"
	if p.Lang() == "en" && fields["name_en"] != nil {
		other = "name_vi"
	}
	var lines []string
	for _, name := range fieldOrder(fields) {
		if name == other || name == "role" || otherTongue(p, fields, name) {
			continue
		}
		text := ruleWord(p, name, fields[name])
		if text == "" {
			continue
		}
		switch {
		case name == "name_vi" || name == "name_en" || name == "name" || name == "text_vi" || name == "text_en":
			lines = append(lines, text)
		case p.Has("work.regime.field." + name):
			lines = append(lines, p.T("work.regime.field."+name)+": "+text)
		case p.Has("work.weekday." + name):
			lines = append(lines, p.T("work.weekday."+name)+": "+text)
		default:
			lines = append(lines, name+": "+text)
		}
	}
	if len(lines) == 0 {
		return []string{"–"}
	}
	return lines
}

// fieldOrder are the fields of a rule in the order in which people read them;
// one that nobody has thought of comes last.
func fieldOrder(fields map[string]any) []string {
	order := []string{
		"name_vi", "name_en", "name", "code", "matter", "acknowledge", "remedy", "rhythm", "weekday", "at", "organisations", "window", "times", "deliveries", "at_least",
		"period", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "make_up", "date", "work", "from", "to",
	}
	names := slices.Sorted(maps.Keys(fields))
	slices.SortStableFunc(names, func(a, b string) int { return place(order, a) - place(order, b) })
	return names
}

func place(order []string, name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

// ruleWord is one value of a rule in words.
func ruleWord(p *ui.Page, name string, v any) string {
	switch v := v.(type) {
	case string:
		var span regime.Span
		switch {
		case v == "":
			return ""
		case name == "rhythm":
			return p.T("regime.rhythm." + v)
		case name == "weekday":
			return p.T("work.weekday." + v)
		case name == "from" || name == "to":
			return isoDate(p, v)
		case span.UnmarshalText([]byte(v)) == nil:
			return span.Words(p.Voice)
		}
		return v
	case float64:
		return p.Number(v, 1)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		var all []string
		for _, item := range v {
			text, _ := item.(string)
			if name == "to" {
				text = p.T("regime.step." + text)
			}
			all = append(all, text)
		}
		if len(all) == 0 {
			return p.T("work.regime.closed")
		}
		if name == "to" {
			return strings.Join(all, " → ")
		}
		return strings.Join(all, ", ")
	}
	return ""
}

func (s *Site) dayTable(p *ui.Page, days []regime.Day) templ.Component {
	return ui.List(p, ui.Table[regime.Day]{ID: "days", Plain: true, Caption: p.T("regime.rule.day"), Rows: days, Columns: []ui.Column[regime.Day]{
		{Key: "date", Label: p.T("work.part.date"), Cell: func(d regime.Day) templ.Component { return ui.Text(isoDate(p, d.Date)) }},
		{Key: "name", Label: p.T("work.part.name"), Cell: func(d regime.Day) templ.Component {
			if p.Lang() == "en" {
				return ui.Text(d.NameEn)
			}
			return ui.Text(d.NameVi)
		}},
		{Key: "working", Label: p.T("work.state"), Cell: func(d regime.Day) templ.Component {
			if d.Working {
				return ui.Badge(ui.ToneActive, p.T("work.regime.worked"))
			}
			return ui.Badge(ui.TonePlain, p.T("work.regime.off"))
		}},
		{Key: "mark", Label: p.T("work.regime.mark"), Cell: func(d regime.Day) templ.Component { return markBadge(p, d.Source.Mark) }},
		{Key: "source", Label: p.T("work.regime.source"), Wide: true, Cell: func(d regime.Day) templ.Component { return ui.Text(d.Source.Citation) }},
	}})
}
