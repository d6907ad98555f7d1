package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// weak gives the two wards a product, and a list and a catalogue that mean them.
func (s *shell) weak() {
	s.t.Helper()
	for name, text := range map[string]string{
		"software.csv": "organisation,vendor,product,version,hostname\nq1,Example Soft,Gate Manager,4.1,q1-web\nq2,Example Soft,Gate Manager,4.2,q2-web\n",
		"list.txt":     "203.0.113.66\n198.51.100.9\n",
		"kev.json": `{"title":"catalogue","catalogVersion":"2026.03.01","dateReleased":"2026-03-01T00:00:00Z","count":1,"vulnerabilities":[
			{"cveID":"CVE-2026-0001","vendorProject":"Example Soft","product":"Gate Manager","vulnerabilityName":"Gate Manager flaw","dateAdded":"2026-03-01",
			"shortDescription":"A flaw.","requiredAction":"Apply updates.","dueDate":"2026-03-22","knownRansomwareCampaignUse":"Known","notes":"","cwes":[]}]}`,
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"import", "estate", filepath.Join(s.dir, "software.csv")},
		{"source", "add", "blocklist", "--format=list"},
		{"source", "add", "kev", "--format=kev"},
		{"intake", filepath.Join(s.dir, "list.txt"), "--source=blocklist"},
		{"intake", filepath.Join(s.dir, "kev.json"), "--source=kev"},
		{"settle"},
	} {
		if o := s.run(args...); o.code != 0 {
			s.t.Fatalf("%v: %+v", args, o)
		}
	}
}

func TestThreatsAreReadHeldAndAnsweredFromTheCommandLine(t *testing.T) {
	admin, _ := open(t)
	officer := admin.furnish()
	admin.weak()
	type thing struct {
		ID, Value, State, Name string
		Exploited              bool
		Organisations          any
	}
	var held []thing
	if admin.run("indicator", "list", "--state=held", "--type=ipv4", "--source=blocklist", "--text=198", "--json").into(t, 0, &held); len(held) != 1 {
		t.Fatalf("held: %+v", held)
	}
	var shown thing
	if admin.run("indicator", "release", held[0].ID, "--reason=it is a bot", "--json").into(t, 0, &shown); shown.State != "active" {
		t.Errorf("released: %+v", shown)
	}
	if admin.run("indicator", "hold", held[0].ID, "--reason=it is ours", "--json").into(t, 0, &shown); shown.State != "held" {
		t.Errorf("held: %+v", shown)
	}
	var advisories []thing
	if admin.run("advisory", "list", "--cve=CVE-2026-0001", "--kev", "--source=kev", "--text=gate", "--json").into(t, 0, &advisories); len(advisories) != 1 || !advisories[0].Exploited {
		t.Fatalf("advisories: %+v", advisories)
	}
	admin.run("advisory", "show", advisories[0].ID, "--json").into(t, 0, &shown)
	var questions []struct {
		Vendor, Product string
		Organisations   []string
	}
	if admin.run("question", "list", "--json").into(t, 0, &questions); len(questions) != 1 || len(questions[0].Organisations) != 2 {
		t.Fatalf("questions: %+v", questions)
	}
	answer := []string{"answer", "no", "--vendor=Example Soft", "--product=Gate Manager", "--advisory-vendor=Example Soft", "--advisory-product=Gate Manager", "--reason=another"}
	if o := admin.run(answer...); o.code != 0 {
		t.Errorf("answer: %+v", o)
	}
	if admin.run("question", "list", "--json").into(t, 0, &questions); len(questions) != 0 {
		t.Errorf("still asked: %+v", questions)
	}
	for code, calls := range map[int][][]string{
		2: {{"indicator", "hold", held[0].ID}, {"answer", "perhaps", "--product=x", "--advisory-product=y"}},
		3: {{"indicator", "show", "I999"}, {"advisory", "show", "A999"}},
		6: {{"indicator", "release", "I1", "--reason=it is not held"}},
	} {
		for _, args := range calls {
			if o := admin.run(args...); o.code != code {
				t.Errorf("%v: exit %d, want %d: %s", args, o.code, code, o.err)
			}
		}
	}
	for _, args := range [][]string{{"indicator", "list"}, {"advisory", "list"}, {"question", "list"}, answer} {
		if o := officer.run(args...); o.code != 4 {
			t.Errorf("an officer's %v: %+v", args, o)
		}
	}
}
