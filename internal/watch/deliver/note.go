package deliver

import (
	"encoding/json"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// A Note is mail about an account rather than a warning: the link to set a
// password. It goes the way of all mail, ledger included. Whoever reads it can
// take the account over, so its text is shown to nobody but an admin (Raw).
type Note struct {
	To       string            `json:"-"`
	Template string            `json:"template"` // "invite" or "reset", which is also where the link leads
	Args     map[string]string `json:"args"`     // secret, name, email, language, expires as RFC 3339
}

// verbNote begins the verb of a delivery that carries a Note.
const verbNote = "account."

// Note writes down a note in the caller's bracket.
func (r *Room) Note(tx *db.Tx, n Note) error {
	body, err := json.Marshal(n)
	if err != nil {
		return errs.New(errs.Internal, "write a note: %w", err)
	}
	step, err := tx.NextID("note", 1)
	if err != nil {
		return err
	}
	w := writing{room: r, tx: tx}
	w.add(Delivery{
		Step: step, Verb: verbNote + n.Template, Recipient: n.To, Name: n.Args["name"], Language: n.Args["language"],
		Relation: warning.Centre, Channel: warning.ByMail, body: string(body),
	}, row.High.String())
	return w.store()
}

// note is the note that the delivery carries, nil when it tells of a warning.
func (d *Delivery) note() (*Note, error) {
	if !strings.HasPrefix(d.Verb, verbNote) {
		return nil, nil //nolint:nilnil // most deliveries carry no note
	}
	var n Note
	if err := json.Unmarshal([]byte(d.body), &n); err != nil {
		return nil, errs.New(errs.Internal, "read %s: %w", d.ID, err)
	}
	n.To = d.Recipient
	return &n, nil
}

// composeNote makes the mail of a note: the reader's language, then the other.
func (r *Room) composeNote(d *Delivery, n *Note) Mail {
	languages := []string{"vi", "en"}
	if d.Language == "en" {
		languages = []string{"en", "vi"}
	}
	link := strings.TrimRight(r.Settings.PublicURL(), "/") + "/" + n.Template + "/" + n.Args["secret"]
	expires, err := time.Parse(time.RFC3339, n.Args["expires"])
	m := Mail{Link: link, Subject: r.Texts.In(languages[0]).T("deliver.note." + n.Template + ".subject")}
	var parts []string
	for _, language := range languages {
		v := r.Texts.In(language)
		until := n.Args["expires"]
		if err == nil {
			until = v.DateTime(expires)
		}
		parts = append(parts, v.T("deliver.note."+n.Template+".text", "name", n.Args["name"], "email", n.Args["email"], "link", link, "expires", until))
	}
	m.Text = strings.Join(parts, "\n\n- - -\n\n") + "\n"
	return m
}
