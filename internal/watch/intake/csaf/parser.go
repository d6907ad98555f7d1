// Package csaf reads advisories in the Common Security Advisory Framework,
// versions 2.0 and 2.1 (https://docs.oasis-open.org/csaf/), and what their
// publishers lay beside them: ROLIE feeds, services and categories, index.txt,
// changes.csv, provider and aggregator metadata, hashes and signatures.
//
// A document is one row, with its advisory where it is valid. One that breaks the
// schema or a mandatory test is a bad row that says which test breaks where. What
// lists documents is context: a row for each that it lists.
package csaf

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tocsin/internal/watch/intake/jsonrows"
	"tocsin/internal/watch/intake/row"
)

// Looks says whether head, the first bytes of a document, are of this format.
func Looks(head []byte) bool {
	text := bytes.TrimLeft(head[row.BOM(head):], " \t\r\n")
	if len(text) == 0 {
		return false
	}
	if text[0] != '{' {
		return side(text) != ""
	}
	members := jsonrows.Head(head)
	has := func(names ...string) bool {
		for _, name := range names {
			if _, ok := members[name]; !ok {
				return false
			}
		}
		return true
	}
	in := func(s string) bool { return bytes.Contains(text, []byte(s)) }
	switch {
	case has("document"):
		return in(`"csaf_version"`) || in(`"tracking"`)
	case has("feed"):
		return in(`"entry"`) || in("rolie")
	case has("service"):
		return in(`"workspace"`)
	case has("categories"):
		return len(members) == 1
	case has("canonical_url"):
		return has("metadata_version") || has("aggregator_version") || in("provider-metadata.json") || has("publisher")
	}
	return has("aggregator", "aggregator_version") || has("mirror_on_CSAF_aggregators")
}

// limit bounds a document, which is read as a whole. The standard's guidance on
// size lets a document be 15 MB (CSAF 2.0 §C).
const limit = 32 << 20

// A Parser reads one document; see row.Parser.
type Parser struct{ checker *Checker }

// New makes a parser.
func New() *Parser { return &Parser{NewChecker()} }

// Parse reads a document; see row.Parser. The time of a row is the document's
// current release.
func (p *Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	text, readErr := io.ReadAll(io.LimitReader(in, limit+1))
	w := &writer{ctx: ctx, text: text, skip: skip, yield: yield}
	if err := ctx.Err(); err != nil {
		return w.sum, err
	}
	if len(text) == 0 && readErr != nil {
		return w.sum, readErr
	}
	if err := row.CheckText(text[:min(len(text), 512)]); err != nil {
		return w.sum, err
	}
	if len(text) > limit {
		rest, err := io.Copy(io.Discard, in)
		if told := w.refuse(&row.Refusal{Fault: row.FaultLong, Detail: strconv.Itoa(limit)}, 0, int64(len(text))+rest); told != nil {
			return w.sum, told
		}
		return w.sum, err
	}
	body := text[row.BOM(text):]
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); readErr == nil && (len(trimmed) == 0 || trimmed[0] != '{') {
		return p.beside(w, trimmed)
	}
	at := int64(len(text) - len(bytes.TrimLeft(body, " \t\r\n")))
	length := int64(len(bytes.TrimRight(text, " \t\r\n"))) - at
	if readErr != nil {
		if err := w.refuse(&row.Refusal{Fault: row.FaultTruncated}, at, length); err != nil {
			return w.sum, err
		}
		return w.sum, readErr
	}
	root, err := parse(body)
	if err != nil {
		refused := &row.Refusal{Fault: row.FaultJSON, Detail: reason(err)}
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			refused = &row.Refusal{Fault: row.FaultTruncated}
		}
		err = w.refuse(refused, at, length)
		return w.sum, err
	}
	err = p.object(w, body, root, at, length)
	return w.sum, err
}

