package estate

import (
	"cmp"
	"net/netip"

	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/city/estate/whose"
)

// Endpoint is a server or a workstation.
type Endpoint struct {
	Number       int64  `db:"id" json:"-"`
	ID           ID     `db:"-" json:"id"`
	Organisation string `db:"organisation" json:"organisation"` // code
	Hostname     string `db:"hostname" json:"hostname"`
	Kind         string `db:"kind" json:"kind"` // server or workstation
	IP           string `db:"ip" json:"ip"`     // canonical, or ""
	Realm        string `db:"realm" json:"realm"`
	OS           string `db:"os" json:"os"`
	System       string `db:"system" json:"system"` // code or ""
	Revision     int64  `db:"touched" json:"revision,omitempty"`
}

type endpointRow struct {
	base
	Organisation int64  `db:"organisation" json:"organisation"`
	Hostname     string `db:"hostname" json:"hostname"`
	Kind         string `db:"kind" json:"kind"`
	IP           string `db:"ip" json:"ip"`
	Realm        string `db:"realm" json:"realm"`
	OS           string `db:"os" json:"os"`
	System       int64  `db:"system" json:"system"`
}

func endpoints() noun[endpointRow, Endpoint] {
	return noun[endpointRow, Endpoint]{
		kind: "endpoint", table: "endpoint",
		columns: []string{"organisation", "hostname", "kind", "ip", "realm", "os", "system", "address"},
		values: func(e endpointRow) []any {
			var address []byte
			if ip, err := netip.ParseAddr(e.IP); err == nil {
				address = bytes16(ip)
			}
			return []any{e.Organisation, e.Hostname, e.Kind, e.IP, e.Realm, e.OS, e.System, address}
		},
		index: func(e *endpointRow) {
			e.Key = endpointKey(e.Organisation, e.Hostname)
			e.Search = found(e.Hostname, e.IP, e.OS)
			e.Sort, _ = whose.NormalHost(e.Hostname)
		},
		view: func(b *books, e endpointRow) (Endpoint, error) {
			l := lookup{books: b}
			return Endpoint{
				Number: e.ID, ID: endpointID(e.ID), Organisation: l.organisation(e.Organisation), Hostname: e.Hostname,
				Kind: e.Kind, IP: e.IP, Realm: e.Realm, OS: e.OS, System: l.system(e.System),
			}, l.err
		},
		subject: func(e Endpoint) string { return string(e.ID) },
		holder:  func(e endpointRow) int64 { return e.Organisation },
	}
}

func endpointKey(organisation int64, hostname string) string {
	name, _ := whose.NormalHost(hostname)
	return keyed(number10(organisation), name)
}

func endpointFrom(before *endpointRow, in sheet.Endpoint, s sheet.Sheet, l *lookup) endpointRow {
	var e endpointRow
	if before != nil {
		e = *before
	}
	e.Organisation, e.Hostname, e.Kind = l.organisationID(in.Organisation), in.Hostname, in.Kind
	set(s, "ip", &e.IP, in.IP)
	set(s, "realm", &e.Realm, in.Realm)
	set(s, "os", &e.OS, in.OS)
	e.Realm = cmp.Or(e.Realm, sheet.PublicRealm)
	if s.Has("system") {
		e.System = l.systemID(in.System)
	}
	return e
}

// claimOfEndpoint is what the snapshot must know of the endpoint. An address
// of special use in the realm public is left out: inventories list 192.168.1.5
// without saying of which network, and it would mean nothing.
func claimOfEndpoint(e endpointRow) whose.Claim {
	c := whose.Claim{ID: e.ID, Kind: whose.Endpoint, Realm: e.Realm, Organisation: e.Organisation, System: e.System}
	c.Name, _ = whose.NormalHost(e.Hostname)
	if ip, err := netip.ParseAddr(e.IP); err == nil && (e.Realm != whose.Public || !whose.Special(ip)) {
		c.Prefix = netip.PrefixFrom(ip, ip.BitLen())
	}
	return c
}
