package journal

import (
	"testing"

	"pgregory.net/rapid"

	"tocsin/internal/base/clock"
)

func TestAStageIsPassedOnlyOverEntriesThatAreKnownAndNotItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := New(clock.Real{})
		verbs := []string{"a", "b", "c"}
		all := []string{""} // by sequence number; "" is another process's
		for range rapid.IntRange(0, 60).Draw(t, "commits") {
			if rapid.IntRange(0, 9).Draw(t, "who") == 0 {
				all = append(all, "")
				continue
			}
			var drafts []Draft
			for range rapid.IntRange(1, 40).Draw(t, "entries") {
				verb := rapid.SampledFrom(verbs).Draw(t, "verb")
				drafts = append(drafts, Draft{Verb: verb})
				all = append(all, verb)
			}
			j.announce(int64(len(all)-1), drafts)
		}
		after := rapid.IntRange(0, len(all)-1).Draw(t, "after")
		mine := rapid.SampledFrom(verbs).Draw(t, "mine")
		upTo, ok := j.passed(int64(after), []string{mine})
		if !ok {
			return
		}
		if upTo <= int64(after) || upTo >= int64(len(all)) {
			t.Fatalf("passed from %d to %d of %d", after, upTo, len(all)-1)
		}
		for seq := after + 1; seq <= int(upTo); seq++ {
			if all[seq] == mine || all[seq] == "" {
				t.Fatalf("passed over entry %d (%q)", seq, all[seq])
			}
		}
	})
}

func TestAStageIsPassedOverWhatIsNotItsOwn(t *testing.T) {
	j := New(clock.Real{})
	j.announce(3, []Draft{{Verb: "a"}, {Verb: "b"}, {Verb: "a"}})
	if upTo, ok := j.passed(2, []string{"b"}); !ok || upTo != 3 {
		t.Fatalf("passed to %d, %t", upTo, ok)
	}
	if _, ok := j.passed(0, []string{"b"}); ok {
		t.Fatal("passed over its own")
	}
	if _, ok := j.passed(0, nil); ok {
		t.Fatal("a stage of all verbs was passed")
	}
}
