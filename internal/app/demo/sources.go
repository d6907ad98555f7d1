package demo

import "encoding/json"

// Names of the partners' sources.
const (
	worldSource     = "shadowserver"
	communitySource = "to-ong-chia-se"
	listSource      = "hai-dang-danh-sach"
	tableSource     = "sao-mai-bao-cao"
)

// Sources are the partners that hand reports in. All but the first are
// invented; the first only lends its formats.
func Sources() []Source {
	mapping, err := json.Marshal(tableMapping())
	if err != nil {
		panic("demo: the mapping is plain: " + err.Error())
	}
	return []Source{
		{Name: worldSource, Format: "shadowserver", TLP: "amber", Zone: "UTC"},
		{Name: communitySource, Format: "shadowserver", TLP: "green", Zone: "UTC"},
		{Name: listSource, Format: "list", Kind: kindOf(listReport), TLP: "amber", Zone: cityZone},
		{Name: tableSource, Format: "csv", Kind: kindOf(tableReport), TLP: "amber", Zone: cityZone, Mapping: string(mapping)},
	}
}

const cityZone = "Asia/Ho_Chi_Minh"

func tableMapping() map[string]any {
	return map[string]any{}
}
