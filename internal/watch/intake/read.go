package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/archive"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/list"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/shadowserver"
)

// Read reads a document and yields its rows and bad rows in order. Lines and
// offsets count through all members of an archive, as if they were one text.
// What cannot be read at all or further is an errs.Invalid or TooLarge error.
func (r *Room) Read(ctx context.Context, doc Document, source Source, yield row.Yield) (all row.Summary, err error) {
	var (
		lines int
		bytes int64
	)
	err = r.unpack(ctx, doc, func(name string, in io.Reader) error {
		p, err := r.parser(doc, source, name)
		if err != nil {
			return err
		}
		counted := &counter{in: in}
		part, err := p.Parse(ctx, counted, 0, func(good *row.Row, bad *row.Bad) error {
			if bad != nil {
				bad.Line += lines
				bad.Offset += bytes
				return yield(nil, bad)
			}
			good.Line += lines
			good.Offset += bytes
			return yield(good, nil)
		})
		all = joined(all, part)
		if err != nil {
			return err
		}
		// What the parser left unread still counts: the next member's lines and
		// offsets follow on this one's.
		if _, err := io.Copy(io.Discard, counted); err != nil {
			return err
		}
		lines += counted.lines
		bytes += counted.bytes
		return nil
	})
	return all, err
}

// TypeOf is the report type of a document, told by the sender, by its name or by
// its header; "" where the format has none. Findings keep it: what saw a problem
// is what can witness that it is gone.
func (r *Room) TypeOf(ctx context.Context, doc Document, source Source) (string, error) {
	if source.Format != Shadowserver {
		return doc.ReportType, nil
	}
	if doc.ReportType == "" && strings.HasSuffix(strings.ToLower(doc.File), ".csv") {
		// The name of a plain file tells it; the original is opened once less.
		if schema, err := r.reports(); err == nil {
			if name, ok := schema.TypeOfName(doc.File); ok {
				if t, err := schema.Type(name); err == nil {
					return t.Name, nil
				}
			}
		}
	}
	var found string
	err := r.unpack(ctx, doc, func(name string, in io.Reader) error {
		p, err := r.parser(doc, source, name)
		if err != nil {
			return err
		}
		sum, err := p.Parse(ctx, in, 0, func(*row.Row, *row.Bad) error { return errEnough })
		found = sum.Type
		if err == nil {
			err = errEnough
		}
		return err
	})
	if errors.Is(err, errEnough) || errs.Is(err, errs.Invalid) || errs.Is(err, errs.TooLarge) {
		err = nil // what cannot be read has its say when it is read
	}
	return found, err
}

// A counter counts the lines and bytes that pass through it.
type counter struct {
	in    io.Reader
	bytes int64
	lines int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.bytes += int64(n)
	c.lines += bytes.Count(p[:n], []byte{'\n'})
	return n, err
}

// joined is the summary of two members of one document.
func joined(a, b row.Summary) row.Summary {
	a.Records += b.Records
	a.Rows += b.Rows
	a.Bad += b.Bad
	a.Skipped += b.Skipped
	if a.Type == "" {
		a.Type = b.Type
	}
	a.Flags = union(a.Flags, b.Flags)
	a.Unknown = union(a.Unknown, b.Unknown)
	a.Missing = union(a.Missing, b.Missing)
	return a
}

