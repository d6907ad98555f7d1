package deliver_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/envelope"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
	"tocsin/internal/watch/warning/warningtest"
)

func TestWhatIsWrongWithTheWayToPeople(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	limits := deliver.HealthLimits{Silence: 90 * 24 * time.Hour, Key: 30 * 24 * time.Hour}
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	key := func(n int) estate.ContactKey {
		ends, trouble := day(n), envelope.Sound
		if n <= 0 {
			trouble = envelope.Expired
		}
		return estate.ContactKey{Kind: envelope.PGP, EndsAt: &ends, Trouble: trouble}
	}
	of := func(hours string, keys ...estate.ContactKey) []estate.Contact {
		return []estate.Contact{{ID: "C1", Email: "Lan@ward.example", Hours: hours, Keys: keys}}
	}
	office := "Mon-Fri 07:30-17:00"
	reached := func(contacts []estate.Contact, vital ...string) deliver.Reach {
		return deliver.Reach{Reached: estate.Reached{Organisation: estate.Organisation{ID: 7}, Contacts: contacts, Vital: vital}}
	}
	with := func(r deliver.Reach, change func(*deliver.Reach)) deliver.Reach { change(&r); return r }
	bounced := func(r *deliver.Reach) { r.Bounced = map[string]time.Time{"lan@ward.example": day(-3)} }
	type said struct {
		kind     deliver.Ailment
		severity row.Severity
		since    time.Time
	}
	for name, c := range map[string]struct {
		in   deliver.Reach
		want []said
	}{
		"a contact in office hours and nothing vital": {reached(of(office)), nil},
		"nobody": {reached(nil), []said{{deliver.NoContact, row.High, time.Time{}}}},
		"nobody for a vital system is said once and graver": {reached(nil, "HT-1"), []said{{deliver.NoContact, row.Critical, time.Time{}}}},
		"a vital system and office hours":                   {reached(of(office), "HT-1"), []said{{deliver.OfficeHours, row.High, time.Time{}}}},
		"a vital system and unknown hours":                  {reached(of(""), "HT-1"), []said{{deliver.OfficeHours, row.High, time.Time{}}}},
		"a vital system and somebody round the clock":       {reached(of("24x7"), "HT-1"), nil},
		"the only address bounces, whatever its case":       {with(reached(of(office)), bounced), []said{{deliver.Bounces, row.High, day(-3)}}},
		"one address of two bounces": {
			with(reached(append(of(office), estate.Contact{ID: "C2", Email: "b@ward.example"})), bounced),
			[]said{{deliver.Bounces, row.Medium, day(-3)}},
		},
		"silence": {
			with(reached(of(office)), func(r *deliver.Reach) { r.Silence = warning.Silence{Asked: 2, Since: day(-40)} }),
			[]said{{deliver.Silent, row.High, day(-40)}},
		},
		"one answer is no silence": {
			with(reached(of(office)), func(r *deliver.Reach) { r.Silence = warning.Silence{Asked: 9, Answered: 1, Since: day(-40)} }), nil,
		},
		"a key that is over":            {reached(of(office, key(-1))), []said{{deliver.KeyOver, row.Medium, day(-1)}}},
		"a key that ends soon":          {reached(of(office, key(29))), []said{{deliver.KeyEnding, row.Low, day(29)}}},
		"a key that lasts":              {reached(of(office, key(31))), nil},
		"an old key beside a new":       {reached(of(office, key(-1), key(400))), nil},
		"an old key beside an endless":  {reached(of(office, key(-1), estate.ContactKey{Kind: envelope.SMIME})), nil},
		"a key that could never be":     {reached(of(office, estate.ContactKey{Kind: envelope.PGP, Trouble: envelope.Unusable})), nil},
		"an old key beside a bad other": {reached(of(office, estate.ContactKey{Trouble: envelope.Revoked}, key(-2))), []said{{deliver.KeyOver, row.Medium, day(-2)}}},
	} {
		var got []said
		for _, x := range c.in.Complaints(now, limits) {
			got = append(got, said{x.Kind, x.Severity, x.Since})
			if x.Organisation != 7 {
				t.Errorf("%s: of organisation %d", name, x.Organisation)
			}
			if !slices.Contains(deliver.Ailments(), x.Kind) {
				t.Errorf("%s: kind %q is not in the list", name, x.Kind)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// addresses are bodies with one contact each.
type addresses map[int64]string

func (a addresses) Reached(_ *db.Tx, scope auth.Scope) (all []estate.Reached, err error) {
	for _, id := range slices.Sorted(maps.Keys(a)) {
		if scope.Has(id) {
			all = append(all, estate.Reached{
				Organisation: estate.Organisation{ID: id, Code: fmt.Sprintf("PX%03d", id)},
				Contacts:     []estate.Contact{{ID: "C1", Email: a[id]}},
			})
		}
	}
	return all, nil
}

func TestHealthIsReadFromWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Body(30, 1, "1 refuse@px.example")
		c.Body(31, 1, "1 busy@px.example") // not now, which is not never
		c.Deliver(1, warningtest.Problem{Organisation: 30}, warningtest.Problem{Organisation: 31}, warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 11})
		c.Settle()
		if _, err := c.Room.Acknowledge(t.Context(), warningtest.Officer("a@px.example", 11), warningOf(t, c, 11)); err != nil {
			t.Fatal(err)
		}
		c.Clock.Advance(20 * 24 * time.Hour) // every time to answer is over
		c.deps.Bodies = addresses{10: "cntt10@px.example", 11: "cntt11@px.example", 12: "cntt12@px.example", 30: "Refuse@px.example", 31: "busy@px.example"}
		c.deps.Limits = deliver.HealthLimits{Silence: 90 * 24 * time.Hour, Key: 30 * 24 * time.Hour}
		post := deliver.New(c.deps)
		said := func(a auth.Actor, q deliver.HealthQuery) (out []string) {
			t.Helper()
			all, err := post.Health(t.Context(), a, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range all {
				if h.Since == nil || h.Todo == "" {
					t.Errorf("%+v", h)
				}
				out = append(out, h.Organisation+" "+string(h.Kind))
			}
			return out
		}
		for name, x := range map[string]struct{ got, want []string }{
			"all":       {said(warningtest.Centre(), deliver.HealthQuery{}), []string{"PX010 silent", "PX030 bounced", "PX030 silent", "PX031 silent"}},
			"one kind":  {said(warningtest.Centre(), deliver.HealthQuery{Kinds: []deliver.Ailment{deliver.Bounces}}), []string{"PX030 bounced"}},
			"one body":  {said(warningtest.Centre(), deliver.HealthQuery{Organisation: 31}), []string{"PX031 silent"}},
			"their own": {said(warningtest.Officer("a@px.example", 10), deliver.HealthQuery{}), []string{"PX010 silent"}},
			"not own":   {said(warningtest.Officer("a@px.example", 10), deliver.HealthQuery{Organisation: 30}), nil},
		} {
			if !slices.Equal(x.got, x.want) {
				t.Errorf("%s: %v, want %v", name, x.got, x.want)
			}
		}
		c.Clock.Advance(80 * 24 * time.Hour)
		if got := said(warningtest.Centre(), deliver.HealthQuery{Kinds: []deliver.Ailment{deliver.Silent}}); len(got) != 0 {
			t.Errorf("what is older than the limit counts still: %v", got)
		}
	})
}

// warningOf is the one warning of an organisation.
func warningOf(t *testing.T, c *town, organisation int64) warning.ID {
	t.Helper()
	for _, v := range c.List() {
		if v.Warning.Organisation == organisation {
			return v.Warning.ID
		}
	}
	t.Fatalf("organisation %d has no warning", organisation)
	return 0
}
