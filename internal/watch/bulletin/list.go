package bulletin

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// A Query selects bulletins. The zero value of a field does not restrict.
type Query struct {
	States []State
	Text   string // in number, titles or CVEs
	After  ID     // only greater ids, for paging oldest first
	Before ID     // only smaller ids, for paging newest first
	Newest bool
	Limit  int
}

// List are the bulletins that the reader may view, oldest first unless q says
// otherwise. Whose scope is not the whole city sees those that came to an
// organisation of it, or that are public, as they went out.
func (r *Room) List(ctx context.Context, a auth.Actor, q Query) (out []Bulletin, err error) {
	if err := auth.May(a, auth.BulletinView); err != nil {
		return nil, err
	}
	where, args := []string{visible(a)}, []any{}
	arg := func(condition string, v any) {
		args = append(args, v)
		where = append(where, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	if len(q.States) > 0 && a.Scope.IsAll() {
		var in []string
		for _, s := range q.States {
			args = append(args, string(s))
			in = append(in, "$"+strconv.Itoa(len(args)))
		}
		where = append(where, "state IN ("+strings.Join(in, ", ")+")")
	}
	if q.After > 0 {
		arg("id > ?", int64(q.After))
	}
	if q.Before > 0 {
		arg("id < ?", int64(q.Before))
	}
	order := " ORDER BY id"
	if q.Newest {
		order += " DESC"
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []stored
		if err := tx.Select(&rows, `SELECT `+columns+` FROM bulletin WHERE `+strings.Join(where, " AND ")+order, args...); err != nil {
			return err
		}
		for _, s := range rows {
			if q.Limit > 0 && len(out) == q.Limit {
				break
			}
			b, err := s.bulletin()
			if err != nil {
				return err
			}
			if !a.Scope.IsAll() {
				if err := b.asIssued(tx); err != nil {
					return err
				}
			}
			if b.holds(q.Text) && (len(q.States) == 0 || slices.Contains(q.States, b.State)) {
				out = append(out, b)
			}
		}
		return nil
	})
	return out, err
}

// holds says whether a text is in what a bulletin is known by.
func (b *Bulletin) holds(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	known := strings.ToLower(strings.Join(append([]string{b.Number, b.Content.VI.Title, b.Content.EN.Title}, b.Content.CVEs...), "\n"))
	return strings.Contains(known, text)
}

// visible is the condition on bulletins that a reader's scope shows.
func visible(a auth.Actor) string {
	if a.Scope.IsAll() {
		return "1 = 1"
	}
	return `standing > 0 AND (open_to_all = 1 OR EXISTS (SELECT 1 FROM bulletin_recipient r WHERE r.bulletin = bulletin.id AND r.revision = bulletin.standing
		AND r.shown = 1 AND ` + a.Scope.SQL("r.organisation") + `))`
}

// asIssued makes of a bulletin what a reader outside the centre sees: the
// revision that is out, and nothing of what is being written, nor of who wrote it.
func (b *Bulletin) asIssued(tx *db.Tx) error {
	out, err := issue(tx, b.ID, b.Standing)
	if err != nil {
		return err
	}
	if b.State != Withdrawn {
		b.State, b.Reason = Published, ""
	} else {
		out.Content = out.Content.withdrawn()
	}
	b.Content, b.Revision, b.Authors, b.By, b.CreatedBy = out.Content, out.Revision, []string{}, By{}, ""
	b.Content.From, b.Content.Audience = []string{}, Audience{Public: b.Public}
	b.Version, b.Created, b.Changed, b.Submitted = 0, b.First, b.Published, b.First
	return nil
}

// withdrawn is what is left to say of a text that was taken back: by what name it
// was known.
func (c Content) withdrawn() Content {
	return Content{
		TLP: c.TLP, Severity: c.Severity, VI: Wording{Title: c.VI.Title}, EN: Wording{Title: c.EN.Title},
		Products: []Product{}, CVEs: []string{}, References: []string{}, From: []string{},
	}
}

// A Got is an organisation that got a revision.
type Got struct {
	Revision     int64
	Organisation int64
	Why          Why
	Relation     string
	Shown        bool  // its officers may read it
	Told         int64 // addressees
}

// A Shown is a bulletin with all around it, as far as the reader may see it.
type Shown struct {
	Bulletin
	Issues  []Issue
	Got     []Got           // those who got the standing revision
	History []journal.Entry // oldest first; of those alone who see all
	Lacks   []errs.Place    // of a draft: what keeps it from being submitted
}

// Get is one bulletin, by id or number. What the scope hides is NotFound.
func (r *Room) Get(ctx context.Context, a auth.Actor, name string) (out Shown, err error) {
	if err := auth.May(a, auth.BulletinView); err != nil {
		return out, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		b, err := load(tx, name)
		if err != nil {
			return err
		}
		n, err := tx.Int(`SELECT COUNT(*) FROM bulletin WHERE id = $1 AND `+visible(a), int64(b.ID))
		if err != nil {
			return err
		}
		if n == 0 {
			return unknown(name)
		}
		if out.Got, err = got(tx, a, &b); err != nil {
			return err
		}
		out.Issues, out.History = []Issue{}, []journal.Entry{}
		if !a.Scope.IsAll() {
			err := b.asIssued(tx)
			out.Bulletin = b
			return err
		}
		out.Bulletin = b
		if out.Issues, err = issues(tx, b.ID); err != nil {
			return err
		}
		if b.State == Draft {
			if out.Lacks, err = r.Lacks(tx, &b); err != nil {
				return err
			}
		}
		out.History, err = r.Journal.History(tx, b.ID.Subject())
		return err
	})
	return out, err
}

func got(tx *db.Tx, a auth.Actor, b *Bulletin) ([]Got, error) {
	var rows []struct {
		Revision     int64  `db:"revision"`
		Organisation int64  `db:"organisation"`
		Why          string `db:"why"`
		Relation     string `db:"relation"`
		Shown        int64  `db:"shown"`
		Told         int64  `db:"told"`
	}
	err := tx.Select(&rows, `SELECT revision, organisation, why, relation, shown, told FROM bulletin_recipient
		WHERE bulletin = $1 AND revision = $2 AND `+a.Scope.SQL("organisation")+` ORDER BY organisation`, int64(b.ID), b.Standing)
	out := make([]Got, len(rows))
	for i, x := range rows {
		out[i] = Got{Revision: x.Revision, Organisation: x.Organisation, Relation: x.Relation, Shown: x.Shown == 1, Told: x.Told}
		if err := json.Unmarshal([]byte(x.Why), &out[i].Why); err != nil {
			return nil, errs.New(errs.Internal, "read who got %s: %w", b.ID, err)
		}
	}
	return out, err
}
