package csvmap

import (
	"bytes"
	"slices"
	"strings"
)

// Fits says whether a document that begins with head has the columns that the
// mapping reads: all of those that name the thing and the time, by its header. A
// mapping without a header fits no document by its looks.
func (m *Mapping) Fits(head []byte) bool {
	if !m.header || len(m.columns) > 0 {
		return false
	}
	line, _, _ := bytes.Cut(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), []byte("\n"))
	comma := m.comma
	if comma == 0 {
		comma = ','
		for _, c := range []byte{';', '\t', '|'} {
			if bytes.Count(line, []byte{c}) > bytes.Count(line, []byte{comma}) {
				comma = c
			}
		}
	}
	var names []string
	for part := range strings.SplitSeq(string(line), string(rune(comma))) {
		names = append(names, fold(strings.Trim(strings.TrimSpace(part), `"`)))
	}
	asked := 0
	for _, name := range append(things(), "at", "indicator") {
		f, ok := m.fields[name]
		if !ok || f.constant {
			continue
		}
		asked++
		if !slices.ContainsFunc(f.columns, func(c string) bool { return slices.Contains(names, c) }) {
			return false
		}
	}
	return asked > 0
}
