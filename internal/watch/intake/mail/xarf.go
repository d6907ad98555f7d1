package mail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"tocsin/internal/watch/intake/row"
)

// XARF reads the machine part of an abuse report: the YAML part of X-ARF v0.1
// and v0.2, the JSON of XARF v3 (ReporterInfo, Report) and of XARF v4
// (xarf_version, source_identifier). One report is one row: the source of the
// abuse is the asset of ours. A document may hold several YAML documents, a JSON
// list, or JSON objects behind each other.
type XARF struct {
	Zone *time.Location // of times that name none; nil is UTC
	At   time.Time      // of reports that name no time; zero: they are bad rows
}

// maxReport bounds a document of reports: they are small, and YAML cannot be
// read in pieces.
const maxReport = 4 << 20

// LooksXARF says whether a text that begins with head could be the machine part
// of an abuse report.
func LooksXARF(head []byte) bool {
	head = bytes.TrimSpace(head[row.BOM(head):])
	if len(head) == 0 {
		return false
	}
	if head[0] == '{' || head[0] == '[' {
		return bytes.Contains(head, []byte(`"xarf_version"`)) || bytes.Contains(head, []byte(`"ReporterInfo"`)) && bytes.Contains(head, []byte(`"Report"`))
	}
	found := 0
	for line := range bytes.Lines(head) {
		switch name, _, _ := bytes.Cut(line, []byte(":")); strings.ToLower(string(name)) {
		case "reported-from", "report-type", "category", "source-type", "schema-url", "report-id":
			found++
		}
	}
	return found >= 3
}

// Parse reads reports; see row.Parser.
func (x XARF) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	var sum row.Summary
	text, broken := io.ReadAll(io.LimitReader(in, maxReport+1))
	if err := row.CheckText(text[:min(len(text), 512)]); err != nil {
		if broken != nil {
			err = broken
		}
		return sum, err
	}
	if len(text) > maxReport {
		return sum, row.NotReadable("a report of more than " + strconv.Itoa(maxReport) + " bytes")
	}
	for _, p := range pieces(text) {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		if sum.Records++; sum.Records <= skip {
			sum.Skipped++
			continue
		}
		raw := text[p.offset : p.offset+p.length]
		line := 1 + bytes.Count(text[:p.offset], []byte{'\n'})
		var err error
		if r, refused := x.report(raw, p); refused != nil {
			bad := row.Bad{Line: line, Offset: int64(p.offset), Length: int64(p.length)}
			bad.Fill(refused, raw)
			sum.Bad++
			err = yield(nil, &bad)
		} else {
			r.Line, r.Offset, r.Length, r.Sum = line, int64(p.offset), int64(p.length), row.SumOf(raw)
			sum.Rows++
			err = yield(r, nil)
		}
		if err != nil {
			return sum, err
		}
	}
	return sum, broken
}

// A piece is one report in the text.
type piece struct {
	offset, length int
	json           bool
	fault          error // the text breaks here
}

// pieces finds the reports: YAML documents, or JSON values.
func pieces(text []byte) (out []piece) {
	start := row.BOM(text)
	trimmed := bytes.TrimSpace(text[start:])
	if len(trimmed) == 0 {
		return nil
	}
	if trimmed[0] != '{' && trimmed[0] != '[' {
		return documents(text, start)
	}
	dec := json.NewDecoder(bytes.NewReader(text[start:]))
	if trimmed[0] == '[' {
		_, _ = dec.Token() // it is the bracket
	}
	for dec.More() {
		from := start + int(dec.InputOffset())
		for from < len(text) && strings.IndexByte(" \t\r\n,", text[from]) >= 0 {
			from++
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return append(out, piece{offset: from, length: len(text) - from, json: true, fault: err})
		}
		to := start + int(dec.InputOffset())
		out = append(out, piece{offset: from, length: to - from, json: true})
	}
	return out
}

// documents are the YAML documents of a text, parted by lines of three dashes.
func documents(text []byte, start int) (out []piece) {
	from := start
	add := func(to int) {
		body := bytes.TrimSpace(text[from:to])
		if len(body) > 0 && !bytes.Equal(body, []byte("---")) && !bytes.Equal(body, []byte("...")) {
			out = append(out, piece{offset: from, length: to - from})
		}
	}
	at := start
	for line := range bytes.Lines(text[start:]) {
		if at > from && bytes.Equal(bytes.TrimSpace(line), []byte("---")) {
			add(at)
			from = at
		}
		at += len(line)
	}
	add(len(text))
	return out
}

