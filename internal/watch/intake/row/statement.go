package row

import (
	"time"

	"tocsin/internal/base/tlp"
)

// A Statement is what a source says about its own object besides the pattern or
// the weakness in it: which object it is, until when it holds, who may read it.
// A source of plain values states nothing.
type Statement struct {
	ID      string    // the source's own id: a STIX id, a MISP UUID; equal ids are versions of one object
	Version time.Time // which version: STIX modified, MISP timestamp, the tracking's current release
	Type    string    // the source's word for what it is: indicator, malware, ip-dst …
	Title   string    // one line, "" is none
	Labels  []string  // tags, labels, indicator types, as the source writes them

	ValidFrom  time.Time // zero is not stated
	ValidUntil time.Time // zero is not stated
	Standing   bool      // no end is stated, and by its standard that means until it is taken back (STIX 2.1 §4.7)
	Revoked    bool      // the source takes it back
	Inactive   bool      // context only: the source does not want it matched (MISP to_ids false, a warning list's value)

	TLP    tlp.Marking // that the object itself carries
	Marked bool        // whether it carries one; else its source's holds

	Seen      int64     // sightings that the object counts
	LastSeen  time.Time // the newest of them
	Refuted   int64     // sightings as a false positive
	Reference string    // where a person can read on; never fetched
}

// A Benign list names values that are no indicators however often feeds send
// them: public resolvers, top sites, the networks of clouds (MISP warning lists).
type Benign struct {
	Name    string
	Version string
	Type    string   // cidr, hostname, substring, string, regex
	Values  []string // as the list writes them
}
