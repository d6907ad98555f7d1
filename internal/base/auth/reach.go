package auth

import (
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// reachFor is how long a scope is believed. Forget makes a change seen at once
// in this process; another node on the same database learns of it this late.
const reachFor = 30 * time.Second

type cached struct {
	scope Scope
	until time.Time
}

// Reach is the scope of a role in an organisation: everything for one of the
// centre or the city who belongs to none, else the organisation with those below
// it. An officer or a partner without an organisation sees nothing.
func (r *Room) Reach(tx *db.Tx, role Role, organisation int64) (Scope, error) {
	if organisation == 0 {
		if !role.Valid() || role.NeedsOrganisation() {
			return Nobody(), nil
		}
		return All(), nil
	}
	now := r.Clock.Now()
	r.mu.Lock()
	hit, ok := r.scopes[organisation]
	age := r.age
	r.mu.Unlock()
	if ok && now.Before(hit.until) {
		return hit.scope, nil
	}
	scope := Only(organisation)
	if r.Scoper != nil {
		ids, err := r.Scoper(tx, organisation)
		if errs.Is(err, errs.NotFound) {
			return Nobody(), nil
		}
		if err != nil {
			return Nobody(), err
		}
		scope = Only(ids...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.age == age { // else the tree changed while it was read
		r.scopes[organisation] = cached{scope: scope, until: now.Add(reachFor)}
	}
	return scope, nil
}

// Forget makes the next request of everybody ask the Scoper again. The estate's
// verbs have it called after every bracket that changes the tree.
func (r *Room) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.age++
	clear(r.scopes)
}
