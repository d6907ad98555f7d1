package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestSessions plays testdata/script on both engines. A session is what a user
// at a terminal does; see each file for what it shows. Beside testscript's own
// commands there are:
//
//	serve [-nomail] [FLAG…]       starts the server of $WORK/data, with the sink as its mail server
//	halt, crash                   end it by SIGTERM, by SIGKILL
//	token VAR ROLE [ORGANISATION] makes an account and puts its token into $VAR
//	as $TOKEN, as admin           who the commands that follow are
//	json [-f FILE] PATH VALUE     the JSON printed last has VALUE at PATH; ~RE matches, "! json" denies
//	keep VAR PATH                 puts a value of the JSON printed last into $VAR
//	mails [ADDRESS] N             so many letters came (to an address)
//	mail ADDRESS [SUBJECT-RE]     the latest letter to an address: mail/{raw,text,html,subject,FILE}, $ACK
//	forget                        empties the sink
//	sink MOOD ADDRESS             how it treats an address
//	http [-as TOKEN] METHOD PATH STATUS [BODYFILE] [NAME:VALUE…]   answer in http/body, http/header; STATUS ~RE matches
//	ackhere                       presses the button behind $ACK at the server that runs now
//	code N PROGRAM [ARGUMENT…]    the exit code is N
//	storm                         writes a city of many wards and deliveries of many rows
//	restored FILE FOLDER          restores a backup; serve then serves FOLDER, over a database of its own
func TestSessions(t *testing.T) {
	eachEngine(t, func(t *testing.T, fresh func() string) {
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata/script",
			RequireUniqueNames:  true,
			RequireExplicitExec: true,
			Setup:               func(e *testscript.Env) error { return furnish(e, fresh) },
			Condition: func(name string) (bool, error) {
				return name == "postgresql" && strings.HasSuffix(t.Name(), "postgresql"), nil
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"serve": doServe, "halt": doStop, "crash": doCrash, "token": doToken, "as": doAs,
				"json": doJSON, "keep": doKeep, "mails": doMails, "mail": doMail, "forget": doForget, "sink": doSink, "http": doHTTP, "code": doCode, "storm": doStorm,
				"restored": func(ts *testscript.TestScript, _ bool, args []string) { doRestored(ts, args, fresh) }, "ackhere": doAckHere,
			},
		})
	})
}

// A stage is what the commands of one session share.
type stage struct {
	server *server
	sink   *sink
}

type stageKey struct{}

// morning is when sessions begin: a Monday, a working day, 09:00 in the city.
const morning = "2026-03-09T09:00:00+07:00"

func furnish(e *testscript.Env, fresh func() string) error {
	k, err := newSink()
	if err != nil {
		return err
	}
	e.Setenv("MORNING", morning)
	e.Setenv("TOCSIN_LANGUAGE", "en")
	e.Setenv("DB", fresh())
	s := &stage{sink: k, server: &server{folder: filepath.Join(e.WorkDir, "data"), db: e.Getenv("DB"), clock: morning}}
	e.Values[stageKey{}] = s
	if err := os.CopyFS(filepath.Join(e.WorkDir, "city"), os.DirFS("testdata/city")); err != nil {
		return err
	}
	// As an office saves it: with a byte order mark, semicolons and CRLF, which
	// no txtar carries.
	office := "\ufeff" + strings.Join([]string{"code;name_vi;kind;parent;tier", `P-VAN;"Phường ""Văn"" Phòng";ward;TP;city`, ""}, "\r\n")
	if err := os.WriteFile(filepath.Join(e.WorkDir, "office.csv"), []byte(office), 0o644); err != nil {
		return err
	}
	e.Defer(func() {
		s.server.kill()
		k.close()
	})
	return nil
}

