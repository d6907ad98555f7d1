package propose

import (
	"bytes"
	"context"
	"errors"

	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/jsonl"
	"tocsin/internal/watch/intake/row"
)

// A Seen is a record of a sample as it would be read.
type Seen struct {
	Line int
	Row  *row.Row // nil: it is bad
	Bad  *row.Bad
}

var errEnough = errors.New("enough")

// Preview reads the first n records of a sample by a mapping. Errors are those of
// the mapping, and Invalid for what cannot be read at all.
func Preview(ctx context.Context, text []byte, s Sample, mapping string, o csvmap.Options, n int) ([]Seen, error) {
	m, err := mapped(mapping)
	if err != nil {
		return nil, err
	}
	var p row.Parser
	if s.JSON {
		p, err = jsonl.New(m, o)
	} else {
		p, err = csvmap.New(m, o)
	}
	if err != nil {
		return nil, err
	}
	var out []Seen
	_, err = p.Parse(ctx, bytes.NewReader(Cut(text)), 0, func(good *row.Row, bad *row.Bad) error {
		if bad != nil {
			kept := *bad
			out = append(out, Seen{Line: bad.Line, Bad: &kept})
		} else {
			kept := *good
			out = append(out, Seen{Line: good.Line, Row: &kept})
		}
		if len(out) == n {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}