// report reads one.
func (x XARF) report(raw []byte, p piece) (*row.Row, *row.Refusal) {
	switch {
	case bytes.IndexByte(raw, 0) >= 0:
		return nil, &row.Refusal{Fault: row.FaultNUL}
	case !utf8.Valid(raw):
		return nil, &row.Refusal{Fault: row.FaultUTF8}
	case p.fault != nil && errors.Is(p.fault, io.ErrUnexpectedEOF):
		return nil, &row.Refusal{Fault: row.FaultTruncated}
	case p.fault != nil:
		return nil, &row.Refusal{Fault: row.FaultJSON, Detail: p.fault.Error()}
	}
	members := map[string]any{}
	if p.json {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		if err := dec.Decode(&members); err != nil {
			return nil, &row.Refusal{Fault: row.FaultJSON, Detail: err.Error()}
		}
	} else if err := yaml.Unmarshal(raw, &members); err != nil {
		return nil, &row.Refusal{Fault: row.FaultYAML, Detail: row.Clip(err.Error(), 200)}
	}
	if inner, ok := members["Report"].(map[string]any); ok {
		members = inner // v3
	}
	return x.row(keys(members))
}

// keys are the scalar members by their names in lower case without dashes,
// underscores and blanks, so that Source-Type, SourceType and source_type are
// one.
func keys(members map[string]any) map[string]string {
	out := make(map[string]string, len(members))
	for name, v := range members {
		var text string
		switch v := v.(type) {
		case string:
			text = v
		case time.Time:
			text = v.UTC().Format(time.RFC3339)
		case json.Number, int, int64, uint64, float64, bool:
			text = fmt.Sprint(v)
		}
		if text = strings.TrimSpace(text); text != "" {
			out[plainKey(name)] = text
		}
	}
	return out
}

