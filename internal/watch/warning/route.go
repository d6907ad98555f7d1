package warning

import (
	"slices"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// A Cadence is when a warning goes out.
type Cadence string

// The cadences.
const (
	Now    Cadence = "now"
	Daily  Cadence = "daily"
	Weekly Cadence = "weekly"
	Never  Cadence = "never" // shown on the watch floor, told to nobody
)

// A Channel is a way to reach somebody (CONTRACT, JSON keys).
type Channel string

// The channels.
const (
	ByMail    Channel = "mail"
	ByLetter  Channel = "letter"
	ByCall    Channel = "call"
	ByWebhook Channel = "webhook"
	ByPortal  Channel = "portal"
)

// Channels are all channels.
func Channels() []Channel { return []Channel{ByMail, ByLetter, ByCall, ByWebhook, ByPortal} }

// A Rule is one row of the routing table. For each thing that is to be decided,
// the first rule by place whose When holds and whose Then speaks of it decides;
// extra recipients of all rules that hold are added up.
type Rule struct {
	ID    int64  `json:"id"`
	Place int    `json:"place"` // rules are asked in this order
	Name  string `json:"name"`
	When  When   `json:"when"`
	Then  Then   `json:"then"`
}

// When says to what a rule applies: all fields must hold, and an empty one does.
type When struct {
	Organisations []string       `json:"organisations,omitempty"` // codes
	Kinds         []string       `json:"kinds,omitempty"`         // of organisation
	Tiers         []string       `json:"tiers,omitempty"`
	Problems      []row.Kind     `json:"problems,omitempty"`
	Severities    []row.Severity `json:"severities,omitempty"`
	Sources       []int64        `json:"sources,omitempty"`
}

// Then says what a rule decides; an empty field decides nothing.
type Then struct {
	Timing   Cadence   `json:"timing,omitempty"`
	Contacts string    `json:"contacts,omitempty"` // "first", "all", or "role:" and a role to be told first
	Channels []Channel `json:"channels,omitempty"`
	Extra    []Extra   `json:"extra,omitempty"`
	Hold     bool      `json:"hold,omitempty"` // a person looks at it before it goes out
}

// An Extra is a recipient beside the organisation's own contacts.
type Extra struct {
	Name     string   `json:"name"`
	Email    string   `json:"email"`
	Language string   `json:"language,omitempty"`
	As       Relation `json:"as,omitempty"` // what the markings count it as; "" is community
}

// A Case is what is to be routed.
type Case struct {
	Organisation Organisation
	Problems     []row.Kind
	Severity     row.Severity
	Sources      []int64
}

// A Decision is how a case is routed, and which rule decided each part.
type Decision struct {
	Timing   Cadence
	Contacts string
	Channels []Channel
	Extra    []Extra
	Hold     string            // the name of the rule that wants a person, "" when none does
	Because  map[string]string // part to rule: "timing", "contacts", "channels", "hold"
}

// Route decides how a case is told. Rules are in the order of their places. What
// no rule decides is decided as for a fresh installation's critical warning: at
// once, to the first contacts, by mail; a table with a hole must not silence.
func Route(rules []Rule, c Case) Decision {
	d := Decision{Because: map[string]string{}}
	for _, r := range rules {
		if !r.When.holds(c) {
			continue
		}
		if d.Timing == "" && r.Then.Timing != "" {
			d.Timing, d.Because["timing"] = r.Then.Timing, r.Name
		}
		if d.Contacts == "" && r.Then.Contacts != "" {
			d.Contacts, d.Because["contacts"] = r.Then.Contacts, r.Name
		}
		if d.Channels == nil && r.Then.Channels != nil {
			d.Channels, d.Because["channels"] = r.Then.Channels, r.Name
		}
		if d.Hold == "" && r.Then.Hold {
			d.Hold, d.Because["hold"] = r.Name, r.Name
		}
		d.Extra = append(d.Extra, r.Then.Extra...)
	}
	if d.Timing == "" {
		d.Timing = Now
	}
	if d.Contacts == "" {
		d.Contacts = "first"
	}
	if d.Channels == nil {
		d.Channels = []Channel{ByMail}
	}
	return d
}

func (w When) holds(c Case) bool {
	return among(w.Organisations, c.Organisation.Code) && among(w.Kinds, c.Organisation.Kind) &&
		among(w.Tiers, c.Organisation.Tier) && among(w.Problems, c.Problems...) &&
		among(w.Severities, c.Severity) && among(w.Sources, c.Sources...)
}

// among says whether a condition holds: it is empty, or names one of the values.
func among[T comparable](wanted []T, values ...T) bool {
	if len(wanted) == 0 {
		return true
	}
	return slices.ContainsFunc(values, func(v T) bool { return slices.Contains(wanted, v) })
}

// check says what is wrong with a rule.
func (r Rule) check() error {
	var places []errs.Place
	bad := func(field, reason string) { places = append(places, errs.Place{Field: field, Reason: reason}) }
	if strings.TrimSpace(r.Name) == "" {
		bad("name", "a rule has a name")
	}
	switch r.Then.Timing {
	case "", Now, Daily, Weekly, Never:
	default:
		bad("then.timing", "want now, daily, weekly or never")
	}
	if c := r.Then.Contacts; c != "" && c != "first" && c != "all" && (!strings.HasPrefix(c, "role:") || c == "role:") {
		bad("then.contacts", "want first, all or role:ROLE")
	}
	for _, c := range r.Then.Channels {
		if !slices.Contains(Channels(), c) {
			bad("then.channels", "want mail, letter, call, webhook or portal")
		}
	}
	for _, k := range r.When.Problems {
		if !k.Valid() {
			bad("when.problems", "no such kind of finding: "+string(k))
		}
	}
	for _, e := range r.Then.Extra {
		if !validMail(e.Email) {
			bad("then.extra", "not an e-mail address: "+e.Email)
		}
		if !slices.Contains(append(relations(), ""), e.As) {
			bad("then.extra", "want concerned, above, client or community")
		}
	}
	if len(places) > 0 {
		return errs.At(errs.Invalid, places, "routing rule %q", r.Name)
	}
	return nil
}

func relations() []Relation { return []Relation{Concerned, Above, Client, Community} }
