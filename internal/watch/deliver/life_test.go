package deliver

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"pgregory.net/rapid"
)

func TestADeliverysLifeEndsInAnswerOrLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := State("")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			to := rapid.SampledFrom(States()).Draw(t, "to")
			before := state
			tr, err := state.To(1, to)
			if err == nil {
				state = tr.To
			}
			switch {
			case err != nil && to == Acknowledged && before != Acknowledged && before != "":
				t.Fatalf("the recipient of one that is %s may not say that it came", before)
			case err == nil && before == Acknowledged:
				t.Fatalf("an answered one became %s", to)
			case err == nil && before.Lost() && to != Acknowledged:
				t.Fatalf("a %s one became %s", before, to)
			case err == nil && before == HandedOver && to.Open():
				t.Fatal("what was handed over is handed over again")
			}
		}
	})
}

func TestEveryStateIsReachedByOneVerb(t *testing.T) {
	verbs := map[string]bool{}
	for _, s := range States() {
		n := 0
		for _, tr := range Transitions() {
			if tr.To == s {
				n++
				if verbs[tr.Verb] {
					t.Errorf("the verb %s leads to two states", tr.Verb)
				}
				verbs[tr.Verb] = true
			}
		}
		if n != 1 {
			t.Errorf("%d transitions lead to %s, want 1", n, s)
		}
	}
}

func TestJudgeKnowsNotNowFromNever(t *testing.T) {
	answer := func(code int) error { return &smtp.SMTPError{Code: code, Message: "x"} }
	for _, c := range []struct {
		name   string
		phase  Phase
		err    error
		state  State
		broken bool
	}{
		{"yes", PhaseReply, nil, HandedOver, false},
		{"no such user", PhaseTo, answer(550), Bounced, false},
		{"sender refused", PhaseFrom, answer(553), Failed, false},
		{"message refused", PhaseReply, answer(554), Failed, false},
		{"greylisted", PhaseTo, answer(451), Deferred, false},
		{"closing", PhaseTo, answer(421), Deferred, true},
		{"line lost before the end", PhaseBody, io.ErrUnexpectedEOF, Deferred, true},
		{"line lost after the end", PhaseReply, io.EOF, Uncertain, true},
		{"no line", PhaseLine, errors.New("refused"), Deferred, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Judge(c.phase, c.err, "ok")
			if got.State != c.state || got.Broken != c.broken {
				t.Errorf("%+v, want %s, broken %v", got, c.state, c.broken)
			}
		})
	}
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	for _, s := range []State{Deferred, Uncertain} {
		last := Backoff(1, s)
		for n := int64(2); n < 40; n++ {
			next := Backoff(n, s)
			if next < last || next > 4*60*60*1e9 {
				t.Errorf("%s: attempt %d waits %s after %s", s, n, next, last)
			}
			last = next
		}
	}
}

func TestTokensAreTheirDeliverysAlone(t *testing.T) {
	r := &Room{secret: []byte("a secret of the installation")}
	rapid.Check(t, func(t *rapid.T) {
		id := ID(rapid.Int64Range(1, 1<<62).Draw(t, "id"))
		token := r.Token(id)
		if got, err := r.ofToken(token); err != nil || got != id {
			t.Fatalf("%d reads back as %d, %v", id, got, err)
		}
		i := rapid.IntRange(0, len(token)-1).Draw(t, "at")
		c := rapid.SampledFrom([]byte("ABCabc0189-_")).Draw(t, "letter")
		if forged := token[:i] + string(c) + token[i+1:]; forged != token {
			if got, err := r.ofToken(forged); err == nil {
				t.Fatalf("the forged token %s opens %d", forged, got)
			}
		}
	})
	other := &Room{secret: []byte("another installation's")}
	if _, err := other.ofToken(r.Token(5)); err == nil {
		t.Error("a token opens another installation's delivery")
	}
}

func FuzzToken(f *testing.F) {
	r := &Room{secret: []byte("a secret of the installation")}
	f.Add(r.Token(1))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		if id, err := r.ofToken(token); err == nil && r.Token(id) != token {
			t.Errorf("%q opens %d, whose token is another", token, id)
		}
	})
}

func TestTamedCellsComputeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.String().Draw(t, "cell")
		got := tame(cell)
		if got != "" && strings.ContainsAny(got[:1], "=+-@\t\r\n") {
			t.Fatalf("%q stays a formula: %q", cell, got)
		}
	})
}

func TestParseSMTPKeepsTheDemoOnLoopback(t *testing.T) {
	for _, c := range []struct {
		text string
		demo bool
		ok   bool
		mode TLSMode
		to   string
	}{
		{"smtp://127.0.0.1:2525", true, true, TLSOffered, "127.0.0.1:2525"},
		{"smtp://localhost", true, true, TLSOffered, "localhost:25"},
		{"smtp://[::1]:25", true, true, TLSOffered, "[::1]:25"},
		{"smtp://mail.example:25", true, false, "", ""},
		{"smtp://10.0.0.1:25", true, false, "", ""},
		{"smtp://localhost.example:25", true, false, "", ""},
		{"smtps://u:p@mail.example", false, true, TLSImplicit, "mail.example:465"},
		{"smtp://mail.example?tls=wanted", false, true, TLSWanted, "mail.example:25"},
		{"smtp://mail.example?tls=maybe", false, false, "", ""},
		{"http://mail.example", false, false, "", ""},
		{"mail.example:25", false, false, "", ""},
	} {
		s, err := ParseSMTP(c.text, c.demo)
		if (err == nil) != c.ok || (err == nil && (s.TLS != c.mode || s.Address != c.to)) {
			t.Errorf("%s demo=%v: %+v, %v", c.text, c.demo, s, err)
		}
	}
}

func TestPercentileIsTheNearestRank(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3, 10, 9, 8, 7, 6}
	if p := percentile(slices.Clone(values), 50); *p != 5 {
		t.Errorf("p50 %v", *p)
	}
	if p := percentile(slices.Clone(values), 90); *p != 9 {
		t.Errorf("p90 %v", *p)
	}
	if percentile(nil, 50) != nil || *percentile([]float64{-3}, 90) != 0 {
		t.Error("nothing is no figure, and no time is negative")
	}
}
