package estate

import (
	"cmp"
	"context"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate/sheet"
)

// The verbs that edit one record. A record is checked exactly as a line of an
// estate file with all columns; what is wrong is Invalid, with the field. A
// record without a revision is new, and Conflict when it is there already; one
// with a revision replaces what the editor saw, and is Conflict when somebody
// changed it since. What the scope hides is NotFound.

// PutOrganisation adds or replaces an organisation. Its code never changes.
func (r *Room) PutOrganisation(ctx context.Context, a auth.Actor, o Organisation) (Organisation, error) {
	_, err := put(ctx, r, a, edit[sheet.Organisation, organisationRow, Organisation]{
		noun: organisations(), act: auth.EstateEdit, kind: sheet.Organisations, revision: o.Revision,
		rows: sheet.Rows{Organisations: []sheet.Organisation{{
			Code: o.Code, NameVI: o.NameVI, NameEN: o.NameEN, Kind: o.Kind, Parent: o.Parent, Tier: o.Tier,
			Sector: o.Sector, ValidFrom: o.ValidFrom, ValidTo: o.ValidTo,
		}}},
		pick: func(r sheet.Rows) sheet.Organisation { return r.Organisations[0] },
		from: organisationFrom,
		holders: func(o organisationRow) []int64 {
			if o.ID == 0 {
				return []int64{o.Parent}
			}
			return []int64{o.ID}
		},
		finish: func(tx *db.Tx, o *organisationRow) error { return r.noCircle(tx, *o) },
	})
	if err != nil {
		return Organisation{}, err
	}
	return r.ShowOrganisation(ctx, a, strings.TrimSpace(o.Code))
}

// noCircle refuses an organisation that would stand above itself.
func (r *Room) noCircle(tx *db.Tx, o organisationRow) error {
	for id, steps := o.Parent, 0; id != 0 && o.ID != 0; steps++ {
		if id == o.ID || steps > 100 {
			return errs.At(errs.Invalid, []errs.Place{{Field: "parent", Reason: o.Code}}, "organisation %s would stand above itself", o.Code)
		}
		var err error
		if id, err = tx.Int(`SELECT parent FROM organisation WHERE id = $1`, id); err != nil {
			return err
		}
	}
	return nil
}

// PutSuccession adds a succession, or replaces the share of one.
func (r *Room) PutSuccession(ctx context.Context, a auth.Actor, s Succession) (Succession, error) {
	id, err := put(ctx, r, a, edit[sheet.Succession, successionRow, Succession]{
		noun: successions(), act: auth.EstateEdit, kind: sheet.Successions, revision: s.Revision,
		rows:    sheet.Rows{Successions: []sheet.Succession{{From: s.From, To: s.To, Date: s.Date, Share: s.Share}}},
		pick:    func(r sheet.Rows) sheet.Succession { return r.Successions[0] },
		from:    successionFrom,
		holders: func(s successionRow) []int64 { return []int64{s.From, s.To} },
	})
	if err != nil {
		return Succession{}, err
	}
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(&s, `SELECT `+successionColumns+successionTables+` WHERE r.id = $1`, id)
	})
	return s, err
}

// RemoveSuccession takes back a succession that never was.
func (r *Room) RemoveSuccession(ctx context.Context, a auth.Actor, s Succession) error {
	return remove(ctx, r, a, removal[successionRow, Succession]{
		noun: successions(), act: auth.EstateEdit, revision: s.Revision,
		find: func(tx *db.Tx) (int64, error) {
			l := &lookup{books: newBooks(tx)}
			key := successionKey(l.organisationID(s.From), l.organisationID(s.To), s.Date)
			if l.err != nil {
				return 0, l.err
			}
			return tx.Int(`SELECT id FROM succession WHERE key = $1`, key)
		},
		holders: func(s successionRow) []int64 { return []int64{s.From, s.To} },
	})
}

// PutContact adds or replaces a contact; ID says which one, "" is a new one. A key
// that mail cannot be encrypted with today is Invalid, with the field.
func (r *Room) PutContact(ctx context.Context, a auth.Actor, c Contact) (Contact, error) {
	e := edit[sheet.Contact, contactRow, Contact]{
		noun: contacts(), act: auth.ContactEdit, kind: sheet.Contacts, revision: c.Revision, id: c.ID, letter: "C",
		rows: sheet.Rows{Contacts: []sheet.Contact{{
			Organisation: c.Organisation, Name: c.Name, Email: c.Email, Phone: c.Phone, Role: c.Role,
			Language: c.Language, Order: c.Order, Hours: c.Hours, Person: c.Person,
		}}},
		pick:    func(r sheet.Rows) sheet.Contact { return r.Contacts[0] },
		from:    contactFrom,
		holders: func(c contactRow) []int64 { return []int64{c.Organisation} },
		finish: func(_ *db.Tx, row *contactRow) error {
			return r.takeKeys(row, strings.TrimSpace(c.PGP), strings.TrimSpace(c.SMIME))
		},
	}
	id, err := put(ctx, r, a, e)
	if err != nil {
		return Contact{}, err
	}
	return r.ShowContact(ctx, a, contactID(id))
}

