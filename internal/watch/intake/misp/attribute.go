package misp

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intake/row/jsonspan"
)

// attribute is an attribute as JSON has it.
type attribute struct {
	UUID      flexible `json:"uuid"`
	Type      flexible `json:"type"`
	Category  flexible `json:"category"`
	Value     flexible `json:"value"`
	ToIDs     flexible `json:"to_ids"`
	Deleted   flexible `json:"deleted"`
	Timestamp flexible `json:"timestamp"`
	FirstSeen flexible `json:"first_seen"`
	LastSeen  flexible `json:"last_seen"`
	Relation  flexible `json:"object_relation"`
	Tags      loose    `json:"Tag"`
	Sightings loose    `json:"Sighting"`
	Event     *struct {
		Info flexible `json:"info"`
		Tags loose    `json:"Tag"`
	} `json:"Event"`
}

// loose is a member that is looked into on its own, so that its form cannot
// refuse the attribute.
type loose = json.RawMessage

// one tells an attribute or a proposal.
func (r *reader) one(e *event, p pending) error {
	want, err := r.tell.Begin()
	if err != nil || !want {
		return err
	}
	raw := e.held[p.from:p.to]
	v := jsonspan.Value{Span: p.span, Raw: raw, Long: p.long}
	refused := v.Sound(MaxAttribute)
	if refused == nil {
		out := r.tell.Row(p.span, raw)
		refused = r.fill(e, p, raw, out)
	}
	if refused != nil {
		return r.tell.Bad(p.span, refused, raw)
	}
	return r.tell.Good()
}

// fill makes the row of an attribute.
func (r *reader) fill(e *event, p pending, raw []byte, out *row.Row) *row.Refusal {
	var a attribute
	if raw[0] != '{' {
		return &row.Refusal{Fault: row.FaultForm, Value: row.Clip(string(raw), 40), Detail: "{ }"}
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return &row.Refusal{Fault: row.FaultJSON, Detail: row.Clip(err.Error(), 200)}
	}
	kind, value := strings.TrimSpace(string(a.Type)), strings.TrimSpace(string(a.Value))
	if kind == "" {
		return &row.Refusal{Fault: row.FaultMissing, Field: "type"}
	}
	s := &row.Statement{
		ID: string(a.UUID), Version: stamp(string(a.Timestamp)), Type: row.Clip(kind, 100), Title: e.info,
		Inactive: !truth(string(a.ToIDs)), Revoked: truth(string(a.Deleted)),
		ValidFrom: stamp(string(a.FirstSeen)), LastSeen: stamp(string(a.LastSeen)),
	}
	own := tags(a.Tags)
	s.TLP, s.Marked = e.tlp, e.marked
	around := e.tags
	if p.object != nil {
		s.Revoked = s.Revoked || p.object.deleted
		around = append(append([]string{}, p.object.tags...), around...)
	}
	if a.Event != nil {
		if s.Title == "" {
			s.Title = row.Clip(strings.Join(strings.Fields(string(a.Event.Info)), " "), 300)
		}
		around = append(tags(a.Event.Tags), around...)
	} else if !e.whole && !e.tagged {
		s.TLP, s.Marked = tlp.Red, true
		out.Flags = []row.Flag{row.LateMarking}
	}
	// The narrower of the attribute's own marking and its event's holds: the row
	// tells of the event too.
	if m, ok := marking(append(slices.Clip(own), around...)); ok && (!s.Marked || m > s.TLP) {
		s.TLP, s.Marked = m, true
	}
	s.Labels = append(append(own, around...), e.words...)
	if c := strings.TrimSpace(string(a.Category)); c != "" {
		s.Labels = append(s.Labels, "category:"+row.Clip(c, 100))
	}
	if p.object != nil && p.object.name != "" {
		s.Labels = append(s.Labels, strings.TrimSuffix("object:"+p.object.name+"/"+row.Clip(string(a.Relation), 100), "/"))
	}
	out.Confidence = max(confidence(own), confidence(around))
	out.Statement = s
	out.At = s.Version
	if p.proposal {
		// Somebody would like the event to say this; it does not.
		s.Type, s.Inactive = "proposal:"+s.Type, true
		return nil
	}
	sightings(a.Sightings, s)
	found, port, refused := patterns(kind, value)
	if refused != nil {
		if s.Revoked {
			return nil // what is taken back may have lost its value
		}
		return refused
	}
	out.Port = port
	return r.options.Fill(out, found)
}

