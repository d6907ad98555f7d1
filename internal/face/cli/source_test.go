package cli

import (
	"strings"
	"testing"
)

func TestASourceIsJudgedFetchedAndGivenASecret(t *testing.T) {
	s, _ := open(t)
	if o := s.run("source", "add", "post", "--format=mail", "--senders=cert.example a@b.example", "--reliability=B", "--kind=indicators", "--json"); o.code != 0 ||
		!strings.Contains(o.out, `"reliability":"B"`) || !strings.Contains(o.out, `"senders":"cert.example a@b.example"`) {
		t.Errorf("%+v", o)
	}
	if o := s.run("source", "add", "worse", "--format=mail", "--reliability=G"); o.code != 5 {
		t.Errorf("%+v", o)
	}
	if o := s.run("source", "edit", "post", "--reliability=D", "--json"); o.code != 0 || !strings.Contains(o.out, `"reliability":"D"`) {
		t.Errorf("%+v", o)
	}
	if o := s.run("source", "fetch", "post"); o.code != 5 {
		t.Errorf("a source without an address is fetched: %+v", o)
	}
	if o := s.run("source", "edit", "post", "--url=https://u:p@host.example/"); o.code != 5 {
		t.Errorf("a password in the address: %+v", o)
	}
	if o := s.run("source", "edit", "post", "--url=https://host.example/list", "--every=1h", "--json"); o.code != 0 || !strings.Contains(o.out, `"collecting":{`) {
		t.Errorf("%+v", o)
	}
	if o := s.run("source", "fetch", "post", "--json"); o.code != 0 || !strings.Contains(o.out, `"next":"20`) {
		t.Errorf("%+v", o)
	}
	if o := s.run("source", "secret", "post"); o.code != 2 {
		t.Errorf("no secret: %+v", o)
	}
	if o := s.run("source", "secret", "post", "--forget", "--json"); o.code != 0 || !strings.Contains(o.out, `"secret":false`) {
		t.Errorf("%+v", o)
	}
	if o := s.run("source", "fetch", "nowhere"); o.code != 3 {
		t.Errorf("%+v", o)
	}
	if o := s.run("document", "vouch", "S999", "--reason=called"); o.code != 3 {
		t.Errorf("%+v", o)
	}
}

func TestALetterIsTypedInFromTheCommandLine(t *testing.T) {
	s, _ := open(t)
	s.furnish()
	if o := s.run("source", "add", "letters", "--format=mail"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	letter := s.file("12.pdf", "%PDF-1.7 x")
	o := s.run("source", "entry", "letters", "--reference=12/CV", "--letter="+letter, "--set=what=203.0.113.7; kind=malware; at=2026-03-01 10:00:00; note=a, b", "--set=what=evil.example; kind=indicators", "--json")
	var made []struct{ ID, Letter, File string }
	o.into(t, 0, &made)
	if len(made) != 3 || made[0].Letter != made[2].ID || made[2].File != "12.pdf" {
		t.Errorf("%+v", made)
	}
	if p := s.run("source", "entry", "letters", "--reference=13/CV", "--set=what=203.0.113.999; kind=malware; at=2026-03-01 10:00:00", "--json").problem(t, 5); len(p.Places) != 1 || p.Places[0].Field != "rows.0.what" {
		t.Errorf("%+v", p)
	}
	if o := s.run("source", "entry", "letters", "--reference=13/CV", "--set=what"); o.code != 2 {
		t.Errorf("%+v", o)
	}
}