func of(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

func usage(ts *testscript.TestScript, ok bool, text string) {
	if !ok {
		ts.Fatalf("usage: %s", text)
	}
}

func doServe(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	s.server.smtp = s.sink.url()
	if len(args) > 0 && args[0] == "-nomail" {
		s.server.smtp, args = "", args[1:]
	}
	if len(args) > 0 && args[0] == "-noclock" {
		s.server.clock, args = "", args[1:]
	}
	s.server.flags = args
	err := s.server.start()
	if neg {
		if err == nil {
			ts.Fatalf("serve started")
		}
		return
	}
	ts.Check(err)
	ts.Setenv("URL", s.server.url)
	ts.Setenv("ADMIN", s.server.token)
	ts.Setenv("TOCSIN_URL", s.server.url)
	ts.Setenv("TOCSIN_TOKEN", s.server.token)
}

func doStop(ts *testscript.TestScript, _ bool, _ []string) {
	if err := of(ts).server.stop(); err != nil {
		ts.Fatalf("stop: %v\n%s", err, of(ts).server.log)
	}
}

func doCrash(ts *testscript.TestScript, _ bool, _ []string) { of(ts).server.kill() }

func doToken(ts *testscript.TestScript, _ bool, args []string) {
	usage(ts, len(args) == 2 || len(args) == 3, "token VAR ROLE [ORGANISATION]")
	role, organisation := args[1], ""
	if len(args) == 3 {
		organisation = args[2]
	}
	token, err := newcomer(context.Background(), of(ts).server, role, organisation)
	ts.Check(err)
	ts.Setenv(args[0], token)
}

// newcomer makes an account of a role and returns a token of it.
func newcomer(ctx context.Context, s *server, role, organisation string) (string, error) {
	email := strings.ToLower(role+"."+organisation) + "@people.example"
	if organisation == "" {
		email = role + "@people.example"
	}
	err := s.call(ctx, "POST", "/users", map[string]string{
		"email": email, "role": role, "organisation": organisation, "password": "beo gach buc tuong xanh 77",
	}, nil)
	if err != nil && !strings.Contains(err.Error(), "409") {
		return "", err
	}
	var made struct {
		Token string `json:"token"`
	}
	err = s.call(ctx, "POST", "/tokens", map[string]string{"user": email}, &made)
	return made.Token, err
}

func doAs(ts *testscript.TestScript, _ bool, args []string) {
	usage(ts, len(args) == 1, "as TOKEN")
	if args[0] == "admin" {
		args[0] = of(ts).server.token
	}
	ts.Setenv("TOCSIN_TOKEN", args[0])
}

// printed is the JSON that the commands json and keep look at.
func printed(ts *testscript.TestScript, args []string) (any, []string) {
	file := "stdout"
	if len(args) > 1 && args[0] == "-f" {
		file, args = args[1], args[2:]
	}
	text := ts.ReadFile(file)
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		ts.Fatalf("%s is not JSON: %v\n%s", file, err, text)
	}
	if d.More() {
		ts.Fatalf("%s has more than one JSON document:\n%s", file, text)
	}
	return v, args
}

func doJSON(ts *testscript.TestScript, neg bool, args []string) {
	v, args := printed(ts, args)
	usage(ts, len(args) == 2, "json [-f FILE] PATH VALUE")
	got, err := at(v, args[0])
	if err != nil && !neg {
		ts.Fatalf("%v\n%s", err, spelled(v))
	}
	same := err == nil && spelled(got) == args[1]
	if re, ok := strings.CutPrefix(args[1], "~"); ok && err == nil {
		same = regexp.MustCompile("(?s)" + re).MatchString(spelled(got))
	}
	if same == neg {
		ts.Fatalf("%s is %s, want %s%s\n%s", args[0], spelled(got), map[bool]string{true: "not "}[neg], args[1], spelled(v))
	}
}

func doKeep(ts *testscript.TestScript, _ bool, args []string) {
	v, args := printed(ts, args)
	usage(ts, len(args) == 2, "keep [-f FILE] VAR PATH")
	got, err := at(v, args[1])
	ts.Check(err)
	ts.Setenv(args[0], spelled(got))
}

