package warning

import (
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// A Finding is what this room needs to know of a problem.
type Finding struct {
	ID            int64
	Organisation  int64
	System        int64
	Realm, Asset  string
	Kind          row.Kind
	Discriminator string
	Severity      row.Severity
	TLP           tlp.Marking
	FirstSeen     time.Time // its own time
	LastSeen      time.Time
	OpenedAt      time.Time // when we learnt of it
	Count         int64
	Sources       []int64
	Cause         string    // what it rests on, for the storm brake; "" for an ordinary exposure
	Rule          string    // why the asset is the organisation's
	Probability   string    // "possible" or "confirmed", "" where it is not a matter of chance
	Document      int64     // the delivery that opened it last, 0 when a person or a stage did
	Advisory      int64     // the advisory that opened it last, 0 when none did
	Warning       int64     // the warning that told of it last, 0 when none did
	Over          bool      // verified, false positive or accepted risk
	Weakness      *Weakness // of a weakness in a product, else nil
}

// A Weakness is what a reader needs to know of a weakness in a product.
type Weakness struct {
	Advisory  string // the source's own id
	Title     string
	Machines  []string // host names with versions, as many as are named
	Count     int      // of all machines
	Exploited bool     // known to be used
	FixBy     time.Time
	Ends      string   // of the product's support, ISO date
	Remedies  []string // as the source writes them
}

// A Selection names findings whose owner has not been told: owned, live and
// not muted. The zero value of a field does not restrict.
type Selection struct {
	Finding      int64 // this one
	Document     int64 // opened or reopened by this delivery
	Advisory     int64 // that this advisory opened last
	Organisation int64
	After        int64 // only findings with a greater id
	Limit        int
}

// A Spread says that findings of one cause wait for one organisation.
type Spread struct {
	Cause        string `db:"cause"`
	Organisation int64  `db:"organisation"`
}

// Findings is the room of findings, inside the caller's bracket.
type Findings interface {
	// Waiting are the organisations with an id above after that have findings of
	// the selection, ascending, at most limit.
	Waiting(tx *db.Tx, s Selection, after int64, limit int) ([]int64, error)
	// Unwarned are findings of the selection by ascending id. Organisation is set.
	Unwarned(tx *db.Tx, s Selection) ([]Finding, error)
	// Spread are the causes of the selection, each once per organisation; "" is
	// none.
	Spread(tx *db.Tx, s Selection) ([]Spread, error)
	// Warned writes down that a warning tells of the findings.
	Warned(tx *db.Tx, warning int64, ids []int64) error
	// OfWarning are a warning's findings, gravest first, then by id, at most limit.
	OfWarning(tx *db.Tx, warning int64, limit int) ([]Finding, error)
	// LiveOf counts the findings of a warning that are not over.
	LiveOf(tx *db.Tx, warning int64) (int64, error)
	// IDsOf are the findings of each of the warnings, ascending.
	IDsOf(tx *db.Tx, warnings []int64) (map[int64][]int64, error)
	// WarningOf is the warning that told of a finding last, 0 when none did.
	WarningOf(tx *db.Tx, finding int64) (int64, error)
	// Acknowledged moves the open findings of a warning on: its organisation has
	// answered.
	Acknowledged(tx *db.Tx, warning int64, by string) error
	// RaiseNoContact opens the finding that an organisation has nobody to warn, or
	// counts it.
	RaiseNoContact(tx *db.Tx, organisation int64) error
	// ClearNoContact ends it. None there is no error.
	ClearNoContact(tx *db.Tx, organisation int64) error
}

// An Organisation is what this room needs to know of a body.
type Organisation struct {
	ID             int64
	Code           string
	NameVI, NameEN string
	Kind, Tier     string // CONTRACT's words
	Parent         int64  // 0 for none
}

// Name is the organisation's name in a language.
func (o Organisation) Name(lang string) string {
	if lang == "en" && o.NameEN != "" {
		return o.NameEN
	}
	return o.NameVI
}

// A Contact is a person or a role mailbox of an organisation.
type Contact struct {
	Organisation int64
	Name, Email  string
	Phone        string
	Role         string
	Language     string // "vi" or "en"
	Order        int    // 1 is first; several may share it
	Person       bool   // an individual addressed by name, not a role mailbox
	Shared       bool   // known to be read by several; neither is not said
}

// Estate is the room of organisations, inside the caller's bracket.
type Estate interface {
	Organisation(tx *db.Tx, id int64) (Organisation, error)
	// Contacts are the present contacts of an organisation by order; none is no
	// error.
	Contacts(tx *db.Tx, organisation int64) ([]Contact, error)
}

// Duty is the room of rosters, inside the caller's bracket.
type Duty interface {
	// OnDuty are those on duty at an instant, the first to be called first.
	OnDuty(tx *db.Tx, at time.Time) ([]Contact, error)
	// Call puts a line on the call sheet: whom to telephone, about which warning.
	// The same warning and reason twice is one line.
	Call(tx *db.Tx, c CallLine) error
	// Drop takes the open lines about a subject off the sheet: somebody answered.
	Drop(tx *db.Tx, a auth.Actor, subject string) error
}

// A CallLine is a line of the call sheet.
type CallLine struct {
	Subject      string // "warning:W4" or "storm:3"
	Organisation int64
	Reason       string // "unanswered", "no-contact" or "held"
	Severity     row.Severity
	Detail       string // what to say
	Due          time.Time
	Whom         []Contact // the organisation's own, to be telephoned
}

// Sources is the room of sources, inside the caller's bracket.
type Sources interface {
	SourceName(tx *db.Tx, id int64) (string, error)
	// ReceivedAt is when a delivery came in.
	ReceivedAt(tx *db.Tx, document int64) (time.Time, error)
}

// Regime gives the dated rules of the city that this room follows.
type Regime interface {
	// AckDue is until when a warning of a severity must be acknowledged.
	AckDue(from time.Time, s row.Severity) time.Time
	// RemedyDue is until when what it tells of should be mended.
	RemedyDue(from time.Time, s row.Severity) time.Time
	// Promise is until when a warning of a severity is to be handed over, of which
	// word came in at from; the zero time where nothing is promised.
	Promise(from time.Time, s row.Severity) time.Time
	// NextDigest is the first digest after an instant.
	NextDigest(after time.Time, c Cadence) time.Time
	// Limits are the figures of this room at an instant.
	Limits(at time.Time) Limits
}

// Limits are figures that a city may set.
type Limits struct {
	StormOrganisations int           // one cause about to warn more of them is held: 20
	StormWindow        time.Duration // within: 1 h
	StormFactor        int           // a delivery that opens more than so many times the busiest is held: 3
	StormDeliveries    int           // of so many deliveries before it: 14
	StormFloor         int64         // and opens at least: 200
	Join               time.Duration // single findings join a warning that is younger: 10 min
	Expire             time.Duration // a warning older than this means nothing any more: 180 days
	Reminders          int           // how often one is reminded: 3
}

// DefaultLimits are the limits of a fresh installation (HOUSE §6).
func DefaultLimits() Limits {
	return Limits{
		StormOrganisations: 20, StormWindow: time.Hour, StormFactor: 3, StormDeliveries: 14, StormFloor: 200,
		Join: 10 * time.Minute, Expire: 180 * 24 * time.Hour, Reminders: 3,
	}
}
