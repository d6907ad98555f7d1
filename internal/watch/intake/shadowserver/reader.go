package shadowserver

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/delimited"
)

// A reader turns the records of one report into rows. It keeps the texts that
// come again and again, so that a usual row costs one allocation: its asset.
type reader struct {
	*plan
	zone  *time.Location
	row   row.Row
	bad   row.Refusal
	texts map[string]string
	spare []byte
	flags []row.Flag // of the present row, where it has more than the document
}

// maxTexts bounds what a reader keeps; beyond it every text is its own.
const maxTexts = 1 << 14

func newReader(p *plan, zone *time.Location) *reader {
	return &reader{plan: p, zone: zone, texts: map[string]string{}}
}

// read fills r.row, or says why the record is bad.
func (r *reader) read(rec *delimited.Record) *row.Refusal {
	if rec.Fault != nil {
		return rec.Fault
	}
	if r.lacks != nil {
		// A copy: the caller may complete it.
		r.bad = *r.lacks
		return &r.bad
	}
	f := rec.Fields
	r.row = row.Row{
		Line: rec.Line, Offset: rec.Offset, Length: rec.Length, Sum: row.SumOf(rec.Raw),
		Kind: r.typ.Kind, Classification: r.typ.Classification, Flags: r.plan.flags,
	}
	r.flags = r.flags[:0]
	var err error
	at := bytes.TrimSpace(f[r.at])
	if len(at) == 0 {
		return r.refuse(row.Refusal{Fault: row.FaultEmpty}, r.at)
	}
	if r.row.At, err = row.Instant(at, r.zone); err != nil {
		return r.refuse(row.Refusal{Fault: row.FaultTime, Value: string(at)}, r.at)
	}
	if bad := r.asset(f); bad != nil {
		return bad
	}
	r.row.ASN = r.number(f, r.asn, 1<<32-1)
	r.row.Port = uint16(r.number(f, r.port, 1<<16-1))
	r.row.Protocol = r.proto(f)
	if h := field(f, r.hostname); len(h) > 0 {
		// A name that is none is left out: it is the source's remark, no key.
		r.row.Hostname, _ = row.HostName(string(h))
	}
	r.kind(f)
	r.discriminate(f)
	r.judge(f)
	if r.row.Kind == row.C2Contact {
		r.row.Cause = r.called(f)
	}
	if len(r.flags) > 0 {
		r.row.Flags = append(slices.Clone(r.plan.flags), r.flags...)
	}
	return nil
}

// field is the trimmed value of a field, nil when the header lacks it.
func field(f [][]byte, at int) []byte {
	if at < 0 || len(f[at]) == 0 {
		return nil
	}
	return bytes.TrimSpace(f[at])
}

func (r *reader) refuse(bad row.Refusal, at int) *row.Refusal {
	r.bad = bad
	r.bad.Column, r.bad.Field = at+1, r.names[at]
	return &r.bad
}

func (r *reader) flag(f row.Flag) {
	if !slices.Contains(r.flags, f) {
		r.flags = append(r.flags, f)
	}
}

// text is b as a string, shared with earlier rows.
func (r *reader) text(b []byte) string {
	if s, ok := r.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(r.texts) < maxTexts && len(b) <= 128 {
		r.texts[s] = s
	}
	return s
}

// asset finds the thing in danger. The first column with a sound value counts;
// without any, the first unsound value is the reason.
func (r *reader) asset(f [][]byte) *row.Refusal {
	bad := -1
	var why row.Refusal
	for i, a := range r.assets {
		v := field(f, a.at)
		if len(v) == 0 {
			continue
		}
		var err error
		switch a.how {
		case takeIP:
			r.row.Asset, err = r.address(v)
		case takeDomain:
			r.row.Asset, err = row.Domain(string(v))
		case takeURL:
			r.row.Asset, err = row.HostOfURL(string(v))
		case takeEmail:
			var d string
			if d, err = row.MailDomain(string(v)); err == nil {
				r.row.Asset, err = row.Domain(d)
			}
		default: // the other ways tell findings apart and give no asset
			continue
		}
		if err == nil {
			return nil
		}
		if bad < 0 {
			bad, why = i, row.Refusal{Fault: fault(a.how), Value: string(v)}
		}
	}
	if bad < 0 {
		return r.refuse(row.Refusal{Fault: row.FaultEmpty}, r.assets[0].at)
	}
	return r.refuse(why, r.assets[bad].at)
}

