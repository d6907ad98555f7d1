package web

import (
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/city/regime"
	"tocsin/internal/face/web/ui"
)

// otherTongue says whether a field of a rule is the one of two texts that the
// reader does not read.
func otherTongue(p *ui.Page, fields map[string]any, name string) bool {
	mine, other := "_vi", "_en"
	if p.Lang() == "en" {
		mine, other = other, mine
	}
	stem, is := strings.CutSuffix(name, other)
	text, _ := fields[stem+mine].(string)
	return is && text != ""
}

// controlsPart is the catalogue of each level, as counts by group: the headings
// themselves are many, and their texts are the standards'.
func (s *Site) controlsPart(p *ui.Page) templ.Component {
	type row struct {
		regime, group string
		n             [regime.HighestLevel + 1]int
		source        regime.Source
	}
	var rows []*row
	for _, l := range s.Regime.LevelRegimes() {
		at := map[string]*row{}
		for level := regime.LowestLevel; level <= regime.HighestLevel; level++ {
			for _, c := range s.Regime.Controls(l.Code, level) {
				x := at[c.Group]
				if x == nil {
					x = &row{regime: l.Code, group: c.Group, source: c.Source}
					at[c.Group] = x
					rows = append(rows, x)
				}
				x.n[level]++
			}
		}
	}
	columns := []ui.Column[*row]{
		{Key: "regime", Label: p.T("level.column_regime"), Cell: func(x *row) templ.Component { return ui.Text(x.regime) }},
		{Key: "group", Label: p.T("level.column_group"), Wide: true, Cell: func(x *row) templ.Component { return ui.Text(groupWord(p, x.group)) }},
	}
	for level := regime.LowestLevel; level <= regime.HighestLevel; level++ {
		columns = append(columns, ui.Column[*row]{Key: "l" + p.Int(int64(level)), Label: levelWord(p, level), Cell: func(x *row) templ.Component {
			return ui.Text(p.Int(int64(x.n[level])))
		}})
	}
	columns = append(columns,
		ui.Column[*row]{Key: "mark", Label: p.T("work.regime.mark"), Cell: func(x *row) templ.Component { return markBadge(p, x.source.Mark) }},
		ui.Column[*row]{Key: "source", Label: p.T("work.regime.source"), Wide: true, Cell: func(x *row) templ.Component {
			source, _, _ := strings.Cut(x.source.Citation, ", mục")
			return ui.Text(source)
		}})
	title := p.T("regime.rule.control")
	return folded(title, false, ui.List(p, ui.Table[*row]{ID: "controls", Plain: true, Caption: title, Rows: rows, Columns: columns}))
}

// groupWord is a group of the catalogue as people read it.
func groupWord(p *ui.Page, group string) string {
	side, name, two := strings.Cut(group, "/")
	key := "level.side." + side
	if !p.Has(key) {
		return group
	}
	if !two {
		return p.T(key)
	}
	if word := "level.side." + strings.ReplaceAll(name, " ", "_"); p.Has(word) {
		name = p.T(word)
	}
	return p.T(key) + ": " + name
}
