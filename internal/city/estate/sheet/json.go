package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// readJSON reads {"organisations":[{…},…],…}. Lines and columns are those of
// the text, columns in characters.
func readJSON(text []byte) []Sheet {
	d := &document{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	d.dec.UseNumber()
	if err := d.read(); err != nil {
		d.broken(err)
	}
	if len(d.sheets) == 0 {
		return unreadable(refusal(1, 1, "", "sheet.empty"))
	}
	return d.sheets
}

type document struct {
	text   []byte
	dec    *json.Decoder
	sheets []Sheet

	// The place found last, so that finding places is one walk over the text.
	at, line, column int
}

// next gives the next token and where it begins.
func (d *document) next() (token json.Token, line, column int, err error) {
	line, column = d.start()
	token, err = d.dec.Token()
	return token, line, column, err
}

// start is where the token that has not been read yet begins.
func (d *document) start() (line, column int) {
	i := int(d.dec.InputOffset())
	for i < len(d.text) && strings.IndexByte(" \t\r\n,:", d.text[i]) >= 0 {
		i++
	}
	return d.place(i)
}

func (d *document) place(i int) (line, column int) {
	if d.line == 0 || i < d.at {
		d.at, d.line, d.column = 0, 1, 1
	}
	for _, b := range d.text[d.at:min(i, len(d.text))] {
		switch {
		case b == '\n':
			d.line++
			d.column = 1
		case b&0xC0 != 0x80: // The first byte of a character.
			d.column++
		}
	}
	d.at = max(d.at, min(i, len(d.text)))
	return d.line, d.column
}

// broken refuses what is no JSON at all, where it stops being any.
func (d *document) broken(err error) {
	i := int(d.dec.InputOffset())
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		i = max(0, int(syntax.Offset)-1)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		i = len(d.text)
	}
	line, column := d.place(i)
	d.refuse(refusal(line, column, "", "sheet.json.syntax"))
}

// refuse adds to the sheet being read, or to one of no kind.
func (d *document) refuse(r Refusal) {
	if len(d.sheets) == 0 {
		d.sheets = append(d.sheets, Sheet{})
	}
	last := &d.sheets[len(d.sheets)-1]
	last.Refused = append(last.Refused, r)
}

func (d *document) read() error {
	token, line, column, err := d.next()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		d.refuse(refusal(line, column, "", "sheet.json.object", "kinds", kindList()))
		return nil
	}
	for d.dec.More() {
		if err := d.readKind(); err != nil {
			return err
		}
	}
	if _, err := d.dec.Token(); err != nil {
		return err
	}
	line, column = d.start()
	if _, err := d.dec.Token(); !errors.Is(err, io.EOF) {
		d.refuse(refusal(line, column, "", "sheet.json.rest"))
	}
	return nil
}

func (d *document) readKind() error {
	token, line, column, err := d.next()
	if err != nil {
		return err
	}
	name, _ := token.(string)
	kind := Kind(plainColumn(name))
	switch {
	case !slices.Contains(Kinds(), kind):
		d.sheets = append(d.sheets, Sheet{Name: name})
		d.refuse(refusal(line, column, name, "sheet.json.kind", "kinds", kindList()))
		return d.skip()
	case slices.ContainsFunc(d.sheets, func(s Sheet) bool { return s.Kind == kind }):
		d.refuse(refusal(line, column, name, "sheet.json.twice"))
		return d.skip()
	}
	d.sheets = append(d.sheets, Sheet{Name: name, Kind: kind})
	token, line, column, err = d.next()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		d.refuse(refusal(line, column, name, "sheet.json.list"))
		return d.skipRest(token)
	}
	rows := d.sheets[len(d.sheets)-1].taker()
	for d.dec.More() {
		if err := d.readRow(rows); err != nil {
			return err
		}
	}
	_, err = d.dec.Token()
	return err
}

func (d *document) readRow(s taker) error {
	token, line, column, err := d.next()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		s.Refused = append(s.Refused, refusal(line, column, "", "sheet.json.row"))
		return d.skipRest(token)
	}
	rec := record{line: line}
	before := len(s.Refused)
	for d.dec.More() {
		token, line, column, err := d.next()
		if err != nil {
			return err
		}
		shown, _ := token.(string)
		field := plainColumn(shown)
		if _, known := s.column(field); !known {
			s.Refused = append(s.Refused, unknownColumn(s.Kind, short(shown), line, column))
			if err := d.skip(); err != nil {
				return err
			}
			continue
		}
		if slices.ContainsFunc(rec.cells, func(c cell) bool { return c.field == field }) {
			s.Refused = append(s.Refused, refusal(line, column, field, "sheet.json.twice"))
			if err := d.skip(); err != nil {
				return err
			}
			continue
		}
		c, bad, err := d.readValue(field)
		if err != nil {
			return err
		}
		if bad != nil {
			s.Refused = append(s.Refused, *bad)
		}
		rec.cells = append(rec.cells, c)
	}
	if _, err := d.dec.Token(); err != nil {
		return err
	}
	if len(s.Refused) == before {
		s.take(rec)
	}
	return nil
}

// readValue takes a string, a number or null, and for depends_on a list of
// strings.
func (d *document) readValue(field string) (cell, *Refusal, error) {
	token, line, column, err := d.next()
	if err != nil {
		return cell{}, nil, err
	}
	c := cell{field: field, line: line, column: column}
	switch v := token.(type) {
	case nil:
		return c, nil, nil
	case string:
		c.text = v
		return c, nil, nil
	case json.Number:
		c.text = v.String()
		return c, nil, nil
	case json.Delim:
		if v == '[' && field == "depends_on" {
			return d.readCodes(c)
		}
	}
	bad := refusal(line, column, field, "sheet.json.value")
	return c, &bad, d.skipRest(token)
}

func (d *document) readCodes(c cell) (cell, *Refusal, error) {
	var list []string
	var bad *Refusal
	for d.dec.More() {
		token, line, column, err := d.next()
		if err != nil {
			return c, nil, err
		}
		text, ok := token.(string)
		switch {
		case !ok:
			r := refusal(line, column, c.field, "sheet.json.value")
			bad = &r
			if err := d.skipRest(token); err != nil {
				return c, nil, err
			}
		case blank(text) || strings.ContainsFunc(strings.TrimFunc(text, invisible), separator):
			r := refusal(line, column, c.field, "sheet.value.code", "value", short(text))
			bad = &r
		}
		list = append(list, text)
	}
	_, err := d.dec.Token()
	c.text = strings.Join(list, " ")
	return c, bad, err
}

// skip passes over the next value, skipRest over what follows a token that
// has been read.
func (d *document) skip() error {
	token, err := d.dec.Token()
	if err != nil {
		return err
	}
	return d.skipRest(token)
}

func (d *document) skipRest(token json.Token) error {
	depth := 0
	for {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = d.dec.Token(); err != nil {
			return err
		}
	}
}
