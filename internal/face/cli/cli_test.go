package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/face/api"
	"tocsin/internal/face/api/apitest"
)

// A shell runs commands in a folder with an environment.
type shell struct {
	t     *testing.T
	dir   string
	env   map[string]string
	hooks Hooks
}

// outcome is what a command left.
type outcome struct {
	code     int
	out, err string
}

func (s *shell) run(args ...string) outcome { return s.feed("", args...) }

func (s *shell) feed(in string, args ...string) outcome {
	s.t.Helper()
	var out, err bytes.Buffer
	code := run(s.t.Context(), args, world{
		in: strings.NewReader(in), out: &out, err: &err, hooks: s.hooks,
		env: func(name string) (string, bool) { v, ok := s.env[name]; return v, ok },
	})
	return outcome{code, out.String(), err.String()}
}

// file writes a file of the shell's folder and returns its path.
func (s *shell) file(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// into is the JSON document of a command that ended with the code.
func (o outcome) into(t *testing.T, code int, v any) {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit %d, want %d\n%s%s", o.code, code, o.out, o.err)
	}
	d := json.NewDecoder(strings.NewReader(o.out))
	d.DisallowUnknownFields()
	if err := json.Unmarshal([]byte(o.out), v); err != nil {
		t.Fatalf("standard output is not one JSON document: %v\n%s", err, o.out)
	}
}

// problem is the document on standard error of a command that failed.
func (o outcome) problem(t *testing.T, code int) api.Problem {
	t.Helper()
	var p api.Problem
	if o.code != code {
		t.Fatalf("exit %d, want %d\n%s%s", o.code, code, o.out, o.err)
	}
	if err := json.Unmarshal([]byte(o.err), &p); err != nil {
		t.Fatalf("standard error is no problem document: %v\n%s", err, o.err)
	}
	return p
}

// open is a shell at an empty house, and one of the first ward's officer once
// the house is furnished.
func open(t *testing.T) (*shell, *apitest.House) {
	t.Helper()
	h := apitest.Build(t)
	return &shell{t: t, dir: t.TempDir(), env: map[string]string{"TOCSIN_URL": h.URL, "TOCSIN_TOKEN": h.Admin}}, h
}

func (s *shell) furnish() (officer *shell) {
	s.t.Helper()
	o := s.run("import", "estate", s.file("addresses.csv", apitest.Addresses), s.file("organisations.csv", apitest.Organisations), "--json")
	var results []imported
	o.into(s.t, 0, &results)
	if results[0].New != 2 || results[1].New != 3 || results[0].File != filepath.Join(s.dir, "addresses.csv") || results[0].Refused == nil {
		s.t.Fatalf("imported %+v", results)
	}
	if o := s.run("source", "add", "shadow", "--format", "shadowserver", "--tlp", "green"); o.code != 0 {
		s.t.Fatalf("%+v", o)
	}
	if o := s.feed("bảy con mèo đen\n", "user", "add", "officer@q1.example", "--role=officer", "--organisation=q1", "--password-stdin"); o.code != 0 {
		s.t.Fatalf("%+v", o)
	}
	token := s.run("token", "create", "--user", "officer@q1.example")
	if token.code != 0 || strings.Count(token.out, "\n") != 1 {
		s.t.Fatalf("%+v", token)
	}
	return &shell{t: s.t, dir: s.dir, env: map[string]string{"TOCSIN_URL": s.env["TOCSIN_URL"], "TOCSIN_TOKEN": strings.TrimSpace(token.out)}}
}

