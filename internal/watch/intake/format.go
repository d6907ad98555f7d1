package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/cve"
	"tocsin/internal/watch/intake/eol"
	"tocsin/internal/watch/intake/epss"
	"tocsin/internal/watch/intake/jsonl"
	"tocsin/internal/watch/intake/kev"
	"tocsin/internal/watch/intake/list"
	"tocsin/internal/watch/intake/mail"
	"tocsin/internal/watch/intake/osv"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/shadowserver"
	"tocsin/internal/watch/intake/warninglist"
)

// A Format is how a source writes.
type Format string

// The formats that are read.
const (
	Shadowserver Format = "shadowserver"
	List         Format = "list"
	CSV          Format = "csv"
	JSONLines    Format = "jsonl"
	MISP         Format = "misp"
	STIX         Format = "stix"
	WarningList  Format = "warninglist"
	KEV          Format = "kev"
	CSAF         Format = "csaf"
	CVE          Format = "cve"
	EPSS         Format = "epss"
	OSV          Format = "osv"
	EOL          Format = "eol"
	XARF         Format = "xarf"
	Mail         Format = "mail" // messages whose parts are each of a format of their own
	Auto         Format = "auto" // told by what each document holds
)

// Formats are the formats that are read.
func Formats() []Format {
	return []Format{Shadowserver, List, CSV, JSONLines, MISP, STIX, WarningList, KEV, CSAF, CVE, EPSS, OSV, EOL, XARF, Mail, Auto}
}

// Mapped says whether a source of the format needs a mapping.
func (f Format) Mapped() bool { return f == CSV || f == JSONLines }

// tabular says whether a record has columns that the document's first line
// names.
func (f Format) tabular() bool { return f == Shadowserver || f == CSV || f == EPSS }

// ours makes the patterns of a parser what its source says they are: addresses of
// ours that have a problem of a kind.
func ours(p row.Parser, kind row.Kind, doc Document) row.Parser {
	if kind == "" {
		return p
	}
	return &reported{p, kind, doc.Received}
}

// reported is a parser whose indicators report our own assets.
type reported struct {
	row.Parser

	kind row.Kind
	at   time.Time
}

// Parse reads a document; see row.Parser.
func (p *reported) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	var bad row.Bad
	return p.Parser.Parse(ctx, in, skip, func(r *row.Row, b *row.Bad) error {
		if r == nil || r.Indicator == nil {
			return yield(r, b)
		}
		asset, err := r.Indicator.Asset()
		if refusal, ok := errors.AsType[*row.Refusal](err); ok {
			bad = row.Bad{Line: r.Line, Offset: r.Offset, Length: r.Length}
			bad.Fill(refusal, []byte(r.Indicator.Value))
			return yield(nil, &bad)
		}
		r.Asset, r.Kind, r.Severity, r.Classification, r.Indicator, r.Also = asset, p.kind, p.kind.Severity(), p.kind.Classification(), nil, nil
		r.Discriminator = string(p.kind)
		if r.At.IsZero() {
			r.At = p.at
		}
		return yield(r, nil)
	})
}

// formatOf is the format of a member of a document that begins with head.
func (r *Room) formatOf(doc Document, source Source, name string, head []byte) Format {
	if source.Format != Auto && source.Format != Mail {
		return source.Format
	}
	// The order matters where one format's look would claim another's: those that
	// are told by more come first.
	for _, f := range []struct {
		format Format
		looks  func([]byte) bool
	}{
		{KEV, kev.Looks},
		{CVE, cve.Looks},
		{OSV, osv.Looks},
		{EOL, eol.Looks},
		{WarningList, warninglist.Looks},
		{EPSS, epss.Looks},
		{XARF, mail.LooksXARF},
	} {
		if f.looks(head) {
			return f.format
		}
	}
	if source.Mapping != "" {
		if jsonl.Looks(head) {
			return JSONLines
		}
		if m, err := csvmap.ParseMapping([]byte(source.Mapping)); err == nil && m.Fits(head) {
			return CSV
		}
	}
	if schema, err := r.reports(); err == nil && (doc.ReportType != "" || schema.Looks(name, head)) {
		return Shadowserver
	}
	return List
}

// isMail says whether a document is a message whose parts are to be read one by
// one.
func isMail(_ Document, source Source, head []byte) bool {
	return source.Format == Mail || (source.Format == Auto && mail.Looks(head))
}

// reader is the parser of a document's member and what it is to read.
func (r *Room) reader(doc Document, source Source, name string, in io.Reader) (row.Parser, *counter, error) {
	buffered := bufio.NewReaderSize(in, headBytes)
	head, err := buffered.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) && len(head) == 0 {
		return nil, nil, err
	}
	p, err := r.parser(doc, source, name, r.formatOf(doc, source, name, bytes.Clone(head)))
	return p, &counter{in: buffered}, err
}

// parser is the parser of a member of a format.
func (r *Room) parser(doc Document, source Source, name string, format Format) (row.Parser, error) {
	zone, err := time.LoadLocation(source.Zone)
	if err != nil {
		return nil, errs.New(errs.Invalid, "source %s: zone %q: %w", source.Name, source.Zone, err)
	}
	kind := row.Kind(source.Kind)
	if source.Kind == Indicators {
		kind = ""
	}
	switch format {
	case Shadowserver:
		schema, err := r.reports()
		if err != nil {
			return nil, err
		}
		return shadowserver.New(schema, shadowserver.Options{ReportType: doc.ReportType, FileName: name, Zone: zone}), nil
	case List:
		return list.New(list.Options{Kind: kind, At: doc.Received})
	case CSV, JSONLines:
		mapping, err := csvmap.ParseMapping([]byte(source.Mapping))
		if err != nil {
			return nil, err
		}
		o := csvmap.Options{Kind: kind, Indicators: source.Kind == Indicators, Zone: zone, At: doc.Received}
		if format == CSV {
			return csvmap.New(mapping, o)
		}
		return jsonl.New(mapping, o)
	case WarningList:
		return warninglist.New(), nil
	case KEV:
		return kev.Parser{}, nil
	case CVE:
		return cve.New(), nil
	case EPSS:
		return epss.Parser{}, nil
	case OSV:
		return osv.Parser{}, nil
	case EOL:
		return &eol.Parser{Product: strings.TrimSuffix(path.Base(name), path.Ext(name))}, nil
	case XARF:
		return &mail.XARF{Zone: zone, At: doc.Received}, nil
	case Mail, Auto, MISP, STIX, CSAF:
	}
	return nil, errs.New(errs.Invalid, "source %s: format %q is not read", source.Name, format)
}
