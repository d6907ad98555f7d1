package regime_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
	"tocsin/internal/city/regime"
)

func load(t testing.TB, override string) *regime.Regime {
	t.Helper()
	r, err := regime.Load([]byte(override))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// at reads a time of the city.
func at(t testing.TB, r *regime.Regime, text string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04", text, r.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func stands(t *testing.T, r *regime.Regime, what string, got time.Time, want string) {
	t.Helper()
	text := "never"
	if !got.IsZero() {
		text = got.In(r.Zone()).Format("2006-01-02 15:04")
	}
	if text != want {
		t.Errorf("%s: got %s, want %s", what, text, want)
	}
}

func TestTheClocksOfAFreshInstallation(t *testing.T) {
	r := load(t, "")
	for _, c := range []struct{ severity, from, ack, why string }{
		{"critical", "2026-03-10 10:00", "2026-03-10 11:00", "one hour"},
		{"critical", "2026-02-16 23:30", "2026-02-17 00:30", "one hour round the clock, on the eve of Tết too"},
		{"high", "2026-03-10 08:00", "2026-03-10 13:30", "four working hours with the midday break between"},
		{"high", "2026-03-10 07:30", "2026-03-10 11:30", "ends with the morning"},
		{"high", "2026-03-13 15:00", "2026-03-16 09:30", "over a weekend"},
		{"high", "2026-03-13 20:00", "2026-03-16 11:30", "begins when offices open"},
		{"high", "2026-02-13 16:00", "2026-02-23 10:30", "over Tết"},
		{"high", "2026-08-21 16:00", "2026-08-22 10:30", "the Saturday worked for 31 August counts"},
		{"high", "2026-08-28 16:00", "2026-09-03 10:30", "over National Day and the day exchanged"},
		{"medium", "2026-03-10 09:00", "2026-03-12 17:00", "two working days after the day it came"},
		{"medium", "2026-03-13 09:00", "2026-03-17 17:00", "over a weekend"},
		{"medium", "2026-03-14 09:00", "2026-03-17 17:00", "from a Saturday"},
		{"low", "2026-02-11 09:00", "2026-03-04 17:00", "ten working days over Tết"},
		{"info", "2026-03-10 09:00", "never", "no clock"},
		{"unheard-of", "2026-03-10 10:00", "2026-03-10 11:00", "a severity without a rule gets the strictest"},
	} {
		stands(t, r, c.severity+" from "+c.from+", "+c.why, r.AckDue(c.severity, at(t, r, c.from)), c.ack)
	}
	stands(t, r, "remedy of critical", r.RemedyDue("critical", at(t, r, "2026-03-10 10:00")), "2026-03-13 10:00")
	stands(t, r, "remedy of high", r.RemedyDue("high", at(t, r, "2026-03-10 10:00")), "2026-03-17 17:00")
	stands(t, r, "a step", r.StepDue("critical", at(t, r, "2026-03-10 11:00")), "2026-03-10 12:00")
	if got := strings.Join(r.Steps().To, " "); got != "next-contact parent duty-list" {
		t.Errorf("steps: %s", got)
	}
}

func TestDigestsGoOutInTheMorning(t *testing.T) {
	r := load(t, "")
	for _, c := range []struct{ severity, after, want string }{
		{"critical", "2026-03-10 03:12", "2026-03-10 03:12"},
		{"high", "2026-03-10 03:12", "2026-03-10 03:12"},
		{"medium", "2026-03-10 03:12", "2026-03-10 08:00"},
		{"medium", "2026-03-10 08:00", "2026-03-11 08:00"},
		{"medium", "2026-03-13 09:00", "2026-03-14 08:00"},
		{"low", "2026-03-10 03:12", "2026-03-16 08:00"},
		{"low", "2026-03-16 07:59", "2026-03-16 08:00"},
		{"info", "2026-03-16 08:00", "2026-03-23 08:00"},
		{"unheard-of", "2026-03-16 08:00", "2026-03-16 08:00"},
	} {
		stands(t, r, c.severity+" after "+c.after, r.NextDigest(c.severity, at(t, r, c.after)), c.want)
	}
}

func TestTheBrakeHoldsAStormAndLetsADailyReportPass(t *testing.T) {
	b := load(t, "").Brake()
	if held, _ := b.HoldsSpread(20); held {
		t.Error("20 organisations are held")
	}
	if held, reason := b.HoldsSpread(21); !held || reason != "regime.brake.spread" {
		t.Error("21 organisations pass")
	}
	for _, c := range []struct {
		why     string
		opened  int
		earlier []int
		held    bool
	}{
		{"a first delivery has nothing to be compared with", 5000, nil, false},
		{"an ordinary day", 300, []int{280, 310, 290}, false},
		{"three times the busiest passes", 900, []int{300, 10}, false},
		{"more than three times the busiest is held", 901, []int{300, 10}, true},
		{"below 200 nothing is a storm", 199, []int{1, 1}, false},
		{"200 can be one", 200, []int{1, 1}, true},
		{"after days without anything new too", 200, []int{0, 0}, true},
		{"only the last 14 deliveries count", 400, append([]int{1000}, make([]int, 14)...), true},
		{"the 14th last still counts", 400, append([]int{1000}, make([]int, 13)...), false},
	} {
		if held, _ := b.HoldsSource(c.opened, c.earlier); held != c.held {
			t.Errorf("%s: held is %v", c.why, held)
		}
	}
}

func TestAWitnessWaitsAsLongAsTheKindAsks(t *testing.T) {
	r := load(t, "")
	for kind, want := range map[string]time.Duration{
		"malware": 72 * time.Hour, "exposed-service": 48 * time.Hour, "service-down": time.Hour, "no-contact": 0, "unheard-of": 72 * time.Hour,
	} {
		if q := r.Quiet(kind); q.Period.Plain() != want || q.Kind != kind {
			t.Errorf("%s: %v for %s", kind, q.Period.Plain(), q.Kind)
		}
	}
	for kind := range strings.SplitSeq("c2-contact malware exposed-service vulnerable-service vulnerable-product phishing defacement data-leak leaked-account scanning brute-force spam amplifier ids-alert end-of-life service-down silent-source no-contact", " ") {
		if r.Quiet(kind).Source == r.Quiet("unheard-of").Source {
			t.Errorf("%s has no rule of its own", kind)
		}
	}
}

func TestWhoSpeaksOnWhichDate(t *testing.T) {
	r := load(t, "")
	for _, c := range []struct{ when, city, national, digital, edition string }{
		{"2023-07-07 10:00", "Sở Thông tin và Truyền thông", "Bộ Thông tin và Truyền thông", "Sở Thông tin và Truyền thông", "A"},
		{"2025-02-28 23:59", "Sở Thông tin và Truyền thông", "Bộ Thông tin và Truyền thông", "Sở Thông tin và Truyền thông", "A"},
		{"2025-03-01 00:00", "Công an Thành phố Hồ Chí Minh", "Bộ Công an", "Sở Khoa học và Công nghệ", "A"},
		{"2026-06-30 23:59", "Công an Thành phố Hồ Chí Minh", "Bộ Công an", "Sở Khoa học và Công nghệ", "A"},
		{"2026-07-01 00:00", "Công an Thành phố Hồ Chí Minh", "Bộ Công an", "Sở Khoa học và Công nghệ", "B"},
		{"2026-11-21 00:00", "Công an Thành phố Hồ Chí Minh", "Bộ Công an", "Sở Khoa học và Công nghệ", "B"},
	} {
		when := at(t, r, c.when)
		if got := r.Authority(when); !strings.HasPrefix(got.NameVi, c.city) {
			t.Errorf("%s: the city's authority is %s", c.when, got.NameVi)
		}
		if got := r.AuthorityFor("national", when); !strings.HasPrefix(got.NameVi, c.national) {
			t.Errorf("%s: the national authority is %s", c.when, got.NameVi)
		}
		if got := r.AuthorityFor("digital", when); !strings.HasPrefix(got.NameVi, c.digital) {
			t.Errorf("%s: the authority for digital transformation is %s", c.when, got.NameVi)
		}
		if got := r.At(when).Code; got != c.edition {
			t.Errorf("%s: regime %s, want %s", c.when, got, c.edition)
		}
	}
	levels := func(when string) string {
		for _, i := range r.Instruments(at(t, r, when)) {
			if i.Matter == "levels" && strings.HasPrefix(i.NameVi, "Nghị định") {
				return i.Code
			}
		}
		return ""
	}
	if levels("2026-06-30 12:00") != "85/2016/NĐ-CP" || levels("2026-08-19 12:00") != "331/2026/NĐ-CP" {
		t.Error("the decree on levels does not follow its dates")
	}
}

func TestEveryRuleSaysWhereItComesFrom(t *testing.T) {
	r := load(t, "")
	rules := r.Rules()
	if len(rules) < 40 {
		t.Fatalf("only %d rules", len(rules))
	}
	b := i18n.New()
	if err := b.Add(regime.Texts); err != nil {
		t.Fatal(err)
	}
	i18ntest.Strict(t, b)
	v := b.In("vi")
	for _, rule := range rules {
		if rule.Source.Citation == "" || rule.Source.Mark == "" {
			t.Errorf("%s has no source", rule.Name)
		}
		family, _, _ := strings.Cut(rule.Name, ".")
		v.T("regime.rule." + family)
		v.T("regime.mark." + string(rule.Source.Mark))
		if strings.Contains(string(rule.Value), "citation") {
			t.Errorf("%s: its value repeats the source", rule.Name)
		}
	}
	for _, step := range r.Steps().To {
		v.T("regime.step." + step)
	}
	for year := 2021; year <= 2030; year++ {
		for _, d := range r.Calendar().Year(year) {
			if d.Source.Citation == "" || d.NameVi == "" || d.NameEn == "" {
				t.Errorf("%s has no source or no name", d.Date)
			}
			v.T("regime.mark." + string(d.Source.Mark))
		}
	}
}

func TestSpansReadAsRulesStateThem(t *testing.T) {
	b := i18n.New()
	if err := b.Add(regime.Texts); err != nil {
		t.Fatal(err)
	}
	i18ntest.Strict(t, b)
	for text, want := range map[string][2]string{
		"none": {"không có hạn", "no limit"}, "30 minutes": {"30 phút", "30 minutes"}, "1 hour": {"1 giờ", "1 hour"}, "14 days": {"14 ngày", "14 days"},
		"4 working hours": {"4 giờ làm việc", "4 working hours"}, "1 working day": {"1 ngày làm việc", "1 working day"},
	} {
		var s regime.Span
		if err := s.UnmarshalText([]byte(text)); err != nil {
			t.Error(err)
		}
		if back, _ := s.MarshalText(); string(back) != text {
			t.Errorf("%q is written back as %q", text, back)
		}
		if s.Words(b.In("vi")) != want[0] || s.Words(b.In("en")) != want[1] {
			t.Errorf("%q: %q, %q", text, s.Words(b.In("vi")), s.Words(b.In("en")))
		}
	}
	for _, text := range []string{"", "0 days", "1", "hour", "-1 hours", "1.5 hours", "9999 days", "2 fortnights", "1 hour 2 minutes"} {
		var s regime.Span
		if err := s.UnmarshalText([]byte(text)); errs.CodeOf(err) != errs.Invalid {
			t.Errorf("%q is taken for a span", text)
		}
	}
}

func TestACityChangesRulesWithReasonAndDate(t *testing.T) {
	r := load(t, `{"changes": [
		{"rule": "clock.high", "reason": "Quyết định 12", "date": "2026-10-01", "value": {"acknowledge": "2 working hours"}},
		{"rule": "hours", "reason": "Giờ mùa hè", "date": "2026-10-01", "value": {"saturday": ["08:00-12:00"]}},
		{"rule": "day.2026-03-12", "reason": "Lũ lụt", "date": "2026-03-11", "value": {"name_vi": "Nghỉ do thiên tai", "name_en": "Closed by flood"}},
		{"rule": "day.2026-11-24", "reason": "Chưa có luật", "date": "2026-11-01", "value": {"usual": true}},
		{"rule": "day.2026-03-15", "reason": "Bầu cử", "date": "2026-03-01", "value": {"work": true, "name_vi": "Ngày bầu cử", "name_en": "Election day"}},
		{"rule": "quiet.door-left-open", "reason": "Loại mới", "date": "2026-10-01", "value": {"period": "30 minutes", "deliveries": 1}},
		{"rule": "digest.medium", "reason": "Sớm hơn", "date": "2026-10-01", "value": {"at": "07:00"}},
		{"rule": "brake", "reason": "Ít đơn vị", "date": "2026-10-01", "value": {"organisations": 5}},
		{"rule": "authority.city.centre", "reason": "Trung tâm mới", "date": "2026-10-01", "value": {"role": "city", "name_vi": "Trung tâm An ninh mạng Thành phố", "name_en": "City Cybersecurity Centre", "from": "2027-01-01"}}
	]}`)
	stands(t, r, "high", r.AckDue("high", at(t, r, "2026-03-10 08:00")), "2026-03-10 10:00")
	stands(t, r, "remedy of high is as it was", r.RemedyDue("high", at(t, r, "2026-03-02 10:00")), "2026-03-07 12:00")
	stands(t, r, "over a Saturday morning", r.AckDue("high", at(t, r, "2026-03-13 16:30")), "2026-03-14 09:30")
	stands(t, r, "over the flood", r.AckDue("medium", at(t, r, "2026-03-10 08:00")), "2026-03-13 17:00")
	stands(t, r, "over the day that is usual after all", r.AckDue("medium", at(t, r, "2026-11-23 08:00")), "2026-11-25 17:00")
	stands(t, r, "on the Sunday worked", r.AckDue("high", at(t, r, "2026-03-15 08:00")), "2026-03-15 10:00")
	stands(t, r, "digest", r.NextDigest("medium", at(t, r, "2026-03-10 07:30")), "2026-03-11 07:00")
	if held, _ := r.Brake().HoldsSpread(6); !held || r.Brake().AtLeast != 200 {
		t.Error("the brake is not as the city set it")
	}
	if r.Quiet("door-left-open").Period.Plain() != 30*time.Minute {
		t.Error("the new kind has no quiet period")
	}
	if got := r.Authority(at(t, r, "2027-01-01 00:00")).NameEn; got != "City Cybersecurity Centre" {
		t.Errorf("authority of 2027: %s", got)
	}
	if s := r.Clock("high").Source; s.Mark != regime.City || s.Citation != "Quyết định 12 (2026-10-01)" {
		t.Errorf("source of the changed clock: %+v", s)
	}
	if len(r.Changes()) != 9 {
		t.Errorf("%d changes", len(r.Changes()))
	}
}

func TestAChangeThatIsWrongIsRefused(t *testing.T) {
	change := func(rule, value string) string {
		raw, err := json.Marshal(map[string]any{"changes": []map[string]any{{"rule": rule, "reason": "x", "date": "2026-10-01", "value": json.RawMessage(value)}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for why, override := range map[string]string{
		"no JSON":                `{`,
		"text after it":          `{"changes": []} x`,
		"an unknown field":       `{"change": []}`,
		"no reason":              `{"changes": [{"rule": "brake", "reason": " ", "date": "2026-10-01", "value": {}}]}`,
		"no date":                `{"changes": [{"rule": "brake", "reason": "x", "value": {}}]}`,
		"no value":               `{"changes": [{"rule": "brake", "reason": "x", "date": "2026-10-01"}]}`,
		"twice":                  `{"changes": [{"rule": "brake", "reason": "x", "date": "2026-10-01", "value": {}}, {"rule": "brake", "reason": "x", "date": "2026-10-01", "value": {}}]}`,
		"an unknown rule":        change("clock.urgent", `{"acknowledge": "1 hour"}`),
		"an unknown family":      change("weather", `{}`),
		"an unknown rule field":  change("brake", `{"organizations": 3}`),
		"a brake of nothing":     change("brake", `{"organisations": 0}`),
		"a span unread":          change("clock.high", `{"acknowledge": "soon"}`),
		"no clock for critical":  change("clock.critical", `{"acknowledge": "none"}`),
		"hours backwards":        change("hours", `{"monday": ["17:00-08:00"]}`),
		"hours that overlap":     change("hours", `{"monday": ["08:00-12:00", "11:00-17:00"]}`),
		"hours of no day":        change("hours", `{"monday": [], "tuesday": [], "wednesday": [], "thursday": [], "friday": []}`),
		"no hour of the day":     change("hours", `{"monday": ["08:00-25:00"]}`),
		"a zone unheard of":      change("zone", `{"name": "Asia/Saigon_Ville"}`),
		"the zone of the host":   change("zone", `{"name": "Local"}`),
		"a day that is none":     change("day.2026-02-30", `{"name_vi": "x", "name_en": "x"}`),
		"a day without a name":   change("day.2026-02-20", `{}`),
		"a rhythm unheard of":    change("digest.low", `{"rhythm": "monthly"}`),
		"a weekday unheard of":   change("digest.low", `{"weekday": "Monday"}`),
		"a digest at no time":    change("digest.medium", `{"at": "8"}`),
		"a step unheard of":      change("steps", `{"to": ["mayor", "duty-list"]}`),
		"steps that end nowhere": change("steps", `{"to": ["parent"]}`),
		"quiet in working hours": change("quiet.spam", `{"period": "3 working days"}`),
		"an authority of no one": change("authority.x", `{"role": "city"}`),
		"an authority of no day": change("authority.x", `{"role": "city", "name_vi": "x", "name_en": "x", "from": "soon"}`),
	} {
		if _, err := regime.Load([]byte(override)); errs.CodeOf(err) != errs.Invalid {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"changes": [{"rule": "hours", "reason": "x", "date": "2026-10-01", "value": {"saturday": ["08:00-12:00"]}}]}`))
	f.Add([]byte(`{"changes": [{"rule": "clock.low", "reason": "x", "date": "2026-10-01", "value": {"acknowledge": "3 days"}}]}`))
	f.Fuzz(func(t *testing.T, override []byte) {
		r, err := regime.Load(override)
		if err != nil {
			return
		}
		from := time.Date(2026, 2, 13, 9, 0, 0, 0, time.UTC)
		if due := r.AckDue("critical", from); due.Before(from) {
			t.Errorf("critical is due at %v, before it is sent", due)
		}
		_ = r.NextDigest("low", from)
	})
}
