package auth

import (
	"net/netip"
	"sync"
	"time"

	"tocsin/internal/base/clock"
)

// mostKeys bounds what a Limiter remembers, about 20 MB.
const mostKeys = 100_000

// A Limiter lets each key do a burst at once and then one thing per interval
// (GCRA). It is safe for concurrent use and forgets at a restart: what must
// outlive one, the lock-out of accounts, lies in the database.
type Limiter struct {
	clock clock.Clock
	burst time.Duration
	every time.Duration

	mu    sync.Mutex
	free  map[string]time.Time // when the key's burst is whole again
	swept time.Time
}

// NewLimiter lets burst things pass at once, then one per every.
func NewLimiter(c clock.Clock, burst int, every time.Duration) *Limiter {
	return &Limiter{clock: c, burst: time.Duration(burst) * every, every: every, free: map[string]time.Time{}}
}

// Take takes one thing of a key's and returns how long the key must wait: 0
// when it may pass. What must wait is not taken.
func (l *Limiter) Take(key string) time.Duration {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	key = l.room(key, now)
	free := l.free[key]
	if free.Before(now) {
		free = now
	}
	free = free.Add(l.every)
	if wait := free.Sub(now) - l.burst; wait > 0 {
		return wait
	}
	l.free[key] = free
	return 0
}

// Return gives back what was taken: it was well used and is not to count.
func (l *Limiter) Return(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if free, ok := l.free[key]; ok {
		l.free[key] = free.Add(-l.every)
	}
}

// room makes room for a key. Where there is none, all strangers share one key:
// whoever comes from a hundred thousand addresses at once gains nothing by it,
// and those already known are not forgotten for him.
func (l *Limiter) room(key string, now time.Time) string {
	if _, known := l.free[key]; known || len(l.free) < mostKeys {
		return key
	}
	if now.Sub(l.swept) > time.Second {
		l.swept = now
		for k, free := range l.free {
			if !free.After(now) {
				delete(l.free, k)
			}
		}
	}
	if len(l.free) < mostKeys {
		return key
	}
	return "strangers"
}

// AddressKey is the key of a caller's address: v4 as it is, v6 by its /64, which
// is what one customer has.
func AddressKey(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return a.String()
}
