package demo

import (
	"fmt"
	"net/netip"
	"strings"

	"tocsin/internal/base/i18n"
	"tocsin/internal/city/estate/tiles"
)

// Codes of bodies that others lean on.
const (
	cityCode   = "79"
	centreCode = "trung-tam-chuyen-doi-so" // runs the city's data centre
	techCode   = "so-khoa-hoc-va-cong-nghe"
	policeCode = "cong-an-thanh-pho"
)

// The shared exits of the data centre, behind which most wards surf.
const firstExit, exits = "203.0.113.10", 4

// A body is an organisation of the present, with what is invented about it.
type body struct {
	code, nameVI, nameEN   string
	kind, parent           string
	tier, sector, from     string
	slug                   string // of its domain and its host names
	v4, v6                 netip.Prefix
	machines               netip.Prefix // where its own machines are; invalid: in v4
	servers, workstations  int
	contacts               int
	roundTheClock, english bool
}

func (b body) domain() string             { return b.slug + ".example" }
func (b body) mailbox(name string) string { return name + "@" + b.domain() }

// host is the n-th address among the body's machines on the Internet.
func (b body) host(n int) netip.Addr {
	p := b.v4
	if b.machines.IsValid() {
		p = b.machines
	}
	a := p.Addr().As4()
	a[3] += byte(n)
	return netip.AddrFrom4(a)
}

func (b body) unit() bool { return b.kind == "ward" || b.kind == "commune" || b.kind == "special_zone" }

