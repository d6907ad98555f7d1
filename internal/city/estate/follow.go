package estate

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate/whose"
)

// Stretch is a stretch of time; a zero end is none.
type Stretch struct{ From, To time.Time }

func instant(us int64) time.Time { return db.Time(us) }

// Sync brings the memory up to the head of the journal. Verbs call it after
// they have committed, stages before they ask WhoseIs about entries that they
// were handed: from then on the answers know of the change.
func (r *Room) Sync(ctx context.Context) error {
	var entries []journal.Entry
	err := r.db.Read(ctx, func(tx *db.Tx) error {
		var err error
		entries, err = journal.Entries(tx, journal.Query{After: r.now.Load().seq, Verbs: claimVerbs()})
		return err
	})
	if err != nil || len(entries) == 0 {
		return err
	}
	return r.Follow(ctx, entries)
}

// Follow takes committed journal entries into the memory: whoever follows the
// journal calls it with what is new, in order. Entries of other rooms and
// those already known are passed over. The records are read as they are now,
// not as the entries tell, so a second call does no harm.
func (r *Room) Follow(ctx context.Context, entries []journal.Entry) error {
	r.following.Lock()
	defer r.following.Unlock()
	was := r.now.Load()
	t, err := touchedBy(entries, was.seq)
	if err != nil || t.none() {
		return err
	}
	if len(t.addresses)+len(t.endpoints) > manyClaims {
		return r.load(ctx)
	}
	next := &state{seq: t.seq, claims: was.claims, forest: was.forest}
	err = r.db.Read(ctx, func(tx *db.Tx) error { return r.follow(tx, next, t) })
	if err != nil {
		return err
	}
	r.now.Store(next)
	return nil
}

// touched is what entries say has changed.
type touched struct {
	seq                           int64
	forest                        bool
	systems, addresses, endpoints []int64
}

func (t touched) none() bool {
	return !t.forest && len(t.systems)+len(t.addresses)+len(t.endpoints) == 0
}

func touchedBy(entries []journal.Entry, known int64) (touched, error) {
	t := touched{seq: known}
	for _, e := range entries {
		noun, _, _ := strings.Cut(e.Verb, ".")
		if e.Seq <= known || !slices.Contains(claimVerbs(), e.Verb) {
			continue
		}
		t.seq = e.Seq
		if noun == "organisation" || noun == "succession" {
			t.forest = true
			continue
		}
		var body struct {
			Changes []struct {
				ID int64 `json:"id"`
			} `json:"changes"`
		}
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return t, errs.New(errs.Internal, "follow journal entry %d: %w", e.Seq, err)
		}
		for _, c := range body.Changes {
			switch noun {
			case "system":
				t.systems = append(t.systems, c.ID)
			case "address":
				t.addresses = append(t.addresses, c.ID)
			case "endpoint":
				t.endpoints = append(t.endpoints, c.ID)
			}
		}
	}
	return t, nil
}

// manyClaims is from how many changed claims on reading all of them anew is
// cheaper than picking them out.
const manyClaims = 20_000

func (r *Room) follow(tx *db.Tx, next *state, t touched) error {
	var c whose.Changes
	if t.forest {
		forest, err := readForest(tx)
		if err != nil {
			return err
		}
		next.forest = forest
	}
	if t.forest || len(t.systems) > 0 {
		var err error
		if c.Bodies, err = r.bodies(tx, next.forest); err != nil {
			return err
		}
	}
	changed, err := byIDs(tx, systems(), t.systems)
	if err != nil {
		return err
	}
	for _, s := range changed {
		c.Systems = append(c.Systems, whose.System{ID: s.ID, Code: s.Code, Owner: s.Owner})
	}
	held, err := byIDs(tx, addresses(), t.addresses)
	if err != nil {
		return err
	}
	for _, a := range held {
		c.Claims = append(c.Claims, claimOfAddress(a, r.day))
	}
	c.DropAddresses = missing(t.addresses, held, func(a addressRow) int64 { return a.ID })
	hosts, err := byIDs(tx, endpoints(), t.endpoints)
	if err != nil {
		return err
	}
	for _, e := range hosts {
		c.Claims = append(c.Claims, claimOfEndpoint(e))
	}
	c.DropEndpoints = missing(t.endpoints, hosts, func(e endpointRow) int64 { return e.ID })
	next.claims = next.claims.With(c)
	return nil
}

// missing are the numbers that no row has.
func missing[R any](ids []int64, rows []R, id func(R) int64) []int64 {
	there := make(map[int64]bool, len(rows))
	for _, row := range rows {
		there[id(row)] = true
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return there[id] })
}

// bodies are what the snapshot must know of the organisations.
func (r *Room) bodies(tx *db.Tx, f *Forest) ([]whose.Body, error) {
	var operators []int64
	if err := tx.Select(&operators, `SELECT DISTINCT operator FROM system WHERE operator <> 0 AND operator <> owner`); err != nil {
		return nil, err
	}
	forOthers := make(map[int64]bool, len(operators))
	for _, id := range operators {
		forOthers[id] = true
	}
	all := make([]whose.Body, 0, len(f.byID))
	for id, o := range f.byID {
		b := whose.Body{
			ID: id, Code: o.Code, End: r.day(o.ValidTo, 1),
			Provider: forOthers[id] || o.Kind == "partner" || providerSector(o.Sector),
		}
		for _, h := range f.heirs[id] {
			b.Heirs = append(b.Heirs, whose.Heir{Organisation: h.other, Since: r.day(h.date, 0), Full: h.full})
		}
		all = append(all, b)
	}
	return all, nil
}

// providerSector reports whether a sector is one whose bodies hold addresses
// for others. Together with partners and whoever operates a system of somebody
// else, they come last where several claim the same (HOUSE §7).
func providerSector(sector string) bool {
	switch i18n.Fold(sector) {
	case "isp", "internet", "internet provider", "internet service provider", "telecom", "telecommunications", "vien thong",
		"hosting", "cloud", "dien toan dam may", "data centre", "data center", "datacentre", "datacenter",
		"data-centre", "data-center", "trung tam du lieu":
		return true
	}
	return false
}
