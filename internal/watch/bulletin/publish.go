package bulletin

import (
	"context"
	"slices"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/warning"
)

// A Telling is why a message about a bulletin goes out.
type Telling string

// The tellings, which are the verbs of the deliveries that follow.
const (
	Issued   Telling = "bulletin.issued"
	Recalled Telling = "bulletin.recalled"
)

// Tellings are all tellings.
func Tellings() []Telling { return []Telling{Issued, Recalled} }

// Told is the body of bulletin.told. Bulletin, Revision and Telling together name
// what is told.
type Told struct {
	Bulletin int64               `json:"bulletin"`
	Number   string              `json:"number"`
	Revision int64               `json:"revision"`
	Telling  Telling             `json:"telling"`
	Severity string              `json:"severity"`
	To       []warning.Addressee `json:"to"`
}

// Withheld is the body of bulletin.withheld.
type Withheld struct {
	Bulletin     int64    `json:"bulletin"`
	Number       string   `json:"number"`
	Revision     int64    `json:"revision"`
	Marking      string   `json:"marking"`
	Reason       string   `json:"reason"` // key in the catalogues of tlp
	Recipients   []string `json:"recipients"`
	Organisation string   `json:"organisation"` // code
}

// pieceTold is how many addressees one entry names.
const pieceTold = 200

// Publish sends what is approved: to each organisation that it is for, one
// delivery a recipient, and to the public pages where it is for everybody. The
// storm brake does not hold it, for a second person has approved whom it goes to;
// the entry says so. Errors are Denied, NotFound and Conflict.
func (r *Room) Publish(ctx context.Context, a auth.Actor, name string, version int64) (Bulletin, error) {
	if err := auth.May(a, auth.BulletinPublish); err != nil {
		return Bulletin{}, err
	}
	var seen Bulletin
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		seen, err = whole(tx, a, name)
		return err
	})
	if err != nil {
		return seen, err
	}
	// Who has the products is worked out before the bracket: it takes longer than
	// others should wait.
	holders, err := r.holders(ctx, &seen.Content)
	if err != nil {
		return seen, err
	}
	if version == 0 {
		version = seen.Version // what the holders are of is what goes out
	}
	return r.change(ctx, a, name, version, ActPublish, func(tx *db.Tx, b *Bulletin) (map[string]any, error) {
		return r.issue(tx, a, b, holders)
	})
}

func (r *Room) issue(tx *db.Tx, a auth.Actor, b *Bulletin, holders map[int64][]finding.Holder) (map[string]any, error) {
	now := r.Clock.Now()
	if b.Number == "" {
		if err := r.number(tx, b); err != nil {
			return nil, err
		}
		b.First = now
	}
	p, err := r.audience(tx, b, holders)
	if err != nil {
		return nil, err
	}
	b.Standing, b.Published, b.By.Published, b.Public = b.Revision, now, a.Name(), p.Public
	one := Issue{
		Bulletin: b.ID, Revision: b.Revision, Content: b.Content, Authors: b.Authors, ApprovedBy: b.By.Approved, PublishedBy: a.Name(), At: now,
		Organisations: int64(p.Told), Recipients: int64(p.Addressees),
	}
	if err := one.insert(tx); err != nil {
		return nil, err
	}
	if err := r.keep(tx, b, p.Recipients); err != nil {
		return nil, err
	}
	drafts := []journal.Draft{{
		Actor: a.Name(), Subject: b.ID.Subject(), Verb: VerbIssued, Records: []journal.Record{one.record()},
		Body: map[string]any{"bulletin": int64(b.ID), "number": b.Number, "revision": b.Revision, "organisations": p.Told, "recipients": p.Addressees},
	}}
	drafts = append(drafts, tellings(a, b, Issued, p.Recipients)...)
	if _, err := r.Journal.Append(tx, drafts...); err != nil {
		return nil, err
	}
	return map[string]any{
		"organisations": p.Told, "recipients": p.Addressees, "kept_back": p.KeptBack, "deaf": p.Deaf, "public": p.Public,
		"authors": b.Authors, "approved_by": b.By.Approved, "storm_brake": "not asked: a second person has approved",
	}, nil
}

// number gives the next number of the year in which the city is.
func (r *Room) number(tx *db.Tx, b *Bulletin) error {
	year := r.Clock.Now().In(r.Texts.In("vi").Zone()).Year()
	n, err := tx.Int(`SELECT COALESCE(MAX(nth), 0) + 1 FROM bulletin WHERE year = $1`, int64(year))
	if err != nil {
		return err
	}
	b.Number = numberOf(r.Settings.Pattern, year, n)
	_, err = tx.Exec(`UPDATE bulletin SET year = $1, nth = $2 WHERE id = $3`, int64(year), n, int64(b.ID))
	return err
}

