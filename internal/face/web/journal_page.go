package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/face/web/ui"
)

// verbWords says what an entry tells, the verb itself where nobody has put it
// into words.
func verbWords(p *ui.Page, verb string) string {
	for _, key := range []string{"work.verb." + verb, strings.Replace(verb, ".", ".verb.", 1)} {
		if p.Has(key) {
			return p.T(key)
		}
	}
	return verb
}

// actorWords names who wrote an entry: a person by address, the system by what
// it was doing.
func actorWords(p *ui.Page, actor string) string {
	if stage, ok := strings.CutPrefix(actor, "stage:"); ok {
		return p.T("work.journal.by_stage", "stage", stage)
	}
	if link, ok := strings.CutPrefix(actor, "link:"); ok {
		return p.T("work.journal.by_link", "delivery", link)
	}
	return actor
}

// subjectHref is the page of what an entry is about, "" where it has none.
func subjectHref(subject string) string {
	noun, id, _ := strings.Cut(subject, ":")
	switch noun {
	case "finding", "warning", "document", "contact", "system", "address", "endpoint", "organisation":
		return "/" + noun + "s/" + id
	case "indicator":
		return "/indicators/" + id
	case "advisory":
		return "/advisories/" + id
	case "delivery":
		return "/outbox/" + id
	case "quarantine", "software":
		return "/" + noun + "/" + id
	case "source":
		return sourceHref(id)
	case "storm":
		return "/storms/" + id
	case "user":
		return "/people/" + id
	case "mute":
		return "/mutes"
	case "shift", "handover":
		return "/duty"
	case "call":
		return "/duty/calls/" + id
	}
	return ""
}

// moments are entries as a timeline shows them, the newest first.
func (s *Site) moments(p *ui.Page, entries []journal.Entry) []ui.Moment {
	all := make([]ui.Moment, 0, len(entries))
	for _, e := range slices.Backward(entries) {
		all = append(all, ui.Moment{At: e.At, Who: actorWords(p, e.Actor), What: verbWords(p, e.Verb), Href: entryHref(p, e)})
	}
	return all
}

// entryHref leads to the entry in the journal, for who may read that.
func entryHref(p *ui.Page, e journal.Entry) string {
	if p.Person == nil || auth.May(auth.Actor{Role: auth.Role(p.Person.Role), Via: auth.ViaSession}, auth.JournalView) != nil {
		return ""
	}
	return "/journal/" + strconv.FormatInt(e.Seq, 10)
}

func (s *Site) timeline(p *ui.Page, entries []journal.Entry) templ.Component {
	if len(entries) == 0 {
		return nil
	}
	return ui.Timeline(p, s.moments(p, entries))
}

// bodyText is a text of an entry's body, "" where it is not there.
func bodyText(e journal.Entry, field string) string {
	var body map[string]any
	if json.Unmarshal(e.Body, &body) != nil {
		return "" // Erased, or no object: it has no such field.
	}
	text, _ := body[field].(string)
	return text
}

// journalNouns are what entries are about, in the order of the filter.
func journalNouns() []string {
	return []string{
		"finding", "warning", "delivery", "storm", "document", "quarantine", "indicator", "advisory", "product", "source", "mute", "organisation", "succession", "contact", "system",
		"address", "endpoint", "software", "shift", "handover", "call", "user", "token", "session", "routing", "stage", "journal",
	}
}

