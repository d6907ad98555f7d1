package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/internal/base/errs"
)

// A pair is a member of a JSON object, in the order of the object.
type pair struct {
	key   string
	value json.RawMessage
}

// pairs reads an object in its order.
func pairs(raw json.RawMessage) ([]pair, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	open, err := d.Token()
	if err != nil || open != json.Delim('{') {
		return nil, errs.New(errs.Internal, "the server's answer is no JSON object")
	}
	var out []pair
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, errs.New(errs.Internal, "the server's answer: %w", err)
		}
		name, _ := key.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errs.New(errs.Internal, "the server's answer: %w", err)
		}
		out = append(out, pair{name, value})
	}
	return out, nil
}

// show prints one thing.
func (s *session) show(raw json.RawMessage) error {
	if s.JSON || s.JSONL {
		return s.line(raw)
	}
	all, err := pairs(raw)
	if err != nil {
		return err
	}
	widest := 0
	for _, p := range all {
		widest = max(widest, columns(s.title(p.key)))
	}
	for _, p := range all {
		title := s.title(p.key)
		if _, err := fmt.Fprintf(s.out, "%s%s  %s\n", title, strings.Repeat(" ", widest-columns(title)), s.cell(p.key, p.value)); err != nil {
			return err
		}
	}
	return nil
}

// line prints a JSON document on a line of its own.
func (s *session) line(raw json.RawMessage) error {
	_, err := fmt.Fprintf(s.out, "%s\n", raw)
	return err
}

// print prints one thing of ours as the command's document.
func (s *session) print(v any) error {
	raw, err := marshal(v)
	if err != nil {
		return err
	}
	return s.show(raw)
}

func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, errs.New(errs.Internal, "%w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// A printer prints a list as it comes: an array, lines of JSON, or a table.
type printer struct {
	s       *session
	columns []string
	n       int
	rows    [][]string
}

func (s *session) printer(columns []string) *printer { return &printer{s: s, columns: columns} }

// take prints some items.
func (p *printer) take(items []json.RawMessage) error {
	for _, raw := range items {
		p.n++
		switch {
		case p.s.JSONL:
			if err := p.s.line(raw); err != nil {
				return err
			}
		case p.s.JSON:
			head := ",\n"
			if p.n == 1 {
				head = "["
			}
			if _, err := fmt.Fprintf(p.s.out, "%s%s", head, raw); err != nil {
				return err
			}
		default:
			if err := p.row(raw); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *printer) row(raw json.RawMessage) error {
	all, err := pairs(raw)
	if err != nil {
		return err
	}
	row := make([]string, len(p.columns))
	for i, c := range p.columns {
		if at := slices.IndexFunc(all, func(x pair) bool { return x.key == c }); at >= 0 {
			row[i] = p.s.cell(c, all[at].value)
		}
	}
	p.rows = append(p.rows, row)
	return nil
}

// end prints what ends the list.
func (p *printer) end() error {
	var err error
	switch {
	case p.s.JSONL:
	case p.s.JSON && p.n == 0:
		_, err = io.WriteString(p.s.out, "[]\n")
	case p.s.JSON:
		_, err = io.WriteString(p.s.out, "]\n")
	case p.n == 0:
		p.s.say(p.s.voice.T("cli.nothing"))
	default:
		titles := make([]string, len(p.columns))
		for i, c := range p.columns {
			titles[i] = p.s.title(c)
		}
		_, err = io.WriteString(p.s.out, table(append([][]string{titles}, p.rows...), p.s.width))
	}
	return err
}

// several prints a list of ours as the command's document.
func several[T any](s *session, list []T, columns []string) error {
	p := s.printer(columns)
	for _, one := range list {
		raw, err := marshal(one)
		if err != nil {
			return err
		}
		if err := p.take([]json.RawMessage{raw}); err != nil {
			return err
		}
	}
	return p.end()
}

// say tells a person something beside what the command prints.
func (s *session) say(text string) {
	if !s.Quiet && !s.JSON && !s.JSONL {
		_, _ = fmt.Fprintln(s.err, text)
	}
}

// title is a key of JSON as people read it.
func (s *session) title(key string) string {
	if name := "cli.column." + key; s.voice.Has(name) {
		return s.voice.T(name)
	}
	return strings.ReplaceAll(key, "_", " ")
}

// cell is a value of JSON as people read it.
func (s *session) cell(key string, raw json.RawMessage) string {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return plain(string(raw))
	}
	switch v := v.(type) {
	case nil:
		return "–"
	case bool:
		if v {
			return s.voice.T("cli.yes")
		}
		return s.voice.T("cli.no")
	case string:
		return s.text(key, v)
	case []any:
		var words []string
		for _, one := range v {
			if text, ok := one.(string); ok {
				words = append(words, plain(text))
				continue
			}
			return plain(string(raw))
		}
		if len(words) == 0 {
			return "–"
		}
		return strings.Join(words, ", ")
	}
	return plain(string(raw))
}

func (s *session) text(key, v string) string {
	if v == "" {
		return "–"
	}
	if key == "state" || key == "severity" {
		if name := "cli.word." + v; s.voice.Has(name) {
			return s.voice.T(name)
		}
	}
	if len(v) >= len("2026-01-02T15:04:05Z") && v[4] == '-' && v[10] == 'T' {
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return s.voice.DateTime(t)
		}
	}
	return plain(v)
}

// plain takes from a text what would move the cursor or paint the terminal: it
// may come from a hostile feed.
func plain(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n':
			return ' '
		case unprintable(r):
			return '�'
		}
		return r
	}, text)
}

func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}
