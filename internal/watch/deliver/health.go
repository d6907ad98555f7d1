package deliver

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/envelope"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// An Ailment is what is wrong with the way to an organisation's people, known
// before the crisis in which it would show.
type Ailment string

// The ailments.
const (
	NoContact   Ailment = "no-contact"   // there is nobody to warn
	Bounces     Ailment = "bounced"      // mail to an address did not arrive, and none has since
	Silent      Ailment = "silent"       // none of its warnings was ever acknowledged
	OfficeHours Ailment = "no-24x7"      // a vital system, and nobody round the clock
	KeyOver     Ailment = "key-expired"  // mail goes out as a notice without content
	KeyEnding   Ailment = "key-expiring" // it soon will
)

// Ailments are all ailments.
func Ailments() []Ailment {
	return []Ailment{NoContact, Bounces, Silent, OfficeHours, KeyOver, KeyEnding}
}

// HealthLimits are the limits of health, round the clock. They are the city's
// (regime, rule health).
type HealthLimits struct {
	Silence time.Duration // of so long the warnings are looked at
	Key     time.Duration // a key that expires sooner is told of
}

// A Complaint is one thing that is wrong.
type Complaint struct {
	Organisation int64
	Contact      estate.ID // "" where it is about the organisation
	Email        string    // of the contact
	Kind         Ailment
	Severity     row.Severity
	Since        time.Time // zero where nobody knows; of a key when it expires
	Count        int       // of warnings without an answer, else 0
}

// A Health is a complaint as faces show it. What to do is said by the key
// deliver.health.todo.KIND of the catalogues.
type Health struct {
	Organisation string     `json:"organisation"` // code
	Contact      string     `json:"contact"`      // id, "" where it is about the organisation
	Email        string     `json:"email"`
	Kind         Ailment    `json:"kind"`
	Severity     string     `json:"severity"`
	Since        *time.Time `json:"since"` // of a key when it expires; null where nobody knows
	Count        int        `json:"count"`
	Todo         string     `json:"todo"`

	Complaint Complaint `json:"-"`
}

// A Reach is what is known of the way to an organisation.
type Reach struct {
	estate.Reached

	Bounced map[string]time.Time // by address in lower case: since when mail does not arrive
	Silence warning.Silence
}

// Complaints are what is wrong with the way to an organisation at an instant.
// What a vital system hangs on is a step graver.
func (r Reach) Complaints(now time.Time, l HealthLimits) []Complaint {
	var all []Complaint
	complain := func(c Complaint) {
		c.Organisation = r.Organisation.ID
		all = append(all, c)
	}
	grave := row.High
	if len(r.Vital) > 0 {
		grave = row.Critical
	}
	if len(r.Contacts) == 0 {
		complain(Complaint{Kind: NoContact, Severity: grave})
		return all
	}
	var lost int
	for _, c := range r.Contacts {
		if _, ok := r.Bounced[strings.ToLower(c.Email)]; ok {
			lost++
		}
	}
	for _, c := range r.Contacts {
		if since, ok := r.Bounced[strings.ToLower(c.Email)]; ok {
			severity := row.Medium
			if lost == len(r.Contacts) {
				severity = grave // nobody is left who gets mail
			}
			complain(Complaint{Contact: c.ID, Email: c.Email, Kind: Bounces, Severity: severity, Since: since})
		}
	}
	if r.Silence.Asked > 0 && r.Silence.Answered == 0 {
		complain(Complaint{Kind: Silent, Severity: grave, Since: r.Silence.Since, Count: r.Silence.Asked})
	}
	if len(r.Vital) > 0 && !slices.ContainsFunc(r.Contacts, func(c estate.Contact) bool { return c.Hours == "24x7" }) {
		complain(Complaint{Kind: OfficeHours, Severity: row.High})
	}
	for _, c := range r.Contacts {
		if kind, ends := keyAilment(c.Keys, now, l.Key); kind != "" {
			severity := row.Low
			if kind == KeyOver {
				severity = row.Medium
			}
			complain(Complaint{Contact: c.ID, Email: c.Email, Kind: kind, Severity: severity, Since: ends})
		}
	}
	return all
}

