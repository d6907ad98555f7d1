package intake

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/row"
)

// Indicators is the kind of a source whose rows are patterns of trouble, not
// reports about our own addresses.
const Indicators = "indicators"

// A Source is whoever gives us information.
type Source struct {
	ID           int64
	Name         string
	Format       Format
	Kind         string // Indicators, a finding kind, or "" where the format says it row by row
	TLP          tlp.Marking
	Zone         string // of times that name none
	Realm        string
	Mapping      string // of Format CSV and JSONLines, JSON
	Senders      string // of Format Mail: addresses or domains, by blanks; "" is anybody
	Reliability  string // Admiralty: A (completely reliable) … F (cannot be judged); "" is not judged
	URL          string
	Every        time.Duration
	Organisation int64 // the partner that may fill and see it; 0 is the centre's own
	Created      time.Time
	LastDocument time.Time
	Rhythm       time.Duration // learnt: how far apart its deliveries are; 0 is not known
}

// Default values of a new source.
const (
	DefaultZone  = "UTC"
	DefaultRealm = "public"
)

// AddSource makes a source. A name that is taken is Conflict, anything that
// does not fit is Invalid and names the field.
func (r *Room) AddSource(ctx context.Context, who auth.Actor, s Source) (Source, error) {
	if err := auth.May(who, auth.SourceAdd); err != nil {
		return s, err
	}
	if err := s.check(); err != nil {
		return s, err
	}
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		if n, err := tx.Int(`SELECT COUNT(*) FROM source WHERE name = $1`, s.Name); err != nil {
			return err
		} else if n > 0 {
			return errs.New(errs.Conflict, "add source %s: there is one of this name", s.Name)
		}
		id, err := tx.NextID("source", 1)
		if err != nil {
			return err
		}
		s.ID, s.Created = id, r.Clock.Now()
		_, err = tx.Exec(`INSERT INTO source (id, name, format, kind, tlp, zone, realm, mapping, url, every, organisation, created, last_document, rhythm, senders, reliability)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, $13, $14)`,
			s.ID, s.Name, string(s.Format), s.Kind, int(s.TLP), s.Zone, s.Realm, s.Mapping, s.URL, s.Every.Microseconds(), s.Organisation, db.Micros(s.Created), s.Senders, s.Reliability)
		if err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Organisation: s.Organisation, Subject: "source:" + s.Name, Verb: "source.added",
			Body: s.journalled(), Records: []journal.Record{s.record()},
		})
		return err
	})
	return s, err
}

