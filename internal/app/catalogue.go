package app

import (
	"embed"
	"io/fs"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/city/regime"
	"tocsin/internal/face/web"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match/product"
	"tocsin/internal/watch/match/vector"
	versions "tocsin/internal/watch/match/version"
	"tocsin/internal/watch/warning"
)

//go:embed texts
var texts embed.FS

// catalogue is every word that Tocsin says, in every language it speaks.
func catalogue(zone *time.Location) (*i18n.Bundle, error) {
	b := i18n.New()
	b.SetZone(zone)
	for _, texts := range []fs.FS{
		auth.Texts, tlp.Texts, regime.Texts, estate.Texts(), sheet.Texts(), duty.Texts,
		row.Texts, intake.Texts, collect.Texts, versions.Texts, product.Texts, vector.Texts, finding.Texts, warning.Texts, bulletin.Texts, deliver.Texts,
		ui.Texts(), web.Texts(), texts,
	} {
		if err := b.Add(texts); err != nil {
			return nil, errs.New(errs.Internal, "read the catalogues: %w", err)
		}
	}
	return b, b.Check()
}
