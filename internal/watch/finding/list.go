package finding

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/row"
)

// A Filter selects findings. The zero value of a field does not restrict.
type Filter struct {
	Organisation string // a code; those below it are included
	Unowned      bool   // only those of nobody
	Kinds        []row.Kind
	Severities   []row.Severity
	States       []State
	Live         bool   // only those that still ask for something
	Text         string // anywhere in asset or discriminator: looks at every finding
	Find         string // what a person types into the search box: only what an index finds
	Source       int64
	Document     int64
	Warning      int64
	Since        time.Time // last seen at or after
	// Order is oldest first (""), "newest", "worst" (severity, then newest) or
	// "mildest", its reverse.
	Order  string
	Cursor string // where the last page ended
	Limit  int    // 0 is all
}

// A Page is a part of a list. Next is the cursor of the next one, "" at the end.
type Page struct {
	Items []Finding
	Next  string
}

// List is the findings that the reader may view and the filter selects.
func (r *Room) List(ctx context.Context, who auth.Actor, f Filter) (page Page, err error) {
	if err := auth.May(who, auth.FindingView); err != nil {
		return page, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		page, err = r.list(tx, who, f)
		return err
	})
	return page, err
}

func (r *Room) list(tx *db.Tx, who auth.Actor, f Filter) (page Page, err error) {
	where, args, err := r.where(who, f)
	if err != nil {
		return page, err
	}
	if f.Find != "" {
		ids, err := r.found(tx, who, f.Find)
		if err != nil || len(ids) == 0 {
			return page, err
		}
		words := make([]string, len(ids))
		for i, id := range ids {
			words[i] = strconv.FormatInt(id, 10)
		}
		where = append(where, "id IN ("+strings.Join(words, ",")+")")
	}
	by := "id"
	after := strings.Split(f.Cursor, ".")
	numbers := make([]int64, len(after))
	for i, part := range after {
		if f.Cursor == "" {
			break
		}
		if numbers[i], err = strconv.ParseInt(part, 10, 64); err != nil {
			return page, errs.New(errs.Invalid, "list findings: cursor %q is not one", f.Cursor)
		}
	}
	switch f.Order {
	case "":
		if f.Cursor != "" {
			where = append(where, fmt.Sprintf("id > %d", numbers[0]))
		}
	case "newest":
		by = "id DESC"
		if f.Cursor != "" {
			where = append(where, fmt.Sprintf("id < %d", numbers[0]))
		}
	case "worst", "mildest":
		order, beyond := "severity DESC, id DESC", "<"
		if f.Order == "mildest" {
			order, beyond = "severity, id", ">"
		}
		by = order
		if f.Cursor != "" {
			if len(numbers) != 2 {
				return page, errs.New(errs.Invalid, "list findings: cursor %q is not one", f.Cursor)
			}
			where = append(where, fmt.Sprintf("(severity %s %d OR (severity = %d AND id %s %d))", beyond, numbers[0], numbers[0], beyond, numbers[1]))
		}
	default:
		return page, errs.New(errs.Invalid, "list findings: order %q: want newest, worst or mildest", f.Order)
	}
	condition := strings.Join(where, " AND ") + " ORDER BY " + by
	if f.Limit > 0 {
		condition += " LIMIT " + strconv.Itoa(f.Limit+1)
	}
	if page.Items, err = query(tx, condition, args...); err != nil {
		return page, err
	}
	if f.Limit > 0 && len(page.Items) > f.Limit {
		page.Items = page.Items[:f.Limit]
		last := page.Items[f.Limit-1]
		page.Next = strconv.FormatInt(int64(last.ID), 10)
		if f.Order == "worst" || f.Order == "mildest" {
			page.Next = strconv.Itoa(int(last.Severity)) + "." + page.Next
		}
	}
	return page, nil
}

