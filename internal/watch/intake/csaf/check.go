package csaf

import (
	"embed"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"tocsin/internal/watch/intake/advisory"
)

//go:embed cwe.tsv
var tables embed.FS

// Schema is the test number of what the JSON schema refuses, which the standard
// gives none.
const Schema = "schema"

// JSON is the test number of a document that is no well-formed JSON.
const JSON = "json"

// A Failure is one place where a document breaks a test.
type Failure struct {
	Test    string // 6.1.7, 6.1.27.2, or Schema, or JSON
	Path    string // JSON pointer of the place
	Message string // what is wrong there, in English
}

// A Checker holds documents against the schema and the tests of CSAF 2.0 and 2.1.
// It may be used by several goroutines.
type Checker struct {
	v20, v21      *shape
	provider, agg [2]*shape // of 2.0 and 2.1
	formats       formats
	weaknesses    map[string][]string
	grammar       *advisory.Grammar
}

// NewChecker builds the tables.
func NewChecker() *Checker {
	c := &Checker{v20: schema(false), v21: schema(true), formats: newFormats(), weaknesses: weaknesses(), grammar: advisory.NewGrammar()}
	for i := range c.provider {
		c.provider[i], c.agg[i] = provider(i == 1), aggregator(i == 1)
	}
	return c
}

// weaknesses are the names that each weakness of CWE has or had, by id.
func weaknesses() map[string][]string {
	text, err := tables.ReadFile("cwe.tsv")
	if err != nil {
		panic("csaf: the table of weaknesses is not embedded: " + err.Error())
	}
	out := map[string][]string{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.Split(line, "\t")
		out["CWE-"+parts[0]] = parts[1:]
	}
	return out
}

// Check is the failures of a document in the schema and the mandatory tests
// (CSAF 2.0 §6.1, CSAF 2.1 §6.1). An empty list means a valid document. Of the
// tests of CSAF 2.1 that 2.0 does not have, 6.1.48, 6.1.50, 6.1.54, 6.1.55 and
// 6.1.60 are not run: they need registers of others.
func (c *Checker) Check(doc []byte) []Failure {
	_, out := c.check(doc)
	return out.list
}

// Check is Checker.Check with tables built for this one document.
func Check(doc []byte) []Failure { return NewChecker().Check(doc) }

// check gives the document too where it could be read as one.
func (c *Checker) check(text []byte) (*document, *findings) {
	out := &findings{}
	root, err := parse(text)
	if err != nil {
		out.add(JSON, "", reason(err))
		return nil, out
	}
	return c.run(text, root, out)
}

// run runs schema and tests over a parsed document.
func (c *Checker) run(text []byte, root *node, out *findings) (*document, *findings) {
	v21 := root.get("document", "csaf_version").str() == "2.1"
	w := walk{out: out, formats: c.formats, instant: Schema}
	s := c.v20
	if v21 {
		s, w.instant = c.v21, "6.1.37"
	}
	w.check(s, root, "", Schema)
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		// Values of other types than the schema's: it has told of them.
		if len(out.list) == 0 {
			out.add(Schema, "", reason(err))
		}
		return nil, out
	}
	doc.root, doc.v21 = root, v21
	doc.resolve()
	t := tests{document: &doc, out: out, checker: c}
	t.mandatory()
	return &doc, out
}

// findings collect failures, a few of each test.
type findings struct {
	list   []Failure
	counts map[string]int
}

// maxPlaces is how many places of one test are told.
const maxPlaces = 20

func (f *findings) add(test, path, message string) {
	if f.counts == nil {
		f.counts = map[string]int{}
	}
	if f.counts[test]++; f.counts[test] > maxPlaces {
		return
	}
	f.list = append(f.list, Failure{Test: test, Path: path, Message: message})
}

// Tests are the numbers of the tests that failed, each once, in the order of the
// standard.
func Tests(failures []Failure) []string {
	var out []string
	for _, f := range failures {
		out = append(out, f.Test)
	}
	slices.SortFunc(out, compareTests)
	return slices.Compact(out)
}

// compareTests orders test numbers by their parts; words come first.
func compareTests(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		switch {
		case errX != nil || errY != nil:
			if n := strings.Compare(as[i], bs[i]); n != 0 {
				return -n
			}
		case x != y:
			return x - y
		}
	}
	return len(as) - len(bs)
}
