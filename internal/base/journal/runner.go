package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// maxTries is how often an entry may fail before it is parked.
const maxTries = 5

// A Stage follows the journal with a cursor of its own name. It sees every
// entry of its verbs once, in order, whatever crashes: the cursor moves in the
// transaction of the effect. Exactly one of Do and Each is set.
type Stage struct {
	Name  string
	Verbs []string
	Batch int // the most entries of one Do; 0 is 64
	// Do makes the effect of a batch in the bracket that moves the cursor.
	Do func(ctx context.Context, tx *db.Tx, entries []Entry) error
	// Each makes the effect of one entry in brackets of its own, and calls move
	// in the last of them. It may be called again for an entry whose effect is
	// half made, so it is idempotent.
	Each func(ctx context.Context, e Entry, move func(tx *db.Tx) error) error
}

// An Alarm fires when a clock row of its kind is due. The row is gone when Do
// runs; Do may set the next one, counting from due rather than from now.
type Alarm struct {
	Kind string
	Do   func(ctx context.Context, tx *db.Tx, subject string, due time.Time) error
}

// A Worker does input and output over what stages wrote down. Run returns when
// ctx ends. Idle says whether nothing is left to do now, else what is.
type Worker struct {
	Name string
	Run  func(ctx context.Context) error
	Idle func(ctx context.Context) (bool, string, error)
}

// A Runner drives stages, alarms and workers between Start and Stop.
type Runner struct {
	db      *db.DB
	journal *Journal
	clock   clock.Clock
	log     *slog.Logger
	stages  []*running
	alarms  map[string]Alarm
	workers []Worker
	node    string
	alive   func() // gives up the sign of life
	cancel  context.CancelFunc
	done    sync.WaitGroup
	mu      sync.Mutex
	poke    chan struct{}
}

type running struct {
	Stage
	seen  atomic.Int64 // read and either handled or not of its verbs; ahead of the persisted cursor
	at    int64        // the persisted cursor
	held  bool         // the lease is ours
	tries map[int64]int
}

// NewRunner is a runner of stages, alarms and workers. The order of stages is
// the order in which they are told of in Settle.
func NewRunner(d *db.DB, j *Journal, c clock.Clock, log *slog.Logger) *Runner {
	return &Runner{db: d, journal: j, clock: c, log: log, alarms: map[string]Alarm{}, node: rand.Text(), poke: make(chan struct{})}
}

// Follow adds stages. It is called before Start.
func (r *Runner) Follow(stages ...Stage) {
	for _, s := range stages {
		if (s.Do == nil) == (s.Each == nil) {
			panic("journal: stage " + s.Name + " wants exactly one of Do and Each")
		}
		if s.Batch == 0 {
			s.Batch = 64
		}
		r.stages = append(r.stages, &running{Stage: s, tries: map[int64]int{}})
	}
}

// On adds alarms. It is called before Start.
func (r *Runner) On(alarms ...Alarm) {
	for _, a := range alarms {
		r.alarms[a.Kind] = a
	}
}

// Work adds workers. It is called before Start.
func (r *Runner) Work(workers ...Worker) { r.workers = append(r.workers, workers...) }

// Start makes the cursors that are missing, and starts everything.
func (r *Runner) Start(ctx context.Context) error {
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		for _, s := range r.stages {
			if _, err := tx.Exec(`INSERT INTO stage_cursor (name, at, lease) VALUES ($1, 0, '') ON CONFLICT (name) DO NOTHING`, s.Name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.alive, err = r.db.SignOfLife(ctx, lifeKey(r.node)); err != nil {
		return err
	}
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, s := range r.stages {
		r.done.Go(func() { r.stage(ctx, s) })
	}
	r.done.Go(func() { r.ring(ctx) })
	for _, w := range r.workers {
		r.done.Go(func() {
			for ctx.Err() == nil {
				if err := guard(func() error { return w.Run(ctx) }); err != nil && ctx.Err() == nil {
					r.log.Error("worker stopped, starting it again", "worker", w.Name, "error", err)
					r.pause(ctx, time.Second)
				}
			}
		})
	}
	return nil
}

// Stop ends everything, after the brackets that run.
func (r *Runner) Stop() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.done.Wait()
	// What was passed over is written down, so that the next start does not read
	// it again.
	for _, s := range r.stages {
		if s.held && s.seen.Load() > s.at {
			_ = r.db.Write(context.Background(), func(tx *db.Tx) error { return r.move(tx, s, s.seen.Load()) })
		}
	}
	r.alive()
}

// Wake makes stages and alarms look at once: the clock has been moved.
func (r *Runner) Wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.poke)
	r.poke = make(chan struct{})
}

