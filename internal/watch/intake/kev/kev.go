// Package kev reads CISA's catalogue of known exploited vulnerabilities
// (https://www.cisa.gov/known-exploited-vulnerabilities-catalog) in its JSON and
// its CSV form. Every entry is one advisory: a weakness that somebody uses.
package kev

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/csvrows"
	"tocsin/internal/watch/intake/jsonrows"
	"tocsin/internal/watch/intake/row"
)

// Looks says whether head, the first bytes of a document, are of this format.
func Looks(head []byte) bool {
	if members := jsonrows.Head(head); members != nil {
		_, list := members["vulnerabilities"]
		_, version := members["catalogVersion"]
		return list && version
	}
	line, _, _ := bytes.Cut(head[row.BOM(head):], []byte("\n"))
	return bytes.Contains(line, []byte("cveID")) && bytes.Contains(line, []byte("vendorProject")) && bytes.Contains(line, []byte("dateAdded")) && !bytes.ContainsAny(line, "{[")
}

// A Parser reads one catalogue; see row.Parser.
type Parser struct{}

// An entry is what the catalogue says of one vulnerability.
type entry struct {
	CVE         string   `json:"cveID"`
	Vendor      string   `json:"vendorProject"`
	Product     string   `json:"product"`
	Name        string   `json:"vulnerabilityName"`
	Added       string   `json:"dateAdded"`
	Description string   `json:"shortDescription"`
	Action      string   `json:"requiredAction"`
	Due         string   `json:"dueDate"`
	Ransomware  string   `json:"knownRansomwareCampaignUse"`
	Notes       string   `json:"notes"`
	CWEs        []string `json:"cwes"`
}

// Parse reads a document; see row.Parser. The time of a row is the day its entry
// was added.
func (Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	r := bufio.NewReaderSize(in, 4<<10)
	// A short document is as good; whoever reads on meets an error again.
	head, _ := r.Peek(512)
	if text := bytes.TrimLeft(head[row.BOM(head):], " \t\r\n"); len(text) > 0 && text[0] != '{' && text[0] != '[' {
		return table(ctx, r, skip, yield)
	}
	var released time.Time
	catalogue := false
	o := jsonrows.Options{
		In: []string{"vulnerabilities"},
		Header: func(name, value string) {
			catalogue = catalogue || name == "catalogVersion"
			if t, err := row.Instant([]byte(value), nil); name == "dateReleased" && err == nil {
				released = t
			}
		},
		Read: func(raw []byte, out *row.Row) *row.Refusal {
			var e entry
			if refused := jsonrows.Decode(raw, &e); refused != nil {
				return refused
			}
			return e.row(released, out)
		},
	}
	sum, err := jsonrows.Parse(ctx, r, skip, o, yield)
	if err == nil && sum.Records == 0 && !catalogue {
		return sum, row.NotReadable("the document is no catalogue of known exploited vulnerabilities")
	}
	return sum, err
}

// table reads the CSV form.
func table(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	return csvrows.Parse(ctx, in, skip, csvrows.Options{
		Need: []string{"cveID", "vendorProject", "product", "dateAdded"},
		Read: func(rec *csvrows.Record, out *row.Row) *row.Refusal {
			return entry{
				CVE: rec.Get("cveID"), Vendor: rec.Get("vendorProject"), Product: rec.Get("product"),
				Name: rec.Get("vulnerabilityName"), Added: rec.Get("dateAdded"), Description: rec.Get("shortDescription"),
				Action: rec.Get("requiredAction"), Due: rec.Get("dueDate"), Ransomware: rec.Get("knownRansomwareCampaignUse"),
				Notes: rec.Get("notes"), CWEs: strings.FieldsFunc(rec.Get("cwes"), func(r rune) bool { return r == ',' || r == ';' || r == ' ' }),
			}.row(time.Time{}, out)
		},
	}, yield)
}

// row makes the entry a row. released is when the catalogue was.
func (e entry) row(released time.Time, out *row.Row) *row.Refusal {
	cve, ok := advisory.CanonicalCVE(e.CVE)
	if !ok {
		return &row.Refusal{Fault: row.FaultCVE, Field: "cveID", Value: e.CVE}
	}
	product := strings.TrimSpace(e.Product)
	if product == "" {
		return &row.Refusal{Fault: row.FaultEmpty, Field: "product"}
	}
	added, err := time.Parse(time.DateOnly, strings.TrimSpace(e.Added))
	if err != nil {
		return &row.Refusal{Fault: row.FaultTime, Field: "dateAdded", Value: e.Added}
	}
	kev := &advisory.KEV{
		Added: added.Format(time.DateOnly), Due: strings.TrimSpace(e.Due), Action: strings.TrimSpace(e.Action),
		Ransomware: strings.EqualFold(strings.TrimSpace(e.Ransomware), "known"),
	}
	if _, err := time.Parse(time.DateOnly, kev.Due); err != nil {
		if kev.Due != "" {
			out.Flags = []row.Flag{row.BadValue}
		}
		kev.Due = ""
	}
	cves := []string{cve}
	out.At = added
	out.Advisory = &advisory.Advisory{
		ID: cve, CVEs: cves, Title: strings.TrimSpace(e.Name), Summary: strings.TrimSpace(e.Description),
		Published: added, KEV: kev,
		Products: []advisory.Product{{
			Vendor: strings.TrimSpace(e.Vendor), Name: product, CVEs: cves, Status: advisory.Affected,
		}},
		Weaknesses: e.CWEs,
		References: links(e.Notes),
	}
	if kev.Action != "" {
		out.Advisory.Remedies = []string{kev.Action}
	}
	out.Statement = &row.Statement{ID: cve, Version: released, Type: "kev", Title: out.Advisory.Title}
	return nil
}

// links are the addresses in notes, where they stand between semicolons and
// words.
func links(notes string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(notes, func(r rune) bool { return r == ';' || r == ' ' || r == ',' || r == '\n' }) {
		if strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://") {
			out = append(out, word)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
