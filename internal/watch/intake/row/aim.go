package row

import (
	"time"
)

// An Aim says what the patterns of a source are. With no Kind they are
// indicators. With one, they are addresses of ours that have that problem.
type Aim struct {
	Kind Kind
	At   time.Time // of a problem whose source names no time: the document's own
}

// Fill puts the patterns of one object into its row. The row's At, Severity,
// Classification and Discriminator stand where they are set. A row without a
// pattern, and one whose source does not want it matched, is context under a
// Kind.
//
// A problem is at one asset: several patterns are refused then, unless they are
// the domain and the address of one machine, of which the domain is the asset.
// Hashes are refused.
func (a Aim) Fill(out *Row, found []Indicator) *Refusal {
	if len(found) == 0 {
		return nil
	}
	if a.Kind == "" {
		// Whoever keeps a copy of the row keeps the indicator: each has its own.
		first := found[0]
		out.Indicator = &first
		if len(found) > 1 {
			out.Also = found[1:]
		}
		return nil
	}
	if out.Statement != nil && (out.Statement.Inactive || out.Statement.Revoked) {
		return nil
	}
	if len(found) > 2 || len(found) == 2 && (found[0].Type != Name || found[1].Type != IPv4 && found[1].Type != IPv6) {
		return &Refusal{Fault: FaultSeveral, Value: found[0].Value + " " + found[1].Value}
	}
	asset, err := found[0].Asset()
	if err != nil {
		return &Refusal{Fault: FaultNotAsset, Value: found[0].Value}
	}
	out.Asset, out.Kind = asset, a.Kind
	if out.At.IsZero() {
		out.At = a.At
	}
	if out.Severity == NoSeverity {
		out.Severity = a.Kind.Severity()
	}
	if out.Classification == "" {
		out.Classification = a.Kind.Classification()
	}
	if out.Discriminator == "" {
		out.Discriminator = string(a.Kind)
	}
	return nil
}
