package api

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
)

// Entry is a journal entry.
type Entry struct {
	Seq          int64           `json:"seq"`
	At           time.Time       `json:"at"`
	Actor        string          `json:"actor"`
	Organisation *string         `json:"organisation"`
	Subject      string          `json:"subject"`
	Verb         string          `json:"verb"`
	Body         json.RawMessage `json:"body"`
	Erased       string          `json:"erased,omitempty"`
}

func (s *server) sayEntry(who auth.Actor, e journal.Entry) Entry {
	e = s.Findings.AsRead(who, e)
	return Entry{
		Seq: e.Seq, At: e.At, Actor: e.Actor, Organisation: s.code(e.Organisation), Subject: e.Subject, Verb: e.Verb, Body: e.Body, Erased: e.Erased,
	}
}

type journalQuery struct {
	Paging
	Subject string   `query:"subject" doc:"As finding:F12."`
	Verb    []string `query:"verb"`
	Order   string   `query:"order" enum:"oldest,newest" default:"oldest"`
}

func (s *server) journal() {
	route(s, get("/journal", "List what happened"), func(ctx context.Context, who auth.Actor, in *journalQuery) (*list[Entry], error) {
		if err := auth.May(who, auth.JournalView); err != nil {
			return nil, err
		}
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		q := journal.Query{
			Subject: in.Subject, Verbs: in.Verb, Where: who.Scope.SQL("j.organisation"), Newest: in.Order == "newest", Limit: in.asked(),
		}
		if q.Newest {
			q.Before = after
		} else {
			q.After = after
		}
		var found []journal.Entry
		err = s.DB.Read(ctx, func(tx *db.Tx) error {
			found, err = journal.Entries(tx, q)
			return err
		})
		if err != nil {
			return nil, err
		}
		return cut(each(found, func(e journal.Entry) Entry { return s.sayEntry(who, e) }), in.Paging, func(e Entry) int64 { return e.Seq }), nil
	})
}

// history is everything that happened to a subject in the reader's scope: what
// changed hands has a past that was somebody else's. Whoever calls it has asked
// whether the reader may see the subject.
func (s *server) history(ctx context.Context, who auth.Actor, subject string) (*list[Entry], error) {
	var found []journal.Entry
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = journal.Entries(tx, journal.Query{Subject: subject, Where: who.Scope.SQL("j.organisation")})
		return err
	})
	if err != nil {
		return nil, err
	}
	return listed(each(found, func(e journal.Entry) Entry { return s.sayEntry(who, e) }), ""), nil
}

// sortBy puts a room's list into the order in which pages of it are cut.
func sortBy[T any](all []T, number func(T) int64) {
	slices.SortStableFunc(all, func(a, b T) int { return cmp.Compare(number(a), number(b)) })
}
