package finding

import (
	"context"
	"slices"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match/product"
)

// VerbAnswered says that an analyst has decided whether two names mean one
// product.
const VerbAnswered = "product.answered"

// A Question is a pair of names of which it is not sure that they mean one
// product: what an inventory writes, and what an advisory writes.
type Question struct {
	Vendor         string `json:"vendor"`
	Product        string `json:"product"`
	AdvisoryVendor string `json:"advisory_vendor"`
	AdvisoryName   string `json:"advisory_name"`

	Findings      []Finding `json:"-"` // that hang on the answer, the gravest first
	Organisations int       `json:"organisations"`
	Machines      int       `json:"machines"`
}

// Questions are the pairs that wait for an analyst, those with the most
// organisations behind them first. Whose scope is not the whole city sees none.
func (r *Room) Questions(ctx context.Context, who auth.Actor, limit int) (out []Question, err error) {
	if err := auth.May(who, auth.AdvisoryDecide); err != nil {
		return nil, err
	}
	if !who.Scope.IsAll() {
		return nil, nil
	}
	var open []Finding
	var answered []product.Answer
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		if answered, err = r.answers(tx); err != nil {
			return err
		}
		open, err = query(tx, `live = 1 AND advisory > 0 AND probability = 'possible' ORDER BY severity DESC, id`)
		return err
	})
	if err != nil {
		return nil, err
	}
	type pair [4]string
	place, told := map[pair]int{}, map[pair]bool{}
	for _, a := range answered {
		told[pair{a.Vendor, a.Product, a.AdvisoryVendor, a.AdvisoryName}] = true
	}
	for _, f := range open {
		d := f.Detail
		if d == nil || d.AdvisoryName == "" {
			continue
		}
		p := pair{d.Vendor, d.Product, d.AdvisoryVendor, d.AdvisoryName}
		if told[p] {
			continue
		}
		at, ok := place[p]
		if !ok {
			at = len(out)
			place[p] = at
			out = append(out, Question{Vendor: p[0], Product: p[1], AdvisoryVendor: p[2], AdvisoryName: p[3]})
		}
		q := &out[at]
		if !slices.ContainsFunc(q.Findings, func(g Finding) bool { return g.Organisation == f.Organisation }) {
			q.Organisations++
			q.Machines += d.Count
		}
		q.Findings = append(q.Findings, f)
	}
	slices.SortStableFunc(out, func(a, b Question) int { return b.Organisations - a.Organisations })
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

// Answer decides a question. It holds for every line and every advisory with
// these names, now and later: a yes makes what hangs on it certain as far as the
// version allows, a no ends it.
func (r *Room) Answer(ctx context.Context, who auth.Actor, a product.Answer, reason string) error {
	if err := auth.May(who, auth.AdvisoryDecide); err != nil {
		return err
	}
	if !who.Scope.IsAll() {
		return errs.New(errs.Denied, "answer: it holds for the whole city, which is more than you see")
	}
	if strings.TrimSpace(a.Product) == "" || strings.TrimSpace(a.AdvisoryName) == "" {
		return errs.At(errs.Invalid, []errs.Place{{Field: "product", Reason: "two names are needed"}}, "answer: two names are needed")
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		asset := productAsset(a.Vendor, a.Product)
		// Those that an earlier answer ended come back when it is taken back.
		hanging, err := query(tx, `advisory > 0 AND asset = $1 AND (live = 1 OR witness LIKE '`+endAnswered+` %')`, string(asset))
		if err != nil {
			return err
		}
		var advisories []int64
		for _, f := range hanging {
			if d := f.Detail; d != nil && d.AdvisoryVendor == a.AdvisoryVendor && d.AdvisoryName == a.AdvisoryName {
				advisories = append(advisories, f.Advisory)
			}
		}
		slices.Sort(advisories)
		advisories = slices.Compact(advisories)
		_, err = tx.Exec(`INSERT INTO product_answer (vendor, product, advisory_vendor, advisory_name, same, decided_by, reason, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (vendor, product, advisory_vendor, advisory_name) DO UPDATE SET same = excluded.same, decided_by = excluded.decided_by,
			reason = excluded.reason, at = excluded.at`,
			a.Vendor, a.Product, a.AdvisoryVendor, a.AdvisoryName, db.Bool(a.Same), who.Name(), row.Clip(reason, 500), db.Micros(r.Clock.Now()))
		if err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Subject: string(asset), Verb: VerbAnswered,
			Body: struct {
				product.Answer

				Reason     string  `json:"reason"`
				Advisories []int64 `json:"advisories"`
			}{a, reason, advisories},
		})
		return err
	})
}

// answers are all decisions on names.
func (r *Room) answers(tx *db.Tx) ([]product.Answer, error) {
	var rows []struct {
		Vendor         string `db:"vendor"`
		Product        string `db:"product"`
		AdvisoryVendor string `db:"advisory_vendor"`
		AdvisoryName   string `db:"advisory_name"`
		Same           int    `db:"same"`
	}
	err := tx.Select(&rows, `SELECT vendor, product, advisory_vendor, advisory_name, same FROM product_answer
		ORDER BY vendor, product, advisory_vendor, advisory_name`)
	out := make([]product.Answer, len(rows))
	for i, x := range rows {
		out[i] = product.Answer{Vendor: x.Vendor, Product: x.Product, AdvisoryVendor: x.AdvisoryVendor, AdvisoryName: x.AdvisoryName, Same: x.Same == 1}
	}
	return out, err
}
