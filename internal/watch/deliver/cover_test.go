package deliver_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/envelope"
	"tocsin/internal/base/envelope/envelopetest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
	"tocsin/internal/watch/warning/warningtest"
)

const year = 365 * 24 * time.Hour

// keys are what the contacts gave, by address.
type keys map[string][]deliver.Key

func (k keys) KeysOf(_ *db.Tx, email string) ([]deliver.Key, error) {
	return k[strings.ToLower(email)], nil
}

// keyed is a town whose contacts have keys; s nil keeps mail in the outbox.
func keyed(t *testing.T, d *db.DB, s *sink, known keys, change func(*deliver.Settings)) *town {
	t.Helper()
	c := build(t, d, s, change)
	c.deps.Keys = known
	c.post = deliver.New(c.deps)
	if err := c.post.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.start()
	return c
}

func began() time.Time { return warningtest.Start().Add(-24 * time.Hour) }

const lan = "cntt10@px.example"

// holders are a key of each kind for the first contact of ward 10.
func holders(t *testing.T, lives time.Duration) map[deliver.Cover]envelopetest.Pair {
	t.Helper()
	return map[deliver.Cover]envelopetest.Pair{
		deliver.ByPGP:   envelopetest.PGP(t, lan, began(), lives),
		deliver.BySMIME: envelopetest.SMIME(t, lan, began(), lives),
	}
}

func given(cover deliver.Cover, p envelopetest.Pair) keys {
	return keys{lan: {{Kind: envelope.Kind(cover), Text: p.Public}}}
}

func subject(t *testing.T, head mail.Header) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestMailToWhoeverGaveAKeyIsEncrypted(t *testing.T) {
	for cover, pair := range holders(t, year) {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			c := keyed(t, d, newSink(t), given(cover, pair), nil)
			c.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Critical, TLP: tlp.AmberStrict, Detail: "bimat-443"}, warningtest.Problem{Organisation: 11})
			c.Settle()
			raw := map[string][]byte{}
			for _, l := range c.sink.letters() {
				raw[l.to] = l.body
			}
			outer, err := mail.ReadMessage(bytes.NewReader(raw[lan]))
			if err != nil {
				t.Fatal(err)
			}
			delivery := c.deliveries()[0]
			if got := subject(t, outer.Header); got != "[TLP:AMBER+STRICT] W1" {
				t.Errorf("outside the subject is %q", got)
			}
			for _, name := range []string{"X-Tocsin-Warning", "X-Tocsin-Delivery", "Message-Id", "Date", "From", "To", "Mime-Version"} {
				if outer.Header.Get(name) == "" {
					t.Errorf("outside there is no %s", name)
				}
			}
			if outer.Header.Get("Importance") != "" || bytes.Contains(raw[lan], []byte("/ack/")) || bytes.Contains(raw[lan], []byte("bimat")) {
				t.Errorf("outside it says too much: %s", raw[lan])
			}
			inner := pair.Open(t, raw[lan], envelopetest.Pair{}, warningtest.Start())
			head, text, html, file := read(t, inner)
			if got := subject(t, head); !strings.HasPrefix(got, "[TLP:AMBER+STRICT] Cảnh báo W1") {
				t.Errorf("inside the subject is %q", got)
			}
			_, params, err := mime.ParseMediaType(head.Get("Content-Type"))
			if err != nil || params["hp"] != "cipher" || params["protected-headers"] != "v1" || len(head["Hp-Outer"]) != 9 {
				t.Errorf("protected header fields: %v, %v, %v", params, err, head["Hp-Outer"])
			}
			if !strings.Contains(text, "bimat") || !strings.Contains(html, "bimat") || !strings.Contains(file, "F1") || head.Get("Message-Id") != delivery.MessageID {
				t.Errorf("inside: %s", inner)
			}
			if _, err := c.post.Acknowledge(t.Context(), link(t, text)); err != nil {
				t.Error(err)
			}
			if delivery.Cover != cover || delivery.State != deliver.HandedOver {
				t.Errorf("ledger %+v", delivery)
			}
			if n := len(c.Entries(deliver.VerbCovered)); n != 1 {
				t.Errorf("%d entries say how it is covered", n)
			}
			// Who gave no key gets mail as ever.
			if _, text, _, _ := read(t, raw["cntt11@px.example"]); c.deliveries()[1].Cover != deliver.Bare || !strings.Contains(text, "Kính gửi") {
				t.Errorf("to the other: %s", text)
			}
		}, schema()...)
	}
}

