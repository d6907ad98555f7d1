package product

import (
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/match/version"
)

// Software is a line of an inventory, as its owner typed it. Vendor, Version,
// CPE and PURL may be empty.
type Software struct{ Vendor, Product, Version, CPE, PURL string }

// A Word is the probability that a warning states. The set is closed; "" is none.
type Word string

// The words.
const (
	None      Word = ""
	Possible  Word = "possible"
	Confirmed Word = "confirmed"
)

// A Verdict says whether an advisory concerns a line of software.
type Verdict struct {
	Probability Word
	Score       float64 // 0–1, to sort a review queue by
	Product     int     // which of advisory.Products decided
	CVEs        []string
	Reasons     []Reason
	Range       string // the range that decided, "≥ 7.0.0, < 7.0.8", for the reasons' {range}
}

// A Reason is a key of the catalogues. Parameters: {version}, {range}.
type Reason string

// The reasons of the name; those of the version are package version's.
const (
	ReasonCPE           Reason = "match.product.cpe"
	ReasonPURL          Reason = "match.product.purl"
	ReasonYes           Reason = "match.product.yes"            // an analyst said so
	ReasonNo            Reason = "match.product.no"             // an analyst said no
	ReasonVendor        Reason = "match.product.vendor"         // the same vendor
	ReasonVendorMissing Reason = "match.product.vendor-missing" // one side names none
	ReasonVendorDiffers Reason = "match.product.vendor-differs"
	ReasonName          Reason = "match.product.name"         // the same product
	ReasonNameNear      Reason = "match.product.name-near"    // but for a word like "server"
	ReasonNameSimilar   Reason = "match.product.name-similar" // rare words in common
	ReasonNameTypo      Reason = "match.product.name-typo"
	ReasonNamePart      Reason = "match.product.name-part"    // one of several that the source names together
	ReasonBroader       Reason = "match.product.broader"      // an alias that only may be the same
	ReasonMentioned     Reason = "match.product.mentioned"    // the source names the product in its text only
	ReasonReleaseOpen   Reason = "match.product.release-open" // one side names no release
	ReasonNotAffected   Reason = "match.product.not-affected" // the source says so of this version
)

// Reasons are all reasons that a verdict can have.
func Reasons() []Reason {
	all := []Reason{
		ReasonCPE, ReasonPURL, ReasonYes, ReasonNo, ReasonVendor, ReasonVendorMissing, ReasonVendorDiffers, ReasonName,
		ReasonNameNear, ReasonNameSimilar, ReasonNameTypo, ReasonNamePart, ReasonBroader, ReasonMentioned, ReasonReleaseOpen, ReasonNotAffected,
	}
	for _, r := range version.Reasons() {
		all = append(all, ofVersion(r))
	}
	return all
}

func ofVersion(r version.Reason) Reason { return Reason("match.version." + r) }

// InWords writes a range for people, in signs.
func InWords(r advisory.Range) string {
	switch {
	case r.Unclear, r.Text != "" && r.Exact+r.From+r.To == "":
		return r.Text
	case r.Exact != "":
		return r.Exact
	}
	s := ""
	if r.From != "" {
		s = "≥ " + r.From
		if r.FromOut {
			s = "> " + r.From
		}
	}
	if r.To == "" {
		return s
	}
	if s != "" {
		s += ", "
	}
	if r.ToIn {
		return s + "≤ " + r.To
	}
	return s + "< " + r.To
}
