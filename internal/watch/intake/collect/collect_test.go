package collect_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/blob"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/fetch"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
)

// A world is a centre with one room that collects.
type world struct {
	*testing.T

	db      *db.DB
	clock   *clock.Standing
	journal *journal.Journal
	intake  *intake.Room
	room    *collect.Room
	folder  string // may be watched
}

func analyst() auth.Actor {
	return auth.Actor{ID: 1, Email: "analyst@centre.example", Role: auth.Analyst, Scope: auth.All(), Via: auth.ViaSession}
}

func schema() []db.Migration {
	return slices.Concat(journal.Schema(), blob.Schema(), intake.Schema(), collect.Schema())
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return over(t, dbtest.SQLite(t, schema()...))
}

func over(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{T: t, db: d, clock: clock.NewStanding(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)), folder: t.TempDir()}
	w.journal = journal.New(w.clock)
	w.intake = intake.New(intake.Deps{DB: d, Journal: w.journal, Clock: w.clock, Blobs: blob.New(blob.Deps{DB: d, Clock: w.clock, Folder: t.TempDir(), Limit: 1 << 20})})
	guard, err := fetch.Allow("127.0.0.0/8")
	w.must(err)
	seal, open, err := collect.NewSeal([32]byte{1})
	w.must(err)
	client := fetch.New(fetch.Options{Guard: guard, Plain: true, Clock: w.clock})
	t.Cleanup(client.Close)
	w.room = collect.New(collect.Deps{
		DB: d, Journal: w.journal, Clock: w.clock, Intake: w.intake, Fetch: client, Guard: guard, Plain: true,
		Folders: []string{w.folder}, Seal: seal, Open: open,
	})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) source(name, url string, every time.Duration) intake.Source {
	w.Helper()
	s, err := w.intake.AddSource(w.Context(), analyst(), intake.Source{Name: name, Format: intake.List, URL: url, Every: every})
	w.must(err)
	return s
}

func (w *world) look(s intake.Source) collect.State {
	w.Helper()
	st, err := w.room.Look(w.Context(), s)
	w.must(err)
	return st
}

// texts are the documents of a source in order: their file names and bytes.
func (w *world) texts(source string) (files, texts []string) {
	w.Helper()
	docs, err := w.intake.Documents(w.Context(), analyst(), intake.Filter{Source: source})
	w.must(err)
	for _, d := range docs {
		_, in, err := w.intake.Original(w.Context(), analyst(), d.ID)
		w.must(err)
		b, err := io.ReadAll(in)
		w.must(err)
		w.must(in.Close())
		if d.ReceivedBy != "stage:collect" {
			w.Errorf("%s came by %s", d.File, d.ReceivedBy)
		}
		files, texts = append(files, d.File), append(texts, string(b))
	}
	return files, texts
}

// verbs are what the journal says of a source, the documents' own entries aside.
func (w *world) verbs(source string) (out []string) {
	w.Helper()
	w.must(w.db.Read(w.Context(), func(tx *db.Tx) error {
		entries, err := w.journal.History(tx, "source:"+source)
		for _, e := range entries {
			if e.Verb != "source.added" {
				out = append(out, e.Verb)
			}
		}
		return err
	}))
	return out
}

func (w *world) count(verb string) (n int64) {
	w.Helper()
	w.must(w.db.Read(w.Context(), func(tx *db.Tx) (err error) {
		n, err = tx.Int(`SELECT COUNT(*) FROM journal WHERE verb = $1`, verb)
		return err
	}))
	return n
}

