package demo

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// A product that the demo's city uses and that nobody else does: its weaknesses
// are invented, so it must not be anybody's.
type invention struct {
	vendor, name, purl string
	versions           []string // that are installed
	share              int      // one body in so many uses it
}

func inventions() []invention {
	return []invention{
		{"Sen Vàng", "Một cửa điện tử", "pkg:generic/sen-vang/mot-cua", []string{"3.1.0", "3.1.4", "3.2.0"}, 14},
		{"Hải Đăng", "Quản lý văn bản", "pkg:generic/hai-dang/van-ban", []string{"7.0.2", "7.1.0"}, 18},
		{"Ngọn Sóng", "Cổng kết nối từ xa", "", []string{"2.4", ""}, 16},
	}
}

// advisory is the day's advisory: one product after the other.
func (c *City) advisory(n int, at time.Time) []byte {
	products := inventions()
	p := products[n%len(products)]
	fixed := []string{"3.2.0", "7.1.0", "2.5"}[n%len(products)]
	titles := []string{
		"Bỏ qua xác thực khi tải tệp đính kèm", "Chèn mã lệnh SQL ở chức năng tra cứu hồ sơ", "Thực thi mã từ xa qua gói tin đăng nhập",
		"Lộ tệp cấu hình qua đường dẫn tương đối", "Leo thang quyền quản trị qua phiên chưa kết thúc",
	}
	number := "NHD-" + at.Format("2006-0102")
	entry := map[string]any{
		"schema_version": "1.6.0", "id": number, "published": at.Add(-26 * time.Hour).UTC().Format(time.RFC3339),
		"modified": at.Add(-2 * time.Hour).UTC().Format(time.RFC3339), "summary": titles[n%len(titles)] + " trong " + p.vendor + " " + p.name,
		"details":  "Lỗ hổng được báo trong chương trình diễn tập. Nhà sản xuất đã phát hành bản vá " + fixed + ".",
		"severity": []map[string]string{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N"}},
		"affected": []map[string]any{{
			"package": map[string]string{"ecosystem": "Generic", "name": p.vendor + " " + p.name, "purl": p.purl},
			"ranges":  []map[string]any{{"type": "SEMVER", "events": []map[string]string{{"introduced": "0"}, {"fixed": fixed + pad(fixed)}}}},
		}},
		"references": []map[string]string{{"type": "ADVISORY", "url": "https://ngon-hai-dang.example/" + number}},
	}
	if p.purl == "" {
		entry["affected"] = []map[string]any{{"package": map[string]string{"ecosystem": "Generic", "name": p.name}}}
	}
	return marshalled(entry)
}

// pad makes a version of two numbers one of three, as SemVer wants it.
func pad(version string) string {
	if len(version) < 4 {
		return ".0"
	}
	return ""
}

// indicators is what the community shares in a day. Two of them are poison: a
// public resolver and a ward's own name, which nobody may be warned of unseen.
func (c *City) indicators(n int, at time.Time) []byte {
	attribute := func(k int, kind, value string) map[string]any {
		return map[string]any{
			"uuid": fmt.Sprintf("6a0c1b9e-%04x-4%03x-8000-%012x", n&0xffff, k, n*100+k), "type": kind, "category": "Network activity", "to_ids": true,
			"timestamp": strconv.FormatInt(at.Add(-time.Duration(k)*time.Minute).Unix(), 10), "value": value,
		}
	}
	var attributes []map[string]any
	for k := range 12 {
		attributes = append(attributes, attribute(k, "domain", fmt.Sprintf("may-chu-%02d-%s.doc-hai.example", k, at.Format("0102"))))
		attributes = append(attributes, attribute(20+k, "ip-dst", fmt.Sprintf("203.0.113.%d", 1+(n*12+k)%200)))
	}
	if n%3 == 0 {
		attributes = append(attributes, attribute(90, "domain", "www."+c.bodies[n%20].domain()))
	}
	return marshalled(map[string]any{"Event": map[string]any{
		"uuid": fmt.Sprintf("5f0c1b9e-%04x-4000-8000-%012x", n&0xffff, n), "info": "Máy chủ điều khiển mã độc, ngày " + at.Format("02/01/2006"),
		"date": at.Format(time.DateOnly), "threat_level_id": "2", "analysis": "1", "distribution": "2", "timestamp": strconv.FormatInt(at.Unix(), 10),
		"Tag": []map[string]string{{"name": "tlp:amber"}}, "Attribute": attributes,
	}})
}

func marshalled(v any) []byte {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		panic("demo: maps of texts marshal: " + err.Error())
	}
	return append(text, '\n')
}
