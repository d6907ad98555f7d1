package finding

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match"
)

// A Mute keeps findings at some assets from being warned about, for a while: a
// maintenance window, or the centre's own scanner. They are opened and counted
// all the same, and told of when the mute ends and they are still there.
type Mute struct {
	ID     int64     `json:"id"`
	Realm  string    `json:"realm"`
	What   string    `json:"what"` // a network, an asset ("domain:x.example") or "" for all
	Kind   row.Kind  `json:"kind"` // "" for all
	Begins time.Time `json:"begins"`
	Ends   time.Time `json:"ends"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	Ended  time.Time `json:"ended,omitzero"` // by hand, before Ends

	network netip.Prefix
}

// longestMute is how long a mute may last: silence must be renewed by somebody.
const longestMute = 366 * 24 * time.Hour

// covers says whether an observation of the finding falls under the mute.
func (m *Mute) covers(f *Finding, at time.Time) bool {
	if m.Realm != f.Realm || (m.Kind != "" && m.Kind != f.Kind) || at.Before(m.Begins) || !at.Before(m.Ends) {
		return false
	}
	switch {
	case m.What == "":
		return true
	case m.network.IsValid():
		ip, ok := match.Address(f.Asset)
		return ok && m.network.Contains(ip)
	}
	return m.What == string(f.Asset)
}

func (m Mute) record() journal.Record {
	return journal.Record{Kind: "mute", ID: strconv.FormatInt(m.ID, 10), Hash: journal.Hash(struct {
		ID                  int64
		Realm, What, Kind   string
		Begins, Ends, Ended int64
		Reason, By          string
	}{m.ID, m.Realm, m.What, string(m.Kind), db.Micros(m.Begins), db.Micros(m.Ends), db.Micros(m.Ended), m.Reason, m.By})}
}

type muteRow struct {
	ID     int64  `db:"id"`
	Realm  string `db:"realm"`
	What   string `db:"what"`
	Kind   string `db:"kind"`
	Begins int64  `db:"begins"`
	Ends   int64  `db:"ends"`
	Reason string `db:"reason"`
	MadeBy string `db:"made_by"`
	Ended  int64  `db:"ended"`
}

func (r muteRow) mute() Mute {
	m := Mute{
		ID: r.ID, Realm: r.Realm, What: r.What, Kind: row.Kind(r.Kind), Begins: db.Time(r.Begins), Ends: db.Time(r.Ends),
		Reason: r.Reason, By: r.MadeBy, Ended: db.Time(r.Ended),
	}
	m.network, _ = netip.ParsePrefix(strings.TrimPrefix(r.What, "ip:")) // an asset that is no network is compared as text
	return m
}

const muteColumns = `id, realm, what, kind, begins, ends, reason, made_by, ended`

// mutes are those that can cover what is observed now. Reports come late, so one
// that has just passed still counts for rows of its time.
func (r *Room) mutes(tx *db.Tx, now time.Time) ([]Mute, error) {
	return selectMutes(tx, `begins <= $1 AND ends > $2 AND ended = 0`, db.Micros(now), db.Micros(now.Add(-7*24*time.Hour)))
}

func selectMutes(tx *db.Tx, condition string, args ...any) ([]Mute, error) {
	var rows []muteRow
	if err := tx.Select(&rows, `SELECT `+muteColumns+` FROM mute WHERE `+condition+` ORDER BY id`, args...); err != nil {
		return nil, err
	}
	out := make([]Mute, len(rows))
	for i := range rows {
		out[i] = rows[i].mute()
	}
	return out, nil
}

// Mutes are all mutes in the order in which they were made. They are the
// centre's own: who does not see the whole city sees none.
func (r *Room) Mutes(ctx context.Context, who auth.Actor) (out []Mute, err error) {
	if err := auth.May(who, auth.MuteView); err != nil || !who.Scope.IsAll() {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		out, err = selectMutes(tx, `1 = 1`)
		return err
	})
	return out, err
}

// AddMute makes a mute. The errors are Denied, and Invalid with the field.
func (r *Room) AddMute(ctx context.Context, who auth.Actor, m Mute) (Mute, error) {
	if err := auth.May(who, auth.MuteEdit); err != nil {
		return m, err
	}
	now := r.Clock.Now()
	if m.Realm == "" {
		m.Realm = intakeRealm
	}
	if m.Begins.IsZero() {
		m.Begins = now
	}
	wrong := func(field, reason string) error {
		return errs.At(errs.Invalid, []errs.Place{{Field: field, Reason: reason}}, "mute: %s: %s", field, reason)
	}
	network, err := netip.ParsePrefix(strings.TrimPrefix(m.What, "ip:"))
	switch {
	case strings.TrimSpace(m.Reason) == "":
		return m, wrong("reason", "say why")
	case !m.Ends.After(m.Begins):
		return m, wrong("ends", "the end is not after the beginning")
	case !m.Ends.After(now):
		return m, wrong("ends", "the end is not in the future")
	case m.Ends.Sub(m.Begins) > longestMute:
		return m, wrong("ends", "a mute lasts a year at most")
	case m.Kind != "" && !m.Kind.Valid():
		return m, wrong("kind", string(m.Kind)+" is no kind")
	case m.What == "" && m.Kind == "":
		return m, wrong("what", "name an asset, a network or a kind: a mute of everything is none")
	case err == nil:
		m.What, m.network = "ip:"+network.Masked().String(), network.Masked()
	case m.What != "":
		asset, err := row.ParseAsset(m.What)
		if err != nil {
			return m, wrong("what", m.What+" is neither a network nor an asset")
		}
		m.What = string(asset)
	}
	m.By = who.Name()
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if m.ID, err = tx.NextID("mute", 1); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO mute (`+muteColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
			m.ID, m.Realm, m.What, string(m.Kind), db.Micros(m.Begins), db.Micros(m.Ends), m.Reason, m.By)
		if err != nil {
			return err
		}
		if err := journal.SetAlarm(tx, alarmMute, strconv.FormatInt(m.ID, 10), m.Ends); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{Actor: m.By, Subject: "mute:" + strconv.FormatInt(m.ID, 10), Verb: "mute.added", Body: m, Records: []journal.Record{m.record()}})
		return err
	})
	return m, err
}