func (w *world) serve(f http.HandlerFunc) *httptest.Server {
	w.Helper()
	s := httptest.NewServer(f)
	w.Cleanup(s.Close)
	return s
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestAFileComesInOnceForEachContent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := over(t, d)
		content, tagged, asked := "203.0.113.1\n", true, 0
		server := w.serve(func(rw http.ResponseWriter, r *http.Request) {
			asked++
			if tagged {
				tag := fmt.Sprintf("%q", content)
				rw.Header().Set("ETag", tag)
				if r.Header.Get("If-None-Match") == tag {
					rw.WriteHeader(http.StatusNotModified)
					return
				}
			}
			_, _ = io.WriteString(rw, content)
		})
		s := w.source("feed", server.URL+"/lists/bad.txt?x=1", time.Hour)
		st := w.look(s)
		if !st.Next.Equal(w.clock.Now().Add(time.Hour)) || st.ETag == "" || !st.LastOK.Equal(w.clock.Now()) {
			t.Errorf("%+v", st)
		}
		w.look(s)
		content = "203.0.113.2\n"
		w.look(s)
		tagged = false
		w.look(s)
		w.look(s)
		files, texts := w.texts("feed")
		same(t, "files", files, []string{"bad.txt", "bad.txt"})
		same(t, "texts", texts, []string{"203.0.113.1\n", "203.0.113.2\n"})
		same(t, "journal", w.verbs("feed"), nil)
		if asked != 5 || w.count("document.again") != 0 {
			t.Errorf("asked %d times, %d repetitions journalled", asked, w.count("document.again"))
		}
	}, schema()...)
}

func TestFailuresAreToldOnceAndWaitedOut(t *testing.T) {
	w := newWorld(t)
	broken := true
	server := w.serve(func(rw http.ResponseWriter, _ *http.Request) {
		if broken {
			rw.Header().Set("Retry-After", "7200")
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(rw, "203.0.113.1\n")
	})
	s := w.source("feed", server.URL, 24*time.Hour)
	for n := 1; n <= 3; n++ {
		st, err := w.room.Look(t.Context(), s)
		if !errs.Is(err, errs.Unavailable) || st.Failures != n || st.LastCode != "unavailable" || st.Next.Before(w.clock.Now().Add(2*time.Hour)) || !st.LastOK.IsZero() {
			t.Fatalf("%+v, %v", st, err)
		}
		w.clock.Advance(3 * time.Hour)
	}
	broken = false
	if st := w.look(s); st.Failures != 0 || st.LastError != "" {
		t.Errorf("%+v", st)
	}
	same(t, "journal", w.verbs("feed"), []string{collect.VerbFailed, collect.VerbRecovered})
}

func TestWhatMayNotBeReachedIsAFailureWithItsCode(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct {
		url  string
		code errs.Code
	}{
		{"https://10.0.0.1/x", errs.Denied},
		{"http://169.254.169.254/latest/", errs.Denied},
		{"imaps://u@192.168.1.1/INBOX", errs.Denied},
		{"file:///etc", errs.Denied},
		{"gopher://a.example/", errs.Invalid},
		{"https://name:word@a.example/", errs.Invalid},
	} {
		s := w.source(fmt.Sprint("s", i), c.url, time.Hour)
		if st, err := w.room.Look(t.Context(), s); !errs.Is(err, c.code) || st.LastCode != c.code.String() {
			t.Errorf("%s: %v, %+v", c.url, err, st)
		}
	}
	link := filepath.Join(w.folder, "out")
	w.must(os.Symlink("/etc", link))
	if _, err := w.room.Look(t.Context(), w.source("link", "file://"+link, time.Hour)); !errs.Is(err, errs.Denied) {
		t.Errorf("a link out of the folder: %v", err)
	}
}

func TestAddressesAreUnderstoodOrRefused(t *testing.T) {
	for text, ok := range map[string]bool{
		"https://a.example/x": true, "taxii+https://a.example/root/collections/1/": true, "misp+https://a.example/feed/manifest.json": true,
		"file:///srv/in": true, "imaps://u@a.example": true, "imap://u@a.example:1143/Sub/Box": true,
		"": false, "a.example": false, "file://host/x": false, "file:///": false, "imaps://a.example/INBOX": false, "imaps://u:p@a.example/": false,
		"taxii+https://a.example/root/": false, "ftp://a.example/": false, "misp+ftp://a.example/": false, "xmpp+https://a.example/": false, "https://u@a.example/": false, "https:///x": false,
	} {
		if err := collect.Check(text); (err == nil) != ok || err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestATAXIICollectionIsPulledPageByPageFromWhereItStopped(t *testing.T) {
	w := newWorld(t)
	var asked []string
	added := 3
	server := w.serve(func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked = append(asked, q.Get("added_after")+"|"+q.Get("next"))
		if user, word, _ := r.BasicAuth(); r.URL.Path != "/root/collections/c1/objects/" || user != "centre" || word != "s:ecret" || !strings.Contains(r.Header.Get("Accept"), "taxii") {
			t.Errorf("%s as %s %s, %s", r.URL, user, word, r.Header.Get("Accept"))
		}
		from := 1
		if after := q.Get("added_after"); after != "" {
			at, err := time.Parse(time.RFC3339, after)
			w.must(err)
			from = at.Minute() + 1
		}
		if next := q.Get("next"); next != "" {
			_, err := fmt.Sscan(next, &from)
			w.must(err)
		}
		rw.Header().Set("Content-Type", "application/taxii+json;version=2.1")
		if from > added {
			_, _ = io.WriteString(rw, "{}")
			return
		}
		date := fmt.Sprintf("2026-03-01T00:%02d:00.000000Z", from)
		rw.Header().Set("X-TAXII-Date-Added-First", date)
		rw.Header().Set("X-TAXII-Date-Added-Last", date)
		_ = json.NewEncoder(rw).Encode(map[string]any{"more": from < added, "next": fmt.Sprint(from + 1), "objects": []any{map[string]any{"type": "indicator", "id": fmt.Sprint(from)}}})
	})
	s := w.source("taxii", strings.Replace(server.URL, "http://", "taxii+http://", 1)+"/root/collections/c1/", time.Hour)
	w.must(w.room.SetSecret(t.Context(), analyst(), "taxii", "centre:s:ecret"))
	w.look(s)
	w.look(s)
	added = 4
	w.look(s)
	_, texts := w.texts("taxii")
	if len(texts) != 4 || !strings.Contains(texts[3], `"id":"4"`) || !strings.Contains(texts[0], `"more":true`) {
		t.Errorf("%q", texts)
	}
	same(t, "asked", asked, []string{"|", "|2", "|3", "2026-03-01T00:03:00.000000Z|", "2026-03-01T00:03:00.000000Z|"})
	same(t, "journal", w.verbs("taxii"), []string{collect.VerbSecret})
}

func TestATAXIIServerThatPromisesMoreForEverIsAFailure(t *testing.T) {
	w := newWorld(t)
	server := w.serve(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, `{"more": true, "objects": [{"id": "x"}]}`)
	})
	s := w.source("taxii", strings.Replace(server.URL, "http://", "taxii+http://", 1)+"/r/collections/c/", time.Hour)
	if _, err := w.room.Look(t.Context(), s); !errs.Is(err, errs.Unavailable) {
		t.Error(err)
	}
}

