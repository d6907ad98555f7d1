// Package cve reads records of the CVE list in the CVE record format 5
// (https://github.com/CVEProject/cve-schema), with what authorised data
// publishers add to them (CISA's Vulnrichment: SSVC decision points, scores,
// CPE names, the mark of the exploited), and items of the National Vulnerability
// Database's API 2.0. Records come one in a document, in an array, in lines, or
// in the array of an answer of the API. Every record is one advisory.
package cve

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/jsonrows"
	"tocsin/internal/watch/intake/row"
)

// Looks says whether head, the first bytes of a document, are of this format.
func Looks(head []byte) bool {
	members := jsonrows.Head(head)
	if members == nil {
		return false
	}
	if members["dataType"] == "CVE_RECORD" || members["format"] == "NVD_CVE" {
		return true
	}
	_, meta := members["cveMetadata"]
	_, containers := members["containers"]
	return meta || containers || nvdLooks(members, head)
}

// A Parser reads one document; see row.Parser.
type Parser struct{ grammar *advisory.Grammar }

// New makes a parser.
func New() *Parser { return &Parser{advisory.NewGrammar()} }

// Parse reads a document; see row.Parser. The time of a row is the record's last
// change.
func (p *Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	return jsonrows.Parse(ctx, in, skip, jsonrows.Options{
		In: []string{"vulnerabilities", "cves"},
		Read: func(raw []byte, out *row.Row) *row.Refusal {
			var r record
			if refused := jsonrows.Decode(raw, &r); refused != nil {
				return refused
			}
			if r.NVD != nil {
				return r.NVD.row(out)
			}
			return p.row(&r, out)
		},
	}, yield)
}

type record struct {
	Metadata   metadata   `json:"cveMetadata"`
	Containers containers `json:"containers"`
	NVD        *nvd       `json:"cve"`
}

type metadata struct {
	ID        string `json:"cveId"`
	State     string `json:"state"`
	Published string `json:"datePublished"`
	Updated   string `json:"dateUpdated"`
	Rejected  string `json:"dateRejected"`
}

type containers struct {
	CNA *container  `json:"cna"`
	ADP []container `json:"adp"`
}

type container struct {
	Title    string `json:"title"`
	Provider struct {
		Name string `json:"shortName"`
	} `json:"providerMetadata"`
	Descriptions  []text          `json:"descriptions"`
	Rejected      []text          `json:"rejectedReasons"`
	Solutions     []text          `json:"solutions"`
	Workarounds   []text          `json:"workarounds"`
	Affected      []affected      `json:"affected"`
	Applicability []configuration `json:"cpeApplicability"`
	Problems      []struct {
		Descriptions []struct {
			CWE         string `json:"cweId"`
			Description string `json:"description"`
		} `json:"descriptions"`
	} `json:"problemTypes"`
	References []struct {
		URL string `json:"url"`
	} `json:"references"`
	Metrics []metric `json:"metrics"`
}

type text struct {
	Lang  string `json:"lang"`
	Value string `json:"value"`
}

type metric struct {
	V20   *cvss `json:"cvssV2_0"`
	V30   *cvss `json:"cvssV3_0"`
	V31   *cvss `json:"cvssV3_1"`
	V40   *cvss `json:"cvssV4_0"`
	Other *struct {
		Type    string         `json:"type"`
		Content jsontext.Value `json:"content"`
	} `json:"other"`
}

type cvss struct {
	Vector string  `json:"vectorString"`
	Base   float64 `json:"baseScore"`
}

func (p *Parser) row(r *record, out *row.Row) *row.Refusal {
	id, ok := advisory.CanonicalCVE(r.Metadata.ID)
	if !ok {
		return &row.Refusal{Fault: row.FaultCVE, Field: "cveMetadata.cveId", Value: r.Metadata.ID}
	}
	if r.Containers.CNA == nil {
		return &row.Refusal{Fault: row.FaultEmpty, Field: "containers.cna"}
	}
	a := &advisory.Advisory{ID: id, CVEs: []string{id}}
	for _, when := range []struct {
		text string
		at   *time.Time
	}{{r.Metadata.Published, &a.Published}, {r.Metadata.Updated, &a.Modified}} {
		if !instant(when.text, when.at) {
			out.Flags = []row.Flag{row.BadValue}
		}
	}
	cna := r.Containers.CNA
	a.Title = row.Clip(strings.TrimSpace(cna.Title), 500)
	a.Summary = english(cna.Descriptions)
	switch r.Metadata.State {
	case "PUBLISHED":
	case "REJECTED":
		a.Withdrawn = true
		a.Summary = english(cna.Rejected)
		if a.Modified.IsZero() {
			instant(r.Metadata.Rejected, &a.Modified)
		}
	default:
		return &row.Refusal{Fault: row.FaultValue, Field: "cveMetadata.state", Value: r.Metadata.State, Detail: "PUBLISHED or REJECTED"}
	}
	p.container(a, cna)
	for i := range r.Containers.ADP {
		p.container(a, &r.Containers.ADP[i])
	}
	a.Weaknesses, a.References = unique(a.Weaknesses), unique(a.References)
	a.Remedies = append(every(cna.Solutions), every(cna.Workarounds)...)
	if a.Modified.IsZero() {
		a.Modified = a.Published
	}
	out.At, out.Advisory = a.Modified, a
	out.Statement = &row.Statement{
		ID: id, Version: a.Modified, Type: "cve", Title: a.Title, Revoked: a.Withdrawn,
		Reference: "https://www.cve.org/CVERecord?id=" + id,
	}
	return nil
}

