package jsonspan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"tocsin/internal/watch/intake/row"
)

// A Teller counts the records of one call of Parse and yields them; the promises
// of row.Parser about skip, ctx and borrowed rows are kept here.
type Teller struct {
	Sum   row.Summary
	ctx   context.Context //nolint:containedctx // lives for one call of Parse
	skip  int64
	yield row.Yield
	row   row.Row
	bad   row.Bad
}

// NewTeller makes the teller of one call of Parse.
func NewTeller(ctx context.Context, skip int64, yield row.Yield) *Teller {
	return &Teller{ctx: ctx, skip: skip, yield: yield}
}

// Begin counts a record and says whether it is wanted; one that was told before
// is not.
func (t *Teller) Begin() (bool, error) {
	if t.Sum.Records&255 == 0 && t.ctx.Err() != nil {
		return false, t.ctx.Err()
	}
	t.Sum.Records++
	if t.Sum.Records <= t.skip {
		t.Sum.Skipped++
		return false, nil
	}
	return true, nil
}

// Row is the row of a record that Begin wanted, with its place; the caller fills
// in what it says and calls Good.
func (t *Teller) Row(at Span, raw []byte) *row.Row {
	t.row = row.Row{Line: at.Line, Offset: at.Offset, Length: at.Length, Sum: row.SumOf(raw)}
	return &t.row
}

// Good yields the row.
func (t *Teller) Good() error {
	t.Sum.Rows++
	return t.yield(&t.row, nil)
}

// Bad yields a record that Begin wanted as a bad one.
func (t *Teller) Bad(at Span, refused *row.Refusal, raw []byte) error {
	t.bad = row.Bad{Line: at.Line, Offset: at.Offset, Length: at.Length}
	t.bad.Fill(refused, raw)
	t.Sum.Bad++
	return t.yield(nil, &t.bad)
}

// Refuse counts and yields a bad record at once.
func (t *Teller) Refuse(at Span, refused *row.Refusal, raw []byte) error {
	want, err := t.Begin()
	if err != nil || !want {
		return err
	}
	return t.Bad(at, refused, raw)
}

// Sound says what keeps a value from being understood, or nil: its length, its
// bytes, its JSON.
func (v Value) Sound(limit int) *row.Refusal {
	switch {
	case v.Long:
		return &row.Refusal{Fault: row.FaultLong, Detail: strconv.Itoa(limit)}
	case !utf8.Valid(v.Raw):
		return &row.Refusal{Fault: row.FaultUTF8}
	case !json.Valid(v.Raw):
		return &row.Refusal{Fault: row.FaultJSON, Detail: broken(v.Raw)}
	}
	return nil
}

// broken says where JSON breaks, as a byte of the record.
func broken(raw []byte) string {
	var into any
	err := json.NewDecoder(bytes.NewReader(raw)).Decode(&into)
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return "byte " + strconv.FormatInt(s.Offset, 10) + ": " + row.Clip(s.Error(), 120)
	}
	return "the value ends early"
}

// Finish ends a walk that stopped with err: the rest of the text is one bad row.
// Part is the value that the scanner was in, if it was in one; what it has of it
// begins the bad row. It returns the error that Parse returns.
func (t *Teller) Finish(s *Scanner, part Value, err error) error {
	syntax, cut := errors.Is(err, ErrSyntax), errors.Is(err, ErrCut)
	broke := s.Err()
	if !syntax && !cut && (broke == nil || !errors.Is(err, broke)) {
		return err // of yield or of ctx
	}
	raw := bytes.Clone(part.Raw)
	rest, _ := s.Rest() // the reader's error is broke
	broke = s.Err()
	at := rest.Span
	if part.Length > 0 {
		at = part.Span
		at.Length = rest.Offset + rest.Length - at.Offset
	}
	if raw = append(raw, rest.Raw...); at.Length == 0 {
		// The text ends where something had to follow: its last byte stands for it.
		at.Offset, at.Length = max(0, at.Offset-1), min(1, at.Offset)
	}
	refused := &row.Refusal{Fault: row.FaultTruncated}
	if syntax {
		refused = &row.Refusal{Fault: row.FaultJSON, Detail: "line " + strconv.Itoa(rest.Line)}
	}
	if told := t.Refuse(at, refused, raw); told != nil {
		return told
	}
	return broke
}

// Walk reads every document of a text with visit, which reads one value from the
// scanner: JSON lines, and documents behind each other, are as many. A text that
// is not JSON at all is refused with row.NotReadable. Visit returns the value
// that it was in when an error came.
func (t *Teller) Walk(s *Scanner, visit func() (Value, error)) error {
	if err := row.CheckText(s.Head(512)); err != nil {
		if broke := s.Err(); broke != nil && len(s.Head(1)) == 0 {
			return broke
		}
		return err
	}
	c, err := s.Peek()
	switch {
	case errors.Is(err, io.EOF) && s.Err() == nil:
		return row.NotReadable("the document is empty")
	case err != nil:
		return err
	case c != '{' && c != '[':
		return row.NotReadable("the document is not JSON: it begins with neither an object nor an array")
	}
	for {
		part, err := visit()
		if err != nil {
			return t.Finish(s, part, err)
		}
		switch c, err := s.Peek(); {
		case errors.Is(err, io.EOF) && s.Err() == nil:
			return nil
		case err != nil:
			return t.Finish(s, Value{}, err)
		case c != '{' && c != '[':
			return t.Finish(s, Value{}, ErrSyntax)
		}
	}
}
