package intel

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/cvss"
	"tocsin/internal/watch/intake/row"
)

// An Advisory is what one source says of a weakness, or of the end of a
// product's support. JSON as CONTRACT has it.
type Advisory struct {
	ID        string      `json:"id"`
	Source    string      `json:"source"`
	Name      string      `json:"name"` // the source's own id
	Revision  string      `json:"revision,omitempty"`
	Title     string      `json:"title"`
	Summary   string      `json:"summary,omitempty"`
	CVEs      []string    `json:"cves"`
	Published time.Time   `json:"published"`
	Modified  time.Time   `json:"modified"`
	Received  time.Time   `json:"received"`
	Withdrawn bool        `json:"withdrawn"`
	Ends      string      `json:"ends,omitempty"` // of a product's end of support, ISO date
	TLP       tlp.Marking `json:"tlp"`
	Document  string      `json:"document"`
	Line      int         `json:"line"`

	Number   int64              `json:"-"`
	SourceID int64              `json:"-"`
	Delivery int64              `json:"-"` // the document's number
	Place    int64              `json:"-"` // where it stands in the document, bytes
	Length   int64              `json:"-"`
	Body     *advisory.Advisory `json:"-"` // where it was asked for
}

// ParseAdvisory reads what AdvisoryLabel wrote; else NotFound.
func ParseAdvisory(text string) (int64, error) { return parse("A", "advisory", text) }

// AdvisoryLabel is an advisory's id as people write it, "A7".
func AdvisoryLabel(n int64) string { return "A" + itoa(n) }

// A Vulnerability is what all sources together say of a CVE.
type Vulnerability struct {
	CVE          string  `db:"cve" json:"cve"`
	Base10       int     `db:"base" json:"-"` // the CVSS base score, tenfold; 0 is none
	Vector       string  `db:"vector" json:"vector,omitempty"`
	ScoredBy     string  `db:"scored_by" json:"scored_by,omitempty"`
	EPSSMicro    int64   `db:"epss" json:"-"` // millionths
	PercentMicro int64   `db:"percentile" json:"-"`
	EPSSDate     string  `db:"epss_date" json:"epss_date,omitempty"`
	KEVAdded     string  `db:"kev_added" json:"kev_added,omitempty"`
	KEVDue       string  `db:"kev_due" json:"kev_due,omitempty"`
	Ransomware   int     `db:"ransomware" json:"-"`
	Exploitation string  `db:"exploitation" json:"exploitation,omitempty"`
	Automatable  string  `db:"automatable" json:"automatable,omitempty"`
	Impact       string  `db:"impact" json:"impact,omitempty"`
	Changed      int64   `db:"changed" json:"-"`
	Base         float64 `db:"-" json:"cvss"`
	EPSS         float64 `db:"-" json:"epss"`
}

const vulnerabilityColumns = `cve, base, vector, scored_by, epss, percentile, epss_date, kev_added, kev_due, ransomware, exploitation, automatable, impact, changed`

// Exploited says whether the weakness is known to be used.
func (v Vulnerability) Exploited() bool { return v.KEVAdded != "" || v.Exploitation == "active" }

