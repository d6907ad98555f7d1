package app

import (
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/regime"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// The types here say in room warning's words what its neighbours know.

// problems are the findings.
type problems struct{ room *finding.Room }

func selection(s warning.Selection) finding.Selection {
	return finding.Selection{
		Advisory: s.Advisory,
		Finding:  finding.ID(s.Finding), Document: s.Document, Organisation: s.Organisation, After: finding.ID(s.After), Limit: s.Limit,
	}
}

func told(all []finding.Finding) []warning.Finding {
	out := make([]warning.Finding, len(all))
	for i, f := range all {
		out[i] = warning.Finding{
			ID: int64(f.ID), Organisation: f.Organisation, System: f.System, Realm: f.Realm, Asset: string(f.Asset), Kind: f.Kind,
			Discriminator: f.Discriminator, Severity: f.Severity, TLP: f.TLP, FirstSeen: f.FirstSeen, LastSeen: f.LastSeen, OpenedAt: f.OpenedAt,
			Count: f.Count, Sources: f.Sources, Cause: f.Cause, Rule: f.Rule, Probability: f.Probability, Document: f.Document, Warning: f.Warning,
			Over: !f.Live(), Advisory: f.Advisory, Weakness: weakness(f.Detail),
		}
	}
	return out
}

// weakness is a detail in room warning's words.
func weakness(d *finding.Detail) *warning.Weakness {
	if d == nil {
		return nil
	}
	w := &warning.Weakness{
		Advisory: d.Advisory, Title: d.Title, Count: d.Count, Exploited: d.Exploited, FixBy: d.FixBy, Ends: d.Ends, Remedies: d.Remedies,
	}
	for _, m := range d.Machines {
		if name := strings.TrimSpace(m.Hostname + " " + m.Version); name != "" {
			w.Machines = append(w.Machines, name)
		}
	}
	return w
}

func (p problems) Waiting(tx *db.Tx, s warning.Selection, after int64, limit int) ([]int64, error) {
	return p.room.Waiting(tx, selection(s), after, limit)
}

func (p problems) Unwarned(tx *db.Tx, s warning.Selection) ([]warning.Finding, error) {
	found, err := p.room.Unwarned(tx, selection(s))
	return told(found), err
}

func (p problems) Spread(tx *db.Tx, s warning.Selection) ([]warning.Spread, error) {
	found, err := p.room.Spread(tx, selection(s))
	out := make([]warning.Spread, len(found))
	for i, f := range found {
		out[i] = warning.Spread(f)
	}
	return out, err
}

func (p problems) Warned(tx *db.Tx, id int64, ids []int64) error {
	all := make([]finding.ID, len(ids))
	for i, n := range ids {
		all[i] = finding.ID(n)
	}
	return p.room.Warned(tx, id, all)
}

func (p problems) OfWarning(tx *db.Tx, id int64, limit int) ([]warning.Finding, error) {
	found, err := p.room.OfWarning(tx, id, limit)
	return told(found), err
}

func (p problems) LiveOf(tx *db.Tx, id int64) (int64, error) { return p.room.LiveOf(tx, id) }

func (p problems) IDsOf(tx *db.Tx, warnings []int64) (map[int64][]int64, error) {
	found, err := p.room.IDsOf(tx, warnings)
	out := make(map[int64][]int64, len(found))
	for w, ids := range found {
		for _, id := range ids {
			out[w] = append(out[w], int64(id))
		}
	}
	return out, err
}

func (p problems) WarningOf(tx *db.Tx, id int64) (int64, error) {
	return p.room.WarningOf(tx, finding.ID(id))
}

func (p problems) Acknowledged(tx *db.Tx, id int64, by string) error {
	return p.room.Acknowledged(tx, id, by)
}

func (p problems) RaiseNoContact(tx *db.Tx, organisation int64) error {
	return p.room.RaiseNoContact(tx, organisation)
}

func (p problems) ClearNoContact(tx *db.Tx, organisation int64) error {
	return p.room.ClearNoContact(tx, organisation)
}

// bodies are the organisations.
type bodies struct{ room *estate.Room }

func (b bodies) Organisation(_ *db.Tx, id int64) (warning.Organisation, error) {
	o, err := b.room.Forest().Organisation(id)
	if err != nil {
		return warning.Organisation{}, err
	}
	var parent int64
	if o.Parent != "" {
		if parent, err = b.room.ByCode(o.Parent); err != nil {
			return warning.Organisation{}, err
		}
	}
	return warning.Organisation{ID: id, Code: o.Code, NameVI: o.NameVI, NameEN: o.NameEN, Kind: o.Kind, Tier: o.Tier, Parent: parent}, nil
}

func (b bodies) Contacts(tx *db.Tx, organisation int64) ([]warning.Contact, error) {
	found, err := b.room.Contacts(tx, organisation)
	out := make([]warning.Contact, len(found))
	for i, c := range found {
		out[i] = warning.Contact{
			Organisation: organisation, Name: c.Name, Email: c.Email, Phone: c.Phone, Role: c.Role, Language: c.Language, Order: c.Order,
			Person: c.Person == "yes", Shared: c.Person == "no",
		}
	}
	return out, err
}

// rosters are who is on duty.
type rosters struct{ room *duty.Room }

func (r rosters) OnDuty(tx *db.Tx, at time.Time) ([]warning.Contact, error) {
	shifts, err := r.room.On(tx, at)
	var out []warning.Contact
	for _, s := range shifts {
		out = append(out, warning.Contact{Name: s.Name, Email: s.Email, Phone: s.Phone, Role: "duty", Language: "vi", Order: s.Level, Person: true})
	}
	return out, err
}

func (r rosters) Call(tx *db.Tx, c warning.CallLine) error {
	var lines []duty.Line
	for _, w := range c.Whom {
		lines = append(lines, duty.Line{
			About: c.Subject, Organisation: c.Organisation, Name: w.Name, Phone: w.Phone, Email: w.Email, Urgency: int(row.Critical - c.Severity),
			Reason: duty.Reason(c.Reason), Detail: c.Detail, Due: c.Due,
		})
	}
	if len(lines) == 0 {
		return nil
	}
	_, err := r.room.RaiseCalls(tx, auth.Stage("warn"), lines...)
	return err
}

func (r rosters) Drop(tx *db.Tx, who auth.Actor, subject string) error {
	_, err := r.room.DropCalls(tx, who, subject)
	return err
}

// sources are whoever gives us information.
type sources struct{ room *intake.Room }

func (s sources) SourceName(tx *db.Tx, id int64) (string, error) {
	found, err := s.room.ByID(tx, id)
	return found.Name, err
}

func (s sources) ReceivedAt(tx *db.Tx, document int64) (time.Time, error) {
	found, err := s.room.Load(tx, document)
	return found.Received, err
}

// law is the regime.
type law struct{ regime *regime.Regime }

func (l law) AckDue(from time.Time, s row.Severity) time.Time {
	return l.regime.AckDue(s.String(), from)
}

func (l law) RemedyDue(from time.Time, s row.Severity) time.Time {
	return l.regime.RemedyDue(s.String(), from)
}

func (l law) Promise(from time.Time, s row.Severity) time.Time {
	promise, ok := l.regime.Promise(s.String())
	if !ok {
		return time.Time{}
	}
	return l.regime.Due(promise.Handed, from)
}

func (l law) NextDigest(after time.Time, c warning.Cadence) time.Time {
	if c == warning.Weekly {
		return l.regime.NextDigest(row.Low.String(), after)
	}
	return l.regime.NextDigest(row.Medium.String(), after)
}

func (l law) Limits(time.Time) warning.Limits {
	limits, brake := warning.DefaultLimits(), l.regime.Brake()
	limits.StormOrganisations, limits.StormWindow = brake.Organisations, brake.Window.Plain()
	limits.StormFactor, limits.StormDeliveries, limits.StormFloor = brake.Times, brake.Deliveries, int64(brake.AtLeast)
	return limits
}

// quiet is what makes a source a witness for a kind.
func (l law) quiet(kind row.Kind) finding.Quiet {
	rule := l.regime.Quiet(string(kind))
	return finding.Quiet{Period: rule.Period.Plain(), Deliveries: int64(rule.Deliveries)}
}
