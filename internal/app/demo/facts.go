package demo

import (
	_ "embed"
	"strings"
)

//go:embed former.tsv
var formerTable string

//go:embed reports.tsv
var reportTable string

// A formerUnit is a ward, commune or district that ended on 30 June 2025.
type formerUnit struct {
	code, name, kind string
	above            string // the district's code; for a district its province's
	heirs            []heir
}

type heir struct {
	code  string // of the present unit
	share string // full or partial
}

func formerUnits() []formerUnit {
	var units []formerUnit
	for _, f := range table(formerTable) {
		u := formerUnit{code: f[0], name: f[1], kind: f[2], above: f[3]}
		for h := range strings.SplitSeq(f[4], ",") {
			if code, share, ok := strings.Cut(h, ":"); ok {
				u.heirs = append(u.heirs, heir{code, share})
			}
		}
		units = append(units, u)
	}
	return units
}

func reportColumns() map[string][]string {
	columns := map[string][]string{}
	for _, f := range table(reportTable) {
		columns[f[0]] = strings.Fields(f[1])
	}
	return columns
}

// table gives the lines of a table without its remarks and its header.
func table(text string) [][]string {
	var rows [][]string
	header := true
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if !header {
			rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
		}
		header = false
	}
	return rows
}

// formerCode keeps the codes of former units apart from those of the present
// ones: the same number may stand for both (cũ: former).
func formerCode(code string) string { return "cu-" + code }
