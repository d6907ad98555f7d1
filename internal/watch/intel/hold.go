package intel

import (
	"net/netip"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/city/estate/whose"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/warninglist"
)

// harmless is the set of values that are no indicators, as of one state of the
// lists.
type harmless struct {
	set     *warninglist.Set
	version int64 // of the table it was built from
}

// Why an indicator waits for a person, in front of the datum.
const (
	heldOurs  = "ours"   // ours: CODE
	heldBroad = "broad"  // broad: /8
	heldList  = "benign" // benign: NAME OF THE LIST
)

// poison says why a new indicator waits for a person: it is on a list of
// harmless values, it is something that we guard, or it is so broad that it hits
// everybody. "" is that it does not wait.
func (r *Room) poison(i row.Indicator, now time.Time) string {
	if i.Type == row.CIDR {
		if p, err := netip.ParsePrefix(i.Value); err == nil {
			shortest := r.Rules.BroadestV6
			if p.Addr().Is4() {
				shortest = r.Rules.BroadestV4
			}
			if p.Bits() < shortest {
				return heldBroad + ": /" + itoa(int64(p.Bits()))
			}
		}
	}
	if set := r.benign.Load(); set != nil {
		if name, ok := set.set.Holds(i); ok {
			return heldList + ": " + row.Clip(name, 200)
		}
	}
	if r.Estate == nil {
		return ""
	}
	if o, ok := observable(i); ok {
		if answer := r.Estate.WhoseIs("public", o, now); answer.Owned() {
			return heldOurs + ": " + answer.Code
		}
	}
	return ""
}

// observable is an indicator as something that can be ours.
func observable(i row.Indicator) (whose.Observable, bool) {
	switch i.Type {
	case row.IPv4, row.IPv6:
		ip, err := netip.ParseAddr(i.Value)
		return whose.Address(ip, 0), err == nil
	case row.CIDR:
		p, err := netip.ParsePrefix(i.Value)
		return whose.Address(p.Addr(), 0), err == nil
	case row.Name:
		return whose.DomainName(i.Value), true
	case row.Link:
		return whose.URL(i.Value), true
	case row.SHA256, row.SHA1, row.MD5:
	}
	return whose.Observable{}, false
}

// keepBenign stores lists of harmless values; the set of them is built again
// after the bracket.
func (k *keeping) keepBenign() error {
	for _, one := range k.benign {
		b := one.Benign
		_, err := k.tx.Exec(`INSERT INTO benign (source, name, version, type, entries, document, changed) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (source, name) DO UPDATE SET version = excluded.version, type = excluded.type, entries = excluded.entries,
			document = excluded.document, changed = excluded.changed`,
			k.source.ID, row.Clip(b.Name, 200), row.Clip(b.Version, 40), b.Type, strings.Join(b.Values, "\n"), k.doc.ID, db.Micros(k.now))
		if err != nil {
			return err
		}
	}
	if err := k.room.knowBenign(k.tx); err != nil || len(k.benign) == 0 {
		return err
	}
	return k.sift()
}

// sift holds what is active although a list that has just come calls it harmless.
// What a person decided stays.
func (k *keeping) sift() error {
	var active []struct {
		ID    int64  `db:"id"`
		Type  string `db:"type"`
		Value string `db:"value"`
	}
	if err := k.tx.Select(&active, `SELECT id, type, value FROM indicator WHERE state = 'active' AND decided_by = '' ORDER BY id`); err != nil {
		return err
	}
	var args []any
	for _, x := range active {
		by := k.room.poison(row.Indicator{Type: row.IndicatorType(x.Type), Value: x.Value}, k.now)
		if by == "" {
			continue
		}
		k.held = append(k.held, idOf(x.ID))
		args = append(args, string(IsHeld), by, db.Micros(k.now), x.ID)
	}
	_, err := k.tx.BulkUpdate("indicator", `state = {1}, held_by = {2}, changed = {3}`, `id = {4}`, 4, args)
	return err
}

// knowBenign builds the set of harmless values where the one in memory is not of
// the lists as they are now: another process may have changed them.
func (r *Room) knowBenign(tx *db.Tx) error {
	version, err := tx.Int(`SELECT COALESCE(MAX(changed), 0) + COUNT(*) FROM benign`)
	if err != nil {
		return err
	}
	if had := r.benign.Load(); had != nil && had.version == version {
		return nil
	}
	r.building.Lock()
	defer r.building.Unlock()
	var lists []row.Benign
	for _, b := range r.Rules.Benign {
		lists = append(lists, row.Benign{Name: b.Name, Type: b.Type, Values: b.Values})
	}
	var kept []struct {
		Name    string `db:"name"`
		Type    string `db:"type"`
		Entries string `db:"entries"`
	}
	if err := tx.Select(&kept, `SELECT name, type, entries FROM benign ORDER BY source, name`); err != nil {
		return err
	}
	for _, x := range kept {
		lists = append(lists, row.Benign{Name: x.Name, Type: x.Type, Values: lines(x.Entries)})
	}
	r.benign.Store(&harmless{warninglist.NewSet(lists...), version})
	return nil
}
