package vector

import (
	"encoding/json"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// An Input is what is known of a weakness and of the place of the product that
// has it. Empty words are not stated; a CVSS of 0 is none.
type Input struct {
	KEV          bool    // it is in a catalogue of exploited weaknesses
	Ransomware   bool    // used in ransomware campaigns
	EPSS         float64 // 0–1
	CVSS         float64 // base score, 0–10
	Exploitation string  // none, poc, active
	Automatable  string  // no, yes
	Impact       string  // partial, total
	Exposure     string  // internal, public; "" is unknown
	Criticality  string  // normal, important, vital; "" is unknown
}

// A Decision is what to do, in CISA's words. The set is closed.
type Decision string

// The decisions, mildest first. The catalogues say each under
// match.decision.do.WORD, with track-star for TrackStar.
const (
	Track     Decision = "track"
	TrackStar Decision = "track*"
	Attend    Decision = "attend"
	Act       Decision = "act"
)

// Decisions are all decisions, mildest first.
func Decisions() []Decision { return []Decision{Track, TrackStar, Attend, Act} }

// Key is the decision's key in the catalogues.
func (d Decision) Key() string {
	if d == TrackStar {
		return "match.decision.do.track-star"
	}
	return "match.decision.do." + string(d)
}

// An Outcome is the decision with its clock.
type Outcome struct {
	Severity row.Severity
	Decision Decision
	Days     int // until it should be mended
	Reasons  []Reason
}

// A Reason is a key of the catalogues. Parameters: {epss} and {cvss}.
type Reason string

// The reasons.
const (
	ReasonKEV                Reason = "match.decision.kev"
	ReasonRansomware         Reason = "match.decision.ransomware"
	ReasonActive             Reason = "match.decision.active"
	ReasonPOC                Reason = "match.decision.poc"
	ReasonLikely             Reason = "match.decision.likely" // by EPSS
	ReasonNotExploited       Reason = "match.decision.not-exploited"
	ReasonAutomatable        Reason = "match.decision.automatable"
	ReasonAutomatableAssumed Reason = "match.decision.automatable-assumed"
	ReasonByHand             Reason = "match.decision.by-hand"
	ReasonTotal              Reason = "match.decision.total"
	ReasonTotalAssumed       Reason = "match.decision.total-assumed"
	ReasonPartial            Reason = "match.decision.partial"
	ReasonPublic             Reason = "match.decision.public"
	ReasonInternal           Reason = "match.decision.internal"
	ReasonExposureUnknown    Reason = "match.decision.exposure-unknown"
	ReasonVital              Reason = "match.decision.vital"
	ReasonImportant          Reason = "match.decision.important"
	ReasonNormal             Reason = "match.decision.normal"
	ReasonCriticalityUnknown Reason = "match.decision.criticality-unknown"
	ReasonGrave              Reason = "match.decision.grave"    // raised to medium by CVSS
	ReasonCritical           Reason = "match.decision.critical" // raised to high by CVSS
)

// Reasons are all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonKEV, ReasonRansomware, ReasonActive, ReasonPOC, ReasonLikely, ReasonNotExploited, ReasonAutomatable,
		ReasonAutomatableAssumed, ReasonByHand, ReasonTotal, ReasonTotalAssumed, ReasonPartial, ReasonPublic, ReasonInternal,
		ReasonExposureUnknown, ReasonVital, ReasonImportant, ReasonNormal, ReasonCriticalityUnknown, ReasonGrave, ReasonCritical,
	}
}

// A Policy is the tree and what belongs to it.
type Policy struct {
	tree     map[point]Decision
	mission  map[string]map[string]string
	assume   assumptions
	severity map[Decision]row.Severity
	days     map[Decision]int
	medium   float64
	high     float64
	kevDays  int
}

type point struct{ exploitation, automatable, impact, mission string }

type assumptions struct {
	POC         float64 `json:"poc_from_epss"`
	Automatable float64 `json:"automatable_from_cvss"`
	Total       float64 `json:"total_from_cvss"`
}

// BuiltIn is the policy that comes with the program.
func BuiltIn() (*Policy, error) {
	raw, err := data.ReadFile("policy.json")
	if err != nil {
		return nil, errs.New(errs.Internal, "read the policy of decisions: %w", err)
	}
	return NewPolicy(raw)
}

