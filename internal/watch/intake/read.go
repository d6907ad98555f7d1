package intake

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// Read reads a document and yields its rows and bad rows in order. Lines and
// offsets count through all members of an archive, as if they were one text.
// What cannot be read at all or further is an errs.Invalid or TooLarge error.
func (r *Room) Read(ctx context.Context, doc Document, source Source, yield row.Yield) (all row.Summary, err error) {
	var (
		lines int
		bytes int64
	)
	if doc.ReportType == EntryLetter {
		return all, nil // people read it
	}
	// A part that is of no format does not hide the parts behind it: its fault is
	// the document's, in the end.
	var fault error
	err = r.unpack(ctx, doc, source, func(name string, in io.Reader) error {
		p, counted, err := r.reader(doc, source, name, in)
		if _, unreadable := row.Unreadable(err); unreadable {
			p, fault, err = nothing{}, cmp.Or(fault, named(name, doc, err)), nil
		}
		if err != nil {
			return err
		}
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
		if _, unreadable := row.Unreadable(err); unreadable {
			fault, err = cmp.Or(fault, named(name, doc, err)), nil
		}
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
	return all, cmp.Or(err, fault)
}

// named is the fault of a part with the part's name, where it is not the whole
// document.
func named(name string, doc Document, err error) error {
	if name == doc.File {
		return err
	}
	return errs.New(errs.Invalid, "%s: %w", name, err)
}

// nothing is the parser of what no format claims.
type nothing struct{}

// Parse yields nothing.
func (nothing) Parse(context.Context, io.Reader, int64, row.Yield) (row.Summary, error) {
	return row.Summary{}, nil
}

// TypeOf is the report type of a document, told by the sender, by its name or by
// its header; "" where the format has none. Findings keep it: what saw a problem
// is what can witness that it is gone.
func (r *Room) TypeOf(ctx context.Context, doc Document, source Source) (string, error) {
	if Typed(doc.ReportType) || source.Format != Shadowserver && source.Format != Auto && source.Format != Mail {
		return doc.ReportType, nil
	}
	if source.Format == Shadowserver && doc.ReportType == "" && strings.HasSuffix(strings.ToLower(doc.File), ".csv") {
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
	err := r.unpack(ctx, doc, source, func(name string, in io.Reader) error {
		p, counted, err := r.reader(doc, source, name, in)
		if err != nil {
			return err
		}
		sum, err := p.Parse(ctx, counted, 0, func(*row.Row, *row.Bad) error { return errEnough })
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
