package finding

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/estate/whose"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/match"
)

// A Key names a problem.
type Key = match.Key

// renewal is how long after its verification a problem that comes back is the
// old finding again; later it is a new one, with a history of its own.
const renewal = 90 * 24 * time.Hour

// A writing is what one bracket does to findings.
type writing struct {
	room        *Room
	tx          *db.Tx
	doc         intake.Document
	source      intake.Source
	now         time.Time
	tally       tally
	fresh       []*Finding // to insert
	changed     []*Finding // to update
	ticked      []*problem // to count
	retired     []ID       // verified long ago, and back as a new finding
	opened      []*Finding
	reopened    []*Finding
	raised      []*Finding
	evidence    []sight
	counted     int64
	unowned     int64
	first, last time.Time // own times of the rows
}

// A sight is an observation with the finding it is evidence of: one that has no
// number yet, or the number.
type sight struct {
	of *Finding
	id ID
	by *observation
}

// A problem is what the observations of one key in one batch are about.
type problem struct {
	head    head     // of the finding that stands; its id is 0 when there is none
	grave   bool     // some observation may do more than count
	counted bool     // head has been moved
	sourced bool     // and its source with it
	finding *Finding // the whole of it, where it is new or more than counters may move
	touched bool     // the whole of it is to be written
}