func fault(h how) row.Fault {
	switch h {
	case takeDomain:
		return row.FaultDomain
	case takeURL:
		return row.FaultURL
	case takeEmail:
		return row.FaultEmail
	default:
		return row.FaultIP
	}
}

// address reads an address or a network. The dotted quad, which nearly all are,
// has its own reader: netip wants a string.
func (r *reader) address(b []byte) (row.Asset, error) {
	if a, ok := quad(b); ok && !a.IsUnspecified() {
		return row.OfAddr(a), nil
	}
	if bytes.IndexByte(b, '/') >= 0 {
		return row.Network(string(b))
	}
	return row.IP(string(b))
}

// quad reads a dotted quad without leading zeros.
func quad(b []byte) (netip.Addr, bool) {
	var q [4]byte
	i := 0
	for part := range q {
		n, from := 0, i
		for i < len(b) && b[i]-'0' <= 9 && i-from < 3 {
			n = n*10 + int(b[i]-'0')
			i++
		}
		if i == from || n > 255 || i-from > 1 && b[from] == '0' {
			return netip.Addr{}, false
		}
		q[part] = byte(n)
		if part < 3 {
			if i >= len(b) || b[i] != '.' {
				return netip.Addr{}, false
			}
			i++
		}
	}
	return netip.AddrFrom4(q), i == len(b)
}

// number reads a number that is not essential: a wrong one is 0 and flagged.
func (r *reader) number(f [][]byte, at int, limit uint64) uint32 {
	b := field(f, at)
	var n uint64
	for _, c := range b {
		if c -= '0'; c > 9 || n > limit {
			r.flag(row.BadValue)
			return 0
		}
		n = n*10 + uint64(c)
	}
	if n > limit {
		r.flag(row.BadValue)
		return 0
	}
	return uint32(n)
}

// proto is the transport protocol in lower case; numbers are those of IANA.
func (r *reader) proto(f [][]byte) string {
	switch b := field(f, r.protocol); string(b) {
	case "tcp", "TCP", "6":
		return "tcp"
	case "udp", "UDP", "17":
		return "udp"
	case "":
		return ""
	default:
		r.spare = word(r.spare[:0], b)
		return r.text(r.spare)
	}
}

// kind turns the type's kind where the row says something more exact.
func (r *reader) kind(f [][]byte) {
	switch r.row.Kind {
	case row.ExposedService, row.VulnerableService, row.Amplifier:
		tag := field(f, r.tag)
		switch {
		case len(tag) == 0:
		case tagged(tag, "webshell"):
			r.row.Kind, r.row.Classification = row.Malware, "intrusions:system-compromise"
		case (tagged(tag, "eol") || tagged(tag, "end-of-life")) && !hasCVE(tag):
			r.row.Kind = row.EndOfLife
		}
	case row.Defacement:
		if tagged(field(f, r.category), "phishing") || tagged(field(f, r.tag), "phishing") {
			r.row.Kind, r.row.Classification = row.Phishing, "fraud:phishing"
		}
	case row.Spam:
		if r.blocklist >= 0 {
			r.spare = word(r.spare[:0], field(f, r.reason))
			r.row.Kind = kindOfReason(r.spare)
		}
	default: // the type has said it all
	}
}

// kindOfReason reads why a list holds an address. Most lists are about mail.
func kindOfReason(reason []byte) row.Kind {
	for _, k := range [...]struct {
		word string
		kind row.Kind
	}{
		{"spam", row.Spam},
		{"brute", row.BruteForce},
		{"ssh", row.BruteForce},
		{"phish", row.Phishing},
		{"scan", row.Scanning},
		{"botnet", row.Malware},
		{"malware", row.Malware},
		{"infected", row.Malware},
		{"c2", row.Malware},
	} {
		if bytes.Contains(reason, []byte(k.word)) {
			return k.kind
		}
	}
	return row.Spam
}