// EndMute ends a mute before its time.
func (r *Room) EndMute(ctx context.Context, who auth.Actor, id int64) error {
	if err := auth.May(who, auth.MuteEdit); err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error { return r.endMute(tx, who.Name(), id) })
}

func (r *Room) muteIsOver(_ context.Context, tx *db.Tx, subject string, _ time.Time) error {
	id, err := strconv.ParseInt(subject, 10, 64)
	if err != nil {
		return err
	}
	return r.endMute(tx, "stage:clock", id)
}

// VerbUnmuted tells that findings of an organisation have come out of a mute.
const VerbUnmuted = "finding.unmuted"

// endMute lets out what the mute kept quiet and is still there.
func (r *Room) endMute(tx *db.Tx, by string, id int64) error {
	found, err := selectMutes(tx, `id = $1`, id)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errs.New(errs.NotFound, "mute %d: no such mute", id)
	}
	m := found[0]
	if !m.Ended.IsZero() {
		return errs.New(errs.Conflict, "mute %d: it has ended", id)
	}
	m.Ended = r.Clock.Now()
	if _, err := tx.Exec(`UPDATE mute SET ended = $1 WHERE id = $2`, db.Micros(m.Ended), id); err != nil {
		return err
	}
	if err := journal.ClearAlarm(tx, alarmMute, strconv.FormatInt(id, 10)); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE finding SET muted = 0, unwarned = CASE WHEN live = 1 AND organisation > 0 AND state <> 'claimed_fixed' THEN 1 ELSE unwarned END
		WHERE muted = $1`, id); err != nil {
		return err
	}
	drafts := []journal.Draft{{Actor: by, Subject: "mute:" + strconv.FormatInt(id, 10), Verb: "mute.ended", Body: m, Records: []journal.Record{m.record()}}}
	var told []int64
	if err := tx.Select(&told, `SELECT DISTINCT organisation FROM finding WHERE unwarned = 1 ORDER BY organisation`); err != nil {
		return err
	}
	for _, organisation := range told {
		drafts = append(drafts, journal.Draft{Actor: by, Organisation: organisation, Subject: "mute:" + strconv.FormatInt(id, 10), Verb: VerbUnmuted, Body: nil})
	}
	_, err = r.Journal.Append(tx, drafts...)
	return err
}

// MuteAudit compares every mute with its last journal entry.
func (r *Room) MuteAudit() journal.Audit {
	return journal.Audit{Kind: "mute", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		all, err := selectMutes(tx, `1 = 1`)
		if err != nil {
			return err
		}
		for _, m := range all {
			if err := yield(m.record().ID, m.record().Hash); err != nil {
				return err
			}
		}
		return nil
	}}
}
