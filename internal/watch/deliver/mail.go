package deliver

import (
	"bytes"
	"context"
	"html/template"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// A Mail is a message before it is set: what it says in the reader's language,
// and shortly in the other one.
type Mail struct {
	Subject string
	Content warning.Content
	Other   warning.Content
	Link    string // of the acknowledgement page; "" in a preview
	Notice  bool   // without the content
	HTML    string
	Text    string
}

// compose makes the mail of a delivery, with the findings for its file.
func (r *Room) compose(tx *db.Tx, d *Delivery, link string) (Mail, []warning.Finding, error) {
	m := Mail{Link: link}
	w, err := r.Warnings.In(tx, d.Warning)
	if err != nil {
		return m, nil, err
	}
	if w.State == warning.Cancelled && link != "" && d.Verb != warning.VerbHeld {
		return m, nil, errs.New(errs.Gone, "withdrawn: %s is cancelled", w.ID)
	}
	held, err := d.held()
	if err != nil {
		return m, nil, err
	}
	if m.Notice, err = sift(&w, d); err != nil {
		return m, nil, err
	}
	telling := warning.Telling{
		Warning: w, Verb: d.Verb, Held: held,
		Addressee: warning.Addressee{Name: d.Name, Email: d.Recipient, Language: d.Language, Relation: d.Relation, Channel: d.Channel, Notice: m.Notice},
	}
	language, other := "vi", "en"
	if d.Language == "en" {
		language, other = "en", "vi"
	}
	composed, err := r.Warnings.Compose(tx, telling, language, other)
	if err != nil {
		return m, nil, err
	}
	m.Content, m.Other = composed.In[0], composed.In[1]
	marking := m.Content.Marking
	if d.Cover.Withholds() {
		composed.Findings, m.Notice = nil, true
		m.Content = withheld(r.Texts.In(language), m.Content, &w, d)
		m.Other = withheld(r.Texts.In(other), m.Other, &w, d)
	}
	if m.Notice && marking > tlp.Amber {
		// What is left of the content may be known to whoever gets it.
		marking = tlp.Amber
	}
	m.Subject = "[" + marking.Label() + "] " + m.Content.Subject
	m.Text = plain(m)
	m.HTML, err = r.page(m)
	return m, composed.Findings, err
}

// message is the whole mail of a delivery as it goes over the line (RFC 5322).
func (r *Room) message(ctx context.Context, d *Delivery) ([]byte, error) {
	var (
		m        Mail
		findings []warning.Finding
		file     *attachment
	)
	note, err := d.note()
	if err != nil {
		return nil, err
	}
	switch {
	case note != nil:
		m = r.composeNote(d, note)
	case d.ofBulletin():
		m, file, err = r.composeBulletin(ctx, d)
	default:
		err = r.DB.Read(ctx, func(tx *db.Tx) (err error) {
			m, findings, err = r.compose(tx, d, r.Link(d.ID))
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	to, err := mail.ParseAddress(d.Recipient)
	if err != nil {
		return nil, errs.New(errs.Invalid, "recipient %q: %w", d.Recipient, err)
	}
	to.Name = d.Name
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(&r.from)
	msg.ToMailAddress(to)
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(strings.Trim(d.MessageID, "<>"))
	msg.SetDateWithValue(d.Created.In(r.Texts.In(d.Language).Zone()))
	if d.Warning != 0 {
		msg.SetGenHeader("X-Tocsin-Warning", d.Warning.String())
	}
	if d.ofBulletin() {
		msg.SetGenHeader("X-Tocsin-Bulletin", bulletin.ID(d.Step).String())
	}
	msg.SetGenHeader("X-Tocsin-Delivery", d.ID.String())
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader(gomail.HeaderContentLang, m.Content.Language)
	if m.Content.Severity >= row.High {
		msg.SetImportance(gomail.ImportanceHigh)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	if d.Warning != 0 {
		evidence, err := r.evidenceCSV(ctx, findings)
		if err != nil {
			return nil, err
		}
		file = &attachment{"evidence.csv", "text/csv; charset=utf-8", evidence}
	}
	if file != nil {
		if err := msg.AttachReader(file.name, bytes.NewReader(file.body), gomail.WithFileContentType(gomail.ContentType(file.kind))); err != nil {
			return nil, errs.New(errs.Internal, "attach %s to %s: %w", file.name, d.ID, err)
		}
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, errs.New(errs.Internal, "write %s: %w", d.ID, err)
	}
	return r.enclosed(ctx, d, m.Subject, b.Bytes())
}

// plain sets the text part. Its one address is the acknowledgement link.
func plain(m Mail) string {
	var b strings.Builder
	c := m.Content
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\n")
	}
	line(c.Greeting)
	line()
	line(c.Lead)
	line()
	for _, f := range c.Facts {
		line(f.Label, ": ", f.Value)
	}
	if m.Link != "" {
		line()
		line(strings.ToUpper(c.Action), ":")
		line(m.Link)
		line(c.Hint)
	}
	part := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		line()
		line(strings.ToUpper(title))
		for _, l := range lines {
			line("- ", l)
		}
	}
	part(c.Headings.Changes, c.Changes)
	for i, g := range c.Groups {
		line()
		line("== ", number(i+1), ". ", g.Title, " ==")
		line(c.Headings.What, ": ", g.What)
		line(c.Headings.How, ": ", g.How)
		line(c.Headings.Where, ":")
		for _, item := range g.Items {
			line("  * ", item)
		}
		if g.More != "" {
			line("  * ", g.More)
		}
		line(c.Headings.Todo, ":")
		for n, step := range g.Steps {
			line("  ", number(n+1), ". ", step)
		}
	}
	part(c.Headings.Deadline, c.Deadline)
	part(c.Headings.After, c.After)
	line()
	line("-- ")
	line(c.Headings.Other, ": ", m.Other.Short)
	return strings.ReplaceAll(b.String(), "\n", "\r\n")
}

// page sets the HTML part: inline styles, 600 pixels, one column.
func (r *Room) page(m Mail) (string, error) {
	var b strings.Builder
	if err := r.form.Execute(&b, m); err != nil {
		return "", errs.New(errs.Internal, "set a mail: %w", err)
	}
	return b.String(), nil
}

// form is the HTML part before it is filled.
func form() *template.Template {
	return template.Must(template.New("mail").Funcs(template.FuncMap{"colour": colour}).Parse(mailPage))
}

// colour is the bar of a severity. White text on each has a contrast of at least
// 4.5 (WCAG 2.2, 1.4.3).
func colour(s row.Severity) template.CSS {
	switch s {
	case row.Critical:
		return "#a4121c"
	case row.High:
		return "#b3420a"
	case row.Medium:
		return "#7a5c00"
	case row.Low, row.Info, row.NoSeverity:
	}
	return "#1f5f8b"
}