// discriminate finds what tells this problem from others of its kind at the
// same asset.
func (r *reader) discriminate(f [][]byte) {
	switch {
	case r.row.Kind == r.typ.Kind || r.row.Kind == row.EndOfLife || r.blocklist >= 0:
	case r.row.Kind == row.Malware:
		r.row.Discriminator = "webshell"
		return
	case r.row.Kind == row.Phishing:
		r.row.Discriminator = "phishing"
		return
	}
	for _, rule := range r.rules {
		b := r.apply(f, rule)
		if len(b) == 0 {
			continue
		}
		r.row.Discriminator = r.text(b)
		if rule.how == takeCVE {
			r.row.Cause = r.row.Discriminator
		}
		return
	}
}

// apply is what one rule gives; the bytes hold until the next rule.
func (r *reader) apply(f [][]byte, rule located) []byte {
	b := r.spare[:0]
	switch rule.how {
	case takeText:
		b = append(b, rule.text...)
	case takeService:
		b = service(b, uint64(r.row.Port), r.row.Protocol)
	case takeTarget:
		n, err := strconv.ParseUint(string(field(f, r.target)), 10, 16)
		if err == nil {
			b = service(b, n, r.row.Protocol)
		}
	case takeFamily:
		if b = family(b, field(f, r.family)); len(b) == 0 {
			b = family(b, field(f, r.infection))
		}
	case takeCVE:
		if b = cves(b, field(f, r.tag)); len(b) == 0 {
			b = cves(b, field(f, r.vulnerability))
		}
	case takeName:
		b = word(b, field(f, rule.at))
	case takeLink:
		if v := field(f, rule.at); len(v) > 0 {
			if u, err := row.CanonicalURL(string(v)); err == nil && len(u) <= 2048 {
				b = append(b, u...)
			} else {
				b = word(b, v)
			}
		}
	default: // the other ways find assets and tell nothing apart
	}
	r.spare = b
	return b
}

// service writes port/protocol; nothing when there is no port.
func service(b []byte, port uint64, protocol string) []byte {
	if port == 0 {
		return b
	}
	b = strconv.AppendUint(b, port, 10)
	if protocol != "" {
		b = append(append(b, '/'), protocol...)
	}
	return b
}

// judge sets the severity.
func (r *reader) judge(f [][]byte) {
	b := field(f, r.severity)
	if len(b) > 0 {
		r.spare = word(r.spare[:0], b)
		s, ok := severity(r.spare)
		if ok {
			r.row.Severity = s
			return
		}
		r.flag(row.UnknownSeverity)
	}
	r.row.Severity = r.typ.Severity
	if r.row.Severity == row.NoSeverity {
		r.row.Severity = r.row.Kind.Severity()
	}
}

// severity reads Shadowserver's five words without making a string.
func severity(b []byte) (row.Severity, bool) {
	switch string(b) {
	case "critical":
		return row.Critical, true
	case "high":
		return row.High, true
	case "medium":
		return row.Medium, true
	case "low":
		return row.Low, true
	case "info", "informational":
		return row.Info, true
	}
	return row.NoSeverity, false
}

// called is the controller that an infected machine called: the name it asked
// for, else the address.
func (r *reader) called(f [][]byte) string {
	if h := field(f, r.controllerName); len(h) > 0 && len(h) <= 255 {
		if d, err := row.DomainName(string(h)); err == nil {
			return d
		}
	}
	if a, ok := quad(field(f, r.controller)); ok {
		r.spare = a.AppendTo(r.spare[:0])
		return r.text(r.spare)
	}
	if b := field(f, r.controller); len(b) > 0 {
		if a, err := row.Addr(string(b)); err == nil {
			return a.String()
		}
	}
	return ""
}