// RemoveContact takes a contact out of the book; the journal keeps it.
func (r *Room) RemoveContact(ctx context.Context, a auth.Actor, id ID) error {
	return remove(ctx, r, a, removal[contactRow, Contact]{
		noun: contacts(), act: auth.ContactEdit, find: numbered(id, "C"),
		holders: func(c contactRow) []int64 { return []int64{c.Organisation} },
	})
}

// PutSystem adds or replaces a system. Its code never changes.
func (r *Room) PutSystem(ctx context.Context, a auth.Actor, s System) (System, error) {
	_, err := put(ctx, r, a, edit[sheet.System, systemRow, System]{
		noun: systems(), act: auth.EstateEdit, kind: sheet.Systems, revision: s.Revision,
		rows: sheet.Rows{Systems: []sheet.System{{
			Code: s.Code, NameVI: s.NameVI, NameEN: s.NameEN, Owner: s.Owner, Operator: s.Operator, Kind: s.Kind,
			Level: s.Level, Criticality: s.Criticality, DependsOn: s.DependsOn, Status: s.Status,
		}}},
		pick:    func(r sheet.Rows) sheet.System { return r.Systems[0] },
		from:    systemFrom,
		holders: func(s systemRow) []int64 { return []int64{s.Owner} },
		finish: func(tx *db.Tx, s *systemRow) error {
			l := &lookup{books: newBooks(tx)}
			for _, code := range needs(s.DependsOn) {
				l.systemID(code)
			}
			return l.err
		},
	})
	if err != nil {
		return System{}, err
	}
	return r.ShowSystem(ctx, a, strings.TrimSpace(s.Code))
}

// PutAddress adds or replaces an address; ID says which one, "" is a new one.
func (r *Room) PutAddress(ctx context.Context, a auth.Actor, x Address) (Address, error) {
	id, err := put(ctx, r, a, edit[sheet.Address, addressRow, Address]{
		noun: addresses(), act: auth.EstateEdit, kind: sheet.Addresses, revision: x.Revision, id: x.ID, letter: "A",
		rows: sheet.Rows{Addresses: []sheet.Address{{
			Organisation: x.Organisation, Kind: x.Kind, Value: x.Value, Realm: x.Realm, System: x.System,
			ValidFrom: x.ValidFrom, ValidTo: x.ValidTo,
		}}},
		pick:    func(r sheet.Rows) sheet.Address { return r.Addresses[0] },
		from:    addressFrom,
		holders: func(x addressRow) []int64 { return []int64{x.Organisation} },
	})
	if err != nil {
		return Address{}, err
	}
	return r.ShowAddress(ctx, a, addressID(id))
}

// EndAddress ends an address with a last day (ISO). Invalid when that is no
// date or before its first day.
func (r *Room) EndAddress(ctx context.Context, a auth.Actor, id ID, last string) (Address, error) {
	if err := auth.May(a, auth.EstateEdit); err != nil {
		return Address{}, err
	}
	was, err := r.ShowAddress(ctx, a, id)
	if err != nil {
		return Address{}, err
	}
	if _, err := time.Parse(time.DateOnly, last); err != nil || last < was.ValidFrom {
		return Address{}, errs.At(errs.Invalid, []errs.Place{{Field: "valid_to", Reason: last}},
			"end address %s on %q: want a date not before %s", id, last, cmp.Or(was.ValidFrom, "0001-01-01"))
	}
	was.ValidTo = last
	return r.PutAddress(ctx, a, was)
}

// RemoveAddress takes back an address that was never held; what was held is
// ended.
func (r *Room) RemoveAddress(ctx context.Context, a auth.Actor, id ID) error {
	return remove(ctx, r, a, removal[addressRow, Address]{
		noun: addresses(), act: auth.EstateEdit, find: numbered(id, "A"),
		holders: func(x addressRow) []int64 { return []int64{x.Organisation} },
	})
}

