// Package tiles places the 168 wards, communes and the special zone of Ho Chi
// Minh City on a map of equal tiles, so that a page can show all of them at
// once, the crowded middle as large as the wide forests. It is facts, no code
// of the estate: another city brings its own table.
package tiles

import (
	_ "embed"
	"strconv"
	"strings"
)

//go:embed units.tsv
var units string

// A Tile is one unit on the map. Columns count from the west, rows from the
// north, both from 0; no two tiles share a place.
type Tile struct {
	Code     string // of the General Statistics Office, as in organisations.code
	NameVI   string
	NameEN   string
	Kind     string  // ward, commune or special_zone
	Lon, Lat float64 // degrees, centre of the unit's bounding box
	Col, Row int
	Inset    bool // drawn apart: Côn Đảo lies 200 km off the coast
}

// Tiles gives all 168, in the order of their codes.
func Tiles() []Tile {
	var tiles []Tile
	for line := range strings.Lines(units) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "code\t") {
			continue
		}
		tiles = append(tiles, parse(strings.Split(line, "\t")))
	}
	return tiles
}

// Size is the number of columns and rows that hold all tiles.
func Size(tiles []Tile) (cols, rows int) {
	for _, t := range tiles {
		cols, rows = max(cols, t.Col+1), max(rows, t.Row+1)
	}
	return cols, rows
}

func parse(f []string) Tile {
	return Tile{
		Code: f[0], NameVI: f[1], NameEN: f[2], Kind: f[3],
		Lon: degrees(f[4]), Lat: degrees(f[5]), Col: place(f[6]), Row: place(f[7]),
		Inset: f[3] == "special_zone",
	}
}

func degrees(s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("tiles: the table is sound: " + err.Error())
	}
	return x
}

func place(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("tiles: the table is sound: " + err.Error())
	}
	return n
}
