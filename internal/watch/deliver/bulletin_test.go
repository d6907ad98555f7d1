package deliver_test

import (
	"mime"
	"net/mail"
	"strings"
	"testing"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// said are bulletins: B3 is withdrawn, all others are what they are asked to be.
type said struct{ marking tlp.Marking }

func (s said) Compose(_ *db.Tx, id bulletin.ID, _ int64, _ bulletin.Telling, notice bool, lang string) (bulletin.Message, error) {
	m := bulletin.Message{Marking: s.marking, Severity: row.High, Subject: "Bản tin " + lang, Greeting: "Kính gửi", Lead: "lead", Hint: "hint", Short: "short " + lang}
	if id == 3 {
		return m, errs.New(errs.Gone, "withdrawn: %s", id)
	}
	if !notice {
		m.Parts = []bulletin.Part{{Title: "Tóm tắt", Text: []string{"secret content"}}, {Title: "Việc cần làm", Steps: []string{"one", "two"}}}
		m.File, m.FileName = []byte("{}\n"), "tt-2026-001.json"
	}
	return m, nil
}

func TestABulletinIsOneDeliveryARecipientWithoutAnAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := build(t, d, newSink(t), nil)
		if err := c.Texts.Add(bulletin.Texts); err != nil {
			t.Fatal(err)
		}
		c.deps.Bulletins = said{tlp.Amber}
		c.post = deliver.New(c.deps)
		if err := c.post.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.start()
		tell := func(id int64, to ...warning.Addressee) {
			c.Write(func(tx *db.Tx) error {
				_, err := c.Journal.Append(tx, journal.Draft{Actor: "lan@trungtam.example", Subject: "bulletin:B1", Verb: bulletin.VerbTold, Body: bulletin.Told{
					Bulletin: id, Number: "TT-2026-001", Revision: 1, Telling: bulletin.Issued, Severity: "high", To: to,
				}})
				return err
			})
			c.Settle()
		}
		to := func(email, language string, as warning.Relation) warning.Addressee {
			return warning.Addressee{Name: "Người", Email: email, Language: language, Organisation: 10, Relation: as, Channel: warning.ByMail}
		}
		tell(1, to("a@px.example", "vi", warning.Concerned), to("b@px.example", "en", warning.Concerned), to("partner@px.example", "vi", warning.Client))
		tell(3, to("late@px.example", "vi", warning.Concerned))
		list := c.deliveries()
		if len(list) != 4 {
			t.Fatalf("%d deliveries", len(list))
		}
		for i, want := range []struct {
			state   deliver.State
			subject string
			secret  bool
		}{
			{deliver.HandedOver, "[TLP:AMBER] Bản tin vi", true},
			{deliver.HandedOver, "[TLP:AMBER] Bản tin en", true},
			{deliver.HandedOver, "[TLP:AMBER] Bản tin vi", false}, // amber goes to no other client, whoever wrote the entry
			{deliver.Failed, "", false},
		} {
			got := list[i]
			if got.State != want.state || got.Warning != "" || got.Reason != "bulletin.issued" {
				t.Errorf("%s: %s %q %q (%s)", got.Recipient, got.State, got.Warning, got.Reason, got.Reply)
			}
			if want.subject == "" {
				continue
			}
			raw, err := c.post.Raw(t.Context(), auth.Stage("test"), got.Delivery.ID)
			if err != nil {
				t.Fatal(err)
			}
			m, err := mail.ReadMessage(strings.NewReader(string(raw)))
			if err != nil {
				t.Fatal(err)
			}
			if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || subject != want.subject {
				t.Errorf("subject %q, %v", subject, err)
			}
			text := string(raw)
			if strings.Contains(text, "secret content") != want.secret || strings.Contains(text, "tt-2026-001.json") != want.secret {
				t.Errorf("%s reads:\n%s", got.Recipient, text)
			}
			if strings.Contains(text, "/ack/") || m.Header.Get("X-Tocsin-Bulletin") != "B1" || m.Header.Get("X-Tocsin-Warning") != "" {
				t.Errorf("it asks for an answer, or is no bulletin's: %v", m.Header)
			}
		}
	}, schema()...)
}
