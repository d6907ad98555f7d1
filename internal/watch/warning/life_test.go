package warning

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tocsin/internal/watch/intake/row"
)

func TestALifeEndsAndNothingLeavesItsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := State("")
		ended := false
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			act := rapid.SampledFrom(Acts()).Draw(t, "act")
			next, err := Of(act).next(1, state)
			if err != nil {
				if next != state {
					t.Fatalf("%s of %q was refused and moved it to %q", act, state, next)
				}
				continue
			}
			if ended {
				t.Fatalf("%s moved an ended warning from %s to %s", act, state, next)
			}
			if !slices.Contains(States(), next) {
				t.Fatalf("%s of %q leads to %q, which is no state", act, state, next)
			}
			state = next
			ended = !state.Live()
		}
	})
}

func TestEveryStateIsReachedAndEveryVerbIsItsOwn(t *testing.T) {
	reached, verbs := map[State]bool{"": true}, map[string]Act{}
	for range States() {
		for _, tr := range Transitions() {
			if slices.ContainsFunc(tr.From, func(s State) bool { return reached[s] }) && tr.To != "" {
				reached[tr.To] = true
			}
		}
	}
	for _, s := range States() {
		if !reached[s] {
			t.Errorf("%s cannot be reached", s)
		}
	}
	for _, tr := range Transitions() {
		if other, taken := verbs[tr.Verb]; taken {
			t.Errorf("%s and %s share the verb %s", tr.Act, other, tr.Verb)
		}
		verbs[tr.Verb] = tr.Act
	}
}

func TestAClimbReachesEverybodyOnceAndEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Reach
		order := 0
		for i := range rapid.IntRange(0, 6).Draw(t, "own") {
			order += rapid.IntRange(0, 2).Draw(t, "step")
			r.Own = append(r.Own, Contact{Email: string(rune('a' + i)), Order: order})
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "above") {
			r.Above = append(r.Above, Contact{Email: string(rune('x' + i)), Order: 1})
		}
		all := rapid.Bool().Draw(t, "all")
		rung, rank, duty := Ground, 0, 0
		told := map[string]int{}
		for steps := 0; rung != Top; steps++ {
			if steps > 12 {
				t.Fatal("the climb does not end")
			}
			l := Climb(rung, rank, all, r)
			for _, c := range slices.Concat(l.Own, l.Over) {
				told[c.Email]++
			}
			if l.Duty {
				duty++
			}
			rung, rank = l.Rung, l.Rank
		}
		for _, c := range slices.Concat(r.Own, r.Above) {
			if told[c.Email] != 1 {
				t.Fatalf("%s was told %d times", c.Email, told[c.Email])
			}
		}
		if duty != 1 {
			t.Fatalf("the duty list was told %d times", duty)
		}
	})
}

func TestRouteTakesTheFirstRuleThatSpeaks(t *testing.T) {
	ward := Organisation{Code: "PX1", Kind: "ward", Tier: "city"}
	rules := append([]Rule{
		{Name: "phường", When: When{Kinds: []string{"ward"}}, Then: Then{Contacts: "all"}},
		{Name: "spam", When: When{Problems: []row.Kind{row.Spam}}, Then: Then{Timing: Never}},
	}, DefaultRules()...)
	for _, c := range []struct {
		name     string
		of       Case
		timing   Cadence
		contacts string
		because  string
	}{
		{"a grave one", Case{Organisation: ward, Problems: []row.Kind{row.Malware}, Severity: row.Critical}, Now, "all", "grave"},
		{"a medium one", Case{Organisation: ward, Problems: []row.Kind{row.Malware}, Severity: row.Medium}, Daily, "all", "medium"},
		{"a mild one elsewhere", Case{Problems: []row.Kind{row.Malware}, Severity: row.Info}, Weekly, "first", "mild"},
		{"spam", Case{Organisation: ward, Problems: []row.Kind{row.Spam}, Severity: row.Critical}, Never, "all", "spam"},
		{"our own affair", Case{Organisation: ward, Problems: []row.Kind{row.NoContact}, Severity: row.Medium}, Never, "all", "own-affairs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Route(rules, c.of)
			if d.Timing != c.timing || d.Contacts != c.contacts || d.Because["timing"] != c.because {
				t.Errorf("%+v, want %s to %s because of %s", d, c.timing, c.contacts, c.because)
			}
		})
	}
	if d := Route(nil, Case{}); d.Timing != Now || d.Contacts != "first" || !slices.Equal(d.Channels, []Channel{ByMail}) {
		t.Errorf("without rules: %+v, want not to be silent", d)
	}
}

func TestFloodAndSurge(t *testing.T) {
	l := DefaultLimits()
	for _, c := range []struct {
		name   string
		opened int64
		before []int64
		want   bool
	}{
		{"below the floor", 199, []int64{1}, false},
		{"more than three times", 301, []int64{100, 20}, true},
		{"exactly three times", 300, []int64{100, 20}, false},
		{"the first delivery", 5000, nil, false},
		{"after silence", 200, []int64{0, 0}, true},
	} {
		if got := Flood(c.opened, c.before, l); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	ids := func(from, to int64) (list []int64) {
		for i := from; i <= to; i++ {
			list = append(list, i)
		}
		return list
	}
	if Surge(ids(1, 20), ids(1, 20), l) || !Surge(ids(1, 20), ids(21, 21), l) || !Surge(nil, ids(1, 21), l) {
		t.Error("more than twenty different organisations are a surge, and only they")
	}
}

func TestDefangLeavesNoLink(t *testing.T) {
	for in, want := range map[string]string{
		"http://a.example/b.php?u=http://c.d": "hxxp://a[.]example/b.php?u=hxxp://c[.]d",
		"https://a.example":                   "hxxps://a[.]example",
		"ftp://a.example/x":                   "ftp[:]://a[.]example/x",
		"443/tcp":                             "443/tcp",
		"":                                    "",
	} {
		if got := Defang(in); got != want {
			t.Errorf("Defang(%q) = %q, want %q", in, got, want)
		}
	}
}