// sightings adds what others saw of an attribute: type 0 saw it, 1 found it to be
// no trouble, 2 says until when it holds.
func sightings(raw []byte, s *row.Statement) {
	var list []struct {
		Type flexible `json:"type"`
		Date flexible `json:"date_sighting"`
	}
	if json.Unmarshal(raw, &list) != nil {
		return
	}
	for _, one := range list {
		at := stamp(string(one.Date))
		switch one.Type {
		case "0", "":
			s.Seen++
			if at.After(s.LastSeen) {
				s.LastSeen = at
			}
		case "1":
			s.Refuted++
		case "2":
			if at.After(s.ValidUntil) {
				s.ValidUntil = at
			}
		}
	}
}

// maxHashLine bounds a line of hashes.csv.
const maxHashLine = 4 << 10

// hashes reads a feed's hashes.csv: on each line the MD5 of an attribute's value
// and the UUID of its event. It says which values a feed has without saying
// them; nothing is matched with it.
func (r *reader) hashes(in *bufio.Reader) error {
	bom, err := in.Peek(3)
	offset := int64(0)
	if err == nil && row.BOM(bom) == 3 {
		if _, err := in.Discard(3); err != nil {
			return err
		}
		offset = 3
	}
	for line := 1; ; line++ {
		var text []byte
		at := jsonspan.Span{Line: line, Offset: offset}
		var readErr error
		for {
			var part []byte
			part, readErr = in.ReadSlice('\n')
			offset += int64(len(part))
			if len(text) <= maxHashLine {
				text = append(text, part...)
			}
			if !errors.Is(readErr, bufio.ErrBufferFull) {
				break
			}
		}
		at.Length = offset - at.Offset
		good := errors.Is(readErr, io.EOF) && !errors.Is(readErr, io.ErrUnexpectedEOF)
		if s := strings.TrimSpace(string(text)); s != "" {
			if err := r.hash(at, s, text, readErr != nil && !good); err != nil {
				return err
			}
		}
		switch {
		case good:
			return nil
		case readErr != nil:
			return readErr
		}
	}
}

func (r *reader) hash(at jsonspan.Span, s string, raw []byte, broken bool) error {
	want, err := r.tell.Begin()
	if err != nil || !want {
		return err
	}
	_, uuid, _ := strings.Cut(s, ",")
	var refused *row.Refusal
	switch {
	case broken:
		refused = &row.Refusal{Fault: row.FaultTruncated}
	case !utf8.ValidString(s):
		refused = &row.Refusal{Fault: row.FaultUTF8}
	case !hashLine(s):
		refused = &row.Refusal{Fault: row.FaultForm, Value: row.Clip(s, 80), Detail: "MD5,UUID"}
	}
	if refused != nil {
		return r.tell.Bad(at, refused, raw)
	}
	r.tell.Row(at, raw).Statement = &row.Statement{ID: uuid, Type: "hash", Inactive: true}
	return r.tell.Good()
}

// hashLine says whether a line is of hashes.csv.
func hashLine(s string) bool {
	s = strings.TrimRight(s, "\r\n")
	md5, uuid, ok := strings.Cut(s, ",")
	return ok && len(md5) == 32 && hex(md5) && isUUID(uuid)
}

// isUUID holds the form of RFC 4122.
func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' && hex(strings.ReplaceAll(s, "-", ""))
}

func hex(s string) bool { return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == "" }
