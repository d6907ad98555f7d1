package ui

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// Table is a list of records that can be filtered, sorted, chosen from and
// taken away. Its whole state is the address:
//
//	q, and one parameter a filter    what is listed
//	sort=key or sort=-key            the order; read it with p.Sorting
//	columns=a,b,c                    which columns
//	cursor=…                         where the page begins
//	format=csv                       the export, same filters
type Table[T any] struct {
	ID      string // unique on the page: "findings"
	Caption string // what the rows are, read out to who cannot see them
	Columns []Column[T]
	Rows    []T
	Key     func(T) string // the row's id: the value of its tick, its anchor
	Href    func(T) string // what Enter opens; the first column links there
	Current func(T) bool   // the row that is open beside the list; may be nil

	Bar     FilterBar
	Bulk    []BulkAct // needs Key
	Total   int       // how many match in all; 0 where that is not counted
	Next    string    // cursor of the next page; "" on the last
	Exports []string  // formats offered: "csv", "xlsx", "json"
	Empty   Nothing   // said when there are no rows and no filter is on
	Plain   bool      // short and part of a page: neither count nor choice of columns
}

// Column is one property of the rows. The first column is the row's name and
// is always shown; give it plain words in Cell, the table links them.
type Column[T any] struct {
	Key, Label string
	Cell       func(T) templ.Component
	Sort       bool // the header sorts by Key
	Number     bool // figures: aligned right
	Wide       bool // long text: gets room
	Off        bool // not shown until chosen
	Minor      bool // steps back where a detail stands beside the list
}

// BulkAct is something to do with all ticked rows. Preview is a page that gets
// the ticked keys as id=… (or all=1 with the filters) by GET, shows the effect
// with Confirm, and only then acts.
type BulkAct struct{ Label, Preview string }

// List draws a table with its filter bar, bulk bar, exports and paging.
func List[T any](p *Page, t Table[T]) templ.Component {
	if t.ID == "" || len(t.Columns) == 0 {
		wrong("a table needs an ID and columns")
	}
	if len(t.Bulk) > 0 && t.Key == nil {
		wrong("table %s has bulk acts but no Key", t.ID)
	}
	flat := flatTable{
		id: t.ID, caption: t.Caption, bar: t.Bar, bulk: t.Bulk, total: t.Total, next: t.Next,
		exports: t.Exports, empty: t.Empty, plain: t.Plain,
	}
	wanted := chosenColumns(p)
	sorted, descending := p.Sorting("")
	var shown []Column[T]
	for i, c := range t.Columns {
		on := i == 0 || len(wanted) == 0 && !c.Off || slices.Contains(wanted, c.Key)
		h := header{key: c.Key, label: c.Label, sort: c.Sort, number: c.Number, wide: c.Wide, minor: c.Minor && len(wanted) == 0, on: on, isFirst: i == 0}
		if c.Sort && c.Key == sorted {
			h.order = "ascending"
			if descending {
				h.order = "descending"
			}
		}
		flat.all = append(flat.all, h)
		if on {
			shown = append(shown, c)
			flat.headers = append(flat.headers, h)
		}
	}
	for _, row := range t.Rows {
		flat.rows = append(flat.rows, flatRow(t, shown, row))
	}
	return table(p, flat)
}

func flatRow[T any](t Table[T], shown []Column[T], row T) tableRow {
	r := tableRow{}
	if t.Key != nil {
		r.key = t.Key(row)
	}
	if t.Href != nil {
		r.href = t.Href(row)
	}
	if t.Current != nil {
		r.current = t.Current(row)
	}
	for _, c := range shown {
		r.cells = append(r.cells, c.Cell(row))
	}
	return r
}

// flatTable is a table whose rows are already drawn, so that the template need
// not know their type.
type flatTable struct {
	id, caption  string
	bar          FilterBar
	bulk         []BulkAct
	total        int
	next         string
	exports      []string
	empty        Nothing
	plain        bool
	all, headers []header
	rows         []tableRow
}

type header struct {
	key, label                             string
	sort, number, wide, on, minor, isFirst bool
	order                                  string // "ascending", "descending" or ""
}

type tableRow struct {
	key, href string
	current   bool
	cells     []templ.Component
}

func chosenColumns(p *Page) []string {
	if s := p.Query("columns"); s != "" {
		return strings.Split(s, ",")
	}
	return nil
}

// sortHref turns the order round where the column already sorts.
func (h header) sortHref(p *Page) string {
	if h.order == "ascending" {
		return p.With("sort", "-"+h.key)
	}
	return p.With("sort", h.key)
}

// class says how the column's cells stand.
func (h header) class() string {
	var all []string
	for name, on := range map[string]bool{"num": h.number, "wide": h.wide, "minor": h.minor} {
		if on {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (h header) attributes() templ.Attributes {
	if h.order == "" {
		return nil
	}
	return templ.Attributes{"aria-sort": h.order}
}

// columnHref is the address with one column shown or hidden.
func (t flatTable) columnHref(p *Page, key string) string {
	var keys []string
	for _, h := range t.all {
		on := h.on
		if h.key == key {
			on = !on
		}
		if on && !h.isFirst {
			keys = append(keys, h.key)
		}
	}
	if len(keys) == 0 {
		keys = []string{"-"} // Only the first column: still a choice, not the default.
	}
	return p.With("columns", strings.Join(keys, ","), "cursor", p.Query("cursor"))
}

func (r tableRow) attributes() templ.Attributes {
	a := templ.Attributes{}
	if r.href != "" {
		a["data-href"] = string(templ.URL(r.href))
	}
	if r.key != "" {
		a["id"] = "row-" + r.key
	}
	if r.current {
		a["class"] = "current"
	}
	return a
}

// counted says how many rows are shown, of how many.
func (t flatTable) counted(p *Page) string {
	if t.total > 0 && t.total > len(t.rows) {
		return p.T("ui.table.some", "shown", len(t.rows), "total", t.total)
	}
	return p.N("ui.table.rows", len(t.rows))
}

// nothing is what an empty table says: that the filters let nothing through,
// or what the page says about having no rows at all.
func (t flatTable) nothing(p *Page) Nothing {
	if p.Query("cursor") != "" {
		return Nothing{
			Title: p.T("ui.table.past_end"), Why: p.T("ui.table.past_end_why"),
			Acts: []Button{{Label: p.T("ui.table.first_page"), Href: p.With()}},
		}
	}
	if len(t.bar.chips(p)) > 0 {
		return Nothing{
			Title: p.T("ui.table.no_match"), Why: p.T("ui.table.no_match_why"),
			Acts: []Button{{Label: p.T("ui.filter.clear"), Href: t.bar.cleared(p)}},
		}
	}
	if t.empty.Title == "" {
		return Nothing{Title: p.T("ui.table.none"), Why: p.T("ui.table.none_why")}
	}
	return t.empty
}

// Join draws components one after another, with a space between: a cell of two
// badges.
func Join(parts ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for i, part := range parts {
			if i > 0 {
				if _, err := io.WriteString(w, " "); err != nil {
					return err
				}
			}
			if err := part.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}