func TestAReportIsHandedInAndItsFindingsAreWorkedOn(t *testing.T) {
	admin, _ := open(t)
	officer := admin.furnish()
	report := admin.file("telnet.csv", apitest.Report)

	var taken []taken
	admin.run("intake", report, "--source", "shadow", "--wait", "--json").into(t, 0, &taken)
	first := taken[0]
	if first.File != report || first.Rows != 3 || first.Kept != 2 || first.Quarantined != 1 || first.Duplicate != 0 || first.State != "partial" {
		t.Fatalf("taken %+v", first)
	}
	admin.run("intake", report, "-", "--source=shadow", "--json").into(t, 0, &taken)
	if taken[0].Document != first.Document || taken[0].Duplicate != taken[0].Rows || taken[0].Rows != 3 || taken[0].Kept != 0 {
		t.Fatalf("the same bytes again: %+v", taken[0])
	}
	if p := admin.run("intake", report, "--source=shadow", "--strict", "--json").problem(t, 5); p.Code != "invalid" {
		t.Fatalf("strict: %+v", p)
	}

	var findings []api.Finding
	officer.run("finding", "list", "--json").into(t, 0, &findings)
	if len(findings) != 1 || *findings[0].Organisation != "q1" {
		t.Fatalf("the officer sees %+v", findings)
	}
	id := findings[0].ID
	var f api.Finding
	officer.run("finding", "ack", id, "--json").into(t, 0, &f)
	if f.State != "acknowledged" {
		t.Fatalf("acknowledged: %+v", f)
	}
	officer.run("finding", "fixed", id, "--json").into(t, 0, &f)
	if f.State != "claimed_fixed" {
		t.Fatalf("fixed: %+v", f)
	}
	for _, c := range []struct {
		args []string
		code int
		name string
	}{
		{[]string{"finding", "ack", id}, 6, "conflict"},
		{[]string{"finding", "verify", id, "--reason=x"}, 4, "denied"},
		{[]string{"finding", "show", "F99"}, 3, "not-found"},
		{[]string{"finding", "show", "F2"}, 3, "not-found"},
		{[]string{"finding", "list", "--organisation=q2"}, 3, "not-found"},
		{[]string{"document", "list"}, 4, "denied"},
	} {
		if p := officer.run(append(c.args, "--json")...).problem(t, c.code); p.Code != c.name {
			t.Errorf("%v: %+v", c.args, p)
		}
	}
	if p := admin.run("finding", "accept", "F2", "--json").problem(t, 5); len(p.Places) == 0 || p.Places[0].Field != "reason" {
		t.Errorf("accepted without a reason: %+v", p)
	}
	admin.run("finding", "accept", "F2", "--reason=old printer", "--until=2026-06-30", "--json").into(t, 0, &f)
	if want := time.Date(2026, 6, 30, 17, 0, 0, 0, time.UTC); f.State != "accepted_risk" || !f.Until.Equal(want) {
		t.Errorf("until the end of the city's day: %+v, want %s", f.Until, want)
	}

	var held []api.Quarantined
	admin.run("quarantine", "list", "--json").into(t, 0, &held)
	if len(held) != 1 {
		t.Fatalf("held %+v", held)
	}
	var q api.Quarantined
	admin.run("quarantine", "release", held[0].ID, "--set", "ip=198.51.100.9", "--wait", "--json").into(t, 0, &q)
	admin.run("finding", "list", "--text=198.51.100.9", "--json").into(t, 0, &findings)
	if len(findings) != 1 {
		t.Fatalf("the released row: %+v", findings)
	}
}

