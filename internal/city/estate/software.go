package estate

import (
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/city/estate/whose"
)

// Software is a product that is installed on a host, or somewhere in the
// organisation.
type Software struct {
	Number       int64  `db:"id" json:"-"`
	ID           ID     `db:"-" json:"id"`
	Organisation string `db:"organisation" json:"organisation"` // code
	Vendor       string `db:"vendor" json:"vendor"`
	Product      string `db:"product" json:"product"`
	Version      string `db:"version" json:"version"`
	CPE          string `db:"cpe" json:"cpe"`
	PURL         string `db:"purl" json:"purl"`
	Hostname     string `db:"hostname" json:"hostname"` // "" for somewhere
	System       string `db:"system" json:"system"`     // code or ""
	Revision     int64  `db:"touched" json:"revision,omitempty"`
}

type softwareRow struct {
	base
	Organisation int64  `db:"organisation" json:"organisation"`
	Vendor       string `db:"vendor" json:"vendor"`
	Product      string `db:"product" json:"product"`
	Version      string `db:"version" json:"version"`
	CPE          string `db:"cpe" json:"cpe"`
	PURL         string `db:"purl" json:"purl"`
	Hostname     string `db:"hostname" json:"hostname"`
	System       int64  `db:"system" json:"system"`
}

func softwares() noun[softwareRow, Software] {
	return noun[softwareRow, Software]{
		kind: "software", table: "software",
		columns: []string{"organisation", "vendor", "product", "version", "cpe", "purl", "hostname", "system"},
		values: func(s softwareRow) []any {
			return []any{s.Organisation, s.Vendor, s.Product, s.Version, s.CPE, s.PURL, s.Hostname, s.System}
		},
		index: func(s *softwareRow) {
			s.Key = softwareKey(*s)
			s.Search = found(s.Vendor, s.Product, s.Version, s.Hostname)
			s.Sort, _ = whose.NormalHost(s.Hostname)
		},
		view: func(b *books, s softwareRow) (Software, error) {
			l := lookup{books: b}
			return Software{
				Number: s.ID, ID: softwareID(s.ID), Organisation: l.organisation(s.Organisation), Vendor: s.Vendor,
				Product: s.Product, Version: s.Version, CPE: s.CPE, PURL: s.PURL, Hostname: s.Hostname,
				System: l.system(s.System),
			}, l.err
		},
		subject: func(s Software) string { return string(s.ID) },
		holder:  func(s softwareRow) int64 { return s.Organisation },
	}
}

func softwareKey(s softwareRow) string {
	host, _ := whose.NormalHost(s.Hostname)
	return keyed(number10(s.Organisation), host, s.Vendor, s.Product)
}

func softwareFrom(before *softwareRow, in sheet.SoftwareLine, s sheet.Sheet, l *lookup) softwareRow {
	var x softwareRow
	if before != nil {
		x = *before
	}
	x.Organisation, x.Product, x.Vendor, x.Hostname = l.organisationID(in.Organisation), in.Product, in.Vendor, in.Hostname
	set(s, "version", &x.Version, in.Version)
	set(s, "cpe", &x.CPE, in.CPE)
	set(s, "purl", &x.PURL, in.PURL)
	if s.Has("system") {
		x.System = l.systemID(in.System)
	}
	return x
}