func (r *Runner) woken() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.poke
}

func (r *Runner) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// patience is how long a stage waits for news before it looks by itself. Only
// another process on the same database can have written unheard.
func (r *Runner) patience() time.Duration {
	if r.db.Engine() == db.PostgreSQL {
		return 250 * time.Millisecond
	}
	return 5 * time.Second
}

func (r *Runner) stage(ctx context.Context, s *running) {
	back := 50 * time.Millisecond
	for ctx.Err() == nil {
		news, woken := r.journal.News(), r.woken()
		busy, err := r.step(ctx, s)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.log.Warn("stage failed, trying again", "stage", s.Name, "error", err)
			r.pause(ctx, back)
			back = min(2*back, 5*time.Second)
			continue
		case busy:
			back = 50 * time.Millisecond
			continue
		}
		back = 50 * time.Millisecond
		timer := time.NewTimer(r.patience())
		select {
		case <-ctx.Done():
		case <-news:
		case <-woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// step handles the next entries of a stage. busy says that it should be called
// again without waiting.
func (r *Runner) step(ctx context.Context, s *running) (busy bool, err error) {
	if !s.held {
		if s.held, err = r.take(ctx, s); err != nil || !s.held {
			return false, err
		}
	}
	if upTo, ok := r.journal.passed(s.seen.Load(), s.Verbs); ok {
		// A dozen stages wake at each commit, and most of them for nothing.
		s.seen.Store(upTo)
		return false, nil
	}
	var (
		entries []Entry
		head    int64
	)
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		if head, err = Head(tx); err != nil || head == s.seen.Load() {
			return err
		}
		entries, err = Entries(tx, Query{After: s.seen.Load(), Verbs: s.Verbs, Limit: s.Batch})
		return err
	})
	if err != nil {
		return false, err
	}
	if len(entries) == 0 {
		// Nothing for this stage: its place is remembered here and written down
		// with its next effect. Writing it now would cost every stage a sync to
		// disk for every entry of every other.
		s.seen.Store(max(head, s.seen.Load()))
		return false, nil
	}
	if s.Each != nil || s.tries[entries[0].Seq] > 0 {
		entries = entries[:1] // one that has failed is tried alone
	}
	err = r.handle(ctx, s, entries)
	if err != nil && len(entries) > 1 && !passing(err) {
		// One of them is bad: find it alone, so that the others go on.
		entries = entries[:1]
		err = r.handle(ctx, s, entries)
	}
	if err == nil {
		return true, nil
	}
	return r.failed(ctx, s, entries[0], err)
}

// passing says that an error is the machine's, not the entry's: it is tried
// again forever.
func passing(err error) bool {
	return errs.Is(err, errs.Unavailable) || errors.Is(err, context.Canceled)
}

func (r *Runner) handle(ctx context.Context, s *running, entries []Entry) error {
	last := entries[len(entries)-1].Seq
	moved := false
	move := func(tx *db.Tx) error {
		moved = true
		return r.move(tx, s, last)
	}
	err := guard(func() error {
		if s.Each != nil {
			return s.Each(ctx, entries[0], move)
		}
		return r.db.Write(ctx, func(tx *db.Tx) error {
			if err := s.Do(ctx, tx, entries); err != nil {
				return err
			}
			return move(tx)
		})
	})
	if err == nil && !moved {
		err = r.db.Write(ctx, move) // Each found nothing to do
	}
	if err != nil {
		return err
	}
	s.at = last
	s.seen.Store(last)
	delete(s.tries, entries[0].Seq)
	return nil
}

// move sets the cursor, if it still is where this stage left it and the lease is
// still this node's. Else another node has taken over, and the whole bracket,
// effect included, must fall.
func (r *Runner) move(tx *db.Tx, s *running, to int64) error {
	n, err := tx.Changed(`UPDATE stage_cursor SET at = $1 WHERE name = $2 AND at = $3 AND lease = $4`, to, s.Name, s.at, r.node)
	if err != nil {
		return err
	}
	if n == 0 {
		s.held = false
		return errs.New(errs.Unavailable, "move the cursor of %s from %d to %d: another node holds it", s.Name, s.at, to)
	}
	return nil
}