func TestAMISPFeedGivesNewAndChangedEvents(t *testing.T) {
	w := newWorld(t)
	uuid := func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
	manifest := map[string]any{uuid(1): map[string]any{"timestamp": "1700000002"}, uuid(2): map[string]any{"timestamp": 1700000001}, uuid(3): map[string]any{"timestamp": 1700000003}}
	var asked []string
	server := w.serve(func(rw http.ResponseWriter, r *http.Request) {
		asked = append(asked, strings.TrimPrefix(r.URL.Path, "/feed/"))
		switch r.URL.Path {
		case "/feed/manifest.json":
			_ = json.NewEncoder(rw).Encode(manifest)
		case "/feed/" + uuid(3) + ".json":
			rw.WriteHeader(http.StatusNotFound)
		default:
			_, _ = fmt.Fprintf(rw, `{"Event": {"uuid": %q, "n": %d}}`, r.URL.Path, len(asked))
		}
	})
	s := w.source("feed", strings.Replace(server.URL, "http://", "misp+http://", 1)+"/feed", time.Hour)
	w.look(s)
	w.look(s)
	manifest[uuid(2)] = map[string]any{"timestamp": 1700000009}
	w.look(s)
	same(t, "asked", asked, []string{
		"manifest.json", uuid(2) + ".json", uuid(1) + ".json", uuid(3) + ".json",
		"manifest.json",
		"manifest.json", uuid(2) + ".json",
	})
	files, _ := w.texts("feed")
	same(t, "files", files, []string{uuid(2) + ".json", uuid(1) + ".json", uuid(2) + ".json"})
	same(t, "journal", w.verbs("feed"), []string{collect.VerbLeft})
	manifest["../../admin"] = map[string]any{"timestamp": 1}
	if _, err := w.room.Look(t.Context(), s); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a manifest that leads elsewhere: %v", err)
	}
}

