package regime_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
	"tocsin/internal/city/regime"
)

func TestTheCatalogueHasTheRequirementsOfEachLevel(t *testing.T) {
	r := load(t, "")
	// The counts of Circular 12/2022, annexes I to V: management, plans, zones,
	// measures, technical.
	for level, want := range map[int]string{1: "13 2 3 3 13", 2: "16 2 5 6 17", 3: "20 2 7 16 21", 4: "20 2 8 17 21", 5: "20 2 8 19 21"} {
		n := map[string]int{}
		seen := map[string]bool{}
		for _, c := range r.Controls("2016", level) {
			switch {
			case strings.HasPrefix(c.Group, "management/plan"), strings.HasPrefix(c.Group, "technical/design"):
				n[c.Group]++
			default:
				n[c.Group[:strings.Index(c.Group, "/")]]++
			}
			if c.Heading == "" || c.Source.Citation == "" || seen[c.Clause] {
				t.Errorf("level %d: %+v", level, c)
			}
			seen[c.Clause] = true
		}
		got := fmt.Sprint(n["management"], n["management/plan"], n["technical/design zone"], n["technical/design measure"], n["technical"])
		if got != want {
			t.Errorf("level %d: %s, want %s", level, got, want)
		}
	}
	for level, groups := range map[int]int{1: 15, 2: 15, 3: 18, 4: 18, 5: 18} {
		n := 0
		for _, c := range r.Controls("2026", level) {
			if c.Group == "TCVN 14423:2026" {
				n++
				if c.Source.Mark != regime.Press {
					t.Errorf("%s is marked %s, and nobody has read the standard", c.Clause, c.Source.Mark)
				}
			}
		}
		if n != groups || len(r.Controls("2026", level)) != groups+11 {
			t.Errorf("level %d of 2026: %d groups of %d", level, n, len(r.Controls("2026", level)))
		}
	}
}

func TestEveryRuleAboutLevelsIsWholeInBothLanguages(t *testing.T) {
	r := load(t, "")
	b := i18n.New()
	if err := b.Add(regime.Texts); err != nil {
		t.Fatal(err)
	}
	i18ntest.Strict(t, b)
	if got := len(r.LevelRegimes()); got != 2 {
		t.Fatalf("%d regimes", got)
	}
	now := at(t, r, "2026-11-22 10:00")
	for _, l := range r.LevelRegimes() {
		rows := append(r.Criteria(l.Code, now), r.Definitions(l.Code, now)...)
		for _, c := range rows {
			if c.TextVi == "" || c.TextEn == "" || (c.NoteVi == "") != (c.NoteEn == "") || c.Source.Citation == "" {
				t.Errorf("%s: %+v", c.Name, c)
			}
		}
		for level := regime.LowestLevel; level <= regime.HighestLevel; level++ {
			if !slices.ContainsFunc(rows, func(c regime.Criterion) bool { return c.Level == level }) {
				t.Errorf("%s has no criterion of level %d", l.Code, level)
			}
			if len(r.Approvals(l.Code, level, now)) == 0 {
				t.Errorf("%s: nobody approves level %d", l.Code, level)
			}
			for _, a := range r.Approvals(l.Code, level, now) {
				if a.Scope != "" {
					b.In("vi").T("regime.scope." + a.Scope)
				}
			}
		}
		if len(r.Principles(l.Code)) == 0 {
			t.Errorf("%s has no principles", l.Code)
		}
	}
	if len(r.Transitions("2026")) < 3 {
		t.Error("the transition of 2026 is not told")
	}
	for _, q := range r.Questions("") {
		if (q.HintVi == "") != (q.HintEn == "") || q.Order == 0 {
			t.Errorf("%s: %+v", q.Code, q)
		}
	}
}

