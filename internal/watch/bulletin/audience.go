package bulletin

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// A Recipient is an organisation that a bulletin is for, and why.
type Recipient struct {
	Organisation int64
	Code         string
	Products     []finding.Holder // of the bulletin's products that it has
	Class        bool             // it is of the classes
	Listed       bool             // it is named
	Before       bool             // it got an earlier revision
	Relation     warning.Relation // how the marking counts it
	To           []warning.Addressee
	Withheld     []warning.Withheld
	Silenced     string // the rule of routing that tells it nothing
	Deaf         bool   // it has no contact
	Elsewhere    bool   // its contacts are told as those of another organisation
	Shown        bool   // its officers may read it
	organisation estate.Organisation
}

// Name is the organisation's name in a language.
func (r *Recipient) Name(lang string) string { return r.organisation.Name(lang) }

// Told says whether somebody there learns of the bulletin.
func (r *Recipient) Told() bool { return len(r.To) > 0 || r.Elsewhere }

// A Preview is who would get a bulletin if it went out now.
type Preview struct {
	Recipients []Recipient // those that are told first, then by code
	Told       int         // organisations
	Addressees int         // messages
	KeptBack   int         // organisations from which the marking keeps the content
	Deaf       int         // organisations without a contact
	Public     bool
}

// Preview works out who would get the revision in hand, before anybody approves.
// It is the centre's: whose scope is not the whole city is NotFound.
func (r *Room) Preview(ctx context.Context, a auth.Actor, name string) (Preview, error) {
	var b Bulletin
	if err := auth.May(a, auth.BulletinView); err != nil {
		return Preview{}, err
	}
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		b, err = whole(tx, a, name)
		return err
	})
	if err != nil {
		return Preview{}, err
	}
	return r.preview(ctx, &b)
}

// PreviewOf is Preview of a text that nobody has written down yet.
func (r *Room) PreviewOf(ctx context.Context, a auth.Actor, c Content) (Preview, error) {
	if err := r.mayWrite(a); err != nil {
		return Preview{}, err
	}
	c.tidy()
	return r.preview(ctx, &Bulletin{Content: c})
}

func (r *Room) preview(ctx context.Context, b *Bulletin) (Preview, error) {
	holders, err := r.holders(ctx, &b.Content)
	if err != nil {
		return Preview{}, err
	}
	var p Preview
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		p, err = r.audience(tx, b, holders)
		return err
	})
	return p, err
}

// holders are those that have a product of the bulletin, when it is for them:
// of its own list, else of the advisories it is written from.
func (r *Room) holders(ctx context.Context, c *Content) (map[int64][]finding.Holder, error) {
	out := map[int64][]finding.Holder{}
	if !c.Audience.Concerned {
		return out, nil
	}
	take := func(found []finding.Holder) {
		for _, h := range found {
			list := out[h.Organisation]
			at := slices.IndexFunc(list, func(o finding.Holder) bool { return o.Vendor == h.Vendor && o.Product == h.Product })
			switch {
			case at < 0:
				out[h.Organisation] = append(list, h)
			case h.Machines > list[at].Machines || h.Confirmed && !list[at].Confirmed:
				list[at] = h
			}
		}
	}
	if len(c.Products) > 0 {
		found, err := r.Findings.Holders(ctx, c.advisory(r.grammar))
		take(found)
		return out, err
	}
	sources, err := r.sources(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if s.Body == nil || s.Withdrawn {
			continue
		}
		found, err := r.Findings.Holders(ctx, s.Body)
		if err != nil {
			return nil, err
		}
		take(found)
	}
	return out, nil
}

// audience is whom the bulletin reaches.
func (r *Room) audience(tx *db.Tx, b *Bulletin, holders map[int64][]finding.Holder) (p Preview, err error) {
	c := &b.Content
	p.Public = c.Audience.Public && c.TLP == tlp.Clear
	announcer, err := r.Warnings.Announcer(tx)
	if err != nil {
		return p, err
	}
	var before []int64
	if b.Standing > 0 {
		err := tx.Select(&before, `SELECT DISTINCT organisation FROM bulletin_recipient WHERE bulletin = $1 AND told > 0`, int64(b.ID))
		if err != nil {
			return p, err
		}
	}
	for _, o := range r.organisations() {
		one := Recipient{
			Organisation: o.ID, Code: o.Code, Products: holders[o.ID], Class: c.Audience.has(o), Listed: slices.Contains(c.Audience.Organisations, o.Code),
			Before: slices.Contains(before, o.ID), Relation: warning.Client, organisation: o,
		}
		if len(one.Products) > 0 {
			one.Relation = warning.Concerned
		} else if !one.Class && !one.Listed && !one.Before {
			continue
		}
		if err := r.route(announcer, &one, c); err != nil {
			return p, err
		}
		p.Recipients = append(p.Recipients, one)
	}
	// One person in two places is told once.
	reached := map[string]bool{}
	for i := range p.Recipients {
		one := &p.Recipients[i]
		one.To = slices.DeleteFunc(one.To, func(to warning.Addressee) bool {
			key := string(to.Channel) + " " + strings.ToLower(to.Email)
			twice := reached[key]
			reached[key], one.Elsewhere = true, one.Elsewhere || twice
			return twice
		})
		p.count(one)
	}
	slices.SortStableFunc(p.Recipients, func(a, b Recipient) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(a.Code, b.Code))
	})
	return p, nil
}

func (p *Preview) count(one *Recipient) {
	if one.Told() {
		p.Told++
	}
	p.Addressees += len(one.To)
	if len(one.Withheld) > 0 {
		p.KeptBack++
	}
	if one.Deaf {
		p.Deaf++
	}
}

// rank puts first whom it concerns, last who is not told.
func rank(r *Recipient) int {
	switch {
	case !r.Told():
		return 2
	case len(r.Products) > 0:
		return 0
	}
	return 1
}

func (r *Room) route(announcer *warning.Announcer, one *Recipient, c *Content) error {
	reach, err := announcer.Reach(warning.Announcement{
		Organisation: one.Organisation, Severity: c.Severity, Marking: c.TLP, Problems: []row.Kind{row.VulnerableProduct}, As: one.Relation,
	})
	if err != nil {
		return err
	}
	one.To, one.Withheld, one.Silenced, one.Deaf = reach.To, reach.Withheld, reach.Silenced, reach.Deaf
	receiver := tlp.Client
	if one.Relation == warning.Concerned {
		receiver = tlp.Concerned
	}
	one.Shown, _ = tlp.MayReceive(c.TLP, receiver)
	if one.Silenced != "" {
		one.Shown = false
	}
	return nil
}

// organisations are all that exist today, by code.
func (r *Room) organisations() []estate.Organisation {
	forest, today := r.Estate.Forest(), r.Estate.Today()
	var out []estate.Organisation
	open := []int64{0}
	for len(open) > 0 {
		next := open[0]
		open = open[1:]
		for _, o := range forest.Children(next, "") {
			open = append(open, o.ID)
			if forest.ValidOn(o.ID, today) {
				out = append(out, o)
			}
		}
	}
	slices.SortFunc(out, func(a, b estate.Organisation) int { return cmp.Compare(a.Code, b.Code) })
	return out
}

// has says whether an organisation is of the audience's classes.
func (a Audience) has(o estate.Organisation) bool {
	within := func(wanted []string, is string) bool { return len(wanted) == 0 || slices.Contains(wanted, is) }
	return a.class() && within(a.Kinds, o.Kind) && within(a.Tiers, o.Tier) && within(a.Sectors, o.Sector)
}