// container adds what one publisher says.
func (p *Parser) container(a *advisory.Advisory, c *container) {
	for i := range c.Affected {
		p.affected(a, &c.Affected[i])
	}
	for i := range c.Applicability {
		c.Applicability[i].products(a)
	}
	for _, t := range c.Problems {
		for _, d := range t.Descriptions {
			if w := d.CWE; strings.HasPrefix(w, "CWE-") {
				a.Weaknesses = append(a.Weaknesses, w)
			} else if w, _, _ := strings.Cut(d.Description, " "); strings.HasPrefix(w, "CWE-") {
				a.Weaknesses = append(a.Weaknesses, strings.TrimRight(w, ":"))
			}
		}
	}
	for _, r := range c.References {
		a.References = append(a.References, r.URL)
	}
	for _, m := range c.Metrics {
		for _, s := range []struct {
			version string
			cvss    *cvss
		}{{"2.0", m.V20}, {"3.0", m.V30}, {"3.1", m.V31}, {"4.0", m.V40}} {
			if s.cvss != nil {
				a.Scores = append(a.Scores, advisory.Score{CVE: a.ID, Version: s.version, Vector: s.cvss.Vector, Base: s.cvss.Base, By: c.Provider.Name})
			}
		}
		if m.Other != nil {
			other(a, m.Other.Type, m.Other.Content)
		}
	}
}

// other reads the metrics that have a type of their own. One that cannot be read
// says nothing.
func other(a *advisory.Advisory, kind string, content jsontext.Value) {
	switch strings.ToLower(kind) {
	case "ssvc":
		var s struct {
			Options []map[string]jsontext.Value `json:"options"`
		}
		if jsonrows.Decode(content, &s) != nil {
			return
		}
		d := &advisory.Decision{}
		for _, option := range s.Options {
			for name, raw := range option {
				var value string
				if jsonrows.Decode(raw, &value) != nil {
					continue
				}
				switch value = strings.ToLower(value); strings.ToLower(name) {
				case "exploitation":
					d.Exploitation = value
				case "automatable":
					d.Automatable = value
				case "technical impact":
					d.Impact = value
				}
			}
		}
		if *d != (advisory.Decision{}) {
			a.Decision = d
		}
	case "kev":
		var k struct {
			Added string `json:"dateAdded"`
		}
		if jsonrows.Decode(content, &k) != nil {
			return
		}
		if t, err := time.Parse(time.DateOnly, k.Added); err == nil {
			a.KEV = &advisory.KEV{Added: t.Format(time.DateOnly)}
		} else {
			a.KEV = &advisory.KEV{}
		}
	}
}

// instant reads a time into at. An empty text is none, and no fault.
func instant(text string, at *time.Time) bool {
	if text == "" {
		return true
	}
	t, err := row.Instant([]byte(text), nil)
	if err != nil {
		return false
	}
	*at = t
	return true
}

// english is the English text among several, else the first.
func english(texts []text) string {
	for _, t := range texts {
		if strings.HasPrefix(strings.ToLower(t.Lang), "en") {
			return strings.TrimSpace(t.Value)
		}
	}
	if len(texts) > 0 {
		return strings.TrimSpace(texts[0].Value)
	}
	return ""
}

// every are the English texts, or all where none is English.
func every(texts []text) []string {
	var out, others []string
	for _, t := range texts {
		v := strings.TrimSpace(t.Value)
		switch {
		case v == "":
		case strings.HasPrefix(strings.ToLower(t.Lang), "en"):
			out = append(out, v)
		default:
			others = append(others, v)
		}
	}
	if out == nil {
		return others
	}
	return out
}

// unique drops what came before, and keeps the order.
func unique(in []string) []string {
	seen := make(map[string]bool, len(in))
	out := in[:0]
	for _, s := range in {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
