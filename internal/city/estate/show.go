package estate

import (
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// What the scope hides is NotFound, exactly as if it were not there.

// ShowOrganisation is one organisation, by code.
func (r *Room) ShowOrganisation(ctx context.Context, a auth.Actor, code string) (Organisation, error) {
	if code == "" {
		return only[Organisation](nil, nil, "organisation", code)
	}
	found, _, err := r.Organisations(ctx, a, Query{Organisation: code})
	return only(found, err, "organisation", code)
}

// ShowSystem is one system, by code.
func (r *Room) ShowSystem(ctx context.Context, a auth.Actor, code string) (System, error) {
	if code == "" {
		return only[System](nil, nil, "system", code)
	}
	found, _, err := r.Systems(ctx, a, Query{System: code})
	return only(found, err, "system", code)
}

// ShowContact is one contact.
func (r *Room) ShowContact(ctx context.Context, a auth.Actor, id ID) (Contact, error) {
	return one(ctx, r, a, wanted{act: auth.ContactView, id: id, letter: "C", columns: contactColumns, tables: contactTables},
		func(c *Contact) { c.ID, c.Keys = contactID(c.Number), c.keys(r.clock.Now()) })
}

// ShowAddress is one address.
func (r *Room) ShowAddress(ctx context.Context, a auth.Actor, id ID) (Address, error) {
	return one(ctx, r, a, wanted{act: auth.EstateView, id: id, letter: "A", columns: addressColumns, tables: addressTables},
		func(x *Address) { x.ID = addressID(x.Number) })
}

// ShowEndpoint is one endpoint.
func (r *Room) ShowEndpoint(ctx context.Context, a auth.Actor, id ID) (Endpoint, error) {
	return one(ctx, r, a, wanted{act: auth.EstateView, id: id, letter: "H", columns: endpointColumns, tables: endpointTables},
		func(e *Endpoint) { e.ID = endpointID(e.Number) })
}

// ShowSoftware is one line of software.
func (r *Room) ShowSoftware(ctx context.Context, a auth.Actor, id ID) (Software, error) {
	return one(ctx, r, a, wanted{act: auth.EstateView, id: id, letter: "P", columns: softwareColumns, tables: softwareTables},
		func(x *Software) { x.ID = softwareID(x.Number) })
}

func only[V any](found []V, err error, noun, code string) (V, error) {
	if err == nil && len(found) == 1 {
		return found[0], nil
	}
	var none V
	if err == nil {
		err = errs.New(errs.NotFound, "%s %s: no such code", noun, code)
	}
	return none, err
}

// wanted is one record of an organisation, by id.
type wanted struct {
	act             auth.Act
	id              ID
	letter          string
	columns, tables string
}

func one[V any](ctx context.Context, r *Room, a auth.Actor, w wanted, finish func(*V)) (V, error) {
	var found V
	if err := auth.May(a, w.act); err != nil {
		return found, err
	}
	n, err := w.id.number(w.letter)
	if err != nil {
		return found, err
	}
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(&found, `SELECT `+w.columns+w.tables+` WHERE r.id = $1 AND `+a.Scope.SQL("r.organisation"), n)
	})
	if errs.Is(err, errs.NotFound) {
		err = errs.New(errs.NotFound, "%q: no such record", string(w.id))
	}
	if err != nil {
		var none V
		return none, err
	}
	finish(&found)
	return found, nil
}
