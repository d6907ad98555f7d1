package finding

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/whose"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/match"
	"tocsin/internal/watch/match/product"
	"tocsin/internal/watch/match/vector"
)

// VerbMatched says that an advisory concerns software of somebody: its findings
// are there, and their owners are to be told.
const VerbMatched = "advisory.matched"

// Matched is the body of VerbMatched.
type Matched struct {
	Advisory int64    `json:"advisory"`
	Document int64    `json:"document"`
	Name     string   `json:"name"`
	Opened   []string `json:"opened,omitempty"`
	Reopened []string `json:"reopened,omitempty"`
	Raised   []string `json:"raised,omitempty"` // surer, graver, or exploited now
	Counted  int64    `json:"counted"`
}

// The probabilities of a weakness in a product.
const (
	possible  = string(product.Possible)
	confirmed = string(product.Confirmed)
)

// alarmEnds rings on the day on which the support of a product ends.
const alarmEnds = "advisory.ends"

// VerbEnds is the journal's word for that day.
const VerbEnds = "advisory.ended"

// AdviseStage matches weaknesses to software, both ways: an advisory that comes
// or changes to all software, software that comes or changes to all advisories.
func (r *Room) AdviseStage() journal.Stage {
	return journal.Stage{
		Name:  "advise",
		Verbs: []string{intel.VerbKept, VerbEnds, VerbAnswered, "software.added", "software.changed", "software.removed"},
		Each: func(ctx context.Context, e journal.Entry, move func(tx *db.Tx) error) error {
			var err error
			switch e.Verb {
			case intel.VerbKept:
				err = r.kept(ctx, e)
			case VerbEnds, VerbAnswered:
				err = r.again(ctx, e)
			default:
				err = r.installed(ctx, e)
			}
			if err != nil {
				return err
			}
			return r.DB.Write(ctx, move)
		},
	}
}

// kept matches the advisories of a delivery, and judges anew what is known of
// CVEs that are judged differently now.
func (r *Room) kept(ctx context.Context, e journal.Entry) error {
	var body intel.Kept
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
	}
	// What is exploited since today may concern somebody whom it did not concern
	// yesterday, when it was only a possibility.
	numbers := slices.Clone(body.Advisories)
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		more, err := r.World.OfCVE(tx, body.CVEs)
		numbers = append(numbers, more...)
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(numbers)
	return r.match(ctx, slices.Compact(numbers), false)
}

// again matches one advisory again: the support of its product has ended, or an
// analyst has said what it is about.
func (r *Room) again(ctx context.Context, e journal.Entry) error {
	var body struct {
		Advisories []int64 `json:"advisories"`
	}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
	}
	return r.match(ctx, body.Advisories, e.Verb == VerbAnswered)
}

// pieceAdvisories is how many advisories are read at once.
const pieceAdvisories = 200

// match matches advisories to all software.
func (r *Room) match(ctx context.Context, numbers []int64, answered bool) error {
	shelf, err := r.shelf.all(ctx, r)
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(numbers, pieceAdvisories) {
		var advisories []intel.Advisory
		err := r.DB.Read(ctx, func(tx *db.Tx) error {
			advisories, err = r.World.Load(tx, piece)
			return err
		})
		if err != nil {
			return err
		}
		for i := range advisories {
			if err := r.advise(ctx, &advisories[i], shelf, advice{revised: true, answered: answered}); err != nil {
				return err
			}
		}
	}
	return nil
}