func TestMISPIsSearchedWithAKeyAndOnlyNewsComesIn(t *testing.T) {
	w := newWorld(t)
	key := strings.Repeat("k", 40)
	type event struct {
		UUID      string `json:"uuid"`
		Timestamp string `json:"timestamp"`
	}
	events := []event{{"a", "100"}, {"b", "200"}}
	server := w.serve(func(rw http.ResponseWriter, r *http.Request) {
		var q struct{ Timestamp, Page, Limit int }
		w.must(json.NewDecoder(r.Body).Decode(&q))
		if r.URL.Path != "/events/restSearch" || r.Method != http.MethodPost || r.Header.Get("Authorization") != key || q.Limit != 50 {
			t.Errorf("%s %s %+v", r.Method, r.URL, q)
		}
		var found []any
		for _, e := range events {
			var at int
			_, _ = fmt.Sscan(e.Timestamp, &at)
			if at >= q.Timestamp {
				found = append(found, map[string]any{"Event": e})
			}
		}
		from := min((q.Page-1)*q.Limit, len(found))
		_ = json.NewEncoder(rw).Encode(map[string]any{"response": found[from:min(from+q.Limit, len(found))]})
	})
	s := w.source("misp", strings.Replace(server.URL, "http://", "misp+http://", 1)+"/", time.Hour)
	w.must(w.room.SetSecret(t.Context(), analyst(), "misp", key))
	w.look(s)
	w.look(s)
	events = append(events, event{"c", "200"})
	w.look(s)
	for i := range 120 {
		events = append(events, event{fmt.Sprint("d", i), fmt.Sprint(300 + i)})
	}
	w.look(s)
	_, texts := w.texts("misp")
	if len(texts) != 5 || w.count("document.again") != 0 || strings.Contains(texts[1], `"a"`) {
		t.Errorf("%d documents: %q", len(texts), texts)
	}
	seen := strings.Join(texts, "")
	for _, e := range events {
		if !strings.Contains(seen, `"`+e.UUID+`"`) {
			t.Errorf("event %s is missing", e.UUID)
		}
	}
}

func TestAFileInAFolderIsTakenWhenItRests(t *testing.T) {
	w := newWorld(t)
	in := filepath.Join(w.folder, "in")
	w.must(os.Mkdir(in, 0o750))
	put := func(name, text string) { w.must(os.WriteFile(filepath.Join(in, name), []byte(text), 0o600)) }
	s := w.source("drop", "file://"+in, time.Minute)
	put("a.csv", "1\n")
	put("b.eml.part", "x")
	put(".hidden", "x")
	w.look(s)
	if files, _ := w.texts("drop"); len(files) != 0 {
		t.Errorf("taken at first sight: %q", files)
	}
	put("a.csv", "1\n2\n") // it is still being written
	put("c.eml", "From: a\n")
	w.look(s)
	put("large.bin", strings.Repeat("x", 2<<20)) // beyond what a document may hold
	w.look(s)
	w.look(s)
	put("a.csv", "3\n")
	w.look(s)
	w.look(s)
	files, texts := w.texts("drop")
	same(t, "files", files, []string{"a.csv", "c.eml", "a.csv"})
	same(t, "texts", texts, []string{"1\n2\n", "From: a\n", "3\n"})
	done, err := filepath.Glob(filepath.Join(in, "done", "*"))
	w.must(err)
	refused, err := filepath.Glob(filepath.Join(in, "refused", "*"))
	w.must(err)
	left, err := filepath.Glob(filepath.Join(in, "*.csv"))
	w.must(err)
	if len(done) != 3 || len(refused) != 1 || len(left) != 0 {
		t.Errorf("done %q, refused %q, left %q", done, refused, left)
	}
	same(t, "journal", w.verbs("drop"), []string{collect.VerbLeft})
}

