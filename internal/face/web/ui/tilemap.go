package ui

import (
	"cmp"
	"slices"
)

// Tile is one unit on the tile map. Longitude and Latitude place it; where all
// are zero the tiles stay in the order given.
type Tile struct {
	Name, Href          string
	Longitude, Latitude float64
	Tone                Tone
	Word                string // the state in words: "2 vấn đề nghiêm trọng chưa xác nhận"
	Legend              string // the state's name in the legend: "Nghiêm trọng"
	Count               int    // drawn on the tile when above 0
}

// TileMap shows all units at once, each tile a link, in rows of twelve.
type TileMap struct {
	Title string // the finding
	Lead  string // what a tile is and what its number counts
	Tiles []Tile
}

// across is the number of tiles in a row: twelve fit a telephone with tiles
// that a finger can hit, and 168 units make fourteen full rows.
const across = 12

// laid puts the tiles where a reader of the city's map would look for them:
// bands of equal number from north to south, each from west to east. Sizes of
// units are given up, neighbours mostly stay neighbours, nothing is hidden
// behind anything.
func (m TileMap) laid() []Tile {
	tiles := slices.Clone(m.Tiles)
	placed := slices.ContainsFunc(tiles, func(t Tile) bool { return t.Latitude != 0 || t.Longitude != 0 })
	if !placed {
		return tiles
	}
	slices.SortStableFunc(tiles, func(a, b Tile) int { return cmp.Compare(b.Latitude, a.Latitude) })
	for band := range slices.Chunk(tiles, across) {
		slices.SortStableFunc(band, func(a, b Tile) int { return cmp.Compare(a.Longitude, b.Longitude) })
	}
	return tiles
}

// entry is a line of the legend: a tone, its word and how many tiles have it.
type entry struct {
	tone  Tone
	word  string
	count int
}

// legend lists the tones that occur, the worst first.
func (m TileMap) legend() []entry {
	var all []entry
	for _, t := range m.Tiles {
		i := slices.IndexFunc(all, func(e entry) bool { return e.tone == t.Tone && e.word == t.Legend })
		if i < 0 {
			all = append(all, entry{t.Tone, t.Legend, 1})
			continue
		}
		all[i].count++
	}
	order := []Tone{
		ToneCritical, ToneLate, ToneHigh, ToneMedium, ToneLow, ToneInfo, ToneActive, ToneUnknown, ToneGood, TonePlain,
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Compare(slices.Index(order, a.tone), slices.Index(order, b.tone))
	})
	return all
}

func (t Tile) class() string {
	class := "tile tone-" + string(t.Tone)
	if t.Tone == ToneCritical {
		class += " filled"
	}
	if t.Tone == ToneUnknown {
		class += " hatched"
	}
	return class
}

// worst orders the table beside the map: what needs a look comes first.
func (m TileMap) worst() []Tile {
	legend := m.legend()
	rank := func(t Tile) int {
		return slices.IndexFunc(legend, func(e entry) bool { return e.tone == t.Tone && e.word == t.Legend })
	}
	tiles := slices.Clone(m.Tiles)
	slices.SortStableFunc(tiles, func(a, b Tile) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Count, a.Count))
	})
	return tiles
}
