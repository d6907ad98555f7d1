package deliver

import (
	"context"
	"crypto/rand"
	"html/template"
	"log/slog"
	"net/mail"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/envelope"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/warning"
)

// Deps is what the room needs. All fields but Evidence and Keys are set.
type Deps struct {
	DB       *db.DB
	Journal  *journal.Journal
	Clock    clock.Clock
	Texts    *i18n.Bundle
	Log      *slog.Logger
	Warnings *warning.Room
	Evidence Evidence // nil: the file names the findings without their evidence
	Keys     Keys     // nil: nobody has one
	Settings Settings

	Bulletins Bulletins // nil: there are none
	Bodies    Bodies    // nil: nobody knows of anybody's health
	Limits    HealthLimits
}

// Settings are the operator's. The zero value of a field takes the default.
type Settings struct {
	PublicURL    func() string    // the base of links, "http://127.0.0.1:8080" by default
	From         string           // "Name <mail@host>"; "Tocsin <tocsin@localhost>" by default
	SMTP         *SMTP            // nil: mail stays in the outbox
	Lines        int              // SMTP lines at once: 8
	Command      time.Duration    // how long a server may take to answer a command: 30 s
	Submission   time.Duration    // how long it may take to answer a message: 2 min
	Loopback     bool             // webhooks may reach loopback: the demo and tests
	Private      []netip.Prefix   // private networks that webhooks may reach
	Signer       *envelope.Signer // mail is signed with it; nil is unsigned
	Letterhead   func(at time.Time, language string) Letterhead
	LocalName    string // the name in EHLO: "localhost" by default
	AttemptsMost int    // given up after: 10
}

// Evidence reads the evidence of findings from the originals; it does input and
// output, so never inside a bracket.
type Evidence interface {
	// EvidenceOf is the newest evidence of each finding, at most each rows of it.
	EvidenceOf(ctx context.Context, findings []int64, each int) ([]EvidenceRow, error)
}

// An EvidenceRow is one line of a source's delivery that a finding rests on.
type EvidenceRow struct {
	Finding  int64
	Document int64
	Line     int
	At       time.Time
	Source   string
	Header   []string // the columns' names, nil where the format has none
	Fields   []string // the row's values, one for each name of Header, else the line
	Gone     string   // why the line cannot be shown
}

// A Room keeps deliveries and hands them over.
type Room struct {
	Deps
	node   string
	from   mail.Address
	secret []byte
	form   *template.Template // of the HTML part

	bulletinForm *template.Template // the same of a bulletin's
	mu           sync.Mutex
	down         string // why no SMTP line can be opened, "" when one can
}

// New is the room. It panics when Settings.From is no address: ParseFrom says so
// first.
func New(d Deps) *Room {
	s := &d.Settings
	if s.PublicURL == nil {
		s.PublicURL = func() string { return "http://127.0.0.1:8080" }
	}
	if s.From == "" {
		s.From = "Tocsin <tocsin@localhost>"
	}
	if s.Lines == 0 {
		s.Lines = 8
	}
	if s.Command == 0 {
		s.Command = 30 * time.Second
	}
	if s.Submission == 0 {
		s.Submission = 2 * time.Minute
	}
	if s.AttemptsMost == 0 {
		s.AttemptsMost = 10
	}
	if s.LocalName == "" {
		s.LocalName = "localhost"
	}
	from, err := ParseFrom(s.From)
	if err != nil {
		panic("deliver: " + err.Error())
	}
	return &Room{Deps: d, node: rand.Text(), from: *from, form: form(), bulletinForm: bulletinForm()}
}

// ParseFrom reads the sender of mail: "Name <mail@host>" or "mail@host".
func ParseFrom(text string) (*mail.Address, error) {
	from, err := mail.ParseAddress(text)
	if err != nil {
		return nil, errs.New(errs.Usage, "sender %q: %w", text, err)
	}
	return from, nil
}

// An ID is a delivery's number.
type ID int64

// String is the id as people and programs outside write it: "D9".
func (id ID) String() string { return "D" + strconv.FormatInt(int64(id), 10) }

// Subject is the id as the journal writes it: "delivery:D9".
func (id ID) Subject() string { return "delivery:" + id.String() }

// ParseID reads what String wrote. Anything else is NotFound.
func ParseID(text string) (ID, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "D"), 10, 64)
	if err != nil || !strings.HasPrefix(text, "D") || n <= 0 {
		return 0, errs.New(errs.NotFound, "delivery %q: no such delivery", text)
	}
	return ID(n), nil
}

// Schema is the schema of deliveries, their attempts, webhooks and the secret of
// acknowledgement links.
//
// waiting is 1 for what can be handed over now, 2 for what waits for next_at, 3
// for what a line of node holds, 0 for what waits for nothing or for a person.
func Schema() []db.Migration {
	return []db.Migration{{Name: "deliver", SQL: `CREATE TABLE delivery (
	id {{id}},
	warning BIGINT NOT NULL,
	revision BIGINT NOT NULL,
	step BIGINT NOT NULL,
	verb TEXT NOT NULL,
	organisation BIGINT NOT NULL,
	recipient TEXT NOT NULL,
	name TEXT NOT NULL,
	phone TEXT NOT NULL,
	language TEXT NOT NULL,
	relation TEXT NOT NULL,
	notice BIGINT NOT NULL,
	channel TEXT NOT NULL,
	state TEXT NOT NULL,
	waiting BIGINT NOT NULL,
	next_at BIGINT NOT NULL,
	urgency BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	node TEXT NOT NULL,
	message_id TEXT NOT NULL,
	reply TEXT NOT NULL,
	created BIGINT NOT NULL,
	handed BIGINT NOT NULL,
	acknowledged BIGINT NOT NULL,
	acknowledged_by TEXT NOT NULL,
	body TEXT NOT NULL,
	cover TEXT NOT NULL,
	UNIQUE (warning, revision, step, verb, channel, recipient));
CREATE INDEX delivery_ready ON delivery (channel, urgency DESC, id) WHERE waiting = 1;
CREATE INDEX delivery_later ON delivery (next_at) WHERE waiting = 2;
CREATE INDEX delivery_held ON delivery (node) WHERE waiting = 3;
CREATE INDEX delivery_organisation ON delivery (organisation, id);
CREATE INDEX delivery_state ON delivery (state, id);
CREATE TABLE delivery_attempt (
	delivery BIGINT NOT NULL,
	n BIGINT NOT NULL,
	line BIGINT NOT NULL,
	started BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	reply TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	PRIMARY KEY (delivery, n));
CREATE TABLE deliver_secret (one {{id}}, secret {{bytes}} NOT NULL);
CREATE TABLE webhook (
	id {{id}},
	organisation BIGINT NOT NULL,
	url TEXT NOT NULL,
	secret TEXT NOT NULL,
	relation TEXT NOT NULL,
	active BIGINT NOT NULL,
	created BIGINT NOT NULL,
	created_by TEXT NOT NULL);
CREATE INDEX webhook_organisation ON webhook (organisation, active);`}}
}

// Begin makes the secret of acknowledgement links at the first start, and reads
// it at each. It is called before the stages run.
func (r *Room) Begin(ctx context.Context) error {
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		fresh := make([]byte, 32)
		_, _ = rand.Read(fresh) // it never fails, or ends the program
		if _, err := tx.Exec(`INSERT INTO deliver_secret (one, secret) VALUES (1, $1) ON CONFLICT (one) DO NOTHING`, fresh); err != nil {
			return err
		}
		return tx.Get(&r.secret, `SELECT secret FROM deliver_secret WHERE one = 1`)
	})
}
