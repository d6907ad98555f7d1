package finding

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match"
)

// SilenceStage follows the sources that fall silent and speak again: who gives
// no word may be blind, so its silence is a problem of the centre's own.
func (r *Room) SilenceStage() journal.Stage {
	return journal.Stage{
		Name: "silence", Verbs: []string{collect.VerbSilent, collect.VerbHeard},
		Do: func(_ context.Context, tx *db.Tx, entries []journal.Entry) error {
			for _, e := range entries {
				name := strings.TrimPrefix(e.Subject, "source:")
				if e.Verb == collect.VerbHeard {
					if err := r.ClearSilent(tx, name); err != nil {
						return err
					}
					continue
				}
				var s collect.Silence
				if err := json.Unmarshal(e.Body, &s); err != nil {
					return errs.New(errs.Internal, "read %s of %s: %w", e.Verb, e.Subject, err)
				}
				if err := r.RaiseSilent(tx, name, s); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// ofSilence are the live findings that a source is silent; the kind stands in
// the text so that the index of silences is used.
const ofSilence = `live = 1 AND kind = 'silent-source' AND asset = $1`

// silentAsset is what the finding of a silent source is about. Names of sources
// tell capitals apart, so it does too.
func silentAsset(source string) row.Asset { return row.Asset("host:" + source) }

// RaiseSilent opens the finding that a source has fallen silent. It belongs to
// no unit, so that it stands on the watch floor for who is on duty and warns
// nobody. One that is open already stays as it is.
func (r *Room) RaiseSilent(tx *db.Tx, source string, s collect.Silence) error {
	asset := silentAsset(source)
	key := match.KeyOf(intake.DefaultRealm, asset, row.SilentSource, s.Reason)
	had, err := query(tx, ofSilence, string(asset))
	if err != nil || len(had) > 0 {
		return err
	}
	if had, err = query(tx, `current = 1 AND key = $1`, key[:]); err != nil {
		return err
	}
	now := r.Clock.Now()
	if len(had) > 0 {
		f := had[0]
		t, err := Of(Reopen)
		if err != nil {
			return err
		}
		f.LastSeen = now
		f.Count++
		_, err = r.move(tx, "stage:silence", f, t, Change{Act: Reopen})
		return err
	}
	id, err := tx.NextID("finding", 1)
	if err != nil {
		return err
	}
	since := s.Since
	if since.IsZero() {
		since = now
	}
	f := Finding{
		ID: ID(id), Key: key, Realm: intake.DefaultRealm, Asset: asset, Kind: row.SilentSource, Discriminator: s.Reason,
		Severity: row.SilentSource.Severity(), State: Open, FirstSeen: since, LastSeen: now, Count: 1, OpenedAt: now,
		Classification: row.SilentSource.Classification(),
	}
	seq, err := r.Journal.Append(tx, journal.Draft{
		Actor: "stage:silence", Subject: f.ID.Subject(), Verb: "finding.opened",
		Body: map[string]string{"kind": string(f.Kind), "source": source, "since": since.Format(time.RFC3339)}, Records: []journal.Record{f.record()},
	})
	if err != nil {
		return err
	}
	f.OpenedSeq = seq
	if err := tx.Bulk(`INSERT INTO finding (`+findingColumns+`) VALUES`, "", findingWidth, f.values()); err != nil {
		return err
	}
	count := tally{}
	count.add(&f, 1)
	return count.store(tx)
}

// ClearSilent ends it: the source speaks again. None there is no error.
func (r *Room) ClearSilent(tx *db.Tx, source string) error {
	had, err := query(tx, ofSilence, string(silentAsset(source)))
	if err != nil {
		return err
	}
	t, err := Of(Clear)
	if err != nil {
		return err
	}
	for _, f := range had {
		if _, err := r.move(tx, "stage:silence", f, t, Change{Act: Clear, Reason: WitnessSource + " " + source}); err != nil {
			return err
		}
	}
	return nil
}

// Noise is what a source's findings cost: how many it opened, and how many of
// those a person refuted.
type Noise struct {
	Opened  int64
	Refuted int64
}

// Noise counts by source what it costs the city. Who does not see the whole city
// learns nothing.
func (r *Room) Noise(ctx context.Context, who auth.Actor) (map[int64]Noise, error) {
	out := map[int64]Noise{}
	if !who.Scope.IsAll() {
		return out, nil
	}
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []struct {
			Source  int64 `db:"source"`
			Opened  int64 `db:"opened"`
			Refuted int64 `db:"refuted"`
		}
		err := tx.Select(&rows, `SELECT d.source, SUM(d.opened) AS opened, COALESCE(SUM(f.n), 0) AS refuted FROM document d
			LEFT JOIN (SELECT document, COUNT(*) AS n FROM finding WHERE state = 'false_positive' GROUP BY document) f ON f.document = d.id GROUP BY d.source`)
		for _, n := range rows {
			out[n.Source] = Noise{Opened: n.Opened, Refuted: n.Refuted}
		}
		return err
	})
	return out, err
}
