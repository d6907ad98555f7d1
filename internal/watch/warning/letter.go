package warning

import (
	"context"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/tlp"
)

// MakeLetter has a warning also sent on paper to the organisation: a công văn,
// which room deliver sets, and which a person signs, sends and records. Errors
// are Denied, NotFound, and Conflict when the warning is not out or its marking
// does not let it go to an office, which is journalled.
func (r *Room) MakeLetter(ctx context.Context, a auth.Actor, id ID) (Warning, error) {
	return r.change(ctx, a, id, ActLetter, func(tx *db.Tx, e *entries, w *Warning) (err error) {
		if w.State, err = Of(ActLetter).next(id, w.State); err != nil {
			return err
		}
		if ok, _ := tlp.MayReceive(w.Marking, tlp.Concerned); !ok {
			return bar(w, Addressee{Relation: Concerned, Channel: ByLetter}, "letter of %s: %s goes to nobody but named individuals", id, w.Marking.Label())
		}
		o, err := r.Estate.Organisation(tx, w.Organisation)
		if err != nil {
			return err
		}
		w.Step++
		e.call(w, VerbLetter, []Addressee{{
			Name: o.NameVI, Language: "vi", Organisation: o.ID, Relation: Concerned, Channel: ByLetter,
		}}, nil)
		return nil
	})
}
