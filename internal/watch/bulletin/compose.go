package bulletin

import (
	"strings"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// A Message is a bulletin as mail says it, in the reader's language.
type Message struct {
	Marking  tlp.Marking
	Severity row.Severity
	Subject  string // without the marking
	Greeting string
	Lead     string
	Facts    []warning.Fact
	Parts    []Part
	Hint     string // why the reader gets it, and that no answer is needed
	Short    string // the whole in a sentence, for the other language
	File     []byte // the bulletin as CSAF; nil where the content is kept back
	FileName string
}

// A Part is a titled part of a message.
type Part struct {
	Title string
	Text  []string // paragraphs
	Steps []string // what to do, in order
}

// Compose says a revision that went out, or that it was taken back. What was
// taken back before it was handed over is Gone.
func (r *Room) Compose(tx *db.Tx, id ID, revision int64, telling Telling, notice bool, lang string) (Message, error) {
	b, err := load(tx, id.String())
	if err != nil {
		return Message{}, err
	}
	if telling == Issued && b.State == Withdrawn {
		return Message{}, errs.New(errs.Gone, "withdrawn: %s", b.Name())
	}
	all, err := issues(tx, id)
	if err != nil {
		return Message{}, err
	}
	for n := range all {
		if all[n].Revision != revision {
			continue
		}
		m := r.message(&b, &all[n], telling, notice, lang)
		if telling == Issued && !notice {
			m.File, m.FileName = r.csaf(&b, all[:n+1]), fileName(b.Number)
		}
		return m, nil
	}
	return Message{}, errs.New(errs.NotFound, "%s has no revision %d", b.Name(), revision)
}

// message composes; the issue may be one that is not out yet, for a preview.
func (r *Room) message(b *Bulletin, i *Issue, telling Telling, notice bool, lang string) Message {
	v := r.Texts.In(lang)
	c, w := &i.Content, i.Content.In(v.Lang())
	number := b.Number
	if number == "" {
		number = v.T("bulletin.no-number")
	}
	severity := v.T("warning.severity." + known(c.Severity).String())
	m := Message{
		Marking: c.TLP, Severity: c.Severity, Greeting: v.T("bulletin.mail.greeting"), Hint: v.T("bulletin.mail.hint"),
		Facts: []warning.Fact{
			{Label: v.T("bulletin.fact.number"), Value: number},
			{Label: v.T("bulletin.fact.severity"), Value: severity},
			{Label: v.T("bulletin.fact.marking"), Value: c.TLP.Label()},
		},
	}
	if !i.At.IsZero() {
		m.Facts = append(m.Facts, warning.Fact{Label: v.T("bulletin.fact.at"), Value: v.DateTime(i.At)})
	}
	pairs := []any{"number", number, "title", w.Title, "revision", i.Revision, "severity", severity, "marking", c.TLP.Label()}
	if notice {
		m.Subject, m.Lead = v.T("bulletin.subject.notice", pairs...), v.T("bulletin.lead.notice", pairs...)
		m.Short = m.Subject
		return m
	}
	if telling == Recalled {
		m.Subject, m.Lead = v.T("bulletin.subject.recalled", pairs...), v.T("bulletin.lead.recalled", pairs...)
		m.Parts = []Part{{Title: v.T("bulletin.part.reason"), Text: paragraphs(b.Reason)}}
		m.Short = m.Subject
		return m
	}
	key := "issued"
	if i.Revision > 1 {
		key = "revised"
	}
	m.Subject, m.Lead = v.T("bulletin.subject."+key, pairs...), v.T("bulletin.lead."+key, pairs...)
	m.Short = m.Subject
	if w.Change != "" {
		m.Parts = append(m.Parts, Part{Title: v.T("bulletin.part.change"), Text: paragraphs(w.Change)})
	}
	m.Parts = append(m.Parts, Part{Title: v.T("bulletin.part.summary"), Text: paragraphs(w.Summary)})
	if len(c.CVEs) > 0 {
		m.Parts = append(m.Parts, Part{Title: v.T("bulletin.part.cves"), Text: []string{strings.Join(c.CVEs, ", ")}})
	}
	if len(c.Products) > 0 {
		m.Parts = append(m.Parts, Part{Title: v.T("bulletin.part.products"), Text: productLines(v, c.Products)})
	}
	m.Parts = append(m.Parts, Part{Title: v.T("bulletin.part.todo"), Steps: lines(w.Todo)})
	if len(c.References) > 0 {
		// No mail program is to make a link of somebody else's address.
		var refs []string
		for _, ref := range c.References {
			refs = append(refs, warning.Defang(ref))
		}
		m.Parts = append(m.Parts, Part{Title: v.T("bulletin.part.references"), Text: refs})
	}
	return m
}

func known(s row.Severity) row.Severity {
	if s == row.NoSeverity {
		return row.Info
	}
	return s
}

// productLines are products in words, one a line.
func productLines(v i18n.Voice, list []Product) (out []string) {
	for _, p := range list {
		line := strings.TrimSpace(p.Vendor + " " + p.Name)
		if p.Versions != "" {
			line = v.T("bulletin.product.versions", "product", line, "versions", p.Versions)
		} else {
			line = v.T("bulletin.product.all", "product", line)
		}
		if p.Fixed != "" {
			line = v.T("bulletin.product.fixed", "product", line, "fixed", p.Fixed)
		}
		out = append(out, line)
	}
	return out
}

func paragraphs(s string) []string {
	var out []string
	for p := range strings.SplitSeq(s, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

func lines(s string) []string {
	var out []string
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// Read is a bulletin's text in hand as its message will say it.
func (r *Room) Read(b *Bulletin, lang string) Message {
	return r.message(b, &Issue{Content: b.Content, Revision: max(b.Revision, 1), At: b.Published}, Issued, false, lang)
}