// installed matches software back: a line that is new learns at once what was
// known before, and a line that is gone or has another version ends what it was
// in danger of.
func (r *Room) installed(ctx context.Context, e journal.Entry) error {
	if e.Seq <= r.shelf.through {
		return nil // it was done together with an entry before it
	}
	entries := []journal.Entry{e}
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		more, err := journal.Entries(tx, journal.Query{After: e.Seq, Verbs: []string{"software.added", "software.changed", "software.removed"}, Limit: 500})
		entries = append(entries, more...)
		return err
	})
	if err != nil {
		return err
	}
	lines, touched := map[int64]bool{}, map[assetOf]bool{}
	for _, one := range entries {
		var changes estate.SoftwareChanges
		if err := json.Unmarshal(one.Body, &changes); err != nil {
			return errs.New(errs.Internal, "read %s: %w", one.Verb, err)
		}
		for _, c := range changes.Changes {
			lines[c.ID] = true
			for _, v := range []*estate.Software{c.Before, c.After} {
				if v == nil {
					continue
				}
				if id, err := r.Estate.ByCode(v.Organisation); err == nil {
					touched[assetOf{id, string(productAsset(v.Vendor, v.Product))}] = true
				}
			}
		}
	}
	all, err := r.shelf.all(ctx, r)
	if err != nil {
		return err
	}
	some := all.only(lines, touched)
	hit := map[int64]bool{}
	if len(some.lines) > 0 {
		for at := int64(0); ; {
			var advisories []intel.Advisory
			err := r.DB.Read(ctx, func(tx *db.Tx) error {
				advisories, err = r.World.After(tx, at, pieceAdvisories)
				return err
			})
			if err != nil {
				return err
			}
			if len(advisories) == 0 {
				break
			}
			for i := range advisories {
				if err := r.advise(ctx, &advisories[i], some, advice{at: e.At, hit: hit}); err != nil {
					return err
				}
			}
			at = advisories[len(advisories)-1].Number
		}
	}
	if err := r.cleared(ctx, touched, hit, "inventory"); err != nil {
		return err
	}
	r.shelf.through = entries[len(entries)-1].Seq
	return nil
}

// An assetOf is a product in one organisation.
type assetOf struct {
	organisation int64
	asset        string
}

// An advice is how an advisory is matched.
type advice struct {
	at       time.Time      // of the observation; zero is the advisory's own time
	revised  bool           // what it no longer concerns is over
	answered bool           // because an analyst said so
	hit      map[int64]bool // gets the numbers of the findings that stand; may be nil
}

// A sightOf is a weakness of one advisory in a product of one organisation.
type sightOf struct {
	place    assetOf
	name     string // the discriminator: a CVE, or the advisory's own id
	machines []Machine
	verdict  product.Verdict
	public   bool
	worth    string // the gravest criticality of the systems: vital, important, normal
	line     estate.Installation
}

// advise makes the findings of one advisory.
func (r *Room) advise(ctx context.Context, a *intel.Advisory, s *stock, how advice) error {
	var sights []*sightOf
	if r.speaks(a) {
		sights = sightsOf(a, s)
	} else if ends, err := time.ParseInLocation(time.DateOnly, a.Ends, time.UTC); err == nil && how.revised && !a.Withdrawn {
		err := r.DB.Write(ctx, func(tx *db.Tx) error { return journal.SetAlarm(tx, alarmEnds, intel.AdvisoryLabel(a.Number), ends) })
		if err != nil {
			return err
		}
	}
	if len(sights) == 0 && !how.revised {
		return nil
	}
	var standing []Finding
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if how.revised {
			standing, err = query(tx, `advisory > 0 AND live = 1 AND advisory = $1`, a.Number)
		}
		return err
	})
	if err != nil || len(sights)+len(standing) == 0 {
		return err
	}
	doc, source, err := r.Intake.Begin(ctx, a.Delivery)
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(sights, batchRows) {
		err := r.DB.Write(ctx, func(tx *db.Tx) error {
			rows, err := r.observations(tx, a, source, piece, how)
			if err != nil || len(rows) == 0 {
				return err
			}
			w := writing{room: r, tx: tx, doc: doc, source: source, now: r.Clock.Now(), tally: tally{}}
			w.source.TLP = a.TLP // an advisory may be marked otherwise than its source
			w.doc.Round = 1      // the same line speaks again whenever the world changes: it is no second reading
			if err := w.observe(rows); err != nil {
				return err
			}
			if err := w.matched(a); err != nil {
				return err
			}
			for _, s := range w.evidence {
				if s.of != nil {
					s.id = s.of.ID
				}
				if how.hit != nil {
					how.hit[int64(s.id)] = true
				}
			}
			return w.write()
		})
		if err != nil {
			return err
		}
	}
	if len(standing) == 0 {
		return nil
	}
	why := endRevised + " " + a.Name
	switch {
	case a.Withdrawn:
		why = endWithdrawn + " " + a.Name
	case how.answered:
		why = endAnswered + " " + a.Name
	}
	still := make(map[string]bool, len(sights))
	for _, s := range sights {
		still[itoa(s.place.organisation)+"\x00"+s.place.asset+"\x00"+s.name] = true
	}
	gone := slices.DeleteFunc(standing, func(f Finding) bool {
		return still[itoa(f.Organisation)+"\x00"+string(f.Asset)+"\x00"+f.Discriminator]
	})
	if gone, err = r.elsewhere(ctx, a, gone, s); err != nil {
		return err
	}
	return r.over(ctx, gone, func(*Finding) string { return why })
}