// keyAilment judges a contact's keys as mail does: the one that is good for
// longest counts, for the first that can be used is used. "" is nothing to say.
func keyAilment(keys []estate.ContactKey, now time.Time, soon time.Duration) (Ailment, time.Time) {
	var last time.Time
	for _, k := range keys {
		switch {
		case k.Trouble != envelope.Sound && k.Trouble != envelope.Expired:
			continue // it never could be used, or was called back: the contact's page says so
		case k.EndsAt == nil:
			return "", time.Time{}
		case k.EndsAt.After(last):
			last = *k.EndsAt
		}
	}
	switch {
	case last.IsZero():
		return "", last
	case !last.After(now):
		return KeyOver, last
	case last.Before(now.Add(soon)):
		return KeyEnding, last
	}
	return "", time.Time{}
}

// Bodies knows who is to be reached, inside the caller's bracket.
type Bodies interface {
	Reached(tx *db.Tx, scope auth.Scope) ([]estate.Reached, error)
}

// A HealthQuery selects complaints. The zero value of a field does not restrict.
type HealthQuery struct {
	Kinds        []Ailment
	Organisation int64
	Language     string // of Todo
}

// Health is what is wrong with the ways to the organisations of the scope,
// gravest first. Errors are Denied.
func (r *Room) Health(ctx context.Context, a auth.Actor, q HealthQuery) ([]Health, error) {
	for _, act := range []auth.Act{auth.ContactView, auth.WarningView, auth.DeliveryView} {
		if err := auth.May(a, act); err != nil {
			return nil, err
		}
	}
	out := []Health{}
	if r.Bodies == nil {
		return out, nil
	}
	v := r.Texts.In(q.Language)
	now := r.Clock.Now()
	if q.Organisation != 0 {
		a.Scope = a.Scope.And(auth.Only(q.Organisation))
	}
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		bodies, err := r.Bodies.Reached(tx, a.Scope)
		if err != nil {
			return err
		}
		silences, err := r.Warnings.Silences(tx, a, now.Add(-r.Limits.Silence))
		if err != nil {
			return err
		}
		bounced, err := bouncedOf(tx, a.Scope)
		if err != nil {
			return err
		}
		for _, b := range bodies {
			reach := Reach{Reached: b, Bounced: bounced, Silence: silences[b.Organisation.ID]}
			for _, c := range reach.Complaints(now, r.Limits) {
				if len(q.Kinds) > 0 && !slices.Contains(q.Kinds, c.Kind) {
					continue
				}
				out = append(out, Health{
					Organisation: b.Organisation.Code, Contact: string(c.Contact), Email: c.Email, Kind: c.Kind, Severity: c.Severity.String(),
					Since: instant(c.Since), Count: c.Count, Todo: v.T("deliver.health.todo." + string(c.Kind)), Complaint: c,
				})
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Health) int { return cmp.Compare(b.Complaint.Severity, a.Complaint.Severity) })
	return out, err
}

// bouncedOf are the addresses to which mail does not arrive any more, in lower
// case, each with when that began. A server that took a mail counts until it
// sends it back. What failed without an answer of a server, because a marking
// stopped it or our own line was down, says nothing of the address.
func bouncedOf(tx *db.Tx, scope auth.Scope) (map[string]time.Time, error) {
	var lost []struct {
		ID      int64  `db:"id"`
		Email   string `db:"email"`
		Created int64  `db:"created"`
	}
	err := tx.Select(&lost, `SELECT id, LOWER(recipient) AS email, created FROM delivery
		WHERE (state = 'bounced' OR (state = 'failed' AND (reply LIKE '4%' OR reply LIKE '5%'))) AND channel = 'mail' AND recipient <> '' AND `+scope.SQL("organisation")+` ORDER BY id`)
	if err != nil || len(lost) == 0 {
		return nil, err
	}
	var arrived []struct {
		Email string `db:"email"`
		Last  int64  `db:"last"`
	}
	err = tx.Select(&arrived, `SELECT LOWER(recipient) AS email, MAX(id) AS last FROM delivery
		WHERE state IN ('handed_over', 'delivered', 'acknowledged') AND channel = 'mail' AND handed > 0 AND id > $1 AND `+scope.SQL("organisation")+`
		GROUP BY LOWER(recipient)`, lost[0].ID)
	if err != nil {
		return nil, err
	}
	last := make(map[string]int64, len(arrived))
	for _, a := range arrived {
		last[a.Email] = a.Last
	}
	out := map[string]time.Time{}
	for _, l := range lost {
		if _, known := out[l.Email]; !known && l.ID > last[l.Email] {
			out[l.Email] = db.Time(l.Created)
		}
	}
	return out, nil
}
