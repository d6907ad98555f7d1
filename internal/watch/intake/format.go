package intake

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/csaf"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/cve"
	"tocsin/internal/watch/intake/eol"
	"tocsin/internal/watch/intake/epss"
	"tocsin/internal/watch/intake/jsonl"
	"tocsin/internal/watch/intake/kev"
	"tocsin/internal/watch/intake/list"
	"tocsin/internal/watch/intake/mail"
	"tocsin/internal/watch/intake/misp"
	"tocsin/internal/watch/intake/osv"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/shadowserver"
	"tocsin/internal/watch/intake/stix"
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

	Unknown Format = "" // of a document that no format claims
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

// formatOf is the format of a member of a document that begins with head.
func (r *Room) formatOf(doc Document, source Source, name string, head []byte) Format {
	if Typed(doc.ReportType) {
		return CSV
	}
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
		{CSAF, csaf.Looks},
		{CVE, cve.Looks},
		{OSV, osv.Looks},
		{EOL, eol.Looks},
		{STIX, stix.Looks},
		{WarningList, warninglist.Looks},
		{MISP, misp.Looks},
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
	if schema, err := r.reports(); err == nil && (schema.Looks(name, head) || doc.ReportType != "" && schema.Looks(doc.ReportType, head)) {
		return Shadowserver
	}
	if list.Looks(head) {
		return List
	}
	return Unknown
}

// isMail says whether a document is a message whose parts are to be read one by
// one.
func isMail(doc Document, source Source, head []byte) bool {
	return !Typed(doc.ReportType) && (source.Format == Mail || (source.Format == Auto && mail.Looks(head)))
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
	if Typed(doc.ReportType) {
		return entryParser(doc.ReportType, zone, doc.Received)
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
	case MISP:
		return misp.New(misp.Options{Aim: row.Aim{Kind: kind, At: doc.Received}})
	case STIX:
		return stix.New(stix.Options{Aim: row.Aim{Kind: kind, At: doc.Received}})
	case CSAF:
		return r.csaf(), nil
	case WarningList:
		return warninglist.New(), nil
	case KEV:
		return kev.Parser{}, nil
	case CVE:
		return r.cve(), nil
	case EPSS:
		return epss.Parser{}, nil
	case OSV:
		return osv.Parser{}, nil
	case EOL:
		return &eol.Parser{Product: strings.TrimSuffix(path.Base(name), path.Ext(name))}, nil
	case XARF:
		return &mail.XARF{Zone: zone, At: doc.Received}, nil
	case Unknown:
		return nil, row.NotReadable("none of the formats that are read: give its source a format, or a mapping")
	case Mail, Auto:
	}
	return nil, errs.New(errs.Invalid, "source %s: format %q is not read", source.Name, format)
}