func TestACityChangesTheLawOfLevels(t *testing.T) {
	r := load(t, `{"changes": [
		{"rule": "criterion.2026.13.2.c", "reason": "Thông tư mới", "date": "2027-01-05", "value": {"to": "2026-12-31"}},
		{"rule": "criterion.2026.13.2.d", "reason": "Thông tư mới", "date": "2027-01-05", "value": {"regime": "2026", "level": 3, "article": "13", "clause": "2", "point": "d", "text_vi": "x", "text_en": "x", "from": "2027-01-01", "when": [{"kind": {"has": ["service"]}, "subjects_basic": {"from": 50000}}]}},
		{"rule": "control.2016.3.7.1.1.1", "reason": "Bỏ", "date": "2027-01-05", "value": {"withdrawn": true}},
		{"rule": "control.2026.3.A-1", "reason": "Thêm", "date": "2027-01-05", "value": {"group": "Thành phố", "heading": "Kết nối Trung tâm"}}
	]}`)
	names := func(when string) string {
		var all []string
		for _, c := range r.Criteria("2026", at(t, r, when)) {
			if strings.HasPrefix(c.Name, "criterion.2026.13.2.") {
				all = append(all, c.Point)
			}
		}
		return strings.Join(all, " ")
	}
	if names("2026-12-31 10:00") != "a b c" || names("2027-01-01 10:00") != "a b d" {
		t.Errorf("criteria %q, then %q", names("2026-12-31 10:00"), names("2027-01-01 10:00"))
	}
	if len(r.Controls("2016", 3)) != 65 || len(r.Controls("2026", 3)) != 30 {
		t.Errorf("%d and %d controls", len(r.Controls("2016", 3)), len(r.Controls("2026", 3)))
	}
	last := r.Controls("2026", 3)[29]
	if last.Heading != "Kết nối Trung tâm" || last.Source.Mark != regime.City {
		t.Errorf("%+v", last)
	}
}

func TestALevelRuleThatIsWrongIsRefused(t *testing.T) {
	for why, c := range map[string][2]string{
		"a criterion of no question":   {"criterion.2026.x", `{"regime": "2026", "level": 3, "article": "1", "text_vi": "x", "text_en": "x", "when": [{"colour": {"has": ["red"]}}]}`},
		"a criterion of no option":     {"criterion.2026.x", `{"regime": "2026", "level": 3, "article": "1", "text_vi": "x", "text_en": "x", "when": [{"kind": {"has": ["castle"]}}]}`},
		"a word counted":               {"criterion.2026.x", `{"regime": "2026", "level": 3, "article": "1", "text_vi": "x", "text_en": "x", "when": [{"kind": {"from": 3}}]}`},
		"a number named":               {"criterion.2026.x", `{"regime": "2026", "level": 3, "article": "1", "text_vi": "x", "text_en": "x", "when": [{"users": {"has": ["x"]}}]}`},
		"a criterion of level six":     {"criterion.2026.13.4", `{"level": 6}`},
		"a criterion of no regime":     {"criterion.2026.13.4", `{"regime": "1999"}`},
		"a criterion in one language":  {"criterion.2026.13.4", `{"text_en": ""}`},
		"a criterion that ends never":  {"criterion.2026.13.4", `{"to": "soon"}`},
		"a question by another name":   {"question.colour", `{"code": "color", "kind": "number", "regimes": ["2026"], "text_vi": "x", "text_en": "x"}`},
		"a question of one option":     {"question.colour", `{"code": "colour", "kind": "one", "regimes": ["2026"], "text_vi": "x", "text_en": "x", "options": [{"code": "a", "text_vi": "a", "text_en": "a"}]}`},
		"a control of no level":        {"control.2016.9.1", `{"group": "x", "heading": "x"}`},
		"a control without a heading":  {"control.2016.3.A-1", `{"group": "x"}`},
		"a control of another level":   {"control.2016.3.7.1.1.1", `{"level": 4}`},
		"an approval by nobody":        {"approval.2026.4", `{"approver_vi": ""}`},
		"an approval of an odd length": {"approval.2026.4", `{"appraise": "soon"}`},
		"a transition without a text":  {"transition.2026.kept", `{"text_en": ""}`},
	} {
		override, err := json.Marshal(map[string]any{"changes": []map[string]any{{"rule": c[0], "reason": "x", "date": "2026-10-01", "value": json.RawMessage(c[1])}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := regime.Load(override); errs.CodeOf(err) != errs.Invalid {
			t.Errorf("%s: %v", why, err)
		}
	}
}