func TestASecretIsShownToTheHostItWasSetForOnly(t *testing.T) {
	w := newWorld(t)
	var shown []string
	see := func(_ http.ResponseWriter, r *http.Request) { shown = append(shown, r.Header.Get("Authorization")) }
	right, wrong := w.serve(see), w.serve(see)
	s := w.source("feed", right.URL, time.Hour)
	w.must(w.room.SetSecret(t.Context(), analyst(), "feed", "token"))
	w.look(s)
	if has, err := w.room.HasSecret(t.Context(), s); err != nil || !has {
		t.Error(has, err)
	}
	s.URL = wrong.URL
	s, err := w.intake.EditSource(t.Context(), analyst(), s)
	w.must(err)
	if _, err := w.room.Look(t.Context(), s); !errs.Is(err, errs.Denied) {
		t.Errorf("another host: %v", err)
	}
	w.must(w.room.SetSecret(t.Context(), analyst(), "feed", ""))
	w.look(s)
	same(t, "shown", shown, []string{"Bearer token", ""})
	w.must(w.db.Read(t.Context(), func(tx *db.Tx) error {
		n, err := tx.Int(`SELECT COUNT(*) FROM journal_body WHERE body LIKE '%token%'`)
		if err == nil && n > 0 {
			t.Error("the journal holds the secret")
		}
		return err
	}))
	for _, c := range []struct {
		who  auth.Actor
		name string
		word string
		code errs.Code
	}{
		{auth.Actor{Email: "p@partner.example", Role: auth.Partner, Scope: auth.Only(7), Via: auth.ViaToken}, "feed", "x", errs.Denied},
		{analyst(), "nobody", "x", errs.NotFound},
		{analyst(), "feed", "two\nlines", errs.Invalid},
		{analyst(), "feed", strings.Repeat("x", 5000), errs.Invalid},
	} {
		if err := w.room.SetSecret(t.Context(), c.who, c.name, c.word); !errs.Is(err, c.code) {
			t.Errorf("%s, %s: %v", c.who.Name(), c.name, err)
		}
	}
}

func TestSilentDecidesByRhythmAndSaysWhy(t *testing.T) {
	now := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const hour = time.Hour
	for _, c := range []struct {
		name   string
		source intake.Source
		state  collect.State
		want   string
	}{
		{"nothing is known", intake.Source{Created: ago(9000 * hour)}, collect.State{}, ""},
		{"within its rhythm", intake.Source{Created: ago(900 * hour), LastDocument: ago(72 * hour), Rhythm: 24 * hour}, collect.State{}, ""},
		{"past its rhythm", intake.Source{Created: ago(900 * hour), LastDocument: ago(73 * hour), Rhythm: 24 * hour}, collect.State{}, collect.NothingNew},
		{"promised, never came", intake.Source{Created: ago(4 * hour), Every: hour}, collect.State{}, collect.NothingCame},
		{"promised, young", intake.Source{Created: ago(2 * hour), Every: hour}, collect.State{}, ""},
		{"asked, answers, nothing changes", intake.Source{URL: "x", Created: ago(900 * hour), Every: hour}, collect.State{LastOK: ago(hour)}, ""},
		{"asked, does not answer", intake.Source{URL: "x", Created: ago(900 * hour), Every: hour}, collect.State{LastOK: ago(4 * hour), Failures: 3}, collect.NoAnswer},
		{"asked, failed a little", intake.Source{URL: "x", Created: ago(900 * hour), Every: hour}, collect.State{LastOK: ago(2 * hour), Failures: 1}, ""},
		{"asked, answers with old news", intake.Source{URL: "x", Created: ago(900 * hour), Every: hour, LastDocument: ago(100 * hour), Rhythm: 24 * hour}, collect.State{LastOK: ago(hour)}, collect.NothingNew},
		{"never answered", intake.Source{URL: "x", Created: ago(4 * hour), Every: hour}, collect.State{Failures: 4}, collect.NoAnswer},
	} {
		got, silent := collect.Silent(c.source, c.state, now)
		if got.Reason != c.want || silent != (c.want != "") || silent && got.Since.IsZero() {
			t.Errorf("%s: %+v %v", c.name, got, silent)
		}
	}
}

