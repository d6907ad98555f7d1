package demo

import (
	"fmt"
	"net/netip"
	"strings"

	"tocsin/internal/city/estate/sheet"
)

// Reform is the day on which the present units took over (Resolution
// 1685/NQ-UBTVQH15, article 2).
const (
	reform    = "2025-07-01"
	dayBefore = "2025-06-30"
)

// Estate gives the city as sheets, in the order in which they can be applied.
func (c *City) Estate() []sheet.Sheet {
	all := sheet.Rows{
		Organisations: c.organisations(),
		Successions:   c.successions(),
		Systems:       c.systems(),
		Contacts:      c.contacts(),
		Addresses:     c.addresses(),
		Endpoints:     c.endpoints(),
		Software:      c.software(),
	}
	var sheets []sheet.Sheet
	for _, k := range sheet.Kinds() {
		name := string(k) + ".csv"
		read, err := sheet.Read(name, sheet.Write(k, all))
		if err != nil || len(read) != 1 || len(read[0].Refused) > 0 {
			panic(fmt.Sprintf("demo: the city is sound: %s: %+v, %v", name, read, err))
		}
		sheets = append(sheets, read[0])
	}
	return sheets
}

func (c *City) organisations() []sheet.Organisation {
	var rows []sheet.Organisation
	for _, f := range c.former {
		o := sheet.Organisation{Code: formerCode(f.code), NameVI: f.name, Kind: f.kind, Tier: "city", Sector: "Hành chính", ValidTo: dayBefore}
		switch {
		case f.kind != "district" && f.above != "":
			o.Parent = formerCode(f.above)
		case f.above == cityCode:
			o.Parent = cityCode
		}
		rows = append(rows, o)
	}
	rows = append(rows, sheet.Organisation{
		Code: formerCode("so-thong-tin-va-truyen-thong"), NameVI: "Sở Thông tin và Truyền thông",
		NameEN: "Department of Information and Communications", Kind: "department", Parent: cityCode, Tier: "city",
		Sector: "Hành chính", ValidTo: "2025-02-28",
	})
	for _, b := range c.bodies {
		rows = append(rows, sheet.Organisation{
			Code: b.code, NameVI: b.nameVI, NameEN: b.nameEN, Kind: b.kind, Parent: b.parent, Tier: b.tier,
			Sector: b.sector, ValidFrom: b.from,
		})
	}
	return rows
}

func (c *City) successions() []sheet.Succession {
	rows := []sheet.Succession{{
		From: formerCode("so-thong-tin-va-truyen-thong"), To: techCode, Date: "2025-03-01", Share: "full",
	}}
	for _, f := range c.former {
		for _, h := range f.heirs {
			rows = append(rows, sheet.Succession{From: formerCode(f.code), To: h.code, Date: reform, Share: h.share})
		}
	}
	return rows
}

// Contacts are role mailboxes; nobody of flesh and blood is invented.
func (c *City) contacts() []sheet.Contact {
	var rows []sheet.Contact
	for i, b := range c.bodies {
		roles := []struct{ name, mailbox, role string }{
			{"Đầu mối an toàn thông tin", "attt", "Đầu mối kỹ thuật"},
			{"Lãnh đạo phụ trách", "lanh-dao", "Lãnh đạo"},
		}
		if b.code == cityCode {
			roles[0] = struct{ name, mailbox, role string }{"Trực ban Thành phố", "truc-ban", "Trực ban"}
		}
		if b.english {
			roles[0].name, roles[0].role = "Security desk", "Technical contact"
			roles[1].name, roles[1].role = "Management", "Management"
		}
		for k, r := range roles[:b.contacts] {
			contact := sheet.Contact{
				Organisation: b.code, Name: r.name + ", " + b.nameVI, Email: b.mailbox(r.mailbox),
				Phone: fmt.Sprintf("028 0000 %04d", 2*i+k+1), Role: r.role, Language: "vi", Order: k + 1,
				Hours: "Mon-Fri 07:30-17:00",
			}
			if b.english {
				contact.Language = "en"
			}
			if b.roundTheClock && k == 0 {
				contact.Hours = "24x7"
			}
			rows = append(rows, contact)
		}
	}
	return rows
}

