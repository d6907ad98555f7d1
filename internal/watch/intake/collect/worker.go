package collect

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/intake"
)

// pace is how often the worker looks at the clock, which tests and drills move.
const pace = 250 * time.Millisecond

// Worker looks at sources as they come due, and listens for those that fall
// silent.
func (r *Room) Worker() journal.Worker {
	return journal.Worker{Name: "collect", Run: r.run, Idle: r.idle}
}

// due says whether a source is to be looked at now. A look of a node that died
// comes due when its lease ends.
func due(s intake.Source, st State, now time.Time) bool {
	if s.URL == "" {
		return false
	}
	if st.Next.IsZero() {
		return s.Every > 0 && st.LastLook.IsZero() && st.Looking.IsZero()
	}
	return !st.Next.After(now)
}

// ready are the sources that are due, and whether looks or silences are pending.
func (r *Room) ready(ctx context.Context) (list []intake.Source, waiting string, err error) {
	now := r.Clock.Now()
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := r.Intake.All(tx)
		if err != nil {
			return err
		}
		known, err := states(tx)
		if err != nil {
			return err
		}
		for _, s := range all {
			st := known[s.ID]
			switch {
			case due(s, st, now):
				list = append(list, s)
				waiting = "source " + s.Name + " is due"
			case !st.Looking.IsZero():
				waiting = "source " + s.Name + " is being looked at"
			}
		}
		if waiting != "" {
			return nil
		}
		turns, err := r.turns(tx, now)
		if err == nil && len(turns) > 0 {
			waiting = fmt.Sprintf("source %s: %d to hear", turns[0].source.Name, len(turns))
		}
		return err
	})
	return list, waiting, err
}

func (r *Room) idle(ctx context.Context) (bool, string, error) {
	_, waiting, err := r.ready(ctx)
	return waiting == "", waiting, err
}

func (r *Room) run(ctx context.Context) error {
	if err := r.orphans(ctx); err != nil {
		return err
	}
	var looks sync.WaitGroup
	defer looks.Wait()
	hands := make(chan struct{}, r.Parallel)
	running := &underway{set: map[int64]bool{}}
	for ctx.Err() == nil {
		list, _, err := r.ready(ctx)
		if err == nil {
			err = r.listen(ctx)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		for _, s := range list {
			if !running.add(s.ID) {
				continue
			}
			select {
			case hands <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			looks.Go(func() {
				defer func() { running.remove(s.ID); <-hands }()
				if _, err := r.Look(ctx, s); err != nil && !errs.Is(err, errs.Conflict) && ctx.Err() == nil {
					r.Log.Warn("collect", "source", s.Name, "error", err)
				}
			})
		}
		r.wait(ctx, pace)
	}
	return ctx.Err()
}

// underway are the sources that this process looks at.
type underway struct {
	mu  sync.Mutex
	set map[int64]bool
}

func (u *underway) add(id int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.set[id] {
		return false
	}
	u.set[id] = true
	return true
}

func (u *underway) remove(id int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.set, id)
}

// orphans takes back the looks that a crash cut short. On PostgreSQL another node
// may be at them: there they come due when their lease ends.
func (r *Room) orphans(ctx context.Context) error {
	if r.DB.Engine() != db.SQLite {
		return nil
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE source_state SET looking = 0, next = $1 WHERE looking > 0`, db.Micros(r.Clock.Now()))
		return err
	})
}
