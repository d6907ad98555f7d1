package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"tocsin/internal/watch/intake/archive"
	"tocsin/internal/watch/intake/row"
)

// A Span is a piece of the unpacked document.
type Span struct{ Place, Length int64 }

// A Line is a record of a document as its sender wrote it.
type Line struct {
	Header []string // the columns' names, nil where the format has none
	Fields []string // a value for each name of Header, or the whole record
}

// Lines reads records back out of a document's original, one for each span. An
// original that was erased by order is errs.Gone.
func (r *Room) Lines(ctx context.Context, id int64, spans []Span) (doc Document, out []Line, err error) {
	var source Source
	if doc, source, err = r.Begin(ctx, id); err != nil {
		return doc, nil, err
	}
	p := picking{spans: spans, order: make([]int, len(spans)), texts: make([][]byte, len(spans)), member: make([]int, len(spans))}
	for i := range p.order {
		p.order[i] = i
	}
	slices.SortFunc(p.order, func(a, b int) int { return int(min(1, max(-1, spans[a].Place-spans[b].Place))) })
	if err := r.pick(ctx, doc, source, &p); err != nil {
		return doc, nil, err
	}
	out = make([]Line, len(spans))
	for i, text := range p.texts {
		line := strings.ToValidUTF8(strings.TrimRight(string(text), "\r\n"), "\uFFFD")
		out[i].Fields = []string{line}
		if p.member[i] >= len(p.heads) {
			continue
		}
		head := p.heads[p.member[i]]
		if !r.formatOf(doc, source, head.name, head.text).tabular() {
			continue
		}
		comma := delimiter(head.text)
		header, err := record(head.text, comma)
		if err != nil {
			continue // a header that cannot be read shows the lines as they are
		}
		out[i].Header = header
		if fields, err := record([]byte(line), comma); err == nil {
			out[i].Fields = fields
		}
	}
	return doc, out, nil
}

// A picking is what is read back of a document.
type picking struct {
	spans  []Span
	order  []int // of the spans by their place
	texts  [][]byte
	member []int // for each span, the number of the member that holds it
	heads  []memberHead
}

// A memberHead is the beginning of a member.
type memberHead struct {
	name string
	text []byte
}

// pick reads the spans out of the original. A plain one is read where they are,
// a packed one from its beginning.
func (r *Room) pick(ctx context.Context, doc Document, source Source, p *picking) error {
	file, err := r.Blobs.Random(ctx, doc.ref())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	start := make([]byte, min(file.Size, headBytes))
	if _, err := file.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if packed(doc, source, start) {
		err := r.unpack(ctx, doc, source, p.walk())
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	}
	p.heads = []memberHead{{doc.File, start}}
	for i, span := range p.spans {
		text := make([]byte, max(0, min(span.Length, row.RawLimit, file.Size-span.Place)))
		if _, err := file.ReadAt(text, span.Place); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		p.texts[i] = text
	}
	return nil
}

// packed says whether what is parsed is something other than the document's own
// bytes.
func packed(doc Document, source Source, start []byte) bool {
	return archive.Packed(start) || isMail(doc, source, start)
}

// walk passes through the members once and picks up the spans in order.
func (p *picking) walk() func(string, io.Reader) error {
	var (
		at   int64
		next int
	)
	return func(name string, in io.Reader) error {
		buffered := bufio.NewReaderSize(in, headBytes)
		start, err := buffered.Peek(headBytes)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		p.heads = append(p.heads, memberHead{name, bytes.Clone(start)})
		for next < len(p.order) {
			here := p.order[next]
			span := p.spans[here]
			if next > 0 && span == p.spans[p.order[next-1]] { // one line, evidence of two findings
				p.texts[here], p.member[here] = p.texts[p.order[next-1]], p.member[p.order[next-1]]
				next++
				continue
			}
			skipped, err := io.CopyN(io.Discard, buffered, max(0, span.Place-at))
			at += skipped
			if errors.Is(err, io.EOF) {
				return nil // it is in a later member
			}
			if err != nil {
				return err
			}
			text := make([]byte, min(span.Length, row.RawLimit))
			n, err := io.ReadFull(buffered, text)
			at += int64(n)
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
				return err
			}
			p.texts[here], p.member[here] = text[:n], len(p.heads)-1
			next++
		}
		return errEnough
	}
}
