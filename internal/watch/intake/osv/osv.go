// Package osv reads entries in the Open Source Vulnerability format
// (https://ossf.github.io/osv-schema/): one in a document, in an array, in lines,
// or in the array of an answer of the API. Every entry is one advisory.
package osv

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/jsonrows"
	"tocsin/internal/watch/intake/row"
)

// Looks says whether head, the first bytes of a document, are of this format.
func Looks(head []byte) bool {
	members := jsonrows.Head(head)
	if members == nil || members["id"] == "" {
		return strings.HasPrefix(strings.TrimLeft(string(head[:min(len(head), 64)]), " \t\r\n\xef\xbb\xbf"), `{"vulns"`)
	}
	_, csafOrSTIX := members["type"]
	if csafOrSTIX {
		return false
	}
	_, affected := members["affected"]
	_, modified := members["modified"]
	_, schema := members["schema_version"]
	return affected && (modified || schema) || modified && schema
}

// A Parser reads one document; see row.Parser.
type Parser struct{}

// Parse reads a document; see row.Parser. The time of a row is the entry's last
// change.
func (Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	return jsonrows.Parse(ctx, in, skip, jsonrows.Options{
		In: []string{"vulns"},
		Read: func(raw []byte, out *row.Row) *row.Refusal {
			var e entry
			if refused := jsonrows.Decode(raw, &e); refused != nil {
				return refused
			}
			return e.row(out)
		},
	}, yield)
}

type entry struct {
	ID         string     `json:"id"`
	Modified   string     `json:"modified"`
	Published  string     `json:"published"`
	Withdrawn  string     `json:"withdrawn"`
	Aliases    []string   `json:"aliases"`
	Related    []string   `json:"related"`
	Upstream   []string   `json:"upstream"`
	Summary    string     `json:"summary"`
	Details    string     `json:"details"`
	Severity   []severity `json:"severity"`
	Affected   []affected `json:"affected"`
	References []struct {
		URL string `json:"url"`
	} `json:"references"`
	Database struct {
		CWEs []string `json:"cwe_ids"`
	} `json:"database_specific"`
}

type severity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type affected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
		PURL      string `json:"purl"`
	} `json:"package"`
	Severity []severity `json:"severity"`
	Ranges   []struct {
		Type   string  `json:"type"`
		Repo   string  `json:"repo"`
		Events []event `json:"events"`
	} `json:"ranges"`
	Versions []string `json:"versions"`
}

type event struct {
	Introduced string `json:"introduced"`
	Fixed      string `json:"fixed"`
	Last       string `json:"last_affected"`
	Limit      string `json:"limit"`
}

func (e *entry) row(out *row.Row) *row.Refusal {
	id := strings.TrimSpace(e.ID)
	if id == "" {
		return &row.Refusal{Fault: row.FaultEmpty, Field: "id"}
	}
	a := &advisory.Advisory{
		ID: id, Title: row.Clip(strings.TrimSpace(e.Summary), 500), Summary: strings.TrimSpace(e.Details),
		CVEs: advisory.CVEs(append(append([]string{id}, e.Aliases...), e.Upstream...)...), Withdrawn: e.Withdrawn != "",
		Weaknesses: e.Database.CWEs,
	}
	// The Go team writes the year 1 where it states no time.
	for _, when := range []string{e.Published, e.Modified} {
		if _, err := row.Instant([]byte(when), nil); err != nil && when != "" && !strings.HasPrefix(when, "0001-") {
			out.Flags = []row.Flag{row.BadValue}
		}
	}
	if t, err := row.Instant([]byte(e.Published), nil); err == nil {
		a.Published = t
	}
	a.Modified = a.Published
	if t, err := row.Instant([]byte(e.Modified), nil); err == nil {
		a.Modified = t
	}
	for i := range e.Affected {
		e.Affected[i].products(a)
		scores(a, e.Affected[i].Severity)
	}
	scores(a, e.Severity)
	for _, r := range e.References {
		if r.URL != "" && !slices.Contains(a.References, r.URL) {
			a.References = append(a.References, r.URL)
		}
	}
	out.At, out.Advisory = a.Modified, a
	out.Statement = &row.Statement{ID: id, Version: a.Modified, Type: "osv", Title: a.Title, Revoked: a.Withdrawn}
	return nil
}

