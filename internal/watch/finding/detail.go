package finding

import (
	"encoding/json"
	"time"
)

// A Detail is what is known of a weakness in a product beyond the finding: which
// advisory, on which machines, and why it is judged as it is.
type Detail struct {
	Advisory       string    `json:"advisory"` // the source's own id
	Title          string    `json:"title"`
	Vendor         string    `json:"vendor"` // as the inventory writes it
	Product        string    `json:"product"`
	AdvisoryVendor string    `json:"advisory_vendor,omitempty"` // as the advisory writes it
	AdvisoryName   string    `json:"advisory_name,omitempty"`
	Range          string    `json:"range,omitempty"`     // the versions that decided, in words
	Why            []string  `json:"why,omitempty"`       // reasons of the match, keys of package match/product
	Judged         []string  `json:"judged,omitempty"`    // reasons of the severity, keys of package match/vector
	Decision       string    `json:"decision,omitempty"`  // SSVC: act, attend, track*, track
	FixBy          time.Time `json:"fix_by,omitzero"`     // when it should be fixed
	CVSS           float64   `json:"cvss,omitempty"`      // base score, 0 where none is known
	EPSS           float64   `json:"epss,omitempty"`      // 0–1
	Ends           string    `json:"ends,omitempty"`      // of a product's support
	Remedies       []string  `json:"remedies,omitempty"`  // as the source writes them
	Exploited      bool      `json:"exploited,omitempty"` // known to be used
	Machines       []Machine `json:"machines"`            // at most machinesKept
	Count          int       `json:"count"`               // of all machines
}

// A Machine is one installation of the product.
type Machine struct {
	Software int64  `json:"software"` // the inventory's line
	Hostname string `json:"hostname,omitempty"`
	System   int64  `json:"system,omitempty"`
	Version  string `json:"version,omitempty"`
	Possible bool   `json:"possible,omitempty"` // the version is not known, or the match is by name
}

// machinesKept is how many machines a detail names.
const machinesKept = 50

func (d *Detail) text() string {
	if d == nil {
		return ""
	}
	text, err := json.Marshal(d)
	if err != nil {
		return "" // texts, numbers and times always marshal
	}
	return string(text)
}

func detailOf(text string) *Detail {
	if text == "" {
		return nil
	}
	var d Detail
	if json.Unmarshal([]byte(text), &d) != nil {
		return nil
	}
	return &d
}
