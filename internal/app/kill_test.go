package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestKill ends the process twenty times at random moments, as a power cut would,
// while deliveries come in over HTTP and mail goes out: ten times on each engine,
// a hundred times with TOCSIN_SOAK. What was answered must be in, once; what was
// written down must be there, once.
func TestKill(t *testing.T) {
	kills := 10
	if os.Getenv("TOCSIN_SOAK") != "" {
		kills = 100
	}
	eachEngine(t, func(t *testing.T, fresh func() string) {
		t.Parallel()
		k, err := newSink()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(k.close)
		k.pace = 10 * time.Millisecond // so that there is a moment between a message and its answer
		s := &server{folder: t.TempDir(), db: fresh(), smtp: k.url()}
		t.Cleanup(s.kill)
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
		settleWards(t, s)

		seed := time.Now().UnixNano()
		t.Logf("seed %d", seed)
		chance := rand.New(rand.NewPCG(uint64(seed), 1)) //nolint:gosec // a test's dice
		feed := newFeed(s, seed)
		done := feed.begin(t.Context(), 2)
		var arrived []int // letters when the nth process died
		for n := range kills {
			if n%5 == 4 {
				// Now and then it dies while it starts.
				time.Sleep(time.Duration(chance.IntN(150)) * time.Millisecond)
			} else {
				time.Sleep(time.Duration(200+chance.IntN(1800)) * time.Millisecond)
			}
			s.kill()
			k.alone()
			arrived = append(arrived, len(k.to("")))
			start := s.start
			if n%5 == 3 {
				start = s.launch
			}
			if err := start(); err != nil {
				t.Fatalf("after kill %d: %v", n+1, err)
			}
			feed.found(s.url, s.token)
		}
		time.Sleep(time.Second)
		done()
		if len(feed.answered) < kills {
			t.Fatalf("only %d deliveries were answered: the test shows nothing", len(feed.answered))
		}
		if r, err := s.run(t.Context(), "settle", "--timeout", "120s"); err != nil || r.code != 0 {
			t.Fatalf("settle: %v, exit %d: %s\n%s", err, r.code, r.err, s.log)
		}
		t.Logf("%d deliveries of %d rows answered, %d letters", len(feed.answered), feed.rows(), len(k.to("")))
		feed.compare(t, s)
		compareWarnings(t, s)
		compareLetters(t, s, k, arrived)
		if r, err := s.run(t.Context(), "verify", "--json"); err != nil || r.code != 0 {
			t.Fatalf("verify: %v, exit %d: %s%s", err, r.code, r.out, r.err)
		}
	})
}

// settleWards makes eight wards with a contact and a /24 each, and a source.
func settleWards(t *testing.T, s *server) {
	t.Helper()
	bodies, contacts, networks := "code,name_vi,kind,tier\n", "organisation,name,email\n", "organisation,kind,value\n"
	for n := range 8 {
		code := fmt.Sprintf("W%d", n)
		bodies += code + ",Phường " + code + ",ward,city\n"
		contacts += fmt.Sprintf("%s,Người %d,w%d@wards.example\n", code, n, n)
		networks += fmt.Sprintf("%s,prefix,198.18.%d.0/24\n", code, n)
	}
	importFiles(t, s, map[string]string{"bodies.csv": bodies, "contacts.csv": contacts, "networks.csv": networks})
	if err := s.call(t.Context(), "POST", "/sources", map[string]string{"name": "shadow", "format": "shadowserver"}, nil); err != nil {
		t.Fatal(err)
	}
}

// importFiles imports estate files and expects that all rows are taken.
func importFiles(t *testing.T, s *server, files map[string]string) {
	t.Helper()
	folder := t.TempDir()
	args := []string{"import", "estate", "--wait"}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := folder + "/" + name
		if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if r, err := s.run(t.Context(), args...); err != nil || r.code != 0 {
		t.Fatalf("import: %v, exit %d: %s", err, r.code, r.err)
	}
}

// A feed hands in deliveries until they are answered, as a careful sender does,
// and knows what they must have led to.
type feed struct {
	seed int64

	mu       sync.Mutex
	url      string
	token    string
	answered map[string]*expected // by document id
}

// expected is what a delivery holds.
type expected struct {
	kept, quarantined, duplicate int64
	seen                         map[string][]time.Time // asset and discriminator → when
}

// problem is what is known of one finding.
type problem struct {
	Count       int64
	First, Last time.Time
}

func newFeed(s *server, seed int64) *feed {
	f := &feed{seed: seed, answered: map[string]*expected{}}
	f.found(s.url, s.token)
	return f
}

func (f *feed) found(url, token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.url, f.token = url, token
}

func (f *feed) rows() (n int64) {
	for _, e := range f.answered {
		n += e.kept + e.quarantined + e.duplicate
	}
	return n
}