// EditSource changes everything of a source but its name and format.
func (r *Room) EditSource(ctx context.Context, who auth.Actor, s Source) (Source, error) {
	if err := auth.May(who, auth.SourceEdit); err != nil {
		return s, err
	}
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		old, err := r.source(tx, who, s.Name)
		if err != nil {
			return err
		}
		s.ID, s.Format, s.Created, s.LastDocument, s.Rhythm = old.ID, old.Format, old.Created, old.LastDocument, old.Rhythm
		if err := s.check(); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE source SET kind = $1, tlp = $2, zone = $3, realm = $4, mapping = $5, url = $6, every = $7, organisation = $8, senders = $9, reliability = $10 WHERE id = $11`,
			s.Kind, int(s.TLP), s.Zone, s.Realm, s.Mapping, s.URL, s.Every.Microseconds(), s.Organisation, s.Senders, s.Reliability, s.ID)
		if err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, journal.Draft{
			Actor: who.Name(), Organisation: s.Organisation, Subject: "source:" + s.Name, Verb: "source.changed",
			Body: map[string]any{"from": old.journalled(), "to": s.journalled()}, Records: []journal.Record{s.record()},
		})
		return err
	})
	return s, err
}

// check sets what is not given and refuses what does not fit.
func (s *Source) check() error {
	wrong := func(field, format string, a ...any) error {
		return errs.At(errs.Invalid, []errs.Place{{Field: field, Reason: errs.New(errs.Invalid, format, a...).Error()}}, "source %s: "+field+": "+format, append([]any{s.Name}, a...)...)
	}
	if !regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$`).MatchString(s.Name) {
		return wrong("name", "%q is not a name: letters, digits, dot, dash and underscore, at most 64", s.Name)
	}
	if !slices.Contains(Formats(), s.Format) {
		return wrong("format", "%q is not read; want one of %v", s.Format, Formats())
	}
	if s.Zone == "" {
		s.Zone = DefaultZone
	}
	if _, err := time.LoadLocation(s.Zone); err != nil {
		return wrong("zone", "%q is not a time zone", s.Zone)
	}
	if s.Realm == "" {
		s.Realm = DefaultRealm
	}
	if s.Kind == "" && (s.Format == List || s.Format == MISP || s.Format == STIX) {
		s.Kind = Indicators
	}
	if s.Kind != "" && s.Kind != Indicators && !slices.Contains(row.Kinds(), row.Kind(s.Kind)) {
		return wrong("kind", "%q is no kind; want indicators or one of %v", s.Kind, row.Kinds())
	}
	if s.Reliability != "" && (len(s.Reliability) != 1 || !strings.Contains("ABCDEF", s.Reliability)) {
		return wrong("reliability", "%q is not on the Admiralty scale: want A to F", s.Reliability)
	}
	if s.Every < 0 {
		return wrong("every", "%s is not a time between two polls", s.Every)
	}
	if s.Format.Mapped() && strings.TrimSpace(s.Mapping) == "" {
		return wrong("mapping", "a %s source needs one", s.Format)
	}
	if s.Mapping != "" {
		if _, err := csvmap.ParseMapping([]byte(s.Mapping)); err != nil {
			return errs.At(errs.Invalid, errs.PlacesOf(err), "source %s: mapping: %w", s.Name, err)
		}
	}
	return nil
}

// journalled are the fields of a source that change only with an entry.
func (s Source) journalled() any {
	return struct {
		ID                                            int64
		Name, Format, Kind, TLP, Zone, Realm, Mapping string
		URL                                           string
		Every                                         time.Duration
		Organisation                                  int64
		Senders, Reliability                          string
	}{s.ID, s.Name, string(s.Format), s.Kind, s.TLP.String(), s.Zone, s.Realm, s.Mapping, s.URL, s.Every, s.Organisation, s.Senders, s.Reliability}
}

func (s Source) record() journal.Record {
	return journal.Record{Kind: "source", ID: s.Name, Hash: journal.Hash(s.journalled())}
}

type sourceRow struct {
	ID           int64  `db:"id"`
	Name         string `db:"name"`
	Format       string `db:"format"`
	Kind         string `db:"kind"`
	TLP          int    `db:"tlp"`
	Zone         string `db:"zone"`
	Realm        string `db:"realm"`
	Mapping      string `db:"mapping"`
	URL          string `db:"url"`
	Every        int64  `db:"every"`
	Organisation int64  `db:"organisation"`
	Created      int64  `db:"created"`
	LastDocument int64  `db:"last_document"`
	Rhythm       int64  `db:"rhythm"`
	Senders      string `db:"senders"`
	Reliability  string `db:"reliability"`
}

func (s sourceRow) source() Source {
	return Source{
		ID: s.ID, Name: s.Name, Format: Format(s.Format), Kind: s.Kind, TLP: tlp.Marking(s.TLP), Zone: s.Zone, Realm: s.Realm,
		Mapping: s.Mapping, URL: s.URL, Every: time.Duration(s.Every) * time.Microsecond, Organisation: s.Organisation,
		Created: db.Time(s.Created), LastDocument: db.Time(s.LastDocument), Rhythm: time.Duration(s.Rhythm) * time.Microsecond,
		Senders: s.Senders, Reliability: s.Reliability,
	}
}

const sourceColumns = `id, name, format, kind, tlp, zone, realm, mapping, url, every, organisation, created, last_document, rhythm, senders, reliability`

