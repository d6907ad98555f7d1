package delimited

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strconv"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// Amend takes a record out of quarantine: it sets columns of the record by their
// names in the header and returns a document of the two lines, which the format's
// parser then reads like any other. A record that is too short is filled up with
// empty columns. A name that the header lacks, a record that is too long or whose
// marks are broken are errs.Invalid.
func Amend(header, record []byte, comma byte, set map[string]string) ([]byte, error) {
	names, err := one(header, comma)
	if err != nil {
		return nil, errs.New(errs.Invalid, "amend row: read header: %w", err)
	}
	values, err := one(record, comma)
	if err != nil {
		return nil, errs.New(errs.Invalid, "amend row: read record: %w", err)
	}
	if len(values) > len(names) {
		return nil, errs.New(errs.Invalid, "amend row: the record has %d columns, the header %d", len(values), len(names))
	}
	for len(values) < len(names) {
		values = append(values, nil)
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		at := slices.IndexFunc(names, func(n []byte) bool {
			return bytes.EqualFold(bytes.TrimSpace(n), []byte(name))
		})
		if at < 0 {
			return nil, errs.At(errs.Invalid, []errs.Place{{Field: name, Reason: "no such column"}}, "amend row: no column %q", name)
		}
		values[at] = []byte(set[name])
	}
	return Append(Append(nil, names, comma), values, comma), nil
}

// Append writes a record, every value in quotation marks.
func Append(dst []byte, fields [][]byte, comma byte) []byte {
	if comma == 0 {
		comma = ','
	}
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, comma)
		}
		dst = append(dst, '"')
		dst = append(dst, bytes.ReplaceAll(f, []byte(`"`), []byte(`""`))...)
		dst = append(dst, '"')
	}
	return append(dst, '\n')
}

// one reads a text of a single record.
func one(text []byte, comma byte) ([][]byte, error) {
	s := New(bytes.NewReader(append(bytes.TrimRight(text, "\r\n"), '\n')), Options{Comma: comma})
	rec, err := s.Next()
	if err != nil {
		return nil, err
	}
	if rec.Fields == nil {
		return nil, rec.Fault
	}
	fields := make([][]byte, len(rec.Fields))
	for i, f := range rec.Fields {
		fields[i] = bytes.Clone(f)
	}
	if _, err := s.Next(); err != io.EOF { //nolint:errorlint // Next returns io.EOF bare.
		return nil, &row.Refusal{Fault: row.FaultSeveral, Value: strconv.Itoa(len(text)) + " bytes"}
	}
	return fields, nil
}
