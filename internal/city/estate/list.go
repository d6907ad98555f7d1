package estate

import (
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/i18n"
)

// The lists give what the query selects of what the reader may see, and the
// cursor of the next page, "" at the end. Denied for who may not look at the
// estate at all; NotFound for an organisation that the scope hides.

// Organisations lists organisations. Organisation selects the one or, with
// Below, its whole tree.
func (r *Room) Organisations(ctx context.Context, a auth.Actor, q Query) ([]Organisation, string, error) {
	return listed(ctx, r, a, auth.EstateView, func(tx *db.Tx) ([]Organisation, string, error) {
		var s selection
		if err := r.holders(tx, &s, q, a, "r.id"); err != nil {
			return nil, "", err
		}
		same(&s, "r.kind", q.Kind)
		same(&s, "r.tier", q.Tier)
		s.words(q.Search)
		s.validOn(q.On)
		return read(tx, page[Organisation]{
			columns: organisationColumns, tables: organisationTables,
			place:  func(o *Organisation) (int64, string) { return o.ID, i18n.SortKey(o.NameVI) },
			finish: func(*Organisation) {},
		}, s, q)
	})
}

// Successions lists successions from and to what the reader may see.
func (r *Room) Successions(ctx context.Context, a auth.Actor, q Query) ([]Succession, string, error) {
	return listed(ctx, r, a, auth.EstateView, func(tx *db.Tx) ([]Succession, string, error) {
		var s selection
		if err := r.holders(tx, &s, q, a, "r.predecessor", "r.successor"); err != nil {
			return nil, "", err
		}
		q.ByName = false
		return read(tx, page[Succession]{
			columns: successionColumns, tables: successionTables,
			place:  func(x *Succession) (int64, string) { return x.ID, "" },
			finish: func(*Succession) {},
		}, s, q)
	})
}

// ContactList lists contacts.
func (r *Room) ContactList(ctx context.Context, a auth.Actor, q Query) ([]Contact, string, error) {
	return listed(ctx, r, a, auth.ContactView, func(tx *db.Tx) ([]Contact, string, error) {
		var s selection
		if err := r.holders(tx, &s, q, a, "r.organisation"); err != nil {
			return nil, "", err
		}
		s.words(q.Search)
		return read(tx, page[Contact]{
			columns: contactColumns, tables: contactTables,
			place:  func(c *Contact) (int64, string) { return c.Number, i18n.SortKey(c.Name) },
			finish: func(c *Contact) { c.ID = contactID(c.Number) },
		}, s, q)
	})
}

// Systems lists systems, of the owner and of the operator.
func (r *Room) Systems(ctx context.Context, a auth.Actor, q Query) ([]System, string, error) {
	return listed(ctx, r, a, auth.EstateView, func(tx *db.Tx) ([]System, string, error) {
		var s selection
		if err := r.holders(tx, &s, q, a, "r.owner", "r.operator"); err != nil {
			return nil, "", err
		}
		same(&s, "r.kind", q.Kind)
		same(&s, "r.level", q.Level)
		same(&s, "r.criticality", q.Criticality)
		same(&s, "r.status", q.Status)
		same(&s, "r.code", q.System)
		s.words(q.Search)
		return read(tx, systemPage(), s, q)
	})
}

func systemPage() page[System] {
	return page[System]{
		columns: systemColumns, tables: systemTables,
		place:  func(x *System) (int64, string) { return x.ID, i18n.SortKey(x.NameVI) },
		finish: func(x *System) { x.DependsOn = needs(x.Needs) },
	}
}

// Addresses lists addresses. Searching for an IP address gives what covers it.
func (r *Room) Addresses(ctx context.Context, a auth.Actor, q Query) ([]Address, string, error) {
	return listed(ctx, r, a, auth.EstateView, func(tx *db.Tx) ([]Address, string, error) {
		var s selection
		if err := r.holders(tx, &s, q, a, "r.organisation"); err != nil {
			return nil, "", err
		}
		same(&s, "r.kind", q.Kind)
		same(&s, "r.realm", q.Realm)
		same(&s, "s.code", q.System)
		s.validOn(q.On)
		if ip, ok := searched(q.Search); ok {
			s.in("r.value", covering(ip))
		} else {
			s.words(q.Search)
		}
		q.ByName = false
		return read(tx, page[Address]{
			columns: addressColumns, tables: addressTables,
			place:  func(x *Address) (int64, string) { return x.Number, "" },
			finish: func(x *Address) { x.ID = addressID(x.Number) },
		}, s, q)
	})
}