func (s *Site) journalPage(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.journal")
	q := journal.Query{
		Noun: p.Query("noun"), Actor: strings.TrimSpace(p.Query("actor")), Subject: strings.TrimSpace(p.Query("q")),
		Where: who(r).Scope.SQL("j.organisation"), Newest: true, Limit: wanted(r) + 1,
	}
	if q.Noun != "" && !slices.Contains(journalNouns(), q.Noun) {
		return errs.New(errs.Invalid, "journal of %q: no such noun", q.Noun)
	}
	if v := p.Query("verb"); v != "" {
		q.Verbs = []string{v}
	}
	q.Before, _ = strconv.ParseInt(p.Query("cursor"), 10, 64) // nonsense is the first page
	var (
		entries []journal.Entry
		all     int64 // that the reader may see: how much goes on elsewhere is nobody's business
	)
	err := s.read(r, func(tx *db.Tx) (err error) {
		if who(r).Scope.IsAll() {
			all, err = journal.Head(tx)
		} else {
			all, err = tx.Int(`SELECT COUNT(*) FROM journal j WHERE ` + q.Where)
		}
		if err != nil {
			return err
		}
		entries, err = journal.Entries(tx, q)
		return err
	})
	if err != nil {
		return err
	}
	entries, next := turned(entries, q.Limit, func(e journal.Entry) string { return strconv.FormatInt(e.Seq, 10) })
	type entry = journal.Entry
	bar := ui.FilterBar{Find: p.T("work.journal.find"), Filters: []ui.Filter{
		{Name: "noun", Label: p.T("work.journal.noun"), Options: options(words(p, "work.noun.", journalNouns()...))},
	}}
	for _, name := range []string{"verb", "actor"} {
		if v := p.Query(name); v != "" {
			label := v
			if name == "verb" {
				label = verbWords(p, v)
			}
			bar.Filters = append(bar.Filters, ui.Filter{Name: name, Label: p.T("work.journal." + name), Options: []ui.Option{{Value: v, Label: label}}})
		}
	}
	return showList(s, w, r, p, listing[entry]{
		Top: top{Heading: ui.Heading{Lead: p.T("work.journal.lead", "n", all), Acts: []ui.Button{{Label: p.T("work.seal.title"), Href: "/journal/seal", Icon: ui.IconShield}}}},
		Table: ui.Table[entry]{
			ID: "journal", Caption: p.T("web.nav.journal"), Rows: entries, Next: next,
			Href: func(e entry) string { return "/journal/" + strconv.FormatInt(e.Seq, 10) },
			Columns: []ui.Column[entry]{
				{Key: "seq", Label: p.T("work.journal.seq"), Cell: func(e entry) templ.Component { return ui.Text(p.Int(e.Seq)) }},
				{Key: "at", Label: p.T("work.journal.at"), Cell: func(e entry) templ.Component { return ui.When(p, e.At) }},
				{Key: "verb", Label: p.T("work.journal.verb"), Cell: func(e entry) templ.Component { return ui.Link(p.With("verb", e.Verb), verbWords(p, e.Verb)) }},
				{Key: "subject", Label: p.T("work.journal.subject"), Cell: func(e entry) templ.Component { return subjectCell(p, e.Subject) }},
				{Key: "actor", Label: p.T("work.journal.actor"), Cell: func(e entry) templ.Component { return ui.Link(p.With("actor", e.Actor), actorWords(p, e.Actor)) }},
				{Key: "organisation", Label: p.T("work.organisation"), Cell: func(e entry) templ.Component { return s.bodyCell(p, e.Organisation) }},
			},
			Bar:   bar,
			Empty: ui.Nothing{Title: p.T("work.journal.none"), Why: p.T("work.journal.none_why")},
		},
	})
}

// subjectCell shows an entry's subject by its id, the noun before it in words,
// and leads to its page.
func subjectCell(p *ui.Page, subject string) templ.Component {
	noun, id, _ := strings.Cut(subject, ":")
	words := subject
	if p.Has("work.noun." + noun) {
		words = strings.TrimSpace(p.T("work.noun."+noun) + " " + id)
	}
	if href := subjectHref(subject); href != "" {
		return ui.Link(href, words)
	}
	return ui.Text(words)
}

func (s *Site) journalEntry(w http.ResponseWriter, r *http.Request) error {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil || seq < 1 {
		return errs.New(errs.NotFound, "journal entry %q: no such entry", r.PathValue("seq"))
	}
	var found []journal.Entry
	err = s.read(r, func(tx *db.Tx) error {
		found, err = journal.Entries(tx, journal.Query{After: seq - 1, Before: seq + 1, Where: who(r).Scope.SQL("j.organisation")})
		return err
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errs.New(errs.NotFound, "journal entry %d: no such entry", seq)
	}
	e := s.Findings.AsRead(who(r), found[0])
	p := s.page(w, r, "")
	p.Title = p.T("work.journal.title", "seq", seq)
	body := ui.Evidence(p, ui.Proof{Title: p.T("work.journal.body"), From: e.Verb, Text: indented(e.Body)})
	if e.Erased != "" {
		body = notice(ui.TonePlain, ui.Text(p.T("work.journal.erased")))
	}
	return s.lay(w, r, p,
		top{Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.journal"), Href: "/journal"}}, Lead: verbWords(p, e.Verb)}},
		panel("", ui.Facts(p, []ui.Fact{
			{Label: p.T("work.journal.at"), Value: ui.When(p, e.At)},
			{Label: p.T("work.journal.actor"), Value: ui.Link(query("/journal", "actor", e.Actor), actorWords(p, e.Actor))},
			{Label: p.T("work.journal.verb"), Value: ui.Code(e.Verb)},
			{Label: p.T("work.journal.subject"), Value: subjectCell(p, e.Subject), Note: e.Subject},
			{Label: p.T("work.organisation"), Value: s.bodyCell(p, e.Organisation)},
			{Label: p.T("work.journal.same"), Value: ui.Link(query("/journal", "q", e.Subject), p.T("work.journal.same_link"))},
		})),
		body,
	)
}

func indented(raw json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		return string(raw)
	}
	return out.String()
}

// unmarshal reads an entry's body, and says whether it was one of the kind: one
// that an order erased is none.
func unmarshal(raw json.RawMessage, into any) bool { return json.Unmarshal(raw, into) == nil }