// object tells what a JSON document says.
func (p *Parser) object(w *writer, body []byte, root *node, at, length int64) error {
	out := &findings{}
	walk := &walk{out: out, formats: p.checker.formats, instant: Schema}
	version21 := 0
	switch {
	case root.get("document") != nil:
		doc, out := p.checker.run(body, root, out)
		if len(out.list) > 0 {
			return w.refuse(refusal(out.list, root.get("document", "tracking", "id").str()), at, length)
		}
		a, st := p.checker.advisory(doc)
		return w.row(row.Row{At: a.Modified, Advisory: a, Statement: st}, at, length)
	case root.get("feed") != nil:
		walk.check(rolieFeed(), root, "", Schema)
		if len(out.list) > 0 {
			return w.refuse(refusal(out.list, root.get("feed", "id").str()), at, length)
		}
		return w.feed(body, at)
	case root.get("service") != nil:
		walk.check(rolieService(), root, "", Schema)
		return w.context(out, "service", "csaf-service", at, length)
	case root.get("categories") != nil:
		walk.check(rolieCategory(), root, "", Schema)
		return w.context(out, "categories", "csaf-categories", at, length)
	case root.get("aggregator_version") != nil, root.get("aggregator") != nil, root.get("csaf_providers") != nil:
		if root.get("aggregator_version").str() == "2.1" {
			version21 = 1
		}
		walk.check(p.checker.agg[version21], root, "", Schema)
		return w.context(out, root.get("canonical_url").str(), "csaf-aggregator", at, length)
	case root.get("metadata_version") != nil, root.get("canonical_url") != nil, root.get("mirror_on_CSAF_aggregators") != nil:
		if root.get("metadata_version").str() == "2.1" {
			version21 = 1
		}
		walk.check(p.checker.provider[version21], root, "", Schema)
		return w.context(out, root.get("canonical_url").str(), "csaf-provider", at, length)
	}
	return row.NotReadable("the JSON is neither a CSAF document nor what lists such")
}

// refusal is why a document is refused: the tests that it breaks, each with the
// first place.
func refusal(list []Failure, id string) *row.Refusal {
	var b strings.Builder
	first := map[string]Failure{}
	for _, f := range list {
		if _, ok := first[f.Test]; !ok {
			first[f.Test] = f
		}
	}
	for _, test := range Tests(list) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		f := first[test]
		b.WriteString(test + " at " + f.Path + ": " + f.Message)
	}
	return &row.Refusal{Fault: row.FaultCSAF, Field: list[0].Path, Value: id, Detail: row.Clip(b.String(), 1000)}
}

// reason says what is wrong with JSON.
func reason(err error) string {
	if s, ok := errors.AsType[*json.SemanticError](err); ok {
		return "a value of the wrong type at " + row.Clip(string(s.JSONPointer), 120)
	}
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return jsonrows.Reason(err) + " at byte " + strconv.FormatInt(s.ByteOffset, 10)
	}
	return jsonrows.Reason(err)
}

// A writer yields what was found.
type writer struct {
	ctx   context.Context //nolint:containedctx // lives for one call of Parse
	text  []byte
	skip  int64
	yield row.Yield
	sum   row.Summary
	out   row.Row
	bad   row.Bad

	line, counted int // line of the byte counted
}

// lineOf is the line of an offset; offsets come in ascending order.
func (w *writer) lineOf(at int64) int {
	to := min(int(at), len(w.text))
	if to > w.counted {
		w.line += bytes.Count(w.text[w.counted:to], []byte("\n"))
		w.counted = to
	}
	return w.line + 1
}

func (w *writer) row(r row.Row, at, length int64) error {
	w.sum.Records++
	if w.sum.Records <= w.skip {
		w.sum.Skipped++
		return nil
	}
	w.sum.Rows++
	w.out = r
	w.out.Line, w.out.Offset, w.out.Length = w.lineOf(at), at, length
	w.out.Sum = row.SumOf(w.text[at : at+length])
	return w.yield(&w.out, nil)
}

func (w *writer) refuse(refused *row.Refusal, at, length int64) error {
	w.sum.Records++
	if w.sum.Records <= w.skip {
		w.sum.Skipped++
		return nil
	}
	w.sum.Bad++
	w.bad = row.Bad{Line: w.lineOf(at), Offset: at, Length: length}
	w.bad.Fill(refused, w.text[at:min(at+length, int64(len(w.text)))])
	return w.yield(nil, &w.bad)
}

// context yields a document that says nothing of a weakness, or its faults.
func (w *writer) context(out *findings, id, kind string, at, length int64) error {
	if len(out.list) > 0 {
		return w.refuse(refusal(out.list, id), at, length)
	}
	return w.row(row.Row{Statement: &row.Statement{ID: id, Type: kind}}, at, length)
}