// keepAdvisories stores advisories that are new or revised, and joins what they
// say of their CVEs to what is known.
func (k *keeping) keepAdvisories() error {
	if len(k.advisories) == 0 {
		return nil
	}
	newest := make(map[string]*row.Row, len(k.advisories))
	var names, cves []string
	for _, one := range k.advisories {
		a := one.Advisory
		cves = append(cves, a.CVEs...)
		if scoreOnly(a) || a.ID == "" {
			continue
		}
		if had, ok := newest[a.ID]; !ok {
			names = append(names, a.ID)
		} else if had.Advisory.Modified.After(a.Modified) {
			continue
		}
		newest[a.ID] = one
	}
	found, err := db.SelectIn[struct {
		ID       int64  `db:"id"`
		Name     string `db:"name"`
		Sum      string `db:"sum"`
		Modified int64  `db:"modified"`
	}](k.tx, `SELECT id, name, sum, modified FROM advisory WHERE source = `+itoa(k.source.ID)+` AND name IN ({keys})`, names)
	if err != nil {
		return err
	}
	type stored struct {
		id, modified int64
		sum          string
	}
	known := make(map[string]stored, len(found))
	for _, f := range found {
		known[f.Name] = stored{f.ID, f.Modified, f.Sum}
	}
	for _, name := range names {
		one := newest[name]
		text, err := json.Marshal(one.Advisory)
		if err != nil {
			return errs.New(errs.Internal, "keep advisory %s: %w", name, err)
		}
		sum := sumOf(string(text))
		had, is := known[name]
		if is && (had.sum == sum || had.modified > db.Micros(one.Advisory.Modified)) {
			continue // a repetition, or an older version than the one we have
		}
		id := had.id
		if !is {
			if id, err = k.tx.NextID("advisory", 1); err != nil {
				return err
			}
		}
		if err := k.keepAdvisory(id, is, one, sum, string(text)); err != nil {
			return err
		}
		k.body.Advisories = append(k.body.Advisories, id)
		k.records = append(k.records, journal.Record{Kind: "advisory", ID: AdvisoryLabel(id), Hash: sum})
	}
	return k.join(cves)
}

// scoreOnly says whether an advisory is no more than a score of a CVE (EPSS).
func scoreOnly(a *advisory.Advisory) bool {
	return a.EPSS != nil && len(a.Products) == 0 && a.Title == ""
}

