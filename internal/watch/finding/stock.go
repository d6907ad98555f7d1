package finding

import (
	"context"
	"slices"
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

// A shelf holds the stock of all software, as of a state of the inventory and of
// the answers on names: another process may have changed either. through is the
// last entry of software that was matched back; only the stage uses it.
type shelf struct {
	mu      sync.Mutex
	stock   *stock
	at      string           // the state of the inventory
	answers []product.Answer // that the lexicon has learnt
	through int64
}

// all is the stock of all software as it is now.
func (s *shelf) all(ctx context.Context, r *Room) (*stock, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var (
		at      string
		lines   []estate.Installation
		answers []product.Answer
	)
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		var err error
		if at, err = r.Estate.InstallationsAt(tx); err != nil {
			return err
		}
		if answers, err = r.answers(tx); err != nil || s.is(at, answers) {
			return err
		}
		lines, err = r.Estate.Installations(tx)
		return err
	})
	if err != nil || s.is(at, answers) {
		return s.stock, err
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
	s.stock, s.at, s.answers = newStock(lexicon, lines), at, answers
	return s.stock, nil
}

// is says whether the stock is of that state.
func (s *shelf) is(at string, answers []product.Answer) bool {
	return s.stock != nil && s.at == at && slices.Equal(s.answers, answers)
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