// PutEndpoint adds or replaces an endpoint; ID says which one, "" is a new one.
func (r *Room) PutEndpoint(ctx context.Context, a auth.Actor, x Endpoint) (Endpoint, error) {
	id, err := put(ctx, r, a, edit[sheet.Endpoint, endpointRow, Endpoint]{
		noun: endpoints(), act: auth.EstateEdit, kind: sheet.Endpoints, revision: x.Revision, id: x.ID, letter: "H",
		rows: sheet.Rows{Endpoints: []sheet.Endpoint{{
			Organisation: x.Organisation, Hostname: x.Hostname, Kind: x.Kind, IP: x.IP, Realm: x.Realm, OS: x.OS,
			System: x.System,
		}}},
		pick:    func(r sheet.Rows) sheet.Endpoint { return r.Endpoints[0] },
		from:    endpointFrom,
		holders: func(x endpointRow) []int64 { return []int64{x.Organisation} },
	})
	if err != nil {
		return Endpoint{}, err
	}
	return r.ShowEndpoint(ctx, a, endpointID(id))
}

// RemoveEndpoint takes an endpoint out of the inventory.
func (r *Room) RemoveEndpoint(ctx context.Context, a auth.Actor, id ID) error {
	return remove(ctx, r, a, removal[endpointRow, Endpoint]{
		noun: endpoints(), act: auth.EstateEdit, find: numbered(id, "H"),
		holders: func(x endpointRow) []int64 { return []int64{x.Organisation} },
	})
}

// PutSoftware adds or replaces a line of software; ID says which one, "" is a
// new one.
func (r *Room) PutSoftware(ctx context.Context, a auth.Actor, x Software) (Software, error) {
	id, err := put(ctx, r, a, edit[sheet.SoftwareLine, softwareRow, Software]{
		noun: softwares(), act: auth.EstateEdit, kind: sheet.Software, revision: x.Revision, id: x.ID, letter: "P",
		rows: sheet.Rows{Software: []sheet.SoftwareLine{{
			Organisation: x.Organisation, Vendor: x.Vendor, Product: x.Product, Version: x.Version, CPE: x.CPE,
			PURL: x.PURL, Hostname: x.Hostname, System: x.System,
		}}},
		pick:    func(r sheet.Rows) sheet.SoftwareLine { return r.Software[0] },
		from:    softwareFrom,
		holders: func(x softwareRow) []int64 { return []int64{x.Organisation} },
	})
	if err != nil {
		return Software{}, err
	}
	return r.ShowSoftware(ctx, a, softwareID(id))
}

// RemoveSoftware takes a line of software out of the inventory.
func (r *Room) RemoveSoftware(ctx context.Context, a auth.Actor, id ID) error {
	return remove(ctx, r, a, removal[softwareRow, Software]{
		noun: softwares(), act: auth.EstateEdit, find: numbered(id, "P"),
		holders: func(x softwareRow) []int64 { return []int64{x.Organisation} },
	})
}

// edit is one record as somebody wants it.
type edit[S any, R comparable, V any] struct {
	noun     noun[R, V]
	act      auth.Act
	kind     sheet.Kind
	rows     sheet.Rows // the record, alone
	pick     func(sheet.Rows) S
	from     made[S, R]
	id       ID // of kinds without a code, "" for a new one
	letter   string
	revision int64
	// holders are the organisations that the editor must see.
	holders func(R) []int64
	// finish checks and completes the row; it may be nil.
	finish func(*db.Tx, *R) error
}

func put[S any, R comparable, V any, P record[R]](ctx context.Context, r *Room, a auth.Actor, e edit[S, R, V]) (int64, error) {
	if err := auth.May(a, e.act); err != nil {
		return 0, err
	}
	s, err := checked(e.noun.kind, e.kind, e.rows)
	if err != nil {
		return 0, err
	}
	var id int64
	err = r.db.Write(ctx, func(tx *db.Tx) error {
		k := &keeper{Room: r, tx: tx, actor: a, books: newBooks(tx)}
		c, err := wantedChange[S, R, V, P](k, e, s)
		if err != nil {
			return err
		}
		if id = P(c.after).head().ID; id != 0 && *c.before == *c.after {
			return nil
		}
		if err := save[R, V, P](k, e.noun, []change[R]{c}); err != nil {
			return err
		}
		id = P(c.after).head().ID
		return nil
	})
	if err != nil {
		return 0, err
	}
	return id, r.Sync(ctx)
}

// checked reads the record as the one line of a file, which finds all that a
// file would be refused for.
func checked(noun string, kind sheet.Kind, rows sheet.Rows) (sheet.Sheet, error) {
	sheets, err := sheet.Read("", sheet.Write(kind, rows))
	if err != nil {
		return sheet.Sheet{}, err
	}
	s := sheets[0]
	if len(s.Refused) == 0 && s.Rows.Len() == 1 {
		return s, nil
	}
	var places []errs.Place
	for _, why := range s.Refused {
		places = append(places, errs.Place{Field: why.Field, Reason: why.Reason})
	}
	return s, errs.At(errs.Invalid, places, "%s: not as it has to be", noun)
}