// Source is the source of a name. One that the reader may not see is NotFound.
func (r *Room) Source(ctx context.Context, who auth.Actor, name string) (s Source, err error) {
	if err := auth.May(who, auth.SourceView); err != nil {
		return s, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		s, err = r.source(tx, who, name)
		return err
	})
	return s, err
}

func (r *Room) source(tx *db.Tx, who auth.Actor, name string) (Source, error) {
	var got sourceRow
	err := tx.Get(&got, `SELECT `+sourceColumns+` FROM source WHERE name = $1 AND `+mine(who, "organisation"), name)
	if errs.Is(err, errs.NotFound) {
		return Source{}, errs.New(errs.NotFound, "source %q: no such source", name)
	}
	return got.source(), err
}

// mine is the condition that a source's organisation is in the reader's scope.
// The centre's own sources belong to nobody, and only who sees all sees them.
func mine(who auth.Actor, column string) string { return who.Scope.SQL(column) }

// ByID is the source of an id, for stages.
func (r *Room) ByID(tx *db.Tx, id int64) (Source, error) {
	var got sourceRow
	err := tx.Get(&got, `SELECT `+sourceColumns+` FROM source WHERE id = $1`, id)
	return got.source(), err
}

// All are all sources by id, without their health: for stages and workers.
func (r *Room) All(tx *db.Tx) ([]Source, error) {
	var rows []sourceRow
	if err := tx.Select(&rows, `SELECT `+sourceColumns+` FROM source ORDER BY id`); err != nil {
		return nil, err
	}
	out := make([]Source, len(rows))
	for i := range rows {
		out[i] = rows[i].source()
	}
	return out, nil
}

// Names are the names of all sources by id, for stages and texts.
func (r *Room) Names(tx *db.Tx) (map[int64]string, error) {
	var rows []struct {
		ID   int64  `db:"id"`
		Name string `db:"name"`
	}
	err := tx.Select(&rows, `SELECT id, name FROM source`)
	out := make(map[int64]string, len(rows))
	for _, s := range rows {
		out[s.ID] = s.Name
	}
	return out, err
}

// Health is how a source is doing.
type Health struct {
	Source
	Documents   int64
	Unparsed    int64
	Rows        int64
	Quarantined int64
	Late        time.Duration // how far past its rhythm it is; 0 when it is not
}

// Sources are the sources that the reader may see, with their health, by name.
func (r *Room) Sources(ctx context.Context, who auth.Actor) (out []Health, err error) {
	if err := auth.May(who, auth.SourceView); err != nil {
		return nil, err
	}
	now := r.Clock.Now()
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []sourceRow
		if err := tx.Select(&rows, `SELECT `+sourceColumns+` FROM source WHERE `+mine(who, "organisation")+` ORDER BY id`); err != nil {
			return err
		}
		var sums []struct {
			Source      int64 `db:"source"`
			Documents   int64 `db:"documents"`
			Unparsed    int64 `db:"unparsed"`
			Rows        int64 `db:"total"`
			Quarantined int64 `db:"quarantined"`
		}
		err := tx.Select(&sums, `SELECT source, COUNT(*) AS documents, SUM(CASE WHEN state = 'unparsed' THEN 1 ELSE 0 END) AS unparsed,
			SUM(total) AS total, SUM(quarantined) AS quarantined FROM document GROUP BY source`)
		if err != nil {
			return err
		}
		for _, s := range rows {
			h := Health{Source: s.source()}
			for _, sum := range sums {
				if sum.Source == s.ID {
					h.Documents, h.Unparsed, h.Rows, h.Quarantined = sum.Documents, sum.Unparsed, sum.Rows, sum.Quarantined
				}
			}
			if h.Rhythm > 0 {
				if late := now.Sub(h.LastDocument) - 2*h.Rhythm; late > 0 {
					h.Late = late
				}
			}
			out = append(out, h)
		}
		return nil
	})
	return out, err
}
