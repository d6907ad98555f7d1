package cve

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/row"
)

// nvd is the vulnerability of an item of the NVD's API 2.0
// (https://nvd.nist.gov/developers/vulnerabilities).
type nvd struct {
	ID           string `json:"id"`
	Published    string `json:"published"`
	Modified     string `json:"lastModified"`
	Status       string `json:"vulnStatus"`
	Descriptions []text `json:"descriptions"`
	Metrics      map[string][]struct {
		Source string `json:"source"`
		Data   struct {
			Version string  `json:"version"`
			Vector  string  `json:"vectorString"`
			Base    float64 `json:"baseScore"`
		} `json:"cvssData"`
	} `json:"metrics"`
	Weaknesses []struct {
		Description []text `json:"description"`
	} `json:"weaknesses"`
	Configurations []configuration `json:"configurations"`
	References     []struct {
		URL string `json:"url"`
	} `json:"references"`
	KEVAdded  string `json:"cisaExploitAdd"`
	KEVDue    string `json:"cisaActionDue"`
	KEVAction string `json:"cisaRequiredAction"`
	KEVName   string `json:"cisaVulnerabilityName"`
}

// configuration is an applicability statement over CPE names, of the NVD and of
// /cpeApplicability.
type configuration struct {
	Nodes []struct {
		Negate bool    `json:"negate"`
		Match  []match `json:"cpeMatch"`
	} `json:"nodes"`
}

type match struct {
	Vulnerable bool   `json:"vulnerable"`
	Criteria   string `json:"criteria"`
	From       string `json:"versionStartIncluding"`
	After      string `json:"versionStartExcluding"`
	UpTo       string `json:"versionEndIncluding"`
	Below      string `json:"versionEndExcluding"`
}

func nvdLooks(members map[string]string, head []byte) bool {
	if _, ok := members["cve"]; !ok {
		return false
	}
	return strings.Contains(string(head[:min(len(head), 2<<10)]), `"sourceIdentifier"`)
}

func (n *nvd) row(out *row.Row) *row.Refusal {
	id, ok := advisory.CanonicalCVE(n.ID)
	if !ok {
		return &row.Refusal{Fault: row.FaultCVE, Field: "cve.id", Value: n.ID}
	}
	a := &advisory.Advisory{ID: id, CVEs: []string{id}, Summary: english(n.Descriptions), Withdrawn: n.Status == "Rejected"}
	if !instant(n.Published, &a.Published) || !instant(n.Modified, &a.Modified) {
		out.Flags = []row.Flag{row.BadValue}
	}
	var versions []string
	for v := range n.Metrics {
		versions = append(versions, v)
	}
	slices.Sort(versions)
	for _, v := range versions {
		for _, m := range n.Metrics[v] {
			a.Scores = append(a.Scores, advisory.Score{CVE: id, Version: m.Data.Version, Vector: m.Data.Vector, Base: m.Data.Base, By: m.Source})
		}
	}
	for _, w := range n.Weaknesses {
		for _, d := range w.Description {
			if strings.HasPrefix(d.Value, "CWE-") {
				a.Weaknesses = append(a.Weaknesses, d.Value)
			}
		}
	}
	for i := range n.Configurations {
		n.Configurations[i].products(a)
	}
	for _, r := range n.References {
		a.References = append(a.References, r.URL)
	}
	a.Weaknesses, a.References = unique(a.Weaknesses), unique(a.References)
	if added, err := time.Parse(time.DateOnly, n.KEVAdded); err == nil {
		a.KEV = &advisory.KEV{Added: added.Format(time.DateOnly), Due: n.KEVDue, Action: n.KEVAction}
		a.Title = n.KEVName
	}
	out.At, out.Advisory = a.Modified, a
	out.Statement = &row.Statement{
		ID: id, Version: a.Modified, Type: "nvd", Title: a.Title, Revoked: a.Withdrawn,
		Reference: "https://nvd.nist.gov/vuln/detail/" + id,
	}
	return nil
}

// products adds the vulnerable products of the statement; those it only needs
// around them, such as the hardware below a firmware, are no products of it.
func (c *configuration) products(a *advisory.Advisory) {
	at := map[string]int{}
	for _, node := range c.Nodes {
		if node.Negate {
			continue
		}
		for _, m := range node.Match {
			cpe, ok := advisory.CPE(m.Criteria)
			if !m.Vulnerable || !ok {
				continue
			}
			vendor, name, version := advisory.CPEParts(cpe)
			r := advisory.Range{Exact: version}
			if m.From != "" || m.After != "" || m.UpTo != "" || m.Below != "" {
				r = advisory.Range{From: m.From, To: m.Below}
				if m.After != "" {
					r.From, r.FromOut = m.After, true
				}
				if m.UpTo != "" {
					r.To, r.ToIn = m.UpTo, true
				}
			}
			key := advisory.CPEAnyVersion(cpe)
			i, seen := at[key]
			if !seen {
				i = len(a.Products)
				at[key] = i
				a.Products = append(a.Products, advisory.Product{
					Vendor: vendor, Name: strings.ReplaceAll(name, "_", " "), CPE: key, CVEs: a.CVEs, Status: advisory.Affected,
				})
			}
			a.Products[i].Ranges = append(a.Products[i].Ranges, r)
		}
	}
}
