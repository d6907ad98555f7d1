package finding

import (
	"database/sql"
	"strconv"
	"strings"

	"tocsin/internal/base/db"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match"
)

const findingColumns = `id, key, current, live, organisation, system, realm, asset, ip, rname, kind, discriminator, severity, state,
	first_seen, last_seen, count, sources, last_source, report_type, tlp, rule, classification, cause, probability, flags,
	document, opened_at, opened_seq, claimed_at, decided_at, decided_by, reason, until, witness, unwarned, muted, warning,
	advisory, detail`

// findingWidth is how many columns those are.
const findingWidth = 40

type findingRow struct {
	ID             int64  `db:"id"`
	Key            []byte `db:"key"`
	Current        int    `db:"current"`
	Live           int    `db:"live"`
	Organisation   int64  `db:"organisation"`
	System         int64  `db:"system"`
	Realm          string `db:"realm"`
	Asset          string `db:"asset"`
	IP             []byte `db:"ip"`
	RName          string `db:"rname"`
	Kind           string `db:"kind"`
	Discriminator  string `db:"discriminator"`
	Severity       int    `db:"severity"`
	State          string `db:"state"`
	FirstSeen      int64  `db:"first_seen"`
	LastSeen       int64  `db:"last_seen"`
	Count          int64  `db:"count"`
	Sources        string `db:"sources"`
	LastSource     int64  `db:"last_source"`
	ReportType     string `db:"report_type"`
	TLP            int    `db:"tlp"`
	Rule           string `db:"rule"`
	Classification string `db:"classification"`
	Cause          string `db:"cause"`
	Probability    string `db:"probability"`
	Flags          string `db:"flags"`
	Document       int64  `db:"document"`
	OpenedAt       int64  `db:"opened_at"`
	OpenedSeq      int64  `db:"opened_seq"`
	ClaimedAt      int64  `db:"claimed_at"`
	DecidedAt      int64  `db:"decided_at"`
	DecidedBy      string `db:"decided_by"`
	Reason         string `db:"reason"`
	Until          int64  `db:"until"`
	Witness        string `db:"witness"`
	Unwarned       int    `db:"unwarned"`
	Muted          int64  `db:"muted"`
	Warning        int64  `db:"warning"`
	Advisory       int64  `db:"advisory"`
	Detail         string `db:"detail"`
}

func (r findingRow) finding() Finding {
	f := Finding{
		ID: ID(r.ID), Organisation: r.Organisation, System: r.System, Realm: r.Realm, Asset: row.Asset(r.Asset), Kind: row.Kind(r.Kind),
		Discriminator: r.Discriminator, Severity: row.Severity(r.Severity), State: State(r.State),
		FirstSeen: db.Time(r.FirstSeen), LastSeen: db.Time(r.LastSeen), Count: r.Count, Sources: sourcesOf(r.Sources), LastSource: r.LastSource,
		ReportType: r.ReportType, TLP: tlp.Marking(r.TLP), Rule: r.Rule, Classification: row.Classification(r.Classification),
		Cause: r.Cause, Probability: r.Probability, Document: r.Document, OpenedAt: db.Time(r.OpenedAt), OpenedSeq: r.OpenedSeq,
		ClaimedAt: db.Time(r.ClaimedAt), DecidedAt: db.Time(r.DecidedAt), DecidedBy: r.DecidedBy, Reason: r.Reason, Until: db.Time(r.Until),
		Witness: r.Witness, Unwarned: r.Unwarned == 1, Muted: r.Muted, Warning: r.Warning,
		Advisory: r.Advisory, Detail: detailOf(r.Detail),
	}
	copy(f.Key[:], r.Key)
	for word := range strings.SplitSeq(r.Flags, " ") {
		if word != "" {
			f.Flags = append(f.Flags, row.Flag(word))
		}
	}
	return f
}

// values are the columns of a finding that is current, in their order.
func (f *Finding) values() []any {
	var ip []byte
	if address, ok := match.Address(f.Asset); ok {
		ip = addressBytes(address)
	}
	return []any{
		int64(f.ID), f.Key[:], 1, db.Bool(f.Live()), f.Organisation, f.System, f.Realm, string(f.Asset), ip, match.ReversedName(f.Asset),
		string(f.Kind), f.Discriminator, int(f.Severity), string(f.State), db.Micros(f.FirstSeen), db.Micros(f.LastSeen), f.Count,
		sourcesText(f.Sources), f.LastSource, f.ReportType, int(f.TLP), f.Rule, string(f.Classification), f.Cause, f.Probability,
		flagsText(f.Flags), f.Document, db.Micros(f.OpenedAt), f.OpenedSeq, db.Micros(f.ClaimedAt), db.Micros(f.DecidedAt),
		f.DecidedBy, f.Reason, db.Micros(f.Until), f.Witness, db.Bool(f.Unwarned), f.Muted, f.Warning, f.Advisory, f.Detail.text(),
	}
}

// freshColumns are the columns that a finding has when a report opens it; the
// others have their defaults.
const freshColumns = `id, key, organisation, system, realm, asset, ip, rname, kind, discriminator, severity,
	first_seen, last_seen, count, sources, last_source, report_type, tlp, rule, classification, cause, flags,
	document, opened_at, opened_seq, unwarned, muted`

// freshWidth is how many columns those are.
const freshWidth = 27

