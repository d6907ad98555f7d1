package finding

import "tocsin/internal/base/db"

// Schema is the schema of findings, their evidence, their tally and the mutes.
//
// A finding's organisation is 0 while nobody owns the asset. live is 1 in the
// states that still ask for something, current is 1 for the last finding of its
// key. The tally counts findings by what pages count them by, so that a page
// over a million of them adds up a few thousand numbers.
//
// Every index of finding is a tree that each new one is written to, and the
// random ones (key, ip) are what a large report costs most. An asset is found by
// its address or its name, so it has no index of its own. The columns with a
// default are those that a finding gets in its later life.
func Schema() []db.Migration {
	return []db.Migration{{Name: "finding", SQL: `CREATE TABLE finding (
	id {{id}},
	key {{bytes}} NOT NULL,
	current BIGINT NOT NULL DEFAULT 1,
	live BIGINT NOT NULL DEFAULT 1,
	organisation BIGINT NOT NULL,
	system BIGINT NOT NULL,
	realm TEXT NOT NULL,
	asset TEXT NOT NULL,
	ip {{bytes}},
	rname TEXT NOT NULL,
	kind TEXT NOT NULL,
	discriminator TEXT NOT NULL,
	severity BIGINT NOT NULL,
	state TEXT NOT NULL DEFAULT 'open',
	first_seen BIGINT NOT NULL,
	last_seen BIGINT NOT NULL,
	count BIGINT NOT NULL,
	sources TEXT NOT NULL,
	last_source BIGINT NOT NULL,
	report_type TEXT NOT NULL,
	tlp BIGINT NOT NULL,
	rule TEXT NOT NULL,
	classification TEXT NOT NULL,
	cause TEXT NOT NULL,
	probability TEXT NOT NULL DEFAULT '',
	flags TEXT NOT NULL,
	document BIGINT NOT NULL,
	opened_at BIGINT NOT NULL,
	opened_seq BIGINT NOT NULL,
	claimed_at BIGINT NOT NULL DEFAULT 0,
	decided_at BIGINT NOT NULL DEFAULT 0,
	decided_by TEXT NOT NULL DEFAULT '',
	reason TEXT NOT NULL DEFAULT '',
	until BIGINT NOT NULL DEFAULT 0,
	witness TEXT NOT NULL DEFAULT '',
	unwarned BIGINT NOT NULL,
	muted BIGINT NOT NULL,
	warning BIGINT NOT NULL DEFAULT 0,
	advisory BIGINT NOT NULL DEFAULT 0,
	detail TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX finding_key ON finding (key) WHERE current = 1;
CREATE INDEX finding_floor ON finding (severity DESC, id DESC) WHERE live = 1;
CREATE INDEX finding_organisation ON finding (organisation, live, severity DESC, id DESC);
CREATE INDEX finding_unwarned ON finding (organisation, id) WHERE unwarned = 1;
CREATE INDEX finding_unwarned_document ON finding (document, organisation, id) WHERE unwarned = 1;
CREATE INDEX finding_unwarned_advisory ON finding (advisory, organisation, id) WHERE unwarned = 1 AND advisory > 0;
CREATE INDEX finding_discriminator ON finding (discriminator, id) WHERE live = 1;
CREATE INDEX finding_advisory ON finding (advisory, id) WHERE advisory > 0;
CREATE INDEX finding_product ON finding (organisation, asset) WHERE advisory > 0;
CREATE INDEX finding_warning ON finding (warning) WHERE warning > 0;
CREATE INDEX finding_ip ON finding (realm, ip) WHERE ip IS NOT NULL;
CREATE INDEX finding_rname ON finding (rname) WHERE rname <> '';
CREATE INDEX finding_refuted ON finding (document) WHERE state = 'false_positive';
CREATE INDEX finding_silent ON finding (asset) WHERE kind = 'silent-source';
CREATE INDEX finding_claimed ON finding (last_source, report_type) WHERE state = 'claimed_fixed';
CREATE TABLE evidence (
	finding BIGINT NOT NULL,
	document BIGINT NOT NULL,
	line BIGINT NOT NULL,
	place BIGINT NOT NULL,
	length BIGINT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (finding, document, line)){{keyed}};
CREATE INDEX evidence_document ON evidence (document, line);
CREATE TABLE finding_tally (
	organisation BIGINT NOT NULL,
	kind TEXT NOT NULL,
	severity BIGINT NOT NULL,
	state TEXT NOT NULL,
	tlp BIGINT NOT NULL,
	n BIGINT NOT NULL,
	PRIMARY KEY (organisation, kind, severity, state, tlp));
CREATE TABLE product_answer (
	vendor TEXT NOT NULL,
	product TEXT NOT NULL,
	advisory_vendor TEXT NOT NULL,
	advisory_name TEXT NOT NULL,
	same BIGINT NOT NULL,
	decided_by TEXT NOT NULL,
	reason TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (vendor, product, advisory_vendor, advisory_name));
CREATE TABLE mute (
	id {{id}},
	realm TEXT NOT NULL,
	what TEXT NOT NULL,
	kind TEXT NOT NULL,
	begins BIGINT NOT NULL,
	ends BIGINT NOT NULL,
	reason TEXT NOT NULL,
	made_by TEXT NOT NULL,
	ended BIGINT NOT NULL);`}}
}
