// Package list reads plain lists: one value a line, as blocklists and indicator
// lists are published.
//
// A value is an address, a network, a domain, a URL or a hash, also defanged
// (hxxp, [.]), also as address:port, as *.example.org, as example.org/path, which
// is http, behind 0.0.0.0 as in a hosts file, or before a count as in ipsum. # ;
// and // begin a comment, at the beginning of a line or after
// white space. Comments and blank lines are no records; everything else is one
// Row or one Bad row.
//
// With no Kind the values are indicators. With one, the source says that these
// are addresses of ours with that problem, seen when the document was made.
package list

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// Options of a parser.
type Options struct {
	Kind          row.Kind           // empty: the values are indicators
	At            time.Time          // the document's own time; needed with a Kind
	Discriminator string             // of the findings; empty is the kind's name
	Severity      row.Severity       // of the findings; NoSeverity is the kind's
	Class         row.Classification // of the findings; empty is the kind's
	Confidence    uint8              // 0–100, 0 is not stated
}

// maxLine bounds a line; no value comes near it.
const maxLine = 64 << 10

// A Parser reads one list; see row.Parser.
type Parser struct{ options Options }

// New makes a parser. A Kind without a time, or one that is none, is errs.Usage.
func New(o Options) (*Parser, error) {
	if o.Kind == "" {
		return &Parser{o}, nil
	}
	if !o.Kind.Valid() {
		return nil, errs.New(errs.Usage, "read list: %q is no kind of finding", o.Kind)
	}
	if o.At.IsZero() {
		return nil, errs.New(errs.Usage, "read list: findings of kind %s need the time of the document", o.Kind)
	}
	if o.Severity == row.NoSeverity {
		o.Severity = o.Kind.Severity()
	}
	if o.Class == "" {
		o.Class = o.Kind.Classification()
	}
	if o.Discriminator == "" {
		o.Discriminator = string(o.Kind)
	}
	return &Parser{o}, nil
}

// Parse reads a list; see row.Parser.
func (p *Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	var sum row.Summary
	r := bufio.NewReaderSize(in, maxLine)
	head, err := r.Peek(512)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return sum, err
	}
	if err := row.CheckText(head); err != nil {
		return sum, err
	}
	bom := row.BOM(head)
	if _, err := r.Discard(bom); err != nil {
		return sum, err
	}
	offset := int64(bom)
	var out row.Row
	var bad row.Bad
	for line := 1; ; line++ {
		text, length, long, readErr := next(r)
		if length == 0 && readErr != nil {
			return sum, end(readErr)
		}
		if line&1023 == 0 && ctx.Err() != nil {
			return sum, ctx.Err()
		}
		here := offset
		offset += length
		value := strip(text)
		if len(value) == 0 && !long {
			if readErr != nil {
				return sum, end(readErr)
			}
			continue
		}
		sum.Records++
		if sum.Records <= skip {
			sum.Skipped++
			if readErr != nil {
				return sum, end(readErr)
			}
			continue
		}
		out = row.Row{Line: line, Offset: here, Length: length, Sum: row.SumOf(text)}
		refused := p.check(text, long, end(readErr))
		if refused == nil {
			refused = p.read(string(value), &out)
		}
		if refused != nil {
			bad = row.Bad{Line: line, Offset: here, Length: length}
			bad.Fill(refused, text)
			sum.Bad++
			err = yield(nil, &bad)
		} else {
			sum.Rows++
			err = yield(&out, nil)
		}
		if err != nil {
			return sum, err
		}
		if readErr != nil {
			return sum, end(readErr)
		}
	}
}

