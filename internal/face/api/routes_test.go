package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/face/api"
	"tocsin/internal/face/api/apitest"
)

func TestARequestOfNobodyIsRefusedByEveryRoute(t *testing.T) {
	h := apitest.Build(t)
	routes := api.Routes()
	if len(routes) < 100 {
		t.Fatalf("only %d routes", len(routes))
	}
	for _, r := range routes {
		path := strings.TrimPrefix(fill(r.Path), api.Prefix)
		if p := (guest{t, h.URL, ""}).call(r.Method, path, "", nil).problem(t); p.Code != "unknown-caller" || p.Status != 401 {
			t.Errorf("%s %s: %+v", r.Method, r.Path, p)
		}
		if p := (guest{t, h.URL, "toc_wrong"}).call(r.Method, path, "", nil).problem(t); p.Status != 401 {
			t.Errorf("%s %s with a wrong token: %+v", r.Method, r.Path, p)
		}
	}
}

// fill is a path with something in place of what it names.
func fill(path string) string {
	return strings.NewReplacer("{id}", "1", "{name}", "x", "{year}", "2026").Replace(path)
}

func TestWhatIsNoRouteIsAProblemDocument(t *testing.T) {
	h := apitest.Build(t)
	admin := guest{t, h.URL, h.Admin}
	for _, path := range []string{"/nothing", "/findings/F1/nothing", ""} {
		if p := admin.get(path).problem(t); p.Code != "not-found" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if p := admin.call(http.MethodDelete, "/findings", "", nil).problem(t); p.Code != "not-found" {
		t.Errorf("a method that is not there: %+v", p)
	}
}

func TestTheDescriptionIsOpenAPI31AndNamesOurProblems(t *testing.T) {
	h := apitest.Build(t)
	a := guest{t, h.URL, ""}.get("/openapi.json")
	var d struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Responses   map[string]struct{ Content map[string]any }
		}
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(a.body, &d); err != nil || !strings.HasPrefix(d.OpenAPI, "3.1") {
		t.Fatalf("%d %q %v", a.status, d.OpenAPI, err)
	}
	if _, ok := d.Components.Schemas["ErrorModel"]; ok || strings.Contains(string(a.body), "ErrorModel") {
		t.Error("the description speaks of huma's own errors")
	}
	seen := map[string]bool{}
	for path, item := range d.Paths {
		for method, op := range item {
			if seen[op.OperationID] {
				t.Errorf("%s %s: operation %q twice", method, path, op.OperationID)
			}
			seen[op.OperationID] = true
			if _, ok := op.Responses["default"].Content["application/problem+json"]; !ok {
				t.Errorf("%s %s does not say how it fails", method, path)
			}
		}
	}
}

func TestEveryListTakesLimitAndCursorOrIsShort(t *testing.T) {
	whole := []string{"/regime", "/routing", "/roles", "/timeliness", "/webhooks", "/duty", "/backup", "/clock", "/version"}
	for _, r := range api.Routes() {
		path := strings.TrimPrefix(r.Path, api.Prefix)
		if r.Method != http.MethodGet || strings.Count(path, "/") > 1 || slices.Contains(whole, path) {
			continue
		}
		if !slices.Contains(r.Params, "limit") || !slices.Contains(r.Params, "cursor") {
			t.Errorf("%s takes %v", path, r.Params)
		}
	}
}

func TestWhatHumaRefusesIsAProblemOfOurs(t *testing.T) {
	h := apitest.Build(t)
	admin := guest{t, h.URL, h.Admin}
	for _, c := range []struct {
		name, method, path, kind, body string
		status                         int
		code, field                    string
	}{
		{"a limit too high", "GET", "/findings?limit=5000", "", "", 422, "invalid", "query.limit"},
		{"a parameter that is not there", "GET", "/findings?colour=red", "", "", 422, "invalid", "query.colour"},
		{"a word that is not one of them", "GET", "/findings?order=best", "", "", 422, "invalid", "query.order"},
		{"no JSON", "POST", "/sources", "application/json", "{", 400, "usage", ""},
		{"a body that is missing", "POST", "/sources", "application/json", "", 400, "usage", ""},
		{"a member that is missing", "POST", "/sources", "application/json", `{"name":"x"}`, 422, "invalid", "body"},
		{"another kind of body", "POST", "/sources", "text/csv", "a,b", 415, "usage", ""},
		{"a body too long", "POST", "/sources", "application/json", `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "too-large", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			g := admin
			g.t = t
			p := g.call(c.method, c.path, c.kind, body).problem(t)
			if p.Status != c.status || p.Code != c.code {
				t.Errorf("%+v, want %d %s", p, c.status, c.code)
			}
			if c.field != "" && (len(p.Places) == 0 || p.Places[0].Field != c.field || p.Places[0].Reason == "") {
				t.Errorf("places %+v, want %s", p.Places, c.field)
			}
		})
	}
}
