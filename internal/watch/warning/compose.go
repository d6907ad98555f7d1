package warning

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// worst is how many findings a message names; the rest is in the file.
const worst = 10

// A Content is what a message says, in one language, before a channel gives it
// its form. Texts are plain and hold no address that a mail program would turn
// into a link: the one link of a message is its acknowledgement.
type Content struct {
	Language string
	Marking  tlp.Marking
	Severity row.Severity
	Subject  string
	Greeting string
	Lead     string
	Facts    []Fact
	Changes  []string
	Groups   []Group
	Deadline []string
	After    []string
	Action   string // the label of the button
	Hint     string // how to press it
	Short    string // the whole message in a sentence or two, for the other language

	Headings Headings
}

// Headings are the titles of a message's parts.
type Headings struct{ What, How, Where, Todo, Changes, Deadline, After, Other string }

// A Fact is one labelled value.
type Fact struct{ Label, Value string }

// A Group tells of the findings of one kind.
type Group struct {
	Kind      row.Kind
	Title     string
	What, How string
	Items     []string // the worst of them
	More      string   // how many are not named, "" when all are
	Steps     []string // what to do, in order
}

// A Telling is what is to be told: which call of a warning, and to whom.
type Telling struct {
	Warning   Warning
	Verb      string // of the entry that told
	Addressee Addressee
	Held      *Held // of warning.held
}

// A matter is everything that composing needs from the database, read
// once for all addressees of a warning.
type matter struct {
	warning      Warning
	organisation Organisation
	findings     []Finding
	sources      []string
	before       Warning // the organisation's warning before this one, ID 0 for none
	beforeLive   int64
	now          time.Time
}

// Composed is a telling in some languages, with the findings that it rests on for
// its file, gravest first.
type Composed struct {
	In       []Content // one for each language asked for
	Findings []Finding // at most MostFindings; none where the marking keeps them back
}

// MostFindings is how many findings a message's file names.
const MostFindings = 5000

// Compose says a telling in languages. The findings are those of the warning as
// they are now.
func (r *Room) Compose(tx *db.Tx, t Telling, languages ...string) (Composed, error) {
	var c Composed
	m, err := r.matter(tx, t.Warning)
	if err != nil {
		return c, err
	}
	source := ""
	if t.Held != nil && t.Held.Source != 0 {
		if source, err = r.Sources.SourceName(tx, t.Held.Source); err != nil {
			return c, err
		}
	}
	for _, language := range languages {
		v := r.Texts.In(language)
		if t.Held != nil {
			c.In = append(c.In, held(v, m, *t.Held, source))
		} else {
			c.In = append(c.In, compose(v, m, t))
		}
	}
	if t.Held == nil && !t.Addressee.Notice {
		c.Findings = m.findings
	}
	return c, nil
}

func (r *Room) matter(tx *db.Tx, w Warning) (m matter, err error) {
	m.now = r.Clock.Now()
	w.Remedy = r.RemedyBy(w, m.now)
	m.warning = w
	if m.organisation, err = r.Estate.Organisation(tx, w.Organisation); err != nil {
		return m, err
	}
	if m.findings, err = r.Findings.OfWarning(tx, int64(w.ID), MostFindings); err != nil {
		return m, err
	}
	var ids []int64
	if err := tx.Select(&ids, `SELECT source FROM warning_source WHERE warning = $1 ORDER BY source`, int64(w.ID)); err != nil {
		return m, err
	}
	for _, id := range ids {
		name, err := r.Sources.SourceName(tx, id)
		if err != nil {
			return m, err
		}
		m.sources = append(m.sources, name)
	}
	before, err := selectWarnings(tx, `organisation = $1 AND id < $2 AND sent > 0 AND state <> 'cancelled' ORDER BY id DESC LIMIT 1`, w.Organisation, int64(w.ID))
	if err != nil || len(before) == 0 {
		return m, err
	}
	m.before = before[0]
	m.beforeLive, err = r.Findings.LiveOf(tx, int64(m.before.ID))
	return m, err
}

// Subject is the line by which a warning is known in lists.
func Subject(v i18n.Voice, w *Warning, o Organisation) string {
	what := v.N("warning.problems", int(w.Findings))
	if kinds := w.KindList(); len(kinds) == 1 {
		what = lowered(kindText(v, sort{kinds[0], w.Possible}.word(), "title"))
	}
	if w.Topic != "" {
		what += v.T("warning.subject.topic", "topic", w.Topic)
	}
	key := "warning.subject"
	if w.Cadence == Daily || w.Cadence == Weekly {
		key = "warning.subject.digest"
	}
	return v.T(key, "id", w.ID.String(), "severity", severityText(v, w.Severity), "what", what, "organisation", o.Name(v.Lang()))
}