func TestARefusalReachesWhoSendsALargeFile(t *testing.T) {
	admin, _ := open(t)
	admin.furnish()
	large := admin.file("Báo cáo lớn.csv", strings.Repeat("x", 8<<20))
	if p := admin.run("intake", large, "--source=none", "--json").problem(t, 3); p.Code != "not-found" {
		t.Errorf("a source that is not there: %+v", p)
	}
	if o := admin.run("import", "estate", admin.dir); o.code != 5 {
		t.Errorf("a folder: %+v", o)
	}
	small := admin.file("Báo cáo nhỏ.csv", apitest.Report)
	if o := admin.run("intake", small, "--source=shadow", "-q"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	var docs []api.Document
	admin.run("document", "list", "--json").into(t, 0, &docs)
	if len(docs) != 1 || docs[0].File != "Báo cáo nhỏ.csv" {
		t.Errorf("its name: %+v", docs)
	}
}

func TestARefusedRowLeavesItsFileAloneAndSaysWhere(t *testing.T) {
	admin, _ := open(t)
	good := admin.file("good.csv", apitest.Organisations)
	bad := admin.file("bad.csv", "organisation,kind,value\nq1,prefix,198.51.100.0/25\nq9,prefix,nonsense\n")
	o := admin.run("import", "estate", good, bad, "--json")
	var results []imported
	o.into(t, 5, &results)
	if results[0].New != 3 || len(results[1].Refused) == 0 || results[1].New != 0 || results[1].Refused[0].Line != 3 {
		t.Fatalf("imported %+v", results)
	}
	p := o.problem(t, 5)
	if p.Code != "invalid" || p.Places[0].File != bad || p.Places[0].Line != 3 || p.Places[0].Column == 0 {
		t.Fatalf("problem %+v", p)
	}
	if o := admin.run("import", "estate", bad); o.code != 5 || !strings.Contains(o.err, bad+":3:") {
		t.Fatalf("for people: %+v", o)
	}
	if o := admin.run("import", "estate", filepath.Join(admin.dir, "missing.csv")); o.code != 5 || !strings.Contains(o.err, "missing.csv") {
		t.Fatalf("a file that is not there: %+v", o)
	}
}

func TestEveryListIsAnArrayOrLinesOrATable(t *testing.T) {
	admin, _ := open(t)
	admin.furnish()
	for _, noun := range []string{
		"finding", "document", "quarantine", "source", "organisation", "succession", "system", "endpoint", "address", "contact", "software",
		"indicator", "user", "token", "shift", "handover", "call", "mute", "journal", "regime",
	} {
		var all []map[string]any
		admin.run(noun, "list", "--json").into(t, 0, &all)
		if all == nil {
			t.Errorf("%s: an empty list is no array", noun)
		}
		lines := admin.run(noun, "list", "--jsonl")
		if n := strings.Count(lines.out, "\n"); lines.code != 0 || n < len(all) || n > len(all)+1 { // the journal's own readers write nothing
			t.Errorf("%s: %d lines of %d", noun, n, len(all))
		}
		if table := admin.run(noun, "list"); table.code != 0 || (len(all) > 0 && strings.Count(table.out, "\n") != len(all)+1) {
			t.Errorf("%s: %+v", noun, table)
		}
		if len(all) > 1 {
			var two []map[string]any
			admin.run(noun, "list", "--limit=1", "--json").into(t, 0, &two)
			if len(two) != 1 {
				t.Errorf("%s: --limit=1 gives %d", noun, len(two))
			}
		}
	}
}

func TestLongListsAreFollowedToTheirEnd(t *testing.T) {
	admin, _ := open(t)
	var b strings.Builder
	b.WriteString("code,name_vi,kind,tier\n")
	const n = 2*pageSize + 3
	for i := range n {
		b.WriteString("o" + string(rune('a'+i%26)) + strings.Repeat("x", 0) + itoa(i) + ",Đơn vị " + itoa(i) + ",company,private\n")
	}
	if o := admin.run("import", "estate", admin.file("many.csv", b.String()), "-q"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	var all []struct{ Code string }
	admin.run("organisation", "list", "--json").into(t, 0, &all)
	if len(all) != n {
		t.Fatalf("%d of %d", len(all), n)
	}
	admin.run("organisation", "list", "--limit", itoa(pageSize+5), "--json").into(t, 0, &all)
	if len(all) != pageSize+5 {
		t.Fatalf("limited to %d, got %d", pageSize+5, len(all))
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestWrongCallsEndWithTwoAndAHint(t *testing.T) {
	s := &shell{t: t, dir: t.TempDir(), env: map[string]string{}}
	for _, args := range [][]string{
		{},
		{"nonsense"},
		{"finding"},
		{"finding", "lst"},
		{"finding", "list", "--colour"},
		{"finding", "show"},
		{"finding", "list", "--since=yesterday"},
		{"finding", "list", "--limit=-1"},
		{"intake", "x.csv"},
		{"quarantine", "release", "Q1", "--set=ip"},
		{"clock", "advance", "soon"},
		{"finding", "list"},
		{"restore", "x"},
		{"serve", "--clock=now"},
		{"serve", "--tls-cert=x"},
	} {
		o := s.run(args...)
		if o.code != 2 || o.out != "" || !strings.HasPrefix(o.err, "tocsin: usage: ") {
			t.Errorf("%v: %+v", args, o)
		}
		if p := s.run(append(args, "--json")...).problem(t, 2); p.Code != "usage" {
			t.Errorf("%v --json: %+v", args, p)
		}
	}
	s.run("finding", "list", "--json", "--jsonl").problem(t, 2)
	if o := s.run("findng", "list"); !strings.Contains(o.err, `did you mean "finding"`) || !strings.Contains(o.err, "--help") {
		t.Errorf("no hint: %+v", o)
	}
}

func TestTheServerIsFoundByFolderOrEnvironment(t *testing.T) {
	admin, h := open(t)
	officer := admin.furnish()
	data := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("url", h.URL)
	write("admin.token", h.Admin)
	token := officer.env["TOCSIN_TOKEN"]
	role := func(env map[string]string, args ...string) string {
		s := &shell{t: t, dir: t.TempDir(), env: env}
		var u api.User
		s.run(append([]string{"user", "show", "me", "--json"}, args...)...).into(t, 0, &u)
		return string(u.Role)
	}
	for _, c := range []struct {
		name string
		env  map[string]string
		args []string
		role string
	}{
		{"by environment", map[string]string{"TOCSIN_URL": h.URL, "TOCSIN_TOKEN": token}, nil, "officer"},
		{"by folder", nil, []string{"--data", data}, "admin"},
		{"by folder, as somebody", map[string]string{"TOCSIN_TOKEN": token}, []string{"--data", data}, "officer"},
		{"by folder, as somebody, with its address", map[string]string{"TOCSIN_URL": h.URL + "/", "TOCSIN_TOKEN": token}, []string{"--data", data}, "officer"},
		{"by folder, beside another server's token", map[string]string{"TOCSIN_URL": "http://127.0.0.1:1", "TOCSIN_TOKEN": token}, []string{"--data", data}, "admin"},
	} {
		if got := role(c.env, c.args...); got != c.role {
			t.Errorf("%s: %s, want %s", c.name, got, c.role)
		}
	}
	if o := (&shell{t: t, env: map[string]string{}}).run("user", "show", "me", "--data", t.TempDir()); o.code != 1 {
		t.Errorf("a folder without a server: %+v", o)
	}
	if o := (&shell{t: t, env: map[string]string{"TOCSIN_URL": "http://127.0.0.1:1"}}).run("user", "show", "me"); o.code != 1 {
		t.Errorf("a server that does not run: %+v", o)
	}
	if o := (&shell{t: t, env: map[string]string{"TOCSIN_URL": h.URL, "TOCSIN_TOKEN": "toc_wrong"}}).run("user", "list"); o.code != 4 {
		t.Errorf("a token that is none: %+v", o)
	}
}

func TestVerifySaysTheFirstFaultAndEndsWithOne(t *testing.T) {
	admin, _ := open(t)
	var v journal.Verdict
	admin.run("verify", "--json").into(t, 1, &v)
	if v.OK || v.FirstBad == "" {
		t.Fatalf("%+v", v)
	}
	if o := admin.run("verify", "--checkpoint", filepath.Join(admin.dir, "none")); o.code != 5 {
		t.Fatalf("a checkpoint that is not there: %+v", o)
	}
	// Where no server runs over the folder, the folder itself is verified.
	data := t.TempDir()
	at := &shell{t: t, dir: data, env: map[string]string{}, hooks: Hooks{Verify: func(_ context.Context, s Store, checkpoint string) (journal.Verdict, error) {
		if s.Data != data || checkpoint != "kept" {
			return journal.Verdict{}, errs.New(errs.Internal, "%+v %q", s, checkpoint)
		}
		return journal.Verdict{OK: true, Size: 3}, nil
	}}}
	at.run("verify", "--data", data, "--checkpoint", at.file("kept", "kept"), "--json").into(t, 0, &v)
	if !v.OK || v.Size != 3 {
		t.Fatalf("%+v", v)
	}
}

func TestABackupIsThereWholeOrNotAtAll(t *testing.T) {
	admin, _ := open(t)
	file := filepath.Join(admin.dir, "all.backup")
	if o := admin.run("backup", file); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	saved, err := os.ReadFile(file)
	if err != nil || string(saved) != "everything" {
		t.Fatalf("%q %v", saved, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	data := t.TempDir()
	at := &shell{t: t, dir: data, env: map[string]string{}, hooks: Hooks{
		Backup: func(_ context.Context, _ Store, w io.Writer) error {
			_, _ = io.WriteString(w, "half")
			return errors.New("the disk is gone")
		},
		Restore: func(_ context.Context, o RestoreOptions) error {
			raw, err := io.ReadAll(o.Backup)
			if err != nil || string(raw) != "everything" || o.Data != data {
				return errs.New(errs.Internal, "%q %s %v", raw, o.Data, err)
			}
			return errs.New(errs.Conflict, "%s is not empty", data)
		},
	}}
	broken := filepath.Join(data, "broken.backup")
	if o := at.run("backup", broken, "--data", data); o.code != 1 {
		t.Fatalf("%+v", o)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if p := at.run("restore", file, "--data", data, "--json").problem(t, 6); p.Code != "conflict" {
		t.Errorf("%+v", p)
	}
}

func TestServeTakesFlagsThenEnvironmentThenFile(t *testing.T) {
	var got ServeOptions
	s := &shell{t: t, dir: t.TempDir(), env: map[string]string{}, hooks: Hooks{Serve: func(_ context.Context, o ServeOptions) error { got = o; return nil }}}
	config := s.file("tocsin.conf", "# settings\nlisten = 127.0.0.1:1\nsmtp=smtp://file:25\nmail-from = file@city.example\nmax-upload = 2G\nproxy = 10.0.0.0/8, 192.0.2.1\ndemo = true\n")
	t.Setenv("TOCSIN_LISTEN", "127.0.0.1:2")
	t.Setenv("TOCSIN_SMTP", "smtp://environment:25")
	if o := s.run("serve", "--data=d", "--config", config, "--listen=127.0.0.1:3", "--clock=2026-03-09T08:00:00+07:00"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	want := ServeOptions{
		Store: Store{Data: "d"}, Listen: "127.0.0.1:3", SMTP: "smtp://environment:25", MailFrom: "file@city.example", MaxUpload: 2 << 30, Demo: true,
		Clock: time.Date(2026, 3, 9, 1, 0, 0, 0, time.UTC), Proxies: []string{"10.0.0.0/8", "192.0.2.1"}, LogLevel: "info", LogFormat: "text",
	}
	if len(got.Proxies) != 2 || strings.TrimSpace(got.Proxies[1]) != "192.0.2.1" {
		t.Errorf("proxies %q", got.Proxies)
	}
	got.Proxies = want.Proxies
	if a, b := itoaAny(got), itoaAny(want); a != b {
		t.Errorf("got  %s\nwant %s", a, b)
	}
	if o := s.run("serve", "--config", s.file("bad.conf", "listen = x\ncolour = red\n")); o.code != 5 || !strings.Contains(o.err, "bad.conf:2") {
		t.Errorf("an unknown setting: %+v", o)
	}
}

func itoaAny(v any) string { b, _ := json.Marshal(v); return string(b) }

func TestWhatAHostileFeedNamesDoesNotPaintTheTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", "a\x1b[31mb": "a�[31mb", "a\tb\nc": "a b c", "a\u202eb": "a�b", "Phường Bến Thành": "Phường Bến Thành", "\u0085": "�",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q is printed %q, want %q", text, got, want)
		}
	}
}

func TestTablesFitTheTerminal(t *testing.T) {
	rows := [][]string{{"ID", "Subject"}, {"W1", strings.Repeat("cảnh báo ", 30)}, {"W2", "ngắn"}}
	for _, width := range []int{20, 40, 79} {
		for line := range strings.Lines(table(rows, width)) {
			if n := columns(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns of %d: %q", n, width, line)
			}
		}
	}
	if text := table(rows, 0); strings.Contains(text, "…") {
		t.Errorf("cut without a terminal: %q", text)
	}
}