// slug makes a name one word of a domain: "Phường Bến Thành" is
// phuong-ben-thanh.
func slug(name string) string {
	return strings.Join(strings.FieldsFunc(i18n.Fold(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// invent makes all present bodies: city, data centre, units, departments and
// the others.
func (c *City) invent() []body {
	bodies := []body{{
		code: cityCode, nameVI: "Thành phố Hồ Chí Minh", nameEN: "Ho Chi Minh City", kind: "city", tier: "city",
		slug: "tphcm", v4: prefix("198.18.251.0/24"), v6: prefix("2001:db8:ff::/48"), contacts: 2, roundTheClock: true,
	}}
	bodies = append(bodies, c.inventUnits()...)
	bodies = append(bodies, departments()...)
	return append(bodies, others()...)
}

func (c *City) inventUnits() []body {
	var bodies []body
	unchanged := map[string]bool{}
	for _, u := range tiles.Tiles() {
		unchanged[u.Code] = true
	}
	for _, f := range c.former {
		for _, h := range f.heirs {
			unchanged[h.code] = false
		}
	}
	seen := map[string]bool{}
	for i, u := range tiles.Tiles() {
		b := body{
			code: u.Code, nameVI: u.NameVI, nameEN: u.NameEN, kind: u.Kind, parent: cityCode, tier: "city",
			sector: "Hành chính", from: "2025-07-01", slug: slug(u.NameVI),
			v4: prefix(fmt.Sprintf("198.18.%d.0/26", i)), v6: prefix(fmt.Sprintf("2001:db8:%x::/48", i+1)),
			servers: 3, workstations: 17, contacts: 2, roundTheClock: i%24 == 5,
		}
		if unchanged[u.Code] {
			b.from = ""
		}
		if seen[b.slug] {
			b.slug += "-" + b.code
		}
		seen[b.slug] = true
		switch {
		case i == 61 || i == 118:
			b.contacts = 0
		case i%11 == 3:
			b.contacts = 1
		}
		bodies = append(bodies, b)
	}
	return bodies
}

// departments are the sixteen of the city (thanhnien.vn 1 July 2025, plo.vn
// 30 September 2025).
func departments() []body {
	names := [][2]string{
		{"Văn phòng Ủy ban nhân dân Thành phố Hồ Chí Minh", "Office of the People's Committee"},
		{"Sở Nội vụ", "Department of Home Affairs"},
		{"Sở Tư pháp", "Department of Justice"},
		{"Sở Tài chính", "Department of Finance"},
		{"Thanh tra Thành phố", "City Inspectorate"},
		{"Sở Xây dựng", "Department of Construction"},
		{"Sở Nông nghiệp và Môi trường", "Department of Agriculture and Environment"},
		{"Sở Giáo dục và Đào tạo", "Department of Education and Training"},
		{"Sở Y tế", "Department of Health"},
		{"Sở An toàn thực phẩm", "Department of Food Safety"},
		{"Sở Công Thương", "Department of Industry and Trade"},
		{"Sở Khoa học và Công nghệ", "Department of Science and Technology"},
		{"Sở Văn hóa và Thể thao", "Department of Culture and Sports"},
		{"Sở Du lịch", "Department of Tourism"},
		{"Sở Dân tộc và Tôn giáo", "Department of Ethnic Minorities and Religions"},
		{"Sở Quy hoạch - Kiến trúc", "Department of Planning and Architecture"},
	}
	var bodies []body
	for i, n := range names {
		b := body{
			code: slug(n[0]), nameVI: n[0], nameEN: n[1], kind: "department", parent: cityCode, tier: "city",
			sector: "Hành chính", slug: slug(n[0]),
			v4: prefix(fmt.Sprintf("198.18.%d.0/24", 176+i)), v6: prefix(fmt.Sprintf("2001:db8:%x::/48", 0xc0+i)),
			servers: 6, workstations: 20, contacts: 2,
		}
		if i == 0 {
			b.code, b.slug = "van-phong-ubnd", "van-phong-ubnd"
		}
		if i == len(names)-1 {
			b.from = "2025-09-30"
		}
		bodies = append(bodies, b)
	}
	return bodies
}

// others are the bodies around the city's government. The data centre and the
// police are real; all the rest is invented.
func others() []body {
	type one struct{ nameVI, nameEN, sector string }
	groups := []struct {
		kind, tier, parent string
		third              int // of the first prefix 198.19.x.0/24
		bodies             []one
	}{
		{"central_unit", "central", "", 0, []one{
			{"Công an Thành phố Hồ Chí Minh", "Ho Chi Minh City Police", "An ninh, trật tự"},
			{"Văn phòng Thuế Khu vực Cửa Sông", "Cua Song Regional Tax Office", "Tài chính"},
			{"Kho bạc Khu vực Bến Nước", "Ben Nuoc Regional Treasury", "Tài chính"},
			{"Chi cục Hải quan Cảng Mũi Sao", "Mui Sao Port Customs Branch", "Tài chính"},
			{"Trung tâm Bảo hiểm Khu vực Đồng Xanh", "Dong Xanh Regional Insurance Centre", "An sinh"},
			{"Cục Thống kê Khu vực Trời Nam", "Troi Nam Regional Statistics Office", "Thống kê"},
			{"Đài Khí tượng Khu vực Gió Mùa", "Gio Mua Regional Weather Station", "Môi trường"},
			{"Cảng vụ Hàng hải Cửa Biển", "Cua Bien Maritime Administration", "Giao thông"},
			{"Đại học Quốc gia Phương Sáng", "Phuong Sang National University", "Giáo dục"},
			{"Viện Nghiên cứu Hạt Giống Nam", "Southern Seed Research Institute", "Khoa học"},
		}},
		{"state_enterprise", "city", cityCode, 32, []one{
			{"Tổng công ty Cấp nước Suối Trong", "Suoi Trong Water Supply Corporation", "Cấp nước"},
			{"Công ty TNHH MTV Thoát nước Kênh Xanh", "Kenh Xanh Drainage Company", "Thoát nước"},
			{"Công ty TNHH MTV Môi trường Phố Sạch", "Pho Sach Environment Company", "Môi trường"},
			{"Công ty TNHH MTV Đường sắt đô thị Tuyến Sao", "Tuyen Sao Metro Company", "Giao thông"},
			{"Công ty TNHH MTV Bến xe Cửa Ngõ", "Cua Ngo Bus Stations Company", "Giao thông"},
			{"Công ty TNHH MTV Chiếu sáng Ánh Trăng", "Anh Trang Lighting Company", "Năng lượng"},
			{"Công ty TNHH MTV Cây xanh Bóng Mát", "Bong Mat Parks Company", "Môi trường"},
			{"Tổng công ty Địa ốc Mái Ấm", "Mai Am Housing Corporation", "Xây dựng"},
			{"Tổng công ty Công nghiệp Bánh Răng", "Banh Rang Industries Corporation", "Công nghiệp"},
			{"Công ty TNHH MTV Quản lý Cầu phà Sông Dài", "Song Dai Bridges and Ferries Company", "Giao thông"},
		}},
		{"public_unit", "city", cityCode, 64, []one{
			{"Trung tâm Chuyển đổi số Thành phố Hồ Chí Minh", "HCMC Digital Transformation Center", "Công nghệ thông tin"},
			{"Bệnh viện Đa khoa Lá Lành", "La Lanh General Hospital", "Y tế"},
			{"Bệnh viện Nhi Hoa Mai", "Hoa Mai Children's Hospital", "Y tế"},
			{"Bệnh viện Mắt Trời Sáng", "Troi Sang Eye Hospital", "Y tế"},
			{"Trung tâm Cấp cứu Chim Én", "Chim En Emergency Centre", "Y tế"},
			{"Trường Cao đẳng Nghề Tay Vàng", "Tay Vang Vocational College", "Giáo dục"},
			{"Trường THPT Ngọn Đuốc", "Ngon Duoc High School", "Giáo dục"},
			{"Thư viện Trang Sách", "Trang Sach Library", "Văn hóa"},
			{"Đài Truyền thanh Tiếng Phố", "Tieng Pho Radio", "Truyền thông"},
			{"Trung tâm Điều hành Giao thông Đèn Xanh", "Den Xanh Traffic Control Centre", "Giao thông"},
			{"Trung tâm Lưu trữ Giấy Thơm", "Giay Thom Archive Centre", "Lưu trữ"},
			{"Ban Quản lý Khu công nghệ Tia Chớp", "Tia Chop Technology Park Authority", "Công nghiệp"},
		}},
		{"company", "private", "", 96, []one{
			{"Công ty CP Viễn thông Sóng Gần", "Song Gan Telecom JSC", "Viễn thông"},
			{"Ngân hàng TMCP Hạt Lúa", "Hat Lua Commercial Bank", "Ngân hàng"},
			{"Công ty CP Thương mại điện tử Chợ Nổi", "Cho Noi E-commerce JSC", "Thương mại"},
			{"Công ty CP Kho vận Container Đỏ", "Container Do Logistics JSC", "Vận tải"},
			{"Công ty TNHH Phần mềm Mười Ngón", "Muoi Ngon Software Company", "Công nghệ thông tin"},
			{"Công ty CP Thực phẩm Bếp Quê", "Bep Que Foods JSC", "Thực phẩm"},
			{"Công ty CP Điện mặt trời Nắng Vàng", "Nang Vang Solar JSC", "Năng lượng"},
			{"Phòng khám Tâm An Phố", "Tam An Pho Clinic", "Y tế"},
			{"Công ty CP Báo điện tử Ngày Mới Phố", "Ngay Moi Pho News JSC", "Truyền thông"},
			{"Công ty TNHH May mặc Kim Chỉ", "Kim Chi Garments Company", "Dệt may"},
		}},
		{"association", "private", "", 128, []one{
			{"Hội Doanh nghiệp Phần mềm Bến Sông", "Ben Song Software Business Association", "Công nghệ thông tin"},
			{"Hiệp hội Kho vận Cửa Biển", "Cua Bien Logistics Association", "Vận tải"},
			{"Hội Bảo vệ Người tiêu dùng Phố Thị", "Pho Thi Consumer Association", "Thương mại"},
		}},
		{"foreign", "foreign", "", 144, []one{
			{"Aurora Components (Việt Nam)", "Aurora Components Vietnam", "Điện tử"},
			{"Blue Harbour Shipping (Việt Nam)", "Blue Harbour Shipping Vietnam", "Vận tải"},
			{"Northwind Textiles (Việt Nam)", "Northwind Textiles Vietnam", "Dệt may"},
		}},
		{"partner", "private", "", 160, []one{
			{"Trung tâm Giám sát Ngọn Hải Đăng", "Lighthouse Monitoring Centre", "An toàn thông tin"},
			{"Nhà mạng Sao Mai Xa", "Sao Mai Xa Carrier", "Viễn thông"},
			{"Cộng đồng Chia sẻ Chỉ dấu Tổ Ong", "Beehive Indicator Sharing Community", "An toàn thông tin"},
		}},
	}
	var bodies []body
	v6 := 0x100
	for _, g := range groups {
		for i, o := range g.bodies {
			v6++
			b := body{
				code: slug(o.nameVI), nameVI: o.nameVI, nameEN: o.nameEN, kind: g.kind, parent: g.parent, tier: g.tier,
				sector: o.sector, slug: slug(o.nameEN),
				v4: prefix(fmt.Sprintf("198.19.%d.0/25", g.third+i)), v6: prefix(fmt.Sprintf("2001:db8:%x::/48", v6)),
				servers: 3, workstations: 5, contacts: 2 - i%3/2,
				roundTheClock: o.sector == "Y tế" || o.sector == "Viễn thông" || o.sector == "Ngân hàng",
				english:       g.kind == "foreign",
			}
			switch o.nameEN {
			case "Ho Chi Minh City Police":
				b.code, b.slug, b.roundTheClock, b.contacts = policeCode, policeCode, true, 2
			case "HCMC Digital Transformation Center":
				b.code, b.slug, b.roundTheClock, b.contacts = centreCode, centreCode, true, 2
				b.v4, b.v6, b.servers = prefix("198.18.0.0/16"), prefix("2001:db8::/40"), 18
				b.machines = prefix("198.18.252.0/24")
			}
			bodies = append(bodies, b)
		}
	}
	return bodies
}
