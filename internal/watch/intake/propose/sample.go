// Package propose reads a sample of a partner's data and proposes a mapping for
// it: which column is the time, which the address, by their names and by what
// stands in them. A person puts it right, sees what would be read, and keeps it.
package propose

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/jsonl"
	"tocsin/internal/watch/intake/row/delimited"
)

// Bytes is the largest sample that is looked at; what is longer is cut at the
// end of a line.
const Bytes = 64 << 10

// looked is how many records tell what a column is.
const looked = 50

// A Column is a column of a sample with the values of its first records.
type Column struct {
	Name   string
	Values []string // as many as there are records, "" where it has none
}

// First are the first different values, at most n.
func (c Column) First(n int) (out []string) {
	for _, v := range c.Values {
		if v != "" && !slices.Contains(out, v) && len(out) < n {
			out = append(out, v)
		}
	}
	return out
}

// A Sample is what was found in the beginning of a document.
type Sample struct {
	JSON      bool
	Path      string // of JSON: the key of the list that holds the records
	Delimiter byte   // of CSV
	Columns   []Column
}

// Cut is the sample that is looked at: at most Bytes, whole lines.
func Cut(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if len(text) <= Bytes {
		return text
	}
	text = text[:Bytes]
	if i := bytes.LastIndexByte(text, '\n'); i > 0 {
		text = text[:i+1]
	}
	return text
}

// Read finds the columns of a sample, CSV with a header or JSON. Errors: Invalid
// for what has no columns.
func Read(text []byte) (Sample, error) {
	text = Cut(text)
	if jsonl.Looks(text) {
		return readJSON(text)
	}
	return readCSV(text)
}

func readCSV(text []byte) (s Sample, err error) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	s.Delimiter = ','
	for _, c := range []byte(";\t|") {
		if bytes.Count(line, []byte{c}) > bytes.Count(line, []byte{s.Delimiter}) {
			s.Delimiter = c
		}
	}
	scan := delimited.New(bytes.NewReader(text), delimited.Options{Comma: s.Delimiter})
	head, err := scan.Next()
	if err != nil || head.Fault != nil || len(head.Fields) == 0 {
		return s, errs.New(errs.Invalid, "read the sample: its first line is no header")
	}
	for i, f := range head.Fields {
		name := strings.TrimSpace(string(f))
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		s.Columns = append(s.Columns, Column{Name: name})
	}
	for range looked {
		rec, err := scan.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, err
		}
		if rec.Fault != nil {
			continue
		}
		for i := range s.Columns {
			v := ""
			if i < len(rec.Fields) {
				v = strings.TrimSpace(string(rec.Fields[i]))
			}
			s.Columns[i].Values = append(s.Columns[i].Values, v)
		}
	}
	if len(s.Columns[0].Values) == 0 {
		return s, errs.New(errs.Invalid, "read the sample: want a line with the names of columns, and lines beneath it")
	}
	return s, nil
}

func readJSON(text []byte) (s Sample, err error) {
	s.JSON = true
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var objects []map[string]any
	for len(objects) < looked {
		var v any
		if err := dec.Decode(&v); err != nil {
			break // what is cut off tells no more
		}
		switch v := v.(type) {
		case map[string]any:
			if name, list := onlyList(v); len(objects) == 0 && name != "" {
				s.Path = name
				objects = append(objects, list...)
				continue
			}
			objects = append(objects, v)
		case []any:
			objects = append(objects, objectsOf(v)...)
		}
	}
	if len(objects) == 0 {
		return s, errs.New(errs.Invalid, "read the sample: there is no whole JSON object in it")
	}
	objects = objects[:min(len(objects), looked)]
	at := map[string]int{}
	for i, o := range objects {
		flatten("", o, func(name, value string) {
			n, ok := at[name]
			if !ok {
				n = len(s.Columns)
				at[name] = n
				s.Columns = append(s.Columns, Column{Name: name, Values: make([]string, len(objects))})
			}
			s.Columns[n].Values[i] = value
		})
	}
	return s, nil
}

// onlyList is the one member of an object that is a list of objects.
func onlyList(o map[string]any) (name string, list []map[string]any) {
	for key, v := range o {
		items, ok := v.([]any)
		if !ok || strings.Contains(key, ".") {
			continue
		}
		if found := objectsOf(items); len(found) > 0 {
			if name != "" {
				return "", nil
			}
			name, list = key, found
		}
	}
	return name, list
}

func objectsOf(items []any) (out []map[string]any) {
	for _, v := range items {
		if o, ok := v.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}

// flatten gives the texts of an object under dotted paths, in the order of
// names; lists of texts are joined.
func flatten(prefix string, o map[string]any, take func(name, value string)) {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		name := k
		if prefix != "" {
			name = prefix + "." + k
		}
		switch v := o[k].(type) {
		case string:
			take(name, v)
		case json.Number:
			take(name, v.String())
		case bool:
			take(name, strconv.FormatBool(v))
		case map[string]any:
			flatten(name, v, take)
		case []any:
			var words []string
			for _, item := range v {
				if text, ok := item.(string); ok {
					words = append(words, text)
				}
			}
			if len(words) > 0 {
				take(name, strings.Join(words, ","))
			}
		}
	}
}

// mapped is the parser's own form of a mapping.
func mapped(text string) (*csvmap.Mapping, error) { return csvmap.ParseMapping([]byte(text)) }