// lowered begins a title as the middle of a sentence does. The titles of the
// catalogues begin with no name of their own but the one that is spelt out.
func lowered(title string) string {
	first, rest, _ := strings.Cut(title, " ")
	if first == strings.ToUpper(first) {
		return title
	}
	if rest == "" {
		return strings.ToLower(first)
	}
	return strings.ToLower(first) + " " + rest
}

func severityText(v i18n.Voice, s row.Severity) string {
	if s == row.NoSeverity {
		s = row.Info
	}
	return v.T("warning.severity." + s.String())
}

func kindText(v i18n.Voice, k row.Kind, part string) string {
	return v.T("warning.kind." + string(k) + "." + part)
}

func compose(v i18n.Voice, m matter, t Telling) Content {
	w, name := m.warning, m.organisation.Name(v.Lang())
	c := Content{
		Language: v.Lang(), Marking: w.Marking, Severity: w.Severity,
		Greeting: v.T("warning.greeting", "organisation", name),
		Action:   v.T("warning.action.acknowledge"), Hint: v.T("warning.action.hint"),
		Headings: headings(v),
	}
	subject := Subject(v, &w, m.organisation)
	if t.Addressee.Relation == Centre {
		c.Greeting = v.T("warning.greeting.duty")
	}
	if t.Addressee.Notice {
		c.Subject = v.T("warning.subject.notice", "id", w.ID.String(), "severity", severityText(v, w.Severity), "organisation", name)
		c.Lead = v.T("warning.lead.notice", "organisation", name, "marking", w.Marking.Label())
		c.Facts = facts(v, m, false)
		c.Short = v.T("warning.short.plain", "organisation", name, "id", w.ID.String(), "severity", severityText(v, w.Severity))
		return c
	}
	c.Subject, c.Lead = lead(v, m, t, subject)
	c.Facts = facts(v, m, true)
	c.Changes = changes(v, m, t)
	c.Groups = groups(v, m)
	switch {
	case w.Due.IsZero() || w.State != Sent:
	case w.Due.Before(m.now):
		c.Deadline = append(c.Deadline, v.T("warning.deadline.overdue", "due", v.DateTime(w.Due)))
	default:
		c.Deadline = append(c.Deadline, v.T("warning.deadline.ack", "due", v.DateTime(w.Due)))
	}
	if !w.Remedy.IsZero() {
		c.Deadline = append(c.Deadline, v.T("warning.deadline.remedy", "remedy", v.DateTime(w.Remedy)))
	}
	if w.State == Sent {
		c.Deadline = append(c.Deadline, v.T("warning.deadline.escalation"))
	}
	c.After = []string{v.T("warning.after.claim"), v.T("warning.after.witness"), v.T("warning.after.help", "id", w.ID.String())}
	c.Short = v.N("warning.short.sent", int(w.Findings), "organisation", name, "severity", severityText(v, w.Severity), "due", v.DateTime(w.Due))
	if w.Due.IsZero() {
		c.Short = v.T("warning.short.plain", "organisation", name, "id", w.ID.String(), "severity", severityText(v, w.Severity))
	}
	return c
}

func headings(v i18n.Voice) Headings {
	part := func(key string) string { return v.T("warning.part." + key) }
	return Headings{
		What: part("what"), How: part("how"), Where: part("where"), Todo: part("todo"), Changes: part("changes"),
		Deadline: part("deadline"), After: part("after"), Other: part("other"),
	}
}

// lead is the subject and the first paragraph: why this reader gets it now.
func lead(v i18n.Voice, m matter, t Telling, subject string) (string, string) {
	w, name := m.warning, m.organisation.Name(v.Lang())
	sent := v.DateTime(w.Sent)
	switch {
	case t.Addressee.Relation == Centre && w.Rank == nobody:
		return v.T("warning.subject.escalated", "subject", subject), v.T("warning.lead.duty-no-contact", "organisation", name)
	case t.Addressee.Relation == Centre:
		return v.T("warning.subject.escalated", "subject", subject), v.T("warning.lead.duty", "organisation", name, "sent", sent)
	case t.Addressee.Relation == Above && w.Rank == nobody:
		return v.T("warning.subject.above", "subject", subject), v.T("warning.lead.above-no-contact", "organisation", name)
	case t.Addressee.Relation == Above:
		return v.T("warning.subject.above", "subject", subject), v.T("warning.lead.above", "organisation", name, "sent", sent)
	case t.Verb == VerbReminded:
		live := 0
		for _, f := range m.findings {
			if !f.Over {
				live++
			}
		}
		return v.T("warning.subject.reminded", "subject", subject), v.N("warning.lead.reminded", live, "acknowledged", v.DateTime(w.Acknowledged))
	case t.Verb == VerbRevised:
		return v.T("warning.subject.revised", "revision", w.Revision, "subject", subject), v.T("warning.lead.revised", "revision", w.Revision)
	case t.Verb == VerbEscalated:
		return v.T("warning.subject.escalated", "subject", subject), v.T("warning.lead.escalated", "sent", sent)
	case w.Cadence == Daily || w.Cadence == Weekly:
		return subject, v.N("warning.lead.digest", int(w.Findings), "organisation", name)
	}
	return subject, v.N("warning.lead.sent", int(w.Findings), "organisation", name)
}

