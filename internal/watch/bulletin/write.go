package bulletin

import (
	"context"
	"maps"
	"slices"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intel"
)

// mayWrite says who writes bulletins: the centre's people, whose scope is the
// whole city.
func (r *Room) mayWrite(a auth.Actor) error {
	if err := auth.May(a, auth.BulletinWrite); err != nil {
		return err
	}
	if !a.Scope.IsAll() {
		return errs.New(errs.Denied, "%s may not write for the whole city", a.Name())
	}
	return nil
}

// Write begins a bulletin. Errors are Denied and Invalid.
func (r *Room) Write(ctx context.Context, a auth.Actor, c Content) (Bulletin, error) {
	var b Bulletin
	if err := r.mayWrite(a); err != nil {
		return b, err
	}
	c.tidy()
	if places := c.wrong(); len(places) > 0 {
		return b, errs.At(errs.Invalid, places, "write a bulletin")
	}
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		id, err := tx.NextID("bulletin", 1)
		if err != nil {
			return err
		}
		b = Bulletin{
			ID: ID(id), Revision: 1, Content: c, Authors: []string{a.Name()}, Created: r.Clock.Now(), CreatedBy: a.Name(),
		}
		b.State, err = Of(ActWrite).next(b.ID, "")
		if err != nil {
			return err
		}
		b.Changed, b.Version = b.Created, 1
		if err := b.insert(tx); err != nil {
			return err
		}
		return r.tell(tx, a, &b, VerbWritten, nil)
	})
	return b, err
}

// change brackets a person's act on one bulletin: who may, what the scope shows,
// whether it is what the person saw, the act, the record, the entry. version is
// that of the bulletin on which the person decided; 0 does not ask.
func (r *Room) change(ctx context.Context, a auth.Actor, name string, version int64, act Act, do func(tx *db.Tx, b *Bulletin) (map[string]any, error)) (Bulletin, error) {
	var b Bulletin
	t := Of(act)
	if err := auth.May(a, t.May); err != nil {
		return b, err
	}
	err := r.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if b, err = whole(tx, a, name); err != nil {
			return err
		}
		if version != 0 && version != b.Version {
			return errs.New(errs.Conflict, "%s %s: somebody has changed it meanwhile", act, b.Name())
		}
		if b.State, err = t.next(b.ID, b.State); err != nil {
			return err
		}
		body, err := do(tx, &b)
		if err != nil {
			return err
		}
		b.Version++
		b.Changed = r.Clock.Now()
		if err := b.update(tx); err != nil {
			return err
		}
		return r.tell(tx, a, &b, t.Verb, body)
	})
	return b, err
}

// whole reads a bulletin for whoever sees all of it; for others it is NotFound,
// and Get shows them what went out to them.
func whole(tx *db.Tx, a auth.Actor, name string) (Bulletin, error) {
	b, err := load(tx, name)
	if err == nil && !a.Scope.IsAll() {
		return Bulletin{}, unknown(name)
	}
	return b, err
}

// tell appends that something happened to a bulletin. The text is in the record's
// hash and not in the entry: a marking may keep it from who reads the journal.
func (r *Room) tell(tx *db.Tx, a auth.Actor, b *Bulletin, verb string, more map[string]any) error {
	body := map[string]any{
		"bulletin": int64(b.ID), "revision": b.Revision, "version": b.Version, "state": b.State, "tlp": b.Content.TLP, "severity": b.Content.Severity,
	}
	if b.Number != "" {
		body["number"] = b.Number
	}
	maps.Copy(body, more)
	_, err := r.Journal.Append(tx, journal.Draft{
		Actor: a.Name(), Subject: b.ID.Subject(), Verb: verb, Body: body, Records: []journal.Record{b.record()},
	})
	return err
}

// Edit changes the text of a draft. Errors are Denied, NotFound, Invalid, and
// Conflict when it is no draft or version is not its own any more.
func (r *Room) Edit(ctx context.Context, a auth.Actor, name string, version int64, c Content) (Bulletin, error) {
	if err := r.mayWrite(a); err != nil {
		return Bulletin{}, err
	}
	c.tidy()
	if places := c.wrong(); len(places) > 0 {
		return Bulletin{}, errs.At(errs.Invalid, places, "write %s", name)
	}
	return r.change(ctx, a, name, version, ActWrite, func(_ *db.Tx, b *Bulletin) (map[string]any, error) {
		b.Content = c
		b.author(a)
		return nil, nil //nolint:nilnil // nothing more to tell
	})
}

// author adds a person to those who wrote the revision in hand.
func (b *Bulletin) author(a auth.Actor) {
	if !slices.Contains(b.Authors, a.Name()) {
		b.Authors = append(b.Authors, a.Name())
	}
}

// Submit asks a second person. Errors are Denied, NotFound, Invalid where the
// text lacks something, and Conflict.
func (r *Room) Submit(ctx context.Context, a auth.Actor, name string, version int64) (Bulletin, error) {
	if err := r.mayWrite(a); err != nil {
		return Bulletin{}, err
	}
	return r.change(ctx, a, name, version, ActSubmit, func(tx *db.Tx, b *Bulletin) (map[string]any, error) {
		places, err := r.Lacks(tx, b)
		if err != nil {
			return nil, err
		}
		if len(places) > 0 {
			return nil, errs.At(errs.Invalid, places, "submit %s", b.Name())
		}
		b.author(a)
		b.Submitted, b.By = r.Clock.Now(), By{Submitted: a.Name()}
		b.Reason = ""
		return map[string]any{"authors": b.Authors}, nil
	})
}

