package estate

import (
	"cmp"
	"slices"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate/whose"
)

// Forest is who stands above and below whom, and who came after whom. It never
// changes; the room replaces it. Organisations come in the order of a
// Vietnamese dictionary.
type Forest struct {
	byID     map[int64]*Organisation
	byCode   map[string]int64
	children map[int64][]int64
	heirs    map[int64][]handover // by predecessor, by date
	origins  map[int64][]handover // by successor, by date
}

// handover is one succession seen from one side: the body on the other side.
type handover struct {
	other int64
	date  string
	full  bool
}

func readForest(tx *db.Tx) (*Forest, error) {
	var bodies []Organisation
	if err := tx.Select(&bodies, `SELECT `+organisationColumns+organisationTables+` ORDER BY r.sort, r.id`); err != nil {
		return nil, err
	}
	var handovers []successionRow
	if err := tx.Select(&handovers, `SELECT `+selected(successions())+` FROM succession ORDER BY date, id`); err != nil {
		return nil, err
	}
	return newForest(bodies, handovers), nil
}

func newForest(bodies []Organisation, handovers []successionRow) *Forest {
	f := &Forest{
		byID: make(map[int64]*Organisation, len(bodies)), byCode: make(map[string]int64, len(bodies)),
		children: map[int64][]int64{}, heirs: map[int64][]handover{}, origins: map[int64][]handover{},
	}
	for i := range bodies {
		f.byID[bodies[i].ID] = &bodies[i]
		f.byCode[bodies[i].Code] = bodies[i].ID
	}
	for i := range bodies {
		parent := f.byCode[bodies[i].Parent]
		f.children[parent] = append(f.children[parent], bodies[i].ID)
	}
	for _, s := range handovers {
		f.heirs[s.From] = append(f.heirs[s.From], handover{other: s.To, date: s.Date, full: s.Share == Full})
		f.origins[s.To] = append(f.origins[s.To], handover{other: s.From, date: s.Date, full: s.Share == Full})
	}
	return f
}

// Size is the number of organisations.
func (f *Forest) Size() int { return len(f.byID) }

// Organisation is the body with the number, NotFound when there is none.
func (f *Forest) Organisation(id int64) (Organisation, error) {
	if o, ok := f.byID[id]; ok {
		return *o, nil
	}
	return Organisation{}, errs.New(errs.NotFound, "organisation %d: no such organisation", id)
}

// ByCode is the number of the body with the code, NotFound when there is none.
func (f *Forest) ByCode(code string) (int64, error) {
	if id, ok := f.byCode[code]; ok {
		return id, nil
	}
	return 0, errs.New(errs.NotFound, "organisation %s: no such code", code)
}

// Code is the code of a body, "" for 0 and for what is not known.
func (f *Forest) Code(id int64) string {
	if o, ok := f.byID[id]; ok {
		return o.Code
	}
	return ""
}

// Children are the bodies directly below one (0: those without a parent) that
// are valid on a date; "" takes those of any time.
func (f *Forest) Children(id int64, on string) []Organisation {
	var found []Organisation
	for _, child := range f.children[id] {
		if o := f.byID[child]; on == "" || f.ValidOn(child, on) {
			found = append(found, *o)
		}
	}
	return found
}

// ValidOn reports whether a body exists on a date: within its own dates and
// not gone into another in full.
func (f *Forest) ValidOn(id int64, on string) bool {
	o, ok := f.byID[id]
	return ok && (o.ValidFrom == "" || o.ValidFrom <= on) && !f.overOn(id, on)
}

// overOn reports whether a body has ended by a date.
func (f *Forest) overOn(id int64, on string) bool {
	if o, ok := f.byID[id]; ok && o.ValidTo != "" && o.ValidTo < on {
		return true
	}
	return slices.ContainsFunc(f.heirs[id], func(h handover) bool { return h.full && h.date <= on })
}

// Ancestors are the bodies above one, the nearest first.
func (f *Forest) Ancestors(id int64) []Organisation {
	var above []Organisation
	seen := map[int64]bool{id: true}
	for o := f.byID[id]; o != nil && o.Parent != ""; {
		parent := f.byCode[o.Parent]
		if seen[parent] {
			break
		}
		seen[parent] = true
		if o = f.byID[parent]; o != nil {
			above = append(above, *o)
		}
	}
	return above
}

