package estate

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/city/estate/whose"
)

// A Query selects records of one kind. The zero value of a field does not
// restrict; a field that a kind does not have selects nothing there.
type Query struct {
	Search       string // words, with or without tone marks; for addresses and endpoints an IP address too
	Organisation string // a code; a reader who may not see it gets NotFound
	Below        bool   // with those below Organisation
	System       string // a code
	Kind         string
	Realm        string
	Tier         string
	Level        int
	Criticality  string
	Status       string
	Hostname     string
	On           string // ISO date on which the record is valid

	// ByName orders by name instead of by age, for kinds with names.
	ByName bool
	Cursor string // where the last page ended
	Limit  int    // 0 is all
}

// The columns and tables that views are read from; the record itself is r.
const (
	organisationColumns = `r.id, r.code, r.name_vi, r.name_en, r.kind, COALESCE(p.code, '') AS parent, r.tier, r.sector,
		r.valid_from, r.valid_to, r.touched`
	organisationTables = ` FROM organisation r LEFT JOIN organisation p ON p.id = r.parent`

	successionColumns = `r.id, f.code AS predecessor, t.code AS successor, r.date, r.share, r.touched`
	successionTables  = ` FROM succession r JOIN organisation f ON f.id = r.predecessor JOIN organisation t ON t.id = r.successor`

	contactColumns = `r.id, o.code AS organisation, r.name, r.email, r.phone, r.role, r.language, r.rank, r.hours, r.pgp,
		r.smime, r.person, r.touched`
	contactTables = ` FROM contact r JOIN organisation o ON o.id = r.organisation`

	systemColumns = `r.id, r.code, r.name_vi, r.name_en, o.code AS owner, COALESCE(p.code, '') AS operator, r.kind, r.level,
		r.criticality, r.depends_on, r.status, r.touched`
	systemTables = ` FROM system r JOIN organisation o ON o.id = r.owner LEFT JOIN organisation p ON p.id = r.operator`

	addressColumns = `r.id, o.code AS organisation, r.kind, r.value, r.realm, COALESCE(s.code, '') AS system, r.valid_from,
		r.valid_to, r.touched`
	addressTables = ` FROM address r JOIN organisation o ON o.id = r.organisation LEFT JOIN system s ON s.id = r.system`

	endpointColumns = `r.id, o.code AS organisation, r.hostname, r.kind, r.ip, r.realm, r.os, COALESCE(s.code, '') AS system,
		r.touched`
	endpointTables = ` FROM endpoint r JOIN organisation o ON o.id = r.organisation LEFT JOIN system s ON s.id = r.system`

	softwareColumns = `r.id, o.code AS organisation, r.vendor, r.product, r.version, r.cpe, r.purl, r.hostname,
		COALESCE(s.code, '') AS system, r.touched`
	softwareTables = ` FROM software r JOIN organisation o ON o.id = r.organisation LEFT JOIN system s ON s.id = r.system`
)

// selection is a SELECT that grows by conditions.
type selection struct {
	where []string
	args  []any
}

// and adds a condition; each ? in it takes the next value.
func (s *selection) and(condition string, values ...any) {
	for _, v := range values {
		s.args = append(s.args, v)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(s.args)), 1)
	}
	s.where = append(s.where, condition)
}

// same adds a comparison where the value says something.
func same[T comparable](s *selection, column string, value T) {
	var none T
	if value != none {
		s.and(column+" = ?", value)
	}
}

// words adds that the search text holds every word, in any order.
func (s *selection) words(text string) {
	for word := range strings.FieldsSeq(i18n.Fold(text)) {
		s.and(`r.search LIKE ? ESCAPE '\'`, "%"+literal(word)+"%")
	}
}

// validOn adds that a date is within the record's own.
func (s *selection) validOn(date string) {
	if date != "" {
		s.and(`r.valid_from <= ? AND (r.valid_to = '' OR r.valid_to >= ?)`, date, date)
	}
}

