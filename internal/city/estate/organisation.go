package estate

import (
	"strings"

	"tocsin/internal/base/i18n"
	"tocsin/internal/city/estate/sheet"
)

// Organisation is a body that we serve or work with.
type Organisation struct {
	ID        int64  `db:"id" json:"-"`
	Code      string `db:"code" json:"code"`
	NameVI    string `db:"name_vi" json:"name_vi"`
	NameEN    string `db:"name_en" json:"name_en"`
	Kind      string `db:"kind" json:"kind"`     // one of sheet.OrganisationKinds
	Parent    string `db:"parent" json:"parent"` // code, "" for a root
	Tier      string `db:"tier" json:"tier"`     // one of sheet.Tiers
	Sector    string `db:"sector" json:"sector"`
	ValidFrom string `db:"valid_from" json:"valid_from"` // ISO date, "" for always
	ValidTo   string `db:"valid_to" json:"valid_to"`     // its last day, "" for open
	// Revision is the journal entry that changed it last; see PutOrganisation.
	Revision int64 `db:"touched" json:"revision,omitempty"`
}

// Name is the name in a language.
func (o Organisation) Name(lang string) string { return named(o.NameVI, o.NameEN, lang) }

func named(vi, en, lang string) string {
	if lang == "en" && en != "" {
		return en
	}
	return vi
}

type organisationRow struct {
	base
	Code      string `db:"code" json:"code"`
	NameVI    string `db:"name_vi" json:"name_vi"`
	NameEN    string `db:"name_en" json:"name_en"`
	Kind      string `db:"kind" json:"kind"`
	Parent    int64  `db:"parent" json:"parent"`
	Tier      string `db:"tier" json:"tier"`
	Sector    string `db:"sector" json:"sector"`
	ValidFrom string `db:"valid_from" json:"valid_from"`
	ValidTo   string `db:"valid_to" json:"valid_to"`
}

func organisations() noun[organisationRow, Organisation] {
	return noun[organisationRow, Organisation]{
		kind: "organisation", table: "organisation",
		columns: []string{"code", "name_vi", "name_en", "kind", "parent", "tier", "sector", "valid_from", "valid_to"},
		values: func(o organisationRow) []any {
			return []any{o.Code, o.NameVI, o.NameEN, o.Kind, o.Parent, o.Tier, o.Sector, o.ValidFrom, o.ValidTo}
		},
		index: func(o *organisationRow) {
			o.Key = o.Code
			o.Search = found(o.Code, o.NameVI, o.NameEN)
			o.Sort = i18n.SortKey(o.NameVI)
		},
		view: func(b *books, o organisationRow) (Organisation, error) {
			b.organisations.learn(o.ID, o.Code)
			parent, err := b.code(&b.organisations, o.Parent)
			return Organisation{
				ID: o.ID, Code: o.Code, NameVI: o.NameVI, NameEN: o.NameEN, Kind: o.Kind, Parent: parent, Tier: o.Tier,
				Sector: o.Sector, ValidFrom: o.ValidFrom, ValidTo: o.ValidTo,
			}, err
		},
		subject: func(o Organisation) string { return o.Code },
		holder:  func(o organisationRow) int64 { return o.ID },
	}
}

// found is the text by which a record is found: its words without tone marks.
func found(words ...string) string { return i18n.Fold(strings.Join(words, " ")) }

// organisationFrom is the row after an estate file's line: what the file does
// not speak of stays as it was.
func organisationFrom(before *organisationRow, in sheet.Organisation, s sheet.Sheet, l *lookup) organisationRow {
	var o organisationRow
	if before != nil {
		o = *before
	}
	o.Code, o.NameVI, o.Kind, o.Tier = in.Code, in.NameVI, in.Kind, in.Tier
	set(s, "name_en", &o.NameEN, in.NameEN)
	set(s, "sector", &o.Sector, in.Sector)
	set(s, "valid_from", &o.ValidFrom, in.ValidFrom)
	set(s, "valid_to", &o.ValidTo, in.ValidTo)
	if s.Has("parent") {
		o.Parent = l.organisationID(in.Parent)
	}
	return o
}

// set takes a value over from a file that has its column.
func set[T any](s sheet.Sheet, column string, to *T, value T) {
	if s.Has(column) {
		*to = value
	}
}