// at is the value at a path: "a.b", "[0].a", ":count" (how many), "[a=x].b" (the
// one item whose a is x), "[a=x]:count" (how many of them).
func at(v any, path string) (any, error) {
	for path != "" {
		switch {
		case path == ":count":
			switch x := v.(type) {
			case []any:
				return json.Number(strconv.Itoa(len(x))), nil
			case map[string]any:
				return json.Number(strconv.Itoa(len(x))), nil
			}
			return nil, fmt.Errorf(":count of what is neither list nor object: %s", spelled(v))
		case path[0] == '.':
			path = path[1:]
		case path[0] == '[':
			inside, rest, ok := strings.Cut(path[1:], "]")
			items, isList := v.([]any)
			if !ok || !isList {
				return nil, fmt.Errorf("%s: not a list", path)
			}
			path = rest
			key, want, pick := strings.Cut(inside, "=")
			if !pick {
				n, err := strconv.Atoi(inside)
				if err != nil || n >= len(items) {
					return nil, fmt.Errorf("no item %s of %d", inside, len(items))
				}
				v = items[n]
				continue
			}
			var found []any
			for _, item := range items {
				if x, err := at(item, key); err == nil && spelled(x) == want {
					found = append(found, item)
				}
			}
			if path == ":count" {
				return json.Number(strconv.Itoa(len(found))), nil
			}
			if len(found) != 1 {
				return nil, fmt.Errorf("%d items have %s", len(found), inside)
			}
			v = found[0]
		default:
			end := strings.IndexAny(path, ".[:")
			if end < 0 {
				end = len(path)
			}
			object, isObject := v.(map[string]any)
			if !isObject {
				return nil, fmt.Errorf("%s: not an object: %s", path, spelled(v))
			}
			value, has := object[path[:end]]
			if !has {
				return nil, fmt.Errorf("no key %s", path[:end])
			}
			v, path = value, path[end:]
		}
	}
	return v, nil
}

// spelled is a value as a session writes it: text as it is, all else as JSON.
func spelled(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func doMails(ts *testscript.TestScript, _ bool, args []string) {
	usage(ts, len(args) == 1 || len(args) == 2, "mails [ADDRESS] N")
	address := ""
	if len(args) == 2 {
		address = args[0]
	}
	want, err := strconv.Atoi(args[len(args)-1])
	ts.Check(err)
	if got := of(ts).sink.to(address); len(got) != want {
		var said []string
		for _, l := range got {
			said = append(said, l.To+": "+l.subject())
		}
		ts.Fatalf("%d letters to %q, want %d\n%s", len(got), address, want, strings.Join(said, "\n"))
	}
}

func doMail(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) == 1 || len(args) == 2, "mail ADDRESS [SUBJECT-RE]")
	var found *letter
	for _, l := range of(ts).sink.to(args[0]) {
		if len(args) == 1 || regexp.MustCompile(args[1]).MatchString(l.subject()) {
			found = l
		}
	}
	if neg {
		if found != nil {
			ts.Fatalf("there is a letter: %s", found.subject())
		}
		return
	}
	if found == nil {
		for _, l := range of(ts).sink.to("") {
			ts.Logf("%s: %s", l.To, l.subject())
		}
		ts.Fatalf("no such letter to %s", args[0])
	}
	folder := ts.MkAbs("mail")
	ts.Check(os.RemoveAll(folder))
	ts.Check(os.MkdirAll(folder, 0o755))
	files := map[string]string{"raw": string(found.Raw), "text": found.Text, "html": found.HTML, "subject": found.subject() + "\n"}
	for name, content := range found.Files {
		files[filepath.Base(name)] = content
	}
	for name, content := range files {
		ts.Check(os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644))
	}
	ts.Setenv("ACK", "")
	var acks []string
	for _, link := range found.links() {
		if strings.Contains(link, "/ack/") {
			acks = append(acks, link)
		}
	}
	if len(acks) > 1 {
		ts.Fatalf("the text has %d acknowledgement links", len(acks))
	}
	if len(acks) == 1 {
		ts.Setenv("ACK", acks[0])
	}
}

func doForget(ts *testscript.TestScript, _ bool, _ []string) { of(ts).sink.forget() }

func doSink(ts *testscript.TestScript, _ bool, args []string) {
	usage(ts, len(args) == 2, "sink MOOD ADDRESS")
	of(ts).sink.treat(args[1], mood(strings.TrimPrefix(args[0], "kind")))
}

