package finding

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/whose"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match"
)

// retroPiece is how many findings one bracket moves.
const retroPiece = 500

// RetroStage matches back: when an address, an endpoint, a system or a body
// changes, the live findings it can concern are asked again whose they are, as
// of their last observation. A unit that joins today learns what was known of
// its addresses yesterday.
func (r *Room) RetroStage() journal.Stage {
	return journal.Stage{Name: "retro", Verbs: estate.RetroVerbs(), Each: func(ctx context.Context, e journal.Entry, move func(tx *db.Tx) error) error {
		if err := r.Estate.Sync(ctx); err != nil {
			return err
		}
		areas, err := r.concerned(e)
		if err != nil {
			return err
		}
		for _, a := range joined(areas) {
			if err := r.rematch(ctx, a); err != nil {
				return err
			}
		}
		return r.DB.Write(ctx, move)
	}}
}

// An area is a set of findings whose owner can have changed: those of a
// condition with its arguments, or those of a condition with {keys} for its keys.
type area struct {
	condition string
	args      []any
	keys      []any // texts, or addresses as the table keeps them
}

// joined are the areas, each once, those that differ only in their keys made
// one: an import of a thousand machines is one question, not a thousand.
func joined(areas []area) (out []area) {
	place := make(map[string]int, len(areas))
	for _, a := range areas {
		at, ok := place[fmt.Sprint(a.condition, a.args)]
		if !ok {
			place[fmt.Sprint(a.condition, a.args)] = len(out)
			out = append(out, a)
			continue
		}
		out[at].keys = append(out[at].keys, a.keys...)
	}
	return out
}

// concerned are the areas that an entry of the estate can have given to somebody
// else.
func (r *Room) concerned(e journal.Entry) ([]area, error) {
	noun, _, _ := strings.Cut(e.Verb, ".")
	switch noun {
	case "address":
		return areasOf(e.Body, func(a estate.Address) []area { return addressAreas(a.Realm, a.Kind, a.Value) })
	case "endpoint":
		return areasOf(e.Body, func(p estate.Endpoint) []area {
			// The words rname <> '' let both engines use the index, which has no others.
			areas := []area{{condition: `rname <> '' AND rname IN ({keys})`, keys: []any{match.ReversedName(row.Asset("host:" + strings.ToLower(p.Hostname)))}}}
			if ip, err := netip.ParseAddr(p.IP); err == nil {
				areas = append(areas, area{condition: `realm = ` + literal(p.Realm) + ` AND ip IN ({keys})`, keys: []any{addressBytes(ip)}})
			}
			return areas
		})
	case "organisation":
		return areasOf(e.Body, func(o estate.Organisation) []area { return r.heldBy(o.Code) })
	case "succession":
		return areasOf(e.Body, func(s estate.Succession) []area { return r.heldBy(s.From) })
	case "system":
		// A system keeps its address; but what an ended body held for it follows
		// the system to its new owner.
		return areasOf(e.Body, func(s estate.System) []area { return r.heldBy(s.Owner) })
	}
	return nil, nil // software concerns no report row
}

// heldBy are the findings of a body, and those of nobody, which may have been
// its.
func (r *Room) heldBy(code string) []area {
	areas := []area{{condition: `organisation = 0`}}
	if id, err := r.Estate.ByCode(code); err == nil {
		areas = append(areas, area{condition: `organisation = $1`, args: []any{id}})
	}
	return areas
}

func areasOf[V any](body []byte, of func(V) []area) (out []area, err error) {
	var changes estate.Changes[V]
	if err := json.Unmarshal(body, &changes); err != nil {
		return nil, err
	}
	for _, c := range changes.Changes {
		for _, v := range []*V{c.Before, c.After} {
			if v != nil {
				out = append(out, of(*v)...)
			}
		}
	}
	return out, nil
}

