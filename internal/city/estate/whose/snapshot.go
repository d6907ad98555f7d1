package whose

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/gaissmai/bart"
)

// Snapshot is everything that is claimed, ready to be asked. It never changes;
// any number of goroutines may read it.
type Snapshot struct {
	bodies  layered[int64, *Body]
	systems layered[int64, *System]
	claims  ledger
	// spaces holds the addresses of each realm.
	spaces map[string]*bart.Table[*cell]
	// public is spaces[Public], without the map.
	public  *bart.Table[*cell]
	numbers layered[numberKey, *cell]
	names   layered[nameKey, *cell]
	hosts   layered[nameKey, *cell]
}

// cell is all that is claimed of one prefix, number or name, in the order in
// which it is asked.
type cell struct {
	bits  int // length of the prefix; 0 for numbers and names
	spans []span
}

type numberKey struct {
	realm  string
	number uint32
}

type nameKey struct{ realm, name string }

// Build makes a snapshot of everything. It sorts and keeps the claims, which the
// caller must not change afterwards and of which no two may be the same record.
// Claims of organisations that are not among the bodies are kept as if those lived,
// under a code made of their number.
func Build(r Records) *Snapshot {
	count := map[Kind]int{}
	for c := range r.all {
		count[c.Kind]++
	}
	w := writer{
		bodies:  building[int64, *Body](len(r.Bodies)),
		systems: building[int64, *System](len(r.Systems)),
		claims:  newLedger(r.Claims, r.Endpoints),
		numbers: building[numberKey, *cell](count[ASN]),
		names:   building[nameKey, *cell](count[Domain]),
		hosts:   building[nameKey, *cell](count[Endpoint]),
		spaces:  map[string]*bart.Table[*cell]{},
		fresh:   true,
	}
	for i := range r.Bodies {
		w.bodies.set(r.Bodies[i].ID, new(r.Bodies[i]))
	}
	for i := range r.Systems {
		w.systems.set(r.Systems[i].ID, new(r.Systems[i]))
	}
	// The addresses on one processor, names and numbers on another: they share
	// no cell. Both work the owners out, which costs little.
	spaces, names := w, w
	var both sync.WaitGroup
	both.Go(func() {
		add := spaces.add
		for c := range r.all {
			if c.Prefix.IsValid() {
				spaces.scratch = spaces.spansOf(spaces.scratch[:0], c)
				spaces.inSpaces(c, add)
			}
		}
	})
	both.Go(func() {
		add := names.add
		for c := range r.all {
			if c.Kind != Prefix && c.Kind != Egress {
				names.scratch = names.spansOf(names.scratch[:0], c)
				names.inNames(c, add)
			}
		}
	})
	both.Wait()
	return w.done()
}

// With returns the snapshot after the changes; s stays as it is. The cost
// follows the number of changes and of the claims that they touch; a body or a
// system that changed costs a look at every claim beside.
func (s *Snapshot) With(c Changes) *Snapshot {
	w := writer{
		bodies:  editing(s.bodies),
		systems: editing(s.systems),
		claims:  s.claims.editing(),
		numbers: editing(s.numbers),
		names:   editing(s.names),
		hosts:   editing(s.hosts),
		spaces:  maps.Clone(s.spaces),
	}
	movedBodies := w.changeBodies(c.Bodies)
	movedSystems := w.changeSystems(c.Systems)
	for _, id := range c.DropAddresses {
		w.drop((&Claim{ID: id}).key())
	}
	for _, id := range c.DropEndpoints {
		w.drop((&Claim{ID: id, Kind: Endpoint}).key())
	}
	if len(movedBodies)+len(movedSystems) > 0 {
		w.refresh(movedBodies, movedSystems)
	}
	for i := range c.Claims {
		claim := c.Claims[i]
		w.drop(claim.key())
		w.put(&claim)
	}
	return w.done()
}

// writer is a snapshot under construction.
type writer struct {
	bodies  edit[int64, *Body]
	systems edit[int64, *System]
	claims  ledger
	numbers edit[numberKey, *cell]
	names   edit[nameKey, *cell]
	hosts   edit[nameKey, *cell]
	spaces  map[string]*bart.Table[*cell]
	// fresh says that nobody reads the tables yet, so they change in place.
	fresh bool
	// scratch holds the spans of the claim at hand; cells and singles are what
	// a build cuts single cells from, a thousand at a time.
	scratch []span
	cells   []cell
	singles []span
}

// changeBodies stores the bodies and returns those whose claims may now lead
// elsewhere: their own, and those of every body they are an heir of, because a
// chain of successions runs through them.
func (w *writer) changeBodies(bodies []Body) map[int64]bool {
	moved := map[int64]bool{}
	for _, b := range bodies {
		old, known := w.bodies.get(b.ID)
		if known && sameBody(old, &b) {
			continue
		}
		w.bodies.set(b.ID, &b)
		moved[b.ID] = true
	}
	if len(moved) == 0 {
		return moved
	}
	heirs := w.bodies.done()
	w.bodies = editing(heirs)
	for grown := true; grown; {
		grown = false
		for id, b := range heirs.all {
			if moved[id] {
				continue
			}
			for _, h := range b.Heirs {
				if moved[h.Organisation] {
					moved[id], grown = true, true
					break
				}
			}
		}
	}
	return moved
}

func sameBody(a, b *Body) bool {
	return a.Code == b.Code && a.Provider == b.Provider && a.End == b.End && slices.Equal(a.Heirs, b.Heirs)
}