func facts(v i18n.Voice, m matter, all bool) []Fact {
	w := m.warning
	list := []Fact{
		{v.T("warning.fact.warning"), w.ID.String()},
		{v.T("warning.fact.organisation"), m.organisation.Name(v.Lang())},
		{v.T("warning.fact.severity"), severityText(v, w.Severity)},
	}
	if !w.Due.IsZero() {
		list = append(list, Fact{v.T("warning.fact.due"), v.DateTime(w.Due)})
	}
	if !all {
		return append(list, Fact{v.T("warning.fact.marking"), w.Marking.Label()})
	}
	list = append(list,
		Fact{v.T("warning.fact.findings"), v.Int(w.Findings)},
		Fact{v.T("warning.fact.marking"), v.T("warning.tlp." + w.Marking.String())})
	if len(m.sources) > 0 {
		list = append(list, Fact{v.T("warning.fact.sources"), strings.Join(m.sources, ", ")})
	}
	return list
}

// changes is what is new since the reader was told last: within the warning for a
// revision, else against the organisation's warning before.
func changes(v i18n.Voice, m matter, t Telling) []string {
	w := m.warning
	var list []string
	if w.Revision > 1 {
		if w.News.Added > 0 {
			list = append(list, v.N("warning.change.added", int(w.News.Added)))
		}
		if w.News.From != row.NoSeverity {
			list = append(list, v.T("warning.change.raised", "from", severityText(v, w.News.From), "to", severityText(v, w.Severity)))
		}
		if w.News.Used {
			list = append(list, v.T("warning.change.used"))
		}
		if w.News.Sure {
			list = append(list, v.T("warning.change.sure"))
		}
		for _, k := range w.News.Kinds {
			list = append(list, v.T("warning.change.kind", "title", kindText(v, k, "title")))
		}
		if len(list) == 0 && t.Verb == VerbRevised {
			list = append(list, v.T("warning.change.asked"))
		}
		return list
	}
	if m.before.ID == 0 {
		return nil
	}
	date := v.Date(m.before.Sent)
	if m.beforeLive == 0 {
		return []string{v.T("warning.change.before-done", "id", m.before.ID.String(), "date", date)}
	}
	return []string{v.N("warning.change.before", int(m.beforeLive), "id", m.before.ID.String(), "date", date)}
}

// A sort is what a group is about: a kind, of weaknesses also how sure it is, for
// one asks to look and the other to mend.
type sort struct {
	kind     row.Kind
	possible bool
}

func sortOf(f Finding) sort {
	return sort{f.Kind, f.Kind == row.VulnerableProduct && f.Probability == "possible"}
}

// word is the sort's part of a key of the catalogue.
func (s sort) word() row.Kind {
	if s.possible {
		return s.kind + "-possible"
	}
	return s.kind
}

// groups tells of the findings by their sort, that with the gravest first, and
// names the worst ten over all sorts but at least one of each.
func groups(v i18n.Voice, m matter) []Group {
	var sorts []sort
	named := map[sort][]Finding{}
	told := map[row.Kind]int64{}
	for _, f := range m.findings { // gravest first
		at := sortOf(f)
		if named[at] == nil {
			sorts = append(sorts, at)
		}
		named[at] = append(named[at], f)
		told[f.Kind]++
	}
	for _, k := range m.warning.KindList() {
		if told[k] == 0 {
			sorts = append(sorts, sort{kind: k})
		}
	}
	left := worst - len(sorts)
	var list []Group
	for _, at := range sorts {
		// The kind's number counts what is not in the list, too; of weaknesses the
		// list says which are which.
		total := m.warning.Kinds[at.kind]
		if n := int64(len(named[at])); n < told[at.kind] || at.possible {
			total = n
		}
		g := Group{
			Kind: at.kind, Title: v.T("warning.group", "title", kindText(v, at.word(), "title"), "n", total),
			What: kindText(v, at.word(), "what"), How: kindText(v, at.word(), "how"),
		}
		for i, f := range named[at] {
			if i > 0 {
				if left <= 0 {
					break
				}
				left--
			}
			g.Items = append(g.Items, item(v, f))
		}
		if more := total - int64(len(g.Items)); more > 0 {
			g.More = v.N("warning.more", int(more))
		}
		g.Steps = append(Steps(v, at.word()), remedies(v, named[at])...)
		list = append(list, g)
	}
	return list
}