// A systemKind is what every body of a kind runs.
type systemKind struct {
	suffix, nameVI, nameEN string
	kind, criticality      string
	level                  int
	atCentre               bool // operated by the city's data centre
	needs                  []string
}

func systemKinds(b body) []systemKind {
	web := systemKind{"web", "Trang thông tin điện tử", "Website", "website", "important", 2, false, []string{"mang"}}
	net := systemKind{"mang", "Mạng nội bộ", "Internal network", "communications", "important", 2, false, nil}
	papers := systemKind{"van-ban", "Hệ thống quản lý văn bản", "Document management", "application", "important", 2, true, []string{"mang"}}
	desk := systemKind{"mot-cua", "Hệ thống một cửa điện tử", "One-stop shop", "application", "important", 2, true, []string{"mang"}}
	cameras := systemKind{"camera", "Hệ thống camera an ninh", "Security cameras", "control", "normal", 1, false, []string{"mang"}}
	mail := systemKind{"thu", "Hệ thống thư điện tử", "Mail", "communications", "important", 2, false, []string{"mang"}}
	data := systemKind{"du-lieu", "Cơ sở dữ liệu chuyên ngành", "Sector database", "database", "important", 3, true, []string{"mang"}}
	switch b.kind {
	case "ward", "commune", "special_zone":
		return []systemKind{net, web, papers, desk, cameras}
	case "department":
		return []systemKind{net, web, papers, data, mail}
	case "state_enterprise":
		control := systemKind{"dieu-khien", "Hệ thống điều khiển vận hành", "Operations control", "control", "vital", 3, false, []string{"mang"}}
		return []systemKind{net, web, mail, control}
	case "city":
		return []systemKind{web}
	case "partner":
		return []systemKind{net, web}
	}
	return []systemKind{net, web, mail}
}

// The systems of the whole city, run by the data centre.
const (
	sharingBus   = "79-truc-lien-thong"
	serviceDoor  = "79-dich-vu-cong"
	dataCentre   = "79-trung-tam-du-lieu"
	cityDatabase = "79-kho-du-lieu"
)

func (c *City) systems() []sheet.System {
	rows := []sheet.System{
		{Code: dataCentre, NameVI: "Trung tâm dữ liệu Thành phố", NameEN: "City data centre", Owner: centreCode, Kind: "infrastructure", Level: 4, Criticality: "vital", Status: "operating"},
		{Code: sharingBus, NameVI: "Trục liên thông dữ liệu", NameEN: "Data sharing bus", Owner: techCode, Operator: centreCode, Kind: "infrastructure", Level: 3, Criticality: "vital", DependsOn: []string{dataCentre}, Status: "operating"},
		{Code: serviceDoor, NameVI: "Cổng dịch vụ công", NameEN: "Public service portal", Owner: "van-phong-ubnd", Operator: centreCode, Kind: "website", Level: 3, Criticality: "vital", DependsOn: []string{sharingBus, dataCentre}, Status: "operating"},
		{Code: cityDatabase, NameVI: "Kho dữ liệu dùng chung", NameEN: "Shared data store", Owner: techCode, Operator: centreCode, Kind: "database", Level: 4, Criticality: "vital", DependsOn: []string{dataCentre}, Status: "operating"},
		{Code: "79-tong-dai-1022", NameVI: "Tổng đài tiếp nhận phản ánh", NameEN: "Citizens' hotline", Owner: centreCode, Kind: "communications", Level: 3, Criticality: "important", DependsOn: []string{dataCentre}, Status: "operating"},
		{Code: "79-ban-do-so", NameVI: "Bản đồ số dùng chung", NameEN: "Shared digital map", Owner: techCode, Operator: centreCode, Kind: "application", Level: 2, Criticality: "normal", DependsOn: []string{cityDatabase}, Status: "building"},
	}
	for _, b := range c.bodies {
		for _, k := range systemKinds(b) {
			s := sheet.System{
				Code: b.code + "-" + k.suffix, NameVI: k.nameVI + " " + b.nameVI, NameEN: k.nameEN + ", " + b.nameEN,
				Owner: b.code, Kind: k.kind, Level: k.level, Criticality: k.criticality, Status: "operating",
			}
			for _, n := range k.needs {
				s.DependsOn = append(s.DependsOn, b.code+"-"+n)
			}
			if k.suffix == "mot-cua" {
				s.DependsOn = append(s.DependsOn, serviceDoor)
			}
			if b.kind == "city" {
				s.DependsOn = []string{dataCentre}
			}
			if k.atCentre {
				s.Operator = centreCode
				s.DependsOn = append(s.DependsOn, dataCentre)
			}
			// Some dossiers are not written yet, and some systems are on their way.
			if c.roll(9, "level", s.Code) == 0 {
				s.Level = 0
			}
			if k.suffix == "camera" && c.roll(7, "status", s.Code) == 0 {
				s.Status = "building"
			}
			rows = append(rows, s)
		}
	}
	return rows
}

