package bulletin

import (
	"context"
	"strconv"
	"strings"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/warning"
)

// Deps is what the room stands on. All fields but Settings' are set.
type Deps struct {
	DB       *db.DB
	Journal  *journal.Journal
	Clock    clock.Clock
	Texts    *i18n.Bundle
	Intel    Intel
	Findings Matching
	Warnings Routing
	Estate   Estate
	Settings Settings
}

// Settings are the operator's. The zero value of a field takes the default.
type Settings struct {
	Pattern   string        // of numbers, with {year} and {n}: DefaultPattern
	Name      string        // of the centre as the publisher; the catalogue's by default
	Contact   string        // of the centre, for whoever has found something: a mailto: or https: address
	PublicURL func() string // the base of all addresses, without a slash at its end
}

// Intel is what the room asks of the advisories of others.
type Intel interface {
	Load(tx *db.Tx, numbers []int64) ([]intel.Advisory, error)
	Vulnerabilities(tx *db.Tx, cves []string) (map[string]intel.Vulnerability, error)
}

// Matching says who has a product.
type Matching interface {
	Holders(ctx context.Context, a *advisory.Advisory) ([]finding.Holder, error)
}

// Routing says whom an organisation's announcements reach.
type Routing interface {
	Announcer(tx *db.Tx) (*warning.Announcer, error)
}

// Estate is what the room asks of the organisations.
type Estate interface {
	Forest() *estate.Forest
	Today() string
}

// A Room keeps the centre's own advisories.
type Room struct {
	Deps

	grammar *advisory.Grammar
}

// New is the room over d.
func New(d Deps) *Room {
	if d.Settings.Pattern == "" {
		d.Settings.Pattern = DefaultPattern
	}
	if d.Settings.PublicURL == nil {
		d.Settings.PublicURL = func() string { return "http://127.0.0.1:8080" }
	}
	return &Room{Deps: d, grammar: advisory.NewGrammar()}
}

// ParseID reads what String wrote. Anything else is NotFound.
func ParseID(text string) (ID, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "B"), 10, 64)
	if err != nil || !strings.HasPrefix(text, "B") || n <= 0 {
		return 0, unknown(text)
	}
	return ID(n), nil
}

func unknown(text string) error {
	return errs.New(errs.NotFound, "bulletin %q: no such bulletin", text)
}

// Schema is the schema of bulletins, of the revisions that went out, and of the
// organisations that got them.
func Schema() []db.Migration {
	return []db.Migration{{Name: "bulletin", SQL: `CREATE TABLE bulletin (
	id {{id}},
	number TEXT NOT NULL,
	year BIGINT NOT NULL,
	nth BIGINT NOT NULL,
	state TEXT NOT NULL,
	revision BIGINT NOT NULL,
	standing BIGINT NOT NULL,
	version BIGINT NOT NULL,
	content TEXT NOT NULL,
	authors TEXT NOT NULL,
	open_to_all BIGINT NOT NULL,
	reason TEXT NOT NULL,
	created BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	changed BIGINT NOT NULL,
	submitted BIGINT NOT NULL,
	submitted_by TEXT NOT NULL,
	approved_by TEXT NOT NULL,
	published BIGINT NOT NULL,
	published_by TEXT NOT NULL,
	first_published BIGINT NOT NULL,
	withdrawn BIGINT NOT NULL,
	withdrawn_by TEXT NOT NULL);
CREATE INDEX bulletin_number ON bulletin (number);
CREATE INDEX bulletin_year ON bulletin (year, nth);
CREATE INDEX bulletin_open ON bulletin (first_published) WHERE open_to_all = 1;
CREATE TABLE bulletin_issue (
	bulletin BIGINT NOT NULL,
	revision BIGINT NOT NULL,
	content TEXT NOT NULL,
	authors TEXT NOT NULL,
	approved_by TEXT NOT NULL,
	published_by TEXT NOT NULL,
	at BIGINT NOT NULL,
	organisations BIGINT NOT NULL,
	recipients BIGINT NOT NULL,
	PRIMARY KEY (bulletin, revision));
CREATE TABLE bulletin_recipient (
	bulletin BIGINT NOT NULL,
	revision BIGINT NOT NULL,
	organisation BIGINT NOT NULL,
	why TEXT NOT NULL,
	relation TEXT NOT NULL,
	shown BIGINT NOT NULL,
	told BIGINT NOT NULL,
	PRIMARY KEY (bulletin, revision, organisation));
CREATE INDEX bulletin_recipient_organisation ON bulletin_recipient (organisation, bulletin);`}}
}
