package intake

import "tocsin/internal/base/db"

// Schema is the schema of sources, documents and quarantine.
func Schema() []db.Migration {
	return []db.Migration{{Name: "intake", SQL: `CREATE TABLE source (
	id {{id}},
	name TEXT NOT NULL UNIQUE,
	format TEXT NOT NULL,
	kind TEXT NOT NULL,
	tlp BIGINT NOT NULL,
	zone TEXT NOT NULL,
	realm TEXT NOT NULL,
	mapping TEXT NOT NULL,
	url TEXT NOT NULL,
	every BIGINT NOT NULL,
	organisation BIGINT NOT NULL,
	created BIGINT NOT NULL,
	last_document BIGINT NOT NULL,
	rhythm BIGINT NOT NULL,
	senders TEXT NOT NULL,
	reliability TEXT NOT NULL);
CREATE TABLE document (
	id {{id}},
	source BIGINT NOT NULL,
	file TEXT NOT NULL,
	report_type TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	blob TEXT NOT NULL,
	size BIGINT NOT NULL,
	received BIGINT NOT NULL,
	received_by TEXT NOT NULL,
	state TEXT NOT NULL,
	reason TEXT NOT NULL,
	round BIGINT NOT NULL,
	done BIGINT NOT NULL,
	total BIGINT NOT NULL,
	kept BIGINT NOT NULL,
	quarantined BIGINT NOT NULL,
	duplicate BIGINT NOT NULL,
	opened BIGINT NOT NULL,
	reopened BIGINT NOT NULL,
	counted BIGINT NOT NULL,
	unowned BIGINT NOT NULL,
	first_row BIGINT NOT NULL,
	last_row BIGINT NOT NULL,
	parsed_at BIGINT NOT NULL,
	flags TEXT NOT NULL,
	vouched TEXT NOT NULL DEFAULT '',
	letter BIGINT NOT NULL DEFAULT 0,
	UNIQUE (source, sha256));
CREATE INDEX document_source ON document (source, received);
CREATE INDEX document_state ON document (state, id);
CREATE INDEX document_letter ON document (letter) WHERE letter > 0;
CREATE TABLE quarantine (
	id {{id}},
	document BIGINT NOT NULL,
	line BIGINT NOT NULL,
	place BIGINT NOT NULL,
	length BIGINT NOT NULL,
	field_no BIGINT NOT NULL,
	field TEXT NOT NULL,
	fault TEXT NOT NULL,
	value TEXT NOT NULL,
	detail TEXT NOT NULL,
	reason TEXT NOT NULL,
	raw TEXT NOT NULL,
	fixed TEXT NOT NULL,
	decided_by TEXT NOT NULL,
	state TEXT NOT NULL,
	UNIQUE (document, place));
CREATE INDEX quarantine_state ON quarantine (state, id);`}}
}
