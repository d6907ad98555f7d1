package csaf

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
)

// A property of a CVSS object says again what a metric of its vector says.
type property struct {
	name   string
	metric string
	values []string // letter=WORD
	base   bool
}

// word is the property's word for a letter of the metric, "" where there is none.
func (p *property) word(letter string) string {
	for _, v := range p.values {
		if l, w, _ := strings.Cut(v, "="); l == letter {
			return w
		}
	}
	return ""
}

func (p *property) words() []string {
	out := make([]string, 0, len(p.values))
	for _, v := range p.values {
		_, w, _ := strings.Cut(v, "=")
		out = append(out, w)
	}
	return out
}

// properties2 are those of CVSS 2.0 (first.org/cvss/cvss-v2.0.json).
func properties2() []property {
	cia := []string{"N=NONE", "P=PARTIAL", "C=COMPLETE"}
	requirement := []string{"L=LOW", "M=MEDIUM", "H=HIGH", "ND=NOT_DEFINED"}
	return []property{
		{"accessVector", "AV", []string{"N=NETWORK", "A=ADJACENT_NETWORK", "L=LOCAL"}, true},
		{"accessComplexity", "AC", []string{"H=HIGH", "M=MEDIUM", "L=LOW"}, true},
		{"authentication", "Au", []string{"M=MULTIPLE", "S=SINGLE", "N=NONE"}, true},
		{"confidentialityImpact", "C", cia, true},
		{"integrityImpact", "I", cia, true},
		{"availabilityImpact", "A", cia, true},
		{"exploitability", "E", []string{"U=UNPROVEN", "POC=PROOF_OF_CONCEPT", "F=FUNCTIONAL", "H=HIGH", "ND=NOT_DEFINED"}, false},
		{"remediationLevel", "RL", []string{"OF=OFFICIAL_FIX", "TF=TEMPORARY_FIX", "W=WORKAROUND", "U=UNAVAILABLE", "ND=NOT_DEFINED"}, false},
		{"reportConfidence", "RC", []string{"UC=UNCONFIRMED", "UR=UNCORROBORATED", "C=CONFIRMED", "ND=NOT_DEFINED"}, false},
		{"collateralDamagePotential", "CDP", []string{"N=NONE", "L=LOW", "LM=LOW_MEDIUM", "MH=MEDIUM_HIGH", "H=HIGH", "ND=NOT_DEFINED"}, false},
		{"targetDistribution", "TD", []string{"N=NONE", "L=LOW", "M=MEDIUM", "H=HIGH", "ND=NOT_DEFINED"}, false},
		{"confidentialityRequirement", "CR", requirement, false},
		{"integrityRequirement", "IR", requirement, false},
		{"availabilityRequirement", "AR", requirement, false},
	}
}

// properties3 are those of CVSS 3.0 and 3.1 (first.org/cvss/cvss-v3.1.json).
func properties3() []property {
	av := []string{"N=NETWORK", "A=ADJACENT_NETWORK", "L=LOCAL", "P=PHYSICAL"}
	ac := []string{"H=HIGH", "L=LOW"}
	pr := []string{"H=HIGH", "L=LOW", "N=NONE"}
	ui := []string{"N=NONE", "R=REQUIRED"}
	s := []string{"U=UNCHANGED", "C=CHANGED"}
	cia := []string{"N=NONE", "L=LOW", "H=HIGH"}
	requirement := []string{"L=LOW", "M=MEDIUM", "H=HIGH", "X=NOT_DEFINED"}
	or := func(values []string) []string { return append(slices.Clip(values), "X=NOT_DEFINED") }
	return []property{
		{"attackVector", "AV", av, true},
		{"attackComplexity", "AC", ac, true},
		{"privilegesRequired", "PR", pr, true},
		{"userInteraction", "UI", ui, true},
		{"scope", "S", s, true},
		{"confidentialityImpact", "C", cia, true},
		{"integrityImpact", "I", cia, true},
		{"availabilityImpact", "A", cia, true},
		{"exploitCodeMaturity", "E", []string{"U=UNPROVEN", "P=PROOF_OF_CONCEPT", "F=FUNCTIONAL", "H=HIGH", "X=NOT_DEFINED"}, false},
		{"remediationLevel", "RL", []string{"O=OFFICIAL_FIX", "T=TEMPORARY_FIX", "W=WORKAROUND", "U=UNAVAILABLE", "X=NOT_DEFINED"}, false},
		{"reportConfidence", "RC", []string{"U=UNKNOWN", "R=REASONABLE", "C=CONFIRMED", "X=NOT_DEFINED"}, false},
		{"confidentialityRequirement", "CR", requirement, false},
		{"integrityRequirement", "IR", requirement, false},
		{"availabilityRequirement", "AR", requirement, false},
		{"modifiedAttackVector", "MAV", or(av), false},
		{"modifiedAttackComplexity", "MAC", or(ac), false},
		{"modifiedPrivilegesRequired", "MPR", or(pr), false},
		{"modifiedUserInteraction", "MUI", or(ui), false},
		{"modifiedScope", "MS", or(s), false},
		{"modifiedConfidentialityImpact", "MC", or(cia), false},
		{"modifiedIntegrityImpact", "MI", or(cia), false},
		{"modifiedAvailabilityImpact", "MA", or(cia), false},
	}
}

