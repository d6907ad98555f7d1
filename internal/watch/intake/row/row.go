package row

import (
	"bytes"
	"time"

	"github.com/cespare/xxhash/v2"

	"tocsin/internal/watch/intake/advisory"
)

// A Row is one statement of a source: this address had this problem at this
// time; or, from a source of indicators, this pattern means trouble.
//
// A row has either Asset and Kind, or Indicator, or Advisory; one with none of
// them is context (a STIX relationship, a MISP comment): it counts as kept, and
// nothing else follows from it.
type Row struct {
	// Line is the physical line in the decompressed text, from 1, of the
	// record's first line. Offset and Length are the record's bytes in the
	// decompressed stream, line end included, so that evidence can be read back.
	Line   int
	Offset int64
	Length int64

	// Sum is the sum of the record's bytes without its line end (see SumOf): equal
	// sums within a document are one record sent twice.
	Sum uint64

	At       time.Time // the report's own time, UTC; the zero time where an indicator has none
	Asset    Asset
	Realm    string // empty is the source's realm
	ASN      uint32 // 0 is not stated
	Hostname string // lower case; what the source says, not verified
	Port     uint16 // the asset's own port (the sender's port of a connection it opened), 0 is not stated
	Protocol string // tcp, udp …, lower case

	Kind           Kind
	Discriminator  string // normalised malware family, port/protocol, CVE, URL or signature group
	Severity       Severity
	Classification Classification
	Confidence     uint8 // 0–100 as in STIX, 0 is not stated

	// Cause is the indicator, signature, product or CVE that this row rests on,
	// empty for an ordinary exposure and for a malware family: the storm brake
	// counts the organisations that one cause is about to warn.
	Cause string

	Flags     []Flag             // shared between rows: never write to it
	Indicator *Indicator         // of sources of indicators, else nil
	Also      []Indicator        // more patterns of the same object: any of them means trouble
	Advisory  *advisory.Advisory // of sources of weaknesses, else nil
	Benign    *Benign            // of lists of what must not be taken for trouble, else nil
	Statement *Statement         // what the source says of the object itself; nil is nothing
}

// A Flag marks a row that went in although something about it is odd.
type Flag string

// The flags.
const (
	UnknownType     Flag = "unknown-type"     // a report type that the schema does not know
	GuessedType     Flag = "guessed-type"     // the report type was guessed from the columns
	UnknownColumn   Flag = "unknown-column"   // a column that the schema does not know
	MissingColumn   Flag = "missing-column"   // a column of the schema is not there
	DuplicateColumn Flag = "duplicate-column" // the header names a column twice; the first counts
	UnknownSeverity Flag = "unknown-severity" // the default stands in for a strange word
	BadValue        Flag = "bad-value"        // a value that is not essential could not be read
	Wildcard        Flag = "wildcard"         // *.example.org was taken as example.org
	NeedsSeveral    Flag = "needs-several"    // a pattern, or part of it, is met by several observations together only
	NoObservable    Flag = "no-observable"    // a pattern, or part of it, names nothing that is looked for
	LateMarking     Flag = "late-marking"     // the marking may stand too far behind; the narrowest was taken
)

// Flags are all flags.
func Flags() []Flag {
	return []Flag{
		UnknownType, GuessedType, UnknownColumn, MissingColumn, DuplicateColumn,
		UnknownSeverity, BadValue, Wildcard, NeedsSeveral, NoObservable, LateMarking,
	}
}

// A Bad row could not be read and goes to quarantine.
type Bad struct {
	Line   int   // as in Row
	Offset int64 // as in Row
	Length int64 // as in Row; Raw may hold less

	Column int    // number of the field at fault from 1, 0 when it is the record
	Field  string // its name, empty when it is the record
	Fault  Fault
	Value  string // the datum at fault, clipped
	Detail string // as in Refusal
	Reason string // the refusal in English
	Raw    string // the record as text: valid UTF-8 without NUL, at most RawLimit bytes and an ellipsis
}

// RawLimit is how much of a bad record Bad.Raw keeps; Offset and Length lead to
// all of it.
const RawLimit = 8 << 10

// Fill makes b the bad row of a record that was refused with err. Line, Offset
// and Length are the caller's.
func (b *Bad) Fill(err *Refusal, raw []byte) {
	if len(raw) > RawLimit+1 {
		raw = raw[:RawLimit+1]
	}
	b.Column, b.Fault = err.Column, err.Fault
	b.Field, b.Value, b.Detail = Clip(err.Field, 120), Clip(err.Value, 120), err.Detail
	b.Reason = Clip(err.Error(), 400)
	b.Raw = Clip(string(raw), RawLimit)
}

// SumOf sums the bytes of a record without its line end. It is never 0.
func SumOf(record []byte) uint64 { return max(1, xxhash.Sum64(bytes.TrimRight(record, "\r\n"))) }
