package stix

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/stix/pattern"
)

// fill makes the row of a sound object.
func (r *reader) fill(o object, out *row.Row) *row.Refusal {
	s := &row.Statement{
		ID: text(o["id"]), Version: when(o, "modified", "created"), Type: text(o["type"]),
		Title: title(o), Labels: labels(o), Revoked: o["revoked"] == true, Reference: reference(o),
	}
	s.TLP, s.Marked = marked(r.marks, o)
	out.Statement = s
	if c, ok := o["confidence"].(float64); ok {
		out.Confidence = uint8(c)
	}
	switch s.Type {
	case "indicator":
		return r.indicator(o, out)
	case "sighting":
		r.sighting(o, out)
	case "opinion":
		r.opinion(o, out)
	}
	return nil
}

// when is the first of the timestamps that is there.
func when(o object, names ...string) time.Time {
	for _, n := range names {
		if t, ok := pattern.Timestamp(text(o[n])); ok && row.Plausible(t) {
			return t.Truncate(time.Microsecond)
		}
	}
	return time.Time{}
}

// title is one line for an object.
func title(o object) string {
	for _, n := range []string{"name", "abstract", "value", "relationship_type", "key", "subject"} {
		if s := strings.Join(strings.Fields(text(o[n])), " "); s != "" {
			return row.Clip(s, 300)
		}
	}
	return ""
}

// labels are the source's words about an object.
func labels(o object) []string {
	var all []string
	for _, n := range []string{"labels", "indicator_types", "malware_types", "threat_actor_types", "tool_types", "infrastructure_types", "report_types"} {
		list, _ := o[n].([]any)
		for _, l := range list {
			if s := row.Clip(strings.TrimSpace(text(l)), 200); s != "" && len(all) < 100 {
				all = append(all, s)
			}
		}
	}
	return all
}

// reference is the first address where a person can read on.
func reference(o object) string {
	list, _ := o["external_references"].([]any)
	for _, e := range list {
		if ref, ok := e.(object); ok && text(ref["url"]) != "" {
			return row.Clip(text(ref["url"]), 500)
		}
	}
	return ""
}

// sighting is about the object that was seen (STIX 2.1 §5.2): its count is 1
// where it names none.
func (r *reader) sighting(o object, out *row.Row) {
	s := out.Statement
	s.ID = text(o["sighting_of_ref"])
	s.LastSeen = when(o, "last_seen", "first_seen", "modified")
	if s.Revoked {
		// What is taken back here is the sighting, not what was sighted.
		s.Revoked = false
		return
	}
	s.Seen = 1
	if n, ok := o["count"].(float64); ok {
		s.Seen = int64(n)
	}
}

// opinion that strongly disagrees with one object refutes it; so sharing
// platforms write a sighting as a false positive.
func (r *reader) opinion(o object, out *row.Row) {
	refs, _ := o["object_refs"].([]any)
	if text(o["opinion"]) != "strongly-disagree" || len(refs) != 1 || out.Statement.Revoked {
		return
	}
	out.Statement.ID = text(refs[0])
	out.Statement.Refuted = 1
	out.Statement.LastSeen = out.Statement.Version
}

// indicator reads the pattern of an indicator.
func (r *reader) indicator(o object, out *row.Row) *row.Refusal {
	s := out.Statement
	s.ValidFrom, s.ValidUntil = when(o, "valid_from"), when(o, "valid_until")
	s.Standing = s.ValidUntil.IsZero()
	out.At = s.Version
	if kind, ok := o["pattern_type"].(string); ok && kind != "stix" {
		// A rule of Snort, YARA and so on is kept as context.
		out.Flags = []row.Flag{row.NoObservable}
		return nil
	}
	p, err := pattern.Parse(text(o["pattern"]))
	if bad, ok := errors.AsType[*pattern.Error](err); ok {
		return &row.Refusal{Fault: row.FaultPattern, Field: "pattern", Value: text(o["pattern"]), Detail: strconv.Itoa(bad.Column) + ": " + bad.Reason}
	}
	reading := p.Alone()
	if reading.Several {
		out.Flags = append(out.Flags, row.NeedsSeveral)
	}
	found, windows, other, refused := indicators(reading.Soles)
	if len(found) == 0 && refused != nil {
		return refused
	}
	if refused != nil {
		out.Flags = append(out.Flags, row.BadValue)
	}
	if reading.Other || other {
		out.Flags = append(out.Flags, row.NoObservable)
	}
	if len(windows) == 1 {
		w := windows[0]
		if !w.start.IsZero() && w.start.After(s.ValidFrom) {
			s.ValidFrom = w.start
		}
		if !w.stop.IsZero() && (s.ValidUntil.IsZero() || w.stop.Before(s.ValidUntil)) {
			s.ValidUntil = w.stop
		}
	}
	return r.options.Fill(out, found)
}