func union[T comparable](a, b []T) []T {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// unpack visits the members of a document one after another; a document that is
// no archive is its only member.
func (r *Room) unpack(ctx context.Context, doc Document, visit func(name string, in io.Reader) error) error {
	file, err := r.Blobs.Random(ctx, doc.ref())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	limits := archive.Defaults()
	if r.Unpacked > 0 {
		limits.Total = r.Unpacked
	}
	return archive.Walk(doc.File, file, file.Size, limits, func(m archive.Member) error { return visit(m.Path, m.Content) })
}

// parser is the parser of a document's member.
func (r *Room) parser(doc Document, source Source, name string) (row.Parser, error) {
	zone, err := time.LoadLocation(source.Zone)
	if err != nil {
		return nil, errs.New(errs.Invalid, "source %s: zone %q: %w", source.Name, source.Zone, err)
	}
	kind := row.Kind(source.Kind)
	if source.Kind == Indicators {
		kind = ""
	}
	switch source.Format {
	case Shadowserver:
		schema, err := r.reports()
		if err != nil {
			return nil, err
		}
		return shadowserver.New(schema, shadowserver.Options{ReportType: doc.ReportType, FileName: name, Zone: zone}), nil
	case List:
		return list.New(list.Options{Kind: kind, At: doc.Received})
	case CSV:
		mapping, err := csvmap.ParseMapping([]byte(source.Mapping))
		if err != nil {
			return nil, err
		}
		return csvmap.New(mapping, csvmap.Options{Kind: kind, Indicators: source.Kind == Indicators, Zone: zone, At: doc.Received})
	}
	return nil, errs.New(errs.Invalid, "source %s: format %q is not read", source.Name, source.Format)
}

// A Span is a piece of the unpacked document.
type Span struct{ Place, Length int64 }

// Lines are records of a document as their sender wrote them.
type Lines struct {
	Header  []string   // the columns' names, nil where the format has none
	Records [][]string // for each span its values; one value, the line, where there is no header
}

// Lines reads records back out of a document's original. An original that was
// erased by order is errs.Gone.
func (r *Room) Lines(ctx context.Context, id int64, spans []Span) (doc Document, out Lines, err error) {
	var source Source
	if doc, source, err = r.Begin(ctx, id); err != nil {
		return doc, out, err
	}
	order := make([]int, len(spans))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(min(1, max(-1, spans[a].Place-spans[b].Place))) })
	texts := make([][]byte, len(spans))
	var head []byte
	if err := r.pick(ctx, doc, spans, order, texts, &head); err != nil {
		return doc, out, err
	}
	comma := delimiter(head)
	if source.Format != List {
		out.Header, _ = record(head, comma) // a header that cannot be read shows the lines as they are
	}
	out.Records = make([][]string, len(spans))
	for i, text := range texts {
		line := strings.ToValidUTF8(strings.TrimRight(string(text), "\r\n"), "\uFFFD")
		out.Records[i] = []string{line}
		if out.Header == nil {
			continue
		}
		if fields, err := record([]byte(line), comma); err == nil {
			out.Records[i] = fields
		}
	}
	return doc, out, nil
}

// pick reads the spans out of the original. A plain one is read where they are,
// a packed one from its beginning.
func (r *Room) pick(ctx context.Context, doc Document, spans []Span, order []int, texts [][]byte, head *[]byte) error {
	file, err := r.Blobs.Random(ctx, doc.ref())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	start := make([]byte, min(file.Size, headBytes))
	if _, err := file.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.HasPrefix(start, []byte("\x1f\x8b")) || bytes.HasPrefix(start, []byte("PK")) {
		err := r.unpack(ctx, doc, walkTo(spans, order, texts, head))
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	}
	*head = start
	for i, span := range spans {
		text := make([]byte, max(0, min(span.Length, row.RawLimit, file.Size-span.Place)))
		if _, err := file.ReadAt(text, span.Place); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		texts[i] = text
	}
	return nil
}

// walkTo passes through the members once and picks up the spans in order, and
// the beginning of the first member.
func walkTo(spans []Span, order []int, texts [][]byte, head *[]byte) func(string, io.Reader) error {
	var (
		at   int64
		next int
	)
	return func(_ string, in io.Reader) error {
		buffered := bufio.NewReaderSize(in, headBytes)
		if *head == nil {
			start, err := buffered.Peek(headBytes)
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
				return err
			}
			*head = bytes.Clone(start)
		}
		for next < len(order) {
			span := spans[order[next]]
			if next > 0 && span == spans[order[next-1]] { // one line, evidence of two findings
				texts[order[next]] = texts[order[next-1]]
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
			texts[order[next]] = text[:n]
			next++
		}
		return errEnough
	}
}