// begin hands in deliveries from so many senders; the returned function ends it
// and waits until each has its last answer.
func (f *feed) begin(ctx context.Context, senders int) (end func()) {
	stop := make(chan struct{})
	var all sync.WaitGroup
	for sender := range senders {
		all.Go(func() {
			chance := rand.New(rand.NewPCG(uint64(f.seed), uint64(100+sender))) //nolint:gosec // a test's dice
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				text, want := compose(chance, sender, n)
				id, err := f.hand(ctx, fmt.Sprintf("2026-03-08-scan_rdp-%d-%d.csv", sender, n), text)
				if err != nil {
					panic(err)
				}
				f.mu.Lock()
				if f.answered[id] != nil {
					panic("two deliveries are one document: " + id)
				}
				f.answered[id] = want
				f.mu.Unlock()
				time.Sleep(time.Duration(chance.IntN(40)) * time.Millisecond)
			}
		})
	}
	return func() { close(stop); all.Wait() }
}

// compose writes a report: rows that are new and rows that are known, some that
// cannot be read, some that stand twice. No two rows but those are equal, so that
// every kept row counts once.
func compose(chance *rand.Rand, sender, n int) (string, *expected) {
	var b strings.Builder
	b.WriteString(`"timestamp","ip","protocol","port","hostname","tag","asn"` + "\n")
	e := &expected{seen: map[string][]time.Time{}}
	base := time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC).Add(time.Duration(n%3600)*time.Second + time.Duration(sender)*time.Hour)
	var last string
	size, large := 5+chance.IntN(30), n%8 == 7
	if large {
		size = 5000 + chance.IntN(3000) // several brackets, about few things
	}
	for i := range size {
		at := base.Add(time.Duration(i) * time.Minute / 2)
		ip, port := fmt.Sprintf("198.18.%d.%d", chance.IntN(9), 1+chance.IntN(60)), 3389+chance.IntN(3)+n/40
		if large {
			ip, port = fmt.Sprintf("198.18.%d.%d", chance.IntN(2), 200+chance.IntN(20)), 3389
		}
		switch roll := chance.IntN(20); {
		case roll == 0:
			fmt.Fprintf(&b, "%q,\"no address %d\",\"tcp\",\"3389\",\"\",\"\",\"\"\n", at.Format(time.DateTime), i)
			e.quarantined++
		case roll == 1 && last != "":
			b.WriteString(last)
			e.duplicate++
		default:
			last = fmt.Sprintf("%q,%q,\"tcp\",\"%d\",\"h%d-%d.example\",\"rdp\",\"64500\"\n", at.Format(time.DateTime), ip, port, sender, n)
			b.WriteString(last)
			e.kept++
			key := fmt.Sprintf("ip:%s %d/tcp", ip, port)
			e.seen[key] = append(e.seen[key], at)
		}
	}
	return b.String(), e
}

// hand sends a delivery again and again until it is answered.
func (f *feed) hand(ctx context.Context, name, text string) (id string, err error) {
	for limit := time.Now().Add(3 * time.Minute); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		f.mu.Lock()
		s := &server{url: f.url, token: f.token}
		f.mu.Unlock()
		var doc struct {
			ID string `json:"id"`
		}
		once, cancel := context.WithTimeout(ctx, 15*time.Second)
		got, failed := s.ask(once, s.token, "POST", "/api/v1/sources/shadow/documents", []byte(text), "X-Filename", name)
		cancel()
		if failed != nil {
			err = failed
			continue
		}
		if got.status/100 != 2 {
			err = fmt.Errorf("hand in: %d: %s", got.status, got.body)
			continue
		}
		err = json.Unmarshal(got.body, &doc)
		return doc.ID, err
	}
	return "", err
}

// compare holds documents and findings against what was sent: no row of an
// answered delivery is lost, none counts twice, no problem has two findings.
func (f *feed) compare(t *testing.T, s *server) {
	t.Helper()
	documents, err := list[struct {
		ID, State                          string
		Rows, Kept, Quarantined, Duplicate int64
	}](t.Context(), s, "/documents")
	if err != nil {
		t.Fatal(err)
	}
	if len(documents) != len(f.answered) {
		t.Errorf("%d documents, %d deliveries were answered", len(documents), len(f.answered))
	}
	for _, d := range documents {
		want := f.answered[d.ID]
		if want == nil {
			t.Errorf("document %s: nobody sent it", d.ID)
			continue
		}
		if d.Kept != want.kept || d.Quarantined != want.quarantined || d.Duplicate != want.duplicate || d.Rows != want.kept+want.quarantined+want.duplicate {
			t.Errorf("document %s: %+v, want %d kept, %d quarantined, %d duplicate", d.ID, d, want.kept, want.quarantined, want.duplicate)
		}
	}
	want := map[string]problem{}
	for _, e := range f.answered {
		for key, times := range e.seen {
			p := want[key]
			for _, at := range times {
				p.Count++
				if p.First.IsZero() || at.Before(p.First) {
					p.First = at
				}
				if at.After(p.Last) {
					p.Last = at
				}
			}
			want[key] = p
		}
	}
	findings, err := list[struct {
		ID, Asset, Discriminator string
		Count                    int64
		FirstSeen                time.Time `json:"first_seen"`
		LastSeen                 time.Time `json:"last_seen"`
	}](t.Context(), s, "/findings")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]problem{}
	for _, x := range findings {
		key := x.Asset + " " + x.Discriminator
		if _, twice := got[key]; twice {
			t.Errorf("two findings of %s, the second is %s", key, x.ID)
		}
		got[key] = problem{x.Count, x.FirstSeen.UTC(), x.LastSeen.UTC()}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-sent +there):\n%s", diff)
	}
}

