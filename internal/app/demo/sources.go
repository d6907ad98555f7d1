package demo

// Names of the partners' sources.
const (
	worldSource     = "shadowserver"
	communitySource = "to-ong-chia-se"
	listSource      = "hai-dang-danh-sach"
	tableSource     = "sao-mai-bao-cao"
	advisorySource  = "hai-dang-lo-hong"
	patternSource   = "to-ong-chi-dau"
)

// Sources are the partners that hand reports in. All but the first are
// invented; the first only lends its formats.
func Sources() []Source {
	return []Source{
		{Name: worldSource, Format: "shadowserver", TLP: "amber", Zone: "UTC"},
		{Name: communitySource, Format: "shadowserver", TLP: "green", Zone: "UTC"},
		{Name: listSource, Format: "list", Kind: kindOf(listReport), TLP: "amber", Zone: cityZone},
		{Name: tableSource, Format: "csv", Kind: kindOf(tableReport), TLP: "amber", Zone: cityZone, Mapping: tableMapping},
		{Name: advisorySource, Format: "auto", TLP: "green", Zone: cityZone},
		{Name: patternSource, Format: "misp", TLP: "amber", Zone: "UTC"},
	}
}

const cityZone = "Asia/Ho_Chi_Minh"

// tableMapping says what the columns of tableHeader are.
const tableMapping = `{
  "delimiter": ";",
  "fields": {
    "at": {"column": "Thời gian", "layouts": ["02/01/2006 15:04:05"], "zone": "` + cityZone + `"},
    "ip": {"column": "Địa chỉ IP"},
    "discriminator": {"column": "Họ mã độc", "values": {"sality": "sality", "virut": "virut", "ramnit": "ramnit", "gamarue": "gamarue"}},
    "severity": {"column": "Mức độ", "values": {"cao": "high", "trung bình": "medium"}, "default": "medium"}
  }
}
`
