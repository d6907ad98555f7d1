package deliver

import (
	"context"
	"encoding/json"
	"html/template"
	"strings"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/warning"
)

// Bulletins says what a bulletin says, inside the caller's bracket. A delivery of
// one asks for no acknowledgement: it stands in the ledger without a warning, its
// Step is the bulletin, its Revision the bulletin's.
type Bulletins interface {
	// Compose says a revision in a language; notice without its content. Gone is for
	// what was withdrawn before it was handed over.
	Compose(tx *db.Tx, id bulletin.ID, revision int64, telling bulletin.Telling, notice bool, lang string) (bulletin.Message, error)
}

// ofBulletin says whether the delivery tells of a bulletin.
func (d *Delivery) ofBulletin() bool {
	for _, t := range bulletin.Tellings() {
		if d.Verb == string(t) {
			return true
		}
	}
	return false
}

// bulletin writes down whom a bulletin goes to.
func (w *writing) bulletin(e journal.Entry) error {
	var told bulletin.Told
	if err := json.Unmarshal(e.Body, &told); err != nil {
		return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
	}
	for _, to := range told.To {
		w.add(Delivery{
			Revision: told.Revision, Step: told.Bulletin, Verb: string(told.Telling), Organisation: to.Organisation, Recipient: recipient(to), Name: to.Name,
			Phone: to.Phone, Language: to.Language, Relation: to.Relation, Notice: to.Notice, Channel: to.Channel,
		}, told.Severity)
	}
	return nil
}

// recall stops what has not gone out of a bulletin that was withdrawn.
func (w *writing) recall(e journal.Entry) error {
	var body struct {
		Bulletin int64 `json:"bulletin"`
	}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return errs.New(errs.Internal, "read %s: %w", e.Verb, err)
	}
	if err := w.store(); err != nil {
		return err
	}
	open, err := selectDeliveries(w.tx, `warning = 0 AND step = $1 AND verb = $2 AND state IN ('due', 'deferred', 'uncertain') AND waiting <> $3 ORDER BY id`,
		body.Bulletin, string(bulletin.Issued), inFlight)
	if err != nil {
		return err
	}
	return w.drop(open, "withdrawn: "+e.Verb)
}

// An attachment goes with a mail.
type attachment struct {
	name, kind string
	body       []byte
}

// composeBulletin makes the mail of a bulletin, and its file. The marking is asked
// once more as it goes out; whose key cannot be used gets a notice.
func (r *Room) composeBulletin(ctx context.Context, d *Delivery) (m Mail, file *attachment, err error) {
	if r.Bulletins == nil {
		return m, nil, errs.New(errs.Internal, "compose %s: there are no bulletins", d.ID)
	}
	language, other := "vi", "en"
	if d.Language == "en" {
		language, other = "en", "vi"
	}
	var own, short bulletin.Message
	err = r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		compose := func(lang string, notice bool) (bulletin.Message, error) {
			return r.Bulletins.Compose(tx, bulletin.ID(d.Step), d.Revision, bulletin.Telling(d.Verb), notice, lang)
		}
		m.Notice = d.Notice || d.Cover.Withholds()
		if own, err = compose(language, m.Notice); err != nil {
			return err
		}
		if may, _ := tlp.MayReceive(own.Marking, d.Relation.Receiver()); !may && !m.Notice {
			m.Notice = true
			if own, err = compose(language, true); err != nil {
				return err
			}
		}
		short, err = compose(other, m.Notice)
		return err
	})
	if err != nil {
		return m, nil, err
	}
	marking := own.Marking
	if m.Notice {
		marking = min(marking, tlp.Amber)
	}
	m.Content = warning.Content{Language: language, Marking: own.Marking, Severity: own.Severity, Subject: own.Subject}
	m.Subject = "[" + marking.Label() + "] " + own.Subject
	m.Text = bulletinText(r.Texts.In(language).T("bulletin.part.other"), own, short)
	var b strings.Builder
	err = r.bulletinForm.Execute(&b, map[string]any{
		"Language": language, "Subject": m.Subject, "Own": own, "Other": short, "OtherLanguage": other, "OtherName": r.Texts.In(language).T("bulletin.part.other"),
	})
	if err != nil {
		return m, nil, errs.New(errs.Internal, "set a mail: %w", err)
	}
	m.HTML = b.String()
	if own.File != nil {
		file = &attachment{own.FileName, "application/json", own.File}
	}
	return m, file, nil
}

func bulletinText(otherName string, m, other bulletin.Message) string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	line(m.Greeting, "\n")
	line(m.Lead, "\n")
	for _, f := range m.Facts {
		line(f.Label, ": ", f.Value)
	}
	for _, p := range m.Parts {
		line("\n", strings.ToUpper(p.Title))
		for _, text := range p.Text {
			line(text)
		}
		for n, step := range p.Steps {
			line("  ", number(n+1), ". ", step)
		}
	}
	line("\n", m.Hint)
	line("\n-- ")
	line(otherName, ": ", other.Short)
	return strings.ReplaceAll(b.String(), "\n", "\r\n")
}

func bulletinForm() *template.Template {
	return template.Must(template.New("bulletin").Funcs(template.FuncMap{"colour": colour}).Parse(bulletinPage))
}