// end turns io.EOF, the good end, into no error.
func end(err error) error {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// next is a line without its end, and how many bytes it took. Of a line longer
// than the buffer only the beginning is kept.
func next(r *bufio.Reader) (text []byte, length int64, long bool, err error) {
	text, err = r.ReadSlice('\n')
	length = int64(len(text))
	if errors.Is(err, bufio.ErrBufferFull) {
		text = bytes.Clone(text[:row.RawLimit])
		for errors.Is(err, bufio.ErrBufferFull) {
			var more []byte
			more, err = r.ReadSlice('\n')
			length += int64(len(more))
		}
		return text, length, true, err
	}
	return bytes.TrimRight(text, "\r\n"), length, false, err
}

// strip takes comments and white space off a line.
func strip(b []byte) []byte {
	b = bytes.TrimSpace(b)
	for i := range b {
		if i > 0 && b[i-1] != ' ' && b[i-1] != '\t' {
			continue
		}
		if b[i] == '#' || b[i] == ';' || b[i] == '/' && i+1 < len(b) && b[i+1] == '/' {
			return bytes.TrimSpace(b[:i])
		}
	}
	return b
}

// check refuses a line for its bytes.
func (p *Parser) check(text []byte, long bool, broken error) *row.Refusal {
	switch {
	case long:
		return &row.Refusal{Fault: row.FaultLong, Detail: strconv.Itoa(maxLine)}
	case broken != nil:
		return &row.Refusal{Fault: row.FaultTruncated}
	case bytes.IndexByte(text, 0) >= 0:
		return &row.Refusal{Fault: row.FaultNUL}
	case !utf8.Valid(text):
		return &row.Refusal{Fault: row.FaultUTF8}
	}
	return nil
}

// read understands one value.
func (p *Parser) read(value string, out *row.Row) *row.Refusal {
	value, ok := single(value)
	if !ok {
		return &row.Refusal{Fault: row.FaultSeveral, Value: value}
	}
	value = row.Refang(value)
	if name, ok := strings.CutPrefix(value, "*."); ok {
		value, out.Flags = name, []row.Flag{row.Wildcard}
	} else if name, ok := strings.CutPrefix(value, "."); ok {
		value, out.Flags = name, []row.Flag{row.Wildcard}
	}
	value, out.Port = portOf(value)
	found, err := row.RecogniseIndicator(value)
	if err != nil {
		if found, ok = bareURL(value); !ok {
			return &row.Refusal{Fault: row.FaultUnclear, Value: value}
		}
	}
	out.At, out.Confidence = p.options.At, p.options.Confidence
	if p.options.Kind == "" {
		// Whoever keeps a copy of the row keeps the indicator: each has its own.
		out.Indicator = &found
		return nil
	}
	if out.Asset, err = found.Asset(); err != nil {
		return &row.Refusal{Fault: row.FaultNotAsset, Value: value}
	}
	out.Kind, out.Severity = p.options.Kind, p.options.Severity
	out.Classification, out.Discriminator = p.options.Class, p.options.Discriminator
	if out.Port != 0 {
		out.Discriminator = strconv.Itoa(int(out.Port))
	}
	return nil
}

// single holds that a line is one value; a line of a hosts file is its name, one
// of ipsum its address: the count behind it says how many lists have it.
func single(s string) (string, bool) {
	words := strings.Fields(s)
	switch {
	case len(words) == 1:
		return words[0], true
	case len(words) == 2 && (words[0] == "0.0.0.0" || words[0] == "127.0.0.1" || words[0] == "::" || words[0] == "::1"):
		return words[1], true
	case len(words) == 2 && len(words[1]) <= 3 && strings.Trim(words[1], "0123456789") == "":
		if a, err := netip.ParseAddr(words[0]); err == nil {
			return a.String(), true
		}
	}
	return s, false
}

// bareURL reads a URL whose scheme was left out, as trails of maltrail write
// them: example.org/gate.php.
func bareURL(s string) (row.Indicator, bool) {
	host, path, ok := strings.Cut(s, "/")
	if !ok || path == "" || strings.Trim(path, "0123456789") == "" {
		return row.Indicator{}, false // a network that is none
	}
	name, _ := portOf(host)
	if _, err := row.DomainName(name); err != nil {
		if _, err := row.Addr(name); err != nil {
			return row.Indicator{}, false
		}
	}
	found, err := row.ParseIndicator(row.Link, "http://"+s)
	return found, err == nil
}

// looked is how many lines Looks looks at.
const looked = 100

// Looks says whether head, the first bytes of a document, are of a list: nearly
// all its first lines are values.
func Looks(head []byte) bool {
	if row.CheckText(head[:min(len(head), 512)]) != nil {
		return false
	}
	if end := bytes.LastIndexByte(head, '\n'); end > 0 {
		head = head[:end]
	}
	good, bad := 0, 0
	p := &Parser{}
	for line := range bytes.Lines(head[row.BOM(head):]) {
		value := strip(line)
		if len(value) == 0 || value[0] == '/' {
			continue // a trail that is only a path is no value, and no sign of another format
		}
		var out row.Row
		if p.check(value, false, nil) == nil && p.read(string(value), &out) == nil {
			good++
		} else {
			bad++
		}
		if good+bad == looked {
			break
		}
	}
	return good > 0 && bad*5 <= good
}

// portOf splits the port off an address or a domain: 203.0.113.7:8080,
// [2001:db8::1]:8080, example.org:8080. Anything else is as it was.
func portOf(s string) (string, uint16) {
	if strings.Contains(s, "/") {
		return s, 0
	}
	if a, err := netip.ParseAddrPort(s); err == nil && a.Port() > 0 {
		return a.Addr().String(), a.Port()
	}
	name, digits, ok := strings.Cut(s, ":")
	if !ok {
		return s, 0
	}
	if n, err := strconv.ParseUint(digits, 10, 16); err == nil && n > 0 {
		if _, err := row.DomainName(name); err == nil {
			return name, uint16(n)
		}
	}
	return s, 0
}
