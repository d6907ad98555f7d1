package estate

import "tocsin/internal/base/db"

// Schema is the room's part of the database. Every table of records has
//
//	key       what makes the record itself, unique, parts divided by tabs
//	search    the folded text by which it is found
//	sort      what lists by name are ordered by; of endpoints and software the
//	          normal form of the host name
//	born      the journal entry that made it
//	touched   the last entry that changed it; estate_trace has those between
//
// Dates are ISO text, both ends belong to the validity, ” is none. A reference
// of 0 is none.
func Schema() []db.Migration {
	return []db.Migration{{Name: "estate", SQL: `
CREATE TABLE organisation (
	id {{id}},
	key TEXT NOT NULL UNIQUE,
	search TEXT NOT NULL,
	sort TEXT NOT NULL,
	born BIGINT NOT NULL,
	touched BIGINT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	name_vi TEXT NOT NULL,
	name_en TEXT NOT NULL,
	kind TEXT NOT NULL,
	parent BIGINT NOT NULL,
	tier TEXT NOT NULL,
	sector TEXT NOT NULL,
	valid_from TEXT NOT NULL,
	valid_to TEXT NOT NULL
);
CREATE INDEX organisation_parent ON organisation (parent, sort);
CREATE INDEX organisation_sort ON organisation (sort, id);
CREATE TABLE succession (
	id {{id}},
	key TEXT NOT NULL UNIQUE,
	search TEXT NOT NULL,
	sort TEXT NOT NULL,
	born BIGINT NOT NULL,
	touched BIGINT NOT NULL,
	predecessor BIGINT NOT NULL,
	successor BIGINT NOT NULL,
	date TEXT NOT NULL,
	share TEXT NOT NULL
);
CREATE INDEX succession_predecessor ON succession (predecessor);
CREATE INDEX succession_successor ON succession (successor);
CREATE TABLE contact (
	id {{id}},
	key TEXT NOT NULL UNIQUE,
	search TEXT NOT NULL,
	sort TEXT NOT NULL,
	born BIGINT NOT NULL,
	touched BIGINT NOT NULL,
	organisation BIGINT NOT NULL,
	name TEXT NOT NULL,
	email TEXT NOT NULL,
	phone TEXT NOT NULL,
	role TEXT NOT NULL,
	language TEXT NOT NULL,
	rank BIGINT NOT NULL,
	hours TEXT NOT NULL,
	pgp TEXT NOT NULL,
	smime TEXT NOT NULL,
	person TEXT NOT NULL
);
CREATE INDEX contact_keys ON contact (LOWER(email)) WHERE pgp <> '' OR smime <> '';
CREATE INDEX contact_organisation ON contact (organisation, rank, id);
CREATE INDEX contact_email ON contact (email);
CREATE TABLE system (
	id {{id}},
	key TEXT NOT NULL UNIQUE,
	search TEXT NOT NULL,
	sort TEXT NOT NULL,
	born BIGINT NOT NULL,
	touched BIGINT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	name_vi TEXT NOT NULL,
	name_en TEXT NOT NULL,
	owner BIGINT NOT NULL,
	operator BIGINT NOT NULL,
	kind TEXT NOT NULL,
	level BIGINT NOT NULL,
	criticality TEXT NOT NULL,
	depends_on TEXT NOT NULL,
	status TEXT NOT NULL
);
CREATE INDEX system_owner ON system (owner, id);
CREATE INDEX system_operator ON system (operator, id);
CREATE INDEX system_sort ON system (sort, id);
CREATE TABLE address (
	id {{id}},
	key TEXT NOT NULL UNIQUE,
	search TEXT NOT NULL,
	sort TEXT NOT NULL,
	born BIGINT NOT NULL,
	touched BIGINT NOT NULL,
	organisation BIGINT NOT NULL,
	kind TEXT NOT NULL,
	value TEXT NOT NULL,
	realm TEXT NOT NULL,
	system BIGINT NOT NULL,
	valid_from TEXT NOT NULL,
	valid_to TEXT NOT NULL
);
CREATE INDEX address_organisation ON address (organisation, id);
CREATE INDEX address_system ON address (system, id);
CREATE INDEX address_value ON address (value);
CREATE TABLE endpoint (
	id {{id}},
	key TEXT NOT NULL UNIQUE,
	search TEXT NOT NULL,
	sort TEXT NOT NULL,
	born BIGINT NOT NULL,
	touched BIGINT NOT NULL,
	organisation BIGINT NOT NULL,
	hostname TEXT NOT NULL,
	kind TEXT NOT NULL,
	ip TEXT NOT NULL,
	realm TEXT NOT NULL,
	os TEXT NOT NULL,
	system BIGINT NOT NULL,
	address {{bytes}}
);
CREATE INDEX endpoint_organisation ON endpoint (organisation, id);
CREATE INDEX endpoint_system ON endpoint (system, id);
CREATE INDEX endpoint_address ON endpoint (address);
CREATE INDEX endpoint_host ON endpoint (sort);
CREATE TABLE software (
	id {{id}},
	key TEXT NOT NULL UNIQUE,
	search TEXT NOT NULL,
	sort TEXT NOT NULL,
	born BIGINT NOT NULL,
	touched BIGINT NOT NULL,
	organisation BIGINT NOT NULL,
	vendor TEXT NOT NULL,
	product TEXT NOT NULL,
	version TEXT NOT NULL,
	cpe TEXT NOT NULL,
	purl TEXT NOT NULL,
	hostname TEXT NOT NULL,
	system BIGINT NOT NULL
);
CREATE INDEX software_organisation ON software (organisation, id);
CREATE INDEX software_system ON software (system, id);
CREATE TABLE estate_trace (
	kind TEXT NOT NULL,
	id BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	PRIMARY KEY (kind, id, seq)
);`}}
}
