package finding

import (
	"context"
	"sync"

	"tocsin/internal/base/db"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/match/product"
)

// A stock is software that can be asked what an advisory means to it.
type stock struct {
	lines   []estate.Installation // index speaks of them by their place
	index   *product.Index
	lexicon *product.Lexicon
}

// A shelf holds the stock of all software, built when it is first needed after a
// change. through is the last entry of software that was matched back; only the
// stage uses it.
type shelf struct {
	mu      sync.Mutex
	stock   *stock
	through int64
}

func (s *shelf) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stock = nil
}

// all is the stock of all software.
func (s *shelf) all(ctx context.Context, r *Room) (*stock, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stock != nil {
		return s.stock, nil
	}
	var (
		lines   []estate.Installation
		answers []product.Answer
	)
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if lines, err = r.Estate.Installations(tx); err != nil {
			return err
		}
		answers, err = r.answers(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	known, err := product.BuiltIn()
	if err != nil {
		return nil, err
	}
	lexicon, err := product.NewLexicon(known)
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		lexicon.Learn(a)
	}
	s.stock = newStock(lexicon, lines)
	return s.stock, nil
}

func newStock(lexicon *product.Lexicon, lines []estate.Installation) *stock {
	software := make([]product.Software, len(lines))
	for i, l := range lines {
		software[i] = product.Software{Vendor: l.Vendor, Product: l.Product, Version: l.Version, CPE: l.CPE, PURL: l.PURL}
	}
	return &stock{lines: lines, index: product.NewIndex(lexicon, software), lexicon: lexicon}
}

// only is the stock of some lines and of all that share a product with them in
// their organisation: what is known of a product is known of all its machines.
func (s *stock) only(lines map[int64]bool, products map[assetOf]bool) *stock {
	var some []estate.Installation
	for _, l := range s.lines {
		if lines[l.ID] || products[assetOf{l.Organisation, string(productAsset(l.Vendor, l.Product))}] {
			some = append(some, l)
		}
	}
	return newStock(s.lexicon, some)
}