// products adds the package of an entry, once with all its ranges.
func (f *affected) products(a *advisory.Advisory) {
	p := advisory.Product{
		Name: f.Package.Name, PURL: f.Package.PURL, Ecosystem: f.Package.Ecosystem, CVEs: a.CVEs, Status: advisory.Affected,
	}
	if p.PURL == "" {
		p.PURL = purl(f.Package.Ecosystem, f.Package.Name)
	}
	scheme := advisory.Scheme(f.Package.Ecosystem)
	for _, r := range f.Ranges {
		own := scheme
		switch r.Type {
		case "SEMVER":
			if own == "" {
				own = "semver"
			}
		case "GIT":
			own = "git"
			if p.Name == "" {
				p.Name = r.Repo
			}
		}
		p.Ranges = append(p.Ranges, spans(own, r.Events)...)
	}
	// The list is exact where ranges may be coarse; of both, any counts.
	for _, v := range f.Versions {
		p.Ranges = append(p.Ranges, advisory.Range{Scheme: scheme, Exact: v})
	}
	if p.Name == "" && p.PURL == "" {
		return
	}
	a.Products = append(a.Products, p)
}

// spans turn the events of a range, which come in the order of versions, into
// ranges: each begins where the weakness was introduced and ends before the
// version that fixed it, or after the last that has it.
func spans(scheme string, events []event) []advisory.Range {
	var out []advisory.Range
	var open *advisory.Range
	begin := func(v string) *advisory.Range {
		if v == "0" {
			v = ""
		}
		return &advisory.Range{Scheme: scheme, From: v}
	}
	for _, e := range events {
		switch {
		case e.Introduced != "":
			if open == nil {
				open = begin(e.Introduced)
			}
		case e.Fixed != "", e.Last != "":
			if open == nil {
				// A fix without a beginning: everything before it, or another branch's end.
				if len(out) > 0 {
					continue
				}
				open = begin("0")
			}
			open.To = e.Fixed
			if e.Fixed == "" {
				open.To, open.ToIn = e.Last, true
			}
			out = append(out, *open)
			open = nil
		case e.Limit != "" && e.Limit != "*":
			if open != nil {
				open.To = e.Limit
				out = append(out, *open)
				open = nil
			}
		}
	}
	if open != nil {
		out = append(out, *open)
	}
	return out
}

// scores adds the CVSS vectors. The base is computed by whoever compares scores:
// the format states vectors alone, and words of distributions.
func scores(a *advisory.Advisory, in []severity) {
	for _, s := range in {
		version := ""
		switch {
		case strings.HasPrefix(s.Score, "CVSS:"):
			version, _, _ = strings.Cut(strings.TrimPrefix(s.Score, "CVSS:"), "/")
		case s.Type == "CVSS_V2":
			version = "2.0"
		}
		if version == "" {
			continue
		}
		score := advisory.Score{Version: version, Vector: s.Score}
		if len(a.CVEs) == 1 {
			score.CVE = a.CVEs[0]
		}
		if f, err := strconv.ParseFloat(s.Score, 64); err == nil {
			score.Vector, score.Base = "", f
		}
		if !slices.Contains(a.Scores, score) {
			a.Scores = append(a.Scores, score)
		}
	}
}

// purl is the package URL that follows from an ecosystem and a name.
func purl(ecosystem, name string) string {
	if name == "" {
		return ""
	}
	var kind string
	switch ecosystem {
	case "Go":
		kind = "golang"
	case "npm":
		kind, name = "npm", strings.Replace(name, "@", "%40", 1)
	case "PyPI":
		kind, name = "pypi", strings.ReplaceAll(strings.ToLower(name), "_", "-")
	case "Maven":
		kind, name = "maven", strings.Replace(name, ":", "/", 1)
	case "crates.io":
		kind = "cargo"
	case "RubyGems":
		kind = "gem"
	case "Packagist":
		kind = "composer"
	case "NuGet":
		kind = "nuget"
	case "Hex":
		kind = "hex"
	default:
		return ""
	}
	return "pkg:" + kind + "/" + name
}