// keep writes down who got the revision.
func (r *Room) keep(tx *db.Tx, b *Bulletin, recipients []Recipient) error {
	var args []any
	for i := range recipients {
		one := &recipients[i]
		args = append(args, int64(b.ID), b.Revision, one.Organisation, text(one.why()), string(one.Relation), db.Bool(one.Shown), int64(len(one.To)+db.Bool(one.Elsewhere)))
	}
	if len(args) == 0 {
		return nil
	}
	return tx.Bulk(`INSERT INTO bulletin_recipient (bulletin, revision, organisation, why, relation, shown, told) VALUES`, "", 7, args)
}

// tellings are the entries that room deliver follows, and what the marking kept.
func tellings(a auth.Actor, b *Bulletin, telling Telling, recipients []Recipient) (drafts []journal.Draft) {
	var to []warning.Addressee
	for i := range recipients {
		one := &recipients[i]
		to = append(to, one.To...)
		if len(one.Withheld) == 0 {
			continue
		}
		kept := Withheld{
			Bulletin: int64(b.ID), Number: b.Number, Revision: b.Revision, Marking: b.Content.TLP.String(), Reason: one.Withheld[0].Reason, Organisation: one.Code,
		}
		for _, w := range one.Withheld {
			kept.Recipients = append(kept.Recipients, w.Recipient)
		}
		drafts = append(drafts, journal.Draft{Actor: a.Name(), Subject: b.ID.Subject(), Verb: VerbWithheld, Body: kept})
	}
	for piece := range slices.Chunk(to, pieceTold) {
		drafts = append(drafts, journal.Draft{Actor: a.Name(), Subject: b.ID.Subject(), Verb: VerbTold, Body: Told{
			Bulletin: int64(b.ID), Number: b.Number, Revision: b.Revision, Telling: telling, Severity: b.Content.Severity.String(), To: piece,
		}})
	}
	return drafts
}

// Withdraw takes a bulletin back for good. Those who got it are told, and the
// public pages say that it is withdrawn and why, without what it said. Errors are
// Denied, NotFound, Invalid without a reason, and Conflict.
func (r *Room) Withdraw(ctx context.Context, a auth.Actor, name, reason string) (Bulletin, error) {
	reason, err := because(reason, "withdraw "+name)
	if err != nil {
		return Bulletin{}, err
	}
	return r.change(ctx, a, name, 0, ActWithdraw, func(tx *db.Tx, b *Bulletin) (map[string]any, error) {
		b.Reason, b.Withdrawn, b.By.Withdrawn = reason, r.Clock.Now(), a.Name()
		body := map[string]any{"reason": reason}
		if b.Standing == 0 {
			return body, nil
		}
		recipients, err := r.toRecall(tx, b)
		if err != nil {
			return nil, err
		}
		body["organisations"] = len(recipients)
		_, err = r.Journal.Append(tx, tellings(a, b, Recalled, recipients)...)
		return body, err
	})
}

// toRecall are those who got any revision, as they are reached now.
func (r *Room) toRecall(tx *db.Tx, b *Bulletin) ([]Recipient, error) {
	out, err := issue(tx, b.ID, b.Standing)
	if err != nil {
		return nil, err
	}
	var got []struct {
		Organisation int64  `db:"organisation"`
		Relation     string `db:"relation"`
	}
	err = tx.Select(&got, `SELECT organisation, MIN(relation) AS relation FROM bulletin_recipient WHERE bulletin = $1 AND told > 0 GROUP BY organisation ORDER BY organisation`, int64(b.ID))
	if err != nil {
		return nil, err
	}
	announcer, err := r.Warnings.Announcer(tx)
	if err != nil {
		return nil, err
	}
	var recipients []Recipient
	reached := map[string]bool{}
	for _, g := range got {
		o, err := r.Estate.Forest().Organisation(g.Organisation)
		if err != nil {
			return nil, err
		}
		// A client may have become one concerned and the other way round; "client"
		// stands before "concerned", and who was told as either may learn that it is over.
		one := Recipient{Organisation: o.ID, Code: o.Code, Relation: warning.Relation(g.Relation), organisation: o}
		if out.Content.TLP > tlp.Green {
			one.Relation = warning.Concerned
		}
		if err := r.route(announcer, &one, &out.Content); err != nil {
			return nil, err
		}
		one.To = slices.DeleteFunc(one.To, func(to warning.Addressee) bool {
			key := string(to.Channel) + " " + strings.ToLower(to.Email)
			twice := reached[key]
			reached[key] = true
			return twice
		})
		recipients = append(recipients, one)
	}
	return recipients, nil
}

// A Why is why an organisation got a bulletin.
type Why struct {
	Products []string `json:"products,omitempty"` // with versions
	Class    bool     `json:"class,omitempty"`
	Listed   bool     `json:"listed,omitempty"`
	Before   bool     `json:"before,omitempty"`
}

func (r *Recipient) why() Why {
	w := Why{Class: r.Class, Listed: r.Listed, Before: r.Before}
	for _, h := range r.Products {
		name := strings.TrimSpace(h.Vendor + " " + h.Product)
		if len(h.Versions) > 0 {
			name += " " + strings.Join(h.Versions[:min(len(h.Versions), 5)], ", ")
		}
		w.Products = append(w.Products, name)
	}
	return w
}