// wantedChange is the change from what the database holds to what the editor
// wants.
func wantedChange[S any, R comparable, V any, P record[R]](k *keeper, e edit[S, R, V], s sheet.Sheet) (change[R], error) {
	var c change[R]
	l := &lookup{books: k.books}
	after := e.from(nil, e.pick(s.Rows), s, l)
	if l.err != nil {
		return c, unknown(l.err)
	}
	e.noun.index(&after)
	key := P(&after).head().Key
	present, err := byKeys[R, V, P](k.tx, e.noun, []string{key})
	if err != nil {
		return c, err
	}
	before := present[key]
	if e.id != "" {
		if before, err = namesake[R, V, P](k.tx, e.noun, e.id, e.letter, before); err != nil {
			return c, err
		}
	}
	if err := agreed[R, P](e.noun.kind, before, e.revision, e.id != ""); err != nil {
		return c, err
	}
	if before != nil {
		after = e.from(before, e.pick(s.Rows), s, l)
		e.noun.index(&after)
		if err := seen(k.actor, e.holders(*before)); err != nil {
			return c, err
		}
	}
	if err := seen(k.actor, e.holders(after)); err != nil {
		return c, err
	}
	if e.finish != nil {
		if err := e.finish(k.tx, &after); err != nil {
			return c, unknown(err)
		}
	}
	return change[R]{before: before, after: &after}, l.err
}

// namesake is the record with the id; other is the one that has the wanted key,
// which must not be another.
func namesake[R, V any, P record[R]](tx *db.Tx, n noun[R, V], id ID, letter string, other *R) (*R, error) {
	number, err := id.number(letter)
	if err != nil {
		return nil, err
	}
	row, err := byID(tx, n, number)
	if err != nil {
		return nil, err
	}
	if other != nil && P(other).head().ID != number {
		return nil, errs.New(errs.Conflict, "%s %s: another one has these values", n.kind, id)
	}
	return &row, nil
}

// agreed checks that the editor saw what is there. A record that is named by
// its id may come without a revision.
func agreed[R any, P record[R]](kind string, before *R, revision int64, byID bool) error {
	switch {
	case before == nil && revision != 0:
		return errs.New(errs.NotFound, "%s: no such record", kind)
	case before != nil && revision == 0 && !byID:
		return errs.New(errs.Conflict, "%s: it is there already", kind)
	case before != nil && revision != 0 && P(before).head().Touched != revision:
		return errs.New(errs.Conflict, "%s: somebody changed it meanwhile", kind)
	}
	return nil
}

// seen reports organisations that the actor's scope hides as not there. 0 is
// none: who may edit at all may edit at the root only with the whole estate.
func seen(a auth.Actor, organisations []int64) error {
	for _, id := range organisations {
		if !a.Scope.Has(id) {
			return errs.New(errs.NotFound, "no such organisation")
		}
	}
	return nil
}

// unknown turns a code that the record names and nobody has into wrong input:
// the record itself was found.
func unknown(err error) error {
	if errs.Is(err, errs.NotFound) {
		return errs.At(errs.Invalid, []errs.Place{{Reason: err.Error()}}, "%w", err)
	}
	return err
}

// removal is one record that is to go.
type removal[R, V any] struct {
	noun     noun[R, V]
	act      auth.Act
	find     func(*db.Tx) (int64, error)
	revision int64
	holders  func(R) []int64
}

func numbered(id ID, letter string) func(*db.Tx) (int64, error) {
	return func(*db.Tx) (int64, error) { return id.number(letter) }
}

func remove[R, V any, P record[R]](ctx context.Context, r *Room, a auth.Actor, m removal[R, V]) error {
	if err := auth.May(a, m.act); err != nil {
		return err
	}
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		id, err := m.find(tx)
		if err != nil {
			return err
		}
		row, err := byID(tx, m.noun, id)
		if err != nil {
			return err
		}
		if err := seen(a, m.holders(row)); err != nil {
			return err
		}
		if m.revision != 0 && P(&row).head().Touched != m.revision {
			return errs.New(errs.Conflict, "%s: somebody changed it meanwhile", m.noun.kind)
		}
		k := &keeper{Room: r, tx: tx, actor: a, books: newBooks(tx)}
		return save[R, V, P](k, m.noun, []change[R]{{before: &row}})
	})
	if err != nil {
		return err
	}
	return r.Sync(ctx)
}
