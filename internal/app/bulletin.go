package app

import (
	"strings"

	"tocsin/internal/watch/bulletin"
)

// A Centre is how the centre names itself to everybody. Empty fields take what
// room bulletin has.
type Centre struct {
	Name    string
	Contact string // mailto: or https: address
}

// wireBulletin makes the room of the centre's own advisories.
func (a *App) wireBulletin() {
	a.bulletin = bulletin.New(bulletin.Deps{
		DB: a.db, Journal: a.journal, Clock: a.clock, Texts: a.bundle, Intel: a.intel, Findings: a.finding, Warnings: a.warning, Estate: a.estate,
		Settings: bulletin.Settings{
			Name: a.Centre.Name, Contact: a.Centre.Contact, PublicURL: func() string { return strings.TrimRight(a.link(""), "/") },
		},
	})
}
