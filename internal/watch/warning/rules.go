package warning

import (
	"cmp"
	"context"
	"encoding/json"
	"net/mail"
	"slices"
	"strconv"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// DefaultRules are the routing rules of a fresh installation.
func DefaultRules() []Rule {
	var rules []Rule
	if err := json.Unmarshal(defaultRules, &rules); err != nil {
		panic("warning: rules.json: " + err.Error())
	}
	for i := range rules {
		rules[i].ID = int64(i + 1)
	}
	return rules
}

// Rules is the routing table in the order in which it is asked. The fresh
// installation's is shown until somebody changes it.
func (r *Room) Rules(ctx context.Context, a auth.Actor) ([]Rule, error) {
	if err := auth.May(a, auth.RegimeView); err != nil {
		return nil, err
	}
	var rules []Rule
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		rules, err = r.rules(tx)
		return err
	})
	return rules, err
}

func (r *Room) rules(tx *db.Tx) ([]Rule, error) {
	var rows []struct {
		ID   int64  `db:"id"`
		Text string `db:"text"`
	}
	if err := tx.Select(&rows, `SELECT id, text FROM routing_rule ORDER BY id`); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return DefaultRules(), nil
	}
	rules := make([]Rule, 0, len(rows))
	for _, row := range rows {
		var rule Rule
		if err := json.Unmarshal([]byte(row.Text), &rule); err != nil {
			return nil, errs.New(errs.Internal, "read routing rule %d: %w", row.ID, err)
		}
		rule.ID = row.ID
		rules = append(rules, rule)
	}
	slices.SortStableFunc(rules, func(a, b Rule) int { return cmp.Compare(a.Place, b.Place) })
	return rules, nil
}

// SetRule changes the rule of its id, or adds one when the id is 0, and returns
// it. Errors are Invalid with the fields that are wrong, NotFound, Denied.
func (r *Room) SetRule(ctx context.Context, a auth.Actor, rule Rule) (Rule, error) {
	if err := auth.May(a, auth.SourceEdit); err != nil {
		return rule, err
	}
	if err := rule.check(); err != nil {
		return rule, err
	}
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		if err := r.own(tx); err != nil {
			return err
		}
		if rule.ID == 0 {
			id, err := tx.NextID("routing", 1)
			if err != nil {
				return err
			}
			rule.ID = id
			if _, err := tx.Exec(`INSERT INTO routing_rule (id, text) VALUES ($1, $2)`, id, rule.text()); err != nil {
				return err
			}
			return r.noteRule(tx, a, rule, "added")
		}
		n, err := tx.Changed(`UPDATE routing_rule SET text = $1 WHERE id = $2`, rule.text(), rule.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.New(errs.NotFound, "routing rule %d: no such rule", rule.ID)
		}
		return r.noteRule(tx, a, rule, "changed")
	})
	return rule, err
}

// DropRule takes a rule away.
func (r *Room) DropRule(ctx context.Context, a auth.Actor, id int64) error {
	if err := auth.May(a, auth.SourceEdit); err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		if err := r.own(tx); err != nil {
			return err
		}
		n, err := tx.Changed(`DELETE FROM routing_rule WHERE id = $1`, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.New(errs.NotFound, "routing rule %d: no such rule", id)
		}
		return r.noteRule(tx, a, Rule{ID: id}, "dropped")
	})
}

// own copies the fresh installation's rules into the table before the first
// change, so that what is changed is the whole table that was in force.
func (r *Room) own(tx *db.Tx) error {
	n, err := tx.Int(`SELECT COUNT(*) FROM routing_rule`)
	if err != nil || n > 0 {
		return err
	}
	rules := DefaultRules()
	if _, err := tx.NextID("routing", len(rules)); err != nil {
		return err
	}
	args := make([]any, 0, 2*len(rules))
	records := make([]journal.Record, 0, len(rules))
	for _, rule := range rules {
		args = append(args, rule.ID, rule.text())
		records = append(records, rule.record())
	}
	if err := tx.Bulk(`INSERT INTO routing_rule (id, text) VALUES`, "", 2, args); err != nil {
		return err
	}
	_, err = r.Journal.Append(tx, journal.Draft{
		Actor: auth.Stage("warn").Name(), Subject: "routing", Verb: VerbRouting,
		Body: map[string]any{"how": "taken over", "rules": rules}, Records: records,
	})
	return err
}

func (r Rule) record() journal.Record {
	return journal.Record{Kind: "routing", ID: strconv.FormatInt(r.ID, 10), Hash: journal.Hash(r.text())}
}

func (r Rule) text() string {
	r.ID = 0
	text, err := json.Marshal(r)
	if err != nil {
		panic("warning: a rule is JSON: " + err.Error())
	}
	return string(text)
}

// noteRule journals a change of the routing table.
func (r *Room) noteRule(tx *db.Tx, a auth.Actor, rule Rule, how string) error {
	record := rule.record()
	if how == "dropped" {
		record.Hash = ""
	}
	_, err := r.Journal.Append(tx, journal.Draft{
		Actor: a.Name(), Subject: "routing:" + record.ID, Verb: VerbRouting,
		Body: map[string]any{"how": how, "rule": rule}, Records: []journal.Record{record},
	})
	return err
}

func validMail(address string) bool {
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address
}