// addressAreas are the findings under an address record.
func addressAreas(realm, kind, value string) []area {
	switch kind {
	case "prefix", "egress":
		prefix, err := netip.ParsePrefix(value)
		if err != nil {
			ip, err := netip.ParseAddr(value)
			if err != nil {
				return nil
			}
			prefix = netip.PrefixFrom(ip, ip.BitLen())
		}
		low, high := bounds(prefix.Masked())
		return []area{{condition: `realm = $1 AND ip >= $2 AND ip <= $3`, args: []any{realm, addressBytes(low), addressBytes(high)}}}
	case "domain":
		name, ok := whose.NormalName(value)
		if !ok {
			return nil
		}
		from := match.Reversed(name)
		// "/" is the character after ".": all names below are in between.
		return []area{{condition: `rname <> '' AND rname >= $1 AND rname < $2`, args: []any{from, from[:len(from)-1] + "/"}}}
	case "asn":
		// Which addresses the number has is known to the sources alone: ask for
		// what belongs to nobody and for what the number decided before.
		return []area{{condition: `organisation = 0`}, {condition: `rule LIKE $1`, args: []any{"asn " + strings.TrimPrefix(value, "AS") + " %"}}}
	}
	return nil
}

// bounds are the first and the last address of a prefix.
func bounds(p netip.Prefix) (low, high netip.Addr) {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	high, _ = netip.AddrFromSlice(b) // the slice of an address is one
	return p.Addr(), high
}

// rematch asks again whose the live findings of an area are. It looks first
// without keeping anybody from writing: most changes of an estate concern no
// finding at all.
func (r *Room) rematch(ctx context.Context, a area) error {
	var strayed []ID
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		if len(a.keys) > 0 {
			return r.strayedOf(tx, a, &strayed)
		}
		rows, err := tx.Query(`SELECT `+findingColumns+` FROM finding WHERE live = 1 AND (`+a.condition+`)`, a.args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var stored findingRow
			if err := rows.StructScan(&stored); err != nil {
				return err
			}
			f := stored.finding()
			if _, moved := r.strayed(&f); moved {
				strayed = append(strayed, f.ID)
			}
		}
		return rows.Err()
	})
	for piece := range slices.Chunk(strayed, retroPiece) {
		if err != nil {
			break
		}
		err = r.DB.Write(ctx, func(tx *db.Tx) error {
			for _, id := range piece {
				f, err := load(tx, id)
				if err != nil {
					return err
				}
				answer, moved := r.strayed(&f)
				if !moved || !f.Live() {
					continue
				}
				if err := r.rehome(tx, "stage:retro", &f, answer.Organisation, answer.System, answer.Rule()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// strayedOf gathers the findings of an area of keys that belong to somebody else.
func (r *Room) strayedOf(tx *db.Tx, a area, strayed *[]ID) error {
	text := `SELECT ` + findingColumns + ` FROM finding WHERE live = 1 AND ` + a.condition
	found, err := keyed(tx, text, a.keys)
	for i := range found {
		f := found[i].finding()
		if _, moved := r.strayed(&f); moved {
			*strayed = append(*strayed, f.ID)
		}
	}
	return err
}

// keyed reads the findings of keys that are all texts or all addresses.
func keyed(tx *db.Tx, text string, keys []any) ([]findingRow, error) {
	if _, ok := keys[0].(string); ok {
		return db.SelectIn[findingRow](tx, text, typed[string](keys))
	}
	return db.SelectIn[findingRow](tx, text, typed[[]byte](keys))
}

func typed[K any](keys []any) []K {
	out := make([]K, 0, len(keys))
	for _, k := range keys {
		if k, ok := k.(K); ok {
			out = append(out, k)
		}
	}
	return out
}

// literal is a text as SQL writes it. Realms are names of our own estate.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// strayed says whether a finding belongs to somebody else than it says. Where a
// person decided, or an AS number that is not kept with the finding, it does not.
func (r *Room) strayed(f *Finding) (whose.Answer, bool) {
	if strings.HasPrefix(f.Rule, ruleOfPerson) || f.Advisory != 0 || f.Kind == row.SilentSource {
		return whose.Answer{}, false
	}
	answer := r.owner(f)
	if strings.HasPrefix(f.Rule, "asn ") && f.Organisation != 0 && !answer.Owned() {
		return answer, false
	}
	return answer, answer.Organisation != f.Organisation || answer.System != f.System
}
