package web

import (
	"net/http"
	"slices"

	"tocsin/internal/base/auth"
	"tocsin/internal/city/estate/tiles"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake/row"
)

// cityMap shows all units at once, each coloured by its worst live finding, that
// of bodies below it included.
func (s *Site) cityMap(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.map")
	loads, err := s.loads(r)
	if err != nil {
		return err
	}
	holders, err := s.Estate.Holders(r.Context(), who(r))
	if err != nil {
		return err
	}
	var (
		all     []ui.Tile
		heavy   int
		scope   = who(r).Scope
		today   = s.Estate.Today()
		forest  = s.Estate.Forest()
		counts  = may(r, auth.FindingView)
		english = p.Lang() == "en"
	)
	for _, place := range tiles.Tiles() {
		id, err := s.Estate.ByCode(place.Code)
		if err != nil || !scope.Has(id) || !forest.ValidOn(id, today) {
			continue
		}
		var sum load
		for _, below := range s.Estate.Below(id) {
			if l := loads[below]; l.n > 0 {
				sum = sum.with(l.n, l.worst)
			}
		}
		tile := ui.Tile{Name: place.NameVI, Href: s.orgHref(p, id), Longitude: place.Lon, Latitude: place.Lat, Tone: ui.ToneGood, Legend: p.T("work.map.none"), Count: int(sum.n)}
		if english && place.NameEN != "" {
			tile.Name = place.NameEN
		}
		switch {
		case !counts:
			tile.Tone, tile.Legend = ui.ToneUnknown, p.T("ui.unknown")
		case sum.n > 0:
			tile.Tone, tile.Legend = ui.Tone(sum.worst.String()), p.T("ui.severity."+sum.worst.String())
			if sum.worst >= row.High {
				heavy++
			}
		case !holdsAny(holders, s.Estate.Below(id)):
			tile.Tone, tile.Legend = ui.ToneUnknown, p.T("work.map.unobserved")
		}
		tile.Word = tile.Legend
		if sum.n > 0 {
			tile.Word = p.N("work.map.word", int(sum.n), "severity", tile.Legend)
		}
		all = append(all, tile)
	}
	t := top{Heading: ui.Heading{Lead: p.T("work.map.lead")}}
	if len(all) == 0 {
		return s.lay(w, r, p, t, ui.Empty(p, ui.Nothing{Title: p.T("work.map.empty"), Why: p.T("work.map.empty_why"), Acts: s.organisationActs(p, r)}))
	}
	return s.lay(w, r, p, t, ui.Tiles(p, ui.TileMap{
		Title: p.N("work.map.title", heavy, "total", len(all)), Lead: p.T("work.map.tile"), Tiles: all,
	}))
}

// holdsAny says whether one of the bodies is among the holders, which ascend.
func holdsAny(holders, bodies []int64) bool {
	return slices.ContainsFunc(bodies, func(id int64) bool {
		_, found := slices.BinarySearch(holders, id)
		return found
	})
}