// observe decides for each row whether it opens a finding, reopens one or
// raises a counter. Nearly all rows of a daily report only count, so that has a
// way of its own: it reads and writes a finding's counters, and nothing else.
func (w *writing) observe(rows []observation) error {
	rows, err := w.unseen(rows)
	if err != nil || len(rows) == 0 {
		return err
	}
	problems, of, err := w.problems(rows)
	if err != nil {
		return err
	}
	mutes, err := w.room.mutes(w.tx, w.now)
	if err != nil {
		return err
	}
	w.evidence = make([]sight, 0, len(rows))
	for i := range rows {
		o, p := &rows[i], &problems[of[i]]
		if w.first.IsZero() || o.at.Before(w.first) {
			w.first = o.at
		}
		if o.at.After(w.last) {
			w.last = o.at
		}
		switch f := p.finding; {
		case f == nil && p.head.id != 0:
			w.tick(p, o)
			w.evidence = append(w.evidence, sight{id: p.head.id, by: o})
			continue
		case f == nil || (f.State == Verified && f.DecidedAt.Before(w.now.Add(-renewal)) && o.at.After(f.ClaimedAt)):
			if f != nil {
				w.retired = append(w.retired, f.ID)
				if p.touched {
					w.changed = append(w.changed, f)
				}
			}
			p.finding, p.touched = w.open(o, mutes), false
		default:
			w.count(f, o, mutes)
			p.touched = f.ID != 0
		}
		w.evidence = append(w.evidence, sight{of: p.finding, by: o})
	}
	for i := range problems {
		switch p := &problems[i]; {
		case p.touched:
			w.changed = append(w.changed, p.finding)
		case p.counted:
			w.ticked = append(w.ticked, p)
		}
	}
	slices.SortFunc(w.changed, func(a, b *Finding) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(w.ticked, func(a, b *problem) int { return cmp.Compare(a.head.id, b.head.id) })
	if len(w.fresh) == 0 {
		return nil
	}
	first, err := w.tx.NextID("finding", len(w.fresh))
	if err != nil {
		return err
	}
	for i, f := range w.fresh {
		f.ID = ID(first + int64(i))
	}
	return nil
}

// problems are the problems of the rows, and which row is about which.
func (w *writing) problems(rows []observation) (problems []problem, of []int32, err error) {
	problems, of = make([]problem, 0, len(rows)), make([]int32, len(rows))
	place := make(map[Key]int32, len(rows))
	keys := make([][]byte, 0, len(rows))
	for i := range rows {
		at, ok := place[rows[i].key]
		if !ok {
			at = int32(len(problems))
			place[rows[i].key] = at
			problems = append(problems, problem{})
			keys = append(keys, rows[i].key[:])
		}
		of[i] = at
	}
	err = eachHead(w.tx, keys, w.source, func(key []byte, h head) { problems[place[Key(key)]].head = h })
	if err != nil {
		return nil, nil, err
	}
	var whole []int64
	for i := range rows {
		p := &problems[of[i]]
		h := &p.head
		if h.id != 0 && !p.grave && (!h.plain || rows[i].detail != nil || rows[i].severity > h.severity || (rows[i].cause != "" && !h.caused)) {
			p.grave = true
			whole = append(whole, int64(h.id))
		}
	}
	found, err := db.SelectIn[findingRow](w.tx, `SELECT `+findingColumns+` FROM finding WHERE id IN ({keys})`, whole)
	for i := range found {
		f := found[i].finding()
		problems[place[f.Key]].finding = &f
	}
	return problems, of, err
}

// tick counts an observation that does nothing else to its finding.
func (w *writing) tick(p *problem, o *observation) {
	w.counted++
	h := &p.head
	p.counted = true
	h.count++
	at := db.Micros(o.at)
	h.first = min(h.first, at)
	if at > h.last {
		h.last = at
		p.sourced = p.sourced || h.source != w.source.ID || h.reportType != w.doc.ReportType
	}
}

// unseen leaves out the rows that an earlier round of the document has already
// made evidence of: reading it again must not count again.
func (w *writing) unseen(rows []observation) ([]observation, error) {
	if w.doc.Round <= 1 || len(rows) == 0 {
		return rows, nil
	}
	var had []struct {
		Line int    `db:"line"`
		Key  []byte `db:"key"`
	}
	err := w.tx.Select(&had, `SELECT e.line, f.key FROM evidence e JOIN finding f ON f.id = e.finding WHERE e.document = $1 AND e.line BETWEEN $2 AND $3`,
		w.doc.ID, rows[0].line, rows[len(rows)-1].line)
	if err != nil {
		return nil, err
	}
	type place struct {
		line int
		key  Key
	}
	old := make(map[place]bool, len(had))
	for _, h := range had {
		old[place{h.Line, Key(h.Key)}] = true
	}
	return slices.DeleteFunc(rows, func(o observation) bool { return old[place{o.line, o.key}] }), nil
}

// open makes a finding of the first observation of its problem.
func (w *writing) open(o *observation, mutes []Mute) *Finding {
	answer, rule := w.ownerOf(o)
	f := &Finding{
		Key: o.key, Organisation: answer.Organisation, System: answer.System, Realm: o.realm, Asset: o.asset, Kind: o.kind,
		Discriminator: o.discriminator, Severity: o.severity, State: Open, FirstSeen: o.at, LastSeen: o.at, Count: 1,
		Sources: []int64{w.source.ID}, LastSource: w.source.ID, ReportType: w.doc.ReportType, TLP: w.source.TLP, Rule: rule,
		Classification: o.classification, Cause: o.cause, Flags: o.flags, Document: w.doc.ID, OpenedAt: w.now,
		Advisory: o.advisory, Probability: o.probability, Detail: o.detail,
	}
	if o.advisory != 0 {
		f.Document = 0 // its warning follows the advisory, not the delivery that brought it
	}
	w.told(f, o, mutes)
	if f.Organisation == 0 {
		w.unowned++
	}
	w.tally.add(f, 1)
	w.fresh = append(w.fresh, f)
	w.opened = append(w.opened, f)
	return f
}

// ownerOf is whose the asset of an observation is, and why.
func (w *writing) ownerOf(o *observation) (whose.Answer, string) {
	if o.owner != nil {
		return *o.owner, o.rule
	}
	answer := match.Owner(w.room.Whose(), o.realm, o.asset, o.asn, o.at)
	return answer, answer.Rule()
}

// told sets whether the owner is to be told.
func (w *writing) told(f *Finding, o *observation, mutes []Mute) {
	f.Muted = 0
	for i := range mutes {
		if mutes[i].covers(f, o.at) {
			f.Muted = mutes[i].ID
			break
		}
	}
	f.Unwarned = f.Organisation != 0 && f.Muted == 0
}

// count adds an observation to the finding that is there.
func (w *writing) count(f *Finding, o *observation, mutes []Mute) {
	w.counted++
	f.Count++
	if o.at.Before(f.FirstSeen) {
		f.FirstSeen = o.at
	}
	later := o.at.After(f.LastSeen)
	if later {
		f.LastSeen = o.at
		f.LastSource, f.ReportType = w.source.ID, w.doc.ReportType
	}
	if !slices.Contains(f.Sources, w.source.ID) {
		f.Sources = append(f.Sources, w.source.ID)
	}
	if narrower := tlp.Max(f.TLP, w.source.TLP); narrower != f.TLP {
		w.tally.add(f, -1)
		f.TLP = narrower
		w.tally.add(f, 1)
	}
	if f.Cause == "" {
		f.Cause = o.cause
	}
	w.worse(f, o)
	if o.severity > f.Severity && f.State.Live() {
		if f.ID != 0 { // else it is being opened, and its entry will say so
			w.raised = appendOnce(w.raised, f)
			// Graver than what its owner was told: tell again.
			f.Unwarned = f.Organisation != 0 && f.Muted == 0
		}
		w.tally.add(f, -1)
		f.Severity = o.severity
		w.tally.add(f, 1)
	}
	// Only an observation whose own time is after the claim reopens: yesterday's
	// report that arrives today does not.
	if (f.State == ClaimedFixed || f.State == Verified) && (o.at.After(f.ClaimedAt) || o.detail != nil && tookBack(f)) {
		w.tally.add(f, -1)
		f.State, f.ClaimedAt, f.DecidedAt, f.DecidedBy, f.Reason, f.Witness = Open, time.Time{}, time.Time{}, "", "", ""
		f.Document, f.OpenedAt = w.doc.ID, w.now
		if o.advisory != 0 {
			f.Document = 0
		}
		f.Severity = max(f.Severity, o.severity)
		w.told(f, o, mutes)
		w.tally.add(f, 1)
		w.reopened = appendOnce(w.reopened, f)
	}
}

// worse takes what is newly known of a weakness: that it is surely there, or that
// it is used now. Its owner is told again.
func (w *writing) worse(f *Finding, o *observation) {
	if o.detail == nil {
		return
	}
	was := f.Detail
	f.Detail = o.detail
	sure := f.Probability != confirmed && o.probability == confirmed
	used := was != nil && !was.Exploited && o.detail.Exploited
	if sure {
		f.Probability = confirmed
	}
	if was != nil && was.Exploited {
		f.Detail.Exploited = true
	}
	if o.severity > f.Severity || sure || used {
		f.Advisory = o.advisory
	}
	if (sure || used) && f.ID != 0 && f.State.Live() {
		w.raised = appendOnce(w.raised, f)
		f.Unwarned = f.Organisation != 0 && f.Muted == 0
	}
}

func appendOnce(list []*Finding, f *Finding) []*Finding {
	if slices.Contains(list, f) {
		return list
	}
	return append(list, f)
}

// journal appends what the bracket did, before the findings are written: they
// carry the number of the entry that opened them.
func (w *writing) journal(b *batch, done *intake.Document) error {
	body := Rows{Document: w.doc.ID, From: b.from, To: b.to, Counted: w.counted}
	var records []journal.Record
	ids := func(list []*Finding) (out []string) {
		for _, f := range list {
			out = append(out, f.ID.String())
			records = append(records, f.record())
		}
		return out
	}
	body.Opened, body.Reopened, body.Raised = ids(w.opened), ids(w.reopened), ids(w.raised)
	var drafts []journal.Draft
	if b.to > b.from {
		drafts = append(drafts, journal.Draft{
			Actor: "stage:match", Organisation: w.source.Organisation, Subject: w.doc.Subject(), Verb: "document.rows", Body: body, Records: records,
		})
	}
	if done != nil {
		drafts = append(drafts, journal.Draft{
			Actor: "stage:match", Organisation: w.source.Organisation, Subject: w.doc.Subject(), Verb: VerbParsed,
			Body: Parsed{
				Document: done.ID, Source: done.Source, State: string(done.State),
				Opened: done.Opened, Reopened: done.Reopened, Counted: done.Counted,
			},
			Records: []journal.Record{done.Record()},
		})
	}
	if len(drafts) == 0 {
		return nil
	}
	last, err := w.room.Journal.Append(w.tx, drafts...)
	if err != nil {
		return err
	}
	seq := last - int64(len(drafts)) + 1
	for _, f := range w.opened {
		f.OpenedSeq = seq
	}
	for _, f := range w.reopened {
		f.OpenedSeq = seq
	}
	return nil
}

// write writes findings, evidence and tally.
func (w *writing) write() error {
	for _, id := range w.retired {
		if _, err := w.tx.Exec(`UPDATE finding SET current = 0 WHERE id = $1`, int64(id)); err != nil {
			return err
		}
	}
	args := make([]any, 0, max(len(w.fresh)*freshWidth, len(w.evidence)*6))
	sources := sourcesText([]int64{w.source.ID})
	var weak []any // of weaknesses, which have more columns than what a report opens
	for _, f := range w.fresh {
		if f.Advisory != 0 {
			weak = append(weak, f.values()...)
			continue
		}
		args = f.appendFresh(args, sources)
	}
	if err := w.tx.Bulk(`INSERT INTO finding (`+findingColumns+`) VALUES`, "", findingWidth, weak); err != nil {
		return err
	}
	if err := w.tx.Bulk(`INSERT INTO finding (`+freshColumns+`) VALUES`, "", freshWidth, args); err != nil {
		return err
	}
	if err := w.ticks(args[:0]); err != nil {
		return err
	}
	for _, f := range w.changed {
		if err := update(w.tx, f); err != nil {
			return err
		}
	}
	args = args[:0]
	for _, s := range w.evidence {
		if s.of != nil {
			s.id = s.of.ID
		}
		args = append(args, int64(s.id), w.doc.ID, s.by.line, s.by.place, s.by.length, db.Micros(s.by.at))
	}
	if err := w.tx.Bulk(`INSERT INTO evidence (finding, document, line, place, length, at) VALUES`, `ON CONFLICT DO NOTHING`, 6, args); err != nil {
		return err
	}
	return w.tally.store(w.tx)
}

// ticks writes the counters of the findings that were only counted.
func (w *writing) ticks(args []any) error {
	for _, p := range w.ticked {
		if !p.sourced {
			args = append(args, p.head.count, p.head.first, p.head.last, int64(p.head.id))
		}
	}
	if _, err := w.tx.BulkUpdate("finding", `count = {1}, first_seen = {2}, last_seen = {3}`, `id = {4}`, 4, args); err != nil {
		return err
	}
	args = args[:0]
	for _, p := range w.ticked {
		if p.sourced {
			args = append(args, p.head.count, p.head.first, p.head.last, w.source.ID, w.doc.ReportType, int64(p.head.id))
		}
	}
	_, err := w.tx.BulkUpdate("finding", `count = {1}, first_seen = {2}, last_seen = {3}, last_source = {4}, report_type = {5}`, `id = {6}`, 6, args)
	return err
}

// Whose is the estate as it is now.
func (r *Room) Whose() match.Whose { return r.Estate }

// owner asks again whose a finding is, as of its last observation.
func (r *Room) owner(f *Finding) whose.Answer {
	return match.Owner(r.Whose(), f.Realm, f.Asset, 0, f.LastSeen)
}

// sourcesText is a list of sources as the table keeps it: ",3,7,".
func sourcesText(ids []int64) string {
	var b strings.Builder
	b.WriteByte(',')
	for _, id := range ids {
		b.WriteString(strconv.FormatInt(id, 10))
		b.WriteByte(',')
	}
	return b.String()
}

func sourcesOf(text string) (out []int64) {
	for part := range strings.SplitSeq(strings.Trim(text, ","), ",") {
		if n, err := strconv.ParseInt(part, 10, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// addressBytes is an address as the table keeps it: 16 bytes, v4 mapped.
func addressBytes(ip netip.Addr) []byte {
	b := ip.As16()
	return b[:]
}
