package level_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/base/errs"
	"tocsin/internal/city/regime"
	"tocsin/internal/govern/level"
)

// today is a day on which the regime of 2026 is in force.
func today() time.Time { return time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC) }

func law(t testing.TB, code string) level.Law {
	t.Helper()
	r, err := regime.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := level.LawOf(r, code, today())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// cite is a clause as the tables of this test write it: 9.2.c.
func cite(c level.Clause) string {
	return strings.TrimRight(c.Article+"."+c.Clause+"."+c.Point, ".")
}

func cites(clauses []level.Clause) []string {
	var all []string
	for _, c := range clauses {
		all = append(all, cite(c))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func answers(t testing.TB, text string) level.Answers {
	t.Helper()
	var a level.Answers
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestEveryCriterionOfBothRegimes has a case for each row of the decision table:
// the mildest answers by which it holds, and what it makes of the level.
func TestEveryCriterionOfBothRegimes(t *testing.T) {
	cases := map[string][]struct {
		clause, answers string
		level           int
	}{
		"2016": {
			{"7", `{"kind": "internal", "information": "public"}`, 1},
			{"8.1", `{"kind": "internal", "information": "private"}`, 2},
			{"8.1", `{"kind": "internal", "information": "personal"}`, 2},
			{"8.2.a", `{"kind": "service", "information": "public", "public_service": "degree-2"}`, 2},
			{"8.2.b", `{"kind": "service", "information": "public", "conditional": "no"}`, 2},
			{"8.2.c", `{"kind": "service", "information": "personal", "users": 9999}`, 2},
			{"8.3", `{"kind": "infrastructure", "information": "public", "infrastructure": "one"}`, 2},
			{"9.1", `{"kind": "other", "information": "private", "secrecy": "harm"}`, 3},
			{"9.2.a", `{"kind": "service", "information": "public", "public_service": "degree-3"}`, 3},
			{"9.2.b", `{"kind": "service", "information": "public", "conditional": "yes"}`, 3},
			{"9.2.c", `{"kind": "service", "information": "private", "users": 10000}`, 3},
			{"9.3", `{"kind": "infrastructure", "information": "public", "infrastructure": "province"}`, 3},
			{"9.4", `{"kind": "control", "information": "private", "control": "grade-2-4"}`, 3},
			{"10.1", `{"kind": "other", "information": "private", "secrecy": "serious"}`, 4},
			{"10.2", `{"kind": "other", "information": "private", "national": "yes", "continuity": "yes"}`, 4},
			{"10.3", `{"kind": "infrastructure", "information": "private", "infrastructure": "nation", "continuity": "yes"}`, 4},
			{"10.4", `{"kind": "control", "information": "private", "control": "grade-1"}`, 4},
			{"11.1", `{"kind": "other", "information": "private", "secrecy": "grave"}`, 5},
			{"11.2", `{"kind": "other", "information": "private", "central_data": "yes"}`, 5},
			{"11.3", `{"kind": "infrastructure", "information": "private", "infrastructure": "international"}`, 5},
			{"11.4", `{"kind": "control", "information": "private", "control": "special"}`, 5},
			{"11.5", `{"kind": "other", "information": "private", "prime_minister": "5"}`, 5},
		},
		"2026": {
			{"11.1", `{"kind": "internal", "information": "public"}`, 1},
			{"11.2", `{"kind": "other", "information": "public", "risk": 1}`, 1},
			{"12.1", `{"kind": "internal", "information": "personal"}`, 2},
			{"12.2.a", `{"kind": "service", "information": "public"}`, 2},
			{"12.2.b", `{"kind": "service", "information": "personal", "subjects_basic": 99999}`, 2},
			{"12.2.b", `{"kind": "service", "information": "personal", "subjects_sensitive": 9999}`, 2},
			{"12.3", `{"kind": "infrastructure", "information": "public", "infrastructure": "one"}`, 2},
			{"12.4", `{"kind": "other", "information": "public", "prime_minister": "2"}`, 2},
			{"12.4", `{"kind": "other", "information": "public", "risk": "2"}`, 2},
			{"13.1", `{"kind": "other", "information": "private", "secrecy": "harm"}`, 3},
			{"13.2.a", `{"kind": "service", "information": "public", "conditional": "yes"}`, 3},
			{"13.2.b", `{"kind": "service", "information": "public", "procedure": true}`, 3},
			{"13.2.c", `{"kind": "service", "information": "personal", "subjects_basic": 100000}`, 3},
			{"13.2.c", `{"kind": "service", "information": "personal", "subjects_sensitive": 10000}`, 3},
			{"13.3", `{"kind": "infrastructure", "information": "public", "infrastructure": "ministry"}`, 3},
			{"13.4", `{"kind": "control", "information": "private", "control": "grade-2-4"}`, 3},
			{"13.5", `{"kind": "other", "information": "private", "prime_minister": "3"}`, 3},
			{"14.1", `{"kind": "other", "information": "private", "secrecy": "serious"}`, 4},
			{"14.2", `{"kind": "other", "information": "private", "national": "yes", "continuity": "yes"}`, 4},
			{"14.2", `{"kind": "infrastructure", "information": "private", "infrastructure": "nation", "continuity": "yes"}`, 4},
			{"14.3", `{"kind": "control", "information": "private", "control": "grade-1"}`, 4},
			{"14.4", `{"kind": "other", "information": "private", "risk": "4"}`, 4},
			{"15.1", `{"kind": "other", "information": "private", "secrecy": "grave", "strategic": "yes"}`, 5},
			{"15.2", `{"kind": "other", "information": "private", "central_data": "yes"}`, 5},
			{"15.3", `{"kind": "infrastructure", "information": "private", "infrastructure": "international"}`, 5},
			{"15.4", `{"kind": "control", "information": "private", "control": "special"}`, 5},
			{"15.5", `{"kind": "other", "information": "private", "prime_minister": "5"}`, 5},
		},
	}
	for code, rows := range cases {
		l := law(t, code)
		shown := map[string]bool{}
		for _, c := range rows {
			shown[c.clause] = true
			s := level.System{Answers: answers(t, c.answers)}
			if err := level.Check(l.Questions, s); err != nil {
				t.Errorf("%s %s: %v", code, c.clause, err)
			}
			d := level.Decide(l, s)
			if d.Level != c.level || !slices.Contains(cites(d.Clauses), c.clause) {
				t.Errorf("%s %s: level %d by %v, want %d", code, c.clause, d.Level, cites(d.Clauses), c.level)
			}
			for _, clause := range d.Clauses {
				if len(clause.Because) == 0 || clause.Source.Citation == "" || !strings.Contains(clause.Source.Citation, "Điều "+clause.Article) {
					t.Errorf("%s %s: no reason or citation: %+v", code, cite(clause), clause.Source)
				}
			}
		}
		for _, c := range l.Criteria {
			if name := cite(level.Clause{Criterion: c}); !shown[name] {
				t.Errorf("%s: no case for %s", code, name)
			}
		}
	}
}

type described struct {
	level.System

	NameEn  string `json:"name_en"`
	Reading string
	Old     verdict `json:"2016"`
	New     verdict `json:"2026"`
}

type verdict struct {
	Level   int
	Clauses []string
}

func describedSystems(t testing.TB) []described {
	t.Helper()
	raw, err := os.ReadFile("testdata/systems.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []described
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheCitysSystemsHaveTheLevelsOfTheArticles(t *testing.T) {
	all := describedSystems(t)
	if len(all) < 30 {
		t.Fatalf("only %d systems", len(all))
	}
	laws := map[string]level.Law{"2016": law(t, "2016"), "2026": law(t, "2026")}
	for _, s := range all {
		if s.Reading == "" || s.NameEn == "" {
			t.Errorf("%s does not say how the articles were read", s.Name)
		}
		for code, want := range map[string]verdict{"2016": s.Old, "2026": s.New} {
			d := level.Decide(laws[code], s.System)
			slices.Sort(want.Clauses)
			if got := cites(d.Clauses); d.Level != want.Level || !slices.Equal(got, want.Clauses) {
				t.Errorf("%s (%s) under %s: level %d by %v, want %d by %v", s.Name, s.NameEn, code, d.Level, got, want.Level, want.Clauses)
			}
		}
	}
}

func TestThePartsOfASystemDecideByTheHighest(t *testing.T) {
	all := describedSystems(t)
	whole := all[slices.IndexFunc(all, func(s described) bool { return len(s.Parts) > 0 })].System
	for code, article := range map[string]string{"2016": "5", "2026": "8"} {
		d := level.Decide(law(t, code), whole)
		if len(d.Parts) != 3 || d.Parts[0].Level != 2 || d.Parts[1].Level != 3 || d.Parts[2].Level != 4 {
			t.Errorf("%s: parts %+v", code, d.Parts)
		}
		if len(d.Rules) == 0 || d.Rules[0].Matter != "parts" || d.Rules[0].Article != article || d.Rules[0].Clause != "2" {
			t.Errorf("%s: rules %+v", code, d.Rules)
		}
		for _, c := range d.Clauses {
			if c.Part != "Điều khiển hầm" {
				t.Errorf("%s: %s decided by %q", code, cite(c), c.Part)
			}
		}
	}
	if p, _ := law(t, "2026").Principle("parts"); p.Source.Mark != regime.Inferred {
		t.Error("that parts decide under Decree 331 is inferred, and must say so")
	}
}

// mildest and graver: the same random system before and after one answer was
// made graver.
func drawn(t *rapid.T, l level.Law) level.Answers {
	a := level.Answers{}
	for _, q := range l.Questions {
		switch q.Kind {
		case regime.One:
			if rapid.Bool().Draw(t, q.Code+" answered") {
				a[q.Code] = []string{q.Options[rapid.IntRange(0, len(q.Options)-1).Draw(t, q.Code)].Code}
			}
		case regime.Many:
			for _, o := range q.Options {
				if rapid.Bool().Draw(t, q.Code+" "+o.Code) {
					a[q.Code] = append(a[q.Code], o.Code)
				}
			}
		case regime.Number:
			a[q.Code] = []string{strconv.FormatInt(rapid.SampledFrom([]int64{0, 1, 9999, 10000, 10001, 99999, 100000, 5000000}).Draw(t, q.Code), 10)}
		}
	}
	return a
}

func TestAGraverAnswerNeverLowersTheLevel(t *testing.T) {
	laws := []level.Law{law(t, "2016"), law(t, "2026")}
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(laws).Draw(t, "regime")
		a := drawn(t, l)
		before := level.Decide(l, level.System{Answers: a})
		q := rapid.SampledFrom(l.Questions).Draw(t, "question")
		graver := level.Answers{}
		for c, g := range a {
			graver[c] = slices.Clone(g)
		}
		switch q.Kind {
		case regime.One:
			at := 0
			if got := a[q.Code]; len(got) > 0 {
				at = q.Place(got[0])
			}
			graver[q.Code] = []string{q.Options[rapid.IntRange(at, len(q.Options)-1).Draw(t, "graver")].Code}
		case regime.Many:
			if o := rapid.SampledFrom(q.Options).Draw(t, "more").Code; !slices.Contains(a[q.Code], o) {
				graver[q.Code] = append(graver[q.Code], o)
			}
		case regime.Number:
			n, _ := strconv.ParseInt(a[q.Code][0], 10, 64)
			graver[q.Code] = []string{strconv.FormatInt(n+rapid.Int64Range(0, 1e6).Draw(t, "more"), 10)}
		}
		after := level.Decide(l, level.System{Answers: graver})
		if after.Level < before.Level || after.Defined < before.Defined {
			t.Fatalf("%s: %v is level %d (law %d), %v is level %d (law %d)", q.Code, a, before.Level, before.Defined, graver, after.Level, after.Defined)
		}
		// One more part never lowers it either, and the whole is the highest part.
		whole := level.Decide(l, level.System{Parts: []level.System{{Name: "a", Answers: a}, {Name: "b", Answers: graver}}})
		if whole.Level != max(before.Level, after.Level) {
			t.Fatalf("parts of %d and %d are together %d", before.Level, after.Level, whole.Level)
		}
	})
}

func TestWhatWouldChangeTheLevelDoes(t *testing.T) {
	laws := []level.Law{law(t, "2016"), law(t, "2026")}
	told := 0
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(laws).Draw(t, "regime")
		a := drawn(t, l)
		d := level.Decide(l, level.System{Answers: a})
		for _, other := range d.Alternatives {
			told++
			changed := maps.Clone(a)
			changed[other.Question.Code] = other.To
			if got := level.Decide(l, level.System{Answers: changed}).Level; got != other.Level || got == d.Level {
				t.Fatalf("%s from %v to %v is said to give %d from %d, and gives %d", other.Question.Code, other.From, other.To, other.Level, d.Level, got)
			}
		}
		if d.Level > 0 && len(d.Clauses) == 0 || d.Level == 0 && len(d.Clauses) > 0 {
			t.Fatalf("level %d by %d clauses", d.Level, len(d.Clauses))
		}
	})
	if told == 0 {
		t.Error("no alternative was ever told")
	}
}

func TestTheThresholdIsTold(t *testing.T) {
	d := level.Decide(law(t, "2016"), level.System{Answers: answers(t, `{"kind": "service", "information": ["personal"], "users": 9000, "conditional": "no"}`)})
	i := slices.IndexFunc(d.Alternatives, func(a level.Alternative) bool { return a.Question.Code == "users" })
	if i < 0 || d.Alternatives[i].To[0] != "10000" || d.Alternatives[i].Level != 3 {
		t.Errorf("%+v", d.Alternatives)
	}
	if !slices.Contains(d.Assumed, "public_service") || slices.Contains(d.Assumed, "users") || slices.Contains(d.Assumed, "control") {
		t.Errorf("assumed %v", d.Assumed)
	}
}

func TestTheLawsDefinitionDoesNotDecideAndIsShown(t *testing.T) {
	a := answers(t, `{"kind": "internal", "information": ["private"], "harm_public": "grave"}`)
	for code, want := range map[string]string{"2016": "21.2.d", "2026": "8.1.d"} {
		d := level.Decide(law(t, code), level.System{Answers: a})
		if d.Level != 2 || d.Defined != 4 || len(d.DefinedBy) != 1 || cite(d.DefinedBy[0]) != want {
			t.Errorf("%s: level %d, by the law %d %v", code, d.Level, d.Defined, cites(d.DefinedBy))
		}
	}
	d := level.Decide(law(t, "2026"), level.System{Answers: a})
	if !slices.ContainsFunc(d.Rules, func(p regime.Principle) bool {
		return p.Matter == "risk" && p.Article == "10" && p.Clause == "5"
	}) {
		t.Error("Decree 331, Article 10.5 is not named where the harm is graver than the level")
	}
}

func TestWhoAppraisesFollowsLevelAndDate(t *testing.T) {
	r, err := regime.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := func(day string) time.Time {
		when, err := time.ParseInLocation(time.DateOnly, day, r.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return when.Add(10 * time.Hour)
	}
	for _, c := range []struct {
		code, day     string
		level         int
		appraises     string
		approves      string
		within, after string
	}{
		{"2016", "2024-05-05", 1, "specialised unit", "specialised unit", "none", "7 working days"},
		{"2016", "2024-05-05", 3, "specialised unit", "The owner", "15 days", "7 working days"},
		{"2016", "2024-05-05", 4, "Information and Communications", "The owner", "30 days", "7 working days"},
		{"2016", "2025-03-01", 4, "Public Security", "The owner", "30 days", "7 working days"},
		{"2016", "2024-05-05", 5, "Information and Communications", "Prime Minister", "30 days", "7 working days"},
		{"2026", "2026-09-01", 2, "specialised unit", "reports to the owner", "none", "7 working days"},
		{"2026", "2026-09-01", 3, "specialised unit", "The owner", "15 working days", "7 working days"},
		{"2026", "2026-09-01", 4, "Public Security", "The owner", "25 working days", "7 working days"},
		{"2026", "2026-09-01", 5, "Public Security", "Prime Minister", "25 working days", "7 working days"},
	} {
		l, err := level.LawOf(r, c.code, at(c.day))
		if err != nil {
			t.Fatal(err)
		}
		got := l.Approvals(c.level)
		if len(got) == 0 || got[0].Scope != "" || !strings.Contains(got[0].AppraiserEn, c.appraises) || !strings.Contains(got[0].ApproverEn, c.approves) {
			t.Errorf("%s level %d on %s: %+v", c.code, c.level, c.day, got)
			continue
		}
		appraise, _ := got[0].Appraise.MarshalText()
		approve, _ := got[0].Approve.MarshalText()
		if string(appraise) != c.within || string(approve) != c.after {
			t.Errorf("%s level %d: %s and %s", c.code, c.level, appraise, approve)
		}
	}
}

func TestARegimeIsFoundByItsDay(t *testing.T) {
	r, err := regime.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		day, code string
		inForce   bool
	}{
		{"2016-06-30", "2016", false},
		{"2016-07-01", "2016", true},
		{"2026-06-30", "2016", true},
		{"2026-07-01", "2016", false},
		{"2026-08-18", "2016", false},
		{"2026-08-19", "2026", true},
		{"2030-01-01", "2026", true},
	} {
		when, err := time.ParseInLocation(time.DateOnly, c.day, r.Zone())
		if err != nil {
			t.Fatal(err)
		}
		l, err := level.LawOf(r, "", when)
		if err != nil || l.Regime.Code != c.code || l.InForce != c.inForce {
			t.Errorf("%s: %s in force %v (%v)", c.day, l.Regime.Code, l.InForce, err)
		}
	}
	if _, err := level.LawOf(r, "1999", today()); errs.CodeOf(err) != errs.NotFound {
		t.Errorf("a regime that is none: %v", err)
	}
	both, err := level.Laws(r, "2016", today())
	if err != nil || len(both) != 2 || both[0].Regime.Code != "2016" || both[0].InForce || both[1].Regime.Code != "2026" || !both[1].InForce {
		t.Errorf("%v %v", both, err)
	}
}

func TestAnswersThatAreWrongAreRefusedByPlace(t *testing.T) {
	r, err := regime.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, field := range map[string]string{
		`{"answers": {"kind": "internal"}}`:                                                                              "answers.information",
		`{"answers": {"kind": "castle", "information": "public"}}`:                                                       "answers.kind",
		`{"answers": {"colour": "red", "kind": "internal", "information": "public"}}`:                                    "answers.colour",
		`{"answers": {"kind": "internal", "information": "public", "secrecy": ["none", "harm"]}}`:                        "answers.secrecy",
		`{"answers": {"kind": "service", "information": "personal", "users": "many"}}`:                                   "answers.users",
		`{"answers": {"kind": "service", "information": "personal", "users": -1}}`:                                       "answers.users",
		`{"parts": [{"name": "a", "answers": {"kind": "internal", "information": "public"}}, {"name": "b"}]}`:            "parts[1].answers.kind",
		`{"parts": [{"name": "a", "parts": [{"name": "c", "answers": {"kind": "internal", "information": "public"}}]}]}`: "parts[0].parts",
	} {
		var s level.System
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		err := level.Check(r.Questions(""), s)
		places := errs.PlacesOf(err)
		if errs.CodeOf(err) != errs.Invalid || !slices.ContainsFunc(places, func(p errs.Place) bool { return p.Field == field }) {
			t.Errorf("%s: %v %v, want %s", text, err, places, field)
		}
	}
	var a level.Answers
	if err := json.Unmarshal([]byte(`{"users": 1.5}`), &a); errs.CodeOf(err) != errs.Invalid {
		t.Errorf("half a user: %v", err)
	}
}

func BenchmarkDecide(b *testing.B) {
	l := law(b, "2026")
	s := level.System{Answers: level.Answers{"kind": {"service", "infrastructure"}, "information": {"personal"}, "infrastructure": {"province"}, "subjects_basic": {"5000"}}}
	for b.Loop() {
		_ = level.Decide(l, s)
	}
}
