package estate_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/devdata"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/whose"
)

// The reform of 1 July 2025 (Resolution 1685/NQ-UBTVQH15), from the real list:
// each former unit holds a network that nobody transferred. From the day, a
// unit that went whole leads to its successor, a split one to a person.
func TestTheReformOf2025(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	units := table(t, filepath.Join(dir, "geo", "hcmc_units_2025.csv"))
	former := table(t, filepath.Join(dir, "geo", "hcmc_units_2025_03.csv"))

	var bodies, handovers, addresses strings.Builder
	bodies.WriteString("code,name_vi,kind,tier,valid_from,valid_to\n")
	handovers.WriteString("from,to,date,share\n")
	addresses.WriteString("organisation,kind,value\n")
	for _, u := range units {
		fmt.Fprintf(&bodies, "N%s,%s,ward,city,2025-07-01,\n", u["unit_code"], u["unit_name"])
	}
	want := map[string]string{} // by network: the successor's code, or split
	for i, f := range former {
		fmt.Fprintf(&bodies, "F%s,%s %s,ward,city,,2025-06-30\n", f["ward_code"], f["ward_type"], f["ward"])
		network := fmt.Sprintf("198.18.%d.%d/30", i/64, i%64*4)
		fmt.Fprintf(&addresses, "F%s,prefix,%s\n", f["ward_code"], network)
		heirs := strings.Split(f["unit_2025_codes"], "|")
		share := "full"
		if len(heirs) > 1 {
			share = "partial"
		}
		for _, to := range heirs {
			fmt.Fprintf(&handovers, "F%s,N%s,2025-07-01,%s\n", f["ward_code"], to, share)
		}
		want[network] = "split"
		if len(heirs) == 1 {
			want[network] = "N" + heirs[0]
		}
	}
	c := newCity(t, dbtest.SQLite(t, schema()...))
	results := c.give(bodies.String(), handovers.String(), addresses.String())
	if err := estate.Refused(results); err != nil {
		t.Fatal(errs.PlacesOf(err))
	}
	split := 0
	for network, to := range want {
		asset := "ip:" + strings.TrimSuffix(network, "/30")
		if got := c.owner("public", asset, "2025-06-30"); !strings.HasPrefix(got, "prefix "+network+" (organisation F") {
			t.Errorf("%s before: %s", network, got)
		}
		got := c.owner("public", asset, "2025-07-01")
		if to == "split" {
			split++
			if got != whose.Split.String() {
				t.Errorf("%s of a split unit: %s", network, got)
			}
		} else if want := fmt.Sprintf("prefix %s (organisation %s, successor)", network, to); got != want {
			t.Errorf("%s after: %s, want %s", network, got, want)
		}
	}
	t.Logf("%d units of today, %d former, %d of them split", len(units), len(former), split)
	if len(units) != 168 || len(former) < 430 || split < 40 {
		t.Error("that is not the reform")
	}
}

func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}
