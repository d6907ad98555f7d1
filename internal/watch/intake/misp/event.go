package misp

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/jsonspan"
)

// An event is what stands around attributes: what of it was read so far.
type event struct {
	info      string
	timestamp time.Time
	words     []string // threat level, analysis, distribution
	tags      []string
	tagged    bool // whether the tags were read
	tlp       tlp.Marking
	marked    bool

	held    []byte
	pending []pending
	whole   bool // the event was read to its end
	told    bool // attributes were told before that
}

// A pending attribute waits for its event's end.
type pending struct {
	span     jsonspan.Span
	from, to int // in event.held
	long     bool
	object   *object
	proposal bool
}

// An object groups attributes; its own members may stand behind them.
type object struct {
	name    string
	deleted bool
	tags    []string
}

// header keeps a member of an event, and says whether it is one that only MISP
// has.
func (e *event) header(name string, v jsonspan.Value) bool {
	switch name {
	case "info":
		e.info = row.Clip(strings.Join(strings.Fields(word(v.Raw)), " "), 300)
		return true
	case "timestamp":
		e.timestamp = stamp(word(v.Raw))
	case "threat_level_id":
		e.word("threat-level:", word(v.Raw), "", "high", "medium", "low", "undefined")
		return true
	case "analysis":
		e.word("analysis:", word(v.Raw), "initial", "ongoing", "completed")
		return true
	case "distribution":
		e.word("distribution:", word(v.Raw), "organisation", "community", "connected-communities", "all-communities", "sharing-group", "inherit")
	case "Tag":
		e.tagged = true
		e.tags = tags(v.Raw)
		e.tlp, e.marked = marking(e.tags)
		return true
	case "Orgc", "orgc_id", "attribute_count", "Galaxy", "RelatedEvent", "EventReport":
		return true
	}
	return false
}

// word adds the word of a numbered choice.
func (e *event) word(prefix, number string, words ...string) {
	if n, err := strconv.Atoi(number); err == nil && n >= 0 && n < len(words) && words[n] != "" {
		e.words = append(e.words, prefix+words[n])
	}
}

// labels are the words about the event.
func (e *event) labels() []string {
	return append(append([]string{}, e.tags...), e.words...)
}

func (o *object) header(name string, v jsonspan.Value) {
	switch name {
	case "name":
		o.name = row.Clip(word(v.Raw), 100)
	case "deleted":
		o.deleted = truth(word(v.Raw))
	case "Tag":
		o.tags = tags(v.Raw)
	}
}

// word is a JSON text, number or truth as text: MISP writes the same member in
// either way.
func word(raw []byte) string {
	var w flexible
	_ = json.Unmarshal(raw, &w) // what is neither is ""
	return string(w)
}

// flexible is a text that may be written as a number, true, false or null.
type flexible string

// UnmarshalJSON never fails: a list or an object is the empty text.
func (f *flexible) UnmarshalJSON(raw []byte) error {
	*f = ""
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*f = flexible(s)
	case '{', '[', 'n':
	default:
		*f = flexible(raw)
	}
	return nil
}

// truth reads true, 1, "1", "true".
func truth(s string) bool { return s == "1" || strings.EqualFold(s, "true") }

// stamp reads a time: seconds or microseconds since 1970, or ISO 8601. Anything
// else, also 0, is none.
func stamp(s string) time.Time {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		var t time.Time
		switch {
		case n > 1e14:
			t = time.UnixMicro(n).UTC()
		case n > 1e8:
			t = time.Unix(n, 0).UTC()
		}
		if t.IsZero() || !row.Plausible(t) {
			return time.Time{}
		}
		return t
	}
	t, err := row.Instant([]byte(s), nil)
	if err != nil || !row.Plausible(t) {
		return time.Time{}
	}
	return t
}

// tags reads a list of tags, as [{"name":"tlp:green"}].
func tags(raw []byte) []string {
	var list []struct {
		Name flexible `json:"name"`
	}
	_ = json.Unmarshal(raw, &list) // tags that cannot be read are none
	var names []string
	for _, t := range list {
		if name := row.Clip(strings.TrimSpace(string(t.Name)), 200); name != "" && len(names) < 200 {
			names = append(names, name)
		}
	}
	return names
}

// marking is the narrowest TLP marking among tags.
func marking(tags []string) (m tlp.Marking, ok bool) {
	for _, t := range tags {
		if len(t) < 4 || !strings.EqualFold(t[:4], "tlp:") {
			continue
		}
		if one, err := tlp.Parse(t); err == nil {
			m, ok = max(m, one), true
		}
	}
	return m, ok
}

// confidence reads the tags of the misp:confidence-level taxonomy; 0 is none.
func confidence(tags []string) uint8 {
	for _, t := range tags {
		switch strings.TrimPrefix(strings.ToLower(t), "misp:confidence-level=") {
		case `"completely-confident"`:
			return 100
		case `"usually-confident"`:
			return 75
		case `"fairly-confident"`:
			return 50
		case `"rarely-confident"`:
			return 25
		}
	}
	return 0
}
