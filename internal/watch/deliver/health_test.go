package deliver_test

import (
	"slices"
	"testing"
	"time"

	"tocsin/internal/base/envelope"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
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
