package estate

import (
	"tocsin/internal/base/db"
	"tocsin/internal/city/estate/sheet"
)

// check refuses rows that name a code which neither the estate nor a file that
// will be applied has, and organisations that would stand above themselves. A
// refused file takes its codes with it, so the files are asked again until
// none falls any more.
func (in *intake) check(tx *db.Tx) error {
	known := newBooks(tx)
	if err := known.readAll(); err != nil {
		return err
	}
	var above []struct {
		Code   string `db:"code"`
		Parent string `db:"parent"`
	}
	if err := tx.Select(&above, `SELECT r.code, p.code AS parent FROM organisation r JOIN organisation p ON p.id = r.parent`); err != nil {
		return err
	}
	parents := make(map[string]string, len(above))
	for _, o := range above {
		parents[o.Code] = o.Parent
	}
	for in.references(known) || in.circles(parents) {
	}
	return nil
}

// references refuses rows with unknown codes and reports whether a file fell.
func (in *intake) references(known *books) bool {
	organisations, systems := map[string]bool{}, map[string]bool{}
	for _, t := range in.sound(sheet.Organisations) {
		for _, o := range t.Rows.Organisations {
			organisations[o.Code] = true
		}
	}
	for _, t := range in.sound(sheet.Systems) {
		for _, s := range t.Rows.Systems {
			systems[s.Code] = true
		}
	}
	fell := false
	for _, kind := range sheet.Kinds() {
		for _, t := range in.sound(kind) {
			eachReference(t.Rows, func(line int, field, code string, isSystem bool) {
				one, coming, key := &known.organisations, organisations, "estate.import.organisation"
				if isSystem {
					one, coming, key = &known.systems, systems, "estate.import.system"
				}
				if _, here := one.ids[code]; code != "" && !here && !coming[code] {
					in.refuse(t.file, t.Sheet, refusal(t.Sheet, line, field, key, code))
					fell = true
				}
			})
		}
	}
	return fell
}

// circles refuses organisations whose way up leads back to themselves.
func (in *intake) circles(parents map[string]string) bool {
	coming := map[string]string{}
	for _, t := range in.sound(sheet.Organisations) {
		if !t.Has("parent") {
			continue
		}
		for _, o := range t.Rows.Organisations {
			coming[o.Code] = o.Parent
		}
	}
	up := func(code string) string {
		if p, ok := coming[code]; ok {
			return p
		}
		return parents[code]
	}
	fell := false
	for _, t := range in.sound(sheet.Organisations) {
		for _, o := range t.Rows.Organisations {
			if circle(o.Code, up) == o.Code {
				in.refuse(t.file, t.Sheet, refusal(t.Sheet, o.Line, "parent", "estate.import.circle", o.Code))
				fell = true
			}
		}
	}
	return fell
}

// refusal is a refusal of a field of a line, in the form of sheet's. Reason is
// still empty; speak words it.
func refusal(s sheet.Sheet, line int, field, key, code string) sheet.Refusal {
	return sheet.Refusal{Line: line, Column: s.Place(field), Field: field, Key: key, Args: []any{"field", field, "code", code}}
}

// eachReference tells every code that the rows name.
func eachReference(r sheet.Rows, tell func(line int, field, code string, system bool)) {
	for _, o := range r.Organisations {
		tell(o.Line, "parent", o.Parent, false)
	}
	for _, s := range r.Successions {
		tell(s.Line, "from", s.From, false)
		tell(s.Line, "to", s.To, false)
	}
	for _, s := range r.Systems {
		tell(s.Line, "owner", s.Owner, false)
		tell(s.Line, "operator", s.Operator, false)
		for _, on := range s.DependsOn {
			tell(s.Line, "depends_on", on, true)
		}
	}
	for _, c := range r.Contacts {
		tell(c.Line, "organisation", c.Organisation, false)
	}
	for _, a := range r.Addresses {
		tell(a.Line, "organisation", a.Organisation, false)
		tell(a.Line, "system", a.System, true)
	}
	for _, e := range r.Endpoints {
		tell(e.Line, "organisation", e.Organisation, false)
		tell(e.Line, "system", e.System, true)
	}
	for _, s := range r.Software {
		tell(s.Line, "organisation", s.Organisation, false)
		tell(s.Line, "system", s.System, true)
	}
}