// take takes the lease of a stage unless a living node holds it.
func (r *Runner) take(ctx context.Context, s *running) (bool, error) {
	var holder string
	err := r.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(&holder, `SELECT lease FROM stage_cursor WHERE name = $1`, s.Name)
	})
	if err != nil {
		return false, err
	}
	if holder != "" && holder != r.node {
		living, err := r.db.Lives(ctx, lifeKey(holder))
		if err != nil || living {
			return false, err
		}
	}
	taken := false
	err = r.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Changed(`UPDATE stage_cursor SET lease = $1 WHERE name = $2 AND lease = $3`, r.node, s.Name, holder)
		if err != nil || n == 0 {
			return err
		}
		taken = true
		s.at, err = tx.Int(`SELECT at FROM stage_cursor WHERE name = $1`, s.Name)
		return err
	})
	if err == nil && taken {
		s.seen.Store(s.at)
	}
	return taken, err
}

// failed counts a failure and parks the entry at the fifth.
func (r *Runner) failed(ctx context.Context, s *running, e Entry, cause error) (bool, error) {
	if passing(cause) {
		return false, cause
	}
	s.tries[e.Seq]++
	if s.tries[e.Seq] < maxTries {
		return false, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Verb, cause)
	}
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		if err := r.park(tx, s.Name, e.Seq, e.Subject, cause); err != nil {
			return err
		}
		return r.move(tx, s, e.Seq)
	})
	if err != nil {
		return false, err
	}
	s.at = e.Seq
	s.seen.Store(e.Seq)
	delete(s.tries, e.Seq)
	r.log.Error("entry parked", "stage", s.Name, "seq", e.Seq, "error", cause)
	return true, nil
}

// VerbParked is the alarm that an entry has been set aside.
const VerbParked = "stage.parked"