// TestAKeyThatCannotBeUsedMeansASafeNotice: never silence, and never the content
// in clear, whatever the marking; nor behind the link, which went in clear.
func TestAKeyThatCannotBeUsedMeansASafeNotice(t *testing.T) {
	old, garbled := holders(t, time.Hour), keys{lan: {{Kind: envelope.PGP, Text: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n…\n"}}}
	for want, known := range map[deliver.Cover][]keys{
		deliver.KeyExpired:  {given(deliver.ByPGP, old[deliver.ByPGP]), given(deliver.BySMIME, old[deliver.BySMIME])},
		deliver.KeyUnusable: {garbled},
	} {
		for _, k := range known {
			for _, marking := range []tlp.Marking{tlp.Green, tlp.Amber, tlp.AmberStrict, tlp.Red} {
				t.Run(fmt.Sprint(want, " ", marking), func(t *testing.T) {
					k := maps.Clone(k)
					c := keyed(t, dbtest.SQLite(t, schema()...), newSink(t), k, nil)
					c.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Critical, TLP: marking, Detail: "bimat-443"})
					c.Settle()
					if marking == tlp.Red {
						if _, err := c.Room.Send(t.Context(), warningtest.Centre(), 1, warning.Send{To: []string{lan}}); err != nil {
							t.Fatal(err)
						}
						c.Settle()
					}
					var got []byte
					for _, l := range c.sink.letters() {
						if l.to == lan {
							got = l.body
						}
					}
					head, text, html, file := read(t, got)
					token := link(t, text)
					if s := subject(t, head); !strings.HasPrefix(s, "["+min(marking, tlp.Amber).Label()+"] Cảnh báo W1 đang chờ") {
						t.Errorf("subject %q", s)
					}
					if !strings.Contains(text, "gọi điện cho Trung tâm") || head.Get("X-Tocsin-Warning") != "W1" {
						t.Error(text)
					}
					for _, leak := range []string{"bimat", "198.51.100"} {
						if strings.Contains(text+html+file, leak) {
							t.Errorf("%q stands in the notice: %s %s", leak, text, file)
						}
					}
					if strings.Count(file, "\n") != 1 {
						t.Errorf("the file names findings: %s", file)
					}
					d := c.deliveries()[0]
					if d.Cover != want || d.State != deliver.HandedOver {
						t.Errorf("ledger %+v", d)
					}
					entries := c.Entries(deliver.VerbCovered)
					if len(entries) != 1 || !strings.Contains(string(entries[0].Body), `"cover":"`+string(want)+`"`) {
						t.Errorf("journal: %+v", entries)
					}
					// The key is put right: the link that went in clear still tells nothing.
					k[lan] = []deliver.Key{{Kind: envelope.PGP, Text: envelopetest.PGP(t, lan, began(), year).Public}}
					ack, err := c.post.AckLookup(t.Context(), token)
					said, _ := json.Marshal(ack)
					if err != nil || bytes.Contains(said, []byte("bimat")) || ack.Warning.ID != "" || len(ack.Content.Groups) != 0 {
						t.Errorf("behind the link: %s, %v", said, err)
					}
					if ack, err := c.post.Acknowledge(t.Context(), token); err != nil || !ack.Done {
						t.Errorf("the button: %v", err)
					}
				})
			}
		}
	}
}

func TestTheKeyThatCanBeUsedIsUsed(t *testing.T) {
	old, good := holders(t, time.Hour), holders(t, year)
	known := given(deliver.ByPGP, old[deliver.ByPGP])
	known[lan] = append(known[lan], deliver.Key{Kind: envelope.SMIME, Text: good[deliver.BySMIME].Public})
	c := keyed(t, dbtest.SQLite(t, schema()...), nil, known, nil)
	c.Deliver(1, warningtest.Problem{Organisation: 10})
	c.Settle()
	d := c.deliveries()[0]
	if d.Cover != deliver.BySMIME || !d.Outbox {
		t.Errorf("ledger %+v", d)
	}
	raw, err := c.post.Raw(t.Context(), warningtest.Centre(), d.Delivery.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _, _ := read(t, good[deliver.BySMIME].Open(t, raw, envelopetest.Pair{}, warningtest.Start()))
	link(t, text)
	// The journal and the ledger agree on how it went.
	c.Clock.Advance(2 * year)
	if _, err := c.post.Raw(t.Context(), warningtest.Centre(), d.Delivery.ID); !errs.Is(err, errs.Conflict) {
		t.Errorf("what was encrypted is shown in clear once the key has ended: %v", err)
	}
}

func TestTheCentreSignsItsMail(t *testing.T) {
	good := holders(t, year)
	for name, own := range map[string]envelopetest.Pair{
		"PGP": envelopetest.PGP(t, "canhbao@trungtam.example", began(), year), "S/MIME": envelopetest.SMIME(t, "canhbao@trungtam.example", began(), year),
	} {
		signer, err := envelope.ParseSigner([]byte(own.Private))
		if err != nil {
			t.Fatal(err)
		}
		c := keyed(t, dbtest.SQLite(t, schema()...), newSink(t), given(deliver.BySMIME, good[deliver.BySMIME]), func(s *deliver.Settings) { s.Signer = signer })
		c.Deliver(1, warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 11})
		c.Settle()
		for _, l := range c.sink.letters() {
			signed := l.body
			if l.to == lan {
				signed = good[deliver.BySMIME].Open(t, l.body, envelopetest.Pair{}, warningtest.Start())
			}
			_, text, _, file := read(t, own.Signed(t, signed, warningtest.Start()))
			if link(t, text); file == "" {
				t.Errorf("%s to %s: no file in %s", name, l.to, signed)
			}
			if head, _, _, _ := read(t, l.body); head.Get("X-Tocsin-Warning") == "" || !strings.HasPrefix(subject(t, head), "[TLP:AMBER] ") {
				t.Errorf("%s to %s: header %v", name, l.to, head)
			}
		}
		if len(c.sink.letters()) != 2 {
			t.Errorf("%s: %d letters", name, len(c.sink.letters()))
		}
		// A key that has ended signs nothing, and stops no mail.
		c.Clock.Advance(2 * year)
		c.Deliver(2, warningtest.Problem{Organisation: 12})
		c.Settle()
		last := c.sink.letters()[len(c.sink.letters())-1]
		if head, _, _, _ := read(t, last.body); strings.HasPrefix(head.Get("Content-Type"), "multipart/signed") {
			t.Errorf("%s: signed with a key that has ended", name)
		}
	}
}

func TestEveryCoverHasItsWords(t *testing.T) {
	c := build(t, dbtest.SQLite(t, schema()...), nil, nil)
	for _, language := range []string{"vi", "en"} {
		for _, cover := range deliver.Covers() {
			c.Texts.In(language).T("deliver.cover." + string(cover))
			if cover.Withholds() {
				c.Texts.In(language).T("deliver.withheld." + string(cover))
			}
		}
	}
	if err := c.Texts.Check(); err != nil {
		t.Error(err)
	}
}
