package tiles_test

import (
	"math"
	"testing"

	"tocsin/internal/city/estate/tiles"
)

func TestTheTableHoldsAllUnitsOfTheCityOnce(t *testing.T) {
	kinds := map[string]int{}
	codes := map[string]bool{}
	places := map[[2]int]string{}
	for _, u := range tiles.Tiles() {
		kinds[u.Kind]++
		if codes[u.Code] {
			t.Errorf("%s stands twice", u.Code)
		}
		codes[u.Code] = true
		if other, taken := places[[2]int{u.Col, u.Row}]; taken {
			t.Errorf("%s and %s share a tile", u.NameVI, other)
		}
		places[[2]int{u.Col, u.Row}] = u.NameVI
		if u.Inset != (u.NameVI == "Đặc khu Côn Đảo") {
			t.Errorf("%s, inset %v", u.NameVI, u.Inset)
		}
	}
	// Resolution 1685/NQ-UBTVQH15, article 1: 113 wards, 54 communes, 1 special zone.
	if len(codes) != 168 || kinds["ward"] != 113 || kinds["commune"] != 54 || kinds["special_zone"] != 1 {
		t.Error(len(codes), kinds)
	}
}

func TestTheMapLooksLikeTheCity(t *testing.T) {
	units := tiles.Tiles()
	var near, pairs, turned, far float64
	for i, a := range units {
		for _, b := range units[:i] {
			if a.Inset || b.Inset {
				continue
			}
			east, north := (b.Lon-a.Lon)*109.3, (b.Lat-a.Lat)*110.6 // km at 10.8° north
			right, up := float64(b.Col-a.Col), float64(a.Row-b.Row)
			km, steps := math.Hypot(east, north), math.Hypot(right, up)
			if neighbours(units, a, b) {
				pairs++
				near += steps
				if steps > 3.2 {
					t.Errorf("%s and %s are neighbours, %.1f tiles apart", a.NameVI, b.NameVI, steps)
				}
			}
			if km > 20 {
				far++
				if east*right+north*up < 0.7*km*steps { // More than 45° off.
					turned++
				}
			}
		}
	}
	if near/pairs > 1.35 {
		t.Errorf("neighbours are %.2f tiles apart on average", near/pairs)
	}
	if turned/far > 0.05 {
		t.Errorf("%.1f %% of far pairs lie in another direction", 100*turned/far)
	}
}

// neighbours tells whether no third unit lies in the circle between two
// (Gabriel graph).
func neighbours(units []tiles.Tile, a, b tiles.Tile) bool {
	square := func(p, q tiles.Tile) float64 {
		x, y := (p.Lon-q.Lon)*109.3, (p.Lat-q.Lat)*110.6
		return x*x + y*y
	}
	for _, c := range units {
		if c.Code != a.Code && c.Code != b.Code && square(a, c)+square(b, c) < square(a, b) {
			return false
		}
	}
	return true
}

func TestTheInsetStandsApart(t *testing.T) {
	units := tiles.Tiles()
	cols, rows := tiles.Size(units)
	if cols != 16 || rows != 17 {
		t.Errorf("%d × %d", cols, rows)
	}
	for _, a := range units {
		for _, b := range units {
			if a.Inset && !b.Inset && max(math.Abs(float64(a.Col-b.Col)), math.Abs(float64(a.Row-b.Row))) < 2 {
				t.Errorf("%s touches %s", a.NameVI, b.NameVI)
			}
		}
	}
}
