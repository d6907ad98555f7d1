// Package regime holds the rules that the city works under, as dated data: the
// calendar with its holidays, the working hours, how fast a warning must be
// answered, when digests go out, what a witness must have seen, when a storm is
// held, which authority speaks on which date, and the law of security levels:
// questions, criteria, who approves, controls. It has no I/O and no clock of
// its own; every answer follows from its arguments.
//
// Each rule says where it comes from and how sure that is (Source). A city
// changes rules without a release by a file of changes, each with its reason
// and date (Load).
package regime

import "embed"

// Texts are the catalogues of this room.
//
//go:embed texts
var Texts embed.FS

//go:embed data/rules.json
var defaultRules []byte

//go:embed data/days.json
var publishedDays []byte

//go:embed data/levels.json
var levelRules []byte

//go:embed data/controls.tsv
var levelControls string
