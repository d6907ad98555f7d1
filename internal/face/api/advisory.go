package api

import (
	"context"
	"slices"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/match/product"
)

// Advisory is what a source says of a weakness, as CONTRACT has it, and a few
// keys more.
type Advisory struct {
	ID            string     `json:"id"`
	Source        string     `json:"source"`
	Title         string     `json:"title"`
	CVEs          []string   `json:"cves" nullable:"false"`
	Name          string     `json:"name" doc:"The source's own id."`
	Revision      *string    `json:"revision"`
	Published     *time.Time `json:"published"`
	Modified      *time.Time `json:"modified"`
	Received      *time.Time `json:"received"`
	Withdrawn     bool       `json:"withdrawn"`
	Ends          *string    `json:"ends" doc:"Of a product's end of support."`
	Exploited     bool       `json:"exploited" doc:"One of its CVEs is known to be used."`
	TLP           string     `json:"tlp"`
	Document      string     `json:"document"`
	Line          int        `json:"line"`
	Organisations int64      `json:"organisations" doc:"How many it concerns."`
	Live          int64      `json:"live" doc:"Findings that hang on it and still ask for something."`
}

// AdvisoryShown is an advisory with all that is known around it.
type AdvisoryShown struct {
	Advisory
	Summary    *string           `json:"summary"`
	Products   []AdvisedProduct  `json:"products" nullable:"false"`
	Dangers    []Danger          `json:"dangers" nullable:"false" doc:"What all sources together say of its CVEs."`
	Weaknesses []string          `json:"weaknesses" nullable:"false" doc:"CWE."`
	Remedies   []string          `json:"remedies" nullable:"false"`
	References []string          `json:"references" nullable:"false" doc:"Addresses as the source writes them; nobody has looked at them."`
	Findings   []AdvisoryFinding `json:"findings" nullable:"false"`
}

// AdvisedProduct is a product that an advisory speaks of.
type AdvisedProduct struct {
	Vendor    *string         `json:"vendor"`
	Product   string          `json:"product"`
	CPE       *string         `json:"cpe"`
	PURL      *string         `json:"purl"`
	Ecosystem *string         `json:"ecosystem"`
	On        *string         `json:"on" doc:"What it is installed on or a part of."`
	Status    advisory.Status `json:"status"`
	CVEs      []string        `json:"cves" nullable:"false"`
	Versions  []string        `json:"versions" nullable:"false" doc:"Ranges in signs, or in the source's words; none where it names none."`
}

// Danger is how dangerous a CVE is.
type Danger struct {
	CVE          string   `json:"cve"`
	CVSS         *float64 `json:"cvss"`
	Vector       *string  `json:"vector"`
	ScoredBy     *string  `json:"scored_by"`
	EPSS         *float64 `json:"epss" doc:"0 to 1."`
	Percentile   *float64 `json:"percentile" doc:"0 to 1."`
	EPSSDate     *string  `json:"epss_date"`
	KEVAdded     *string  `json:"kev_added"`
	KEVDue       *string  `json:"kev_due"`
	Ransomware   bool     `json:"ransomware"`
	Exploitation *string  `json:"exploitation" doc:"SSVC: none, poc, active."`
	Automatable  *string  `json:"automatable" doc:"SSVC: no, yes."`
	Impact       *string  `json:"impact" doc:"SSVC: partial, total."`
}

// AdvisoryFinding is a finding that hangs on an advisory.
type AdvisoryFinding struct {
	ID            string        `json:"id"`
	Organisation  *string       `json:"organisation"`
	Asset         string        `json:"asset"`
	Discriminator string        `json:"discriminator"`
	Severity      string        `json:"severity"`
	State         finding.State `json:"state"`
	Probability   *string       `json:"probability"`
	Machines      int           `json:"machines"`
}

type advisoryQuery struct {
	Paging
	Text   string `query:"text" doc:"Part of its name, its title or a CVE."`
	Source string `query:"source"`
	CVE    string `query:"cve"`
	KEV    bool   `query:"kev" doc:"Only those of weaknesses that are known to be exploited."`
	Since  string `query:"since" doc:"Received at or after: RFC 3339, a date, or a duration."`
}

func (s *server) advisories() {
	route(s, get("/advisories", "List advisories"), func(ctx context.Context, who auth.Actor, in *advisoryQuery) (*list[Advisory], error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		since, err := s.since(in.Since)
		if err != nil {
			return nil, err
		}
		found, next, err := s.Intel.Advisories(ctx, who, intel.AdvisoryFilter{
			Text: in.Text, Source: in.Source, CVE: in.CVE, KEV: in.KEV, Since: since, After: after, Limit: in.Limit,
		})
		if err != nil {
			return nil, err
		}
		said, _, err := s.sayAdvisories(ctx, who, found)
		if err != nil {
			return nil, err
		}
		return listed(said, following(next)), nil
	})
	route(s, get("/advisories/{id}", "Show an advisory"), s.advisory)
}

