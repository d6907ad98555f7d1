package estate

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// Event is one change in the life of a record. Before and After are the record
// as its view writes it, null where there is none or an order erased it.
type Event struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Verb   string          `json:"verb"`
	Import string          `json:"import,omitempty"` // the import that changed it, "I3"
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// History is the life of a record of the estate, oldest first, by the subject
// that the journal uses: organisation:CODE, system:CODE, contact:C12,
// address:A12, endpoint:H12, software:P12. Entries of an import are among them.
// The reader sees the history of what he sees; of a record that was removed
// only who sees everything.
func (r *Room) History(ctx context.Context, a auth.Actor, subject string) ([]Event, error) {
	kind, name, _ := strings.Cut(subject, ":")
	n, err := r.subject(ctx, a, kind, name)
	if err != nil {
		return nil, err
	}
	events := []Event{}
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		var seqs []int64
		if err := tx.Select(&seqs, `SELECT seq FROM estate_trace WHERE kind = $1 AND id = $2 UNION SELECT born FROM `+kind+
			` WHERE id = $2 ORDER BY 1`, kind, n); err != nil {
			return err
		}
		for _, seq := range seqs {
			found, err := journal.Entries(tx, journal.Query{After: seq - 1, Before: seq + 1})
			if err != nil {
				return err
			}
			for _, e := range found {
				event, err := eventOf(e, n)
				if err != nil {
					return err
				}
				events = append(events, event)
			}
		}
		return nil
	})
	if err == nil && len(events) == 0 {
		err = errs.New(errs.NotFound, "%s: no such record", subject)
	}
	return events, err
}

// subject is the number of a record that the reader may see.
func (r *Room) subject(ctx context.Context, a auth.Actor, kind, name string) (int64, error) {
	var n int64
	var err error
	letter := ""
	switch kind {
	case "organisation":
		var o Organisation
		o, err = r.ShowOrganisation(ctx, a, name)
		n = o.ID
	case "system":
		var s System
		s, err = r.ShowSystem(ctx, a, name)
		n = s.ID
	case "contact":
		letter = "C"
		_, err = r.ShowContact(ctx, a, ID(name))
	case "address":
		letter = "A"
		_, err = r.ShowAddress(ctx, a, ID(name))
	case "endpoint":
		letter = "H"
		_, err = r.ShowEndpoint(ctx, a, ID(name))
	case "software":
		letter = "P"
		_, err = r.ShowSoftware(ctx, a, ID(name))
	default:
		err = errs.New(errs.NotFound, "%s:%s: no record of the estate", kind, name)
	}
	if letter == "" || err != nil && (!errs.Is(err, errs.NotFound) || !a.Scope.IsAll()) {
		return n, err
	}
	return ID(name).number(letter)
}

func eventOf(e journal.Entry, id int64) (Event, error) {
	event := Event{Seq: e.Seq, At: e.At, Actor: e.Actor, Verb: e.Verb}
	if rest, ok := strings.CutPrefix(e.Subject, "import:"); ok {
		event.Import = rest
	}
	var body Changes[json.RawMessage]
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return event, errs.New(errs.Internal, "read journal entry %d: %w", e.Seq, err)
	}
	i := slices.IndexFunc(body.Changes, func(c Change[json.RawMessage]) bool { return c.ID == id })
	if i < 0 {
		return event, nil // erased by order
	}
	if before := body.Changes[i].Before; before != nil {
		event.Before = *before
	}
	if after := body.Changes[i].After; after != nil {
		event.After = *after
	}
	return event, nil
}