func (c *City) addresses() []sheet.Address {
	rows := []sheet.Address{
		{Organisation: centreCode, Kind: "asn", Value: "AS64500"},
		{Organisation: policeCode, Kind: "asn", Value: "AS64501"},
		{Organisation: "cong-ty-cp-vien-thong-song-gan", Kind: "asn", Value: "AS64510"},
		// The portal's addresses are the data centre's, and the system's owner's.
		{Organisation: centreCode, Kind: "prefix", Value: "198.18.250.0/28"},
		{Organisation: "van-phong-ubnd", Kind: "prefix", Value: "198.18.250.0/28", System: serviceDoor},
	}
	exit := netip.MustParseAddr(firstExit)
	for range exits {
		rows = append(rows, sheet.Address{Organisation: centreCode, Kind: "egress", Value: exit.String()})
		exit = exit.Next()
	}
	for _, b := range c.bodies {
		rows = append(rows,
			sheet.Address{Organisation: b.code, Kind: "prefix", Value: b.v4.String(), ValidFrom: b.from},
			sheet.Address{Organisation: b.code, Kind: "prefix", Value: b.v6.String(), ValidFrom: b.from},
			sheet.Address{Organisation: b.code, Kind: "domain", Value: b.domain()},
		)
		if b.unit() {
			rows = append(rows, sheet.Address{Organisation: b.code, Kind: "prefix", Value: "192.168.1.0/24", Realm: b.slug})
		}
	}
	return append(rows, c.inherited()...)
}

// inherited are the addresses that some former wards held until the reform and
// that the unit which took all of them over holds since.
func (c *City) inherited() []sheet.Address {
	var rows []sheet.Address
	eighth := 0
	for i, f := range c.former {
		if i%17 != 4 || len(f.heirs) != 1 || eighth == 24 {
			continue
		}
		value := fmt.Sprintf("198.51.100.%d/29", 8*eighth)
		eighth++
		rows = append(rows,
			sheet.Address{Organisation: formerCode(f.code), Kind: "prefix", Value: value, ValidTo: dayBefore},
			sheet.Address{Organisation: f.heirs[0].code, Kind: "prefix", Value: value, ValidFrom: reform},
		)
	}
	return rows
}

// Places of machines in a body's prefix; reports name the same.
const (
	gatewayAt = 1
	webAt     = 10
	mailAt    = 11
	serverAt  = 12
	cameraAt  = 20
	surfingAt = 30
)

