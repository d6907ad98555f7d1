package estate

import (
	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
)

// Reached is by whom a body can be reached, and what makes it matter.
type Reached struct {
	Organisation Organisation
	Contacts     []Contact // in the order in which they are asked, with Keys
	Vital        []string  // codes of its vital systems that are not retired, ascending
}

// Reached are the bodies of a scope that exist today, in the order of a
// Vietnamese dictionary. Partners are left out: they tell the centre, and are not
// warned by it.
func (r *Room) Reached(tx *db.Tx, scope auth.Scope) ([]Reached, error) {
	now, today, forest := r.clock.Now(), r.Today(), r.Forest()
	var people []Contact
	if err := tx.Select(&people, `SELECT `+contactColumns+contactTables+` WHERE `+scope.SQL("r.organisation")+` ORDER BY r.rank, r.id`); err != nil {
		return nil, err
	}
	contacts := map[string][]Contact{}
	for _, c := range people {
		c.ID, c.Keys = contactID(c.Number), c.keys(now)
		contacts[c.Organisation] = append(contacts[c.Organisation], c)
	}
	var systems []struct {
		Owner int64  `db:"owner"`
		Code  string `db:"code"`
	}
	if err := tx.Select(&systems, `SELECT owner, code FROM system WHERE criticality = 'vital' AND status <> 'retired' AND `+scope.SQL("owner")+` ORDER BY code`); err != nil {
		return nil, err
	}
	vital := map[int64][]string{}
	for _, s := range systems {
		vital[s.Owner] = append(vital[s.Owner], s.Code)
	}
	var bodies []Organisation
	if err := tx.Select(&bodies, `SELECT `+organisationColumns+organisationTables+` WHERE r.kind <> 'partner' AND `+scope.SQL("r.id")+` ORDER BY r.sort, r.id`); err != nil {
		return nil, err
	}
	var all []Reached
	for _, o := range bodies {
		if forest.ValidOn(o.ID, today) {
			all = append(all, Reached{Organisation: o, Contacts: contacts[o.Code], Vital: vital[o.ID]})
		}
	}
	return all, nil
}
