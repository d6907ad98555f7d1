// Package eol reads when products reach the end of their support, as
// endoflife.date keeps it (https://endoflife.date/docs/api): a product's page,
// which is Markdown below YAML front matter, the array of cycles of the API's
// version 0, and the products of version 1. Every release cycle is one advisory.
package eol

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/jsonrows"
	"tocsin/internal/watch/intake/row"
)

// Looks says whether head, the first bytes of a document, are of this format.
func Looks(head []byte) bool {
	if members := jsonrows.Head(head); members != nil {
		_, cycle := members["cycle"]
		_, end := members["eol"]
		_, result := members["result"]
		_, version := members["schema_version"]
		return cycle && end || result && version
	}
	text := head[row.BOM(head):]
	return bytes.HasPrefix(text, []byte("---")) && bytes.Contains(text, []byte("\nreleases:")) ||
		bytes.HasPrefix(text, []byte("---")) && bytes.Contains(text, []byte("\npermalink: /")) && bytes.Contains(text, []byte("\nidentifiers:"))
}

// limit bounds a document, which is read as a whole: the largest page is below
// 200 KB, all products of the API below 10 MB.
const limit = 32 << 20

// A Parser reads one document; see row.Parser.
type Parser struct {
	// Product names the product of an array of cycles, which does not say whose they
	// are: the stem of the file's name, "php" of php.json.
	Product string
}

// A product is what any of the forms says of one.
type product struct {
	slug, title string
	cpes, purls []string
	releases    []release
}

type release struct {
	cycle, label, latest, link string
	ends, extended             string // a date, "true", "false" or ""
	line                       int
	offset, length             int64
	refused                    *row.Refusal
}

// Parse reads a document; see row.Parser. Rows have no time.
func (p *Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	text, readErr := io.ReadAll(io.LimitReader(in, limit+1))
	if err := ctx.Err(); err != nil {
		return row.Summary{}, err
	}
	if len(text) == 0 && readErr != nil {
		return row.Summary{}, readErr
	}
	if err := row.CheckText(text[:min(len(text), 512)]); err != nil {
		return row.Summary{}, err
	}
	w := writer{text: text, skip: skip, yield: yield}
	if len(text) > limit {
		rest, err := io.Copy(io.Discard, in)
		if told := w.whole(&row.Refusal{Fault: row.FaultLong, Detail: strconv.Itoa(limit)}, int64(len(text))+rest); told != nil {
			return w.sum, told
		}
		return w.sum, err
	}
	if readErr != nil {
		if err := w.whole(&row.Refusal{Fault: row.FaultTruncated}, int64(len(text))); err != nil {
			return w.sum, err
		}
		return w.sum, readErr
	}
	products, refused, err := p.products(text)
	if err != nil {
		return w.sum, err
	}
	if refused != nil {
		return w.sum, w.whole(refused, int64(len(text)))
	}
	for i := range products {
		for j := range products[i].releases {
			if err := w.release(&products[i], &products[i].releases[j]); err != nil {
				return w.sum, err
			}
		}
	}
	return w.sum, nil
}

func (p *Parser) products(text []byte) ([]product, *row.Refusal, error) {
	start := bytes.TrimLeft(text[row.BOM(text):], " \t\r\n")
	switch {
	case bytes.HasPrefix(start, []byte("---")):
		return page(text)
	case len(start) > 0 && start[0] == '[':
		return p.cycles(text)
	case len(start) > 0 && start[0] == '{':
		return results(text)
	}
	return nil, nil, row.NotReadable("the document is neither a page with front matter nor JSON")
}

