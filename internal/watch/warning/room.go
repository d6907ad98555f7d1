package warning

import (
	"strconv"
	"strings"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
)

// Deps is what the room needs. All fields are set.
type Deps struct {
	DB       *db.DB
	Journal  *journal.Journal
	Clock    clock.Clock
	Texts    *i18n.Bundle
	Findings Findings
	Estate   Estate
	Duty     Duty
	Sources  Sources
	Regime   Regime
}

// A Room keeps warnings.
type Room struct{ Deps }

// New is the room.
func New(d Deps) *Room { return &Room{Deps: d} }

// An ID is a warning's number.
type ID int64

// String is the id as people and programs outside write it: "W4".
func (id ID) String() string { return "W" + strconv.FormatInt(int64(id), 10) }

// Subject is the id as the journal writes it: "warning:W4".
func (id ID) Subject() string { return "warning:" + id.String() }

// ParseID reads what String wrote. Anything else is NotFound: a text that is no
// id names no warning.
func ParseID(text string) (ID, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "W"), 10, 64)
	if err != nil || !strings.HasPrefix(text, "W") || n <= 0 {
		return 0, errs.New(errs.NotFound, "warning %q: no such warning", text)
	}
	return ID(n), nil
}

// Schema is the schema of warnings, their sources, storms and routing.
//
// kinds counts a warning's findings by kind as JSON. open is 1 for what has not
// ended. gathering is the journal entry whose findings still come in over several
// brackets, 0 when all are there. rung and rank say how far the warning has climbed.
func Schema() []db.Migration {
	return []db.Migration{{Name: "warning", SQL: `CREATE TABLE warning (
	id {{id}},
	organisation BIGINT NOT NULL,
	severity BIGINT NOT NULL,
	marking BIGINT NOT NULL,
	state TEXT NOT NULL,
	open BIGINT NOT NULL,
	revision BIGINT NOT NULL,
	cadence TEXT NOT NULL,
	hold TEXT NOT NULL,
	storm BIGINT NOT NULL,
	document BIGINT NOT NULL,
	gathering BIGINT NOT NULL,
	findings BIGINT NOT NULL,
	kinds TEXT NOT NULL,
	news TEXT NOT NULL,
	created BIGINT NOT NULL,
	sent BIGINT NOT NULL,
	due BIGINT NOT NULL,
	acknowledged BIGINT NOT NULL,
	acknowledged_by TEXT NOT NULL,
	remedy BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	reason TEXT NOT NULL,
	step BIGINT NOT NULL,
	rung TEXT NOT NULL,
	rank BIGINT NOT NULL,
	reminders BIGINT NOT NULL,
	topic TEXT NOT NULL,
	possible BIGINT NOT NULL);
CREATE INDEX warning_organisation ON warning (organisation, open, id);
CREATE INDEX warning_open ON warning (open, severity DESC, id);
CREATE INDEX warning_state ON warning (state, id);
CREATE INDEX warning_gathering ON warning (gathering, organisation) WHERE gathering > 0;
CREATE INDEX warning_unreached ON warning (organisation) WHERE rank = -1;
CREATE INDEX warning_storm ON warning (storm, state, id) WHERE storm > 0;
CREATE TABLE warning_source (
	warning BIGINT NOT NULL,
	source BIGINT NOT NULL,
	organisation BIGINT NOT NULL,
	observed BIGINT NOT NULL,
	received BIGINT NOT NULL,
	attributed BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (warning, source));
CREATE TABLE storm (
	id {{id}},
	cause TEXT NOT NULL,
	document BIGINT NOT NULL,
	source BIGINT NOT NULL,
	reason TEXT NOT NULL,
	organisations BIGINT NOT NULL,
	opened BIGINT NOT NULL,
	state TEXT NOT NULL,
	at BIGINT NOT NULL,
	decided BIGINT NOT NULL,
	decided_by TEXT NOT NULL);
CREATE INDEX storm_cause ON storm (cause, id);
CREATE INDEX storm_document ON storm (document) WHERE document > 0;
CREATE TABLE cause_warned (
	cause TEXT NOT NULL,
	organisation BIGINT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (cause, organisation));
CREATE TABLE source_load (
	document {{id}},
	source BIGINT NOT NULL,
	opened BIGINT NOT NULL);
CREATE INDEX source_load_source ON source_load (source, document);
CREATE TABLE routing_rule (id {{id}}, text TEXT NOT NULL);`}}
}
