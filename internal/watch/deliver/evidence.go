package deliver

import (
	"bytes"
	"context"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/watch/warning"
)

// How much evidence a message carries beside its findings: mail servers take so
// much and no more.
const (
	fileEvidence = 500 // findings with their lines
	fileLines    = 3   // of each
)

// evidenceCSV is the file of a warning: a line for each piece of evidence, with
// its finding. It is UTF-8 with a mark, so that a spreadsheet reads Vietnamese,
// and no cell of it is a formula.
func (r *Room) evidenceCSV(ctx context.Context, findings []warning.Finding) ([]byte, error) {
	lines := map[int64][]EvidenceRow{}
	if r.Evidence != nil && len(findings) > 0 {
		ids := make([]int64, 0, min(len(findings), fileEvidence))
		for _, f := range findings[:cap(ids)] {
			ids = append(ids, f.ID)
		}
		rows, err := r.Evidence.EvidenceOf(ctx, ids, fileLines)
		if err != nil {
			return nil, err
		}
		for _, e := range rows {
			lines[e.Finding] = append(lines[e.Finding], e)
		}
	}
	var b bytes.Buffer
	b.WriteString("\uFEFF")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	cells := func(values ...string) error {
		for i, v := range values {
			values[i] = tame(v)
		}
		return w.Write(values)
	}
	err := cells("finding", "kind", "severity", "asset", "realm", "detail", "probability", "first_seen", "last_seen", "count", "rule", "source", "document", "line", "time", "row")
	if err != nil {
		return nil, err
	}
	for _, f := range findings {
		head := []string{
			"F" + strconv.FormatInt(f.ID, 10), string(f.Kind), f.Severity.String(), f.Asset, f.Realm, f.Discriminator, f.Probability,
			stamp(f.FirstSeen), stamp(f.LastSeen), strconv.FormatInt(f.Count, 10), f.Rule,
		}
		if len(lines[f.ID]) == 0 {
			if err := cells(append(head, "", "", "", "", "")...); err != nil {
				return nil, err
			}
			continue
		}
		for _, e := range lines[f.ID] {
			err := cells(append(slices.Clip(head), e.Source, "S"+strconv.FormatInt(e.Document, 10), strconv.Itoa(e.Line), stamp(e.At), e.text())...)
			if err != nil {
				return nil, err
			}
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// text is the line of evidence in one cell: "port=443; protocol=tcp".
func (e EvidenceRow) text() string {
	if e.Gone != "" {
		return e.Gone
	}
	if len(e.Header) != len(e.Fields) {
		return strings.Join(e.Fields, ",")
	}
	var parts []string
	for i, name := range e.Header {
		if e.Fields[i] != "" {
			parts = append(parts, name+"="+e.Fields[i])
		}
	}
	return strings.Join(parts, "; ")
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// tame takes the power from a cell that a spreadsheet would compute: an
// apostrophe before it makes it text (OWASP, CSV injection).
func tame(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
	if s == "" {
		return s
	}
	if strings.ContainsAny(s[:1], "=+-@\t\r\n") || strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠") {
		return "'" + s
	}
	return s
}