// cycles reads the array of version 0 of the API.
func (p *Parser) cycles(text []byte) ([]product, *row.Refusal, error) {
	var raw []jsontext.Value
	if refused := jsonrows.Decode(text[row.BOM(text):], &raw); refused != nil {
		return nil, refused, nil
	}
	whole := product{slug: strings.ToLower(p.Product), title: p.Product}
	at := 0
	for _, v := range raw {
		var c struct {
			Cycle    jsontext.Value `json:"cycle"`
			Label    string         `json:"releaseLabel"`
			Latest   jsontext.Value `json:"latest"`
			Link     string         `json:"link"`
			End      jsontext.Value `json:"eol"`
			Extended jsontext.Value `json:"extendedSupport"`
		}
		r := release{}
		at = r.place(text, v, at)
		if refused := jsonrows.Decode(v, &c); refused != nil {
			r.refused = refused
		} else {
			r.cycle, r.label, r.latest, r.link = plain(c.Cycle), c.Label, plain(c.Latest), c.Link
			r.ends, r.extended = plain(c.End), plain(c.Extended)
		}
		whole.releases = append(whole.releases, r)
	}
	return []product{whole}, nil, nil
}

// results reads the product, or the products, of version 1 of the API.
func results(text []byte) ([]product, *row.Refusal, error) {
	var answer struct {
		Result jsontext.Value `json:"result"`
	}
	if refused := jsonrows.Decode(text[row.BOM(text):], &answer); refused != nil {
		return nil, refused, nil
	}
	type one struct {
		Name        string `json:"name"`
		Label       string `json:"label"`
		Identifiers []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"identifiers"`
		Releases []jsontext.Value `json:"releases"`
	}
	var all []one
	if answer.Result.Kind() == '[' {
		if refused := jsonrows.Decode(answer.Result, &all); refused != nil {
			return nil, refused, nil
		}
	} else {
		var single one
		if answer.Result.Kind() != '{' {
			return nil, nil, row.NotReadable("the document has no result")
		}
		if refused := jsonrows.Decode(answer.Result, &single); refused != nil {
			return nil, refused, nil
		}
		all = []one{single}
	}
	at := 0
	var out []product
	for _, o := range all {
		whole := product{slug: o.Name, title: o.Label}
		for _, id := range o.Identifiers {
			whole.identify(id.Type, id.ID)
		}
		for _, v := range o.Releases {
			var c struct {
				Name     string `json:"name"`
				Label    string `json:"label"`
				Ended    bool   `json:"isEol"`
				End      string `json:"eolFrom"`
				Extended string `json:"eoesFrom"`
				Latest   *struct {
					Name string `json:"name"`
					Link string `json:"link"`
				} `json:"latest"`
			}
			r := release{}
			at = r.place(text, v, at)
			if refused := jsonrows.Decode(v, &c); refused != nil {
				r.refused = refused
				whole.releases = append(whole.releases, r)
				continue
			}
			r.cycle, r.label, r.ends, r.extended = c.Name, c.Label, c.End, c.Extended
			if c.End == "" {
				r.ends = strconv.FormatBool(c.Ended)
			}
			if c.Latest != nil {
				r.latest, r.link = c.Latest.Name, c.Latest.Link
			}
			whole.releases = append(whole.releases, r)
		}
		out = append(out, whole)
	}
	return out, nil, nil
}

// plain is the text of a value that some write as text, some as a number or as
// true and false.
func plain(v jsontext.Value) string {
	if v.Kind() == '"' {
		if b, err := jsontext.AppendUnquote(nil, v); err == nil {
			return strings.TrimSpace(string(b))
		}
	}
	if s := string(v); s != "null" && v.Kind() != '{' && v.Kind() != '[' {
		return s
	}
	return ""
}

// place finds where a value stands in the text, from at on, and gives its end.
func (r *release) place(text []byte, v jsontext.Value, at int) int {
	i := bytes.Index(text[at:], v)
	if i < 0 {
		return at
	}
	i += at
	r.line, r.offset, r.length = 1+bytes.Count(text[:i], []byte("\n")), int64(i), int64(len(v))
	return i + len(v)
}

// identify keeps an identifier that is a CPE name or a package URL.
func (p *product) identify(kind, id string) {
	switch kind {
	case "cpe":
		if cpe, ok := advisory.CPE(id); ok && !slices.Contains(p.cpes, cpe) {
			p.cpes = append(p.cpes, cpe)
		}
	case "purl":
		if strings.HasPrefix(id, "pkg:") && !slices.Contains(p.purls, id) {
			p.purls = append(p.purls, id)
		}
	}
}

// A writer yields what was found.
type writer struct {
	text  []byte
	skip  int64
	yield row.Yield
	sum   row.Summary
	out   row.Row
	bad   row.Bad
}

// whole refuses the document.
func (w *writer) whole(refused *row.Refusal, length int64) error {
	return w.refuse(refused, 1, 0, length)
}

func (w *writer) refuse(refused *row.Refusal, line int, offset, length int64) error {
	w.sum.Records++
	if w.sum.Records <= w.skip {
		w.sum.Skipped++
		return nil
	}
	w.sum.Bad++
	w.bad = row.Bad{Line: line, Offset: offset, Length: length}
	w.bad.Fill(refused, w.text[min(offset, int64(len(w.text))):min(offset+length, int64(len(w.text)))])
	return w.yield(nil, &w.bad)
}

func (w *writer) release(p *product, r *release) error {
	refused := r.refused
	var a *advisory.Advisory
	if refused == nil {
		a, refused = p.advisory(r)
	}
	if refused != nil {
		return w.refuse(refused, r.line, r.offset, r.length)
	}
	w.sum.Records++
	if w.sum.Records <= w.skip {
		w.sum.Skipped++
		return nil
	}
	w.sum.Rows++
	w.out = row.Row{
		Line: r.line, Offset: r.offset, Length: r.length, Sum: row.SumOf(w.text[r.offset : r.offset+r.length]),
		Advisory:  a,
		Statement: &row.Statement{ID: a.ID, Type: "end-of-life", Title: a.Title, Reference: a.EndOfLife.Link},
	}
	return w.yield(&w.out, nil)
}

// maxNames bounds the products of one release: one for each identifier.
const maxNames = 64

// advisory is what the release says.
func (p *product) advisory(r *release) (*advisory.Advisory, *row.Refusal) {
	if p.title == "" {
		return nil, &row.Refusal{Fault: row.FaultEmpty, Field: "product"}
	}
	if r.cycle == "" {
		return nil, &row.Refusal{Fault: row.FaultEmpty, Field: "releaseCycle"}
	}
	end := &advisory.EndOfLife{Release: r.cycle, Label: r.label, Latest: r.latest, Link: r.link}
	switch r.ends {
	case "", "false":
	case "true":
		end.Ended = true
	default:
		t, err := time.Parse(time.DateOnly, r.ends)
		if err != nil {
			return nil, &row.Refusal{Fault: row.FaultTime, Field: "eol", Value: r.ends, Detail: "a date, true or false"}
		}
		end.Ends = t.Format(time.DateOnly)
	}
	if t, err := time.Parse(time.DateOnly, r.extended); err == nil {
		end.Extended = t.Format(time.DateOnly)
	}
	name := r.label
	if name == "" {
		name = r.cycle
	}
	a := &advisory.Advisory{ID: "eol:" + p.slug + ":" + r.cycle, Title: p.title + " " + name, EndOfLife: end}
	one := advisory.Product{Name: p.title, Status: advisory.Affected, Ranges: versions(r)}
	for _, cpe := range p.cpes {
		own := one
		own.CPE = cpe
		own.Vendor, _, _ = advisory.CPEParts(cpe)
		a.Products = append(a.Products, own)
	}
	for _, purl := range p.purls {
		own := one
		own.PURL = purl
		a.Products = append(a.Products, own)
	}
	if len(a.Products) == 0 {
		a.Products = []advisory.Product{one}
	}
	a.Products = a.Products[:min(len(a.Products), maxNames)]
	if r.link != "" {
		a.References = []string{r.link}
	}
	return a, nil
}

// versions are those of the release: all below the cycle where it is a number,
// what people call it ("2012 R2"), and where the cycle is no number all builds of
// its newest version.
func versions(r *release) []advisory.Range {
	out := []advisory.Range{advisory.Cycle(r.cycle)}
	if r.label != "" && !strings.EqualFold(r.label, r.cycle) {
		out = append(out, advisory.Range{Exact: r.label})
	}
	if out[0].Exact != "" && strings.Count(r.latest, ".") >= 2 {
		if latest := advisory.Cycle(r.latest); latest.Exact == "" {
			out = append(out, latest)
		}
	}
	return out
}