// properties4 are those of CVSS 4.0 (first.org/cvss/cvss-v4.0.json).
func properties4() []property {
	av := []string{"N=NETWORK", "A=ADJACENT", "L=LOCAL", "P=PHYSICAL"}
	ac := []string{"H=HIGH", "L=LOW"}
	at := []string{"N=NONE", "P=PRESENT"}
	pr := []string{"H=HIGH", "L=LOW", "N=NONE"}
	ui := []string{"N=NONE", "P=PASSIVE", "A=ACTIVE"}
	cia := []string{"N=NONE", "L=LOW", "H=HIGH"}
	requirement := []string{"L=LOW", "M=MEDIUM", "H=HIGH", "X=NOT_DEFINED"}
	or := func(values []string) []string { return append(slices.Clip(values), "X=NOT_DEFINED") }
	sub := []string{"N=NEGLIGIBLE", "L=LOW", "H=HIGH", "X=NOT_DEFINED"}
	safe := []string{"N=NEGLIGIBLE", "L=LOW", "H=HIGH", "S=SAFETY", "X=NOT_DEFINED"}
	return []property{
		{"attackVector", "AV", av, true},
		{"attackComplexity", "AC", ac, true},
		{"attackRequirements", "AT", at, true},
		{"privilegesRequired", "PR", pr, true},
		{"userInteraction", "UI", ui, true},
		{"vulnConfidentialityImpact", "VC", cia, true},
		{"vulnIntegrityImpact", "VI", cia, true},
		{"vulnAvailabilityImpact", "VA", cia, true},
		{"subConfidentialityImpact", "SC", cia, true},
		{"subIntegrityImpact", "SI", cia, true},
		{"subAvailabilityImpact", "SA", cia, true},
		{"exploitMaturity", "E", []string{"U=UNREPORTED", "P=PROOF_OF_CONCEPT", "A=ATTACKED", "X=NOT_DEFINED"}, false},
		{"confidentialityRequirement", "CR", requirement, false},
		{"integrityRequirement", "IR", requirement, false},
		{"availabilityRequirement", "AR", requirement, false},
		{"modifiedAttackVector", "MAV", or(av), false},
		{"modifiedAttackComplexity", "MAC", or(ac), false},
		{"modifiedAttackRequirements", "MAT", or(at), false},
		{"modifiedPrivilegesRequired", "MPR", or(pr), false},
		{"modifiedUserInteraction", "MUI", or(ui), false},
		{"modifiedVulnConfidentialityImpact", "MVC", or(cia), false},
		{"modifiedVulnIntegrityImpact", "MVI", or(cia), false},
		{"modifiedVulnAvailabilityImpact", "MVA", or(cia), false},
		{"modifiedSubConfidentialityImpact", "MSC", sub, false},
		{"modifiedSubIntegrityImpact", "MSI", safe, false},
		{"modifiedSubAvailabilityImpact", "MSA", safe, false},
		{"Safety", "S", []string{"N=NEGLIGIBLE", "P=PRESENT", "X=NOT_DEFINED"}, false},
		{"Automatable", "AU", []string{"N=NO", "Y=YES", "X=NOT_DEFINED"}, false},
		{"Recovery", "R", []string{"A=AUTOMATIC", "U=USER", "I=IRRECOVERABLE", "X=NOT_DEFINED"}, false},
		{"valueDensity", "V", []string{"D=DIFFUSE", "C=CONCENTRATED", "X=NOT_DEFINED"}, false},
		{"vulnerabilityResponseEffort", "RE", []string{"L=LOW", "M=MODERATE", "H=HIGH", "X=NOT_DEFINED"}, false},
		{"providerUrgency", "U", []string{"Clear=CLEAR", "Green=GREEN", "Amber=AMBER", "Red=RED", "X=NOT_DEFINED"}, false},
	}
}

