package api_test

import (
	"testing"

	"tocsin/internal/face/api"
	"tocsin/internal/watch/bulletin"
)

func TestABulletinGoesThroughTheAPIWithASecondPerson(t *testing.T) {
	admin, officer := weak(t)
	text := map[string]any{
		"tlp": "green", "severity": "high", "from": []string{"A1"}, "cves": []string{"CVE-2026-0001"},
		"vi":       map[string]string{"title": "Lỗ hổng", "summary": "Tóm tắt", "todo": "Cập nhật"},
		"en":       map[string]string{"title": "Flaw", "summary": "Summary", "todo": "Update"},
		"products": []map[string]string{{"vendor": "Example Soft", "name": "Gate Manager", "versions": "<= 4.1"}},
		"audience": map[string]any{"concerned": true, "public": false},
	}
	var b api.BulletinShown
	admin.post("/bulletins", text).into(t, 201, &b)
	if b.State != bulletin.Draft || b.Number != nil || len(b.Lacks) != 0 {
		t.Fatalf("begun: %+v", b)
	}
	at := "/bulletins/" + b.ID
	var reach api.BulletinReach
	admin.get(at+"/audience").into(t, 200, &reach)
	if reach.Told != 1 || reach.Recipients[0].Organisation != "q1" || reach.Recipients[0].Products[0].Machines != 1 {
		t.Fatalf("audience: %+v", reach)
	}
	admin.post(at+"/submit", map[string]any{"version": b.Version}).into(t, 200, &b)
	if p := admin.post(at+"/approve", map[string]any{}).problem(t); p.Status != 403 {
		t.Errorf("an admin approves alone: %+v", p)
	}
	if p := admin.post(at+"/publish", map[string]any{}).problem(t); p.Status != 409 {
		t.Errorf("it goes out unapproved: %+v", p)
	}
	for _, path := range []string{at, at + "/audience"} {
		if p := officer.get(path).problem(t); p.Status != 404 {
			t.Errorf("an officer reads %s: %+v", path, p)
		}
	}
	var supervisor struct{ Token string }
	admin.post("/users", map[string]string{"email": "second@centre.example", "role": "analyst", "password": "correct horse battery"}).into(t, 201, &struct{}{})
	admin.post("/tokens", map[string]string{"user": "second@centre.example", "name": "t"}).into(t, 201, &supervisor)
	second := guest{t, admin.url, supervisor.Token}
	second.post(at+"/approve", map[string]any{}).into(t, 200, &b)
	admin.post(at+"/publish", map[string]any{}).into(t, 200, &b)
	if b.State != bulletin.Published || b.Number == nil || *b.Number != "TT-2026-001" || len(b.Got) != 1 || len(b.Issues) != 1 {
		t.Errorf("published: %+v", b)
	}
	var hers api.BulletinShown
	officer.get("/bulletins/TT-2026-001").into(t, 200, &hers)
	if hers.Text.EN.Title != "Flaw" || len(hers.Authors) != 0 || len(hers.Issues) != 0 {
		t.Errorf("the officer of the ward reads %+v", hers)
	}
	if p := admin.post(at+"/withdraw", map[string]any{}).problem(t); p.Status != 422 && p.Status != 400 {
		t.Errorf("withdrawn without a reason: %+v", p)
	}
	admin.post(at+"/withdraw", map[string]any{"reason": "wrong product"}).into(t, 200, &b)
	var list page[api.Bulletin]
	admin.get("/bulletins?state=withdrawn&text=fla").into(t, 200, &list)
	if len(list.Items) != 1 {
		t.Errorf("listed: %+v", list)
	}
}