// sayAdvisories says advisories, and what is known of their CVEs.
func (s *server) sayAdvisories(ctx context.Context, who auth.Actor, found []intel.Advisory) ([]Advisory, map[string]intel.Vulnerability, error) {
	var cves []string
	numbers := make([]int64, len(found))
	for i, a := range found {
		cves = append(cves, a.CVEs...)
		numbers[i] = a.Number
	}
	slices.Sort(cves)
	dangers, err := s.Intel.Dangers(ctx, who, slices.Compact(cves))
	if err != nil {
		return nil, nil, err
	}
	known := make(map[string]intel.Vulnerability, len(dangers))
	for _, v := range dangers {
		known[v.CVE] = v
	}
	concerned, err := s.Findings.Concerned(ctx, who, numbers)
	if err != nil {
		return nil, nil, err
	}
	return each(found, func(a intel.Advisory) Advisory {
		return Advisory{
			ID: a.ID, Source: a.Source, Title: a.Title, CVEs: a.CVEs, Name: a.Name, Revision: text(a.Revision), Published: instant(a.Published),
			Modified: instant(a.Modified), Received: instant(a.Received), Withdrawn: a.Withdrawn, Ends: text(a.Ends), TLP: a.TLP.String(),
			Document: a.Document, Line: a.Line, Organisations: concerned[a.Number].Organisations, Live: concerned[a.Number].Findings,
			Exploited: slices.ContainsFunc(a.CVEs, func(cve string) bool { return known[cve].Exploited() }),
		}
	}), known, nil
}

func (s *server) advisory(ctx context.Context, who auth.Actor, in *Named) (*one[AdvisoryShown], error) {
	found, _, err := s.Intel.Advisories(ctx, who, intel.AdvisoryFilter{ID: in.ID, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, notThere("advisory", in.ID)
	}
	said, known, err := s.sayAdvisories(ctx, who, found)
	if err != nil {
		return nil, err
	}
	hanging, err := s.Findings.OfAdvisory(ctx, who, found[0].Number)
	if err != nil {
		return nil, err
	}
	out := AdvisoryShown{Advisory: said[0], Summary: text(found[0].Summary), Products: []AdvisedProduct{}, Dangers: []Danger{}}
	body := found[0].Body
	if body == nil {
		body = &advisory.Advisory{}
	}
	out.Weaknesses, out.Remedies, out.References = whole(body.Weaknesses), whole(body.Remedies), whole(body.References)
	for _, x := range body.Products {
		said := AdvisedProduct{
			Vendor: text(x.Vendor), Product: x.Name, CPE: text(x.CPE), PURL: text(x.PURL), Ecosystem: text(x.Ecosystem), On: text(x.On),
			Status: x.Status, CVEs: whole(x.CVEs), Versions: []string{},
		}
		for _, r := range x.Ranges {
			said.Versions = append(said.Versions, product.InWords(r))
		}
		out.Products = append(out.Products, said)
	}
	for _, cve := range found[0].CVEs {
		if v, ok := known[cve]; ok {
			out.Dangers = append(out.Dangers, sayDanger(v))
		}
	}
	out.Findings = each(hanging, func(f finding.Finding) AdvisoryFinding {
		a := AdvisoryFinding{
			ID: f.ID.String(), Organisation: s.code(f.Organisation), Asset: string(f.Asset), Discriminator: f.Discriminator,
			Severity: f.Severity.String(), State: f.State, Probability: text(f.Probability),
		}
		if f.Detail != nil {
			a.Machines = f.Detail.Count
		}
		return a
	})
	return answer(out, nil)
}

func sayDanger(v intel.Vulnerability) Danger {
	d := Danger{
		CVE: v.CVE, Vector: text(v.Vector), ScoredBy: text(v.ScoredBy), EPSSDate: text(v.EPSSDate), KEVAdded: text(v.KEVAdded), KEVDue: text(v.KEVDue),
		Ransomware: v.Ransomware == 1, Exploitation: text(v.Exploitation), Automatable: text(v.Automatable), Impact: text(v.Impact),
	}
	if v.Base10 > 0 {
		d.CVSS = &v.Base
	}
	if v.EPSSDate != "" {
		percentile := float64(v.PercentMicro) / 1e6
		d.EPSS, d.Percentile = &v.EPSS, &percentile
	}
	return d
}

// whole is a list that is there, and empty where it is not.
func whole(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