// vectorPattern is the pattern of a vector whose metrics come in any order.
func vectorPattern(header string, properties []property) *regexp.Regexp {
	metrics := make([]string, 0, len(properties))
	for _, p := range properties {
		letters := make([]string, 0, len(p.values))
		for _, v := range p.values {
			l, _, _ := strings.Cut(v, "=")
			letters = append(letters, l)
		}
		metrics = append(metrics, p.metric+":(?:"+strings.Join(letters, "|")+")")
	}
	one := "(?:" + strings.Join(metrics, "|") + ")"
	return regexp.MustCompile("^" + header + "(?:" + one + "/)*" + one + "$")
}

func cvssShape(properties []property, scores, severities []string, required ...string) *shape {
	fields := map[string]*shape{"vectorString": {kind: '"'}}
	for i := range properties {
		fields[properties[i].name] = word(properties[i].words()...)
	}
	for _, name := range scores {
		fields[name] = number(0, 10)
	}
	for _, name := range severities {
		fields[name] = word("NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL")
	}
	return object(fields, required...).by("6.1.8")
}

func cvss2() *shape {
	s := cvssShape(properties2(), []string{"baseScore", "temporalScore", "environmentalScore"}, nil, "version", "vectorString", "baseScore")
	s.fields["version"] = word("2.0")
	s.fields["vectorString"].pattern = vectorPattern("", properties2())
	return s
}

func cvss3() *shape {
	s := cvssShape(properties3(), []string{"baseScore", "temporalScore", "environmentalScore"},
		[]string{"baseSeverity", "temporalSeverity", "environmentalSeverity"}, "version", "vectorString", "baseScore", "baseSeverity")
	s.fields["version"] = word("3.0", "3.1")
	s.fields["vectorString"].pattern = vectorPattern("CVSS:3[.][01]/", properties3())
	s.more = func(n *node) string {
		version, vector := n.get("version").str(), n.get("vectorString").str()
		if version != "" && vector != "" && !strings.HasPrefix(vector, "CVSS:"+version+"/") {
			return "the vector is not of version " + version
		}
		return ""
	}
	return s
}

func cvss4() *shape {
	s := cvssShape(properties4(), []string{"baseScore", "threatScore", "environmentalScore"},
		[]string{"baseSeverity", "threatSeverity", "environmentalSeverity"}, "version", "vectorString", "baseScore", "baseSeverity")
	s.fields["version"] = word("4.0")
	s.fields["vectorString"].pattern = vectorPattern("CVSS:4[.]0/", properties4())
	return s
}

// scorer is what all versions of go-cvss can.
type scorer interface {
	Set(metric, value string) error
}

// A computed CVSS is what follows from a vector.
type computed struct {
	properties []property
	metrics    map[string]string
	scores     map[string][]float64 // by property; any of them is right
	rating     func(float64) string
	fault      string // why nothing follows
}

