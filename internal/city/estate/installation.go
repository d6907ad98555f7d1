package estate

import (
	"fmt"

	"tocsin/internal/base/db"
)

// An Installation is a line of software with what the danger of a weakness in it
// depends on.
type Installation struct {
	ID           int64  `db:"id"`
	Organisation int64  `db:"organisation"`
	Code         string `db:"code"`
	Vendor       string `db:"vendor"`
	Product      string `db:"product"`
	Version      string `db:"version"`
	CPE          string `db:"cpe"`
	PURL         string `db:"purl"`
	Hostname     string `db:"hostname"`
	System       int64  `db:"system"`
	Criticality  string `db:"criticality"` // of the system, "" where there is none
	Realm        string `db:"realm"`       // of the endpoint, "" where there is none
}

// Public says whether the machine is known to stand in the open: an address of
// its own in the public realm.
func (i Installation) Public() bool { return i.Realm == "public" }

const installations = `SELECT r.id, r.organisation, o.code, r.vendor, r.product, r.version, r.cpe, r.purl, r.hostname, r.system,
	COALESCE(s.criticality, '') AS criticality, COALESCE((SELECT MAX(e.realm) FROM endpoint e
		WHERE r.sort <> '' AND e.sort = r.sort AND e.organisation = r.organisation AND e.ip <> ''), '') AS realm
	FROM software r JOIN organisation o ON o.id = r.organisation LEFT JOIN system s ON s.id = r.system`

// Installations are all lines of software of the bodies that exist today, whoever
// asks: for stages.
func (r *Room) Installations(tx *db.Tx) (out []Installation, err error) {
	err = tx.Select(&out, installations+` WHERE o.valid_to = '' OR o.valid_to >= $1 ORDER BY r.id`, r.Today())
	return out, err
}

// InstallationsAt names a state of Installations: as long as it is the same, they
// are.
func (r *Room) InstallationsAt(tx *db.Tx) (string, error) {
	var at struct {
		Touched int64 `db:"touched"`
		N       int64 `db:"n"`
	}
	err := tx.Get(&at, `SELECT COALESCE(MAX(touched), 0) AS touched, COUNT(*) AS n FROM software`)
	return fmt.Sprintf("%s %d %d", r.Today(), at.Touched, at.N), err
}