func (k *keeping) keepAdvisory(id int64, known bool, one *row.Row, sum, body string) error {
	a := one.Advisory
	marking := k.source.TLP
	if one.Statement != nil && one.Statement.Marked {
		marking = one.Statement.TLP
	}
	ends := ""
	if a.EndOfLife != nil {
		ends = a.EndOfLife.Ends
		if ends == "" && a.EndOfLife.Ended {
			ends = k.now.Format(time.DateOnly)
		}
	}
	values := []any{
		row.Clip(a.Revision, 100), row.Clip(a.Title, 500), row.Clip(a.Summary, 4000), db.Micros(a.Published), db.Micros(a.Modified),
		db.Bool(a.Withdrawn), ends, int64(marking), k.doc.ID, one.Line, db.Micros(k.now), sum, body, one.Offset, one.Length,
	}
	var err error
	if known {
		_, err = k.tx.Exec(`UPDATE advisory SET revision = $1, title = $2, summary = $3, published = $4, modified = $5, withdrawn = $6, ends = $7,
			tlp = $8, document = $9, line = $10, changed = $11, sum = $12, body = $13, place = $14, length = $15 WHERE id = $16`, append(values, id)...)
		if err == nil {
			_, err = k.tx.Exec(`DELETE FROM advisory_cve WHERE advisory = $1`, id)
		}
	} else {
		_, err = k.tx.Exec(`INSERT INTO advisory (revision, title, summary, published, modified, withdrawn, ends, tlp, document, line, changed, sum, body,
			place, length, id, source, name, received) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
			append(values, id, k.source.ID, a.ID, db.Micros(k.now))...)
	}
	for _, cve := range a.CVEs {
		if err != nil {
			break
		}
		_, err = k.tx.Exec(`INSERT INTO advisory_cve (cve, advisory) VALUES ($1, $2) ON CONFLICT DO NOTHING`, cve, id)
	}
	return err
}

// join joins what the batch says of CVEs to what is known of them.
func (k *keeping) join(cves []string) error {
	slices.Sort(cves)
	cves = slices.Compact(cves)
	found, err := db.SelectIn[Vulnerability](k.tx, `SELECT `+vulnerabilityColumns+` FROM vulnerability WHERE cve IN ({keys})`, cves)
	if err != nil {
		return err
	}
	known := make(map[string]*Vulnerability, len(cves))
	before := make(map[string]Vulnerability, len(found))
	for _, v := range found {
		before[v.CVE] = v
		known[v.CVE] = &v
	}
	for _, one := range k.advisories {
		for _, cve := range one.Advisory.CVEs {
			v, ok := known[cve]
			if !ok {
				v = &Vulnerability{CVE: cve}
				known[cve] = v
			}
			v.Learn(one.Advisory)
		}
	}
	var args []any
	for _, cve := range cves {
		v := known[cve]
		had, ok := before[cve]
		if ok && *v == had {
			continue
		}
		v.Changed = db.Micros(k.now)
		args = append(args, v.CVE, int64(v.Base10), v.Vector, v.ScoredBy, v.EPSSMicro, v.PercentMicro, v.EPSSDate, v.KEVAdded, v.KEVDue,
			int64(v.Ransomware), v.Exploitation, v.Automatable, v.Impact, v.Changed)
		if ok && k.room.graver(had) != k.room.graver(*v) {
			k.body.CVEs = append(k.body.CVEs, cve)
		}
	}
	return k.tx.Bulk(`INSERT INTO vulnerability (`+vulnerabilityColumns+`) VALUES`, `ON CONFLICT (cve) DO UPDATE SET base = excluded.base,
		vector = excluded.vector, scored_by = excluded.scored_by, epss = excluded.epss, percentile = excluded.percentile, epss_date = excluded.epss_date,
		kev_added = excluded.kev_added, kev_due = excluded.kev_due, ransomware = excluded.ransomware, exploitation = excluded.exploitation,
		automatable = excluded.automatable, impact = excluded.impact, changed = excluded.changed`, 14, args)
}

// A gravity is what of a vulnerability a decision depends on, coarse enough that
// the daily trembling of a score is no news.
type gravity struct {
	exploited, ransomware, likely bool
	rating                        int // the CVSS rating: none, low, medium, high, critical
	automatable, impact           string
}

func (r *Room) graver(v Vulnerability) gravity {
	rating := 0
	for _, from := range []int{1, 40, 70, 90} { // CVSS 3.1 §5, tenfold
		if v.Base10 >= from {
			rating++
		}
	}
	return gravity{
		v.Exploited(), v.Ransomware == 1, float64(v.EPSSMicro)/1e6 >= r.Rules.LikelyEPSS, rating, v.Automatable, v.Impact,
	}
}

// Learn takes what an advisory says of a CVE; of a weakness without one, what it
// says of itself.
func (v *Vulnerability) Learn(a *advisory.Advisory) {
	for _, s := range a.Scores {
		if s.CVE != "" && s.CVE != v.CVE {
			continue
		}
		if computed, err := cvss.Read(s.Vector); s.Base == 0 && err == nil {
			s.Base = computed.Base // the source states the vector alone
		}
		// Of several scores the newest standard counts, then the graver one.
		base := int(s.Base*10 + 0.5)
		if s.Vector != "" && (v.Vector == "" || standard(s.Vector) > standard(v.Vector) || (standard(s.Vector) == standard(v.Vector) && base > v.Base10)) {
			v.Base10, v.Vector, v.ScoredBy = base, s.Vector, s.By
		}
	}
	if e := a.EPSS; e != nil && e.Date >= v.EPSSDate {
		v.EPSSMicro, v.PercentMicro, v.EPSSDate = int64(e.Score*1e6+0.5), int64(e.Percentile*1e6+0.5), e.Date
	}
	if kev := a.KEV; kev != nil {
		v.KEVAdded, v.KEVDue = kev.Added, kev.Due
		v.Ransomware = max(v.Ransomware, db.Bool(kev.Ransomware))
	}
	if d := a.Decision; d != nil {
		v.Exploitation, v.Automatable, v.Impact = d.Exploitation, d.Automatable, d.Impact
	}
}

// standard orders the versions of CVSS by a vector's beginning.
func standard(vector string) int {
	for n, prefix := range []string{"CVSS:3.0/", "CVSS:3.1/", "CVSS:4.0/"} {
		if strings.HasPrefix(vector, prefix) {
			return n + 2
		}
	}
	if vector != "" {
		return 1
	}
	return 0
}

// An AdvisoryFilter selects advisories. The zero value of a field does not
// restrict.
type AdvisoryFilter struct {
	ID     string
	Text   string // in name, title or a CVE
	Source string
	CVE    string
	KEV    bool // only those of exploited weaknesses
	Since  time.Time
	After  int64
	Limit  int
	Newest bool
}

type advisoryRow struct {
	ID        int64  `db:"id"`
	Source    int64  `db:"source"`
	Origin    string `db:"origin"`
	Name      string `db:"name"`
	Revision  string `db:"revision"`
	Title     string `db:"title"`
	Summary   string `db:"summary"`
	Published int64  `db:"published"`
	Modified  int64  `db:"modified"`
	Withdrawn int    `db:"withdrawn"`
	Ends      string `db:"ends"`
	TLP       int    `db:"tlp"`
	Document  int64  `db:"document"`
	Line      int    `db:"line"`
	Place     int64  `db:"place"`
	Length    int64  `db:"length"`
	Received  int64  `db:"received"`
	Body      string `db:"body"`
}

const advisoryColumns = `a.id, a.source, s.name AS origin, a.name, a.revision, a.title, a.summary, a.published, a.modified, a.withdrawn, a.ends, a.tlp,
	a.document, a.line, a.place, a.length, a.received`

// Advisories are the advisories, oldest first. They are the centre's: whose
// scope is not the whole city reads of one in the warning that concerns him.
func (r *Room) Advisories(ctx context.Context, who auth.Actor, f AdvisoryFilter) (out []Advisory, next int64, err error) {
	if err := auth.May(who, auth.AdvisoryView); err != nil {
		return nil, 0, err
	}
	where := []string{who.Scope.SQL("0")}
	var args []any
	arg := func(condition string, v any) {
		args = append(args, v)
		where = append(where, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	columns := advisoryColumns
	if f.ID != "" {
		n, err := parse("A", "advisory", f.ID)
		if err != nil {
			return nil, 0, err
		}
		arg("a.id = ?", n)
		columns += ", a.body"
	}
	if f.Text != "" {
		arg("(LOWER(a.name) LIKE ? OR LOWER(a.title) LIKE ? OR EXISTS (SELECT 1 FROM advisory_cve c WHERE c.advisory = a.id AND LOWER(c.cve) LIKE ?))",
			"%"+strings.ToLower(f.Text)+"%")
	}
	if f.Source != "" {
		arg("s.name = ?", f.Source)
	}
	if f.CVE != "" {
		arg("EXISTS (SELECT 1 FROM advisory_cve c WHERE c.advisory = a.id AND c.cve = ?)", strings.ToUpper(f.CVE))
	}
	if f.KEV {
		where = append(where, "EXISTS (SELECT 1 FROM advisory_cve c JOIN vulnerability v ON v.cve = c.cve WHERE c.advisory = a.id AND v.kev_added <> '')")
	}
	if !f.Since.IsZero() {
		arg("a.received >= ?", db.Micros(f.Since))
	}
	order := "a.id"
	if f.Newest {
		order = "a.id DESC"
	}
	if f.After > 0 && f.Newest {
		arg("a.id < ?", f.After)
	} else if f.After > 0 {
		arg("a.id > ?", f.After)
	}
	limit := ""
	if f.Limit > 0 {
		limit = " LIMIT " + strconv.Itoa(f.Limit+1)
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []advisoryRow
		err := tx.Select(&rows, `SELECT `+columns+` FROM advisory a JOIN source s ON s.id = a.source WHERE `+strings.Join(where, " AND ")+
			` ORDER BY `+order+limit, args...)
		if err != nil {
			return err
		}
		if f.Limit > 0 && len(rows) > f.Limit {
			rows = rows[:f.Limit]
			next = rows[f.Limit-1].ID
		}
		out, err = advisories(tx, rows)
		return err
	})
	return out, next, err
}

// advisories are rows with the CVEs that they speak of.
func advisories(tx *db.Tx, rows []advisoryRow) ([]Advisory, error) {
	out := make([]Advisory, len(rows))
	ids := make([]int64, len(rows))
	place := make(map[int64]int, len(rows))
	for i, x := range rows {
		ids[i], place[x.ID] = x.ID, i
		out[i] = Advisory{
			ID: AdvisoryLabel(x.ID), Source: x.Origin, Name: x.Name, Revision: x.Revision, Title: x.Title, Summary: x.Summary, CVEs: []string{},
			Published: db.Time(x.Published), Modified: db.Time(x.Modified), Received: db.Time(x.Received), Withdrawn: x.Withdrawn == 1, Ends: x.Ends,
			TLP: tlp.Marking(x.TLP), Document: "S" + itoa(x.Document), Line: x.Line, Number: x.ID, SourceID: x.Source, Delivery: x.Document, Place: x.Place, Length: x.Length,
		}
		if x.Body != "" {
			out[i].Body = new(advisory.Advisory)
			if err := json.Unmarshal([]byte(x.Body), out[i].Body); err != nil {
				return nil, errs.New(errs.Internal, "read advisory A%d: %w", x.ID, err)
			}
		}
	}
	found, err := db.SelectIn[struct {
		CVE      string `db:"cve"`
		Advisory int64  `db:"advisory"`
	}](tx, `SELECT cve, advisory FROM advisory_cve WHERE advisory IN ({keys}) ORDER BY advisory, cve`, ids)
	for _, f := range found {
		one := &out[place[f.Advisory]]
		one.CVEs = append(one.CVEs, f.CVE)
	}
	return out, err
}

// Load are advisories with their bodies, whoever asks: for stages.
func (r *Room) Load(tx *db.Tx, ids []int64) ([]Advisory, error) {
	rows, err := db.SelectIn[advisoryRow](tx, `SELECT `+advisoryColumns+`, a.body FROM advisory a JOIN source s ON s.id = a.source WHERE a.id IN ({keys})`, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b advisoryRow) int { return int(a.ID - b.ID) })
	return advisories(tx, rows)
}

// After are the advisories with their bodies that come behind a number, at most
// limit: for who goes through all of them.
func (r *Room) After(tx *db.Tx, number int64, limit int) ([]Advisory, error) {
	var rows []advisoryRow
	err := tx.Select(&rows, `SELECT `+advisoryColumns+`, a.body FROM advisory a JOIN source s ON s.id = a.source WHERE a.id > $1
		ORDER BY a.id LIMIT `+strconv.Itoa(limit), number)
	if err != nil {
		return nil, err
	}
	return advisories(tx, rows)
}

// Own is what an advisory that was loaded with its body says of itself: for those
// that name no CVE.
func (a *Advisory) Own() Vulnerability {
	v := Vulnerability{CVE: a.Name}
	if a.Body != nil {
		v.Learn(a.Body)
	}
	return v.Reckoned()
}

// Reckoned is the vulnerability with its scores as people know them.
func (v Vulnerability) Reckoned() Vulnerability {
	v.Base, v.EPSS = float64(v.Base10)/10, float64(v.EPSSMicro)/1e6
	return v
}

// OfCVE are the numbers of the advisories that speak of CVEs, ascending.
func (r *Room) OfCVE(tx *db.Tx, cves []string) ([]int64, error) {
	ids, err := db.SelectIn[int64](tx, `SELECT DISTINCT advisory FROM advisory_cve WHERE cve IN ({keys})`, cves)
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// Vulnerabilities are what is known of CVEs, by CVE; those of which nothing is
// known are missing.
func (r *Room) Vulnerabilities(tx *db.Tx, cves []string) (map[string]Vulnerability, error) {
	found, err := db.SelectIn[Vulnerability](tx, `SELECT `+vulnerabilityColumns+` FROM vulnerability WHERE cve IN ({keys})`, cves)
	out := make(map[string]Vulnerability, len(found))
	for _, v := range found {
		out[v.CVE] = v.Reckoned()
	}
	return out, err
}

// Dangers are what is known of the CVEs of an advisory, in their order.
func (r *Room) Dangers(ctx context.Context, who auth.Actor, cves []string) (out []Vulnerability, err error) {
	if err := auth.May(who, auth.AdvisoryView); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		known, err := r.Vulnerabilities(tx, cves)
		for _, cve := range cves {
			if v, ok := known[cve]; ok {
				out = append(out, v)
			}
		}
		return err
	})
	return out, err
}