// The worker collects what is due, tells of a silence once, and of its end.
func TestTheWorkerCollectsAndListens(t *testing.T) {
	w := newWorld(t)
	content := "203.0.113.1\n"
	server := w.serve(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, content) })
	w.source("polled", server.URL, time.Hour)
	w.source("asked-for", server.URL, 0)
	w.source("promised", "", 24*time.Hour)
	worker := w.room.Worker()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	settle := func() {
		t.Helper()
		var what string
		for range 400 {
			idle, now, err := worker.Idle(t.Context())
			w.must(err)
			if what = now; idle {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatal("never idle: " + what)
	}
	settle()
	if files, _ := w.texts("asked-for"); len(files) != 0 {
		t.Error("collected although nobody asked")
	}
	w.must(w.room.Now(t.Context(), analyst(), "asked-for"))
	settle()
	content = "203.0.113.2\n"
	w.clock.Advance(time.Hour)
	settle()
	_, texts := w.texts("polled")
	same(t, "polled", texts, []string{"203.0.113.1\n", "203.0.113.2\n"})
	_, texts = w.texts("asked-for")
	same(t, "asked for", texts, []string{"203.0.113.1\n"})
	for range 4 {
		w.clock.Advance(24 * time.Hour)
		settle()
	}
	same(t, "silent", w.verbs("promised"), []string{collect.VerbSilent})
	_, _, err := w.intake.Receive(t.Context(), analyst(), intake.Delivery{Source: "promised", File: "a", Content: strings.NewReader("203.0.113.3\n")})
	w.must(err)
	settle()
	same(t, "heard", w.verbs("promised"), []string{collect.VerbSilent, collect.VerbHeard})
	same(t, "asked", w.verbs("asked-for"), []string{collect.VerbAsked})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := w.room.Now(t.Context(), analyst(), "promised"); !errs.Is(err, errs.Invalid) {
		t.Errorf("a source without an address: %v", err)
	}
}

func TestALookThatACrashCutShortIsTakenUpAgain(t *testing.T) {
	w := newWorld(t)
	reached, open := make(chan struct{}), make(chan struct{})
	server := w.serve(func(_ http.ResponseWriter, r *http.Request) {
		close(reached)
		select {
		case <-open:
		case <-r.Context().Done():
		}
	})
	defer close(open)
	s := w.source("slow", server.URL, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan collect.State, 1)
	go func() {
		st, _ := w.room.Look(ctx, s)
		done <- st
	}()
	<-reached
	if _, err := w.room.Look(t.Context(), s); !errs.Is(err, errs.Conflict) {
		t.Errorf("two at once: %v", err)
	}
	cancel()
	if st := <-done; st.Failures != 0 || !st.Looking.IsZero() || st.Next.After(w.clock.Now()) {
		t.Errorf("a look that was stopped: %+v", st)
	}
	same(t, "journal", w.verbs("slow"), nil)
}

func TestTheCatalogueHasBothLanguages(t *testing.T) {
	b := i18n.New()
	w := &world{T: t}
	w.must(b.Add(collect.Texts))
	for _, lang := range []string{"vi", "en"} {
		v := b.In(lang)
		for _, key := range []string{"collect.silence." + collect.NoAnswer, "collect.silence." + collect.NothingNew, "collect.silence." + collect.NothingCame} {
			v.T(key)
		}
		for _, code := range []errs.Code{errs.Unavailable, errs.Denied, errs.NotFound, errs.Gone, errs.TooMany, errs.TooLarge, errs.Invalid, errs.Internal} {
			v.T("collect.failure." + code.String())
		}
	}
	if missing := b.Missing(); len(missing) > 0 {
		t.Error(missing)
	}
}
