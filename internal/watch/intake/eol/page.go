package eol

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"tocsin/internal/watch/intake/row"
)

// page reads the front matter of a product's page.
func page(text []byte) ([]product, *row.Refusal, error) {
	front := text
	if i := bytes.Index(text[min(len(text), 3):], []byte("\n---")); i >= 0 {
		front = text[:i+3]
	}
	var root yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(front[row.BOM(front):])).Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil, row.NotReadable("the front matter is empty")
		}
		return nil, &row.Refusal{Fault: row.FaultYAML, Detail: row.Clip(strings.TrimPrefix(err.Error(), "yaml: "), 200)}, nil
	}
	var head struct {
		Title       string              `yaml:"title"`
		Permalink   string              `yaml:"permalink"`
		Label       string              `yaml:"releaseLabel"`
		Changelog   string              `yaml:"changelogTemplate"`
		Identifiers []map[string]string `yaml:"identifiers"`
		Releases    yaml.Node           `yaml:"releases"`
	}
	if err := root.Decode(&head); err != nil {
		return nil, &row.Refusal{Fault: row.FaultYAML, Detail: row.Clip(strings.TrimPrefix(err.Error(), "yaml: "), 200)}, nil
	}
	if head.Releases.Kind != yaml.SequenceNode {
		return nil, nil, row.NotReadable("the front matter lists no releases")
	}
	p := product{slug: strings.TrimPrefix(strings.TrimSpace(head.Permalink), "/"), title: strings.TrimSpace(head.Title)}
	if p.slug == "" {
		p.slug = strings.ToLower(strings.ReplaceAll(p.title, " ", "-"))
	}
	for _, id := range head.Identifiers {
		for kind, v := range id {
			p.identify(kind, strings.TrimSpace(v))
		}
	}
	lines := lineStarts(text)
	nodes := head.Releases.Content
	tags := regexp.MustCompile(`<[^>]*>`)
	for i, n := range nodes {
		end := lastLine(n) + 1
		if i+1 < len(nodes) {
			end = min(end, nodes[i+1].Line)
		}
		r := release{line: n.Line, offset: lines.at(n.Line)}
		r.length = lines.at(end) - r.offset
		var c struct {
			Cycle    string `yaml:"releaseCycle"`
			Label    string `yaml:"releaseLabel"`
			Codename string `yaml:"codename"`
			Latest   string `yaml:"latest"`
			Link     string `yaml:"link"`
			End      string `yaml:"eol"`
			Extended string `yaml:"eoes"`
		}
		if err := n.Decode(&c); err != nil {
			r.refused = &row.Refusal{Fault: row.FaultYAML, Detail: row.Clip(strings.TrimPrefix(err.Error(), "yaml: "), 200)}
			p.releases = append(p.releases, r)
			continue
		}
		fill := strings.NewReplacer("__RELEASE_CYCLE__", c.Cycle, "__CODENAME__", c.Codename, "__LATEST__", c.Latest, "__LATEST_RELEASE_DATE__", "")
		label := c.Label
		if label == "" && head.Label != "" && (c.Codename != "" || !strings.Contains(head.Label, "__CODENAME__")) {
			label = head.Label
		}
		if c.Link == "" {
			c.Link = head.Changelog
		}
		if !strings.HasPrefix(c.Link, "http") || strings.Contains(c.Link, "{{") || c.Latest == "" && strings.Contains(c.Link, "__LATEST__") {
			c.Link = ""
		}
		r.cycle, r.latest, r.ends, r.extended = c.Cycle, c.Latest, c.End, c.Extended
		r.label = strings.TrimSpace(tags.ReplaceAllString(fill.Replace(label), ""))
		r.link = fill.Replace(c.Link)
		p.releases = append(p.releases, r)
	}
	return []product{p}, nil, nil
}

// lastLine is the last line of what is below a node.
func lastLine(n *yaml.Node) int {
	last := n.Line + strings.Count(n.Value, "\n")
	for _, c := range n.Content {
		last = max(last, lastLine(c))
	}
	return last
}

// starts are the offsets of the lines of a text.
type starts []int64

func lineStarts(text []byte) starts {
	out := starts{0}
	for i, c := range text {
		if c == '\n' {
			out = append(out, int64(i)+1)
		}
	}
	return append(out, int64(len(text)))
}

// at is where a line begins, from 1; beyond the last it is the text's end.
func (s starts) at(line int) int64 {
	return s[min(max(line-1, 0), len(s)-1)]
}
