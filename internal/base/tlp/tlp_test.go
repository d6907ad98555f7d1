package tlp_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
	"tocsin/internal/base/tlp"
)

func TestMarkingsAreReadInTheFormsThatSourcesUse(t *testing.T) {
	for text, want := range map[string]tlp.Marking{
		"": tlp.Amber, "  ": tlp.Amber,
		"clear": tlp.Clear, "TLP:CLEAR": tlp.Clear, "WHITE": tlp.Clear, "tlp:white": tlp.Clear,
		"Green": tlp.Green, "TLP: GREEN ": tlp.Green,
		"amber": tlp.Amber, "TLP:AMBER": tlp.Amber,
		"amber+strict": tlp.AmberStrict, "TLP:AMBER+STRICT": tlp.AmberStrict, "AMBER STRICT": tlp.AmberStrict, "amber_strict": tlp.AmberStrict,
		"red": tlp.Red, "TLP:RED": tlp.Red,
	} {
		if got, err := tlp.Parse(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"tlp:", "orange", "TLP:AMBER+LOOSE", "ex:chr", "unclear", "amberstrict", "TLP"} {
		if got, err := tlp.Parse(text); errs.CodeOf(err) != errs.Invalid || got != tlp.Red {
			t.Errorf("%q: %v, %v, want Red and Invalid", text, got, err)
		}
	}
}

func TestAMarkingSurvivesItsText(t *testing.T) {
	for _, m := range tlp.All() {
		raw, err := json.Marshal(map[string]tlp.Marking{"tlp": m})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]tlp.Marking
		if err := json.Unmarshal(raw, &back); err != nil || back["tlp"] != m {
			t.Errorf("%s: read back as %v, %v", raw, back["tlp"], err)
		}
		if read, err := tlp.Parse(m.Label()); err != nil || read != m {
			t.Errorf("%s: read as %v, %v", m.Label(), read, err)
		}
	}
	var m tlp.Marking
	if json.Unmarshal([]byte(`"beige"`), &m) == nil {
		t.Error("beige is taken for a marking")
	}
}

func TestWhatJoinsSeveralIsMarkedLikeTheNarrowest(t *testing.T) {
	if got := tlp.Max(tlp.Green, tlp.AmberStrict, tlp.Amber); got != tlp.AmberStrict {
		t.Errorf("got %v", got)
	}
	if got := tlp.Max(); got != tlp.Clear {
		t.Errorf("none: got %v", got)
	}
}

// TestWhoMayReceive quotes the definitions of TLP 2.0 (FIRST, section 3).
func TestWhoMayReceive(t *testing.T) {
	for _, c := range []struct {
		marking    tlp.Marking
		definition string
		may        string
	}{
		{tlp.Red, "For the eyes and ears of individual recipients only, no further disclosure.", "centre named"},
		{tlp.AmberStrict, "Note that TLP:AMBER+STRICT restricts sharing to the organization only.", "centre named concerned"},
		{tlp.Amber, "Limited disclosure, recipients can only spread this on a need-to-know basis within their organization and its clients.", "centre named concerned above"},
		{tlp.Green, "Limited disclosure, recipients can spread this within their community.", "centre named concerned above client community"},
		{tlp.Clear, "Recipients can spread this to the world, there is no limit on disclosure.", "centre named concerned above client community public"},
	} {
		var may []string
		for _, r := range tlp.Receivers() {
			if ok, _ := tlp.MayReceive(c.marking, r); ok {
				may = append(may, r.String())
			}
		}
		if got := strings.Join(may, " "); got != c.may {
			t.Errorf("%s, %q: may receive %s; want %s", c.marking.Label(), c.definition, got, c.may)
		}
	}
}

func TestANarrowerMarkingNeverReachesFarther(t *testing.T) {
	for _, m := range tlp.All() {
		for _, r := range tlp.Receivers() {
			if ok, _ := tlp.MayReceive(m, r); !ok {
				continue
			}
			for wider := tlp.Clear; wider <= m; wider++ {
				for nearer := tlp.Centre; nearer <= r; nearer++ {
					if ok, _ := tlp.MayReceive(wider, nearer); !ok {
						t.Errorf("%v reaches %v, yet %v does not reach %v", m, r, wider, nearer)
					}
				}
			}
		}
	}
}

// TestTheConditionInSQLIsTheDecision asks a database about every marking, reader
// and organisation what MayReceive says of them.
func TestTheConditionInSQLIsTheDecision(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, own := range []int64{0, 1, 2} {
			for _, m := range tlp.All() {
				for _, organisation := range []int64{0, 1, 2} {
					want, _ := tlp.MayReceive(m, tlp.ReaderOf(own, organisation))
					err := d.Read(t.Context(), func(tx *db.Tx) error {
						n, err := tx.Int(`SELECT COUNT(*) FROM (SELECT ` + strconv.Itoa(int(m)) + ` AS m, ` + strconv.FormatInt(organisation, 10) + ` AS o) AS one WHERE ` + tlp.SQL("m", "o", own))
						if got := n == 1; got != want {
							t.Errorf("%v about %d for one of %d: %v, want %v", m, organisation, own, got, want)
						}
						return err
					})
					if err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

func TestEveryMarkingReceiverAndReasonHasItsWords(t *testing.T) {
	b := i18n.New()
	if err := b.Add(tlp.Texts); err != nil {
		t.Fatal(err)
	}
	i18ntest.Strict(t, b)
	for _, lang := range b.Languages() {
		v := b.In(lang)
		for _, m := range tlp.All() {
			v.T("tlp.marking." + m.String())
			for _, r := range tlp.Receivers() {
				v.T("tlp.receiver." + r.String())
				_, reason := tlp.MayReceive(m, r)
				v.T(reason)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("TLP:AMBER+STRICT")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := tlp.Parse(text)
		if again, err2 := tlp.Parse(m.String()); err == nil && (err2 != nil || again != m) {
			t.Errorf("%q: %v, read again %v, %v", text, m, again, err2)
		}
	})
}
