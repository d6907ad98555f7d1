// Package row is what every format of intake speaks: "a source says that this
// address had this problem at this time".
//
// It holds the closed words of a report row (Kind, Severity, Classification,
// Fault, Flag), the canonical text of an Asset and of an Indicator, the Row and
// the Bad row, and the Parser that each format implements. It is pure: no
// database, no clock, no network.
package row

import "embed"

// Texts are the catalogues of the words that this package puts before readers:
// row.fault.* says why a row is in quarantine, row.flag.* what is odd about a
// row that went in. Parameters: {field}, {value}, {detail}.
//
//go:embed texts
var Texts embed.FS
