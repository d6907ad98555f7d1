package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/face/api"
	"tocsin/internal/face/api/apitest"
)

func TestALevelIsDecidedUnderBothRegimes(t *testing.T) {
	h := apitest.Build(t)
	admin := guest{t, h.URL, h.Admin}
	var questions struct{ Items []api.LevelQuestion }
	if a := admin.get("/levels/questions"); json.Unmarshal(a.body, &questions) != nil || len(questions.Items) < 20 || questions.Items[0].Code != "kind" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	ask := func(body string) api.LevelJudgement {
		t.Helper()
		var j api.LevelJudgement
		a := admin.call(http.MethodPost, "/levels/decide", "application/json", strings.NewReader(body))
		if a.status != 200 || json.Unmarshal(a.body, &j) != nil {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return j
	}
	j := ask(`{"name": "Tra cứu", "at": "2026-11-22", "answers": {"kind": "service", "information": ["personal"], "users": 40000, "subjects_basic": 40000}}`)
	if j.Regime != "2026" || j.Level != 2 || len(j.Decisions) != 2 || !j.Decisions[0].InForce || j.Decisions[1].Level != 3 || j.Decisions[1].Clauses[0].Citation != "Nghị định 85/2016/NĐ-CP, Điều 9, khoản 2, điểm c" {
		t.Errorf("%+v", j)
	}
	if !slices.ContainsFunc(j.Decisions[0].Alternatives, func(a api.LevelAlternative) bool {
		return a.Question == "subjects_basic" && a.To[0] == "100000" && a.Level == 3
	}) {
		t.Errorf("alternatives %+v", j.Decisions[0].Alternatives)
	}
	j = ask(`{"regime": "2016", "parts": [{"name": "a", "answers": {"kind": "internal", "information": "public"}}, {"name": "b", "answers": {"kind": "control", "information": "private", "control": "special"}}]}`)
	if j.Regime != "2016" || j.Level != 5 || len(j.Decisions[0].Parts) != 2 || j.Decisions[0].Clauses[0].Part != "b" || j.Decisions[0].Rules[0].Article != "5" {
		t.Errorf("%+v", j.Decisions[0])
	}
	for body, place := range map[string]string{
		`{}`:                                "answers.kind",
		`{"answers": {"kind": "castle"}}`:   "answers.kind",
		`{"regime": "1999", "answers": {}}`: "regime",
		`{"at": "soon", "answers": {}}`:     "at",
		`{"answers": {"users": 1.5}}`:       "users",
	} {
		p := admin.call(http.MethodPost, "/levels/decide", "application/json", strings.NewReader(body)).problem(t)
		if p.Status != 422 || len(p.Places) == 0 || p.Places[0].Field != place {
			t.Errorf("%s: %+v", body, p)
		}
	}
}
