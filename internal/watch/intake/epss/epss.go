// Package epss reads the scores of the Exploit Prediction Scoring System as FIRST
// publishes them daily (https://www.first.org/epss/data_stats): a CSV file of
// cve, epss, percentile below a comment that names the model and the date of its
// run. Every line is the advisory of one CVE.
package epss

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/csvrows"
	"tocsin/internal/watch/intake/row"
)

// Looks says whether head, the first bytes of a document, are of this format.
func Looks(head []byte) bool {
	head = head[row.BOM(head):]
	for len(head) > 0 && head[0] == '#' {
		_, head, _ = bytes.Cut(head, []byte("\n"))
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.HasPrefix(line, []byte("cve,epss,percentile"))
}

// A Parser reads one day's scores; see row.Parser.
type Parser struct{}

// Parse reads a document; see row.Parser. The time of a row is the model's run.
func (Parser) Parse(ctx context.Context, in io.Reader, skip int64, yield row.Yield) (row.Summary, error) {
	var model, date string
	var at time.Time
	o := csvrows.Options{
		Need:    []string{"cve", "epss"},
		Comment: '#',
		Preface: func(line string) {
			for part := range strings.SplitSeq(line, ",") {
				switch name, value, _ := strings.Cut(part, ":"); strings.TrimSpace(name) {
				case "model_version":
					model = strings.TrimSpace(value)
				case "score_date":
					if t, err := row.Instant([]byte(value), nil); err == nil {
						at, date = t, t.Format(time.DateOnly)
					}
				}
			}
		},
	}
	o.Read = func(rec *csvrows.Record, out *row.Row) *row.Refusal {
		id := rec.Get("cve")
		cve, ok := advisory.CanonicalCVE(id)
		if !ok {
			return &row.Refusal{Fault: row.FaultCVE, Field: "cve", Value: id}
		}
		score, refused := share(rec, "epss")
		if refused != nil {
			return refused
		}
		percentile := 0.0
		if len(rec.Bytes("percentile")) > 0 {
			if percentile, refused = share(rec, "percentile"); refused != nil {
				return refused
			}
		}
		out.At = at
		// One block for what every row needs: a day has 300,000 of them.
		all := &struct {
			advisory.Advisory
			advisory.EPSS
			row.Statement
			cves [1]string
		}{}
		all.cves[0] = cve
		all.EPSS = advisory.EPSS{Score: score, Percentile: percentile, Date: date}
		all.Advisory = advisory.Advisory{ID: cve, Revision: model, CVEs: all.cves[:], Modified: at}
		all.Advisory.EPSS = &all.EPSS
		all.Statement = row.Statement{ID: cve, Version: at, Type: "epss"}
		out.Advisory, out.Statement = &all.Advisory, &all.Statement
		return nil
	}
	return csvrows.Parse(ctx, in, skip, o, yield)
}

// share reads a number from 0 to 1.
func share(rec *csvrows.Record, column string) (float64, *row.Refusal) {
	text := rec.Get(column)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 1) {
		return 0, &row.Refusal{Fault: row.FaultNumber, Field: column, Value: text, Detail: "0 to 1"}
	}
	return f, nil
}
