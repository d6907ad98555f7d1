package estate

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/city/estate/whose"
)

// Address is a prefix, AS number, domain or shared exit that an organisation
// holds in a realm from a date to a date.
type Address struct {
	Number       int64  `db:"id" json:"-"`
	ID           ID     `db:"-" json:"id"`
	Organisation string `db:"organisation" json:"organisation"` // code
	Kind         string `db:"kind" json:"kind"`                 // one of sheet.AddressKinds
	Value        string `db:"value" json:"value"`               // canonical: 198.51.100.0/24, AS64500, q1.example
	Realm        string `db:"realm" json:"realm"`
	System       string `db:"system" json:"system"` // code or ""
	ValidFrom    string `db:"valid_from" json:"valid_from"`
	ValidTo      string `db:"valid_to" json:"valid_to"` // its last day
	Revision     int64  `db:"touched" json:"revision,omitempty"`
}

// Prefix is what a prefix or an egress covers, and false for other kinds.
func (a Address) Prefix() (netip.Prefix, bool) {
	return sheet.Address{Kind: a.Kind, Value: a.Value}.Prefix()
}

// Range is the first and the last address that a prefix or an egress covers,
// and false for other kinds.
func (a Address) Range() (lo, hi netip.Addr, ok bool) {
	p, ok := a.Prefix()
	if !ok {
		return lo, hi, false
	}
	lo, hi = ends(p)
	return lo, hi, true
}

// Validity is the stretch in which the address was or is held, as instants in
// the city: from the first day's beginning (zero: always) to the end of the
// last day (zero: open).
func (r *Room) Validity(a Address) Stretch {
	return Stretch{From: instant(r.day(a.ValidFrom, 0)), To: instant(r.day(a.ValidTo, 1))}
}

func ends(p netip.Prefix) (lo, hi netip.Addr) {
	p = p.Masked()
	b := p.Addr().AsSlice()
	for i := range b {
		if fixed := p.Bits() - 8*i; fixed <= 0 {
			b[i] = 0xff
		} else if fixed < 8 {
			b[i] |= 0xff >> fixed
		}
	}
	hi, _ = netip.AddrFromSlice(b)
	return p.Addr(), hi
}

type addressRow struct {
	base
	Organisation int64  `db:"organisation" json:"organisation"`
	Kind         string `db:"kind" json:"kind"`
	Value        string `db:"value" json:"value"`
	Realm        string `db:"realm" json:"realm"`
	System       int64  `db:"system" json:"system"`
	ValidFrom    string `db:"valid_from" json:"valid_from"`
	ValidTo      string `db:"valid_to" json:"valid_to"`
}

func addresses() noun[addressRow, Address] {
	return noun[addressRow, Address]{
		kind: "address", table: "address",
		columns: []string{"organisation", "kind", "value", "realm", "system", "valid_from", "valid_to"},
		values: func(a addressRow) []any {
			return []any{a.Organisation, a.Kind, a.Value, a.Realm, a.System, a.ValidFrom, a.ValidTo}
		},
		index: func(a *addressRow) {
			a.Key = addressKey(*a)
			a.Search = found(a.Value, a.Realm)
		},
		view: func(b *books, a addressRow) (Address, error) {
			l := lookup{books: b}
			return Address{
				Number: a.ID, ID: addressID(a.ID), Organisation: l.organisation(a.Organisation), Kind: a.Kind,
				Value: a.Value, Realm: a.Realm, System: l.system(a.System), ValidFrom: a.ValidFrom, ValidTo: a.ValidTo,
			}, l.err
		},
		subject: func(a Address) string { return string(a.ID) },
		holder:  func(a addressRow) int64 { return a.Organisation },
		verb: func(before, after Address) string {
			only := before
			only.ValidTo = after.ValidTo
			if after.ValidTo != "" && only == after {
				return "ended"
			}
			return "changed"
		},
	}
}

// covering are the values of the prefixes and exits that cover an address: as
// many as it has bits, which an index finds faster than a range over all.
func covering(ip netip.Addr) []any {
	values := []any{ip.String()}
	for bits := range ip.BitLen() + 1 {
		p, _ := ip.Prefix(bits)
		values = append(values, p.String())
	}
	return values
}

func addressKey(a addressRow) string {
	return keyed(number10(a.Organisation), a.Realm, a.Kind, a.Value, a.ValidFrom)
}

// bytes16 is an address as the database orders it: 16 bytes, IPv4 mapped.
func bytes16(a netip.Addr) []byte {
	b := a.As16()
	return b[:]
}

func addressFrom(before *addressRow, in sheet.Address, s sheet.Sheet, l *lookup) addressRow {
	var a addressRow
	if before != nil {
		a = *before
	}
	a.Organisation, a.Kind, a.Value = l.organisationID(in.Organisation), in.Kind, in.Value
	a.Realm, a.ValidFrom = cmp.Or(in.Realm, sheet.PublicRealm), in.ValidFrom
	set(s, "valid_to", &a.ValidTo, in.ValidTo)
	if s.Has("system") {
		a.System = l.systemID(in.System)
	}
	return a
}

// claimOfAddress is what the snapshot must know of the address. Its dates begin
// when day says, which is the room's.
func claimOfAddress(a addressRow, day func(date string, days int) int64) whose.Claim {
	c := whose.Claim{
		ID: a.ID, Realm: a.Realm, Organisation: a.Organisation, System: a.System,
		From: day(a.ValidFrom, 0), To: day(a.ValidTo, 1), Since: a.ValidFrom,
	}
	switch a.Kind {
	case "prefix", "egress":
		c.Kind = whose.Prefix
		if a.Kind == "egress" {
			c.Kind = whose.Egress
		}
		p, _ := Address{Kind: a.Kind, Value: a.Value}.Prefix()
		c.Prefix = p.Masked()
	case "asn":
		c.Kind = whose.ASN
		n, _ := strconv.ParseUint(strings.TrimPrefix(a.Value, "AS"), 10, 32)
		c.Number = uint32(n)
	case "domain":
		c.Kind = whose.Domain
		c.Name, _ = whose.NormalName(a.Value)
	}
	return c
}
