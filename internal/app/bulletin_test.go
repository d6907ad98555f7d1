package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/face/api"
)

// TestLeakOfBulletins lets the centre write about a product that ward A alone has:
// nobody of ward B reads of it, before or after it goes out, and nobody without
// signing in; ward A's officer reads it, and it stands in the ledger.
func TestLeakOfBulletins(t *testing.T) {
	n := neighbours(t, "")
	ctx := t.Context()
	analyst, err := newcomer(ctx, n.server, "analyst", "")
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]any{
		"tlp": "amber", "severity": "critical",
		"vi":       map[string]string{"title": "Lỗ hổng kinzoku-portal", "summary": "kinzoku tóm tắt", "todo": "kinzoku cập nhật"},
		"en":       map[string]string{"title": "Flaw of kinzoku-portal", "summary": "kinzoku summary", "todo": "kinzoku update"},
		"products": []map[string]string{{"vendor": "kinzoku-soft", "name": "kinzoku-portal", "versions": "<= 1.0"}},
		"audience": map[string]any{"concerned": true, "public": false},
	}
	var b api.BulletinShown
	if err := n.call(ctx, "POST", "/bulletins", text, &b); err != nil {
		t.Fatal(err)
	}
	at := "/bulletins/" + b.ID
	strangers := func(when string) {
		t.Helper()
		for role, token := range n.readers {
			for _, path := range []string{
				api.Prefix + "/bulletins", api.Prefix + at, api.Prefix + at + "/audience", api.Prefix + "/bulletins/TT-2026-001", "/bulletins", at, "/bulletins/TT-2026-001",
				at + "/edit", at + "/do/withdraw", api.Prefix + "/deliveries", "/outbox",
			} {
				got, err := n.ask(ctx, token, "GET", path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(strings.ToLower(string(got.body)), "kinzoku") {
					t.Errorf("%s: %s reads of it at %s", when, role, path)
				}
				if got.status < 400 && !slices.Contains([]string{api.Prefix + "/bulletins", "/bulletins", api.Prefix + "/deliveries", "/outbox"}, path) {
					t.Errorf("%s: %s opens %s: %d", when, role, path, got.status)
				}
			}
		}
		for _, path := range []string{
			"/.well-known/csaf/provider-metadata.json", "/.well-known/security.txt", "/advisories.atom", "/csaf/white/index.txt", "/csaf/white/changes.csv",
			"/csaf/white/csaf-feed-tlp-white.json", "/csaf/white/2026/tt-2026-001.json",
		} {
			got, err := n.ask(ctx, "", "GET", path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(strings.ToLower(string(got.body)), "kinzoku") || (got.status != 200) != strings.HasSuffix(path, "001.json") {
				t.Errorf("%s: everybody reads %s: %d %s", when, path, got.status, got.body)
			}
		}
	}
	strangers("a draft")
	if err := n.call(ctx, "POST", at+"/submit", map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := n.call(ctx, "POST", at+"/approve", map[string]any{}, nil); err == nil {
		t.Error("the admin approves what the admin wrote")
	}
	if got, err := n.ask(ctx, analyst, "POST", api.Prefix+at+"/approve", []byte("{}"), "Content-Type", "application/json"); err != nil || got.status != 200 {
		t.Fatalf("approve: %v %d %s", err, got.status, got.body)
	}
	if err := n.call(ctx, "POST", at+"/publish", map[string]any{}, &b); err != nil {
		t.Fatal(err)
	}
	settle(t, n.server)
	strangers("published")
	got, err := n.ask(ctx, n.officer, "GET", api.Prefix+at, nil)
	if err != nil || got.status != 200 || !strings.Contains(string(got.body), "kinzoku summary") {
		t.Errorf("A's officer: %v %d %s", err, got.status, got.body)
	}
	type line struct{ Warning, Recipient, Reason, State string }
	deliveries, err := list[line](ctx, n.server, "/deliveries")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, d := range deliveries {
		if strings.HasPrefix(d.Reason, "bulletin.") {
			told = append(told, fmt.Sprintf("%s %s%s", d.Recipient, d.Reason, d.Warning))
		}
	}
	if !slices.Equal(told, []string{"head@kinzoku.example bulletin.issued"}) {
		t.Errorf("the ledger has %v", told)
	}
}