// Lacks says what keeps a draft from being submitted.
func (r *Room) Lacks(tx *db.Tx, b *Bulletin) ([]errs.Place, error) {
	c := &b.Content
	places := c.lacks(r.grammar, b.Revision)
	for _, code := range c.Audience.Organisations {
		if _, err := r.Estate.Forest().ByCode(code); err != nil {
			places = append(places, errs.Place{Field: "audience", Reason: "no such organisation: " + code})
		}
	}
	numbers, err := fromNumbers(c)
	if err != nil {
		return nil, err
	}
	sources, err := r.Intel.Load(tx, numbers)
	if err != nil {
		return nil, err
	}
	if len(sources) < len(numbers) {
		places = append(places, errs.Place{Field: "from", Reason: "no such advisory"})
	}
	for _, s := range sources {
		// What is taken from a source spreads no farther than the source allows.
		if s.TLP > c.TLP {
			places = append(places, errs.Place{Field: "tlp", Reason: "a source is marked more narrowly: " + s.ID + " " + s.TLP.Label()})
		}
	}
	if b.Public && (c.TLP != tlp.Clear || !c.Audience.Public) {
		places = append(places, errs.Place{Field: "tlp", Reason: "what is public stays so, or is withdrawn"})
	}
	return places, nil
}

func fromNumbers(c *Content) ([]int64, error) {
	var numbers []int64
	for _, id := range c.From {
		n, err := intel.ParseAdvisory(id)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// sources are the advisories that a text is written from.
func (r *Room) sources(ctx context.Context, c *Content) (out []intel.Advisory, err error) {
	numbers, err := fromNumbers(c)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		out, err = r.Intel.Load(tx, numbers)
		return err
	})
	return out, err
}

// Return gives a text back to its author. An author may take it back, too.
// Errors are Denied, NotFound, Invalid without a reason, and Conflict.
func (r *Room) Return(ctx context.Context, a auth.Actor, name string, version int64, reason string) (Bulletin, error) {
	reason, err := because(reason, "return "+name)
	if err != nil {
		return Bulletin{}, err
	}
	return r.change(ctx, a, name, version, ActReturn, func(_ *db.Tx, b *Bulletin) (map[string]any, error) {
		b.Reason, b.By = reason, By{}
		return map[string]any{"reason": reason}, nil
	})
}

func because(reason, act string) (string, error) {
	reason = plainText(reason)
	if reason == "" || len(reason) > maxText {
		return "", errs.At(errs.Invalid, []errs.Place{{Field: "reason", Reason: "say why"}}, "%s", act)
	}
	return reason, nil
}

// Approve lets the text go out. Errors are Denied, also for whoever wrote it,
// NotFound and Conflict.
func (r *Room) Approve(ctx context.Context, a auth.Actor, name string, version int64) (Bulletin, error) {
	return r.change(ctx, a, name, version, ActApprove, func(_ *db.Tx, b *Bulletin) (map[string]any, error) {
		if err := b.MayApprove(a); err != nil {
			return nil, err
		}
		b.By.Approved = a.Name()
		return map[string]any{"authors": b.Authors}, nil
	})
}

// Revise begins a new revision of what is out, with its text. What is out stands
// until the new one is published. Errors are Denied, NotFound and Conflict.
func (r *Room) Revise(ctx context.Context, a auth.Actor, name string) (Bulletin, error) {
	if err := r.mayWrite(a); err != nil {
		return Bulletin{}, err
	}
	return r.change(ctx, a, name, 0, ActRevise, func(_ *db.Tx, b *Bulletin) (map[string]any, error) {
		b.Revision++
		b.Authors, b.By, b.Reason = []string{a.Name()}, By{}, ""
		b.Content.VI.Change, b.Content.EN.Change = "", ""
		return nil, nil //nolint:nilnil // nothing more to tell
	})
}

// From is a text to begin with, prefilled from advisories: titles and summaries
// as the sources write them in both languages' fields, products, CVEs,
// references, and the narrowest of their markings. Errors are Denied and NotFound.
func (r *Room) From(ctx context.Context, a auth.Actor, ids []string) (Content, error) {
	c := Content{TLP: tlp.Default, Audience: Audience{Concerned: true}}
	if err := r.mayWrite(a); err != nil {
		return c, err
	}
	c.From = ids
	sources, err := r.sources(ctx, &c)
	if err != nil {
		return c, err
	}
	if len(sources) < len(ids) {
		return c, errs.New(errs.NotFound, "advisory %s: no such advisory", strings.Join(ids, ", "))
	}
	r.prefill(&c, sources)
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		known, err := r.Intel.Vulnerabilities(tx, c.CVEs)
		c.Severity = graveness(known)
		return err
	})
	c.tidy()
	return c, err
}
