package deliver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/warning"
)

// patience is how long the worker waits for news before it looks by itself: what
// was deferred comes due without any, and another node writes unheard.
const patience = 200 * time.Millisecond

// Workers are the workers of the room: "post" hands over mail, "hook" webhooks.
func (r *Room) Workers() []journal.Worker {
	post := &postOffice{room: r, channel: warning.ByMail, lines: r.Settings.Lines, desk: make(chan *request, r.Settings.Lines)}
	hook := &postOffice{room: r, channel: warning.ByWebhook, lines: 2, desk: make(chan *request, 2)}
	return []journal.Worker{
		{Name: "post", Run: post.run, Idle: post.idle},
		{Name: "hook", Run: hook.run, Idle: hook.idle},
	}
}

// A postOffice hands over the deliveries of one channel.
type postOffice struct {
	room    *Room
	channel warning.Channel
	lines   int
	busy    atomic.Int64 // lines that claim for themselves what is ready
	desk    chan *request
}

// idle says that nothing is ready and nothing is in flight. What is deferred to
// later is not work to do now.
func (p *postOffice) idle(ctx context.Context) (idle bool, what string, err error) {
	err = p.room.DB.Read(ctx, func(tx *db.Tx) error {
		n, err := tx.Int(`SELECT COUNT(*) FROM delivery WHERE channel = $1 AND (waiting IN ($2, $3) OR (waiting = $4 AND next_at <= $5))`,
			string(p.channel), waitsNow, inFlight, waitsLater, db.Micros(p.room.Clock.Now()))
		if err != nil {
			return err
		}
		idle = n == 0
		if !idle {
			what = fmt.Sprintf("%d to hand over", n)
			if down := p.room.Down(); down != "" && p.channel == warning.ByMail {
				what += ", " + down
			}
		}
		return nil
	})
	return idle, what, err
}

// Down is why no SMTP line can be opened, "" when one can or none was wanted.
func (r *Room) Down() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.down
}

func (r *Room) setDown(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = reason
}

