// Package warning tells organisations what is wrong at their machines, and does
// not let go until somebody there says that they know.
//
// A warning is a message about findings to one organisation, with a clock. The
// stage "warn" makes warnings: of what is critical or high at once, of the rest
// in a daily or weekly digest. Who is told, and when, is decided by rules that
// are data (Rule); a storm of warnings with one cause waits for a person (the
// storm brake, storm.go). When the clock runs out unanswered, the warning climbs:
// the next contacts, the body above, the duty list (escalate.go).
//
// This room decides and writes down whom to tell: the entries warning.sent,
// warning.escalated, warning.revised, warning.reminded and warning.held carry a
// Call with its addressees. Room deliver follows them and hands the messages
// over. The words of a message are composed here (compose.go), its form there.
package warning

import (
	"embed"
	_ "embed"
)

// Texts are the room's catalogues.
//
//go:embed texts
var Texts embed.FS

//go:embed rules.json
var defaultRules []byte
