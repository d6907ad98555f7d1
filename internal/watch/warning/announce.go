package warning

import (
	"slices"

	"tocsin/internal/base/db"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// An Announcement is what the centre tells an organisation beside warnings: it
// asks for no answer, so nothing climbs and no clock runs.
type Announcement struct {
	Organisation int64
	Severity     row.Severity
	Marking      tlp.Marking
	Problems     []row.Kind // what it is about, for the routing; may be none
	As           Relation   // what the organisation is to it: Concerned or Client
}

// An Audience is whom an announcement reaches at one organisation.
type Audience struct {
	To       []Addressee
	Withheld []Withheld // what the marking kept back
	Silenced string     // the rule of routing that tells it nothing, "" for none
	Deaf     bool       // it has nobody to tell
}

// An Announcer routes announcements by the rules of one moment.
type Announcer struct {
	room  *Room
	tx    *db.Tx
	rules []Rule
}

// Announcer reads the rules of routing.
func (r *Room) Announcer(tx *db.Tx) (*Announcer, error) {
	rules, err := r.rules(tx)
	return &Announcer{r, tx, rules}, err
}

// Reach says who is told. The routing says which contacts, by which channel, and
// who beside them; when is whoever announces to say, and a rule that holds
// warnings for a person does not hold what a person has approved. What
// the routing sends as letter, call or webhook goes by mail: those carry warnings
// only.
func (a *Announcer) Reach(n Announcement) (out Audience, err error) {
	o, err := a.room.Estate.Organisation(a.tx, n.Organisation)
	if err != nil {
		return out, err
	}
	d := Route(a.rules, Case{Organisation: o, Problems: n.Problems, Severity: n.Severity})
	if d.Timing == Never {
		out.Silenced = d.Because["timing"]
		return out, nil
	}
	reach, err := a.room.reach(a.tx, o, d.Contacts)
	if err != nil {
		return out, err
	}
	own := reach.Own
	if d.Contacts != "all" {
		own = lowest(own)
	}
	var channels []Channel
	for _, c := range d.Channels {
		if c != ByPortal {
			c = ByMail
		}
		if !slices.Contains(channels, c) {
			channels = append(channels, c)
		}
	}
	var to []Addressee
	add := func(c Contact, as Relation, channel Channel) {
		to = append(to, Addressee{Name: c.Name, Email: c.Email, Phone: c.Phone, Language: c.Language, Organisation: c.Organisation, Relation: as, Channel: channel})
	}
	for _, c := range own {
		for _, channel := range channels {
			add(c, n.As, channel)
		}
	}
	for _, e := range d.Extra {
		as := e.As
		if as == "" {
			as = Community
		}
		add(Contact{Name: e.Name, Email: e.Email, Language: e.Language, Organisation: n.Organisation}, as, ByMail)
	}
	out.Deaf = len(own) == 0
	out.To, out.Withheld = sieve(n.Marking, to)
	return out, nil
}