func (r *Runner) park(tx *db.Tx, stage string, seq int64, subject string, cause error) error {
	_, err := tx.Exec(`INSERT INTO parked (stage, seq, subject, reason, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		stage, seq, subject, cause.Error(), db.Micros(r.clock.Now()))
	if err != nil {
		return err
	}
	_, err = r.journal.Append(tx, Draft{
		Actor: "stage:" + stage, Subject: "stage:" + stage, Verb: VerbParked,
		Body: map[string]any{"seq": seq, "subject": subject, "reason": cause.Error()},
	})
	return err
}

// SetAlarm sets the clock row of a kind and subject, moving the one that is set.
func SetAlarm(tx *db.Tx, kind, subject string, due time.Time) error {
	_, err := tx.Exec(`INSERT INTO alarm (kind, subject, due) VALUES ($1, $2, $3)
		ON CONFLICT (kind, subject) DO UPDATE SET due = excluded.due`, kind, subject, db.Micros(due))
	return err
}

// ClearAlarm takes a clock row away. One that is not set is no error.
func ClearAlarm(tx *db.Tx, kind, subject string) error {
	_, err := tx.Exec(`DELETE FROM alarm WHERE kind = $1 AND subject = $2`, kind, subject)
	return err
}

// NextAlarm is when the next clock row is due, the zero time when none is set.
func NextAlarm(tx *db.Tx) (time.Time, error) {
	us, err := tx.Int(`SELECT MIN(due) FROM alarm`)
	return db.Time(us), err
}

// ring fires the clock rows as they come due.
func (r *Runner) ring(ctx context.Context) {
	tries := map[string]int{}
	for ctx.Err() == nil {
		news, woken := r.journal.News(), r.woken()
		fired, err := r.fire(ctx, tries)
		if err != nil && ctx.Err() == nil {
			r.log.Warn("alarm failed, trying again", "error", err)
			r.pause(ctx, 200*time.Millisecond)
			continue
		}
		if fired {
			continue
		}
		timer := time.NewTimer(250 * time.Millisecond)
		select {
		case <-ctx.Done():
		case <-news:
		case <-woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// fire fires the clock row that has been due longest.
func (r *Runner) fire(ctx context.Context, tries map[string]int) (bool, error) {
	var next []struct {
		Kind    string `db:"kind"`
		Subject string `db:"subject"`
		Due     int64  `db:"due"`
	}
	now := db.Micros(r.clock.Now())
	err := r.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Select(&next, `SELECT kind, subject, due FROM alarm WHERE due <= $1 ORDER BY due, kind, subject LIMIT 1`, now)
	})
	if err != nil || len(next) == 0 {
		return false, err
	}
	a := next[0]
	// Taking the row is the fence: of two nodes one deletes it.
	bracket := func(work func(tx *db.Tx) error) error {
		return guard(func() error {
			return r.db.Write(ctx, func(tx *db.Tx) error {
				n, err := tx.Changed(`DELETE FROM alarm WHERE kind = $1 AND subject = $2 AND due = $3`, a.Kind, a.Subject, a.Due)
				if err != nil || n == 0 {
					return err
				}
				return work(tx)
			})
		})
	}
	err = bracket(func(tx *db.Tx) error {
		alarm, ok := r.alarms[a.Kind]
		if !ok {
			return errs.New(errs.Internal, "alarm %s of %s: nobody listens to it", a.Kind, a.Subject)
		}
		return alarm.Do(ctx, tx, a.Subject, db.Time(a.Due))
	})
	if err == nil || passing(err) {
		return err == nil, err
	}
	key := a.Kind + " " + a.Subject
	if tries[key]++; tries[key] < maxTries {
		return false, fmt.Errorf("alarm %s of %s: %w", a.Kind, a.Subject, err)
	}
	delete(tries, key)
	return true, bracket(func(tx *db.Tx) error { return r.park(tx, "alarm:"+a.Kind, a.Due, a.Subject, err) })
}

// Laggard is the first thing that is not done: a stage whose cursor is behind
// the head, an alarm that is due, a worker with work. It is "" when all is done.
func (r *Runner) Laggard(ctx context.Context) (string, error) {
	var (
		before, head int64
		due          time.Time
	)
	err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		before, err = Head(tx)
		return err
	})
	if err != nil {
		return "", err
	}
	for _, w := range r.workers {
		idle, what, err := w.Idle(ctx)
		if err != nil {
			return "", err
		}
		if !idle {
			return w.Name + ": " + what, nil
		}
	}
	// Workers before stages, stages before the clock, and the head last: what a
	// worker finished after it was asked shows as an entry that a stage has not
	// seen.
	seen := make([]int64, len(r.stages))
	for i, s := range r.stages {
		seen[i] = s.seen.Load()
	}
	err = r.db.Read(ctx, func(tx *db.Tx) (err error) {
		if head, err = Head(tx); err != nil {
			return err
		}
		due, err = NextAlarm(tx)
		return err
	})
	if err != nil {
		return "", err
	}
	if before < head {
		// A stage may have written work for a worker that had been asked already.
		return fmt.Sprintf("the journal: %d entries came meanwhile", head-before), nil
	}
	for i, s := range r.stages {
		if seen[i] < head {
			return fmt.Sprintf("%s: %d behind", s.Name, head-seen[i]), nil
		}
	}
	if !due.IsZero() && !due.After(r.clock.Now()) {
		return "clock: an alarm is due since " + due.Format(time.RFC3339), nil
	}
	return "", nil
}

// Settle waits until nothing is left to do. The error is Conflict and names the
// laggard when ctx ends first.
func (r *Runner) Settle(ctx context.Context) error {
	wait := time.Millisecond
	last := "the database" // who was last seen to lag: the end of ctx may break off the asking itself
	for {
		who, err := r.Laggard(ctx)
		if err == nil && who == "" {
			return nil
		}
		if who != "" {
			last = who
		}
		if ctx.Err() != nil {
			return errs.New(errs.Conflict, "not settled: %s", last)
		}
		r.pause(ctx, wait)
		wait = min(2*wait, 50*time.Millisecond)
	}
}

// A Place is where a stage stands.
type Place struct {
	Stage  string `json:"stage"`
	At     int64  `json:"at"`
	Behind int64  `json:"behind"`
}

// Places are where the stages of this runner stand.
func (r *Runner) Places(ctx context.Context) ([]Place, error) {
	var head int64
	err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		head, err = Head(tx)
		return err
	})
	out := make([]Place, len(r.stages))
	for i, s := range r.stages {
		out[i] = Place{Stage: s.Name, At: s.seen.Load(), Behind: max(0, head-s.seen.Load())}
	}
	return out, err
}

// StageNames are the names of the stages in order.
func (r *Runner) StageNames() []string {
	var out []string
	for _, s := range r.stages {
		out = append(out, s.Name)
	}
	return slices.Clip(out)
}

// guard turns a panic into an error: one bad entry must not end the process.
func guard(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errs.New(errs.Internal, "panic: %v", p)
		}
	}()
	return work()
}

func lifeKey(node string) int64 {
	h := fnv.New64a()
	h.Write([]byte("node " + node))
	return int64(h.Sum64() >> 1)
}
