package collect

import (
	"context"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake"
)

// Why a source counts as silent.
const (
	NoAnswer    = "no-answer"    // it is asked, and does not answer
	NothingNew  = "nothing-new"  // its learnt rhythm has long passed
	NothingCame = "nothing-came" // it should send of itself, and does not
)

// patience is how many times its own rhythm a source may take.
const patience = 3

// A Silence is why a source counts as silent, and since when nothing was heard;
// it is the body of VerbSilent. The zero Silence is none.
type Silence struct {
	Since  time.Time     `json:"since"`
	Reason string        `json:"reason"`
	Rhythm time.Duration `json:"rhythm"` // what was expected, in nanoseconds
}

// Silent decides whether a source is silent at now. It is pure.
//
// A source that is asked is silent when it has not answered for three times the
// time between two looks, however well it did before. One whose rhythm is learnt
// is silent when it has brought nothing new for three times that. One that sends
// of itself and has no rhythm yet is held to the time that it was promised to
// come every. A source of which neither is known is never silent.
func Silent(s intake.Source, st State, now time.Time) (Silence, bool) {
	over := func(since time.Time, rhythm time.Duration) bool {
		return rhythm > 0 && !since.IsZero() && now.Sub(since) > patience*rhythm
	}
	heard := s.LastDocument
	if heard.IsZero() {
		heard = s.Created
	}
	asked := s.URL != "" && s.Every > 0
	answered := st.LastOK
	if answered.Before(s.Created) {
		answered = s.Created
	}
	switch {
	case asked && st.Failures > 0 && over(answered, s.Every):
		return Silence{Since: answered, Reason: NoAnswer, Rhythm: s.Every}, true
	case over(heard, s.Rhythm):
		return Silence{Since: heard, Reason: NothingNew, Rhythm: s.Rhythm}, true
	case !asked && s.Rhythm == 0 && over(heard, s.Every):
		return Silence{Since: heard, Reason: NothingCame, Rhythm: s.Every}, true
	}
	return Silence{}, false
}

// A turn is a source that has fallen silent, or speaks again.
type turn struct {
	source  intake.Source
	state   State
	silence Silence
	silent  bool
}

// turns are the sources whose silence has begun or ended. One that is due or
// being looked at is left until it has had its say.
func (r *Room) turns(tx *db.Tx, now time.Time) (out []turn, err error) {
	all, err := r.Intake.All(tx)
	if err != nil {
		return nil, err
	}
	known, err := states(tx)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		st := known[s.ID]
		st.Source = s.ID
		if due(s, st, now) || !st.Looking.IsZero() {
			continue
		}
		silence, silent := Silent(s, st, now)
		if silent != !st.SilentSince.IsZero() {
			out = append(out, turn{s, st, silence, silent})
		}
	}
	return out, nil
}

// listen journals silences that begin and end.
func (r *Room) listen(ctx context.Context) error {
	var pending []turn
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		pending, err = r.turns(tx, r.Clock.Now())
		return err
	})
	if err != nil || len(pending) == 0 {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		pending, err := r.turns(tx, r.Clock.Now()) // another node may have been faster
		if err != nil || len(pending) == 0 {
			return err
		}
		drafts := make([]journal.Draft, len(pending))
		for i, t := range pending {
			drafts[i] = journal.Draft{Actor: r.actor.Name(), Organisation: t.source.Organisation, Subject: subject(t.source), Verb: VerbHeard}
			t.state.SilentSince = time.Time{}
			if t.silent {
				drafts[i].Verb, drafts[i].Body = VerbSilent, t.silence
				t.state.SilentSince = t.silence.Since
			}
			if err := t.state.save(tx); err != nil {
				return err
			}
		}
		_, err = r.Journal.Append(tx, drafts...)
		return err
	})
}