// compute reads a vector. name is the property that holds it: cvss_v2, cvss_v3,
// cvss_v4.
func compute(name, version, vector string) *computed {
	c := &computed{metrics: map[string]string{}, rating: rating3}
	rest := vector
	switch name {
	case "cvss_v2":
		c.properties, c.rating = properties2(), nil
	case "cvss_v3":
		c.properties = properties3()
		rest = strings.TrimPrefix(rest, "CVSS:"+version+"/")
	default:
		c.properties = properties4()
		rest = strings.TrimPrefix(rest, "CVSS:4.0/")
	}
	for part := range strings.SplitSeq(rest, "/") {
		metric, value, _ := strings.Cut(part, ":")
		if _, twice := c.metrics[metric]; twice {
			c.fault = "the vector gives " + metric + " twice"
			return c
		}
		c.metrics[metric] = value
	}
	for i := range c.properties {
		if p := &c.properties[i]; p.base && c.metrics[p.metric] == "" {
			c.fault = "the vector lacks " + p.metric
			return c
		}
	}
	switch {
	case name == "cvss_v2":
		v := &gocvss20.CVSS20{}
		c.set(v, false)
		c.scores = map[string][]float64{"baseScore": {v.BaseScore()}, "temporalScore": {v.TemporalScore()}, "environmentalScore": {v.EnvironmentalScore()}}
	case version == "3.0":
		v := &gocvss30.CVSS30{}
		c.set(v, false)
		c.scores = map[string][]float64{"baseScore": {v.BaseScore()}, "temporalScore": {v.TemporalScore()}, "environmentalScore": {v.EnvironmentalScore()}}
	case name == "cvss_v3":
		v := &gocvss31.CVSS31{}
		c.set(v, false)
		c.scores = map[string][]float64{"baseScore": {v.BaseScore()}, "temporalScore": {v.TemporalScore()}, "environmentalScore": {v.EnvironmentalScore()}}
	default:
		// Version 4 has one score of all metrics given; some give that of the base
		// metrics as base score, some the whole.
		v, base := &gocvss40.CVSS40{}, &gocvss40.CVSS40{}
		c.set(v, false)
		c.set(base, true)
		c.scores = map[string][]float64{"baseScore": {base.Score(), v.Score()}, "threatScore": {v.Score()}, "environmentalScore": {v.Score()}}
	}
	return c
}

func (c *computed) set(v scorer, base bool) {
	for i := range c.properties {
		p := &c.properties[i]
		value := c.metrics[p.metric]
		if value == "" || base && !p.base {
			continue
		}
		if err := v.Set(p.metric, value); err != nil {
			c.fault = "the vector cannot be computed: " + err.Error()
		}
	}
}

// rating3 is the word for a score of versions 3 and 4.
func rating3(score float64) string {
	switch {
	case score == 0:
		return "NONE"
	case score < 4:
		return "LOW"
	case score < 7:
		return "MEDIUM"
	case score < 9:
		return "HIGH"
	}
	return "CRITICAL"
}

// cvss runs tests 6.1.9 and 6.1.10 over one CVSS object that is of its shape.
func cvss(out *findings, name string, n *node, path string) {
	if n == nil || n.kind != '{' {
		return
	}
	c := compute(name, n.get("version").str(), n.get("vectorString").str())
	if c.fault != "" {
		out.add("6.1.8", pointer(path, "vectorString"), c.fault)
		return
	}
	for _, m := range n.members {
		if right, ok := c.scores[m.name]; ok {
			got, isNumber := m.node.number()
			if !isNumber || !slices.ContainsFunc(right, func(v float64) bool { return math.Abs(v-got) < 1e-6 }) {
				out.add("6.1.9", pointer(path, m.name), fmt.Sprintf("%s where the vector gives %s", m.node.text, strconv.FormatFloat(right[0], 'f', 1, 64)))
			}
			continue
		}
		score, isSeverity := strings.CutSuffix(m.name, "Severity")
		if right, ok := c.scores[score+"Score"]; ok && isSeverity && c.rating != nil {
			if !slices.ContainsFunc(right, func(v float64) bool { return c.rating(v) == m.node.str() }) {
				out.add("6.1.9", pointer(path, m.name), m.node.str()+" where the vector gives "+c.rating(right[0]))
			}
		}
	}
	for i := range c.properties {
		p := &c.properties[i]
		v := n.get(p.name)
		if v == nil {
			continue
		}
		letter := c.metrics[p.metric]
		want := p.word(letter)
		if letter == "" {
			want = "NOT_DEFINED"
		}
		if v.str() != want {
			out.add("6.1.10", pointer(path, p.name), v.str()+" where the vector gives "+want)
		}
	}
}
