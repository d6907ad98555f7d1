package sheet

import (
	"net/netip"
	"strconv"
	"strings"
)

// An Organisation is a row of organisations. Dates are ISO, empty for none;
// both ends of the validity belong to it.
type Organisation struct {
	Line               int
	Code               string
	NameVI, NameEN     string
	Kind               string // one of OrganisationKinds
	Parent             string // code, empty for a root
	Tier               string // one of Tiers
	Sector             string
	ValidFrom, ValidTo string
}

// A Succession is a row of successions: From handed over to To on Date, in
// full or in part.
type Succession struct {
	Line     int
	From, To string
	Date     string
	Share    string // full or partial
}

// A Contact is a row of contacts.
type Contact struct {
	Line         int
	Organisation string
	Name         string
	Email        string
	Phone        string
	Role         string
	Language     string // vi, en or empty
	Order        int    // 1 is asked first; 0 when the file does not say
	Hours        string // "24x7", "Mon-Fri 07:30-17:00" or empty
	Person       string // yes, no or empty
}

// A System is a row of systems.
type System struct {
	Line            int
	Code            string
	NameVI, NameEN  string
	Owner, Operator string
	Kind            string // one of SystemKinds
	Level           int    // 1 to 5; 0 when the file does not say
	Criticality     string // one of Criticalities, or empty
	DependsOn       []string
	Status          string // one of Statuses, or empty
}

// An Address is a row of addresses, its value canonical: 198.51.100.0/24,
// 2001:db8::/32, AS64500, phuong.example; an egress is a single address
// without length, or a prefix.
type Address struct {
	Line               int
	Organisation       string
	Kind               string // one of AddressKinds
	Value              string
	Realm              string // empty means public
	System             string
	ValidFrom, ValidTo string
}

// Prefix is the range that a prefix or an egress covers, and false for the
// other kinds.
func (a Address) Prefix() (netip.Prefix, bool) {
	if a.Kind != "prefix" && a.Kind != "egress" {
		return netip.Prefix{}, false
	}
	p, err := parseNetwork(a.Value)
	return p, err == nil
}

// An Endpoint is a row of endpoints.
type Endpoint struct {
	Line         int
	Organisation string
	Hostname     string
	Kind         string // server or workstation
	IP           string // canonical, or empty
	Realm        string // empty means public
	OS           string
	System       string
}

// A SoftwareLine is a row of software: what is installed, on a host or
// somewhere in the organisation.
type SoftwareLine struct {
	Line         int
	Organisation string
	Vendor       string
	Product      string
	Version      string
	CPE          string
	PURL         string
	Hostname     string
	System       string
}

// add puts a sound row of kind k, given by column name, among the records.
func (r *Rows) add(k Kind, line int, v map[string]string) {
	switch k {
	case Organisations:
		r.Organisations = append(r.Organisations, Organisation{
			Line: line, Code: v["code"], NameVI: v["name_vi"], NameEN: v["name_en"], Kind: v["kind"],
			Parent: v["parent"], Tier: v["tier"], Sector: v["sector"],
			ValidFrom: v["valid_from"], ValidTo: v["valid_to"],
		})
	case Successions:
		r.Successions = append(r.Successions, Succession{
			Line: line, From: v["from"], To: v["to"], Date: v["date"], Share: v["share"],
		})
	case Systems:
		r.Systems = append(r.Systems, System{
			Line: line, Code: v["code"], NameVI: v["name_vi"], NameEN: v["name_en"], Owner: v["owner"],
			Operator: v["operator"], Kind: v["kind"], Level: number(v["level"]),
			Criticality: v["criticality"], DependsOn: strings.Fields(v["depends_on"]), Status: v["status"],
		})
	case Contacts:
		r.Contacts = append(r.Contacts, Contact{
			Line: line, Organisation: v["organisation"], Name: v["name"], Email: v["email"], Phone: v["phone"],
			Role: v["role"], Language: v["language"], Order: number(v["order"]), Hours: v["hours"], Person: v["person"],
		})
	case Addresses:
		r.Addresses = append(r.Addresses, Address{
			Line: line, Organisation: v["organisation"], Kind: v["kind"], Value: v["value"], Realm: v["realm"],
			System: v["system"], ValidFrom: v["valid_from"], ValidTo: v["valid_to"],
		})
	case Endpoints:
		r.Endpoints = append(r.Endpoints, Endpoint{
			Line: line, Organisation: v["organisation"], Hostname: v["hostname"], Kind: v["kind"], IP: v["ip"],
			Realm: v["realm"], OS: v["os"], System: v["system"],
		})
	case Software:
		r.Software = append(r.Software, SoftwareLine{
			Line: line, Organisation: v["organisation"], Vendor: v["vendor"], Product: v["product"],
			Version: v["version"], CPE: v["cpe"], PURL: v["purl"], Hostname: v["hostname"], System: v["system"],
		})
	}
}

// table gives the records of kind k as rows of text in the order of columns,
// the inverse of add.
func (r Rows) table(k Kind) [][]string {
	var rows [][]string
	switch k {
	case Organisations:
		for _, o := range r.Organisations {
			rows = append(rows, []string{
				o.Code, o.NameVI, o.NameEN, o.Kind, o.Parent, o.Tier, o.Sector, o.ValidFrom, o.ValidTo,
			})
		}
	case Successions:
		for _, s := range r.Successions {
			rows = append(rows, []string{s.From, s.To, s.Date, s.Share})
		}
	case Systems:
		for _, s := range r.Systems {
			rows = append(rows, []string{
				s.Code, s.NameVI, s.NameEN, s.Owner, s.Operator, s.Kind, digits(s.Level), s.Criticality,
				strings.Join(s.DependsOn, " "), s.Status,
			})
		}
	case Contacts:
		for _, c := range r.Contacts {
			rows = append(rows, []string{
				c.Organisation, c.Name, c.Email, c.Phone, c.Role, c.Language, digits(c.Order), c.Hours, c.Person,
			})
		}
	case Addresses:
		for _, a := range r.Addresses {
			rows = append(rows, []string{a.Organisation, a.Kind, a.Value, a.Realm, a.System, a.ValidFrom, a.ValidTo})
		}
	case Endpoints:
		for _, e := range r.Endpoints {
			rows = append(rows, []string{e.Organisation, e.Hostname, e.Kind, e.IP, e.Realm, e.OS, e.System})
		}
	case Software:
		for _, s := range r.Software {
			rows = append(rows, []string{
				s.Organisation, s.Vendor, s.Product, s.Version, s.CPE, s.PURL, s.Hostname, s.System,
			})
		}
	}
	return rows
}

// number reads what level and order let through; empty is 0.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func digits(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
