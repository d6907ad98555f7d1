// Package level answers which security level an information system has by law,
// which provisions decided, and what other answer would have given another
// level. It is a pure decision over the law of levels that package regime holds
// as dated data: no I/O, no clock, nothing remembered.
//
// A system answers the questionnaire (Answers). Each criterion of the decree is
// a row that holds or does not; the highest level of the rows that hold is the
// system's. A system of several parts has the level of its highest part.
package level