// A window is when a pattern's values count.
type window struct{ start, stop time.Time }

// indicators are the patterns that values are. Values with different windows
// have no time in common that the row could state: those of the first window are
// taken, the others count as other.
func indicators(soles []pattern.Sole) (found []row.Indicator, windows []window, other bool, refused *row.Refusal) {
	had := map[row.Indicator]bool{}
	for _, s := range soles {
		i, known, err := indicator(s)
		if !known {
			other = true
			continue
		}
		if err != nil {
			if refused == nil {
				refused, _ = errors.AsType[*row.Refusal](err)
				refused = &row.Refusal{Fault: refused.Fault, Field: s.Path.String(), Value: s.Value, Detail: refused.Detail}
			}
			continue
		}
		w := window{s.Start, s.Stop}
		if len(windows) == 0 {
			windows = append(windows, w)
		} else if windows[0] != w {
			other = true
			continue
		}
		if !had[i] {
			had[i] = true
			found = append(found, i)
		}
	}
	return found, windows, other, refused
}

// indicator is the pattern that a value is, where its path is one that is looked
// for.
func indicator(s pattern.Sole) (i row.Indicator, known bool, err error) {
	path := s.Path
	names := make([]string, len(path.Steps))
	for n, step := range path.Steps {
		if step.List {
			return i, false, nil
		}
		names[n] = step.Name
	}
	first := names[0]
	switch {
	case len(names) == 1 && first == "value" && (path.Type == "ipv4-addr" || path.Type == "ipv6-addr"),
		len(names) == 2 && path.Type == "network-traffic" && (first == "dst_ref" || first == "src_ref") && names[1] == "value":
		i, err = network(s.Value)
		if path.Type != "network-traffic" || err == nil || s.Network {
			return i, true, err
		}
		i, err = row.ParseIndicator(row.Name, s.Value)
		return i, true, err
	case s.Network:
		return i, false, nil
	case len(names) == 1 && first == "value" && path.Type == "domain-name":
		i, err = row.ParseIndicator(row.Name, s.Value)
		return i, true, err
	case len(names) == 1 && first == "value" && path.Type == "url":
		i, err = row.ParseIndicator(row.Link, s.Value)
		return i, true, err
	case len(names) == 2 && path.Type == "file" && first == "hashes":
		t, ok := hashType(names[1])
		if !ok {
			return i, false, nil
		}
		i, err = row.ParseIndicator(t, s.Value)
		return i, true, err
	}
	return i, false, nil
}

// network is an address, or a network of several.
func network(s string) (row.Indicator, error) {
	if !strings.ContainsRune(s, '/') {
		a, err := row.Addr(s)
		if err != nil {
			return row.Indicator{}, err
		}
		if a.Is4() {
			return row.Indicator{Type: row.IPv4, Value: a.String()}, nil
		}
		return row.Indicator{Type: row.IPv6, Value: a.String()}, nil
	}
	p, err := row.Prefix(s)
	if err != nil {
		return row.Indicator{}, err
	}
	if p.IsSingleIP() {
		return network(p.Addr().String())
	}
	return row.Indicator{Type: row.CIDR, Value: p.String()}, nil
}

// hashType reads the name of a hash in the spellings that occur: SHA-256, SHA256,
// sha256.
func hashType(s string) (row.IndicatorType, bool) {
	switch strings.ToLower(strings.ReplaceAll(s, "-", "")) {
	case "md5":
		return row.MD5, true
	case "sha1":
		return row.SHA1, true
	case "sha256":
		return row.SHA256, true
	}
	return "", false
}