// holders adds whose records are wanted: those of the query's organisation,
// within what the reader may see. An organisation that the scope hides is
// NotFound, as it is when somebody asks for it.
func (r *Room) holders(tx *db.Tx, s *selection, q Query, a auth.Actor, columns ...string) error {
	either := func(scope auth.Scope) string {
		var terms []string
		for _, c := range columns {
			terms = append(terms, scope.SQL(c))
		}
		return "(" + strings.Join(terms, " OR ") + ")"
	}
	s.and(either(a.Scope))
	if q.Organisation == "" {
		return nil
	}
	id, err := newBooks(tx).organisationSeen(a, q.Organisation)
	if err != nil {
		return err
	}
	wanted := []int64{id}
	if q.Below {
		wanted = r.Forest().Below(id)
	}
	s.and(either(auth.Only(wanted...)))
	return nil
}

// organisationSeen is the number of an organisation that the reader may see.
func (b *books) organisationSeen(a auth.Actor, code string) (int64, error) {
	id, err := b.id(&b.organisations, code)
	if err == nil && (id == 0 || !a.Scope.Has(id)) {
		err = errs.New(errs.NotFound, "organisation %s: no such code", code)
	}
	return id, err
}

// page is one page of a selection: columns and tables as above, place the id
// and the sort key of a view.
type page[V any] struct {
	columns, tables string
	place           func(*V) (id int64, sort string)
	finish          func(*V)
}

// read returns the page and the cursor of the next one, "" at the end.
func read[V any](tx *db.Tx, p page[V], s selection, q Query) ([]V, string, error) {
	order := "r.id"
	if q.ByName {
		order = "r.sort, r.id"
	}
	if q.Cursor != "" {
		if err := s.after(q); err != nil {
			return nil, "", err
		}
	}
	text := `SELECT ` + p.columns + p.tables
	if len(s.where) > 0 {
		text += ` WHERE ` + strings.Join(s.where, ` AND `)
	}
	text += ` ORDER BY ` + order
	if q.Limit > 0 {
		s.args = append(s.args, q.Limit+1)
		text += ` LIMIT $` + strconv.Itoa(len(s.args))
	}
	found := []V{}
	if err := tx.Select(&found, text, s.args...); err != nil {
		return nil, "", err
	}
	next := ""
	if q.Limit > 0 && len(found) > q.Limit {
		found = found[:q.Limit]
		id, sort := p.place(&found[q.Limit-1])
		next = cursor(q, id, sort)
	}
	for i := range found {
		p.finish(&found[i])
	}
	return found, next, nil
}

func cursor(q Query, id int64, sort string) string {
	if !q.ByName {
		return number10(id)
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s\t%d", sort, id))
}

func (s *selection) after(q Query) error {
	wrong := func() error { return errs.New(errs.Invalid, "cursor %q: no cursor of this list", q.Cursor) }
	text, sort := q.Cursor, ""
	if q.ByName {
		raw, err := base64.RawURLEncoding.DecodeString(q.Cursor)
		if err != nil {
			return wrong()
		}
		var ok bool
		if sort, text, ok = strings.Cut(string(raw), "\t"); !ok {
			return wrong()
		}
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return wrong()
	}
	if q.ByName {
		s.and(`(r.sort, r.id) > (?, ?)`, sort, id)
	} else {
		s.and(`r.id > ?`, id)
	}
	return nil
}

// searched is the address that somebody searches for, and false for a text
// that is none.
func searched(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.TrimSpace(text))
	return ip.Unmap().WithZone(""), err == nil
}

// in adds that a column has one of the values.
func (s *selection) in(column string, values []any) {
	s.and(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
}

// hostname adds that the record is of a host, however its name is written.
func (s *selection) hostname(name string) {
	if name != "" {
		normal, _ := whose.NormalHost(name)
		s.and(`r.sort = ?`, normal)
	}
}

// literal is a text that LIKE … ESCAPE '\' takes as it is.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}