// appendFresh appends the values of freshColumns.
func (f *Finding) appendFresh(args []any, sources string) []any {
	var ip []byte
	if address, ok := match.Address(f.Asset); ok {
		ip = addressBytes(address)
	}
	return append(args,
		int64(f.ID), f.Key[:], f.Organisation, f.System, f.Realm, string(f.Asset), ip, match.ReversedName(f.Asset), string(f.Kind),
		f.Discriminator, int64(f.Severity), db.Micros(f.FirstSeen), db.Micros(f.LastSeen), f.Count, sources, f.LastSource, f.ReportType,
		int64(f.TLP), f.Rule, string(f.Classification), f.Cause, flagsText(f.Flags), f.Document, db.Micros(f.OpenedAt), f.OpenedSeq,
		int64(db.Bool(f.Unwarned)), f.Muted)
}

func flagsText(flags []row.Flag) string {
	if len(flags) == 0 {
		return ""
	}
	words := make([]string, len(flags))
	for i, flag := range flags {
		words[i] = string(flag)
	}
	return strings.Join(words, " ")
}

// A head is what must be known of a finding to count an observation of it.
type head struct {
	id          ID
	severity    row.Severity
	plain       bool // open to its owner, of this source, as confidential as it: an observation may only count
	caused      bool
	first, last int64 // µs
	count       int64
	source      int64 // that saw it last
	reportType  string
}

// eachHead reads the heads of the current findings of keys.
func eachHead(tx *db.Tx, keys [][]byte, source intake.Source, read func(key []byte, h head)) error {
	id := itoa(source.ID)
	text := `SELECT key, id, severity, CASE WHEN state NOT IN ('claimed_fixed', 'verified') AND sources LIKE '%,` + id + `,%' AND tlp >= ` +
		itoa(int64(source.TLP)) + ` THEN 1 ELSE 0 END, CASE WHEN cause <> '' THEN 1 ELSE 0 END, first_seen, last_seen, count, last_source, report_type
		FROM finding WHERE current = 1 AND key IN ({keys})`
	var (
		h                       head
		key                     sql.RawBytes
		severity, plain, caused int
	)
	into := []any{&key, &h.id, &severity, &plain, &caused, &h.first, &h.last, &h.count, &h.source, &h.reportType}
	return db.EachIn(tx, text, keys, func(r db.Row) error {
		if err := r.Scan(into...); err != nil {
			return err
		}
		h.severity, h.plain, h.caused = row.Severity(severity), plain == 1, caused == 1
		read(key, h)
		return nil
	})
}

// update writes everything of a finding that can change.
func update(tx *db.Tx, f *Finding) error {
	_, err := tx.Exec(`UPDATE finding SET live = $1, organisation = $2, system = $3, severity = $4, state = $5, first_seen = $6, last_seen = $7,
		count = $8, sources = $9, last_source = $10, report_type = $11, tlp = $12, rule = $13, cause = $14, document = $15, opened_at = $16,
		opened_seq = $17, claimed_at = $18, decided_at = $19, decided_by = $20, reason = $21, until = $22, witness = $23, unwarned = $24,
		muted = $25, warning = $26, advisory = $27, detail = $28, probability = $29 WHERE id = $30`,
		db.Bool(f.Live()), f.Organisation, f.System, int(f.Severity), string(f.State), db.Micros(f.FirstSeen), db.Micros(f.LastSeen),
		f.Count, sourcesText(f.Sources), f.LastSource, f.ReportType, int(f.TLP), f.Rule, f.Cause, f.Document, db.Micros(f.OpenedAt),
		f.OpenedSeq, db.Micros(f.ClaimedAt), db.Micros(f.DecidedAt), f.DecidedBy, f.Reason, db.Micros(f.Until), f.Witness, db.Bool(f.Unwarned),
		f.Muted, f.Warning, f.Advisory, f.Detail.text(), f.Probability, int64(f.ID))
	return err
}

// load reads one finding, whoever asks.
func load(tx *db.Tx, id ID) (Finding, error) {
	var r findingRow
	err := tx.Get(&r, `SELECT `+findingColumns+` FROM finding WHERE id = $1`, int64(id))
	return r.finding(), err
}

// query reads findings by a condition.
func query(tx *db.Tx, condition string, args ...any) ([]Finding, error) {
	var rows []findingRow
	if err := tx.Select(&rows, `SELECT `+findingColumns+` FROM finding WHERE `+condition, args...); err != nil {
		return nil, err
	}
	out := make([]Finding, len(rows))
	for i := range rows {
		out[i] = rows[i].finding()
	}
	return out, nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// tally gathers how a bracket moves the numbers of findings.
type tally map[tallyKey]int64

type tallyKey struct {
	organisation int64
	kind         row.Kind
	severity     row.Severity
	state        State
	marking      tlp.Marking // counts obey it as lists do
}

func (t tally) add(f *Finding, n int64) {
	t[tallyKey{f.Organisation, f.Kind, f.Severity, f.State, f.TLP}] += n
}

func (t tally) store(tx *db.Tx) error {
	args := make([]any, 0, len(t)*6)
	for k, n := range t {
		if n != 0 {
			args = append(args, k.organisation, string(k.kind), int(k.severity), string(k.state), int(k.marking), n)
		}
	}
	return tx.Bulk(`INSERT INTO finding_tally (organisation, kind, severity, state, tlp, n) VALUES`,
		`ON CONFLICT (organisation, kind, severity, state, tlp) DO UPDATE SET n = finding_tally.n + excluded.n`, 6, args)
}