// elsewhere leaves over what nobody else says of the findings that an advisory no
// longer stands behind. Where another advisory of the same CVE still means the
// product, the finding is that one's from now on.
func (r *Room) elsewhere(ctx context.Context, a *intel.Advisory, gone []Finding, s *stock) ([]Finding, error) {
	if len(gone) == 0 {
		return nil, nil
	}
	names := make([]string, 0, len(gone))
	for i := range gone {
		names = append(names, gone[i].Discriminator)
	}
	slices.Sort(names)
	var others []intel.Advisory
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		numbers, err := r.World.OfCVE(tx, slices.Compact(names))
		if err != nil {
			return err
		}
		others, err = r.World.Load(tx, slices.DeleteFunc(numbers, func(n int64) bool { return n == a.Number }))
		return err
	})
	if err != nil {
		return nil, err
	}
	heirs := map[string]int64{}
	for i := range others {
		if !r.speaks(&others[i]) {
			continue
		}
		for _, one := range sightsOf(&others[i], s) {
			heirs[itoa(one.place.organisation)+"\x00"+one.place.asset+"\x00"+one.name] = others[i].Number
		}
	}
	var left []Finding
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		left = left[:0]
		for _, f := range gone {
			heir := heirs[itoa(f.Organisation)+"\x00"+string(f.Asset)+"\x00"+f.Discriminator]
			if heir == 0 {
				left = append(left, f)
				continue
			}
			if _, err := tx.Exec(`UPDATE finding SET advisory = $1 WHERE id = $2`, heir, int64(f.ID)); err != nil {
				return err
			}
		}
		return nil
	})
	return left, err
}

// tookBack says whether a finding ended by a word that can be taken back: an
// advisory's revision or withdrawal, an analyst's answer. What the inventory or a
// person saw is evidence and is not.
func tookBack(f *Finding) bool {
	word, _, _ := strings.Cut(f.Witness, " ")
	return f.State == Verified && (word == endRevised || word == endWithdrawn || word == endAnswered)
}

// The words with which the Witness of a weakness begins that ended by a word.
const (
	endRevised   = "revised"
	endWithdrawn = "withdrawn"
	endAnswered  = "answered"
)

// speaks says whether an advisory warns of anything today.
func (r *Room) speaks(a *intel.Advisory) bool {
	switch {
	case a.Withdrawn || a.Body == nil:
		return false
	case a.Body.EndOfLife != nil:
		return a.Ends != "" && a.Ends <= r.Clock.Now().Format(time.DateOnly)
	}
	return true
}

// sightsOf are the weaknesses that an advisory means in a stock of software.
func sightsOf(a *intel.Advisory, s *stock) []*sightOf {
	type key struct {
		assetOf
		name string
	}
	found := map[key]*sightOf{}
	var order []*sightOf
	for _, hit := range s.index.Match(a.Body) {
		names := hit.CVEs
		if len(names) == 0 {
			names = []string{a.Name}
		}
		for _, at := range hit.Lines {
			line := s.lines[at]
			for _, name := range names {
				k := key{assetOf{line.Organisation, string(productAsset(line.Vendor, line.Product))}, name}
				one, ok := found[k]
				if !ok {
					one = &sightOf{place: k.assetOf, name: name, verdict: hit.Verdict, line: line}
					found[k] = one
					order = append(order, one)
				}
				one.machines = append(one.machines, Machine{
					Software: line.ID, Hostname: line.Hostname, System: line.System, Version: line.Version, Possible: hit.Probability != product.Confirmed,
				})
				one.public = one.public || line.Public()
				one.worth = weightier(one.worth, line.Criticality)
			}
		}
	}
	return order
}