func (w *writer) changeSystems(systems []System) map[int64]bool {
	moved := map[int64]bool{}
	for _, s := range systems {
		if old, known := w.systems.get(s.ID); known && *old == s {
			continue
		}
		w.systems.set(s.ID, &s)
		moved[s.ID] = true
	}
	return moved
}

// refresh works the owners out anew of every claim that a changed body or
// system touches. A claim that names a system may lead to any body through the
// system's owner, so it follows that one as well.
func (w *writer) refresh(bodies, systems map[int64]bool) {
	known := w.systems.done()
	w.systems = editing(known)
	for id, system := range known.all {
		if bodies[system.Owner] {
			systems[id] = true
		}
	}
	var stale []*Claim
	for c := range w.claims.all {
		if bodies[c.Organisation] || c.System != 0 && systems[c.System] {
			stale = append(stale, c)
		}
	}
	for _, c := range stale {
		w.drop(c.key())
		w.put(c)
	}
}

func (w *writer) body(id int64) *Body {
	if b, ok := w.bodies.get(id); ok {
		return b
	}
	return &Body{ID: id, Code: fmt.Sprintf("#%d", id)}
}

func (w *writer) put(c *Claim) {
	w.claims.set(c)
	w.scratch = w.spansOf(w.scratch[:0], c)
	w.inSpaces(c, w.add)
	w.inNames(c, w.add)
}

// add gives the cell with the spans at hand; without any, the claim ends before
// it begins and was never valid.
func (w *writer) add(old *cell, bits int) *cell {
	if len(w.scratch) == 0 {
		return old
	}
	next := old
	switch {
	case old == nil && w.fresh:
		next = w.newCell(bits)
	case old == nil:
		next = &cell{bits: bits}
	case !w.fresh:
		next = &cell{bits: bits, spans: make([]span, 0, len(old.spans)+len(w.scratch))}
		next.spans = append(next.spans, old.spans...)
	}
	for _, s := range w.scratch {
		at, _ := slices.BinarySearchFunc(next.spans, s, order)
		next.spans = slices.Insert(next.spans, at, s)
	}
	return next
}

// newCell cuts a cell with room for one span, which most have, from larger
// pieces: a build makes hundreds of thousands.
func (w *writer) newCell(bits int) *cell {
	if len(w.cells) == 0 {
		w.cells, w.singles = make([]cell, 1024), make([]span, 1024)
	}
	c := &w.cells[0]
	c.bits, c.spans = bits, w.singles[:0:1]
	w.cells, w.singles = w.cells[1:], w.singles[1:]
	return c
}

func (w *writer) drop(key int64) {
	c, ok := w.claims.get(key)
	if !ok {
		return
	}
	w.claims.remove(key)
	without := func(old *cell, bits int) *cell {
		if old == nil {
			return nil
		}
		next := &cell{bits: bits, spans: make([]span, 0, len(old.spans))}
		for _, s := range old.spans {
			if s.claim.key() != key {
				next.spans = append(next.spans, s)
			}
		}
		if len(next.spans) == 0 {
			return nil
		}
		return next
	}
	w.inSpaces(c, without)
	w.inNames(c, without)
}

// changer makes the next cell of a prefix of that length (0 for numbers and
// names) from the present one.
type changer func(old *cell, bits int) *cell

// inNames applies the change to the cell of the claim's number or name. A nil
// cell is an absent one. Once a snapshot is done its cells are shared with the
// next ones and never written to again.
func (w *writer) inNames(c *Claim, change changer) {
	switch c.Kind {
	case Prefix, Egress: // in no table but those of addresses
	case ASN:
		inMap(&w.numbers, numberKey{c.Realm, c.Number}, change)
	case Domain:
		inMap(&w.names, nameKey{c.Realm, c.Name}, change)
	case Endpoint:
		inMap(&w.hosts, nameKey{c.Realm, c.Name}, change)
	}
}

// inSpaces applies the change to the cell of the claim's addresses, if it has
// any.
func (w *writer) inSpaces(c *Claim, change changer) {
	if c.Prefix.IsValid() {
		w.inSpace(c.Realm, c.Prefix, change)
	}
}

func (w *writer) inSpace(realm string, p netip.Prefix, change changer) {
	table := w.spaces[realm]
	if table == nil {
		table = &bart.Table[*cell]{}
		w.spaces[realm] = table
	}
	if w.fresh {
		table.Modify(p, func(old *cell, _ bool) (*cell, bool) {
			next := change(old, p.Bits())
			return next, next == nil
		})
		return
	}
	old, had := table.Get(p)
	next := change(old, p.Bits())
	switch {
	case next != nil:
		table = table.InsertPersist(p, next)
	case had:
		table = table.DeletePersist(p)
	}
	if table.Size() == 0 {
		delete(w.spaces, realm)
		return
	}
	w.spaces[realm] = table
}

func inMap[K comparable](e *edit[K, *cell], key K, change changer) {
	old, had := e.get(key)
	next := change(old, 0)
	switch {
	case next != nil:
		e.set(key, next)
	case had:
		e.remove(key)
	}
}

func (w *writer) done() *Snapshot {
	return &Snapshot{
		bodies:  w.bodies.done(),
		systems: w.systems.done(),
		claims:  w.claims.done(),
		spaces:  w.spaces,
		public:  w.spaces[Public],
		numbers: w.numbers.done(),
		names:   w.names.done(),
		hosts:   w.hosts.done(),
	}
}
