package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"tocsin/internal/watch/intake/row"
)

// A flat is one object as texts under dotted paths, those that the mapping asks
// for. It is the csvmap.Record of JSON.
type flat struct {
	wanted map[string]int // folded path: its place in texts
	texts  [][]string
}

func newFlat(columns []string) *flat {
	f := &flat{wanted: make(map[string]int, len(columns)), texts: make([][]string, len(columns))}
	for i, c := range columns {
		f.wanted[c] = i
	}
	return f
}

// Text is the text under a path; a path that the object lacks has no value.
func (f *flat) Text(column string) (string, bool) {
	i, ok := f.wanted[column]
	if !ok {
		return "", false
	}
	return strings.TrimSpace(strings.Join(f.texts[i], ",")), true
}

// Place is the path itself: members have no numbers.
func (f *flat) Place(column string) (int, string) { return 0, column }

// fill takes the texts of an object, or says why it is none.
func (f *flat) fill(raw []byte) *row.Refusal {
	for i := range f.texts {
		f.texts[i] = f.texts[i][:0]
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	first, err := dec.Token()
	if err != nil {
		return broken(raw, err)
	}
	if first != json.Delim('{') {
		return &row.Refusal{Fault: row.FaultJSON, Column: 1, Value: row.Clip(string(raw), 80), Detail: "want an object; " + at(1)}
	}
	if err := f.object(dec, nil); err != nil {
		return broken(raw, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		column := int(dec.InputOffset())
		return &row.Refusal{Fault: row.FaultJSON, Column: column, Detail: "more than one value; " + at(column)}
	}
	return nil
}

// broken is the refusal of a text that is no JSON, with the column in it. The
// decoder counts from the token, so the text is looked through once more.
func broken(raw []byte, err error) *row.Refusal {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &row.Refusal{Fault: row.FaultTruncated, Column: len(raw), Detail: at(len(raw))}
	}
	var whole json.RawMessage
	column := 1
	if syntax, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(raw, &whole)); ok {
		column, err = int(syntax.Offset), syntax
	}
	return &row.Refusal{Fault: row.FaultJSON, Column: column, Detail: err.Error() + "; " + at(column)}
}

// A step is one part of a path.
type step struct {
	name   string
	number bool
}

func (f *flat) object(dec *json.Decoder, path []step) error {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string) // a decoder gives nothing else here
		if err := f.member(dec, append(path, step{name: fold(name)})); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func (f *flat) list(dec *json.Decoder, path []step) error {
	for i := 0; dec.More(); i++ {
		if err := f.member(dec, append(path, step{strconv.Itoa(i), true})); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func (f *flat) member(dec *json.Decoder, path []step) error {
	if len(path) > maxDepth {
		return errors.New("nested too deep")
	}
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return f.object(dec, path)
		}
		return f.list(dec, path)
	case string:
		f.put(path, v)
	case json.Number:
		f.put(path, v.String())
	case bool:
		f.put(path, strconv.FormatBool(v))
	}
	return nil
}

// put notes a value under its path with the numbers of list elements, and under
// the path without them.
func (f *flat) put(path []step, text string) {
	var exact, loose []byte
	numbered := false
	for _, s := range path {
		if len(exact) > 0 {
			exact = append(exact, '.')
		}
		exact = append(exact, s.name...)
		if s.number {
			numbered = true
			continue
		}
		if len(loose) > 0 {
			loose = append(loose, '.')
		}
		loose = append(loose, s.name...)
	}
	if i, ok := f.wanted[string(exact)]; ok {
		f.texts[i] = append(f.texts[i], text)
	}
	if !numbered {
		return
	}
	if i, ok := f.wanted[string(loose)]; ok {
		f.texts[i] = append(f.texts[i], text)
	}
}

// fold is how csvmap compares names.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func itoa(n int) string { return strconv.Itoa(n) }
