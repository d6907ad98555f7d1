package collect

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/fetch"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
)

// lease is how long a look may go without a sign of progress before another node
// may look too; longest is how long one may take.
const (
	lease   = time.Hour
	longest = 30 * time.Minute
)

// A look is one collection of one source.
type look struct {
	room    *Room
	source  intake.Source
	address address
	secret  string
	state   State
	soon    bool // there is more: look again at once
	taken   int
	lefts   []Left
}

// Look collects a source once and returns how it then stands. The error is the
// source's failure, which the state has too; Conflict says that somebody looks
// at it already.
func (r *Room) Look(ctx context.Context, s intake.Source) (State, error) {
	st, err := r.claim(ctx, s)
	if err != nil {
		return st, err
	}
	l := &look{room: r, source: s, state: st}
	started := r.Clock.Now()
	limited, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	err = l.run(limited)
	if ctx.Err() != nil {
		// The process stops: it is not the source's fault.
		return l.state, r.release(ctx, l)
	}
	return l.conclude(ctx, started, err)
}

// claim marks the source as looked at, so that no other node does.
func (r *Room) claim(ctx context.Context, s intake.Source) (st State, err error) {
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if st, err = load(tx, s.ID); err != nil {
			return err
		}
		now := r.Clock.Now()
		if !st.Looking.IsZero() && st.Next.After(now) {
			return errs.New(errs.Conflict, "look at %s: somebody has looked since %s", s.Name, st.Looking.Format(time.RFC3339))
		}
		if st.Address != s.URL {
			st.Address, st.ETag, st.Modified, st.Cursor = s.URL, "", "", ""
		}
		st.Looking, st.Next = now, now.Add(lease)
		return st.save(tx)
	})
	return st, err
}

func (r *Room) release(ctx context.Context, l *look) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	l.state.Looking, l.state.Next = time.Time{}, r.Clock.Now()
	return r.DB.Write(ctx, func(tx *db.Tx) error { return l.save(tx) })
}

// run finds the way and goes it.
func (l *look) run(ctx context.Context) (err error) {
	if l.address, err = parseAddress(l.source.URL); err != nil {
		return err
	}
	if !l.address.secure && l.address.way != byFolder && !l.room.Plain {
		return errs.New(errs.Denied, "collect %s: without TLS is not allowed", l.source.Name)
	}
	if l.secret, err = l.room.secret(ctx, l.source, l.address); err != nil {
		return err
	}
	switch l.address.way {
	case byHTTP:
		return l.poll(ctx)
	case byTAXII:
		return l.taxii(ctx)
	case byMISP:
		if key(l.secret) {
			return l.mispSearch(ctx)
		}
		return l.mispFeed(ctx)
	case byFolder:
		return l.folder(ctx)
	case byIMAP:
		return l.mailbox(ctx)
	}
	return errs.New(errs.Internal, "collect %s: no way", l.source.Name)
}

// receive gives one thing to intake. What is too large is noted as left for good:
// it must not stand in the way of what comes behind it.
func (l *look) receive(ctx context.Context, file string, content io.Reader) (left bool, err error) {
	_, _, err = l.room.Intake.Receive(ctx, l.room.actor, intake.Delivery{Source: l.source.Name, File: file, Content: content})
	if errs.Is(err, errs.TooLarge) {
		l.leave(file, err)
		return true, nil
	}
	if err == nil {
		l.taken++
	}
	return false, err
}

func (l *look) leave(what string, reason error) {
	l.lefts = append(l.lefts, Left{What: row.Clip(what, 200), Reason: row.Clip(reason.Error(), 400)})
}

// cursor reads the way's own place; a cursor that cannot be read begins anew.
func (l *look) cursor(into any) {
	if l.state.Cursor != "" && json.Unmarshal([]byte(l.state.Cursor), into) != nil {
		l.state.Cursor = ""
	}
}

func (l *look) move(cursor any) {
	text, err := json.Marshal(cursor)
	if err != nil {
		panic("collect: a cursor that is not JSON: " + err.Error())
	}
	l.state.Cursor = string(text)
}

// progress writes the cursor down in the middle of a look.
func (l *look) progress(ctx context.Context, cursor any) error {
	l.move(cursor)
	l.state.Next = l.room.Clock.Now().Add(lease)
	return l.room.DB.Write(ctx, func(tx *db.Tx) error { return l.save(tx) })
}

// save writes the state and what was left. Whether the source is silent is not
// the look's to say: it may have changed meanwhile.
func (l *look) save(tx *db.Tx) error {
	now, err := load(tx, l.source.ID)
	if err != nil {
		return err
	}
	l.state.SilentSince = now.SilentSince
	if err := l.state.save(tx); err != nil {
		return err
	}
	for _, left := range l.lefts {
		if err := l.journal(tx, VerbLeft, left); err != nil {
			return err
		}
	}
	tx.After(func() { l.lefts = nil })
	return nil
}

func (l *look) journal(tx *db.Tx, verb string, body any) error {
	_, err := l.room.Journal.Append(tx, journal.Draft{
		Actor: l.room.actor.Name(), Organisation: l.source.Organisation, Subject: subject(l.source), Verb: verb, Body: body,
	})
	return err
}

// conclude writes down what came of the look and when the next one is.
func (l *look) conclude(ctx context.Context, started time.Time, cause error) (State, error) {
	now := l.room.Clock.Now()
	st := &l.state
	failed := st.Failures
	st.Looking, st.LastLook, st.Next = time.Time{}, started, time.Time{}
	if cause == nil {
		st.Failures, st.LastCode, st.LastError, st.LastOK = 0, "", "", now
		switch {
		case l.soon:
			st.Next = now
		case l.source.Every > 0:
			st.Next = latest(now, started.Add(l.source.Every))
		}
	} else {
		st.Failures++
		st.LastCode, st.LastError = word(cause), row.Clip(cause.Error(), 500)
		if l.source.Every > 0 {
			st.Next = now.Add(max(fetch.Backoff(st.Failures, rand.Float64()), fetch.RetryAfter(cause))) //nolint:gosec // it spreads sources out, it hides nothing
		}
	}
	err := l.room.DB.Write(ctx, func(tx *db.Tx) error {
		if err := l.save(tx); err != nil {
			return err
		}
		switch {
		case cause != nil && failed == 0:
			return l.journal(tx, VerbFailed, Failure{Code: st.LastCode, Reason: st.LastError})
		case cause == nil && failed > 0:
			return l.journal(tx, VerbRecovered, map[string]int{"failures": failed})
		}
		return nil
	})
	if err != nil {
		return *st, err
	}
	return *st, cause
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