// Endpoints lists endpoints.
func (r *Room) Endpoints(ctx context.Context, a auth.Actor, q Query) ([]Endpoint, string, error) {
	return listed(ctx, r, a, auth.EstateView, func(tx *db.Tx) ([]Endpoint, string, error) {
		var s selection
		if err := r.holders(tx, &s, q, a, "r.organisation"); err != nil {
			return nil, "", err
		}
		same(&s, "r.kind", q.Kind)
		same(&s, "r.realm", q.Realm)
		same(&s, "s.code", q.System)
		s.hostname(q.Hostname)
		if ip, ok := searched(q.Search); ok {
			s.and("r.address = ?", bytes16(ip))
		} else {
			s.words(q.Search)
		}
		q.ByName = false
		return read(tx, page[Endpoint]{
			columns: endpointColumns, tables: endpointTables,
			place:  func(e *Endpoint) (int64, string) { return e.Number, "" },
			finish: func(e *Endpoint) { e.ID = endpointID(e.Number) },
		}, s, q)
	})
}

// SoftwareList lists software.
func (r *Room) SoftwareList(ctx context.Context, a auth.Actor, q Query) ([]Software, string, error) {
	return listed(ctx, r, a, auth.EstateView, func(tx *db.Tx) ([]Software, string, error) {
		var s selection
		if err := r.holders(tx, &s, q, a, "r.organisation"); err != nil {
			return nil, "", err
		}
		same(&s, "s.code", q.System)
		s.hostname(q.Hostname)
		s.words(q.Search)
		q.ByName = false
		return read(tx, page[Software]{
			columns: softwareColumns, tables: softwareTables,
			place:  func(x *Software) (int64, string) { return x.Number, "" },
			finish: func(x *Software) { x.ID = softwareID(x.Number) },
		}, s, q)
	})
}

// listed asks who may and opens the bracket.
func listed[V any](ctx context.Context, r *Room, a auth.Actor, act auth.Act, read func(*db.Tx) ([]V, string, error)) (found []V, next string, err error) {
	if err := auth.May(a, act); err != nil {
		return nil, "", err
	}
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		found, next, err = read(tx)
		return err
	})
	return found, next, err
}

// Realms are the address spaces of the addresses and endpoints that the reader
// may see, public first.
func (r *Room) Realms(ctx context.Context, a auth.Actor) ([]string, error) {
	if err := auth.May(a, auth.EstateView); err != nil {
		return nil, err
	}
	var realms []string
	err := r.db.Read(ctx, func(tx *db.Tx) error {
		scope := a.Scope.SQL("organisation")
		return tx.Select(&realms, `SELECT realm FROM (SELECT realm FROM address WHERE `+scope+
			` UNION SELECT realm FROM endpoint WHERE `+scope+`) AS r ORDER BY CASE realm WHEN 'public' THEN 0 ELSE 1 END, realm`)
	})
	return realms, err
}

// Counts is how much of each kind an organisation and those below it hold.
type Counts struct {
	Organisations int64 `json:"organisations"`
	Contacts      int64 `json:"contacts"`
	Systems       int64 `json:"systems"`
	Addresses     int64 `json:"addresses"`
	Endpoints     int64 `json:"endpoints"`
	Software      int64 `json:"software"`
}

// Count counts what the reader may see; an empty code counts all of it. With
// below it counts the whole tree. An organisation that the scope hides is
// NotFound.
func (r *Room) Count(ctx context.Context, a auth.Actor, code string, below bool) (Counts, error) {
	var c Counts
	if err := auth.May(a, auth.EstateView); err != nil {
		return c, err
	}
	err := r.db.Read(ctx, func(tx *db.Tx) error {
		scope := a.Scope
		if code != "" {
			id, err := newBooks(tx).organisationSeen(a, code)
			if err != nil {
				return err
			}
			wanted := []int64{id}
			if below {
				wanted = r.Forest().Below(id)
			}
			scope = scope.And(auth.Only(wanted...))
		}
		for _, part := range []struct {
			to            *int64
			table, column string
		}{
			{&c.Organisations, "organisation", "id"},
			{&c.Contacts, "contact", "organisation"},
			{&c.Systems, "system", "owner"},
			{&c.Addresses, "address", "organisation"},
			{&c.Endpoints, "endpoint", "organisation"},
			{&c.Software, "software", "organisation"},
		} {
			var err error
			if *part.to, err = tx.Int(`SELECT COUNT(*) FROM ` + part.table + ` WHERE ` + scope.SQL(part.column)); err != nil {
				return err
			}
		}
		return nil
	})
	return c, err
}