func (p *postOffice) run(ctx context.Context) error {
	alive, err := p.room.DB.SignOfLife(ctx, lifeKey(p.node()))
	if err != nil {
		return err
	}
	defer alive()
	if err := p.orphans(ctx); err != nil {
		return err
	}
	work := make(chan struct{}, p.lines) // one token for each delivery that a free line may claim
	var lines, clerk sync.WaitGroup
	gone := make(chan struct{})
	lasting := context.WithoutCancel(ctx) // ctx is another one below, before the clerk may have begun
	clerk.Go(func() { p.clerk(lasting, gone) })
	defer clerk.Wait()
	defer close(gone) // the clerk stays until the last line has told its outcome
	defer lines.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if p.channel != warning.ByMail || p.room.Settings.SMTP != nil {
		for n := range p.lines {
			lines.Go(func() { p.line(ctx, n, work) })
		}
	}
	looked := time.Now() //nolint:forbidigo // how long ago this process looked
	for ctx.Err() == nil {
		news := p.room.Journal.News()
		ready, err := 0, error(nil)
		if int(p.busy.Load()) < p.lines {
			ready, err = p.ready(ctx)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		if ready > 0 && p.channel == warning.ByMail && p.room.Settings.SMTP == nil {
			if err := p.box(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			continue
		}
		for range ready {
			select {
			case work <- struct{}{}:
			default:
			}
		}
		if time.Since(looked) > 10*time.Second {
			looked = time.Now() //nolint:forbidigo // as above
			if err := p.orphans(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
		timer := time.NewTimer(patience)
		select {
		case <-ctx.Done():
		case <-news:
		case <-timer.C:
		}
		timer.Stop()
	}
	return ctx.Err()
}

// node names this process' post office among those of other nodes.
func (p *postOffice) node() string { return p.room.node + " " + string(p.channel) }

func lifeKey(node string) int64 {
	h := fnv.New64a()
	h.Write([]byte("post " + node))
	return int64(h.Sum64() >> 1)
}

// ready is how many deliveries can be claimed, at most one for each line, after
// those whose time has come have joined them.
func (p *postOffice) ready(ctx context.Context) (n int, err error) {
	var later int64
	now := db.Micros(p.room.Clock.Now())
	count := func(tx *db.Tx) error {
		ready, err := tx.Int(`SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE waiting = 1 AND channel = $1 LIMIT $2) AS waiting_ones`, string(p.channel), p.lines)
		n = int(ready)
		return err
	}
	err = p.room.DB.Read(ctx, func(tx *db.Tx) error {
		if later, err = tx.Int(`SELECT COUNT(*) FROM delivery WHERE waiting = 2 AND channel = $1 AND next_at <= $2`, string(p.channel), now); err != nil {
			return err
		}
		return count(tx)
	})
	if err != nil || later == 0 {
		return n, err
	}
	err = p.room.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE delivery SET waiting = 1 WHERE waiting = 2 AND channel = $1 AND next_at <= $2`, string(p.channel), now); err != nil {
			return err
		}
		return count(tx)
	})
	return n, err
}

// orphans takes back what a dead process held: whether it arrived is uncertain,
// so it is handed over again under the same Message-ID.
func (p *postOffice) orphans(ctx context.Context) error {
	var holders []string
	err := p.room.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Select(&holders, `SELECT DISTINCT node FROM delivery WHERE waiting = 3 AND channel = $1 AND node <> $2`, string(p.channel), p.node())
	})
	if err != nil {
		return err
	}
	for _, holder := range holders {
		living, err := p.room.DB.Lives(ctx, lifeKey(holder))
		if err != nil || living {
			return err
		}
		err = p.room.DB.Write(ctx, func(tx *db.Tx) error {
			left, err := selectDeliveries(tx, `waiting = 3 AND channel = $1 AND node = $2 ORDER BY id`, string(p.channel), holder)
			if err != nil {
				return err
			}
			var drafts []journal.Draft
			for _, d := range left {
				d.Reply, d.waiting = "the process ended before the answer came", waitsNow
				draft, err := d.move(tx, "stage:post", Uncertain)
				if err != nil {
					return err
				}
				drafts = append(drafts, draft)
				if err := p.note(tx, &d, Outcome{State: Uncertain, Reply: d.Reply}, ""); err != nil {
					return err
				}
			}
			if len(drafts) == 0 {
				return nil
			}
			_, err = p.room.Journal.Append(tx, drafts...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// A claim is a delivery that a line holds.
type claim struct {
	delivery Delivery
	attempt  int64
}

// line is one goroutine with one connection: it opens the connection before it
// claims anything, so that a dead server costs no attempts.
func (p *postOffice) line(ctx context.Context, n int, work <-chan struct{}) {
	l := line{room: p.room}
	defer l.close()
	pause := 100 * time.Millisecond
	for {
		select {
		case <-ctx.Done():
			return
		case <-work:
		}
		if p.channel == warning.ByMail {
			if err := l.open(ctx); err != nil {
				if ctx.Err() != nil {
					return
				}
				reason := fmt.Sprintf("no line to %s: %v", p.room.Settings.SMTP.Address, err)
				if p.room.Down() == "" {
					p.room.Log.Warn("mail waits", "reason", reason)
				}
				p.room.setDown(reason)
				rest(ctx, pause)
				pause = min(2*pause, 15*time.Second)
				continue
			}
			p.room.setDown("")
			pause = 100 * time.Millisecond
		}
		p.busy.Add(1)
		c, err := p.settle(&request{line: n})
		for err == nil && c != nil {
			outcome, sum := p.hand(ctx, &l, &c.delivery)
			if outcome.Broken {
				l.close()
			}
			c, err = p.record(ctx, &request{line: n, last: c, outcome: outcome, sum: sum})
			if err == nil && c != nil && p.channel == warning.ByMail {
				if broken := l.open(ctx); broken != nil {
					// The next one is claimed already; it goes back untouched.
					_, err = p.record(ctx, &request{line: claimsNothing, last: c, outcome: Judge(PhaseLine, broken, "")})
					c = nil
				}
			}
		}
		p.busy.Add(-1)
		if err != nil && ctx.Err() == nil {
			p.room.Log.Error("hand over", "channel", p.channel, "error", err)
			rest(ctx, time.Second)
		}
	}
}

// record writes down what came of an attempt and claims the next. An outcome must
// not be lost to a database that is away for a moment, nor to a stopping process:
// it knows more than the next start would.
func (p *postOffice) record(ctx context.Context, r *request) (*claim, error) {
	const patient = 5
	for try := 1; ; try++ {
		if ctx.Err() != nil {
			r.line = claimsNothing
		}
		next, err := p.settle(r)
		switch {
		case err == nil:
			return next, nil
		case unavailable(err) && ctx.Err() == nil:
		case try >= patient:
			return nil, err
		}
		p.room.Log.Warn("record a hand-over, trying again", "delivery", r.last.delivery.ID, "error", err)
		time.Sleep(time.Duration(min(try, 10)) * 200 * time.Millisecond)
	}
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// hand makes the message and hands it over.
func (p *postOffice) hand(ctx context.Context, l *line, d *Delivery) (Outcome, string) {
	if p.channel == warning.ByWebhook {
		return p.room.hook(ctx, d)
	}
	message, err := p.room.message(ctx, d)
	if err != nil {
		switch {
		case errs.Is(err, errs.Invalid):
			return Outcome{State: Bounced, Reply: clip(err.Error())}, ""
		case errs.Is(err, errs.Gone):
			return over(err), ""
		}
		return Judge(PhaseForm, err, ""), ""
	}
	sum := sha256.Sum256(message)
	return l.hand(ctx, p.room.from.Address, d.Recipient, message), hex.EncodeToString(sum[:])
}

// A request is what a line asks of the clerk: write down what came of the last
// delivery, and give it the next.
type request struct {
	line    int    // claimsNothing wants none
	last    *claim // nil when there was none
	outcome Outcome
	sum     string // SHA-256 of the message

	next *claim // nil when nothing is ready
	err  error
	done chan struct{}
}

const claimsNothing = -1

// settle is the one bracket of a hand-over: it records what came of the last
// delivery and claims the next one, whose attempt is thereby in the database
// before anything is sent.
func (p *postOffice) settle(r *request) (*claim, error) {
	r.next, r.err, r.done = nil, nil, make(chan struct{})
	p.desk <- r
	<-r.done
	return r.next, r.err
}

// clerk writes for all lines. Whatever they ask while one bracket is synced to
// disk goes into the next one together, so that eight lines cost one sync.
func (p *postOffice) clerk(ctx context.Context, gone <-chan struct{}) {
	for {
		var batch []*request
		select {
		case <-gone:
			return
		case r := <-p.desk:
			batch = append(batch, r)
		}
		for more := true; more; {
			select {
			case r := <-p.desk:
				batch = append(batch, r)
			default:
				more = false
			}
		}
		err := p.write(ctx, batch)
		for _, r := range batch {
			if r.err = err; err != nil && len(batch) > 1 {
				r.err = p.write(ctx, []*request{r}) // one bad request must not spoil the others
			}
			if r.err != nil {
				r.next = nil
			}
			close(r.done)
		}
	}
}

func (p *postOffice) write(ctx context.Context, batch []*request) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return p.room.DB.Write(ctx, func(tx *db.Tx) (err error) {
		var drafts []journal.Draft
		for _, r := range batch {
			if r.last == nil {
				continue
			}
			if drafts, err = p.conclude(tx, drafts, r); err != nil {
				return err
			}
		}
		if len(drafts) > 0 {
			if _, err := p.room.Journal.Append(tx, drafts...); err != nil {
				return err
			}
		}
		for _, r := range batch {
			r.next = nil
			if r.line == claimsNothing {
				continue
			}
			if r.next, err = p.claim(tx, r.line); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *postOffice) claim(tx *db.Tx, n int) (*claim, error) {
	var ids []int64
	if err := tx.Select(&ids, `SELECT id FROM delivery WHERE waiting = 1 AND channel = $1 ORDER BY urgency DESC, id LIMIT 1`, string(p.channel)); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // nothing is ready: the line waits
	}
	d, err := load(tx, ID(ids[0]))
	if err != nil {
		return nil, err
	}
	d.Attempts++
	covered, err := p.room.decide(tx, &d)
	if err != nil {
		return nil, err
	}
	if covered {
		if _, err := p.room.Journal.Append(tx, d.draft("stage:post", VerbCovered, 0)); err != nil {
			return nil, err
		}
	}
	if _, err := tx.Exec(`UPDATE delivery SET waiting = 3, node = $1, attempts = $2, cover = $3 WHERE id = $4`, p.node(), d.Attempts, string(d.Cover), int64(d.ID)); err != nil {
		return nil, err
	}
	_, err = tx.Exec(`INSERT INTO delivery_attempt (delivery, n, line, started, ended, outcome, reply, sha256) VALUES ($1, $2, $3, $4, 0, '', '', '')`,
		int64(d.ID), d.Attempts, n, db.Micros(p.room.Clock.Now()))
	return &claim{delivery: d, attempt: d.Attempts}, err
}

// note ends the attempt in the ledger.
func (p *postOffice) note(tx *db.Tx, d *Delivery, o Outcome, sum string) error {
	_, err := tx.Exec(`UPDATE delivery_attempt SET ended = $1, outcome = $2, reply = $3, sha256 = $4 WHERE delivery = $5 AND n = $6`,
		db.Micros(p.room.Clock.Now()), string(o.State), o.Reply, sum, int64(d.ID), d.Attempts)
	return err
}

func (p *postOffice) conclude(tx *db.Tx, drafts []journal.Draft, r *request) ([]journal.Draft, error) {
	d, err := load(tx, r.last.delivery.ID)
	if err != nil {
		return nil, err
	}
	o := r.outcome
	if o.Late {
		if _, err := tx.Exec(`DELETE FROM delivery_attempt WHERE delivery = $1 AND n = $2`, int64(d.ID), d.Attempts); err != nil {
			return nil, err
		}
		_, err := tx.Exec(`UPDATE delivery SET waiting = 1, node = '', attempts = attempts - 1 WHERE id = $1`, int64(d.ID))
		return drafts, err
	}
	if err := p.note(tx, &d, o, r.sum); err != nil {
		return nil, err
	}
	if d.State == Acknowledged {
		// The recipient was faster than the server's answer.
		_, err := tx.Exec(`UPDATE delivery SET waiting = 0, node = '' WHERE id = $1`, int64(d.ID))
		return drafts, err
	}
	now := p.room.Clock.Now()
	d.Reply, d.waiting = o.Reply, waitsNot
	if (o.State == Deferred || o.State == Uncertain) && d.Attempts >= int64(p.room.Settings.AttemptsMost) {
		o.State = Failed
	}
	switch o.State {
	case HandedOver:
		d.Handed = now
	case Deferred, Uncertain:
		d.waiting, d.Next = waitsLater, now.Add(Backoff(d.Attempts, o.State))
	case Due, Delivered, Bounced, Failed, Acknowledged:
	}
	if o.refused != nil {
		drafts = append(drafts, o.refused.draft(d.Organisation, "stage:post"))
	}
	draft, err := d.move(tx, "stage:post", o.State)
	return append(drafts, draft), err
}

// over is the outcome of a delivery that is not to go out any more.
func over(err error) Outcome {
	o := Outcome{State: Failed, Reply: clip(err.Error())}
	if refused, is := errors.AsType[*refusedError](err); is {
		o.refused = &refused.refused
	}
	return o
}

// box hands mail over to the outbox: there is no SMTP server, and people read it
// on the page and with the command. Many go in one bracket.
func (p *postOffice) box(ctx context.Context) error {
	err := p.room.DB.Write(ctx, func(tx *db.Tx) error {
		list, err := selectDeliveries(tx, `waiting = 1 AND channel = $1 ORDER BY urgency DESC, id LIMIT 500`, string(p.channel))
		if err != nil {
			return err
		}
		now := p.room.Clock.Now()
		drafts := make([]journal.Draft, 0, len(list))
		args := make([]any, 0, 8*len(list))
		for _, d := range list {
			if _, err := p.room.decide(tx, &d); err != nil {
				return err
			}
			d.Reply, d.Handed, d.waiting = Outbox, now, waitsNot
			draft, err := d.move(tx, "stage:post", HandedOver)
			if err != nil {
				return err
			}
			drafts = append(drafts, draft)
			if _, err := tx.Exec(`UPDATE delivery SET attempts = attempts + 1, cover = $1 WHERE id = $2`, string(d.Cover), int64(d.ID)); err != nil {
				return err
			}
			args = append(args, int64(d.ID), d.Attempts+1, -1, db.Micros(now), db.Micros(now), string(HandedOver), Outbox, "")
		}
		if len(drafts) == 0 {
			return nil
		}
		if err := tx.Bulk(`INSERT INTO delivery_attempt (delivery, n, line, started, ended, outcome, reply, sha256) VALUES`, "", 8, args); err != nil {
			return err
		}
		_, err = p.room.Journal.Append(tx, drafts...)
		return err
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Outbox is the reply of mail that stays in the outbox.
const Outbox = "outbox"
