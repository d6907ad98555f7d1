// Package finding keeps problems at assets: each one opened once, counted as
// often as it is seen, and open until somebody other than its owner saw it
// gone.
package finding

import (
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// An ID is a finding's number.
type ID int64

// String is the id as people and programs outside write it: "F12".
func (id ID) String() string { return "F" + strconv.FormatInt(int64(id), 10) }

// Subject is the id as the journal writes it: "finding:F12".
func (id ID) Subject() string { return "finding:" + id.String() }

// ParseID reads what String wrote. Anything else is NotFound: a text that is no
// id names no finding.
func ParseID(text string) (ID, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "F"), 10, 64)
	if err != nil || !strings.HasPrefix(text, "F") || n <= 0 {
		return 0, errs.New(errs.NotFound, "finding %q: no such finding", text)
	}
	return ID(n), nil
}

// A Finding is a problem at an asset.
type Finding struct {
	ID             ID
	Key            Key
	Organisation   int64 // 0 while nobody owns the asset
	System         int64 // 0 when no system is known
	Realm          string
	Asset          row.Asset
	Kind           row.Kind
	Discriminator  string
	Severity       row.Severity
	State          State
	FirstSeen      time.Time // the earliest own time of an observation
	LastSeen       time.Time // the latest
	Count          int64     // observations
	Sources        []int64
	LastSource     int64 // the source that saw it last: the one that can witness
	ReportType     string
	TLP            tlp.Marking // the narrowest of its sources
	Rule           string      // why the organisation owns the asset
	Classification row.Classification
	Cause          string
	Probability    string
	Flags          []row.Flag
	Document       int64 // the delivery that opened it last, 0 when a person or a stage did
	OpenedAt       time.Time
	OpenedSeq      int64 // the journal entry that opened it last
	ClaimedAt      time.Time
	DecidedAt      time.Time
	DecidedBy      string
	Reason         string
	Until          time.Time
	Witness        string  // what saw it gone, or why nothing can
	Unwarned       bool    // its owner is still to be told
	Muted          int64   // the mute that keeps it quiet, 0 when none does
	Warning        int64   // the warning that told of it last, 0 when none did
	Advisory       int64   // of a weakness: the advisory that opened it last, else 0
	Detail         *Detail // of a weakness: where it is and why it is judged so, else nil
}

// Live says whether the finding still asks for something.
func (f Finding) Live() bool { return f.State.Live() }

// record is the finding as its journal entries leave it. What moves without an
// entry is not in it: counters, times of observation, sources, the warning.
func (f Finding) record() journal.Record {
	return journal.Record{Kind: "finding", ID: f.ID.String(), Hash: journal.Hash(struct {
		ID                                       int64
		Key                                      string
		Organisation                             int64
		Realm, Asset, Kind, Discriminator, State string
		Severity                                 int
		Claimed, Decided, Until                  int64
		By, Reason                               string
	}{
		int64(f.ID), string(f.Key[:]), f.Organisation, f.Realm, string(f.Asset), string(f.Kind), f.Discriminator, string(f.State),
		int(f.Severity), db.Micros(f.ClaimedAt), db.Micros(f.DecidedAt), db.Micros(f.Until), f.DecidedBy, f.Reason,
	})}
}