// NewPolicy reads a policy in the form of policy.json. One that leaves a branch
// of the tree open, or whose words are not known, is errs.Invalid.
func NewPolicy(raw []byte) (*Policy, error) {
	var file struct {
		Tree []struct {
			Exploitation, Automatable, Impact, Mission string
			Decision                                   Decision
		}
		Mission  map[string]map[string]string
		Assume   assumptions
		Severity map[Decision]row.Severity
		Days     map[Decision]int
		Medium   float64 `json:"medium_from_cvss"`
		High     float64 `json:"high_from_cvss"`
		KEVDays  int     `json:"days_of_kev"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, errs.New(errs.Invalid, "read the policy of decisions: %w", err)
	}
	p := &Policy{
		tree: map[point]Decision{}, mission: file.Mission, assume: file.Assume, severity: file.Severity, days: file.Days,
		medium: file.Medium, high: file.High, kevDays: file.KEVDays,
	}
	for _, r := range file.Tree {
		p.tree[point{r.Exploitation, r.Automatable, r.Impact, r.Mission}] = r.Decision
	}
	return p, p.check()
}

func (p *Policy) check() error {
	for _, e := range []string{"none", "poc", "active"} {
		for _, a := range []string{"no", "yes"} {
			for _, i := range []string{"partial", "total"} {
				for _, m := range []string{"low", "medium", "high"} {
					d := p.tree[point{e, a, i, m}]
					if p.severity[d] == row.NoSeverity || p.days[d] <= 0 {
						return errs.New(errs.Invalid, "the policy of decisions says nothing of %s, %s, %s, %s", e, a, i, m)
					}
				}
			}
		}
	}
	for _, c := range []string{"normal", "unknown", "important", "vital"} {
		for _, x := range []string{"internal", "unknown", "public"} {
			switch p.mission[c][x] {
			case "low", "medium", "high":
			default:
				return errs.New(errs.Invalid, "the policy of decisions has no mission impact for %s, %s", c, x)
			}
		}
	}
	return nil
}

// Decide goes through the tree. A point that nobody states is taken from KEV,
// EPSS or CVSS; nothing that is worse in the input gives a milder outcome.
func (p *Policy) Decide(in Input) Outcome {
	var o Outcome
	say := func(r Reason) { o.Reasons = append(o.Reasons, r) }
	at := point{exploitation: p.exploitation(in, say)}
	at.automatable = p.automatable(in, say)
	at.impact = p.impact(in, at.exploitation, say)
	at.mission = p.missionOf(in, say)
	o.Decision = p.tree[at]
	if in.Ransomware {
		say(ReasonRansomware)
		o.Decision = graver(o.Decision)
	}
	o.Severity, o.Days = p.severity[o.Decision], p.days[o.Decision]
	switch {
	case in.CVSS >= p.high && o.Severity < row.High:
		say(ReasonCritical)
		o.Severity = row.High
	case in.CVSS >= p.medium && o.Severity < row.Medium:
		say(ReasonGrave)
		o.Severity = row.Medium
	}
	if in.KEV {
		o.Days = min(o.Days, p.kevDays)
	}
	return o
}

func graver(d Decision) Decision {
	switch d {
	case Track:
		return TrackStar
	case TrackStar:
		return Attend
	case Attend, Act:
	}
	return Act
}

func (p *Policy) exploitation(in Input, say func(Reason)) string {
	switch {
	case in.KEV:
		say(ReasonKEV)
		return "active"
	case in.Exploitation == "active":
		say(ReasonActive)
		return "active"
	case in.Exploitation == "poc":
		say(ReasonPOC)
		return "poc"
	case in.EPSS >= p.assume.POC:
		say(ReasonLikely)
		return "poc"
	}
	say(ReasonNotExploited)
	return "none"
}

func (p *Policy) automatable(in Input, say func(Reason)) string {
	switch {
	case in.Automatable == "yes":
		say(ReasonAutomatable)
		return "yes"
	case in.Automatable == "" && in.CVSS >= p.assume.Automatable:
		say(ReasonAutomatableAssumed)
		return "yes"
	}
	say(ReasonByHand)
	return "no"
}

// impact: what is used by attackers and has no score is taken for the worst.
func (p *Policy) impact(in Input, exploitation string, say func(Reason)) string {
	switch {
	case in.Impact == "total":
		say(ReasonTotal)
		return "total"
	case in.Impact == "" && (in.CVSS >= p.assume.Total || in.CVSS == 0 && exploitation == "active"):
		say(ReasonTotalAssumed)
		return "total"
	}
	say(ReasonPartial)
	return "partial"
}

func (p *Policy) missionOf(in Input, say func(Reason)) string {
	criticality, exposure := in.Criticality, in.Exposure
	switch criticality {
	case "vital":
		say(ReasonVital)
	case "important":
		say(ReasonImportant)
	case "normal":
		say(ReasonNormal)
	default:
		criticality = "unknown"
		say(ReasonCriticalityUnknown)
	}
	switch exposure {
	case "public":
		say(ReasonPublic)
	case "internal":
		say(ReasonInternal)
	default:
		exposure = "unknown"
		say(ReasonExposureUnknown)
	}
	return p.mission[criticality][exposure]
}