func plainKey(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// first is the value of the first of the names that has one, and its name.
func first(m map[string]string, names ...string) (text, name string) {
	for _, n := range names {
		if m[n] != "" {
			return m[n], n
		}
	}
	return "", names[0]
}

func (x XARF) row(m map[string]string) (*row.Row, *row.Refusal) {
	r := &row.Row{}
	source, name := first(m, "sourceidentifier", "sourceip", "source", "sourceurl", "sourceuri")
	if source == "" {
		return nil, &row.Refusal{Fault: row.FaultEmpty, Field: "source"}
	}
	asset, err := sourceOf(source)
	if err != nil {
		return nil, refused(err, name)
	}
	r.Asset = asset
	date, name := first(m, "timestamp", "date")
	switch {
	case date != "":
		if r.At, err = when(date, x.Zone); err != nil {
			return nil, refused(err, name)
		}
	case x.At.IsZero():
		return nil, &row.Refusal{Fault: row.FaultEmpty, Field: "date"}
	default:
		r.At = x.At
	}
	class, _ := first(m, "category", "reportclass")
	typ, name := first(m, "type", "reporttype")
	if typ == "" {
		return nil, &row.Refusal{Fault: row.FaultEmpty, Field: name}
	}
	kind, ok := kindOf(plainKey(class), plainKey(typ), m)
	if !ok {
		return nil, &row.Refusal{Fault: row.FaultValue, Field: name, Value: class + "/" + typ}
	}
	r.Kind, r.Severity, r.Classification = kind, kind.Severity(), kind.Classification()
	particulars(r, m)
	return r, nil
}

// sourceOf is the asset that a report is about: an address, a network, a URL, a
// domain or the domain of a mail address.
func sourceOf(text string) (row.Asset, error) {
	text = row.Refang(text)
	if strings.Contains(text, "@") && !strings.Contains(text, "/") {
		d, err := row.MailDomain(text)
		if err != nil {
			return "", err
		}
		return row.Domain(d)
	}
	found, err := row.RecogniseIndicator(text)
	if err != nil {
		return "", err
	}
	return found.Asset()
}

// when reads the times of reports: RFC 3339 and row.Instant's forms, and those of
// mail.
func when(text string, zone *time.Location) (time.Time, error) {
	t, err := row.Instant([]byte(text), zone)
	if err == nil {
		return t, nil
	}
	for _, layout := range []string{time.RFC1123Z, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", "Mon Jan _2 15:04:05 2006"} {
		if t, err := time.Parse(layout, text); err == nil && row.Plausible(t) {
			return t.UTC(), nil
		}
	}
	return t, err
}

func refused(err error, field string) *row.Refusal {
	if given, ok := errors.AsType[*row.Refusal](err); ok {
		out := *given
		out.Field = field
		return &out
	}
	return &row.Refusal{Fault: row.FaultValue, Field: field, Detail: err.Error()}
}

// particulars reads what is not essential; what is wrong there is flagged.
func particulars(r *row.Row, m map[string]string) {
	if text, _ := first(m, "sourceport"); text != "" {
		if n, err := strconv.ParseUint(text, 10, 16); err == nil {
			r.Port = uint16(n)
		} else {
			r.Flags = append(r.Flags, row.BadValue)
		}
	}
	text, _ := first(m, "protocol", "transportprotocol")
	r.Protocol = row.Clip(strings.ToLower(text), 40)
	text, _ = first(m, "malwarefamily", "malwarename", "botnetname", "malware", "cveid", "cve", "service")
	name := strings.ToLower(strings.Join(strings.Fields(text), " "))
	if strings.HasPrefix(name, "cve-") {
		name = strings.ToUpper(name)
	}
	switch {
	case r.Asset.Scheme() == row.SchemeURL && name == "":
		name = r.Asset.Value()
	case name == "" && r.Port != 0 && r.Protocol != "":
		name = strconv.Itoa(int(r.Port)) + "/" + r.Protocol
	case name == "":
		name = string(r.Kind)
	}
	r.Discriminator = row.Clip(name, 2048)
	if text, _ := first(m, "confidence"); text != "" {
		if f, err := strconv.ParseFloat(text, 64); err == nil && f >= 0 && f <= 1 && strings.Contains(text, ".") {
			r.Confidence = uint8(f * 100) // v4 writes 0.0 to 1.0
		} else if n, err := strconv.ParseUint(text, 10, 8); err == nil && n <= 100 {
			r.Confidence = uint8(n)
		}
	}
}

// kindOf is the kind of finding of a report's class and type. Reports about what
// we have no kind for (copyright, trade marks) are not ours to warn of: they go
// to quarantine, where a person sees them.
func kindOf(class, typ string, m map[string]string) (row.Kind, bool) {
	for _, rule := range []struct {
		word string
		kind row.Kind
	}{
		{"phishing", row.Phishing},
		{"loginattack", row.BruteForce},
		{"bruteforce", row.BruteForce},
		{"portscan", row.Scanning},
		{"vulnscan", row.Scanning},
		{"reconnaissance", row.Scanning},
		{"scraping", row.Scanning},
		{"scan", row.Scanning},
		{"sqlinjection", row.IDSAlert},
		{"webattack", row.IDSAlert},
		{"webhack", row.Defacement},
		{"deface", row.Defacement},
		{"botnet", row.C2Contact},
		{"infected", row.Malware},
		{"bot", row.C2Contact},
		{"malware", row.Malware},
		{"virus", row.Malware},
		{"compromise", row.Malware},
		{"spam", row.Spam},
		{"bulkmessaging", row.Spam},
		{"blocklist", row.Spam},
		{"exposeddata", row.DataLeak},
		{"dataleak", row.DataLeak},
		{"leakedcredential", row.LeakedAccount},
		{"openservice", row.ExposedService},
		{"openport", row.ExposedService},
		{"misconfiguration", row.ExposedService},
		{"cve", row.VulnerableService},
		{"vulnerab", row.VulnerableService},
		{"fraud", row.Phishing},
	} {
		if strings.Contains(typ, rule.word) {
			return rule.kind, true
		}
	}
	switch {
	case strings.Contains(typ, "ddos") || strings.Contains(typ, "dos"):
		if m["amplificationvector"] != "" || strings.Contains(typ, "reflect") || strings.Contains(typ, "amplif") {
			return row.Amplifier, true
		}
		return row.Malware, true // a machine that attacks by itself has been taken over
	case class == "vulnerability":
		return row.VulnerableService, true
	}
	return "", false
}
