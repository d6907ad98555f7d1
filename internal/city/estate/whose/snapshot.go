package whose

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"
)

// Snapshot is everything that is claimed, ready to be asked. It never changes;
// any number of goroutines may read it.
type Snapshot struct {
	bodies  layered[int64, *Body]
	systems layered[int64, *System]
	claims  layered[int64, *Claim]
	// spaces holds the addresses of each realm.
	spaces map[string]*bart.Table[*cell]
	// public is spaces[Public], without the map.
	public  *bart.Table[*cell]
	numbers layered[numberKey, *cell]
	names   layered[nameKey, *cell]
	hosts   layered[nameKey, *cell]
	// held and serving list the claims of an organisation and of a system, by
	// key: what a changed body or system touches.
	held    layered[int64, []int64]
	serving layered[int64, []int64]
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

// Build makes a snapshot of everything. It keeps r.Claims, which the caller must
// not change afterwards. Claims of organisations that are not among the bodies
// are kept as if those lived, under a code made of their number.
func Build(r Records) *Snapshot {
	count := map[Kind]int{}
	for i := range r.Claims {
		count[r.Claims[i].Kind]++
	}
	w := writer{
		bodies:  building[int64, *Body](len(r.Bodies)),
		systems: building[int64, *System](len(r.Systems)),
		claims:  building[int64, *Claim](len(r.Claims)),
		numbers: building[numberKey, *cell](count[ASN]),
		names:   building[nameKey, *cell](count[Domain]),
		hosts:   building[nameKey, *cell](count[Endpoint]),
		held:    building[int64, []int64](len(r.Bodies)),
		serving: building[int64, []int64](len(r.Systems)),
		spaces:  map[string]*bart.Table[*cell]{},
		fresh:   true,
	}
	for i := range r.Bodies {
		w.bodies.set(r.Bodies[i].ID, new(r.Bodies[i]))
	}
	for i := range r.Systems {
		w.systems.set(r.Systems[i].ID, new(r.Systems[i]))
	}
	for i := range r.Claims {
		w.drop(r.Claims[i].key())
		w.put(&r.Claims[i])
	}
	return w.done()
}

// With returns the snapshot after the changes; s stays as it is. The cost
// follows the number of changes and of the claims that they touch.
func (s *Snapshot) With(c Changes) *Snapshot {
	w := writer{
		bodies:  editing(s.bodies),
		systems: editing(s.systems),
		claims:  editing(s.claims),
		numbers: editing(s.numbers),
		names:   editing(s.names),
		hosts:   editing(s.hosts),
		held:    editing(s.held),
		serving: editing(s.serving),
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
	claims  edit[int64, *Claim]
	numbers edit[numberKey, *cell]
	names   edit[nameKey, *cell]
	hosts   edit[nameKey, *cell]
	held    edit[int64, []int64]
	serving edit[int64, []int64]
	spaces  map[string]*bart.Table[*cell]
	// fresh says that nobody reads the tables yet, so they change in place.
	fresh bool
	// ours are the lists of held (0) and serving (1) that this writer has
	// copied already and may append to.
	ours [2]map[int64]bool
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
	stale := map[int64]bool{}
	for id := range bodies {
		keys, _ := w.held.get(id)
		for _, key := range keys {
			stale[key] = true
		}
	}
	for id := range systems {
		keys, _ := w.serving.get(id)
		for _, key := range keys {
			stale[key] = true
		}
	}
	for key := range stale {
		c, _ := w.claims.get(key)
		w.drop(key)
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
	w.claims.set(c.key(), c)
	w.list(c, true)
	w.scratch = w.spansOf(w.scratch[:0], c)
	if len(w.scratch) == 0 {
		return // it ends before it begins: it was never valid
	}
	w.each(c, w.add)
}

// add gives the cell with the spans at hand.
func (w *writer) add(old *cell, bits int) *cell {
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
	w.list(c, false)
	w.each(c, func(old *cell, bits int) *cell {
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
	})
}

// list keeps the lists of what an organisation and a system hold.
func (w *writer) list(c *Claim, add bool) {
	w.listIn(0, &w.held, listed{of: c.Organisation, key: c.key(), add: add})
	if c.System != 0 {
		w.listIn(1, &w.serving, listed{of: c.System, key: c.key(), add: add})
	}
}

type listed struct {
	of, key int64
	add     bool
}

func (w *writer) listIn(which int, e *edit[int64, []int64], l listed) {
	keys, _ := e.get(l.of)
	if !w.fresh && !w.ours[which][l.of] {
		if w.ours[which] == nil {
			w.ours[which] = map[int64]bool{}
		}
		w.ours[which][l.of] = true
		keys = slices.Clone(keys)
	}
	if l.add {
		keys = append(keys, l.key)
	} else if i := slices.Index(keys, l.key); i >= 0 {
		keys[i] = keys[len(keys)-1]
		keys = keys[:len(keys)-1]
	}
	e.set(l.of, keys)
}

// changer makes the next cell of a prefix of that length (0 for numbers and
// names) from the present one.
type changer func(old *cell, bits int) *cell

// each applies the change to every cell in which the claim stands. A nil cell
// is an absent one. Once a snapshot is done its cells are shared with the next
// ones and never written to again.
func (w *writer) each(c *Claim, change changer) {
	switch c.Kind {
	case Prefix, Egress:
		w.inSpace(c.Realm, c.Prefix, change)
	case ASN:
		inMap(&w.numbers, numberKey{c.Realm, c.Number}, change)
	case Domain:
		inMap(&w.names, nameKey{c.Realm, c.Name}, change)
	case Endpoint:
		if c.Prefix.IsValid() {
			w.inSpace(c.Realm, c.Prefix, change)
		}
		inMap(&w.hosts, nameKey{c.Realm, c.Name}, change)
	}
}

func (w *writer) inSpace(realm string, p netip.Prefix, change changer) {
	table := w.spaces[realm]
	if table == nil {
		table = &bart.Table[*cell]{}
		w.spaces[realm] = table
	}
	if w.fresh {
		old, _ := table.Get(p)
		if next := change(old, p.Bits()); next != nil {
			table.Insert(p, next)
		} else {
			table.Delete(p)
		}
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
		held:    w.held.done(),
		serving: w.serving.done(),
	}
}
