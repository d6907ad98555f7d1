// Package cvss computes the base scores of CVSS vectors of every version. The
// formulas are a library's. It is pure.
package cvss

import (
	"strings"

	cvss2 "github.com/pandatix/go-cvss/20"
	cvss30 "github.com/pandatix/go-cvss/30"
	cvss31 "github.com/pandatix/go-cvss/31"
	cvss4 "github.com/pandatix/go-cvss/40"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// A Score is what a CVSS vector says.
type Score struct {
	Version string  // 2.0, 3.0, 3.1, 4.0
	Vector  string  // in its canonical order, as its version writes it
	Base    float64 // 0–10
	Rating  row.Severity
}

// maxLength is the longest text that is read as a vector.
const maxLength = 512

// Read computes the base score of a vector of any version of CVSS. Threat,
// temporal and environmental metrics may stand in it and do not count. A text
// that is no vector is errs.Invalid.
func Read(vector string) (Score, error) {
	s := strings.Trim(strings.TrimSpace(vector), "()")
	if len(s) > maxLength {
		return Score{}, errs.New(errs.TooLarge, "a CVSS vector is longer than %d bytes", maxLength)
	}
	score, err := read(s)
	if err != nil {
		return Score{}, errs.New(errs.Invalid, "read CVSS vector %q: %w", vector, err)
	}
	score.Rating = Rate(score.Version, score.Base)
	return score, nil
}

func read(s string) (Score, error) {
	switch {
	case strings.HasPrefix(s, "CVSS:4.0/"):
		v, err := cvss4.ParseVector(baseOf4(s))
		if err != nil {
			return Score{}, err
		}
		if _, err := cvss4.ParseVector(s); err != nil { // the metrics that were left out are to be right too
			return Score{}, err
		}
		return Score{Version: "4.0", Vector: v.Vector(), Base: v.Score()}, nil
	case strings.HasPrefix(s, "CVSS:3.1/"):
		v, err := cvss31.ParseVector(s)
		if err != nil {
			return Score{}, err
		}
		return Score{Version: "3.1", Vector: v.Vector(), Base: v.BaseScore()}, nil
	case strings.HasPrefix(s, "CVSS:3.0/"):
		v, err := cvss30.ParseVector(s)
		if err != nil {
			return Score{}, err
		}
		return Score{Version: "3.0", Vector: v.Vector(), Base: v.BaseScore()}, nil
	}
	v, err := cvss2.ParseVector(strings.TrimPrefix(s, "CVSS:2.0/"))
	if err != nil {
		return Score{}, err
	}
	return Score{Version: "2.0", Vector: v.Vector(), Base: v.BaseScore()}, nil
}

// baseOf4 keeps the eleven base metrics of CVSS 4.0 (§2): the library scores all
// that is there.
func baseOf4(s string) string {
	kept := []string{"CVSS:4.0"}
	for _, metric := range strings.Split(s, "/")[1:] {
		switch name, _, _ := strings.Cut(metric, ":"); name {
		case "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA":
			kept = append(kept, metric)
		}
	}
	return strings.Join(kept, "/")
}

// Rate is the qualitative rating of a score: CVSS 3.1 §5 and 4.0 §6; for 2.0,
// which has none, the NVD's. A score of 0 is Info.
func Rate(version string, base float64) row.Severity {
	switch {
	case base <= 0:
		return row.Info
	case base < 4:
		return row.Low
	case base < 7:
		return row.Medium
	case base < 9 || version == "2.0":
		return row.High
	}
	return row.Critical
}
