package estate

import (
	"context"
	"slices"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/i18n"
	"tocsin/internal/city/estate/sheet"
)

// System is an information system.
type System struct {
	ID          int64    `db:"id" json:"-"`
	Code        string   `db:"code" json:"code"`
	NameVI      string   `db:"name_vi" json:"name_vi"`
	NameEN      string   `db:"name_en" json:"name_en"`
	Owner       string   `db:"owner" json:"owner"`             // code of the organisation
	Operator    string   `db:"operator" json:"operator"`       // code, "" where the owner operates it
	Kind        string   `db:"kind" json:"kind"`               // one of sheet.SystemKinds
	Level       int      `db:"level" json:"level"`             // 1 to 5, 0 while it has none
	Criticality string   `db:"criticality" json:"criticality"` // one of sheet.Criticalities, or ""
	DependsOn   []string `db:"-" json:"depends_on"`            // codes of systems
	Status      string   `db:"status" json:"status"`           // one of sheet.Statuses, or ""
	Revision    int64    `db:"touched" json:"revision,omitempty"`

	Needs string `db:"depends_on" json:"-"` // DependsOn as the database has it
}

// Name is the name in a language.
func (s System) Name(lang string) string { return named(s.NameVI, s.NameEN, lang) }

type systemRow struct {
	base
	Code        string `db:"code" json:"code"`
	NameVI      string `db:"name_vi" json:"name_vi"`
	NameEN      string `db:"name_en" json:"name_en"`
	Owner       int64  `db:"owner" json:"owner"`
	Operator    int64  `db:"operator" json:"operator"`
	Kind        string `db:"kind" json:"kind"`
	Level       int    `db:"level" json:"level"`
	Criticality string `db:"criticality" json:"criticality"`
	DependsOn   string `db:"depends_on" json:"depends_on"` // codes divided by blanks, in order
	Status      string `db:"status" json:"status"`
}

func systems() noun[systemRow, System] {
	return noun[systemRow, System]{
		kind: "system", table: "system",
		columns: []string{
			"code", "name_vi", "name_en", "owner", "operator", "kind", "level", "criticality", "depends_on", "status",
		},
		values: func(s systemRow) []any {
			return []any{
				s.Code, s.NameVI, s.NameEN, s.Owner, s.Operator, s.Kind, s.Level, s.Criticality, s.DependsOn, s.Status,
			}
		},
		index: func(s *systemRow) {
			s.Key = s.Code
			s.Search = found(s.Code, s.NameVI, s.NameEN)
			s.Sort = i18n.SortKey(s.NameVI)
		},
		view: func(b *books, s systemRow) (System, error) {
			b.systems.learn(s.ID, s.Code)
			l := lookup{books: b}
			return System{
				ID: s.ID, Code: s.Code, NameVI: s.NameVI, NameEN: s.NameEN, Owner: l.organisation(s.Owner),
				Operator: l.organisation(s.Operator), Kind: s.Kind, Level: s.Level, Criticality: s.Criticality,
				DependsOn: needs(s.DependsOn), Status: s.Status,
			}, l.err
		},
		subject: func(s System) string { return s.Code },
		holder:  func(s systemRow) int64 { return s.Owner },
	}
}

// needs are the codes in the column depends_on; never nil, so that JSON has a
// list.
func needs(column string) []string {
	if column == "" {
		return []string{}
	}
	return strings.Fields(column)
}

func systemFrom(before *systemRow, in sheet.System, s sheet.Sheet, l *lookup) systemRow {
	var x systemRow
	if before != nil {
		x = *before
	}
	x.Code, x.NameVI, x.Kind, x.Owner = in.Code, in.NameVI, in.Kind, l.organisationID(in.Owner)
	set(s, "name_en", &x.NameEN, in.NameEN)
	set(s, "level", &x.Level, in.Level)
	set(s, "criticality", &x.Criticality, in.Criticality)
	set(s, "status", &x.Status, in.Status)
	if s.Has("operator") {
		x.Operator = l.organisationID(in.Operator)
	}
	if s.Has("depends_on") {
		x.DependsOn = strings.Join(slices.Sorted(slices.Values(in.DependsOn)), " ")
	}
	return x
}

// Dependants are the systems that depend directly on the one with the code, as
// far as the reader may see them.
func (r *Room) Dependants(ctx context.Context, a auth.Actor, code string) ([]System, error) {
	found, _, err := listed(ctx, r, a, auth.EstateView, func(tx *db.Tx) ([]System, string, error) {
		var s selection
		if err := r.holders(tx, &s, Query{}, a, "r.owner", "r.operator"); err != nil {
			return nil, "", err
		}
		s.and(`' ' || r.depends_on || ' ' LIKE ? ESCAPE '\'`, "% "+literal(code)+" %")
		return read(tx, systemPage(), s, Query{})
	})
	return found, err
}