// productAsset is the asset of a product as an inventory names it.
func productAsset(vendor, name string) row.Asset {
	text := name
	if vendor != "" && !strings.HasPrefix(strings.ToLower(name), strings.ToLower(vendor)+" ") {
		text = vendor + " " + name
	}
	asset, err := row.Product(text)
	if err != nil {
		return row.Asset("product:" + row.Clip(strings.ToLower(text), 500))
	}
	return asset
}

// weightier is the graver of two criticalities.
func weightier(a, b string) string {
	for _, w := range []string{"vital", "important", "normal"} {
		if a == w || b == w {
			return w
		}
	}
	return ""
}

// observations judges the sights of an advisory. A bare CVE record that only may
// concern a product is no finding until somebody exploits it: of a quarter of a
// million records nearly all would be.
func (r *Room) observations(tx *db.Tx, a *intel.Advisory, source intake.Source, sights []*sightOf, how advice) ([]observation, error) {
	names := make([]string, 0, len(sights))
	for _, s := range sights {
		names = append(names, s.name)
	}
	slices.Sort(names)
	known, err := r.World.Vulnerabilities(tx, slices.Compact(names))
	if err != nil {
		return nil, err
	}
	at := how.at
	if at.IsZero() {
		at = a.Published
	}
	if at.IsZero() || at.After(a.Received) && how.at.IsZero() {
		at = a.Received
	}
	bare := source.Format == intake.CVE || source.Format == intake.OSV
	out := make([]observation, 0, len(sights))
	for _, s := range sights {
		v, ok := known[s.name]
		if !ok { // a weakness without a CVE has what its own advisory says
			v = a.Own()
		}
		sure := s.verdict.Probability == product.Confirmed
		if bare && !sure && !v.Exploited() && v.EPSS < r.LikelyEPSS {
			continue
		}
		out = append(out, r.observation(a, s, v, at))
	}
	return out, nil
}

// endOfLifeScore is what a product without support counts for where CVSS is asked:
// the least of what is grave, for its next weakness stays open.
const endOfLifeScore = 7

func (r *Room) observation(a *intel.Advisory, s *sightOf, v intel.Vulnerability, at time.Time) observation {
	kind := row.VulnerableProduct
	if a.Body.EndOfLife != nil {
		kind = row.EndOfLife
	}
	in := vector.Input{
		KEV: v.KEVAdded != "", Ransomware: v.Ransomware == 1, EPSS: v.EPSS, CVSS: v.Base, Exploitation: v.Exploitation,
		Automatable: v.Automatable, Impact: v.Impact, Criticality: s.worth,
	}
	if s.public {
		in.Exposure = "public"
	}
	if kind == row.EndOfLife {
		in.CVSS = endOfLifeScore
	}
	judged := r.policy.Decide(in)
	o := observation{
		realm: intakeRealm, asset: row.Asset(s.place.asset), kind: kind, discriminator: s.name, severity: judged.Severity,
		classification: kind.Classification(), cause: s.place.asset, at: at, line: a.Line, place: a.Place, length: a.Length,
		owner: &whose.Answer{Organisation: s.place.organisation, Code: s.line.Code, System: s.line.System},
		rule:  "product " + string(s.verdict.Probability) + " (" + s.line.Code + ")", advisory: a.Number, probability: string(s.verdict.Probability),
	}
	o.key = match.KeyOf(intakeRealm+"\x00"+s.line.Code, o.asset, o.kind, o.discriminator)
	o.detail = &Detail{
		Advisory: a.Name, Title: a.Title, Vendor: s.line.Vendor, Product: s.line.Product, Decision: string(judged.Decision), Ends: a.Ends,
		Remedies: clipped(a.Body.Remedies), Exploited: v.Exploited(), Count: len(s.machines), Machines: s.machines[:min(len(s.machines), machinesKept)],
	}
	if s.verdict.Product < len(a.Body.Products) {
		p := a.Body.Products[s.verdict.Product]
		o.detail.AdvisoryVendor, o.detail.AdvisoryName = row.Clip(p.Vendor, 200), row.Clip(p.Name, 300)
	}
	for _, why := range s.verdict.Reasons {
		o.detail.Why = append(o.detail.Why, string(why))
	}
	o.detail.Range = s.verdict.Range
	for _, why := range judged.Reasons {
		o.detail.Judged = append(o.detail.Judged, string(why))
	}
	if judged.Days > 0 {
		o.detail.FixBy = r.Clock.Now().AddDate(0, 0, judged.Days)
	}
	o.detail.CVSS, o.detail.EPSS = in.CVSS, in.EPSS
	return o
}

