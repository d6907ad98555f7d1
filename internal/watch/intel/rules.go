package intel

import (
	_ "embed"
	"encoding/json"
	"math"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

//go:embed rules.json
var rulesText []byte

// Rules are what the room decides by; data, so that a city can have its own.
type Rules struct {
	// Lifetime is how many days an indicator of a type holds after a source named
	// it last, where the source states no end.
	Lifetime map[row.IndicatorType]float64 `json:"lifetime_days"`
	// Decay shapes the loss of confidence: 1 is a straight line down to the end
	// of the lifetime, more holds on longer and falls steeper at the end (the
	// polynomial model of MISP: 1 − (age/lifetime)^decay).
	Decay float64 `json:"decay"`
	// Unstated is the confidence of a source that states none (STIX: 50 is
	// "possibly true").
	Unstated int `json:"unstated_confidence"`
	// BroadestV4 and BroadestV6 are the shortest prefixes that are taken for an
	// indicator without a person's look.
	BroadestV4 int `json:"broadest_v4"`
	BroadestV6 int `json:"broadest_v6"`
	// LikelyEPSS is from where on a weakness counts as likely to be exploited.
	LikelyEPSS float64 `json:"likely_epss"`
	// Benign are values that no feed may make indicators of.
	Benign []BenignRule `json:"benign"`
}

// A BenignRule is a list of harmless values of our own.
type BenignRule struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Values []string `json:"values"`
}

// LoadRules reads the rules: text, or those of the binary where it is empty.
func LoadRules(text []byte) (Rules, error) {
	if len(text) == 0 {
		text = rulesText
	}
	var rules Rules
	if err := json.Unmarshal(text, &rules); err != nil {
		return rules, errs.New(errs.Invalid, "read the rules of indicators: %w", err)
	}
	for _, t := range row.IndicatorTypes() {
		if rules.Lifetime[t] <= 0 {
			return rules, errs.New(errs.Invalid, "read the rules of indicators: lifetime_days.%s: want a number of days", t)
		}
	}
	if rules.Decay <= 0 {
		return rules, errs.New(errs.Invalid, "read the rules of indicators: decay: want a number above 0")
	}
	return rules, nil
}

// until is when a statement ends that was made last at a time and states no end.
func (r Rules) until(t row.IndicatorType, last time.Time) time.Time {
	return last.Add(time.Duration(r.Lifetime[t] * 24 * float64(time.Hour)))
}

// Decayed is what is left at now of a confidence that was stated at last and
// ends at until.
func (r Rules) Decayed(confidence int, last, until, now time.Time) int {
	life := until.Sub(last)
	if life <= 0 || !now.Before(until) {
		return 0
	}
	age := max(0, float64(now.Sub(last))/float64(life))
	return int(math.Round(float64(confidence) * (1 - math.Pow(age, r.Decay))))
}

// joint is the confidence of sources that say the same independently: each one
// takes away its share of what the others leave in doubt.
func joint(stated []int) int {
	doubt := 1.0
	for _, c := range stated {
		doubt *= 1 - float64(min(max(c, 0), 100))/100
	}
	return int(math.Round(100 * (1 - doubt)))
}