// compareWarnings: each owned finding is told of in exactly one warning, and no
// recipient is written down twice for the same step of one.
func compareWarnings(t *testing.T, s *server) {
	t.Helper()
	warnings, err := list[struct {
		ID, Organisation, State string
		Findings                []string
	}](t.Context(), s, "/warnings")
	if err != nil {
		t.Fatal(err)
	}
	toldBy := map[string]string{}
	for _, w := range warnings {
		for _, f := range w.Findings {
			if other := toldBy[f]; other != "" {
				t.Errorf("finding %s is in %s and in %s", f, other, w.ID)
			}
			toldBy[f] = w.ID
		}
	}
	findings, err := list[struct {
		ID           string
		Organisation *string
	}](t.Context(), s, "/findings")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if (f.Organisation != nil) != (toldBy[f.ID] != "") {
			t.Errorf("finding %s of %v: warned by %q", f.ID, f.Organisation, toldBy[f.ID])
		}
	}
	deliveries, err := list[ledgerLine](t.Context(), s, "/deliveries")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for _, d := range deliveries {
		key := fmt.Sprint(d.Warning, d.Revision, d.Step, d.Reason, d.Recipient, d.Channel)
		if other := lines[key]; other != "" {
			t.Errorf("deliveries %s and %s are the same: %s", other, d.ID, key)
		}
		lines[key] = d.ID
	}
}

// ledgerLine is a delivery as the API lists it.
type ledgerLine struct {
	ID, Warning, Recipient, Channel, State, Reason, Reply string

	Revision, Step, Attempts int64
	MessageID                string `json:"message_id"`
	Tries                    []struct {
		Outcome, Reply string
		N              int64
	}
}

// smtpLines is how many lines to the mail server are open at once.
const smtpLines = 8

// compareLetters: every mail of the ledger arrived; what arrived twice did so
// under the same Message-ID, because a process died, at most once for each line
// that was open, and the ledger says that it was uncertain.
func compareLetters(t *testing.T, s *server, k *sink, arrived []int) {
	t.Helper()
	letters := k.to("")
	process := func(n int) int {
		at, _ := slices.BinarySearch(arrived, n+1)
		return at
	}
	came := map[string][]int{} // delivery → number of letters
	for n, l := range letters {
		id := l.Header.Get("X-Tocsin-Delivery")
		came[id] = append(came[id], n)
		if first := letters[came[id][0]]; l.Header.Get("Message-Id") != first.Header.Get("Message-Id") {
			t.Errorf("delivery %s came under two Message-IDs", id)
		}
	}
	deliveries, err := list[ledgerLine](t.Context(), s, "/deliveries")
	if err != nil {
		t.Fatal(err)
	}
	repeated := map[int]int{} // the process that died → letters that came again
	for _, d := range deliveries {
		if d.Channel != "mail" {
			continue
		}
		all := came[d.ID]
		delete(came, d.ID)
		if d.State != "handed_over" || len(all) == 0 {
			t.Errorf("delivery %s is %s (%s), and came %d times", d.ID, d.State, d.Reply, len(all))
		}
		if len(all) < 2 {
			continue
		}
		var ledger ledgerLine
		if err := s.call(t.Context(), "GET", "/deliveries/"+d.ID, nil, &ledger); err != nil {
			t.Fatal(err)
		}
		uncertain := 0
		for _, try := range ledger.Tries {
			if try.Outcome == "uncertain" {
				uncertain++
			}
		}
		if uncertain < len(all)-1 {
			t.Errorf("delivery %s came %d times, the ledger has it uncertain %d times: %+v", d.ID, len(all), uncertain, ledger.Tries)
		}
		for i := 1; i < len(all); i++ {
			before, after := process(all[i-1]), process(all[i])
			if before == after {
				t.Errorf("delivery %s came twice from one process", d.ID)
			}
			repeated[before]++
		}
	}
	for id := range came {
		t.Errorf("a letter of delivery %q came, which is not in the ledger", id)
	}
	for n, times := range repeated {
		if times > smtpLines {
			t.Errorf("%d letters came again after kill %d; there are %d lines", times, n+1, smtpLines)
		}
	}
	t.Logf("came again after a kill: %v", repeated)
}
