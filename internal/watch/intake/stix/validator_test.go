package stix_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/intake/stix"
)

// disagreements are the cases of the OASIS validator whose verdict is not ours,
// each with the reason. The validator was asked in its strict mode, where what
// breaks a SHOULD is invalid; here only a MUST refuses an object, because an
// indicator under a word of its own is worth no less.
func disagreements() map[int]string {
	all := map[int]string{}
	because := func(reason string, cases ...int) {
		for _, n := range cases {
			all[n] = reason
		}
	}
	because("SHOULD: a word that is not of the open vocabulary or registry",
		96, 97, 181, 183, 220, 222, 270, 272, 279, 284, 310, 312, 395, 410, 412, 414, 418, 420, 422, 424, 426, 429, 431, 433)
	because("SHOULD: a custom property without an extension definition",
		40, 44, 49, 174, 335, 339, 343, 346, 356, 365, 371, 384)
	because("SHOULD: a custom property or extension without the prefix x_ or x-",
		328, 330, 331, 333, 349, 354, 359, 361, 363, 377, 379, 381, 387, 389, 391)
	because("option strict_properties: nothing but what the standard knows",
		334, 336, 337, 340, 341, 344, 345, 347, 348, 352, 353, 357, 358, 364, 366, 367, 372, 373, 380, 382, 385)
	because("SHOULD: UUID version 4 of an object, version 5 of an observable", 47, 351, 408)
	because("SHOULD: both ports of network traffic", 274, 275)
	because("SHOULD: the key of a dictionary in lower case", 298)
	because("SHOULD: one version once; the same bytes again are a duplicate of the document", 41)
	because("option interop: the OASIS interoperability profile", 171, 172)
	because("option schema_dir: a schema that the case does not bring", 287, 289)
	because("the validator's own options contradict each other; the object is sound", 50)
	because("the version asked for on the command line is not in the case; with the same object others are valid",
		478, 479, 490, 494, 496, 497)
	because("the IANA registry of RFC 5646 knows the language bbb (Barai); the validator's list does not", 401)
	return all
}

func TestTheCasesOfTheOASISValidator(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "stix-taxii", "stix21_validator_cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		N      int
		Test   string
		Valid  bool
		Object json.RawMessage
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	known := disagreements()
	agreed := 0
	for _, c := range cases {
		r := parse(t, string(c.Object), stix.Options{})
		valid := len(r.bad) == 0
		reason, explained := known[c.N]
		delete(known, c.N)
		switch {
		case valid == c.Valid && !explained:
			agreed++
		case valid == c.Valid:
			t.Errorf("case %d %s agrees now: it is listed as %q", c.N, c.Test, reason)
		case !explained:
			t.Errorf("case %d %s: valid is %v, want %v: %+v", c.N, c.Test, valid, c.Valid, r.bad)
		case !valid:
			t.Errorf("case %d %s is refused where the validator is content: %+v", c.N, c.Test, r.bad)
		}
	}
	if len(known) > 0 {
		t.Errorf("listed cases that are not there: %v", slices.Sorted(maps.Keys(known)))
	}
	if agreed != 201 || len(cases) != 292 {
		t.Errorf("%d of %d cases agree, were 201 of 292", agreed, len(cases))
	}
}