func doHTTP(ts *testscript.TestScript, _ bool, args []string) {
	const how = "http [-as TOKEN] METHOD PATH STATUS [BODYFILE] [NAME:VALUE…]"
	token := ""
	if len(args) > 1 && args[0] == "-as" {
		token, args = args[1], args[2:]
	}
	usage(ts, len(args) >= 3, how)
	var body []byte
	var header []string
	for _, a := range args[3:] {
		if name, value, ok := strings.Cut(a, ":"); ok {
			header = append(header, name, value)
		} else {
			body = []byte(ts.ReadFile(a))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	got, err := of(ts).server.ask(ctx, token, args[0], args[1], body, header...)
	ts.Check(err)
	folder := ts.MkAbs("http")
	ts.Check(os.MkdirAll(folder, 0o755))
	var heads strings.Builder
	ts.Check(got.header.Write(&heads))
	ts.Check(os.WriteFile(filepath.Join(folder, "body"), got.body, 0o644))
	ts.Check(os.WriteFile(filepath.Join(folder, "header"), []byte(heads.String()), 0o644))
	want := regexp.QuoteMeta(args[2])
	if re, ok := strings.CutPrefix(args[2], "~"); ok {
		want = re
	}
	if !regexp.MustCompile("^(" + want + ")$").MatchString(strconv.Itoa(got.status)) {
		ts.Fatalf("%s %s: %d, want %s\n%s", args[0], args[1], got.status, args[2], got.body)
	}
}

func doAckHere(ts *testscript.TestScript, _ bool, _ []string) {
	_, path, ok := strings.Cut(ts.Getenv("ACK"), "/ack/")
	usage(ts, ok, "ackhere, after mail")
	got, err := of(ts).server.ask(context.Background(), "", "POST", "/ack/"+path, nil)
	ts.Check(err)
	if got.status >= 400 {
		ts.Fatalf("acknowledge: %d\n%s", got.status, got.body)
	}
}

func doCode(ts *testscript.TestScript, _ bool, args []string) {
	usage(ts, len(args) >= 2, "code N PROGRAM [ARGUMENT…]")
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if err != nil {
		ended, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = ended.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s\n%s%s", code, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

func doRestored(ts *testscript.TestScript, args []string, fresh func() string) {
	usage(ts, len(args) == 2, "restored FILE FOLDER")
	s := of(ts).server
	s.folder, s.db = ts.MkAbs(args[1]), fresh()
	ts.Setenv("DB", s.db)
	command := []string{"restore", args[0], "--data", s.folder}
	if s.db != "" {
		command = append(command, "--db", s.db)
	}
	ts.Check(ts.Exec("tocsin", command...))
}

// doStorm writes 30 wards M-1 … M-30, each with a contact wN@many.example and the
// network 198.18.N.0/24, and deliveries over them.
func doStorm(ts *testscript.TestScript, _ bool, _ []string) {
	const head = `"timestamp","ip","protocol","port","hostname","tag","asn"` + "\n"
	file := func(name, content string) { ts.Check(os.WriteFile(ts.MkAbs(name), []byte(content), 0o644)) }
	bodies, contacts, networks := "code,name_vi,kind,parent,tier\n", "organisation,name,email\n", "organisation,kind,value\n"
	for n := 1; n <= 30; n++ {
		bodies += fmt.Sprintf("M-%d,Phường số %d,ward,TP,city\n", n, n)
		contacts += fmt.Sprintf("M-%d,Người %d,w%d@many.example\n", n, n, n)
		networks += fmt.Sprintf("M-%d,prefix,198.18.%d.0/24\n", n, n)
	}
	file("many.csv", bodies)
	file("many-contacts.csv", contacts)
	file("many-addresses.csv", networks)
	for day := 1; day <= 3; day++ {
		rows := head
		for i := range 20 {
			rows += fmt.Sprintf(`"2026-03-08 0%d:00:%02d","198.18.%d.%d","tcp","3389","","rdp","64500"`+"\n", day, i, i%4+1, day*20+i)
		}
		file(fmt.Sprintf("usual-%d-scan_rdp-tp.csv", day), rows)
	}
	rows := head
	for i := range 240 {
		rows += fmt.Sprintf(`"2026-03-08 05:00:00","198.18.%d.%d","tcp","3389","","rdp","64500"`+"\n", i%12+1, 100+i/12)
	}
	file("poisoned-scan_rdp-tp.csv", rows)
	rows = "when,ip,family\n"
	for n := 1; n <= 25; n++ {
		rows += fmt.Sprintf("2026-03-08T06:00:00Z,198.18.%d.9,badbot\n", n)
	}
	file("spread.csv", rows)
}