func (c *City) endpoints() []sheet.Endpoint {
	var rows []sheet.Endpoint
	for _, b := range c.bodies {
		realm := ""
		inside := func(n int) string { return b.host(n % 100).String() }
		if b.unit() {
			realm = b.slug
			inside = func(n int) string { return fmt.Sprintf("192.168.1.%d", n) }
		}
		for i := range b.servers {
			e := sheet.Endpoint{
				Organisation: b.code, Hostname: fmt.Sprintf("%s-sv%02d", b.slug, i+1), Kind: "server", IP: inside(webAt + i), Realm: realm,
				OS:     choose(c, []string{"Windows Server 2019", "Windows Server 2022", "Ubuntu 22.04", "Debian 12", "Windows Server 2016"}, "server", b.code, i),
				System: b.code + "-web",
			}
			if i == 0 { // The web server faces the Internet.
				e.IP, e.Realm = b.host(webAt).String(), ""
			}
			if i > 0 && len(systemKinds(b)) > 1 {
				e.System = b.code + "-mang"
			}
			rows = append(rows, e)
		}
		for i := range b.workstations {
			rows = append(rows, sheet.Endpoint{
				Organisation: b.code, Hostname: fmt.Sprintf("%s-pc%02d", b.slug, i+1), Kind: "workstation", IP: inside(surfingAt + i), Realm: realm,
				OS: choose(c, []string{"Windows 11 Pro 23H2", "Windows 10 Pro 22H2", "Windows 11 Pro 24H2", "Windows 10 Pro 22H2"}, "pc", b.code, i),
			})
		}
	}
	return rows
}

func (c *City) software() []sheet.SoftwareLine {
	type product struct{ vendor, product, version, cpeVendor, cpeProduct string }
	webs := []product{
		{"nginx", "nginx", "1.24.0", "f5", "nginx"},
		{"Apache", "HTTP Server", "2.4.58", "apache", "http_server"},
		{"Microsoft", "Internet Information Services", "10.0", "microsoft", "internet_information_services"},
	}
	contents := []product{
		{"VINADES", "NukeViet", "4.5.02", "", ""},
		{"WordPress", "WordPress", "6.4.3", "wordpress", "wordpress"},
		{"Drupal", "Drupal", "10.2.3", "drupal", "drupal"},
		{"Liferay", "Liferay Portal", "7.4.3", "liferay", "liferay_portal"},
	}
	gateways := []product{
		{"Fortinet", "FortiOS", "7.2.5", "fortinet", "fortios"},
		{"MikroTik", "RouterOS", "6.49.10", "mikrotik", "routeros"},
		{"Cisco", "IOS XE", "17.6.5", "cisco", "ios_xe"},
	}
	mails := []product{
		{"Microsoft", "Exchange Server", "2019 CU13", "microsoft", "exchange_server"},
		{"Synacor", "Zimbra Collaboration Suite", "9.0.0", "synacor", "zimbra_collaboration_suite"},
	}
	var rows []sheet.SoftwareLine
	for _, b := range c.bodies {
		add := func(p product, host, system string) {
			line := sheet.SoftwareLine{
				Organisation: b.code, Vendor: p.vendor, Product: p.product, Version: p.version, Hostname: host, System: b.code + "-" + system,
			}
			// An inventory never knows everything: one line in four has no CPE name.
			if p.cpeVendor != "" && !strings.Contains(p.version, " ") && c.roll(4, "cpe", b.code, p.product) != 0 {
				part := "a"
				if p.product == "FortiOS" || p.product == "RouterOS" || p.product == "IOS XE" {
					part = "o"
				}
				line.CPE = fmt.Sprintf("cpe:2.3:%s:%s:%s:%s:*:*:*:*:*:*:*", part, p.cpeVendor, p.cpeProduct, p.version)
			}
			rows = append(rows, line)
		}
		first := ""
		if b.servers > 0 {
			first = b.slug + "-sv01"
		}
		add(choose(c, webs, "web", b.code), first, "web")
		add(choose(c, contents, "content", b.code), first, "web")
		if kinds := systemKinds(b); len(kinds) > 1 {
			add(choose(c, gateways, "gateway", b.code), "", "mang")
			if kinds[len(kinds)-1].suffix == "thu" || len(kinds) == 4 {
				add(choose(c, mails, "mail", b.code), b.slug+"-sv02", "thu")
			}
		}
		for _, p := range inventions() {
			if c.roll(p.share, "invention", p.name, b.code) != 0 {
				continue
			}
			line := sheet.SoftwareLine{
				Organisation: b.code, Vendor: p.vendor, Product: p.name, Version: choose(c, p.versions, "version", p.name, b.code),
				Hostname: first, System: b.code + "-web",
			}
			if p.purl != "" {
				line.PURL = p.purl
			}
			rows = append(rows, line)
		}
	}
	return rows
}
