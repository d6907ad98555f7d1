package finding

import (
	"cmp"
	"context"
	"slices"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/match/product"
)

// A Holder is an organisation that has a product which an advisory means.
type Holder struct {
	Organisation int64
	Vendor       string // as its inventory writes it
	Product      string
	Versions     []string // sorted, each once; none where the inventory names none
	Machines     int
	Confirmed    bool // on one machine at least; else it is possible only
}

// Holders are those whom an advisory would concern if it came today, by
// organisation and product. It is the matching of stage advise without its
// findings, for whoever writes an advisory and wants to see whom it would reach.
// It reads the database outside any bracket of the caller's.
func (r *Room) Holders(ctx context.Context, a *advisory.Advisory) ([]Holder, error) {
	s, err := r.shelf.all(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []Holder
	place := map[assetOf]int{}
	for _, hit := range s.index.Match(a) {
		for _, n := range hit.Lines {
			line := s.lines[n]
			key := assetOf{line.Organisation, string(productAsset(line.Vendor, line.Product))}
			at, ok := place[key]
			if !ok {
				at = len(out)
				place[key] = at
				out = append(out, Holder{Organisation: line.Organisation, Vendor: line.Vendor, Product: line.Product})
			}
			h := &out[at]
			h.Machines++
			h.Confirmed = h.Confirmed || hit.Probability == product.Confirmed
			if line.Version != "" && !slices.Contains(h.Versions, line.Version) {
				h.Versions = append(h.Versions, line.Version)
			}
		}
	}
	for i := range out {
		slices.Sort(out[i].Versions)
	}
	slices.SortStableFunc(out, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(b.Machines, a.Machines))
	})
	return out, nil
}
