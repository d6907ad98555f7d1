package deliver

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/paper"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/warning"
)

// A Letterhead is whose letters these are. Empty fields take the catalogue's.
type Letterhead struct {
	Superior   string
	Issuer     string // the office as the head sets it
	Name       string // the office as a sentence says it
	Symbol     string // behind the number: "TTATTT-GS"
	Place      string
	Lines      []string // above the signature
	Signer     string
	Contact    []string
	Recipients []string // Nơi nhận, beside the addressee
}

// A Format is a file format of letters.
type Format string

// The formats.
const (
	DOCX Format = "docx"
	PDF  Format = "pdf"
)

// letterRows is how many findings a letter lists; the mail's file has them all.
const letterRows = 200

// Letter sets the công văn of a letter delivery in the layout of Decree 30/2020:
// a person numbers, signs and sends it, and records that with Record. Errors are
// Denied, NotFound, Conflict for another channel, Usage for another format.
func (r *Room) Letter(ctx context.Context, a auth.Actor, id ID, format Format) ([]byte, error) {
	if err := auth.May(a, auth.WarningLetter); err != nil {
		return nil, err
	}
	var doc paper.Document
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		d, err := visible(tx, a, id)
		if err != nil {
			return err
		}
		if d.Channel != warning.ByLetter {
			return errs.New(errs.Conflict, "letter of %s: its channel is %s", id, d.Channel)
		}
		doc, err = r.letter(tx, &d)
		return err
	})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	switch format {
	case DOCX:
		err = paper.DOCX(&b, doc)
	case PDF:
		err = paper.PDF(&b, doc)
	default:
		err = errs.New(errs.Usage, "letter of %s: no format %q", id, format)
	}
	return b.Bytes(), err
}

func (r *Room) letter(tx *db.Tx, d *Delivery) (paper.Document, error) {
	language := "vi"
	if d.Language == "en" {
		language = "en"
	}
	v := r.Texts.In(language)
	w, err := r.Warnings.In(tx, d.Warning)
	if err != nil {
		return paper.Document{}, err
	}
	notice, err := sift(&w, d)
	if err != nil {
		return paper.Document{}, err
	}
	composed, err := r.Warnings.Compose(tx, warning.Telling{
		Warning: w, Verb: warning.VerbSent, Addressee: warning.Addressee{Relation: warning.Concerned, Channel: warning.ByLetter, Notice: notice},
	}, language)
	if err != nil {
		return paper.Document{}, err
	}
	c, findings := composed.In[0], composed.Findings
	findings = findings[:min(len(findings), letterRows)]
	head := r.letterhead(v, d.Created)
	name := d.Name
	what := v.N("warning.problems", int(w.Findings))
	severity := v.T("warning.severity." + c.Severity.String())
	doc := paper.Document{
		Head: paper.Head{
			Nation: v.T("deliver.letter.nation"), Motto: v.T("deliver.letter.motto"), Superior: head.Superior, Issuer: head.Issuer,
			Number: paper.NumberText(0, head.Symbol), Place: head.Place,
		},
		Abstract: v.T("warning.letter.abstract", "what", what, "organisation", name),
		To:       []string{name}, Language: language, Marking: c.Marking.Label(), Contact: head.Contact,
		Sign:       paper.Signature{Lines: head.Lines, Name: head.Signer},
		Recipients: append([]string{v.T("deliver.letter.as-above")}, head.Recipients...),
		Words: paper.Words{
			To: v.T("deliver.letter.to"), Recipients: v.T("deliver.letter.recipients"), Number: v.T("deliver.letter.number"),
			Subject: v.T("deliver.letter.subject"), Annex: v.T("deliver.letter.annex"), Date: v.T("deliver.letter.date", "day", "{day}", "month", "{month}", "year", "{year}"),
			End: "./.",
		},
		Date: d.Created.In(v.Zone()),
	}
	if notice {
		// An office opens letters: what the marking keeps from it is not in one.
		doc.Abstract, doc.Marking = c.Subject, min(c.Marking, tlp.Amber).Label()
		doc.Body = append(doc.Body, para(c.Lead))
		for _, f := range c.Facts {
			doc.Body = append(doc.Body, para(f.Label+": "+f.Value))
		}
		doc.Body = append(doc.Body, para(v.T("warning.letter.closing", "issuer", head.Name)))
		return doc, nil
	}
	doc.Body = append(doc.Body, para(v.N("warning.letter.intro", int(w.Findings), "issuer", head.Name, "organisation", name, "id", w.ID.String(),
		"severity", severity, "marking", c.Marking.Label())))
	for i, g := range c.Groups {
		doc.Body = append(doc.Body, paper.Heading{Level: paper.Clause, Number: number(i+1) + ".", Title: g.Title}, para(g.What), para(g.How))
		items := g.Items
		if g.More != "" {
			items = append(items, v.T("deliver.letter.more"))
		}
		doc.Body = append(doc.Body, list(paper.Dash, items), para(c.Headings.Todo+":"), list(paper.Letter, g.Steps))
	}
	doc.Body = append(doc.Body, para(v.T("warning.letter.by", "remedy", v.DateTime(r.Warnings.RemedyBy(w, d.Created)), "issuer", head.Name, "id", w.ID.String())),
		para(v.T("warning.letter.closing", "issuer", head.Name)))
	if len(findings) > 10 {
		doc.Annexes = []paper.Annex{annex(v, findings)}
	}
	return doc, nil
}

func para(text string) paper.Paragraph { return paper.Paragraph{Runs: paper.Plain(text)} }

func list(mark paper.Mark, items []string) paper.List {
	l := paper.List{Mark: mark}
	for _, i := range items {
		l.Items = append(l.Items, paper.Plain(i))
	}
	return l
}

func annex(v i18n.Voice, findings []warning.Finding) paper.Annex {
	column := func(key string, width float64) paper.Column {
		return paper.Column{Title: v.T("warning.letter.column." + key), Width: width}
	}
	t := paper.Table{Size: 11, Columns: []paper.Column{
		column("no", 11), column("id", 18), column("asset", 50), column("kind", 0), column("detail", 0), column("seen", 32),
	}}
	for i, f := range findings {
		t.Rows = append(t.Rows, paper.Cells(number(i+1), "F"+strconv.FormatInt(f.ID, 10), warning.Defang(warning.AssetText(f.Asset)),
			v.T("warning.kind."+string(f.Kind)+".title"), warning.Defang(f.Discriminator), v.DateTime(f.LastSeen)))
	}
	return paper.Annex{Title: v.T("warning.letter.annex"), Body: []paper.Block{t}}
}

func (r *Room) letterhead(v i18n.Voice, at time.Time) Letterhead {
	var h Letterhead
	if r.Settings.Letterhead != nil {
		h = r.Settings.Letterhead(at, v.Lang())
	}
	fill := func(field *string, key string) {
		if *field == "" {
			*field = v.T("deliver.letter." + key)
		}
	}
	fill(&h.Superior, "superior")
	fill(&h.Issuer, "issuer")
	fill(&h.Name, "issuer-name")
	fill(&h.Symbol, "symbol")
	fill(&h.Place, "place")
	if len(h.Lines) == 0 {
		h.Lines = []string{v.T("deliver.letter.signer")}
	}
	if len(h.Recipients) == 0 {
		h.Recipients = []string{v.T("deliver.letter.file")}
	}
	return h
}
