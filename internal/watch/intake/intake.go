// Package intake takes in what sources send. A delivery is stored byte for byte
// before its sender is answered, read by the parser of its source's format, and
// never lost: what cannot be read stays in quarantine, with line, column and
// reason, until somebody puts it right or a parser learns.
package intake

import (
	"strconv"
	"strings"
	"sync"

	"tocsin/internal/base/blob"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake/csaf"
	"tocsin/internal/watch/intake/cve"
	"tocsin/internal/watch/intake/shadowserver"
)

// Deps is what the room stands on.
type Deps struct {
	DB      *db.DB
	Journal *journal.Journal
	Clock   clock.Clock
	Blobs   *blob.Store
	// Unpacked is the most bytes that a packed delivery may hold; 0 is the
	// archive reader's own limit.
	Unpacked int64
	// MailServers are the receiving servers whose word on a sender is trusted: the
	// first word of their Authentication-Results. None: nobody checks.
	MailServers []string
}

// A Room keeps sources, documents and quarantine.
type Room struct {
	Deps

	// Read or compiled once, when first needed.
	reports func() (*shadowserver.Schema, error)
	csaf    func() *csaf.Parser
	cve     func() *cve.Parser
}

// New is the room over deps.
func New(deps Deps) *Room {
	return &Room{
		Deps: deps, reports: sync.OnceValues(shadowserver.Load),
		csaf: sync.OnceValue(csaf.New), cve: sync.OnceValue(cve.New),
	}
}

// The journal's verbs of documents.
const (
	VerbReceived = "document.received"
	VerbReparse  = "document.reparse"
	VerbReleased = "quarantine.released"
)

// Delivered is the body of VerbReceived, VerbReparse and VerbReleased: what the
// stage that reads documents needs.
type Delivered struct {
	Document   int64  `json:"document"`
	Source     int64  `json:"source"`
	Round      int64  `json:"round"` // the first reading is 1
	Large      bool   `json:"large"`
	File       string `json:"file,omitempty"`
	SHA256     string `json:"sha256,omitempty"`
	Size       int64  `json:"size,omitempty"`
	Quarantine int64  `json:"quarantine,omitempty"`
}

// largeBytes is from where on a document waits in the large documents' own line.
const largeBytes = 256 << 10

// parse reads an id of one letter and a number.
func parse(letter, what, text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(text, letter), 10, 64)
	if err != nil || !strings.HasPrefix(text, letter) || n <= 0 {
		return 0, errs.New(errs.NotFound, "%s %q: no such %s", what, text, what)
	}
	return n, nil
}

// ParseDocument reads a document's id, "S7".
func ParseDocument(text string) (int64, error) { return parse("S", "document", text) }

// ParseQuarantine reads a quarantined row's id, "Q3".
func ParseQuarantine(text string) (int64, error) { return parse("Q", "quarantined row", text) }