// clipped are texts short enough to be kept with every finding.
func clipped(texts []string) (out []string) {
	for _, t := range texts[:min(len(texts), 5)] {
		out = append(out, row.Clip(t, 600))
	}
	return out
}

// matched appends what an advisory did.
func (w *writing) matched(a *intel.Advisory) error {
	body := Matched{Advisory: a.Number, Document: a.Delivery, Name: a.Name, Counted: w.counted}
	var records []journal.Record
	ids := func(list []*Finding) (out []string) {
		for _, f := range list {
			out = append(out, f.ID.String())
			records = append(records, f.record())
		}
		return out
	}
	body.Opened, body.Reopened, body.Raised = ids(w.opened), ids(w.reopened), ids(w.raised)
	if len(records) == 0 {
		return nil // nobody learns anything new
	}
	seq, err := w.room.Journal.Append(w.tx, journal.Draft{
		Actor: "stage:advise", Subject: "advisory:" + intel.AdvisoryLabel(a.Number), Verb: VerbMatched, Body: body, Records: records,
	})
	for _, f := range slices.Concat(w.opened, w.reopened) {
		f.OpenedSeq = seq
	}
	return err
}

// cleared ends the live findings of products that are not hit any more.
func (r *Room) cleared(ctx context.Context, touched map[assetOf]bool, hit map[int64]bool, why string) error {
	var standing []Finding
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		for place := range touched {
			some, err := query(tx, `advisory > 0 AND organisation = $1 AND asset = $2 AND live = 1`, place.organisation, place.asset)
			if err != nil {
				return err
			}
			standing = append(standing, some...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.over(ctx, standing, func(f *Finding) string {
		if hit[int64(f.ID)] {
			return ""
		}
		return why
	})
}

// over ends findings for which over gives a reason.
func (r *Room) over(ctx context.Context, standing []Finding, over func(f *Finding) string) error {
	t, err := Of(Clear)
	if err != nil {
		return err
	}
	slices.SortFunc(standing, func(a, b Finding) int { return int(a.ID - b.ID) })
	for piece := range slices.Chunk(standing, retroPiece) {
		err := r.DB.Write(ctx, func(tx *db.Tx) error {
			for i := range piece {
				why := over(&piece[i])
				if why == "" {
					continue
				}
				f, err := load(tx, piece[i].ID)
				if err != nil {
					return err
				}
				if !f.Live() {
					continue
				}
				if _, err := r.move(tx, "stage:advise", f, t, Change{Act: Clear, Reason: why}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// supportEnds rings on the day on which a product's support ends.
func (r *Room) supportEnds(_ context.Context, tx *db.Tx, subject string, _ time.Time) error {
	number, err := intel.ParseAdvisory(subject)
	if err != nil {
		return err
	}
	_, err = r.Journal.Append(tx, journal.Draft{
		Actor: "stage:clock", Subject: "advisory:" + subject, Verb: VerbEnds, Body: map[string][]int64{"advisories": {number}},
	})
	return err
}
