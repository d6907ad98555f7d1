package product

import (
	"encoding/json"

	"tocsin/internal/base/errs"
)

// Aliases are what is known of names beyond their spelling, as data. The zero
// Aliases know nothing.
type Aliases struct {
	Vendors  []VendorAlias  `json:"vendors,omitempty"`
	Products []ProductAlias `json:"products,omitempty"`
	Answers  []Answer       `json:"answers,omitempty"`
}

// A VendorAlias says that names mean one vendor.
type VendorAlias struct {
	Name string   `json:"name"`
	Also []string `json:"also"`
}

// A ProductAlias tells the other names of a vendor's product. A name that ends
// in * stands for all that begin so ("fortigate*" is FortiGate 100E too).
type ProductAlias struct {
	Vendor string   `json:"vendor"`
	Name   string   `json:"name"`
	Also   []string `json:"also,omitempty"`  // the same product
	Kinds  []string `json:"kinds,omitempty"` // software that may be hit where an advisory names the product: FortiGate for FortiOS
	Parts  []string `json:"parts,omitempty"` // what an advisory names when it may mean the product: Win32k for Windows
}

// An Answer is what an analyst said of a pair of names: the same product or not.
// It holds for every line and every advisory with these names.
type Answer struct {
	Vendor         string `json:"vendor"` // of the software
	Product        string `json:"product"`
	AdvisoryVendor string `json:"advisory_vendor"`
	AdvisoryName   string `json:"advisory_name"`
	Same           bool   `json:"same"`
}

// BuiltIn are the aliases that come with the program.
func BuiltIn() (Aliases, error) {
	var a Aliases
	return a, embedded("aliases.json", &a)
}

// words are the data of words.json.
type words struct {
	Legal          []string `json:"legal"`
	LegalPhrases   []string `json:"legal_phrases"`
	UnknownVendors []string `json:"unknown_vendors"`
	Phrases        []string `json:"phrases"`
	Noise          []string `json:"noise"`
	Weak           []string `json:"weak"`
	Separators     []string `json:"separators"`
}

func embedded(name string, into any) error {
	raw, err := data.ReadFile(name)
	if err != nil {
		return errs.New(errs.Internal, "read %s: %w", name, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return errs.New(errs.Internal, "read %s: %w", name, err)
	}
	return nil
}
