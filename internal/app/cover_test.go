package app_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/envelope/envelopetest"
)

// TestAContactsKeyCoversItsMail hands keys in by the API, has mail signed with the
// centre's own, and watches what arrives while the key holds and after.
func TestAContactsKeyCoversItsMail(t *testing.T) {
	const box = "lan@w0.example"
	at, err := time.Parse(time.RFC3339, morning)
	if err != nil {
		t.Fatal(err)
	}
	own, lan := envelopetest.PGP(t, "canhbao@tp.example", at.Add(-time.Hour), 0), envelopetest.PGP(t, box, at.Add(-time.Hour), 30*24*time.Hour)
	folder := t.TempDir()
	file := filepath.Join(folder, "sign.asc")
	if err := os.WriteFile(file, []byte(own.Private), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.close)
	s := &server{folder: filepath.Join(folder, "data"), clock: morning, smtp: k.url(), flags: []string{"--sign-key", file}}
	t.Cleanup(s.kill)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	settleWards(t, s)
	contact := map[string]any{"organisation": "W0", "name": "Lan", "email": box, "order": 1, "person": "yes", "smime": envelopetest.SMIME(t, box, at.Add(-48*time.Hour), time.Hour).Public}
	text, err := json.Marshal(contact)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.ask(t.Context(), s.token, "POST", "/api/v1/contacts", text, "Content-Type", "application/json")
	if err != nil || got.status != 422 || !strings.Contains(string(got.body), `"field":"smime"`) {
		t.Fatalf("an expired certificate: %v %d %s", err, got.status, got.body)
	}
	delete(contact, "smime")
	contact["pgp"] = lan.Public
	var kept struct {
		Keys []struct{ Kind, Trouble string }
	}
	if err := s.call(t.Context(), "POST", "/contacts", contact, &kept); err != nil || len(kept.Keys) != 1 || kept.Keys[0].Kind != "pgp" || kept.Keys[0].Trouble != "" {
		t.Fatalf("%+v, %v", kept, err)
	}
	settle(t, s)
	hand(t, s, "shadow", "2026-03-08-scan_rdp-tp.csv", scans("198.18.0.1"))
	sealed, other := k.to(box), k.to("w0@wards.example")
	if len(sealed) != 1 || len(other) != 1 || sealed[0].subject() != "[TLP:AMBER] W1" || len(sealed[0].links()) != 0 {
		t.Fatalf("%d and %d letters", len(sealed), len(other))
	}
	inside, err := open(lan.Open(t, sealed[0].Raw, own, at))
	if err != nil || len(inside.links()) != 1 || !strings.Contains(inside.links()[0], "/ack/") || inside.Files["evidence.csv"] == "" {
		t.Errorf("inside: %v %+v", err, inside)
	}
	if clear, err := open(own.Signed(t, other[0].Raw, at)); err != nil || len(clear.links()) != 1 {
		t.Errorf("signed: %v", err)
	}
	// The key ends; its holder learns that something waits, and no more.
	advance(t, s, "800h")
	k.forget()
	hand(t, s, "shadow", "2026-03-09-scan_rdp-tp.csv", scans("198.18.0.2"))
	for _, l := range k.to(box) {
		if strings.Contains(l.Text+l.HTML+l.Files["evidence.csv"], "198.18.0") || strings.Contains(l.Text, "198[.]18") || len(l.links()) != 1 {
			t.Errorf("a notice that tells: %s", l.Text)
		}
		page, err := s.ask(t.Context(), "", "GET", l.links()[0], nil)
		if err != nil || page.status != 200 || strings.Contains(string(page.body), "198") {
			t.Errorf("behind its link: %v %d", err, page.status)
		}
	}
	if len(k.to(box)) == 0 {
		t.Error("silence")
	}
	covers := map[string]bool{}
	all, err := list[struct{ Recipient, Cover string }](t.Context(), s, "/deliveries")
	for _, d := range all {
		if d.Recipient == box {
			covers[d.Cover] = true
		}
	}
	if err != nil || !covers["pgp"] || !covers["key-expired"] || len(covers) != 2 {
		t.Errorf("ledger %v, %v", covers, err)
	}
	if v := verify(t, s, ""); !v.OK {
		t.Errorf("verify: %+v", v)
	}
}