// remedies are what the sources of weaknesses advise, in their own words, each
// once and at most three.
func remedies(v i18n.Voice, findings []Finding) (out []string) {
	for _, f := range findings {
		if f.Weakness == nil {
			continue
		}
		for _, text := range f.Weakness.Remedies {
			said := v.T("warning.remedy", "advisory", f.Weakness.Advisory, "text", Defang(text))
			if len(out) < 3 && !slices.Contains(out, said) {
				out = append(out, said)
			}
		}
	}
	return out
}

// Steps are what to do about a kind of finding, in order.
func Steps(v i18n.Voice, k row.Kind) []string {
	var steps []string
	for i := 1; ; i++ {
		key := "warning.kind." + string(k) + ".step" + strconv.Itoa(i)
		if !v.Has(key) {
			return steps
		}
		steps = append(steps, v.T(key))
	}
}

func item(v i18n.Voice, f Finding) string {
	detail := Defang(f.Discriminator)
	if f.Probability == "possible" {
		detail = strings.TrimSpace(detail + " (" + v.T("warning.item.possible") + ")")
	}
	if f.Weakness != nil {
		return weak(v, f, detail)
	}
	pairs := []any{"asset", Defang(AssetText(f.Asset)), "seen", v.DateTime(f.LastSeen), "count", f.Count, "id", "F" + strconv.FormatInt(f.ID, 10)}
	if detail == "" {
		return v.T("warning.item.plain", pairs...)
	}
	return v.T("warning.item", append(pairs, "detail", detail)...)
}

// weak names a weakness: product and CVE, where it is, how bad it is.
func weak(v i18n.Voice, f Finding, detail string) string {
	w := f.Weakness
	parts := []string{Defang(AssetText(f.Asset)), detail}
	if w.Title != "" {
		parts = append(parts, Defang(w.Title))
	}
	if len(w.Machines) > 0 {
		parts = append(parts, v.N("warning.weak.machines", w.Count, "machines", strings.Join(w.Machines[:min(len(w.Machines), 5)], ", ")))
	}
	if w.Exploited {
		parts = append(parts, v.T("warning.weak.exploited"))
	}
	if w.Ends != "" {
		parts = append(parts, v.T("warning.weak.ends", "date", w.Ends))
	}
	return strings.Join(parts, " – ") + " (F" + strconv.FormatInt(f.ID, 10) + ")"
}

// AssetText is an asset as people read it: without the word for its sort where
// the value speaks for itself.
func AssetText(asset string) string {
	_, value, ok := strings.Cut(asset, ":")
	if !ok {
		return asset
	}
	return value
}

// Defang makes an address that nobody clicks by mistake, and that no mail program
// turns into a link: hxxp://example[.]com/. Text without a scheme stays as it is.
func Defang(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	switch {
	case strings.HasSuffix(strings.ToLower(scheme), "https"):
		scheme = scheme[:len(scheme)-5] + "hxxps"
	case strings.HasSuffix(strings.ToLower(scheme), "http"):
		scheme = scheme[:len(scheme)-4] + "hxxp"
	default:
		scheme += "[:]"
	}
	host, path, cut := strings.Cut(rest, "/")
	out := scheme + "://" + strings.ReplaceAll(host, ".", "[.]")
	if cut {
		out += "/" + Defang(path)
	}
	return out
}

// held tells the officer on duty that a storm waits for a decision.
func held(v i18n.Voice, m matter, h Held, source string) Content {
	n := int(h.Organisations)
	c := Content{
		Language: v.Lang(), Marking: m.warning.Marking, Severity: m.warning.Severity, Subject: v.N("warning.subject.held", n),
		Greeting: v.T("warning.greeting.duty"), Action: v.T("warning.action.seen"), Hint: v.T("warning.action.hint"), Headings: headings(v),
	}
	if h.Reason == StormVolume {
		c.Lead = v.N("warning.lead.held-volume", n, "source", source, "opened", h.Opened)
	} else {
		c.Lead = v.N("warning.lead.held-cause", n, "cause", Defang(h.Cause))
	}
	c.Facts = []Fact{
		{v.T("warning.fact.warning"), m.warning.ID.String()},
		{v.T("warning.fact.severity"), severityText(v, m.warning.Severity)},
		{v.T("warning.fact.findings"), v.Int(h.Findings)},
	}
	c.Short = c.Lead
	return c
}

// RemedyBy is until when what a warning tells of should be mended, before anybody
// has acknowledged: its clock would start now.
func (r *Room) RemedyBy(w Warning, now time.Time) time.Time {
	if !w.Remedy.IsZero() {
		return w.Remedy
	}
	from := w.Sent
	if from.IsZero() {
		from = now
	}
	return r.Regime.RemedyDue(from, w.Severity)
}