// Below are a body and all below it, of any time, ascending.
func (f *Forest) Below(id int64) []int64 {
	seen := map[int64]bool{id: true}
	all := []int64{id}
	for i := 0; i < len(all); i++ {
		for _, child := range f.children[all[i]] {
			if !seen[child] {
				seen[child] = true
				all = append(all, child)
			}
		}
	}
	slices.Sort(all)
	return all
}

// Reach are the bodies whose rows an officer of one sees on a date: it, all
// below it, and all that these have succeeded by then, in full or in part, so
// that a successor knows the history it took over.
func (f *Forest) Reach(id int64, on string) []int64 {
	all := f.Below(id)
	seen := make(map[int64]bool, len(all))
	for _, one := range all {
		seen[one] = true
	}
	for i := 0; i < len(all); i++ {
		for _, o := range f.origins[all[i]] {
			if o.date <= on && !seen[o.other] {
				seen[o.other] = true
				all = append(all, o.other)
			}
		}
	}
	slices.Sort(all)
	return all
}

// Scope is the scope of an officer of a body on a date.
func (f *Forest) Scope(id int64, on string) auth.Scope {
	if _, ok := f.byID[id]; !ok {
		return auth.Nobody()
	}
	return auth.Only(f.Reach(id, on)...)
}

// Successors are the handovers of a body up to a date ("": ever), by date.
func (f *Forest) Successors(id int64, until string) []Succession {
	return f.told(f.heirs[id], until, func(h handover) Succession {
		return Succession{From: f.Code(id), To: f.Code(h.other)}
	})
}

// Predecessors are the handovers to a body up to a date ("": ever), by date.
func (f *Forest) Predecessors(id int64, until string) []Succession {
	return f.told(f.origins[id], until, func(h handover) Succession {
		return Succession{From: f.Code(h.other), To: f.Code(id)}
	})
}

func (f *Forest) told(side []handover, until string, tell func(handover) Succession) []Succession {
	var found []Succession
	for _, h := range side {
		if until != "" && h.date > until {
			continue
		}
		s := tell(h)
		s.Date, s.Share = h.date, "partial"
		if h.full {
			s.Share = Full
		}
		found = append(found, s)
	}
	return found
}

// OwnerAfter is who stands for a body on a date: itself while it exists, else
// its single full successor's owner. Where it went to several, or to nobody
// known, the number is 0 and the reason whose.Split or whose.Ended: a person
// decides. The rule is the one by which whose answers.
func (f *Forest) OwnerAfter(id int64, on string) (int64, whose.Reason) {
	seen := map[int64]bool{}
	for {
		if !f.overOn(id, on) {
			return id, whose.Owned
		}
		seen[id] = true
		var heir int64
		for _, h := range f.heirs[id] {
			switch {
			case !h.full, h.other == heir:
			case heir != 0:
				return 0, whose.Split
			default:
				heir = h.other
			}
		}
		switch {
		case heir != 0 && !seen[heir]:
			id = heir
		case len(f.heirs[id]) > 0:
			return 0, whose.Split
		default:
			return 0, whose.Ended
		}
	}
}

// circle is the first body in the way up from a code that stands in it twice,
// given everybody's parent; "" when the way ends.
func circle(code string, parent func(string) string) string {
	seen := map[string]bool{}
	for ; code != ""; code = parent(code) {
		if seen[code] {
			return code
		}
		seen[code] = true
	}
	return ""
}

// Organisation is a body read in the caller's bracket; absent is NotFound.
func (r *Room) Organisation(tx *db.Tx, id int64) (Organisation, error) {
	var o Organisation
	err := tx.Get(&o, `SELECT `+organisationColumns+organisationTables+` WHERE r.id = $1`, id)
	if errs.Is(err, errs.NotFound) {
		return o, errs.New(errs.NotFound, "organisation %d: no such organisation", id)
	}
	return o, err
}

// Code is the code of an organisation, "" for 0.
func (r *Room) Code(organisation int64) string { return r.Forest().Code(organisation) }

// ByCode is the number of an organisation, NotFound when there is none.
func (r *Room) ByCode(code string) (int64, error) { return r.Forest().ByCode(code) }

// Below are an organisation and all below it.
func (r *Room) Below(organisation int64) []int64 { return r.Forest().Below(organisation) }

// Scope is what an officer of the organisation sees today.
func (r *Room) Scope(organisation int64) auth.Scope { return r.Forest().Scope(organisation, r.Today()) }

// OwnerAfter is who stands for an organisation on a date; see Forest.
func (r *Room) OwnerAfter(organisation int64, on string) (int64, whose.Reason) {
	return r.Forest().OwnerAfter(organisation, cmp.Or(on, r.Today()))
}