// where is the filter as conditions, the reader's scope first.
func (r *Room) where(who auth.Actor, f Filter) (where []string, args []any, err error) {
	where = []string{readable(who)}
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	if f.Organisation != "" {
		id, err := r.Estate.ByCode(f.Organisation)
		if err != nil || !who.Scope.Has(id) {
			return nil, nil, errs.New(errs.NotFound, "organisation %q: no such organisation", f.Organisation)
		}
		where = append(where, auth.Only(r.Estate.Below(id)...).SQL("organisation"))
	}
	if f.Unowned {
		where = append(where, "organisation = 0")
	}
	if len(f.Kinds) > 0 {
		var words []string
		for _, k := range f.Kinds {
			words = append(words, arg(string(k)))
		}
		where = append(where, "kind IN ("+strings.Join(words, ",")+")")
	}
	if len(f.Severities) > 0 {
		var words []string
		for _, s := range f.Severities {
			words = append(words, strconv.Itoa(int(s)))
		}
		where = append(where, "severity IN ("+strings.Join(words, ",")+")")
	}
	if len(f.States) > 0 {
		var words []string
		for _, s := range f.States {
			words = append(words, arg(string(s)))
		}
		// Saying that they are live where all of them are lets the index be used.
		f.Live = !slices.ContainsFunc(f.States, func(s State) bool { return !s.Live() })
		where = append(where, "state IN ("+strings.Join(words, ",")+")")
	}
	if f.Live {
		where = append(where, "live = 1")
	}
	if f.Source != 0 {
		where = append(where, "sources LIKE "+arg("%,"+strconv.FormatInt(f.Source, 10)+",%"))
	}
	if f.Document != 0 {
		where = append(where, "id IN (SELECT finding FROM evidence WHERE document = "+arg(f.Document)+")")
	}
	if f.Warning != 0 {
		where = append(where, "warning > 0 AND warning = "+arg(f.Warning))
	}
	if !f.Since.IsZero() {
		where = append(where, "last_seen >= "+arg(db.Micros(f.Since)))
	}
	if text := strings.ToLower(strings.TrimSpace(f.Text)); text != "" {
		// An id or a whole asset is found by its index; what is left is a search
		// through the texts.
		if id, err := ParseID(strings.ToUpper(text)); err == nil {
			where = append(where, "id = "+arg(int64(id)))
		} else {
			like := arg("%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%")
			where = append(where, `(asset LIKE `+like+` ESCAPE '\' OR discriminator LIKE `+like+` ESCAPE '\')`)
		}
	}
	return where, args, nil
}

// Get is one finding. What the scope hides is NotFound.
func (r *Room) Get(ctx context.Context, who auth.Actor, id ID) (f Finding, err error) {
	if err := auth.May(who, auth.FindingView); err != nil {
		return f, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		f, err = r.visible(tx, who, id)
		return err
	})
	return f, err
}

// A Number counts findings.
type Number struct {
	Organisation int64        `db:"organisation"`
	Kind         row.Kind     `db:"kind"`
	Severity     row.Severity `db:"-"`
	SeverityNo   int          `db:"severity"`
	State        State        `db:"state"`
	N            int64        `db:"n"`
}

// Numbers counts the findings that the reader may view, by what GroupBy names:
// any of organisation, kind, severity, state.
func (r *Room) Numbers(ctx context.Context, who auth.Actor, organisation string, groupBy ...string) (out []Number, err error) {
	if err := auth.May(who, auth.FindingView); err != nil {
		return nil, err
	}
	where := readable(who)
	if organisation != "" {
		id, err := r.Estate.ByCode(organisation)
		if err != nil || !who.Scope.Has(id) {
			return nil, errs.New(errs.NotFound, "organisation %q: no such organisation", organisation)
		}
		where += " AND " + auth.Only(r.Estate.Below(id)...).SQL("organisation")
	}
	var columns []string
	for _, g := range groupBy {
		switch g {
		case "organisation", "kind", "severity", "state":
			columns = append(columns, g)
		default:
			return nil, errs.New(errs.Usage, "count findings by %q: want organisation, kind, severity or state", g)
		}
	}
	list := strings.Join(columns, ", ")
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Select(&out, `SELECT `+list+`, SUM(n) AS n FROM finding_tally WHERE `+where+` GROUP BY `+list+` HAVING SUM(n) > 0 ORDER BY `+list)
	})
	for i := range out {
		out[i].Severity = row.Severity(out[i].SeverityNo)
	}
	return out, err
}
