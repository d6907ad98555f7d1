package intel

import "tocsin/internal/base/db"

// Schema is the schema of what sources know of the world: indicators with who
// says so, harmless values, advisories, and what is joined of each CVE.
//
// An indicator's pattern is its type and value; held and revoked are kept,
// expired is what valid_until says at the time of reading. indicator_source has
// a row for each object of a source that says it; object is ” in a plain list.
// An advisory's body is advisory.Advisory as JSON, sum is the hash of it, by
// which a repetition is told from a revision.
func Schema() []db.Migration {
	return []db.Migration{{Name: "intel", SQL: `CREATE TABLE indicator (
	id {{id}},
	pattern TEXT NOT NULL UNIQUE,
	type TEXT NOT NULL,
	value TEXT NOT NULL,
	state TEXT NOT NULL,
	held_by TEXT NOT NULL,
	decided_by TEXT NOT NULL,
	reason TEXT NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	valid_until BIGINT NOT NULL,
	confidence BIGINT NOT NULL,
	tlp BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	refuted BIGINT NOT NULL,
	changed BIGINT NOT NULL);
CREATE INDEX indicator_state ON indicator (state, id);
CREATE INDEX indicator_changed ON indicator (changed);
CREATE TABLE indicator_source (
	indicator BIGINT NOT NULL,
	source BIGINT NOT NULL,
	object TEXT NOT NULL,
	version BIGINT NOT NULL,
	document BIGINT NOT NULL,
	line BIGINT NOT NULL,
	title TEXT NOT NULL,
	labels TEXT NOT NULL,
	confidence BIGINT NOT NULL,
	tlp BIGINT NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	valid_from BIGINT NOT NULL,
	valid_until BIGINT NOT NULL,
	revoked BIGINT NOT NULL,
	inactive BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	refuted BIGINT NOT NULL,
	PRIMARY KEY (indicator, source, object)){{keyed}};
CREATE INDEX indicator_source_object ON indicator_source (source, object) WHERE object <> '';
CREATE TABLE benign (
	source BIGINT NOT NULL,
	name TEXT NOT NULL,
	version TEXT NOT NULL,
	type TEXT NOT NULL,
	entries TEXT NOT NULL,
	document BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	PRIMARY KEY (source, name));
CREATE TABLE advisory (
	id {{id}},
	source BIGINT NOT NULL,
	name TEXT NOT NULL,
	revision TEXT NOT NULL,
	title TEXT NOT NULL,
	summary TEXT NOT NULL,
	published BIGINT NOT NULL,
	modified BIGINT NOT NULL,
	withdrawn BIGINT NOT NULL,
	ends TEXT NOT NULL,
	tlp BIGINT NOT NULL,
	document BIGINT NOT NULL,
	line BIGINT NOT NULL,
	place BIGINT NOT NULL,
	length BIGINT NOT NULL,
	received BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	sum TEXT NOT NULL,
	body TEXT NOT NULL,
	UNIQUE (source, name));
CREATE INDEX advisory_ends ON advisory (ends) WHERE ends <> '';
CREATE TABLE advisory_cve (
	cve TEXT NOT NULL,
	advisory BIGINT NOT NULL,
	PRIMARY KEY (cve, advisory)){{keyed}};
CREATE INDEX advisory_cve_advisory ON advisory_cve (advisory);
CREATE TABLE vulnerability (
	cve TEXT PRIMARY KEY,
	base BIGINT NOT NULL,
	vector TEXT NOT NULL,
	scored_by TEXT NOT NULL,
	epss BIGINT NOT NULL,
	percentile BIGINT NOT NULL,
	epss_date TEXT NOT NULL,
	kev_added TEXT NOT NULL,
	kev_due TEXT NOT NULL,
	ransomware BIGINT NOT NULL,
	exploitation TEXT NOT NULL,
	automatable TEXT NOT NULL,
	impact TEXT NOT NULL,
	changed BIGINT NOT NULL);`}}
}
